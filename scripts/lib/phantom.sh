# shellcheck shell=sh disable=SC2154,SC2034 # the parts of scripts/migrate share their variables
# Phantoms: where the bytes of a migration are, that a history has and the folder has not.

# find_origin NAME CHECKSUM NORMALISED: sets origin to empty, folder, git or unknown, and origin_text to what was found; for git,
# $work/phantom/NAME.sql has the bytes.
find_origin() {
    origin=unknown
    origin_text="nothing is known of its bytes (SHA-256 $2)"
    if is_empty_migration "$2" "$3"; then
        origin=empty
        origin_text="it was an empty migration: its bytes (SHA-256 $2) hold no statement"
        return
    fi
    twin=$(awk -F '\t' -v hash="$2" '$3 == hash { print $1; exit }' "$work/timeline")
    if [ -n "$twin" ]; then
        origin=folder
        origin_text="the folder has the same bytes under another name, $twin"
        return
    fi
    if ! command -v git >/dev/null || ! git -c safe.directory='*' -C "$dir" rev-parse --git-dir >/dev/null 2>&1; then
        origin_text="$origin_text, and $dir is in no git repository that could be searched"
        return
    fi
    find_scanner
    # Every object there is, also what no branch has any more; large ones are no migrations.
    git -c safe.directory='*' -C "$dir" cat-file --batch-all-objects --batch-check='%(objecttype) %(objectsize) %(objectname)' |
        awk '$1 == "blob" && $2 < 4194304 { print $3 }' | git -c safe.directory='*' -C "$dir" cat-file --batch --buffer |
        "${scanner%/*}/find-blob" "$2" >"$work/blobs" || true
    searched=$(git -c safe.directory='*' -C "$dir" count-objects -v | awk '/^(count|in-pack):/ { n += $2 } END { print n + 0 }')
    if [ ! -s "$work/blobs" ]; then
        origin_text="none of the $searched objects of the git repository has its bytes (SHA-256 $2)"
        return
    fi
    read -r _ object ends <"$work/blobs"
    origin=git
    mkdir -p "$work/phantom"
    git -c safe.directory='*' -C "$dir" cat-file blob "$object" >"$work/phantom/$1.sql"
    case $ends in
        lf) sed -i 's/\r$//' "$work/phantom/$1.sql" ;;
        crlf) sed -i 's/\r*$/\r/' "$work/phantom/$1.sql" ;;
    esac
    commit=$(git -c safe.directory='*' -C "$dir" log --all --format='%h of %as by %an' --find-object="$object" -n 1 2>/dev/null) || commit=
    origin_text="git has its bytes: object $object, ${commit:+commit $commit}${commit:-in no commit that a branch still has}"
    [ -z "$commit" ] || origin_text="git has its bytes: object $object, commit $commit"
}

# Files without a statement: no bytes, what Prisma, dbmate and generate write into a new one; and by the second hash, which
# forgets comments and white space, any file that has nothing but the lines of sections.
is_empty_migration() {
    {
        printf '' | sha256sum
        printf '\n' | sha256sum
        for end in '' '\n' '\n\n'; do
            # shellcheck disable=SC2059 # the ends are formats
            printf "%s on purpose$end" '-- This is an empty migration' | sha256sum
            # shellcheck disable=SC2059
            printf "%s$end" '-- This is an empty migration.' | sha256sum
        done
        printf '%s\r\n' '-- This is an empty migration.' | sha256sum
        printf -- '-- migrate:up\n\n\n-- migrate:down\n\n' | sha256sum
    } | grep -q "^$1 " && return 0
    for lines in '' up down 'up down' 'up down verify' 'up verify'; do
        for scope in '' ' scope:public' ' scope:tenant'; do
            for section in $lines; do printf -- '-- migrate:%s%s\n' "$section" "$scope"; done | sha256sum
        done
    done | grep -q "^$2 "
}
