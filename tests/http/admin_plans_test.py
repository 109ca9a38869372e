"""Plans written anew for staff to choose from: the prompt before it goes out, what is kept, added and retired, versions, and what it costs."""
import time
from types import SimpleNamespace

import pytest

import onboarding
from people import new_person


@pytest.fixture
def plan(site, staff):
    """A fresh project with its plan."""
    client = new_person(site)
    number = onboarding.create(client)
    onboarding.wait_for_plan(client, number)
    base = f"/api/admin/plans/{number}"

    def written(**body):
        """Has a plan written to choose from, and answers it."""
        made = staff.post(f"{base}/proposals", {"scope": "both", **body}).expect(202)["id"]
        until = time.monotonic() + 90
        while (now := staff.get(base).expect()["generation"])["state"] not in ("ready", "failed"):
            assert time.monotonic() < until, now
            time.sleep(0.15)
        assert now["state"] == "ready" and now["id"] == made, now
        return SimpleNamespace(id=made, **{k: v for k, v in staff.get(f"{base}/proposals/{made}").expect().items() if k != "id"})

    def versions(query=""):
        """All of them, page by page."""
        found, cursor = [], ""
        while cursor is not None:
            answer = staff.get(f"{base}/versions?{query}{cursor and '&cursor=' + cursor}").expect()
            found += answer["versions"]
            cursor = answer["next"]
        return found
    return SimpleNamespace(client=client, id=number, base=base, written=written, versions=versions, tasks=lambda: staff.get(f"/api/projects/{number}/tasks").expect()["tasks"],
                           details=lambda: client.get(f"/api/projects/{number}/details").expect())


def seen(task):
    return {"task": task["id"], "version": task["version"]}


def test_the_prompt_that_was_looked_at_is_the_one_that_is_sent(site, staff, plan):
    looked = staff.post(f"{plan.base}/prompt", {"scope": "both", "wishes": "Fewer words"}).expect()
    assert "Fewer words" in looked["prd"]["request"] and looked["mark"] in looked["prd"]["request"] and looked["mark"] in looked["tasks"]["request"]
    description = site.one("select description from projects where id = %s", plan.id, tenant=site.tenant)
    before, after = looked["prd"]["request"].split("\nEND DATA")
    assert description in before and "Fewer words" in after and description not in looked["prd"]["instruction"]
    assert "prd" not in staff.post(f"{plan.base}/prompt", {"scope": "tasks"}).expect()
    staff.post(f"{plan.base}/prompt", {"scope": "all"}).problem(422, "scope")
    staff.post(f"{plan.base}/prompt", {"scope": "prd", "wishes": "x" * 4001}).problem(422, "wishes")


def test_a_new_version_changes_nothing_until_it_is_chosen_from(site, staff, plan):
    before, listed = plan.details(), plan.tasks()
    proposal = plan.written()
    assert plan.details() == before and plan.tasks() == listed, "the client sees no trace of it"
    assert proposal.prd and len(proposal.tasks) == len(proposal.matches) and 15 <= len(proposal.tasks) <= 25
    staff.post(f"{plan.base}/proposals", {"scope": "prd"}).problem(409)
    staff.post(f"{plan.base}/proposals/{proposal.id}/dismiss", {}).expect()
    staff.get(f"{plan.base}/proposals/{proposal.id}").problem(409)
    assert plan.details() == before


def test_progress_is_kept_whatever_is_chosen(site, staff, plan):
    tasks = plan.tasks()
    done, lost, renamed = tasks[0], tasks[1], tasks[2]
    for task, body in [(done, {"status": "completed", "spentHours": 3}), (lost, {"spentHours": 2}), (renamed, {"status": "in-progress", "title": "Something that no model writes"})]:
        staff.patch(f"/api/tasks/{task['id']}", {"version": task["version"], **body}).expect()
    message = plan.client.post(f"/api/projects/{plan.id}/messages", {"body": "About this", "taskId": done["id"]}).expect(201)["id"]
    proposal = plan.written()
    now = plan.tasks()
    place = {task: at for at, task in enumerate(proposal.matches) if task}
    assert done["id"] in place and renamed["id"] not in place
    path = f"{plan.base}/proposals/{proposal.id}/apply"
    keep = [{**seen(t), "proposed": place[t["id"]] + 1 if t["id"] in place and t["id"] != done["id"] else None} for t in now if t["id"] != lost["id"]]
    add = [at + 1 for at, task in enumerate(proposal.matches) if task is None]
    body = {"prd": True, "keep": keep, "retire": [seen(t) for t in now if t["id"] == lost["id"]], "add": add}
    staff.post(path, {**body, "keep": keep[1:]}).problem(409)
    staff.post(path, {**body, "keep": [{**keep[0], "version": 99}, *keep[1:]]}).problem(409)
    staff.post(path, {**body, "add": [*add, 99]}).problem(422, "add")
    staff.post(path, {**body, "keep": keep[:2], "retire": [{k: v for k, v in t.items() if k != "proposed"} for t in keep[2:]] + body["retire"]}).problem(422, "keep")
    assert plan.tasks() == now, "what is refused changes nothing"
    staff.post(path, body).expect()
    staff.post(path, body).problem(409)
    by_id = {t["id"]: t for t in plan.tasks()}
    assert lost["id"] not in by_id and by_id[done["id"]]["status"] == "completed" and by_id[done["id"]]["spentHours"] == 3
    assert by_id[renamed["id"]]["status"] == "in-progress" and by_id[renamed["id"]]["title"] == "Something that no model writes"
    assert len(by_id) == len(keep) + len(add)
    onboarding.check_plan(plan.details())
    assert site.one("select task_id from messages where id = %s", message, tenant=site.tenant) == done["id"]
    assert [v["action"] for v in plan.versions()] == ["applied", "found", "written"]

    staff.post(f"{plan.base}/versions/1/restore", {}).expect()
    back = plan.versions()[0]
    assert back["action"] == "restored" and back["restoredFrom"] == 1
    by_id = {t["id"]: t for t in plan.tasks()}
    assert list(by_id) == [t["id"] for t in tasks] and {i: t["title"] for i, t in by_id.items()} == {t["id"]: t["title"] for t in tasks}
    assert [t["dependencies"] for t in by_id.values()] == [t["dependencies"] for t in tasks]
    assert (by_id[done["id"]]["status"], by_id[lost["id"]]["spentHours"], by_id[renamed["id"]]["status"]) == ("completed", 2, "in-progress"), "progress stays"
    staff.get(f"{plan.base}/versions/99").problem(404)


def test_versions_are_asked_for_page_by_page(site, staff, plan):
    site.sql("insert into plan_versions (project_id, version, action, content) select %s, n, 'found', '{\"tasks\": []}' from generate_series(100, 130) n", plan.id, tenant=site.tenant)
    there = [v["version"] for v in plan.versions()]
    assert there[:31] == list(range(130, 99, -1)) and there == sorted(there, reverse=True), "two pages, without gap or repeat"
    assert [v["version"] for v in plan.versions("&sort=oldest&limit=7")] == there[::-1]
    staff.get(f"{plan.base}/versions?limit=101").problem(400, "limit")
    staff.get(f"{plan.base}/versions?cursor=x").problem(400, "cursor")
    staff.get("/api/admin/plans/99999999/versions").problem(404)


def test_a_document_alone_leaves_the_tasks(staff, plan):
    tasks = plan.tasks()
    proposal = plan.written(scope="prd")
    assert proposal.prd and proposal.tasks == []
    staff.post(f"{plan.base}/proposals/{proposal.id}/apply", {"prd": True, "keep": [seen(t) for t in tasks]}).expect()
    assert [(t["id"], t["title"], t["dependencies"]) for t in plan.tasks()] == [(t["id"], t["title"], t["dependencies"]) for t in tasks]


def test_tasks_alone_are_planned_from_the_document_there_is(staff, plan):
    proposal = plan.written(scope="tasks")
    assert proposal.prd is None and 15 <= len(proposal.tasks) <= 25


def test_versions_only_grow(site, plan):
    import psycopg2
    for sql in ("update plan_versions set action = 'found' where project_id = %s", "delete from plan_versions where project_id = %s"):
        with psycopg2.connect(site.env()["DATABASE_URL"]) as db, db.cursor() as cursor:
            cursor.execute(f'set role "{site.tenant}"')
            with pytest.raises(psycopg2.Error, match="permission denied"):
                cursor.execute(sql, (plan.id,))


def test_usage_is_counted_by_month_and_model(site, staff, plan):
    site.sql("update generations set model = 'model-x', prompt_tokens = 100, output_tokens = 20, thought_tokens = 3, cost_micros = 1500, created_at = now() - interval '40 days' where project_id = %s",
             plan.id, tenant=site.tenant)
    month = next(m for m in staff.get("/api/admin/plans/usage").expect()["months"] if m["model"] == "model-x")
    assert (month["promptTokens"], month["outputTokens"], month["thoughtTokens"], month["costMicros"]) == (100, 20, 3, 1500)
    assert month["plans"] == 1 and len(month["month"]) == 7
    plan.client.get("/api/admin/plans/usage").problem(403)
