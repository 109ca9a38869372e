"""The stand-in Gemini speaks the protocol of the real one: what it refuses, how it streams, and that each fault shows."""
import contextlib
import gzip
import http.client
import json
import time

import pytest

import gemini_answers as answers
from gemini import API_KEY, Gemini
from gemini_faults import KINDS

PROMPT = """Service Type: Landing Page
Client: Juana dela Cruz
Project Description: A page for our bakery in Iloilo with a menu and an order form

- Design style: Modern
- Required sections: Hero, Pricing
"""
TASKS = {"type": "object", "required": ["tasks"], "properties": {"tasks": {
    "type": "array", "minItems": 15, "maxItems": 25, "items": {
        "type": "object", "required": ["id", "title", "dependencies"], "properties": {
            "id": {"type": "integer"}, "title": {"type": "string"}, "description": {"type": "string"},
            "section": {"type": "string", "enum": ["Frontend", "Backend", "Database", "Design", "Testing", "Deployment"]},
            "priority": {"type": "string", "enum": ["low", "medium", "high"]},
            "estimatedHours": {"type": "integer", "minimum": 1, "maximum": 80},
            "dependencies": {"type": "array", "items": {"type": "integer"}}}}}}}


@pytest.fixture(scope="module")
def gemini():
    stand_in = Gemini(pause=0)
    yield stand_in
    stand_in.close()


def ask(gemini, body, action="streamGenerateContent?alt=sse", model="gemini-3.5-flash", key=API_KEY, timeout=30):
    connection = http.client.HTTPConnection("127.0.0.1", gemini.port, timeout=timeout)
    try:
        connection.request("POST", f"/v1beta/models/{model}:{action}", json.dumps(body).encode(),
                           {"content-type": "application/json", **({"x-goog-api-key": key} if key else {})})
        reply = connection.getresponse()
        return reply.status, reply.read(), reply.headers
    finally:
        connection.close()


def prd(prompt=PROMPT, **config):
    return {"contents": [{"role": "user", "parts": [{"text": prompt}]}],
            "systemInstruction": {"parts": [{"text": "You write requirements."}]},
            "generationConfig": {"maxOutputTokens": 32768, "thinkingConfig": {"thinkingLevel": "low"}, **config}}


def tasks(prompt=PROMPT, schema=TASKS):
    return prd(prompt, responseMimeType="application/json", responseJsonSchema=schema)


def text_of(events):
    return "".join(part.get("text", "") for event in events for candidate in event.get("candidates", [])
                   for part in candidate["content"].get("parts", []) if not part.get("thought"))


def events(data):
    return [json.loads(line[5:]) for line in data.decode().splitlines() if line.startswith("data:")]


def test_a_document_is_streamed_in_several_events_and_is_about_the_prompt(gemini):
    status, data, headers = ask(gemini, prd())
    got = events(data)
    assert status == 200 and headers["content-type"] == "text/event-stream"
    assert len(got) > 4 and [e["candidates"][0].get("finishReason") for e in got][-2:] == [None, "STOP"]
    text = text_of(got)
    for title in answers.SECTIONS:
        assert f"## {title}" in text
    assert "Juana dela Cruz" in text and "bakery in Iloilo" in text and "Design style: Modern" in text
    assert got[-1]["usageMetadata"]["totalTokenCount"] > 0
    assert text_of(events(ask(gemini, prd(PROMPT.replace("bakery", "clinic")))[1])) != text


def test_tasks_obey_the_schema_that_was_sent(gemini):
    for schema in (TASKS, TASKS["properties"]["tasks"]):
        status, data, _ = ask(gemini, tasks(schema=schema), "generateContent")
        value = json.loads(text_of([json.loads(data)]))
        assert status == 200 and answers.obeys(value, schema)
        listed = value["tasks"] if schema is TASKS else value
        assert len(listed) == 18 and any(task["dependencies"] for task in listed)


@pytest.mark.parametrize("change, word", [
    (lambda b: b.update(prompt="x"), "prompt"),
    (lambda b: b["generationConfig"].update(response_format="json"), "response_format"),
    (lambda b: b["generationConfig"].update(responseSchema={"type": "OBJECT"}), "must not be set together"),
    (lambda b: b["generationConfig"].pop("responseMimeType"), "response_mime_type"),
    (lambda b: b["generationConfig"].update(responseJsonSchema={"type": "string", "minLength": 3}), "minLength"),
    (lambda b: b["generationConfig"].update(responseJsonSchema={"type": "array", "items": {"pattern": "x"}}), "pattern"),
    (lambda b: b["generationConfig"].update(responseJsonSchema={"type": "object", "required": ["a"], "properties": {}}), "required"),
    (lambda b: b["generationConfig"].update(thinkingConfig={"thinkingBudget": 100}), "Thinking budget"),
    (lambda b: b["generationConfig"].update(maxOutputTokens=70000), "max_output_tokens"),
    (lambda b: b["generationConfig"].update(maxOutputTokens="5"), "maxOutputTokens"),
    (lambda b: b["contents"].append({"role": "model", "parts": [{"text": "x"}]}), "last content"),
    (lambda b: b["contents"][0].update(role="system"), "valid role"),
    (lambda b: b["contents"][0].update(parts=[]), "parts"),
    (lambda b: b.update(contents=[]), "contents"),
])
def test_a_request_that_google_would_not_take_is_refused(gemini, change, word):
    body = tasks()
    change(body)
    status, data, _ = ask(gemini, body)
    error = json.loads(data)["error"]
    assert (status, error["status"]) == (400, "INVALID_ARGUMENT") and word in error["message"]


def test_a_property_may_bear_the_name_of_an_unsupported_keyword(gemini):
    schema = {"type": "object", "properties": {"tasks": {"type": "array", "items": {"type": "object", "properties": {
        "pattern": {"type": "string"}, "title": {"type": "string"}}}}}}
    assert ask(gemini, tasks(schema=schema))[0] == 200


def test_the_key_the_model_and_the_level_of_thinking_are_looked_at(gemini):
    assert ask(gemini, prd(), key=None)[0] == 403
    assert b"API_KEY_INVALID" in ask(gemini, prd(), key="wrong")[1]
    assert ask(gemini, prd(), model="gemini-1.0-pro")[0] == 404
    assert ask(gemini, prd(), model="gemini-2.5-flash")[0] == 400
    assert ask(gemini, prd(thinkingConfig={"thinkingBudget": 64}), model="gemini-2.5-flash")[0] == 200


def test_a_fault_strikes_only_the_requests_it_is_meant_for(gemini):
    gemini.fail("503", match="bakery", stage="prd", times=2)
    assert ask(gemini, prd(PROMPT.replace("bakery", "clinic")))[0] == 200
    assert ask(gemini, tasks(), "generateContent")[0] == 200
    assert [ask(gemini, prd())[0] for _ in range(3)] == [503, 503, 200]


def test_faults_and_requests_can_be_reached_through_control():
    gemini = Gemini(pause=0)
    try:
        connection = http.client.HTTPConnection("127.0.0.1", gemini.port, timeout=30)
        connection.request("POST", "/control", json.dumps({"faults": [{"kind": "429 retry info", "delay": "7s"}], "settings": {"tasks": 21}}))
        assert connection.getresponse().read()
        status, data, _ = ask(gemini, prd())
        assert status == 429 and b'"retryDelay": "7s"' in data
        assert len(json.loads(text_of([json.loads(ask(gemini, tasks(), "generateContent")[1])]))["tasks"]) == 21
        connection.request("GET", "/control/requests?stage=prd")
        assert [r["fault"] for r in json.load(connection.getresponse())["requests"]] == ["429 retry info"]
        connection.request("POST", "/control", json.dumps({"refuse": 1}))
        connection.getresponse().read()
        heard, until = [], time.monotonic() + 30
        while heard[-2:] != ["refused", 200]:  # it refuses a moment later, and takes requests again by itself
            assert time.monotonic() < until, heard
            with contextlib.suppress(OSError, http.client.HTTPException):  # one that was under way is cut off
                try:
                    heard.append(ask(gemini, prd())[0])
                except ConnectionRefusedError:
                    heard.append("refused")
            time.sleep(0.02)
    finally:
        gemini.close()


def test_there_are_at_least_twenty_five_kinds():
    assert len(KINDS) >= 25 and all(kind.about for kind in KINDS.values())


@pytest.mark.parametrize("name", sorted(set(KINDS) - {"hang", "hang mid-stream", "huge", "endless line", "pace"}))
@pytest.mark.parametrize("how", ["stream", "whole"])
def test_each_kind_shows_on_the_wire(gemini, name, how):
    """Looked at from a plain client: an accepted kind yields the whole good text, any other one does not."""
    kind = KINDS[name]
    action = "streamGenerateContent?alt=sse" if how == "stream" else "generateContent"
    for stage in sorted(kind.stages):
        body = prd() if stage == "prd" else tasks()
        good = text_of(events(ask(gemini, body)[1]))
        gemini.fail(name, stage=stage)
        try:
            status, data, headers = ask(gemini, body, action)
            if headers.get("content-encoding") == "gzip":
                data = gzip.decompress(data)
            got = events(data.replace(b"\xef\xbb\xbf", b"")) if how == "stream" else [json.loads(data)]
            finished = any(c.get("finishReason") == "STOP" for e in got for c in e.get("candidates", []))
            text = text_of(got) if finished and status == 200 else None
        except (OSError, http.client.HTTPException, ValueError):
            text = None
        if name in ("script tags", "nul characters", "lone surrogate"):
            assert text and text != good
        elif kind.expect == "accept" or name == "gzip unasked":
            assert text == good
        else:
            assert text != good
