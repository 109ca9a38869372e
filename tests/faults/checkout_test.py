"""Paying on PayMongo's own page (PAYMONGO_HOSTED=on): one page at a time, its event, and the answer when it is asked for."""
import time

import pytest

import onboarding
from paymongo import PayMongo
from people import new_person


STAND_IN = PayMongo()
SETTINGS = {"PAYMENT_POLL_SECONDS": 1, "PAYMONGO_TIMEOUT_SECONDS": 2, "PAYMONGO_HOSTED": "on", **STAND_IN.settings()}


@pytest.fixture(scope="module", autouse=True)
def stand_in(site):
    site.paymongo, STAND_IN.webhook = STAND_IN, f"{site.url}/api/payments/webhook"
    yield STAND_IN
    STAND_IN.close()


@pytest.fixture(scope="module")
def client(site):
    return new_person(site)


def until(client, path, holds, seconds=90):
    end = time.monotonic() + seconds
    while not holds(now := client.get(path).expect()):
        assert time.monotonic() < end, now
        time.sleep(0.1)
    return now


def open_page(client):
    project = onboarding.create(client)
    payment = client.post(f"/api/projects/{project}/payments", {"part": "deposit", "method": "card"}).expect(201)["id"]
    path = f"/api/projects/{project}/payments/{payment}"
    return path, until(client, path, lambda one: one["stage"] != "starting")


def session_of(one):
    return one["nextUrl"].rsplit("/", 1)[1]


@pytest.mark.parametrize("told, source", [(True, "gcash"), (False, "paymaya")], ids=["by its event", "by asking"])
def test_what_is_paid_on_the_hosted_page_is_credited_as_what_it_was_paid_with(site, client, told, source):
    path, one = open_page(client)
    assert one["nextUrl"].startswith(site.paymongo.origin + "/checkout/cs_")
    session = site.paymongo.sessions[session_of(one)]["attributes"]
    assert session["line_items"][0]["amount"] == one["amount"] and session["reference_number"] == one["reference"]
    assert session["success_url"] == f"{site.url}/projects/{one['projectId']}/payment?payment={one['id']}"
    site.paymongo.deliver = told
    try:
        site.paymongo.settle(session_of(one), source=source)
        now = until(client, path, lambda now: now["status"] == "succeeded")
        assert now["receipt"] and one["paymentMethod"] == "card" and now["paymentMethod"] == source
        assert client.get(f"{path}/receipt").expect()["words"]["method"] == source
    finally:
        site.paymongo.deliver = True
    assert site.one("select count(*) from ledger where payment_id = %s", one["id"], tenant=site.tenant) == 1


def test_the_same_page_is_gone_on_with_and_an_expired_one_is_replaced(site, client):
    path, one = open_page(client)
    start = path.rsplit("/", 1)[0]
    client.post(start, {"part": "deposit", "method": "card"}).expect(200)
    assert until(client, path, lambda now: now["stage"] == "open")["nextUrl"] == one["nextUrl"]
    site.paymongo.settle(session_of(one), "expire")
    assert "expired" in until(client, path, lambda now: now["status"] == "failed")["failure"]
    client.post(start, {"part": "deposit", "method": "card"}).expect(200)
    again = until(client, path, lambda now: now["stage"] == "open")
    assert again["nextUrl"] != one["nextUrl"] and again["id"] == one["id"]
    site.paymongo.settle(session_of(again))
    until(client, path, lambda now: now["status"] == "succeeded")


def test_a_lost_answer_leaves_one_page_that_the_client_is_sent_to(site, client):
    site.paymongo.fail("session", "cut-after")
    path, one = open_page(client)
    assert one["nextUrl"] and site.one("select checkout_id from payments where id = %s", one["id"], tenant=site.tenant) == session_of(one)


def test_a_page_that_was_left_for_a_transfer_cannot_be_paid_any_more(site, client):
    path, one = open_page(client)
    account = site.one("select id from payment_accounts where active limit 1", tenant=site.tenant)
    client.post(path.rsplit("/", 1)[0], {"part": "deposit", "method": "manual", "accountId": account}).expect(201)
    session = site.paymongo.sessions[session_of(one)]["attributes"]
    end = time.monotonic() + 90
    while session["status"] != "expired":
        assert time.monotonic() < end, session
        time.sleep(0.1)
    site.paymongo.settle(session_of(one))
    assert session["payments"] == [] and client.get(path).expect()["stage"] == "cancelled"
