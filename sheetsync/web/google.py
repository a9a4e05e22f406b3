"""Google ID tokens: signature, audience, issuer, verified e-mail, domain."""

import threading
import time
from collections.abc import Mapping
from typing import Any

import google.auth.transport
import urllib3
from google.auth.exceptions import GoogleAuthError, TransportError
from google.oauth2 import id_token

from sheetsync.config import Auth
from sheetsync.errors import IdentityError, UnauthenticatedError

ISSUERS = frozenset({"accounts.google.com", "https://accounts.google.com"})
SKEW_S = 10
"""Seconds by which two clocks may differ."""

CERTS_KEPT_S = 3_600.0
"""Google turns its keys over within days and announces them long before."""

CERTS_AGAIN_S = 60.0
"""Seconds before an unknown key makes us look again: forged tokens must not make us a flood."""

TIMEOUT_S = 5.0


class _Answer(google.auth.transport.Response):
    def __init__(self, status: int, headers: Mapping[str, str], data: bytes) -> None:
        self._parts = (status, headers, data)

    status = property(lambda self: self._parts[0])
    headers = property(lambda self: self._parts[1])
    data = property(lambda self: self._parts[2])


class _Certificates(google.auth.transport.Request):
    """Reads the certificates, and keeps them for an hour."""

    def __init__(self) -> None:
        self._pool = urllib3.PoolManager(timeout=TIMEOUT_S, retries=False)
        self._kept: _Answer | None = None
        self.read_s = 0.0
        self._lock = threading.Lock()

    def __call__(
        self,
        url: str,
        method: str = "GET",
        body: object = None,
        headers: object = None,
        timeout: object = None,
        **_options: object,
    ) -> _Answer:
        """Answer for google-auth, which asks for nothing but the certificates."""
        del body, headers, timeout
        with self._lock:
            if self._kept is not None and time.monotonic() - self.read_s < CERTS_KEPT_S:
                return self._kept
            try:
                reply = self._pool.request(method, url, redirect=False)
            except urllib3.exceptions.HTTPError as error:
                raise TransportError(str(error)) from error  # type: ignore[no-untyped-call]
            found = _Answer(reply.status, reply.headers, reply.data)
            if reply.status == 200:
                self._kept, self.read_s = found, time.monotonic()
            return found

    def forget(self) -> bool:
        """Let them be read again, unless that was just now."""
        with self._lock:
            if time.monotonic() - self.read_s < CERTS_AGAIN_S:
                return False
            self._kept = None
            return True


class GoogleIdentity:
    """Checks ID tokens.

    Args:
        auth: audiences, domain, address of the certificates.
    """

    def __init__(self, auth: Auth) -> None:
        if not auth.google_audiences:
            raise AssertionError("without an audience every Google token in the world would do")
        self._auth = auth
        self._certificates = _Certificates()

    def email_of(self, token: str) -> str:
        """Return the verified e-mail address of an ID token, in small letters.

        Raises:
            UnauthenticatedError: the token does not hold.
            IdentityError: the certificates cannot be read.
        """
        claims = self._claims(token)
        email = claims.get("email")
        domain = self._auth.hosted_domain
        if claims.get("iss") not in ISSUERS:
            raise _refused("it was not issued by Google")
        if (
            not isinstance(email, str)
            or "@" not in email
            or claims.get("email_verified") not in (True, "true")
        ):
            raise _refused("it holds no verified e-mail address")
        if domain is not None and str(claims.get("hd", "")).casefold() != domain.casefold():
            raise _refused("its account is not of this organisation")
        return email.strip().casefold()

    def _claims(self, token: str) -> Mapping[str, Any]:
        try:
            return self._verified(token)
        except TransportError as error:
            raise _away() from error
        except (GoogleAuthError, ValueError) as first:
            if not self._certificates.forget():
                raise _refused("its signature, audience or time is wrong") from first
        try:
            return self._verified(token)
        except TransportError as error:
            raise _away() from error
        except (GoogleAuthError, ValueError) as error:
            raise _refused("its signature, audience or time is wrong") from error

    def _verified(self, token: str) -> Mapping[str, Any]:
        claims: Mapping[str, Any] = id_token.verify_token(
            token,
            self._certificates,
            audience=list(self._auth.google_audiences),
            certs_url=self._auth.google_certs_url,
            clock_skew_in_seconds=SKEW_S,
        )
        return claims


def _refused(why: str) -> UnauthenticatedError:
    return UnauthenticatedError(
        f"The Google ID token is refused: {why}.",
        hint="Reload the sheet; if it stays, the admin looks at auth.google_audiences.",
    )


def _away() -> IdentityError:
    return IdentityError(
        "Google's certificates cannot be read, so nobody can be recognised by a Google token.",
        hint="Try again in a minute; the admin checks that this machine reaches auth.google_certs_url.",
    )
