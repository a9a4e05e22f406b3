"""Requests and replies of the HTTP API; ``/openapi.json`` is made from them."""

import hashlib
from typing import Annotated, Any, Literal, Self

from pydantic import (
    BaseModel,
    ConfigDict,
    Field,
    RootModel,
    StringConstraints,
    computed_field,
    model_validator,
)

from sheetsync.errors import UsageError

ACCOUNTS_MAX = 10_000
"""Users named in one request; more is a pull or preview of everything."""

NAME_MAX = 255
"""Characters of a file's name: what a file system takes."""

Id = Annotated[str, StringConstraints(min_length=1, max_length=200)]
Digest = Annotated[str, StringConstraints(min_length=1, max_length=71)]
Line = Annotated[str, StringConstraints(max_length=1000)]
Ids = Annotated[list[Id], Field(max_length=ACCOUNTS_MAX)]


class Request(BaseModel):
    """A request's body: unknown fields are mistakes."""

    model_config = ConfigDict(extra="forbid", strict=True, hide_input_in_errors=True)


class PullRequest(Request):
    account_ids: Ids = []


class PlanRequest(Request):
    scope: Literal["all", "visible", "selected"] = "visible"
    account_ids: Ids = []


class PushRequest(Request):
    plan: Digest
    agree_charges: bool = False
    """A person has agreed to what the plan charges customers (``charges`` of the plan)."""


class VerifyRequest(Request):
    account_ids: Ids = []


class UndoRequest(Request):
    run: Id | None = None
    operations: Ids = []


class RebaseRequest(Request):
    account_id: Id
    keep: Literal["change", "target"]


class FillRequest(Request):
    action: Literal["reset", "add", "adjust"]
    reason: Line = ""
    dry_run: bool = False


LABEL_MAX = 200
"""Characters of a label: it is the reference of lines."""


class ImportRequest(Request):
    """Fields of a form; ``file`` is its file."""

    model_config = ConfigDict(extra="forbid", strict=False, hide_input_in_errors=True)
    file: Annotated[bytes, Field(exclude=True, json_schema_extra={"format": "binary"})]
    name: Annotated[str, StringConstraints(max_length=NAME_MAX)] = "upload.csv"
    map: Annotated[list[Annotated[str, StringConstraints(max_length=200)]], Field(max_length=100)] = []
    label: Annotated[str, StringConstraints(max_length=LABEL_MAX)] = ""
    decimal: Literal["point", "comma"] | None = None
    again: bool = False
    plan: bool = False
    dry_run: bool = False

    @computed_field  # type: ignore[prop-decorator]  # pydantic's own way
    @property
    def sha256(self) -> str:
        """What stands for the file where requests are compared."""
        return hashlib.sha256(self.file).hexdigest()

    @model_validator(mode="after")
    def _one_of_both(self) -> Self:
        if self.plan and self.dry_run:
            raise ValueError("a plan sends nothing: leave dry_run out")
        return self

    def headers(self) -> dict[str, str]:
        """Return header → field.

        Raises:
            UsageError: one is not of the form HEADER=FIELD.
        """
        found = {}
        for each in self.map:
            header, equals, name = each.rpartition("=")
            if not equals or not header.strip():
                raise UsageError(
                    f"map: “{each}” is not HEADER=FIELD.", hint="For example: map=Customer=user_id"
                )
            found[header] = name
        return found


class CheckRequest(Request):
    pass


class ResolutionRequest(Request):
    outcome: Literal["applied", "not_applied", "not-applied"] = Field(alias="as")
    """A status's code, or as the command line has it."""
    reason: Annotated[str, StringConstraints(min_length=1, max_length=1000)]


class ApprovalRequest(Request):
    approve: bool
    reason: Line = ""


class LinkRequest(Request):
    spreadsheet_id: Annotated[str, StringConstraints(min_length=1, max_length=200, pattern=r"^[\w-]+$")]


class Reply(BaseModel):
    """A reply; a later version may add fields."""

    model_config = ConfigDict(extra="allow")


class ErrorBody(Reply):
    code: str
    message: str
    hint: str
    details: dict[str, Any]


class ErrorReply(Reply):
    error: ErrorBody


class ConnectionReply(Reply):
    connection: str
    provider: str
    environment: Literal["live", "test"]
    role: Literal["viewer", "editor", "approver", "admin"]


class ConnectionsReply(Reply):
    connections: list[ConnectionReply]
    next: str | None


class RunLine(Reply):
    run: str
    kind: str
    connection: str
    state: str
    done: int
    total: int | None
    started_at: str
    ended_at: str | None
    actor: str


class You(Reply):
    email: str
    actor: str
    role: Literal["viewer", "editor", "approver", "admin"]


class ConnectionState(ConnectionReply):
    you: You
    system: str
    units: list[dict[str, Any]]
    sheet: dict[str, str]
    running: RunLine | None
    pulled_at: str | None
    pull_age_s: int | None
    unsettled: int


class EditsReply(Reply):
    unsent: int
    counts: dict[str, int]
    hidden: int


class RunsReply(Reply):
    runs: list[RunLine]
    next: str | None


class Row(Reply):
    account_id: str
    email: str
    operation: str | None
    action: str | None
    status: str
    changes: dict[str, Any]
    message: str


class RunReply(RunLine):
    plan: str | None
    rows_per_s: float
    left_s: int | None
    counts: dict[str, int]
    rows: list[Row]
    result: dict[str, Any] | None
    """What the command of this kind prints; of a push or verify, ``counts`` and ``rows`` stand above."""


class Plan(Reply):
    digest: str
    connection: str
    expires_at: str
    counts: dict[str, int]
    totals: dict[str, dict[str, str]]
    rows: list[Row]
    over_limits: list[str]


class PlanReply(Reply):
    plan: Plan


class Approval(Reply):
    author: str
    approved_by: str | None
    refused_by: str | None
    reason: str | None
    decided_at: str | None
    used_by_run: str | None


class StoredPlanReply(PlanReply):
    approval: Approval


class UndoReply(PlanReply):
    skipped: list[dict[str, Any]]


class ApprovalReply(Reply):
    plan: str
    status: Literal["approved", "refused"]
    by: str


class ResolutionReply(Reply):
    operation: str
    status: str
    evidence: dict[str, Any] | None


class RebaseReply(Reply):
    message: str


class FillReply(Reply):
    connection: str
    action: str
    rows: int
    filled: int


class Check(Reply):
    name: str
    ok: bool
    message: str
    hint: str


class ChecksReply(Reply):
    checks: list[Check]


class HistoryReply(Reply):
    operations: list[dict[str, Any]]
    next: str | None


class TotalsReply(Reply):
    by: Literal["day", "reason", "person"]
    timezone: str
    totals: list[dict[str, Any]]


class StatementReply(Reply):
    connection: str
    timezone: str
    days: list[dict[str, Any]]
    notes: list[str]


class ReconcileReply(Reply):
    run: str
    connection: str
    accounts: int
    counts: dict[str, int]
    differences: list[dict[str, Any]]
    notes: list[str]


class CsvReply(RootModel[str]):
    """CSV, UTF-8; no cell is taken for a formula."""


class LinkReply(Reply):
    connection: str
    spreadsheet_id: str


class HealthReply(Reply):
    status: Literal["ok"]
