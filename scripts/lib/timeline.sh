# shellcheck shell=sh disable=SC2154,SC2034 # the parts of scripts/migrate share their variables
# The timeline: the files of the migration folder, their hashes, and the scopes they have an up section for.

# Writes $work/timeline, a line a file in order: name, path, SHA-256 of the bytes, public t|f, tenant t|f. Also what psql is to
# know of the files, as variables: $work/files.psql (m_files, for state.sql) and $work/manifest.psql (m_manifest, by which campaigns know
# their files).
read_timeline() {
    make_work
    [ -d "$dir" ] || fail "$exit_usage" "there is no folder $dir" "Give the folder of the migrations with --dir."
    # To awk a=b/c is no file.
    case $dir in [!/.]*=*) dir=./$dir ;; esac
    # Files as they are here, and folders NAME/migration.sql as Prisma writes them.
    set --
    for path in "$dir"/[0-9]*.sql "$dir"/[0-9]*/migration.sql; do
        [ -f "$path" ] || continue
        set -- "$@" "$path"
    done
    unread=
    for path in "$dir"/[!0-9]*.sql; do
        [ ! -f "$path" ] || unread="$unread ${path##*/}"
    done
    [ -z "$unread" ] || [ -n "${told_unread-}" ] || warn "migrate: not read, since a migration's name begins with its stamp (YYYYMMDDHHMMSS_name.sql):$unread"
    told_unread=yes
    : >"$work/hashes"
    [ $# = 0 ] || sha256sum -- "$@" >"$work/hashes" || fail "$exit_usage" "cannot read every file in $dir"
    code=0
    odd=$(LC_ALL=C awk -v scope="$default_scope" -v out="$work" -f "$lib/timeline.awk" "$work/hashes" "$@") || code=$?
    [ "$code" = 0 ] || fail "$code" "in $dir $odd"
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
    [ -s "$work/timeline" ] || {
        : >"$work/scan"
        : >"$work/normalised"
        return 0
    }
    set --
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
    "$scanner" --tsv --default-scope "$default_scope" --public-only "$public_only_tables" --normalised "$work/normalised" --timeline "$work/timeline" "$@" >"$work/scan" || code=$?
    [ "$code" -lt 2 ] || fail "$exit_usage" "sql-scan could not read $dir"
    [ -z "$downs" ] || {
        grep -v '^down	' "$work/normalised" >"$work/normalised.up" || true
        mv "$work/normalised.up" "$work/normalised"
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
}

# What the scanner refuses in the files whose names are in $1. Fails when there is any. A deploy does not do under a new name
# what it has done under one that is gone. Also notes for prepare_insisting which say IF NOT EXISTS: $work/insisting (scope, name).
refuse_unfit() {
    known=/dev/null unfit=0
    [ "$command" != deploy ] || known=$work/state
    : >"$work/insisting"
    insisting_of=$1
    awk -F '\t' -v insisting="$work/insisting" 'FILENAME == ARGV[1] { wanted[$1] = 1; next }
        FILENAME == ARGV[2] { if ($1 in wanted) path[$2] = $1; next }
        FILENAME == ARGV[3] { second[$1] = $2; next }
        FILENAME == ARGV[4] {
            if ($4 == "phantom" && $6 ~ /^applied/) gone[$2, $5] = $3
            else if ($4 == "pending" || $4 == "late") waits[$2, $3]
            next
        }
        $2 == "up" && $10 ~ /if-not-exists/ && ($1 in path) && !(($3, $1) in seen) { seen[$3, $1] = 1; print $3 "\t" path[$1] > insisting }
        { file = $1; sub(/\/down\.sql$/, "/migration.sql", file) }
        (file in path) && $11 != "-" { printf "  %s line %s: %s\n", $1, $8, $11; n++ }
        $2 == "up" && $5 != "-" && (file in path) { does[path[file]] = 1 }
        END {
            if (n) exit 1
            for (key in waits) {
                split(key, at, SUBSEP)
                if ((at[2] in wanted) && (at[2] in does) && ((at[1], second[at[2]]) in gone)) { printf "  %s in %s: as %s\n", at[2], at[1], gone[at[1], second[at[2]]]; r++ }
            }
            exit r ? 2 : 0
        }' "$1" "$work/timeline" "$work/normalised" "$known" "$work/scan" >"$work/refused" || unfit=$?
    case $unfit in
        0) return 0 ;;
        2)
            warn "migrate: the same statements were applied under a name that is not in the folder any more:"
            sort "$work/refused" | head -n 20 >&2
            fail "$exit_problem" "nothing was changed" \
                "Was the file renamed? Give it the old name back, or: scripts/migrate resolve --applied NEW-NAME. To run it once more: resolve --rolled-back OLD-NAME --without-evidence."
            ;;
    esac
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
