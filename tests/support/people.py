"""People who use the site: accounts made on the spot, each with an address of its own."""
import base64
import hashlib
import hmac
import itertools
import secrets
import struct
import time
import uuid

from instance import PASSWORD

_numbers = itertools.count(1)
# What a sign-up leaves in the database, but for its letter and its line in the log.
SIGNED_UP = """
    with place as (select t.id as tenant, r.id as role from tenants t, roles r where t.schema_name = %s and r.name = 'client'),
    person as (insert into users (name, email, password) values (%s, %s, %s) returning id),
    member as (insert into user_tenant (user_id, tenant_id) select p.id, l.tenant from person p, place l)
    insert into user_roles (user_id, tenant_id, role_id) select p.id, l.tenant, l.role from person p, place l returning user_id"""
SIGNED_IN = "insert into sessions (token_hash, user_id, tenant_id, ip) select %s, %s, id, %s from tenants where schema_name = %s"


def new_address(word="person"):
    return f"{word}{next(_numbers)}.{uuid.uuid4().hex[:8]}@example.test"


def new_person(site, host=None, name="Juana dela Cruz"):
    """A client who has an account and is signed in, by rows: a tenth of a second of hashing less than a sign-up. Where a test looks
    at the way in, at its letter or its line in the log, take sign_up()."""
    client, tenant, token = site.visitor(host), site.tenant_at(host or site.host), secrets.token_urlsafe(16)
    client.email, client.password = new_address(), PASSWORD
    user = site.one(SIGNED_UP, tenant, name, client.email, site.hashed_password())
    site.sql(SIGNED_IN, hashlib.sha256(token.encode()).digest(), user, client.address, tenant)
    client.cookies["session"] = token
    client.user = {"id": user, "name": name, "email": client.email, "role": "client", "emailVerified": False}
    site.witness.users[user] = client.email
    return client


def sign_up(site, host=None, name="Juana dela Cruz", email=None, **body):
    """A client who has just signed up as everybody does, and so is signed in."""
    client = site.visitor(host)
    client.email, client.password = email or new_address(), PASSWORD
    answer = client.post("/api/auth/signup", {"name": name, "email": client.email, "password": PASSWORD, **body})
    client.user = answer.expect(201)["user"]
    return client


def code(secret, steps=0):
    """What an app would show for a second factor (RFC 6238), some steps from now. The code of before, of now and of the next half minute
    are taken, each after those that were: so a test takes code(secret) first and code(secret, 1) then, whenever a half minute begins."""
    key = base64.b32decode(secret + "=" * (-len(secret) % 8))
    digest = hmac.new(key, struct.pack(">Q", int(time.time()) // 30 + steps), hashlib.sha1).digest()
    at = digest[19] & 15
    return f"{(struct.unpack('>I', digest[at:at + 4])[0] & 0x7fffffff) % 1000000:06}"
