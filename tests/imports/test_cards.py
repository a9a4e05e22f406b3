"""Lines that name a customer by card, and files with several units, at a laundry."""

from pathlib import Path

import pytest

from sheetsync.core.lines import columns_of, known_headers
from sheetsync.csvs import open_csv
from sheetsync.jobs.importing import import_file
from sheetsync.jobs.judging import Meant, Source
from tests.imports.office import statuses
from tests.rules.laundromat import Counter
from tests.unit.test_core_kit import CREDITS


def bring(counter: Counter, path: Path, text: str) -> list[Meant]:
    """Import a file; return what became of its lines."""
    path.write_text(text, encoding="utf-8")
    units = counter.desk.units
    file = open_csv(path, known_headers(units))
    source = Source(file, path.name, columns_of(file.header, units, {}))
    meant: list[Meant] = import_file(counter.desk, source, params={})["meant"]
    return meant


def test_by_card(tmp_path: Path) -> None:
    """The credit system says whose card it is; none, or several, is told in words."""
    with Counter() as counter:
        counter.laundry.cards = {1001: ("4711",), 1002: ("4712", "9"), 1003: ("9",)}
        text = "Card No;action;Change Balance;bonus\n4711;add;2.50;1.00\n9;add;1;\n0815;add;1;\n"
        meant = bring(counter, tmp_path / "cards.csv", text)
        assert {2: "edited", 3: "invalid", 4: "invalid"} == statuses(meant)
        edit = meant[0].edit
        assert edit is not None
        assert ("1001", [250, 100]) == (meant[0].account_id, [each.amount for each in edit.changes])
        assert "2 users share card 9" in meant[1].message
        assert "No user has card 0815" in meant[2].message


@pytest.mark.parametrize("header", ["CardNo", "Card No.", "card-number", "CARD NO"])
def test_spellings_of_the_cards_column(header: str) -> None:
    """As other programs head it."""
    assert {"card_no": 0, "action": 1, "amount": 2} == columns_of(
        [header, "action", "amount"], (CREDITS,), {}
    )


def test_a_server_that_knows_no_cards(tmp_path: Path) -> None:
    """One that lists everybody whatever the card is never taken at its word."""
    with Counter() as counter:
        text = "card_no,action,Change Balance\n4711,add,2.50\n"
        assert {2: "invalid"} == statuses(bring(counter, tmp_path / "cards.csv", text))
