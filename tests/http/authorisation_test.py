"""Who may call what: walks every route of every program, as `--routes` prints it, with every kind of person.

A route without an example below fails the test: whoever adds one says here how it is called.
"""
import uuid
from dataclasses import dataclass, field

import pytest

import onboarding
from instance import OTHER_HOST, PASSWORD, ROOT
from uploading import send
from people import new_address, new_person
from routes import routes

ROLES = ["anonymous", "stranger", "client", "contact", "onlooker", "contact elsewhere", "viewer", "staff", "admin", "platform owner", "their staff here", "their staff there"]
EVERYWHERE = ("anonymous", "client", "admin", "platform owner")  # over every transport: who is let in and who is not, of each rule
# contact: follows the client's project and may work on it; onlooker: may only look; contact elsewhere: may work on another project of the agency.
# their staff here: another agency's staff with their cookie on our address; there: on their own address with our ids.

REFUSED = {
    "anyone": {},
    "user": {"anonymous": 401, "their staff here": 401},
    "member": {"anonymous": 401, "their staff here": 401, "stranger": 404, "their staff there": 404},
    "onlooker": {"anonymous": 401, "their staff here": 401, "stranger": 404, "their staff there": 404},
    "project-owner": {"anonymous": 401, "their staff here": 401, "stranger": 404, "contact": 403, "onlooker": 403, "their staff there": 404},
    "staff": {"anonymous": 401, "their staff here": 401, "stranger": 403, "client": 403, "their staff there": 404},
    "admin": {"anonymous": 401, "their staff here": 401, "stranger": 403, "client": 403, "staff": 403, "their staff there": 404},
    "platform-owner": {"anonymous": 401, "their staff here": 401, "stranger": 403, "client": 403, "staff": 403, "admin": 403, "their staff there": 403},
}
ANOTHERS = {"DELETE /api/files/{id}", "POST /api/files/{id}/restore", "DELETE /api/messages/{id}"}  # the client's own, which a contact leaves alone


ROUTES = routes()
OWN = ("auth", "second-factor", "tenants")  # programs whose changes are to one's own account, which is a viewer's too


def refused(program, method, access, role):
    """The status that a role gets, or None; a viewer is staff who change nothing."""
    if role == "viewer":
        changes = method != "GET" and access != "anyone" and program not in OWN
        return 403 if changes or access in ("admin", "platform-owner") else None
    if role == "onlooker" and access == "member" and method != "GET":
        return 403
    rule = REFUSED[access]
    if role == "contact elsewhere" or role in ("contact", "onlooker") and access in ("staff", "admin", "platform-owner"):
        return rule.get(role, rule.get("stranger"))
    return rule.get(role)


@dataclass
class Example:
    """How a route is called: path and body, each perhaps made for the caller; what an allowed caller gets."""
    path: object
    body: object = None
    ok: tuple = (200,)
    other_agency_too: bool = False   # an allowed person of the other agency succeeds there: the route names no object of ours
    ends_session: bool = False       # so each caller gets a session for this call only
    signed: bool = False             # proves itself by a signature and not by Origin


def lead(world, client):
    return client.post("/api/leads", {}).expect(201)["token"]


def lead_of_ours(world, client):
    return f"/api/leads/{world.lead}"


def new_project(world, client):
    service = onboarding.services(client)[0]
    return onboarding.onboarding(client, service=service, questionAnswers=onboarding.answers_for(onboarding.questions(client, service["id"])),
                                 clientEmail="walk@example.test")


def leaving(world, client):
    """A contact leaves a project of which they are one for this call alone; everybody else asks about ours, which they own or work for."""
    role = next((name for name in ("contact", "onlooker") if world.people.get(name) and client.user and client.user["id"] == world.people[name].user["id"]), None)
    if not role:
        return f"/api/projects/{world.project}/contacts/leave"
    other = onboarding.create(new_person(world.site))
    world.site.sql("insert into project_contacts (project_id, user_id, role) values (%s, %s, %s)", other, client.user["id"], "work" if role == "contact" else "view", tenant=world.site.tenant)
    return f"/api/projects/{other}/contacts/leave"


def own_session(world, client):
    """Another session of the caller; for who is nobody here, one of the client's."""
    person = client if client.user and client.host == world.site.host and client.get("/api/auth/session").json["user"] else world.client
    number = world.site.one("insert into sessions (token_hash, user_id, tenant_id) select sha256(gen_random_uuid()::text::bytea), %s, id "
                            "from tenants where slug = 'lunaxcode' returning id", person.user["id"])
    return f"/api/auth/sessions/{number}"


def own_draft(world, client):
    """A draft that the caller's account holds; for who is nobody here, one of the client's."""
    person = client if client.user and client.host == world.site.host else world.client
    number = world.site.one("insert into leads (token_hash, user_id) values (sha256(gen_random_uuid()::text::bytea), %s) returning id",
                            person.user["id"], tenant=world.site.tenant)
    return f"/api/leads/mine/{number}"


def asked(world, client):
    """Something that our client was asked for."""
    number = world.site.one("insert into asks (project_id, kind, title, asked_by) values (%s, 'answer', 'Which font?', 'walk') returning id",
                            world.project, tenant=world.site.tenant)
    return f"/api/projects/{world.project}/asks/{number}"


def own_lead(world):
    return world.site.visitor().post("/api/leads", {}).expect(201)["token"]


def own_upload(world):
    """An upload to a draft, which is whose the token is."""
    return world.site.visitor().post(f"/api/leads/{own_lead(world)}/files", {"name": "logo.txt", "size": 5}).expect(201)["upload"]


def draft_file(world):
    return send(world.site.visitor(), f"/api/leads/{world.lead}/files", b"a draft's").expect(201)["id"]


def one_more_file(world):
    return send(world.client.twin(), f"/api/projects/{world.project}/files", b"one more").expect(201)["id"]


def one_more_message(world):
    return world.client.twin().post(f"/api/projects/{world.project}/messages", {"body": "One more"}).expect(201)["id"]


def lead_by_number(world, client):
    """A draft with an address to write to, of our agency."""
    number = world.site.one("insert into leads (id, token_hash, email) overriding system value "
                            "select 700000 + coalesce(max(id), 0) + 1, sha256(gen_random_uuid()::text::bytea), 'walk@example.test' from leads returning id", tenant=world.site.tenant)
    return f"/api/admin/leads/{number}"


def own_view(world, client):
    """A view that the caller saved; for who is nobody here, one of the client's."""
    person = client if client.user and client.host == world.site.host else world.client
    number = world.site.one("insert into saved_views (user_id, page, name, query) values (%s, 'projects', %s, '') returning id",
                            person.user["id"], uuid.uuid4().hex, tenant=world.site.tenant)
    return f"/api/admin/projects/views/{number}"


def somebody(world, client):
    """A client of our agency, made for this call."""
    return f"/api/admin/people/{new_person(world.site).user['id']}"


def session_of_somebody(world, client):
    person = new_person(world.site).user["id"]
    return f"/api/admin/people/{person}/sessions/{world.site.one('select id from sessions where user_id = %s', person)}"


def invitation(world, project=None):
    """One that is open, to the agency or to follow a project."""
    return world.site.one("insert into invitations (tenant_id, email, role_id, token_hash, expires_at, created_by, project_id, project_name, project_role) "
                          "select id, %s, %s, sha256(gen_random_uuid()::text::bytea), now() + interval '1 day', %s, %s, %s, %s from tenants where slug = 'lunaxcode' returning id",
                          new_address("walk"), 5 if project else 3, world.people["admin"].user["id"], project, project and "Walk", project and "view")


def one_more_contact(world):
    number = world.site.one("insert into project_contacts (project_id, user_id, role) values (%s, gen_random_uuid(), 'view') returning user_id", world.project, tenant=world.site.tenant)
    return f"/api/projects/{world.project}/contacts/{number}"


def new_service(world, client):
    return {"name": f"Asks {new_address('s')[:40]}", "description": "", "basePrice": 100, "features": [], "timeline": "", "popular": False, "active": False}


def new_question(world, client):
    return {"serviceId": 1, "questionKey": f"k_{uuid.uuid4().hex}", "questionText": "Why?", "questionType": "text", "required": False, "active": False}


def edit_of(kind, path):
    """An edit that changes nothing, made from the version that staff see."""
    def body(world, client):
        return {"version": world.site.one("select public.version_of(%s, %s)", kind, item_of(world, kind), tenant=world.site.tenant)}
    return Example(lambda world, client: path(item_of(world, kind)), body)


def cms_order(kind, item=0):
    """The order that is there, in the caller's agency."""
    def body(world, client):
        tenant = "other" if client.host == OTHER_HOST else world.site.tenant
        row = world.site.one("select public.version_of(%s, %s) as version, public.content_of(%s, %s) -> 'ids' as ids", kind, item, kind, item, tenant=tenant)
        return {**row, **({"serviceId": item} if item else {})}
    return body


def item_of(world, kind):
    table = {"service": "service_types", "question": "questions", "section": "landing_page_content"}[kind]
    return world.site.one(f"select max(id) from {table} where id < 700000", tenant=world.site.tenant)


EXAMPLES = {
    "GET /health": Example("/health", other_agency_too=True),
    "GET /api/services": Example("/api/services", other_agency_too=True),
    "GET /api/services/{id}": Example("/api/services/1", other_agency_too=True),
    "GET /api/admin/cms/services/{id}": Example("/api/admin/cms/services/1", other_agency_too=True),
    "GET /api/admin/cms/services": Example("/api/admin/cms/services", other_agency_too=True),
    "POST /api/admin/cms/services": Example("/api/admin/cms/services", new_service, (201,), other_agency_too=True),
    "POST /api/admin/cms/services/order": Example("/api/admin/cms/services/order", cms_order("services"), other_agency_too=True),
    "PATCH /api/admin/cms/services/{id}": edit_of("service", lambda n: f"/api/admin/cms/services/{n}"),
    "GET /api/admin/cms/questions": Example("/api/admin/cms/questions?serviceId=1", other_agency_too=True),
    "POST /api/admin/cms/questions": Example("/api/admin/cms/questions", new_question, (201,), other_agency_too=True),
    "POST /api/admin/cms/questions/order": Example("/api/admin/cms/questions/order", cms_order("questions", 1), other_agency_too=True),
    "PATCH /api/admin/cms/questions/{id}": edit_of("question", lambda n: f"/api/admin/cms/questions/{n}"),
    "GET /api/admin/cms/landing": Example("/api/admin/cms/landing", other_agency_too=True),
    "POST /api/admin/cms/landing": Example("/api/admin/cms/landing", {"key": "hero", "title": "T", "content": {"headline": "H"}, "active": True}, (201, 409),
                                           other_agency_too=True),
    "POST /api/admin/cms/landing/order": Example("/api/admin/cms/landing/order", cms_order("sections"), other_agency_too=True),
    "PATCH /api/admin/cms/landing/{id}": edit_of("section", lambda n: f"/api/admin/cms/landing/{n}"),
    "GET /api/admin/stats": Example("/api/admin/stats", other_agency_too=True),
    "GET /api/admin/stats/pipeline/csv": Example("/api/admin/stats/pipeline/csv", other_agency_too=True),
    "GET /api/admin/stats/revenue/csv": Example("/api/admin/stats/revenue/csv", other_agency_too=True),
    "GET /api/admin/stats/views": Example("/api/admin/stats/views", other_agency_too=True),
    "GET /api/admin/stats/views/csv": Example("/api/admin/stats/views/csv", other_agency_too=True),
    "GET /api/admin/stats/conversion/csv": Example("/api/admin/stats/conversion/csv", other_agency_too=True),
    "GET /api/projects/{id}/timeline/csv": Example(lambda w, c: f"/api/projects/{w.project}/timeline/csv"),
    "GET /api/projects/{id}/answers/csv": Example(lambda w, c: f"/api/projects/{w.project}/answers/csv"),
    "GET /api/projects/{id}/asks/csv": Example(lambda w, c: f"/api/projects/{w.project}/asks/csv"),
    "GET /api/admin/leads": Example("/api/admin/leads", other_agency_too=True),
    "GET /api/admin/leads/csv": Example("/api/admin/leads/csv", other_agency_too=True),
    "GET /api/admin/leads/{id}": Example(lead_by_number),
    "POST /api/admin/leads/{id}/follow-up": Example(lambda w, c: lead_by_number(w, c) + "/follow-up", {"subject": "Shall we go on?", "message": "You began a project with us."}, (201,)),
    "GET /api/admin/cms/versions": Example("/api/admin/cms/versions", other_agency_too=True),
    "GET /api/questions/{serviceId}": Example("/api/questions/1", other_agency_too=True),
    "GET /api/landing": Example("/api/landing", other_agency_too=True),
    "POST /api/admin/leads/{id}/convert": Example(lambda w, c: lead_by_number(w, c) + "/convert", {}, (422,)),
    "POST /api/leads": Example("/api/leads", {}, (201,), other_agency_too=True),
    "GET /api/leads": Example("/api/leads", other_agency_too=True),
    "POST /api/leads/views": Example("/api/leads/views", {"path": "/"}, (204,), other_agency_too=True),
    "GET /api/leads/{token}": Example(lead_of_ours),
    "PATCH /api/leads/{token}": Example(lead_of_ours, {"step": 2}),
    "PATCH /api/leads/mine/{id}": Example(own_draft, {"step": 2}),
    "POST /api/auth/signup": Example("/api/auth/signup", lambda w, c: {"name": "Walker", "email": new_address("walk"), "password": PASSWORD}, (201,),
                                     other_agency_too=True, ends_session=True),
    "POST /api/auth/login": Example("/api/auth/login", lambda w, c: {"email": w.client.email, "password": w.client.password},
                                    other_agency_too=True, ends_session=True),
    "POST /api/auth/logout": Example("/api/auth/logout", {}, (204,), other_agency_too=True, ends_session=True),
    "GET /api/auth/session": Example("/api/auth/session", other_agency_too=True),
    "GET /api/auth/providers": Example("/api/auth/providers", other_agency_too=True),
    "GET /api/auth/google": Example("/api/auth/google", None, (303,), other_agency_too=True),
    "GET /api/auth/google/callback": Example("/api/auth/google/callback?state=x", None, (303,), other_agency_too=True),
    "POST /api/auth/verify": Example("/api/auth/verify", {"token": "A" * 22}, (400, 404, 410, 422), other_agency_too=True, ends_session=True),
    "POST /api/auth/verify/resend": Example("/api/auth/verify/resend", {}, (202, 409, 429), other_agency_too=True),
    "POST /api/auth/forgot": Example("/api/auth/forgot", lambda w, c: {"email": new_address("nobody")}, (202,), other_agency_too=True),
    "POST /api/auth/reset": Example("/api/auth/reset", {"token": "A" * 22, "password": PASSWORD}, (400, 404, 410, 422), other_agency_too=True, ends_session=True),
    "GET /api/auth/sessions": Example("/api/auth/sessions", other_agency_too=True),
    "DELETE /api/auth/sessions": Example("/api/auth/sessions", None, (204,), other_agency_too=True),
    "DELETE /api/auth/sessions/{id}": Example(own_session, None, (204,)),
    "POST /api/projects/create-from-onboarding": Example("/api/projects/create-from-onboarding", new_project, (201,), other_agency_too=True),
    "GET /api/projects": Example("/api/projects", other_agency_too=True),
    "GET /api/projects/{id}/details": Example(lambda w, c: f"/api/projects/{w.project}/details"),
    "GET /api/projects/{id}/generation": Example(lambda w, c: f"/api/projects/{w.project}/generation"),
    "POST /api/projects/{id}/generation": Example(lambda w, c: f"/api/projects/{w.project}/generation", {}, (202, 409)),
    "GET /api/projects/{id}/activity": Example(lambda w, c: f"/api/projects/{w.project}/activity"),
    "GET /api/notifications": Example("/api/notifications", other_agency_too=True),
    "PATCH /api/auth/language": Example("/api/auth/language", {"language": "en"}, (204,), other_agency_too=True),
    "PATCH /api/notifications": Example("/api/notifications", {"plan": "now"}, other_agency_too=True),
    "GET /api/notifications/unsubscribe": Example("/api/notifications/unsubscribe?user=x", None, (303,), other_agency_too=True),
    "POST /api/notifications/unsubscribe": Example("/api/notifications/unsubscribe?user=x", {}, (422,), other_agency_too=True, signed=True),
    "PATCH /api/projects/{id}": Example(lambda w, c: f"/api/projects/{w.project}", {"deadline": "2030-01-15"}),
    "GET /api/projects/{id}/timeline": Example(lambda w, c: f"/api/projects/{w.project}/timeline"),
    "POST /api/projects/{id}/asks": Example(lambda w, c: f"/api/projects/{w.project}/asks", {"kind": "answer", "title": "Which colours?"}, (201,)),
    "PATCH /api/projects/{id}/asks/{ask}": Example(asked, {"done": True}),
    "GET /brand/theme.css": Example("/brand/theme.css", other_agency_too=True),
    "GET /brand/logo": Example("/brand/logo", None, (404,), other_agency_too=True),
    "GET /api/admin/settings": Example("/api/admin/settings", other_agency_too=True),
    "PATCH /api/admin/settings": Example("/api/admin/settings", {"version": 0}, (409,), other_agency_too=True),
    "GET /api/admin/settings/theme": Example("/api/admin/settings/theme?accent=%2326346f", other_agency_too=True),
    "GET /api/admin/settings/changes": Example("/api/admin/settings/changes", other_agency_too=True),
    "POST /api/admin/settings/logo": Example("/api/admin/settings/logo", {}, (415,), other_agency_too=True),
    "DELETE /api/admin/settings/logo": Example("/api/admin/settings/logo", other_agency_too=True),
    "POST /api/admin/settings/host": Example("/api/admin/settings/host", {"host": "https://no.host"}, (422,), other_agency_too=True),
    "DELETE /api/admin/settings/host": Example("/api/admin/settings/host", None, (200, 404), other_agency_too=True),  # 404: nobody has asked for one
    "POST /api/admin/settings/ai-key": Example("/api/admin/settings/ai-key", {"key": "short"}, (422,), other_agency_too=True),
    "DELETE /api/admin/settings/ai-key": Example("/api/admin/settings/ai-key", other_agency_too=True),
    "GET /api/calendar": Example("/api/calendar", other_agency_too=True),
    "PATCH /api/calendar": Example("/api/calendar", {"parallelTasks": 1}, other_agency_too=True),
    "POST /api/calendar/days": Example("/api/calendar/days", {"date": "2033-03-03", "name": "Walk"}, (201,), other_agency_too=True),
    "DELETE /api/calendar/days/{date}": Example("/api/calendar/days/2033-04-04", None, (204, 404), other_agency_too=True),
    "GET /api/projects/{id}/files": Example(lambda w, c: f"/api/projects/{w.project}/files"),
    "POST /api/projects/{id}/files": Example(lambda w, c: f"/api/projects/{w.project}/files", {"name": "plan.txt", "size": 5}, (201,)),
    "GET /api/leads/{token}/files": Example(lambda w, c: f"/api/leads/{w.lead}/files"),
    "POST /api/leads/{token}/files": Example(lambda w, c: f"/api/leads/{own_lead(w)}/files", {"name": "logo.txt", "size": 5}, (201,)),
    "DELETE /api/leads/{token}/files/{id}": Example(lambda w, c: f"/api/leads/{w.lead}/files/{draft_file(w)}", None, (204,)),
    "GET /api/leads/mine/{id}/files": Example(lambda w, c: own_draft(w, c) + "/files"),
    "POST /api/leads/mine/{id}/files": Example(lambda w, c: own_draft(w, c) + "/files", {"name": "logo.txt", "size": 5}, (201,)),
    "DELETE /api/leads/mine/{id}/files/{id}": Example(lambda w, c: own_draft(w, c) + "/files/999999", None, (404,)),
    "GET /api/files/uploads/{token}": Example(lambda w, c: f"/api/files/uploads/{own_upload(w)}"),
    "PATCH /api/files/uploads/{token}": Example(lambda w, c: f"/api/files/uploads/{own_upload(w)}", None, (400,)),  # without an offset
    "DELETE /api/files/uploads/{token}": Example(lambda w, c: f"/api/files/uploads/{own_upload(w)}", None, (204,)),
    "GET /api/files/{id}": Example(lambda w, c: f"/api/files/{w.file}"),
    "GET /api/files/{id}/thumbnail": Example(lambda w, c: f"/api/files/{w.file}/thumbnail", None, (404,)),  # of a text there is none
    "DELETE /api/files/{id}": Example(lambda w, c: f"/api/files/{one_more_file(w)}"),
    "POST /api/files/{id}/restore": Example(lambda w, c: f"/api/files/{w.file}/restore", {}, (409,)),  # nobody removed it
    "GET /api/projects/{id}/messages": Example(lambda w, c: f"/api/projects/{w.project}/messages"),
    "POST /api/projects/{id}/messages": Example(lambda w, c: f"/api/projects/{w.project}/messages", {"body": "Good morning"}, (201,)),
    "POST /api/projects/{id}/messages/read": Example(lambda w, c: f"/api/projects/{w.project}/messages/read", {"upTo": 1}),
    "PATCH /api/messages/{id}": Example(lambda w, c: f"/api/messages/{w.message}", {"body": "Changed"}, (200, 403)),  # 403: somebody else's
    "DELETE /api/messages/{id}": Example(lambda w, c: f"/api/messages/{one_more_message(w)}"),
    "GET /api/projects/{id}/payments": Example(lambda w, c: f"/api/projects/{w.project}/payments"),
    "POST /api/projects/{id}/payments": Example(lambda w, c: f"/api/projects/{w.project}/payments", {"part": "balance", "method": "gcash"}, (409,)),
    "GET /api/projects/{id}/payments/{payment}": Example(lambda w, c: f"/api/projects/{w.project}/payments/{w.payment}"),
    "POST /api/projects/{id}/payments/{payment}/check": Example(lambda w, c: f"/api/projects/{w.project}/payments/{w.payment}/check", {}, (202,)),
    "POST /api/projects/{id}/payments/{payment}/proof": Example(lambda w, c: f"/api/projects/{w.project}/payments/{w.payment}/proof",
                                                                {"fileId": 99999, "reference": "1234567"}, (422,)),
    "GET /api/projects/{id}/payments/{payment}/receipt": Example(lambda w, c: f"/api/projects/{w.project}/payments/{w.payment}/receipt", None, (404,)),
    "GET /api/projects/{id}/payments/{payment}/receipt.pdf": Example(lambda w, c: f"/api/projects/{w.project}/payments/{w.payment}/receipt.pdf", None, (404,)),
    "POST /api/payments/webhook": Example("/api/payments/webhook", {"data": {}}, (401,), other_agency_too=True, signed=True),
    "GET /api/admin/plans/usage": Example("/api/admin/plans/usage", other_agency_too=True),
    "GET /api/admin/plans/{project}": Example(lambda w, c: f"/api/admin/plans/{w.project}"),
    "POST /api/admin/plans/{project}/prompt": Example(lambda w, c: f"/api/admin/plans/{w.project}/prompt", {"scope": "both"}),
    "POST /api/admin/plans/{project}/proposals": Example(lambda w, c: f"/api/admin/plans/{w.project}/proposals", {"scope": "tasks"}, (202, 409, 429)),
    "GET /api/admin/plans/{project}/proposals/{id}": Example(lambda w, c: f"/api/admin/plans/{w.project}/proposals/999999", None, (404,)),
    "POST /api/admin/plans/{project}/proposals/{id}/apply": Example(lambda w, c: f"/api/admin/plans/{w.project}/proposals/999999/apply", {}, (404,)),
    "POST /api/admin/plans/{project}/proposals/{id}/dismiss": Example(lambda w, c: f"/api/admin/plans/{w.project}/proposals/999999/dismiss", {}, (404,)),
    "GET /api/admin/plans/{project}/versions/{version}": Example(lambda w, c: f"/api/admin/plans/{w.project}/versions/1"),
    "POST /api/admin/plans/{project}/versions/{version}/restore": Example(lambda w, c: f"/api/admin/plans/{w.project}/versions/999/restore", {}, (404,)),
    "GET /api/admin/projects": Example("/api/admin/projects", other_agency_too=True),
    "GET /api/admin/people/csv": Example("/api/admin/people/csv", other_agency_too=True),
    "GET /api/admin/audit/csv": Example("/api/admin/audit/csv", other_agency_too=True),
    "GET /api/admin/plans/usage/csv": Example("/api/admin/plans/usage/csv", other_agency_too=True),
    "GET /api/admin/cms/services/csv": Example("/api/admin/cms/services/csv", other_agency_too=True),
    "GET /api/admin/cms/questions/csv": Example("/api/admin/cms/questions/csv?serviceId=1", other_agency_too=True),
    "GET /api/admin/cms/versions/csv": Example("/api/admin/cms/versions/csv", other_agency_too=True),
    "GET /api/platform/tenants/csv": Example("/api/platform/tenants/csv"),
    "GET /api/platform/jobs/csv": Example("/api/platform/jobs/csv"),
    "GET /api/admin/cms/landing/csv": Example("/api/admin/cms/landing/csv", other_agency_too=True),
    "GET /api/admin/settings/changes/csv": Example("/api/admin/settings/changes/csv", other_agency_too=True),
    "GET /api/admin/invitations/csv": Example("/api/admin/invitations/csv", other_agency_too=True),
    "GET /api/admin/people/{person}/sessions/csv": Example(lambda w, c: somebody(w, c) + "/sessions/csv"),
    "GET /api/calendar/csv": Example("/api/calendar/csv", other_agency_too=True),
    "GET /api/payment-accounts/csv": Example("/api/payment-accounts/csv", other_agency_too=True),
    "GET /api/admin/plans/{project}/versions": Example(lambda w, c: f"/api/admin/plans/{w.project}/versions"),
    "GET /api/admin/plans/{project}/versions/csv": Example(lambda w, c: f"/api/admin/plans/{w.project}/versions/csv"),
    "GET /api/projects/{id}/contacts/csv": Example(lambda w, c: f"/api/projects/{w.project}/contacts/csv"),
    "GET /api/projects/{id}/messages/csv": Example(lambda w, c: f"/api/projects/{w.project}/messages/csv"),
    "GET /api/projects/{id}/activity/csv": Example(lambda w, c: f"/api/projects/{w.project}/activity/csv"),
    "GET /api/projects/{id}/files/csv": Example(lambda w, c: f"/api/projects/{w.project}/files/csv"),
    "GET /api/projects/{id}/tasks/csv": Example(lambda w, c: f"/api/projects/{w.project}/tasks/csv"),
    "GET /api/admin/projects/csv": Example("/api/admin/projects/csv", other_agency_too=True),
    "GET /api/admin/projects/views": Example("/api/admin/projects/views", other_agency_too=True),
    "POST /api/admin/projects/views": Example("/api/admin/projects/views", {"name": "Walk", "query": "status=pending"}, (201,), other_agency_too=True),
    "DELETE /api/admin/projects/views/{id}": Example(own_view, None, (204,)),
    "GET /api/admin/payments": Example("/api/admin/payments", other_agency_too=True),
    "GET /api/admin/payments/csv": Example("/api/admin/payments/csv", other_agency_too=True),
    "GET /api/admin/payments/{id}": Example(lambda w, c: f"/api/admin/payments/{w.payment}"),
    "POST /api/admin/payments/record": Example("/api/admin/payments/record", lambda w, c: {
        "projectId": w.project, "part": "deposit", "channel": "cash", "amount": 1, "reference": "1234"}, (422,), other_agency_too=True),
    "POST /api/admin/payments/request-balance": Example("/api/admin/payments/request-balance", lambda w, c: {"projectId": w.project}, (409, 422), other_agency_too=True),
    "POST /api/admin/payments/{id}/review": Example(lambda w, c: f"/api/admin/payments/{w.payment}/review", {}, (409,)),
    "POST /api/admin/payments/{id}/verify": Example(lambda w, c: f"/api/admin/payments/{w.payment}/verify", {"amount": 1}, (409,)),
    "POST /api/admin/payments/{id}/reject": Example(lambda w, c: f"/api/admin/payments/{w.payment}/reject", {"reason": "not there"}, (200, 409)),
    "POST /api/admin/payments/{id}/refund": Example(lambda w, c: f"/api/admin/payments/{w.payment}/refund", {"amount": 1, "reason": "by mistake"}, (409,)),
    "POST /api/admin/payments/{id}/settle": Example(lambda w, c: f"/api/admin/payments/{w.payment}/settle", {"note": "seen"}, (409,)),
    "GET /api/payment-accounts": Example("/api/payment-accounts", other_agency_too=True),
    "POST /api/payment-accounts": Example("/api/payment-accounts", {"kind": "bank", "label": "BDO", "accountName": "Walker", "accountNumber": "001234"}, (201, 409),
                                          other_agency_too=True),
    "PATCH /api/payment-accounts/{id}": Example(lambda w, c: f"/api/payment-accounts/{w.account}", {
        "kind": "bank", "label": "BDO", "accountName": "Agency", "accountNumber": "001234"}),
    "DELETE /api/payment-accounts/{id}": Example(lambda w, c: f"/api/payment-accounts/{w.account}", None, (204,)),
    "GET /api/payment-accounts/{id}/qr": Example(lambda w, c: f"/api/payment-accounts/{w.account}/qr", None, (404,)),
    "POST /api/payment-accounts/{id}/qr": Example(lambda w, c: f"/api/payment-accounts/{w.account}/qr", {}, (415,), other_agency_too=True),
    "DELETE /api/payment-accounts/{id}/qr": Example(lambda w, c: f"/api/payment-accounts/{w.account}/qr", None, (204,)),
    "GET /api/auth/tenants": Example("/api/auth/tenants", other_agency_too=True),
    "POST /api/auth/tenants/{id}/handover": Example("/api/auth/tenants/999999/handover", {}, (404,)),
    "POST /api/auth/tenants/arrive": Example("/api/auth/tenants/arrive", {"token": "A" * 22}, (422,), other_agency_too=True),
    "GET /api/platform/tenants": Example("/api/platform/tenants"),
    "GET /api/admin/tenants": Example("/api/admin/tenants"),
    "POST /api/platform/tenants": Example("/api/platform/tenants", {"slug": "walk", "name": "Walk"}, (422,)),
    "PATCH /api/platform/tenants/{id}": Example(lambda w, c: f"/api/platform/tenants/{w.tenant}", {"name": "Other Agency"}, (204,)),
    "POST /api/platform/tenants/{id}/host-request/confirm": Example(lambda w, c: f"/api/platform/tenants/{w.tenant}/host-request/confirm", {"host": "nobody.asks.test"}, (409,)),
    "POST /api/platform/tenants/{id}/host-request/decline": Example(lambda w, c: f"/api/platform/tenants/{w.tenant}/host-request/decline", {"host": "nobody.asks.test", "reason": "No"}, (409,)),
    "POST /api/platform/tenants/{id}/export": Example("/api/platform/tenants/999999/export", {}, (404,)),
    "POST /api/platform/tenants/{id}/deletion": Example(lambda w, c: f"/api/platform/tenants/{w.tenant}/deletion", {"confirm": "other"}, (409,)),  # it is not suspended
    "GET /api/platform/jobs": Example("/api/platform/jobs"),
    "GET /api/platform/jobs/{id}": Example("/api/platform/jobs/999999", None, (404,)),
    "GET /api/platform/exports/{id}": Example("/api/platform/exports/999999", None, (404,)),
    "GET /api/projects/{id}/tasks": Example(lambda w, c: f"/api/projects/{w.project}/tasks"),
    "POST /api/projects/{id}/tasks": Example(lambda w, c: f"/api/projects/{w.project}/tasks", {"title": "Walk", "description": "Of the walk.", "section": "Design",
                                                                                             "priority": "low", "estimatedHours": 1}, (201, 409)),
    "GET /api/tasks/{id}": Example(lambda w, c: f"/api/tasks/{w.task}"),
    "POST /api/tasks/{id}/move": Example(lambda w, c: f"/api/tasks/{w.task}/move", {}),
    "POST /api/tasks/{id}/retire": Example(lambda w, c: f"/api/tasks/{w.task}/retire", {"version": 999999}, (409,)),
    "POST /api/tasks/{id}/restore": Example(lambda w, c: f"/api/tasks/{w.task}/restore", {"version": 1}, (409,)),
    "GET /api/auth/second-factor": Example("/api/auth/second-factor", other_agency_too=True),
    "POST /api/auth/second-factor": Example("/api/auth/second-factor", {"code": "123456"}, (401,), other_agency_too=True),
    "POST /api/auth/second-factor/setup": Example("/api/auth/second-factor/setup", {}, other_agency_too=True),
    "POST /api/auth/second-factor/confirm": Example("/api/auth/second-factor/confirm", {"code": "nonsense"}, (422, 429), other_agency_too=True),
    "POST /api/auth/second-factor/recovery-codes": Example("/api/auth/second-factor/recovery-codes", {"code": "nonsense"}, (422, 429), other_agency_too=True),
    "POST /api/auth/second-factor/remove": Example("/api/auth/second-factor/remove", {"code": "nonsense"}, (422, 429), other_agency_too=True),
    "GET /api/admin/audit": Example("/api/admin/audit", other_agency_too=True),
    "GET /api/admin/people": Example("/api/admin/people", other_agency_too=True),
    "GET /api/users": Example("/api/users", other_agency_too=True),
    "GET /api/admin/users": Example("/api/admin/users", other_agency_too=True),
    "PATCH /api/admin/people": Example("/api/admin/people", {"requireSecondFactor": False}, other_agency_too=True),
    "GET /api/admin/people/{person}": Example(somebody),
    "PATCH /api/admin/people/{person}": Example(somebody, {"role": "viewer"}),
    "DELETE /api/admin/people/{person}/sessions": Example(lambda w, c: somebody(w, c) + "/sessions", None, (204,)),
    "DELETE /api/admin/people/{person}/sessions/{id}": Example(session_of_somebody, None, (204,)),
    "DELETE /api/admin/people/{person}/second-factor": Example(lambda w, c: somebody(w, c) + "/second-factor", None, (409,)),
    "GET /api/admin/invitations": Example("/api/admin/invitations", other_agency_too=True),
    "POST /api/admin/invitations": Example("/api/admin/invitations", lambda w, c: {"email": new_address("walk"), "role": "viewer"}, (201,), other_agency_too=True),
    "POST /api/admin/invitations/{id}/send": Example(lambda w, c: f"/api/admin/invitations/{invitation(w)}/send", {}),
    "DELETE /api/admin/invitations/{id}": Example(lambda w, c: f"/api/admin/invitations/{invitation(w)}", None, (204,)),
    "POST /api/auth/invitation": Example("/api/auth/invitation", lambda w, c: {"token": uuid.uuid4().hex}, (422,), other_agency_too=True),
    "POST /api/auth/invitation/accept": Example("/api/auth/invitation/accept", lambda w, c: {"token": uuid.uuid4().hex}, (401, 422), other_agency_too=True),
    "POST /api/auth/invitation/join": Example("/api/auth/invitation/join", lambda w, c: {"token": uuid.uuid4().hex, "name": "Walker", "password": PASSWORD}, (422,),
                                              other_agency_too=True),
    "GET /api/projects/{id}/contacts": Example(lambda w, c: f"/api/projects/{w.project}/contacts"),
    "POST /api/projects/{id}/contacts": Example(lambda w, c: f"/api/projects/{w.project}/contacts", lambda w, c: {"email": new_address("walk"), "role": "view"}, (201, 409)),
    "POST /api/projects/{id}/contacts/leave": Example(leaving, {}, (204, 409)),
    "PATCH /api/projects/{id}/contacts/{person}": Example(lambda w, c: one_more_contact(w), {"role": "work"}),
    "DELETE /api/projects/{id}/contacts/{person}": Example(lambda w, c: one_more_contact(w), None, (204,)),
    "POST /api/projects/{id}/contacts/invitations/{invitation}/send": Example(lambda w, c: f"/api/projects/{w.project}/contacts/invitations/{invitation(w, w.project)}/send", {}),
    "DELETE /api/projects/{id}/contacts/invitations/{invitation}": Example(lambda w, c: f"/api/projects/{w.project}/contacts/invitations/{invitation(w, w.project)}", None, (204,)),
    "PATCH /api/tasks/{id}": Example(lambda w, c: f"/api/tasks/{w.task}", {"status": "in-progress"}),
}


@dataclass
class World:
    site: object
    client: object
    project: int
    task: int
    lead: str
    file: int = 0
    message: int = 0
    payment: int = 0
    account: int = 0
    tenant: int = 0   # the other agency, as the owner of the installation sees it
    people: dict = field(default_factory=dict)


@pytest.fixture(scope="module")
def world(site, member, stranger, viewer, staff, admin, other_staff, platform_owner):
    here = site.visitor()
    here.cookies, here.user, here.email, here.password = dict(other_staff.cookies), other_staff.user, other_staff.email, other_staff.password
    project = onboarding.create(member.client)
    task = onboarding.wait_for_plan(member.client, project)["tasks"][0]["id"]
    assert not site.sql("select id from projects where id = %s union select id from tasks where id = %s", project, task, tenant="other")
    made = World(site, member.client, project, task, "")
    made.lead = lead(made, site.visitor())
    made.file, made.message = one_more_file(made), one_more_message(made)
    made.account = admin.post("/api/payment-accounts", {"kind": "bank", "label": "BDO", "accountName": "Agency", "accountNumber": "001234"}).expect(201)["id"]
    made.payment = member.client.post(f"/api/projects/{project}/payments", {"part": "deposit", "method": "manual", "accountId": made.account}).expect(201)["id"]
    made.tenant = site.one("select id from tenants where slug = 'other'")
    made.people = {"platform owner": platform_owner, "anonymous": site.visitor(), "stranger": stranger, "client": member.client, "viewer": viewer, "staff": staff, "admin": admin,
                   "their staff here": here, "their staff there": other_staff}
    site.sql("update users set email_verified = now() where id = %s", member.client.user["id"])  # who invites others has confirmed their own address
    for name, of, role in (("contact", project, "work"), ("onlooker", project, "view"), ("contact elsewhere", onboarding.create(new_person(site)), "work")):
        made.people[name] = new_person(site, name=name)
        site.sql("insert into project_contacts (project_id, user_id, role) values (%s, %s, %s)", of, made.people[name].user["id"], role, tenant=site.tenant)
    return made


def caller(world, role, example):
    """A person for one call. What ends a session ends one made for it, and the shared ones live on."""
    person = world.people[role]
    if example.ends_session and person.email:
        fresh = world.site.signed_in(person.email, person.password, host=OTHER_HOST if role.startswith("their") else None)
        client = world.site.visitor(person.host)
        client.cookies, client.user, client.email, client.password = fresh.cookies, person.user, person.email, person.password
        return client
    return person.twin(elsewhere=True)


def made(value, world, client):
    return value(world, client) if callable(value) else value


def test_every_route_has_an_example_here_and_every_example_a_route():
    routed = {f"{method} {pattern}" for _, method, pattern, _ in ROUTES}
    assert routed - set(EXAMPLES) == set(), "routes that nobody shows how to call"
    assert set(EXAMPLES) - routed == set(), "examples of routes that are gone"


def test_every_access_rule_is_known_here():
    assert {access for *_, access in ROUTES} <= set(REFUSED)


def test_over_every_transport_each_route_is_called_by_who_may_and_by_who_may_not():
    for program, method, pattern, access in ROUTES:
        refusals = [refused(program, method, access, role) for role in EVERYWHERE]
        assert None in refusals, f"{method} {pattern}: nobody among them may"
        assert access == "anyone" or any(refusals), f"{method} {pattern}: everybody among them may"
    assert {program for program, *_ in ROUTES} == {path.stem for path in (ROOT / "src/routes").glob("*.cpp")}


@pytest.mark.parametrize("role", [role if role in EVERYWHERE else pytest.param(role, marks=pytest.mark.once) for role in ROLES])
@pytest.mark.parametrize("program, method, pattern, access", ROUTES, ids=[f"{m} {p}" for _, m, p, _ in ROUTES])
def test_a_route_lets_in_whom_it_says(world, program, method, pattern, access, role):
    example = EXAMPLES.get(f"{method} {pattern}")
    assert example, "no example of this route"
    client = caller(world, role, example)
    expected = refused(program, method, access, role)
    if role == "their staff there" and example.other_agency_too:
        expected = None
    elif role == "their staff there" and expected is None:
        expected = 404  # an object of ours is not there for them
    answer = client.request(method, made(example.path, world, client), made(example.body, world, client))
    if expected:
        answer.problem(expected)
    else:
        # What anyone may do, a viewer may as anyone: signed in they change nothing of the agency's.
        assert answer.status in example.ok or role == "viewer" and method != "GET" and answer.status == 403 \
            or role == "contact" and f"{method} {pattern}" in ANOTHERS and answer.status == 403, answer


@pytest.mark.parametrize("program, method, pattern, access", [r for r in ROUTES if r[1] != "GET"], ids=[f"{m} {p}" for _, m, p, _ in ROUTES if m != "GET"])
def test_a_change_from_another_sites_page_is_refused(world, program, method, pattern, access):
    example = EXAMPLES.get(f"{method} {pattern}")
    assert example, "no example of this route"
    if example.signed:
        pytest.skip("proves itself by a signature")
    client = world.people["admin"].twin(elsewhere=True)
    client.request(method, made(example.path, world, client), made(example.body, world, client), origin="https://evil.example").problem(403)
