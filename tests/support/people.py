"""People who use the site: accounts made on the spot, each with an address of its own."""
import itertools
import uuid

from instance import PASSWORD

_numbers = itertools.count(1)


def new_address(word="person"):
    return f"{word}{next(_numbers)}.{uuid.uuid4().hex[:8]}@example.test"


def new_person(site, host=None, name="Juana dela Cruz", email=None, **body):
    """A client who has just signed up, and so is signed in."""
    client = site.visitor(host)
    client.email, client.password = email or new_address(), PASSWORD
    answer = client.post("/api/auth/signup", {"name": name, "email": client.email, "password": PASSWORD, **body})
    client.user = answer.expect(201)["user"]
    return client
