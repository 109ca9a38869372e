#!/usr/bin/env bats
# scripts/migrate tenants work: what is ordered in public.platform_jobs, done whole or not at all, whoever is killed.

# shellcheck disable=SC2154,SC2016,SC2030,SC2031 # names of postgres.bash; $$ in SQL
load postgres

setup_file() {
    start_cluster
    make_template
}
teardown_file() { stop_cluster; }
setup() {
    new_database ready
    # A runner that is killed leaves its folder.
    export TMPDIR=$BATS_TEST_TMPDIR
    export FILES_DIR=$BATS_TEST_TMPDIR/files MIGRATE_BACKUP_DIR=$BATS_TEST_TMPDIR/backups BASE_URL=https://hub.example:8443
    mkdir -p "$FILES_DIR/acme/ab" "$FILES_DIR/acme/uploads"
    echo 'bytes of a file' >"$FILES_DIR/acme/ab/abcd"
    echo half >"$FILES_DIR/acme/uploads/half"
}
teardown() {
    [ -z "${runner-}" ] || kill -9 "$runner" 2>/dev/null || true
}

order() { # KIND SLUG [REQUEST]
    sql "insert into platform_jobs (kind, slug, request) values ('$1', '$2', '${3-{\}}') returning id"
}
new_tenant='{"name": "Studio O\u0027Hara", "hosts": ["studio.example", "www.studio.example"], "demo": true, "ownerEmail": "Owner@studio.example", "ownerName": "Ana"}'
job() { sql "select state, coalesce(error, '-') from platform_jobs where id = $1"; }

# Tenants, schemas and roles one to one (I6), and nothing half-made.
whole() {
    equals "$(sql "select (select count(*) from tenants) = count(n.oid) and count(n.oid) = count(r.oid) and not exists (select from tenants where settings ? 'platformJob')
        from tenants t left join pg_namespace n on n.nspname = t.schema_name left join pg_roles r on r.rolname = t.schema_name")" t
}

@test "a tenant is ordered and made: schema, demo content, hosts, an owner with a mail, and opened last" {
    number=$(order create studio "$new_tenant")
    fails_with 0 "$migrate" tenants work --once
    equals "$(job "$number")" 'done|-'
    equals "$(sql "select name, hosts, status, settings from tenants where slug = 'studio'")" "Studio O'Hara|{studio.example,www.studio.example}|active|{}"
    [ "$(sql 'select count(*) from studio.service_types')" -gt 0 ]
    equals "$(sql "select u.email, u.name, r.name from user_roles ur join users u on u.id = ur.user_id join roles r on r.id = ur.role_id join tenants t on t.id = ur.tenant_id where t.slug = 'studio'")" \
        'Owner@studio.example|Ana|owner'
    equals "$(sql "select subject, body_html like '<!doctype html>%Studio O%Hara%Choose my password%' from outbox where to_addr = 'Owner@studio.example'")" "Your site for Studio O'Hara is ready|t"
    token=$(sql "select substring(body_text from 'https://studio.example:8443/reset\?token=(\S+)') from outbox where to_addr = 'Owner@studio.example'")
    equals "$(sql "select count(*) from email_tokens where token_hash = sha256('$token') and purpose = 'reset'")" 1
    whole
}

@test "an agency whose language is Filipino begins in it: its settings, its demo content, and the mail to its owner" {
    order create studio "$new_tenant"
    order create likha "$(printf '%s' "$new_tenant" | sed 's/"demo"/"language": "fil", "demo"/; s/studio.example/likha.example/g')"
    sql "insert into users (name, email, password, language) values ('Ben', 'ben@x.example', 'x', 'en')"
    order create tala '{"name": "Tala", "hosts": ["tala.example"], "language": "fil", "ownerEmail": "ben@x.example", "ownerName": "Ben"}'
    for _ in 1 2 3; do fails_with 0 "$migrate" tenants work --once; done
    equals "$(sql 'select (select language from studio.settings), (select language from likha.settings), (select language from tala.settings)')" 'en|fil|fil'
    equals "$(sql "select subject, body_text like 'Kumusta,%', body_html like '%lang=\"fil\"%' from outbox where to_addr = 'Owner@likha.example'")" "Handa na ang site mo para sa Studio O'Hara|t|t"
    equals "$(sql "select subject from outbox where to_addr = 'ben@x.example'")" 'Your site for Tala is ready'
    # What is the same in both is a word of the trade, a name or an amount.
    shown="(select 'question' as kind, question_text as text from S.questions union all select 'placeholder', placeholder from S.questions union all select 'service', description from S.service_types
        union all select 'timeline', timeline from S.service_types union all select 'feature', f from S.service_types, jsonb_array_elements_text(features) f union all select 'title', title from S.landing_page_content
        union all select 'section', v #>> '{}' from S.landing_page_content, jsonb_path_query(content, 'strict \$.**') v where jsonb_typeof(v) = 'string' union all select 'account', label from S.payment_accounts)"
    equals "$(sql "$(printf 'select kind, text from (select * from %s a intersect select * from %s b) both_of_them where text is not null order by kind, text collate "C"' "${shown//S./studio.}" "${shown//S./likha.}")")" \
        "$(printf '%s\n' 'placeholder|https://' 'section|15–25' 'section|50%' 'section|₱0')"
    equals "$(sql "select string_agg(distinct o.option_value collate \"C\", ', ' order by o.option_value collate \"C\") from likha.question_options o where o.option_value ~ '[[:alpha:]]' and o.option_value in (select option_value from studio.question_options)")" \
        'About, Admin Dashboard, Bank transfer, Blog, Careers, Cash on delivery, Client portal, Contact, Contact Form, Domain account, E-mail or SMS Notifications, FAQ, Facebook Messenger, Features, File Uploads, Filipino, GCash, Google Calendar, Hero Section, Hosting account, How It Works, Internal tool, J&T Express, LBC, Lazada, Learning platform, Marketplace, Maya, Mobile App Later, Payment Integration, Portfolio, Pricing, Reports and Exports, Services, Shopee, Shopify, Source code, Team, Testimonials, TikTok Shop, User Authentication, WordPress, Works Offline'
    # Every condition names answers that its question offers.
    for tenant in studio likha; do
        equals "$(sql "select count(*) > 10, bool_and(exists (select from $tenant.question_options o join $tenant.questions n on n.id = o.question_id
                where n.service_id = q.service_id and n.question_key = c->>'questionKey' and o.option_value = v and o.is_active))
            from $tenant.questions q, jsonb_path_query(q.show_if, 'strict \$.** ? (exists(@.questionKey))') c, jsonb_array_elements_text(coalesce(c->'in', jsonb_build_array(c->'equals'))) v")" 't|t'
    done
    before=$(sql "select count(*) filter (where is_active) from likha.question_options")
    fails_with 0 "$migrate" seed likha --language fil --force
    equals "$(sql "select count(*) filter (where is_active) from likha.question_options")" "$before"
    equals "$(sql "select count(*) from likha.question_options where is_active and option_value = 'Take bookings'")" 0
    fails_with 2 "$migrate" seed likha --language de
}

@test "somebody with an account becomes the owner with it; a disabled account makes nothing" {
    sql "insert into users (name, email, password) values ('Ben', 'ben@x.example', 'x')"
    sql "insert into users (name, email, disabled_at) values ('Eve', 'eve@x.example', now())"
    order create studio '{"name": "Studio", "hosts": ["studio.example"], "ownerEmail": "ben@x.example", "ownerName": "Other"}'
    number=$(order create other '{"name": "Other", "hosts": ["other.example"], "ownerEmail": "eve@x.example", "ownerName": "Eve"}')
    fails_with 0 "$migrate" tenants work --once
    fails_with 0 "$migrate" tenants work --once
    equals "$(sql "select name, password from users where email = 'ben@x.example'")" 'Ben|x'
    equals "$(sql "select body_text like '%/login%' and body_text not like '%token%' from outbox")" t
    equals "$(job "$number")" "failed|The account of the owner's address is disabled."
    equals "$(sql "select count(*) from tenants where slug = 'other'")$(sql "select count(*) from pg_namespace where nspname = 'other'")" 00
    whole
}

@test "what cannot be made leaves nothing, and says why" {
    number=$(order create studio '{"name": "Studio", "hosts": ["agency.example"], "ownerEmail": "a@x.example", "ownerName": "A"}')
    fails_with 0 "$migrate" tenants work --once
    equals "$(job "$number")" 'failed|host agency.example belongs to another tenant'
    equals "$(sql "select count(*) from pg_namespace where nspname = 'studio'")$(sql 'select count(*) from users')" 00
    number=$(order create acme '{"name": "Acme", "ownerEmail": "a@x.example", "ownerName": "A"}')
    fails_with 0 "$migrate" tenants work --once
    equals "$(job "$number")" 'failed|There is a tenant acme already.'
    equals "$(sql "select status from tenants where slug = 'acme'")" active
    whole
}

@test "kill -9 at any moment: another runner ends what was begun" {
    number=$(order create studio "$new_tenant")
    for stage in schema demo owner; do
        "$migrate" tenants work --every 1 >"$BATS_TEST_TMPDIR/work.$stage" 2>&1 3>&- &
        runner=$!
        for _ in $(seq 1500); do
            case "$(sql "select coalesce(stage, '-') || state from platform_jobs where id = $number")" in "$stage"* | *done) break ;; esac
            sleep 0.02
        done
        kill -9 "$runner" 2>/dev/null || true
        sql "update platform_jobs set lease_until = now() where id = $number and state = 'running'" # instead of ten seconds of waiting
    done
    for _ in $(seq 5); do
        fails_with 0 "$migrate" tenants work --once
        [ "$(job "$number")" != 'done|-' ] || break
        sql "update platform_jobs set lease_until = now() where id = $number and state = 'running'"
    done
    equals "$(job "$number")" 'done|-'
    equals "$(sql "select status, cardinality(hosts) from tenants where slug = 'studio'")" 'active|2'
    equals "$(sql "select count(*) from outbox where to_addr = 'Owner@studio.example'")" 1
    whole
}

@test "a job that was begun five times is given up, and a tenant half made by it is taken away" {
    "$migrate" tenants create studio --job 77
    sql "insert into platform_jobs (id, kind, slug, request, state, claims, lease_until) overriding system value values (77, 'create', 'studio', '{\"ownerEmail\": \"a@x.example\"}', 'running', 5, now())"
    equals "$(sql "select status from tenants where slug = 'studio'")" suspended
    fails_with 0 "$migrate" tenants work --once
    equals "$(job 77)" 'failed|It was begun 5 times and never came to its end.'
    equals "$(sql "select count(*) from tenants where slug = 'studio'")$(sql "select count(*) from pg_namespace where nspname = 'studio'")" 00
    whole
}

@test "an export holds every row as JSON, the files, and a backup that brings the tenant back" {
    as_app 'set local role acme; insert into service_types (name, base_price) values (chr(9) || $$"ca\ry$$, 12)'
    number=$(order export acme)
    fails_with 0 "$migrate" tenants work --once
    equals "$(job "$number")" 'done|-'
    archive=$FILES_DIR/.platform/$(sql "select result->>'file' from platform_jobs where id = $number")
    equals "$(stat -c '%s' "$archive") $(sha256sum <"$archive" | cut -c 1-64)" "$(sql "select (result->>'size') || ' ' || (result->>'sha256') from platform_jobs where id = $number")"
    tar -xf "$archive" -C "$BATS_TEST_TMPDIR"
    inside=$(echo "$BATS_TEST_TMPDIR"/acme-2*)
    equals "$(cat "$inside/files/ab/abcd")" 'bytes of a file'
    [ ! -e "$inside/files/uploads" ]
    equals "$(python3 -c 'import json, sys; print([json.loads(line)["name"] for line in open(sys.argv[1])])' "$inside/rows/service_types.jsonl")" "['\\t\"ca\\\\ry']"
    "$migrate" tenants drop acme --yes
    fails_with 0 "$migrate" tenants restore "$inside/acme.dump"
    equals "$(sql 'select base_price::int from acme.service_types')" 12
    sql "update platform_jobs set finished_at = now() - interval '8 days' where id = $number"
    fails_with 0 "$migrate" tenants work --once
    [ ! -e "$archive" ]
    equals "$(sql "select result ? 'file' from platform_jobs where id = $number")" f
}

@test "a tenant is deleted only while it is suspended; backup and files are kept" {
    number=$(order delete acme)
    fails_with 0 "$migrate" tenants work --once
    equals "$(job "$number")" 'failed|The tenant is not suspended any more, so it was left as it is.'
    fails_with 0 "$migrate" tenants suspend acme
    number=$(order delete acme)
    fails_with 0 "$migrate" tenants work --once
    equals "$(job "$number")" 'done|-'
    equals "$(sql "select count(*) from pg_namespace where nspname = 'acme'")$(sql "select count(*) from tenants where slug = 'acme'")" 00
    kept=$(sql "select result->>'kept' from platform_jobs where id = $number")
    equals "$(tar -xOf "$MIGRATE_BACKUP_DIR/acme-$number.files.tar" acme/ab/abcd)" 'bytes of a file'
    fails_with 0 "$migrate" tenants restore "$kept"
    equals "$(sql "select status from tenants where slug = 'acme'")" suspended
    fails_with 0 "$migrate" tenants resume acme
    whole
}

@test "killed after the tenant went, the next runner finds nothing left to do" {
    "$migrate" tenants suspend acme
    number=$(order delete acme)
    "$migrate" tenants drop acme --yes
    sql "update platform_jobs set state = 'running', stage = 'drop', claims = 1, lease_until = now() where id = $number"
    fails_with 0 "$migrate" tenants work --once
    equals "$(job "$number")" 'done|-'
    whole
}

@test "owners of the installation are made by hand only, and no program may write what makes one" {
    fails_with 2 "$migrate" tenants owner nobody@x.example
    sql "insert into users (name, email) values ('Ana', 'ana@x.example')"
    fails_with 0 "$migrate" tenants owner ANA@x.example
    shows 'ana@x.example owns this installation'
    fails_with 0 "$migrate" tenants owner
    shows 'ana@x.example (Ana)'
    for statement in "insert into platform_owners select id from users" "insert into platform_jobs (kind, slug) values ('create', 'x')" "update tenants set status = 'active'" \
        "select order_platform_job('create', 'x', '{}')" "select change_tenant(1, 'x', null, null, '')" "select platform_tenants('', '', null, 5)" "select platform_jobs_page(null, null, 5)"; do
        run as_app "$statement"
        [ "$status" != 0 ]
        [[ $output == *42501* || $output == *LX401* ]]
    done
    fails_with 0 "$migrate" tenants owner ana@x.example --remove
    equals "$(sql 'select count(*) from platform_owners')" 0
}

@test "a host name is one: no port, no path, no spaces" {
    fails_with 2 "$migrate" tenants create studio --host 'a b'
    for host in 'a.example:80' 'a.example/x' '-a.example' 'a..example' "a'b"; do
        fails_with 5 "$migrate" tenants create studio --host "$host"
    done
    sql "update tenants set hosts = '{10.0.0.1,[::1],x-y.example}' where slug = 'acme'"
}
