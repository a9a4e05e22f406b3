"""Commands of the service: serve, and tokens of scripts."""

import os
from datetime import timedelta

import click
from rich.console import Console
from rich.markup import escape

from sheetsync.bootstrap import Office
from sheetsync.cli.frame import AS, Frame, command
from sheetsync.config import ROLES, Role
from sheetsync.errors import UsageError
from sheetsync.ledger.callers import Token

DAYS_MAX = 3_650


@click.command("serve")
@click.option("--host", default="127.0.0.1", show_default=True, help="Address to listen on.")
@click.option(
    "--port", default=8080, show_default=True, type=click.IntRange(0, 65_535), help="0 chooses one."
)
@click.option("--no-worker", is_flag=True, help="Leave the runs to sheetsync worker.")
@AS
@command
def serve_command(frame: Frame, *, host: str, port: int, no_worker: bool) -> int:
    """Serve the HTTP API, with a worker where the queue is SQLite; prints its address first."""
    from sheetsync.web.server import serve  # noqa: PLC0415 - most commands start faster without it

    def say(line: str) -> None:
        click.echo(line)

    with Office.open(frame.config, os.environ) as office:
        settings = office.settings
    worker = not no_worker and settings.service.queue_url.startswith("sqlite")
    serve(settings, host=host, port=port, worker=worker, say=say)
    return 0


@click.group("token", cls=click.Group)
def token_group() -> None:
    """Tokens with which scripts call the HTTP API."""


@token_group.command("create")
@click.option("--email", required=True, metavar="E", help="Whose script it is.")
@click.option("--role", type=click.Choice(list(ROLES)), required=True)
@click.option("--connection", metavar="NAME", help="Only for this connection.")
@click.option("--expires-days", type=click.IntRange(1, DAYS_MAX), metavar="N", help="Ends after N days.")
@AS
@command
def create_command(
    frame: Frame, *, email: str, role: Role, connection: str | None, expires_days: int | None
) -> int:
    """Make a token; it is shown once and stored hashed."""
    email = email.strip().casefold()
    if email.count("@") != 1 or email.startswith("@") or email.endswith("@") or " " in email:
        raise UsageError("--email takes one e-mail address.")
    expires = timedelta(days=expires_days) if expires_days else None
    with Office.open(frame.config, os.environ) as office:
        if connection is not None:
            office.connection(connection)
        secret, token = office.store.callers.create_token(
            email, role, connection=connection, expires=expires, by=frame.actor
        )
    result = {"token": secret, **_json(token)}
    frame.emit(
        result, lambda out: out.print(f"{secret}\nKeep it now: it is not shown again. Its id is {token.id}.")
    )
    return 0


@token_group.command("list")
@AS
@command
def list_command(frame: Frame) -> int:
    """List tokens, newest first; never the tokens themselves."""
    with Office.open(frame.config, os.environ) as office:
        found = [_json(token) for token in office.store.callers.tokens()]

    def show(out: Console) -> None:
        for each in found:
            state = "revoked" if each["revoked_at"] else f"used {each['used_at'] or 'never'}"
            where = each["connection"] or "all connections"
            out.print(escape(f"{each['id']}  {each['email']}  {each['role']} on {where}  {state}"))

    frame.emit({"tokens": found}, show)
    return 0


@token_group.command("revoke")
@click.argument("token_id", metavar="ID")
@AS
@command
def revoke_command(frame: Frame, token_id: str) -> int:
    """End a token at once."""
    with Office.open(frame.config, os.environ) as office:
        if not office.store.callers.revoke_token(token_id, by=frame.actor):
            raise UsageError(
                f"There is no token {token_id} that still holds.", hint="See: sheetsync token list"
            )
    frame.emit({"id": token_id, "revoked": True}, lambda out: out.print(f"Token {token_id} is revoked."))
    return 0


def _json(token: Token) -> dict[str, str | None]:
    moments = ("created_at", "expires_at", "used_at", "revoked_at")
    found = {name: getattr(token, name) for name in ("id", "email", "role", "connection", "created_by")}
    at = {name: getattr(token, name) for name in moments}
    return {
        **found,
        **{name: None if at[name] is None else f"{at[name]:%Y-%m-%dT%H:%M:%SZ}" for name in moments},
    }
