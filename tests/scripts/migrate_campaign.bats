#!/usr/bin/env bats
# scripts/migrate deploy as a campaign: what it survives, in which order it goes, what it refuses.

# shellcheck disable=SC2154,SC2016,SC2030,SC2031 # names of postgres.bash; $$ in SQL
load postgres

setup_file() { start_cluster; }
teardown_file() {
    [ ! -e "$cluster/pgbouncer.pid" ] || kill "$(cat "$cluster/pgbouncer.pid")"
    stop_cluster
}

setup() {
    new_database
    new_folder
    sql "create table tenants (id int primary key, schema_name text not null)"
}

# A test that fails must not leave a small disk to those after it.
teardown() { [ "${limited-unlimited}" = unlimited ] || small_disk unlimited; }

# fleet N: that many tenants, t1 …
fleet() {
    sql "insert into tenants select n, 't' || n from generate_series(1, $1) n;
         do \$\$ begin for n in 1..$1 loop execute format('create schema t%s', n); end loop; end \$\$"
}

notes_for_all() {
    migration 20240101000000_first <<'SQL'
-- migrate:up scope:public
create table people (id int primary key);
create function public.count_people() returns bigint language sql as 'select count(*) from public.people';
-- migrate:up scope:tenant
create table notes (id int primary key, body text);
insert into notes values (1, 'a'), (2, 'b');
SQL
}

# What a schema is: columns, constraints, indexes with their validity, rows of history that count, rows of notes.
catalogue_hashes() {
    sql "do \$body\$ declare s text; begin
           create temp table seen (hash text);
           for s in select schema_name from tenants loop
             execute format('insert into seen select md5(string_agg(x, \$q\$|\$q\$ order by x)) from (
                 select concat_ws(\$q\$ \$q\$, relname, attname, atttypid::regtype, attnotnull) from pg_attribute a join pg_class c on c.oid = attrelid where relnamespace = %1\$L::regnamespace and relkind = \$q\$r\$q\$ and attnum > 0
                 union all select conname || replace(pg_get_constraintdef(oid), %1\$L, \$q\$\$q\$) from pg_constraint where connamespace = %1\$L::regnamespace
                 union all select relname || indisvalid from pg_index join pg_class c on c.oid = indexrelid where relnamespace = %1\$L::regnamespace
                 union all select name || checksum || count(*) from %1\$I.schema_history where finished_at is not null and rolled_back_at is null group by name, checksum
                 union all select body || count(*) from %1\$I.notes group by body) t (x)', s);
           end loop; end \$body\$;
         select count(*), count(distinct hash) from seen"
}

@test "kill -9 at 30 random moments of campaigns over 50 tenants with parallel workers: resumed, every tenant is the same" {
    fleet 50
    notes_for_all
    "$migrate" deploy --yes --parallel 2 >/dev/null
    more() {
        migration "202402$(printf '%02d' "$1")000000_more$1" <<<"-- migrate:up scope:tenant
alter table notes add column c$1 int;
insert into notes (id, body) values (10 + $1, 'once');
create index concurrently notes_c$1 on notes (c$1);
-- migrate:verify scope:tenant
select c$1 from notes;"
        migration "202402$(printf '%02d' "$1")010000_table$1" <<<"-- migrate:up scope:tenant
create table made$1 (id int primary key, note int references notes);"
    }
    RANDOM=$((SRANDOM % 32768))
    echo "seed: $RANDOM"
    files=1 killed=0 completed=0
    more 1
    export TMPDIR=$BATS_TEST_TMPDIR
    while [ "$killed" -lt 30 ]; do
        setsid "$migrate" deploy --yes --parallel 3 >>"$BATS_TEST_TMPDIR/log" 2>&1 3>&- &
        run=$!
        sleep "0.$((RANDOM % 60 + 15))"
        # A campaign may come to its end before the sleep does, or between a look and the kill: the kill itself tells.
        hit=1
        case $((killed % 3)) in
            0) kill -9 "$run" ;;                                      # the shell alone: its workers finish what they have in hand
            1) kill -9 -- "-$run" ;;                                  # everything
            2) kill -9 "$(pgrep -g "$run" psql | shuf -n 1)" || kill -9 "$run" ;;    # one psql
        esac 2>/dev/null || hit=0
        if [ "$hit" = 0 ]; then
            code=0
            wait "$run" || code=$?
            equals "$code" 0
            completed=$((completed + 1))
            # That campaign is at its end: another one.
            files=$((files + 1))
            more "$files"
            continue
        fi
        killed=$((killed + 1))
        wait "$run" 2>/dev/null || true
        [ "$killed" != 15 ] || {
            # A new tenant appears, and lags behind.
            sql "insert into tenants values (51, 't51'); create schema t51"
        }
    done
    fails_with 0 "$migrate" deploy --yes --parallel 3
    echo "$completed campaigns came to their end between the kills"
    equals "$(catalogue_hashes)" '51|1'
    fails_with 0 "$migrate" status
    equals "$(sql "select count(*) from schema_campaigns where state in ('running', 'stopped')")" 0
    equals "$(sql "select count(*) from schema_campaign_results where state in ('running', 'failed')")" 0
    # A session may need a moment to end after its psql.
    await 0 "select count(*) from pg_locks where locktype = 'advisory' and database = (select oid from pg_database where datname = current_database())"
}

@test "a killed campaign goes on: done schemas are not done again, and it says so" {
    fleet 6
    notes_for_all
    "$migrate" deploy --yes >/dev/null
    migration 20240102000000_slow <<'SQL'
-- migrate:up scope:tenant
do $$ begin if current_schema = 't3' then perform pg_sleep(20); end if; end $$;
SQL
    TMPDIR=$BATS_TEST_TMPDIR "$migrate" deploy --yes --health 'true' --soak 0 --max-failures 2 >/dev/null 2>&1 3>&- &
    run=$!
    await 1 "select count(*) from pg_stat_activity where wait_event = 'PgSleep' and datname = current_database()"
    run "$migrate" campaigns
    shows 'Campaign 2, running: all'
    shows '2 done, 3 pending, 1 running'
    run "$migrate" campaigns 2
    shows 'running  t3'
    kill -9 "$run"
    wait "$run" || true
    sql "select pg_terminate_backend(pid) from pg_stat_activity where query like '%pg_sleep(20)%' and pid <> pg_backend_pid()" >/dev/null
    await 0 "select count(*) from pg_stat_activity where application_name = 'migrate' and datname = current_database()"
    run "$migrate" campaigns
    shows 'Campaign 2, interrupted: all'
    shows '2 done, 4 pending'
    fails_with 0 "$migrate" deploy --dry-run
    shows 'goes on: 2 of 6 schemas done'
    shows 'it stops after more than 2 failed'
    # The same manifest: the file cannot be mended without being another campaign.
    sed -i 's/pg_sleep(20)/pg_sleep(0)/' "$folder"/*slow.sql
    fails_with 4 "$migrate" deploy --yes
    shows '20240102000000_slow in t1'
    sed -i 's/pg_sleep(0)/pg_sleep(20)/' "$folder"/*slow.sql
    sql 'alter schema t3 rename to t3_away; create schema t3; update tenants set id = 9 where schema_name = $$t3$$'
    sql "delete from tenants where schema_name = 't3'; drop schema t3"
    fails_with 0 "$migrate" deploy --yes
    shows 'Campaign 2 goes on: 3 of 6 schemas done.'
    shows_not 't1:'
    shows 't4: 20240102000000_slow applied'
    run "$migrate" campaigns 2
    shows 'Campaign 2, done: all'
    shows 'run 2 times; 5 done, 1 dropped'
    shows 'dropped  t3'
}

@test "files that changed since: it says which, and begins anew" {
    fleet 2
    notes_for_all
    "$migrate" deploy --yes >/dev/null
    migration 20240102000000_wrong <<<'-- migrate:up scope:tenant
select 1/0;'
    fails_with 5 "$migrate" deploy --yes
    shows 'stopped at schema t1'
    migration 20240102000000_wrong <<<'-- migrate:up scope:tenant
select 1/1;'
    migration 20240103000000_new <<<'-- migrate:up scope:tenant
select 1;'
    fails_with 0 "$migrate" deploy --yes
    shows 'Campaign 2 was left unfinished; since then: 20240102000000_wrong is another, 20240103000000_new is new. This is a new one.'
    equals "$(sql 'select string_agg(state, $$ $$ order by id) from schema_campaigns')" 'done superseded done'
    equals "$(sql "select manifest->>'20240102000000_wrong' from schema_campaigns where id = 3")" "$(sha256sum <"$folder/20240102000000_wrong.sql" | cut -c 1-64)"
}

@test "waves: the canary first, health and soaking between them; an unhealthy site stops it with a code of its own, and it goes on there" {
    fleet 10
    notes_for_all
    "$migrate" deploy --yes >/dev/null
    migration 20240102000000_second <<<'-- migrate:up scope:tenant
select 1;'
    fails_with 0 "$migrate" deploy --dry-run --canary 1 --waves 30% --parallel 2 --soak 1 --health true
    shows '1 tenant, then 3 tenants, then 6 tenants, 2 at a time; between them 1 s of waiting and the health command; it stops at the first failure.'
    fails_with 10 "$migrate" deploy --yes --canary 1 --waves 30% --parallel 2 --soak 1 --health "test \$MIGRATE_WAVE = 1 || test -e $BATS_TEST_TMPDIR/well"
    shows 'Wave 1 of 3: 1 tenant.'
    shows 'Waiting 1 s before wave 2.'
    shows 'Healthy after wave 1.'
    shows 'the health command says no (exit 1) after wave 2; nothing more was begun'
    equals "$(sql "select string_agg(wave || ' ' || n || ' ' || state, ', ' order by wave) from (select wave, count(*) n, min(state) as state from schema_campaign_results where campaign = 2 group by wave) w")" \
        '1 1 done, 2 3 done, 3 6 pending'
    touch "$BATS_TEST_TMPDIR/well"
    fails_with 0 "$migrate" deploy --yes --soak 0
    shows 'Campaign 2 goes on: 4 of 10 schemas done.'
    shows 'Healthy after wave 2.'
    shows 'Wave 3 of 3: 6 tenants.'
    equals "$(sql "select count(*) from schema_campaign_results where campaign = 2 and state = 'done'")" 10
    MIGRATE_HEALTH_TIMEOUT=1
    export MIGRATE_HEALTH_TIMEOUT
    migration 20240103000000_third <<<'-- migrate:up scope:tenant
select 1;'
    fails_with 10 "$migrate" deploy --yes --canary 2 --health 'sleep 20'
    shows 'did not answer within 1 s'
}

@test "--max-failures: the others go on, the code says that some failed, and each failure is told with SQLSTATE, file, statement and line" {
    fleet 8
    notes_for_all
    "$migrate" deploy --yes >/dev/null
    sql 'delete from t2.notes; delete from t5.notes'
    migration 20240102000000_second <<'SQL'
-- migrate:up scope:tenant
select 1;
select 1 / count(*)
  from notes;
SQL
    fails_with 11 "$migrate" deploy --yes --max-failures 2 --parallel 2
    shows "t5: 20240102000000_second FAILED with SQLSTATE 22012 at statement 2, $folder/20240102000000_second.sql line 3"
    shows 'Done: 6 migrations applied to 6 schemas.'
    shows '2 schemas failed'
    run "$migrate" campaigns 2
    shows 'stopped'
    shows 'failed   t2: 20240102000000_second 22012 at statement 2, line 3: division by zero'
    fails_with 5 "$migrate" deploy --yes --max-failures 0 --parallel 1
    shows 'stopped at schema t2'
    sql "insert into t2.notes values (1, 'x'); insert into t5.notes values (1, 'x')"
    fails_with 0 "$migrate" deploy --yes
    shows 'Campaign 2 goes on: 6 of 8 schemas done.'
    fails_with 0 "$migrate" status
}

# crash_at_the_gate SESSIONS [OPTION]…: deploys, and crashes the server when so many sessions stand before the gate. What no commit
# waits for does not leave the server's memory by itself, and nothing is written after it.
crash_at_the_gate() {
    as_superuser postgres -c "alter system set wal_writer_delay = '10s'" -c 'select pg_reload_conf()' >/dev/null
    local sessions=$1
    shift
    close_gate
    "$migrate" deploy --yes "$@" >"$BATS_TEST_TMPDIR/log" 2>&1 3>&- &
    run=$!
    await_gate "$sessions"
    as_postgres "$bin/pg_ctl" -D "$cluster/data" -w -m immediate restart >/dev/null 3>&- 4>&-
    as_superuser postgres -c 'alter system reset wal_writer_delay' -c 'select pg_reload_conf()' >/dev/null
    code=0
    wait "$run" || code=$?
    # The gate went with the server.
    open_gate || true
    cat "$BATS_TEST_TMPDIR/log"
    equals "$code" 7
}

@test "the server is restarted in the middle: its own exit code, and the same deploy goes on" {
    fleet 12
    notes_for_all
    "$migrate" deploy --yes >/dev/null
    local behind="current_schema not in ('t1', 't2', 't3') and exists ("
    migration 20240102000000_second <<SQL
-- migrate:up scope:tenant
create table half (id int);
${at_the_gate/exists (/"$behind"}
SQL
    crash_at_the_gate 2 --parallel 2
    fails_with 0 "$migrate" deploy --yes --parallel 2
    shows 'Campaign 2 goes on: '
    # What was said to be done is.
    grep -q '^t1: .* applied' "$BATS_TEST_TMPDIR/log"
    while IFS= read -r schema; do shows_not "$schema: "; done < <(sed -n 's/^\(t[0-9]*\): .* applied.*/\1/p' "$BATS_TEST_TMPDIR/log")
    equals "$(catalogue_hashes)" '12|1'
    fails_with 0 "$migrate" status
}

@test "what is said to be applied is still so when the server crashes at once" {
    fleet 5
    notes_for_all
    "$migrate" deploy --yes >/dev/null
    local behind="current_schema not in ('t1', 't2', 't3') and exists ("
    migration 20240102000000_second <<SQL
-- migrate:up scope:tenant
${at_the_gate/exists (/"$behind"}
create table half (id int);
SQL
    crash_at_the_gate 1
    run grep -o '^t[0-9]*: .* applied' "$BATS_TEST_TMPDIR/log"
    equals "$output" $'t1: 20240102000000_second applied\nt2: 20240102000000_second applied\nt3: 20240102000000_second applied'
    equals "$(sql "select string_agg(n, ',') from unnest(array['t1', 't2', 't3', 't4', 't5']) n where to_regclass(n || '.half') is not null")" t1,t2,t3
    fails_with 0 "$migrate" deploy --yes
    shows 'Campaign 2 goes on: 3 of 5 schemas done.'
}

@test "what is said to be applied, and to have failed after it, is still so when the server crashes at once" {
    fleet 2
    notes_for_all
    "$migrate" deploy --yes >/dev/null
    migration 20240102000000_second <<<$'-- migrate:up scope:tenant\ncreate table half (id int);'
    migration 20240103000000_third <<SQL
-- migrate:up scope:tenant
${at_the_gate/exists (/"current_schema = 't2' and exists ("}
select 1 / (case current_schema when 't1' then 0 else 1 end);
SQL
    migration 20240104000000_fourth <<<$'-- migrate:up scope:tenant\ncreate table whole (id int);'
    crash_at_the_gate 1 --max-failures 1
    grep -q '^t1: 20240102000000_second applied' "$BATS_TEST_TMPDIR/log"
    grep -q '^t1: 20240103000000_third FAILED with SQLSTATE 22012' "$BATS_TEST_TMPDIR/log"
    equals "$(sql "select string_agg(name || ' ' || coalesce(sqlstate, 'applied'), ', ' order by id) from t1.schema_history where id > 1")" \
        '20240102000000_second applied, 20240103000000_third 22012'
}

@test "a tenant that is dropped in the middle is reported, and the others are done" {
    fleet 4
    notes_for_all
    "$migrate" deploy --yes >/dev/null
    migration 20240102000000_second <<SQL
-- migrate:up scope:tenant
$at_the_gate
create table more (id int);
SQL
    close_gate
    "$migrate" deploy --yes >"$BATS_TEST_TMPDIR/log" 2>&1 3>&- &
    run=$!
    await_gate 1
    # One that waits its turn, and the one that is in hand: its history is gone when the section ends.
    sql "delete from tenants where schema_name in ('t1', 't3'); drop schema t3 cascade"
    sql 'drop schema t1 cascade' &
    dropping=$!
    open_gate
    # One of the two may have to give way.
    wait "$dropping" || sql 'drop schema t1 cascade'
    wait "$run"
    cat "$BATS_TEST_TMPDIR/log"
    grep -q 't3: was dropped while the deploy ran; it is left out' "$BATS_TEST_TMPDIR/log"
    grep -q 't4: 20240102000000_second applied' "$BATS_TEST_TMPDIR/log"
    equals "$(sql "select state from schema_campaign_results where campaign = 2 and schema = 't3'")" dropped
    fails_with 0 "$migrate" status
}

@test "two operators with different tenants work side by side; with the same ones the second waits, then finds nothing to do" {
    fleet 6
    notes_for_all
    "$migrate" deploy --yes >/dev/null
    migration 20240102000000_second <<SQL
-- migrate:up scope:tenant
$at_the_gate
create index concurrently notes_body on notes (body);
SQL
    close_gate
    for who in t1,t2 t3,t4 t1,t2; do
        n=$((${n:-0} + 1))
        "$migrate" deploy --tenants "$who" --yes >"$BATS_TEST_TMPDIR/$who.$n" 2>&1 3>&- &
        runs="${runs-} $!"
        [ "$n" = 3 ] || await_gate "$n"
    done
    await_line 'waiting for another run: campaign' "$BATS_TEST_TMPDIR/t1,t2.3"
    # A session that waits for its turn has no transaction open: CREATE INDEX CONCURRENTLY elsewhere would wait for it.
    await t "select count(*) > 2 from pg_stat_activity where application_name = 'migrate' and datname = current_database()"
    await 0 "select count(*) from pg_stat_activity where application_name = 'migrate' and datname = current_database() and (state like 'idle in%' and state_change < clock_timestamp() - interval '0.2 s' or wait_event = 'advisory')"
    open_gate
    for run in $runs; do wait "$run"; done
    cat "$BATS_TEST_TMPDIR"/t*
    grep -q 'waiting for another run: campaign' "$BATS_TEST_TMPDIR/t1,t2.3"
    grep -q 'Up to date' "$BATS_TEST_TMPDIR/t1,t2.3"
    equals "$(grep -c waiting "$BATS_TEST_TMPDIR/t3,t4.2")" 0
    equals "$(sql "select count(*), bool_and(indisvalid) from pg_index where indexrelid::regclass::text ~ 'notes_body'")" '4|t'
}

@test "somebody else applies the file between the plan and its turn: it is not done twice, whether its statements would bear that or not" {
    fleet 3
    notes_for_all
    "$migrate" deploy --yes >/dev/null
    # by_another NAME STATEMENT: between the first wave and the second, t2 gets it from another hand.
    by_another() {
        migration "$1" <<<"-- migrate:up scope:tenant
$2"
        cat >another.sql <<SQL
begin;
set search_path = t2;
$2
insert into schema_history (name, checksum, normalised, finished_at, applied_by) select name, checksum, normalised, now(), 'another' from t1.schema_history where name = '$1';
commit;
SQL
        fails_with 0 "$migrate" deploy --yes --canary 1 --health "psql -X -q -v ON_ERROR_STOP=1 -d '$MIGRATE_DATABASE_URL' -f another.sql"
        shows 't2: already up to date'
        shows "t3: $1 applied"
    }
    cd "$BATS_TEST_TMPDIR"
    by_another 20240201000000_second "insert into notes select max(id) + 1, 'c' from notes;"
    by_another 20240301000000_third 'create table late (id int);'
    equals "$(sql "select string_agg(body, '' order by id) from t2.notes; select string_agg(body, '' order by id) from t3.notes")" 'abc
abc'
    equals "$(sql 'select count(*), count(sqlstate) from t2.schema_history')" '3|0'
}

@test "a deploy that waited for another makes its plan anew, and nothing of the old one is left" {
    fleet 2
    notes_for_all
    "$migrate" deploy --yes >/dev/null
    migration 20240201000000_second <<<"-- migrate:up scope:tenant
create table second (id int);"
    "$migrate" deploy --yes --tenants t1 >/dev/null
    migration 20240301000000_third <<SQL
-- migrate:up scope:tenant
$at_the_gate
SQL
    close_gate
    "$migrate" deploy --yes --tenants t1 >/dev/null 2>&1 3>&- &
    first=$!
    await_gate 1
    # t1 lacks one file, and t2 lacks two. When its turn comes t1 is done, and t2's list is the first.
    "$migrate" deploy --yes >"$BATS_TEST_TMPDIR/second" 2>&1 3>&- &
    second=$!
    await_line 'waiting for another run' "$BATS_TEST_TMPDIR/second"
    open_gate
    wait "$first"
    wait "$second"
    grep -q 't2: 2 migrations applied' "$BATS_TEST_TMPDIR/second"
    equals "$(sql "select count(*) from t2.schema_history")" 3
    fails_with 0 "$migrate" status
}

@test "a fleet of more histories than one transaction may lock is looked at all the same" {
    notes_for_all
    fleet 1
    "$migrate" deploy --yes >/dev/null
    for part in 0 1 2 3; do
        sql "do \$\$ begin for n in $((part * 800 + 2))..$((part * 800 + 801)) loop
               execute format('create schema t%1\$s; create table t%1\$s.schema_history (like t1.schema_history including indexes); insert into tenants values (%1\$s, ''t%1\$s'')', n);
             end loop; end \$\$"
    done
    # All of it in one transaction is too much for this server.
    run sql "do \$\$ declare n text; begin for n in select schema_name from tenants loop execute format('select from %I.schema_history', n); end loop; end \$\$"
    shows 'out of shared memory'
    fails_with 3 "$migrate" status
    shows '3200 of 3202 schemas are not as the folder says'
}

@test "a server older than PostgreSQL 14, which does not know all settings of a connection, is taken as it is" {
    fleet 2
    notes_for_all
    old=$BATS_TEST_TMPDIR/old
    mkdir "$old"
    cat >"$old/psql" <<'OLD'
#!/bin/sh
case $PGOPTIONS in
    *client_connection_check_interval*)
        echo 'psql: error: connection to server on socket "/tmp/.s.PGSQL.5432" failed: FATAL:  unrecognized configuration parameter "client_connection_check_interval"' >&2
        exit 2
        ;;
esac
exec "$PSQL" "$@"
OLD
    chmod +x "$old/psql"
    fails_with 0 env "PATH=$old:$PATH" "PSQL=$bin/psql" "$migrate" deploy --yes
    fails_with 0 "$migrate" status
}

@test "a table in use: the statement steps out of the queue, waits for whoever holds it, and is done then" {
    fleet 2
    notes_for_all
    "$migrate" deploy --yes >/dev/null
    migration 20240102000000_second <<<'-- migrate:up scope:tenant
alter table notes add column more int;'
    hold -d "$MIGRATE_DATABASE_URL" <<<'begin; select count(*) from t1.notes;'
    MIGRATE_LOCK_TIMEOUT=200ms "$migrate" deploy --yes >"$BATS_TEST_TMPDIR/log" 2>&1 3>&- &
    run=$!
    await_line 'waits at line 2 for a table that is in use by pid' "$BATS_TEST_TMPDIR/log"
    # Others are not held up meanwhile, for all that an ACCESS EXCLUSIVE lock is wanted.
    for _ in 1 2 3; do PGOPTIONS='-c statement_timeout=10s' sql 'select count(*) from t1.notes' >/dev/null; done
    release
    wait "$run"
    cat "$BATS_TEST_TMPDIR/log"
    equals "$(sql "select count(*) from information_schema.columns where column_name = 'more'")" 2
    equals "$(sql 'select count(*) from t1.schema_history where finished_at is null')" 0
}

@test "lock_timeout would end CREATE INDEX CONCURRENTLY and leave an INVALID index; a deploy gives it none, and heals that index" {
    fleet 1
    notes_for_all
    "$migrate" deploy --yes >/dev/null
    hold -d "$MIGRATE_DATABASE_URL" <<<"begin; insert into t1.notes values (3, 'c');"
    fails_with 1 psql -X -q -d "$MIGRATE_DATABASE_URL" -c "set lock_timeout = '100ms'" -c 'create index concurrently notes_body on t1.notes (body)'
    shows 'lock timeout'
    equals "$(sql "select indisvalid from pg_index where indexrelid = 't1.notes_body'::regclass")" f
    migration 20240102000000_index <<<'-- migrate:up scope:tenant
create index concurrently notes_body on notes (body);'
    MIGRATE_LOCK_TIMEOUT=100ms "$migrate" deploy --yes >"$BATS_TEST_TMPDIR/log" 2>&1 3>&- &
    run=$!
    # It waits for the writer, for longer than the lock_timeout of a second's fraction that it was given.
    await 1 "select count(*) from pg_stat_activity where query ilike '%index concurrently%' and pid <> pg_backend_pid() and wait_event_type = 'Lock' and clock_timestamp() - query_start > interval '300ms'"
    release 'commit;'
    wait "$run"
    equals "$(sql "select indisvalid from pg_index where indexrelid = 't1.notes_body'::regclass")" t
}

@test "what a REINDEX CONCURRENTLY that broke off has left is told by status, and healed before the next one" {
    fleet 2
    notes_for_all
    "$migrate" deploy --yes >/dev/null
    hold -d "$MIGRATE_DATABASE_URL" <<<"begin; insert into t1.notes values (3, 'c');"
    fails_with 1 psql -X -q -d "$MIGRATE_DATABASE_URL" -c "set statement_timeout = '300ms'" -c 'reindex index concurrently t1.notes_pkey'
    shows 'statement timeout'
    release 'commit;'
    fails_with 0 "$migrate" status
    shows 'leftover   notes_pkey_ccnew: REINDEX CONCURRENTLY broke off and left it INVALID; drop index concurrently t1.notes_pkey_ccnew;'
    equals "$("$migrate" status --json | jq -c '[.schemas[] | select(.leftovers != []) | [.schema, .leftovers]]')" '[["t1",["notes_pkey_ccnew"]]]'
    migration 20240102000000_reindex <<<'-- migrate:up scope:tenant
reindex table concurrently notes;'
    fails_with 0 "$migrate" deploy --yes
    equals "$(sql "select count(*), bool_and(indisvalid) from pg_index where indrelid in ('t1.notes'::regclass, 't2.notes'::regclass)")" '2|t'
    fails_with 0 "$migrate" status
    shows_not 'leftover'
}

# A server whose files may not grow beyond some 20 MB: not a multiple of a page, so that a page is written in part, as on a full disk.
small_disk() { limited=$1 && as_postgres prlimit --pid "$(head -n 1 "$cluster/data/postmaster.pid")" --fsize="$1:"; }

@test "the server's disk is full: nothing half is left, it says so, and the same deploy goes on when there is room" {
    fleet 3
    migration 20240101000000_size <<<'-- migrate:up scope:tenant
create table size (n int);'
    "$migrate" deploy --yes >/dev/null
    sql 'insert into t1.size values (10); insert into t2.size values (60000); insert into t3.size values (10)'
    migration 20240102000000_fill <<<"-- migrate:up scope:tenant
create table filled (body text);
insert into filled select repeat(md5(g::text), 12) from size, generate_series(1, n) g;"
    small_disk 20975616
    fails_with 5 "$migrate" deploy --yes
    shows 't1: 20240102000000_fill applied'
    shows "t2: 20240102000000_fill FAILED with SQLSTATE 53100 at statement 2, $folder/20240102000000_fill.sql line 3"
    shows 'could not extend file'
    shows 'Check free disk space'
    equals "$(sql "select to_regclass('t1.filled') is not null, to_regclass('t2.filled') is null, to_regclass('t3.filled') is null")" 't|t|t'
    equals "$(sql "select sqlstate, failed_statement, finished_at is null from t2.schema_history where name like '%fill'")" '53100|2|t'
    small_disk unlimited
    fails_with 0 "$migrate" deploy --yes
    shows 'goes on: 1 of 3 schemas done.'
    equals "$(sql "select (select count(*) from t1.filled), (select count(*) from t2.filled), (select count(*) from t3.filled)")" '10|60000|10'
    # A step of its own, which leaves an INVALID index behind. Several workers would first have too large a file between them, which is another error.
    sql "alter database $database set max_parallel_maintenance_workers = 0"
    migration 20240103000000_index <<<'-- migrate:up scope:tenant
alter table filled add column more int;
create index concurrently filled_body on filled (body);'
    small_disk 20975616
    fails_with 5 "$migrate" deploy --yes
    shows "t2: 20240103000000_index FAILED with SQLSTATE 53100 at statement 2, $folder/20240103000000_index.sql line 3"
    fails_with 4 "$migrate" status
    shows 'failed     20240103000000_index: 53100 at statement 2'
    small_disk unlimited
    fails_with 0 "$migrate" deploy --yes
    fails_with 0 "$migrate" verify
    equals "$(sql "select count(*) from pg_index where indexrelid in ('t1.filled_body'::regclass, 't2.filled_body'::regclass, 't3.filled_body'::regclass) and indisvalid")" 3
}

@test "a session blocked in pg_advisory_lock deadlocks with CREATE INDEX CONCURRENTLY; a deploy that waits for its turn does not" {
    fleet 1
    notes_for_all
    "$migrate" deploy --yes >/dev/null
    migration 20240102000000_second <<<'-- migrate:up scope:tenant
create index concurrently notes_body on notes (body);'
    hold -d "$MIGRATE_DATABASE_URL" <<<"select pg_advisory_lock(1835625338, hashtext('t1'));"
    sql "select pg_advisory_lock(1835625338, hashtext('t1'))" >"$BATS_TEST_TMPDIR/blocked" 2>&1 3>&- &
    blocked=$!
    await 1 "select count(*) from pg_stat_activity where wait_event = 'advisory' and datname = current_database()"
    printf '%s\n' '\set ON_ERROR_STOP off' 'create index concurrently first on t1.notes (body);' '\echo @tried' >&"$held_in"
    while read -r -t 60 line <&"$held_out" && [ "$line" != @tried ]; do said="${said-}$line"; done
    wait "$blocked" || said="$said$(cat "$BATS_TEST_TMPDIR/blocked")"
    grep -q 'deadlock detected' <<<"$said"
    # A deploy in the place of the one that was blocked.
    "$migrate" deploy --yes >"$BATS_TEST_TMPDIR/log" 2>&1 3>&- &
    run=$!
    await_line 'waiting for another run that holds the lock of schema t1' "$BATS_TEST_TMPDIR/log"
    release 'create index concurrently second on t1.notes (body);'
    wait "$run"
    cat "$BATS_TEST_TMPDIR/log"
    equals "$(sql "select count(*) from pg_index where indisvalid and indexrelid::regclass::text in ('t1.second', 't1.notes_body')")" 2
}

@test "with public in the search path two tenants would change public's table twice; a deploy's path has only the tenant" {
    fleet 2
    notes_for_all
    "$migrate" deploy --yes >/dev/null
    for tenant in t1 t2; do PGOPTIONS="-c search_path=$tenant,public" sql 'alter table people add column if not exists '"x_$tenant"' int'; done
    equals "$(sql "select count(*) from information_schema.columns where table_schema = 'public' and table_name = 'people'")" 3
    migration 20240102000000_people <<<'-- migrate:up scope:tenant
alter table people add column y int;'
    fails_with 6 "$migrate" deploy --yes
    shows "20240102000000_people.sql line 2: a tenant's section changes people, which is public's only"
    # A new tenant that lags behind gets all files, and only its own tables.
    rm "$folder"/*people.sql
    migration 20240103000000_more <<<'-- migrate:up scope:tenant
create table more (id int);'
    sql "insert into tenants values (3, 't3'); create schema t3"
    fails_with 0 "$migrate" deploy --dry-run
    shows 't1, t2:'
    shows 't3:'
    fails_with 0 "$migrate" deploy --yes
    shows 't3: 2 migrations applied (20240101000000_first … 20240103000000_more)'
    equals "$(sql "select string_agg(relname, ' ' order by relname) from pg_class where relnamespace = 't3'::regnamespace and relkind = 'r'")" 'more notes schema_history'
}

@test "a tenant's function that writes to public, makes something there, or a table of public's only, is undone in the same transaction" {
    fleet 1
    notes_for_all
    "$migrate" deploy --yes >/dev/null
    while IFS='|' read -r statement words; do
        migration 20240102000000_hidden <<<"-- migrate:up scope:tenant
create table before_it (id int);
do \$\$ begin execute '$statement'; end \$\$;"
        fails_with 5 "$migrate" deploy --yes
        shows 'FAILED with SQLSTATE MG001'
        shows "a tenant's section touched $words"
        equals "$(sql "select to_regclass('t1.before_it') is null, (select count(*) from people), (select logs like '%touched%' from t1.schema_history where finished_at is null and rolled_back_at is null)")" 't|0|t'
    done <<'CASES'
insert into public.people values (1)|public.people (RowExclusiveLock)
alter table public.people add x int|public.people (AccessExclusiveLock)
create table public.stray (id int)|public.stray (AccessExclusiveLock)
create function public.stray() returns int language sql as $f$ select 1 $f$|function public.stray()
create or replace function public.count_people() returns bigint language sql as $f$ select 1::bigint $f$|function public.count_people()
drop function public.count_people()|something of public's, which is gone
create table users (id int)|t1.users (AccessExclusiveLock)
CASES
    # Reading is not touching.
    migration 20240102000000_hidden <<<'-- migrate:up scope:tenant
do $$ begin perform count(*) from public.people; perform public.count_people(); end $$;'
    fails_with 0 "$migrate" deploy --yes
}

@test "names of files and schemas with quotes, spaces, capitals and 63 bytes; what cannot be a name is refused clearly" {
    long=$(printf 'ü%.0s' $(seq 31))x
    for name in "O'Hara \"& Sons\\" 'Zwei Worte' "$long" '$(id);`id`' 'a|b' '%I'; do
        sql "create schema \"${name//\"/\"\"}\"; insert into tenants select count(*), \$q\$$name\$q\$ from tenants"
    done
    printf -- '-- migrate:up scope:tenant\ncreate table a (id int);\n' >"$folder/20240101000000_It's \"Two\" Words & \$(id).sql"
    printf -- '-- migrate:up scope:tenant\ncreate index concurrently "a B" on a (id);\ninsert into a values (1);\n' >"$folder/20240102000000_$(printf 'x%.0s' $(seq 150)).sql"
    migration '20240103000000_* ? [a]' <<<'-- migrate:up scope:tenant
select 1 / count(*) from a where id = 1;'
    fails_with 0 "$migrate" deploy --yes --parallel 2
    equals "$(sql "select count(*) from pg_class where relname = 'a'")" 6
    fails_with 0 "$migrate" status
    fails_with 0 "$migrate" deploy --tenants "Zwei Worte,$long" --yes
    migration '20240104000000_last * one' <<<'-- migrate:up scope:tenant
select 1 / 0;'
    fails_with 5 "$migrate" deploy --tenants 'Zwei Worte' --yes
    shows "Zwei Worte: 20240104000000_last * one FAILED with SQLSTATE 22012 at statement 1, $folder/20240104000000_last * one.sql line 2"
    rm "$folder"/20240104*
    printf -- 'select 1;\n' >"$folder/20240105000000_$(printf 'tab\there').sql"
    fails_with 2 "$migrate" deploy --yes
    shows 'a tab'
    rm "$folder"/20240105*
    printf -- 'select 1;\n' >"$folder/20240105000000_$(printf 'x%.0s' $(seq 220)).sql"
    fails_with 2 "$migrate" deploy --yes
    shows 'longer than 200 bytes'
    rm "$folder"/20240105*
    sql "create schema \"$(printf 'a\nb')\"; insert into tenants values (99, E'a\\nb')"
    fails_with 4 "$migrate" deploy --yes
    shows 'holds a control character'
}

@test "any other database and folder: tenants by a pattern or a query, folders of Prisma's; without either only public" {
    sql 'drop table tenants; create schema agency_a; create schema agency_b; create schema "agencyXc"; create schema other'
    mkdir "$folder/20240101000000_init"
    echo 'create table "Customer" (id text primary key);' >"$folder/20240101000000_init/migration.sql"
    fails_with 0 "$migrate" deploy --yes
    shows 'public: 20240101000000_init applied'
    # Its down.sql is the way back.
    printf 'select 1;\ndrop table "Customer";\n' >"$folder/20240101000000_init/down.sql"
    fails_with 0 "$migrate" revert --yes
    equals "$(sql "select to_regclass('\"Customer\"') is null")" t
    printf 'select 1;\nselect 1/0;\n' >"$folder/20240101000000_init/down.sql"
    "$migrate" deploy --yes
    fails_with 5 "$migrate" revert --yes
    shows "20240101000000_init/down.sql line 2"
    printf 'select 1;\ncommit;\n' >"$folder/20240101000000_init/down.sql"
    fails_with 6 "$migrate" revert --yes
    shows "20240101000000_init/down.sql line 2: transaction control"
    rm "$folder/20240101000000_init/down.sql"
    migration 20240102000000_tenants <<<'-- migrate:up scope:tenant
create table orders (id int);'
    fails_with 0 "$migrate" deploy --yes --tenants-pattern 'agency_*' --parallel 2
    shows 'agency_a: 20240102000000_tenants applied'
    shows 'Done: 2 migrations applied to 2 schemas.'
    MIGRATE_TENANTS_PATTERN='agency?c' fails_with 3 "$migrate" status
    shows 'agencyXc: 0 applied'
    shows_not 'no schema is'
    # As LIKE would have it.
    MIGRATE_TENANTS_PATTERN='agency%' fails_with 0 "$migrate" status
    shows "no schema is a tenant's by the pattern agency%, in which * stands for any text"
    fails_with 0 "$migrate" deploy --yes --tenants-query="select nspname from pg_namespace where nspname in ('other')"
    shows 'other: 20240102000000_tenants applied'
    fails_with 2 "$migrate" status --tenants-query 'select 1' --tenants-pattern 'a*'
    shows 'by a query or by a pattern'
}

@test "where Lunaxcode's own tables are not, the commands for them say so" {
    migration 20240101000000_first <<<'-- migrate:up scope:public
create table things (id int);'
    "$migrate" deploy --yes >/dev/null
    for command in 'create acme' 'suspend acme' 'resume acme' owner; do
        # shellcheck disable=SC2086 # words
        fails_with 4 "$migrate" tenants $command
        shows 'this database has no table public.tenants with slug'
        shows '--tenants-pattern'
    done
    fails_with 3 "$migrate" audit verify
    shows 'this database has no audit log yet'
}

@test "a reader that leaves early does not hinder a deploy" {
    fleet 30
    notes_for_all
    set +o pipefail
    "$migrate" deploy --yes 2>"$BATS_TEST_TMPDIR/errors" | head -n 1
    equals "$(cat "$BATS_TEST_TMPDIR/errors")" ''
    fails_with 0 "$migrate" status
}

@test "every misuse is told clearly, with exit code 2, before anything is touched" {
    while IFS='|' read -r options words; do
        # shellcheck disable=SC2086
        fails_with 2 "$migrate" deploy $options
        shows "$words"
    done <<'CASES'
--parallel 0|--parallel must be from 1 to 64, not 0
--parallel many|--parallel needs a whole number, not 'many'
--parallel|--parallel needs a value
--canary 0|--canary must be from 1
--waves 0,10|--waves needs sizes
--waves 10%%|--waves needs sizes
--waves 200%|--waves needs sizes
--soak -1|--soak needs a whole number
--max-failures x|--max-failures needs a whole number
--health=|--health needs a value
--dry-run --rehearse|exclude each other
--public-only --tenants a|exclude each other
--nonsense|unknown option --nonsense
CASES
    MIGRATE_LOCK_TIMEOUT='1 fortnight' fails_with 2 "$migrate" deploy
    shows 'MIGRATE_LOCK_TIMEOUT is a time such as 500ms, 2s or 30min'
    fails_with 2 "$migrate" --dir "$folder/none" status
    shows "there is no folder $folder/none"
    mkdir "$folder/20240101000000_twice"
    echo 'select 1;' | tee "$folder/20240101000000_twice/migration.sql" >"$folder/20240101000000_twice.sql"
    fails_with 6 "$migrate" deploy --yes
    shows 'two files have the name 20240101000000_twice'
    rm -r "$folder"/2024*
    fails_with 2 "$migrate" campaigns seven
    fails_with 2 "$migrate" campaigns 7
    shows 'there is no campaign 7'
    fails_with 0 "$migrate" campaigns
    shows 'There was no deploy yet.'
    # No misuse: a file without a line, and a folder whose name awk would take for an assignment.
    mkdir "$BATS_TEST_TMPDIR/a=b"
    : >"$BATS_TEST_TMPDIR/a=b/20240101000000_empty.sql"
    cd "$BATS_TEST_TMPDIR"
    fails_with 0 "$migrate" deploy --dir a=b --yes
    shows 'public: 20240101000000_empty applied'
}

@test "somebody at a terminal is told the database, the host and what will happen, and is asked" {
    fleet 3
    notes_for_all
    ask_at_terminal() { printf '%s\n' "$1" | script -qec "'$migrate' deploy --canary 1" /dev/null; }
    fails_with 9 ask_at_terminal no
    shows 'Public first, then 1 tenant, then 2 tenants; it stops at the first failure.'
    shows "Database $database on local socket as lunaxcode_owner. Deploy this? Type yes:"
    equals "$(sql "select to_regclass('people') is null")" t
    fails_with 0 ask_at_terminal yes
    equals "$(sql "select to_regclass('t3.notes') is null")" f
}

@test "who types the password is asked by one session after the other, and it is never to be seen" {
    fleet 2
    notes_for_all
    as_superuser postgres -c 'drop role if exists secret_owner' -c "create role secret_owner login superuser password 'typed by hand'"
    export MIGRATE_DATABASE_URL="postgresql://secret_owner@/$database"
    at_terminal() { python3 "$BATS_TEST_DIRNAME/type_password.py" 'typed by hand' "$migrate" "$@"; }
    fails_with 3 at_terminal status
    fails_with 0 at_terminal deploy --yes --parallel 2
    shows 'Done: 3 migrations applied to 3 schemas.'
    equals "$(grep -o 'Password for' <<<"$output" | wc -l)" 2
    shows_not 'typed by hand'
    # Whoever would be asked at the same time as others is told what to do.
    migration 20240301000000_slow <<<$'-- migrate:up scope:tenant\nselect pg_sleep(3);'
    as_superuser "$database" -c "create schema t3 authorization secret_owner" -c "insert into tenants select max(id) + 1, 't3' from tenants"
    fails_with 7 at_terminal deploy --yes --parallel 3
    shows 'no password supplied'
    shows 'the password may be in PGPASSWORD or in a PGPASSFILE'
    shows_not 'typed by hand'
    PGPASSWORD='typed by hand' fails_with 0 "$migrate" deploy --yes --parallel 3
    as_superuser postgres -c "drop database $database" -c 'drop role secret_owner'
}

@test "exit codes serve a script with set -e" {
    fleet 1
    notes_for_all
    cat >"$BATS_TEST_TMPDIR/script" <<'SH'
set -e
"$1" status >/dev/null || [ $? = 3 ]
"$1" deploy --yes >/dev/null
"$1" status >/dev/null
echo arrived
SH
    fails_with 0 sh "$BATS_TEST_TMPDIR/script" "$migrate"
    equals "$output" arrived
}

@test "--rehearse really runs everything and leaves nothing: durations, rows and locks of each statement" {
    fleet 3
    notes_for_all
    "$migrate" deploy --yes >/dev/null
    migration 20240102000000_second <<'SQL'
-- migrate:up scope:public
alter table people add column name text;
-- migrate:up scope:tenant
alter table notes add column more int;
update notes set more = (select count(name) from public.people);
create table tags (id int primary key, note int references notes);
SQL
    left() { pg_dump -d "$MIGRATE_DATABASE_URL" | grep -v -e '^.\(un\)\?restrict' | md5sum; }
    before=$(left)
    fails_with 9 "$migrate" deploy --rehearse </dev/null
    fails_with 0 "$migrate" deploy --rehearse --yes
    shows 'alter table people add column name text'
    shows 'locks ACCESS EXCLUSIVE on public.people'
    shows '2 rows  line 5    update notes set more = (select count(name) from public.p...'
    shows 'ROW EXCLUSIVE on t1.notes'
    shows 'SHARE ROW EXCLUSIVE on t1.notes'
    shows_not 'on t1.tags'
    shows 't3: 3 statements'
    shows 'Rehearsed: 4 schemas. Nothing was changed'
    equals "$(left)" "$before"
    # What fails is told as a deploy would tell it.
    sql 'delete from t2.notes'
    before=$(left)
    migration 20240103000000_third <<'SQL'
-- migrate:up scope:tenant
select 1 / count(*) from notes;
SQL
    fails_with 5 "$migrate" deploy --rehearse --yes
    shows 't2: 20240103000000_third FAILED with SQLSTATE 22012 at statement 1'
    shows '1 of 4 schemas failed in the rehearsal'
    equals "$(left)" "$before"
    fails_with 3 "$migrate" status
}

@test "--rehearse uses a scratch copy where a statement cannot run in a transaction, and drops it" {
    fleet 2
    notes_for_all
    "$migrate" deploy --yes >/dev/null
    migration 20240102000000_second <<'SQL'
-- migrate:up scope:tenant
create unique index concurrently notes_body on notes (body);
insert into notes values (3, 'c');
SQL
    fails_with 4 "$migrate" deploy --rehearse --yes
    shows 'this role may not make a scratch database'
    as_superuser postgres -c 'alter role lunaxcode_owner createdb'
    fails_with 0 "$migrate" deploy --rehearse --yes
    shows 't1, in a scratch copy:'
    shows 'create unique index concurrently notes_body'
    shows 'locks SHARE UPDATE EXCLUSIVE on notes'
    shows '1 tenant more with the same files'
    sql "update t1.notes set body = 'same'"
    fails_with 5 "$migrate" deploy --rehearse --yes
    shows 't1: 20240102000000_second FAILED with SQLSTATE 23505'
    as_superuser postgres -c 'alter role lunaxcode_owner nocreatedb'
    equals "$(sql "select count(*) from pg_database where datname like '%rehearsal%'")" 0
    equals "$(sql "select to_regclass('t1.notes_body') is null and (select count(*) = 2 from t1.notes)")" t
}

@test "a scratch copy is of the database's own locale, whatever its name, whatever warns; a copy that failed is none" {
    name=x$(printf 'é%.0s' $(seq 25))\"$BATS_TEST_NUMBER
    as_superuser postgres -c "drop database $database" -c "create database $database owner postgres template template0 locale_provider icu icu_locale 'en-US'" \
        -c "alter database $database rename to \"${name/\"/\"\"}\""
    export MIGRATE_DATABASE_URL="user=postgres dbname='$name'" TMPDIR="$BATS_TEST_TMPDIR/it's"
    mkdir "$TMPDIR"
    sql "create table tenants (id int primary key, schema_name text not null)"
    fleet 1
    notes_for_all
    "$migrate" deploy --yes >/dev/null
    sql "update pg_database set datcollversion = '1.1' where datname = current_database()"
    migration 20240102000000_second <<'SQL'
-- migrate:up scope:tenant
create index concurrently notes_body on notes (body);
do $$ begin
    if (select datlocprovider::text || daticulocale from pg_database where datname = current_database() and datname like 'xé%é\_rehearsal\_%') is distinct from 'ien-US' then
        raise 'made as %', current_database();
    end if;
end $$;
SQL
    fails_with 0 "$migrate" deploy --rehearse --yes
    shows 't1, in a scratch copy:'
    [ -z "$(ls "$TMPDIR")" ]
    mv "$folder/20240102000000_second.sql" "$BATS_TEST_TMPDIR/second.sql"
    migration 20240102000000_plain <<<$'-- migrate:up scope:tenant\nalter table notes add column more int;'
    fails_with 0 "$migrate" deploy --rehearse --yes
    shows 't1, rolled back:'
    rm "$folder/20240102000000_plain.sql"
    mv "$BATS_TEST_TMPDIR/second.sql" "$folder/20240102000000_second.sql"
    # Half of a copy, and a warning.
    mkdir "$BATS_TEST_TMPDIR/bin"
    ln -s "$bin/psql" "$BATS_TEST_TMPDIR/bin/psql"
    printf '#!/bin/sh\n%s/pg_dump --section=pre-data "$@"\nprintf "pg_dump: warning: slow\\npg_dump: error: it broke\\n" >&2\nexit 1\n' "$bin" >"$BATS_TEST_TMPDIR/bin/pg_dump"
    chmod +x "$BATS_TEST_TMPDIR/bin/pg_dump"
    PATH=$BATS_TEST_TMPDIR/bin:$PATH fails_with 5 "$migrate" deploy --rehearse --yes
    shows 'the copy for the rehearsal failed: it broke'
    equals "$(sql "select count(*) from pg_database where datname like '%rehearsal%'" 2>/dev/null)" 0
    as_superuser postgres -c "drop database \"${name/\"/\"\"}\""
}

@test "a transaction pooler is found out and refused with the remedy; one that keeps a session together is not" {
    fleet 1
    notes_for_all
    pool() {
        cat >"$cluster/pgbouncer.ini" <<INI
[databases]
* = host=$cluster ${dress-}
[pgbouncer]
listen_addr =
unix_socket_dir = $cluster/pool
listen_port = 6432
auth_type = trust
auth_file = $cluster/pgbouncer.users
pidfile = $cluster/pgbouncer.pid
pool_mode = $1
logfile = $cluster/pgbouncer.log
$2
INI
        echo '"lunaxcode_owner" ""' >"$cluster/pgbouncer.users"
        mkdir -p "$cluster/pool"
        [ "$(id -u)" != 0 ] || chown postgres "$cluster/pool" "$cluster/pgbouncer.ini" "$cluster/pgbouncer.users"
        as_postgres pgbouncer -q -d "$cluster/pgbouncer.ini" >/dev/null 2>&1 3>&-
        for _ in $(seq 600); do
            [ ! -S "$cluster/pool/.s.PGSQL.6432" ] || break
            sleep 0.05
        done
    }
    through_pool() { MIGRATE_DATABASE_URL="postgresql://lunaxcode_owner@/$database?host=$cluster/pool&port=6432" "$migrate" deploy --yes; }
    unpool() {
        local pooler
        pooler=$(cat "$cluster/pgbouncer.pid")
        kill "$pooler"
        # It removes its socket after its pidfile, and would remove the next one's.
        for _ in $(seq 600); do
            kill -0 "$pooler" 2>/dev/null || return 0
            sleep 0.05
        done
        false
    }
    # As it comes, it does not take the options of a connection.
    pool transaction ''
    fails_with 12 through_pool
    shows 'a connection pooler stands between: it took no options'
    shows "Give the server's own address"
    unpool
    # It drops them silently.
    pool session 'ignore_startup_parameters = options'
    fails_with 12 through_pool
    shows 'the settings of the connection do not arrive'
    unpool
    # It is made to look as if they had arrived: then a lock tells.
    dress="connect_query = 'set migrate.app_role = lunaxcode_app'"
    pool transaction 'ignore_startup_parameters = options'
    fails_with 12 through_pool
    shows 'two connections were given the same backend'
    unpool
    pool transaction 'ignore_startup_parameters = options
server_round_robin = 1
min_pool_size = 3'
    fails_with 12 through_pool
    # To look takes nothing of a session.
    direct=$("$migrate" status) || [ $? = 3 ]
    for _ in 1 2 3 4 5 6; do
        MIGRATE_DATABASE_URL="postgresql://lunaxcode_owner@/$database?host=$cluster/pool&port=6432" run "$migrate" status
        equals "$status $output" "3 $direct"
    done
    unpool
    equals "$(sql "select to_regclass('people') is null and to_regclass('schema_history') is null")" t
    pool session 'ignore_startup_parameters = options
server_reset_query ='
    fails_with 0 through_pool
    unpool
}
