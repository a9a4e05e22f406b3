"""Runs that wait, are watched, cancelled, taken over and shared between workers: real processes."""

import json
import os
import signal
import sqlite3
import subprocess
import sys
import threading
import time
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import closing, contextmanager, suppress
from functools import partial
from pathlib import Path

import pytest
from openpyxl import load_workbook

from sheetsync.ledger.store import SqlLedger
from sheetsync.ports import Run
from tests.e2e.harness import Office, headers, places
from tests.e2e.site import Site, Weather

WAIT_S = 60
ELSEWHERE = (
    "import platform; platform.node = lambda: 'elsewhere'; from sheetsync.cli.main import main; main()"
)
"""The command line on another machine: its processes cannot be seen or ended from here."""

ENDED = {"done", "failed", "cancelled", "interrupted"}
ALL = [str(number) for number in range(1, 13)]


@pytest.fixture
def office(site: Site) -> Iterator[Office]:
    """Make an office with a short lease; whatever worker it started ends with it."""
    office = Office.new(site, lease_s=2, settle_after_s=3, parallel=2)
    yield office
    end_workers(office)
    office.close()


def end_workers(office: Office) -> None:
    """End workers that commands started on their own."""
    with ledger_of(office) as ledger:
        owners = {run.owner for run in ledger.runs.newest() if run.owner is not None}
    for owner in owners:
        wait_for(partial(is_gone, owner.pid))


def is_gone(pid: int) -> bool:
    """Whether a process has ended."""
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return True
    return False


@contextmanager
def ledger_of(office: Office) -> Iterator[SqlLedger]:
    """Open the office's ledger beside its commands."""
    ledger = SqlLedger(f"sqlite:///{office.folder / 'ledger.db'}")
    try:
        yield ledger
    finally:
        ledger.close()


def wait_for(what: Callable[[], bool]) -> None:
    """Wait until something is so."""
    end_s = time.monotonic() + WAIT_S
    while not what():
        assert time.monotonic() < end_s
        time.sleep(0.05)


def run_of(office: Office, run: str) -> Run:
    """Return a run as it is now."""
    with ledger_of(office) as ledger:
        found = ledger.runs.get(run)
        assert found is not None
        return found


def wait_for_state(office: Office, run: str, *states: str) -> Run:
    """Wait until a run is in one of these states."""
    with ledger_of(office) as ledger:

        def is_so() -> bool:
            found = ledger.runs.get(run)
            return found is not None and found.state in states

        wait_for(is_so)
    return run_of(office, run)


def let_wait(office: Office, plan: str, name: str = "shop") -> str:
    """Let a plan wait as ``push --detach --canary 0`` does, without a worker of its own."""
    with ledger_of(office) as ledger:
        stored = ledger.plans.load(name, plan)
        assert stored is not None
        params = {"check": True, "canaries": 0}  # several writes under way from the first moment
        return ledger.runs.start("push", name, stored.system, actor="cli:ana", plan=plan, params=params)


def slowly(site: Site, delay_s: float = 0.2) -> None:
    """Let every write take its time."""
    for account in ALL:
        site.weather(account, *[Weather(delay_s=delay_s)] * 4)


def hold_writes(site: Site) -> threading.Event:
    """Let every write wait for what is returned."""
    gate = threading.Event()
    for account in ALL:
        site.weather(account, Weather(gate=gate))
    return gate


def be_patient(office: Office) -> None:
    """Let requests take longer than a command on a slow machine."""
    text = office.config.read_text(encoding="utf-8")
    patient = text.replace("timeout_s = 1", "timeout_s = 25").replace("_after_s = 3", "_after_s = 60")
    office.config.write_text(patient, encoding="utf-8")


def prepare(office: Office, amounts: dict[str, int]) -> str:
    """Pull, type and preview; return the plan."""
    office.run("pull", "shop")
    office.add(amounts)
    return office.run("preview", "shop").digest


@contextmanager
def workers(office: Office, count: int = 1, *args: str) -> Iterator[list["subprocess.Popen[str]"]]:
    """Run workers beside the block; at the end they stop in an orderly way, without a word of trouble."""
    found = [office.start("worker", *args) for _ in range(count)]
    try:
        yield found
    finally:
        for worker in found:
            if worker.poll() is None:
                worker.send_signal(signal.SIGTERM)
        done = [office.finish(worker) for worker in found]
    assert {0, -signal.SIGKILL} >= {each.code for each in done}, done


def elsewhere(office: Office, *args: str) -> "subprocess.Popen[str]":
    """Start a command as if on another machine."""
    env = {name: value for name, value in os.environ.items() if not name.startswith("SHEETSYNC")}
    return subprocess.Popen(
        [sys.executable, "-c", ELSEWHERE, *args],
        cwd=office.folder,
        env=env | {"SHEETSYNC_CONFIG": str(office.config), **office.env},
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        start_new_session=True,
    )


def test_detached(office: Office, site: Site) -> None:
    """It returns while rows are still being sent; a worker of its own ends it; watching shows the end."""
    plan = prepare(office, dict.fromkeys(ALL, 5))
    gate = hold_writes(site)
    be_patient(office)
    said = office.run("push", "shop", "--plan", plan, "--detach").json
    assert {"run", "connection", "plan", "state"} == set(said)
    assert ("shop", plan, "queued") == (said["connection"], said["plan"], said["state"])
    watching = office.start("run", said["run"], "--watch", "--json")
    site.wait_for_writes(1, WAIT_S)
    listed = office.run("runs", "shop").json["runs"]
    assert {"push": "running"} == {run["kind"]: run["state"] for run in listed if run["run"] == said["run"]}
    assert watching.poll() is None
    gate.set()
    watched = office.finish(watching)
    assert 0 == watched.code, watched
    assert ("done", 12, 12) == tuple(watched.json[name] for name in ("state", "done", "total"))
    assert dict.fromkeys(ALL, "confirmed") == watched.statuses
    assert dict.fromkeys(ALL, 45) == site.balances
    assert dict.fromkeys(ALL, "Confirmed") == office.shown()
    listed = office.run("runs").json["runs"]
    assert ["push", "pull"] == [run["kind"] for run in listed if run["kind"] != "verify"]
    assert sorted((run["run"] for run in listed), reverse=True) == [run["run"] for run in listed]
    assert {"done"} == {run["state"] for run in listed}
    owner = run_of(office, said["run"]).owner
    assert owner is not None
    wait_for(lambda: is_gone(owner.pid))


def test_detached_without_a_preview(office: Office) -> None:
    """A plan that nobody saw is refused at once."""
    prepare(office, {"1": 5})
    refused = office.run("push", "shop", "--plan", "sha256:0", "--detach", code=4)
    assert "stale_plan" == refused.error["code"]
    office.run("run", "01ABC", code=2)


def test_cancelled_between_rows(office: Office, site: Site) -> None:
    """What is under way ends and is proven, what was never sent is withdrawn, and may be pushed later."""
    be_patient(office)
    plan = prepare(office, dict.fromkeys(ALL, 5))
    gate = hold_writes(site)
    with workers(office):
        run = let_wait(office, plan)
        site.wait_for_writes(2, WAIT_S)
        said = office.run("run", run, "--cancel").json
        assert said["cancel"]
        gate.set()
        assert "cancelled" == wait_for_state(office, run, *ENDED).state
    sent = {write.user_id for write in site.arrived}
    assert 2 <= len(sent) < 12
    office.run("run", run, "--cancel", code=2)
    states = {row["account_id"]: row["status"] for row in office.history()}
    assert {account for account in ALL if states[account] == "edited"} == set(ALL) - sent
    office.run("verify", "shop", "--wait", code=None)
    after = {row["account_id"]: row["status"] for row in office.history()}
    assert dict.fromkeys(sent, "confirmed") == {account: after[account] for account in sent}
    assert 0 == office.run("push", "shop", "--yes").code
    assert dict.fromkeys(ALL, 45) == site.balances
    assert 12 == len(site.applied)
    office.sound()


def test_cancelled_while_waiting(office: Office, site: Site) -> None:
    """A run that nobody carries out yet is over at once, and no worker begins it."""
    run = let_wait(office, prepare(office, {"1": 5}))
    assert "queued" == office.run("run", run).json["state"]
    assert "cancelled" == office.run("run", run, "--cancel").json["state"]
    with workers(office, 1, "--until-idle") as (worker,):
        worker.wait(WAIT_S)
    assert "cancelled" == run_of(office, run).state
    assert [] == site.arrived


def test_cancelled_while_nobody_drives(office: Office, site: Site) -> None:
    """Cancelled after its process died: whoever finds it sends nothing more."""
    plan = prepare(office, dict.fromkeys(ALL, 5))
    run = kill_push(office, plan, writes=3)
    office.run("run", run, "--cancel")
    sent = len(site.arrived)
    with workers(office):
        assert "cancelled" == wait_for_state(office, run, "cancelled").state
    assert sent == len(site.arrived)


def kill_push(office: Office, plan: str, *, writes: int) -> str:
    """Kill a foreground push when its n-th write arrives; return its run."""
    site = office.site
    site.at_write(writes, Weather("drop", kill="before"))
    process = office.start("push", "shop", "--plan", plan, "--json")
    site.victim = process.pid
    assert -signal.SIGKILL == office.finish(process).code
    site.victim = None
    with ledger_of(office) as ledger:
        return next(run.run for run in ledger.runs.newest("shop") if run.kind == "push")


def test_a_killed_push_is_found(office: Office, site: Site) -> None:
    """A worker goes on with a push that was killed: what was being sent is verified, never sent again."""
    plan = prepare(office, {account: int(account) for account in ALL})
    run = kill_push(office, plan, writes=5)
    with ledger_of(office) as ledger:
        records = ledger.operations.history("shop", run=run, limit=None)
    sending = {each.account_id for each in records if each.state.value == "sending"}
    assert sending
    assert "interrupted" == office.run("run", run, code=1).json["state"]
    with workers(office):
        ended = wait_for_state(office, run, *ENDED)
        assert ("done", len(ALL), len(ALL)) == (ended.state, ended.done, ended.total)
        assert "done" == office.run("run", run, "--watch", code=None).json["state"]
    kinds = Counter(write.user_id for write in site.arrived)
    assert [] == [account for account in sending if kinds[account] > 1]  # or it never left
    office.run("verify", "shop", "--wait", code=None)
    settle_up(office)
    assert {account: 40 + int(account) for account in ALL} == site.balances
    assert 12 == len(site.applied)
    office.sound()


def settle_up(office: Office) -> None:
    """Verify and push until nothing is left to do."""
    for _ in range(3):
        if office.run("push", "shop", "--yes", code=None).code == 0:
            return
        office.run("verify", "shop", "--wait", code=None)
    raise AssertionError(office.shown())


def two_shops(office: Office, other: Site) -> None:
    """Add a connection for another site."""
    text = office.config.read_text(encoding="utf-8")
    second = text[text.index("[connections.shop]") :].replace("connections.shop", "connections.club")
    second = second.replace("credits.xlsx", "club.xlsx").replace(office.site.address, other.address)
    office.config.write_text(text + second, encoding="utf-8")


def type_into(path: Path, amounts: dict[str, int]) -> None:
    """Type an Add for each user into a workbook."""
    book = load_workbook(path)
    tab = book["Credits"]
    columns, rows = headers(tab), places(tab)
    for account, amount in amounts.items():
        tab.cell(rows[account], columns["Action"]).value = "Add"
        tab.cell(rows[account], columns["Amount"]).value = amount
    book.save(path)
    book.close()


def test_two_workers_share(office: Office, site: Site) -> None:
    """Six pushes on two systems, two workers: each is carried out once, none is left out."""
    with Site.of(4) as other:
        two_shops(office, other)
        runs = []
        for name, file in (("shop", "credits.xlsx"), ("club", "club.xlsx")):
            office.run("pull", name)
            type_into(office.folder / file, {"1": 5, "2": 6, "3": 7})
            for account in ("1", "2", "3"):
                plan = office.run("preview", name, "--account", account).digest
                runs.append(let_wait(office, plan, name))
        with workers(office, 2):
            ended = {run: wait_for_state(office, run, *ENDED).state for run in runs}
        assert dict.fromkeys(runs, "done") == ended
        for each in (site, other):
            assert Counter({"1": 1, "2": 1, "3": 1}) == Counter(write.user_id for write in each.arrived)
            assert ["45", "46", "47"] == [str(each.balances[account]) for account in ("1", "2", "3")]
        office.sound()


def hold_two(site: Site, gate: threading.Event) -> None:
    """Hold the third write and the fourth: no thread works when the process is stopped.

    One that is stopped in the middle of a commit to SQLite keeps everybody else waiting for the file.
    """
    for number in (3, 4):
        site.at_write(number, Weather(gate=gate))


def test_a_stopped_worker(office: Office, site: Site) -> None:
    """Stopped past its lease, taken over and ended on one machine: nothing is sent twice."""
    plan = prepare(office, dict.fromkeys(ALL, 5))
    gate = threading.Event()
    hold_two(site, gate)
    with workers(office) as (stopped,):
        run = let_wait(office, plan)
        site.wait_for_writes(4, WAIT_S)
        os.killpg(stopped.pid, signal.SIGSTOP)
        gate.set()
        with workers(office):
            assert "done" == wait_for_state(office, run, *ENDED).state
            with suppress(ProcessLookupError):
                os.killpg(stopped.pid, signal.SIGCONT)
            assert -signal.SIGKILL == stopped.wait(WAIT_S)
    office.run("verify", "shop", "--wait", code=None)
    settle_up(office)
    assert dict.fromkeys(ALL, 45) == site.balances
    assert 12 == len(site.arrived)
    office.sound()


def test_a_zombie_of_another_machine(office: Office, site: Site) -> None:
    """It cannot be ended from here; continued, it neither sends nor changes anything in the ledger."""
    plan = prepare(office, dict.fromkeys(ALL, 5))
    text = office.config.read_text(encoding="utf-8")
    # long enough for a busy machine: until the zombie has ended, the heir waits for an answer
    slower = text.replace("timeout_s = 1\n", "timeout_s = 15\n").replace("_after_s = 3", "_after_s = 17")
    office.config.write_text(slower, encoding="utf-8")
    late, slow = threading.Event(), threading.Event()
    hold_two(site, late)
    zombie = elsewhere(office, "worker", "--workers", "1")
    run = let_wait(office, plan)
    site.wait_for_writes(4, WAIT_S)
    os.killpg(zombie.pid, signal.SIGSTOP)
    late.set()
    before = len(site.arrived)
    with workers(office):
        site.at_write(2, Weather(gate=slow))
        site.wait_for_writes(before + 2, WAIT_S)
        fence = fence_of(office)
        os.killpg(zombie.pid, signal.SIGCONT)
        wait_for(lambda: {"late_accepted", "late_unknown"} & set(kinds_under(office, fence - 1)) != set())
        zombie.send_signal(signal.SIGTERM)
        assert 0 == office.finish(zombie).code
        assert "running" == run_of(office, run).state
        slow.set()
        assert "done" == wait_for_state(office, run, *ENDED).state
    office.run("verify", "shop", "--wait", code=None)
    settle_up(office)
    assert dict.fromkeys(ALL, 45) == site.balances
    assert 12 == len(site.arrived)
    office.sound()


def fence_of(office: Office) -> int:
    """Return the token of the newest lease."""
    with closing(sqlite3.connect(office.folder / "ledger.db")) as ledger:
        return int(ledger.execute("SELECT fence FROM leases").fetchone()[0])


def kinds_under(office: Office, fence: int) -> list[str]:
    """Return the kinds of the events written under a token after a newer one was given out."""
    with closing(sqlite3.connect(office.folder / "ledger.db")) as ledger:
        rows = ledger.execute("SELECT kind, body FROM events ORDER BY number").fetchall()
    events = [(kind, json.loads(body)) for kind, body in rows]
    newer = next(
        place for place, (kind, body) in enumerate(events) if kind == "lease" and body["fence"] > fence
    )
    found = [kind for kind, body in events[newer:] if body.get("fence") == fence]
    assert all(kind.startswith("late_") for kind in found), found
    return found


def test_a_worker_is_asked_to_end(office: Office, site: Site) -> None:
    """SIGTERM: the requests in flight end, the rest waits for another worker, which goes on."""
    plan = prepare(office, dict.fromkeys(ALL, 5))
    slowly(site, 0.5)
    with workers(office) as (first,):
        run = let_wait(office, plan)
        site.wait_for_writes(3, WAIT_S)
        first.send_signal(signal.SIGTERM)
        assert 0 == first.wait(WAIT_S)
    assert 3 <= len(site.arrived) < 12
    assert "queued" == run_of(office, run).state
    assert not [row for row in office.history("--run", run) if row["status"] == "queued"]
    with workers(office):
        assert "done" == wait_for_state(office, run, *ENDED).state
    assert dict.fromkeys(ALL, "Confirmed") == office.shown()
    assert dict.fromkeys(ALL, 45) == site.balances
    assert 12 == len(site.arrived)


def test_beside_a_push(office: Office, site: Site) -> None:
    """Another push waits for its turn; a pull and a verify run beside."""
    be_patient(office)
    office.run("pull", "shop")
    office.add({"1": 5, "2": 6})
    plans = [office.run("preview", "shop", "--account", account).digest for account in ("1", "2")]
    gate = threading.Event()
    site.weather("1", Weather(gate=gate))
    first = office.start("push", "shop", "--plan", plans[0], "--json")
    site.wait_for_writes(1)
    with workers(office):
        waiting = let_wait(office, plans[1])
        office.run("pull", "shop", code=1)
        office.run("verify", "shop", code=None)
        assert "queued" == run_of(office, waiting).state
        assert 1 == len(site.arrived)
        gate.set()
        assert {"1": "confirmed"} == office.finish(first).statuses
        assert "done" == wait_for_state(office, waiting, *ENDED).state
    assert ["1", "2"] == [write.user_id for write in site.arrived]


RATE = 20
USERS = 40


def test_processes_share_the_rate() -> None:
    """A push, a verify and two checks at once never send more than the limit, and use most of it."""
    with Site.of(USERS) as site:
        office = Office.new(site, parallel=4)
        text = office.config.read_text(encoding="utf-8")
        plan = prepare(office, {str(number): 5 for number in range(1, USERS + 1)})
        limited = text.replace("requests_per_second = 1000", f"requests_per_second = {RATE}")
        office.config.write_text(limited, encoding="utf-8")
        began = len(site.times)
        push = office.start("push", "shop", "--plan", plan, "--no-verify", "--json")
        site.wait_for_writes(1)
        others = [office.start("verify", "shop", "--json")]
        others += [office.start("check", "shop", "--json") for _ in range(2)]
        assert office.finish(push).code == 1
        for each in others:
            office.finish(each)
        times = site.times[began:]
        office.close()
    # a moment for the site's own threads: they note a request later than it arrives
    windows = [sum(1 for other in times if at <= other < at + 0.95) for at in times]
    assert max(windows) <= RATE
    # while all are at work, and not at the end, where one waits for its last answer
    busy = times[: int(len(times) * 0.6)]
    assert (len(busy) - 1) / (busy[-1] - busy[0]) >= 0.6 * RATE
