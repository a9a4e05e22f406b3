"""Approve: a second person's consent to exactly one plan."""

from typing import Any

from sheetsync.core.people import same_person
from sheetsync.errors import ApprovalError, StalePlanError, UsageError
from sheetsync.ports import Ledger


def approve(
    ledger: Ledger, connection: str, digest: str, *, actor: str, approved: bool, reason: str
) -> dict[str, Any]:
    """Approve or refuse a plan; return the JSON of ``approve``.

    Args:
        ledger: where the plan is.
        connection: whose plan.
        digest: of the plan; any change of it is another plan.
        actor: who decides; neither who previewed nor, later, who pushes.
        approved: consent or refusal.
        reason: needed for a refusal.

    Raises:
        StalePlanError: no preview has shown it.
        ApprovalError: the author cannot approve the own plan.
        UsageError: a refusal without a reason.
    """
    plan = ledger.plans.load(connection, digest)
    if plan is None:
        raise StalePlanError(
            f"No preview of {connection} has shown a plan {digest[:19]}….",
            hint=f"See what waits with: sheetsync preview {connection}",
        )
    if not approved and not reason.strip():
        raise UsageError("A refusal needs a reason.", hint='Say why: --refuse --reason "…"')
    if approved and same_person(plan.actor, actor):
        raise ApprovalError(
            f"{actor} previewed this plan and cannot approve it.", hint="A second person has to look at it."
        )
    ledger.plans.decide(plan, by=actor, approved=approved, reason=reason.strip())
    return {"plan": digest, "status": "approved" if approved else "refused", "by": actor}
