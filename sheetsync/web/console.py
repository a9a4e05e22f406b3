"""Sign-in to the console by a link that works once, and a page that says who you are."""

from datetime import timedelta

from flask import Flask, Response, redirect, request
from markupsafe import escape

from sheetsync.errors import UnauthenticatedError
from sheetsync.ledger.callers import CallerStore
from sheetsync.web.callers import COOKIE, Door, csrf_of

SESSION = timedelta(hours=12)
"""A working day."""

LINK = timedelta(minutes=30)
"""How long a sign-in link may be used."""

PAGE = """<!doctype html>
<html lang="en"><head><meta charset="utf-8"><title>Sheetsync</title></head>
<body><main><h1>Sheetsync</h1>{body}</main></body></html>
"""


def add(app: Flask, store: CallerStore, door: Door) -> None:
    """Add the console's pages."""

    @app.get("/sign-in/<secret>")
    def ask(secret: str) -> Response:
        """Show a button: mail scanners and chat previews open links, and would use it up."""
        form = f'<form method="post" action="/sign-in/{escape(secret)}"><button>Sign in</button></form>'
        return _page(form)

    @app.post("/sign-in/<secret>")
    def sign_in(secret: str) -> Response:
        address = request.remote_addr or ""
        door.throttle.refuse(address)
        email = store.use_link(secret)
        if email is None:
            door.throttle.fail(address)
            raise UnauthenticatedError(
                "This sign-in link was used, or is too old.", hint="Ask for a new one."
            )
        cookie = store.open_session(email, kind="session", length=SESSION)
        reply: Response = redirect("/", code=303)  # type: ignore[assignment]  # a subclass of it
        local = request.host.partition(":")[0] in ("127.0.0.1", "localhost", "[::1]")
        reply.set_cookie(
            COOKIE,
            cookie,
            max_age=int(SESSION.total_seconds()),
            secure=request.is_secure or not local,
            httponly=True,
            samesite="Strict",
        )
        return reply

    @app.get("/")
    def home() -> Response:
        caller = door.recognise(request)
        csrf = csrf_of(request.cookies.get(COOKIE, ""))
        return _page(
            f"<p>You are {escape(caller.email)}.</p>"
            f'<form method="post" action="/sign-out"><input type="hidden" name="csrf" value="{csrf}">'
            "<button>Sign out</button></form>"
        )

    @app.post("/sign-out")
    def sign_out() -> Response:
        door.recognise(request)  # checks that the form is ours
        store.end_session(request.cookies.get(COOKIE, ""))
        reply = _page("<p>You have signed out.</p>")
        reply.delete_cookie(COOKIE)
        return reply


def _page(body: str) -> Response:
    return Response(PAGE.format(body=body), content_type="text/html; charset=utf-8")
