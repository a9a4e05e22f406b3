"""Asks a person before a push charges customers."""

import select
import sys

import click

from sheetsync.cli.frame import Frame
from sheetsync.errors import UsageError
from sheetsync.jobs.desk import Desk
from sheetsync.jobs.push import open_charges
from sheetsync.jobs.quoting import DEDUCTED_AT_ONCE, not_agreed, told


def agree_to_charges(frame: Frame, desk: Desk, digest: str) -> bool:
    """Return whether a person agrees to what a plan charges; nothing to ask where it charges nobody.

    Args:
        frame: the terminal.
        desk: the connection.
        digest: of the plan.

    Raises:
        ChargeError: nobody can answer here.
        UsageError: the answer was no.
    """
    asked = open_charges(desk, digest)
    if not asked:
        return False
    if not _is_answered():
        raise not_agreed(desk.name, digest, asked)
    frame.err.print(f"This charges customers: {told(asked)}. {DEDUCTED_AT_ONCE}", markup=False)
    try:
        agrees = click.confirm("Charge them?", err=True)
    except click.Abort:
        raise not_agreed(desk.name, digest, asked) from None
    if not agrees:
        raise UsageError("Nothing was sent.")
    return True


def _is_answered() -> bool:
    """Whether somebody sits there, or has written the answer already; never waits for one."""
    if sys.stdin.isatty():
        return True
    try:
        return bool(select.select([sys.stdin], [], [], 0)[0])
    except (OSError, ValueError):
        return False
