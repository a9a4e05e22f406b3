"""Chaos: many operations, bad weather, workers killed at random; counted against the site's own journal.

Real parts only: workers are processes of the command line, the ledger is a database, tabs are workbooks, and
the credit system answers over HTTP. A test runs it in small, ``benchmarks/chaos.py`` in large.
"""

import os
import random
import time
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field
from pathlib import Path

from openpyxl import load_workbook

from sheetsync.bootstrap import Office
from sheetsync.core.states import SENDABLE, OperationState
from sheetsync.jobs.desk import Desk
from sheetsync.jobs.preview import preview
from sheetsync.jobs.pull import pull
from sheetsync.jobs.verify import verify
from sheetsync.queue import Queue
from tests.chaos.crew import Crew
from tests.chaos.weather import StormySite
from tests.e2e.harness import headers, places
from tests.e2e.site import PASSWORD, ROUTES, Write

BALANCE = 1000
ENV = {"ACME_PASSWORD": PASSWORD}
ROUNDS_MOST = 60
LOOK_EVERY_S = 0.05
RUN_TIMEOUT_S = 900

SERVICE = """
[service]
database_url = "{database_url}"
lease_s = {lease_s}
"""
CONNECTION = """
[connections.{name}]
provider = "fastcredit"
base_url = "{address}"
username = "kassa"
application_password = {{ env = "ACME_PASSWORD" }}
timeout_s = 1
settle_after_s = {settle_after_s}
plan_expires_min = 600
{routes}
[connections.{name}.sheet]
kind = "xlsx"
path = "{name}.xlsx"
tab = "Credits"
[connections.{name}.limits]
requests_per_second = 1000
parallel_requests = {parallel}
max_rows_per_push = 100000
stop_after_unknown = 1000
"""


@dataclass(frozen=True, slots=True)
class Tally:
    """What a storm came to.

    Attributes:
        doubled: writes that counted beyond the first of their operation.
        lost: operations that never counted.
        wrong: operations that ledger or tab reported otherwise than the journal, at any look.
        problems: anything else that must not be, in words.
    """

    operations: int
    kills: int
    faults: int
    doubled: int
    lost: int
    wrong: int
    seconds: float
    rounds: int
    problems: tuple[str, ...] = ()


@dataclass
class Storm:
    """One storm; ``ride`` it once.

    Attributes:
        folder: for configuration, workbooks and logs.
        database_url: of the ledger; the queue stands beside it.
        operations: in all, spread over the sites.
        kills: of workers, about; two of three while a write is under way, the others soon after another.
        faults: share of the writes that go wrong.
        seed: of everything random.
        sites: credit systems, each with a connection and a tab of its own.
        at_once: sites that are pushed to at a time.
        workers: processes.
        lease_s: longer where much work on few processors may delay a renewal.
        say: told how far it is.
    """

    folder: Path
    database_url: str
    operations: int
    kills: int
    faults: float
    seed: int = 1
    sites: int = 1
    at_once: int = 2
    workers: int = 1
    parallel: int = 8
    lease_s: float = 1
    say: Callable[[str], None] = lambda _words: None
    wrong: set[str] = field(default_factory=set)
    problems: list[str] = field(default_factory=list)

    def ride(self) -> Tally:
        """Run it until every operation is settled, and count."""
        started_s = time.monotonic()
        draw = random.Random(self.seed)
        with ExitStack() as opened:
            shops = {f"shop{number}": self._site(number, draw) for number in range(1, self.sites + 1)}
            for site in shops.values():
                opened.enter_context(site)
            office = opened.enter_context(self._open(shops))
            for name, site in shops.items():
                self.say(f"{name}: pull")
                with office.desk(name, actor="cli:ana") as desk:
                    pull(desk)
                self._type(name, site)
            crew = Crew(self.config, ENV, self.workers, draw, aftershocks=self.kills // 3)
            for name, site in shops.items():
                site.strike = _striker(office, crew, name)
            crew.start()
            try:
                names = list(shops)
                waves = [names[at : at + self.at_once] for at in range(0, len(names), self.at_once)]
                rounds = sum(
                    self._until_settled(office, {name: shops[name] for name in wave}) for wave in waves
                )
            finally:
                log = crew.stop()
            if "Traceback" in log or crew.odd:
                self.problems.append(f"workers ended with {crew.odd}: {log[-2000:]}")
            return self._count(office, shops, crew.kills, rounds, time.monotonic() - started_s)

    @property
    def config(self) -> Path:
        """The configuration file."""
        return self.folder / "sheetsync.toml"

    def _site(self, number: int, draw: random.Random) -> StormySite:
        count = self.operations // self.sites
        total = self.kills - self.kills // 3
        strikes = total * number // self.sites - total * (number - 1) // self.sites
        part = count / max(1, strikes)
        return StormySite(
            {str(user): BALANCE for user in range(1, count + 1)},
            share=self.faults,
            kill_at={int(part * place + draw.uniform(0, part * 0.7)) + 1 for place in range(strikes)},
            seed=self.seed * 1000 + number,
        )

    @contextmanager
    def _open(self, shops: dict[str, StormySite]) -> Iterator[Office]:
        text = SERVICE.format(database_url=self.database_url, lease_s=self.lease_s)
        for name, site in shops.items():
            routes = ROUTES.replace("connections.shop", f"connections.{name}")
            text += CONNECTION.format(
                name=name,
                address=site.address,
                routes=routes,
                parallel=self.parallel,
                settle_after_s=self.lease_s + 1,
            )
        self.config.write_text(text, encoding="utf-8")
        with Office.open(self.config, {**os.environ, **ENV}) as office:
            yield office

    def _type(self, name: str, site: StormySite) -> None:
        path = self.folder / f"{name}.xlsx"
        book = load_workbook(path)
        tab = book["Credits"]
        columns, rows = headers(tab), places(tab)
        for user in site.balances:
            action, amount, _ = wish(int(user))
            tab.cell(rows[user], columns["Action"]).value = action
            tab.cell(rows[user], columns["Amount"]).value = amount
            tab.cell(rows[user], columns["Reason"]).value = "Correction"
        book.save(path)
        book.close()

    def _until_settled(self, office: Office, shops: dict[str, StormySite]) -> int:
        for number in range(1, ROUNDS_MOST + 1):
            runs = {name: run for name in shops if (run := self._start(office, name))}
            if not runs:
                return number
            self._wait(office, list(runs.values()))
            for name, site in shops.items():
                with office.desk(name, actor="cli:ana") as desk:
                    verify(desk, wait=True)
                self._look(office, name, site)
        self.problems.append(f"not settled after {ROUNDS_MOST} rounds")
        return ROUNDS_MOST

    def _start(self, office: Office, name: str) -> str | None:
        """Preview and let the plan wait for a worker, as ``push --detach`` does; None if nothing is left."""
        with office.desk(name, actor="cli:ana") as desk:
            found = preview(desk)
            if not found.plan.operations:
                return None
            run = start_push(desk, found.plan.digest)
            queue = Queue(office.settings.service.queue_address())
            queue.wake(run)
            queue.close()
            self.say(f"{name}: {len(found.plan.operations)} operations in run {run}")
            return run

    def _wait(self, office: Office, runs: list[str]) -> None:
        end_s = time.monotonic() + RUN_TIMEOUT_S
        for run in runs:
            while True:
                found = office.ledger.runs.get(run)
                assert found is not None
                if found.state not in ("queued", "running"):
                    break
                if time.monotonic() > end_s:
                    raise AssertionError(f"run {run} does not end: {found}")
                time.sleep(LOOK_EVERY_S)
            self.say(f"{found.connection}: {found.state}, {found.done} of {found.total}")
            if found.state != "done":
                self.problems.append(f"run {run} of {found.connection} {found.state}: {found.result}")

    def _look(self, office: Office, name: str, site: StormySite) -> None:
        """Compare what the ledger says with the journal, while nothing is under way."""
        records = office.ledger.operations.history(name, limit=None)
        with site.lock:
            counted = Counter(write.user_id for write in site.applied)
        for record in records:
            count = counted[record.account_id]
            says_yes = record.state is OperationState.CONFIRMED
            says_no = record.state in SENDABLE
            if (says_yes and count < 1) or (says_no and count):
                self.wrong.add(f"{name} {record.account_id}: {record.state}, counted {count} times")

    def _count(
        self, office: Office, shops: dict[str, StormySite], kills: int, rounds: int, seconds: float
    ) -> Tally:
        doubled = lost = faults = 0
        for name, site in shops.items():
            faults += site.faults
            counted = Counter(site.applied)
            users = Counter(write.user_id for write in site.applied)
            doubled += sum(count - 1 for count in users.values())
            lost += sum(1 for user in site.balances if not users[user])
            wishes = {user: wish(int(user))[2] for user in site.balances}
            if counted != Counter(wishes.values()):
                self.problems.append(f"{name}: writes differ from what was wished")
            self._compare(office, name, site)
        checked = office.ledger.check()
        if (checked["chain"], checked["sums"]) != ("ok", "ok"):
            self.problems.append(f"ledger check: {checked}")
        wrong = len(self.wrong)
        self.problems += sorted(self.wrong)[:20]
        return Tally(
            self.operations, kills, faults, doubled, lost, wrong, seconds, rounds, tuple(self.problems)
        )

    def _compare(self, office: Office, name: str, site: StormySite) -> None:
        """Compare the ledger and the tab at the end: every operation is there once, and confirmed."""
        told = Counter(
            record.account_id
            for record in office.ledger.operations.history(name, limit=None)
            if record.state is OperationState.CONFIRMED
        )
        book = load_workbook(self.folder / f"{name}.xlsx")
        tab = book["Credits"]
        columns, rows = headers(tab), places(tab)
        for user in site.balances:
            status = tab.cell(rows[user], columns["Status"]).value
            if told[user] != 1 or status != "Confirmed":
                self.wrong.add(f"{name} {user}: {told[user]} confirmed, the tab says {status}")
        book.close()


def start_push(desk: Desk, digest: str) -> str:
    """Let a push wait for a worker."""
    return desk.ledger.runs.start(
        "push", desk.name, desk.system, actor=desk.actor, plan=digest, params={"check": True}
    )


def wish(user: int) -> tuple[str, int, Write]:
    """Return what is typed for a user, and the one write that it must come to."""
    name = str(user)
    if user % 4 == 0:
        return "Reset", BALANCE + user, Write(name, "set", BALANCE + user)
    if user % 4 == 3:
        less = user % 50 + 1
        return "Adjust", -less, Write(name, "set", BALANCE - less)
    return "Add", user, Write(name, "add", user)


def _striker(office: Office, crew: Crew, name: str) -> Callable[[], None]:
    """Return what kills the worker that drives a connection's run."""

    def strike() -> None:
        for run in office.ledger.runs.unfinished():
            if run.connection == name and run.owner is not None:
                crew.kill(run.owner.pid)

    return strike
