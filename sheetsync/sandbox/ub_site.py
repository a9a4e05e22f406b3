"""What a UniBee server does before a call is reached: switches, API key, envelopes, and types of fields."""

import hmac
import itertools
import threading
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import TypeVar

from sheetsync.sandbox.exact import decode
from sheetsync.sandbox.wire import Request, Response, Switches, json_response

MERCHANT_ID = 15001
QUOTA = "Reached max api qps limitation, please contact us to upgrade"
PROMO = 2
DEFAULT_COUNT = 20
_OK, _INTERNAL, _REFUSED, _STRANGER = 0, 50, 51, 61
_BITS = {"int32": 2**31, "int64": 2**63}

Values = Mapping[str, object]
Kinds = Mapping[str, str]


@dataclass
class UniBeeSite(Switches):
    """Switches of a UniBee server.

    Attributes:
        honours_key: A known idempotencyKey answers as the first time and changes nothing; an older server
            ignores the key and changes the balance again.
        calls_duplicate: A known idempotencyKey is refused as a duplicate instead.
        editable: Credit accounts may be changed.
        transactions: The API key may read transactions.
        shuffles_ties: Users who were created in the same second come in any order, page by page.
        has_usd: Promo credit in USD is set up.
        suspended_every: Every so many-th user is suspended; 0 for none.
        updates_wait: A subscription update waits as a pending update instead of using credit at once.
        vague_updates: A pending update does not say how much credit it uses.
        price_change_cents: What every plan costs more than usual.
        booked_late_s: A change is accepted at once, but booked only when this time has passed.
        listed_late_s: A transaction stands in the list only when this time has passed.
    """

    honours_key: bool = True
    calls_duplicate: bool = False
    editable: bool = True
    transactions: bool = True
    shuffles_ties: bool = False
    has_usd: bool = True
    suspended_every: int = 0
    updates_wait: bool = False
    vague_updates: bool = False
    price_change_cents: int = 0
    booked_late_s: float | int = 0
    listed_late_s: float | int = 0


@dataclass
class Envelopes:
    """Numbers answers as the server does."""

    _numbers: "itertools.count[int]" = field(default_factory=lambda: itertools.count(1), repr=False)
    _lock: threading.Lock = field(default_factory=threading.Lock, repr=False)

    def ok(self, data: Mapping[str, object]) -> Response:
        """Answer that it worked."""
        return self._wrap(200, _OK, "", data)

    def refuse(self, words: str) -> Response:
        """Refuse in plain text; to an API key that is HTTP 400."""
        return self._wrap(400, _REFUSED, words, None)

    def broken(self) -> Response:
        """Answer that something inside failed, perhaps after the change."""
        number = self._next()
        return self._envelope(400, _INTERNAL, f"Server Error-{number}-{_INTERNAL}", None, number)

    def stranger(self, *, has_key: bool) -> Response:
        """Refuse an API key: an unknown one by 401, a missing one inside a success."""
        return self._wrap(401 if has_key else 200, _STRANGER, "token is not valid", None)

    def _wrap(self, status: int, code: int, message: str, data: Mapping[str, object] | None) -> Response:
        return self._envelope(status, code, message, data, self._next())

    def _envelope(
        self, status: int, code: int, message: str, data: Mapping[str, object] | None, number: str
    ) -> Response:
        envelope = {"code": code, "message": message, "data": data, "redirect": "", "requestId": number}
        return json_response(envelope, status)

    def _next(self) -> str:
        with self._lock:
            return f"req{next(self._numbers):08d}"


class RefusedError(Exception):
    """A refusal in plain text; nothing was carried out."""


def holds_key(request: Request, key: str) -> bool | None:
    """Whether a request holds the API key; None where it holds none at all."""
    header = request.headers.get("authorization")
    if header is None:
        return None
    return hmac.compare_digest(header.encode(), f"Bearer {key}".encode())


def read_values(request: Request, kinds: Kinds, needed: Sequence[str] = ()) -> Values:
    """Read and check the fields of a body or of a query.

    Raises:
        RefusedError: A field is unknown, missing, or of another type. The real server ignores some of that;
            this one is for finding mistakes.
    """
    values = _query(request, kinds) if request.method == "GET" else _body(request)
    for name, value in values.items():
        if name not in kinds:
            raise RefusedError(f"unknown field {name}")
        if not _fits(value, kinds[name]):
            raise RefusedError(f"{name} is not {kinds[name]}")
    for name in needed:
        if name not in values:
            raise RefusedError(f"{name} is required")
    return values


def _query(request: Request, kinds: Kinds) -> Values:
    return {
        name: int(text) if kinds.get(name) in _BITS and text.lstrip("-").isdecimal() else text
        for name, text in request.query.items()
    }


def _body(request: Request) -> Values:
    try:
        values = decode(request.body)
    except (ValueError, RecursionError):
        raise RefusedError("the body is not JSON") from None
    if not isinstance(values, dict):
        raise RefusedError("the body is not an object")
    return values


def _fits(value: object, kind: str) -> bool:
    if kind.startswith("list of "):
        return isinstance(value, list) and all(_fits(each, kind.removeprefix("list of ")) for each in value)
    if kind in _BITS:
        whole = isinstance(value, int) and not isinstance(value, bool)
        return whole and -_BITS[kind] <= int(str(value)) < _BITS[kind]
    return isinstance(value, {"text": str, "flag": bool, "object": dict}[kind])


def number(values: Values, name: str, default: int = 0) -> int:
    """Return a whole number that was checked."""
    value = values.get(name, default)
    return value if isinstance(value, int) else default


T = TypeVar("T")


def cut(found: Sequence[T], values: Values) -> list[T]:
    """Return one page, counted from 0."""
    count = number(values, "count", DEFAULT_COUNT)
    return list(found[number(values, "page") * count :][:count])


def now_s() -> float:
    """Return seconds since 1970."""
    return time.time()


Clock = Callable[[], float]
