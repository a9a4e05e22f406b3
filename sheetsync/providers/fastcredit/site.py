"""The WordPress site around the plug-in: where its REST index is, what it lists, why it does not know us."""

import threading
import time

from sheetsync.errors import RejectedError, RequestOutcome
from sheetsync.providers.fastcredit.index import Index, parse_index
from sheetsync.providers.fastcredit.words import (
    NOT_LOGGED_IN,
    PERMALINK_NEXT,
    SWITCHED_OFF,
    SWITCHED_OFF_NEXT,
    is_ambiguous,
)
from sheetsync.providers.http import Session
from sheetsync.providers.messages import Request
from sheetsync.providers.outcomes import rejected_like

EXPLAINED_FOR_S = 60.0
"""Seconds for which one look at the index explains all refusals: not one look per row."""


PLAIN_ROOT = "/index.php?rest_route="
"""What stands before a REST route where permalinks are plain; works on every site."""


def rest_root(list_path: str) -> str:
    """Return what stands before a REST route on this site, found in the path of its list of users.

    ``/wp-json/wp/v2/users`` gives ``/wp-json``; with plain permalinks
    ``/index.php?rest_route=/wp/v2/users`` gives ``/index.php?rest_route=``.
    """
    before, found, _ = list_path.partition("/wp/v2/")
    return before if found else "/wp-json"


def user_path(list_path: str, who: str) -> str:
    """Return the path of one user below the list: ``me``, or an id that is encoded already."""
    path, mark, rest = list_path.partition("&") if "rest_route=" in list_path else list_path.partition("?")
    return f"{path.rstrip('/')}/{who}{mark}{rest}"


class Site:
    """Reads the index, and explains with it why WordPress takes us for a stranger. Thread-safe."""

    def __init__(self, session: Session, list_path: str) -> None:
        self._session = session
        self.root = rest_root(list_path)
        self._lock = threading.Lock()
        self._explained: tuple[float, Index | None] = (-EXPLAINED_FOR_S, None)

    def index(self) -> Index | None:
        """Read the index, without credentials: wrong ones would be refused here, too.

        ``GET /wp-json/``, documented in the REST API handbook of WordPress; moves no credits.

        Raises:
            RejectedError, RetryableError: it is not to be had.
        """
        request = Request("GET", f"{self.root}/", label=f"{self.root}/", setting="base_url")
        return parse_index(self._session.read(request).data)

    def explain(self, error: RequestOutcome) -> RequestOutcome:
        """Return the error with its cause, where one more look tells it; otherwise as it is."""
        if not isinstance(error, RejectedError):
            return error
        status, code = error.details.get("status"), error.details.get("code")
        if isinstance(status, int) and 300 <= status < 400 and "rest_route=" not in self.root:
            return rejected_like(error, error.message, f"{error.hint} Or: {PERMALINK_NEXT}")
        if not is_ambiguous(status, code):
            return error
        index = self._recent_index()
        if index is None or index.has_app_passwords is not False:
            return error
        return rejected_like(error, error.message.replace(NOT_LOGGED_IN, SWITCHED_OFF), SWITCHED_OFF_NEXT)

    def _recent_index(self) -> Index | None:
        with self._lock:
            read_at, index = self._explained
            if time.monotonic() - read_at >= EXPLAINED_FOR_S:
                try:
                    index = self.index()
                except RequestOutcome:
                    index = None  # without it the refusal stays as WordPress put it
                self._explained = time.monotonic(), index
            return index
