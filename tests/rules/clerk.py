"""A person with a process and a tab, for tests that read like what people do."""

from dataclasses import replace
from datetime import timedelta
from typing import Any

from sheetsync.core.states import OperationState
from sheetsync.errors import SheetsyncError
from sheetsync.jobs.preview import Preview, preview
from sheetsync.jobs.pull import pull
from sheetsync.jobs.push import push
from sheetsync.jobs.verify import verify
from sheetsync.ports import OperationRecord
from tests.stateful.kit import Killed, Process, Town
from tests.stateful.paper import Paper, Row

OPENING = {"1": 20_000, "2": 20_000, "3": 20_000}


class Clerk:
    """One person at one tab.

    Attributes:
        desk: may be replaced to change settings.
    """

    def __init__(self, town: Town, name: str, connection: str, **settings: int) -> None:
        self.town = town
        self.process: Process = town.process(name, connection, **settings)
        self.desk = self.process.desk
        self.paper = Paper(self.process.path)

    def without_canaries(self) -> None:
        """Let nothing be proven before all is sent."""
        self.desk = replace(self.desk, limits=replace(self.desk.limits, canary=0))

    def pull(self) -> dict[str, Any]:
        """Pull."""
        return pull(self.desk)

    def add(self, account: str, amount: int) -> None:
        """Type an Add."""
        self.paper.edit(account, "Add", amount)

    def preview(self, **options: Any) -> Preview:  # noqa: ANN401 - of preview
        """Preview."""
        return preview(self.desk, **options)

    def plan(self) -> str:
        """Preview; return the digest."""
        return self.preview().plan.digest

    def seen(self, account: str) -> str:
        """Preview; return the account's status."""
        return next(row.status.value for row in self.preview().plan.rows if row.account_id == account)

    def push(self, digest: str, *, check: bool = True) -> dict[str, str]:
        """Push; return account → status."""
        return {row["account_id"]: row["status"] for row in push(self.desk, digest, check=check)["rows"]}

    def ship(self, *, check: bool = True) -> dict[str, str]:
        """Preview and push."""
        return self.push(self.plan(), check=check)

    def dies_at(self, point: str, digest: str) -> None:
        """Push, and be killed where it first comes by this point."""

        def die() -> None:
            self.process.alive = False

        self.process.visits[point] = die
        try:
            self.push(digest)
        except Killed:
            return
        raise AssertionError("it lives")

    def refused(self, digest: str) -> SheetsyncError:
        """Push; return why it was refused."""
        try:
            self.push(digest)
        except SheetsyncError as error:
            return error
        raise AssertionError("it was carried out")

    def verify(self) -> dict[str, str]:
        """Verify; return account → status of what it looked at."""
        return {row["account_id"]: row["status"] for row in verify(self.desk)["rows"]}

    def row(self, account: str) -> Row:
        """Return the account's row."""
        return self.paper.table()[account]

    def record(self, account: str) -> OperationRecord:
        """Return the account's newest operation."""
        return self.process.record(account)

    def state(self, account: str) -> OperationState:
        """Return its state."""
        return self.record(account).state

    def wait(self, seconds: float) -> None:
        """Let time pass."""
        self.town.clock.sleep(timedelta(seconds=seconds).total_seconds())
