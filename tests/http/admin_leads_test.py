"""Leads as staff see them: drafts and visits, filters, pages, a file for spreadsheets, and writing to people."""
import concurrent.futures
import csv
import http.client
import io
import re
import uuid

import pytest

import onboarding
from client import soon
from instance import PASSWORD, text_of


@pytest.fixture
def mark():
    return f"lead{uuid.uuid4().hex[:12]}"


@pytest.fixture
def draft(site, mark):
    """Saves a draft as a visitor; answers its number."""
    def draft(**fields):
        visitor = site.visitor()
        service = onboarding.services(visitor)[0]
        token = visitor.post("/api/leads", {"serviceId": service["id"], "path": "/onboarding"}).expect(201)["token"]
        visitor.patch(f"/api/leads/{token}", {"description": f"Something, {mark}", **fields}).expect()
        visitor.post("/api/leads/views", {"path": "/#pricing", "referrer": "https://search.example/", "token": token})
        return site.one("select id from leads where token_hash = sha256(%s)", token.encode(), tenant=site.tenant)
    return draft


def found(staff, mark, **filters):
    query = "&".join(f"{name}={value}" for name, value in {"q": mark, **filters}.items())
    return [one["id"] for one in staff.get(f"/api/admin/leads?{query}").expect()["leads"]]


def test_a_draft_is_shown_with_how_far_it_came_its_answers_and_visits(site, staff, draft, mark):
    questions = onboarding.questions(site.visitor(), onboarding.services(site.visitor())[0]["id"])
    several = next(q for q in questions if q["questionType"] == "checkbox")
    number = draft(step=2, clientName="Ana", questionAnswers={several["questionKey"]: several["options"][:2]})
    one = next(one for one in staff.get(f"/api/admin/leads?q={mark}").expect()["leads"] if one["id"] == number)
    assert (one["step"], one["status"], one["name"], one["answers"], one["followUps"]) == (2, "open", "Ana", 1, 0)
    full = staff.get(f"/api/admin/leads/{number}").expect()
    assert full["answers"] == [{"questionKey": several["questionKey"], "questionText": several["questionText"], "answerValue": ", ".join(several["options"][:2])}]
    assert [v["path"] for v in full["views"]] == ["/onboarding", "/#pricing"] and "token" not in str(full)
    staff.get("/api/admin/leads/999999999").problem(404)


def test_filters_choose_drafts(site, staff, draft, mark):
    first, second = draft(step=1, clientEmail="one@example.test"), draft(step=3)
    assert found(staff, mark) == [second, first]
    assert found(staff, mark, step=3) == [second]
    assert found(staff, mark.upper(), status="open") == [second, first] and found(staff, mark, status="claimed") == []
    assert found(staff, mark, serviceId=999999) == []
    assert found(staff, mark[:8]) != [] and found(staff, mark + "+one") == [first] and found(staff, mark + "+two") == [] == found(staff, "%25")
    for wrong in ("step=4", "step=x", "status=lost", "serviceId=-1"):
        staff.get(f"/api/admin/leads?{wrong}").problem(422, wrong.split("=")[0])
    for wrong in ("limit=0", "limit=101", "limit=x", "sort=by-luck", "cursor=x", "cursor=bmV3ZXN0", "q=" + "x" * 201):
        staff.get(f"/api/admin/leads?{wrong}").problem(400, wrong.split("=")[0])


@pytest.mark.parametrize("sort", ["newest", "oldest", "changed"])
def test_every_order_shows_every_draft_once_whatever_comes_and_goes_meanwhile(site, staff, mark, sort):
    # Many were changed in one moment: their ids decide
    site.sql("insert into leads (token_hash, name, updated_at) select sha256(gen_random_uuid()::text::bytea), %s, timestamptz '2026-01-01' + interval '1 hour' * (n %% 3) "
             "from generate_series(1, 25) n", mark, tenant=site.tenant)
    keys = {"newest": "id desc", "oldest": "id", "changed": "updated_at desc, id desc"}
    wanted = [row["id"] for row in site.sql(f"select id from leads where name = %s order by {keys[sort]}", mark, tenant=site.tenant)]
    seen, cursor = [], ""
    while cursor is not None:
        page = staff.get(f"/api/admin/leads?q={mark}&sort={sort}&limit=7{cursor and '&cursor=' + cursor}").expect()
        seen += [one["id"] for one in page["leads"]]
        if not cursor:  # a row of the page that was read goes, and one comes
            site.sql("delete from leads where id = %s", seen[6], tenant=site.tenant)
            site.sql("insert into leads (token_hash, name, updated_at) values (sha256(gen_random_uuid()::text::bytea), %s, '2026-01-01')", mark + "x", tenant=site.tenant)
        cursor = page["next"]
    assert [one for one in seen if one in wanted] == wanted and len(seen) == len(set(seen))
    other = staff.get(f"/api/admin/leads?sort=newest&limit=1").expect()["next"]
    if sort != "newest":
        staff.get(f"/api/admin/leads?sort={sort}&cursor={other}").problem(400, "cursor")
    site.sql("delete from leads where name in (%s, %s)", mark, mark + "x", tenant=site.tenant)


def test_every_draft_comes_once_in_pages(site, staff, mark):
    site.sql("insert into leads (token_hash, name) select sha256(gen_random_uuid()::text::bytea), %s from generate_series(1, 65)", mark, tenant=site.tenant)
    seen, query = [], f"/api/admin/leads?q={mark}"
    page = staff.get(query).expect()
    while True:
        seen += [one["id"] for one in page["leads"]]
        if page["next"] is None:
            break
        page = staff.get(f"{query}&cursor={page['next']}").expect()
    assert len(seen) == 65 and seen == sorted(set(seen), reverse=True)


def test_the_file_is_whole_and_holds_no_formulas(site, staff, draft, mark):
    evil = ["=cmd|' /C calc'!A0", "+1+1", "-2+3", "@SUM(A1)", "  =1", "\t=1", "\uff1d1", 'He said "hi",\nthen left']
    for name in evil:
        site.sql("insert into leads (token_hash, name, description) values (sha256(gen_random_uuid()::text::bytea), %s, %s)", name, mark, tenant=site.tenant)
    site.sql("insert into leads (token_hash, description) select sha256(gen_random_uuid()::text::bytea), %s from generate_series(1, 4100)", mark, tenant=site.tenant)
    answer = staff.get(f"/api/admin/leads/csv?q={mark}")
    assert answer.status == 200 and answer.header("content-type").startswith("text/csv") and answer.header("content-disposition") == 'attachment; filename="leads.csv"'
    assert answer.header("content-length") is None and answer.text.startswith("\ufeff") and answer.text.endswith("\r\n")
    rows = list(csv.reader(io.StringIO(answer.text.lstrip("\ufeff"), newline="")))
    assert len(rows) == 1 + 4100 + len(evil) and len({row[0] for row in rows}) == len(rows)
    assert all(len(row) == len(rows[0]) for row in rows)
    names = [row[4] for row in rows[1:] if row[4]][::-1]
    assert names == ["'" + name for name in evil[:-1]] + [evil[-1]]
    few = staff.get(f"/api/admin/leads/csv?q={mark}&sort=oldest&status=claimed")
    assert few.status == 200 and few.text.count("\r\n") == 1, "a file of heads alone"
    assert staff.head(f"/api/admin/leads/csv?q={mark}").body == b""
    staff.get("/api/admin/leads/csv?sort=by-luck").problem(400, "sort")
    site.sql("delete from leads where description = %s", mark, tenant=site.tenant)


@pytest.mark.over_cgi
def test_a_file_that_breaks_off_is_not_taken_for_the_whole(site, staff, mark):
    """A row far down cannot be read: the answer ends early where the protocol can say so, and in words in any case."""
    site.sql("insert into leads (token_hash, name) select sha256(gen_random_uuid()::text::bytea), %s from generate_series(1, 1200)", mark, tenant=site.tenant)
    trap = site.one("select min(id) + 100 from leads where name = %s", mark, tenant=site.tenant)
    site.sql("insert into questionnaire_responses (lead_id, question_key, answer_value) values (%s, 'trap', 'x')", trap, tenant=site.tenant)
    site.sql(f"alter table questionnaire_responses enable row level security; create policy trap on questionnaire_responses using (1 / (lead_id - {trap})::integer < 2)", tenant=site.tenant)
    try:
        if site.mode == "cgi":  # fcgiwrap knows no end but the good one
            text = staff.get(f"/api/admin/leads/csv?q={mark}").text
        else:
            with pytest.raises(http.client.IncompleteRead) as broken:
                staff.get(f"/api/admin/leads/csv?q={mark}")
            text = broken.value.partial.decode()
        assert text.count(mark) in range(500, 1200) and text.splitlines()[-1].startswith('"This list is not complete')
        assert staff.twin().get("/api/admin/leads?limit=1").status == 200, "the next request is served"
    finally:
        site.sql("drop policy trap on questionnaire_responses; alter table questionnaire_responses disable row level security", tenant=site.tenant)
        site.sql("delete from leads where name = %s", mark, tenant=site.tenant)


def test_a_follow_up_is_mailed_once_and_noted(site, staff, draft, mark):
    number, address = draft(clientEmail=f"{mark}@example.test"), f"{mark}@example.test"
    path, body = f"/api/admin/leads/{number}/follow-up", {"subject": f"About {mark}", "message": "You began a project with us.\n\nShall we <b>go on</b>?"}
    after = staff.post(path, body).expect(201)
    assert [(f["subject"], f["to"], f["by"]) for f in after["followUps"]] == [(body["subject"], address, "Member")]
    mail = site.wait_for_mail(address, "Shall we")
    html = mail.get_body(("html",)).get_content()
    assert mail["Subject"] == body["subject"] and "&lt;b&gt;go on" in html and "/onboarding?serviceId=" in html
    staff.post(path, body).problem(409, "again")
    assert len(staff.post(path, {**body, "again": True}).expect(201)["followUps"]) == 2


@pytest.mark.parametrize("field, value", [("subject", ""), ("subject", "x" * 151), ("subject", "a\nBcc: x@y.z"), ("message", "short"), ("message", "x" * 4001)])
def test_a_mail_that_cannot_be_sent_is_refused(staff, draft, field, value):
    body = {"subject": "Shall we go on?", "message": "You began a project with us.", field: value}
    staff.post(f"/api/admin/leads/{draft(clientEmail='a@example.test')}/follow-up", body).problem(422, field)


def test_nobody_is_written_to_without_an_address_or_after_the_project_is_there(site, staff, draft):
    body = {"subject": "Shall we go on?", "message": "You began a project with us."}
    staff.post(f"/api/admin/leads/{draft()}/follow-up", body).problem(409, detail="no e-mail address")
    staff.post(f"/api/admin/leads/{draft(clientEmail='half@')}/follow-up", body).problem(409, detail="no e-mail address")
    number = draft(clientEmail="a@example.test")
    site.sql("update leads set status = 'claimed', claimed_at = now() where id = %s", number, tenant=site.tenant)
    staff.post(f"/api/admin/leads/{number}/follow-up", body).problem(409, detail="project")
    site.sql("update leads set status = 'open', claimed_at = null where id = %s", number, tenant=site.tenant)


def ready(site, draft, mark, **fields):
    """A draft that has all that its service asks for."""
    visitor = site.visitor()
    questions = onboarding.questions(visitor, onboarding.services(visitor)[0]["id"])
    return draft(**{"step": 3, "description": f"A bakery with a menu and orders, {mark}", "clientName": "Ana Reyes", "clientEmail": f"{mark}@example.test",
                    "clientPhone": "+63 917 123 4567", "questionAnswers": onboarding.answers_for(questions), **fields})


def test_a_draft_becomes_a_project_of_somebody_new_who_gets_in_by_mail(site, staff, draft, mark):
    number, address = ready(site, draft, mark), f"{mark}@example.test"
    made = staff.post(f"/api/admin/leads/{number}/convert").expect(201)
    assert made["account"] == "invited" and made["redirectUrl"] == f"/projects/{made['projectId']}"
    mail = site.wait_for_mail(address, "Your project is set up")
    token = re.search(r"/reset\?token=([\w-]+)", mail.get_body(("plain",)).get_content())[1]
    client = site.visitor()
    client.post("/api/auth/login", {"email": address, "password": "a guess at nothing"}).problem(401)
    client.post("/api/auth/reset", {"token": token, "password": PASSWORD}).expect(200)
    client.post("/api/auth/login", {"email": address, "password": PASSWORD}).expect(200)
    details = onboarding.wait_for_plan(client, made["projectId"])
    assert details["project"]["clientName"] == "Ana Reyes" and mark in details["project"]["description"] and len(details["answers"]) > 3
    assert client.get("/api/auth/session").expect()["user"]["role"] == "client"
    shared = [one["kind"] for one in client.get(f"/api/projects/{made['projectId']}/activity").expect()["activity"]]
    assert "project-created" in shared and "lead-converted" not in shared
    log = next(one for one in staff.get(f"/api/projects/{made['projectId']}/activity").expect()["activity"] if one["kind"] == "lead-converted")
    assert log["internal"] and log["data"]["lead"] == number
    assert staff.get(f"/api/admin/leads/{number}").expect()["projectId"] == made["projectId"]
    site.visitor().post("/api/auth/reset", {"token": token, "password": PASSWORD}).problem(422, "token")


def test_however_often_it_is_asked_for_a_draft_becomes_one_project(site, staff, draft, mark):
    number = ready(site, draft, mark)
    with concurrent.futures.ThreadPoolExecutor(4) as pool:
        answers = list(pool.map(lambda _: staff.twin().post(f"/api/admin/leads/{number}/convert").expect(201), range(4)))
    assert len({one["projectId"] for one in answers}) == 1 and sorted(one["account"] for one in answers) == ["already"] * 3 + ["invited"]
    assert site.one("select count(*) from projects where description like %s", f"%{mark}%", tenant=site.tenant) == 1
    assert site.one("select count(*) from outbox where to_addr = %s", f"{mark}@example.test") == 1


def test_a_project_goes_to_the_account_that_has_the_address_or_the_draft(site, staff, draft, mark, sign_up):
    known = sign_up(email=f"Known.{mark}@example.test")
    number = ready(site, draft, mark, clientEmail=f"known.{mark}@EXAMPLE.test")
    problem = staff.post(f"/api/admin/leads/{number}/convert").problem(409, "clientEmail", detail="not confirmed")
    assert "another person" in problem["detail"]
    site.sql("update users set email_verified = now() where id = %s", known.user["id"])
    made = staff.post(f"/api/admin/leads/{number}/convert").expect(201)
    assert made["account"] == "member" and known.get(f"/api/projects/{made['projectId']}/details").status == 200
    mails = lambda: site.mails(f"known.{mark}@example.test")  # that of the plan may be there first
    soon(lambda: any(mail["Subject"].startswith("Your project") and f"/projects/{made['projectId']}" in text_of(mail) for mail in mails()), 60)
    site.sql("update user_tenant set disabled_at = now() where user_id = %s", known.user["id"])  # by this agency alone
    staff.post(f"/api/admin/leads/{ready(site, draft, mark, clientEmail=known.email)}/convert").problem(409, "clientEmail", detail="disabled")
    site.sql("update user_tenant set disabled_at = null where user_id = %s", known.user["id"])
    site.sql("update users set disabled_at = now() where id = %s", known.user["id"])
    staff.post(f"/api/admin/leads/{ready(site, draft, mark, clientEmail=known.email)}/convert").problem(409, "clientEmail", detail="disabled")
    owner = sign_up()
    bound = ready(site, draft, mark)
    site.sql("update leads set user_id = %s where id = %s", owner.user["id"], bound, tenant=site.tenant)
    made = staff.post(f"/api/admin/leads/{bound}/convert").expect(201)
    assert made["account"] == "theirs" and owner.get(f"/api/projects/{made['projectId']}/details").status == 200


def test_what_a_draft_lacks_is_named_and_staff_can_say_it(site, staff, draft, mark):
    visitor = site.visitor()
    answers = onboarding.answers_for(onboarding.questions(visitor, onboarding.services(visitor)[0]["id"]))
    number = draft(questionAnswers=dict(list(answers.items())[:1]))
    fields = staff.post(f"/api/admin/leads/{number}/convert", {"description": "short"}).problem(422)["fields"]
    assert {"clientName", "clientEmail", "description"} < set(fields) and any(name.startswith("questionAnswers.") for name in fields)
    assert staff.get(f"/api/admin/leads/{number}").expect()["missing"]
    said = {"clientName": "Ben", "clientEmail": f"{mark}@example.test", "clientPhone": "", "description": "A shop for baskets from Bohol"}
    fields = staff.post(f"/api/admin/leads/{number}/convert", said).problem(422)["fields"]
    assert all(name.startswith("questionAnswers.") for name in fields)
    made = staff.post(f"/api/admin/leads/{number}/convert", {**said, "incomplete": True}).expect(201)
    assert staff.get(f"/api/projects/{made['projectId']}/details").expect()["project"]["clientName"] == "Ben"
    retired = site.one("insert into service_types (name, base_price, is_active) values ('Retired', 100, false) returning id", tenant=site.tenant)
    number = ready(site, draft, mark)
    site.sql("update leads set service_type_id = %s where id = %s", retired, number, tenant=site.tenant)
    staff.post(f"/api/admin/leads/{number}/convert").problem(422, "serviceId")
    staff.post("/api/admin/leads/999999999/convert").problem(404)
