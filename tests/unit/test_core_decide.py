"""Baseline × tab × live × ledger, case by case: one status for every row, with its sentence."""

from dataclasses import replace

import pytest

from sheetsync.core.accounts import Action, Capabilities, Change
from sheetsync.core.decide import carried_out_as_reset, decide
from sheetsync.core.diff import Trouble
from sheetsync.core.states import OperationState, RowStatus
from sheetsync.core.tab import CellValue
from tests.unit.test_core_kit import LAUNDRY, SAAS, SHOP, World

STATES = OperationState


def shop(balance: int | None = 40) -> World:
    """A shop with one customer."""
    world = World()
    world.account("7", balance, email="a@b.c", name="Ann")
    return world


def test_add() -> None:
    """An Add becomes one operation, with its numbers."""
    world = shop()
    result = world.one(world.row("7", action="Add", amount=25, reason="Goodwill", note="hi"))
    (planned,) = result.planned
    assert (RowStatus.EDITED, "") == (result.status, result.message)
    assert {"credits": (25, 40, 65)} == result.shown
    assert ("7", "a@b.c", "Goodwill", "hi", "cli:ana") == (
        planned.operation.account_id,
        planned.operation.email,
        planned.operation.reason,
        planned.operation.note,
        planned.operation.actor,
    )
    assert (1, {"credits": 0}, 1, False) == (planned.attempt, planned.epochs, planned.basis, planned.sets)


@pytest.mark.parametrize(
    ("typed", "live", "status", "part"),
    [
        ({"action": "Add", "amount": 5}, 45, RowStatus.EDITED, "moved from 40 to 45 since the pull"),
        ({"action": "Add", "amount": 5}, None, RowStatus.EDITED, "moved from 40 to –"),
        ({"action": "Reset", "amount": 65}, 40, RowStatus.EDITED, ""),
        ({"action": "Reset", "amount": 65}, 45, RowStatus.CONFLICT, "at pull 40, now 45, yours 65"),
        ({"action": "Reset", "credits": 65}, 45, RowStatus.CONFLICT, "at pull 40, now 45, yours 65"),
        ({"action": "Reset", "amount": 40}, 40, RowStatus.EDITED, "nothing will be sent"),
        ({"action": "Reset", "amount": 65}, 65, RowStatus.EDITED, "nothing will be sent"),
        ({"action": "Reset", "amount": 40}, 45, RowStatus.CONFLICT, "yours 40"),
        ({"action": "Adjust", "amount": -5, "reason": "x"}, 40, RowStatus.EDITED, ""),
        ({"action": "Adjust", "amount": -5, "reason": "x"}, 45, RowStatus.CONFLICT, "yours 35"),
        ({"action": "Adjust", "amount": 5, "reason": "x"}, 45, RowStatus.EDITED, "moved from 40 to 45"),
        (
            {"action": "Adjust", "amount": -41, "reason": "x"},
            40,
            RowStatus.INVALID,
            "would go below 0: 40 now",
        ),
        ({"action": "Adjust", "amount": -50, "reason": "x"}, 45, RowStatus.CONFLICT, "now 45, yours -10"),
        (
            {"action": "Add", "amount": 5},
            -10,
            RowStatus.INVALID,
            "stay below 0: -10 now, +5 asked. Choose Reset",
        ),
    ],
)
def test_live(typed: dict[str, CellValue], live: int | None, status: RowStatus, part: str) -> None:
    """What the balance read now makes of an edit that was typed at 40."""
    world = shop()
    world.live["7"] = {"credits": live}
    result = world.one(world.row("7", **typed))
    assert (status, True) == (result.status, part in result.message)
    assert (status is RowStatus.EDITED) == bool(result.planned)
    assert live == result.shown["credits"][1]


def test_reset_to_the_present_balance_sends_nothing() -> None:
    """It is planned, so that a push can settle it, but nothing goes out."""
    world = shop()
    (planned,) = world.one(world.row("7", action="Reset", amount=40)).planned
    assert (False, True) == (planned.sends, planned.sets)


def test_blank_balance() -> None:
    """An account without a value counts as 0 for an Add, and 0 over a blank is a target."""
    world = shop(None)
    assert {"credits": (5, None, 5)} == world.one(world.row("7", action="Add", amount=5)).shown
    (planned,) = world.one(world.row("7", action="Reset", credits=0)).planned
    assert ({"credits": 0}, True) == (planned.after, planned.sends)


def test_subtracting_systems() -> None:
    """Where a minus travels as such, a negative Adjust on a moved balance goes on."""
    world = World(replace(SHOP, subtracts=True))
    world.account("7", 40)
    world.live["7"] = {"credits": 45}
    result = world.one(world.row("7", action="Adjust", amount=-5, reason="x"))
    assert (RowStatus.EDITED, {"credits": (-5, 45, 40)}) == (result.status, result.shown)


@pytest.mark.parametrize(
    ("action", "amount", "subtracts", "sets"),
    [
        (Action.RESET, 5, False, True),
        (Action.RESET, 5, True, True),
        (Action.ADJUST, -5, False, True),
        (Action.ADJUST, -5, True, False),
        (Action.ADJUST, 5, False, False),
        (Action.ADD, 5, False, False),
    ],
)
def test_carried_out_as_reset(action: Action, amount: int, *, subtracts: bool, sets: bool) -> None:
    """Only what sets a balance can overwrite one."""
    capabilities = replace(SHOP, subtracts=subtracts)
    assert sets == carried_out_as_reset(action, Change("credits", amount), capabilities)


def test_live_balance_was_not_read() -> None:
    """An edit never looks unchanged because nobody read its balance."""
    world = shop()
    (row,) = world.read(world.tab([world.row("7", action="Add", amount=5)]))
    result = decide(row, world.ledgered, live=None, capabilities=SHOP, actor="cli:ana")
    assert (RowStatus.INVALID, ()) == (result.status, result.planned)
    assert "preview again" in result.message


# rows that cannot be tied to an account and a Key


@pytest.mark.parametrize(
    ("changed", "trouble", "part"),
    [
        ({"account_id": "8"}, Trouble.SHUFFLED, "look shuffled"),
        ({"email": "b@b.c"}, Trouble.SHUFFLED, "look shuffled"),
        ({"email": None}, Trouble.SHUFFLED, "look shuffled"),
        ({"name": "Bob"}, Trouble.SHUFFLED, "look shuffled"),
        ({"account_id": "9"}, Trouble.ACCOUNT, "no user “9” in the last pull"),
        ({"account_id": " 7"}, Trouble.ACCOUNT, "no user “ 7”"),
        ({"account_id": "1.23E+15"}, Trouble.ACCOUNT, "No user is ever created"),
        ({"account_id": 1.5e300}, Trouble.ACCOUNT, "no user"),
        ({"account_id": True}, Trouble.ACCOUNT, "no user “TRUE”"),
        ({"key": None}, Trouble.KEY, "has no Key"),
        ({"key": "  "}, Trouble.KEY, "has no Key"),
        ({"key": "K0"}, Trouble.KEY, "damaged Key"),
        ({"key": 0}, Trouble.KEY, "damaged Key"),
        ({"key": "\ud800"}, Trouble.KEY, "damaged Key"),
    ],
)
def test_untied(changed: dict[str, CellValue], trouble: Trouble, part: str) -> None:
    """Nothing is sent, and the sentence says what to do."""
    world = shop()
    world.account("8", 40, email="b@b.c", name="Bob")
    tab = world.tab([{**world.row("7", action="Add", amount=5), **changed}])
    (row,), (result,) = world.read(tab), world.results(tab)
    assert (RowStatus.INVALID, trouble, ()) == (result.status, row.trouble, result.planned)
    assert part in result.message


@pytest.mark.parametrize(
    "changed",
    [
        {"account_id": 7},
        {"account_id": 7.0},
        {"email": " a@b.c "},
        {"credits": "40"},
        {"credits": None},
        {"key": None, "credits": None},
        {"status": "Edited", "message": "old"},
    ],
)
def test_harmless(changed: dict[str, CellValue]) -> None:
    """What a spreadsheet or a hand does to a row without an edit changes nothing."""
    world = shop()
    found = world.results(world.tab([{**world.row("7"), **changed}]))
    assert [] == [each for each in found if each.status is not RowStatus.UNCHANGED]


def test_numeric_texts() -> None:
    """An e-mail or name that a spreadsheet took for a number still fits."""
    world = World()
    world.account("7", 40, email="123", name="TRUE")
    result = world.one(world.row("7", action="Add", amount=5, email=123.0, name=True))
    assert RowStatus.EDITED == result.status


@pytest.mark.parametrize(
    "name", ["a\rb\nc", "tab\there", "bell\x07", "lone \ud800 half", "é\ufffd", "x" * 40_000]
)
def test_names_that_cells_cannot_hold(name: str) -> None:
    """What a workbook replaces in a name does not make the row look shuffled."""
    world = World()
    world.account("7", 40, name=name)
    held = name.replace("\r", "\n").replace("\x07", "\ufffd").replace("\ud800", "\ufffd")[:32_000]
    result = world.one(world.row("7", action="Add", amount=5, name=held))
    assert RowStatus.EDITED == result.status


def test_overtyped_without_key() -> None:
    """A balance typed into a row without a Key is not sent either."""
    world = shop()
    result = world.one(world.row("7", credits=65, key=None))
    assert (RowStatus.INVALID, True) == (result.status, "has no Key" in result.message)


def test_unknown_user_without_edit() -> None:
    """A row that asks for nothing is left alone, whoever it is about."""
    world = shop()
    result = world.one({"account_id": "9", "email": "x@y.z", "note": "call back"})
    assert (RowStatus.UNCHANGED, "x@y.z") == (result.status, result.email)


def test_missing_user() -> None:
    """Nothing is sent for an account that the credit system no longer has."""
    world = shop()
    world.baselines["7"] = replace(world.baselines["7"], missing=True)
    result = world.one(world.row("7", action="Add", amount=5))
    assert (RowStatus.INVALID, True) == (result.status, "no longer has user 7" in result.message)


@pytest.mark.parametrize(
    ("count", "part"),
    [
        (2, "also stands in row 3:"),
        (3, "also stands in rows 3 and 4:"),
        (9, "also stands in rows 3, 4, 5, 6, 7 and more:"),
    ],
)
def test_twins(count: int, part: str) -> None:
    """All rows for one account are invalid, name each other, and nothing is summed."""
    world = shop()
    ids: list[CellValue] = ["7", 7, 7.0] * 3
    rows = [world.row("7", action="Add", amount=5, account_id=each) for each in ids]
    results = world.results(world.tab(rows[:count]))
    assert [RowStatus.INVALID] * count == [each.status for each in results]
    assert part in results[0].message


def test_twins_with_an_unsettled_operation() -> None:
    """Doubled rows stay invalid while an operation of theirs waits."""
    world = shop()
    world.operation("OPEN", "7", STATES.UNKNOWN)
    results = world.results(world.tab([world.row("7"), world.row("7")]))
    assert [RowStatus.INVALID] * 2 == [each.status for each in results]


@pytest.mark.parametrize(("epoch", "basis"), [(1, 1), (0, 6)])
def test_ahead(epoch: int, basis: int) -> None:
    """A Key that is newer than the ledger is told, and marks the plan."""
    world = shop()
    key = world.maker.write(("7", "a@b.c", "Ann"), [epoch], basis)
    plan = world.plan(world.tab([world.row("7", key=key)]))
    assert (True, [RowStatus.INVALID]) == (plan.ahead, [row.status for row in plan.rows])
    assert "newer than the ledger" in plan.rows[0].message


# what was sent before


@pytest.mark.parametrize("state", sorted(STATES))
@pytest.mark.parametrize("closed", [False, True])
@pytest.mark.parametrize("attempts", [0, 1])
def test_same_edit_again(state: OperationState, attempts: int, *, closed: bool) -> None:
    """The operation's state decides, for the same edit under the same Key."""
    world = shop()
    cells = world.row("7", action="Add", amount=25)
    world.operation(world.key_of(cells), "7", state, attempts=attempts, closed=closed)
    result = world.one(cells)
    waiting = {
        STATES.QUEUED: RowStatus.QUEUED,
        **dict.fromkeys((STATES.SENDING, STATES.ACCEPTED, STATES.UNKNOWN), RowStatus.CONFIRMATION_REQUIRED),
    }
    goes = state in (STATES.REJECTED, STATES.NOT_APPLIED, STATES.WITHDRAWN) and not closed
    expected = waiting.get(state, RowStatus.EDITED if goes else RowStatus.ALREADY_SENT)
    assert expected == result.status
    assert [attempts + 1] * (expected is RowStatus.EDITED) == [each.attempt for each in result.planned]
    assert ("attempt 2" in result.message) == (expected is RowStatus.EDITED and attempts == 1)


def test_already_sent_says_how() -> None:
    """When, by whom, and how it ended."""
    world = shop()
    cells = world.row("7", action="Add", amount=25)
    key = world.key_of(cells)
    world.operation(key, "7", STATES.CONFIRMED)
    world.counted("7", "credits")
    world.moved("7", 6, credits=65)
    result = world.one(cells)
    assert (RowStatus.ALREADY_SENT, (key,), ()) == (result.status, result.keys, result.planned)
    assert result.message.startswith(
        "Added 25, sent 2026-03-12 10:00 by cli:ana: confirmed. It is not sent again."
    )
    assert {"credits": (25, None, None)} == result.shown


@pytest.mark.parametrize(
    ("typed", "status"),
    [
        ({}, None),
        ({"action": "Reset", "credits": 65}, RowStatus.ALREADY_SENT),
        ({"action": "Reset", "credits": 66}, RowStatus.INVALID),
        ({"action": "Add", "amount": 25}, RowStatus.INVALID),
        ({"action": "Reset"}, RowStatus.INVALID),
        ({"credits": 65}, None),
        ({"credits": 70}, RowStatus.INVALID),
    ],
)
def test_old_copy(typed: dict[str, CellValue], status: RowStatus | None) -> None:
    """An old copy of the tab: old balances are no edits, a known edit was sent, any other is refused."""
    world = shop()
    old = world.row("7")
    world.operation(world.key_of({**old, "action": "Reset", "credits": 65}), "7", STATES.CONFIRMED)
    world.counted("7", "credits")
    world.moved("7", 6, credits=65)
    result = world.one({**old, **typed})
    assert (status or RowStatus.UNCHANGED) == result.status
    assert () == result.planned
    if status is RowStatus.INVALID and typed.get("action") and len(typed) == 2:
        assert "clear the edit, pull, and type it again" in result.message


@pytest.mark.parametrize(("attempts", "status"), [(0, RowStatus.INVALID), (1, RowStatus.ALREADY_SENT)])
def test_refused_before_an_epoch_passed(attempts: int, status: RowStatus) -> None:
    """What was refused goes no more once another change counted; what was never sent is typed again."""
    world = shop()
    cells = world.row("7", action="Add", amount=25)
    world.operation(world.key_of(cells), "7", STATES.WITHDRAWN, attempts=attempts)
    world.counted("7", "credits")
    assert status == world.one(cells).status


def test_pulled_while_edited() -> None:
    """A pull writes the new balance beside an edit and keeps the Key: that balance is not overtyped."""
    world = shop()
    cells = world.row("7", action="Add", amount=25)
    world.moved("7", 6, credits=55)
    result = world.one({**cells, "credits": 55})
    assert (RowStatus.EDITED, {"credits": (25, 55, 80)}) == (result.status, result.shown)
    assert "moved from 40 to 55" in result.message
    reset = {**cells, "credits": 55, "action": "Reset"}
    assert RowStatus.CONFLICT == world.one(reset).status


def test_the_balance_that_the_person_saw() -> None:
    """It is the last one up to the Key's basis, not an older and not a newer one."""
    world = shop()
    world.moved("7", 3, credits=45)
    cells = world.row("7", action="Reset", amount=65)
    world.moved("7", 6, credits=50)
    assert "at pull 45, now 50, yours 65" in world.one(cells).message
    world.live["7"] = {"credits": 45}
    assert RowStatus.EDITED == world.one(cells).status


@pytest.mark.parametrize(
    ("capabilities", "same"), [(LAUNDRY, False), (replace(LAUNDRY, sends_reason=False), True)]
)
def test_reason_in_the_key(capabilities: Capabilities, *, same: bool) -> None:
    """Another reason is another operation where the reason travels; another note never is."""
    world = World(capabilities)
    world.account("7", 4000, 0, 0, 0)
    cells = world.row("7", action="Add", change_balance=5, reason="Goodwill", note="a")
    assert world.key_of(cells) == world.key_of({**cells, "note": "b", "change_balance": "5.00"})
    assert same == (world.key_of(cells) == world.key_of({**cells, "reason": "Other"}))


# what is not settled


@pytest.mark.parametrize(
    ("typed", "parts"),
    [
        ({}, ("Not proven yet: verify, or resolve operation OPEN.",)),
        ({"action": "Add", "amount": 5}, ("OPEN", "is not sent before that")),
        ({"action": "Add", "amount": "abc"}, ("OPEN", "is not sent before that")),
        ({"name": "Bob"}, ("OPEN", "is not sent before that")),
        ({"key": None, "action": "Add"}, ("OPEN", "is not sent before that")),
    ],
)
def test_unsettled(typed: dict[str, CellValue], parts: tuple[str, ...]) -> None:
    """The row waits, whatever it says."""
    world = shop()
    world.operation("OPEN", "7", STATES.UNKNOWN)
    result = world.one(world.row("7", **typed))
    assert (RowStatus.CONFIRMATION_REQUIRED, ("OPEN",), ()) == (result.status, result.keys, result.planned)
    assert [] == [part for part in parts if part not in result.message]


def test_other_unit_goes() -> None:
    """While one unit waits, the account's others take edits."""
    world = World(LAUNDRY)
    world.account("7", 4000, 0, 0, 0)
    world.operation("OPEN", "7", STATES.ACCEPTED, units=("balance",))
    assert RowStatus.EDITED == world.one(world.row("7", action="Add", change_bonus=5)).status
    both = world.one(world.row("7", action="Add", change_bonus=5, change_balance=5))
    assert RowStatus.CONFIRMATION_REQUIRED == both.status


def test_sent_speaks_before_queued() -> None:
    """Of two operations that wait, the one that may have been sent is shown."""
    world = World(SAAS)
    world.account("7", 10, 20)
    world.operation("QUEUED", "7", STATES.QUEUED, units=("promo_eur",), attempts=0)
    world.operation("SENT", "7", STATES.SENDING, units=("promo_usd",))
    assert ("SENT",) == world.one(world.row("7")).keys


# several units


def test_one_request() -> None:
    """Several units of one row are one operation where the system takes them together."""
    world = World(LAUNDRY)
    world.account("7", 4000, None, 7, None)
    result = world.one(
        world.row("7", action="Add", change_balance=1, change_bonus="2.50", change_free_starts=1)
    )
    (planned,) = result.planned
    assert {"balance": 4100, "bonus": 250, "free_starts": 1} == planned.after
    assert {"balance": 4000, "bonus": None, "free_starts": None} == planned.before


def test_reset_of_several_units_conflicts_as_a_whole() -> None:
    """One moved unit stops the row; a unit that already is at its target does not."""
    world = World(LAUNDRY)
    world.account("7", 4000, 0, 7, 0)
    cells = world.row("7", action="Reset", change_balance=50, change_bonus=1)
    world.live["7"] = {**world.live["7"], "bonus": 200}
    assert "Bonus changed since the pull" in world.one(cells).message
    world.live["7"]["bonus"] = 100
    result = world.one(cells)
    assert (RowStatus.EDITED, "Bonus moved from 0.00 to 1.00 since the pull.") == (
        result.status,
        result.message,
    )


def saas() -> tuple[World, dict[str, CellValue]]:
    """Two currencies, and a row that adds to both."""
    world = World(SAAS)
    world.account("7", 10, 20)
    return world, world.row("7", action="Add", change_promo_eur=1, change_promo_usd=2)


def test_one_operation_per_unit() -> None:
    """Where units travel one by one, each is its own operation with its own key."""
    world, cells = saas()
    first, second = world.one(cells).planned
    assert ({"promo_eur": 11}, {"promo_usd": 22}) == (first.after, second.after)
    assert first.operation.key != second.operation.key


@pytest.mark.parametrize("state", [STATES.NOT_APPLIED, STATES.REJECTED, STATES.WITHDRAWN])
def test_rest_of_a_row(state: OperationState) -> None:
    """One unit counted and the other did not arrive: only the other goes again."""
    world, cells = saas()
    world.operation(world.key_of(cells, 0), "7", STATES.CONFIRMED, units=("promo_eur",))
    world.operation(world.key_of(cells, 1), "7", state, units=("promo_usd",))
    world.counted("7", "promo_eur")
    result = world.one(cells)
    assert [{"promo_usd": 22}] == [each.after for each in result.planned]
    assert "That part is not sent again" in result.message
    assert "attempt 2" in result.message


@pytest.mark.parametrize("counted", [("promo_eur",), ("promo_eur", "promo_usd")])
def test_old_row_with_something_new(counted: tuple[str, ...]) -> None:
    """A known edit with an unknown one beside it is not guessed at."""
    world, cells = saas()
    world.operation(world.key_of(cells, 0), "7", STATES.CONFIRMED, units=("promo_eur",))
    world.counted("7", *counted)
    result = world.one(cells)
    assert (RowStatus.INVALID, True) == (
        result.status,
        "older than the last confirmed change" in result.message,
    )


def test_both_units_sent() -> None:
    """Both known: already sent, with both keys."""
    world, cells = saas()
    for at, unit in enumerate(("promo_eur", "promo_usd")):
        world.operation(world.key_of(cells, at), "7", STATES.CONFIRMED, units=(unit,))
    world.counted("7", "promo_eur", "promo_usd")
    result = world.one(cells)
    assert (RowStatus.ALREADY_SENT, 2) == (result.status, len(result.keys))


def test_unit_that_was_pulled_beside_an_overtyped_one() -> None:
    """A reached target of one unit does not turn the other's fresh balance into a target."""
    world = World(SAAS)
    world.account("7", 10, 20)
    old = world.row("7", action="Reset", promo_eur=15)
    world.operation(world.key_of(old), "7", STATES.CONFIRMED, units=("promo_eur",))
    world.counted("7", "promo_eur")
    world.moved("7", 6, promo_eur=15, promo_usd=30)
    assert RowStatus.ALREADY_SENT == world.one({**old, "promo_usd": 30}).status
