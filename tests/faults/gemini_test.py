"""Every way in which Gemini can fail: the project ends ready with a good plan, or visibly failed with a retry that works.

All projects are made at once and their plans written side by side, each with its own fault; then each is looked at.
"""
import re
import time
from types import SimpleNamespace

import pytest

import onboarding
from gemini_faults import KINDS
from people import new_person

SECTIONS = ("Project Overview", "Target Audience", "Core Features", "Technical Requirements", "Design Specifications", "Success Metrics")
SETTINGS = {"GEMINI_TIMEOUT_SECONDS": 2}
ONE_SET = True
# A quota of the day parks its model for all projects: it has tests of its own, at the end.
# (kind, stage) with one fault, then Gemini is well again.
ONCE = [(name, stage) for name, kind in KINDS.items() for stage in sorted(kind.stages) if name not in ("pace", "429 per day")]
# Gemini stays ill for good, on every model.
FOR_GOOD = [("503", None), ("close", None), ("hang", None), ("403", None), ("blocked prompt", None), ("MAX_TOKENS cut", None), ("SAFETY", None),
            ("not json", "tasks"), ("too few tasks", "tasks"), ("too many tasks", "tasks"), ("everything depends on everything", "tasks"),
            ("no tasks", "tasks"), ("deep json", "tasks"), ("huge", "prd"), ("no finish reason", "prd")]


@pytest.fixture(scope="module")
def client(site):
    return new_person(site)


def begin(site, client, kind, stage, times):
    description, mark = onboarding.unique()
    site.gemini.fail(kind, match=mark, stage=stage, times=times)
    return SimpleNamespace(id=onboarding.create(client, description=description), mark=mark, kind=kind, stage=stage)


@pytest.fixture(scope="module")
def once(site, client):
    return {(kind, stage): begin(site, client, kind, stage, 1) for kind, stage in ONCE}


@pytest.fixture(scope="module")
def for_good(site, client, once):
    return {(kind, stage): begin(site, client, kind, stage, 10_000) for kind, stage in FOR_GOOD}


@pytest.fixture(scope="module", autouse=True)
def all_begun(once, for_good):
    """Everything is under way before the first is waited for."""


def finished(client, project, seconds=240):
    details = onboarding.wait_for_plan(client, project.id, seconds, ("ready", "failed"))
    if details["generation"]["state"] == "ready":
        onboarding.check_plan(details)
        assert "SECRET-THOUGHT" not in str(details)
        assert len(details["project"]["prd"]) < 500_000
    else:
        assert details["generation"]["error"], "failed and says nothing"
    return details


def test_there_are_at_least_twenty_five_kinds_here():
    assert len({kind for kind, _ in ONCE}) >= 25


@pytest.mark.parametrize("kind, stage", ONCE, ids=[f"{k} · {s}" for k, s in ONCE])
def test_one_fault_is_got_over(site, client, once, kind, stage):
    project = once[kind, stage]
    details = finished(client, project)
    assert details["generation"]["state"] == "ready", details["generation"]
    requests = [r for r in site.gemini.seen(project.mark) if r["stage"] == stage]
    assert requests[0]["fault"] == kind
    expect = KINDS[kind].expect
    draft = details["project"]["draft"]
    if expect == "accept":
        assert len(requests) == 1 and not draft
    elif expect == "retry":
        assert len(requests) >= 2 and not draft, "one fault that passes is no reason for a draft"
    elif expect == "repair":
        assert len(requests) <= 2 and not draft
    elif expect == "final":
        models = [r["model"] for r in requests]
        assert len(models) == len(set(models)), f"asked again for what it had refused for good: {models}"
    if not draft and kind != "missing sections":
        for title in SECTIONS:
            assert title in details["project"]["prd"]
    assert all(r["refused"] is None for r in requests)


def test_a_retry_waits_as_long_as_it_was_asked_to(site, once, client):
    for stage in ("prd", "tasks"):
        project = once["429 retry info", stage]
        finished(client, project)
        first, second = [r for r in site.gemini.seen(project.mark) if r["stage"] == stage][:2]
        assert first["model"] != second["model"] or second["at"] - first["at"] >= 1.95


def test_a_key_does_not_follow_a_redirect(site, once, client):
    finished(client, once["redirect", "prd"])
    assert not site.gemini.seen("/elsewhere")


@pytest.mark.parametrize("kind", ["cyclic dependencies", "self dependency", "unknown dependency", "everything depends on everything", "duplicate titles",
                                  "negative hours", "huge hours", "unknown section", "unknown priority", "duplicate ids"])
def test_what_the_importer_changed_is_recorded(site, once, client, kind):
    project = once[kind, "tasks"]
    finished(client, project)
    sent_back = len([r for r in site.gemini.seen(project.mark) if r["stage"] == "tasks"]) > 1
    notes = site.one("select notes from generations where project_id = %s order by id desc limit 1", project.id, tenant=site.tenant)
    assert sent_back or (notes and all(n["kind"] and n["detail"] for n in notes)), "changed without a word"


def test_what_goes_back_to_the_model_names_the_faults(site, once, client):
    project = once["too few tasks", "tasks"]
    finished(client, project)
    first, second = [r for r in site.gemini.seen(project.mark) if r["stage"] == "tasks"][:2]
    added = set(second["prompt"].split()) - set(first["prompt"].split())
    assert "4" in second["prompt"] and len(added) > 3, "sent back without the exact fault"


def test_dependencies_survive_whatever_they_are_called(site, once, client):
    for kind in ("title dependencies", "index dependencies", "string number dependencies"):
        details = finished(client, once[kind, "tasks"])
        assert sum(len(t["dependencies"]) for t in details["tasks"]) >= 15, kind


def test_nothing_of_a_cut_text_is_kept(site, once, client):
    for kind in ("MAX_TOKENS cut", "no finish reason", "cut event", "hang mid-stream"):
        prd = finished(client, once[kind, "prd"])["project"]["prd"]
        assert prd.count("Project Overview") == 1 and "Success Metrics" in prd, kind


@pytest.mark.parametrize("kind, stage", FOR_GOOD, ids=[f"{k} · {s or 'both'}" for k, s in FOR_GOOD])
def test_when_gemini_fails_for_good_there_is_a_plan_all_the_same(site, client, for_good, kind, stage):
    project = for_good[kind, stage]
    details = finished(client, project)
    if details["generation"]["state"] == "failed":
        site.gemini.forgive(project.mark)
        assert client.post(f"/api/projects/{project.id}/generation").status == 202
        assert finished(client, project)["generation"]["state"] == "ready"
    elif KINDS[kind].expect not in ("repair", "either"):
        assert details["project"]["draft"] is True, "this cannot be Gemini's"
    if KINDS[kind].expect == "repair":
        assert len([r for r in site.gemini.seen(project.mark) if r["stage"] == "tasks"]) <= 2, "sent back more than once"


def test_a_draft_becomes_a_plan_when_gemini_is_well_again(site, client, for_good):
    project = for_good["403", None]
    assert finished(client, project)["project"]["draft"] is True
    site.gemini.forgive(project.mark)
    assert client.post(f"/api/projects/{project.id}/generation").status == 202
    details = finished(client, project)
    assert details["generation"]["state"] == "ready" and details["project"]["draft"] is False


def test_a_refused_connection_is_tried_again(site, client):
    description, mark = onboarding.unique()
    began = time.time()
    site.gemini.listener.refuse(1.5)
    project = SimpleNamespace(id=onboarding.create(client, description=description), mark=mark)
    assert finished(client, project)["project"]["draft"] is False
    assert site.gemini.seen(mark)[0]["at"] - began >= 1.5, "it was not refused"


def test_worker_memory_stays_small_whatever_it_is_sent(site, once, for_good):
    pid, = site.pids("worker")
    peak = int(re.search(r"VmHWM:\s+(\d+) kB", open(f"/proc/{pid}/status").read()).group(1)) / 1024
    assert peak < 256, f"{peak:.0f} MiB"


def asked(site, mark, stage="prd"):
    return [r["model"] for r in site.gemini.seen(mark) if r["stage"] == stage]


def test_a_quota_of_the_day_parks_its_model_for_everybody_until_tomorrow(site, client, for_good):
    for project in for_good.values():
        finished(client, project)
    first = begin(site, client, "429 per day", "prd", 1)
    assert finished(client, first)["project"]["draft"] is False
    main, fallback = asked(site, first.mark)
    assert main != fallback, "retryDelay was believed"
    second = begin(site, client, "pace", "prd", 1)
    assert finished(client, second)["project"]["draft"] is False
    assert set(asked(site, second.mark) + asked(site, second.mark, "tasks")) == {fallback}
    third = begin(site, client, "429 per day", None, 10)
    details = finished(client, third)
    assert details["project"]["draft"] is True and "quota" in details["generation"]["error"].lower()
    assert asked(site, third.mark) == [fallback]
    fourth = begin(site, client, "pace", None, 1)
    assert finished(client, fourth)["project"]["draft"] is True and asked(site, fourth.mark) == []
