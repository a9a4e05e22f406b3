"""A pull that was interrupted: what it has read is not asked for again, and what proves something is."""

from collections.abc import Iterator

import pytest

from sheetsync.errors import ProviderError
from sheetsync.jobs.attendance import Watch, claimable
from sheetsync.jobs.pull import pull
from sheetsync.worker import KINDS
from tests.rules.clerk import Clerk
from tests.stateful.kit import LEASE, Killed, Town

OPENING = {str(number): 100 * number for number in range(1, 7)}


@pytest.fixture
def town() -> Iterator[Town]:
    """Open a town that nobody has pulled yet."""
    with Town(OPENING) as town:
        yield town


@pytest.fixture
def ana(town: Town) -> Clerk:
    """Ana, at her tab."""
    return Clerk(town, "ana", "shop")


def break_at(town: Town, account: str) -> None:
    """Let the site hang up on every read of this account's credits, until the faults are cleared."""
    town.sandbox.faults.script("drop_before", account=account, on="read", times=None)


def reads(town: Town) -> list[str]:
    """Return the accounts whose credits were asked for since the last call, in order of number."""
    seen = sorted({each.account for each in town.sandbox.requests if each.account is not None})
    town.sandbox.requests.clear()
    return seen


def stumble(town: Town, clerk: Clerk, account: str) -> list[str]:
    """Pull until the site breaks at this account; return what was asked for."""
    break_at(town, account)
    with pytest.raises(ProviderError):
        pull(clerk.desk)
    town.sandbox.faults.clear()
    return reads(town)


def test_goes_on_where_it_was(town: Town, ana: Clerk) -> None:
    """The second pull asks only for what is missing, and its tab is that of a whole pull."""
    stumble(town, ana, "5")
    result = ana.pull()
    assert (["5", "6"], 4, 6) == (reads(town), result["resumed"], result["accounts"])
    assert {each: OPENING[each] for each in OPENING} == {
        each: row["Credits"] for each, row in ana.paper.table().items()
    }


def test_goes_on_after_two_interruptions(town: Town, ana: Clerk) -> None:
    """What the first one had read is not lost to the third."""
    stumble(town, ana, "3")
    stumble(town, ana, "5")
    ana.pull()
    assert ["5", "6"] == reads(town)


def test_what_proves_something_is_read_anew(town: Town, ana: Clerk) -> None:
    """An account with an operation that waits for its proof is asked for again."""
    ana.pull()
    ana.add("2", 25)
    ana.ship(check=False)
    stumble(town, ana, "5")
    ana.pull()
    assert ["2", "5", "6"] == reads(town)
    assert "confirmed" == ana.state("2").value


def test_too_old(town: Town, ana: Clerk) -> None:
    """After more than an hour it is begun anew."""
    stumble(town, ana, "5")
    ana.wait(3601)
    result = ana.pull()
    assert (list(OPENING), 0) == (reads(town), result["resumed"])


def test_a_finished_pull_is_not_gone_on_with(town: Town, ana: Clerk) -> None:
    """Two pulls in a row both ask for everything."""
    ana.pull()
    reads(town)
    assert 0 == ana.pull()["resumed"]
    assert list(OPENING) == reads(town)


def test_another_process_goes_on_with_a_killed_one(town: Town, ana: Clerk) -> None:
    """A worker claims the run of a process that died, and goes on with it under its id."""
    with pytest.raises(Killed):
        kill_before_the_tab(ana)
    reads(town)
    bo = Clerk(town, "bo", "shop")
    run = claimable(Watch(bo.process.ledger, bo.process, silence=LEASE), KINDS)[0]
    assert bo.process.ledger.runs.claim(run, bo.process.me())
    KINDS["pull"](bo.desk, run)
    ended = bo.process.ledger.runs.get(run.run)
    assert ended is not None
    assert ("done", 6, []) == (ended.state, ended.result["resumed"], reads(town))


def kill_before_the_tab(clerk: Clerk) -> None:
    """Pull, and be killed when everything is read and before the tab is made."""

    def die() -> None:
        clerk.process.alive = False

    clerk.process.visits["tab"] = die
    pull(clerk.desk)


def test_a_person_goes_on_with_a_killed_one(town: Town, ana: Clerk) -> None:
    """The next pull by hand takes over what was read; no worker finds the dead run then."""
    with pytest.raises(Killed):
        kill_before_the_tab(ana)
    reads(town)
    bo = Clerk(town, "bo", "shop")
    assert (6, []) == (bo.pull()["resumed"], reads(town))
    assert [] == claimable(Watch(bo.process.ledger, bo.process, silence=LEASE), KINDS)


def test_a_scoped_pull_stays_scoped(town: Town, ana: Clerk) -> None:
    """A worker that goes on with a pull of one account reads that one alone."""
    ana.pull()
    reads(town)
    with pytest.raises(Killed):
        kill_scoped(ana)
    reads(town)
    bo = Clerk(town, "bo", "shop")
    run = claimable(Watch(bo.process.ledger, bo.process, silence=LEASE), KINDS)[0]
    assert bo.process.ledger.runs.claim(run, bo.process.me())
    KINDS["pull"](bo.desk, run)
    assert ["3"] == reads(town)


def kill_scoped(clerk: Clerk) -> None:
    """Pull one account, and be killed before the tab is written."""

    def die() -> None:
        clerk.process.alive = False

    clerk.process.visits["tab"] = die
    pull(clerk.desk, account_ids={"3"})
