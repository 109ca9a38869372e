"""Pages of hosts that are shut or nobody's: nginx says so itself, by what the worker writes into HOSTS_DIR."""
import time
import uuid

import pytest

from client import soon

PAGES = ["/", "/login", "/dashboard", "/projects/7", "/projects/7/payment", "/admin/projects", "/assets-that-are-none"]


def becomes(client, path, status, words="", seconds=60):
    until = time.monotonic() + seconds
    while True:
        answer = client.get(path)
        if answer.status == status and words in answer.text:
            return answer
        assert time.monotonic() < until, (path, answer)
        time.sleep(0.2)


@pytest.fixture(scope="module")
def agency(site):
    """An agency of its own host, and its host."""
    name = f"h{uuid.uuid4().hex[:10]}"
    site.migrate("tenants", "create", name, "--name", "Hosted", "--host", f"{name}.example.test")
    yield name, f"{name}.example.test"
    site.migrate("tenants", "drop", name, "--yes")


def test_pages_of_a_suspended_agency_are_503_until_it_is_open_again(site, agency):
    name, host = agency
    there = site.visitor(host)
    becomes(there, "/", 200)
    site.migrate("tenants", "suspend", name)
    answer = becomes(there, "/", 503, "This site is not available")
    assert answer.header("retry-after") == "3600" and answer.header("content-security-policy")
    for path in PAGES:
        assert there.get(path).status == 503, path
    assert there.get("/assets/css/base.css").status == 200 and there.get("/health").status == 200
    there.get("/api/session-of-nobody").problem(404)
    assert site.visitor().get("/login").status == 200
    site.migrate("tenants", "resume", name)
    becomes(there, "/", 200)
    becomes(there, "/login", 200)


def test_pages_of_nobodys_host_are_404_where_no_agency_is_the_default(site, agency):
    name, host = agency
    own, stranger = site.visitor(host), site.visitor("nobody.example.test")
    becomes(stranger, "/", 200)  # the default agency's
    site.sql("update tenants set is_default = false where slug = 'lunaxcode'")
    try:
        answer = becomes(stranger, "/", 404, "There is no site at this address")
        assert answer.header("retry-after") is None
        for path in PAGES:
            assert stranger.get(path).status == 404, path
        becomes(own, "/", 200)
        becomes(site.visitor(host.upper()), "/login", 200)
        for odd in ("..", "a/../open", "%2e%2e", "x" * 300):  # over a line of its own: each process of nginx remembers for some seconds
            soon(lambda: site.visitor(odd).get("/").status in (400, 404), 12, odd)
    finally:
        site.sql("update tenants set is_default = true where slug = 'lunaxcode'")
    becomes(stranger, "/", 200)
