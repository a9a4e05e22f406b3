"""The sentences of a write test: what was asked, what came of it, which setting to change."""

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

from sheetsync.core import words
from sheetsync.core.accounts import Action, Unit
from sheetsync.core.probing import Effect
from sheetsync.jobs.desk import Desk
from sheetsync.ports import Inspectable

if TYPE_CHECKING:
    from sheetsync.jobs.trial import Trial

NAMES = {Action.ADD: "add", Action.RESET: "reset", Action.ADJUST: "restore"}
"""Of the lines."""

_MEANS = {
    Effect.ADDED: "It adds instead of setting.",
    Effect.SET: "It sets the balance instead of adding: with it, a push would destroy balances.",
    Effect.NOTHING: "It did nothing, although it was accepted.",
    Effect.TAKEN: "It takes off.",
    Effect.CUT: "The decimals got lost.",
    Effect.OTHER: "That cannot be explained.",
}


def setting(desk: Desk, action: Action) -> str:
    """Name what an action travels by."""
    if isinstance(desk.provider, Inspectable):
        return desk.provider.setting_of(action)
    return action.label


def adds(trial: "Trial") -> str:
    """Say that adding adds."""
    moved = f"{trial.shown(trial.start)} → {trial.shown(trial.now)}"
    return f"{setting(trial.desk, Action.ADD)} adds: balance {moved}."


def resets(trial: "Trial") -> str:
    """Say that resetting sets."""
    moved = f"{trial.shown(trial.was)} → {trial.shown(trial.now)}"
    return f"{setting(trial.desk, Action.RESET)} sets: balance {moved}."


def not_done(desk: Desk, action: Action, message: str) -> str:
    """Say that a change was not carried out, or may not have been."""
    return f"{setting(desk, action)}: {message}"


def seen(trial: "Trial", action: Action, amount: int) -> str:
    """Say what was asked for, and what the balance is now."""
    number, was = trial.shown(amount), trial.shown(trial.was)
    asked = {
        Action.ADD: f"add {number} to {was}",
        Action.RESET: f"set {was} to {number}",
        Action.ADJUST: f"change {was} by {number}",
    }[action]
    now = trial.shown(trial.now)
    return f"{setting(trial.desk, action)} was asked to {asked}; the balance is {now} now."


def means(effect: Effect) -> str:
    """Say what a wrong result means."""
    return _MEANS[effect]


def mend(desk: Desk, action: Action, effect: Effect) -> str:
    """Say which setting to change."""
    if not isinstance(desk.provider, Inspectable):
        return "Do not push before this is understood."
    own, place = desk.provider.setting_of(action), desk.provider.documented_at
    other = desk.provider.setting_of(Action.RESET if action is Action.ADD else Action.ADD)
    if (action, effect) in ((Action.ADD, Effect.SET), (Action.RESET, Effect.ADDED)):
        return (
            f"Correct {own} ({place}): {own} and {other} look swapped. Give each the other's path, then test "
            "again. Do not push before."
        )
    if effect is Effect.CUT:
        return f"Set decimals of the connection to what the site keeps, or as_text of {own}."
    return f"Correct path, method, query and body of {own} ({place}), then test again. Do not push before."


def unexplained(desk: Desk, key: str) -> str:
    """Say what to do with a change that nobody can explain."""
    return (
        "Something else may have changed the balance meanwhile. Look at the user's page. Then settle it: "
        f"sheetsync resolve {desk.name} --operation {key} --as applied or --as not-applied. Test again then."
    )


def fields(provider: Inspectable, paths: list[str]) -> str:
    """Say which values of the reply followed the balance."""
    names = ", ".join(f'"{path}"' if path else "the reply itself" for path in paths)
    return f"{provider.balance_setting} is right. Values of the reply that follow the balance: {names}."


def wrong_field(provider: Inspectable, unit: Unit, moved: Mapping[str, tuple[int, int]]) -> tuple[str, str]:
    """Return (message, hint) where the balance is read from the wrong place."""
    told = ", ".join(
        f'"{path}" went from {words.amount(old, unit)} to {words.amount(new, unit)}'
        for path, (old, new) in moved.items()
    )
    path, (old, _) = next(iter(moved.items()))
    message = f'{provider.balance_setting} is wrong: "{provider.balance_path}" did not follow, but {told}.'
    hint = (
        f'Set {provider.balance_setting} = "{path}". The balance there was {words.amount(old, unit)} before '
        "the test: see to it that it is again, then test again. Do not push before."
    )
    return message, hint


def proof(proofs: Sequence[Mapping[str, Any]], *, steps: int) -> tuple[str, str]:
    """Return (message, hint) of how the changes were proven, where the credit system has transactions."""
    found = [str(each.get("id")) for each in proofs if each.get("kind") == "transaction"]
    if len(found) == steps:
        return f"Every change was found again by the key in its note: transactions {', '.join(found)}.", ""
    return (
        f"Of {steps} changes {len(found)} were found again by the key in their note.",
        "The rest is proven by the balance alone; check says which privilege is missing.",
    )


def set_back(trial: "Trial", path: str, was: int, *, back: bool) -> str:
    """Say whether the value that really is the balance was set back."""
    if back:
        return f'"{path}" of user {trial.account_id} is {trial.shown(was)} again.'
    return f'"{path}" of user {trial.account_id} was {trial.shown(was)}: set it back by hand.'
