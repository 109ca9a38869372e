"""Signing in and out, the limits on it, and what it does not tell."""
import time

import pytest

from client import soon
from instance import OTHER_HOST, PASSWORD
from people import new_address, new_person


def sign_in(client, email, password=PASSWORD):
    return client.post("/api/auth/login", {"email": email, "password": password})


def test_the_right_password_signs_in(site, sign_up, visitor):
    person = sign_up()
    assert sign_in(visitor, person.email).expect(200) == {"user": person.user}
    assert visitor.get("/api/auth/session").expect() == {"user": person.user}


def test_capital_letters_and_white_space_in_the_address_do_not_matter(sign_up, visitor):
    sign_in(visitor, f" {sign_up().email.upper()} ").expect(200)


def test_wrong_password_and_unknown_address_get_the_same_answer(sign_up, site):
    wrong = sign_in(site.visitor(), sign_up().email, "not the password")
    unknown = sign_in(site.visitor(), new_address("nobody"), "not the password")
    first, second = wrong.problem(401, detail="The e-mail address or the password is wrong."), unknown.problem(401)
    assert {**first, "requestId": ""} == {**second, "requestId": ""}
    drop = ("x-request-id", "date")
    assert [h for h in wrong.headers if h[0] not in drop] == [h for h in unknown.headers if h[0] not in drop]


def least(ask, known, unknown, rounds=5):
    """The fewest seconds of both kinds of request, taken in turn: whatever else the machine does only adds to them."""
    times = {"known": [], "unknown": []}
    for number in range(rounds):
        for kind, address in (("known", known), ("unknown", unknown(number))):
            began = time.perf_counter()
            ask(address)
            times[kind].append(time.perf_counter() - began)
    return min(times["known"]), min(times["unknown"])


def test_the_time_of_an_answer_does_not_tell_whether_an_account_exists(site, sign_up):
    known, unknown = least(lambda address: sign_in(site.visitor(), address, "not the password").problem(401),
                             sign_up().email, lambda n: new_address("nobody"))
    assert 0.5 < known / unknown < 2, f"{known * 1000:.1f} ms for an account, {unknown * 1000:.1f} ms for none"


def test_an_account_without_a_password_gives_nothing_away_either(site, sign_up):
    """Such as one that will come by Google."""
    person = sign_up()
    site.sql("update users set password = null where id = %s", person.user["id"])
    known, unknown = least(lambda address: sign_in(site.visitor(), address, "not the password").problem(401),
                             person.email, lambda n: new_address("nobody"), 3)
    assert 0.5 < known / unknown < 2, f"{known * 1000:.1f} ms for an account, {unknown * 1000:.1f} ms for none"


def test_every_sign_in_has_a_session_of_its_own(site, sign_up):
    """What a stranger planted in the browser, or what was there before, does not become the session."""
    person = sign_up()
    before = person.cookies["session"]
    sign_in(person, person.email).expect(200)
    assert person.cookies["session"] != before
    person.cookies["session"], now = before, person.cookies["session"]
    assert person.get("/api/auth/session").expect() == {"user": None}, "the session from before the sign-in still lives"
    person.cookies["session"] = now
    planted = site.visitor()
    planted.cookies["session"] = "A" * 22
    sign_in(planted, person.email).expect(200)
    assert planted.cookies["session"] != "A" * 22


@pytest.mark.parametrize("token", ["", "x", "A" * 22, "A" * 5000, "' or 1=1 --", "%00", "é"])
def test_a_made_up_cookie_is_nobody(site, token):
    client = site.visitor()
    assert client.get("/api/auth/session", headers={"Cookie": f"session={token}".encode().decode("latin-1")}).expect() == {"user": None}
    client.get("/api/projects", headers={"Cookie": f"session={token}".encode().decode("latin-1")}).problem(401)


def test_signing_out_ends_the_session_on_the_server_too(site, sign_up):
    person = sign_up()
    token = person.cookies["session"]
    assert person.post("/api/auth/logout").status == 204
    assert person.cookies == {}
    assert person.get("/api/auth/session", headers={"Cookie": f"session={token}"}).expect() == {"user": None}
    assert person.post("/api/auth/logout").status == 204


@pytest.mark.parametrize("change", ["last_seen_at = now() - interval '7 days 1 minute'", "expires_at = now() - interval '1 second'"])
def test_a_session_ends_after_a_week_unused_and_after_a_month_at_the_latest(site, sign_up, change):
    person = sign_up()
    site.sql(f"update sessions set {change} where user_id = %s", person.user["id"])
    assert person.get("/api/auth/session").expect() == {"user": None}
    person.get("/api/projects").problem(401)


def test_a_used_session_is_noted_as_used_and_ends_within_a_month(site, sign_up):
    person = sign_up()
    site.sql("update sessions set last_seen_at = now() - interval '2 days' where user_id = %s", person.user["id"])
    person.get("/api/projects").expect(200)
    # The answer does not wait for the commit.
    soon(lambda: site.one("select now() - last_seen_at < interval '1 hour' from sessions where user_id = %s", person.user["id"]), 20)
    assert site.one("select expires_at <= created_at + interval '30 days 1 second' from sessions where user_id = %s", person.user["id"])


def test_a_disabled_account_is_out_at_once(site, sign_up):
    person = sign_up()
    site.sql("update users set disabled_at = now() where id = %s", person.user["id"])
    assert person.get("/api/auth/session").expect() == {"user": None}
    sign_in(site.visitor(), person.email).problem(401)


def test_a_session_is_good_for_one_agency_only(site, sign_up):
    person = sign_up()
    elsewhere = site.visitor(OTHER_HOST)
    elsewhere.cookies = dict(person.cookies)
    assert elsewhere.get("/api/auth/session").expect() == {"user": None}
    elsewhere.get("/api/projects").problem(401)


def test_guessing_at_one_account_is_stopped_wherever_it_comes_from(site, sign_up):
    person = sign_up()
    for attempt in range(40):
        answer = sign_in(site.visitor(), person.email, f"guess number {attempt}")
        if answer.status == 429:
            break
        answer.problem(401)
    answer.problem(429)
    assert 0 < int(answer.header("retry-after")) <= 3600
    assert attempt >= 4, "people mistype, too"
    sign_in(site.visitor(), sign_up().email).expect(200)


def test_guessing_at_many_accounts_from_one_address_is_stopped(site):
    client = site.visitor()
    for attempt in range(60):
        answer = sign_in(client, new_address("guess"), "some password or other")
        if answer.status == 429:
            break
        answer.problem(401)
    answer.problem(429)
    assert int(answer.header("retry-after")) > 0 and attempt >= 9
    assert sign_in(site.visitor(), new_address("guess"), "some password or other").status == 401


@pytest.mark.parametrize("body", [{}, {"email": "a@example.test"}, {"password": "x"}, {"email": 5, "password": 5},
                                  {"email": "a@example.test", "password": "x" * 5000}, {"email": "x" * 5000, "password": "a long enough one"}])
def test_a_sign_in_of_the_wrong_shape_is_refused(visitor, body):
    answer = visitor.post("/api/auth/login", body)
    assert answer.status in (401, 422), answer
    answer.problem(answer.status)


def test_of_very_many_sessions_the_newest_hundred_are_listed(site):
    person = new_person(site)
    site.sql("insert into sessions (token_hash, user_id, tenant_id, last_seen_at) select sha256(gen_random_uuid()::text::bytea), %s, id, now() - n * interval '1 minute' "
             "from tenants, generate_series(1, 120) n where slug = 'lunaxcode'", person.user["id"])
    sessions = person.get("/api/auth/sessions").expect()["sessions"]
    assert len(sessions) == 100 and sessions[0]["current"] and sessions == sorted(sessions, key=lambda one: one["lastSeenAt"], reverse=True)


def test_one_can_see_where_one_is_signed_in_and_sign_out_there(site, sign_up):
    person = sign_up()
    phone = site.visitor()
    phone.post("/api/auth/login", {"email": person.email, "password": PASSWORD}, headers={"User-Agent": "A phone"}).expect(200)
    sessions = person.get("/api/auth/sessions").expect()["sessions"]
    assert len(sessions) == 2 and [s["current"] for s in sessions].count(True) == 1
    for session in sessions:
        assert set(session) == {"id", "current", "createdAt", "lastSeenAt", "ip", "userAgent"}
    there = next(s for s in sessions if not s["current"])
    assert (there["userAgent"], there["ip"]) == ("A phone", phone.address)
    assert person.cookies["session"] not in str(sessions)
    assert person.delete(f"/api/auth/sessions/{there['id']}").status == 204
    assert phone.get("/api/auth/session").expect() == {"user": None}
    assert person.get("/api/auth/session").json["user"]
    person.delete(f"/api/auth/sessions/{there['id']}").problem(404)


def test_all_other_sessions_can_be_ended_at_once(site, sign_up):
    person = sign_up()
    others = [site.signed_in(person.email, PASSWORD) for _ in range(2)]
    assert person.delete("/api/auth/sessions").status == 204
    assert [o.get("/api/auth/session").json["user"] for o in others] == [None, None]
    assert len(person.get("/api/auth/sessions").expect()["sessions"]) == 1


def test_nobody_ends_the_session_of_somebody_else(site, sign_up, visitor):
    person = sign_up()
    number = site.one("select id from sessions where user_id = %s", person.user["id"])
    sign_up().delete(f"/api/auth/sessions/{number}").problem(404)
    visitor.delete(f"/api/auth/sessions/{number}").problem(401)
    visitor.get("/api/auth/sessions").problem(401)
    assert person.get("/api/auth/session").json["user"]


def test_many_sign_ins_at_once_are_served_one_after_the_other(site):
    """Argon2id is costly by intent: a crowd waits or is told to come back, and nobody gets a failure."""
    from concurrent.futures import ThreadPoolExecutor
    people = [new_person(site) for _ in range(3)]
    with ThreadPoolExecutor(12) as pool:
        answers = list(pool.map(lambda n: sign_in(site.visitor(), people[n % 3].email), range(12)))
    assert {a.status for a in answers} <= {200, 429, 503}, answers
    assert any(a.status == 200 for a in answers)
