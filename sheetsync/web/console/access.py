"""Access: tokens of scripts and linked spreadsheets, for admins of the connections that they are for."""

import re
from datetime import timedelta

from flask import Blueprint, Response, request

from sheetsync.config import ROLES, GoogleSheet
from sheetsync.errors import ForbiddenError, UsageError
from sheetsync.ledger.callers import Token
from sheetsync.web.access import Access
from sheetsync.web.console.frame import Console, administered, not_found, see, tell

DAYS_MAX = 365
"""A token made here ends within a year; longer ones are made on the service's machine."""

_ID = re.compile(r"/spreadsheets/d/([\w-]{1,200})")


def add(pages: Blueprint, console: Console) -> None:
    """Add the page and its forms."""
    store = console.service.store.callers

    @pages.get("/access")
    def access() -> Response:
        return _page(console)

    @pages.post("/access/tokens")
    def make_token() -> Response:
        mine = _admin(console)
        name, role = request.form.get("connection", ""), request.form.get("role", "")
        days = request.form.get("days", 0, type=int)
        if name not in administered(mine):
            raise UsageError("Choose a connection that you administer.", hint="Go back and choose one.")
        if role not in ROLES or not 1 <= days <= DAYS_MAX:
            raise UsageError(f"A token needs a role, and ends within 1 to {DAYS_MAX} days.", hint="Go back.")
        caller = mine.caller
        secret, token = store.create_token(
            caller.email, role, connection=name, expires=timedelta(days=days), by=caller.actor
        )
        return _page(console, secret=secret, made=token.id)

    @pages.post("/access/tokens/<token_id>/revoke")
    def revoke_token(token_id: str) -> Response:
        mine = _admin(console)
        known = {each.id for each in _tokens(console, mine)}
        if token_id not in known or not store.revoke_token(token_id, by=mine.caller.actor):
            raise not_found("such token")
        tell("The token is revoked: it does nothing any more.")
        return see("console.access")

    @pages.post("/connections/<name>/links")
    def link(name: str) -> Response:
        given = request.form.get("spreadsheet_id", "").strip()
        address = _ID.search(given)
        body = {"spreadsheet_id": address[1] if address else given}
        console.carry_out("POST", "/connections/{name}/links", name, body)
        tell(f"The spreadsheet is linked to {name}.")
        return see("console.access")

    @pages.post("/connections/<name>/links/remove")
    def unlink(name: str) -> Response:
        name = console.need("admin", name, "such connection")
        actor = console.access().caller.actor
        if not store.unlink(name, request.form.get("spreadsheet_id", ""), by=actor):
            raise not_found("such link")
        tell(f"The spreadsheet is not linked to {name} any more.")
        return see("console.access")


def _page(console: Console, *, secret: str = "", made: str = "") -> Response:
    mine = _admin(console)
    names = administered(mine)
    configured = {
        name: sheet.spreadsheet_id
        for name in names
        if isinstance(sheet := console.settings.connections[name].sheet, GoogleSheet)
    }
    return console.page(
        "access.html",
        tokens=_tokens(console, mine),
        links=console.service.store.callers.linked(names),
        configured=configured,
        mine=names,
        roles=ROLES,
        secret=secret,
        made=made,
        days_max=DAYS_MAX,
        now=console.service.office.ledger.runs.now(),
    )


def _admin(console: Console) -> Access:
    """Return who administers something.

    Raises:
        ForbiddenError: nobody who does.
    """
    mine = console.access()
    if not administered(mine):
        raise ForbiddenError("This needs the role admin on a connection.", hint="Ask an admin.")
    return mine


def _tokens(console: Console, mine: Access) -> list[Token]:
    """Return tokens that the person may see: of own connections, and those for all only for admins of all."""
    names = set(administered(mine))
    everywhere = console.settings.auth.role_of(mine.caller.email) == "admin"
    return [
        token
        for token in console.service.store.callers.tokens()
        if token.connection in names or (everywhere and token.connection is None)
    ]
