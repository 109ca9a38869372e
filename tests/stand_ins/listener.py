"""A threaded TCP listener on 127.0.0.1 that can be closed for a while and opened again on the same port."""
import socket
import struct
import threading


class Listener:
    """One thread accepts, one thread a connection; `serve(connection, address)` owns the connection."""

    def __init__(self, serve, port=0):
        self.serve = serve
        self._lock = threading.Lock()
        self._open_again = None
        self._kept = None  # has the port while connections are refused
        self._connections = set()
        self._socket = self._bind(port)
        self.port = self._socket.getsockname()[1]
        self._accept_in_thread()

    @staticmethod
    def _bind(port):
        listening = socket.socket(socket.AF_INET, socket.SOCK_STREAM)
        listening.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        listening.bind(("127.0.0.1", port))
        return listening

    def _accept_in_thread(self):
        self._socket.listen(512)
        threading.Thread(target=self._accept, args=(self._socket,), daemon=True).start()

    def _accept(self, listening):
        while True:
            try:
                connection, address = listening.accept()
            except OSError:
                return
            threading.Thread(target=self._serve, args=(connection, address), daemon=True).start()

    def _serve(self, connection, address):
        self._connections.add(connection)
        try:
            with connection:
                connection.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
                self.serve(connection, address)
        except OSError:
            pass  # the other side went away: its right
        finally:
            self._connections.discard(connection)

    def close(self):
        with self._lock:
            if self._open_again:
                self._open_again.cancel()
                self._open_again = None
                self._kept.close()
            self._shut()

    def _shut(self):
        if self._socket:
            try:
                self._socket.shutdown(socket.SHUT_RDWR)  # wakes the thread in accept
            except OSError:
                pass
            self._socket.close()
            self._socket = None

    def refuse(self, seconds):
        """Connections are refused by the kernel for that long, and those that are open end."""
        with self._lock:
            self._shut()
            self._kept = self._bind(self.port)  # without listening: so nobody else gets the port meanwhile
            self.hang_up()
            self._open_again = threading.Timer(seconds, self._reopen)
            self._open_again.daemon = True
            self._open_again.start()

    def hang_up(self):
        """Ends every connection that is open."""
        for connection in list(self._connections):
            try:
                connection.shutdown(socket.SHUT_RDWR)
            except OSError:
                pass

    def _reopen(self):
        with self._lock:
            if self._socket is None and self._open_again:
                self._open_again = None
                self._socket = self._kept
                self._accept_in_thread()


def reset(connection):
    """Closes with RST instead of FIN."""
    connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
    connection.close()
