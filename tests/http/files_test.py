"""Files: received whole or piece by piece, judged by their content, given back with safe headers, removed for all to see."""
import hashlib
import os
import socket
import subprocess
import threading
import time
import urllib.parse

import pytest

import onboarding
from instance import build
from uploading import begin, form, offset, piece, png, send

PICTURE = png(900, 600)


@pytest.fixture(scope="module")
def owner(site):
    from people import new_person
    return new_person(site)


@pytest.fixture(scope="module")
def project(owner):
    return onboarding.create(owner)


@pytest.fixture(scope="module")
def files(project):
    return f"/api/projects/{project}/files"


def wait_for(condition, seconds=60):
    until = time.monotonic() + seconds
    while not (value := condition()):
        assert time.monotonic() < until, "it does not come to pass"
        time.sleep(0.05)
    return value


def listed(client, files):
    return {one["id"]: one for one in client.get(files).expect()["files"]}


def test_what_is_sent_comes_back_byte_by_byte(owner, files):
    content = os.urandom(3_000_000)[:2_999_999]
    content = b"%PDF-1.7\n" + content
    made = send(owner, files, content, "Requirements.pdf").expect(201)
    file = made["file"]
    assert made["id"] == file["id"] and (file["name"], file["contentType"], file["size"]) == ("Requirements.pdf", "application/pdf", len(content))
    assert file["sha256"] == hashlib.sha256(content).hexdigest() and file["mine"] and file["userName"] == "Juana dela Cruz"
    answer = owner.get(f"/api/files/{file['id']}")
    assert answer.status == 200 and answer.body == content
    assert answer.header("content-type") == "application/pdf" and answer.all("x-content-type-options")[0] == "nosniff"
    assert answer.header("content-disposition") == 'attachment; filename="Requirements.pdf"'
    assert "private" in answer.header("cache-control") and answer.header("x-accel-redirect") is None
    assert listed(owner, files)[file["id"]] == file


def test_bare_bytes_with_a_name_in_the_address_are_a_file_too(owner, files):
    answer = owner.request("POST", f"{files}?name=notes.txt", data=b"plain words\n", headers={"Content-Type": "text/plain"})
    assert answer.expect(201)["file"]["name"] == "notes.txt"
    owner.request("POST", files, data=b"plain words\n", headers={"Content-Type": "text/plain"}).problem(400, "name")


def test_a_part_of_a_file_can_be_asked_for(owner, files):
    file = send(owner, files, bytes(range(65, 91)), "letters.txt").expect(201)["id"]
    path = f"/api/files/{file}"
    for asked, status, body, named in (("bytes=2-4", 206, b"CDE", "bytes 2-4/26"), ("bytes=-3", 206, b"XYZ", "bytes 23-25/26"), ("bytes=24-", 206, b"YZ", "bytes 24-25/26"),
                                       ("bytes=24-99", 206, b"YZ", "bytes 24-25/26"), ("lines=1-2", 200, bytes(range(65, 91)), None)):
        answer = owner.get(path, headers={"Range": asked})
        assert (answer.status, answer.body, answer.header("content-range")) == (status, body, named), asked
    owner.get(path, headers={"Range": "bytes=26-"}).problem(416, detail="no such part")
    tag = owner.get(path).header("etag")
    again = owner.get(path, headers={"If-None-Match": tag})
    assert again.status == 304 and again.body == b""
    assert owner.head(path).body == b"" and owner.head(path).header("content-length") == "26"


@pytest.mark.parametrize("given, kept", [
    ("../../etc/passwd", "passwd"), ("C:\\Users\\juana\\logo.txt", "logo.txt"), ("..", "file"), ("Plán \u20ac \u202etxt.exe", "Plán € txt.exe"),
    ("a\tb.txt", "a b.txt"), ('quo%22te.txt', 'quo%22te.txt'), ("x" * 400 + ".txt", "x" * 196 + ".txt"), ("semi;colon=1.txt", "semi;colon=1.txt")])
def test_a_name_is_made_safe_and_comes_back_in_the_header(owner, files, given, kept):
    file = send(owner, files, b"words", given).expect(201)["file"]
    assert file["name"] == kept
    header = owner.get(f"/api/files/{file['id']}").header("content-disposition")
    assert header.startswith("attachment; filename=\"") and "\r" not in header and "\n" not in header
    if "filename*=" in header:
        assert urllib.parse.unquote(header.split("filename*=UTF-8''")[1], errors="strict") == kept
    else:
        assert header == f'attachment; filename="{kept}"'


def test_the_type_is_what_the_content_says(owner, files):
    assert send(owner, files, PICTURE, "photo.txt").expect(201)["file"]["contentType"] == "image/png"
    problem = send(owner, files, b"<!doctype html><html><script>alert(1)</script></html>", "innocent.png").problem(415, "file")
    assert "text/html" in problem["detail"]
    send(owner, files, b"MZ" + bytes(58) + b"\x80\0\0\0" + bytes(64) + b"PE\0\0\x64\x86" + bytes(400), "setup.pdf").problem(415, "file")
    send(owner, files, b"", "empty.txt").problem(422, "file")


def test_a_file_over_the_limit_is_refused_by_nginx_and_the_program_with_the_same_words(site, owner, files):
    too_much = 27 * 1024 * 1024 + 1
    with socket.create_connection(("127.0.0.1", site.port), timeout=60) as line:
        cookies = "; ".join(f"{name}={value}" for name, value in owner.cookies.items())
        line.sendall((f"POST {files}?name=x.txt HTTP/1.1\r\nHost: {site.host}\r\nOrigin: {owner.origin}\r\nCookie: {cookies}\r\n"
                      f"Content-Type: text/plain\r\nContent-Length: {too_much}\r\nConnection: close\r\n\r\n").encode())
        answer = b""
        while more := line.recv(65536):
            answer += more
    assert b" 413 " in answer.split(b"\r\n")[0] and b"A file may have at most 25 MiB" in answer
    problem = owner.post(files, {"name": "x.txt", "size": too_much}).problem(413, "file")
    assert "A file may have at most 25 MiB" in problem["detail"]


def test_memory_stays_flat_while_a_large_file_comes_and_goes(site, owner, files):
    if site.mode == "cgi" or "asan" in str(build()):
        pytest.skip("a process for each request, or one that counts its memory otherwise")
    content = b"%PDF-1.7\n" + bytes(24 * 1024 * 1024)
    file = send(owner, files, content, "large.pdf").expect(201)["id"]
    assert hashlib.sha256(owner.get(f"/api/files/{file}").body).digest() == hashlib.sha256(content).digest()
    pid, = site.pids("files")
    peak = int(next(line for line in open(f"/proc/{pid}/status") if line.startswith("VmHWM")).split()[1])
    assert peak < 32 * 1024, f"{peak} KiB"
    owner.delete(f"/api/files/{file}").expect(200)


def test_pieces_make_a_whole_and_say_how_far_they_are(owner, files):
    content = bytes(range(256)) * 1000
    content = b"%PDF-1.7\n" + content
    location = begin(owner, files, content, "pieces.pdf")
    assert offset(owner, location) == 0
    assert piece(owner, location, 0, content[:100_000]).expect(200)["offset"] == 100_000
    head = owner.head(location)
    assert (head.status, head.header("upload-offset"), head.header("upload-length")) == (200, "100000", str(len(content)))
    assert "100000" in piece(owner, location, 0, content[:50]).problem(409)["detail"]
    assert "100000" in piece(owner, location, 200_000, content[200_000:]).problem(409)["detail"]
    piece(owner, location, 100_000, content[100_000:] + b"more").problem(413)
    owner.request("PATCH", location, data=b"x", headers={"Content-Type": "application/octet-stream"}).problem(400)
    made = piece(owner, location, 100_000, content[100_000:]).expect(201)
    assert owner.get(f"/api/files/{made['id']}").body == content
    # Whoever lost that answer asks again, and gets the same file.
    assert piece(owner, location, 100_000, content[100_000:]).expect(200)["file"] == made["file"]
    assert owner.get(location).expect(200)["file"]["id"] == made["id"]
    owner.delete(location).problem(409)


def test_two_who_send_the_same_piece_at_once_spoil_nothing(owner, files):
    content = b"%PDF-1.7\n" + os.urandom(900_000)
    location = begin(owner, files, content, "twice.pdf")
    statuses = []
    threads = [threading.Thread(target=lambda c=owner.twin(): statuses.append(piece(c, location, 0, content).status)) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert sorted(statuses)[-1] in (201, 409) and 201 in statuses and set(statuses) <= {200, 201, 409}, statuses
    file = owner.get(location).expect(200)["file"]
    assert owner.get(f"/api/files/{file['id']}").body == content
    assert [one["name"] for one in listed(owner, files).values()].count("twice.pdf") == 1


def test_an_upload_is_its_beginners_alone_and_can_be_given_up(site, owner, stranger, files):
    location = begin(owner, files, b"words", "mine.txt")
    for other in (stranger, site.visitor()):
        other.get(location).problem(404)
        piece(other, location, 0, b"words").problem(404)
        other.delete(location).problem(404)
    owner.delete(location).expect(204)
    owner.get(location).problem(404)


def test_a_refused_type_ends_the_upload_by_pieces(owner, files):
    content = b"<!doctype html><html><body>hello</body></html>"
    location = begin(owner, files, content, "page.txt")
    piece(owner, location, 0, content).problem(415, "file")
    owner.get(location).problem(404)


def test_a_picture_gets_a_thumbnail_and_a_bomb_none(owner, files):
    picture = send(owner, files, PICTURE, "photo.png").expect(201)["id"]
    bomb = send(owner, files, png(64, 64, claim=(60_000, 60_000)), "bomb.png").expect(201)["id"]
    wait_for(lambda: listed(owner, files)[picture]["thumbnail"])
    small = owner.get(f"/api/files/{picture}/thumbnail")
    assert small.status == 200 and small.header("content-type") == "image/webp" and small.body[8:12] == b"WEBP" and len(small.body) < len(PICTURE) + 2000
    shown = owner.get(f"/api/files/{picture}?in=page")
    assert shown.header("content-disposition").startswith("inline")
    wait_for(lambda: not owner.get(files).expect()["files"] is None)
    owner.get(f"/api/files/{bomb}/thumbnail").problem(404)
    text = send(owner, files, b"words", "words.txt").expect(201)["id"]
    assert owner.get(f"/api/files/{text}?in=page").header("content-disposition").startswith("attachment")


def test_who_sent_a_file_may_remove_it_and_bring_it_back(owner, staff, files):
    file = send(owner, files, b"mine", "mine.txt").expect(201)["id"]
    theirs = send(staff, files, b"the agency's", "theirs.txt").expect(201)["id"]
    owner.delete(f"/api/files/{theirs}").problem(403)
    gone = owner.delete(f"/api/files/{file}").expect(200)["file"]
    assert gone["removedAt"] and gone["removedByName"] == "Juana dela Cruz"
    owner.get(f"/api/files/{file}").problem(410)
    owner.delete(f"/api/files/{file}").problem(410)
    assert listed(owner, files)[file]["removedAt"], "a file vanished from the list"
    assert owner.post(f"/api/files/{file}/restore").expect(200)["file"]["removedAt"] is None
    assert owner.get(f"/api/files/{file}").body == b"mine"
    staff.delete(f"/api/files/{file}").expect(200)
    owner.post(f"/api/files/{file}/restore").problem(403)
    staff.post(f"/api/files/{file}/restore").expect(200)


def test_the_proof_of_a_payment_stays(owner, files):
    body, kind = form(b"%PDF-1.4 receipt", "proof.pdf")
    proof = owner.request("POST", f"{files}?purpose=payment", data=body, headers={"Content-Type": kind}).expect(201)["file"]
    assert proof["purpose"] == "payment"
    owner.delete(f"/api/files/{proof['id']}").problem(409)
    owner.request("POST", f"{files}?purpose=other", data=body, headers={"Content-Type": kind}).problem(400, "purpose")


def test_pages_of_files_follow_one_another(site, owner, staff):
    project = onboarding.create(owner)
    path = f"/api/projects/{project}/files"
    site.sql("insert into files (project_id, user_id, name, content_type, size, sha256, removed_at, removed_by, purged_at) "
             "select %s, %s, 'f' || n, 'text/plain', 1, sha256(n::text::bytea), now(), 'test', now() from generate_series(1, 120) n",
             project, owner.user["id"], tenant=site.tenant)
    seen, cursor = [], None
    for _ in range(5):
        page = owner.get(path + (f"?cursor={cursor}" if cursor else "")).expect()
        seen += [one["name"] for one in page["files"]]
        cursor = page["next"]
        if not cursor:
            break
    assert seen == [f"f{n}" for n in range(120, 0, -1)]
    owner.get(path + "?cursor=x").problem(400, "cursor")


def test_a_draft_takes_a_few_small_files_which_come_along_with_the_project(site, owner):
    visitor = site.visitor()
    token = visitor.post("/api/leads", {}).expect(201)["token"]
    path = f"/api/leads/{token}/files"
    logo = send(visitor, path, PICTURE, "logo.png").expect(201)["id"]
    spare = send(visitor, path, b"spare", "spare.txt").expect(201)["id"]
    location = begin(visitor, path, b"words in pieces", "brief.txt")
    brief = piece(visitor, location, 0, b"words in pieces").expect(201)["id"]
    visitor.post(path, {"name": "film.mp4", "size": 11 << 20}).problem(413, "file")
    visitor.delete(f"{path}/{spare}").expect(204)
    assert [one["id"] for one in visitor.get(path).expect()["files"]] == [logo, brief]
    owner.get(f"/api/files/{logo}").problem(404)  # nobody's yet
    for n in range(8):
        send(visitor, path, f"file {n}".encode(), f"{n}.txt").expect(201)
    send(visitor, path, b"one too many", "more.txt").problem(422, "file")
    project = onboarding.create(owner, leadToken=token)
    mine = listed(owner, f"/api/projects/{project}/files")
    assert {logo, brief} <= set(mine) and mine[logo]["mine"] and mine[logo]["purpose"] == "answer"
    assert owner.get(f"/api/files/{logo}").body == PICTURE
    visitor.get(path).problem(409)
    send(visitor, path, b"late", "late.txt").problem(409)
    site.visitor().get("/api/leads/not-a-token/files").problem(404)


def test_files_are_answers_beside_words(site, owner):
    service = site.one("insert into service_types (name, description, base_price, timeline) values ('Words and files', 'Both are asked for', 5000, '1 week') returning id", tenant=site.tenant)
    site.sql("insert into questions (service_id, question_key, question_text, question_type, required) values (%s, 'words', 'Your words', 'text', true), (%s, 'logo', 'Your logo', 'file', true)",
             service, service, tenant=site.tenant)
    try:
        visitor = site.visitor()
        token = visitor.post("/api/leads", {"serviceId": service}).expect(201)["token"]
        logo = send(visitor, f"/api/leads/{token}/files", PICTURE, "logo.png").expect(201)["id"]
        visitor.patch(f"/api/leads/{token}", {"questionAnswers": {"words": "Lead generation", "logo": [{"id": logo, "name": "logo.png"}]}}).expect()
        draft = site.one("select id from leads where token_hash = sha256(%s)", token.encode(), tenant=site.tenant)
        staff = site.signed_in(*site.account("admin"))
        said = {a["questionText"]: a["answerValue"] for a in staff.get(f"/api/admin/leads/{draft}").expect()["answers"]}
        assert said == {"Your words": "Lead generation", "Your logo": "logo.png"}
        assert "logo: logo.png\nwords: Lead generation" in staff.get("/api/admin/leads/csv").text
        body = onboarding.onboarding(owner, leadToken=token, serviceId=service, questionAnswers={"words": "Lead generation", "logo": [logo]})
        elsewhere = {**body, "questionAnswers": {"words": "Lead generation", "logo": [logo + 1_000_000]}}
        owner.post("/api/projects/create-from-onboarding", elsewhere).problem(422, "questionAnswers.logo")
        answers = owner.get(f"/api/projects/{onboarding.create(owner, body)}/details").expect()["answers"]
        assert {a["questionText"]: a["answerValue"] for a in answers} == {"Your words": "Lead generation", "Your logo": [{"id": logo, "name": "logo.png"}]}
    finally:
        site.sql("update service_types set is_active = false where id = %s", service, tenant=site.tenant)


def test_orphans_go_and_what_has_a_row_stays(site, owner, files):
    kept = send(owner, files, b"kept by its row", "kept.txt").expect(201)["file"]
    home = site.state / "files" / site.tenant
    blob = home / kept["sha256"][:2] / kept["sha256"]
    orphan = home / "ab" / ("ab" * 32)
    orphan.parent.mkdir(exist_ok=True)
    os.chown(orphan.parent, home.stat().st_uid, home.stat().st_gid)  # one file in 256 of the tests to come goes there
    orphan.write_bytes(b"nobody's")
    partial, fresh = home / "uploads/once-old", home / "uploads/once-new"
    location = begin(owner, files, b"half of it is here", "half.txt")
    piece(owner, location, 0, b"half").expect(200)
    going_on = home / "uploads" / hashlib.sha256(location.rsplit("/", 1)[1].encode()).hexdigest()
    partial.write_bytes(b"left by a crash")
    fresh.write_bytes(b"coming in just now")
    long_ago = time.time() - 3600
    for path in (blob, orphan, partial, going_on):
        os.utime(path, (long_ago, long_ago))
    done = subprocess.run([build() / "bin/worker", "--collect"], env={**os.environ, "LUNAXCODE_ENV": str(site.state / "env")}, capture_output=True, text=True)
    assert done.returncode == 0, done.stderr
    assert [path.exists() for path in (blob, going_on, fresh, orphan, partial)] == [True, True, True, False, False]
    fresh.unlink()
    piece(owner, location, 4, b" of it is here").expect(201)
    # Removed a week ago: the row stays, its bytes go. And what is removed a moment ago can come back.
    gone = send(owner, files, b"removed long ago", "gone.txt").expect(201)["file"]
    owner.delete(f"/api/files/{gone['id']}").expect(200)
    site.sql("update files set removed_at = now() - interval '8 days' where id = %s", gone["id"], tenant=site.tenant)
    os.utime(home / gone["sha256"][:2] / gone["sha256"], (long_ago, long_ago))
    subprocess.run([build() / "bin/worker", "--collect"], env={**os.environ, "LUNAXCODE_ENV": str(site.state / "env")}, check=True, capture_output=True)
    assert not (home / gone["sha256"][:2] / gone["sha256"]).exists()
    owner.post(f"/api/files/{gone['id']}/restore").problem(410)
    assert listed(owner, files)[gone["id"]]["removedAt"]


def as_apache(site, client, path, method="GET", **more):
    """The program as plain CGI under a web server that sends no files for it: status, headers, body."""
    variables = {"PATH": os.environ["PATH"], "LUNAXCODE_ENV": str(site.state / "env"), "REQUEST_METHOD": method, "REQUEST_URI": path, "HTTP_HOST": site.host,
                 "HTTP_COOKIE": "; ".join(f"{name}={value}" for name, value in client.cookies.items()), "HTTP_ORIGIN": client.origin, **more}
    done = subprocess.run([build() / "bin/files"], env=variables, stdin=subprocess.DEVNULL, capture_output=True, timeout=120)
    head, _, body = done.stdout.partition(b"\r\n\r\n")
    headers = dict(line.split(": ", 1) for line in head.decode().split("\r\n"))
    return int(headers["Status"].split()[0]), headers, body


def test_without_nginx_the_program_sends_the_bytes_itself(site, owner, files):
    content = b"%PDF-1.7\n" + os.urandom(300_000)
    path = f"/api/files/{send(owner, files, content, 'alone.pdf').expect(201)['id']}"
    status, headers, body = as_apache(site, owner, path)
    assert (status, body) == (200, content) and headers["Content-Disposition"] == 'attachment; filename="alone.pdf"' and headers["X-Content-Type-Options"] == "nosniff"
    assert headers["Content-Length"] == str(len(content)) and "X-Accel-Redirect" not in headers
    status, ranged, body = as_apache(site, owner, path, HTTP_RANGE="bytes=1000-1999", HTTP_IF_RANGE=headers["ETag"])
    assert (status, body, ranged["Content-Range"]) == (206, content[1000:2000], f"bytes 1000-1999/{len(content)}")
    assert as_apache(site, owner, path, HTTP_RANGE=f"bytes={len(content)}-")[0] == 416
    assert as_apache(site, owner, path, HTTP_IF_NONE_MATCH=headers["ETag"])[::2] == (304, b"")
    assert as_apache(site, owner, path, "HEAD")[::2] == (200, b"")
    assert as_apache(site, site.visitor(), path)[0] == 401
    status, handed, body = as_apache(site, owner, path, LUNAXCODE_SENDS_FILES="xsendfile")
    assert status == 200 and body == b"" and open(handed["X-Sendfile"], "rb").read() == content


def test_a_file_sent_again_under_its_key_is_the_one_that_came_first(site, owner, files):
    send_it = lambda body, key, name="once.txt": owner.post(f"{files}?name={name}", data=body, headers={"Content-Type": "text/plain", "Idempotency-Key": key})
    key = f"file-{time.time_ns()}"
    first = send_it(b"the same bytes", key).expect(201)
    assert send_it(b"the same bytes", key).expect(201)["id"] == first["id"]
    assert site.one("select count(*) from files where idempotency_key = %s", key, tenant=site.tenant) == 1
    send_it(b"other bytes than before", key).problem(422)
    assert send_it(b"the same bytes", key + "-2").expect(201)["id"] != first["id"]
    send_it(b"x", "k" * 201).problem(400)
    twins, answers = [owner.twin() for _ in range(4)], []
    race = [threading.Thread(target=lambda c=c: answers.append(c.post(f"{files}?name=race.txt", data=b"raced bytes" * 5000, headers={"Content-Type": "text/plain", "Idempotency-Key": key + "-race"}))) for c in twins]
    for one in race:
        one.start()
    for one in race:
        one.join()
    assert {a.expect(201)["id"] for a in answers} == {answers[0].json["id"]} and len(answers) == 4
