"""The texts of pages and scripts, as their catalogues (src/web/assets/words) must have them. Reads files; needs no browser."""
import html.parser
import json
import pathlib
import re

ROOT = pathlib.Path(__file__).resolve().parents[2]
WEB = ROOT / "src/web"
SCRIPTS = WEB / "assets/js"
ATTRIBUTES = ("aria-label", "placeholder", "title", "alt")
VOID = {"area", "base", "br", "col", "embed", "hr", "img", "input", "link", "meta", "source", "track", "wbr"}
LETTER = re.compile(r"[^\W\d_]")


def covered_pages():
    """Those that speak every language: they begin with language.js."""
    return sorted(page for page in WEB.glob("*.html") if "/assets/js/language.js" in page.read_text())


def is_office(page):
    """Whether a page is one of the back office: it takes the words of LANGUAGE-office.js as well."""
    return bool(re.search(r"<html\b[^>]*\sdata-office[\s>]", page.read_text()))


def languages():
    return sorted(path.stem for path in (WEB / "assets/words").glob("*.js") if not path.stem.endswith("-office"))


def catalogue(name):
    """(words, messages) of assets/words/NAME.js, which is JSON but for its comments and the two names."""
    text = (WEB / f"assets/words/{name}.js").read_text()
    parts = re.fullmatch(r"(?://[^\n]*\n|\n)*export default (\{.*?\n\});\n+(?://[^\n]*\n)*export const messages = (\{.*?\n\});\n", text, re.S)
    assert parts, f"{name}.js is not: export default {{…}}; export const messages = {{…}};"
    return tuple(json.loads(re.sub(r"(?m)^\s*//.*$", "", part), object_pairs_hook=once) for part in parts.groups())


def once(pairs):
    names = [name for name, _ in pairs]
    twice = {name for name in names if names.count(name) > 1}
    assert not twice, f"twice in the catalogue: {sorted(twice)}"
    return dict(pairs)


# HTML, by the rules of words.js.

class Node:
    def __init__(self, tag, attributes, parent=None):
        self.tag, self.attributes, self.parent, self.children = tag, dict(attributes), parent, []

    @property
    def text(self):
        return "".join(child if isinstance(child, str) else child.text for child in self.children)

    @property
    def untouched(self):
        return self.tag in ("script", "style", "noscript", "template") or "data-agency" in self.attributes or self.attributes.get("translate") == "no"


class Tree(html.parser.HTMLParser):
    def __init__(self, text):
        super().__init__(convert_charrefs=True)
        self.root = self.here = Node("", {})
        self.feed(text)
        self.close()

    def handle_starttag(self, tag, attributes):
        node = Node(tag, attributes, self.here)
        self.here.children.append(node)
        if tag not in VOID:
            self.here = node

    def handle_startendtag(self, tag, attributes):
        self.here.children.append(Node(tag, attributes, self.here))

    def handle_endtag(self, tag):
        node = self.here
        while node.tag != tag:
            node = node.parent
        self.here = node.parent

    def handle_data(self, data):
        self.here.children.append(data)


def trimmed(text):
    return re.sub(r"\s+", " ", text).strip()


def described(nodes, elements):
    out = ""
    for node in nodes:
        if isinstance(node, str):
            out += node
            continue
        elements.append(node)
        number = len(elements)
        out += f"<{number}/>" if node.untouched or not node.text.strip() else f"<{number}>{described(node.children, elements)}</{number}>"
    return out


def page_texts(page):
    """Every key that words.js looks up in a page as it is written."""
    root = Tree(page.read_text()).root
    found = set()

    def walk(node, within=False):
        if node.tag == "title":
            found.update(part for part in trimmed(node.text).split(" – ") if part != "Lunaxcode")
            return
        if node.tag == "meta" and node.attributes.get("name") == "description":
            found.add(node.attributes["content"])
        if node.untouched:
            return
        found.update(trimmed(node.attributes[name]) for name in ATTRIBUTES if node.attributes.get(name) and LETTER.search(node.attributes[name]))
        speaks = not within and any(isinstance(child, str) and LETTER.search(child) for child in node.children)
        if speaks:
            nodes = list(node.children)
            says = lambda one: bool((one if isinstance(one, str) else one.text).strip())
            while not says(nodes[0]):
                nodes.pop(0)
            while not says(nodes[-1]):
                nodes.pop()
            found.add(trimmed(described(nodes, [])))
        for child in node.children:
            if not isinstance(child, str):
                walk(child, within or speaks)

    walk(root)
    return found


# Scripts.

def modules_of(page):
    """The scripts that a page loads, and all that those import."""
    seen = set()

    def visit(path):
        if path in seen:
            return
        seen.add(path)
        for name in re.findall(r"""(?:from|import)\s*\(?\s*'(\.[^']+)'""", path.read_text()):
            visit((path.parent / name).resolve())

    for name in re.findall(r'src="/assets/js/([^"]+)"', page.read_text()):
        visit((SCRIPTS / name).resolve())
    return seen


ESCAPES = {"n": "\n", "t": "\t"}
unescaped = lambda text: re.sub(r"\\(u\{?([0-9a-fA-F]+)\}?|.)", lambda one: chr(int(one[2], 16)) if one[2] else ESCAPES.get(one[1], one[1]), text, flags=re.S)


def literals(source):
    """Every string and template, the inner ones too: (begin, end, kind, key); a template's key has {1}, {2} … for what is put in."""
    found = []

    def string(at):
        end = at + 1
        while source[end] != source[at]:
            end += 2 if source[end] == "\\" else 1
        found.append((at, end + 1, "string", unescaped(source[at + 1:end])))
        return end + 1

    def template(at):
        key, holes, end = "", 0, at + 1
        while source[end] != "`":
            if source[end] == "\\":
                key += source[end:end + 2]
                end += 2
            elif source.startswith("${", end):
                holes += 1
                key += f"{{{holes}}}"
                end = code(end + 2, True) + 1
            else:
                key += source[end]
                end += 1
        found.append((at, end + 1, "template", unescaped(key)))
        return end + 1

    def regex(at):
        end, inside = at + 1, False
        while inside or source[end] != "/":
            inside = (inside or source[end] == "[") and source[end] != "]"
            end += 2 if source[end] == "\\" else 1
        return end + 1

    def code(at, inner):
        depth = 0
        while at < len(source):
            if source.startswith("//", at):
                at = source.find("\n", at)
                at = len(source) if at < 0 else at
            elif source.startswith("/*", at):
                at = source.index("*/", at) + 2
            elif source[at] in "'\"":
                at = string(at)
            elif source[at] == "`":
                at = template(at)
            elif source[at] == "/" and re.search(r"(?:^|[(,=:\[!&|?{};>]|\breturn)\s*$", source[max(0, at - 40):at]):
                at = regex(at)
            else:
                if source[at] == "}" and inner and depth == 0:
                    return at
                depth += {"{": 1, "}": -1}.get(source[at], 0)
                at += 1
        return at

    code(0, False)
    return sorted(found)


def script_texts(path):
    """What a script says by t(), woven and plural()."""
    source = path.read_text()
    if path == SCRIPTS / "words.js":
        return set()
    all_of_it = literals(source)
    begins = {begin: (end, kind, key) for begin, end, kind, key in all_of_it}
    found = set()
    for call in re.finditer(r"(?<![\w.$#'])(?:(t)\(\s*|(t|woven)(?=`))", source):
        if any(begin < call.start() < end and kind == "string" for begin, end, kind, _ in all_of_it) or source[:call.start()].rsplit("\n", 1)[-1].lstrip().startswith(("//", "*", "/*")):
            continue
        assert call.end() in begins, f"{path.name}: t() takes a text as it stands, not what a program made of it: {source[call.start():call.end() + 40]}"
        found.add(begins[call.end()][2].strip())
    for call in re.finditer(r"(?<![\w.$#'])plural\(", source):
        depth, at, words = 0, call.end(), []
        while depth >= 0:
            if at in begins:
                if depth == 0:
                    words.append(begins[at][2])
                at = begins[at][0]
                continue
            depth += {"(": 1, ")": -1}.get(source[at], 0)
            at += 1
        assert words, f"{path.name}: plural() takes words as they stand: {source[call.start():at]}"
        found.add(f"{words[0]}|{words[1] if len(words) > 1 else words[0] + 's'}")
    return found


def texts_of(pages):
    """{text: where it stands} of these pages and of all their scripts."""
    where = {}
    for page in pages:
        for text in page_texts(page):
            where.setdefault(text, set()).add(page.name)
        for path in modules_of(page):
            for text in script_texts(path):
                where.setdefault(text, set()).add(path.name)
    return {text: sorted(names) for text, names in where.items() if LETTER.search(text)}


def texts_by_part():
    """What clients' pages say, which LANGUAGE.js has, and what the back office says, which has LANGUAGE-office.js as well."""
    pages = covered_pages()
    return {"": texts_of(page for page in pages if not is_office(page)), "-office": texts_of(page for page in pages if is_office(page))}


# Lists as files.

def list_columns():
    """{path: [(head, kind)]} of every file: the handlers' list_file() calls by the routes that they answer."""
    found = {}
    for source in sorted((ROOT / "src/routes").glob("*.cpp")):
        text = source.read_text()
        handlers = {name: path for name, path in re.findall(r'get<(\w+)>\("([^"]+/csv)"', text)}
        for name, path in handlers.items():
            body = text[re.search(rf"^Reply {name}\(", text, re.M).start():]
            columns = re.search(r"list_file\(call, .*?\{(\{\".*?\})\},", body, re.S)[1]
            found[path] = [(head, kind or "own") for head, kind in re.findall(r'\{"([^"]+)"(?:, Cell::(\w+))?\}', columns)]
    return found


def list_words():
    """{heads, fields, codes: {English: Filipino}} of src/domain/lists_fil.h."""
    text = (ROOT / "src/domain/lists_fil.h").read_text()
    return {name: once([(json.loads(f'"{english}"'), json.loads(f'"{other}"')) for english, other in re.findall(r'^    \{"((?:[^"\\]|\\.)*)", "((?:[^"\\]|\\.)*)"\},$', part, re.M)])
            for name, part in re.findall(r"auto (heads|fields|codes)_fil = (.*?)\}\);", text, re.S)}


# What the server answers with.

def expression(text, at):
    """The C++ expression that begins there, up to the comma, bracket or semicolon behind it."""
    depth, end, quoted = 0, at, False
    while end < len(text) and (quoted or depth or text[end] not in ",;)}]"):
        if text[end] == "\\":
            end += 1
        elif text[end] == '"':
            quoted = not quoted
        elif not quoted:
            depth += {"(": 1, "{": 1, "[": 1, ")": -1, "}": -1, "]": -1}.get(text[end], 0)
        end += 1
    return text[at:end]


def spoken(expression_):
    """Its text, with VALUE for each part of the sum that is no literal."""
    parts, depth, quoted, begin = [], 0, False, 0
    for at, letter in enumerate(expression_):
        if letter == '"' and expression_[at - 1:at] != "\\":
            quoted = not quoted
        elif not quoted:
            depth += {"(": 1, "{": 1, "[": 1, ")": -1, "}": -1, "]": -1}.get(letter, 0)
            if letter == "+" and depth == 0:
                parts.append(expression_[begin:at])
                begin = at + 1
    parts.append(expression_[begin:])
    literal = re.compile(r'\s*(?:std::string\{)?((?:"(?:[^"\\]|\\.)*"\s*)+)\}?\s*')
    said = [literal.fullmatch(part) for part in parts]
    return "".join("".join(re.findall(r'"((?:[^"\\]|\\.)*)"', one[1])).replace('\\"', '"') if one else "VALUE" for one in said)


def server_texts():
    """{text: files} of what handlers refuse with, of what SQL denies with, and of what nginx answers by itself."""
    found = {}
    refused = re.compile(r"\b(?:conflict|forbidden|unauthorized|bad_request|Error\{\s*4\d\d,)\s*\(?\s*|\b(not_found)\(|\.wrong\(\s*[^,()]+,\s*|\{\{\s*\"\w+\",\s*|wrong\[[^\]]+\]\s*=\s*")
    for source in sorted((ROOT / "src").rglob("*.cpp")):
        text = source.read_text()
        for one in refused.finditer(text):
            said = spoken(expression(text, one.end()))
            found.setdefault(f"There is no such {said}." if one[1] else said, set()).add(source.name)
        # What a check gives back: a sentence.
        for one in re.finditer(r'\breturn\s+(?=[^;{]*")(?:\{"",\s*)?|\breturn\s+\{"",\s*|\b(?:fault|people)\s*=\s*|\b(?:fail|put_off)\(db, job_, ids_, (?:\w+, \w+, )?', text):
            said = spoken(expression(text, one.end()))
            if said.endswith((".", "VALUE")) and re.match(r"[A-Z“]", said):
                found.setdefault(said, set()).add(source.name)
    for source in sorted((ROOT / "sql/migrations").glob("*.sql")):
        for said in re.findall(r"deny\(\d+,\s*(?:format\()?'((?:[^']|'')*)'", source.read_text()):
            found.setdefault(said.replace("''", "'").replace("%s", "VALUE"), set()).add(source.name)
    for source in sorted((ROOT / "nginx").rglob("*.conf*")):
        for said in re.findall(r'\\?"detail\\?":\\?"([^"\\]+)', source.read_text()):
            found.setdefault(said, set()).add(source.name)
    return {text: sorted(files) for text, files in found.items() if " " in text and re.search(r"[a-z]{2}", text.replace("VALUE", ""))}
