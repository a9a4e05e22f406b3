"""Prices: asked for in a preview, and once more before anything of the plan is sent. Moves nothing."""

from collections.abc import Iterable, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace

from sheetsync.core.accounts import Operation, resulting
from sheetsync.core.decide import Planned, RowResult
from sheetsync.core.quotes import Quote, quote_of, quoted
from sheetsync.core.states import RowStatus
from sheetsync.errors import ChargeError, ProviderError, RejectedError, RetryableError, StalePlanError
from sheetsync.jobs.desk import Desk
from sheetsync.ports import StoredPlan
from sheetsync.ports.quoting import Quoting

Answer = Quote | str
"""A price, or the sentence that says why there is none."""

DEDUCTED_AT_ONCE = "The credit is deducted at once, and the customer is charged the rest."

STORED = "Nobody is charged now, and the credit may be deducted at once, or with the next invoice."
"""Said of a price of zero."""


def priced(desk: Desk, results: tuple[RowResult, ...]) -> tuple[RowResult, ...]:
    """Return rows with the price of every valid one that has one; no price, and it is invalid.

    Raises:
        ProviderError: the credit system could not be reached.
    """
    places = [place for place, row in enumerate(results) if _has_price(desk, row)]
    made = list(results)
    for place, answers in zip(places, _ask_all(desk, [made[each] for each in places]), strict=True):
        made[place] = _priced(made[place], answers)
    return tuple(made)


def ask_again(desk: Desk, waiting: Sequence[Planned]) -> list[Planned]:
    """Return the operations with what their price and their account show now.

    Raises:
        StalePlanError: a price is not the one that was previewed; nothing was sent.
        ProviderError: the credit system could not be reached.
    """
    fresh, moved = [], []
    for each in waiting:
        old = quote_of(each.operation.extras)
        if old is None:
            fresh.append(each)
            continue
        answer = _ask(desk, each.operation)
        if isinstance(answer, str) or answer.terms != old.terms:
            now = answer if isinstance(answer, str) else f"it is {answer.charge} now."
            moved.append((each.operation.account_id, f"{old.charge} was previewed; {now}"))
        else:
            fresh.append(replace(each, operation=quoted(each.operation, answer)))
    if moved:
        named = "; ".join(f"user {account_id}: {what}" for account_id, what in moved[:10])
        raise StalePlanError(
            f"The plan is stale: an invoice is not the one that was previewed ({named}) Nothing was sent.",
            hint=f"Preview again: sheetsync preview {desk.name}",
            details={"rows": [account_id for account_id, _ in moved]},
        )
    return fresh


def charges(planned: Iterable[Planned]) -> list[dict[str, str]]:
    """Return what the customers would be charged, one entry for each operation that charges anything."""
    return [
        {
            "account_id": each.operation.account_id,
            "operation": each.operation.key,
            "charge": each.operation.extras["charge"],
        }
        for each in planned
        if (quote := quote_of(each.operation.extras)) is not None and not quote.free
    ]


def refuse_unagreed(desk: Desk, waiting: Sequence[Planned], digest: str, *, is_agreed: bool) -> None:
    """Refuse to charge anybody before a person has agreed to exactly these amounts.

    Raises:
        ChargeError: names them; nothing was sent.
    """
    asked = charges(waiting)
    if asked and not is_agreed:
        raise not_agreed(desk.name, digest, asked)


def refuse_charges(name: str, stored: StoredPlan, *, is_agreed: bool) -> None:
    """Refuse to let a push wait for a worker before a person has agreed to what the plan charges.

    Raises:
        ChargeError: names the amounts.
    """
    asked = stored.body.get("shown", {}).get("charges", [])
    if asked and not is_agreed:
        raise not_agreed(name, stored.digest, asked)


def not_agreed(name: str, digest: str, asked: Sequence[dict[str, str]]) -> ChargeError:
    """Return the refusal to charge anybody unasked."""
    return ChargeError(
        f"This plan charges customers: {told(asked)}. {DEDUCTED_AT_ONCE} Nothing was sent.",
        hint=f"Agree to it: sheetsync push {name} --plan {digest} --yes",
        details={"charges": list(asked)},
    )


def told(asked: Sequence[dict[str, str]]) -> str:
    """Return charges in words: ``user 7 19.99 EUR, user 9 5.00 EUR``."""
    named = ", ".join(f"user {each['account_id']} {each['charge']}" for each in asked[:10])
    return named + (f" and {len(asked) - 10} more" if len(asked) > 10 else "")


def _has_price(desk: Desk, row: RowResult) -> bool:
    return (
        row.status is RowStatus.EDITED and bool(row.planned) and row.action in desk.rules.capabilities.quotes
    )


def _ask_all(desk: Desk, rows: Sequence[RowResult]) -> list[list[Answer]]:
    if not rows:
        return []

    def ask(row: RowResult) -> list[Answer]:
        return [_ask(desk, each.operation) for each in row.planned]

    with ThreadPoolExecutor(desk.limits.parallel_requests) as pool:
        found = []
        for done, answers in enumerate(pool.map(ask, rows), start=1):
            found.append(answers)
            desk.report("Asking for prices", done, len(rows))
        return found


def _ask(desk: Desk, operation: Operation) -> Answer:
    if not isinstance(desk.provider, Quoting):
        return "This credit system says no price, so nothing is sent."
    try:
        return desk.provider.quote(operation)
    except RejectedError as error:
        if error.everything:
            raise ProviderError(error.message, hint=error.hint) from error
        return f"{error.message} {error.hint}".strip()
    except RetryableError as error:
        if not error.reached:
            raise ProviderError(error.message, hint=error.hint) from error
        return f"The invoice could not be previewed now: {error.message} Nothing is sent."


def _priced(row: RowResult, answers: Sequence[Answer]) -> RowResult:
    problem = next((answer for answer in answers if isinstance(answer, str)), None)
    if problem is not None:
        return replace(row, status=RowStatus.INVALID, message=problem, planned=())
    quotes = [answer for answer in answers if isinstance(answer, Quote)]
    planned = tuple(_with(each, quote) for each, quote in zip(row.planned, quotes, strict=True))
    shown = dict(row.shown)
    for each in planned:
        for code, after in each.after.items():
            shown[code] = (shown[code][0], each.before.get(code), after)
    price = " ".join(quote.words for quote in quotes)
    told_now = " ".join(f"Charges {quote.charge}." for quote in quotes)
    then = STORED if all(quote.free for quote in quotes) else DEDUCTED_AT_ONCE
    message = f"{told_now} {then} {row.message}".strip()
    return replace(row, planned=planned, shown=shown, price=price, message=message)


def _with(planned: Planned, quote: Quote) -> Planned:
    operation = quoted(planned.operation, quote)
    return replace(planned, operation=operation, after=resulting(operation, planned.before))
