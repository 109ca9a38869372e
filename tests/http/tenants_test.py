"""Hosts decide the tenant; who belongs to several goes from one to another without a password, once, within a minute."""
import pytest

from instance import OTHER_HOST, PASSWORD
from people import new_address, new_person


@pytest.fixture
def both(site):
    """A client of our agency who also works at the other one."""
    person = new_person(site)
    site.sql("insert into user_tenant (user_id, tenant_id) select %s, id from tenants where slug = 'other'", person.user["id"])
    site.sql("insert into user_roles (user_id, tenant_id, role_id) select %s, t.id, r.id from tenants t, roles r where t.slug = 'other' and r.name = 'member'", person.user["id"])
    return person


def other(person):
    return next(one for one in person.get("/api/auth/tenants").expect()["tenants"] if not one["current"])


def token_for(person):
    url = person.post(f"/api/auth/tenants/{other(person)['id']}/handover").expect(201)["url"]
    assert url.startswith(f"http://{OTHER_HOST}:{person.site.port}/arrive#")
    return url.split("#")[1]


def there(site, person, address=None):
    """The same browser at the other host."""
    client = site.visitor(OTHER_HOST)
    client.address = address or person.address
    return client


def test_the_agencies_of_a_person_are_listed_with_their_addresses(site, both, stranger):
    listed = both.get("/api/auth/tenants").expect()
    assert [(one["name"], one["role"], one["current"]) for one in listed["tenants"]] == [("Lunaxcode", "client", True), ("Other Agency", "staff", False)]
    assert listed["tenants"][1]["address"] == f"http://{OTHER_HOST}:{site.port}" and listed["platformOwner"] is False
    assert [one["name"] for one in stranger.get("/api/auth/tenants").expect()["tenants"]] == ["Lunaxcode"]


def test_a_handover_signs_in_there_once(site, both):
    token = token_for(both)
    assert both.get("/api/auth/session").expect()["user"]
    visitor = there(site, both)
    answer = visitor.post("/api/auth/tenants/arrive", {"token": token}).expect()
    assert answer["user"]["id"] == both.user["id"] and answer["user"]["role"] == "staff"
    visitor.get("/api/admin/stats").expect()
    there(site, both).post("/api/auth/tenants/arrive", {"token": token}).problem(422, "token")
    assert site.one("select count(*) from session_handovers where user_id = %s", both.user["id"]) == 0


def test_a_handover_is_of_one_browser_one_agency_and_one_minute(site, both):
    arrive = lambda client, **how: client.post("/api/auth/tenants/arrive", {"token": token_for(both)}, **how).problem(422, "token")
    arrive(there(site, both, address="127.9.9.9"))
    arrive(there(site, both), headers={"User-Agent": "another browser"})
    arrive(both.twin())  # at the agency where it was made
    token = token_for(both)
    site.sql("update session_handovers set expires_at = now() - interval '1 second' where user_id = %s", both.user["id"])
    there(site, both).post("/api/auth/tenants/arrive", {"token": token}).problem(422, "token")


def test_a_handover_ends_with_the_session_the_role_and_the_account_that_it_is_of(site, both):
    token = token_for(both)
    site.sql("delete from user_roles where user_id = %s and tenant_id = (select id from tenants where slug = 'other')", both.user["id"])
    there(site, both).post("/api/auth/tenants/arrive", {"token": token}).problem(422, "token")
    site.sql("insert into user_roles (user_id, tenant_id, role_id) select %s, t.id, 3 from tenants t where t.slug = 'other'", both.user["id"])
    token = token_for(both)
    site.sql("update users set disabled_at = now() where id = %s", both.user["id"])
    there(site, both).post("/api/auth/tenants/arrive", {"token": token}).problem(422, "token")
    site.sql("update users set disabled_at = null where id = %s", both.user["id"])
    token = token_for(both)
    both.post("/api/auth/logout").expect(204)
    there(site, both).post("/api/auth/tenants/arrive", {"token": token}).problem(422, "token")


def test_nobody_is_handed_over_to_an_agency_that_is_not_theirs(site, stranger):
    number = site.one("select id from tenants where slug = 'other'")
    stranger.post(f"/api/auth/tenants/{number}/handover").problem(404)
    here = site.one("select id from tenants where slug = %s", site.tenant)
    stranger.post(f"/api/auth/tenants/{here}/handover").problem(404)
    site.visitor().post(f"/api/auth/tenants/{number}/handover").problem(401)


def test_several_tenants_stand_behind_one_nginx_and_the_host_decides(site):
    names = {host: [one["name"] for one in site.visitor(host).get("/api/services").expect()["services"]] for host in (site.host, OTHER_HOST, OTHER_HOST.upper(), f"{OTHER_HOST}:{site.port}", "any.example")}
    assert names[OTHER_HOST] == names[OTHER_HOST.upper()] == names[f"{OTHER_HOST}:{site.port}"]
    assert "Other Page" in names[OTHER_HOST] and not set(names[OTHER_HOST]) & set(names[site.host])
    assert names["any.example"] == names[site.host], "the default tenant has every other host"


def test_an_unknown_host_is_nobodys_and_a_suspended_one_says_so_and_is_not_the_default_ones(site, platform_owner):
    site.migrate("tenants", "create", "shut", "--name", "Shut", "--host", "shut.example.test")
    site.migrate("tenants", "suspend", "shut")
    try:
        problem = site.visitor("shut.example.test").get("/api/landing").problem(404, "site", detail="not available")
        assert problem["fields"]["site"] == "suspended"
        site.sql("update tenants set is_default = false where slug = %s", site.tenant)
        problem = site.visitor("nobody.example.test").get("/api/landing").problem(404, "site", detail="no site at this address")
        assert problem["fields"]["site"] == "unknown"
    finally:
        site.sql("update tenants set is_default = true where slug = %s", site.tenant)
        site.migrate("tenants", "drop", "shut", "--yes")


def test_signing_up_at_one_agency_makes_nobody_a_member_of_another(site, sign_up):
    address = new_address()
    person = sign_up(OTHER_HOST, email=address)
    assert len(person.get("/api/auth/tenants").expect()["tenants"]) == 1
    site.visitor().post("/api/auth/login", {"email": address, "password": PASSWORD}).expect()
    assert len(person.get("/api/auth/tenants").expect()["tenants"]) == 2
