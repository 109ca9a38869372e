"""Payments as clients and staff make them: what is owed, by PayMongo, by transfer with a proof, receipts, refunds, the webhook."""
import hashlib
import json
import time
from concurrent.futures import ThreadPoolExecutor

import pytest

import invariants
import onboarding
import paymongo as stand_in
import pdf
from pdf import text_of
from people import new_person

PROOF = b"%PDF-1.4\n% a proof of payment, "


def until(look, seconds=60):
    end = time.monotonic() + seconds
    while not (found := look()):
        assert time.monotonic() < end, "it did not happen"
        time.sleep(0.15)
    return found


@pytest.fixture
def client(site):  # one a test: requests are counted by address
    return new_person(site)


@pytest.fixture(scope="module")
def account(admin):
    return admin.post("/api/payment-accounts", {"kind": "gcash", "label": "GCash", "accountName": "Luna Cruz", "accountNumber": "0917 123 4567"}).expect(201)["id"]


@pytest.fixture(scope="module")
def second(site):
    """Another one of the staff, as two of them confirm a payment."""
    return site.signed_in(*site.account("member", name="second"))


@pytest.fixture
def project(client):
    return onboarding.create(client)


def path(project, payment=None, more=""):
    return f"/api/projects/{project}/payments" + (f"/{payment}{more}" if payment else "")


def begin(client, project, **body):
    answer = client.post(path(project), {"part": "deposit", "method": "gcash", **body})
    assert answer.status in (200, 201), answer
    return answer.json


def see(client, project, payment):
    return client.get(path(project, payment)).expect()


def open_page(client, project, **body):
    """Begins a payment by wallet and waits until the client can be sent on."""
    payment = begin(client, project, **body)["id"]
    return until(lambda: (now := see(client, project, payment))["stage"] != "starting" and now)


def pay(site, client, project, **body):
    one = open_page(client, project, **body)
    site.paymongo.settle(site.paymongo.of_payment(one["id"])[-1]["id"])
    return until(lambda: (now := see(client, project, one["id"]))["status"] == "succeeded" and now)


def upload(client, project, content):
    answer = client.post(f"/api/projects/{project}/files?name=proof.pdf&purpose=payment", data=content, headers={"Content-Type": "application/pdf"})
    return answer.expect(201)["id"]


def prove(client, project, payment, content=None, number=None):
    content = content or PROOF + hashlib.sha256(str(time.time_ns()).encode()).digest()
    number = number or f"REF {time.time_ns()}"
    return client.post(path(project, payment, "/proof"), {"fileId": upload(client, project, content), "reference": number}).expect(200)


def test_half_is_owed_first_and_the_rest_when_the_work_is_done_or_asked_for(site, client, project, staff):
    owed = client.get(path(project)).expect()
    price = owed["project"]["price"]
    assert [(p["part"], p["amount"], p["state"]) for p in owed["parts"]] == [("deposit", price * 50, "due"), ("balance", price * 50, "later")]
    client.post(path(project), {"part": "balance", "method": "gcash"}).problem(409, detail="when the work is finished")
    pay(site, client, project)
    now = client.get(path(project)).expect()
    assert now["project"]["paymentStatus"] == "partially-paid" and now["project"]["status"] == "in-progress"
    client.post(path(project), {"part": "deposit", "method": "gcash"}).problem(409, detail="paid already")
    client.post(path(project), {"part": "balance", "method": "gcash"}).problem(409)
    assert staff.post("/api/admin/payments/request-balance", {"projectId": project}).expect(200)["amount"] == price * 50
    pay(site, client, project, part="balance")
    now = client.get(path(project)).expect()
    assert now["project"]["paymentStatus"] == "paid" and {p["state"] for p in now["parts"]} == {"paid"}
    assert client.get(f"/api/projects/{project}/details").expect()["project"]["paymentStatus"] == "paid"


def test_a_price_with_an_odd_peso_is_halved_to_the_centavo(site, client, project):
    site.sql("update projects set price = 12345, deposit_amount = 6172.50 where id = %s", project, tenant=site.tenant)
    parts = client.get(path(project)).expect()["parts"]
    assert [p["amount"] for p in parts] == [617250, 617250]
    assert begin(client, project)["amount"] == 617250


def test_amounts_in_a_request_are_not_listened_to(site, client, project):
    one = begin(client, project, amount=1, price=1, status="succeeded", stage="paid")
    assert one["amount"] == site.one("select deposit_amount * 100 from projects where id = %s", project, tenant=site.tenant) and one["status"] == "processing"


@pytest.mark.parametrize("body, field", [({"part": "all"}, "part"), ({"method": "bitcoin"}, "method"), ({"method": "card"}, "paymentMethodId"),
                                         ({"method": "manual"}, "accountId"), ({"method": "manual", "accountId": 99999}, "accountId"),
                                         ({"method": "card", "paymentMethodId": "pm/../x"}, "paymentMethodId")])
def test_what_cannot_be_paid_so_is_said_beside_its_field(client, project, body, field):
    client.post(path(project), {"part": "deposit", "method": "gcash", **body}).problem(422, field)


def test_two_clicks_make_one_payment_and_one_intent(site, client, project):
    first = begin(client, project)
    assert begin(client, project)["id"] == first["id"]
    one = until(lambda: (now := see(client, project, first["id"]))["nextUrl"] and now)
    assert one["nextUrl"].startswith(site.paymongo.origin) and len(site.paymongo.of_payment(first["id"])) == 1
    again = open_page(client, project, method="paymaya")
    assert again["id"] == first["id"] and again["paymentMethod"] == "paymaya" and len(site.paymongo.of_payment(first["id"])) == 1


def test_a_card_is_charged_or_declined_and_its_number_never_comes_here(site, client, project):
    def card(number):
        made = site.paymongo._method({"type": "card", "details": {"card_number": number, "exp_month": 12, "exp_year": 2030, "cvc": "123"}})
        return begin(client, project, method="card", paymentMethodId=made["id"])["id"]

    payment = card("5100000000000198")
    one = until(lambda: (now := see(client, project, payment))["status"] == "failed" and now)
    assert "not enough money" in one["failure"]
    assert card("4343434343434345") == payment, "the same intent is tried again"
    one = until(lambda: (now := see(client, project, payment))["status"] == "succeeded" and now)
    assert one["receipt"] and one["failure"] is None and len(site.paymongo.of_payment(payment)) == 1


def test_a_payment_that_was_cancelled_at_the_wallet_can_be_tried_again(site, client, project):
    one = open_page(client, project)
    intent = site.paymongo.of_payment(one["id"])[0]["id"]
    site.paymongo.settle(intent, "expire")
    failed = until(lambda: (now := see(client, project, one["id"]))["status"] == "failed" and now)
    assert "cancelled" in failed["failure"] and failed["nextUrl"] is None
    assert pay(site, client, project)["id"] == one["id"]


def test_coming_back_asks_at_once(site, client, project):
    one = open_page(client, project)
    site.paymongo.deliver = False
    try:
        site.paymongo.settle(site.paymongo.of_payment(one["id"])[0]["id"])
        client.post(path(project, one["id"], "/check")).expect(202)
        until(lambda: see(client, project, one["id"])["status"] == "succeeded")
    finally:
        site.paymongo.deliver = True


@pytest.mark.over_cgi
def test_a_receipt_is_numbered_printed_and_drawn(site, client, project, stranger):
    one = pay(site, client, project)
    receipt = client.get(path(project, one["id"], "/receipt")).expect()
    assert receipt["number"] == f"{one['receipt']:06}" and receipt["amount"] == one["amount"] and receipt["words"]["agency"] == "Lunaxcode"
    pdf = client.get(path(project, one["id"], "/receipt.pdf"))
    assert pdf.status == 200 and pdf.header("content-type") == "application/pdf" and pdf.body.startswith(b"%PDF") and pdf.body.rstrip().endswith(b"%%EOF")
    assert "receipt-" in pdf.header("content-disposition") and pdf.header("cache-control") == "no-store"
    drawn = text_of(pdf.body)
    assert all(words in drawn for words in ("Payment receipt", f"No. {receipt['number']}", "Juana dela Cruz", f"₱{one['amount'] // 100:,}")), drawn
    stranger.get(path(project, one["id"], "/receipt.pdf")).problem(404)
    other = onboarding.create(client)
    client.get(path(other, one["id"], "/receipt")).problem(404)
    client.get(path(other, one["id"])).problem(404)
    with pytest.raises(Exception, match="stay as they are"):
        site.sql("update receipts set amount = 1", tenant=site.tenant)
    with pytest.raises(Exception, match="stay as they are"):
        site.sql("delete from ledger", tenant=site.tenant)


def event_of(one, site, **changes):
    intent = site.one("select payment_intent_id from payments where id = %s", one["id"], tenant=site.tenant)
    return stand_in.event("payment.paid", stand_in.payment_resource(**{"amount": one["amount"], "intent": intent, "metadata": {
        "payment": str(one["id"]), "tenant": "lunaxcode"}, **changes}))


def send(site, made, header=None, body=None, **signing):
    body = json.dumps(made).encode() if body is None else body
    return site.visitor().request("POST", "/api/payments/webhook", data=body, origin=None, headers={
        "Content-Type": "application/json", "Paymongo-Signature": header if header is not None else stand_in.sign(body, **signing)})


@pytest.mark.over_cgi
def test_the_webhook_believes_only_what_is_signed_of_our_mode_and_of_today(site, client, project):
    one = open_page(client, project)
    made = event_of(one, site)
    body = json.dumps(made).encode()
    right = stand_in.sign(body)
    send(site, made, secret="whsk_guessed").problem(401)
    send(site, made, live=True).problem(401)
    for header in ("", "t=1", "te=" + "0" * 64, right.replace("te=", "te=0"), right.upper(), right.replace(",te=", ",li=").replace(",li=,", ","), "=,=,t=,te=" * 50):
        send(site, made, header=header).problem(401)
    send(site, made, header=right, body=body + b" ").problem(401)
    send(site, made, at=int(time.time()) - 181 * 60).problem(400, detail="time")
    send(site, made, at=int(time.time()) + 400).problem(400, detail="time")
    send(site, stand_in.event("payment.paid", made["data"]["attributes"]["data"], live=True)).problem(400, detail="live mode")
    for nothing in (b"", b"[]", b"{}", b'{"data":{"id":"evt_1","type":"event","attributes":{"livemode":false}}}', b"\xff\xfe"):
        send(site, None, body=nothing).problem(400)
    assert see(client, project, one["id"])["status"] == "processing"
    assert site.one("select count(*) from payment_events where payment_id = %s", one["id"], tenant=site.tenant) == 0
    assert send(site, made, header=f"t={int(time.time()) - 1},te=0,te={'0' * 64}, " + right).expect(200) == {"received": True}
    until(lambda: see(client, project, one["id"])["status"] == "succeeded")


def test_another_amount_is_held_and_shown_to_staff_until_somebody_has_looked(site, client, project, staff):
    one = open_page(client, project)
    send(site, event_of(one, site, amount=one["amount"] - 1)).expect(200)
    shown = until(lambda: next((p for p in staff.get("/api/admin/payments").expect()["payments"] if p["payment"]["id"] == one["id"]), None))
    assert "₱" in shown["attention"] and see(client, project, one["id"])["status"] == "processing"
    details = staff.get(f"/api/admin/payments/{one['id']}").expect()
    assert [e["outcome"] for e in details["events"]] == ["held"] and details["ledger"] == []
    assert site.one("select coalesce(sum(amount), 0) from ledger where project_id = %s", project, tenant=site.tenant) == 0
    staff.post(f"/api/admin/payments/{one['id']}/settle", {"note": "a test by PayMongo"}).expect(200)
    assert all(p["payment"]["id"] != one["id"] for p in staff.get("/api/admin/payments").expect()["payments"])
    staff.post(f"/api/admin/payments/{one['id']}/settle", {"note": "once more"}).problem(409)


def test_events_of_nobody_are_taken_and_put_aside(site):
    made = stand_in.event("payment.paid", stand_in.payment_resource(5000, "pi_unknown", {"payment": "1", "tenant": "nowhere"}))
    assert send(site, made).status == 200 and send(site, made).status == 200
    assert site.one("select count(*) from stray_payment_events where event_id = %s", made["data"]["id"]) == 1


def test_an_event_that_comes_before_we_know_the_intent_finds_its_payment_by_our_own_id(site, client, project):
    site.paymongo.fail("create", "500-before", times=2, match=f'"project":"{project}"')
    one = begin(client, project)
    send(site, stand_in.event("payment.paid", stand_in.payment_resource(one["amount"], "pi_early", {"payment": str(one["id"]), "tenant": "lunaxcode"}))).expect(200)
    until(lambda: see(client, project, one["id"])["status"] == "succeeded")


def test_a_transfer_is_proved_looked_at_and_confirmed_by_two(site, client, project, account, staff, second):
    one = begin(client, project, method="manual", accountId=account)
    assert one["status"] == "processing" and one["stage"] == "open" and one["channel"] == "gcash" and one["reference"].startswith(f"P{project}-")
    assert begin(client, project, method="manual", accountId=account)["id"] == one["id"]
    staff.post(f"/api/admin/payments/{one['id']}/review").problem(409)
    prove(client, project, one["id"])
    assert see(client, project, one["id"])["stage"] == "submitted"
    verify = f"/api/admin/payments/{one['id']}/verify"
    staff.post(verify, {"amount": one["amount"]}).problem(409, detail="looked at")
    staff.post(f"/api/admin/payments/{one['id']}/review").expect(200)
    staff.post(verify, {"amount": one["amount"]}).problem(409, detail="somebody else")
    second.post(verify, {"amount": one["amount"] - 100}).problem(422, "amount")
    second.post(verify, {"amount": "seven thousand"}).problem(422, "amount")
    assert second.post(verify, {"amount": f"{one['amount'] // 100:,}.00"}).expect(200)["status"] == "succeeded"
    second.post(verify, {"amount": one["amount"]}).problem(409)
    assert client.get(path(project)).expect()["project"]["paymentStatus"] == "partially-paid"


def test_a_proof_that_was_used_before_is_flagged(site, client, project, account, staff, second):
    content, number = PROOF + str(time.time_ns()).encode(), f"AB-{time.time_ns()}"
    first = begin(client, project, method="manual", accountId=account)["id"]
    prove(client, project, first, content, number)
    for again in ({"content": content}, {"number": number.lower().replace("-", " ")}):
        other = onboarding.create(client)
        payment = begin(client, other, method="manual", accountId=account)
        prove(client, other, payment["id"], **again)
        shown = next(p for p in staff.get("/api/admin/payments?limit=100").expect()["payments"] if p["payment"]["id"] == payment["id"])
        assert f"payment {first}" in shown["attention"]
        staff.post(f"/api/admin/payments/{payment['id']}/review").expect(200)
        second.post(f"/api/admin/payments/{payment['id']}/verify", {"amount": payment["amount"]}).problem(422, "acknowledge")
    second.post(f"/api/admin/payments/{payment['id']}/verify", {"amount": payment["amount"], "acknowledge": True}).expect(200)


def test_a_refused_proof_says_why_and_another_can_be_sent(site, client, project, account, staff):
    one = begin(client, project, method="manual", accountId=account)["id"]
    prove(client, project, one)
    staff.post(f"/api/admin/payments/{one}/reject", {"reason": ""}).problem(422, "reason")
    staff.post(f"/api/admin/payments/{one}/reject", {"reason": "The picture shows another account."}).expect(200)
    seen = see(client, project, one)
    assert seen["status"] == "failed" and seen["stage"] == "rejected" and "another account" in seen["failure"]
    client.post(path(project, one, "/proof"), {"fileId": upload(client, project, PROOF + b"2"), "reference": "12345"}).problem(409)
    assert begin(client, project, method="manual", accountId=account)["id"] != one


def test_a_proof_must_be_a_file_of_this_project_with_its_number(client, project, account):
    one = begin(client, project, method="manual", accountId=account)["id"]
    other = onboarding.create(client)
    elsewhere = upload(client, other, PROOF + b"elsewhere")
    client.post(path(project, one, "/proof"), {"fileId": elsewhere, "reference": "12345"}).problem(422, "fileId")
    client.post(path(project, one, "/proof"), {"reference": "no digits"}).problem(422, "fileId")
    client.post(path(project, one, "/proof"), {"fileId": elsewhere, "reference": "none at all"}).problem(422, "reference")
    client.post(path(project, 99999999, "/proof"), {"fileId": elsewhere, "reference": "12345"}).problem(422)


def test_what_was_paid_another_way_ends_what_else_was_begun(site, client, project, account):
    by_hand = begin(client, project, method="manual", accountId=account)["id"]
    pay(site, client, project)
    assert see(client, project, by_hand)["stage"] == "cancelled"


def test_staff_record_what_came_by_itself_and_another_confirms_it(client, project, staff, second):
    owed = client.get(path(project)).expect()["parts"][0]["amount"]
    body = {"projectId": project, "part": "deposit", "channel": "cash", "amount": owed, "reference": f"OR {time.time_ns()}"}
    for field, wrong in {"channel": "gold", "part": "tip", "reference": "1", "amount": 0, "projectId": 0}.items():
        staff.post("/api/admin/payments/record", {**body, field: wrong}).problem(422, field)
    staff.post("/api/admin/payments/record", {**body, "amount": owed + 1}).problem(422, "amount")
    staff.post("/api/admin/payments/record", {**body, "part": "balance"}).problem(409)
    one = staff.post("/api/admin/payments/record", body).expect(201)
    staff.post("/api/admin/payments/record", {**body, "reference": "OR 2222"}).problem(409)
    second.post(f"/api/admin/payments/{one['id']}/verify", {"amount": owed}).expect(200)
    assert client.get(path(project)).expect()["parts"][0]["state"] == "paid"


def test_what_is_given_back_is_in_the_ledger_and_never_more_than_came(site, client, project, staff):
    one = pay(site, client, project)
    refund = f"/api/admin/payments/{one['id']}/refund"
    staff.post(refund, {"amount": one["amount"] + 1, "reason": "too much"}).problem(422, "amount")
    staff.post(refund, {"amount": 100, "reason": ""}).problem(422, "reason")
    staff.post(refund, {"amount": 100, "reason": "a small gift", "reference": "R1"}).expect(200)
    assert client.get(path(project)).expect()["project"]["paymentStatus"] == "partially-paid"
    assert staff.post(refund, {"amount": one["amount"] - 100, "reason": "the project was called off"}).expect(200)["refunded"] == one["amount"]
    staff.post(refund, {"amount": 1, "reason": "one more"}).problem(422, "amount")
    now = client.get(path(project)).expect()
    assert now["project"]["paymentStatus"] == "pending" and now["parts"][0]["state"] == "due"
    receipt = client.get(path(project, one["id"], "/receipt")).expect()
    assert [r["amount"] for r in receipt["refunds"]] == [100, one["amount"] - 100]
    first, second = (r["number"] for r in receipt["refunds"])
    assert int(second) == int(first) + 1 and len(first) == 6, "credit notes are numbered without a gap"
    drawn = pdf.text_of(client.get(path(project, one["id"], "/receipt.pdf")).body).replace("\n", " ")
    assert f"Credit note No. {first}, given back on" in drawn and f"No. {second}," in drawn
    site.sql("update users set language = 'fil' where id = %s", client.user["id"])
    drawn = pdf.text_of(client.get(path(project, one["id"], "/receipt.pdf")).body).replace("\n", " ")
    assert f"Credit note Blg. {first}, ibinalik noong" in drawn
    site.sql("update users set language = null where id = %s", client.user["id"])
    entries = staff.get(f"/api/admin/payments/{one['id']}").expect()["ledger"]
    assert [(e["kind"], e["creditNote"]) for e in entries] == [("payment", None), ("refund", first), ("refund", second)]
    told = next(row for row in client.get(f"/api/projects/{project}/activity").expect()["activity"] if row["kind"] == "payment-refunded")
    assert told["data"]["creditNote"] == second
    for change in ("update credit_notes set number = 9", "delete from credit_notes"):
        with pytest.raises(Exception, match="stay as they are"):
            site.sql(change, tenant=site.tenant)


def test_a_program_of_before_gives_back_with_a_number_too(site, client, project, staff):
    one = pay(site, client, project)
    before = site.one("select last from credit_note_counter", tenant=site.tenant)
    refund = f"""insert into ledger (project_id, payment_id, part, kind, amount, note, actor)
                 select project_id, id, part, 'refund', -100, 'as it was written before', 'staff' from payments where id = {one['id']} returning id, payment_id"""
    # Before credit notes there was the entry alone; the programs of the migration before this one number it in the same statement.
    numbering = f"""with back as ({refund}), counted as (update credit_note_counter set last = last + 1 where only_row and exists (select from back) returning last)
                    insert into credit_notes (number, ledger_id, payment_id) select last, id, payment_id from back, counted"""
    for statement in (refund, numbering):
        site.sql(statement, tenant=site.tenant)
    staff.post(f"/api/admin/payments/{one['id']}/refund", {"amount": 100, "reason": "as it is written now"}).expect(200)
    receipt = client.get(path(project, one["id"], "/receipt")).expect()
    assert [int(r["number"]) for r in receipt["refunds"]] == [before + 1, before + 2, before + 3]
    assert site.one("select last from credit_note_counter", tenant=site.tenant) == before + 3


def test_refunds_at_once_are_given_once_and_leave_no_gap_in_the_credit_notes(site, client, staff):
    payments = [pay(site, client, onboarding.create(client)) for _ in range(3)]
    before = site.one("select last from credit_note_counter", tenant=site.tenant)
    with ThreadPoolExecutor(6) as pool:
        done = list(pool.map(lambda one: staff.twin().post(f"/api/admin/payments/{one['id']}/refund", {"amount": one["amount"], "reason": "called off"}).status, payments * 2))
    assert sorted(done) == [200] * 3 + [422] * 3, "each is given back once"
    assert [row["number"] for row in site.sql("select number from credit_notes where number > %s order by 1", before, tenant=site.tenant)] == [before + 1, before + 2, before + 3]
    assert site.one("select last from credit_note_counter", tenant=site.tenant) == before + 3


def test_the_list_of_staff_goes_on_page_by_page(site, client, staff):
    for _ in range(3):
        begin(client, onboarding.create(client))
    seen, before = [], ""
    for _ in range(3):
        page = staff.get(f"/api/admin/payments?state=all&limit=2{before}").expect()
        seen += [p["payment"]["id"] for p in page["payments"]]
        assert len(page["payments"]) <= 2
        before = f"&cursor={page['next']}"
    assert seen == sorted(set(seen), reverse=True)
    staff.get("/api/admin/payments?state=never").problem(400, "state")
    staff.get("/api/admin/payments?cursor=x").problem(400, "cursor")


def test_accounts_are_kept_by_administrators_with_a_picture_to_scan(site, client, project, admin):
    body = {"kind": "bank", "label": "BPI", "accountName": "Luna Cruz", "accountNumber": "0001 2345 67", "note": "Savings"}
    for field, wrong in {"kind": "shell", "label": "", "accountName": "", "accountNumber": "1", "note": "x" * 501}.items():
        admin.post("/api/payment-accounts", {**body, field: wrong}).problem(422, field)
    number = admin.post("/api/payment-accounts", body).expect(201)["id"]
    qr = f"/api/payment-accounts/{number}/qr"
    client.get(qr).problem(404)
    admin.post(qr, data=b"<svg onload=alert(1)>", headers={"Content-Type": "image/png"}).problem(415)
    picture = b"\x89PNG\r\n\x1a\n" + b"\0" * 64
    assert admin.post(qr, data=picture, headers={"Content-Type": "image/png"}).status == 204
    answer = client.get(qr)
    assert answer.body == picture and answer.header("content-type") == "image/png" and answer.header("x-content-type-options") == "nosniff"
    admin.post(qr, data=picture + b"\0" * 300_000, headers={"Content-Type": "image/png"}).problem(413)
    listed = {a["id"]: a for a in client.get(path(project)).expect()["accounts"]}
    assert listed[number]["accountNumber"] == "0001 2345 67" and listed[number]["qr"].startswith(qr)
    admin.patch(f"/api/payment-accounts/{number}", {**body, "label": "BPI Savings"}).expect(200)
    assert admin.delete(f"/api/payment-accounts/{number}").status == 204
    assert number not in {a["id"] for a in client.get(path(project)).expect()["accounts"]}


def test_money_is_as_it_should_be_after_all_this(site):
    invariants.hold(site)
