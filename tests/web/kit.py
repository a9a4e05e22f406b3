"""A service on a sandbox credit system, asked in process; and Google's side of an ID token."""

import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from flask import Flask
from flask.testing import FlaskClient
from openpyxl import load_workbook
from werkzeug.test import TestResponse

from sheetsync.config import Role, load
from sheetsync.jobs.outcome import WORDS
from sheetsync.sandbox import Sandbox
from sheetsync.web import create_app
from sheetsync.web.service import Service
from sheetsync.worker import Worker
from tests.emulators.identity import AUDIENCE, IdentityEmulator

SHEET = "1LinkedSheet"

CONFIG = """
[service]
database_url = "sqlite:///ledger.db"
lease_s = 2
[auth]
google_audiences = ["{audience}"]
google_certs_url = "{certs}"
[auth.roles]
"boss@example.org" = "admin"
"*@example.org" = "viewer"
[connections.shop]
provider = "fastcredit"
base_url = "{address}"
username = "{username}"
application_password = {{ env = "PASSWORD" }}
environment = "test"
timeout_s = 10
settle_after_s = 13
[connections.shop.roles]
"ed@example.org" = "editor"
"ann@example.org" = "approver"
[connections.shop.limits]
requests_per_second = 1000
approval_over = {{ credits = "100" }}
max_amount_per_row = {{ credits = "2000" }}
[connections.shop.sheet]
kind = "xlsx"
path = "credits.xlsx"
tab = "Credits"
[connections.far]
provider = "fastcredit"
base_url = "http://127.0.0.1:9"
username = "u"
application_password = {{ env = "PASSWORD" }}
[connections.far.roles]
"far@elsewhere.org" = "admin"
[connections.far.sheet]
kind = "google"
spreadsheet_id = "{sheet}"
tab = "Far"
"""


@dataclass
class Town:
    """The service and its neighbours."""

    app: Flask
    service: Service
    sandbox: Sandbox
    google: IdentityEmulator
    folder: Path
    tokens: dict[str, str] = field(default_factory=dict)

    @property
    def client(self) -> FlaskClient:
        """A client without cookies of others."""
        return self.app.test_client()

    def token(self, role: Role, connection: str | None = None, email: str = "") -> str:
        """Return a script's token, made once."""
        name = f"{role} {connection} {email}"
        if name not in self.tokens:
            made = self.service.store.callers.create_token(
                email or f"{role}@scripts.org", role, connection=connection, expires=None, by="cli:test"
            )
            self.tokens[name] = made[0]
        return self.tokens[name]

    def ask(
        self,
        method: str,
        path: str,
        *,
        token: str | None,
        body: Any = None,  # noqa: ANN401 - JSON
        **headers: str,
    ) -> TestResponse:
        """Send one request."""
        given = {name.replace("_", "-"): value for name, value in headers.items()}
        if token is not None:
            given["Authorization"] = f"Bearer {token}"
        kwargs = {} if body is None else {"json": body}
        return self.client.open(path, method=method, headers=given, **kwargs)

    def end_of(self, run: str) -> dict[str, Any]:
        """Wait for a run's end."""
        until_s = time.monotonic() + 30
        while time.monotonic() < until_s:
            found = self.ask("GET", f"/api/v1/runs/{run}", token=self.token("viewer")).json
            assert found is not None
            if found["state"] not in ("queued", "running"):
                return dict(found)
            time.sleep(0.05)
        raise AssertionError("the run does not end")

    def edit(self, amounts: dict[int, int], *, note: str = "") -> None:
        """Type an Add with a reason into rows."""
        edit_book(self.folder / "credits.xlsx", amounts, note=note)


def counts(**given: int) -> dict[str, int]:
    """Return the counts of a push or verify: five are always there."""
    return dict.fromkeys(WORDS, 0) | given


def edit_book(path: Path, amounts: dict[int, int], *, note: str = "") -> None:
    """Type an Add with a reason into rows of a workbook."""
    book = load_workbook(path)
    sheet = book["Credits"]
    place = {cell.value: cell.column or 0 for cell in sheet[1]}
    for row, amount in amounts.items():
        for name, value in (("Action", "Add"), ("Amount", amount), ("Reason", "Goodwill")):
            sheet.cell(row, place[name], value)
        if note:
            sheet.cell(row, place["Note"], note).data_type = "s"
    book.save(path)


@contextmanager
def open_town(folder: Path) -> Iterator[Town]:
    """Open a service with a worker on ten users."""
    with IdentityEmulator() as google, Sandbox(users=10) as sandbox:
        config = folder / "sheetsync.toml"
        config.write_text(
            CONFIG.format(
                audience=AUDIENCE, certs=google.certs_url, address=sandbox.base_url,
                username=sandbox.username, sheet=SHEET,
            )
        )  # fmt: skip
        app = create_app(load(config, {"PASSWORD": sandbox.password}))
        app.testing = False
        service: Service = app.extensions["sheetsync"]
        worker = Worker(service.office, workers=2)
        try:
            yield Town(app, service, sandbox, google, folder)
        finally:
            worker.stop()
            service.close()
