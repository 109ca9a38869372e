"""The timeline on the project page: read as a picture and as a table, on a desk and in a hand; staff set it, the client settles what is asked."""
import pytest
from selenium.webdriver.common.keys import Keys

import journey
from people import new_person


@pytest.fixture(scope="module")
def world(site):
    client = new_person(site)
    project = journey.planned_project(site, client)
    return {"client": client, "staff": site.signed_in(*site.account("member")), "project": project}


@pytest.fixture(scope="module")
def under_way(site, world):
    """A project in the middle of its work: paid, some tasks done, one begun, a deadline, something asked for."""
    client = new_person(site)
    project = journey.planned_project(site, client)
    tasks = [row["id"] for row in site.sql('select id from tasks where project_id = %s order by "order"', project, tenant=site.tenant)]
    site.sql("insert into ledger (project_id, part, kind, amount, actor) select id, 'deposit', 'opening', deposit_amount * 100, 'test' from projects where id = %s",
             project, tenant=site.tenant)
    site.sql("update projects set status = 'in-progress', end_date = now() + interval '3 days', "
             "created_at = now() - interval '20 days' where id = %s", project, tenant=site.tenant)
    for number, task in enumerate(tasks[:5]):
        site.sql("update tasks set status = %s, started_at = now() - make_interval(days => %s) where id = %s",
                 "completed" if number < 4 else "in-progress", 14 - 3 * number, task, tenant=site.tenant)
    site.sql("update tasks set completed_at = started_at + interval '2 days' where id = any(%s)", tasks[:4], tenant=site.tenant)
    world["staff"].post(f"/api/projects/{project}/asks", {"kind": "file", "title": "Your logo as SVG or PDF", "taskId": tasks[6]}).expect(201)
    world["staff"].post(f"/api/projects/{project}/asks", {"kind": "approval", "title": "The first design"}).expect(201)
    return {"client": client, "project": project, "tasks": tasks}


def visit(site, browser, person, project):
    journey.signed_in_device(browser, site, person)
    browser.open(f"/projects/{project}")
    browser.see("#timeline-finish-range")


def rows(browser):
    return browser.run("""return [...document.querySelectorAll('#timeline-table tbody tr[data-task-row]')].map((row) =>
        [...row.cells].map((cell) => cell.textContent))""")


def test_the_picture_and_the_table_say_the_same(site, browser, world):
    visit(site, browser, world["client"], world["project"])
    line = world["client"].get(f"/api/projects/{world['project']}/timeline").expect()
    browser.see("#timeline-chart svg")
    assert len(rows(browser)) == len(line["tasks"]) == browser.run("return document.querySelectorAll('#timeline-chart .tl-bar').length")
    said = browser.run("return [...document.querySelectorAll('#timeline-chart .tl-bar title')].map((one) => one.textContent)")
    for task, row in zip([one for name in dict.fromkeys(t["section"] for t in line["tasks"]) for one in line["tasks"] if one["section"] == name], rows(browser)):
        assert task["title"] in row[0] and f"{task['title']}: {row[1]} to {row[2]}" in " ".join(said)
    assert "The deposit" in browser.see("#timeline-waiting").text and "Each week that it takes moves the finish by 5 working days more." in browser.see("#timeline-waiting").text
    browser.tab_to("#timeline-switch button", "Table")
    browser.press(Keys.ENTER)
    browser.see("#timeline-table th[scope=row]")
    assert browser.all("#timeline-chart svg") == [] and browser.see("#timeline-switch [value=table]").get_attribute("aria-pressed") == "true"


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_a_project_under_way_is_readable_on_a_desk_and_in_a_hand(site, browser, under_way, scheme):
    browser.colours(scheme)
    browser.width(1280, 900)
    visit(site, browser, under_way["client"], under_way["project"])
    browser.see("#timeline-chart svg")
    browser.run("document.querySelector('#timeline').scrollIntoView()")
    browser.screenshot(f"timeline-{scheme}")
    wrong = browser.audit()
    browser.width(360)
    browser.driver.refresh()
    browser.see("#timeline-table th[scope=row]")
    assert browser.all("#timeline-chart svg") == [], "a phone begins with the table"
    browser.screenshot(f"timeline-{scheme}-360")
    wrong += [f"at 360 px: {line}" for line in browser.audit() if line not in wrong]
    browser.click("#timeline-switch [value=chart]")
    browser.see("#timeline-chart svg")
    assert browser.run("const place = document.querySelector('#timeline-chart'); return place.scrollWidth > place.clientWidth && place.tabIndex === 0"), "it scrolls, also by keyboard"
    wrong += [f"chart at 360 px: {line}" for line in browser.audit() if line not in wrong]
    browser.screenshot(f"timeline-chart-{scheme}-360")
    assert wrong == [], "\n".join(wrong)
    assert "which the plan does not meet" in browser.see("#timeline-finish").text


def test_the_client_settles_what_was_asked_and_may_take_it_back(site, browser, under_way):
    visit(site, browser, under_way["client"], under_way["project"])
    browser.see('[data-waiting="approval"]', "The first design")
    assert browser.see("#now-title").text == "What needs you now"
    browser.click('[data-waiting="approval"] button', "Approve")
    browser.wait(lambda: not browser.all('[data-waiting="approval"]'))
    browser.wait(lambda: "The first design: settled." in browser.run("return document.querySelector('#timeline-said').textContent"))
    browser.click("#timeline-given summary")
    browser.click("#timeline-given button", "Open again")
    browser.see('[data-waiting="approval"]', "The first design")


@pytest.mark.expects(422)
def test_staff_set_dates_and_ask_the_client(site, browser, world):
    visit(site, browser, world["staff"], world["project"])
    browser.click("#timeline-staff summary")
    browser.see("#dates-form")
    browser.screenshot("timeline-staff")
    browser.run("document.querySelector('#set-start').value = '2098-01-06'; document.querySelector('#set-deadline').value = '2098-01-08'")
    browser.click("#dates-form button[type=submit]")
    browser.see("#dates-form [data-saved]", "Saved.")
    browser.see("#timeline-finish-more", "Promised for Jan 8, 2098, which the plan does not meet")
    browser.type("#ask-title", "ab")
    browser.click("#ask-form button[type=submit]")
    browser.see('#ask-form [data-field="title"] .error')
    browser.type("#ask-title", "Your opening hours")
    browser.click("#ask-form button[type=submit]")
    browser.see('[data-waiting="file"]', "Your opening hours")
    browser.run("document.querySelector('#set-start').value = ''; document.querySelector('#set-deadline').value = ''")
    browser.click("#dates-form button[type=submit]")
    browser.wait(lambda: "2098" not in browser.see("#timeline").text)


def test_a_task_that_is_done_moves_the_timeline_at_once(site, browser, world):
    visit(site, browser, world["staff"], world["project"])
    task = browser.run("return document.querySelector('#tasks-list [data-task-id]').dataset.taskId")
    control = browser.see(f"#status-{task}")
    browser.run("arguments[0].scrollIntoView({block: 'center'})", control)
    control.send_keys("Done")
    browser.wait(lambda: browser.run(f"return document.querySelector('[data-task-row=\"{task}\"] td:last-child').textContent") == "Done")
    world["staff"].patch(f"/api/tasks/{task}", {"status": "pending"}).expect()


def test_on_paper_the_chart_is_there_whole(site, browser, under_way):
    visit(site, browser, under_way["client"], under_way["project"])
    browser.click("#timeline-switch [value=table]")
    browser.cdp("Emulation.setEmulatedMedia", media="print")
    try:
        assert browser.run("const place = document.querySelector('#timeline-chart svg'); return place.getBoundingClientRect().height > 100")
    finally:
        browser.cdp("Emulation.setEmulatedMedia", media="")


def test_an_administrator_keeps_the_calendar(site, browser):
    journey.signed_in_device(browser, site, site.signed_in(*site.account("admin")))
    browser.open("/admin/calendar")
    browser.see("#days [data-day$='-12-25']", "Christmas Day")
    browser.run("document.querySelector('#day').value = '2035-05-05'")
    browser.type("#day-name", "Anniversary of the agency")
    browser.click("#day-form button[type=submit]")
    browser.see("[data-day='2035-05-05']", "Anniversary of the agency")
    browser.click("[data-day='2035-05-05'] button", "Remove")
    browser.wait(lambda: not browser.all("[data-day='2035-05-05']"))
    browser.see("#year-title", "Days off in 2035")
    browser.type("#hours", "7.5")
    browser.click("#hours-form button[type=submit]")
    browser.wait(lambda: float(site.one("select hours_per_day from settings", tenant=site.tenant)) == 7.5)
    browser.see("#hours-submit:not([aria-disabled=true])", "Save")
    browser.wait(lambda: browser.run("return document.querySelector('#hours-submit').textContent") == "Save")
    browser.type("#hours", "8")
    browser.click("#hours-form button[type=submit]")
    browser.wait(lambda: float(site.one("select hours_per_day from settings", tenant=site.tenant)) == 8)


def current(browser):
    return browser.run("return document.querySelector('#parts [aria-current]')?.hash ?? ''")


@pytest.mark.parametrize("width", [1280, 360])
def test_the_list_of_parts_stays_in_view_and_says_where_one_is(site, browser, under_way, width):
    browser.width(width, 800)
    visit(site, browser, under_way["client"], under_way["project"])
    parts = browser.run("return [...document.querySelectorAll('#parts a:not([hidden])')].map((link) => link.hash)")
    tops = browser.run("return arguments[0].map((hash) => document.querySelector(hash).getBoundingClientRect().top)", parts)
    assert tops == sorted(tops) and parts[:4] == ["#now", "#document", "#tasks", "#timeline"] and parts[-1] == "#activity"
    for part in ("#tasks", "#timeline", parts[-1]):
        browser.tab_to(f'#parts a[href="{part}"]') if part == "#tasks" else browser.run("document.querySelector(`#parts a[href='${arguments[0]}']`).focus()", part)
        browser.press(Keys.ENTER)
        browser.wait(lambda: current(browser) == part, about=f"{part} is not marked")
        box = browser.run("const box = document.querySelector('#parts [aria-current]').getBoundingClientRect(); return [box.top, box.left, box.right, innerWidth]")
        assert box[0] <= 4 and box[1] >= 0 and box[2] <= box[3] + 1, box
        title = browser.run("return document.querySelector(arguments[0]).getBoundingClientRect().top", part)
        assert part == parts[-1] or 40 <= title <= 120, "the part begins below the list, not under it"
    browser.run("scrollTo(0, 0)")
    browser.wait(lambda: current(browser) in ("", "#now"))


def test_nothing_jumps_when_the_page_fills(site, browser, under_way):
    """Cumulative layout shift, as the browser itself counts it, on a slow line."""
    journey.signed_in_device(browser, site, under_way["client"])
    browser.cdp("Page.addScriptToEvaluateOnNewDocument", source="""
        self.shifts = []; new PerformanceObserver((list) => self.shifts.push(...list.getEntries().map((one) => [one.value, one.sources?.[0]?.node?.id ?? '']))).observe({type: 'layout-shift', buffered: true});""")
    browser.network(latency=150)
    try:
        for width in (1280, 360):
            browser.width(width, 800)
            browser.open(f"/projects/{under_way['project']}")
            browser.see("#activity-list [data-activity]")
            browser.run("return new Promise((done) => setTimeout(done, 400))")
            shifts = browser.run("return self.shifts")
            assert sum(value for value, _ in shifts) < 0.02, shifts
    finally:
        browser.network()
