"""People of an agency: who belongs to it, their roles, disabling, viewers, and second factors."""
import base64
import uuid
from concurrent.futures import ThreadPoolExecutor

import pytest

from instance import OTHER_HOST, PASSWORD
from people import code, new_person


def with_role(site, role, tenant="lunaxcode", host=None):
    """Somebody new with a role, signed in."""
    return site.signed_in(*site.account(role, tenant, f"{role}-{uuid.uuid4().hex[:8]}"), host=host)


def set_up(client):
    """Gives the client a second factor; its secret and recovery codes."""
    secret = client.post("/api/auth/second-factor/setup").expect(200)["secret"]
    codes = client.post("/api/auth/second-factor/confirm", {"code": code(secret)}).expect(200)["recoveryCodes"]
    return secret, codes


def first_step(site, person, host=None):
    client = site.visitor(host)
    answer = client.post("/api/auth/login", {"email": person.email, "password": person.password}).expect(200)
    assert answer == {"user": None, "secondFactor": True}
    return client


def signed_in(client):
    return client.get("/api/auth/session").expect()["user"]


# People

def test_people_are_listed_newest_first_searched_and_paged(site, admin):
    word = uuid.uuid4().hex[:10]
    made = [new_person(site, name=f"Anna {word} {n}") for n in range(3)]
    found = admin.get(f"/api/admin/people?q={word}").expect()
    assert [p["id"] for p in found["people"]] == [p.user["id"] for p in reversed(made)] and found["next"] is None
    first = found["people"][0]
    assert first["email"] == made[2].email and first["role"] == "client" and not first["disabled"] and not first["secondFactor"] and first["sessions"] == 1
    assert found["myRole"] == "admin" and found["requireSecondFactor"] is False
    for sort, order in (("newest", [2, 1, 0]), ("oldest", [0, 1, 2]), ("name", [0, 1, 2])):
        seen, cursor = [], ""
        while cursor is not None:
            page = admin.get(f"/api/admin/people?role=client&q={word}&sort={sort}&limit=1&cursor={cursor}").expect()
            seen += [p["id"] for p in page["people"]]
            cursor = page["next"]
        assert seen == [made[n].user["id"] for n in order], sort
    for query, field in (("role=king", "role"), ("state=x", "state")):
        admin.get(f"/api/admin/people?{query}").problem(422, field)
    for query, field in (("cursor=zzz", "cursor"), ("q=" + "x" * 201, "q"), ("sort=luck", "sort")):
        admin.get(f"/api/admin/people?{query}").problem(400, field)
    admin.get("/api/admin/people?cursor=" + base64.urlsafe_b64encode(b"newest\x1f1\x1fyesterday-ish|u").decode().rstrip("=")).problem(400, "cursor")


def test_more_people_than_a_page_holds_come_on_the_next(site, admin):
    word = uuid.uuid4().hex[:10]
    site.sql("""with made as (insert into users (name, email, role) select 'Many ' || %s, %s || n || '@example.test', 'client' from generate_series(1, 60) n returning id)
                insert into user_tenant (user_id, tenant_id) select id, (select id from tenants where slug = 'lunaxcode') from made""", word, word)
    first = admin.get(f"/api/admin/people?q={word}").expect()
    second = admin.get(f"/api/admin/people?q={word}&cursor={first['next']}").expect()
    assert (len(first["people"]), len(second["people"]), second["next"]) == (50, 10, None)
    assert not {p["id"] for p in first["people"]} & {p["id"] for p in second["people"]}


def test_a_change_of_role_holds_at_once_and_is_noted(site, admin, sign_up):
    person = sign_up()
    person.get("/api/admin/people").problem(403)
    assert admin.patch(f"/api/admin/people/{person.user['id']}", {"role": "member"}).expect()["role"] == "member"
    person.get("/api/admin/people").expect(200)
    assert signed_in(person)["role"] == "staff"
    admin.patch(f"/api/admin/people/{person.user['id']}", {"role": "client"}).expect(200)
    person.get("/api/admin/people").problem(403)
    noted = site.sql("select action, actor_id, data from audit_log where subject = %s and action = 'role-changed' order by number", person.user["id"])
    assert [(n["actor_id"], n["data"]) for n in noted] == [(admin.user["id"], {"from": "client", "to": "member"}), (admin.user["id"], {"from": "member", "to": "client"})]
    admin.patch(f"/api/admin/people/{person.user['id']}", {"role": "king"}).problem(422, "role")
    admin.patch(f"/api/admin/people/{person.user['id']}", {"disabled": "yes"}).problem(422, "disabled")
    admin.patch(f"/api/admin/people/{person.user['id']}", {}).problem(422, "role")
    admin.patch(f"/api/admin/people/{uuid.uuid4()}", {"role": "member"}).problem(404)


def test_only_an_owner_makes_and_changes_owners_and_administrators(site, admin, sign_up):
    owner, person = with_role(site, "owner"), sign_up()
    other_admin = with_role(site, "admin")
    admin.patch(f"/api/admin/people/{person.user['id']}", {"role": "admin"}).problem(403, detail="owner")
    for change in ({"role": "member"}, {"disabled": True}):
        admin.patch(f"/api/admin/people/{other_admin.user['id']}", change).problem(403, detail="owner")
        admin.patch(f"/api/admin/people/{owner.user['id']}", change).problem(403, detail="owner")
    admin.delete(f"/api/admin/people/{owner.user['id']}/sessions").problem(403)
    assert owner.patch(f"/api/admin/people/{person.user['id']}", {"role": "admin"}).expect()["role"] == "admin"
    assert owner.patch(f"/api/admin/people/{other_admin.user['id']}", {"role": "member"}).expect()["role"] == "member"


def test_the_last_owner_stays_even_when_two_make_way_at_once(site):
    """In a tenant of its own, as owners are counted."""
    site.sql("delete from user_roles where role_id = 1 and false")
    place = site.one("select id from tenants where slug = 'other'")
    first, second = with_role(site, "owner", "other", OTHER_HOST), with_role(site, "owner", "other", OTHER_HOST)
    first.patch(f"/api/admin/people/{first.user['id']}", {"disabled": True}).problem(409, "disabled")
    with ThreadPoolExecutor(2) as pool:
        answers = list(pool.map(lambda c: c.twin().patch(f"/api/admin/people/{c.user['id']}", {"role": "member"}).status, (first, second)))
    assert sorted(answers) == [200, 409]
    left, gone = (first, second) if answers[0] == 409 else (second, first)
    assert site.one("select array_agg(user_id) from user_roles where tenant_id = %s and role_id = 1", place) == [left.user["id"]]
    gone.patch(f"/api/admin/people/{left.user['id']}", {"disabled": True}).problem(403)
    with pytest.raises(Exception, match="last owner"):  # nor by a hand in psql
        site.sql("delete from user_roles where user_id = %s", left.user["id"])


def test_who_is_disabled_is_out_at_once_keeps_everything_and_comes_back(site, admin, sign_up):
    person, elsewhere = sign_up(), None
    there = sign_up(OTHER_HOST)
    project_count = site.one("select count(*) from user_roles where user_id = %s", person.user["id"])
    elsewhere = site.signed_in(person.email, PASSWORD, host=OTHER_HOST)
    path = f"/api/admin/people/{person.user['id']}"
    assert admin.patch(path, {"disabled": True}).expect()["disabled"] is True
    person.get("/api/projects").problem(401)
    assert signed_in(elsewhere), "another agency's affair is not ours"
    site.visitor().post("/api/auth/login", {"email": person.email, "password": PASSWORD}).problem(403, detail="disabled")
    site.visitor().post("/api/auth/login", {"email": person.email, "password": "not the password"}).problem(401)
    assert [p["id"] for p in admin.get(f"/api/admin/people?state=disabled&q={person.email}").expect()["people"]] == [person.user["id"]]
    assert admin.patch(path, {"disabled": False}).expect()["disabled"] is False
    assert signed_in(site.signed_in(person.email, PASSWORD))["id"] == person.user["id"]
    assert site.one("select count(*) from user_roles where user_id = %s", person.user["id"]) == project_count + 1  # the other agency's
    admin.patch(f"/api/admin/people/{admin.user['id']}", {"disabled": True}).problem(409, "disabled")
    admin.patch(f"/api/admin/people/{there.user['id']}", {"disabled": True}).problem(404)


def test_staff_see_people_and_only_administrators_see_where_they_are_signed_in(site, staff, admin, viewer, sign_up):
    person = sign_up()
    twin = site.signed_in(person.email, PASSWORD)
    path = f"/api/admin/people/{person.user['id']}"
    for somebody in (staff, viewer):
        assert somebody.get(f"/api/admin/people?q={person.email}").expect()["people"]
        somebody.get(path).problem(403)
    sessions = admin.get(path).expect()["sessions"]
    assert len(sessions) == 2 and all(s["ip"] and s["lastSeenAt"] and "token" not in s for s in sessions)
    admin.delete(f"{path}/sessions/{sessions[0]['id']}").expect(204)
    assert [bool(signed_in(c)) for c in (person, twin)].count(True) == 1
    admin.delete(f"{path}/sessions/{sessions[0]['id']}").problem(404)
    admin.delete(f"{path}/sessions").expect(204)
    assert not signed_in(person) and not signed_in(twin)
    assert site.one("select count(*) from audit_log where subject = %s and action = 'sessions-ended'", person.user["id"]) == 2


# Viewers

def test_a_viewer_sees_what_staff_see_and_changes_nothing(site, viewer, member):
    assert signed_in(viewer)["role"] == "viewer"
    assert viewer.get(f"/api/projects/{member.project}/details").expect()["project"]["id"] == member.project
    assert viewer.get("/api/admin/stats").status == 200
    task = member.details["tasks"][0]["id"]
    viewer.patch(f"/api/tasks/{task}", {"status": "completed"}).problem(403, detail="look at everything")
    viewer.post(f"/api/projects/{member.project}/messages", {"body": "Hello"}).problem(403)


def test_a_viewers_transaction_is_refused_by_the_database_itself(site, viewer):
    import psycopg2
    token = viewer.cookies["session"]
    with psycopg2.connect(site.env()["DATABASE_URL"]) as session, session.cursor() as cursor:
        cursor.execute("select role from enter(sha256(%s), 'lunaxcode')", [token.encode()])
        assert cursor.fetchone() == ("viewer",)
        cursor.execute("set local role lunaxcode")
        cursor.execute("select my_role(), count(*) from projects")
        assert cursor.fetchone()[0] == "staff"
        with pytest.raises(psycopg2.errors.ReadOnlySqlTransaction):
            cursor.execute("update projects set name = name")
    session.close()
    with psycopg2.connect(site.env()["DATABASE_URL"]) as session, session.cursor() as cursor:
        cursor.execute("select role from enter(sha256(%s), 'lunaxcode')", [token.encode()])
        with pytest.raises(psycopg2.errors.ActiveSqlTransaction):  # what was read cannot be written again
            cursor.execute("set transaction read write")
    session.close()


# Second factors

@pytest.mark.over_cgi
def test_a_second_factor_stands_between_the_password_and_the_session(site, sign_up):
    person = sign_up()
    other = site.signed_in(person.email, PASSWORD)
    assert person.get("/api/auth/second-factor").expect() == {"available": True, "enabled": False, "recoveryCodesLeft": 0, "required": False, "confined": False}
    offer = person.post("/api/auth/second-factor/setup").expect(200)
    assert offer["uri"].startswith("otpauth://totp/") and offer["secret"] in offer["uri"] and offer["qr"]["path"].startswith("M4 4h7")
    person.post("/api/auth/second-factor/confirm", {"code": "000000" if code(offer["secret"]) != "000000" else "111111"}).problem(422, "code")
    assert signed_in(site.signed_in(person.email, PASSWORD)), "an offered factor does not count yet"
    now, after = code(offer["secret"]), code(offer["secret"], 1)  # of this half minute and the next, though that may begin meanwhile
    codes = person.post("/api/auth/second-factor/confirm", {"code": now}).expect(200)["recoveryCodes"]
    assert len(set(codes)) == 10
    assert signed_in(person) and not signed_in(other), "others who were signed in before are out"
    person.post("/api/auth/second-factor/setup").problem(409)
    stored = site.one("select secret from second_factors where user_id = %s", person.user["id"])
    key = base64.b32decode(offer["secret"] + "=" * (-len(offer["secret"]) % 8))
    assert key not in bytes(stored) and offer["secret"].encode() not in bytes(stored)
    assert not any(site.sql("select 1 from recovery_codes where code_hash::text like %s", f"%{c}%") for c in codes)

    client = first_step(site, person)
    assert not signed_in(client)
    client.get("/api/projects").problem(401)
    client.post("/api/auth/second-factor", {"code": now}).problem(422, "code")  # it confirmed the setup: once is all
    assert client.post("/api/auth/second-factor", {"code": after}).expect(200)["user"]["id"] == person.user["id"]
    assert signed_in(client)["id"] == person.user["id"]
    client.post("/api/auth/second-factor", {"code": after}).problem(401)  # the step was used
    again = first_step(site, person)
    again.post("/api/auth/second-factor", {"code": after}).problem(422, "code")  # a code that was seen is no use
    assert again.post("/api/auth/second-factor", {"code": f" {codes[3].upper().replace('-', ' ')} "}).expect(200)["user"]
    first_step(site, person).post("/api/auth/second-factor", {"code": codes[3]}).problem(422, "code")
    assert person.get("/api/auth/second-factor").expect()["recoveryCodesLeft"] == 9
    noted = {row["action"] for row in site.sql("select action from audit_log where subject = %s", person.user["id"])}
    assert {"second-factor-set-up", "second-factor-failed", "signed-in"} <= noted


def test_a_code_works_once_however_many_try_it_at_once(site, sign_up):
    person = sign_up()
    secret, _ = set_up(person)
    clients = [first_step(site, person) for _ in range(4)]
    now = code(secret, 1)
    with ThreadPoolExecutor(4) as pool:
        answers = list(pool.map(lambda c: c.post("/api/auth/second-factor", {"code": now}).status, clients))
    assert sorted(answers) == [200, 422, 422, 422]


def test_codes_are_not_guessed(site, sign_up):
    person = sign_up()
    secret, codes = set_up(person)
    client = first_step(site, person)
    for _ in range(6):
        client.twin(elsewhere=True).post("/api/auth/second-factor", {"code": "nonsense"}).problem(422, "code")
    answer = client.post("/api/auth/second-factor", {"code": code(secret, 1)})
    answer.problem(429)
    assert int(answer.header("retry-after")) > 0


def test_a_password_that_changed_meanwhile_ends_the_sign_in(site, sign_up):
    person = sign_up()
    secret, _ = set_up(person)
    client = first_step(site, person)
    site.sql("update users set password = password || ' ' where id = %s", person.user["id"])
    client.post("/api/auth/second-factor", {"code": code(secret, 1)}).problem(401)
    assert not signed_in(client)
    site.visitor().post("/api/auth/second-factor", {"code": code(secret, 1)}).problem(401)


def test_removing_it_and_new_recovery_codes_take_a_code(site, sign_up):
    person = sign_up()
    secret, codes = set_up(person)
    for path in ("remove", "recovery-codes"):
        person.post(f"/api/auth/second-factor/{path}", {"code": "nonsense"}).problem(422, "code")
    fresh = person.post("/api/auth/second-factor/recovery-codes", {"code": code(secret, 1)}).expect(200)["recoveryCodes"]
    assert not set(fresh) & set(codes)
    person.post("/api/auth/second-factor/remove", {"code": codes[0]}).problem(422, "code")
    person.post("/api/auth/second-factor/remove", {"code": fresh[0]}).expect(204)
    assert signed_in(site.signed_in(person.email, PASSWORD))


def test_an_administrator_resets_a_lost_second_factor_but_not_of_another_agencys_staff(site, admin, sign_up):
    person = sign_up()
    set_up(person)
    path = f"/api/admin/people/{person.user['id']}/second-factor"
    elsewhere = site.one("insert into user_roles (user_id, tenant_id, role_id) select %s, id, 3 from tenants where slug = 'other' returning tenant_id", person.user["id"])
    admin.delete(path).problem(409, detail="another agency")
    site.sql("delete from user_roles where user_id = %s and tenant_id = %s", person.user["id"], elsewhere)
    assert admin.delete(path).expect(200)["secondFactor"] is False
    assert site.wait_for_mail(person.email, "has taken the second factor off").get_body(("html",))
    assert not signed_in(person)
    assert signed_in(site.signed_in(person.email, PASSWORD))
    assert site.one("select actor_id from audit_log where subject = %s and action = 'second-factor-reset'", person.user["id"]) == admin.user["id"]
    admin.delete(path).problem(409)


def test_where_staff_need_a_second_factor_those_without_one_reach_their_account_only(site):
    """In the other agency, whose rule nobody else's tests look at."""
    boss = with_role(site, "owner", "other", OTHER_HOST)
    boss.patch("/api/admin/people", {"requireSecondFactor": True}).problem(409, "requireSecondFactor")  # it would lock them out
    set_up(boss)
    colleague, client = with_role(site, "member", "other", OTHER_HOST), new_person(site, OTHER_HOST)
    colleague.get("/api/admin/stats").expect(200)
    boss.patch("/api/admin/people", {"requireSecondFactor": True}).expect(200)
    noted = site.one("select data from audit_log where action = 'second-factor-rule' and actor_id = %s", boss.user["id"])
    assert noted == {"required": True}
    try:
        colleague.get("/api/admin/stats").problem(403, detail="second factor")
        colleague.get("/api/projects").problem(403, detail="second factor")
        colleague.get("/api/admin/people").problem(403, detail="second factor")
        assert signed_in(colleague)["confined"] is True and "confined" not in signed_in(client)
        client.get("/api/projects").expect(200)
        boss.get("/api/admin/stats").expect(200)
        fresh = site.signed_in(colleague.email, colleague.password, host=OTHER_HOST)
        fresh.get("/api/admin/stats").problem(403)
        assert fresh.get("/api/auth/second-factor").expect()["required"] is True
        set_up(fresh)
        fresh.get("/api/admin/stats").expect(200)
    finally:
        boss.patch("/api/admin/people", {"requireSecondFactor": False}).expect(200)


# The audit log

def test_the_log_tells_who_did_what_newest_first_and_is_an_administrators_to_read(site, admin, staff, sign_up):
    person = sign_up()
    site.visitor().post("/api/auth/login", {"email": person.email, "password": "not the password"}).problem(401)
    admin.patch(f"/api/admin/people/{person.user['id']}", {"role": "viewer"}).expect(200)
    staff.get("/api/admin/audit").problem(403)
    found = admin.get(f"/api/admin/audit?q={person.email}").expect()
    assert [row["action"] for row in found["rows"]] == ["role-changed", "sign-in-failed", "signed-in"]
    changed, failed, signed = found["rows"]
    assert (changed["actorName"], changed["subjectName"], changed["data"]) == ("Admin", "Juana dela Cruz", {"from": "client", "to": "viewer"})
    assert failed["actorId"] is None and failed["data"] == {"email": person.email} and failed["ip"].startswith("127.")
    assert signed["data"] == {"how": "sign-up"} and len(signed["hash"]) == 64
    assert [r["action"] for r in admin.get(f"/api/admin/audit?q={person.email}&action=role-changed").expect()["rows"]] == ["role-changed"]
    assert admin.get(f"/api/admin/audit?q={person.email}&to=2001-01-01").expect()["rows"] == []
    first = admin.get(f"/api/admin/audit?q={person.email}&limit=1").expect()
    older = admin.get(f"/api/admin/audit?q={person.email}&limit=1&cursor={first['next']}").expect()["rows"]
    assert first["rows"] == [changed] and older == [failed]
    assert admin.get(f"/api/admin/audit?q={person.email}&sort=oldest").expect()["rows"] == [signed, failed, changed]
    admin.get("/api/admin/audit?cursor=x").problem(400, "cursor")
    for query, field in (("from=yesterday", "from"), ("action=%27", "action")):
        admin.get(f"/api/admin/audit?{query}").problem(422, field)


def test_money_and_exports_are_noted_also_a_viewers(site, admin, viewer):
    admin.get("/api/admin/leads/csv").expect()
    viewer.get("/api/admin/leads/csv").expect()
    who = {row["actor_id"] for row in site.sql("select actor_id from audit_log where action = 'exported' and subject = 'leads'")}
    assert {admin.user["id"], viewer.user["id"]} <= who
    account = admin.post("/api/payment-accounts", {"kind": "bank", "label": "Audited", "accountName": "Agency", "accountNumber": "001234"}).expect(201)["id"]
    admin.delete(f"/api/payment-accounts/{account}").expect(204)
    assert [r["action"] for r in site.sql("select action from audit_log where subject = %s order by number", f"account {account}")] == ["payment-account-added", "payment-account-removed"]


def test_many_at_once_make_one_unbroken_chain(site, sign_up):
    people = [sign_up() for _ in range(4)]
    with ThreadPoolExecutor(8) as pool:
        list(pool.map(lambda n: site.visitor().post("/api/auth/login", {"email": people[n % 4].email, "password": PASSWORD}).expect(200), range(16)))
    assert "BROKEN" not in site.migrate("audit", "verify")
