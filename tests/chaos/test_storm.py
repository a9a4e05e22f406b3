"""Kills, restarts and lost answers, all at random: never twice, never lost, never reported wrong."""

from pathlib import Path

from tests.chaos.storm import Storm, Tally


def judge(tally: Tally) -> None:
    """A storm must have been one, and have done no harm."""
    assert () == tally.problems
    assert (0, 0, 0) == (tally.doubled, tally.lost, tally.wrong)
    assert tally.kills >= 3
    assert tally.faults >= 3


def test_storm_on_sqlite(tmp_path: Path, sqlite_url: str) -> None:
    """One worker, one system, an embedded queue."""
    judge(Storm(tmp_path, sqlite_url, operations=60, kills=4, faults=0.2, seed=3).ride())


def test_storm_on_postgresql(tmp_path: Path, postgresql_url: str) -> None:
    """Two workers, two systems; ledger, queue and rate limit in PostgreSQL."""
    storm = Storm(
        tmp_path, postgresql_url, operations=60, kills=5, faults=0.2, seed=5, sites=2, workers=2, parallel=4
    )
    judge(storm.ride())
