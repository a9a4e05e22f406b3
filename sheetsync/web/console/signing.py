"""Signing in: by a link that works once, or by OpenID Connect; and signing out."""

from datetime import timedelta

import requests
from authlib.integrations.base_client import OAuthError
from authlib.integrations.flask_client import OAuth
from flask import Blueprint, Response, current_app, request, session, url_for
from joserfc.errors import JoseError

from sheetsync.config import role_in
from sheetsync.config.auth import Auth
from sheetsync.errors import ForbiddenError, IdentityError, SheetsyncError, UnauthenticatedError
from sheetsync.web.callers import COOKIE
from sheetsync.web.console.frame import Console, local, needs_secure, see
from sheetsync.web.sessions import LENGTH

LINK = timedelta(minutes=30)
"""How long a sign-in link may be used."""

ASK_WITHIN_S = 10
"""Seconds for one question to the issuer: a person waits for it."""

NEXT = "next"
"""Where somebody wanted to go, in the note that goes along to the issuer and back."""


def add(pages: Blueprint, console: Console) -> None:
    """Add the pages."""
    store, door = console.service.store.callers, console.door

    @pages.get("/sign-in/<secret>")
    def ask(secret: str) -> Response:
        """Show a button: mail scanners and chat previews open links, and would use it up."""
        return console.page("link.html", secret=secret)

    @pages.post("/sign-in/<secret>")
    def sign_in(secret: str) -> Response:
        if request.headers.get("Sec-Fetch-Site", "same-origin") not in ("same-origin", "none"):
            raise ForbiddenError("The form did not come from this service's own page.", hint="Open the link.")
        address = request.remote_addr or ""
        door.throttle.refuse(address)
        email = store.use_link(secret)
        if email is None:
            door.throttle.fail(address)
            raise UnauthenticatedError(
                "This sign-in link was used, or is too old.", hint="Ask for a new one."
            )
        cookie = store.open_session(email, kind="session", length=LENGTH)
        return _signed_in(see("console.overview"), console, cookie)

    @pages.post("/sign-out")
    def sign_out() -> Response:
        door.recognise(request)  # checks that the form is ours
        opened = door.sessions.open(request.cookies.get(COOKIE, ""))
        if opened is not None:
            store.end_session(opened)
        session.clear()
        reply = console.page("signed_out.html")
        reply.delete_cookie(COOKIE)
        reply.headers["Clear-Site-Data"] = '"cache"'
        return reply

    if console.settings.auth.client_id is not None:
        _add_openid(pages, console)


def _add_openid(pages: Blueprint, console: Console) -> None:
    auth = console.settings.auth
    clients = OAuth()

    @pages.record_once
    def register(state: object) -> None:
        clients.init_app(state.app)  # type: ignore[attr-defined]  # a blueprint's set-up state
        clients.register(
            "issuer",
            client_id=auth.client_id,
            client_secret=auth.client_secret.reveal() if auth.client_secret else None,
            server_metadata_url=f"{auth.issuer.rstrip('/')}/.well-known/openid-configuration",
            client_kwargs={
                "scope": "openid email",
                "code_challenge_method": "S256",
                "default_timeout": ASK_WITHIN_S,
            },
        )

    @pages.get("/sign-in/google")
    def go() -> Response:
        """Lead to the issuer."""
        console.door.throttle.refuse(request.remote_addr or "")
        session[NEXT] = local(request.args.get("next", "/"))
        back = url_for("console.come_back", _external=True)
        extra = {"hd": auth.hosted_domain} if auth.hosted_domain else {}
        try:
            found: Response = clients.issuer.authorize_redirect(back, **extra)
        except (OAuthError, requests.RequestException, RuntimeError, ValueError) as error:
            console.door.throttle.fail(request.remote_addr or "")
            raise _away(auth) from error
        return found

    @pages.get("/sign-in/google/back")
    def come_back() -> Response:
        """Take what the issuer says of the person."""
        address = request.remote_addr or ""
        console.door.throttle.refuse(address)
        try:
            email = _email(clients, auth)
        except SheetsyncError:
            console.door.throttle.fail(address)  # each of them may have asked the issuer, and waited for it
            raise
        known = [auth.role_of(email)]
        known += [role_in(each.roles, email) for each in console.settings.connections.values()]
        if not any(known):
            raise ForbiddenError(f"{email} may not do anything here.", hint="Ask an admin for a role.")
        cookie = console.service.store.callers.sign_in(email, length=LENGTH)
        # a page, not a redirect: a strict cookie does not come along on a way that began on another site
        page = console.page("again.html", url=local(session.pop(NEXT, "/")))
        return _signed_in(page, console, cookie)


def _email(clients: OAuth, auth: Auth) -> str:
    """Return the address that the issuer vouches for.

    Raises:
        IdentityError: the issuer cannot be asked.
        UnauthenticatedError: it does not vouch for one.
    """
    refused = "The sign-in did not succeed"
    try:
        options = {"iss": {"values": [auth.issuer]}}
        answer = clients.issuer.authorize_access_token(claims_options=options)
        claims = answer.get("userinfo") or {}
    except OAuthError as error:
        raise UnauthenticatedError(f"{refused}: {error.error}.", hint="Try again.") from error
    except (JoseError, KeyError) as error:
        current_app.logger.warning("An ID token was refused: %s", type(error).__name__)
        raise UnauthenticatedError(f"{refused}: the ID token is not valid.", hint="Try again.") from error
    except (requests.RequestException, RuntimeError, ValueError) as error:
        raise _away(auth) from error
    if claims.get("email_verified") is not True or not claims.get("email"):
        raise UnauthenticatedError(f"{refused}: the address is not verified.", hint="Use another account.")
    domain = (auth.hosted_domain or "").casefold()
    if domain and str(claims.get("hd", "")).casefold() != domain:
        raise UnauthenticatedError(
            f"{refused}: only accounts of {auth.hosted_domain} may.", hint="Use that one."
        )
    return str(claims["email"]).strip().casefold()


def _away(auth: Auth) -> IdentityError:
    return IdentityError(f"{auth.issuer} cannot be asked who you are.", hint="Try again in a minute.")


def _signed_in(reply: Response, console: Console, opened: str) -> Response:
    reply.set_cookie(
        COOKIE,
        console.door.sessions.seal(opened),
        max_age=int(LENGTH.total_seconds()),
        secure=needs_secure(),
        httponly=True,
        samesite="Strict",
    )
    return reply
