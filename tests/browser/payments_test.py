"""Paying in the browser: by card and wallet through a stand-in PayMongo, by transfer with a proof that staff confirm; wide and on a phone."""
import pytest
from selenium.webdriver.common.by import By

import journey
import onboarding
from people import new_person


@pytest.fixture(scope="module")
def world(site):
    admin = site.signed_in(*site.account("admin"))
    account = admin.post("/api/payment-accounts", {"kind": "gcash", "label": "GCash", "accountName": "Luna Cruz", "accountNumber": "0917 123 4567"}).expect(201)["id"]
    return {"account": account, "admin": admin, "staff": site.signed_in(*site.account("member")), "client": new_person(site)}


@pytest.fixture(params=[1280, 360], ids=["desktop", "phone"])
def width(request, browser):
    browser.width(request.param, 900)
    yield request.param
    browser.any_width()


@pytest.fixture
def project(world):
    return onboarding.create(world["client"])


@pytest.fixture
def paying(site, browser, world, project, width):
    """The client on the page to pay on, from the button on the project's page."""
    journey.signed_in_device(browser, site, world["client"])
    browser.open(f"/projects/{project}")
    browser.click("#go-to-payment", "Pay the deposit")
    browser.wait_for_path(f"/projects/{project}/payment")
    browser.see("#methods input")
    return browser


def choose(browser, value):
    browser.click(f'#methods input[value="{value}"]')


def fill_card(browser, number):
    choose(browser, "card")
    for name, value in {"number": number, "expiry": "1230", "cvc": "123", "name": "Juana dela Cruz"}.items():
        browser.type(f"#card-{name}", value)


def to_the_wallet(site, browser, button):
    browser.wait(lambda: browser.driver.current_url.startswith(site.paymongo.origin), about="the wallet's page does not come")
    browser.driver.find_element(By.ID, button).click()
    browser.wait_for_path("/projects/")


@pytest.mark.expects(400)
def test_a_card_goes_to_paymongo_alone_and_a_declined_one_can_be_mended(site, paying, project, width):
    browser = paying
    browser.click("#pay")
    browser.see("#method-error", "Choose")
    fill_card(browser, "4343434343434344")
    browser.click("#pay")
    browser.see("#card-number-error", "not the number of a card")
    fill_card(browser, "5100000000000198")
    browser.click("#pay")
    browser.see("#now-title", "did not work")
    browser.see("#now-detail", "not enough money")
    fill_card(browser, "4343434343434345")
    browser.click("#pay")
    browser.see("#now-title", "has arrived")
    browser.see('[data-part="deposit"][data-state="paid"]')
    assert browser.audit() == []
    browser.screenshot(f"payment-paid-{width}")
    sent = [one for one in site.paymongo.requests if "4343434343434345" in one["body"]]
    assert {(one["path"], one["origin"]) for one in sent if one["method"] == "POST"} == {("/v1/payment_methods", site.url)}
    assert not site.sql("select 1 from payments where metadata::text like '%%4343434343%%' or method_id like '%%4343%%'", tenant=site.tenant)
    log = (site.state / "log/lunaxcode.log").read_text()
    assert "4343434343" not in log and "sk_test" not in log


@pytest.mark.parametrize("width", [360], ids=["phone"], indirect=True)
def test_a_wallet_is_paid_on_its_own_page_and_the_receipt_is_there_on_coming_back(site, paying, project, width):
    browser = paying
    choose(browser, "gcash")
    browser.click("#pay")
    to_the_wallet(site, browser, "authorize")
    browser.see("#now-title", "has arrived")
    browser.click("#now-more a", "See receipt")
    browser.wait_for_path(f"/projects/{project}/receipts/")
    browser.see("#receipt-amount", "₱7,500")
    assert browser.audit() == []
    browser.screenshot(f"receipt-{width}")
    assert browser.see("#pdf").get_attribute("href").endswith("/receipt.pdf")


@pytest.mark.parametrize("width", [1280], ids=["desktop"], indirect=True)
def test_a_wallet_that_was_left_can_be_gone_on_with_or_tried_again(site, paying, project, width):
    browser = paying
    choose(browser, "paymaya")
    browser.click("#pay")
    browser.wait(lambda: browser.driver.current_url.startswith(site.paymongo.origin))
    browser.open(f"/projects/{project}/payment")
    browser.click("#go-on")
    to_the_wallet(site, browser, "fail")
    browser.see("#now-title", "did not work")
    browser.screenshot("payment-failed")
    choose(browser, "paymaya")
    browser.click("#pay")
    to_the_wallet(site, browser, "authorize")
    browser.see("#now-title", "has arrived")


def test_a_transfer_is_proved_and_its_confirmation_appears_without_a_reload(site, paying, world, project, width, tmp_path):
    browser = paying
    proof = tmp_path / "proof.pdf"
    proof.write_bytes(b"%PDF-1.4\n% proof of project " + str(project).encode())
    choose(browser, f"account:{world['account']}")
    browser.click("#pay")
    browser.see(".to-pay", "0917 123 4567")
    browser.click("#proof-send")
    browser.see("#proof-file-error", "Choose")
    browser.see("#proof-file").send_keys(str(proof))
    browser.type("#proof-reference", f"900 {project}")
    assert browser.audit() == []
    browser.screenshot(f"payment-transfer-{width}")
    browser.click("#proof-send")
    browser.see("#now-title", "being checked")
    browser.see('[data-part="deposit"] .chip', "Being checked")
    payment = world["client"].get(f"/api/projects/{project}/payments").expect()["payments"][0]
    world["admin"].post(f"/api/admin/payments/{payment['id']}/review").expect(200)
    world["staff"].post(f"/api/admin/payments/{payment['id']}/verify", {"amount": payment["amount"]}).expect(200)
    browser.see("#now-title", "has arrived")
    browser.see('[data-part="deposit"] .chip', "Paid")


@pytest.mark.expects(422)
def test_staff_look_at_a_proof_confirm_the_money_and_ask_for_the_balance(site, browser, world, project, width):
    client = world["client"]
    payment = client.post(f"/api/projects/{project}/payments", {"part": "deposit", "method": "manual", "accountId": world["account"]}).expect(201)["id"]
    file = client.post(f"/api/projects/{project}/files?name=proof.pdf&purpose=payment", data=b"%PDF-1.4\n% of " + str(project).encode(),
                       headers={"Content-Type": "application/pdf"}).expect(201)["id"]
    client.post(f"/api/projects/{project}/payments/{payment}/proof", {"fileId": file, "reference": f"77 {project}"}).expect(200)
    item = f'[data-payment-id="{payment}"]'
    journey.signed_in_device(browser, site, world["admin"])
    browser.open("/admin/payments")
    browser.click(f"{item} [data-act=review] button")
    browser.see(f"{item}[data-stage=reviewed]", "Somebody else of the agency confirms")
    assert browser.audit() == []
    browser.screenshot(f"admin-payments-{width}")
    journey.signed_in_device(browser, site, world["staff"])
    browser.open("/admin/payments")
    browser.type(f"{item} [data-act=verify] input", "7,000")
    browser.click(f"{item} [data-act=verify] button")
    browser.see(f"{item} .error", "₱7,500")
    browser.type(f"{item} [data-act=verify] input", "7,500")
    browser.click(f"{item} [data-act=verify] button")
    browser.wait(lambda: not browser.all(item), about="it stays on the list")
    browser.open(f"/projects/{project}")
    browser.click("#ask-for-balance")
    browser.see("#payment", "The client is asked for ₱7,500")
    assert [p["state"] for p in client.get(f"/api/projects/{project}/payments").expect()["parts"]] == ["paid", "due"]


@pytest.mark.expects(422)
def test_staff_give_money_back_and_the_client_sees_it_on_the_receipt_and_by_mail(site, browser, world, project, width):
    client = world["client"]
    payment = client.post(f"/api/projects/{project}/payments", {"part": "deposit", "method": "gcash"}).expect(201)["id"]
    path = f"/api/projects/{project}/payments/{payment}"
    browser.wait(lambda: client.get(path).expect()["stage"] == "open", about="it begins")
    site.paymongo.settle(site.paymongo.of_payment(payment)[0]["id"])
    browser.wait(lambda: client.get(path).expect()["status"] == "succeeded", about="it arrives")
    item = f'[data-payment-id="{payment}"]'
    journey.signed_in_device(browser, site, world["staff"])
    browser.open("/admin/payments")
    browser.click("#filters [data-state=all]")
    browser.click(f"{item} [data-act=refund] summary")
    browser.type(f"{item} [data-act=refund] [name=amount]", "7,500.01")
    browser.type(f"{item} [data-act=refund] [name=reason]", "One page less")
    browser.click(f"{item} [data-act=refund] button")
    browser.see(f"{item} .error", "At most ₱7,500")
    browser.type(f"{item} [data-act=refund] [name=amount]", "1,000")
    browser.click(f"{item} [data-act=refund] button")
    browser.see(f"{item} .facts", "₱1,000")
    journey.signed_in_device(browser, site, client)
    browser.open(f"/projects/{project}/receipts/{payment}")
    browser.see("#receipt-refunds", "One page less")
    browser.see("#receipt-refunds .kept", "₱6,500")
    assert browser.audit() == []
    browser.screenshot(f"receipt-refund-{width}")
    browser.open(f"/projects/{project}/payment")
    browser.see("#payments", "₱1,000 of it was given back")
    site.sql("update users set email_verified = now() where id = %s", client.user["id"])
    site.sql("update jobs set run_after = now() where kind = 'notice' and state = 'queued'")
    site.wait_for_mail(client.email, "One page less")


@pytest.mark.expects(415)
def test_an_administrator_adds_an_account_with_its_code(site, browser, world, tmp_path):
    journey.signed_in_device(browser, site, world["admin"])
    browser.open("/admin/payments")
    browser.click("#add-account")
    for name, value in {"label": "BPI", "accountName": "Lunaxcode Inc.", "accountNumber": "0001 2345 67"}.items():
        browser.type(f"#account-{name}", value)
    journey.choose(browser.see("#account-kind"), "Bank")
    wrong = tmp_path / "code.png"
    wrong.write_bytes(b"not a picture")
    browser.see("#account-qr").send_keys(str(wrong))
    browser.click("#edit-account button[type=submit]")
    browser.see("#account-qr-error", "PNG, JPEG or WebP")
    browser.click("#edit-account button", "Cancel")
    assert [a["label"] for a in world["admin"].get("/api/payment-accounts").expect()["accounts"] if a["label"] == "BPI"] == ["BPI"]


def test_a_client_does_not_see_the_page_of_staff(site, browser, world):
    journey.signed_in_device(browser, site, world["client"])
    browser.driver.get_log("browser")
    browser.open("/admin/payments")
    browser.see("main", "For staff")
