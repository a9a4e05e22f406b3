"""UniBee's provider at its edges: lists that move, what is refused here, what answers mean, the contract."""

from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from sheetsync.config import UniBeeConnection
from sheetsync.core.accounts import Action, Change, Operation, resulting
from sheetsync.core.evidence import carrying
from sheetsync.core.quotes import quote_of, quoted
from sheetsync.errors import OutcomeUnknownError, ProviderError, RejectedError, RequestOutcome, RetryableError
from sheetsync.providers.unibee import UniBee
from sheetsync.sandbox import Sandbox
from tests.contract.provider_suite import FakeClock, RealClock
from tests.contract.sandbox_rig import Impatient
from tests.merchant import KEY, Merchant, Weather
from tests.merchant.book import Person
from tests.merchant.witness import Witness


@contextmanager
def provider(
    address: str, monkeypatch: pytest.MonkeyPatch, key: str = KEY, **settings: object
) -> Iterator[UniBee]:
    """Open a provider."""
    monkeypatch.setenv("UNIBEE_KEY", key)
    connection = UniBeeConnection.model_validate(
        {
            "provider": "unibee",
            "base_url": address,
            "api_key": {"env": "UNIBEE_KEY"},
            "currencies": ["EUR"],
            "sheet": {"kind": "xlsx", "path": "credits.xlsx", "tab": "Promo"},
            **settings,
        }
    )
    made = UniBee(connection, name="saas", clock=FakeClock(), limiter=Impatient(10_000, RealClock()))
    try:
        yield made
    finally:
        made.close()


def listed(found: UniBee) -> list[str]:
    """Return the ids of a pull."""
    return [account.account_id for account in found.accounts(lambda _done, _total: None)]


def test_users_come_and_go_while_the_list_is_read(monkeypatch: pytest.MonkeyPatch) -> None:
    """Neither lost nor doubled, by the list alone."""
    with Merchant.of(250) as merchant, provider(merchant.address, monkeypatch) as found:

        def joins() -> None:
            merchant.people[900] = Person(900, {}, created=1_780_000_000)

        def leaves() -> None:
            del merchant.people[101]

        merchant.between_pages = [joins, leaves]
        ids = listed(found)
        assert len(ids) == len(set(ids))
        assert {str(number) for number in merchant.people} <= set(ids)
        assert {"POST /merchant/user/list", "POST /merchant/credit/config_list"} == set(merchant.requests)
        assert found.account("900").balances == {"promo_eur": None}


def test_a_currency_that_is_not_set_up(monkeypatch: pytest.MonkeyPatch) -> None:
    """It is refused before a change would open an account in it."""
    with (
        Merchant.of(3) as merchant,
        provider(merchant.address, monkeypatch, currencies=["EUR", "CHF"]) as found,
    ):
        with pytest.raises(ProviderError, match="no promo credit in CHF; it has: EUR, USD"):
            listed(found)
        wanted = Operation("K", "101", "", Action.ADD, (Change("promo_chf", 5),))
        with pytest.raises(RejectedError, match="CHF"):
            found.apply(wanted, {}, lambda: None)
        failed = [each for each in found.check() if not each.ok]
        assert ["currency_chf"] == [each.name for each in failed]
        assert not merchant.bodies


@pytest.mark.parametrize(
    ("action", "amount", "before"),
    [(Action.ADJUST, -41, 40), (Action.ADD, 0, 40), (Action.RESET, 40, 40), (Action.ADD, 2**63, 40)],
)
def test_refused_here(monkeypatch: pytest.MonkeyPatch, action: Action, amount: int, before: int) -> None:
    """More than the balance, nothing at all, and what no int64 holds never leave."""
    with Merchant.of(3) as merchant, provider(merchant.address, monkeypatch) as found:
        wanted = Operation("K", "101", "", action, (Change("promo_eur", amount),), reason="x")
        with pytest.raises(RejectedError, match="nothing was sent"):
            found.apply(wanted, {"promo_eur": before}, lambda: None)
        assert not merchant.bodies
        with pytest.raises(RejectedError) as caught:
            found.account("7/../1")
        assert caught.value.account_gone


def test_the_person_is_in_the_note(monkeypatch: pytest.MonkeyPatch) -> None:
    """However long reason and note are: at most 120 characters, the key first."""
    with Merchant.of(3) as merchant, provider(merchant.address, monkeypatch) as found:
        wanted = Operation(
            "KEY",
            "101",
            "",
            Action.ADD,
            (Change("promo_eur", 5),),
            "r" * 90,
            "n" * 400,
            "web:ana@example.org",
        )
        found.apply(wanted, {"promo_eur": 40}, lambda: None)
        description = merchant.bodies[0][1]["description"]
        assert description.startswith("ss:KEY web:ana@example.org · rrr")
        assert 119 == len(description)  # what would end in a space ends before it


@pytest.mark.parametrize(
    ("answer", "outcome"),
    [
        ("internal", OutcomeUnknownError),
        ("database", OutcomeUnknownError),
        ("panic", OutcomeUnknownError),
        ("junk", OutcomeUnknownError),
        ("refuse", RejectedError),
        ("busy", RetryableError),
    ],
)
def test_answers(monkeypatch: pytest.MonkeyPatch, answer: Any, outcome: type[RequestOutcome]) -> None:  # noqa: ANN401 - one of its answers
    """Codes count, whatever the status; the quota is a wait; “Server Error” is unknown."""
    with Merchant.of(3) as merchant, provider(merchant.address, monkeypatch) as found:
        merchant.weather(101, Weather(answer))
        wanted = Operation("KEY", "101", "", Action.ADD, (Change("promo_eur", 5),))
        with pytest.raises(outcome):
            found.apply(wanted, {"promo_eur": 40}, lambda: None)


def test_a_duplicate_is_unknown(monkeypatch: pytest.MonkeyPatch) -> None:
    """The same key once more: what it met may be our own earlier attempt, so it is looked up."""
    with (
        Merchant.of(3, generation="calls duplicate") as merchant,
        provider(merchant.address, monkeypatch) as found,
    ):
        wanted = Operation("KEY", "101", "", Action.ADD, (Change("promo_eur", 5),))
        found.apply(wanted, {"promo_eur": 40}, lambda: None)
        with pytest.raises(OutcomeUnknownError, match="repetition"):
            found.apply(wanted, {"promo_eur": 45}, lambda: None)
        since = datetime.now(UTC) - timedelta(hours=1)
        assert 1 == len(carrying("KEY", found.transactions({"101"}, since)))


def test_reads_wait_for_the_quota(monkeypatch: pytest.MonkeyPatch) -> None:
    """“Reached max api qps” is no error of a read either; a strange key is refused at once."""
    with Merchant.of(3) as merchant, provider(merchant.address, monkeypatch) as found:
        merchant.busy_reads = 2
        assert ["101", "102", "103"] == sorted(listed(found))
        with provider(merchant.address, monkeypatch, key="another") as stranger:
            (failed,) = stranger.check()
            assert (False, "api_key") == (failed.ok, failed.name)
            assert "api_key" in failed.hint


@pytest.mark.parametrize("honours_key", [True, False])
def test_every_exchange_is_as_the_contract_says(monkeypatch: pytest.MonkeyPatch, honours_key: bool) -> None:  # noqa: FBT001
    """Requests of the provider, and replies of the sandbox, in both generations, refusals included."""
    switches = {"honours_key": honours_key}
    with (
        Sandbox(dialect="unibee", users=120, switches=switches) as sandbox,
        Witness(sandbox.base_url) as witness,
        provider(witness.address, monkeypatch, key=sandbox.password, currencies=["EUR", "USD"]) as found,
    ):
        sandbox.book.set_to("7", "promo_eur", 60)
        assert 120 == len(listed(found))
        assert all(each.ok for each in found.check())
        for action, amount in ((Action.ADD, 25), (Action.RESET, 50), (Action.ADJUST, -10)):
            wanted = Operation(f"K{amount + 90}", "7", "", action, (Change("promo_eur", amount),), reason="x")
            before = found.account("7").balances
            found.apply(wanted, before, lambda: None)
            assert resulting(wanted, before)["promo_eur"] == sandbox.book.balance("7", "promo_eur")
        sandbox.turn(editable=False)
        with pytest.raises(RejectedError, match="Credit account editable disabled"):
            found.apply(wanted, {"promo_eur": 40}, lambda: None)
        sandbox.turn(editable=True)
        with pytest.raises(RejectedError):
            found.account("4711")
        extras = {"subscription_id": "sub000007"}
        promo = Operation("K9", "7", "", Action.APPLY_PROMO, (Change("promo_eur", 20),), extras=extras)
        agreed = quoted(promo, found.quote(promo))
        again = found.quote(agreed)
        before_quote = quote_of(agreed.extras)
        assert before_quote is not None
        assert again.terms == before_quote.terms
        found.apply(agreed, {"promo_eur": 40}, lambda: None)
        assert 20 == sandbox.book.balance("7", "promo_eur")
        traces = found.traces(agreed)
        assert traces is not None
        assert "in000001" == traces.invoice
        paid = [
            each for each in found.transactions({"7"}, datetime.now(UTC) - timedelta(days=1)) if each.pays
        ]
        assert [-20] == [each.changes["promo_eur"] for each in paid]
        assert [] == witness.problems
        assert 9 == len(set(witness.calls))
