"""Rules 1 and 2: what counts belongs to the system, and only what counted is cleared.

Rule 1's clearing of single cells in a row of several units needs a system with several units.
"""

from pathlib import Path

from sheetsync.core.states import OperationState
from tests.contract.ledger_suite import MAKER, SYSTEM, Office, account, planned
from tests.rules.clerk import Clerk
from tests.stateful.kit import Town


def test_two_tabs_share_one_system(ana: Clerk, bo: Clerk, town: Town) -> None:
    """The same edit in two tabs counts once; another one typed against an older epoch is refused.

    Kept by ``core.diff._wanted``, whose keys hash the system and no connection, and by the epochs that
    ``ledger.verdicts.settle`` raises for the system (``_RAISE_EPOCH``).
    """
    for clerk in (ana, bo):
        clerk.add("1", 1000)
    assert {"1": "confirmed"} == ana.ship()
    assert "already_sent" == bo.seen("1")
    bo.add("1", 2000)
    assert "invalid" == bo.seen("1")
    assert {} == bo.ship()
    assert 21_000 == town.balance("1")


def test_what_counted_can_be_meant_again(ana: Clerk, town: Town) -> None:
    """After a confirmation the same edit, typed again, is a new one: its epoch has grown, exactly once."""
    for _ in range(2):
        ana.add("1", 1000)
        assert {"1": "confirmed"} == ana.ship()
    assert 22_000 == town.balance("1")
    assert 2 == len(ana.process.records())


def test_epochs_are_per_unit(tmp_path: Path) -> None:
    """A confirmed operation moves the epoch of its own unit and of no other.

    Kept by ``ledger.verdicts.settle``, which goes through the operation's units.
    """
    office = Office(f"sqlite:///{tmp_path / 'ledger.db'}")
    office.pull(account("7"))
    wanted = planned()
    office.send(office.lease(), wanted, OperationState.ACCEPTED)
    assert office.judge(wanted, OperationState.CONFIRMED, now=15, reading=2)
    epochs = office.ledger.accounts.baselines(SYSTEM, MAKER)["7"].epochs
    office.close()
    assert (1, 0) == (epochs.get("credits", 0), epochs.get("bonus", 0))


def test_an_edit_typed_meanwhile_stays(ana: Clerk, town: Town) -> None:
    """What stands in the row is cleared only if it is what was sent; else it stays, and the row says so.

    Kept by ``jobs.showing._patch``, which compares operation keys (``holding``).
    """
    ana.add("1", 1000)
    ana.process.visits["answered"] = lambda: ana.add("1", 3000)
    assert {"1": "confirmed"} == ana.ship()
    row = ana.row("1")
    assert ("Add", 3000, "Confirmed") == (row["Action"], row["Amount"], row["Status"])
    assert "comes on top" in str(row["Message"])
    assert "invalid" == ana.seen("1")
    assert 21_000 == town.balance("1")


def test_an_edit_typed_right_before_the_write_stays(ana: Clerk) -> None:
    """Between our read of the row and our write of it nothing is lost either.

    Kept by the patch's ``only_if`` in ``jobs.showing._patch``.
    """
    ana.add("1", 1000)
    plan = ana.plan()

    def after_answer() -> None:
        def second_write() -> None:
            ana.process.visits["tab"] = lambda: ana.add("1", 3000)

        ana.process.visits["tab"] = second_write

    ana.process.visits["answered"] = after_answer
    assert {"1": "confirmed"} == ana.push(plan)
    row = ana.row("1")
    assert ("Add", 3000) == (row["Action"], row["Amount"])


def test_what_was_cleared_is_in_the_ledger(ana: Clerk) -> None:
    """Action, amount, reason and note of a cleared row can be read again."""
    ana.paper.edit("1", "Add", 1000, reason="Promotion", note="for spring")
    ana.ship()
    assert (None, None, None, None) == tuple(
        ana.row("1")[each] for each in ("Action", "Amount", "Reason", "Note")
    )
    kept = ana.record("1")
    assert ("add", 1000, "Promotion", "for spring") == (
        kept.action,
        kept.units[0].amount,
        kept.reason,
        kept.note,
    )


def test_a_newer_status_is_not_overwritten(ana: Clerk, town: Town) -> None:
    """What one process showed while another one looked at the tab, stays.

    Kept by ``jobs.showing.unspoken``.
    """
    eve = Clerk(town, "eve", "shop")
    ana.add("1", 1000)
    assert {"1": "confirmation_required"} == ana.ship(check=False)
    ana.process.visits["tab"] = eve.verify
    ana.preview()
    assert ("Confirmed", None) == (ana.row("1")["Status"], ana.row("1")["Action"])


def test_an_older_result_is_shown_no_more(ana: Clerk, town: Town) -> None:
    """A process that is about to show “sent” finds that another one has proven it meanwhile."""
    eve = Clerk(town, "eve", "shop")
    ana.add("1", 1000)
    digest = ana.plan()
    ana.process.visits["tab"] = eve.verify
    ana.push(digest, check=False)
    assert ("Confirmed", None) == (ana.row("1")["Status"], ana.row("1")["Action"])
