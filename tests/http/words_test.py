"""Words: the catalogues hold all that covered pages say, and nothing else; who gets which language."""
import re
import time
import urllib.parse

import pytest

import catalogue
import onboarding
from client import soon
from instance import PASSWORD
from people import new_address, new_person

LANGUAGES = catalogue.languages()
PARTS = ("", "-office")
HOLE = re.compile(r"\{\d\}|</?\d+/?>")


@pytest.fixture(scope="module")
def texts():
    return catalogue.texts_by_part()


def test_every_page_is_covered_and_the_back_office_takes_its_own_words_too():
    covered = {page.stem for page in catalogue.covered_pages()}
    assert {page.stem for page in catalogue.WEB.glob("*.html") if "<script" in page.read_text()} == covered
    office = {page.stem for page in catalogue.WEB.glob("*.html") if catalogue.is_office(page)}
    assert office == {name for name in covered if name == "platform" or re.match("admin(-|$)", name)}


@pytest.mark.parametrize("name", ["nobody", "shut"])
def test_a_page_without_any_script_says_it_in_every_language(name):
    page = (catalogue.WEB / f"{name}.html").read_text()
    heading, sentence = re.search(r"<h1>(.+)</h1>\s*<p>(.+)</p>", page).groups()
    for language in LANGUAGES:
        words, _ = catalogue.catalogue(language)
        assert f'<p lang="{language}">{words[heading]}. {words[sentence]}</p>' in page


@pytest.mark.parametrize("part", PARTS)
@pytest.mark.parametrize("language", LANGUAGES)
def test_a_catalogue_has_every_text_and_no_other(texts, language, part):
    words, _ = catalogue.catalogue(language + part)
    shared = catalogue.catalogue(language)[0] if part else {}
    missing = {text: where for text, where in texts[part].items() if text not in words and text not in shared}
    assert not missing, f"{language}{part}.js lacks {missing}"
    unused = sorted(set(words) - set(texts[part]))
    assert not unused, f"nobody says {unused}"


@pytest.mark.parametrize("language", LANGUAGES)
def test_the_office_s_catalogue_has_of_the_clients_texts_only_what_means_something_else_there(language):
    (words, messages), (office_words, office_messages) = (catalogue.catalogue(language + part) for part in PARTS)
    assert [text for text, other in office_words.items() if words.get(text) == other] == []
    assert sorted(set(messages) & set(office_messages)) == []


# Names, and what only looks like words.
NAMES = {"GCash", "Maya", "PDF", "PayMongo", "SVG", "UTC", "KB", "MB", "MiB", "Lunaxcode"}


def test_no_script_puts_words_on_a_page_that_go_by_no_catalogue():
    """A text as the child of an element, as a text that is set, as an error beside a field: each by t()."""
    shown = re.compile(r"(\bel\('[\w-]+', \{[^{}]*\}, |[^\w]text\([^,;]+, |\b(showErrors|setError)\([^,;]+, (\{ \w+: )?|(aria-label|title|placeholder|alt)'?: |\), ' ', |\)? \}, )$")
    raw = {}
    for script in sorted(catalogue.SCRIPTS.rglob("*.js")):
        source, said = script.read_text(), catalogue.script_texts(script)
        for begin, _, _, key in catalogue.literals(source):
            bare = re.sub(r"\{\d\}", "", key).strip(" .…:,·")
            if re.search(r"[A-Za-z]{2}", bare) and bare not in NAMES and key.strip() not in said and shown.search(source[max(0, begin - 160):begin]):
                raw.setdefault(script.name, []).append(key)
    assert raw == {}


@pytest.mark.parametrize("part", PARTS)
@pytest.mark.parametrize("language", LANGUAGES)
def test_every_hole_of_a_text_is_in_its_translation(language, part):
    for texts in catalogue.catalogue(language + part):
        for english, other in texts.items():
            assert other.strip() == other and other, english
            assert sorted(HOLE.findall(english)) == sorted(HOLE.findall(other)), english
            assert ("|" in english) or "|" not in other, english


def test_what_the_server_is_said_to_say_is_in_its_sources():
    said = "\n".join(path.read_text() for folder, ends in (("src", "*.cpp"), ("src", "*.h"), ("sql/migrations", "*.sql"), ("nginx/lunaxcode", "*.conf"))
                     for path in (catalogue.ROOT / folder).rglob(ends))
    said = re.sub(r'"\s*\n\s*"', "", said).replace('\\"', '"')
    said += said.replace("''", "'")  # SQL's own quotes
    for name in [language + part for language in LANGUAGES for part in PARTS]:
        for english in catalogue.catalogue(name)[1]:
            for part in re.split(r"\{\d\}", english.removeprefix("There is no such ")):
                assert part.strip(" .") in said, f"nothing says {english!r} any more ({part!r})"


# What only programs bring about, who speak English: the protocol, its headers and its JSON; PayMongo's events; what a model is told of its answer.
OF_THE_PROTOCOL = {"db.cpp", "json.cpp", "multipart.cpp", "idempotency.cpp", "mail.cpp", "prompts.cpp", "plan_json.cpp", "plan_reply.cpp"}
TO_PROGRAMS = {"Send JSON, with Content-Type: application/json.", "Send a JSON object.", "A JSON body has at most VALUE KiB.", "The event is too large.", "The signature is not right.", "The signature's time is too far from ours.",
               "This is no event.", "since must be a whole number.", "Send the file's length, with the header Content-Length.", "Send the file as multipart/form-data, with a boundary.",
               "Say where these bytes belong, with the header Upload-Offset.", "There is no such VALUE.", "VALUE; the next try is in VALUEVALUE"}


@pytest.mark.parametrize("language", LANGUAGES)
def test_what_the_server_refuses_with_is_in_a_catalogue(language):
    known = {**catalogue.catalogue(language)[1], **catalogue.catalogue(language + "-office")[1]}
    patterns = [re.compile(re.sub(r"\\\{\d\\\}", "(.+?)", re.escape(text)), re.S) for text in known if "{1}" in text]
    said = catalogue.server_texts()
    assert len(said) > 300
    missing = {text: files for text, files in said.items() if text not in known and text not in TO_PROGRAMS and not OF_THE_PROTOCOL.issuperset(files)
               and not any(pattern.fullmatch(text) for pattern in patterns)}
    assert not missing, missing
    assert not [text for text in TO_PROGRAMS if text not in said], "nobody says these any more"


# Who gets which language

@pytest.fixture
def admin(site):
    return site.signed_in(*site.account("admin"))


@pytest.fixture
def settings(admin):
    """Changes them; what is changed here is changed back."""
    def save(**changes):
        return admin.patch("/api/admin/settings", {"version": admin.get("/api/admin/settings").expect()["version"], **changes})
    before = admin.get("/api/admin/settings").expect()["settings"]
    yield save
    save(language=before["language"], languages=before["languages"]).expect()


def offers(visitor, **headers):
    text = visitor.get("/brand/theme.css", headers=headers).text
    return {name: urllib.parse.unquote(value) for name, value in re.findall(r'--agency-(languages?):"([^"]*)"', text)}


def language_of(site, client):
    return site.one("select language from users where id = %s", client.user["id"])


def test_an_agency_settles_its_languages_and_every_visitor_is_told_the_same(site, visitor, settings, admin):
    assert offers(visitor) == {"language": "en", "languages": "en fil"}
    settings(language="fil", languages=["fil", "en"]).expect()
    told = {"language": "fil", "languages": "fil en"}
    soon(lambda: offers(visitor) == told, about="two seconds are what is promised")
    assert offers(visitor, **{"Accept-Language": "en", "Cookie": "language=en"}) == told
    changes = admin.get("/api/admin/settings/changes").expect()["changes"]
    assert changes[0]["changes"]["language"] == {"from": "en", "to": "fil"}


@pytest.mark.parametrize("changes, field", [
    ({"languages": []}, "languages"), ({"languages": ["en", "en"]}, "languages"), ({"languages": ["en", "de"]}, "languages"), ({"languages": "en"}, "languages"),
    ({"languages": ["en", None]}, "languages"), ({"languages": ["en"], "language": "fil"}, "language"), ({"language": "de"}, "language"), ({"language": 7}, "language"),
])
def test_languages_that_make_no_sense_are_refused_by_name(settings, changes, field):
    settings(**changes).problem(422, field)


@pytest.mark.parametrize("headers, wanted", [
    ({"Accept-Language": "fil-PH,fil;q=0.9,en;q=0.8"}, "fil"), ({"Accept-Language": "de, tl;q=0.5, en;q=0.4"}, "fil"), ({"Accept-Language": "en-US,en;q=0.9"}, "en"),
    ({"Accept-Language": "fil;q=0.1, en;q=0.2"}, "en"), ({"Accept-Language": "de"}, None), ({}, None), ({"Accept-Language": "fil;q=0"}, None),
    ({"Cookie": "language=fil", "Accept-Language": "en"}, "fil"), ({"Cookie": "language=xx", "Accept-Language": "en"}, "en"),
])
@pytest.mark.over_cgi
def test_who_signs_up_is_written_to_in_the_language_of_the_page(site, headers, wanted):
    visitor = site.visitor()
    address = new_address()
    answer = visitor.post("/api/auth/signup", {"name": "Juana", "email": address, "password": PASSWORD}, headers=headers)
    answer.expect(201)
    assert site.one("select language from users where email = %s", address) == wanted
    cookies = [line for line in answer.all("set-cookie") if line.startswith("language=")]
    chosen = "language=" + (wanted or "") in headers.get("Cookie", "-")
    assert cookies == ([] if wanted is None or chosen else [f"language={wanted}; Path=/; Max-Age=31536000; SameSite=Lax"])


def test_a_choice_is_kept_and_comes_along_to_another_device(site):
    client = new_person(site)
    client.patch("/api/auth/language", {"language": "fil"}).expect(204)
    assert client.cookies["language"] == "fil" and language_of(site, client) == "fil"
    client.patch("/api/auth/language", {"language": "de"}).problem(422, "language")
    client.patch("/api/auth/language", {}).problem(422, "language")
    elsewhere = site.visitor()
    elsewhere.post("/api/auth/login", {"email": client.email, "password": client.password}, headers={"Accept-Language": "en"}).expect()
    assert elsewhere.cookies["language"] == "fil", "the account's own goes before that of a browser"
    there = site.visitor()
    there.cookies["language"] = "en"
    there.post("/api/auth/login", {"email": client.email, "password": client.password}).expect()
    assert language_of(site, client) == "en", "but not before what was chosen there"


def test_a_language_does_not_make_a_visitor_known_to_the_cache(site):
    path = f"/api/services?apart={time.monotonic_ns()}"
    assert site.visitor().get(path, headers={"Cookie": "language=fil"}).header("x-cache") == "MISS"
    soon(lambda: site.visitor().get(path, headers={"Cookie": "language=en"}).header("x-cache") == "HIT", 20, "another language is not another answer")
    for cookie in ("language=fil; session=abc", "session=abc; language=fil", "session=language=fil", "languages=fil"):
        assert site.visitor().get(path, headers={"Cookie": cookie}).header("x-cache") == "BYPASS", cookie


def test_a_mail_is_in_the_language_of_who_reads_it(site, sign_up):
    visitor = site.visitor()
    address = new_address()
    visitor.post("/api/auth/signup", {"name": "Juana", "email": address, "password": PASSWORD}, headers={"Accept-Language": "fil"}).expect(201)
    mail = site.wait_for_mail(address, containing="/verify?token=")
    assert mail["Subject"] == "Kumpirmahin ang iyong e-mail address para sa Lunaxcode"
    site.visitor().post("/api/auth/forgot", {"email": address}, headers={"Accept-Language": "en"}).expect(202)
    assert site.wait_for_mail(address, containing="/reset?token=")["Subject"] == "Pumili ng bagong password para sa Lunaxcode", "the account's, whoever asks"
    english = sign_up()
    assert "Kumpirmahin" not in str(site.wait_for_mail(english.email, containing="/verify?token="))


def test_who_has_chosen_no_language_that_is_offered_is_written_to_in_the_agency_s(site, settings):
    client = new_person(site)
    client.patch("/api/auth/language", {"language": "en"}).expect(204)
    settings(language="fil", languages=["fil"]).expect()
    client.post("/api/auth/forgot", {"email": client.email}).expect(202)
    assert site.wait_for_mail(client.email, containing="/reset?token=")["Subject"].startswith("Pumili ng bagong password")


def test_a_receipt_is_printed_in_the_language_of_who_reads_it(site, staff):
    client, second = new_person(site), site.signed_in(*site.account("member", name="second"))
    project = onboarding.create(client)
    owed = client.get(f"/api/projects/{project}/payments").expect()["parts"][0]["amount"]
    paid = staff.post("/api/admin/payments/record", {"projectId": project, "part": "deposit", "channel": "cash", "amount": owed, "reference": f"OR {project}"}).expect(201)["id"]
    second.post(f"/api/admin/payments/{paid}/verify", {"amount": owed}).expect()
    receipt = f"/api/projects/{project}/payments/{paid}/receipt.pdf"
    assert b"/Title (Receipt 0" in client.get(receipt).body
    client.patch("/api/auth/language", {"language": "fil"}).expect(204)
    assert b"/Title (Resibo 0" in client.get(receipt).body


def test_a_model_is_asked_to_write_in_the_agency_s_own_language(site, settings, staff):
    client = new_person(site)
    project = onboarding.create(client)
    onboarding.wait_for_plan(client, project)
    asked = lambda: staff.post(f"/api/admin/plans/{project}/prompt", {"scope": "prd"}).expect()
    assert "the document alone, in English" in str(asked())
    settings(language="fil").expect()
    assert "the document alone, in Filipino" in str(asked())
    made = client.get(f"/api/projects/{onboarding.create(client)}/details").expect()["project"]["name"]
    assert " para kay " in made and " for " not in made, "what the agency names after service and client is in its language, too"


def test_every_text_of_a_mail_is_in_its_catalogue():
    catalogued = re.findall(r'^    \{"((?:[^"\\]|\\.)*)", "', (catalogue.ROOT / "src/domain/words_fil.h").read_text(), re.M)
    sources = "\n".join(re.sub(r'"\s*\n\s*"', "", path.read_text()) for path in (catalogue.ROOT / "src").rglob("*.cpp"))
    said = set(re.findall(r'(?<!\w)say\((?:[\w.]+, )?"((?:[^"\\]|\\.)*)"', sources))
    months = set("January February March April May June July August September October November December".split())
    assert len(said) > 80 and said - set(catalogued) == set(), "a text lacks its Filipino"
    assert set(catalogued) - said - months == set(), "nobody says this"
