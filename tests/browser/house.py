"""A real service on loopback, with a worker and a credit system, for the console's browser tests."""

import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import waitress
from flask import Flask

from sheetsync.web.console import LINK
from tests.browser.kit import Tab
from tests.web.kit import Town, open_town

SHOP = "/api/v1/connections/shop"


@dataclass
class House:
    """The service and its address."""

    town: Town
    address: str

    def link(self, email: str) -> str:
        """Return a link that signs somebody in once."""
        secret = self.town.service.store.callers.make_link(email, length=LINK, by="cli:test")
        return f"{self.address}/sign-in/{secret}"

    def sign_in(self, tab: Tab, email: str, path: str = "/") -> None:
        """Sign somebody in by a link, and go to a page."""
        tab.page.goto(self.link(email))
        tab.page.get_by_role("button", name="Sign in").click()
        tab.page.get_by_role("heading", level=1, name="Overview").wait_for()
        if path != "/":
            tab.page.goto(f"{self.address}{path}")

    def post(self, path: str, body: dict[str, Any], email: str = "ed@example.org") -> dict[str, Any]:
        """Ask the HTTP API, and wait for the run that it starts."""
        reply = self.town.ask("POST", path, token=self.town.token("editor", email=email), body=body)
        assert reply.json is not None
        assert reply.status_code < 300, reply.json
        found: dict[str, Any] = reply.json
        return self.town.end_of(found["run"]) if reply.status_code == 202 else found

    def pull(self) -> None:
        """Pull the shop."""
        self.post(f"{SHOP}/pulls", {})

    def preview(self, amounts: dict[int, int], email: str = "ed@example.org") -> str:
        """Type amounts into rows; return the digest of the plan."""
        self.town.edit(amounts)
        found = self.post(f"{SHOP}/plans", {"scope": "all"}, email)
        return str(found["plan"]["digest"])

    def push(self, amounts: dict[int, int]) -> dict[str, Any]:
        """Type amounts into rows, and push them; return the run."""
        return self.post(f"{SHOP}/pushes", {"plan": self.preview(amounts)})

    def leave_one_open(self, row: int) -> str:
        """Push a change that no balance proves, because the customer spends meanwhile; return its key."""
        self.town.sandbox.faults.script("spend", on="write", side="after", amount_minor=3)
        run = self.push({row: 7})
        assert "confirmation_required" == run["rows"][0]["status"], run
        return str(run["rows"][0]["operation"])


@contextmanager
def open_house(folder: Path) -> Iterator[House]:
    """Serve on a free port."""
    with open_town(folder) as town, serving(town.app) as address:
        yield House(town, address)


@contextmanager
def serving(app: Flask) -> Iterator[str]:
    """Serve an application as ``sheetsync serve`` does; yield its address."""
    server = waitress.create_server(app, host="127.0.0.1", port=0, threads=8)
    thread = threading.Thread(target=server.run, daemon=True)
    thread.start()
    try:
        yield f"http://127.0.0.1:{server.effective_port}"
    finally:
        server.close()
        thread.join(timeout=10)
