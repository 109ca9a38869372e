"""What nginx does around the programs: headers, pages, caching, compression, limits."""
import gzip
import json
import re
import socket
import time
import uuid
from concurrent.futures import ThreadPoolExecutor

import pytest

from client import soon
from instance import OTHER_HOST, ROOT

PAGES = ["/", "/onboarding?serviceId=1", "/login", "/login?from=onboarding", "/dashboard", "/projects/1", "/verify", "/reset", "/account"]
KINDS = PAGES + ["/nothing", "/api/services", "/api/nothing", "/api/projects", "/health"]


@pytest.mark.parametrize("path", KINDS)
def test_security_headers_are_on_every_answer(visitor, path):
    answer = visitor.get(path)
    policy = {part.split()[0]: part.split()[1:] for part in answer.header("content-security-policy").split(";") if part.strip()}
    assert policy["default-src"] == ["'none'"] and policy["base-uri"] == ["'none'"] and policy["frame-ancestors"] == ["'none'"]
    assert policy["script-src"] == ["'self'"] and policy["style-src"] == ["'self'"] and policy["form-action"] == ["'self'"]
    assert "unsafe" not in answer.header("content-security-policy") and "*" not in answer.header("content-security-policy")
    assert answer.header("x-content-type-options") == "nosniff"
    assert answer.header("referrer-policy") in ("strict-origin-when-cross-origin", "same-origin", "no-referrer")
    assert answer.header("permissions-policy") and answer.header("cross-origin-opener-policy") == "same-origin"
    assert not re.search(r"\d", answer.header("server", "")), "the version of the server is told"
    for name in ("content-security-policy", "x-content-type-options", "cache-control"):
        assert len(answer.all(name)) == 1, f"{name}: {answer.all(name)}"


@pytest.mark.parametrize("path", PAGES)
def test_a_page_is_html_without_inline_script_or_style(visitor, path):
    answer = visitor.get(path)
    assert answer.status == 200 and answer.header("content-type") == "text/html; charset=utf-8"
    html = answer.text
    assert html.lstrip().lower().startswith("<!doctype html>") and re.search(r"<html[^>]* lang=\"", html) and "<title>" in html
    for script in re.findall(r"<script\b[^>]*>", html):
        assert " src=" in script, script
    assert "<style" not in html and not re.search(r"<[^>]+\s(style|on[a-z]+)=", html)
    assert not re.search(r"(src|href)=\"(https?:)?//(?!(www\.)?w3\.org)", re.sub(r"<a\b[^>]*>", "", html)), "something is loaded from elsewhere"


@pytest.mark.parametrize("path", PAGES)
def test_everything_a_page_names_is_there_and_kept_for_a_year(visitor, path):
    names = set(re.findall(r"(?:src|href)=\"(/assets/[^\"]+)\"", visitor.get(path).text))
    assert names
    for name in names:
        answer = visitor.get(name)
        assert answer.status == 200, name
        assert answer.header("cache-control") == "public, max-age=31536000, immutable", name


@pytest.mark.parametrize("method,path,status", [("TRACE", "/", 405), ("TRACE", "/api/services", 405), ("POST", "/login", 405), ("GET", "/assets/css/base.css", 416)])
def test_what_nginx_itself_refuses_is_said_as_the_programs_say_it(visitor, method, path, status):
    visitor.request(method, path, headers={"Range": "bytes=9999999-"} if status == 416 else {}).problem(status)


def test_an_office_behind_one_address_may_sign_in_forty_times_at_once_and_then_once_a_second(visitor):
    began, taken = time.monotonic(), 0
    while (answer := visitor.post("/api/auth/login", {})).status != 429:
        answer.problem(422, "email", "password")
        taken += 1
        assert taken < 200, "nobody counts"
    answer.problem(429)
    assert answer.header("retry-after") and 41 <= taken <= 42 + (time.monotonic() - began), taken
    visitor.get("/api/auth/session").expect()


@pytest.mark.parametrize("path", ["/login/", "/admin/", "/admin/projects/", "/projects/7/payment/", "/dashboard/?a=b"])
def test_a_slash_behind_a_page_leads_to_the_page(visitor, path):
    answer = visitor.get(path)
    assert (answer.status, answer.header("location")) == (301, path.replace("/?", "?").rstrip("/"))
    assert visitor.get(answer.header("location")).status == 200


@pytest.mark.parametrize("path", ["//evil.example/", "/%2fevil.example/", "/\\evil.example/", "/.git/", "/assets/", "/api/services/"])
def test_a_slash_leads_nowhere_else(visitor, path):
    answer = visitor.get(path)
    assert answer.status in (400, 404) or answer.header("location", "").lstrip("/").partition("/")[0] == "evil.example" and not answer.header("location").startswith("//")


def test_what_modules_import_is_there_too(visitor):
    seen, todo = set(), set(re.findall(r"(?:src|href)=\"(/assets/[^\"]+\.js)\"", "".join(visitor.get(p).text for p in PAGES)))
    while todo:
        name = todo.pop()
        seen.add(name)
        answer = visitor.get(name)
        assert answer.status == 200 and "/javascript" in answer.header("content-type"), name
        for other in re.findall(r"(?:from|import)\s*\(?['\"](\.{1,2}/[^'\"]+|/[^'\"]+)['\"]", answer.text):
            folder = name.rsplit("/", 1)[0]
            path = other if other.startswith("/") else f"{folder}/{other}"
            while re.search(r"/[^/.]+/\.\./", path):
                path = re.sub(r"/[^/.]+/\.\./", "/", path, count=1)
            path = path.replace("/./", "/")
            if path not in seen:
                todo.add(path)
    assert seen


def test_an_asset_under_another_hash_is_served_but_not_kept(visitor):
    name = re.search(r"/assets/[0-9a-f]{16}/([^\"]+\.css)", visitor.get("/").text).group(1)
    answer = visitor.get(f"/assets/0123456789abcdef/{name}")
    assert answer.status in (200, 404) and "immutable" not in answer.header("cache-control", "")


def test_a_page_is_asked_for_again_and_not_sent_twice(visitor):
    first = visitor.get("/login")
    assert first.header("cache-control") == "no-cache"
    again = visitor.get("/login", headers={"If-None-Match": first.header("etag")})
    assert again.status == 304 and again.body == b""


@pytest.mark.parametrize("path", ["/nothing", "/projects/abc", "/projects/1/x", "/assets/nothing.js", "/.assets", "/.hash", "/.git/config", "/README.md", "/index.php",
                                  "/..%2f..%2fetc/passwd", "/assets/..%2f..%2fenv", "/assets/%2e%2e/%2e%2e/env", "/login.html/", "/env", "/demo-accounts"])
def test_what_is_no_page_is_404(visitor, path):
    answer = visitor.get(path)
    assert answer.status in (400, 404), answer
    assert b"GEMINI" not in answer.body and b"root:" not in answer.body


def test_the_404_page_is_a_page_of_ours(visitor):
    answer = visitor.get("/nothing-here")
    assert answer.status == 404 and "<title>" in answer.text and 'href="/"' in answer.text


@pytest.mark.parametrize("path", ["/", "/api/services"])
def test_what_is_long_is_compressed_for_whoever_takes_it(visitor, path):
    plain = visitor.get(path)
    packed = visitor.get(path, headers={"Accept-Encoding": "gzip"})
    assert plain.header("content-encoding") is None and packed.header("content-encoding") == "gzip"
    assert gzip.decompress(packed.body) == plain.body and len(packed.body) < len(plain.body)
    assert "accept-encoding" in packed.header("vary").lower()


def test_style_and_script_are_sent_compressed(visitor):
    for name in re.findall(r"(?:src|href)=\"(/assets/[^\"]+\.(?:css|js))\"", visitor.get("/").text):
        plain, packed = visitor.get(name), visitor.get(name, headers={"Accept-Encoding": "gzip"})
        if len(plain.body) > 1500:
            assert packed.header("content-encoding") == "gzip" and gzip.decompress(packed.body) == plain.body


# The micro-cache

def test_an_anonymous_answer_is_kept_for_a_second(visitor):
    path = f"/api/services?{uuid.uuid4().hex}"
    states = [visitor.get(path).header("x-cache") for _ in range(3)]
    assert states[0] == "MISS" and states[1:] == ["HIT", "HIT"]


def test_a_crowd_makes_one_request_to_the_program(site):
    path = f"/api/questions/1?{uuid.uuid4().hex}"
    clients = [site.visitor() for _ in range(16)]

    def ask(client):
        began = time.monotonic()
        return client.get(path), time.monotonic() - began

    with ThreadPoolExecutor(16) as pool:
        answers = list(pool.map(ask, clients))
    assert {a.status for a, _ in answers} == {200} and len({a.body for a, _ in answers}) == 1
    missed = [took for answer, took in answers if answer.header("x-cache") == "MISS"]
    # Whoever has waited for a quarter of a second goes to the program, too: on a slow machine that may be more than one.
    assert missed and sum(took < 0.25 for took in missed) <= 1, missed


def test_whoever_has_a_cookie_gets_a_fresh_answer_that_nobody_else_gets(site, visitor, sign_up):
    path = f"/api/services?{uuid.uuid4().hex}"
    assert sign_up().get(path).header("x-cache") == "BYPASS"
    assert visitor.get(path).header("x-cache") == "MISS"


def test_a_change_shows_within_two_seconds(site, visitor):
    name = f"Changed {uuid.uuid4().hex[:8]}"
    before = site.one("select title from landing_page_content order by sort_order, id limit 1", tenant=site.tenant)
    visitor.get("/api/landing")
    try:
        site.sql("update landing_page_content set title = %s where id = (select id from landing_page_content where is_active order by sort_order, id limit 1)",
                 name, tenant=site.tenant)
        soon(lambda: name in visitor.get("/api/landing").text, about="the cache still holds what was there two seconds ago")
    finally:
        site.sql("update landing_page_content set title = %s where title = %s", before, name, tenant=site.tenant)


def test_each_agency_has_its_own_answers_in_the_cache(site, visitor):
    path = f"/api/services?{uuid.uuid4().hex}"
    ours, theirs = visitor.get(path).text, site.visitor(OTHER_HOST).get(path).text
    assert "Other Page" in theirs and "Other Page" not in ours and "Landing Page" not in theirs
    assert visitor.get(path).text == ours and site.visitor(OTHER_HOST).get(path).text == theirs


def test_errors_are_not_kept(visitor):
    path = f"/api/services/999999?{uuid.uuid4().hex}"
    assert [visitor.get(path).header("x-cache") for _ in range(2)] == ["MISS", "MISS"]


@pytest.mark.parametrize("path", ["/api/auth/session", "/api/projects", "/health"])
def test_what_is_private_is_never_kept(visitor, path):
    answer = visitor.get(path)
    assert answer.header("x-cache") is None and "no-store" in answer.header("cache-control")


# Limits

def test_a_flood_from_one_address_is_held_back_and_others_are_not(site):
    flood = site.visitor()
    # All at once, whatever the machine's speed: a slow one would not come above so many a second by asking one after the other.
    with socket.create_connection(("127.0.0.1", site.port), timeout=60, source_address=(flood.address, 0)) as line:
        line.sendall(f"GET /api/services HTTP/1.1\r\nHost: {site.host}\r\n\r\n".encode() * 400 + f"GET /health HTTP/1.1\r\nHost: {site.host}\r\nConnection: close\r\n\r\n".encode())
        said = b"".join(iter(lambda: line.recv(1 << 16), b""))
    assert re.findall(rb"HTTP/1\.1 (\d{3}) ", said).index(b"429") >= 60, "a person's page would be held back"
    # Of the flood itself: 50 ms after it there would be room for one more.
    head, body = said[said.index(b"HTTP/1.1 429 "):].split(b"\r\n\r\n", 1)
    assert int(re.search(rb"(?im)^retry-after: (\d+)", head)[1]) >= 1
    assert json.loads(body[:body.index(b"}") + 1])["status"] == 429
    assert site.visitor().get("/api/services").status == 200


def test_every_program_has_a_location_in_nginx():
    programs = {path.stem for path in (ROOT / "src/routes").glob("*.cpp")}
    named = set(re.findall(r"set \$lunaxcode_program ([a-z-]+);", (ROOT / "nginx/lunaxcode/server.conf").read_text()))
    assert programs == named
