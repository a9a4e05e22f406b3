"""UniBee where replies leave out all that the contract lets them leave out."""

from collections.abc import Iterator

import pytest

from tests.e2e.test_merchant import Desk, office
from tests.merchant import Merchant, Weather

__all__ = ["office"]


@pytest.fixture
def merchant() -> Iterator[Merchant]:
    """Open a merchant of few words."""
    with Merchant.of(130, bare=True) as merchant:
        merchant.people[110].credits.clear()
        yield merchant


def test_changes(office: Desk, merchant: Merchant) -> None:
    """Three actions and a lost answer work without totals, names, and a promo account of every user."""
    assert {"promo_eur": str(129 * 40)} == office.run("pull", "shop").json["totals"]
    table = office.table()
    assert (130, None) == (len(table), table["110"]["Promo EUR"])
    merchant.weather(103, Weather("drop"))
    office.edit(
        {
            "101": {"Action": "Add", "Amount": 25},
            "102": {"Action": "Reset", "Amount": 10},
            "103": {"Action": "Adjust", "Amount": -5, "Reason": "Correction"},
            "110": {"Action": "Add", "Amount": 3},
            "112": {"Action": "Reset", "Amount": 0},
        }
    )
    plan = office.run("preview", "shop").digest
    assert {"confirmed"} == set(office.run("push", "shop", "--plan", plan).statuses.values())
    assert [65, 10, 35, 3, 0] == [merchant.held(each) for each in (101, 102, 103, 110, 112)]
    office.sound()


def test_an_update_that_is_paid_with_credit(office: Desk, merchant: Merchant) -> None:
    """A subscription without a number, a quantity or a user of its own is found by its id."""
    merchant.subscribe(101)
    name = merchant.subscribe(101).name
    office.run("pull", "shop")
    office.edit({"101": {"Action": "Apply promo", "Amount": 20, "Subscription ID": name}})
    plan = office.run("preview", "shop")
    assert "Total to charge 22.99 EUR" in str(office.table()["101"]["Invoice preview"])
    row = office.run("push", "shop", "--plan", plan.digest, "--yes").rows["101"]
    assert ("confirmed", 20) == (row["status"], merchant.held(101))
    office.sound()
