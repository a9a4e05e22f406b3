"""The ledger."""

import sqlalchemy as sa
from alembic import op

from sheetsync.ledger.columns import Json, Minor, Moment

revision = "0001"
down_revision = None
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Create all tables, and let nobody change or delete an event."""
    op.create_table(
        "accounts",
        sa.Column("system", sa.String(length=300), nullable=False),
        sa.Column("account_id", sa.String(length=200), nullable=False),
        sa.Column("email", sa.Text(), nullable=False),
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("missing", sa.Boolean(), nullable=False),
        sa.Column("reading", sa.Integer(), nullable=False),
        sa.PrimaryKeyConstraint("system", "account_id", name=op.f("pk_accounts")),
    )
    op.create_table(
        "balances",
        sa.Column("system", sa.String(length=300), nullable=False),
        sa.Column("account_id", sa.String(length=200), nullable=False),
        sa.Column("unit", sa.String(length=40), nullable=False),
        sa.Column("reading", sa.Integer(), nullable=False),
        sa.Column("amount", Minor(), nullable=True),
        sa.PrimaryKeyConstraint("system", "account_id", "unit", "reading", name=op.f("pk_balances")),
    )
    op.create_table(
        "events",
        sa.Column("id", sa.Integer(), autoincrement=True, nullable=False),
        sa.Column("system", sa.String(length=300), nullable=False),
        sa.Column("number", sa.Integer(), nullable=False),
        sa.Column("at", Moment(), nullable=False),
        sa.Column("actor", sa.String(length=320), nullable=False),
        sa.Column("kind", sa.String(length=30), nullable=False),
        sa.Column("operation", sa.String(length=24), nullable=True),
        sa.Column("run", sa.String(length=26), nullable=True),
        sa.Column("body", Json(), nullable=False),
        sa.Column("previous", sa.String(length=64), nullable=False),
        sa.Column("hash", sa.String(length=64), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_events")),
        sa.UniqueConstraint("system", "number", name=op.f("uq_events_system_number")),
    )
    op.create_index("ix_events_operation", "events", ["operation"], unique=False)
    op.create_table(
        "holdings",
        sa.Column("system", sa.String(length=300), nullable=False),
        sa.Column("account_id", sa.String(length=200), nullable=False),
        sa.Column("unit", sa.String(length=40), nullable=False),
        sa.Column("amount", Minor(), nullable=True),
        sa.Column("basis", sa.Integer(), nullable=False),
        sa.Column("epoch", sa.Integer(), nullable=False),
        sa.PrimaryKeyConstraint("system", "account_id", "unit", name=op.f("pk_holdings")),
    )
    op.create_table(
        "leases",
        sa.Column("system", sa.String(length=300), nullable=False),
        sa.Column("fence", sa.Integer(), nullable=False),
        sa.Column("run", sa.String(length=26), nullable=True),
        sa.Column("actor", sa.String(length=320), nullable=False),
        sa.Column("machine", sa.String(length=200), nullable=False),
        sa.Column("pid", sa.Integer(), nullable=False),
        sa.Column("pid_started", sa.String(length=40), nullable=False),
        sa.Column("expires_at", Moment(), nullable=False),
        sa.PrimaryKeyConstraint("system", name=op.f("pk_leases")),
    )
    op.create_table(
        "operations",
        sa.Column("key", sa.String(length=24), nullable=False),
        sa.Column("system", sa.String(length=300), nullable=False),
        sa.Column("connection", sa.String(length=100), nullable=False),
        sa.Column("account_id", sa.String(length=200), nullable=False),
        sa.Column("action", sa.String(length=20), nullable=False),
        sa.Column("reason", sa.Text(), nullable=False),
        sa.Column("extras", Json(), nullable=False),
        sa.Column("basis", sa.Integer(), nullable=False),
        sa.Column("evidence_kind", sa.String(length=20), nullable=False),
        sa.Column("state", sa.String(length=20), nullable=False),
        sa.Column("attempts", sa.Integer(), nullable=False),
        sa.Column("closed", sa.Boolean(), nullable=False),
        sa.Column("doubtful", sa.Boolean(), nullable=False),
        sa.Column("actor", sa.String(length=320), nullable=False),
        sa.Column("run", sa.String(length=26), nullable=False),
        sa.Column("plan", sa.String(length=71), nullable=False),
        sa.Column("fence", sa.Integer(), nullable=False),
        sa.Column("created_at", Moment(), nullable=False),
        sa.Column("sent_at", Moment(), nullable=True),
        sa.Column("left_at", Moment(), nullable=True),
        sa.Column("settled_at", Moment(), nullable=True),
        sa.Column("checked_at", Moment(), nullable=True),
        sa.Column("message", sa.Text(), nullable=False),
        sa.Column("evidence", Json(), nullable=True),
        sa.Column("shown", sa.Boolean(), nullable=False),
        sa.PrimaryKeyConstraint("key", name=op.f("pk_operations")),
    )
    op.create_index(
        "ix_operations_connection_created_at", "operations", ["connection", "created_at"], unique=False
    )
    op.create_index("ix_operations_connection_shown", "operations", ["connection", "shown"], unique=False)
    op.create_index("ix_operations_run", "operations", ["run"], unique=False)
    op.create_index(
        "ix_operations_system_account_id", "operations", ["system", "account_id", "created_at"], unique=False
    )
    op.create_index("ix_operations_system_state", "operations", ["system", "state"], unique=False)
    op.create_table(
        "plans",
        sa.Column("connection", sa.String(length=100), nullable=False),
        sa.Column("digest", sa.String(length=71), nullable=False),
        sa.Column("system", sa.String(length=300), nullable=False),
        sa.Column("actor", sa.String(length=320), nullable=False),
        sa.Column("created_at", Moment(), nullable=False),
        sa.Column("expires_at", Moment(), nullable=False),
        sa.Column("body", Json(), nullable=False),
        sa.Column("approved_by", sa.String(length=320), nullable=True),
        sa.Column("approved_at", Moment(), nullable=True),
        sa.Column("refused_by", sa.String(length=320), nullable=True),
        sa.Column("used_by_run", sa.String(length=26), nullable=True),
        sa.PrimaryKeyConstraint("connection", "digest", name=op.f("pk_plans")),
    )
    op.create_table(
        "pulls",
        sa.Column("connection", sa.String(length=100), nullable=False),
        sa.Column("system", sa.String(length=300), nullable=False),
        sa.Column("run", sa.String(length=26), nullable=False),
        sa.Column("reading", sa.Integer(), nullable=False),
        sa.Column("at", Moment(), nullable=False),
        sa.PrimaryKeyConstraint("connection", name=op.f("pk_pulls")),
    )
    op.create_table(
        "runs",
        sa.Column("run", sa.String(length=26), nullable=False),
        sa.Column("kind", sa.String(length=20), nullable=False),
        sa.Column("connection", sa.String(length=100), nullable=False),
        sa.Column("system", sa.String(length=300), nullable=False),
        sa.Column("actor", sa.String(length=320), nullable=False),
        sa.Column("state", sa.String(length=20), nullable=False),
        sa.Column("plan", sa.String(length=71), nullable=True),
        sa.Column("done", sa.Integer(), nullable=False),
        sa.Column("total", sa.Integer(), nullable=True),
        sa.Column("cancel", sa.Boolean(), nullable=False),
        sa.Column("started_at", Moment(), nullable=False),
        sa.Column("ended_at", Moment(), nullable=True),
        sa.Column("result", Json(), nullable=True),
        sa.PrimaryKeyConstraint("run", name=op.f("pk_runs")),
    )
    op.create_index("ix_runs_connection_started_at", "runs", ["connection", "started_at"], unique=False)
    op.create_index("ix_runs_state", "runs", ["state"], unique=False)
    op.create_table(
        "systems",
        sa.Column("system", sa.String(length=300), nullable=False),
        sa.Column("reading", sa.Integer(), nullable=False),
        sa.Column("events", sa.Integer(), nullable=False),
        sa.Column("head", sa.String(length=64), nullable=False),
        sa.PrimaryKeyConstraint("system", name=op.f("pk_systems")),
    )
    op.create_table(
        "operation_texts",
        sa.Column("operation", sa.String(length=24), nullable=False),
        sa.Column("email", sa.Text(), nullable=False),
        sa.Column("note", sa.Text(), nullable=False),
        sa.ForeignKeyConstraint(["operation"], ["operations.key"], name=op.f("fk_operation_texts_operation")),
        sa.PrimaryKeyConstraint("operation", name=op.f("pk_operation_texts")),
    )
    op.create_table(
        "operation_units",
        sa.Column("operation", sa.String(length=24), nullable=False),
        sa.Column("unit", sa.String(length=40), nullable=False),
        sa.Column("position", sa.Integer(), nullable=False),
        sa.Column("system", sa.String(length=300), nullable=False),
        sa.Column("account_id", sa.String(length=200), nullable=False),
        sa.Column("epoch", sa.Integer(), nullable=False),
        sa.Column("scale", sa.Integer(), nullable=False),
        sa.Column("amount", Minor(), nullable=False),
        sa.Column("at_pull", Minor(), nullable=True),
        sa.Column("before", Minor(), nullable=True),
        sa.Column("expected", Minor(), nullable=True),
        sa.ForeignKeyConstraint(["operation"], ["operations.key"], name=op.f("fk_operation_units_operation")),
        sa.PrimaryKeyConstraint("operation", "unit", name=op.f("pk_operation_units")),
    )
    op.create_index(
        "ix_operation_units_system_account_id_unit",
        "operation_units",
        ["system", "account_id", "unit"],
        unique=False,
    )
    if op.get_bind().dialect.name == "sqlite":
        for change in ("UPDATE", "DELETE"):
            op.execute(
                f"CREATE TRIGGER events_no_{change.lower()} BEFORE {change} ON events "
                "BEGIN SELECT RAISE(ABORT, 'events are append-only'); END"
            )
        return
    op.execute(
        "CREATE FUNCTION refuse_event_change() RETURNS trigger LANGUAGE plpgsql AS "
        "$$ BEGIN RAISE EXCEPTION 'events are append-only'; END $$"
    )
    op.execute(
        "CREATE TRIGGER events_append_only BEFORE UPDATE OR DELETE ON events "
        "FOR EACH ROW EXECUTE FUNCTION refuse_event_change()"
    )
    op.execute(
        "CREATE TRIGGER events_no_truncate BEFORE TRUNCATE ON events "
        "FOR EACH STATEMENT EXECUTE FUNCTION refuse_event_change()"
    )
