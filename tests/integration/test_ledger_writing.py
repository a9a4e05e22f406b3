"""Many writers at once: shared commits, one bad job harms no other, and kill -9 leaves a sound ledger."""

import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from functools import partial
from pathlib import Path

import pytest
from sqlalchemy import Engine, event, insert, text

from sheetsync.core.states import OperationState
from sheetsync.errors import LedgerError
from sheetsync.ledger.database import Transaction
from sheetsync.ledger.events import Event
from sheetsync.ledger.schema import pulls
from tests.contract.ledger_suite import OWNER, SYSTEM, Office, at_once

REPOSITORY = Path(__file__).parents[2]


@pytest.fixture(params=["sqlite", "postgresql"])
def office(request: pytest.FixtureRequest) -> Iterator[Office]:
    """Open a new ledger on either database."""
    office = Office(str(request.getfixturevalue(f"{request.param}_url")))
    yield office
    office.close()


def count_commits(engine: Engine) -> list[int]:
    """Return a list that grows with every commit of the engine."""
    seen: list[int] = []
    event.listen(engine, "commit", lambda _connection: seen.append(1))
    return seen


def say(kind: str, transaction: Transaction) -> str:
    """Append an event."""
    transaction.chain.append(Event(SYSTEM, transaction.now, "a", kind, None, None, {}))
    return kind


def break_a_rule(transaction: Transaction) -> None:
    """Append an event and break a constraint after it."""
    say("forgotten", transaction)
    row = {"connection": "c", "system": SYSTEM, "run": "R", "reading": 1, "at": transaction.now}
    transaction.connection.execute(insert(pulls), [row, row])


def give_up(transaction: Transaction) -> None:
    """Append an event and change one's mind."""
    say("forgotten", transaction)
    raise RuntimeError("changed my mind")


def hold_up(office: Office, others: list[Callable[[], object]]) -> list[object]:
    """Run these while the writer is busy, so that they wait for the same commit; return what came of them."""
    busy, gate = threading.Event(), threading.Event()
    queue = office.ledger.database._writer._queue

    def hold(_transaction: Transaction) -> bool:
        busy.set()
        return gate.wait(30)

    def outcome(work: Callable[[], object]) -> object:
        try:
            return work()
        except Exception as error:  # noqa: BLE001 - looked at by the test
            return error

    with ThreadPoolExecutor(len(others) + 1) as pool:
        holding = pool.submit(office.ledger.database.write, hold)
        assert busy.wait(30)
        running = [pool.submit(outcome, work) for work in others]
        while len(queue) < len(others):
            time.sleep(0.001)
        gate.set()
        assert holding.result()
        return [each.result() for each in running]


def test_group_commit(office: Office) -> None:
    """Those who wait while a commit is under way share the next one."""
    commits = count_commits(office.ledger.database.engine)
    write = office.ledger.database.write
    found = hold_up(office, [partial(write, partial(say, f"k{number}")) for number in range(40)])
    assert [f"k{number}" for number in range(40)] == found
    assert len(commits) == 2
    assert {"events": 40, "chain": "ok", "sums": "ok"} == office.ledger.check()


@pytest.mark.parametrize(("bad", "error"), [(break_a_rule, LedgerError), (give_up, RuntimeError)])
def test_bad_job(office: Office, bad: Callable[[Transaction], None], error: type[Exception]) -> None:
    """A job that fails is undone alone, and its exception reaches its own caller alone."""
    write = office.ledger.database.write
    works: list[Callable[[], object]] = [partial(write, partial(say, "kept")) for _ in range(9)]
    works.insert(4, partial(write, bad))
    found = hold_up(office, works)
    assert isinstance(found.pop(4), error)
    assert ["kept"] * 9 == found
    assert [("kept",)] * 9 == office.sql("SELECT kind FROM events")
    assert office.ledger.check()["chain"] == "ok"


def test_body_that_is_no_json(office: Office) -> None:
    """A float never gets into an event, and its refusal harms nobody else."""

    def work(transaction: Transaction) -> None:
        body = {"amounts": [{"credits": 0.1}]}
        transaction.chain.append(Event(SYSTEM, transaction.now, "a", "k", None, None, body))

    write = office.ledger.database.write
    found = hold_up(office, [partial(write, work), partial(write, partial(say, "kept"))])
    assert isinstance(found[0], TypeError)
    assert found[1] == "kept"


def test_writing_from_within_a_job(office: Office) -> None:
    """That would wait for itself for ever, so it is a mistake of ours."""
    database = office.ledger.database
    with pytest.raises(AssertionError):
        database.write(lambda _transaction: database.write(partial(say, "k")))


def test_closed(office: Office) -> None:
    """A closed ledger writes nothing."""
    office.ledger.close()
    with pytest.raises(LedgerError, match="closed"):
        office.ledger.database.write(partial(say, "k"))


def test_crowd(office: Office) -> None:
    """Many threads of several openings write and read at once; nobody hears of a lock."""
    ledgers = [office.ledger, *(office.another() for _ in range(3))]

    def work(number: int) -> None:
        ledger = ledgers[number % len(ledgers)]
        for _ in range(5):
            run = ledger.runs.start("pull", "main", SYSTEM, actor="a", owner=OWNER)
            ledger.runs.progress(run, 1, 2)
            assert ledger.runs.get(run) is not None
            ledger.runs.finish(run, "done")

    at_once([partial(work, number) for number in range(24)])
    assert {"events": 240, "chain": "ok", "sums": "ok"} == office.ledger.check()


SENDER = """
import sys, threading
from tests.contract.ledger_suite import *
office = Office(sys.argv[1])
lease = office.lease()
office.queue(lease, *(planned(f"K{number}", str(number)) for number in range(4000)))
print("ready", flush=True)
def send(first):
    for number in range(first, 4000, 8):
        wanted = planned(f"K{number}", str(number))
        if office.intend(lease, wanted):
            sys.stdout.write(f"K{number}\\n")
            sys.stdout.flush()
            office.conclude(lease, wanted, OperationState.ACCEPTED)
for first in range(8):
    threading.Thread(target=send, args=(first,)).start()
"""


def test_kill_9(office: Office) -> None:
    """A process that is killed in the middle of its writes: every intent it acted on is in a sound ledger."""
    command = [sys.executable, "-c", SENDER, office.url]
    with subprocess.Popen(command, cwd=REPOSITORY, stdout=subprocess.PIPE, text=True) as process:
        assert process.stdout is not None
        assert process.stdout.readline() == "ready\n"
        acted_on = [process.stdout.readline().strip() for _ in range(60)]
        process.kill()
        rest = process.stdout.read()
    acted_on += rest[: rest.rfind("\n") + 1].split()
    states = {key: record.state for key, record in office.ledger.operations.by_key(acted_on).items()}
    assert len(set(acted_on)) == len(acted_on) == len(states)
    assert set(states.values()) <= {OperationState.SENDING, OperationState.ACCEPTED}
    lease = office.lease()
    unknown, withdrawn = office.ledger.operations.take_over(lease, left_at=lease.expires_at)
    accepted = office.sql("SELECT count(*) FROM operations WHERE state = 'accepted'")[0][0]
    assert 4000 == unknown + withdrawn + accepted
    found = office.ledger.check()
    assert ("ok", "ok") == (found["chain"], found["sums"])


def test_readers_see_one_state(office: Office) -> None:
    """What is committed while somebody reads stays out of their sight until they look again."""
    office.lease()
    with office.ledger.database.read() as connection:
        before = connection.execute(text("SELECT count(*) FROM events")).scalar()
        office.ledger.database.write(partial(say, "k"))
        assert before == connection.execute(text("SELECT count(*) FROM events")).scalar()
