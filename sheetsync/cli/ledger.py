"""``sheetsync ledger``: look after the ledger."""

import os

import click

from sheetsync.bootstrap import Office
from sheetsync.cli.frame import AS, Frame, command


@click.group("ledger", cls=click.Group)
def ledger_group() -> None:
    """Look after the ledger."""


@ledger_group.command("check")
@AS
@command
def ledger_check_command(frame: Frame) -> int:
    """Recompute the hash chain and the sums."""
    with Office.open(frame.config, os.environ) as office:
        result = office.ledger.check()
    good = result["chain"] == "ok" and result["sums"] == "ok"
    frame.emit(
        result,
        lambda out: out.print(
            f"{result['events']} events, chain: {result['chain']}, sums: {result['sums']}."
        ),
    )
    return 0 if good else 1


@ledger_group.command("copy")
@click.option(
    "--to", "url", metavar="URL", required=True, help="An empty database, as in service.database_url."
)
@AS
@command
def ledger_copy_command(frame: Frame, *, url: str) -> int:
    """Move the ledger to another database, check the copy, and seal the old one."""
    with Office.open(frame.config, os.environ) as office:
        rows = office.copy_ledger(url)
    result = {"rows": rows, "sealed": True}
    total = sum(rows.values())
    frame.emit(
        result,
        lambda out: out.print(
            f"{total} rows copied and checked. Set service.database_url to the new address."
        ),
    )
    return 0
