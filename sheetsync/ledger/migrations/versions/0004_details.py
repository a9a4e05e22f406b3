"""What else a credit system says of an account, for people to look at."""

import sqlalchemy as sa
from alembic import op

from sheetsync.ledger.columns import Json

revision = "0004"
down_revision = "0003"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Add the details of an account."""
    op.add_column("accounts", sa.Column("details", Json(), nullable=True))
