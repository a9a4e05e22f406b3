"""Runs that wait for a worker, workers that show they are alive, checks that grow rarer, one pace for all."""

import sqlalchemy as sa
from alembic import op

from sheetsync.ledger.columns import Json, Moment

revision = "0002"
down_revision = "0001"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Add the owner and the parameters of a run, and the tables that workers share."""
    op.add_column("runs", sa.Column("params", Json(), nullable=True))
    op.add_column("runs", sa.Column("machine", sa.String(length=200), nullable=True))
    op.add_column("runs", sa.Column("pid", sa.Integer(), nullable=True))
    op.add_column("runs", sa.Column("pid_started", sa.String(length=40), nullable=True))
    op.add_column("operations", sa.Column("checks", sa.Integer(), nullable=False, server_default="0"))
    op.create_table(
        "workers",
        sa.Column("machine", sa.String(length=200), nullable=False),
        sa.Column("pid", sa.Integer(), nullable=False),
        sa.Column("pid_started", sa.String(length=40), nullable=False),
        sa.Column("seen_at", Moment(), nullable=False),
        sa.PrimaryKeyConstraint("machine", "pid", "pid_started", name=op.f("pk_workers")),
    )
    op.create_table(
        "paces",
        sa.Column("system", sa.String(length=300), nullable=False),
        sa.Column("board", sa.LargeBinary(), nullable=False),
        sa.PrimaryKeyConstraint("system", name=op.f("pk_paces")),
    )
    op.create_table(
        "seals",
        sa.Column("moved_to", sa.Text(), nullable=False),
        sa.Column("at", Moment(), nullable=False),
        sa.PrimaryKeyConstraint("moved_to", name=op.f("pk_seals")),
    )
