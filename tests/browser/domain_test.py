"""A domain of one's own: an agency asks for it in its settings, the owner of the installation answers, and the name leads to the agency."""
import uuid

import pytest

import journey


@pytest.fixture
def agency(site):
    """An agency at a host of its own; names below localhost lead a browser here."""
    name = f"bayani_{uuid.uuid4().hex[:6]}"
    host = f"{name.replace('_', '-')}.localhost"
    site.migrate("tenants", "create", name, "--name", "Bayani Web", "--host", host)
    yield name, host
    site.migrate("tenants", "drop", name, "--yes")


@pytest.mark.expects(422)
def test_an_agency_asks_for_a_domain_and_after_it_is_confirmed_the_name_leads_there(site, browser, agency):
    name, host = agency
    wanted = f"portal-{host}"
    address, password = site.account("admin", name="platform")
    site.migrate("tenants", "owner", address)
    owner = site.signed_in(address, password)
    admin = site.signed_in(*site.account("admin", name), host=host)

    def at(path, where=host):
        browser.driver.get(f"http://{where}:{site.port}{path}")

    def as_admin():
        browser.driver.get("about:blank")
        for cookie, value in admin.cookies.items():
            browser.cdp("Network.setCookie", name=cookie, value=value, url=f"http://{host}:{site.port}", httpOnly=cookie != "language")
        at("/admin/settings")
        browser.see("#hosts", host)

    def as_owner():
        journey.signed_in_device(browser, site, owner)
        browser.open("/platform")
        browser.see("#asking", f"Bayani Web: {wanted}")  # before anything else

    as_admin()
    browser.see("#host-record", host)
    browser.type("#own-host", f"https://{wanted}/")
    browser.click("#domain [type=submit]")
    browser.see("#own-host-error", "without https://")
    assert browser.audit_in("domain-wrong") == []
    browser.type("#own-host", wanted.upper())
    browser.click("#domain [type=submit]")
    browser.see("#host-state", wanted)
    browser.see("#host-state", "waiting for the owner")
    assert not browser.see("#settings").find_element("css selector", "#domain").is_displayed()
    assert browser.audit_in("domain-waiting") == []
    browser.click("#host-withdraw")
    browser.see("#own-host")
    browser.type("#own-host", wanted)
    browser.click("#domain [type=submit]")
    browser.see("#host-state", "waiting for the owner")

    as_owner()
    browser.click("#asking button", "Look at it")
    row = f"#tenants [data-tenant={name}]"
    browser.see(f"{row} [data-host-request]", wanted)
    assert browser.audit_in("domain-platform") == []
    browser.click(f"{row} [data-host-request] .danger")
    browser.see(f"{row} [data-field=reason] .error")
    browser.type(f"{row} [name=reason]", "Its DNS record leads elsewhere.")
    browser.click(f"{row} [data-host-request] .danger")
    browser.see("#said", f"{wanted} is declined")
    browser.wait(lambda: not browser.see("#main").find_element("css selector", "#asking").is_displayed(), about="nothing waits")

    as_admin()
    browser.see("#host-state", "Declined: Its DNS record leads elsewhere.")
    assert browser.audit_in("domain-declined") == []
    browser.type("#own-host", wanted)
    browser.click("#domain [type=submit]")
    browser.see("#host-state", "waiting for the owner")

    as_owner()
    browser.click("#asking button", "Look at it")
    browser.click(f"{row} [data-host-request] [type=submit]", f"Confirm {wanted}")
    browser.see("#said", f"{wanted} leads to Bayani Web now")
    browser.wait(lambda: (at("/", wanted), "Bayani Web" in browser.see(".brand").text)[1], about="programs remember a host for five seconds")
    as_admin()
    browser.see("#hosts", wanted)
    assert not browser.all("#host-state .notice")
