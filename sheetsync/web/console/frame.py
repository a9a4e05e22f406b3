"""What all pages of the console share: who looks, how a form reaches its endpoint, how errors are shown."""

import hashlib
from collections.abc import Mapping
from functools import cache
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

from flask import (
    Blueprint,
    Flask,
    Response,
    flash,
    g,
    make_response,
    redirect,
    render_template,
    request,
    url_for,
)
from flask.sessions import SecureCookieSessionInterface
from ulid import ULID

from sheetsync.errors import NotFoundError, SheetsyncError, UnauthenticatedError, UsageError
from sheetsync.web.access import RANK, Access
from sheetsync.web.callers import COOKIE, Door, csrf_of
from sheetsync.web.console import telling
from sheetsync.web.endpoints import ENDPOINTS, Call
from sheetsync.web.gate import Asked, let_in
from sheetsync.web.replay import claim_of, once
from sheetsync.web.service import Service

_ENDPOINTS = {(each.method, each.path): each for each in ENDPOINTS}
_PROGRAMS = "/api/"
HINTS = {404: "It is not there, or not for you."}
"""Status → what to do, for people, where the hint names an address of the HTTP API."""

_STATIC = Path(__file__).parent / "static"


class NoteSessions(SecureCookieSessionInterface):
    """Signed notes from one page to the next: what was done, and what a sign-in elsewhere brings back."""

    def get_cookie_secure(self, app: Flask) -> bool:
        """Return whether the cookie goes over encrypted connections only."""
        del app
        return needs_secure()


def needs_secure() -> bool:
    """Return whether a cookie is only for encrypted connections: everywhere but on this machine."""
    local = request.host.partition(":")[0] in ("127.0.0.1", "localhost", "[")
    return request.is_secure or not local


class Console:
    """The console of one service.

    Args:
        service: the use cases.
        door: recognises who looks.
    """

    def __init__(self, service: Service, door: Door) -> None:
        self.service, self.door = service, door
        self.settings = service.office.settings
        self.pages = service.store.pages
        self.told = telling.Told(self.settings.service.zone)

    def access(self) -> Access:
        """Return what the person who looks may do.

        Raises:
            UnauthenticatedError: nobody has signed in here; tokens of scripts open no pages.
        """
        if "access" not in g:
            caller = self.door.recognise(request)
            if caller.kind != "session":
                raise UnauthenticatedError("The console is for people.", hint="Sign in.")
            g.access = Access(caller, self.settings, self.service.store.callers)
        found: Access = g.access
        return found

    def call(self, method: str, path: str, target: str, body: Mapping[str, Any] | None = None) -> Call:
        """Return what an endpoint is called with, if the person may call it.

        Args:
            method: of the endpoint.
            path: as the endpoint names it, behind ``/api/v1``.
            target: the id in the path.
            body: as the HTTP API would get it.

        Raises:
            NotFoundError, ForbiddenError: as for the HTTP API.
            UsageError: the form holds something else than the endpoint takes.
        """
        each = _ENDPOINTS[method, f"/api/v1{path}"]
        access = self.access()
        claim = claim_of(self.service, access.caller.identity, request.form.get("request") or None)
        asked = Asked(target, lambda: dict(body or {}), {}, g.request_id, claim)
        try:
            return let_in(each, self.service, access, asked)
        except UsageError as error:
            if "problems" not in error.details:
                raise
            fields = ", ".join(each["field"].replace("_", " ") for each in error.details["problems"])
            raise UsageError(
                f"The form is not complete, or holds something else than it asks for: {fields}.",
                hint="Go back and look at it again.",
            ) from error

    def carry_out(
        self, method: str, path: str, target: str, body: Mapping[str, Any] | None = None
    ) -> dict[str, Any]:
        """Call an endpoint for a form; the same form sent twice is carried out once.

        Raises:
            SheetsyncError: what the endpoint refuses.
        """
        call = self.call(method, path, target, body)
        each = _ENDPOINTS[method, f"/api/v1{path}"]
        return self._once(call, [method, path, target, dict(body or {})], lambda: each.run(call))

    def start(self, kind: str, path: str, target: str, body: Mapping[str, Any], **params: Any) -> Response:  # noqa: ANN401
        """Start a run as an endpoint would, and lead to its page at once."""
        call = self.call("POST", path, target, body)

        def run() -> tuple[int, dict[str, Any]]:
            return call.service.start(
                kind, call.name, actor=call.actor, params=call.params(**params), claim=call.claim
            )

        found = self._once(call, [kind, path, target, dict(body)], run)
        return see("console.run", run_id=found["run"])

    def _once(self, call: Call, request_: list[Any], run: Any) -> dict[str, Any]:  # noqa: ANN401 - a function
        (_, found), _ = once(self.service, call.claim, request_, run)
        return found

    def need(self, role: Any, name: str | None, what: str) -> str:  # noqa: ANN401 - a role
        """Return the connection's name if the person has this role there; see ``Access.need``."""
        return self.access().need(role, name, what=what)

    def page(self, template: str, status: int = 200, **values: Any) -> Response:  # noqa: ANN401
        """Return a page."""
        return make_response(render_template(template, **values), status)

    def dress(self, app: Flask, pages: Blueprint) -> None:
        """Give templates what they share, and errors a page."""
        app.jinja_env.filters.update(self.told.filters())
        app.jinja_env.trim_blocks = app.jinja_env.lstrip_blocks = True

        def shared() -> dict[str, Any]:
            access: Access | None = g.get("access")
            cookie = request.cookies.get(COOKIE, "")
            return {
                "caller": access.caller if access else None,
                "names": sorted(access.visible()) if access else [],
                "environments": {name: each.environment for name, each in self.settings.connections.items()},
                "administers": access is not None and bool(administered(access)),
                "may": lambda role, name: access is not None and _may(access, role, name),
                "request_id": g.get("request_id", ""),
                "csrf": csrf_of(cookie) if access else "",
                "request_key": lambda: str(ULID()),
                "asset": _asset,
                "tones": telling.TONES,
            }

        app.context_processor(shared)  # pages for what failed may belong to no page of ours

        @pages.errorhandler(SheetsyncError)
        def told(error: SheetsyncError) -> Response:
            if isinstance(error, UnauthenticatedError) and request.method == "GET":
                return self._ask_to_sign_in(error)
            return self.refusal(error.http_status, error)

    def refusal(self, status: int, error: SheetsyncError) -> Response:
        """Return a page that says what did not work, and what to do."""
        hint = HINTS.get(status, "") if _PROGRAMS in error.hint or "openapi" in error.hint else error.hint
        reply = self.page("error.html", status, error=error, hint=hint, back=_back())
        if "retry_after_s" in error.details:
            reply.headers["Retry-After"] = str(error.details["retry_after_s"])
        return reply

    def _ask_to_sign_in(self, error: UnauthenticatedError) -> Response:
        if request.headers.get("Sec-Fetch-Site") == "cross-site" and COOKIE not in request.cookies:
            # a link in a mail or a sheet: the strict cookie comes along once the page itself asks again
            return self.page("again.html", 200, url=local(request.full_path.rstrip("?")))
        google = self.settings.auth.client_id is not None
        back = request.endpoint == "console.come_back"
        where = "/" if back else request.full_path.rstrip("?")
        told = error if back or COOKIE in request.cookies else None
        return self.page("sign_in.html", error.http_status, google=google, next=where, told=told)


def see(endpoint: str, **values: Any) -> Response:  # noqa: ANN401
    """Lead to another page after a form."""
    return make_response(redirect(url_for(endpoint, **values), code=303))


def tell(message: str, tone: str = "good") -> None:
    """Have the next page say something."""
    flash(message, tone)


def local(path: str) -> str:
    """Return a path of this service, or the first page where it leads elsewhere."""
    parts = urlsplit(path)
    fine = (
        path.startswith("/") and not path.startswith(("//", "/\\")) and not parts.netloc and not parts.scheme
    )
    return path if fine and path.isprintable() else "/"


def administered(access: Access) -> list[str]:
    """Return the connections on which somebody is an admin."""
    return [name for name, role in sorted(access.visible().items()) if role == "admin"]


def not_found(what: str) -> NotFoundError:
    """Return the error for what is not there, or not for this person."""
    return NotFoundError(f"There is no {what} here.", hint="See the overview.")


def _may(access: Access, role: str, name: str) -> bool:
    found = access.role(name)
    return found is not None and RANK[found] >= RANK[role]  # type: ignore[index]  # a role


def _back() -> str:
    came = urlsplit(request.headers.get("Referer", ""))
    return local(came.path or "/") if came.netloc in ("", request.host) else "/"


@cache
def _asset(name: str) -> str:
    digest = hashlib.sha256((_STATIC / name).read_bytes()).hexdigest()[:12]
    return url_for("console_files.static", filename=name, v=digest)
