"""FasCard against a strict server of its own: paging, bodies, tokens, privileges, transactions."""

import json
import logging
from collections.abc import Callable, Iterator
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest

from sheetsync.config import FasCardConnection
from sheetsync.core.accounts import Account, Action, Change, EvidenceKind, Operation
from sheetsync.errors import OutcomeUnknownError, ProviderError, RejectedError, RequestOutcome, RetryableError
from sheetsync.providers.fascard import FasCard
from sheetsync.providers.fascard.records import NOTE_LIMIT
from sheetsync.providers.limiter import SlidingLimiter
from tests.contract.provider_suite import FakeClock
from tests.laundry import ACCOUNT, PASSWORD, STORE, USERNAME, Customer, Laundry, Weather

Open = Callable[..., FasCard]
LONG_AGO = datetime(2020, 1, 1, tzinfo=UTC)


@pytest.fixture
def laundry() -> Iterator[Laundry]:
    """Give a laundry of five customers."""
    with Laundry.of(5) as laundry:
        yield laundry


@pytest.fixture
def connect(laundry: Laundry, tmp_path: Path) -> Iterator[Open]:
    """Give a maker of providers to it."""
    (tmp_path / "password").write_text(PASSWORD, encoding="utf-8")
    made: list[FasCard] = []

    def connect(**settings: Any) -> FasCard:  # noqa: ANN401 - settings of a connection
        settings = {
            "provider": "fascard",
            "base_url": laundry.address,
            "account_id": ACCOUNT,
            "username": USERNAME,
            "password": {"file": str(tmp_path / "password")},
            "sheet": {"kind": "xlsx", "path": "x.xlsx", "tab": "Accounts"},
            "timeout_s": 5,
            "retries": 1,
            **settings,
        }
        connection = FasCardConnection.model_validate(settings)
        clock = FakeClock()
        made.append(FasCard(connection, name="laundry", clock=clock, limiter=SlidingLimiter(10_000, clock)))
        return made[-1]

    yield connect
    for provider in made:
        provider.close()


def operation(action: Action, number: int = 1001, /, **changes: int) -> Operation:
    """Return an operation on one customer."""
    return Operation(
        key="0123456789ABCDEFGHJK",
        account_id=str(number),
        email="",
        action=action,
        changes=tuple(Change(code, amount) for code, amount in changes.items()),
        reason="Goodwill",
        note="was “kind”\nto us",
        actor="cli:ana",
        extras={"location_id": "2"} if action is Action.CASH else {},
    )


def apply(provider: FasCard, wanted: Operation) -> str:
    """Send it; return what was said."""
    return provider.apply(wanted, {}, lambda: None).words


def everybody(provider: FasCard) -> list[Account]:
    """Pull."""
    return list(provider.accounts(lambda _done, _total: None))


# pulling


@pytest.mark.parametrize("order", ["descending", "ascending", "shuffled"])
@pytest.mark.parametrize("forward", ["next", "newest"])
@pytest.mark.parametrize("blind", [False, True])
def test_every_account_whatever_the_order(connect: Open, order: Any, forward: Any, *, blind: bool) -> None:  # noqa: ANN401 - words of the laundry
    """Pages of 1000 in any order, both readings of the parameters; each account once, few requests."""
    with Laundry.of(2345, order=order, forward=forward, blind=blind) as laundry:
        found = everybody(connect(base_url=laundry.address))
        assert sorted(laundry.customers) == sorted(int(each.account_id) for each in found)
        assert len([each for each in laundry.requests if "UserAccount" in each]) <= 10


def test_units_and_blanks(connect: Open, laundry: Laundry) -> None:
    """Two decimals and whole numbers, exactly; null is no value and not 0."""
    held: dict[str, int | None] = {
        "Balance": -5,
        "Bonus": 123456789,
        "LoyaltyPoints": None,
        "FreeStarts": None,
    }
    laundry.customers[7] = Customer(7, "", "=1+1", held, employee=True)
    found = {each.account_id: each for each in everybody(connect())}
    assert {"balance": -5, "bonus": 123456789, "loyalty_points": None, "free_starts": None} == (
        found["7"].balances
    )
    assert ("", "=1+1", "yes") == (found["7"].email, found["7"].name, found["7"].details["employee"])
    assert {"balance": 4000, "bonus": 550, "loyalty_points": 100, "free_starts": 2} == found["1001"].balances
    assert found["1001"] == connect().account("1001")


@pytest.mark.parametrize("account_id", [ACCOUNT, STORE])
def test_other_accounts_are_left_out(connect: Open, laundry: Laundry, account_id: object) -> None:
    """Records that name another account are filtered, for a store id too."""
    laundry.names_account = True
    laundry.customers[900] = Customer(
        900, "x@example.com", "Foreign", dict(laundry.customers[1001].held), account=13
    )
    assert {"1001", "1002", "1003", "1004", "1005"} == {
        each.account_id for each in everybody(connect(account_id=account_id))
    }


def test_filters(connect: Open, laundry: Laundry) -> None:
    """With and without e-mail, and active since."""
    laundry.customers[1002].email = ""
    laundry.customers[1003].last_activity = datetime(2026, 3, 5, tzinfo=UTC)

    def ids(**settings: object) -> list[str]:
        return sorted(each.account_id for each in everybody(connect(**settings)))

    assert ["1002"] == ids(has_email=False)
    assert ["1001", "1003", "1004", "1005"] == ids(has_email=True)
    assert ["1003"] == ids(active_since="2026-03-02")
    assert ["1003"] == ids(active_since="2026-03-05T01:00:00+01:00")
    assert [True, False] == [connect(has_email=True).filtered, connect().filtered]


def test_by_card(connect: Open, laundry: Laundry) -> None:
    """A card finds its account; a server that knows no cards lists everybody, and that is passed on."""
    assert 5 == len(connect().find_by_card("4711"))
    laundry.cards = {1003: ("4711",)}
    assert ["1003"] == [each.account_id for each in connect().find_by_card("4711")]


def test_a_list_cut_short_counts_for_nothing(connect: Open, laundry: Laundry) -> None:
    """A page that cannot be read ends the pull."""
    provider = connect(retries=0)
    provider.account("1001")
    laundry.break_reads("html")
    with pytest.raises(ProviderError):
        everybody(provider)


# changing


@pytest.mark.parametrize(
    ("wanted", "body", "held"),
    [
        (
            operation(Action.ADD, loyalty_points=100, free_starts=2),
            {
                "TransType": 3,
                "TransSubType": 0,
                "LoyaltyPoints": 100,
                "FreeStarts": 2,
                "SetExactValue": False,
            },
            (4000, 550, 200, 4),
        ),
        (
            operation(Action.ADJUST, balance=-1999, bonus=10),
            {
                "TransType": 3,
                "TransSubType": 0,
                "Balance": Decimal("-19.99"),
                "Bonus": Decimal("0.1"),
                "SetExactValue": False,
            },
            (2001, 560, 100, 2),
        ),
        (
            operation(Action.RESET, balance=0, loyalty_points=7),
            {"TransType": 3, "TransSubType": 0, "Balance": 0, "LoyaltyPoints": 7, "SetExactValue": True},
            (0, 550, 7, 2),
        ),
        (
            operation(Action.REFUND, balance=2000),
            {"TransType": 3, "TransSubType": 3, "Balance": 20},
            (6000, 550, 100, 2),
        ),
        (
            operation(Action.CASH, balance=1010),
            {"TransType": 2, "TransSubType": 2, "Cash": Decimal("10.1"), "LocationID": 2},
            (5010, 550, 100, 2),
        ),
    ],
)
def test_bodies(
    connect: Open, laundry: Laundry, wanted: Operation, body: dict[str, object], held: tuple[int, ...]
) -> None:
    """Exactly the documented fields, exact numbers, the key first in the note; one request."""
    apply(connect(), wanted)
    ((_, text),) = laundry.bodies
    sent = json.loads(text, parse_float=Decimal)
    assert "ss:0123456789ABCDEFGHJK Goodwill · was “kind” to us · cli:ana" == sent.pop("AdditionalInfo")
    assert body == sent
    assert held == tuple(laundry.customers[1001].held.values())


def test_notes_are_bounded(connect: Open, laundry: Laundry) -> None:
    """A long note is cut, the key never."""
    wanted = operation(Action.ADD, balance=1)
    apply(
        connect(),
        Operation(**{**{name: getattr(wanted, name) for name in wanted.__slots__}, "note": "x" * 500}),
    )
    note = json.loads(laundry.bodies[0][1])["AdditionalInfo"]
    assert (NOTE_LIMIT, True) == (len(note), note.startswith("ss:0123456789ABCDEFGHJK Goodwill"))


def test_the_answer_is_the_receipt(connect: Open, laundry: Laundry) -> None:
    """What is said of an accepted change is what the account holds by then; anything else is no success."""
    provider = connect()
    assert "Balance 41.00, Bonus 5.51" == apply(provider, operation(Action.ADD, balance=100, bonus=1))
    laundry.weather(1001, Weather("empty"))
    with pytest.raises(OutcomeUnknownError):
        apply(provider, operation(Action.ADD, balance=100))


@pytest.mark.parametrize(
    ("answer", "outcome"),
    [
        ("refuse", RejectedError),
        ("busy", RetryableError),
        ("500", OutcomeUnknownError),
        ("cut", OutcomeUnknownError),
    ],
)
def test_outcomes(connect: Open, laundry: Laundry, answer: Any, outcome: type[RequestOutcome]) -> None:  # noqa: ANN401 - a word of the laundry
    """Each answer leads to one class; FasCard's own words are repeated without tags."""
    laundry.weather(1001, Weather(answer))
    with pytest.raises(outcome) as caught:
        apply(connect(), operation(Action.ADD, balance=100))
    assert 1 == len(laundry.bodies)
    if answer == "refuse":
        assert "FasCard refused: ErrorCode 17, The account is locked" in caught.value.message


def test_what_cannot_be_asked_for_is_not_sent(connect: Open, laundry: Laundry) -> None:
    """Cash without a location number, and an id that is none."""
    cash = operation(Action.CASH, balance=100)
    for wanted in (
        Operation("K", "1001", "", Action.CASH, cash.changes, extras={"location_id": "Main Street"}),
        Operation("K", "../1001", "", Action.ADD, cash.changes),
        Operation("K", "1001", "", Action.APPLY_PROMO, cash.changes),
    ):
        with pytest.raises(RejectedError):
            apply(connect(), wanted)
    assert [] == laundry.bodies


# signing in


def test_a_token_is_used_until_it_expires(connect: Open, laundry: Laundry) -> None:
    """One sign-in for many requests; one more when the token has expired, and the request goes again."""
    provider = connect()
    for _ in range(3):
        provider.account("1001")
    assert 1 == laundry.requests.count("POST /api/AuthToken")
    laundry.expire()
    went: list[int] = []
    provider.apply(operation(Action.ADD, balance=100), {}, lambda: went.append(len(laundry.bodies)))
    assert (2, [0, 0], 4100) == (laundry.requests.count("POST /api/AuthToken"), went, laundry.balance(1001))
    assert 1 == len(laundry.applied(1001))


def test_a_pull_outlives_many_tokens(connect: Open) -> None:
    """A token may expire between any two pages."""
    with Laundry.of(3100, token_uses=1) as laundry:
        assert 3100 == len(everybody(connect(base_url=laundry.address)))


def test_a_stranger_signs_in_once_more_and_no_further(connect: Open, laundry: Laundry) -> None:
    """Two 401 in a row end it, for a write too, as refused: nothing was applied."""
    provider = connect()
    provider.account("1001")
    laundry.weather(1001, Weather("401"), Weather("401"))
    with pytest.raises(RejectedError) as caught:
        apply(provider, operation(Action.ADD, balance=100))
    assert caught.value.everything
    assert (2, 4000) == (laundry.requests.count("POST /api/AuthToken"), laundry.balance(1001))


def test_a_wrong_password_is_said(connect: Open, tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    """Nothing else is tried; neither password nor token shows anywhere."""
    caplog.set_level(logging.DEBUG)
    provider = connect()
    provider.account("1001")
    (tmp_path / "password").write_text("wr0ng-password", encoding="utf-8")
    results = list(connect().check())
    assert [("sign_in", False)] == [(each.name, each.ok) for each in results]
    assert "did not take the user name and password" in results[0].message
    shown = f"{caplog.text}{results}{vars(provider)}{vars(provider._client)}"
    assert not any(secret in shown for secret in (PASSWORD, "wr0ng-password", "tok-"))


def test_another_address_is_said(connect: Open, laundry: Laundry) -> None:
    """A server that knows no sign-in is no FasCard, which is not the password's fault."""
    laundry.break_reads("gone")
    (result,) = list(connect().check())
    assert "There is no FasCard at this address" in result.message
    assert "base_url" in result.hint


# privileges


def test_check_says_who_and_what(connect: Open, laundry: Laundry) -> None:
    """Who is signed in, and which privileges are missing by name."""
    found = {each.name: each for each in connect().check()}
    assert [True] * 6 == [each.ok for each in found.values()]
    assert "Signed in as Olga Office" in found["user"].message
    laundry.reports = False
    found = {each.name: each for each in connect().check()}
    assert ["reports"] == [name for name, each in found.items() if not each.ok]
    assert "'Reports'" in found["reports"].hint
    laundry.loyalty = False
    found = {each.name: each for each in connect().check()}
    assert "'Loyalty Accounts'" in found["loyalty_accounts"].hint
    assert [] == laundry.bodies


def test_locations_are_no_must(connect: Open, laundry: Laundry) -> None:
    """Where they are not listed, check says so and is content; a page for people is asked for once."""
    provider = connect(retries=3)
    provider.account("1001")
    laundry.break_reads("gone")
    with pytest.raises(RejectedError) as caught:
        provider.locations()
    assert not caught.value.account_gone
    assert 1 == laundry.requests.count("GET /api/Location")


def test_evidence_is_what_may_be_read(connect: Open, laundry: Laundry) -> None:
    """With 'Reports' transactions prove, without it balances."""
    assert EvidenceKind.TRANSACTION is connect().evidence()
    laundry.reports = False
    assert EvidenceKind.BALANCE is connect().evidence()
    with pytest.raises(RejectedError):
        list(connect().transactions({"1001"}, LONG_AGO))


def test_locations(connect: Open) -> None:
    """Those of the account, in order."""
    assert ["2", "10"] == [each.location_id for each in connect().locations()]


# transactions


def test_transactions(connect: Open, laundry: Laundry) -> None:
    """Signed changes, results, note and time; customers' own ones are not like ours."""
    provider = connect()
    apply(provider, operation(Action.ADD, balance=2500))
    laundry.spend(1001, 1099)
    ours, theirs = sorted(provider.transactions({"1001"}, LONG_AGO), key=lambda each: each.transaction_id)
    assert (2500, 6500) == (ours.changes["balance"], ours.after["balance"])
    assert ("1001", True) == (ours.account_id, ours.like_ours)
    assert ours.note.startswith("ss:0123456789ABCDEFGHJK ")
    assert abs(datetime.now(UTC) - ours.at) < timedelta(minutes=1)
    assert (-1099, "", False) == (theirs.changes["balance"], theirs.note, theirs.like_ours)
    assert [] == list(provider.transactions({"1002"}, LONG_AGO))


@pytest.mark.parametrize("order", ["descending", "ascending", "shuffled"])
@pytest.mark.parametrize("blind", [False, True])
def test_all_pages_since_a_day(connect: Open, laundry: Laundry, order: Any, *, blind: bool) -> None:  # noqa: ANN401 - a word of the laundry
    """A busy customer's transactions fill pages; the search goes on until a whole page is older."""
    laundry.order, laundry.blind = order, blind
    clock = datetime(2026, 3, 1, tzinfo=UTC)
    for minute in range(4000):
        moment = clock + timedelta(minutes=minute)
        laundry.now = lambda moment=moment: moment  # type: ignore[misc]
        laundry.spend(1001, 1)
    found = list(connect().transactions({"1001"}, clock + timedelta(minutes=2500)))
    ids = [each.transaction_id for each in found]
    assert 1500 <= len(ids) == len(set(ids))
    assert blind or len(ids) < 4000
    assert len([each for each in laundry.requests if "Transact" in each]) <= 6 + 6 * blind


def test_many_accounts_take_one_walk(connect: Open, laundry: Laundry) -> None:
    """Everybody's transactions are read where that costs less, and single ones where everybody's are many."""
    for number in laundry.customers:
        laundry.spend(number, 1)
    wanted = {"1001", "1002", "1003", "1004"}
    assert wanted == {each.account_id for each in connect().transactions(wanted, LONG_AGO)}
    assert 2 == len([each for each in laundry.requests if "Transact" in each])
    laundry.requests.clear()
    for _ in range(1100):
        laundry.spend(1005, 1)
    found = list(connect().transactions(wanted, LONG_AGO))
    assert wanted == {each.account_id for each in found}
    assert len([each for each in laundry.requests if "Transact" in each]) <= 2 + 2 * len(wanted)
