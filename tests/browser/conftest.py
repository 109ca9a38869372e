"""One Chromium a process; every test gets a device that was never here, and must leave a silent console behind."""
import pytest

import invariants
from chromium import Browser
from google import Google
from instance import Instance
from paymongo import PayMongo


@pytest.fixture(scope="session")
def google():
    stand_in = Google()
    yield stand_in
    stand_in.close()


@pytest.fixture(scope="session")
def site(google):
    paymongo = PayMongo()
    instance = Instance(LIMIT_API="off", LIMIT_AUTH="off", TENANTS_EVERY=1, PAYMENT_POLL_SECONDS=5, **google.settings(), **paymongo.settings())
    instance.paymongo, paymongo.webhook = paymongo, f"{instance.url}/api/payments/webhook"
    try:
        instance.start()
        yield instance
        invariants.hold(instance)
    finally:
        instance.destroy()
        paymongo.close()


@pytest.fixture(scope="session")
def chromium(site):
    browser = Browser(site)
    yield browser
    browser.close()


@pytest.fixture
def browser(site, chromium, request):
    """Mark a test with `expects(404, …)` where a failed load is part of its story."""
    site.sql("delete from auth_attempts")  # every browser comes from one address
    chromium.new_device()
    chromium.driver.get_log("browser")
    yield chromium
    expected = [status for mark in request.node.iter_markers("expects") for status in mark.args]
    complaints = chromium.complaints(expected)
    failed = getattr(request.node, "failed", False)
    if failed:
        chromium.screenshot(f"failed-{request.node.name}"[:80])
    assert failed or not complaints, "\n".join(complaints)


@pytest.hookimpl(hookwrapper=True)
def pytest_runtest_makereport(item, call):
    report = (yield).get_result()
    if call.when == "call":
        item.failed = report.failed
