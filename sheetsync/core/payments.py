"""What proves a change that pays an invoice with credit. Pure; errs on the side of not knowing.

Such a request has no room for the operation key. So what counts is what turned up after the quote: a payment
of exactly the credit that was agreed, or a pending update of the subscription that names it.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from sheetsync.core import words
from sheetsync.core.accounts import Balances, Transaction, Unit
from sheetsync.core.evidence import explained, too_early, way_out
from sheetsync.core.quotes import LAST_TRANSACTION, PENDING, Quote, Traces, quote_of
from sheetsync.core.states import OperationState
from sheetsync.core.verify import Policy, Sent, Verdict


def payments(sent: Sent, listed: Sequence[Transaction]) -> list[Transaction]:
    """Return the payments with the operation's unit that came after its quote."""
    code = sent.changes[0].unit
    return [each for each in _since_quote(sent, listed) if each.pays and code in each.changes]


def _since_quote(sent: Sent, listed: Sequence[Transaction]) -> list[Transaction]:
    quote = quote_of(sent.extras)
    mark = quote.marks.get(LAST_TRANSACTION, "") if quote is not None else ""
    return [each for each in listed if _is_newer(each, mark)]


def _is_newer(transaction: Transaction, mark: str) -> bool:
    return (len(transaction.transaction_id), transaction.transaction_id) > (len(mark), mark)


def by_payment(
    sent: Sent,
    listed: Sequence[Transaction],
    now: Balances,
    traces: Traces | None,
    *,
    read_at: datetime,
    policy: Policy,
    units: Sequence[Unit],
) -> Verdict:
    """Judge an operation that pays with credit.

    Args:
        sent: the operation, with its quote.
        listed: all transactions of the account since a day before the first attempt, oldest first.
        now: the balances, read before the transactions.
        traces: what the subscription shows; None if it is not listed.
        read_at: when the first of these reads started.
        policy: how long a lost request may still be running.
        units: of the credit system.
    """
    quote = quote_of(sent.extras)
    if quote is None:
        return Verdict(None, f"Its price is not known any more. {way_out(sent)}", _numbers(sent, now))
    case = _Case(sent, quote, listed, now, traces, read_at, units)
    proven = case.paid() or case.pending()
    if proven is not None:
        return proven
    due = sent.left_at + policy.settle_after
    if read_at < due and not quote.free:
        return Verdict(None, too_early(sent, due, "no payment shows it"))
    return case.not_proven()


@dataclass(frozen=True, slots=True)
class _Case:
    """One operation, and all that is known of it."""

    sent: Sent
    quote: Quote
    listed: Sequence[Transaction]
    now: Balances
    traces: Traces | None
    read_at: datetime
    units: Sequence[Unit]

    @property
    def code(self) -> str:
        return self.sent.changes[0].unit

    @property
    def deed(self) -> str:
        return words.deed(self.sent.action, self.sent.changes, self.units, self.sent.reason)

    @property
    def update(self) -> str:
        """The pending update that is new since the quote, or ""."""
        pending = "" if self.traces is None else self.traces.pending
        return "" if pending == self.quote.marks.get(PENDING, "") else pending

    def paid(self) -> Verdict | None:
        """Return what payments of exactly this amount prove, None if there are none."""
        mine = [
            each for each in payments(self.sent, self.listed) if each.changes[self.code] == -self.quote.used
        ]
        if len(mine) > 1:
            ids = ", ".join(each.transaction_id for each in mine)
            return self._open(
                f"{self.deed} is not proven: {len(mine)} payments of this amount came since ({ids})."
            )
        if not mine:
            return None
        payment, unit = mine[0], words.unit_of(self.code, self.units)
        moved = f"{unit.header} {words.signed(payment.changes[self.code], unit)}"
        proof = {
            "kind": "transaction",
            "id": payment.transaction_id,
            "changes": dict(payment.changes),
            "after": {self.code: None},
        }
        total = f"invoice total {self.quote.charge}"
        message = f"{self.deed}: transaction {payment.transaction_id}, {moved}, {total}"
        return Verdict(OperationState.CONFIRMED, message, proof)

    def pending(self) -> Verdict | None:
        """Return what a pending update proves that names this amount, None if there is none."""
        if not self.update or self.traces is None or self.quote.free:
            return None
        if self.quote.used not in self.traces.carries:
            return None
        total = f"invoice total {self.quote.charge}"
        message = f"{self.deed}: pending update {self.update} carries it, {total}"
        return Verdict(OperationState.CONFIRMED, message, {"kind": "transaction", "id": self.update})

    def not_proven(self) -> Verdict:
        """Return the verdict where nothing proves that it arrived."""
        if self.quote.free:
            return self._open(f"{self.deed}: {FREE}")
        if self.update:
            return self._open(
                f"{self.deed} may have arrived: pending update {self.update} of the subscription is new, and "
                "does not say how much credit it uses."
            )
        if self._left_nothing():
            message = (
                f"Not applied: {self.deed} did not arrive. No payment came, the subscription has no new "
                "update and no new invoice, and all transactions since add up to the balance of now. Safe "
                "to push again."
            )
            return Verdict(OperationState.NOT_APPLIED, message, _numbers(self.sent, self.now))
        said = "was accepted" if self.sent.state is OperationState.ACCEPTED else "may have arrived"
        return self._open(f"{self.deed} {said}, and no payment of this amount proves it.")

    def _open(self, why: str) -> Verdict:
        numbers = words.three_numbers(self.sent.before, self.sent.expected, self.now, self.units)
        return Verdict(None, f"{why} {numbers}. {way_out(self.sent)}", _numbers(self.sent, self.now))

    def _left_nothing(self) -> bool:
        """Whether a request whose answer was lost has left no trace at all."""
        lost = self.sent.state is OperationState.UNKNOWN and self.traces is not None
        if not lost or self.traces is None or payments(self.sent, self.listed):
            return False
        same = all(self.quote.marks.get(name, "") == value for name, value in self.traces.marks.items())
        seen = {code: self.now.get(code) for code in self.sent.expected}
        # what was there before the quote is in the balance before, whatever its time says
        return same and explained(self.sent, _since_quote(self.sent, self.listed), seen, self.read_at)


FREE = (
    "the invoice is zero, and such an update is only stored for the next invoice, so that nothing proves it "
    "now."
)
"""Said of an update that charges nothing."""


def _numbers(sent: Sent, now: Balances) -> dict[str, object]:
    before = {code: sent.before.get(code) for code in sent.expected}
    seen = {code: now.get(code) for code in sent.expected}
    return {"kind": "balance", "before": before, "after": dict(sent.expected), "now": seen}
