"""A domain of one's own: an agency asks for it, the owner of the installation confirms or declines it, and then its host leads there."""
import re
import uuid

import pytest

from client import soon
from instance import OTHER_HOST, text_of

PATH = "/api/admin/settings/host"
CANARY = "portal-of-the-other"


@pytest.fixture
def host():
    return f"{CANARY}-{uuid.uuid4().hex[:8]}.example.test"


@pytest.fixture
def agency(site):
    """An administrator of the other agency; what is asked for and given here is taken back."""
    yield site.signed_in(*site.account("admin", "other"), host=OTHER_HOST)
    site.sql("delete from host_requests")
    site.sql("update tenants set hosts = array[%s] where slug = 'other'", OTHER_HOST)


@pytest.fixture
def owner(platform_owner):
    return platform_owner.twin(elsewhere=True)


def wish(agency):
    return agency.get("/api/admin/settings").expect()["hostRequest"]


def listed(owner, slug="other", status=""):
    return next((one for one in owner.get(f"/api/platform/tenants?q={slug}&status={status}").expect()["tenants"] if one["slug"] == slug), None)


def decide(owner, answer, **body):
    return owner.post(f"/api/platform/tenants/{listed(owner)['id']}/host-request/{answer}", body)


@pytest.mark.over_cgi
def test_an_agency_asks_and_the_owner_of_the_installation_confirms(site, agency, owner, host):
    before = len(site.mails(owner.email))
    asked = agency.post(PATH, {"host": f" {host.upper()} "}).expect()["hostRequest"]
    assert asked["host"] == host and asked["askedAt"] and asked["askedBy"] == "Admin" and asked["declinedAt"] is None and asked["reason"] is None
    mail = text_of(site.wait_for_mail(owner.email, host, after=before))
    assert f"Other Agency asks for the domain {host}." in mail and "/platform?status=asking" in mail
    row = listed(owner, status="asking")
    assert row["hostRequest"]["host"] == host and row["hosts"] == [OTHER_HOST], "asked for is not given"
    assert owner.get("/api/platform/tenants/csv?status=asking&language=en").text.splitlines()[1].endswith(f',"{host}"')
    mails = len(site.mails(agency.email))
    decide(owner, "confirm", host=host).expect(204)
    assert listed(owner)["hosts"] == sorted([OTHER_HOST, host]) and listed(owner)["hostRequest"] is None and listed(owner, status="asking") is None
    assert wish(agency) is None
    there = site.visitor(host)
    soon(lambda: [one["name"] for one in there.get("/api/services").expect()["services"]] == ["Other Page"], 10, "programs remember a host for five seconds")
    mail = text_of(site.wait_for_mail(agency.email, f"confirmed the domain {host}", after=mails))
    assert f"http://{host}:{site.port}" in mail
    noted = site.sql("select l.action, l.data from audit_log l join tenants t on t.id = l.tenant_id where t.slug = 'other' order by l.number desc limit 2")
    assert [one["action"] for one in noted] == ["agency-changed", "host-asked-for"] and noted[1]["data"] == {"host": host}
    assert noted[0]["data"]["hosts"] == {"from": [OTHER_HOST], "to": sorted([OTHER_HOST, host])}


def test_a_request_is_declined_with_a_reason_and_another_may_follow(site, agency, owner, host):
    agency.post(PATH, {"host": host}).expect()
    decide(owner, "decline", host=host).problem(422, "reason")
    decide(owner, "decline", host=host, reason="  ").problem(422, "reason")
    decide(owner, "decline", host=host, reason="x" * 501).problem(422, "reason")
    mails = len(site.mails(agency.email))
    decide(owner, "decline", host=host, reason="Its record leads elsewhere.").expect(204)
    now = wish(agency)
    assert now["reason"] == "Its record leads elsewhere." and now["declinedAt"] and listed(owner)["hostRequest"] is None
    assert "Its record leads elsewhere." in text_of(site.wait_for_mail(agency.email, f"declined the domain {host}", after=mails))
    last = site.sql("select l.action, l.data from audit_log l join tenants t on t.id = l.tenant_id where t.slug = 'other' order by l.number desc limit 1")[0]
    assert last == {"action": "host-declined", "data": {"host": host, "reason": "Its record leads elsewhere."}}
    decide(owner, "confirm", host=host).problem(409)
    agency.delete(PATH).problem(404)
    again = agency.post(PATH, {"host": f"www.{host}"}).expect()["hostRequest"]
    assert again["host"] == f"www.{host}" and again["reason"] is None


def test_a_request_is_taken_back_and_one_waits_at_a_time(agency, owner, host):
    agency.delete(PATH).problem(404)
    agency.post(PATH, {"host": host}).expect()
    agency.post(PATH, {"host": f"www.{host}"}).problem(409)
    assert agency.delete(PATH).expect()["hostRequest"] is None
    decide(owner, "confirm", host=host).problem(409)
    agency.post(PATH, {"host": f"www.{host}"}).expect()
    decide(owner, "confirm", host=host).problem(409, detail="any more")  # it is another one by now
    decide(owner, "decline", host=host, reason="No").problem(409)
    assert wish(agency)["host"] == f"www.{host}"


@pytest.mark.parametrize("wrong", ["", None, 7, ["a.example"], "https://a.example", "a.example/x", "a.example:80", "a b.example", "-a.example", "a..example", "x" * 64 + ".example", "a.example'; drop table x; --",
                                   "é.example", "a_b.example", "x." * 130 + "example", OTHER_HOST, OTHER_HOST.upper()])
def test_what_is_no_host_name_or_is_in_use_is_said_at_the_field(agency, wrong):
    agency.post(PATH, {"host": wrong}).problem(422, "host")
    assert wish(agency) is None


def test_nobody_gets_what_is_anothers_or_asked_for_by_another_or_the_installations_own(site, agency, owner, host):
    here = site.signed_in(*site.account("admin"))
    here.post(PATH, {"host": OTHER_HOST}).problem(422, "host")
    agency.post(PATH, {}).problem(422, "host")
    agency.post(PATH, {"host": re.match(r"https?://([^:/]+)", site.env()["BASE_URL"])[1]}).problem(422, "host")
    agency.post(PATH, {"host": host}).expect()
    here.post(PATH, {"host": host}).problem(422, "host")
    assert wish(here) is None and CANARY not in here.get("/api/admin/settings").text, "what another asks for is not ours to see"
    decide(owner, "decline", host=host, reason="Not yours").expect(204)
    here.post(PATH, {"host": host}).expect()  # what was declined is free
    agency.post(PATH, {"host": host}).problem(422, "host")
    here.delete(PATH).expect()


def test_given_by_hand_is_given_and_what_went_to_another_meanwhile_cannot_be_confirmed(site, agency, owner, host):
    agency.post(PATH, {"host": host}).expect()
    mails = len(site.mails(agency.email))
    owner.patch(f"/api/platform/tenants/{listed(owner)['id']}", {"hosts": [OTHER_HOST, host]}).expect(204)
    assert wish(agency) is None
    site.wait_for_mail(agency.email, f"confirmed the domain {host}", after=mails)
    site.sql("update tenants set hosts = array[%s] where slug = 'other'", OTHER_HOST)
    here = site.one("select hosts from tenants where slug = %s", site.tenant)
    agency.post(PATH, {"host": host}).expect()
    site.sql("update tenants set hosts = array_append(hosts, %s) where slug = %s", host, site.tenant)
    try:
        decide(owner, "confirm", host=host).problem(422, "hosts")
        assert wish(agency)["host"] == host
    finally:
        site.sql("update tenants set hosts = %s where slug = %s", here, site.tenant)


def test_only_administrators_ask_and_only_the_owner_of_the_installation_answers(site, agency, host):
    staff = site.signed_in(*site.account("member", "other"), host=OTHER_HOST)
    staff.post(PATH, {"host": host}).problem(403)
    agency.post(PATH, {"host": host}).expect()
    staff.delete(PATH).problem(403)
    tenant = site.one("select id from tenants where slug = 'other'")
    agency.post(f"/api/platform/tenants/{tenant}/host-request/confirm", {"host": host}).problem(403)
    agency.post(f"/api/platform/tenants/{tenant}/host-request/decline", {"host": host, "reason": "No"}).problem(403)
