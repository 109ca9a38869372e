"""Every route with every id of another agency, as every kind of person; and every text parameter with what would change role or path.

The other agency is made for this: each of its tables has the rows of ours, with a canary in every text that takes one, and ids of
which the first is the same in every table. So one number is the id of each kind of thing that it has, and of nothing of ours.
Routes are what the programs print, and how they are called what authorisation_test shows: a route that nobody listed fails here, too.
"""
import itertools
import re
import sys
import urllib.parse
from pathlib import Path

import psycopg2
import pytest

sys.path.insert(0, str(Path(__file__).parent))
import pdf
from authorisation_test import EXAMPLES, ROUTES, made, world  # noqa: F401 (world is a fixture)
from instance import ROOT
from people import sign_up

CANARY, CANARY_ID, HOST, WALLED = "canary-51e0c4", 770001, "walled.example.test", "walled"
PEOPLE = ["anonymous", "client", "stranger", "contact", "viewer", "staff", "admin", "owner", "platform owner", "their admin here"]
POLYGLOT = "x'; set role \"walled\"; select set_config('role','walled',false), set_config('search_path','walled',false); set search_path to walled; --\\'; $$; reset role; --"
IDS = re.compile(r"(^id|Id|ids|Ids|^dependencies|^account|^project|^service|^task|^ask|^item|^question|^file|^message|^user)$")
COPY = """
do $$
declare
    t record;
    c record;
    columns text;
    shifted text;
begin
    set local session_replication_role = replica;  -- neither triggers nor foreign keys: rows go in as they are
    create temp table first_ids on commit drop as select ''::name as name, 0::bigint as first limit 0;
    for t in select relname as name from pg_class where relnamespace = 'lunaxcode'::regnamespace and relkind = 'r' loop
        if exists (select from pg_attribute where attrelid = format('lunaxcode.%I', t.name)::regclass and attname = 'id' and atttypid in (20, 23)) then
            execute format('insert into first_ids select %L, min(id) from lunaxcode.%I', t.name, t.name);
        end if;
    end loop;
    for t in select relname as name from pg_class where relnamespace = 'lunaxcode'::regnamespace and relkind = 'r'
                and relname not in ('schema_history', 'legacy_values', 'settings') loop
        execute format('delete from walled.%I', t.name);
        select string_agg(format('%I', attname), ', ' order by attnum),
               string_agg(case when attname = 'id' and atttypid in (20, 23) then format('id - %s + %s', (select first from first_ids where name = t.name), %(id)s)
                               when f.target is not null then format('%I - %s + %s', attname, (select first from first_ids where name = f.target), %(id)s)
                               else format('%I', attname) end, ', ' order by attnum)
          into columns, shifted
          from pg_attribute a left join lateral (
              select r.relname as target from pg_constraint k join pg_class r on r.oid = k.confrelid
               where k.contype = 'f' and k.conrelid = a.attrelid and a.attnum = any (k.conkey) and r.relnamespace = 'lunaxcode'::regnamespace
                 and a.atttypid in (20, 23) limit 1) f on true
         where attrelid = format('lunaxcode.%I', t.name)::regclass and attnum > 0 and not attisdropped and attgenerated = '';
        execute format('insert into walled.%I (%s) overriding system value select %s from lunaxcode.%I', t.name, columns, shifted, t.name);
    end loop;
    -- A canary in every text that takes one: words that a rule fixes are left as they are.
    for c in select r.relname, a.attname, a.atttypid = 'jsonb'::regtype as json from pg_attribute a join pg_class r on r.oid = a.attrelid
              where r.relnamespace = 'walled'::regnamespace and r.relkind = 'r' and a.attnum > 0 and not a.attisdropped and a.attgenerated = ''
                and a.atttypid in ('text'::regtype, 'varchar'::regtype, 'jsonb'::regtype) and r.relname not in ('schema_history', 'legacy_values') loop
        begin
            if c.json then
                execute format('update walled.%I set %I = %I || jsonb_build_object(''canary'', %L) where jsonb_typeof(%I) = ''object''', c.relname, c.attname, c.attname, %(canary)s, c.attname);
            else
                execute format('update walled.%I set %I = %L || coalesce(%I, '''')', c.relname, c.attname, %(canary)s, c.attname);
            end if;
        exception when others then null;
        end;
    end loop;
    -- A receipt keeps its words in one object, and shows them in a picture of a page.
    delete from walled.receipts;
    insert into walled.receipts (number, payment_id, project_id, amount, words)
    values (1, %(id)s, %(id)s, 100, json_build_object('agency', 'Walled', 'client', %(canary)s, 'project', %(canary)s, 'price', 2, 'part', 'deposit', 'method', 'cash'));
end $$;
"""


def administrator(site):
    session = psycopg2.connect(site.database_url().replace("user=lunaxcode_owner", "user=postgres"))
    session.autocommit = True
    return session


def state_of(site):
    """What the other agency has, table by table, as sums of its rows; and what public has in its name."""
    with administrator(site) as session, session.cursor() as cursor:
        cursor.execute("select relname from pg_class where relnamespace = 'walled'::regnamespace and relkind = 'r' order by 1")
        tables = [f'walled."{name}"' for name, in cursor.fetchall()]
        sums = {}
        for source in [*tables, "public.jobs where tenant = 'walled'", "public.outbox where tenant = 'walled'", "public.tenants where slug = 'walled'",
                       "public.invitations where tenant_id = (select id from public.tenants where slug = 'walled')",
                       "public.user_roles where tenant_id = (select id from public.tenants where slug = 'walled')"]:
            cursor.execute(f"select count(*), coalesce(sum(hashtextextended(r::text, 0)), 0) from (select * from {source}) r")
            sums[source] = cursor.fetchone()
    session.close()
    return sums


@pytest.fixture(scope="module")
def walled(site, world):  # noqa: F811
    """Another agency with a row of everything, each text with the canary, and every first id the same."""
    assert site.sql("select 1 from projects where id >= %s union all select 1 from tasks where id >= %s", CANARY_ID, CANARY_ID, tenant=site.tenant) == []
    for name, example in EXAMPLES.items():  # so that there is a row of what each makes
        if name.startswith("POST ") and not example.ends_session and "/api/platform/" not in name:
            admin = world.people["admin"].twin(elsewhere=True)
            admin.request("POST", made(example.path, world, admin), made(example.body, world, admin))
    site.migrate("tenants", "create", WALLED, "--name", "Walled", "--host", HOST)
    with administrator(site) as session, session.cursor() as cursor:
        cursor.execute(COPY.replace("%(id)s", str(CANARY_ID)).replace("%(canary)s", f"'{CANARY}'"))
    session.close()
    theirs = site.signed_in(*site.account("admin", WALLED), host=HOST)
    visitor = site.visitor(HOST)
    token = visitor.post("/api/leads", {}).expect(201)["token"]
    upload = visitor.post(f"/api/leads/{token}/files", {"name": "a.txt", "size": 5}).expect(201)["upload"]
    here = site.visitor()
    here.cookies = dict(theirs.cookies)
    people = {**world.people, "viewer": site.signed_in(*site.account("viewer")), "owner": site.signed_in(*site.account("owner")), "their admin here": here}
    yield {"admin": theirs, "tokens": [token, upload], "people": people}
    for tokens in (site.witness.leads, site.witness.files):  # what was promised there goes with it
        for key in [key for key, value in tokens.items() if HOST in (value, key[0] if isinstance(key, tuple) else "")]:
            del tokens[key]
    site.migrate("tenants", "drop", WALLED, "--yes")


def addresses(pattern, tokens):
    """The pattern's paths with what the other agency has in each hole."""
    holes = re.findall(r"\{(\w+)\}", pattern)
    for values in itertools.product(*[[*tokens] if hole == "token" else [str(CANARY_ID), str(CANARY_ID + 1)] for hole in holes]):
        rest = iter(values)
        yield re.sub(r"\{\w+\}", lambda _: next(rest), pattern)


def theirs(body):
    """A body with the other agency's ids wherever it names one."""
    if isinstance(body, dict):
        return {key: (CANARY_ID if isinstance(value, int) and not isinstance(value, bool) else [CANARY_ID] if isinstance(value, list) else value) if IDS.search(key) else theirs(value)
                for key, value in body.items()}
    return body


class Walker:
    """One person of ours who asks for a lot: a new address now and then, as requests are counted by it."""

    def __init__(self, person):
        self.person, self.client, self.count = person, None, 0

    def request(self, method, path, body=None, **how):
        if self.count % 100 == 0:
            if self.client:
                self.client.close()
            self.client = self.person.twin(elsewhere=True)
        self.count += 1
        cookies = dict(self.client.cookies)
        answer = self.client.request(method, path, body, **how)
        self.client.cookies = cookies
        assert answer.status != 429, answer
        assert CANARY.encode() not in answer.body and CANARY not in str(answer.headers) and CANARY not in pdf.text_of(answer.body), answer
        return answer


def listed(method, pattern):
    example = EXAMPLES.get(f"{method} {pattern}")
    assert example, f"nobody shows how {method} {pattern} is called: add it to EXAMPLES of authorisation_test"
    return example


def test_the_other_agency_has_a_canary_in_everything_and_shows_it_at_home(site, walled):
    """Else nothing below could fail."""
    with administrator(site) as session, session.cursor() as cursor:
        cursor.execute("""select r.relname, a.attname from pg_attribute a join pg_class r on r.oid = a.attrelid where r.relnamespace = 'walled'::regnamespace and r.relkind = 'r'
            and a.attnum > 0 and not a.attisdropped and a.atttypid in ('text'::regtype, 'varchar'::regtype, 'jsonb'::regtype) and r.relname not in ('schema_history', 'legacy_values')""")
        columns = cursor.fetchall()
        planted = set()
        for table, column in columns:
            cursor.execute(f'select exists (select from walled."{table}" where "{column}"::text like %s)', [f"%{CANARY}%"])
            if cursor.fetchone()[0]:
                planted.add((table, column))
    session.close()
    assert len(planted) > 0.5 * len(columns), set(columns) - planted
    for table in ("projects", "tasks", "service_types", "questions", "leads", "messages", "files", "payments", "payment_accounts", "landing_page_content", "asks"):
        assert any(name == table for name, _ in planted), table
    client, shown = walled["admin"].twin(elsewhere=True), []
    for _, method, pattern, _ in ROUTES:
        if method == "GET" and any(CANARY.encode() in client.get(path).body for path in addresses(pattern, walled["tokens"])):
            shown.append(pattern)
    assert len(shown) >= 15, shown
    receipt = client.get(f"/api/projects/{CANARY_ID}/payments/{CANARY_ID}/receipt.pdf")
    assert receipt.status == 200 and CANARY.encode() not in receipt.body and pdf.text_of(receipt.body).count(CANARY) >= 2, "the words of a PDF are compressed, and read all the same"


@pytest.mark.parametrize("who", [who if who == "admin" else pytest.param(who, marks=pytest.mark.once) for who in PEOPLE])
def test_no_route_gives_or_changes_anything_of_the_other_agency(site, world, walled, who):  # noqa: F811
    before = state_of(site)
    walker = Walker(walled["people"][who])
    for _, method, pattern, _ in ROUTES:
        example = listed(method, pattern)
        if "{" in pattern:
            body = theirs(made(example.body, world, walker.person)) if example.body is not None else None
            for path in addresses(pattern, walled["tokens"]):
                answer = walker.request(method, path, body)
                assert answer.status < 500, answer
                if "{date}" not in pattern and not (method == "GET" and answer.status == 200 and pattern == "/api/questions/{serviceId}"):
                    assert not 200 <= answer.status < 300, answer  # of a service that is not there there are no questions
        elif method == "GET":
            example_path = made(example.path, world, walker.person)
            query = urllib.parse.parse_qsl(urllib.parse.urlsplit(example_path).query)
            walker.request("GET", example_path)
            if query:
                walker.request("GET", pattern + "?" + urllib.parse.urlencode([(key, CANARY_ID if value.isdigit() else value) for key, value in query]))
        elif not example.ends_session and example.body is not None:
            body = made(example.body, world, walker.person)
            if theirs(body) != body:
                assert walker.request(method, made(example.path, world, walker.person), theirs(body)).status < 500
    assert state_of(site) == before


def test_what_we_have_shows_nothing_of_the_other_agency_on_pages_in_lists_exports_mails_and_logs(site, world, walled):  # noqa: F811
    for who in ("client", "staff", "admin"):
        walker = Walker(walled["people"][who])
        for _, method, pattern, _ in ROUTES:
            if method == "GET":
                walker.request("GET", made(listed(method, pattern).path, world, walker.person))
        for page in (ROOT / "src/web").glob("*.html"):
            walker.request("GET", f"/{page.stem}".replace("/index", "/").replace("admin-", "admin/"))
    for folder in ("mail", "log"):
        for path in (site.state / folder).iterdir():
            if path.suffix in (".eml", ".log") and not path.name.startswith("postgres"):  # a mail that is being written has another name yet
                assert CANARY.encode() not in path.read_bytes(), path


def texts_of(body, path=()):
    """Where a body has a text, and so a text may be."""
    if isinstance(body, dict):
        for key, value in body.items():
            yield from texts_of(value, (*path, key))
    elif isinstance(body, str):
        yield path


def with_text(body, path, text):
    if not path:
        return text
    return {**body, path[0]: with_text(body.get(path[0]), path[1:], text)}


def named_in(program):
    """The names of fields and of query parameters that a program reads, by its source and what it includes of the domain."""
    texts, seen = [], set()
    waiting = [ROOT / f"src/routes/{program}.cpp"]
    while waiting:
        path = waiting.pop()
        if path in seen or not path.exists():
            continue
        seen.add(path)
        texts.append(path.read_text())
        for name in re.findall(r'#include "(domain/[\w-]+)\.h"', texts[-1]):
            waiting += [ROOT / f"src/{name}.h", ROOT / f"src/{name}.cpp"]
    source = "\n".join(texts)
    return (set(re.findall(r'query_value\("([\w-]+)"\)', source)) | set(re.findall(r'number\((?:call\.request, )?"([\w-]+)"', source)),
            set(re.findall(r'form\.(?:text|value|email|token|has|id)\("([\w-]+)"', source)))


@pytest.mark.parametrize("part", range(4))
def test_no_text_changes_role_or_search_path(site, world, walled, part):  # noqa: F811
    """Role and path of a connection that took the bait would give the other agency's rows, or an error 500, to whoever comes next."""
    before = state_of(site)
    walker, quoted, named = Walker(walled["people"]["admin"]), urllib.parse.quote(POLYGLOT, safe=""), {}
    for number, (program, method, pattern, _) in enumerate(ROUTES):
        if number % 4 != part:
            continue
        example = listed(method, pattern)
        parameters, fields = named.setdefault(program, named_in(program))
        own = walled["people"]["admin"]
        for hole in range(pattern.count("{")):
            path = re.sub(r"\{\w+\}", lambda match, count=itertools.count(): quoted if next(count) == hole else "1", pattern)
            assert walker.request(method, path, {} if method != "GET" else None).status < 500
        if method == "GET":
            path = made(example.path, world, own).split("?")[0]
            for name in parameters:
                assert walker.request("GET", f"{path}?{name}={quoted}").status < 500
        elif not example.ends_session and pattern != "/api/projects/create-from-onboarding":
            body = made(example.body, world, own) or {}
            for field in {*texts_of(body), *((name,) for name in fields)}:
                if program in ("second-factor", "invitations", "contacts"):
                    site.sql("delete from auth_attempts")  # attempts at a code and mails are counted, and this is a crawl
                answer = walker.request(method, made(example.path, world, own), with_text(body, field, POLYGLOT))
                assert answer.status < 500, (field, answer)
    for header in ("User-Agent", "Idempotency-Key", "X-Forwarded-For", "If-None-Match", "Accept-Language"):
        assert walker.request("GET", "/api/auth/session", headers={header: POLYGLOT}).status < 500
    for cookie in ("session", "__Host-session"):
        assert walker.request("GET", "/api/projects", headers={"Cookie": f"{cookie}={quoted}"}).status == 401
    for program, method, pattern, _ in ROUTES:  # whoever comes next
        if method == "GET":
            assert walker.request("GET", made(listed(method, pattern).path, world, walled["people"]["admin"])).status < 500
    assert state_of(site) == before


def test_what_would_change_a_role_is_kept_as_the_text_that_it_is(site):
    person = sign_up(site, name=POLYGLOT[:100])
    assert person.get("/api/auth/session").expect()["user"]["name"] == POLYGLOT[:100]
