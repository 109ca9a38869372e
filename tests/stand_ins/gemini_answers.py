"""What the stand-in Gemini answers when nothing is wrong: a requirements document and tasks made from the prompt itself."""
import hashlib
import json
import re

SECTIONS = ("Project Overview", "Target Audience", "Core Features", "Technical Requirements",
            "Design Specifications", "Success Metrics")

LABELS = {
    "service": r"service(?:[ _-]?(?:type|name))?",
    "client": r"client(?:[ _-]?name)?",
    "description": r"(?:project[ _-]?)?description",
    "price": r"(?:base[ _-]?)?price",
    "timeline": r"timeline",
}


def facts(prompt):
    """The service, client and description a prompt names, whichever way it labels them (line, JSON or tag), and its longest line."""
    found = {}
    for name, label in LABELS.items():
        for form in (rf'"{label}"\s*:\s*"((?:[^"\\]|\\.)*)"',          # "serviceName": "…"
                     rf"<{label}>\s*(.*?)\s*</{label}>",                # <description>…</description>
                     rf"^[-*# \t]*\**{label}\**\s*:\**[ \t]*(\S.*)$",  # Service Type: …
                     rf"^[-*# \t]*\**{label}\**\s*:?\**[ \t]*\n+(\S.*)$"):
            match = re.search(form, prompt, re.IGNORECASE | re.MULTILINE | re.DOTALL if form[0] == "<"
                              else re.IGNORECASE | re.MULTILINE)
            if match:
                found[name] = _plain(match.group(1))
                break
    lines = [line.strip() for line in prompt.splitlines() if line.strip()]
    found.setdefault("service", "the service")
    found.setdefault("client", "the client")
    found.setdefault("description", max(lines, key=len, default="")[:400])
    return found


def _plain(text):
    if "\\" in text:
        try:
            text = json.loads(f'"{text}"')
        except ValueError:
            pass
    return " ".join(text.split())[:600].encode("utf-8", "replace").decode()  # a lone surrogate may have come back to us


def answers_in(prompt):
    """The `- question: answer` lines of a prompt, at most ten."""
    pairs = re.findall(r"^[ \t]*[-*][ \t]+\**([^:\n]{2,90}?)\**:[ \t]*(\S.*)$", prompt, re.MULTILINE)
    return [(key.strip(" *\""), value.strip()) for key, value in pairs][:10]


def requirements(prompt):
    """Markdown with the six sections of the seed, about this prompt's project and no other."""
    about = facts(prompt)
    numbered = bool(re.search(r"^\W*#+\s*1\.\s", prompt, re.MULTILINE))
    heading = {title: f"## {number}. {title}" if numbered else f"## {title}"
               for number, title in enumerate(SECTIONS, 1)}
    wishes = answers_in(prompt)
    described = about["description"]
    words = re.findall(r"[^\W\d_]{5,}", described)[:6] or ["content"]
    lines = [
        f"# Requirements: {about['service']} for {about['client']}", "",
        heading["Project Overview"], "",
        f"{about['client']} asks for **{about['service']}**. In their own words: {described}", "",
        "The work is done when the pages below are online, measured and handed over — with their sources.", "",
        heading["Target Audience"], "",
        "| Group | Wants | Comes from |", "| --- | --- | --- |",
        f"| First visitors | to understand “{words[0]}” in five seconds | search, Facebook |",
        f"| Returning customers | to reach “{words[-1]}” without asking | a bookmark, Messenger |",
        "| Staff of the client | to change texts by themselves | the office in Cebu or Parañaque |", "",
        heading["Core Features"], "",
    ]
    lines += [f"{number}. **{word.capitalize()}**: everything the description says about _{word.lower()}_, "
              f"with an empty, a filled and a failed state." for number, word in enumerate(words, 1)]
    lines += ["", heading["Technical Requirements"], ""]
    lines += [f"- {key}: {value}" for key, value in wishes] or ["- Loads in under two seconds on a 4G phone."]
    lines += ["- Works without JavaScript where it can; `robots.txt` and a site map are served.", "",
              heading["Design Specifications"], "",
              "- Contrast of at least 4.5 : 1, a visible focus, and 44 px targets.",
              "- Prices are written as ₱15,000; dates as 21 November 2026. 🇵🇭", "",
              heading["Success Metrics"], "",
              "- Largest Contentful Paint below 2.5 s at the 75th percentile.",
              f"- 3 % of the visitors of {about['service']} send the form, <0.1 % of which are lost.", ""]
    return "\n".join(lines)


WORK = (
    ("Agree the scope of {topic} with {client}", "Design", "high", 4),
    ("Sketch the pages for {topic}", "Design", "high", 8),
    ("Choose colours and type for {client}", "Design", "medium", 6),
    ("Model the data behind {topic}", "Database", "high", 8),
    ("Write the first migration", "Database", "medium", 4),
    ("Set up the repository and the build", "Deployment", "high", 4),
    ("Build the layout and the navigation", "Frontend", "high", 10),
    ("Build the section about {topic}", "Frontend", "high", 12),
    ("Build the contact form", "Frontend", "medium", 6),
    ("Serve the content of {topic}", "Backend", "high", 12),
    ("Check and store what the form sends", "Backend", "high", 8),
    ("Send mail to {client} for each enquiry", "Backend", "medium", 5),
    ("Fill the pages with the texts of {client}", "Frontend", "medium", 6),
    ("Make every page work at 360 px", "Frontend", "medium", 6),
    ("Test {topic} with keyboard and screen reader", "Testing", "high", 6),
    ("Test the form against wrong input", "Testing", "medium", 5),
    ("Measure the loading time of {topic}", "Testing", "medium", 3),
    ("Install the site on the host", "Deployment", "high", 4),
    ("Point the domain at the new site", "Deployment", "low", 2),
    ("Hand over the sources and the manual", "Deployment", "low", 3),
    ("Write the texts for search engines", "Frontend", "low", 3),
    ("Rehearse the restore of a backup", "Testing", "low", 2),
    ("Watch the site for its first week", "Testing", "low", 4),
    ("Add the statistics that {client} asked for", "Backend", "low", 4),
    ("Review {topic} with {client} and close", "Design", "low", 3),
)


def plan(prompt, schema, count=18):
    """Tasks as JSON text that obeys the schema: whatever its property names are, as long as a field's word is in them."""
    about = facts(prompt)
    words = re.findall(r"[^\W\d_]{6,}", about["description"]) or [about["service"]]
    path, items, limits = _array_of_objects(schema, schema)
    count = max(limits[0], min(count, limits[1]))
    tasks = []
    for number in range(1, count + 1):
        title, section, priority, hours = WORK[(number - 1) % len(WORK)]
        topic = words[int(hashlib.sha256(f"{about['description']}{number}".encode()).hexdigest(), 16) % len(words)]
        title = title.format(topic=topic, client=about["client"][:60])
        task = {
            "number": number, "title": title, "section": section, "priority": priority, "hours": hours,
            "description": f"{title}. Part of {about['service']} for {about['client'][:60]}; see the section on “{topic}”.",
            "dependencies": sorted({d for d in (number - 1, number // 2) if 0 < d < number and number > 2}),
        }
        tasks.append({name: _value(name, of, task, schema) for name, of in items.get("properties", {}).items()})
    return wrapped(tasks, path)


def wrapped(tasks, path):
    for name in reversed(path):
        tasks = {name: tasks}
    return tasks


def shape(schema):
    """(path to the task list, names of the fields by meaning) of a schema; for faults that bend one field."""
    path, items, _ = _array_of_objects(schema, schema)
    return path, {meaning(name): name for name in items.get("properties", {})}


def meaning(name):
    low = name.lower()
    for word, of in (("depend", "dependencies"), ("title", "title"), ("descr", "description"), ("section", "section"),
                     ("prior", "priority"), ("hour", "hours"), ("order", "number"), ("id", "number"), ("number", "number")):
        if word in low:
            return of
    return low


def _resolve(schema, root):
    while "$ref" in schema:
        target = root
        for step in schema["$ref"].lstrip("#/").split("/"):
            target = target[step]
        schema = target
    return schema


def _array_of_objects(schema, root, path=()):
    schema = _resolve(schema, root)
    if schema.get("type") == "array":
        items = _resolve(schema.get("items", {}), root)
        return list(path), items, (schema.get("minItems", 1), schema.get("maxItems", 25))
    for name, of in schema.get("properties", {}).items():
        found = _array_of_objects(of, root, (*path, name))
        if found:
            return found
    return None


def _value(name, schema, task, root):
    schema = _resolve(schema, root)
    value = task.get(meaning(name))
    kind = schema.get("type")
    if kind == "array":
        inner = _resolve(schema.get("items", {}), root)
        return [_coerced(v, inner) for v in (value if isinstance(value, list) else [])]
    return _coerced(value, schema)


def _coerced(value, schema):
    kind = schema.get("type")
    if "enum" in schema:
        return value if value in schema["enum"] else next(
            (v for v in schema["enum"] if str(v).lower() == str(value).lower()), schema["enum"][0])
    if kind in ("integer", "number"):
        number = value if isinstance(value, (int, float)) else 1
        return max(schema.get("minimum", number), min(schema.get("maximum", number), number))
    if kind == "boolean":
        return bool(value)
    if kind == "string":
        return str(value if value is not None else "")
    return value


def obeys(value, schema, root=None):
    """Whether a value obeys a JSON Schema, as far as Gemini's subset goes."""
    root = root or schema
    schema = _resolve(schema, root)
    if "anyOf" in schema and not any(obeys(value, of, root) for of in schema["anyOf"]):
        return False
    if "enum" in schema and value not in schema["enum"]:
        return False
    kinds = schema.get("type")
    kinds = kinds if isinstance(kinds, list) else [kinds] if kinds else []
    types = {"object": dict, "array": list, "string": str, "integer": int, "number": (int, float), "boolean": bool,
             "null": type(None)}
    if kinds and not any(isinstance(value, types[k]) and not (k in ("integer", "number") and isinstance(value, bool)) for k in kinds):
        return False
    if isinstance(value, dict):
        properties = schema.get("properties", {})
        if any(name not in value for name in schema.get("required", [])):
            return False
        if schema.get("additionalProperties") is False and set(value) - set(properties):
            return False
        return all(obeys(v, properties[k], root) for k, v in value.items() if k in properties)
    if isinstance(value, list):
        return (schema.get("minItems", 0) <= len(value) <= schema.get("maxItems", len(value))
                and all(obeys(v, schema.get("items", {}), root) for v in value))
    if isinstance(value, (int, float)):
        return schema.get("minimum", value) <= value <= schema.get("maximum", value)
    return True
