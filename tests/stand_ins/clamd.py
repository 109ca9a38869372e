#!/usr/bin/python3
"""ClamAV's clamd, played on a Unix socket: takes INSTREAM, finds the word "EICAR", and can be slow, garbled or gone.

By hand: tests/stand_ins/clamd.py /tmp/clamd.sock, and CLAMD=/tmp/clamd.sock for the site.
"""
import os
import socket
import struct
import sys
import threading
import time


class Clamd:
    """`mood`: well, garbled (answers an error), slow (answers after a minute), hangs-up (closes without a word)."""

    def __init__(self, path):
        self.path, self.mood, self.seen = str(path), "well", []
        self._open()

    def _open(self):
        if os.path.exists(self.path):
            os.unlink(self.path)
        self._listener = socket.socket(socket.AF_UNIX)
        self._listener.bind(self.path)
        os.chmod(self.path, 0o777)
        self._listener.listen(16)
        threading.Thread(target=self._serve, args=(self._listener,), daemon=True).start()

    def go_away(self):
        self._listener.close()
        os.unlink(self.path)

    def come_back(self):
        self._open()

    def _serve(self, listener):
        while True:
            try:
                line, _ = listener.accept()
            except OSError:
                return
            threading.Thread(target=self._scan, args=(line,), daemon=True).start()

    def _scan(self, line):
        with line:
            try:
                assert _exactly(line, 10) == b"zINSTREAM\0"
                content = b""
                while size := struct.unpack(">I", _exactly(line, 4))[0]:
                    content += _exactly(line, size)
                self.seen.append(content)
                if self.mood == "hangs-up":
                    return
                if self.mood == "slow":
                    time.sleep(60)
                answer = b"INSTREAM size limit exceeded. ERROR" if self.mood == "garbled" else \
                    b"stream: Win.Test.EICAR_HDB-1 FOUND" if b"EICAR" in content else b"stream: OK"
                line.sendall(answer + b"\0")
            except (OSError, EOFError):
                pass


def _exactly(line, size):
    content = b""
    while len(content) < size:
        more = line.recv(size - len(content))
        if not more:
            raise EOFError
        content += more
    return content


if __name__ == "__main__":
    Clamd(sys.argv[1])
    threading.Event().wait()
