"""Keys: what ties a row to the ledger, and what an operation is known by."""

from dataclasses import replace

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from sheetsync.core.accounts import Action, Change
from sheetsync.core.keys import ALPHABET, DamagedKeyError, KeyMaker, digest32, operation_key

ONE = KeyMaker("shop", ("credits",))
TEXTS = st.text(max_size=30)
EPOCHS = st.integers(0, 2**60 - 1)


@given(st.tuples(TEXTS, TEXTS, TEXTS), st.lists(EPOCHS, min_size=1, max_size=4), EPOCHS)
def test_round_trip(identity: tuple[str, str, str], epochs: list[int], basis: int) -> None:
    """What was written is read again, and fits the identity it was written for."""
    maker = KeyMaker("shop", tuple(f"unit{place}" for place in range(len(epochs))))
    cell = maker.write(identity, epochs, basis)
    key = maker.read(f" {cell}\n")
    assert (tuple(epochs), basis) == (key.epochs, key.basis)
    assert maker.fits(key, *identity)
    assert maker.fits(key, identity[0], None, None)


@given(EPOCHS, EPOCHS, st.data())
def test_damage(epoch: int, basis: int, data: st.DataObject) -> None:
    """Any single other character is seen, whatever and wherever it is; so are two swapped neighbours."""
    cell = ONE.write(("7", "a@b.c", "Ann"), [epoch], basis)
    place = data.draw(st.integers(0, len(cell) - 1))
    other = data.draw(st.one_of(st.sampled_from(ALPHABET + "ILOU-. k"), st.characters()))
    swapped = cell[:place] + cell[place : place + 2][::-1] + cell[place + 2 :]
    for damaged in (cell[:place] + other + cell[place + 1 :], swapped):
        if damaged.strip() != cell:
            assert not _accepted(damaged)


def _accepted(cell: str) -> bool:
    try:
        key = ONE.read(cell)
    except DamagedKeyError:
        return False
    return ONE.fits(key, "7", "a@b.c", "Ann")


@pytest.mark.parametrize(
    "cell",
    ["", "K", "K0-0-0000000000000-00", "#REF!", "0", "\ud800", "K" + "1" * 40 + "-0-00000000000000-00"],
)
def test_never_written(cell: str) -> None:
    """A cell that no service wrote is refused."""
    with pytest.raises(DamagedKeyError):
        ONE.read(cell)


def test_right_check_around_wrong_letters() -> None:
    """Letters outside the alphabet are refused even where the check fits, and so are keys of other units."""
    for place in range(1024):
        cell = f"KI-0-00000000000000-{ALPHABET[place >> 5]}{ALPHABET[place & 31]}"
        with pytest.raises(DamagedKeyError):
            ONE.read(cell)
    two = KeyMaker("shop", ("credits", "bonus")).write(("7", "", ""), [0, 0], 1)
    with pytest.raises(DamagedKeyError):
        ONE.read(two)


@pytest.mark.parametrize(
    ("maker", "identity"),
    [
        (ONE, ("8", "a@b.c", "Ann")),
        (ONE, ("7", "b@b.c", "Ann")),
        (ONE, ("7", "a@b.c", "Bob")),
        (replace(ONE, system="other"), ("7", "a@b.c", "Ann")),
        (replace(ONE, units=("bonus",)), ("7", "a@b.c", "Ann")),
    ],
)
def test_other_identity(maker: KeyMaker, identity: tuple[str, str, str]) -> None:
    """A Key fits its own account in its own system only."""
    cell = ONE.write(("7", "a@b.c", "Ann"), [0], 1)
    assert not maker.fits(maker.read(cell), *identity)


CHANGES = st.lists(
    st.builds(Change, st.sampled_from(["balance", "bonus", "points"]), st.integers(-(10**15), 10**15)),
    min_size=1,
    max_size=3,
    unique_by=lambda change: change.unit,
)
EDITS = st.fixed_dictionaries(
    {
        "system": st.sampled_from(["shop", "other"]),
        "account_id": st.sampled_from(["7", "8", "007"]),
        "action": st.sampled_from(Action),
        "changes": CHANGES,
        "epochs": st.fixed_dictionaries({unit: st.integers(0, 2) for unit in ("balance", "bonus", "points")}),
        "sent": st.dictionaries(st.sampled_from(["reason", "location_id"]), st.sampled_from(["", "x", "y"])),
    }
)
Edits = dict[str, object]


def _key(edit: Edits) -> str:
    return operation_key(**edit)  # type: ignore[arg-type]


def _meaning(edit: Edits) -> object:
    """What two edits must share to be the same operation."""
    changes, epochs, sent = edit["changes"], edit["epochs"], edit["sent"]
    assert isinstance(changes, list)
    assert isinstance(epochs, dict)
    assert isinstance(sent, dict)
    touched = {change.unit: (change.amount, epochs[change.unit]) for change in changes}
    told = {name: text for name, text in sent.items() if text}
    return edit["system"], edit["account_id"], edit["action"], touched, told


@given(EDITS, EDITS)
def test_same_key_for_the_same_edit_only(first: Edits, second: Edits) -> None:
    """Equal edits have equal keys; another system, account, action, amount, unit, epoch or field another."""
    assert (_meaning(first) == _meaning(second)) == (_key(first) == _key(second))


@given(EDITS)
def test_order_of_units_does_not_matter(edit: Edits) -> None:
    """The key is the edit's, not the tab's."""
    changes = edit["changes"]
    assert isinstance(changes, list)
    assert _key(edit) == _key({**edit, "changes": changes[::-1]})


@given(EDITS)
def test_shape(edit: Edits) -> None:
    """At most 24 characters that can be read out over the telephone."""
    key = _key(edit)
    assert (20, set()) == (len(key), set(key) - set(ALPHABET))


@given(st.lists(TEXTS, max_size=3), st.lists(TEXTS, max_size=3))
@example(["a", "b"], ["a,b"])
@example(["\ud800"], ["\udfff"])
def test_digest_keeps_parts_apart(first: list[str], second: list[str]) -> None:
    """No two lists of texts are confused."""
    assert (first == second) == (digest32(*first, length=20) == digest32(*second, length=20))
