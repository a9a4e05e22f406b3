"""Daily statements: they add up, whoever changed what, and say what is not known."""

from dataclasses import replace
from datetime import UTC, date, datetime, time, timedelta
from typing import Any
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from sheetsync.errors import UsageError
from sheetsync.jobs.settle import resolve
from sheetsync.jobs.statement import csv_rows, statement, statement_json
from sheetsync.jobs.undo import undo
from tests.rules.clerk import OPENING, Clerk
from tests.rules.conftest import FILES
from tests.stateful.kit import START, Town, pulled

FIRST = START.date()


def days(clerk: Clerk, first: date = FIRST, last: date | None = None) -> list[dict[str, Any]]:
    """Return the days of a statement; each one's units add up."""
    told = statement_json(clerk.desk, statement(clerk.desk, first, last or first))["days"]
    for day in told:
        for held in day["units"].values():
            opening, us, others, closing = (
                int(held[name]) for name in ("opening", "us", "others", "closing")
            )
            assert opening + us + others == closing
            assert int(held["us_added"]) - int(held["us_removed"]) == us
    return list(told)


def numbers(day: dict[str, Any]) -> tuple[int, int, int, int]:
    """Return opening, us, others and closing of the credits."""
    held = day["units"]["credits"]
    opening, us, others, closing = (int(held[name]) for name in ("opening", "us", "others", "closing"))
    return opening, us, others, closing


def tomorrow(clerk: Clerk, hours: float = 24) -> date:
    """Let a day pass."""
    clerk.wait(hours * 3600)
    return clerk.town.clock.now().astimezone(clerk.desk.timezone).date()


def test_first_day(ana: Clerk) -> None:
    """What is read for the first time counts as others', and the statement says so."""
    ana.add("1", 250)
    ana.ship()
    (day,) = days(ana)
    assert (0, 250, 60_000, 60_250) == numbers(day)
    assert ("60000", 3) == (day["units"]["credits"]["others_new_accounts"], day["new_accounts"])
    assert any("first pull" in note for note in day["notes"])
    assert any("not over" in note for note in day["notes"])


def test_us_and_others(ana: Clerk, town: Town) -> None:
    """Ours is what is proven to have changed; what customers spent is the rest."""
    day = tomorrow(ana)
    ana.pull()
    ana.add("1", 250)
    ana.paper.edit("2", "Adjust", -40, reason="Correction")
    ana.paper.edit("3", "Reset", 7)
    ana.ship()
    town.book.spend("1", "credits", 30)
    ana.pull()
    (told,) = days(ana, day)
    us = 250 - 40 + 7 - 20_000
    assert (60_000, us, -30, 60_000 + us - 30) == numbers(told)
    assert 3 == told["operations"]
    assert told["pulled_at"] is not None
    assert sum(town.balance(each) for each in OPENING) == numbers(told)[3]


def test_days_follow_one_another(ana: Clerk, town: Town) -> None:
    """Each opening is the closing of the day before, also over days on which nothing was read."""
    for number in range(4):
        tomorrow(ana)
        if number == 1:
            continue
        town.book.spend("1", "credits", 10)
        ana.pull()
    found = days(ana, FIRST, FIRST + timedelta(4))
    assert [numbers(day)[3] for day in found[:-1]] == [numbers(day)[0] for day in found[1:]]
    assert [0, -10, 0, -10, -10] == [numbers(day)[2] - 60_000 * (day is found[0]) for day in found]
    assert any("Nothing was read" in note for note in found[2]["notes"])
    assert (found[2]["read_at"], found[2]["pulled_at"]) == (None, None)


def test_an_undo_is_ours_too(ana: Clerk) -> None:
    """It stands on the other side."""
    day = tomorrow(ana)
    ana.pull()
    ana.add("1", 250)
    ana.ship()
    digest = undo(ana.desk, keys=[ana.record("1").key])["plan"]["digest"]
    ana.push(digest)
    (told,) = days(ana, day)
    assert (60_000, 0, 0, 60_000) == numbers(told)
    held = told["units"]["credits"]
    assert ("250", "250") == (held["us_added"], held["us_removed"])


def test_without_a_pull(ana: Clerk, town: Town) -> None:
    """Where only single users were read, what others changed is not known yet, and said so."""
    day = tomorrow(ana)
    town.book.spend("2", "credits", 10)
    ana.add("1", 250)
    ana.ship()
    (told,) = days(ana, day)
    assert (60_000, 250, 0, 60_250) == numbers(told)
    assert any("No complete pull" in note for note in told["notes"])


def test_sent_before_midnight_and_proven_after(ana: Clerk) -> None:
    """It counts on the day whose balances show it; both days say so."""
    ana.without_canaries()
    last = date(2026, 3, 13)
    ana.wait((datetime.combine(last, time(), UTC) - ana.town.clock.now()).total_seconds() - 60)
    ana.add("1", 250)
    assert {"1": "confirmation_required"} == ana.ship(check=False)
    (today,) = days(ana)
    assert any("not proven" in note for note in today["notes"])
    ana.wait(120)
    ana.verify()
    before, after = days(ana, FIRST, last)
    assert ((0, 60_000), (250, 0)) == ((numbers(before)[1], numbers(before)[2]), numbers(after)[1:3])
    key = ana.record("1").key
    assert any(key in note and "first seen on 2026-03-13" in note for note in before["notes"])
    assert any(key in note and "Sent on 2026-03-12" in note for note in after["notes"])


def test_seen_by_a_pull_and_proven_later(ana: Clerk, town: Town) -> None:
    """A lost answer counts on the day a pull first shows it, though it is proven only the day after."""
    ana.without_canaries()
    town.fault("drop_after", "1")
    ana.add("1", 250)
    ana.ship(check=False)
    ana.pull()
    assert "unknown" == ana.state("1")
    following = tomorrow(ana)
    ana.verify()
    assert "confirmed" == ana.state("1")
    found = days(ana, FIRST, following)
    assert [250, 0] == [numbers(day)[1] for day in found]
    assert [60_000, 0] == [numbers(day)[2] for day in found]


def test_settled_by_a_person(ana: Clerk, town: Town) -> None:
    """What a person settled counts as ours."""
    ana.without_canaries()
    town.fault("drop_after", "1")
    ana.add("1", 250)
    ana.ship(check=False)
    town.book.spend("1", "credits", 10)
    ana.wait(100)
    ana.verify()
    resolve(ana.desk, ana.record("1").key, applied=True, reason="I saw it")
    (day,) = days(ana)
    assert (250, 59_990) == numbers(day)[1:3]


def test_time_zone_decides_the_day(ana: Clerk, town: Town) -> None:
    """Half past eleven in the evening in London is the next day in Berlin."""
    ana.wait(14.5 * 3600)
    town.book.spend("1", "credits", 10)
    ana.pull()
    london = days(ana, FIRST)[0]
    ana.desk = replace(ana.desk, timezone=ZoneInfo("Europe/Berlin"))
    berlin, next_day = days(ana, FIRST, FIRST + timedelta(1))
    assert (59_990, 60_000, 59_990) == (numbers(london)[3], numbers(berlin)[3], numbers(next_day)[3])


def test_two_connections_on_one_system(ana: Clerk, bo: Clerk) -> None:
    """Credits are those of the system, so ours are what any connection did to it."""
    day = tomorrow(ana)
    bo.pull()
    bo.add("2", 5)
    bo.ship()
    found = statement(ana.desk, day, day)
    told = statement_json(ana.desk, found)
    assert (60_000, 5, 0, 60_005) == numbers(told["days"][0])
    assert ["shop2" in note for note in told["notes"]] == [True]


def test_odd_days(ana: Clerk) -> None:
    """Days that cannot be told are refused in words."""
    for first, last in (
        (FIRST, FIRST - timedelta(1)),
        (FIRST + timedelta(1), FIRST + timedelta(1)),
        (FIRST - timedelta(400), FIRST),
    ):
        with pytest.raises(UsageError):
            statement(ana.desk, first, last)
    (before,) = days(ana, FIRST - timedelta(1))
    assert (0, 0, 0, 0) == numbers(before)
    assert ["Before the first pull: nothing is known of this day."] == before["notes"]


def test_csv(ana: Clerk) -> None:
    """A line for each day and unit."""
    told = statement_json(ana.desk, statement(ana.desk, FIRST, FIRST))
    (row,) = csv_rows(told)
    assert ["2026-03-12", "credits", "0", "0", "60000", "60000", 0] == row[:7]


STEPS = st.lists(
    st.tuples(st.sampled_from(["add", "reset", "adjust", "spend", "pull", "wait", "lose", "verify"]),
              st.sampled_from("123"), st.integers(1, 300)),
    min_size=1, max_size=14,
)  # fmt: skip


@settings(max_examples=12, deadline=None)
@given(steps=STEPS)
def test_whatever_happens(steps: list[tuple[str, str, int]]) -> None:
    """Days add up and follow one another; the last one closes with the true balances once all is read."""
    with Town(OPENING, files=pulled(*FILES)) as town:
        ana = Clerk(town, "ana", "shop")
        ana.without_canaries()
        for what, account, amount in steps:
            if what == "spend" and town.balance(account) < amount:
                continue
            if what == "spend":
                town.book.spend(account, "credits", amount)
            elif what == "pull":
                ana.pull()
            elif what == "verify":
                ana.verify()
            elif what == "wait":
                ana.wait(amount * 600)
            else:
                if what == "lose":
                    town.fault("drop_after", account)
                action = {"reset": "Reset", "adjust": "Adjust"}.get(what, "Add")
                signed = -amount if what == "adjust" else amount
                ana.paper.edit(account, action, signed, reason="Correction")
                ana.ship(check=amount % 2 == 0)
        ana.wait(100)
        ana.pull()
        today = town.clock.now().date()
        found = days(ana, FIRST, today)
        assert [numbers(day)[3] for day in found[:-1]] == [numbers(day)[0] for day in found[1:]]
        assert sum(town.balance(each) for each in OPENING) == numbers(found[-1])[3]
