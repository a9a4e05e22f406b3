"""What the ledger promises: the truth about our intentions, durable before anything is sent."""

from sheetsync.ports.ledger.accounts import Accounts, Pull
from sheetsync.ports.ledger.lines import LineRecord, Lines
from sheetsync.ports.ledger.operations import OperationRecord, Operations, UnitRecord
from sheetsync.ports.ledger.plans import Plans, StoredPlan
from sheetsync.ports.ledger.runs import Lease, Owner, Run, Runs
from sheetsync.ports.ledger.statements import Movement, Proven, Reading, Statements
from sheetsync.ports.ledger.whole import Ledger

__all__ = [
    "Accounts",
    "Lease",
    "Ledger",
    "LineRecord",
    "Lines",
    "Movement",
    "OperationRecord",
    "Operations",
    "Owner",
    "Plans",
    "Proven",
    "Pull",
    "Reading",
    "Run",
    "Runs",
    "Statements",
    "StoredPlan",
    "UnitRecord",
]
