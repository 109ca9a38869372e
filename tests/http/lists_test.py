"""Lists as files in the language of who reads them: heads and codes are said in it, columns and their order are the same, and English is what it was."""
import csv
import io
import re

import pytest

import catalogue
import onboarding
from people import new_address, new_person
from routes import routes
from uploading import send

FILES = sorted({pattern for _, method, pattern, _ in routes() if method == "GET" and pattern.endswith("/csv")})
OWN = {"Row", "Key", "SHA-256"}

# The heads of a file in English, as who reads it by program knows them.
HEADS = {
    "/api/admin/audit/csv": "Row,When (UTC),What,Who,E-mail,Whom or what,Address,Details,Hash",
    "/api/admin/cms/landing/csv": "Section,Title,On the page,Part,Number,What,Text,Changed (UTC)",
    "/api/admin/cms/questions/csv": "Question,Key,Text,Type,Required,Placeholder,Options,Condition,On the site",
    "/api/admin/cms/services/csv": "Service,Name,Price (PHP),Timeline,Popular,On the site,Description,Features,Changed (UTC)",
    "/api/admin/cms/versions/csv": "Kind,Item,Version,Action,Restored from,Who,When (UTC),Content",
    "/api/admin/invitations/csv": "E-mail,Role,Project,May there,State,Invited by,Accepted by,Invited (UTC),Sent (UTC),Times sent,Works until (UTC),Accepted (UTC),Withdrawn (UTC)",
    "/api/admin/leads/csv": "Draft,Status,Step,Service,Name,E-mail,Phone,Description,Started (UTC),Changed (UTC),Answers",
    "/api/admin/payments/csv": "Payment,Project,Project name,Client,E-mail,Part,Amount (PHP),Given back (PHP),Receipt,Credit notes,Status,Stage,By,Method,Reference,Client's reference,Attention,Begun (UTC),Changed (UTC)",
    "/api/admin/people/csv": "Name,E-mail,Confirmed,Role,Disabled,Here since (UTC),Second factor,Signed in,Seen (UTC)",
    "/api/admin/people/{person}/sessions/csv": "Session,Address,Browser,Signed in (UTC),Seen (UTC),Ends (UTC)",
    "/api/admin/plans/usage/csv": "Month,Model,Plans,To choose from,Failed,Times asked,Prompt tokens,Answer tokens,Thought tokens,Cost (USD)",
    "/api/admin/plans/{project}/versions/csv": "Version,What,From version,Who,When (UTC),Tasks,Hours,Titles,Document",
    "/api/admin/projects/csv": "Project,Name,Service,Status,Payment,Price (PHP),Client,E-mail,Phone,Promised for,Overdue,Tasks,Tasks done,Started (UTC)",
    "/api/admin/settings/changes/csv": "When (UTC),Who,What,From,To",
    "/api/admin/stats/conversion/csv": "Service,Name,Started,Described it,Answered the questions,Became a project,Share (%)",
    "/api/admin/stats/pipeline/csv": "Status,Projects,Price (PHP)",
    "/api/admin/stats/views/csv": "Day,Page,From,Views",
    "/api/admin/stats/revenue/csv": "Month,Received (PHP),Given back (PHP),Left (PHP)",
    "/api/calendar/csv": "Day,Name,Kind,Worked on,Confirmed,Source",
    "/api/payment-accounts/csv": "Account,Kind,Label,In the name of,Number,Note,QR code,Shown to clients,Changed (UTC)",
    "/api/platform/jobs/csv": "Job,What,Short name,Name,State,Ordered (UTC),Begun (UTC),Ended (UTC),Bytes,Error,Kept in,Failure",
    "/api/platform/tenants/csv": "Short name,Name,Hosts,Status,Default,People,Projects,Bytes,Made (UTC),Asks for",
    "/api/projects/{id}/activity/csv": "Entry,When (UTC),Who,Role,What,Details,Internal",
    "/api/projects/{id}/answers/csv": "Key,Question,Answer",
    "/api/projects/{id}/asks/csv": "Request,Kind,What,Task,Asked by,Asked (UTC),Settled by,Settled (UTC)",
    "/api/projects/{id}/contacts/csv": "Name,E-mail,May,State,Since (UTC)",
    "/api/projects/{id}/files/csv": "File,Name,Type,Bytes,What for,From,Role,Sent (UTC),Removed (UTC),Removed by,SHA-256",
    "/api/projects/{id}/messages/csv": "Message,Sent (UTC),From,Role,Text,About the task,About the payment,Files,Edited (UTC),Removed (UTC)",
    "/api/projects/{id}/tasks/csv": "Task,Section,Title,Description,Priority,Status,Estimated hours,Spent hours,Waits for,Started (UTC),Done (UTC),Retired (UTC)",
    "/api/projects/{id}/timeline/csv": "Kind,What,Section,Status,Hours,Begins,Ends,Promised,Moves the finish,Room (working days)",
}
# The columns whose cells are words of ours in each file, and those of which every cell is.
CODED = {path: {column: kind for column, kind in found} for path, found in catalogue.list_columns().items()}
WORDS = catalogue.list_words()


def rows_of(answer):
    assert answer.status == 200 and answer.body.startswith(b"\xef\xbb\xbf"), answer
    return list(csv.reader(io.StringIO(answer.text.lstrip("\ufeff"), newline="")))


@pytest.fixture(scope="module")
def world(site):
    """One of the staff, the owner of the installation, and a project in whose lists there is something of every kind."""
    admin, staff = site.signed_in(*site.account("admin")), site.signed_in(*site.account("member"))
    address, password = site.account("admin", name="platform")
    site.migrate("tenants", "owner", address)
    client = new_person(site, name="Juana dela Cruz")
    project = onboarding.create(client)
    onboarding.wait_for_plan(client, project)
    client.post(f"/api/projects/{project}/messages", {"body": "Kumusta"}).expect(201)
    send(client, f"/api/projects/{project}/files", b"some text", name="logo.txt")
    staff.post(f"/api/projects/{project}/asks", {"kind": "answer", "title": "Which colours?"}).expect(201)
    staff.post(f"/api/projects/{project}/contacts", {"email": new_address(), "role": "view"}).expect(201)
    task = staff.get(f"/api/projects/{project}/tasks").expect()["tasks"][0]
    staff.patch(f"/api/tasks/{task['id']}", {"version": task["version"], "status": "in-progress", "priority": "low" if task["priority"] != "low" else "high"}).expect()
    owed = client.get(f"/api/projects/{project}/payments").expect()["parts"][0]["amount"]
    paid = staff.post("/api/admin/payments/record", {"projectId": project, "part": "deposit", "channel": "bank", "amount": owed, "reference": f"OR L{project}"}).expect(201)["id"]
    site.sql("update payments set attention = 'This proof, or its number, was given for payment 7 before.' where id = %s", paid, tenant=site.tenant)
    version = admin.get("/api/admin/settings").expect()["version"]
    for display in ("code", "symbol"):
        version = admin.patch("/api/admin/settings", {"version": version, "currencyDisplay": display}).expect()["version"]
    site.visitor().post("/api/leads", {}).expect(201)
    return {"admin": admin, "owner": site.signed_in(address, password), "project": project, "client": client}


def asked_for(world, pattern):
    path = pattern.replace("/projects/{id}", f"/projects/{world['project']}").replace("/plans/{project}", f"/plans/{world['project']}").replace("/people/{person}", f"/people/{world['client'].user['id']}")
    who = world["owner" if "/platform/" in pattern else "admin"]
    more = {"/api/admin/cms/questions/csv": "?serviceId=1&", "/api/admin/payments/csv": "?state=all&", "/api/admin/audit/csv": "?sort=oldest&"}.get(pattern, "?")
    return who, path + more


def test_every_file_is_known_here_and_has_its_english_heads_in_their_order():
    assert set(HEADS) == set(FILES)
    assert {path: ",".join(column for column, _ in found) for path, found in catalogue.list_columns().items()} == HEADS


@pytest.mark.parametrize("pattern", FILES)
def test_a_file_is_in_the_language_of_who_reads_it(world, pattern):
    who, path = asked_for(world, pattern)
    english, filipino = rows_of(who.get(path)), rows_of(who.get(path + "language=fil"))
    assert ",".join(english[0]) == HEADS[pattern]
    assert filipino[0] == [WORDS["heads"][head] for head in HEADS[pattern].split(",")]
    assert all(len(row) == len(english[0]) for row in filipino)
    if "/platform/jobs" not in pattern and "audit" not in pattern:  # the log goes on meanwhile: this very file is noted in it
        assert len(filipino) == len(english)
    for row, other in zip(english[1:], filipino[1:]):
        for head, cell, said in zip(english[0], row, other):
            kind = CODED[pattern][head]
            if kind == "own":
                assert said == cell or head == "Question" and cell == "Description", (head, cell, said)
            elif kind == "code" and not (head == "Name" or head == "What" and "timeline" in pattern or head == "Section" and cell.startswith("hidden-")):  # another test's
                assert said == WORDS["codes"].get(cell, "") , f"{head}: nobody has Filipino for {cell!r}"
            elif kind == "field" and cell:
                assert said == WORDS["fields"].get(cell), f"{head}: nobody has Filipino for {cell!r}"
            elif kind == "facts" and cell:
                assert "{" not in said.split(": ")[0], said


@pytest.mark.over_cgi
def test_who_is_asked_for_a_language_decides_cookie_browser_account_agency(site, world):
    path, filipino = "/api/admin/projects/csv", WORDS["heads"]["Project name"]
    someone = new_person(site)  # whose account says nothing of a language
    site.sql("update user_roles set role_id = 3 where user_id = %s", someone.user["id"])
    head = lambda **headers: rows_of(someone.twin(elsewhere=True).get("/api/admin/payments/csv?state=all", headers=headers))[0][2]
    assert head() == "Project name", "the agency's own"
    assert head(**{"Accept-Language": "tl-PH"}) == filipino
    assert head(**{"Accept-Language": "de"}) == "Project name"
    someone.patch("/api/auth/language", {"language": "fil"}).expect(204)
    assert rows_of(someone.get(path))[0][1] == WORDS["heads"]["Name"]
    someone.cookies.pop("language")
    assert rows_of(someone.get(path))[0][1] == WORDS["heads"]["Name"], "the account's"
    assert rows_of(someone.get(path + "?language=en"))[0][1] == "Name"


def test_a_language_that_there_is_not_is_refused_and_nothing_is_noted(site, world):
    count = lambda: site.one("select count(*) from audit_log where actor_id = %s and action = 'exported'", world["admin"].user["id"])
    before = count()
    world["admin"].get("/api/admin/projects/csv?language=de").problem(422, "language")
    assert count() == before


def test_an_agency_whose_language_is_filipino_gives_files_in_filipino(site, world):
    admin = world["admin"]
    before = admin.get("/api/admin/settings").expect()
    try:
        version = admin.patch("/api/admin/settings", {"version": before["version"], "language": "fil", "languages": ["fil"]}).expect()["version"]
        for headers in ({}, {"Accept-Language": "en"}):
            rows = rows_of(admin.get("/api/admin/stats/pipeline/csv", headers=headers))
            assert rows[0] == [WORDS["heads"][head] for head in ("Status", "Projects", "Price (PHP)")]
            assert [row[0] for row in rows[1:]] == ["pending", "ginagawa na", "naka-hold", "tapos na"]
        admin.patch("/api/admin/settings", {"version": version, "language": "en", "languages": ["en", "fil"]}).expect()
    finally:
        now = admin.get("/api/admin/settings").expect()
        admin.patch("/api/admin/settings", {"version": now["version"], "language": "en", "languages": ["en", "fil"]}).expect()


def test_the_audit_log_s_file_says_what_was_done_in_words(world):
    who, path = asked_for(world, "/api/admin/audit/csv")
    rows = rows_of(who.get(path + "language=fil"))[1:]
    said = {(row[2], row[5]): row[7] for row in rows}
    assert f"Bahagi: deposit" in said["Itinala ang bayad", f"bayad {max(int(row[5].split()[1]) for row in rows if row[2] == 'Itinala ang bayad')}"]
    assert ("Nag-save ng listahan bilang file", "audit log") in said
    changed = next(row[7] for row in rows if row[2] == "Binago ang settings" and "PHP" in row[7])
    assert changed == "Mga halaga: ₱ → PHP"


# The catalogue

def test_a_catalogue_of_lists_has_every_head_and_no_other():
    heads = {column for found in catalogue.list_columns().values() for column, _ in found}
    assert set(WORDS["heads"]) == heads


def test_every_word_that_the_database_keeps_in_a_coded_column_has_its_filipino(site):
    """By the constraints of the tables that the files are of: who adds a status adds its word."""
    checked = site.sql("""select conrelid::regclass::text as place, pg_get_constraintdef(oid) as rule from pg_constraint
                          where contype = 'c' and connamespace in ('lunaxcode'::regnamespace, 'public'::regnamespace)""")
    tables = ("projects", "tasks", "payments", "leads", "files", "asks", "questions", "plan_versions", "content_versions", "payment_accounts", "project_contacts", "platform_jobs", "tenants", "service_types")
    words = {word for row in checked if row["place"].split(".")[-1] in tables for rule in re.findall(r"= ANY \(+ARRAY\[([^\]]+)", row["rule"]) for word in re.findall(r"'([^']*)'", rule)}
    assert len(words) > 50
    internal = {"none", "queued", "made", "image/png", "image/jpeg", "image/webp", "both", "verify", "reset", "public"}
    assert sorted(words - set(WORDS["codes"]) - internal) == []


def test_every_action_and_every_kind_of_activity_has_its_filipino():
    sources = "\n".join(path.read_text() for folder in ("src", "sql/migrations", "scripts/lib") for path in (catalogue.ROOT / folder).rglob("*") if path.suffix in (".cpp", ".sql", ".psql"))
    said = set(re.findall(r"(?:audit|audit_change|audit_at|audit_change_at|note_by_staff|note_at_once)\(call, (?:tenant, )?\"([a-z-]+)\"", sources))
    said |= set(re.findall(r"note_activity\([^,']+, '([a-z-]+)'", sources)) | set(re.findall(r"public\.audit\('([a-z-]+)'", sources))
    assert len(said) > 60 and said - set(WORDS["codes"]) == set()
    saved = re.findall(r'note_(?:at_once\(call, "exported"|export\(call), "([^"]+)"', sources)
    assert len(saved) > 25 and [subject for subject in saved if not any(word == subject or word.startswith(subject) and "{1}" in word for word in WORDS["codes"])] == []


def test_where_a_page_names_the_same_it_says_the_same():
    page = {**catalogue.catalogue("fil")[0], **catalogue.catalogue("fil-office")[0]}
    facts = (catalogue.SCRIPTS / "admin/facts.js").read_text()
    table = lambda name: {code or bare: text for code, bare, text in re.findall(r"(?:'([^']+)'|([A-Za-z]\w*)): t\('([^']+)'\)", re.search(rf"export const {name} = \{{(.*?)\n\}};", facts, re.S)[1])}
    for name, kind in (("ACTIONS", "codes"), ("FIELDS", "fields"), ("CODES", "codes"), ("SUBJECTS", "codes")):
        shown = table(name)
        assert len(shown) > 20, name
        assert {code: page.get(text, text) for code, text in shown.items()} == {code: WORDS[kind].get(code) for code in shown}, name
    assert set(table("FIELDS")) == set(WORDS["fields"])
    facts = (catalogue.SCRIPTS / "platform.js").read_text().replace("const FAILURES", "export const FAILURES")
    failures = table("FAILURES")
    assert {code: page[text] for code, text in failures.items()} == {code: WORDS["codes"].get(code) for code in failures}
