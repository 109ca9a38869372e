#!/usr/bin/env bats
# scripts/serve with a database of somebody else's: what it makes there, and what it says where it cannot work.

# shellcheck disable=SC2154,SC2030,SC2031 # names of postgres.bash
load postgres

setup_file() {
    start_cluster
    psql -X -q -U postgres -d postgres -c 'create role agency_app login noinherit' -c 'create role plain login'
}
teardown_file() { stop_cluster; }
setup() {
    new_database
    unset MIGRATE_DATABASE_URL
    export STATE=$BATS_TEST_TMPDIR/state
    chmod 755 "$BATS_RUN_TMPDIR" "$BATS_TEST_TMPDIR" "$(dirname "$BATS_TEST_TMPDIR")" # user www-data passes through
}
teardown() {
    [ -z "${site-}" ] || { kill "$site" 2>/dev/null && wait "$site"; } || true
}

url() { echo "postgresql:///$database?host=$cluster&user=$1"; }
free_port() {
    PORT=$((30000 + RANDOM % 2000))
    while (: <"/dev/tcp/127.0.0.1/$PORT") 2>/dev/null; do PORT=$((30000 + RANDOM % 2000)); done
    export PORT
}
# serve: until it is ready, or has ended
serve() {
    free_port
    "$top/scripts/serve" >"$BATS_TEST_TMPDIR/said" 2>&1 3>&- &
    site=$!
    for _ in $(seq 2400); do
        ! grep -q '^Ready' "$BATS_TEST_TMPDIR/said" || return 0
        kill -0 "$site" 2>/dev/null || break
        sleep 0.05
    done
    cat "$BATS_TEST_TMPDIR/said" >&2
    return 1
}
refused() { # CODE WORDS
    free_port
    fails_with "$1" timeout 120 "$top/scripts/serve"
    shows "$2"
}

@test "a database of somebody else's is migrated by its owner, granted to the programs' role, and gets demo content and sign-ins once" {
    export DATABASE_URL MIGRATE_DATABASE_URL
    DATABASE_URL=$(url agency_app) MIGRATE_DATABASE_URL=$(url lunaxcode_owner)
    serve
    exec 5<>"/dev/tcp/127.0.0.1/$PORT"
    printf 'GET /api/services HTTP/1.0\r\nHost: x\r\n\r\n' >&5
    grep -q '"basePrice"' <&5
    [ ! -e "$STATE/postgres" ] # no server of its own
    grep -q 'admin@example.com' "$BATS_TEST_TMPDIR/said"
    equals "$(sql 'select count(*) from users')" 4
    if grep -q lunaxcode_owner "$STATE/env"; then return 1; fi # no program hears of the owner
    kill "$site"
    wait "$site"

    rm "$STATE/demo-accounts" # another time, where the tenants may be anybody's, nobody is made an administrator
    serve
    [ ! -e "$STATE/demo-accounts" ]
    equals "$(sql 'select count(*) from users')" 4
}

@test "with DATABASE_URL alone a role that may migrate does so, and one that may not takes the schema as it is" {
    export DATABASE_URL
    DATABASE_URL=$(url postgres)
    serve
    grep -q 'so it does' "$BATS_TEST_TMPDIR/said"
    kill "$site"
    wait "$site"
    DATABASE_URL=$(url lunaxcode_app)
    serve
    grep -q 'taken as it is' "$BATS_TEST_TMPDIR/said"
}

@test "a login that cannot work is told at once, and why" {
    export DATABASE_URL
    DATABASE_URL=$(url plain)
    refused 7 'has no schema of ours: name its owner in MIGRATE_DATABASE_URL'
    DATABASE_URL=$(url lunaxcode_owner)
    refused 7 'cannot work for a tenant (42501: permission denied to set role'
    DATABASE_URL="postgresql://agency_app@127.0.0.1:1/nothing"
    refused 7 'does not answer'
}
