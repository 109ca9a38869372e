"""Fixtures for every kind of test against a running site: one site a session (a worker of xdist), people who use it."""
import sys

sys.dont_write_bytecode = True  # the checkout stays clean

import functools
from types import SimpleNamespace

import pytest

import invariants
import onboarding
import people
from instance import OTHER_HOST, Instance
from paymongo import PayMongo
from people import new_person


# What takes longest begins first, so that no process is left with it at the end. Files of http share a site and stay in their order.
# What looks at every word looks before other tests have changed the agency's.
FIRST = ("browser/words_test.py", "faults/payments_test.py", "faults/kill_test.py", "browser/main_job_test.py", "browser/looks_test.py", "browser/every_page_test.py")


def pytest_collection_modifyitems(items):
    order = {name: number for number, name in enumerate(FIRST)}
    items.sort(key=lambda item: order.get("/".join(item.path.parts[-2:]), len(order)))


@pytest.hookimpl(hookwrapper=True)
def pytest_runtest_makereport(item, call):
    """With a failure come the last warnings and errors that its site has logged."""
    report = (yield).get_result()
    site = getattr(item, "funcargs", {}).get("site")
    if report.failed and isinstance(site, Instance):
        log = site.state / "log/lunaxcode.log"
        lines = [line for line in log.read_text(errors="replace").splitlines() if '"info"' not in line] if log.exists() else []
        if lines:
            report.sections.append(("log of the site", "\n".join(lines[-15:])))


@pytest.fixture(scope="session")
def site():
    """The site that the tests of this process share. At the end everything that was promised must be there."""
    paymongo = PayMongo()
    instance = Instance(other=True, TENANTS_EVERY=1, PAYMENT_POLL_SECONDS=2, PAYMONGO_TIMEOUT_SECONDS=5, **paymongo.settings())
    instance.paymongo, paymongo.webhook = paymongo, f"{instance.url}/api/payments/webhook"
    try:
        instance.start()
        yield instance
        invariants.hold(instance)
        refused = [one["refused"] for one in instance.gemini.requests if one["refused"]]
        assert not refused, f"Gemini would have refused what the worker sent: {refused}"
    finally:
        instance.destroy()
        paymongo.close()


@pytest.fixture
def visitor(site):
    """Somebody who was never here before."""
    client = site.visitor()
    yield client
    client.close()


@pytest.fixture
def sign_up(site):
    """Makes accounts as everybody does: sign_up() is a new person who is signed in."""
    return functools.partial(people.sign_up, site)


@pytest.fixture(scope="session")
def member(site):
    """A client with a project whose plan is ready; shared, so only look at it."""
    client = new_person(site)
    project = onboarding.create(client)
    details = onboarding.wait_for_plan(client, project)
    return SimpleNamespace(client=client, project=project, details=details)


@pytest.fixture(scope="session")
def stranger(site):
    """A client of the same agency who has nothing to do with the member's project."""
    return new_person(site, name="Pedro Penduko")


@pytest.fixture(scope="session")
def staff(site):
    """Somebody who works for the agency."""
    return site.signed_in(*site.account("member"))


@pytest.fixture(scope="session")
def viewer(site):
    """Somebody who sees what staff see, and changes nothing."""
    return site.signed_in(*site.account("viewer"))


@pytest.fixture(scope="session")
def admin(site):
    return site.signed_in(*site.account("admin"))


@pytest.fixture(scope="session")
def other_staff(site):
    """Somebody who works for the other agency, signed in there."""
    return site.signed_in(*site.account("admin", "other"), host=OTHER_HOST)


@pytest.fixture(scope="session")
def platform_owner(site):
    """Who owns the installation, and is an administrator of the agency."""
    address, password = site.account("admin", name="platform")
    site.migrate("tenants", "owner", address)
    return site.signed_in(address, password)
