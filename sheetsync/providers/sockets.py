"""Sockets that know when the whole request must be over, whatever the other side drips."""

import socket
import ssl
import time
from typing import Any

from urllib3.util import wait_for_read

LEAST_TIMEOUT_S = 0.001
"""Seconds; 0 would mean "do not block" to a socket."""


class Deadline:
    """The moment at which one whole request must be over."""

    __slots__ = ("_at",)

    def __init__(self, seconds: float) -> None:
        self._at = time.monotonic() + seconds

    def extend(self, seconds: float) -> None:
        """Leave out seconds in which we did something else."""
        self._at += seconds

    def left_s(self) -> float:
        """Return the seconds left.

        Raises:
            TimeoutError: there are none.
        """
        left = self._at - time.monotonic()
        if left <= 0:
            raise TimeoutError("the time for this request is over")
        return max(left, LEAST_TIMEOUT_S)


class _Timed:
    """Gives every single receive only what is left of the whole request's time.

    A socket's own time-out starts anew with every byte: a server that sends one byte a second would hold a
    request for hours, past the moment after which a lost request is taken for dead.
    """

    deadline: Deadline | None = None
    has_answered = False

    def recv_into(self, *args: Any) -> int:  # noqa: ANN401 - passed on as they come
        """Receive, within what is left."""
        if self.deadline is not None:
            self.settimeout(self.deadline.left_s())  # type: ignore[attr-defined] # a mix-in of sockets
        return super().recv_into(*args)  # type: ignore[misc,no-any-return]


class TimedSocket(_Timed, socket.socket):
    """A plain socket with a deadline."""


class TimedTLSSocket(_Timed, ssl.SSLSocket):
    """A TLS socket with a deadline."""


def timed(sock: socket.socket) -> socket.socket:
    """Return a connected plain socket as one with a deadline; a TLS socket is made as one by its context."""
    if isinstance(sock, _Timed):
        return sock
    seconds = sock.gettimeout()
    made = TimedSocket(sock.family, sock.type, sock.proto, fileno=sock.detach())
    made.settimeout(seconds)
    return made


def set_deadline(sock: socket.socket | None, deadline: Deadline) -> None:
    """Let ``sock`` obey ``deadline`` from now on."""
    if not isinstance(sock, TimedSocket | TimedTLSSocket):
        raise ConnectionError("not connected through a timed socket")
    sock.deadline = deadline
    sock.settimeout(deadline.left_s())


def set_answered(sock: socket.socket | None) -> None:
    """Note that an answer was read to its end."""
    if isinstance(sock, TimedSocket | TimedTLSSocket):
        sock.has_answered = True


def hung_up(sock: socket.socket | None) -> bool:
    """Whether the other side closed a connection on which no answer is due.

    What can be read there is the end, or something that no request asked for. But right after its handshake
    a TLS 1.3 server sends tickets unasked: they lie there until the first answer is read.
    """
    if not isinstance(sock, TimedSocket | TimedTLSSocket):
        return True
    if not wait_for_read(sock, timeout=0.0):
        return False
    if isinstance(sock, TimedSocket) or sock.has_answered:
        return True
    try:
        return not socket.socket.recv(sock, 1, socket.MSG_PEEK)
    except OSError:
        return True


def tls_context() -> ssl.SSLContext:
    """Return a context that verifies against the system's certificates, TLS 1.2 or later."""
    context = ssl.create_default_context()
    context.minimum_version = ssl.TLSVersion.TLSv1_2
    context.sslsocket_class = TimedTLSSocket
    return context
