"""Mail when the mail server fails: each outbox row is mailed at least once, always with one Message-ID (invariant I9)."""
import time

import pytest

import onboarding
from people import new_address, sign_up
from smtp import KINDS


def outbox(site, address):
    return site.one("select state, attempts, message_id, last_error from outbox where to_addr = %s order by id limit 1", address)


def wait_for_state(site, address, states, seconds=90):
    until = time.monotonic() + seconds
    while (row := outbox(site, address))["state"] not in states:
        assert time.monotonic() < until, row
        time.sleep(0.1)
    return row


def hurry(site, address):
    """The next attempt now: the waits between attempts are measured in minutes."""
    site.sql("update outbox set run_after = now() where to_addr = %s and state = 'queued'", address)
    site.sql("select pg_notify('jobs', '')")


def test_mail_comes_as_multipart_with_its_headers(site, smtp):
    person = sign_up(site, name="Señora Núñez")
    mail, = smtp.wait_for(person.email)
    message = mail.message
    assert message["To"] and person.email in message["To"] and message["From"] == "Agency <agency@example.test>" and mail.sender == "agency@example.test"
    assert message.get_content_type() == "multipart/alternative" and message["Date"] and message["MIME-Version"] == "1.0"
    assert [part.get_content_type() for part in message.iter_parts()] == ["text/plain", "text/html"]
    assert f"{site.url}/verify?token=" in message.get_body(("plain",)).get_content()
    assert all(len(line) <= 998 for line in mail.data.split(b"\r\n")) and b"\n" not in mail.data.replace(b"\r\n", b"")
    row = wait_for_state(site, person.email, ("sent",))
    assert row["message_id"] in mail.id


def is_delivered(site, smtp, person, seconds=120):
    """Sooner or later it is acknowledged, and every copy bears one Message-ID."""
    until = time.monotonic() + seconds
    while not (good := [m for m in smtp.to(person.email) if m.acknowledged]):
        assert time.monotonic() < until, outbox(site, person.email)
        hurry(site, person.email)
        time.sleep(0.3)
    row = wait_for_state(site, person.email, ("sent",))
    assert row["attempts"] >= 2
    assert {m.id for m in smtp.to(person.email)} == {good[0].id}, "a repeat must be recognisable"


@pytest.mark.parametrize("kind", sorted(set(KINDS) - {"550", "554", "slow", "no auth", "hang", "hang after data"}))
def test_a_passing_fault_delays_a_mail_and_loses_none(site, smtp, kind):
    smtp.fail(kind)
    person = sign_up(site)
    is_delivered(site, smtp, person)


def test_a_person_who_is_not_there_is_given_up_visibly(site, smtp):
    address = new_address()
    smtp.fail("550", match=address)
    person = sign_up(site, email=address)
    row = wait_for_state(site, person.email, ("failed", "sent"))
    assert row["state"] == "failed" and "550" in row["last_error"]
    assert smtp.to(person.email) == []


@pytest.mark.parametrize("kind", ["hang", "hang after data"])
def test_a_silent_mail_server_holds_up_neither_other_mails_nor_plans(site, smtp, kind):
    smtp.fail(kind)
    waiting, other = sign_up(site), None
    until = time.monotonic() + 60
    while any(f[0] == kind and f[2] for f in smtp.faults):
        assert time.monotonic() < until, "nobody speaks to the mail server"
        time.sleep(0.05)
    other = sign_up(site)
    project = onboarding.create(other)
    assert smtp.wait_for(other.email), "a mail waits for another one"
    onboarding.wait_for_plan(other, project)
    assert outbox(site, waiting.email)["state"] == "sending"


def test_a_mail_whose_sender_was_killed_is_sent_again_with_the_same_id(site, smtp):
    address = new_address()
    smtp.fail("hang after data", match=address)
    person = sign_up(site, email=address)
    smtp.wait_for(person.email)
    site.kill("worker")
    site.sql("update outbox set lease_until = now() where to_addr = %s", person.email)
    mails = smtp.wait_for(person.email, 2, 120)
    assert len(mails) == 2 and mails[0].id == mails[1].id
    wait_for_state(site, person.email, ("sent",))
