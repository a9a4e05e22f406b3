"""What looks like a slip: pointed out beside a valid edit, and never a reason to stop it. Pure."""

from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from statistics import median_low

from sheetsync.core import words
from sheetsync.core.accounts import Action, Unit
from sheetsync.core.decide import RowResult
from sheetsync.core.states import RowStatus

SERIES_ROWS = 3
"""Rows, one below the other, whose amounts go up or down by exactly 1: what a fill handle makes of 25."""

STEADY_ROWS = 5
"""Rows, one below the other, whose amounts go up or down by any other same step."""

SLIP = 10
"""Times the usual change: one digit too many."""

CENTS = 100
"""Times the usual change: two digits too many, or cents taken for whole units."""

USUAL_FROM = 3
"""Earlier changes of a user from which one of them is the usual one."""

PEERS_FROM = 5
"""Rows with the same action from which the middle of them is what a user without a past is compared with."""

ALIKE_FROM = 20
"""Whole units of balance from which an amount a little above it looks like a balance."""

ALIKE_SHARE = 4
"""An amount looks like the balance up to a quarter above it."""

TINY = 10
"""A Reset to a tenth of the balance, or less, looks like an amount to add."""

NAMED = 10
"""Remarks that the preview prints in full; the rows hold all of them."""

Usual = Mapping[str, Mapping[str, Sequence[int]]]
"""Account id → unit code → earlier confirmed changes, in minor units without their sign."""


@dataclass(frozen=True, slots=True)
class Remarks:
    """What a preview points out.

    Attributes:
        rows: row number → sentences for its message.
        aloud: sentences for the preview as a whole.
    """

    rows: Mapping[int, tuple[str, ...]] = field(default_factory=dict)
    aloud: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class _Asked:
    """One unit's part of a valid edit; amounts in minor units.

    Attributes:
        seen: the balances that the person may have had before their eyes: at the pull, and now.
        moved: what the balance changes by, without its sign.
    """

    row: int
    account_id: str
    action: Action
    unit: Unit
    amount: int
    seen: tuple[int, ...]
    before: int
    moved: int


def remarks(
    results: Sequence[RowResult], units: Sequence[Unit], usual: Usual, *, place: str = "row"
) -> Remarks:
    """Return what a person should look at twice.

    Args:
        results: rows as decided; only valid edits are looked at.
        units: of the credit system.
        usual: earlier changes of the accounts.
        place: what the numbers of the results count: rows of a tab or lines of a file; empty for neither.
    """
    asked = [each for row in sorted(results, key=lambda row: row.number) for each in _asked(row, units)]
    rows: dict[int, list[str]] = defaultdict(list)
    aloud = []
    for run in _series(asked) if place else ():
        sentence = _series_sentence(run, place)
        aloud.append(sentence)
        for each in run:
            rows[each.row].append(sentence)
    middles = _middles(asked)
    for each in asked:
        found = [*_balance_like(each, usual), *_slipped(each, usual, middles)]
        where = f"{place.capitalize()} {each.row}, user" if place else "User"
        aloud += [f"{where} {each.account_id}: {sentence}" for sentence in found]
        rows[each.row] += [*_in_words(each), *found]
    told = tuple(aloud[:NAMED])
    if len(aloud) > NAMED:
        told += (f"{len(aloud) - NAMED} more remarks stand in the rows' messages.",)
    return Remarks({number: tuple(found) for number, found in rows.items() if found}, told)


def _asked(row: RowResult, units: Sequence[Unit]) -> Iterator[_Asked]:
    if row.status is not RowStatus.EDITED:
        return
    for planned in row.planned:
        operation = planned.operation
        for change in operation.changes:
            if not planned.sends:
                continue
            before = planned.before.get(change.unit) or 0
            yield _Asked(
                row=row.number,
                account_id=operation.account_id,
                action=operation.action,
                unit=words.unit_of(change.unit, units),
                amount=change.amount,
                seen=(planned.at_pull.get(change.unit) or 0, before),
                before=before,
                moved=abs(planned.after[change.unit] - before),
            )


def _series(asked: Sequence[_Asked]) -> Iterator[list[_Asked]]:
    """Yield runs of rows, one directly below the other, whose amounts form a series."""
    for unit in dict.fromkeys(each.unit for each in asked):
        run: list[_Asked] = []
        for each in (one for one in asked if one.unit == unit):
            if run and not _goes_on(run, each):
                if _is_series(run):
                    yield run
                run = run[-1:] if _goes_on(run[-1:], each) else []
            run.append(each)
        if _is_series(run):
            yield run


def _goes_on(run: Sequence[_Asked], each: _Asked) -> bool:
    last = run[-1]
    if each.row != last.row + 1 or each.action is not last.action or each.amount == last.amount:
        return False
    return len(run) == 1 or each.amount - last.amount == last.amount - run[-2].amount


def _is_series(run: Sequence[_Asked]) -> bool:
    if len(run) < SERIES_ROWS:
        return False
    by_one = abs(run[1].amount - run[0].amount) == 10 ** run[0].unit.scale
    return by_one or len(run) >= STEADY_ROWS


def _series_sentence(run: Sequence[_Asked], place: str) -> str:
    unit = run[0].unit
    amounts = ", ".join(words.amount(each.amount, unit) for each in run[:3])
    step = words.signed(run[1].amount - run[0].amount, unit)
    return (
        f"The amounts of {place}s {run[0].row} to {run[-1].row} form a series ({amounts} …, {step} from "
        f"{place} to {place}), as when a cell is dragged down: is that meant?"
    )


def _in_words(each: _Asked) -> Iterator[str]:
    if each.action is Action.ADJUST and each.amount < 0:
        yield f"Takes {words.amount(-each.amount, each.unit)} {each.unit.header} off."


def _balance_like(each: _Asked, usual: Usual) -> Iterator[str]:
    """Yield where an amount to add looks like a balance to reach, or the other way round."""
    unit, amount = each.unit, each.amount
    if each.action is Action.RESET:
        if 0 < amount * TINY <= each.before:
            typed = words.amount(amount, unit)
            yield (
                f"Reset takes {unit.header} down from {words.amount(each.before, unit)} to {typed}: "
                f"did you mean Add {typed}?"
            )
    elif (
        each.action is not Action.APPLY_PROMO  # takes credit off: all of it is no slip
        and amount > 0
        and any(_alike(each, balance, usual) for balance in each.seen)
    ):
        typed = words.amount(amount, unit)
        now, after = words.amount(each.before, unit), words.amount(each.before + amount, unit)
        yield (
            f"The amount {typed} looks like the balance ({now}), and {each.action.label} takes it to "
            f"{after}: did you mean Reset to {typed}?"
        )


def _alike(each: _Asked, balance: int, usual: Usual) -> bool:
    if balance <= 0 or each.amount < balance:
        return False
    if each.amount == balance or each.amount - balance == _usual(each, usual):
        return True
    return balance >= ALIKE_FROM * 10**each.unit.scale and (each.amount - balance) * ALIKE_SHARE <= balance


def _usual(each: _Asked, usual: Usual) -> int | None:
    """Return the user's usual change: the middle one of the earlier ones."""
    past = [change for change in usual.get(each.account_id, {}).get(each.unit.code, ()) if change]
    return median_low(past) if len(past) >= USUAL_FROM else None


def _middles(asked: Sequence[_Asked]) -> dict[tuple[str, Action], int]:
    """Return (unit, action) → the middle of what the plan's rows change by."""
    found: dict[tuple[str, Action], list[int]] = defaultdict(list)
    for each in asked:
        if each.action is not Action.RESET:
            found[each.unit.code, each.action].append(each.moved)
    return {of: median_low(moved) for of, moved in found.items() if len(moved) >= PEERS_FROM}


def _slipped(each: _Asked, usual: Usual, middles: Mapping[tuple[str, Action], int]) -> Iterator[str]:
    """Yield where a change is many times the usual one."""
    change, whose = _usual(each, usual), "this user's usual change"
    if change is None:
        change, whose = middles.get((each.unit.code, each.action)), "what most rows here change"
    if not change or each.moved < SLIP * change:
        return
    times = each.moved // change
    slip = "a digit too many, or cents for whole ones?" if times >= CENTS else "a digit too many?"
    moved = words.amount(each.moved, each.unit)
    yield f"{moved} is {times} × {whose} ({words.amount(change, each.unit)}): {slip}"
