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
    browser.wait(lambda: browser.read("#projects li", "data-project-id") == [str(project)], about="one project is left")
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


def cards(browser, column):
    return [int(task) for task in browser.read(f"[data-column='{column}'] [data-card]", "data-card")]


def status_of(site, task):
    return site.one("select status from tasks where id = %s", task, tenant=site.tenant)


def test_a_card_is_moved_by_keyboard_and_by_pointer(site, browser, staff, project):
    from selenium.webdriver.common.action_chains import ActionChains
    browser.open(f"/admin/board?project={project}")
    browser.see("[data-card]")
    first, second, third = cards(browser, "pending")[:3]
    browser.run("arguments[0].focus()", browser.see(f"[data-card='{first}'] .grip"))
    browser.press(Keys.ENTER, Keys.ARROW_DOWN)
    browser.see("#said", "To do, 2 of")
    browser.press(Keys.ESCAPE)
    browser.see("#said", "Taken back. To do, 1 of")
    assert cards(browser, "pending")[:2] == [first, second]
    browser.press(Keys.SPACE, Keys.ARROW_DOWN, Keys.ENTER)
    browser.wait(lambda: cards(browser, "pending")[:2] == [second, first] and browser.run("return document.activeElement.className") == "grip", about="moved, and still in hand's reach")
    browser.press(Keys.ENTER, Keys.ARROW_RIGHT, Keys.ENTER)
    browser.wait(lambda: status_of(site, first) == "in-progress", about="the other column is another status")
    browser.see("#said", "In progress, 1 of 1.")
    browser.wait(lambda: browser.run("return document.activeElement.closest('[data-card]')?.dataset.card") == str(first), about="the focus goes with the card")
    card, column = browser.see(f"[data-card='{third}'] .grip"), browser.see("[data-column='completed'] h2")
    ActionChains(browser.driver).click_and_hold(card).move_by_offset(10, 10).move_to_element(column).release().perform()
    browser.wait(lambda: status_of(site, third) == "completed", about="dragged to the last column")
    browser.wait(lambda: cards(browser, "completed") == [third], about="and shown there")
    # From far down in a long column, the next one is beside it.
    last = cards(browser, "pending")[-1]
    grip = browser.see(f"[data-card='{last}'] .grip")
    browser.run("arguments[0].scrollIntoView({block: 'center'})", grip)
    x, y = browser.middle(grip)
    beside = browser.run("return document.querySelector(`[data-column='in-progress']`).getBoundingClientRect().x")
    assert browser.run("return document.querySelector(`[data-column='in-progress'] h2`).getBoundingClientRect().top") >= 0, "its name stays on view"
    ActionChains(browser.driver).click_and_hold(grip).move_by_offset(10, 0).move_by_offset(int(beside - x) + 50, 0).release().perform()
    browser.wait(lambda: status_of(site, last) == "in-progress", about="carried straight across")
    browser.screenshot("board")
    assert browser.audit() == []
    browser.width(360)
    browser.colours("dark")
    browser.screenshot("board-360-dark")
    assert browser.audit() == []


def test_a_card_is_carried_by_finger_on_a_phone_and_a_finger_that_moves_at_once_scrolls(site, browser, staff, project):
    browser.open(f"/admin/board?project={project}")
    browser.phone()
    browser.see("[data-card]")
    first, second, third = cards(browser, "pending")[:3]
    title = lambda task: browser.see(f"[data-card='{task}'] .task-open")
    browser.see(".by-finger", "Rest a finger")
    browser.run("document.querySelector('[data-card]').scrollIntoView({block: 'center'})")
    at = browser.run("return scrollY")
    browser.swipe(title(second), 0, -300)
    browser.wait(lambda: browser.run("return scrollY") > at + 100, about="the board scrolls")
    assert cards(browser, "pending")[:3] == [first, second, third] and not browser.all("dialog[open]")
    browser.run("document.querySelector('[data-card]').scrollIntoView({block: 'center'})")
    x, y = browser.middle(title(second))
    browser.carry(title(first), x, y + 30, hold=lambda: browser.see(f"[data-card='{first}'].lifted"))
    browser.wait(lambda: cards(browser, "pending")[:2] == [second, first] and not browser.all(".lifted"), about="it is put down below the second")
    browser.see("#said", "To do, 2 of")
    assert not browser.all("dialog[open]"), "putting down opens nothing"
    # By its dots at once; held near the lower edge, it takes the page along to the last column.
    grip = browser.see(f"[data-card='{first}'] .grip")
    browser.run("document.querySelector(`[data-column='completed'] h2`).scrollIntoView({block: 'start'})")
    below = browser.run("return scrollY")
    browser.run("arguments[0].scrollIntoView({block: 'center'})", grip)
    assert browser.run("return scrollY") < below - 700, "the last column is not on view"
    height = browser.run("return innerHeight")
    browser.carry(grip, 180, height - 6, rest=0, hold=lambda: browser.wait(lambda: cards(browser, "completed") == [first], about="it is over the last column"))
    browser.wait(lambda: status_of(site, first) == "completed", about="another status")
    browser.see("#said", "Done, 1 of 1")  # the board is drawn anew: what is touched before is gone
    # What the browser takes away (a call comes in) goes back to where it was.
    browser.run("document.querySelector('[data-card]').scrollIntoView({block: 'center'})")
    order = cards(browser, "pending")
    x, y = browser.middle(title(order[0]))
    browser.touch("Start", x, y)
    browser.see(".lifted")
    browser.slide(x, y, x, y + 160)
    browser.wait(lambda: cards(browser, "pending")[0] != order[0], about="on its way")
    browser.touch("Cancel")
    browser.see("#said", "Taken back. To do, 1 of")
    assert cards(browser, "pending") == order
    assert browser.audit() == []
    browser.screenshot("board-phone")


def test_what_was_typed_is_not_lost_unasked(browser, staff, project):
    browser.open(f"/admin/board?project={project}")
    title = browser.see(".task-open").text
    browser.click(".task-open")
    browser.see("#task-form")
    browser.press(Keys.ESCAPE)
    browser.wait(lambda: not browser.all("#task-form"), about="nothing was typed, so nothing is asked")
    browser.click(".task-open")
    browser.type("#task-form [name=title]", "As agreed")
    browser.press(Keys.ESCAPE)
    browser.see(".ask", "What you typed is not saved.")
    assert browser.run("return document.activeElement.textContent") == "Go on writing"
    browser.press(Keys.ENTER)
    browser.wait(lambda: not browser.all(".ask"), about="it goes on")
    assert browser.run("return document.activeElement.name") == "title" and browser.see("#task-form [name=title]").get_attribute("value") == "As agreed"
    browser.click("#task-close")
    browser.click(".ask button", "Close without saving")
    browser.wait(lambda: not browser.all("#task-form"), about="it is shut")
    assert browser.run("return document.activeElement.matches('.task-open')") and browser.see(".task-open").text == title


@pytest.mark.expects(409, 422)
def test_a_task_is_edited_added_and_retired(site, browser, staff, project):
    browser.open(f"/admin/board?project={project}")
    browser.see("[data-card]")
    first, second = cards(browser, "pending")[:2]
    site.sql("update tasks set dependencies = case id when %s then jsonb_build_array(%s) else '[]' end where id in (%s, %s)", second, first, first, second, tenant=site.tenant)
    browser.open(f"/admin/board?project={project}")
    browser.click(f"[data-card='{first}'] .task-open")
    spent = browser.see("#task-form [name=spentHours]")
    spent.clear()
    spent.send_keys("2,5")
    browser.run("arguments[0].click()", browser.see(f"#task-form [name=dependencies][value='{second}']"))
    browser.click("#task-form [type=submit]")
    circle = browser.see("[data-field=dependencies] .error", "would be a circle")
    assert browser.run("const { top, bottom } = arguments[0].getBoundingClientRect(); return top >= 0 && bottom <= innerHeight", circle), "it can be read where the keyboard is"
    browser.screenshot("board-circle")
    assert browser.audit() == []
    browser.run("arguments[0].click()", browser.see(f"#task-form [name=dependencies][value='{second}']"))
    site.signed_in(*site.account("admin")).patch(f"/api/tasks/{first}", {"status": "in-progress"}).expect()
    browser.click("#task-form [type=submit]")
    browser.see("#task-form [data-form-error]", "changed this task meanwhile")
    browser.click("#task-form [type=submit]")
    browser.wait(lambda: not browser.all("#task-form"), about="saved over what is known now")
    assert site.one("select spent_hours, status from tasks where id = %s", first, tenant=site.tenant) == {"spent_hours": 2.5, "status": "in-progress"}

    browser.click("#add")
    browser.type("#task-form [name=title]", "Write the menu")
    browser.type("#task-form [name=description]", "Done when the client has read it.")
    browser.click("#task-form [type=submit]")
    browser.see(".task-open", "Write the menu")
    made = cards(browser, "pending")[-1]
    browser.click(f"[data-card='{made}'] .task-open")
    browser.click("#retire")
    browser.see("#task-form [data-said]", "can be brought back")
    browser.click("#retire", "Yes, retire it")
    browser.see("#retired summary", "Retired tasks (1)")
    assert made not in cards(browser, "pending")
    browser.click("#retired summary")
    browser.click(f"[data-retired='{made}'] button")
    browser.wait(lambda: cards(browser, "pending")[-1:] == [made], about="it is back")
    journey.choose(browser.see("#project-status"), "On hold")
    browser.wait(lambda: site.one("select status from projects where id = %s", project, tenant=site.tenant) == "on-hold", about="the project's status")


def test_a_plan_is_written_anew_chosen_from_and_brought_back(site, browser, staff, project):
    first = site.one("select id from tasks where project_id = %s order by \"order\" limit 1", project, tenant=site.tenant)
    staff.patch(f"/api/tasks/{first}", {"status": "completed"}).expect()
    site.sql("update tasks set title = 'Nobody else would write this' where id = (select id from tasks where project_id = %s order by \"order\" desc limit 1)", project, tenant=site.tenant)
    second = site.one("update tasks set description = 'As it was by hand' where id = (select id from tasks where project_id = %s order by \"order\" offset 1 limit 1) returning id", project, tenant=site.tenant)
    browser.open(f"/admin/board?project={project}")
    browser.click("#to-plan")
    browser.type("#wishes", "A calmer tone")
    browser.click("#anew-form [type=submit]")
    browser.see("#preview .prompt", "A calmer tone")
    browser.screenshot("plan-prompt")
    assert browser.audit() == []
    browser.click("#send")
    browser.see("#choose")
    browser.see("#choose", "Only in the plan as it is")
    words = browser.see(f"[data-row=task-{second}] .changes").text
    assert words.startswith("Description") and "As it was by hand" in words, "what the new words are is seen before they are taken"
    kept = browser.see(f"[data-row=task-{first}]")
    assert not kept.find_elements("css selector", ".changes, [value=take]"), "where nothing differs there is nothing to take"
    browser.screenshot("plan-choose")
    assert browser.audit() == []
    browser.width(360)
    browser.colours("dark")
    browser.screenshot("plan-choose-360-dark")
    assert browser.audit() == []
    browser.colours("light")
    browser.any_width()
    browser.click("#choose [type=submit]", "Apply what is chosen")
    browser.see("#said", "The plan is changed")
    assert status_of(site, first) == "completed"
    assert site.one("select retired_at is not null from tasks where title = 'Nobody else would write this' and project_id = %s", project, tenant=site.tenant)
    browser.click("[data-version='1'] summary")
    browser.see("[data-version='1'] details ol li")
    browser.click("[data-restore='2']")
    browser.see("#said", "Version 2 is back")
    assert not site.one("select retired_at is not null from tasks where title = 'Nobody else would write this' and project_id = %s", project, tenant=site.tenant)
    assert browser.audit() == []
    browser.click(".office-nav a", "AI usage")
    browser.see("#months tr")
    browser.screenshot("usage")
    assert browser.audit() == []
