"""The merchant over HTTP: envelopes, pages, bodies."""

import json
import os
import random
import signal
from collections.abc import Callable, Mapping
from contextlib import suppress
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import TYPE_CHECKING, Any
from urllib.parse import parse_qsl, urlsplit

from tests.merchant.contract import problems_of_reply, problems_of_request

if TYPE_CHECKING:
    from tests.merchant.book import Merchant, Weather

HTML = b"<html><title>502 Bad Gateway</title></html>"
WRITES = ("promo_credit_increment", "promo_credit_decrement", "update_submit")


NEEDED = frozenset(
    [
        "userAccounts",
        "user",
        "id",
        "email",
        "promoCreditAccounts",
        "currency",
        "amount",
        "creditConfigs",
        "creditTransactions",
        "transactionType",
        "deltaAmount",
        "description",
        "createTime",
        "subscriptions",
        "subscription",
        "subscriptionId",
        "planId",
        "unfinishedSubscriptionPendingUpdate",
        "pendingUpdateId",
        "metadata",
        "ApplyPromoCreditAmount",
        "latestInvoice",
        "invoiceId",
        "invoice",
        "totalAmount",
        "promoCreditPayout",
        "creditAmount",
    ]
)
"""What a bare reply still holds; a subscription has no number of its own there."""


def bared(value: Any, inside: str = "") -> Any:  # noqa: ANN401 - JSON
    """Return data with what is needed, and nothing else; an empty list is left out, too."""
    if isinstance(value, list):
        return [bared(each, inside) for each in value]
    if not isinstance(value, dict):
        return value
    kept = {name: each for name, each in value.items() if name in NEEDED and each not in ([], None)}
    if inside == "subscription":
        del kept["id"]
    return {name: bared(each, name) for name, each in kept.items()}


class Server(ThreadingHTTPServer):
    daemon_threads = True
    request_queue_size = 128

    def __init__(self, merchant: "Merchant") -> None:
        self.merchant = merchant
        super().__init__(("127.0.0.1", 0), Handler)

    def handle_error(self, request: object, client_address: object) -> None:
        """Clients may die at any moment."""


class RefusedError(Exception):
    """The merchant refuses, in plain text."""


class Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    server: Server

    def log_message(self, *_: object) -> None:
        """Stay silent."""

    @property
    def merchant(self) -> "Merchant":
        """The book."""
        return self.server.merchant

    def do_GET(self) -> None:
        """Answer a read."""
        self._serve("GET")

    def do_POST(self) -> None:
        """Answer a read or a change."""
        self._serve("POST")

    def _serve(self, method: str) -> None:
        parts = urlsplit(self.path)
        query = dict(parse_qsl(parts.query))
        body = self.rfile.read(int(self.headers.get("Content-Length", "0")))
        merchant = self.merchant
        with merchant.lock:
            merchant.requests.append(f"{method} {parts.path}")
        found = [*problems_of_request(method, parts.path, query, body)]
        if method == "POST" and self.headers.get("Content-Type") != "application/json":
            found.append("no JSON")
        self._violate(*found)
        self._path, self._method = parts.path, method
        if self.headers.get("Authorization") is None:
            self._reply(200, {"code": 61, "message": "token required", "data": None})
        elif self.headers["Authorization"] != "Bearer ub-live-0123456789abcdef":
            self._reply(401, {"code": 61, "message": "invalid token", "data": None})
        elif found:
            self._refuse(found[0])
        elif parts.path.endswith(WRITES):
            self._change(json.loads(body))
        else:
            self._read(query | (json.loads(body) if body else {}))

    def _read(self, asked: dict[str, Any]) -> None:
        merchant = self.merchant
        with merchant.lock:
            if merchant.busy_reads:
                merchant.busy_reads -= 1
                self._busy()
                return
            calls: Mapping[str, Callable[[dict[str, Any]], dict[str, Any]]] = {
                "/merchant/user/list": self._users,
                "/merchant/user/get": self._user,
                "/merchant/credit/config_list": self._configs,
                "/merchant/credit/credit_transaction_list": self._transactions,
                "/merchant/subscription/list": self._subscriptions,
                "/merchant/subscription/update_preview": self._preview,
            }
            try:
                self._ok(calls[self._path](asked))
            except RefusedError as error:
                self._refuse(str(error))

    def _users(self, asked: dict[str, Any]) -> dict[str, Any]:
        if (asked.get("sortField"), asked.get("sortType")) != ("gmt_create", "asc") or asked["count"] > 100:
            self._violate("users are not asked for ascending by creation, a hundred at a time")
        if asked["page"] and self.merchant.between_pages:
            self.merchant.between_pages.pop(0)()
        # of one second, the database gives any order
        mixed = list(self.merchant.people.values())
        random.Random(len(self.merchant.requests)).shuffle(mixed)
        mixed.sort(key=lambda each: each.created)
        page = self._cut([self.merchant.record(each) for each in mixed], asked)
        return {"userAccounts": page, "total": len(mixed)}

    def _user(self, asked: dict[str, Any]) -> dict[str, Any]:
        person = self.merchant.people.get(int(asked["userId"]))
        if person is None:
            raise RefusedError("user not found")
        return {"user": self.merchant.record(person)}

    def _configs(self, asked: dict[str, Any]) -> dict[str, Any]:
        made = [{"currency": each, "type": kind} for each in self.merchant.currencies for kind in (1, 2)]
        return {"creditConfigs": [each for each in made if each["type"] in asked.get("types", (1, 2))]}

    def _transactions(self, asked: dict[str, Any]) -> dict[str, Any]:
        found = [
            each
            for each in self.merchant.transactions
            if each["user"]["id"] == asked.get("userId", each["user"]["id"])
            and each["createTime"] >= asked.get("createTimeStart", 0)
            and each["currency"] == asked.get("currency", each["currency"])
            and each["transactionType"] in asked.get("transactionTypes", (each["transactionType"],))
        ]
        if asked.get("sortType") != "asc":
            found.reverse()
        return {"creditTransactions": self._cut(found, asked) or None, "total": len(found)}

    def _subscriptions(self, asked: dict[str, Any]) -> dict[str, Any]:
        found = [
            self.merchant.detail(each)
            for each in self.merchant.subscriptions.values()
            if each.user == asked["userId"]
        ]
        return {"subscriptions": self._cut(found, asked) or None, "total": len(found)}

    def _preview(self, asked: dict[str, Any]) -> dict[str, Any]:
        costs = self.merchant.invoice(asked)
        if isinstance(costs, str):
            raise RefusedError(costs)
        _, invoice = costs
        total = {name: invoice[name] for name in ("currency", "originAmount", "totalAmount")}
        used = bool(invoice["promoCreditPayout"]["creditAmount"])
        return {"invoice": invoice, "applyPromoCredit": used, "prorationDate": 1_790_000_000, **total}

    def _change(self, body: dict[str, Any]) -> None:
        merchant = self.merchant
        number = self._whose(body)
        weather = merchant.take_weather(number, self._path, body)
        try:
            if weather.kill == "before":
                self._kill()
            if weather.delivers:
                merchant.deliver()
            if weather.before:
                merchant.spend(number, weather.before)
            problem = self._problem(number, body)
            if weather.answer in ("refuse", "busy") or problem:
                data: dict[str, Any] = {}
            else:
                data = merchant.accept(self._path, body, weather)
            if weather.after:
                merchant.spend(number, weather.after)
            if weather.kill == "after":
                self._kill()
        finally:
            merchant.done(number)
        if weather.answer != "ok":
            self._spoil(weather)
        elif problem:
            self._refuse(problem)
        else:
            self._ok(data)

    def _whose(self, body: dict[str, Any]) -> int:
        if "userId" in body:
            return int(body["userId"])
        found = self.merchant.subscriptions.get(body.get("subscriptionId", ""))
        return 0 if found is None else found.user

    def _problem(self, number: int, body: dict[str, Any]) -> str:
        """Return why the merchant refuses a change."""
        with self.merchant.lock:
            if self._path.endswith("update_submit"):
                return self._disagreement(body)
            return self._objection(number, body)

    def _disagreement(self, body: dict[str, Any]) -> str:
        costs = self.merchant.invoice(body)
        if isinstance(costs, str):
            return costs
        agreed = (body.get("confirmTotalAmount"), body.get("confirmCurrency"))
        same = agreed == (costs[1]["totalAmount"], costs[1]["currency"])
        return "" if same else "totalAmount not match, data may expired"

    def _objection(self, number: int, body: dict[str, Any]) -> str:
        merchant, known = self.merchant, body.get("idempotencyKey") in self.merchant.keys
        if not f"{body.get('description')} ".startswith(f"ss:{body.get('idempotencyKey')} "):
            self._violate("the key does not stand first in the description")
        if len(body.get("description", "")) > 120:
            self._violate("the description is too long")
        short = (
            merchant.held(number, body["currency"]) < body["amount"] if number in merchant.people else False
        )
        refusals = {
            "user not found": number not in merchant.people,
            "Credit account editable disabled": not merchant.editable,
            "Duplicate request: idempotencyKey already used": known
            and merchant.generation == "calls duplicate",
            "no enough amount to decrement": self._path.endswith("decrement")
            and short
            and not (known and merchant.generation == "honours"),
        }
        return next((words for words, holds in refusals.items() if holds), "")

    def _cut(self, found: list[dict[str, Any]], asked: dict[str, Any]) -> list[dict[str, Any]]:
        count = asked.get("count", 20)
        return found[asked.get("page", 0) * count :][:count]

    def _kill(self) -> None:
        if self.merchant.victim is not None:
            os.killpg(self.merchant.victim, signal.SIGKILL)

    def _violate(self, *what: str) -> None:
        with self.merchant.lock:
            self.merchant.violations.extend(what)

    def _ok(self, data: dict[str, Any]) -> None:
        if self.merchant.bare:
            self._reply(200, {"code": 0, "data": bared(data) or None})
            return
        self._reply(200, {"code": 0, "message": "", "data": data, "requestId": "r1"})

    def _refuse(self, words: str) -> None:
        self._reply(400, {"code": 51, "message": words, "data": None, "requestId": "r1"})

    def _busy(self) -> None:
        self._refuse("Reached max api qps limitation, please contact us to upgrade")

    def _spoil(self, weather: "Weather") -> None:
        """Answer badly."""
        codes = {"internal": 50, "database": 52, "panic": 68}
        if weather.answer in codes:
            code = codes[weather.answer]
            self._reply(400, {"code": code, "message": f"Server Error-r1-{code}", "data": None})
        elif weather.answer == "refuse":
            self._refuse("Invalid Credit Config <b>EUR</b>")
        elif weather.answer == "busy":
            self._busy()
        else:
            self._spoil_badly(weather.answer)

    def _spoil_badly(self, answer: str) -> None:
        self.close_connection = answer in ("drop", "cut")
        replies: dict[str, tuple[int, bytes, dict[str, str]]] = {
            "cut": (200, b'{"code": 0, "da', {"Content-Length": "900"}),
            "html": (502, HTML, {"Content-Type": "text/html"}),
            "junk": (200, b'{"code": "0"}', {}),
            "empty": (200, b"", {}),
            "redirect": (302, b"", {"Location": "http://127.0.0.1:9/elsewhere"}),
        }
        if answer != "drop":
            self._send(*replies[answer])

    def _reply(self, status: int, data: dict[str, Any]) -> None:
        self._violate(*problems_of_reply(self._method, self._path, status, data))
        self._send(status, json.dumps(data).encode(), {})

    def _send(self, status: int, body: bytes, extra: Mapping[str, str]) -> None:
        headers = {"Content-Type": "application/json", "Content-Length": str(len(body))} | dict(extra)
        with suppress(ConnectionError):
            self.send_response(status)
            for name, value in headers.items():
                self.send_header(name, value)
            self.end_headers()
            self.wfile.write(body)
            self.wfile.flush()
