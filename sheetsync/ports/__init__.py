"""The promises that use cases rely on; the suites in ``tests/contract`` check every adapter against them."""

from sheetsync.ports.clock import Clock
from sheetsync.ports.inspecting import Inspectable
from sheetsync.ports.ledger import (
    Lease,
    Ledger,
    LineRecord,
    Movement,
    OperationRecord,
    Owner,
    Proven,
    Pull,
    Reading,
    Run,
    StoredPlan,
    UnitRecord,
)
from sheetsync.ports.noting import Noting
from sheetsync.ports.processes import Processes
from sheetsync.ports.provider import CheckResult, Progress, Provider, Receipt
from sheetsync.ports.reports import Counted, Narrowed, Narrowing, ReportInfo, Reports
from sheetsync.ports.sheet import ColumnKind, Columns, ReportColumn, Sheet, Written

__all__ = [
    "CheckResult",
    "Clock",
    "ColumnKind",
    "Columns",
    "Counted",
    "Inspectable",
    "Lease",
    "Ledger",
    "LineRecord",
    "Movement",
    "Narrowed",
    "Narrowing",
    "Noting",
    "OperationRecord",
    "Owner",
    "Processes",
    "Progress",
    "Proven",
    "Provider",
    "Pull",
    "Reading",
    "Receipt",
    "ReportColumn",
    "ReportInfo",
    "Reports",
    "Run",
    "Sheet",
    "StoredPlan",
    "UnitRecord",
    "Written",
]
