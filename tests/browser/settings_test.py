"""The agency's settings: an administrator changes name, colour, logo and key, and visitors see what is theirs to see."""
import pytest

import journey
from client import soon
from uploading import png


@pytest.fixture(scope="module")
def admin(site):
    person = site.signed_in(*site.account("admin"))
    yield person
    now = person.get("/api/admin/settings").expect()
    person.patch("/api/admin/settings", {"version": now["version"], "name": None, "accent": "#26346f", "currencyDisplay": "symbol", "mailFrom": "", "replyTo": "",
                                         "generationsPerDay": None, "filesQuotaMb": None}).expect()
    person.delete("/api/admin/settings/logo").expect()
    person.delete("/api/admin/settings/ai-key").expect()
    soon(lambda: "/brand/logo" not in site.visitor().get("/brand/theme.css").text, about="visitors are still shown the logo")


@pytest.mark.parametrize("width", [1280, 360])
@pytest.mark.expects(415, 422)
def test_an_agency_takes_on_its_own_look_and_visitors_see_it(site, browser, admin, tmp_path, width):
    browser.width(width)
    journey.signed_in_device(browser, site, admin)
    browser.open("/admin/settings")
    browser.type("#name", "Bayani Web Studio")
    browser.type("#accent", "#ffcc00")
    browser.see("#guard", "at least")
    browser.wait(lambda: browser.run("return document.querySelector('#previews rect[rx=\"5\"]').getAttribute('fill')") != "#26346f", about="the preview follows")
    browser.click("#look [name=currency][value=code]")
    browser.click("#look button[type=submit]")
    browser.see("#settings-said", "within two seconds")
    browser.see("#changes li", "Bayani Web Studio")

    wrong = tmp_path / "logo.png"
    wrong.write_bytes(b"no picture at all")
    browser.see("#logo-file").send_keys(str(wrong))
    browser.click("#logo button[type=submit]")
    browser.see("#logo [data-form-error]", "PNG, JPEG or WebP")
    right = tmp_path / "right.png"
    right.write_bytes(png(120, 60))
    browser.see("#logo-file").send_keys(str(right))
    browser.click("#logo button[type=submit]")
    browser.see("#logo-now img")

    browser.type("#generations", "100000")
    browser.click("#limits button[type=submit]")
    browser.see("#generations-error", "at most")
    browser.type("#ai-key", f"AIza-a-key-of-our-own-{width:04}")
    browser.click("#key button[type=submit]")
    browser.see("#key-now", f"ends in {width:04}")
    browser.wait(lambda: browser.see("#ai-key").get_attribute("value") == "", about="the key is out of the field")
    browser.screenshot(f"settings-{width}")
    assert browser.audit() == []
    for scheme in ("light", "dark"):
        browser.colours(scheme)
        # Two seconds are what is promised.
        browser.wait(lambda: (browser.open("/"), "PHP" in browser.see("#services .price").text)[1], about="prices are not in PHP")
        assert "Bayani Web Studio" in browser.driver.title and "Lunaxcode" not in browser.see(".site-footer").text
        assert browser.run("return getComputedStyle(document.documentElement).getPropertyValue('--moon').trim()") == "#ffcc00"
        assert browser.audit() == []
        browser.screenshot(f"settings-landing-{scheme}-{width}")
    browser.colours("light")


def test_others_of_the_agency_read_why_they_cannot(site, browser, admin):
    journey.signed_in_device(browser, site, site.signed_in(*site.account("member")))
    browser.open("/admin/settings")
    browser.see("#settings", "for administrators")
