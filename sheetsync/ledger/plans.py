"""Frozen plans."""

from sqlalchemy import delete, insert, select, update

from sheetsync.ledger.database import Database, Transaction
from sheetsync.ledger.schema import plans
from sheetsync.ports import StoredPlan


class PlanStore:
    """Plans by connection and digest; previewing the same again renews the plan."""

    def __init__(self, database: Database) -> None:
        self._database = database

    def save(self, plan: StoredPlan) -> None:
        """Store a plan, replacing one with the same digest."""

        def work(transaction: Transaction) -> None:
            where = (plans.c.connection == plan.connection, plans.c.digest == plan.digest)
            transaction.connection.execute(delete(plans).where(*where))
            transaction.connection.execute(
                insert(plans).values(
                    connection=plan.connection,
                    digest=plan.digest,
                    system=plan.system,
                    actor=plan.actor,
                    created_at=plan.created_at,
                    expires_at=plan.expires_at,
                    body=plan.body,
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
