"""What holds for every request, whichever program answers it: errors, methods, bodies, Origin, request ids."""
import json
import re
import socket
import time

import pytest

from instance import OTHER_HOST
from people import new_address

GROUPS = ["/health", "/api/services", "/api/questions/1", "/api/landing", "/api/leads", "/api/auth/session", "/api/projects", "/api/tasks/1"]
UNKNOWN = ["/api", "/api/", "/api/nothing", "/api/services/1/more", "/api/services/", "/api/questions", "/api/leads/x/y", "/api/auth", "/api/auth/nothing",
           "/api/projects/1/nothing", "/api/tasks", "/api/landing/x", "/api/servicesx", "/api//services", "/api/projects/../services/x"]


def test_the_programs_are_reached_the_way_that_this_run_is_about(site, visitor):
    visitor.get("/api/services").expect()
    servers = [line for line in site.processes().values() if " --listen " in line]
    wrapped = [line for line in site.processes().values() if line.startswith("fcgiwrap ")]
    assert bool(wrapped) == (site.mode == "cgi") and bool(servers) == (site.mode == "fcgi"), (servers, wrapped)


@pytest.mark.parametrize("path", UNKNOWN)
def test_an_unknown_address_is_a_problem_in_json(visitor, path):
    visitor.get(path).problem(404)


@pytest.mark.parametrize("path", ["/api/projects?limit=none", "/api/admin/cms/questions", "/api/admin/leads?cursor=nowhere", "/api/users?sort=size"])
def test_who_may_not_ask_hears_that_before_what_is_wrong_with_the_question(visitor, stranger, staff, path):
    visitor.get(path).problem(401)
    staff.get(path).problem(400)
    if not path.startswith("/api/projects"):
        stranger.get(path).problem(403)


@pytest.mark.parametrize("path", GROUPS)
def test_another_method_is_405_and_says_which_there_are(visitor, path):
    answer = visitor.request("PUT", path, {})
    answer.problem(405)
    allowed = set(re.split(r",\s*", answer.header("allow")))
    assert allowed and allowed <= {"GET", "HEAD", "POST", "PATCH", "DELETE"} and ("HEAD" in allowed) == ("GET" in allowed)


@pytest.mark.parametrize("path", GROUPS)
def test_odd_methods_do_no_harm(visitor, path):
    for method in ("TRACE", "CONNECT", "PROPFIND", "BREW", "get"):
        try:
            answer = visitor.request(method, path)
        except OSError:
            continue
        assert answer.status in (400, 403, 404, 405, 501), answer


def test_options_lists_the_methods(visitor):
    answer = visitor.request("OPTIONS", "/api/services")
    assert answer.status == 204 and "GET" in answer.header("allow") and answer.header("access-control-allow-origin") is None


@pytest.mark.parametrize("path", ["/health", "/api/services", "/api/landing", "/api/auth/session", "/", "/login"])
def test_head_is_get_without_a_body(visitor, path):
    get, head = visitor.get(path), visitor.head(path)
    assert head.status == get.status and head.body == b"" and head.header("content-type") == get.header("content-type")


@pytest.mark.parametrize("data", [b"", b"{", b"{]", b"nonsense", b'{"a":1}x', b'{"a":\xff}', b'{"email":"\xc3\x28"}', b"[" * 100_000, b'{"a":' * 5000,
                                  b'{"a":1e999}', b"\xef\xbb\xbf{}", b"NaN", b'{"a":NaN}'])
def test_what_is_not_json_is_a_400(visitor, data):
    visitor.post("/api/auth/login", data=data, headers={"Content-Type": "application/json"}).problem(400)


@pytest.mark.parametrize("data", [b"[]", b'"text"', b"5", b"null", b"true"])
def test_what_is_json_but_no_object_is_a_400(visitor, data):
    visitor.post("/api/auth/login", data=data, headers={"Content-Type": "application/json"}).problem(400)


@pytest.mark.parametrize("kind", [None, "text/plain", "application/x-www-form-urlencoded", "multipart/form-data; boundary=x", "application/jsonx", ""])
def test_a_body_that_is_not_called_json_is_415(visitor, kind):
    visitor.post("/api/auth/login", data=b"{}", headers={"Content-Type": kind}).problem(415)


@pytest.mark.parametrize("kind", ["application/json; charset=utf-8", "application/json ;charset=UTF-8", "Application/JSON"])
def test_json_may_name_its_charset_and_be_written_in_capitals(visitor, kind):
    body = json.dumps({"email": new_address(), "password": "wrong one"}).encode()
    visitor.post("/api/auth/login", data=body, headers={"Content-Type": kind}).problem(401)


def test_a_body_over_256_kib_is_413_and_one_below_is_read(visitor):
    small = json.dumps({"email": "x" * 262_000, "password": "x"}).encode()
    assert visitor.post("/api/auth/login", data=small, headers={"Content-Type": "application/json"}).status in (401, 422)
    visitor.post("/api/auth/login", data=b"x" * 262_145, headers={"Content-Type": "application/json"}).problem(413)


def raw(site, data, seconds=60, close=False):
    with socket.create_connection(("127.0.0.1", site.port), timeout=seconds) as connection:
        connection.sendall(data)
        if close:
            connection.shutdown(socket.SHUT_WR)
        got = b""
        try:
            while block := connection.recv(65536):
                got += block
        except OSError:
            pass
        return got


def test_a_body_in_chunks_is_read(site):
    body = json.dumps({"email": new_address(), "password": "wrong one"}).encode()
    chunks = b"".join(b"%x\r\n%s\r\n" % (1, body[i:i + 1]) for i in range(len(body))) + b"0\r\n\r\n"
    head = (f"POST /api/auth/login HTTP/1.1\r\nHost: {site.host}\r\nOrigin: {site.url}\r\nContent-Type: application/json\r\n"
            "Transfer-Encoding: chunked\r\nConnection: close\r\n\r\n").encode()
    assert raw(site, head + chunks).startswith(b"HTTP/1.1 401")


def test_a_body_that_ends_early_harms_nobody(site, visitor):
    head = f"POST /api/auth/login HTTP/1.1\r\nHost: {site.host}\r\nOrigin: {site.url}\r\nContent-Type: application/json\r\nContent-Length: 1000\r\n\r\n"
    for _ in range(5):
        raw(site, head.encode() + b'{"email":"', close=True)
    visitor.post("/api/auth/login", {"email": new_address(), "password": "wrong one"}).problem(401)


@pytest.mark.parametrize("query", ["?", "?a", "?=&=&", "?%zz=%", "?a=%00", "?" + "a=b&" * 1000, "?%F0%9F%87", "?a[]=1&a[]=2"])
def test_an_odd_query_does_no_harm(visitor, query):
    assert visitor.get("/api/services" + query).status == 200


@pytest.mark.parametrize("origin", [None, "", "null", "http://evil.example", "https://{host}", "http://{host}.evil.example", "http://{host}/",
                                    "http://127.0.0.1:1", "http://evil.example#http://{host}", "{host}"])
def test_a_change_must_come_from_our_own_pages(site, sign_up, origin):
    person = sign_up()
    given = origin if origin is None else origin.format(host=site.host)
    person.post("/api/auth/logout", origin=given).problem(403, detail="origin")
    assert person.get("/api/auth/session").json["user"], "the refused request had its effect"


def test_the_address_that_the_site_is_known_by_is_ours_too(site):
    visitor = site.visitor(OTHER_HOST)
    assert visitor.post("/api/auth/logout", origin=site.url).status == 204
    assert visitor.post("/api/auth/logout").status == 204


def test_every_answer_has_a_request_id_of_its_own_that_the_log_has_too(site, visitor):
    answers = [visitor.get(path, headers={"X-Request-Id": "mine"}) for path in ("/health", "/", "/api/services", "/api/nothing", "/nothing")]
    ids = [a.header("x-request-id") for a in answers]
    assert len(set(ids)) == len(ids) and all(re.fullmatch(r"[0-9a-f]{32}", i) for i in ids)
    assert all(len(a.all("x-request-id")) == 1 for a in answers)
    until = time.monotonic() + 30
    while True:
        logged = "".join(p.read_text(errors="replace") for p in (site.state / "log").glob("*.log"))
        missing = [i for i in ids if i not in logged]
        if not missing:
            break
        assert time.monotonic() < until, f"not in the log: {missing}"
        time.sleep(0.2)


def test_a_failure_tells_the_client_nothing_but_its_id(visitor, site):
    """No SQL, no path and no version in any 4xx of a nasty kind."""
    for answer in (visitor.get("/api/services/%27%20or%201=1"), visitor.post("/api/auth/login", data=b"{", headers={"Content-Type": "application/json"}),
                   visitor.get("/api/leads/..%252f.."), visitor.get("/../../etc/passwd")):
        assert 400 <= answer.status < 500
        assert not re.search(r"select |libpq|postgres|/build/|\.cpp|nginx/\d|jansson", answer.text, re.IGNORECASE), answer


def test_long_addresses_and_headers_harm_nobody(visitor):
    for how in ({"path": "/api/services/" + "1" * 5000}, {"path": "/api/services", "headers": {"Cookie": "a=" + "b" * 6000}},
                {"path": "/api/services", "headers": {"Cookie": "; ".join(f"c{i}=v" for i in range(500))}}):
        assert visitor.get(**how).status in (200, 400, 404, 414), how
