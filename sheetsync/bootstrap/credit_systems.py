"""From a connection's settings to its credit system, and to the rate limit that all who use it share."""

import hashlib
import logging
from collections.abc import Mapping
from contextlib import ExitStack
from functools import partial

from sheetsync.bootstrap.machine import shared_folder
from sheetsync.config import Connection, FasCardConnection, UniBeeConnection, system_id, units_of
from sheetsync.config.connections import filtered
from sheetsync.core import fields
from sheetsync.errors import RequestOutcome, UsageError
from sheetsync.jobs.desk import Limits
from sheetsync.ledger.store import SqlLedger
from sheetsync.ports import Clock, Provider
from sheetsync.processes import boot_number, home_number
from sheetsync.providers.board import Board
from sheetsync.providers.fascard import FasCard
from sheetsync.providers.fastcredit import FastCredit
from sheetsync.providers.limiter import HOLD_S, SLACK_S, SlidingLimiter
from sheetsync.providers.stores import FileStore, is_alive
from sheetsync.providers.unibee import UniBee

_log = logging.getLogger(__name__)


def credit_system(
    connection: Connection, *, name: str, clock: Clock, limiter: SlidingLimiter
) -> FastCredit | FasCard | UniBee:
    """Return the adapter of a connection's credit system.

    Raises:
        ConfigError: its secret is not where the configuration says.
    """
    if isinstance(connection, FasCardConnection):
        return FasCard(connection, name=name, clock=clock, limiter=limiter)
    if isinstance(connection, UniBeeConnection):
        return UniBee(connection, name=name, clock=clock, limiter=limiter)
    return FastCredit(connection, name=name, clock=clock, limiter=limiter)


def limiter_of_machine(
    connection: Connection, clock: Clock, *, pushes: bool, opened: ExitStack
) -> SlidingLimiter:
    """Return the limiter that all processes of this user on this machine share, whatever their ledger."""
    digest = hashlib.sha256(system_id(connection).encode()).hexdigest()
    store = FileStore(shared_folder() / f"{digest[:24]}.board", boot_number())
    opened.callback(store.close)
    rate_per_s = connection.limits.requests_per_second
    hold_s = _hold_s(connection)
    return SlidingLimiter(rate_per_s, clock, store=store, pushes=pushes, home=home_number(), hold_s=hold_s)


def limiter_of_ledger(
    connection: Connection, clock: Clock, ledger: SqlLedger, *, pushes: bool, opened: ExitStack
) -> SlidingLimiter:
    """Return the limiter that all machines on one ledger share."""
    pace = ledger.pace(system_id(connection), open_board=partial(Board, is_alive=is_alive))
    opened.callback(pace.close)
    return SlidingLimiter(
        connection.limits.requests_per_second,
        clock,
        store=pace,
        pushes=pushes,
        ticks=pace.ticks,
        slack_s=SLACK_S + pace.differs_s,
        home=home_number(),
        hold_s=_hold_s(connection),
    )


def _hold_s(connection: Connection) -> float:
    return max(HOLD_S, 2 * connection.timeout_s)


def with_filters(connection: Connection, name: str, filters: Mapping[str, object]) -> Connection:
    """Return the connection with the filters of one pull instead of its own.

    Raises:
        UsageError: its credit system has no filters, or they cannot be read.
    """
    if all(value is None for value in filters.values()):
        return connection
    if not isinstance(connection, FasCardConnection):
        raise UsageError(
            f"Connection {name} cannot be filtered.", hint="Only FasCard lists by e-mail and activity."
        )
    try:
        return filtered(connection, filters)
    except ValueError as error:
        raise UsageError(f"--active-since {error}.") from error


def choices_of(provider: Provider) -> Mapping[str, Mapping[str, str]]:
    """Return what dropdowns offer that only the credit system knows; without them, text is typed."""
    if not isinstance(provider, FasCard):
        return {}
    try:
        return {fields.LOCATION_ID: {each.location_id: each.name for each in provider.locations()}}
    except RequestOutcome as error:
        _log.info("The locations could not be read: %s", error.message)
        return {}


def limits_of(connection: Connection) -> Limits:
    """Return the trip wires, money in minor units."""
    units = units_of(connection)

    def money(name: str) -> dict[str, int]:
        found = {unit.code: connection.limits.minor(name, unit) for unit in units}
        return {code: minor for code, minor in found.items() if minor is not None}

    return Limits(
        rows_per_push=connection.limits.max_rows_per_push,
        parallel_requests=connection.limits.parallel_requests,
        stop_after_unknown=connection.limits.stop_after_unknown,
        stop_after_refused=connection.limits.stop_after_refused,
        canary=connection.limits.canary,
        amount_per_row=money("max_amount_per_row"),
        total_per_push=money("max_total_per_push"),
        total_per_person_day=money("max_total_per_person_day"),
        approval_over=money("approval_over"),
        changed_percent=connection.limits.max_changed_percent,
        absent_percent=connection.limits.max_absent_percent,
    )
