"""The main job with a Google spreadsheet: by commands, and with somebody who sorts all the while."""

from collections.abc import Callable, Iterator

import pytest

from sheetsync.errors import StalePlanError
from sheetsync.jobs.preview import preview
from sheetsync.jobs.pull import pull
from sheetsync.jobs.push import push
from tests.e2e.site import Site
from tests.google.office import GoogleOffice, Meddler, People, serving
from tests.google.town import GoogleTown

EDITS = {"2": 20, "5": 50, "6": 60}
PUSH_REQUESTS = 13
"""Requests of an undisturbed push, and some more."""


@pytest.fixture(scope="module")
def google() -> Iterator[GoogleOffice]:
    """Start the emulator once."""
    with serving() as google:
        yield google


@pytest.fixture
def site() -> Iterator[Site]:
    """A credit system of six users with 40 credits each."""
    with Site.of(6) as site:
        yield site


@pytest.fixture
def town(site: Site, google: GoogleOffice) -> Iterator[GoogleTown]:
    """An office with a spreadsheet of its own; at the end no file may hold the password."""
    town = GoogleTown.of(site, google)
    yield town
    town.close()


def test_from_check_to_the_next_pull(town: GoogleTown, site: Site) -> None:
    """Check, pull, edit, preview, push, pull again; then a damaged layout and a renamed tab."""
    assert all(each["ok"] for each in town.run("check", "shop").json["checks"])
    pulled = town.run("pull", "shop").json
    assert (6, 6) == (pulled["accounts"], pulled["written"])
    assert {"reads", "writes", "bytes"} == set(pulled["sheet_requests"])

    town.edit(
        {
            "1": {"Action": "Add", "Amount": "=10+15", "Reason": "Goodwill"},
            "3": {"Action": "Reset", "Amount": 7},
        }
    )
    town.persons.hide_row("3")
    hidden = town.run("preview", "shop").json["plan"]
    assert (1, ["1"]) == (hidden["hidden"], [row["account_id"] for row in hidden["rows"]])
    plan = town.run("preview", "shop", "--include-hidden")
    assert {"1": "edited", "3": "edited"} == plan.statuses
    pushed = town.run("push", "shop", "--plan", plan.digest)
    assert {"1": "confirmed", "3": "confirmed"} == pushed.statuses
    assert (65, 7) == (site.balances["1"], site.balances["3"])
    row = town.table()["1"]
    assert [65, None, None, None, "Confirmed"] == [
        row[header] for header in ("Credits", "Action", "Amount", "Reason", "Status")
    ]
    assert 0 == town.run("pull", "shop").json["kept_edits"]

    assert [] == town.run("layout", "shop", "--repair").json["repaired"]
    town.persons.rename_header("Status", "State")
    assert ["missing", "Status"] == _missing(town)
    assert "header Status" in town.run("layout", "shop", "--repair").json["repaired"]
    town.persons.rename_tab("Old credits")
    error = town.run("preview", "shop", code=2).error
    assert "'Old credits'" in error["message"]
    town.sound()


def _missing(town: GoogleTown) -> list[str]:
    details = town.run("preview", "shop", code=2).error["details"]
    return ["missing", *details["missing"]]


def ready(town: GoogleTown) -> str:
    """Pull, type edits, and return the digest of their plan."""
    with town.desk() as desk:
        pull(desk)
    town.edit({each: {"Action": "Add", "Amount": amount} for each, amount in EDITS.items()})
    with town.desk() as desk:
        return preview(desk).plan.digest


MOVES: dict[str, Callable[[People], object]] = {
    "sorts whole rows": lambda people: people.sort_rows("User ID", reverse=True),
    "tears rows apart": lambda people: people.sort("User ID", 0, 3, reverse=True),
    "moves a column": lambda people: people.move_column("Status", 0),
}


@pytest.mark.parametrize("what", MOVES)
def test_a_push_while_somebody_meddles(google: GoogleOffice, what: str) -> None:
    """Before requests of a push: every change counts once or not, and no row shows another's status."""
    for at in range(0, PUSH_REQUESTS, 2 if what == "sorts whole rows" else 4):
        with Site.of(6) as site:
            town = GoogleTown.of(site, google)
            digest = ready(town)
            people = town.persons
            meddler = Meddler(at=at, act=lambda people=people: MOVES[what](people))  # type: ignore[misc]
            sent = _push(town, digest, meddler)
            assert sent or what == "tears rows apart"
            expected = {each: 40 + (EDITS.get(each, 0) if sent else 0) for each in site.balances}
            assert expected == site.balances, at
            _check_tab(town, torn=what == "tears rows apart", at=at)
            town.close()


def _push(town: GoogleTown, digest: str, meddler: Meddler) -> bool:
    """Push; return whether anything was sent. Rows that are torn before that make the plan stale."""
    with town.desk(meddler) as desk:
        try:
            push(desk, digest)
        except StalePlanError:
            return False
    return True


def _check_tab(town: GoogleTown, *, torn: bool, at: int) -> None:
    """Statuses stand beside the right ids; after a pull all is as if nothing had happened."""
    table = town.table()
    confirmed = {each for each, row in table.items() if row["Status"] == "Confirmed"}
    assert confirmed == set(EDITS) or (torn and confirmed < set(EDITS)), at
    if not torn:
        assert {each: 40 + EDITS.get(each, 0) for each in table} == {
            k: row["Credits"] for k, row in table.items()
        }
        assert not any(row["Action"] or row["Amount"] for row in table.values()), at
    with town.desk() as desk:
        found = preview(desk)
    assert [] == list(found.plan.operations), at
