"""The log of a project on its page."""
import journey


def test_the_log_shows_who_did_what_and_older_pages_on_demand(site, browser, sign_up):
    client = sign_up()
    project = journey.planned_project(site, client)
    for number in range(20):
        site.sql("insert into activity (project_id, kind, data, internal) values (%s, 'file-uploaded', jsonb_build_object('name', %s::text), %s)",
                 project, f"<b>menu {number}</b>.pdf", number == 3, tenant=site.tenant)
    journey.signed_in_device(browser, site, client)
    browser.open(f"/projects/{project}")
    browser.see("#activity-list [data-activity]", "The file “<b>menu 19</b>.pdf” was added")
    assert len(browser.all("#activity-list li")) == 15
    browser.click("#activity-more")
    browser.see("#activity-list [data-activity='project-created']", "You started the project")
    assert len(browser.all("#activity-list li")) == 21 and "menu 3<" not in browser.words(), "what is internal is not shown"
    assert not browser.all("#activity-more")
