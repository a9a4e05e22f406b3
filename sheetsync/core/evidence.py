"""What a list of transactions proves about an operation that was sent. Pure; errs on the side of not knowing.

A transaction of ours is found by the operation key at the start of its note, and judged by its amounts. That
none is there proves something only late enough, and only while the list explains the balance: all
transactions since the intent have to add up to what the balance moved.
"""

import re
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import replace
from datetime import datetime, timedelta
from itertools import accumulate, pairwise

from sheetsync.core import words
from sheetsync.core.accounts import Action, Balances, Transaction, Unit
from sheetsync.core.states import OperationState
from sheetsync.core.verify import Policy, Sent, Verdict

SEARCH_BEFORE = timedelta(days=1)
"""How long before the first attempt a search starts: the credit system's clock need not be ours."""

CLOCK_SKEW = timedelta(minutes=2)
"""How long before an intent the first transaction that counts may be: the balance was read some moments
earlier, and the credit system's clock may be behind."""

SAME_MOMENT = timedelta(seconds=1)
"""What times may be cut to."""

ALERT = "ALERT: "
"""Starts a message that a person has to look at before anything else is pushed."""

CORRECT = "Look at the user's page in the credit system, and correct it with another change."
"""What to do about a contradiction where nothing is left to be resolved."""

_MARK = re.compile(r"\s*ss:([0-9A-Z]{1,24})(?![0-9A-Za-z])")


def note_for(key: str, text: str, limit: int) -> str:
    """Return a note for a credit system: the operation key first, then the text, bounded in characters."""
    return f"ss:{key} {text}".strip()[:limit].rstrip()


def key_of(note: str) -> str | None:
    """Return the operation key that a note starts with, or None."""
    found = _MARK.match(note)
    return found[1] if found else None


def carrying(key: str, listed: Iterable[Transaction]) -> list[Transaction]:
    """Return the transactions whose note starts with this operation key."""
    return [each for each in listed if key_of(each.note) == key]


def chronological(listed: Iterable[Transaction]) -> list[Transaction]:
    """Return transactions oldest first, by their ids: a time may be that of a card reader's delivery."""
    return sorted(listed, key=lambda each: (len(each.transaction_id), each.transaction_id))


def by_transactions(
    sent: Sent,
    listed: Sequence[Transaction],
    now: Balances,
    *,
    read_at: datetime,
    policy: Policy,
    units: Sequence[Unit],
) -> Verdict:
    """Judge an operation by its account's transactions.

    Args:
        sent: the operation.
        listed: all transactions of the account since a day before the first attempt, oldest first.
        now: the balances, read before the transactions.
        read_at: when the first of these reads started.
        policy: how long a lost request may still be running.
        units: of the credit system.
    """
    mine = carrying(sent.key, listed)
    if mine:
        return with_balance(found(sent, mine, units), sent, now, units)
    due = sent.left_at + policy.settle_after
    if read_at < due:
        return Verdict(None, too_early(sent, due, "no transaction carries its key"))
    deed = words.deed(sent.action, sent.changes, units, sent.reason)
    before = {code: sent.before.get(code) for code in sent.expected}
    seen = {code: now.get(code) for code in sent.expected}
    evidence = {"kind": "balance", "before": before, "after": dict(sent.expected), "now": seen}
    nameless = _nameless(sent, listed)
    if nameless is not None:
        return Verdict(None, _maybe_ours(sent, nameless, deed), evidence)
    if explained(sent, listed, seen, read_at):
        message = (
            f"Not applied: {deed} did not arrive. No transaction carries its key, and all transactions since "
            f"add up to the balance of now ({words.holdings(seen, units)}). Safe to push again."
        )
        return Verdict(OperationState.NOT_APPLIED, message, evidence)
    return Verdict(None, _unexplained(sent, deed, now, units), evidence)


def found(
    sent: Sent, mine: Sequence[Transaction], units: Sequence[Unit], *, settled: bool = False
) -> Verdict:
    """Judge an operation by the transactions that carry its key; there is at least one.

    Args:
        sent: the operation.
        mine: these transactions.
        units: of the credit system.
        settled: it was settled before, so that nobody can resolve it any more.
    """
    deed = words.deed(sent.action, sent.changes, units, sent.reason)
    ids = [each.transaction_id for each in mine]
    then = CORRECT if settled else way_out(sent)
    evidence = {"kind": "transaction", "ids": ids}
    if len(mine) > 1:
        message = f"{ALERT}{deed} is there {len(mine)} times, as transactions {', '.join(ids)}. {then}"
        return Verdict(None, message, evidence, alert=True)
    only = mine[0]
    if not fits(sent, only):
        moved = _told(only, units)
        message = f"{ALERT}{deed} is there with other amounts: transaction {ids[0]}, {moved}. {then}"
        return Verdict(None, message, evidence, alert=True)
    touched = [change.unit for change in sent.changes]
    after = {code: only.after.get(code) for code in touched}
    proof = {
        "kind": "transaction",
        "id": only.transaction_id,
        "changes": {code: change for code, change in only.changes.items() if change},
        "after": after,
    }
    message = f"{deed}: transaction {only.transaction_id}, {_told(only, units, touched)}"
    return Verdict(OperationState.CONFIRMED, message + _beside(sent, only, units), proof)


def with_balance(verdict: Verdict, sent: Sent, now: Balances, units: Sequence[Unit]) -> Verdict:
    """Return the verdict on a Reset that travelled as a change with the balance that it led to."""
    if verdict.state is not OperationState.CONFIRMED or sent.action is not Action.RESET or not sent.by_change:
        return verdict
    held = words.holdings({change.unit: now.get(change.unit) for change in sent.changes}, units)
    return replace(verdict, message=f"{verdict.message}, balance now {held}")


def fits(sent: Sent, transaction: Transaction) -> bool:
    """Whether a transaction is what was asked for: by its result for a Reset, else by its signed changes.

    Where a Reset travels as a change, the change is all that was promised.
    """
    if sent.action is Action.RESET and sent.by_change:
        asked = all(
            transaction.changes.get(change.unit, 0) == change.amount - (sent.before.get(change.unit) or 0)
            for change in sent.changes
        )
    elif sent.action is Action.RESET:
        asked = all(transaction.after.get(change.unit) == change.amount for change in sent.changes)
    else:
        asked = all(transaction.changes.get(change.unit, 0) == change.amount for change in sent.changes)
    return asked and (sent.action is Action.CASH or not _more(sent, transaction))


def _more(sent: Sent, transaction: Transaction) -> dict[str, int]:
    """Return what changed beside the units that were asked for; cash may buy a package with a bonus."""
    touched = {change.unit for change in sent.changes}
    return {code: moved for code, moved in transaction.changes.items() if moved and code not in touched}


def _told(transaction: Transaction, units: Sequence[Unit], codes: Collection[str] | None = None) -> str:
    """Return what a transaction did: ``balance 40 → 65``, or ``+25`` where the result is not said."""
    shown = codes if codes is not None else [code for code, moved in transaction.changes.items() if moved]
    after = {code: transaction.after.get(code) for code in shown}
    if shown and None not in after.values():
        before = {code: (after[code] or 0) - transaction.changes.get(code, 0) for code in shown}
        return words.moves(before, after, units)
    parts = []
    for code in shown:
        unit = words.unit_of(code, units)
        parts.append(f"{unit.header} {words.signed(transaction.changes.get(code, 0), unit)}")
    return ", ".join(parts) or "no change"


def _beside(sent: Sent, transaction: Transaction, units: Sequence[Unit]) -> str:
    """Return what happened beyond the plan: a Reset that overwrote a movement, or a bonus that came along."""
    remarks = []
    for change in sent.changes if sent.action is Action.RESET and not sent.by_change else ():
        unit = words.unit_of(change.unit, units)
        was = change.amount - transaction.changes.get(change.unit, 0)
        overwrote = was - (sent.before.get(change.unit) or 0)
        if overwrote:
            remarks.append(f"it overwrote {words.signed(overwrote, unit)} {unit.header} of the customer's")
    for code, moved in _more(sent, transaction).items():
        unit = words.unit_of(code, units)
        remarks.append(f"{words.signed(moved, unit)} {unit.header} came with it")
    return f"; {'; '.join(remarks)}" if remarks else ""


def _nameless(sent: Sent, listed: Sequence[Transaction]) -> Transaction | None:
    """Return a transaction since the intent that may be ours with its note lost or cut."""
    whole = f"ss:{sent.key} "
    for each in listed[_first(listed, _sent_at(sent) - CLOCK_SKEW) :]:
        if each.like_ours and whole.startswith(each.note.strip()) and fits(sent, each):
            return each
    return None


def _sent_at(sent: Sent) -> datetime:
    return sent.sent_at or sent.left_at


def _first(listed: Sequence[Transaction], moment: datetime) -> int:
    """Return the index of the first transaction that is not before a moment."""
    return next((at for at, each in enumerate(listed) if each.at >= moment), len(listed))


def explained(
    sent: Sent, listed: Sequence[Transaction], now: Mapping[str, int | None], read_at: datetime
) -> bool:
    """Whether the transactions between intent and read add up to what the balances moved.

    What is later than the intent always counts. What is earlier may count: the balance was read some moments
    before the intent, and clocks differ. The resulting balances then have to say where our reads belong, and
    no transaction may be missing in between.
    """
    codes = list(sent.expected)
    earliest = _first(listed, _sent_at(sent) - CLOCK_SKEW)
    pairs = pairwise(listed[max(earliest - 1, 0) :])
    if not sent.expected or not all(_follows(one, other, codes) for one, other in pairs):
        return False
    moves = [tuple(each.changes.get(code, 0) for code in codes) for each in listed]
    sums = list(accumulate(moves, _plus, initial=(0,) * len(codes)))
    moved = tuple((now.get(code) or 0) - (sent.before.get(code) or 0) for code in codes)
    latest = _first(listed, _sent_at(sent))
    begins = [
        at
        for at in range(earliest, latest + 1)
        if _belongs(at, listed, sent.before, codes) and not _perhaps_later(at, listed, sent)
    ]
    ends = range(_first(listed, read_at - SAME_MOMENT), len(listed) + 1)
    reached = {sums[at] for at in ends if _belongs(at, listed, now, codes)}
    return any(_plus(sums[at], moved) in reached for at in begins)


def _follows(one: Transaction, other: Transaction, codes: Sequence[str]) -> bool:
    """Whether nothing is missing between two transactions, as far as they say what they led to."""
    return all(
        _was(other, code) in (None, one.after.get(code)) or one.after.get(code) is None for code in codes
    )


def _was(transaction: Transaction, code: str) -> int | None:
    after = transaction.after.get(code)
    return None if after is None else after - transaction.changes.get(code, 0)


def _belongs(at: int, listed: Sequence[Transaction], balances: Balances, codes: Sequence[str]) -> bool:
    """Whether balances can have been read right before the transaction at this index."""
    for code in codes:
        held = balances.get(code) or 0
        left = listed[at - 1].after.get(code) if at else None
        right = _was(listed[at], code) if at < len(listed) else None
        if left not in (None, held) or right not in (None, held):
            return False
    return True


def _perhaps_later(at: int, listed: Sequence[Transaction], sent: Sent) -> bool:
    """Whether leaving out what is before this index leaves out the only witness of the second of an intent.

    Times may be cut to seconds: what stands in that second may be later. With another transaction before it,
    or the balance of the pull, the resulting balances show whether one is missing in between.
    """
    if at != 1 or listed[0].at.microsecond or listed[0].at < _sent_at(sent) - SAME_MOMENT:
        return False
    return any(_was(listed[0], code) != (sent.at_pull.get(code) or 0) for code in sent.expected)


def _plus(one: tuple[int, ...], other: tuple[int, ...]) -> tuple[int, ...]:
    return tuple(a + b for a, b in zip(one, other, strict=True))


def too_early(sent: Sent, due: datetime, missing: str) -> str:
    """Return the sentence that nothing can be said before ``due``; ``missing`` is what does not show yet."""
    said = (
        "It was accepted" if sent.state is OperationState.ACCEPTED else "It is not known whether it arrived"
    )
    return (
        f"{said}, and {missing} yet; it may still come. A read after {due:%H:%M:%S} UTC can prove more: "
        f"verify then. Operation {sent.key}."
    )


def _maybe_ours(sent: Sent, transaction: Transaction, deed: str) -> str:
    return (
        f"{deed} may have arrived: no transaction carries its key, but transaction "
        f"{transaction.transaction_id} has these amounts and a note without any key, as if the note had been "
        f"lost. {way_out(sent)}"
    )


def _unexplained(sent: Sent, deed: str, now: Balances, units: Sequence[Unit]) -> str:
    numbers = words.three_numbers(sent.before, sent.expected, now, units)
    return (
        f"{deed} is not proven: no transaction carries its key, but the transactions since do not add up to "
        f"the balance. {numbers}. Verify again. If it stays so: {way_out(sent)}"
    )


def way_out(sent: Sent) -> str:
    """Return what a person can do about an operation that cannot be proven."""
    return words.way_out(sent.connection, sent.key, sent.page)
