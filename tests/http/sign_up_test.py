"""Signing up and verifying an address."""
import hashlib
import re

import pytest

from instance import PASSWORD, link_in
from people import new_address


def body(**changes):
    return {"name": "Juana dela Cruz", "email": new_address(), "password": PASSWORD, **changes}


def test_signing_up_signs_in_at_once(visitor):
    given = body()
    answer = visitor.post("/api/auth/signup", given)
    user = answer.expect(201)["user"]
    assert user == {"id": user["id"], "name": "Juana dela Cruz", "email": given["email"], "role": "client", "emailVerified": False}
    assert visitor.get("/api/auth/session").expect() == {"user": user}


def test_the_session_cookie_is_out_of_reach_for_scripts_and_other_sites(visitor):
    line, = visitor.post("/api/auth/signup", body()).all("set-cookie")
    pair, *attributes = [part.strip() for part in line.split(";")]
    attributes = {a.split("=")[0].lower(): a.partition("=")[2] for a in attributes}
    assert pair.startswith("session=") and len(pair.removeprefix("session=")) >= 22
    assert "httponly" in attributes and attributes["samesite"].lower() == "lax" and attributes["path"] == "/" and "domain" not in attributes
    assert "secure" not in attributes  # this site speaks http; https has __Host-session, see programs_test


def test_neither_password_nor_session_is_kept_in_the_clear(site, visitor):
    given = body()
    visitor.post("/api/auth/signup", given).expect(201)
    user = site.one("select id, password from users where email = %s", given["email"])
    assert user["password"].startswith("$argon2id$")
    session = site.one("select s.* from sessions s where user_id = %s", user["id"])
    assert bytes(session["token_hash"]) == hashlib.sha256(visitor.cookies["session"].encode()).digest()
    assert session["ip"].split("/")[0] == visitor.address


@pytest.mark.parametrize("changes, field", [
    ({"name": ""}, "name"), ({"name": "  "}, "name"), ({"name": None}, "name"), ({"name": "x" * 1000}, "name"), ({"name": 5}, "name"),
    ({"email": ""}, "email"), ({"email": "nobody"}, "email"), ({"email": "a@b"}, "email"), ({"email": "a b@example.test"}, "email"),
    ({"email": "a@example.test\r\nBcc: b@example.test"}, "email"), ({"email": "a" * 300 + "@example.test"}, "email"), ({"email": ["a@example.test"]}, "email"),
    ({"email": "a@example.test, b@example.test"}, "email"), ({"email": "<a@example.test>"}, "email"),
    ({"password": "nine char"}, "password"), ({"password": ""}, "password"), ({"password": None}, "password"), ({"password": "x" * 201}, "password"),
    ({"password": 1234567890123}, "password"),
])
def test_a_wrong_field_is_named(visitor, changes, field):
    visitor.post("/api/auth/signup", body(**changes)).problem(422, field)
    assert visitor.cookies == {}


def test_a_password_of_ten_characters_and_one_of_two_hundred_will_do(visitor, site):
    visitor.post("/api/auth/signup", body(password="ñ" * 10)).expect(201)
    site.visitor().post("/api/auth/signup", body(password=" x" * 100)).expect(201)


def test_white_space_in_a_password_counts(site, visitor):
    given = body(password="  spaces around  ")
    visitor.post("/api/auth/signup", given).expect(201)
    site.visitor().post("/api/auth/login", {"email": given["email"], "password": "spaces around"}).problem(401)
    site.visitor().post("/api/auth/login", {"email": given["email"], "password": "  spaces around  "}).expect(200)


def test_an_address_has_one_account_whatever_its_letters(site, sign_up):
    person = sign_up()
    other = site.visitor()
    other.post("/api/auth/signup", body(email=person.email.upper(), password="another pass phrase")).problem(409, "email")
    assert other.get("/api/auth/session").expect() == {"user": None}
    assert site.one("select count(*) from users where lower(email) = %s", person.email) == 1


def test_signing_up_again_with_the_right_password_signs_in(site, sign_up):
    person = sign_up()
    again = site.visitor()
    answer = again.post("/api/auth/signup", body(email=person.email, password=person.password))
    assert answer.expect(200)["user"]["id"] == person.user["id"]
    assert again.get("/api/auth/session").json["user"]["id"] == person.user["id"]


def test_a_mail_with_a_link_verifies_the_address_once(site, sign_up):
    person = sign_up()
    mail = site.wait_for_mail(person.email, "/verify?token=")
    assert mail["From"] and mail["Subject"] and mail["Message-ID"] and mail["Date"]
    assert mail.get_body(("html",)) is None or "<script" not in mail.get_body(("html",)).get_content()
    token = link_in(mail, "/verify")
    assert len(token) >= 22
    site.visitor().post("/api/auth/verify", {"token": token}).expect(200)
    assert person.get("/api/auth/session").json["user"]["emailVerified"] is True
    again = site.visitor().post("/api/auth/verify", {"token": token})
    assert 400 <= again.status < 500
    again.problem(again.status)


def test_the_link_of_another_device_leads_back_to_the_draft(site, visitor, sign_up):
    token = visitor.post("/api/leads", {"serviceId": 1}).expect(201)["token"]
    person = sign_up(leadToken=token)
    link = link_in(site.wait_for_mail(person.email, "/verify?token="), "/verify")
    assert site.visitor().post("/api/auth/verify", {"token": link}).expect(200)["leadToken"] == token


@pytest.mark.parametrize("token", ["", "A" * 22, "A" * 10_000, None, 5, "with space", "' or 1=1"])
def test_a_made_up_link_verifies_nothing(visitor, token):
    answer = visitor.post("/api/auth/verify", {"token": token})
    assert 400 <= answer.status < 500, answer
    answer.problem(answer.status)


def test_an_old_link_verifies_nothing(site, sign_up):
    person = sign_up()
    token = link_in(site.wait_for_mail(person.email, "/verify?token="), "/verify")
    site.sql("update email_tokens set expires_at = now() - interval '1 second' where user_id = %s", person.user["id"])
    assert 400 <= person.post("/api/auth/verify", {"token": token}).status < 500
    assert person.get("/api/auth/session").json["user"]["emailVerified"] is False


def test_the_mail_can_be_sent_again(site, sign_up, visitor):
    person = sign_up()
    site.wait_for_mail(person.email, "/verify?token=")
    assert person.post("/api/auth/verify/resend").status == 202
    again = site.wait_for_mail(person.email, "/verify?token=", after=1)
    person.post("/api/auth/verify", {"token": link_in(again, "/verify")}).expect(200)
    visitor.post("/api/auth/verify/resend").problem(401)


def test_a_token_in_the_database_is_a_hash(site, sign_up):
    person = sign_up()
    token = link_in(site.wait_for_mail(person.email, "/verify?token="), "/verify")
    assert site.one("select count(*) from email_tokens where token_hash = %s", hashlib.sha256(token.encode()).digest()) == 1
    assert not re.search(re.escape(token), "\n".join(str(row) for row in site.sql("select * from email_tokens where user_id = %s", person.user["id"])))


def test_a_name_cannot_put_a_header_or_markup_into_the_mail(site, visitor):
    given = body(name="Eve\r\nBcc: all@example.test <b>x</b>")
    answer = visitor.post("/api/auth/signup", given)
    if answer.status == 422:
        answer.problem(422, "name")
        return
    mail = site.wait_for_mail(given["email"], "/verify?token=")
    assert mail["Bcc"] is None and "all@example.test" not in (mail["To"] + mail["Subject"])
    html = mail.get_body(("html",))
    assert html is None or "<b>x</b>" not in html.get_content()


def test_google_is_offered_only_where_it_is_set_up(visitor):
    assert visitor.get("/api/auth/providers").expect() == {"google": False}
