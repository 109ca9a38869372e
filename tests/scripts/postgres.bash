# A throw-away PostgreSQL for one bats file: its own folder and unix socket, no network, gone afterwards.
# In setup_file: start_cluster; in teardown_file: stop_cluster; in setup: new_database.

top=$(cd "$BATS_TEST_DIRNAME/../.." && pwd)
migrate=$top/scripts/migrate
bin=/usr/lib/postgresql/15/bin

as_postgres() {
    if [ "$(id -u)" = 0 ]; then setpriv --reuid=postgres --regid=postgres --init-groups "$@"; else "$@"; fi
}

start_cluster() {
    cluster=$(mktemp -d "${TMPDIR:-/tmp}/lx-bats.XXXXXX")
    chmod 755 "$cluster"
    [ "$(id -u)" != 0 ] || chown postgres "$cluster"
    as_postgres "$bin/initdb" -D "$cluster/data" -U postgres -A trust --no-sync --no-instructions --encoding=UTF8 --locale=C.UTF-8 >"$cluster/initdb.log"
    # The role secret_owner needs its password, so that a test sees whether it arrives.
    printf 'local all secret_owner scram-sha-256\nlocal all all trust\n' >"$cluster/data/pg_hba.conf"
    as_postgres "$bin/pg_ctl" -D "$cluster/data" -w -l "$cluster/log" start \
        -o "-c listen_addresses='' -c unix_socket_directories=$cluster -c fsync=off -c max_connections=50" >/dev/null 3>&- 4>&-
    export cluster PGHOST=$cluster
    unset DATABASE_URL MIGRATE_DATABASE_URL PGUSER PGPASSWORD PGDATABASE PGSERVICE PGOPTIONS
    psql -X -q -U postgres -d postgres -c 'create role lunaxcode_owner login createrole'
}

stop_cluster() {
    as_postgres "$bin/pg_ctl" -D "$cluster/data" -m immediate stop >/dev/null
    rm -rf "$cluster"
}

# A database of the owner's for one test; $1: the database to begin from.
new_database() {
    database=test_$BATS_TEST_NUMBER
    as_superuser postgres -c "create database $database owner lunaxcode_owner ${1:+template $1}"
    export MIGRATE_DATABASE_URL="postgresql://lunaxcode_owner@/$database"
}

# A database with the whole schema, two tenants, and demo content in the first, to make others from.
make_template() {
    as_superuser postgres -c 'create database ready owner lunaxcode_owner'
    export MIGRATE_DATABASE_URL=postgresql://postgres@/ready
    "$migrate" init
    export MIGRATE_DATABASE_URL=postgresql://lunaxcode_owner@/ready
    "$migrate" deploy --yes
    "$migrate" tenants create lunaxcode --default --host Agency.Example
    "$migrate" tenants create acme
    "$migrate" seed lunaxcode
}

as_superuser() {
    local where=$1
    shift
    psql -X -q -v ON_ERROR_STOP=1 -U postgres -d "$where" "$@"
}

# sql TEXT: one statement as the owner, its rows with | between the columns
sql() { psql -X -q -A -t -v ON_ERROR_STOP=1 -d "$MIGRATE_DATABASE_URL" -c "$1"; }

# as_app TEXT: statements as the programs' login role, in one transaction
as_app() { psql -X -q -A -t -1 -v ON_ERROR_STOP=1 -v VERBOSITY=verbose -U lunaxcode_app -d "$database" -c "$1"; }

# hold PSQL-ARGUMENT…: a session that has run the statements on stdin and stays open, in its transaction if it began one.
# $held_says is the last line it printed. release [STATEMENT] runs one more and ends it.
hold() {
    coproc held { exec psql -X -q -A -t "$@" 2>&1 3>&-; }
    held_pid=$! held_out=${held[0]} held_in=${held[1]} held_says=
    { cat; printf '%s\n' '\echo @held'; } >&"$held_in"
    local line
    while read -r -t 60 line <&"$held_out"; do
        [ "$line" != @held ] || return 0
        held_says=$line
    done
    echo "the held session says: $held_says" >&2
    return 1
}

release() {
    printf '%s\n' "${1:-rollback;}" >&"$held_in"
    exec {held_in}>&-
    wait "$held_pid"
}

# A statement of a migration that waits while the gate is closed, so that a test need not guess how long anything takes.
at_the_gate="do \$\$ begin while exists (select from pg_locks where locktype = 'advisory' and objid = 4711
    and database = (select oid from pg_database where datname = current_database())) loop perform pg_sleep(0.02); end loop; end \$\$;"
close_gate() { hold -d "$MIGRATE_DATABASE_URL" <<<'select pg_advisory_lock(4711);'; }
open_gate() { release 'select 1;'; }
# await_gate N: that many sessions stand before it, and not as part of a batch, which does so for a moment only
await_gate() { await "$1" "select count(*) from pg_stat_activity where query like '%objid = 4711%' and query not like 'reset all%' and state = 'active' and pid <> pg_backend_pid() and datname = current_database()"; }

# await_line TEXT FILE
await_line() {
    for _ in $(seq 1200); do
        ! grep -q -- "$1" "$2" || return 0
        sleep 0.05
    done
    echo "never in $2: $1" >&2
    cat "$2" >&2
    return 1
}

# await VALUE QUERY: asks until the answer is VALUE, for at most a minute
await() {
    for _ in $(seq 1200); do
        [ "$(sql "$2")" != "$1" ] || return 0
        sleep 0.05
    done
    echo "never $1: $2" >&2
    return 1
}

# A folder for migrations of the test's own.
new_folder() {
    folder=$BATS_TEST_TMPDIR/migrations
    mkdir "$folder"
    export MIGRATE_DIR=$folder
}

# migration NAME: reads the file from stdin
migration() { cat >"$folder/$1.sql"; }

# add_tenants NAME…: their schemas, and a row of public.tenants (id, schema_name) for each
add_tenants() {
    local tenant
    for tenant in "$@"; do
        sql "create schema \"${tenant//\"/\"\"}\""
        sql "insert into public.tenants select coalesce(max(id), 0) + 1, \$q\$$tenant\$q\$ from public.tenants"
    done
}

# shellcheck disable=SC2154 # status and output are set by run
fails_with() {
    local code=$1
    shift
    run "$@"
    [ "$status" = "$code" ] || { printf 'exit %s instead of %s:\n%s\n' "$status" "$code" "$output" >&2; return 1; }
}

# shellcheck disable=SC2154
shows() {
    [[ $output == *"$1"* ]] || { printf 'does not show "%s":\n%s\n' "$1" "$output" >&2; return 1; }
}

# shellcheck disable=SC2154
shows_not() {
    [[ $output != *"$1"* ]] || { printf 'shows "%s":\n%s\n' "$1" "$output" >&2; return 1; }
}

equals() {
    [ "$1" = "$2" ] || { diff -U 0 --label have --label want <(printf '%s\n' "$1") <(printf '%s\n' "$2") >&2; return 1; }
}
