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
    session_write "\\i '$work/rehearse.psql'"
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
    clone=$(awk -F '\t' '$1 == "database" { print substr($2, 1, 40) }' "$work/state")_rehearsal_$(od -An -N 4 -t x1 /dev/urandom | tr -d ' \n')
    run_psql <<SQL >"$work/size" 2>"$work/ask.errors" || fail "$exit_failed" "$(error_text <"$work/ask.errors" | head -n 1)"
select (select rolcreatedb or rolsuper from pg_roles where rolname = current_user), pg_encoding_to_char(encoding), datcollate, datctype,
       (select coalesce(sum(pg_total_relation_size(c.oid)), 0) / 1048576 from pg_class c where c.relkind in ('r', 'm') and c.relnamespace::regnamespace::text in ('public', quote_ident($(sql_literal "$schema"))))::bigint
  from pg_database where datname = current_database();
SQL
    IFS='	' read -r may encoding collate ctype megabytes <"$work/size"
    [ "$may" = t ] || fail "$exit_problem" "$schema has statements that cannot run in a transaction, and this role may not make a scratch database for them" \
        "As a superuser: alter role … createdb; or rehearse on a restored backup."
    rows=
    [ "$megabytes" -le "$rehearsal_mb" ] || {
        rows=--schema-only
        say "$schema and public have $megabytes MB: only their structure is copied (MIGRATE_REHEARSAL_MB)."
    }
    code=0
    run_psql -c "create database \"$clone\" template template0 encoding '$encoding' lc_collate '$collate' lc_ctype '$ctype'" 2>"$work/ask.errors" || code=$?
    [ "$code" = 0 ] || fail "$exit_failed" "the scratch database could not be made: $(error_text <"$work/ask.errors" | head -n 1)"
    scratch=$clone
    # Everything but the other tenants: what public needs (extensions, other schemas) is part of it.
    awk -F '\t' '$1 == "schema" && $2 != "public" && $3 == "t" { print $2 }' "$work/state" >"$work/others"
    set -- --no-publications --no-subscriptions --no-security-labels --format=plain
    [ -z "$rows" ] || set -- "$@" "$rows"
    while IFS= read -r other; do
        [ "$other" = "$schema" ] || set -- "$@" --exclude-schema "\"$(printf '%s' "$other" | sed 's/"/""/g')\""
    done <"$work/others"
    [ -z "$PSQL_ADDRESS" ] || set -- "$@" -d "$PSQL_ADDRESS"
    {
        printf '\\connect "%s"\n' "$clone"
        pg_dump "$@" 2>"$work/dump.errors" || echo '\quit 4'
    } | run_psql >/dev/null 2>"$work/ask.errors" || code=$?
    [ "$code" = 0 ] && [ ! -s "$work/dump.errors" ] || grep -q '^pg_dump: warning' "$work/dump.errors" ||
        fail "$exit_failed" "the copy for the rehearsal failed: $(cat "$work/dump.errors" "$work/ask.errors" | error_text | head -n 1)"
    session_write "\\connect \"$clone\""
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
    session_write "\\i '$work/rehearse.psql'"
    follow_rehearsal ", in a scratch copy"
    session_write "\\connect $(psql_word "$(awk -F '\t' '$1 == "database" { print $2 }' "$work/state")")"
    session_greet
    session_write "\\set m_rehearse $(psql_word "$work/rehearse")"
    drop_scratch
}

drop_scratch() {
    run_psql -c "drop database if exists \"$scratch\"" 2>/dev/null || warn "migrate: the scratch database $scratch could not be dropped; it holds nothing that is needed"
    scratch=
}
