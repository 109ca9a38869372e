"""Messages between two browsers, and files that are dropped, cut off on the way, and arrive."""
import base64
import hashlib
import threading
import time

import pytest

import journey
import onboarding
from chromium import Browser
from people import new_person
from uploading import png, send

DROP = """
const [zone, name, kind, size, fill] = arguments;
const bytes = new Uint8Array(size).map((_, i) => (i * 31 + fill) % 251);
bytes.set(new TextEncoder().encode('%PDF-1.7'));
const carried = new DataTransfer();
carried.items.add(new File([bytes], name, { type: kind, lastModified: 1 }));
for (const type of ['dragenter', 'dragover', 'drop']) zone.dispatchEvent(new DragEvent(type, { bubbles: true, cancelable: true, dataTransfer: carried }));
"""


def content(size, fill=0):
    made = bytearray((i * 31 + fill) % 251 for i in range(size))
    made[:8] = b"%PDF-1.7"
    return bytes(made)


@pytest.fixture(scope="module")
def world(site):
    client = new_person(site)
    return {"client": client, "staff": site.signed_in(*site.account("member")), "project": journey.planned_project(site, client)}


@pytest.fixture(scope="module")
def agency(site):
    """The agency's own browser, beside the client's."""
    browser = Browser(site)
    yield browser
    browser.close()


def open_project(site, browser, person, project):
    journey.signed_in_device(browser, site, person)
    browser.open(f"/projects/{project}")
    browser.see("#tasks-list [data-task-id]")
    browser.see("#message-form")


def test_two_people_talk_and_see_each_other_without_a_reload(site, browser, agency, world):
    agency.new_device()
    open_project(site, browser, world["client"], world["project"])
    open_project(site, agency, world["staff"], world["project"])
    agency.width(360)
    browser.type("#message-body", "When do we begin?")
    browser.click("#message-send")
    browser.see("#messages-list .mine", "When do we begin?")
    agency.see("#messages-list .message", "When do we begin?")
    assert "Juana dela Cruz" in agency.see("#messages-list .message").text
    agency.type("#message-body", "On Monday, with the logo.")
    agency.click("#message-send")
    browser.see("#messages-list .message:not(.mine)", "On Monday")
    assert "Agency" in browser.see("#messages-list .message:not(.mine)").text
    # The client is somewhere else on the page, then comes to the message: it counts as read.
    client = world["client"].twin()
    browser.run("document.querySelector('#messages').scrollIntoView({block: 'end'})")
    browser.wait(lambda: client.get(f"/api/projects/{world['project']}/messages").expect()["unread"] == 0, about="the message stays unread")
    # What is changed or removed on one side changes on the other, and says so.
    row = browser.see("#messages-list .mine", "When do we begin?")
    browser.run("arguments[0].scrollIntoView({block: 'center'})", row)
    row.find_element("xpath", ".//button[text()='Edit']").click()
    field = browser.see(".message-edit textarea")
    field.clear()
    field.send_keys("When do we begin, and with what?")
    browser.click(".message-edit .button", "Save")
    agency.see("#messages-list .message", "and with what?")
    assert "edited" in agency.see("#messages-list .message", "and with what?").text
    theirs = agency.see("#messages-list .mine", "On Monday")
    agency.run("arguments[0].scrollIntoView({block: 'center'})", theirs)
    theirs.find_element("xpath", ".//button[text()='Remove']").click()
    agency.click("#messages-list .mine button.bad", "Remove for everybody")
    gone = browser.see("#messages-list .removed", "removed by")
    assert "On Monday" not in gone.text and "On Monday" not in browser.words()
    browser.screenshot("messages")
    agency.screenshot("messages-360")
    agency.any_width()
    assert not agency.complaints(), agency.complaints()


def test_a_file_goes_with_a_message_and_a_failed_one_keeps_the_words(site, browser, world):
    project = onboarding.create(world["client"])
    onboarding.wait_for_plan(world["client"], project)
    open_project(site, browser, world["client"], project)
    browser.run(DROP, browser.see("#messages"), "plan.pdf", "application/pdf", 2000, 1)
    browser.see("#message-attached [data-attached]", "plan.pdf")
    browser.click("#message-about")
    browser.see("#message-about optgroup option").click()
    browser.type("#message-body", "Here is our plan")
    browser.network(offline=True)
    browser.click("#message-send")
    browser.see("#message-error", "connection")
    assert browser.see("#message-body").get_property("value") == "Here is our plan"
    browser.network()
    browser.click("#message-send")
    said = browser.see("#messages-list .mine", "Here is our plan")
    assert "plan.pdf" in said.text and "About:" in said.text
    browser.see("#files-list [data-file-id]", "plan.pdf")
    thread = world["client"].get(f"/api/projects/{project}/messages").expect()["messages"]
    assert len(thread) == 1 and thread[0]["taskId"] and len(thread[0]["files"]) == 1
    browser.driver.get_log("browser")


@pytest.mark.parametrize("width", [1280, 360])
def test_an_upload_goes_on_where_the_connection_broke(site, browser, world, width):
    project = onboarding.create(world["client"])
    onboarding.wait_for_plan(world["client"], project)
    browser.width(width)
    open_project(site, browser, world["client"], project)
    size = 5 * 1024 * 1024 + 123
    browser.network(kilobytes=600)
    browser.run(DROP, browser.see("#files"), "film.pdf", "application/pdf", size, 2)
    browser.wait(lambda: float(browser.see("#files-sending progress").get_property("value")) > 1_200_000, about="nothing is sent")
    browser.network(kilobytes=20)  # a picture takes its time on a busy machine, and the upload must not be over by then
    browser.screenshot(f"upload-{width}")
    browser.network(offline=True)
    browser.see("#files-sending [data-state='waiting']", "connection")
    received = site.one("select received from uploads where project_id = %s", project, tenant=site.tenant)
    assert 0 < received < size
    # Even across a reload: the same file chosen again goes on, as nothing of what arrived is lost.
    browser.network(kilobytes=4000)
    browser.driver.refresh()
    browser.see("#tasks-list [data-task-id]")
    browser.run(DROP, browser.see("#files"), "film.pdf", "application/pdf", size, 2)
    row = browser.see("#files-list [data-file-id]", "film.pdf", 90)
    browser.network()
    file = world["client"].get(f"/api/files/{row.get_attribute('data-file-id')}")
    assert hashlib.sha256(file.body).digest() == hashlib.sha256(content(size, 2)).digest()
    assert site.one("select count(*) from uploads where project_id = %s", project, tenant=site.tenant) == 1, "it began anew"
    browser.driver.get_log("browser")


def test_a_picture_that_gets_its_small_copy_takes_no_question_back(site, browser, world):
    open_project(site, browser, world["client"], world["project"])
    browser.run("""const carried = new DataTransfer(), bytes = Uint8Array.from(atob(arguments[0]), (one) => one.charCodeAt(0));
                   carried.items.add(new File([bytes], 'shop.png', { type: 'image/png' }));
                   document.querySelector('#files').dispatchEvent(new DragEvent('drop', { bubbles: true, cancelable: true, dataTransfer: carried }))""",
                base64.b64encode(png(300, 200)).decode())
    browser.see("#files-list [data-file-id]", "shop.png")
    browser.click("[aria-label='Remove shop.png']")
    browser.wait(lambda: browser.run("return [...document.querySelectorAll('#files-list .file')].find((row) => row.innerText.includes('shop.png')).querySelector('img')"), about="it has no small copy")
    assert browser.run("return document.activeElement.textContent") == "Remove it"
    browser.click("#files-list button", "Remove it")
    browser.see("#files-list .removed", "shop.png")


@pytest.mark.expects(415)
def test_a_refused_file_says_why_and_a_removed_one_comes_back(site, browser, world):
    file = send(world["client"], f"/api/projects/{world['project']}/files", png(300, 200), "logo.png").expect(201)["file"]["id"]
    open_project(site, browser, world["client"], world["project"])
    browser.see("#files-list img")
    browser.run("""const carried = new DataTransfer(); carried.items.add(new File(['<!doctype html><html><p>hello</p></html>'], 'page.pdf'));
                   document.querySelector('#files').dispatchEvent(new DragEvent('drop', { bubbles: true, cancelable: true, dataTransfer: carried }))""")
    browser.see("#files-sending [data-state='failed']", "text/html")
    browser.click("#files-sending button", "Dismiss")
    browser.wait(lambda: not browser.all("#files-sending .upload"))
    row = f"#files-list [data-file-id='{file}']"
    browser.click(f"{row} button", "Remove")
    browser.click(f"{row} button", "Remove it")
    browser.see(f"{row}.removed", "removed by Juana dela Cruz")
    browser.click(f"{row}.removed button", "Undo")
    browser.see(f"{row} a.file-name", "logo.png")


def test_the_dashboard_counts_what_is_new(site, browser, world):
    project = onboarding.create(world["client"])
    world["staff"].post(f"/api/projects/{project}/messages", {"body": "Welcome"}).expect(201)
    journey.signed_in_device(browser, site, world["client"])
    browser.open("/dashboard")
    assert browser.see(f"[data-project-id='{project}'] [data-unread]").text == "1 new message"


def test_a_question_of_the_onboarding_can_ask_for_files(site, browser):
    service = site.one("insert into service_types (name, description, base_price, timeline) values ('With files', 'Files are asked for', 5000, '1 week') returning id", tenant=site.tenant)
    site.sql("insert into questions (service_id, question_key, question_text, question_type, required) values (%s, 'logo', 'Your logo', 'file', true), (%s, 'words', 'Your words', 'text', false)",
             service, service, tenant=site.tenant)
    try:
        browser.open(f"/onboarding?serviceId={service}")
        browser.see("#description")
        description, mark = onboarding.unique(journey.DESCRIPTION)
        journey.describe(browser, description)
        browser.click("#next")
        browser.see("[data-question='logo']")
        browser.click("#next")
        browser.see("[data-field='q:logo'] .error", "send a file")
        browser.run(DROP, browser.see("[data-question='logo']"), "logo.pdf", "application/pdf", 3000, 3)
        browser.see("[data-question='logo'] [data-kept]", "logo.pdf")
        browser.screenshot("onboarding-file")
        browser.see("#save-state[data-state='saved']")
        browser.driver.refresh()
        browser.see("[data-question='logo'] [data-kept]", "logo.pdf")
        browser.type("[data-field='q:words'] input", "Lead generation")
        browser.click("#next")
        journey.leave_contact(browser)
        assert "logo.pdf" in browser.see("#summary").text
        looked = threading.Event()
        site.gemini.fail("pace", match=mark, stage="tasks", gate=looked)
        browser.click("#submit-onboarding")
        journey.create_account(browser)
        project = journey.project_id(browser)
        address = browser.see("#answers a", "logo.pdf").get_attribute("href")
        assert address.endswith(f"/api/files/{site.one('select id from files where project_id = %s', project, tenant=site.tenant)}")
        browser.see("#files-list [data-file-id]", "logo.pdf")
        browser.tab_to("#answers a", "logo.pdf")
        looked.set()
        journey.wait_for_tasks(browser)
        assert browser.run("return document.activeElement.href") == address, "the plan takes the keyboard's place on the page"
    finally:
        site.sql("update service_types set is_active = false where id = %s", service, tenant=site.tenant)
