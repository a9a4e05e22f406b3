"""Files that were sent to be imported; which run a kept reply belongs to, and who carries its request out."""

import sqlalchemy as sa
from alembic import op

from sheetsync.ledger.columns import Moment

revision = "0007"
down_revision = "0006"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Add the table of files, and the two columns."""
    op.create_table(
        "uploads",
        sa.Column("id", sa.String(length=26), nullable=False),
        sa.Column("connection", sa.String(length=100), nullable=False),
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("data", sa.LargeBinary(), nullable=False),
        sa.Column("results", sa.LargeBinary(), nullable=True),
        sa.Column("created_at", Moment(), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_uploads")),
    )
    op.create_index("ix_uploads_created_at", "uploads", ["created_at"])
    op.add_column("replies", sa.Column("run", sa.String(length=26), nullable=True))
    op.add_column("replies", sa.Column("claimed_by", sa.String(length=300), nullable=True))
