"""Filipino in a browser: every word that a client or the staff see is from a catalogue or somebody's own, and it fits a phone."""
import re

import pytest

import catalogue
import journey
from instance import link_in
from people import new_address, new_person

# What the agency, the client or the planner wrote, and names, stay as they are.
OWN = """[data-agency], #services h3, #services .summary, #services .timeline, #services li, [data-section] [data-part], [data-section] dl, .steps, .voices, #questions,
  #service-name, #service-timeline, #service-features, #project-name, #project-service, #project-timeline, #prd, #contents, .contents, #prd-contents, #answers dt, #answers dd, [data-task-id] h4,
  [data-task-id] .body > p:not(.meta), .task-section h3, .after a, #timeline svg, #timeline-table th, #timeline-milestones .name, [data-message-id] .body, .languages, #account-language, #account-name, #account-email,
  #summary dd, .project-row h2, option, .file-name, .agencies, .project-row .meta"""
TEXTS = """
const own = arguments[0];
const walker = document.createTreeWalker(document.body, NodeFilter.SHOW_TEXT);
const found = [];
while (walker.nextNode()) {
  const node = walker.currentNode;
  const element = node.parentElement;
  if (element.closest('script, style, noscript, [hidden]') || element.closest(own)) continue;
  if (!element.checkVisibility({ checkVisibilityCSS: true })) continue;
  const text = node.data.replace(/\\s+/g, ' ').trim();
  if (/\\p{L}{2}/u.test(text)) found.push(text);
}
for (const name of ['aria-label', 'placeholder', 'title', 'alt']) for (const element of document.querySelectorAll(`main [${name}], header [${name}], footer [${name}]`)) {
  const text = element.getAttribute(name).replace(/\\s+/g, ' ').trim();
  if (!element.closest(own) && /\\p{L}{2}/u.test(text)) found.push(text);
}
return [...new Set(found)];
"""
# Dates and spans of time are the browser's: "Nob 21, 2026, 6:02 PM", "kahapon", "2 oras ang nakalipas".
TIME = re.compile(r"((Lun|Mar|Miy|Huw|Biy|Sab|Lin)(, )?)?(Enero|Pebrero|Marso|Abril|Hunyo|Hulyo|Agosto|Setyembre|Oktubre|Nobyembre|Disyembre|Ene|Peb|Mar|Abr|May|Mayo|Hun|Hul|Ago|Set|Okt|Nob|Dis)\b[\w ,:.–\u202f-]*( (AM|PM))?|(kahapon|ngayong \w+|sa? ?\d+ \w+|\d+ \w+ ang nakalipas|nakalipas na \d+ \w+|nakaraang \w+|susunod na \w+|Lun|Mar|Miy|Huw|Biy|Sab|Lin)")
PLAIN = re.compile(r"[\d\W_]*(KB|MB|AM|PM|PHP|h|PDF|GCash|Maya|PayMongo|Gemini|gemini-[\w.-]+|Chrome|Linux|PNG|JPEG|RA)?[\d\W_]*")


def known_texts(*names):
    """The catalogues' Filipino as patterns, most specific first; sentences with elements in them by their pieces."""
    pieces = set()
    for value in [text for name in names for part in catalogue.catalogue(name) for text in part.values()]:
        for form in value.split("|"):
            for piece in re.split(r"</?\d+/?>", form):
                if re.search(r"[^\W\d_]", piece):
                    pieces.add(piece.strip())
    return [re.compile(re.sub(r"\\\{\d\\\}", "(.*?)", re.escape(piece)), re.S) for piece in sorted(pieces, key=lambda one: (one.count("{") / len(one), -len(one)))]


CLIENTS = known_texts("fil")
STAFF = known_texts("fil", "fil-office")


def explained(text, own, patterns=CLIENTS, depth=0):
    """True: it is the catalogue's, somebody's own, a time or a number, or the catalogue's around such."""
    text = text.strip()
    if PLAIN.fullmatch(text) or text in own or TIME.fullmatch(text):
        return True
    if any(pattern.fullmatch(text) for pattern in patterns if "(.*?)" not in pattern.pattern):
        return True
    if depth < 4:
        for pattern in patterns:
            match = pattern.fullmatch(text)
            if match and all(explained(part.strip("“”"), own, patterns, depth + 1) for part in match.groups()):
                return True
        sentences = re.split(r"(?<=[.!?]) +", text)
        if len(sentences) > 1 and all(explained(one, own, patterns, depth + 1) for one in sentences):
            return True
        for cut in ("; ", " · ", ", ", ": ", " – ", " (", " “", " na "):
            if cut in text and all(explained(part.strip("()“”"), own, patterns, depth + 1) or explained(cut + part, own, patterns, depth + 3) for part in text.split(cut)):
                return True
        bare = text.strip("·,. ")
        if bare != text and explained(bare, own, patterns, depth + 1):
            return True
        count = re.fullmatch(r"[\d.,]+ (.+)|(.+) \d+", text)
        if count and explained(count[1] or count[2], own, patterns, depth + 1):
            return True
        if depth % 2 == 0 and explained(text[0].swapcase() + text[1:], own, patterns, depth + 1):  # the end of a sentence as its beginning
            return True
    return False


def strings_of(value):
    """Every string of an answer, and its lines."""
    if isinstance(value, dict):
        for one in value.values():
            yield from strings_of(one)
    elif isinstance(value, list):
        for one in value:
            yield from strings_of(one)
    elif isinstance(value, str):
        yield re.sub(r"\s+", " ", value).strip()


def invitation(site, admin):
    """(the path that its mail leads to, its number)"""
    email = new_address()
    made = admin.post("/api/admin/invitations", {"email": email, "role": "viewer", "days": 7}).expect(201)
    return f"/invitation?token={link_in(site.wait_for_mail(email, '/invitation?token='), '/invitation')}", made["id"]


def withdrawn(site, admin):
    path, number = invitation(site, admin)
    admin.delete(f"/api/admin/invitations/{number}").expect(204)
    return path


@pytest.fixture(scope="module")
def world(site):
    client = new_person(site, name="Juana dela Cruz")
    project = journey.planned_project(site, client)
    client.post(f"/api/projects/{project}/messages", {"body": "Kumusta, may tanong ako."}).expect(201)
    client.patch("/api/auth/language", {"language": "fil"}).expect(204)
    staff, second = (site.signed_in(*site.account(role)) for role in ("member", "admin"))
    owed = client.get(f"/api/projects/{project}/payments").expect()["parts"][0]["amount"]
    paid = staff.post("/api/admin/payments/record", {"projectId": project, "part": "deposit", "channel": "bank", "amount": owed, "reference": "OR 20261121"}).expect(201)["id"]
    second.post(f"/api/admin/payments/{paid}/verify", {"amount": owed}).expect()
    return {"payment": paid, "invited": invitation(site, second)[0], "withdrawn": withdrawn(site, second), "client": client, "project": project, "service": site.one("select service_type_id from projects where id = %s", project, tenant=site.tenant)}


PAGES = {
    "landing": "/", "login": "/login?tab=signup", "onboarding": "/onboarding?serviceId={service}", "onboarding-3": "/onboarding?serviceId={service}&step=3", "dashboard": "/dashboard",
    "project": "/projects/{project}", "payment": "/projects/{project}/payment", "receipt": "/projects/{project}/receipts/{payment}", "no-receipt": "/projects/{project}/receipts/999999999", "account": "/account",
    "verify": "/verify?token=AAAAAAAAAAAAAAAAAAAAAA", "reset": "/reset?token=AAAAAAAAAAAAAAAAAAAAAA", "reset-cut": "/reset", "unsubscribe": "/unsubscribe?user=u&topic=messages&signature=x",
    "invitation": "{invited}", "invitation-over": "{withdrawn}", "invitation-cut": "/invitation?token=AAAAAAAAAAAAAAAAAAAAAA", "arrive": "/arrive", "404": "/nothing-here", "50x": "/50x",
}


def speak(browser, site, language="fil"):
    browser.cdp("Network.setCookie", name="language", value=language, url=site.url)


def settled(browser):
    browser.wait(lambda: browser.run("return !document.querySelector('main[aria-busy=true], [aria-busy=true]') && !('wording' in document.documentElement.dataset) && document.readyState === 'complete'"),
                 about="the page is busy for ever")


@pytest.mark.expects(404, 403, 422, 400, 401)
@pytest.mark.parametrize("page", PAGES)
def test_every_word_of_a_client_s_page_is_filipino_or_somebody_s_own(site, browser, world, page):
    if page.startswith("invitation") or page in ("landing", "login", "verify", "reset", "reset-cut", "unsubscribe", "404", "50x"):
        speak(browser, site)
    else:
        journey.signed_in_device(browser, site, world["client"])
    browser.open(PAGES[page].format(**world))
    settled(browser)
    assert browser.run("return document.documentElement.lang") == "fil"
    client, project = world["client"], world["project"]
    own = set(strings_of([client.user, *(client.get(path).expect() for path in ("/api/services", f"/api/projects/{project}/details", f"/api/projects/{project}/timeline", f"/api/projects/{project}/messages", f"/api/projects/{project}/payments", "/api/notifications"))]))
    own |= {"Lunaxcode", "English", "Filipino", "Juana dela Cruz", "Admin"}
    english = [text for text in browser.run(TEXTS, OWN) if not explained(text, own)]
    title = browser.driver.title
    english += [part for part in title.split(" – ") if not explained(part, own)]
    browser.width(360)  # in one scheme: colours do not depend on words, and every_page_test.py looks at both
    wrong = browser.audit()
    browser.screenshot(f"fil-{page}-360")
    browser.any_width()
    assert english == [] and wrong == [], "\n".join([*english, *wrong])


# The back office: address; what answers there with words of the agency's, clients' and staff's own; what is clicked to see more.
OFFICE = {
    "home": ("/admin", ["/api/admin/stats", "/api/admin/cms/versions"], []),
    "services": ("/admin/services", ["/api/admin/cms/services"], []),
    "service": ("/admin/service?id={service}", ["/api/admin/cms/services", "/api/admin/cms/questions?serviceId={service}", "/api/admin/cms/versions"], ["#questions li:nth-child(1) [aria-expanded]", "[data-add-condition]", ".question-form [type=submit]"]),
    "landing": ("/admin/landing", ["/api/admin/cms/landing", "/api/admin/cms/versions"], []),
    "leads": ("/admin/leads", ["/api/admin/leads/{lead}", "/api/services"], ["#leads summary", "#leads form[novalidate]:not(.convert form) [type=submit]"]),
    "calendar": ("/admin/calendar", ["/api/calendar"], ["#day-form [type=submit]"]),
    "audit": ("/admin/audit", ["/api/admin/audit"], []),
    "usage": ("/admin/usage", ["/api/admin/plans/usage"], []),
    "projects": ("/admin/projects?sort=name", ["/api/admin/projects?sort=name", "/api/admin/cms/services", "/api/admin/projects/views"], []),
    "board": ("/admin/board?project={project}", ["/api/projects/{project}/tasks"], ["#add", "#task-form [type=submit]"]),
    "plan": ("/admin/plan?project={project}", ["/api/admin/plans/{project}"], ["#anew-form [type=submit]", "#send", "#take-prd"]),
    "people": ("/admin/people", ["/api/admin/people", "/api/admin/invitations?state=all"], ["#invite-form [type=submit]"]),
    "payments": ("/admin/payments", ["/api/admin/payments?state=all", "/api/payment-accounts"], ["#filters [data-state=all]", "#add-account", "#record [type=submit]"]),
    "settings": ("/admin/settings", ["/api/admin/settings", "/api/admin/settings/changes"], []),
    "platform": ("/platform", ["/api/platform/tenants", "/api/platform/jobs"], ["#new summary", "#new-form [type=submit]", "#more-jobs"]),
    "project": ("/projects/{project}", [f"/api/projects/{{project}}/{part}" for part in ("details", "timeline", "messages", "payments", "contacts", "activity")], ["#timeline-staff summary", "#ask-form [type=submit]"]),
}
# Names and texts of projects, services, people and files.
OFFICE_OWN = """[data-agency], .languages, .agencies, #preview, #card-preview, .lead-row ~ .lead-row, .as-written, .seal code, .prompt, .diff :is(p, ins, del), #choose strong, #choose .choice-row p.small, [translate=no]"""
UNFOLD = "for (const one of [...document.querySelectorAll('main details:not([open])')].filter((one) => one.checkVisibility()).slice(0, 6)) one.open = true"


@pytest.fixture(scope="module")
def office(site, world):
    admin = site.signed_in(*site.account("admin"))
    admin.post("/api/admin/projects/views", {"name": "Mga natatapos", "query": "status=completed"}).expect(201)
    world["lead"] = unfinished(site, admin, world["service"])
    section = admin.get("/api/admin/cms/landing").expect()["sections"][0]
    for title in ("Ibang pamagat", section["title"]):
        section["version"] = admin.patch(f"/api/admin/cms/landing/{section['id']}", {"version": section["version"], "title": title}).expect()["version"]
    return admin


def unfinished(site, admin, service):
    """The number of a lead: somebody who came to the questions, was written to, and looked around."""
    visitor, email = site.visitor(), new_address()
    token = visitor.post("/api/leads", {"serviceId": service, "path": "/onboarding"}).expect(201)["token"]
    visitor.patch(f"/api/leads/{token}", {"step": 2, "description": "Isang page para sa aming panaderya.", "clientName": "Ana Reyes", "clientEmail": email}).expect()
    visitor.post("/api/leads/views", {"path": "/#pricing", "referrer": "https://search.example/", "token": token})
    lead = next(one for one in admin.get("/api/admin/leads").expect()["leads"] if one["email"] == email)
    admin.post(f"/api/admin/leads/{lead['id']}/follow-up", {"subject": "Ang inyong project", "message": "Kumusta po, may maitutulong ba kami sa inyo?"}).expect(201)
    return lead["id"]


@pytest.fixture(scope="module")
def owner(site):
    """Whose installation it is."""
    address, password = site.account("admin", name="platform")
    site.migrate("tenants", "owner", address)
    site.sql("insert into platform_jobs (kind, slug, state, failure, error, finished_at) select 'create', 'of_' || replace(code, '-', '_'), 'failed', code, 'The words of a tool.', now() from unnest(%s) code", FAILURES)
    yield site.signed_in(address, password)
    site.sql("delete from platform_jobs where error = 'The words of a tool.'")


FAILURES = re.findall(r"'([a-z-]+)'", re.search(r"check \(failure in \((.*?)\)\)", (catalogue.ROOT / "sql/migrations/20261128020000_job_failures.sql").read_text(), re.S)[1])


@pytest.mark.expects(422)
@pytest.mark.parametrize("page", OFFICE)
def test_every_word_of_the_back_office_is_filipino_or_somebody_s_own(site, browser, world, page, request):
    address, answers, clicks = OFFICE[page]
    office = request.getfixturevalue("owner" if page == "platform" else "office")
    journey.signed_in_device(browser, site, office)
    browser.cdp("Network.setCookie", name="language", value="fil", url=site.url)  # of this device, not of the account, which tests share
    browser.open(address.format(**world))
    settled(browser)
    assert browser.run("return document.documentElement.lang") == "fil"
    for css in clicks:
        browser.click(css)
        browser.wait(lambda: not browser.all("main [type=submit][aria-disabled]"))
        settled(browser)
    for _ in range(2):  # what is folded away, and what that holds
        browser.run(UNFOLD)
        settled(browser)
    own = {"Lunaxcode", "English", "Filipino", "Juana dela Cruz", *strings_of([office.user, *(office.get(path.format(**world)).expect() for path in answers)])}
    english = [text for text in browser.run(TEXTS, OWN if page == "project" else OFFICE_OWN) if not explained(text, own, STAFF)]
    english += [part for part in re.sub(r"^\(\d+\) ", "", browser.driver.title).split(" – ") if not explained(part, own, STAFF)]
    browser.width(360)
    wrong = browser.audit()
    browser.screenshot(f"fil-office-{page}-360")
    browser.any_width()
    assert english == [] and wrong == [], "\n".join([*english, *wrong])


@pytest.mark.expects(401)
def test_a_visitor_chooses_a_language_and_it_stays(site, browser):
    browser.open("/")
    settled(browser)
    assert browser.run("return document.documentElement.lang") == "en"
    assert browser.see(".languages [aria-current]").text == "English"
    browser.click(".languages button", "Filipino")
    browser.wait(lambda: browser.run("return document.documentElement.lang") == "fil")
    browser.see(".site-nav", "Serbisyo")
    browser.open("/login")
    browser.see("h1", "Welcome")
    browser.see("#login-submit", "Mag-sign in")
    assert browser.driver.title.startswith("Mag-sign in – ")
    browser.type("#login-email", "nobody@example.com")
    browser.type("#login-password", "not the password")
    browser.click("#login-submit")
    browser.see("#login-form [data-form-error]", "Mali ang e-mail address o ang password.")
    browser.click(".languages button", "English")
    browser.see("#login-submit", "Sign in")


def test_nothing_is_shown_in_the_wrong_language_on_the_way(site, browser):
    speak(browser, site)
    browser.cdp("Page.enable")
    script = browser.cdp("Page.addScriptToEvaluateOnNewDocument", source="""
      window.flashed = [];
      const look = () => {
        if (document.body && getComputedStyle(document.body).visibility === 'visible' && /Skip to the content|Create an account or sign in/.test(document.body.innerText)) window.flashed.push(document.body.innerText.slice(0, 80));
        if (performance.now() < 3000) requestAnimationFrame(look);
      };
      requestAnimationFrame(look);""")
    try:
        browser.network(latency=120)
        browser.open("/")
        browser.see("#services .price")
        assert browser.run("return window.flashed") == []
    finally:
        browser.network()
        browser.cdp("Page.removeScriptToEvaluateOnNewDocument", **script)


def test_without_its_catalogue_a_page_is_english_and_says_so(site, browser):
    speak(browser, site)
    browser.cdp("Network.enable")
    browser.cdp("Network.setBlockedURLs", urls=["*/words/fil.js"])
    try:
        browser.open("/login")
        browser.see("#login-submit", "Sign in")
        assert browser.run("return document.documentElement.lang") == "en"
    finally:
        browser.cdp("Network.setBlockedURLs", urls=[])
        browser.driver.get_log("browser")


@pytest.mark.expects(422)
def test_an_agency_that_offers_one_language_speaks_it_to_everybody(site, browser):
    admin = site.signed_in(*site.account("admin"))
    journey.signed_in_device(browser, site, admin)
    try:
        browser.open("/admin/settings")
        browser.click("#speech [name=offered][value=en]")
        browser.click("#speech button[type=submit]")
        browser.see("#own-language-error", "one of the languages that you offer")
        journey.choose(browser.see("#own-language"), "Filipino")
        browser.click("#speech button[type=submit]")
        browser.see("#changes li", "Languages offered: English, Filipino → Filipino")
        browser.new_device()
        browser.wait(lambda: (browser.open("/login"), settled(browser), browser.run("return document.documentElement.lang"))[-1] == "fil", about="the page is not in Filipino")
        browser.see("#login-submit", "Mag-sign in")
        assert not browser.all(".languages")
    finally:
        now = admin.get("/api/admin/settings").expect()
        admin.patch("/api/admin/settings", {"version": now["version"], "language": "en", "languages": ["en", "fil"]}).expect()
        browser.new_device()  # the pages' style sheet is cached for two seconds, and the next test begins at once
        browser.wait(lambda: (browser.open("/login"), settled(browser), browser.run("return document.documentElement.lang"))[-1] == "en", about="the page is still in Filipino")
