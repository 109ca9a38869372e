"""The owner of the installation: tenants made, opened and shut, exported and deleted, by a runner with rights that no program has."""
import io
import json
import os
import re
import signal
import subprocess
import tarfile
import time
import uuid

import psycopg2
import pytest

from instance import PASSWORD, build
from people import new_person


def short_name():
    return f"t{uuid.uuid4().hex[:10]}"


def wanted(slug, **changes):
    return {"slug": slug, "name": f"Agency {slug}", "hosts": [f"{slug}.example.test"], "ownerName": "Olivia", "ownerEmail": f"owner@{slug}.example.test", "demo": True, **changes}


def over(owner, job, seconds=180):
    """A job when it has come to its end."""
    until = time.monotonic() + seconds
    while True:
        now = owner.get(f"/api/platform/jobs/{job['id']}").expect()
        if now["state"] in ("done", "failed"):
            return now
        assert time.monotonic() < until, now
        time.sleep(0.2)


def tenant_of(owner, slug):
    return next(one for one in owner.get(f"/api/platform/tenants?q={slug}").expect()["tenants"] if one["slug"] == slug)


@pytest.fixture(scope="module")
def made(site, platform_owner):
    """A tenant that was made in the web, with demo content."""
    slug = short_name()
    job = platform_owner.post("/api/platform/tenants", wanted(slug)).expect(202)
    assert job["state"] == "queued" and job["kind"] == "create" and job["slug"] == slug
    assert over(platform_owner, job)["error"] is None
    return slug


def test_a_tenant_is_made_in_the_web_and_its_owner_signs_in(site, platform_owner, made):
    visitor = site.visitor(f"{made}.example.test")
    assert len(visitor.get("/api/services").expect()["services"]) > 0
    mail = site.wait_for_mail(f"owner@{made}.example.test", "you are its owner")
    link = re.search(r"http://(\S+)/reset\?token=(\S+)", mail.get_body(("plain",)).get_content())
    assert link[1] == f"{made}.example.test:{site.port}"
    visitor.post("/api/auth/reset", {"token": link[2], "password": PASSWORD}).expect()
    owner = site.signed_in(f"owner@{made}.example.test", PASSWORD, host=f"{made}.example.test")
    assert owner.user["role"] == "admin" and owner.user["emailVerified"]
    owner.get("/api/admin/stats").expect()
    first = owner.get("/api/admin/audit?sort=oldest&limit=1").expect()["rows"][0]
    assert (first["action"], first["actorId"], first["data"]["hosts"]) == ("agency-created", platform_owner.user["id"], f"{made}.example.test")
    site.visitor(f"{made}.example.test").post("/api/auth/login", {"email": platform_owner.email, "password": PASSWORD}).expect()
    row = tenant_of(platform_owner, made)
    assert (row["status"], row["projects"], row["hosts"], row["isDefault"]) == ("active", 0, [f"{made}.example.test"], False) and row["bytes"] > 100_000


def test_what_is_wrong_with_a_new_tenant_is_said_field_by_field(site, platform_owner):
    post = lambda **changes: platform_owner.post("/api/platform/tenants", {**wanted(short_name()), **changes})
    platform_owner.post("/api/platform/tenants", {}).problem(422, "slug", "name", "hosts", "ownerName", "ownerEmail")
    for slug in ("Upper", "1a", "pg_x", "public", "a-b", "x" * 64, 'a"; drop schema other; --', "information_schema"):
        post(slug=slug).problem(422, "slug")
    post(slug="other").problem(422, "slug")
    for hosts in ([], ["a b"], ["http://a.example"], ["a.example/x"], ["a.example:80"], ["-a.example"], ["x'y"], [1], "a.example", [f"h{i}.example" for i in range(21)]):
        post(hosts=hosts).problem(422, "hosts")
    post(hosts=["OTHER.example.test"]).problem(422, "hosts")
    post(name="a\nb").problem(422, "name")
    for language in ("de", "", 7, None):
        post(language=language).problem(422, "language")
    assert site.sql("select count(*) from platform_jobs where kind = 'create' and state = 'queued'")[0]["count"] == 0


def test_a_tenant_that_cannot_be_made_leaves_nothing_and_the_job_says_why(site, platform_owner):
    slug = short_name()
    site.sql("insert into users (name, email, disabled_at) values ('Gone', %s, now())", f"owner@{slug}.example.test")
    job = over(platform_owner, platform_owner.post("/api/platform/tenants", wanted(slug)).expect(202))
    assert job["state"] == "failed" and "disabled" in job["error"] and job["failure"] == "owner-disabled"
    file = platform_owner.get("/api/platform/jobs/csv?language=fil").text
    assert f'"{slug}","Agency {slug}","hindi natuloy"' in file and "Naka-disable ang account na may address ng may-ari." in file, "in words; what the tool said stands beside it, for support"
    assert not site.sql("select 1 from pg_namespace where nspname = %s union all select 1 from pg_roles where rolname = %s", slug, slug)
    assert slug not in site.tenants()


def test_hosts_and_name_are_edited_and_lead_there(site, platform_owner, made):
    row = tenant_of(platform_owner, made)
    path = f"/api/platform/tenants/{row['id']}"
    platform_owner.patch(path, {"hosts": [f"{made}.example.test", "other.example.test"]}).problem(422, "hosts")
    platform_owner.patch(path, {}).problem(422, "name")
    platform_owner.patch(path, {"status": "gone"}).problem(422, "status")
    platform_owner.patch("/api/platform/tenants/999999", {"name": "x"}).problem(404)
    platform_owner.patch(path, {"hosts": [f"{made}.example.test", f"WWW.{made}.example.test"], "name": "New name"}).expect(204)
    row = tenant_of(platform_owner, made)
    assert row["name"] == "New name" and row["hosts"] == [f"{made}.example.test", f"www.{made}.example.test"]
    site.visitor(f"www.{made}.example.test").get("/api/services").expect()


def test_suspending_ends_every_session_at_once_and_opening_brings_the_site_back(site, platform_owner, made):
    host = f"{made}.example.test"
    person = new_person(site, host)
    person.get("/api/projects").expect()
    path = f"/api/platform/tenants/{tenant_of(platform_owner, made)['id']}"
    platform_owner.patch(path, {"status": "suspended"}).expect(204)
    assert person.get("/api/projects").status in (401, 404)
    platform_owner.patch(path, {"status": "active"}).expect(204)
    person.get("/api/projects").expect()
    here = site.one("select id from tenants where slug = %s", site.tenant)
    platform_owner.patch(f"/api/platform/tenants/{here}", {"status": "suspended"}).problem(409)


def test_a_tenant_is_exported_and_only_then_deleted_by_its_typed_name(site, platform_owner, stranger):
    slug = short_name()
    assert over(platform_owner, platform_owner.post("/api/platform/tenants", wanted(slug, demo=False)).expect(202))["state"] == "done"
    person = new_person(site, f"{slug}.example.test")
    sent = person.post("/api/leads", {}).expect(201)["token"]
    data = b'--x\r\nContent-Disposition: form-data; name="file"; filename="a.txt"\r\n\r\nbytes to keep\r\n--x--\r\n'
    file = person.post(f"/api/leads/{sent}/files", data=data, headers={"Content-Type": "multipart/form-data; boundary=x"}).expect(201)["file"]
    row = tenant_of(platform_owner, slug)
    path = f"/api/platform/tenants/{row['id']}"
    platform_owner.post(f"{path}/deletion", {"confirm": slug}).problem(409, detail="suspend")
    platform_owner.patch(path, {"status": "suspended"}).expect(204)
    platform_owner.post(f"{path}/deletion", {"confirm": slug}).problem(409, detail="export")
    job = platform_owner.post(f"{path}/export").expect(202)
    platform_owner.post(f"{path}/export").problem(409)
    job = over(platform_owner, job)
    assert job["state"] == "done" and job["available"]
    stranger.get(f"/api/platform/exports/{job['id']}").problem(403)
    answer = platform_owner.get(f"/api/platform/exports/{job['id']}")
    assert answer.status == 200 and len(answer.body) == job["size"] and answer.header("content-type") == "application/x-tar"
    assert answer.header("cache-control") == "no-store" and slug in answer.header("content-disposition")
    with tarfile.open(fileobj=io.BytesIO(answer.body)) as archive:
        names = [re.sub("^[^/]*/", "", name) for name in archive.getnames()]
        top = archive.getnames()[0].split("/")[0]
        assert {"README.txt", f"{slug}.dump", f"{slug}.dump.manifest", "rows/leads.jsonl", "rows/projects.jsonl"} <= set(names)
        kept = f"{top}/files/{file['sha256'][:2]}/{file['sha256']}"
        assert archive.extractfile(kept).read() == b"bytes to keep"
        assert json.loads(archive.extractfile(f"{top}/rows/files.jsonl").readline())["name"] == "a.txt"
    platform_owner.post(f"{path}/deletion", {"confirm": "someone"}).problem(422, "confirm")
    job = over(platform_owner, platform_owner.post(f"{path}/deletion", {"confirm": slug}).expect(202))
    assert job["state"] == "done" and job["kept"]
    told = [one["action"] for one in site.sql("select action from audit_log where tenant_id = %s and actor_id = %s order by number", row["id"], platform_owner.user["id"])]
    assert told == ["agency-created", "agency-changed", "agency-export-ordered", "agency-deletion-ordered"], "the log outlives the agency"
    assert site.one("select count(*) from audit_log where action = 'exported' and subject = %s", f"agency of job {site.one('select max(id) from platform_jobs where slug = %s and kind = %s', slug, 'export')}") == 1
    assert slug not in site.tenants() and not site.sql("select 1 from pg_namespace where nspname = %s union all select 1 from pg_roles where rolname = %s", slug, slug)
    bytes_there = site.state / "files" / slug
    assert (bytes_there / file["sha256"][:2] / file["sha256"]).exists()
    subprocess.run([build() / "bin/worker", "--collect"], env={**os.environ, "LUNAXCODE_ENV": str(site.state / "env")}, check=True, capture_output=True)
    assert not bytes_there.exists() and (site.state / "files" / site.tenant).parent.exists(), "the worker removes the files of an agency that is gone"
    assert site.one("select result ->> 'filesRemoved' from platform_jobs where id = %s", job["id"]) == "true"
    assert (site.state / "backups" / job["kept"]).exists() and (site.state / "backups" / f"{slug}-{job['id']}.files.tar").exists()
    site.migrate("tenants", "restore", str(site.state / "backups" / job["kept"]))
    site.migrate("tenants", "drop", slug, "--yes")
    site.witness.leads = {key: host for key, host in site.witness.leads.items() if host != person.host}  # promised, and deleted by whoever may
    site.witness.files = {key: sha for key, sha in site.witness.files.items() if key[0] != person.host}


def test_a_killed_runner_is_followed_by_another_that_ends_the_job(site, platform_owner):
    slug = short_name()
    job = platform_owner.post("/api/platform/tenants", wanted(slug)).expect(202)
    until = time.monotonic() + 60
    while not site.sql("select 1 from platform_jobs where id = %s and state <> 'queued'", job["id"]):
        assert time.monotonic() < until
        time.sleep(0.02)
    for pid, line in site.processes().items():
        if "tenants work" in line:
            try:
                os.kill(pid, signal.SIGKILL)
            except ProcessLookupError:
                pass
    site.sql("update platform_jobs set lease_until = now() where id = %s and state = 'running'", job["id"])  # else ten seconds of waiting
    assert over(platform_owner, job)["state"] == "done"
    assert site.one("select status from tenants where slug = %s", slug) == "active"
    assert len(site.mails(f"owner@{slug}.example.test")) <= 1
    assert list((site.state / "run/runner").glob("migrate.*")), "what a killed runner leaves is in the folder that goes with the site"


def test_the_programs_cannot_do_any_of_it_themselves(site):
    for statement in ("create schema mine", "create role mine", "insert into platform_owners select id from users limit 1", "update tenants set status = 'active'",
                      "insert into platform_jobs (kind, slug) values ('create', 'mine')", "delete from tenants"):
        with psycopg2.connect(site.env()["DATABASE_URL"]) as session, session.cursor() as cursor:
            with pytest.raises(psycopg2.errors.InsufficientPrivilege):
                cursor.execute(statement)
            session.rollback()


def test_lists_are_paged_by_key_and_searched(site, platform_owner, made):
    first = platform_owner.get("/api/platform/tenants").expect()
    assert [one["id"] for one in first["tenants"]] == sorted((one["id"] for one in first["tenants"]), reverse=True)
    seen, cursor = [], ""
    while cursor is not None:
        page = platform_owner.get(f"/api/platform/tenants?limit=1&cursor={cursor}").expect()
        seen, cursor = seen + [one["id"] for one in page["tenants"]], page["next"]
    assert seen == [one["id"] for one in first["tenants"]] and first["next"] is None
    platform_owner.get("/api/platform/tenants?cursor=x").problem(400, "cursor")
    assert [one["slug"] for one in platform_owner.get(f"/api/platform/tenants?q={made}&status=active").expect()["tenants"]] == [made]
    assert platform_owner.get(f"/api/platform/tenants?q={made}&status=suspended").expect()["tenants"] == []
    jobs = platform_owner.get("/api/platform/jobs").expect()["jobs"]
    assert [one["id"] for one in jobs] == sorted((one["id"] for one in jobs), reverse=True)
