"""Every exception of Sheetsync, grouped by what the caller may do.

::

    SheetsyncError
    ├── UsageError               exit 2   the command or the request is wrong: change it
    │   ├── ConfigError                   sheetsync.toml: every problem at once
    │   ├── LayoutError                   the tab or its headers are not what a pull wrote
    │   ├── UnauthenticatedError          HTTP API: the caller did not prove who they are
    │   ├── ForbiddenError                HTTP API: the caller's role does not suffice
    │   ├── NotLinkedError                HTTP API: the spreadsheet is not linked to a connection
    │   ├── NotFoundError                 HTTP API: it is not there, or not for this caller
    │   ├── TooLargeError                 HTTP API: the request is larger than allowed
    │   ├── ThrottledError                HTTP API: too many failed attempts
    │   └── IdempotencyError              HTTP API: the Idempotency-Key was used for something else
    ├── UnreachableError         exit 3   a system could not be reached or refused us: mend access, try again
    │   ├── ProviderError                 the credit system
    │   ├── SheetError                    the workbook or spreadsheet
    │   ├── IdentityError                 Google's certificates, so nobody can be recognised
    │   └── LedgerError                   the ledger's database
    ├── UnsafeError              exit 4   refused as unsafe: nothing was sent
    │   ├── StalePlanError                preview again
    │   ├── LimitError                    smaller push, or another limit
    │   ├── ApprovalError                 a second person has to consent
    │   ├── BusyError                     another run works on this credit system
    │   ├── LostLeaseError                this process was taken for dead; another one goes on
    │   ├── ContradictionError            the credit system's transactions contradict the ledger: look first
    │   ├── LedgerBehindError             the tab knows more than the ledger (a restored backup)
    │   └── SheetUnsafeError              writing would destroy something that is not ours
    ├── InterruptedRunError      exit 1   a person stopped the run: verify, then go on
    └── RequestOutcome                    what became of one request to a credit system
        ├── RetryableError                certainly nothing happened: may be sent again
        ├── RejectedError                 refused for good: nothing was applied
        └── OutcomeUnknownError           may have happened: never send again, read
"""

from collections.abc import Mapping
from typing import Any, ClassVar


class SheetsyncError(Exception):
    """Something went wrong in a way that a person can act on.

    Attributes:
        code: stable word for programs, as in the ``error`` object.
        exit_code: exit code of the command line.
        http_status: status of the HTTP API.
        message: one sentence: what is wrong and where.
        hint: one sentence: what to do next; may be empty.
        details: facts for programs; never a secret.
    """

    code: ClassVar[str] = "error"
    exit_code: ClassVar[int] = 1
    http_status: ClassVar[int] = 500

    def __init__(self, message: str, *, hint: str = "", details: Mapping[str, Any] | None = None) -> None:
        super().__init__(message)
        self.message = message
        self.hint = hint
        self.details: dict[str, Any] = dict(details or {})

    def as_dict(self) -> dict[str, Any]:
        """Return the ``error`` object of ``--json`` and of the HTTP API."""
        return {
            "error": {"code": self.code, "message": self.message, "hint": self.hint, "details": self.details}
        }


class UsageError(SheetsyncError):
    """The command or the request is wrong."""

    code = "usage"
    exit_code = 2
    http_status = 400


class ConfigError(UsageError):
    """``sheetsync.toml`` is missing or wrong; ``details["problems"]`` lists path and sentence of each."""

    code = "config"


class LayoutError(UsageError):
    """The tab is missing, or its headers are missing or doubled."""

    code = "tab"


class UnauthenticatedError(UsageError):
    """The caller did not prove who they are."""

    code = "unauthenticated"
    http_status = 401


class ForbiddenError(UsageError):
    """The caller's role does not suffice."""

    code = "forbidden"
    http_status = 403


class NotLinkedError(UsageError):
    """The caller's spreadsheet is not linked to a connection."""

    code = "not_linked"
    http_status = 403


class NotFoundError(UsageError):
    """It is not there, or not for this caller: the two are not told apart."""

    code = "not_found"
    http_status = 404


class TooLargeError(UsageError):
    """The request is larger than allowed."""

    code = "too_large"
    http_status = 413


class ThrottledError(UsageError):
    """Too many failed attempts from one address."""

    code = "throttled"
    http_status = 429


class IdempotencyError(UsageError):
    """The Idempotency-Key was used for another request."""

    code = "idempotency_key"
    http_status = 422


class UnreachableError(SheetsyncError):
    """Another system could not be reached or refused us."""

    code = "unreachable"
    exit_code = 3
    http_status = 502


class ProviderError(UnreachableError):
    """The credit system could not be reached, or refused our access."""

    code = "provider"


class SheetError(UnreachableError):
    """The workbook or spreadsheet could not be read or written."""

    code = "sheet"


class IdentityError(UnreachableError):
    """Google's certificates could not be read, so no Google caller can be recognised."""

    code = "identity"
    http_status = 503


class LedgerError(UnreachableError):
    """The ledger's database could not be reached, read or written; nothing was written."""

    code = "ledger"


class UnsafeError(SheetsyncError):
    """Refused as unsafe; nothing was sent."""

    code = "unsafe"
    exit_code = 4
    http_status = 409


class StalePlanError(UnsafeError):
    """The plan no longer says what the tab or the ledger say."""

    code = "stale_plan"


class ChargeError(UnsafeError):
    """The plan charges customers, and nobody has agreed to the amounts; ``details["charges"]`` lists them."""

    code = "charge_not_agreed"


class LimitError(UnsafeError):
    """The plan is over a configured limit."""

    code = "limit"


class ApprovalError(UnsafeError):
    """The plan needs a second person's consent."""

    code = "approval_needed"


class BusyError(UnsafeError):
    """Another run works on this credit system."""

    code = "busy"


class LostLeaseError(UnsafeError):
    """This process lost its lease; whoever took over goes on from the ledger."""

    code = "lost_lease"


class ContradictionError(UnsafeError):
    """A transaction with our key has other amounts, or is there twice: a person has to look."""

    code = "contradiction"


class LedgerBehindError(UnsafeError):
    """The tab holds keys that are newer than the ledger, as after restoring a backup."""

    code = "ledger_behind"


class SheetUnsafeError(UnsafeError):
    """Writing the workbook would destroy something that is not ours."""

    code = "sheet_unsafe"


class InterruptedRunError(SheetsyncError):
    """A person stopped the run between two rows; what was not sent is withdrawn."""

    code = "interrupted"
    http_status = 409


class RequestOutcome(SheetsyncError):  # noqa: N818 - an outcome, of which only some are errors to a person
    """What became of one request to a credit system."""

    code = "request"
    exit_code = 3
    http_status = 502


class RetryableError(RequestOutcome):
    """Certainly nothing happened: connection refused, or the system said that it is too busy.

    Attributes:
        retry_after_s: how long the system asked us to wait, in seconds, or None.
        reached: whether the system answered at all.
    """

    code = "retryable"

    def __init__(
        self, message: str, *, hint: str = "", retry_after_s: float | None = None, reached: bool = True
    ) -> None:
        super().__init__(message, hint=hint)
        self.retry_after_s = retry_after_s
        self.reached = reached


class RejectedError(RequestOutcome):
    """Refused for good: nothing was applied.

    Attributes:
        everything: the same refusal would meet every other operation (credentials, a missing route).
        account_gone: the account does not exist there any more.
    """

    code = "rejected"

    def __init__(
        self, message: str, *, hint: str = "", everything: bool = False, account_gone: bool = False
    ) -> None:
        super().__init__(message, hint=hint)
        self.everything = everything
        self.account_gone = account_gone


class OutcomeUnknownError(RequestOutcome):
    """The request may have been carried out: it is verified, never sent again."""

    code = "outcome_unknown"
