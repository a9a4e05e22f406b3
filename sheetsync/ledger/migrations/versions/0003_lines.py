"""Lines of imported files: which operation each asks for, and against which state of the account."""

import sqlalchemy as sa
from alembic import op

from sheetsync.ledger.columns import Json, Moment

revision = "0003"
down_revision = "0002"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Add the table of lines."""
    op.create_table(
        "lines",
        sa.Column("key", sa.String(length=24), nullable=False),
        sa.Column("system", sa.String(length=300), nullable=False),
        sa.Column("connection", sa.String(length=100), nullable=False),
        sa.Column("account_id", sa.String(length=200), nullable=False),
        sa.Column("action", sa.String(length=20), nullable=False),
        sa.Column("changes", Json(), nullable=False),
        sa.Column("epochs", Json(), nullable=False),
        sa.Column("reference", sa.Text(), nullable=False),
        sa.Column("file", sa.Text(), nullable=False),
        sa.Column("digest", sa.String(length=64), nullable=False),
        sa.Column("line", sa.Integer(), nullable=False),
        sa.Column("run", sa.String(length=26), nullable=False),
        sa.Column("actor", sa.String(length=320), nullable=False),
        sa.Column("at", Moment(), nullable=False),
        sa.PrimaryKeyConstraint("key", name=op.f("pk_lines")),
    )
    op.create_index("ix_lines_system_account_id", "lines", ["system", "account_id"])
    op.create_index("ix_lines_run", "lines", ["run"])
