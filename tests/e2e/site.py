"""Another credit system than the sandbox: WordPress users, a points plug-in of its own, bad weather.

It shares no code with ``sheetsync.sandbox``, so that an error common to product and sandbox is noticed.
It counts every write when it arrives and every one that is applied, and notices two to one user at once.
"""

import base64
import json
import os
import re
import signal
import sys
import threading
import time
from collections import defaultdict, deque
from contextlib import suppress
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from types import TracebackType
from typing import Any, Literal, Self
from urllib.parse import parse_qs, urlsplit

USERNAME = "kassa"
PASSWORD = "qW7z Xk2v Tn9b Lm4c Rf8d Hj3g"

ROUTES = """
[connections.shop.routes.get_credits]
method = "GET"
path = "/wp-json/acme/v2/balance"
query = { uid = "{user_id}" }
result = "data.balance"
[connections.shop.routes.add_credits]
method = "POST"
path = "/wp-json/acme/v2/grant"
query = { uid = "{user_id}" }
body = { points = "{amount}", why = "sheet" }
as_text = true
[connections.shop.routes.reset_credits]
method = "PUT"
path = "/wp-json/acme/v2/balance"
body = { uid = "{user_id}", total = "{amount}" }
as_text = true
"""
"""Of the configuration: where this site has what FastCredit Pro documents no addresses for."""

JSON = "application/json; charset=UTF-8"
PAGE = b"<html><head><title>Bad Gateway</title></head><body>nginx</body></html>"


def error_body(status: int, code: str, message: str) -> bytes:
    """Return an error as WordPress says it."""
    return json.dumps({"code": code, "message": message, "data": {"status": status}}).encode()


REPLIES: dict[str, tuple[int, bytes, str]] = {
    "no": (200, b'{"ok": false, "message": "Not now."}', JSON),
    "cut": (200, b'{"ok": tr', JSON),
    "redirect": (302, b"", "text/html"),
    "elsewhere": (307, b"", "text/html"),
    "refuse": (400, error_body(400, "acme_locked", "The account is <b>locked</b>."), JSON),
    "gone": (404, error_body(404, "acme_no_user", "There is no such user."), JSON),
    "busy": (429, error_body(429, "slow_down", "Too many requests."), JSON),
    "500": (500, error_body(500, "internal_server_error", "<p>There has been a critical error.</p>"), JSON),
    "502": (502, PAGE, "text/html"),
    "503": (503, PAGE, "text/html"),
}
"""Answers to a write that are always the same; the others depend on it."""

Answer = Literal[
    "ok", "drop", "cut", "500", "502", "503", "busy", "redirect", "elsewhere", "junk", "refuse", "gone", "no"
]


@dataclass(frozen=True, slots=True)
class Weather:
    """What happens to one write.

    Attributes:
        answer: what the client hears.
        applied: whether the write counts.
        delay_s: before it counts.
        before, after: what the customer adds or spends right before and right after it.
        kill: when the client's process group is killed: on arrival, or after applying.
        gate: waited for before anything else.
    """

    answer: Answer = "ok"
    applied: bool = True
    delay_s: float = 0.0
    before: int = 0
    after: int = 0
    kill: Literal["", "before", "after"] = ""
    gate: threading.Event | None = None


@dataclass(frozen=True, slots=True)
class Write:
    """A write that arrived: ``add`` or ``set``, and the amount as it was sent."""

    user_id: str
    kind: str
    amount: int


@dataclass
class Site:
    """The site; a context manager that listens on loopback.

    Attributes:
        balances: user id → balance, None where the user never had any.
        names: user id → display name.
        elsewhere: address of another host, to which a 307 points.
        arrived: writes in order of arrival.
        applied: writes in the order in which they counted.
        reads: how many balances were read.
        times: when each request of any kind arrived, in seconds.
        overlaps: users with two writes under way at once; WordPress loses one of them.
        victim: process group that a ``kill`` ends.
        closed: answer every balance with this status and code instead.
    """

    balances: dict[str, int | None]
    names: dict[str, str] = field(default_factory=dict)
    elsewhere: str = ""
    arrived: list[Write] = field(default_factory=list)
    applied: list[Write] = field(default_factory=list)
    reads: int = 0
    times: list[float] = field(default_factory=list)
    overlaps: set[str] = field(default_factory=set)
    victim: int | None = None
    closed: tuple[int, str] | None = None
    errors: list[BaseException] = field(default_factory=list)

    def __post_init__(self) -> None:
        """Prepare; nothing listens yet."""
        self.lock = threading.RLock()
        self.came = threading.Condition(self.lock)
        self._weather: dict[str, deque[Weather]] = defaultdict(deque)
        self._at_write: dict[int, Weather] = {}
        self._under_way: dict[str, int] = defaultdict(int)
        self._server: _Server | None = None

    @classmethod
    def of(cls, count: int, balance: int = 40) -> Self:
        """Return a site with users 1 to ``count`` that all have the same balance."""
        return cls({str(number): balance for number in range(1, count + 1)})

    @property
    def address(self) -> str:
        """Where it listens."""
        assert self._server is not None
        return f"http://127.0.0.1:{self._server.server_address[1]}"

    def __enter__(self) -> Self:
        self._server = _Server(self)
        threading.Thread(target=self._server.serve_forever, args=(0.02,), daemon=True).start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        assert self._server is not None
        self._server.shutdown()
        self._server.server_close()
        assert [] == self.errors
        assert set() == self.overlaps

    def weather(self, user_id: str, *kinds: Weather) -> None:
        """Let these happen to the user's next writes, one each."""
        with self.lock:
            self._weather[user_id].extend(kinds)

    def at_write(self, number: int, weather: Weather) -> None:
        """Let this happen to the write that arrives as the ``number``-th from now, whoever's it is."""
        with self.lock:
            self._at_write[len(self.arrived) + number] = weather

    def calm(self) -> None:
        """Take back what ``at_write`` announced."""
        with self.lock:
            self._at_write = {}

    def move(self, user_id: str, amount: int) -> None:
        """Let a customer top up or spend."""
        with self.lock:
            self.balances[user_id] = (self.balances[user_id] or 0) + amount

    def wait_for_writes(self, count: int, timeout_s: float = 20) -> None:
        """Wait until this many writes have arrived in all."""
        with self.came:
            assert self.came.wait_for(lambda: len(self.arrived) >= count, timeout_s)

    def begin(self, write: Write) -> Weather:
        """Count a write on arrival; return what happens to it."""
        with self.came:
            self.arrived.append(write)
            self._under_way[write.user_id] += 1
            if self._under_way[write.user_id] > 1:
                self.overlaps.add(write.user_id)
            self.came.notify_all()
            queue = self._weather[write.user_id]
            found = self._at_write.pop(len(self.arrived), None)
            return found or (queue.popleft() if queue else Weather())

    def end(self, write: Write) -> None:
        """Say that nothing of a write is under way any more."""
        with self.lock:
            self._under_way[write.user_id] -= 1

    def apply(self, write: Write) -> None:
        """Let a write count."""
        with self.lock:
            self.applied.append(write)
            before = self.balances[write.user_id] or 0
            self.balances[write.user_id] = write.amount if write.kind == "set" else before + write.amount

    def kill(self) -> None:
        """End the client's process group, and wait until it is dead: nothing more of it arrives."""
        if self.victim is not None:
            os.killpg(self.victim, signal.SIGKILL)


class _Server(ThreadingHTTPServer):
    daemon_threads = True
    request_queue_size = 128

    def __init__(self, site: Site) -> None:
        self.site = site
        super().__init__(("127.0.0.1", 0), _Handler)

    def handle_error(self, request: object, client_address: object) -> None:
        """Note what is not simply a client that hung up."""
        del request, client_address
        error = sys.exc_info()[1]
        if error is not None and not isinstance(error, ConnectionError):
            self.site.errors.append(error)


class _Handler(BaseHTTPRequestHandler):
    server: _Server
    protocol_version = "HTTP/1.1"

    def log_message(self, format: str, *args: object) -> None:  # noqa: A002 - the base class's name
        """Say nothing."""

    @property
    def site(self) -> Site:
        return self.server.site

    def parse_request(self) -> bool:
        """Note when it came."""
        self.site.times.append(time.monotonic())
        return super().parse_request()

    def do_GET(self) -> None:
        """Index, users and balances."""
        parts = urlsplit(self.path)
        query = {name: values[0] for name, values in parse_qs(parts.query).items()}
        if parts.path == "/wp-json/":
            self._json(200, _index())
        elif not self._signed_in():
            self._error(401, "rest_not_logged_in", "You are not currently logged in.")
        elif parts.path == "/wp-json/wp/v2/users":
            self._list(query)
        elif found := re.fullmatch(r"/wp-json/wp/v2/users/(\w+)", parts.path):
            self._user(found[1])
        elif parts.path == "/wp-json/acme/v2/balance":
            self._balance(query.get("uid", ""))
        else:
            self._no_route()

    def do_POST(self) -> None:
        """Add."""
        parts = urlsplit(self.path)
        body = self._body()
        if parts.path != "/wp-json/acme/v2/grant":
            self._no_route()
        elif not self._signed_in():
            self._error(401, "rest_not_logged_in", "You are not currently logged in.")
        else:
            self._write(parse_qs(parts.query)["uid"][0], "add", body["points"])

    def do_PUT(self) -> None:
        """Set."""
        body = self._body()
        if urlsplit(self.path).path != "/wp-json/acme/v2/balance":
            self._no_route()
        elif not self._signed_in():
            self._error(401, "rest_not_logged_in", "You are not currently logged in.")
        else:
            self._write(body["uid"], "set", body["total"])

    def _write(self, user_id: str, kind: str, amount: object) -> None:
        if not isinstance(amount, str) or not re.fullmatch(r"-?[0-9]+", amount):
            self._error(400, "acme_amount", "The amount has to be text of digits.")
            return
        if user_id not in self.site.balances:
            self._error(404, "acme_no_user", "There is no such user.")
            return
        write = Write(user_id, kind, int(amount))
        weather = self.site.begin(write)
        try:
            self._carry_out(write, weather)
        finally:
            self.site.end(write)
        self._answer(write, weather)

    def _carry_out(self, write: Write, weather: Weather) -> None:
        if weather.gate is not None:
            weather.gate.wait(30)
        if weather.kill == "before":
            self.site.kill()
        if weather.before:
            self.site.move(write.user_id, weather.before)
        if weather.delay_s:
            time.sleep(weather.delay_s)
        if weather.applied:
            self.site.apply(write)
        if weather.after:
            self.site.move(write.user_id, weather.after)
        if weather.kill == "after":
            self.site.kill()

    def _answer(self, write: Write, weather: Weather) -> None:
        ok = b'{"ok": true}' if write.kind == "add" else b"true"
        status, body, kind = REPLIES.get(weather.answer, (200, ok, JSON))
        extra = {"cut": {"Content-Length": "500"}, "busy": {"Retry-After": "1"}}.get(weather.answer, {})
        if weather.answer == "redirect":
            extra = {"Location": f"{self.site.address}/elsewhere"}
        if weather.answer == "elsewhere":
            extra = {"Location": f"{self.site.elsewhere}/grant"}
        if weather.answer == "junk":
            body = b"<br />\n<b>Notice</b>: Undefined index in plugin.php\n" + ok
        self.close_connection = weather.answer in ("drop", "cut")
        if weather.answer != "drop":
            self._send(status, body, kind, extra)

    def _list(self, query: dict[str, str]) -> None:
        if query.get("context") != "edit" or int(query.get("per_page", "10")) > 100:
            self._error(400, "rest_invalid_param", "Invalid parameter(s)")
            return
        with self.site.lock:
            ids = sorted(self.site.balances, key=int)
        size, page = int(query.get("per_page", "10")), int(query.get("page", "1"))
        pages = -(-len(ids) // size)
        users = [self._user_json(each) for each in ids[(page - 1) * size : page * size]]
        extra = {"X-WP-Total": str(len(ids)), "X-WP-TotalPages": str(pages)}
        self._send(200, json.dumps(users).encode(), JSON, extra)

    def _user(self, user_id: str) -> None:
        if user_id == "me":
            self._json(200, {"id": 1, "name": "Kassa", "email": "kassa@example.com"})
        elif user_id in self.site.balances:
            self._json(200, self._user_json(user_id))
        else:
            self._error(404, "rest_user_invalid_id", "Invalid user ID.")

    def _user_json(self, user_id: str) -> dict[str, object]:
        name = self.site.names.get(user_id, f"Customer {user_id}")
        return {"id": int(user_id), "name": name, "email": f"c{user_id}@example.com", "roles": ["customer"]}

    def _balance(self, user_id: str) -> None:
        with self.site.lock:
            self.site.reads += 1
            closed = self.site.closed
        if closed is not None:
            self._error(closed[0], closed[1], "Sorry.")
        elif user_id not in self.site.balances:
            self._error(404, "acme_no_user", "There is no such user.")
        else:
            balance = self.site.balances[user_id]
            self._json(200, {"data": {"balance": None if balance is None else str(balance)}})

    def _body(self) -> dict[str, Any]:
        length = int(self.headers.get("Content-Length", "0"))
        data = self.rfile.read(length)
        if len(data) < length:
            raise ConnectionResetError("the client died in the middle of a request")
        found = json.loads(data or b"{}")
        assert isinstance(found, dict)
        return found

    def _signed_in(self) -> bool:
        scheme, _, token = self.headers.get("Authorization", "").partition(" ")
        if scheme != "Basic":
            return False
        name, _, password = base64.b64decode(token).decode().partition(":")
        return name == USERNAME and password.replace(" ", "") == PASSWORD.replace(" ", "")

    def _no_route(self) -> None:
        self._error(404, "rest_no_route", "No route was found matching the URL and request method.")

    def _error(self, status: int, code: str, message: str) -> None:
        self._send(status, error_body(status, code, message), JSON)

    def _json(self, status: int, data: object) -> None:
        self._send(status, json.dumps(data).encode(), JSON)

    def _send(self, status: int, body: bytes, kind: str, extra: dict[str, str] | None = None) -> None:
        headers = {"Content-Type": kind, "Content-Length": str(len(body))} | (extra or {})
        with suppress(ConnectionError):
            self.send_response(status)
            for name, value in headers.items():
                self.send_header(name, value)
            self.end_headers()
            self.wfile.write(body)
            self.wfile.flush()


def _index() -> dict[str, object]:
    def route(*methods: str) -> dict[str, object]:
        return {"methods": list(methods), "endpoints": [{"methods": [each], "args": {}} for each in methods]}

    return {
        "name": "Acme",
        "url": "https://acme.example",
        "namespaces": ["wp/v2", "acme/v2"],
        "authentication": {"application-passwords": {"endpoints": {"authorization": "…"}}},
        "routes": {
            "/wp/v2/users": route("GET", "POST"),
            "/acme/v2/balance": route("GET", "PUT"),
            "/acme/v2/grant": route("POST"),
        },
    }
