"""Notices while the worker is killed: each is told, and each is told in one mail."""
import time

import psycopg2

import onboarding
from instance import link_in
from people import sign_up


def test_a_worker_that_is_killed_tells_nothing_twice_and_forgets_nothing(site, smtp):
    person = sign_up(site)
    mail, = smtp.wait_for(person.email)
    mail.message.get_body(("plain",))
    person.post("/api/auth/verify", {"token": link_in(mail.message, "/verify")}).expect()
    project = onboarding.create(person)
    onboarding.wait_for_plan(person, project)
    for number in range(40):
        with psycopg2.connect(site.env()["DATABASE_URL"]) as session, session.cursor() as cursor:
            cursor.execute("set local role lunaxcode")
            cursor.execute("select tell_client('payment-due', %s, jsonb_build_object('reason', %s), %s)", (project, f"Part {number} of 40.", f"part:{number}"))
        if number % 10 == 5:
            site.kill("worker")
    until = time.monotonic() + 180
    while site.one("select count(*) from notices where user_id = %s and settled_at is null", person.user["id"], tenant=site.tenant):
        # A dead worker's lease is twelve seconds: not waited for.
        site.sql("update jobs set lease_until = now() - interval '1 second' where kind = 'notice' and state = 'running' and updated_at < now() - interval '3 seconds'")
        assert time.monotonic() < until
        time.sleep(0.3)
    rows = site.sql("select outcome, mail_id from notices where user_id = %s and kind = 'payment-due'", person.user["id"], tenant=site.tenant)
    assert [row["outcome"] for row in rows] == ["mailed"] * 40
    assert len({row["mail_id"] for row in rows}) == 40, "each is a mail of its own"
    texts = site.sql("select body_text from outbox where to_addr = %s", person.email)
    for number in range(40):
        assert len([row for row in texts if f"Part {number} of 40." in row["body_text"]]) == 1, number
