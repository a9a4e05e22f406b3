"""The Google Sheets emulator: ranges and values."""

from collections.abc import Iterator

import pytest

from tests.emulators.sheets import SheetsEmulator
from tests.integration.emulator_kit import Client, columns


@pytest.fixture(scope="module")
def emulator() -> Iterator[SheetsEmulator]:
    """One server for all of these tests."""
    with SheetsEmulator() as running:
        yield running


@pytest.fixture
def client(emulator: SheetsEmulator) -> Client:
    """A client with a fresh spreadsheet."""
    made = Client(emulator)
    made.create()
    return made


def test_new_spreadsheet(client: Client) -> None:
    """A new spreadsheet has one tab of 1000 by 26, with id 0."""
    expected = {
        "sheetId": 0,
        "title": "Sheet1",
        "index": 0,
        "sheetType": "GRID",
        "gridProperties": {"rowCount": 1000, "columnCount": 26},
    }
    assert expected == client.tab()["properties"]


@pytest.mark.parametrize(
    ("asked", "answered"),
    [
        ("Sheet1", "Sheet1!A1:Z1000"),
        ("sheet1!a1", "Sheet1!A1"),
        ("A1:C", "Sheet1!A1:C1000"),
        ("Sheet1!A:C", "Sheet1!A1:C1000"),
        ("Sheet1!2:5", "Sheet1!A2:Z5"),
        ("D4:A1", "Sheet1!A1:D4"),
        ("$B$2:C3", "Sheet1!B2:C3"),
        ("A999:B2000", "Sheet1!A999:B1000"),
        ("'Sheet1'!R2C3", "Sheet1!C2"),
        ("'Sheet1'", "Sheet1!A1:Z1000"),
    ],
)
def test_ranges(client: Client, asked: str, answered: str) -> None:
    """A range is answered in full and within the grid."""
    assert answered == client.good("GET", client.path(f"/values/{asked}"))["range"]


@pytest.mark.parametrize(
    ("title", "quoted"),
    [
        ("D3", "'D3'"),
        ("it's 50/50: a", "'it''s 50/50: a'"),
        ("🌵 x", "'🌵 x'"),
        ("2024", "'2024'"),
        ("Plain_1", "Plain_1"),
    ],
)
def test_titles(client: Client, title: str, quoted: str) -> None:
    """A title is quoted in answers unless it is a plain word; slashes and colons work."""
    client.batch({"addSheet": {"properties": {"title": title}}})
    reply = client.write(f"{quoted}!A1", [["x"]])
    assert f"{quoted}!A1" == reply["updatedRange"]
    path = client.path("/values/" + "".join(f"%{byte:02X}" for byte in quoted.encode()) + ":clear")
    assert f"{quoted}!A1:Z1000" == client.good("POST", path, {})["clearedRange"]


@pytest.mark.parametrize(
    ("asked", "words"),
    [
        ("Nowhere!A1", "Unable to parse range: Nowhere!A1"),
        ("A0", "Unable to parse range: A0"),
        ("A1001", "Range (Sheet1!A1001) exceeds grid limits. Max rows: 1000, max columns: 26"),
    ],
)
def test_bad_ranges(client: Client, asked: str, words: str) -> None:
    """A range that means nothing, or lies outside, is refused in Google's words."""
    assert words == client.refused("GET", client.path(f"/values/{asked}"))


def test_empty_cells(client: Client) -> None:
    """Empty cells and rows at the end are left out; those between stay."""
    client.write("A1", [["A1", "B1", "", "D1"], ["", "b2", ""], [], ["A4"]])
    assert [["A1", "B1", "", "D1"], ["", "b2"], [], ["A4"]] == client.read("A1:F9")
    assert [["A1", "", "", "A4"], ["B1", "b2"], [], ["D1"]] == client.read("A1:F9", majorDimension="COLUMNS")
    assert "values" not in client.good("GET", client.path("/values/F1:G9"))


def test_nulls_touch_nothing(client: Client) -> None:
    """A null leaves a cell alone and is not counted; an empty text clears it."""
    client.write("A1", [["a", "b"], ["c", "d"]])
    reply = client.write("A1:B2", [[None, "B"], ["", None]])
    assert (2, 2, 2) == (reply["updatedRows"], reply["updatedColumns"], reply["updatedCells"])
    assert [["a", "B"], ["", "d"]] == client.read("A1:B2")


def test_values_come_back(client: Client) -> None:
    """An update can answer with what is there afterwards."""
    reply = client.write(
        "A1",
        [["=1+1", "50%"]],
        "USER_ENTERED",
        includeValuesInResponse="true",
        responseValueRenderOption="FORMULA",
    )
    assert {"range": "Sheet1!A1:B1", "majorDimension": "ROWS", "values": [["=1+1", 0.5]]} == reply[
        "updatedData"
    ]


def test_raw_stays(client: Client) -> None:
    """RAW keeps every text as it is."""
    texts = ["=1+1", "+49 1", "00123", "1E5", "TRUE", "#N/A", "'x", "12345678901234567890"]
    client.write("A1", [texts])
    assert [texts] == client.read("A1:H1", valueRenderOption="UNFORMATTED_VALUE")


@pytest.mark.parametrize(
    ("typed", "value", "shown"),
    [
        ("0042", 42, "42"),
        ("2,000,000.01", 2000000.01, "2,000,000.01"),
        ("50%", 0.5, "50%"),
        ("12.5%", 0.125, "12.50%"),
        ("$1,234.5", 1234.5, "$1,234.50"),
        ("-$5", -5, "-$5"),
        ("1e5", 100000, "1.00E+05"),
        ("2020-01-01", 43831, "2020-01-01"),
        ("1/2/2020", 43832, "1/2/2020"),
        ("6:30 PM", 0.7708333333333334, "6:30 PM"),
        ("2020-01-01 12:00:00", 43831.5, "2020-01-01 12:00:00"),
        ("tRuE", True, "TRUE"),
        ("'=1", "=1", "=1"),
        ("= 1 / 1024", 0.0009765625, "0.0009765625"),
        ("=1/3", 1 / 3, "0.3333333333"),
        ("=4/2", 2, "2"),
        ("=1/0", "#DIV/0!", "#DIV/0!"),
        ("=NOSUCH(1)", "#NAME?", "#NAME?"),
        ('=IF(1>2,"a","b")&"c"', "bc", "bc"),
        ("12345678901234567890", 1.2345678901234567e19, "1.23457E+19"),
        ("x", "x", "x"),
    ],
)
def test_typing(client: Client, typed: str, value: object, shown: str) -> None:
    """USER_ENTERED reads a text as a person's typing, and the cell shows it in that format."""
    client.typed("A1", typed)
    assert [[value]] == client.read("A1", valueRenderOption="UNFORMATTED_VALUE")
    assert [[shown]] == client.read("A1")


def test_text_columns(client: Client) -> None:
    """A cell of the format text keeps what is typed."""
    form = {"userEnteredFormat": {"numberFormat": {"type": "TEXT"}}}
    client.batch(
        {"repeatCell": {"range": {"sheetId": 0}, "cell": form, "fields": "userEnteredFormat.numberFormat"}}
    )
    client.typed("A1", "0042", "=1+1")
    assert [["0042", "=1+1"]] == client.read("A1:B1", valueRenderOption="UNFORMATTED_VALUE")


def test_dates_as_text(client: Client) -> None:
    """Dates come as serial numbers, or as shown."""
    client.typed("A1", "2020-01-01", 1.5)
    asked = {"valueRenderOption": "UNFORMATTED_VALUE", "dateTimeRenderOption": "FORMATTED_STRING"}
    assert [["2020-01-01", 1.5]] == client.read("A1:B1", **asked)


def test_formulas_follow(client: Client) -> None:
    """Formulas are computed from the cells of now, and follow inserted and deleted rows."""
    client.write("A1", [[1], [2], [3], ["=SUM(A1:A3)"], ["=A4*2"]], "USER_ENTERED")
    assert [["6"], ["12"]] == client.read("A4:A5")
    client.batch(
        {"insertDimension": {"range": {"sheetId": 0, "dimension": "ROWS", "startIndex": 1, "endIndex": 2}}}
    )
    assert [["=SUM(A1:A4)"], ["=A5*2"]] == client.read("A5:A6", valueRenderOption="FORMULA")
    client.batch(
        {"deleteDimension": {"range": {"sheetId": 0, "dimension": "ROWS", "startIndex": 3, "endIndex": 4}}}
    )
    assert [["=SUM(A1:A3)"], ["=A4*2"]] == client.read("A4:A5", valueRenderOption="FORMULA")
    client.write("A1", [["=A1"]], "USER_ENTERED")
    assert [["#REF!"]] == client.read("A1")


def test_append(client: Client) -> None:
    """Appending goes below the last table, which may be shifted; the grid grows."""
    client.batch(
        {"deleteDimension": {"range": {"sheetId": 0, "dimension": "ROWS", "startIndex": 2, "endIndex": 1000}}}
    )
    path = client.path("/values/Sheet1:append")
    first = client.good("POST", path, {"values": [["a", "", "c"]]}, valueInputOption="RAW")
    assert ("Sheet1!A1:C1", None) == (first["updates"]["updatedRange"], first.get("tableRange"))
    second = client.good("POST", path, {"values": [["x"]]}, valueInputOption="RAW")
    assert ("Sheet1!C2", "Sheet1!C1") == (second["updates"]["updatedRange"], second["tableRange"])
    third = client.good("POST", client.path("/values/A1:append"), {"values": [["y"]]}, valueInputOption="RAW")
    assert "Sheet1!A2" == third["updates"]["updatedRange"]
    client.good("POST", path, {"values": [["z"]]}, valueInputOption="RAW")
    assert 3 == client.tab()["properties"]["gridProperties"]["rowCount"]


def test_batches(client: Client) -> None:
    """Several ranges go in one request; if one is bad nothing is written."""
    data = [{"range": "A1", "values": [["a"]]}, {"range": "C2:C3", "values": [["x"], ["y"]]}]
    body = {"valueInputOption": "RAW", "data": data}
    reply = client.good("POST", client.path("/values:batchUpdate"), body)
    totals = [reply[f"totalUpdated{name}"] for name in ("Rows", "Columns", "Cells", "Sheets")]
    assert [3, 2, 3, 1] == totals
    bad = {**body, "data": [{"range": "A1", "values": [["b"]]}, {"range": "Nope!A1", "values": [["b"]]}]}
    said = client.refused("POST", client.path("/values:batchUpdate"), bad)
    assert "Invalid data[1]: Unable to parse range: Nope!A1" == said
    got = client.good("GET", client.path("/values:batchGet"), ranges=["A1:B2", "C:C"])["valueRanges"]
    assert [[["a"]], [[], ["x"], ["y"]]] == [one["values"] for one in got]
    cleared = client.good("POST", client.path("/values:batchClear"), {"ranges": ["A1", "C2:C9"]})
    assert ["Sheet1!A1", "Sheet1!C2:C9"] == cleared["clearedRanges"]
    assert [] == client.read("Sheet1")


@pytest.mark.parametrize(
    ("at", "values", "words"),
    [
        (
            "A1:B1",
            [["a"], ["b"]],
            "Requested writing within range [Sheet1!A1:B1], but tried writing to row [2]",
        ),
        (
            "A1:B1",
            [["a", "b", "c"]],
            "Requested writing within range [Sheet1!A1:B1], but tried writing to column [C]",
        ),
        (
            "A1000",
            [["a"], ["b"]],
            "Range (Sheet1!A1000:A1001) exceeds grid limits. Max rows: 1000, max columns: 26",
        ),
    ],
)
def test_too_much(client: Client, at: str, values: list[list[str]], words: str) -> None:
    """Values that do not fit are refused."""
    said = client.refused("PUT", client.path(f"/values/{at}"), {"values": values}, valueInputOption="RAW")
    assert words == said


def test_what_google_does_not_know(client: Client) -> None:
    """Unknown fields, parameters and choices are refused as Google does."""
    put, path = "PUT", client.path("/values/A1")
    said = client.refused(put, path, {"valuez": []}, valueInputOption="RAW")
    assert 'Invalid JSON payload received. Unknown name "valuez": Cannot find field.' == said
    assert "Unknown name" in client.refused(put, path, {"values": []}, nonsense="1")
    assert "Invalid value at 'value_input_option'" in client.refused(put, path, {}, valueInputOption="ROW")
    assert "'valueInputOption' is required but not specified" == client.refused(
        put, path, {"values": [["a"]]}
    )


def test_field_masks(client: Client) -> None:
    """A reply holds only the fields asked for."""
    expected = {"sheets": [{"properties": {"sheetId": 0, "gridProperties": {"rowCount": 1000}}}]}
    asked = "sheets.properties(sheetId,gridProperties/rowCount)"
    assert expected == client.good("GET", client.path(), fields=asked)
    assert {} == client.good("GET", client.path(), fields="namedRanges")
    assert "invalid argument" in client.refused("GET", client.path(), fields="sheets.nonsense")


def test_named_ranges(client: Client) -> None:
    """A named range can be read by its name and moves with its cells."""
    spot = {"sheetId": 0, "startRowIndex": 1, "endRowIndex": 2, "startColumnIndex": 0, "endColumnIndex": 2}
    [reply] = client.batch({"addNamedRange": {"namedRange": {"name": "Rates", "range": spot}}})
    client.batch({"insertDimension": {"range": columns(0, 1)}})
    assert "Sheet1!B2:C2" == client.good("GET", client.path("/values/Rates"))["range"]
    client.batch({"deleteNamedRange": {"namedRangeId": reply["addNamedRange"]["namedRange"]["namedRangeId"]}})
    assert "Unable to parse range: Rates" == client.refused("GET", client.path("/values/Rates"))
