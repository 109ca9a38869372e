"""The main job in a real browser: from a pricing card to a requirements document and tasks, and everything that may come between."""
import threading
import time

import pytest
from selenium.webdriver.common.action_chains import ActionChains
from selenium.webdriver.common.by import By
from selenium.webdriver.common.keys import Keys

import journey
import onboarding
from instance import PASSWORD, link_in


def made_by(site, mark):
    return site.sql("select id, user_id, price, lead_id from projects where description like %s", f"%{mark}%", tenant=site.tenant)


def test_from_a_pricing_card_to_tasks(site, browser):
    description, mark = onboarding.unique(journey.DESCRIPTION)
    half_seen, both_stages_seen = threading.Event(), threading.Event()
    site.gemini.fail("pace", match=mark, stage="prd", chunks=20, pause=0.05, gate=half_seen)
    site.gemini.fail("pace", match=mark, stage="tasks", gate=both_stages_seen)
    journey.pick_service(browser)
    browser.screenshot("1-onboarding-step-1")
    assert "15,000" in browser.see("#service-price").text and browser.see("#service-timeline").text
    journey.describe(browser, description)
    browser.click("#next")
    answered = journey.answer_everything(browser)
    assert len(answered) >= 5
    browser.screenshot("2-onboarding-step-2")
    browser.click("#next")
    email = journey.leave_contact(browser)
    summary = browser.see("#summary").text
    for words in ("Landing Page", "15,000", "questions answered", "Juana dela Cruz", email, mark):
        assert words in summary
    browser.screenshot("3-onboarding-step-3")
    kept = browser.stored("onboardingData")
    assert kept["description"] == description and kept["serviceName"] == "Landing Page" and kept["clientEmail"] == email
    browser.click("#submit-onboarding")
    browser.wait_for_path("/login?from=onboarding")
    browser.screenshot("4-account")
    assert browser.see("#signup-email").get_attribute("value") == email
    journey.create_account(browser)
    project = journey.project_id(browser)
    assert browser.stored("onboardingData") is None and browser.stored("leadToken", "localStorage") is None

    browser.see("#generation-title")
    lengths, stages = set(), set()
    until = time.monotonic() + 90
    while not journey.tasks_on_view(browser):
        assert time.monotonic() < until, browser.words()[:1000]
        lengths.add(len(browser.run("return document.querySelector('#prd').innerText")))
        stages.add(browser.run("return document.querySelector('#generation-title').textContent"))
        if lengths - {0} and not half_seen.is_set():
            browser.screenshot("5-plan-being-written")
            half_seen.set()
        if len(stages) >= 2 and len(lengths - {0}) >= 2:  # the tasks wait until the document was seen to grow
            both_stages_seen.set()
        time.sleep(0.2)
    assert len(lengths - {0}) >= 2, "the document does not grow in view"
    assert len(stages) >= 2, stages
    tasks = journey.wait_for_tasks(browser)
    assert not browser.all("#generation") and browser.see("#tasks-title", f"{len(tasks)} total")
    document = browser.see("#prd").text
    for title in ("Project Overview", "Target Audience", "Core Features", "Technical Requirements", "Design Specifications", "Success Metrics"):
        assert title in document
    assert mark in document
    page = browser.words()
    for words in ("Pending payment", "₱15,000", "₱7,500", "What you told us"):
        assert words in page, words
    assert browser.all("#tasks-list .after a"), "no task says what comes before it"
    browser.screenshot("6-project")
    browser.open("/dashboard")
    browser.see("#projects", "Landing Page")
    browser.screenshot("7-dashboard")
    row, = made_by(site, mark)
    assert row["id"] == project and row["price"] == 15000 and row["lead_id"]


def test_the_whole_way_by_keyboard_alone(site, browser):
    """Each stop of the Tab key shows where it is."""
    description, mark = onboarding.unique(journey.DESCRIPTION)
    browser.open("/")
    browser.see("#services [data-service-id]")
    browser.tab_to(".skip")
    browser.press(Keys.ENTER)
    browser.tab_to('a[href^="/onboarding?serviceId="]', "Get started")
    browser.press(Keys.ENTER)
    browser.wait_for_path("/onboarding?serviceId=")
    browser.see("#description")
    browser.tab_to("#description")
    browser.press(description)
    browser.tab_to("#next")
    browser.press(Keys.ENTER)
    browser.see("#questions [data-question]")
    assert browser.run("return document.activeElement.matches('[data-step=\"2\"] h2')"), "the focus does not follow to the next step"
    done = set()
    for _ in range(60):
        browser.press(Keys.TAB)
        assert browser.run("return document.activeElement !== document.body")
        if browser.run("return document.activeElement.matches('#next')"):
            break
        kind, name, filled = browser.run("const a = document.activeElement; return [a.localName === 'select' ? 'select' : a.localName === 'button' ? 'button' : a.type, a.name,"
                                         "a.type === 'radio' || a.type === 'checkbox' ? [...document.getElementsByName(a.name)].some((o) => o.checked) : Boolean(a.value)]")
        if kind == "button" or name in done or filled:
            continue
        if kind in ("radio", "checkbox"):
            browser.press(Keys.SPACE)
        elif kind == "select":
            browser.press(Keys.ARROW_DOWN)
        else:
            browser.press("3" if kind == "number" else "By keyboard")
        done.add(name)
    browser.press(Keys.ENTER)
    browser.see("#client-name")
    for field, value in (("#client-name", "Key Board"), ("#client-email", f"{mark}@example.test")):
        browser.tab_to(field)
        browser.press(value)
    browser.tab_to("#submit-onboarding")
    browser.press(Keys.ENTER)
    browser.wait_for_path("/login?from=onboarding")
    browser.tab_to("#signup-password")
    browser.press(PASSWORD, Keys.ENTER)
    journey.project_id(browser)
    journey.wait_for_tasks(browser)
    browser.tab_to("#tasks-list a")
    assert len(made_by(site, mark)) == 1


def test_missing_answers_are_named_beside_their_field_and_get_the_focus(browser):
    journey.pick_service(browser)
    journey.describe(browser, "too short")
    browser.click("#next")
    browser.see("#description-error", "20 characters")
    assert browser.run("return document.activeElement.id") == "description"
    journey.describe(browser)
    assert not browser.all("#description-error"), "an error stays after it was mended"
    browser.click("#next")
    browser.see("#questions [data-question]")
    browser.click("#next")
    assert browser.see("#questions .error").text
    assert browser.run("return document.activeElement.closest('[data-question]') !== null")
    assert browser.audit() == []


def test_a_question_appears_when_its_condition_is_met(site, browser):
    api = site.visitor()
    service, question = next((s, q) for s in onboarding.services(api) for q in onboarding.questions(api, s["id"])
                             if q["showIf"] and "questionKey" in q["showIf"])
    rule = question["showIf"]
    wanted = rule["in"][0] if "in" in rule else rule["equals"]
    journey.pick_service(browser, service["name"])
    journey.describe(browser)
    browser.click("#next")
    browser.see("#questions [data-question]")
    hidden = f'#questions [data-question="{question["questionKey"]}"]'
    assert not browser.all(hidden)
    field = browser.see(f'#questions [data-question="{rule["questionKey"]}"]')
    choices = field.find_elements(By.CSS_SELECTOR, f'input[value="{wanted}"]')
    if choices:
        browser.run("arguments[0].scrollIntoView({block: 'center'})", choices[0])
        choices[0].click()
    else:
        journey.choose(field.find_element(By.CSS_SELECTOR, "select"), wanted)
    browser.see(hidden)


def test_refresh_back_and_forward_lose_nothing(site, browser):
    description, mark = onboarding.unique(journey.DESCRIPTION)
    journey.pick_service(browser)
    journey.fill_in(browser, description)
    before = browser.stored("onboardingData")
    browser.driver.refresh()
    assert browser.see("#client-name").get_attribute("value") == "Juana dela Cruz", "the step is not kept over a refresh"
    browser.driver.back()
    browser.see("#questions [data-question]")
    browser.driver.back()
    assert browser.see("#description").get_attribute("value") == description
    browser.driver.forward()
    browser.see("#questions [data-question]")
    browser.driver.refresh()
    browser.see("#questions [data-question]")
    browser.driver.forward()
    browser.see("#client-email")
    assert browser.stored("onboardingData") == before
    browser.click("#submit-onboarding")
    browser.wait_for_path("/login?from=onboarding")
    browser.driver.back()
    assert browser.see("#client-name").get_attribute("value") == "Juana dela Cruz"
    browser.click("#submit-onboarding")
    journey.create_account(browser)
    journey.project_id(browser)
    browser.driver.back()
    time.sleep(1)
    browser.driver.forward()
    time.sleep(0.5)
    assert len(made_by(site, mark)) == 1


def test_double_clicks_on_a_slow_network_make_one_project(site, browser):
    description, mark = onboarding.unique(journey.DESCRIPTION)
    journey.pick_service(browser)
    journey.fill_in(browser, description)
    browser.click("#submit-onboarding")
    browser.wait_for_path("/login?from=onboarding")
    browser.type("#signup-password", PASSWORD)
    browser.network(latency=600)
    button = browser.see("#signup-submit")
    ActionChains(browser.driver).double_click(button).double_click(button).perform()
    journey.project_id(browser)
    browser.network()
    assert len(made_by(site, mark)) == 1
    assert site.one("select count(*) from projects p where p.user_id = (select user_id from projects where description like %s)", f"%{mark}%", tenant=site.tenant) == 1


def test_a_refresh_while_the_project_is_being_made_makes_it_once(site, browser):
    description, mark = onboarding.unique(journey.DESCRIPTION)
    journey.pick_service(browser)
    email = journey.fill_in(browser, description)
    browser.click("#submit-onboarding")
    browser.wait_for_path("/login?from=onboarding")
    browser.type("#signup-password", PASSWORD)
    browser.network(latency=700)
    browser.click("#signup-submit")
    browser.wait(lambda: site.sql("select 1 from users where email = %s", email))
    browser.driver.refresh()
    project = journey.project_id(browser)
    browser.network()
    assert [row["id"] for row in made_by(site, mark)] == [project]


def test_a_new_tab_has_what_was_typed_in_the_other(browser):
    journey.pick_service(browser)
    journey.describe(browser, "Typed in the first tab, and to be found in the second")
    browser.see("#save-state", "Saved")
    address = browser.path
    browser.new_tab()
    browser.open(address)
    assert browser.see("#description").get_attribute("value") == "Typed in the first tab, and to be found in the second"
    browser.see("#start-again")


def test_another_device_goes_on_by_the_draft_link(site, browser):
    description, mark = onboarding.unique(journey.DESCRIPTION)
    journey.pick_service(browser)
    email = journey.fill_in(browser, description)
    browser.see("#save-state", "Saved")
    browser.click("#copy-link")
    link = browser.see("#draft-link").get_attribute("value") if browser.all("#draft-link") else browser.wait(
        lambda: browser.run("return document.querySelector('#draft-link').value"))
    assert link.startswith(site.url)
    browser.new_device()
    browser.width(390)
    browser.driver.get(link)
    assert browser.see("#client-email, #description", seconds=45)
    browser.wait(lambda: (browser.stored("onboardingData") or {}).get("description") == description)
    assert browser.stored("onboardingData")["clientEmail"] == email
    for _ in range(3):
        if browser.all("#submit-onboarding"):
            break
        browser.click("#next")
    browser.click("#submit-onboarding")
    journey.create_account(browser)
    project = journey.project_id(browser)
    journey.wait_for_tasks(browser)
    assert [row["id"] for row in made_by(site, mark)] == [project]


def test_a_draft_of_the_account_is_gone_on_with_after_signing_in_elsewhere(site, browser, sign_up):
    api = site.visitor()
    service = onboarding.services(api)[0]
    description, mark = onboarding.unique(journey.DESCRIPTION)
    token = api.post("/api/leads", {"serviceId": service["id"]}).expect(201)["token"]
    api.patch(f"/api/leads/{token}", {"step": 2, "description": description}).expect(200)
    person = sign_up(leadToken=token)
    journey.signed_in_device(browser, site, person)
    browser.open("/dashboard")
    browser.click("[data-continue]")
    browser.wait_for_path("/onboarding")
    browser.wait(lambda: (browser.stored("onboardingData") or {}).get("description") == description)
    if browser.all("#description"):
        browser.click("#next")
    journey.answer_everything(browser)
    browser.click("#next")
    journey.leave_contact(browser, email=person.email)
    browser.click("#submit-onboarding")
    project = journey.project_id(browser)
    row, = made_by(site, mark)
    assert row["id"] == project and row["user_id"] == person.user["id"] and row["lead_id"]


def test_without_a_network_what_is_typed_stays_and_is_saved_later(site, browser):
    journey.pick_service(browser)
    journey.describe(browser, "Before the network went away from us")
    browser.see("#save-state", "Saved")
    token = browser.stored("leadToken")
    browser.network(offline=True)
    journey.describe(browser, "While the network was away from all of us")
    browser.see("#save-state", "Not saved yet")
    browser.network()
    browser.see("#save-state", "Saved")
    assert site.visitor().get(f"/api/leads/{token}").expect()["description"] == "While the network was away from all of us"
    browser.driver.get_log("browser")  # the failed loads are the story


def test_the_mail_leads_back_to_a_verified_account(site, browser):
    journey.pick_service(browser)
    email = journey.fill_in(browser)
    browser.click("#submit-onboarding")
    journey.create_account(browser)
    journey.project_id(browser)
    token = link_in(site.wait_for_mail(email, "/verify?token="), "/verify")
    browser.open(f"/verify?token={token}")
    browser.see("#verify-title", "confirmed")
    assert token not in browser.path, "the link stays in the address bar"
    assert site.one("select email_verified is not null from users where email = %s", email)


def test_nothing_in_a_document_is_executed(site, browser, sign_up):
    person = sign_up()
    description, mark = onboarding.unique()
    site.gemini.fail("script tags", match=mark, stage="prd")
    project = journey.planned_project(site, person, description=description, clientName="<img src=x onerror='window.hacked=1'>")
    journey.signed_in_device(browser, site, person)
    browser.open(f"/projects/{project}")
    journey.wait_for_tasks(browser)
    assert not [address for address in browser.read("#prd a", "href") if address.lower().startswith(("javascript", "vbscript", "data"))]
    assert browser.run("return window.hacked") is None and not browser.all("#prd img, #prd iframe, #prd svg")


def test_a_failed_plan_can_be_tried_again(site, browser, sign_up):
    person = sign_up()
    project = journey.planned_project(site, person)
    site.sql("delete from tasks where project_id = %s", project, tenant=site.tenant)
    site.sql("update generations set state = 'failed', stage = 'prd', error = 'Gemini had a bad day.' where project_id = %s", project, tenant=site.tenant)
    journey.signed_in_device(browser, site, person)
    browser.open(f"/projects/{project}")
    browser.see("#generation", "Gemini had a bad day.")
    browser.screenshot("8-failed")
    browser.click("#generation-retry")
    journey.wait_for_tasks(browser)
    assert not browser.all("#generation-retry")


def test_staff_set_a_status_and_the_client_sees_it(site, browser, sign_up):
    person = sign_up()
    project = journey.planned_project(site, person)
    journey.signed_in_device(browser, site, site.signed_in(*site.account("member")))
    browser.open(f"/projects/{project}")
    first = journey.wait_for_tasks(browser)[0]
    control = first.find_element(By.CSS_SELECTOR, "select")
    journey.choose(control, "Done")
    browser.see("#tasks-progress-text", "1 of")
    browser.wait(lambda: site.one("select count(*) from tasks where project_id = %s and status = 'completed'", project, tenant=site.tenant) == 1)
    browser.new_device()
    journey.signed_in_device(browser, site, person)
    browser.open(f"/projects/{project}")
    journey.wait_for_tasks(browser)
    browser.see("#tasks-progress-text", "1 of")
    assert not browser.all("#tasks-list select"), "a client could set a status"


@pytest.mark.expects(401, 404)
def test_somebody_else_is_not_shown_a_project(site, browser, sign_up):
    owner, stranger = sign_up(), sign_up()
    project = journey.planned_project(site, owner)
    browser.open(f"/projects/{project}")
    browser.wait_for_path("/login")
    browser.new_device()
    journey.signed_in_device(browser, site, stranger)
    browser.open(f"/projects/{project}")
    browser.see("#project-name", "not found")
