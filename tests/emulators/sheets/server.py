"""The HTTP side: connections, bytes, a stop that leaves nothing behind."""

import contextlib
import json
import signal
import socket
import sys
import threading
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from http import HTTPStatus
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from types import FrameType, TracebackType
from typing import Self, cast

from tests.emulators.sheets.backstage import Backstage, Log
from tests.emulators.sheets.control import PREFIX, Control
from tests.emulators.sheets.keyfile import key_file
from tests.emulators.sheets.model import new_spreadsheet
from tests.emulators.sheets.wire import Reply, Request, json_reply
from tests.emulators.sheets.world import World

# Google advises 2 MB; what is larger still is refused by its front end.
MAX_BODY = 50_000_000
_POLL_S = 0.02


class Handler(BaseHTTPRequestHandler):
    """Reads requests from one connection, one after the other."""

    protocol_version = "HTTP/1.1"
    disable_nagle_algorithm = True
    # Reads the head of a request in one piece.
    rbufsize = 1 << 16

    def handle_any(self) -> None:
        """Answer a request of whatever method."""
        length = self.headers.get("Content-Length", "0")
        if not length.isdecimal() or int(length) > MAX_BODY or "Transfer-Encoding" in self.headers:
            self.close_connection = True
            self._send(json_reply({"error": {"code": 413, "message": "Request Entity Too Large"}}, 413))
            return
        headers = {name.lower(): value for name, value in self.headers.items()}
        request = Request(self.command, self.path, headers, self.rfile.read(int(length)))
        self._send(cast("Listener", self.server).answer(request))

    def log_message(self, *_args: object) -> None:
        """Stay silent; the request log is kept elsewhere."""

    def _send(self, reply: Reply) -> None:
        if reply.drop:
            self.close_connection = True
            return
        head = {
            "Content-Type": reply.kind,
            "Date": self.date_time_string(),
            "Server": "ESF",
            "Cache-Control": "private",
            **reply.headers,
            "Content-Length": str(len(reply.body)),
            "Connection": "close" if self.close_connection else "keep-alive",
        }
        if reply.status == HTTPStatus.NO_CONTENT:
            del head["Content-Length"]
        lines = "".join(f"{name}: {value}\r\n" for name, value in head.items())
        start = f"HTTP/1.1 {reply.status} {HTTPStatus(reply.status).phrase}\r\n{lines}\r\n"
        # One write for head and body: two would wait for each other's acknowledgement.
        self.wfile.write(start.encode("latin-1") + reply.body)


# The names by which http.server looks methods up.
for _method in ("GET", "POST", "PUT", "PATCH", "DELETE"):
    setattr(Handler, f"do_{_method}", Handler.handle_any)


class Listener(ThreadingHTTPServer):
    """Accepts connections, each in a thread of its own."""

    daemon_threads = True
    request_queue_size = 256

    def __init__(self, address: tuple[str, int], backstage: Backstage) -> None:
        super().__init__(address, Handler)
        self._backstage = backstage
        self._control = Control(backstage)
        self._open: set[socket.socket] = set()
        self._guard = threading.Lock()

    def answer(self, request: Request) -> Reply:
        """Answer one request, to Google or to the emulator itself."""
        if request.path.startswith(PREFIX):
            return self._control.answer(request)
        return self._backstage.answer(request)

    def process_request(self, request: object, client_address: object) -> None:
        """Remember the connection, to close it at the end."""
        with self._guard:
            self._open.add(cast("socket.socket", request))
        super().process_request(request, client_address)  # type: ignore[arg-type]

    def shutdown_request(self, request: object) -> None:
        """Forget the connection and close it."""
        with self._guard:
            self._open.discard(cast("socket.socket", request))
        super().shutdown_request(request)  # type: ignore[arg-type]

    def handle_error(self, request: object, client_address: object) -> None:
        """Say what went wrong in the emulator; a client that hangs up is nothing wrong."""
        if not isinstance(sys.exception(), ConnectionError):
            super().handle_error(request, client_address)  # type: ignore[arg-type]

    def hang_up(self) -> None:
        """Close every connection."""
        with self._guard:
            connections = list(self._open)
        for connection in connections:
            with contextlib.suppress(OSError):
                connection.shutdown(socket.SHUT_RDWR)


@dataclass(kw_only=True)
class SheetsEmulator:
    """Google Sheets on loopback; use it as a context manager.

    Attributes:
        port: TCP port; 0 lets the system choose.
        host: Address to listen on.
        clock: Seconds since 1970.
        world: Spreadsheets and switches.
        backstage: What answers.
    """

    port: int = 0
    host: str = "127.0.0.1"
    clock: Callable[[], float] = time.time
    world: World = field(init=False, repr=False)
    backstage: Backstage = field(init=False, repr=False)

    def __post_init__(self) -> None:
        """Build an empty world; nothing listens yet."""
        self.world = World(clock=self.clock)
        self.backstage = Backstage(self.world)
        self._listener: Listener | None = None
        self._loop: threading.Thread | None = None

    @property
    def url(self) -> str:
        """Where it listens, such as `http://127.0.0.1:40123`."""
        if self._listener is None:
            raise RuntimeError("the emulator does not run")
        host, port = self._listener.server_address[:2]
        return f"http://{host!s}:{port}"

    @property
    def log(self) -> Log:
        """Every request to Google so far."""
        return self.backstage.log

    def start(self) -> Self:
        """Listen."""
        self._listener = Listener((self.host, self.port), self.backstage)
        self._loop = threading.Thread(
            target=self._listener.serve_forever, args=(_POLL_S,), daemon=True, name="sheets-emulator"
        )
        self._loop.start()
        return self

    def stop(self) -> None:
        """Accept nothing more and close every connection."""
        if self._listener is None or self._loop is None:
            return
        self._listener.shutdown()
        self._loop.join()
        self._listener.hang_up()
        self._listener.server_close()
        self._listener = None

    def __enter__(self) -> Self:
        return self.start()

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.stop()


def serve(port: int, host: str = "127.0.0.1", *, key: Path | None = None) -> None:
    """Run until SIGTERM or SIGINT; the address is the first line printed.

    Args:
        port: TCP port; 0 lets the system choose.
        host: address to listen on.
        key: where to put the key of a made-up service account; the second line is then a spreadsheet's id.
    """
    ended = threading.Event()

    def end(_signal: int, _frame: FrameType | None) -> None:
        ended.set()

    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, end)
    with SheetsEmulator(port=port, host=host) as emulator:
        lines = [emulator.url]
        if key is not None:
            key.write_text(json.dumps(key_file(emulator.url)), "utf-8")
            lines.append(emulator.world.add(new_spreadsheet("Office")).book.spreadsheet_id)
        sys.stdout.write("".join(f"{line}\n" for line in lines))
        sys.stdout.flush()
        ended.wait()
