"""The back office: staff write what the site sells and asks, and clients see it."""
import uuid

import pytest
from selenium.webdriver.common.action_chains import ActionChains
from selenium.webdriver.common.keys import Keys

import journey
import onboarding


@pytest.fixture
def staff(site, browser):
    person = site.signed_in(*site.account("member"))
    journey.signed_in_device(browser, site, person)
    return person


def field(browser, name, value, form="form"):
    control = browser.see(f"{form} [name='{name}']")
    browser.run("arguments[0].scrollIntoView({block: 'center'})", control)
    if control.tag_name == "select":
        journey.choose(control, value)
    else:
        control.clear()
        control.send_keys(value)
    return control


def new_service(staff, **changes):
    body = {"name": f"Asks {uuid.uuid4().hex[:10]}", "description": "Of a test.", "basePrice": 9000, "features": ["One"], "timeline": "1 week", "popular": False,
            "active": True, "planTemplate": None, **changes}
    return staff.post("/api/admin/cms/services", body).expect(201)


def test_on_a_phone_the_office_s_pages_are_one_row_with_this_one_in_view(browser, staff):
    browser.width(360)
    for page in ("/admin", "/admin/services", "/admin/people"):
        browser.open(page)
        browser.see(".office-nav [aria-current]")
        height, *ends = browser.run("const link = document.querySelector('.office-nav [aria-current]').getBoundingClientRect(); return [document.querySelector('.office-nav').offsetHeight, link.left, link.right]")
        assert height < 60 and 0 <= min(ends) and max(ends) <= 360, (page, height, ends)
    browser.tab_to(".office-nav a", "Home")
    assert browser.run("return document.activeElement.getBoundingClientRect().left") >= 0, "the focus brings it into view"
    browser.any_width()


def test_staff_come_from_the_header_and_sell_something_new(site, browser, staff):
    browser.open("/")
    browser.click("[data-session] a", "Office")
    browser.see("#edits *")
    browser.click(".office-nav a", "Services")
    browser.see("#services li")
    assert browser.see(".office-nav [aria-current=page]").text == "Services"
    browser.click("a.button", "Add a service")
    name = f"Asks {uuid.uuid4().hex[:10]}"
    field(browser, "name", name, "#service-form")
    field(browser, "basePrice", "12500", "#service-form")
    field(browser, "features", "First thing\nSecond thing", "#service-form")
    assert browser.see("#card-preview .price").text == "₱12,500"
    browser.click("#service-form [name=active]")
    browser.click("#service-form [type=submit]")
    browser.wait_for_path("/admin/service?id=")
    browser.see("#add-question")
    browser.screenshot("office-new-service")

    browser.click("#add-question")
    field(browser, "questionText", "Do you sell online?", ".question-form")
    field(browser, "questionType", "One of a few choices", ".question-form")
    field(browser, "options", "Yes\nNo", ".question-form")
    assert browser.see(".question-form [name=questionKey]").get_attribute("value") == "do_you_sell_online"
    assert browser.see("#preview [type=radio]"), "what is being typed is in the preview"
    browser.click(".question-form [type=submit]")
    browser.see("#questions li h3", "Do you sell online?")

    browser.click("#questions [aria-expanded=true]")
    browser.click("#add-question")
    field(browser, "questionText", "What do you sell?", ".question-form")
    browser.click(".question-form [name=required]")
    browser.click("[data-add-condition]")
    journey.choose(browser.see("[data-condition-question]"), "Do you sell online?")
    browser.click(".condition-answers label", "Yes")
    browser.wait(lambda: len(browser.all("#preview [data-question]")) == 1, about="the new question waits for its condition in the preview")
    browser.click("#preview label", "Yes")
    browser.see("#preview [data-question='what_do_you_sell']")
    browser.screenshot("office-condition")
    assert browser.audit() == []
    browser.width(360)
    browser.screenshot("office-condition-360")
    assert browser.audit() == []
    browser.any_width()
    browser.click(".question-form [type=submit]")
    browser.see("#questions li:nth-child(2) h3", "What do you sell?")

    number = browser.path.split("id=")[1].split("#")[0]
    asked = onboarding.questions(site.visitor(), number)
    assert [(q["questionKey"], q["required"], q["showIf"]) for q in asked] == [
        ("do_you_sell_online", False, None), ("what_do_you_sell", True, {"questionKey": "do_you_sell_online", "equals": "Yes"})]
    browser.new_device()
    browser.open(f"/onboarding?serviceId={number}")
    journey.describe(browser)
    browser.click("#next")
    browser.see("[data-question='do_you_sell_online']")
    assert not browser.all("[data-question='what_do_you_sell']")


@pytest.mark.expects(409)
def test_what_a_colleague_saved_meanwhile_is_not_lost(site, browser, staff):
    service = new_service(staff)
    browser.open(f"/admin/service?id={service['id']}")
    field(browser, "basePrice", "9900", "#service-form")
    site.signed_in(*site.account("admin")).patch(f"/api/admin/cms/services/{service['id']}", {"version": 1, "basePrice": 8000, "timeline": "3 weeks"}).expect()
    browser.click("#service-form [type=submit]")
    browser.see("[data-field=basePrice] .error", "8000")
    assert browser.see("#service-form [name=timeline]").get_attribute("value") == "3 weeks"
    assert browser.see("#service-form [name=basePrice]").get_attribute("value") == "9900"
    browser.screenshot("office-conflict")
    browser.click("#service-form [type=submit]")
    browser.see("#service-form [data-said]", "Saved. This is version 3.")
    assert site.one("select base_price, timeline from service_types where id = %s", service["id"], tenant=site.tenant) == {"base_price": 9900, "timeline": "3 weeks"}

    browser.click("#service-history summary")
    browser.screenshot("office-history")
    browser.click("[data-restore='1']")
    browser.see("#service-form [data-said]", "version 4")
    assert browser.see("#service-form [name=basePrice]").get_attribute("value") == "9000"


@pytest.mark.expects(422)
def test_a_refusal_stands_beside_its_field(browser, staff):
    service = new_service(staff)
    browser.open(f"/admin/service?id={service['id']}")
    field(browser, "name", "", "#service-form")
    browser.press(Keys.CONTROL, "s")
    browser.see("#service-form [data-field=name] .error", "The name is needed.")
    assert browser.run("return document.activeElement.name") == "name"
    assert browser.audit() == []


def test_questions_are_put_in_order_by_keyboard_and_by_dragging(site, browser, staff):
    service = new_service(staff)
    for n in range(3):
        staff.post("/api/admin/cms/questions", {"serviceId": service["id"], "questionKey": f"q{n}", "questionText": f"Question {n}?", "questionType": "text",
                                                "required": False, "active": True}).expect(201)
    browser.open(f"/admin/service?id={service['id']}")
    browser.see("#questions li")
    browser.run("document.querySelector('#questions li:last-child [data-move=\"-1\"]').focus()")
    browser.press(Keys.ENTER)
    browser.press(Keys.ENTER)
    browser.see("#said", "The order is saved.")
    order = lambda: [row["question_key"] for row in site.sql("select question_key from questions where service_id = %s order by sort_order", service["id"], tenant=site.tenant)]
    browser.wait(lambda: order() == ["q2", "q0", "q1"])
    assert [words.split(" (")[0] for words in browser.read("#preview label")] == ["Question 2?", "Question 0?", "Question 1?"]
    first, last = browser.all("#questions > li h3")[::2]
    browser.run("arguments[0].scrollIntoView({block: 'center'})", last)
    ActionChains(browser.driver).click_and_hold(first).move_by_offset(0, 12).move_to_element(last).move_by_offset(0, 40).release().perform()
    browser.wait(lambda: order() == ["q0", "q1", "q2"])
    # By finger: one that moves at once scrolls, one that rests takes the question along.
    browser.phone()
    browser.see("#questions > li")
    browser.run("document.querySelector('#questions').scrollIntoView({block: 'start'})")
    at = browser.run("return scrollY")
    browser.swipe(browser.see("#questions > li h3"), 0, -300)
    browser.wait(lambda: browser.run("return scrollY") > at + 100, about="it scrolls")
    assert order() == ["q0", "q1", "q2"]
    browser.run("document.querySelector('#questions > li').scrollIntoView({block: 'center'})")
    first, second = browser.all("#questions > li h3")[:2]
    browser.carry(first, browser.middle(second)[0], browser.middle(second)[1] + 40)
    browser.wait(lambda: order() == ["q1", "q0", "q2"], about="it is carried")


def test_one_question_is_edited_at_a_time_and_what_was_typed_is_not_lost_unasked(browser, staff):
    service = new_service(staff)
    for n in range(2):
        staff.post("/api/admin/cms/questions", {"serviceId": service["id"], "questionKey": f"q{n}", "questionText": f"Question {n}?", "questionType": "text",
                                                "required": False, "active": True}).expect(201)
    browser.open(f"/admin/service?id={service['id']}")
    first, second = "#questions > li:first-child ", "#questions > li:last-child "
    browser.click(f"{first}[aria-expanded]")
    browser.see(f"{first}form")
    browser.click(f"{second}[aria-expanded]")
    browser.see(f"{second}form")
    assert not browser.all(f"{first}form"), "nothing was typed, so nothing is asked"
    field(browser, "questionText", "Another one?", f"{second}form")
    browser.click("#add-question")
    browser.click(".ask button", "Go on writing")
    assert browser.all(f"{second}form") and not browser.all("#new-question")
    browser.click("#add-question")
    browser.click(".ask button", "Close without saving")
    browser.see("#new-question form")
    assert not browser.all(f"{second}form")
    browser.click("#drop-question")
    browser.wait(lambda: not browser.all("#new-question"), about="it is not added")
    assert browser.run("return document.activeElement.id") == "add-question"


@pytest.mark.expects(422)
def test_a_section_of_the_landing_page_is_written_by_its_form(site, browser, staff):
    mark = f"Is {uuid.uuid4().hex[:8]} included?"
    browser.open("/admin/landing")
    browser.click("[data-key=faq] summary")
    browser.see("[data-key=faq] form")
    browser.screenshot("office-faq")
    assert browser.audit() == []
    browser.width(360)
    browser.screenshot("office-faq-360")
    assert browser.audit() == []
    browser.any_width()
    browser.click("[data-key=faq] button", "Add a question")
    browser.press(mark)
    browser.click("[data-key=faq] [type=submit]")
    assert "is needed" in browser.see("[data-key=faq] .item .error").text
    browser.run("document.activeElement.scrollIntoView()")
    browser.press("Yes, it is.")
    browser.click("[data-key=faq] [type=submit]")
    browser.see("[data-key=faq] [data-said]", "Saved")
    browser.click("[data-key=faq] summary", "Versions of this section")
    changed = browser.see("[data-key=faq] .changes", mark).text
    assert f"Question: {mark}; Answer: Yes, it is." in changed and "Do I need an account" not in changed, "only what changed is told"
    browser.open("/")
    browser.see("[data-section=faq] summary", mark)
    now = next(s for s in staff.get("/api/admin/cms/landing").expect()["sections"] if s["key"] == "faq")
    staff.patch(f"/api/admin/cms/landing/{now['id']}", {"version": now["version"], "restore": now["version"] - 1}).expect()


def test_items_of_a_section_are_dragged_by_their_handle_with_a_finger_and_a_mouse(browser, staff):
    browser.open("/admin/landing")
    browser.phone()
    browser.click("[data-key=faq] summary")
    browser.see("[data-list=items] .grip")
    asked = lambda: browser.run("return [...document.querySelectorAll('[data-list=items] [name=question]')].map((one) => one.value)")
    grip = lambda place: browser.all("[data-list=items] .grip")[place]
    before = asked()
    first, second, *others = before
    low = lambda: browser.run("const box = document.querySelectorAll('[data-list=items] > li')[1].getBoundingClientRect(); return box.bottom - 12")
    browser.run("arguments[0].scrollIntoView({block: 'start'}); scrollBy(0, -80)", grip(0))
    browser.carry(grip(0), browser.middle(grip(0))[0], low(), rest=0)
    browser.wait(lambda: asked() == [second, first, *others], about="it is carried at once, without a rest")
    assert browser.run("return [...document.querySelectorAll('[data-list=items] legend')].map((one) => one.textContent.split(' ').pop())") == [str(n + 1) for n in range(len(before))]
    browser.any_width()
    browser.run("arguments[0].scrollIntoView({block: 'center'})", grip(1))
    ActionChains(browser.driver).click_and_hold(grip(1)).move_by_offset(0, -12).move_to_element(browser.all("[data-list=items] legend")[0]).release().perform()
    browser.wait(lambda: asked() == before, about="it is dragged back")
    assert browser.run("return document.querySelectorAll('#sections details[open]').length") == 1, "the section itself stays where it is"


def test_sections_are_carried_to_their_place_by_finger_and_by_mouse_while_a_tap_opens_them(browser, staff):
    sections = lambda: staff.get("/api/admin/cms/landing").expect()
    before = [one["id"] for one in sections()["sections"]]
    first, second, *others = before
    browser.open("/admin/landing")
    browser.phone()
    browser.see("#sections > li")
    row = lambda which: browser.see(f"#sections > [data-id='{which}'] .section-name")
    browser.run("arguments[0].scrollIntoView({block: 'center'})", row(first))
    browser.carry(row(first), browser.middle(row(second))[0], browser.middle(row(second))[1] + 30)
    browser.wait(lambda: [one["id"] for one in sections()["sections"]] == [second, first, *others], about="it is carried")
    assert not browser.all("#sections details[open]"), "letting go is no tap"
    browser.see("#said", "The order is saved.")
    row(first).click()
    browser.see(f"[data-id='{first}'] form")
    assert not browser.all(f"[data-id='{first}'][data-carry]"), "where somebody writes, nothing is carried"
    row(first).click()
    browser.wait(lambda: browser.all(f"[data-id='{first}'][data-carry]"), about="shut, it can be carried again")
    browser.any_width()
    browser.run("document.querySelector('#sections').scrollIntoView({block: 'center'})")
    ActionChains(browser.driver).click_and_hold(row(first)).move_by_offset(0, -12).move_to_element(row(second)).move_by_offset(0, -12).release().perform()
    browser.wait(lambda: [one["id"] for one in sections()["sections"]] == before, about="it is dragged back")


def test_staff_find_a_draft_read_it_and_write_to_its_person(site, browser, staff):
    mark = f"lead{uuid.uuid4().hex[:10]}"
    visitor = site.visitor()
    service = onboarding.services(visitor)[0]
    token = visitor.post("/api/leads", {"serviceId": service["id"], "path": "/onboarding"}).expect(201)["token"]
    visitor.patch(f"/api/leads/{token}", {"step": 2, "description": f"A bakery, {mark}", "clientName": "Ana Reyes", "clientEmail": f"{mark}@example.test"}).expect()
    browser.open("/admin/leads")
    browser.see("#leads li")
    browser.type("#q", mark)
    browser.press(Keys.ENTER)
    browser.see(f'#csv[href*="{mark}"]')  # a list of one draft said the same before the search
    browser.see("#said", "1 draft.")
    browser.click("#leads summary", "Ana Reyes")
    browser.see(".lead-body", mark)
    browser.screenshot("office-lead")
    assert browser.audit() == []
    browser.width(360)
    browser.screenshot("office-lead-360")
    assert browser.audit() == []
    browser.any_width()
    field(browser, "message", "Shall we go on with your bakery?", '.lead-body form[aria-label^="Mail"]')
    browser.click('.lead-body form[aria-label^="Mail"] [type=submit]')
    browser.see(".lead-body .notice.good", "on its way")
    assert "go on with your bakery" in site.wait_for_mail(f"{mark}@example.test", "bakery").get_body(("plain",)).get_content()
    text = browser.driver.execute_async_script("fetch(document.querySelector('#csv').href).then((answer) => answer.text()).then(arguments[0])")
    assert text.count("\r\n") == 2 and mark in text, "the file is of the drafts on view"


@pytest.mark.expects(422)
def test_a_draft_becomes_a_project_from_its_row(site, browser, staff):
    mark = f"convert{uuid.uuid4().hex[:10]}"
    visitor = site.visitor()
    service = onboarding.services(visitor)[0]["id"]
    token = visitor.post("/api/leads", {"serviceId": service}).expect(201)["token"]
    answers = onboarding.answers_for(onboarding.questions(visitor, service))
    visitor.patch(f"/api/leads/{token}", {"step": 3, "clientName": "Ana Reyes", "description": f"A bakery with orders, {mark}", "questionAnswers": answers}).expect()
    browser.open("/admin/leads")
    browser.type("#q", mark + Keys.ENTER)
    browser.see(f'#csv[href*="{mark}"]')
    browser.see("#said", "1 draft.")
    browser.click("#leads summary", "Ana Reyes")
    browser.click(".convert summary")
    browser.see(".convert [name=description]", mark)
    browser.click(".convert [type=submit]")
    browser.see('.convert [data-field="clientEmail"] .error', "needed")
    browser.screenshot("office-convert")
    assert browser.audit() == []
    browser.type(".convert [name=clientEmail]", f"{mark}@example.test")
    browser.click(".convert [type=submit]")
    browser.see("[data-converted]", "was mailed a link")
    assert browser.audit() == []
    browser.click("[data-converted] a", "Open the project")
    browser.wait_for_path("/projects/")


def test_home_says_what_waits_and_how_drafts_become_projects(site, browser, staff):
    site.sql("insert into leads (token_hash, service_type_id, step) select sha256(gen_random_uuid()::text::bytea), 1 + n % 3, 1 + n % 3 from generate_series(1, 24) n",
             tenant=site.tenant)
    browser.open("/admin")
    browser.see("#conversion svg")
    said = browser.run("return [...document.querySelectorAll('main svg[role=img]')].map((one) => [document.getElementById(one.getAttribute('aria-labelledby')).textContent, "
                       "document.getElementById(one.getAttribute('aria-describedby')).textContent])")
    assert [title for title, _ in said][:2] == ["Projects by status", "Money received by month"] and "In progress: " in said[0][1] and "Started: " in said[2][1]
    for part, cell in (("pipeline", "On hold"), ("revenue", browser.run("return new Intl.DateTimeFormat('en-PH', {month: 'long', year: 'numeric'}).format(new Date())"))):
        browser.tab_to(f"#{part} summary")
        browser.press(Keys.ENTER)
        browser.see(f"#{part} tbody th", cell)
    browser.see(".waits", "Payments to look at")
    browser.click("#conversion summary")
    browser.see("#conversion tbody th", "Landing Page")
    assert browser.audit_in("office-home", [(scheme, width) for scheme in ("light", "dark") for width in (1280, 360)]) == []
    browser.any_width()


@pytest.mark.expects(401, 422)
def test_an_option_s_price_is_written_seen_while_answering_and_paid(site, browser, staff):
    service = new_service(staff)
    browser.open(f"/admin/service?id={service['id']}")
    browser.click("#add-question")
    form = "#new-question form"
    field(browser, "questionText", "Which extras?", form)
    field(browser, "questionType", "Any of several choices", form)
    assert not browser.all(f"{form} [data-field=optionPrices]"), "no option, no price"
    field(browser, "options", "Logo\nCopy\nPhotos", form)
    browser.see(f"{form} .option-prices label", "Photos")
    for at, price in ((0, "5,000"), (2, "much")):
        browser.type(f"{form} #option-price-{at}", price)
    browser.see("#preview .adds", "+₱5,000")
    browser.click(f"{form} [type=submit]")
    browser.see(f"{form} [data-field=optionPrices] .error", "whole number of pesos")
    browser.screenshot("option-prices")
    assert browser.audit() == []
    browser.type(f"{form} #option-price-2", "-750")
    browser.click(f"{form} [type=submit]")
    browser.see("#questions li", "changes the price")
    # Written anew, a price stays with its option.
    field(browser, "options", "Photos\nLogo", "#questions form")
    assert browser.read("#questions .option-prices input", "value") == ["-750", "5000"]
    browser.click("#questions form [type=submit]")
    browser.see("#said", "is saved")

    browser.new_device()
    browser.open(f"/onboarding?serviceId={service['id']}")
    journey.describe(browser)
    browser.click("#next")
    assert browser.see("#service-total").text == "₱9,000"
    browser.click("[data-question=which_extras] .choice", "Logo")
    browser.see("#service-total", "₱14,000")
    browser.click("[data-question=which_extras] .choice", "Photos")
    browser.see("#service-total", "₱13,250")
    for width in (360, 1280):
        browser.width(width)
        browser.screenshot(f"option-prices-onboarding-{width}")
        assert browser.audit() == []
    browser.any_width()
    browser.click("#next")
    journey.leave_contact(browser)
    assert "₱13,250" in browser.see("[data-summary=total]").text and "+₱4,250" in browser.see("[data-summary='answer:which_extras']").text
    browser.screenshot("option-prices-summary")
    browser.click("#submit-onboarding")
    journey.create_account(browser)
    number = journey.project_id(browser)
    assert "(₱13,250)" in browser.see("#project-service", "₱").text
    browser.see("#answers .adds", "+₱4,250")
    assert site.one("select price, deposit_amount from projects where id = %s", number, tenant=site.tenant) == {"price": 13250, "deposit_amount": 6625}
