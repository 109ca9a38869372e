# shellcheck shell=sh disable=SC2154,SC2034 # the parts of scripts/migrate share their variables
# What the database says about the timeline: one look at all histories at once.

# Writes $work/state. Lines:
#   database NAME HOST USER OWNER | version SERVER PSQL | schema NAME exists history applied last | row NAME(schema) MIGRATION STATE NORMALISED DETAIL…
#   leftover NAME(schema) INDEX (of a REINDEX CONCURRENTLY that broke off; with state_leftovers=false none)
#   campaign ID SELECTION SAME-FILES LIVE DONE ALL BY SINCE PARALLEL SOAK FAILURES WAVES HEALTH
# Over the open session where there is one. With state_sequences=true also: sequence SCHEMA MIGRATION… (what was applied, in that order)
# States: pending, late (pending, but older than what is applied), edited, reverting (half), phantom, failed, interrupted.
# state.awk reads while the server sends. With state_plan=true plan.awk goes on from there; $work/hindrances has what it prints.
read_state() {
    plan=
    # shellcheck disable=SC2016 # for the shell of psql
    [ -z "${state_plan-}" ] || plan='-f "$MIGRATE_LIB/waves.awk" -f "$MIGRATE_LIB/plan.awk"'
    {
        psql_set m_tenants "$tenants_query"
        printf '\\set m_leftovers %s\n\\i :m_work/manifest.psql\n' "${state_leftovers:-true}"
        # The word whole stands behind all that went well; nothing else can tell of a program at psql's other end.
        # shellcheck disable=SC2016 # for the shell of psql
        printf '\\o |{ LC_ALL=C awk -v sequences=%s -f "$MIGRATE_LIB/state.awk" %s "$MIGRATE_WORK/timeline" - && echo whole; } >"$MIGRATE_WORK/hindrances" 2>"$MIGRATE_WORK/unread"\n' \
            "${state_sequences:-false}" "$plan"
        printf '\\i :m_lib/look.psql\n\\o /dev/null\n'
    } >"$work/state.psql"
    if [ -n "$session" ]; then
        losing="the histories cannot be read"
        written=ask_for_state
        ask_for_state
        session_ready
        written=
        [ -n "$proved" ] || hear_proof
        session_expect looked
        [ -n "$proved" ] || ask_spare
        losing=
    else
        ask -v "m_lib=$lib" -v "m_work=$work" -f "$work/state.psql" || {
            case $tenants_query in
                'select schema_name from public.tenants order by id') fail "$exit_problem" "the histories cannot be read" ;;
            esac
            fail "$exit_problem" "the histories cannot be read" "The tenants were asked for by: $tenants_query"
        }
    fi
    whole=
    while IFS= read -r line; do whole=$line; done <"$work/hindrances"
    [ "$whole" = whole ] || fail "$exit_problem" "the histories could not be read to their end: $(head -n 1 "$work/unread")"
    # The first lines: what the server and psql are, whether campaigns are not at their end, and whether there are tenants.
    campaigns=
    tenants_found=
    while IFS='	' read -r kind first second _; do
        case $kind in
            database) ;;
            version) server_version=$first psql_version=$second ;;
            campaign) campaigns=yes ;;
            schema)
                [ "$first" = public ] || { tenants_found=yes && break; }
                ;;
        esac
    done <"$work/state"
    [ -n "$tenants_found" ] || [ -z "$tenants_pattern" ] || warn "migrate: no schema is a tenant's by the pattern $tenants_pattern, in which * stands for any text and ? for a letter"
}

# Has the open session look; where it cannot, whoever waits for the answer says so.
ask_for_state() {
    [ -n "$proved" ] || ask_for_proof
    printf '%s\n' '\i :m_work/state.psql' 'reset all;' '\echo @looked' >&3 2>/dev/null || true
}

# Whoever makes a table owns it: all of it has to belong to one role.
require_owner() {
    other=$(awk -F '\t' '$1 == "database" { if ($4 != $5) print $5; exit }' "$work/state")
    [ -z "$other" ] || refuse_other "$other"
}

refuse_other() {
    fail "$exit_problem" "the schema belongs to $1, and you are another" "Connect as that role, or become it: PGOPTIONS='-c role=$1'."
}

# state_rows STATE… : schema, migration, state, details of the rows in one of these states
state_rows() {
    awk -F '\t' -v wanted=" $* " '$1 == "row" && index(wanted, " " $4 " ")' "$work/state" | cut -f 2-
}
