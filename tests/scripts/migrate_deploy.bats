#!/usr/bin/env bats
# scripts/migrate deploy and status on folders of the tests' own.

# shellcheck disable=SC2154,SC2016 # names of postgres.bash; $$ in SQL
load postgres

setup_file() { start_cluster; }
teardown_file() { stop_cluster; }

setup() {
    new_database
    new_folder
    # Public's table of tenants as any project might have it, and two tenants.
    migration 20240101000000_first <<'SQL'
-- migrate:up scope:public
create table tenants (id int primary key, schema_name text not null);
create table people (id int primary key);

-- migrate:up scope:tenant
create table notes (id int primary key, body text);
insert into notes values (1, 'semicolon; and $$ and :name and \n'), (2, $q$-- migrate:up is only text here$q$);

-- migrate:verify scope:tenant
do $$ begin assert (select count(*) = 2 from notes), 'notes are missing'; end $$;
SQL
}

two_tenants() {
    "$migrate" deploy --yes
    add_tenants one two
    "$migrate" deploy --yes
}

@test "deploy applies public and every tenant, then has nothing to do" {
    fails_with 3 "$migrate" status
    shows 'public: 0 applied'
    fails_with 0 "$migrate" deploy --yes
    shows 'public: 20240101000000_first applied'
    add_tenants one two
    fails_with 3 "$migrate" status
    shows 'one, two: 0 applied'
    shows '2 pending; 2 of 3 schemas'
    fails_with 0 "$migrate" deploy --yes
    shows 'one: 20240101000000_first applied'
    shows 'Done: 2 migrations applied to 2 schemas.'
    fails_with 0 "$migrate" status
    shows 'Up to date: all 3 schemas.'
    fails_with 0 "$migrate" deploy --yes
    equals "$output" 'Up to date: 3 schemas, 1 migration.'
    equals "$(sql 'select body from two.notes order by id')" "$(printf '%s\n%s' 'semicolon; and $$ and :name and \n' '-- migrate:up is only text here')"
    equals "$(sql "select to_regclass('one.people') is null and to_regclass('public.notes') is null")" t
    equals "$(sql "select checksum, finished_at is not null, statements_applied, duration is not null, applied_by like 'lunaxcode_owner (%@%)' from one.schema_history")" \
        "$(sha256sum "$folder"/*.sql | cut -c 1-64)|t|2|t|t"
}

@test "--dry-run and an unconfirmed deploy change nothing and show the plan" {
    fails_with 0 "$migrate" deploy --dry-run
    shows 'public:'
    shows '20240101000000_first, 2 statements'
    fails_with 9 "$migrate" deploy </dev/null
    shows "Database $database on local socket as lunaxcode_owner"
    equals "$(sql "select to_regclass('public.people') is null and to_regclass('public.schema_history') is null")" t
}

@test "--public-only and --tenants take only what is meant; an unknown tenant is wrong use" {
    "$migrate" deploy --public-only --yes
    add_tenants one two three
    fails_with 0 "$migrate" deploy --public-only --yes
    equals "$output" 'Up to date: 1 schema, 1 migration.'
    fails_with 2 "$migrate" deploy --tenants one,nobody --yes
    shows 'there is no tenant nobody'
    fails_with 0 "$migrate" deploy --tenants one,three --yes
    equals "$(sql "select to_regclass('one.notes') is not null, to_regclass('two.notes') is null, to_regclass('three.notes') is not null")" 't|t|t'
}

@test "schema names with quotes, spaces, capitals and 63 bytes work" {
    "$migrate" deploy --yes
    long=$(printf 'x%.0s' $(seq 63))
    add_tenants 'Big Café' "O'Hara \"& Sons\\" "$long"
    fails_with 0 "$migrate" deploy --yes
    fails_with 0 "$migrate" status
    shows "O'Hara \"& Sons\\"
    equals "$(sql "select count(*) from pg_class where relname = 'notes'")" 3
    "$migrate" status --json | jq -e '[.schemas[].schema] | contains(["O'"'"'Hara \"& Sons\\"])'
}

@test "a failed migration says file, statement, line, SQLSTATE and schema; it is undone, visible, and mended by the next deploy" {
    two_tenants
    migration 20240102000000_second <<'SQL'
-- Breaks in the second tenant.
-- migrate:up scope:tenant
create table tags (id int primary key);

insert into tags
select id
  from notes
 where id / (id - 1) > 0;
SQL
    sql 'delete from one.notes where id = 1'
    fails_with 5 "$migrate" deploy --yes
    shows 'one: 20240102000000_second applied'
    shows "two: 20240102000000_second FAILED with SQLSTATE 22012 at statement 2, $folder/20240102000000_second.sql line 5"
    shows 'division by zero'
    shows 'stopped at schema two; 1 migration applied before'
    equals "$(sql "select to_regclass('two.tags') is null")" t
    equals "$(sql 'select sqlstate, failed_statement, failed_line, finished_at is null, logs like $$%division by zero%$$ from two.schema_history where name like $$%second$$')" '22012|2|5|t|t'
    fails_with 4 "$migrate" status
    shows 'failed     20240102000000_second: 22012 at statement 2, line 5: division by zero'
    shows '1 failed; 1 of 3 schemas'
    "$migrate" status --json >"$BATS_TEST_TMPDIR/json" || true
    jq -e '.problems == 1 and (.schemas[] | select(.schema == "two") | .migrations[0].state == "failed")' "$BATS_TEST_TMPDIR/json"

    sql 'delete from two.notes where id = 1'
    fails_with 0 "$migrate" deploy --yes
    shows 'two: 20240102000000_second applied'
    fails_with 0 "$migrate" status
    equals "$(sql 'select count(*), count(finished_at), count(rolled_back_at) from two.schema_history where name like $$%second$$')" '2|1|1'
    equals "$(sql 'select count(*) from two.tags')" 1
}

@test "the line of an error inside of a long statement is the line in the file, whatever language psql is to speak" {
    export LC_ALL=C.UTF-8 LANGUAGE=de
    migration 20240102000000_second <<'SQL'
-- migrate:up scope:public
select 1;
create table wrong (
    id int,
    kind no_such_type
);
SQL
    fails_with 5 "$migrate" deploy --yes
    shows '20240102000000_second.sql line 5'
    shows 'SQLSTATE 42704 at statement 2'
}

@test "a verify section that does not hold undoes its migration" {
    migration 20240102000000_second <<'SQL'
-- migrate:up scope:public
create table forgotten (id int);
-- migrate:verify scope:public
select id from forgotten;
do $$ begin assert exists (select from forgotten), 'nobody filled it'; end $$;
SQL
    fails_with 5 "$migrate" deploy --yes
    shows 'FAILED with SQLSTATE P0004 at the verify section, statement 2'
    shows 'nobody filled it'
    equals "$(sql "select to_regclass('public.forgotten') is null")" t
}

@test "a verify section cannot write" {
    migration 20240102000000_second <<'SQL'
-- migrate:up scope:public
create table forgotten (id int);
-- migrate:verify scope:public
insert into forgotten values (1);
SQL
    fails_with 5 "$migrate" deploy --yes
    shows 'SQLSTATE 25006'
    equals "$(sql "select to_regclass('public.forgotten') is null")" t
}

@test "what fails only at COMMIT is a failure too" {
    migration 20240102000000_second <<'SQL'
-- migrate:up scope:public
create table a (id int primary key, other int references a deferrable initially deferred);
insert into a values (1, 2);
SQL
    fails_with 5 "$migrate" deploy --yes
    shows 'SQLSTATE 23503 at the end of its transaction'
    equals "$(sql "select to_regclass('public.a') is null, (select count(*) from public.schema_history where finished_at is null)")" 't|1'
    fails_with 4 "$migrate" status
    shows '20240102000000_second: 23503 at the end of its transaction, line'
    fails_with 0 "$migrate" campaigns 1
    shows '23503 at the end of its transaction, line'
}

@test "status shows edited, phantom, pending, out of order and failed at once; deploy refuses an edited file" {
    two_tenants
    migration 20240105000000_fifth <<<'-- migrate:up scope:tenant
create table five (id int);'
    migration 20240106000000_gone <<<'-- migrate:up scope:tenant
create table six (id int);'
    "$migrate" deploy --yes
    rm "$folder/20240106000000_gone.sql"
    sed -i 's/create table five (id int)/create table five (id bigint)/' "$folder/20240105000000_fifth.sql"
    migration 20240103000000_third <<<'-- migrate:up scope:tenant
create table three (id int);'
    migration 20240107000000_seventh <<<'-- migrate:up scope:tenant
select 1/0;'
    sql "insert into one.schema_history (name, checksum, normalised, applied_by, sqlstate, failed_statement, failed_line, logs)
         values ('20240107000000_seventh', 'x', 'x', 'somebody', '22012', 1, 2, 'division by zero')"
    fails_with 4 "$migrate" status
    shows 'pending    20240103000000_third: pending, older than what is applied (out of order)'
    shows 'edited     20240105000000_fifth: edited after it was applied'
    shows 'phantom    20240106000000_gone: phantom: in the database, not in the folder: applied 20'
    shows 'failed     20240107000000_seventh: 22012 at statement 1, line 2: division by zero'
    shows 'pending    20240107000000_seventh'
    fails_with 4 "$migrate" deploy --yes
    shows '20240105000000_fifth in one'
    shows 'nothing was changed'
    equals "$(sql "select to_regclass('one.three') is null")" t
}

@test "a change of comments and white space is no edit" {
    two_tenants
    sed -i '1i -- A better explanation.' "$folder/20240101000000_first.sql"
    sed -i 's/create table notes (id int/create   table notes ( id int/' "$folder/20240101000000_first.sql"
    fails_with 0 "$migrate" status
    shows "only comments, white space or what is another scope's changed since"
    fails_with 0 "$migrate" deploy --yes
    equals "$output" 'Up to date: 3 schemas, 1 migration.'
}

@test "of a file with a section for each scope the tenants' may be mended after public's was applied, and nothing but that" {
    file() {
        migration 20240101000000_first <<SQL
-- migrate:up scope:public
create table tenants (id int primary key, schema_name text not null);
create table people (id int primary key${1-});

-- migrate:up scope:tenant
create table notes (id int primary key, body text);
insert into notes values (1, ${2:-1 / 0});

-- migrate:down scope:public
${3:-drop table people;}
SQL
    }
    file
    "$migrate" deploy --yes
    add_tenants one two
    fails_with 5 "$migrate" deploy --yes
    shows 'one: 20240101000000_first FAILED with SQLSTATE 22012'
    shows_not 'no transaction in progress'
    shows 'Mend the file and deploy again.'
    # Nobody touches what public has had, not even its way back.
    file ', name text' "'mended'"
    fails_with 4 "$migrate" deploy --yes
    shows 'changed after it was applied'
    file '' "'mended'" 'drop table tenants;'
    fails_with 4 "$migrate" deploy --yes
    # Taken out of the file, or mended in it.
    sed -i '/scope:tenant/,/^$/d; s/drop table tenants;/drop table people;/' "$folder"/*_first.sql
    fails_with 0 "$migrate" deploy --yes
    file '' "'mended'"
    fails_with 4 "$migrate" status
    shows "applied    20240101000000_first: applied; only comments, white space or what is another scope's changed since"
    shows '1 failed, 1 pending; 2 of 3 schemas are not as the folder says'
    fails_with 0 "$migrate" deploy --yes --parallel 2
    equals "$(sql 'select (select body from one.notes), (select body from two.notes)')" 'mended|mended'
    fails_with 0 "$migrate" status
    # Rows of before, whose second hash is that of the whole file, count as they did.
    sql "update public.schema_history set normalised = repeat('0', 64)"
    fails_with 4 "$migrate" deploy --yes
    shows '20240101000000_first in public'
    "$top/build/release/bin/sql-scan" --into "$BATS_TEST_TMPDIR" --folder "$folder"
    sql "update public.schema_history set normalised = '$(cut -f 4 "$BATS_TEST_TMPDIR/normalised")'"
    fails_with 0 "$migrate" status
    sql "update public.schema_history set normalised = '$(cut -f 2 "$BATS_TEST_TMPDIR/normalised")'"
    # What the tenants have had is as fixed now.
    file '' "'other'"
    fails_with 4 "$migrate" deploy --yes
    shows '20240101000000_first in one'
    shows_not '20240101000000_first in public'
}

@test "where other tenants have the file that fails in one, it is not to be mended but what is in its way" {
    two_tenants
    sql "update two.notes set body = 'same'"
    migration 20240102000000_unique <<<$'-- migrate:up scope:tenant\ncreate unique index notes_body on notes (body);'
    fails_with 5 "$migrate" deploy --yes
    shows 'one: 20240102000000_unique applied'
    shows 'Other schemas have 20240102000000_unique, so that file has to stay as it is: put right what is in its way here, and deploy again.'
    shows_not 'Mend the file'
    # Also in a later deploy, where the others are not part of it.
    fails_with 5 "$migrate" deploy --yes --tenants two
    shows 'Other schemas have 20240102000000_unique'
    sql 'delete from two.notes where id = 2'
    fails_with 0 "$migrate" deploy --yes
}

@test "out of order is applied, and said before" {
    two_tenants
    migration 20230101000000_earlier <<<'-- migrate:up scope:tenant
create table early (id int);'
    fails_with 0 "$migrate" deploy --dry-run
    shows 'one, two:'
    shows '20230101000000_earlier, 1 statement, older than what is applied'
    fails_with 0 "$migrate" deploy --yes
    fails_with 0 "$migrate" status
}

@test "transaction control, psql commands, COPY, SET ROLE and the like are refused before anything runs" {
    while IFS='|' read -r name text words; do
        rm -f "$folder"/2024010[2-9]*
        printf -- '-- migrate:up scope:public\ncreate table before_it (id int);\n%b\n' "$text" >"$folder/20240102000000_$name.sql"
        fails_with 6 "$migrate" deploy --yes
        shows "20240102000000_$name.sql line "
        shows ": $words"
        shows 'nothing was changed'
    done <<'CASES'
commit|commit;|transaction control
begin|begin;|transaction control
savepoint|savepoint s;|transaction control
prepared|prepare transaction 'x';|transaction control
command|\\\\i /etc/passwd|a command of psql
shell|\\\\! id|a command of psql
restrict|\\\\unrestrict key|a command of psql
shell_inside|select 1 \\\\! id|a command of psql
copy|copy before_it from stdin;\n1\n\\\\.|rows of COPY
copy_alone|copy before_it from stdin;|COPY from or to the client
role|set local role postgres;|SET role
path|set search_path = elsewhere;|SET search_path
discard|discard all;|DISCARD
broken|create tabel x;|does not parse
CASES
    equals "$(sql "select to_regclass('public.before_it') is null and to_regclass('public.schema_history') is null")" t
}

@test "a section line that is not written right is refused: its SQL is never passed over, and a way down never run with the way up" {
    while IFS='|' read -r name text words; do
        rm -f "$folder"/2024010[2-9]*
        printf -- '%b' "$text" >"$folder/20240102000000_$name.sql"
        fails_with 3 "$migrate" status
        fails_with 6 "$migrate" deploy --yes
        shows "20240102000000_$name.sql line $words"
    done <<'CASES'
misspelt|-- migrate:upp\ncreate table a (id int);\n|1: unknown section migrate:upp
no_space|--migrate:up\ncreate table a (id int);\n--migrate:down\ndrop table a;\n|3: a section begins with
capitals|-- Migrate:Up\ncreate table a (id int);\n|1: a section begins with
indented|-- migrate:up\ncreate table a (id int);\n  -- migrate:down\ndrop table a;\n|3: a section begins with
down_alone|-- migrate:down\ndrop table a;\n|1: no up section
CASES
    rm "$folder"/20240102*
    # As editors on Windows write it.
    printf -- '\357\273\277-- migrate:up\r\ncreate table a (id int);\r\n-- migrate:down\r\ndrop table a;\r\n' >"$folder/20240102000000_marked.sql"
    printf -- '-- migrate:up\r\ncreate table b (id int);\r\n-- migrate:down\r\ndrop table b;\r\n' >"$folder/20240103000000_ends.sql"
    fails_with 0 "$migrate" deploy --yes
    equals "$(sql "select to_regclass('public.a') is not null and to_regclass('public.b') is not null")" t
    fails_with 0 "$migrate" revert --steps 2 --yes
    equals "$(sql "select to_regclass('public.a') is null and to_regclass('public.b') is null")" t
}

@test "a file whose name has no stamp is no migration, and that is said" {
    echo 'create table a (id int);' >"$folder/add_a.sql"
    fails_with 3 "$migrate" status
    shows 'not read, since a migration'"'"'s name begins with its stamp (YYYYMMDDHHMMSS_name.sql): add_a.sql'
    fails_with 0 "$migrate" deploy --yes
    equals "$(grep -c 'not read' <<<"$output")" 1
}

@test "a file that was renamed after it was applied does not run again under its new name" {
    migration 20240102000000_more <<<'create table counted (id serial, n int); insert into counted (n) values (1);'
    migration 20240103000000_nothing <<<'-- nothing yet'
    fails_with 3 "$migrate" status
    shows 'public has no history yet. Where that was made by other means'
    "$migrate" deploy --yes
    fails_with 0 "$migrate" status
    shows_not 'no history'
    mv "$folder/20240102000000_more.sql" "$folder/20240105000000_more.sql"
    mv "$folder/20240103000000_nothing.sql" "$folder/20240104000000_nothing.sql" # without a statement there is nothing to do twice
    echo '-- as it was' >>"$folder/20240105000000_more.sql"
    fails_with 4 "$migrate" deploy --yes
    shows '  20240105000000_more in public: as 20240102000000_more'
    shows_not 'nothing in public'
    equals "$(sql 'select count(*) from counted')" 1
    fails_with 0 "$migrate" resolve --applied 20240105000000_more
    fails_with 0 "$migrate" deploy --yes
    equals "$(sql 'select count(*) from counted')" 1
}

@test "tenants that share a schema have it brought up to date once; public and the server's own schemas are no tenant's" {
    two_tenants
    sql "alter table tenants alter schema_name drop not null"
    sql "insert into tenants values (8, 'one'), (9, null)"
    migration 20240102000000_more <<<$'-- migrate:up scope:tenant\ncreate table more (id int);'
    fails_with 0 "$migrate" deploy --yes
    shows 'Done: 2 migrations applied to 2 schemas.'
    fails_with 0 "$migrate" status
    shows 'all 3 schemas'
    for schema in public pg_catalog; do
        sql "update tenants set schema_name = '$schema' where id = 9"
        fails_with 4 "$migrate" deploy --yes
        shows "among the tenants' schemas is $schema, which is no tenant's: leave it out by --tenants-query"
    done
    fails_with 0 "$migrate" deploy --yes --tenants-query "select schema_name from tenants where schema_name not like 'pg%' order by id"
    fails_with 4 "$migrate" status --tenants-query 'select nothing'
    shows 'The tenants were asked for by: select nothing'
}

@test "where sessions begin read-only, and where the role may not make tables, it says what to do" {
    sql "alter database $database set default_transaction_read_only = on"
    fails_with 3 "$migrate" status
    fails_with 5 "$migrate" deploy --yes
    shows "PGOPTIONS='-c default_transaction_read_only=off'"
    PGOPTIONS='-c default_transaction_read_only=off' fails_with 0 "$migrate" deploy --yes
    sql "begin read write; alter database $database reset default_transaction_read_only; end"
    as_superuser postgres -c 'create role nobody_much login' -c "create database poor_$BATS_TEST_NUMBER"
    fails_with 5 "$migrate" deploy --yes --database "postgresql://nobody_much@/poor_$BATS_TEST_NUMBER"
    shows 'The role that migrates owns the database'
}

@test "a tenant's section cannot touch what is public's, nor public's section what is the tenants'" {
    two_tenants
    while IFS='|' read -r scope text words; do
        printf -- '-- migrate:up scope:%s\n%s\n' "$scope" "$text" >"$folder/20240102000000_wrong.sql"
        fails_with 6 "$migrate" deploy --yes
        shows "20240102000000_wrong.sql line 2: $words"
    done <<'CASES'
tenant|alter table people add column x int;|a tenant's section changes people, which is public's only
tenant|create table users (id int);|a tenant's section changes users, which is public's only
tenant|alter table public.people add column x int;|a tenant's section changes public.people
tenant|insert into public.people values (1);|a tenant's section changes public.people
tenant|with w as (delete from public.people returning id) insert into notes select id from w;|a tenant's section changes public.people
tenant|create table two.more (id int);|a tenant's section changes two.more
tenant|create function public.f() returns int language sql return 1;|a tenant's section changes public.f
tenant|grant select on public.people to public;|a tenant's section changes public.people
tenant|comment on column public.people.id is 'x';|a tenant's section changes public.people
tenant|drop table public.people;|a tenant's section changes public.people
public|alter table one.notes add column x int;|a public section changes one.notes
public|update notes set id = 3;|a public section changes notes, which is the tenants'
CASES
    # Reading public by its full name, temporary tables and names both have are fine.
    migration 20240102000000_wrong <<'SQL'
-- migrate:up scope:tenant
create temp table people on commit drop as select id from public.people;
insert into notes select id from pg_temp.people;
SQL
    fails_with 0 "$migrate" deploy --yes
}

@test "an unqualified name in a tenant's section never reaches public" {
    two_tenants
    # The scanner cannot see into a DO block: the search path must hold.
    migration 20240102000000_hidden <<'SQL'
-- migrate:up scope:tenant
do $$ begin execute 'alter table people add column x int'; end $$;
SQL
    fails_with 5 "$migrate" deploy --yes
    shows 'SQLSTATE 42P01'
    equals "$(sql "select count(*) from information_schema.columns where table_name = 'people'")" 1
}

@test "settings that a file makes do not leak into the next section" {
    migration 20240102000000_second <<'SQL'
-- migrate:up scope:public
set lock_timeout = 1;
set statement_timeout = '1ms';
SQL
    migration 20240103000000_third <<'SQL'
-- migrate:up scope:public
create table seen as select current_setting('lock_timeout') as l, current_setting('statement_timeout') as s, pg_sleep(0.01)::text as p;
SQL
    MIGRATE_LOCK_TIMEOUT=7s "$migrate" deploy --yes
    equals "$(sql 'select l, s from seen')" '7s|30min'
}

@test "a schema waits for the disk once: what was said to be applied survives a crash of the server" {
    two_tenants
    for n in 2 3 4; do
        migration "2024010${n}000000_part$n" <<<"-- migrate:up scope:tenant
create table part$n as select current_setting('synchronous_commit') as wait;"
    done
    "$migrate" deploy --yes
    equals "$(sql 'select part2.wait, part3.wait, part4.wait from two.part2, two.part3, two.part4')" 'off|off|on'
    as_postgres "$bin/pg_ctl" -D "$cluster/data" -w -m immediate restart >/dev/null 3>&- 4>&-
    fails_with 0 "$migrate" status
    fails_with 0 "$migrate" verify
}

@test "what cannot run in a transaction runs as steps, and goes on where it broke" {
    two_tenants
    migration 20240102000000_index <<'SQL'
-- migrate:up scope:tenant
create table counted (id int);
insert into counted values (1);
create index concurrently notes_body on notes (body);
insert into counted select 2 where 1 / (select count(*) from notes where id = 7) = 1;
SQL
    fails_with 5 "$migrate" deploy --tenants one --yes
    shows 'SQLSTATE 22012 at statement 4'
    equals "$(sql 'select statements_applied, sqlstate, failed_line from one.schema_history where name like $$%index$$')" '3|22012|5'
    fails_with 4 "$migrate" status
    sql "insert into one.notes values (7, 'x')"
    fails_with 0 "$migrate" deploy --tenants one --yes
    # The first steps did not run again, and one row of the history tells the whole run.
    equals "$(sql 'select array_agg(id order by id) from one.counted')" '{1,2}'
    equals "$(sql 'select count(*), bool_and(finished_at is not null), max(statements_applied) from one.schema_history where name like $$%index$$')" '1|t|4'
}

@test "an INVALID index that a broken run left is built anew" {
    two_tenants
    sql 'create table one.twice as select 1 as id union all select 1'
    migration 20240102000000_index <<'SQL'
-- migrate:up scope:tenant transaction:false
create unique index concurrently twice_id on twice (id);
SQL
    fails_with 5 "$migrate" deploy --tenants one --yes
    shows 'SQLSTATE 23505'
    equals "$(sql "select indisvalid from pg_index where indexrelid = 'one.twice_id'::regclass")" f
    sql 'delete from one.twice where ctid = (select max(ctid) from one.twice)'
    fails_with 0 "$migrate" deploy --tenants one --yes
    equals "$(sql "select indisvalid from pg_index where indexrelid = 'one.twice_id'::regclass")" t
}

@test "a run of steps cannot go on in a file whose done steps were changed" {
    two_tenants
    migration 20240102000000_steps <<'SQL'
-- migrate:up scope:tenant transaction:false
create table counted (id int);
select 1/0;
SQL
    fails_with 5 "$migrate" deploy --tenants one --yes
    sed -i 's/counted/recounted/; s,1/0,1,' "$folder/20240102000000_steps.sql"
    fails_with 5 "$migrate" deploy --tenants one --yes
    shows 'one: 20240102000000_steps cannot go on: its first 1 statement ran from another version of the file'
    sed -i 's/recounted/counted/' "$folder/20240102000000_steps.sql"
    fails_with 0 "$migrate" deploy --tenants one --yes
}

@test "a new enum value may be used in the same file" {
    migration 20240102000000_enum <<'SQL'
-- migrate:up scope:public
create type mood as enum ('calm');
SQL
    migration 20240103000000_enum_value <<'SQL'
-- migrate:up scope:public
alter type mood add value 'glad';
create table moods as select 'glad'::mood as mood;
SQL
    fails_with 0 "$migrate" deploy --yes
    equals "$(sql 'select mood from moods')" glad
}

@test "two deployers at once: each migration is applied once" {
    two_tenants
    for n in 2 3 4 5; do
        migration "2024010${n}000000_slow$n" <<<"-- migrate:up scope:tenant
create table slow$n (id int);
$at_the_gate"
    done
    close_gate
    "$migrate" deploy --yes >"$BATS_TEST_TMPDIR/a" 2>&1 3>&- &
    first=$!
    "$migrate" deploy --yes >"$BATS_TEST_TMPDIR/b" 2>&1 3>&- &
    second=$!
    await_gate 1
    cat "$BATS_TEST_TMPDIR/a" "$BATS_TEST_TMPDIR/b"
    for _ in $(seq 1200); do
        ! grep -q 'waiting for another run' "$BATS_TEST_TMPDIR/a" "$BATS_TEST_TMPDIR/b" || break
        sleep 0.05
    done
    open_gate
    wait "$first"
    wait "$second"
    cat "$BATS_TEST_TMPDIR/a" "$BATS_TEST_TMPDIR/b"
    equals "$(sql 'select count(*), count(distinct name), count(finished_at) from two.schema_history')" '5|5|5'
    grep -q 'waiting for another run' "$BATS_TEST_TMPDIR/a" "$BATS_TEST_TMPDIR/b"
}

@test "a lock that is not given back is reported, with its own exit code" {
    two_tenants
    migration 20240102000000_second <<<'-- migrate:up scope:tenant
select 1;'
    hold -d "$MIGRATE_DATABASE_URL" <<<"select pg_advisory_lock(1835625338, hashtext('one'));"
    MIGRATE_LOCK_WAIT=1 fails_with 8 "$migrate" deploy --yes
    shows 'another run has held the lock of schema one for 1 s'
    release
}

@test "a statement does not wait for a table for ever" {
    two_tenants
    migration 20240102000000_second <<<'-- migrate:up scope:tenant
alter table notes add column x int;'
    hold -d "$MIGRATE_DATABASE_URL" <<<'begin; lock table one.notes;'
    MIGRATE_LOCK_TIMEOUT=200ms MIGRATE_BLOCKED_MAX=2 fails_with 5 "$migrate" deploy --yes
    shows 'one: 20240102000000_second waits at line 2 for a table that is in use by pid'
    shows 'SQLSTATE 55P03'
    shows 'In the way was pid'
    release
}

@test "a deploy loads every function that it calls, and not the parts of other commands" {
    lib=$top/scripts/lib
    loaded="connection session deploy $(sed -n "s/^deploy_parts='\(.*\)'/\1/p" "$top/scripts/migrate")"
    # shellcheck disable=SC2046,SC2086 # words
    equals "$(printf '%s\n' settings $loaded $(sed -n 's/.*|| load $deploy_parts //p' "$top/scripts/migrate") | sort)" "$(cd "$lib" && printf '%s\n' *.sh | grep -v rows-kept | sed 's/\.sh$//' | sort)"
    ours=() others=()
    for part in "$lib"/*.sh; do
        name=$(basename "$part" .sh)
        case " settings $loaded " in *" $name "*) ours+=("$part") ;; *) others+=("$part") ;; esac
    done
    names=$(sed -n 's/^\([a-z_]*\)() .*/\1/p' "${others[@]}" | paste -s -d '|')
    run grep -nE "(^|[;&|({!]|do|then|else|if|while|until)[[:space:]]*($names)([[:space:];)]|\$)" "${ours[@]}"
    equals "$output" ''
}

@test "under a shell that keeps no here-document in a pipe a deploy and a verify work as ever, and leave nothing" {
    two_tenants
    migration 20240102000000_second <<<$'-- migrate:up scope:tenant\ncreate table second (id int);'
    TMPDIR=$BATS_TEST_TMPDIR fails_with 0 bash "$migrate" deploy --yes --parallel 2
    shows 'one: 20240102000000_second applied'
    shows 'two: 20240102000000_second applied'
    TMPDIR=$BATS_TEST_TMPDIR fails_with 0 bash "$migrate" verify
    equals "$(find "$BATS_TEST_TMPDIR" -maxdepth 1 -name 'migrate.*')" ''
}

@test "with the awk of BSD and macOS, the strictest one, all goes as with others" {
    mkdir "$BATS_TEST_TMPDIR/bin"
    ln -s "$(command -v original-awk)" "$BATS_TEST_TMPDIR/bin/awk"
    PATH=$BATS_TEST_TMPDIR/bin:$PATH
    for program in "$top"/scripts/lib/*.awk; do
        run awk -f "$program" </dev/null
        shows_not 'syntax error'
    done
    two_tenants
    migration 20240102000000_second <<<$'-- migrate:up scope:tenant\ncreate table second (id int);\nselect 1 / count(*) from notes;\n-- migrate:down scope:tenant\ndrop table second;'
    sql 'delete from two.notes'
    fails_with 5 "$migrate" deploy --yes
    shows "two: 20240102000000_second FAILED with SQLSTATE 22012 at statement 2, $folder/20240102000000_second.sql line 3"
    fails_with 4 "$migrate" status
    shows 'failed     20240102000000_second: 22012'
    sql "insert into two.notes values (1, 'a'), (2, 'b')"
    fails_with 0 "$migrate" deploy --yes --parallel 2
    fails_with 0 "$migrate" verify
    fails_with 0 "$migrate" report
    shows 'All 3 schemas are up to date'
    fails_with 0 "$migrate" revert --yes
    fails_with 0 "$migrate" deploy --rehearse --yes
    fails_with 0 "$migrate" campaigns
    fails_with 0 "$migrate" backup --file "$BATS_TEST_TMPDIR/kept.dump"
}

@test "a statement that takes longer than a batch is tried for is done by itself, once, and only that is told" {
    two_tenants
    migration 20240102000000_slow <<'SQL'
-- migrate:up scope:tenant
create table half (id int);
do $$ begin perform pg_sleep(0.3); end $$;
insert into half values (1);
SQL
    fails_with 0 "$migrate" deploy --yes
    shows 'one: 20240102000000_slow applied'
    shows 'two: 20240102000000_slow applied'
    shows_not cancel
    equals "$(sql 'select (select count(*) from one.half), (select count(*) from two.half)')" '1|1'
}

@test "a deploy that is killed leaves no psql, no folder, no half migration" {
    two_tenants
    migration 20240102000000_slow <<'SQL'
-- migrate:up scope:tenant
create table half (id int);
do $$ begin perform pg_sleep(60); end $$;
SQL
    TMPDIR=$BATS_TEST_TMPDIR "$migrate" deploy --yes >/dev/null 2>&1 3>&- &
    run=$!
    await 1 "select count(*) from pg_stat_activity where query like '%pg_sleep(60)%' and application_name = 'migrate'"
    kill "$run"
    wait "$run" || true
    equals "$(find "$BATS_TEST_TMPDIR" -maxdepth 1 -name 'migrate.*')" ''
    equals "$(sql "select to_regclass('one.half') is null")" t
    sql "select pg_terminate_backend(pid) from pg_stat_activity where application_name = 'migrate'" >/dev/null
    sed -i 's/pg_sleep(60)/pg_sleep(0)/' "$folder/20240102000000_slow.sql"
    fails_with 0 "$migrate" deploy --yes
}

@test "a lost connection has its own exit code, and the next deploy goes on" {
    two_tenants
    migration 20240102000000_second <<'SQL'
-- migrate:up scope:tenant
create table half (id int);
select pg_terminate_backend(pg_backend_pid()) where current_setting('migrate.die', true) = 'yes';
SQL
    PGOPTIONS='-c migrate.die=yes' fails_with 7 "$migrate" deploy --yes
    shows 'the connection was lost'
    equals "$(sql "select to_regclass('one.half') is null")" t
    fails_with 0 "$migrate" deploy --yes
    MIGRATE_DATABASE_URL=postgresql://lunaxcode_owner@/no_such_database fails_with 7 "$migrate" status
    shows 'database "no_such_database" does not exist'
}

@test "a tenant without its schema is a problem that is named" {
    two_tenants
    sql "insert into tenants values (9, 'lost')"
    fails_with 4 "$migrate" status
    shows 'lost: there is no such schema'
    fails_with 4 "$migrate" deploy --yes
    shows 'no schema for: lost'
}

@test "another role than the owner is refused: tables would be its own" {
    two_tenants
    migration 20240102000000_second <<<'-- migrate:up scope:tenant
create table more (id int);'
    MIGRATE_DATABASE_URL=postgresql://postgres@/$database fails_with 4 "$migrate" deploy --yes
    shows 'belongs to lunaxcode_owner'
    MIGRATE_DATABASE_URL=postgresql://postgres@/$database PGOPTIONS='-c role=lunaxcode_owner' fails_with 0 "$migrate" deploy --yes
    equals "$(sql "select tableowner from pg_tables where tablename = 'more' and schemaname = 'two'")" lunaxcode_owner
}

@test "a folder of Prisma's, and a plain file, are read as they are" {
    rm "$folder"/*.sql
    mkdir "$folder/20240101000000_init"
    echo 'CREATE TABLE "customers" ("id" TEXT NOT NULL, "slug" TEXT NOT NULL);' >"$folder/20240101000000_init/migration.sql"
    printf '\xef\xbb\xbf-- with a byte order mark\r\ncreate table plain (id int);\r\n' >"$folder/20240102000000_plain.sql"
    fails_with 0 "$migrate" deploy --yes
    shows '2 migrations applied (20240101000000_init … 20240102000000_plain)'
    equals "$(sql "select to_regclass('customers') is not null and to_regclass('plain') is not null")" t
}

@test "a hundred tenants: one look finds what is pending, a deploy passes the point where it reconnects" {
    "$migrate" deploy --yes
    sql "insert into tenants select n, 'tenant' || n from generate_series(1, 120) n"
    sql "do \$\$ begin for n in 1..120 loop execute format('create schema tenant%s', n); end loop; end \$\$"
    fails_with 0 "$migrate" deploy --yes
    shows 'Done: 120 migrations applied to 120 schemas.'
    sql 'drop table tenant77.schema_history'
    fails_with 3 "$migrate" status
    shows 'tenant1, tenant2, tenant3, tenant4, tenant5 and 114 more: 1 applied, last 20240101000000_first; up to date'
    shows 'tenant77: 0 applied'
    shows '1 pending; 1 of 121 schemas'
}

# xmins SCHEMA: how many transactions wrote the rows of its history
xmins() { sql "select count(*), count(distinct xmin::text) from \"$1\".schema_history"; }

@test "a tenant's empty schema gets all its files in one transaction, a row and times for each; where anything is, file by file" {
    migration 20240102000000_second <<'SQL'
-- migrate:up scope:tenant
alter table notes add column at timestamptz not null default clock_timestamp();
-- a last comment, and no semicolon at the end
select pg_sleep(0.02)
SQL
    migration 20240103000000_third <<<'-- migrate:up scope:tenant'
    "$migrate" deploy --yes --public-only
    add_tenants empty ruled used
    sql 'alter default privileges in schema ruled grant select on tables to public; create table used.odds (id int)'
    fails_with 0 "$migrate" deploy --yes
    shows 'empty: 3 migrations applied (20240101000000_first … 20240103000000_third), '
    equals "$(xmins empty) $(xmins ruled) $(xmins used)" '3|1 3|1 3|3'
    for schema in empty used; do
        equals "$(sql "select name, statements_applied, duration = finished_at - started_at, started_at >= coalesce(lag(finished_at) over (order by id), started_at),
            duration >= '20 ms' or name not like '%second', applied_by like 'lunaxcode_owner (%@%)' from $schema.schema_history order by id")" \
            "$(printf '%s\n' '20240101000000_first|2|t|t|t|t' '20240102000000_second|2|t|t|t|t' '20240103000000_third|0|t|t|t|t')"
    done
    equals "$(sql "select string_agg(concat_ws(' ', schema, state, applied, finished_at >= started_at), ', ' order by place) from schema_campaign_results where campaign = 2")" \
        'empty done 3 t, ruled done 3 t, used done 3 t'
    fails_with 0 "$migrate" verify
    fails_with 0 "$migrate" status
}

@test "where a file of an empty schema fails, those before it stay, and it is told as it always is" {
    migration 20240102000000_second <<<'-- migrate:up scope:tenant
alter table notes add column more int;'
    "$migrate" deploy --yes --public-only
    sql 'create function public.make_stray() returns void language sql as $$ insert into public.people values (1) $$'
    add_tenants one
    while IFS='|' read -r name text code at; do
        printf -- '-- migrate:up scope:tenant\ncreate table made (id int);\n%b\n' "$text" >"$folder/20240103000000_$name.sql"
        printf -- '-- migrate:up scope:tenant\ncreate table never (id int);\n' >"$folder/20240104000000_after.sql"
        sql 'drop schema one cascade; create schema one'
        fails_with 5 "$migrate" deploy --yes
        shows "one: 20240103000000_$name FAILED with SQLSTATE $code at $at"
        shows 'one: 2 migrations applied (20240101000000_first … 20240102000000_second)'
        shows_not 'transaction is aborted'
        equals "$(sql "select right(name, -15), coalesce(sqlstate, 'fine') from one.schema_history order by id" | paste -s -d ,)" "first|fine,second|fine,$name|$code"
        equals "$(sql "select to_regclass('one.made') is null and to_regclass('one.never') is null, (select count(*) from one.notes), (select count(*) from public.people)")" 't|2|0'
        equals "$(sql "select state, applied, sqlstate, migration from schema_campaign_results where schema = 'one' order by campaign desc limit 1")" "failed|2|$code|20240103000000_$name"
        rm "$folder"/*"_$name.sql"
    done <<'CASES'
error|insert into made values (1 / 0);|22012|statement 2, 
verified|-- migrate:verify scope:tenant\nselect 1 / 0;|22012|the verify section, statement 1
stray|select public.make_stray();|MG001|the end of its transaction
CASES
}

@test "what waits for the end of a transaction means the end of its file, in an empty schema too" {
    migration 20240102000000_second <<'SQL'
-- migrate:up scope:tenant
create table pairs (id int primary key, other int references pairs deferrable initially deferred);
insert into pairs values (1, 2), (2, 1);
SQL
    migration 20240103000000_third <<'SQL'
-- migrate:up scope:tenant
insert into pairs values (3, 4), (4, 3);
alter table pairs add column more int;
SQL
    "$migrate" deploy --yes --public-only
    add_tenants one
    fails_with 5 "$migrate" deploy --yes
    # As in a schema that has long been there: the trigger events of its own file are in its way, not those of the one before.
    shows 'one: 20240103000000_third FAILED with SQLSTATE 55006 at statement 2'
    equals "$(sql 'select count(*) from one.pairs')" 2
}

@test "of quick schemas one commit in ten waits for the disk: none is said to be done that a crash of the server could take back" {
    "$migrate" deploy --yes --public-only
    sql "do \$\$ begin for n in 1..14 loop execute format('create schema t%s', n); insert into tenants values (n, 't' || n); end loop; end \$\$"
    "$migrate" deploy --yes >/dev/null
    as_superuser postgres -c "alter system set wal_writer_delay = '10s'" -c 'select pg_reload_conf()' >/dev/null
    migration 20240102000000_second <<<"-- migrate:up scope:tenant
create table waits as select current_setting('synchronous_commit') as wait;
do \$\$ begin if current_schema = 't13' and to_regclass('public.go') is null then perform pg_sleep(20); end if; end \$\$;"
    "$migrate" deploy --yes >"$BATS_TEST_TMPDIR/log" 2>&1 3>&- &
    run=$!
    await 1 "select count(*) from pg_stat_activity where wait_event = 'PgSleep' and datname = current_database()"
    # Those up to the last one that waited are said, and no other.
    sql "select '' where false $(for n in 1 2 3 4 5 6 7 8 9 10 11 12; do printf " union all select '%s ' || wait from t%s.waits" "$n" "$n"; done)" >"$BATS_TEST_TMPDIR/waits"
    grep -q off "$BATS_TEST_TMPDIR/waits"
    last=$(sort -n "$BATS_TEST_TMPDIR/waits" | sed -n 's/ on$//p' | tail -n 1)
    [ "$last" -ge 1 ]
    as_postgres "$bin/pg_ctl" -D "$cluster/data" -w -m immediate restart >/dev/null 3>&- 4>&-
    wait "$run" && return 1
    as_superuser postgres -c 'alter system reset wal_writer_delay' -c 'select pg_reload_conf()' >/dev/null
    sed -n 's/^\(t[0-9]*\): .*applied.*/\1/p' "$BATS_TEST_TMPDIR/log" >"$BATS_TEST_TMPDIR/said"
    equals "$(cat "$BATS_TEST_TMPDIR/said")" "$(seq "$last" | sed 's/^/t/')"
    equals "$(sql "select count(*) from schema_campaign_results where campaign = 3 and place <= $last and state = 'done' and to_regclass(schema || '.waits') is not null")" "$last"
    sql 'create table go (id int)'
    fails_with 0 "$migrate" deploy --yes
    shows 'goes on: '
    fails_with 0 "$migrate" status
}

@test "a failure among quick schemas comes after the lines of those before it, and waits for them to be on the disk" {
    "$migrate" deploy --yes --public-only
    sql "do \$\$ begin for n in 1..6 loop execute format('create schema t%s', n); insert into tenants values (n, 't' || n); end loop; end \$\$"
    "$migrate" deploy --yes >/dev/null
    migration 20240102000000_second <<<"-- migrate:up scope:tenant
do \$\$ begin if current_schema = 't2' then raise warning 'odd'; elsif current_schema = 't5' then perform 1 / 0; end if; end \$\$;"
    fails_with 5 "$migrate" deploy --yes
    equals "$(printf '%s\n' "$output" | sed -e 's/, [0-9]* ms$//' -e 's/ statement.*//' -e '/^  /{/odd/!d}')" "Campaign 3: 6 schemas.
t1: 20240102000000_second applied
t2: 20240102000000_second applied
  warning: odd
t3: 20240102000000_second applied
t4: 20240102000000_second applied
t5: 20240102000000_second FAILED with SQLSTATE 22012 at
migrate: stopped at schema t5; 4 migrations applied before"
    fails_with 11 "$migrate" deploy --yes --max-failures 1
    shows 't6: 20240102000000_second applied'
    equals "$(sql "select string_agg(state || applied, ' ' order by place) from schema_campaign_results where campaign = 3")" 'done1 done1 done1 done1 failed0 done1'
}

# quick_schemas N: t1 to tN, up to date
quick_schemas() {
    "$migrate" deploy --yes --public-only
    sql "do \$\$ begin for n in 1..$1 loop execute format('create schema t%s', n); insert into tenants values (n, 't' || n); end loop; end \$\$"
    "$migrate" deploy --yes >/dev/null
}

@test "among quick schemas one that touches what is not its own is undone and told as ever, and none after it is begun" {
    quick_schemas 6
    sql 'create function public.make_stray() returns void language sql as $$ insert into public.people values (1) $$;
        create function public.make_table() returns void language sql as $$ create table public.made (id int) $$;
        create function public.drop_table() returns void language plpgsql as $$ begin drop table public.victim; end $$;
        create function public.make_role() returns void language plpgsql as $$ begin create or replace function public.used() returns int language sql as $f$ select 2 $f$; end $$;
        create function public.used() returns int language sql as $$ select 1 $$;
        create table public.victim (id int)'
    while IFS='|' read -r name what; do
        migration "20240102000000_$name" <<<"-- migrate:up scope:tenant
create table waits_$name as select current_setting('synchronous_commit') as wait;
do \$\$ begin if current_schema = 't4' then perform public.$name(); end if; end \$\$;"
        fails_with 5 "$migrate" deploy --yes
        shows "t3: 20240102000000_$name applied"
        shows "t4: 20240102000000_$name FAILED with SQLSTATE MG001 at the end of its transaction"
        shows "a tenant's section touched $what"
        # By then they were done several at once.
        equals "$(sql "select wait from t2.waits_$name")" off
        equals "$(sql "select to_regclass('t4.waits_$name') is null and to_regclass('t5.waits_$name') is null, (select count(*) from public.people), to_regclass('public.made') is null, to_regclass('public.victim') is not null, public.used()")" 't|0|t|t|1'
        await 0 "select count(*) from pg_locks where locktype = 'advisory'"
        rm "$folder"/*"_$name.sql"
        sql "do \$\$ begin for n in 1..6 loop execute format('drop table if exists t%s.waits_$name; delete from t%s.schema_history where name like ''%%$name''', n, n); end loop; end \$\$"
    done <<'CASES'
make_stray|public.people (RowExclusiveLock)
make_table|public.made (AccessExclusiveLock), table public.made
drop_table|something of public's, which is gone
make_role|function public.used()
CASES
}

@test "among quick schemas one that is locked is waited for, one that somebody else has brought up to date is left alone, one that is gone is left out" {
    quick_schemas 7
    migration 20240102000000_second <<<"-- migrate:up scope:tenant
create table if_new (id int);
do \$\$ begin if current_schema = 't1' and (select count(*) from pg_locks where locktype = 'advisory' and objid = 4711) > 0 then
    for n in 1..3000 loop exit when not exists (select from pg_locks where locktype = 'advisory' and objid = 4711); perform pg_sleep(0.02); end loop; end if; end \$\$;"
    # While the first is being done, the others are changed: nothing of it was known when the plan was made.
    close_gate
    "$migrate" deploy --yes >"$BATS_TEST_TMPDIR/log" 2>&1 3>&- &
    run=$!
    await 1 "select count(*) from pg_stat_activity where wait_event = 'PgSleep' and datname = current_database()"
    sql "drop schema t5 cascade; create table t3.if_new (id int);
        insert into t3.schema_history (name, checksum, normalised, started_at, finished_at, applied_by) select '20240102000000_second', 'x', 'x', now(), now(), 'another'"
    mkfifo "$BATS_TEST_TMPDIR/other"
    "$bin/psql" -X -q -d "$MIGRATE_DATABASE_URL" <"$BATS_TEST_TMPDIR/other" >/dev/null 3>&- &
    other=$!
    exec 7>"$BATS_TEST_TMPDIR/other"
    echo "select pg_advisory_lock(1835625338, hashtext('t6'));" >&7
    await 1 "select count(*) from pg_locks where locktype = 'advisory' and classid = 1835625338 and objid::bigint = hashtext('t6')::bigint & 4294967295"
    open_gate
    await_line 'waiting for another run that holds the lock of schema t6' "$BATS_TEST_TMPDIR/log"
    exec 7>&-
    wait "$other"
    wait "$run"
    equals "$(sed -e 's/, [0-9]* ms$//' "$BATS_TEST_TMPDIR/log")" "Campaign 3: 7 schemas.
t1: 20240102000000_second applied
t2: 20240102000000_second applied
t3: already up to date
t4: 20240102000000_second applied
t5: was dropped while the deploy ran; it is left out
migrate: waiting for another run that holds the lock of schema t6
t6: 20240102000000_second applied
t7: 20240102000000_second applied
Done: 5 migrations applied to 5 schemas; 1 dropped meanwhile."
    equals "$(sql "select string_agg(state || applied, ' ' order by place) from schema_campaign_results where campaign = 3")" 'done1 done1 done0 done1 dropped0 done1 done1'
    await 0 "select count(*) from pg_locks where locktype = 'advisory'"
}

@test "each schema's own times and failures are told" {
    quick_schemas 5
    "$migrate" deploy --yes >/dev/null
    sql "insert into t2.schema_history (name, checksum, normalised, started_at, finished_at, applied_by) values ('20230101000000_gone', 'x', 'x', '2023-01-01', '2023-01-01 10:00+00', 'me');
        insert into t3.schema_history (name, checksum, normalised, started_at, finished_at, applied_by) values ('20230101000000_gone', 'x', 'x', '2023-02-02', '2023-02-02 10:00+00', 'me');
        update t4.schema_history set checksum = 'y', normalised = 'y';
        insert into t5.schema_history (name, checksum, normalised, applied_by, sqlstate, failed_statement, failed_line, logs) values ('20240102000000_second', 'x', 'x', 'me', '22012', 1, 2, 'by zero')"
    migration 20240102000000_second <<<'-- migrate:up scope:tenant
select 1;'
    fails_with 4 "$migrate" status
    shows 't2: 2 applied, last 20240101000000_first
  phantom    20230101000000_gone: phantom: in the database, not in the folder: applied 2023-01-01'
    shows 'applied 2023-02-02'
    shows '1 failed, 1 edited, 2 phantom, 4 pending; 5 of 6 schemas'
    shows 'failed     20240102000000_second: 22012 at statement 1, line 2: by zero'
}

@test "what a history holds of tabs, lines and backslashes stays on its line, and of a file's runs the one that is applied counts, else the last" {
    quick_schemas 4
    "$migrate" deploy --yes >/dev/null
    local row='insert into t%s.schema_history (name, checksum, normalised, applied_by, started_at, finished_at, rolled_back_at, sqlstate, failed_statement, failed_line, statements_applied, logs) values'
    migration 20240102000000_second <<<$'-- migrate:up scope:tenant\nselect 1;'
    # shellcheck disable=SC2059 # the format is above
    sql "$(printf "$row" 1) (E'20230101000000_a\\\\b\\tc\\nd', 'x', 'x', 'me', now(), '2023-01-01 10:00:00.123+00', null, null, null, null, 1, null);
        $(printf "$row" 2) ('20240102000000_second', 'x', 'x', 'me', now(), null, null, '22012', 1, 2, 0, E'by\\tzero\\\\\\nand more');
        $(printf "$row" 3) ('20240102000000_second', 'x', 'x', 'me', now(), null, now(), '22012', 1, 2, 0, 'first'),
            ('20240102000000_second', 'x', 'x', 'me', '2023-03-03 10:00:00.9+00', null, null, null, null, null, 4, null);
        $(printf "$row" 4) ('20240101000000_first', 'x', 'x', 'me', now(), null, null, '22012', 1, 2, 0, 'an attempt after it was applied'),
            ('20240102000000_second', 'x', 'x', 'me', now(), null, null, '22012', 1, 2, 0, 'failed'),
            ('20240102000000_second', 'x', 'x', 'me', now(), null, now(), null, null, null, 0, null)"
    PGTZ=UTC fails_with 4 "$migrate" status
    shows 't1: 2 applied, last 20240101000000_first
  phantom    20230101000000_a\b c d: phantom: in the database, not in the folder: applied 2023-01-01 10:00:00+00
  pending    20240102000000_second
t2: 1 applied, last 20240101000000_first
  failed     20240102000000_second: 22012 at statement 1, line 2: by zero\
t3: 1 applied, last 20240101000000_first
  interrupted 20240102000000_second: after 4 statements, begun 2023-03-03 10:00:00+00
t4: 1 applied, last 20240101000000_first
  pending    20240102000000_second
1 failed, 1 interrupted, 1 phantom, 2 pending; 4 of 5 schemas'
}

@test "more schemas than are read in one message are all looked at" {
    "$migrate" deploy --yes --public-only >/dev/null
    sql "insert into tenants select n, 't' || n from generate_series(1, 1003) n"
    sql "do \$\$ begin for n in 1..1003 loop execute format('create schema t%s', n); end loop; end \$\$"
    for n in 499 500 501 1000 1003; do sql "set search_path = t$n; $(sed 's/:"m_schema"\.//' "$top/scripts/lib/history.sql")
        insert into schema_history (name, checksum, normalised, applied_by, finished_at) values ('2020_gone', 'x', 'x', 'me', now())"; done
    fails_with 4 "$migrate" status
    shows '5 phantom, 1003 pending; 1003 of 1004 schemas are not as the folder says; the odd ones: t499, t500, t501, t1000, t1003.'
}

@test "where the histories are not read to their end nothing is done" {
    two_tenants
    mkdir "$BATS_TEST_TMPDIR/bin"
    printf '#!/bin/sh\ncase "$*" in *state.awk*) cat >/dev/null; echo "write failure" >&2; exit 2 ;; esac\nexec %s "$@"\n' "$(command -v awk)" >"$BATS_TEST_TMPDIR/bin/awk"
    chmod +x "$BATS_TEST_TMPDIR/bin/awk"
    migration 20240102000000_second <<<$'-- migrate:up scope:tenant\ncreate table second (id int);'
    for way in status 'deploy --yes'; do
        # shellcheck disable=SC2086 # words
        PATH=$BATS_TEST_TMPDIR/bin:$PATH fails_with 4 "$migrate" $way
        shows 'migrate: the histories could not be read to their end: write failure'
    done
    equals "$(sql "select to_regclass('one.second') is null")" t
}

@test "what a database had before it came under migrate is no fault of the first file: baseline is named" {
    sql 'create table people (id int primary key)'
    fails_with 5 "$migrate" deploy --yes
    shows 'public: 20240101000000_first FAILED with SQLSTATE 42P07 at statement 2'
    shows 'was it made before migrate came? See: scripts/migrate baseline --dry-run'
    shows_not 'Mend the file'
    fails_with 0 "$migrate" baseline --dry-run
    shows 'public: 20240101000000_first failed: resolve it first'
}

@test "what killed runs have left is removed after a day, in memory or not; what is younger, or only has a name like it, stays" {
    unset TMPDIR
    local places=(/tmp) left=() kept=() place old young other
    [ ! -w /dev/shm ] || places+=(/dev/shm)
    for place in "${places[@]}"; do
        old=$(mktemp -d "$place/migrate.XXXXXXXX") young=$(mktemp -d "$place/migrate.XXXXXXXX") other=$(mktemp -d "$place/migrate.XXXXXXXX")
        mkdir "$old/deploy" "$young/deploy"
        true >"$old.errors"
        touch -d '2 days ago' "$old" "$other"
        left+=("$old" "$old.errors") kept+=("$young" "$other")
    done
    run "$migrate" deploy --yes
    for _ in $(seq 600); do
        [ -n "$(ls -d "${left[@]}" 2>/dev/null)" ] || break
        sleep 0.05
    done
    run ls -d "${left[@]}" "${kept[@]}"
    rm -rf "${left[@]}" "${kept[@]}"
    equals "$(printf '%s\n' "${lines[@]}" | grep -v '^ls: ' | sort)" "$(printf '%s\n' "${kept[@]}" | sort)"
}
