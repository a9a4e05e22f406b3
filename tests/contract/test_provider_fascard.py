"""FasCard keeps every promise of the ``Provider`` port, over HTTP, against the sandbox."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from sheetsync.config import FasCardConnection
from sheetsync.ports import Provider
from sheetsync.providers.fascard import FasCard
from sheetsync.sandbox import Sandbox
from tests.contract.provider_suite import FakeClock, ProviderContract, RealClock
from tests.contract.test_provider_fastcredit import Impatient
from tests.contract.transaction_suite import TransactionContract


class FasCardRig:
    """The sandbox in FasCard's dialect."""

    def __init__(self, sandbox: Sandbox, password_file: Path) -> None:
        self.sandbox = sandbox
        self._password_file = password_file
        password_file.write_text(sandbox.password)
        self.secrets = (sandbox.password, "Bearer ")
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
    ) -> FasCard:
        """Make a provider to the sandbox."""
        connection = FasCardConnection.model_validate(
            {
                "provider": "fascard",
                "base_url": base_url or self.sandbox.base_url,
                "account_id": "F0002",
                "username": self.sandbox.username,
                "password": {"file": str(self._password_file)},
                "sheet": {"kind": "xlsx", "path": "credits.xlsx", "tab": "Accounts"},
                "timeout_s": timeout_s,
                "retries": retries,
                **settings,
            }
        )
        limiter = Impatient(rate_per_s, RealClock())
        made = FasCard(connection, name="laundry", clock=self.clock, limiter=limiter)
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

    def spend(self, account_id: str, minor: int) -> None:
        """Let a customer spend."""
        self.sandbox.book.spend(account_id, "balance", minor)

    def hide_transactions(self) -> None:
        """Take the privilege 'Reports' away."""
        self.sandbox.turn(reports=False)

    def close(self) -> None:
        """Close all providers."""
        for made in self._made:
            made.close()


class TestFasCard(TransactionContract, ProviderContract):
    @pytest.fixture
    def rig(self, tmp_path: Path) -> Iterator[FasCardRig]:
        """Give a fresh sandbox of three pages of users, some of them another account's."""
        switches = {"foreign_records": True, "below_zero": True}
        with Sandbox(dialect="fascard", users=210, switches=switches) as sandbox:
            rig = FasCardRig(sandbox, tmp_path / "password")
            yield rig
            rig.close()
