"""FastCredit Pro keeps every promise of the ``Provider`` port, over HTTP, against the sandbox."""

import base64
from collections.abc import Iterator
from pathlib import Path

import pytest

from sheetsync.config import FastCreditConnection
from sheetsync.ports import Provider
from sheetsync.providers.fastcredit import FastCredit
from sheetsync.providers.limiter import SlidingLimiter
from sheetsync.sandbox import Sandbox
from tests.contract.provider_suite import FakeClock, ProviderContract, RealClock


class Impatient(SlidingLimiter):
    """A limiter that pauses after a refusal, but not as long as the system asked for."""

    def refused(self, pause_s: float, left_at: float) -> None:
        """Pause for a moment."""
        super().refused(min(pause_s, 0.02), left_at)


class FastCreditRig:
    """The sandbox in FastCredit Pro's dialect."""

    def __init__(self, sandbox: Sandbox, password_file: Path) -> None:
        self.sandbox = sandbox
        self._password_file = password_file
        password_file.write_text(sandbox.password)
        pair = f"{sandbox.username}:{sandbox.password}".encode()
        self.secrets = (sandbox.password, base64.b64encode(pair).decode())
        self.account_ids = [account.id for account in sandbox.book.snapshot().accounts]
        self.clock = FakeClock()
        self._made: list[Provider] = []

    def provider(
        self,
        *,
        timeout_s: float = 10,
        rate_per_s: float = 10_000,
        base_url: str = "",
        retries: int = 2,
        **settings: object,
    ) -> FastCredit:
        """Make a provider to the sandbox."""
        connection = FastCreditConnection.model_validate(
            {
                "provider": "fastcredit",
                "base_url": base_url or self.sandbox.base_url,
                "username": self.sandbox.username,
                "application_password": {"file": str(self._password_file)},
                "sheet": {"kind": "xlsx", "path": "credits.xlsx", "tab": "Credits"},
                "timeout_s": timeout_s,
                "retries": retries,
                **settings,
            }
        )
        limiter = Impatient(rate_per_s, RealClock())
        made = FastCredit(connection, name="shop", clock=self.clock, limiter=limiter)
        self._made.append(made)
        return made

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


class TestFastCredit(ProviderContract):
    @pytest.fixture
    def rig(self, tmp_path: Path) -> Iterator[FastCreditRig]:
        """Give a fresh sandbox of three pages of users."""
        with Sandbox(users=210) as sandbox:
            rig = FastCreditRig(sandbox, tmp_path / "password")
            yield rig
            rig.close()
