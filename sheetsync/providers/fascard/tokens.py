"""Signing in: a token, in memory only, got when it is needed and got again once it has expired."""

import json
import threading
from collections.abc import Callable

from sheetsync.config import FasCardConnection
from sheetsync.config.redaction import remember
from sheetsync.errors import RejectedError
from sheetsync.providers.fascard.words import (
    NOT_FASCARD,
    NOT_FASCARD_NEXT,
    NOT_SIGNED_IN,
    NOT_SIGNED_IN_NEXT,
    SIGN_IN,
    error_words,
)
from sheetsync.providers.http import Session
from sheetsync.providers.messages import Reply, Request
from sheetsync.providers.outcomes import say

UNAUTHENTICATED = 401

SENDS_MOST = 3
"""Times that one request may leave, each but the last refused with 401: other threads' tokens expire, too."""


class Tokens:
    """Sends requests with a valid token. Thread-safe: many threads wait for one sign-in."""

    def __init__(self, session: Session, connection: FasCardConnection) -> None:
        self._session = session
        self._connection = connection
        self._lock = threading.Lock()
        self._token = ""

    def __repr__(self) -> str:
        return "Tokens(•••)"

    def read(self, request: Callable[[str], Request]) -> Reply:
        """Send a request that changes nothing.

        Args:
            request: makes it, given the value of ``Authorization``.

        Raises:
            RejectedError, RetryableError: as ``Session.read``.
        """
        return self._with_token(lambda bearer: self._session.read(request(bearer)))

    def write(self, request: Callable[[str], Request], go: Callable[[], None]) -> Reply:
        """Send a request that may change something, once; again only after a 401, which changed nothing.

        Args:
            request: makes it, given the value of ``Authorization``.
            go: called right before each time it leaves, after signing in.

        Raises:
            RetryableError, RejectedError, OutcomeUnknownError: as ``Session.write``.
        """
        return self._with_token(lambda bearer: self._session.write(request(bearer), go))

    def sign_in(self) -> None:
        """Sign in now.

        Raises:
            RejectedError, RetryableError: it did not work.
        """
        self._renewed("")

    def _with_token(self, send: Callable[[str], Reply]) -> Reply:
        """Send, and after a 401 with a new token; one that another thread got may be old by then."""
        token = self._token or self._renewed("")[0]
        is_fresh = False
        for _ in range(SENDS_MOST - 1):
            try:
                return send(f"Bearer {token}")
            except RejectedError as error:
                if is_fresh or error.details.get("status") != UNAUTHENTICATED:
                    raise
            token, is_fresh = self._renewed(token)
        return send(f"Bearer {token}")

    def _renewed(self, expired: str) -> tuple[str, bool]:
        """Return a token other than the one that has expired, and whether it was got just now."""
        with self._lock:
            is_fresh = not self._token or self._token == expired
            if is_fresh:
                self._token = self._get()
            return self._token, is_fresh

    def _get(self) -> str:
        """``POST /api/AuthToken``, documented; moves no credits."""
        credentials = {
            "UserName": self._connection.username,
            "Password": self._connection.password.reveal(),
        }
        request = Request(
            "POST",
            SIGN_IN,
            label=SIGN_IN,
            setting="username",
            body=json.dumps(credentials).encode(),
        )
        try:
            reply = self._session.read(request)
        except RejectedError as error:
            status = error.details.get("status")
            what = NOT_FASCARD if status in (404, 405) else NOT_SIGNED_IN
            raise _refused(f"{what}, HTTP {status}", request) from None
        token = reply.data.get("Token") if isinstance(reply.data, dict) else None
        if not isinstance(token, str) or not token.strip() or not token.isascii() or not token.isprintable():
            raise _refused(f"{NOT_SIGNED_IN}: {error_words(reply.data) or 'no token came back'}", request)
        remember(token)
        return token


def _refused(what: str, request: Request) -> RejectedError:
    error = RejectedError(
        say(request, what),
        hint=NOT_FASCARD_NEXT if NOT_FASCARD in what else NOT_SIGNED_IN_NEXT,
        everything=True,
    )
    error.details.update(sign_in=True)
    return error
