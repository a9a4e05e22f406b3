"""The words for what a row and an operation are in."""

from enum import StrEnum


class RowStatus(StrEnum):
    """What a row of the tab means; the value is the code of JSON."""

    UNCHANGED = "unchanged"
    EDITED = "edited"
    INVALID = "invalid"
    CONFLICT = "conflict"
    AWAITING_APPROVAL = "awaiting_approval"
    QUEUED = "queued"
    CONFIRMATION_REQUIRED = "confirmation_required"
    CONFIRMED = "confirmed"
    REJECTED = "rejected"
    NOT_APPLIED = "not_applied"
    ALREADY_SENT = "already_sent"

    @property
    def label(self) -> str:
        """The word in the Status cell."""
        if self is RowStatus.UNCHANGED:
            return ""
        if self is RowStatus.CONFIRMATION_REQUIRED:
            return "Confirmation Required"
        return self.value.replace("_", " ").capitalize()


NEEDS_ATTENTION = frozenset(
    {
        RowStatus.INVALID,
        RowStatus.CONFLICT,
        RowStatus.AWAITING_APPROVAL,
        RowStatus.CONFIRMATION_REQUIRED,
        RowStatus.REJECTED,
        RowStatus.NOT_APPLIED,
    }
)
"""Statuses that make a command end with 1."""


class OperationState(StrEnum):
    """Life of an operation: ``queued → sending → accepted | unknown → confirmed | not_applied``."""

    QUEUED = "queued"
    SENDING = "sending"
    ACCEPTED = "accepted"
    UNKNOWN = "unknown"
    CONFIRMED = "confirmed"
    NOT_APPLIED = "not_applied"
    REJECTED = "rejected"
    WITHDRAWN = "withdrawn"


UNSETTLED = frozenset(
    {OperationState.QUEUED, OperationState.SENDING, OperationState.ACCEPTED, OperationState.UNKNOWN}
)
"""States in which the account's unit takes no other operation."""

UNPROVEN = frozenset({OperationState.SENDING, OperationState.ACCEPTED, OperationState.UNKNOWN})
"""States in which a request was sent, or may have been, and no proof is there yet."""

AT_REST = frozenset({OperationState.ACCEPTED, OperationState.UNKNOWN})
"""Unproven, and no request of it is under way."""

SENDABLE = frozenset({OperationState.REJECTED, OperationState.NOT_APPLIED, OperationState.WITHDRAWN})
"""States from which the same operation may be sent again, while its epoch is current."""


def row_status(state: OperationState) -> RowStatus:
    """Return what a row shows for its operation's state."""
    if state in UNPROVEN:
        return RowStatus.CONFIRMATION_REQUIRED
    if state is OperationState.WITHDRAWN:
        return RowStatus.EDITED
    return RowStatus(state.value)
