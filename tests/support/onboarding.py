"""Onboarding as a client of the API does it: valid answers for any questions, a project, and waiting for its plan."""
import time
import uuid

STATES = {"queued", "running", "ready", "failed"}


def shown(question, answers):
    """Whether showIf lets a question appear, given the answers so far."""
    return question.get("showIf") is None or _holds(question["showIf"], answers)


def _holds(condition, answers):
    if "all" in condition:
        return all(_holds(one, answers) for one in condition["all"])
    if "any" in condition:
        return any(_holds(one, answers) for one in condition["any"])
    given = answers.get(condition["questionKey"])
    wanted = condition["in"] if "in" in condition else [condition["equals"]]
    return any(value in wanted for value in (given if isinstance(given, list) else [given]))


def valid_answer(question, word="with care"):
    kind = question["questionType"]
    if kind in ("select", "radio"):
        return question["options"][0]
    if kind == "checkbox":
        return question["options"][:2]
    if kind == "number":
        return 3
    return f"Answered {word}"


def answers_for(questions, only_required=False, word="with care"):
    answers = {}
    for question in questions:
        if shown(question, answers) and (question["required"] or not only_required):
            answers[question["questionKey"]] = valid_answer(question, word)
    return answers


def services(client):
    return client.get("/api/services").expect()["services"]


def questions(client, service):
    return client.get(f"/api/questions/{service}").expect()["questions"]


def unique(words="A web site for a bakery in Iloilo with a menu and an order form"):
    """A description that no other test uses; its mark finds it in prompts and rows."""
    mark = f"mark{uuid.uuid4().hex[:12]}"
    return f"{words}, {mark}", mark


def onboarding(client, service=None, **changes):
    """A complete valid body for create-from-onboarding, with these changes."""
    service = service or services(client)[0]
    return {"serviceId": service["id"], "serviceName": service["name"], "description": unique()[0],
            "questionAnswers": answers_for(questions(client, service["id"])), "clientName": "Juana dela Cruz",
            "clientEmail": client.email or "juana@example.test", "clientPhone": "+63 917 123 4567", **changes}


def create(client, body=None, key=None, **changes):
    """Creates a project and answers its id."""
    answer = client.post("/api/projects/create-from-onboarding", body or onboarding(client, **changes),
                         headers={"Idempotency-Key": key} if key else None)
    return answer.expect(201)["projectId"]


def wait_for_plan(client, project, seconds=90, states=("ready",)):
    """Waits until the plan's state is among `states`; answers the details of the project."""
    until = time.monotonic() + seconds
    pause = 0.05
    while True:
        answer = client.get(f"/api/projects/{project}/generation")
        if answer.status == 200:
            state = answer.json["state"]
            assert state in STATES, answer.json
            if state in states:
                return client.get(f"/api/projects/{project}/details").expect()
            assert state != "failed" or "failed" in states, answer.json
        else:
            assert answer.status in (429, 502, 503, 504), repr(answer)
        assert time.monotonic() < until, f"project {project} is not {' or '.join(states)} after {seconds} s: {answer!r}"
        time.sleep(pause)
        pause = min(0.3, pause * 1.3)


def check_plan(details):
    """Invariant I4 as a client sees it: 15–25 tasks with known sections, priorities and hours, in an acyclic graph."""
    tasks = details["tasks"]
    assert 15 <= len(tasks) <= 25, len(tasks)
    by_id = {task["id"]: task for task in tasks}
    assert len(by_id) == len(tasks) and len({task["order"] for task in tasks}) == len(tasks)
    for task in tasks:
        assert task["title"].strip() and task["description"].strip(), task
        assert task["section"] in ("Frontend", "Backend", "Database", "Design", "Testing", "Deployment"), task
        assert task["priority"] in ("low", "medium", "high") and task["status"] in ("pending", "in-progress", "completed"), task
        assert isinstance(task["estimatedHours"], int) and 1 <= task["estimatedHours"] <= 200, task
        assert all(d in by_id for d in task["dependencies"]) and len(set(task["dependencies"])) == len(task["dependencies"]), task
    done, waiting = set(), dict(by_id)
    while waiting:
        free = [i for i, task in waiting.items() if set(task["dependencies"]) <= done]
        assert free, f"a cycle among {sorted(waiting)}"
        done.update(free)
        for one in free:
            del waiting[one]
    return tasks
