"""FastCredit Pro keeps every promise of the ``Provider`` port, over HTTP, against the sandbox."""

import base64
from collections.abc import Iterator
from pathlib import Path

import pytest

from sheetsync.config import FastCreditConnection
from sheetsync.providers.fastcredit import FastCredit
from sheetsync.sandbox import Sandbox
from tests.contract.provider_suite import ProviderContract
from tests.contract.sandbox_rig import SandboxRig


class FastCreditRig(SandboxRig):
    """The sandbox in FastCredit Pro's dialect."""

    def __init__(self, sandbox: Sandbox, password_file: Path) -> None:
        super().__init__(sandbox)
        self._password_file = password_file
        password_file.write_text(sandbox.password)
        pair = f"{sandbox.username}:{sandbox.password}".encode()
        self.secrets = (sandbox.password, base64.b64encode(pair).decode())

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
        limiter = self.limiter(rate_per_s)
        return self.made(FastCredit(connection, name="shop", clock=self.clock, limiter=limiter))


class TestFastCredit(ProviderContract):
    @pytest.fixture
    def rig(self, tmp_path: Path) -> Iterator[FastCreditRig]:
        """Give a fresh sandbox of three pages of users."""
        with Sandbox(users=210) as sandbox:
            rig = FastCreditRig(sandbox, tmp_path / "password")
            yield rig
            rig.close()
