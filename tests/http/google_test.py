"""Signing in with Google: who is let in as whom, and that nothing Google or a stranger does wrong ever signs anybody in."""
import os
import signal
import time
import urllib.parse
import uuid

import pytest

import onboarding
from google import DISCOVERY_FAULTS, ENDPOINT_FAULTS, TOKEN_FAULTS, Google
from instance import OTHER_HOST, PASSWORD, Instance, link_in
from people import code, sign_up

# Everything here has a site of its own: with keys, and an address for the redirect that Google knows.


@pytest.fixture(scope="module")
def google():
    stand_in = Google()
    yield stand_in
    stand_in.close()


@pytest.fixture(scope="module")
def site(google):
    instance = Instance(other=True, THREADS=1, LIMIT_API="off", LIMIT_AUTH="off", **google.settings())
    try:
        instance.start()
        yield instance
    finally:
        instance.destroy()


@pytest.fixture
def somebody():
    """A Google account that was never here."""
    mark = uuid.uuid4().hex[:10]
    return {"sub": f"1{int(mark, 16)}", "email": f"{mark}@gmail.example", "name": "Juana dela Cruz"}


def begin(client, next_page="/dashboard", **more):
    """Up to Google's door: the address that the browser is sent to."""
    answer = client.get(f"/api/auth/google?{urllib.parse.urlencode({'next': next_page, **more})}")
    assert answer.status == 303, answer
    return answer.header("Location")


def come_back(client, back):
    return client.get(f"/api/auth/google/callback?{urllib.parse.urlencode(back)}")


def trip(client, google, person, next_page="/dashboard", **more):
    """All the way; the answer that should sign in."""
    back, _ = google.approve(begin(client, next_page, **more), person)
    return come_back(client, back)


def who(client):
    return client.get("/api/auth/session").expect()["user"]


def is_refused(client, answer, error=None):
    assert answer.status == 303 and answer.header("Location").startswith("/login"), answer
    if error:
        assert f"error={error}" in answer.header("Location"), answer.header("Location")
    assert who(client) is None and "session" not in client.cookies


def test_without_keys_there_is_no_button_and_no_door(google):
    assert google.url  # this site's programs have no keys
    import subprocess
    from instance import build
    environment = {"PATH": "/usr/bin:/bin", "GATEWAY_INTERFACE": "CGI/1.1", "REQUEST_METHOD": "GET", "REQUEST_URI": "/api/auth/google/callback?state=x", "HTTP_HOST": "x"}
    said = subprocess.run([build() / "bin/google"], env={**environment}, input="", capture_output=True, text=True).stdout
    assert "google-off" in said


def test_the_button_is_shown_where_there_are_keys(site):
    assert site.visitor().get("/api/auth/providers").expect() == {"google": True}


@pytest.mark.over_cgi
def test_a_new_person_gets_an_account_with_a_verified_address_and_a_welcome(site, google, somebody):
    client = site.visitor()
    answer = trip(client, google, somebody, "/dashboard")
    assert answer.status == 303 and answer.header("Location") == "/dashboard"
    user = who(client)
    assert user == {"id": user["id"], "name": "Juana dela Cruz", "email": somebody["email"], "role": "client", "emailVerified": True}
    site.wait_for_mail(somebody["email"], "your account at Lunaxcode is ready")
    client.post("/api/auth/logout").expect(204)
    assert trip(client, google, {**somebody, "email": "moved@gmail.example", "email_verified": False}).header("Location") == "/dashboard"
    assert who(client)["id"] == user["id"], "the subject decides, whatever became of the address"


def test_a_cookie_of_the_trip_is_for_this_browser_alone_and_gone_afterwards(site, google, somebody):
    client = site.visitor()
    line = next(l for l in client.get("/api/auth/google").all("set-cookie"))
    assert line.startswith("google=") and "HttpOnly" in line and "SameSite=Lax" in line and "Max-Age=600" in line and "Path=/" in line
    trip(client, google, somebody)
    assert set(client.cookies) == {"session"}


def test_a_verified_account_is_linked_and_keeps_its_password(site, google, somebody):
    client = sign_up(site, email=somebody["email"])
    client.post("/api/auth/verify", {"token": link_in(site.wait_for_mail(client.email, "/verify?token="), "/verify")}).expect()
    elsewhere = site.visitor()
    trip(elsewhere, google, somebody)
    assert who(elsewhere)["id"] == client.user["id"]
    assert site.signed_in(client.email, PASSWORD).user["id"] == client.user["id"]
    assert who(client), "the other device stays signed in"


def test_google_is_the_first_factor_alone_where_a_second_one_is_set_up(site, google, somebody):
    client = site.visitor()
    trip(client, google, somebody)
    secret = client.post("/api/auth/second-factor/setup").expect(200)["secret"]
    now, after = code(secret), code(secret, 1)
    client.post("/api/auth/second-factor/confirm", {"code": now}).expect(200)
    elsewhere = site.visitor()
    answer = trip(elsewhere, google, somebody, "/account")
    assert answer.status == 303 and answer.header("Location") == "/login?step=code&next=%2Faccount"
    assert who(elsewhere) is None and "session" not in elsewhere.cookies
    elsewhere.post("/api/auth/second-factor", {"code": now}).problem(422, "code")  # it was taken once
    elsewhere.post("/api/auth/second-factor", {"code": after}).expect(200)
    assert who(elsewhere)["email"] == somebody["email"]
    assert site.sql("select data->>'how' as how from audit_log where actor_id = %s and action = 'signed-in' order by number", who(client)["id"]) == [{"how": "google"}, {"how": "code"}]


def test_whoever_took_an_address_before_its_owner_came_is_out(site, google, somebody):
    """Signing up with somebody's address must not keep a way in to the account that they get with Google."""
    stranger = sign_up(site, email=somebody["email"])
    late = link_in(site.wait_for_mail(stranger.email, "/verify?token="), "/verify")
    owner = site.visitor()
    trip(owner, google, somebody)
    assert who(owner)["id"] == stranger.user["id"] and who(owner)["emailVerified"]
    assert who(stranger) is None
    site.visitor().post("/api/auth/login", {"email": stranger.email, "password": PASSWORD}).problem(401)
    site.visitor().post("/api/auth/verify", {"token": late}).problem(422)


def test_an_account_made_with_google_can_get_a_password(site, google, somebody):
    client = site.visitor()
    trip(client, google, somebody)
    site.visitor().post("/api/auth/login", {"email": somebody["email"], "password": PASSWORD}).problem(401)
    site.visitor().post("/api/auth/forgot", {"email": somebody["email"]}).expect(202)
    token = link_in(site.wait_for_mail(somebody["email"], "/reset?token="), "/reset")
    site.visitor().post("/api/auth/reset", {"token": token, "password": PASSWORD}).expect()
    assert site.signed_in(somebody["email"], PASSWORD).user["email"] == somebody["email"]


def test_a_disabled_account_stays_out(site, google, somebody):
    client = site.visitor()
    trip(client, google, somebody)
    site.sql("update users set disabled_at = now() where email = %s", somebody["email"])
    visitor = site.visitor()
    is_refused(visitor, trip(visitor, google, somebody), "google-disabled")


def test_the_draft_of_an_onboarding_comes_along(site, google, somebody):
    client = site.visitor()
    draft = client.post("/api/leads", {"serviceId": 1}).expect(201)["token"]
    client.patch(f"/api/leads/{draft}", {"description": "A page for my bakery"}).expect()
    answer = trip(client, google, somebody, "/login?from=onboarding", lead=draft)
    assert answer.header("Location") == "/login?from=onboarding"
    assert [lead["description"] for lead in client.get("/api/leads").expect()["leads"]] == ["A page for my bakery"]


@pytest.mark.parametrize("page", ["https://evil.example/", "//evil.example", "/\\evil.example", "javascript:alert(1)", "/x\r\nSet-Cookie: a=b", "/\tevil", "", "/ä"])
def test_the_trip_ends_on_our_own_pages(site, google, somebody, page):
    client = site.visitor()
    assert trip(client, google, somebody, page).header("Location") == "/dashboard"


# Faults of the round trip

def test_a_state_that_we_did_not_make_signs_nobody_in(site, google, somebody):
    client = site.visitor()
    back, _ = google.approve(begin(client), somebody)
    is_refused(client, come_back(client, {**back, "state": "A" * 22}), "google-expired")
    is_refused(client, come_back(client, {"code": back["code"]}), "google-expired")


def test_another_browser_cannot_finish_what_this_one_began(site, google, somebody):
    """An attacker's code must not sign a victim in as the attacker, nor the other way round."""
    attacker, victim = site.visitor(), site.visitor()
    back, _ = google.approve(begin(attacker), somebody)
    is_refused(victim, come_back(victim, back), "google-expired")
    is_refused(attacker, come_back(attacker, back), "google-expired")  # and its state is used up
    begin(victim)  # with a trip of its own under way
    back, _ = google.approve(begin(attacker), somebody)
    is_refused(victim, come_back(victim, back), "google-expired")


def test_an_answer_works_once(site, google, somebody):
    client = site.visitor()
    back, _ = google.approve(begin(client), somebody)
    kept = dict(client.cookies)
    assert come_back(client, back).header("Location") == "/dashboard"
    replay = site.visitor()
    replay.cookies = kept
    is_refused(replay, come_back(replay, back), "google-expired")


def test_a_code_that_was_used_before_signs_nobody_in(site, google, somebody):
    client = site.visitor()
    back, _ = google.approve(begin(client), somebody)
    come_back(client, back)
    thief = site.visitor()
    mine, _ = google.approve(begin(thief), somebody)
    is_refused(thief, come_back(thief, {**mine, "code": back["code"]}), "google-failed")


def test_a_code_stolen_from_another_sign_in_fails_for_want_of_its_verifier(site, google, somebody):
    victim, thief = site.visitor(), site.visitor()
    stolen, _ = google.approve(begin(victim), somebody)
    mine, _ = google.approve(begin(thief), somebody)
    is_refused(thief, come_back(thief, {**mine, "code": stolen["code"]}), "google-failed")
    assert google.refused[-1] == ["code_verifier"]


def test_a_trip_that_took_too_long_is_over(site, google, somebody):
    client = site.visitor()
    back, _ = google.approve(begin(client, "/login?from=onboarding"), somebody)
    site.sql("update sign_in_flows set expires_at = now() - interval '1 second'")
    answer = come_back(client, back)
    is_refused(client, answer, "google-expired")
    assert answer.header("Location").startswith("/login?from=onboarding&"), "what was filled in is not lost"


def test_another_agencys_site_does_not_take_the_answer(site, google, somebody):
    client, there = site.visitor(), site.visitor(OTHER_HOST)
    back, _ = google.approve(begin(client), somebody)
    there.cookies = dict(client.cookies)
    is_refused(there, come_back(there, back), "google-expired")


def test_whoever_says_no_comes_back_to_the_form(site, google, somebody):
    client = site.visitor()
    back, _ = google.approve(begin(client, "/projects/7"), somebody)
    answer = come_back(client, {"error": "access_denied", "state": back["state"]})
    is_refused(client, answer, "google-cancelled")
    assert "next=%2Fprojects%2F7" in answer.header("Location")


def test_an_answer_in_another_issuers_name_is_refused(site, google, somebody):
    client = site.visitor()
    back, _ = google.approve(begin(client), somebody)
    is_refused(client, come_back(client, {**back, "iss": "https://accounts.example"}), "google-failed")


# Faults of Google, or of somebody in its place

@pytest.mark.parametrize("kind", TOKEN_FAULTS)
def test_a_token_that_is_not_right_in_every_way_signs_nobody_in(site, google, somebody, kind):
    google.fail(kind)
    client = site.visitor()
    answer = trip(client, google, somebody)
    is_refused(client, answer)
    assert not google.faults, "the fault was not met"
    assert not site.sql("select 1 from users where email = %s", somebody["email"])


@pytest.mark.parametrize("kind", [kind for kind in ENDPOINT_FAULTS if "jwks" not in kind])
def test_a_token_endpoint_that_fails_signs_nobody_in_and_the_next_try_works(site, google, somebody, kind):
    google.fail(kind, times=2 if kind == "token hangs up" else 1)  # a kept connection that breaks is tried again on a new one
    client = site.visitor()
    is_refused(client, trip(client, google, somebody), "google-failed" if kind in ("token 400", "token 401", "id_token is garbage") else "google-away")
    assert trip(client, google, somebody).header("Location") == "/dashboard"


def test_a_token_endpoint_that_says_nothing_is_not_waited_for_long(site, google, somebody):
    google.fail("token hangs")
    client, began = site.visitor(), time.monotonic()
    is_refused(client, trip(client, google, somebody), "google-away")
    assert 5 < time.monotonic() - began < 30


def test_new_keys_are_fetched_when_a_token_names_one(site, google, somebody):
    client = site.visitor()
    trip(client, google, somebody)
    google.rotate()
    before = sum(path == "/jwks" for _, path, _ in google.requests)
    until = time.monotonic() + 60
    while trip(client, google, somebody).header("Location") != "/dashboard":  # at most every five seconds
        assert time.monotonic() < until
        time.sleep(0.5)
    asked = sum(path == "/jwks" for _, path, _ in google.requests) - before
    assert asked >= 1


def test_unknown_keys_do_not_make_us_ask_without_end(site, google, somebody):
    before, began = sum(path == "/jwks" for _, path, _ in google.requests), time.monotonic()
    for _ in range(5):
        google.fail("unknown kid")
        client = site.visitor()
        is_refused(client, trip(client, google, somebody), "google-failed")
    if site.mode == "fcgi":  # plain CGI remembers nothing
        assert sum(path == "/jwks" for _, path, _ in google.requests) - before <= 2 + (time.monotonic() - began) // 5


@pytest.fixture
def fresh(site, google):
    """The program starts anew, and knows neither Google's document nor its keys."""
    google.faults.clear()
    if site.mode != "fcgi":
        return
    old = set(site.kill("google", signal.SIGTERM))
    visitor, until = site.visitor(), time.monotonic() + 15
    while not (now := set(site.pids("google"))) or now & old or visitor.request("HEAD", "/api/auth/google").status != 204:
        assert time.monotonic() < until, "the program did not come back"
        time.sleep(0.1)


@pytest.mark.parametrize("kind", DISCOVERY_FAULTS)
def test_a_document_of_google_that_is_not_right_opens_no_door(site, google, somebody, fresh, kind):
    google.fail(kind, times={"discovery 500": 2, "discovery hangs up": 9}.get(kind, 1))  # reading is repeated once
    client = site.visitor()
    answer = client.get("/api/auth/google?next=/account")
    assert answer.header("Location") == "/login?next=%2Faccount&error=google-away", answer
    assert who(client) is None and (kind == "discovery hangs up" or not google.faults), "the fault was not met"
    google.faults.clear()
    assert trip(client, google, somebody).header("Location") == "/dashboard", "the next try works"


@pytest.mark.parametrize("kind", [kind for kind in ENDPOINT_FAULTS if kind.startswith("jwks")])
def test_keys_of_google_that_are_not_right_sign_nobody_in(site, google, somebody, fresh, kind):
    client = site.visitor()
    back, _ = google.approve(begin(client), somebody)
    google.fail(kind, times={"jwks 500": 2, "jwks hangs up": 9}.get(kind, 1))  # a kept connection that breaks is tried again, too
    is_refused(client, come_back(client, back), "google-failed" if kind == "jwks holds strangers" else "google-away")
    assert (kind == "jwks hangs up" or not google.faults) and not site.sql("select 1 from users where email = %s", somebody["email"])
    google.faults.clear()
    until = time.monotonic() + 60
    while trip(client, google, somebody).header("Location") != "/dashboard":  # keys that were read are read again after five seconds
        assert kind == "jwks holds strangers" and time.monotonic() < until
        time.sleep(0.5)


def test_a_google_that_says_nothing_is_not_waited_for_long(site, google, somebody, fresh):
    if site.mode != "fcgi":
        pytest.skip("the same deadlines; looked at once is enough")
    client, began = site.visitor(), time.monotonic()
    google.fail("discovery hangs", times=2)
    assert "error=google-away" in client.get("/api/auth/google").header("Location")
    assert 8 < time.monotonic() - began < 40
    back, _ = google.approve(begin(client), somebody)
    google.fail("jwks hangs")
    assert come_back(client, back).header("Location") == "/dashboard", "what is slow once is asked again"
