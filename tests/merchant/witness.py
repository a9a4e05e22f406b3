"""Stands between a client and a server, and judges every request and reply by UniBee's contract."""

import json
import threading
from http.client import HTTPConnection
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Self
from urllib.parse import parse_qsl, urlsplit

from tests.merchant.contract import problems_of_reply, problems_of_request


class Witness(ThreadingHTTPServer):
    """A context manager that listens on loopback and passes everything on.

    Attributes:
        problems: what broke the contract.
        calls: method and path of every request.
    """

    daemon_threads = True

    def __init__(self, address: str) -> None:
        self.upstream = urlsplit(address).netloc
        self.problems: list[str] = []
        self.calls: list[str] = []
        super().__init__(("127.0.0.1", 0), _Handler)

    @property
    def address(self) -> str:
        """Where it listens."""
        return f"http://127.0.0.1:{self.server_address[1]}"

    def __enter__(self) -> Self:
        threading.Thread(target=self.serve_forever, args=(0.02,), daemon=True).start()
        return self

    def __exit__(self, *_: object) -> None:
        self.shutdown()
        self.server_close()


class _Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    server: Witness

    def log_message(self, *_: object) -> None:
        """Stay silent."""

    def do_GET(self) -> None:
        """Pass on a read."""
        self._pass_on("GET")

    def do_POST(self) -> None:
        """Pass on a read or a change."""
        self._pass_on("POST")

    def _pass_on(self, method: str) -> None:
        parts = urlsplit(self.path)
        body = self.rfile.read(int(self.headers.get("Content-Length", "0")))
        headers = {
            name: self.headers[name] for name in ("Authorization", "Content-Type") if name in self.headers
        }
        upstream = HTTPConnection(self.server.upstream, timeout=20)
        upstream.request(method, self.path, body=body or None, headers=headers)
        reply = upstream.getresponse()
        content = reply.read()
        upstream.close()
        self.server.calls.append(f"{method} {parts.path}")
        self.server.problems += [
            *problems_of_request(method, parts.path, dict(parse_qsl(parts.query)), body),
            *problems_of_reply(method, parts.path, reply.status, json.loads(content)),
        ]
        self.send_response(reply.status)
        self.send_header("Content-Type", "application/json")
        self.send_header("Content-Length", str(len(content)))
        self.end_headers()
        self.wfile.write(content)
