"""The site of the fault tests: short deadlines, mail through the stand-in mail server, and invariants checked after every test."""
import pytest

import invariants
from instance import Instance
from smtp import Smtp


@pytest.fixture(scope="module")
def smtp():
    server = Smtp()
    yield server
    server.close()


@pytest.fixture(scope="module")
def site(smtp, request):
    """A site for this file alone: its parts are killed. SETTINGS in the file are added."""
    settings = {"SMTP_URL": smtp.url, "MAIL_FROM": "Agency <agency@example.test>", "LIMIT_API": "off", "LIMIT_AUTH": "off",
                **getattr(request.module, "SETTINGS", {})}
    instance = Instance(other=True, **settings)
    try:
        instance.start()
        yield instance
    finally:
        instance.destroy()


@pytest.fixture(autouse=True)
def invariants_hold(site, request):
    """I1–I6 after each test, whatever it did; after the last only in a file whose tests share one set of projects."""
    yield
    if not getattr(request.module, "ONE_SET", False):
        invariants.hold(site)


@pytest.fixture(scope="module", autouse=True)
def invariants_hold_at_last(site):
    yield
    invariants.hold(site)
