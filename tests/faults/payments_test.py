"""Payments when PayMongo, the network and our own parts fail: every peso is in the ledger once, and nothing forged ever is."""
import http.client
import json
import random
import threading
import time

import pytest

import invariants
import onboarding
import paymongo
from instance import build
from people import new_person

# The site's settings need the stand-in's port: so it is there before the site.
STAND_IN = paymongo.PayMongo()
SETTINGS = {"PAYMENT_POLL_SECONDS": 1, "PAYMONGO_TIMEOUT_SECONDS": 2, **STAND_IN.settings()}


@pytest.fixture(scope="module")
def pm(site):
    STAND_IN.webhook = f"{site.url}/api/payments/webhook"
    yield STAND_IN
    STAND_IN.close()


@pytest.fixture(scope="module")
def client(site):
    return new_person(site)


@pytest.fixture(scope="module")
def form(client):
    return onboarding.onboarding(client)


def new_project(client, form):
    return onboarding.create(client, {**form, "description": onboarding.unique()[0]})


def start(client, project, method="gcash", **more):
    answer = client.post(f"/api/projects/{project}/payments", {"part": "deposit", "method": method, **more})
    assert answer.status in (200, 201), answer
    return answer.json["id"]


def until(look, seconds=90, about="it did not happen"):
    end = time.monotonic() + seconds
    while True:
        if found := look():
            return found
        assert time.monotonic() < end, about() if callable(about) else about
        time.sleep(0.1)


def state(client, project, payment):
    return client.get(f"/api/projects/{project}/payments/{payment}").expect()


def ready(client, project, payment, seconds=90):
    """Waits until the client can go and pay; answers the payment."""
    return until(lambda: (now := state(client, project, payment))["stage"] != "starting" and now, seconds, lambda: state(client, project, payment))


def paid(client, project, payment, seconds=90):
    return until(lambda: (now := state(client, project, payment))["status"] == "succeeded" and now, seconds, lambda: state(client, project, payment))


def test_whatever_happens_while_an_intent_is_made_one_can_be_paid_and_not_two(site, pm, client, form):
    before, kinds = len(pm.intents), list(paymongo.FAULTS)
    projects = {kind: new_project(client, form) for kind in kinds}
    for kind, project in projects.items():
        pm.fail("create", kind, match=f'"project":"{project}"')
    payments = {kind: start(client, project) for kind, project in projects.items()}
    for kind, project in projects.items():
        one = ready(client, project, payments[kind])
        assert one["stage"] == "open" and one["nextUrl"], (kind, one)
        assert len(pm.payable(payments[kind])) == 1, kind
    assert len(pm.intents) - before == len(kinds)
    for kind, project in projects.items():
        pm.settle(pm.of_payment(payments[kind])[0]["id"])
        paid(client, project, payments[kind])


def test_without_a_list_of_intents_only_one_is_ever_given_to_a_client(site, pm, client, form):
    pm.lists = False
    try:
        project = new_project(client, form)
        pm.fail("create", "500-after", match=f'"project":"{project}"')
        payment = start(client, project)
        one = ready(client, project, payment)
        assert one["stage"] == "open", one
        attached = [intent for intent in pm.payable(payment) if intent["attributes"]["status"] == "awaiting_next_action"]
        assert len(attached) == 1
        assert site.one("select payment_intent_id from payments where id = %s", payment, tenant=site.tenant) == attached[0]["id"]
    finally:
        pm.lists = True


def test_whatever_happens_while_a_method_is_attached_the_client_is_sent_on_once(site, pm, client, form):
    # Such a body names no project: the faults are for whoever comes first, and one comes for each.
    faults = [(stage, kind) for stage in ("method", "attach") for kind in ("timeout-after", "500-after", "cut-after", "429")]
    for stage, kind in faults:
        pm.fail(stage, kind)
    payments = [start(client, new_project(client, form)) for _ in faults]
    for payment in payments:
        project = site.one("select project_id from payments where id = %s", payment, tenant=site.tenant)
        one = ready(client, project, payment)
        assert one["stage"] == "open" and one["nextUrl"], one
        assert len(pm.payable(payment)) == 1


def test_a_webhook_that_never_comes_is_made_up_for_by_asking(site, pm, client, form):
    pm.deliver = False
    try:
        project = new_project(client, form)
        payment = start(client, project)
        ready(client, project, payment)
        pm.fail("get", "500-before", times=1)
        pm.settle(pm.of_payment(payment)[0]["id"])
        one = paid(client, project, payment)
        assert one["receipt"] and site.one("select count(*) from payment_events where payment_id = %s", payment, tenant=site.tenant) == 0
    finally:
        pm.deliver = True


@pytest.fixture(scope="module")
def account(site):
    return site.one("insert into payment_accounts (kind, label, account_name, account_number) values ('gcash', 'GCash', 'Agency', '0917') returning id", tenant=site.tenant)


def row_of(site, payment):
    return site.sql("select stage, ended_at, not_ended, attention from payments where id = %s", payment, tenant=site.tenant)[0]


def left_for_a_transfer(site, pm, client, form, account, *faults):
    """A wallet's page is open when its client begins a transfer; answers project, both payments and the intent."""
    project = new_project(client, form)
    payment = start(client, project)
    ready(client, project, payment)
    intent = pm.of_payment(payment)[0]
    for kind in faults:
        pm.fail("cancel", kind, match=intent["id"])
    by_hand = start(client, project, "manual", accountId=account)
    assert by_hand != payment and state(client, project, payment)["stage"] == "cancelled"
    return project, payment, by_hand, intent["id"]


def test_an_intent_that_was_left_is_ended_at_paymongo_whatever_happens_on_the_way(site, pm, client, form, account):
    cases = {kind: left_for_a_transfer(site, pm, client, form, account, kind) for kind in paymongo.FAULTS}
    for kind, (project, payment, _, intent) in cases.items():
        until(lambda: row_of(site, payment)["ended_at"], about=lambda: (kind, row_of(site, payment)))
        pm.settle(intent)
        assert pm.intents[intent]["attributes"]["status"] == "cancelled" and not pm.payable(payment), kind
        assert site.one("select count(*) from ledger where project_id = %s", project, tenant=site.tenant) == 0


def test_whoever_comes_back_from_a_transfer_gets_another_intent_and_only_that_can_be_paid(site, pm, client, form, account):
    project, payment, by_hand, old = left_for_a_transfer(site, pm, client, form, account)
    again = start(client, project)
    assert again not in (payment, by_hand) and ready(client, project, again)["nextUrl"]
    until(lambda: not pm.payable(payment))
    assert len(pm.payable(again)) == 1
    pm.settle(pm.of_payment(again)[0]["id"])
    paid(client, project, again)
    assert state(client, project, by_hand)["stage"] == "cancelled"


def test_money_of_an_old_intent_that_could_not_be_ended_is_in_the_ledger_and_flagged(site, pm, client, form, account):
    deliver, pm.deliver = pm.deliver, False
    try:
        # It is paid while the client begins a transfer: what is asked to end it finds that out.
        project = new_project(client, form)
        payment = start(client, project)
        ready(client, project, payment)
        pm.settle(pm.of_payment(payment)[0]["id"])
        by_hand = client.post(f"/api/projects/{project}/payments", {"part": "deposit", "method": "manual", "accountId": account})
        assert by_hand.status in (201, 409), by_hand  # the poller may have been first
        paid(client, project, payment)
        if by_hand.status == 201:
            assert state(client, project, by_hand.json["id"])["stage"] == "cancelled"
        assert site.one("select count(*) from ledger where project_id = %s", project, tenant=site.tenant) == 1
    finally:
        pm.deliver = deliver
    # PayMongo does not end it, the part is paid another way, and then somebody pays the old page.
    pm.fail("cancel", "500-before", times=99)
    try:
        project = new_project(client, form)
        payment = start(client, project)
        ready(client, project, payment)
        intent = pm.of_payment(payment)[0]
        start(client, project, "manual", accountId=account)
        def given_up():
            site.sql("update jobs set run_after = now() where kind = 'payment-end' and state = 'queued'")
            return row_of(site, payment)["not_ended"]
        assert "did not answer" in until(given_up, about=lambda: row_of(site, payment))
        again = start(client, project)
        ready(client, project, again)
        pm.settle(pm.of_payment(again)[0]["id"])
        paid(client, project, again)
        pm.settle(intent["id"])
        paid(client, project, payment)
        assert "to be given back" in row_of(site, payment)["attention"]
        assert site.one("select count(*) from ledger where project_id = %s and kind = 'payment'", project, tenant=site.tenant) == 2
    finally:
        pm._faults.clear()


def test_a_service_that_stays_away_is_said_and_nothing_is_charged(site, pm, client, form):
    project = new_project(client, form)
    pm.fail("create", "500-before", times=99, match=f'"project":"{project}"')
    payment = start(client, project)
    # Five tries are made within a minute; the test does not wait for the pauses between them.
    def over():
        site.sql("update jobs set run_after = now() where kind = 'payment-start' and state = 'queued'")
        now = state(client, project, payment)
        return now["status"] == "failed" and now
    one = until(over)
    assert "Nothing was charged" in one["failure"] and not pm.payable(payment)
    pm._faults.clear()
    assert start(client, project) == payment, "a second try goes on with the same payment"
    assert ready(client, project, payment)["nextUrl"] and len(pm.payable(payment)) == 1


def test_killing_the_worker_while_payments_begin_leaves_one_intent_each(site, pm, client, form):
    projects = [new_project(client, form) for _ in range(6)]
    payments = []
    for number, project in enumerate(projects):
        payments.append(start(client, project))
        if number % 2:
            site.kill("worker")
            time.sleep(0.3)
    for project, payment in zip(projects, payments):
        one = ready(client, project, payment, 180)
        assert one["stage"] == "open" and len(pm.payable(payment)) == 1, one
        pm.settle(pm.of_payment(payment)[0]["id"])
    for project, payment in zip(projects, payments):
        paid(client, project, payment)


class Sender(threading.Thread):
    """Sends events over a kept connection, each again while it was not taken, as PayMongo does."""

    def __init__(self, site, letters, wrong):
        super().__init__()
        self.site, self.letters, self.wrong, self.sent = site, letters, wrong, 0

    def run(self):
        connection = http.client.HTTPConnection("127.0.0.1", self.site.port, timeout=60)
        for body, header, expected in self.letters:
            until = time.monotonic() + 120
            while time.monotonic() < until:
                try:
                    connection.request("POST", "/api/payments/webhook", body, {"Host": self.site.host, "Content-Type": "application/json",
                                                                               "Paymongo-Signature": header})
                    answer = connection.getresponse()
                    answer.read()
                except (OSError, http.client.HTTPException):
                    connection.close()
                    time.sleep(0.05)
                    continue
                if answer.status >= 500:
                    time.sleep(0.05)
                    continue
                self.sent += 1
                if answer.status != expected:
                    self.wrong.append((answer.status, expected, body[:300], header))
                break
            else:
                self.wrong.append(("never taken", expected, body[:300], header))
        connection.close()


def storm(rows, chosen):
    """Ten thousand letters about these payments: (body, header, expected status), and the ids that must never be believed."""
    letters, forged = [], set()

    def letter(made, header=None, expected=200, **signing):
        body = json.dumps(made).encode()
        letters.append((body, header if header is not None else paymongo.sign(body, **signing), expected))

    for row in rows:
        about = {"amount": row["amount"], "intent": row["intent"], "metadata": {"payment": str(row["id"]), "tenant": "lunaxcode"}}
        number = paymongo.new_id("pay")
        truth = paymongo.event("payment.paid", paymongo.payment_resource(**about, number=number))
        if row["id"] in chosen["paid"]:
            for _ in range(60):
                letter(truth)
            for _ in range(30):  # other events of the same payment
                letter(paymongo.event("payment.paid", paymongo.payment_resource(**about, number=number)))
        if row["id"] in chosen["nameless"]:  # neither metadata nor, in another one, the intent
            letter(paymongo.event("payment.paid", paymongo.payment_resource(row["amount"], row["intent"], None, number=number)))
            letter(paymongo.event("payment.paid", paymongo.payment_resource(row["amount"], None, about["metadata"], number=number)))
        for _ in range(12):
            letter(paymongo.event("payment.failed", paymongo.payment_resource(**about, status="failed", code="generic_decline"), created=int(time.time()) - 3600))
        for wrong in ({"amount": row["amount"] - 1}, {"amount": row["amount"] * 100}, {"currency": "USD"}, {"intent": "pi_of_somebody_else"}):
            for _ in range(4):
                letter(paymongo.event("payment.paid", paymongo.payment_resource(**{**about, **wrong}, number=paymongo.new_id("pay"))))
        for _ in range(3):
            letter(paymongo.event("payment.paid", paymongo.payment_resource(row["amount"], paymongo.new_id("pi"), None)))  # nobody's
            letter(paymongo.event("payment.updated", paymongo.payment_resource(**about, status="pending")))
        for _ in range(6):
            for how in ({"secret": "whsk_guessed"}, {"live": True}):
                made = paymongo.event("payment.paid", paymongo.payment_resource(**about))
                forged.add(made["data"]["id"])
                letter(made, expected=401, **how)
            made = paymongo.event("payment.paid", paymongo.payment_resource(**about))
            forged.add(made["data"]["id"])
            letter(made, header=random.choice(["", "t=1,te=,li=", f"t={int(time.time())}", f"te={'0' * 64}", paymongo.sign(b"{}")]), expected=401)
            for expected, made, how in ((400, paymongo.event("payment.paid", paymongo.payment_resource(**about), live=True), {}),
                                        (400, paymongo.event("payment.paid", paymongo.payment_resource(**about)), {"at": int(time.time()) - 200 * 60})):
                forged.add(made["data"]["id"])
                letter(made, expected=expected, **how)
    return letters, forged


def test_ten_thousand_events_leave_every_centavo_exactly_once(site, pm, client, form):
    pm.deliver = False
    projects = [new_project(client, form) for _ in range(66)]
    payments = {start(client, project): project for project in projects}
    for payment, project in payments.items():
        ready(client, project, payment, 180)
    rows = site.sql("select id, amount, payment_intent_id as intent from payments where id = any(%s) order by id", list(payments), tenant=site.tenant)
    ids = [row["id"] for row in rows]
    # Some are paid and told of; some paid, and every event lost; the others never paid, whatever is claimed.
    chosen = {"paid": set(ids[:50]), "lost": set(ids[50:58]), "nameless": set(ids[:25])}
    for row in rows:
        if row["id"] in chosen["paid"] | chosen["lost"]:
            pm.settle(row["intent"])
    letters, forged = storm(rows, chosen)
    random.shuffle(letters)
    while len(letters) < 10_000:
        letters.append(random.choice(letters))
    wrong = []
    senders = [Sender(site, letters[at::6], wrong) for at in range(6)]
    began = time.monotonic()
    for sender in senders:
        sender.start()
    for program, share in (("worker", 0.3), ("payments", 0.5), ("worker", 0.7)):
        while sum(sender.sent for sender in senders) < share * len(letters) and any(sender.is_alive() for sender in senders):
            time.sleep(0.02)
        site.kill(program)
    for sender in senders:
        sender.join(600)
    took = time.monotonic() - began
    assert not wrong, wrong[:5]
    assert sum(sender.sent for sender in senders) == len(letters) >= 10_000

    until(lambda: not site.sql("select 1 from jobs where kind = 'payment' and state in ('queued', 'running') limit 1"), 240, "events wait for ever")
    believed = chosen["paid"] | chosen["lost"]
    until(lambda: {row["id"] for row in site.sql("select id from payments where id = any(%s) and status = 'succeeded'", ids, tenant=site.tenant)} == believed, 240,
          lambda: site.sql("select id, status, stage from payments where id = any(%s) and (status = 'succeeded') <> (id = any(%s))", ids, list(believed), tenant=site.tenant))
    settled = time.monotonic() - began
    ledger = site.sql("select payment_id, amount, kind from ledger where payment_id = any(%s) order by payment_id", ids, tenant=site.tenant)
    assert ledger == [{"payment_id": row["id"], "amount": row["amount"], "kind": "payment"} for row in rows if row["id"] in believed]
    assert site.one("select count(*) from payment_events where event_id = any(%s)", list(forged), tenant=site.tenant) == 0
    assert site.one("select count(*) from stray_payment_events where event_id = any(%s)", list(forged)) == 0
    assert site.one("select count(*) from payment_events where outcome is null", tenant=site.tenant) == 0
    held = site.sql("select id from payments where id = any(%s) and attention is not null", ids, tenant=site.tenant)
    assert {row["id"] for row in held} == set(ids), "wrong amounts are shown to the agency"
    print(f"{len(letters)} events in {took:.1f} s, settled after {settled:.1f} s")
    pm.deliver = True
    invariants.hold(site)
