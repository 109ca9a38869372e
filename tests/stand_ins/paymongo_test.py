"""The stand-in PayMongo speaks the protocol of the real one: what it refuses, how an intent goes on, and how it signs."""
import base64
import hashlib
import hmac
import json
import urllib.error
import urllib.request

import pytest

import paymongo
from paymongo import PUBLIC_KEY, SECRET_KEY, WEBHOOK_SECRET, PayMongo


@pytest.fixture(scope="module")
def pm():
    stand_in = PayMongo()
    yield stand_in
    stand_in.close()


def ask(pm, method, path, attributes=None, key=SECRET_KEY):
    request = urllib.request.Request(pm.url + path, method=method, data=json.dumps({"data": {"attributes": attributes}}).encode() if attributes is not None else None)
    request.add_header("Authorization", "Basic " + base64.b64encode(f"{key}:".encode()).decode())
    request.add_header("Content-Type", "application/json")
    try:
        with urllib.request.urlopen(request, timeout=30) as answer:
            return answer.status, json.loads(answer.read())
    except urllib.error.HTTPError as error:
        return error.code, json.loads(error.read())


INTENT = {"amount": 750000, "currency": "PHP", "payment_method_allowed": ["card", "gcash", "paymaya"], "metadata": {"payment": "1", "tenant": "t"}}


@pytest.mark.parametrize("changes, code", [({"amount": 1999}, "parameter_below_minimum"), ({"amount": "7500"}, "parameter_format_invalid"), ({"amount": 20.5}, "parameter_format_invalid"),
                                           ({"currency": "USD"}, "parameter_invalid"), ({"payment_method_allowed": ["bitcoin"]}, "parameter_invalid"),
                                           ({"metadata": {"payment": 1}}, "parameter_format_invalid")])
def test_a_wrong_intent_is_refused_by_its_code(pm, changes, code):
    status, body = ask(pm, "POST", "/payment_intents", {**INTENT, **changes})
    assert status == 400 and body["errors"][0]["code"] == code


def test_only_the_secret_key_makes_intents_and_the_public_one_makes_methods(pm):
    assert ask(pm, "POST", "/payment_intents", INTENT, key=PUBLIC_KEY)[0] == 401
    assert ask(pm, "POST", "/payment_intents", INTENT, key="sk_live_other")[0] == 401
    assert ask(pm, "POST", "/payment_methods", {"type": "gcash"}, key=PUBLIC_KEY)[0] == 200


def attach(pm, number):
    intent = ask(pm, "POST", "/payment_intents", INTENT)[1]["data"]["id"]
    method = ask(pm, "POST", "/payment_methods", {"type": "card", "details": {"card_number": number, "exp_month": 1, "exp_year": 2030, "cvc": "123"}})[1]["data"]["id"]
    status, body = ask(pm, "POST", f"/payment_intents/{intent}/attach", {"payment_method": method, "return_url": "http://127.0.0.1/back"})
    return intent, status, body


def test_cards_succeed_ask_for_the_bank_or_are_declined(pm):
    intent, status, body = attach(pm, "4343434343434345")
    assert status == 200 and body["data"]["attributes"]["status"] == "succeeded" and body["data"]["attributes"]["payments"][0]["attributes"]["status"] == "paid"
    intent, status, body = attach(pm, "4120000000000007")
    assert body["data"]["attributes"]["next_action"]["redirect"]["url"].endswith(intent)
    intent, status, body = attach(pm, "4200000000000018")
    assert status == 400 and body["errors"][0]["code"] == "card_expired"
    assert ask(pm, "GET", f"/payment_intents/{intent}")[1]["data"]["attributes"]["status"] == "awaiting_payment_method"
    assert [one["data"]["attributes"]["type"] for one in pm.events] == ["payment.paid", "payment.failed"]


def test_intents_are_listed_newest_first(pm):
    newest = ask(pm, "POST", "/payment_intents", INTENT)[1]["data"]["id"]
    assert ask(pm, "GET", "/payment_intents?limit=1")[1]["data"][0]["id"] == newest


def test_a_signature_is_of_the_time_and_the_body(pm):
    header = dict(part.split("=") for part in paymongo.sign(b"{}", at=5).split(","))
    assert header == {"t": "5", "te": hmac.new(WEBHOOK_SECRET.encode(), b"5.{}", hashlib.sha256).hexdigest(), "li": ""}
