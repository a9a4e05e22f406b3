"""FasCard's fields as cells: times, codes, amounts, and what nobody documented."""

from datetime import UTC, datetime
from decimal import Decimal
from typing import Any

import pytest

from sheetsync.core.tab import CellValue
from sheetsync.providers.fascard.codes import TRANSACTION_SUB_TYPES
from sheetsync.providers.fascard.fields import Field, FieldKind
from sheetsync.providers.fascard.reports import REPORTS
from sheetsync.providers.fascard.unfolding import options, prices, schedules


@pytest.mark.parametrize(
    ("kind", "value", "expected"),
    [
        ("id", 3_000_000_008, "3000000008"),
        ("id", Decimal(12345678901234567890), "12345678901234567890"),
        ("id", 0, None),
        ("text", 0, "0"),
        ("text", "0103", "0103"),
        ("text", 103, "103"),
        ("number", 7, 7),
        ("money", Decimal("0.10"), Decimal("0.10")),
        ("cents", 250, Decimal("2.50")),
        ("cents", "250", "250"),
        ("yes_no", True, "Yes"),
        ("yes_no", False, "No"),
        ("yes_no", 3, 3),
        ("version", 10413, "v1.04.13"),
        ("version", 12001, "v1.20.01"),
        ("version", "beta", "beta"),
        ("weekly", 0, "Sunday 00:00"),
        ("weekly", 10079, "Saturday 23:59"),
        ("weekly", 10080, "Sunday 00:00"),
        ("weekly", -1, "-1"),
        ("number", {"a": [1, Decimal("0.5")]}, '{"a": [1, "0.5"]}'),
        ("money", None, None),
    ],
)
def test_values(kind: FieldKind, value: object, expected: CellValue) -> None:
    """Exact, and as it is where it is not as documented."""
    found = Field("A", "A", kind).cell({"A": value})
    assert (expected, type(expected)) == (found, type(found))


@pytest.mark.parametrize(
    ("value", "expected"),
    [
        ("2026-03-02T18:30:00", datetime(2026, 3, 2, 18, 30, tzinfo=UTC)),
        ("2026-03-02T18:30:00.1234567", datetime(2026, 3, 2, 18, 30, 0, 123456, tzinfo=UTC)),
        ("2026-03-02T18:30:00Z", datetime(2026, 3, 2, 18, 30, tzinfo=UTC)),
        ("2026-03-02T18:30:00-05:00", datetime(2026, 3, 2, 23, 30, tzinfo=UTC)),
        ("0001-01-01T00:00:00", None),
        ("1753-01-01T00:00:00", "1753-01-01T00:00:00"),
        ("soon", "soon"),
    ],
)
def test_times(value: str, expected: CellValue) -> None:
    """UTC unless it says otherwise; the year 1 means never."""
    assert expected == Field("A", "A", "time").cell({"A": value})


@pytest.mark.parametrize(
    ("record", "expected"),
    [
        ({"TransType": 2, "TransSubType": 2}, "Cash to employee"),
        ({"TransType": 3, "TransSubType": 3}, "Refund"),
        ({"TransType": 2, "TransSubType": 3}, "3"),
        ({"TransType": 100, "TransSubType": 0}, "0"),
        ({"TransType": 3, "TransSubType": None}, None),
        ({"TransType": 3, "TransSubType": [1]}, "[1]"),
    ],
)
def test_codes(record: dict[str, Any], expected: CellValue) -> None:
    """A sub-type means what it means below its type only; unknown numbers stay."""
    shown = Field("TransSubType", "A", codes=TRANSACTION_SUB_TYPES, under="TransType")
    assert expected == shown.cell(record)


def test_paths_lead_into_lists() -> None:
    """A place that is not there is blank."""
    record = {"UplinkStatus": [10, 12], "machine": {"Label": "W1"}}
    paths = ("UplinkStatus.0", "UplinkStatus.2", "machine.Label", "machine.Label.x", "nothing.at.all")
    assert ["10", None, "W1", None, None] == [Field(path, "A").cell(record) for path in paths]


def test_prices_are_unfolded() -> None:
    """Defaults, then every part of the week; a part without prices is still there."""
    record = {
        "DefaultPrices": [{"OptionNo": 0, "OptionPrice": 3}],
        "Schedule": [{"StartTime": 5, "Duration": 9, "Options": [{"OptionNo": 1}]}, {"StartTime": 7}],
    }
    assert [
        {"OptionNo": 0, "OptionPrice": 3, "When": "Always"},
        {"OptionNo": 1, "StartTime": 5, "Duration": 9, "When": "Scheduled"},
        {"StartTime": 7, "Duration": None, "When": "Scheduled"},
    ] == list(prices(record))


def test_schedules_are_unfolded() -> None:
    """Prices and features, with the features' meaning as far as it is documented."""
    values = [(0, 0), (1, 80), (1, 7), (2, 3), (3, -1), (3, 2), (9, 1)]
    features = [{"FeatureNo": number, "Value": value} for number, value in values]
    found = list(schedules({"EquipID": 1, "Schedule": [{"Prices": [{"OptionNo": 0}], "Features": features}]}))
    assert ["Price"] + ["Feature"] * 7 == [record["What"] for record in found]
    meanings = [record.get("Meaning") for record in found]
    assert [None, "Disabled", "80 %", None, None, "Redeem", "Earn", None] == meanings


def test_options_stand_in_one_line() -> None:
    """And what is none is shown as it is."""
    assert "0 Hot (Base price); 1 Wax (7)" == options(
        [{"OptionNo": 0, "OptionType": 0, "Name": "Hot"}, {"OptionNo": 1, "OptionType": 7, "Name": "Wax"}]
    )
    assert (None, '"?"') == (options([]), options('"?"'))


@pytest.mark.parametrize("name", REPORTS)
def test_no_report_has_a_header_twice(name: str) -> None:
    """Columns are told apart by their headers; titles of tabs have room for the connection's name."""
    headers = [each.header for each in REPORTS[name].fields]
    assert sorted(set(headers)) == sorted(headers)
    assert len(name) <= 20


def test_no_report_shows_a_secret() -> None:
    """Neither PINs nor passwords."""
    shown = {each.path.casefold() for report in REPORTS.values() for each in report.fields}
    assert not {"pin", "password", "verifycode"} & shown
