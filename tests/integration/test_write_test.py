"""The write test, against a site whose routes do what an admin's mistakes make of them."""

import json
import tempfile
import threading
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from dataclasses import dataclass, field, replace
from functools import cache
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

import pytest

from sheetsync.bootstrap import Office
from sheetsync.core.accounts import Balances, Operation
from sheetsync.core.states import OperationState
from sheetsync.errors import BusyError, InterruptedRunError, ProviderError, UnsafeError, UsageError
from sheetsync.jobs.desk import Desk
from sheetsync.jobs.verify import verify
from sheetsync.jobs.write_test import Outcome, write_test
from sheetsync.ledger.store import SqlLedger
from sheetsync.ports import Receipt
from sheetsync.providers.fastcredit import FastCredit
from sheetsync.sandbox import Sandbox

Deed = Callable[[int, int], int | None]


def add(balance: int, amount: int) -> int:
    """Add."""
    return balance + amount


def put(_balance: int, amount: int) -> int:
    """Set."""
    return amount


def nothing(balance: int, _amount: int) -> int:
    """Say yes and do nothing."""
    return balance


def take(balance: int, amount: int) -> int:
    """Take off."""
    return balance - amount


def double(balance: int, amount: int) -> int:
    """Give a bonus on top."""
    return balance + 2 * amount


@dataclass
class Points:
    """A site with one customer, number 7.

    Attributes:
        balance: what the customer has; None if never set. earned: all that was ever added.
        adds, resets: what the two routes do.
        stale: how many reads after a write still give the old balance, as a cache does.
        status: of the answers to writes; body: instead of the usual answer.
        writes: (route, amount) of every write.
    """

    balance: int | None = 40
    earned: int = 100
    adds: Deed = add
    resets: Deed = put
    stale: int = 0
    status: int = 200
    body: str | None = None
    writes: list[tuple[str, int]] = field(default_factory=list)
    old: int | None = None
    left: int = 0

    def show(self) -> dict[str, Any]:
        """Answer a read."""
        balance = self.old if self.left > 0 else self.balance
        self.left -= 1
        return {"user": 7, "data": {"credits": balance, "earned": self.earned}, "plan": "Gold 41"}

    def write(self, route: str, amount: int) -> dict[str, Any]:
        """Carry out a write."""
        self.writes.append((route, amount))
        before = self.balance or 0
        self.old, self.left = self.balance, self.stale
        if self.status == 200:
            self.balance = (self.adds if route == "add" else self.resets)(before, amount)
            self.earned += max(0, (self.balance or 0) - before)
        return {"ok": True}


def _handler(points: Points) -> type[BaseHTTPRequestHandler]:
    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"
        wbufsize = 65_536  # head and body in one packet

        def do_GET(self) -> None:
            self._answer(200, json.dumps(points.show()))

        def do_POST(self) -> None:
            length = int(self.headers["Content-Length"])
            amount = json.loads(self.rfile.read(length))["amount"]
            told = points.write(self.path.rsplit("/", 1)[-1], amount)
            refusal = {"code": "points_no", "message": "Not today."}
            usual = json.dumps(told if points.status == 200 else refusal)
            self._answer(points.status, usual if points.body is None else points.body)

        def _answer(self, status: int, body: str) -> None:
            data = body.encode()
            self.send_response(status)
            self.send_header("Content-Type", "application/json")
            self.send_header("Content-Length", str(len(data)))
            self.end_headers()
            self.wfile.write(data)

        def log_message(self, *_: object) -> None:
            """Keep quiet."""

    return Handler


CONFIG = """
[service]
database_url = "sqlite:///ledger.db"
[connections.shop]
provider = "fastcredit"
base_url = "{address}"
username = "office"
application_password = {{ env = "PW" }}
timeout_s = 5
settle_after_s = 40
retries = 0
[connections.shop.routes.get_credits]
path = "/points/{{user_id}}"
result = "{result}"
[connections.shop.routes.add_credits]
path = "/points/{{user_id}}/add"
body = {{ amount = "{{amount}}" }}
[connections.shop.routes.reset_credits]
path = "/points/{{user_id}}/reset"
body = {{ amount = "{{amount}}" }}
[connections.shop.sheet]
kind = "xlsx"
path = "credits.xlsx"
tab = "Credits"
[connections.shop.limits]
requests_per_second = 1000
"""


@cache
def empty_ledger() -> bytes:
    """Return a migrated ledger's file, made once."""
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "ledger.db"
        SqlLedger(f"sqlite:///{path}").close()
        return path.read_bytes()


class Bench:
    """The site, and desks of one office at it; a context manager would be ``opened``."""

    def __init__(self, points: Points, folder: Path, opened: ExitStack) -> None:
        self.points, self._folder, self._opened = points, folder, opened
        server = ThreadingHTTPServer(("127.0.0.1", 0), _handler(points))
        thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01})
        thread.start()
        opened.callback(thread.join)
        opened.callback(server.server_close)
        opened.callback(server.shutdown)
        self.address = f"http://127.0.0.1:{server.server_port}"

    def desk(self, result: str = "data.credits", address: str = "") -> Desk:
        """Open the office."""
        config = self._folder / "sheetsync.toml"
        if not config.exists():
            (self._folder / "ledger.db").write_bytes(empty_ledger())
        config.write_text(CONFIG.format(address=address or self.address, result=result))
        office = self._opened.enter_context(Office.open(config, {"PW": "abcd efgh"}))
        desk = self._opened.enter_context(office.desk("shop", actor="cli:ana"))
        return replace(desk, clock=Hasty(desk.clock.now))

    def test(self, result: str = "data.credits") -> Outcome:
        """Run a write test."""
        return write_test(self.desk(result), "7")


class Hasty:
    """A clock that does not wait."""

    def __init__(self, now: Callable[[], Any]) -> None:
        self.now = now

    def sleep(self, seconds: float) -> None:
        """Return at once."""


@pytest.fixture
def points() -> Points:
    """Give a customer with 40 credits."""
    return Points()


@pytest.fixture
def bench(points: Points, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Bench]:
    """Open a site."""
    monkeypatch.setenv("PW", "abcd efgh")
    with ExitStack() as opened:
        yield Bench(points, tmp_path, opened)


def told(tested: Outcome) -> dict[str, str]:
    """Return what failed: name → message and hint."""
    return {
        line.name.removeprefix("write test, "): f"{line.message} {line.hint}"
        for line in tested.lines
        if not line.ok
    }


def states(bench: Bench) -> list[OperationState]:
    """Return the state of every operation, oldest first."""
    return [each.state for each in reversed(bench.desk().ledger.operations.history("shop"))]


@pytest.mark.parametrize("balance", [40, 1, 2])
def test_sound_routes(bench: Bench, points: Points, balance: int) -> None:
    """Two writes prove both routes, name the field, and leave the balance as it was."""
    points.balance = balance
    tested = bench.test()
    assert {} == told(tested)
    assert [balance, "add", "reset"] == [points.balance, *[route for route, _ in points.writes]]
    assert {"before": str(balance), "now": str(balance), "restored": True} == {
        name: tested.summary[name] for name in ("before", "now", "restored")
    }
    assert [OperationState.CONFIRMED] * 2 == states(bench)
    (line,) = [line for line in tested.lines if line.name == "write test, balance"]
    assert '"data.credits"' in line.message
    assert "earned" not in line.message
    checked = bench.desk().ledger.check()
    assert ("ok", "ok") == (checked["chain"], checked["sums"])


@pytest.mark.parametrize("stale", [1, 3, 5])
def test_cached_reads(bench: Bench, points: Points, stale: int) -> None:
    """A balance that shows late is waited for, and proves the routes all the same."""
    points.stale = stale
    assert {} == told(bench.test())
    assert (40, [OperationState.CONFIRMED] * 2) == (points.balance, states(bench))


@pytest.mark.parametrize("balance", [0, None])
def test_from_nothing(bench: Bench, points: Points, balance: int | None) -> None:
    """From 0, adding and setting look alike, so both are tried twice."""
    points.balance = balance
    assert {} == told(bench.test())
    assert [("add", 1), ("add", 1), ("reset", 1), ("reset", 0)] == points.writes
    assert 0 == points.balance


@pytest.mark.parametrize("balance", [40, 2])
def test_swapped_routes(bench: Bench, points: Points, balance: int) -> None:
    """Both settings are named, and the balance is set back through the route that was seen to set."""
    points.balance, points.adds, points.resets = balance, put, add
    tested = bench.test()
    found = told(tested)
    assert {"add", "reset"} == set(found)
    assert "routes.add_credits" in found["add"]
    assert "sets the balance instead of adding" in found["add"]
    assert "routes.reset_credits" in found["add"]
    assert "It adds instead of setting" in found["reset"]
    assert balance == points.balance
    assert tested.summary["restored"]
    points.adds, points.resets = add, put
    assert {} == told(bench.test())  # nothing of the first test is in the way of the second


def test_swapped_routes_from_nothing(bench: Bench, points: Points) -> None:
    """The second add tells; what cannot be set back is said."""
    points.balance, points.adds, points.resets = 0, put, add
    found = told(bench.test())
    assert "sets the balance instead of adding" in found["add"]
    assert points.balance == 1
    assert "was 0 before the test and is 1 now" in found["restored"]
    assert "by hand" in found["restored"]


@pytest.mark.parametrize(
    ("adds", "resets", "said", "left"),
    [
        (put, put, {"add": "sets the balance instead of adding"}, 40),
        (nothing, put, {"add": "did nothing"}, 40),
        (take, put, {"add": "takes off"}, 40),
        (add, nothing, {"reset": "did nothing", "restored": "was 40 before the test and is 41 now"}, 41),
        (add, add, {"reset": "adds instead of setting", "restored": "is 81 now"}, 81),
        (add, take, {"reset": "takes off"}, 40),
        (double, put, {"add": "cannot be explained", "restored": "is 42 now"}, 42),
    ],
)
def test_wrong_results(
    bench: Bench, points: Points, *, adds: Deed, resets: Deed, said: dict[str, str], left: int
) -> None:
    """Every wrong result has its sentence; the balance is set back where it is known how, else it is told."""
    points.adds, points.resets = adds, resets
    tested = bench.test()
    found = told(tested)
    assert set(said) == set(found)
    assert [] == [name for name, words in said.items() if words not in found[name]]
    assert (left, left == 40) == (points.balance, tested.summary["restored"])


def test_unexplained_change_waits_for_a_person(bench: Bench, points: Points) -> None:
    """It stays unproven, nothing more is sent, and a second test is refused."""
    points.adds = double
    assert "sheetsync resolve shop --operation" in told(bench.test())["add"]
    assert [OperationState.ACCEPTED] == states(bench)
    with pytest.raises(UnsafeError, match="not settled"):
        bench.test()
    assert 1 == len(points.writes)


def test_balance_is_read_from_a_value_that_stands_still(bench: Bench, points: Points) -> None:
    """The value that followed is named, and what it was."""
    found = told(bench.test("user"))
    assert ["balance"] == list(found)
    assert 'routes.get_credits.result = "data.credits"' in found["balance"]
    assert "was 40 before" in found["balance"]
    assert [("add", 1)] == points.writes


def test_balance_is_read_from_a_sum_of_everything(bench: Bench, points: Points) -> None:
    """A reset to such a sum is undone, and the right value is named."""
    tested = bench.test("data.earned")
    assert tested.summary["restored"]
    found = told(tested)
    assert ["balance"] == list(found)
    assert 'routes.get_credits.result = "data.credits"' in found["balance"]
    assert 40 == points.balance


def test_refusal_changes_nothing(bench: Bench, points: Points) -> None:
    """What the site refused is told in its words, with the setting."""
    points.status = 400
    found = told(bench.test())
    assert "routes.add_credits" in found["add"]
    assert "Not today" in found["add"]
    assert (40, [OperationState.REJECTED]) == (points.balance, states(bench))


def test_lost_answer_is_left_to_verify(bench: Bench, points: Points) -> None:
    """Nothing more is sent; a verify proves it, and its message says what the balance was."""
    points.body = "<b>Warning</b>"
    tested = bench.test()
    found = told(tested)
    assert not tested.unreachable
    assert "was 40 before the test and is not known now" in found["restored"]
    assert "sheetsync verify shop --account 7 --wait" in found["restored"]
    assert 1 == len(points.writes)
    (record,) = bench.desk().ledger.operations.unsettled(bench.desk().system)
    assert record.left_at is not None
    desk = bench.desk()
    assert "the balance before it was 40" in record.reason
    late = replace(desk, policy=replace(desk.policy, settle_after=record.left_at - record.left_at))
    late.sheet.create()  # a workbook, though the connection was never pulled
    result = verify(late)
    assert [] == result["warnings"]
    (row,) = result["rows"]
    assert "confirmed" == row["status"]
    assert "the balance before it was 40" in row["message"]


class Deadly(FastCredit):
    """Ends its process right after a request left, or before the second one does."""

    die: type[BaseException]
    lives: int

    def apply(self, operation: Operation, before: Balances, go: Callable[[], None]) -> Receipt:
        """Send, and die."""
        receipt = super().apply(operation, before, go)
        type(self).lives -= 1
        if self.lives < 0:
            raise self.die
        return receipt


@pytest.fixture
def deadly(monkeypatch: pytest.MonkeyPatch) -> type[Deadly]:
    """Let offices open a provider that ends its process."""
    monkeypatch.setattr("sheetsync.bootstrap.credit_systems.FastCredit", Deadly)
    Deadly.die, Deadly.lives = SystemExit, 0
    return Deadly


def test_killed_in_the_middle(bench: Bench, points: Points, deadly: type[Deadly]) -> None:
    """The next verify cleans up; the next test says that an earlier one did not come to its end."""
    with pytest.raises(SystemExit):
        bench.test()
    deadly.lives = 100
    desk = bench.desk()
    verify(desk)
    (record,) = desk.ledger.operations.unsettled(desk.system)
    assert (OperationState.UNKNOWN, "Write test (the balance before it was 40)") == (
        record.state,
        record.reason,
    )
    assert desk.ledger.operations.resolve(record.key, applied=True, actor="cli:ana", reason="41 on the page")
    found = told(bench.test())
    assert ["earlier test"] == list(found)
    assert "before it was 40" in found["earlier test"]
    assert 41 == points.balance


def test_stopped_by_a_person(bench: Bench, deadly: type[Deadly]) -> None:
    """The message says what the balance was, and what to do."""
    deadly.die = KeyboardInterrupt
    with pytest.raises(InterruptedRunError, match="was 40 before the test") as caught:
        bench.test()
    assert "sheetsync verify shop" in caught.value.hint


def test_another_push_is_under_way(bench: Bench, points: Points) -> None:
    """It is refused, with who pushes, and nothing is sent."""
    desk = bench.desk()
    run = desk.ledger.runs.start("push", "shop", desk.system, actor="cli:bo", owner=desk.processes.me())
    lease = desk.ledger.runs.take(
        desk.system, run, actor="cli:bo", owner=desk.processes.me(), length=desk.lease, unless=None
    )
    assert lease is not None
    with pytest.raises(BusyError, match="cli:bo is pushing"):
        bench.test()
    assert [] == points.writes


def test_nobody_there(bench: Bench) -> None:
    """Nothing is tried, and nothing is written down as sent."""
    with pytest.raises(ProviderError, match="nothing was tried"):
        write_test(bench.desk(address="http://127.0.0.1:9"), "7")
    with pytest.raises(UsageError):
        write_test(bench.desk(), " ")
    assert [] == states(bench)


LAUNDRY = """
[service]
database_url = "sqlite:///ledger.db"
[connections.laundry]
provider = "fascard"
base_url = "{sandbox.base_url}"
account_id = "F0002"
username = "{sandbox.username}"
password = {{ env = "PW" }}
[connections.laundry.sheet]
kind = "xlsx"
path = "laundry.xlsx"
tab = "Accounts"
[connections.laundry.limits]
requests_per_second = 1000
"""


@pytest.mark.parametrize(("reports", "said"), [(True, "by the key in its note"), (False, "Of 2 changes 0")])
def test_a_system_with_transactions(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, *, reports: bool, said: str
) -> None:
    """The smallest amount goes and comes back, and it is said whether the notes were found again."""
    with Sandbox(users=3, dialect="fascard") as sandbox, ExitStack() as opened:
        sandbox.site.update({"reports": reports})
        sandbox.book.set_to("2", "balance", 1250)
        monkeypatch.setenv("PW", sandbox.password)
        config = tmp_path / "sheetsync.toml"
        config.write_text(LAUNDRY.format(sandbox=sandbox))
        (tmp_path / "ledger.db").write_bytes(empty_ledger())
        office = opened.enter_context(Office.open(config, {"PW": sandbox.password}))
        tested = write_test(opened.enter_context(office.desk("laundry", actor="cli:ana")), "2")
        assert {} == told(tested)
        assert 1250 == sandbox.book.balance("2", "balance")
        assert [1, -1] == [each.delta_minor for each in sandbox.book.journal("2", cause="api")][1:]
    (line,) = [line for line in tested.lines if line.name == "write test, proof"]
    assert said in line.message
