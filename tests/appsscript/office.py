"""An office in which everything but Google is real: credit system, service, and the add-on."""

import os
import shutil
import subprocess
import sys
import time
from collections.abc import Iterator, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pytest
import requests

from sheetsync.sandbox import Sandbox
from tests.emulators.identity import AUDIENCE, IdentityEmulator
from tests.google.office import GoogleOffice, People, serving

HERE = Path(__file__).parent
ADD_ON = HERE.parents[1] / "appsscript"
CLERK = "ed@example.org"
SERVICE = "https://sheetsync.example"
"""Where the add-on believes the service to be; the harness leads there."""

CONFIG = """
[service]
database_url = "sqlite:///ledger.db"
lease_s = 2
[auth]
google_audiences = ["{audience}"]
google_certs_url = "{certs}"
add_on = true
[auth.roles]
"boss@example.org" = "admin"
"ann@example.org" = "approver"
"ed@example.org" = "editor"
"vic@example.org" = "viewer"
[connections.shop]
{system}
base_url = "{address}"
environment = "test"
timeout_s = 5
settle_after_s = 8
user_url = "https://shop.example/users/{{user_id}}"
[connections.shop.limits]
requests_per_second = 1000
approval_over = {{ {unit} = "1000" }}
[connections.shop.sheet]
kind = "google"
spreadsheet_id = "{spreadsheet}"
tab = "Credits"
[google]
service_account = {{ file = "key.json" }}
api_base_url = "{sheets}"
reads_per_minute = 10000
writes_per_minute = 10000
"""

SYSTEMS = {
    "fastcredit": """provider = "fastcredit"
username = "office"
application_password = { env = "PASSWORD" }""",
    "unibee": """provider = "unibee"
api_key = { env = "PASSWORD" }
currencies = ["EUR"]""",
}


def needs_node() -> None:
    """Skip what cannot run without node and the packages that check the add-on."""
    if shutil.which("node") is None:
        pytest.skip("node is not installed")
    if not (HERE / "node_modules").is_dir():
        pytest.skip("run .ci/setup: tests/appsscript/node_modules is missing")


@contextmanager
def printing_address(command: Sequence[str], **options: Any) -> Iterator[str]:  # noqa: ANN401 - as in subprocess
    """Start a server that prints its address first; yield the address; end the server."""
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True, **options) as process:
        assert process.stdout is not None
        try:
            line = process.stdout.readline()
            assert "://" in line, f"{command[0]} did not start"
            yield line.split()[-1].rstrip("/")
        finally:
            process.terminate()
            process.stdout.read()


@dataclass
class AddOn:
    """The add-on in a spreadsheet, as the harness runs it.

    Attributes:
        address: of the harness; ``/`` is the spreadsheet's page, ``/frame/sidebar`` the sidebar alone.
    """

    address: str

    def _post(self, path: str, body: dict[str, Any]) -> Any:  # noqa: ANN401 - JSON
        reply = requests.post(f"{self.address}{path}", json=body, timeout=120)
        assert reply.ok, reply.text
        return reply.json()

    def run(self, name: str, *args: Any, answers: Sequence[Any] = (), **options: Any) -> Any:  # noqa: ANN401 - JSON
        """Run a function as a menu does; ``answers`` are buttons, or ``{"button", "text"}``, for its dialogs.

        Raises:
            ScriptError: it threw.
        """
        given = [{"button": each} if isinstance(each, str) else each for each in answers]
        told = self._post("/run", {"name": name, "args": args, "answers": given, **options})
        return _found(told)

    def call(self, name: str, *args: Any) -> Any:  # noqa: ANN401 - JSON
        """Call a function as the sidebar's page does.

        Raises:
            ScriptError: it threw, or a page may not call it.
        """
        return _found(self._post("/script", {"name": name, "args": args}))

    def ask(self, method: str, path: str, **request: Any) -> dict[str, Any]:  # noqa: ANN401 - JSON
        """Send a request to the service through the add-on."""
        found: dict[str, Any] = self.call("sidebarCall", {"method": method, "path": path, **request})
        return found

    def control(self, **settings: Any) -> None:  # noqa: ANN401 - JSON
        """Set what surrounds the script."""
        self._post("/control", settings)

    @property
    def state(self) -> dict[str, Any]:
        """What people saw, and what the script did."""
        found: dict[str, Any] = requests.get(f"{self.address}/state", timeout=30).json()
        return found


class ScriptError(AssertionError):
    """The script threw."""


def _found(told: dict[str, Any]) -> Any:  # noqa: ANN401 - JSON
    if "failed" in told:
        raise ScriptError(f"{told['failed']['message']}\n{told['failed'].get('script', '')}")
    return told["found"]


@dataclass
class Office:
    """One spreadsheet that is linked to one connection, and everything around it.

    Attributes:
        service: address of ``sheetsync serve`` on loopback.
        google: the spreadsheet.
        folder: configuration and ledger.
    """

    sandbox: Sandbox
    identity: IdentityEmulator
    google: GoogleOffice
    folder: Path
    service: str
    addon: AddOn
    env: dict[str, str] = field(default_factory=dict, repr=False)

    @property
    def people(self) -> People:
        """Who works in the tab."""
        return People(self.google)

    def edit(self, account_id: str, **cells: Any) -> None:  # noqa: ANN401 - as cells hold
        """Type into a row: header → value."""
        for header, value in cells.items():
            self.people.type_in(account_id, header, value)

    def balance(self, account_id: str) -> int:
        """Return what the credit system itself holds."""
        return self.sandbox.book.balance(account_id, "credits")

    def fresh(self) -> None:
        """Let the person and Google be as at the start; what is in the tab and the ledger stays."""
        self.addon.control(
            forget=True, faults=[], answers=[], laterMs=0, user=CLERK, browser={"mode": "same"},
            executionMs=360_000, fetchesLeft=20_000, select={"tab": "Credits", "ranges": ["A1"]},
        )  # fmt: skip
        self.addon.call("dialogReady", CLERK)
        self.addon.call("sidebarRemember", {"run": None, "plan": None, "asked": None, "view": None})

    def plain(self) -> None:
        """Let dialogs be what this person's browser cannot run, so that plain questions come."""
        self.addon.run("openDialog_", {"title": "", "lines": [], "verb": "", "act": "push", "given": {}})
        self.addon.control(laterMs=60_000)

    def clear_edits(self) -> None:
        """Empty what was typed in all rows."""
        people = self.people
        for account_id in range(1, 11):
            for header in ("Action", "Amount", "Reason", "Note"):
                if people.cell(str(account_id), header) is not None:
                    people.type_in(str(account_id), header, None)

    def command(self, *words: str) -> str:
        """Run a command of the service's, as the admin does; return what it printed."""
        command = [sys.executable, "-m", "sheetsync", *words, "--config", str(self.folder / "sheetsync.toml")]
        done = subprocess.run(command, env=self.env, check=True, capture_output=True, text=True, timeout=120)
        return done.stdout

    def approve(self, digest: str) -> None:
        """Let a second person approve a plan."""
        self.command("approve", "shop", "--plan", digest, "--as", "ann@example.org")

    def wait_for(self, account_id: str, status: str) -> None:
        """Wait until a row shows a status."""
        until_s = time.monotonic() + 60
        while self.people.cell(account_id, "Status") != status:
            assert time.monotonic() < until_s, self.people.cell(account_id, "Message")
            time.sleep(0.2)

    def end_of(self, run: str) -> dict[str, Any]:
        """Wait for a run's end, as the sidebar does."""
        until_s = time.monotonic() + 60
        while time.monotonic() < until_s:
            reply = self.addon.ask("GET", f"/api/v1/runs/{run}")
            assert reply["ok"], reply
            if reply["body"]["state"] not in ("queued", "running"):
                return dict(reply["body"])
            time.sleep(0.1)
        raise AssertionError("the run does not end")

    def pull(self) -> None:
        """Pull, so that the tab has rows."""
        reply = self.addon.ask("POST", "/api/v1/connections/shop/pulls")
        assert reply["ok"], reply
        assert self.end_of(reply["body"]["run"])["state"] == "done"


@contextmanager
def open_addon(
    google: GoogleOffice,
    identity: IdentityEmulator,
    service: str,
    *,
    user: str = CLERK,
    folder: Path = ADD_ON,
    audience: str = AUDIENCE,
) -> Iterator[AddOn]:
    """Put the add-on into a spreadsheet."""
    command = [
        "node", str(HERE / "serve.mjs"), "--folder", str(folder), "--sheets", google.address,
        "--identity", identity.url, "--spreadsheet", google.spreadsheet_id, "--user", user,
        "--audience", audience, "--route", f"{SERVICE}={service}",
    ]  # fmt: skip
    with printing_address(command) as address:
        yield AddOn(address)


@contextmanager
def open_office(
    folder: Path, *, users: int = 10, set_up: bool = True, dialect: str = "fastcredit"
) -> Iterator[Office]:
    """Open everything; ``set_up`` also connects the spreadsheet with the service."""
    needs_node()
    with ExitStack() as stack:
        sandbox = stack.enter_context(Sandbox(users=users, dialect=dialect))
        identity = stack.enter_context(IdentityEmulator())
        google = stack.enter_context(serving())
        config = folder / "sheetsync.toml"
        config.write_text(
            CONFIG.format(
                audience=AUDIENCE, certs=identity.certs_url, address=sandbox.base_url,
                system=SYSTEMS[dialect], unit="promo_eur" if dialect == "unibee" else "credits",
                spreadsheet=google.spreadsheet_id, sheets=google.address,
            ), encoding="utf-8",
        )  # fmt: skip
        (folder / "key.json").write_text(google.key, encoding="utf-8")
        env = {**os.environ, "PASSWORD": sandbox.password}
        command = [sys.executable, "-m", "sheetsync", "serve", "--config", str(config), "--port", "0"]
        log = stack.enter_context((folder / "service.log").open("w"))
        service = stack.enter_context(printing_address(command, env=env, stderr=log))
        addon = stack.enter_context(open_addon(google, identity, service))
        if set_up:
            assert addon.call("sidebarSetUp", {"service_url": SERVICE, "connection": "shop"}) == {"ok": True}
        yield Office(sandbox, identity, google, folder, service, addon, env)
