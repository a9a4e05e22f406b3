"""The laundry over HTTP: addresses, privileges, bodies."""

import json
import os
import re
import signal
import time
from collections.abc import Iterator, Mapping
from contextlib import suppress
from datetime import UTC, datetime
from decimal import Decimal
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import TYPE_CHECKING, Any
from urllib.parse import parse_qsl, urlsplit

from tests.laundry.facts import (
    ACCOUNT,
    FIELDS,
    JSON,
    MONEY,
    OTHER_ACCOUNT,
    PAGE,
    PASSWORD,
    STORE,
    UNITS,
    USERNAME,
    Answer,
    Weather,
)

if TYPE_CHECKING:
    from tests.laundry.book import Laundry


class Server(ThreadingHTTPServer):
    daemon_threads = True
    request_queue_size = 128

    def __init__(self, laundry: "Laundry") -> None:
        self.laundry = laundry
        super().__init__(("127.0.0.1", 0), Handler)

    def handle_error(self, request: object, client_address: object) -> None:
        """Clients may die at any moment."""


def problems(body: Mapping[str, Any]) -> Iterator[str]:
    """Yield what in a value request is not as documented."""
    pair = (body.get("TransType"), body.get("TransSubType"))
    if pair not in FIELDS:
        yield f"TransType and TransSubType {pair} are not accepted"
        return
    if not set(body) <= FIELDS[pair]:
        yield f"fields that {pair} does not have: {sorted(set(body) - FIELDS[pair])}"
    for name, value in body.items():
        if not _is_right(name, value):
            yield f"{name} is {value!r}"
    if pair == (2, 2) and not (body.get("Cash", 0) > 0 and body.get("LocationID") in (2, 10)):
        yield "cash needs Cash and a LocationID that there is"
    if pair != (2, 2) and not set(UNITS) & set(body):
        yield "nothing to change"
    if not str(body.get("AdditionalInfo")).startswith("ss:"):
        yield "the note does not start with ss:"


def _is_right(name: str, value: object) -> bool:
    kind = {"AdditionalInfo": str, "SetExactValue": bool}.get(name)
    if kind is not None:
        return isinstance(value, kind)
    if isinstance(value, bool) or not isinstance(value, int | Decimal):
        return False
    return isinstance(value, int) or (name in (*MONEY, "Cash") and value == round(value, 2))


class Handler(BaseHTTPRequestHandler):
    server: Server
    protocol_version = "HTTP/1.1"
    wbufsize = -1  # head and body in one packet: else each answer waits for the client's acknowledgement

    def log_message(self, format: str, *args: object) -> None:  # noqa: A002 - the base class's name
        """Say nothing."""

    @property
    def laundry(self) -> "Laundry":
        """The book."""
        return self.server.laundry

    def _begin(self) -> tuple[str, dict[str, str]]:
        parts = urlsplit(self.path)
        with self.laundry.lock:
            self.laundry.requests.append(f"{self.command} {parts.path}")
            self.laundry.times.append(time.monotonic())
        pairs = parse_qsl(parts.query, keep_blank_values=True)
        if len(pairs) != len(dict(pairs)):
            self._violate("a parameter twice")
        return parts.path, dict(pairs)

    def do_GET(self) -> None:
        """Reads."""
        path, query = self._begin()
        if self._spoilt(self.laundry.take_read_weather()):
            return
        if not self.laundry.knows(self.headers.get("Authorization", "")):
            self._json(401, {"ErrorCode": 1, "Message": "Unauthorized"})
            return
        found = re.fullmatch(r"/api/UserAccount/(\w+)(?:/(\d+))?", path)
        if found:
            self._accounts(found[1], found[2], query)
        elif path == "/api/Transact":
            self._transact(query)
        elif path == "/api/User":
            who = {"UserID": 77, "Name": "Olga Office", "EmailAddress": USERNAME, "Password": PASSWORD}
            self._json(200, who)
        elif path == "/api/Account" and not query:
            self._json(200, [{"ID": ACCOUNT, "Name": "Wash & Fold", "UserID": 77}])
        elif path == "/api/Location":
            self._json(
                200,
                [
                    {"ID": 2, "AccountID": ACCOUNT, "Name": "Main Street"},
                    {"ID": 10, "AccountID": ACCOUNT, "Name": "Harbour"},
                    {"ID": 3, "AccountID": OTHER_ACCOUNT, "Name": "Elsewhere"},
                ],
            )
        else:
            self._violate(f"no such address: {path} {sorted(query)}")
            self._json(404, {"ErrorCode": 4, "Message": "No HTTP resource was found"})

    def do_DELETE(self) -> None:
        """Nothing is ever deleted."""
        self._violate(f"DELETE {self._begin()[0]}")
        self._json(405, {"ErrorCode": 5})

    def do_POST(self) -> None:
        """Signing in, and value requests."""
        path, query = self._begin()
        text = self.rfile.read(int(self.headers.get("Content-Length", "0"))).decode()
        if path == "/api/AuthToken":
            if not self._spoilt(self.laundry.take_read_weather()):
                self._sign_in(text)
            return
        found = re.fullmatch(r"/api/UserAccount/(\w+)/(\d+)", path)
        if found is None or query:
            self._violate(f"no such address: POST {path} {query}")
            self._json(404, {"ErrorCode": 4})
        elif not self.laundry.knows(self.headers.get("Authorization", "")):
            self._json(401, {"ErrorCode": 1, "Message": "Unauthorized"})
        elif not self.laundry.loyalty:
            self._json(403, {"ErrorCode": 3, "Message": "Insufficient privileges"})
        elif found[1] not in (str(ACCOUNT), STORE) or int(found[2]) not in self.laundry.customers:
            self._json(404, {"ErrorCode": 8, "Message": "User account not found"})
        else:
            self._value_request(int(found[2]), text)

    def _sign_in(self, text: str) -> None:
        if json.loads(text) == {"UserName": USERNAME, "Password": PASSWORD}:
            self._json(200, {"Token": self.laundry.new_token()})
        else:
            self._json(401, {"ErrorCode": 2, "Message": "Invalid login"})

    def _value_request(self, number: int, text: str) -> None:
        problem = next(problems(json.loads(text, parse_float=Decimal)), "")
        if problem:
            self._violate(problem)
            self._json(400, {"ErrorCode": 9, "Message": problem})
            return
        body = json.loads(text, parse_float=Decimal)
        laundry, weather = self.laundry, self.laundry.take_weather(number, text)
        try:
            if weather.gate is not None:
                weather.gate.wait(30)
            if weather.kill == "before":
                self._kill()
            if weather.answer in ("refuse", "busy", "401"):
                weather = Weather(weather.answer, applied=False)
            if weather.before:
                laundry.spend(number, -weather.before)
            laundry.accept(number, body, weather)
            if weather.after:
                laundry.spend(number, -weather.after)
            if weather.kill == "after":
                self._kill()
        finally:
            laundry.done(number)
        if not self._spoilt(weather.answer):
            self._json(200, laundry.record(laundry.customers[number]))

    def _accounts(self, account: str, number: str | None, query: dict[str, str]) -> None:
        if not self.laundry.loyalty:
            self._json(403, {"ErrorCode": 3, "Message": "Insufficient privileges"})
            return
        if account not in (str(ACCOUNT), STORE):
            self._json(403, {"ErrorCode": 3, "Message": "No access to this account"})
            return
        with self.laundry.lock:
            everybody = list(self.laundry.customers.values())
            if number is not None:
                mine = [each for each in everybody if each.number == int(number) and each.account == ACCOUNT]
                if mine:
                    self._json(200, self.laundry.record(mine[0]))
                else:
                    self._json(404, {"ErrorCode": 8, "Message": "User account not found"})
                return
            unknown = set(query) - {"limit", "lastID", "prev", "hasEmail", "lastActivity", "cardNo"}
            if unknown or int(query.get("limit", "1")) > 1000:
                self._violate(f"parameters {unknown} {query}")
            wants = query.get("hasEmail")
            since = datetime.fromisoformat(query.get("lastActivity", "2000-01-01T00:00:00")).replace(
                tzinfo=UTC
            )
            card = query.get("cardNo") if self.laundry.cards else None
            listed = [
                self.laundry.record(each)
                for each in everybody
                if card in (None, *self.laundry.cards.get(each.number, ()))
                and (wants is None or (wants == "true") == bool(each.email))
                and each.last_activity >= since
            ]
            self._json(200, self.laundry.page(listed, query, limit="limit", older="prev"))

    def _transact(self, query: dict[str, str]) -> None:
        if not self.laundry.reports:
            self._json(403, {"ErrorCode": 3, "Message": "Insufficient privileges"})
            return
        unknown = set(query) - {"AccountID", "UserAccountID", "Limit", "lastID", "Older"}
        if unknown or int(query["Limit"]) > 1000 or query["AccountID"] not in (str(ACCOUNT), STORE):
            self._violate(f"parameters {unknown} {query}")
        who = int(query["UserAccountID"])
        with self.laundry.lock:
            listed = [
                each
                for each in self.laundry.transactions
                if each["ID"] not in self.laundry.hidden and who in (0, each["UserAccountID"])
            ]
            self._json(200, self.laundry.page(listed, query, limit="Limit", older="Older"))

    def _kill(self) -> None:
        if self.laundry.victim is not None:
            os.killpg(self.laundry.victim, signal.SIGKILL)

    def _violate(self, what: str) -> None:
        with self.laundry.lock:
            self.laundry.violations.append(what)

    def _spoilt(self, answer: Answer) -> bool:
        """Answer badly, if that is the weather."""
        if answer == "ok":
            return False
        self.close_connection = answer in ("drop", "cut")
        replies: dict[str, tuple[int, bytes, str]] = {
            "500": (500, b'{"Message": "An error has occurred."}', JSON),
            "html": (502, PAGE, "text/html"),
            "gone": (404, PAGE, "text/html"),
            "cut": (200, b'{"ID": 10', JSON),
            "busy": (429, b"", "text/plain"),
            "refuse": (400, b'{"ErrorCode": 17, "Message": "The account is <b>locked</b>."}', JSON),
            "empty": (200, b"", JSON),
            "401": (401, b"", "text/plain"),
            "redirect": (302, b"", "text/html"),
        }
        if answer != "drop":
            status, body, kind = replies[answer]
            extra = {"cut": {"Content-Length": "500"}, "busy": {"Retry-After": "0"}}.get(answer, {})
            if answer == "redirect":
                extra = {"Location": "http://127.0.0.1:9/elsewhere"}
            self._send(status, body, kind, extra)
        return True

    def _json(self, status: int, data: object) -> None:
        self._send(
            status,
            json.dumps(data, default=_plain, ensure_ascii=False).replace('"¤', "").replace('¤"', "").encode(),
            JSON,
        )

    def _send(self, status: int, body: bytes, kind: str, extra: Mapping[str, str] | None = None) -> None:
        headers = {"Content-Type": kind, "Content-Length": str(len(body))} | dict(extra or {})
        with suppress(ConnectionError):
            self.send_response(status)
            for name, value in headers.items():
                self.send_header(name, value)
            self.end_headers()
            self.wfile.write(body)
            self.wfile.flush()


def _plain(value: object) -> str:
    """Write a decimal so that its marks can be taken away: JSON then holds the number itself."""
    assert isinstance(value, Decimal)
    return f"¤{value}¤"
