"""The page of who owns the installation: a tenant is made, shut, exported and deleted there, each with what it needs to be sure."""
import time
import uuid

import pytest
from selenium.webdriver.common.keys import Keys

import journey
from people import new_person


def owner(site, browser):
    address, password = site.account("admin", name="platform")
    site.migrate("tenants", "owner", address)
    person = site.signed_in(address, password)
    journey.signed_in_device(browser, site, person)
    return person


def fill(browser, form, **values):
    for name, value in values.items():
        control = browser.see(f"{form} [name='{name}']")
        browser.run("arguments[0].scrollIntoView({block: 'center'})", control)
        control.clear()
        control.send_keys(value)


@pytest.mark.expects(422)
def test_a_tenant_from_its_making_to_its_end(site, browser):
    owner(site, browser)
    slug = f"agency_{uuid.uuid4().hex[:6]}"
    browser.open("/platform")
    browser.see("#tenants [data-tenant=lunaxcode]")
    browser.click("#new summary")
    fill(browser, "#new-form", name=slug.replace("_", " ").title())
    assert browser.see("#new-form [name=slug]").get_attribute("value") == slug
    browser.click("#new-form [type=submit]")
    browser.see("#new-form [data-field=hosts] .error", "without one nobody finds")
    fill(browser, "#new-form", ownerName="Olivia", ownerEmail=site.account("admin", name="platform")[0], hosts=f"{slug.replace('_', '-')}.example.test")
    browser.screenshot("platform-new")
    browser.click("#new-form [type=submit]")
    browser.see("#jobs [data-state]")
    browser.screenshot("platform-under-way")
    browser.see("#jobs [data-state=done]", "Make", 60)
    browser.see(f"#tenants [data-tenant={slug}]")
    browser.click(".agencies summary")
    browser.see(".agencies button", slug.replace("_", " ").title())  # the owner finds the way there at once

    row = f"#tenants [data-tenant={slug}]"
    browser.click(f"{row} summary")
    browser.see(f"{row} [data-not-yet]", "suspend it first, export it first")
    browser.click(f"{row} [data-act=suspend]")
    browser.see(f"{row}[data-status=suspended]")
    browser.click(f"{row} [data-act=export]")
    browser.see("#jobs [data-state=done]", "Download", 60)
    browser.see(f"{row} a", "Download the export", 60)
    browser.screenshot("platform-exported")
    fill(browser, row, confirm="something")
    browser.click(f"{row} .danger")
    browser.see(f"{row} [data-field=confirm] .error", slug)
    fill(browser, row, confirm=slug)
    browser.click(f"{row} .danger")
    browser.see("#jobs [data-state=done]", "Kept in the backup", 60)
    browser.wait(lambda: not browser.all(row), about="it is off the list")
    assert slug not in site.tenants()


@pytest.mark.expects(401, 404, 422, 503)
def test_who_belongs_to_two_agencies_changes_over_in_the_header_and_a_suspended_one_says_so(site, browser):
    name = f"second_{uuid.uuid4().hex[:6]}"
    site.migrate("tenants", "create", name, "--name", "Second Agency", "--host", "localhost")
    try:
        person = new_person(site)
        site.sql("insert into user_tenant (user_id, tenant_id) select %s, id from tenants where slug = %s", person.user["id"], name)
        site.sql("insert into user_roles (user_id, tenant_id, role_id) select %s, t.id, r.id from tenants t, roles r where t.slug = %s and r.name = 'client'", person.user["id"], name)
        journey.signed_in_device(browser, site, person)
        browser.open("/dashboard")
        browser.click(".agencies summary", "Agencies")
        assert browser.see(".agencies [aria-current]").text == "Lunaxcode"
        assert browser.audit_in("agencies") == []
        browser.any_width()
        browser.tab_to(".agencies button", "Second Agency")
        browser.press(Keys.ESCAPE)
        assert not browser.all(".agencies[open]") and browser.run("return document.activeElement.matches('.agencies summary')")
        browser.press(Keys.ENTER)
        browser.tab_to(".agencies button", "Second Agency")
        browser.tab_to(".site-nav a")
        assert not browser.all(".agencies[open]"), "left behind, it is shut"
        browser.click(".agencies summary", "Agencies")
        browser.click(".agencies button", "Second Agency")
        until = time.monotonic() + 60
        while browser.driver.current_url != f"http://localhost:{site.port}/dashboard":
            assert time.monotonic() < until, browser.driver.current_url
            time.sleep(0.1)
        browser.see(".agencies summary")
        browser.driver.get(f"http://localhost:{site.port}/arrive#AAAAAAAAAAAAAAAAAAAAAA")
        browser.see("#arrive-title", "Please sign in here")
        site.migrate("tenants", "suspend", name)
        until = time.monotonic() + 60  # programs remember a host for five seconds
        while not browser.all("[data-site=suspended]"):
            assert time.monotonic() < until
            browser.driver.get(f"http://localhost:{site.port}/dashboard")
            time.sleep(0.5)
        browser.see("h1", "This site is not available")
        browser.screenshot("suspended")
    finally:
        site.migrate("tenants", "drop", name, "--yes")
