"""The ledger keeps the promises of ``ports.Operations`` that proof by transaction needs."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta

from sheetsync.core.accounts import Account, EvidenceKind
from sheetsync.core.states import SENDABLE, OperationState
from sheetsync.ports import Lease
from tests.contract.ledger_suite import (
    CAPABILITIES,
    MAKER,
    SYSTEM,
    LedgerContract,
    Office,
    OnPostgresql,
    OnSqlite,
    account,
    again,
    planned,
)

TRANSACTIONS = replace(CAPABILITIES, evidence=EvidenceKind.TRANSACTION)
LONG_AGO = datetime(2020, 1, 1, tzinfo=UTC)
SEEN = {"kind": "transaction", "ids": ["1", "2"]}


def queue(office: Office, lease: Lease, *, attempt: int = 1, transactions: bool = True) -> None:
    """Queue an operation under these permissions."""
    office.ledger.operations.queue(
        [replace(planned(), attempt=attempt)],
        lease,
        connection_name="main",
        plan="sha256:1",
        capabilities=TRANSACTIONS if transactions else CAPABILITIES,
    )


def lose(office: Office, lease: Lease) -> None:
    """Send an operation that is refused."""
    queue(office, lease)
    assert office.intend(lease, planned())
    office.conclude(lease, planned(), OperationState.REJECTED)


class TransactionsContract(LedgerContract):
    def test_evidence_stays_as_first_sent(self, office: Office) -> None:
        """Later attempts are proven like the first one; what was never sent is not bound."""
        office.pull(account("7", 10))
        lease = office.lease()
        queue(office, lease, transactions=False)
        office.ledger.operations.withdraw(lease.run or "", why="for a test")
        lose(office, lease)
        assert EvidenceKind.TRANSACTION is office.record().evidence_kind
        queue(office, lease, attempt=2, transactions=False)
        assert EvidenceKind.TRANSACTION is office.record().evidence_kind

    def test_what_was_settled_lately(self, office: Office) -> None:
        """Sent, proven by transaction, and not counted: these are looked for again."""
        office.pull(account("7", 10))
        lose(office, office.lease())
        found = office.ledger.operations.lately(SYSTEM, LONG_AGO)
        assert ["KEY1"] == [each.key for each in found]
        assert [] == office.ledger.operations.lately("another", LONG_AGO)
        assert [] == office.ledger.operations.lately(SYSTEM, datetime.now(UTC) + timedelta(days=1))
        office.ledger.operations.looked_up(["KEY1"])
        assert office.record().checked_at is not None

    def test_found_late(self, office: Office) -> None:
        """A settled operation is confirmed from there, and its epoch moves on."""
        office.pull(account("7", 10))
        lose(office, office.lease())
        assert office.ledger.operations.verdict(
            "KEY1",
            attempt=1,
            state=OperationState.CONFIRMED,
            message="found",
            evidence={"kind": "transaction", "id": "1"},
            account=Account("7", "", "", {"credits": 15}),
            reading=2,
            from_states=SENDABLE,
        )
        assert OperationState.CONFIRMED is office.state()
        assert 1 == office.ledger.accounts.baselines(SYSTEM, MAKER)["7"].epochs["credits"]
        assert [] == office.ledger.operations.lately(SYSTEM, LONG_AGO)
        assert {"chain": "ok", "sums": "ok"}.items() <= office.ledger.check().items()

    def test_an_alert_changes_no_state(self, office: Office) -> None:
        """It is an event and a message, once, and has to be shown."""
        office.pull(account("7", 10))
        lease = office.lease()
        queue(office, lease)
        office.intend(lease, planned())
        office.conclude(lease, planned(), OperationState.ACCEPTED)
        assert office.ledger.operations.alert("KEY1", message="ALERT: twice", evidence=SEEN)
        assert not office.ledger.operations.alert("KEY1", message="ALERT: twice", evidence=SEEN)
        found = office.record()
        assert (OperationState.ACCEPTED, "ALERT: twice", SEEN, False) == (
            found.state,
            found.message,
            found.evidence,
            found.shown,
        )
        assert ["queued", "intent", "accepted", "alert"] == office.kinds()
        assert "ok" == office.ledger.check()["sums"]

    def test_an_alert_holds_what_is_queued(self, office: Office) -> None:
        """It becomes unknown: it is not sent, and takes a person's verdict."""
        office.pull(account("7", 10))
        lease = office.lease()
        lose(office, lease)
        queue(office, lease, attempt=2)
        assert office.ledger.operations.alert("KEY1", message="ALERT: other amounts", evidence=SEEN)
        assert OperationState.UNKNOWN is office.state()
        assert not office.intend(lease, again(planned()))
        assert "ok" == office.ledger.check()["sums"]
        assert office.ledger.operations.resolve("KEY1", applied=True, actor="cli:ana", reason="seen")

    def test_details_outlive_reads_without_any(self, office: Office) -> None:
        """What else is known of an account stays until a read says otherwise."""
        known = replace(account("7", 10), details={"employee": "yes"})
        office.pull(known)
        office.pull(account("7", 11))
        office.pull(account("8", 11))
        found = office.ledger.accounts.baselines(SYSTEM, MAKER)
        assert [{"employee": "yes"}, {}] == [found[each].details for each in ("7", "8")]
        assert 2 == office.ledger.accounts.count(SYSTEM)


class TestOnSqlite(OnSqlite, TransactionsContract):
    pass


class TestOnPostgresql(OnPostgresql, TransactionsContract):
    pass
