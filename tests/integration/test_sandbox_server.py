"""The sandbox as a server: start, stop, its log, its control requests, its command."""

import http.client
import signal
import subprocess
import sys
import threading
from collections.abc import Iterator
from typing import Any
from urllib.parse import urlsplit

import pytest
import urllib3

from sheetsync.sandbox import Sandbox

PATH = "/wp-json/fastcredit/v1/users/7/credits"


@pytest.fixture
def sandbox() -> Iterator[Sandbox]:
    """A running sandbox; account 7 has 40 credits."""
    with Sandbox(users=9) as sandbox:
        sandbox.book.set_to("7", "credits", 40, cause="admin")
        yield sandbox


@pytest.fixture
def pool() -> Iterator[urllib3.PoolManager]:
    """Connections that are never retried."""
    with urllib3.PoolManager(retries=False, timeout=5, maxsize=32) as pool:
        yield pool


def sign_in(sandbox: Sandbox) -> dict[str, str]:
    """Return the headers of the API user."""
    return dict(urllib3.make_headers(basic_auth=f"{sandbox.username}:{sandbox.password}"))


def control(pool: urllib3.PoolManager, sandbox: Sandbox, method: str, name: str, body: object = None) -> Any:  # noqa: ANN401
    """Send a control request and return its JSON."""
    return pool.request(method, f"{sandbox.base_url}/_sandbox/{name}", json=body).json()


def add(pool: urllib3.PoolManager, sandbox: Sandbox, amount: int = 1, account: int = 7) -> int:
    """Add credits and return the status."""
    url = f"{sandbox.base_url}/wp-json/fastcredit/v1/users/{account}/credits/add"
    return pool.request("POST", url, json={"amount": amount}, headers=sign_in(sandbox)).status


def in_parallel(count: int, work: Any) -> None:  # noqa: ANN401 - any function
    """Call something in many threads at once."""
    threads = [threading.Thread(target=work) for _ in range(count)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()


def test_parallel_adds_are_exact(sandbox: Sandbox, pool: urllib3.PoolManager) -> None:
    """Sixteen clients add 1 twenty-five times each."""
    in_parallel(16, lambda: [add(pool, sandbox) for _ in range(25)])
    assert 440 == sandbox.book.balance("7", "credits")
    assert 400 == len(sandbox.book.journal("7", cause="api")) == len(sandbox.requests)


def test_a_careless_site_loses_parallel_adds(sandbox: Sandbox, pool: urllib3.PoolManager) -> None:
    """With a race window, as on a real WordPress."""
    sandbox.turn(race_window_s=0.05)
    in_parallel(8, lambda: add(pool, sandbox))
    assert 40 < sandbox.book.balance("7", "credits") < 48
    assert sandbox.requests.max_writes_in_flight() > 1


def test_requests_are_logged(sandbox: Sandbox, pool: urllib3.PoolManager) -> None:
    """In order, with account, kind and status; one after the other is never two in flight."""
    for _ in range(20):
        add(pool, sandbox)
    pool.request("GET", sandbox.base_url + PATH)
    first, last = sandbox.requests[0], sandbox.requests[-1]
    assert ("POST", f"{PATH}/add", "7", True, 200, 1) == (
        first.method,
        first.path,
        first.account,
        first.write,
        first.status,
        first.writes_in_flight,
    )
    assert ("7", False, 401, 0) == (last.account, last.write, last.status, last.writes_in_flight)
    assert 1 == sandbox.requests.max_writes_in_flight() == sandbox.requests.max_writes_in_flight("7")
    assert 20 == len(sandbox.requests.writes("7"))
    assert 21 == sandbox.requests.busiest(60.0)
    assert list(range(1, 22)) == [seen.number for seen in sandbox.requests]
    sandbox.requests.clear()
    assert (0, 0) == (len(sandbox.requests), sandbox.requests.max_writes_in_flight())


def test_an_exact_rate_limit(sandbox: Sandbox, pool: urllib3.PoolManager) -> None:
    """What comes too early is refused before anything happens, and uses up no fault."""
    sandbox.turn(max_requests_per_second=3)
    sandbox.faults.script("html_502", after=3)
    assert [200, 200, 200, 429, 429] == [add(pool, sandbox) for _ in range(5)]
    assert 3 == len(sandbox.book.journal("7", cause="api"))
    assert 1 == len(sandbox.faults.pending())


def test_stop_leaves_nothing_behind() -> None:
    """No thread and no port, although a client still holds its connection open."""
    before = set(threading.enumerate())
    sandbox = Sandbox(users=1).start()
    address = urlsplit(sandbox.base_url)
    connection = http.client.HTTPConnection(str(address.hostname), address.port, timeout=5)
    connection.request("GET", "/wp-json/")
    connection.getresponse().read()
    sandbox.stop()
    sandbox.stop()
    assert before == set(threading.enumerate())
    connection.close()
    with pytest.raises(RuntimeError, match="does not run"):
        assert sandbox.base_url
    with pytest.raises(ConnectionRefusedError):
        connection.connect()


def test_a_restart_keeps_book_and_port(pool: urllib3.PoolManager) -> None:
    """A credit system that was down for a while."""
    with Sandbox(users=7) as sandbox:
        port = int(urlsplit(sandbox.base_url).port or 0)
    before = sandbox.book.balance("7", "credits")
    again = Sandbox(users=7, port=port)
    with again, pytest.raises(OSError, match="in use"):
        Sandbox(port=port).start()
    with again:
        assert 200 == add(pool, again)
        assert before + 1 == again.book.balance("7", "credits")
        with pytest.raises(RuntimeError, match="already"):
            again.start()


def test_unknown_dialects_and_switches_are_refused(sandbox: Sandbox) -> None:
    """With the names that exist; a half-right update turns nothing."""
    with pytest.raises(ValueError, match="fastcredit"):
        Sandbox(dialect="latin")
    with pytest.raises(ValueError, match="negative_add"):
        sandbox.turn(negative_add=True, postive_add=True)
    with pytest.raises(ValueError, match="role"):
        sandbox.turn(role="king")
    with pytest.raises(ValueError, match="negative_add"):
        sandbox.turn(negative_add="yes")
    assert {"negative_add": False, "role": "administrator"}.items() <= sandbox.site.as_dict().items()
    assert Sandbox(users=0, switches={"role": "editor"}).site.as_dict()["role"] == "editor"


def test_oversized_and_odd_requests(sandbox: Sandbox, pool: urllib3.PoolManager) -> None:
    """Bodies are bounded; HEAD has none; any method is answered."""
    url = sandbox.base_url + "/wp-json/"
    # announced, not sent: the refusal comes before the body, and the connection ends with it
    address = urlsplit(sandbox.base_url)
    connection = http.client.HTTPConnection(str(address.hostname), address.port)
    connection.putrequest("POST", "/wp-json/")
    connection.putheader("Content-Length", "1000001")
    connection.endheaders()
    assert 413 == connection.getresponse().status
    connection.close()
    head = pool.request("HEAD", url)
    assert (200, b"") == (head.status, head.data)
    assert [404] * 3 == [pool.request(method, url).status for method in ("PUT", "PATCH", "OPTIONS")]


def test_control_book_and_journal(sandbox: Sandbox, pool: urllib3.PoolManager) -> None:
    """Amounts are text at the scale of their unit."""
    line = control(pool, sandbox, "POST", "spend", {"account": "7", "unit": "credits", "amount": "5"})
    assert ("-5", "35", "customer") == (line["delta"], line["result"], line["cause"])
    line = control(pool, sandbox, "POST", "top_up", {"account": 7, "unit": "balance", "amount": "0.50"})
    assert "0.50" == line["delta"]
    book = control(pool, sandbox, "GET", "book")
    account = book["accounts"][6]
    assert (9, "7", "35", 2) == (
        len(book["accounts"]),
        account["id"],
        account["balances"]["credits"],
        book["units"]["balance"],
    )
    changes = control(pool, sandbox, "GET", "journal?account=7")["changes"]
    assert ["admin", "customer", "customer"] == [change["cause"] for change in changes]
    assert [] == list(sandbox.requests)


def test_control_accounts(sandbox: Sandbox, pool: urllib3.PoolManager) -> None:
    """Customers come and go."""
    control(
        pool,
        sandbox,
        "POST",
        "accounts",
        {"id": "77", "email": "n@x.example", "name": "N", "balances": {"credits": 3}},
    )
    assert 3 == sandbox.book.balance("77", "credits")
    control(pool, sandbox, "DELETE", "accounts/77")
    assert "no account '77'" == control(pool, sandbox, "DELETE", "accounts/77")["error"]


def test_control_faults(sandbox: Sandbox, pool: urllib3.PoolManager) -> None:
    """Faults can be scripted, seen and forgotten from elsewhere; amounts are text there, too."""
    faults = [
        {"kind": "spend", "on": "write", "amount": "2", "side": "after"},
        {"kind": "slow", "seconds": 0.01},
        {"kind": "html_502", "times": None, "probability": 0.5, "on": "read"},
    ]
    assert 3 == len(control(pool, sandbox, "POST", "faults", faults)["pending"])
    assert 200 == add(pool, sandbox, 10)
    assert 48 == sandbox.book.balance("7", "credits")
    shown = control(pool, sandbox, "GET", "faults")
    assert (["spend", "slow"], ["html_502"]) == (
        shown["fired"],
        [fault["kind"] for fault in shown["pending"]],
    )
    assert [] == control(pool, sandbox, "DELETE", "faults")["pending"]


def test_control_late_requests(sandbox: Sandbox, pool: urllib3.PoolManager) -> None:
    """A held request can be let go from elsewhere."""
    control(pool, sandbox, "POST", "faults", [{"kind": "hold", "on": "write"}])
    with pytest.raises(urllib3.exceptions.ProtocolError):
        add(pool, sandbox)
    assert 1 == control(pool, sandbox, "GET", "requests")["held"]
    assert 1 == control(pool, sandbox, "POST", "release")["released"]
    assert 41 == sandbox.book.balance("7", "credits")


def test_control_site_and_requests(sandbox: Sandbox, pool: urllib3.PoolManager) -> None:
    """Switches and the request log."""
    assert control(pool, sandbox, "POST", "site", {"plain_permalinks": True})["plain_permalinks"]
    assert control(pool, sandbox, "GET", "site")["plain_permalinks"]
    assert 301 == pool.request("GET", f"{sandbox.base_url}/wp-json/", redirect=False).status
    log = control(pool, sandbox, "GET", "requests")
    assert [("/wp-json/", 301)] == [(seen["path"], seen["status"]) for seen in log["requests"]]
    assert (0, 1) == (log["max_writes_in_flight"], log["busiest_second"])


@pytest.mark.parametrize(
    ("method", "name", "body", "words"),
    [
        ("POST", "spend", {"account": "7", "amount": "41"}, "cannot change"),
        ("POST", "spend", {"account": "7", "amount": "0.5"}, "decimals"),
        ("POST", "spend", {"account": "7", "amount": "-1"}, "greater than 0"),
        ("POST", "spend", {"account": "7", "unit": "gold", "amount": "1"}, "no unit"),
        ("POST", "spend", {}, "needed"),
        ("POST", "faults", {"kind": "slow"}, "array"),
        ("POST", "faults", [1], "object"),
        ("POST", "faults", [{"kind": "slow", "path": "("}], "path"),
        ("POST", "site", {"nonsense": 1}, "no switch"),
        ("POST", "accounts", {"id": "1"}, "needed"),
        ("POST", "accounts", {"id": "x", "email": "", "name": ""}, "whole number"),
        ("POST", "accounts", {"id": "1", "email": "", "name": "", "balances": 1}, "balances"),
        ("GET", "nothing", None, "there is only"),
    ],
)
def test_control_refusals(
    sandbox: Sandbox, pool: urllib3.PoolManager, method: str, name: str, body: object, words: str
) -> None:
    """Every mistake is answered in words."""
    assert words in control(pool, sandbox, method, name, body)["error"]


def test_the_command() -> None:
    """Its first line is the address; SIGTERM ends it cleanly."""
    command = [sys.executable, "-m", "sheetsync.sandbox", "--port", "0", "--users", "12"]
    with subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True) as process:
        assert process.stdout is not None
        address = process.stdout.readline().strip()
        rest = [process.stdout.readline().strip() for _ in range(2)]
        with urllib3.PoolManager(retries=False, timeout=5) as pool:
            book = pool.request("GET", f"{address}/_sandbox/book").json()
        process.send_signal(signal.SIGTERM)
        _, errors = process.communicate(timeout=10)
    assert (12, 0, "") == (len(book["accounts"]), process.returncode, errors)
    assert ["user name: office", "password: sand boxp assw ordf ortr yout"] == rest


def test_the_command_with_a_taken_port(sandbox: Sandbox) -> None:
    """It says so and ends with 2."""
    port = str(urlsplit(sandbox.base_url).port)
    command = [sys.executable, "-m", "sheetsync.sandbox", "--port", port]
    ended = subprocess.run(command, capture_output=True, text=True, check=False, timeout=20)
    assert (2, "") == (ended.returncode, ended.stdout)
    assert f"cannot listen on 127.0.0.1:{port}" in ended.stderr
