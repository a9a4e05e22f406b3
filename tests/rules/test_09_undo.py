"""Rule 9: an undo takes back what is proven to have changed, once, whatever happened to the balance since."""

import pytest

from sheetsync.errors import BusyError, StalePlanError, UsageError
from sheetsync.jobs.push import push
from sheetsync.jobs.settle import resolve
from sheetsync.jobs.undo import undo
from sheetsync.ports import Run
from tests.rules.clerk import Clerk
from tests.stateful.kit import Town


def newest(clerk: Clerk) -> Run:
    """Return the run that began last."""
    return clerk.process.ledger.runs.newest("shop", limit=1)[0]


def ship(clerk: Clerk, *edits: tuple[str, str, int]) -> str:
    """Type edits, push them, and return the run."""
    for account, action, amount in edits:
        clerk.paper.edit(account, action, amount, reason="Correction")
    clerk.ship()
    return newest(clerk).run


def take_back(clerk: Clerk, run: str) -> dict[str, str]:
    """Undo a run and push that; return account → status."""
    digest = undo(clerk.desk, run=run)["plan"]["digest"]
    return {row["account_id"]: row["status"] for row in push(clerk.desk, digest)["rows"]}


def test_takes_back_every_action(ana: Clerk, town: Town) -> None:
    """The balances are those of before; the run that did it is an undo."""
    run = ship(ana, ("1", "Add", 1000), ("2", "Adjust", -500), ("3", "Reset", 5))
    assert dict.fromkeys("123", "confirmed") == take_back(ana, run)
    assert [20_000] * 3 == [town.balance(each) for each in "123"]
    assert ("undo", "done", 3) == (newest(ana).kind, newest(ana).state, newest(ana).done)


def test_what_the_customer_spent_since_stays_spent(ana: Clerk, town: Town) -> None:
    """It takes back a change, not a balance; not even between preview and push."""
    run = ship(ana, ("1", "Add", 1000), ("2", "Reset", 50_000))
    town.book.spend("1", "credits", 300)
    digest = undo(ana.desk, run=run)["plan"]["digest"]
    town.book.spend("2", "credits", 7)
    push(ana.desk, digest)
    assert (19_700, 19_993) == (town.balance("1"), town.balance("2"))


def test_cannot_be_done_twice(ana: Clerk, town: Town) -> None:
    """The second undo of a run finds every row sent, and a second push of its plan sends nothing."""
    run = ship(ana, ("1", "Add", 1000), ("2", "Add", 1000))
    first = undo(ana.desk, run=run)["plan"]["digest"]
    push(ana.desk, first)
    again = undo(ana.desk, run=run)
    assert ["already_sent"] * 2 == [row["status"] for row in again["plan"]["rows"]]
    push(ana.desk, again["plan"]["digest"])
    push(ana.desk, first)
    assert (20_000, 20_000) == (town.balance("1"), town.balance("2"))


def test_an_undo_can_be_undone(ana: Clerk, town: Town) -> None:
    """It is a change like any other; so is the undo of the undo."""
    run = ship(ana, ("1", "Add", 1000))
    take_back(ana, run)
    take_back(ana, newest(ana).run)
    assert 21_000 == town.balance("1")


def test_a_lost_undo_counts_once(ana: Clerk, town: Town) -> None:
    """Its answer lost, it is looked at, never sent again; what did not arrive may go again."""
    run = ship(ana, ("1", "Add", 1000))
    town.fault("drop_after", "1")
    assert {"1": "confirmation_required"} == take_back(ana, run)
    assert ["confirmation_required"] == [row["status"] for row in undo(ana.desk, run=run)["plan"]["rows"]]
    ana.wait(100)
    assert {"1": "confirmed"} == ana.verify()
    assert 20_000 == town.balance("1")


def test_edit_cells_stay(ana: Clerk) -> None:
    """Whatever a person has typed into the row by then is not cleared by an undo."""
    run = ship(ana, ("1", "Add", 1000))
    digest = undo(ana.desk, run=run)["plan"]["digest"]
    ana.paper.edit("1", "Adjust", -1000, reason="Correction")
    push(ana.desk, digest)
    row = ana.row("1")
    assert ("Adjust", -1000, "Confirmed") == (row["Action"], row["Amount"], row["Status"])


def test_what_is_not_proven_is_verified_first(ana: Clerk, town: Town) -> None:
    """An undo looks once more before it leaves something out."""
    ana.add("1", 1000)
    ana.ship(check=False)
    ana.add("2", 1000)
    town.fault("drop_after", "2")
    ana.ship(check=False)
    keys = [ana.record(each).key for each in "12"]
    found = undo(ana.desk, keys=keys)
    assert ["1"] == [row["account_id"] for row in found["plan"]["rows"]]
    assert [keys[1]] == [each["operation"] for each in found["skipped"]]
    assert "not proven yet" in found["skipped"][0]["message"]


def test_what_never_counted_is_left_out(ana: Clerk, town: Town) -> None:
    """There is nothing to take back."""
    ana.add("1", 1000)
    town.fault("drop_before", "1")
    ana.ship()
    ana.wait(100)
    ana.verify()
    found = undo(ana.desk, run=newest_push(ana))
    assert ([], 1) == (found["plan"]["rows"], len(found["skipped"]))


def newest_push(clerk: Clerk) -> str:
    """Return the newest push."""
    return next(each.run for each in clerk.process.ledger.runs.newest("shop") if each.kind == "push")


def test_a_reset_that_a_person_settled_is_left_out(ana: Clerk, town: Town) -> None:
    """Nobody knows what it changed; an Add is known by its amount."""
    for account, action in (("1", "Reset"), ("2", "Add")):
        ana.paper.edit(account, action, 700)
        town.fault("drop_after", account)
    ana.ship()
    keys = [ana.record(each).key for each in "12"]
    for key in keys:
        resolve(ana.desk, key, applied=True, reason="seen on the page")
    found = undo(ana.desk, keys=keys)
    assert [("2", "-700")] == [
        (row["account_id"], row["changes"]["credits"]["amount"]) for row in found["plan"]["rows"]
    ]
    assert [keys[0]] == [each["operation"] for each in found["skipped"]]


def test_what_would_go_below_zero_is_listed(ana: Clerk, town: Town) -> None:
    """Before anything is sent; the rest may go."""
    run = ship(ana, ("1", "Add", 1000), ("2", "Add", 1000))
    town.book.spend("1", "credits", 20_500)
    rows = {row["account_id"]: row for row in undo(ana.desk, run=run)["plan"]["rows"]}
    assert ("invalid", "edited") == (rows["1"]["status"], rows["2"]["status"])
    assert "below 0" in rows["1"]["message"]


def test_a_balance_that_was_pulled_since_makes_it_stale(ana: Clerk, town: Town) -> None:
    """As with any plan, what it rests on must still be so."""
    run = ship(ana, ("1", "Add", 1000))
    digest = undo(ana.desk, run=run)["plan"]["digest"]
    town.book.spend("1", "credits", 300)
    ana.pull()
    assert isinstance(ana.refused(digest), StalePlanError)


def test_single_operations(ana: Clerk, town: Town) -> None:
    """Only those named are taken back."""
    ship(ana, ("1", "Add", 1000), ("2", "Add", 1000))
    digest = undo(ana.desk, keys=[ana.record("2").key])["plan"]["digest"]
    push(ana.desk, digest)
    assert (21_000, 20_000) == (town.balance("1"), town.balance("2"))


def test_names_what_is_there(ana: Clerk) -> None:
    """A run or an operation that is not this connection's is refused, and so is nothing at all."""
    run = ship(ana, ("1", "Add", 1000))
    for wrong in ({"run": "01HZZZ"}, {"keys": ["NOSUCHKEY"]}, {"run": run, "keys": ["NOSUCHKEY"]}, {}):
        with pytest.raises(UsageError):
            undo(ana.desk, **wrong)


def test_a_run_under_way_is_not_undone(ana: Clerk) -> None:
    """It would be undone in part."""
    ana.add("1", 1000)
    found: list[BaseException] = []

    def look() -> None:
        eve = Clerk(ana.town, "eve", "shop")
        ana.process.ledger.runs.beat(ana.process.me())
        try:
            undo(eve.desk, run=newest(ana).run)
        except BusyError as error:
            found.append(error)

    ana.process.visits["before"] = look
    ana.ship()
    assert 1 == len(found)


def test_a_reset_that_sent_nothing_took_nothing(ana: Clerk, town: Town) -> None:
    """The customer had topped up to the target before the push: that is theirs, whatever the preview saw."""
    ana.paper.edit("1", "Reset", 20_500)
    digest = ana.plan()
    town.book.top_up("1", "credits", 500)
    assert {"1": "confirmed"} == ana.push(digest)
    assert [] == town.witness.arrived
    found = undo(ana.desk, keys=[ana.record("1").key])
    assert ([], ["It changed nothing."]) == (
        found["plan"]["rows"],
        [each["message"] for each in found["skipped"]],
    )


def test_slips_in_an_undo(ana: Clerk, town: Town) -> None:
    """An undo that changes many times what is usual is pointed out; series are none: nobody typed them."""
    for amount in (10, 11, 12):
        ship(ana, ("1", "Add", amount))
    run = ship(ana, ("1", "Add", 4000))
    (said,) = undo(ana.desk, run=run)["warnings"]
    assert said.startswith("User 1: 4000 is 363 × this user's usual change (11)")
    assert 24_033 == town.balance("1")
