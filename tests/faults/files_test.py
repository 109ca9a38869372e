"""Uploads while everything goes wrong: kill -9 at each step, a full disk, a broken line, the virus scanner away. Invariant I7
(each file row's SHA-256 matches the disk) is looked at after every test."""
import contextlib
import errno
import http.client
import os
import socket
import subprocess
import time
import uuid
from pathlib import Path

import pytest

import onboarding
from clamd import Clamd
from instance import build
from people import new_person
from uploading import begin, form, offset, piece, send

SETTINGS = {"LOG_LEVEL": "warn"}
CONTENT = b"%PDF-1.7\n" + bytes(range(256)) * 600
HALF = len(CONTENT) // 2


@pytest.fixture(scope="module")
def client(site):
    return new_person(site)


@pytest.fixture(scope="module")
def files(client):
    return f"/api/projects/{onboarding.create(client)}/files"


@pytest.fixture(scope="module")
def trip(site):
    """The library that trips a program."""
    if "asan" in str(build()):
        pytest.skip("the sanitizer lets nothing be loaded before itself")
    made = site.state / "trip.so"
    subprocess.run(["cc", "-O1", "-shared", "-fPIC", "-Wall", "-o", made, Path(__file__).with_name("trip.c"), "-ldl"], check=True)
    made.chmod(0o755)
    return made


@pytest.fixture(scope="module")
def program(site):
    """Puts a files program of our own in the place of the site's, as the same user; a new one takes the place over."""
    place, owner = site.state / "run/files.sock", (site.state / "files").stat()
    running, marks = [], site.state / "tripped"
    marks.mkdir()
    os.chown(marks, owner.st_uid, owner.st_gid)

    def start(**environment):
        before = place.stat().st_ino if place.exists() else 0
        user = {"user": owner.st_uid, "group": owner.st_gid, "extra_groups": []} if os.geteuid() == 0 else {}
        mark = marks / uuid.uuid4().hex
        running.append(subprocess.Popen([build() / "bin/files", "--listen", place], stderr=subprocess.DEVNULL,
                                        env={"PATH": os.environ["PATH"], "LUNAXCODE_ENV": str(site.state / "env"), "LUNAXCODE_TRIPPED": str(mark), **environment}, **user))
        running[-1].mark = mark
        wait_for(lambda: running[-1].poll() is not None or place.exists() and place.stat().st_ino != before)
        for old in running[:-1]:
            old.kill()
            old.wait()
        del running[:-1]
        return running[0]

    yield start
    for one in running:
        one.kill()
        one.wait()


def wait_for(condition, seconds=60):
    until = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < until, "it does not come to pass"
        time.sleep(0.01)


@contextlib.contextmanager
def lost():
    """What a client sees of a program that was killed."""
    try:
        yield
    except (OSError, http.client.HTTPException):
        pass


def send_in_pieces(client, files, name, content, revive):
    """As the page does: on any failure asks how far it is, and goes on."""
    location = None
    for _ in range(20):
        with lost():
            if location is None:
                answer = client.post(files, {"name": name, "size": len(content)})
                if answer.status == 201:
                    location = answer.json["location"]
            if location:
                state = client.get(location)
                while state.status == 200 and not state.json["file"]:
                    at = state.json["offset"]
                    answer = piece(client, location, at, content[at:at + HALF])
                    if answer.status in (200, 201) and (file := answer.json.get("file")):
                        return file
                    state = answer if answer.status == 200 else client.get(location)
                if state.status == 200:
                    return state.json["file"]
        client.close()
        revive()
    raise AssertionError("the upload does not end")


@pytest.mark.parametrize("function, how, least", [("pwrite", "before", 2), ("fsync", "before", 4), ("fsync", "after", 4), ("link", "before", 1), ("link", "after", 1),
                                                  ("unlink", "before", 1), ("send", "after", 12)])
def test_killed_at_each_step_an_upload_goes_on_and_is_there_once(site, client, files, program, trip, function, how, least):
    """At the first call of the function, then at the next, until the upload gets through without that many."""
    for number in range(1, 60, 3 if function == "send" else 1):
        name = f"{function}-{how}-{number}.pdf"
        tripped = program(LD_PRELOAD=str(trip), LUNAXCODE_TRIP=f"{function}:{number}:{how}")
        content = CONTENT + name.encode()  # so that each is a file of its own
        file = send_in_pieces(client, files, name, content, program)
        survived = not tripped.mark.exists()
        assert survived or tripped.wait(60) == -9
        if survived:
            program()
        assert client.get(f"/api/files/{file['id']}").body == content
        assert site.one("select count(*) from files where name = %s", name, tenant=site.tenant) == 1
        if survived:
            break
    assert number > least, f"{function} was called {number - 1} times only: the steps are others than this test thinks"


@pytest.mark.parametrize("function, how", [("pwrite", "before"), ("fsync", "after"), ("link", "before"), ("link", "after"), ("send", "after")])
def test_killed_within_a_form_nothing_half_is_left_for_anybody(site, client, files, program, trip, function, how):
    for number in (1, 2, 5) if function == "send" else (1,):
        name = f"form-{function}-{how}-{number}.pdf"
        tripped = program(LD_PRELOAD=str(trip), LUNAXCODE_TRIP=f"{function}:{number}:{how}")
        body, kind = form(CONTENT, name)
        with lost():
            client.request("POST", files, data=body, headers={"Content-Type": kind})
        client.close()
        assert tripped.wait(60) == -9
        program()
        for row in site.sql("select id from files where name = %s", name, tenant=site.tenant):  # its COMMIT had arrived
            assert client.get(f"/api/files/{row['id']}").body == CONTENT


def test_what_the_killed_ones_left_is_collected(site, client, files, program):
    program()
    home = site.state / "files" / site.tenant
    left = [path for path in home.rglob("*") if path.is_file() and path.name != "lock"]
    assert any(path.parent.name == "uploads" for path in left), "nothing was left: the tests before this one killed nobody"
    for path in left:
        os.utime(path, (1, 1))
    subprocess.run([build() / "bin/worker", "--collect"], env={**os.environ, "LUNAXCODE_ENV": str(site.state / "env")}, check=True, capture_output=True)
    rows = {row["h"] for row in site.sql("select encode(sha256, 'hex') as h from files where purged_at is null", tenant=site.tenant)}
    live = {row["h"] for row in site.sql("select encode(token_hash, 'hex') as h from uploads where file_id is null", tenant=site.tenant)}
    assert {path.name for path in home.rglob("*") if path.is_file()} - {"lock"} <= rows | live


@pytest.mark.parametrize("function, number", [("pwrite", 1), ("pwrite", 2), ("link", 1)])
def test_a_full_disk_is_said_and_the_upload_goes_on_when_there_is_room(site, client, files, program, trip, function, number):
    program(LD_PRELOAD=str(trip), LUNAXCODE_TRIP=f"{function}:{number}:{errno.ENOSPC}")
    location = begin(client, files, CONTENT, f"full-{function}-{number}.pdf")
    answers = [piece(client, location, 0, CONTENT[:HALF])]
    if answers[0].status == 200:
        answers.append(piece(client, location, HALF, CONTENT[HALF:]))
    assert "room" in answers[-1].problem(507)["detail"]
    at = offset(client, location)
    assert at == (0 if len(answers) == 1 else HALF if function == "pwrite" else len(CONTENT))
    done = piece(client, location, at, CONTENT[at:]).expect(201)
    assert client.get(f"/api/files/{done['id']}").body == CONTENT


def test_the_agencys_quota_is_kept_and_freed(site, client, files, program):
    program(FILES_QUOTA_MB="1")
    used = site.one("select coalesce(sum(size), 0)::bigint from files where purged_at is null", tenant=site.tenant)
    assert used > 1 << 20, "the tests before this one sent too little"
    assert "storage is full" in client.post(files, {"name": "more.pdf", "size": 100}).problem(507)["detail"]
    send(client, files, CONTENT, "more.pdf").problem(507)
    program(FILES_QUOTA_MB=str((used >> 20) + 2))
    send(client, files, CONTENT, "more.pdf").expect(201)


def test_a_line_that_breaks_within_a_piece_costs_that_piece(site, client, files, program):
    program()
    location = begin(client, files, CONTENT, "broken.pdf")
    piece(client, location, 0, CONTENT[:1000]).expect(200)
    cookies = "; ".join(f"{name}={value}" for name, value in client.cookies.items())
    for sent in (0, 10, 60_000):
        with socket.create_connection(("127.0.0.1", site.port)) as line:
            line.sendall((f"PATCH {location} HTTP/1.1\r\nHost: {site.host}\r\nOrigin: {client.origin}\r\nCookie: {cookies}\r\nUpload-Offset: 1000\r\n"
                          f"Content-Type: application/octet-stream\r\nContent-Length: {len(CONTENT) - 1000}\r\n\r\n").encode() + CONTENT[1000:1000 + sent])
        assert offset(client, location) == 1000
    done = piece(client, location, 1000, CONTENT[1000:]).expect(201)
    assert client.get(f"/api/files/{done['id']}").body == CONTENT


@pytest.fixture
def clamd(site):
    scanner = Clamd(site.state / "clamd.sock")
    yield scanner
    with contextlib.suppress(OSError):
        scanner.go_away()


def test_an_infected_file_is_refused_and_leaves_nothing(site, client, files, program, clamd):
    program(CLAMD=clamd.path)
    assert send(client, files, CONTENT, "clean.pdf").status == 201 and clamd.seen == [CONTENT]
    bad = b"words and EICAR in them"
    assert "Win.Test.EICAR_HDB-1" in send(client, files, bad, "bad.txt").problem(422, "file")["detail"]
    location = begin(client, files, bad, "bad.txt")
    piece(client, location, 0, bad).problem(422, "file")
    client.get(location).problem(404)
    assert not site.sql("select id from files where name = 'bad.txt'", tenant=site.tenant)


@pytest.mark.parametrize("mood", ["away", "garbled", "hangs-up"])
def test_without_the_scanners_word_nothing_is_kept_and_nothing_is_lost(site, client, files, program, clamd, mood):
    program(CLAMD=clamd.path)
    if mood == "away":
        clamd.go_away()
    clamd.mood = mood
    name = f"unscanned-{mood}.pdf"
    location = begin(client, files, CONTENT, name)
    answer = piece(client, location, 0, CONTENT)
    answer.problem(503)
    assert int(answer.header("retry-after")) > 0 and not site.sql("select id from files where name = %s", name, tenant=site.tenant)
    if mood == "away":
        clamd.come_back()
    clamd.mood = "well"
    assert offset(client, location) == len(CONTENT)
    assert client.get(f"/api/files/{piece(client, location, len(CONTENT), b'').expect(201)['id']}").body == CONTENT
