"""Every HTML file of the site, also one that nobody thought of here: named, reachable and readable, and told to who listens."""
import re

import pytest
from selenium.webdriver.common.keys import Keys

import journey
from instance import ROOT
from people import new_person

WEB = ROOT / "src/web"
FILES = sorted(path.stem for path in WEB.glob("*.html"))
# Where a page is that is not at its own name; {project} and {service} are filled in
ADDRESSES = {
    "index": "/", "404": "/nothing-here", "onboarding": "/onboarding?serviceId={service}", "project": "/projects/{project}", "payment": "/projects/{project}/payment",
    "receipt": "/projects/{project}/receipts/1", "verify": "/verify?token=AAAAAAAAAAAAAAAAAAAAAA", "reset": "/reset?token=AAAAAAAAAAAAAAAAAAAAAA",
    "invitation": "/invitation?token=AAAAAAAAAAAAAAAAAAAAAA", "unsubscribe": "/unsubscribe?user=u&topic=messages&signature=x", "admin": "/admin", "admin-service": "/admin/service?id={service}", "admin-board": "/admin/board?project={project}",
}
STRANGERS = {"index", "404", "50x", "shut", "nobody", "login", "onboarding", "verify", "reset", "invitation", "unsubscribe"}


@pytest.fixture(scope="module")
def world(site):
    client = new_person(site)
    project = journey.planned_project(site, client)
    return {"client": client, "admin": site.signed_in(*site.account("admin")),
            "project": project, "service": site.one("select service_type_id from projects where id = %s", project, tenant=site.tenant)}


@pytest.mark.expects(404, 403, 422, 400, 409, 401)
@pytest.mark.parametrize("file", FILES)
def test_a_page_holds_the_rules_in_every_look(site, browser, world, file):
    if file not in STRANGERS:
        staff = file.startswith("admin") or file == "platform"
        journey.signed_in_device(browser, site, world["admin" if staff else "client"])
    derived = re.sub("^/admin-", "/admin/", f"/{file}")
    browser.open(ADDRESSES.get(file, derived).format(**world))
    browser.wait(lambda: browser.run("return !document.querySelector('main[aria-busy=true]') && document.readyState === 'complete'"), about="the page is busy for ever")
    wrong = browser.audit_in(file)
    browser.press(Keys.TAB)  # from here on the focus is a keyboard's, also where a script moves it
    wrong += browser.reach()
    browser.any_width()
    assert wrong == [], "\n".join(wrong)
    browser.run("document.body.tabIndex = -1; document.body.focus(); document.body.removeAttribute('tabindex')")
    last = -1
    for _ in range(6):
        browser.press(Keys.TAB)
        place = browser.run("return document.activeElement === document.body ? -1 : [...document.querySelectorAll('*')].indexOf(document.activeElement)")
        if place <= 3:  # past the end
            break
        assert place > last, f"Tab goes back to {browser.run('return document.activeElement.outerHTML.slice(0, 200)')}"
        last = place


@pytest.mark.parametrize("file", FILES)
def test_a_page_says_what_it_is_before_any_script_runs(file):
    html = (WEB / f"{file}.html").read_text()
    assert re.search(r'<html lang="\w+', html) and '<meta name="viewport" content="width=device-width, initial-scale=1">' in html
    title = re.search(r"<title>(.+?)</title>", html)[1]
    assert [one for one in FILES if f"<title>{title}</title>" in (WEB / f"{one}.html").read_text()] == [file], f"two pages are called {title}"
    assert len(re.findall(r"<main\b", html)) == 1 and "<header" in html
    first = re.search(r"<body[^>]*>\s*(<a\b[^>]*>)", html)
    assert first and 'class="skip"' in first[1] and 'href="#main"' in first[1] and 'id="main"' in html, "the first stop leads to the content"
    for picture in re.findall(r"<img\b[^>]*>", html):
        assert " alt=" in picture, picture
    ids = re.findall(r'\sid="([^"]+)"', html)
    assert len(ids) == len(set(ids)), sorted(one for one in ids if ids.count(one) > 1)
    labels = set(re.findall(r'<label\b[^>]*\sfor="([^"]+)"', html))
    for control in re.findall(r"<(?:input|select|textarea)\b[^>]*>", html):
        name = re.search(r'\sid="([^"]+)"', control)
        hidden = 'type="hidden"' in control or " hidden" in control
        assert hidden or "aria-label" in control or (name and name[1] in labels) or re.search(r"<label\b[^>]*>(?:(?!</label>).)*" + re.escape(control), html, re.S), f"no label: {control}"
