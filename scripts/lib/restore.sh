# shellcheck shell=sh disable=SC2154,SC2034 # the parts of scripts/migrate share their variables
# restore: a backup into a new database, compared with its manifest, then swapped with the live one if that is asked.

cmd_restore() {
    file=
    into=
    swap=
    yes=
    terminate=
    create_roles=
    jobs=2
    while [ $# -gt 0 ]; do
        case $1 in
            --into) [ $# -gt 1 ] || usage "--into needs the name of a new database"; into=$2; shift ;;
            --into=*) into=${1#*=} ;;
            --swap) swap=yes ;;
            --terminate) terminate=yes ;;
            --create-roles) create_roles=yes ;;
            --jobs) [ $# -gt 1 ] || usage "--jobs needs a number"; jobs=$2; shift ;;
            --jobs=*) jobs=${1#*=} ;;
            --yes | -y) yes=yes ;;
            -*) usage "restore: unknown option $1" ;;
            *) [ -z "$file" ] || usage "restore takes one FILE"; file=$1 ;;
        esac
        shift
    done
    [ -n "$file" ] || usage "restore needs the FILE of a backup"
    whole_number --jobs "$jobs" 1
    make_work
    open_backup "$file"
    [ -z "$(manifest tenant)" ] || fail "$exit_usage" "$backup holds the tenant $(manifest tenant) only" "Bring it back: scripts/migrate tenants restore $file"
    [ -z "$swap" ] || [ "$(manifest scope)" = all ] || fail "$exit_refused" "$backup holds only $(manifest scope): as the live database it would lack everybody else" \
        "Restore it without --swap, and copy from there what is needed."
    connect_to "$database"
    live=$(run_psql -c 'select current_database()' 2>"$work/live.errors") || live=
    away=
    [ -n "$live" ] || { away=yes && live=$(addressed); }
    maintenance=${MIGRATE_MAINTENANCE_DATABASE:-postgres}
    [ "$live" != "$maintenance" ] || maintenance=template1
    [ -z "$away" ] || look_for_live
    [ -n "$into" ] || into=$(name_start 54 "$live")_restored
    [ "$(printf '%s' "$into" | wc -c)" -le 63 ] || usage "--into: the name of a database has at most 63 bytes"
    look_at_target
    if [ -z "$there" ]; then
        restore_roles
        make_database
        fill_database
    fi
    compare_database
    if [ -z "$swap" ]; then
        say "Database $into is what the backup of $(manifest taken) was: $(plural "$(manifest tables)" table), $(plural "$(manifest total)" row), $(plural "$(manifest schemas)" schema)."
        say "  Look at it, then put it in the place of $live: scripts/migrate restore $file --into $into --swap"
        return 0
    fi
    swap_databases
}

# The database that PSQL_ADDRESS names, or PGDATABASE; nothing where only libpq knows it (of a service, or the name of the user).
addressed() {
    read_address "$PSQL_ADDRESS"
    [ -n "$address_database$address_service${PGSERVICE+service}" ] || address_database=${PGDATABASE-}
    printf '%s\n' "$address_database"
}

# After a disaster the live database may not be there at all. One that is there and lets nobody in is not gone, and no other may take its place.
look_for_live() {
    [ -n "$live" ] || unreachable "$work/live.errors"
    printf '\\set m_live %s\n%s\n' "$(psql_word "$live")" "select exists (select from pg_database where datname = :'m_live');" >"$work/live.psql"
    lost=$(ask_in "$maintenance" -f "$work/live.psql") || exit
    if [ "$lost" = t ]; then
        [ -z "$swap" ] || fail "$exit_connection" "database $live is there, and cannot be entered: $(first_error "$work/live.errors"); nothing was swapped" \
            "Mend that; or, to do without it: alter database $(sql_ident "$live") rename to …, then the same command."
    elif [ "$live" != "$(manifest database)" ]; then
        [ -z "$swap" ] || fail "$exit_refused" "there is no database $live, and $backup is of $(manifest database): nothing was swapped" \
            "Name the database that is meant in MIGRATE_DATABASE_URL; or, to have the backup as $live: scripts/migrate restore $file --into $live"
        live=$(manifest database)
    fi
}

# Sets there: the database is the one that an earlier restore of this same backup has made. Anything else that has the name stops us.
look_at_target() {
    cat >"$work/look.psql" <<SQL
\\set m_new $(psql_word "$into")
\\set m_live $(psql_word "$live")
select coalesce((select shobj_description(oid, 'pg_database') from pg_database where datname = :'m_new'), '-'),
       exists (select from pg_database where datname = :'m_new'), exists (select from pg_database where datname = :'m_live'),
       (select rolsuper or rolcreatedb from pg_roles where rolname = current_user), current_user;
SQL
    ask_in "$maintenance" -f "$work/look.psql" >"$work/look" || exit
    IFS='	' read -r note exists live_exists may whoami <"$work/look"
    [ "$may" = t ] || fail "$exit_problem" "$whoami may not create databases" \
        "Restore as a superuser: sudo -u postgres, with MIGRATE_DATABASE_URL naming that role. Or, for this role: alter role … createdb."
    there=
    [ "$exists" = t ] || return 0
    [ "$into" != "$live" ] || refuse_target "is the live database"
    case $note in
        "migrate restore $(manifest sha256) whole") there=yes ;;
        "migrate restore $(manifest sha256) unfinished")
            say "Removing what a restore that was killed left in $into."
            drop_target || fail "$exit_failed" "database $into cannot be removed: $(first_error "$work/drop.errors")"
            ;;
        *) refuse_target "is there already, and not from this backup" ;;
    esac
}

refuse_target() {
    fail "$exit_refused" "database $into $1: a backup is only restored into a new one" \
        "Name another with --into. Then --swap puts it in the place of the live one, which stays under another name."
}

drop_target() {
    printf '\\set m_new %s\ndrop database if exists :"m_new";\n' "$(psql_word "$into")" >"$work/drop.psql"
    ask_in "$maintenance" -f "$work/drop.psql" >/dev/null 2>"$work/drop.errors"
}

# Who owns or may use something in the backup must be there.
restore_roles() {
    manifest_lines role >"$work/roles"
    [ -s "$work/roles" ] || return 0
    {
        printf 'select name from (values '
        awk -F '\t' '{ gsub(/\047/, "\047\047", $1); printf "%s(\047%s\047)", (NR > 1 ? ", " : ""), $1 }' "$work/roles"
        printf ') r (name) where not exists (select from pg_roles where rolname = name);\n'
    } >"$work/roles.psql"
    ask_in "$maintenance" -f "$work/roles.psql" >"$work/roles.missing" || exit
    [ -s "$work/roles.missing" ] || return 0
    [ -n "$create_roles" ] || fail "$exit_problem" "the server lacks roles of the backup: $(paste -s -d , "$work/roles.missing" | cut -c 1-300)" \
        "--create-roles makes them, without passwords; give the login role its own afterwards: APP_PASSWORD=… scripts/migrate init"
    manifest_lines member >"$work/members"
    awk -F '\t' 'function ident(s) { gsub(/"/, "\"\"", s); return "\"" s "\"" }
        FILENAME == ARGV[1] { missing[$0] = 1; next }
        FILENAME == ARGV[2] { if ($1 in missing) printf "create role %s %s %s%s;\n", ident($1), ($2 == "t" ? "login" : "nologin"), ($3 == "t" ? "inherit" : "noinherit"), ($4 == "t" ? " createrole" : ""); next }
        ($1 in missing) || ($2 in missing) { printf "grant %s to %s;\n", ident($1), ident($2) }' \
        "$work/roles.missing" "$work/roles" "$work/members" >"$work/roles.psql"
    ask_in "$maintenance" -1 -f "$work/roles.psql" || fail "$exit_failed" "the roles could not be made"
    say "Made $(plural "$(wc -l <"$work/roles.missing")" role)."
}

made=
make_database() {
    cat >"$work/create.psql" <<SQL
\\set m_new $(psql_word "$into")
\\set m_owner $(psql_word "$(manifest owner)")
\\set m_note $(psql_word "migrate restore $(manifest sha256) unfinished")
$(database_like "$manifest_file")
create database :"m_new" owner :"m_owner" :m_like;
\\echo made
comment on database :"m_new" is :'m_note';
revoke all on database :"m_new" from public;
SQL
    at_end="$at_end drop_made"
    made=asked
    ask_in "$maintenance" -f "$work/create.psql" >"$work/create.out" || restore_failed "database $into could not be made"
    made=yes
}

left=
# A database that we began and could not fill is nobody's.
drop_made() {
    [ -n "$made" ] || return 0
    [ ! -s "$work/restore.pid" ] || kill "$(cat "$work/restore.pid")" 2>/dev/null || true
    [ -s "$work/create.out" ] || return 0
    made=
    left='nothing is left of it'
    # A server whose disk is full may be starting again just now.
    for _ in 1 2 3 4 5 6 7 8 9 10 11 12 13 14 15 16 17 18 19 20; do
        ! drop_target || return 0
        sleep 0.5
    done
    left="database $into is left, half filled (the next restore removes it)"
}

restore_failed() {
    drop_made
    fail "$exit_failed" "$1; ${left:-nothing is left of it}, and $live is as it was" "${2-}"
}

fill_database() {
    code=0
    set -- --exit-on-error --no-password --jobs="$jobs" --dbname="$(address_of "$into")"
    if [ "$(manifest scope)" != all ]; then
        # Asked for schemas by name, pg_dump would have public made, which every new database has.
        pg_restore --list "$backup" 2>"$work/restore.errors" | sed '/ SCHEMA - public /d; / COMMENT - SCHEMA public /d' >"$work/restore.list"
        set -- "$@" --use-list="$work/restore.list"
    fi
    pg_restore "$@" "$backup" >"$work/restore.out" 2>"$work/restore.errors" &
    echo $! >"$work/restore.pid"
    wait $! || code=$?
    rm -f "$work/restore.pid"
    if [ "$code" != 0 ]; then
        why=$(sed -n 's/^pg_restore: error: \(could not execute query: \)\{0,1\}\(ERROR:  \)\{0,1\}//p' "$work/restore.errors" | head -n 1)
        case $why in
            *'No space left'*) restore_failed "the disk of the server is full ($why)" "Make room on it, then restore again." ;;
        esac
        restore_failed "pg_restore: ${why:-$(head -n 1 "$work/restore.errors")}"
    fi
    {
        printf '\\set m_new %s\n\\set m_note %s\n' "$(psql_word "$into")" "$(psql_word "migrate restore $(manifest sha256) whole")"
        manifest_lines grant | awk -F '\t' -v owner="$(manifest owner)" '
            function ident(s) { gsub(/"/, "\"\"", s); return "\"" s "\"" }
            $1 != owner && $2 ~ /^(CONNECT|CREATE|TEMPORARY)$/ { printf "grant %s on database :\"m_new\" to %s%s;\n", $2, ($1 == "-" ? "public" : ident($1)), ($3 == "t" ? " with grant option" : "") }'
        # What this server does not know (an extension's, say) is told, and no reason to do without all the rest.
        printf '%s\n' '\set ON_ERROR_STOP off'
        manifest_lines setting | awk -F '\t' '
            function ident(s) { gsub(/"/, "\"\"", s); return "\"" s "\"" }
            function word(s) { gsub(/\\/, "&&", s); gsub(/\047/, "\047\047", s); return "\047" s "\047" }
            { n = split($2, part, "."); name = ident(part[1]); for (i = 2; i <= n; i++) name = name "." ident(part[i])
              printf "\\set m_name %s\n\\set m_of %s\n\\set m_value %s\n", word($2), word($1 == "-" ? "" : " of role " $1), word($3)
              if ($4 == "json") printf "select :\047m_value\047::jsonb #>> \047{}\047 as m_value \\gset\n"
              set = ($1 == "-" ? "alter database :\"m_new\"" : "alter role " ident($1) " in database :\"m_new\"") " set " name
              # A list is kept as the one text that it is by having it first, both in one transaction. The others need not hold here.
              if (tolower($2) ~ /^(search_path|temp_tablespaces|(local|session)_preload_libraries)$/)
                  printf "select set_config(:\047m_name\047, :\047m_value\047, true) \\; %s from current \\g /dev/null\n", set
              else printf "%s to :\047m_value\047;\n", set
              printf "\\if :ERROR\n\\echo :m_name:m_of: :LAST_ERROR_MESSAGE\n\\endif\n" }'
        printf '%s\n' '\set ON_ERROR_STOP on'
        [ "$(manifest limit)" = -1 ] || printf 'alter database :"m_new" connection limit %d;\n' "$(manifest limit)"
        printf '%s\n' "comment on database :\"m_new\" is :'m_note';"
    } >"$work/settle.psql"
    # The planner knows nothing of rows that were only copied in.
    ask_in "$into" -c 'set statement_timeout = 0' -c 'analyze' || restore_failed "the statistics could not be made"
    ask_in "$maintenance" -f "$work/settle.psql" >"$work/unset" || restore_failed "the grants and settings of the database could not be made"
    made=
    [ ! -s "$work/unset" ] || warn "migrate: $(plural "$(wc -l <"$work/unset")" setting) could not be made on this server; what uses it finds another value in $into:
$(sed 's/^/  /' "$work/unset")"
}

compare_database() {
    scope=$(manifest scope)
    [ "$scope" != all ] || scope='{}'
    # Nobody else is in there: a transaction for all of it would only need more locks than there may be.
    {
        printf '\\set m_lib %s\n\\set m_only %s\n\\set m_snapshot \047\047\n' "$(psql_word "$lib")" "$(psql_word "$scope")"
        printf '\\i :m_lib/record.psql\n\\i :m_lib/record-rows.psql\n\\i :m_lib/record-values.psql\n\\i :m_lib/record-locale.psql\n\\echo end\n'
    } >"$work/compare.psql"
    ask_in "$into" -f "$work/compare.psql" >"$work/record.new" || fail "$exit_failed" "database $into could not be compared; it is kept"
    [ "$(tail -n 1 "$work/record.new")" = end ] || fail "$exit_failed" "database $into could not be compared: ${TMPDIR:-/tmp} is full"
    LC_ALL=C awk -f "$lib/compare.awk" "$manifest_file" "$work/record.new" >"$work/differences" && return 0
    warn "migrate: database $into is not what the backup of $(manifest taken) was:"
    LC_ALL=C sort "$work/differences" | head -n 30 | sed 's/^/  /' >&2
    [ "$(wc -l <"$work/differences")" -le 30 ] || warn "  and $(($(wc -l <"$work/differences") - 30)) more"
    fail "$exit_problem" "$(plural "$(wc -l <"$work/differences")" difference); $live is as it was" "Mend $into, and the same command compares it again; or remove it: drop database $(sql_ident "$into");"
}

# psql's lines that give :m_live the comment that the database of the backup had; of an older backup nobody knows, so it keeps its own.
restore_comment() {
    if grep -q '^comment	' "$manifest_file"; then
        psql_set m_json "$(manifest comment)"
        printf '%s\n' "select :'m_json'::jsonb #>> '{}' as m_comment \\gset"
    else
        printf '%s\n' "select coalesce((select c from pg_database, shobj_description(oid, 'pg_database') c where datname = :'m_live' and c !~ '^migrate restore [0-9a-f]{64} '), '') as m_comment \\gset"
    fi
    printf '%s\n' "${1-}" "comment on database :\"m_live\" is :'m_comment';"
}

# Both renames are one transaction, which nobody can connect into: at any moment the one or the other is whole.
swap_databases() {
    before=$(name_start 39 "$live")_before_$(date -u +%Y%m%dT%H%M%SZ)
    cat >"$work/who.psql" <<SQL
\\set m_new $(psql_word "$into")
\\set m_live $(psql_word "$live")
select datname, usename, coalesce(nullif(application_name, ''), '-'), count(*) from pg_stat_activity
 where datname in (:'m_new', :'m_live') and pid <> pg_backend_pid() group by 1, 2, 3 order by 4 desc;
SQL
    ask_in "$maintenance" -f "$work/who.psql" >"$work/who" || exit
    if [ -s "$work/who" ]; then
        say "Connected now:"
        awk -F '\t' 'NR <= 20 { printf "  %d of %s to %s (%s)\n", $4, $2, $1, $3 }' "$work/who"
        [ -n "$terminate" ] || fail "$exit_locked" "somebody is connected; nothing was swapped" "Stop the programs (systemctl stop lunaxcode.target), or end the sessions with --terminate."
    fi
    if [ "$live_exists" = t ]; then
        confirm "$live" "Database $live becomes $before, and $into becomes $live. What was written to $live since $(manifest taken) will only be in $before.${terminate:+ Sessions are ended.}"
    else
        confirm "$live" "There is no database $live now; $into becomes $live."
    fi
    cat >"$work/swap.psql" <<SQL
\\set m_new $(psql_word "$into")
\\set m_live $(psql_word "$live")
\\set m_before $(psql_word "$before")
$(restore_comment "begin;
$([ "$live_exists" != t ] || printf '%s' 'alter database :"m_live" rename to :"m_before";')
alter database :\"m_new\" rename to :\"m_live\";")
commit;
SQL
    ender=
    if [ -n "$terminate" ]; then
        # While the rename waits, nobody new comes in, and those who are in are sent away.
        {
            sed -n 1,2p "$work/who.psql"
            printf '%s\n' "select array_agg(oid) as m_both from pg_database where datname in (:'m_new', :'m_live') \\gset"
            for _ in 1 2 3 4 5 6 7 8 9 10 11 12 13 14 15 16 17 18 19 20 21 22 23 24 25 26 27 28 29 30 31 32 33 34 35 36 37 38 39 40; do
                printf '%s\n' "select exists (select from pg_database where datname = :'m_new') as m_waits \\gset" '\if :m_waits' \
                    "select pg_terminate_backend(pid) from pg_stat_activity where datid = any (:'m_both'::oid[]) and backend_type = 'client backend' and pid <> pg_backend_pid() \\g /dev/null" \
                    'select pg_sleep(0.1) \g /dev/null' '\endif'
            done
        } >"$work/end.psql"
        (
            PSQL_ADDRESS=$(address_of "$maintenance")
            run_psql -f "$work/end.psql" 2>"$work/end.errors"
        ) &
        ender=$!
    fi
    swapped=
    for _ in 1 2 3; do
        if ask_in "$maintenance" -f "$work/swap.psql" >/dev/null 2>"$work/swap.errors"; then
            swapped=yes
            break
        fi
        if [ -z "$terminate" ] || ! grep -q 'being accessed' "$work/swap.errors"; then break; fi
    done
    if [ -n "$ender" ]; then
        wait "$ender" || true
    fi
    [ -n "$swapped" ] || fail "$exit_locked" "nothing was swapped: $(first_error "$work/swap.errors"); $live is as it was" \
        "Database $into stays as it is: run the same command again when nobody is connected."
    say "Database $live is now the backup of $(manifest taken)."
    if [ "$live_exists" = t ]; then
        say "What was live is $before. Back again, as the same role, with nobody connected:"
        say "  begin; alter database $(sql_ident "$live") rename to $(sql_ident "$into"); alter database $(sql_ident "$before") rename to $(sql_ident "$live"); commit;"
    fi
    say "Look at it: scripts/migrate status"
}
