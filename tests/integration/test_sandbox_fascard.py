"""The FasCard dialect over real HTTP: sign-in, accounts, value requests, transactions."""

from collections.abc import Iterator
from decimal import Decimal
from typing import Any

import pytest

from sheetsync.sandbox import Person, Sandbox
from sheetsync.sandbox.fc_site import FasCardSite
from tests.integration.fascard_client import FasCardClient

ADJUST = {"TransType": 3, "TransSubType": 0}
REFUND = {"TransType": 3, "TransSubType": 3}
CASH = {"TransType": 2, "TransSubType": 2}


@pytest.fixture(scope="module")
def running() -> Iterator[FasCardClient]:
    """One server for all tests."""
    with Sandbox(dialect="fascard", users=25) as sandbox:
        client = FasCardClient(sandbox)
        yield client
        client.pool.clear()


@pytest.fixture
def client(running: FasCardClient) -> FasCardClient:
    """A client; account 7 holds 40.00, 5.00, no points and 2 starts, and every switch is as it begins."""
    running.sandbox.turn(**FasCardSite().as_dict())
    running.sandbox.faults.clear()
    running.token = running.sign_in().json()["Token"]
    person = running.sandbox.book.person("7")
    amounts = {"balance": 4000, "bonus": 500, "loyalty_points": None, "free_starts": 2}
    running.sandbox.book.open(person, amounts)
    return running


def held(client: FasCardClient) -> tuple[object, ...]:
    """Return the four amounts of account 7 as the server tells them."""
    record = client.account(7)
    return tuple(record[name] for name in ("Balance", "Bonus", "LoyaltyPoints", "FreeStarts"))


def refusal(client: FasCardClient, status: int, method: str, path: str, **options: Any) -> str:  # noqa: ANN401
    """Check that a request is refused in the server's form, and return its words."""
    answer = client.send(method, path, **options)
    body = answer.json()
    assert (status, status) == (answer.status, body["ErrorCode"]), body
    return str(body["Message"])


def test_sign_in(client: FasCardClient) -> None:
    """A token needs the right name, in any case, and the right password; each sign-in gives another."""
    tokens = {client.sign_in(name).json()["Token"] for name in (None, client.sandbox.username.upper())}
    assert 2 == len(tokens)
    assert [401, 401] == [client.sign_in("x").status, client.sign_in(None, "x").status]
    assert 400 == client.pool.request("POST", f"{client.sandbox.base_url}/api/AuthToken", body="{}").status
    client.token = "made up"
    assert "token" in refusal(client, 401, "GET", "UserAccount/12")


def test_tokens_expire(client: FasCardClient) -> None:
    """By age, and at once where the script says so; a new sign-in helps."""
    client.sandbox.faults.script("unauthorized_401", on="write")
    assert [7] == [one["ID"] for one in client.get("UserAccount/12/7")]
    assert "expired" in refusal(client, 401, "POST", "UserAccount/12/7", body={**ADJUST, "Balance": 1})
    assert "expired" in refusal(client, 401, "GET", "UserAccount/12/7")
    client.token = client.sign_in().json()["Token"]
    assert (Decimal("40.00"), Decimal("5.00"), None, 2) == held(client)
    client.sandbox.turn(token_life_s=0)
    assert "expired" in refusal(client, 401, "GET", "UserAccount/12/7")


@pytest.mark.parametrize("account", ["12", "F0002", "f0002"])
def test_pages_of_accounts(client: FasCardClient, account: str) -> None:
    """Newest first without a last id; before or after a last id, always in descending order."""
    path = f"UserAccount/{account}"
    ids = {
        "newest": client.get(path, limit=3),
        "older": client.get(path, limit=3, lastID=23, prev="True"),
        "newer": client.get(path, limit=3, lastID=3, prev="false"),
        "last": client.get(path, limit=3, lastID=25, prev="false"),
        "all": client.get(path, Limit=5000, LastID=0),
    }
    assert {
        "newest": [25, 24, 23],
        "older": [22, 21, 20],
        "newer": [6, 5, 4],
        "last": [],
        "all": list(range(25, 0, -1)),
    } == {name: [one["ID"] for one in page] for name, page in ids.items()}
    client.sandbox.turn(blank_is_zero=True)
    assert [3, 2, 1] == [one["ID"] for one in client.get(path, limit=3)]
    assert [] == client.get(path, limit=3, prev="true")
    client.sandbox.turn(ascending_upwards=True)
    assert [4, 5, 6] == [one["ID"] for one in client.get(path, limit=3, lastID=3, prev="false")]


def test_an_unknown_account_id(client: FasCardClient) -> None:
    """Neither ours nor our store's."""
    assert "Account not found" == refusal(client, 404, "GET", "UserAccount/F0003")
    assert "UserAccount not found" == refusal(client, 404, "GET", "UserAccount/12/999")
    assert "limit" in refusal(client, 400, "GET", "UserAccount/12?limit=x")


def test_filters(client: FasCardClient) -> None:
    """By e-mail address and by last activity, before the limit counts."""
    client.sandbox.book.open(Person("26", "", "Nobody's Mail"), {})
    try:
        assert [26] == [one["ID"] for one in client.get("UserAccount/12", hasEmail="false")]
        assert [25] == [one["ID"] for one in client.get("UserAccount/12", hasEmail="true", limit=1)]
        client.sandbox.book.top_up("9", "bonus", 1)
        active = client.get("UserAccount/12", lastActivity="2025-01-01T00:00:00", hasEmail="true")
        assert 9 in {one["ID"] for one in active}
        assert 20 not in {one["ID"] for one in active}
        assert "lastActivity" in refusal(client, 400, "GET", "UserAccount/12?lastActivity=yesterday")
    finally:
        client.sandbox.book.close("26")


def test_the_account_of_a_card(client: FasCardClient) -> None:
    """A list of one or none; an account carries no card number itself."""
    assert [7] == [one["ID"] for one in client.get("UserAccount/12", cardNo="70000007")]
    assert [] == client.get("UserAccount/12", cardno="1")


def test_records_of_others(client: FasCardClient) -> None:
    """Where lists are mixed, every record says whose it is."""
    client.sandbox.turn(foreign_records=True)
    client.change(7, **ADJUST, Balance=1, AdditionalInfo="mine")
    for path, query in (("UserAccount/12", {}), ("Transact", {"AccountID": 12, "UserAccountID": 7})):
        owners = {one["AccountID"] for one in client.get(path, **query)}
        assert {12, 86} == owners
    assert {12, 86} == {one["AccountID"] for one in client.get("Location")}


def test_an_adjustment_of_several_units(client: FasCardClient) -> None:
    """One request, one transaction; what is not named stays."""
    record = client.change(7, **ADJUST, Balance=2.5, LoyaltyPoints=100, AdditionalInfo="ss:K thanks")
    assert (Decimal("42.50"), Decimal("5.00"), 100, 2) == held(client)
    assert (7, Decimal("42.50")) == (record["ID"], record["Balance"])
    line = client.get("Transact", AccountID=12, UserAccountID=7, Limit=1)[0]
    expected = {
        "AccountID": 12,
        "UserAccountID": 7,
        "TransType": 3,
        "TransSubType": 0,
        "BalanceAmount": Decimal("2.50"),
        "BonusAmount": Decimal("0.00"),
        "LoyaltyPoints": 100,
        "FreeStarts": 0,
        "NewBalance": Decimal("42.50"),
        "NewBonus": Decimal("5.00"),
        "NewLoyaltyPoints": 100,
        "NewFreeStarts": 2,
        "AdditionalInfo": "ss:K thanks",
        "EmployeeUserID": client.get("User")["UserID"],
    }
    assert expected == {name: line[name] for name in expected}


def test_exact_values(client: FasCardClient) -> None:
    """Set, not added; the transaction tells the difference."""
    client.change(7, **ADJUST, Balance=10, FreeStarts=0, SetExactValue=True)
    assert (Decimal("10.00"), Decimal("5.00"), None, 0) == held(client)
    line = client.get("Transact", AccountID="F0002", UserAccountID=7, Limit=1)[0]
    assert (Decimal("-30.00"), -2) == (line["BalanceAmount"], line["FreeStarts"])


def test_refund_and_cash(client: FasCardClient) -> None:
    """A refund adds; cash is added to the balance, with a package's bonus only where that is switched on."""
    client.change(7, **REFUND, Balance=20)
    client.change(7, **CASH, Cash=10, LocationID=2)
    assert (Decimal("70.00"), Decimal("5.00"), None, 2) == held(client)
    cash, refund = client.get("Transact", AccountID=12, UserAccountID=7, Limit=2)
    assert (2, 2, 2, Decimal("10.00")) == tuple(
        cash[name] for name in ("TransType", "TransSubType", "LocationID", "CashAmount")
    )
    assert (3, 3) == (refund["TransType"], refund["TransSubType"])
    client.sandbox.turn(package_bonus=True)
    client.change(7, **CASH, Cash=20, LocationID=3)
    assert (Decimal("90.00"), Decimal("8.00"), None, 2) == held(client)


@pytest.mark.parametrize(
    "body",
    [
        {"TransType": 1, "TransSubType": 0, "Balance": 1},
        {"TransType": 2, "TransSubType": 0, "Balance": 1},
        {"TransType": "3", "TransSubType": 0, "Balance": 1},
        {"TransSubType": 0, "Balance": 1},
        {**ADJUST},
        {**ADJUST, "Balance": "1"},
        {**ADJUST, "Balance": None},
        {**ADJUST, "Balance": True},
        {**ADJUST, "Balance": 1.005},
        {**ADJUST, "LoyaltyPoints": 1.5},
        {**ADJUST, "FreeStarts": 1.0},
        {**ADJUST, "Balance": 1, "SetExactValue": "true"},
        {**ADJUST, "Balance": 1, "Cash": 1},
        {**ADJUST, "Balance": 1, "LocationID": 2},
        {**ADJUST, "Balance": 1, "Reason": "x"},
        {**ADJUST, "Balance": 1, "AdditionalInfo": 5},
        {**REFUND, "Balance": 1, "SetExactValue": False},
        {**CASH, "Balance": 1},
        {**CASH, "Cash": 10},
        {**CASH, "Cash": 10, "LocationID": 99},
        {**CASH, "Cash": 0, "LocationID": 2},
        {**ADJUST, "Balance": -40.01},
        {**ADJUST, "Bonus": -1, "SetExactValue": True},
        {**ADJUST, "Bonus": 1, "Balance": -41},
        [],
        "{",
    ],
)
def test_bad_requests_change_nothing(client: FasCardClient, body: object) -> None:
    """Anything beside the document's letter is refused as a whole."""
    lines = len(client.sandbox.book.journal("7"))
    assert refusal(client, 400, "POST", "UserAccount/12/7", body=body)
    assert (Decimal("40.00"), Decimal("5.00"), None, 2) == held(client)
    assert lines == len(client.sandbox.book.journal("7"))


def test_balances_below_zero(client: FasCardClient) -> None:
    """Only where that is switched on."""
    client.sandbox.turn(below_zero=True)
    client.change(7, **ADJUST, Balance=-45.5)
    assert (Decimal("-5.50"), Decimal("5.00"), None, 2) == held(client)


def test_customers_spend(client: FasCardClient) -> None:
    """By control request and by fault; the list shows purchases without a note."""
    client.control("POST", "spend", {"account": "7", "amount": "3.75"})
    client.control("POST", "top_up", {"account": "7", "unit": "bonus", "amount": "1"})
    client.control("POST", "faults", [{"kind": "spend", "on": "write", "amount": "2.25"}])
    client.change(7, **ADJUST, Balance=1, AdditionalInfo="x")
    assert (Decimal("35.00"), Decimal("6.00"), None, 2) == held(client)
    lines = client.get("Transact", AccountID=12, UserAccountID=7, Limit=4)
    seen = [(line["TransType"], line["BalanceAmount"], line["AdditionalInfo"]) for line in lines]
    assert [
        (3, Decimal("1.00"), "x"),
        (100, Decimal("-2.25"), None),
        (2, Decimal("0.00"), "topped up"),
        (100, Decimal("-3.75"), None),
    ] == seen


def test_pages_of_transactions(client: FasCardClient) -> None:
    """All accounts or one, newest first, older and newer than an id."""
    for _ in range(4):
        client.change(7, **ADJUST, Balance=1)
    client.change(8, **ADJUST, Balance=1)
    newest = [line["ID"] for line in client.get("Transact", AccountID=12, UserAccountID=0, Limit=5)]
    assert sorted(newest, reverse=True) == newest
    of_seven = [line["ID"] for line in client.get("Transact", AccountID=12, UserAccountID=7, Limit=4)]
    assert newest[1:] == of_seven
    query = {"AccountID": 12, "UserAccountID": 7, "Limit": 2}
    older = client.get("Transact", **query, lastID=of_seven[1], Older="True")
    newer = client.get("Transact", **query, LastID=of_seven[3], Older="False")
    assert (of_seven[2:], of_seven[1:3]) == ([one["ID"] for one in older], [one["ID"] for one in newer])


def test_notes_may_be_cut(client: FasCardClient) -> None:
    """Or lost; the change is booked all the same."""
    client.sandbox.turn(note_limit=4)
    client.change(7, **ADJUST, Balance=1, AdditionalInfo="ss:KEY")
    client.sandbox.turn(note_limit=0)
    client.change(7, **ADJUST, Balance=1, AdditionalInfo="ss:KEY")
    lines = client.get("Transact", AccountID=12, UserAccountID=7, Limit=2)
    assert [None, "ss:K"] == [line["AdditionalInfo"] for line in lines]


def test_late_bookings_and_late_lists(client: FasCardClient) -> None:
    """A change may be accepted before it counts, and count before it is listed."""
    client.sandbox.turn(booked_late_s=60)
    record = client.change(7, **ADJUST, Balance=1, AdditionalInfo="late")
    assert (Decimal("40.00"), Decimal("40.00")) == (record["Balance"], client.account(7)["Balance"])
    speaker: Any = client.sandbox._speaker
    clock_s = speaker.requests.clock_s
    speaker.requests.clock_s = lambda: clock_s() + 60
    assert Decimal("41.00") == client.account(7)["Balance"]
    speaker.requests.clock_s = clock_s
    query = {"AccountID": 12, "UserAccountID": 7, "Limit": 1}
    assert ["late"] == [line["AdditionalInfo"] for line in client.get("Transact", **query)]
    client.sandbox.turn(booked_late_s=0, listed_late_s=3600)
    assert [] == client.get("Transact", **query)


@pytest.mark.parametrize(
    ("switch", "privilege", "paths"),
    [
        ("loyalty_accounts", "Loyalty Accounts", ["UserAccount/12", "UserAccount/12/7"]),
        ("reports", "Reports", ["Transact?AccountID=12&UserAccountID=0"]),
        ("user_manager", "User Manager", ["User/500007?AccountID=12"]),
        ("equipment_setup", "Equipment Setup", ["Equip/31/Schedule/2", "Equip/31/Location/2/Pricing"]),
    ],
)
def test_privileges(client: FasCardClient, switch: str, privilege: str, paths: list[str]) -> None:
    """Without one its calls are refused; the others go on."""
    for path in paths:
        assert client.get(path)
    client.sandbox.turn(**{switch: False})
    for path in paths:
        assert privilege in refusal(client, 403, "GET", path)
    assert client.get("Account")


def test_faults_spoil_answers_not_the_book(client: FasCardClient) -> None:
    """One is lost after it was booked, one before, one arrives."""
    client.sandbox.faults.script("error_500_after", on="write", account="7")
    client.sandbox.faults.script("error_500_before", on="write", account="7")
    statuses = [client.send("POST", "UserAccount/12/7", {**ADJUST, "Balance": 1}).status for _ in range(3)]
    assert [500, 500, 200] == statuses
    assert Decimal("42.00") == client.account(7)["Balance"]


def test_the_plant(client: FasCardClient) -> None:
    """Every read-only list of the document answers, some in several ways, with codes beyond the document."""
    lists = ("Account", "Location", "LocationGroup", "Machine", "Equip", "AddValuePackage", "Coupon", "Card")
    for name in (*lists, "Satellite"):
        assert {one["ID"] for one in client.get(name)}, name
    assert [2] == [one["ID"] for one in client.get("Location/2/")]
    assert [2003] == [one["ID"] for one in client.get("Machine", MachineID=2003)]
    assert client.get("Machine/2003") == client.get("machine", machineID=2003)
    assert {3} == {one["LocationID"] for one in client.get("Machine", LocationID=3)}
    assert (60, 5, 75) == tuple(
        len(client.get("Machine/2003/History", **query)) for query in ({}, {"Limit": 5}, {"Limit": 1000})
    )
    assert (20, 25) == (
        len(client.get("Satellite/72/History")),
        len(client.get("Satellite/72/History", Limit=999)),
    )
    assert client.get("Equip/31/LocationGroup/5/Pricing") == client.get("LocationGroup/5/Equip/31/Pricing")
    assert client.get("Equip/31/Schedule/2") == client.get("Location/2/Equip/31/Schedule")
    assert 77 in {one["Status"] for one in client.get("Machine", LocationID=2)}
    assert [2003, 3003] == [one["ID"] for one in client.get("Machine")]
    assert "not found" in refusal(client, 404, "GET", "Machine/1")
    assert "DELETE" in refusal(client, 405, "DELETE", "User")


def test_statistics(client: FasCardClient) -> None:
    """For support administrators; the latest record of each type, or a range in steps."""
    assert "Support Admin" in refusal(client, 403, "GET", "SysStats?Types=100")
    client.sandbox.turn(support_admin=True)
    assert [100, 200] == [one["Types"] for one in client.get("SysStats", Types="100,200")]
    span = client.get("SysStats", Types="100", MinDateTime="2026-03-02T18:00:00", Interval=600)
    assert 3 == len(span)


def test_a_bare_record(client: FasCardClient) -> None:
    """Where a server answers with the record instead of a list of one."""
    client.sandbox.turn(bare_record=True)
    assert 7 == client.get("UserAccount/12/7")["ID"]
    assert 2 == client.get("Location/2")["ID"]
