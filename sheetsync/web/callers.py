"""Who calls: a Google ID token (the add-on), a script's token, or a session of the console."""

import hashlib
import hmac
import threading
import time
from collections import OrderedDict
from dataclasses import dataclass
from typing import Literal

from flask import Request

from sheetsync.config import Role
from sheetsync.errors import ForbiddenError, NotLinkedError, ThrottledError, UnauthenticatedError
from sheetsync.ledger.callers import PREFIX, CallerStore
from sheetsync.web.google import GoogleIdentity
from sheetsync.web.sessions import Sessions

SPREADSHEET = "X-Sheetsync-Spreadsheet"
"""The header with which the add-on says which spreadsheet it runs in."""

CSRF = "X-CSRF-Token"
COOKIE = "sheetsync"
SAFE = frozenset({"GET", "HEAD", "OPTIONS"})

FAILURES = 10
"""Failed attempts of one address in a window before the next one has to wait."""

WINDOW_S = 60.0
ADDRESSES = 10_000
"""Addresses remembered; the oldest is forgotten first, so an attacker cannot fill the memory."""


@dataclass(frozen=True, slots=True)
class Caller:
    """A recognised caller.

    Attributes:
        actor: as the ledger names them: ``web:EMAIL``, or ``token:EMAIL``.
        identity: of whom idempotency keys are; one token's are not another's.
        spreadsheet: of the add-on; None for everybody else.
        role: of a token; a person's is looked up.
        connection: the only one that a token is for, if it is for one.
    """

    kind: Literal["google", "token", "session"]
    email: str
    actor: str
    identity: str
    spreadsheet: str | None = None
    role: Role | None = None
    connection: str | None = None


class Throttle:
    """Slows down who guesses: counts failures by address, in bounded memory."""

    def __init__(self) -> None:
        self._failures: OrderedDict[str, tuple[float, int]] = OrderedDict()
        self._lock = threading.Lock()

    def refuse(self, address: str) -> None:
        """Refuse an address that failed too often lately.

        Raises:
            ThrottledError: says for how long.
        """
        with self._lock:
            since_s, count = self._failures.get(address, (0.0, 0))
        left_s = since_s + WINDOW_S - time.monotonic()
        if count >= FAILURES and left_s > 0:
            raise ThrottledError(
                "Too many failed attempts from this address.",
                hint=f"Try again in {int(left_s) + 1} seconds.",
                details={"retry_after_s": int(left_s) + 1},
            )

    def fail(self, address: str) -> None:
        """Count a failure."""
        now_s = time.monotonic()
        with self._lock:
            since_s, count = self._failures.pop(address, (now_s, 0))
            fresh = now_s - since_s < WINDOW_S
            self._failures[address] = (since_s, count + 1) if fresh else (now_s, 1)
            while len(self._failures) > ADDRESSES:
                self._failures.popitem(last=False)


class Door:
    """Recognises callers.

    Args:
        store: tokens and sessions.
        google: Google's identity; None where no Google caller is accepted.
        sessions: opens the console's cookies.
    """

    def __init__(self, store: CallerStore, google: GoogleIdentity | None, sessions: Sessions) -> None:
        self._store, self._google, self.sessions = store, google, sessions
        self.throttle = Throttle()

    def recognise(self, request: Request) -> Caller:
        """Return who calls.

        Raises:
            UnauthenticatedError: nobody that can be recognised.
            ThrottledError: too many failed attempts.
            IdentityError: Google's certificates cannot be read.
        """
        scheme, _, credential = request.headers.get("Authorization", "").partition(" ")
        credential = credential.strip()
        if scheme:
            if scheme.casefold() != "bearer" or not credential:
                raise _unknown("The Authorization header is not of the form “Bearer …”.")
            return self._bearer(credential, request)
        cookie = request.cookies.get(COOKIE)
        if cookie:
            return self._session(cookie, request)
        raise _unknown("This needs a caller with a name.")

    def _bearer(self, credential: str, request: Request) -> Caller:
        if credential.count(".") == 2 and not credential.startswith(PREFIX):
            if self._google is None:
                raise _unknown("Google ID tokens are not accepted here: auth.google_audiences is empty.")
            email = self._google.email_of(credential)
            actor = f"web:{email}"
            return Caller("google", email, actor, f"google:{email}", request.headers.get(SPREADSHEET, ""))
        address = request.remote_addr or ""
        self.throttle.refuse(address)
        token = self._store.token(credential)
        if token is None:
            self.throttle.fail(address)
            raise _unknown("The API token is unknown, expired or revoked.")
        role: Role = token.role  # type: ignore[assignment]  # only roles are stored
        identity = f"token:{token.id}"
        return Caller("token", token.email, f"token:{token.email}", identity, None, role, token.connection)

    def _session(self, cookie: str, request: Request) -> Caller:
        session = self.sessions.open(cookie)
        email = None if session is None else self._store.session(session)
        if email is None:
            raise _unknown("The session has ended.")
        given = request.headers.get(CSRF) or request.form.get("csrf", "")
        if request.method not in SAFE and not hmac.compare_digest(given.encode(), csrf_of(cookie).encode()):
            raise ForbiddenError("The request did not come from the console's own page.", hint="Reload it.")
        return Caller("session", email, f"web:{email}", f"session:{email}")


def csrf_of(cookie: str) -> str:
    """Return what a page of this session sends back; other sites cannot know it."""
    return hmac.new(cookie.encode(), b"csrf", hashlib.sha256).hexdigest()


def refuse_unlinked(caller: Caller, linked: set[str]) -> None:
    """Refuse an add-on in a spreadsheet that nobody linked, such as a copy.

    Raises:
        NotLinkedError: says how to link it.
    """
    if caller.kind == "google" and not linked:
        which = caller.spreadsheet or f"(no {SPREADSHEET} header)"
        raise NotLinkedError(
            f"This spreadsheet is not linked to a connection: {which}.",
            hint="It may be a copy. Work in the linked one, or let an admin link this one: "
            'POST /api/v1/connections/NAME/links {"spreadsheet_id": "…"}',
        )


def _unknown(message: str) -> UnauthenticatedError:
    return UnauthenticatedError(
        message, hint="Send Authorization: Bearer with an API token or a Google ID token."
    )
