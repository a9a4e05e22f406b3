"""Invoices that UniBee previews: which credit they use, and what is said of it."""

from typing import Any

import pytest

from sheetsync.errors import RejectedError
from sheetsync.providers.unibee.invoices import Invoice


def invoice(**fields: Any) -> Invoice:  # noqa: ANN401 - JSON
    """Return the invoice of a preview that was asked for with 20 credits."""
    return Invoice({"invoice": {"totalAmount": 1999, "currency": "EUR", **fields}}, "EUR", 20)


def test_credit_that_is_not_stated() -> None:
    """A discount without a number of credits counts as all that was asked, and is called a bound."""
    made = invoice(promoCreditDiscountAmount=150)
    assert 20 == made.used
    assert "Promo credit used: up to 20, worth 1.50 EUR." in made.words(20)


def test_credit_that_is_stated() -> None:
    """The payout says it, else the transaction."""
    assert 15 == invoice(promoCreditPayout={"creditAmount": 15}, promoCreditDiscountAmount=150).used
    assert 15 == invoice(promoCreditTransaction={"deltaAmount": -15}).used


@pytest.mark.parametrize("fields", [{}, {"promoCreditDiscountAmount": 0}])
def test_no_credit(fields: dict[str, int]) -> None:
    """An update that would use none is refused."""
    with pytest.raises(RejectedError, match="would use no promo credit"):
        invoice(**fields)
