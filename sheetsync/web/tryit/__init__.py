"""The try-it page of ``sheetsync demo``: a tab beside the add-on's own sidebar, over the same HTTP API.

Only for a sandbox on this machine: whoever opens the page is signed in.
"""

from collections.abc import Callable
from pathlib import Path
from typing import Any, TypeVar, cast, get_origin

from flask import Blueprint, Flask, Response, abort, jsonify, redirect, request

from sheetsync.errors import UsageError
from sheetsync.sandbox import Sandbox
from sheetsync.web.callers import COOKIE, Door, csrf_of
from sheetsync.web.service import Service
from sheetsync.web.sessions import LENGTH, Sessions
from sheetsync.web.tryit import parts
from sheetsync.web.tryit.customers import Customers
from sheetsync.web.tryit.tab import TabView
from sheetsync.web.tryit.weather import Weather

Shape = TypeVar("Shape")

YOU = "you@demo.example"
"""Who sits in front of the page."""

HOSTS = frozenset({"127.0.0.1", "localhost", "[::1]"})
"""Names of this machine: another name that leads here is another site's trick."""

_STATIC = Path(__file__).parent / "static"
_POLICY = (
    "default-src 'none'; script-src 'self'; style-src 'self'; connect-src 'self'; frame-src 'self'; "
    "img-src 'self'; base-uri 'none'; form-action 'none'; frame-ancestors {ancestors}"
)


def add(app: Flask, sandbox: Sandbox, connection: str) -> None:
    """Add the page to the service's application.

    Args:
        app: made by ``create_app``.
        sandbox: the credit system that the connection leads to.
        connection: its name.
    """
    service: Service = app.extensions["sheetsync"]
    door = Door(service.store.callers, None, Sessions(str(app.secret_key)))
    pages = Blueprint("tryit", __name__, static_folder="static", static_url_path="/try-it/static")
    _guard(app, pages, door)
    _add_pages(pages, door, service, connection)
    _add_grid(pages, TabView(service.office, connection), Weather(sandbox), Customers(sandbox))
    app.register_blueprint(pages)


def _guard(app: Flask, pages: Blueprint, door: Door) -> None:
    @app.before_request
    def at_home() -> Response | None:
        """Let only this machine's own names in, and lead an address that was typed to the page."""
        if request.host.rpartition(":")[0] not in HOSTS and request.host not in HOSTS:
            abort(403)
        if request.path == "/" and request.headers.get("Sec-Fetch-Site") != "same-origin":
            return redirect("/try-it", code=302)  # type: ignore[return-value]  # a subclass of it
        return None

    @pages.before_request
    def known() -> None:
        """Everything but the page itself and its files takes the session that the page opened."""
        if request.endpoint not in ("tryit.page", "tryit.static", "tryit.part"):
            door.recognise(request)

    @pages.after_request
    def harden(reply: Response) -> Response:
        framed = request.endpoint == "tryit.sidebar"
        reply.headers["Content-Security-Policy"] = _POLICY.format(ancestors="'self'" if framed else "'none'")
        reply.headers["X-Frame-Options"] = "SAMEORIGIN" if framed else "DENY"
        return reply


def _add_pages(pages: Blueprint, door: Door, service: Service, connection: str) -> None:
    @pages.get("/try-it")
    def page() -> Response:
        cookie = request.cookies.get(COOKIE, "")
        session = door.sessions.open(cookie) if cookie else None
        if session is None or service.store.callers.session(session) != YOU:
            cookie = door.sessions.seal(service.store.callers.sign_in(YOU, length=LENGTH))
        reply = _html(_read("page.html"), csrf=csrf_of(cookie), connection=connection)
        reply.set_cookie(
            COOKIE, cookie, max_age=int(LENGTH.total_seconds()), httponly=True, samesite="Strict"
        )
        return reply

    @pages.get("/try-it/sidebar")
    def sidebar() -> Response:
        csrf = csrf_of(request.cookies.get(COOKIE, ""))
        first = f'<meta name="csrf" content="{csrf}"><script src="/try-it/static/bridge.js"></script>'
        return Response(parts.page("/try-it/parts", first=first), content_type="text/html; charset=utf-8")

    @pages.get("/try-it/parts/<name>")
    def part(name: str) -> Response:
        found = parts.content(name)
        if found is None:
            abort(404)
        return Response(found.text, content_type=found.content_type)


def _add_grid(pages: Blueprint, tab: TabView, weather: Weather, customers: Customers) -> None:
    @pages.get("/try-it/tab")
    def look() -> Response:
        return _unless_same(tab.version, tab.show)

    @pages.post("/try-it/tab")
    def change() -> Response:
        return jsonify(tab.change(_asked(list[Any])))

    @pages.get("/try-it/weather")
    def look_out() -> Response:
        return jsonify(weather.show())

    @pages.post("/try-it/weather")
    def turn() -> Response:
        return jsonify(weather.turn(_asked(dict[str, Any])))

    @pages.post("/try-it/customers/<account_id>/spend")
    def spend(account_id: str) -> Response:
        return jsonify(customers.spend(account_id))

    @pages.get("/try-it/customers/<account_id>")
    def customer(account_id: str) -> Response:
        return Response(customers.page(account_id), content_type="text/html; charset=utf-8")


def _unless_same(version: Callable[[], str], show: Callable[[], dict[str, object]]) -> Response:
    """Answer with nothing where the page has this version already: it asks every second."""
    if request.args.get("version") == version():
        return Response(status=204)
    return jsonify(show())


def _asked(kind: type[Shape]) -> Shape:
    """Return the body if it is JSON of this shape."""
    body = request.get_json(silent=True)
    shape = get_origin(kind) or kind
    if not isinstance(body, shape):
        raise UsageError(f"The body is not a JSON {'list' if shape is list else 'object'}.")
    return cast("Shape", body)


def _read(name: str) -> str:
    return (Path(__file__).parent / name).read_text("utf-8")


def _html(text: str, **values: str) -> Response:
    """Fill in what a page has to know; only our own words and ids are ever filled in."""
    for name, value in values.items():
        text = text.replace("{{ " + name + " }}", value)
    return Response(text, content_type="text/html; charset=utf-8")
