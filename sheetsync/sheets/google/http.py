"""The one place where gspread is used: its HTTP client, with bounds that its own lacks.

One attempt a call for what changes something; a read is tried again. Every attempt waits for the quota, has a
time-out, is counted and leaves a line in the log.
"""

import json as codec
import logging
import threading
from collections.abc import Callable, Mapping, MutableMapping
from dataclasses import dataclass
from typing import Any
from urllib.parse import urlsplit

import requests
from google.auth.exceptions import GoogleAuthError
from gspread.exceptions import GSpreadException, UnSupportedExportFormat
from gspread.http_client import HTTPClient
from gspread.urls import SPREADSHEET_VALUES_BATCH_UPDATE_URL, SPREADSHEETS_API_V4_BASE_URL

from sheetsync.metering import REQUESTS
from sheetsync.sheets.google.budget import Budget, Kind
from sheetsync.sheets.google.failures import Interpreter
from sheetsync.sheets.google.patience import Patience
from sheetsync.sheets.google.refusals import QUOTED, PassingError, Refusal

GOOGLE = "https://sheets.googleapis.com"
"""The address in gspread's own constants; replaced by the configured one."""

CONNECT_S = 10.0
REPLY_S = 90.0
"""Seconds of silence after which a request counts as lost; Google itself ends one after 180."""

LIBRARY_ERRORS = (requests.RequestException, GoogleAuthError, GSpreadException, UnSupportedExportFormat)
"""Everything that gspread and what it stands on raise; ``failures`` takes each to one of ours."""

_log = logging.getLogger(__name__)


@dataclass
class Traffic:
    """What was asked of Google: numbers of requests, and bytes of bodies both ways."""

    reads: int = 0
    writes: int = 0
    bytes: int = 0
    sent: int = 0
    largest: int = 0

    def as_dict(self) -> dict[str, int]:
        """Return what a run's result tells."""
        return {"reads": self.reads, "writes": self.writes, "bytes": self.bytes}


@dataclass(frozen=True, slots=True)
class Waiting:
    """How this process waits, and whom it tells.

    Attributes:
        ticks: seconds on a clock that nobody sets.
        sleep: waits.
        say: shown to the person who waits.
    """

    ticks: Callable[[], float]
    sleep: Callable[[float], None]
    say: Callable[[str], None]

    def patience(self) -> Patience:
        """Return the patience for one piece of work."""
        return Patience(ticks=self.ticks, sleep=self.sleep, say=self.say)


class SheetsHttp(HTTPClient):
    """gspread's client towards one address. Thread-safe.

    Args:
        session: signs in by itself.
        base_url: where Google Sheets answers.
        budget: the quota that everybody on this account shares.
        waiting: how to wait.
        interpreter: turns failures into sentences.
    """

    def __init__(
        self,
        session: requests.Session,
        *,
        base_url: str,
        budget: Budget,
        waiting: Waiting,
        interpreter: Interpreter,
    ) -> None:
        super().__init__(auth=None, session=session)  # type: ignore[arg-type] # the session signs in itself
        self.set_timeout((CONNECT_S, REPLY_S))
        self.traffic = Traffic()
        self._base_url, self._budget, self.waiting = base_url, budget, waiting
        self._interpreter = interpreter
        self._host = urlsplit(base_url).hostname or ""
        self._lock = threading.Lock()

    def request(  # noqa: PLR0917 - gspread's own signature
        self,
        method: str,
        endpoint: str,
        params: Any = None,  # noqa: ANN401 - gspread's own types are wrong for lists
        data: bytes | None = None,
        json: Mapping[str, Any] | None = None,
        files: Any = None,  # noqa: ANN401 - never used: no file is ever sent
        headers: MutableMapping[str, str] | None = None,
    ) -> requests.Response:
        """Send a request; a read is tried again, what changes something is not.

        Raises:
            PassingError: Google did not answer, or is too busy; ``lost`` says whether it may have happened.
            SheetError, LayoutError, ConfigError: Google refused.
        """
        del files
        if json is not None:
            data = codec.dumps(json, separators=(",", ":"), ensure_ascii=False).encode()
            headers = {**(headers or {}), "Content-Type": "application/json; charset=utf-8"}
        if method.upper() != "GET":
            return self._attempt("write", method, endpoint, params, data, headers)
        patience = self.waiting.patience()
        while True:
            try:
                return self._attempt("read", method, endpoint, params, data, headers)
            except PassingError as error:
                patience.wait(error)

    def write_values(self, spreadsheet_id: str, data: list[dict[str, Any]]) -> None:
        """Write absolute ranges as they are (RAW), all or none, and ask for nothing back.

        ``spreadsheets.values.batchUpdate``; changes no credits.
        """
        body = {"valueInputOption": "RAW", "includeValuesInResponse": False, "data": data}
        url = SPREADSHEET_VALUES_BATCH_UPDATE_URL % spreadsheet_id
        self.request("post", url, params={"fields": "spreadsheetId", "prettyPrint": "false"}, json=body)

    def _attempt(  # noqa: PLR0917 - one request
        self,
        kind: Kind,
        method: str,
        endpoint: str,
        params: Any,  # noqa: ANN401 - as above
        data: bytes | None,
        headers: MutableMapping[str, str] | None,
    ) -> requests.Response:
        self._budget.take(kind, self._say_wait)
        start_s = self.waiting.ticks()
        try:
            response = self.session.request(
                method,
                self._base_url + endpoint.removeprefix(GOOGLE),
                params=params,
                data=data,
                headers=headers,
                timeout=self.timeout,
                allow_redirects=False,
            )
        except LIBRARY_ERRORS as error:
            self._count(kind, sent=len(data or b""), received=0)
            REQUESTS.count(self._host, "no_reply", self.waiting.ticks() - start_s)
            _log.info("%s %s: %s", method.upper(), _name(endpoint), type(error).__name__)
            raise self._interpreter.raised(error) from error
        self._count(kind, sent=len(data or b""), received=len(response.content))
        spent_s = self.waiting.ticks() - start_s
        REQUESTS.count(self._host, f"{response.status_code // 100}xx", spent_s)
        size = len(response.content)
        _log.info(
            "%s %s: %d, %.3f s, %d B", method.upper(), _name(endpoint), response.status_code, spent_s, size
        )
        return self._judge(kind, response)

    def _judge(self, kind: Kind, response: requests.Response) -> requests.Response:
        body = _json(response)
        if response.status_code == 200 and isinstance(body, dict):
            return response
        refusal = Refusal.read(response.status_code, body, response.headers)
        _log.info("Google's words: %s", refusal.message[:QUOTED] or "none")
        found = self._interpreter.refusal(refusal, write=kind == "write")
        if isinstance(found, PassingError) and found.quota:
            self._budget.refused(kind, found.pause_s or 1.0)
        raise found

    def _say_wait(self, left_s: float) -> None:
        self.waiting.say("Waiting for Google: the quota of requests a minute")
        _log.warning("Waiting for Google, %.0f s: the quota of requests a minute is used up.", left_s)

    def _count(self, kind: Kind, *, sent: int, received: int) -> None:
        with self._lock:
            self.traffic.reads += kind == "read"
            self.traffic.writes += kind == "write"
            self.traffic.bytes += sent + received
            self.traffic.sent += sent
            self.traffic.largest = max(self.traffic.largest, sent, received)


def _json(response: requests.Response) -> object:
    try:
        found: object = codec.loads(response.content)
    except ValueError:
        return None
    return found


def _name(endpoint: str) -> str:
    """Return what is asked for, without the spreadsheet's id and without ranges."""
    tail = endpoint.removeprefix(SPREADSHEETS_API_V4_BASE_URL).lstrip("/").partition("/")
    method = (tail[2] or tail[0]).rpartition(":")
    return f"{'values' if tail[2] else 'spreadsheets'}:{method[2] if method[1] else 'get'}"
