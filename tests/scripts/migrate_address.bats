#!/usr/bin/env bats
# The address of the database, and what comes with it: secrets, Prisma's own words, options; settings and outputs that are none; rights that lack.

# shellcheck disable=SC2154,SC2016 # names of postgres.bash; $$ in SQL
load postgres

setup_file() { start_cluster; }
teardown_file() { stop_cluster; }

setup() {
    new_database
    new_folder
    export MIGRATE_PUBLIC_ONLY=tenants
    migration 20240101000000_first <<'SQL'
-- migrate:up scope:public
create table tenants (id int primary key, schema_name text not null unique);

-- migrate:up scope:tenant
create table notes (id int primary key);
SQL
}

# Every program that a run starts is seen by its command line through this psql, and by what /proc shows meanwhile: in $seen.
watch_psql() {
    seen=$BATS_TEST_TMPDIR/lines
    mkdir "$BATS_TEST_TMPDIR/bin"
    cat >"$BATS_TEST_TMPDIR/bin/psql" <<EOT
#!/bin/sh
printf '%s\n' "\$*" >>"$seen"
cat /proc/[0-9]*/cmdline 2>/dev/null | tr '\0' ' ' | grep -a -e psql >>"$seen" || true
exec $bin/psql "\$@"
EOT
    chmod +x "$BATS_TEST_TMPDIR/bin/psql"
    PATH=$BATS_TEST_TMPDIR/bin:$PATH
}

with_secret_owner() {
    as_superuser postgres -c 'drop database if exists guarded' -c 'drop role if exists secret_owner' \
        -c "create role secret_owner login createrole password '$1'" -c 'create database guarded owner secret_owner'
}

@test "the user's part of an address ends where libpq ends it: a password with ? is on no command line and in no message" {
    with_secret_owner 'pa?ss=w&x'
    watch_psql
    MIGRATE_DATABASE_URL="postgresql://secret_owner:pa?ss=w&x@/guarded?host=$cluster" fails_with 0 "$migrate" deploy --yes
    MIGRATE_DATABASE_URL="postgresql://secret_owner:pa?ss=w&x@/guarded?host=$cluster" fails_with 0 "$migrate" status
    MIGRATE_DATABASE_URL="postgresql://secret_owner:pa?zz@/guarded?host=$cluster" fails_with 7 "$migrate" status
    shows "cannot reach the database postgresql://secret_owner@/guarded?host=$cluster: "
    shows_not 'pa?zz'
    MIGRATE_DATABASE_URL="postgresql:///guarded?user=secret_owner&pass%77ord=pa%3Fss%3Dw%26x&host=$cluster" fails_with 0 "$migrate" status
    fails_with 1 grep -F -e 'pa?' -e 'pa%3F' "$seen"
}

@test "what may be a password, or has no place but the command line, is refused and not repeated" {
    watch_psql
    while IFS=' ' read -r address words; do
        MIGRATE_DATABASE_URL=$address fails_with 2 "$migrate" status
        shows "$words"
        shows_not s3cret
    done <<'CASES'
postgresql://owner:a@s3cret@127.0.0.1/db In a password @ is written %40
postgresql://owner:a/s3cret@127.0.0.1/db or give it in PGPASSWORD
postgresql://owner:1/s3cret@127.0.0.1/db the address may be read in two ways
postgresql://owner:a?b/s3cret@127.0.0.1/db the address may be read in two ways
postgres:owner:s3cret@127.0.0.1/db the address is not written as PostgreSQL has them
mysql://owner:s3cret@127.0.0.1/db It is postgresql://user@host:5432/database
password='s3cret the address is not written as PostgreSQL has them
postgresql:///db?sslpassword=s3cret sslpassword in the address would be read by every user of this machine
sslpassword=s3cret Give it in a service file that only you may read
CASES
    [ ! -e "$seen" ]
    printf '[here]\nhost=%s\nuser=lunaxcode_owner\ndbname=%s\nsslpassword=s3cret\n' "$cluster" "$database" >"$BATS_TEST_TMPDIR/services"
    unset MIGRATE_DATABASE_URL
    PGSERVICEFILE=$BATS_TEST_TMPDIR/services PGSERVICE=here fails_with 3 "$migrate" status
    fails_with 1 grep -F s3cret "$seen"
}

@test "an @ that is no password's leaves an address as it is" {
    as_superuser postgres -c 'drop database if exists "a@b"' -c 'drop role if exists "me@here"' -c 'create role "me@here" login' -c 'create database "a@b" owner "me@here"'
    for address in "postgresql:///a%40b?user=me@here" "postgresql:///a@b?user=me%40here&port=5432" "postgresql://me%40here@:5432/a%40b" "dbname=a@b user=me@here"; do
        MIGRATE_DATABASE_URL=$address fails_with 3 "$migrate" status
        shows 'Database a@b on local socket as me@here'
    done
}

@test "Prisma's own DATABASE_URL is taken as it is; what would change who is trusted is named, what nobody knows is libpq's to say" {
    unset MIGRATE_DATABASE_URL
    export DATABASE_URL="postgresql://lunaxcode_owner@/$database?schema=public&connection_limit=5&pool_timeout=2&pgbouncer=true&host=$cluster&socket_timeout=3&statement_cache_size=0"
    fails_with 0 "$migrate" deploy --yes
    shows_not 'passed over'
    fails_with 0 "$migrate" backup --file "$BATS_TEST_TMPDIR/one.dump"
    DATABASE_URL="postgresql://lunaxcode_owner@/$database?schema=crm" fails_with 0 "$migrate" status
    equals "$(grep -c 'schema=crm in the address is passed over: schemas are chosen by the table of tenants' <<<"$output")" 1
    DATABASE_URL="postgresql://lunaxcode_owner@/$database?sslaccept=strict" fails_with 2 "$migrate" status
    shows 'sslmode=verify-full'
    DATABASE_URL="postgresql://lunaxcode_owner@/$database?sslidentity=a.p12" fails_with 2 "$migrate" status
    shows 'sslcert and sslkey'
    DATABASE_URL="postgresql://lunaxcode_owner@/$database?colour=red" fails_with 7 "$migrate" status
    shows 'invalid URI query parameter: "colour"'
}

@test "options in the address stand beside those of the tool, and are no pooler" {
    migration 20240102000000_second <<'SQL'
-- migrate:up scope:public
create table seen as select current_setting('my.word') as word, current_setting('my.other') as other, current_setting('lock_timeout') as lock;
SQL
    export PGOPTIONS='-c my.word=first -c my.other=kept'
    MIGRATE_DATABASE_URL="postgresql://lunaxcode_owner@/$database?options=-csearch_path%3Dpublic%20-c%20my.word%3Dmine" fails_with 0 "$migrate" deploy --yes
    equals "$(PGOPTIONS='' sql 'table seen')" 'mine|kept|2s'
    MIGRATE_DATABASE_URL="user=lunaxcode_owner dbname=$database options='-c my.word=a\\\\ b'" fails_with 0 "$migrate" verify
    sql 'drop table seen; delete from schema_history where name like $$%second$$'
    MIGRATE_DATABASE_URL="user=lunaxcode_owner options='-c my.word=a\\\\ b' dbname=$database" fails_with 0 "$migrate" deploy --yes
    equals "$(PGOPTIONS='' sql 'table seen')" 'a b|kept|2s'
}

@test "psql's messages have no colours, whatever PG_COLOR says" {
    migration 20240102000000_second <<<'create table t (id integer); select 1 / 0;'
    PG_COLOR=always fails_with 5 "$migrate" deploy --yes
    shows '22012'
    shows_not $'\e'
    shows_not '.psql:'
    equals "$(sql "select logs like '%division by zero%' and logs not like '%' || chr(27) || '%' and logs not like '%.psql:%' from schema_history where finished_at is null")" t
    PG_COLOR=always MIGRATE_TENANTS_QUERY='select nothing' fails_with 4 "$migrate" status
    shows_not $'\e'
}

@test "an output that is full is said in one line with its own exit code; one that is closed does no harm" {
    "$migrate" deploy --yes
    for command in status 'status --json' verify report campaigns 'campaigns 1' connections; do
        # shellcheck disable=SC2086
        fails_with 5 sh -c '"$@" 2>&1 >/dev/full' sh "$migrate" $command
        equals "$(head -n 1 <<<"$output")" 'migrate: what it says cannot be written: the output is full or closed'
        # shellcheck disable=SC2086
        "$migrate" $command >&-
        # shellcheck disable=SC2086
        "$migrate" $command <&- 2>&- >"$BATS_TEST_TMPDIR/said"
        [ -s "$BATS_TEST_TMPDIR/said" ]
    done
    migration 20240102000000_second <<<'create table more (id integer);'
    code=0
    "$migrate" status >&- || code=$?
    equals "$code" 3
    fails_with 5 sh -c '"$@" 2>&1 >/dev/full' sh "$migrate" deploy --dry-run
    shows 'what it says cannot be written'
    mkdir "$BATS_TEST_TMPDIR/own"
    TMPDIR=$BATS_TEST_TMPDIR/own "$migrate" deploy --yes <&- >&- 2>&-
    equals "$(ls "$BATS_TEST_TMPDIR/own")" ''
    equals "$(sql "select count(*) from more")" 0
    # Who has read enough is told nothing.
    fails_with 0 sh -c '"$1" status 2>&1 | head -c 1' sh "$migrate"
    equals "$output" D
}

@test "a time that PostgreSQL could not take is told by the name of its setting, before anything is begun" {
    while IFS='|' read -r setting words; do
        fails_with 2 env "$setting" "$migrate" deploy --yes
        shows "${setting%%=*} is $words"
    done <<'CASES'
MIGRATE_VERIFY_TIMEOUT=abc|a time such as 500ms, 2s or 30min, not 'abc'
MIGRATE_VERIFY_TIMEOUT=60s'; select 1 --|a time such as
MIGRATE_LOCK_TIMEOUT=99999d|99999d, and PostgreSQL knows no longer time than 24d
MIGRATE_CONCURRENT_TIMEOUT=999999999d|999999999d, and PostgreSQL knows no longer time than 24d
MIGRATE_STATEMENT_TIMEOUT=597h|597h, and PostgreSQL knows no longer time than 596h
MIGRATE_STATEMENT_TIMEOUT=35792min|35792min, and PostgreSQL knows no longer time than 35791min
MIGRATE_STATEMENT_TIMEOUT=2147484s|2147484s, and PostgreSQL knows no longer time than 2147483s
MIGRATE_STATEMENT_TIMEOUT=2147483648|2147483648, and PostgreSQL knows no longer time than 2147483647
MIGRATE_STATEMENT_TIMEOUT=08s|a time such as
CASES
    MIGRATE_LOCK_TIMEOUT=2147483647 MIGRATE_STATEMENT_TIMEOUT=24d MIGRATE_CONCURRENT_TIMEOUT=596h MIGRATE_VERIFY_TIMEOUT=35791min fails_with 0 "$migrate" deploy --yes
    MIGRATE_VERIFY_TIMEOUT=2147483s fails_with 0 "$migrate" verify
}

@test "without a schema public it is not the table of tenants that is blamed" {
    sql 'drop schema public'
    fails_with 4 "$migrate" status
    shows 'public: there is no such schema; create schema public'
    fails_with 4 "$migrate" verify
    shows 'create schema public;'
    shows_not 'The table of tenants'
    sql 'create schema public; create schema one'
    "$migrate" deploy --yes
    sql "insert into tenants values (1, 'one')"
    "$migrate" deploy --yes
    sql "insert into tenants values (2, 'lost')"
    fails_with 4 "$migrate" verify
    shows 'no schema for: lost'
    shows 'The table of tenants names schemas that do not exist.'
    sql 'drop schema public cascade'
    MIGRATE_TENANTS_QUERY="select 'one'" fails_with 4 "$migrate" verify
    shows 'create schema public;'
    shows_not 'The table of tenants'
}

@test "a role that may not make temporary tables is told what to grant" {
    "$migrate" deploy --yes
    as_superuser "$database" -c "revoke temp on database $database from public, lunaxcode_owner"
    for command in verify report; do
        [ "$("$migrate" $command 2>&1 | grep -c "grant temp on database \"$database\" to …;")" = 1 ]
    done
    migration 20240102000000_second <<<'create table more (id integer);'
    sql 'create table more (id integer)'
    fails_with 4 "$migrate" baseline --dry-run
    shows "grant temp on database \"$database\" to …;"
}

@test "a tenant's schema of another role's is what the remedy names, not the database" {
    "$migrate" deploy --yes
    sql "insert into tenants values (1, 't_2'), (2, 'Of Others')"
    as_superuser "$database" -c 'create schema t_2' -c 'create schema "Of Others"'
    fails_with 4 "$migrate" deploy --yes --tenants t_2
    shows 'permission denied for schema t_2'
    shows 'alter schema t_2 owner to …'
    shows_not 'alter database'
    as_superuser "$database" -c 'drop schema t_2'
    fails_with 4 "$migrate" deploy --yes --tenants 'Of Others'
    shows 'alter schema "Of Others" owner to …'
}
