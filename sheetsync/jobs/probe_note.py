"""What a credit system kept of the note that a change carried: without the key, nothing is found again."""

from collections.abc import Sequence

from sheetsync.core.accounts import EvidenceKind, Operation, Transaction
from sheetsync.core.evidence import carrying
from sheetsync.errors import ProviderError
from sheetsync.jobs.desk import Desk
from sheetsync.jobs.proving import transactions_of
from sheetsync.ports import CheckResult, Noting, OperationRecord

LOST_NEXT = (
    "Changes cannot be found again by their key: after a lost answer each row waits for a person. Ask the "
    "vendor why the note is not kept."
)


def about_note(desk: Desk, operation: Operation, record: OperationRecord) -> CheckResult | None:
    """Return what became of a change's note; None where the system keeps none, or nothing can be read.

    Raises:
        ProviderError: the credit system could not be reached.
    """
    provider = desk.provider
    if not isinstance(provider, Noting) or record.evidence_kind is not EvidenceKind.TRANSACTION:
        return None
    sent = provider.note_of(operation)
    try:
        listed = transactions_of(desk, [record])
    except ProviderError as error:
        return CheckResult("note", ok=False, message=error.message, hint=error.hint)
    if isinstance(listed, str):
        return CheckResult("note", ok=False, message=listed)
    ours = _newest(operation, listed.get(operation.account_id, ()))
    if ours is None:
        return CheckResult(
            "note", ok=False, message="No transaction of this change is listed.", hint=LOST_NEXT
        )
    return _compared(sent, ours, operation)


def _newest(operation: Operation, listed: Sequence[Transaction]) -> Transaction | None:
    found = carrying(operation.key, listed) or [each for each in listed if each.like_ours]
    return found[-1] if found else None


def _compared(sent: str, ours: Transaction, operation: Operation) -> CheckResult:
    named = f"Transaction {ours.transaction_id}"
    if ours.note == sent:
        return CheckResult("note", ok=True, message=f"{named} holds the whole note, {len(sent)} characters.")
    if not ours.note.strip():
        message = f"{named} holds no note: the {len(sent)} characters that were sent are lost."
        return CheckResult("note", ok=False, message=message, hint=LOST_NEXT)
    if not carrying(operation.key, [ours]):
        message = f"{named} holds another note than was sent, without the whole key: “{ours.note[:60]}”."
        return CheckResult("note", ok=False, message=message, hint=LOST_NEXT)
    message = (
        f"{named} holds {len(ours.note)} of the {len(sent)} characters that were sent; the key is whole, and "
        "that is what counts."
    )
    return CheckResult("note", ok=True, message=message)
