"""Histories and totals: what was done by whom, for which reason, on which day."""

from datetime import timedelta
from typing import Any
from zoneinfo import ZoneInfo

import pytest

from sheetsync.jobs.history import Wanted, all_rows, csv_rows, history
from sheetsync.jobs.totals import By, totals, totals_json
from sheetsync.jobs.totals import csv_rows as totals_rows
from sheetsync.jobs.undo import undo
from tests.rules.clerk import Clerk
from tests.stateful.kit import START

UTC = ZoneInfo("UTC")


@pytest.fixture
def week(ana: Clerk, bo: Clerk) -> Clerk:
    """Let ana and bo work on two days, the second of which ends with an undo and a lost request."""
    ana.paper.edit("1", "Add", 100, reason="Goodwill")
    ana.paper.edit("2", "Adjust", -30, reason="Correction")
    ana.ship()
    ana.wait(86_400)
    ana.pull()
    bo.pull()
    bo.paper.edit("3", "Add", 7, reason="Goodwill")
    bo.ship()
    digest = undo(ana.desk, keys=[ana.record("1").key])["plan"]["digest"]
    ana.push(digest)
    ana.town.fault("drop_before", "2")
    ana.paper.edit("2", "Add", 5, reason="")
    ana.ship()
    return ana


def told(clerk: Clerk, by: By, **wanted: Any) -> dict[tuple[str, str], dict[str, Any]]:  # noqa: ANN401
    """Return (connection, name) → group."""
    groups = totals(clerk.process.ledger, Wanted(**wanted), by, zone=UTC, report=clerk.desk.report)
    found = totals_json(groups, by, zone=UTC)
    assert (by.value, "UTC") == (found["by"], found["timezone"])
    return {(each["connection"], each["name"]): each for each in found["totals"]}


def moved(group: dict[str, Any]) -> tuple[str, str, str]:
    """Return what was added, removed and is left."""
    unit = group["units"]["credits"]
    return unit["added"], unit["removed"], unit["net"]


def test_by_day(week: Clerk) -> None:
    """Each day of the time zone; what did not count is counted and adds nothing."""
    found = told(week, By.DAY)
    assert {("shop", "2026-03-12"), ("shop", "2026-03-13"), ("shop2", "2026-03-13")} == set(found)
    assert ("100", "30", "70") == moved(found["shop", "2026-03-12"])
    assert ("0", "100", "-100") == moved(found["shop", "2026-03-13"])
    assert 2 == found["shop", "2026-03-13"]["operations"]
    assert 1 == found["shop", "2026-03-13"]["statuses"]["confirmed"]


def test_by_reason(week: Clerk) -> None:
    """Undos are one group, though each names another operation."""
    found = told(week, By.REASON, connection="shop")
    assert {"(no reason)", "Correction", "Goodwill", "Undo"} == {name for _, name in found}
    assert ("100", "0", "100") == moved(found["shop", "Goodwill"])
    assert ("0", "100", "-100") == moved(found["shop", "Undo"])
    assert {} == found["shop", "(no reason)"]["units"]


def test_by_person(week: Clerk) -> None:
    """Who asked for it."""
    found = told(week, By.PERSON)
    assert {("shop", "cli:ana"), ("shop2", "cli:bo")} == set(found)
    assert ("7", "0", "7") == moved(found["shop2", "cli:bo"])


def test_filters(week: Clerk) -> None:
    """From a time on, before a time, for a reason."""
    ledger, second = week.process.ledger, START + timedelta(hours=12)

    def accounts(**filters: Any) -> list[str]:  # noqa: ANN401 - of history
        return [each["account_id"] for each in history(ledger, None, **filters)["operations"]]

    assert ["2", "1", "3"] == accounts(since=second)
    assert {"1", "2"} == set(accounts(until=second))
    assert {"1", "3"} == set(accounts(reason="Goodwill"))
    assert ["3"] == accounts(reason="Goodwill", since=second)
    assert ("7", "0", "7") == moved(told(week, By.REASON, since=second)["shop2", "Goodwill"])


def test_all_of_them(week: Clerk, monkeypatch: pytest.MonkeyPatch) -> None:
    """A file gets every operation once, however many are read at a time."""
    ledger = week.process.ledger
    whole = [each["operation"] for each in history(ledger, None)["operations"]]
    monkeypatch.setattr("sheetsync.jobs.history.PAGE", 2)
    rows = list(all_rows(ledger, Wanted()))
    assert whole == [each["operation"] for each in rows]
    assert 5 == len(whole) == len(list(csv_rows(rows)))


def test_totals_file(week: Clerk) -> None:
    """A line for each group and unit; one without a proven change, too."""
    groups = totals(week.process.ledger, Wanted("shop"), By.REASON, zone=UTC, report=week.desk.report)
    rows = list(totals_rows(totals_json(groups, By.REASON, zone=UTC)))
    assert ["shop", "Goodwill", 1, 1, "credits", "100", "0", "100"] in rows
    assert ["shop", "(no reason)", 1, 0, "", "", "", ""] in rows
