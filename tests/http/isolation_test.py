"""One agency never sees another's (invariant I8): canaries in every text of the one, and every answer of the other searched."""
import itertools
import json
import time

import psycopg2
import pytest

import onboarding
from client import soon
from instance import OTHER_HOST
from people import new_person
from routes import routes

CANARY = "canary-7f3a91"
ROUTES = routes()


@pytest.fixture(scope="module")
def planted(site, other_staff):
    """Every kind of row in the other agency's schema, each text with the canary in it."""
    service = site.one("insert into service_types (name, description, base_price, features, timeline) values (%s, %s, 5000, %s, %s) returning id",
                       CANARY, CANARY, json.dumps([CANARY]), CANARY, tenant="other")
    question = site.one("insert into questions (service_id, question_key, question_text, question_type, placeholder) values (%s, %s, %s, 'select', %s) returning id",
                        service, CANARY.replace("-", "_"), CANARY, CANARY, tenant="other")
    site.sql("insert into question_options (question_id, option_value, sort_order) values (%s, %s, 1)", question, CANARY, tenant="other")
    site.sql("insert into landing_page_content (key, title, content) values (%s, %s, %s)", CANARY, CANARY, json.dumps({"text": CANARY}), tenant="other")
    person = new_person(site, host=OTHER_HOST, name=CANARY)
    token = person.post("/api/leads", {"serviceId": service}).expect(201)["token"]
    person.patch(f"/api/leads/{token}", {"description": f"A draft about {CANARY}", "clientName": CANARY}).expect(200)
    projects = [onboarding.create(person, {"serviceId": service, "serviceName": CANARY, "description": f"A secret project called {CANARY}",
                                           "questionAnswers": {CANARY.replace("-", "_"): CANARY}, "clientName": CANARY, "clientEmail": person.email})
                for _ in range(3)]
    for project in projects:  # what the worker writes later would look like a write of ours
        onboarding.wait_for_plan(person, project)
    site.sql("update tasks set title = %s || title, description = %s", CANARY, CANARY, tenant="other")
    return {"person": person, "token": token, "projects": projects, "service": service, "ids": sorted({*first_ids(site), *projects, service})}


def first_ids(site):
    """A number that is somebody's in the other agency, for each kind of thing that it has: some of them are ours as well."""
    tables = site.sql("""select r.relname as name from pg_class r join pg_attribute a on a.attrelid = r.oid and a.attname = 'id' and a.atttypid in (20, 23)
                         where r.relnamespace = 'other'::regnamespace and r.relkind = 'r'""")
    for table in tables:
        yield from (row["first"] for row in site.sql(f"select min(id) as first from {table['name']} having min(id) is not null", tenant="other"))


def crawl(site, client, numbers, tokens=()):
    """Every GET route with every number (and token) in its holes; yields the answers."""
    for _, method, pattern, _ in ROUTES:
        if method != "GET":
            continue
        client = client.twin(elsewhere=True)  # requests are counted by address
        holes = pattern.count("{")
        every = [*map(str, numbers), *tokens] if holes else [""]
        for at, values in enumerate(itertools.product(every, *[every[:4]] * (holes - 1))):  # what belongs to something has the low numbers of a young site
            if at % 120 == 119:
                client = client.twin(elsewhere=True)
            path = pattern
            for value in values:
                path = path if "{" not in path else path[:path.index("{")] + value + path[path.index("}") + 1:]
            yield client.get(path)


@pytest.mark.once
def test_the_canary_is_seen_at_home(site, planted):
    """Else the next test could not fail."""
    answers = list(crawl(site, planted["person"], planted["projects"] + [planted["service"]], [planted["token"]]))
    assert sum(CANARY in a.text for a in answers) >= 6


@pytest.mark.once
@pytest.mark.parametrize("who", ["anonymous", "client", "staff", "admin", "their client", "their staff"])
def test_no_byte_of_the_other_agency_is_in_any_answer_of_ours(site, planted, member, staff, admin, other_staff, who):
    client = site.visitor()
    source = {"client": member.client, "staff": staff, "admin": admin, "their client": planted["person"], "their staff": other_staff}.get(who)
    client.cookies = dict(source.cookies) if source else {}
    seen = 0
    for answer in crawl(site, client, planted["ids"], [planted["token"]]):
        assert CANARY.encode() not in answer.body, answer
        seen += answer.status == 200
    assert seen >= 4


def test_writes_do_not_reach_the_other_agency(site, planted, admin):
    task = site.one("select min(id) from tasks", tenant="other")
    tasks = "select md5(string_agg(t::text, ',' order by id)) from tasks t where project_id = any(%s)"
    before = site.one(tasks, planted["projects"], tenant="other")
    ours = {row["id"] for row in site.sql("select id from tasks", tenant=site.tenant)}
    if task not in ours:
        admin.patch(f"/api/tasks/{task}", {"status": "completed"}).problem(404)
    admin.patch(f"/api/leads/{planted['token']}", {"description": "overwritten"}).problem(404)
    assert site.one(tasks, planted["projects"], tenant="other") == before


def connect(site):
    return psycopg2.connect(site.env()["DATABASE_URL"])


def test_the_login_role_alone_reads_no_agency(site, planted):
    with connect(site) as session, session.cursor() as cursor:
        for tenant in ("lunaxcode", "other"):
            for table in ("projects", "tasks", "service_types", "leads", "messages", "files", "generations"):
                with pytest.raises(psycopg2.errors.InsufficientPrivilege):
                    cursor.execute(f'select * from "{tenant}".{table} limit 1')
                session.rollback()


def test_one_agencys_role_reads_no_other_agency_and_no_account(site, planted):
    with connect(site) as session, session.cursor() as cursor:
        for statement in ('select * from other.projects', 'update other.tasks set title = title', 'select * from public.users', 'select * from public.sessions',
                          'select * from public.jobs', 'select * from public.outbox', 'insert into lunaxcode.schema_history default values',
                          "create table lunaxcode.mine ()"):
            cursor.execute("set local role lunaxcode")
            with pytest.raises((psycopg2.errors.InsufficientPrivilege, psycopg2.errors.UndefinedColumn)):
                cursor.execute(statement)
            session.rollback()


def test_of_the_sessions_an_agencys_role_sees_its_own_alone_and_the_login_role_none(site, planted, member):
    hashes = {tenant: {bytes(row["token_hash"]) for row in site.sql("select token_hash from sessions where tenant = %s", tenant)} for tenant in ("lunaxcode", "other")}
    assert hashes["lunaxcode"] and hashes["other"]
    with connect(site) as session, session.cursor() as cursor:
        cursor.execute("select count(*) from open_sessions")
        assert cursor.fetchone() == (0,)
        for tenant in hashes:
            cursor.execute(f"set local role {tenant}")
            cursor.execute("select token_hash from open_sessions")
            seen = {bytes(row[0]) for row in cursor.fetchall()}
            assert seen and seen <= hashes[tenant]
            session.rollback()


def test_nobody_who_signs_in_can_claim_to_be_somebody_else_in_sql(site):
    with connect(site) as session, session.cursor() as cursor:
        cursor.execute("set local role lunaxcode")
        with pytest.raises(psycopg2.errors.InsufficientPrivilege):
            cursor.execute("select set_config('lx.user', 'somebody', true)")


def test_a_suspended_agency_is_gone_and_comes_back(site):
    """Programs may remember a host for some seconds."""
    def status():
        return site.visitor(OTHER_HOST).get(f"/api/services?{time.monotonic()}").text

    assert "Other Page" in status()
    site.sql("update tenants set status = 'suspended' where slug = 'other'")
    try:
        soon(lambda: "Other Page" not in status(), 12)
    finally:
        site.sql("update tenants set status = 'active' where slug = 'other'")
    soon(lambda: "Other Page" in status(), 12)
