#!/usr/bin/python3
"""A stand-in mail server on 127.0.0.1 that speaks ESMTP, keeps what it takes, and fails as told.

    tests/stand_ins/smtp.py --port 2525       then SMTP_URL=smtp://127.0.0.1:2525
"""
import argparse
import base64
import email
import email.policy
import itertools
import os
import ssl
import subprocess
import sys
import tempfile
import threading
import time
from dataclasses import dataclass, field

from listener import Listener, reset

SIZE = 10 * 1024 * 1024

# kind: what happens, and whether the mail counts as taken
GREETING = ("421", "reset", "hang", "html", "slow")
KINDS = {
    "421": "421 instead of the greeting, and the connection closes",
    "421 mail": "421 to MAIL FROM, and the connection closes",
    "450": "450 to RCPT TO: the mailbox is busy",
    "451": "451 after DATA's dot: try again later",
    "452": "452 to DATA: no space",
    "550": "550 to RCPT TO: no such person, for good",
    "554": "554 after DATA's dot: refused for good",
    "reset": "reset before the greeting",
    "hang": "silence instead of the greeting",
    "hang after data": "the mail is taken, but the answer never comes",
    "drop after data": "the mail is taken, but the connection drops before the answer",
    "slow": "every answer takes a while",
    "no auth": "535 to AUTH",
    "html": "an HTTP server answers",
}


@dataclass
class Mail:
    sender: str
    recipients: list
    data: bytes
    user: str
    secure: bool
    acknowledged: bool = True
    at: float = field(default_factory=time.time)

    @property
    def message(self):
        return email.message_from_bytes(self.data, policy=email.policy.default)

    @property
    def id(self):
        return self.message["Message-ID"]


class Smtp:
    """user and password ask for AUTH; tls offers STARTTLS with a certificate made on the spot (`certificate` is its path)."""

    def __init__(self, port=0, user=None, password=None, tls=False):
        self.user, self.password = user, password
        self.mails = []
        self.sessions = []  # what each client said, without the data
        self.faults = []
        self._lock = threading.Lock()
        self.certificate = None
        self._context = self._tls() if tls else None
        self.listener = Listener(self._serve, port)
        self.port = self.listener.port
        self.url = f"smtp://127.0.0.1:{self.port}"

    def close(self):
        self.listener.close()
        if self.certificate:
            for name in ("certificate.pem", "key.pem"):
                os.unlink(os.path.join(self._folder, name))
            os.rmdir(self._folder)

    def _tls(self):
        self._folder = tempfile.mkdtemp(prefix="lx-smtp-")
        self.certificate = os.path.join(self._folder, "certificate.pem")
        key = os.path.join(self._folder, "key.pem")
        subprocess.run(["openssl", "req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1", "-nodes",
                        "-days", "2", "-subj", "/CN=127.0.0.1", "-addext", "subjectAltName=IP:127.0.0.1,DNS:localhost",
                        "-keyout", key, "-out", self.certificate], check=True, capture_output=True)
        os.chmod(self._folder, 0o755)
        os.chmod(self.certificate, 0o644)
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        context.load_cert_chain(self.certificate, key)
        return context

    def fail(self, kind, match="", times=1):
        """For the next `times` conversations; kinds after RCPT only for a recipient that contains `match`."""
        if kind not in KINDS:
            raise ValueError(f"no fault of kind {kind!r}")
        with self._lock:
            self.faults.append([kind, match, times])
        if kind in GREETING:
            self.listener.hang_up()  # a client may keep a connection that was greeted already

    def _fault(self, kinds, recipients=()):
        with self._lock:
            for fault in self.faults:
                kind, match, times = fault
                if times > 0 and kind in kinds and (not match or any(match in one for one in recipients)):
                    fault[2] -= 1
                    return kind
        return None

    def to(self, recipient):
        return [mail for mail in list(self.mails) if recipient in mail.recipients]

    def wait_for(self, recipient, count=1, seconds=60):
        until = time.monotonic() + seconds
        while len(self.to(recipient)) < count and time.monotonic() < until:
            time.sleep(0.03)
        return self.to(recipient)

    def _serve(self, connection, address):
        connection.settimeout(60)
        said = []
        self.sessions.append(said)
        try:
            self._converse(connection, said)
        except (OSError, ssl.SSLError):
            said.append("(gone)")

    def _converse(self, connection, said):
        fault = self._fault(GREETING)
        if fault == "reset":
            reset(connection)
            return
        if fault == "hang":
            connection.settimeout(90)
            while connection.recv(4096):
                pass
            return
        if fault == "html":
            connection.sendall(b"HTTP/1.1 400 Bad Request\r\nContent-Length: 0\r\n\r\n")
            return
        delay = 0.3 if fault == "slow" else 0

        def say(*lines):
            time.sleep(delay)
            out = "".join(f"{line}\r\n" for line in lines)
            connection.sendall(out.encode())

        if fault == "421":
            say("421 4.3.2 mail.example.test is going down")
            return
        say("220 mail.example.test ESMTP stand-in")
        reader = connection.makefile("rb")
        sender, recipients, user, secure, greeted = None, [], None, False, False
        while True:
            raw = reader.readline(4096)
            if not raw:
                return
            if not raw.endswith(b"\r\n"):
                say("500 5.5.2 lines end with CRLF here")
                continue
            line = raw[:-2].decode("utf-8", "replace")
            said.append("AUTH …" if line.upper().startswith("AUTH") else line)
            verb, _, rest = line.partition(" ")
            verb = verb.upper()
            if verb in ("EHLO", "HELO"):
                greeted = True
                sender, recipients = None, []
                if verb == "HELO":
                    say("250 mail.example.test")
                    continue
                lines = ["mail.example.test greets you", f"SIZE {SIZE}", "8BITMIME", "SMTPUTF8", "ENHANCEDSTATUSCODES"]
                if self._context and not secure:
                    lines.append("STARTTLS")
                if self.user and (secure or not self._context):
                    lines.append("AUTH PLAIN LOGIN")
                say(*[f"250{' ' if one is lines[-1] else '-'}{one}" for one in lines])
            elif verb == "STARTTLS" and self._context and not secure:
                say("220 2.0.0 go ahead")
                connection = self._context.wrap_socket(connection, server_side=True)
                reader = connection.makefile("rb")
                secure, greeted = True, False
            elif verb == "AUTH" and self.user:
                name, password = self._credentials(rest, reader, say)
                if self._fault(("no auth",)) or (name, password) != (self.user, self.password):
                    say("535 5.7.8 authentication credentials invalid")
                else:
                    user = name
                    say("235 2.7.0 welcome")
            elif verb == "MAIL":
                if not greeted:
                    say("503 5.5.1 say EHLO first")
                elif self.user and not user:
                    say("530 5.7.0 authentication required")
                elif not rest.upper().startswith("FROM:<") or ">" not in rest:
                    say("501 5.5.4 MAIL FROM:<address>")
                elif int(dict(p.split("=", 1) for p in rest.upper().split() if "=" in p).get("SIZE", 0)) > SIZE:
                    say("552 5.3.4 too large")
                elif self._fault(("421 mail",)):
                    say("421 4.3.2 closing")
                    return
                else:
                    sender, recipients = rest[6:rest.index(">")], []
                    say("250 2.1.0 ok")
            elif verb == "RCPT":
                address = rest[4:rest.index(">")] if rest.upper().startswith("TO:<") and ">" in rest else None
                fault = self._fault(("450", "550"), [address or ""])
                if sender is None:
                    say("503 5.5.1 MAIL first")
                elif not address or any(c in address for c in " \t\"<,"):
                    say("501 5.1.3 RCPT TO:<address>")
                elif fault:
                    say({"450": "450 4.2.1 mailbox busy", "550": "550 5.1.1 no such person here"}[fault])
                else:
                    recipients.append(address)
                    say("250 2.1.5 ok")
            elif verb == "DATA":
                if not recipients:
                    say("503 5.5.1 RCPT first")
                    continue
                if self._fault(("452",), recipients):
                    say("452 4.3.1 no space")
                    continue
                say("354 end with a dot")
                data = self._data(reader)
                if data is None:
                    return
                if len(data) > SIZE:
                    say("552 5.3.4 too large")
                    continue
                fault = self._fault(("451", "554", "hang after data", "drop after data"), recipients)
                if fault in ("451", "554"):
                    say({"451": "451 4.3.0 try again later", "554": "554 5.7.1 refused"}[fault])
                    continue
                self.mails.append(Mail(sender, recipients, data, user, secure, acknowledged=not fault))
                if fault == "drop after data":
                    reset(connection)
                    return
                if fault == "hang after data":
                    while connection.recv(4096):
                        pass
                    return
                say(f"250 2.0.0 queued as {len(self.mails)}")
                sender, recipients = None, []
            elif verb == "RSET":
                sender, recipients = None, []
                say("250 2.0.0 ok")
            elif verb == "NOOP":
                say("250 2.0.0 ok")
            elif verb == "QUIT":
                say("221 2.0.0 bye")
                return
            else:
                say("502 5.5.1 not here")

    @staticmethod
    def _data(reader):
        lines = []
        while True:
            line = reader.readline()
            if not line:
                return None
            if line == b".\r\n":
                return b"".join(lines)
            lines.append(line[1:] if line.startswith(b".") else line)

    @staticmethod
    def _credentials(rest, reader, say):
        how, _, first = rest.partition(" ")

        def ask(prompt):
            say(f"334 {prompt}")
            return reader.readline().strip().decode()

        if how.upper() == "PLAIN":
            _, name, password = base64.b64decode(first or ask("")).decode().split("\0")
            return name, password
        name = base64.b64decode(first or ask("VXNlcm5hbWU6")).decode()
        return name, base64.b64decode(ask("UGFzc3dvcmQ6")).decode()


def main():
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("--port", type=int, default=2525, help="0 takes a free one; the port is printed")
    parser.add_argument("--user")
    parser.add_argument("--password")
    parser.add_argument("--tls", action="store_true", help="offer STARTTLS")
    asked = parser.parse_args()
    smtp = Smtp(asked.port, asked.user, asked.password, asked.tls)
    print(f"port {smtp.port}", flush=True)
    try:
        for number in itertools.count():
            while len(smtp.mails) <= number:
                time.sleep(0.2)
            mail = smtp.mails[number]
            print(f"--- to {', '.join(mail.recipients)}\n{mail.data.decode('utf-8', 'replace')}", flush=True)
    except KeyboardInterrupt:
        sys.exit(0)


if __name__ == "__main__":
    main()
