"""Write test: proves on a named test account that add adds, reset sets and which field is the balance.

It is money: every change goes through the ledger like one of a push, under the lease of the credit system.
Killed in the middle, the next verify settles what was sent, and its message says what the balance was before.
"""

from dataclasses import dataclass
from typing import Any

from sheetsync.core.accounts import Action, EvidenceKind
from sheetsync.core.probing import Effect, following, leaves, probe_amount
from sheetsync.errors import (
    InterruptedRunError,
    LostLeaseError,
    ProviderError,
    RequestOutcome,
    SheetsyncError,
    UnreachableError,
    UnsafeError,
    UsageError,
)
from sheetsync.jobs import probe_words as say
from sheetsync.jobs.desk import Desk
from sheetsync.jobs.driving import drive, refuse_if_busy, settle_dead_owner
from sheetsync.jobs.outcome import finish_showing
from sheetsync.jobs.running import running
from sheetsync.jobs.trial import KIND, StopTest, Trial
from sheetsync.ports import CheckResult, Inspectable


@dataclass(frozen=True, slots=True)
class Outcome:
    """How a write test ended.

    Attributes:
        lines: one for each thing that was tried.
        unreachable: the credit system could not be reached, or refused us, before anything was sent.
        summary: what became of the balance.
    """

    lines: list[CheckResult]
    unreachable: bool
    summary: dict[str, Any]


def write_test(desk: Desk, account_id: str) -> Outcome:
    """Change a test account's balance, see what came of it, and set it back.

    Args:
        desk: the connection.
        account_id: the test account; nothing else may change its balance meanwhile.

    Raises:
        UnsafeError: an operation of the account is not settled, or a push is under way; nothing was sent.
        ProviderError: the balance could not even be read.
        InterruptedRunError: a person stopped it; the message says what the balance was.
    """
    if not account_id.strip():
        raise UsageError("A write test needs a test account.", hint="Name one: --account ID")
    settle_dead_owner(desk)
    refuse_if_busy(desk)
    params = {"account_id": account_id}
    with running(desk, KIND, params=params) as now, drive(now.desk, now.run) as held:
        trial = Trial(now.desk, held, now.run, account_id, now.desk.units[0])
        try:
            _try(trial)
        finally:
            if not held.lost.is_set():
                desk.ledger.operations.withdraw(now.run, why="the write test ended before this was sent")
        now.result = {KIND: trial.summary()}
        for warning in finish_showing(desk):
            trial.line("tab", warning, ok=True)
    return Outcome(trial.lines, trial.unreachable, trial.summary())


def _try(trial: Trial) -> None:
    _refuse_unsettled(trial)
    _tell_interrupted(trial)
    try:
        trial.look(first=True)
    except RequestOutcome as error:
        message = f"User {trial.account_id} could not be read, so nothing was tried. {error.message}"
        raise ProviderError(message, hint=error.hint) from error
    try:
        _changes(trial)
    except StopTest:
        pass  # the lines say why
    except KeyboardInterrupt:
        message = f"The write test was stopped. {_standing(trial)}"
        raise InterruptedRunError(message, hint=_mend(trial)) from None
    except LostLeaseError as error:
        raise LostLeaseError(f"{error.message} {_standing(trial)}", hint=_mend(trial)) from error
    except SheetsyncError as error:
        trial.unreachable = not trial.sent and isinstance(error, UnreachableError | RequestOutcome)
        trial.line("stopped", error.message, error.hint)
        trial.now = None if trial.sent else trial.now
    _conclude(trial)


def _refuse_unsettled(trial: Trial) -> None:
    unsettled = trial.desk.ledger.operations.unsettled(trial.desk.system)
    mine = [each.key for each in unsettled if each.account_id == trial.account_id]
    if mine:
        raise UnsafeError(
            f"User {trial.account_id} has an operation that is not settled ({mine[0]}); nothing was sent.",
            hint=f"Run: sheetsync verify {trial.desk.name}; or settle it with resolve. Then test again.",
        )


def _tell_interrupted(trial: Trial) -> None:
    """Say so if the account's last change is of a test that never came to its end."""
    newest = trial.desk.ledger.operations.history(None, account_id=trial.account_id, limit=1)
    run = trial.desk.ledger.runs.get(newest[0].run) if newest else None
    if run is None or run.kind != KIND or run.state == "done" or newest[0].system != trial.desk.system:
        return
    trial.line(
        "earlier test",
        f"The test of {trial.desk.local(run.started_at)} did not come to its end. {newest[0].reason}.",
        f"If the balance of user {trial.account_id} is another one now, set it back by hand.",
    )


def _changes(trial: Trial) -> None:
    """Add, then reset to what was there.

    From 0, where adding and setting look alike, it adds twice, and resets to the amount before to 0.
    """
    amount = probe_amount(trial.start, trial.unit, least=_least(trial))
    for _ in range(1 if trial.start else 2):
        if trial.change(Action.ADD, amount) is not Effect.ADDED:
            _explain_add(trial, amount)
            return
    trial.line("add", say.adds(trial), ok=True)
    for target in (trial.start,) if trial.start else (amount, 0):
        if trial.change(Action.RESET, target) is not Effect.SET:
            _explain_reset(trial, target)
            return
    trial.line("reset", say.resets(trial), ok=True)


def _least(trial: Trial) -> int:
    """Return the amount to begin with, in minor units: small, and with decimals where they may get lost."""
    if trial.desk.rules.capabilities.evidence is EvidenceKind.TRANSACTION or not trial.unit.scale:
        return 1
    whole: int = 10**trial.unit.scale
    return whole + 1


def _explain_add(trial: Trial, amount: int) -> None:
    """Say what the adding request did instead, and set the balance back where it moved."""
    if _read_from_wrong_place(trial):
        return
    effect = trial.effects[Action.ADD]
    seen = say.seen(trial, Action.ADD, amount)
    trial.line("add", f"{seen} {say.means(effect)}", say.mend(trial.desk, Action.ADD, effect))
    if trial.now == trial.start:
        return
    if trial.change(Action.RESET, trial.start) is not Effect.SET:
        _explain_reset(trial, trial.start)
        return
    trial.line("reset", say.resets(trial), ok=True)


def _explain_reset(trial: Trial, target: int) -> None:
    """Say what the resetting request did instead, and set the balance back by what was seen to work."""
    if _read_from_wrong_place(trial):
        return
    effect = trial.effects[Action.RESET]
    seen = say.seen(trial, Action.RESET, target)
    trial.line("reset", f"{seen} {say.means(effect)}", say.mend(trial.desk, Action.RESET, effect))
    rest = trial.start - (trial.now or 0)
    if trial.effects.get(Action.ADD) is Effect.SET and trial.start and rest:
        trial.change(Action.ADD, trial.start)  # what is configured as adding was seen to set
    elif trial.effects.get(Action.ADD) is Effect.ADDED and rest > 0:
        trial.change(Action.ADD, rest)
    elif trial.desk.rules.capabilities.subtracts and rest:
        trial.change(Action.ADJUST, rest)


def _read_from_wrong_place(trial: Trial) -> bool:
    """Say so if another value of the reply did what was asked: that one is the balance.

    A reset that was seen to set that value also sets it back.
    """
    provider, moved = trial.desk.provider, trial.elsewhere
    if not moved or not isinstance(provider, Inspectable):
        return False
    trial.line("balance", *say.wrong_field(provider, trial.unit, moved))
    trial.misread = True
    path, (was, _) = next(iter(moved.items()))
    if Action.RESET in trial.effects and len(moved) == 1:
        trial.look()
        trial.change(Action.RESET, was)
        trial.set_back = leaves(trial.replies[-1][0], trial.unit).get(path) == was
        trial.line("set back", say.set_back(trial, path, was, back=trial.set_back), ok=trial.set_back)
    return True


def _conclude(trial: Trial) -> None:
    """Report which values follow the balance, and what the balance is now."""
    provider = trial.desk.provider
    wanted = {Action.ADD: Effect.ADDED, Action.RESET: Effect.SET}
    if isinstance(provider, Inspectable) and trial.effects == wanted:
        read = trial.replies[1:] if trial.original is None else trial.replies
        paths = following([reply for reply, _ in read], [amount for _, amount in read], trial.unit)
        trial.line("balance", say.fields(provider, paths), ok=True)
    if trial.desk.rules.capabilities.evidence is EvidenceKind.TRANSACTION and trial.effects:
        trial.line("proof", *say.proof(trial.proofs, steps=trial.steps), ok=True)
    if trial.sent and not trial.misread:
        hint = "" if trial.is_restored else _mend(trial)
        trial.line("restored", _standing(trial), hint, ok=trial.is_restored)


def _standing(trial: Trial) -> str:
    """Say what the balance was and is."""
    was = "empty" if trial.original is None else trial.shown(trial.original)
    who = f"the balance of user {trial.account_id}"
    if not trial.sent:
        return f"Nothing was sent; {who} is {was}."
    if trial.is_restored:
        return f"T{who[1:]} is {trial.shown(trial.now)} again."
    now = "is not known now" if trial.now is None else f"is {trial.shown(trial.now)} now"
    return f"T{who[1:]} was {was} before the test and {now}. It is not restored."


def _mend(trial: Trial) -> str:
    """Say what to do by hand."""
    if not trial.sent:
        return ""
    by_hand = f"set it to {trial.shown(trial.start)} by hand in the credit system."
    if trial.open is None:
        return f"Look at the user's page, and {by_hand}"
    verify = f"sheetsync verify {trial.desk.name} --account {trial.account_id} --wait"
    return f"What was sent is in the ledger: {verify} says what it did. Then {by_hand}"
