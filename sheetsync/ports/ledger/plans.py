"""What the ledger promises of frozen plans."""

from dataclasses import dataclass
from datetime import datetime
from typing import Any, Protocol


@dataclass(frozen=True, slots=True)
class StoredPlan:
    """A plan as it was frozen.

    Attributes:
        body: ``{"operations": [core.plan.freeze …], "baselines": {account id: {unit: minor}}, …}``; to be
            saved, a list may be an ``Each``.
        used_by_run: the run that carried it out, or began to.
    """

    connection: str
    digest: str
    system: str
    actor: str
    created_at: datetime
    expires_at: datetime
    body: dict[str, Any]
    approved_by: str | None = None
    approved_at: datetime | None = None
    refused_by: str | None = None
    decision_reason: str | None = None
    used_by_run: str | None = None


class Plans(Protocol):
    """Frozen plans by connection and digest."""

    def save(self, plan: StoredPlan) -> None:
        """Store a plan; previewing the same again renews it."""
        ...

    def load(self, connection_name: str, digest: str) -> StoredPlan | None:
        """Return the plan, or None if no preview ever showed it."""
        ...

    def use(self, connection_name: str, digest: str, run: str) -> None:
        """Note which run carries the plan out."""
        ...

    def decide(self, plan: StoredPlan, *, by: str, approved: bool, reason: str) -> None:
        """Write down a second person's consent to exactly this plan, or refusal."""
        ...
