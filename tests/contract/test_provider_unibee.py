"""UniBee keeps every promise of the ``Provider`` port, over HTTP, against the sandbox in both generations."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from sheetsync.config import UniBeeConnection
from sheetsync.ports import Provider
from sheetsync.providers.unibee import UniBee
from sheetsync.sandbox import Sandbox
from tests.contract.provider_suite import FakeClock, ProviderContract, RealClock
from tests.contract.test_provider_fastcredit import Impatient
from tests.contract.transaction_suite import TransactionContract


class UniBeeRig:
    """The sandbox in UniBee's dialect."""

    def __init__(self, sandbox: Sandbox, key_file: Path) -> None:
        self.sandbox = sandbox
        self._key_file = key_file
        key_file.write_text(sandbox.password)
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
    ) -> UniBee:
        """Make a provider to the sandbox, which has asked for the currencies already."""
        connection = UniBeeConnection.model_validate(
            {
                "provider": "unibee",
                "base_url": base_url or self.sandbox.base_url,
                "api_key": {"file": str(self._key_file)},
                "currencies": ["EUR", "USD"],
                "sheet": {"kind": "xlsx", "path": "credits.xlsx", "tab": "Promo"},
                "timeout_s": timeout_s,
                "retries": retries,
                **settings,
            }
        )
        made = UniBee(connection, name="saas", clock=self.clock, limiter=Impatient(rate_per_s, RealClock()))
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
        self.sandbox.book.spend(account_id, "promo_eur", minor)

    def hide_transactions(self) -> None:
        """Let transactions be refused."""
        self.sandbox.turn(transactions=False)

    def close(self) -> None:
        """Close all providers."""
        for made in self._made:
            made.close()


class _UniBee(TransactionContract, ProviderContract):
    honours_key: bool

    @pytest.fixture
    def rig(self, tmp_path: Path) -> Iterator[UniBeeRig]:
        """Give a fresh sandbox of three pages of users, whose order within a second is any."""
        switches = {"shuffles_ties": True, "honours_key": self.honours_key}
        with Sandbox(dialect="unibee", users=210, switches=switches) as sandbox:
            rig = UniBeeRig(sandbox, tmp_path / "key")
            yield rig
            rig.close()


class TestUniBee(_UniBee):
    honours_key = True


class TestOldUniBee(_UniBee):
    honours_key = False
