"""Checks that nobody asked for: at growing pauses, then left to a person."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest

from sheetsync.core.states import OperationState
from sheetsync.jobs.rechecking import CHECKS_MOST, PAUSE_MOST, due_at
from sheetsync.ports import OperationRecord

LEFT = datetime(2026, 3, 12, 9, 0, tzinfo=UTC)
SETTLE = timedelta(seconds=90)

RECORD = OperationRecord(
    key="K",
    system="s",
    connection="shop",
    account_id="7",
    email="",
    action="add",
    reason="",
    note="",
    extras={},
    basis=1,
    state=OperationState.UNKNOWN,
    attempts=1,
    closed=False,
    actor="cli:ana",
    run="R",
    plan="P",
    created_at=LEFT,
    sent_at=LEFT,
    left_at=LEFT,
    settled_at=None,
    checked_at=None,
    checks=0,
    message="",
    evidence=None,
    shown=False,
    units=(),
)


def test_the_first_check_waits_for_the_request() -> None:
    """A lost request is judged only when it can no longer be running."""
    assert LEFT + SETTLE == due_at(RECORD, SETTLE)


@pytest.mark.parametrize(("checks", "pause"), [(1, 180), (2, 360), (3, 720), (7, 11520)])
def test_pauses_double(checks: int, pause: int) -> None:
    """What could not be decided is asked again, ever more rarely."""
    checked = replace(RECORD, checks=checks, checked_at=LEFT)
    assert LEFT + timedelta(seconds=pause) == due_at(checked, SETTLE)


def test_pauses_have_an_end() -> None:
    """No pause is longer than a few hours, and after the last check a person looks at it."""
    assert LEFT + PAUSE_MOST == due_at(replace(RECORD, checks=7, checked_at=LEFT), timedelta(hours=1))
    assert due_at(replace(RECORD, checks=CHECKS_MOST, checked_at=LEFT), SETTLE) is None


@pytest.mark.parametrize(
    "state", sorted(set(OperationState) - {OperationState.ACCEPTED, OperationState.UNKNOWN})
)
def test_only_what_is_unproven(state: OperationState) -> None:
    """Settled, queued and just now sending operations are not checked."""
    assert due_at(replace(RECORD, state=state), SETTLE) is None
