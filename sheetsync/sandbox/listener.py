"""The HTTP side of the sandbox: connections, bytes, and a stop that leaves nothing behind."""

import contextlib
import socket
import sys
import threading
from http import HTTPStatus
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import cast

from sheetsync.sandbox.backstage import Backstage
from sheetsync.sandbox.control import PREFIX, Control
from sheetsync.sandbox.wire import Request, Response, json_response

MAX_BODY = 1_000_000
_POLL_S = 0.02


class Handler(BaseHTTPRequestHandler):
    """Reads requests from one connection, one after the other, and writes what the backstage answers."""

    protocol_version = "HTTP/1.1"
    disable_nagle_algorithm = True

    def handle_any(self) -> None:
        """Answer a request of whatever method."""
        body = self._read_body()
        listener = cast("Listener", self.server)
        if body is None:
            self._send(json_response({"error": "a body needs a length of at most a megabyte"}, 413))
            self.close_connection = True
            return
        headers = {name.lower(): value for name, value in self.headers.items()}
        request = Request(self.command, self.path, headers, body, listener.base_url)
        self._send(listener.answer(request))

    def log_message(self, *_args: object) -> None:
        """Stay silent; the request log is kept elsewhere."""

    def _read_body(self) -> bytes | None:
        length = self.headers.get("Content-Length", "0")
        if "Transfer-Encoding" in self.headers or not length.isdecimal() or int(length) > MAX_BODY:
            return None
        return self.rfile.read(int(length))

    def _send(self, response: Response) -> None:
        if response.drop or response.cut:
            self.close_connection = True
        if response.drop:
            return
        body = response.body[: len(response.body) // 2] if response.cut else response.body
        payload = b"" if self.command == "HEAD" else body
        # One write for head and body: two would wait for each other's acknowledgement.
        self.wfile.write(self._head(response) + payload)

    def _head(self, response: Response) -> bytes:
        headers = {
            "Server": "nginx",
            "Date": self.date_time_string(),
            "Content-Type": response.content_type,
            **response.headers,
            "Content-Length": str(len(response.body)),
            "Connection": "close" if self.close_connection else "keep-alive",
        }
        lines = "".join(f"{name}: {value}\r\n" for name, value in headers.items())
        phrase = HTTPStatus(response.status).phrase
        return f"HTTP/1.1 {response.status} {phrase}\r\n{lines}\r\n".encode("latin-1")


# The names by which http.server looks methods up.
for _method in ("GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS"):
    setattr(Handler, f"do_{_method}", Handler.handle_any)


class Listener(ThreadingHTTPServer):
    """Accepts connections and gives each a thread of the backstage's crew."""

    request_queue_size = 256

    def __init__(self, address: tuple[str, int], backstage: Backstage, control: Control) -> None:
        super().__init__(address, Handler)
        self._backstage = backstage
        self._control = control
        self._open: set[socket.socket] = set()
        self._lock = threading.Lock()
        self._loop = threading.Thread(target=self.serve_forever, args=(_POLL_S,), daemon=True, name="sandbox")

    @property
    def base_url(self) -> str:
        """Where it listens."""
        host, port = self.server_address[:2]
        return f"http://{host!s}:{port}"

    def answer(self, request: Request) -> Response:
        """Answer one request, to the credit system or to the sandbox itself."""
        if request.uri.startswith(PREFIX):
            return self._control.handle(request)
        return self._backstage.answer(request)

    def start(self) -> None:
        """Accept connections in a thread of their own."""
        self._loop.start()

    def stop(self) -> None:
        """Accept nothing more, close every connection, and wait for every thread."""
        self.shutdown()
        self._loop.join()
        self._backstage.stop()
        with self._lock:
            connections = list(self._open)
        for connection in connections:
            self._hang_up(connection)
        self.server_close()
        self._backstage.crew.join()

    def process_request(self, request: object, client_address: object) -> None:
        """Serve a connection in a thread of the crew, which knows how to end it."""
        connection = cast("socket.socket", request)
        with self._lock:
            self._open.add(connection)
        self._backstage.crew.start(lambda: self.process_request_thread(connection, client_address))

    def shutdown_request(self, request: object) -> None:
        """Close a connection."""
        connection = cast("socket.socket", request)
        with self._lock:
            self._open.discard(connection)
        super().shutdown_request(connection)

    def handle_error(self, _request: object, _client_address: object) -> None:
        """Keep an unexpected error for the test to see; clients that hang up are no error."""
        error = sys.exception()
        if error is not None and not isinstance(error, ConnectionError):
            self._backstage.crew.errors.append(error)

    @staticmethod
    def _hang_up(connection: socket.socket) -> None:
        # It may have been closed by its own thread in this very moment.
        with contextlib.suppress(OSError):
            connection.shutdown(socket.SHUT_RDWR)
