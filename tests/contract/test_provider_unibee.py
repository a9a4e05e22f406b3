"""UniBee keeps every promise of the ``Provider`` port, over HTTP, against the sandbox in both generations."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from sheetsync.config import UniBeeConnection
from sheetsync.providers.unibee import UniBee
from sheetsync.sandbox import Sandbox
from tests.contract.provider_suite import ProviderContract
from tests.contract.sandbox_rig import SandboxRig
from tests.contract.transaction_suite import TransactionContract


class UniBeeRig(SandboxRig):
    """The sandbox in UniBee's dialect."""

    def __init__(self, sandbox: Sandbox, key_file: Path) -> None:
        super().__init__(sandbox)
        self._key_file = key_file
        key_file.write_text(sandbox.password)
        self.secrets = (sandbox.password, "Bearer ")

    def provider(
        self,
        *,
        timeout_s: float = 10,
        rate_per_s: float = 10_000,
        base_url: str = "",
        retries: int = 2,
        **settings: object,
    ) -> UniBee:
        """Make a provider to the sandbox."""
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
        limiter = self.limiter(rate_per_s)
        return self.made(UniBee(connection, name="saas", clock=self.clock, limiter=limiter))

    def spend(self, account_id: str, minor: int) -> None:
        """Let a customer spend."""
        self.sandbox.book.spend(account_id, "promo_eur", minor)

    def hide_transactions(self) -> None:
        """Let transactions be refused."""
        self.sandbox.turn(transactions=False)


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
