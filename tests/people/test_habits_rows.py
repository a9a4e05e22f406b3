"""What people do to rows, columns and copies: each test is one habit, with the sentence they read.

Google's own (several accounts open, personal filter views), the add-on's and a CSV file's habits are no
matter of a workbook, and are not here.
"""

import shutil

import pytest

from sheetsync.cli import printing
from sheetsync.core.accounts import Action
from sheetsync.errors import ApprovalError, BusyError, LayoutError, SheetsyncError, StalePlanError
from sheetsync.jobs.approve import approve
from sheetsync.jobs.desk import Limits
from sheetsync.jobs.fill import fill
from sheetsync.jobs.push import push
from sheetsync.sandbox.book import Person
from tests.e2e.harness import headers, places
from tests.e2e.test_rows import reverse
from tests.people.desk import Ana, printed
from tests.stateful.kit import Town


def agree(_found: object) -> None:
    """Say yes."""


def test_sort_one_column_and_not_the_rest(ana: Ana, town: Town) -> None:
    """The Key no longer fits the identity cells: the rows look shuffled, nothing is sent."""
    ana.add("1", 5)
    book, tab = ana.open()
    reverse(tab, ("User ID",))
    book.save(ana.path)
    rows = ana.sees()["plan"]["rows"]
    assert {("invalid", True, True)} == {
        (row["status"], "rows look shuffled" in row["message"], "nothing is sent" in row["message"])
        for row in rows
    }
    assert {} == ana.ship()
    assert [] == town.witness.arrived


def test_sort_insert_and_delete_while_a_push_writes(ana: Ana) -> None:
    """Rows are found by id when they are written, wherever they stand by then."""
    ana.type({"1": {"Action": "Add", "Amount": 5}, "4": {"Action": "Add", "Amount": 6}})

    def sort() -> None:
        book, tab = ana.open()
        reverse(tab)
        tab.insert_rows(3)
        tab.delete_rows(places(tab)["2"])
        book.save(ana.path)

    plan = ana.plan()
    ana.process.visits["answered"] = sort
    assert {"1": "confirmed", "4": "confirmed"} == ana.push(plan)
    assert ("Confirmed", 45, None) == tuple(ana.row("1")[name] for name in ("Status", "Credits", "Action"))
    assert ("Confirmed", 46, None) == tuple(ana.row("4")[name] for name in ("Status", "Credits", "Action"))
    assert (None, 40) == (ana.row("3")["Status"], ana.row("3")["Credits"])
    assert {} == ana.ship()


def test_push_twice(ana: Ana, town: Town) -> None:
    """The same plan again, or an old copy of the tab: Already sent, by whom, and how it ended."""
    ana.type({"1": {"Action": "Add", "Amount": 5}})
    copy = ana.path.with_name("copy.xlsx")
    shutil.copy(ana.path, copy)
    plan = ana.plan()
    assert {"1": "confirmed"} == ana.push(plan)
    assert {"1": "confirmed"} == ana.push(plan)
    shutil.copy(copy, ana.path)
    status, message = ana.told("1")
    assert "Already sent" == status
    assert all(part in message for part in ("Added 5", "sent 2026-03-12", "by cli:ana", "balance 40 → 45"))
    assert {} == ana.ship()
    assert 1 == len(town.witness.arrived)


def test_push_while_a_colleague_pushes(ana: Ana, town: Town) -> None:
    """One push at a time: who pushes, how many rows, how far; nothing is sent by the second."""
    ana.type({account: {"Action": "Add", "Amount": 5} for account in ("1", "2", "3")})
    ben = Ana(town, "ben", "shop")
    plan, seen = ana.plan(), []

    def collide() -> None:
        with pytest.raises(BusyError) as refused:
            push(ben.desk, plan)
        seen.append(refused.value)

    ana.process.visits["before"] = collide
    assert {"confirmed"} == set(ana.push(plan).values())
    assert "cli:ana is pushing 3 rows, 0 % done" in seen[0].message
    assert "Wait for it, then preview again" in seen[0].hint
    assert 3 == len(town.witness.arrived)


def test_run_it_all_again_after_a_partial_failure(ana: Ana, town: Town) -> None:
    """Unknown rows are verified first; only what is proven not to have arrived goes again."""
    ana.type({account: {"Action": "Add", "Amount": 5} for account in ("1", "2", "3")})
    town.fault("drop_before", "1")
    town.fault("drop_after", "2")
    assert {"1": "confirmation_required", "2": "confirmation_required", "3": "confirmed"} == ana.ship()
    assert "run sheetsync verify shop; if that cannot tell, settle operation" in ana.told("1")[1]
    assert {} == ana.ship()
    ana.wait(100)
    assert {"1": "not_applied", "2": "confirmed"} == ana.verify()
    assert "Safe to push again" in str(ana.row("1")["Message"])
    assert {"1": "confirmed"} == ana.ship()
    assert [45, 45, 45] == [town.balance(account) for account in ("1", "2", "3")]


def test_one_customer_on_two_rows(ana: Ana, town: Town) -> None:
    """Both are Invalid, each names the other's row, and nothing is summed."""
    ana.type({"1": {"Action": "Add", "Amount": 5}})
    book, tab = ana.open()
    tab.append([cell.value for cell in tab[2]])
    book.save(ana.path)
    rows = ana.sees()["plan"]["rows"]
    assert [(2, "row 16"), (16, "row 2")] == [
        (row["row"], other) for row, other in zip(rows, ("row 16", "row 2"), strict=True)
        if row["status"] == "invalid" and f"also stands in {other}:" in row["message"]
    ]  # fmt: skip
    assert {} == ana.ship()
    assert [] == town.witness.arrived


def test_push_rows_hidden_by_a_filter(ana: Ana) -> None:
    """Counted aloud by fill, preview and push; left out unless included."""
    ana.type({account: {"Amount": 5} for account in ("1", "2", "3")})
    ana.hide("2", "3")
    filled = fill(ana.desk, Action.ADD, reason="", agree=agree)
    assert (1, 1, 2) == (filled["rows"], filled["filled"], filled["hidden"])
    sentence = "2 changed rows are hidden by your filter and were left out."
    assert sentence in printed(printing.filling(filled))
    assert 2 == fill(ana.desk, Action.ADD, reason="", agree=agree, include_hidden=True)["filled"]
    ana.hide("2", "3")
    seen = ana.sees()
    assert (["1"], 2) == ([row["account_id"] for row in seen["plan"]["rows"]], seen["plan"]["hidden"])
    assert sentence in printed(printing.planned(seen["plan"]))
    pushed = push(ana.desk, seen["plan"]["digest"])
    assert (["1"], 2) == ([row["account_id"] for row in pushed["rows"]], pushed["hidden"])
    assert sentence in printed(printing.pushed(pushed, title="Push"))
    assert {"2": "confirmed", "3": "confirmed"} == ana.push(ana.preview(include_hidden=True).plan.digest)


def test_one_hidden_row_is_one(ana: Ana) -> None:
    """The sentence is right for one row, too."""
    ana.type({"2": {"Action": "Add", "Amount": 5}})
    ana.hide("2")
    assert "1 changed row is hidden by your filter and was left out." in printed(
        printing.planned(ana.sees()["plan"])
    )


def test_paste_over_dropdowns_and_formulas(ana: Ana) -> None:
    """What a preview reads is checked there, whatever the dropdown let through."""
    ana.type(
        {
            "1": {"Action": "Bonus", "Amount": 5},
            "2": {"Action": '=IF(TRUE,"Add","")', "Amount": 5},
            "3": {"Action": "Add", "Amount": "=A1"},
            "4": {"Credits": "=SUM(D2:D3)"},
        }
    )
    seen = {row["account_id"]: row["message"] for row in ana.sees()["plan"]["rows"]}
    assert {"1", "2", "3", "4"} == set(seen)
    assert "is not an action here: choose one of Add, Reset, Adjust" in seen["1"]
    assert "is not an action here" in seen["2"]
    assert "The amount is a formula: type the number itself" in seen["3"]
    assert "holds a formula" in seen["4"]


def test_rename_move_and_delete_headers(ana: Ana) -> None:
    """Moved columns are found by their header; a renamed or deleted one is named; so is a renamed tab."""
    ana.type({"1": {"Action": "Add", "Amount": 5}})
    book, tab = ana.open()
    tab.insert_cols(1, 2)
    tab.cell(1, 1).value = "Mine"
    book.save(ana.path)
    assert ["1"] == [row["account_id"] for row in ana.sees()["plan"]["rows"]]
    book, tab = ana.open()
    tab.cell(1, headers(tab)["Amount"]).value = "How much"
    book.save(ana.path)
    with pytest.raises(LayoutError, match="Amount"):
        ana.preview()
    book, tab = ana.open()
    tab.title = "Old"
    book.save(ana.path)
    with pytest.raises(SheetsyncError, match="Credits") as missing:
        ana.preview()
    assert 2 == missing.value.exit_code


def test_delete_rows(ana: Ana, town: Town) -> None:
    """Never a change; a pull brings them back; a tab that lost most of its rows can be stopped."""
    ana.type({"1": {"Action": "Add", "Amount": 5}})
    book, tab = ana.open()
    tab.delete_rows(places(tab)["2"], 11)
    book.save(ana.path)
    ana.desk = ana.process.with_desk(limits=Limits(5000, 1, 3, {}, {}, {}, {}, absent_percent=50))
    seen = ana.sees()
    assert ["1"] == [row["account_id"] for row in seen["plan"]["rows"]]
    assert "The tab has 3 rows for 14 users" in seen["plan"]["over_limits"][0]
    assert "limits.max_absent_percent" in ana.refused(seen["plan"]["digest"]).message
    assert [] == town.witness.arrived
    assert 14 == ana.pull()["accounts"]
    assert {"1": "confirmed"} == ana.ship()
    assert (40, None) == (ana.row("2")["Credits"], ana.row("2")["Status"])


def test_change_most_of_a_shop(ana: Ana) -> None:
    """A share of the users over the limit is not pushed; --account is not measured."""
    ana.type({str(number): {"Action": "Add", "Amount": 5} for number in range(1, 5)})
    ana.desk = ana.process.with_desk(limits=Limits(5000, 1, 3, {}, {}, {}, {}, changed_percent=25))
    refused = ana.refused(ana.plan())
    assert "changes 29 % of the 14 users, more than 25 % (limits.max_changed_percent)" in refused.message
    assert {"1": "confirmed"} == ana.push(ana.preview(account_ids={"1"}).plan.digest)


def test_work_on_yesterdays_data(ana: Ana, town: Town) -> None:
    """The age is said; planned rows are read again; a Reset on a moved balance shows three numbers."""
    ana.type({"1": {"Action": "Reset", "Amount": 100}, "2": {"Action": "Add", "Amount": 5}})
    assert [] == ana.sees()["warnings"]
    ana.wait(26 * 3600)
    town.book.spend("1", "credits", 10)
    town.book.spend("2", "credits", 10)
    seen = ana.sees()
    (old,) = seen["warnings"]
    assert all(part in old for part in ("pulled 26 h ago (2026-03-12 09:", "Pull to see today's"))
    assert seen["plan"]["pulled_at"].startswith("2026-03-12T09:")
    rows = {row["account_id"]: row for row in seen["plan"]["rows"]}
    assert "conflict" == rows["1"]["status"]
    assert "at pull 40, now 30, yours 100" in rows["1"]["message"]
    assert "Keep your change on the new balance (to 90) or your target (100)" in rows["1"]["message"]
    assert "rebase --account 1 --keep change or --keep target" in rows["1"]["message"]
    assert "moved from 40 to 30 since the pull" in rows["2"]["message"]
    ana.wait(72 * 3600)
    assert "pulled 4 days ago" in ana.sees()["warnings"][0]


def test_refresh_and_keep_edits_and_notes(ana: Ana, town: Town) -> None:
    """A pull merges: edits, notes and columns of one's own stay, balances are new."""
    book, tab = ana.open()
    tab.cell(1, tab.max_column + 1).value = "Mine"
    book.save(ana.path)
    ana.type({"1": {"Action": "Add", "Amount": 5, "Note": "rang on Monday", "Mine": "x"}})
    ana.type({"2": {"Note": "call back", "Mine": "y"}})
    town.book.spend("1", "credits", 10)
    assert 1 == ana.pull()["kept_edits"]
    names = ("Credits", "Action", "Amount", "Note", "Mine")
    assert (30, "Add", 5, "rang on Monday", "x") == tuple(ana.row("1")[name] for name in names)
    assert (40, None, None, "call back", "y") == tuple(ana.row("2")[name] for name in names)


def test_name_somebody_unknown(ana: Ana, town: Town) -> None:
    """Nobody is ever created."""
    ana.type({"1": {"User ID": "999", "Action": "Add", "Amount": 5}})
    (row,) = ana.sees()["plan"]["rows"]
    assert ("invalid", True) == (row["status"], "No user is ever created" in row["message"])
    assert {} == ana.ship()
    assert [] == town.witness.arrived


def test_put_sub_totals_and_blank_lines_between_rows(ana: Ana) -> None:
    """Rows without an id are ignored and counted."""
    ana.type({"1": {"Action": "Add", "Amount": 5}})
    book, tab = ana.open()
    tab.insert_rows(3, 2)
    tab.cell(3, headers(tab)["Credits"]).value = "=SUM(D2:D2)"
    tab.cell(3, headers(tab)["Action"]).value = "Add"
    tab.merge_cells("A3:B3")
    book.save(ana.path)
    seen = ana.sees()
    assert (["1"], 1) == ([row["account_id"] for row in seen["plan"]["rows"]], seen["plan"]["ignored"])
    assert "1 rows without a User ID were ignored" in printed(printing.planned(seen["plan"]))
    assert {"1": "confirmed"} == ana.ship()


def test_work_in_live_when_they_meant_test(ana: Ana) -> None:
    """Connection and LIVE or TEST stand on whatever a person reads."""
    ana.desk = ana.process.with_desk(environment="live")
    ana.type({"1": {"Amount": 5}})
    filled = fill(ana.desk, Action.ADD, reason="", agree=agree)
    empty = ana.sees(account_ids={"9"})["plan"]
    seen = ana.sees()["plan"]
    pushed = push(ana.desk, seen["digest"])
    shows = [
        printing.filling(filled),
        printing.filled(filled),
        printing.planned(empty),
        printing.planned(seen),
        printing.pushed(pushed, title="Push"),
        printing.pushed(push(ana.desk, empty["digest"]), title="Push"),
        printing.pulled(ana.pull()),
    ]
    assert ["shop (LIVE)"] * len(shows) == [
        "shop (LIVE)" if "shop (LIVE)" in printed(show) else printed(show) for show in shows
    ]


def test_names_like_a_formula(ana: Ana, town: Town) -> None:
    """Text stays text, in id, e-mail and name."""
    name = '=HYPERLINK("http://evil.example","click")'
    town.sandbox.book.open(Person("99", "@x.example", name, author=False), {"credits": 7})
    ana.pull()
    assert (name, "@x.example", 7) == tuple(ana.row("99")[each] for each in ("Name", "Email", "Credits"))
    _, tab = ana.open()
    columns = headers(tab)
    types = [tab.cell(places(tab)["99"], columns[each]).data_type for each in ("User ID", "Email", "Name")]
    assert ["s", "s", "s"] == types
    ana.type({"99": {"Action": "Add", "Amount": 5}})
    assert {"99": "confirmed"} == ana.ship()


def test_edit_an_approved_plan(ana: Ana, town: Town) -> None:
    """Approval is bound to the digest: any change voids it."""
    ana.desk = ana.process.with_desk(limits=Limits(5000, 1, 3, {}, {}, {}, {"credits": 10}))
    ana.type({"1": {"Action": "Add", "Amount": 15}})
    status, message = ana.told("1")
    assert ("Awaiting approval", True) == (status, "a second person has to approve" in message)
    approve(ana.process.ledger, "shop", ana.plan(), actor="cli:ben", approved=True, reason="")
    approved = ana.plan()
    ana.type({"1": {"Amount": 16}})
    stale = ana.refused(approved)
    assert isinstance(stale, StalePlanError)
    assert "1 row changed since the preview (users 1)" in stale.message
    assert isinstance(ana.refused(ana.plan()), ApprovalError)
    assert [] == town.witness.arrived


def test_a_colleagues_half_typed_row(ana: Ana, town: Town) -> None:
    """A scoped push leaves other rows alone: half-typed, invalid or ready, they stop nothing."""
    ana.type({"1": {"Action": "Add", "Amount": 5}, "2": {"Action": "Add"}, "3": {"Amount": 7}})
    ana.type({"4": {"Action": "Add", "Amount": 9}, "5": {"Action": "Frob", "Amount": "x"}})
    before = {account: ana.row(account) for account in ("2", "3", "4", "5")}
    plan = ana.preview(account_ids={"1"})
    assert (["1"], False) == ([row.account_id for row in plan.plan.rows], plan.needs_attention)
    assert {"1": "confirmed"} == ana.push(plan.plan.digest)
    assert before == {account: ana.row(account) for account in before}
    assert 1 == len(town.witness.arrived)
