"""Signing in to Google: a service account's key, or what the machine was given (ADC)."""

import json
from typing import Any

import google.auth
from google.auth.credentials import Credentials
from google.auth.exceptions import GoogleAuthError
from google.auth.transport.requests import AuthorizedSession
from google.oauth2 import service_account
from requests import PreparedRequest

from sheetsync.config.redaction import remember
from sheetsync.errors import ConfigError, SheetsyncError
from sheetsync.sheets.google.failures import Interpreter
from sheetsync.sheets.google.refusals import SETUP

SCOPES = ("https://www.googleapis.com/auth/spreadsheets",)
"""Spreadsheets that are shared with the account, and nothing else of it; no access to Drive."""

SIGN_IN_S = 30.0
"""Seconds for the sign-in itself."""


def address(key: str | None) -> str:
    """Return the address of the service account, to share spreadsheets with; empty without a key file.

    Raises:
        ConfigError: this is no key file.
    """
    return "" if key is None else str(_info(key)["client_email"])


def _info(key: str) -> dict[str, Any]:
    try:
        info = json.loads(key)
    except ValueError:
        info = None
    if not isinstance(info, dict) or not all(
        info.get(name) for name in ("client_email", "private_key", "token_uri")
    ):
        raise ConfigError(
            "google.service_account is not the key file of a service account.",
            hint=f"Make a key of type JSON in the Google Cloud console and name its file. {SETUP}",
        )
    return info


class SignedSession(AuthorizedSession):
    """Signs in when it has to; no token ever shows in a log."""

    def request(self, *args: Any, **kwargs: Any) -> Any:  # noqa: ANN401 - as in google-auth
        """Send a request with a valid token."""
        try:
            return super().request(*args, **kwargs)  # type: ignore[no-untyped-call]
        finally:
            remember(str(self.credentials.token or ""))


def _as_it_is(request: PreparedRequest) -> PreparedRequest:
    """Keep requests from putting a password of ``.netrc`` in the place of our token."""
    return request


def sign_in(key: str | None, interpreter: Interpreter) -> SignedSession:
    """Return a session of the service account, or of Application Default Credentials without a key.

    Nothing is asked of Google yet.

    Raises:
        ConfigError: the key file is none, or the machine has no credentials.
    """
    try:
        credentials = _of_machine() if key is None else _of_key(_info(key))
    except (GoogleAuthError, ValueError) as error:
        raise _unusable(error, interpreter) from error
    session = SignedSession(credentials, refresh_timeout=int(SIGN_IN_S))  # type: ignore[no-untyped-call]
    session.auth = _as_it_is
    return session


def _of_key(info: dict[str, Any]) -> Credentials:
    remember(str(info["private_key"]))
    credentials: Credentials = service_account.Credentials.from_service_account_info(  # type: ignore[no-untyped-call]
        info, scopes=SCOPES
    )
    return credentials


def _of_machine() -> Credentials:
    credentials, _project = google.auth.default(scopes=SCOPES)
    return credentials


def _unusable(error: Exception, interpreter: Interpreter) -> SheetsyncError:
    if isinstance(error, GoogleAuthError) and not isinstance(error, ValueError):
        return interpreter.raised(error)
    return ConfigError(
        "The private key of google.service_account cannot be used.",
        hint=f"The file was changed or cut off: make a new key. {SETUP}",
    )
