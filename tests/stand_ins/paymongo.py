#!/usr/bin/env python3
"""A stand-in for PayMongo on 127.0.0.1: intents, methods, attach, hosted checkout, signed events, and the ways in which they fail.

Run by hand:  tests/stand_ins/paymongo.py --port 8091 --webhook http://127.0.0.1:8080/api/payments/webhook
Then:         PAYMONGO_BASE_URL=http://127.0.0.1:8091/v1 PAYMONGO_SECRET_KEY=sk_test_stand_in PAYMONGO_PUBLIC_KEY=pk_test_stand_in \\
              PAYMONGO_WEBHOOK_SECRET=whsk_stand_in make run
Its pages to authorise a payment are real pages: a browser that is sent there comes back paid or failed.
"""
import argparse
import base64
import hashlib
import hmac
import html
import http.client
import itertools
import json
import re
import socket
import struct
import sys
import threading
import time
import urllib.parse
import uuid
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

SECRET_KEY, PUBLIC_KEY, WEBHOOK_SECRET = "sk_test_stand_in", "pk_test_stand_in", "whsk_stand_in"
METHODS = ("card", "gcash", "paymaya")
DECLINED = {"4200000000000018": "card_expired", "5100000000000198": "insufficient_funds", "4111111111111111": "generic_decline",
            "4230000000000004": "processor_unavailable"}
THREE_D_SECURE = "4120000000000007"

# What can go wrong at a stage (create, list, get, method, attach, cancel, session, get-session, expire): whether the work is done, and what is answered.
FAULTS = {
    "timeout-before": "nothing is done, and nothing answered",
    "timeout-after": "it is done, and nothing answered",
    "cut-after": "it is done, and the answer is cut off in its middle",
    "reset-before": "the connection is reset before anything is done",
    "500-before": "nothing is done; 500",
    "500-after": "it is done; 500",
    "429": "nothing is done; 429 with a plain text",
    "garbage": "it is done; 200 with a page of HTML",
}


def new_id(kind):
    return f"{kind}_{uuid.uuid4().hex[:24]}"


def sign(body, secret=WEBHOOK_SECRET, at=None, live=False):
    """The Paymongo-Signature header of these bytes."""
    at = int(time.time()) if at is None else at
    digest = hmac.new(secret.encode(), f"{at}.".encode() + body, hashlib.sha256).hexdigest()
    return f"t={at},te={'' if live else digest},li={digest if live else ''}"


def payment_resource(amount, intent=None, metadata=None, status="paid", currency="PHP", source="gcash", number=None, code=None):
    data = {"amount": amount, "currency": currency, "status": status, "fee": amount // 40, "net_amount": amount - amount // 40, "livemode": False,
            "payment_intent_id": intent, "metadata": metadata, "source": {"type": source}, "paid_at": int(time.time()) if status == "paid" else None}
    if code:
        data.update(failed_code=code, failed_message=f"The payment failed with {code}.")
    return {"id": number or new_id("pay"), "type": "payment", "attributes": data}


def event(kind, resource, live=False, number=None, created=None):
    return {"data": {"id": number or new_id("evt"), "type": "event", "attributes": {
        "type": kind, "livemode": live, "data": resource, "previous_data": {}, "created_at": int(time.time()) if created is None else created,
        "updated_at": int(time.time())}}}


class Refused(Exception):
    def __init__(self, status, code, detail, attribute=None):
        super().__init__(detail)
        self.status = status
        self.body = {"errors": [{"code": code, "detail": detail, **({"source": {"pointer": attribute, "attribute": attribute}} if attribute else {})}]}


class PayMongo:
    """Safe to drive from any thread. `lists`: whether intents can be listed. `deliver`: whether events are sent to `webhook`."""

    def __init__(self, port=0, webhook=None, lists=True):
        self.webhook, self.lists, self.deliver = webhook, lists, True
        self.host = None  # the Host header of events, where the site is found by another name than its address
        self.intents, self.methods, self.sessions, self.events, self.requests, self.deliveries = {}, {}, {}, [], [], []
        self._faults, self._lock = [], threading.RLock()
        self._numbers = itertools.count(1)
        stand_in = self

        class Handler(BaseHTTPRequestHandler):
            protocol_version = "HTTP/1.1"

            def log_message(self, *words):
                pass

            def do_GET(self):
                stand_in._serve(self)

            do_POST = do_OPTIONS = do_GET

        self.server = ThreadingHTTPServer(("127.0.0.1", port), Handler)
        self.server.daemon_threads = True
        self.port = self.server.server_address[1]
        self.origin = f"http://127.0.0.1:{self.port}"
        self.url = f"{self.origin}/v1"
        threading.Thread(target=self.server.serve_forever, args=(0.05,), daemon=True).start()

    def close(self):
        self.server.shutdown()
        self.server.server_close()

    def settings(self, **more):
        """The site's settings that lead here."""
        return {"PAYMONGO_BASE_URL": self.url, "PAYMONGO_SECRET_KEY": SECRET_KEY, "PAYMONGO_PUBLIC_KEY": PUBLIC_KEY,
                "PAYMONGO_WEBHOOK_SECRET": WEBHOOK_SECRET, **more}

    def fail(self, stage, kind, times=1, match=None):
        """The next `times` requests of that stage whose body or path contains `match` go wrong."""
        assert kind in FAULTS, kind
        with self._lock:
            self._faults.append({"stage": stage, "kind": kind, "times": times, "match": match})

    def _fault(self, stage, text):
        with self._lock:
            for fault in self._faults:
                if fault["times"] > 0 and fault["stage"] == stage and (fault["match"] is None or fault["match"] in text):
                    fault["times"] -= 1
                    return fault["kind"]
        return None

    # What tests look at
    def of_payment(self, payment, tenant="lunaxcode"):
        """The intents that were made for a payment of ours."""
        with self._lock:
            return [one for one in self.intents.values() if (one["attributes"]["metadata"] or {}).get("payment") == str(payment)
                    and one["attributes"]["metadata"].get("tenant") == tenant]

    def payable(self, payment, tenant="lunaxcode"):
        return [one for one in self.of_payment(payment, tenant) if one["attributes"]["status"] not in ("succeeded", "cancelled")]

    # HTTP
    def _serve(self, call):
        length = int(call.headers.get("Content-Length") or 0)
        body = call.rfile.read(length)
        path, _, query = call.path.partition("?")
        self.requests.append({"number": next(self._numbers), "method": call.command, "path": path, "body": body.decode("utf-8", "replace"),
                              "origin": call.headers.get("Origin"), "authorization": call.headers.get("Authorization")})
        if call.command == "OPTIONS":
            return self._answer(call, 204, b"", "text/plain")
        if page := re.fullmatch(r"/(redirect|checkout)/(\w+)", path):
            return self._page(call, *page.groups(), query, body)
        stage = self._stage(call.command, path)
        fault = self._fault(stage, path + body.decode("utf-8", "replace"))
        if fault == "reset-before":
            call.connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
            call.connection.close()
            call.close_connection = True
            return None
        if fault == "timeout-before":
            return self._hang(call)
        if fault == "500-before":
            return self._json(call, 500, {"errors": [{"code": "internal_server_error", "detail": "Something went wrong."}]})
        if fault == "429":
            return self._answer(call, 429, b"Too Many Requests", "text/plain")
        try:
            status, value = 200, self._work(call, stage, path, query, body)
        except Refused as refused:
            status, value = refused.status, refused.body
        if fault == "timeout-after":
            return self._hang(call)
        if fault == "500-after":
            return self._json(call, 500, {"errors": [{"code": "internal_server_error", "detail": "Something went wrong."}]})
        if fault == "garbage":
            return self._answer(call, 200, b"<html>Maintenance</html>", "text/html")
        if fault == "cut-after":
            data = json.dumps(value).encode()
            call.wfile.write(b"HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nContent-Length: %d\r\n\r\n" % len(data) + data[:len(data) // 2])
            call.close_connection = True
            return None
        return self._json(call, status, value)

    def _hang(self, call):
        call.close_connection = True
        call.connection.settimeout(60)
        try:
            call.connection.recv(1)  # until the other side has had enough
        except OSError:
            pass

    def _json(self, call, status, value):
        self._answer(call, status, json.dumps(value).encode(), "application/json")

    def _answer(self, call, status, data, kind, **headers):
        call.send_response(status)
        call.send_header("Content-Type", kind)
        call.send_header("Content-Length", str(len(data)))
        if call.headers.get("Origin"):
            call.send_header("Access-Control-Allow-Origin", call.headers["Origin"])
            call.send_header("Access-Control-Allow-Headers", "authorization, content-type")
            call.send_header("Access-Control-Allow-Methods", "POST, GET")
        for name, value in headers.items():
            call.send_header(name.replace("_", "-"), value)
        call.end_headers()
        call.wfile.write(data)

    @staticmethod
    def _stage(method, path):
        for wanted, pattern, stage in (("POST", r"/v1/payment_intents", "create"), ("GET", r"/v1/payment_intents", "list"),
                                       ("GET", r"/v1/payment_intents/\w+", "get"), ("POST", r"/v1/payment_intents/\w+/attach", "attach"),
                                       ("POST", r"/v1/payment_methods", "method"), ("POST", r"/v1/checkout_sessions", "session"),
                                       ("GET", r"/v1/checkout_sessions/\w+", "get-session"),
                                       ("POST", r"/v1/payment_intents/\w+/cancel", "cancel"), ("POST", r"/v1/checkout_sessions/\w+/expire", "expire")):
            if method == wanted and re.fullmatch(pattern, path):
                return stage
        return None

    def _work(self, call, stage, path, query, body):
        user = base64.b64decode((call.headers.get("Authorization") or "").removeprefix("Basic ") or b"").decode().partition(":")
        if user[0] not in ((SECRET_KEY, PUBLIC_KEY) if stage == "method" else (SECRET_KEY,)) or user[2]:
            raise Refused(401, "invalid_api_key", "API key is invalid.")
        if stage is None or stage == "list" and not self.lists:
            raise Refused(404, "resource_not_found", "No such resource.")
        data = {}
        if call.command == "POST" and stage not in ("cancel", "expire"):
            if "json" not in (call.headers.get("Content-Type") or ""):
                raise Refused(400, "parameter_format_invalid", "Send JSON.")
            try:
                data = json.loads(body)["data"]["attributes"]
            except (ValueError, KeyError, TypeError):
                raise Refused(400, "parameter_required", "data.attributes is required.", "attributes") from None
        number = path.rsplit("/", 2)[1] if stage in ("attach", "cancel", "expire") else path.rsplit("/", 1)[1]
        with self._lock:
            if stage == "cancel":
                return {"data": self._cancel(self._found(self.intents, number))}
            if stage == "expire":
                return {"data": self._expire(self._found(self.sessions, number))}
            if stage == "list":
                limit = int(urllib.parse.parse_qs(query).get("limit", ["10"])[0])
                return {"data": list(reversed(self.intents.values()))[:min(limit, 100)], "has_more": len(self.intents) > limit}
            return {"data": {"create": self._create, "method": self._method, "session": self._session}[stage](data) if stage in ("create", "method", "session")
                    else self._attach(number, data) if stage == "attach" else self._found(self.intents if stage == "get" else self.sessions, number)}

    @staticmethod
    def _found(all_of_them, number):
        if number not in all_of_them:
            raise Refused(404, "resource_not_found", f"No such resource with id {number}.")
        return all_of_them[number]

    # Resources
    def _create(self, data):
        amount = data.get("amount")
        if not isinstance(amount, int) or isinstance(amount, bool):
            raise Refused(400, "parameter_format_invalid", "amount should be an integer.", "amount")
        if amount < 2000:
            raise Refused(400, "parameter_below_minimum", "The value for amount cannot be less than 2000.", "amount")
        if data.get("currency") != "PHP":
            raise Refused(400, "parameter_invalid", "currency should be PHP.", "currency")
        if not data.get("payment_method_allowed") or not set(data["payment_method_allowed"]) <= set(METHODS):
            raise Refused(400, "parameter_invalid", "payment_method_allowed is invalid.", "payment_method_allowed")
        if not all(isinstance(value, str) for value in (data.get("metadata") or {}).values()):
            raise Refused(400, "parameter_format_invalid", "metadata values should be strings.", "metadata")
        number = new_id("pi")
        self.intents[number] = {"id": number, "type": "payment_intent", "attributes": {
            "amount": amount, "currency": "PHP", "status": "awaiting_payment_method", "client_key": f"{number}_client_{uuid.uuid4().hex[:12]}",
            "capture_type": data.get("capture_type"), "description": data.get("description"), "metadata": data.get("metadata"), "next_action": None,
            "last_payment_error": None, "payments": [], "livemode": False, "payment_method_allowed": data["payment_method_allowed"]}}
        return self.intents[number]

    def _method(self, data):
        if data.get("type") not in METHODS:
            raise Refused(400, "parameter_invalid", "type is invalid.", "type")
        card = str((data.get("details") or {}).get("card_number") or "")
        if data["type"] == "card" and (not re.fullmatch(r"\d{14,19}", card) or not (data.get("details") or {}).get("cvc")):
            raise Refused(400, "parameter_format_invalid", "details.card_number format is invalid.", "card_number")
        number = new_id("pm")
        self.methods[number] = {"type": data["type"], "card": card}
        return {"id": number, "type": "payment_method", "attributes": {
            "type": data["type"], "billing": data.get("billing"), "details": {"last4": card[-4:]} if card else None, "livemode": False}}

    def _attach(self, number, data):
        intent = self._found(self.intents, number)
        now = intent["attributes"]
        method = self.methods.get(data.get("payment_method"))
        if not method:
            raise Refused(400, "resource_not_found", "No such payment_method.", "payment_method")
        if now["status"] not in ("awaiting_payment_method", "awaiting_next_action"):
            raise Refused(400, "resource_failed_state", f"payment_intent is {now['status']}.")
        now["source"], now["last_payment_error"] = method["type"], None
        if code := DECLINED.get(method["card"]):
            self._failed(intent, code)
            raise Refused(400, code, f"The card was declined: {code}.")
        if method["type"] == "card" and method["card"] != THREE_D_SECURE:
            self._paid(intent)
        else:
            if not data.get("return_url"):
                raise Refused(400, "parameter_required", "return_url is required.", "return_url")
            now.update(status="awaiting_next_action", next_action={"type": "redirect", "redirect": {
                "url": f"{self.origin}/redirect/{number}", "return_url": data["return_url"]}})
        return intent

    def _session(self, data):
        items = data.get("line_items") or []
        if not items or not data.get("payment_method_types"):
            raise Refused(400, "parameter_required", "line_items and payment_method_types are required.")
        amount = sum(item["amount"] * item["quantity"] for item in items)
        intent = self._create({"amount": amount, "currency": "PHP", "payment_method_allowed": data["payment_method_types"], "metadata": data.get("metadata")})
        number = new_id("cs")
        self.sessions[number] = {"id": number, "type": "checkout_session", "attributes": {
            "checkout_url": f"{self.origin}/checkout/{number}", "status": "active", "line_items": items, "metadata": data.get("metadata"), "payments": [],
            "payment_intent": {"id": intent["id"], "type": "payment_intent"}, "reference_number": data.get("reference_number"),
            "success_url": data.get("success_url"), "cancel_url": data.get("cancel_url"), "livemode": False}}
        return self.sessions[number]

    @staticmethod
    def _cancel(intent):
        now = intent["attributes"]
        if now["status"] not in ("awaiting_payment_method", "awaiting_next_action"):
            raise Refused(400, "resource_failed_state", f"payment_intent is {now['status']}.")
        now.update(status="cancelled", next_action=None)
        return intent

    def _expire(self, session):
        if session["attributes"]["status"] != "active" or session["attributes"]["payments"]:
            raise Refused(400, "resource_failed_state", f"checkout_session is {session['attributes']['status']}.")
        session["attributes"]["status"] = "expired"
        self._cancel(self.intents[session["attributes"]["payment_intent"]["id"]])
        return session

    def _paid(self, intent, session=None):
        now = intent["attributes"]
        payment = payment_resource(now["amount"], intent["id"], now["metadata"], source=now.get("source", "gcash"))
        now.update(status="succeeded", next_action=None)
        now["payments"].append(payment)
        if session:
            session["attributes"]["payments"].append(payment)
            self._emit(event("checkout_session.payment.paid", session))
        else:
            self._emit(event("payment.paid", payment))

    def _failed(self, intent, code):
        now = intent["attributes"]
        now.update(status="awaiting_payment_method", next_action=None, last_payment_error={"failed_code": code, "failed_message": code})
        self._emit(event("payment.failed", payment_resource(now["amount"], intent["id"], now["metadata"], "failed", source=now.get("source", "gcash"), code=code)))

    def settle(self, number, outcome="authorize", source=None):
        """What a client does on the page that an intent leads to: authorize, fail or expire; `source`: with what, on a hosted page."""
        with self._lock:
            session = self.sessions.get(number)
            intent = self.intents[session["attributes"]["payment_intent"]["id"] if session else number]
            if intent["attributes"]["status"] in ("succeeded", "cancelled") or session and session["attributes"]["status"] == "expired":
                return intent
            if source:
                intent["attributes"]["source"] = source
            if outcome == "authorize":
                self._paid(intent, session)
            elif session:
                session["attributes"]["status"] = "expired" if outcome == "expire" else "active"
            else:
                self._failed(intent, "payment_cancelled" if outcome == "expire" else "authentication_failed")
            return intent

    def _page(self, call, kind, number, query, body):
        place = self.sessions.get(number) if kind == "checkout" else self.intents.get(number)
        if not place:
            return self._answer(call, 404, b"No such page", "text/plain")
        if call.command == "POST":
            outcome = urllib.parse.parse_qs(body.decode()).get("do", ["authorize"])[0]
            back = place["attributes"]["success_url"] if kind == "checkout" else ((place["attributes"]["next_action"] or {}).get("redirect") or {}).get("return_url", "/")
            self.settle(number, outcome)
            return self._answer(call, 303, b"", "text/plain", Location=back)
        amount = place["attributes"].get("amount") or sum(item["amount"] for item in place["attributes"]["line_items"])
        page = (f"<!doctype html><html lang=en><meta charset=utf-8><meta name=viewport content='width=device-width'><link rel=icon href='data:,'><title>Stand-in wallet</title>"
                f"<h1>Stand-in wallet</h1><p>Pay {amount / 100:.2f} pesos for {html.escape(number)}?</p><form method=post>"
                "<button id=authorize name=do value=authorize>Authorize</button> <button id=fail name=do value=fail>Fail</button> "
                "<button id=expire name=do value=expire>Cancel</button></form></html>")
        return self._answer(call, 200, page.encode(), "text/html; charset=utf-8")

    # Events
    def _emit(self, made):
        self.events.append(made)
        if self.webhook and self.deliver:
            threading.Thread(target=self.send, args=(made,), daemon=True).start()

    def send(self, made, header=None, body=None, tries=5):
        """Delivers an event as PayMongo does, again while the answer is not 2xx; answers the last status."""
        data = json.dumps(made).encode() if body is None else body
        url = urllib.parse.urlsplit(self.webhook)
        status = None
        for attempt in range(tries):
            connection = http.client.HTTPConnection(url.hostname, url.port, timeout=20)
            try:
                connection.request("POST", url.path, data, {"Content-Type": "application/json", "Host": self.host or url.netloc,
                                                             "Paymongo-Signature": sign(data) if header is None else header})
                status = connection.getresponse().status
            except (OSError, http.client.HTTPException):
                status = None
            finally:
                connection.close()
            self.deliveries.append((made["data"]["id"] if made else None, status))
            if status and 200 <= status < 300 or header is not None:
                return status
            time.sleep(0.2 * (attempt + 1))
        return status


def main():
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("--port", type=int, default=8091, help="0 takes a free one; the port is printed")
    parser.add_argument("--webhook", help="where events go")
    asked = parser.parse_args()
    stand_in = PayMongo(asked.port, asked.webhook)
    print(f"port {stand_in.port}", flush=True)
    try:
        threading.Event().wait()
    except KeyboardInterrupt:
        sys.exit(0)


if __name__ == "__main__":
    main()
