"""How pages say times, ages, amounts, people and states."""

from collections.abc import Callable, Mapping
from datetime import UTC, datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

from markupsafe import Markup

from sheetsync.core.accounts import Unit
from sheetsync.core.amounts import format_amount
from sheetsync.core.states import OperationState, RowStatus

TONES: Mapping[str, str] = {
    "confirmed": "good", "done": "good",
    "confirmation_required": "warn", "conflict": "warn", "interrupted": "warn", "awaiting_approval": "warn",
    "rejected": "bad", "not_applied": "bad", "invalid": "bad", "failed": "bad",
    "queued": "info", "running": "info", "edited": "info",
}  # fmt: skip
"""State or status → tone; everything else is plain. The word always stands beside the colour."""

STATES: Mapping[str, tuple[OperationState, ...]] = {
    "confirmation_required": (OperationState.SENDING, OperationState.ACCEPTED, OperationState.UNKNOWN),
    "queued": (OperationState.QUEUED,),
    "confirmed": (OperationState.CONFIRMED,),
    "not_applied": (OperationState.NOT_APPLIED,),
    "rejected": (OperationState.REJECTED,),
}
"""Status of a row → states of an operation that show as it."""

KINDS: Mapping[str, str] = {"plan_undo": "plan of an undo"}

EVENTS: Mapping[str, str] = {
    "queued": "queued", "intent": "written down, then sent", "accepted": "accepted by the credit system",
    "unknown": "no clear answer", "confirmed": "proven by a re-read",
    "not_applied": "proven not to have arrived",
}  # fmt: skip

_STEPS = ((86_400, "d"), (3_600, "h"), (60, "min"))


class Told:
    """Words for one time zone.

    Args:
        zone: in which times are shown.
    """

    def __init__(self, zone: ZoneInfo) -> None:
        self.zone = zone

    def filters(self) -> dict[str, Callable[..., Any]]:
        """Return the filters of templates."""
        return {
            "when": self.when, "age": age, "since": since, "label": label, "person": person, "kind": kind,
            "unit": unit, "minor": minor, "number": number, "seconds": seconds, "event": event,
        }  # fmt: skip

    def midnight(self, now: datetime, *, days_ago: int = 0) -> datetime:
        """Return when a day of the zone began, in UTC."""
        day = now.astimezone(self.zone).date() - timedelta(days=days_ago)
        return datetime(day.year, day.month, day.day, tzinfo=self.zone).astimezone(UTC)

    def when(self, value: datetime | str | None) -> Markup | str:
        """Return a time in the service's zone, readable by machines as well."""
        moment = as_moment(value)
        if moment is None:
            return "–"
        shown = f"{moment.astimezone(self.zone):%d %b %Y, %H:%M}"
        return Markup('<time datetime="{}">{}</time>').format(f"{moment:%Y-%m-%dT%H:%M:%SZ}", shown)


def as_moment(value: datetime | str | None) -> datetime | None:
    """Return a time, given as one or as ISO 8601."""
    return datetime.fromisoformat(value) if isinstance(value, str) else value


def since(value: datetime | str | None) -> str:
    """Return how long ago that was."""
    moment = as_moment(value)
    if moment is None:
        return "never"
    passed_s = (datetime.now(UTC) - moment).total_seconds()
    return "just now" if passed_s < _STEPS[-1][0] else f"{age(passed_s)} ago"


def age(seconds_: float) -> str:
    """Return a length of time: ``3 h``."""
    for length, word in _STEPS:
        if seconds_ >= length:
            return f"{int(seconds_ // length)} {word}"
    return "less than a minute"


def seconds(value: float) -> str:
    """Return a time that is left: ``40 s``, ``3 min``."""
    return f"{round(value)} s" if value < 120 else age(value)


def label(code: str | None) -> str:
    """Return the word of a status or state: ``Confirmation Required``."""
    if not code:
        return "–"
    known = {status.value: status.label for status in RowStatus}
    return known.get(code) or code.replace("_", " ").capitalize()


def kind(code: str) -> str:
    """Return what a run does."""
    return KINDS.get(code, code.replace("_", " "))


def event(code: str) -> str:
    """Return what happened, in words."""
    return EVENTS.get(code, code.replace("_", " "))


def person(actor: str | None) -> str:
    """Return who acted: the name, and how where it was not here."""
    way, _, name = (actor or "").partition(":")
    return name if way == "web" and name else f"{name} ({way})" if name else way or "–"


def unit(code: str) -> str:
    """Return a unit's name: ``promo_eur`` → ``Promo EUR``."""
    first, _, rest = code.partition("_")
    return f"Promo {rest.upper()}" if first == "promo" else code.replace("_", " ").capitalize()


def minor(amount: int | None, scale: int, *, signed: bool = False) -> str:
    """Return an amount of minor units."""
    if amount is None:
        return "–"
    text = format_amount(amount, Unit("", "", scale))
    return f"+{text}" if signed and amount > 0 else text.replace("-", "−")


def number(count: int) -> str:
    """Return a count, in groups of three."""
    return f"{count:,}".replace(",", "\N{NARROW NO-BREAK SPACE}")
