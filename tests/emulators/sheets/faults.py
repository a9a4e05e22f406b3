"""What goes wrong on the way, and what a person does in the meantime."""

from dataclasses import dataclass, field
from typing import Literal

from tests.emulators.sheets.errors import Json

Kind = Literal["drop", "status", "delay", "edit"]
When = Literal["before", "halfway", "after"]


@dataclass
class Fault:
    """Something that happens to requests.

    Attributes:
        kind: `drop` the connection, answer with a `status`, `delay`, or let a person `edit`.
        when: `before` the request is carried out, `after` it (the answer is lost or late), or `halfway`
            through a `values:batchUpdate` (only for `edit`).
        method: Only requests with this method.
        path: Only requests whose decoded path contains this.
        skip: Let so many matching requests pass first.
        times: For so many requests.
        status: Of the answer.
        delay_s: How long.
        edits: What the person does; see `rogue`.
    """

    kind: Kind
    when: When = "before"
    method: str = ""
    path: str = ""
    skip: int = 0
    times: int = 1
    status: int = 503
    delay_s: float = 0.0
    edits: list[Json] = field(default_factory=list)

    def matches(self, method: str, path: str) -> bool:
        """Whether it is about such a request."""
        return self.times > 0 and self.method in {"", method} and self.path in path


@dataclass
class Faults:
    """The script of what goes wrong, in order of adding."""

    waiting: list[Fault] = field(default_factory=list)

    def add(self, fault: Fault) -> None:
        """Let something happen."""
        self.waiting.append(fault)

    def due(self, method: str, path: str) -> list[Fault]:
        """What happens to this request; each is used up."""
        found = []
        for fault in self.waiting:
            if not fault.matches(method, path):
                continue
            if fault.skip:
                fault.skip -= 1
            else:
                fault.times -= 1
                found.append(fault)
        self.waiting = [fault for fault in self.waiting if fault.times > 0]
        return found
