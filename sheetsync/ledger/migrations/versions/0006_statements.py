"""When the credit system was read, which reading proved an operation, and indexes for millions of them."""

import json

import sqlalchemy as sa
from alembic import op

from sheetsync.ledger.columns import Moment

revision = "0006"
down_revision = "0005"
branch_labels = None
depends_on = None

BATCH = 1000
"""Rows in one insert."""


def upgrade() -> None:
    """Add the readings that the events tell of, and let every filter of a history have its index."""
    op.create_table(
        "readings",
        sa.Column("system", sa.String(length=300), nullable=False),
        sa.Column("reading", sa.Integer(), nullable=False),
        sa.Column("kind", sa.String(length=20), nullable=False),
        sa.Column("run", sa.String(length=26), nullable=True),
        sa.Column("at", Moment(), nullable=False),
        sa.PrimaryKeyConstraint("system", "reading", name=op.f("pk_readings")),
    )
    _fill()
    op.add_column("operations", sa.Column("reading", sa.Integer(), nullable=True))
    for name in ("ix_operations_system_state", "ix_operations_system_account_id", "ix_operations_run"):
        op.drop_index(name, "operations")
    for name, columns in {
        "ix_operations_account_id": ["account_id", "connection", "created_at"],
        "ix_operations_run": ["run", "connection", "created_at"],
        "ix_operations_actor": ["actor", "connection", "created_at"],
        "ix_operations_created_at": ["created_at"],
        "ix_operations_state": ["state", "system"],
        "ix_operations_system_settled_at": ["system", "settled_at"],
    }.items():
        op.create_index(name, "operations", columns)


def _fill() -> None:
    """Take the readings so far from the events that opened them."""
    names = ("system", "reading", "kind", "run", "at")
    readings = sa.table("readings", *(sa.column(name) for name in names))
    events = sa.table("events", *(sa.column(name) for name in ("system", "kind", "run", "at", "body")))
    query = sa.select(events).where(events.c.kind == "reading")
    with op.get_bind().execute(query, execution_options={"yield_per": BATCH}) as found:
        for part in found.partitions(BATCH):
            bodies = [json.loads(row.body) for row in part]
            rows = [
                {
                    "system": row.system,
                    "reading": body["reading"],
                    "kind": body["kind"],
                    "run": row.run,
                    "at": row.at,
                }
                for row, body in zip(part, bodies, strict=True)
            ]
            op.bulk_insert(readings, rows)
