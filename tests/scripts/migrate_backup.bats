#!/usr/bin/env bats
# scripts/migrate backup, restore, prune and tenants drop: what is kept, what comes back, and what is never touched.

# shellcheck disable=SC2154,SC2016 # names of postgres.bash; $$ in SQL
load postgres

setup_file() {
    start_cluster
    make_template
    as_superuser ready -c "create table public.keyless (v int)" -c 'insert into keyless values (1), (2)' -c 'alter table keyless owner to lunaxcode_owner'
}
teardown_file() { stop_cluster; }

setup() {
    new_database ready
    owner_url=$MIGRATE_DATABASE_URL
    # Making and renaming databases is a superuser's business.
    super_url=postgresql://postgres@/$database
    export MIGRATE_BACKUP_DIR=$BATS_TEST_TMPDIR/backups
}

teardown() {
    [ -z "${held_pid-}" ] || ! kill -0 "$held_pid" 2>/dev/null || kill "$held_pid"
    for name in $(as_superuser postgres -A -t -c "select datname from pg_database where datname like 'test\_$BATS_TEST_NUMBER\_%' or datname = '$database'"); do
        as_superuser postgres -c "drop database \"$name\" with (force)"
    done
}

a_backup() {
    "$migrate" backup >/dev/null
    backup=$(find "$MIGRATE_BACKUP_DIR" -name '*.dump' | sort | tail -n 1)
}

as_super() { MIGRATE_DATABASE_URL=$super_url "$@"; }

@test "a backup is whole, only its owner's, and says what is in it; none is written over" {
    fails_with 0 "$migrate" backup
    shows "3 schemas, $(sql "select count(*) from pg_tables where schemaname in ('public', 'acme', 'lunaxcode')") tables"
    backup=$(echo "$MIGRATE_BACKUP_DIR"/*.dump)
    equals "$(stat -c %a "$backup" "$backup.manifest" "$MIGRATE_BACKUP_DIR" | paste -sd ' ')" '600 600 700'
    equals "$(find "$MIGRATE_BACKUP_DIR" -type f | wc -l)" 2
    manifest=$(cat "$backup.manifest")
    equals "$(sed -n 's/^sha256\t//p' <<<"$manifest")" "$(sha256sum <"$backup" | cut -c 1-64)"
    equals "$(sed -n 's/^\(size\|scope\|database\|by\|for\|owner\|last\)\t//p' <<<"$manifest" | paste -sd '|')" \
        "scripts/migrate backup|all|$(stat -c %s "$backup")|$database|lunaxcode_owner|lunaxcode_owner|$(basename -s .sql "$(grep -l 'scope:public' "$top"/sql/migrations/*.sql | tail -n 1)")"
    equals "$(grep -P '^rows\tpublic.keyless\t' <<<"$manifest" | cut -f 3)" 2
    fails_with 0 "$migrate" backup --check "${backup##*/}"
    shows whole
    fails_with 0 "$migrate" backup --list
    shows "database $database; all schemas"
    fails_with 2 "$migrate" backup --file "$backup"
    shows 'never written over'
    fails_with 0 "$migrate" backup --file "$BATS_TEST_TMPDIR/one.dump" --tenants acme
    equals "$(pg_restore -l "$BATS_TEST_TMPDIR/one.dump" | grep -c ' lunaxcode lunaxcode_owner$')" 0
    equals "$(pg_restore -l "$BATS_TEST_TMPDIR/one.dump" | grep -c ' SCHEMA - acme ')" 1
    printf x >>"$backup"
    fails_with 6 "$migrate" backup --check "$backup"
    shows 'its SHA-256 is another'
    # Some tenants, with public: enough to be restored by itself, but not to stand for all.
    fails_with 6 as_super "$migrate" restore "$BATS_TEST_TMPDIR/one.dump" --swap --yes
    shows 'it would lack everybody else'
    fails_with 0 as_super "$migrate" restore "$BATS_TEST_TMPDIR/one.dump"
    equals "$(as_superuser "${database}_restored" -A -t -c "select to_regnamespace('lunaxcode') is null, (select count(*) from public.tenants), to_regclass('acme.projects') is not null")" 't|2|t'
    sed -i 's/^database\t.*/database\tother/' "$BATS_TEST_TMPDIR/one.dump.manifest"
    fails_with 6 as_super "$migrate" restore "$BATS_TEST_TMPDIR/one.dump"
    shows 'was changed, or never finished'
}

@test "backups are told wrong use in words" {
    fails_with 2 "$migrate" backup --tenants nobody
    shows 'there is no tenant nobody'
    fails_with 2 "$migrate" backup --file /no/such/folder/x.dump
    fails_with 2 "$migrate" backup --list --limit many
    fails_with 2 "$migrate" backup now
    fails_with 2 "$migrate" restore
    fails_with 2 "$migrate" restore nothing.dump
    shows 'there is no backup nothing.dump'
    pg_dump -Fc -d "$owner_url" -f "$BATS_TEST_TMPDIR/plain.dump"
    fails_with 6 "$migrate" restore "$BATS_TEST_TMPDIR/plain.dump"
    shows 'has no manifest'
    MIGRATE_BACKUP_DIR=/proc/none fails_with 5 "$migrate" backup
    fails_with 2 "$migrate" prune
    fails_with 2 "$migrate" prune --keep 0
    fails_with 2 "$migrate" prune --older-than week
}

@test "a full disk, or a file that may not grow, is said in one line and leaves nothing" {
    sql "create table filler as select md5(n::text) || md5((-n)::text) as v from generate_series(1, 6000) n"
    mkdir "$MIGRATE_BACKUP_DIR"
    limited() { (ulimit -f 100 && exec "$migrate" backup); }
    fails_with 5 limited
    shows 'no backup was made: the file may not grow that large'
    equals "$(ls "$MIGRATE_BACKUP_DIR")" ''
    mount -t tmpfs -o size=128k none "$MIGRATE_BACKUP_DIR" 2>/dev/null || skip 'no tmpfs may be mounted here'
    run "$migrate" backup
    left=$(ls "$MIGRATE_BACKUP_DIR")
    umount "$MIGRATE_BACKUP_DIR"
    equals "$status" 5
    shows "the disk of $MIGRATE_BACKUP_DIR is full (0 MiB are free)"
    equals "${#lines[@]}" 2
    equals "$left" ''
}

@test "a backup that was killed is none; the next one is not hindered" {
    hold -d "$owner_url" <<<'begin; lock table keyless;'
    TMPDIR=$BATS_TEST_TMPDIR "$migrate" backup >"$BATS_TEST_TMPDIR/out" 2>&1 3>&- &
    run=$!
    await 1 "select count(*) from pg_stat_activity where query like 'LOCK TABLE %' and wait_event_type = 'Lock' and datname = '$database'"
    kill -9 "$run"
    wait "$run" || true
    fails_with 0 "$migrate" backup --list
    shows 'UNFINISHED OR NOT OURS'
    release
    await 0 "select count(*) from pg_stat_activity where query like 'LOCK TABLE %' and datname = '$database'"
    fails_with 0 "$migrate" backup
    # Ended politely, it cleans up after itself.
    hold -d "$owner_url" <<<'begin; lock table keyless;'
    "$migrate" backup --file "$BATS_TEST_TMPDIR/two.dump" >/dev/null 2>&1 3>&- &
    run=$!
    await 1 "select count(*) from pg_stat_activity where query like 'LOCK TABLE %' and wait_event_type = 'Lock' and datname = '$database'"
    kill "$run"
    wait "$run" || true
    [ ! -e "$BATS_TEST_TMPDIR/two.dump.part" ]
    await 0 "select count(*) from pg_stat_activity where query like 'LOCK TABLE %' and datname = '$database'"
    # Nobody ends it for idling, though its session waits for pg_dump.
    "$migrate" backup --file "$BATS_TEST_TMPDIR/two.dump" >/dev/null 2>&1 3>&- &
    run=$!
    await 1 "select count(*) from pg_stat_activity where application_name = 'migrate backup' and state = 'idle in transaction' and state_change < now() - interval '1.1 s'"
    MIGRATE_DATABASE_URL=$super_url fails_with 9 "$migrate" connections --kill-idle 1 </dev/null
    shows 'migrate backup'
    shows "lunaxcode_owner to $database (psql)"
    shows_not '(migrate backup)'
    kill "$run"
    wait "$run" || true
    # Behind a lock it gives up as every other command does.
    MIGRATE_LOCK_TIMEOUT=200ms fails_with 5 "$migrate" backup --file "$BATS_TEST_TMPDIR/two.dump"
    shows 'no backup was made: '
    release
}

@test "no password of a backup or a restore is on a command line or in the manifest" {
    as_superuser postgres -c 'drop database if exists guarded' -c 'drop role if exists secret_owner' \
        -c "create role secret_owner login createrole createdb password 'p w'" -c 'create database guarded owner secret_owner'
    mkdir "$BATS_TEST_TMPDIR/bin"
    for program in psql pg_dump pg_restore; do
        printf '#!/bin/sh\nprintf "%%s\\n" "$0 $*" >>"%s/lines"\nexec %s/%s "$@"\n' "$BATS_TEST_TMPDIR" "$bin" "$program" >"$BATS_TEST_TMPDIR/bin/$program"
        chmod +x "$BATS_TEST_TMPDIR/bin/$program"
    done
    export PATH=$BATS_TEST_TMPDIR/bin:$PATH MIGRATE_DATABASE_URL='postgresql://secret_owner:p%20w@/guarded'
    psql -X -q -d postgresql://postgres@/guarded -c 'create table t as select 1 as v' -c 'alter table t owner to secret_owner'
    a_backup
    fails_with 0 "$migrate" restore "$backup"
    shows 'guarded_restored is what the backup'
    grep -q pg_restore "$BATS_TEST_TMPDIR/lines"
    fails_with 1 grep -F -e 'p%20w' -e 'p w' "$BATS_TEST_TMPDIR/lines" "$backup.manifest"
    as_superuser postgres -c 'drop database guarded' -c 'drop database guarded_restored' -c 'drop role secret_owner'
}

@test "what the guide said, psql reading a dump into the live database, ends with 0, errors and doubled rows; restore never touches it" {
    pg_dump -d "$super_url" >"$BATS_TEST_TMPDIR/backup.sql"
    fails_with 0 psql -X -d "$super_url" -f "$BATS_TEST_TMPDIR/backup.sql"
    shows 'ERROR:'
    equals "$(sql 'select count(*) from keyless')" 4
    sql 'delete from keyless; insert into keyless values (1), (2)'
    a_backup
    sql 'insert into keyless values (3)'
    fails_with 6 as_super "$migrate" restore "$backup" --into "$database"
    shows 'is the live database'
    fails_with 6 as_super "$migrate" restore "$backup" --into ready
    shows 'is there already'
    equals "$(sql 'select count(*) from keyless')" 3
    fails_with 4 "$migrate" restore "$backup"
    shows 'lunaxcode_owner may not create databases'
}

@test "a restore is compared with what was backed up, then takes the live one's place; that one is kept" {
    sql "insert into acme.service_types (name, base_price) values ('kept', 1)"
    as_superuser "$database" -c "alter database $database set work_mem = '7MB'" -c "alter role lunaxcode_app in database $database set search_path = 'public', 'pg_temp'"
    a_backup
    sql "insert into acme.service_types (name, base_price) values ('later', 2)"
    fails_with 0 as_super "$migrate" restore "$backup"
    shows "Database ${database}_restored is what the backup of"
    equals "$(sql "select count(*) from acme.service_types")" 2
    # What an app's connection does to the rename, and what an operator may do about it.
    hold -d "$owner_url" <<<'select 1;'
    fails_with 8 as_super "$migrate" restore "$backup" --swap
    shows "1 of lunaxcode_owner to $database (psql)"
    fails_with 9 as_super "$migrate" restore "$backup" --swap --terminate <<<yes
    shows "Database $database becomes ${database}_before_"
    equals "$(sql "select count(*) from acme.service_types")" 2
    fails_with 0 as_super "$migrate" restore "$backup" --swap --terminate <<<"$database"
    release || true
    equals "$(sql "select name from acme.service_types")" kept
    fails_with 0 "$migrate" status
    equals "$(sql "select current_setting('work_mem'), datacl is not null, shobj_description(oid, 'pg_database') is null from pg_database where datname = '$database'")" '7MB|t|t'
    equals "$(psql -X -A -t -U lunaxcode_app -d "$database" -c 'show search_path')" 'public, pg_temp'
    before=$(as_superuser postgres -A -t -c "select datname from pg_database where datname like '${database}\_before\_%'")
    equals "$(as_superuser "$before" -A -t -c "select count(*) from acme.service_types")" 2
    # The programs work on it as before: their role may connect and become the tenant.
    as_app 'set local role acme; select name from acme.service_types'
    fails_with 42 sh -c "psql -X -q -U lunaxcode_app -d $database -c \"select set_config('role', 'acme', false)\" || exit 42"
}

@test "a restored database that differs in a row, an index, a grant or a sequence is not put in the live one's place" {
    a_backup
    as_super "$migrate" restore "$backup" >/dev/null
    restored=${database}_restored
    differs() { # WORDS SQL UNDO
        as_superuser "$restored" -c "$2"
        fails_with 4 as_super "$migrate" restore "$backup" --swap --yes
        shows "$1"
        shows "$database is as it was"
        as_superuser "$restored" -c "$3"
    }
    differs 'table public.keyless: 2 rows when the backup was taken, 3 here' 'insert into keyless values (9)' 'delete from keyless where v = 9'
    differs 'table public.keyless: as many rows (2), but not with the same values' 'update keyless set v = 3 where v = 2' 'update keyless set v = 2 where v = 3'
    differs 'table lunaxcode.tasks: is defined in another way' 'alter table lunaxcode.tasks add column odd int' 'select 1'
    as_superuser postgres -c "drop database $restored"
    as_super "$migrate" restore "$backup" >/dev/null
    differs 'table acme.projects: is defined in another way' 'grant select on acme.projects to public' 'revoke select on acme.projects from public'
    differs 'function public.deny' 'alter function public.deny set work_mem = 64' 'alter function public.deny reset work_mem'
    differs 'sequence acme.projects_id_seq: stood at 1 (not used yet), here at 5' "select nextval('acme.projects_id_seq') from generate_series(1, 5)" "select setval('acme.projects_id_seq', 1, false)"
    differs 'table public.more: is here, and was not' 'create table more (i int)' 'drop table more'
    differs 'grants of pg_catalog.set_config' 'grant execute on function set_config(text, text, boolean) to public' 'revoke execute on function set_config(text, text, boolean) from public'
    fails_with 0 as_super "$migrate" restore "$backup"
}

@test "a restore that fails or is killed leaves nothing behind, or is begun anew" {
    a_backup
    # The roles of another server are missing there.
    sed -i '$d; s/^role\tacme\t/role\tnobody_here\t/' "$backup.manifest"
    printf 'end\t%s\n' "$(sha256sum <"$backup.manifest" | cut -c 1-64)" >>"$backup.manifest"
    fails_with 4 as_super "$migrate" restore "$backup"
    shows 'the server lacks roles of the backup: nobody_here'
    equals "$(as_superuser postgres -A -t -c "select count(*) from pg_database where datname = '${database}_restored'")" 0
    rm "$backup" "$backup.manifest"
    sql 'create view needs as select * from keyless'
    a_backup
    # A tool on the way that fails in the middle; with a psql beside it, this folder is the one that is taken.
    mkdir "$BATS_TEST_TMPDIR/bin"
    ln -s "$bin/psql" "$BATS_TEST_TMPDIR/bin/psql"
    printf '#!/bin/sh\n%s/pg_restore --section=pre-data "$@"\necho "pg_restore: error: could not execute query: ERROR:  no room" >&2\nexit 1\n' "$bin" >"$BATS_TEST_TMPDIR/bin/pg_restore"
    chmod +x "$BATS_TEST_TMPDIR/bin/pg_restore"
    PATH=$BATS_TEST_TMPDIR/bin:$PATH fails_with 5 as_super "$migrate" restore "$backup"
    shows 'pg_restore: no room; nothing is left of it'
    equals "$(as_superuser postgres -A -t -c "select count(*) from pg_database where datname = '${database}_restored'")" 0
    printf '#!/bin/sh\n%s/pg_restore --section=pre-data "$@"\nkill -9 "$(ps -o ppid= -p $$)"\n' "$bin" >"$BATS_TEST_TMPDIR/bin/pg_restore"
    PATH=$BATS_TEST_TMPDIR/bin:$PATH TMPDIR=$BATS_TEST_TMPDIR run as_super "$migrate" restore "$backup"
    equals "$(as_superuser postgres -A -t -c "select count(*) from pg_database where datname = '${database}_restored'")" 1
    fails_with 0 as_super "$migrate" restore "$backup"
    shows 'Removing what a restore that was killed left'
    shows 'is what the backup'
}

@test "databases and schemas with quotes, spaces, capitals and 63 bytes are kept and come back" {
    odd="Big \"Café\" & 'x' \\ 100%"
    long=$(printf 'x%.0s' $(seq 63))
    as_superuser postgres -c "create database \"${odd//\"/\"\"}\" owner lunaxcode_owner"
    address="postgresql://lunaxcode_owner@/Big%20%22Caf%C3%A9%22%20%26%20'x'%20%5C%20100%25"
    psql -X -q -v ON_ERROR_STOP=1 -d "$address" <<SQL
create table tenants (id uuid primary key default gen_random_uuid(), schema_name text);
insert into tenants (schema_name) values ('O''Hara "& Sons\\'), ('$long');
create schema "O'Hara ""& Sons\\"; create table "O'Hara ""& Sons\\"."T 1" ("c d" text); insert into "O'Hara ""& Sons\\"."T 1" values ('v');
create schema "$long"; create sequence "$long"."$long"; select nextval('"$long"."$long"');
create table "$long".m_row (m_row int, t text collate "C", check (t in ('a', 'b'))); insert into "$long".m_row values (1, 'a');
SQL
    export MIGRATE_DATABASE_URL=$address
    fails_with 0 "$migrate" tenants list
    shows "O'Hara \"& Sons\\"
    fails_with 0 "$migrate" backup --tenants "O'Hara \"& Sons\\"
    fails_with 0 "$migrate" backup --file "$BATS_TEST_TMPDIR/a b'c.dump"
    super=${address/lunaxcode_owner/postgres}
    MIGRATE_DATABASE_URL=$super fails_with 0 "$migrate" restore "$BATS_TEST_TMPDIR/a b'c.dump" --swap --yes
    shows "alter database \"Big \"\"Café\"\" & 'x' \\ 100%\" rename"
    equals "$(psql -X -A -t -d "$address" -c "select \"c d\" from \"O'Hara \"\"& Sons\\\".\"T 1\"")" v
    # A tenant of somebody else's database, with a row and nothing but a schema name in it.
    fails_with 0 "$migrate" tenants drop "O'Hara \"& Sons\\" <<<"O'Hara \"& Sons\\"
    shows "1 \"O'Hara \"\"& Sons"
    kept=$(find "$MIGRATE_BACKUP_DIR" -name '*.dump' -newer "$BATS_TEST_TMPDIR/a b'c.dump" | sort | tail -n 1)
    equals "$(psql -X -A -t -d "$address" -c 'select count(*) from tenants' -c "select count(*) from pg_tables where tablename = 'T 1'" | paste -sd ,)" 1,0
    fails_with 0 "$migrate" tenants restore "$kept"
    equals "$(psql -X -A -t -d "$address" -c 'select count(*) from tenants' -c "select \"c d\" from \"O'Hara \"\"& Sons\\\".\"T 1\"" | paste -sd ,)" 2,v
    # The same by keywords instead of a URL.
    MIGRATE_DATABASE_URL="user=postgres dbname='Big \"Café\" & \\'x\\' \\\\ 100%'" fails_with 0 "$migrate" restore "$BATS_TEST_TMPDIR/a b'c.dump" --into "$long"
    for name in $(as_superuser postgres -A -t -c "select oid from pg_database where datname like 'Big %' or datname = '$long'"); do
        as_superuser postgres -c "select format('drop database %I', datname) from pg_database where oid = $name \\gexec" 2>/dev/null ||
            as_superuser postgres -A -t -c "select format('drop database %I', datname) from pg_database where oid = $name" | as_superuser postgres
    done
}

@test "prune removes old whole backups only, keeps the newest of each database, and asks" {
    a_backup
    first=$backup
    sleep 1
    a_backup
    second=$backup
    : >"$MIGRATE_BACKUP_DIR/foreign.dump"
    fails_with 0 "$migrate" prune --older-than 1
    shows 'Nothing to remove'
    fails_with 9 "$migrate" prune --keep 1 </dev/null
    shows "${first##*/}"
    shows_not "${second##*/}"
    [ -e "$first" ]
    fails_with 0 "$migrate" prune --keep 1 <<<remove
    [ ! -e "$first" ] && [ ! -e "$first.manifest" ]
    fails_with 0 "$migrate" prune --older-than 0 --yes
    [ -e "$second" ] && [ -e "$MIGRATE_BACKUP_DIR/foreign.dump" ]
}

@test "a tenant is dropped with all that is its own, into a backup that brings it back" {
    sql "insert into users (id, name, email) values ('u1', 'U', 'u1@x.example');
         insert into user_tenant (user_id, tenant_id) select 'u1', id from tenants;
         insert into user_roles (user_id, tenant_id, role_id) select 'u1', id, 5 from tenants;
         insert into jobs (tenant, kind, key) values ('acme', 'plan', '1'), ('lunaxcode', 'plan', '1');
         insert into acme.service_types (name, base_price) values ('one', 5), ('two', 6);
         alter table acme.service_types add column by_hand text"
    rows="select (select count(*) from user_roles), (select count(*) from jobs), (select count(*) from tenants), to_regnamespace('acme') is not null"
    fails_with 2 "$migrate" tenants drop nobody
    fails_with 6 "$migrate" tenants drop lunaxcode
    shows 'is the default tenant'
    fails_with 9 "$migrate" tenants drop acme <<<yes
    shows "hosts -): schema acme with $(sql "select count(*) from pg_tables where schemaname = 'acme'") tables"
    shows '2 acme.service_types'
    shows '1 public.jobs'
    equals "$(ls "$MIGRATE_BACKUP_DIR")" ''
    # Something outside that would go with it.
    sql 'create view public.outside as select name from acme.service_types'
    fails_with 6 "$migrate" tenants drop acme --yes
    shows 'something outside of schema acme depends'
    sql 'drop view public.outside'
    equals "$(sql "$rows")" '2|2|2|t'

    # Somebody works in it while the name is being typed: what that one wrote is kept too, however long the second dump takes.
    mkdir "$BATS_TEST_TMPDIR/bin"
    ln -s "$bin/psql" "$BATS_TEST_TMPDIR/bin/psql"
    printf '#!/bin/sh\ncase "$*" in *--snapshot*) sleep 1 ;; esac\nexec %s/pg_dump "$@"\n' "$bin" >"$BATS_TEST_TMPDIR/bin/pg_dump"
    chmod +x "$BATS_TEST_TMPDIR/bin/pg_dump"
    PATH=$BATS_TEST_TMPDIR/bin:$PATH fails_with 0 sh -c '{ until ls "$MIGRATE_BACKUP_DIR"/*.manifest >/dev/null 2>&1; do sleep 0.05; done
        psql -X -q -d "$MIGRATE_DATABASE_URL" -c "insert into acme.service_types (name, base_price) values (\$\$late\$\$, 7)"; echo acme; } | "$0" tenants drop acme' "$migrate"
    shows 'Somebody wrote to acme meanwhile'
    shows 'Tenant acme is gone'
    kept=$(sed -n 's/.*tenants restore //p' <<<"$output")
    equals "$(sql "$rows")" '1|1|1|f'
    equals "$(sql "select count(*) from pg_auth_members m join pg_roles r on r.oid = m.roleid where r.rolname = 'acme'")" 1 # the template's
    fails_with 0 "$migrate" status
    fails_with 2 as_super "$migrate" restore "$kept"
    shows "tenants restore $kept"
    fails_with 0 "$migrate" tenants restore "$kept"
    equals "$(sql "$rows")" '2|2|2|t'
    equals "$(sql 'select name from acme.service_types order by 1' | paste -sd ,)" late,one,two
    as_app "set local role acme; insert into service_types (name, base_price) values ('three', 1)"
    fails_with 0 "$migrate" status
    fails_with 6 "$migrate" tenants restore "$kept"
    shows 'never put over it'
    # A tenant whose role no other database has takes it along, and gets it again.
    "$migrate" tenants create "studio_$BATS_TEST_NUMBER" --host studio.example
    fails_with 0 "$migrate" tenants drop "studio_$BATS_TEST_NUMBER" --yes
    kept=$(sed -n 's/.*tenants restore //p' <<<"$output")
    equals "$(sql "select count(*) from pg_roles where rolname = 'studio_$BATS_TEST_NUMBER'")" 0
    fails_with 0 "$migrate" tenants restore "$kept"
    as_app "set local role studio_$BATS_TEST_NUMBER; select count(*) from service_types"
    fails_with 0 "$migrate" tenants drop "studio_$BATS_TEST_NUMBER" --yes
}

@test "--swap takes the place of the database that is addressed and of no other: one that cannot be entered stays, one that is lost comes back" {
    a_backup
    sql 'insert into keyless values (3)'
    refused() { # CODE ADDRESS WORDS
        MIGRATE_DATABASE_URL=$2 fails_with "$1" "$migrate" restore "$backup" --swap --yes
        shows "$3"
        equals "$(as_superuser postgres -A -t -c "select count(*) from pg_database where datname like 'test\_$BATS_TEST_NUMBER\_%'")" "${others-0}"
    }
    refused 6 "postgresql://postgres@/${database}_no%22such?connect_timeout=5" "there is no database ${database}_no\"such, and $backup is of $database: nothing was swapped"
    refused 6 "user=postgres dbname='${database} o\\'ther'" "there is no database ${database} o'ther,"
    refused 6 "postgresql://postgres@/$database?dbname=${database}_other" "there is no database ${database}_other,"
    PGUSER=postgres refused 6 "${database}_plain" "there is no database ${database}_plain,"
    # What libpq takes where none is named is not guessed.
    refused 7 postgresql://lunaxcode_owner@ 'cannot reach the database'
    equals "$(sql 'select count(*) from keyless')" 3
    # There, and nobody comes in.
    as_superuser postgres -c "create database \"${database}_closed\" allow_connections false"
    others=1
    refused 7 "postgresql://postgres@/${database}_closed" "database ${database}_closed is there, and cannot be entered: "
    shows 'is not currently accepting connections'
    as_superuser postgres -c "drop database \"${database}_closed\"" -c "alter database $database allow_connections false"
    others=0
    refused 7 "$super_url" "database $database is there, and cannot be entered: "
    as_superuser postgres -c "create role secret_owner login password 'right'"
    PGPASSWORD=wrong refused 7 "postgresql://secret_owner@/$database" 'password authentication failed'
    as_superuser postgres -c 'drop role secret_owner'
    # Beside it a restore hurts nobody.
    fails_with 0 as_super "$migrate" restore "$backup"
    shows "Database ${database}_restored is what the backup of"
    as_superuser postgres -c "alter database $database rename to ${database}_away"
    fails_with 0 as_super "$migrate" restore "$backup" --swap --yes
    equals "$(sql 'select count(*) from keyless')" 2
}

@test "settings with names of many parts and values of many lines come back; one that this server cannot have is named and costs nothing else" {
    as_superuser "$database" -c 'set allow_in_place_tablespaces = on' -c "create tablespace fast location ''" \
        -c "alter database $database set app.settings.jwt_secret = 's3'" -c "alter database $database set app.\"User\".c.d = 'it''s \\'" \
        -c "alter database $database set app.key = E'-----BEGIN\nKEY\t\"x\\\\\n'" -c "alter database $database set search_path = 'public', 'pg_temp'" \
        -c "alter role lunaxcode_app in database $database set app.settings.role = 'web'" -c "alter database $database set temp_tablespaces = fast"
    settings="select coalesce(r.rolname, '-'), s from pg_db_role_setting left join pg_roles r on r.oid = setrole, unnest(setconfig) s
               where setdatabase = (select oid from pg_database where datname = current_database()) and s !~ '^temp_tablespaces' order by 1, 2"
    before=$(sql "$settings")
    a_backup
    as_superuser "$database" -c "alter database $database reset temp_tablespaces" -c 'drop tablespace fast'
    sed -i '$d; s/^setting\t-\tapp.settings.jwt_secret\t.*/&\nsetting\tlunaxcode_app\tunheard_of\t1/' "$backup.manifest"
    printf 'end\t%s\n' "$(sha256sum <"$backup.manifest" | cut -c 1-64)" >>"$backup.manifest"
    fails_with 0 as_super "$migrate" restore "$backup" --swap --yes
    shows '2 settings could not be made on this server'
    shows 'temp_tablespaces: tablespace "fast" does not exist'
    shows 'unheard_of of role lunaxcode_app: unrecognized configuration parameter'
    equals "$(sql "$settings")" "$before"
    equals "$(sql "select current_setting('app.settings.jwt_secret'), current_setting('app.key')")" $'s3|-----BEGIN\nKEY\t"x\\'
}

@test "a database that ICU orders is one when it is restored, and keeps its comment; one that is not is told" {
    as_superuser postgres -c "drop database $database" -c "create database $database owner lunaxcode_owner template template0 locale_provider icu icu_locale 'en-US'" \
        -c "comment on database $database is E'of \"us\"\n\\\\ all'"
    sql "create table words as select * from (values ('a'), ('B'), ('c')) t (w)"
    # As after an upgrade of the system: every connection says a warning.
    as_superuser postgres -c "update pg_database set datcollversion = '1.1' where datname = '$database'"
    facts="select datlocprovider, daticulocale, (select string_agg(w, '' order by w) from words), shobj_description(oid, 'pg_database') from pg_database where datname = current_database()"
    before=$(sql "$facts" 2>/dev/null)
    fails_with 0 "$migrate" backup
    backup=$(find "$MIGRATE_BACKUP_DIR" -name '*.dump')
    fails_with 0 as_super "$migrate" restore "$backup" --swap --yes
    equals "$(sql "$facts")" "$before"
    [[ $before == 'i|en-US|aBc|of "us"'* ]]
    # What restores made of it before they knew.
    as_super "$migrate" restore "$backup" >/dev/null
    as_superuser postgres -c "update pg_database set datlocprovider = 'c', daticulocale = null where datname = '${database}_restored'"
    fails_with 4 as_super "$migrate" restore "$backup" --swap --yes
    shows 'locale provider: ICU when the backup was taken, libc here'
    as_superuser postgres -c "update pg_database set datlocprovider = 'i', daticulocale = 'de' where datname = '${database}_restored'"
    fails_with 4 as_super "$migrate" restore "$backup" --swap --yes
    shows 'locale of the database: en-US when the backup was taken, de here'
    as_superuser postgres -c "drop database ${database}_restored"
    # A backup of then says nothing of it: what it says is enough, and the comment is the live one's.
    sed -i '/^\(provider\|locale\|rules\|comment\|end\)\t/d' "$backup.manifest"
    printf 'end\t%s\n' "$(sha256sum <"$backup.manifest" | cut -c 1-64)" >>"$backup.manifest"
    fails_with 0 as_super "$migrate" restore "$backup" --swap --yes
    equals "$(sql "select shobj_description(oid, 'pg_database') from pg_database where datname = current_database()" | head -n 1)" 'of "us"'
}

@test "what warns while it is dumped is no failure, and what fails is told by its error" {
    as_superuser postgres -c "alter database $database set default_tablespace = missing" -c "alter database $database set work_mem = '7MB'"
    fails_with 0 "$migrate" backup
    backup=$(find "$MIGRATE_BACKUP_DIR" -name '*.dump')
    fails_with 0 as_super "$migrate" restore "$backup"
    mkdir "$BATS_TEST_TMPDIR/bin"
    ln -s "$bin/psql" "$BATS_TEST_TMPDIR/bin/psql"
    printf '#!/bin/sh\ncase $1 in --version) exec %s/pg_dump --version ;; esac\nprintf "pg_dump: warning: slow\\nWARNING:  old\\nDETAIL:  more\\npg_dump: error: it broke\\n" >&2\nexit 1\n' "$bin" >"$BATS_TEST_TMPDIR/bin/pg_dump"
    chmod +x "$BATS_TEST_TMPDIR/bin/pg_dump"
    PATH=$BATS_TEST_TMPDIR/bin:$PATH fails_with 5 "$migrate" backup
    shows 'no backup was made: pg_dump: it broke'
    # The counting fails, after a warning of its own.
    printf '#!/bin/sh\ncase "$*" in *m_snapshot=*) printf "WARNING:  old\\nHINT:  more\\nERROR:  no count\\n" >&2; exit 3 ;; esac\nexec %s/psql "$@"\n' "$bin" >"$BATS_TEST_TMPDIR/bin/psql.new"
    chmod +x "$BATS_TEST_TMPDIR/bin/psql.new"
    mv "$BATS_TEST_TMPDIR/bin/psql.new" "$BATS_TEST_TMPDIR/bin/psql"
    ln -sf "$bin/pg_dump" "$BATS_TEST_TMPDIR/bin/pg_dump"
    PATH=$BATS_TEST_TMPDIR/bin:$PATH fails_with 5 "$migrate" backup
    shows 'no backup was made: no count'
}

@test "a folder for temporary files may have any name" {
    mkdir "$BATS_TEST_TMPDIR/it's \\ \"here\""
    export TMPDIR="$BATS_TEST_TMPDIR/it's \\ \"here\""
    fails_with 0 "$migrate" backup
    backup=$(find "$MIGRATE_BACKUP_DIR" -name '*.dump')
    fails_with 0 as_super "$migrate" restore "$backup" --swap --yes
    equals "$(ls "$TMPDIR")" ''
}
