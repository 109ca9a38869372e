# shellcheck shell=sh disable=SC2154,SC2034 # the parts of scripts/migrate share their variables
# deploy: applies what is pending, public first, then every tenant.

cmd_deploy() {
    public_only=
    only=
    yes=
    dry_run=
    while [ $# -gt 0 ]; do
        case $1 in
            --public-only) public_only=yes ;;
            --tenants) [ $# -gt 1 ] || usage "--tenants needs names, parted by commas"; only=$2; shift ;;
            --tenants=*) only=${1#*=} ;;
            --yes | -y) yes=yes ;;
            --dry-run) dry_run=yes ;;
            *) usage "deploy: unknown option $1" ;;
        esac
        shift
    done
    [ -z "$public_only" ] || [ -z "$only" ] || usage "deploy: --public-only and --tenants exclude each other"

    read_timeline
    read_state
    require_owner
    check_names "$only"
    plan_deploy
    refuse_edited
    if [ ! -s "$work/plan" ]; then
        say "Up to date: $(plural "$(wc -l <"$work/chosen")" schema), $(plural "$(wc -l <"$work/timeline")" migration)."
        return 0
    fi
    scan_timeline
    sort -u "$work"/list.* >"$work/names"
    refuse_unfit "$work/names"
    if [ -n "$dry_run" ]; then
        show_plan
        say "Nothing was changed: this was a dry run."
        return 0
    fi
    [ -n "$yes" ] || confirm_deploy
    prepare_sections deploy "$work/names"
    session_open
    schemas=0
    migrations=0
    while IFS='	' read -r schema list word; do
        [ "$schemas" = 0 ] || [ $((schemas % 100)) != 0 ] || session_renew
        deploy_schema "$schema" "$list" "$word"
    done <"$work/plan"
    session_close finished
    say "Done: $(plural "$migrations" migration) applied to $(plural "$schemas" schema)."
}

# Names that were given must be there.
check_names() {
    awk -F '\t' -v only="$1" 'BEGIN { n = split(only, o, ","); for (i = 1; i <= n; i++) wanted[o[i]] = 1 }
        $1 == "schema" { delete wanted[$2] }
        END { for (w in wanted) print w }' "$work/state" >"$work/unknown"
    [ ! -s "$work/unknown" ] || usage "there is no tenant $(paste -s -d , "$work/unknown")"
}

# Writes $work/chosen (the schemas meant), $work/plan (schema, number of its list, its name for psql; in the order of work)
# and the lists, $work/list.N: a fleet has few different ones.
plan_deploy() {
    awk -F '\t' -v only="$only" -v public_only="$public_only" '
        BEGIN { n = split(only, o, ","); for (i = 1; i <= n; i++) wanted[o[i]] = 1 }
        $1 == "schema" && (only == "" || $2 in wanted) && !(public_only && $2 != "public") { print $2 "\t" $3 }' "$work/state" >"$work/chosen"
    missing=$(awk -F '\t' '$2 == "f" { print $1 }' "$work/chosen" | paste -s -d ' ')
    [ -z "$missing" ] || fail "$exit_problem" "no schema for: $missing" "The table of tenants names schemas that do not exist."
    awk -F '\t' -v folder="$work" '
        FILENAME == ARGV[1] { place[++schemas] = $1; next }
        $1 == "row" && $4 ~ /^(pending|late|failed|interrupted)$/ { list[$2] = list[$2] $3 "\n" }
        END {
            for (i = 1; i <= schemas; i++) {
                schema = place[i]
                if (!(schema in list)) continue
                key = (schema == "public" ? "public" : "tenant") list[schema]
                if (!(key in number)) {
                    number[key] = ++lists
                    printf "%s", list[schema] > (folder "/list." lists)
                }
                word = schema
                gsub(/\\/, "&&", word)
                gsub(/\047/, "\047\047", word)
                printf "%s\t%d\t\047%s\047\n", schema, number[key], word
            }
        }' "$work/chosen" "$work/state" >"$work/plan"
}

# A file that was changed after it was applied: the database is not what the folder says. Comments do not count.
refuse_edited() {
    find_edited
    awk -F '\t' 'FILENAME == ARGV[1] { chosen[$1] = 1; next } $1 in chosen { print $2 " in " $1 }' "$work/chosen" "$work/edited" >"$work/refused"
    [ -s "$work/refused" ] || return 0
    warn "migrate: changed after it was applied:"
    sed 's/^/  /' "$work/refused" >&2
    fail "$exit_problem" "nothing was changed" "Put the file back as it was, and make a new migration for the change."
}

show_plan() {
    awk -F '\t' -v folder="$work" '
        FILENAME == ARGV[1] { if ($2 == "up") statements[$1, $3]++; next }
        FILENAME == ARGV[2] { path[$1] = $2; next }
        FILENAME == ARGV[3] { if ($1 == "row") state[$2, $3] = $4; next }
        {
            if (!($2 in first)) { first[$2] = $1; order[++lists] = $2 }
            if (++count[$2] <= 5) names[$2] = names[$2] (count[$2] > 1 ? ", " : "") $1
        }
        END {
            for (i = 1; i <= lists; i++) {
                list = order[i]
                schema = first[list]
                printf "%s%s:\n", names[list], (count[list] > 5 ? sprintf(" and %d more", count[list] - 5) : "")
                while ((getline name < (folder "/list." list)) > 0) {
                    n = statements[path[name], schema == "public" ? "public" : "tenant"] + 0
                    s = state[schema, name]
                    printf "  %s, %d statement%s%s\n", name, n, n == 1 ? "" : "s",
                        s == "late" ? ", older than what is applied" : s == "failed" ? ", failed before" : s == "interrupted" ? ", was interrupted" : ""
                }
            }
        }' "$work/scan" "$work/timeline" "$work/state" "$work/plan"
}

confirm_deploy() {
    show_plan
    awk -F '\t' '$1 == "database" { printf "Database %s on %s as %s. ", $2, $3, $4 }' "$work/state"
    if [ ! -t 0 ]; then
        printf '\n'
        fail "$exit_unconfirmed" "nobody to confirm" "Use --yes where nobody is asked."
    fi
    printf 'Deploy this? Type yes: '
    IFS= read -r reply || reply=
    [ "$reply" = yes ] || fail "$exit_unconfirmed" "not confirmed; nothing was changed"
}

# deploy_schema SCHEMA LIST WORD
deploy_schema() {
    scope=tenant
    [ "$1" != public ] || scope=public
    [ -e "$work/list.$2.psql" ] || include_list "$scope" "$work/list.$2" >"$work/list.$2.psql"
    broken=
    apply_list "$1" "$3" "$work/list.$2.psql" || broken=yes
    migrations=$((migrations + applied))
    schemas=$((schemas + 1))
    [ -z "$broken" ] || {
        session_close finished
        fail "$exit_failed" "stopped at schema $1; $(plural "$migrations" migration) applied before" \
            "Mend the file and deploy again: what failed was rolled back, and it is in $1.schema_history."
    }
}
