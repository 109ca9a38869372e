#!/usr/bin/env bats
# What operators were told and what measurement refutes, where no other file shows it: README.md here lists all of it.

# shellcheck disable=SC2154,SC2016 # names of postgres.bash; $$ in SQL
load postgres

setup_file() { start_cluster; }
teardown_file() { stop_cluster; }

setup() {
    new_database
    new_folder
}

@test "every belief that was refuted is named with its test in README.md, and that test is there" {
    missing=0 beliefs=0
    while IFS='|' read -r _ _ _ file name _; do
        beliefs=$((beliefs + 1))
        file=${file//[ \`]/} name=${name# } name=${name% }
        grep -qF "@test \"$name\"" "$BATS_TEST_DIRNAME/$file" || { echo "$file has no test \"$name\"" >&2; missing=$((missing + 1)); }
    done < <(sed '1,/^| Story/d' "$BATS_TEST_DIRNAME/README.md" | grep '\.bats')
    equals "$missing" 0
    [ "$beliefs" -ge 13 ]
}

@test "story 003: additive is not without locks: behind one reader ADD COLUMN stops every other, CREATE INDEX stops writers" {
    sql 'create table orders (id int)'
    hold -d "$MIGRATE_DATABASE_URL" <<<'begin; select count(*) from orders;'
    sql 'alter table orders add column note text' 3>&- &
    alter=$!
    await 1 "select count(*) from pg_stat_activity where wait_event_type = 'Lock' and query like 'alter table orders%' and datname = current_database()"
    run env PGOPTIONS='-c statement_timeout=300ms' psql -X -A -t -d "$MIGRATE_DATABASE_URL" -c 'select count(*) from orders'
    shows 'statement timeout'
    release
    wait "$alter"
    hold -d "$MIGRATE_DATABASE_URL" <<<'begin; create index on orders (id);'
    run env PGOPTIONS='-c lock_timeout=300ms' psql -X -A -t -d "$MIGRATE_DATABASE_URL" -c 'insert into orders values (1)'
    shows 'lock timeout'
    release
    # What the toolkit does instead: it tells the lock before, and steps out of the queue (migrate_campaign.bats).
    migration 20240101000000_note <<<'-- migrate:up scope:public
alter table orders add column more text;'
    fails_with 0 "$migrate" report
    shows 'line 2: AlterTable orders; ACCESS EXCLUSIVE: nobody reads or writes it meanwhile'
}

@test "psql -1 with a COMMIT in the file keeps what is before and after a failure, without a row of history; here such a file does not even begin" {
    sql 'create table history (name text)'
    cat >"$BATS_TEST_TMPDIR/file.sql" <<'SQL'
create table before_it (id int);
commit;
create table after_it (id int);
insert into history values ('file');
create table before_it (id int);
SQL
    fails_with 3 psql -X -q -1 -v ON_ERROR_STOP=1 -d "$MIGRATE_DATABASE_URL" -f "$BATS_TEST_TMPDIR/file.sql"
    equals "$(sql "select to_regclass('before_it') is not null, to_regclass('after_it') is not null, count(*) from history")" 't|t|1'
    sql 'drop table before_it, after_it; truncate history'
    # The row that the tool itself would add comes last, and is what the failure takes.
    fails_with 1 psql -X -q -1 -v ON_ERROR_STOP=1 -d "$MIGRATE_DATABASE_URL" -c 'create table before_it (id int)' -c 'commit' -c 'create table after_it (id int)' -c 'select 1 / 0' -c "insert into history values ('file')"
    equals "$(sql "select to_regclass('before_it') is not null, count(*) from history")" 't|0'
    { echo '-- migrate:up scope:public'; sed s/_it/_that/ "$BATS_TEST_TMPDIR/file.sql"; } >"$folder/20240101000000_file.sql"
    fails_with 6 "$migrate" deploy --yes
    shows '20240101000000_file.sql line 3: transaction control'
    equals "$(sql "select to_regclass('before_that') is null and to_regclass('schema_history') is null")" t
    # One that only runs shows is refused by the server, in the same transaction as all the rest.
    migration 20240101000000_file <<'SQL'
-- migrate:up scope:public
create table before_that (id int);
do $$ begin execute 'create table after_that (id int)'; commit; end $$;
SQL
    fails_with 5 "$migrate" deploy --yes
    shows 'SQLSTATE 2D000 at statement 2, '
    equals "$(sql "select to_regclass('before_that') is null and to_regclass('after_that') is null")" t
    equals "$(sql 'select sqlstate, failed_statement from schema_history')" '2D000|2'
}

@test "every statement of a file reaches psql under \restrict, in which it takes no commands of its own" {
    run psql -X -q -A -t -d "$MIGRATE_DATABASE_URL" -c '\restrict key'
    [ "$status" = 0 ] || skip "this psql has no \\restrict"
    fails_with 0 psql -X -q -A -t -d "$MIGRATE_DATABASE_URL" <<<"\\restrict key
\\! echo a command ran
\\unrestrict key"
    shows 'backslash commands are restricted'
    shows_not 'a command ran'
    for name in first second; do
        migration "2024010100000${#name}_$name" <<<"-- migrate:up scope:public
create table $name (id int);
-- migrate:up scope:tenant
create table $name (id int);
$at_the_gate
-- migrate:verify scope:tenant
select 1 / count(*) from (select 1) one;"
    done
    sql "create table tenants (id int, schema_name text); create schema empty; insert into tenants values (1, 'empty')"
    close_gate
    TMPDIR=$BATS_TEST_TMPDIR "$migrate" deploy --yes >/dev/null 2>&1 3>&- &
    run=$!
    await_gate 1
    cat "$BATS_TEST_TMPDIR"/migrate.*/deploy/*.psql "$BATS_TEST_TMPDIR"/migrate.*/swift.*.psql >"$BATS_TEST_TMPDIR/sent"
    open_gate
    wait "$run"
    # All that is a file's own stands between the two words.
    awk '/^\\restrict/ { held = 1; next } /^\\unrestrict/ { held = 0; next } /create table (first|second)|4711|1 \/ count/ { seen++; if (!held) bad++ } END { print seen, bad + 0 }' \
        "$BATS_TEST_TMPDIR/sent" >"$BATS_TEST_TMPDIR/counts"
    equals "$(cat "$BATS_TEST_TMPDIR/counts")" '14 0'
}

@test "story 004: the history has no column success; the manual says which query there is instead, and it runs" {
    sql "create table tenants (id int, schema_name text)"
    migration 20240101000000_first <<<'-- migrate:up scope:public
create table things (id int);'
    migration 20240102000000_second <<<'-- migrate:up scope:public
insert into things values (1 / 0);'
    fails_with 5 "$migrate" deploy --yes
    run sql 'select name, finished_at, success from public.schema_history'
    shows 'column "success" does not exist'
    line=$(grep '^| .*column "success" does not exist' "$top/scripts/README.md")
    query=$(printf '%s\n' "$line" | sed -n 's/.*`\(select [^`]*\)`.*/\1/p')
    fails_with 0 sql "$query"
    shows '20240101000000_first|t||'
    shows '20240102000000_second|f|22012|2'
}
