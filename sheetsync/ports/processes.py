"""Which process is which, across restarts and machines."""

from typing import Protocol

from sheetsync.ports.ledger import Owner


class Processes(Protocol):
    """The process table of this machine."""

    def me(self) -> Owner:
        """Return the identity of this process."""
        ...

    def is_alive(self, owner: Owner) -> bool | None:
        """Whether a process still exists, stopped ones included.

        None where that cannot be seen: it is of another machine, or hidden from us.
        """
        ...

    def end(self, owner: Owner) -> bool:
        """End a process of this machine for good.

        False if it could not be ended, is this very process, or is of another machine. A stopped process is
        not a dead one: it would go on sending when it continues.
        """
        ...

    def uptime_s(self) -> float:
        """Return a clock that also counts while the machine is suspended, in seconds."""
        ...
