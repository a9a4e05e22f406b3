"""What the rigs of all providers share: a sandbox, its faults and traffic, the providers made in a test."""

from typing import TypeVar

from sheetsync.ports import Provider
from sheetsync.providers.limiter import SlidingLimiter
from sheetsync.sandbox import Sandbox
from tests.contract.provider_suite import FakeClock, RealClock

P = TypeVar("P", bound=Provider)


class Impatient(SlidingLimiter):
    """A limiter that pauses after a refusal, but not as long as the system asked for."""

    def refused(self, pause_s: float, left_at: float) -> None:
        """Pause for a moment."""
        super().refused(min(pause_s, 0.02), left_at)


class SandboxRig:
    """A ``Rig`` of the provider suite over a sandbox; a subclass adds ``secrets`` and ``provider``."""

    def __init__(self, sandbox: Sandbox) -> None:
        self.sandbox = sandbox
        self.account_ids = [account.id for account in sandbox.book.snapshot().accounts]
        self.clock = FakeClock()
        self._made: list[Provider] = []

    def made(self, provider: P) -> P:
        """Remember a provider, so that it is closed at the end."""
        self._made.append(provider)
        return provider

    def limiter(self, rate_per_s: float) -> Impatient:
        """Make a limiter on the real clock."""
        return Impatient(rate_per_s, RealClock())

    def script(self, kind: str, **options: object) -> None:
        """Script a fault."""
        self.sandbox.faults.script(kind, **options)  # type: ignore[arg-type] # the sandbox checks it

    def balance(self, account_id: str, unit: str) -> int:
        """Return the true balance."""
        return self.sandbox.book.balance(account_id, unit)

    def applied(self, account_id: str) -> int:
        """Return how many changes were applied."""
        return len(self.sandbox.book.journal(account_id, cause="api"))

    def clear(self) -> None:
        """Forget the requests seen so far."""
        self.sandbox.requests.clear()

    def writes_at_once(self) -> int:
        """Return how many writes to one account ever ran at once."""
        return self.sandbox.requests.max_writes_in_flight()

    def busiest(self, window_s: float) -> int:
        """Return the most requests in any window."""
        return self.sandbox.requests.busiest(window_s)

    def requests(self) -> int:
        """Return how many requests arrived."""
        return len(self.sandbox.requests)

    def close(self) -> None:
        """Close all providers."""
        for made in self._made:
            made.close()
