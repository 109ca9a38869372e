"""Sending files the ways a client can: as a form, as bare bytes, piece by piece."""
import struct
import uuid
import zlib


def form(content, name="plan.txt", kind="application/octet-stream"):
    """A multipart/form-data body as a browser writes it, and its Content-Type."""
    boundary = f"----lx{uuid.uuid4().hex}"
    head = f'--{boundary}\r\nContent-Disposition: form-data; name="note"\r\n\r\nwords before\r\n' \
           f'--{boundary}\r\nContent-Disposition: form-data; name="file"; filename="{name}"\r\nContent-Type: {kind}\r\n\r\n'
    return head.encode() + content + f"\r\n--{boundary}--\r\n".encode(), f"multipart/form-data; boundary={boundary}"


def send(client, path, content, name="plan.txt", **how):
    body, kind = form(content, name)
    return client.request("POST", path, data=body, headers={"Content-Type": kind}, **how)


def begin(client, path, content, name="plan.txt", **more):
    """Begins an upload by pieces; answers its address."""
    return client.post(path, {"name": name, "size": len(content), **more}).expect(201)["location"]


def piece(client, location, offset, content):
    return client.request("PATCH", location, data=content, headers={"Content-Type": "application/octet-stream", "Upload-Offset": str(offset)})


def offset(client, location):
    return client.get(location).expect(200)["offset"]


def png(width, height, colour=b"\x20\x40\x90", claim=None):
    """A picture of one colour; `claim` writes another width and height into its head."""
    def chunk(kind, content):
        return struct.pack(">I", len(content)) + kind + content + struct.pack(">I", zlib.crc32(kind + content))
    row = b"\0" + colour * width
    shown = claim or (width, height)
    return b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", struct.pack(">IIBBBBB", *shown, 8, 2, 0, 0, 0)) + chunk(b"IDAT", zlib.compress(row * height, 9)) + chunk(b"IEND", b"")
