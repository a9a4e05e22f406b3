"""The sandbox's book: exact, journaled, the same for the same seed."""

import threading
from decimal import Decimal

import pytest

from sheetsync.sandbox.book import Book, InsufficientError, Person, UnknownAccountError, UnknownUnitError
from sheetsync.sandbox.exact import decode, encode, to_minor, to_text
from sheetsync.sandbox.people import NASTY, fixed_units, make_book


@pytest.fixture
def book() -> Book:
    """One account with 40 credits."""
    book = Book(fixed_units(), now_s=lambda: 1.5)
    book.open(Person("7", "a@b.example", "Ann"), {"credits": 40})
    return book


def test_every_change_is_journaled(book: Book) -> None:
    """Each application is one line, a reset to the same balance included."""
    book.add("7", "credits", 25, note="add")
    book.set_to("7", "credits", 65)
    book.spend("7", "credits", 5)
    book.top_up("7", "credits", 1)
    lines = [(line.number, line.delta_minor, line.result_minor, line.cause) for line in book.journal("7")]
    assert [(1, 25, 65, "api"), (2, 0, 65, "api"), (3, -5, 60, "customer"), (4, 1, 61, "customer")] == lines
    assert 1.5 == book.journal()[0].at_s
    assert 2 == len(book.journal(cause="customer"))


def test_a_refused_change_leaves_no_trace(book: Book) -> None:
    """Neither balance nor journal nor version moves."""
    version = book.version
    with pytest.raises(InsufficientError):
        book.spend("7", "credits", 41)
    with pytest.raises(InsufficientError):
        book.set_to("7", "credits", -1)
    with pytest.raises(UnknownAccountError):
        book.add("8", "credits", 1)
    with pytest.raises(UnknownUnitError):
        book.add("7", "gold", 1)
    assert (40, [], version) == (book.balance("7", "credits"), book.journal(), book.version)


def test_opening_and_closing(book: Book) -> None:
    """A closed account is gone; a known one is renamed and keeps its balances; none is not zero."""
    book.open(Person("7", "a@b.example", "Anne"))
    assert ("Anne", 40, None) == (
        book.account("7").name,
        book.account("7").balances["credits"],
        book.account("7").balances["balance"],
    )
    book.close("7")
    assert () == book.snapshot().accounts
    with pytest.raises(UnknownAccountError):
        book.close("7")


def test_many_threads_add_exactly(book: Book) -> None:
    """No addition is lost."""

    def work() -> None:
        for _ in range(200):
            book.add("7", "credits", 1)

    threads = [threading.Thread(target=work) for _ in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert 40 + 1600 == book.balance("7", "credits")
    assert 1600 == len(book.journal())


def test_made_up_users_are_repeatable() -> None:
    """Seed decides; ids count from 1; e-mails are unique; nasty and non-ASCII names are among them."""
    one, same, other = (make_book(users=200, seed=seed).snapshot() for seed in (1, 1, 2))
    assert one.accounts == same.accounts
    assert one.accounts != other.accounts
    assert [str(number) for number in range(1, 201)] == [account.id for account in one.accounts]
    assert 200 == len({account.email for account in one.accounts})
    names = {account.name for account in one.accounts}
    assert set(NASTY) <= names
    assert any(not name.isascii() for name in names - set(NASTY))
    assert all(account.email.isascii() for account in one.accounts)


def test_a_smaller_book_is_the_beginning_of_a_larger() -> None:
    """The first users do not depend on how many follow."""
    small, large = make_book(users=5, seed=3).snapshot(), make_book(users=50, seed=3).snapshot()
    assert small.accounts == large.accounts[:5]


@pytest.mark.parametrize(
    ("value", "scale", "minor"),
    [
        (25, 0, 25),
        ("25", 0, 25),
        (Decimal("25.0"), 0, 25),
        ("12.5", 2, 1250),
        (Decimal("1e2"), 0, 100),
        ("-3", 0, -3),
    ],
)
def test_amounts_are_read_exactly(value: object, scale: int, minor: int) -> None:
    """Numbers and their text are the same."""
    assert minor == to_minor(value, scale)


@pytest.mark.parametrize(
    "value", [1.5, True, None, "", "x", "1_0", "NaN", "Infinity", "1e999999999", "1.5", [], "٣", 10**16]
)
def test_bad_amounts_are_refused(value: object) -> None:
    """What is not exactly a whole number of credits is no amount."""
    with pytest.raises(ValueError, match=r"number|range|decimals"):
        to_minor(value, 0)


def test_json_numbers_are_exact() -> None:
    """No float stands between a balance and its JSON."""
    assert '{"a": [12.50, 1, null, "x"], "b": 0.10}' == encode(
        {"a": [Decimal("12.50"), 1, None, "x"], "b": Decimal("0.10")}
    )
    assert {"a": Decimal("12.50"), "b": 3} == decode(b'{"a": 12.50, "b": 3}')
    assert ("12.50", "0.00", None) == (to_text(1250, 2), to_text(0, 2), to_text(None, 2))
    with pytest.raises(ValueError, match="NaN"):
        decode(b"[NaN]")
