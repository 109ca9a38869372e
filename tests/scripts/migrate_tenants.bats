#!/usr/bin/env bats
# scripts/migrate init, tenants, seed, generate, help, and how it treats secrets, with this project's own timeline.

# shellcheck disable=SC2154,SC2016,SC2030,SC2031 # names of postgres.bash; $$ in SQL
load postgres

setup_file() {
    start_cluster
    make_template
}
teardown_file() { stop_cluster; }
setup() { new_database ready; }

# The catalogue must know as many of each: I6.
one_to_one() {
    sql "select (select count(*) from public.tenants) = count(n.oid) and count(n.oid) = count(r.oid)
           from public.tenants t left join pg_namespace n on n.nspname = t.schema_name left join pg_roles r on r.rolname = t.schema_name"
}

@test "tenants create makes row, schema, role, grants and migrations; again is no error" {
    fails_with 0 "$migrate" tenants create studio --name "O'Hara & Söhne" --host Studio.Example --host www.studio.example
    files=$(grep -l '^-- migrate:up.*scope:tenant' "$top"/sql/migrations/*.sql | wc -l)
    shows "studio: $files migrations applied"
    equals "$(sql "select slug, schema_name, name, hosts, is_default, status from tenants where slug = 'studio'")" \
        "studio|studio|O'Hara & Söhne|{studio.example,www.studio.example}|f|active"
    equals "$(one_to_one)" t
    as_app 'set local role studio; insert into service_types (name, base_price) values ($$x$$, 1)'
    fails_with 0 "$migrate" tenants create studio
    shows 'already there'
    fails_with 0 "$migrate" tenants list
    shows "studio               O'Hara & Söhne; hosts studio.example,www.studio.example; active; role; $files applied"
    shows "lunaxcode            Lunaxcode; hosts agency.example; active, default; role; $files applied"
    fails_with 0 "$migrate" status
}

@test "a tenant that cannot be made leaves nothing: a host of another's, a second default, a taken schema, a role with powers" {
    as_superuser "$database" -c 'drop role if exists mighty' -c 'create role mighty login'
    nothing_left() {
        equals "$(sql "select count(*) from tenants where slug = '$1'")" 0
        equals "$(sql "select count(*) from pg_namespace where nspname = '$1' and not exists (select from pg_class where relnamespace = pg_namespace.oid and relname = 'keep')")" 0
        equals "$(one_to_one)" t
    }
    fails_with 5 "$migrate" tenants create broken --host agency.example
    shows 'host agency.example belongs to another tenant'
    shows 'nothing is left of it'
    nothing_left broken
    equals "$(sql "select count(*) from pg_roles where rolname = 'broken'")" 0
    fails_with 5 "$migrate" tenants create broken --default
    shows 'tenants_default'
    nothing_left broken
    fails_with 5 "$migrate" tenants create mighty
    shows 'role mighty exists and has powers of its own'
    nothing_left mighty
    sql 'create schema taken; create table taken.keep (id int)'
    fails_with 5 "$migrate" tenants create taken
    shows 'schema "taken" already exists'
    nothing_left taken
    equals "$(sql 'select count(*) from taken.keep')" 0
    as_superuser "$database" -c 'drop role mighty'
}

@test "a tenant is made with the demo content in its language, or not at all" {
    fails_with 0 "$migrate" tenants create buko --language fil --demo
    shows 'Tenant buko is there: schema, role, grants, demo content.'
    equals "$(sql "select (select count(*) > 3 from buko.service_types), (select language from buko.settings), (select count(*) > 20 from buko.questions)")" 't|fil|t'
    fails_with 0 "$migrate" seed buko
    shows 'buko has services already'
    mkdir "$BATS_TEST_TMPDIR/seeds"
    cp "$top"/sql/seed/*.sql "$BATS_TEST_TMPDIR/seeds"
    echo 'insert into no_such_table values (1);' >"$BATS_TEST_TMPDIR/seeds/99_wrong.sql"
    MIGRATE_SEED_DIR=$BATS_TEST_TMPDIR/seeds fails_with 5 "$migrate" tenants create mango --demo
    shows 'tenant mango was not made; nothing is left of it'
    shows 'no_such_table'
    equals "$(sql "select to_regnamespace('mango') is null, (select count(*) from tenants where slug = 'mango'), (select count(*) from pg_roles where rolname = 'mango')")" 't|0|0'
}

@test "a tenant migration that fails leaves nothing of the tenant" {
    new_folder
    cp "$top"/sql/migrations/*.sql "$folder"
    migration 20990101000000_breaks <<'SQL'
-- migrate:up scope:tenant
create table last_one (id int);
select 1 / (select count(*) from service_types);
SQL
    fails_with 5 "$migrate" tenants create studio
    shows 'studio: 20990101000000_breaks FAILED with SQLSTATE 22012 at statement 2'
    equals "$(one_to_one)" t
    equals "$(sql "select count(*) from pg_namespace where nspname = 'studio'")" 0
}

@test "a tenant killed while it is being made leaves nothing" {
    new_folder
    cp "$top"/sql/migrations/*.sql "$folder"
    migration 20990101000000_slow <<'SQL'
-- migrate:up scope:tenant
do $$ begin perform pg_sleep(20); end $$;
SQL
    TMPDIR=$BATS_TEST_TMPDIR "$migrate" tenants create studio >/dev/null 2>&1 3>&- &
    run=$!
    await 1 "select count(*) from pg_stat_activity where query like '%pg_sleep(20)%' and application_name = 'migrate'"
    kill -9 "$run"
    wait "$run" || true
    sql "select pg_terminate_backend(pid) from pg_stat_activity where query like '%pg_sleep(20)%' and application_name = 'migrate'" >/dev/null
    await 0 "select count(*) from pg_stat_activity where application_name = 'migrate' and datname = '$database'"
    equals "$(one_to_one)" t
    equals "$(sql "select count(*) from pg_namespace where nspname = 'studio'")" 0
    rm "$folder"/2099*
    fails_with 0 "$migrate" tenants create studio
}

@test "a new tenant takes migrations that cannot run in a transaction elsewhere" {
    new_folder
    cp "$top"/sql/migrations/*.sql "$folder"
    migration 20990101000000_concurrent <<'SQL'
-- migrate:up scope:tenant
create index concurrently messages_body on messages (body);
vacuum messages;
drop index concurrently messages_body;
create index concurrently if not exists messages_created on messages (created_at);
SQL
    fails_with 0 "$migrate" tenants create studio
    equals "$(sql "select indisvalid from pg_index where indexrelid = 'studio.messages_created'::regclass")" t
    fails_with 0 "$migrate" deploy --yes
    equals "$(sql "select indisvalid from pg_index where indexrelid = 'acme.messages_created'::regclass")" t
}

@test "the same tenant in another database of the server shares the role" {
    equals "$(sql "select count(*) from pg_roles where rolname = 'acme'")" 1
    as_superuser postgres -c "create database other_$BATS_TEST_NUMBER owner lunaxcode_owner"
    export MIGRATE_DATABASE_URL=postgresql://lunaxcode_owner@/other_$BATS_TEST_NUMBER
    "$migrate" deploy --yes
    fails_with 0 "$migrate" tenants create acme
    equals "$(one_to_one)" t
}

@test "slugs that are no names are wrong use" {
    for slug in '' Upper 9lives 'two words' 'a-b' "a';drop" pg_catalog public information_schema "$(printf 'x%.0s' $(seq 64))"; do
        fails_with 2 "$migrate" tenants create "$slug"
    done
    fails_with 2 "$migrate" tenants create
    fails_with 2 "$migrate" tenants create one two
}

@test "tenants create waits for public's migrations" {
    as_superuser postgres -c "create database other_$BATS_TEST_NUMBER owner lunaxcode_owner"
    MIGRATE_DATABASE_URL=postgresql://lunaxcode_owner@/other_$BATS_TEST_NUMBER fails_with 3 "$migrate" tenants create acme
    shows 'Run scripts/migrate deploy first'
}

@test "init makes the login role once, with its password from the environment only" {
    as_superuser postgres -c 'drop role if exists fresh_app'
    LUNAXCODE_APP_ROLE=fresh_app APP_PASSWORD="it's \\ secret" fails_with 0 "$migrate" init
    shows 'Role fresh_app made'
    shows 'password was set'
    shows_not secret
    equals "$(sql "select rolcanlogin, rolinherit, rolsuper from pg_roles where rolname = 'fresh_app'")" 't|f|f'
    equals "$(as_superuser "$database" -A -t -c "select rolpassword like 'SCRAM-SHA-256\$%' from pg_authid where rolname = 'fresh_app'")" t
    LUNAXCODE_APP_ROLE=fresh_app fails_with 0 "$migrate" init
    shows 'Role fresh_app is there'
    LUNAXCODE_APP_ROLE=postgres fails_with 4 "$migrate" init
    shows 'has powers of its own'
}

@test "init as the owner says what only a superuser can do; as a superuser it does it" {
    as_superuser postgres -c "create database other_$BATS_TEST_NUMBER owner lunaxcode_owner"
    export MIGRATE_DATABASE_URL=postgresql://lunaxcode_owner@/other_$BATS_TEST_NUMBER
    fails_with 0 "$migrate" init
    shows "still PUBLIC's"
    MIGRATE_DATABASE_URL=postgresql://postgres@/other_$BATS_TEST_NUMBER fails_with 0 "$migrate" init
    shows 'set_config is revoked'
    equals "$(sql "select has_function_privilege('lunaxcode_app', 'pg_catalog.set_config(text, text, boolean)', 'execute'),
        has_function_privilege('lunaxcode_owner', 'pg_catalog.set_config(text, text, boolean)', 'execute')")" 'f|t'
    fails_with 0 "$migrate" deploy --yes
}

@test "init says what the owner lacks" {
    as_superuser postgres -c 'drop role if exists poor_app' -c 'create role poor login' -c "create database other_$BATS_TEST_NUMBER owner poor"
    MIGRATE_DATABASE_URL=postgresql://poor@/other_$BATS_TEST_NUMBER LUNAXCODE_APP_ROLE=poor_app fails_with 5 "$migrate" init
    shows CREATEROLE
}

@test "seed fills an empty tenant once; --force writes over; what others changed besides stays" {
    equals "$(sql 'select count(*) from acme.service_types')" 0
    fails_with 0 "$migrate" seed acme
    equals "$output" 'acme: 5 services, 45 questions and 6 landing sections.'
    sql "update acme.service_types set base_price = 99 where name = 'Landing Page'; insert into acme.service_types (name, base_price) values ('Own', 5)"
    fails_with 0 "$migrate" seed acme
    shows 'nothing was changed'
    equals "$(sql "select base_price from acme.service_types where name = 'Landing Page'")" 99
    fails_with 0 "$migrate" seed acme --force
    equals "$(sql "select base_price from acme.service_types where name in ('Landing Page', 'Own') order by 1" | paste -sd ,)" 5,15000
    equals "$(sql 'select count(*) from acme.questions')" 45
    fails_with 2 "$migrate" seed nobody
    fails_with 2 "$migrate" seed
}

@test "the demo content is what the pages need" {
    equals "$(sql "select base_price, timeline, plan_template from lunaxcode.service_types where name = 'Landing Page'")" '15000|1-2 weeks|landing-page'
    # 6 to 10 questions a service, all six types, required and optional ones, conditions
    equals "$(sql "select s.name from lunaxcode.service_types s join lunaxcode.questions q on q.service_id = s.id group by s.id, s.name
        having count(*) not between 6 and 10 or count(distinct q.question_type) <> 6 or bool_and(q.required) or not bool_or(q.required) or count(q.show_if) = 0")" ''
    equals "$(sql 'select count(*) from lunaxcode.service_types where popular')" 1
    # Choices offer at least two options, other types none.
    equals "$(sql "select q.question_key from lunaxcode.questions q left join lunaxcode.question_options o on o.question_id = q.id group by q.id, q.question_key, q.question_type
        having case when q.question_type in ('select', 'radio', 'checkbox') then count(o.id) < 2 else count(o.id) > 0 end")" ''
    # A condition names an earlier question of its service, and one of that question's options.
    equals "$(sql "with leaf as (
            select q.id, q.service_id, q.sort_order, q.question_key, l.c from lunaxcode.questions q,
                   lateral (select q.show_if as c where q.show_if ? 'questionKey'
                            union all select jsonb_array_elements(coalesce(q.show_if->'all', q.show_if->'any')) where not q.show_if ? 'questionKey') l
             where q.show_if is not null),
        value as (
            select leaf.*, v from leaf, lateral (select c->>'equals' as v where c ? 'equals' union all select jsonb_array_elements_text(c->'in') where c ? 'in') x)
        select question_key, v from value
         where not exists (select from lunaxcode.questions t join lunaxcode.question_options o on o.question_id = t.id
                            where t.service_id = value.service_id and t.question_key = c->>'questionKey' and t.sort_order < value.sort_order and o.option_value = v)")" ''
    equals "$(sql "select count(*) from lunaxcode.questions where show_if is not null")" 11
    equals "$(sql 'select key from lunaxcode.landing_page_content order by sort_order' | paste -sd ,)" 'hero,features,how-it-works,social-proof,faq,cta'
}

@test "generate writes the next file, which deploys as it is" {
    new_folder
    fails_with 0 "$migrate" generate 'Add Deadline' --scope both
    file=$output
    [[ $file == "$folder"/20*_add_deadline.sql ]]
    grep -q '^-- migrate:up scope:public$' "$file"
    grep -q '^-- migrate:verify scope:tenant$' "$file"
    # A clock behind the newest file does not put a migration into the past.
    touch "$folder/29990101000000_future.sql"
    fails_with 0 "$migrate" generate later
    equals "$output" "$folder/29990101000001_later.sql"
    fails_with 2 "$migrate" generate ''
    fails_with 2 "$migrate" generate 'a/b'
    fails_with 2 "$migrate" generate x --scope everything
    fails_with 2 "$migrate" generate x --dir /no/such/folder
}

@test "help names every command and exit code; each command has its own page" {
    fails_with 0 "$migrate" help
    for word in status deploy generate tenants init seed backup restore prune sandbox connections report help 'Exit codes'; do shows "$word"; done
    for command in status deploy generate tenants init seed backup restore prune sandbox connections report help; do
        fails_with 0 "$migrate" help "$command"
        shows "scripts/migrate $command"
    done
    fails_with 0 "$migrate"
    fails_with 2 "$migrate" help nothing
    fails_with 2 "$migrate" nothing
    fails_with 2 "$migrate" deploy --no-such-option
    fails_with 2 "$migrate" status extra
    fails_with 2 "$migrate" status --dir
}

@test "a password is on no command line and in no output, wherever it was given" {
    as_superuser postgres -c 'drop database if exists guarded' -c 'drop role if exists secret_owner' \
        -c "create role secret_owner login createrole password 'p w:/@?&%é''\\x'" -c 'create database guarded owner secret_owner'
    mkdir "$BATS_TEST_TMPDIR/bin"
    # Every program that a run starts is seen by its command line through this psql and what /proc shows meanwhile.
    cat >"$BATS_TEST_TMPDIR/bin/psql" <<EOT
#!/bin/sh
printf '%s\n' "\$*" >>"$BATS_TEST_TMPDIR/lines"
tr '\0' ' ' </proc/\$PPID/cmdline >>"$BATS_TEST_TMPDIR/lines"
exec $bin/psql "\$@"
EOT
    chmod +x "$BATS_TEST_TMPDIR/bin/psql"
    encoded='p%20w%3A%2F%40%3F%26%25%C3%A9%27%5Cx'
    for url in "postgresql://secret_owner:$encoded@/guarded?host=$cluster" "postgres:///guarded?user=secret_owner&password=$encoded&host=$cluster" \
        "postgres:///guarded?password=$encoded&user=secret_owner" "user=secret_owner dbname=guarded password='p w:/@?&%é\\'\\\\x' host=$cluster" \
        "dbname=guarded user=secret_owner password=p\\ w:/@?&%é\\'\\\\x"; do
        PATH=$BATS_TEST_TMPDIR/bin:$PATH MIGRATE_DATABASE_URL=$url fails_with 0 "$migrate" deploy --yes
        PATH=$BATS_TEST_TMPDIR/bin:$PATH MIGRATE_DATABASE_URL=$url fails_with 0 "$migrate" status
        shows_not "$encoded"
    done
    [ -s "$BATS_TEST_TMPDIR/lines" ]
    fails_with 1 grep -F -e "$encoded" -e 'p w:/' -e 'p\ w' "$BATS_TEST_TMPDIR/lines"
    # A wrong one is not repeated to whoever reads the error.
    MIGRATE_DATABASE_URL="postgresql://secret_owner:wrong%20one@/guarded" fails_with 7 "$migrate" status
    shows 'password authentication failed'
    shows_not 'wrong%20one'
    shows_not 'wrong one'
    # PGPASSWORD and a passfile do as well; one on our own command line is refused.
    PGPASSWORD="p w:/@?&%é'\\x" MIGRATE_DATABASE_URL=postgresql://secret_owner@/guarded fails_with 0 "$migrate" status
    fails_with 2 "$migrate" status --database "postgresql://secret_owner:$encoded@/guarded"
    shows 'can be read by every user'
    fails_with 0 "$migrate" status --database "postgresql://lunaxcode_owner@/$database"
}

@test "without any address libpq's own variables say where" {
    unset MIGRATE_DATABASE_URL
    PGUSER=lunaxcode_owner PGDATABASE=$database fails_with 0 "$migrate" status
    DATABASE_URL=postgresql://lunaxcode_owner@/$database fails_with 0 "$migrate" status
}

@test "status and the plan of a deploy only read: they work where every session is read-only, as on a standby" {
    expected=$("$migrate" status)
    export PGOPTIONS='-c default_transaction_read_only=on'
    fails_with 0 "$migrate" status
    equals "$output" "$expected"
    cp -r "$top/sql/migrations" "$BATS_TEST_TMPDIR/sql"
    folder=$BATS_TEST_TMPDIR/sql
    export MIGRATE_DIR=$folder
    migration 20990101000000_more <<<'create table more_of_it (id int);'
    fails_with 3 "$migrate" status
    fails_with 0 "$migrate" deploy --dry-run
    shows '20990101000000_more'
    fails_with 5 "$migrate" deploy --yes
    shows 'read-only'
}

@test "a default scope that is none, and a scanner of another version, are named" {
    MIGRATE_DEFAULT_SCOPE=both fails_with 2 "$migrate" status
    shows "MIGRATE_DEFAULT_SCOPE is public or tenant, not 'both'"
    printf '#!/bin/sh\necho "usage: sql-scan FILE..." >&2\nexit 2\n' >"$BATS_TEST_TMPDIR/older"
    chmod +x "$BATS_TEST_TMPDIR/older"
    SQL_SCAN=$BATS_TEST_TMPDIR/older fails_with 2 "$migrate" status
    shows 'is of another version than these scripts'
}

@test "deploy with nothing to do starts one psql, and the client that would tell a pooler" {
    mkdir "$BATS_TEST_TMPDIR/bin"
    printf '#!/bin/sh\necho >>"%s"\nexec %s/psql "$@"\n' "$BATS_TEST_TMPDIR/started" "$bin" >"$BATS_TEST_TMPDIR/bin/psql"
    chmod +x "$BATS_TEST_TMPDIR/bin/psql"
    PATH=$BATS_TEST_TMPDIR/bin:$PATH fails_with 0 "$migrate" deploy --yes
    shows 'Up to date'
    equals "$(wc -l <"$BATS_TEST_TMPDIR/started")" 2
}
