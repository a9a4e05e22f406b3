"""The promises that use cases rely on; the suites in ``tests/contract`` check every adapter against them."""

from sheetsync.ports.clock import Clock
from sheetsync.ports.inspecting import Inspectable
from sheetsync.ports.ledger import (
    Lease,
    Ledger,
    LineRecord,
    OperationRecord,
    Owner,
    Pull,
    Run,
    StoredPlan,
    UnitRecord,
)
from sheetsync.ports.processes import Processes
from sheetsync.ports.provider import CheckResult, Progress, Provider, Receipt
from sheetsync.ports.sheet import Columns, Sheet, Written

__all__ = [
    "CheckResult",
    "Clock",
    "Columns",
    "Inspectable",
    "Lease",
    "Ledger",
    "LineRecord",
    "OperationRecord",
    "Owner",
    "Processes",
    "Progress",
    "Provider",
    "Pull",
    "Receipt",
    "Run",
    "Sheet",
    "StoredPlan",
    "UnitRecord",
    "Written",
]
