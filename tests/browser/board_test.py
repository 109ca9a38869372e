"""Projects and tasks in the back office: found, kept as a view, moved on the board, edited, and planned anew."""
import uuid

import pytest
from selenium.webdriver.common.keys import Keys

import journey
import onboarding
from people import new_person


@pytest.fixture
def staff(site, browser):
    person = site.signed_in(*site.account("member"))
    journey.signed_in_device(browser, site, person)
    return person


@pytest.fixture
def project(site):
    """A project with a plan; its description holds a mark of its own."""
    client = new_person(site)
    number = onboarding.create(client, clientName=f"Juana {uuid.uuid4().hex[:8]}")
    onboarding.wait_for_plan(client, number)
    return number


def named(site, project):
    return site.one("select client_name from projects where id = %s", project, tenant=site.tenant)


def test_staff_find_a_project_and_keep_how_they_found_it(site, browser, staff, project):
    browser.open("/admin/projects")
    browser.see("#projects li")
    assert browser.see(".office-nav [aria-current=page]").text == "Projects"
    browser.type("#q", named(site, project))
    browser.press(Keys.ENTER)
    browser.wait(lambda: [li.get_attribute("data-project-id") for li in browser.all("#projects li")] == [str(project)], about="one project is left")
    journey.choose(browser.see("#status"), "Pending")
    browser.wait(lambda: "status=pending" in browser.run("return location.search"), about="the choice stands in the address")
    browser.click("#save-view summary")
    browser.type("#view-name", "Mine")
    browser.press(Keys.ENTER)
    browser.see("[data-view-id] a[aria-current]", "Mine")
    browser.screenshot("projects-list")
    assert browser.audit() == []
    browser.click("#views a", "All projects")
    browser.wait(lambda: browser.see("#q").get_attribute("value") == "", about="the view of all has no search")
    browser.click("#views a", "Mine")
    browser.wait(lambda: len(browser.all("#projects li")) == 1, about="the view finds it again")
    browser.run("history.back()")
    browser.wait(lambda: browser.see("#q").get_attribute("value") == "", about="back leads to all")
    browser.width(360)
    browser.colours("dark")
    browser.screenshot("projects-list-360-dark")
    assert browser.audit() == []
    browser.colours("light")
    browser.any_width()
    browser.click("[data-view-id] button")
    browser.wait(lambda: not browser.all("[data-view-id]"), about="the view is removed")
