"""What statements are made of, on every database."""

from datetime import timedelta

from sheetsync.core.states import OperationState
from tests.contract.ledger_suite import (
    LATER,
    SYSTEM,
    LedgerContract,
    Office,
    OnPostgresql,
    OnSqlite,
    account,
    planned,
)

LONG = timedelta(days=20_000)


class StatementsContract(LedgerContract):
    """Readings, what they found, and since when an operation shows."""

    def test_readings(self, office: Office) -> None:
        """Every reading is there with its kind and its time."""
        office.pull(account("7"))
        office.ledger.accounts.next_reading(SYSTEM, actor="a", run="R", kind="verify")
        office.ledger.accounts.next_reading("another", actor="a", run="R", kind="pull")
        found = office.ledger.statements.readings(SYSTEM)
        assert [(1, "pull", "RUN"), (2, "verify", "R")] == [
            (each.number, each.kind, each.run) for each in found
        ]
        assert found[0].at <= found[1].at

    def test_movements(self, office: Office) -> None:
        """The sum of what each reading found to be other than before; a unit without a value is 0."""
        assert [] == office.ledger.statements.movements(SYSTEM)
        office.pull(account("7", 10, None), account("8", 2**62))
        office.pull(account("7", 25, 3), account("8", 2**62))
        office.pull(account("7", 5, 3), account("9", -4))
        found = [
            (each.reading, each.unit, each.moved, each.appeared, each.accounts)
            for each in office.ledger.statements.movements(SYSTEM)
        ]
        assert [
            (1, "bonus", 0, 0, 2),
            (1, "credits", 0, 2**62 + 10, 2),
            (2, "bonus", 3, 0, 0),
            (2, "credits", 15, 0, 0),
            (3, "bonus", 0, 0, 1),
            (3, "credits", -20, -4, 1),
        ] == found

    def test_counted(self, office: Office) -> None:
        """A confirmed operation shows since the first reading after it was sent that found a change."""
        office.pull(account("7", 10))
        lease, wanted = office.lease(), planned()
        office.send(lease, wanted, OperationState.UNKNOWN)
        since, until = LATER - LONG, LATER + LONG
        assert [] == list(office.ledger.statements.counted(SYSTEM, since, until))
        seen = office.pull(account("7", 15))
        assert office.judge(wanted, OperationState.CONFIRMED, now=15, reading=seen + 1)
        (found,) = office.ledger.statements.counted(SYSTEM, since, until)
        assert ("KEY1", seen) == (found.record.key, found.reading)
        assert [] == list(office.ledger.statements.counted(SYSTEM, since, LATER - LONG))
        assert [] == list(office.ledger.statements.counted("another", since, until))

    def test_counted_where_nothing_moved(self, office: Office) -> None:
        """One that no balance shows is known since the reading that proved it, or from a person."""
        office.pull(account("7", 10), account("8", 10))
        lease, first, second = office.lease(), planned(), planned("KEY2", "8")
        for wanted in (first, second):
            office.send(lease, wanted, OperationState.UNKNOWN)
        assert office.judge(first, OperationState.CONFIRMED, now=10, reading=2)
        assert office.ledger.operations.resolve("KEY2", applied=True, actor="b", reason="r")
        found = office.ledger.statements.counted(SYSTEM, LATER - LONG, LATER + LONG)
        assert {"KEY1": 2, "KEY2": None} == {each.record.key: each.reading for each in found}


class TestStatementsOnSqlite(OnSqlite, StatementsContract):
    pass


class TestStatementsOnPostgresql(OnPostgresql, StatementsContract):
    pass
