"""Punchcard keeps every promise of the ``Provider`` port, over HTTP, against the sandbox in its dialect."""

from collections.abc import Iterator

import pytest

from sheetsync.providers.http import Tuning
from sheetsync.sandbox import Sandbox
from sheetsync.sandbox.server import DIALECTS, USERNAMES
from tests.contract.provider_suite import ProviderContract
from tests.contract.sandbox_rig import SandboxRig
from tests.punchcard.dialect import PunchcardDialect
from tests.punchcard.provider import Punchcard


class PunchcardRig(SandboxRig):
    """The sandbox in Punchcard's dialect."""

    @property
    def secrets(self) -> tuple[str, ...]:
        """What must never show."""
        return (self.sandbox.password,)

    def provider(
        self, *, timeout_s: float = 10, rate_per_s: float = 10_000, base_url: str = "", retries: int = 2
    ) -> Punchcard:
        """Make a provider to the sandbox."""
        return self.made(
            Punchcard(
                base_url or self.sandbox.base_url,
                self.sandbox.password,
                tuning=Tuning(timeout_s, retries),
                clock=self.clock,
                limiter=self.limiter(rate_per_s),
            )
        )


class TestPunchcard(ProviderContract):
    @pytest.fixture
    def rig(self, monkeypatch: pytest.MonkeyPatch) -> Iterator[PunchcardRig]:
        """Give a fresh sandbox of three pages of members."""
        monkeypatch.setitem(DIALECTS, "punchcard", PunchcardDialect)
        monkeypatch.setitem(USERNAMES, "punchcard", "till")
        with Sandbox(dialect="punchcard", users=210) as sandbox:
            rig = PunchcardRig(sandbox)
            yield rig
            rig.close()
