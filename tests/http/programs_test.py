"""The programs by themselves: what they print, that their SQL fits the schema, and that each is a CGI program too."""
import hashlib
import json
import os
import re
import subprocess

import pytest

from client import soon
from instance import PASSWORD, ROOT, build
from people import new_address

PROGRAMS = sorted(path.stem for path in (ROOT / "src/routes").glob("*.cpp"))


def run(site, program, *words, data=b"", **environment):
    return subprocess.run([build() / "bin" / program, *words], input=data, capture_output=True, timeout=20,
                          env={"PATH": os.environ["PATH"], "LUNAXCODE_ENV": str(site.state / "env"), **environment})


@pytest.mark.parametrize("program", PROGRAMS)
def test_routes_are_listed_one_a_line(site, program):
    lines = run(site, program, "--routes").stdout.decode().splitlines()
    assert lines
    for line in lines:
        method, pattern, access = line.split("\t")
        assert method in ("GET", "POST", "PATCH", "DELETE", "PUT") and re.fullmatch(r"(/[\w.{}-]+)+", pattern)
        assert access in ("anyone", "user", "member", "onlooker", "project-owner", "staff", "admin", "platform-owner")


@pytest.mark.parametrize("program", [*PROGRAMS, "worker"])
def test_every_statement_fits_the_migrated_schema(site, program):
    done = run(site, program, "--check-sql")
    assert done.returncode == 0, (done.stdout + done.stderr).decode()


@pytest.mark.parametrize("program", [*PROGRAMS, "worker"])
def test_the_settings_are_listed_and_secrets_are_not_shown(site, program):
    printed = run(site, program, "--config", GEMINI_API_KEY="very-secret-key", SMTP_PASSWORD="very-secret-word",
                  MIGRATE_DATABASE_URL="postgresql://owner:very-secret@db/x").stdout.decode()
    names = set(re.findall(r"^([A-Z_]+)=", printed, re.MULTILINE))
    assert {"DATABASE_URL", "BASE_URL", "GEMINI_API_KEY", "GEMINI_MODEL", "SMTP_URL", "MAIL_FROM", "FILES_DIR", "THREADS", "PREPARED", "LOG_LEVEL",
            "PAYMONGO_SECRET_KEY", "PAYMONGO_PUBLIC_KEY", "PAYMONGO_WEBHOOK_SECRET", "PAYMONGO_BASE_URL", "GOOGLE_CLIENT_ID", "GOOGLE_CLIENT_SECRET",
            "GOOGLE_ISSUER", "GEMINI_BASE_URL", "GEMINI_FALLBACK_MODEL", "SMTP_USER", "SMTP_PASSWORD", "MIGRATE_DATABASE_URL"} <= names
    assert "very-secret" not in printed and "\nMIGRATE_DATABASE_URL=(set)\n" in printed


@pytest.mark.parametrize("program", [*PROGRAMS, "worker"])
def test_help_is_printed_and_nonsense_refused(site, program):
    assert run(site, program, "--help").returncode == 0
    done = run(site, program, "--nonsense")
    assert done.returncode == 2 and done.stderr


@pytest.mark.parametrize("name, value", [("THREADS", "many"), ("PREPARED", "maybe"), ("THREADS", "0"), ("GEMINI_TIMEOUT_SECONDS", "-1")])
def test_a_wrong_setting_is_named(site, name, value):
    done = run(site, "health", "--config", **{name: value})
    assert done.returncode == 2 and name in done.stderr.decode()


def cgi(site, program, method, path, body=None, **environment):
    """Runs a program as a CGI script; answers status, headers and body."""
    data = b"" if body is None else json.dumps(body).encode()
    path, _, query = path.partition("?")
    request = {"GATEWAY_INTERFACE": "CGI/1.1", "SERVER_PROTOCOL": "HTTP/1.1", "REQUEST_METHOD": method, "REQUEST_SCHEME": "http",
               "REQUEST_URI": path, "SCRIPT_NAME": "", "PATH_INFO": path, "QUERY_STRING": query, "CONTENT_TYPE": "application/json" if data else "",
               "CONTENT_LENGTH": str(len(data)), "REMOTE_ADDR": "127.9.9.9", "HTTP_HOST": site.host, "HTTP_ORIGIN": site.url}
    done = run(site, program, data=data, **{**request, **environment})
    head, _, content = done.stdout.partition(b"\r\n\r\n")
    headers = dict(line.split(": ", 1) for line in head.decode().split("\r\n") if ": " in line)
    return int(headers.pop("Status", "200").split()[0]), headers, content


def test_a_program_is_a_cgi_script_as_well(site, visitor):
    status, headers, body = cgi(site, "services", "GET", "/api/services")
    assert status == 200 and headers["Content-Type"].startswith("application/json")
    assert json.loads(body) == visitor.get("/api/services", headers={"Cookie": "past=cache"}).json


def test_a_cgi_script_reads_a_body_and_sets_a_cookie(site):
    status, headers, body = cgi(site, "auth", "POST", "/api/auth/signup", {"name": "By CGI", "email": new_address(), "password": PASSWORD})
    assert status == 201 and json.loads(body)["user"]["name"] == "By CGI" and headers["Set-Cookie"].startswith("session=")


def test_on_https_the_cookie_is_bound_to_the_host(site):
    email = new_address()
    status, headers, _ = cgi(site, "auth", "POST", "/api/auth/signup", {"name": "On https", "email": email, "password": PASSWORD},
                             HTTPS="on", BASE_URL="https://agency.example", HTTP_ORIGIN="https://agency.example")
    line = headers["Set-Cookie"]
    attributes = [part.strip().lower() for part in line.split(";")[1:]]
    assert status == 201 and line.startswith("__Host-session=") and {"secure", "httponly", "path=/", "samesite=lax"} <= set(attributes)
    assert not any(a.startswith("domain") for a in attributes)
    token = line.split(";")[0].removeprefix("__Host-session=")
    status, _, body = cgi(site, "auth", "GET", "/api/auth/session", HTTPS="on", BASE_URL="https://agency.example", HTTP_COOKIE=f"__Host-session={token}")
    assert json.loads(body)["user"]["email"] == email
    status, _, body = cgi(site, "auth", "GET", "/api/auth/session", HTTPS="on", BASE_URL="https://agency.example", HTTP_COOKIE=f"session={token}")
    assert json.loads(body) == {"user": None}, "a cookie without the prefix can be planted by another host"


def test_without_a_database_a_cgi_script_says_503(site):
    status, headers, body = cgi(site, "services", "GET", "/api/services", DATABASE_URL="postgresql:///nothing?host=/nonexistent")
    assert status == 503 and int(headers["Retry-After"]) > 0 and json.loads(body)["status"] == 503
    assert b"nonexistent" not in body


def test_a_database_that_was_never_migrated_is_a_schema_that_is_behind(site):
    status, headers, body = cgi(site, "health", "GET", "/health", DATABASE_URL=site.env()["DATABASE_URL"].replace("/lunaxcode?", "/postgres?"))
    assert status == 503 and headers["Retry-After"] == "10" and json.loads(body)["status"] == 503


def test_the_password_tool_makes_argon2id(site):
    done = run(site, "hash-password", data=b"some pass phrase")
    assert done.returncode == 0 and done.stdout.startswith(b"$argon2id$")


@pytest.mark.over_cgi
def test_no_secret_is_in_any_log(site, sign_up):
    from instance import link_in
    person = sign_up()
    token = link_in(site.wait_for_mail(person.email, "/verify?token="), "/verify")
    draft = person.post("/api/leads", {}).expect(201)["token"]
    person.patch(f"/api/leads/{draft}", {"step": 2}).expect(200)
    person.get(f"/verify?token={token}")
    last = person.post("/api/auth/verify", {"token": "A" * 30}, headers={"X-Test": "1"}).header("x-request-id").encode()
    read = lambda: b"".join(path.read_bytes() for path in (site.state / "log").rglob("*") if path.is_file())
    soon(lambda: last in read(), 30, "nginx writes its log once a second")
    logs = read()
    for name, secret in (("password", PASSWORD), ("session", person.cookies["session"]), ("verification link", token), ("draft", draft),
                         ("key", "stand-in-key"), ("session hash", hashlib.sha256(person.cookies["session"].encode()).hexdigest())):
        assert secret.encode() not in logs, f"the {name} is in a log"


@pytest.mark.over_cgi
def test_no_secret_is_in_the_process_list(site):
    for pid, line in site.processes().items():
        assert "stand-in-key" not in line, line


@pytest.mark.over_cgi
def test_what_holds_secrets_is_readable_by_its_owner_only(site):
    for name in ("env", "demo-accounts"):
        assert (site.state / name).stat().st_mode & 0o077 == 0, name
    for mail in (site.state / "mail").glob("*.eml"):
        assert mail.stat().st_mode & 0o007 == 0 or (site.state / "mail").stat().st_mode & 0o007 == 0
