"""Columns of a file: which mean what, with one unit and with several."""

import pytest

from sheetsync.core.accounts import Unit
from sheetsync.core.lines import HeaderProblem, columns_of

CREDITS = (Unit("credits", "Credits", 0),)
LAUNDRY = (Unit("balance", "Balance", 2), Unit("loyalty_points", "Loyalty Points", 0))


@pytest.mark.parametrize(
    ("header", "units", "columns"),
    [
        (("User ID", "Action", "Amount"), CREDITS, {"account_id": 0, "action": 1, "amount": 2}),
        (("E-Mail", "ACTION", "credits"), CREDITS, {"email": 0, "action": 1, "amount": 2}),
        (("user_id", "action", "Credits", "amount"), CREDITS, {"account_id": 0, "action": 1, "amount": 3}),
        (
            ("user_id", "action", "Change Balance", "loyalty points", "Whatever"),
            LAUNDRY,
            {"account_id": 0, "action": 1, "change_balance": 2, "change_loyalty_points": 3},
        ),
        (
            ("user_id", "Balance", "Loyalty Points", "action", "Change Balance", "Change Loyalty Points"),
            LAUNDRY,
            {"account_id": 0, "action": 3, "change_balance": 4, "change_loyalty_points": 5},
        ),
    ],
)
def test_names(header: tuple[str, ...], units: tuple[Unit, ...], columns: dict[str, int]) -> None:
    """By code or header, with or without Change; beside its own amounts a unit's column shows balances."""
    assert columns == columns_of(header, units, {})


@pytest.mark.parametrize(
    ("header", "given", "words"),
    [
        (("user_id", "action", "amount"), {}, "which unit"),
        (("user_id", "action"), {}, "no column with amounts"),
        (("user_id", "balance"), {}, "no column action"),
        (("action", "balance"), {}, "whose line"),
        (("user_id", "action", "balance", "Balance"), {}, "mean the same"),
        (("user_id", "action", "balance"), {"Nobody": "note"}, "no column “nobody”"),
        (("user_id", "action", "balance"), {"balance": "colour"}, "no field"),
    ],
)
def test_problems(header: tuple[str, ...], given: dict[str, str], words: str) -> None:
    """Each is told with what the file has."""
    with pytest.raises(HeaderProblem, match=words):
        columns_of(header, LAUNDRY, given)
