# shellcheck shell=sh disable=SC2154,SC2034 # the parts of scripts/migrate share their variables
# How psql is reached: the address without its password on the command line, the password in the environment.

# Every process may read another's command line, but only its owner may read its environment: so a password in the
# address (postgresql://user:secret@host/db, ?password=secret, or password=secret) goes to PGPASSWORD.
connect_to() {
    [ -n "${connection_ready-}" ] && return 0
    [ -n "$1" ] || [ -z "${MIGRATE_DATABASE_URL+set}" ] || fail "$exit_usage" "MIGRATE_DATABASE_URL is set, and empty" \
        "Give it the address; or unset it, for DATABASE_URL or libpq's PG… variables."
    case $1 in
        *:*@* | *password*) part_address "$1" ;;
        *) PSQL_ADDRESS=$1 ;;
    esac
    # libpq's own words are read here (LINE 1, server closed the connection); what a server speaks is its own affair.
    export LANGUAGE=en PGAPPNAME="${PGAPPNAME:-migrate}" PGCONNECT_TIMEOUT="${PGCONNECT_TIMEOUT:-10}" PGCLIENTENCODING=UTF8
    # What each session begins with, and returns to by RESET ALL after every section.
    PGOPTIONS="${PGOPTIONS-} -c client_min_messages=warning -c standard_conforming_strings=on -c idle_in_transaction_session_timeout=0"
    PGOPTIONS="$PGOPTIONS -c lock_timeout=$lock_timeout -c statement_timeout=$statement_timeout -c migrate.app_role="
    case $app_role in
        *[\\\ ]*) PGOPTIONS=$PGOPTIONS$(printf '%s' "$app_role" | sed 's/[\\ ]/\\&/g') ;;
        *) PGOPTIONS=$PGOPTIONS$app_role ;;
    esac
    export PGOPTIONS
    skip_wrapper
    connection_ready=yes
}

# The address without its password, which goes to the environment.
part_address() {
    address=$(printf '%s\n' "$1" | LC_ALL=C awk '
        function decoded(s,   out, hex) {
            while (match(s, /%[0-9A-Fa-f][0-9A-Fa-f]/)) {
                hex = tolower(substr(s, RSTART + 1, 2))
                out = out substr(s, 1, RSTART - 1) sprintf("%c", 16 * (index("0123456789abcdef", substr(hex, 1, 1)) - 1) + index("0123456789abcdef", substr(hex, 2, 1)) - 1)
                s = substr(s, RSTART + 3)
            }
            return out s
        }
        {
            url = $0; secret = ""
            if (match(url, /^postgres(ql)?:\/\//)) {
                scheme = substr(url, 1, RLENGTH); rest = substr(url, RLENGTH + 1); tail = ""
                if (match(rest, /[\/?]/)) { tail = substr(rest, RSTART); rest = substr(rest, 1, RSTART - 1) }
                if ((at = index(rest, "@")) && (colon = index(rest, ":")) && colon < at) {
                    secret = decoded(substr(rest, colon + 1, at - colon - 1))
                    rest = substr(rest, 1, colon - 1) substr(rest, at)
                }
                if (match(tail, /[?&]password=[^&]*/)) {
                    secret = substr(tail, RSTART + 10, RLENGTH - 10)
                    tail = substr(tail, 1, RSTART) substr(tail, RSTART + RLENGTH + (substr(tail, RSTART + RLENGTH, 1) == "&"))
                    sub(/[?&]$/, "", tail)
                    secret = decoded(secret)
                }
                url = scheme rest tail
            } else if (match(url, /(^|[ \t])password[ \t]*=[ \t]*(\047([^\047\\]|\\.)*\047|([^ \t\047\\]|\\.)*)/)) {
                secret = substr(url, RSTART, RLENGTH)
                url = substr(url, 1, RSTART - 1) " " substr(url, RSTART + RLENGTH)
                sub(/^[ \t]*password[ \t]*=[ \t]*/, "", secret)
                if (secret ~ /^\047/) secret = substr(secret, 2, length(secret) - 2)
                gsub(/\\\\/, "\001", secret); gsub(/\\/, "", secret); gsub(/\001/, "\\", secret)
            }
            print url; print secret
        }')
    PSQL_ADDRESS=${address%%
*}
    case $address in
        *"
"?*)
            PGPASSWORD=${address#*
}
            export PGPASSWORD
            ;;
    esac
}

# Debian's psql is a script that finds the cluster first, which takes longer than psql itself. Where the server is named
# there is nothing to find: the newest psql on this machine serves every server.
skip_wrapper() {
    [ -z "${PGCLUSTER-}" ] || return 0
    rest=$PATH:
    while :; do
        folder=${rest%%:*} rest=${rest#*:}
        [ ! -x "${folder:-.}/psql" ] || break
        [ -n "$rest" ] || return 0
    done
    [ "$folder" = /usr/bin ] || return 0
    case $PSQL_ADDRESS in
        *host=* | *://*@[!/?]* | *://[!/?@]*) ;;
        *) [ -n "${PGHOST-}" ] || return 0 ;;
    esac
    newest=0
    for folder in /usr/lib/postgresql/[0-9]*/bin; do
        number=${folder#/usr/lib/postgresql/}
        number=${number%%[!0-9]*}
        [ ! -x "$folder/psql" ] || [ "$number" -le "$newest" ] || newest=$number newest_folder=$folder
    done
    [ "$newest" = 0 ] || PATH=$newest_folder:$PATH
}

# psql with what every call here needs; with no address libpq's own variables (PGHOST, PGSERVICE …) say where.
run_psql() {
    connect_to "$database"
    set -- -X -q -A -t -F '	' -v ON_ERROR_STOP=1 "$@"
    [ -z "$PSQL_ADDRESS" ] || set -- -d "$PSQL_ADDRESS" "$@"
    psql "$@"
}

# Reads psql's input from stdin and writes rows, columns parted by tabs. Ends the run when it fails.
ask() {
    make_work
    code=0
    run_psql "$@" 2>"$work/ask.errors" || code=$?
    [ "$code" != 0 ] || return 0
    if [ "$code" = 2 ]; then
        if grep -q 'unsupported startup parameter' "$work/ask.errors"; then tell_pooler "it took no options with the connection"; fi
        unreachable "$work/ask.errors"
    fi
    error_text <"$work/ask.errors" >&2
    return "$code"
}

unreachable() {
    fail "$exit_connection" "cannot reach the database${PSQL_ADDRESS:+ $PSQL_ADDRESS}: $(error_text <"$1" | head -n 1)" \
        "Set MIGRATE_DATABASE_URL (or DATABASE_URL, or libpq's PG… variables); the password may be in PGPASSWORD or in a PGPASSFILE."
}

# psql's words without the name of the file that it happened to read them from; and what to do, where the server's words do not say.
error_text() {
    sed -e 's/^psql:[^ ]*: //' -e 's/^psql: error: //' -e 's/^ERROR:  //' -e 's/^[^ ]*:  \([0-9A-Z]\{5\}: \)/\1/' -e '/^LOCATION:/d' -e "/in a read-only transaction/a\\
  Sessions begin read-only here (default_transaction_read_only of the role, the database or the server), or the server is a standby. If\\
  that is not meant for you: PGOPTIONS='-c default_transaction_read_only=off', or the primary's address in MIGRATE_DATABASE_URL." \
        -e '/permission denied for schema /a\
  The role that migrates owns the database: name that one in MIGRATE_DATABASE_URL (or: alter database … owner to …).'
}

# A literal for SQL and a word for psql's \set; both for standard_conforming_strings.
sql_literal() {
    case $1 in
        *\'*) printf "'%s'" "$(printf '%s' "$1" | sed "s/'/''/g")" ;;
        *) printf "'%s'" "$1" ;;
    esac
}
# psql_set NAME VALUE: prints the line that sets a variable of psql, without a process more, as most values need none.
psql_set() {
    case $2 in
        *[\'\\]*) printf '\\set %s %s\n' "$1" "$(psql_word "$2")" ;;
        *) printf "\\\\set %s '%s'\\n" "$1" "$2" ;;
    esac
}
psql_word() {
    case $1 in
        *[\'\\]*) printf "'%s'" "$(printf '%s' "$1" | sed -e 's/\\/\\\\/g' -e "s/'/''/g")" ;;
        *) printf "'%s'" "$1" ;;
    esac
}
