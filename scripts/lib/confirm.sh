# shellcheck shell=sh disable=SC2154,SC2034 # the parts of scripts/migrate share their variables
# Asking before what cannot be taken back: the answer is the name of what is meant, so that no habit of typing yes does it.

# confirm WORD QUESTION: goes on with --yes or when WORD is typed; ends the run otherwise.
confirm() {
    [ -z "$yes" ] || return 0
    printf '%s Type %s to go on: ' "$2" "$1"
    IFS= read -r reply || { printf '\n'; fail "$exit_unconfirmed" "nobody to confirm; nothing was changed" "Use --yes where nobody is asked."; }
    [ "$reply" = "$1" ] || fail "$exit_unconfirmed" "not confirmed; nothing was changed"
}

# What commands keep on this machine: backups, and the sandbox. Root's home is closed to the user that PostgreSQL runs as.
state_folder() {
    if [ "$(id -u)" = 0 ]; then
        printf '/var/lib/lunaxcode-migrate'
    elif [ -n "${XDG_STATE_HOME:-}" ]; then
        printf '%s/migrate' "$XDG_STATE_HOME"
    elif [ -n "${HOME:-}" ]; then
        printf '%s/.local/state/migrate' "$HOME"
    else
        fail "$exit_usage" "HOME is not set, so there is no place to keep things in" "Set MIGRATE_BACKUP_DIR and MIGRATE_SANDBOX_DIR."
    fi
}

# make_folder PATH: for its owner only, but what is above it can be passed, since root's sandbox is the user postgres's.
make_folder() {
    (umask 022 && mkdir -p "$(dirname "$1")") || return
    [ -d "$1" ] || mkdir "$1"
}

# A part of an address, with %XX for what has a meaning there.
url_part() {
    printf '%s\n' "$1" | LC_ALL=C awk 'BEGIN { for (i = 1; i < 256; i++) code[sprintf("%c", i)] = i }
        { out = ""; for (i = 1; i <= length($0); i++) { c = substr($0, i, 1); out = out (c ~ /[A-Za-z0-9._\/-]/ ? c : sprintf("%%%02X", code[c])) } print out }'
}

# address_of DATABASE: another database of the server that PSQL_ADDRESS names; the last dbname in an address counts.
address_of() {
    case $PSQL_ADDRESS in
        postgres://* | postgresql://*)
            printf '%s\n' "$PSQL_ADDRESS" | LC_ALL=C awk -v name="$(url_part "$1" | sed 's/\//%2F/g')" '
                match($0, /^postgres(ql)?:\/\//) {
                    scheme = substr($0, 1, RLENGTH); rest = substr($0, RLENGTH + 1); tail = ""
                    if ((at = index(rest, "?"))) { tail = substr(rest, at); rest = substr(rest, 1, at - 1) }
                    if ((at = index(rest, "/"))) rest = substr(rest, 1, at - 1)
                    while (match(tail, /[?&]dbname=[^&]*/)) {
                        tail = substr(tail, 1, RSTART) substr(tail, RSTART + RLENGTH + (substr(tail, RSTART + RLENGTH, 1) == "&"))
                        sub(/[?&]$/, "", tail)
                    }
                    print scheme rest "/" name tail
                }'
            ;;
        *=*) printf "%s dbname='%s'\n" "$PSQL_ADDRESS" "$(printf '%s' "$1" | sed "s/[\\\\']/\\\\&/g")" ;;
        *) printf "dbname='%s'\n" "$(printf '%s' "$1" | sed "s/[\\\\']/\\\\&/g")" ;;
    esac
}

# ask_in DATABASE ARGUMENT…: as ask, in another database of the server.
ask_in() (
    connect_to "$database"
    PSQL_ADDRESS=$(address_of "$1")
    shift
    ask "$@"
)

# A number of bytes as people say it.
bytes() { printf '%s\n' "$1" | awk '{ n = split("bytes KiB MiB GiB TiB", unit, " "); for (i = 1; $1 >= 1024 && i < n; i++) $1 /= 1024; printf(i == 1 ? "%d %s" : "%.1f %s", $1, unit[i]) }'; }

megabytes_free() { df -Pk "$1" | awk 'NR == 2 { print int($4 / 1024) }'; }
