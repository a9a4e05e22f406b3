"""The write test at a laundry: adds and takes back a cent, and says what became of the note."""

import pytest

from sheetsync.core.states import UNSETTLED
from sheetsync.jobs.write_test import write_test
from tests.laundry import Weather
from tests.rules.laundromat import Counter


@pytest.mark.parametrize(
    ("note", "ok", "words"),
    [
        (None, True, "holds the whole note"),
        (30, True, "holds 30 of the"),
        (10, False, "without the whole key"),
        (0, False, "holds no note"),
    ],
)
def test_what_came_back(note: int | None, words: str, *, ok: bool) -> None:
    """The smallest amount is added and taken back, everything is settled, and a cut note is told."""
    with Counter() as counter:
        counter.laundry.weather(1001, Weather(note=note), Weather(note=note))
        outcome = write_test(counter.desk, "1001")
        lines = {each.name: each for each in outcome.lines}
        assert (ok, True) == (lines["write test, note"].ok, words in lines["write test, note"].message)
        told = {f"write test, {name}" for name in ("add", "reset", "proof", "note", "restored")}
        assert told == set(lines)
        assert lines["write test, restored"].ok
        assert [1, -1] == [round(each["BalanceAmount"] * 100) for each in counter.laundry.applied(1001)]
        assert 4000 == counter.laundry.balance(1001)
        records = counter.desk.ledger.operations.history(None)
        assert [] == [each for each in records if each.state in UNSETTLED]
        assert ["confirmed"] * 2 == [each.state.value for each in records]


def test_without_reports() -> None:
    """Then balances have to do, and nothing can be said of the note."""
    with Counter() as counter:
        counter.laundry.reports = False
        outcome = write_test(counter.desk, "1001")
        assert "write test, note" not in {each.name for each in outcome.lines}
        assert outcome.summary["restored"]
