"""Timeline: a project's tasks on working days, its milestones, what the client is asked for, and what staff set."""
import json
from datetime import date, timedelta
from types import SimpleNamespace

import pytest

import onboarding
from people import new_person


def day(text):
    return date.fromisoformat(text)


@pytest.fixture
def project(site):
    client = new_person(site)
    number = onboarding.create(client)
    return SimpleNamespace(client=client, id=number, tasks=onboarding.wait_for_plan(client, number)["tasks"], path=f"/api/projects/{number}/timeline")


def timeline(project, client=None):
    return (client or project.client).get(project.path).expect()


def paid(site, project):
    """As after a deposit: the money itself is the payments' concern."""
    site.sql("insert into ledger (project_id, part, kind, amount, actor) select id, 'deposit', 'opening', deposit_amount * 100, 'test' from projects where id = %s",
             project.id, tenant=site.tenant)


def milestones(line):
    return {(one["key"], one["title"]): one for one in line["milestones"]}


def test_every_task_is_placed_on_working_days_after_what_it_waits_for(site, project):
    line = timeline(project)
    off = {one["date"] for one in line["daysOff"]}
    placed = {one["id"]: one for one in line["tasks"]}
    assert set(placed) == {task["id"] for task in project.tasks}
    for task in project.tasks:
        one = placed[task["id"]]
        assert line["today"] <= one["start"] <= one["end"], one
        for edge in ("start", "end"):
            assert day(one[edge]).isoweekday() in line["workingDays"] and one[edge] not in off, one
        assert one["after"] == task["dependencies"] or set(one["after"]) == set(task["dependencies"])
        for before in task["dependencies"]:
            assert placed[before]["end"] <= one["start"], (placed[before], one)
    assert line["finish"]["date"] == max(one["end"] for one in line["tasks"])
    assert line["finish"]["earliest"] <= line["finish"]["date"] <= line["finish"]["latest"]
    assert any(one["critical"] for one in line["tasks"])
    assert line == timeline(project), "the same project has the same timeline"


def test_milestones_are_deposit_start_sections_and_completion(project):
    line = timeline(project)
    sections = list(dict.fromkeys(task["section"] for task in project.tasks))
    assert [one["key"] for one in line["milestones"]] == ["deposit", "start", *["section"] * len(sections), "completion"]
    assert {one["title"] for one in line["milestones"] if one["key"] == "section"} == set(sections)
    ends = [one["date"] for one in line["milestones"] if one["key"] == "section"]
    assert ends == sorted(ends)
    for section in sections:
        ends = [one["end"] for one in line["tasks"] if one["section"] == section]
        assert milestones(line)["section", section]["date"] == max(ends)
    assert milestones(line)["deposit", "Deposit"] | {"title": ""} == {"key": "deposit", "title": "", "date": None, "done": False, "promised": None, "late": False}


def test_a_deposit_that_is_not_paid_is_waited_for_and_costs_days(site, project):
    site.sql("update projects set created_at = now() - interval '21 days' where id = %s", project.id, tenant=site.tenant)
    waiting = timeline(project)["waiting"]
    assert [one["kind"] for one in waiting] == ["deposit"]
    assert waiting[0]["waitedDays"] == waiting[0]["movedDays"] and 10 <= waiting[0]["waitedDays"] <= 15
    assert waiting[0]["weekLaterDays"] == 5
    paid(site, project)
    line = timeline(project)
    assert line["waiting"] == [] and milestones(line)["deposit", "Deposit"]["done"]


def test_facts_replace_the_forecast(site, staff, project):
    first, second = project.tasks[0]["id"], project.tasks[1]["id"]
    staff.patch(f"/api/tasks/{first}", {"status": "completed"}).expect()
    staff.patch(f"/api/tasks/{second}", {"status": "in-progress"}).expect()
    site.sql("update tasks set started_at = now() - interval '40 days', completed_at = now() - interval '33 days' where id = %s", first, tenant=site.tenant)
    line = timeline(project)
    done, running = (next(one for one in line["tasks"] if one["id"] == number) for number in (first, second))
    assert (day(done["end"]) - day(done["start"])).days == 7 and day(done["end"]) < day(line["today"]) and not done["critical"]
    assert running["start"] == line["today"] <= running["end"]
    assert line["begun"] and milestones(line)["start", "Work begins"]["done"]
    staff.patch(f"/api/tasks/{first}", {"status": "pending"}).expect()
    again = next(one for one in timeline(project)["tasks"] if one["id"] == first)
    assert again["start"] >= line["today"], "a task that is to do again has no past"


def test_staff_set_start_and_promises_and_everybody_sees_what_is_late(staff, project):
    start = day(timeline(project)["today"]) + timedelta(days=30)
    section = project.tasks[0]["section"]
    path = f"/api/projects/{project.id}"
    answer = staff.patch(path, {"startDate": start.isoformat(), "deadline": "2100-01-01", "sectionDeadlines": {section: start.isoformat()}}).expect()
    assert answer == {"id": project.id, "status": "pending", "startDate": start.isoformat(), "deadline": "2100-01-01"}
    line = timeline(project)
    assert line["plannedStart"] == start.isoformat() and line["deadline"] == "2100-01-01"
    assert min(one["start"] for one in line["tasks"]) >= start.isoformat()
    assert milestones(line)["section", section]["promised"] == start.isoformat() and milestones(line)["section", section]["late"]
    assert not milestones(line)["completion", "Completion"]["late"]
    staff.patch(path, {"startDate": None, "deadline": None, "sectionDeadlines": {section: None}}).expect()
    line = timeline(project)
    assert line["plannedStart"] is line["deadline"] is milestones(line)["section", section]["promised"] is None


def test_a_completed_project_ends_where_it_ended_and_waits_for_the_balance(site, staff, project):
    paid(site, project)
    assert staff.patch(f"/api/projects/{project.id}", {"status": "completed"}).expect()["status"] == "completed"
    site.sql("update projects set completed_at = now() - interval '9 days' where id = %s", project.id, tenant=site.tenant)
    line = timeline(project)
    assert line["finish"]["certain"] and line["finish"]["earliest"] == line["finish"]["latest"] == line["finish"]["date"] < line["today"]
    assert milestones(line)["completion", "Completion"]["done"]
    assert [(one["kind"], one["since"], one["weekLaterDays"]) for one in line["waiting"]] == [("balance", line["finish"]["date"], 0)]
    assert staff.patch(f"/api/projects/{project.id}", {"status": "on-hold"}).expect()["status"] == "on-hold"
    assert not timeline(project)["finish"]["certain"]


@pytest.mark.parametrize("body, field", [
    ({}, "status"), ({"status": "done"}, "status"), ({"status": ""}, "status"), ({"startDate": "tomorrow"}, "startDate"), ({"deadline": "2026-02-30"}, "deadline"),
    ({"deadline": 20270101}, "deadline"), ({"sectionDeadlines": ["x"]}, "sectionDeadlines"), ({"sectionDeadlines": {"Design": "soon"}}, "sectionDeadlines.Design"),
    ({"sectionDeadlines": {"Nowhere": "2027-01-04"}}, "sectionDeadlines.Nowhere"),
])
def test_what_is_wrong_is_named(staff, member, body, field):
    staff.patch(f"/api/projects/{member.project}", body).problem(422, field)


def test_what_the_client_is_asked_for_holds_up_its_task(site, staff, project):
    paid(site, project)
    task = timeline(project)["tasks"][0]
    made = staff.post(f"/api/projects/{project.id}/asks", {"kind": "file", "title": "Your logo as SVG or PDF", "taskId": task["id"]}).expect(201)
    waiting = timeline(project)["waiting"]
    assert waiting == [{"kind": "file", "since": timeline(project)["today"], "waitedDays": 0, "movedDays": 0, "weekLaterDays": waiting[0]["weekLaterDays"],
                        "id": made["id"], "title": "Your logo as SVG or PDF", "taskId": task["id"]}]
    path = f"/api/projects/{project.id}/asks/{made['id']}"
    assert project.client.patch(path, {"done": True}).expect() == {"id": made["id"], "done": True}
    line = timeline(project)
    assert line["waiting"] == [] and [one["title"] for one in line["given"]] == ["Your logo as SVG or PDF"]
    project.client.patch(path, {"done": False}).expect()
    assert len(timeline(project)["waiting"]) == 1


def test_an_answer_that_everything_waits_for_moves_the_finish_week_by_week(site, staff, project):
    paid(site, project)
    staff.post(f"/api/projects/{project.id}/asks", {"kind": "answer", "title": "Which domain do you want?"}).expect(201)
    assert timeline(project)["waiting"][0]["weekLaterDays"] == 5


def test_asks_are_checked_and_have_a_limit(site, staff, project, member, stranger):
    path = f"/api/projects/{project.id}/asks"
    staff.post(path, {"kind": "money", "title": "Cash"}).problem(422, "kind")
    staff.post(path, {"kind": "file", "title": "ab"}).problem(422, "title")
    staff.post(path, {"kind": "file", "title": "A photo", "taskId": member.details["tasks"][0]["id"]}).problem(422, "taskId")
    project.client.post(path, {"kind": "file", "title": "A photo"}).problem(403)
    staff.post("/api/projects/99999999/asks", {"kind": "file", "title": "A photo"}).problem(404)
    made = staff.post(path, {"kind": "approval", "title": "The first design"}).expect(201)["id"]
    staff.patch(f"{path}/{made}", {"done": "yes"}).problem(422, "done")
    member.client.patch(f"/api/projects/{member.project}/asks/{made}", {"done": True}).problem(404)
    stranger.patch(f"{path}/{made}", {"done": True}).problem(404)
    site.sql("insert into asks (project_id, kind, title, asked_by) select %s, 'file', 'More', 'x' from generate_series(1, 39)", project.id, tenant=site.tenant)
    staff.post(path, {"kind": "file", "title": "One too many"}).problem(409)


def test_a_plan_of_another_time_with_a_knot_in_it_is_still_shown(site, project):
    """Older projects may wait in a circle, or for tasks that are gone."""
    a, b = project.tasks[0]["id"], project.tasks[1]["id"]
    site.sql("update tasks set dependencies = %s where id = %s", json.dumps([b, 99999999, a]), a, tenant=site.tenant)
    site.sql("update tasks set dependencies = %s where id = %s", json.dumps([a]), b, tenant=site.tenant)
    try:
        line = timeline(project)
        assert len(line["tasks"]) == len(project.tasks)
        assert sum(len(one["after"]) for one in line["tasks"] if one["id"] in (a, b)) == 1
    finally:  # what always holds is looked at when all tests are done
        site.sql("update tasks set dependencies = '[]' where id = any(%s)", [a, b], tenant=site.tenant)


def test_before_there_is_a_plan_there_is_no_forecast(site, project):
    empty = site.one("""insert into projects (user_id, service_type_id, name, service, description, client_name, client_email, price, deposit_amount)
                        select user_id, service_type_id, name, service, description, client_name, client_email, price, deposit_amount
                        from projects where id = %s returning id""", project.id, tenant=site.tenant)
    try:
        line = project.client.get(f"/api/projects/{empty}/timeline").expect()
        assert line["finish"] is None and line["tasks"] == [] and [one["key"] for one in line["milestones"]] == ["deposit"]
    finally:
        site.sql("delete from projects where id = %s", empty, tenant=site.tenant)
