"""The invoice that UniBee previews for a subscription update: what it charges, the credit that it uses."""

from collections.abc import Mapping
from typing import Any, TypeGuard

from sheetsync.errors import RejectedError
from sheetsync.providers.unibee.money import cents
from sheetsync.providers.unibee.records import MalformedError, Record, text, whole

AMOUNT_MOST = 2**31 - 1
"""Largest ``int32``: what ``applyPromoCreditAmount`` and ``prorationDate`` take."""

TOTAL, CURRENCY, CREDIT = "total", "currency", "credit"
"""Terms of a quote: what a person agrees to."""

PRORATION = "proration_date"
"""Goes along: with the same moment, the same part of the period is charged."""


class Invoice:
    """What ``update_preview`` answers; amounts of money in the currency's smallest coin."""

    def __init__(self, data: Record, currency: str, asked: int) -> None:
        invoice = data.get("invoice")
        if not isinstance(invoice, Mapping):
            raise MalformedError("a preview without an invoice")
        self._invoice = invoice
        self._currency = (text(data, "currency") or text(invoice, "currency") or currency).upper()
        self.total = (
            whole(data, "totalAmount")
            if data.get("totalAmount") is not None
            else whole(invoice, "totalAmount")
        )
        if self._currency != currency:
            raise RejectedError(
                f"The invoice is in {self._currency}: credit in {currency} cannot pay for it."
            )
        stated = self._used()
        self._is_stated = stated is not None
        self.used = asked if stated is None else stated
        if data.get("applyPromoCredit") is False or self.used == 0:
            said = text(data, "discountMessage")
            raise RejectedError(
                f"UniBee would use no promo credit for this update{f': {said}' if said else ''}."
            )
        if not 0 < self.used <= asked or self.total < 0:
            raise MalformedError("a preview that uses more promo credit than was asked for")
        proration = data.get("prorationDate")
        self.along = (
            {PRORATION: str(proration)}
            if isinstance(proration, int) and not isinstance(proration, bool) and 0 < proration <= AMOUNT_MOST
            else {}
        )

    def _used(self) -> int | None:
        """Return the credit that the invoice uses; None if it uses some and does not say how much.

        Then it is taken for all that was asked: less is never proven by a payment of that.
        """
        payout, transaction = (
            self._invoice.get(name) for name in ("promoCreditPayout", "promoCreditTransaction")
        )
        if isinstance(payout, Mapping) and payout.get("creditAmount") is not None:
            return abs(whole(payout, "creditAmount"))
        if isinstance(transaction, Mapping) and transaction.get("deltaAmount") is not None:
            return abs(whole(transaction, "deltaAmount"))
        discount = self._invoice.get("promoCreditDiscountAmount")
        return None if is_whole(discount) and discount > 0 else 0

    @property
    def charge(self) -> str:
        """The total, with its currency."""
        return self._money(self.total)

    @property
    def terms(self) -> dict[str, str]:
        """What a person agrees to."""
        return {TOTAL: str(self.total), CURRENCY: self._currency, CREDIT: str(self.used)}

    def words(self, asked: int) -> str:
        """Return the invoice in words and numbers."""
        account, payout, transaction = (
            found if isinstance(found := self._invoice.get(name), Mapping) else {}
            for name in ("promoCreditAccount", "promoCreditPayout", "promoCreditTransaction")
        )
        discount, partial = (
            self._invoice.get(name) for name in ("promoCreditDiscountAmount", "partialCreditPaidAmount")
        )
        worth = payout.get("currencyAmount", discount)
        asked_for = f" of {asked} asked" if asked != self.used else ""
        bound = "" if self._is_stated else "up to "
        used = [
            f"{bound}{self.used}{asked_for}",
            *([f"worth {self._money(worth)}"] if is_whole(worth) else []),
        ]
        used += _from(account)
        parts = [
            f"Total to charge {self.charge}.",
            f"Promo credit used: {', '.join(used)}.",
            self._named("Discount", discount),
            self._named("Paid by credit", partial),
            f"Promo transaction {moved:+d}." if is_whole(moved := transaction.get("deltaAmount")) else "",
        ]
        return " ".join(part for part in parts if part)

    def _named(self, what: str, minor: object) -> str:
        return f"{what} {self._money(minor)}." if is_whole(minor) else ""

    def _money(self, minor: int) -> str:
        return cents(minor, self._currency)


def _from(account: Mapping[str, Any]) -> list[str]:
    """Return from which promo account, and what it holds."""
    if not is_whole(account.get("id")):
        return []
    held = f" holding {account['amount']}" if is_whole(account.get("amount")) else ""
    return [f"from promo account {account['id']}{held}"]


def is_whole(value: object) -> TypeGuard[int]:
    """Whether JSON holds a whole number."""
    return isinstance(value, int) and not isinstance(value, bool)
