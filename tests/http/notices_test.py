"""What people are told by mail: as they prefer, once, in the agency's name, and only where the address is theirs."""
import time

import psycopg2
import pytest

import onboarding
from instance import link_in, text_of


def tell(site, kind, project, data="{}", key=None, wait=None, who="client", user=None):
    """Calls SQL's tell_… as the programs do: with the tenant's role, in one transaction."""
    with psycopg2.connect(site.env()["DATABASE_URL"]) as session, session.cursor() as cursor:
        cursor.execute(f"set local role {site.tenant}")
        if user:
            cursor.execute("select tell_user(%s, %s, %s, %s, %s, %s::interval)", (user, kind, project, data, key, wait))
        else:
            cursor.execute(f"select tell_{who}(%s, %s, %s, %s, %s::interval)", (kind, project, data, key, wait))
        return cursor.fetchone()[0]


def due(site, client):
    """What waits for more of its kind waits no longer."""
    site.sql("update notices set due_at = now() where user_id = %s and settled_at is null", client.user["id"], tenant=site.tenant)
    site.sql("update jobs set run_after = now() where kind = 'notice' and payload->>'user' = %s and state = 'queued'", client.user["id"])
    site.sql("select pg_notify('jobs', '')")


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
    until = time.monotonic() + 60
    while not site.sql("select 1 from jobs where kind = 'notice' and payload->>'user' = %s and state = 'queued' and last_error like '%%not verified%%'", client.user["id"]):
        assert time.monotonic() < until
        time.sleep(0.05)
    confirm = site.wait_for_mail(client.email, "/verify?token=")
    assert [m["Subject"] for m in site.mails(client.email)] == ["Confirm your e-mail address for Lunaxcode"]
    client.post("/api/auth/verify", {"token": link_in(confirm, "/verify")}).expect()
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
        tell(site, "message", project, f'{{"author": "Maria", "excerpt": "Part {number}"}}', wait="10 minutes")
    due(site, client)
    mail = site.wait_for_mail(client.email, "Part 2")
    assert mail["Subject"].startswith("3 new messages about") and "Part 0" in text_of(mail)


def test_files_that_follow_one_another_are_one_mail(site, verified):
    client, project = verified
    for number in range(3):
        tell(site, "file-uploaded", project, f'{{"author": "Maria", "name": "menu-{number}.pdf"}}', wait="10 minutes")
    due(site, client)
    mail = site.wait_for_mail(client.email, "menu-2.pdf")
    assert mail["Subject"].startswith("3 new files for") and "Maria added menu-0.pdf." in text_of(mail)


def test_what_was_read_meanwhile_is_not_mailed(site, verified):
    client, project = verified
    tell(site, "message", project, '{"author": "Maria", "excerpt": "Already read"}', wait="10 minutes")
    site.one("select withdraw_notices(%s, 'message', %s)", client.user["id"], project, tenant=site.tenant)
    tell(site, "project-status", project, '{"status": "in-progress"}', wait="10 minutes")
    due(site, client)
    site.wait_for_mail(client.email, "is in progress now")
    assert not [m for m in site.mails(client.email) if "Already read" in text_of(m)]


def test_staff_are_told_of_new_projects_and_not_of_what_they_did_themselves(site, staff, verified):
    client, project = verified
    mail = site.wait_for_mail(staff.email, f"/projects/{project}")
    assert mail["Subject"].startswith("New project") and "you work for Lunaxcode" in text_of(mail)


# Preferences

def test_everybody_chooses_by_topic_and_the_first_choice_is_at_once(sign_up):
    client = sign_up()
    assert client.get("/api/notifications").expect()["topics"] == {"plan": "now", "messages": "now", "payments": "now", "project": "now"}
    changed = client.patch("/api/notifications", {"messages": "daily", "plan": "off"}).expect()
    assert changed["topics"] == {"plan": "off", "messages": "daily", "payments": "now", "project": "now"}
    assert client.get("/api/notifications").expect() == changed


@pytest.mark.parametrize("body, field", [({"messages": "weekly"}, "messages"), ({"plan": 1}, "plan"), ({}, "topics"), ({"other": "off"}, "topics")])
def test_a_wrong_choice_is_refused_by_its_field(sign_up, body, field):
    answer = sign_up().patch("/api/notifications", body)
    answer.problem(422)
    assert list(answer.json["fields"]) == [field]


def test_what_is_switched_off_is_not_told_even_where_it_was_waiting(site, verified):
    client, project = verified
    assert tell(site, "project-status", project, '{"status": "on-hold"}', wait="10 minutes")
    client.patch("/api/notifications", {"project": "off"}).expect()
    due(site, client)
    assert not tell(site, "project-status", project, '{"status": "on-hold"}')
    until = time.monotonic() + 60
    while site.one("select outcome from notices where user_id = %s and kind = 'project-status'", client.user["id"], tenant=site.tenant) != "off":
        assert time.monotonic() < until
        time.sleep(0.05)
    assert not [m for m in site.mails(client.email) if "on hold" in text_of(m)]


def test_the_digest_is_one_mail_a_day_with_all_of_it(site, verified):
    client, project = verified
    client.patch("/api/notifications", {"messages": "daily", "payments": "daily"}).expect()
    tell(site, "message", project, '{"author": "Maria", "excerpt": "The first draft is up"}')
    tell(site, "payment-due", project, '{"amount": 750050, "part": "deposit"}')
    due = site.one("select count(distinct due_at) = 1 and min(extract(hour from due_at at time zone 'Asia/Manila')) = 8 and min(due_at) > now() as well "
                   "from notices where user_id = %s and batch = 'daily'", client.user["id"], tenant=site.tenant)
    assert due
    site.sql("update jobs set run_after = now() where kind = 'notice' and payload->>'user' = %s", client.user["id"])
    site.sql("select pg_notify('jobs', '')")
    mail = site.wait_for_mail(client.email, "The first draft is up")
    assert "2 pieces of news" in mail["Subject"] and "₱7,500.50" in text_of(mail)
    assert len([m for m in site.mails(client.email) if "The first draft is up" in text_of(m)]) == 1


# The link that ends mails

def unsubscribe_address(mail):
    address = mail["List-Unsubscribe"].strip().strip("<>")
    return address[address.index("/api/"):]


def test_one_click_ends_mails_of_one_kind_without_signing_in(site, verified):
    client, project = verified
    tell(site, "payment-due", project, '{"part": "deposit"}')
    address = unsubscribe_address(site.wait_for_mail(client.email, "is due"))
    provider = site.visitor()
    asks = provider.get(address)
    assert asks.status == 303 and asks.header("Location").startswith("/unsubscribe?user=")
    assert client.get("/api/notifications").expect()["topics"]["payments"] == "now", "looking at a link ends nothing"
    done = provider.request("POST", address, data=b"List-Unsubscribe=One-Click", origin="https://mail.example",
                            headers={"Content-Type": "application/x-www-form-urlencoded"})
    assert done.status == 200
    assert client.get("/api/notifications").expect()["topics"] == {"plan": "now", "messages": "now", "payments": "off", "project": "now"}
    assert provider.request("POST", address, data=b"", origin=None).status == 200, "a second click does no harm"


@pytest.mark.parametrize("change", [("topic=payments", "topic=messages"), ("signature=", "signature=0"), ("user=", "user=x")])
def test_a_link_that_we_did_not_sign_ends_nothing(site, verified, change):
    client, project = verified
    tell(site, "payment-due", project, "{}")
    address = unsubscribe_address(site.wait_for_mail(client.email, "is due"))
    answer = site.visitor().post(address.replace(*change), {})
    answer.problem(422)
    assert set(client.get("/api/notifications").expect()["topics"].values()) == {"now"}


def test_another_agencys_site_does_not_take_the_link(site, verified):
    client, project = verified
    tell(site, "payment-due", project, "{}")
    address = unsubscribe_address(site.wait_for_mail(client.email, "is due"))
    site.visitor("other.example.test").post(address, {}).problem(422)


def test_a_mail_is_in_the_agencys_name_colours_and_addresses(site):
    """The other agency, so that nobody else's mails change."""
    site.sql("update settings set name = %s, accent = '#ffd400', reply_to = 'hello@bright.example' ", 'Bright & "Early" <Ltd>', tenant="other")
    client = site.visitor("other.example.test")
    address = "bright-reader@example.test"
    client.post("/api/auth/signup", {"name": "Reader", "email": address, "password": "a long enough pass phrase"}).expect(201)
    mail = site.wait_for_mail(address, "/verify?token=")
    assert mail["Subject"] == 'Confirm your e-mail address for Bright & "Early" <Ltd>'
    assert mail["From"].addresses[0].display_name == 'Bright & "Early" <Ltd>' and mail["From"].addresses[0].addr_spec == "no-reply@localhost"
    assert mail["Reply-To"] == "hello@bright.example"
    assert [part.get_content_type() for part in mail.iter_parts()] == ["text/plain", "text/html"]
    html = mail.get_body(("html",)).get_content()
    assert "Bright &amp; &quot;Early&quot; &lt;Ltd&gt;" in html and "<Ltd>" not in html
    assert "background:#ffd400" in html and "color:#1c1b29" in html, "dark words on a bright button"
    assert "http://other.example.test:" in html
