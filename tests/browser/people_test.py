"""People in the browser: the second factor from its picture to a sign-in, and who belongs to the agency."""
import uuid

import pytest

import journey
import onboarding
from people import code, new_person


@pytest.mark.expects(422)
def test_a_second_factor_is_set_up_and_asked_for_at_the_next_sign_in(site, browser, sign_up):
    person = sign_up()
    journey.signed_in_device(browser, site, person)
    browser.open("/account")
    browser.click("#factor-begin")
    secret = browser.see("#factor-secret").text.replace(" ", "")
    assert browser.see(".qr path").get_attribute("d").startswith("M4 4h7")
    browser.width(360)
    assert browser.audit() == []
    browser.screenshot("account-second-factor-offer")
    browser.any_width()
    browser.type("#factor-code", "nonsense")
    browser.click("#factor-code-form [type=submit]")
    browser.see("#factor-code-error", "not right")
    browser.type("#factor-code", code(secret))
    browser.click("#factor-code-form [type=submit]")
    browser.see("#recovery-codes li")
    codes = browser.read("#recovery-codes code")
    assert len(codes) == 10 and browser.audit() == []
    browser.screenshot("account-recovery-codes")
    browser.click("#codes-kept")
    browser.see("#factor .chip", "On")
    browser.click("#sign-out")
    browser.wait(lambda: browser.path == "/", about="signing out does not lead to the start page")

    browser.open("/login?next=/account")
    browser.type("#login-email", person.email)
    browser.type("#login-password", person.password)
    browser.click("#login-submit")
    browser.see("#code-form")
    assert browser.audit() == []
    browser.screenshot("login-code")
    browser.type("#code", code(secret, 1))
    browser.click("#code-submit")
    browser.wait_for_path("/account")
    browser.click("#factor-remove")
    browser.type("#remove-code", codes[0])
    browser.click("#remove-code-form [type=submit]")
    browser.see("#factor-begin")


def test_an_administrator_finds_somebody_gives_a_role_and_disables(site, browser):
    word = uuid.uuid4().hex[:10]
    person = new_person(site, name=f"Maria {word}")
    owner = site.signed_in(*site.account("owner", name=f"boss-{word}"))
    journey.signed_in_device(browser, site, owner)
    browser.open("/admin/people")
    browser.type("#q", word)
    browser.click("#filters [type=submit]")
    browser.see("#people summary", f"Maria {word}")
    browser.wait(lambda: len(browser.all("#people > li")) == 2)
    mine = f"#people [data-person-id='{person.user['id']}']"
    browser.click(f"{mine} summary")
    journey.choose(browser.see(f"{mine} [name=newRole]"), "Viewer")
    browser.click(f"{mine} .role-form [type=submit]")
    browser.see(f"{mine} [role=status]", "has the role Viewer now")
    browser.see(f"{mine} summary .chip", "Viewer")
    assert browser.audit() == []
    browser.screenshot("admin-people")
    browser.colours("dark")
    browser.width(360)
    assert browser.audit() == []
    browser.screenshot("admin-people-360-dark")
    browser.colours("light")
    browser.any_width()
    assert person.get("/api/admin/people").status == 200
    browser.click(f"{mine} .person-acts button", "Disable")
    browser.click(f"{mine} .person-acts .button:not(.quiet)", "Disable")
    browser.see(f"{mine} summary .chip", "Disabled")
    assert person.get("/api/auth/session").expect()["user"] is None


@pytest.mark.expects(403)
def test_staff_without_the_second_factor_that_is_asked_for_are_led_to_it(site, browser):
    """The rule is the whole agency's, so only for as long as this takes; nobody else of the agency works meanwhile."""
    boss = site.signed_in(*site.account("owner", name=f"boss-{uuid.uuid4().hex[:8]}"))
    colleague = site.signed_in(*site.account("member", name=f"colleague-{uuid.uuid4().hex[:8]}"))
    boss_secret = boss.post("/api/auth/second-factor/setup").expect()["secret"]
    boss.post("/api/auth/second-factor/confirm", {"code": code(boss_secret)}).expect(200)
    boss.patch("/api/admin/people", {"requireSecondFactor": True}).expect()
    try:
        journey.signed_in_device(browser, site, colleague)
        browser.open("/admin")
        browser.wait_for_path("/account")
        browser.see("#factor .notice", "asks everybody who works there")
        browser.screenshot("account-confined")
        browser.click("#factor-begin")
        secret = browser.see("#factor-secret").text.replace(" ", "")
        browser.type("#factor-code", code(secret))
        browser.click("#factor-code-form [type=submit]")
        browser.click("#codes-kept")
        browser.wait_for_path("/admin")
    finally:
        boss.patch("/api/admin/people", {"requireSecondFactor": False}).expect()


def test_who_may_only_look_is_offered_no_change_anywhere(site, browser):
    client = new_person(site)
    project = journey.planned_project(site, client)
    service = onboarding.services(client)[0]["id"]
    journey.signed_in_device(browser, site, site.signed_in(*site.account("viewer")))
    changes = "#add, .grip, .move, #add-question, #record, #anew-form, [data-restore], main form:not(.filters, #filters, #search) [type=submit], [data-services] a.button"
    for path, whole in ((f"/admin/board?project={project}", "[data-card]"), (f"/admin/plan?project={project}", "[data-version]"), ("/admin/services", "#services li"),
                        (f"/admin/service?id={service}", "#questions li"), ("/admin/landing", "main details"), ("/admin/leads", "#said"), ("/admin/payments", "#list"), ("/admin/projects", "#projects li")):
        browser.open(path)
        browser.see(whole)
        browser.see("[data-looks-on]", "change nothing")
        assert [one[:120] for one in browser.read(changes, "outerHTML")] == [], path
        assert browser.audit() == [], path
        browser.screenshot("viewer" + path.split("?")[0].replace("/", "-"))
    browser.open(f"/admin/board?project={project}")
    browser.see("[data-card]")
    assert browser.run("const [title, card] = ['.task-open', '[data-card]'].map((one) => document.querySelector(one).getBoundingClientRect()); return title.x - card.x") < 40, "no room is kept for what is not there"
    browser.click(".task-open")
    assert not browser.see("#task-form [name=title]").is_enabled() and not browser.all("#task-form [type=submit], #retire")
    browser.screenshot("viewer-task")
    browser.open(f"/projects/{project}")
    browser.see("[data-task-id]")
    browser.wait(lambda: not browser.all("#message-form"), about="nothing to write in")
    assert not browser.all("[id^=status-]")
    browser.open("/admin/audit")
    browser.see("main", "for administrators")


def test_staff_sign_in_to_the_office_where_what_a_list_is_asked_for_stands_in_the_address(site, browser):
    address, password = site.account("admin")
    browser.new_device()
    browser.open("/login")
    browser.type("#login-email", address)
    browser.type("#login-password", password)
    browser.click("#login-submit")
    browser.wait_for_path("/admin")
    browser.see("#waiting li")
    for path, place, field, value, rows in (("/admin/people", "#filters", "sort", "name", "#people li"), ("/admin/audit", "#filters", "sort", "oldest", "#rows li"),
                                            ("/admin/leads", "#filters", "status", "all", "#leads"), ("/admin/payments", "#search", "sort", "amount", "#list")):
        browser.open(path)
        browser.wait(lambda: not browser.all("main[aria-busy]"), about="whole")
        control = browser.see(f"{place} [name={field}]")
        usual = control.get_attribute("value")
        browser.run("arguments[0].value = arguments[1]; arguments[0].dispatchEvent(new Event('change', {bubbles: true}))", control, value)
        browser.wait(lambda: browser.path == f"{path}?{field}={value}", about="the choice is in the address")
        browser.driver.refresh()
        browser.wait(lambda: browser.see(f"{place} [name={field}]").get_attribute("value") == value, about="and is there again")
        browser.run("history.back()")
        browser.wait(lambda: browser.path == path and browser.see(f"{place} [name={field}]").get_attribute("value") == usual, about="back leads to what was before")
    browser.open("/admin/payments?state=all")
    browser.see("#filters [aria-pressed=true]", "All")
    browser.click("#filters button", "Open")
    browser.wait(lambda: browser.path == "/admin/payments?state=open", about="the buttons, too")
