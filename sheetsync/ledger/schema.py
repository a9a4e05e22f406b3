"""The ledger's tables. Migrations in ``migrations/`` create them; a test compares the two."""

from sqlalchemy import (
    Boolean,
    Column,
    ForeignKey,
    Index,
    Integer,
    LargeBinary,
    MetaData,
    String,
    Table,
    Text,
    UniqueConstraint,
)

from sheetsync.ledger.columns import Json, LongJson, Minor, Moment

metadata = MetaData(
    naming_convention={
        "ix": "ix_%(table_name)s_%(column_0_N_name)s",
        "uq": "uq_%(table_name)s_%(column_0_N_name)s",
        "fk": "fk_%(table_name)s_%(column_0_name)s",
        "pk": "pk_%(table_name)s",
    }
)

systems = Table(
    "systems",
    metadata,
    Column("system", String(300), primary_key=True),
    # number of the newest reading (a pull or a verify that moved the baseline on)
    Column("reading", Integer, nullable=False, default=0),
    # head of the event chain
    Column("events", Integer, nullable=False, default=0),
    Column("head", String(64), nullable=False, default=""),
)

accounts = Table(
    "accounts",
    metadata,
    Column("system", String(300), primary_key=True),
    Column("account_id", String(200), primary_key=True),
    Column("email", Text, nullable=False),
    Column("name", Text, nullable=False),
    Column("missing", Boolean, nullable=False, default=False),
    # what else the system says of it, by field code; for people to look at
    Column("details", Json),
    # the newest reading that saw the account: an older one changes nothing of it
    Column("reading", Integer, nullable=False, default=0),
)

holdings = Table(
    "holdings",
    metadata,
    Column("system", String(300), primary_key=True),
    Column("account_id", String(200), primary_key=True),
    Column("unit", String(40), primary_key=True),
    Column("amount", Minor),
    Column("basis", Integer, nullable=False),  # the reading that last changed the amount
    Column("epoch", Integer, nullable=False, default=0),
)

balances = Table(  # every amount that a holding was seen with, from which reading on
    "balances",
    metadata,
    Column("system", String(300), primary_key=True),
    Column("account_id", String(200), primary_key=True),
    Column("unit", String(40), primary_key=True),
    Column("reading", Integer, primary_key=True),
    Column("amount", Minor),
)

readings = Table(  # when the credit system was read: which amounts belong to which day
    "readings",
    metadata,
    Column("system", String(300), primary_key=True),
    Column("reading", Integer, primary_key=True),
    Column("kind", String(20), nullable=False),
    Column("run", String(26)),
    Column("at", Moment, nullable=False),
)

pulls = Table(  # the last complete pull of a connection
    "pulls",
    metadata,
    Column("connection", String(100), primary_key=True),
    Column("system", String(300), nullable=False),
    Column("run", String(26), nullable=False),
    Column("reading", Integer, nullable=False),
    Column("at", Moment, nullable=False),
)

plans = Table(
    "plans",
    metadata,
    Column("connection", String(100), primary_key=True),
    Column("digest", String(71), primary_key=True),
    Column("system", String(300), nullable=False),
    Column("actor", String(320), nullable=False),
    Column("created_at", Moment, nullable=False),
    Column("expires_at", Moment, nullable=False),
    # operations (core.plan.freeze), baseline of each, totals: what the digest stands for
    Column("body", LongJson, nullable=False),
    Column("approved_by", String(320)),
    Column("approved_at", Moment),
    Column("refused_by", String(320)),
    Column("decision_reason", Text),
    Column("used_by_run", String(26)),
)

runs = Table(
    "runs",
    metadata,
    Column("run", String(26), primary_key=True),
    Column("kind", String(20), nullable=False),
    Column("connection", String(100), nullable=False),
    Column("system", String(300), nullable=False),
    Column("actor", String(320), nullable=False),
    Column("state", String(20), nullable=False),
    Column("plan", String(71)),
    Column("done", Integer, nullable=False, default=0),
    Column("total", Integer),
    Column("cancel", Boolean, nullable=False, default=False),
    Column("started_at", Moment, nullable=False),
    Column("ended_at", Moment),
    Column("result", LongJson),
    # what a worker needs to carry it out, and which process does
    Column("params", Json),
    Column("machine", String(200)),
    Column("pid", Integer),
    Column("pid_started", String(40)),
    Index("ix_runs_connection_started_at", "connection", "started_at"),
    Index("ix_runs_state", "state"),
)

workers = Table(  # processes that carry out runs, and when they last showed that they are alive
    "workers",
    metadata,
    Column("machine", String(200), primary_key=True),
    Column("pid", Integer, primary_key=True),
    Column("pid_started", String(40), primary_key=True),
    Column("seen_at", Moment, nullable=False),
)

paces = Table(  # the rate limit that several machines share: one board of slots per credit system
    "paces",
    metadata,
    Column("system", String(300), primary_key=True),
    Column("board", LargeBinary, nullable=False),
)

seals = Table(  # a ledger that was moved elsewhere is not used any more
    "seals",
    metadata,
    Column("moved_to", Text, primary_key=True),
    Column("at", Moment, nullable=False),
)

leases = Table(  # who drives pushes and undos of a credit system
    "leases",
    metadata,
    Column("system", String(300), primary_key=True),
    # grows with every owner; every transition of an operation names it
    Column("fence", Integer, nullable=False),
    Column("run", String(26)),
    Column("actor", String(320), nullable=False),
    Column("machine", String(200), nullable=False),
    Column("pid", Integer, nullable=False),
    Column("pid_started", String(40), nullable=False),
    Column("expires_at", Moment, nullable=False),
)

operations = Table(
    "operations",
    metadata,
    Column("key", String(24), primary_key=True),
    Column("system", String(300), nullable=False),
    Column("connection", String(100), nullable=False),
    Column("account_id", String(200), nullable=False),
    Column("action", String(20), nullable=False),
    Column("reason", Text, nullable=False, default=""),
    Column("extras", Json, nullable=False),
    Column("basis", Integer, nullable=False),
    Column("evidence_kind", String(20), nullable=False),
    Column("state", String(20), nullable=False),
    Column("attempts", Integer, nullable=False, default=0),
    Column("closed", Boolean, nullable=False, default=False),
    # some attempt may have counted: a refusal of a later one does not speak for it
    Column("doubtful", Boolean, nullable=False, default=False),
    Column("actor", String(320), nullable=False),
    Column("run", String(26), nullable=False),
    Column("plan", String(71), nullable=False),
    Column("fence", Integer, nullable=False),
    Column("created_at", Moment, nullable=False),
    Column("sent_at", Moment),
    # the latest moment at which a byte of the last attempt may have left
    Column("left_at", Moment),
    Column("settled_at", Moment),
    Column("checked_at", Moment),
    Column("message", Text, nullable=False, default=""),
    Column("evidence", Json),
    # how often a verify could not decide it; the pauses between checks grow with it
    Column("checks", Integer, nullable=False, default=0, server_default="0"),
    # whether the tab shows the present state
    Column("shown", Boolean, nullable=False, default=False),
    # the reading that proved it; none where a person settled it
    Column("reading", Integer),
    # what a person filters by stands first: SQLite, which knows no statistics, then never walks the whole
    # connection to find one account's operations
    Index("ix_operations_account_id", "account_id", "connection", "created_at"),
    Index("ix_operations_run", "run", "connection", "created_at"),
    Index("ix_operations_actor", "actor", "connection", "created_at"),
    Index("ix_operations_connection_created_at", "connection", "created_at"),
    Index("ix_operations_created_at", "created_at"),
    Index("ix_operations_connection_shown", "connection", "shown"),
    Index("ix_operations_state", "state", "system"),
    Index("ix_operations_system_settled_at", "system", "settled_at"),
)

operation_units = Table(
    "operation_units",
    metadata,
    Column("operation", String(24), ForeignKey("operations.key"), primary_key=True),
    Column("unit", String(40), primary_key=True),
    Column("position", Integer, nullable=False),
    Column("system", String(300), nullable=False),
    Column("account_id", String(200), nullable=False),
    Column("epoch", Integer, nullable=False),
    Column("scale", Integer, nullable=False),
    Column("amount", Minor, nullable=False),
    Column("at_pull", Minor),
    Column("before", Minor),
    Column("expected", Minor),
    Index("ix_operation_units_system_account_id_unit", "system", "account_id", "unit"),
)

operation_texts = Table(  # personal data, kept beside the chain so that it can be blanked
    "operation_texts",
    metadata,
    Column("operation", String(24), ForeignKey("operations.key"), primary_key=True),
    Column("email", Text, nullable=False, default=""),
    Column("note", Text, nullable=False, default=""),
)

lines = Table(  # lines of imported files that were put into a row or a plan
    "lines",
    metadata,
    Column("key", String(24), primary_key=True),
    Column("system", String(300), nullable=False),
    Column("connection", String(100), nullable=False),
    Column("account_id", String(200), nullable=False),
    Column("action", String(20), nullable=False),
    Column("changes", Json, nullable=False),
    # of the row's Key when it was put there: later ones mean another edit
    Column("epochs", Json, nullable=False),
    Column("reference", Text, nullable=False),
    Column("file", Text, nullable=False),
    Column("digest", String(64), nullable=False),
    Column("line", Integer, nullable=False),
    Column("run", String(26), nullable=False),
    Column("actor", String(320), nullable=False),
    Column("at", Moment, nullable=False),
    Index("ix_lines_system_account_id", "system", "account_id"),
    Index("ix_lines_run", "run"),
)

events = Table(  # append-only, hash-chained per credit system
    "events",
    metadata,
    Column("id", Integer, primary_key=True, autoincrement=True),
    Column("system", String(300), nullable=False),
    Column("number", Integer, nullable=False),
    Column("at", Moment, nullable=False),
    Column("actor", String(320), nullable=False),
    Column("kind", String(30), nullable=False),
    Column("operation", String(24)),
    Column("run", String(26)),
    Column("body", Json, nullable=False),
    Column("previous", String(64), nullable=False),
    Column("hash", String(64), nullable=False),
    UniqueConstraint("system", "number"),
    Index("ix_events_operation", "operation"),
)

api_tokens = Table(  # of scripts; a token itself is nowhere, only its hash
    "api_tokens",
    metadata,
    Column("id", String(26), primary_key=True),
    Column("hash", String(64), nullable=False),
    Column("email", String(320), nullable=False),
    Column("role", String(20), nullable=False),
    Column("connection", String(100)),  # only this one, if given
    Column("created_by", String(320), nullable=False),
    Column("created_at", Moment, nullable=False),
    Column("expires_at", Moment),
    Column("used_at", Moment),
    Column("revoked_at", Moment),
    UniqueConstraint("hash"),
)

sessions = Table(  # of the web console, and links that begin one, as hashes; and the key that signs cookies
    "sessions",
    metadata,
    Column("hash", String(64), primary_key=True),
    Column("kind", String(10), nullable=False),  # session, link or key
    Column("email", String(320), nullable=False),
    Column("expires_at", Moment, nullable=False),
)

sheet_links = Table(  # spreadsheets that may use a connection, beside the configured one
    "sheet_links",
    metadata,
    Column("connection", String(100), primary_key=True),
    Column("spreadsheet_id", String(200), primary_key=True),
    Column("linked_by", String(320), nullable=False),
    Column("linked_at", Moment, nullable=False),
)

replies = Table(  # what was answered to a request with an Idempotency-Key; no status: it is under way
    "replies",
    metadata,
    Column("caller", String(320), primary_key=True),
    Column("key", String(200), primary_key=True),
    Column("request", String(64), nullable=False),
    Column("status", Integer),
    Column("body", Text),  # JSON as it was sent: it holds rates, which no amount ever is
    # the run that the request started, if it did; which process carries the request out
    Column("run", String(26)),
    Column("claimed_by", String(300)),
    Column("created_at", Moment, nullable=False),
    Index("ix_replies_created_at", "created_at"),
)

uploads = Table(  # files that were sent to be imported; with their results, once there are any
    "uploads",
    metadata,
    Column("id", String(26), primary_key=True),
    Column("connection", String(100), nullable=False),
    Column("name", Text, nullable=False),
    Column("data", LargeBinary, nullable=False),
    Column("results", LargeBinary),
    Column("created_at", Moment, nullable=False),
    Index("ix_uploads_created_at", "created_at"),
)
