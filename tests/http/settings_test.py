"""Settings: what an agency settles for itself, how quickly visitors see it, and that its AI key is kept as a secret."""
import re
import urllib.parse

import pytest

import onboarding
from client import soon
from instance import OTHER_HOST
from uploading import png

FIELDS = ("name", "accent", "currencyDisplay", "mailFrom", "replyTo", "generationsPerDay", "filesQuotaMb", "language", "languages")
OWN_KEY = "AIza-the-agencys-own-key-9x7Q"


@pytest.fixture
def admin(site):
    """A visit of one's own: many tests from one address would be held back."""
    return site.signed_in(*site.account("admin"))


@pytest.fixture
def settings(admin):
    """What is changed here is changed back."""
    before = admin.get("/api/admin/settings").expect()
    yield before
    now = admin.get("/api/admin/settings").expect()
    admin.patch("/api/admin/settings", {"version": now["version"], **{field: before["settings"][field] for field in FIELDS}}).expect()
    admin.delete("/api/admin/settings/logo").expect()
    admin.delete("/api/admin/settings/ai-key").expect()


def save(admin, **changes):
    return admin.patch("/api/admin/settings", {"version": admin.get("/api/admin/settings").expect()["version"], **changes})


def style(visitor):
    answer = visitor.get("/brand/theme.css")
    assert answer.status == 200 and answer.header("content-type").startswith("text/css"), answer
    return answer.text


def until(visitor, wanted, seconds=2):
    """The style sheet, as soon as `wanted` is in it; two seconds are what is promised."""
    return soon(lambda: wanted in (text := style(visitor)) and text, seconds, lambda: f"{wanted} is not in {style(visitor)}")


def variables(text):
    """(light, dark) of the style sheet's colours."""
    blocks = re.findall(r"\{((?:--[a-z-]+:#[0-9a-f]{6};)+)\}", text)
    return [dict(re.findall(r"(--[a-z-]+):(#[0-9a-f]{6});", block)) for block in blocks]


def contrast(one, other):
    def luminance(colour):
        parts = [int(colour[i:i + 2], 16) / 255 for i in (1, 3, 5)]
        linear = [c / 12.92 if c <= 0.04045 else ((c + 0.055) / 1.055) ** 2.4 for c in parts]
        return 0.2126 * linear[0] + 0.7152 * linear[1] + 0.0722 * linear[2]
    low, high = sorted((luminance(one), luminance(other)))
    return (high + 0.05) / (low + 0.05)


def test_a_new_name_and_colour_are_public_within_two_seconds(site, visitor, admin, settings, member):
    style(visitor)
    save(admin, name="Bayani & \"Sons\" </style>", accent="#C2185B", currencyDisplay="code").expect()
    text = until(visitor, "--accent:#c2185b")
    said = dict(re.findall(r'(--agency-[a-z]+):"([^"]*)"', text))
    assert urllib.parse.unquote(said["--agency-name"]) == 'Bayani & "Sons" </style>' and said["--agency-currency"] == "code"
    assert "Bayani &" not in text and "<" not in text.split("*/")[1]
    assert style(member.client) == text, "who is signed in sees the same"
    assert admin.get("/api/admin/settings").expect()["shownName"] == 'Bayani & "Sons" </style>'


@pytest.mark.parametrize("accent", ["#ffffff", "#000000", "#ffff00", "#777777", "#ff0000", "#00c853"])
def test_whatever_the_colour_no_text_falls_below_what_can_be_read(visitor, admin, settings, accent):
    theme = admin.get(f"/api/admin/settings/theme?accent={urllib.parse.quote(accent)}").expect()["theme"]
    for one in theme["readings"]:
        assert one["ratio"] >= 4.5 and contrast(one["text"], one["ground"]) >= 4.5, one
    save(admin, accent=accent).expect()
    light, dark = variables(until(visitor, f"--phase-lit:{theme['shades']['--phase-lit']['light']}"))
    for colours, grounds in ((light, ("#f5f5f1", "#ffffff", "#ececE6".lower())), (dark, ("#0e1220", "#161b2d", "#0a0e1a"))):
        assert contrast(colours["--on-accent"], colours["--accent"]) >= 4.5 and contrast(colours["--on-accent"], colours["--accent-hover"]) >= 4.5
        assert contrast(colours["--on-moon"], colours["--moon"]) >= 4.5 and contrast(colours["--link"], colours["--tint"]) >= 4.5
        for ground in grounds:
            assert contrast(colours["--link"], ground) >= 4.5 and contrast(colours["--accent"], ground) >= 3


@pytest.mark.parametrize("field, value", [
    ("name", "x" * 101), ("name", "two\nlines"), ("accent", "red"), ("accent", "#12345"), ("accent", "#12345g"), ("currencyDisplay", "dollar"),
    ("mailFrom", "nobody"), ("replyTo", "a@b@c"), ("generationsPerDay", 0), ("generationsPerDay", "many"), ("generationsPerDay", 10_001),
    ("filesQuotaMb", -1), ("filesQuotaMb", 200_000_000)])
def test_what_cannot_be_is_said_beside_its_field(admin, settings, field, value):
    save(admin, **{field: value}).problem(422, field)


def test_who_saves_over_somebody_elses_change_is_told(admin, settings):
    seen = admin.get("/api/admin/settings").expect()["version"]
    save(admin, name="First").expect()
    admin.patch("/api/admin/settings", {"version": seen, "name": "Second"}).problem(409)
    admin.patch("/api/admin/settings", {"name": "Second"}).problem(422, "version")
    assert admin.get("/api/admin/settings").expect()["settings"]["name"] == "First"


def test_every_change_is_in_a_log_that_nobody_rewrites(site, admin, settings):
    save(admin, name="Logged", replyTo="hello@agency.example").expect()
    save(admin, name="Logged").expect()  # changes nothing
    page = admin.get("/api/admin/settings/changes").expect()
    newest = page["changes"][0]
    assert newest["changes"]["name"]["to"] == "Logged" and newest["changes"]["replyTo"] == {"from": settings["settings"]["replyTo"], "to": "hello@agency.example"}
    assert newest["by"] == admin.user["name"]
    for number in range(26):
        save(admin, name=f"Logged {number}").expect()
    first = admin.get("/api/admin/settings/changes").expect()
    second = admin.get(f"/api/admin/settings/changes?cursor={first['next']}").expect()
    assert len(first["changes"]) == 25 and second["changes"] and not {c["id"] for c in first["changes"]} & {c["id"] for c in second["changes"]}
    for statement in ("update settings_changes set changed_by = 'x'", "delete from settings_changes", "truncate settings_changes"):
        with pytest.raises(Exception, match="append-only"):
            site.sql(statement, tenant=site.tenant)


def test_the_mail_comes_from_the_agency(site, admin, settings, sign_up):
    save(admin, name="Bayani Web", mailFrom="hello@bayani.example", replyTo="ask@bayani.example").expect()
    person = sign_up()
    mail = site.sql("select from_name, from_addr, reply_to from outbox where to_addr = %s order by id limit 1", person.email)[0]
    assert (mail["from_name"], mail["from_addr"], mail["reply_to"]) == ("Bayani Web", "hello@bayani.example", "ask@bayani.example")


@pytest.mark.over_cgi
def test_a_logo_is_a_sound_small_picture_and_nothing_else(site, visitor, admin, settings):
    logo = "/api/admin/settings/logo"
    post = lambda data: admin.post(logo, data=data, headers={"Content-Type": "image/png"})
    for data, status in ((b"<svg onload=alert(1)>", 415), (b"GIF89a" + b"\0" * 40, 415), (b"", 415), (png(8, 8), 422), (png(2001, 20), 422),
                         (png(80, 40)[:60], 422), (png(80, 40) + b"\0" * 300_000, 413)):
        post(data).problem(status)
    answer = post(png(80, 40)).expect()
    assert answer["logo"]["width"] == 80 and answer["logo"]["height"] == 40
    until(visitor, urllib.parse.quote(answer["logo"]["address"], safe=""))
    shown = visitor.get(answer["logo"]["address"])
    assert shown.body == png(80, 40) and shown.header("content-type") == "image/png" and shown.header("x-content-type-options") == "nosniff"
    assert site.visitor(host=OTHER_HOST).get(answer["logo"]["address"]).status == 404, "another agency's address has another's logo"
    assert admin.delete(logo).expect()["logo"] is None
    soon(lambda: "/brand/logo" not in style(visitor))


def test_the_own_ai_key_is_used_kept_encrypted_and_never_shown(site, admin, settings, sign_up):
    for wrong in ("", "short", "has spaces in the middle of it", "ключ-ключ-ключ-ключ-ключ"):
        admin.post("/api/admin/settings/ai-key", {"key": wrong}).problem(422, "key")
    answer = admin.post("/api/admin/settings/ai-key", {"key": OWN_KEY})
    assert answer.expect()["aiKey"]["own"]["last4"] == "9x7Q" and answer.json["aiKey"]["own"]["setBy"] == admin.user["name"]
    site.gemini.other_keys.add(OWN_KEY)
    client = sign_up()
    project = onboarding.create(client)
    onboarding.wait_for_plan(client, project)
    assert site.gemini.requests[-1]["headers"]["x-goog-api-key"] == OWN_KEY
    row = site.sql("select ai_key from settings", tenant=site.tenant)[0]["ai_key"]
    assert OWN_KEY.encode() not in bytes(row)
    for path in ("/api/admin/settings", "/api/admin/settings/changes"):
        text = admin.get(path).text
        assert OWN_KEY not in text and OWN_KEY[:12] not in text
    log = b"".join(path.read_bytes() for path in (site.state / "log").rglob("*") if path.is_file())
    assert OWN_KEY.encode() not in log
    assert admin.delete("/api/admin/settings/ai-key").expect()["aiKey"]["own"] is None
    project = onboarding.create(client)
    onboarding.wait_for_plan(client, project)
    assert site.gemini.requests[-1]["headers"]["x-goog-api-key"] == site.gemini.key


def test_a_key_that_cannot_be_read_is_said_and_no_other_is_used_instead(site, admin, settings, sign_up):
    admin.post("/api/admin/settings/ai-key", {"key": OWN_KEY}).expect()
    site.sql("update settings set ai_key = set_byte(ai_key, 40, get_byte(ai_key, 40) # 1)", tenant=site.tenant)
    assert admin.get("/api/admin/settings").expect()["aiKey"]["readable"] is False
    client = sign_up()
    before = len(site.gemini.requests)
    details = onboarding.wait_for_plan(client, onboarding.create(client))
    assert details["generation"]["draft"] is True and len(site.gemini.requests) == before


def test_the_agencys_own_limits_hold(site, admin, settings, sign_up):
    save(admin, filesQuotaMb=1).expect()
    person = sign_up()
    project = onboarding.create(person)
    site.sql("update settings set files_quota_mb = 1", tenant=site.tenant)
    refused = person.post(f"/api/projects/{project}/files?name=big.txt", data=b"words " * 200_000, headers={"Content-Type": "text/plain"})
    refused.problem(507)
    save(admin, generationsPerDay=1).expect()
    onboarding.wait_for_plan(person, project)
    site.sql("update generations set state = 'failed', error = 'x' where project_id = %s", project, tenant=site.tenant)
    person.post(f"/api/projects/{project}/generation", {}).problem(429, detail="at most 1 times")


def test_settings_of_one_agency_are_not_anothers(site, admin, settings, other_staff):
    before = other_staff.get("/api/admin/settings").expect()
    save(admin, name="Only ours", accent="#c2185b").expect()
    assert other_staff.get("/api/admin/settings").expect()["settings"] == before["settings"]
    text = site.visitor(host=OTHER_HOST).get("/brand/theme.css").text
    assert "Only%20ours" not in text and "#c2185b" not in text
