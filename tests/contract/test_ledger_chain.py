"""The event chain: nobody changes it, no two writers fork it, and ``check`` finds what was tampered with."""

import multiprocessing
from concurrent.futures import ProcessPoolExecutor
from functools import partial

import pytest
from sqlalchemy.exc import DBAPIError

from sheetsync.core.states import OperationState
from sheetsync.ledger.store import SqlLedger
from sheetsync.ports import Lease
from tests.contract.ledger_suite import (
    LATER,
    OWNER,
    SYSTEM,
    LedgerContract,
    Office,
    OnPostgresql,
    OnSqlite,
    account,
    at_once,
    planned,
)

SOUND = {"chain": "ok", "sums": "ok"}


def append(url: str, times: int) -> int:
    """Append events, as a process of its own does; return how many."""
    ledger = SqlLedger(url)
    for _ in range(times):
        ledger.accounts.next_reading(SYSTEM, actor="a", run="R", kind="pull")
    ledger.close()
    return times


def claim(url: str, fence: int, run: str, keys: list[str]) -> list[str]:
    """Try to claim operations, as a process of its own does; return those that it may send."""
    ledger = SqlLedger(url)
    lease = Lease(SYSTEM, fence, run, "cli:ana", OWNER, LATER)
    won = [
        key
        for key in keys
        if ledger.operations.intend(key, lease, attempt=1, before={}, expected={"credits": 15})
    ]
    ledger.close()
    return won


class ChainContract(LedgerContract):
    def test_threads(self, office: Office) -> None:
        """Threads of two ledgers append without a gap."""
        ledgers = [office.ledger, office.another()] * 8
        opening = [
            partial(each.accounts.next_reading, SYSTEM, actor="a", run="R", kind="pull") for each in ledgers
        ]
        for _ in range(3):
            at_once(opening)
        assert {"events": 48, **SOUND} == office.ledger.check()

    def test_processes(self, office: Office) -> None:
        """Processes append without a fork, and claim each operation once."""
        lease = office.lease()
        keys = [f"K{number}" for number in range(40)]
        office.queue(lease, *(planned(key, key) for key in keys))
        run = str(lease.run)
        with ProcessPoolExecutor(3, mp_context=multiprocessing.get_context("spawn")) as pool:
            appending = [pool.submit(append, office.url, 40)]
            claiming = [pool.submit(claim, office.url, lease.fence, run, keys) for _ in range(2)]
            claims = [key for future in claiming for key in future.result()]
            assert sum(future.result() for future in appending) == 40
        assert sorted(keys) == sorted(claims)
        assert {"events": 2 + 40 + 40 + 40, **SOUND} == office.ledger.check()

    @pytest.mark.parametrize("change", ["UPDATE events SET actor = 'x'", "DELETE FROM events"])
    def test_append_only(self, office: Office, change: str) -> None:
        """The database itself refuses to change or delete an event."""
        office.lease()
        with pytest.raises(DBAPIError, match="append-only"):
            office.sql(change)

    def test_facts_without_people(self, office: Office) -> None:
        """Events hold ids and amounts, never e-mails, names or notes."""
        office.pull(account("7"))
        office.send(office.lease(), planned(), OperationState.ACCEPTED)
        office.judge(planned(), OperationState.CONFIRMED, now=15, reading=2)
        bodies = "".join(row[0] for row in office.sql("SELECT body FROM events"))
        assert '"changes":{"credits":5}' in bodies
        assert not any(secret in bodies for secret in ("example.com", "Ana", "a note"))

    @pytest.fixture
    def settled(self, office: Office) -> Office:
        """Leave one confirmed and one refused operation, and the guards down."""
        office.pull(account("7"), account("8"))
        lease = office.lease()
        office.send(lease, planned(), OperationState.ACCEPTED)
        office.judge(planned(), OperationState.CONFIRMED, now=15, reading=2)
        office.send(lease, planned("KEY2", "8"), OperationState.REJECTED)
        assert {**office.ledger.check(), **SOUND} == office.ledger.check()
        office.disarm()
        return office

    @pytest.mark.parametrize(
        "change",
        [
            "body = replace(body, 'credits', 'bonus')",
            "body = body || ' '",
            "body = 'nonsense'",
            "actor = 'cli:ben'",
            "at = '2026-03-12T09:14:03.000001Z'",
            "kind = 'not_applied'",
            "operation = 'KEY9'",
            "run = NULL",
            "hash = previous",
        ],
    )
    def test_changed_event(self, settled: Office, change: str) -> None:
        """Whatever is changed of an event, the chain breaks there."""
        settled.sql(f"UPDATE events SET {change} WHERE kind = 'queued' AND operation = 'KEY1'")  # noqa: S608
        assert settled.ledger.check()["chain"].startswith(f"broken at event 4 of {SYSTEM}")

    def test_cut_off_tail(self, settled: Office) -> None:
        """Events that were cut off at the end are missed."""
        settled.sql("DELETE FROM events WHERE number > 5")
        assert "cut off" in settled.ledger.check()["chain"]

    def test_missing_link(self, settled: Office) -> None:
        """An event that was taken out of the middle is missed."""
        settled.sql("DELETE FROM events WHERE number = 3")
        assert settled.ledger.check()["chain"].startswith("broken at event 4")

    def test_forgotten_head(self, settled: Office) -> None:
        """So is a head that was taken away."""
        settled.sql("DELETE FROM systems")
        assert "cut off" in settled.ledger.check()["chain"]

    @pytest.mark.parametrize(
        ("change", "finds"),
        [
            ("operations SET state = 'not_applied' WHERE key = 'KEY1'", "KEY1 is not_applied"),
            ("operations SET state = 'confirmed' WHERE key = 'KEY2'", "KEY2 is confirmed"),
            ("operations SET attempts = 0 WHERE key = 'KEY2'", "KEY2 is rejected after 0 attempts"),
            ("operation_units SET amount = 6 WHERE operation = 'KEY1'", "KEY1 asks for 6 credits"),
            ("operation_units SET expected = 16 WHERE operation = 'KEY1'", "KEY1 goes from 10 to 16"),
            ("operation_units SET before = 9 WHERE operation = 'KEY2'", "KEY2 goes from 9 to 15"),
        ],
    )
    def test_changed_operation(self, settled: Office, change: str, finds: str) -> None:
        """A state, an amount or a balance that the events do not know is found."""
        settled.sql(f"UPDATE {change}")
        found = settled.ledger.check()
        assert found["chain"] == "ok"
        assert finds in found["sums"]

    def test_invented_and_lost_operations(self, settled: Office) -> None:
        """So are operations that no event speaks of, and events whose operation is gone."""
        for table, key in (
            ("operation_units", "operation"),
            ("operation_texts", "operation"),
            ("operations", "key"),
        ):
            settled.sql(f"DELETE FROM {table} WHERE {key} = 'KEY2'")  # noqa: S608
        assert "KEY2 is in the events and nowhere else" in settled.ledger.check()["sums"]


class TestChainOnSqlite(OnSqlite, ChainContract):
    pass


class TestChainOnPostgresql(OnPostgresql, ChainContract):
    def test_no_truncation(self, office: Office) -> None:
        """PostgreSQL's short way to delete everything is refused too."""
        office.lease()
        with pytest.raises(DBAPIError, match="append-only"):
            office.sql("TRUNCATE events")
