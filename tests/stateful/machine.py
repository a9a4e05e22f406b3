"""People, customers, crashes and bad weather in any order, and what must hold after each of them.

Two persons work with a tab each on one credit system. Every number says whose it is, because a balance alone
cannot tell: adds and adjustments are multiples of 1,000 and never the same twice, resets go to multiples of
100,000, and customers move different powers of two, which never add up to nothing.
"""

from collections import Counter
from collections.abc import Callable
from datetime import datetime, timedelta
from functools import partial
from typing import Any

from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, precondition, rule

from sheetsync.core.states import SENDABLE, UNPROVEN, UNSETTLED, OperationState
from sheetsync.errors import SheetsyncError
from sheetsync.jobs.preview import preview
from sheetsync.jobs.pull import pull
from sheetsync.jobs.push import push
from sheetsync.jobs.rebase import Keep, rebase
from sheetsync.jobs.settle import resolve
from sheetsync.jobs.verify import verify
from sheetsync.ports import OperationRecord
from tests.stateful.kit import LEASE, SETTLE_AFTER, Killed, Town, pulled
from tests.stateful.paper import EDIT, IDENTITY, Paper, Row

OPENING = {"1": 50_000, "2": 20_000, "3": 0, "4": 7_000}
PEOPLE = {"ana": "shop", "bo": "shop2"}

WHO = st.sampled_from(sorted(PEOPLE))
ACCOUNT = st.sampled_from(sorted(OPENING))
GARBAGE: tuple[Row, ...] = (
    {"Action": "Add", "Amount": "1,234"},
    {"Action": "Add", "Amount": -1000},
    {"Action": "Grant", "Amount": 1000},
    {"Action": "Add", "Amount": None},
    {"Action": None, "Amount": 1000},
    {"Action": "Adjust", "Amount": 1000, "Reason": None},
    {"Action": "Reset", "Amount": -1},
    {"Action": "Add", "Amount": "=1000"},
    {"Action": "Add", "Amount": 0},
    {"Action": "Add", "Amount": 1000, "Key": None},
    {"Action": "Add", "Amount": 1000, "Key": "K0-1-AAAAAA-11"},
)
KINDS = ("add", "add", "add", "adjust", "take", "take", "reset", "reset", "same", "over", "lone", "note")
WEATHER: tuple[tuple[str, dict[str, object]], ...] = (
    ("drop_before", {}),
    ("drop_after", {}),
    ("drop_after", {}),
    ("hold", {}),
    ("hold", {}),
    ("error_500_before", {}),
    ("error_500_after", {}),
    ("too_many_429", {"retry_after": 0}),
    ("too_many_429", {"retry_after": 0, "times": 2}),
    ("junk_before_json", {}),
    ("truncated", {}),
    ("html_502", {"applied": True}),
    ("cloudflare", {}),
    ("spend", {"side": "before"}),
    ("spend", {"side": "after"}),
    ("drop_before", {"on": "read", "after": 1}),
    ("too_many_429", {"on": "read", "after": 1, "retry_after": 0, "times": 3}),
)
POINTS = ("before", "gone", "answered", "tab")
VISITS = ("pull", "preview", "ship", "verify", "away", "away and ship", "type", "clear", "customer", "cancel")


def files() -> dict[str, bytes]:
    """Return an office that has pulled."""
    return pulled(tuple(OPENING.items()), tuple(PEOPLE.values()))


Meaning = tuple[str, int]
"""Action and amount, as typed."""


class TownMachine(RuleBasedStateMachine):
    """The rules; ``check`` is what must hold."""

    @initialize(one_machine=st.booleans(), thorough=st.sampled_from((False, False, False, True)))
    def open_town(self, *, one_machine: bool, thorough: bool) -> None:
        """Open the town; both persons have pulled."""
        self.town = Town(OPENING, one_machine=one_machine, files=files())
        self.thorough = thorough
        self.people = {name: self.town.process(name, tab) for name, tab in PEOPLE.items()}
        self.papers = {name: Paper(self.people[name].path) for name in PEOPLE}
        self.typed: Counter[tuple[str, Meaning]] = Counter()
        self.expected: dict[str, dict[str, tuple[str, str]]] = {name: {} for name in PEOPLE}
        self.copies: dict[str, list[bytes]] = {name: [] for name in PEOPLE}
        self.plans: list[tuple[str, str, set[str]]] = []
        self.number = 0
        self.moves = 0
        self.late_since: datetime | None = None
        self.may_arrive: set[str] = set()
        self.depth = 0
        for name in PEOPLE:
            self.human(name, lambda: None, typing=False)
            self.copies[name].append(self.papers[name].path.read_bytes())

    # people at their tabs

    @rule(who=WHO, account=ACCOUNT, kind=st.sampled_from(KINDS))
    def types(self, who: str, account: str, kind: str) -> None:
        """A person types."""
        row = self.papers[who].table().get(account)
        if row is not None:
            self.human(who, partial(self.papers[who].type, account, self.cells(row, kind)))

    def cells(self, row: Row, kind: str) -> Row:
        """Return what is typed into a row; each amount is a new one."""
        self.number += 1
        amount = 1000 * self.number
        cells: dict[str, Row] = {
            "add": {"Action": "Add", "Amount": amount},
            "adjust": {"Action": "Adjust", "Amount": amount, "Reason": "Correction"},
            "take": {"Action": "Adjust", "Amount": -amount, "Reason": "Correction"},
            "reset": {"Action": "Reset", "Amount": 100 * amount},
            "same": {"Action": "Reset", "Amount": row["Credits"]},
            "over": {"Action": "Reset", "Amount": None, "Credits": 100 * amount},
            "lone": {"Action": None, "Amount": None, "Credits": 100 * amount},
            "note": {"Note": f"note {amount}"},
        }
        return cells[kind]

    @rule(who=WHO, account=ACCOUNT, cells=st.sampled_from(GARBAGE))
    def types_garbage(self, who: str, account: str, cells: Row) -> None:
        """A person types what makes no sense, or spoils a Key."""
        self.human(who, partial(self.papers[who].type, account, cells))

    @rule(who=WHO, account=ACCOUNT)
    def clears(self, who: str, account: str) -> None:
        """A person takes an edit back."""
        self.human(who, partial(self.papers[who].clear, account))

    @rule(who=WHO, account=ACCOUNT)
    def types_again(self, who: str, account: str) -> None:
        """A person types an edit again that the account had before."""
        done = [meaning for of, meaning in self.typed if of == account]
        if done:
            action, amount = done[-1]
            cells = {"Action": action.capitalize(), "Amount": amount, "Reason": "Correction"}
            self.human(who, partial(self.papers[who].clear, account), typing=False)
            self.human(who, partial(self.papers[who].type, account, cells))

    @rule(who=WHO, source=ACCOUNT, onto=ACCOUNT, whole=st.booleans())
    def copies_row(self, who: str, source: str, onto: str, *, whole: bool) -> None:
        """A person copies a row's edit to another row, or the whole row below the last."""
        rows = self.papers[who].rows()
        row = next((row for row in rows if str(row["User ID"]) == source), None)
        if row is None:
            return
        if whole:
            self.human(who, partial(self.papers[who].put, [*rows, row]), typing=False)
        else:
            self.human(who, partial(self.papers[who].type, onto, {name: row[name] for name in EDIT}))

    @rule(who=WHO, account=ACCOUNT)
    def deletes_row(self, who: str, account: str) -> None:
        """A person deletes a user's rows."""
        rows = [row for row in self.papers[who].rows() if str(row["User ID"]) != account]
        self.human(who, partial(self.papers[who].put, rows))

    @rule(who=WHO, whole=st.sampled_from((True, True, False)))
    def sorts(self, who: str, *, whole: bool) -> None:
        """A person sorts the rows, or only some columns of them."""
        rows = self.papers[who].rows()
        turned: list[Row] = [dict(row) for row in reversed(rows)]
        if not whole:
            turned = [
                {**row, **{name: other[name] for name in IDENTITY}}
                for row, other in zip(rows, turned, strict=True)
            ]
        self.human(who, partial(self.papers[who].put, turned), typing=whole)

    @rule(who=WHO)
    def keeps_copy(self, who: str) -> None:
        """A person keeps a copy of the workbook."""
        self.copies[who].append(self.papers[who].path.read_bytes())

    @rule(who=WHO, number=st.integers(0, 5))
    def puts_copy_back(self, who: str, number: int) -> None:
        """A person puts an old copy in place of the workbook."""
        copies = self.copies[who]
        self.human(
            who, partial(self.papers[who].path.write_bytes, copies[-1 - number % len(copies)]), typing=False
        )

    # commands

    @rule(who=WHO)
    def pulls(self, who: str) -> None:
        """A person pulls."""
        if self.command(who, pull) is not None:
            self.check_statuses(who)

    @rule(who=WHO)
    def previews(self, who: str) -> None:
        """A person previews."""
        self.preview(who)

    @rule(
        who=WHO,
        account=ACCOUNT,
        weather=st.none() | st.sampled_from(WEATHER),
        point=st.none() | st.sampled_from(POINTS),
        visit=st.sampled_from(VISITS),
        doom=st.none() | st.integers(0, 45),
        check=st.sampled_from((True, True, False)),
        edits=st.dictionaries(ACCOUNT, st.sampled_from(KINDS), max_size=3),
    )
    def ships(
        self,
        who: str,
        account: str,
        weather: tuple[str, dict[str, object]] | None,
        point: str | None,
        visit: str,
        doom: int | None,
        edits: dict[str, str],
        *,
        check: bool,
    ) -> None:
        """A person types, previews and pushes; others act meanwhile, the site is ill, the process dies."""
        rows = self.papers[who].rows()
        for row in rows:
            if edits.get(str(row["User ID"])):
                row.update(self.cells(row, edits.pop(str(row["User ID"]))))
        self.human(who, partial(self.papers[who].put, rows))
        digest = self.preview(who)
        if digest is None:
            return
        if weather is not None:
            self.weather(account, *weather)
        process = self.people[who]
        if point is not None:
            process.visits[point] = partial(self.visit, who, account, visit)
        process.doom = doom
        self.push(who, digest, check=check)
        self.town.sandbox.faults.clear()

    @rule(who=WHO, doom=st.none() | st.integers(0, 20), number=st.integers(0, 4))
    def pushes_old_plan(self, who: str, doom: int | None, number: int) -> None:
        """A person pushes a plan of before, perhaps once more, perhaps somebody else's."""
        if self.plans:
            self.people[who].doom = doom
            self.push(who, self.plans[-1 - number % len(self.plans)][1], check=True)

    @rule(who=WHO, wait=st.booleans(), lost=st.booleans(), doom=st.none() | st.integers(0, 12))
    def verifies(self, who: str, doom: int | None, *, wait: bool, lost: bool) -> None:
        """A person verifies; the process may die."""
        if wait:
            self.pass_time(0, lost=lost, past=SETTLE_AFTER)
        self.people[who].doom = doom
        self.command(who, partial(verify, wait=wait))

    @rule(who=WHO, account=ACCOUNT, keep=st.sampled_from(("change", "target")), fresh=st.booleans())
    def rebases(self, who: str, account: str, keep: Keep, *, fresh: bool) -> None:
        """A person decides a Conflict, perhaps one that arises right now."""
        if fresh:
            self.types(who, account, "take" if self.number % 2 else "reset")
            self.customer(account, spends=False)
        self.depth += 1  # the tab is compared when it is known what the person chose
        try:
            self.human(who, lambda: self.command(who, lambda desk: rebase(desk, account, keep=keep)))
        finally:
            self.depth -= 1
        self.check()

    @rule(who=WHO, number=st.integers(0, 3))
    def resolves(self, who: str, number: int) -> None:
        """A person looks at the true book and settles what nobody can prove."""
        waiting = [each for each in self.records() if each.state in UNPROVEN]
        if waiting and not self.town.sandbox.held:
            self.resolve(who, waiting[number % len(waiting)])

    @rule(who=WHO)
    def restarts(self, who: str) -> None:
        """A person's computer starts again."""
        self.people[who].alive = False
        self.revive(who)

    @rule(who=WHO)
    def locks_workbook(self, who: str) -> None:
        """A person leaves the workbook open in a spreadsheet program, or closes it."""
        self.people[who].locked = not self.people[who].locked

    # the world

    @rule(account=ACCOUNT, spends=st.booleans())
    def customer(self, account: str, *, spends: bool) -> None:
        """A customer spends or tops up."""
        amount = self.next_move()
        if spends and self.town.balance(account) >= amount:
            self.town.book.spend(account, "credits", amount)
        else:
            self.town.book.top_up(account, "credits", amount)

    @rule(seconds=st.sampled_from((1, 31, 95, 95, 1900)), lost=st.booleans())
    def time_passes(self, seconds: int, *, lost: bool) -> None:
        """Time passes; a request that is still under way is carried out, or lost, before it is too late."""
        self.pass_time(seconds, lost=lost)

    @precondition(lambda self: self.town.sandbox.held)
    @rule(lost=st.booleans())
    def late_requests(self, *, lost: bool) -> None:
        """What was late arrives, or is lost for good."""
        self.town.settle_late(lost=lost)
        self.late_since = None

    # how it is done

    def next_move(self) -> int:
        """Return a power of two that no customer has moved before."""
        self.moves += 1
        return 1 << (self.moves - 1)

    def weather(self, account: str, kind: str, options: dict[str, object]) -> None:
        """Script a fault."""
        more = {"amount_minor": -self.next_move()} if kind == "spend" else {}
        self.town.fault(kind, account, **{**options, **more})

    def pass_time(self, seconds: float, *, lost: bool, past: timedelta = timedelta()) -> None:
        """Let time pass; no request lives longer than ``settle_after``."""
        soon = self.town.clock.now() + timedelta(seconds=seconds + 5) + past
        if self.late_since is not None and soon >= self.late_since + SETTLE_AFTER:
            self.town.settle_late(lost=lost)
            self.late_since = None
        self.town.clock.sleep(seconds)

    def human(self, who: str, work: Callable[[], object], *, typing: bool = True) -> None:
        """Do something to a tab; what is typed is meant to count once."""
        before = {} if not typing else self.papers[who].table()
        work()
        after = self.papers[who].table()
        for account, row in after.items():
            old, meaning = before.get(account), meant(row)
            new = old is None or any(old[name] != row[name] for name in ("Action", "Amount", "Credits"))
            if typing and meaning is not None and new:
                self.typed[account, meaning] += 1
        self.expected[who] = {account: typed_cells(row) for account, row in after.items()}

    def command(self, who: str, job: Callable[..., Any]) -> Any:  # noqa: ANN401 - of any use case
        """Run a use case as this person; None if it refused, or its process died."""
        self.revive(who)
        process, began, first = self.people[who], self.town.clock.now(), len(self.town.witness.arrived)
        self.depth += 1
        result = None
        try:
            result = job(process.desk)
        except SheetsyncError:
            pass
        except Killed:
            assert not process.alive
        finally:
            self.depth -= 1
            process.doom = None
            process.visits.clear()
        if self.late_since is None and self.town.sandbox.held:
            self.late_since = began
        if not self.depth:
            assert set(self.town.witness.arrived[first:]) <= self.may_arrive
            self.may_arrive.clear()
            self.check()
        return result

    def revive(self, who: str) -> None:
        """Start a new process where the old one is dead."""
        if not self.people[who].alive:
            locked = self.people[who].locked
            self.people[who].close()
            self.people[who] = self.town.process(who, PEOPLE[who])
            self.people[who].locked = locked

    def preview(self, who: str) -> str | None:
        """Preview; return the plan's digest."""
        found = self.command(who, preview)
        if found is None:
            return None
        keys = {each.operation.key for each in found.plan.operations}
        for row in found.plan.rows:
            assert row.status == "edited" or not row.planned
        self.plans.append((who, found.plan.digest, keys))
        return str(found.plan.digest)

    def push(self, who: str, digest: str, *, check: bool) -> None:
        """Push; nothing leaves that the plan does not hold, nor for a row that makes no sense."""
        keys = set().union(*(keys for _, each, keys in self.plans if each == digest))
        table = self.papers[who].table()
        sound = {account for account, row in table.items() if meant(row) is not None and row["Key"]}
        first = len(self.town.witness.arrived)
        self.may_arrive |= keys
        told = self.command(who, lambda desk: push(desk, digest, check=check))
        records = {each.key: each for each in self.records()}
        for key in set(self.town.witness.arrived[first:]) & keys:
            assert records[key].connection != PEOPLE[who] or records[key].account_id in sound
        for row in [] if told is None else told["rows"]:
            if row["status"] in ("confirmed", "not_applied", "rejected"):
                assert row["status"] == records[row["operation"]].state.value

    def visit(self, who: str, account: str, what: str) -> None:
        """Somebody else acts while a push of this person stands still."""
        other = next(name for name in PEOPLE if name != who)
        if what.startswith("away"):
            self.pass_time(LEASE.total_seconds() + 1, lost=False)
        acts: dict[str, Callable[[], object]] = {
            "pull": partial(self.command, other, pull),
            "preview": partial(self.preview, other),
            "ship": partial(self.ship, other),
            "away and ship": partial(self.ship, other),
            "verify": partial(self.command, other, verify),
            "away": partial(self.command, other, verify),
            "type": partial(self.types, who, account, "add"),
            "clear": partial(self.clears, who, account),
            "customer": partial(self.customer, account, spends=False),
            "cancel": partial(self.cancel, other),
        }
        acts[what]()

    def ship(self, who: str) -> None:
        """Preview and push."""
        digest = self.preview(who)
        if digest is not None:
            self.push(who, digest, check=True)

    def cancel(self, who: str) -> None:
        """Cancel whatever runs, between two rows."""
        self.town.clock.sleep(1)
        runs = self.people[who].ledger.runs
        for run in runs.unfinished():
            runs.cancel(run.run)

    def resolve(self, who: str, record: OperationRecord) -> None:
        """Settle an operation as it truly is."""
        applied = self.town.times(record.key) > 0
        self.command(who, lambda desk: resolve(desk, record.key, applied=applied, reason="I looked"))

    def records(self) -> list[OperationRecord]:
        """Return every operation of the ledger."""
        return self.people["ana"].records()

    # what must hold

    def check(self) -> None:
        """Compare ledger, credit system and tabs."""
        records = self.records()
        assert set(self.town.witness.applied) <= {each.key for each in records}
        counts: Counter[tuple[str, Meaning]] = Counter()
        for each in records:
            self.check_operation(each)
            counts[each.account_id, (each.action, each.units[0].amount)] += self.town.times(each.key)
        assert counts <= self.typed, counts - self.typed
        busy = Counter(each.account_id for each in records if each.state in UNSETTLED)
        assert set(busy.values()) <= {1}
        for account, opening in OPENING.items():
            moved = sum(line.delta_minor for line in self.town.book.journal(account, cause="customer"))
            ours = sum(
                line.delta_minor
                for each in records
                if each.account_id == account
                for line in self.town.witness.applied[each.key]
            )
            assert self.town.balance(account) == opening + moved + ours
        checked = self.people["ana"].ledger.check()
        assert (checked["chain"], checked["sums"]) == ("ok", "ok"), checked
        self.check_edits(records)

    def check_operation(self, record: OperationRecord) -> None:
        """Compare what the ledger says of an operation with what happened."""
        times = self.town.times(record.key)
        assert times <= 1, f"{record.key} was applied {times} times"
        assert self.town.witness.arrived.count(record.key) <= 2 * record.attempts
        if record.state in SENDABLE:
            assert times == 0, f"{record.state} but applied: {record}"
        if record.state is OperationState.CONFIRMED:
            assert record.evidence is not None
            unsent = record.evidence.get("before", 0) == record.evidence.get("after", 1)
            assert times == (0 if unsent else 1), f"confirmed, applied {times} times: {record}"
        if times and record.action == "add":
            assert self.town.witness.applied[record.key][0].delta_minor == record.units[0].amount

    def check_edits(self, records: list[OperationRecord]) -> None:
        """See that no edit was lost: a cell is as it was typed, or cleared because it counted."""
        confirmed = {
            (each.account_id, each.action, each.units[0].amount)
            for each in records
            if each.state is OperationState.CONFIRMED
        }
        for who, expected in self.expected.items():
            for account, row in self.papers[who].table().items():
                cells, typed = typed_cells(row), expected.get(account, ("", ""))
                if cells == typed:
                    continue
                assert cells == ("", ""), f"{who}'s edit of {account} turned from {typed} to {cells}"
                action, amount = typed[0].lower(), typed[1]
                counted = {of[2] for of in confirmed if of[:2] == (account, action)}
                assert counted if not amount else int(float(amount)) in counted, (
                    f"lost {who} {account} {typed}"
                )
                expected[account] = cells

    def check_statuses(self, who: str) -> None:
        """See that a tab that was just pulled says what waits for its proof, and nothing else does."""
        waiting = {each.account_id for each in self.records() if each.state in UNPROVEN}
        for account, row in self.papers[who].table().items():
            shown = row["Status"] == "Confirmation Required"
            assert shown == (account in waiting), (account, row, waiting)

    def teardown(self) -> None:
        """In the end everything is settled, rightly, and the next edit counts."""
        if not hasattr(self, "town"):
            return
        try:
            self.converge()
        finally:
            self.town.close()

    def converge(self) -> None:
        """Let the weather clear, and settle what is left."""
        self.town.sandbox.faults.clear()
        self.pass_time(3600, lost=False)
        for who in PEOPLE:
            self.people[who].locked = False
            assert self.command(who, verify) is not None
        for each in self.records():
            if each.state in UNPROVEN:
                self.resolve("bo", each)
        for each in self.records():
            assert each.state not in UNSETTLED, each
            assert (each.state is OperationState.CONFIRMED) >= bool(self.town.times(each.key))
        if not self.thorough:
            return
        self.papers["ana"].path.unlink()
        self.expected["ana"] = {}
        assert self.command("ana", pull) is not None
        shown = self.papers["ana"].table()
        assert {account: shown[account]["Credits"] for account in OPENING} == {
            account: self.town.balance(account) for account in OPENING
        }
        self.types("ana", "1", "add")
        digest = self.preview("ana")
        assert digest is not None
        self.push("ana", digest, check=True)
        assert self.people["ana"].record("1").state is OperationState.CONFIRMED


def typed_cells(row: Row) -> tuple[str, str]:
    """Return action and amount as they stand there."""
    return str(row["Action"] or ""), "" if row["Amount"] is None else str(row["Amount"])


def meant(row: Row) -> Meaning | None:
    """Return what a row asks for; None if that is nothing, or nonsense."""
    action, amount = str(row["Action"] or "").lower(), row["Amount"]
    if action == "reset" and amount is None:
        amount = row["Credits"]
    if action not in ("add", "adjust", "reset") or not isinstance(amount, int | float):
        return None
    if amount < (0 if action == "reset" else 1) and action != "adjust":
        return None
    return action, int(amount)
