# shellcheck shell=sh disable=SC2154,SC2034 # the parts of scripts/migrate share their variables
# backup: a dump, and beside it a manifest of what was in the database at the very same moment.
#
# The manifest is text, a fact a line, columns parted by tabs; its last line is the SHA-256 of the lines before it. A backup
# without a whole manifest was never finished. Dump and manifest are written under another name and brought to the disk first.

cmd_backup() {
    file=
    only=
    list=
    check=
    limit=20
    while [ $# -gt 0 ]; do
        case $1 in
            --file) [ $# -gt 1 ] || usage "--file needs a file"; file=$2; shift ;;
            --file=*) file=${1#*=} ;;
            --tenants) [ $# -gt 1 ] || usage "--tenants needs names, parted by commas"; only=$2; shift ;;
            --tenants=*) only=${1#*=} ;;
            --all) only= ;;
            --list) list=yes ;;
            --check) [ $# -gt 1 ] || usage "--check needs a FILE"; check=$2; shift ;;
            --check=*) check=${1#*=} ;;
            --limit) [ $# -gt 1 ] || usage "--limit needs a number"; limit=$2; shift ;;
            --limit=*) limit=${1#*=} ;;
            *) usage "backup: unknown option $1" ;;
        esac
        shift
    done
    whole_number --limit "$limit" 1
    make_work
    if [ -n "$list" ]; then
        list_backups
        return
    fi
    if [ -n "$check" ]; then
        open_backup "$check"
        say "$backup: whole, $(bytes "$(manifest size)"), of database $(manifest database), taken $(manifest taken)."
        return
    fi
    if [ -n "$only" ]; then
        read_timeline
        read_state
        check_names "$only"
        only=$(printf '%s' "$only" | tr , '\n' | LC_ALL=C sort -u)
        [ "$only" = public ] || only=$(printf 'public\n%s' "$(printf '%s' "$only" | grep -vx public)")
    fi
    take_backup "$file" "${only:-*}" "scripts/migrate backup"
    say "$backup: $(bytes "$(manifest size)"), $(plural "$(manifest schemas)" schema), $(plural "$(manifest tables)" table), $(plural "$(manifest total)" row); database $(manifest database)."
}

backup_folder() {
    folder=${MIGRATE_BACKUP_DIR:-$(state_folder)/backups} || exit
    case $folder in /*) ;; *) folder=$PWD/$folder ;; esac
}

# take_backup FILE SCHEMAS WHY: SCHEMAS is * or names, a line each; FILE may be empty. Sets backup, and manifest_file.
# With $tenant_id set, the rows of public that belong to that tenant are kept beside it in FILE.rows.
take_backup() {
    make_work
    schema_array='{}'
    [ "$2" = '*' ] || schema_array=$(printf '%s\n' "$2" | LC_ALL=C sed 's/["\\]/\\&/g; s/.*/"&"/' | paste -s -d , | sed 's/.*/{&}/')
    describe_database
    backup=$1
    if [ -z "$backup" ]; then
        backup_folder
        why=$(make_folder "$folder" 2>&1) || fail "$exit_failed" "${why#mkdir: }" "Set MIGRATE_BACKUP_DIR to a folder that you may write."
        stamp=$(date -u +%Y%m%dT%H%M%SZ)
        base=$folder/$(printf '%s' "$(described database)" | LC_ALL=C tr -c 'A-Za-z0-9._-' _)-$stamp
        backup=$base.dump
        same=1
        while [ -e "$backup" ] || [ -e "$backup.part" ]; do same=$((same + 1)); backup=$base.$same.dump; done
    fi
    case $backup in /*) ;; *) backup=$PWD/$backup ;; esac
    folder=${backup%/*}
    [ -d "${folder:-/}" ] || fail "$exit_usage" "there is no folder $folder"
    for path in "$backup" "$backup.manifest"; do
        [ ! -e "$path" ] || fail "$exit_usage" "$path is there already; a backup is never written over"
    done
    check_dump_version
    (set -C && : >"$backup.part") 2>"$work/dump.errors" || fail "$exit_failed" "cannot write $backup.part: $(sed 's/.*: //' "$work/dump.errors")" \
        "If another backup is not writing it just now, it is left of one that was killed: remove it."
    unfinished=$backup
    at_end="$at_end drop_unfinished"
    started=$(date +%s)
    write_dump "$2"
    write_manifest "$3"
    # All of it is on the disk before it gets its name.
    sync "$backup.part" "$backup.manifest.part" 2>"$work/dump.errors" || spoilt "$(sed 's/^sync: //' "$work/dump.errors")"
    if [ -e "$backup.rows.part" ]; then
        sync "$backup.rows.part" || spoilt "$backup.rows.part cannot be written"
        mv "$backup.rows.part" "$backup.rows" || spoilt "cannot rename $backup.rows.part"
    fi
    mv "$backup.part" "$backup" || spoilt "cannot rename $backup.part"
    mv "$backup.manifest.part" "$backup.manifest" || spoilt "cannot rename $backup.manifest.part"
    unfinished=
    sync "$folder" || true
    manifest_file=$backup.manifest
}

# Writes $work/described: who, where, what; and what a new database needs to be like this one.
describe_database() {
    {
        printf '\\set m_lib %s\n' "$(psql_word "$lib")"
        cat <<'SQL'
select 'database', current_database();
select 'host', coalesce(host(inet_server_addr()) || ':' || inet_server_port(), 'local socket');
select 'by', session_user;
select 'owner', pg_get_userbyid(datdba) from pg_database where datname = current_database();
\i :m_lib/record-locale.psql
-- What a restore has written there is about another backup.
select 'comment', to_json(coalesce(c, ''))::text
  from (select nullif(shobj_description(oid, 'pg_database'), '') from pg_database where datname = current_database()) d (c)
 where c !~ '^migrate restore [0-9a-f]{64} ' or c is null;
select 'limit', datconnlimit from pg_database where datname = current_database();
select 'grant', case grantee when 0 then '-' else pg_get_userbyid(grantee) end, privilege_type, is_grantable
  from pg_database, aclexplode(coalesce(datacl, acldefault('d', datdba))) where datname = current_database() order by 2, 3;
-- A value of several lines (a key, say) as JSON.
select 'setting', case setrole when 0 then '-' else pg_get_userbyid(setrole) end, split_part(s, '=', 1),
       case when v ~ '[[:cntrl:]]' then to_json(v)::text || E'\tjson' else v end
  from pg_db_role_setting, unnest(setconfig) s, substr(s, position('=' in s) + 1) v where setdatabase = (select oid from pg_database where datname = current_database()) order by 2, 3;
with recursive named (oid) as (
    select refobjid from pg_shdepend where refclassid = 'pg_authid'::regclass
       and (dbid = (select oid from pg_database where datname = current_database())
            or classid = 'pg_database'::regclass and objid = (select oid from pg_database where datname = current_database()))
    union select datdba from pg_database where datname = current_database()
    union select m.member from pg_auth_members m join named n on n.oid = m.roleid)
select 'role', rolname, rolcanlogin, rolinherit, rolcreaterole from named join pg_roles r using (oid)
 where r.oid >= 16384 and not rolsuper and rolname !~ '^pg_' order by 2;
select 'member', r.rolname, m.rolname from pg_auth_members a join pg_roles r on r.oid = a.roleid join pg_roles m on m.oid = a.member
 where r.oid >= 16384 and m.oid >= 16384 order by 2, 3;
select to_regclass('public.schema_history') is not null as m_there \gset
\if :m_there
select 'last', coalesce(max(name), '-') from public.schema_history where finished_at is not null and rolled_back_at is null;
\endif
select to_regclass('public.schema_campaigns') is not null as m_there \gset
\if :m_there
select 'campaign', id, state, started_by, started_at from public.schema_campaigns order by id desc limit 1;
\endif
SQL
    } >"$work/describe.psql"
    ask -f "$work/describe.psql" >"$work/described" || exit "$exit_failed"
}

described() { awk -F '\t' -v key="$1" '$1 == key { print $2; exit }' "$work/described"; }

# pg_dump refuses servers that are newer than itself, after a while and in its own words.
check_dump_version() {
    dump_version=$(pg_dump --version 2>/dev/null) || fail "$exit_usage" "pg_dump is not installed" "Install postgresql-client of the server's version."
    mine=$(printf '%s\n' "$dump_version" | sed 's/^[^0-9]*\([0-9]*\).*/\1/')
    theirs=$(described server | sed 's/[^0-9].*//')
    [ "$mine" -ge "$theirs" ] || fail "$exit_usage" "pg_dump is version $mine, the server $theirs: it cannot dump it" "Install postgresql-client-$theirs."
}

# The dump runs beside the counting; both see the snapshot of one transaction.
write_dump() {
    # What an earlier backup of this run has left would say that this one is at its end already.
    rm -f "$work/dump.code" "$work/dump.pid" "$work/dump.shell" "$work/rows.code"
    cat >"$work/dump.sh" <<'EOT'
pg_dump "$@" >"$DUMP_WORK/dump.out" 2>"$DUMP_WORK/dump.errors" &
echo $! >"$DUMP_WORK/dump.pid"
code=0
wait $! || code=$?
echo "$code" >"$DUMP_WORK/dump.code"
EOT
    cat >"$work/await.sh" <<'EOT'
while [ ! -s "$DUMP_WORK/dump.code" ] && kill -0 "$DUMP_SHELL" 2>/dev/null; do sleep 0.05; done
EOT
    # The command line names no secret: the password is in the environment, as psql has it.
    set -- "$1" --format=custom --no-password --file="$backup.part" --lock-wait-timeout="$lock_timeout"
    if [ "$1" != '*' ]; then
        printf '%s\n' "$1" >"$work/dump.schemas"
        set -- "$@" --strict-names
        while IFS= read -r one; do
            set -- "$@" --schema="\"$(printf '%s' "$one" | sed 's/"/""/g')\""
        done <"$work/dump.schemas"
    fi
    shift
    [ -z "$PSQL_ADDRESS" ] || set -- "$@" --dbname="$PSQL_ADDRESS"
    words=
    for word in "$@"; do words="$words $(shell_word "$word")"; done
    {
        printf "sh %s --snapshot=\"\$DUMP_SNAPSHOT\" %s & DUMP_SHELL=\$!\n" "$(shell_word "$work/dump.sh")" "$words"
        printf "echo \"\$DUMP_SHELL\" >%s\n" "$(shell_word "$work/dump.shell")"
    } >"$work/dump-start.sh"
    # The rows are counted by a second session, a transaction a schema: all in one would need a lock for each table and index.
    {
        printf '\\set m_lib %s\n\\set m_only %s\n' "$(psql_word "$lib")" "$(psql_word "$schema_array")"
        printf '\\i :m_lib/record-rows.psql\n\\echo end\n'
    } >"$work/rows.psql"
    set -- -X -q -A -t -F '	' -v ON_ERROR_STOP=1 -f "$work/rows.psql"
    [ -z "$PSQL_ADDRESS" ] || set -- "$@" -d "$PSQL_ADDRESS"
    words=
    for word in "$@"; do words="$words $(shell_word "$word")"; done
    printf "psql -v m_snapshot=\"\$DUMP_SNAPSHOT\" %s >%s 2>%s\n" "$words" "$(shell_word "$work/record.rows")" "$(shell_word "$work/rows.errors")" >"$work/rows.sh"
    printf 'echo $? >%s\n' "$(shell_word "$work/rows.code")" >>"$work/rows.sh"
    export DUMP_WORK="$work"
    {
        cat <<SQL
\\set m_lib $(psql_word "$lib")
\\set m_only $(psql_word "$schema_array")
set application_name = 'migrate backup';
begin isolation level repeatable read, read only;
select pg_export_snapshot() as m_snapshot \\gset
\\setenv DUMP_SNAPSHOT :m_snapshot
\\o $(psql_word "$work/record")
\\i :m_lib/record-values.psql
\\! echo \$PPID >$(shell_word "$work/psql.pid")
\\! sh $(shell_word "$work/dump-start.sh")
\\i :m_lib/record.psql
\\qecho end
SQL
        [ -z "${tenant_id-}" ] || tenant_rows "$backup.rows.part"
        cat <<SQL
\\! sh $(shell_word "$work/rows.sh")
\\! DUMP_SHELL=\$(cat $(shell_word "$work/dump.shell")) sh $(shell_word "$work/await.sh")
\\o $(psql_word "$work/record.after")
\\i :m_lib/record-values.psql
\\qecho end
commit;
SQL
    } >"$work/record.psql"
    code=0
    # In the background, so that a signal is obeyed at once and not after hours.
    run_psql -f "$work/record.psql" >"$work/record.out" 2>"$work/record.errors" &
    recording=$!
    wait "$recording" || code=$?
    recording=
    dump_code=$(cat "$work/dump.code" 2>/dev/null || true)
    case $dump_code in
        '' | 0) ;;
        *) tell_dump_error ;;
    esac
    [ "$code" = 0 ] || spoilt "$(first_error "$work/record.errors")"
    case $(cat "$work/rows.code" 2>/dev/null || true) in
        '' | 0) ;;
        *) spoilt "$(first_error "$work/rows.errors")" ;;
    esac
    # psql does not say when it could not write.
    [ "$dump_code $(tail -n 1 "$work/record") $(tail -n 1 "$work/record.rows") $(tail -n 1 "$work/record.after")" = '0 end end end' ] ||
        spoilt "the dump was ended, or ${TMPDIR:-/tmp} is full"
    cat "$work/record.rows" >>"$work/record"
    sed -i '/^end$/d' "$work/record" "$work/record.after"
}

tell_dump_error() {
    case $(cat "$work/dump.errors" 2>/dev/null) in
        *'No space left'*) spoilt "the disk of $folder is full ($(megabytes_free "$folder") MiB are free)" "Set MIGRATE_BACKUP_DIR to a disk with room, or make room: scripts/migrate prune." ;;
        *'out of shared memory'*)
            wanted=$(run_psql -c "select greatest(64, ceil(1.5 * count(*) / (current_setting('max_connections')::int + current_setting('max_prepared_transactions')::int))) from pg_class where relkind in ('r', 'p')" 2>/dev/null) || wanted=
            spoilt "pg_dump locks every table at once, and the server has no room for so many locks" \
                "Set max_locks_per_transaction${wanted:+ = $wanted} in postgresql.conf and restart it; or back up some tenants at a time: --tenants."
            ;;
        *'File too large'*) spoilt "the file may not grow that large (ulimit -f)" ;;
    esac
    [ "$dump_code" != 153 ] || spoilt "the file may not grow that large (ulimit -f)"
    text=
    [ "$dump_code" -gt 128 ] || text=$(first_error "$work/dump.errors")
    spoilt "pg_dump: ${text:-ended by signal $((dump_code - 128))}"
}

# spoilt TEXT [HINT]: nothing half is left behind.
spoilt() {
    drop_unfinished
    fail "$exit_failed" "no backup was made: $1" "${2-}"
}

unfinished=
recording=
drop_unfinished() {
    [ -z "$recording" ] || [ ! -s "$work/psql.pid" ] || kill "$(cat "$work/psql.pid")" 2>/dev/null || true
    if [ -n "$unfinished" ]; then
        if [ -s "$work/dump.pid" ] && [ ! -s "$work/dump.code" ]; then
            kill "$(cat "$work/dump.pid")" 2>/dev/null || true
            # Its shell writes into this run's folder once more, which is to be removed.
            while [ ! -s "$work/dump.code" ] && kill -0 "$(cat "$work/dump.shell")" 2>/dev/null; do sleep 0.05; done
        fi
        rm -f "$unfinished.part" "$unfinished.manifest.part" "$unfinished.rows.part"
    fi
    unfinished=
    recording=
}

write_manifest() {
    {
        printf 'migrate backup 1\n'
        printf 'file\t%s\n' "${backup##*/}"
        printf 'taken\t%s\n' "$(date -u -d "@$started" +%Y-%m-%dT%H:%M:%SZ)"
        printf 'seconds\t%s\n' "$(($(date +%s) - started))"
        printf 'for\t%s\n' "$1"
        printf 'run by\t%s@%s\n' "${SUDO_USER:-${USER:-$(id -un)}}" "$(uname -n)"
        printf 'dump\t%s\n' "$dump_version"
        printf 'scope\t%s\n' "$(if [ "$schema_array" = '{}' ]; then printf all; else printf '%s' "$schema_array"; fi)"
        [ -z "${tenant_id-}" ] || printf 'tenant\t%s\nschema name\t%s\n' "$slug" "$schema"
        printf 'size\t%s\n' "$(stat -c %s "$backup.part")"
        printf 'sha256\t%s\n' "$(sha256sum <"$backup.part" | cut -c 1-64)"
        [ ! -e "$backup.rows.part" ] || printf 'rows sha256\t%s\n' "$(sha256sum <"$backup.rows.part" | cut -c 1-64)"
        awk -F '\t' '$1 == "object" && $2 == "schema" { schemas++ } $1 == "rows" { tables++; rows += $3 }
            END { printf "schemas\t%d\ntables\t%d\ntotal\t%.0f\n", schemas, tables, rows }' "$work/record"
        cat "$work/described" "$work/record"
        sed 's/^value/after/' "$work/record.after"
    } >"$backup.manifest.part" 2>"$work/dump.errors" || spoilt "the manifest cannot be written: $(sed 's/.*: //' "$work/dump.errors" | head -n 1)"
    seal=$(sha256sum <"$backup.manifest.part" | cut -c 1-64)
    printf 'end\t%s\n' "$seal" >>"$backup.manifest.part" 2>/dev/null || spoilt "the disk of $folder is full ($(megabytes_free "$folder") MiB are free)"
}

# manifest KEY: a fact of the open backup. manifest_lines KEY: all that are of that kind.
manifest() { awk -F '\t' -v key="$1" '$1 == key { print $2; exit }' "$manifest_file"; }
manifest_lines() { awk -F '\t' -v key="$1" '$1 == key' "$manifest_file" | cut -f 2-; }

# whole_manifest FILE: is it one of ours, to its last line?
whole_manifest() {
    [ "$(head -n 1 "$1" 2>/dev/null)" = 'migrate backup 1' ] || return 1
    seal=$(tail -n 1 "$1" | sed -n 's/^end	\([0-9a-f]\{64\}\)$/\1/p')
    [ -n "$seal" ] && [ "$(sed '$d' "$1" | sha256sum | cut -c 1-64)" = "$seal" ]
}

# open_backup NAME: finds it, here or in the folder of backups, and looks at every byte. Sets backup and manifest_file.
open_backup() {
    backup=$1
    if [ ! -e "$backup" ]; then
        backup_folder
        [ ! -e "$folder/$1" ] || backup=$folder/$1
    fi
    [ -e "$backup" ] || fail "$exit_usage" "there is no backup $1" "See which there are: scripts/migrate backup --list"
    case $backup in /*) ;; *) backup=$PWD/$backup ;; esac
    manifest_file=$backup.manifest
    [ -e "$manifest_file" ] || fail "$exit_refused" "$backup has no manifest beside it, so nobody can say what must be in it" \
        "Only what scripts/migrate backup has written is taken. A dump from elsewhere: createdb NEW && pg_restore -d NEW FILE."
    whole_manifest "$manifest_file" || fail "$exit_refused" "$manifest_file was changed, or never finished"
    [ "$(sha256sum <"$backup" | cut -c 1-64)" = "$(manifest sha256)" ] ||
        fail "$exit_refused" "$backup is not what was written on $(manifest taken): its SHA-256 is another" "Take another backup: scripts/migrate backup --list"
    [ ! -e "$backup.rows" ] || [ "$(sha256sum <"$backup.rows" | cut -c 1-64)" = "$(manifest 'rows sha256')" ] ||
        fail "$exit_refused" "$backup.rows is not what was written on $(manifest taken): its SHA-256 is another"
}

# Writes $work/backups, newest first: taken, file, size, database, scope, rows, for, state, time of the file.
read_backups() {
    backup_folder
    : >"$work/backups"
    for path in "$folder"/*.dump "$folder"/*.dump.part; do
        [ -f "$path" ] || continue
        size=$(stat -c %s "$path")
        written=$(stat -c %.9Y "$path")
        state=whole
        if ! whole_manifest "$path.manifest"; then
            printf '%s\t%s\t%s\t-\t-\t-\t-\tunfinished or not ours\t%s\n' "$(date -u -r "$path" +%Y-%m-%dT%H:%M:%SZ)" "${path##*/}" "$size" "$written" >>"$work/backups"
            continue
        fi
        manifest_file=$path.manifest
        [ "$size" = "$(manifest size)" ] || state="has $size bytes, not $(manifest size)"
        awk -F '\t' -v state="$state" -v written="$written" '
            $1 == "object" { exit }
            { if (!($1 in fact)) fact[$1] = $2 }
            END { printf "%s\t%s\t%s\t%s\t%s\t%s\t%s\t%s\t%s\n", fact["taken"], fact["file"], fact["size"], fact["database"],
                      ("tenant" in fact ? "tenant " fact["tenant"] : fact["scope"] == "all" ? "all schemas" : fact["scope"]), fact["total"], fact["for"], state, written }' "$manifest_file" >>"$work/backups"
    done
    LC_ALL=C sort -t '	' -k 1,1r -k 9,9nr -o "$work/backups" "$work/backups"
}

list_backups() {
    read_backups
    if [ ! -s "$work/backups" ]; then
        say "There are no backups in $folder."
        return 0
    fi
    say "Backups in $folder, newest first:"
    awk -F '\t' -v limit="$limit" '
        NR > limit { left++; next }
        { n = split("bytes KiB MiB GiB TiB", unit, " "); size = $3; for (i = 1; size >= 1024 && i < n; i++) size /= 1024 }
        { printf "%s  %s\n    %.1f %s; database %s; %s; %s rows; for %s%s\n", $1, $2, size, unit[i], $4, $5, $6, $7, ($8 == "whole" ? "" : "; " toupper($8)) }
        END { if (left) printf "and %d older ones (--limit %d)\n", left, NR }' "$work/backups"
}
