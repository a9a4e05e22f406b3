"""Money as UniBee writes it: whole numbers of a currency's smallest coin."""

from decimal import Decimal

NO_CENTS = frozenset(
    ("BIF", "CLP", "DJF", "GNF", "JPY", "KMF", "KRW", "PYG", "RWF", "UGX", "VND", "VUV", "XAF", "XOF", "XPF")
)
"""Currencies without a smaller coin (ISO 4217)."""

THOUSANDTHS = frozenset(["BHD", "IQD", "JOD", "KWD", "LYD", "OMR", "TND"])
"""Currencies whose smallest coin is a thousandth (ISO 4217)."""


def cents(minor: int, currency: str) -> str:
    """Return an amount for people: ``1999`` of ``EUR`` is ``19.99 EUR``."""
    places = 0 if currency in NO_CENTS else 3 if currency in THOUSANDTHS else 2
    return f"{Decimal(minor).scaleb(-places):f} {currency}"
