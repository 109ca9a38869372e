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


NEW = {"title": "One more thing", "description": "It is done when it is there.", "section": "Design", "priority": "low", "estimatedHours": 3}


@pytest.fixture
def plan(site, staff):
    """A fresh plan: the tasks of its board, by place; reads them again when called."""
    client = new_person(site)
    number = onboarding.create(client)
    onboarding.wait_for_plan(client, number)

    def board():
        return staff.get(f"/api/projects/{number}/tasks").expect()
    board.id, board.client = number, client
    return board


def test_an_edit_is_held_against_the_version_that_it_was_made_from(site, staff, admin, plan):
    task = plan()["tasks"][0]
    path = f"/api/tasks/{task['id']}"
    other = "low" if task["priority"] != "low" else "high"
    saved = staff.patch(path, {"version": task["version"], "title": "Another name", "estimatedHours": 199, "spentHours": 2.25, "priority": other}).expect()
    assert (saved["title"], saved["estimatedHours"], saved["spentHours"], saved["priority"], saved["version"]) == ("Another name", 199, 2.25, other, task["version"] + 1)
    problem = admin.patch(path, {"version": task["version"], "title": "Mine"}).problem(409)
    assert "Member changed this task meanwhile" in problem["detail"]
    assert staff.get(path).expect() == saved
    seen = next(t for t in plan.client.get(f"/api/projects/{plan.id}/details").expect()["tasks"] if t["id"] == task["id"])
    assert seen["title"] == "Another name" and "spentHours" not in seen, "clients see the plan, not the hours it took"
    staff.patch(path, {"version": saved["version"], "spentHours": 4}).expect()
    kinds = [(a["kind"], a["data"].get("fields")) for a in plan.client.get(f"/api/projects/{plan.id}/activity").expect()["activity"]]
    assert ("task-edited", ["title", "priority", "estimatedHours", "spentHours"]) in kinds and ("task-edited", ["spentHours"]) not in kinds


@pytest.mark.parametrize("field, value", [("title", "ab"), ("title", "a\nb c"), ("title", "x" * 161), ("description", "short"), ("section", "Garden"), ("priority", "urgent"),
                                          ("estimatedHours", 0), ("estimatedHours", 2.5), ("estimatedHours", 201), ("spentHours", -1), ("spentHours", "2"), ("spentHours", 10001),
                                          ("dependencies", "all"), ("dependencies", [99999999]), ("status", "done")])
def test_what_a_task_cannot_be_is_refused_by_field(staff, project, field, value):
    task = staff.get(f"/api/tasks/{project.tasks[4]['id']}").expect()
    staff.patch(f"/api/tasks/{task['id']}", {"version": task["version"], field: value}).problem(422, field)
    staff.patch(f"/api/tasks/{task['id']}", {"title": "No version is said"}).problem(422, "version")


def test_a_circle_is_refused_and_its_path_is_named(staff, plan):
    a, b, c = plan()["tasks"][:3]
    for task, title, waits in [(a, "Alpha", []), (b, "Beta", [a["id"]]), (c, "Gamma", [b["id"]])]:
        staff.patch(f"/api/tasks/{task['id']}", {"version": task["version"], "title": title, "dependencies": waits}).expect()
    now = staff.get(f"/api/tasks/{a['id']}").expect()
    problem = staff.patch(f"/api/tasks/{a['id']}", {"version": now["version"], "dependencies": [c["id"]]}).problem(422, "dependencies")
    assert "“Alpha” would wait for “Gamma”, which waits for “Beta”, which waits for “Alpha”" in problem["fields"]["dependencies"]
    staff.patch(f"/api/tasks/{a['id']}", {"version": now["version"], "dependencies": [a["id"]]}).problem(422, "dependencies")
    assert staff.get(f"/api/tasks/{a['id']}").expect() == now


def test_two_who_would_close_a_circle_together_do_not(site, staff, admin, plan):
    import concurrent.futures
    a, b = plan()["tasks"][:2]
    for one in (a, b):
        if one["dependencies"]:
            staff.patch(f"/api/tasks/{one['id']}", {"version": one["version"], "dependencies": []}).expect()
    a, b = (staff.get(f"/api/tasks/{one['id']}").expect() for one in (a, b))
    with concurrent.futures.ThreadPoolExecutor(2) as pool:
        answers = list(pool.map(lambda x: x[0].twin().patch(f"/api/tasks/{x[1]['id']}", {"version": x[1]["version"], "dependencies": [x[2]["id"]]}).status,
                                [(staff, a, b), (admin, b, a)]))
    assert sorted(answers) == [200, 422]


def test_a_task_is_moved_to_another_status_and_place_in_one_step(staff, plan):
    tasks = plan()["tasks"]
    first, third, last = tasks[0], tasks[2], tasks[-1]
    after = staff.post(f"/api/tasks/{last['id']}/move", {"before": third["id"], "status": "in-progress", "version": last["version"]}).expect()["tasks"]
    assert [t["id"] for t in after[:4]] == [first["id"], tasks[1]["id"], last["id"], third["id"]] and after[2]["status"] == "in-progress"
    assert [t["order"] for t in after] == list(range(1, len(tasks) + 1))
    assert after[3]["version"] == third["version"], "who only makes room is not changed"
    staff.post(f"/api/tasks/{last['id']}/move", {"before": None, "status": "completed", "version": last["version"]}).problem(409)
    staff.post(f"/api/tasks/{last['id']}/move", {"before": 99999999}).problem(422, "before")
    assert [t["id"] for t in staff.post(f"/api/tasks/{first['id']}/move", {}).expect()["tasks"]][-1] == first["id"]


def test_a_retired_task_is_out_of_the_plan_and_comes_back_with_its_hours(site, staff, plan):
    staff.post(f"/api/projects/{plan.id}/tasks", {**NEW}).expect(201)
    tasks = plan()["tasks"]
    a, b, c = tasks[:3]
    for task, waits in [(a, []), (b, [a["id"]]), (c, [b["id"]])]:
        staff.patch(f"/api/tasks/{task['id']}", {"version": task["version"], "dependencies": waits, "spentHours": 1.5}).expect()
    message = plan.client.post(f"/api/projects/{plan.id}/messages", {"body": "About this one", "taskId": b["id"]}).expect(201)["id"]
    b = staff.get(f"/api/tasks/{b['id']}").expect()
    after = staff.post(f"/api/tasks/{b['id']}/retire", {"version": b["version"]}).expect()
    assert [t["id"] for t in after["retired"]] == [b["id"]] and b["id"] not in [t["id"] for t in after["tasks"]]
    assert next(t for t in after["tasks"] if t["id"] == c["id"])["dependencies"] == [a["id"]], "what waited for it waits for what it waited for"
    details = plan.client.get(f"/api/projects/{plan.id}/details").expect()
    assert b["id"] not in [t["id"] for t in onboarding.check_plan(details)]
    staff.patch(f"/api/tasks/{b['id']}", {"status": "completed"}).problem(404)
    staff.patch(f"/api/tasks/{b['id']}", {"version": b["version"] + 1, "title": "Changed"}).problem(409)
    back = staff.post(f"/api/tasks/{b['id']}/restore", {"version": after["retired"][0]["version"]}).expect()
    now = back["tasks"][-1]
    assert now["id"] == b["id"] and now["spentHours"] == 1.5 and now["dependencies"] == [a["id"]] and back["retired"] == []
    assert site.one("select task_id from messages where id = %s", message, tenant=site.tenant) == b["id"]
    plan.client.post(f"/api/projects/{plan.id}/generation").problem(409)


def test_a_plan_keeps_fifteen_to_twenty_five_tasks(staff, plan):
    for _ in range(25 - len(plan()["tasks"])):
        made = staff.post(f"/api/projects/{plan.id}/tasks", NEW).expect(201)
    assert made["addedBy"] == "Member" and made["status"] == "pending"
    staff.post(f"/api/projects/{plan.id}/tasks", NEW).problem(409)
    for task in plan()["tasks"][15:]:
        now = staff.get(f"/api/tasks/{task['id']}").expect()
        staff.post(f"/api/tasks/{task['id']}/retire", {"version": now["version"]}).expect()
    task = staff.get(f"/api/tasks/{plan()['tasks'][0]['id']}").expect()
    staff.post(f"/api/tasks/{task['id']}/retire", {"version": task["version"]}).problem(409)
    onboarding.check_plan(plan.client.get(f"/api/projects/{plan.id}/details").expect())
    staff.post(f"/api/projects/{plan.id}/tasks", {}).problem(422, "title", "description", "section", "priority", "estimatedHours")
