"""Guests who pay at the machine stand in FasCard's transactions, too, without a user account."""

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from sheetsync.ports import Narrowed
from sheetsync.sandbox import Sandbox
from tests.contract.test_provider_fascard import FasCardRig

SINCE = datetime.now(UTC) - timedelta(days=1)


@pytest.fixture
def rig(tmp_path: Path) -> Iterator[FasCardRig]:
    """Four purchases of customers, four of guests, four of another account."""
    switches = {"guest_purchases": True, "foreign_records": True}
    with Sandbox(dialect="fascard", users=9, switches=switches) as sandbox:
        for number in (6, 7, 8, 9):
            sandbox.book.top_up(str(number), "bonus", 10)
        rig = FasCardRig(sandbox, tmp_path / "password")
        yield rig
        rig.close()


@pytest.mark.parametrize("account_id", ["12", "F0002"])
def test_guests_prove_nothing_and_disturb_nothing(rig: FasCardRig, account_id: str) -> None:
    """Everybody's transactions, and those of many: customers' only, each once."""
    provider = rig.provider(account_id=account_id)
    for asked in (None, {"6", "7", "8", "9"}):
        found = list(provider.transactions(asked, SINCE))
        assert ["6", "7", "8", "9"] == sorted(each.account_id for each in found)


@pytest.mark.parametrize("account_id", ["12", "F0002"])
def test_a_report_shows_them(rig: FasCardRig, account_id: str) -> None:
    """With what they paid, and without a user."""
    reports = rig.provider(account_id=account_id).reports()
    headers = [
        column.header
        for info in reports.catalogue()
        if info.name == "transactions"
        for column in info.columns
    ]
    rows = reports.rows("transactions", Narrowed(), progress=lambda _: None, warn=pytest.fail)
    found = [dict(zip(headers, row, strict=True)) for row in rows]
    assert [None, "9", None, "8", None, "7", None, "6"] == [row["User ID"] for row in found]
    assert {"4242", None} == {row["Credit card ends in"] for row in found}


def test_a_deleted_user_does_not_hide_a_laundry(rig: FasCardRig) -> None:
    """The newest transactions are of somebody who is gone: the store id still finds its account."""
    rig.sandbox.book.close("9")
    provider = rig.provider(account_id="F0002")
    found = list(provider.transactions(None, SINCE))
    assert ["6", "7", "8", "9"] == sorted(each.account_id for each in found)
