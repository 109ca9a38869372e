"""Leads: an onboarding draft is saved as it is typed, resumed from any device, and claimed once."""
import hashlib
from concurrent.futures import ThreadPoolExecutor

import pytest

import onboarding


def draft(client, **fields):
    """A new draft with these fields; answers its token."""
    token = client.post("/api/leads", {"serviceId": onboarding.services(client)[0]["id"], "path": "/onboarding"}).expect(201)["token"]
    if fields:
        client.patch(f"/api/leads/{token}", fields).expect(200)
    return token


def test_a_draft_is_resumed_on_another_device_by_its_token_alone(site, visitor):
    service = onboarding.services(visitor)[0]
    answers = onboarding.answers_for(onboarding.questions(visitor, service["id"]))
    assert any(isinstance(value, list) for value in answers.values())
    typed = {"step": 2, "description": "A shop for hand-made bags — ₱ and ñ included", "clientName": "Maria Clara",
             "questionAnswers": {key: value if isinstance(value, list) else str(value) for key, value in answers.items()},
             "clientEmail": "maria@example.test", "clientPhone": "0917 000 0000"}
    token = visitor.post("/api/leads", {"serviceId": service["id"]}).expect(201)["token"]
    saved = visitor.patch(f"/api/leads/{token}", typed).expect(200)
    assert saved["saved"] is True and saved["updatedAt"]
    elsewhere = site.visitor().get(f"/api/leads/{token}").expect()
    assert {name: elsewhere[name] for name in typed} == typed
    assert (elsewhere["serviceId"], elsewhere["serviceName"], elsewhere["status"]) == (service["id"], service["name"], "open")
    assert elsewhere.get("projectId") is None


def test_a_half_typed_draft_is_saved_too(visitor):
    token = draft(visitor, description="Too sh", clientEmail="not yet an addr")
    assert visitor.get(f"/api/leads/{token}").expect()["description"] == "Too sh"


def test_a_later_patch_changes_what_it_names_and_leaves_the_rest(visitor):
    token = draft(visitor, description="First words of it", questionAnswers={"a": "1", "b": "2"}, clientName="Ana")
    visitor.patch(f"/api/leads/{token}", {"questionAnswers": {"b": "3"}, "step": 2, "clientName": ""}).expect(200)
    now = visitor.get(f"/api/leads/{token}").expect()
    assert now["description"] == "First words of it" and now["step"] == 2 and now["clientName"] == ""
    assert now["questionAnswers"] == {"b": "3"}, "the answers are one value: one that was taken back is gone"
    visitor.patch(f"/api/leads/{token}", {"questionAnswers": {"b": "", "c": [], "d": None, "e": "0"}}).expect(200)
    assert visitor.get(f"/api/leads/{token}").expect()["questionAnswers"] == {"e": "0"}, "what holds nothing is no answer"


def test_a_token_cannot_be_guessed_and_is_not_kept_in_the_clear(site, visitor):
    tokens = {draft(visitor) for _ in range(3)}
    assert len(tokens) == 3 and all(len(t) >= 22 for t in tokens)
    for token in tokens:
        hashed = site.one("select token_hash from leads where token_hash = %s", hashlib.sha256(token.encode()).digest(), tenant=site.tenant)
        assert hashed
    visitor.get("/api/leads/" + "A" * 22).problem(404)
    visitor.patch("/api/leads/" + "A" * 22, {"step": 2}).problem(404)
    visitor.get("/api/leads/with%20space").problem(404)


@pytest.mark.parametrize("body, field", [({"step": 9}, "step"), ({"step": "x"}, "step"), ({"serviceId": "x"}, "serviceId"),
                                         ({"questionAnswers": "x"}, "questionAnswers"), ({"description": 5}, "description"),
                                         ({"description": "x" * 200_000}, "description")])
def test_a_draft_of_the_wrong_shape_is_refused_with_the_field(visitor, body, field):
    token = draft(visitor)
    visitor.patch(f"/api/leads/{token}", body).problem(422, field)


def test_a_draft_of_another_agency_is_not_there(site, visitor):
    token = draft(visitor, description="Nobody else's")
    site.visitor("other.example.test").get(f"/api/leads/{token}").problem(404)


def test_the_address_of_the_visitor_is_kept_as_a_hash_only(site, visitor):
    token = draft(visitor)
    row = site.sql("select to_jsonb(l)::text as all from leads l where token_hash = %s", hashlib.sha256(token.encode()).digest(), tenant=site.tenant)
    assert visitor.address not in row[0]["all"]


def test_a_page_view_is_recorded(site, visitor):
    token = draft(visitor)
    path = f"/seen-{token[:8]}"
    assert visitor.post("/api/leads/views", {"path": path, "referrer": "https://example.org/x", "token": token}).status == 204
    row = site.sql("select v.referrer, l.id from lead_page_views v join leads l on l.id = v.lead_id where v.path = %s", path, tenant=site.tenant)
    assert [r["referrer"] for r in row] == ["https://example.org/x"]
    assert visitor.post("/api/leads/views", {"path": "/"}).status == 204


def test_signing_up_with_the_token_binds_the_draft_to_the_account(site, visitor, sign_up):
    token = draft(visitor, description="A bound draft with enough words", step=3)
    person = sign_up(leadToken=token)
    mine = person.get("/api/leads").expect()["leads"]
    assert len(mine) == 1 and mine[0]["description"] == "A bound draft with enough words" and mine[0]["step"] == 3
    elsewhere = site.signed_in(person.email, person.password)
    assert elsewhere.get("/api/leads").expect()["leads"] == mine
    assert sign_up().get("/api/leads").expect()["leads"] == []
    visitor.get("/api/leads").problem(401)


def test_signing_in_with_the_token_binds_the_draft_too(site, visitor, sign_up):
    person = sign_up()
    token = draft(visitor, description="Bound at sign-in, this one")
    visitor.post("/api/auth/login", {"email": person.email, "password": person.password, "leadToken": token}).expect(200)
    assert [d["description"] for d in visitor.get("/api/leads").expect()["leads"]] == ["Bound at sign-in, this one"]


def test_a_bound_draft_is_gone_on_with_by_its_owner_without_the_token(site, visitor, sign_up):
    """Such as on another device, after signing in there."""
    service = onboarding.services(visitor)[0]
    token = visitor.post("/api/leads", {"serviceId": service["id"]}).expect(201)["token"]
    person = sign_up(leadToken=token)
    mine, = person.get("/api/leads").expect()["leads"]
    person.patch(f"/api/leads/mine/{mine['id']}", {"description": "Typed on the other device, signed in"}).expect(200)
    assert visitor.get(f"/api/leads/{token}").expect()["description"] == "Typed on the other device, signed in"
    stranger = sign_up()
    stranger.patch(f"/api/leads/mine/{mine['id']}", {"description": "Typed by somebody else"}).problem(404)
    visitor.patch(f"/api/leads/mine/{mine['id']}", {"description": "Typed by nobody"}).problem(401)
    project = onboarding.create(person, leadId=mine["id"])
    assert site.one("select project_id from leads where id = %s and status = 'claimed'", mine["id"], tenant=site.tenant) == project
    onboarding.create(stranger, leadId=mine["id"])  # of no effect on a draft that is not theirs
    assert site.one("select project_id from leads where id = %s", mine["id"], tenant=site.tenant) == project


def test_a_claimed_draft_belongs_to_its_project_and_takes_no_more_changes(site, visitor, sign_up):
    description, mark = onboarding.unique()
    token = draft(visitor, description=description)
    person = sign_up(leadToken=token)
    project = onboarding.create(person, description=description, leadToken=token)
    assert site.one("select p.id from projects p join leads l on l.id = p.lead_id where l.token_hash = %s and l.status = 'claimed'",
                    hashlib.sha256(token.encode()).digest(), tenant=site.tenant) == project
    visitor.patch(f"/api/leads/{token}", {"description": "Changed afterwards, too late"}).problem(409)
    assert person.get(f"/api/leads/{token}").expect()["status"] == "claimed"
    assert person.get(f"/api/leads/{token}").expect()["projectId"] == project
    assert visitor.get(f"/api/leads/{token}").expect() == {"status": "claimed"}
    assert person.get("/api/leads").expect()["leads"] == []


def test_a_draft_is_claimed_once_however_often_it_is_submitted(site, visitor, sign_up):
    """Two tabs, a double click and a refresh, each with a key of its own."""
    description, mark = onboarding.unique()
    person = sign_up()
    body = onboarding.onboarding(person, description=description, leadToken=draft(visitor, description=description))

    def submit(number):
        return person.twin().post("/api/projects/create-from-onboarding", body, headers={"Idempotency-Key": f"{mark}-{number}"})

    with ThreadPoolExecutor(6) as pool:
        answers = list(pool.map(submit, range(6)))
    assert {a.status for a in answers} <= {201, 409}, answers
    made = {a.json["projectId"] for a in answers if a.status == 201}
    assert len(made) == 1
    assert site.one("select count(*) from projects where description = %s", description, tenant=site.tenant) == 1


def test_somebody_elses_draft_cannot_be_claimed(site, visitor, sign_up):
    token = draft(visitor, description="The draft of the first person")
    first, second = sign_up(leadToken=token), sign_up()
    description, _ = onboarding.unique()
    answer = second.post("/api/projects/create-from-onboarding", onboarding.onboarding(second, description=description, leadToken=token))
    assert answer.status in (201, 403, 404, 409), answer
    assert site.sql("select l.status from leads l where token_hash = %s", hashlib.sha256(token.encode()).digest(), tenant=site.tenant) == [{"status": "open"}]
    onboarding.create(first, leadToken=token)
