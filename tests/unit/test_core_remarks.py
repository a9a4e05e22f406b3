"""What looks like a slip: pointed out beside valid edits, whatever the units."""

from collections.abc import Mapping, Sequence

from sheetsync.core.remarks import NAMED, remarks
from sheetsync.core.states import OperationState, RowStatus
from tests.unit.test_core_kit import LAUNDRY, SAAS, SHOP, Cells, World

Usual = Mapping[str, Mapping[str, Sequence[int]]]


def town(count: int, balance: int = 7) -> World:
    """A shop of some customers with odd little balances."""
    world = World(SHOP)
    for number in range(1, count + 1):
        world.account(str(number), balance)
    return world


def adds(world: World, amounts: Sequence[int]) -> list[Cells]:
    """Type an Add for each customer in turn."""
    return [
        world.row(str(number), action="Add", amount=amount) for number, amount in enumerate(amounts, start=1)
    ]


def test_only_valid_edits_are_looked_at() -> None:
    """A row that is not sent, or asks for what is there already, is no slip."""
    world = town(3)
    rows = [
        world.row("1", action="Add", amount=-7),
        world.row("2", action="Reset", amount=7),
        world.row("3"),
    ]
    seen = remarks(world.results(world.tab(rows)), SHOP.units, {})
    assert ({}, ()) == (dict(seen.rows), seen.aloud)


def test_many_remarks_are_summed_up() -> None:
    """The preview names some of them; every row has its own."""
    world = town(NAMED + 5)
    rows = adds(world, [7] * (NAMED + 5))
    seen = remarks(world.results(world.tab(rows)), SHOP.units, {})
    assert (NAMED + 5, NAMED + 1) == (len(seen.rows), len(seen.aloud))
    assert "5 more remarks stand in the rows' messages." == seen.aloud[-1]


def test_a_series_ends_and_another_begins() -> None:
    """1, 2, 3 and then 13, 23 …: the row between belongs to both, as it does in the tab."""
    world = town(9, balance=1000)
    rows = adds(world, [1, 2, 3, 13, 23, 33, 43, 400, 90])
    seen = remarks(world.results(world.tab(rows)), SHOP.units, {})
    series = [sentence for sentence in seen.aloud if "series" in sentence]
    assert 2 == len(series)
    assert "rows 2 to 4" in series[0]
    assert "rows 4 to 8 form a series (3, 13, 23 …, +10" in series[1]


def test_one_whole_unit_is_the_step_of_a_fill_handle() -> None:
    """25.00, 26.00, 27.00 of a unit with two decimals; 0.01 more each time is another step."""
    world = World(LAUNDRY)
    for number in range(1, 4):
        world.account(str(number), 90000, 0, 0, 0)
    for step, series in ((1, 1), (0.01, 0)):
        rows = [
            world.row(str(number), action="Add", change_balance=round(25 + step * number, 2))
            for number in range(1, 4)
        ]
        seen = remarks(world.results(world.tab(rows)), LAUNDRY.units, {})
        assert series == len(seen.aloud)
        assert ("(26.00, 27.00, 28.00 …, +1.00" in "".join(seen.aloud)) == bool(series)


def test_each_unit_has_its_own_balance_and_past() -> None:
    """25 bonus is no slip because 25 is the balance; 40.00 of a usual 1.00 is one."""
    world = World(LAUNDRY)
    world.account("7", 2500, 0, 0, 0)
    row = world.row("7", action="Add", change_balance=40, change_bonus=25)
    usual: Usual = {"7": {"balance": [100, 100, 0, 300], "bonus": [2500, 2500]}}
    seen = remarks(world.results(world.tab([row])), LAUNDRY.units, usual)
    assert ("Row 2, user 7: 40.00 is 40 × this user's usual change (1.00): a digit too many?",) == seen.aloud


def test_the_balance_and_the_usual_change() -> None:
    """An amount that is the balance and what this user always gets looks like a target."""
    world = town(1, balance=40)
    row = world.row("1", action="Add", amount=65)
    (result,) = world.results(world.tab([row]))
    assert {} == dict(remarks([result], SHOP.units, {}).rows)
    (sentence,) = remarks([result], SHOP.units, {"1": {"credits": [25, 25, 25]}}).aloud
    assert "did you mean Reset to 65?" in sentence


def test_all_of_the_promo_is_no_slip() -> None:
    """Apply promo takes credit off; that it is as much as there is says nothing."""
    world = World(SAAS)
    world.account("7", 40, 0)
    row = world.row("7", action="Apply promo", change_promo_eur=40, subscription_id="sub1")
    (result,) = world.results(world.tab([row]))
    assert RowStatus.EDITED is result.status
    assert () == remarks([result], SAAS.units, {}).aloud


def test_negative_in_words() -> None:
    """What an Adjust takes off is said, and is no slip."""
    world = World(SAAS)
    world.account("7", 40, 50)
    row = world.row("7", action="Adjust", change_promo_eur=-5, change_promo_usd=6, reason="Other")
    seen = remarks(world.results(world.tab([row])), SAAS.units, {})
    assert ({2: ("Takes 5 Promo EUR off.",)}, ()) == (dict(seen.rows), seen.aloud)


def test_other_forms_of_an_edit_that_goes_no_more() -> None:
    """Several units are named; what has no other form takes another amount."""
    laundry = World(LAUNDRY)
    laundry.account("7", 4000, 1000, 0, 0)
    row = laundry.row("7", action="Refund", change_balance=5, change_bonus=3)
    laundry.operation(laundry.key_of(row), "7", OperationState.REJECTED, closed=True)
    message = laundry.one(row).message
    assert "Adjust +5.00 with a reason or Reset to 45.00 (Balance)" in message
    assert "and Adjust +3.00 with a reason or Reset to 13.00 (Bonus)" in message
    saas = World(SAAS)
    saas.account("7", 40, 0)
    row = saas.row("7", action="Apply promo", change_promo_eur=5, subscription_id="sub1")
    saas.operation(saas.key_of(row), "7", OperationState.REJECTED, closed=True)
    assert saas.one(row).message.endswith("Type another amount.")


def test_damaged_ids_beside_other_kinds_of_ids() -> None:
    """Ids with letters are never taken for numbers; a number shorter than its digits fits nobody."""
    world = World()
    for known in ("usr_1230", "0012"):
        world.account(known, 40)
    for typed in ("1.23E+1", "1.23E+3", "USR_1230"):
        message = world.one(world.row("0012", account_id=typed, action="Add", amount=5)).message
        assert ("There is no user" in message, "Did you mean" in message) == (True, False)
