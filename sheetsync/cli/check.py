"""``sheetsync check``: whether all is as it has to be, and a write test on an account that is named."""

import os
from typing import Any

import click

from sheetsync.bootstrap import Office
from sheetsync.cli import printing
from sheetsync.cli.frame import AS, Frame, command
from sheetsync.errors import ProviderError, UsageError
from sheetsync.jobs.checking import check_connection, check_service, lines_of
from sheetsync.jobs.write_test import Outcome, write_test
from sheetsync.ports import CheckResult


@click.command("check")
@click.argument("connection", required=False)
@click.option("--write-test", "writes", is_flag=True, help="Also change a test account, and set it back.")
@click.option("--account", "account_id", metavar="ID", help="The test account, for --write-test.")
@AS
@command
def check_command(frame: Frame, connection: str | None, *, writes: bool, account_id: str | None) -> int:
    """Try credentials, routes, spreadsheet and database; say what is wrong and what to do."""
    if writes != bool(account_id):
        raise UsageError(
            "--write-test and --account go together.",
            hint="Add both: --write-test --account ID of a test user.",
        )
    access: list[dict[str, Any]] = []
    waiting: list[dict[str, Any]] = []
    tested: Outcome | None = None
    with Office.open(frame.config, os.environ) as office:
        names = [connection] if connection else sorted(office.settings.connections)
        if writes and len(names) != 1:
            raise UsageError("Name the connection to test.", hint=f"One of: {', '.join(names)}.")
        access += check_service(lambda: office.ledger, office.clock)
        for name in names:
            office.connection(name)
            access += check_connection(name, office.provider, office.sheet)
            waiting += office.check_unsettled(name)
        if account_id:
            with office.desk(names[0], actor=frame.actor, pushes=True) as desk:
                try:
                    tested = write_test(desk, account_id)
                except ProviderError as error:  # the lines above may say why
                    line = CheckResult("write test", ok=False, message=error.message, hint=error.hint)
                    access += lines_of(names[0], [line])
            waiting += lines_of(names[0], [] if tested is None else tested.lines)
    checks = access + waiting
    more = {} if tested is None else {"write_test": tested.summary}
    frame.emit({"checks": checks, **more}, printing.checked(checks))
    if not all(line["ok"] for line in access) or (tested is not None and tested.unreachable):
        return 3
    return 0 if all(line["ok"] for line in waiting) else 1
