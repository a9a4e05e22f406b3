"""FasCard keeps every promise of the ``Provider`` port, over HTTP, against the sandbox."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from sheetsync.config import FasCardConnection
from sheetsync.providers.fascard import FasCard
from sheetsync.sandbox import Sandbox
from tests.contract.provider_suite import ProviderContract
from tests.contract.sandbox_rig import SandboxRig
from tests.contract.transaction_suite import TransactionContract


class FasCardRig(SandboxRig):
    """The sandbox in FasCard's dialect."""

    def __init__(self, sandbox: Sandbox, password_file: Path) -> None:
        super().__init__(sandbox)
        self._password_file = password_file
        password_file.write_text(sandbox.password)
        self.secrets = (sandbox.password, "Bearer ")

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
        limiter = self.limiter(rate_per_s)
        return self.made(FasCard(connection, name="laundry", clock=self.clock, limiter=limiter))

    def spend(self, account_id: str, minor: int) -> None:
        """Let a customer spend."""
        self.sandbox.book.spend(account_id, "balance", minor)

    def hide_transactions(self) -> None:
        """Take the privilege 'Reports' away."""
        self.sandbox.turn(reports=False)


class TestFasCard(TransactionContract, ProviderContract):
    @pytest.fixture
    def rig(self, tmp_path: Path) -> Iterator[FasCardRig]:
        """Give a fresh sandbox of three pages of users, some of them another account's."""
        switches = {"foreign_records": True, "below_zero": True}
        with Sandbox(dialect="fascard", users=210, switches=switches) as sandbox:
            rig = FasCardRig(sandbox, tmp_path / "password")
            yield rig
            rig.close()
