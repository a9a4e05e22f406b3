"""What leaves the service and what stays: logs, tokens of scripts, and a server that points elsewhere."""

import threading
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

import pytest

from tests.e2e.harness import Office
from tests.e2e.site import Site, Weather

NOTE = "Wedding voucher of aunt Mathilda"
AMOUNT = "7391"


@pytest.mark.parametrize("how", [(), ("--verbose",)], ids=["default", "verbose"])
def test_logs_hold_nobody(office: Office, how: tuple[str, ...]) -> None:
    """A pull and a push log no e-mail, name, note or amount, however much is logged."""
    logs = [office.run("pull", "shop", *how).stderr]
    office.edit({"1": {"Action": "Add", "Amount": int(AMOUNT), "Reason": "Goodwill", "Note": NOTE}})
    done = office.run("push", "shop", "--yes", *how)
    assert {"1": "confirmed"} == done.statuses
    told = "".join([*logs, done.stderr])
    assert bool(how) == ("POST" in told)
    private = (NOTE, AMOUNT, str(40 + int(AMOUNT)), "Goodwill", "Customer 1", "c1@example.com", "@")
    assert not [each for each in private if each in told], told


def test_tokens_by_command(office: Office) -> None:
    """Shown once, listed without the secret, kept nowhere as it is, and ended once."""
    made = office.run("token", "create", "--email", "CI@example.org", "--role", "editor").json
    assert ("ci@example.org", "editor", None) == (made["email"], made["role"], made["revoked_at"])
    listed = office.run("token", "list")
    assert [made["id"]] == [token["id"] for token in listed.json["tokens"]]
    assert made["token"] not in listed.stdout + office.people("token", "list").stdout
    for path in office.folder.glob("ledger.db*"):
        assert made["token"].encode() not in path.read_bytes()
    assert office.run("token", "revoke", made["id"]).json["revoked"]
    assert office.run("token", "list").json["tokens"][0]["revoked_at"]
    again = office.run("token", "revoke", made["id"], code=2)
    assert "no token" in again.error["message"]
    office.run("token", "create", "--email", "nobody", "--role", "editor", code=2)


class _Counting(BaseHTTPRequestHandler):
    """Counts what arrives at another host."""

    seen: list[str]

    def _answer(self) -> None:
        self.seen.append(f"{self.command} {self.path}")
        self.send_response(200)
        self.end_headers()

    do_GET = do_POST = do_PUT = _answer  # noqa: N815 - the base class asks for these names

    def log_message(self, format: str, *args: object) -> None:  # noqa: A002 - the base class's name
        """Say nothing."""


@contextmanager
def _elsewhere() -> Iterator[tuple[str, list[str]]]:
    seen: list[str] = []
    server = ThreadingHTTPServer(("127.0.0.1", 0), type("Counting", (_Counting,), {"seen": seen}))
    thread = threading.Thread(target=server.serve_forever)
    thread.start()
    try:
        yield f"http://127.0.0.1:{server.server_port}", seen
    finally:
        server.shutdown()
        thread.join()
        server.server_close()


@pytest.mark.parametrize(("action", "amount"), [("Add", 5), ("Reset", 7)])
def test_a_write_that_is_pointed_elsewhere_stays(
    office: Office, site: Site, action: str, amount: int
) -> None:
    """A 307 keeps method and body: who follows it hands amount and password to another host. Nobody does."""
    office.run("pull", "shop")
    office.edit({"1": {"Action": action, "Amount": amount, "Reason": "Goodwill"}})
    with _elsewhere() as (address, arrived):
        site.elsewhere = address
        site.weather("1", Weather("elsewhere", applied=False))
        pushed = office.run("push", "shop", "--yes", code=None)
        office.run("verify", "shop", code=None)
        assert [] == arrived
    assert 0 != pushed.code
    assert 1 == len(site.arrived)


@pytest.mark.parametrize("path", ["http://127.0.0.1:9/grant", "//127.0.0.1:9/grant", "@127.0.0.1:9/grant"])
def test_a_route_leads_to_the_configured_host_alone(office: Office, path: str) -> None:
    """A route is a path: one that names a host of its own is refused before anything is sent."""
    office.configure(routes=office.routes.replace("/wp-json/acme/v2/grant", path))
    refused = office.run("pull", "shop", code=2)
    assert "add_credits.path" in str(refused.error["details"])
