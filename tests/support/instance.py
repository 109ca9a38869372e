"""Instance: a whole site of its own (PostgreSQL, programs, worker, nginx) started by scripts/serve for the tests."""
import contextlib
import email
import email.policy
import functools
import os
import random
import shutil
import signal
import socket
import subprocess
import tempfile
import time
import urllib.parse
from pathlib import Path

import psycopg2
import psycopg2.extras

import template
from client import Client, Witness
from gemini import API_KEY, Gemini

ROOT = Path(__file__).resolve().parents[2]
OTHER_HOST = "other.example.test"
PASSWORD = "a long enough pass phrase"
_claims = []


def free_port():
    """A port below those that the kernel gives to clients, so that no connection takes it meanwhile; an abstract socket
    keeps other test processes off it until this one ends."""
    while True:
        port = random.randrange(20000, 30000)
        claim = socket.socket(socket.AF_UNIX)
        try:
            claim.bind(f"\0lunaxcode-test-port-{port}")
            with socket.socket() as probe:
                probe.bind(("127.0.0.1", port))
        except OSError:
            claim.close()
            continue
        _claims.append(claim)
        return port


def roomy_memory():
    """A folder in memory, if there is plenty: on a disk, copying a database and removing it again costs seconds."""
    there = Path("/dev/shm")
    if not there.is_dir():
        return None
    room = os.statvfs(there)
    return there if room.f_bavail * room.f_frsize > 6e9 and not room.f_flag & os.ST_NOEXEC else None


def build():
    return Path(os.environ.get("BUILD") or ROOT / "build/release")


def kill(pid, number=signal.SIGKILL):
    """A process that has ended meanwhile is as good as killed."""
    with contextlib.suppress(ProcessLookupError):
        os.kill(pid, number)


class Instance:
    """`settings` become environment variables; GEMINI_* lead to a stand-in of its own unless gemini=False. `other` is there
    as add_other_tenant() makes it. Unless new=True, the state is a copy of what a first start has left once."""

    def __init__(self, mode=None, gemini=True, other=False, new=False, **settings):
        self.mode = mode or os.environ.get("LUNAXCODE_TEST_MODE") or "fcgi"
        self.port = free_port()
        self.host = f"127.0.0.1:{self.port}"
        self.url = f"http://{self.host}"
        self.state = Path(tempfile.mkdtemp(prefix="lx-test-", dir=None if "TMPDIR" in os.environ else roomy_memory()))
        self.state.chmod(0o755)  # user postgres passes through
        self.gemini = Gemini(pause=0.005) if gemini else None
        self.settings = settings
        self.other, self.new = other, new
        self.witness = Witness()
        self.process = None
        self._database = None
        self._staff = {}

    # Life
    def start(self, seconds=120):
        if not self.new and not (self.state / "postgres").exists():
            template.copy_into(self.state, "two" if self.other else "one", self._leave_behind)
        environment = {name: value for name, value in os.environ.items() if not name.startswith(("GEMINI_", "SMTP_", "PG"))}
        environment.update(PORT=str(self.port), STATE=str(self.state), BUILD=str(build()), MODE=self.mode)
        if self.gemini:
            environment.update(GEMINI_API_KEY=API_KEY, GEMINI_BASE_URL=self.gemini.url, GEMINI_TIMEOUT_SECONDS="20")
        environment.update({name: str(value) for name, value in self.settings.items()})
        self.output = self.state / "serve.out"
        with open(self.output, "ab") as out:
            began = self.output.stat().st_size
            # Should the tests be killed, the site gets TERM.
            self.process = subprocess.Popen(["setpriv", "--pdeathsig", "TERM", ROOT / "scripts/serve"], cwd=ROOT, env=environment, stdin=subprocess.DEVNULL,
                                            stdout=out, stderr=subprocess.STDOUT, start_new_session=True)
        ready = f"Ready: {self.url}"
        until = time.monotonic() + seconds
        while ready not in self.said()[began:]:
            if self.process.poll() is not None:
                raise AssertionError(f"scripts/serve ended with {self.process.returncode}:\n{self.said()[-3000:]}")
            if time.monotonic() > until:
                self.kill_all()
                raise AssertionError(f"not ready after {seconds} s:\n{self.said()[-3000:]}")
            time.sleep(0.03)
        return self

    def _leave_behind(self, folder):
        """What a site's first start, and its other tenant if it has one, leave in its state."""
        first = Instance("fcgi", gemini=False, new=True)
        try:
            first.start()
            if self.other:
                first.add_other_tenant()
            first.stop()
            template.keep(first.state, folder)
        finally:
            first.destroy()

    def said(self):
        return self.output.read_text(errors="replace")

    def stop(self, seconds=60):
        """SIGTERM as `make run` gets it; afterwards nothing of the site may be left."""
        self.forget_database()
        if self.process is None:
            return
        self.process.send_signal(signal.SIGTERM)
        try:
            self.process.wait(seconds)
        except subprocess.TimeoutExpired:
            self.kill_all()
            raise AssertionError(f"scripts/serve did not end within {seconds} s of SIGTERM:\n{self.said()[-2000:]}") from None
        left = self.processes()
        if left:
            names = [f"{pid} {line}" for pid, line in left.items()]
            self.kill_all()
            raise AssertionError("left behind by scripts/serve: " + "; ".join(names))
        sockets = [path for path in self.state.rglob("*") if path.is_socket()]
        assert not sockets, f"left behind by scripts/serve: {sockets}"
        with socket.socket() as probe:
            assert probe.connect_ex(("127.0.0.1", self.port)) != 0, "somebody still listens on the port"
        self.process = None

    def destroy(self):
        try:
            self.stop()
        finally:
            if self.gemini:
                self.gemini.close()
            if not os.environ.get("LUNAXCODE_TEST_KEEP"):
                shutil.rmtree(self.state, ignore_errors=True)

    def processes(self):
        """pid → command line of every process that has this site's state in its command line or environment."""
        found, mark = {}, str(self.state).encode()
        for entry in os.listdir("/proc"):
            if not entry.isdigit() or int(entry) == os.getpid():
                continue
            try:
                line = Path("/proc", entry, "cmdline").read_bytes()
                status = Path("/proc", entry, "stat").read_text().rpartition(")")[2].split()[0]
                if status != "Z" and (mark in line or mark in Path("/proc", entry, "environ").read_bytes()):
                    found[int(entry)] = line.replace(b"\0", b" ").decode(errors="replace").strip()
            except OSError:
                continue
        return found

    def pids(self, program):
        """The processes that run a program of the build (or of its copy in the state), the supervising shell not among them."""
        homes = (str(build().resolve()), str(self.state))
        return [pid for pid in self.processes() if (path := _executable(pid)) and path.startswith(homes) and path.endswith(f"/bin/{program}")]

    def kill(self, program, number=signal.SIGKILL):
        """Sends the processes of a program a signal; answers which there were. One may just have ended by itself."""
        pids = self.pids(program)
        for pid in pids:
            kill(pid, number)
        return pids

    def postmaster(self):
        return int((self.state / "postgres" / "postmaster.pid").read_text().split()[0])

    def kill_all(self):
        for _ in range(20):
            left = self.processes()
            if self.process and self.process.poll() is None:
                left[self.process.pid] = ""
            for pid in left:
                kill(pid)
            if not left:
                return
            time.sleep(0.1)

    def env(self):
        """The settings that scripts/serve wrote for the programs."""
        values = {}
        for line in (self.state / "env").read_text().splitlines():
            name, equals, value = line.partition("=")
            if equals and not name.startswith("#"):
                values[name.strip()] = value.strip().strip("'\"")
        return values

    # Database
    def database_url(self):
        return self.env()["MIGRATE_DATABASE_URL"]

    def sql(self, query, *parameters, tenant=None):
        """Runs a statement as the owner of the database, in a tenant's schema or in public; rows as dicts."""
        until = time.monotonic() + 60
        while True:
            try:
                if self._database is None:
                    self._database = psycopg2.connect(self.database_url(), connect_timeout=10)
                    self._database.autocommit = True
                with self._database.cursor(cursor_factory=psycopg2.extras.RealDictCursor) as cursor:
                    cursor.execute("select set_config('search_path', %s, false)", [f'"{tenant}", public' if tenant else "public"])
                    cursor.execute(query, parameters or None)
                    return [dict(row) for row in cursor.fetchall()] if cursor.description else []
            except (psycopg2.OperationalError, psycopg2.InterfaceError):
                self.forget_database()  # it may be recovering from what a test did to it
                if time.monotonic() > until:
                    raise
                time.sleep(0.1)

    def administer(self, query):
        """A statement as an administrator of the server, who sees what others' sessions do; its rows."""
        with psycopg2.connect(self.database_url().replace("user=lunaxcode_owner", "user=postgres")) as session, session.cursor() as cursor:
            cursor.execute(query)
            rows = cursor.fetchall()
        session.close()
        return rows

    def end_sessions(self):
        """Ends every database session of the programs, and waits until they are gone."""
        self.administer("select pg_terminate_backend(pid, 30000) from pg_stat_activity where usename = 'lunaxcode_app'")

    def one(self, query, *parameters, tenant=None):
        rows = self.sql(query, *parameters, tenant=tenant)
        assert len(rows) == 1, f"{len(rows)} rows instead of one: {query}"
        return rows[0] if len(rows[0]) > 1 else next(iter(rows[0].values()))

    def forget_database(self):
        if self._database is not None:
            try:
                self._database.close()
            except psycopg2.Error:
                pass
            self._database = None

    def tenants(self):
        return [row["schema_name"] for row in self.sql("select schema_name from tenants order by id")]

    @property
    def tenant(self):
        return "lunaxcode"

    # People
    def demo_accounts(self):
        """role → (address, password), as written by scripts/serve."""
        lines = (self.state / "demo-accounts").read_text().splitlines()
        return {role: (address, password) for role, address, password in (line.split("\t") for line in lines if "\t" in line)}

    def visitor(self, host=None):
        return Client(self, host)

    def signed_in(self, address, password, host=None):
        client = self.visitor(host)
        client.user = client.post("/api/auth/login", {"email": address, "password": password}).expect(200)["user"]
        client.email, client.password = address, password
        return client

    def account(self, role, tenant="lunaxcode", name=None):
        """Makes or finds an account with a role in a tenant, with the house's own SQL; answers address and password."""
        key = (role, tenant, name)
        if key not in self._staff:
            address = f"{name or role}@{tenant}.example.test"
            self._upsert(address, (name or role).title(), role, tenant, self.hashed_password())
            self._staff[key] = (address, PASSWORD)
        return self._staff[key]

    @staticmethod
    @functools.cache
    def hashed_password():
        """PASSWORD as the programs keep it, made once a process."""
        return subprocess.run([build() / "bin/hash-password"], input=PASSWORD, text=True, capture_output=True, check=True).stdout.strip()

    def tenant_at(self, host):
        """The schema of the agency that a host leads to."""
        return self.one("select schema_name from tenants where %s = any (hosts) or is_default order by is_default limit 1", host)

    def _upsert(self, email_address, name, role, tenant, hashed):
        variables = [f"email={email_address}", f"name={name}", f"role={role}", f"tenant={tenant}"]
        subprocess.run(["psql", "-X", "-q", "-v", "ON_ERROR_STOP=1", "-d", self.database_url(), *[w for v in variables for w in ("-v", v)]],
                       input=f"\\set hash '{hashed}'\n\\i {ROOT / 'sql/accounts/upsert.sql'}\n", check=True, capture_output=True, text=True)

    def migrate(self, *words):
        environment = {**os.environ, "LUNAXCODE_ENV": str(self.state / "env"), "MIGRATE_DATABASE_URL": self.database_url(),
                       "BUILD": str(build()), "STATE": str(self.state), "MIGRATE_BACKUP_DIR": str(self.state / "backups-by-hand")}
        done = subprocess.run([ROOT / "scripts/migrate", *words], cwd=ROOT, env=environment, capture_output=True, text=True)
        assert done.returncode == 0, f"scripts/migrate {' '.join(words)}: {done.returncode}\n{done.stdout}{done.stderr}"
        return done.stdout

    def add_other_tenant(self):
        """A second agency on other.example.test, with a service, its question and its own staff."""
        if "other" in self.tenants():
            return
        self.migrate("tenants", "create", "other", "--name", "Other Agency", "--host", OTHER_HOST)
        service = self.one("insert into service_types (name, description, base_price, timeline) "
                           "values ('Other Page', 'A page by the other agency', 9000, '1 week') returning id", tenant="other")
        self.sql("insert into questions (service_id, question_key, question_text, question_type, required) "
                 "values (%s, 'colour', 'Which colour?', 'text', true)", service, tenant="other")
        for table in ("projects", "tasks", "files", "messages", "payments", "payment_accounts"):  # so that an id of the one agency is not there in the other
            self.sql(f"alter table {table} alter column id restart with 700001", tenant="other")

    # Mail
    def mails(self, address):
        """Mails that were written to $STATE/mail for this address, oldest first."""
        found = []
        for path in sorted((self.state / "mail").glob("*.eml"), key=lambda p: p.stat().st_mtime_ns):
            message = email.message_from_bytes(path.read_bytes(), policy=email.policy.default)
            if address.lower() in (message["To"] or "").lower():
                found.append(message)
        return found

    def wait_for_mail(self, address, containing, seconds=60, after=0):
        """The newest mail to an address whose text contains something, beyond the first `after` ones."""
        until = time.monotonic() + seconds
        while True:
            fitting = [m for m in self.mails(address)[after:] if containing in text_of(m)]
            if fitting:
                return fitting[-1]
            assert time.monotonic() < until, f"no mail with {containing!r} to {address} within {seconds} s"
            time.sleep(0.05)


def text_of(message):
    return message.get_body(("plain",)).get_content()


def link_in(message, path):
    """The token of the link to a page of ours in a mail's text."""
    for word in text_of(message).split():
        url = urllib.parse.urlsplit(word)
        if url.path == path:
            return urllib.parse.parse_qs(url.query)["token"][0]
    raise AssertionError(f"no link to {path} in the mail:\n{text_of(message)}")


def _executable(pid):
    try:
        return os.readlink(f"/proc/{pid}/exe").removesuffix(" (deleted)")
    except OSError:
        return None
