"""Tasks: staff set their status, and everybody sees it."""
from types import SimpleNamespace

import pytest

import onboarding
from people import new_person


@pytest.fixture(scope="module")
def project(site):
    client = new_person(site)
    number = onboarding.create(client)
    return SimpleNamespace(client=client, id=number, tasks=onboarding.wait_for_plan(client, number)["tasks"])


@pytest.mark.parametrize("status", ["in-progress", "completed", "pending"])
def test_staff_set_the_status_and_the_client_sees_it(staff, project, status):
    task = project.tasks[0]["id"]
    assert staff.patch(f"/api/tasks/{task}", {"status": status}).expect(200) == {"id": task, "status": status}
    seen = project.client.get(f"/api/projects/{project.id}/details").expect()["tasks"]
    assert next(t["status"] for t in seen if t["id"] == task) == status


def test_completed_tasks_are_counted_in_the_list(staff, project):
    staff.patch(f"/api/tasks/{project.tasks[1]['id']}", {"status": "completed"}).expect(200)
    listed = next(p for p in project.client.get("/api/projects").expect()["projects"] if p["id"] == project.id)
    assert listed["tasks"]["total"] == len(project.tasks) and listed["tasks"]["completed"] >= 1


@pytest.mark.parametrize("body", [{"status": "done"}, {"status": ""}, {"status": None}, {"status": 1}, {}])
def test_another_status_is_refused(staff, project, body):
    staff.patch(f"/api/tasks/{project.tasks[2]['id']}", body).problem(422, "status")


def test_clients_do_not_set_a_status(project, visitor, stranger):
    path = f"/api/tasks/{project.tasks[0]['id']}"
    project.client.patch(path, {"status": "completed"}).problem(403)
    stranger.patch(path, {"status": "completed"}).problem(403)
    visitor.patch(path, {"status": "completed"}).problem(401)


def test_a_task_that_is_not_there_is_404(staff):
    staff.patch("/api/tasks/99999999", {"status": "completed"}).problem(404)
    staff.patch("/api/tasks/abc", {"status": "completed"}).problem(404)


def test_the_other_agency_cannot_reach_it(site, project, other_staff):
    task = project.tasks[3]["id"]
    before = site.one("select status from tasks where id = %s", task, tenant=site.tenant)
    answer = other_staff.patch(f"/api/tasks/{task}", {"status": "completed"})
    assert answer.status == 404 and site.one("select status from tasks where id = %s", task, tenant=site.tenant) == before
