"""What staff change is noted: walks every route of `--routes` by which something is changed, also those that clients use too, as
one of the staff, and looks for the row in the audit log. A route without a way to call it below fails: whoever adds one says here
how it is called, or why it need not be noted.
"""
import struct
import time
import uuid
import zlib

import pytest

import catalogue
import onboarding
from instance import OTHER_HOST
from people import new_person
from routes import routes

CHANGES = {f"{method} {pattern}": program for program, method, pattern, _ in routes() if method != "GET"}

SECRET = "Between us alone"

# Why nothing is noted, or where the test of it is.
NOT_HERE = {
    **{route: "one's own account, sessions and mails: sign-ins, passwords and second factors are noted, by whomever (sign_in_test.py, second factors there too)"
       for route, program in CHANGES.items() if program in ("auth", "second-factor", "notifications")},
    **{route: "an onboarding of one's own, before there is a project" for route in CHANGES if route.split()[1].startswith("/api/leads")},
    "POST /api/auth/invitation": "it changes nothing: it shows an invitation",
    "POST /api/auth/invitation/accept": "noted where it is taken up (invitations_test.py)",
    "POST /api/auth/invitation/join": "noted where it is taken up (invitations_test.py)",
    "POST /api/auth/tenants/{id}/handover": "nothing yet: who arrives is noted (tenants_test.py)",
    "POST /api/auth/tenants/arrive": "noted at the other agency (tenants_test.py)",
    "POST /api/payments/webhook": "PayMongo calls it; what it does stands in the ledger, by whom and for what event",
    "POST /api/projects/{id}/payments/{payment}/check": "it changes nothing: PayMongo is asked once more, and its answer is noted in the ledger",
    "POST /api/projects/{id}/contacts/leave": "who works here is no contact; a contact who leaves is noted (contacts_test.py)",
    "POST /api/projects/{id}/messages/read": "how far somebody has read is their own",
    "DELETE /api/files/uploads/{token}": "what had not come whole was never there for anybody else",
    "POST /api/admin/plans/{project}/prompt": "it changes nothing: it shows what would be sent",
    "POST /api/admin/projects/views": "a view is a person's own, like a bookmark",
    "DELETE /api/admin/projects/views/{id}": "a view is a person's own, like a bookmark",
    "PATCH /api/admin/people": "it would shut staff of the other tests out: people_test.py looks for its row, at the other agency",
    "POST /api/platform/tenants": "the agency has no log yet: the runner that makes it writes its first row, and the job says who ordered it (platform_test.py)",
    "POST /api/platform/tenants/{id}/export": "takes a runner with a whole agency: noted in that agency's log (platform_test.py)",
    "POST /api/platform/tenants/{id}/deletion": "takes a runner with a whole agency: noted in that agency's log (platform_test.py)",
}


class World:
    """What the routes are called about, made when it is first asked for."""

    def __init__(self, site, admin, staff, owner):
        self.site, self.admin, self.staff, self.owner = site, admin, staff, owner
        self.client = new_person(site)
        self.project = onboarding.create(self.client)
        onboarding.wait_for_plan(self.client, self.project)
        self.key = f"Walk {uuid.uuid4().hex[:8]}"
        self.chosen = None

    def row(self, query, *values):
        return self.site.one(query, *values, tenant=self.site.tenant)

    def tasks(self):
        return self.staff.get(f"/api/projects/{self.project}/tasks").expect()

    def task(self):
        return self.tasks()["tasks"][0]

    def room(self):
        """A plan has at most 25 tasks and at least 15."""
        board = self.tasks()
        if len(board["tasks"]) >= 25:
            task = board["tasks"][-1]
            self.staff.post(f"/api/tasks/{task['id']}/retire", {"version": task["version"]}).expect()

    def new_task(self):
        self.room()
        return self.staff.post(f"/api/projects/{self.project}/tasks", {"title": self.key, "description": "Of the walk.", "section": "Design", "priority": "low",
                                                                       "estimatedHours": 1}).expect(201)

    def invitation(self):
        self.owner.twin(elsewhere=True).post("/api/admin/invitations", {"email": f"{uuid.uuid4().hex[:10]}@walk.test", "role": "viewer"}).expect(201)
        return self.site.one("select max(id) from invitations where tenant_id = (select id from tenants where slug = 'lunaxcode')")

    def service(self):
        """One with questions to put in order; the same throughout, wherever it stands."""
        services = self.staff.get("/api/admin/cms/services").expect()["services"]
        self.chosen = self.chosen or next(one["id"] for one in services if one["questions"] > 1)
        return next(one for one in services if one["id"] == self.chosen)

    def question(self):
        return self.staff.get(f"/api/admin/cms/questions?serviceId={self.service()['id']}").expect()["questions"][0]

    def proposal(self):
        """A plan to choose from."""
        base = f"/api/admin/plans/{self.project}"
        now = self.staff.get(base).expect()["generation"]
        if not (now["proposal"] and now["outcome"] is None):
            self.staff.post(f"{base}/proposals", {"scope": "prd"}).expect(202)
        until = time.monotonic() + 90
        while (now := self.staff.get(base).expect()["generation"])["state"] != "ready":
            assert time.monotonic() < until, now
            time.sleep(0.15)
        return f"{base}/proposals/{now['id']}"

    def idle(self):
        """No plan is being written: with a key that is none, Gemini would refuse it."""
        until = time.monotonic() + 90
        while self.row("select exists (select from generations where state in ('queued', 'running'))"):
            assert time.monotonic() < until
            time.sleep(0.15)
        return True

    def account(self):
        return self.admin.post("/api/payment-accounts", {"kind": "bank", "label": self.key[:20], "accountName": "Agency", "accountNumber": "001234"}).expect(201)["id"]

    def draft(self):
        token = self.site.visitor().post("/api/leads", {}).expect(201)["token"]
        number = self.row("update leads set email = %s, name = 'Walker', description = 'A site for people who like to walk in Iloilo', "
                        "service_type_id = 1 where token_hash = sha256(%s) returning id", f"{uuid.uuid4().hex[:8]}@walk.test", token.encode())
        self.site.sql("insert into questionnaire_responses (lead_id, question_key, answer_value) select %s, question_key, 'With care' from questions "
                      "where service_id = 1 and is_active and question_type in ('text', 'textarea') and show_if is null order by id limit 1", number, tenant=self.site.tenant)
        return number

    def transfer(self, proven=True):
        """A payment by transfer whose proof waits to be looked at."""
        client = new_person(self.site)
        project = onboarding.create(client)
        account = self.account()
        payment = client.post(f"/api/projects/{project}/payments", {"part": "deposit", "method": "manual", "accountId": account}).expect(201)["id"]
        proof = b"%PDF-1.4\n% a proof " + uuid.uuid4().hex.encode()
        file = client.post(f"/api/projects/{project}/files?name=proof.pdf&purpose=payment", data=proof, headers={"Content-Type": "application/pdf"}).expect(201)["id"]
        client.post(f"/api/projects/{project}/payments/{payment}/proof", {"fileId": file, "reference": f"REF {uuid.uuid4().hex[:10]}"}).expect(200)
        self.admin.delete(f"/api/payment-accounts/{account}").expect(204)
        return payment, self.row("select amount from payments where id = %s", payment)

    def reviewed(self):
        payment, amount = self.transfer()
        self.admin.post(f"/api/admin/payments/{payment}/review", {}).expect()
        return payment, amount

    def paid(self, project=None):
        project = project or onboarding.create(new_person(self.site))
        centavos = self.row("select (deposit_amount * 100)::bigint from projects where id = %s", project)
        made = self.staff.post("/api/admin/payments/record", {"projectId": project, "part": "deposit", "channel": "cash", "amount": centavos, "reference": uuid.uuid4().hex[:10]}).expect(201)
        self.admin.post(f"/api/admin/payments/{made['id']}/verify", {"amount": centavos, "acknowledge": True}).expect()
        return project, made["id"], centavos


def picture():
    """A grey PNG that is wide enough for a logo."""
    def chunk(kind, data):
        return struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data))
    shade = uuid.uuid4().bytes[:1]
    return b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", struct.pack(">IIBBBBB", 20, 20, 8, 0, 0, 0, 0)) + chunk(b"IDAT", zlib.compress((b"\0" + shade * 20) * 20)) + chunk(b"IEND", b"")


def settings(w, **changes):
    return ("admin", "/api/admin/settings", {"version": w.admin.get("/api/admin/settings").expect()["version"], **changes})


def asks_for_host(w, answer, **more):
    """The other agency asks for a domain, and the owner of the installation answers."""
    host = f"{uuid.uuid4().hex[:12]}.walk.test"
    tenant = w.site.one("insert into host_requests (tenant_id, host) select id, %s from tenants where slug = 'other' on conflict (tenant_id) do update "
                        "set host = excluded.host, declined_at = null, reason = null returning tenant_id", host)
    return ("owner", f"/api/platform/tenants/{tenant}/host-request/{answer}", {"host": host, **more})


def new_host(w):
    w.admin.delete("/api/admin/settings/host")
    return ("admin", "/api/admin/settings/host", {"host": f"{uuid.uuid4().hex[:12]}.walk.test"})


def edit(w, path, item, **changes):
    return ("staff", f"{path}/{item['id']}", {"version": item["version"], **changes})


def turned(w, path, kind, item=0, **more):
    now = w.row("select public.content_of(%s, %s) -> 'ids' as ids, public.version_of(%s, %s) as version", kind, item, kind, item)
    return ("staff", f"{path}/order", {"version": now["version"], "ids": now["ids"][::-1], **more})


def apply(w):
    path = w.proposal()
    return ("staff", f"{path}/apply", {"prd": True, "keep": [{"task": t["id"], "version": t["version"], "proposed": None} for t in w.tasks()["tasks"]], "retire": [], "add": []})


def move(w):
    tasks = w.tasks()["tasks"]
    return ("staff", f"/api/tasks/{tasks[0]['id']}/move", {"before": None, "version": tasks[0]["version"]})


def restored(w):
    task = w.new_task()
    w.staff.post(f"/api/tasks/{task['id']}/retire", {"version": task["version"]}).expect()
    gone = w.staff.get(f"/api/tasks/{task['id']}").expect()
    return ("staff", f"/api/tasks/{task['id']}/restore", {"version": gone["version"]})


def added_task(w):
    w.room()
    return ("staff", f"/api/projects/{w.project}/tasks", {"title": w.key, "description": "Of the walk.", "section": "Design", "priority": "low", "estimatedHours": 1})


def retired(w):
    task = w.new_task()
    return ("staff", f"/api/tasks/{task['id']}/retire", {"version": task["version"]})


def plan_version(w):
    w.staff.patch(f"/api/tasks/{w.task()['id']}", {"version": w.task()["version"], "title": w.key + uuid.uuid4().hex[:4]}).expect()
    return ("staff", f"/api/admin/plans/{w.project}/versions/1/restore", {})


def verified(w):
    payment, amount = w.transfer()
    w.staff.post(f"/api/admin/payments/{payment}/review", {}).expect()
    return ("admin", f"/api/admin/payments/{payment}/verify", {"amount": amount, "acknowledge": True})


def settled(w):
    _, payment, _ = w.paid()
    w.row("update payments set attention = 'walk' where id = %s returning id", payment)
    return ("staff", f"/api/admin/payments/{payment}/settle", {"note": "Seen on the walk"})


def recorded(w):
    project = onboarding.create(new_person(w.site))
    return ("staff", "/api/admin/payments/record", {"projectId": project, "part": "deposit", "channel": "cash", "reference": uuid.uuid4().hex[:10],
                                                    "amount": w.row("select (deposit_amount * 100)::bigint from projects where id = %s", project)})


def somebody(w, more="", body=None):
    return ("owner", f"/api/admin/people/{new_person(w.site).user['id']}{more}", body)


def session(w):
    person = new_person(w.site).user["id"]
    return ("owner", f"/api/admin/people/{person}/sessions/{w.site.one('select id from sessions where user_id = %s', person)}", None)


def factor(w):
    person = new_person(w.site).user["id"]
    w.site.sql("insert into second_factors (user_id, secret, confirmed_at) values (%s, '\\x00', now())", person)
    return ("owner", f"/api/admin/people/{person}/second-factor", None)


def new_service(w):
    return ("staff", "/api/admin/cms/services", {"name": f"Walk {uuid.uuid4().hex[:8]}", "description": "", "basePrice": 100, "features": [], "timeline": "", "popular": False, "active": False})


def new_section(w):
    w.site.sql("delete from landing_page_content where key = 'pricing'", tenant=w.site.tenant)
    return ("staff", "/api/admin/cms/landing", {"key": "pricing", "title": "Prices", "content": {}, "active": False})


def with_qr(w):
    path = f"/api/payment-accounts/{w.account()}/qr"
    w.admin.request("POST", path, data=picture(), headers={"Content-Type": "image/png"}).expect(204)
    return path


def message(w, method="PATCH"):
    return ("staff", f"/api/messages/{w.staff.post(f'/api/projects/{w.project}/messages', {'body': SECRET}).expect(201)['id']}", {"body": SECRET + "!"} if method == "PATCH" else None)


def sent_file(w, purpose="project", project=None):
    return w.staff.request("POST", f"/api/projects/{project or w.project}/files?name=walk.png&purpose={purpose}", data=picture(), headers={"Content-Type": "image/png"}).expect(201)["id"]


def removed_file(w):
    file = sent_file(w)
    w.client.twin(elsewhere=True)
    w.staff.delete(f"/api/files/{file}").expect()
    return ("staff", f"/api/files/{file}/restore", {})


def last_piece(w):
    bytes_ = picture()
    return ("staff", w.staff.post(f"/api/projects/{w.project}/files", {"name": "walk.png", "size": len(bytes_)}).expect(201)["location"], bytes_)


def begun(w):
    return ("staff", f"/api/projects/{onboarding.create(new_person(w.site))}/payments", {"part": "deposit", "method": "manual", "accountId": w.account()})


def proof(w):
    _, path, body = begun(w)
    payment = w.staff.post(path, body).expect(201)["id"]
    return ("staff", f"{path}/{payment}/proof", {"fileId": sent_file(w, "payment", path.split("/")[3]), "reference": f"REF {uuid.uuid4().int % 10**10}"})


def ask(w):
    made = w.staff.post(f"/api/projects/{w.project}/asks", {"kind": "answer", "title": "Which colours?"}).expect(201)["id"]
    return ("staff", f"/api/projects/{w.project}/asks/{made}", {"done": True})


def failed_plan(w):
    project = onboarding.create(new_person(w.site))
    onboarding.wait_for_plan(w.staff, project)
    w.site.sql("update generations set state = 'failed', error = 'x' where project_id = %s", project, tenant=w.site.tenant)
    return ("staff", f"/api/projects/{project}/generation", {})


def from_onboarding(w):
    service = onboarding.services(w.staff)[0]
    return ("staff", "/api/projects/create-from-onboarding", onboarding.onboarding(w.staff, service=service, clientEmail="walk@walk.test",
                                                                                    questionAnswers=onboarding.answers_for(onboarding.questions(w.staff, service["id"]))))


def contact(w, body=None):
    person = new_person(w.site).user["id"]
    w.site.sql("insert into project_contacts (project_id, user_id, role) values (%s, %s, 'view')", w.project, person, tenant=w.site.tenant)
    return ("staff", f"/api/projects/{w.project}/contacts/{person}", body)


def to_follow(w):
    return ("staff", f"/api/projects/{w.project}/contacts", {"email": f"{uuid.uuid4().hex[:10]}@walk.test", "role": "view"})


def followed(w, more="", body=None):
    _, path, sent = to_follow(w)
    made = w.staff.post(path, sent).expect(201)["invitations"][-1]["id"]
    return ("staff", f"{path}/invitations/{made}{more}", body)


# Who calls it, where, with what; and the action that is noted then.
HOW = {
    "POST /api/admin/leads/{id}/follow-up": (lambda w: ("staff", f"/api/admin/leads/{w.draft()}/follow-up", {"subject": "Shall we go on?", "message": "You began a project with us."}), "lead-written-to"),
    "POST /api/admin/leads/{id}/convert": (lambda w: ("staff", f"/api/admin/leads/{w.draft()}/convert", {"incomplete": True}), "lead-converted"),
    "POST /api/admin/payments/record": (recorded, "payment-recorded"),
    "POST /api/admin/payments/request-balance": (lambda w: ("staff", "/api/admin/payments/request-balance", {"projectId": w.paid()[0]}), "balance-requested"),
    "POST /api/admin/payments/{id}/review": (lambda w: ("staff", f"/api/admin/payments/{w.transfer()[0]}/review", {}), "payment-reviewed"),
    "POST /api/admin/payments/{id}/verify": (verified, "payment-verified"),
    "POST /api/admin/payments/{id}/reject": (lambda w: ("staff", f"/api/admin/payments/{w.transfer()[0]}/reject", {"reason": "It did not arrive"}), "payment-rejected"),
    "POST /api/admin/payments/{id}/refund": (lambda w: ("staff", f"/api/admin/payments/{w.paid()[1]}/refund", {"amount": 100, "reason": "Paid twice"}), "payment-refunded"),
    "POST /api/admin/payments/{id}/settle": (settled, "payment-settled"),
    "POST /api/admin/plans/{project}/proposals": (lambda w: ("staff", f"/api/admin/plans/{w.project}/proposals", {"scope": "prd"}), "plan-ordered"),
    "POST /api/admin/plans/{project}/proposals/{id}/apply": (apply, "plan-applied"),
    "POST /api/admin/plans/{project}/proposals/{id}/dismiss": (lambda w: ("staff", f"{w.proposal()}/dismiss", {}), "plan-dismissed"),
    "POST /api/admin/plans/{project}/versions/{version}/restore": (plan_version, "plan-restored"),
    "PATCH /api/admin/settings": (lambda w: settings(w, name=w.key), "settings-changed"),
    "POST /api/admin/settings/logo": (lambda w: ("admin", "/api/admin/settings/logo", picture()), "settings-changed"),
    "DELETE /api/admin/settings/logo": (lambda w: (w.admin.request("POST", "/api/admin/settings/logo", data=picture(), headers={"Content-Type": "image/png"}).expect() and "admin", "/api/admin/settings/logo", None), "settings-changed"),
    "POST /api/admin/settings/ai-key": (lambda w: w.idle() and ("admin", "/api/admin/settings/ai-key", {"key": f"walk-{uuid.uuid4().hex}"}), "settings-changed"),
    "DELETE /api/admin/settings/ai-key": (lambda w: (w.idle() and w.admin.post("/api/admin/settings/ai-key", {"key": f"walk-{uuid.uuid4().hex}"}).expect() and "admin", "/api/admin/settings/ai-key", None), "settings-changed"),
    "POST /api/admin/settings/host": (new_host, "host-asked-for"),
    "DELETE /api/admin/settings/host": (lambda w: (w.admin.post(*new_host(w)[1:]).expect() and "admin", "/api/admin/settings/host", None), "host-request-withdrawn"),
    "POST /api/platform/tenants/{id}/host-request/confirm": (lambda w: asks_for_host(w, "confirm"), "agency-changed"),
    "POST /api/platform/tenants/{id}/host-request/decline": (lambda w: asks_for_host(w, "decline", reason="Not here"), "host-declined"),
    "PATCH /api/calendar": (lambda w: ("admin", "/api/calendar", {"parallelTasks": w.row("select 1 + mod(parallel_tasks, 5) from settings")}), "calendar-changed"),
    "POST /api/calendar/days": (lambda w: ("admin", "/api/calendar/days", {"date": "2034-03-03", "name": "Walk"}), "day-off-set"),
    "DELETE /api/calendar/days/{date}": (lambda w: (w.admin.post("/api/calendar/days", {"date": "2034-03-04", "name": "Walk"}).expect(201) and "admin", "/api/calendar/days/2034-03-04", None), "day-off-removed"),
    "POST /api/admin/cms/services": (new_service, "content-created"),
    "PATCH /api/admin/cms/services/{id}": (lambda w: edit(w, "/api/admin/cms/services", w.service(), timeline=uuid.uuid4().hex[:8]), "content-edited"),
    "POST /api/admin/cms/services/order": (lambda w: turned(w, "/api/admin/cms/services", "services"), "content-ordered"),
    "POST /api/admin/cms/questions": (lambda w: ("staff", "/api/admin/cms/questions", {"serviceId": w.service()["id"], "questionKey": f"k_{uuid.uuid4().hex}", "questionText": "Why?", "questionType": "text",
                                                                                      "required": False, "active": False}), "content-created"),
    "PATCH /api/admin/cms/questions/{id}": (lambda w: edit(w, "/api/admin/cms/questions", w.question(), placeholder=uuid.uuid4().hex[:8]), "content-edited"),
    "POST /api/admin/cms/questions/order": (lambda w: turned(w, "/api/admin/cms/questions", "questions", w.service()["id"], serviceId=w.service()["id"]), "content-ordered"),
    "POST /api/admin/cms/landing": (new_section, "content-created"),
    "PATCH /api/admin/cms/landing/{id}": (lambda w: edit(w, "/api/admin/cms/landing", w.staff.get("/api/admin/cms/landing").expect()["sections"][0], title=w.key), "content-edited"),
    "POST /api/admin/cms/landing/order": (lambda w: turned(w, "/api/admin/cms/landing", "sections"), "content-ordered"),
    "POST /api/payment-accounts": (lambda w: ("admin", "/api/payment-accounts", {"kind": "bank", "label": "Walk", "accountName": "Agency", "accountNumber": "001234"}), "payment-account-added"),
    "PATCH /api/payment-accounts/{id}": (lambda w: ("admin", f"/api/payment-accounts/{w.account()}", {"kind": "gcash", "label": "Walk", "accountName": "Other", "accountNumber": "998877", "active": False}), "payment-account-changed"),
    "DELETE /api/payment-accounts/{id}": (lambda w: ("admin", f"/api/payment-accounts/{w.account()}", None), "payment-account-removed"),
    "POST /api/payment-accounts/{id}/qr": (lambda w: ("admin", f"/api/payment-accounts/{w.account()}/qr", picture()), "payment-account-changed"),
    "DELETE /api/payment-accounts/{id}/qr": (lambda w: ("admin", with_qr(w), None), "payment-account-changed"),
    "POST /api/admin/invitations": (lambda w: ("owner", "/api/admin/invitations", {"email": f"{uuid.uuid4().hex[:10]}@walk.test", "role": "viewer"}), "invited"),
    "POST /api/admin/invitations/{id}/send": (lambda w: ("owner", f"/api/admin/invitations/{w.invitation()}/send", {}), "invitation-sent-again"),
    "DELETE /api/admin/invitations/{id}": (lambda w: ("owner", f"/api/admin/invitations/{w.invitation()}", None), "invitation-withdrawn"),
    "PATCH /api/admin/people/{person}": (lambda w: somebody(w, body={"role": "viewer"}), "role-changed"),
    "DELETE /api/admin/people/{person}/sessions": (lambda w: somebody(w, "/sessions"), "sessions-ended"),
    "DELETE /api/admin/people/{person}/sessions/{id}": (session, "sessions-ended"),
    "DELETE /api/admin/people/{person}/second-factor": (factor, "second-factor-reset"),
    "PATCH /api/platform/tenants/{id}": (lambda w: ("owner", f"/api/platform/tenants/{w.site.one('select id from tenants where slug = %s', 'other')}", {"name": w.key}), "agency-changed"),
    "PATCH /api/projects/{id}": (lambda w: ("staff", f"/api/projects/{w.project}", {"deadline": "2031-01-15", "status": "on-hold"}), "project-changed"),
    "POST /api/projects/{id}/tasks": (added_task, "task-added"),
    "PATCH /api/tasks/{id}": (lambda w: ("staff", f"/api/tasks/{w.task()['id']}", {"version": w.task()["version"], "title": w.key + uuid.uuid4().hex[:4]}), "task-changed"),
    "POST /api/tasks/{id}/move": (move, "task-moved"),
    "POST /api/tasks/{id}/retire": (retired, "task-retired"),
    "POST /api/tasks/{id}/restore": (restored, "task-restored"),
    "POST /api/projects/{id}/asks": (lambda w: ("staff", f"/api/projects/{w.project}/asks", {"kind": "answer", "title": "Which colours?"}), "client-asked"),
    # What clients do as well: of theirs the project's activity tells
    "PATCH /api/projects/{id}/asks/{ask}": (ask, "ask-settled"),
    "POST /api/projects/create-from-onboarding": (from_onboarding, "project-created"),
    "POST /api/projects/{id}/generation": (failed_plan, "plan-ordered"),
    "POST /api/projects/{id}/messages": (lambda w: ("staff", f"/api/projects/{w.project}/messages", {"body": SECRET}), "message-sent"),
    "PATCH /api/messages/{id}": (message, "message-edited"),
    "DELETE /api/messages/{id}": (lambda w: message(w, "DELETE"), "message-removed"),
    "POST /api/projects/{id}/files": (lambda w: ("staff", f"/api/projects/{w.project}/files?name=walk.png", picture()), "file-sent"),
    "PATCH /api/files/uploads/{token}": (last_piece, "file-sent"),
    "DELETE /api/files/{id}": (lambda w: ("staff", f"/api/files/{sent_file(w)}", None), "file-removed"),
    "POST /api/files/{id}/restore": (removed_file, "file-restored"),
    "POST /api/projects/{id}/payments": (begun, "payment-begun"),
    "POST /api/projects/{id}/payments/{payment}/proof": (proof, "payment-proof-sent"),
    "POST /api/projects/{id}/contacts": (to_follow, "invited"),
    "PATCH /api/projects/{id}/contacts/{person}": (lambda w: contact(w, {"role": "work"}), "contact-changed"),
    "DELETE /api/projects/{id}/contacts/{person}": (contact, "contact-removed"),
    "POST /api/projects/{id}/contacts/invitations/{invitation}/send": (lambda w: followed(w, "/send", {}), "invitation-sent-again"),
    "DELETE /api/projects/{id}/contacts/invitations/{invitation}": (followed, "invitation-withdrawn"),
}


@pytest.fixture(scope="module")
def world(site, admin, staff, platform_owner, other_staff):
    world = World(site, admin, staff, platform_owner)
    service = world.service()["id"]
    lists = [("services", "services", 0, {}), ("landing", "sections", 0, {}), ("questions", "questions", service, {"serviceId": service})]
    before = [turned(world, f"/api/admin/cms/{path}", kind, item)[2]["ids"][::-1] for path, kind, item, _ in lists]
    yield world
    site.sql("delete from host_requests")
    site.sql("update tenants set name = 'Other Agency', hosts = array[%s] where slug = 'other'", OTHER_HOST)
    site.sql("delete from days_off where day between '2034-03-01' and '2034-03-31'", tenant=site.tenant)
    _, path, body = settings(world, name="")
    admin.patch(path, body).expect()
    for (path, kind, item, more), first in zip(lists, before):
        _, path, body = turned(world, f"/api/admin/cms/{path}", kind, item, **more)
        staff.post(path, {**body, "ids": first + [new for new in body["ids"] if new not in first]}).expect()
    admin.request("DELETE", "/api/admin/settings/logo")


def test_every_route_by_which_something_is_changed_is_walked_here_or_says_why_not():
    assert set(CHANGES) - set(HOW) - set(NOT_HERE) == set(), "nobody says how these are noted in the audit log"
    assert set(HOW) | set(NOT_HERE) == set(CHANGES), "these routes are gone"
    assert not set(HOW) & set(NOT_HERE)


@pytest.mark.parametrize("route", sorted(HOW))
def test_what_staff_change_is_noted_with_who_did_it(site, world, route):
    make, action = HOW[route]
    if "ai-key" in route and not site.env().get("SECRET_KEY"):
        pytest.skip("this site keeps no keys")
    who, path, body = make(world)
    client = {"staff": world.staff, "admin": world.admin, "owner": world.owner}[who] if isinstance(who, str) else who
    client = client.twin(elsewhere=True)
    last = site.one("select coalesce(max(at), '-infinity')::text from audit_log where actor_id = %s", client.user["id"])
    method = route.partition(" ")[0]
    if isinstance(body, bytes):
        answer = client.request(method, path, data=body, headers={"Content-Type": "image/png", "Upload-Offset": "0"})
    else:
        answer = client.request(method, path, body)
    assert answer.status in (200, 201, 202, 204), answer
    noted = site.sql("select action, subject, data, host(ip) as ip from audit_log where actor_id = %s and at > %s::timestamptz order by at", client.user["id"], last)
    assert [row["action"] for row in noted] == [action], noted
    row = noted[0]
    assert row["ip"].startswith("127.") and (row["subject"])
    words = catalogue.list_words()
    assert action in words["codes"] and set(row["data"]) - set(words["fields"]) == set(), "nobody has words for this (src/domain/lists_fil.h, assets/js/admin/facts.js)"
    # What was sent is in it by its effect; what is secret is in no row, and what was said stays in the conversation.
    assert SECRET not in str(row["data"])
    if "ai-key" in route:
        assert "walk-" not in str(row["data"]) and row["data"]["aiKey"]
        world.admin.request("DELETE", "/api/admin/settings/ai-key")
    if action.endswith("-changed") or action in ("content-edited", "content-ordered", "task-moved", "task-retired", "task-restored"):
        changed = {name: value for name, value in row["data"].items() if name not in ("version", "from", "to")}
        if action in ("role-changed", "contact-changed"):
            assert row["data"]["from"] != row["data"]["to"], row
        else:
            assert changed and all(value["from"] != value["to"] for value in changed.values()), row


def test_what_a_client_does_the_same_way_is_not_noted(site, world):
    client, base = world.client.twin(elsewhere=True), f"/api/projects/{world.project}"
    said = client.post(f"{base}/messages", {"body": SECRET}).expect(201)["id"]
    client.patch(f"/api/messages/{said}", {"body": "Otherwise"}).expect()
    client.delete(f"/api/messages/{said}").expect()
    file = client.request("POST", f"{base}/files?name=own.png", data=picture(), headers={"Content-Type": "image/png"}).expect(201)["id"]
    client.delete(f"/api/files/{file}").expect()
    client.post(f"/api/files/{file}/restore", {}).expect()
    client.patch(ask(world)[1], {"done": True}).expect()
    assert site.sql("select action from audit_log where actor_id = %s", client.user["id"]) == []


def test_what_changes_nothing_is_not_noted(site, world):
    before = site.one("select count(*) from audit_log where actor_id = %s", world.staff.user["id"])
    service, task = world.service(), world.task()
    world.staff.patch(f"/api/admin/cms/services/{service['id']}", {"version": service["version"], "name": service["name"]}).expect()
    world.staff.patch(f"/api/tasks/{task['id']}", {"status": task["status"]}).expect()
    assert site.one("select count(*) from audit_log where actor_id = %s", world.staff.user["id"]) == before
