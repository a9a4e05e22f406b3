"""Bytes to a credit system and back: one attempt per call, and exact knowledge of whether anything left.

This drives urllib3's connections directly instead of through its pool: connecting is then a step of its
own, so "nothing was sent" is known and not guessed from an exception's class; and urllib3's pool logs whole
addresses, which may hold e-mails.
"""

import threading
import time
from collections.abc import Callable
from http.client import HTTPException
from typing import Final
from urllib.parse import urlsplit

from urllib3.connection import HTTPConnection, HTTPSConnection
from urllib3.exceptions import HTTPError

from sheetsync.metering import REQUESTS
from sheetsync.providers.messages import Reply, Request
from sheetsync.providers.sockets import Deadline, hung_up, set_answered, set_deadline, timed, tls_context

BODY_LIMIT = 16 * 1024 * 1024
"""Bytes of a reply; 100 WordPress users with all their meta data were 1 MB."""

PIECE = 65_536
"""Bytes read at once."""

WRITE_IDLE_S = 2.0
"""Seconds. A write does not go out on a connection that was idle longer: a server that closes it at that
very moment (Apache waits 5 s) would make the outcome unknown for nothing. A read may: it can be
repeated."""

READ_IDLE_S = 20.0
"""Seconds that a connection is kept for reads."""

TRANSPORT_ERRORS: Final = (HTTPError, HTTPException, OSError, ValueError)
"""Everything that urllib3, http.client, ssl and sockets raise for what happens on the wire; ``ValueError``
is for header lines and lengths that are none."""


class TransportError(Exception):
    """An attempt ended without a complete reply.

    Attributes:
        cause: what was raised.
        sent: whether a byte may have left.
    """

    def __init__(self, cause: Exception, *, sent: bool) -> None:
        super().__init__(type(cause).__name__)
        self.cause = cause
        self.sent = sent


class TooLargeError(ValueError):
    """A reply is larger than ``BODY_LIMIT``."""


class Transport:
    """Connections to one base address. Thread-safe; keeps at most ``keep`` idle ones.

    No proxy, no netrc and no redirect: requests go to the configured address and nowhere else.
    """

    def __init__(self, base_url: str, *, keep: int, timeout_s: float) -> None:
        parts = urlsplit(base_url)
        if parts.scheme not in ("http", "https") or not parts.hostname:
            raise ValueError("the base address must start with https:// and name a host")
        self.host = parts.hostname
        self._port = parts.port
        self._prefix = parts.path.rstrip("/")
        self._tls = tls_context() if parts.scheme == "https" else None
        self._keep = keep
        self._timeout_s = timeout_s
        self._idle: list[tuple[HTTPConnection, float]] = []
        self._lock = threading.Lock()

    def exchange(self, request: Request, *, write: bool, leaving: Callable[[], None]) -> Reply:
        """Send one request once and read its reply, all within the time-out.

        Args:
            request: what to send.
            write: it may change a balance: only a fresh connection will do.
            leaving: called once there is a connection, right before the first byte leaves; its own time does
                not count. What it raises goes through, and nothing is sent.

        Raises:
            TransportError: there is no complete reply; ``sent`` says whether a byte may have left.
        """
        began_s = time.monotonic()
        outcome = "no_reply"
        try:
            reply = self._exchange(request, write=write, leaving=leaving)
        except TransportError as error:
            outcome = "no_reply" if error.sent else "not_sent"
            raise
        else:
            outcome = f"{reply.status // 100}xx"
            return reply
        finally:
            REQUESTS.count(self.host, outcome, time.monotonic() - began_s)

    def _exchange(self, request: Request, *, write: bool, leaving: Callable[[], None]) -> Reply:
        deadline = Deadline(self._timeout_s)
        try:
            connection = self._connected(deadline, write=write)
        except TRANSPORT_ERRORS as error:
            raise TransportError(error, sent=False) from error
        self._announce(connection, leaving, deadline)
        try:
            reply = self._ask(connection, request, deadline)
        except TRANSPORT_ERRORS as error:
            connection.close()
            raise TransportError(error, sent=True) from error
        except BaseException:
            connection.close()
            raise
        set_answered(connection.sock)
        self._put_back(connection)
        return reply

    def close(self) -> None:
        """Close what is idle."""
        with self._lock:
            idle, self._idle = self._idle, []
        for connection, _since in idle:
            connection.close()

    def _announce(self, connection: HTTPConnection, leaving: Callable[[], None], deadline: Deadline) -> None:
        """Say that the request leaves now; make sure that it still can."""
        started = time.monotonic()
        try:
            leaving()
        except BaseException:
            connection.close()
            raise
        deadline.extend(time.monotonic() - started)
        # Writing down the intent may have taken so long that the other side hung up.
        if hung_up(connection.sock):
            connection.close()
            raise TransportError(ConnectionResetError(), sent=False)

    def _connected(self, deadline: Deadline, *, write: bool) -> HTTPConnection:
        connection = self._take(WRITE_IDLE_S if write else READ_IDLE_S) or self._new(deadline)
        try:
            set_deadline(connection.sock, deadline)
        except BaseException:
            connection.close()
            raise
        return connection

    def _take(self, most_idle_s: float) -> HTTPConnection | None:
        """Return the connection used last, if it is still fresh and alive."""
        while True:
            with self._lock:
                if not self._idle:
                    return None
                connection, since = self._idle.pop()
            if time.monotonic() - since <= most_idle_s and not hung_up(connection.sock):
                return connection
            connection.close()

    def _new(self, deadline: Deadline) -> HTTPConnection:
        connection = self._make(deadline.left_s())
        try:
            connection.connect()
            # An address of several hosts is tried one by one, each with the full time; nothing was sent yet.
            deadline.left_s()
            connection.sock = timed(connection.sock)
        except BaseException:
            connection.close()
            raise
        # http.client would connect again by itself and send a request on a connection that we know nothing
        # about.
        connection.auto_open = 0
        return connection

    def _make(self, timeout_s: float) -> HTTPConnection:
        if self._tls is None:
            return HTTPConnection(self.host, self._port, timeout=timeout_s)
        return HTTPSConnection(self.host, self._port, timeout=timeout_s, ssl_context=self._tls)

    def _ask(self, connection: HTTPConnection, request: Request, deadline: Deadline) -> Reply:
        connection.timeout = deadline.left_s()
        connection.request(
            request.method,
            f"{self._prefix}{request.target}",
            body=request.body,
            headers=request.headers,
            preload_content=False,
        )
        connection.timeout = deadline.left_s()
        response = connection.getresponse()
        pieces = bytearray()
        while piece := response.read(PIECE):
            pieces += piece
            if len(pieces) > BODY_LIMIT:
                raise TooLargeError(f"the reply is larger than {BODY_LIMIT} bytes")
        framed = response.chunked or "content-length" in response.headers
        return Reply(response.status, response.headers, bytes(pieces), framed)

    def _put_back(self, connection: HTTPConnection) -> None:
        with self._lock:
            if not connection.is_closed and len(self._idle) < self._keep:
                self._idle.append((connection, time.monotonic()))
                return
        connection.close()
