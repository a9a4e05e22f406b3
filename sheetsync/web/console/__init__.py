"""The web console: pages of the service for the admin and the approver, made on the server.

Its forms go through the same endpoints, and so the same checks of roles, as the HTTP API (``web/gate.py``).
"""

from flask import Blueprint, Flask, Response, current_app, request

from sheetsync.errors import SheetsyncError
from sheetsync.web.callers import Door
from sheetsync.web.console import access, checks, desk, operations, overview, plans, runs, signing
from sheetsync.web.console.frame import Console, NoteSessions
from sheetsync.web.console.signing import LINK
from sheetsync.web.service import Service

__all__ = ["LINK", "add", "refusal"]

POLICY = (
    "default-src 'none'; style-src 'self'; script-src 'self'; img-src 'self'; connect-src 'self'; "
    "form-action 'self'; base-uri 'none'; frame-ancestors 'none'; require-trusted-types-for 'script'"
)
"""Nothing inline, nothing from elsewhere, and no text of a script ever becomes markup."""

KEEP_S = 31_536_000
"""A year: the address of a style or script names its content, so a changed one has another address."""


_SPOKEN = ("application/json", "text/html")
"""JSON for whoever has no preference."""


def add(app: Flask, service: Service, door: Door) -> None:
    """Add the console's pages."""
    pages = Blueprint("console", __name__, template_folder="templates")
    files = Blueprint("console_files", __name__, static_folder="static", static_url_path="/console")
    console = Console(service, door)
    console.dress(app, pages)
    for each in (overview, desk, runs, plans, operations, checks, access, signing):
        each.add(pages, console)
    app.session_interface = NoteSessions()
    app.config.update(SESSION_COOKIE_NAME="sheetsync-note", SESSION_COOKIE_HTTPONLY=True)
    app.config.update(
        SESSION_COOKIE_SAMESITE="Lax"
    )  # it comes along when the sign-in of others leads back here

    @pages.after_request
    def harden(reply: Response) -> Response:
        reply.headers["Content-Security-Policy"] = POLICY
        return reply

    @files.after_request
    def keep(reply: Response) -> Response:
        if request.args.get("v") and reply.status_code == 200:
            reply.headers["Cache-Control"] = f"public, max-age={KEEP_S}, immutable"
        return reply

    app.extensions["sheetsync.console"] = console
    app.register_blueprint(pages)
    app.register_blueprint(files)


def refusal(status: int, error: SheetsyncError) -> Response | None:
    """Return a page for a person whose browser asked for something that failed; None for programs."""
    program = request.path.startswith("/api/") or request.accept_mimetypes.best_match(_SPOKEN) != _SPOKEN[1]
    if program:
        return None
    console: Console = current_app.extensions["sheetsync.console"]
    reply = console.refusal(status, error)
    reply.headers["Content-Security-Policy"] = POLICY
    return reply
