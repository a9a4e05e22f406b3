"""What is read to prove a change that pays an invoice, beside the transactions."""

from collections.abc import Sequence

from sheetsync.core.accounts import Action, Operation, Transaction
from sheetsync.core.payments import payments
from sheetsync.core.quotes import PENDING, Traces, quote_of
from sheetsync.errors import ProviderError, RejectedError, RetryableError
from sheetsync.jobs import telling
from sheetsync.jobs.desk import Desk
from sheetsync.ports import OperationRecord
from sheetsync.ports.quoting import Quoting


def has_price(desk: Desk, record: OperationRecord) -> bool:
    """Whether it is an operation that pays an invoice, and is proven by the payment."""
    return Action(record.action) in desk.rules.capabilities.quotes


def traces_of(desk: Desk, record: OperationRecord) -> Traces | str | None:
    """Return what shows beside transactions, or the sentence that says why it could not be read.

    Raises:
        ProviderError: the credit system could not be reached.
    """
    if not isinstance(desk.provider, Quoting):
        return None
    operation = Operation(
        record.key,
        record.account_id,
        record.email,
        Action(record.action),
        telling.changes(record),
        extras=record.extras,
    )
    try:
        return desk.provider.traces(operation)
    except RejectedError as error:
        return f"Not proven: the subscription could not be read. {error.message} {error.hint}".strip()
    except RetryableError as error:
        if not error.reached:
            raise ProviderError(error.message, hint=error.hint) from error
        return f"Not proven yet: the subscription could not be read. {error.message}"


def paid_meanwhile(desk: Desk, record: OperationRecord, listed: Sequence[Transaction]) -> str | None:
    """Return why a payment may not be asked for once more: something that looks like it has turned up.

    Raises:
        ProviderError: the credit system could not be reached.
    """
    since = payments(telling.sent(desk, record), listed)
    if since:
        ids = ", ".join(each.transaction_id for each in since)
        return f"Not sent: the user has paid with promo credit since the first attempt (transaction {ids})."
    traces, quote = traces_of(desk, record), quote_of(record.extras)
    if isinstance(traces, str):
        return f"Not sent: an earlier attempt has to be looked for first. {traces}"
    if traces is not None and quote is not None and traces.pending not in ("", quote.marks.get(PENDING, "")):
        return (
            f"Not sent: the subscription has a new pending update since the first attempt ({traces.pending})."
        )
    return None
