"""What transactions prove: found by key, judged by amounts; and when their absence proves anything."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest

from sheetsync.core.accounts import Action, Change, Transaction
from sheetsync.core.evidence import by_transactions, found, key_of, note_for
from sheetsync.core.states import OperationState
from sheetsync.core.verify import Policy, Sent, Verdict
from tests.unit.test_core_kit import CREDITS, FOUR

SENT_AT = datetime(2026, 3, 12, 10, 0, tzinfo=UTC)
LEFT_AT = SENT_AT + timedelta(seconds=2)
SETTLE = timedelta(seconds=90)
DUE = LEFT_AT + SETTLE
ACCEPTED, UNKNOWN = OperationState.ACCEPTED, OperationState.UNKNOWN
CONFIRMED, NOT_APPLIED = OperationState.CONFIRMED, OperationState.NOT_APPLIED

ADDED = Sent(
    key="KEY",
    account_id="7",
    action=Action.ADD,
    changes=(Change("credits", 25),),
    reason="Goodwill",
    state=UNKNOWN,
    before={"credits": 40},
    expected={"credits": 65},
    left_at=LEFT_AT,
    connection="shop",
    sent_at=SENT_AT,
)
OURS = "ss:KEY Goodwill"


def moved(number: int, change: int, after: int, note: str = "", **more: object) -> Transaction:
    """Return a transaction of credits, a second after the intent."""
    at = more.pop("at", SENT_AT + timedelta(seconds=number))
    assert isinstance(at, datetime)
    return Transaction(
        str(number), "7", note, {"credits": change}, {"credits": after}, at, like_ours=bool(more)
    )


def judged(
    *listed: Transaction, now: int | None = 65, sent: Sent = ADDED, read_at: datetime = DUE
) -> Verdict:
    """Judge by these transactions."""
    return by_transactions(
        sent, listed, {"credits": now}, read_at=read_at, policy=Policy(SETTLE), units=(CREDITS,)
    )


@pytest.mark.parametrize("state", [ACCEPTED, UNKNOWN])
@pytest.mark.parametrize("note", [OURS, "ss:KEY", " ss:KEY\nx", "ss:KEY…"])
def test_found_by_key(state: OperationState, note: str) -> None:
    """One transaction with key and amounts confirms at once, whatever the balance is by now."""
    listed = (moved(1, -10, 30), moved(2, 25, 55, note), moved(3, -3, 52))
    verdict = judged(*listed, now=52, sent=replace(ADDED, state=state), read_at=SENT_AT)
    assert CONFIRMED is verdict.state
    assert "Added 25, Goodwill: transaction 2, balance 30 → 55" == verdict.message
    assert {"kind": "transaction", "id": "2", "changes": {"credits": 25}, "after": {"credits": 55}} == (
        verdict.evidence
    )


@pytest.mark.parametrize("note", ["ss:KEY2 x", "x ss:KEY", "ss:KE", "KEY", "ss:KEYa"])
def test_another_note_is_not_ours(note: str) -> None:
    """The key has to stand first, whole."""
    assert CONFIRMED is not judged(moved(1, 25, 65, note)).state


@pytest.mark.parametrize(
    "listed",
    [
        (moved(1, 24, 64, OURS),),
        (moved(1, -25, 15, OURS),),
        (moved(1, 25, 65, OURS), moved(2, 25, 90, OURS)),
        (moved(1, 25, 65, OURS), moved(2, 1, 66, OURS)),
    ],
)
def test_contradictions_raise_an_alert(listed: tuple[Transaction, ...]) -> None:
    """Other amounts, or two matches, never confirm; a person has to look."""
    verdict = judged(*listed)
    assert (None, True) == (verdict.state, verdict.alert)
    assert verdict.message.startswith("ALERT: Added 25, Goodwill is there ")
    assert "sheetsync resolve shop --operation KEY --as applied" in verdict.message
    settled = found(ADDED, listed, (CREDITS,), settled=True)
    assert "resolve" not in settled.message


def test_absence_proves_late_enough_only() -> None:
    """Before the request is certainly over, nothing is said."""
    early = judged(now=40, read_at=DUE - timedelta(seconds=1))
    assert (None, None) == (early.state, early.evidence)
    assert "10:01:32 UTC" in early.message
    assert NOT_APPLIED is judged(now=40).state


@pytest.mark.parametrize("state", [ACCEPTED, UNKNOWN])
def test_absence_has_to_explain_the_balance(state: OperationState) -> None:
    """What customers did since adds up to what the balance moved, or nothing is proven."""
    spent = (moved(1, -10, 30), moved(5, 4, 34))
    sent = replace(ADDED, state=state)
    verdict = judged(*spent, now=34, sent=sent)
    assert NOT_APPLIED is verdict.state
    assert verdict.evidence == {
        "kind": "balance",
        "before": {"credits": 40},
        "after": {"credits": 65},
        "now": {"credits": 34},
    }
    for now in (40, 65, 59, 35):
        assert judged(*spent, now=now, sent=sent).state is None


def test_what_counts_begins_where_the_balance_was_read() -> None:
    """The balance was read before the intent, and clocks differ; results say where the read belongs."""
    earlier = moved(1, -5, 40, at=SENT_AT - timedelta(hours=2))
    later = moved(3, -1, 29, at=DUE)  # after the balance was read
    for seconds in (-119, -60, -1, 0, 60, 119):
        spent = moved(2, -10, 30, at=SENT_AT + timedelta(seconds=seconds))
        assert NOT_APPLIED is judged(earlier, spent, later, now=30).state
    before_the_read = moved(2, -10, 40, at=SENT_AT - timedelta(seconds=0.5))
    assert NOT_APPLIED is judged(moved(1, 10, 50, at=SENT_AT), before_the_read, now=40).state


def test_a_list_that_hides_ours_proves_nothing() -> None:
    """A customer who spent exactly what was added leaves the balance as it was, and the list says so."""
    for seconds in (0, 1, 60):
        spent = moved(1, -25, 40, at=SENT_AT + timedelta(seconds=seconds))
        assert judged(spent, now=40).state is None
        assert judged(replace(spent, after={}), now=40).state is None
    cut = replace(ADDED, sent_at=SENT_AT + timedelta(seconds=0.9), at_pull={"credits": 40})
    in_that_second = moved(1, -25, 40, at=SENT_AT)
    assert judged(in_that_second, now=40, sent=cut).state is None
    assert (
        NOT_APPLIED
        is judged(moved(1, -25, 40, at=SENT_AT), now=40, sent=replace(cut, at_pull={"credits": 65})).state
    )
    earlier = moved(0, -5, 40, at=SENT_AT - timedelta(hours=2))
    assert judged(earlier, in_that_second, now=40, sent=cut).state is None
    exact = moved(1, -3, 40, at=SENT_AT - timedelta(seconds=0.25))
    assert NOT_APPLIED is judged(exact, now=40).state
    topped_up = moved(1, 25, 40, at=SENT_AT - timedelta(minutes=1))
    assert judged(topped_up, now=65).state is None


@pytest.mark.parametrize("note", ["", " ", "ss:", "ss:KE", "ss:KEY "])
def test_a_lost_note_is_nobody_proof(note: str) -> None:
    """A change like ours whose note says nothing may be ours: neither confirmed nor called lost."""
    verdict = judged(moved(1, 25, 65, note.strip()[:5], like_ours=True), now=65)
    assert verdict.state is None
    assert "as if the note had been lost" in verdict.message
    assert not verdict.alert


@pytest.mark.parametrize(
    "other",
    [
        moved(1, 25, 65),  # of a kind that we never send
        moved(1, 25, 65, "by hand", like_ours=True),
        moved(1, 25, 65, "ss:OTHER x", like_ours=True),
        moved(1, 24, 64, like_ours=True),
    ],
)
def test_what_cannot_be_ours_disturbs_nothing(other: Transaction) -> None:
    """A customer's top-up of the same amount, and other notes, are not ours."""
    assert NOT_APPLIED is judged(other, now=other.after["credits"]).state


def test_a_reset_is_matched_by_its_result() -> None:
    """What it overwrote beyond the plan is told; another result is an alert."""
    sent = replace(ADDED, action=Action.RESET, changes=(Change("credits", 65),))
    assert "Reset to 65, Goodwill: transaction 1, balance 40 → 65" == (
        judged(moved(1, 25, 65, OURS), sent=sent).message
    )
    verdict = judged(moved(1, -10, 30), moved(2, 35, 65, OURS), sent=sent)
    assert CONFIRMED is verdict.state
    assert verdict.message == (
        "Reset to 65, Goodwill: transaction 2, balance 30 → 65; it overwrote -10 Credits of the customer's"
    )
    assert judged(moved(1, 25, 64, OURS), sent=sent).alert
    assert judged(replace(moved(1, 25, 65, OURS), after={}), sent=sent).alert


def four(action: Action, changes: dict[str, int], moves: dict[str, int]) -> Verdict:
    """Judge a transaction of four units."""
    sent = replace(
        ADDED,
        action=action,
        changes=tuple(Change(code, amount) for code, amount in changes.items()),
        before=dict.fromkeys(changes, 0),
        expected=changes,
    )
    only = Transaction("9", "7", OURS, moves, {}, SENT_AT)
    return by_transactions(sent, [only], {}, read_at=DUE, policy=Policy(SETTLE), units=FOUR)


def test_several_units() -> None:
    """All asked for units have to agree, and no other may move; only cash may bring a bonus."""
    both = {"balance": 1000, "free_starts": 2}
    assert CONFIRMED is four(Action.ADD, both, {**both, "bonus": 0}).state
    assert "transaction 9, Balance +10.00, Free Starts +2" in four(Action.ADD, both, both).message
    assert four(Action.ADD, both, {"balance": 1000}).alert
    assert four(Action.ADD, {"balance": 1000}, both).alert
    cash = four(Action.CASH, {"balance": 1000}, {"balance": 1000, "bonus": 200})
    assert CONFIRMED is cash.state
    assert cash.message.endswith("; +2.00 Bonus came with it")


def test_notes() -> None:
    """The key stands first, however long the text is."""
    assert "ss:KEY Goodwill · ana" == note_for("KEY", "Goodwill · ana", 200)
    assert "ss:KEY aaa" == note_for("KEY", "aaaa", 10)
    assert ["KEY", None, None] == [key_of("ss:KEY x"), key_of(""), key_of("ss:")]
