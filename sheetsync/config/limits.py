"""How fast and how much a connection may change."""

from typing import Annotated

from pydantic import BeforeValidator, Field

from sheetsync.config.base import Table
from sheetsync.core.accounts import Unit
from sheetsync.core.amounts import parse_decimal_text

REQUESTS_PER_SECOND = 5.0
"""Requests a second, all processes together. No credit system documents a limit; a shared WordPress host with
two PHP workers of 0.3 s each serves six."""

REQUESTS_PER_SECOND_MAX = 10_000.0
"""Requests a second; no credit system or network serves this, so more is a slip of the keyboard."""

PARALLEL_REQUESTS = 4
"""Requests in flight; 5 a second against a system that takes up to 0.8 s to answer keep four busy."""

PARALLEL_REQUESTS_MAX = 64
"""Requests in flight; one thread each, and after a crash each is one row for a person to confirm."""

MAX_ROWS_PER_PUSH = 5_000
"""Rows; what a person can still have meant to change, and a quarter of an hour at five a second."""

MAX_ROWS_PER_PUSH_MAX = 1_000_000
"""Rows; the largest tab that was measured."""

STOP_AFTER_UNKNOWN = 5
"""Unknown outcomes in a row that stop a push: the system is ill, and each one is a row to be confirmed."""

STOP_AFTER_UNKNOWN_MAX = 1_000
"""Unknown outcomes in a row; beyond this the fuse protects nobody."""

STOP_AFTER_REFUSED = 20
"""Refusals in a row that stop a push: single rows are refused for good reasons, twenty in a row are not."""

STOP_AFTER_REFUSED_MAX = 1_000_000
"""Refusals in a row; a refusal changes nothing, so the fuse may be off in effect."""

CANARY = 1
"""Operations of each action; one row is enough to see that a route does what its name says."""

CANARY_MAX = 1_000
"""Operations of each action; each is proven by itself, so a thousand take minutes."""

PERCENT_MAX = 100
"""Percent; all of them."""

MONEY_LIMITS = ("max_amount_per_row", "max_total_per_push", "max_total_per_person_day", "approval_over")
"""The limits that hold one amount per unit; off unless set."""


def _amount_text(value: object) -> object:
    """Take a whole number for its text; a fraction must be quoted, because TOML's fractions are not exact."""
    if isinstance(value, bool) or not isinstance(value, int | float):
        return value
    if isinstance(value, float):
        raise ValueError(f'write the amount in quotes: "{value}"')  # noqa: TRY004 - pydantic's way
    return str(value)


Amount = Annotated[str, BeforeValidator(_amount_text)]
Amounts = dict[str, Amount]
"""Unit code → amount as decimal text, exact at the unit's scale."""


class Limits(Table):
    """Trip wires against slips and against overloading the credit system.

    Attributes:
        requests_per_second: every request to the system, all processes together, without bursts.
        parallel_requests: requests in flight.
        max_rows_per_push: rows of one push.
        max_amount_per_row: largest amount of one row, per unit.
        max_total_per_push: largest sum of what a push adds or removes, per unit.
        max_total_per_person_day: largest sum of what one person changes in a day, per unit.
        approval_over: a plan with a larger row or total waits for a second person, per unit.
        max_changed_percent: largest share of all accounts that one push changes; None is off.
        max_absent_percent: largest share of the accounts that a pushed tab may lack; None is off.
        stop_after_unknown: unknown outcomes in a row that stop a push.
        stop_after_refused: refusals in a row that stop a push.
        canary: operations of each action that are proven before the others leave; 0 for none.
    """

    requests_per_second: float = Field(default=REQUESTS_PER_SECOND, gt=0, le=REQUESTS_PER_SECOND_MAX)
    parallel_requests: int = Field(default=PARALLEL_REQUESTS, ge=1, le=PARALLEL_REQUESTS_MAX)
    max_rows_per_push: int = Field(default=MAX_ROWS_PER_PUSH, ge=1, le=MAX_ROWS_PER_PUSH_MAX)
    max_amount_per_row: Amounts = Field(default_factory=dict)
    max_total_per_push: Amounts = Field(default_factory=dict)
    max_total_per_person_day: Amounts = Field(default_factory=dict)
    approval_over: Amounts = Field(default_factory=dict)
    max_changed_percent: int | None = Field(default=None, ge=1, le=PERCENT_MAX)
    max_absent_percent: int | None = Field(default=None, ge=0, le=PERCENT_MAX)
    stop_after_unknown: int = Field(default=STOP_AFTER_UNKNOWN, ge=1, le=STOP_AFTER_UNKNOWN_MAX)
    stop_after_refused: int = Field(default=STOP_AFTER_REFUSED, ge=1, le=STOP_AFTER_REFUSED_MAX)
    canary: int = Field(default=CANARY, ge=0, le=CANARY_MAX)

    def minor(self, name: str, unit: Unit) -> int | None:
        """Return the money limit ``name`` for the unit in minor units, or None where it is off.

        Raises:
            KeyError: there is no such money limit.
            ValueError: the amount does not fit the unit; loading a file has ruled that out.
        """
        if name not in MONEY_LIMITS:
            raise KeyError(name)
        amounts: Amounts = getattr(self, name)
        return None if unit.code not in amounts else parse_decimal_text(amounts[unit.code], unit)
