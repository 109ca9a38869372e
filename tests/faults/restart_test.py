"""Stopping and starting the whole site: data stays, work goes on, nothing is left behind."""
import os
import signal
import time

import pytest

import onboarding
from instance import kill
from people import new_person


def ticks():
    """Of the machine's processors so far: those with nothing to do, and all."""
    with open("/proc/stat") as stat:
        spent = [int(word) for word in stat.readline().split()[1:9]]
    return spent[3] + spent[4], sum(spent)


def test_a_stop_in_the_middle_of_everything_loses_nothing(site):
    client = new_person(site)
    plans = []
    for number in range(5):
        description, mark = onboarding.unique()
        site.gemini.fail("pace", match=mark, stage="prd", times=1, chunks=20, pause=0.02 * number, latency=0.3 * number)
        plans.append(onboarding.create(client, description=description))
    time.sleep(0.5)
    began = time.monotonic()
    site.stop()  # which looks for what is left behind
    assert time.monotonic() - began < 30
    began, (idle, all_of_it) = time.monotonic(), ticks()
    site.start()
    took, (idle, all_of_it) = time.monotonic() - began, (ticks()[0] - idle, ticks()[1] - all_of_it)
    assert took < (5 if idle > all_of_it / 2 else 60), "start to first page takes under 5 seconds on a machine with nothing else to do"
    assert client.get("/api/auth/session").json["user"]["id"] == client.user["id"]
    for project in plans:
        onboarding.check_plan(onboarding.wait_for_plan(client, project, 60))


def test_a_killed_site_starts_again_over_what_it_left(site):
    """Such as a power cut: serve, nginx, programs, worker and PostgreSQL are gone from one moment to the next."""
    client = new_person(site)
    project = onboarding.create(client)
    site.forget_database()
    os.kill(site.process.pid, signal.SIGKILL)
    site.process.wait()
    site.kill_all()
    site.start()
    onboarding.check_plan(onboarding.wait_for_plan(client, project, 60))


def test_a_site_whose_supervisor_is_killed_takes_its_programs_along(site):
    site.forget_database()
    os.kill(site.process.pid, signal.SIGKILL)
    site.process.wait()
    until = time.monotonic() + 60
    while left := site.processes():
        assert time.monotonic() < until, left
        time.sleep(0.1)
    site.start()


@pytest.mark.parametrize("program", ["worker", "services", "nginx"])
def test_what_dies_is_started_again(site, program):
    until = time.monotonic() + 60
    while not (pids := site.pids(program) if program != "nginx" else [int((site.state / "run/nginx.pid").read_text())]):
        assert time.monotonic() < until, "it is not there"
    kill(pids[0])

    def back():
        try:
            if program == "worker":
                return site.pids("worker") not in ([], pids)
            return site.visitor().get("/api/services", headers={"Cookie": "past=cache"}).status == 200
        except OSError:
            return False

    while not back():
        assert time.monotonic() < until
        time.sleep(0.1)
