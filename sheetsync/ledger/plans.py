"""Frozen plans."""

from sqlalchemy import delete, insert, select, update

from sheetsync.ledger.database import Database, Transaction
from sheetsync.ledger.events import Event
from sheetsync.ledger.schema import plans
from sheetsync.ports import StoredPlan

_APPROVAL = ("approved_by", "approved_at", "refused_by", "decision_reason", "used_by_run")


class PlanStore:
    """Plans by connection and digest; previewing the same again renews the plan."""

    def __init__(self, database: Database) -> None:
        self._database = database

    def save(self, plan: StoredPlan) -> None:
        """Store a plan; one with the same digest keeps its author and its approval."""

        def work(transaction: Transaction) -> None:
            transaction.chain.lock(plan.system)  # of two that preview the same, the second sees the first
            connection = transaction.connection
            where = (plans.c.connection == plan.connection, plans.c.digest == plan.digest)
            known = connection.execute(select(plans).where(*where)).mappings().one_or_none()
            kept = {} if known is None else {name: known[name] for name in _APPROVAL}
            connection.execute(delete(plans).where(*where))
            connection.execute(
                insert(plans).values(
                    connection=plan.connection,
                    digest=plan.digest,
                    system=plan.system,
                    actor=plan.actor if known is None else known["actor"],
                    created_at=plan.created_at,
                    expires_at=plan.expires_at,
                    body=plan.body,
                    **kept,
                )
            )

        self._database.write(work)

    def load(self, connection_name: str, digest: str) -> StoredPlan | None:
        """Return the plan, or None if no preview ever showed it."""
        query = select(plans).where(plans.c.connection == connection_name, plans.c.digest == digest)
        with self._database.read() as connection:
            row = connection.execute(query).mappings().one_or_none()
            return None if row is None else StoredPlan(**row)

    def use(self, connection_name: str, digest: str, run: str) -> None:
        """Note which run carries the plan out."""

        def work(transaction: Transaction) -> None:
            where = (plans.c.connection == connection_name, plans.c.digest == digest)
            transaction.connection.execute(update(plans).where(*where).values(used_by_run=run))

        self._database.write(work)

    def decide(self, plan: StoredPlan, *, by: str, approved: bool, reason: str) -> None:
        """Write down a second person's consent to exactly this plan, or refusal."""
        verdict = {
            "approved_by": by if approved else None,
            "refused_by": None if approved else by,
            "decision_reason": reason,
            "used_by_run": None,
        }

        def work(transaction: Transaction) -> None:
            where = (plans.c.connection == plan.connection, plans.c.digest == plan.digest)
            values = {**verdict, "approved_at": transaction.now}
            transaction.connection.execute(update(plans).where(*where).values(**values))
            kind = "plan_approved" if approved else "plan_refused"
            body = {"plan": plan.digest, "connection": plan.connection, "reason": reason}
            transaction.chain.append(Event(plan.system, transaction.now, by, kind, None, None, body))

        self._database.write(work)
