"""Made-up customers: the same for the same seed, with names that spreadsheets like to spoil."""

import random
import re
import unicodedata

from sheetsync.sandbox.book import Book, Person, Unit, make_units

FIRST = (
    *("Anna", "Jürgen", "Zoë", "Łukasz", "Siobhán", "Mehmet", "Olga", "François", "Íris", "Nguyễn", "Chloé"),
    *(
        "Björn",
        "Aylin",
        "Dmitri",
        "Fatima",
        "Giulia",
        "Hiroshi",
        "Ines",
        "João",
        "Katarzyna",
        "Liam",
        "Marta",
    ),
    *("Noah", "Özlem", "Pavel", "Renée", "Sofia", "Tomáš", "Ursula", "Wei"),
)
LAST = (
    *(
        "Müller",
        "Smith",
        "García",
        "Kowalski",
        "Nowak",
        "Öztürk",
        "Rossi",
        "Sánchez",
        "Weiß",
        "Çelik",
        "Dupont",
    ),
    *("Hansen", "Ivanova", "Jørgensen", "Kim", "Lindqvist", "Marino", "Novák", "Okafor", "Petit", "Quispe"),
    *("Ribeiro", "Schmidt", "Tanaka", "Urban", "Vogel", "Walsh", "Zieliński", "Bakker", "Şahin"),
)

# Each of these becomes something else in a careless spreadsheet, CSV file or HTML page.
NASTY = (
    '=HYPERLINK("http://evil.example","free credits")',
    "+49 170 5550123",
    "@x",
    "Siobhán O'Brien",
    "00123",
    "-1+1",
    "#N/A",
    "1E5",
    "<b>Bobby</b> & Søn",
    "李小龍",
    "TRUE",
    "  Ann  Lee ",
)
_NASTY_EVERY = 3
_AUTHORS = 3
_ASCII = str.maketrans({"ł": "l", "ø": "o", "ß": "ss", "Ł": "L", "Ø": "O"})


def fixed_units(credits_decimals: int = 0) -> dict[str, Unit]:
    """Return every unit that any dialect knows; one book holds them all."""
    return make_units(
        (
            Unit("credits", credits_decimals),
            Unit("balance", 2),
            Unit("bonus", 2),
            Unit("loyalty_points"),
            Unit("free_starts"),
            Unit("promo_eur"),
            Unit("promo_usd"),
        )
    )


def make_book(*, users: int, seed: int, credits_decimals: int = 0) -> Book:
    """Fill a book with `users` accounts, ids from "1" on as WordPress counts them."""
    book = Book(fixed_units(credits_decimals))
    dice = random.Random(seed)  # noqa: S311 - the point is that it can be repeated
    for number in range(1, users + 1):
        book.open(_make_person(number, dice), _make_balances(book, dice))
    return book


def _make_person(number: int, dice: random.Random) -> Person:
    name = f"{dice.choice(FIRST)} {dice.choice(LAST)}"
    email = f"{_to_ascii(name)}.{number}@customers.example"
    nasty, rest = divmod(number, _NASTY_EVERY)
    if rest == 0 and nasty <= len(NASTY):
        name = NASTY[nasty - 1]
    return Person(str(number), email, name, author=number <= _AUTHORS)


def _to_ascii(name: str) -> str:
    plain = unicodedata.normalize("NFKD", name.translate(_ASCII)).encode("ascii", "ignore").decode()
    return re.sub(r"[^a-z]+", ".", plain.lower()).strip(".")


def _make_balances(book: Book, dice: random.Random) -> dict[str, int | None]:
    # Drawn at scale 0 and then shifted, so that whole numbers do not depend on the configured decimals.
    balances: dict[str, int | None] = {
        code: _draw(dice) * 10**unit.scale + dice.randrange(10**unit.scale)
        for code, unit in book.units.items()
    }
    # FasCard leaves these two empty for customers who never had any.
    for code in ("loyalty_points", "free_starts"):
        if dice.random() < 0.3:
            balances[code] = None
    return balances


def _draw(dice: random.Random) -> int:
    """Draw a plausible balance: often nothing, mostly small, seldom large."""
    kind = dice.random()
    if kind < 0.15:
        return 0
    return dice.randrange(5, 120) if kind < 0.9 else dice.randrange(120, 1500)
