"""Pages in every state by the rules of support/audit.js: what was opened, refused, not found, not loaded, or is very long; light and dark."""
import uuid

import pytest
from selenium.webdriver.common.keys import Keys

import journey
import onboarding
from people import new_address, new_person

# What a page asks for fails, and window.failing = false mends it.
FAILING = """{ const whole = window.fetch; window.failing = true;
window.fetch = (path, how) => (window.failing && (how?.method ?? 'GET') === 'GET' && /^\\/api\\/(?!auth\\/(session|tenants))/.test(path)
  ? Promise.resolve(new Response(JSON.stringify({ error: 'Internal Server Error', status: 500, detail: 'x', requestId: '0123456789abcdef' }), { status: 500, headers: { 'Content-Type': 'application/problem+json' } }))
  : whole(path, how)); }"""
# What people wrote is as long as it may be, and has no place to break.
LONG = """{ const whole = window.fetch;
const written = /^(name|title|description|clientName|questionText|text|body|detail|note|reference|label|accountName|service|serviceName|projectName|author|fileName|by|timeline)$/;
const long = (value, key) => (typeof value === 'string' ? (written.test(key) && value ? `${value} ${'Kinakatakutanmagpapakasalanan'.repeat(5)}` : value)
  : Array.isArray(value) ? value.map((one) => long(one, key)) : value && typeof value === 'object' ? Object.fromEntries(Object.entries(value).map(([name, one]) => [name, long(one, name)])) : value);
window.fetch = async (path, how) => {
  const answer = await whole(path, how);
  if (!/^\\/api\\//.test(path) || !(answer.headers.get('content-type') ?? '').includes('json') || !answer.ok) return answer;
  return new Response(JSON.stringify(long(await answer.json())), { status: answer.status, headers: answer.headers });
}; }"""

PAGES = {  # what is loaded: who looks, where, what is there then
    "dashboard": ("client", "/dashboard", "#projects a"),
    "project": ("client", "/projects/{project}", "#tasks-list [data-task-id]"),
    "payment": ("client", "/projects/{project}/payment", "#methods input"),
    "onboarding": (None, "/onboarding?serviceId=1", "#description"),
    "landing": (None, "/", "#services [data-service-id]"),
    "home": ("admin", "/admin", "#edits *"),
    "services": ("admin", "/admin/services", "#services li"),
    "service": ("admin", "/admin/service?id=3", "#questions li"),
    "sections": ("admin", "/admin/landing", "#sections li"),
    "leads": ("admin", "/admin/leads", "#leads li"),
    "projects": ("admin", "/admin/projects", "#projects li"),
    "board": ("admin", "/admin/board?project={project}", "[data-card]"),
    "plan": ("admin", "/admin/plan?project={project}", "#versions-list li"),
    "payments": ("admin", "/admin/payments", "#accounts li"),
    "calendar": ("admin", "/admin/calendar", "#days [data-day]"),
    "people": ("admin", "/admin/people", "#people li"),
    "settings": ("admin", "/admin/settings", "#name"),
    "audit": ("admin", "/admin/audit", "#rows li"),
    "account": ("client", "/account", "#sessions li"),
}


def click(css, text=None):
    return lambda browser: browser.click(css, text)


def write(css, words):
    return lambda browser: (browser.type(css, words), browser.press(Keys.ENTER) if "q" in css else None)


def opened(token, says):
    def open_it(browser):
        browser.open(f"/invitation?token={INVITED[token]}")
        browser.see("#invitation-title", says)
    return open_it


INVITED = {state: f"{state}-{uuid.uuid4().hex}" for state in ("open", "expired", "withdrawn", "accepted", "unknown")}
STATES = {  # page → (name of the state, what shows that it is there, what leads to it …), one after the other
    "login": [("nothing filled in", "#login-email-error", click("#login-submit")),
              ("wrong password", "#login-form [data-form-error], #login-password-error", write("#login-email", "nobody@example.test"), write("#login-password", "not the right one"), click("#login-submit")),
              ("forgotten", "#forgot-email-error", click("#forgot"), write("#forgot-email", "nobody"), click("#forgot-form [type=submit]"))],
    "signup": [("nothing filled in", "#signup-password-error", click("#signup-submit"))],
    "payment": [("no method", "#method-error", click("#pay")),
                ("a wrong card", "#card-number-error", click('#methods input[value="card"]'), write("#card-number", "4343"), click("#pay")),
                ("a transfer", ".to-pay", click('#methods input[value="manual"], #methods input[value^="account"]'), click("#pay")),
                ("a proof without a file", "#proof-file-error", click("#proof-send"))],
    "project": [("an empty message", "#message-error", click("#message-send"))],
    "account": [("a second factor is begun", "#factor-secret", click("#factor-begin")), ("a wrong code", "#factor-code-error", write("#factor-code", "000000"), click("#factor-code-form [type=submit]")),
                ("a choice is kept", "#mails-said", lambda browser: journey.choose(browser.see("#mails-messages"), "Daily summary"))],
    "services": [("a service without a name", "#service-form .error", lambda browser: browser.open("/admin/service"), click("#service-form [type=submit]"))],
    "service": [("a question is open", "#questions form", click("#questions [aria-expanded]")), ("a condition", "[data-condition-question]", click("[data-add-condition]")),
                ("a condition of nothing", ".question-form .error", click(".question-form [type=submit]")),
                ("what was typed would be lost", ".ask", click("#questions [aria-expanded=true]"))],
    "leads": [("a draft is open", ".lead-body form", click("#leads summary")), ("an empty letter", '.lead-body form .error', click('.lead-body form[aria-label^="Mail"] [type=submit]')),
              ("nobody fits", "#none", write("#q", "nobody at all"))],
    "projects": [("nothing fits", "#none", write("#q", "nothing at all")), ("a view without a name", "#view-name-error", click("#save-view summary"), click("#view-form [type=submit]"))],
    "board": [("a task is open", "#task-form", click(".task-open")), ("to be retired?", "#task-form [data-said]", click("#retire")),
              ("a task without a title", "#task-form .error", lambda browser: browser.see("#task-form [name=title]").clear(), click("#task-form [type=submit]")),
              ("what was typed would be lost", ".ask", click("#task-close"))],
    "plan": [("the prompt", "#preview .prompt", click("#anew-form [type=submit]"))],
    "payments": [("nothing filled in", "#record-project-error", click("#record [type=submit]")), ("an account without a number", "#account-form .error", click("#add-account"), click("#account-form [type=submit]")),
                 ("a refusal without a reason", "[data-act=reject] .error", click("[data-act=reject] summary"), click("[data-act=reject] button")),
                 ("nothing given back", "[data-act=refund] .error", click("#filters [data-state=all]"), click("[data-act=refund] summary"), click("[data-act=refund] button"))],
    "sections": [("a section is open", "[data-key=faq] form", click("[data-key=faq] summary")),
                 ("a question without an answer", "[data-key=faq] .item .error", click("[data-key=faq] button", "Add a question"), click("[data-key=faq] [type=submit]"))],
    "platform": [("a tenant without a name", "#new-form .error", click("#new summary"), click("#new-form [type=submit]"))],
    "calendar": [("no hours", "#hours-error", lambda browser: browser.see("#hours").clear(), click("#hours-submit")), ("a day without a date", "#day-error", click("#day-form [type=submit]"))],
    "people": [("nobody is invited", "#invite-email-error", click("#invite-form [type=submit]")), ("a person is open", "#people details[open] form", click("#people summary", "Juana")),
               ("are you sure?", ".person-acts .button:not(.quiet)", click(".person-acts button", "Disable")), ("nobody fits", "#none", write("#q", "nobody at all"))],
    "settings": [("a colour that is none", "#accent-error", write("#accent", "#12"), click("#look [type=submit]"))],
    "failed": [],
    "empty": [],
    "invited": [("neither name nor password", "#join-password-error", click("#join-submit"))],
    "no invitation": [("a link that is cut off", "#invitation-acts a")] + [(f"an invitation that {state}", "#invitation-acts a", opened(token, says)) for state, token, says in (
        ("is too old", "expired", "too old"), ("was withdrawn", "withdrawn", "was withdrawn"), ("was accepted", "accepted", "was accepted"), ("nobody sent", "unknown", "does not work"))],
}
MORE = {"invited": (None, "/invitation?token={invited[open]}", "#join-form"), "no invitation": (None, "/invitation", "#invitation-acts a"),
        "platform": ("owner", "/platform", "#tenants li"), "login": (None, "/login", "#login-email"), "signup": (None, "/login?tab=signup", "#signup-email"),
        "failed": ("client", "/projects/{failed}", "#generation-retry"), "empty": ("newcomer", "/dashboard", "#empty, .empty, main a.button")}


@pytest.fixture(scope="module")
def world(site):
    client = new_person(site)
    admin, project, failed = site.signed_in(*site.account("admin")), journey.planned_project(site, client), journey.planned_project(site, client)
    site.sql("update generations set state = 'failed', stage = 'prd', error = 'Gemini had a bad day.' where project_id = %s", failed, tenant=site.tenant)
    paying = onboarding.create(client)
    account = admin.post("/api/payment-accounts", {"kind": "gcash", "label": f"GCash {uuid.uuid4().hex[:6]}", "accountName": "Luna Cruz", "accountNumber": "0917 123 4567"}).expect(201)["id"]
    payment = client.post(f"/api/projects/{paying}/payments", {"part": "deposit", "method": "manual", "accountId": account}).expect(201)["id"]
    proof = client.request("POST", f"/api/projects/{paying}/files?name=proof.pdf&purpose=payment", data=b"%PDF-1.4\n% " + uuid.uuid4().hex.encode(), headers={"Content-Type": "application/pdf"}).expect(201)["id"]
    client.post(f"/api/projects/{paying}/payments/{payment}/proof", {"fileId": proof, "reference": uuid.uuid4().hex[:12]}).expect()
    paid, owed = onboarding.create(client), lambda project: client.get(f"/api/projects/{project}/payments").expect()["parts"][0]["amount"]
    record = admin.post("/api/admin/payments/record", {"projectId": paid, "part": "deposit", "channel": "cash", "amount": owed(paid), "reference": f"OR {paid}"}).expect(201)["id"]
    site.signed_in(*site.account("member")).post(f"/api/admin/payments/{record}/verify", {"amount": owed(paid)}).expect()
    address, password = site.account("admin", name="platform")
    site.migrate("tenants", "owner", address)
    for state, ended in (("open", ""), ("expired", "expires_at"), ("withdrawn", "withdrawn_at"), ("accepted", "accepted_at")):
        site.sql("insert into invitations (tenant_id, email, role_id, token_hash, created_by, expires_at) select t.id, %s, r.id, sha256(%s), %s, now() + interval '1 day' "
                 "from tenants t, roles r where t.schema_name = %s and r.name = 'viewer'", new_address(state), INVITED[state].encode(), admin.user["id"], site.tenant)
        if ended:
            site.sql(f"update invitations set {ended} = now() where token_hash = sha256(%s)", INVITED[state].encode())
    draft = site.visitor()
    token = draft.post("/api/leads", {"serviceId": 1}).expect(201)["token"]
    draft.patch(f"/api/leads/{token}", {"clientName": "Ana Reyes", "clientEmail": "ana@example.test", "description": onboarding.unique()[0]}).expect()
    return {"client": client, "admin": admin, "newcomer": new_person(site), "owner": site.signed_in(address, password), "project": project, "failed": failed, "invited": INVITED}


def show(browser, site, world, page, script=None):
    who, path, sign = PAGES.get(page) or MORE[page]
    if who:
        journey.signed_in_device(browser, site, world[who])
    if script:
        browser.cdp("Page.addScriptToEvaluateOnNewDocument", source=script)
    browser.open(path.format(**world))
    return sign


def wrong_with(browser, state):
    """Dark on a phone, light on a desk; there also by keyboard."""
    found = browser.audit_in(f"state-{state}")
    browser.press(Keys.SHIFT)  # the focus is a keyboard's, also where a script moves it
    return found + [f"{state}: {line}" for line in browser.reach()]


@pytest.mark.expects(400, 401, 404, 409, 422)
@pytest.mark.parametrize("page", STATES)
def test_what_is_opened_and_what_is_refused_holds_the_rules(site, browser, world, page):
    browser.see(show(browser, site, world, page))
    wrong = wrong_with(browser, page) if not STATES[page] else []
    for state, sign, *steps in STATES[page]:
        for step in steps:
            step(browser)
        browser.see(sign)
        wrong += wrong_with(browser, f"{page}, {state}")
    assert wrong == [], "\n".join(wrong)


@pytest.mark.expects(404)
@pytest.mark.parametrize("page", PAGES)
def test_what_could_not_be_loaded_says_so_can_be_tried_again_and_is_whole_with_the_longest_words(site, browser, world, page):
    alone = page == "landing"  # its own text stands when the server does not answer
    sign = show(browser, site, world, page, LONG if alone else LONG + FAILING)
    if not alone:
        browser.see("[data-retry]")
        browser.see("[role=alert]", "Something went wrong on our side")
        wrong = wrong_with(browser, f"{page}, not loaded")
        assert wrong == [], "\n".join(wrong)
        browser.run("window.failing = false")
        for _ in range(5):  # each part of a page has its own
            browser.run("document.querySelectorAll('[data-retry]').forEach((one) => one.click())")
            browser.wait(lambda: not browser.all("[data-retry]") or browser.all(sign), about="it is tried again")
            if browser.all(sign):
                break
    browser.see(sign)
    for folded in browser.all("main details:not([open]) > summary")[:3]:
        browser.run("arguments[0].parentElement.open = true", folded)
    wrong = wrong_with(browser, f"{page}, long")
    assert wrong == [], "\n".join(wrong)
