# shellcheck shell=sh disable=SC2154,SC2034 # the parts of scripts/migrate share their variables
# The timeline: the files of the migration folder, and what the scanner says of them.

# read_timeline [FILE…]: what scripts read of the files, by the scanner (sql-scan --help has the columns): $work/timeline, a line a file in
# order; scan, a line a statement; normalised; insisting; and manifest.psql, the variable m_manifest by which campaigns know their files. FILEs are read among those of the folder.
read_timeline() {
    make_work
    [ -d "$dir" ] || fail "$exit_usage" "there is no folder $dir" "Give the folder of the migrations with --dir."
    unread=
    for path in "$dir"/[!0-9]*.sql; do
        [ ! -f "$path" ] || unread="$unread ${path##*/}"
    done
    [ -z "$unread" ] || [ -n "${told_unread-}" ] || warn "migrate: not read, since a migration's name begins with its stamp (YYYYMMDDHHMMSS_name.sql):$unread"
    # What the scanner passes over though its name has a stamp.
    unread=
    for path in "$dir"/[0-9]*; do
        case $path in
            *.sql) [ -f "$path" ] || [ -f "$path/migration.sql" ] || unread="$unread ${path##*/}" ;;
            *.[Ss][Qq][Ll]) unread="$unread ${path##*/}" ;;
            *_*) [ ! -d "$path" ] || [ -f "$path/migration.sql" ] || unread="$unread ${path##*/}/" ;;
        esac
    done
    [ -z "$unread" ] || [ -n "${told_unread-}" ] || warn "migrate: not read, since a migration is a file that ends with .sql, or a folder with a file migration.sql:$unread"
    told_unread=yes
    find_scanner
    code=0
    "$scanner" --into "$work" --folder "$dir" --default-scope "$default_scope" --public-only "$public_only_tables" "$@" 2>"$work/odd" || code=$?
    refusing=
    case $code in
        0) ;;
        1) refusing=yes ;; # which is told of the files that are to be run
        3) fail "$exit_refused" "in $dir $(cat "$work/odd")" ;;
        4) no_room ;;
        *)
            case $(cat "$work/odd") in usage:*) fail "$exit_usage" "$scanner is of another version than these scripts" "Build it with 'make', or name the right one in SQL_SCAN." ;; esac
            fail "$exit_usage" "in $dir $(cat "$work/odd")" ;;
    esac
}

# The scanner, next to the checkout's other programs or where it was installed.
find_scanner() {
    for scanner in "${SQL_SCAN:-}" "$here/../build/release/bin/sql-scan" "$here/../libexec/lunaxcode/sql-scan" "$here/sql-scan" \
        "$here/../../../libexec/lunaxcode/sql-scan"; do
        [ -n "$scanner" ] && [ -x "$scanner" ] && return 0
    done
    scanner=$(command -v sql-scan) || fail "$exit_usage" "the program sql-scan is not there" "Build it with 'make', or name it in SQL_SCAN."
}

# What the scanner refuses in the files whose names are in $1. Fails when there is any. A deploy does not do under a new name
# what it has done under one that is gone ($phantoms: there are such).
refuse_unfit() {
    [ -n "$refusing" ] || [ -n "${phantoms-}" ] || return 0
    known=/dev/null unfit=0
    [ "$command" != deploy ] || known=$work/state
    awk -F '\t' 'FILENAME == ARGV[1] { wanted[$1] = 1; next }
        FILENAME == ARGV[2] { if ($1 in wanted) path[$2] = $1; next }
        FILENAME == ARGV[3] { second[$1, "public"] = $2; second[$1, "tenant"] = $3; whole[$1] = $4; next }
        FILENAME == ARGV[4] {
            if ($4 == "phantom" && $6 ~ /^applied/) gone[$2, $5] = $3
            else if ($4 == "pending" || $4 == "late") waits[$2, $3]
            next
        }
        { file = $1; sub(/\/down\.sql$/, "/migration.sql", file) }
        (file in path) && $11 != "-" { printf "  %s line %s: %s\n", $1, $8, $11; n++ }
        $2 == "up" && $5 != "-" && (file in path) { does[path[file]] = 1 }
        END {
            if (n) exit 1
            for (key in waits) {
                split(key, at, SUBSEP)
                if (!(at[2] in wanted) || !(at[2] in does)) continue
                hash = second[at[2], at[1] == "public" ? "public" : "tenant"]
                if (!((at[1], hash) in gone)) hash = whole[at[2]]
                if ((at[1], hash) in gone) { printf "  %s in %s: as %s\n", at[2], at[1], gone[at[1], hash]; r++ }
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
