"""Accounts in the browser: signing in and out, a forgotten password, where one is signed in."""
import pytest

import journey
from instance import PASSWORD, link_in


@pytest.mark.expects(401)
def test_a_wrong_password_is_said_and_the_right_one_leads_on(site, browser, sign_up):
    person = sign_up()
    browser.open("/login")
    browser.type("#login-email", person.email)
    browser.type("#login-password", "not the password")
    browser.click("#login-submit")
    browser.see("#login-form [data-form-error], #login-form .error", "wrong")
    browser.type("#login-password", PASSWORD)
    browser.click("#login-submit")
    browser.wait_for_path("/dashboard")
    browser.see("#dashboard-title")


@pytest.mark.expects(401)
def test_signing_in_leads_back_to_where_one_wanted_to_go(site, browser, sign_up):
    person = sign_up()
    browser.open("/account")
    browser.wait_for_path("/login?next=")
    browser.type("#login-email", person.email)
    browser.type("#login-password", PASSWORD)
    browser.click("#login-submit")
    browser.wait_for_path("/account")


@pytest.mark.parametrize("next", ["https://evil.example/", "//evil.example/", "/\\\\evil.example", "javascript:alert(1)", "/\t/evil.example"])
def test_signing_in_never_leads_to_another_site(site, browser, sign_up, next):
    import urllib.parse
    person = sign_up()
    browser.open(f"/login?next={urllib.parse.quote(next)}")
    browser.type("#login-email", person.email)
    browser.type("#login-password", PASSWORD)
    browser.click("#login-submit")
    browser.wait(lambda: not browser.path.startswith("/login"))
    assert browser.driver.current_url.startswith(site.url + "/"), browser.driver.current_url
    assert browser.path.startswith("/dashboard")


@pytest.mark.expects(409)
def test_an_address_that_is_taken_is_named_beside_its_field(browser, sign_up):
    person = sign_up()
    browser.open("/login")
    browser.click("#signup-tab")
    browser.type("#signup-name", "Somebody Else")
    browser.type("#signup-email", person.email)
    browser.type("#signup-password", "quite another pass phrase")
    browser.click("#signup-submit")
    browser.see("#signup-email-error", "account")


def test_a_forgotten_password_is_set_anew_by_mail(site, browser, sign_up):
    person = sign_up()
    browser.open("/login")
    browser.click("#forgot")
    browser.type("#forgot-email", person.email)
    browser.click("#forgot-form button[type=submit]")
    browser.see("#forgot-done")
    token = link_in(site.wait_for_mail(person.email, "/reset?token="), "/reset")
    browser.open(f"/reset?token={token}")
    browser.type("#reset-password", "quite another pass phrase")
    browser.click("#reset-form button[type=submit]")
    browser.see("#reset-done")
    assert token not in browser.path
    site.signed_in(person.email, "quite another pass phrase")


def test_signing_out_works_and_other_sessions_can_be_ended(site, browser, sign_up):
    person = sign_up()
    browser.open("/login")
    browser.type("#login-email", person.email)
    browser.type("#login-password", PASSWORD)
    browser.click("#login-submit")
    browser.wait_for_path("/dashboard")
    browser.open("/account")
    browser.see("main", person.email)
    browser.screenshot("9-account")
    browser.click("#sign-out")
    browser.wait(lambda: browser.path == "/")
    browser.see("[data-session]", "Sign in")
    assert person.get("/api/auth/session").json["user"], "signing out here ended a session elsewhere"


def test_everybody_chooses_their_mails_on_the_account_page(site, browser, sign_up):
    client = sign_up()
    journey.signed_in_device(browser, site, client)
    browser.open("/account#notifications")
    browser.see("#mails-messages")
    journey.choose(browser.see("#mails-messages"), "Daily summary")
    browser.see("#mails-said", "Saved")
    browser.driver.refresh()
    browser.wait(lambda: browser.see("#mails-messages").get_property("value") == "daily")
    assert client.get("/api/notifications").expect()["topics"] == {"plan": "now", "messages": "daily", "payments": "now", "project": "now"}
