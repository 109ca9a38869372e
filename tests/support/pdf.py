"""The words of a PDF as our programs draw them: what its compressed streams show, whichever of its two encodings a font has."""
import re
import zlib

STREAM = re.compile(rb"stream\r?\n(.*?)\r?\nendstream", re.S)
SHOWN = re.compile(rb"\(((?:[^()\\]|\\.)*)\)\s*Tj|<([0-9A-Fa-f\s]*)>\s*Tj", re.S)
ESCAPED = re.compile(rb"\\([0-7]{1,3}|.)", re.S)
LETTERS = {b"n": b"\n", b"r": b"\r", b"t": b"\t", b"b": b"\b", b"f": b"\f"}


def text_of(document):
    """Every text that the pages show, one a line; nothing of what is no PDF."""
    lines = []
    if not document.startswith(b"%PDF"):
        return ""
    for stream in STREAM.findall(document):
        try:
            stream = zlib.decompressobj().decompress(stream)  # whose last byte may look like the end of its line, and is not missed
        except zlib.error:
            pass  # not compressed, or a picture
        for literal, digits in SHOWN.findall(stream):
            shown = bytes.fromhex(re.sub(rb"\s", b"", digits).decode()) if digits else ESCAPED.sub(_letter, literal)
            # A font of Unicode takes two bytes a character, Helvetica one.
            lines.append(shown.decode("utf-16-be", "replace") if digits else shown.decode("cp1252", "replace"))
    return "\n".join(lines)


def _letter(escape):
    code = escape[1]
    return bytes([int(code, 8) & 255]) if code.isdigit() else LETTERS.get(code, code)
