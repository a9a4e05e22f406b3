"""What every ``Provider`` promises, as tests that every adapter's test class inherits.

A test class gives one fixture, ``rig``; see ``Rig``.
"""

import itertools
import logging
import pickle
import threading
import time
import traceback
from collections import Counter
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime
from typing import Protocol

import pytest

from sheetsync.core.accounts import Action, Balances, Change, Operation, Unit, resulting
from sheetsync.errors import (
    LostLeaseError,
    OutcomeUnknownError,
    ProviderError,
    RejectedError,
    RequestOutcome,
    RetryableError,
)
from sheetsync.ports import Provider, Receipt

OUTCOMES: list[tuple[str, type[RequestOutcome], int]] = [
    ("drop_before", OutcomeUnknownError, 0),
    ("drop_after", OutcomeUnknownError, 1),
    ("error_500_before", OutcomeUnknownError, 0),
    ("error_500_after", OutcomeUnknownError, 1),
    ("html_500", OutcomeUnknownError, 0),
    ("html_502", OutcomeUnknownError, 0),
    ("junk_before_json", OutcomeUnknownError, 1),
    ("truncated", OutcomeUnknownError, 1),
    ("redirect_301", OutcomeUnknownError, 0),
    ("too_many_429", RetryableError, 0),
    ("cloudflare", RejectedError, 0),
]
"""Fault of the sandbox, the outcome class of a write that it hits, and how often that write was applied."""


_SERIAL = itertools.count()


class FakeClock:
    """Waits without waiting, and remembers for how long. Thread-safe."""

    def __init__(self) -> None:
        self.slept_s: list[float] = []

    def now(self) -> datetime:
        """Wall clock, UTC."""
        return datetime.now(UTC)

    def sleep(self, seconds: float) -> None:
        """Remember the pause."""
        self.slept_s.append(seconds)


class RealClock(FakeClock):
    """Waits, and remembers for how long."""

    def sleep(self, seconds: float) -> None:
        """Wait."""
        super().sleep(seconds)
        time.sleep(seconds)


class Rig(Protocol):
    """A credit system in a test's hands, and providers to it.

    Attributes:
        secrets: what must never show: passwords, keys, and forms of them that travel.
        account_ids: in the order of the system's list.
    """

    secrets: tuple[str, ...]
    account_ids: list[str]

    def provider(
        self, *, timeout_s: float = 10, rate_per_s: float = 10_000, base_url: str = "", retries: int = 2
    ) -> Provider:
        """Make a provider to the system, or to another base address; closed by the rig."""
        ...

    def script(self, kind: str, **options: object) -> None:
        """Script a fault of the sandbox."""
        ...

    def balance(self, account_id: str, unit: str) -> int:
        """Return the true balance in minor units."""
        ...

    def applied(self, account_id: str) -> int:
        """Return how many changes through the API were applied, once everything late has happened."""
        ...

    def clear(self) -> None:
        """Forget the requests seen so far."""
        ...

    def writes_at_once(self) -> int:
        """Return how many writes to one account ever ran at once."""
        ...

    def busiest(self, window_s: float) -> int:
        """Return the most requests in any window of that length."""
        ...

    def requests(self) -> int:
        """Return how many requests arrived."""
        ...


def operation(unit: Unit, account_id: str, action: Action, amount: int) -> Operation:
    """Return an operation on one unit, with a key that no other has."""
    return Operation(
        f"K0K{next(_SERIAL):04d}", account_id, "", action, (Change(unit.code, amount),), reason="Goodwill"
    )


def send(provider: Provider, wanted: Operation, before: Balances) -> Receipt:
    """Apply an operation, and see to it that its intent was committed exactly once if anything was sent."""
    went: list[float] = []
    expected = {1}
    try:
        return provider.apply(wanted, before, lambda: went.append(time.monotonic()))
    except (RetryableError, RejectedError):
        # Nothing happened, perhaps because nothing was sent.
        expected = {0, 1}
        raise
    finally:
        assert len(went) in expected


class ProviderContract:
    @pytest.fixture
    def rig(self) -> Rig:
        """To be given by each adapter."""
        raise NotImplementedError

    def test_streams_every_account_once(self, rig: Rig) -> None:
        """Every account, each id once, with its true balance, and progress up to the end."""
        provider = rig.provider()
        unit = provider.capabilities.units[0].code
        steps: list[tuple[int, int | None]] = []
        accounts = list(provider.accounts(lambda done, total: steps.append((done, total))))
        assert Counter(rig.account_ids) == Counter(account.account_id for account in accounts)
        assert all(rig.balance(a.account_id, unit) == (a.balances[unit] or 0) for a in accounts)
        assert len(rig.account_ids) == steps[-1][0]
        assert all(account.email for account in accounts)

    def test_reads_fresh(self, rig: Rig) -> None:
        """A read sees what happened right before it."""
        provider = rig.provider()
        unit, account_id = provider.capabilities.units[0], rig.account_ids[1]
        before = provider.account(account_id).balances
        send(provider, operation(unit, account_id, Action.ADD, 7), before)
        assert (before[unit.code] or 0) + 7 == provider.account(account_id).balances[unit.code]

    def test_unknown_account_is_gone(self, rig: Rig) -> None:
        """An account that does not exist is refused as gone, not as a failure."""
        with pytest.raises(RejectedError) as caught:
            rig.provider().account("987654321")
        assert caught.value.account_gone

    @pytest.mark.parametrize(
        ("action", "amount"),
        [(Action.ADD, 25), (Action.RESET, 40), (Action.RESET, 0), (Action.ADJUST, 5), (Action.ADJUST, -3)],
    )
    def test_applies(self, rig: Rig, action: Action, amount: int) -> None:
        """Each action does what ``resulting`` says, once."""
        provider = rig.provider()
        unit, account_id = provider.capabilities.units[0], rig.account_ids[2]
        send(provider, operation(unit, account_id, Action.ADD, 50), provider.account(account_id).balances)
        before = provider.account(account_id).balances
        wanted = operation(unit, account_id, action, amount)
        assert isinstance(send(provider, wanted, before), Receipt)
        assert resulting(wanted, before)[unit.code] == rig.balance(account_id, unit.code)
        assert 2 == rig.applied(account_id)

    @pytest.mark.parametrize(("kind", "outcome", "applied"), OUTCOMES)
    def test_write_outcome(self, rig: Rig, kind: str, outcome: type[RequestOutcome], applied: int) -> None:
        """A write under a fault ends in exactly one class, and is never sent twice."""
        provider = rig.provider()
        unit, account_id = provider.capabilities.units[0], rig.account_ids[0]
        before = provider.account(account_id).balances
        rig.clear()
        rig.script(kind, on="write")
        with pytest.raises(RequestOutcome) as caught:
            send(provider, operation(unit, account_id, Action.ADD, 5), before)
        assert outcome is type(caught.value)
        assert applied == rig.applied(account_id)
        assert 1 == rig.requests()

    @pytest.mark.parametrize("side", ["before", "after"])
    def test_slow_write_is_unknown(self, rig: Rig, side: str) -> None:
        """No answer in time is unknown, though it may be applied later, once."""
        provider = rig.provider(timeout_s=0.3)
        unit, account_id = provider.capabilities.units[0], rig.account_ids[0]
        before = provider.account(account_id).balances
        rig.clear()
        rig.script("slow", on="write", seconds=0.8, side=side)
        started = time.monotonic()
        with pytest.raises(OutcomeUnknownError):
            send(provider, operation(unit, account_id, Action.ADD, 5), before)
        assert time.monotonic() - started < 0.7
        assert 1 == rig.requests()
        time.sleep(0.8)
        assert rig.applied(account_id) <= 1

    def test_intent_comes_right_before_the_request(self, rig: Rig) -> None:
        """It is committed after everything that waits: the limit, and another write to the account."""
        provider = rig.provider(rate_per_s=1)
        unit, account_id = provider.capabilities.units[0], rig.account_ids[0]
        provider.account(account_id)
        rig.clear()
        asked = time.monotonic()
        went: list[tuple[float, int]] = []
        wanted = operation(unit, account_id, Action.ADD, 5)
        provider.apply(
            wanted, {unit.code: 0}, lambda: went.append((time.monotonic() - asked, rig.requests()))
        )
        ((after_s, arrived),) = went
        assert after_s > 0.8
        assert 0 == arrived
        assert 1 == rig.requests()

    @pytest.mark.parametrize(
        "error", [LostLeaseError("taken over"), OSError("disk"), ValueError("x"), TimeoutError()]
    )
    def test_refused_intent_sends_nothing(self, rig: Rig, error: Exception) -> None:
        """What the commit raises comes out as it is, nothing was sent, and the next write works."""
        provider = rig.provider()
        unit, account_id = provider.capabilities.units[0], rig.account_ids[0]
        before = provider.account(account_id).balances
        rig.clear()

        def refuse() -> None:
            raise error

        with pytest.raises(type(error)) as caught:
            provider.apply(operation(unit, account_id, Action.ADD, 5), before, refuse)
        assert error is caught.value
        assert 0 == rig.requests()
        send(provider, operation(unit, account_id, Action.ADD, 5), before)
        assert 1 == rig.applied(account_id)

    def test_slow_intent_costs_the_request_no_time(self, rig: Rig) -> None:
        """A commit that waits for the disk leaves the request its whole time-out."""
        provider = rig.provider(timeout_s=0.5)
        unit, account_id = provider.capabilities.units[0], rig.account_ids[0]
        provider.apply(operation(unit, account_id, Action.ADD, 5), {unit.code: 0}, lambda: time.sleep(0.7))
        assert 1 == rig.applied(account_id)

    def test_refused_connection_is_retryable(self, rig: Rig) -> None:
        """Nobody listens: nothing was sent, and a read says so, too."""
        provider = rig.provider(base_url="http://127.0.0.1:9")
        unit = provider.capabilities.units[0]
        with pytest.raises(RetryableError) as caught:
            send(provider, operation(unit, "1", Action.ADD, 5), {unit.code: 0})
        assert not caught.value.reached
        with pytest.raises(RetryableError) as caught:
            provider.account("1")
        assert not caught.value.reached
        with pytest.raises(ProviderError):
            list(provider.accounts(lambda _done, _total: None))

    @pytest.mark.parametrize(
        "kind", ["drop_before", "error_500_before", "html_502", "junk_before_json", "too_many_429"]
    )
    def test_reads_try_again(self, rig: Rig, kind: str) -> None:
        """A read outlives a passing fault, within its bounded tries, and not more of them."""
        provider = rig.provider(retries=2)
        account_id = rig.account_ids[0]
        rig.script(kind, on="read", times=2)
        assert account_id == provider.account(account_id).account_id
        rig.script(kind, on="read", times=3)
        with pytest.raises(RetryableError):
            provider.account(account_id)

    def test_one_write_in_flight_per_account(self, rig: Rig) -> None:
        """Writes to one account queue up; writes to others go on."""
        provider = rig.provider()
        unit, account_id = provider.capabilities.units[0], rig.account_ids[0]
        rig.script("slow", on="write", seconds=0.02, times=None)
        before = {unit.code: rig.balance(account_id, unit.code)}
        with ThreadPoolExecutor(8) as pool:
            jobs = [operation(unit, account_id, Action.ADD, 1) for _ in range(12)]
            list(pool.map(lambda job: send(provider, job, before), jobs))
        assert 1 == rig.writes_at_once()
        assert (before[unit.code] or 0) + 12 == rig.balance(account_id, unit.code)

    def test_rate_limit(self, rig: Rig) -> None:
        """Reads, writes and their retries together stay below the limit in every second."""
        provider = rig.provider(rate_per_s=20)
        unit = provider.capabilities.units[0]
        provider.account(rig.account_ids[0])
        rig.clear()
        rig.script("error_500_before", on="read", times=2)
        with ThreadPoolExecutor(4) as pool:
            futures = [pool.submit(provider.account, account_id) for account_id in rig.account_ids[:30]]
            futures[0].result()
            send(provider, operation(unit, rig.account_ids[3], Action.ADD, 1), {unit.code: 0})
            for future in futures:
                future.result()
        assert 33 == rig.requests()
        # as they leave, never more than 20 in 1 s; a busy machine notes arrivals some milliseconds late
        assert rig.busiest(0.97) <= 20

    def test_secrets_show_nowhere(self, rig: Rig, caplog: pytest.LogCaptureFixture) -> None:
        """Not in logs, exceptions, their tracebacks, or representations."""
        caplog.set_level(logging.DEBUG)
        provider = rig.provider(retries=0)
        shown = [repr(provider), str(vars(provider).get("_session"))]
        for kind in ("drop_before", "html_500", "cloudflare", "redirect_301"):
            rig.script(kind, on="any")
            try:
                provider.account(rig.account_ids[0])
            except RequestOutcome as error:
                shown += [repr(error), str(error.as_dict()), *traceback.format_exception(error)]
        text = "\n".join([*shown, caplog.text])
        assert "GET" in caplog.text or "POST" in caplog.text
        assert [] == [secret for secret in rig.secrets if secret in text]

    def test_check_changes_nothing(self, rig: Rig) -> None:
        """A check of a sound system is all good, and moves nothing."""
        before = [rig.applied(account_id) for account_id in rig.account_ids[:3]]
        results = list(rig.provider().check())
        assert [] == [result for result in results if not result.ok]
        assert len(results) == len({result.name for result in results})
        assert before == [rig.applied(account_id) for account_id in rig.account_ids[:3]]

    def test_check_never_raises(self, rig: Rig) -> None:
        """A check of nothing at all says what is wrong, and what to do."""
        results = list(rig.provider(base_url="http://127.0.0.1:9", retries=0).check())
        assert results
        assert not results[0].ok
        assert results[0].hint

    def test_closes(self, rig: Rig) -> None:
        """Nothing is left behind: no thread, and a second close is no error."""
        provider = rig.provider()
        list(provider.accounts(lambda _done, _total: None))
        provider.close()
        provider.close()
        names = [thread.name for thread in threading.enumerate()]
        assert not [name for name in names if name.startswith(("fastcredit", "fascard", "unibee"))]

    def test_outcomes_travel(self, rig: Rig) -> None:
        """Accounts are plain values."""
        account = rig.provider().account(rig.account_ids[0])
        assert account == pickle.loads(pickle.dumps(account))  # noqa: S301 - our own
