"""From a connection's settings to its tab: a workbook, or a tab of Google Sheets."""

import time
from collections.abc import Collection, Mapping
from pathlib import Path

from sheetsync.bootstrap.machine import shared_folder
from sheetsync.config import Connection, FasCardConnection, GoogleSheet, Settings, UniBeeConnection, XlsxSheet
from sheetsync.core import fields
from sheetsync.core.accounts import Action, Capabilities
from sheetsync.jobs.desk import Report
from sheetsync.ports import Clock, Columns, Sheet
from sheetsync.sheets.workbook import WorkbookSheet


def columns_of(
    connection: Connection, capabilities: Capabilities, choices: Mapping[str, Mapping[str, str]]
) -> Columns:
    """Return what decides which columns a connection's tab has.

    Args:
        connection: its settings.
        capabilities: of its credit system.
        choices: field code → what a dropdown offers, and what each stands for.
    """
    return Columns(
        units=capabilities.units,
        actions=capabilities.actions,
        reasons=connection.reasons,
        reasons_strict=connection.reasons_strict,
        environment=connection.environment,
        extras=_extras(capabilities.actions),
        choices=choices,
        details=details_of(connection),
    )


def tab_of(
    connection: Connection, columns: Columns, settings: Settings, *, clock: Clock, report: Report
) -> Sheet:
    """Return a connection's tab; nothing is opened or asked yet.

    Args:
        connection: its settings.
        columns: that the tab has.
        settings: of the service: time zone, and how Google is reached.
        clock: sleeps while a spreadsheet lets us wait.
        report: told of such waits.
    """
    zone = settings.service.zone
    if isinstance(connection.sheet, XlsxSheet):
        path = Path(connection.sheet.path)
        return WorkbookSheet(path, tab=connection.sheet.tab, columns=columns, timezone=zone)
    return _google(connection.sheet, columns, settings, clock=clock, report=report)


def _google(
    sheet: GoogleSheet, columns: Columns, settings: Settings, *, clock: Clock, report: Report
) -> Sheet:
    """Return a tab of Google Sheets; all processes of this machine share its quota."""
    from sheetsync.sheets import google  # noqa: PLC0415 - workbooks start faster without it

    access = google.Access(
        key=lambda: settings.google.service_account.reveal() if settings.google.service_account else None,
        base_url=settings.google.api_base_url,
        waiting=google.Waiting(time.monotonic, clock.sleep, lambda sentence: report(sentence, 0, None)),
        folder=shared_folder(),
        reads=settings.google.reads_per_minute,
        writes=settings.google.writes_per_minute,
    )
    return google.GoogleSheet(
        sheet.spreadsheet_id, tab=sheet.tab, columns=columns, access=access, timezone=settings.service.zone
    )


def _extras(actions: Collection[Action]) -> tuple[str, ...]:
    """Return the further cells that some actions need."""
    needed = {
        Action.CASH: (fields.LOCATION_ID,),
        Action.APPLY_PROMO: (fields.SUBSCRIPTION_ID, fields.PLAN_ID),
    }
    return tuple(name for action, names in needed.items() if action in actions for name in names)


def details_of(connection: Connection) -> tuple[str, ...]:
    """Return what else the tab shows of an account."""
    if isinstance(connection, UniBeeConnection):
        return (fields.ACCOUNT_STATUS,)
    return connection.columns if isinstance(connection, FasCardConnection) else ()
