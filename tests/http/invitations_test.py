"""Invitations to work at an agency: sent, sent again, withdrawn, and taken up exactly once by who has the address."""
import uuid
from concurrent.futures import ThreadPoolExecutor

import pytest

from instance import OTHER_HOST, PASSWORD, link_in, text_of
from people import new_address, new_person


@pytest.fixture(scope="module")
def owner(site):
    return site.signed_in(*site.account("owner", "lunaxcode", f"owner-{uuid.uuid4().hex[:8]}"))


def invited(site, by, email=None, role="member", after=0, **more):
    """An invitation and the token that its mail brought."""
    email = email or new_address("guest")
    made = by.twin(elsewhere=True).post("/api/admin/invitations", {"email": email, "role": role, **more}).expect(201)
    return made, link_in(site.wait_for_mail(email, "/invitation?token=", after=after), "/invitation")


def joined(site, token, name="Ana Reyes", host=None):
    client = site.visitor(host)
    client.email, client.password = None, PASSWORD
    answer = client.post("/api/auth/invitation/join", {"token": token, "name": name, "password": PASSWORD})
    return client, answer


def one(client, number):
    return next(i for i in client.twin().get("/api/admin/invitations").expect()["invitations"] if i["id"] == number)


def test_somebody_new_sets_a_password_and_works_here_with_the_address_verified(site, admin):
    made, token = invited(site, admin)
    assert (made["state"], made["role"], made["sentCount"]) == ("open", "member", 1)
    mail = site.mails(made["email"])[-1]
    assert "invites you to work at" in text_of(mail) and "within 7 days" in text_of(mail)
    html = mail.get_body(("html",)).get_content()
    assert "See the invitation" in html and admin.user["name"] in text_of(mail)
    stored = site.sql("select row_to_json(i)::text as text from invitations i where id = %s", made["id"])[0]["text"]
    assert token not in stored

    seen = site.visitor().post("/api/auth/invitation", {"token": token}).expect()
    assert (seen["state"], seen["email"], seen["role"], seen["hasAccount"], seen["project"]) == ("open", made["email"], "member", False, None)
    assert seen["invitedBy"] == admin.user["name"] and seen["agency"]
    site.visitor().post("/api/auth/invitation/join", {"token": token, "name": "", "password": "short"}).problem(422, "name", "password")
    client, answer = joined(site, token)
    assert answer.expect(201) == {"role": "member", "redirectUrl": "/admin"}
    user = client.get("/api/auth/session").expect()["user"]
    assert (user["email"], user["role"], user["emailVerified"], user["name"]) == (made["email"], "staff", True, "Ana Reyes")
    client.get("/api/admin/people").expect(200)
    listed = one(admin, made["id"])
    assert (listed["state"], listed["acceptedBy"], listed["invitedBy"]) == ("accepted", "Ana Reyes", admin.user["name"])
    noted = site.sql("select action, actor_id, data from audit_log where subject = %s and action like 'invit%%' order by number", str(made["id"]))
    assert [(n["action"], n["actor_id"]) for n in noted] == [("invited", admin.user["id"]), ("invitation-accepted", user["id"])]
    assert noted[0]["data"] == {"email": made["email"], "role": "member"}
    # It is over now, for whoever holds the link.
    assert site.visitor().post("/api/auth/invitation", {"token": token}).expect() == {"state": "accepted", "agency": seen["agency"]}
    joined(site, token)[1].problem(409)


def test_who_has_an_account_accepts_with_it_and_no_other(site, admin):
    person = new_person(site)
    made, token = invited(site, admin, person.email.upper())
    seen = site.visitor().post("/api/auth/invitation", {"token": token}).expect()
    assert seen["hasAccount"] is True
    joined(site, token)[1].problem(409, detail="sign in")
    site.visitor().post("/api/auth/invitation/accept", {"token": token}).problem(401)
    stranger = new_person(site)
    stranger.post("/api/auth/invitation/accept", {"token": token}).problem(403, detail="another address")
    assert person.get("/api/auth/session").expect()["user"]["emailVerified"] is False
    assert person.post("/api/auth/invitation/accept", {"token": token}).expect() == {"role": "member", "redirectUrl": "/admin"}
    user = person.get("/api/auth/session").expect()["user"]
    assert user["role"] == "staff" and user["emailVerified"] is True, "the open session has the role at once"
    # A second click of the same person leads to the same place; nobody else gets anything.
    assert person.post("/api/auth/invitation/accept", {"token": token}).expect()["redirectUrl"] == "/admin"
    stranger.post("/api/auth/invitation/accept", {"token": token}).problem(409)
    assert site.one("select count(*) from audit_log where subject = %s and action = 'invitation-accepted'", str(made["id"])) == 1


def test_two_tabs_make_one_account(site, admin):
    made, token = invited(site, admin, role="viewer")
    with ThreadPoolExecutor(6) as pool:
        answers = list(pool.map(lambda _: joined(site, token)[1].status, range(6)))
    assert sorted(answers) == [201] + [409] * 5
    assert site.one("select count(*) from users where lower(email) = lower(%s)", made["email"]) == 1
    assert site.sql("select role_id from user_roles r join users u on u.id = r.user_id where lower(u.email) = lower(%s)", made["email"]) == [{"role_id": 4}]


def test_sending_again_makes_a_new_link_and_the_old_one_dead(site, admin):
    made, token = invited(site, admin, days=1)
    site.sql("update invitations set expires_at = now() - interval '1 second' where id = %s", made["id"])
    assert site.visitor().post("/api/auth/invitation", {"token": token}).expect()["state"] == "expired"
    joined(site, token)[1].problem(409)
    assert one(admin, made["id"])["state"] == "expired"
    again = admin.twin().post(f"/api/admin/invitations/{made['id']}/send", {}).expect()
    assert (again["state"], again["sentCount"]) == ("open", 2)
    new = link_in(site.wait_for_mail(made["email"], "/invitation?token=", after=1), "/invitation")
    assert new != token
    site.visitor().post("/api/auth/invitation", {"token": token}).problem(422, "token")
    assert joined(site, new)[1].status == 201
    admin.twin().post(f"/api/admin/invitations/{made['id']}/send", {}).problem(409)


def test_a_withdrawn_one_opens_nothing(site, admin):
    made, token = invited(site, admin)
    admin.twin().post("/api/admin/invitations", {"email": made["email"].upper(), "role": "viewer"}).problem(409, "email")
    admin.twin().delete(f"/api/admin/invitations/{made['id']}").expect(204)
    admin.twin().delete(f"/api/admin/invitations/{made['id']}").expect(204)
    assert site.visitor().post("/api/auth/invitation", {"token": token}).expect()["state"] == "withdrawn"
    joined(site, token)[1].problem(409)
    admin.twin().post(f"/api/admin/invitations/{made['id']}/send", {}).problem(409)
    assert site.one("select count(*) from audit_log where subject = %s and action = 'invitation-withdrawn'", str(made["id"])) == 1
    second, _ = invited(site, admin, made["email"], after=1)
    assert second["id"] != made["id"]
    page = admin.twin().get("/api/admin/invitations?state=withdrawn&limit=1").expect()
    assert all(i["state"] == "withdrawn" for i in page["invitations"])
    assert [i["id"] for i in admin.twin().get(f"/api/admin/invitations?q={made['email']}").expect()["invitations"]] == [second["id"], made["id"]]


def test_only_an_owner_gives_what_only_an_owner_may(site, admin, owner, staff):
    for role in ("owner", "admin"):
        admin.twin().post("/api/admin/invitations", {"email": new_address(), "role": role}).problem(403)
    staff.twin().post("/api/admin/invitations", {"email": new_address(), "role": "viewer"}).problem(403)
    made, token = invited(site, owner, role="admin")
    admin.twin().delete(f"/api/admin/invitations/{made['id']}").problem(403)
    admin.twin().post(f"/api/admin/invitations/{made['id']}/send", {}).problem(403)
    client, answer = joined(site, token)
    assert answer.expect(201)["role"] == "admin" and client.get("/api/auth/session").expect()["user"]["role"] == "admin"
    for body, field in (({"email": "x", "role": "member"}, "email"), ({"email": new_address(), "role": "client"}, "role"), ({"email": new_address(), "role": "member", "days": 31}, "days")):
        admin.twin().post("/api/admin/invitations", body).problem(422, field)
    admin.twin().get("/api/admin/invitations?state=x").problem(422, "state")
    admin.twin().post("/api/admin/invitations", {"email": made["email"], "role": "member"}).problem(409, "email")


def test_what_was_sent_by_who_may_no_longer_do_so_opens_nothing(site, owner):
    lapsed = site.signed_in(*site.account("owner", "lunaxcode", f"lapsed-{uuid.uuid4().hex[:8]}"))
    made, token = invited(site, lapsed, role="admin")
    owner.twin().patch(f"/api/admin/people/{lapsed.user['id']}", {"role": "member"}).expect(200)
    assert site.visitor().post("/api/auth/invitation", {"token": token}).expect()["state"] == "withdrawn"
    joined(site, token)[1].problem(409)
    owner.twin().post(f"/api/admin/invitations/{made['id']}/send", {}).expect(200)
    assert joined(site, link_in(site.wait_for_mail(made["email"], "/invitation?token=", after=1), "/invitation"))[1].status == 201


def test_who_is_disabled_stays_so_and_who_has_more_keeps_it(site, admin, owner):
    person = new_person(site)
    made, token = invited(site, admin, person.email)
    admin.twin().patch(f"/api/admin/people/{person.user['id']}", {"disabled": True}).expect(200)
    elsewhere = site.visitor()
    elsewhere.post("/api/auth/login", {"email": person.email, "password": PASSWORD}).problem(403)
    # Not signed in they cannot accept; and the database says so to whoever asks it for them.
    outcome = site.one("select outcome from accept_invitation((select token_hash from invitations where id = %s), 'lunaxcode', %s)", made["id"], person.user["id"])
    assert outcome == "disabled" and one(admin, made["id"])["state"] == "open"
    admin.twin().patch(f"/api/admin/people/{person.user['id']}", {"disabled": False}).expect(200)
    owner.twin().patch(f"/api/admin/people/{person.user['id']}", {"role": "admin"}).expect(200)
    person.post("/api/auth/login", {"email": person.email, "password": PASSWORD}).expect(200)
    person.post("/api/auth/invitation/accept", {"token": token}).expect(200)
    assert person.get("/api/auth/session").expect()["user"]["role"] == "admin"


def test_a_required_second_factor_is_asked_for_as_of_anybody(site, admin):
    made, token = invited(site, admin)
    site.sql("update tenants set require_second_factor = true where slug = 'lunaxcode'")
    try:
        client, answer = joined(site, token)
        answer.expect(201)
        assert client.get("/api/auth/session").expect()["user"]["confined"] is True
        client.get("/api/admin/people").problem(403, detail="second factor")
    finally:
        site.sql("update tenants set require_second_factor = false where slug = 'lunaxcode'")


def test_another_agency_knows_nothing_of_an_invitation(site, admin):
    made, token = invited(site, admin)
    site.visitor(OTHER_HOST).post("/api/auth/invitation", {"token": token}).problem(422, "token")
    joined(site, token, host=OTHER_HOST)[1].problem(422, "token")
    theirs = site.signed_in(*site.account("admin", "other"), host=OTHER_HOST)
    assert made["id"] not in [i["id"] for i in theirs.get("/api/admin/invitations?limit=100").expect()["invitations"]]
    theirs.post(f"/api/admin/invitations/{made['id']}/send", {}).problem(404)
    theirs.delete(f"/api/admin/invitations/{made['id']}").problem(404)
    # Who works at both is one account with a role at each.
    client, answer = joined(site, token)
    answer.expect(201)
    site.sql("delete from auth_attempts where kind = 'invitation-to'")
    elsewhere = theirs.post("/api/admin/invitations", {"email": made["email"], "role": "viewer"}).expect(201)
    there = link_in(site.wait_for_mail(made["email"], "/invitation?token=", after=1), "/invitation")
    both = site.signed_in(made["email"], PASSWORD, host=OTHER_HOST)
    both.post("/api/auth/invitation/accept", {"token": there}).expect(200)
    assert both.get("/api/auth/session").expect()["user"]["role"] == "viewer" and elsewhere["role"] == "viewer"


def test_one_address_is_written_to_five_times_a_day_and_a_link_is_tried_so_often(site, admin):
    email = new_address()
    number = admin.twin().post("/api/admin/invitations", {"email": email, "role": "viewer"}).expect(201)["id"]
    for _ in range(4):
        admin.twin().post(f"/api/admin/invitations/{number}/send", {}).expect(200)
    admin.twin().post(f"/api/admin/invitations/{number}/send", {}).problem(429)
    token = uuid.uuid4().hex
    for _ in range(30):
        site.visitor().post("/api/auth/invitation", {"token": token}).problem(422, "token")
    site.visitor().post("/api/auth/invitation", {"token": token}).problem(429)


def test_neither_the_log_nor_a_referrer_has_the_token(site, admin):
    made, token = invited(site, admin)
    page = site.visitor().get(f"/invitation?token={token}")
    assert page.status == 200 and page.header("referrer-policy") == "no-referrer"
    joined(site, token)[1].expect(201)
    logs = "".join(p.read_text(errors="replace") for p in site.state.rglob("*.log"))
    assert token not in logs
