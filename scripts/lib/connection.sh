# shellcheck shell=sh disable=SC2154,SC2034 # the parts of scripts/migrate share their variables
# How psql is reached: the address without its password on the command line, the password in the environment.

# Escape codes would stand before the words that are read here.
export PG_COLOR=never

# Every process may read another's command line, but only its owner may read its environment: so a password in the
# address (postgresql://user:secret@host/db, ?password=secret, or password=secret) goes to PGPASSWORD.
connect_to() {
    [ -n "${connection_ready-}" ] && return 0
    [ -n "$1" ] || [ -z "${MIGRATE_DATABASE_URL+set}" ] || fail "$exit_usage" "MIGRATE_DATABASE_URL is set, and empty" \
        "Give it the address; or unset it, for DATABASE_URL or libpq's PG… variables."
    own_options=
    case $1 in
        # One that has none of this is given to libpq as it is, which saves a process; % may write any of it.
        *:*@* | *@*@* | *%* | *password* | *secret* | *options* | *schema=* | *connection_limit* | *pool_timeout* | *pgbouncer* | *socket_timeout* | *cache_size* | *sslaccept* | *sslidentity*)
            read_address "$1"
            [ -z "$refused" ] || fail "$exit_usage" "$refused" "$remedy"
            PSQL_ADDRESS=$address own_options=$address_options
            [ -z "${PGPASSWORD-}" ] || export PGPASSWORD
            case $address_schema in '' | public) ;; *) warn "migrate: schema=$address_schema in the address is passed over: schemas are chosen by the table of tenants" ;; esac
            ;;
        *) PSQL_ADDRESS=$1 ;;
    esac
    # libpq's own words are read here (LINE 1, server closed the connection); what a server speaks is its own affair.
    export LANGUAGE=en PGAPPNAME="${PGAPPNAME:-migrate}" PGCONNECT_TIMEOUT="${PGCONNECT_TIMEOUT:-10}" PGCLIENTENCODING=UTF8
    # What each session begins with, and returns to by RESET ALL after every section.
    PGOPTIONS="${PGOPTIONS-} $own_options -c client_min_messages=warning -c standard_conforming_strings=on -c idle_in_transaction_session_timeout=0"
    PGOPTIONS="$PGOPTIONS -c lock_timeout=$lock_timeout -c statement_timeout=$statement_timeout -c migrate.app_role="
    case $app_role in
        *[\\\ ]*) PGOPTIONS=$PGOPTIONS$(printf '%s' "$app_role" | sed 's/[\\ ]/\\&/g') ;;
        *) PGOPTIONS=$PGOPTIONS$app_role ;;
    esac
    export PGOPTIONS
    skip_wrapper
    connection_ready=yes
}

# Reads an address as libpq does: the user ends at the first @, unless a / comes before it. Sets address: it without its password, which becomes
# PGPASSWORD; without its options (address_options), which would take the place of PGOPTIONS; and without what only Prisma knows
# (address_schema). Also address_database and address_service, where it names them; and refused, remedy.
read_address() {
    parted=$(printf '%s\001' "$1" | LC_ALL=C awk '
        function decoded(s,   out, hex) {
            while (match(s, /%[0-9A-Fa-f][0-9A-Fa-f]/)) {
                hex = tolower(substr(s, RSTART + 1, 2))
                out = out substr(s, 1, RSTART - 1) sprintf("%c", 16 * (index("0123456789abcdef", substr(hex, 1, 1)) - 1) + index("0123456789abcdef", substr(hex, 2, 1)) - 1)
                s = substr(s, RSTART + 3)
            }
            return out s
        }
        function refuse(why, instead) { if (refused == "") { refused = why; remedy = instead } }
        function taken(name, value) {
            if (name == "password") secret = value
            else if (name == "options") options = value
            else if (name ~ /(password|secret)$/) refuse(name " in the address would be read by every user of this machine", "Give it in a service file that only you may read (PGSERVICEFILE, PGSERVICE).")
            else if (name == "sslaccept") refuse("sslaccept in the address is Prisma\047s", "For libpq: sslmode=verify-full with sslrootcert where it is strict, sslmode=require where any certificate is accepted.")
            else if (name == "sslidentity") refuse("sslidentity in the address is Prisma\047s", "For libpq: sslcert and sslkey, the two files of that identity.")
            else if (uri && name == "schema") schema = value
            else if (name == "dbname") { database = value; return 0 }
            else if (name == "service") { service = value; return 0 }
            else return uri && name ~ /^(connection_limit|pool_timeout|pgbouncer|socket_timeout|statement_cache_size)$/
            return 1
        }
        function set(name, value) { gsub(/\047/, "\047\"\047\"\047", value); print name "=\047" value "\047" }
        BEGIN { RS = "\001" }
        uri = match($0, /^postgres(ql)?:\/\//) {
            scheme = substr($0, 1, RLENGTH); rest = substr($0, RLENGTH + 1)
            if (match(rest, /^[^@\/]*@/)) {
                user = substr(rest, 1, RLENGTH - 1); rest = substr(rest, RLENGTH + 1)
                if ((colon = index(user, ":"))) { secret = decoded(substr(user, colon + 1)); user = substr(user, 1, colon - 1) }
                gsub(/\?/, "%3F", user)
                user = user "@"
            }
            if ((mark = index(rest, "?"))) { query = substr(rest, mark + 1); rest = substr(rest, 1, mark - 1) }
            path = host = rest
            sub(/\/.*/, "", host); sub(/^[^\/]*/, "", path); gsub(/\[[^\]]*\]/, "", host)
            if (host ~ /@/ || (path ~ /@/ && (colon || host ~ /:/)) || (query ~ /@/ && host ~ /:[0-9]*[^0-9,]/))
                refuse("the address may be read in two ways", "In a password @ is written %40, / is %2F and ? is %3F; or give it in PGPASSWORD.")
            database = decoded(substr(path, 2))
            n = split(query, part, "&")
            for (i = 1; i <= n; i++) {
                mark = index(part[i], "=")
                if (part[i] != "" && !(mark && taken(decoded(substr(part[i], 1, mark - 1)), decoded(substr(part[i], mark + 1))))) kept = kept (kept == "" ? "?" : "&") part[i]
            }
            url = scheme user rest kept
        }
        !uri {
            rest = $0
            while (match(rest, /^[ \t\r\n]*[^= \t\r\n]+[ \t\r\n]*=[ \t\r\n]*(\047([^\047\\]|\\.)*\047|([^ \t\r\n\047\\]|\\.)([^ \t\r\n\\]|\\.)*)?/)) {
                name = value = one = substr(rest, 1, RLENGTH); rest = substr(rest, RLENGTH + 1)
                sub(/^[ \t\r\n]+/, "", name); sub(/[ \t\r\n]*=.*/, "", name); sub(/^[^=]*=[ \t\r\n]*/, "", value)
                if (value ~ /^\047/) value = substr(value, 2, length(value) - 2)
                gsub(/\\\\/, "\001", value); gsub(/\\/, "", value); gsub(/\001/, "\\", value)
                if (!taken(name, value)) url = url one
            }
            sub(/^[ \t\r\n]+/, "", url)
            url = url rest
            if ($0 !~ /=/) database = $0
            # What may hold a password and cannot be read is shown to nobody.
            if ($0 ~ /=/ ? rest ~ /[^ \t\r\n]/ : rest ~ /:.*@/) refuse("the address is not written as PostgreSQL has them", "It is postgresql://user@host:5432/database, or host=… dbname=…")
        }
        {
            set("address", url); set("address_options", options); set("address_schema", schema); set("address_database", database); set("address_service", service)
            set("refused", refused); set("remedy", remedy); if (secret != "") set("PGPASSWORD", secret)
        }')
    eval "$parted"
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
    connect_to "$database" # what it says is not psql's
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
        -e 's/permission denied to create temporary tables in database "\(.*\)".*/&\
  Its owner or a superuser gives that to the role that migrates: grant temp on database "\1" to …;/' \
        -e '/permission denied for schema public$/a\
  The role that migrates owns the database: name that one in MIGRATE_DATABASE_URL (or: alter database … owner to …).' -e '/permission denied for schema public$/b' \
        -e '/permission denied for schema [a-z_][a-z0-9_]*$/!s/permission denied for schema \(.*\)/&\
  The role that migrates owns each schema and what is in it: name that one in MIGRATE_DATABASE_URL (or: alter schema "\1" owner to …)./' \
        -e 's/permission denied for schema \([a-z_][a-z0-9_]*\)$/&\
  The role that migrates owns each schema and what is in it: name that one in MIGRATE_DATABASE_URL (or: alter schema \1 owner to …)./'
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
