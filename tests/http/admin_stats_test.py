"""Home of the back office: what waits is counted, and drafts by how far they came."""
import csv
import io
import uuid

import onboarding


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


def test_open_tasks_wait_once_their_sections_or_their_projects_date_has_passed(site, staff, member):
    section = site.one("select section from tasks where project_id = %s limit 1", member.project, tenant=site.tenant)
    before = stats(staff)["waiting"]["overdue"]
    site.sql("insert into section_deadlines (project_id, section, due) values (%s, %s, '2001-01-01')", member.project, section, tenant=site.tenant)
    try:
        waiting = stats(staff)["waiting"]
        tasks = site.one("select count(*) from tasks where project_id = %s and section = %s and status <> 'completed' and retired_at is null", member.project, section, tenant=site.tenant)
        assert waiting["overdue"] == before + tasks > before
        assert (waiting["late"][0]["due"], waiting["late"][0]["section"], waiting["late"][0]["tasks"]) == ("2001-01-01", section, tasks)
        # The project's own promise makes every open task of it late, none of them twice
        site.sql("update projects set end_date = '2001-02-01' where id = %s", member.project, tenant=site.tenant)
        every = site.one("select count(*) from tasks where project_id = %s and status <> 'completed' and retired_at is null", member.project, tenant=site.tenant)
        assert stats(staff)["waiting"]["overdue"] == before + every
    finally:
        site.sql("update projects set end_date = null where id = %s", member.project, tenant=site.tenant)
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


def test_projects_are_counted_by_status_with_their_prices(site, staff, member):
    before = {one["status"]: one for one in stats(staff)["pipeline"]}
    assert list(before) == ["pending", "in-progress", "on-hold", "completed"]
    price = site.one("select price from projects where id = %s", member.project, tenant=site.tenant)
    was = site.one("select status from projects where id = %s", member.project, tenant=site.tenant)
    site.sql("update projects set status = 'on-hold' where id = %s", member.project, tenant=site.tenant)
    try:
        after = {one["status"]: one for one in stats(staff)["pipeline"]}["on-hold"]
        assert (after["projects"], after["price"]) == (before["on-hold"]["projects"] + 1, before["on-hold"]["price"] + price)
    finally:
        site.sql("update projects set status = %s where id = %s", was, member.project, tenant=site.tenant)


def test_money_is_counted_by_month_from_the_ledger(site, sign_up, staff, admin):
    project = onboarding.create(sign_up())
    deposit = site.one("select amount from project_parts where project_id = %s and part = 'deposit'", project, tenant=site.tenant)
    before = stats(staff)["revenue"]
    assert len(before) == 12 and before == sorted(before, key=lambda one: one["month"])
    payment = staff.post("/api/admin/payments/record", {"projectId": project, "part": "deposit", "channel": "cash", "amount": deposit, "reference": f"C-{project}-1"}).expect(201)["id"]
    assert stats(staff)["revenue"] == before, "what is not confirmed is no money yet"
    admin.post(f"/api/admin/payments/{payment}/verify", {"amount": deposit}).expect(200)
    admin.post(f"/api/admin/payments/{payment}/refund", {"amount": 5000, "reason": "too much was paid"}).expect(200)
    after = stats(staff)["revenue"]
    assert (after[-1]["received"], after[-1]["refunded"]) == (before[-1]["received"] + deposit, before[-1]["refunded"] + 5000)
    assert after[:-1] == before[:-1]
    zone = site.one("select time_zone from settings", tenant=site.tenant)
    assert after[-1]["month"] == site.one("select to_char(now() at time zone %s, 'YYYY-MM')", zone)


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


def test_pages_seen_are_counted_by_day_by_page_and_by_where_people_came_from(site, staff, visitor):
    path, before = f"/of-{uuid.uuid4().hex}", staff.get("/api/admin/stats/views").expect()
    for referrer in ("https://search.example/q?words=web", "http://search.example:81/", None):
        visitor.post("/api/leads/views", {"path": path, "referrer": referrer} if referrer else {"path": path}).expect(204)
    site.sql("insert into lead_page_views (path, created_at) values (%s, now() - interval '40 days')", path, tenant=site.tenant)
    visitor.post("/api/leads", {"path": path}).expect(201)  # a draft begins on a page that was counted when it was opened
    rows = [row for row in csv.DictReader(io.StringIO(staff.get("/api/admin/stats/views/csv").text.lstrip("\ufeff"))) if row["Page"] == path]
    assert [(row["From"], row["Views"]) for row in rows] == [("", "1"), ("search.example", "2")], "what is too long ago is not in it"
    after = staff.get("/api/admin/stats/views").expect()
    assert len(after["days"]) == 30 and rows[0]["Day"] in [one["day"] for one in after["days"]] and after["total"] >= before["total"] + 3 == sum(one["views"] for one in before["days"]) + 3
    assert {"source": "search.example"}.items() <= next(one for one in after["sources"] if one["source"] == "search.example").items()
    assert all(set(one) == {"path", "views"} for one in after["pages"]) and len(after["pages"]) <= 10
