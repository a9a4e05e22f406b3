"""The ledger as a whole."""

from typing import Any, Protocol

from sheetsync.ports.ledger.accounts import Accounts
from sheetsync.ports.ledger.lines import Lines
from sheetsync.ports.ledger.operations import Operations
from sheetsync.ports.ledger.plans import Plans
from sheetsync.ports.ledger.runs import Runs
from sheetsync.ports.ledger.statements import Statements
from sheetsync.ports.uploads import Uploads


class Ledger(Protocol):
    """One database; every credit system's intentions, evidence and baseline."""

    @property
    def accounts(self) -> Accounts:
        """The baseline."""
        ...

    @property
    def plans(self) -> Plans:
        """Frozen plans."""
        ...

    @property
    def runs(self) -> Runs:
        """Runs and leases."""
        ...

    @property
    def lines(self) -> Lines:
        """Lines of imported files."""
        ...

    @property
    def uploads(self) -> Uploads:
        """Files that were sent to be imported."""
        ...

    @property
    def operations(self) -> Operations:
        """Operations."""
        ...

    @property
    def statements(self) -> Statements:
        """What statements are made of."""
        ...

    def check(self) -> dict[str, Any]:
        """Recompute chain and sums: ``{"events": 812, "chain": "ok", "sums": "ok"}``, or what is wrong."""
        ...
