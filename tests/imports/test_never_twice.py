"""Rule 11 and more: a line that was sent is never sent again, whatever happened to file, row or tab."""

from pathlib import Path
from typing import Any

import pytest

from sheetsync.jobs.importing import import_file
from sheetsync.jobs.judging import judge_lines
from sheetsync.jobs.listing import plan_file
from sheetsync.jobs.push import push
from sheetsync.jobs.results import write_results
from tests.imports.office import bring, save, source_of, statuses
from tests.rules.clerk import Clerk
from tests.stateful.kit import Town

MAY = "user_id,action,amount\n1,add,25\n2,add,25\n"


def test_the_same_file_again(ana: Clerk, town: Town) -> None:
    """Before the push its lines stand there already; after it they are sent, and nothing is to be done."""
    assert {2: "edited", 3: "edited"} == statuses(bring(ana, MAY))
    assert {2: "edited", 3: "edited"} == statuses(bring(ana, MAY))
    ana.ship()
    meant = bring(ana, MAY)
    assert {2: "already_sent", 3: "already_sent"} == statuses(meant)
    assert "confirmed" in meant[0].message
    assert "cli:ana" in meant[0].message
    assert {} == ana.ship()
    assert 20_025 == town.balance("1")


def test_a_corrected_file_with_the_old_lines(ana: Clerk) -> None:
    """Only what is new becomes an edit; the message names file, person and how it ended."""
    bring(ana, MAY)
    ana.ship()
    meant = bring(ana, MAY + "3,add,25\n", name="may-2.csv")
    assert {2: "already_sent", 3: "already_sent", 4: "edited"} == statuses(meant)
    assert "Line 2 of may.csv" in meant[0].message
    assert "--label" in meant[0].message
    assert {"3": "confirmed"} == ana.ship()


def test_another_persons_tab(ana: Clerk, bo: Clerk) -> None:
    """Two tabs on one credit system share what was sent."""
    bring(ana, MAY)
    ana.ship()
    bo.pull()
    assert {2: "already_sent", 3: "already_sent"} == statuses(bring(bo, MAY))


def test_a_label_makes_next_months_file_new(ana: Clerk, town: Town) -> None:
    """So does a reference, or --again; each counts once."""
    bring(ana, MAY)
    ana.ship()
    for name, options in (("june.csv", {"label": "June"}), ("july.csv", {"again": True})):
        text = MAY if options.get("label") else MAY + "\n"
        assert {2: "edited", 3: "edited"} == statuses(bring(ana, text, name=name, **options))
        ana.ship()
        assert {2: "already_sent", 3: "already_sent"} == statuses(bring(ana, text, name=name, **options))
    assert 20_075 == town.balance("1")


def test_a_row_that_was_changed_before_the_push(ana: Clerk, town: Town) -> None:
    """The line was carried out as somebody corrected it: it counts as sent."""
    bring(ana, MAY)
    ana.paper.type("1", {"Amount": 30})
    ana.ship()
    meant = bring(ana, MAY)
    assert {2: "already_sent", 3: "already_sent"} == statuses(meant)
    assert "changed before it was pushed" in meant[0].message
    assert 20_030 == town.balance("1")


def test_a_row_that_was_cleared(ana: Clerk) -> None:
    """Nothing was sent: the line may come again."""
    bring(ana, MAY)
    ana.paper.clear("1")
    assert {2: "edited", 3: "edited"} == statuses(bring(ana, MAY))


def test_the_key_stays_whatever_a_pull_writes(ana: Clerk, bo: Clerk, town: Town) -> None:
    """Another change of the same user gives the row a new Key; the line still is the same operation."""
    bring(ana, MAY)
    first = ana.preview().plan.operations[0].operation.key
    ana.paper.clear("1")
    bo.add("1", 1000)
    bo.ship()
    ana.pull()
    assert {2: "edited", 3: "edited"} == statuses(bring(ana, MAY))
    assert first == ana.preview().plan.operations[0].operation.key
    ana.ship()
    assert 21_025 == town.balance("1")


def test_a_lost_answer(ana: Clerk, town: Town) -> None:
    """Not proven is sent, too; what is proven not to have arrived may come again, under its key."""
    bring(ana, MAY)
    town.fault("drop_before", "1")
    ana.ship()
    assert {2: "already_sent", 3: "already_sent"} == statuses(bring(ana, MAY))
    ana.wait(100)
    ana.verify()
    assert {2: "edited", 3: "already_sent"} == statuses(bring(ana, MAY))
    assert {"1": "confirmed"} == ana.ship()
    assert 2 == ana.record("1").attempts
    assert 20_025 == town.balance("1")


def test_an_old_copy_of_the_tab(ana: Clerk, town: Town) -> None:
    """A tab from before the push, put back, holds lines that are known as sent."""
    bring(ana, MAY)
    copy = ana.paper.path.read_bytes()
    ana.ship()
    ana.paper.path.write_bytes(copy)
    assert "already_sent" == ana.seen("1")
    assert {} == ana.ship()
    ana.pull()
    assert (None, None) == (ana.row("1")["Action"], ana.row("1")["Amount"])
    assert 20_025 == town.balance("1")


@pytest.mark.parametrize("reference", ["-A1", "+5", "=B2", "@may", "'=B2"])
def test_a_reference_that_looks_like_a_formula(ana: Clerk, town: Town, reference: str) -> None:
    """The results file guards it; read back, it is the same line."""
    text = f"user_id,action,amount,reference\n1,add,25,{reference}\n"
    again = results_of(ana, text, save(ana, "may.csv", text))
    assert ["already_sent"] == [each.status.value for each in bring(ana, again, name="results.csv")]
    assert 20_025 == town.balance("1")


@pytest.mark.parametrize("as_plan", [False, True])
def test_a_label_that_is_forgotten(ana: Clerk, town: Town, *, as_plan: bool) -> None:
    """The very same file, or its results file, is known without it; under another one it is new."""
    text = "user_id,action,amount,status\n1,add,25,vip\n2,add,7,\n"
    path = save(ana, "may.csv", text)
    results = results_of(ana, text, path, label="May bonus", as_plan=as_plan)
    assert "user_id,action,amount,status,status,message,operation,evidence" == results.splitlines()[0]
    for name, again in (("may.csv", text), ("results.csv", results)):
        assert {2: "already_sent", 3: "already_sent"} == statuses(bring(ana, again, name=name))
        assert {2: "edited", 3: "edited"} == statuses(
            [*judge_lines(ana.desk, source_of(ana, path, label="June"))]
        )
    assert (20_025, 20_007) == (town.balance("1"), town.balance("2"))


def results_of(clerk: Clerk, text: str, path: Path, *, as_plan: bool = False, **options: Any) -> str:  # noqa: ANN401
    """Import a file and push it; return its results file."""
    source, out = source_of(clerk, save(clerk, path.name, text), **options), path.with_name("out.csv")
    params = {"results": str(out)}
    found = (plan_file if as_plan else import_file)(clerk.desk, source, params=params)
    write_results(clerk.desk, out, source.file, found["meant"])  # type: ignore[arg-type]
    if as_plan:
        push(clerk.desk, found["plan"]["digest"])
    else:
        clerk.ship()
    return out.read_text(encoding="utf-8")
