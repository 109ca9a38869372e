# shellcheck shell=sh disable=SC2154,SC2034 # the parts of scripts/migrate share their variables
# sandbox: a PostgreSQL server of one's own, on a unix socket only, to rehearse on what production looks like.
#
# The folder holds data/ (the server's), ready (what was put in) and log; a file called sandbox says that it is ours to remove.

cmd_sandbox() {
    what=${1-}
    [ -n "$what" ] || usage "sandbox needs up, down, psql, url or status"
    shift
    box=${MIGRATE_SANDBOX_DIR:-$(state_folder)/sandbox} || exit
    case $box in /*) ;; *) box=$PWD/$box ;; esac
    [ ! -e "$box" ] || [ -e "$box/sandbox" ] || [ -z "$(ls -A "$box" 2>/dev/null)" ] || fail "$exit_usage" "$box holds something that is no sandbox" "Name another folder in MIGRATE_SANDBOX_DIR."
    case $what in
        up) sandbox_up "$@" ;;
        down) sandbox_down "$@" ;;
        psql) sandbox_psql "$@" ;;
        url)
            [ $# = 0 ] || usage "sandbox url takes no arguments"
            sandbox_ready
            sandbox_url
            ;;
        status) sandbox_status "$@" ;;
        *) usage "sandbox: there is no '$what'; it is up, down, psql, url or status" ;;
    esac
}

# PostgreSQL refuses to be root: then it is the user postgres, who has to be able to go there.
as_sandbox() {
    if [ "$(id -u)" != 0 ]; then
        "$@"
    else
        setpriv --reuid=postgres --regid=postgres --init-groups --inh-caps=-all -- "$@"
    fi
}

sandbox_programs() {
    bin=${MIGRATE_PG_BIN:-}
    if [ -z "$bin" ]; then
        for path in $(printf '%s\n' /usr/lib/postgresql/*/bin/postgres | sort -t / -k 5 -n) "$(command -v postgres || true)"; do
            [ ! -x "$path" ] || bin=${path%/*}
        done
    fi
    [ -x "$bin/postgres" ] || fail "$exit_usage" "no PostgreSQL server is installed here" "Install postgresql-15 (scripts/deps run), or name its programs' folder in MIGRATE_PG_BIN."
    [ "$(id -u)" != 0 ] || { command -v setpriv >/dev/null && id postgres >/dev/null 2>&1; } ||
        fail "$exit_usage" "root cannot run a PostgreSQL server, and there is no user postgres" "Run it as another user, or install postgresql-15."
}

# The address of a unix socket has room for 107 bytes, and pg_ctl hands it through a shell.
sandbox_socket() { if [ -e "$box/socket" ]; then cat "$box/socket"; else printf '%s' "$box"; fi; }

sandbox_owner() { cat "$box/owner" 2>/dev/null || printf 'lunaxcode_owner'; }

sandbox_url() {
    printf 'postgresql:///%s?host=%s&port=5432&user=%s\n' "$(url_part "$(cat "$box/ready")")" "$(url_part "$(sandbox_socket)")" "$(url_part "$(sandbox_owner)")"
}

# The server's process, when it is alive and ours: the number alone could be anybody's.
sandbox_pid() {
    pid=$(head -n 1 "$box/data/postmaster.pid" 2>/dev/null) || return 1
    [ -n "$pid" ] && [ "$(readlink "/proc/$pid/cwd" 2>/dev/null)" = "$(readlink -f "$box/data")" ] && kill -0 "$pid" 2>/dev/null
}

sandbox_running() { sandbox_pid && [ -s "$box/ready" ]; }

sandbox_ready() {
    sandbox_running || fail "$exit_problem" "no sandbox is running in $box" "Start it: scripts/migrate sandbox up"
}

sandbox_up() {
    from=
    while [ $# -gt 0 ]; do
        case $1 in
            --from-backup) [ $# -gt 1 ] || usage "--from-backup needs the FILE of a backup"; from=$2; shift ;;
            --from-backup=*) from=${1#*=} ;;
            *) usage "sandbox up: unknown option $1" ;;
        esac
        shift
    done
    make_work
    sandbox_programs
    [ -z "$from" ] || { open_backup "$from"; from=$backup; }
    why=$(make_folder "$box" 2>&1) || fail "$exit_failed" "${why#mkdir: }" "Name another folder in MIGRATE_SANDBOX_DIR."
    : >>"$box/sandbox" || fail "$exit_failed" "$box cannot be written"
    chmod 700 "$box"
    [ "$(id -u)" != 0 ] || chown postgres: "$box"
    as_sandbox test -x "$box" || fail "$exit_failed" "the user postgres cannot enter $box" "Name a folder in MIGRATE_SANDBOX_DIR that it can."
    exec 8>>"$box/sandbox"
    flock -n 8 || fail "$exit_locked" "another sandbox command is at work in $box"
    if [ -s "$box/ready" ] && [ -n "$from" ]; then
        fail "$exit_refused" "there is a sandbox in $box already, with database $(cat "$box/ready")" "End it first, with what is in it: scripts/migrate sandbox down"
    fi
    if sandbox_running; then
        say "The sandbox is up: $(sandbox_url)"
        return 0
    fi
    sandbox_leftovers
    # Without its last file it is half made: begun anew.
    [ -s "$box/ready" ] || rm -rf "$box/data" "$box/owner"
    if [ ! -e "$box/data" ]; then
        rm -rf "$box/data.new"
        as_sandbox "$bin/initdb" -D "$box/data.new" -U postgres --auth=trust --no-sync --no-instructions --encoding=UTF8 --locale=C.UTF-8 >"$work/initdb" 2>&1 8>&- ||
            fail "$exit_failed" "initdb failed: $(grep -m 1 -iE 'error|could not|no space' "$work/initdb" || tail -n 1 "$work/initdb")"
        mv "$box/data.new" "$box/data"
    fi
    [ ! -s "$box/socket" ] || rm -rf "$(cat "$box/socket")"
    if [ "${#box}" -gt 80 ] || printf '%s' "$box" | LC_ALL=C grep -q '[^A-Za-z0-9/._-]'; then
        socket=$(mktemp -d /tmp/migrate-sandbox.XXXXXX)
        [ "$(id -u)" != 0 ] || chown postgres: "$socket"
        printf '%s\n' "$socket" >"$box/socket"
    fi
    as_sandbox "$bin/pg_ctl" -D "$box/data" -s -w -t 60 -l "$box/data/log" start \
        -o "-c listen_addresses='' -c port=5432 -c unix_socket_permissions=0700 -c unix_socket_directories='$(sandbox_socket)' -c max_connections=50 -c max_locks_per_transaction=512 -c shared_buffers=64MB" >"$work/start" 2>&1 8>&- </dev/null ||
        fail "$exit_failed" "the sandbox's server did not start: $(grep -E 'FATAL|PANIC' "$box/data/log" | tail -n 1)" "More in $box/data/log; scripts/migrate sandbox down removes it all."
    if [ ! -s "$box/ready" ]; then
        at_end="$at_end sandbox_half"
        half=yes
        if [ -n "$from" ]; then sandbox_from "$from"; else sandbox_empty; fi
        half=
    fi
    say "The sandbox is up: $(sandbox_url)"
    say "  export MIGRATE_DATABASE_URL=\$(scripts/migrate sandbox url), then every command here is about it."
}

half=
sandbox_half() {
    [ -n "$half" ] || return 0
    half=
    sandbox_stop
    rm -rf "$box/data"
}

# This tool on the sandbox, and with nothing of what leads to the real one.
in_sandbox() {
    env -u PGHOST -u PGPORT -u PGUSER -u PGDATABASE -u PGSERVICE -u PGPASSWORD -u PGOPTIONS -u DATABASE_URL -u APP_PASSWORD \
        MIGRATE_MAINTENANCE_DATABASE=template1 MIGRATE_DATABASE_URL="postgresql:///${box_database:-template1}?host=$(url_part "$(sandbox_socket)")&port=5432&user=postgres" "$here/migrate" "$@" 8>&-
}

box_psql() {
    env -u PGOPTIONS -u PGSERVICE psql -X -q -v ON_ERROR_STOP=1 -h "$(sandbox_socket)" -p 5432 -U postgres "$@" 8>&-
}

sandbox_empty() {
    {
        printf '\\set m_app %s\n' "$(psql_word "$app_role")"
        cat <<'SQL'
select 'create role lunaxcode_owner login createrole' where not exists (select from pg_roles where rolname = 'lunaxcode_owner') \gexec
create database lunaxcode owner lunaxcode_owner;
SQL
    } | box_psql -d postgres -f - >/dev/null 2>"$work/fill" || fail "$exit_failed" "the sandbox could not be filled: $(error_text <"$work/fill" | head -n 1)"
    box_database=lunaxcode in_sandbox init >"$work/fill" 2>&1 || fail "$exit_failed" "the sandbox could not be filled: $(head -n 1 "$work/fill")"
    printf 'lunaxcode\n' >"$box/ready"
}

sandbox_from() {
    # The live one of a managed service is called so, and here nothing is in it.
    [ "$(manifest database)" != postgres ] || box_psql -d template1 -c 'drop database postgres'
    code=0
    in_sandbox restore "$1" --into "$(manifest database)" --create-roles >"$work/fill" 2>"$work/fill.errors" || code=$?
    # What it says of settings that are missing here is to be known, too.
    cat "$work/fill.errors" >&2
    [ "$code" = 0 ] || fail "$exit_failed" "the sandbox could not be filled from $1"
    {
        psql_set m_live "$(manifest database)"
        restore_comment
    } | box_psql -d template1 -f -
    printf '%s\n' "$(manifest owner)" >"$box/owner"
    printf '%s\n' "$(manifest database)" >"$box/ready"
}

# What a kill -9 leaves: processes without their master, and a file with a number that may be another's by now.
sandbox_leftovers() {
    data=$(readlink -f "$box/data" 2>/dev/null) || return 0
    for signal in INT QUIT KILL; do
        tries=0
        while [ "$tries" -lt 50 ]; do
            left=
            for path in /proc/[0-9]*; do
                [ "$(readlink "$path/cwd" 2>/dev/null)" = "$data" ] || continue
                left=yes
                [ "$tries" != 0 ] || kill -s "$signal" "${path#/proc/}" 2>/dev/null || true
            done
            [ -n "$left" ] || break 2
            tries=$((tries + 1))
            sleep 0.1
        done
    done
    rm -f "$box/data/postmaster.pid" "$(sandbox_socket)"/.s.PGSQL.*
}

sandbox_stop() {
    if sandbox_pid; then
        server=$pid
        kill -s INT "$server" 2>/dev/null || true
        tries=0
        while kill -0 "$server" 2>/dev/null && [ "$tries" -lt 200 ]; do
            sleep 0.05
            tries=$((tries + 1))
        done
    fi
    sandbox_leftovers
}

sandbox_down() {
    [ $# = 0 ] || usage "sandbox down takes no arguments"
    if [ ! -e "$box/sandbox" ]; then
        say "There is no sandbox in $box."
        return 0
    fi
    exec 8>>"$box/sandbox"
    flock -n 8 || fail "$exit_locked" "another sandbox command is at work in $box"
    sandbox_stop
    [ ! -s "$box/socket" ] || rm -rf "$(cat "$box/socket")"
    rm -rf "$box" || fail "$exit_failed" "cannot remove $box"
    say "The sandbox is gone."
}

sandbox_psql() {
    sandbox_ready
    unset PGSERVICE PGPASSWORD PGOPTIONS
    exec psql -X -v ON_ERROR_STOP=1 -h "$(sandbox_socket)" -p 5432 -U "$(sandbox_owner)" -d "dbname='$(sed "s/[\\\\']/\\\\&/g" "$box/ready")'" "$@"
}

sandbox_status() {
    [ $# = 0 ] || usage "sandbox status takes no arguments"
    if [ ! -e "$box/sandbox" ]; then
        say "There is no sandbox in $box: scripts/migrate sandbox up"
        return "$exit_pending"
    fi
    if sandbox_running; then
        say "The sandbox is up: process $pid, $(du -sh "$box" | cut -f 1) in $box, database $(cat "$box/ready")."
        say "  $(sandbox_url)"
        return 0
    fi
    say "The sandbox in $box is not running: scripts/migrate sandbox up starts it, sandbox down removes it."
    return "$exit_problem"
}
