"""Every way in which the stand-in Gemini can fail: one function a kind, with the stages it suits and what a good client does.

expect: accept  the answer is good as it is, nobody asks again
        retry   the same thing is asked again, and then all is well
        repair  the importer mends the tasks, or sends them back once; the plan is Gemini's
        final   asking again is wrong: the fallback model or the built-in planner goes on
        quota   parked until tomorrow, or the fallback model or the built-in planner goes on
        either  any of these, as long as a good plan or a visible failure comes of it
"""
import json
import time
from dataclasses import dataclass
from typing import Callable

import gemini_answers as answers
from listener import reset as reset_connection

BOTH = frozenset(("prd", "tasks"))


@dataclass(frozen=True)
class Kind:
    name: str
    act: Callable
    stages: frozenset
    expect: str
    about: str


KINDS = {}


def fault(name, expect, *stages):
    def register(act):
        KINDS[name] = Kind(name, act, frozenset(stages) or BOTH, expect, (act.__doc__ or "").strip())
        return act
    return register


# Connections and HTTP

@fault("reset", "retry")
def _(call):
    """The connection is reset before a byte of the answer."""
    call.hang_up()
    reset_connection(call.connection)


@fault("close", "retry")
def _(call):
    """The connection is closed before a byte of the answer."""
    call.hang_up()


@fault("hang", "retry")
def _(call, seconds=90):
    """No byte comes until the client gives up."""
    call.hang_up()
    wait_for_peer(call, seconds)


@fault("hang mid-stream", "retry")
def _(call, seconds=90):
    """Half the answer comes, then silence until the client gives up."""
    call.hang_up()
    if call.stream:
        call.begin_events()
        call.event(call.response([{"text": call.text()[:200]}]))
    else:
        call.head(200, "application/json", "Content-Length: 50000")
        call.raw(b'{"candidates":[')
    wait_for_peer(call, seconds)


def wait_for_peer(call, seconds):
    call.connection.settimeout(seconds)
    try:
        while call.connection.recv(4096):
            pass
    except OSError:
        pass


@fault("drip", "accept")
def _(call, pause=0.02, size=160):
    """A good answer in many small slow pieces, well inside the deadline."""
    call.settings.update(chunks=max(1, len(call.text()) // size), pause=pause)
    if call.stream:
        call.answer()
        return
    data = json.dumps(call.response([{"text": call.text()}], "STOP"), ensure_ascii=False).encode()
    call.head(200, "application/json; charset=UTF-8", f"Content-Length: {len(data)}")
    for at in range(0, len(data), size):
        call.raw(data[at:at + size])
        time.sleep(pause)


@fault("empty body", "retry")
def _(call):
    """200 with no body at all."""
    call.whole(200, "text/event-stream" if call.stream else "application/json", b"")


@fault("html", "retry")
def _(call):
    """A proxy's HTML page with 502."""
    call.whole(502, "text/html; charset=UTF-8", b"<!DOCTYPE html><html><title>Error 502 (Server Error)!!1</title><p>That\xe2\x80\x99s an error.</html>")


@fault("html 200", "retry")
def _(call):
    """A captive portal's HTML page with 200."""
    call.whole(200, "text/html; charset=UTF-8", b"<!DOCTYPE html><html><title>Sign in to the network</title></html>")


@fault("malformed json", "retry")
def _(call):
    """A body that is not JSON where JSON is due."""
    data = b'{"candidates":[{"content":{"parts":[{"text":"# Requirements"'
    if call.stream:
        call.begin_events()
        call.chunk(b"data: " + data + b"\n\n")
        call.end()
    else:
        call.whole(200, "application/json", data)


@fault("cut body", "retry")
def _(call):
    """The connection closes in the middle of an event, or of the JSON text."""
    call.hang_up()
    if call.stream:
        call.begin_events()
        call.event(call.response([{"text": call.text()[:300]}]))
        call.chunk(b'data: {"candidates":[{"content":{"role":"model","parts":[{"te')
    else:
        data = json.dumps(call.response([{"text": call.text()}], "STOP")).encode()
        call.head(200, "application/json", f"Content-Length: {len(data)}")
        call.raw(data[:len(data) // 2])


@fault("cut event", "retry", "prd")
def _(call):
    """The stream ends in the middle of an event, though the HTTP body is complete."""
    if not call.stream:
        return KINDS["cut body"].act(call)
    call.begin_events()
    call.event(call.response([{"text": call.text()[:300]}]))
    call.chunk(b'data: {"candidates":[{"content":{"role":"model","parts":[{"te')
    call.end()


@fault("no finish reason", "retry")
def _(call):
    """The answer ends without a finishReason: it is truncated."""
    text = call.text()
    text = text[:len(text) * 2 // 3]
    if not call.stream:
        call.json(200, call.response([{"text": text}]))
        return
    call.begin_events()
    for piece in call.pieces(text):
        call.event(call.response([{"text": piece}]))
    call.end()


@fault("redirect", "final")
def _(call):
    """302 to somewhere else: an API key must not follow it."""
    call.whole(302, "text/html", b"", "Location: http://127.0.0.1:9/elsewhere")


@fault("gzip", "accept")
def _(call):
    """A good answer, gzip'd when the client said it takes that."""
    if "gzip" not in call.headers.get("accept-encoding", ""):
        call.answer()
    elif call.stream:
        data = "".join(f"data: {json.dumps(call.response([{'text': piece}], None))}\n\n" for piece in call.pieces(call.text()))
        data += f"data: {json.dumps(call.response(None, 'STOP'))}\n\n"
        call.whole(200, "text/event-stream", call.gzipped(data.encode()), "Content-Encoding: gzip")
    else:
        call.whole(200, "application/json", call.gzipped(json.dumps(call.response([{"text": call.text()}], "STOP")).encode()),
                   "Content-Encoding: gzip")


@fault("gzip unasked", "either")
def _(call):
    """A gzip'd answer to a client that did not ask for it."""
    data = json.dumps(call.response([{"text": call.text()}], "STOP"))
    call.whole(200, "text/event-stream" if call.stream else "application/json",
               call.gzipped((f"data: {data}\n\n" if call.stream else data).encode()), "Content-Encoding: gzip")


@fault("huge", "either")
def _(call, megabytes=20):
    """An answer of 20 MB."""
    filler = "All work and no play. " * 3000
    rounds = megabytes * 1024 * 1024 // len(filler)
    if call.stream:
        call.begin_events()
        for _ in range(rounds):
            call.event(call.response([{"text": filler}]))
        call.event(call.response(None, "STOP"))
        call.end()
    else:
        call.json(200, call.response([{"text": filler * rounds}], "STOP"))


@fault("endless line", "either", "prd")
def _(call, megabytes=20):
    """An event of 20 MB without a line end."""
    if not call.stream:
        return KINDS["huge"].act(call)
    call.begin_events()
    call.chunk(b'data: {"candidates":[{"content":{"parts":[{"text":"')
    for _ in range(megabytes * 16):
        call.chunk(b"x" * 65536)
    call.chunk(b'"}]},"finishReason":"STOP"}]}\n\n')
    call.end()


@fault("split utf-8", "accept")
def _(call, size=7):
    """A good answer whose TCP segments and HTTP chunks cut through characters, events and \\u escapes."""
    text = call.text()
    if call.stream:
        call.sent_text = text
        data = "".join(f"data: {json.dumps(call.response([{'text': piece}]), ensure_ascii=False)}\n\n" for piece in call.pieces(text))
        data = (data + f"data: {json.dumps(call.response(None, 'STOP'))}\n\n").encode()
        call.begin_events()
        for at in range(0, len(data), size):
            call.chunk(data[at:at + size])
        call.end()
    else:
        data = json.dumps(call.response([{"text": text}], "STOP"), ensure_ascii=False).encode()
        call.head(200, "application/json; charset=UTF-8", f"Content-Length: {len(data)}")
        for at in range(0, len(data), size):
            call.raw(data[at:at + size])


@fault("crlf", "accept")
def _(call):
    """A good stream with CRLF line ends."""
    _stream(call, "\r\n")


@fault("odd sse", "accept", "prd")
def _(call):
    """A good stream with comments, unknown fields, ids and a byte order mark, as the SSE standard allows."""
    if not call.stream:
        return call.answer()
    call.begin_events()
    call.chunk("\ufeff: hello\n\n".encode())
    for number, piece in enumerate(call.pieces(call.text())):
        call.sent_text += piece
        call.chunk(f": ping\nid: {number}\nretry: 3000\nsomething: else\n".encode())
        call.chunk(f"data:{json.dumps(call.response([{'text': piece}]))}\n\n".encode())
    call.event(call.response(None, "STOP"))
    call.end()


def _stream(call, end):
    if not call.stream:
        return call.answer()
    call.begin_events()
    for piece in call.pieces(call.text()):
        call.sent_text += piece
        call.event(call.response([{"text": piece}]), end)
    call.event(call.response(None, "STOP"), end)
    call.end()


# Errors in Google's form

@fault("400", "final")
def _(call):
    """INVALID_ARGUMENT."""
    call.error(400, "INVALID_ARGUMENT", "Request contains an invalid argument.")


@fault("400 precondition", "final")
def _(call):
    """FAILED_PRECONDITION: not offered in this country without billing."""
    call.error(400, "FAILED_PRECONDITION", "User location is not supported for the API use.")


@fault("403", "final")
def _(call):
    """PERMISSION_DENIED."""
    call.error(403, "PERMISSION_DENIED", "Your API key was reported as leaked. Please use another API key.")


@fault("404", "final")
def _(call):
    """NOT_FOUND: the model was switched off."""
    call.error(404, "NOT_FOUND", f"models/{call.model} is not found for API version v1beta")


@fault("408", "retry")
def _(call):
    """Request timeout."""
    call.error(408, "DEADLINE_EXCEEDED", "The request timed out.")


@fault("429", "retry")
def _(call):
    """RESOURCE_EXHAUSTED without details."""
    call.error(429, "RESOURCE_EXHAUSTED", "Resource has been exhausted (e.g. check quota).")


@fault("429 retry info", "retry")
def _(call, delay="2s"):
    """RESOURCE_EXHAUSTED a minute, with RetryInfo: not asked again before that."""
    call.error(429, "RESOURCE_EXHAUSTED", f"You exceeded your current quota. Please retry in {delay}.", [
        {"@type": "type.googleapis.com/google.rpc.QuotaFailure", "violations": [
            {"quotaMetric": "generativelanguage.googleapis.com/generate_content_free_tier_requests",
             "quotaId": "GenerateRequestsPerMinutePerProjectPerModel-FreeTier", "quotaValue": "5"}]},
        {"@type": "type.googleapis.com/google.rpc.RetryInfo", "retryDelay": delay}])


@fault("429 per day", "quota")
def _(call, delay="1s"):
    """RESOURCE_EXHAUSTED for the day: the short retryDelay that comes with it is a lie."""
    call.error(429, "RESOURCE_EXHAUSTED", "You exceeded your current quota, please check your plan and billing details.", [
        {"@type": "type.googleapis.com/google.rpc.QuotaFailure", "violations": [
            {"quotaMetric": "generativelanguage.googleapis.com/generate_content_free_tier_requests",
             "quotaId": "GenerateRequestsPerDayPerProjectPerModel-FreeTier", "quotaValue": "50",
             "quotaDimensions": {"location": "global", "model": call.model}}]},
        {"@type": "type.googleapis.com/google.rpc.Help", "links": [{"description": "Learn more", "url": "https://ai.google.dev/gemini-api/docs/rate-limits"}]},
        {"@type": "type.googleapis.com/google.rpc.RetryInfo", "retryDelay": delay}])


@fault("500", "retry")
def _(call):
    """INTERNAL."""
    call.error(500, "INTERNAL", "An internal error has occurred. Please retry or report in https://developers.generativeai.google/guide/troubleshooting")


@fault("503", "retry")
def _(call):
    """UNAVAILABLE: overloaded."""
    call.error(503, "UNAVAILABLE", "The model is overloaded. Please try again later.")


@fault("504", "retry")
def _(call):
    """DEADLINE_EXCEEDED."""
    call.error(504, "DEADLINE_EXCEEDED", "The service was unable to finish processing within the deadline.")


@fault("error mid-stream", "retry")
def _(call):
    """An error inside a stream that began with 200."""
    error = {"error": {"code": 503, "message": "The model is overloaded.", "status": "UNAVAILABLE"}}
    if not call.stream:
        return call.json(200, error)
    call.begin_events()
    call.event(call.response([{"text": call.text()[:400]}]))
    call.event(error)
    call.end()


# What the model can do wrong

@fault("blocked prompt", "final")
def _(call, reason="PROHIBITED_CONTENT"):
    """promptFeedback.blockReason and no candidates."""
    value = {"promptFeedback": {"blockReason": reason}, "usageMetadata": {"promptTokenCount": 900, "totalTokenCount": 900},
             "modelVersion": call.model}
    _one(call, value)


def _one(call, value):
    if call.stream:
        call.begin_events()
        call.event(value)
        call.end()
    else:
        call.json(200, value)


def _finish(name, reason, expect, about, share=0.0):
    def act(call):
        text = call.text()
        text = text[:int(len(text) * share)]
        if not call.stream:
            return call.json(200, call.response([{"text": text}] if text else None, reason))
        call.begin_events()
        for piece in call.pieces(text):
            call.event(call.response([{"text": piece}]))
        call.event(call.response(None, reason))
        call.end()
    act.__doc__ = about
    fault(name, expect)(act)


_finish("SAFETY", "SAFETY", "either", "finishReason SAFETY after some text.", 0.3)
_finish("RECITATION", "RECITATION", "either", "finishReason RECITATION after some text.", 0.5)
_finish("MAX_TOKENS empty", "MAX_TOKENS", "retry", "finishReason MAX_TOKENS: thinking used it all up.")
_finish("MAX_TOKENS cut", "MAX_TOKENS", "retry", "finishReason MAX_TOKENS with half the text, which must not be kept.", 0.5)
_finish("MALFORMED_RESPONSE", "MALFORMED_RESPONSE", "retry", "a finishReason that is not in the list.")
_finish("unknown finish", "SOMETHING_NEW", "retry", "a finishReason that nobody knows yet, with half the text.", 0.5)
_finish("STOP empty", "STOP", "retry", "finishReason STOP without a text.")


@fault("thoughts", "accept")
def _(call):
    """A good answer between thoughts and bare signatures, none of which belong to the text."""
    pieces = call.pieces(call.text())
    thought = {"text": "**Thinking** SECRET-THOUGHT about the client", "thought": True}
    if not call.stream:
        parts = [thought] + [{"text": piece} for piece in pieces] + [{"thoughtSignature": "c2ln"}]
        return call.json(200, call.response(parts, "STOP"))
    call.begin_events()
    call.event(call.response([thought]))
    for piece in pieces:
        call.sent_text += piece
        call.event(call.response([{"text": piece}, {"thoughtSignature": "c2ln"}]))
    call.event(call.response([{"thoughtSignature": "c2ln"}], "STOP"))
    call.end()


@fault("thoughts only", "retry")
def _(call):
    """STOP with nothing but a thought and a signature."""
    _one(call, call.response([{"text": "SECRET-THOUGHT", "thought": True}, {"thoughtSignature": "c2ln"}], "STOP"))


@fault("script tags", "accept", "prd")
def _(call):
    """A document full of what must never execute."""
    call.answer(call.text().replace("## ", "\n".join((
        "", "<script>window.hacked = 1</script>", "<img src=x onerror=\"window.hacked = 1\">", "[click](javascript:window.hacked=1)",
        "[click](JaVaScRiPt&colon;window.hacked=1)", "![x](data:text/html,<script>window.hacked=1</script>)",
        "<iframe srcdoc=\"<script>parent.hacked=1</script>\"></iframe>", "<javascript:window.hacked=1>",
        "[a]: vbscript:hacked", "[click][a]", "<svg/onload=window.hacked=1>", "", "## "))))


@fault("missing sections", "either", "prd")
def _(call):
    """A document with two of its six sections."""
    text = call.text()
    at = text.index("Core Features")
    call.answer(text[:text.rindex("\n", 0, at)])


@fault("nul characters", "either")
def _(call):
    """\\u0000 inside the text, which PostgreSQL refuses."""
    text = call.text()
    if call.stage == "tasks":
        text = text.replace("site", "si\\u0000te")
    else:
        text = text.replace(" ", " \x00", 3)
    call.answer(text)


@fault("lone surrogate", "either")
def _(call):
    """A lone surrogate as \\ud800, which is not Unicode text."""
    data = json.dumps(call.response([{"text": "MARK"}], "STOP"))
    text = json.dumps(call.text())[1:-1].replace("the ", "the \\\\ud800 " if call.stage == "tasks" else "the \\ud800 ", 2)
    data = data.replace("MARK", text)
    if call.stream:
        call.begin_events()
        call.chunk(f"data: {data}\n\n".encode())
        call.end()
    else:
        call.whole(200, "application/json", data.encode())


# Tasks

def bent(name, about, expect="repair"):
    """A fault that changes the good tasks: change(tasks, names by meaning) returns the new list, or text to send as it is."""
    def register(change):
        def act(call, **parameters):
            path, names = answers.shape(call.schema or {})
            tasks = call.plan()
            for step in path:
                tasks = tasks[step]
            tasks = change(tasks, names, **parameters)
            call.answer(tasks if isinstance(tasks, str) else json.dumps(answers.wrapped(tasks, path), ensure_ascii=False))
        act.__doc__ = about
        fault(name, expect, "tasks")(act)
        return change
    return register


def ids(tasks, names):
    """What other tasks call each task: its number, or its place from 1."""
    return [task.get(names.get("number"), place) for place, task in enumerate(tasks, 1)]


@bent("too few tasks", "Four tasks.")
def _(tasks, names, count=4):
    for task in tasks[:count]:
        task[names["dependencies"]] = []
    return tasks[:count]


@bent("no tasks", "An empty list.")
def _(tasks, names):
    return []


@bent("too many tasks", "Sixty tasks.")
def _(tasks, names, count=60):
    known = ids(tasks, names)
    number = names.get("number")
    for place in range(len(tasks), count):
        one = dict(tasks[place % len(known)])
        one[names["title"]] += f", part {place}"
        one[names["dependencies"]] = [known[0]]
        if number:
            one[number] = type(known[0])(place + 1)
        tasks.append(one)
    return tasks


@bent("cyclic dependencies", "Three tasks in a circle.")
def _(tasks, names):
    known = ids(tasks, names)
    for here, there in ((2, 4), (4, 6), (6, 2)):
        tasks[here][names["dependencies"]] = [known[there]]
    return tasks


@bent("everything depends on everything", "The worst graph there is.")
def _(tasks, names):
    known = ids(tasks, names)
    for task in tasks:
        task[names["dependencies"]] = list(known)
    return tasks


@bent("self dependency", "A task that waits for itself.")
def _(tasks, names):
    tasks[3][names["dependencies"]] = [ids(tasks, names)[3]]
    return tasks


@bent("unknown dependency", "A task that waits for one that is not there.")
def _(tasks, names):
    kind = type(ids(tasks, names)[0])
    tasks[5][names["dependencies"]] = [kind(999)]
    return tasks


@bent("title dependencies", "Dependencies named by title.")
def _(tasks, names):
    _renamed(tasks, names, lambda place, task: task[names["title"]])
    return tasks


@bent("index dependencies", "Dependencies counted from 0.")
def _(tasks, names):
    _renamed(tasks, names, lambda place, task: place)
    if "number" in names:
        for place, task in enumerate(tasks):
            task[names["number"]] = place
    return tasks


@bent("string number dependencies", "Dependencies as \"3\" and \"#3\".")
def _(tasks, names):
    _renamed(tasks, names, lambda place, task: f"#{place + 1}" if place % 2 else str(place + 1))
    return tasks


def _renamed(tasks, names, name_of):
    known = {value: place for place, value in enumerate(ids(tasks, names))}
    for task in tasks:
        task[names["dependencies"]] = [name_of(known[value], tasks[known[value]]) for value in task[names["dependencies"]]]


@bent("dependencies null", "null where a list is due.")
def _(tasks, names):
    for task in tasks[::2]:
        task[names["dependencies"]] = None
    return tasks


@bent("duplicate titles", "Every third task bears the same title.")
def _(tasks, names):
    for task in tasks[::3]:
        task[names["title"]] = "Build the page"
    return tasks


@bent("duplicate ids", "Two tasks with one id.")
def _(tasks, names):
    if "number" in names:
        tasks[6][names["number"]] = tasks[5][names["number"]]
    return tasks


@bent("negative hours", "-4 and 0 hours.")
def _(tasks, names):
    tasks[1][names["hours"]], tasks[2][names["hours"]] = -4, 0
    return tasks


@bent("huge hours", "A million hours, and a number beyond 64 bits.")
def _(tasks, names):
    tasks[1][names["hours"]], tasks[2][names["hours"]] = 1000000, 10 ** 30
    return tasks


@bent("fractional hours", "2.5 hours, and a third.")
def _(tasks, names):
    tasks[1][names["hours"]] = 2.5
    tasks[2][names["hours"]] = 1 / 3
    return tasks


@bent("unknown section", "A section that is not one of the six.")
def _(tasks, names):
    tasks[2][names["section"]] = "Marketing"
    tasks[3][names["section"]] = "frontend "
    return tasks


@bent("unknown priority", "Priorities that are not among the three.")
def _(tasks, names):
    tasks[2][names["priority"]] = "urgent"
    tasks[3][names["priority"]] = "HIGH"
    return tasks


@bent("wrong types", "Numbers as text, text as numbers, an object as a title.")
def _(tasks, names):
    tasks[1][names["hours"]] = "8"
    tasks[2][names["title"]] = 42
    tasks[3][names["description"]] = None
    tasks[4][names["title"]] = {"text": "Build it"}
    tasks[5] = "a task"
    return tasks


@bent("missing fields", "Tasks with nothing but a title.")
def _(tasks, names):
    return [{names["title"]: task[names["title"]]} if place % 2 else task for place, task in enumerate(tasks)]


@bent("endless title", "A title of 100,000 characters.")
def _(tasks, names):
    tasks[2][names["title"]] = "Build " * 16000
    return tasks


@bent("empty titles", "Titles of white space.")
def _(tasks, names):
    tasks[2][names["title"]] = "   "
    tasks[3][names["title"]] = ""
    return tasks


@bent("not json", "A kind refusal in prose.", "retry")
def _(tasks, names):
    return "I'm sorry, but I can't produce a task list for this project right now."


@bent("prose around json", "Good JSON between two sentences.", "repair")
def _(tasks, names):
    return "Sure! Here are your tasks:\n\n" + json.dumps(answers.wrapped(tasks, ["tasks"])) + "\n\nLet me know if you need more."


@bent("fenced json", "Good JSON in a Markdown fence.", "repair")
def _(tasks, names):
    return "```json\n" + json.dumps(answers.wrapped(tasks, ["tasks"])) + "\n```"


@bent("wrong json", "JSON of a wholly different shape.", "retry")
def _(tasks, names):
    return json.dumps({"answer": {"plan": "see above"}})


@bent("deep json", "JSON nested 100,000 deep.", "retry")
def _(tasks, names):
    return "[" * 100000 + "]" * 100000


@fault("pace", "accept")
def _(call, gate=None, **settings):
    """No fault: other chunks, pause, latency or number of tasks for one request. A gate (threading.Event) holds it up, a text half-way,
    until somebody opens it or 15 seconds are over: for who looks at a plan that is being written, on a machine of any speed."""
    time.sleep(settings.get("latency", 0))
    call.settings.update(settings)
    call.gate = gate
    call.answer()
