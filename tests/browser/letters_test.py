"""The mails as a mail program shows them: readable in light and dark, in any agency's colour, nothing wider than a phone."""
import urllib.parse

import psycopg2
import pytest

import journey
from instance import link_in
from people import new_address, sign_up

LETTERS = {
    "plan-ready": "{}",
    "payment-received": '{"amount": 750050, "part": "deposit", "method": "gcash", "receipt": "R-2026-00017", "remaining": 750050}',
    "payment-rejected": '{"amount": 750050, "part": "deposit", "method": "bank", "reason": "The transfer has another amount: we received ₱7,000.00."}',
    "message": '{"author": "Maria <Santos>", "excerpt": "Hello Juana,\\n\\nthe first draft of the menu page is up. Could you look at the prices, please?"}',
}


@pytest.fixture(scope="module")
def letters(site):
    """kind → HTML of the mail, to somebody whose address is verified; and the digest of a day."""
    client = sign_up(site)
    site.sql("update settings set accent = '#e4572e'", tenant=site.tenant)
    client.post("/api/auth/verify", {"token": link_in(site.wait_for_mail(client.email, "/verify?token="), "/verify")}).expect()
    project = journey.planned_project(site, client)

    def tell(kind, data):
        with psycopg2.connect(site.env()["DATABASE_URL"]) as session, session.cursor() as cursor:
            cursor.execute("set local role lunaxcode")
            cursor.execute("select tell_client(%s, %s, %s, wait => interval '0')", (kind, project, data))

    def html(words):
        return site.wait_for_mail(client.email, words).get_body(("html",)).get_content()

    for kind, data in LETTERS.items():
        tell(kind, data)
    made = {"verification": html("/verify?token="), "welcome": html("account at Lunaxcode is ready"), "plan-ready": html("ready for you to read"),
            "payment-received": html("R-2026-00017"), "payment-rejected": html("₱7,000.00"), "message": html("Could you look")}
    client.patch("/api/notifications", {"payments": "daily", "messages": "daily"}).expect()
    for kind in ("payment-due", "message"):
        tell(kind, LETTERS["message"])
    site.sql("update jobs set run_after = now() where kind = 'notice' and payload->>'user' = %s", client.user["id"])
    site.sql("select pg_notify('jobs', '')")
    guest = new_address("guest")
    site.signed_in(*site.account("admin")).post("/api/admin/invitations", {"email": guest, "role": "member"}).expect(201)
    made["invitation"] = site.wait_for_mail(guest, "/invitation?token=").get_body(("html",)).get_content()
    made["digest"] = html("since your last digest")
    return made


@pytest.mark.parametrize("scheme", ["light", "dark"])
@pytest.mark.parametrize("kind", ["verification", "welcome", "invitation", *LETTERS, "digest"])
def test_a_mail_can_be_read_by_everybody(browser, letters, kind, scheme):
    browser.colours(scheme)
    browser.width(700, 600)
    browser.driver.get("data:text/html;charset=utf-8," + urllib.parse.quote(letters[kind]))
    browser.screenshot(f"mail-{kind}-{scheme}")
    wrong = browser.audit()
    browser.width(360, 700)
    browser.screenshot(f"mail-{kind}-{scheme}-360")
    wrong += browser.audit()
    # A mail is a message, not a page: it has no landmarks and begins with no heading.
    wrong = [line for line in wrong if "landmark" not in line and "heading" not in line]
    assert wrong == [], "\n".join(wrong)
