"""kill -9 of the worker, a route program and PostgreSQL while projects are made and planned: nothing is lost, nothing doubled."""
import http.client
import os
import resource
import signal
import subprocess
import threading
import time
import uuid

import pytest

import onboarding
from people import new_address, new_person
from instance import PASSWORD, build
from instance import kill as killed

SETTINGS = {"GEMINI_TIMEOUT_SECONDS": 20}
AWAY = (429, 500, 502, 503, 504)


@pytest.fixture(scope="module")
def client(site):
    return new_person(site)


@pytest.fixture(scope="module")
def body(client):
    """A valid onboarding, so that the tests need not ask for services while these are away."""
    return onboarding.onboarding(client)


def insist(client, path, body, key, seconds=120):
    """Posts until it is done, as a browser's retry button does: always with the same key."""
    until = time.monotonic() + seconds
    while True:
        try:
            answer = client.post(path, body, headers={"Idempotency-Key": key})
            if answer.status in (200, 201):
                return answer
            assert answer.status in AWAY, answer
            if answer.status == 503:
                assert int(answer.header("retry-after")) > 0
        except (OSError, http.client.HTTPException):
            client.close()
        assert time.monotonic() < until, "the site does not come back"
        time.sleep(0.05)


class Crowd:
    """Threads that make projects all the time; `stop()` waits for them and answers the ids by description."""

    def __init__(self, client, body, people=4):
        self.made, self.failed, self._stop = {}, [], threading.Event()
        self._threads = [threading.Thread(target=self._work, args=(client.twin(), body)) for _ in range(people)]
        for thread in self._threads:
            thread.start()

    def _work(self, client, body):
        try:
            while not self._stop.is_set():
                description, mark = onboarding.unique()
                answer = insist(client, "/api/projects/create-from-onboarding", {**body, "description": description}, mark)
                self.made[description] = answer.json["projectId"]
                time.sleep(0.05)
        except Exception as error:  # told by stop(), in the test's own thread
            self.failed.append(error)

    def stop(self):
        self._stop.set()
        for thread in self._threads:
            thread.join(180)
        assert not self.failed, self.failed
        return self.made


def wait_for(condition, seconds=90):
    until = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < until, "it did not happen"
        time.sleep(0.05)


def healthy(site):
    try:
        return site.visitor().get("/health").status == 200
    except (OSError, http.client.HTTPException):
        return False


def each_is_there_once(site, made):
    rows = site.sql("select description, count(*) from projects where description = any(%s) group by 1", list(made), tenant=site.tenant)
    assert {row["description"]: row["count"] for row in rows} == dict.fromkeys(made, 1)


def kill_program(site):
    site.kill("projects")


def kill_backend(site):
    """Of PostgreSQL: it then throws everybody out and recovers."""
    pid = site.sql("select pid from pg_stat_activity where usename = 'lunaxcode_app' and pid <> pg_backend_pid() order by random() limit 1")
    if pid:
        killed(pid[0]["pid"])
    site.forget_database()


def kill_postmaster(site):
    os.kill(site.postmaster(), signal.SIGKILL)
    site.forget_database()


def end_sessions(site):
    site.end_sessions()


@pytest.mark.parametrize("kill, times", [(kill_program, 4), (end_sessions, 4), (kill_backend, 2), (kill_postmaster, 1)],
                         ids=["route program", "sessions of the database", "database backend", "postmaster"])
def test_projects_that_are_being_made_are_made_once(site, client, body, kill, times):
    crowd = Crowd(client, body)
    try:
        for _ in range(times):
            time.sleep(0.4)
            kill(site)
            wait_for(lambda: healthy(site))
        time.sleep(0.4)
    finally:
        made = crowd.stop()
    assert len(made) >= times
    each_is_there_once(site, made)


@pytest.mark.parametrize("kill", ["worker", kill_backend, kill_postmaster], ids=["worker", "database backend", "postmaster"])
def test_plans_in_every_stage_survive(site, client, body, kill):
    """Nine plans that are: not begun, in the first words, half written, at their end, in the tasks, just done."""
    plans = []
    for stage, pace in (("prd", dict(latency=4)), ("prd", dict(chunks=4, pause=0.7)), ("prd", dict(chunks=40, pause=0.06)), ("prd", dict(chunks=40, pause=0.03)),
                        ("tasks", dict(latency=2)), ("tasks", dict(latency=1)), ("tasks", dict(latency=0.4)), ("prd", dict(chunks=2, pause=0)), ("prd", dict(latency=1.4))):
        description, mark = onboarding.unique()
        site.gemini.fail("pace", match=mark, stage=stage, times=1, **pace)
        plans.append((onboarding.create(client, {**body, "description": description}), mark))
    wait_for(lambda: sum(bool(site.gemini.seen(mark)) for _, mark in plans) == len(plans))
    time.sleep(0.6)
    if kill == "worker":
        site.kill("worker")
    else:
        kill(site)
        wait_for(lambda: healthy(site))
    for project, mark in plans:
        details = onboarding.wait_for_plan(client, project, 180)
        onboarding.check_plan(details)
        assert mark in details["project"]["prd"] and details["project"]["prd"].count("Success Metrics") == 1
        assert details["project"]["draft"] is False
        assert site.one("select count(*) from tasks where project_id = %s", project, tenant=site.tenant) == len(details["tasks"])


def test_a_plan_that_is_written_anew_survives_the_workers_death_and_the_one_that_is_there_stays(site, client, body):
    description, mark = onboarding.unique()
    project = onboarding.create(client, {**body, "description": description})
    before = onboarding.wait_for_plan(client, project, 180)
    staff = site.signed_in(*site.account("member"))
    asked = len(site.gemini.seen(mark))
    site.gemini.fail("pace", match=mark, stage="prd", times=1, chunks=40, pause=0.06)
    made = staff.post(f"/api/admin/plans/{project}/proposals", {"scope": "both"}).expect(202)["id"]
    wait_for(lambda: len(site.gemini.seen(mark)) > asked)
    time.sleep(0.5)  # in the middle of its words
    site.kill("worker")
    state = lambda: staff.get(f"/api/admin/plans/{project}").expect()["generation"]
    wait_for(lambda: state()["state"] == "ready", 180)
    now = state()
    assert now["id"] == made and now["proposal"] and not now["draft"] and now["outcome"] is None
    proposal = staff.get(f"/api/admin/plans/{project}/proposals/{made}").expect()
    assert mark in proposal["prd"] and proposal["prd"].count("Success Metrics") == 1 and 15 <= len(proposal["tasks"]) <= 25
    after = client.get(f"/api/projects/{project}/details").expect()
    assert (after["tasks"], after["project"]["prd"]) == (before["tasks"], before["project"]["prd"]), "the client's plan is as it was"
    assert site.one("select count(*) from generations where project_id = %s and proposal", project, tenant=site.tenant) == 1


def test_a_worker_that_slept_past_its_lease_changes_nothing_any_more(site, client, body):
    """Fencing: the one that was frozen wakes up when another has taken over."""
    description, mark = onboarding.unique()
    site.gemini.fail("pace", match=mark, stage="prd", times=1, latency=1.5)
    project = onboarding.create(client, {**body, "description": description})
    wait_for(lambda: site.gemini.seen(mark))
    frozen, = site.pids("worker")
    os.kill(frozen, signal.SIGSTOP)
    other = None
    try:
        site.sql("update jobs set lease_until = now() - interval '1 second' where payload->>'project' = %s and state = 'running'", str(project))
        environment = {"LUNAXCODE_ENV": str(site.state / "env"), "PATH": os.environ["PATH"]}
        other = subprocess.Popen([os.readlink(f"/proc/{frozen}/exe")], env=environment, stderr=subprocess.DEVNULL)
        details = onboarding.wait_for_plan(client, project, 120)
    finally:
        os.kill(frozen, signal.SIGCONT)
    ids = [task["id"] for task in details["tasks"]]
    time.sleep(3)
    after = client.get(f"/api/projects/{project}/details").expect()
    other.terminate()
    assert other.wait(60) is not None
    assert [task["id"] for task in after["tasks"]] == ids and after["project"]["prd"] == details["project"]["prd"]


def test_signing_up_survives_the_death_of_its_program(site):
    made = []
    stop = threading.Event()

    def sign_up():
        while not stop.is_set():
            email = new_address()
            client = site.visitor()
            for _ in range(100):
                try:
                    answer = client.post("/api/auth/signup", {"name": "Sturdy", "email": email, "password": PASSWORD})
                    if answer.status in (200, 201):
                        made.append(email)
                        break
                    assert answer.status in AWAY, answer
                except (OSError, http.client.HTTPException):
                    client.close()
                time.sleep(0.05)

    threads = [threading.Thread(target=sign_up) for _ in range(2)]
    for thread in threads:
        thread.start()
    for _ in range(3):
        time.sleep(0.4)
        site.kill("auth")
    wait_for(lambda: len(made) > 3)
    stop.set()
    for thread in threads:
        thread.join()
    assert site.one("select count(*) from users where email = any(%s)", made) == len(set(made))


def test_a_program_that_is_asked_to_stop_finishes_what_it_has_in_hand(site):
    """The request waits for a lock while its program gets SIGTERM; then the lock is gone."""
    import psycopg2
    holder = psycopg2.connect(site.database_url())
    holder.cursor().execute("lock table lunaxcode.service_types in access exclusive mode")
    answers = []
    asker = threading.Thread(target=lambda: answers.append(site.visitor().get("/api/services", headers={"Cookie": "past=cache"})))
    asker.start()
    # The session of this request: the worker's may wait for the same lock.
    wait_for(lambda: site.administer("select 1 from pg_locks l join pg_stat_activity a using (pid) where not l.granted and a.query like '%from service_types where is_active order by%'"))
    old, = site.pids("services")
    os.kill(old, signal.SIGTERM)
    time.sleep(0.3)
    assert os.path.exists(f"/proc/{old}"), "it did not wait for its request"
    holder.rollback()
    holder.close()
    asker.join(90)
    assert answers and answers[0].status == 200
    wait_for(lambda: old not in site.pids("services"))
    wait_for(lambda: site.visitor().get("/api/services", headers={"Cookie": "past=cache"}).status == 200)


def test_no_thread_is_lost_when_descriptors_run_out(site):
    """With a program of our own in the place of the site's, since only its own user may change a limit."""
    place = site.state / "run/services.sock"
    before, owner = place.stat(), site.pids("services")
    environment = {"LUNAXCODE_ENV": str(site.state / "env"), "PATH": os.environ["PATH"]}
    log = site.state / "descriptors.log"
    with open(log, "wb") as said:
        program = subprocess.Popen([build() / "bin/services", "--listen", place], env=environment, stderr=said)
    try:
        wait_for(lambda: place.exists() and place.stat().st_ino != before.st_ino)
        os.chown(place, before.st_uid, before.st_gid)
        assert set(ask_at_once(site, 2)) == {200}  # a crowd would leave it with as many descriptors as the next one needs
        threads, limit = len(os.listdir(f"/proc/{program.pid}/task")), max(descriptors(program)) + 1
        _, hard = resource.prlimit(program.pid, resource.RLIMIT_NOFILE)
        resource.prlimit(program.pid, resource.RLIMIT_NOFILE, (limit, hard))
        statuses = ask_at_once(site, 60)
        assert set(statuses) <= {200, *AWAY} and "Too many open files" in log.read_text(), "the descriptors did not run out"
        resource.prlimit(program.pid, resource.RLIMIT_NOFILE, (hard, hard))
        time.sleep(1.5)
        assert program.poll() is None and len(os.listdir(f"/proc/{program.pid}/task")) == threads
        for _ in range(3):
            assert set(ask_at_once(site, 32)) == {200}
    finally:
        program.terminate()
        program.wait(60)
        for pid in owner:
            killed(pid)  # started again, it takes its socket back
    wait_for(lambda: site.visitor().get("/api/services", headers={"Cookie": "past=cache"}).status == 200)


def descriptors(program):
    return {int(name) for name in os.listdir(f"/proc/{program.pid}/fd")}


def ask_at_once(site, count):
    from concurrent.futures import ThreadPoolExecutor

    def one(_):
        try:
            return site.visitor().get("/api/services", headers={"Cookie": "past=cache"}).status
        except OSError:
            return 504

    with ThreadPoolExecutor(count) as pool:
        return list(pool.map(one, range(count)))


def test_when_the_database_is_away_the_answer_is_503_and_then_all_is_well(site, client):
    sockets = site.state / "run/postgres"
    socket = next(path for path in sockets.iterdir() if path.name.startswith(".s.PGSQL") and not path.name.endswith(".lock"))
    away = socket.with_name("away")
    site.end_sessions()
    socket.rename(away)
    try:
        for path in ("/health", "/api/projects", "/api/auth/session", f"/api/services?{uuid.uuid4().hex}"):
            answer = client.get(path)
            problem = answer.problem(503)
            assert int(answer.header("retry-after")) > 0 and "postgres" not in problem["detail"].lower()
    finally:
        away.rename(socket)
    wait_for(lambda: client.get("/health").status == 200)
    client.get("/api/projects").expect(200)


def test_when_the_schema_is_behind_health_says_so(site):
    newest = site.one("select max(name) from schema_history where finished_at is not null")
    site.sql("update schema_history set rolled_back_at = now() where name = %s", newest)
    try:
        answer = site.visitor().get("/health")
        answer.problem(503)
        assert int(answer.header("retry-after")) > 0
    finally:
        site.sql("update schema_history set rolled_back_at = null where name = %s", newest)
    assert site.visitor().get("/health").status == 200
