"""What a test change did to a balance: amounts that tell every wrong result apart. Pure."""

from collections.abc import Iterator, Mapping, Sequence
from decimal import Decimal
from enum import StrEnum

from sheetsync.core.accounts import Action, Unit
from sheetsync.core.amounts import AmountProblem, from_provider

DEPTH_MOST = 8
"""Levels of a reply that are searched for the balance."""

FIELDS_MOST = 500
"""Values of a reply that are searched for the balance."""


class Effect(StrEnum):
    """What a change of an amount did, whatever was asked for."""

    ADDED = "added"
    SET = "set"
    NOTHING = "nothing"
    TAKEN = "taken"
    CUT = "cut"
    OTHER = "other"


WANTED = {Action.ADD: Effect.ADDED, Action.RESET: Effect.SET}
"""What each action of a write test is to do."""


def probe_amount(before: int, unit: Unit, *, least: int) -> int:
    """Return the smallest amount whose addition can be told from every other thing done with it.

    With a balance of 0, adding and setting look alike, whatever the amount: then one adds twice.

    Args:
        before: balance in minor units.
        unit: of the balance.
        least: minor units to begin with.
    """
    amount = least
    while before and not _apart(before, amount, unit):
        amount += 1
    return amount


def _apart(before: int, amount: int, unit: Unit) -> bool:
    results = [before + amount, amount, before, before - amount]
    cut = _cut(amount, unit)
    if cut not in (0, amount):
        results += [before + cut]
    return len(set(results)) == len(results)


def effect_of(action: Action, amount: int, before: int, now: int, unit: Unit) -> Effect:
    """Return what became of ``before`` when ``action`` was asked for with ``amount``, in minor units."""
    wanted = WANTED[action]
    results = {
        Effect.ADDED: before + amount,
        Effect.SET: amount,
        Effect.NOTHING: before,
        Effect.TAKEN: before - amount,
        Effect.CUT: before + _cut(amount, unit) if wanted is Effect.ADDED else _cut(amount, unit),
    }
    if results[wanted] == now:
        return wanted
    return next((effect for effect, result in results.items() if result == now), Effect.OTHER)


def _cut(amount: int, unit: Unit) -> int:
    """Return the amount without its decimals."""
    whole: int = 10**unit.scale
    return amount // whole * whole


def following(replies: Sequence[object], amounts: Sequence[int], unit: Unit) -> list[str]:
    """Return the dotted paths of all values that were exactly these amounts, one for each reply.

    Args:
        replies: JSON, as read one after the other.
        amounts: what the balance was at each, in minor units.
        unit: of the balance.
    """
    found = [leaves(reply, unit) for reply in replies]
    return [
        path
        for path in (found[0] if found else {})
        if all(values.get(path) == amount for values, amount in zip(found, amounts, strict=True))
    ]


def moved_by(before: object, after: Sequence[object], change: int, unit: Unit) -> dict[str, tuple[int, int]]:
    """Return path → (before, after) of all values that moved by exactly this change, and then stayed there.

    Args:
        before: a reply.
        after: later replies; a counter that goes on counting is none of these values.
        change: in minor units.
        unit: of the balance.
    """
    old = leaves(before, unit)
    return {
        path: (old[path], now)
        for path, now in _steady(after, unit).items()
        if path in old and now - old[path] == change
    }


def set_to(
    first: object, before: object, after: Sequence[object], target: int, unit: Unit
) -> dict[str, tuple[int, int]]:
    """Return path → (at first, now) of all values that became exactly the target, and were not before.

    Args:
        first: a reply at the beginning.
        before: a reply right before.
        after: later replies.
        target: in minor units.
        unit: of the balance.
    """
    at_first, old = leaves(first, unit), leaves(before, unit)
    return {
        path: (at_first[path], now)
        for path, now in _steady(after, unit).items()
        if now == target and path in at_first and target not in (at_first[path], old.get(path))
    }


def _steady(replies: Sequence[object], unit: Unit) -> dict[str, int]:
    """Return the values that are the same in all replies."""
    found = [leaves(reply, unit) for reply in replies]
    first = found[0] if found else {}
    return {path: value for path, value in first.items() if all(each.get(path) == value for each in found)}


def leaves(reply: object, unit: Unit) -> dict[str, int]:
    """Return dotted path → amount of everything in a reply that could be a balance, in minor units.

    A reply that is one bare value has the path "".
    """
    found: dict[str, int] = {}
    for path, value in _walk(reply, "", DEPTH_MOST):
        if len(found) >= FIELDS_MOST:
            break
        try:
            amount = from_provider(value, unit)
        except AmountProblem:
            continue
        if amount is not None:
            found[path] = amount
    return found


def _walk(value: object, path: str, depth: int) -> Iterator[tuple[str, object]]:
    if isinstance(value, Mapping | list):
        if depth:
            pairs = value.items() if isinstance(value, Mapping) else enumerate(value)
            for name, part in pairs:
                yield from _walk(part, f"{path}.{name}" if path else str(name), depth - 1)
    elif isinstance(value, int | Decimal | str) and not isinstance(value, bool) and value != "":
        yield path, value
