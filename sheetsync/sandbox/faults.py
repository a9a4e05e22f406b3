"""Scripted faults: what goes wrong, for which request, and how often."""

import random
import re
import threading
from collections.abc import Mapping
from dataclasses import dataclass, field, fields
from typing import Literal, get_args, get_type_hints

from sheetsync.sandbox.wire import Target

Kind = Literal[
    "drop_before",
    "drop_after",
    "error_500_before",
    "error_500_after",
    "html_500",
    "html_502",
    "maintenance_503",
    "too_many_429",
    "unauthorized_401",
    "cloudflare",
    "redirect_301",
    "junk_before_json",
    "truncated",
    "hold",
    "slow",
    "spend",
]
KINDS: tuple[str, ...] = get_args(Kind)
_APPLIED = frozenset({"drop_after", "error_500_after", "junk_before_json", "truncated", "hold"})
# These accompany whatever else happens to a request; the others decide its outcome and exclude each other.
_COMPANIONS = frozenset({"slow", "spend"})
# An answer from somebody in front of the credit system may hide either outcome; the rest name theirs.
_MAY_CHOOSE = frozenset(
    {"html_500", "html_502", "maintenance_503", "too_many_429", "cloudflare", "redirect_301"}
)
_FOREVER = 2**62


@dataclass(frozen=True, slots=True, kw_only=True)
class Fault:
    """One scripted fault.

    Attributes:
        kind: What goes wrong.
        on: Only reads, only writes, or any request.
        method: Only this HTTP method.
        path: Only requests whose path and query contain a match of this regular expression.
        account: Only requests that name this account; for `spend`, without one in the request, whose balance.
        times: How many requests it hits; `None` for all.
        after: How many matching requests it lets pass first.
        probability: Chance that a matching request is hit (0 to 1), from the script's seeded dice.
        applied: For HTML pages, refusals and redirects: carry the change out nevertheless.
        side: For `slow` and `spend`: before or after the request is carried out.
        seconds: For `slow`: the delay. For `hold`: how late it is carried out; `None` waits for `release`.
        hang: For `hold`: keep the client waiting instead of dropping it at once.
        retry_after: Seconds for the `Retry-After` header; `None` leaves it out (503: WordPress' 600).
        unit: For `spend`; the dialect's first unit unless said.
        amount_minor: For `spend`, in minor units; negative tops up.
        junk: For `junk_before_json`: a PHP notice or a byte-order mark.
        location: For `redirect_301`; default is the same address, marked.
    """

    kind: str
    on: str = "any"
    method: str | None = None
    path: str | None = None
    account: str | None = None
    times: int | None = 1
    after: int = 0
    probability: float | int = 1
    applied: bool | None = None
    side: str = "before"
    seconds: float | int | None = None
    hang: bool = False
    retry_after: int | None = None
    unit: str | None = None
    amount_minor: int = 1
    junk: str = "notice"
    location: str | None = None

    def __post_init__(self) -> None:
        """Refuse a fault that could never do what its author meant."""
        for name, hint in get_type_hints(type(self)).items():
            if not isinstance(getattr(self, name), hint):
                raise ValueError(f"fault field {name!r} cannot be {getattr(self, name)!r}")  # noqa: TRY004 - input
        choices = {
            "kind": KINDS,
            "on": ("any", "read", "write"),
            "side": ("before", "after"),
            "junk": ("notice", "bom"),
        }
        for name, allowed in choices.items():
            if getattr(self, name) not in allowed:
                raise ValueError(f"fault field {name!r} must be one of {', '.join(allowed)}")
        if not 0 <= self.probability <= 1:
            raise ValueError("fault field 'probability' must be between 0 and 1")
        if self.applied is not None and self.kind not in _MAY_CHOOSE:
            raise ValueError(f"fault field 'applied' is not for {self.kind}")
        try:
            re.compile(self.path or "")
        except re.error as error:
            raise ValueError(f"fault field 'path' is no regular expression: {error}") from None

    @classmethod
    def from_json(cls, values: Mapping[str, object]) -> "Fault":
        """Read a fault from its fields by name.

        Raises:
            ValueError: A name or value is wrong.
        """
        unknown = set(values) - {item.name for item in fields(cls)}
        if unknown or "kind" not in values:
            raise ValueError(
                f"unknown fault fields: {', '.join(sorted(unknown))}" if unknown else "a fault needs a kind"
            )
        return cls(**values)  # type: ignore[arg-type]  # __post_init__ checks every type

    @property
    def is_applied(self) -> bool:
        """Whether the request is carried out although its answer is spoilt."""
        return self.kind in _APPLIED if self.applied is None else self.applied

    @property
    def slot(self) -> str:
        """Faults of different slots can hit the same request."""
        return f"{self.kind}_{self.side}" if self.kind in _COMPANIONS else "outcome"

    def matches(self, method: str, uri: str, target: Target) -> bool:
        """Whether a request is one of those that this fault is meant for."""
        return (
            self.on in ("any", "write" if target.write else "read")
            and self.method in (None, method)
            and (self.account in (None, target.account) or (self.kind == "spend" and target.account is None))
            and (self.path is None or re.search(self.path, uri) is not None)
        )


@dataclass
class _Entry:
    fault: Fault
    skips: int
    left: int


@dataclass
class FaultScript:
    """The faults still to come, in order; a request is hit by the first match of each slot."""

    seed: int = 0
    _entries: list[_Entry] = field(default_factory=list, init=False, repr=False)
    _fired: list[Fault] = field(default_factory=list, init=False, repr=False)
    _lock: threading.Lock = field(default_factory=threading.Lock, init=False, repr=False)
    _dice: random.Random = field(init=False, repr=False)

    def __post_init__(self) -> None:
        """Seed the dice, so that a run with probabilities can be repeated."""
        self._dice = random.Random(self.seed)  # noqa: S311 - not a secret

    def add(self, *faults: Fault) -> None:
        """Append faults to the script."""
        with self._lock:
            for fault in faults:
                left = _FOREVER if fault.times is None else fault.times
                self._entries.append(_Entry(fault, fault.after, left))

    def script(self, kind: Kind, **options: object) -> None:
        """Append one fault: `faults.script("drop_after", on="write", account="7")`."""
        self.add(Fault.from_json({"kind": kind, **options}))

    def clear(self) -> None:
        """Forget what has not happened yet."""
        with self._lock:
            self._entries.clear()

    def pending(self) -> list[Fault]:
        """List the faults that can still hit."""
        with self._lock:
            return [entry.fault for entry in self._entries]

    def fired(self) -> list[Fault]:
        """List the faults that hit, once per hit, in order."""
        with self._lock:
            return list(self._fired)

    def take(self, method: str, uri: str, target: Target) -> dict[str, Fault]:
        """Consume what hits this request: at most one fault per slot."""
        taken: dict[str, Fault] = {}
        with self._lock:
            for entry in self._entries:
                fault = entry.fault
                if fault.slot not in taken and fault.matches(method, uri, target) and self._hits(entry):
                    taken[fault.slot] = fault
            self._entries = [entry for entry in self._entries if entry.left > 0]
            self._fired.extend(taken.values())
        return taken

    def _hits(self, entry: _Entry) -> bool:
        if entry.skips > 0:
            entry.skips -= 1
            return False
        if entry.fault.probability < 1 and self._dice.random() >= entry.fault.probability:
            return False
        entry.left -= 1
        return True
