#!/usr/bin/python3
"""A stand-in Google on 127.0.0.1: OpenID Connect with discovery, PKCE, codes that work once and real RS256 keys; it can misbehave.

    tests/stand_ins/google.py --port 8099            then GOOGLE_ISSUER=http://127.0.0.1:8099 GOOGLE_CLIENT_ID=stand-in-client
                                                          GOOGLE_CLIENT_SECRET=stand-in-secret make run
    curl -d '{"kind": "wrong aud", "times": 2}' http://127.0.0.1:8099/control
"""
import argparse
import base64
import hashlib
import hmac
import html
import http.server
import json
import secrets
import subprocess
import tempfile
import threading
import time
import urllib.parse
from pathlib import Path

CLIENT_ID, CLIENT_SECRET = "stand-in-client", "stand-in-secret"


def b64(data):
    return base64.urlsafe_b64encode(data).rstrip(b"=").decode()


class Key:
    """An RSA key of OpenSSL's making; only its public part is ever shown."""

    def __init__(self, folder, kid):
        self.kid, self.path = kid, Path(folder) / f"{kid}.pem"
        subprocess.run(["openssl", "genpkey", "-quiet", "-algorithm", "RSA", "-pkeyopt", "rsa_keygen_bits:2048", "-out", self.path], check=True, capture_output=True)
        said = subprocess.run(["openssl", "rsa", "-in", self.path, "-noout", "-modulus"], check=True, capture_output=True, text=True).stdout
        self.modulus = bytes.fromhex(said.strip().partition("=")[2])

    def jwk(self):
        return {"kty": "RSA", "use": "sig", "alg": "RS256", "kid": self.kid, "n": b64(self.modulus), "e": "AQAB"}

    def sign(self, text):
        return subprocess.run(["openssl", "dgst", "-sha256", "-sign", self.path], input=text, check=True, capture_output=True).stdout


# What is wrong with a token: each changes its header, its claims, or how it is signed.
def claims(**changes):
    return lambda google, head, body: body.update({name: value(body) if callable(value) else value for name, value in changes.items()})


def without(name):
    return lambda google, head, body: body.pop(name)


def header(**changes):
    return lambda google, head, body: head.update(changes)


TOKEN_FAULTS = {
    "wrong aud": claims(aud="somebody-elses-client"),
    "another client among the audiences, no azp": claims(aud=[CLIENT_ID, "somebody-elses-client"]),
    "azp of another client": claims(azp="somebody-elses-client"),
    "no aud": without("aud"),
    "wrong iss": claims(iss="https://accounts.example"),
    "no iss": without("iss"),
    "expired": claims(exp=lambda body: int(time.time()) - 120, iat=lambda body: int(time.time()) - 400),
    "no exp": without("exp"),
    "made in the future": claims(iat=lambda body: int(time.time()) + 600),
    "made long ago": claims(iat=lambda body: int(time.time()) - 3000),
    "wrong nonce": claims(nonce="another-sign-in"),
    "no nonce": without("nonce"),
    "no sub": without("sub"),
    "no email": without("email"),
    "unverified email": claims(email_verified=False),
    "no email_verified": without("email_verified"),
    "alg none": header(alg="none"),
    "alg None in capitals": header(alg="NONE"),
    "alg HS256 with the client secret": header(alg="HS256"),
    "alg HS256 with the public key": header(alg="HS256"),
    "alg RS512": header(alg="RS512"),
    "no kid": lambda google, head, body: head.pop("kid"),
    "unknown kid": header(kid="nobody-knows-me"),
    "critical extension": header(crit=["b64"], b64=False),
    "signed by another key": lambda google, head, body: None,
    "changed after signing": lambda google, head, body: None,
    "signature cut": lambda google, head, body: None,
    "signature empty": lambda google, head, body: None,
    "four parts": lambda google, head, body: None,
}
ENDPOINT_FAULTS = ("token 400", "token 401", "token 429", "token 500", "token 503", "token hangs up", "token is no JSON", "token without id_token",
                   "id_token is garbage", "token is huge", "jwks 500", "jwks is empty", "jwks is no JSON", "jwks hangs up", "jwks holds strangers")
SLOW_FAULTS = ("token hangs", "discovery hangs", "jwks hangs")
DISCOVERY_FAULTS = ("discovery 500", "discovery 404", "discovery hangs up", "discovery is huge", "discovery names no keys", "discovery is no JSON", "discovery of another issuer", "discovery names plain http elsewhere")


class Google:
    def __init__(self, port=0):
        self.folder = tempfile.TemporaryDirectory(prefix="lx-google-")
        self.key, self.stranger = Key(self.folder.name, "key-1"), Key(self.folder.name, "stranger")
        self.published = [self.key]
        self.codes, self.faults, self.requests, self.refused = {}, [], [], []
        self.lock = threading.Lock()
        google = self

        class Handler(http.server.BaseHTTPRequestHandler):
            protocol_version = "HTTP/1.1"

            def do_GET(self):
                google.answer(self, urllib.parse.urlsplit(self.path), b"")

            def do_POST(self):
                google.answer(self, urllib.parse.urlsplit(self.path), self.rfile.read(int(self.headers.get("Content-Length") or 0)))

            def log_message(self, *words):
                pass

        self.server = http.server.ThreadingHTTPServer(("127.0.0.1", port), Handler)
        self.server.daemon_threads = True
        self.url = f"http://127.0.0.1:{self.server.server_address[1]}"
        self.people = {"ana": {"sub": "1000000001", "email": "ana@gmail.example", "name": "Ana Reyes"}}
        threading.Thread(target=self.server.serve_forever, daemon=True).start()

    def close(self):
        self.server.shutdown()
        self.server.server_close()
        self.folder.cleanup()

    def settings(self):
        return {"GOOGLE_ISSUER": self.url, "GOOGLE_CLIENT_ID": CLIENT_ID, "GOOGLE_CLIENT_SECRET": CLIENT_SECRET}

    def fail(self, kind, times=1):
        assert kind in TOKEN_FAULTS or kind in (*ENDPOINT_FAULTS, *SLOW_FAULTS, *DISCOVERY_FAULTS), kind
        with self.lock:
            self.faults.append([kind, times])

    def _fault(self, *kinds):
        with self.lock:
            for fault in self.faults:
                if fault[0] in kinds:
                    fault[1] -= 1
                    if fault[1] == 0:
                        self.faults.remove(fault)
                    return fault[0]
        return None

    def rotate(self):
        """A new key signs from now on, and the old one is not published any more."""
        self.key = Key(self.folder.name, f"key-{len(list(Path(self.folder.name).iterdir()))}-{secrets.token_hex(2)}")
        self.published = [self.key]

    # The person's side
    def approve(self, address, person):
        """What a person who agrees at this address of ours sends back to the site: code and state."""
        asked = dict(urllib.parse.parse_qsl(urllib.parse.urlsplit(address).query, strict_parsing=True))
        wanted = {"response_type": "code", "client_id": CLIENT_ID, "code_challenge_method": "S256"}
        wrong = [name for name, value in wanted.items() if asked.get(name) != value]
        wrong += [name for name, least in (("state", 20), ("nonce", 20), ("code_challenge", 43)) if len(asked.get(name, "")) < least]
        wrong += [] if set(asked.get("scope", "").split()) >= {"openid", "email", "profile"} else ["scope"]
        wrong += [] if asked.get("redirect_uri", "").endswith("/api/auth/google/callback") else ["redirect_uri"]
        assert not wrong, f"Google would refuse {wrong}: {asked}"
        code = "4/" + secrets.token_urlsafe(30)
        with self.lock:
            self.codes[code] = {"challenge": asked["code_challenge"], "nonce": asked["nonce"], "redirect_uri": asked["redirect_uri"], "person": person}
        return {"code": code, "state": asked["state"], "scope": "email profile openid", "authuser": "0", "prompt": "consent"}, asked["redirect_uri"]

    # The server's side
    def answer(self, handler, url, body):
        with self.lock:
            self.requests.append((handler.command, url.path, dict(urllib.parse.parse_qsl(body.decode(errors="replace")))))
        if url.path == "/.well-known/openid-configuration":
            return self._discovery(handler)
        if url.path == "/jwks":
            return self._jwks(handler)
        if url.path == "/auth":
            return self._ask(handler, url)
        if url.path == "/agree":
            return self._agree(handler, url)
        if url.path == "/token" and handler.command == "POST":
            return self._token(handler, dict(urllib.parse.parse_qsl(body.decode())))
        if url.path == "/control" and handler.command == "POST":
            asked = json.loads(body)
            self.fail(asked["kind"], asked.get("times", 1))
            return self._send(handler, 200, {})
        return self._send(handler, 404, {"error": "not_found"})

    @staticmethod
    def _send(handler, status, body, kind="application/json", headers=()):
        data = body if isinstance(body, bytes) else json.dumps(body).encode()
        handler.send_response(status)
        for name, value in (("Content-Type", kind), ("Content-Length", str(len(data))), *headers):
            handler.send_header(name, value)
        handler.end_headers()
        handler.wfile.write(data)

    def _discovery(self, handler):
        fault = self._fault(*DISCOVERY_FAULTS, "discovery hangs")
        if fault == "discovery hangs":
            time.sleep(6)
        if fault == "discovery hangs up":
            handler.close_connection = True
            return handler.connection.close()
        if fault in ("discovery 500", "discovery 404"):
            return self._send(handler, int(fault.split()[1]), b"oops", "text/plain")
        if fault == "discovery is huge":
            return self._send(handler, 200, b'{"issuer":"' + b"A" * 400_000 + b'"}')
        if fault == "discovery is no JSON":
            return self._send(handler, 200, b"<html>hotel wifi</html>", "text/html")
        other = "https://accounts.example" if fault == "discovery of another issuer" else self.url
        there = "http://192.0.2.1" if fault == "discovery names plain http elsewhere" else self.url
        return self._send(handler, 200, {
            "issuer": other, "authorization_endpoint": f"{self.url}/auth", "token_endpoint": f"{there}/token",
            **({} if fault == "discovery names no keys" else {"jwks_uri": f"{self.url}/jwks"}),
            "response_types_supported": ["code"], "subject_types_supported": ["public"], "id_token_signing_alg_values_supported": ["RS256"],
            "code_challenge_methods_supported": ["plain", "S256"]})

    def _jwks(self, handler):
        fault = self._fault(*(kind for kind in (*ENDPOINT_FAULTS, *SLOW_FAULTS) if kind.startswith("jwks")))
        if fault == "jwks hangs":
            time.sleep(6)
            fault = None
        if fault == "jwks hangs up":
            handler.close_connection = True
            return handler.connection.close()
        if fault == "jwks holds strangers":
            return self._send(handler, 200, {"keys": [self.stranger.jwk()]})
        if fault == "jwks 500":
            return self._send(handler, 500, b"oops", "text/plain")
        if fault == "jwks is no JSON":
            return self._send(handler, 200, b"keys", "text/plain")
        keys = [] if fault else [{"kty": "EC", "kid": "elliptic", "crv": "P-256", "x": "AA", "y": "AA"}, *(key.jwk() for key in self.published)]
        return self._send(handler, 200, {"keys": keys}, headers=[("Cache-Control", "public, max-age=20000")])

    def _ask(self, handler, url):
        rows = "".join(f'<p><a id="{html.escape(name)}" href="/agree?{html.escape(urllib.parse.urlencode({"as": name}) + "&" + url.query)}">Continue as {html.escape(one["name"])}</a></p>'
                       for name, one in self.people.items())
        refuse = dict(urllib.parse.parse_qsl(url.query))
        no = f'{refuse.get("redirect_uri", "")}?{urllib.parse.urlencode({"error": "access_denied", "state": refuse.get("state", "")})}'
        page = f'<!doctype html><html lang="en"><title>Stand-in Google</title><link rel="icon" href="data:,"><h1>Choose an account</h1>{rows}<p><a id="no" href="{html.escape(no)}">Cancel</a></p></html>'
        return self._send(handler, 200, page.encode(), "text/html; charset=utf-8")

    def _agree(self, handler, url):
        who = urllib.parse.parse_qs(url.query)["as"][0]
        back, redirect_uri = self.approve(url.geturl(), self.people[who])
        return self._send(handler, 302, b"", headers=[("Location", f"{redirect_uri}?{urllib.parse.urlencode(back)}")])

    def _token(self, handler, asked):
        fault = self._fault(*TOKEN_FAULTS, *(kind for kind in (*ENDPOINT_FAULTS, *SLOW_FAULTS) if "token" in kind))
        if fault == "token hangs":
            time.sleep(12)
        if fault == "token hangs up":
            handler.close_connection = True
            return handler.connection.close()
        if fault in ("token 400", "token 401", "token 429", "token 500", "token 503"):
            return self._send(handler, int(fault.split()[1]), {"error": "invalid_grant" if fault == "token 400" else "nope", "error_description": "Bad Request"})
        if fault == "token is no JSON":
            return self._send(handler, 200, b"<html>hotel wifi</html>", "text/html")
        if fault == "token is huge":
            return self._send(handler, 200, b'{"id_token":"' + b"A" * 200_000 + b'"}')
        with self.lock:
            known = self.codes.pop(asked.get("code"), None)
        wrong = [name for name, value in (("client_id", CLIENT_ID), ("client_secret", CLIENT_SECRET), ("grant_type", "authorization_code")) if asked.get(name) != value]
        if known:
            wrong += [] if asked.get("redirect_uri") == known["redirect_uri"] else ["redirect_uri"]
            wrong += [] if b64(hashlib.sha256(asked.get("code_verifier", "").encode()).digest()) == known["challenge"] else ["code_verifier"]
        if wrong or not known:
            with self.lock:
                self.refused.append(wrong or ["code"])
            return self._send(handler, 400, {"error": "invalid_grant", "error_description": f"Malformed auth code or {wrong}"})
        answer = {"access_token": "ya29.stand-in", "expires_in": 3599, "scope": "openid email profile", "token_type": "Bearer"}
        if fault != "token without id_token":
            answer["id_token"] = "garbage.without.sense" if fault == "id_token is garbage" else self.id_token(known, fault)
        return self._send(handler, 200, answer)

    def id_token(self, known, fault=None):
        now = int(time.time())
        head = {"alg": "RS256", "kid": self.key.kid, "typ": "JWT"}
        body = {"iss": self.url, "azp": CLIENT_ID, "aud": CLIENT_ID, "email_verified": True, "at_hash": "x", "nonce": known["nonce"],
                "iat": now, "exp": now + 3599, **known["person"]}
        if fault == "another client among the audiences, no azp":
            body.pop("azp")
        TOKEN_FAULTS.get(fault, lambda google, head, body: None)(self, head, body)
        text = f"{b64(json.dumps(head).encode())}.{b64(json.dumps(body).encode())}"
        signature = self._signature(text.encode(), head, fault)
        if fault == "changed after signing":
            body["sub"] = "2000000002"
            text = f"{text.split('.')[0]}.{b64(json.dumps(body).encode())}"
        return f"{text}.{b64(signature)}" + (".AAAA" if fault == "four parts" else "")

    def _signature(self, text, head, fault):
        if head["alg"] in ("none", "NONE") or fault == "signature empty":
            return b""
        if head["alg"] == "HS256":
            secret = CLIENT_SECRET.encode() if "secret" in fault else self.key.modulus
            return hmac.new(secret, text, "sha256").digest()
        signature = (self.stranger if fault == "signed by another key" else self.key).sign(text)
        return signature[:-1] if fault == "signature cut" else signature


if __name__ == "__main__":
    options = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    options.add_argument("--port", type=int, default=8099)
    google = Google(options.parse_args().port)
    print(f"GOOGLE_ISSUER={google.url} GOOGLE_CLIENT_ID={CLIENT_ID} GOOGLE_CLIENT_SECRET={CLIENT_SECRET}", flush=True)
    threading.Event().wait()
