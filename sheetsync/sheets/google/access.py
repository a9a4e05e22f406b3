"""From settings to an HTTP client that is signed in."""

import hashlib
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import urlsplit

from sheetsync.sheets.google.budget import READS_PER_MINUTE, WRITES_PER_MINUTE, Budget, FileStore, MemoryStore
from sheetsync.sheets.google.credentials import address, sign_in
from sheetsync.sheets.google.failures import Interpreter
from sheetsync.sheets.google.http import SheetsHttp, Waiting


@dataclass(frozen=True, slots=True)
class Access:
    """How Google Sheets is reached.

    Attributes:
        key: returns the service account's key file, or None for Application Default Credentials; asked once,
            at the first request.
        base_url: where Google Sheets answers.
        waiting: how to wait, and whom to tell.
        folder: where all processes of this user count their requests; None counts in memory.
        reads: the account's quota a minute.
        writes: likewise.
    """

    key: Callable[[], str | None]
    base_url: str
    waiting: Waiting
    folder: Path | None = None
    reads: int = READS_PER_MINUTE
    writes: int = WRITES_PER_MINUTE

    def open(self, spreadsheet_id: str) -> SheetsHttp:
        """Return a client for one spreadsheet; nothing is asked yet.

        Raises:
            ConfigError: the key cannot be used.
        """
        key = self.key()
        host = urlsplit(self.base_url).netloc
        session = sign_in(key, Interpreter(spreadsheet_id, account=address(key), host=host))
        account = address(key) or str(getattr(session.credentials, "service_account_email", ""))
        return SheetsHttp(
            session,
            base_url=self.base_url,
            budget=self._budget(account),
            waiting=self.waiting,
            interpreter=Interpreter(spreadsheet_id, account=account, host=host),
        )

    def _budget(self, account: str) -> Budget:
        name = hashlib.sha256(f"{account} {self.base_url}".encode()).hexdigest()[:24]
        store = MemoryStore() if self.folder is None else FileStore(self.folder / f"{name}.quota")
        return Budget(
            store, reads=self.reads, writes=self.writes, ticks=self.waiting.ticks, sleep=self.waiting.sleep
        )
