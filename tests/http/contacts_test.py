"""Contacts: who else than its owner follows a project on the client's side, invited by mail, and off it again at once."""
import uuid

import pytest

import onboarding
from instance import PASSWORD, link_in, text_of
from people import new_address, new_person
from uploading import send


@pytest.fixture
def project(site):
    """A new client with a confirmed address, and their project."""
    client = new_person(site, name="Maria Santos")
    site.sql("update users set email_verified = now() where id = %s", client.user["id"])
    return client, onboarding.create(client)


def contact(site, by, project, role, email=None):
    """Invites somebody and takes the invitation up as somebody new here."""
    email = email or new_address("contact")
    by.twin().post(f"/api/projects/{project}/contacts", {"email": email, "role": role}).expect(201)
    mail = site.wait_for_mail(email, "/invitation?token=")
    client = site.visitor()
    answer = client.post("/api/auth/invitation/join", {"token": link_in(mail, "/invitation"), "name": "Ben Cruz", "password": PASSWORD}).expect(201)
    assert answer == {"role": "client", "redirectUrl": f"/projects/{project}"}
    client.user, client.email, client.password = client.get("/api/auth/session").expect()["user"], email, PASSWORD
    return client, mail


def test_a_contact_who_may_work_reads_writes_sends_files_and_sees_the_project_among_theirs(site, project, stranger):
    owner, number = project
    ben, mail = contact(site, owner, number, "work")
    assert owner.email in text_of(mail) and "Maria" not in text_of(mail), "a client's own words are mailed to nobody"
    assert ben.user["role"] == "client" and ben.user["emailVerified"] is True
    listed = ben.get("/api/projects").expect()["projects"]
    assert [(p["id"], p["contact"]) for p in listed] == [(number, "work")]
    assert [(p["id"], p["contact"]) for p in owner.get("/api/projects").expect()["projects"]] == [(number, None)]
    ben.get(f"/api/projects/{number}/details").expect(200)
    said = ben.post(f"/api/projects/{number}/messages", {"body": "Which font will it be?"}).expect(201)
    file = send(ben, f"/api/projects/{number}/files", b"logo").expect(201)["id"]
    owner.get(f"/api/files/{file}").expect(200)
    ben.delete(f"/api/files/{file}").expect(200)
    ben.get(f"/api/projects/{number}/payments").expect(200)
    assert site.one("select user_name from messages where id = %s", said["id"], tenant=site.tenant) == "Ben Cruz"
    shown = ben.get(f"/api/projects/{number}/contacts").expect()
    assert (shown["mine"], shown["manages"], shown["owner"]["name"], shown["invitations"]) == ("work", False, "Maria Santos", [])
    assert [(c["name"], c["email"], c["role"], c["me"]) for c in shown["contacts"]] == [("Ben Cruz", None, "work", True)]
    ben.post(f"/api/projects/{number}/contacts", {"email": new_address(), "role": "view"}).problem(403)
    seen = owner.get(f"/api/projects/{number}/contacts").expect()
    assert (seen["mine"], seen["manages"]) == ("owner", True) and [c["email"] for c in seen["contacts"]] == [ben.email]
    stranger.twin().get(f"/api/projects/{number}/contacts").problem(404)


def test_who_may_only_look_changes_nothing_and_is_given_more_or_less_at_once(site, project, staff):
    owner, number = project
    eve, _ = contact(site, owner, number, "view")
    owner.post(f"/api/projects/{number}/messages", {"body": "Good morning"}).expect(201)
    assert eve.get(f"/api/projects/{number}/messages").expect()["unread"] == 1
    eve.post(f"/api/projects/{number}/messages/read", {"upTo": 10**6}).expect(200)
    assert eve.get(f"/api/projects/{number}/messages").expect()["unread"] == 0
    assert owner.get("/api/projects").expect()["projects"][0]["unread"] == 0
    for method, path, body in (("POST", "messages", {"body": "Hello"}), ("POST", "files", {"name": "a.txt", "size": 3}), ("POST", "payments", {"part": "deposit", "method": "gcash"}),
                               ("POST", "generation", {})):
        eve.request(method, f"/api/projects/{number}/{path}", body).problem(403, detail="look at this project")
    path = f"/api/projects/{number}/contacts/{eve.user['id']}"
    eve.patch(path, {"role": "work"}).problem(403)
    owner.patch(path, {"role": "boss"}).problem(422, "role")
    assert owner.patch(path, {"role": "work"}).expect()["contacts"][0]["role"] == "work"
    eve.post(f"/api/projects/{number}/messages", {"body": "Hello"}).expect(201)
    assert staff.twin().patch(path, {"role": "view"}).expect()["mine"] == "staff"
    eve.post(f"/api/projects/{number}/messages", {"body": "Hello"}).problem(403)
    noted = site.sql("select action, actor_id, data from audit_log where subject = %s and action like 'contact%%' order by number", eve.user["id"])
    assert [(n["action"], n["actor_id"], n["data"]["to"]) for n in noted] == [("contact-changed", owner.user["id"], "work"), ("contact-changed", staff.user["id"], "view")]


@pytest.mark.parametrize("role", ["view", "work"])
def test_a_contact_leaves_a_project_alone(site, project, staff, stranger, role):
    owner, number = project
    ben, _ = contact(site, owner, number, role)
    path = f"/api/projects/{number}/contacts/leave"
    owner.twin().post(path, {}).problem(409, detail="You own this project")
    staff.twin().post(path, {}).problem(409, detail="You work here")
    stranger.twin().post(path, {}).problem(404)
    ben.post(path, {}).expect(204)
    ben.post(path, {}).problem(404)
    ben.get(f"/api/projects/{number}/details").problem(404)
    assert ben.get("/api/projects").expect()["projects"] == []
    assert owner.get(f"/api/projects/{number}/contacts").expect()["contacts"] == []
    left = owner.get(f"/api/projects/{number}/activity").expect()["activity"][0]
    assert (left["kind"], left["actor"]["name"]) == ("contact-left", "Ben Cruz")
    assert not site.sql("select id from notices where user_id = %s and project_id = %s and settled_at is null", ben.user["id"], number, tenant=site.tenant)
    assert [row["data"] for row in site.sql("select data from audit_log where actor_id = %s and action = 'contact-left'", ben.user["id"])] == [{"project": number}]


def test_who_is_taken_off_is_off_at_once_and_is_told_nothing_more(site, project):
    owner, number = project
    ben, _ = contact(site, owner, number, "work")
    owner.post(f"/api/projects/{number}/messages", {"body": "This would be mailed in two minutes"}).expect(201)
    assert site.one("select count(*) from notices where user_id = %s and settled_at is null", ben.user["id"], tenant=site.tenant) == 1
    upload = ben.post(f"/api/projects/{number}/files", {"name": "a.txt", "size": 3}).expect(201)["upload"]
    owner.delete(f"/api/projects/{number}/contacts/{ben.user['id']}").expect(204)
    owner.delete(f"/api/projects/{number}/contacts/{ben.user['id']}").problem(404)
    for path in ("details", "messages", "files", "payments", "timeline", "activity", "generation", "contacts"):
        ben.get(f"/api/projects/{number}/{path}").problem(404)
    ben.post(f"/api/projects/{number}/messages", {"body": "Still here?"}).problem(404)
    ben.get(f"/api/files/uploads/{upload}").problem(404)
    assert ben.get("/api/projects").expect()["projects"] == []
    assert site.one("select count(*) from notices where user_id = %s and settled_at is null", ben.user["id"], tenant=site.tenant) == 0
    # What they wrote stays, and so does their account.
    assert ben.get("/api/auth/session").expect()["user"]["email"] == ben.email


def test_a_contact_of_one_project_finds_nothing_of_another(site, project):
    owner, number = project
    other = new_person(site)
    theirs = onboarding.create(other)
    message = other.post(f"/api/projects/{theirs}/messages", {"body": "Between us"}).expect(201)["id"]
    file = send(other, f"/api/projects/{theirs}/files", b"secret").expect(201)["id"]
    ben, _ = contact(site, owner, number, "work")
    for path in (f"/api/projects/{theirs}/details", f"/api/projects/{theirs}/contacts", f"/api/files/{file}"):
        ben.get(path).problem(404)
    ben.patch(f"/api/messages/{message}", {"body": "x"}).problem(404)
    ben.delete(f"/api/files/{file}").problem(404)
    owner.patch(f"/api/projects/{theirs}/contacts/{ben.user['id']}", {"role": "work"}).problem(404)
    invitation = site.one("select max(id) from invitations where project_id = %s", number)
    other_one = new_person(site)
    site.sql("update users set email_verified = now() where id = %s", other_one.user["id"])
    mine = onboarding.create(other_one)
    other_one.post(f"/api/projects/{mine}/contacts/invitations/{invitation}/send", {}).problem(404)
    other_one.delete(f"/api/projects/{mine}/contacts/invitations/{invitation}").problem(404)


def test_everybody_on_the_clients_side_is_told_of_what_they_did_not_do_themselves(site, project, staff):
    owner, number = project
    ben, _ = contact(site, owner, number, "view")
    eve, _ = contact(site, owner, number, "work")

    def told(kind, key):
        return {row["user_id"] for row in site.sql("select user_id from notices where kind = %s and key = %s and project_id = %s", kind, key, number, tenant=site.tenant)}

    said = eve.post(f"/api/projects/{number}/messages", {"body": "What do you think?"}).expect(201)["id"]
    people = told("message", f"message:{said}")
    assert {owner.user["id"], ben.user["id"]} <= people and eve.user["id"] not in people
    assert staff.user["id"] in people
    ben.patch("/api/notifications", {"messages": "off"}).expect(200)
    answered = staff.twin().post(f"/api/projects/{number}/messages", {"body": "We like it."}).expect(201)["id"]
    assert told("message", f"message:{answered}") & {owner.user["id"], ben.user["id"], eve.user["id"]} == {owner.user["id"], eve.user["id"]}


def test_staff_invite_by_name_and_the_known_are_not_invited_twice(site, project, staff, admin):
    owner, number = project
    person = new_person(site)
    path = f"/api/projects/{number}/contacts"
    seen = staff.twin().post(path, {"email": person.email, "role": "work"}).expect(201)
    assert [(i["email"], i["role"], i["expired"]) for i in seen["invitations"]] == [(person.email, "work", False)]
    mail = site.wait_for_mail(person.email, "/invitation?token=")
    assert staff.user["name"] in text_of(mail)
    owner.post(path, {"email": person.email.upper(), "role": "view"}).problem(409, "email")
    invitation = seen["invitations"][0]["id"]
    again = owner.post(f"{path}/invitations/{invitation}/send", {}).expect()
    assert again["invitations"][0]["id"] == invitation
    person.post("/api/auth/invitation/accept", {"token": link_in(mail, "/invitation")}).problem(422, "token")
    new = link_in(site.wait_for_mail(person.email, "/invitation?token=", after=len(site.mails(person.email)) - 1), "/invitation")
    found = person.post("/api/auth/invitation", {"token": new}).expect()
    if found["state"] != "open":
        raise AssertionError(found)
    assert found["project"]["role"] == "work" and found["role"] == "client"
    assert person.post("/api/auth/invitation/accept", {"token": new}).expect() == {"role": "client", "redirectUrl": f"/projects/{number}"}
    owner.post(path, {"email": person.email, "role": "view"}).problem(409, "email")
    owner.post(path, {"email": owner.email, "role": "view"}).problem(409, "email")
    gone = new_address()
    number_of = owner.post(path, {"email": gone, "role": "view"}).expect(201)["invitations"][0]["id"]
    owner.delete(f"{path}/invitations/{number_of}").expect(204)
    assert owner.get(path).expect()["invitations"] == []
    assert [i["project"]["id"] for i in admin.twin().get(f"/api/admin/invitations?q={gone}").expect()["invitations"]] == [number]


def test_who_has_not_confirmed_an_address_invites_nobody_and_bad_input_is_named(site, project):
    owner, number = project
    fresh = new_person(site)
    own = onboarding.create(fresh)
    fresh.post(f"/api/projects/{own}/contacts", {"email": new_address(), "role": "view"}).problem(403, detail="confirm your own")
    owner.post(f"/api/projects/{number}/contacts", {"email": "x", "role": "king", "days": 0}).problem(422, "email", "role", "days")
    site.sql("insert into project_contacts (project_id, user_id, role) select %s, %s || n, 'view' from generate_series(1, 20) n", number, uuid.uuid4().hex, tenant=site.tenant)
    owner.post(f"/api/projects/{number}/contacts", {"email": new_address(), "role": "view"}).problem(409, detail="at most 20")
