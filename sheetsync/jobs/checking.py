"""Check: tries everything a connection needs, and says what is wrong and what to do."""

from collections.abc import Callable, Iterable
from datetime import timedelta
from typing import Any

from sheetsync.core.states import UNPROVEN
from sheetsync.errors import LayoutError, SheetsyncError
from sheetsync.jobs.rechecking import is_left_to_a_person
from sheetsync.ports import CheckResult, Clock, Ledger, Provider, Sheet


def check_service(ledger: Callable[[], Ledger], clock: Clock) -> list[dict[str, Any]]:
    """Check what all connections share: the database and its chain, and the clock.

    Args:
        ledger: opens it.
        clock: the machine's.
    """
    try:
        opened = ledger()
        found = opened.check()
    except SheetsyncError as error:
        return [_line("database", CheckResult("", ok=False, message=error.message, hint=error.hint))]
    sound = found["chain"] == "ok" and found["sums"] == "ok"
    message = f"{found['events']} events, chain {found['chain']}, sums {found['sums']}."
    hint = "The ledger was changed by something else: restore a backup, and tell the admin."
    drift_s = abs((opened.runs.now() - clock.now()).total_seconds())
    in_time = CheckResult(
        "",
        ok=drift_s < 5,
        message=f"this machine and the database differ by {drift_s:.1f} s.",
        hint="" if drift_s < 5 else "Set this machine's clock by NTP.",
    )
    return [
        _line("database", CheckResult("", ok=sound, message=message, hint="" if sound else hint)),
        _line("clock", in_time),
    ]


def check_connection(
    name: str,
    open_provider: Callable[[str], Provider],
    open_sheet: Callable[[str, Provider], Sheet],
) -> list[dict[str, Any]]:
    """Check one connection: credit system first, then the tab.

    Args:
        name: of the connection.
        open_provider: makes the credit system; may find the configuration wanting.
        open_sheet: makes the tab.
    """
    try:
        provider = open_provider(name)
        lines = lines_of(name, provider.check())
        return [*lines, _line(f"{name}: tab", _tab(open_sheet(name, provider)))]
    except SheetsyncError as error:
        return [_line(name, CheckResult("", ok=False, message=error.message, hint=error.hint))]


def lines_of(name: str, results: Iterable[CheckResult]) -> list[dict[str, Any]]:
    """Return the lines of a connection as JSON."""
    return [_line(f"{name}: {result.name}", result) for result in results]


def check_unsettled(ledger: Ledger, name: str, system: str, settle_after: timedelta) -> list[dict[str, Any]]:
    """Check whether something waits for its proof; what no automatic check settles any more is a problem.

    Args:
        ledger: where it waits.
        name: of the connection.
        system: its credit system.
        settle_after: as configured.
    """
    waiting = [each for each in ledger.operations.unsettled(system) if each.state in UNPROVEN]
    if not waiting:
        return []
    hours = (ledger.runs.now() - waiting[0].created_at) / timedelta(hours=1)
    for_person = [each for each in waiting if is_left_to_a_person(each, settle_after)]
    message = f"{len(waiting)} operations are not proven yet, the oldest for {hours:.1f} h."
    if for_person:
        message += f" Left to a person: {len(for_person)}."
    found = CheckResult(
        "", ok=not for_person, message=message, hint=f"See: sheetsync history {name} --unsettled"
    )
    return [_line(f"{name}: unsettled", found)]


def _tab(sheet: Sheet) -> CheckResult:
    try:
        sheet.prove_writable()
        rows = len(sheet.read().numbers)
    except LayoutError as error:
        nothing_yet = error.details.get("found") == []
        if "path" in error.details or "tabs" in error.details or nothing_yet:  # no file, no tab, no header
            return CheckResult("", ok=True, message=f"{error.message} The first pull makes it.")
        return CheckResult("", ok=False, message=error.message, hint=error.hint)
    except SheetsyncError as error:
        return CheckResult("", ok=False, message=error.message, hint=error.hint)
    return CheckResult("", ok=True, message=f"can be read and written, {rows} rows.")


def _line(name: str, result: CheckResult) -> dict[str, Any]:
    return {"name": name, "ok": result.ok, "message": result.message, "hint": result.hint}
