# shellcheck shell=sh disable=SC2154,SC2034 # the parts of scripts/migrate share their variables
# The timeline: the files of the migration folder, their hashes, and the scopes they have an up section for.

# Writes $work/timeline, a line a file in order: name, path, SHA-256 of the bytes, public t|f, tenant t|f.
read_timeline() {
    make_work
    [ -d "$dir" ] || fail "$exit_usage" "there is no folder $dir" "Give the folder of the migrations with --dir."
    : >"$work/timeline"
    # Files as they are here, and folders NAME/migration.sql as Prisma writes them.
    set --
    for path in "$dir"/[0-9]*.sql "$dir"/[0-9]*/migration.sql; do
        [ -f "$path" ] || continue
        set -- "$@" "$path"
    done
    [ $# -gt 0 ] || return 0
    sha256sum -- "$@" >"$work/hashes" || fail "$exit_usage" "cannot read every file in $dir"
    # sha256sum puts a backslash before the hash of a name that it had to escape.
    if grep -q '^[\]' "$work/hashes"; then fail "$exit_usage" "a file name in $dir has a backslash or a line break in it"; fi
    LC_ALL=C awk -v scope="$default_scope" '
        FNR == 1 { close_file(); path = FILENAME; marked = 0; split("", has) }
        FILENAME ~ /\/hashes$/ { hash[substr($0, 67)] = substr($0, 1, 64); path = ""; next }
        /^-- migrate:/ {
            marked = 1
            if ($2 == "migrate:up") {
                where = scope
                for (i = 3; i <= NF; i++) if ($i ~ /^scope:(public|tenant)\r?$/) { where = substr($i, 7); sub(/\r$/, "", where) }
                has[where] = 1
            }
        }
        END { close_file() }
        function close_file(   name) {
            if (path == "") return
            if (!marked) has[scope] = 1
            name = path
            if (sub(/\/migration\.sql$/, "", name) == 0) sub(/\.sql$/, "", name)
            sub(/^.*\//, "", name)
            printf "%s\t%s\t%s\t%s\t%s\n", name, path, hash[path], ("public" in has) ? "t" : "f", ("tenant" in has) ? "t" : "f"
        }' "$work/hashes" "$@" | LC_ALL=C sort -t '	' -k 1,1 >"$work/timeline"
    odd=$(LC_ALL=C awk -F '\t' 'NF != 5 || /[\001-\010\013-\037\177]/ { print "a file name has a tab or another control character in it"; exit }
        length($1) > 200 { print $1 " is longer than 200 bytes"; exit }' "$work/timeline")
    [ -z "$odd" ] || fail "$exit_usage" "in $dir $odd"
    twice=$(cut -f 1 "$work/timeline" | uniq -d | head -n 1)
    [ -z "$twice" ] || fail "$exit_refused" "two files in $dir have the name $twice"
}

# The scanner, next to the checkout's other programs or where it was installed.
find_scanner() {
    for scanner in "${SQL_SCAN:-}" "$here/../build/release/bin/sql-scan" "$here/../libexec/lunaxcode/sql-scan" "$here/sql-scan" \
        "$here/../../../libexec/lunaxcode/sql-scan"; do
        [ -n "$scanner" ] && [ -x "$scanner" ] && return 0
    done
    scanner=$(command -v sql-scan) || fail "$exit_usage" "the program sql-scan is not there" "Build it with 'make', or name it in SQL_SCAN."
}

# Writes $work/scan (a line a statement of the whole timeline) and $work/normalised (name, second hash).
scan_timeline() {
    [ ! -e "$work/scan" ] || return 0
    find_scanner
    mkdir -p "$work/tokens"
    cut -f 2 "$work/timeline" >"$work/paths"
    set --
    while IFS= read -r path; do set -- "$@" "$path"; done <"$work/paths"
    # Prisma's folders may have a down.sql beside migration.sql: it is read as the down section of that migration.
    downs=
    for path in "$dir"/[0-9]*/down.sql; do
        [ -f "$path" ] || continue
        [ -f "${path%down.sql}migration.sql" ] || continue
        ! grep -q '^-- migrate:' "${path%down.sql}migration.sql" || continue
        downs=yes
        name=${path%/down.sql}
        name=${name##*/}
        mkdir -p "$work/downs/$name"
        { printf -- '-- migrate:down scope:%s\n' "$default_scope"; cat "$path"; } >"$work/downs/$name/down.sql"
        set -- "$@" "$work/downs/$name/down.sql"
    done
    code=0
    "$scanner" --tsv --default-scope "$default_scope" --public-only "$public_only_tables" --normalised "$work/tokens" "$@" >"$work/scan" || code=$?
    [ "$code" -lt 2 ] || fail "$exit_usage" "sql-scan could not read $dir"
    [ -z "$downs" ] || {
        rm -f "$work/tokens/down"
        awk -F '\t' -v OFS='\t' -v downs="$work/downs/" '
            FILENAME == ARGV[1] { path[$1] = $2; next }
            index($1, downs) == 1 {
                name = substr($1, length(downs) + 1)
                sub(/\/down\.sql$/, "", name)
                $1 = path[name]
                $8 -= 1
                if ($2 == "-" || $11 != "-") sub(/\/migration\.sql$/, "/down.sql", $1)
            }
            { print }' "$work/timeline" "$work/scan" >"$work/scan.both"
        mv "$work/scan.both" "$work/scan"
    }
    (cd "$work/tokens" && sha256sum -- *) | sed 's/^\([0-9a-f]*\)  \(.*\)$/\2\t\1/' >"$work/normalised"
}

# What the scanner refuses in the files whose names are in $1. Fails when there is any.
refuse_unfit() {
    awk -F '\t' 'FILENAME == ARGV[1] { wanted[$1] = 1; next }
        FILENAME == ARGV[2] { if ($1 in wanted) path[$2] = $1; next }
        { file = $1; sub(/\/down\.sql$/, "/migration.sql", file) }
        (file in path) && $11 != "-" { printf "  %s line %s: %s\n", $1, $8, $11; n++ }
        END { exit n > 0 }' "$1" "$work/timeline" "$work/scan" >"$work/refused" && return 0
    warn "migrate: not fit to be run:"
    cat "$work/refused" >&2
    fail "$exit_refused" "nothing was changed"
}

# What is better known before: locks, columns that rows will refuse, IF NOT EXISTS; of the files whose names are in $1.
show_warnings() {
    awk -F '\t' 'FILENAME == ARGV[1] { wanted[$1] = 1; next }
        FILENAME == ARGV[2] { if ($1 in wanted) path[$2] = $1; next }
        ($1 in path) && $2 == "up" && $15 != "-" {
            n = split($15, text, "; ")
            for (i = 1; i <= n; i++) if (!(($1, text[i]) in told)) { told[$1, text[i]] = 1; printf "  warning: %s line %s: %s\n", path[$1], $8, text[i] }
        }' "$1" "$work/timeline" "$work/scan"
}
