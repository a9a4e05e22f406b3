"""What people type: each test is one habit, and asserts the sentence that the person reads."""

import pytest

from sheetsync.core.states import RowStatus
from tests.people.desk import LONG_ID, Ana
from tests.stateful.kit import Town
from tests.unit.test_core_kit import World


@pytest.mark.parametrize(
    ("cells", "parts"),
    [
        ({"Credits": 65}, ("overtyped from 40 to 65", "choose Reset", "type the change as an amount")),
        ({"Credits": 65, "Action": "Add"}, ("not clear which number counts",)),
        ({"Credits": 65, "Action": "Add", "Amount": 25}, ("not clear which number counts",)),
        ({"Credits": 65, "Action": "Reset", "Amount": 25}, ("not clear which number counts",)),
    ],
)
def test_overtype_the_balance_meaning_add(ana: Ana, cells: dict[str, object], parts: tuple[str, ...]) -> None:
    """Never guessed: the Action decides, and without a clear one the row is Invalid."""
    ana.type({"3": cells})
    status, message = ana.told("3")
    assert "Invalid" == status
    assert all(part in message for part in parts), message
    assert {} == ana.ship()


def test_overtype_the_balance_with_reset(ana: Ana, town: Town) -> None:
    """With Reset and an empty amount it is the new balance."""
    ana.type({"3": {"Credits": 65, "Action": "Reset"}})
    assert {"3": "confirmed"} == ana.ship()
    assert 65 == town.balance("3")


@pytest.mark.parametrize(
    ("account", "action", "amount", "asks"),
    [
        ("3", "Add", 40, "looks like the balance (40), and Add takes it to 80: did you mean Reset to 40?"),
        ("3", "Add", 45, "did you mean Reset to 45?"),
        ("13", "Add", 1229, "looks like the balance (1204), and Add takes it to 2433"),
        ("13", "Adjust", 1204, "did you mean Reset to 1204?"),
        ("13", "Reset", 25, "down from 1204 to 25: did you mean Add 25?"),
        ("3", "Add", 39, ""),
        ("3", "Add", 51, ""),
        ("13", "Add", 25, ""),
        ("13", "Reset", 0, ""),
        ("13", "Reset", 121, ""),
    ],
)
def test_an_amount_that_looks_like_the_balance(
    ana: Ana, account: str, action: str, amount: int, asks: str
) -> None:
    """It asks whether the other action was meant, in row and preview, and blocks nothing."""
    ana.type({account: {"Action": action, "Amount": amount, "Reason": "Goodwill"}})
    status, message = ana.told(account)
    assert ("Edited", asks == "", True) == (status, message == "", asks in message)
    aloud = ana.sees()["warnings"]
    assert [f"Row {14 if account == '13' else 4}, user {account}: {message}"][: bool(asks)] == aloud
    assert {account: "confirmed"} == ana.ship()


@pytest.mark.parametrize(
    ("typed", "part"),
    [
        ("1,500", "1500"),
        ("1.500", "1500"),
        ("12,50", "decimal"),
        ("ten", "not a number"),
        ("1E5", "exponent"),
        ("=5*5", "The amount is a formula: type the number itself"),
    ],
)
def test_type_an_amount_that_is_not_clear(ana: Ana, typed: str, part: str) -> None:
    """Refused, with both readings where there are two."""
    ana.type({"3": {"Action": "Add", "Amount": typed}})
    status, message = ana.told("3")
    assert ("Invalid", True) == (status, part in message), message


@pytest.mark.parametrize("typed", ["€25", "25 pts", "'25", "25 ", " 25", 25.0])
def test_type_an_amount_that_is_clear(ana: Ana, typed: object) -> None:
    """Read without fuss."""
    ana.type({"3": {"Action": "add", "Amount": typed}})
    row = ana.sees()["plan"]["rows"][0]
    assert ("edited", "25") == (row["status"], row["changes"]["credits"]["amount"])


def test_ambiguous_shows_both_readings(ana: Ana) -> None:
    """1,500 can be two numbers: both are said."""
    ana.type({"3": {"Action": "Add", "Amount": "1,500"}})
    message = ana.told("3")[1]
    assert all(part in message for part in ("1,500", "1500", "1.5")), message


@pytest.mark.parametrize(
    ("typed", "known", "parts"),
    [
        ("123", "00123", ("lost its leading zeros", "“00123”")),
        (
            "1.23E+15",
            "1234567890123456",
            ("damaged", "1.23E+15", "last digits are lost", "“1234567890123456”"),
        ),
        ("1,23457E+15", LONG_ID, ("damaged", "“1234567890123456”")),
        ("1234567890123450", LONG_ID, ("damaged", "15 digits", "“1234567890123456”")),
        ("00123.0", "00123", ("“00123”",)),
        (" 00123", "00123", ("“00123”",)),
        ("9.99E+15", LONG_ID, ("damaged", "last digits are lost")),
        ("77", "00123", ("There is no user “77”", "Pull again")),
    ],
)
def test_lose_leading_zeros_and_paste_long_ids(typed: str, known: str, parts: tuple[str, ...]) -> None:
    """A damaged id matches nothing, is refused, and the message names whose it may be."""
    world = World()
    world.account(known, 40)
    result = world.one(world.row(known, account_id=typed, action="Add", amount=5))
    assert RowStatus.INVALID is result.status
    assert all(part in result.message for part in parts), result.message
    assert "No user is ever created, and nothing is sent." in result.message
    assert ("Did you mean" in result.message) == (typed not in ("9.99E+15", "77"))


def test_many_likely_ids_name_none() -> None:
    """Where the damaged id could be anybody's, nobody is named."""
    world = World()
    for last in range(5):
        world.account(f"123456789012345{last}", 40)
    row = world.row("1234567890123450", account_id="1.23E+15", action="Add", amount=5)
    assert "Did you mean" not in world.one(row).message


def test_a_long_id_survives_the_workbook(ana: Ana, town: Town) -> None:
    """Ids are text; as a number it is another one, and nothing is sent to anybody."""
    ana.type({LONG_ID: {"Action": "Add", "Amount": 5}})
    assert {LONG_ID: "confirmed"} == ana.ship()
    ana.type({LONG_ID: {"Action": "Add", "Amount": 5, "User ID": 1.23e15}})
    (row,) = ana.sees()["plan"]["rows"]
    assert ("invalid", True) == (row["status"], LONG_ID in row["message"]), row["message"]
    assert {} == ana.ship()
    assert 45 == town.balance(LONG_ID)


def test_leave_a_blank_or_type_0(ana: Ana) -> None:
    """Blank is nothing; 0 is a value that only Reset takes."""
    ana.type(
        {
            "1": {"Reason": "Goodwill", "Note": "maybe"},
            "2": {"Action": "Add"},
            "3": {"Action": "Add", "Amount": 0},
            "4": {"Action": "Reset", "Amount": 0},
            "5": {"Action": "Adjust", "Amount": 0, "Reason": "Other"},
        }
    )
    seen = {row["account_id"]: (row["status"], row["message"]) for row in ana.sees()["plan"]["rows"]}
    assert {"2": "invalid", "3": "invalid", "4": "edited", "5": "invalid"} == {
        account: status for account, (status, _) in seen.items()
    }
    assert "Add needs an amount" in seen["2"][1]
    assert "takes an amount above 0" in seen["3"][1]


def test_type_a_minus_with_take_off_in_mind(ana: Ana) -> None:
    """Adjust takes signs, Add does not; the preview says it in words."""
    ana.type(
        {
            "1": {"Action": "Add", "Amount": -5},
            "2": {"Action": "Adjust", "Amount": -5, "Reason": "Correction"},
        }
    )
    seen = {row["account_id"]: row for row in ana.sees()["plan"]["rows"]}
    assert "to take credit off, choose Adjust" in seen["1"]["message"]
    assert ("edited", "Takes 5 Credits off.") == (seen["2"]["status"], seen["2"]["message"])
    assert {"rows": 1, "added": "0", "removed": "5", "net": "-5", "largest": "5"} == ana.sees()["plan"][
        "totals"
    ]["credits"]


def test_slip_a_digit(ana: Ana) -> None:
    """Ten, forty or a hundred times a person's usual change is pointed out; the totals show the largest."""
    for _ in range(3):
        ana.type({"3": {"Action": "Add", "Amount": 25}})
        assert {"3": "confirmed"} == ana.ship()
    ana.type({"3": {"Action": "Add", "Amount": 1000}})
    status, message = ana.told("3")
    assert "Edited" == status
    assert "1000 is 40 × this user's usual change (25): a digit too many?" in message
    seen = ana.sees()
    assert "1000" == seen["plan"]["totals"]["credits"]["largest"]
    assert any("40 × this user's usual change" in sentence for sentence in seen["warnings"])
    ana.type({"3": {"Amount": 2500}})
    assert "100 × this user's usual change (25): a digit too many, or cents" in ana.told("3")[1]
    ana.type({"3": {"Amount": 240}})
    assert ("Edited", "") == ana.told("3")


def test_slip_a_digit_without_a_past(ana: Ana) -> None:
    """A user without a past is compared with what most rows here change."""
    ana.type({str(number): {"Action": "Add", "Amount": 5} for number in range(1, 6)})
    ana.type({"8": {"Action": "Add", "Amount": 500}})
    assert "500 is 100 × what most rows here change (5)" in ana.told("8")[1]
    assert ("Edited", "") == ana.told("1")


@pytest.mark.parametrize(
    ("first", "amounts", "series"),
    [
        (2, (25, 26, 27), "rows 3 to 5 form a series (25, 26, 27 …, +1 from row to row)"),
        (2, (27, 26, 25, 24), "rows 3 to 6 form a series (27, 26, 25 …, -1 from row to row)"),
        (2, (5, 10, 15, 20, 25), "rows 3 to 7 form a series (5, 10, 15 …, +5 from row to row)"),
        (2, (25, 26), ""),
        (2, (25, 25, 25, 25), ""),
        (2, (10, 20, 30), ""),
        (2, (25, 26, 28), ""),
    ],
)
def test_drag_fill(ana: Ana, first: int, amounts: tuple[int, ...], series: str) -> None:
    """Amounts in a series are pointed out once in the preview and in each of its rows, and go on."""
    rows = {str(first + place): amount for place, amount in enumerate(amounts)}
    ana.type({account: {"Action": "Add", "Amount": amount} for account, amount in rows.items()})
    seen = ana.sees()
    assert {"edited"} == {row["status"] for row in seen["plan"]["rows"]}
    assert [series != ""] * len(rows) == ["form a series" in row["message"] for row in seen["plan"]["rows"]]
    assert (1 if series else 0) == len(seen["warnings"])
    assert series in "".join(seen["warnings"])
    assert {"confirmed"} == set(ana.ship().values())


def test_a_series_needs_neighbours_and_one_action(ana: Ana) -> None:
    """Rows apart, or with other actions between, are no series."""
    ana.type({"2": {"Amount": 5}, "4": {"Amount": 6}, "6": {"Amount": 7}})
    ana.type({account: {"Action": "Add"} for account in ("2", "4", "6")})
    ana.type({"8": {"Amount": 35, "Action": "Add"}, "9": {"Amount": 36, "Action": "Reset"}})
    ana.type({"10": {"Amount": 37, "Action": "Add"}})
    assert [] == ana.sees()["warnings"]
