"""Every scripted fault over real HTTP: what the client sees, and whether the book counted it."""

import threading
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
import urllib3
from urllib3.exceptions import HTTPError, ProtocolError, ReadTimeoutError

from sheetsync.sandbox import Fault, FaultScript, Sandbox
from sheetsync.sandbox.faults import KINDS
from sheetsync.sandbox.wire import Target

PATH = "/wp-json/fastcredit/v1/users/7/credits"
WRITE = Target("7", write=True)


@pytest.fixture
def sandbox() -> Iterator[Sandbox]:
    """A running sandbox; account 7 has 40 credits."""
    with Sandbox(users=9) as sandbox:
        sandbox.book.set_to("7", "credits", 40, cause="admin")
        yield sandbox
        assert [] == sandbox.errors


@pytest.fixture
def pool() -> Iterator[urllib3.PoolManager]:
    """Connections that are never retried."""
    with urllib3.PoolManager(retries=False, timeout=5) as pool:
        yield pool


Send = Callable[..., urllib3.BaseHTTPResponse]


@pytest.fixture
def send(sandbox: Sandbox, pool: urllib3.PoolManager) -> Send:
    """Add 25 to account 7, or whatever is asked for."""
    headers = urllib3.make_headers(basic_auth=f"{sandbox.username}:{sandbox.password}")

    def send(method: str = "POST", path: str = f"{PATH}/add", timeout: float = 5) -> urllib3.BaseHTTPResponse:
        body = {"amount": 25} if method == "POST" else None
        url = sandbox.base_url + path
        return pool.request(method, url, json=body, headers=headers, redirect=False, timeout=timeout)

    return send


def applied(sandbox: Sandbox) -> list[int]:
    """How the API changed account 7, in minor units."""
    return [line.delta_minor for line in sandbox.book.journal("7", cause="api")]


@pytest.mark.parametrize(("kind", "expected"), [("drop_before", []), ("drop_after", [25])])
def test_dropped_connections(sandbox: Sandbox, send: Send, kind: str, expected: list[int]) -> None:
    """The client sees the same; the book does not."""
    sandbox.faults.add(Fault(kind=kind, on="write"))
    with pytest.raises(ProtocolError):
        send()
    assert expected == applied(sandbox)
    assert (None, (kind,)) == (sandbox.requests[-1].status, sandbox.requests[-1].faults)
    assert 200 == send().status


@pytest.mark.parametrize(("kind", "expected"), [("error_500_before", []), ("error_500_after", [25])])
def test_server_errors(sandbox: Sandbox, send: Send, kind: str, expected: list[int]) -> None:
    """WordPress' JSON for a fatal error."""
    sandbox.faults.add(Fault(kind=kind))
    answer = send()
    assert (500, "internal_server_error") == (answer.status, answer.json()["code"])
    assert expected == applied(sandbox)


@pytest.mark.parametrize(
    ("kind", "status", "text"),
    [
        ("html_502", 502, b"Bad Gateway"),
        ("html_500", 500, b"critical error"),
        ("maintenance_503", 503, b"Briefly unavailable"),
        ("cloudflare", 403, b"Just a moment"),
        ("redirect_301", 301, b""),
    ],
)
@pytest.mark.parametrize("is_applied", [False, True])
def test_pages_in_between(
    sandbox: Sandbox, send: Send, kind: str, status: int, text: bytes, *, is_applied: bool
) -> None:
    """HTML instead of JSON; by default nothing was applied."""
    sandbox.faults.add(Fault(kind=kind, applied=True) if is_applied else Fault(kind=kind))
    answer = send()
    assert (status, "text/html; charset=UTF-8") == (answer.status, answer.headers["Content-Type"])
    assert text in answer.data
    assert ([25] if is_applied else []) == applied(sandbox)


def test_headers_of_those_pages(sandbox: Sandbox, send: Send) -> None:
    """Each has the header by which a client can know it."""
    sandbox.faults.script("maintenance_503")
    sandbox.faults.script("cloudflare")
    sandbox.faults.script("redirect_301")
    assert "600" == send().headers["Retry-After"]
    assert "challenge" == send().headers["cf-mitigated"]
    assert f"{sandbox.base_url}{PATH}/add?redirected=1" == send().headers["Location"]


def test_maintenance_as_json(sandbox: Sandbox, pool: urllib3.PoolManager) -> None:
    """A client that accepts JSON gets it."""
    sandbox.faults.script("maintenance_503", retry_after=7)
    answer = pool.request("GET", f"{sandbox.base_url}/wp-json/", headers={"Accept": "application/json"})
    assert (503, "7", 503) == (answer.status, answer.headers["Retry-After"], answer.json()["data"]["status"])


@pytest.mark.parametrize(("retry_after", "header"), [(None, None), (3, "3")])
def test_rate_limit(sandbox: Sandbox, send: Send, retry_after: int | None, header: str | None) -> None:
    """Refused for certain, with or without the time to wait."""
    sandbox.faults.script("too_many_429", retry_after=retry_after)
    answer = send()
    assert (429, header) == (answer.status, answer.headers.get("Retry-After"))
    assert [] == applied(sandbox)


def test_signed_out(sandbox: Sandbox, send: Send) -> None:
    """As if the credentials had not been there."""
    sandbox.faults.script("unauthorized_401")
    answer = send()
    assert (401, "rest_not_logged_in") == (answer.status, answer.json()["code"])
    assert [] == applied(sandbox)


@pytest.mark.parametrize(("junk", "start"), [("notice", b"<br />\n<b>Notice</b>"), ("bom", b"\xef\xbb\xbf{")])
def test_junk_before_json(sandbox: Sandbox, send: Send, junk: str, start: bytes) -> None:
    """200, applied, and no JSON parser takes it."""
    sandbox.faults.script("junk_before_json", junk=junk)
    answer = send()
    assert 200 == answer.status
    assert answer.data.startswith(start)
    assert answer.data.endswith(b'"credits": 65}')
    assert [25] == applied(sandbox)


def test_truncated(sandbox: Sandbox, send: Send) -> None:
    """Applied, but the answer ends in the middle."""
    sandbox.faults.script("truncated")
    with pytest.raises(ProtocolError):
        send()
    assert [25] == applied(sandbox)


@pytest.mark.parametrize("side", ["before", "after"])
def test_slow(sandbox: Sandbox, send: Send, side: str) -> None:
    """A client that gives up cannot know on which side of the change the server was slow."""
    sandbox.faults.script("slow", side=side, seconds=0.2)
    with pytest.raises(ReadTimeoutError):
        send(timeout=0.02)
    wait_for(lambda: [25] == applied(sandbox))


@pytest.mark.parametrize(("side", "expected"), [("before", []), ("after", [25])])
def test_a_stop_interrupts_slowness(sandbox: Sandbox, send: Send, side: str, expected: list[int]) -> None:
    """What was not yet carried out never is; what was stays."""
    sandbox.faults.script("slow", side=side, seconds=600)
    with pytest.raises(ReadTimeoutError):
        send(timeout=0.02)
    wait_for(lambda: (len(sandbox.faults.fired()), applied(sandbox)) == (1, expected))
    sandbox.stop()
    assert expected == applied(sandbox)


def test_a_late_request_is_applied_on_release(sandbox: Sandbox, send: Send) -> None:
    """The client is dropped; the change comes when nobody expects it any more."""
    sandbox.faults.script("hold", on="write")
    with pytest.raises(ProtocolError):
        send()
    assert 40 == send("GET", PATH).json()["credits"]
    assert (1, []) == (sandbox.held, applied(sandbox))
    assert 1 == sandbox.release()
    assert (0, [25]) == (sandbox.held, applied(sandbox))
    assert (65, 0) == (send("GET", PATH).json()["credits"], sandbox.release())


def test_a_late_request_is_applied_after_its_time(sandbox: Sandbox, send: Send) -> None:
    """So does one with a time."""
    sandbox.faults.script("hold", seconds=0.1)
    with pytest.raises(ProtocolError):
        send()
    assert [] == applied(sandbox)
    wait_for(lambda: [25] == applied(sandbox))


def test_a_late_request_counts_as_running(sandbox: Sandbox, send: Send) -> None:
    """A second write in the meantime is two in flight."""
    sandbox.faults.script("hold")
    with pytest.raises(ProtocolError):
        send()
    send()
    assert 2 == sandbox.requests.max_writes_in_flight("7")


def test_hanging_clients_time_out(sandbox: Sandbox, send: Send) -> None:
    """The client waits in vain; the change is applied later nevertheless."""
    sandbox.faults.script("hold", hang=True)
    with pytest.raises(ReadTimeoutError):
        send(timeout=0.05)
    wait_for(lambda: sandbox.held == 1)
    assert ([], 1) == (applied(sandbox), sandbox.release())
    assert [25] == applied(sandbox)


def test_a_stop_forgets_late_requests(send: Send, sandbox: Sandbox) -> None:
    """Nothing is applied by a sandbox that was stopped."""
    sandbox.faults.script("hold", times=2)
    sandbox.faults.script("hold", hang=True)
    for timeout in (5, 5, 0.05):
        with pytest.raises(HTTPError):
            send(timeout=timeout)
    sandbox.stop()
    assert [] == applied(sandbox)
    sandbox.start()
    assert (0, 40) == (sandbox.held, send("GET", PATH).json()["credits"])


@pytest.mark.parametrize(("side", "results"), [("before", [30, 55]), ("after", [65, 55])])
def test_the_customer_spends_meanwhile(sandbox: Sandbox, send: Send, side: str, results: list[int]) -> None:
    """Right before or right after the write, together with any other fault."""
    sandbox.faults.script("spend", on="write", amount_minor=10, side=side)
    sandbox.faults.script("drop_after", on="write")
    with pytest.raises(ProtocolError):
        send()
    assert results == [line.result_minor for line in sandbox.book.journal("7")[1:]]
    assert 1 == len(sandbox.book.journal("7", cause="customer"))


def test_the_customer_tops_up(sandbox: Sandbox, send: Send) -> None:
    """A negative amount; a request without an account needs the fault to name one."""
    sandbox.faults.script("spend", path="wp/v2/users", account="8", amount_minor=-5)
    before = sandbox.book.balance("8", "credits")
    send("GET", "/wp-json/wp/v2/users")
    assert before + 5 == sandbox.book.balance("8", "credits")


def test_spending_too_much_is_reported(send: Send, sandbox: Sandbox) -> None:
    """A script that cannot be carried out does not go unnoticed."""
    sandbox.faults.script("spend", amount_minor=1000)
    assert 200 == send().status
    assert ["account 7: 40 credits cannot change by -1000"] == [str(error) for error in sandbox.errors]
    sandbox.errors.clear()


def test_matching_by_method_path_and_account(sandbox: Sandbox, send: Send) -> None:
    """A fault waits for its request."""
    sandbox.faults.script("html_502", account="8")
    sandbox.faults.script("html_502", method="GET")
    sandbox.faults.script("html_502", path="/reset$")
    sandbox.faults.script("html_502", on="read", path="users/7")
    assert 200 == send().status
    assert 502 == send(path=f"{PATH}/reset").status
    assert [502, 502, 200] == [send("GET", PATH).status for _ in range(3)]
    assert ["8"] == [fault.account for fault in sandbox.faults.pending()]
    assert 3 == len(sandbox.faults.fired())
    sandbox.faults.clear()
    assert [] == sandbox.faults.pending()


def test_order_times_and_skips() -> None:
    """Faults hit in order, so many times, after so many requests."""
    script = FaultScript()
    script.script("drop_before", times=2, after=1)
    script.script("drop_after")
    taken = [script.take("POST", "/x", WRITE).get("outcome") for _ in range(5)]
    assert ["drop_after", "drop_before", "drop_before", None, None] == [f and f.kind for f in taken]


def test_probability_is_seeded() -> None:
    """The same seed, the same hits; `times=None` never ends."""

    def hits(seed: int) -> list[bool]:
        script = FaultScript(seed)
        script.script("html_500", times=None, probability=0.5)
        return ["outcome" in script.take("GET", "/", Target()) for _ in range(100)]

    assert hits(1) == hits(1)
    assert hits(1) != hits(2)
    assert 30 < sum(hits(1)) < 70


@pytest.mark.parametrize(
    "values",
    [
        {},
        {"kind": "explode"},
        {"kind": "slow", "speed": 1},
        {"kind": "slow", "side": "left"},
        {"kind": "slow", "times": "many"},
        {"kind": "slow", "probability": 2},
        {"kind": "drop_before", "applied": True},
    ],
)
def test_bad_faults_are_refused(values: dict[str, object]) -> None:
    """A typing mistake must not make a test pass."""
    with pytest.raises(ValueError, match="fault"):
        Fault.from_json(values)


def test_every_kind_is_tried_here() -> None:
    """No kind without a test above."""
    source = Path(__file__).read_text(encoding="utf-8")
    assert [] == [kind for kind in KINDS if f'"{kind}"' not in source]


def test_concurrent_faults_are_consumed_once(sandbox: Sandbox, send: Send) -> None:
    """Many threads, one fault: exactly one is hit."""
    sandbox.faults.script("html_502")
    statuses: list[int] = []
    threads = [threading.Thread(target=lambda: statuses.append(send().status)) for _ in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert [200] * 7 + [502] == sorted(statuses)
    assert [25] * 7 == applied(sandbox)


def wait_for(condition: Callable[[], bool]) -> None:
    """Wait until something is so; two seconds are plenty."""
    give_up_s = time.monotonic() + 2
    while not condition():
        assert time.monotonic() < give_up_s
        time.sleep(0.005)
