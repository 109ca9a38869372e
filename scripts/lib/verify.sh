# shellcheck shell=sh disable=SC2154,SC2034 # the parts of scripts/migrate share their variables
# verify: whether what was applied is still there: the facts of all statements taken together, and the verify sections.

cmd_verify() {
    only=
    json=
    while [ $# -gt 0 ]; do
        case $1 in
            --json) json=yes ;;
            --tenants) [ $# -gt 1 ] || usage "--tenants needs names, parted by commas"; only=$2; shift ;;
            --tenants=*) only=${1#*=} ;;
            --public-only) only=public ;;
            *) usage "verify: unknown option $1" ;;
        esac
        shift
    done
    read_timeline
    state_sequences=true
    read_state
    choose_schemas "$only"
    missing=$(awk -F '\t' '$1 == "schema" && $3 == "f" { print $2 }' "$work/state" | paste -s -d ' ')
    case " $missing " in
        *' public '*) remedy="The record of deploys is kept in public: create schema public; as the role that migrates." ;;
        *) remedy="The table of tenants names schemas that do not exist." ;;
    esac
    applied_sequences
    if [ ! -s "$work/sequences" ]; then
        if [ -z "$json" ]; then
            [ -z "$missing" ] || fail "$exit_problem" "no schema for: $missing" "$remedy"
            say "Nothing is applied yet: nothing to verify."
            return 0
        fi
    fi
    group_sequences
    find_facts
    judge_facts
    run_verify_sections
    # What cannot be judged is said too: phantoms, edited files.
    find_edited
    code=0
    awk -F '\t' -v json="$json" -v problem_code="$exit_problem" -v missing="$missing" -f "$lib/verify.awk" \
        "$work/edited" "$work/state" "$work/places" "$work/judged" "$work/broken" >"$work/verdict" || code=$?
    [ "$code" != 2 ] || no_room
    show "$work/verdict"
    [ -z "$missing" ] || warn "  $remedy"
    return "$code"
}

# Runs the verify sections of what each schema has, in transactions that cannot write and are rolled back, but for statements that
# name what a later migration dropped or renamed. Writes $work/broken: passed SCHEMA N, pass SCHEMA MIGRATION N, broken SCHEMA
# MIGRATION LINE SQLSTATE MESSAGE; and outdated … LATER for what may be otherwise because LATER changed a table that it names.
run_verify_sections() {
    : >"$work/changed"
    : >"$work/runs"
    {
        printf '\\set m_lib %s\n\\o /dev/null\n' "$(psql_word "$lib")"
        printf '\\set VERBOSITY terse\n'
        while IFS='	' read -r number scope; do
            mkdir -p "$work/verify.$number"
            sed -n 's/^{"fact":"verify","migration":"\(.*\)","statement":[0-9]*,"line":\([0-9]*\),"supersededBy".*/'"$scope"'	\1	\2/p' \
                "$work/facts.$number" >"$work/superseded"
            sed -n 's/^{"fact":"verify","migration":"\(.*\)","statement":[0-9]*,"line":\([0-9]*\),"changedBy":"\(.*\)"}$/'"$number"'	\1	\2	\3/p' \
                "$work/facts.$number" >>"$work/changed"
            # $verify_only: the sections of one migration only.
            if [ -n "${verify_only-}" ]; then printf '%s\n' "$verify_only" >"$work/verify.$number.names"; else cp "$work/group.$number" "$work/verify.$number.names"; fi
            prepare_sections verify "$work/verify.$number.names" "$work/verify.$number" "$work/superseded"
            {
                printf '%s\n' 'reset all;' 'begin transaction read only;' 'set local search_path = :"m_schema";' \
                    "set local statement_timeout = '$verify_timeout';" '\echo @schema :m_schema'
                while IFS= read -r name; do
                    [ -e "$work/verify.$number/$scope.$name.psql" ] || continue
                    printf '\\i %s\n' "$(psql_word "$work/verify.$number/$scope.$name.psql")"
                    echo "$number" >>"$work/runs"
                done <"$work/verify.$number.names"
                printf '%s\n' 'rollback;' '\echo @end'
            } >"$work/verify.$number.psql"
            printf '\\set m_group_file%d %s\n' "$number" "$(psql_word "$work/verify.$number.psql")"
        done <"$work/groups"
        # A group without a verify section has nothing to run.
        awk -F '\t' 'FILENAME == ARGV[1] { runs[$1] = 1; next }
            $2 in runs {
                schema = $1; gsub(/\\/, "&&", schema); gsub(/\047/, "\047\047", schema)
                # A backend that has touched a thousand schemas is slow: begin afresh now and then.
                if (++n % 100 == 0) print "\\connect"
                printf "\\set m_schema \047%s\047\n\\set m_group %d\n\\i :m_group_file%d\n", schema, $2, $2
            }' "$work/runs" "$work/places"
    } >"$work/verify.psql"
    ask -f "$work/verify.psql" >"$work/verified" || fail "$exit_failed" "the verify sections could not be run to their end"
    awk -F '\t' 'FILENAME == ARGV[1] { group[$1] = $2; next }
        FILENAME == ARGV[2] { later[$1, $2, $3] = $4; next }
        /^@schema / { schema = substr($0, 9) }
        /^@passed / { passed[schema]++; pass[schema "\t" substr($0, 9)]++ }
        /^@broken / { split($0, part, " "); line = part[2]; code = part[3]; sub(/^@broken [0-9]+ [0-9A-Z]+ /, ""); name = $0 }
        /^@because / { sub(/^@because /, ""); gsub(/\t/, " "); by = later[group[schema], name, line]
            printf "%s\t%s\t%s\t%s\t%s\t%s\t%s\n", (by == "" ? "broken" : "outdated"), schema, name, line, code, $0, by }
        /^@end$/ { printf "passed\t%s\t%d\n", schema, passed[schema] }
        END { for (one in pass) printf "pass\t%s\t%d\n", one, pass[one] }' "$work/places" "$work/changed" "$work/verified" >"$work/broken"
}
