#!/usr/bin/env bats
# What a file leaves in its session, what stands around it (policies, triggers, users, encodings), and a folder of the run that is full.

# shellcheck disable=SC2154,SC2016 # names of postgres.bash; $$ in SQL
load postgres

setup_file() { start_cluster; }
teardown_file() { stop_cluster; }

setup() {
    new_database
    new_folder
    migration 20240101000000_first <<'SQL'
-- migrate:up scope:public
create table tenants (id int primary key, schema_name text not null);

-- migrate:up scope:tenant
create table notes (id int primary key, body text);
insert into notes select 1, current_schema;
SQL
    "$migrate" deploy --yes
    add_tenants one two three four
}

# each_has TABLE: every tenant has its own name there, and nobody else's.
each_has() {
    for tenant in one two three four; do equals "$(sql "select distinct body from $tenant.$1")" "$tenant"; done
}

@test "temporary tables, cursors and settings of a file are gone in the next schema, and in the next file" {
    "$migrate" deploy --yes --tenants one,two
    migration 20240102000000_second <<'SQL'
-- migrate:up scope:tenant
create temp table if not exists kept as select * from notes;
declare rows cursor with hold for select 1;
set work_mem = '4MB';
create table copies as select * from kept;
SQL
    migration 20240103000000_third <<'SQL'
-- migrate:up scope:tenant transaction:false
create temp table if not exists kept as select * from notes;
create table steps as select * from kept;
SQL
    migration 20240104000000_fourth <<'SQL'
-- migrate:up scope:tenant
create table if not exists kept as select * from notes;
SQL
    # Two that have a history, by the short way and file by file, and two that are empty.
    fails_with 0 "$migrate" deploy --yes --tenants one
    fails_with 0 "$migrate" deploy --yes --parallel 2
    for table in copies steps kept; do each_has "$table"; done
    # One small file is a batch.
    migration 20240105000000_fifth <<'SQL'
-- migrate:up scope:tenant
create temp table if not exists kept_too as select * from notes;
create table again as select * from kept_too;

-- migrate:down scope:tenant
create temp table kept_too as select * from notes;
drop table again;
SQL
    fails_with 0 "$migrate" deploy --yes --rehearse
    fails_with 0 "$migrate" deploy --yes
    each_has again
    fails_with 0 "$migrate" revert --yes --steps 1
}

@test "PREPARE and DEALLOCATE are refused, and a function that does the same ends the deploy with a word" {
    migration 20240102000000_second <<'SQL'
-- migrate:up scope:tenant
prepare mine as select 1;
deallocate all;
SQL
    fails_with 6 "$migrate" deploy --yes
    shows 'line 2: PREPARE: it would be there still in the next schema'
    shows 'line 3: DEALLOCATE: it would take what the deploy has prepared'
    rm "$folder/20240102000000_second.sql"
    "$migrate" deploy --yes
    migration 20240102000000_second <<<'-- migrate:up scope:tenant
create table more (i int); do $$ begin execute $q$deallocate all$q$; end $$;'
    fails_with 5 timeout 60 "$migrate" deploy --yes
    shows 'does not exist'
    equals "$(sql "select count(*) from pg_tables where tablename = 'more'")" 0
}

@test "an extension that a tenant's file makes is undone: it would be in that schema, and none in the others" {
    migration 20240102000000_second <<<'-- migrate:up scope:tenant
create extension pgcrypto;'
    for tenant in one two; do
        fails_with 5 "$migrate" deploy --yes --tenants "$tenant"
        shows "a tenant's section touched extension pgcrypto (make it in a public section)"
    done
    equals "$(sql "select count(*) from pg_extension where extname = 'pgcrypto'")" 0
    mv "$folder/20240102000000_second.sql" "$BATS_TEST_TMPDIR"
    "$migrate" deploy --yes
    mv "$BATS_TEST_TMPDIR/20240102000000_second.sql" "$folder"
    fails_with 5 "$migrate" deploy --yes
    shows 'make it in a public section'
}

@test "an audit log that triggers write for all tenants is no stray where its schema is named" {
    "$migrate" deploy --yes
    sql 'create schema audit; create table audit.log (at timestamptz, what text);
        create function audit.note() returns trigger language plpgsql as $$ begin insert into audit.log values (now(), tg_table_schema); return new; end $$'
    for tenant in one two three four; do sql "create trigger noted after insert on $tenant.notes for each row execute function audit.note()"; done
    migration 20240102000000_second <<<"-- migrate:up scope:tenant
insert into notes select 2, current_schema;"
    fails_with 5 "$migrate" deploy --yes
    shows "a tenant's section touched audit.log (RowExclusiveLock)"
    shows 'name it in MIGRATE_SHARED_SCHEMAS'
    shows_not 'In the way was'
    equals "$(sql 'select count(*) from audit.log')" 0
    MIGRATE_SHARED_SCHEMAS=other,audit fails_with 0 "$migrate" deploy --yes
    equals "$(sql 'select count(*) from audit.log')" 4
}

@test "rows that policies hide from who reverts are a loss, too" {
    migration 20240102000000_second <<'SQL'
-- migrate:up scope:tenant
create table items (id int, part text);
insert into items values (1, 'a'), (2, 'b');
alter table items enable row level security;
alter table items force row level security;

-- migrate:down scope:tenant
drop table items;
SQL
    "$migrate" deploy --yes
    fails_with 0 "$migrate" revert --dry-run
    shows 'This loses data for good:'
    shows 'table items: nobody knows how many rows, since policies (row level security) hide some from this role (one, two, three, four)'
    fails_with 9 "$migrate" revert <<<yes
    equals "$(sql "select count(*) from pg_tables where tablename = 'items'")" 4
}

@test "a user whose name has a backslash, and a health command with a tab, are what they are" {
    SUDO_USER='' USER='CORP\nina' fails_with 0 "$migrate" deploy --yes --parallel 2 --canary 1 --health "$(printf 'printf "<%%s>" "a\tb"')"
    shows '<a	b>'
    equals "$(sql "select distinct position('(CORP\\nina@' in applied_by) > 0 from one.schema_history")" t
    fails_with 2 "$migrate" deploy --yes --health "$(printf 'echo \001')"
    shows '--health needs a command of one line'
}

@test "a database of another encoding is like any other" {
    as_superuser postgres -c "create database latin template template0 encoding latin1 lc_collate 'C' lc_ctype 'C' owner lunaxcode_owner"
    MIGRATE_DATABASE_URL=${MIGRATE_DATABASE_URL/"$database"/latin}
    fails_with 0 "$migrate" deploy --yes
    sql 'create schema "t_é"'
    sql "insert into tenants values (1, 't_é')"
    fails_with 0 "$migrate" deploy --yes
    fails_with 0 "$migrate" status
    fails_with 0 "$migrate" verify
    as_superuser postgres -c "drop database latin"
}

@test "a folder of the run that is full, or may not grow, ends the run before anything is done from what was cut off" {
    "$migrate" deploy --yes --tenants one,two
    {
        echo '-- migrate:up scope:tenant'
        for n in $(seq 40); do printf "insert into notes values (1%s, '%0500d');\n" "$n" "$n"; done
    } >"$folder/20240102000000_second.sql"
    limited() { (trap '' XFSZ && ulimit -f "$1" && exec timeout 60 "$migrate" deploy --yes --parallel 2); }
    for kib in 1 6 15 24 29; do
        fails_with 5 limited "$kib"
        shows "this run's folder in /dev/shm cannot be written to"
        shows 'name another folder in TMPDIR'
        equals "$(sql "select count(*) from one.notes union all select count(*) from two.notes" | xargs)" '1 1'
    done
    fails_with 0 "$migrate" deploy --yes
}

@test "no tenant named, or no schema public, is said as it is" {
    fails_with 2 "$migrate" deploy --yes --tenants ,
    shows "--tenants needs names, parted by commas, not ','"
    fails_with 2 "$migrate" verify --tenants ,,
    shows '--tenants needs names'
    sql 'drop schema public cascade'
    MIGRATE_TENANTS_PATTERN=one fails_with 4 "$migrate" deploy --yes
    shows 'there is no schema public'
    shows 'create schema public'
}
