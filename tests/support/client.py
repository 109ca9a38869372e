"""A small browser without pages: keeps cookies, sends Origin, knows problem+json, and remembers what the server promised."""
import hashlib
import http.client
import http.cookies
import itertools
import json
import os
import select
import threading
import time

PHRASES = {400: "Bad Request", 401: "Unauthorized", 403: "Forbidden", 404: "Not Found", 405: "Method Not Allowed", 409: "Conflict",
           410: "Gone", 411: "Length Required", 416: "Range Not Satisfiable", 507: "Insufficient Storage",
           413: "Content Too Large", 415: "Unsupported Media Type", 422: "Unprocessable Content", 429: "Too Many Requests",
           500: "Internal Server Error", 503: "Service Unavailable"}

_addresses = itertools.count(1)
_lock = threading.Lock()


def soon(look, seconds=2, about="it does not come to pass"):
    """What a look finds, as soon as it finds something. A promise of some seconds is broken by a look that began after them and still
    found nothing; how long the looks themselves take on a slow machine is no part of it."""
    until = time.monotonic() + seconds
    while True:
        late = time.monotonic() > until
        if found := look():
            return found
        assert not late, about() if callable(about) else about
        time.sleep(0.1)


def fresh_address():
    """An address of this machine that nobody has used yet: each visitor is limited by itself."""
    with _lock:
        number = next(_addresses)
    return f"127.{(os.getpid() % 200) + 20}.{number // 250}.{number % 250 + 2}"


class Answer:
    def __init__(self, response, method, path):
        self.status, self.method, self.path = response.status, method, path
        self.headers = [(name.lower(), value) for name, value in response.getheaders()]
        self.body = response.read()

    def header(self, name, default=None):
        return next((value for key, value in self.headers if key == name.lower()), default)

    def all(self, name):
        return [value for key, value in self.headers if key == name.lower()]

    @property
    def text(self):
        return self.body.decode("utf-8")

    @property
    def json(self):
        return json.loads(self.body)

    def __repr__(self):
        return f"<{self.method} {self.path} → {self.status} {self.body[:400]!r}>"

    def expect(self, status=200):
        """The parsed body of an answer that must have this status."""
        assert self.status == status, repr(self)
        return self.json if self.body and "json" in (self.header("content-type") or "") else None

    def problem(self, status, *fields, detail=None):
        """The parsed problem+json of an answer that must have this status and name exactly these fields as wrong."""
        assert self.status == status, repr(self)
        assert self.header("content-type", "").split(";")[0] == "application/problem+json", repr(self)
        problem = self.json
        assert problem["status"] == status and problem["error"] == PHRASES[status], problem
        assert isinstance(problem["detail"], str) and problem["detail"].strip(), problem
        assert problem["requestId"] == self.header("x-request-id"), problem
        if fields:
            assert set(problem.get("fields", {})) == set(fields), problem
            assert all(isinstance(text, str) and text.strip() for text in problem["fields"].values()), problem
        if detail is not None:
            assert detail.lower() in problem["detail"].lower(), problem
        return problem


class Client:
    """One visitor. Not for two threads at once: take `twin()` for that."""

    def __init__(self, site, host=None, address=None, timeout=60):
        self.site = site
        self.host = host or site.host
        self.address = address or fresh_address()
        self.timeout = timeout
        self.cookies = {}
        self.user = None
        self.email = self.password = None
        self._connection = None

    def twin(self, elsewhere=False):
        """The same visitor on another connection, and at another address if they are elsewhere."""
        other = Client(self.site, self.host, None if elsewhere else self.address, self.timeout)
        other.cookies = dict(self.cookies)
        other.user, other.email, other.password = self.user, self.email, self.password
        return other

    @property
    def origin(self):
        return f"http://{self.host}"

    def close(self):
        if self._connection:
            self._connection.close()
            self._connection = None

    def _connected(self):
        if self._connection and self._connection.sock:
            readable, _, _ = select.select([self._connection.sock], [], [], 0)
            if readable:  # the server closed it while it was idle
                self.close()
        if not self._connection:
            self._connection = http.client.HTTPConnection("127.0.0.1", self.site.port, timeout=self.timeout,
                                                          source_address=(self.address, 0))
        return self._connection

    def request(self, method, path, body=None, *, data=None, headers=None, origin=True, cookies=True):
        """`body` goes as JSON, `data` as it is. `origin`: True ours, None none, or another one."""
        sent = {"Host": self.host, "Accept": "application/json"}
        if body is not None:
            data = json.dumps(body, ensure_ascii=False).encode()
            sent["Content-Type"] = "application/json"
        if origin is True and method not in ("GET", "HEAD"):
            sent["Origin"] = self.origin
        elif isinstance(origin, str):
            sent["Origin"] = origin
        if cookies and self.cookies:
            sent["Cookie"] = "; ".join(f"{name}={value}" for name, value in self.cookies.items())
        sent.update(headers or {})
        connection = self._connected()
        try:
            connection.request(method, path, data, {k: v for k, v in sent.items() if v is not None})
            answer = Answer(connection.getresponse(), method, path)
        except Exception:
            self.close()
            raise
        self._keep(answer)
        self.site.witness.note(self, method, path, body, sent, answer)
        return answer

    def _keep(self, answer):
        for line in answer.all("set-cookie"):
            for name, morsel in http.cookies.SimpleCookie(line).items():
                if morsel["max-age"] == "0" or not morsel.value:
                    self.cookies.pop(name, None)
                else:
                    self.cookies[name] = morsel.value

    def get(self, path, **how):
        return self.request("GET", path, **how)

    def head(self, path, **how):
        return self.request("HEAD", path, **how)

    def post(self, path, body=None, **how):
        return self.request("POST", path, {} if body is None and "data" not in how else body, **how)

    def patch(self, path, body=None, **how):
        return self.request("PATCH", path, {} if body is None and "data" not in how else body, **how)

    def delete(self, path, **how):
        return self.request("DELETE", path, **how)


class Witness:
    """What clients were promised with a 2xx: invariants I1 and I2 look for every bit of it in the database."""

    def __init__(self):
        self._lock = threading.Lock()
        self.projects = {}   # (host, id) → user id
        self.keys = {}       # (host, user id, idempotency key) → set of project ids
        self.leads = {}      # token hash → host
        self.users = {}      # id → address
        self.tasks = {}      # (host, id) → last status
        self.files = {}      # (host, id) → SHA-256
        self.messages = {}   # (host, id) → body

    def note(self, client, method, path, body, headers, answer):
        if not 200 <= answer.status < 300 or method in ("GET", "HEAD"):
            return
        with self._lock:
            if path == "/api/projects/create-from-onboarding":
                project = answer.json["projectId"]
                self.projects[client.host, project] = (client.user or {}).get("id")
                if key := headers.get("Idempotency-Key"):
                    self.keys.setdefault((client.host, (client.user or {}).get("id"), key), set()).add(project)
            elif path == "/api/leads":
                self.leads[hashlib.sha256(answer.json["token"].encode()).digest()] = client.host
            elif path == "/api/auth/signup":
                self.users[answer.json["user"]["id"]] = answer.json["user"]["email"]
            elif answer.status == 201 and isinstance(answer.json, dict) and "file" in answer.json:
                self.files[client.host, answer.json["id"]] = answer.json["file"]["sha256"]
            elif "/messages" in path and method in ("POST", "PATCH") and "message" in answer.json:
                self.messages[client.host, answer.json["id"]] = answer.json["message"]["body"]
            elif method == "PATCH" and path.startswith("/api/tasks/"):
                self.tasks[client.host, int(path.rsplit("/", 1)[1])] = answer.json["status"]
