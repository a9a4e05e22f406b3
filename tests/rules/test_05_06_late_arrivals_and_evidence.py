"""Rules 5, 6 and 8, for systems with transactions: looked up by key, late ones found, evidence that stays."""

from collections.abc import Iterator

import pytest

from sheetsync.core.accounts import EvidenceKind
from sheetsync.core.states import OperationState
from sheetsync.errors import ContradictionError
from sheetsync.jobs.pull import pull
from sheetsync.jobs.rechecking import is_due
from sheetsync.jobs.verify import verify
from tests.laundry import Weather
from tests.rules.laundromat import Alone, Counter
from tests.stateful.kit import LEASE

LOST = Weather("drop", applied=False)
LATE = Weather("drop", late=True)


@pytest.fixture
def counter() -> Iterator[Counter]:
    """Open a counter at a laundry of three customers with 40.00 each."""
    with Counter() as counter:
        yield counter


def lose(counter: Counter, weather: Weather = LOST, number: int = 1001) -> None:
    """Push an Add of 25.00 that gets lost, and wait until that is proven."""
    counter.edit(number, "Add", Change_Balance=25, Reason="Goodwill")
    counter.laundry.weather(number, weather)
    assert "confirmation_required" == counter.ship()[str(number)]["status"]
    counter.wait()
    assert "not_applied" == counter.verify()[str(number)]["status"]


def test_the_transaction_is_the_proof(counter: Counter) -> None:
    """It is named, and a customer who spends before and after it disturbs nothing."""
    counter.edit(1001, "Add", Change_Balance=25, Reason="Goodwill")
    counter.laundry.weather(1001, Weather(before=-1000, after=-300))
    row = counter.ship()["1001"]
    ours = counter.laundry.applied(1001)[0]["ID"]
    assert ("confirmed", {"kind": "transaction", "id": str(ours)}) == (row["status"], row["evidence"])
    assert f"Added 25.00 Balance, Goodwill: transaction {ours}, Balance 30.00 → 55.00" == row["message"]
    shown = counter.row(1001)
    assert ("Confirmed", 52, None) == (shown["Status"], shown["Balance"], shown["Action"])


def test_a_lost_answer_is_confirmed_at_once(counter: Counter) -> None:
    """Nothing has to be waited for when the transaction is there."""
    counter.edit(1001, "Add", Change_Balance=25, Change_Free_Starts=1)
    counter.laundry.weather(1001, Weather("drop", after=-100))
    assert "confirmed" == counter.ship()["1001"]["status"]


def test_a_moved_balance_does_not_hide_a_loss(counter: Counter) -> None:
    """Not applied needs no unchanged balance, only transactions that explain it."""
    counter.edit(1001, "Add", Change_Balance=25)
    counter.laundry.weather(1001, Weather("drop", applied=False, before=-700, after=300))
    counter.ship()
    assert "confirmation_required" == counter.verify()["1001"]["status"]
    counter.wait()
    row = counter.verify()["1001"]
    assert ("not_applied", "36.00") == (row["status"], row["evidence"]["now"])
    assert "confirmed" == counter.ship()["1001"]["status"]
    assert 2 == counter.record(1001).attempts


def test_an_accepted_change_that_never_was(counter: Counter) -> None:
    """The list decides also where the system said yes and did nothing; kept by the look-ups of rule 5."""
    counter.edit(1001, "Add", Change_Balance=25)
    counter.laundry.weather(1001, Weather("ok", applied=False))
    assert "confirmation_required" == counter.ship()["1001"]["status"]
    counter.wait()
    assert "not_applied" == counter.verify()["1001"]["status"]


def test_a_lagging_list_says_nothing(counter: Counter) -> None:
    """While the list does not explain the balance, nothing is said, though a customer spent as much."""
    counter.edit(1001, "Add", Change_Balance=25)
    counter.edit(1002, "Add", Change_Balance=25)
    counter.laundry.weather(1002, Weather(after=-2500))
    counter.ship(check=False)
    ours = {each["ID"] for number in (1001, 1002) for each in counter.laundry.applied(number)}
    counter.laundry.hidden |= ours
    counter.wait()
    rows = counter.verify()
    assert ["confirmation_required"] * 2 == [row["status"] for row in rows.values()]
    assert "do not add up" in rows["1002"]["message"]
    counter.laundry.hidden -= ours
    assert ["confirmed"] * 2 == [row["status"] for row in counter.verify().values()]


def test_a_lost_note_is_left_to_a_person(counter: Counter) -> None:
    """A server that throws notes away never makes an applied change look lost."""
    counter.edit(1001, "Add", Change_Balance=25)
    counter.edit(1002, "Add", Change_Balance=25)
    counter.laundry.weather(1001, Weather("drop", note=0))
    counter.laundry.weather(1002, Weather("ok", note=12))
    counter.ship()
    counter.wait()
    rows = counter.verify()
    assert ["confirmation_required"] * 2 == [row["status"] for row in rows.values()]
    assert "as if the note had been lost" in rows["1001"]["message"]
    assert 2500 + 4000 == counter.laundry.balance(1001)


@pytest.mark.parametrize("weather", [Weather(off=1), Weather(times=2)])
def test_a_contradiction_is_an_alert(counter: Counter, weather: Weather) -> None:
    """Other amounts, or two transactions with one key, never confirm; everybody hears of it."""
    counter.edit(1001, "Add", Change_Balance=25)
    counter.laundry.weather(1001, weather)
    row = counter.ship()["1001"]
    assert ("confirmation_required", True) == (row["status"], row["message"].startswith("ALERT: "))
    assert counter.row(1001)["Message"].startswith("ALERT: ")
    assert [] != verify(counter.desk)["warnings"]
    assert "transaction" == row["evidence"]["kind"]


def test_one_that_turns_up_late_is_confirmed(counter: Counter) -> None:
    """Called lost, then there: the next verify finds it, and its epoch has grown."""
    lose(counter, LATE)
    key = counter.row(1001)["Key"]
    counter.laundry.deliver()
    row = counter.verify()["1001"]
    assert ("confirmed", True) == (row["status"], row["message"].startswith("Found later: Added 25.00"))
    shown = counter.row(1001)
    assert ("Confirmed", 65, None) == (shown["Status"], shown["Balance"], shown["Action"])
    assert key != shown["Key"]
    assert {} == counter.verify()


def test_it_is_looked_for_by_itself_for_a_month(counter: Counter) -> None:
    """What a re-read called lost, or the system refused, is asked for once a day; then no more."""
    counter.edit(1002, "Add", Change_Balance=25)
    counter.laundry.weather(1002, Weather("refuse"))
    lose(counter)
    ledger, system = counter.desk.ledger, counter.desk.system
    found = []
    for day in (0.9, 0.2, 1, 0.5, 27, 2):
        counter.wait(day * 86_400)
        due = is_due(ledger, system, counter.desk.policy.settle_after)
        before = len(counter.laundry.requests)
        counter.verify()
        found.append((due, len(counter.laundry.requests) > before))
    seen = [(False, True), (True, True), (True, True), (False, False), (True, True), (False, False)]
    assert seen == found


def test_before_a_new_attempt_it_is_looked_for(counter: Counter) -> None:
    """What turned up meanwhile is not sent again."""
    lose(counter, LATE)
    counter.laundry.deliver()
    row = counter.ship()["1001"]
    assert "confirmed" == row["status"]
    assert (1, 6500) == (len(counter.laundry.bodies), counter.laundry.balance(1001))
    assert 1 == counter.record(1001).attempts


def test_a_contradiction_stops_a_push(counter: Counter) -> None:
    """An earlier attempt that counted otherwise: nothing more is sent, and the row waits for a person."""
    lose(counter, Weather("drop", late=True, off=1))
    counter.laundry.deliver()
    counter.edit(1002, "Add", Change_Balance=1)
    with pytest.raises(ContradictionError):
        counter.ship()
    assert 1 == len(counter.laundry.bodies)
    assert OperationState.UNKNOWN is counter.state(1001)
    assert OperationState.WITHDRAWN is counter.state(1002)
    assert counter.row(1001)["Message"].startswith("ALERT: ")


def test_a_contradiction_stops_somebody_elses_push(counter: Counter) -> None:
    """A verify that finds one asks the push that holds the system to stop between two rows."""
    counter.edit(1001, "Add", Change_Balance=25)
    counter.laundry.weather(1001, Weather(times=2))
    counter.ship(check=False)
    runs, lease = counter.desk.ledger.runs, counter.desk.ledger.runs.lease(counter.desk.system)
    assert lease is not None
    pushing = runs.start("push", "laundry", counter.desk.system, actor="cli:bo", owner=Alone().me())
    taken = runs.take(
        counter.desk.system, pushing, actor="cli:bo", owner=Alone().me(), length=LEASE, unless=lease.fence
    )
    assert taken is not None
    counter.verify()
    found = runs.get(pushing)
    assert found is not None
    assert found.cancel


def test_without_reports_nothing_is_tried_again(counter: Counter) -> None:
    """An earlier attempt that cannot be looked for is not sent once more."""
    lose(counter)
    counter.laundry.reports = False
    row = counter.ship()["1001"]
    assert "an earlier attempt has to be looked for first" in row["message"]
    assert 1 == len(counter.laundry.bodies)


def test_two_attempts_that_both_count_are_an_alert(counter: Counter) -> None:
    """A request that lived on longer than anybody thought makes a double, and it is found and said."""
    lose(counter, LATE)
    assert "confirmed" == counter.ship()["1001"]["status"]
    counter.laundry.deliver()
    counter.edit(1001, "Add", Change_Balance=1)
    counter.ship()
    assert any(
        each.message.startswith("ALERT: Added 25.00 Balance, Goodwill is there 2 times")
        for each in counter.desk.ledger.operations.history(None)
    )


def test_a_refusal_of_a_second_attempt_speaks_for_itself(counter: Counter) -> None:
    """Rule 4: it makes the operation unknown until it was looked up."""
    lose(counter)
    counter.laundry.weather(1001, Weather("refuse"))
    counter.ship(check=False)
    assert OperationState.UNKNOWN is counter.state(1001)
    counter.wait()
    assert "not_applied" == counter.verify()["1001"]["status"]


def test_evidence_stays_what_it_was(counter: Counter) -> None:
    """Rule 6: a privilege that is lost later never yields Not applied, nor a proof by balance."""
    for number, weather in ((1001, Weather("drop", applied=False)), (1002, Weather("drop"))):
        counter.edit(number, "Add", Change_Balance=25)
        counter.laundry.weather(number, weather)
    counter.ship(check=False)
    counter.laundry.reports = False
    counter.wait()
    rows = counter.verify()
    assert ["confirmation_required"] * 2 == [row["status"] for row in rows.values()]
    assert "'Reports'" in rows["1001"]["message"]
    pull(counter.desk)
    assert OperationState.UNKNOWN is counter.state(1001)
    counter.laundry.reports = True
    assert ["confirmed", "not_applied"] == sorted(row["status"] for row in counter.verify().values())


def test_balances_do_where_transactions_may_not_be_read(counter: Counter) -> None:
    """From the start without 'Reports': proven by balance, and the row says so; for good."""
    counter.laundry.reports = False
    counter.edit(1001, "Add", Change_Balance=25)
    row = counter.ship()["1001"]
    assert ("confirmed", "balance") == (row["status"], row["evidence"]["kind"])
    assert "Transactions may not be read here" in row["message"]
    assert EvidenceKind.BALANCE is counter.record(1001).evidence_kind


def test_a_pull_settles_by_transactions(counter: Counter) -> None:
    """A pull is a re-read; balances alone settle nothing here."""
    counter.edit(1001, "Add", Change_Balance=25)
    counter.laundry.weather(1001, Weather(after=-1))
    counter.ship(check=False)
    pull(counter.desk)
    assert OperationState.CONFIRMED is counter.state(1001)
    assert (64.99, None) == (counter.row(1001)["Balance"], counter.row(1001)["Action"])


def test_a_reset_overwrites_and_says_so(counter: Counter) -> None:
    """Rule 8: matched by its result; what a customer spent in between is told."""
    counter.edit(1001, "Reset", Change_Balance=100)
    counter.laundry.weather(1001, Weather(before=-1000, after=-300))
    row = counter.ship()["1001"]
    assert "confirmed" == row["status"]
    assert "it overwrote -10.00 Balance of the customer's" in row["message"]
    assert 97 == counter.row(1001)["Balance"]


def test_many_are_proven_by_few_requests() -> None:
    """Sixty changes: two pages of accounts and two of transactions."""
    with Counter(60) as counter:
        for number in counter.laundry.customers:
            counter.edit(number, "Add", Change_Bonus=1)
        counter.ship(check=False)
        counter.laundry.requests.clear()
        assert {"confirmed"} == {row["status"] for row in counter.verify().values()}
        assert len(counter.laundry.requests) <= 6
