"""Carries out requests, with whatever the fault script has in store for them."""

import threading
import time
from collections import deque
from collections.abc import Callable
from dataclasses import dataclass, field, replace

from sheetsync.sandbox import pages
from sheetsync.sandbox.book import Book, BookError
from sheetsync.sandbox.faults import Fault, FaultScript
from sheetsync.sandbox.threads import Crew
from sheetsync.sandbox.traffic import Seen, Traffic
from sheetsync.sandbox.wire import Dialect, Request, Response, Target, html_response

DROPPED = Response(0, drop=True)
_MAINTENANCE_S = 600
_RELEASE_S = 5.0


@dataclass(eq=False, slots=True)
class _Late:
    """A request that is carried out after its client gave up."""

    go: threading.Event = field(default_factory=threading.Event)
    done: threading.Event = field(default_factory=threading.Event)


@dataclass
class Backstage:
    """Between the HTTP server and a dialect: rate limit, scripted faults, late requests, request log."""

    dialect: Dialect
    book: Book
    faults: FaultScript
    traffic: Traffic
    crew: Crew = field(default_factory=Crew)
    _arrivals: deque[float] = field(default_factory=deque, repr=False)
    _lock: threading.Lock = field(default_factory=threading.Lock, repr=False)
    _late: list[_Late] = field(default_factory=list, repr=False)

    def answer(self, request: Request) -> Response:
        """Carry out one request and say what its client gets to see of it."""
        target = self.dialect.target(request)
        seen = self.traffic.enter(request.method, request.uri, account=target.account, write=target.write)
        # A refused request uses up no fault.
        is_admitted = self._admit()
        taken = self.faults.take(request.method, request.uri, target) if is_admitted else {}
        seen.faults = tuple(fault.kind for fault in taken.values())
        try:
            response = (
                self._perform(request, target, taken, seen) if is_admitted else self.dialect.too_many(1)
            )
        finally:
            if not _is_late(taken.get("outcome")):
                self.traffic.leave(seen)
        seen.status = None if response.drop else response.status
        return response

    @property
    def held(self) -> int:
        """How many late requests wait to be carried out."""
        with self._lock:
            return len(self._late)

    def release(self) -> int:
        """Carry out all late requests now; returns how many there were, once they are done."""
        with self._lock:
            released = list(self._late)
        for late in released:
            late.go.set()
        for late in released:
            late.done.wait(_RELEASE_S)
        return len(released)

    def stop(self) -> None:
        """Give up whatever waits: late requests are never carried out."""
        self.crew.stop()
        with self._lock:
            waiting = list(self._late)
        for late in waiting:
            late.go.set()

    def _perform(self, request: Request, target: Target, taken: dict[str, Fault], seen: Seen) -> Response:
        self._accompany(taken, "before", target)
        response = self._outcome(taken.get("outcome"), request, seen)
        self._accompany(taken, "after", target)
        return response

    def _admit(self) -> bool:
        limit = self.dialect.site.max_requests_per_second
        if limit is None:
            return True
        with self._lock:
            now = time.monotonic()
            while self._arrivals and now - self._arrivals[0] >= 1:
                self._arrivals.popleft()
            if len(self._arrivals) >= limit:
                return False
            self._arrivals.append(now)
            return True

    def _accompany(self, taken: dict[str, Fault], side: str, target: Target) -> None:
        if (spend := taken.get(f"spend_{side}")) is not None:
            self._spend(spend, spend.account or target.account)
        if (slow := taken.get(f"slow_{side}")) is not None:
            self.crew.pause(slow.seconds or 0)

    def _spend(self, fault: Fault, account: str | None) -> None:
        if account is None:
            return
        unit = fault.unit or self.dialect.unit
        try:
            if fault.amount_minor < 0:
                self.book.top_up(account, unit, -fault.amount_minor)
            else:
                self.book.spend(account, unit, fault.amount_minor)
        except BookError as error:
            # A customer cannot spend what is not there; the request that triggered it goes on regardless.
            self.crew.errors.append(error)

    def _outcome(self, fault: Fault | None, request: Request, seen: Seen) -> Response:
        if fault is not None and fault.kind == "hold":
            return self._hold(fault, request, seen)
        if self.crew.is_stopping:
            # It was kept waiting until the stop: a stopped system carries nothing out.
            return DROPPED
        if fault is None:
            return self.dialect.handle(request)
        applied = self.dialect.handle(request) if fault.is_applied else None
        return _DISGUISES[fault.kind](fault, request, applied or DROPPED, self.dialect)

    def _hold(self, fault: Fault, request: Request, seen: Seen) -> Response:
        late = _Late()
        with self._lock:
            self._late.append(late)
        if fault.hang:
            return self._apply_late(fault, request, late) or DROPPED
        self.crew.start(lambda: self._apply_unseen(fault, request, late, seen))
        return DROPPED

    def _apply_unseen(self, fault: Fault, request: Request, late: _Late, seen: Seen) -> None:
        try:
            self._apply_late(fault, request, late)
        finally:
            self.traffic.leave(seen)

    def _apply_late(self, fault: Fault, request: Request, late: _Late) -> Response | None:
        try:
            # A stop that came before this request was listed did not wake it.
            if not self.crew.is_stopping:
                late.go.wait(fault.seconds)
            return None if self.crew.is_stopping else self.dialect.handle(request)
        finally:
            with self._lock:
                self._late.remove(late)
            late.done.set()


def _is_late(fault: Fault | None) -> bool:
    """Whether a request runs on after its connection was closed."""
    return fault is not None and fault.kind == "hold" and not fault.hang


def _drop(_fault: Fault, _request: Request, _applied: Response, _dialect: Dialect) -> Response:
    return DROPPED


def _error(_fault: Fault, _request: Request, _applied: Response, dialect: Dialect) -> Response:
    return dialect.server_error()


def _bad_gateway(_fault: Fault, _request: Request, _applied: Response, _dialect: Dialect) -> Response:
    return html_response(pages.BAD_GATEWAY, 502)


def _critical(_fault: Fault, _request: Request, _applied: Response, _dialect: Dialect) -> Response:
    return html_response(pages.CRITICAL, 500)


def _maintenance(fault: Fault, request: Request, _applied: Response, _dialect: Dialect) -> Response:
    return pages.maintenance(request, _MAINTENANCE_S if fault.retry_after is None else fault.retry_after)


def _too_many(fault: Fault, _request: Request, _applied: Response, dialect: Dialect) -> Response:
    return dialect.too_many(fault.retry_after)


def _unauthorized(_fault: Fault, _request: Request, _applied: Response, dialect: Dialect) -> Response:
    return dialect.unauthorized()


def _challenge(_fault: Fault, _request: Request, _applied: Response, _dialect: Dialect) -> Response:
    return pages.challenge()


def _redirect(fault: Fault, request: Request, _applied: Response, _dialect: Dialect) -> Response:
    return pages.redirect(request, fault.location)


def _junk(fault: Fault, _request: Request, applied: Response, _dialect: Dialect) -> Response:
    scrap = pages.NOTICE if fault.junk == "notice" else pages.BYTE_ORDER_MARK
    return replace(applied, body=scrap + applied.body)


def _truncate(_fault: Fault, _request: Request, applied: Response, _dialect: Dialect) -> Response:
    return replace(applied, cut=True)


_DISGUISES: dict[str, Callable[[Fault, Request, Response, Dialect], Response]] = {
    "drop_before": _drop,
    "drop_after": _drop,
    "error_500_before": _error,
    "error_500_after": _error,
    "html_500": _critical,
    "html_502": _bad_gateway,
    "maintenance_503": _maintenance,
    "too_many_429": _too_many,
    "unauthorized_401": _unauthorized,
    "cloudflare": _challenge,
    "redirect_301": _redirect,
    "junk_before_json": _junk,
    "truncated": _truncate,
}
