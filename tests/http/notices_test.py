"""What people are told by mail: as they prefer, once, in the agency's name, and only where the address is theirs."""
import time

import pytest

import onboarding
from instance import link_in, text_of


def tell(site, kind, project, data="{}", key=None, wait=None, who="client", user=None):
    """Calls SQL's tell_… as the programs do: with the tenant's role, in one transaction."""
    import psycopg2
    with psycopg2.connect(site.env()["DATABASE_URL"]) as session, session.cursor() as cursor:
        cursor.execute(f"set local role {site.tenant}")
        if user:
            cursor.execute("select tell_user(%s, %s, %s, %s, %s, %s::interval)", (user, kind, project, data, key, wait))
        else:
            cursor.execute(f"select tell_{who}(%s, %s, %s, %s, %s::interval)", (kind, project, data, key, wait))
        return cursor.fetchone()[0]


@pytest.fixture
def verified(site, sign_up):
    """Somebody whose address is verified, with a project."""
    client = sign_up()
    token = link_in(site.wait_for_mail(client.email, "/verify?token="), "/verify")
    client.post("/api/auth/verify", {"token": token}).expect()
    project = onboarding.create(client)
    onboarding.wait_for_plan(client, project)
    return client, project


def test_a_client_is_greeted_once_and_told_when_the_plan_is_ready(site, verified):
    client, project = verified
    welcome = site.wait_for_mail(client.email, "your account at Lunaxcode is ready")
    assert welcome["Subject"] == "Welcome to Lunaxcode"
    mail = site.wait_for_mail(client.email, f"{site.url}/projects/{project}")
    assert "is ready" in mail["Subject"] and "the task plan" in text_of(mail)
    assert len([m for m in site.mails(client.email) if m["Subject"].startswith("Welcome")]) == 1


def test_an_address_that_is_not_verified_hears_of_its_project_once_it_is(site, sign_up):
    client = sign_up()
    project = onboarding.create(client)
    onboarding.wait_for_plan(client, project)
    until = time.monotonic() + 10
    while not site.sql("select 1 from jobs where kind = 'notice' and payload->>'user' = %s and state = 'queued' and last_error like '%%not verified%%'", client.user["id"]):
        assert time.monotonic() < until
        time.sleep(0.05)
    assert [m["Subject"] for m in site.mails(client.email)] == ["Confirm your e-mail address for Lunaxcode"]
    client.post("/api/auth/verify", {"token": link_in(site.mails(client.email)[0], "/verify")}).expect()
    site.wait_for_mail(client.email, f"/projects/{project}")


def test_the_same_thing_is_told_once_however_often_it_is_said(site, verified):
    client, project = verified
    told = [tell(site, "payment-received", project, '{"amount": 750000, "part": "deposit", "receipt": "R-1"}', key="payment:1") for _ in range(3)]
    assert told == [True, False, False]
    mail = site.wait_for_mail(client.email, "₱7,500.00")
    assert "R-1" in text_of(mail) and f"{site.url}/projects/{project}/payment" in text_of(mail)
    assert site.one("select count(*) from notices where user_id = %s and kind = 'payment-received'", client.user["id"], tenant=site.tenant) == 1


def test_messages_that_follow_one_another_are_one_mail(site, verified):
    client, project = verified
    for number in range(3):
        tell(site, "message", project, f'{{"author": "Maria", "excerpt": "Part {number}"}}', wait="1 second")
    mail = site.wait_for_mail(client.email, "Part 2")
    assert mail["Subject"].startswith("3 new messages about") and "Part 0" in text_of(mail)


def test_what_was_read_meanwhile_is_not_mailed(site, verified):
    client, project = verified
    tell(site, "message", project, '{"author": "Maria", "excerpt": "Already read"}', wait="1 second")
    site.one("select withdraw_notices(%s, 'message', %s)", client.user["id"], project, tenant=site.tenant)
    tell(site, "project-status", project, '{"status": "in-progress"}', wait="1.5 seconds")
    site.wait_for_mail(client.email, "is in progress now")
    assert not [m for m in site.mails(client.email) if "Already read" in text_of(m)]


def test_staff_are_told_of_new_projects_and_not_of_what_they_did_themselves(site, staff, verified):
    client, project = verified
    mail = site.wait_for_mail(staff.email, f"/projects/{project}")
    assert mail["Subject"].startswith("New project") and "you work for Lunaxcode" in text_of(mail)
