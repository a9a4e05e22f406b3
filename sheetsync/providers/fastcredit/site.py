"""The WordPress site around the plug-in: where its REST index is, what it lists, why it does not know us."""

import re
import threading
import time
from collections.abc import Iterator, Mapping
from dataclasses import dataclass

from sheetsync.config import Route
from sheetsync.errors import RejectedError, RequestOutcome
from sheetsync.providers.fastcredit.words import (
    NOT_LOGGED_IN,
    PERMALINK_NEXT,
    SWITCHED_OFF,
    SWITCHED_OFF_NEXT,
    is_ambiguous,
)
from sheetsync.providers.http import Session
from sheetsync.providers.messages import Request, clean
from sheetsync.providers.outcomes import rejected_like

EXPLAINED_FOR_S = 60.0
"""Seconds for which one look at the index explains all refusals: not one look per row."""

PROPOSED_MOST = 8
"""Routes that a hint proposes."""


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


@dataclass(frozen=True, slots=True)
class Index:
    """WordPress's own table of contents.

    Attributes:
        has_app_passwords: None where the index does not say.
        routes: pattern → methods.
    """

    has_app_passwords: bool | None
    routes: Mapping[str, frozenset[str]]

    def finds(self, route: Route, root: str) -> bool:
        """Whether a configured route is listed, with its method."""
        wanted = _segments(_rest_route(route.path, root))
        return any(
            route.method in methods and _fits(wanted, _segments(pattern))
            for pattern, methods in self.routes.items()
        )

    def proposals(self) -> list[str]:
        """Return the routes with "credit" in their path, for an admin to choose from."""
        found = [
            f"{'/'.join(sorted(methods))} {clean(_readable(pattern))[:120]}"
            for pattern, methods in self.routes.items()
            if "credit" in pattern.lower()
        ]
        return found[:PROPOSED_MOST]


def parse_index(data: object) -> Index | None:
    """Return the index, or None if this is none."""
    if not isinstance(data, dict) or not isinstance(data.get("routes"), dict):
        return None
    ways = data.get("authentication")
    # PHP writes an empty map as a list.
    has = "application-passwords" in ways if isinstance(ways, dict | list) else None
    return Index(has, {str(path): frozenset(_methods(about)) for path, about in data["routes"].items()})


def _methods(about: object) -> Iterator[str]:
    listed = about.get("methods") if isinstance(about, dict) else None
    for method in listed if isinstance(listed, list) else ():
        yield str(method).upper()


def _rest_route(path: str, root: str) -> str:
    """Return a configured path as WordPress lists it: below the root, without parameters."""
    below = path.removeprefix(root) if path.startswith(root) else path
    return re.split("[?&]", below)[0]


_GROUP = re.compile(r"\((?:[^()\\]|\\.|\((?:[^()\\]|\\.)*\))*\)")


def _readable(pattern: str) -> str:
    """Return ``/users/(?P<id>[0-9]+)/credits`` as ``/users/{id}/credits``."""

    def name(match: re.Match[str]) -> str:
        found = re.match(r"\(\?P?<(\w+)>", match[0])
        return f"{{{found[1] if found else '…'}}}"

    return _GROUP.sub(name, pattern).replace("\\", "")


def _segments(path: str) -> list[str]:
    """Split a path into segments; one that holds a placeholder or a pattern is "*"."""
    # The site's patterns are never run: foreign regular expressions may take for ever.
    parts = _readable(path).strip("/").split("/")
    return ["*" if "{" in part else part.casefold() for part in parts]


def _fits(wanted: list[str], listed: list[str]) -> bool:
    return len(wanted) == len(listed) and all(
        "*" in (one, other) or one == other for one, other in zip(wanted, listed, strict=True)
    )


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
