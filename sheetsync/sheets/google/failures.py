"""Every exception of requests, google-auth and gspread, as one of ours, in sentences for the admin."""

from collections.abc import Callable

import requests
from google.auth import exceptions as auth

from sheetsync.errors import ConfigError, SheetError, SheetsyncError
from sheetsync.sheets.google.refusals import SETUP, PassingError, Refusal, Refusals

NETWORK = "Look at the network of this machine, then try again."


class Interpreter:
    """Says what a failure means for one spreadsheet and one account.

    Args:
        spreadsheet_id: of the configuration.
        account: the service account's address, or empty where it is not known.
        host: who answers, for messages.
    """

    def __init__(self, spreadsheet_id: str, *, account: str, host: str) -> None:
        self._who = account or "the account that the service runs as"
        self._host = host
        self._refusals = Refusals(f"The spreadsheet {spreadsheet_id}", self._who, host)

    def refusal(self, refusal: Refusal, *, write: bool) -> SheetsyncError:
        """Return the error for a reply that is no success."""
        return self._refusals.explain(refusal, write=write)

    def raised(self, error: Exception) -> SheetsyncError:
        """Return the error for an exception of these libraries; the closest class in its line decides."""
        explained: dict[type[Exception], Callable[[], SheetsyncError]] = {
            requests.exceptions.SSLError: self._encryption,
            requests.exceptions.ProxyError: self._proxy,
            requests.exceptions.ConnectTimeout: lambda: self._silent(lost=False),
            requests.exceptions.Timeout: lambda: self._silent(lost=True),
            requests.exceptions.ConnectionError: self._unreachable,
            requests.exceptions.ChunkedEncodingError: self._unreachable,
            requests.exceptions.ContentDecodingError: self._unreachable,
            requests.exceptions.InvalidJSONError: self._unreachable,
            requests.exceptions.RetryError: self._unreachable,
            requests.exceptions.RequestException: lambda: self._not_sent(error),
            auth.DefaultCredentialsError: self._no_credentials,
            auth.TransportError: self._no_sign_in,
            auth.TimeoutError: self._no_sign_in,
            auth.ResponseError: self._no_sign_in,
            auth.RefreshError: lambda: self._refresh(error),
            auth.GoogleAuthError: lambda: self._sign_in_failed(error),
        }
        found = next((explained[kind] for kind in type(error).__mro__ if kind in explained), None)
        return found() if found is not None else self._library(error)

    def _silent(self, *, lost: bool) -> SheetsyncError:
        return PassingError(f"{self._host} did not answer in time.", hint=NETWORK, lost=lost)

    def _unreachable(self) -> SheetsyncError:
        return PassingError(f"{self._host} could not be reached.", hint=NETWORK, lost=True)

    def _encryption(self) -> SheetsyncError:
        return SheetError(
            f"The encrypted connection to {self._host} failed.",
            hint="The machine's clock or its list of certificates is wrong, or a proxy reads along.",
        )

    def _proxy(self) -> SheetsyncError:
        return SheetError(
            f"The proxy on the way to {self._host} refused.", hint="Look at HTTPS_PROXY and the proxy."
        )

    def _not_sent(self, error: Exception) -> SheetsyncError:
        return SheetError(
            f"No request could be sent to {self._host} ({type(error).__name__}).",
            hint="Look at google.api_base_url and at the proxy settings of this machine.",
        )

    def _no_credentials(self) -> SheetsyncError:
        return ConfigError(
            "This machine has no Google credentials, and google.service_account names none.",
            hint=f"Name a service account's key file, or set up Application Default Credentials. {SETUP}",
        )

    def _no_sign_in(self) -> SheetsyncError:
        return PassingError("Google's sign-in could not be reached.", hint=NETWORK, lost=False)

    def _sign_in_failed(self, error: Exception) -> SheetsyncError:
        return SheetError(
            f"Signing in to Google failed ({type(error).__name__}).",
            hint=f"Check the credentials of this machine. {SETUP}",
        )

    def _library(self, error: Exception) -> SheetsyncError:
        return SheetError(
            f"The library for Google Sheets failed ({type(error).__name__}).",
            hint="Report this with what --verbose prints.",
        )

    def _refresh(self, error: Exception) -> SheetsyncError:
        """Return the error for a refused sign-in, by Google's words: it has one code for all of them."""
        said = " ".join(str(each) for each in error.args).casefold()
        if any(words in said for words in ("iat", "reasonable timeframe", "token used too early")):
            return SheetError(
                "Google refused the sign-in because this machine's clock is wrong.",
                hint="Set the clock by NTP (a few minutes off is too much), then try again.",
            )
        if any(words in said for words in ("invalid_scope", "unauthorized_client", "access_denied")):
            return SheetError(
                f"Google does not let {self._who} use Google Sheets.",
                hint=f"An administrator of the organisation has to allow it. {SETUP}",
            )
        if getattr(error, "retryable", False):
            return PassingError("Google's sign-in is not available now.", hint=NETWORK, lost=False)
        return SheetError(
            f"Google refused the key of {self._who}: it was revoked, or the account was deleted.",
            hint=f"Make a new key for the service account and put it in its file. {SETUP}",
        )
