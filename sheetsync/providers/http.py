"""One session per credit system: limits, time-outs, outcome classes, bounded retries of reads, redaction."""

import logging
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from random import SystemRandom

from sheetsync import __version__
from sheetsync.errors import RequestOutcome, RetryableError
from sheetsync.providers.limiter import Limiter, Sleeper
from sheetsync.providers.messages import Reply, Request
from sheetsync.providers.outcomes import (
    Dialect,
    PlainDialect,
    failed_read,
    failed_write,
    judge_read,
    judge_write,
)
from sheetsync.providers.transport import Transport, TransportError

PAUSE_FIRST_S = 0.5
"""Seconds: the most that is waited before the second try of a read; doubles with each further one."""

PAUSE_MOST_S = 15.0
"""Seconds: the most between two tries where the system does not say how long to wait."""

RETRY_AFTER_MOST_S = 30.0
"""Seconds: the most of a Retry-After that is waited for; WordPress's maintenance page says 600, and a
person waits."""

READ_BUDGET_S = 180.0
"""Seconds for a read with all its tries and pauses; what comes after is the caller's to repeat."""

BUSY_PAUSE_S = 1.0
"""Seconds that everybody pauses after a refusal that does not say how long."""

BUSY_PAUSE_LEAST_S = 0.1
"""Seconds: the least that everybody pauses, also after ``Retry-After: 0``: a crowd arrives first."""

BUSY_PAUSE_MOST_S = 60.0
"""Seconds: the most that everybody pauses after a refusal; hosts and firewalls count per minute."""

SERVICE_UNAVAILABLE = 503

USER_AGENT = f"sheetsync/{__version__}"

_log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class Tuning:
    """How a session behaves.

    Attributes:
        timeout_s: for one whole attempt: connecting, sending, and the reply to its last byte.
        retries: further tries of a read.
        parallel: requests in flight, hence connections that are kept.
        jitter: draws a pause between 0 and its argument, in seconds.
    """

    timeout_s: float = 30.0
    retries: int = 3
    parallel: int = 4
    jitter: Callable[[float], float] = lambda most_s: SystemRandom().uniform(0, most_s)


class Session:
    """Requests to one credit system. Thread-safe.

    Writes are sent once per call. Reads are tried again, bounded in number and time. Every attempt holds a
    slot of the limiter, goes to the base address and nowhere else, and follows no redirect.
    """

    def __init__(
        self,
        base_url: str,
        *,
        limiter: Limiter,
        clock: Sleeper,
        tuning: Tuning | None = None,
        dialect: Dialect | None = None,
        headers: Mapping[str, str] | None = None,
    ) -> None:
        """Make a session; nothing is sent.

        Args:
            base_url: every request goes below it.
            limiter: paces every attempt.
            clock: waits between tries.
            tuning: time-outs and numbers.
            dialect: the system's own error codes.
            headers: that every request carries, such as ``Authorization``; never logged.
        """
        self._tuning = tuning or Tuning()
        self._transport = Transport(base_url, keep=self._tuning.parallel, timeout_s=self._tuning.timeout_s)
        self._limiter = limiter
        self._clock = clock
        self._dialect = dialect or PlainDialect()
        self._headers = {"Accept": "application/json", "User-Agent": USER_AGENT, **(headers or {})}

    def read(self, request: Request) -> Reply:
        """Send a request that changes nothing, again if need be; the reply is JSON.

        Raises:
            RejectedError: refused for good.
            RetryableError: not to be had now, after all tries.
        """
        spent_s, attempt = 0.0, 0
        while True:
            attempt += 1
            started = time.monotonic()
            found = self._try_read(request, attempt)
            if isinstance(found, Reply):
                return found
            if not isinstance(found, RetryableError) or attempt > self._tuning.retries:
                raise found
            pause_s = self._pause_s(found, attempt)
            spent_s += time.monotonic() - started + pause_s
            if spent_s >= READ_BUDGET_S:
                raise found
            self._clock.sleep(pause_s)

    def write(self, request: Request, go: Callable[[], None] | None = None) -> Reply:
        """Send a request that may change something: exactly one attempt, whatever happens.

        Args:
            request: what to send.
            go: called once there is a slot and a connection, right before the first byte leaves. What it
                raises goes through, and nothing is sent. Not called where there is no connection.

        Raises:
            RetryableError: certainly nothing happened.
            RejectedError: refused for good.
            OutcomeUnknownError: anything else.
        """
        try:
            reply, left_at = self._attempt(request, 1, write=True, go=go)
        except TransportError as error:
            raise failed_write(error.cause, request, sent=error.sent) from None
        outcome = judge_write(request, reply, self._dialect)
        self._slow_down(reply, outcome, left_at)
        if outcome is not None:
            raise outcome
        return reply

    def page(self, request: Request) -> Reply:
        """Send a request that changes nothing, once; the reply may be anything.

        Raises:
            RetryableError: there was no complete reply.
        """
        try:
            reply, _left_at = self._attempt(request, 1, write=False)
        except TransportError as error:
            raise failed_read(error.cause, request, sent=error.sent) from None
        return reply

    def close(self) -> None:
        """Close connections."""
        self._transport.close()

    def _try_read(self, request: Request, attempt: int) -> Reply | RequestOutcome:
        try:
            reply, left_at = self._attempt(request, attempt, write=False)
        except TransportError as error:
            return failed_read(error.cause, request, sent=error.sent)
        outcome = judge_read(request, reply, self._dialect)
        self._slow_down(reply, outcome, left_at)
        return outcome or reply

    def _slow_down(self, reply: Reply, outcome: RequestOutcome | None, left_at: float) -> None:
        """Tell everybody who shares the limit that the system is too busy, if that is what it said."""
        is_down = reply.status == SERVICE_UNAVAILABLE
        if (is_down or 400 <= reply.status < 500) and isinstance(outcome, RetryableError):
            asked = BUSY_PAUSE_S if outcome.retry_after_s is None else outcome.retry_after_s
            most_s = RETRY_AFTER_MOST_S if is_down else BUSY_PAUSE_MOST_S
            self._limiter.refused(min(max(asked, BUSY_PAUSE_LEAST_S), most_s), left_at)

    def _attempt(
        self, request: Request, attempt: int, *, write: bool, go: Callable[[], None] | None = None
    ) -> tuple[Reply, float]:
        """Send it once; return the reply, and when the request left on the limiter's clock."""
        headers = {**self._headers, **request.headers}
        if request.body is not None:
            headers.setdefault("Content-Type", "application/json")
        with self._limiter.slot() as slot:

            def leaving() -> None:
                if go is not None:
                    go()
                slot.leaving()

            started = time.monotonic()
            try:
                reply = self._transport.exchange(
                    replace(request, headers=headers), write=write, leaving=leaving
                )
            except TransportError as error:
                _note(request, attempt, type(error.cause).__name__, started)
                raise
        _note(request, attempt, str(reply.status), started)
        return reply, slot.left_at

    def _pause_s(self, error: RetryableError, attempt: int) -> float:
        if error.retry_after_s is not None:
            return min(error.retry_after_s, RETRY_AFTER_MOST_S)
        return self._tuning.jitter(min(PAUSE_MOST_S, PAUSE_FIRST_S * 2.0 ** (attempt - 1)))


def _note(request: Request, attempt: int, result: str, started: float) -> None:
    """Log one attempt: the label names a route, never a person."""
    took_ms = (time.monotonic() - started) * 1000
    _log.debug("%s %s → %s, %.0f ms, attempt %d", request.method, request.label, result, took_ms, attempt)
