# shellcheck shell=sh disable=SC2154,SC2034 # the parts of scripts/migrate share their variables
# Facts: what must be in the catalogue after the migrations of a schema (sql-scan --facts), looked up there.

# choose_schemas TENANTS: writes $work/chosen, the schemas meant, of those that exist; all when no tenant is named.
choose_schemas() {
    check_names "$1"
    only=$1 awk -F '\t' 'BEGIN { only = ENVIRON["only"]; n = split(only, o, ","); for (i = 1; i <= n; i++) wanted[o[i]] = 1 }
        $1 == "schema" && $3 == "t" && (only == "" || $2 in wanted) { print $2 }' "$work/state" >"$work/chosen"
}

# Writes $work/sequences: the chosen schemas, each with the migrations that it has, in the order in which it got them.
applied_sequences() {
    awk -F '\t' 'FILENAME == ARGV[1] { chosen[$1] = 1; next } $1 == "sequence" && ($2 in chosen) { sub(/^sequence\t/, ""); print }' \
        "$work/chosen" "$work/state" >"$work/sequences"
}

# Schemas that have the same migrations share their facts. Writes $work/places (schema, number of its group), $work/groups (number,
# scope) and the names of each group in $work/group.N, from $work/sequences.
group_sequences() {
    rm -f "$work"/group.*
    : >"$work/places"
    : >"$work/groups"
    awk -F '\t' -v folder="$work" '{
            schema = $1
            scope = schema == "public" ? "public" : "tenant"
            key = scope; for (i = 2; i <= NF; i++) key = key FS $i
            if (!(key in group)) {
                group[key] = ++groups
                print groups FS scope > (folder "/groups")
                printf "" > (folder "/group." groups)
                for (i = 2; i <= NF; i++) print $i > (folder "/group." groups)
                close(folder "/group." groups)
            }
            print schema FS group[key] > (folder "/places")
        }' "$work/sequences"
}

# Writes $work/facts.N for each group, a JSON line a fact; those of one migration only, where $only_facts names it.
find_facts() {
    find_scanner
    while IFS='	' read -r number scope; do
        awk -F '\t' 'FILENAME == ARGV[1] { path[$1] = $2; next } ($0 in path) { print path[$0] }' "$work/timeline" "$work/group.$number" >"$work/paths"
        set -- --facts "$scope" --default-scope "$default_scope"
        [ -z "${only_facts-}" ] || set -- "$@" --only "$only_facts"
        while IFS= read -r path; do set -- "$@" "$path"; done <"$work/paths"
        : >"$work/facts.$number"
        [ -s "$work/paths" ] || continue
        "$scanner" "$@" >"$work/facts.$number" || fail "$exit_usage" "sql-scan could not read $dir"
    done <"$work/groups"
}

# Looks for the facts of all groups in their schemas. Writes $work/judged:
#   sum SCHEMA MIGRATION hold missing traces doubtful without-trace
#   fact SCHEMA MIGRATION LINE yes|no|partly|doubtful SAYS FOUND
#   unseen SCHEMA MIGRATION LINE KIND
# Facts that hold are told one by one only with facts_told=all.
judge_facts() {
    {
        cat "$lib/facts.sql"
        printf 'create temp table m_fact (grp int, f jsonb);\ncreate temp table m_place (place text, grp int, nth int);\n'
        while IFS='	' read -r number scope; do
            sed -e "s/'/''/g" -e "s/^/insert into m_fact values ($number, '/" -e "s/\$/');/" "$work/facts.$number"
        done <"$work/groups"
        awk -F '\t' '{ gsub(/\047/, "\047\047", $1); printf "insert into m_place values (\047%s\047, %d, %d);\n", $1, $2, NR }' "$work/places"
        printf '\\set m_all %s\n' "$([ "${facts_told-}" = all ] && echo true || echo false)"
        cat "$lib/judge.sql"
    } >"$work/judge.psql"
    ask -f "$work/judge.psql" >"$work/judged" || fail "$exit_problem" "the catalogue cannot be read"
}

# prepare_insisting NAMES: for migrations that say IF NOT EXISTS, what these statements want: $work/insist/SCOPE.NAME (statement,
# line, fact). Each in its place among the files before it: what an earlier migration has made is not theirs.
prepare_insisting() {
    [ -s "$work/insisting" ] || return 0
    awk -F '\t' 'FILENAME == ARGV[1] { wanted[$1] = 1; next } $2 in wanted' "$1" "$work/insisting" >"$work/insisting.wanted"
    [ -d "$work/insist" ] || mkdir "$work/insist"
    while IFS='	' read -r scope name; do
        set -- --facts "$scope" --default-scope "$default_scope" --only "$name"
        name=$name awk -F '\t' '{ print $2 } $1 == ENVIRON["name"] { exit }' "$work/timeline" >"$work/paths"
        while IFS= read -r path; do set -- "$@" "$path"; done <"$work/paths"
        "$scanner" "$@" >"$work/insist/facts" || fail "$exit_usage" "sql-scan could not read $dir"
        scope=$scope name=$name awk -F '\t' '
            FILENAME == ARGV[1] { if ($1 == ENVIRON["name"]) path = $2; next }
            FILENAME == ARGV[2] { if ($1 == path && $2 == "up" && $3 == ENVIRON["scope"] && $10 ~ /if-not-exists/) says[$5] = $8; next }
            match($0, /"statement":[0-9]+/) {
                n = substr($0, RSTART + 12, RLENGTH - 12)
                if ((n in says) && /"says":/ && /"absent":false/ && !/"doubt":/) print n "\t" says[n] "\t" $0
            }' "$work/timeline" "$work/scan" "$work/insist/facts" >"$work/insist/$scope.$name"
    done <"$work/insisting.wanted"
}
