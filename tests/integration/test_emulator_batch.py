"""The Google Sheets emulator: tabs, rows, formats and what hangs on them."""

from collections.abc import Iterator

import pytest

from tests.emulators.sheets import SheetsEmulator
from tests.integration.emulator_kit import Client, box, columns, rows


@pytest.fixture(scope="module")
def emulator() -> Iterator[SheetsEmulator]:
    """One server for all of these tests."""
    with SheetsEmulator() as running:
        yield running


@pytest.fixture
def client(emulator: SheetsEmulator) -> Client:
    """A client with a fresh spreadsheet that holds a small list."""
    made = Client(emulator)
    made.create()
    made.write("A1", [["id", "name"], [3, "c"], [1, "a"], [2, "b"]])
    return made


def test_tabs(client: Client) -> None:
    """Tabs can be added, copied, renamed, moved, hidden and removed."""
    wanted = {"title": "Two", "sheetId": 7, "gridProperties": {"rowCount": 5, "columnCount": 2}}
    client.batch(
        {"addSheet": {"properties": wanted}}, {"duplicateSheet": {"sourceSheetId": 0, "newSheetId": 8}}
    )
    properties = {"sheetId": 7, "title": "Zwei", "index": 0, "hidden": True}
    client.batch({"updateSheetProperties": {"properties": properties, "fields": "title,index,hidden"}})
    tabs = [client.tab(index)["properties"] for index in range(3)]
    assert ["Zwei", "Sheet1", "Copy of Sheet1"] == [tab["title"] for tab in tabs]
    assert [True, None, None] == [tab.get("hidden") for tab in tabs]
    assert [["3", "c"]] == client.read("'Copy of Sheet1'!A2:B2")
    client.batch({"deleteSheet": {"sheetId": 8}})
    said = client.unbatched({"deleteSheet": {"sheetId": 0}})
    assert "Invalid requests[0].deleteSheet: You can't remove all the visible sheets in a document." == said


@pytest.mark.parametrize(
    ("request_body", "words"),
    [
        ({"addSheet": {"properties": {"title": "SHEET1"}}}, 'A sheet with the name "SHEET1" already exists.'),
        ({"deleteSheet": {"sheetId": 5}}, "Invalid requests[0].deleteSheet: No sheet with id: 5"),
        ({"unmergeCells": {"range": {"sheetId": 5}}}, "Invalid requests[0].unmergeCells: No grid with id: 5"),
        (
            {"repeatCell": {"range": {"sheetId": 0}, "cell": {}}},
            "At least one field must be listed in 'fields'.",
        ),
        ({"appendDimension": {"dimension": "ROWS", "length": 400_000}}, "above the limit of 10000000 cells."),
        ({"deleteDimension": {"range": rows(0, 1000)}}, "You can't delete all the rows on the sheet."),
        ({"nonsense": {}}, "Unknown name \"nonsense\" at 'requests[0]': Cannot find field."),
        (
            {"addSheet": {"nonsense": 1}},
            "Unknown name \"nonsense\" at 'requests[0].add_sheet': Cannot find field.",
        ),
        ({"mergeCells": {"mergeType": "ALL"}}, "Invalid value at 'requests[0].merge_cells.merge_type'"),
    ],
)
def test_refusals(client: Client, request_body: dict[str, object], words: str) -> None:
    """A request that cannot be carried out says why, and nothing of its batch happens."""
    before = client.tab()
    said = client.unbatched({"appendDimension": {"dimension": "COLUMNS", "length": 1}}, request_body)
    assert words.replace("requests[0]", "requests[1]") in said
    assert before == client.tab()


def test_formats(client: Client) -> None:
    """Formats are merged field by field; colours come in both notations, without zeros."""
    first = {"backgroundColor": {"red": 1, "green": 0}, "textFormat": {"bold": True}}
    spot = box(0, 0, 1, 2)
    client.batch(
        {"repeatCell": {"range": spot, "cell": {"userEnteredFormat": first}, "fields": "userEnteredFormat"}}
    )
    second = {"textFormat": {"italic": True}}
    fields = "userEnteredFormat.textFormat.italic"
    client.batch({"repeatCell": {"range": spot, "cell": {"userEnteredFormat": second}, "fields": fields}})
    expected = {
        "backgroundColor": {"red": 1},
        "textFormat": {"bold": True, "italic": True},
        "backgroundColorStyle": {"rgbColor": {"red": 1}},
    }
    cell = client.cell("B1")
    assert expected == cell["userEnteredFormat"]
    assert ("name", "LEFT") == (cell["formattedValue"], cell["effectiveFormat"]["horizontalAlignment"])


def test_notes_and_validation(client: Client) -> None:
    """Notes and rules are part of a cell and leave its value alone."""
    rule = {
        "condition": {"type": "ONE_OF_LIST", "values": [{"userEnteredValue": "Add"}]},
        "showCustomUi": True,
    }
    client.batch(
        {
            "updateCells": {
                "start": {"columnIndex": 1},
                "rows": [{"values": [{"note": "n"}]}],
                "fields": "note",
            }
        },
        {"setDataValidation": {"range": box(1, 1, 4, 2), "rule": rule}},
    )
    assert ("n", "name") == (client.cell("B1")["note"], client.cell("B1")["formattedValue"])
    client.batch({"insertDimension": {"range": rows(0, 1)}})
    assert (rule, "c") == (client.cell("B3")["dataValidation"], client.cell("B3")["formattedValue"])


def test_sorting(client: Client) -> None:
    """Sorting moves the selected columns and nothing else."""
    client.batch({"sortRange": {"range": box(1, 0, 9, 1), "sortSpecs": [{"dimensionIndex": 0}]}})
    assert [["1", "c"], ["2", "a"], ["3", "b"]] == client.read("A2:B9")
    spec = {"dimensionIndex": 1, "sortOrder": "DESCENDING"}
    client.batch({"sortRange": {"range": box(1, 0, 9, 2), "sortSpecs": [spec]}})
    assert [["1", "c"], ["3", "b"], ["2", "a"]] == client.read("A2:B9")


def test_lines_move(client: Client) -> None:
    """What hangs on rows and columns moves along with them."""
    protection = {"range": box(1, 0, 4, 1), "warningOnly": True}
    rule = {"ranges": [box(1, 1, 4, 2)], "booleanRule": {"condition": {"type": "NOT_BLANK"}, "format": {}}}
    client.batch(
        {"addProtectedRange": {"protectedRange": protection}},
        {"addConditionalFormatRule": {"rule": rule}},
        {"mergeCells": {"range": box(6, 0, 7, 2)}},
        {"setBasicFilter": {"filter": {"range": box(0, 0, 4, 2)}}},
        {"deleteDimension": {"range": rows(1, 2)}},
        {"moveDimension": {"source": columns(1, 2), "destinationIndex": 0}},
    )
    tab = client.tab()
    assert [["name", "id"], ["a", "1"], ["b", "2"]] == client.read("A1:B9")
    assert tab["protectedRanges"][0]["requestingUserCanEdit"]
    spots = [tab["protectedRanges"][0]["range"], tab["conditionalFormats"][0]["ranges"][0], tab["merges"][0]]
    assert [(1, 3, 1, 2), (1, 3, 0, 1), (5, 6, 0, 2)] == [
        tuple(spot[name] for name in ("startRowIndex", "endRowIndex", "startColumnIndex", "endColumnIndex"))
        for spot in spots
    ]
    assert 3 == tab["basicFilter"]["range"]["endRowIndex"]


def test_copy_and_cut(client: Client) -> None:
    """Copied formulas refer to their new neighbours; cut cells take references with them."""
    client.write("C2", [["=A2*2"]], "USER_ENTERED")
    client.batch({"copyPaste": {"source": box(1, 2, 2, 3), "destination": box(2, 2, 4, 3)}})
    assert [["6"], ["2"], ["4"]] == client.read("C2:C4")
    client.batch({"cutPaste": {"source": box(1, 0, 2, 1), "destination": {"rowIndex": 8, "columnIndex": 0}}})
    assert [["=A9*2"]] == client.read("C2", valueRenderOption="FORMULA")
    assert [["", "c"]] == client.read("A2:B2")


def test_ranges_shift(client: Client) -> None:
    """Inserting and deleting part of a row moves only the cells beside or below."""
    client.batch({"insertRange": {"range": box(1, 0, 2, 1), "shiftDimension": "ROWS"}})
    assert [["", "c"], ["3", "a"], ["1", "b"], ["2"]] == client.read("A2:B5")
    client.batch({"deleteRange": {"range": box(1, 0, 2, 1), "shiftDimension": "ROWS"}})
    assert [["3", "c"], ["1", "a"], ["2", "b"]] == client.read("A2:B5")


def test_hidden_and_sized(client: Client) -> None:
    """Rows and columns can be hidden, shown and sized; a filter hides rows."""
    hide = {"range": rows(1, 2), "properties": {"hiddenByUser": True}, "fields": "hiddenByUser"}
    criteria = {"1": {"hiddenValues": ["b"]}}
    client.batch(
        {"updateDimensionProperties": hide},
        {"setBasicFilter": {"filter": {"range": box(0, 0, 4, 2), "criteria": criteria}}},
    )
    asked = "sheets.data(rowMetadata,columnMetadata)"
    [data] = client.good("GET", client.path(), ranges="A1:B4", fields=asked)["sheets"][0]["data"]
    assert [{"pixelSize": 100}, {"pixelSize": 100}] == data["columnMetadata"]
    plain = {"pixelSize": 21}
    expected = [plain, {**plain, "hiddenByUser": True}, plain, {**plain, "hiddenByFilter": True}]
    assert expected == data["rowMetadata"]


def test_groups(client: Client) -> None:
    """Groups nest, and the innermost goes first."""
    client.batch(
        {"addDimensionGroup": {"range": columns(0, 4)}}, {"addDimensionGroup": {"range": columns(1, 2)}}
    )
    assert [1, 2] == [group["depth"] for group in client.tab()["columnGroups"]]
    client.batch({"deleteDimensionGroup": {"range": columns(1, 2)}})
    left = {"dimension": "COLUMNS", "startIndex": 0, "endIndex": 4}
    assert [{"range": left, "depth": 1}] == client.tab()["columnGroups"]


def test_merges(client: Client) -> None:
    """Merging keeps the first value, row by row or all; merging again takes the place of both."""
    client.batch({"mergeCells": {"range": box(0, 0, 2, 2), "mergeType": "MERGE_ROWS"}})
    assert 2 == len(client.tab()["merges"])
    client.batch({"mergeCells": {"range": box(0, 0, 2, 2), "mergeType": "MERGE_ALL"}})
    assert 1 == len(client.tab()["merges"])
    assert [["id"]] == client.read("A1:B2")


def test_rules(client: Client) -> None:
    """Conditional formats stand in an order that requests change."""

    def rule(kind: str) -> dict[str, object]:
        return {"ranges": [box(0, 0, 9, 9)], "booleanRule": {"condition": {"type": kind}, "format": {}}}

    client.batch(
        {"addConditionalFormatRule": {"rule": rule("BLANK"), "index": 0}},
        {"addConditionalFormatRule": {"rule": rule("NOT_BLANK"), "index": 0}},
        {"updateConditionalFormatRule": {"sheetId": 0, "index": 0, "newIndex": 1}},
    )
    kinds = [one["booleanRule"]["condition"]["type"] for one in client.tab()["conditionalFormats"]]
    assert ["BLANK", "NOT_BLANK"] == kinds
    client.batch({"deleteConditionalFormatRule": {"sheetId": 0, "index": 0}})
    assert 1 == len(client.tab()["conditionalFormats"])


def test_developer_metadata(client: Client) -> None:
    """Metadata on a row follows it and finds it."""
    line = {"dimensionRange": rows(2, 3)}
    entry = {"metadataKey": "k", "metadataValue": "v", "location": line, "visibility": "DOCUMENT"}
    client.batch(
        {"createDeveloperMetadata": {"developerMetadata": entry}}, {"insertDimension": {"range": rows(0, 1)}}
    )
    lookup = {"dataFilters": [{"developerMetadataLookup": {"metadataKey": "k"}}]}
    [found] = client.good("POST", client.path("/developerMetadata:search"), lookup)[
        "matchedDeveloperMetadata"
    ]
    assert 3 == found["developerMetadata"]["location"]["dimensionRange"]["startIndex"]
    got = client.good("POST", client.path("/values:batchGetByDataFilter"), lookup)["valueRanges"]
    assert [["1", "a"]] == got[0]["valueRange"]["values"]


def test_find_and_paste(client: Client) -> None:
    """Texts can be replaced and pasted."""
    [reply] = client.batch(
        {"findReplace": {"find": "A", "replacement": "z", "sheetId": 0, "matchEntireCell": True}}
    )
    assert {"valuesChanged": 1, "rowsChanged": 1, "sheetsChanged": 1, "occurrencesChanged": 1} == reply[
        "findReplace"
    ]
    client.batch({"pasteData": {"coordinate": {"rowIndex": 5}, "data": "1;2\n3;x", "delimiter": ";"}})
    assert [[1, 2], [3, "x"]] == client.read("A6:B7", valueRenderOption="UNFORMATTED_VALUE")


def test_copy_to_another(client: Client) -> None:
    """A tab can be copied into another spreadsheet."""
    source = client.book
    target = client.create("Other")
    path = f"/v4/spreadsheets/{source}/sheets/0:copyTo"
    assert "Copy of Sheet1" == client.good("POST", path, {"destinationSpreadsheetId": target})["title"]
    assert [["id", "name"]] == client.read("'Copy of Sheet1'!A1:B1")
