# shellcheck shell=sh disable=SC2154,SC2034 # the parts of scripts/migrate share their variables
# deploy --rehearse: really runs what is pending and undoes it: for each tenant one transaction, public's part first; where a
# statement cannot run in a transaction, in a scratch database with a copy of public and of that tenant.

rehearse_plan() {
    question='Rehearse this? For a moment it takes the same locks.'
    [ -n "$yes" ] || confirm_deploy
    prepare_sections rehearse "$work/names"
    prepare_sections clone "$work/names"
    # The lists with a section that is a row of steps.
    awk -F '\t' 'FILENAME == ARGV[1] { name[$2] = $1; next }
        $2 == "up" && ($4 == "false" || $10 ~ /no-transaction/) { print $3 "\t" name[$1] }' "$work/timeline" "$work/scan" | sort -u >"$work/stepwise"
    rehearsed=0
    broke=0
    public_list=$(awk -F '\t' '$1 == "public" { print $2 }' "$work/plan")
    session_open
    session_write "\\set m_alone false
\\set m_rehearse $(psql_word "$work/rehearse")"
    : >"$work/shown"
    tenants=$(awk -F '\t' '$1 != "public"' "$work/plan" | wc -l)
    while IFS='	' read -r schema list word wave bare <&5; do
        clones=
        ! stepwise "$schema" "$list" || clones=yes
        [ -z "$public_list" ] || ! stepwise public "$public_list" || clones=yes
        if [ -n "$clones" ]; then
            # A copy is dear: of tenants with the same files one is rehearsed, and public with the first of them.
            if [ "$schema" = public ] && [ "$tenants" -gt 0 ]; then continue; fi
            if grep -qx "$list" "$work/shown"; then
                copies=$((${copies:-0} + 1))
                continue
            fi
            rehearse_clone
        else
            rehearse_schema
        fi
        echo "$list" >>"$work/shown"
        rehearsed=$((rehearsed + 1))
    done 5<"$work/plan"
    session_close finished
    [ -z "${copies-}" ] || say "$(plural "$copies" tenant) more with the same files: not rehearsed, because each would need a copy."
    [ "$broke" = 0 ] || fail "$exit_failed" "$broke of $(plural "$rehearsed" schema) failed in the rehearsal" "Nothing was changed: all of it was undone."
    say "Rehearsed: $(plural "$rehearsed" schema). Nothing was changed: all of it was undone."
}

stepwise() {
    scope=$([ "$1" = public ] && echo public || echo tenant) awk -F '\t' 'FILENAME == ARGV[1] { if ($1 == ENVIRON["scope"]) is[$2] = 1; next } $0 in is { found = 1 } END { exit !found }' \
        "$work/stepwise" "$work/list.$2"
}

# One transaction: public's part, when there is one, then the schema's own.
rehearse_schema() {
    session_write "\\set m_schema $word"
    lock_schema "$schema"
    {
        printf '%s\n' '\set m_go true' 'begin;'
        if [ "$schema" != public ] && [ -n "$public_list" ]; then
            printf '%s\n' "\\set m_schema 'public'"
            rehearse_includes public "$public_list" rehearse
            printf '%s\n' '\echo @own' "\\set m_schema $word"
        fi
        rehearse_includes "$([ "$schema" = public ] && echo public || echo tenant)" "$list" rehearse
        printf '%s\n' 'rollback;' '\echo @done'
    } >"$work/rehearse.psql"
    session_write "\\i $(psql_word "$work/rehearse.psql")"
    follow_rehearsal ", rolled back"
    session_write "\\set m_schema $word"
    unlock_schema
}

rehearse_includes() {
    for file in "$work/list.$2".*.psql; do
        sed -e "s/^\\\\i :m_deploy/\\\\i :m_$3/" -e '/^\\echo @done$/d' -e '/^\\i :m_lib/d' -e '/^\\set m_commit/d' "$file"
        return
    done
}

# Prints what the sections answer. Of tenants with the same files only the first is shown statement by statement.
follow_rehearsal() {
    quiet=
    ! grep -qx "$list" "$work/shown" || quiet=yes
    own=yes
    grep -q '^\\echo @own$' "$work/rehearse.psql" 2>/dev/null && [ "$schema" != public ] && [ -z "$clones" ] && own=
    [ -n "$quiet" ] || say "$schema$1:"
    statements=0
    total=0
    failure=
    said=
    while session_read; do
        [ -n "$own" ] || [ "$answer_word" = own ] || [ "$answer_word" = failed ] || [ "$answer_word" = said ] || [ "$answer_word" = "done" ] || continue
        case $answer_word in
            own) own=yes ;;
            section) [ -n "$quiet" ] || say "  $answer" ;;
            traced)
                statements=$((statements + 1))
                [ -n "$quiet" ] || {
                    took=${answer%% *} answer=${answer#* }
                    rows=${answer%% *} answer=${answer#* }
                    printf '    %9s ms %7s rows  line %-4s %s\n' "$took" "$rows" "${answer%% *}" "${answer#* }"
                }
                ;;
            locks) [ -n "$quiet" ] || [ "$answer" = none ] || say "                               locks $answer" ;;
            applied) total=$((total + ${answer%% *})) ;;
            said) said=$answer ;;
            failed | differs) failure="$answer_word $answer" ;;
            done) break ;;
        esac
    done
    [ "$answer_word" = "done" ] || session_lost
    [ -z "$quiet" ] || [ -n "$failure" ] || say "$schema: $(plural "$statements" statement), $total ms, as above"
    holders=
    if [ -n "$failure" ]; then
        tell_failure "$schema" "$failure"
        broke=$((broke + 1))
    fi
    : >"$errors"
}

# A scratch database on the same server, with what public and the tenant have; gone afterwards.
rehearse_clone() {
    live=$(awk -F '\t' '$1 == "database" { print $2 }' "$work/state")
    clone=$(name_start 40 "$live")_rehearsal_$(od -An -N 4 -t x1 /dev/urandom | tr -d ' \n')
    cat >"$work/size.psql" <<SQL
select (select rolcreatedb or rolsuper from pg_roles where rolname = current_user),
       (select coalesce(sum(pg_total_relation_size(c.oid)), 0) / 1048576 from pg_class c where c.relkind in ('r', 'm') and c.relnamespace::regnamespace::text in ('public', quote_ident($(sql_literal "$schema"))))::bigint;
\\o $(psql_word "$work/locale")
\\i $(psql_word "$lib/record-locale.psql")
SQL
    run_psql -f "$work/size.psql" >"$work/size" 2>"$work/ask.errors" || fail "$exit_failed" "$(first_error "$work/ask.errors")"
    IFS='	' read -r may megabytes <"$work/size"
    [ "$may" = t ] || fail "$exit_problem" "$schema has statements that cannot run in a transaction, and this role may not make a scratch database for them" \
        "As a superuser: alter role … createdb; or rehearse on a restored backup."
    rows=
    [ "$megabytes" -le "$rehearsal_mb" ] || {
        rows=--schema-only
        say "$schema and public have $megabytes MB: only their structure is copied (MIGRATE_REHEARSAL_MB)."
    }
    {
        printf '\\set m_clone %s\n' "$(psql_word "$clone")"
        database_like "$work/locale"
        printf '%s\n' 'create database :"m_clone" :m_like;'
    } >"$work/clone.psql"
    run_psql -f "$work/clone.psql" 2>"$work/ask.errors" || fail "$exit_failed" "the scratch database could not be made: $(first_error "$work/ask.errors")"
    scratch=$clone
    # Everything but the other tenants: what public needs (extensions, other schemas) is part of it.
    awk -F '\t' '$1 == "schema" && $2 != "public" && $3 == "t" { print $2 }' "$work/state" >"$work/others"
    set -- --no-publications --no-subscriptions --no-security-labels --format=plain
    [ -z "$rows" ] || set -- "$@" "$rows"
    while IFS= read -r other; do
        [ "$other" = "$schema" ] || set -- "$@" --exclude-schema "\"$(printf '%s' "$other" | sed 's/"/""/g')\""
    done <"$work/others"
    [ -z "$PSQL_ADDRESS" ] || set -- "$@" -d "$PSQL_ADDRESS"
    # A pipe ends as its last program does.
    rm -f "$work/dump.code"
    {
        printf '\\connect %s\n' "$(sql_ident "$clone")"
        pg_dump "$@" 2>"$work/dump.errors" || echo $? >"$work/dump.code"
    } | run_psql >/dev/null 2>"$work/ask.errors" || fail "$exit_failed" "the copy for the rehearsal failed: $(first_error "$work/ask.errors")"
    [ ! -e "$work/dump.code" ] || fail "$exit_failed" "the copy for the rehearsal failed: $(first_error "$work/dump.errors")"
    session_write "\\connect $(sql_ident "$clone")"
    session_greet
    session_write "\\set m_rehearse $(psql_word "$work/clone")
\\set m_retry false
\\set m_go true
\\set m_seen '{}'"
    {
        if [ "$schema" != public ] && [ -n "$public_list" ]; then
            printf '%s\n' "\\set m_schema 'public'" '\i :m_lib/history.sql'
            rehearse_includes public "$public_list" rehearse
        fi
        printf '%s\n' "\\set m_schema $word" '\i :m_lib/history.sql'
        rehearse_includes "$([ "$schema" = public ] && echo public || echo tenant)" "$list" rehearse
        printf '%s\n' '\echo @done'
    } >"$work/rehearse.psql"
    session_write "\\i $(psql_word "$work/rehearse.psql")"
    follow_rehearsal ", in a scratch copy"
    session_write "\\connect $(sql_ident "$live")"
    session_greet
    session_write "\\set m_rehearse $(psql_word "$work/rehearse")"
    drop_scratch
}

drop_scratch() {
    run_psql -c "drop database if exists $(sql_ident "$scratch")" 2>/dev/null || warn "migrate: the scratch database $scratch could not be dropped; it holds nothing that is needed"
    scratch=
}

# name_start BYTES NAME: so much of it as another name begins with; no letter is cut in half.
name_start() { printf '%s' "$2" | LC_ALL=C cut -b "1-$1" | iconv -c -f UTF-8 -t UTF-8; }

sql_ident() { printf '"%s"' "$(printf '%s' "$1" | sed 's/"/""/g')"; }

# first_error FILE: what went wrong, of all that psql or pg_dump has said; a warning is no reason, unless nothing else was said.
first_error() {
    error_text <"$1" | awk '{ sub(/^psql:.*:[0-9]+: /, ""); sub(/^(ERROR:  |pg_dump: error: )/, "") }
        first == "" { first = $0 }
        !/^$|^(WARNING|NOTICE|DETAIL|HINT|pg_dump: (warning|detail|hint)): / { first = $0; exit }
        END { print first }'
}

# database_like RECORD: psql's lines that set m_like to what `create database` has to say for one like that (record-locale.psql). Older records
# tell no provider: of a server before 15 it was libc, otherwise it is whatever this server takes.
database_like() {
    for fact in server encoding collate ctype provider locale rules; do
        psql_set "m_$fact" "$(awk -F '\t' -v key="$fact" '$1 == key { print $2; exit }' "$1")"
    done
    cat <<'SQL'
select case when :'m_provider' <> '' then :'m_provider' when :'m_server' ~ '^([89]|1[0-4])\M' then 'c' else '' end as m_provider \gset
select format('template template0 encoding %L lc_collate %L lc_ctype %L', :'m_encoding', :'m_collate', :'m_ctype')
    || case when :'m_provider' = 'i' then format(' locale_provider icu icu_locale %L', :'m_locale') || coalesce(' icu_rules ' || quote_literal(nullif(:'m_rules', '')::jsonb #>> '{}'), '')
            when :'m_provider' = 'b' then format(' locale_provider builtin builtin_locale %L', :'m_locale')
            when :'m_provider' = 'c' and current_setting('server_version_num')::int >= 150000 then ' locale_provider libc' else '' end as m_like \gset
SQL
}
