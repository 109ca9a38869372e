"""Home of the back office: what waits is counted, and drafts by how far they came."""


def stats(staff):
    return staff.get("/api/admin/stats").expect()


def test_a_plan_that_failed_waits_until_another_is_asked_for(site, staff, member):
    before = stats(staff)["waiting"]
    number = site.one("insert into generations (project_id, state, finished_at, error) values (%s, 'failed', now(), 'of a test') returning id", member.project, tenant=site.tenant)
    try:
        after = stats(staff)["waiting"]
        assert after["generations"] == before["generations"] + 1 and member.project in [one["id"] for one in after["failed"]]
        again = site.one("insert into generations (project_id, state, finished_at) values (%s, 'ready', now()) returning id", member.project, tenant=site.tenant)
        assert stats(staff)["waiting"]["generations"] == before["generations"]
        site.sql("delete from generations where id = %s", again, tenant=site.tenant)
    finally:
        site.sql("delete from generations where id = %s", number, tenant=site.tenant)


def test_a_section_past_its_date_waits_while_a_task_of_it_is_open(site, staff, member):
    section = site.one("select section from tasks where project_id = %s limit 1", member.project, tenant=site.tenant)
    before = stats(staff)["waiting"]["overdue"]
    site.sql("insert into section_deadlines (project_id, section, due) values (%s, %s, '2001-01-01')", member.project, section, tenant=site.tenant)
    try:
        waiting = stats(staff)["waiting"]
        assert waiting["overdue"] == before + 1 and waiting["late"][0]["due"] == "2001-01-01"
    finally:
        site.sql("delete from section_deadlines where project_id = %s and section = %s", member.project, section, tenant=site.tenant)


def test_drafts_are_counted_by_service_and_by_how_far_they_came(site, staff):
    service = site.one("insert into service_types (name, base_price, is_active) values ('Counted', 100, false) returning id", tenant=site.tenant)
    for step, many in ((1, 3), (2, 2), (3, 4)):
        site.sql("insert into leads (token_hash, service_type_id, step) select sha256(gen_random_uuid()::text::bytea), %s, %s from generate_series(1, %s)",
                 service, step, many, tenant=site.tenant)
    site.sql("insert into leads (token_hash, service_type_id, created_at) values (sha256(gen_random_uuid()::text::bytea), %s, now() - interval '91 days')", service, tenant=site.tenant)
    counted = next(one for one in stats(staff)["conversion"]["services"] if one["id"] == service)
    assert (counted["started"], counted["described"], counted["answered"], counted["projects"]) == (9, 6, 4, 0)
    site.sql("delete from leads where service_type_id = %s", service, tenant=site.tenant)


def test_a_payment_that_needs_attention_waits(site, staff, member):
    before = stats(staff)["waiting"]["payments"]
    number = site.one("insert into payments (project_id, user_id, amount, payment_method, status, attention) values (%s, %s, 100, 'manual', 'processing', 'of a test') "
                      "returning id", member.project, member.client.user["id"], tenant=site.tenant)
    try:
        assert stats(staff)["waiting"]["payments"] == before + 1
    finally:
        site.sql("delete from payments where id = %s", number, tenant=site.tenant)


def test_a_clients_message_waits_until_this_one_of_the_staff_has_read_it(site, staff, member):
    before = stats(staff)["waiting"]["messages"]
    message = member.client.twin().post(f"/api/projects/{member.project}/messages", {"body": "Is anybody there?"}).expect(201)
    waiting = stats(staff)["waiting"]
    assert waiting["messages"] == before + 1 and member.project in [one["id"] for one in waiting["unread"]]
    site.sql("insert into message_reads (project_id, user_id, last_read) values (%s, %s, %s) on conflict (project_id, user_id) do update set last_read = excluded.last_read",
             member.project, staff.user["id"], message["id"], tenant=site.tenant)
    assert member.project not in [one["id"] for one in stats(staff)["waiting"]["unread"]]
