"""Messages: both sides write, see what is new, change their minds for a while, and nothing vanishes silently."""
import threading
import time

import pytest

import onboarding
from people import new_person
from uploading import send


@pytest.fixture
def owner(site):
    return new_person(site)


@pytest.fixture
def project(owner):
    return onboarding.create(owner)


@pytest.fixture
def thread(project):
    return f"/api/projects/{project}/messages"


def say(client, thread, body, **more):
    return client.post(thread, {"body": body, **more}).expect(201)["message"]


def test_what_the_one_side_writes_the_other_reads_and_counts(owner, staff, thread):
    first = say(owner, thread, "  When do we begin?  ")
    assert first["body"] == "When do we begin?" and first["mine"] and first["userRole"] == "client" and first["userName"] == "Juana dela Cruz"
    second = say(staff, thread, "On Monday.")
    assert second["userRole"] == "staff" and second["id"] > first["id"]
    seen = owner.get(thread).expect()
    assert [(m["body"], m["mine"]) for m in seen["messages"]] == [("When do we begin?", True), ("On Monday.", False)]
    assert (seen["unread"], seen["lastRead"], seen["next"]) == (1, 0, None)
    assert staff.get(thread).expect()["unread"] == 1
    assert owner.post(f"{thread}/read", {"upTo": second["id"]}).expect()["unread"] == 0
    assert owner.post(f"{thread}/read", {"upTo": first["id"]}).expect()["unread"] == 0, "what was read became unread"
    assert owner.get(thread).expect()["lastRead"] == second["id"]
    third = say(staff, thread, "At nine.")
    assert owner.get(thread).expect()["unread"] == 1
    assert owner.get("/api/projects").expect()["projects"][0]["unread"] == 1
    owner.post(f"{thread}/read", {"upTo": 2_000_000_000}).expect()
    assert owner.get(thread).expect()["lastRead"] == third["id"], "messages of the future were read"


def test_a_page_that_asks_what_is_new_gets_just_that(owner, staff, thread):
    assert owner.get(f"{thread}?since=0").expect() == {"version": 0, "unread": 0, "messages": []}
    say(owner, thread, "One")
    version = owner.get(thread).expect()["version"]
    assert owner.get(f"{thread}?since={version}").expect() == {"version": version, "unread": 0, "messages": []}
    two = say(staff, thread, "Two")
    news = owner.get(f"{thread}?since={version}").expect()
    assert [m["id"] for m in news["messages"]] == [two["id"]] and news["version"] > version and news["unread"] == 1
    staff.patch(f"/api/messages/{two['id']}", {"body": "Two, changed"}).expect()
    again = owner.get(f"{thread}?since={news['version']}").expect()
    assert [(m["body"], bool(m["editedAt"])) for m in again["messages"]] == [("Two, changed", True)]


def test_nobody_who_asks_again_and_again_misses_a_message(owner, staff, thread):
    """Writers at once, and one that follows them by version only."""
    writers = [threading.Thread(target=lambda c=c, k=k: [say(c, thread, f"{k} {n}") for n in range(15)])
               for k, c in enumerate([owner.twin(), owner.twin(), staff.twin(), staff.twin()])]
    for writer in writers:
        writer.start()
    seen, version, until = [], 0, time.monotonic() + 90
    while (any(w.is_alive() for w in writers) or len(seen) < 60) and time.monotonic() < until:
        news = owner.get(f"{thread}?since={version}").expect()
        seen += [m["id"] for m in news["messages"]]
        version = max([version, *[m["version"] for m in news["messages"]]])
        time.sleep(0.08)  # as an impatient page would; nginx counts
    assert len(seen) == len(set(seen)) == 60 and seen == sorted(seen)


def test_a_message_is_about_a_task_or_a_payment_of_the_project(site, owner, member, project, thread):
    details = onboarding.wait_for_plan(owner, project)
    task = details["tasks"][0]["id"]
    assert say(owner, thread, "About this", taskId=task)["taskId"] == task
    owner.post(thread, {"body": "About theirs", "taskId": member.details["tasks"][0]["id"]}).problem(422, "taskId")
    owner.post(thread, {"body": "About nothing", "paymentId": 999_999}).problem(422, "paymentId")
    owner.post(thread, {"body": "About both", "taskId": task, "paymentId": 1}).problem(422, "paymentId")


def test_files_go_with_a_message_once(owner, staff, project, thread):
    files = f"/api/projects/{project}/files"
    mine = send(owner, files, b"my words", "mine.txt").expect(201)["id"]
    theirs = send(staff, files, b"their words", "theirs.txt").expect(201)["id"]
    said = owner.post(thread, {"files": [mine]}).expect(201)["message"]
    assert said["body"] == "" and [f["id"] for f in said["files"]] == [mine] and said["files"][0]["purpose"] == "message"
    for refused in ([mine], [theirs], [999_999], ["x"], "x"):
        owner.post(thread, {"body": "look", "files": refused}).problem(422, "files")
    owner.post(thread, {"body": "   "}).problem(422, "body")
    owner.post(thread, {"body": "x" * 10_001}).problem(422, "body")
    version = staff.get(thread).expect()["version"]
    owner.delete(f"/api/files/{mine}").expect()
    news = staff.get(f"{thread}?since={version}").expect()["messages"]
    assert news[0]["files"][0]["removedByName"] == "Juana dela Cruz", "a file vanished silently from a message"


def test_a_message_can_be_changed_for_a_while_and_says_so(site, owner, staff, thread):
    message = say(owner, thread, "We need it blue")
    path = f"/api/messages/{message['id']}"
    assert message["editable"] and not message["editedAt"]
    changed = owner.patch(path, {"body": "We need it green"}).expect()["message"]
    assert changed["body"] == "We need it green" and changed["editedAt"]
    assert owner.patch(path, {"body": "We need it green"}).expect()["message"]["version"] == changed["version"], "nothing changed"
    staff.patch(path, {"body": "You need it red"}).problem(403)
    owner.patch(path, {"body": ""}).problem(422, "body")
    assert site.sql("select old_body from message_edits where message_id = %s", message["id"], tenant=site.tenant) == [{"old_body": "We need it blue"}]
    site.sql("update messages set created_at = now() - interval '16 minutes' where id = %s", message["id"], tenant=site.tenant)
    assert "15 minutes" in owner.patch(path, {"body": "We need it white"}).problem(409)["detail"]
    assert not owner.get(thread).expect()["messages"][0]["editable"]


def test_a_removed_message_leaves_its_place_and_a_name_and_no_words(site, owner, staff, project, thread):
    file = send(owner, f"/api/projects/{project}/files", b"with it", "with.txt").expect(201)["id"]
    message = say(owner, thread, "Forget what I said", files=[file])
    other = say(staff, thread, "Understood")
    path = f"/api/messages/{message['id']}"
    owner.delete(f"/api/messages/{other['id']}").problem(403)
    owner.delete(path).expect()
    seen = staff.get(thread).expect()["messages"]
    assert [m["id"] for m in seen] == [message["id"], other["id"]]
    assert seen[0]["removedAt"] and seen[0]["removedByName"] == "Juana dela Cruz" and seen[0]["body"] == "" and seen[0]["files"] == []
    assert "Forget" not in staff.get(thread).text
    assert site.one("select body from messages where id = %s", message["id"], tenant=site.tenant) == "Forget what I said"
    site.witness.messages.pop((owner.host, message["id"]), None)
    owner.delete(path).problem(410)
    owner.patch(path, {"body": "again"}).problem(410)
    owner.get(f"/api/files/{file}").problem(410)


def test_a_message_that_is_sent_again_with_its_key_is_there_once(owner, thread):
    first = owner.post(thread, {"body": "Once"}, headers={"Idempotency-Key": "k1"}).expect(201)
    again = owner.post(thread, {"body": "Once"}, headers={"Idempotency-Key": "k1"}).expect(201)
    assert again["id"] == first["id"] and len(owner.get(thread).expect()["messages"]) == 1


def test_pages_of_messages_follow_one_another(site, owner, project, thread):
    say(owner, thread, "The first")
    site.sql("insert into messages (project_id, user_id, body, version) select %s, 'nobody', 'm' || n, 1 from generate_series(1, 120) n", project, tenant=site.tenant)
    seen, cursor = [], None
    for _ in range(5):
        page = owner.get(thread + (f"?cursor={cursor}" if cursor else "")).expect()
        seen = [m["body"] for m in page["messages"]] + seen
        cursor = page["next"]
        if not cursor:
            break
    assert seen == ["The first"] + [f"m{n}" for n in range(1, 121)]
    first = owner.get(f"{thread}?sort=oldest&limit=2").expect()
    assert [m["body"] for m in first["messages"]] == ["The first", "m1"]
    assert [m["body"] for m in owner.get(f"{thread}?sort=oldest&limit=1&cursor={first['next']}").expect()["messages"]] == ["m2"]
    owner.get(f"{thread}?cursor={first['next']}").problem(400, "cursor")
    assert owner.get(thread).expect()["unread"] == 100, "a hundred stands for as many or more"


def notices(site, client, project):
    return site.sql("select data->>'excerpt' as excerpt, outcome from notices where user_id = %s and project_id = %s and kind = 'message' order by id",
                    client.user["id"], project, tenant=site.tenant)


def test_who_does_not_read_here_is_told_by_mail_what_stands_there_now(site, owner, staff, project, thread):
    site.sql("update users set email_verified = now() where id = %s", owner.user["id"])
    first = say(staff, thread, "Please send the logo")
    second = say(staff, thread, "And the colours")
    assert notices(site, owner, project) == [{"excerpt": "Please send the logo", "outcome": None}, {"excerpt": "And the colours", "outcome": None}]
    owner.post(f"{thread}/read", {"upTo": first["id"]}).expect()
    assert [n["outcome"] for n in notices(site, owner, project)] == [None, None], "one is unread"
    owner.post(f"{thread}/read", {"upTo": second["id"]}).expect()
    assert [n["outcome"] for n in notices(site, owner, project)] == ["withdrawn", "withdrawn"], "who has read it is not mailed"
    secret, changed = say(staff, thread, "The password is hunter2"), say(staff, thread, "We meet on Monday")
    staff.delete(f"/api/messages/{secret['id']}").expect()
    site.witness.messages.pop((staff.host, secret["id"]), None)
    staff.patch(f"/api/messages/{changed['id']}", {"body": "We meet on Tuesday"}).expect()
    site.sql("update notices set due_at = now() where user_id = %s and settled_at is null", owner.user["id"], tenant=site.tenant)
    site.sql("update jobs set run_after = now() where kind = 'notice' and payload->>'user' = %s and state = 'queued'", owner.user["id"])
    mail = site.wait_for_mail(owner.email, "Tuesday")
    words = mail.get_body(("plain",)).get_content()
    assert "hunter2" not in words and "Monday" not in words
    assert not notices(site, staff, project), "whoever wrote it is not told of it"
