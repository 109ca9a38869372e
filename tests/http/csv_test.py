"""Lists as files: each says all that the list has, is safe to open in a spreadsheet, and is noted in the audit log."""
import csv
import io

import pytest

import onboarding
from people import new_person
from uploading import send

FORMULA = '=HYPERLINK("http://evil.test")'


def rows_of(answer):
    assert answer.status == 200 and answer.header("content-type").startswith("text/csv"), answer
    assert answer.header("content-disposition").startswith("attachment; filename="), answer
    assert answer.body.startswith(b"\xef\xbb\xbf"), "else Excel takes UTF-8 for another code"
    rows = list(csv.DictReader(io.StringIO(answer.text.lstrip("\ufeff"), newline="")))
    for row in rows:
        assert None not in row and None not in row.values(), row
        assert not any(cell.lstrip().startswith(("=", "+", "@")) for cell in row.values()), row
    return rows


def exported(site, who):
    return [row["subject"] for row in site.sql("select subject from audit_log where action = 'exported' and actor_id = %s order by number", who.user["id"])]


@pytest.fixture(scope="module")
def project(site):
    """A project in whose lists there is something that a spreadsheet would take for a formula."""
    owner = new_person(site, name=FORMULA)
    number = onboarding.create(owner)
    onboarding.wait_for_plan(owner, number)
    owner.post(f"/api/projects/{number}/messages", {"body": FORMULA}).expect(201)
    send(owner, f"/api/projects/{number}/files", b"some text", name=f"+{number}.txt")
    site.sql("insert into tasks (project_id, title, description, section, priority, status, estimated_hours, dependencies, \"order\") "
             "values (%s, %s, 'What a task is', 'Design', 'high', 'pending', 4, '[]', 900)", number, FORMULA, tenant=site.tenant)
    site.sql("insert into asks (project_id, kind, title, asked_by) values (%s, 'file', %s, %s)", number, FORMULA, owner.user["id"], tenant=site.tenant)
    site.sql("update project_answers set answer_value = %s where id = (select min(a.id) from project_answers a join questions q on q.id = a.question_id "
             "where project_id = %s and question_type = 'text')", FORMULA, number, tenant=site.tenant)
    contact = new_person(site, name=FORMULA)
    site.sql("insert into project_contacts (project_id, user_id, role) values (%s, %s, 'view')", number, contact.user["id"], tenant=site.tenant)
    return number


@pytest.mark.parametrize("what,column,cell", [
    ("contacts", "Name", "'" + FORMULA), ("messages", "Text", "'" + FORMULA), ("files", "Name", None), ("tasks", "Title", "'" + FORMULA), ("activity", "What", "message-posted"),
    ("asks", "Asked by", "'" + FORMULA), ("timeline", "What", "'" + FORMULA), ("answers", "Answer", "'" + FORMULA)])
def test_the_lists_of_a_project_are_files_for_staff(site, project, staff, viewer, what, column, cell):
    path = f"/api/projects/{project}/{what}/csv"
    found = [row[column] for row in rows_of(staff.get(path))]
    assert (cell or f"'+{project}.txt") in found, found
    assert exported(site, staff)[-1] == f"{what} of project {project}"
    rows_of(viewer.get(path))
    staff.get("/api/projects/99999999/" + what + "/csv").problem(404)
    assert exported(site, staff)[-1] == f"{what} of project {project}", "what was not given is not noted"
    if what not in ("tasks", "contacts"):
        staff.get(path + "?cursor=x").problem(400, "cursor")


def test_dates_and_answers_in_their_files_are_those_of_the_page(site, project, staff):
    line = staff.get(f"/api/projects/{project}/timeline").expect()
    rows = rows_of(staff.get(f"/api/projects/{project}/timeline/csv"))
    assert [(row["Kind"], row["Ends"], row["Promised"]) for row in rows if row["Kind"] != "task"] == [
        (one["key"], one["date"] or "", one["promised"] or "") for one in line["milestones"]]
    assert [(row["Begins"], row["Ends"], row["Room (working days)"], row["Moves the finish"]) for row in rows if row["Kind"] == "task"] == [
        (one["start"] or "", one["end"] or "", str(one["slackDays"]), "yes" if one["critical"] else "no") for one in line["tasks"]]
    page = staff.get(f"/api/projects/{project}/details").expect()
    rows = rows_of(staff.get(f"/api/projects/{project}/answers/csv"))
    assert rows[0] == {"Key": "description", "Question": "Description", "Answer": page["project"]["description"]}
    said = lambda value: "\n".join(value) if isinstance(value, list) else value
    assert [(row["Question"], row["Answer"].removeprefix("'")) for row in rows[1:]] == [(one["questionText"], said(one["answerValue"])) for one in page["answers"]]
    assert any(isinstance(one["answerValue"], list) for one in page["answers"])


def test_payments_of_one_project_are_a_list_and_a_file(site, staff, viewer):
    ours, others = [], []
    for own in (ours, others):
        owner = new_person(site)
        own += [onboarding.create(owner), owner]
        owner.post(f"/api/projects/{own[0]}/payments", {"part": "deposit", "method": "manual", "accountId": staff.get("/api/payment-accounts").expect()["accounts"][0]["id"]}).expect(201)
    only = f"state=all&project={ours[0]}"
    assert [one["project"]["id"] for one in staff.get(f"/api/admin/payments?{only}").expect()["payments"]] == [ours[0]]
    assert [row["Project"] for row in rows_of(viewer.get(f"/api/admin/payments/csv?{only}"))] == [str(ours[0])]
    assert exported(site, viewer)[-1] == f"payments of project {ours[0]}"
    staff.get("/api/admin/payments?project=x").problem(400, "project")
    staff.get("/api/admin/payments/csv?state=all&project=99999999").problem(404)
    noted = exported(site, staff)
    staff.get("/api/admin/payments/csv?cursor=x").problem(400, "cursor")
    assert exported(site, staff) == noted


@pytest.mark.parametrize("path,subject,column", [
    ("/api/admin/cms/services/csv", "services", "Name"), ("/api/admin/cms/questions/csv?serviceId=1", "questions of service 1", "Text"),
    ("/api/admin/cms/versions/csv", "content versions", "Content"), ("/api/admin/plans/usage/csv", "AI usage", "Model")])
def test_the_agencys_lists_are_files_for_staff(site, staff, path, subject, column):
    rows = rows_of(staff.get(path))
    assert all(row[column] for row in rows) and exported(site, staff)[-1] == subject
    if "services" in path:
        site.sql("update service_types set sort_order = sort_order - 1", tenant=site.tenant)  # 9 before 10 before 100
        rows = rows_of(staff.get(path))
        assert [row["Name"] for row in rows] == [one["name"] for one in staff.get("/api/admin/cms/services").expect()["services"]]
    if "questions" in path:
        assert len(rows) == len(staff.get("/api/admin/cms/questions?serviceId=1").expect()["questions"]) > 0
        staff.get("/api/admin/cms/questions/csv?serviceId=9999999").problem(404)


@pytest.fixture
def said(site, admin):
    """The formula in what the agency keeps of its own: a day off, an account, a section, a setting, an invitation."""
    admin.post("/api/calendar/days", {"date": "2035-05-05", "name": FORMULA}).expect(201)
    account = admin.post("/api/payment-accounts", {"kind": "bank", "label": FORMULA[:40], "accountName": FORMULA, "accountNumber": "+639171234567"}).expect(201)["id"]
    site.sql("insert into landing_page_content (key, title, content, is_active, sort_order) values ('csv-test', 'Of a test', %s, false, -5)",
             '{"intro": "=1+1", "items": [{"question": "@SUM(A1)", "answer": "-2+3"}, {"question": "Why?", "answer": "Because."}], "odd": [1, "=2"]}', tenant=site.tenant)
    version = admin.get("/api/admin/settings").expect()["version"]
    admin.patch("/api/admin/settings", {"version": version, "name": FORMULA}).expect()
    yield
    admin.patch("/api/admin/settings", {"version": version + 1, "name": ""}).expect()
    site.sql("delete from days_off where day = '2035-05-05'", tenant=site.tenant)
    site.sql("delete from payment_accounts where id = %s", account, tenant=site.tenant)
    site.sql("delete from landing_page_content where key = 'csv-test'", tenant=site.tenant)


def test_what_the_agency_keeps_of_its_own_is_files_too(site, said, staff, admin, viewer):
    guarded = "'" + FORMULA
    days = rows_of(viewer.get("/api/calendar/csv?year=2035"))
    assert [row["Kind"] for row in days if row["Name"] == guarded] == ["day off of the agency"] and {row["Day"][:4] for row in days} == {"2035"}
    everything = [row["Day"] for row in rows_of(staff.get("/api/calendar/csv"))]
    assert everything == sorted(everything) and len(everything) > len(days) and exported(site, staff)[-1] == "days off"
    staff.get("/api/calendar/csv?year=1999").problem(400, "year")
    accounts = rows_of(staff.get("/api/payment-accounts/csv"))
    assert (guarded, "'+639171234567", "no", "yes") in [(row["In the name of"], row["Number"], row["QR code"], row["Shown to clients"]) for row in accounts]
    assert exported(site, staff)[-1] == "payment accounts"
    page = rows_of(staff.get("/api/admin/cms/landing/csv"))
    ours = [(row["Part"], row["Number"], row["What"], row["Text"]) for row in page if row["Section"] == "csv-test"]
    assert ours == [("intro", "", "", "'=1+1"), ("items", "1", "answer", "'-2+3"), ("items", "1", "question", "'@SUM(A1)"), ("odd", "1", "text", "1"),
                    ("items", "2", "answer", "Because."), ("items", "2", "question", "Why?"), ("odd", "2", "text", "'=2")], ours
    sections = [one["key"] for one in staff.get("/api/admin/cms/landing").expect()["sections"]]
    assert list(dict.fromkeys(row["Section"] for row in page)) == sections and exported(site, staff)[-1] == "landing sections"
    changes = rows_of(admin.get("/api/admin/settings/changes/csv"))
    assert (changes[0]["What"], changes[0]["To"]) == ("name", guarded) and exported(site, admin)[-1] == "changes of the settings"
    assert len(changes) == site.one("select sum((select count(*) from jsonb_object_keys(changes))) from settings_changes", tenant=site.tenant)
    for path in ("/api/admin/settings/changes/csv", "/api/admin/invitations/csv"):
        staff.get(path).problem(403)


def test_versions_of_a_plan_are_a_file(site, project, staff):
    path = f"/api/admin/plans/{project}/versions"
    versions = rows_of(staff.get(f"{path}/csv?sort=oldest"))
    assert [int(row["Version"]) for row in versions] == [one["version"] for one in staff.get(path + "?sort=oldest").expect()["versions"]]
    assert versions[0]["What"] == "written" and int(versions[0]["Tasks"]) == len(versions[0]["Titles"].split("\n")) and versions[0]["Document"]
    assert exported(site, staff)[-1] == f"plan versions of project {project}"
    staff.get("/api/admin/plans/99999999/versions/csv").problem(404)


def test_invitations_and_sessions_are_files_for_administrators(site, project, admin, platform_owner):
    sent = admin.post("/api/admin/invitations", {"email": "csv@invited.test", "role": "viewer"}).expect(201)["id"]
    site.sql("update invitations set project_id = %s, project_name = %s, project_role = 'view' where id = %s", project, FORMULA, sent)
    rows = rows_of(admin.get("/api/admin/invitations/csv?state=open&q=csv@invited"))
    assert [(row["E-mail"], row["Project"], row["State"], row["Times sent"]) for row in rows] == [("csv@invited.test", "'" + FORMULA, "open", "1")]
    assert exported(site, admin)[-1] == "invitations"
    admin.get("/api/admin/invitations/csv?state=odd").problem(422, "state")
    person = new_person(site)
    site.sql("update sessions set user_agent = %s where user_id = %s", FORMULA, person.user["id"])
    rows = rows_of(admin.get(f"/api/admin/people/{person.user['id']}/sessions/csv"))
    assert [row["Browser"] for row in rows] == ["'" + FORMULA] and exported(site, admin)[-1] == f"sessions of {person.user['id']}"
    admin.get("/api/admin/people/nobody/sessions/csv").problem(404)


def test_people_and_the_audit_log_are_files_for_administrators(site, project, staff, admin):
    people = rows_of(admin.get("/api/admin/people/csv?role=client"))
    assert "'" + FORMULA in [row["Name"] for row in people] and {row["Role"] for row in people} == {"client"}
    assert exported(site, admin)[-1] == "people"
    log = rows_of(admin.get("/api/admin/audit/csv?action=exported&sort=oldest"))
    assert [int(row["Row"]) for row in log] == sorted(int(row["Row"]) for row in log) and log[-1]["Whom or what"] == "audit log", "the file tells of itself"
    staff.get("/api/admin/audit/csv").problem(403)


def test_the_figures_behind_the_charts_are_files_with_what_the_page_shows(site, staff, viewer):
    service = site.one("insert into service_types (name, base_price, is_active) values (%s, 100, false) returning id", FORMULA, tenant=site.tenant)
    site.sql("insert into leads (token_hash, service_type_id, step) select sha256(gen_random_uuid()::text::bytea), %s, step from unnest('{1,1,2,3}'::integer[]) step", service, tenant=site.tenant)
    owner = new_person(site)
    paid = onboarding.create(owner)
    site.sql("insert into payments (project_id, user_id, part, amount, payment_method, status, stage, paid_at) select id, user_id, 'deposit', 1250, 'manual', 'succeeded', 'paid', now() "
             "from projects where id = %s", paid, tenant=site.tenant)
    site.sql("insert into ledger (project_id, payment_id, part, kind, amount, actor, created_at) select p.project_id, p.id, p.part, k.kind, k.amount, 'legacy', now() - k.back "
             "from payments p, (select now() - ((date_trunc('month', now() at time zone time_zone) - interval '30 months') + interval '14 days') at time zone time_zone from settings) s (back), "
             "lateral (values ('payment', 1250, s.back), ('refund', -1000, interval '0')) k (kind, amount, back) where project_id = %s", paid, tenant=site.tenant)
    page = staff.get("/api/admin/stats").expect()
    assert [(row["Status"], int(row["Projects"]), int(row["Price (PHP)"])) for row in rows_of(staff.get("/api/admin/stats/pipeline/csv"))] == [
        (one["status"], one["projects"], one["price"]) for one in page["pipeline"]]
    assert exported(site, staff)[-1] == "projects by status"
    months = rows_of(staff.get("/api/admin/stats/revenue/csv"))
    assert [(row["Month"], round(float(row["Received (PHP)"]) * 100), round(float(row["Given back (PHP)"]) * 100)) for row in months[-12:]] == [
        (one["month"], one["received"], one["refunded"]) for one in page["revenue"]]
    assert len(months) == 31 and (months[0]["Received (PHP)"], months[0]["Left (PHP)"]) == ("12.50", "12.50"), "also what is longer ago than the chart goes"
    assert page["revenue"][-1]["refunded"] >= 1000 and exported(site, staff)[-1] == "money by month"
    drafts = {row["Service"]: row for row in rows_of(viewer.get("/api/admin/stats/conversion/csv"))}
    assert exported(site, viewer)[-1] == "drafts by service"
    ours = drafts[str(service)]
    assert [ours[name] for name in ("Name", "Started", "Described it", "Answered the questions", "Became a project", "Share (%)")] == ["'" + FORMULA, "4", "2", "1", "0", "0.0"]
    assert {(row["Service"], row["Started"], row["Became a project"]) for row in drafts.values()} == {
        (str(one["id"] or ""), str(one["started"]), str(one["projects"])) for one in page["conversion"]["services"]}
    site.sql("delete from leads where service_type_id = %s", service, tenant=site.tenant)
    for what in ("pipeline", "revenue", "conversion"):
        staff.get(f"/api/admin/stats/{what}/csv?cursor=x").problem(400, "cursor")
        owner.get(f"/api/admin/stats/{what}/csv").problem(403)


def test_a_file_goes_on_over_many_pieces_without_gap_or_repeat(site, admin):
    site.sql("""with made as (insert into users (name, email, role) select 'Piece', 'piece' || n || '@csv.test', 'client' from generate_series(1, 1201) n returning id)
                insert into user_tenant (user_id, tenant_id) select id, (select id from tenants where slug = 'lunaxcode') from made""")
    for sort in ("newest", "oldest", "name"):
        found = [row["E-mail"] for row in rows_of(admin.get(f"/api/admin/people/csv?q=@csv.test&sort={sort}"))]
        assert len(found) == len(set(found)) == 1201, sort
    site.sql("delete from user_tenant where user_id in (select id from users where email like '%%@csv.test')")


def test_the_owner_of_the_installation_has_the_tenants_as_a_file(site, platform_owner):
    rows = rows_of(platform_owner.get("/api/platform/tenants/csv"))
    assert site.tenant in [row["Short name"] for row in rows] and exported(site, platform_owner)[-1] == "tenants"
    rows_of(platform_owner.get("/api/platform/jobs/csv"))
    assert exported(site, platform_owner)[-1] == "platform jobs"
