"""Every page in light and dark, wide and narrow: readable, named, reachable, nothing wider than the window, a silent console."""
import threading

import pytest
from selenium.webdriver.common.keys import Keys

import journey
import onboarding
from chromium import AUDIT
from people import new_person

PAGES = {
    "landing": ("/", "#services [data-service-id]", None),
    "onboarding": ("/onboarding?serviceId=1", "#description", None),
    "login": ("/login", "#login-email", None),
    "signup": ("/login?tab=signup", "#signup-email", None),
    "verify": ("/verify?token=AAAAAAAAAAAAAAAAAAAAAA", "#verify-title", None),
    "invitation": ("/invitation?token=AAAAAAAAAAAAAAAAAAAAAA", "#invitation-acts a", None),
    "reset": ("/reset?token=AAAAAAAAAAAAAAAAAAAAAA", "#reset-password", None),
    "unsubscribe": ("/unsubscribe?user=u&topic=messages&signature=x", "#end", None),
    "not-found": ("/nothing-here", "h1", None),
    "dashboard": ("/dashboard", "#projects a", "client"),
    "project": ("/projects/{project}", "#tasks-list [data-task-id]", "client"),
    "project-for-staff": ("/projects/{project}", "#tasks-list select", "staff"),
    "payment": ("/projects/{project}/payment", "#methods input", "client"),
    "admin-payments": ("/admin/payments", "#record-title", "staff"),
    "calendar": ("/admin/calendar", "#days [data-day]", "admin"),
    "account": ("/account", "#sign-out", "client"),
    "office": ("/admin", "#edits *", "staff"),
    "office-services": ("/admin/services", "#services li", "staff"),
    "office-service": ("/admin/service?id=3", "#questions li", "staff"),
    "office-landing": ("/admin/landing", "#sections li", "staff"),
    "office-settings": ("/admin/settings", "#changes li", "admin"),
    "office-leads": ("/admin/leads", "#filters select", "staff"),
    "platform": ("/platform", "#tenants li", "owner"),
    "office-people": ("/admin/people", "#people li", "admin"),
    "office-audit": ("/admin/audit", "#rows li", "admin"),
    "office-for-clients": ("/admin", ".notice", "client"),
}


@pytest.fixture(scope="module")
def world(site):
    client = new_person(site)
    address, password = site.account("admin", name="platform")
    site.migrate("tenants", "owner", address)
    admin, project = site.signed_in(*site.account("admin")), journey.planned_project(site, client)
    admin.patch(f"/api/projects/{project}", {"deadline": "2031-01-15"}).expect()  # something for the log
    return {"owner": site.signed_in(address, password), "client": client, "staff": site.signed_in(*site.account("member")), "admin": admin, "project": project}


@pytest.fixture
def show(site, browser, request):
    """Opens a page as the person it is for."""
    def show(page):
        path, sign, person = PAGES[page]
        if person:
            world = request.getfixturevalue("world")
            journey.signed_in_device(browser, site, world[person])
            path = path.format(project=world["project"])
        browser.open(path)
        loaded(browser, sign)
    return show


def loaded(browser, sign):
    """All of it is there: what comes later would take the focus away, or be looked at by nobody."""
    browser.see(sign)
    browser.wait(lambda: browser.run("return !document.querySelector('[aria-busy=true]') && document.readyState === 'complete'"), about="the page is busy for ever")


def looks(browser, name, *widths):
    return browser.audit_in(name, [(scheme, width) for width in widths for scheme in ("light", "dark")])


STOP = AUDIT + """const here = document.activeElement, { width, height } = here.getBoundingClientRect();
return { end: here === document.body, shown: focusShown(here), there: width > 0 && height > 0, what: here.outerHTML.slice(0, 160) };"""


@pytest.mark.expects(404, 422)
@pytest.mark.parametrize("page", PAGES)
def test_a_page_serves_everybody_and_its_focus_can_be_seen_at_every_stop(browser, show, page):
    show(page)
    wrong = looks(browser, page, 1280)
    browser.colours("light")
    browser.tab_to(".skip")
    stops = 0
    for _ in range(60):
        browser.press(Keys.TAB)
        stop = browser.run(STOP)
        if stop["end"]:
            break
        stops += 1
        assert stop["shown"], f"the focus cannot be seen on {stop['what']}"
        assert stop["there"], f"the focus is on something that is not there: {stop['what']}"
    assert stops >= 3
    browser.width(360)
    browser.driver.refresh()
    loaded(browser, PAGES[page][1])
    wrong += looks(browser, page, 360)
    assert wrong == [], "\n".join(wrong)


def test_every_step_of_the_onboarding_serves_everybody(site, browser):
    wrong = []

    journey.pick_service(browser)
    journey.describe(browser)
    browser.click("#next")
    browser.see("#questions [data-question]")
    wrong += looks(browser, "questions", 1280, 360)
    browser.click("#next")
    wrong += looks(browser, "questions-with-errors", 1280, 360)
    journey.answer_everything(browser)
    browser.click("#next")
    journey.leave_contact(browser)
    wrong += looks(browser, "summary", 1280, 360)
    browser.click("#submit-onboarding")
    browser.wait_for_path("/login?from=onboarding")
    wrong += looks(browser, "create-account", 1280, 360)
    assert wrong == [], "\n".join(wrong)


def test_a_plan_that_is_being_written_serves_everybody(site, browser):
    person = new_person(site)
    description, mark = onboarding.unique()
    looked = threading.Event()
    site.gemini.fail("pace", match=mark, stage="prd", chunks=10, pause=0.1, gate=looked)
    project = onboarding.create(person, description=description)
    journey.signed_in_device(browser, site, person)
    browser.open(f"/projects/{project}")
    browser.see("#generation-progress")
    browser.wait(lambda: len(browser.see("#prd").text) > 100)
    assert looks(browser, "plan-being-written", 1280) == []
    assert browser.see("#generation [aria-live], #generation [role=status]")
    looked.set()
    onboarding.wait_for_plan(person, project)


def test_the_link_past_the_header_leads_to_the_content(browser):
    browser.open("/")
    browser.tab_to(".skip")
    assert browser.all(".skip"), "it stays hidden while it has the focus"
    browser.press(Keys.ENTER)
    assert browser.run("return document.activeElement.id") == "main"


def test_a_table_that_is_too_wide_for_a_phone_can_be_reached_by_keyboard(browser, show):
    show("project")
    browser.run("document.querySelector('#prd table td').textContent = 'w'.repeat(90)")
    reachable = lambda: browser.run("return document.querySelector('#prd table').tabIndex === 0")
    browser.width(360)
    browser.wait(reachable)
    browser.run("document.querySelector('#prd table td').textContent = 'short'")
    browser.width(1600)
    browser.wait(lambda: not reachable())
    browser.any_width()


def test_a_project_can_be_printed(browser, show):
    show("project")
    browser.cdp("Emulation.setEmulatedMedia", media="print")
    shown = browser.run("return ['.site-header nav', '#print', '.site-footer nav'].filter((css) => { const e = document.querySelector(css); return e && e.checkVisibility(); })")
    ink = browser.run("return getComputedStyle(document.querySelector('#prd p')).color")
    browser.cdp("Emulation.setEmulatedMedia", media="")
    assert shown == [] and sum(int(v) for v in ink[4:-1].split(",")[:3]) < 300, (shown, ink)


def test_nothing_moves_for_who_does_not_want_it(site, browser):
    browser.colours("light")
    browser.open("/")
    browser.see("#services [data-service-id]")
    moving = browser.run("""return [...document.querySelectorAll('body *')].filter((e) => { const s = getComputedStyle(e);
        return (s.animationName !== 'none' && parseFloat(s.animationDuration) > 0.01 && s.animationIterationCount === 'infinite') || parseFloat(s.transitionDuration) > 0.2; })
        .map((e) => e.outerHTML.slice(0, 80))""")
    assert moving == []


def test_the_landing_page_is_there_fast(site, browser):
    """First content within a second on this machine, and nothing jumps afterwards."""
    browser.cdp("Page.addScriptToEvaluateOnNewDocument", source="window.jumps = 0; new PerformanceObserver((list) => { for (const e of list.getEntries()) if (!e.hadRecentInput) window.jumps += e.value; }).observe({ type: 'layout-shift', buffered: true });")
    browser.open("/")
    browser.see("#services [data-service-id]")
    painted = browser.wait(lambda: browser.run("return performance.getEntriesByName('first-contentful-paint')[0]?.startTime"), about="it is painted")
    assert painted < 1500, painted
    assert browser.run("return window.jumps") < 0.1
