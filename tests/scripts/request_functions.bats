#!/usr/bin/env bats
# What a request may see and call in the database: isolation of tenants, enter(), deny(), enqueue(), post_mail().

# shellcheck disable=SC2154,SC2016 # names of postgres.bash; $$ in SQL
load postgres

setup_file() {
    start_cluster
    make_template
    as_superuser ready <<'SQL'
insert into users (id, name, email, email_verified) values ('u1', 'Ana', 'ana@example.com', now()), ('u2', 'Ben', 'ben@example.com', null);
insert into user_roles select 'u1', t.id, r.id from tenants t, roles r where t.slug = 'lunaxcode' and r.name in ('client', 'owner');
insert into user_roles select 'u2', t.id, r.id from tenants t, roles r where t.slug = 'acme' and r.name = 'member';
insert into sessions (token_hash, user_id, tenant_id) select sha256('ana'), 'u1', id from tenants where slug = 'lunaxcode';
insert into sessions (token_hash, user_id, tenant_id) select sha256('ben'), 'u2', id from tenants where slug = 'lunaxcode';
insert into sessions (token_hash, user_id, tenant_id) select sha256('ben at acme'), 'u2', id from tenants where slug = 'acme';
insert into lunaxcode.projects (user_id, service_type_id, name, service, description, client_name, client_email, price, deposit_amount)
values ('u1', 1, 'One', 'Landing Page', 'A page', 'Ana', 'ana@example.com', 15000, 7500);
SQL
}
teardown_file() { stop_cluster; }
setup() { new_database ready; }

refused() { # CODE TEXT: as the programs' role TEXT fails with CODE
    fails_with 3 as_app_file "$2"
    shows "$1"
}
# -c runs all in one message and stops with exit 1; a file keeps psql's own codes
as_app_file() { psql -X -q -A -t -v ON_ERROR_STOP=1 -v VERBOSITY=verbose -U lunaxcode_app -d "$database" <<<"$1"; }

@test "without a tenant's role the programs read no tenant, nor its history" {
    refused 42501 'select * from lunaxcode.projects'
    refused 42501 'select * from acme.service_types'
    refused 42501 'select * from lunaxcode.schema_history'
    refused 42P01 'select * from projects'
    equals "$(as_app 'select count(*) > 5 from public.schema_history')" t
}

@test "a tenant's role reads and writes its own tables, no other tenant's, nothing in public" {
    equals "$(as_app 'set local role lunaxcode; select name from projects')" One
    equals "$(as_app 'set local role acme; select count(*) from projects')" 0
    as_app "set local role lunaxcode; insert into messages (project_id, user_id, body) values (1, 'u1', 'Hello'); update projects set status = 'completed'; delete from messages"
    for table in acme.projects acme.service_types public.users public.sessions public.jobs public.outbox public.tenants public.schema_history; do
        refused 42501 "begin; set local role lunaxcode; select * from $table"
    done
    refused 42501 'begin; set local role lunaxcode; insert into schema_history (name) values ($$x$$)'
    refused 42501 'begin; set local role lunaxcode; create table mine (id int)'
    refused 42501 'begin; set local role lunaxcode; select * from public.enter($$x$$, $$lunaxcode$$)'
}

@test "the login role makes nothing, deletes no account, and calls no set_config" {
    refused 42501 'create table public.mine (id int)'
    refused 42501 'delete from users'
    refused 42501 "select set_config('role', 'acme', true)"
    refused 42501 "begin; set local role lunaxcode; select set_config('lx.user', 'u2', true)"
    refused 42501 'set role lunaxcode_owner'
    refused 42501 'update tenants set status = $$suspended$$'
    equals "$(as_superuser "$database" -A -t -c "select rolinherit, rolsuper, rolcreaterole, rolcanlogin from pg_roles where rolname = 'lunaxcode_app'")" 'f|f|f|t'
}

@test "a session of the tenant enters; me() and my_role() say who, in this transaction only" {
    equals "$(as_app "select user_id, name, email, email_verified, role from enter(sha256('ana'), 'lunaxcode'); set local role lunaxcode; select public.me(), public.my_role()")" \
'u1|Ana|ana@example.com|t|admin
u1|admin'
    equals "$(as_app_file "begin; select count(*) from enter(sha256('ana'), 'lunaxcode'); commit; select me() is null, my_role() is null;")" '1
t|t'
    equals "$(as_app "select role, email_verified from enter(sha256('ben'), 'lunaxcode')")" 'client|f'
    equals "$(as_app "select role from enter(sha256('ben at acme'), 'acme')")" staff
}

@test "another tenant's session, an unknown one, a disabled account, a suspended tenant do not enter" {
    nobody() { equals "$(as_app "select count(*) from enter(sha256('$1'), '$2'); select me() is null")" '0
t'; }
    nobody ana acme
    nobody 'ben at acme' lunaxcode
    nobody nobody lunaxcode
    nobody ana no_such_tenant
    sql "update users set disabled_at = now() where id = 'u1'"
    nobody ana lunaxcode
    sql "update users set disabled_at = null; update tenants set status = 'suspended' where slug = 'lunaxcode'"
    nobody ana lunaxcode
    # Who entered before in the same transaction is not left behind.
    equals "$(as_app "select count(*) from enter(sha256('ben at acme'), 'acme'); select count(*) from enter(sha256('nobody'), 'acme'); select me() is null")" '1
0
t'
}

@test "a session follows its person's role and its tenant's status from the next request on" {
    role() { as_app "select role from enter(sha256('$1'), '$2')"; }
    equals "$(role ben lunaxcode)" client
    sql "insert into user_roles select 'u2', t.id, 3 from tenants t where t.slug = 'lunaxcode'"
    equals "$(role ben lunaxcode)" staff
    sql "update user_roles set role_id = 1 where user_id = 'u2' and role_id = 3 and tenant_id = (select id from tenants where slug = 'lunaxcode')"
    equals "$(role ben lunaxcode)" admin
    equals "$(role 'ben at acme' acme)" staff
    sql "delete from user_roles where user_id = 'u2'"
    equals "$(role ben lunaxcode)" client
    equals "$(role 'ben at acme' acme)" client
    sql "update tenants set status = 'suspended' where slug = 'acme'"
    equals "$(role 'ben at acme' acme)" ''
    sql "update tenants set status = 'active' where slug = 'acme'"
    equals "$(role 'ben at acme' acme)" client
}

@test "a session ends after 7 idle days and after 30 days in all" {
    enters() { as_app "select count(*) from enter(sha256('ana'), 'lunaxcode')"; }
    sql "update sessions set last_seen_at = now() - interval '6 days 23 hours' where user_id = 'u1'"
    equals "$(enters)" 1
    sql "update sessions set last_seen_at = now() - interval '7 days 1 minute' where user_id = 'u1'"
    equals "$(enters)" 0
    sql "update sessions set last_seen_at = now(), expires_at = now() + interval '1 minute' where user_id = 'u1'"
    equals "$(enters)" 1
    sql "update sessions set expires_at = now() - interval '1 second' where user_id = 'u1'"
    equals "$(enters)" 0
    equals "$(sql "select expires_at - created_at from sessions where user_id = 'u2' limit 1")" '30 days'
}

@test "the time a session was seen is noted once a minute, and nobody waits for it" {
    seen() { sql "select last_seen_at > now() - interval '10 seconds' from sessions where user_id = 'u1'"; }
    sql "update sessions set last_seen_at = now() - interval '30 seconds' where user_id = 'u1'"
    as_app "select count(*) from enter(sha256('ana'), 'lunaxcode')"
    equals "$(seen)" f
    sql "update sessions set last_seen_at = now() - interval '61 seconds' where user_id = 'u1'"
    hold -d "$MIGRATE_DATABASE_URL" <<<"begin; update sessions set user_agent = 'x' where user_id = 'u1';"
    equals "$(as_app "set local statement_timeout = '5s'; select count(*) from enter(sha256('ana'), 'lunaxcode')")" 1
    equals "$(seen)" f
    release
    as_app "select count(*) from enter(sha256('ana'), 'lunaxcode')"
    equals "$(seen)" t
}

@test "deny() ends the transaction with the status in its SQLSTATE" {
    for status in 401 403 404 422 429; do
        refused "LX$status: Not for you." "begin; set local role lunaxcode; select case when public.me() is null then public.deny($status, 'Not for you.') end"
    done
    equals "$(as_app "select case when true then false else deny(404, 'x') end")" f
}

@test "enqueue() is for tenants, and a live job is queued once for its key" {
    refused 42501 "select enqueue('plan', '1', '{}')"
    equals "$(as_app "set local role lunaxcode; select public.enqueue('plan', '1', '{\"a\":1}') = public.enqueue('plan', '1', '{\"a\":2}'), public.enqueue('plan', '2', null) is not null")" 't|t'
    as_app "set local role acme; select public.enqueue('plan', '1', '{}')" >/dev/null
    equals "$(sql 'select tenant, kind, key, payload, state from jobs order by id')" \
'lunaxcode|plan|1|{"a": 1}|queued
lunaxcode|plan|2|{}|queued
acme|plan|1|{}|queued'
    sql "update jobs set state = 'done', finished_at = now() where key = '1'"
    as_app "set local role lunaxcode; select public.enqueue('plan', '1', '{}')" >/dev/null
    equals "$(sql "select count(*) from jobs where tenant = 'lunaxcode' and key = '1'")" 2
}

@test "two transactions queue one job at once: the second gets the first's" {
    hold -U lunaxcode_app -d "$database" <<<"begin; set local role lunaxcode; select public.enqueue('plan', '1', '{}');"
    as_app "set local role lunaxcode; select public.enqueue('plan', '1', '{}')" >"$BATS_TEST_TMPDIR/second" 3>&- &
    second=$!
    await 1 'select count(*) from pg_locks where not granted'
    release 'commit;'
    wait "$second"
    equals "$(cat "$BATS_TEST_TMPDIR/second")" "$held_says"
    equals "$(sql 'select count(*) from jobs')" 1
}

@test "post_mail() puts mail into the outbox once, under the tenant's name, each with a Message-ID" {
    as_app "set local role lunaxcode; select public.post_mail('ana@example.com', 'Hello', 'Text', '<p>Text</p>')" >/dev/null
    as_app "select post_mail('ben@example.com', 'Hello', 'Text')" >/dev/null
    equals "$(sql 'select tenant, to_addr, body_html, state from outbox order by id')" \
'lunaxcode|ana@example.com|<p>Text</p>|queued
|ben@example.com||queued'
    equals "$(sql "select count(distinct message_id), bool_and(message_id ~ '^[0-9a-f-]{36}@lunaxcode\$') from outbox")" '2|t'
    refused 23514 "begin; set local role lunaxcode; select public.post_mail(E'ana@example.com\r\nBcc: all@example.com', 'x', 'y')"
    refused 23514 "begin; set local role lunaxcode; select public.post_mail('ana@example.com', E'x\r\nBcc: all@example.com', 'y')"
}

@test "a role of the server that is no tenant queues nothing and mails nobody" {
    as_superuser "$database" -c 'create role passer_by login'
    for call in "enqueue('plan', '1', '{}')" "post_mail('a@b.c', 'x', 'y')"; do
        run psql -X -q -v VERBOSITY=verbose -U passer_by -d "$database" -c "select public.$call"
        shows 42501
    done
    as_superuser "$database" -c 'drop role passer_by'
}

@test "what waits for work is told: jobs and mail notify" {
    run psql -X -q -A -t -U lunaxcode_app -d "$database" <<'SQL'
listen jobs;
begin; set local role lunaxcode; select public.enqueue('plan', '1', '{}') > 0; commit;
begin; set local role lunaxcode; select public.post_mail('a@b.c', 'x', 'y') > 0; commit;
select 1;
SQL
    equals "$(grep -c 'Asynchronous notification "jobs"' <<<"$output")" 2
}

@test "the database holds the rules: words, money, keys, hosts" {
    wrong() {
        run psql -X -q -v VERBOSITY=verbose -d "$MIGRATE_DATABASE_URL" -c "set search_path = lunaxcode" -c "$2"
        shows "$1"
    }
    wrong 23514 "update projects set status = 'archived'"
    wrong 23514 "update projects set payment_status = 'free'"
    wrong 23514 'update projects set price = 0'
    wrong 23514 'update projects set price = -1'
    wrong 23514 'update projects set deposit_amount = 15001'
    wrong 23502 'update projects set service_type_id = null'
    wrong 23503 'delete from service_types where id = 1'
    wrong 23514 'update service_types set base_price = 0'
    wrong 23514 "update questions set question_type = 'date'"
    wrong 23505 "insert into questions (service_id, question_key, question_text, question_type) values (1, 'page_type', 'x', 'text')"
    wrong 23505 "insert into question_options (question_id, option_value) select question_id, option_value from question_options limit 1"
    wrong 23514 "insert into tasks (project_id, title, description, section, priority, estimated_hours, \"order\") values (1, 'x', 'x', 'x', 'urgent', 1, 1)"
    wrong 23514 "insert into tasks (project_id, title, description, section, priority, estimated_hours, \"order\") values (1, 'x', 'x', 'x', 'low', 201, 1)"
    wrong 23514 "insert into payments (project_id, user_id, amount, payment_method, payment_intent_id, status) values (1, 'u1', 0, 'card', 'x', 'processing')"
    wrong 23505 "insert into generations (project_id) values (1), (1)"
    wrong 23505 "insert into public.users (name, email) values ('x', 'ANA@example.com')"
    wrong 23505 "update public.tenants set hosts = '{AGENCY.example}' where slug = 'acme'"
    wrong 23505 "update public.tenants set is_default = true"
    equals "$(sql "select hosts from tenants where slug = 'lunaxcode'")" '{agency.example}'
}

@test "every foreign key has an index that begins with its columns" {
    equals "$(sql "select conrelid::regclass || ' ' || conname from pg_constraint c
        where contype = 'f' and connamespace in ('public'::regnamespace, 'lunaxcode'::regnamespace)
          and not exists (select from pg_index i where i.indrelid = c.conrelid
                             and (i.indkey::int2[])[0:cardinality(c.conkey) - 1] @> c.conkey)")" ''
}

@test "no time is without its zone, and every table has a primary key" {
    equals "$(sql "select table_schema, table_name, column_name from information_schema.columns
        where table_schema in ('public', 'lunaxcode') and data_type = 'timestamp without time zone'")" ''
    equals "$(sql "select oid::regclass from pg_class c where relkind = 'r' and relnamespace in ('public'::regnamespace, 'lunaxcode'::regnamespace)
        and not exists (select from pg_index where indrelid = c.oid and indisprimary)")" ''
}

@test "a person is made or updated with a role in a tenant" {
    upsert() { psql -X -q -A -t -v ON_ERROR_STOP=1 -d "$MIGRATE_DATABASE_URL" -v email="$1" -v name=Eva -v hash=h -v role="$2" -v tenant="$3" -f "$top/sql/accounts/upsert.sql"; }
    first=$(upsert Eva@example.com member acme)
    second=$(upsert eva@example.com admin acme)
    equals "$first" "$second"
    upsert eva@example.com client lunaxcode
    equals "$(sql "select t.slug, r.name from user_roles ur join tenants t on t.id = ur.tenant_id join roles r on r.id = ur.role_id where user_id = '$first' order by 1")" \
'acme|admin
lunaxcode|client'
    equals "$(sql "select count(*), max(email) from users where lower(email) = 'eva@example.com'")" '1|Eva@example.com'
    fails_with 3 upsert eva@example.com boss acme
    fails_with 3 upsert eva@example.com admin nowhere
}
