"""Reconcile: every way in which ledger, credit system and tab can differ is told, with its likely cause."""

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from sheetsync.jobs.reconcile import csv_rows, reconcile, reconciled_json
from sheetsync.sandbox.book import Person
from tests.laundry import Weather
from tests.rules.clerk import Clerk
from tests.rules.laundromat import Counter
from tests.stateful.kit import Town


def told(clerk: Clerk | Counter) -> dict[str, Any]:
    """Return what a reconcile says; it changes neither tab nor ledger nor credit system."""
    path = clerk.process.path if isinstance(clerk, Clerk) else clerk.path
    before = path.read_bytes()
    reading = clerk.desk.ledger.accounts.reading(clerk.desk.system)
    found = reconciled_json(clerk.desk, reconcile(clerk.desk))
    assert before == path.read_bytes()
    assert reading == clerk.desk.ledger.accounts.reading(clerk.desk.system)
    assert len(found["differences"]) == sum(found["counts"].values())
    return found


def causes(clerk: Clerk | Counter) -> set[tuple[str, str]]:
    """Return (account, cause) of every difference."""
    return {(each["account_id"], each["cause"]) for each in told(clerk)["differences"]}


def test_nothing(ana: Clerk) -> None:
    """Right after a pull, and with an edit that was not sent, all sides say the same."""
    ana.add("1", 250)
    found = told(ana)
    assert ([], 3, 3) == (found["differences"], found["accounts"], found["rows"])
    assert "done" == ana.desk.ledger.runs.newest("shop", limit=1)[0].state


def test_spent_and_bought(ana: Clerk, town: Town) -> None:
    """A balance that fell was spent, one that rose was bought or changed there."""
    town.book.spend("1", "credits", 30)
    town.book.top_up("2", "credits", 40)
    found = {each["account_id"]: each for each in told(ana)["differences"]}
    assert ("spent", "19970", "20000") == tuple(found["1"][name] for name in ("cause", "system", "ledger"))
    assert "changed_by_others" == found["2"]["cause"]
    assert "+40" in found["2"]["message"]
    ana.pull()
    assert set() == causes(ana)


def test_unsettled(ana: Clerk, town: Town) -> None:
    """What is not proven is named, whether it seems to have counted or not."""
    ana.without_canaries()
    town.fault("drop_after", "1")
    town.fault("drop_before", "2")
    ana.add("1", 250)
    ana.add("2", 250)
    ana.ship(check=False)
    found = {each["account_id"]: each for each in told(ana)["differences"]}
    assert {"1", "2"} == set(found)
    assert {"operation_unsettled"} == {each["cause"] for each in found.values()}
    assert "seems to have counted" in found["1"]["message"]
    assert ana.record("2").key in found["2"]["message"]


def test_taken_back_there(ana: Clerk, town: Town) -> None:
    """The balance is that from before our change: as after a restored backup of the credit system."""
    ana.add("1", 250)
    ana.ship()
    town.book.set_to("1", "credits", 20_000)
    assert {("1", "change_gone")} == causes(ana)


def test_accounts_come_and_go(ana: Clerk, town: Town) -> None:
    """New, gone, back and renamed."""
    gone = town.book.person("3")
    town.book.close("3")
    town.book.open(Person("4", "new@example.com", "New"), {"credits": 5})
    assert {("3", "account_gone"), ("4", "account_new")} == causes(ana)
    ana.pull()
    assert set() == causes(ana)
    town.book.open(gone, {"credits": 20_000})
    assert {("3", "account_back")} == causes(ana)


def test_rows(ana: Clerk) -> None:
    """A row deleted, doubled, made up, with a damaged Key, or sorted away from its identity."""
    first, second, third = ana.paper.rows()
    ana.paper.put([first, dict(first), second, {"User ID": "99", "Credits": 4}])
    assert {("1", "row_doubled"), ("99", "row_unknown"), ("3", "row_missing")} == causes(ana)
    ana.paper.put([first, {**second, "Key": third["Key"]}, {**third, "Key": "x"}])
    assert {("2", "row_shuffled"), ("3", "key_damaged")} == causes(ana)
    ana.pull()
    assert set() == causes(ana)


def test_typed_over(ana: Clerk) -> None:
    """A balance typed over is told from one that is only old."""
    ana.paper.type("1", {"Credits": 77})
    (found,) = told(ana)["differences"]
    assert ("balance_overtyped", "77", "20000") == (found["cause"], found["tab"], found["ledger"])


def test_an_old_copy(ana: Clerk, bo: Clerk, town: Town) -> None:
    """A tab from before another connection's pull, or from before a push, is older than the ledger."""
    copy = ana.process.path.read_bytes()
    town.book.spend("1", "credits", 30)
    bo.pull()
    (found,) = told(ana)["differences"]
    assert ("1", "tab_older", "20000", "19970") == tuple(
        found[name] for name in ("account_id", "cause", "tab", "ledger")
    )
    ana.pull()
    ana.add("2", 250)
    ana.ship()
    Path(ana.process.path).write_bytes(copy)
    assert {("1", "tab_older"), ("2", "tab_older")} == causes(ana)


def test_a_restored_ledger(town: Town) -> None:
    """A Key newer than the ledger says that the ledger was restored."""
    backup = (town.folder / "ledger.db").read_bytes()
    ana = Clerk(town, "ana", "shop")
    ana.add("1", 250)
    ana.ship()
    ana.process.close()
    (town.folder / "ledger.db").write_bytes(backup)
    assert ("1", "ledger_restored") in causes(Clerk(town, "ana", "shop"))


def test_csv(ana: Clerk, town: Town) -> None:
    """A line for each difference."""
    town.book.spend("1", "credits", 30)
    (row,) = csv_rows(told(ana))
    assert ["spent", "credits", "19970", "20000", None, None] == row[2:8]


@pytest.fixture
def counter() -> Iterator[Counter]:
    """Open a laundry."""
    with Counter() as counter:
        yield counter


def test_transactions_explain(counter: Counter) -> None:
    """Where the credit system lists transactions, those that add up to the movement are named."""
    counter.laundry.spend(1001, 150)
    counter.laundry.spend(1001, 100)
    (found,) = told(counter)["differences"]
    assert ("spent", "balance") == (found["cause"], found["unit"])
    assert "(-1.50)" in found["message"]
    assert "(-1.00)" in found["message"]


def test_another_ledger(counter: Counter) -> None:
    """A transaction with a key that this ledger does not know is somebody else's Sheetsync."""
    note = "ss:7ZZZZZZZZZZZZZZZZZZZ Goodwill"
    body = {"Balance": 5, "TransType": 3, "TransSubType": 1, "AdditionalInfo": note}
    counter.laundry.carry_out(1001, body, Weather())
    (found,) = told(counter)["differences"]
    assert "another_ledger" == found["cause"]
    assert "7ZZZZZZZZZZZZZZZZZZZ" in found["message"]
