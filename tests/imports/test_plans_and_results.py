"""A plan straight from a file, several lines for one user, and the results file that stays true."""

import csv
from pathlib import Path
from typing import Any

import pytest

from sheetsync.core.lines import known_headers
from sheetsync.csvs import open_csv
from sheetsync.errors import ContradictionError, StalePlanError
from sheetsync.jobs.importing import import_file
from sheetsync.jobs.listing import plan_file
from sheetsync.jobs.push import push
from sheetsync.jobs.results import write_results
from sheetsync.providers.fastcredit import FastCredit
from tests.imports.office import bring, save, source_of, statuses
from tests.rules.clerk import Clerk
from tests.rules.test_canaries import swap_routes
from tests.stateful.kit import Killed, Town

MAY = "user_id,action,amount,reference\n1,add,25,a\n1,add,30,b\n2,reset,50,\n3,adjust,-5,\n"
"""The last line lacks its reason."""


def planned(clerk: Clerk, text: str, **options: Any) -> dict[str, Any]:  # noqa: ANN401 - of Source
    """Make a plan of a file."""
    return plan_file(clerk.desk, source_of(clerk, save(clerk, "may.csv", text), **options), params={})


def test_a_plan_in_the_files_order(ana: Clerk, town: Town) -> None:
    """Several lines of one user follow one another, each proven before the next; the tab is left alone."""
    result = planned(ana, MAY)
    assert {"edited": 3, "already_sent": 0, "invalid": 1} == result["counts"]
    assert [("20000", "20025"), ("20025", "20055")] == [
        (row["changes"]["credits"]["before"], row["changes"]["credits"]["after"])
        for row in result["plan"]["rows"]
        if row["account_id"] == "1"
    ]
    assert None is ana.row("1")["Action"]
    rows = push(ana.desk, result["plan"]["digest"])["rows"]
    assert ["confirmed"] * 3 == [row["status"] for row in rows]
    assert (20_055, 50) == (town.balance("1"), town.balance("2"))


def test_what_is_not_proven_holds_back_the_rest_of_its_user(ana: Clerk, town: Town) -> None:
    """Two changes at once could not be told apart; the rest comes with the next plan."""
    digest = planned(ana, MAY)["plan"]["digest"]
    town.fault("drop_after", "1")
    rows = {row["operation"]: row for row in push(ana.desk, digest)["rows"]}
    assert ["confirmation_required", "edited", "confirmed"] == [row["status"] for row in rows.values()]
    assert 20_025 == town.balance("1")
    ana.wait(100)
    ana.verify()
    again = planned(ana, MAY)
    assert {"edited": 1, "already_sent": 2, "invalid": 1} == again["counts"]
    push(ana.desk, again["plan"]["digest"])
    assert 20_055 == town.balance("1")


def test_planned_and_pushed_twice(ana: Clerk, town: Town) -> None:
    """The same file, the same plan: nothing is sent twice."""
    digest = planned(ana, MAY)["plan"]["digest"]
    push(ana.desk, digest)
    push(ana.desk, digest)
    assert {"edited": 0, "already_sent": 3, "invalid": 1} == planned(ana, MAY)["counts"]
    assert 20_055 == town.balance("1")


def test_a_killed_push_of_a_plan_goes_on(ana: Clerk, town: Town) -> None:
    """What was under way is looked at, the rest goes when it is planned again."""
    digest = planned(ana, MAY)["plan"]["digest"]
    ana.process.visits["gone"] = lambda: setattr(ana.process, "alive", False)
    with pytest.raises(Killed):
        push(ana.desk, digest)
    bo = Clerk(town, "bo", "shop")
    bo.preview()
    bo.wait(100)
    bo.verify()
    push(bo.desk, planned(bo, MAY)["plan"]["digest"])
    assert (20_055, 50) == (town.balance("1"), town.balance("2"))


def test_a_pulled_balance_makes_it_stale(ana: Clerk, town: Town) -> None:
    """As with any plan."""
    digest = planned(ana, MAY)["plan"]["digest"]
    town.book.spend("2", "credits", 300)
    ana.pull()
    assert isinstance(ana.refused(digest), StalePlanError)


def test_an_edit_typed_by_hand_is_another_one(ana: Clerk, town: Town) -> None:
    """A row that asks for the same as a planned line is not taken for it."""
    digest = planned(ana, "user_id,action,amount\n1,add,25\n")["plan"]["digest"]
    ana.add("1", 25)
    push(ana.desk, digest)
    row = ana.row("1")
    assert ("Add", 25) == (row["Action"], row["Amount"])
    assert 20_025 == town.balance("1")


def test_the_results_file_follows(ana: Clerk, town: Town) -> None:
    """Written by the import, and again by push and verify; it can be imported itself without harm."""
    text = 'user_id;action;amount;note\n1;add;25;=SUM(A1)\n2;add;7;\n9;add;1;\n1;add;"2;\n'
    path, out = save(ana, "may.csv", text), ana.town.folder / "may results.csv"
    source = source_of(ana, path)
    meant = import_file(ana.desk, source, params={"results": str(out)})["meant"]
    write_results(ana.desk, out, source.file, meant)  # type: ignore[arg-type]
    assert ["edited", "edited", "invalid", "invalid"] == [row["status"] for row in semicolons(out)]
    town.fault("drop_after", "2")
    ana.ship()
    assert ["confirmed", "confirmation_required"] == [row["status"] for row in semicolons(out)][:2]
    assert "balance 20000 → 20025" == semicolons(out)[0]["evidence"]
    ana.wait(100)
    ana.verify()
    rows = semicolons(out)
    assert ["confirmed", "confirmed", "invalid", "invalid"] == [row["status"] for row in rows]
    assert "'=SUM(A1)" == rows[0]["note"]
    again = bring(ana, out.read_bytes(), name="results.csv")
    assert {2: "already_sent", 3: "already_sent", 4: "invalid", 5: "invalid"} == statuses(again)
    assert (20_025, 20_007) == (town.balance("1"), town.balance("2"))


def semicolons(path: Path) -> list[dict[str, str]]:
    """Return the rows of a results file with the file's own separator."""
    with path.open(encoding="utf-8", newline="") as stream:
        return list(csv.DictReader(stream, delimiter=";"))


def test_a_plan_of_lines_that_stand_in_rows(ana: Clerk, town: Town) -> None:
    """The row and the plan ask for one operation: whichever is pushed first, the other is not sent."""
    text = "user_id,action,amount\n1,add,25\n2,add,7\n"
    bring(ana, text)
    digest = planned(ana, text)["plan"]["digest"]
    assert {"1": "confirmed", "2": "confirmed"} == ana.ship()
    assert {"confirmed"} == {row["status"] for row in push(ana.desk, digest)["rows"]}
    assert {"edited": 0, "already_sent": 2, "invalid": 0} == planned(ana, text)["counts"]
    assert (20_025, 20_007) == (town.balance("1"), town.balance("2"))


def test_rows_of_lines_that_a_plan_has_sent(ana: Clerk, town: Town) -> None:
    """The edits that stand in the tab are those of the plan, so they are cleared with its proof."""
    text = "user_id,action,amount\n1,add,25\n"
    bring(ana, text)
    push(ana.desk, planned(ana, text)["plan"]["digest"])
    assert (None, "Confirmed") == (ana.row("1")["Action"], ana.row("1")["Status"])
    assert {} == ana.ship()
    assert 20_025 == town.balance("1")


def test_slips_in_a_plan_of_a_file(ana: Clerk) -> None:
    """Amounts in a series, and one that looks like the balance, are pointed out by their lines."""
    path = save(ana, "may.csv", "user_id,action,amount\n1,add,25\n2,add,26\n3,add,27\n")
    found = plan_file(ana.desk, source_of(ana, path), params={})
    (said,) = found["warnings"]
    assert said.startswith("The amounts of lines 2 to 4 form a series (25, 26, 27 …, +1 from line to line)")
    assert all("lines 2 to 4" in row["message"] for row in found["plan"]["rows"])
    path = save(ana, "june.csv", "user_id,action,amount\n1,add,20000\n")
    found = plan_file(ana.desk, source_of(ana, path), params={})
    assert found["warnings"][0].startswith("Line 2, user 1: The amount 20000 looks like the balance")


def test_a_long_file_of_one_line(ana: Clerk) -> None:
    """The same line over and over costs no more than any others, and each names another one."""
    lines = "1,add,25\n" * 20_000
    meant = bring(ana, f"user_id,action,amount\n{lines}")
    assert {"invalid"} == set(statuses(meant).values())
    assert "Line 3 asks for exactly the same" in meant[0].message
    assert "Line 2 asks for exactly the same" in meant[-1].message


@pytest.mark.parametrize(
    ("lines", "ends"),
    [
        ("1,adjust,-15000,Correction,a\n1,adjust,-5000,Correction,b\n", 0),
        ("1,reset,100,,a\n1,adjust,-40,Correction,b\n1,add,7,,c\n", 67),
        ("1,add,7,,a\n1,reset,100,,b\n1,reset,90,,c\n", 90),
        ("1,reset,0,,a\n1,add,5,,b\n", 5),
    ],
)
def test_lines_of_one_user_that_take_away(ana: Clerk, town: Town, lines: str, ends: int) -> None:
    """Each starts from where the one before it ends, at the push as in the preview."""
    digest = planned(ana, f"user_id,action,amount,reason,reference\n{lines}")["plan"]["digest"]
    rows = push(ana.desk, digest)["rows"]
    assert {"confirmed"} == {row["status"] for row in rows}
    assert ends == town.balance("1")


def test_a_line_with_too_many_cells_stays_invalid(ana: Clerk) -> None:
    """The results file keeps them: else ``1,234`` without quotation marks would come back as 1."""
    path, out = save(ana, "may.csv", "user_id,action,amount\n1,add,1,234\n"), ana.town.folder / "out.csv"
    source = source_of(ana, path)
    meant = import_file(ana.desk, source, params={})["meant"]
    for _ in range(2):
        write_results(ana.desk, out, source.file, meant)  # type: ignore[arg-type]
        source = source_of(ana, out)
        meant = import_file(ana.desk, source, params={})["meant"]
        assert {2: "invalid"} == statuses(meant)
    assert "234" in out.read_text(encoding="utf-8").splitlines()[1].split(",")


@pytest.mark.parametrize(
    ("encoding", "begins"),
    [("utf-8", b"user_id"), ("utf-8-sig", b"\xef\xbb\xbf"), ("cp1252", b"\xef\xbb\xbf")],
)
def test_results_open_where_the_file_came_from(ana: Clerk, encoding: str, begins: bytes) -> None:
    """A program that writes anything but plain UTF-8 takes unmarked UTF-8 for something else."""
    text = "user_id;action;amount;note\n1;add;25;Grüße – naïve\n"
    path, out = save(ana, "may.csv", text.encode(encoding)), ana.town.folder / "out.csv"
    file = open_csv(path, known_headers(ana.desk.units))
    write_results(ana.desk, out, file, import_file(ana.desk, source_of(ana, path), params={})["meant"])
    assert out.read_bytes().startswith(begins)
    assert "Grüße – naïve" in out.read_text("utf-8-sig")
    assert {2: "edited"} == statuses(bring(ana, out.read_bytes(), name="out.csv"))


def test_the_second_action_of_a_user_has_its_canary(ana: Clerk, town: Town) -> None:
    """A reset route that adds ruins one balance, also where each user gets something added before."""
    lines = [f"{user},add,25\n{user},reset,50\n" for user in (1, 2, 3)]
    digest = planned(ana, "user_id,action,amount\n" + "".join(lines))["plan"]["digest"]
    provider = ana.desk.provider
    assert isinstance(provider, FastCredit)
    provider._routes = provider._routes.model_copy(update={"reset_credits": provider._routes.add_credits})
    assert isinstance(ana.refused(digest), ContradictionError)
    assert [20_075, 20_000, 20_000] == [town.balance(each) for each in ("1", "2", "3")]


def test_a_stopped_push_of_a_file_names_the_same_plan(ana: Clerk) -> None:
    """A preview of the tab would not find what the file asks for."""
    digest = planned(ana, "user_id,action,amount\n1,add,700\n2,add,700\n")["plan"]["digest"]
    swap_routes(ana)
    assert f"--plan {digest}" in ana.refused(digest).hint
