"""``sheetsync sign-in``: a link that signs a person in to the console once."""

import os

import click

from sheetsync.bootstrap import Office
from sheetsync.cli.frame import AS, Frame, command
from sheetsync.config import Settings, role_in
from sheetsync.errors import UsageError


@click.command("sign-in")
@click.option("--email", required=True, metavar="E", help="Whom the link signs in.")
@click.option(
    "--address",
    default="http://127.0.0.1:8080",
    show_default=True,
    metavar="URL",
    help="Where serve answers.",
)
@AS
@command
def sign_in_command(frame: Frame, *, email: str, address: str) -> int:
    """Make a link that signs a person in to the console, once."""
    from sheetsync.web.console.signing import LINK  # noqa: PLC0415 - most commands start faster without it

    email = email.strip().casefold()
    with Office.open(frame.config, os.environ) as office:
        if not _may_anything(office.settings, email):
            raise UsageError(
                f"{email} has no role.", hint="Add the address to [auth.roles] or to a connection's roles."
            )
        secret = office.store.callers.make_link(email, length=LINK, by=frame.actor)
    link = f"{address.rstrip('/')}/sign-in/{secret}"
    minutes = LINK.seconds // 60
    frame.emit(
        {"email": email, "link": link, "minutes": minutes},
        lambda out: out.print(f"Sign in as {email}, once, within {minutes} minutes:\n{link}", soft_wrap=True),
    )
    return 0


def _may_anything(settings: Settings, email: str) -> bool:
    roles = [settings.auth.role_of(email)]
    return any([*roles, *(role_in(each.roles, email) for each in settings.connections.values())])
