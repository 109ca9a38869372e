#!/usr/bin/env bats
# What operators reach for around a deploy: the report, the sandbox, connections, and the four front ends they know by name.

# shellcheck disable=SC2154,SC2016 # names of postgres.bash; $$ in SQL
load postgres

setup_file() { start_cluster; }
teardown_file() {
    [ ! -e "$cluster/pgbouncer.pid" ] || kill "$(cat "$cluster/pgbouncer.pid")"
    stop_cluster
}

setup() {
    new_database
    new_folder
    export MIGRATE_BACKUP_DIR=$BATS_TEST_TMPDIR/backups MIGRATE_SANDBOX_DIR=$cluster/box-$BATS_TEST_NUMBER
}

teardown() {
    [ ! -e "$MIGRATE_SANDBOX_DIR" ] || "$migrate" sandbox down
    [ -z "${held_pid-}" ] || ! kill -0 "$held_pid" 2>/dev/null || kill "$held_pid"
    end_crowd
}

# Those who took every connection of the server.
end_crowd() {
    [ -n "${crowd-}" ] || return 0
    # shellcheck disable=SC2086
    kill $crowd 2>/dev/null || true
    as_superuser postgres -c "select pg_terminate_backend(pid, 5000) from pg_stat_activity where usename = 'crowd'" >/dev/null
    crowd=
}

# Story 001: public's own tables, and tenants that each have theirs.
fleet() {
    migration 20240101000000_accounts <<'SQL'
-- migrate:up scope:public
create table tenants (id int primary key, schema_name text not null unique);
create table users (id int primary key, name text not null);
create table roles (id int primary key);
create table invitations (id int primary key);
create table user_tenant (user_id int, tenant_id int);
insert into users values (1, 'Ann'), (2, 'Bob');

-- migrate:up scope:tenant
create table campaigns (id int primary key, title text);
create table templates (id int primary key, campaign_id int references campaigns (id));

-- migrate:down scope:tenant
drop table templates;
drop table campaigns;
SQL
    "$migrate" deploy --yes >/dev/null
    sql "create schema tenant1_schema; create schema tenant2_schema; insert into tenants values (1, 'tenant1_schema'), (2, 'tenant2_schema')"
    "$migrate" deploy --yes >/dev/null
    sql "insert into tenant1_schema.campaigns select n, 'c' || n from generate_series(1, 50) n"
}

@test "a fleet with a new tenant lagging behind: one front end brings all of them up to date, and public-only tables stay public's" {
    fleet
    migration 20240201000000_phone <<'SQL'
-- migrate:up scope:public
alter table users add column phone text;

-- migrate:up scope:tenant
create table audiences (id int primary key);
alter table campaigns add column budget int not null default 0;
SQL
    sql "create schema \"New Tenant\"; insert into tenants values (3, 'New Tenant')"
    fails_with 3 "$migrate" status
    shows 'tenant1_schema, tenant2_schema: 1 applied'
    shows 'New Tenant: 0 applied'
    all=$top/scripts/migrate-all-schemas.sh
    fails_with 9 "$all" <<<no
    shows 'Run this on public and on every tenant?'
    fails_with 9 "$all" </dev/null
    equals "$(sql "select count(*) from pg_attribute where attname = 'budget'")" 0
    fails_with 0 "$all" <<<yes
    shows 'tenant1_schema: 20240201000000_phone applied'
    shows 'New Tenant: 2 migrations applied'
    fails_with 0 "$migrate" status
    fails_with 0 "$all" </dev/null
    equals "$(sql "select string_agg(distinct relnamespace::regnamespace::text, ',') from pg_class where relname in ('users', 'roles', 'tenants', 'invitations', 'user_tenant')")" public
    equals "$(sql "select count(*) from information_schema.columns where table_name = 'users' and column_name = 'phone'")" 1
    equals "$(sql 'select count(*), sum(budget) from tenant1_schema.campaigns')" '50|0'
    # One that another tool has left there is told.
    sql 'create table "New Tenant".users (id int)'
    fails_with 0 "$migrate" report
    shows 'New Tenant.users is a table that only public should have'
    sql 'drop table "New Tenant".users'
    # The belief that a query filter does it: a tenant's ALTER TABLE users would have met public's, once a tenant.
    migration 20240301000000_wrong <<'SQL'
-- migrate:up scope:tenant
alter table users add column twice int;
SQL
    fails_with 6 "$top/scripts/migrate-simple.sh"
    shows 'which is public'
    equals "$(sql "select count(*) from pg_attribute where attname = 'twice'")" 0
    rm "$folder/20240301000000_wrong.sql"
    fails_with 0 "$top/scripts/migrate-simple.sh"
    shows 'Up to date'
}

@test "migrate-production.sh asks twice, shows what is pending before and the status afterwards, and leaves tenants alone" {
    fleet
    migration 20240201000000_phone <<'SQL'
-- migrate:up scope:public
alter table users add column phone text;
-- migrate:up scope:tenant
alter table campaigns add column budget int;
SQL
    production=$top/scripts/migrate-production.sh
    fails_with 9 "$production" <<<no
    fails_with 9 "$production" <<<$'yes\nno'
    shows '20240201000000_phone, 1 statement'
    shows 'Nothing was changed.'
    equals "$(sql "select count(*) from pg_attribute where attname = 'phone'")" 0
    fails_with 0 "$production" <<<$'yes\nyes'
    [[ $output == *'pending    20240201000000_phone'*'There are no backups in'*'Is that a backup'*'Run these on the public schema now?'*'public: 20240201000000_phone applied'*'tenant1_schema, tenant2_schema: 1 applied'* ]]
    equals "$(sql "select count(*) from pg_attribute where attname = 'budget'")" 0
    fails_with 0 "$production" </dev/null
    shows 'Up to date'
    # A failure is passed on, with the status that it left.
    migration 20240301000000_fails <<'SQL'
-- migrate:up scope:public
select 1 / 0;
SQL
    fails_with 5 "$production" <<<$'yes\nyes'
    shows 'FAILED with SQLSTATE 22012'
    shows '1 failed'
    fails_with 5 "$top/scripts/migrate-simple.sh"
    MIGRATE_DATABASE_URL='postgresql:///nowhere?host=/nonexistent' fails_with 7 "$production"
}

@test "generate-migration-prod.sh writes what generate writes, and wants a name" {
    fails_with 0 "$top/scripts/generate-migration-prod.sh" add-user-phone-number --scope public
    grep -q '^-- migrate:up scope:public$' "$output"
    [[ $output == *_add_user_phone_number.sql ]]
    fails_with 2 "$top/scripts/generate-migration-prod.sh"
}

@test "a front end works through a link" {
    ln -s "$top/scripts/migrate-simple.sh" "$BATS_TEST_TMPDIR/deploy"
    fails_with 0 "$BATS_TEST_TMPDIR/deploy"
}

@test "behind a pooler, which story 002 has for too many connections, what keeps and restores says where to go instead" {
    cat >"$cluster/pgbouncer.ini" <<INI
[databases]
* = host=$cluster
[pgbouncer]
listen_addr =
unix_socket_dir = $cluster
listen_port = 6432
auth_type = trust
auth_file = $cluster/pgbouncer.users
pidfile = $cluster/pgbouncer.pid
pool_mode = transaction
logfile = $cluster/pgbouncer.log
INI
    echo '"lunaxcode_owner" ""' >"$cluster/pgbouncer.users"
    [ "$(id -u)" != 0 ] || chown postgres "$cluster"/pgbouncer.*
    "$migrate" backup --file "$BATS_TEST_TMPDIR/one.dump" >/dev/null
    as_postgres pgbouncer -q -d "$cluster/pgbouncer.ini" >/dev/null 2>&1 3>&-
    for _ in $(seq 600); do
        [ ! -S "$cluster/.s.PGSQL.6432" ] || break
        sleep 0.05
    done
    export MIGRATE_DATABASE_URL="postgresql://lunaxcode_owner@/$database?host=$cluster&port=6432"
    for command in backup "restore $BATS_TEST_TMPDIR/one.dump" connections report 'tenants drop one'; do
        # shellcheck disable=SC2086
        fails_with 12 "$migrate" $command
        shows "Give the server's own address and port"
    done
    kill "$(cat "$cluster/pgbouncer.pid")"
}

# Story 003: 22 migrations, 18 of them applied, three columns missing, and one column that is another than the file wants.
avatars() {
    for n in $(seq -w 1 18); do
        migration "202509${n}000000_step_$n" <<<"-- migrate:up
create table t_$n (id int primary key);
-- migrate:down
drop table t_$n;"
    done
    "$migrate" deploy --yes >/dev/null
    sql 'create table avatar_generations (id int primary key); create table pose_generations (id int primary key, "variationKey" int);
         insert into avatar_generations select generate_series(1, 1000); analyze avatar_generations'
    migration 20251014000000_add_avatar_creator_complete <<'SQL'
-- migrate:up
alter table avatar_generations add column if not exists "avatarId" text;
alter table avatar_generations add column if not exists "projectId" text not null default '';
alter table pose_generations add column if not exists "generationType" text not null default 'x';
SQL
    migration 20251015000000_add_recovery_indexes <<'SQL'
-- migrate:up transaction:false
create index concurrently avatar_recovery on avatar_generations ("avatarId");
SQL
    migration 20251015000001_add_variation_key <<'SQL'
-- migrate:up
alter table pose_generations add column if not exists "variationKey" text not null default '';
SQL
    migration 20251016000000_p2_performance_indexes <<'SQL'
-- migrate:up
drop table t_01;
create index avatar_project on avatar_generations ("projectId");
SQL
}

@test "the report says what is missing, which migration brings it, what each statement locks, and what was applied" {
    avatars
    fails_with 0 "$migrate" report
    shows '4 migrations to apply, of 22 in the folder; 1 of 1 schema lacks them.'
    shows 'column avatar_generations.avatarId text, in public'
    shows 'column avatar_generations.projectId text not null with a default, in public'
    shows 'column pose_generations.generationType text not null'
    # IF NOT EXISTS would pass over a column of another type.
    [[ $output == *'column pose_generations.variationKey text'*': '*integer* ]]
    shows 'ACCESS EXCLUSIVE: nobody reads or writes it meanwhile; avatar_generations has about 1000 rows'
    shows 'SHARE UPDATE EXCLUSIVE: readers and writers go on; avatar_generations'
    shows 'LOSES table:t_01'
    shows '1 statement loses data'
    shows 'There is NO backup of this database'
    shows '1 migration runs statement by statement'
    shows '20250918000000_step_18 in 1 schema'
    equals "$(sql "select count(*) from pg_attribute where attname = 'avatarId'")" 0

    "$migrate" backup >/dev/null
    fails_with 0 "$migrate" report --markdown
    equals "$(grep -c '^## ' <<<"$output")" 7
    shows '# Deployment report: '
    shows '### `20251015000000_add_recovery_indexes`'
    shows 'The newest backup is of '
    equals "$(grep -c '^```' <<<"$output")" 4
    fails_with 2 "$migrate" report --html

    # Afterwards: nothing to do. What somebody dropped by hand is missing all the same.
    sql 'drop table pose_generations; create table pose_generations (id int primary key)'
    "$migrate" deploy --yes >/dev/null
    fails_with 0 "$migrate" report
    shows 'nothing to deploy, and everything that the applied migrations made is there'
    sql 'alter table avatar_generations drop column "avatarId"'
    fails_with 0 "$migrate" report
    shows 'APPLIED migrations should have made'
    shows '20251014000000_add_avatar_creator_complete, which is applied, should have brought'
}

@test "the report names phantoms, failed and edited migrations, and files that would be refused" {
    avatars
    sql "insert into schema_history (name, checksum, normalised, finished_at, applied_by) values ('20250101000000_by_hand', 'x', 'x', now(), 'somebody')"
    sed -i 's/id int/id bigint/' "$folder/20250905000000_step_05.sql"
    migration 20251017000000_refused <<'SQL'
-- migrate:up
begin;
select 1;
SQL
    fails_with 0 "$migrate" report
    shows 'scripts/migrate deploy --rehearse'
    output=$("$migrate" report --dir "$folder" --database="$MIGRATE_DATABASE_URL" --markdown)
    shows "
scripts/migrate deploy --dir $folder --database $MIGRATE_DATABASE_URL
" # what is to be typed means what was asked about
    fails_with 0 "$migrate" report
    shows '20250101000000_by_hand in public: in the database, not in the folder (phantom).'
    shows '20250905000000_step_05 in public: the file was edited after it was applied.'
    shows 'REFUSED: '
    rm "$folder/20251017000000_refused.sql"
    sed -i 's/id bigint/id int/' "$folder/20250905000000_step_05.sql"
    migration 20251013000000_fails <<<'select 1 / 0;'
    run "$migrate" deploy --yes
    fails_with 0 "$migrate" report
    shows 'Failed before: public: 22012 at statement 1'
    shows '1 failed before; a deploy tries again.'
}

@test "a sandbox is up in seconds, survives kill -9, takes a backup, and goes without a trace" {
    box=$MIGRATE_SANDBOX_DIR
    fails_with 2 "$migrate" sandbox
    fails_with 2 "$migrate" sandbox sideways
    fails_with 3 "$migrate" sandbox status
    fails_with 4 "$migrate" sandbox url
    shows 'sandbox up'
    migration 20240101000000_one <<<$'-- migrate:up\ncreate table t (id int);\ninsert into t values (1), (2);'
    # The manual's line, with no sandbox there: it must not end in the database that DATABASE_URL names.
    live=$MIGRATE_DATABASE_URL nothing=$("$migrate" sandbox url 2>/dev/null || true)
    DATABASE_URL=$live MIGRATE_DATABASE_URL=$nothing fails_with 2 "$migrate" deploy --yes
    shows 'MIGRATE_DATABASE_URL is set, and empty'
    PGPORT=6543 fails_with 0 "$migrate" sandbox up # whatever port other servers have
    fails_with 0 "$migrate" sandbox up
    equals "$(stat -c %a "$box")" 700
    url=$("$migrate" sandbox url)
    PGPORT=6543 MIGRATE_DATABASE_URL=$url fails_with 0 "$migrate" deploy --yes
    fails_with 0 "$migrate" sandbox psql -At -c 'select count(*), current_user from t group by 2'
    equals "$output" '2|lunaxcode_owner'
    # Our own server is still the one that MIGRATE_DATABASE_URL names.
    equals "$(sql "select to_regclass('t') is null")" t
    [ "$(id -u)" != 0 ] || equals "$(stat -c %U "/proc/$(head -n 1 "$box/data/postmaster.pid")")" postgres

    server=$(head -n 1 "$box/data/postmaster.pid")
    kill -9 "$server"
    while kill -0 "$server" 2>/dev/null; do sleep 0.05; done
    fails_with 4 "$migrate" sandbox status
    shows 'is not running'
    fails_with 0 "$migrate" sandbox up
    fails_with 0 "$migrate" sandbox psql -At -c 'select count(*) from t'
    equals "$output" 2
    fails_with 0 "$migrate" sandbox status
    # Half made: begun anew.
    server=$(head -n 1 "$box/data/postmaster.pid")
    kill -9 "$server"
    rm "$box/ready"

    "$migrate" deploy --yes >/dev/null
    sql 'insert into t values (3)'
    "$migrate" backup >/dev/null
    backup=$(echo "$MIGRATE_BACKUP_DIR"/*.dump)
    fails_with 0 "$migrate" sandbox up --from-backup "$backup"
    fails_with 0 "$migrate" sandbox psql -At -c 'select count(*), current_database() from t'
    equals "$output" "3|$database"
    fails_with 6 "$migrate" sandbox up --from-backup "$backup"
    shows 'sandbox down'
    server=$(head -n 1 "$box/data/postmaster.pid")
    fails_with 0 "$migrate" sandbox down
    [ ! -e "$box" ]
    for _ in $(seq 600); do
        kill -0 "$server" 2>/dev/null || break # its last steps come after its file is gone
        sleep 0.05
    done
    if kill -0 "$server" 2>/dev/null; then return 1; fi
    fails_with 0 "$migrate" sandbox down
    # Not somebody's folder.
    mkdir "$box" && touch "$box/mine"
    fails_with 2 "$migrate" sandbox down
    shows 'holds something that is no sandbox'
    rm -r "$box"
}

@test "a sandbox takes the backup of a database called postgres, as managed services name theirs, with its locale and its comment" {
    as_superuser postgres -c 'create table public.theirs as select 7 as v' -c "comment on database postgres is 'ours'" -c "alter database postgres set app.a.b = 'c'"
    MIGRATE_DATABASE_URL=postgresql://postgres@/postgres "$migrate" backup >/dev/null
    as_superuser postgres -c 'drop table public.theirs' -c "comment on database postgres is null" -c 'alter database postgres reset all'
    MIGRATE_MAINTENANCE_DATABASE=defaultdb fails_with 0 "$migrate" sandbox up --from-backup "$MIGRATE_BACKUP_DIR"/*.dump
    fails_with 0 "$migrate" sandbox psql -At -c "select v, current_database(), shobj_description(oid, 'pg_database'), current_setting('app.a.b') from theirs, pg_database where datname = current_database()"
    equals "$output" '7|postgres|ours|c'
    "$migrate" sandbox down
    # One that ICU orders, and that a setting cannot be made for: it is named.
    as_superuser postgres -c "drop database $database" -c "create database $database owner lunaxcode_owner template template0 locale_provider icu icu_locale 'en-US'"
    "$migrate" backup --file "$BATS_TEST_TMPDIR/icu.dump" >/dev/null
    sed -i '$d; s/^limit\t.*/&\nsetting\t-\tunheard_of\t1/' "$BATS_TEST_TMPDIR/icu.dump.manifest"
    printf 'end\t%s\n' "$(sha256sum <"$BATS_TEST_TMPDIR/icu.dump.manifest" | cut -c 1-64)" >>"$BATS_TEST_TMPDIR/icu.dump.manifest"
    fails_with 0 "$migrate" sandbox up --from-backup "$BATS_TEST_TMPDIR/icu.dump"
    shows 'unheard_of: unrecognized configuration parameter'
    fails_with 0 "$migrate" sandbox psql -At -c 'select datlocprovider, daticulocale from pg_database where datname = current_database()'
    equals "$output" 'i|en-US'
}

@test "connections shows who holds them, ends only what is idle for long, and never in another database" {
    as_superuser postgres -c 'create role visitor login' -c "create database other_$BATS_TEST_NUMBER"
    super=postgresql://postgres@/$database
    hold -U visitor -d "$database" <<<"set application_name = 'their app'; begin; select 1;"
    coproc away { exec psql -X -q -A -t -U visitor -d "other_$BATS_TEST_NUMBER" 2>&1 3>&-; }
    away_pid=$!
    echo 'select 1;' >&"${away[1]}"
    export MIGRATE_DATABASE_URL=$super
    await 2 "select count(*) from pg_stat_activity where usename = 'visitor' and state like 'idle%' and state_change < clock_timestamp() - interval '1.1 s'"
    fails_with 0 "$migrate" connections
    shows 'of 50 connections are taken; 3 of them are kept for superusers'
    shows '1 idle in a transaction'
    grep -q "^1 .*$database .*visitor .*their app .*idle in transaction" <<<"$output"
    fails_with 0 "$migrate" connections --kill-idle
    shows 'None in this database has been idle for 600 s.'
    fails_with 9 "$migrate" connections --kill-idle 1 <<<no
    shows 'visitor to'
    fails_with 0 "$migrate" connections --kill-idle 1 <<<end
    shows 'Ended 1 session.'
    await "other_$BATS_TEST_NUMBER" "select string_agg(datname, ' ') from pg_stat_activity where usename = 'visitor'" # what is ended needs a moment
    release || true
    fails_with 0 "$migrate" connections --kill-idle=1 --all-databases --yes
    shows 'Ended 1 session.'
    kill "$away_pid" 2>/dev/null || true
    for wrong in '--kill-idle=x' '--kill-idle=0' 'idle'; do fails_with 2 "$migrate" connections "$wrong"; done
    # As a role that may not look at the others' sessions.
    MIGRATE_DATABASE_URL=postgresql://visitor@/$database fails_with 0 "$migrate" connections
    shows 'grant pg_read_all_stats'
}

@test "too many connections: it says what is kept for superusers, and a superuser gets in" {
    as_superuser postgres -c 'create role crowd login'
    # Until nobody gets in, thrice in a row: what is just ending may hold a place and give it back.
    refused=0
    for _ in $(seq 400); do
        if psql -X -q -U crowd -d "$database" -c 'select 1' >/dev/null 2>&1; then
            refused=0
            for _ in 1 2 3 4 5; do
                psql -X -q -U crowd -d "$database" -c 'select pg_sleep(300)' >/dev/null 2>&1 3>&- &
                crowd="${crowd-} $!"
            done
        else
            refused=$((refused + 1))
        fi
        [ "$refused" -lt 3 ] || break
        sleep 0.1
    done
    run "$migrate" connections
    equals "$status" 7
    shows 'every connection of the server is taken: '
    shows 'superuser_reserved_connections'
    shows 'sudo -u postgres'
    MIGRATE_DATABASE_URL=postgresql://postgres@/$database fails_with 0 "$migrate" connections
    shows 'so others find 0 free'
    end_crowd
    as_superuser postgres -c "alter role crowd connection limit 0"
    MIGRATE_DATABASE_URL=postgresql://crowd@/$database fails_with 7 "$migrate" connections
    shows 'too many connections for role "crowd"'
}

@test "every command line of the manual is one that the commands understand" {
    unset MIGRATE_DIR
    as_superuser postgres -c 'drop database if exists ready'
    make_template >/dev/null
    export MIGRATE_DATABASE_URL=postgresql://lunaxcode_owner@/ready
    sql "insert into users (id, name, email, email_verified) values ('ana', 'Ana', 'ana@agency.example', now())"
    "$migrate" backup --file "$BATS_TEST_TMPDIR/whole.dump" >/dev/null
    "$migrate" tenants create gone >/dev/null
    "$migrate" tenants drop gone --yes >"$BATS_TEST_TMPDIR/dropped"
    gone=$(sed -n 's/.*tenants restore //p' "$BATS_TEST_TMPDIR/dropped")
    cp -r "$top/sql/migrations" "$BATS_TEST_TMPDIR/sql"
    export MIGRATE_DIR=$BATS_TEST_TMPDIR/sql
    # In tables between backticks, in blocks a line each; what somebody has to fill in is filled in.
    { grep -o '`scripts/migrate [a-z][^`]*`' "$top/scripts/README.md" | tr -d '`'; sed -n '/^```sh/,/^```/ s/^\(scripts\/migrate [a-z].*\)/\1/p' "$top/scripts/README.md"; } |
        sed -e 's/ *# .*//' -e "s#tenants restore lunaxcode-[^ ]*#tenants restore $gone#" -e "s#lunaxcode-[0-9TZ]*\.dump#$BATS_TEST_TMPDIR/whole.dump#" \
            -e 's/campaigns 7/campaigns 1/; s/help COMMAND/help deploy/' -e "s#20260115000000_add_landing_sections#20261121104000_landing_page#" -e "s#^scripts/migrate#$migrate#" -e "s#>report.md#>$BATS_TEST_TMPDIR/report.md#" -e 's/ \\*|.*//' | awk '!seen[$0]++' >"$BATS_TEST_TMPDIR/lines"
    [ "$(wc -l <"$BATS_TEST_TMPDIR/lines")" -ge 25 ]
    while IFS= read -r line; do
        code=0
        timeout 300 sh -c "$line" >"$BATS_TEST_TMPDIR/out" 2>&1 </dev/null || code=$?
        case $code in
            2 | 1 | 12[4-7]) echo "exit $code: $line" >&2; cat "$BATS_TEST_TMPDIR/out" >&2; return 1 ;;
        esac
    done <"$BATS_TEST_TMPDIR/lines"
}
