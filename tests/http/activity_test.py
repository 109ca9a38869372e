"""The log of a project: who did what, seen by both sides, and what is internal by the agency alone."""
import psycopg2
import pytest

import onboarding


def entries(client, project, **query):
    words = "&".join(f"{name}={value}" for name, value in query.items())
    return client.get(f"/api/projects/{project}/activity?{words}").expect()


def note(site, project, kind, internal=False, actor=None):
    return site.one("insert into activity (project_id, kind, internal, actor_id) values (%s, %s, %s, %s) returning id", project, kind, internal, actor, tenant=site.tenant)


@pytest.fixture
def mine(sign_up):
    """Somebody with a project whose plan is ready."""
    client = sign_up()
    project = onboarding.create(client)
    onboarding.wait_for_plan(client, project)
    return client, project


def test_a_project_tells_how_it_began(mine):
    client, project = mine
    rows = entries(client, project)["activity"]
    assert [row["kind"] for row in rows] == ["plan-ready", "project-created"]
    ready, made = rows
    assert made["actor"] == {"name": client.user["name"], "role": "client", "me": True}
    assert ready["actor"] is None and ready["data"]["tasks"] >= 15 and ready["data"]["draft"] is False
    assert made["at"] <= ready["at"]


def test_a_changed_task_is_noted_with_who_did_it_and_an_unchanged_one_is_not(mine, staff):
    client, project = mine
    task = onboarding.wait_for_plan(client, project)["tasks"][0]
    for status in ("in-progress", "in-progress", "completed"):
        staff.patch(f"/api/tasks/{task['id']}", {"status": status}).expect()
    rows = [row for row in entries(client, project)["activity"] if row["kind"] == "task-status"]
    assert [(row["data"]["from"], row["data"]["to"]) for row in rows] == [("in-progress", "completed"), ("pending", "in-progress")]
    assert all(row["data"]["title"] == task["title"] and row["actor"] == {"name": staff.user["name"], "role": "staff", "me": False} for row in rows)


def test_what_is_internal_is_for_the_agency_alone(site, mine, staff):
    client, project = mine
    note(site, project, "note-added", internal=True)
    assert "note-added" not in [row["kind"] for row in entries(client, project)["activity"]]
    assert [(row["kind"], row["internal"]) for row in entries(staff, project)["activity"]][0] == ("note-added", True)


def test_pages_follow_one_another_without_gap_or_repeat_while_the_log_grows(site, mine):
    client, project = mine
    for number in range(7):
        note(site, project, f"event-{number}", internal=number % 3 == 0)
    seen, cursor = [], ""
    while True:
        page = entries(client, project, limit=2, cursor=cursor)
        seen += [row["id"] for row in page["activity"]]
        note(site, project, "later")
        cursor = page["next"]
        if cursor is None:
            break
    everything = [row["id"] for row in entries(client, project, limit=100)["activity"] if row["kind"] != "later"]
    assert seen == everything and len(seen) == 2 + 4


@pytest.mark.parametrize("query", ["cursor=x", "sort=luck", "limit=0", "limit=101", "limit=x"])
def test_a_wrong_page_is_refused_by_its_field(mine, query):
    client, project = mine
    answer = client.get(f"/api/projects/{project}/activity?{query}")
    answer.problem(400, query.partition("=")[0])


@pytest.mark.parametrize("change", ["update activity set kind = 'other'", "delete from activity", "truncate activity"])
def test_nobody_changes_the_log_not_even_its_owner(site, mine, change):
    with pytest.raises(psycopg2.errors.RestrictViolation):
        site.sql(change, tenant=site.tenant)


def test_the_programs_may_not_even_try(site, mine):
    with psycopg2.connect(site.env()["DATABASE_URL"]) as session, session.cursor() as cursor:
        for change in ("update activity set kind = 'other'", "delete from activity"):
            cursor.execute("set local role lunaxcode")
            with pytest.raises(psycopg2.errors.InsufficientPrivilege):
                cursor.execute(change)
            session.rollback()
