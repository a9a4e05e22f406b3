"""The dialect of FastCredit Pro on WordPress 6.1, at the paths that the service assumes by default.

The vendor documents no paths, parameters or replies; those of the credit routes are assumed here,
what stands around them is WordPress' own behaviour.
"""

import re
import time
from dataclasses import dataclass, field
from urllib.parse import parse_qsl

from sheetsync.sandbox.book import Book, InsufficientError, UnknownAccountError
from sheetsync.sandbox.exact import decode, to_minor, to_number
from sheetsync.sandbox.wire import Request, Response, Target, json_response
from sheetsync.sandbox.wordpress import (
    Door,
    RestError,
    WordPressSite,
    find_route,
    forbidden,
    invalid_param,
    missing_param,
    no_page,
    no_route,
    not_signed_in,
    unknown_user,
)
from sheetsync.sandbox.wp_index import Index
from sheetsync.sandbox.wp_users import Users

UNIT = "credits"
_READS = ("GET", "HEAD")
_CREDITS = re.compile(r"/users/([0-9]{1,18})/credits(/add|/reset)?")
_ACTIONS = {None: _READS, "/add": ("POST",), "/reset": ("POST",)}


@dataclass(frozen=True, slots=True)
class _Call:
    """A request to one of the three credit routes; `action` is `None`, "/add" or "/reset"."""

    account: str
    action: str | None


@dataclass
class FastCredit:
    """Answers as a WordPress site with FastCredit Pro does."""

    book: Book
    username: str
    password: str
    site: WordPressSite = field(default_factory=WordPressSite)

    def __post_init__(self) -> None:
        """Put WordPress' own routes in front of the book."""
        self._door = Door(self.username, self.password)
        self._users = Users(self.book, self.site, self.username)
        self._index = Index(self.site, self.book.unit(UNIT).scale)

    @property
    def unit(self) -> str:
        """The unit of a purchase that names none."""
        return UNIT

    def target(self, request: Request) -> Target:
        """Say which account a request names, and whether it would change credits."""
        route = find_route(request, self.site) or ""
        call = self._find_call(route, request.method)
        if call is not None:
            return Target(call.account, write=call.action is not None)
        user = re.fullmatch(r"/wp/v2/users/([0-9]{1,18})", route)
        return Target(None if user is None else str(int(user[1])))

    def handle(self, request: Request) -> Response:
        """Carry out a request."""
        route = find_route(request, self.site)
        if route is None:
            return no_page(request, self.site)
        try:
            answer = self._dispatch(request, route, signed_in=self._door.admits(request, self.site))
        except RestError as error:
            answer = error.response
        return answer.with_headers(
            X_Robots_Tag="noindex",
            X_Content_Type_Options="nosniff",
            Access_Control_Expose_Headers="X-WP-Total, X-WP-TotalPages, Link",
        )

    def too_many(self, retry_after_s: int | None) -> Response:
        """Refuse as a rate-limiting plugin does; nothing was carried out."""
        answer = RestError(429, "rest_too_many_requests", "Too many requests.").response
        return answer if retry_after_s is None else answer.with_headers(Retry_After=str(retry_after_s))

    def server_error(self) -> Response:
        """Answer as WordPress does to a client that accepts JSON when PHP broke down."""
        message = "<p>There has been a critical error on this website.</p>"
        return RestError(500, "internal_server_error", message).response

    def unauthorized(self) -> Response:
        """Refuse as WordPress does when the credentials were ignored."""
        return not_signed_in().response

    def _dispatch(self, request: Request, route: str, *, signed_in: bool) -> Response:
        call = self._find_call(route, request.method)
        if call is not None:
            return self._serve_credits(request, call, signed_in=signed_in)
        if request.method not in _READS:
            raise no_route()
        if route == "/wp/v2/users":
            return self._users.page(request, signed_in=signed_in)
        if route == "/wp/v2/users/me":
            return self._users.me(request, signed_in=signed_in)
        if user := re.fullmatch(r"/wp/v2/users/([0-9]{1,18})", route):
            return self._users.one(request, user[1], signed_in=signed_in)
        return self._index.show(request, route)

    def _find_call(self, route: str, method: str) -> _Call | None:
        prefix = f"/{self.site.namespace.strip('/')}"
        match = _CREDITS.fullmatch(route.removeprefix(prefix)) if route.startswith(f"{prefix}/") else None
        if match is None or method not in _ACTIONS[match[2]]:
            return None
        return _Call(str(int(match[1])), match[2])

    def _serve_credits(self, request: Request, call: _Call, *, signed_in: bool) -> Response:
        if not (signed_in and self.site.may_administer):
            raise forbidden(403 if signed_in else 401)
        try:
            if call.action is None:
                return json_response(self._show(call.account, self.book.balance(call.account, UNIT)))
            self.book.person(call.account)
            return self._change(call, self._read_amount(request))
        except UnknownAccountError:
            raise unknown_user() from None
        except InsufficientError:
            raise invalid_param(
                "amount", "amount would make the credits negative", code="rest_out_of_bounds"
            ) from None

    def _change(self, call: _Call, amount: int) -> Response:
        if call.action == "/reset":
            result = self.book.set_to(call.account, UNIT, amount, note="reset").result_minor
        elif amount < 0 and not self.site.negative_add:
            raise invalid_param(
                "amount", "amount must be greater than or equal to 0", code="rest_out_of_bounds"
            )
        elif self.site.race_window_s:
            result = self._add_carelessly(call.account, amount)
        else:
            result = self.book.add(call.account, UNIT, amount, note="add").result_minor
        return json_response({"success": True, **self._show(call.account, result)})

    def _add_carelessly(self, account: str, amount: int) -> int:
        """Read, then write back without a lock: parallel adds get lost, as on a real WordPress."""
        balance = self.book.balance(account, UNIT)
        time.sleep(self.site.race_window_s)
        return self.book.set_to(account, UNIT, balance + amount, note="add").result_minor

    def _read_amount(self, request: Request) -> int:
        values = _read_params(request)
        if "amount" not in values:
            raise missing_param("amount")
        scale = self.book.unit(UNIT).scale
        try:
            return to_minor(values["amount"], scale)
        except ValueError:
            kind = "integer" if scale == 0 else "number"
            raise invalid_param("amount", f"amount is not of type {kind}.") from None

    def _show(self, account: str, minor: int) -> dict[str, object]:
        return {"user_id": int(account), "credits": to_number(minor, self.book.unit(UNIT).scale)}


def _read_params(request: Request) -> dict[str, object]:
    """Merge query and body as WordPress does: the body wins."""
    params: dict[str, object] = dict(request.query)
    kind = request.headers.get("content-type", "").partition(";")[0].strip().lower()
    if kind == "application/x-www-form-urlencoded":
        params |= parse_qsl(request.body.decode("utf-8", "replace"), keep_blank_values=True)
    elif kind == "application/json" and request.body:
        params |= _read_json(request.body)
    return params


def _read_json(body: bytes) -> dict[str, object]:
    details = {"json_error_code": 4, "json_error_message": "Syntax error"}
    try:
        values = decode(body)
    except (ValueError, RecursionError):
        raise RestError(400, "rest_invalid_json", "Invalid JSON body passed.", details) from None
    return values if isinstance(values, dict) else {}
