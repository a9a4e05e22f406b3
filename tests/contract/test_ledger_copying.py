"""Moving a ledger to another database, from and to every kind there is."""

from pathlib import Path

import pytest

from sheetsync.core.states import OperationState
from sheetsync.errors import LedgerError
from sheetsync.ledger.store import SqlLedger
from tests.contract.ledger_suite import SYSTEM, LedgerContract, Office, OnPostgresql, OnSqlite, planned


def target(tmp_path: Path) -> str:
    """Return the address of an empty database."""
    return f"sqlite:///{tmp_path}/moved.db"


class CopyingContract(LedgerContract):
    def test_everything_moves_and_the_source_is_sealed(self, office: Office, tmp_path: Path) -> None:
        """The copy goes on where the ledger stood; the old one opens no more, and says where it went."""
        lease = office.lease()
        office.send(lease, planned("KEY1", "1"), OperationState.UNKNOWN)
        before = office.ledger.check()
        copied = office.ledger.copy_to(target(tmp_path))
        assert before["events"] == copied["events"]
        moved = SqlLedger(target(tmp_path))
        assert before == moved.check()
        assert ["KEY1"] == [record.key for record in moved.operations.unsettled(SYSTEM)]
        moved.runs.start("pull", "main", SYSTEM, actor="a")
        assert before["events"] + 1 == moved.check()["events"]
        moved.close()
        with pytest.raises(LedgerError, match=r"moved to .*moved\.db"):
            office.another()

    def test_a_full_target_is_refused(self, office: Office, tmp_path: Path) -> None:
        """A database that holds a ledger already stays as it is, and so does the source."""
        other = SqlLedger(target(tmp_path))
        other.runs.start("pull", "main", SYSTEM, actor="a")
        other.close()
        office.lease()
        with pytest.raises(LedgerError, match="already holds"):
            office.ledger.copy_to(target(tmp_path))
        office.another()


class TestCopyingOnSqlite(OnSqlite, CopyingContract):
    pass


class TestCopyingOnPostgresql(OnPostgresql, CopyingContract):
    pass
