"""Signing in with Google as a person does it: from the onboarding to Google and back to a project; and changing one's mind there."""
import uuid

import pytest

import journey


@pytest.fixture
def person(google):
    mark = uuid.uuid4().hex[:10]
    google.people["ana"] = {"sub": mark, "email": f"ana.{mark}@gmail.example", "name": "Ana Reyes"}
    return google.people["ana"]


def at_google(browser, google):
    browser.wait(lambda: browser.driver.current_url.startswith(google.url), about="Google's page does not appear")


@pytest.mark.parametrize("width", [1280, 360])
def test_what_was_filled_in_survives_the_trip_to_google(site, browser, google, person, width):
    browser.width(width)
    journey.pick_service(browser)
    journey.fill_in(browser, "A page for our bakery in Iloilo, ordered by way of Google")
    browser.click("#submit-onboarding")
    browser.wait_for_path("/login?from=onboarding")
    browser.see("#google", "Continue with Google")
    browser.screenshot(f"login-with-google-{width}")
    browser.click("#google")
    at_google(browser, google)
    browser.click("#ana")
    project = journey.project_id(browser)
    journey.wait_for_tasks(browser)
    row = site.one("select p.description, u.email, p.user_id = u.id as theirs from projects p join public.users u on u.id = p.user_id where p.id = %s", project, tenant=site.tenant)
    assert row["description"] == "A page for our bakery in Iloilo, ordered by way of Google" and row["email"] == person["email"]
    assert site.one("select count(*) from leads where project_id = %s and status = 'claimed'", project, tenant=site.tenant) == 1
    browser.any_width()


def test_whoever_changes_their_mind_at_google_is_told_so_and_has_lost_nothing(site, browser, google, person):
    journey.pick_service(browser)
    email = journey.fill_in(browser, "A page for our bakery in Iloilo, with a change of mind")
    browser.click("#submit-onboarding")
    browser.click("#google")
    at_google(browser, google)
    browser.click("#no")
    browser.wait_for_path("/login?from=onboarding")
    browser.see("#signup-form [data-form-error]", "without signing in")
    assert browser.see("#signup-email").get_property("value") == email
    journey.create_account(browser)
    journey.project_id(browser)
    assert browser.see("#answers dl", "with a change of mind")


def test_a_page_that_asked_for_signing_in_comes_back_after_google(site, browser, google, person):
    browser.open("/account")
    browser.wait_for_path("/login?next=%2Faccount")
    browser.click("#google")
    at_google(browser, google)
    browser.click("#ana")
    browser.wait_for_path("/account")
    browser.see("#account-email", person["email"])
    browser.see("#account-verified", "Confirmed")
    # The trip's last page is still in the history: going back there must not end in an error.
    browser.driver.back()
    browser.wait(lambda: browser.path.startswith(("/account", "/dashboard", "/login")) or browser.driver.current_url.startswith(google.url))
