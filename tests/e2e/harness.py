"""Drives the command line as people and scripts do: real processes and a real workbook."""

import base64
import json
import os
import shutil
import signal
import subprocess
import sys
import tempfile
import zipfile
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from openpyxl import Workbook, load_workbook
from openpyxl.worksheet.worksheet import Worksheet

from tests.e2e.site import PASSWORD, ROUTES, USERNAME, Site

TIME_LIMIT_S = 60
SECRETS = (
    PASSWORD,
    PASSWORD.replace(" ", ""),
    base64.b64encode(f"{USERNAME}:{PASSWORD}".encode()).decode(),
    base64.b64encode(f"{USERNAME}:{PASSWORD.replace(' ', '')}".encode()).decode(),
)

CONFIG = """
[service]
database_url = "sqlite:///{folder}/ledger.db"
timezone = "Europe/Berlin"
lease_s = {lease_s}

[connections.shop]
provider = "fastcredit"
base_url = "{address}"
username = "kassa"
application_password = {{ env = "ACME_PASSWORD" }}
timeout_s = 1
settle_after_s = {settle_after_s}
{extra}
{routes}
[connections.shop.sheet]
kind = "xlsx"
path = "credits.xlsx"
tab = "Credits"
[connections.shop.limits]
requests_per_second = 1000
parallel_requests = {parallel}
stop_after_unknown = 100
{limits}
"""


@dataclass(frozen=True, slots=True)
class Done:
    """What a command left behind; ``json`` is stdout's one object."""

    code: int
    stdout: str
    stderr: str

    @property
    def json(self) -> dict[str, Any]:
        """Parse stdout; anything beside exactly one object fails here."""
        found = json.loads(self.stdout)
        assert isinstance(found, dict)
        return found

    @property
    def error(self) -> dict[str, Any]:
        """The error object, whole."""
        found = self.json["error"]
        assert {"code", "message", "hint", "details"} == set(found)
        assert found["message"]
        assert isinstance(found, dict)
        return found

    @property
    def rows(self) -> dict[str, dict[str, Any]]:
        """Rows of preview, push or verify, by account."""
        rows = self.json["plan"]["rows"] if isinstance(self.json.get("plan"), dict) else self.json["rows"]
        return {row["account_id"]: row for row in rows}

    @property
    def statuses(self) -> dict[str, str]:
        """Account → status."""
        return {account: row["status"] for account, row in self.rows.items()}

    @property
    def digest(self) -> str:
        """The previewed plan."""
        return str(self.json["plan"]["digest"])


@dataclass
class Office:
    """A folder with a configuration, a ledger and a workbook, bound to one site.

    Attributes:
        extra: further lines of the connection; limits: of its limits; routes: instead of the site's.
    """

    site: Site
    folder: Path
    lease_s: float = 2
    settle_after_s: float = 3
    parallel: int = 4
    extra: str = ""
    limits: str = ""
    routes: str = ROUTES
    env: dict[str, str] = field(default_factory=lambda: {"ACME_PASSWORD": PASSWORD})

    def __post_init__(self) -> None:
        """Write the configuration."""
        self.configure()

    @classmethod
    def new(cls, site: Site, **settings: Any) -> "Office":  # noqa: ANN401 - fields of the class
        """Open one in a folder of its own; ``close`` removes it."""
        return cls(site, Path(tempfile.mkdtemp(prefix="sheetsync-e2e-")), **settings)

    def close(self) -> None:
        """Look for secrets everywhere, then remove the folder."""
        try:
            self.find_secrets()
        finally:
            shutil.rmtree(self.folder, ignore_errors=True)

    @property
    def config(self) -> Path:
        """The configuration file."""
        return self.folder / "sheetsync.toml"

    @property
    def path(self) -> Path:
        """The workbook."""
        return self.folder / "credits.xlsx"

    def configure(self, **settings: Any) -> None:  # noqa: ANN401 - fields of the class
        """Write the configuration, with some settings changed."""
        for name, value in settings.items():
            setattr(self, name, value)
        text = CONFIG.format(
            address=settings.get("address") or self.site.address,
            folder=self.folder,
            lease_s=self.lease_s,
            settle_after_s=self.settle_after_s,
            parallel=self.parallel,
            extra=self.extra,
            limits=self.limits,
            routes=self.routes,
        )
        self.config.write_text(text, encoding="utf-8")

    # commands

    def start(self, *args: str, actor: str = "ana") -> "subprocess.Popen[str]":
        """Start a command in a process group of its own."""
        env = {name: value for name, value in os.environ.items() if not name.startswith("SHEETSYNC")}
        env |= {"SHEETSYNC_ACTOR": actor, "SHEETSYNC_CONFIG": str(self.config), **self.env}
        return subprocess.Popen(
            [sys.executable, "-m", "sheetsync", *args],
            cwd=self.folder,
            env=env,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
            start_new_session=True,
        )

    def finish(self, process: "subprocess.Popen[str]") -> Done:
        """Wait for a command; whatever it says holds no traceback and no secret."""
        try:
            out, err = process.communicate(timeout=TIME_LIMIT_S)
        except subprocess.TimeoutExpired:
            os.killpg(process.pid, signal.SIGKILL)
            out, err = process.communicate()
            raise AssertionError(f"it hung: {out}\n{err}") from None
        assert "Traceback" not in err + out, err + out
        assert not any(secret in out + err for secret in SECRETS)
        return Done(process.returncode, out, err)

    def run(self, *args: str, code: int | None = 0, actor: str = "ana") -> Done:
        """Run a command with ``--json`` and check its exit code, unless that is None."""
        done = self.finish(self.start(*args, "--json", actor=actor))
        assert code in (None, done.code), f"exit {done.code}\n{done.stdout}\n{done.stderr}"
        assert isinstance(done.json, dict)
        return done

    def people(self, *args: str, code: int = 0) -> Done:
        """Run a command as a person does, without ``--json``."""
        done = self.finish(self.start(*args))
        assert code == done.code, f"exit {done.code}\n{done.stdout}\n{done.stderr}"
        return done

    def history(self, *args: str) -> list[dict[str, Any]]:
        """Return all operations, newest first."""
        return list(self.run("history", "shop", "--limit", "10000", *args).json["operations"])

    def sound(self) -> None:
        """Check the ledger."""
        checked = self.run("ledger", "check").json
        assert ("ok", "ok") == (checked["chain"], checked["sums"])

    # the workbook, as another program sees it

    def open(self) -> tuple[Workbook, Worksheet]:
        """Open the workbook and its tab."""
        book = load_workbook(self.path)
        return book, book["Credits"]

    def edit(self, edits: Mapping[str, Mapping[str, object]]) -> None:
        """Type into rows: User ID → header → value."""
        book, tab = self.open()
        columns, rows = headers(tab), places(tab)
        for account, cells in edits.items():
            for header, value in cells.items():
                tab.cell(rows[account], columns[header]).value = value  # type: ignore[assignment]
        book.save(self.path)

    def add(self, amounts: Mapping[str, int]) -> None:
        """Type an Add for each user."""
        self.edit({account: {"Action": "Add", "Amount": amount} for account, amount in amounts.items()})

    def table(self) -> dict[str, dict[str, Any]]:
        """Return the tab: User ID → header → value."""
        _, tab = self.open()
        columns = headers(tab)
        return {
            account: {header: tab.cell(row, column).value for header, column in columns.items()}
            for account, row in places(tab).items()
        }

    def shown(self, accounts: Iterable[str] | None = None) -> dict[str, str | None]:
        """Return the Status cells: User ID → word."""
        table = self.table()
        return {account: table[account]["Status"] for account in (accounts or table)}

    def find_secrets(self) -> None:
        """Look for the password in every file, also inside workbooks."""
        for path in self.folder.rglob("*"):
            if path.is_file():
                data = [path.read_bytes()]
                if zipfile.is_zipfile(path):
                    with zipfile.ZipFile(path) as package:
                        data += [package.read(name) for name in package.namelist()]
                for secret in SECRETS:
                    assert not any(secret.encode() in part for part in data), path


def headers(tab: Worksheet) -> dict[str, int]:
    """Return header → column."""
    return {str(cell.value): place for place, cell in enumerate(tab[1], start=1) if cell.value is not None}


def places(tab: Worksheet) -> dict[str, int]:
    """Return User ID → row."""
    column = headers(tab)["User ID"]
    found = {}
    for row in range(2, tab.max_row + 1):
        value = tab.cell(row, column).value
        if value is not None:
            found[str(value)] = row
    return found
