"""Content: services, questions and landing sections as staff edit them; every edit a version, nothing with answers lost."""
import concurrent.futures
import time
import uuid

import pytest

import onboarding
from client import soon
from people import new_person

SERVICE = {"description": "A page that the content tests sell.", "basePrice": 21000, "features": ["One page", "One form"],
           "timeline": "2 weeks", "popular": False, "active": True, "planTemplate": "landing-page"}


@pytest.fixture
def staff(staff):
    """At an address of their own in each test, as limits count by address."""
    return staff.twin(elsewhere=True)


@pytest.fixture
def make_service(staff):
    """New services, which are off the price list again at the end."""
    made = []

    def make(**changes):
        service = staff.post("/api/admin/cms/services", {**SERVICE, "name": f"Asks {uuid.uuid4().hex[:12]}", **changes}).expect(201)
        made.append(service["id"])
        return service
    yield make
    for number in made:
        now = next(s for s in staff.get("/api/admin/cms/services").expect()["services"] if s["id"] == number)
        staff.patch(f"/api/admin/cms/services/{number}", {"version": now["version"], "active": False}).expect()


def ask(staff, service, key, text="What would you like?", kind="text", **more):
    body = {"serviceId": service["id"], "questionKey": key, "questionText": text, "questionType": kind, "required": False, "active": True, **more}
    return staff.post("/api/admin/cms/questions", body).expect(201)


def versions(staff, kind, item):
    return staff.get(f"/api/admin/cms/versions?kind={kind}&item={item}").expect()["versions"]


def public_questions(visitor, service):
    return visitor.get(f"/api/questions/{service['id']}", headers={"Cookie": "past=cache"}).expect()["questions"]


# Services

def test_a_new_service_is_on_the_price_list(staff, visitor, make_service):
    service = make_service(features=["  One page  ", "", "One form"])
    assert service["version"] == 1 and service["features"] == ["One page", "One form"]
    shown = visitor.get(f"/api/services/{service['id']}").expect()
    assert shown["basePrice"] == 21000 and shown["name"] == service["name"]
    assert visitor.get(f"/api/admin/cms/services/{service['id']}").expect() == shown


def test_a_change_of_one_field_leaves_the_others(staff, make_service):
    service = make_service()
    changed = staff.patch(f"/api/admin/cms/services/{service['id']}", {"version": 1, "basePrice": 22500}).expect()
    assert (changed["basePrice"], changed["version"], changed["name"]) == (22500, 2, service["name"])


def test_an_edit_that_changes_nothing_is_no_version(staff, make_service):
    service = make_service()
    assert staff.patch(f"/api/admin/cms/services/{service['id']}", {"version": 1, "basePrice": 21000}).expect()["version"] == 1
    assert len(versions(staff, "service", service["id"])) == 1


def test_what_somebody_else_changed_meanwhile_is_said_and_kept(staff, admin, make_service):
    service = make_service()
    path = f"/api/admin/cms/services/{service['id']}"
    admin.patch(path, {"version": 1, "basePrice": 30000, "timeline": "5 weeks"}).expect()
    problem = staff.patch(path, {"version": 1, "basePrice": 19000}).problem(409, "basePrice", "timeline")
    assert "30000" in problem["fields"]["basePrice"] and "Admin" in problem["detail"]
    assert staff.patch(path, {"version": 2, "basePrice": 19000}).expect()["timeline"] == "5 weeks"


def test_of_many_edits_at_once_one_is_taken(staff, make_service):
    service = make_service()
    clients = [staff.twin() for _ in range(6)]
    with concurrent.futures.ThreadPoolExecutor(6) as pool:
        answers = list(pool.map(lambda n: clients[n].patch(f"/api/admin/cms/services/{service['id']}", {"version": 1, "basePrice": 40000 + n}).status, range(6)))
    assert sorted(answers) == [200] + [409] * 5
    assert [v["version"] for v in versions(staff, "service", service["id"])] == [2, 1]


def test_the_log_says_who_changed_what_and_each_version_can_be_restored(staff, admin, make_service):
    service = make_service()
    path = f"/api/admin/cms/services/{service['id']}"
    admin.patch(path, {"version": 1, "name": service["name"] + " new", "features": ["Other"]}).expect()
    newest, oldest = versions(staff, "service", service["id"])
    assert (newest["action"], newest["by"], newest["before"]) == ("edited", "Admin", oldest["content"])
    assert (oldest["action"], oldest["by"]) == ("created", "Member")
    restored = staff.patch(path, {"version": 2, "restore": 1}).expect()
    assert (restored["version"], restored["name"], restored["features"]) == (3, service["name"], ["One page", "One form"])
    assert versions(staff, "service", service["id"])[0]["restoredFrom"] == 1
    staff.patch(path, {"version": 3, "restore": 9}).problem(422, "restore")


def test_the_state_before_the_first_edit_is_kept_too(site, staff):
    number = site.one("insert into service_types (name, base_price, is_active) values ('Asks of old', 5000, false) returning id", tenant=site.tenant)
    staff.patch(f"/api/admin/cms/services/{number}", {"version": 1, "basePrice": 6000}).expect()
    newest, oldest = versions(staff, "service", number)
    assert (oldest["action"], oldest["by"], oldest["content"]["basePrice"]) == ("found", None, 5000)
    site.sql("update service_types set base_price = 7000 where id = %s", number, tenant=site.tenant)  # past the log
    problem = staff.patch(f"/api/admin/cms/services/{number}", {"version": newest["version"], "timeline": "1 day"}).problem(409, "basePrice")
    assert "7000" in problem["fields"]["basePrice"]


def test_versions_cannot_be_changed(site):
    for statement in ("update content_versions set version = 99", "delete from content_versions"):
        with pytest.raises(Exception, match="append-only"):
            site.sql(statement, tenant=site.tenant)


@pytest.mark.parametrize("field, value", [
    ("name", ""), ("name", "x" * 101), ("basePrice", 0), ("basePrice", -5), ("basePrice", "free"), ("basePrice", 20_000_001), ("features", "one"),
    ("features", ["x" * 201]), ("features", [7]), ("features", ["x"] * 31), ("popular", "yes"), ("active", None), ("planTemplate", "castle"), ("timeline", "x" * 61)])
def test_a_service_that_cannot_be_is_refused(staff, field, value):
    staff.post("/api/admin/cms/services", {**SERVICE, "name": "Asks nothing", field: value}).problem(422, field)


def test_two_services_on_offer_have_two_names(staff, make_service):
    service = make_service()
    staff.post("/api/admin/cms/services", {**SERVICE, "name": service["name"].upper()}).problem(422, "name")
    make_service(name=service["name"], active=False)


def test_a_retired_service_is_off_the_list_and_its_projects_stay(site, staff, visitor, make_service, sign_up):
    service, client = make_service(), sign_up()
    project = onboarding.create(client, service=service)
    staff.patch(f"/api/admin/cms/services/{service['id']}", {"version": 1, "active": False}).expect()
    visitor.get(f"/api/services/{service['id']}", headers={"Cookie": "past=cache"}).problem(404)
    visitor.get(f"/api/admin/cms/services/{service['id']}").problem(404)
    assert client.get(f"/api/projects/{project}/details").expect()["service"]
    assert service["id"] in [s["id"] for s in staff.get("/api/admin/cms/services").expect()["services"]]
    staff.patch(f"/api/admin/cms/services/{service['id']}", {"version": 2, "active": True}).expect()
    onboarding.wait_for_plan(client, project)


def test_the_order_is_what_the_price_list_shows(staff, visitor, make_service):
    make_service()
    before = staff.get("/api/admin/cms/services").expect()
    ids = [s["id"] for s in before["services"]]
    turned = staff.post("/api/admin/cms/services/order", {"version": before["version"], "ids": ids[::-1]}).expect()
    try:
        assert turned["ids"] == ids[::-1]
        shown = [s["id"] for s in visitor.get("/api/services", headers={"Cookie": "past=cache"}).expect()["services"]]
        assert shown == [number for number in ids[::-1] if number in shown]
        staff.post("/api/admin/cms/services/order", {"version": before["version"], "ids": ids}).problem(409)
        for wrong in (ids[1:], ids + [999999], [ids[0]] + ids[:-1], "all"):
            staff.post("/api/admin/cms/services/order", {"version": turned["version"], "ids": wrong}).problem(422, "ids")
    finally:
        back = staff.post("/api/admin/cms/services/order", {"version": turned["version"], "restore": before["version"]}).expect()
    assert back["ids"] == ids


@pytest.mark.over_cgi
def test_a_change_is_public_within_two_seconds_whoever_asked_before(staff, visitor, make_service):
    service = make_service()
    for pause in (0, 1.9):  # a visitor who keeps asking; one who comes back when the cached answer is old
        name = f"Asks {uuid.uuid4().hex[:12]}"
        visitor.get("/api/services").expect()
        now = staff.get("/api/admin/cms/services").expect()["services"]
        version = next(s["version"] for s in now if s["id"] == service["id"])
        staff.patch(f"/api/admin/cms/services/{service['id']}", {"version": version, "name": name}).expect()
        time.sleep(pause)
        soon(lambda: name in visitor.get("/api/services").text, 2 - pause, "the old name is shown two seconds later")


# Questions

def test_questions_of_every_type_are_asked_as_they_were_written(staff, visitor, make_service):
    service = make_service()
    ask(staff, service, "goal", "What is the goal?", required=True, placeholder="Example: bread")
    ask(staff, service, "story", "Tell us more", "textarea")
    ask(staff, service, "pages", "How many pages?", "number")
    ask(staff, service, "logo", "Do you have a logo?", "file")
    for kind in ("select", "radio", "checkbox"):
        ask(staff, service, f"by_{kind}", f"Choose by {kind}", kind, options=["One, or \"two\"", "Back\\slash {x}", "Ñandú 🌙"])
    shown = public_questions(visitor, service)
    assert [q["questionType"] for q in shown] == ["text", "textarea", "number", "file", "select", "radio", "checkbox"]
    assert shown[0]["required"] is True and shown[0]["placeholder"] == "Example: bread" and shown[1]["placeholder"] is None
    assert all(q["options"] == ["One, or \"two\"", "Back\\slash {x}", "Ñandú 🌙"] for q in shown[4:])


@pytest.mark.parametrize("field, body", [
    ("questionKey", {"questionKey": "Not a key"}), ("questionKey", {"questionKey": "9lives"}), ("questionText", {"questionText": " "}),
    ("questionType", {"questionType": "colour"}), ("required", {"required": 1}), ("options", {"questionType": "radio", "options": ["", " "]}),
    ("options", {"questionType": "select", "options": ["A", "A"]}), ("options", {"questionType": "select", "options": "A"}),
    ("options", {"questionType": "checkbox", "options": [str(n) for n in range(51)]}), ("showIf", {"showIf": {"questionKey": "k", "equals": "x"}}),
    ("showIf", {"showIf": {"questionKey": "nobody", "equals": "x"}}), ("showIf", {"showIf": {"all": []}}), ("showIf", {"showIf": "goal"})])
def test_a_question_that_cannot_be_asked_is_refused(staff, make_service, field, body):
    service = make_service()
    staff.post("/api/admin/cms/questions", {"serviceId": service["id"], "questionKey": "k", "questionText": "Why?", "questionType": "text",
                                            "required": False, "active": True, **body}).problem(422, field)


def test_a_question_with_answers_is_retired_and_its_answers_stay(site, staff, visitor, make_service, sign_up):
    service, client = make_service(), sign_up()
    question = ask(staff, service, "colour", "Which colour?", "radio", options=["Red", "Blue"], required=True)
    project = onboarding.create(client, service=service)
    path = f"/api/admin/cms/questions/{question['id']}"
    staff.patch(path, {"version": 1, "questionType": "text"}).problem(422, "questionType")
    staff.patch(path, {"version": 1, "questionKey": "color"}).problem(422, "questionKey")
    staff.patch(path, {"version": 1, "options": ["Blue", "Green"]}).expect()
    assert public_questions(visitor, service)[0]["options"] == ["Blue", "Green"]
    staff.patch(path, {"version": 2, "active": False}).expect()
    assert public_questions(visitor, service) == []
    answers = client.get(f"/api/projects/{project}/details").expect()["answers"]
    assert [(a["questionText"], a["answerValue"]) for a in answers] == [("Which colour?", "Red")]
    staff.post("/api/admin/cms/questions", {"serviceId": service["id"], "questionKey": "colour", "questionText": "Again?", "questionType": "text",
                                            "required": False, "active": True}).problem(422, "questionKey")
    back = staff.patch(path, {"version": 3, "restore": 1}).expect()
    assert back["active"] and back["options"] == ["Red", "Blue"] and back["answered"]
    assert site.one("select count(*) from question_options where question_id = %s", question["id"], tenant=site.tenant) == 3
    onboarding.wait_for_plan(client, project)


def test_answers_are_held_against_what_is_asked_now(staff, visitor, make_service, sign_up):
    service = make_service()
    question = ask(staff, service, "colour", "Which colour?", "radio", options=["Red", "Blue"], required=True)
    staff.patch(f"/api/admin/cms/questions/{question['id']}", {"version": 1, "options": ["Blue"]}).expect()
    body = onboarding.onboarding(sign_up(), service=service, questionAnswers={"colour": "Red"})
    sign_up().post("/api/projects/create-from-onboarding", body).problem(422, "questionAnswers.colour")


def test_conditions_hold_together_while_questions_change(staff, make_service):
    service = make_service()
    shop = ask(staff, service, "shop", "Sell online?", "radio", options=["Yes", "No"])
    pay = ask(staff, service, "pay", "How do they pay?", showIf={"all": [{"questionKey": "shop", "equals": "Yes"}, {"any": [{"questionKey": "shop", "in": ["Yes", "No"]}]}]})
    path = f"/api/admin/cms/questions/{shop['id']}"
    problem = staff.patch(path, {"version": 1, "options": ["No", "Maybe"]}).problem(422, "options")
    assert "How do they pay?" in problem["fields"]["options"] and "Yes" in problem["fields"]["options"]
    assert "How do they pay?" in staff.patch(path, {"version": 1, "active": False}).problem(422, "active")["fields"]["active"]
    circle = staff.patch(path, {"version": 1, "showIf": {"questionKey": "pay", "equals": "GCash"}}).problem(422, "showIf")
    assert "“Sell online?” → “How do they pay?” → “Sell online?”" in circle["fields"]["showIf"]
    staff.patch(f"/api/admin/cms/questions/{pay['id']}", {"version": 1, "showIf": None}).expect()
    staff.patch(path, {"version": 1, "active": False}).expect()


def test_two_edits_at_once_cannot_make_a_circle(staff, make_service):
    service = make_service()
    one, two = ask(staff, service, "one", "One?"), ask(staff, service, "two", "Two?")
    clients = [staff.twin(), staff.twin()]
    with concurrent.futures.ThreadPoolExecutor(2) as pool:
        done = [pool.submit(clients[0].patch, f"/api/admin/cms/questions/{one['id']}", {"version": 1, "showIf": {"questionKey": "two", "equals": "x"}}),
                pool.submit(clients[1].patch, f"/api/admin/cms/questions/{two['id']}", {"version": 1, "showIf": {"questionKey": "one", "equals": "x"}})]
        assert sorted(d.result().status for d in done) == [200, 422]


def test_questions_keep_the_order_they_are_given(staff, visitor, make_service):
    service = make_service()
    ids = [ask(staff, service, f"q{n}", f"Question {n}?")["id"] for n in range(4)]
    version = staff.get(f"/api/admin/cms/questions?serviceId={service['id']}").expect()["version"]
    wanted = [ids[2], ids[0], ids[3], ids[1]]
    body = {"serviceId": service["id"], "version": version, "ids": wanted}
    assert staff.post("/api/admin/cms/questions/order", body).expect()["ids"] == wanted
    assert [q["id"] for q in public_questions(visitor, service)] == wanted
    staff.post("/api/admin/cms/questions/order", body).problem(409, "ids")
    staff.post("/api/admin/cms/questions/order", {**body, "version": version + 1, "ids": wanted[:3]}).problem(422, "ids")


# What options cost

def priced(staff, service):
    extras = ask(staff, service, "extras", "Which extras?", "checkbox", options=["Logo", "Copy", "Photos"], optionPrices={"Logo": 5000, "Photos": -751})
    ask(staff, service, "speed", "How soon?", "radio", options=["Soon", "Later"], optionPrices={"Soon": 9000}, showIf={"questionKey": "extras", "equals": "Logo"})
    return extras


def test_an_option_adds_to_the_price_of_the_project_or_takes_off_it(site, staff, visitor, make_service):
    client, service = new_person(site), make_service()
    assert priced(staff, service)["optionPrices"] == {"Logo": 5000, "Photos": -751}
    extras, speed = public_questions(visitor, service)
    assert extras["options"] == ["Logo", "Copy", "Photos"] and extras["optionPrices"] == {"Logo": 5000, "Photos": -751} and speed["optionPrices"] == {"Soon": 9000}

    def made(answers, **more):
        body = onboarding.onboarding(client, service, questionAnswers=answers, **more)
        number = client.post("/api/projects/create-from-onboarding", body).expect(201)["projectId"]
        return client.get(f"/api/projects/{number}/details").expect()

    one = made({"extras": ["Photos", "Logo"], "speed": "Soon"}, price=1, budget=1)
    assert (one["project"]["price"], one["project"]["depositAmount"], one["project"]["balanceAmount"]) == (34249, 17124.5, 17124.5), "the request names no price"
    assert [answer.get("priceModifier") for answer in one["answers"]] == [4249, 9000] and one["service"]["basePrice"] == 21000
    other = made({"extras": ["Copy"], "speed": "Soon"})
    assert other["project"]["price"] == 21000 and "priceModifier" not in other["answers"][0], "what is not asked costs nothing"
    # A new price is for who comes from now on.
    staff.patch(f"/api/admin/cms/questions/{extras['id']}", {"version": 1, "optionPrices": {"Logo": 6000}}).expect()
    assert client.get(f"/api/projects/{one['project']['id']}/details").expect()["project"]["price"] == 34249
    assert made({"extras": ["Logo"]})["project"]["price"] == 27000
    csv = staff.get(f"/api/admin/cms/questions/csv?serviceId={service['id']}").text
    assert "Logo (+6000)\nCopy\nPhotos" in csv


def test_what_options_cost_is_checked_and_never_makes_a_service_free(staff, make_service):
    service = make_service()
    extras = priced(staff, service)
    path = f"/api/admin/cms/questions/{extras['id']}"
    for wrong in ({"Logo": "5000"}, {"Logo": 1.5}, {"Logo": 20_000_001}, {"Nothing such": 5}, [5], {"Logo": -20_250, "Photos": -751}):
        staff.patch(path, {"version": 1, "optionPrices": wrong}).problem(422, "optionPrices")
    refused = staff.patch(f"/api/admin/cms/services/{service['id']}", {"version": 1, "basePrice": 751}).problem(422, "basePrice")
    assert "₱0.00" in refused["fields"]["basePrice"], refused
    assert staff.patch(f"/api/admin/cms/services/{service['id']}", {"version": 1, "basePrice": 752}).expect()["basePrice"] == 752
    assert staff.get("/api/admin/cms/questions?serviceId=%d" % service["id"]).expect()["questions"][0]["version"] == 1


def test_prices_of_options_are_versions_and_go_with_their_options(staff, make_service):
    service = make_service()
    plain = ask(staff, service, "extras", "Which extras?", "checkbox", options=["Logo", "Copy"])
    path = f"/api/admin/cms/questions/{plain['id']}"
    assert plain["optionPrices"] == {}
    assert staff.patch(path, {"version": 1, "optionPrices": {"Logo": 500, "Copy": 0}}).expect()["optionPrices"] == {"Logo": 500}
    assert staff.patch(path, {"version": 2, "options": ["Copy", "Print"]}).expect()["optionPrices"] == {}, "the price goes with its option"
    assert staff.patch(path, {"version": 3, "restore": 2}).expect()["optionPrices"] == {"Logo": 500}
    assert staff.patch(path, {"version": 4, "restore": 1}).expect()["optionPrices"] == {}, "a version without prices has none"
    newest = versions(staff, "question", plain["id"])
    assert [one["content"].get("optionPrices") for one in newest] == [None, {"Logo": 500}, None, {"Logo": 500}, None]


# Landing sections

def section(staff, key):
    return next(s for s in staff.get("/api/admin/cms/landing").expect()["sections"] if s["key"] == key)


@pytest.mark.parametrize("key, content, wrong", [
    ("hero", {"headline": "x" * 121}, "content.headline"), ("hero", {"headline": 5}, "content.headline"), ("hero", {}, "content.headline"),
    ("faq", {"items": [{"question": "Why?"}]}, "content.items.0.answer"), ("faq", {"items": "none"}, "content.items"),
    ("social-proof", {"items": [], "quotes": [{"quote": "Good", "name": ""}]}, "content.quotes.0.name"),
    ("how-it-works", {"steps": [{"title": "A", "text": "B"}] * 21}, "content.steps"), ("features", [], "content")])
def test_a_section_that_the_page_cannot_show_is_refused(staff, key, content, wrong):
    now = section(staff, key)
    staff.patch(f"/api/admin/cms/landing/{now['id']}", {"version": now["version"], "content": content}).problem(422, wrong)


def test_a_section_is_edited_switched_off_and_restored(staff, visitor):
    now = section(staff, "faq")
    path, mark = f"/api/admin/cms/landing/{now['id']}", f"Is this {uuid.uuid4().hex}?"
    edited = staff.patch(path, {"version": now["version"], "content": {"items": [{"question": f" {mark} ", "answer": "Yes."}]}}).expect()
    try:
        assert edited["content"]["items"] == [{"question": mark, "answer": "Yes."}]
        assert mark in visitor.get("/api/landing", headers={"Cookie": "past=cache"}).text
        off = staff.patch(path, {"version": edited["version"], "active": False}).expect()
        edited = off
        assert mark not in visitor.get("/api/landing", headers={"Cookie": "past=cache"}).text
    finally:
        back = staff.patch(path, {"version": edited["version"], "restore": now["version"]}).expect()
    assert back["content"] == now["content"] and back["active"]


def test_a_section_that_was_missing_is_added_once_and_put_in_its_place(staff):
    before = staff.get("/api/admin/cms/landing").expect()
    body = {"key": "pricing", "title": "Prices", "content": {"intro": "All of it."}, "active": True}
    if not any(s["key"] == "pricing" for s in before["sections"]):
        staff.post("/api/admin/cms/landing", body).expect(201)
    staff.post("/api/admin/cms/landing", body).problem(409)
    staff.post("/api/admin/cms/landing", {**body, "key": "castle"}).problem(422, "key")
    now = staff.get("/api/admin/cms/landing").expect()
    ids = [s["id"] for s in now["sections"]]
    moved = staff.post("/api/admin/cms/landing/order", {"version": now["version"], "ids": ids[-1:] + ids[:-1]}).expect()
    assert moved["ids"] == ids[-1:] + ids[:-1]
    staff.post("/api/admin/cms/landing/order", {"version": moved["version"], "ids": ids}).expect()


def test_the_log_comes_in_pages(staff, make_service):
    service = make_service()
    for n in range(32):
        staff.patch(f"/api/admin/cms/services/{service['id']}", {"version": n + 1, "basePrice": 1000 + n}).expect()
    first = staff.get(f"/api/admin/cms/versions?kind=service&item={service['id']}").expect()
    second = staff.get(f"/api/admin/cms/versions?kind=service&item={service['id']}&cursor={first['next']}").expect()
    assert [v["version"] for v in first["versions"] + second["versions"]] == list(range(33, 0, -1)) and second["next"] is None
    assert staff.get("/api/admin/cms/versions").expect()["versions"][0]["item"] == service["id"]
    staff.get("/api/admin/cms/versions?kind=castle").problem(400)
