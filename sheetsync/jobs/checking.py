"""Check: tries everything a connection needs, and says what is wrong and what to do."""

from collections.abc import Callable
from typing import Any

from sheetsync.errors import LayoutError, SheetsyncError
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
        lines = [_line(f"{name}: {result.name}", result) for result in provider.check()]
        return [*lines, _line(f"{name}: tab", _tab(open_sheet(name, provider)))]
    except SheetsyncError as error:
        return [_line(name, CheckResult("", ok=False, message=error.message, hint=error.hint))]


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
