#!/usr/bin/env bats
# migrate audit verify: a chain that is whole, and every way in which somebody with all rights may have damaged it.

# shellcheck disable=SC2154 # names of postgres.bash
load postgres

setup_file() {
    start_cluster
    make_template
    as_superuser ready <<'SQL'
select audit('signed-in', 'u1', '{"how": "password"}', '10.0.0.1', 'lunaxcode', 'u1') from generate_series(1, 6);
select audit('role-changed', 'u2', '{"from": "client", "to": "member"}', '2001:db8::1', 'lunaxcode', 'u1');
select audit('exported', 'leads', '{}', null, 'acme', null) from generate_series(1, 2);
SQL
}
teardown_file() { stop_cluster; }
setup() { new_database ready; }

# As a superuser, who may switch off what protects the table.
tamper() { as_superuser "$database" -c 'alter table public.audit_log disable trigger user' -c "$1" -c 'alter table public.audit_log enable trigger user'; }

@test "a chain that nobody touched is whole, and its head is printed" {
    run "$migrate" audit verify
    [ "$status" = 0 ]
    shows 'lunaxcode: 7 rows, whole; head 7:'
    shows 'acme: 2 rows, whole; head 2:'
    run "$migrate" audit verify --tenant acme
    [ "$status" = 0 ]
    shows_not lunaxcode
}

@test "each kind of damage is found, and the first row that is wrong is named" {
    while IFS='|' read -r statement words; do
        as_superuser postgres -c "drop database if exists damaged" -c "create database damaged template ready"
        database=damaged tamper "$statement"
        fails_with 4 "$migrate" audit verify --database postgresql://lunaxcode_owner@/damaged
        shows "lunaxcode: BROKEN: $words"
        shows 'acme: 2 rows, whole'
    done <<'EOT'
update audit_log set actor_id = 'u9' where tenant_id = 1 and number = 3|row 3 is not as it was written
update audit_log set data = '{"how": "google"}' where tenant_id = 1 and number = 4|row 4 is not as it was written
update audit_log set at = at + interval '1 microsecond' where tenant_id = 1 and number = 1|row 1 is not as it was written
update audit_log set ip = null where tenant_id = 1 and number = 2|row 2 is not as it was written
delete from audit_log where tenant_id = 1 and number = 5|row 6 follows row 4: those between are gone
delete from audit_log where tenant_id = 1 and number <= 2|row 3 is the first: those before it are gone
update audit_log set action = 'signed-out', hash = audit_hash(previous, tenant_id, number, at, actor_id, 'signed-out', subject, ip, data) where tenant_id = 1 and number = 3|row 4 does not continue the row before it
EOT
}

@test "rows that were cut off the end, and a chain that was written anew, are seen by a head that was noted" {
    head=$("$migrate" audit verify --tenant lunaxcode | sed 's/.*head //')
    run "$migrate" audit verify --tenant lunaxcode --head "$head"
    [ "$status" = 0 ]
    tamper 'delete from audit_log where tenant_id = 1 and number > 5'
    run "$migrate" audit verify
    [ "$status" = 0 ]
    fails_with 4 "$migrate" audit verify --tenant lunaxcode --head "$head"
    shows 'the log ends with row 5'
    tamper "delete from audit_log where tenant_id = 1"
    as_superuser "$database" -c "select audit('signed-in', 'u1', '{}', null, 'lunaxcode', 'u1') from generate_series(1, 8)"
    run "$migrate" audit verify
    [ "$status" = 0 ]
    fails_with 4 "$migrate" audit verify --tenant lunaxcode --head "$head"
    shows 'row 7 has another hash than the one that was noted'
}

@test "neither the programs nor a tenant can change the log, nor write another tenant's" {
    for statement in "update audit_log set data = '{}'" 'delete from audit_log' 'truncate audit_log' 'insert into audit_log select * from audit_log limit 1'; do
        fails_with 1 as_app "$statement"
    done
    fails_with 1 as_app "set local role acme; select public.audit('exported', 'x', '{}', null, 'lunaxcode', 'u1')"
    fails_with 1 as_app "set local role acme; select * from public.audit_log"
    fails_with 1 sql 'delete from audit_log'
    as_app "set local role acme; select public.audit('exported', 'leads', '{}', null, 'acme', 'u1')"
    run "$migrate" audit verify
    [ "$status" = 0 ]
    shows 'acme: 3 rows, whole'
}

@test "wrong use is said" {
    fails_with 2 "$migrate" audit
    fails_with 2 "$migrate" audit verify --tenant nobody
    fails_with 2 "$migrate" audit verify --head 7:ab
    fails_with 2 "$migrate" audit verify --tenant acme --head "7:'"
}
