#!/usr/bin/env bats
# A database with the legacy schema and rows in it goes through the whole timeline without losing one.

# shellcheck disable=SC2154,SC2016 # names of postgres.bash; $$ in SQL
load postgres

setup_file() { start_cluster; }
teardown_file() { stop_cluster; }

setup() {
    new_database
    MIGRATE_DATABASE_URL=postgresql://postgres@/$database "$migrate" init
    folder=$BATS_TEST_TMPDIR/legacy
    mkdir "$folder"
    cp "$top"/sql/migrations/20240612090000_legacy.sql "$folder"
    "$migrate" deploy --dir "$folder" --yes
    sql "insert into tenants (slug, schema_name, name) values ('agency', 'agency', 'Agency')"
    sql 'create schema agency'
    "$migrate" deploy --dir "$folder" --yes
    psql -X -q -v ON_ERROR_STOP=1 -d "$MIGRATE_DATABASE_URL" -f "$BATS_TEST_DIRNAME/legacy_rows.sql" >/dev/null
}

tables='service_types questions question_options projects tasks payments'

counts() {
    for table in $tables; do printf '%s %s\n' "$table" "$(sql "select count(*) from agency.$table")"; done
    printf 'users %s\n' "$(sql 'select count(*) from public.users')"
}

# noted SCHEMA TABLE ROW COLUMN: the value before it had to be changed
noted() { sql "select coalesce(old_value, 'NULL') from $1.legacy_values where table_name = '$2' and row_id = '$3' and column_name = '$4' order by id limit 1"; }

@test "every row is there afterwards; what had to change is noted with its old value" {
    before=$(counts)
    "$migrate" deploy --yes
    fails_with 0 "$migrate" status
    # Two services were made for projects that name one nobody sells; one option was there twice: its row is in legacy_values.
    equals "$(counts)" "$(printf '%s\n' "$before" | sed 's/^service_types 3$/service_types 5/; s/^question_options 8$/question_options 7/')"
    equals "$(sql "select count(*) from agency.legacy_values where table_name = 'question_options' and column_name is null and (old_value::jsonb)->>'option_value' = 'Red'")" 1
}

@test "questions keep their texts, their order and their answers' keys; twins get a key of their own" {
    "$migrate" deploy --yes
    equals "$(sql 'select id, question_key, question_text, question_type, required, sort_order from agency.questions order by id')" \
'1|colours|Which colours?|checkbox|t|10
2|style|Which style?|select|f|20
3|style_2|Which style, again?|radio|f|30
4|style|Style of the site|textarea|t|10
5|style_2|Style of the text|text|f|20
6|style_3|Style of the pictures|text|f|30'
    equals "$(noted agency questions 2 question_type)" Dropdown
    equals "$(noted agency questions 3 question_key)" style
    equals "$(noted agency questions 5 question_type)" colour-picker
    equals "$(sql 'select bool_and(created_at is not null) from agency.questions')" t
    # Options without a date take the question's, which takes the service's.
    equals "$(sql "select distinct o.created_at at time zone 'UTC' from agency.question_options o join agency.questions q on q.id = o.question_id where q.service_id = 1")" '2023-05-06 07:08:09'
    equals "$(sql 'select option_value from agency.question_options where question_id = 1 order by sort_order, id' | paste -sd ,)" 'Red,Green,Blue'
}

@test "projects without a service get the one they name, or an inactive one of that name" {
    "$migrate" deploy --yes
    equals "$(sql 'select p.id, s.name, s.is_active, p.service from agency.projects p join agency.service_types s on s.id = p.service_type_id order by p.id')" \
'1|Landing Page|t|Landing Page
2|Landing Page|t| landing page
3|Logo design|f|Logo design
4|Logo design|f|logo Design
5|Unnamed service|f|
6|Business Website|t|Business Website'
    equals "$(sql 'select count(*) from agency.service_types where not is_active')" 3
    equals "$(noted agency projects 3 service_type_id)" NULL
    equals "$(sql 'select id, description from agency.projects where id in (1, 3) order by id')" '1|A page for our launch
3|'
    equals "$(noted agency projects 3 description)" NULL
}

@test "money and words are put right and noted" {
    "$migrate" deploy --yes
    equals "$(sql 'select id, price, deposit_amount, status, payment_status from agency.projects order by id')" \
'1|15000|7500.00|in-progress|partially-paid
2|15000|5000.00|completed|paid
3|4999|2499.50|pending|pending
4|0|0.00|pending|paid
5|0|0.00|on-hold|paid
6|35000|17500.00|pending|pending'
    equals "$(noted agency projects 1 status)" 'In Progress'
    equals "$(noted agency projects 5 price)" -100
    equals "$(noted agency projects 6 status)" archived
    equals "$(noted agency projects 6 deposit_amount)" 99999
    equals "$(sql 'select id, base_price, is_active, features from agency.service_types where id <= 3 order by id')" \
'1|15000|t|["Fast", "Pretty"]
2|35000|t|["one, two"]
3|1|f|[]'
    equals "$(noted agency service_types 3 base_price)" 0
    equals "$(sql 'select id, amount, status, payment_method, metadata from agency.payments order by id')" \
'1|750000|succeeded|card|{"a": 1}
2|0|processing|manual|"not json"'
    equals "$(noted agency payments 2 status)" paid
}

@test "what was given back by a program that knew no credit notes has a number after the next deploy" {
    for file in "$top"/sql/migrations/*.sql; do
        case $file in */20261127010000_*) break ;; esac
        cp "$file" "$folder"
    done
    "$migrate" deploy --dir "$folder" --yes
    for amount in 100 200; do
        sql "insert into agency.ledger (project_id, payment_id, part, kind, amount, actor) values (1, 1, 'deposit', 'refund', -$amount, 'u1')"
    done
    equals "$(sql 'select count(*) from agency.credit_notes')" 0
    "$migrate" deploy --yes
    sql "insert into agency.ledger (project_id, payment_id, part, kind, amount, actor) values (1, 1, 'deposit', 'refund', -300, 'u1')"
    equals "$(sql 'select n.number, l.amount from agency.credit_notes n join agency.ledger l on l.id = n.ledger_id order by 1')" '1|-100
2|-200
3|-300'
    equals "$(sql 'select last from agency.credit_note_counter')" 3
}

@test "tasks keep their order; places held twice are numbered anew; dependencies become JSON" {
    "$migrate" deploy --yes
    equals "$(sql 'select id, "order", estimated_hours, priority, status, dependencies from agency.tasks order by id')" \
'1|1|1|high|completed|[]
2|2|8|medium|pending|[1]
3|3|200|medium|pending|[]
4|7|4|low|pending|[]'
    equals "$(noted agency tasks 3 order)" 2
    equals "$(noted agency tasks 3 dependencies)" 'see task 1'
    equals "$(noted agency tasks 1 estimated_hours)" 0
}

@test "accounts: addresses in two letter cases, roles and times" {
    "$migrate" deploy --yes
    equals "$(sql 'select id, email, role, disabled_at is not null, password from users order by id')" \
"u1|ana@example.com|admin|f|bcrypt1
u2|ben@example.com|client|f|
u3|duplicate-u3-of-Ana@Example.com|client|t|bcrypt3"
    equals "$(noted public users u3 email)" Ana@Example.com
    equals "$(noted public users u2 role)" NULL
    equals "$(sql "select email_verified at time zone 'UTC' from users where id = 'u1'")" '2023-01-02 03:04:05'
    # Who was admin by users.role is admin in each of the tenants, and nobody else is.
    equals "$(sql 'select ur.user_id, r.name from user_roles ur join roles r on r.id = ur.role_id order by 1')" \
'u1|admin
u2|client'
}

@test "a legacy tenant gets its role, and the programs can work in it" {
    "$migrate" deploy --yes
    equals "$(as_app 'set local role agency; select count(*) from projects')" 6
    as_app "set local role agency; insert into messages (project_id, user_id, body) values (1, 'u1', 'Hello')"
    run as_app 'set local role agency; select count(*) from public.users'
    shows 42501
}

# Every value that a legacy row has, a line each; JSON without regard to white space.
values_of_rows() {
    for table in $tables; do
        sql "select '$table', t.id, v.key, replace(v.value, ' ', '') from agency.$table t, jsonb_each_text(to_jsonb(t)) v where v.value <> '' order by 2, 3"
    done
    sql "select 'users', u.id, v.key, v.value from public.users u, jsonb_each_text(to_jsonb(u)) v where v.value <> '' order by 2, 3"
}

# down SCOPE: every down section of the timeline, but the legacy schema's, from the newest
down() {
    for file in $(printf "%s\n" "$top"/sql/migrations/*.sql | sort -r); do
        case $file in *_legacy.sql) continue ;; esac
        printf 'set search_path = %s;\n' "$([ "$1" = tenant ] && echo agency || echo public)" >"$BATS_TEST_TMPDIR/down.sql"
        awk -v want="-- migrate:down scope:$1" '/^-- migrate:/ { on = ($0 == want) } on' "$file" >>"$BATS_TEST_TMPDIR/down.sql"
        psql -X -q -1 -v ON_ERROR_STOP=1 -d "$MIGRATE_DATABASE_URL" -f "$BATS_TEST_TMPDIR/down.sql" || { echo "$file $1" >&2; return 1; }
    done
}

catalogue() {
    local schemas="('public'::regnamespace, 'agency'::regnamespace)"
    sql "select 'column', c.oid::regclass, a.attname, format_type(a.atttypid, a.atttypmod), a.attnotnull, pg_get_expr(d.adbin, d.adrelid)
           from pg_attribute a join pg_class c on c.oid = a.attrelid left join pg_attrdef d on d.adrelid = c.oid and d.adnum = a.attnum
          where c.relkind = 'r' and c.relnamespace in $schemas and a.attnum > 0 and not a.attisdropped order by 2, 3"
    sql "select 'index', pg_get_indexdef(oid) from pg_class where relkind = 'i' and relnamespace in $schemas order by 2"
    sql "select 'constraint', conrelid::regclass, conname, pg_get_constraintdef(oid) from pg_constraint where connamespace in $schemas order by 2, 3"
    sql "select 'grants', oid::regclass, relacl from pg_class where relkind in ('r', 'S') and relnamespace in $schemas order by 2"
    sql "select 'function', oid::regprocedure, proacl, proconfig, prosecdef, md5(prosrc) from pg_proc where pronamespace in $schemas order by 2"
    sql "select 'trigger', tgrelid::regclass, tgname from pg_trigger where not tgisinternal order by 2, 3"
}

@test "the down sections bring back the legacy schema and every value of its rows" {
    before=$(values_of_rows)
    shape=$(catalogue)
    "$migrate" deploy --yes
    down tenant
    down public
    # The services that were made for projects stay, and a value that was missing may have one now; none is gone or changed.
    lost=$(values_of_rows | sort | comm -23 <(printf '%s\n' "$before" | sort) -)
    equals "$lost" ''
    equals "$(catalogue | grep -v ^grants)" "$(printf '%s\n' "$shape" | grep -v ^grants)"
}

@test "without rows: up, down, up again gives the same catalogue" {
    sql 'truncate public.users, public.user_tenant, agency.service_types, agency.questions, agency.question_options, agency.projects, agency.tasks, agency.payments'
    "$migrate" deploy --yes
    first=$(catalogue)
    down tenant
    down public
    sql "delete from public.schema_history where name not like '%_legacy'; delete from agency.schema_history where name not like '%_legacy'"
    "$migrate" deploy --yes
    equals "$(catalogue)" "$first"
}

@test "every verify section fails where its change is not there" {
    # For each section: an empty schema with the timeline up to the file before it.
    for file in "$top"/sql/migrations/*.sql; do
        name=$(basename "$file" .sql)
        for scope in public tenant; do
            grep -q "^-- migrate:verify scope:$scope" "$file" || continue
            schema=$([ $scope = tenant ] && echo agency || echo public)
            {
                echo 'begin;'
                printf 'set search_path = %s;\n' "$schema"
                awk -v want="-- migrate:verify scope:$scope" '/^-- migrate:/ { on = ($0 == want) } on' "$file"
                echo 'rollback;'
            } >"$BATS_TEST_TMPDIR/verify.sql"
            if [ "$name" != 20240612090000_legacy ]; then
                # before it: fails
                run psql -X -q -v ON_ERROR_STOP=1 -d "$MIGRATE_DATABASE_URL" -f "$BATS_TEST_TMPDIR/verify.sql"
                [ "$status" != 0 ] || { echo "verify of $name scope $scope holds before the change" >&2; return 1; }
            fi
        done
        cp "$file" "$folder"
        "$migrate" deploy --dir "$folder" --yes
    done
}
