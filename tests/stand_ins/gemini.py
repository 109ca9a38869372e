#!/usr/bin/python3
"""A stand-in Gemini on 127.0.0.1: v1beta generateContent and streamGenerateContent, strict about requests, with scripted faults.

    tests/stand_ins/gemini.py --port 8090            then GEMINI_BASE_URL=http://127.0.0.1:8090 GEMINI_API_KEY=stand-in-key
    curl -d '{"faults":[{"kind":"503","times":2}]}' http://127.0.0.1:8090/control
"""
import argparse
import gzip
import itertools
import json
import re
import socket
import sys
import threading
import time
import uuid
from collections import deque

import gemini_answers as answers
import gemini_faults
from listener import Listener

API_KEY = "stand-in-key"
MODELS = ("gemini-3.8-flash", "gemini-3.5-flash", "gemini-3.5-flash-lite", "gemini-2.5-pro", "gemini-2.5-flash")
REASONS = {200: "OK", 302: "Found", 400: "Bad Request", 403: "Forbidden", 404: "Not Found", 405: "Method Not Allowed", 408: "Request Timeout",
           413: "Content Too Large", 429: "Too Many Requests", 500: "Internal Server Error", 502: "Bad Gateway",
           503: "Service Unavailable", 504: "Gateway Timeout"}

CONTENT = {"role": str, "parts": list}
PART = {"text": str, "thought": bool, "thoughtSignature": str, "inlineData": dict, "fileData": dict}
CONFIG = {"stopSequences": list, "responseMimeType": str, "responseSchema": dict, "responseJsonSchema": dict,
          "responseModalities": list, "candidateCount": int, "maxOutputTokens": int, "temperature": (int, float),
          "topP": (int, float), "topK": int, "seed": int, "presencePenalty": (int, float), "frequencyPenalty": (int, float),
          "responseLogprobs": bool, "logprobs": int, "thinkingConfig": dict, "mediaResolution": str}
THINKING = {"includeThoughts": bool, "thinkingBudget": int, "thinkingLevel": str}
REQUEST = {"model": str, "contents": list, "systemInstruction": dict, "generationConfig": dict, "safetySettings": list,
           "tools": list, "toolConfig": dict, "cachedContent": str}
SCHEMA_KEYS = {"$id", "$defs", "$ref", "$anchor", "type", "format", "title", "description", "enum", "items", "prefixItems",
               "minItems", "maxItems", "minimum", "maximum", "anyOf", "oneOf", "properties", "additionalProperties",
               "required", "propertyOrdering"}
OPENAPI_KEYS = {"type", "format", "title", "description", "nullable", "enum", "items", "minItems", "maxItems", "properties",
                "required", "minProperties", "maxProperties", "minLength", "maxLength", "pattern", "example", "anyOf",
                "propertyOrdering", "default", "minimum", "maximum"}


class Refused(Exception):
    """What Google would answer instead of a generation."""

    def __init__(self, code, status, message, details=()):
        super().__init__(message)
        self.code, self.status, self.message, self.details = code, status, message, list(details)


def _fields(value, allowed, where):
    if not isinstance(value, dict):
        raise Refused(400, "INVALID_ARGUMENT", f"Invalid value at '{where}' (type), not an object")
    for name, of in value.items():
        if name not in allowed:
            raise Refused(400, "INVALID_ARGUMENT",
                          f'Invalid JSON payload received. Unknown name "{name}" at \'{where}\': Cannot find field.')
        if not isinstance(of, allowed[name]) or isinstance(of, bool) and allowed[name] is not bool:
            raise Refused(400, "INVALID_ARGUMENT", f"Invalid value at '{where}.{name}'")


def _schema(schema, allowed, where, property_names=False):
    if isinstance(schema, bool):
        return
    if not isinstance(schema, dict):
        raise Refused(400, "INVALID_ARGUMENT", f"Invalid value at '{where}', not a schema")
    if not property_names:
        unknown = sorted(set(schema) - allowed)
        if unknown:
            raise Refused(400, "INVALID_ARGUMENT", f"{where}: unsupported schema keyword {', '.join(unknown)}")
        missing = [name for name in schema.get("required", []) if name not in schema.get("properties", {})]
        if missing:
            raise Refused(400, "INVALID_ARGUMENT", f"{where}.required: property {missing[0]} is not defined")
    for name, of in schema.items():
        if property_names:
            _schema(of, allowed, f"{where}.{name}")
        elif name in ("properties", "$defs"):
            _schema(of, allowed, f"{where}.{name}", property_names=True)
        elif name in ("items", "additionalProperties"):
            _schema(of, allowed, f"{where}.{name}")
        elif name in ("anyOf", "oneOf", "prefixItems"):
            for number, one in enumerate(of):
                _schema(one, allowed, f"{where}.{name}[{number}]")


def check(model, body):
    """Raises Refused for a request that the v1beta API would not take."""
    _fields(body, REQUEST, "")
    if not body.get("contents"):
        raise Refused(400, "INVALID_ARGUMENT", "* GenerateContentRequest.contents: contents is not specified\n")
    for number, content in enumerate(body["contents"]):
        _content(content, f"contents[{number}]")
        if content.get("role", "user") not in ("user", "model"):
            raise Refused(400, "INVALID_ARGUMENT", "Please use a valid role: user, model.")
    if body["contents"][-1].get("role", "user") != "user":
        raise Refused(400, "INVALID_ARGUMENT", "Please ensure that the last content is of role user.")
    if "systemInstruction" in body:
        _content(body["systemInstruction"], "system_instruction")
    config = body.get("generationConfig", {})
    _fields(config, CONFIG, "generation_config")
    if "responseSchema" in config and "responseJsonSchema" in config:
        raise Refused(400, "INVALID_ARGUMENT", "response_schema and response_json_schema must not be set together")
    for name, allowed in (("responseSchema", OPENAPI_KEYS), ("responseJsonSchema", SCHEMA_KEYS)):
        if name in config:
            if config.get("responseMimeType") != "application/json":
                raise Refused(400, "INVALID_ARGUMENT",
                              f"* GenerateContentRequest.generation_config.{name}: only allowed when response_mime_type is set\n")
            _schema(config[name], allowed, f"generation_config.{name}")
    if config.get("responseMimeType", "text/plain") not in ("text/plain", "application/json", "text/x.enum"):
        raise Refused(400, "INVALID_ARGUMENT", "response_mime_type: allowed mimetypes are `text/plain`, `application/json`, `text/x.enum`")
    if not 0 < config.get("maxOutputTokens", 1) <= 65536:
        raise Refused(400, "INVALID_ARGUMENT", "max_output_tokens must be in the range from 1 (inclusive) to 65537 (exclusive)")
    if not 0 <= config.get("temperature", 1) <= 2:
        raise Refused(400, "INVALID_ARGUMENT", "temperature must be in the range [0.0, 2.0]")
    thinking = config.get("thinkingConfig", {})
    _fields(thinking, THINKING, "generation_config.thinking_config")
    if model.startswith("gemini-2") and "thinkingLevel" in thinking:
        raise Refused(400, "INVALID_ARGUMENT", "Thinking level is not supported for this model.")
    if not model.startswith("gemini-2") and "thinkingBudget" in thinking:
        raise Refused(400, "INVALID_ARGUMENT", "Thinking budget is not supported for this model.")
    if thinking.get("thinkingLevel", "low") not in ("low", "medium", "high"):
        raise Refused(400, "INVALID_ARGUMENT", "Invalid value at 'generation_config.thinking_config.thinking_level'")


def _content(content, where):
    _fields(content, CONTENT, where)
    if not content.get("parts"):
        raise Refused(400, "INVALID_ARGUMENT", f"* GenerateContentRequest.{where}.parts: contents.parts must not be empty.\n")
    for number, part in enumerate(content["parts"]):
        _fields(part, PART, f"{where}.parts[{number}]")
        if not set(part) & {"text", "inlineData", "fileData"}:
            raise Refused(400, "INVALID_ARGUMENT", f"* {where}.parts[{number}].data: required oneof field 'data' must have one initialized field\n")


class Call:
    """One request for a generation and the ways to answer it. A fault gets this object and speaks through it."""

    def __init__(self, stand_in, connection, model, stream, body, headers):
        self.stand_in, self.connection, self.model, self.stream, self.body, self.headers = (
            stand_in, connection, model, stream, body, headers)
        self.settings = dict(stand_in.settings)
        self.config = body.get("generationConfig", {})
        self.schema = self.config.get("responseJsonSchema") or self.config.get("responseSchema")
        self.stage = "tasks" if self.config.get("responseMimeType") == "application/json" else "prd"
        turns = ["\n".join(part.get("text", "") for part in content["parts"]) for content in body["contents"]]
        self.prompt, self.question = "\n".join(turns), turns[0] if turns else ""
        self.system = "\n".join(part.get("text", "") for part in body.get("systemInstruction", {}).get("parts", []))
        self.response_id = uuid.uuid4().hex[:22]
        self.sent_text = ""
        self.gate = None
        self.keep = True  # whether the connection can serve another request afterwards

    # What to say
    def text(self):
        """The good answer of this stage."""
        if self.stage == "prd":
            return answers.requirements(self.question)
        return json.dumps(self.plan(), ensure_ascii=False, indent=1)

    def plan(self):
        return answers.plan(self.question, self.schema or DEFAULT_SCHEMA, self.settings["tasks"])

    def pieces(self, text):
        """The text in about as many pieces as the settings ask for, of uneven length."""
        size = max(1, len(text) // max(1, self.settings["chunks"]))
        cuts, at, turn = [], 0, itertools.cycle((0.6, 1.4, 1.0))
        while at < len(text):
            step = max(1, int(size * next(turn)))
            cuts.append(text[at:at + step])
            at += step
        return cuts

    def response(self, parts=None, finish=None, **more):
        """A GenerateContentResponse."""
        candidate = {"content": {"role": "model"}, "index": 0}
        if parts is not None:
            candidate["content"]["parts"] = parts
        if finish:
            candidate["finishReason"] = finish
        thoughts = 120 if self.config.get("thinkingConfig") else 0
        prompt, output = len(self.prompt) // 4 + 1, len(self.sent_text) // 4
        return {"candidates": [candidate],
                "usageMetadata": {"promptTokenCount": prompt, "candidatesTokenCount": output, "thoughtsTokenCount": thoughts,
                                  "totalTokenCount": prompt + output + thoughts},
                "modelVersion": self.model, "responseId": self.response_id, **more}

    def answer(self, text=None, finish="STOP", signature=True):
        """A whole good answer in the way that was asked for: events with pauses, or one JSON text."""
        text = self.text() if text is None else text
        if not self.stream:
            if self.gate:
                self.gate.wait(15)
            self.sent_text = text
            self.json(200, self.response([{"text": text}] if text else None, finish))
            return
        self.begin_events()
        for piece in self.pieces(text):
            if self.gate and len(self.sent_text) > len(text) / 2:
                self.gate.wait(15)
            self.sent_text += piece
            self.event(self.response([{"text": piece}]))
            time.sleep(self.settings["pause"])
        last = [{"text": "", "thoughtSignature": "c2lnbmF0dXJl"}] if signature and not self.model.startswith("gemini-2") else None
        self.event(self.response(last, finish))
        self.end()

    # How to say it
    def raw(self, data):
        self.connection.sendall(data)

    def head(self, status, content_type, *more):
        lines = [f"HTTP/1.1 {status} {REASONS.get(status, 'Status')}", f"Content-Type: {content_type}", "Server: stand-in",
                 *more, "", ""]
        self.record["status"] = status
        self.raw("\r\n".join(lines).encode())

    def whole(self, status, content_type, data, *more):
        self.head(status, content_type, f"Content-Length: {len(data)}", *more)
        self.raw(data)

    def json(self, status, value):
        self.whole(status, "application/json; charset=UTF-8", json.dumps(value, ensure_ascii=False, indent=2).encode())

    def error(self, code, status, message, details=()):
        error = {"code": code, "message": message, "status": status}
        if details:
            error["details"] = list(details)
        self.json(code, {"error": error})

    def begin_events(self):
        self.head(200, "text/event-stream", "Transfer-Encoding: chunked", "Vary: Origin")

    def chunk(self, data):
        if data:
            self.raw(b"%x\r\n%s\r\n" % (len(data), data))

    def event(self, value, end="\n"):
        self.chunk(f"data: {json.dumps(value, ensure_ascii=False)}{end}{end}".encode())

    def end(self):
        self.raw(b"0\r\n\r\n")

    def gzipped(self, data):
        return gzip.compress(data, mtime=0)

    def hang_up(self):
        self.keep = False


DEFAULT_SCHEMA = {"type": "array", "minItems": 15, "maxItems": 25, "items": {"type": "object", "properties": {
    "id": {"type": "integer"}, "title": {"type": "string"}, "description": {"type": "string"}, "section": {"type": "string"},
    "priority": {"type": "string"}, "estimatedHours": {"type": "integer"},
    "dependencies": {"type": "array", "items": {"type": "integer"}}}}}


class Gemini:
    """The stand-in itself. Safe to drive from any thread; tests hold one, the command line holds one."""

    def __init__(self, port=0, key=API_KEY, **settings):
        self.key, self.other_keys = key, set()  # others: agencies' own
        self.settings = {"chunks": 8, "pause": 0.01, "latency": 0.0, "tasks": 18, **settings}
        self.requests = deque(maxlen=5000)
        self.faults = []
        self._lock = threading.Lock()
        self._numbers = itertools.count(1)
        self.listener = Listener(self._serve, port)
        self.port = self.listener.port
        self.url = f"http://127.0.0.1:{self.port}"

    def close(self):
        self.listener.close()

    def fail(self, kind, match=None, stage=None, model=None, times=1, **parameters):
        """Queues a fault for the next `times` requests whose prompt contains `match`, of that stage and model where given."""
        if kind not in gemini_faults.KINDS:
            raise ValueError(f"no fault of kind {kind!r}")
        with self._lock:
            self.faults.append({"kind": kind, "match": match, "stage": stage, "model": model, "times": times,
                                "parameters": parameters})

    def forgive(self, match):
        """Takes back the faults that were queued for `match`."""
        with self._lock:
            self.faults = [fault for fault in self.faults if fault["match"] != match]

    def reset(self):
        with self._lock:
            self.faults.clear()
            self.requests.clear()

    def seen(self, match=None, stage=None):
        """Requests recorded so far, oldest first."""
        return [one for one in list(self.requests)
                if (match is None or match in one["prompt"]) and (stage is None or one["stage"] == stage)]

    def _next_fault(self, call):
        with self._lock:
            for fault in self.faults:
                kind = gemini_faults.KINDS[fault["kind"]]
                if (fault["times"] > 0 and fault["stage"] in (None, call.stage) and call.stage in kind.stages
                        and fault["model"] in (None, call.model) and (fault["match"] or "") in call.prompt):
                    fault["times"] -= 1
                    return kind, fault["parameters"]
        return None, {}

    # HTTP
    def _serve(self, connection, address):
        connection.settimeout(120)
        reader = connection.makefile("rb")
        while True:
            start = reader.readline(65537).decode("latin-1").split()
            if len(start) != 3:
                return
            method, target, _ = start
            headers = {}
            for line in iter(reader.readline, b"\r\n"):
                if not line:
                    return
                name, _, value = line.decode("latin-1").partition(":")
                headers[name.strip().lower()] = value.strip()
            if headers.get("expect", "").lower() == "100-continue":
                connection.sendall(b"HTTP/1.1 100 Continue\r\n\r\n")
            body = self._body(reader, headers)
            path, _, query = target.partition("?")
            if path.startswith("/control"):
                keep = self._control(connection, method, path, query, body)
            else:
                keep = self._generate(connection, method, path, query, headers, body)
            if not keep or headers.get("connection", "").lower() == "close":
                return

    @staticmethod
    def _body(reader, headers):
        if headers.get("transfer-encoding", "").lower() == "chunked":
            data = b""
            while size := int(reader.readline().split(b";")[0], 16):
                data += reader.read(size)
                reader.readline()
            while reader.readline() not in (b"\r\n", b""):
                pass
            return data
        return reader.read(int(headers.get("content-length", 0)))

    def _generate(self, connection, method, path, query, headers, raw):
        record = {"number": next(self._numbers), "at": time.time(), "method": method, "path": path, "query": query,
                  "headers": headers, "stage": None, "prompt": raw.decode("utf-8", "replace"), "body": None, "model": None,
                  "fault": None, "refused": None, "status": None, "ended": None}
        self.requests.append(record)
        call = None
        try:
            call = self._checked(connection, method, path, query, headers, raw, record)
            call.record = record
            kind, parameters = self._next_fault(call)
            time.sleep(call.settings["latency"])
            if kind:
                record["fault"] = kind.name
                kind.act(call, **parameters)
            else:
                call.answer()
            record["ended"] = "answered" if call.keep else "hung up"
            return call.keep
        except Refused as refused:
            record["refused"] = refused.message
            call = Call(self, connection, "", False, {"contents": []}, headers)
            call.record = record
            call.error(refused.code, refused.status, refused.message, refused.details)
            return True
        except (OSError, socket.timeout) as gone:
            record["ended"] = f"peer went away: {gone.__class__.__name__}"
            return False

    def _checked(self, connection, method, path, query, headers, raw, record):
        place = re.fullmatch(r"/v1beta/models/([^/:]+):(generateContent|streamGenerateContent)", path)
        if not place:
            raise Refused(404, "NOT_FOUND", f"The requested URL {path} was not found on this server.")
        if method != "POST":
            raise Refused(405, "INVALID_ARGUMENT", f"The request method {method} is inappropriate for this URL.")
        model, action = place.groups()
        record["model"] = model
        stream = action == "streamGenerateContent"
        if stream and query != "alt=sse" or not stream and query not in ("", "alt=json"):
            raise Refused(400, "INVALID_ARGUMENT", f"this stand-in speaks alt=sse for streams and plain JSON otherwise, not {query!r}")
        if "x-goog-api-key" not in headers:
            raise Refused(403, "PERMISSION_DENIED", "Method doesn't allow unregistered callers (callers without established identity). "
                          "Please use API Key or other form of API consumer identity to call this API.")
        if self.key and headers["x-goog-api-key"] not in {self.key, *self.other_keys}:
            raise Refused(400, "INVALID_ARGUMENT", "API key not valid. Please pass a valid API key.", [
                {"@type": "type.googleapis.com/google.rpc.ErrorInfo", "reason": "API_KEY_INVALID", "domain": "googleapis.com",
                 "metadata": {"service": "generativelanguage.googleapis.com"}}])
        if not headers.get("content-type", "").startswith("application/json"):
            raise Refused(400, "INVALID_ARGUMENT", "Invalid content type; expected application/json")
        try:
            body = json.loads(raw.decode("utf-8"))
        except ValueError as wrong:
            raise Refused(400, "INVALID_ARGUMENT", f"Invalid JSON payload received. {wrong}") from None
        record["body"] = body
        if model not in MODELS:
            raise Refused(404, "NOT_FOUND", f"models/{model} is not found for API version v1beta, or is not supported for {action}. "
                          "Call ListModels to see the list of available models and their supported methods.")
        check(model, body)
        call = Call(self, connection, model, stream, body, headers)
        record["prompt"], record["stage"], record["stream"] = call.prompt, call.stage, stream
        return call

    # Control
    def _control(self, connection, method, path, query, body):
        status, value = 200, {}
        try:
            wanted = dict(pair.split("=", 1) for pair in query.split("&") if "=" in pair)
            if method == "GET" and path == "/control/requests":
                value = {"requests": self.seen(wanted.get("match"), wanted.get("stage"))}
            elif method == "GET" and path == "/control/kinds":
                value = {name: {"stages": sorted(kind.stages), "expect": kind.expect, "about": kind.about}
                         for name, kind in gemini_faults.KINDS.items()}
            elif method == "GET":
                value = {"settings": self.settings, "faults": self.faults, "requests": len(self.requests)}
            else:
                order = json.loads(body or b"{}")
                unknown = set(order) - {"reset", "settings", "faults", "refuse"}
                if unknown:
                    raise ValueError(f"unknown order {unknown}")
                if order.get("reset"):
                    self.reset()
                self.settings.update(order.get("settings", {}))
                for fault in order.get("faults", []):
                    self.fail(**fault)
                value = {"settings": self.settings, "faults": self.faults}
                if order.get("refuse"):
                    threading.Timer(0.05, self.listener.refuse, [order["refuse"]]).start()
        except (ValueError, TypeError) as wrong:
            status, value = 400, {"error": str(wrong)}
        data = json.dumps(value, ensure_ascii=False).encode()
        connection.sendall(b"HTTP/1.1 %d Control\r\nContent-Type: application/json\r\nContent-Length: %d\r\n\r\n%s" % (status, len(data), data))
        return True


def main():
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("--port", type=int, default=8090, help="0 takes a free one; the port is printed")
    parser.add_argument("--key", default=API_KEY, help="the API key asked for; empty takes any")
    parser.add_argument("--chunks", type=int, default=40)
    parser.add_argument("--pause", type=float, default=0.15, help="seconds between two chunks")
    parser.add_argument("--latency", type=float, default=0.0, help="seconds before an answer")
    parser.add_argument("--tasks", type=int, default=18)
    asked = parser.parse_args()
    gemini = Gemini(asked.port, asked.key, chunks=asked.chunks, pause=asked.pause, latency=asked.latency, tasks=asked.tasks)
    print(f"port {gemini.port}", flush=True)
    try:
        threading.Event().wait()
    except KeyboardInterrupt:
        sys.exit(0)


if __name__ == "__main__":
    main()
