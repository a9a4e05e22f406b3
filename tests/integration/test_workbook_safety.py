"""Nothing in a workbook is lost: what a rewrite would drop is refused, everything else survives."""

import io
import re
import zipfile
from collections.abc import Callable
from pathlib import Path

import openpyxl
import pytest
from openpyxl import Workbook
from openpyxl.chart import BarChart, Reference
from openpyxl.chartsheet import Chartsheet

from sheetsync.core.tab import Patch
from sheetsync.errors import SheetError, SheetUnsafeError
from sheetsync.sheets.workbook import WorkbookSheet
from tests.contract.sheet_suite import COLUMNS, account

TAB = "Credits"


@pytest.fixture
def path(tmp_path: Path) -> Path:
    """Return a workbook with one row."""
    path = tmp_path / "credits.xlsx"
    sheet = WorkbookSheet(path, tab=TAB, columns=COLUMNS)
    sheet.create()
    sheet.write([], append=[account("1")])
    return path


@pytest.fixture
def sheet(path: Path) -> WorkbookSheet:
    """Return the adapter over it."""
    return WorkbookSheet(path, tab=TAB, columns=COLUMNS)


def change(path: Path, edit: Callable[[Workbook], None]) -> None:
    """Change the workbook as another program would."""
    book = openpyxl.load_workbook(path)
    edit(book)
    book.save(path)


def operate(
    path: Path,
    *,
    add: dict[str, bytes] | None = None,
    types: str = "",
    edits: dict[str, tuple[str, str]] | None = None,
) -> None:
    """Change the file's parts: add some, name their types, replace text in others."""
    old = path.read_bytes()
    changes = {"[Content_Types].xml": ("</Types>", f"{types}</Types>"), **(edits or {})}
    with zipfile.ZipFile(io.BytesIO(old)) as source, zipfile.ZipFile(path, "w") as target:
        for name in source.namelist():
            text = source.read(name)
            if name in changes:
                before, after = changes[name]
                assert before.encode() in text
                text = text.replace(before.encode(), after.encode(), 1)
            target.writestr(name, text)
        for name, content in (add or {}).items():
            target.writestr(name, content)


def assert_refused(sheet: WorkbookSheet, path: Path, words: str) -> None:
    """Every kind of write is refused in these words, the file stays, and reading goes on."""
    before = path.read_bytes()
    for act in (
        sheet.ensure_writable,
        sheet.create,
        lambda: sheet.write([Patch("1", {"status": "Edited"})]),
    ):
        with pytest.raises(SheetUnsafeError, match=re.escape(words)):
            act()
    assert before == path.read_bytes()
    assert 1 == len(sheet.read().values)


def test_charts_are_refused_with_their_tab(sheet: WorkbookSheet, path: Path) -> None:
    """A chart in any tab stops writing."""

    def edit(book: Workbook) -> None:
        other = book.create_sheet("Summary")
        other.append([1, 2])
        chart = BarChart()
        chart.add_data(Reference(other, min_col=1, min_row=1, max_col=2))
        other.add_chart(chart, "D4")

    change(path, edit)
    assert_refused(sheet, path, "charts (in 'Summary')")


def test_chart_sheets_are_refused(sheet: WorkbookSheet, path: Path) -> None:
    """A tab that is nothing but a chart stops writing."""

    def edit(book: Workbook) -> None:
        chartsheet: Chartsheet = book.create_chartsheet("Big chart")
        chart = BarChart()
        chart.add_data(Reference(book[TAB], min_col=4, min_row=1, max_row=2))
        chartsheet.add_chart(chart)

    change(path, edit)
    assert_refused(sheet, path, "chart sheets")


PARTS = [
    ("xl/vbaProject.bin", "application/vnd.ms-office.vbaProject", "macros"),
    ("xl/media/image1.png", "image/png", "pictures"),
    (
        "xl/pivotTables/pivotTable1.xml",
        "application/vnd.openxmlformats-officedocument.spreadsheetml.pivotTable+xml",
        "pivot tables",
    ),
    ("xl/threadedComments/threadedComment1.xml", "application/vnd.ms-excel.threadedcomments+xml", "threaded"),
    ("xl/slicers/slicer1.xml", "application/vnd.ms-excel.slicer+xml", "slicers"),
    ("xl/timelines/timeline1.xml", "application/vnd.ms-excel.timeline+xml", "timelines"),
    ("xl/ctrlProps/ctrlProp1.xml", "application/vnd.ms-excel.controlproperties+xml", "form controls"),
    (
        "xl/embeddings/oleObject1.bin",
        "application/vnd.openxmlformats-officedocument.oleObject",
        "embedded objects",
    ),
    (
        "xl/connections.xml",
        "application/vnd.openxmlformats-officedocument.spreadsheetml.connections+xml",
        "data connections",
    ),
    (
        "xl/metadata.xml",
        "application/vnd.openxmlformats-officedocument.spreadsheetml.sheetMetadata+xml",
        "formulas that spill",
    ),
    ("xl/richData/rdrichvalue.xml", "application/vnd.ms-excel.rdrichvalue+xml", "linked data in cells"),
    (
        "_xmlsignatures/sig1.xml",
        "application/vnd.openxmlformats-package.digital-signature-xmlsignature+xml",
        "a digital signature",
    ),
    ("xl/future/new1.xml", "application/vnd.ms-excel.future+xml", "cannot keep: xl/future/new1.xml"),
]


@pytest.mark.parametrize(("part", "kind", "words"), PARTS, ids=[part[0] for part in PARTS])
def test_parts_that_would_be_lost_are_refused(
    sheet: WorkbookSheet, path: Path, *, part: str, kind: str, words: str
) -> None:
    """Known parts are named in words, unknown ones by their path."""
    operate(path, add={part: b"<x/>"}, types=f'<Override PartName="/{part}" ContentType="{kind}"/>')
    assert_refused(sheet, path, words)


def test_a_macro_workbook_is_refused(sheet: WorkbookSheet, path: Path) -> None:
    """The type of an .xlsm file is enough."""
    main = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet.main+xml"
    operate(
        path,
        edits={"[Content_Types].xml": (main, "application/vnd.ms-excel.sheet.macroEnabled.main+xml")},
    )
    assert_refused(sheet, path, "macros")


ELEMENTS = [
    ('<picture xmlns:r="x" r:id="rId9"/>', "background picture"),
    ('<legacyDrawingHF xmlns:r="x" r:id="rId9"/>', "header or footer"),
    ("<protectedRanges/>", "ranges with a password"),
    ("<customSheetViews/>", "custom views"),
    ("<oleObjects/>", "embedded objects"),
    ('<extLst><ext uri="{05C60535}"><s:sparklineGroups xmlns:s="x14"/></ext></extLst>', "sparklines"),
    ('<extLst><ext uri="{78C0D931}"><s:conditionalFormattings xmlns:s="x14"/></ext></extLst>', "data bars"),
    (
        '<extLst><ext uri="{CCE6A557}"><s:dataValidations xmlns:s="x14"/></ext></extLst>',
        "dropdowns of a newer",
    ),
    ("<novelty/>", "cannot keep: novelty"),
]


@pytest.mark.parametrize(("element", "words"), ELEMENTS, ids=[words for _, words in ELEMENTS])
def test_elements_that_would_be_lost_are_refused(
    sheet: WorkbookSheet, path: Path, element: str, words: str
) -> None:
    """What hides inside a worksheet is found, and the tab is named."""
    operate(path, edits={"xl/worksheets/sheet1.xml": ("</worksheet>", f"{element}</worksheet>")})
    assert_refused(sheet, path, words)
    with pytest.raises(SheetUnsafeError, match="in 'Credits'"):
        sheet.ensure_writable()


def test_shapes_among_the_notes_are_refused(sheet: WorkbookSheet, path: Path) -> None:
    """A button lives in the same part as ordinary notes."""
    operate(path, edits={"xl/drawings/commentsDrawing1.vml": ('ObjectType="Note"', 'ObjectType="Button"')})
    assert_refused(sheet, path, "form controls or shapes")


def test_what_openpyxl_warns_about_is_refused(sheet: WorkbookSheet, path: Path) -> None:
    """A note on a cell that merged cells cover would be dropped by a save."""
    merged, formats = '<mergeCells count="1"><mergeCell ref="D1:E1"/></mergeCells>', "<conditionalFormatting"
    operate(path, edits={"xl/worksheets/sheet1.xml": (formats, merged + formats)})
    before = path.read_bytes()
    with pytest.raises(SheetUnsafeError, match="merged range"):
        sheet.write([Patch("1", {"status": "Edited"})])
    assert before == path.read_bytes()


def test_every_loss_is_listed(sheet: WorkbookSheet, path: Path) -> None:
    """A person gets the whole list at once."""
    operate(
        path,
        add={"xl/slicers/slicer1.xml": b"<x/>"},
        types='<Override PartName="/xl/slicers/slicer1.xml" ContentType="x/vnd.ms-excel.slicer+xml"/>',
        edits={"xl/worksheets/sheet1.xml": ("</worksheet>", "<customSheetViews/></worksheet>")},
    )
    with pytest.raises(SheetUnsafeError) as caught:
        sheet.ensure_writable()
    assert ["slicers", "custom views (in 'Credits')"] == caught.value.details["holds"]


HARMLESS = [
    (
        "xl/printerSettings/printerSettings1.bin",
        "application/vnd.openxmlformats-officedocument.spreadsheetml.printerSettings",
    ),
    ("xl/calcChain.xml", "application/vnd.openxmlformats-officedocument.spreadsheetml.calcChain+xml"),
    ("docProps/thumbnail.jpeg", "image/jpeg"),
    ("xl/drawings/drawing1.xml", "application/vnd.openxmlformats-officedocument.drawing+xml"),
    ("xl/persons/person.xml", "application/vnd.ms-excel.person+xml"),
]


@pytest.mark.parametrize(("part", "kind"), HARMLESS, ids=[part for part, _ in HARMLESS])
def test_harmless_parts_are_tolerated(sheet: WorkbookSheet, path: Path, part: str, kind: str) -> None:
    """What Excel, Calc and Google add to every file stops nobody."""
    operate(path, add={part: b"<x/>"}, types=f'<Override PartName="/{part}" ContentType="{kind}"/>')
    sheet.ensure_writable()
    assert {"1"} == sheet.write([Patch("1", {"status": "Edited"})]).applied


def test_harmless_extensions_are_tolerated(sheet: WorkbookSheet, path: Path) -> None:
    """The extension that Calc writes into every workbook is no loss."""
    extension = (
        '<extLst><ext uri="{7626C862}"><l:extCalcPr xmlns:l="loext" stringRefSyntax="CalcA1"/></ext></extLst>'
    )
    operate(path, edits={"xl/workbook.xml": ("</workbook>", f"{extension}</workbook>")})
    assert {"1"} == sheet.write([Patch("1", {"status": "Edited"})]).applied


DAMAGE = {
    "empty": (b"", "it is empty"),
    "truncated": (b"PK\x03\x04 cut off", "damaged or incomplete"),
    "old xls or password": (b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1" + b"\0" * 512, "password"),
    "html": (b"<html><table></table></html>", "web page"),
    "csv": (b"User ID;Email\n1;a@example.org\n", "another kind of file"),
    "pdf": (b"%PDF-1.7", "PDF"),
}


@pytest.mark.parametrize(("data", "words"), DAMAGE.values(), ids=DAMAGE.keys())
def test_what_is_no_workbook_is_said_in_words(
    sheet: WorkbookSheet, path: Path, data: bytes, words: str
) -> None:
    """Reading and writing say what the file is instead, and leave it alone."""
    path.write_bytes(data)
    for act in (
        sheet.read,
        sheet.create,
        sheet.ensure_writable,
        lambda: sheet.write([Patch("1", {"note": "x"})]),
    ):
        with pytest.raises(SheetError, match=words):
            act()
    assert data == path.read_bytes()


def test_another_package_is_no_workbook(sheet: WorkbookSheet, path: Path) -> None:
    """An OpenDocument file with the wrong name is refused."""
    with zipfile.ZipFile(path, "w") as package:
        package.writestr("mimetype", "application/vnd.oasis.opendocument.spreadsheet")
    with pytest.raises(SheetError, match="another kind of file"):
        sheet.read()


@pytest.mark.parametrize(
    "part", ["xl/worksheets/sheet1.xml", "xl/workbook.xml", "xl/styles.xml", "[Content_Types].xml"]
)
@pytest.mark.parametrize("cut", [0.0, 0.3, 0.9])
def test_damaged_parts_are_said_in_words(sheet: WorkbookSheet, path: Path, part: str, cut: float) -> None:
    """A part cut off anywhere is a SheetError and never a trace."""
    with zipfile.ZipFile(path) as package:
        contents = {name: package.read(name) for name in package.namelist()}
    contents[part] = contents[part][: int(len(contents[part]) * cut)]
    with zipfile.ZipFile(path, "w") as package:
        for name, content in contents.items():
            package.writestr(name, content)
    for act in (sheet.read, sheet.create):
        with pytest.raises(SheetError, match="damaged"):
            act()


def test_strict_open_xml_is_refused_in_words(sheet: WorkbookSheet, path: Path) -> None:
    """Every tab of such a file would look empty, and be saved empty."""
    usual = "http://schemas.openxmlformats.org/spreadsheetml/2006/main"
    operate(path, edits={"xl/workbook.xml": (usual, "http://purl.oclc.org/ooxml/spreadsheetml/main")})
    with pytest.raises(SheetError, match="Strict"):
        sheet.read()
