"""Projects: creation from an onboarding, checked against the service's questions; list and details."""
import json
import uuid
from concurrent.futures import ThreadPoolExecutor

import pytest

import onboarding
from client import soon
from instance import OTHER_HOST
from people import new_person

CREATE = "/api/projects/create-from-onboarding"


@pytest.fixture(scope="module")
def account(site):
    return new_person(site)


@pytest.fixture
def client(account):
    """One person throughout, at an address of their own in each test: there are many requests here."""
    return account.twin(elsewhere=True)


@pytest.fixture(scope="module")
def asking(site):
    """A service that asks one question of each type, two of them conditional."""
    tenant = site.tenant
    service = site.one("insert into service_types (name, description, base_price, timeline, sort_order) "
                       "values (%s, 'Asks everything', 12345, '3 weeks', 900) returning id", f"Asks {uuid.uuid4().hex[:6]}", tenant=tenant)

    def ask(key, kind, required, place, options=(), show_if=None):
        question = site.one("insert into questions (service_id, question_key, question_text, question_type, required, sort_order, show_if) "
                            "values (%s, %s, %s, %s, %s, %s, %s) returning id", service, key, f"What about {key}?", kind, required, place,
                            json.dumps(show_if) if show_if else None, tenant=tenant)
        for number, option in enumerate(options):
            site.sql("insert into question_options (question_id, option_value, sort_order) values (%s, %s, %s)", question, option, number, tenant=tenant)

    ask("line", "text", True, 1)
    ask("area", "textarea", False, 2)
    ask("choice", "select", True, 3, ["Modern", "Minimal", "Bold & Colorful"])
    ask("one", "radio", False, 4, ["Yes", "No"])
    ask("many", "checkbox", True, 5, ["Hero", "Pricing", "FAQ"])
    ask("count", "number", False, 6)
    ask("why", "text", True, 7, show_if={"questionKey": "one", "equals": "Yes"})
    ask("price_list", "text", True, 8, show_if={"questionKey": "many", "in": ["Pricing"]})
    return {"id": service, "name": "whatever the client says", "basePrice": 12345}


GOOD = {"line": "Ours", "choice": "Modern", "many": ["Hero", "FAQ"]}


def body(client, service, answers=None, **changes):
    return onboarding.onboarding(client, service=service, questionAnswers=GOOD if answers is None else answers, **changes)


def test_a_project_is_created_at_once_and_leads_to_its_page(client):
    description, _ = onboarding.unique()
    answer = client.post(CREATE, onboarding.onboarding(client, description=description))
    made = answer.expect(201)
    assert made == {"success": True, "projectId": made["projectId"], "redirectUrl": f"/projects/{made['projectId']}"}
    details = client.get(f"/api/projects/{made['projectId']}/details").expect()
    assert details["project"]["description"] == description
    assert details["generation"]["state"] in ("queued", "running", "ready")


def test_project_answers_and_job_are_there_together(site, client, asking):
    project = onboarding.create(client, body(client, asking, {**GOOD, "count": 4}))
    answers = {a["question_key"]: a["answer_value"] for a in
               site.sql("select question_key, answer_value from project_answers where project_id = %s", project, tenant=site.tenant)}
    assert {**answers, "many": json.loads(answers["many"])} == {"line": "Ours", "choice": "Modern", "many": ["Hero", "FAQ"], "count": "4"}
    assert site.one("select count(*) from generations where project_id = %s", project, tenant=site.tenant) == 1


def test_name_service_and_price_come_from_the_database_not_from_the_request(site, client, asking):
    project = onboarding.create(client, body(client, asking, serviceName="Free lunch", price=1, basePrice=1, budget=1, depositAmount=0,
                                             userId="somebody", status="completed", paymentStatus="paid"))
    row = site.one("select p.price, p.budget, p.deposit_amount, p.service, p.name, p.user_id, p.status, p.payment_status, s.name as truth "
                   "from projects p join service_types s on s.id = p.service_type_id where p.id = %s", project, tenant=site.tenant)
    assert (row["price"], row["status"], row["payment_status"], row["user_id"]) == (12345, "pending", "pending", client.user["id"])
    assert row["service"] == row["truth"] and "Free lunch" not in row["name"] and row["name"] == f"{row['truth']} for Juana dela Cruz"
    shown = client.get(f"/api/projects/{project}/details").expect()["project"]
    assert (shown["price"], shown["depositAmount"], shown["balanceAmount"]) == (12345, 6172.5, 6172.5)
    assert (shown["clientName"], shown["timeline"]) == ("Juana dela Cruz", "3 weeks")


def test_an_amount_of_whole_pesos_is_a_whole_number(site, client, asking):
    project = onboarding.create(client, body(client, asking))
    site.sql("update projects set price = 12346, deposit_amount = 6173 where id = %s", project, tenant=site.tenant)
    assert '"depositAmount":6173,"balanceAmount":6173,' in client.get(f"/api/projects/{project}/details").text


@pytest.mark.parametrize("changes, field", [
    ({"description": "Nineteen characters"}, "description"),
    ({"description": "   " + "short" + " " * 40}, "description"),
    ({"description": None}, "description"),
    ({"description": 12345}, "description"),
    ({"description": ["a list of more than twenty characters"]}, "description"),
    ({"description": "x" * 100_000}, "description"),
    ({"serviceId": 999999}, "serviceId"),
    ({"serviceId": "one"}, "serviceId"),
    ({"serviceId": None}, "serviceId"),
    ({"serviceId": -1}, "serviceId"),
    ({"serviceId": 2 ** 40}, "serviceId"),
    ({"clientName": ""}, "clientName"),
    ({"clientName": "x" * 1000}, "clientName"),
    ({"clientEmail": "nobody"}, "clientEmail"),
    ({"clientEmail": "a@b.example\r\nBcc: c@d.example"}, "clientEmail"),
    ({"clientPhone": "call me maybe"}, "clientPhone"),
    ({"clientPhone": "9" * 60}, "clientPhone"),
])
def test_a_wrong_field_is_named(client, asking, changes, field):
    client.post(CREATE, body(client, asking, **changes)).problem(422, field)


@pytest.mark.parametrize("changes, field", [
    ({"line": None}, "line"), ({"line": ""}, "line"), ({"line": "   "}, "line"), ({"line": ["a"]}, "line"), ({"line": {"a": 1}}, "line"),
    ({"line": "x" * 20_000}, "line"), ({"area": "x" * 60_000}, "area"), ({"area": True}, "area"),
    ({"choice": "Baroque"}, "choice"), ({"choice": "modern"}, "choice"), ({"choice": ["Modern"]}, "choice"), ({"choice": None}, "choice"),
    ({"one": "Maybe"}, "one"), ({"one": 1}, "one"),
    ({"many": []}, "many"), ({"many": "Hero"}, "many"), ({"many": ["Hero", "Footer"]}, "many"),
    ({"many": [["Hero"]]}, "many"), ({"many": {"Hero": True}}, "many"),
    ({"count": "many"}, "count"), ({"count": [1]}, "count"), ({"count": "1e999"}, "count"), ({"count": "0x10"}, "count"),
    ({"one": "Yes"}, "why"),
    ({"many": ["Pricing"]}, "price_list"),
])
def test_a_wrong_answer_is_named(client, asking, changes, field):
    client.post(CREATE, body(client, asking, {**GOOD, **changes})).problem(422, f"questionAnswers.{field}")


def test_everything_that_is_wrong_is_named_at_once(client, asking):
    client.post(CREATE, body(client, asking, {"choice": "Baroque"}, description="short", clientName="")).problem(
        422, "description", "clientName", "questionAnswers.line", "questionAnswers.choice", "questionAnswers.many")


@pytest.mark.parametrize("answers, kept", [
    ({**GOOD, "why": "It is hidden while one is not Yes"}, {"line", "choice", "many"}),
    ({**GOOD, "one": "No", "why": "hidden"}, {"line", "choice", "many", "one"}),
    ({**GOOD, "one": "Yes", "why": "shown"}, {"line", "choice", "many", "one", "why"}),
    ({**GOOD, "many": ["Pricing", "FAQ"], "price_list": "shown"}, {"line", "choice", "many", "price_list"}),
    ({**GOOD, "area": "", "count": None, "one": ""}, {"line", "choice", "many"}),
    ({**GOOD, "count": "12"}, {"line", "choice", "many", "count"}),
    ({**GOOD, "count": 0}, {"line", "choice", "many", "count"}),
])
def test_hidden_and_empty_answers_are_dropped_and_shown_ones_kept(client, asking, answers, kept):
    project = onboarding.create(client, body(client, asking, answers))
    shown = client.get(f"/api/projects/{project}/details").expect()["answers"]
    assert {a["questionKey"] for a in shown} == kept
    assert all(a["questionText"] == f"What about {a['questionKey']}?" for a in shown)


def test_an_answer_to_a_question_nobody_asked_is_not_kept(site, client, asking):
    answer = client.post(CREATE, body(client, asking, {**GOOD, "unheard_of": "x"}))
    if answer.status == 201:
        assert "unheard_of" not in client.get(f"/api/projects/{answer.json['projectId']}/details").text
    else:
        answer.problem(422, "questionAnswers.unheard_of")


def test_answers_must_be_an_object(client, asking):
    for given in ([], "x", 5):
        client.post(CREATE, body(client, asking, given)).problem(422)


def test_the_length_of_a_description_is_counted_in_characters(client, asking):
    client.post(CREATE, body(client, asking, description="ñ" * 19)).problem(422, "description")
    onboarding.create(client, body(client, asking, description="ñ" * 20))


def test_text_that_looks_like_code_stays_text(client, asking):
    nasty = "'; drop table projects; -- <script>alert(1)</script> \\u0000 {{7*7}} ${x} %s \x7f"
    project = onboarding.create(client, body(client, asking, {**GOOD, "line": nasty}, description=nasty + " and twenty more", clientName=nasty))
    details = client.get(f"/api/projects/{project}/details").expect()
    assert next(a["answerValue"] for a in details["answers"] if a["questionKey"] == "line") == nasty
    assert details["project"]["clientName"] == nasty


def test_a_nul_character_is_refused_not_a_failure(client, asking):
    answer = client.post(CREATE, body(client, asking, description="a description with a \0 in the middle"))
    answer.problem(400, detail="NUL character")
    answer.problem(answer.status)


def test_an_option_chosen_twice_counts_once(client, asking):
    project = onboarding.create(client, body(client, asking, {**GOOD, "many": ["Hero", "Hero"]}))
    shown = client.get(f"/api/projects/{project}/details").expect()["answers"]
    assert next(a["answerValue"] for a in shown if a["questionKey"] == "many") == ["Hero"]


def test_the_same_key_gives_the_same_project(site, client, asking):
    key = uuid.uuid4().hex
    request = body(client, asking, description=onboarding.unique()[0])
    first = client.post(CREATE, request, headers={"Idempotency-Key": key}).expect(201)
    again = client.post(CREATE, request, headers={"Idempotency-Key": key}).expect(201)
    assert first == again
    assert site.one("select count(*) from projects where description = %s", request["description"], tenant=site.tenant) == 1


def test_eight_submits_at_once_with_one_key_make_one_project(site, client, asking):
    key = uuid.uuid4().hex
    request = body(client, asking, description=onboarding.unique()[0])
    with ThreadPoolExecutor(8) as pool:
        answers = list(pool.map(lambda _: client.twin().post(CREATE, request, headers={"Idempotency-Key": key}), range(8)))
    assert [a.status for a in answers] == [201] * 8, answers
    assert len({a.json["projectId"] for a in answers}) == 1
    project = answers[0].json["projectId"]
    assert site.one("select count(*) from projects where description = %s", request["description"], tenant=site.tenant) == 1
    assert site.one("select count(*) from generations where project_id = %s", project, tenant=site.tenant) == 1


def test_a_key_that_was_used_for_something_else_is_refused(client, asking):
    key = uuid.uuid4().hex
    client.post(CREATE, body(client, asking), headers={"Idempotency-Key": key}).expect(201)
    answer = client.post(CREATE, body(client, asking, description="Something wholly different this time"), headers={"Idempotency-Key": key})
    assert answer.status in (409, 422), answer
    answer.problem(answer.status)


def test_two_people_may_use_one_key(client, asking, sign_up):
    key, other = uuid.uuid4().hex, sign_up()
    first = client.post(CREATE, body(client, asking), headers={"Idempotency-Key": key}).expect(201)
    second = other.post(CREATE, body(other, asking), headers={"Idempotency-Key": key}).expect(201)
    assert first["projectId"] != second["projectId"]


def test_a_refused_request_does_not_use_its_key_up(client, asking):
    key = uuid.uuid4().hex
    client.post(CREATE, body(client, asking, description="short"), headers={"Idempotency-Key": key}).problem(422, "description")
    client.post(CREATE, body(client, asking), headers={"Idempotency-Key": key}).expect(201)


@pytest.mark.parametrize("key", ["x" * 300, "with space", "ünicode"])
def test_an_odd_key_is_taken_or_refused_but_never_a_failure(client, asking, key):
    answer = client.post(CREATE, body(client, asking), headers={"Idempotency-Key": key.encode().decode("latin-1")})
    assert answer.status in (201, 400, 422), answer  # never a failure of ours


def test_nobody_creates_a_project_without_signing_in(visitor, asking):
    visitor.post(CREATE, body(visitor, asking)).problem(401)


def test_an_unverified_address_can_finish_its_onboarding(sign_up, asking):
    person = sign_up()
    assert person.user["emailVerified"] is False
    onboarding.create(person, body(person, asking))


def test_a_client_sees_own_projects_newest_first_page_by_page(sign_up, asking, staff):
    person = sign_up()
    made = [onboarding.create(person, body(person, asking)) for _ in range(3)]
    first = person.get("/api/projects?limit=2").expect()
    assert [p["id"] for p in first["projects"]] == made[:0:-1]
    for project in first["projects"]:
        assert {"id", "name", "service", "status", "paymentStatus", "price", "createdAt", "generation", "tasks"} <= set(project)
        assert {"state", "progress"} <= set(project["generation"]) and set(project["tasks"]) == {"total", "completed"}
    second = person.get(f"/api/projects?limit=2&cursor={first['next']}").expect()
    assert [p["id"] for p in second["projects"]] == [made[0]] and second["next"] is None
    assert set(made) <= {p["id"] for p in staff.get("/api/projects?limit=50").expect()["projects"]}


@pytest.mark.parametrize("query", ["limit=0", "limit=-1", "limit=abc", "limit=100000000", "cursor=abc", "cursor=-5", "cursor=bmV3ZXN0HzAf", "sort=name", "sort=%00"])
def test_an_odd_page_is_answered_or_refused_but_never_a_failure(client, query):
    answer = client.get(f"/api/projects?{query}")
    assert answer.status in (200, 400, 422), answer
    if answer.status == 200:
        assert len(answer.json["projects"]) <= 200


def test_staff_see_whose_project_it_is(staff, member):
    page = staff.get("/api/projects?limit=100").expect()
    while not (listed := [p for p in page["projects"] if p["id"] == member.project]):
        page = staff.get(f"/api/projects?limit=100&cursor={page['next']}").expect()
    assert [p["clientName"] for p in listed] == ["Juana dela Cruz"]


def test_details_hold_everything_the_project_page_draws(member):
    details = member.client.get(f"/api/projects/{member.project}/details").expect()
    assert {"project", "service", "answers", "tasks", "payments", "generation"} <= set(details)
    project = details["project"]
    for name in ("id", "name", "description", "prd", "prdHtml", "price", "status", "paymentStatus", "depositAmount", "balanceAmount",
                 "clientName", "clientEmail", "clientPhone", "timeline", "draft", "createdAt"):
        assert name in project, name
    assert project["draft"] is False and project["price"] == details["service"]["basePrice"]
    assert project["depositAmount"] + project["balanceAmount"] == project["price"]
    assert details["payments"] == []
    tasks = onboarding.check_plan(details)
    assert all(task["status"] == "pending" for task in tasks)
    assert [task["order"] for task in tasks] == sorted(task["order"] for task in tasks)
    assert details["answers"] and all(set(a) == {"questionKey", "questionText", "answerValue"} for a in details["answers"])


def test_a_project_is_nobody_elses(member, stranger, visitor, other_staff, staff):
    path = f"/api/projects/{member.project}/details"
    stranger.get(path).problem(404)
    visitor.get(path).problem(401)
    answer = other_staff.get(path)
    assert answer.status == 404 or answer.json["project"]["description"] != member.details["project"]["description"]
    assert staff.get(path).expect()["project"]["id"] == member.project


@pytest.mark.parametrize("change", ["last_seen_at = now() - interval '7 days 1 minute'", "expires_at = now() - interval '1 second'"])
def test_details_need_a_session_that_holds(site, sign_up, asking, change):
    person = sign_up()
    path = f"/api/projects/{onboarding.create(person)}/details"
    person.get(path).expect(200)
    site.sql(f"update sessions set {change} where user_id = %s", person.user["id"])
    person.get(path).problem(401)
    site.visitor().get(path, headers={"Cookie": "session=made-up"}).problem(401)


def test_details_are_nothing_for_a_disabled_account_nor_under_another_agencys_host(site, sign_up):
    person = sign_up()
    path = f"/api/projects/{onboarding.create(person)}/details"
    elsewhere = site.visitor(OTHER_HOST)
    elsewhere.cookies = dict(person.cookies)
    elsewhere.get(path).problem(401)
    site.sql("update users set disabled_at = now() where id = %s", person.user["id"])
    person.get(path).problem(401)


def test_looking_at_details_counts_as_use_of_the_session(site, sign_up):
    person = sign_up()
    path = f"/api/projects/{onboarding.create(person)}/details"
    site.sql("update sessions set last_seen_at = now() - interval '2 days' where user_id = %s", person.user["id"])
    person.get(path).expect(200)
    # The answer does not wait for the commit.
    soon(lambda: site.one("select now() - last_seen_at < interval '1 hour' from sessions where user_id = %s", person.user["id"]), 20)


def test_details_are_kept_by_nobody(member):
    assert "no-store" in member.client.get(f"/api/projects/{member.project}/details").header("cache-control")
