"""What a workbook holds that a rewrite would lose; found in the file itself, before anything is loaded."""

import io
import re
import zipfile
import zlib
from collections.abc import Iterator
from posixpath import dirname, join, normpath
from xml.etree import ElementTree as ET

from sheetsync.errors import SheetError, SheetUnsafeError
from sheetsync.sheets.workbook import parts

MAX_UNPACKED_BYTES = 2 * 1024**3
"""Larger contents are refused: the file is no customer list but a decompression bomb."""

STRICT_NAMESPACE = "http://purl.oclc.org/ooxml/"

_OPENING = re.compile(rb"<(?:\w+:)?sheetData(?:\s[^>]*)?>")
_CLOSING = re.compile(rb"</(?:\w+:)?sheetData\s*>")
_RELATION_ID = "{http://schemas.openxmlformats.org/officeDocument/2006/relationships}id"
_SIGNATURES = (
    (b"\xd0\xcf\x11\xe0", "it is an old .xls file or is protected by a password"),
    (b"<", "it is a web page or XML with the name of a workbook"),
    (b"%PDF", "it is a PDF"),
)


def open_package(data: bytes, name: str) -> zipfile.ZipFile:
    """Open a workbook's bytes.

    Raises:
        SheetError: they are no workbook; the sentence says what they are.
    """
    try:
        package = zipfile.ZipFile(io.BytesIO(data))
        names = set(package.namelist())
    except (zipfile.BadZipFile, OSError, ValueError) as error:
        raise SheetError(_no_workbook(data, name), hint=_DAMAGE_HINT) from error
    if "[Content_Types].xml" not in names:
        raise damaged(name, "it is another kind of file")
    if sum(part.file_size for part in package.infolist()) > MAX_UNPACKED_BYTES:
        raise damaged(name, "its contents are larger than 2 GiB")
    return package


_DAMAGE_HINT = "Save it as .xlsx without a password in your spreadsheet program, or put a backup back."


def damaged(name: str, why: str) -> SheetError:
    """Return the error for a file that is not a workbook we can read."""
    return SheetError(f"{name} cannot be read as an .xlsx workbook: {why}.", hint=_DAMAGE_HINT)


def unreadable(name: str, error: Exception) -> SheetError:
    """Return the error for a workbook that is damaged, or too unusual for openpyxl."""
    cause = str(error.__cause__ or error).splitlines()
    return damaged(name, f"it is damaged, or holds what cannot be read ({cause[0] if cause else error!r})")


def _no_workbook(data: bytes, name: str) -> str:
    why = "it is damaged or incomplete" if data.startswith(b"PK") else "it is another kind of file"
    for start, words in _SIGNATURES:
        if data.lstrip().startswith(start):
            why = words
    if not data:
        why = "it is empty"
    return f"{name} cannot be read as an .xlsx workbook: {why}."


def refuse_losses(package: zipfile.ZipFile, name: str) -> None:
    """Check that everything in the workbook survives a rewrite.

    Raises:
        SheetUnsafeError: something would be lost; ``details["holds"]`` lists all of it.
        SheetError: the file is damaged.
    """
    try:
        holds = list(dict.fromkeys(_losses(package)))
    except (ET.ParseError, KeyError, zipfile.BadZipFile, ValueError, EOFError, OSError, zlib.error) as error:
        raise damaged(name, "it is damaged or incomplete") from error
    if holds:
        raise unsafe(name, holds)


def unsafe(name: str, holds: list[str]) -> SheetUnsafeError:
    """Return the refusal to write over things that would be lost."""
    return SheetUnsafeError(
        f"Nothing was written to {name}, because writing would destroy what it holds: {'; '.join(holds)}.",
        hint="Move these to another workbook, or give the tab a workbook of its own.",
        details={"holds": holds},
    )


def refuse_strict(package: zipfile.ZipFile, name: str) -> None:
    """Check that the workbook speaks the dialect that can be read; in the other one every tab looks empty.

    Raises:
        SheetError: it was saved as "Strict Open XML", or holds no workbook.
    """
    try:
        strict = STRICT_NAMESPACE in _xml(package.read(_workbook_part(package))).tag
    except (ET.ParseError, KeyError, zipfile.BadZipFile, ValueError, EOFError, OSError, zlib.error) as error:
        raise damaged(name, "it is damaged or incomplete") from error
    if strict:
        raise damaged(name, 'it was saved as "Strict Open XML"; choose the ordinary "Excel Workbook"')


def _losses(package: zipfile.ZipFile) -> Iterator[str]:
    titles = tabs(package)
    in_tabs = {part: title for path, title in titles.items() for part in _reachable(package, path)}
    types = _content_types(package)
    for name in package.namelist():
        kind = types.get(name.casefold()) or types.get(_extension(name), "")
        words = _in_part(package, name, kind)
        if words:
            yield words + (f" (in {in_tabs[name]!r})" if name in in_tabs else "")
    for path, title in titles.items():
        yield from (f"{words} (in {title!r})" for words in _in_worksheet(package, path))


def _in_part(package: zipfile.ZipFile, name: str, kind: str) -> str:
    """Return in words what is lost with this part, empty if nothing is."""
    if name.casefold() == "xl/workbook.xml" and "macroEnabled" in kind:
        return "macros"
    if not parts.is_safe(name, kind):
        return parts.in_words(name)
    if kind.endswith("drawing+xml") and len(_xml(package.read(name))):
        return "shapes, pictures or charts"
    if kind.endswith("vmlDrawing") and _other_shapes(package.read(name)):
        return "form controls or shapes"
    if kind.endswith("externalLink+xml") and re.search(rb"<(?:\w+:)?(?:dde|ole)Link\b", package.read(name)):
        return "links to data of another program"
    return ""


def _other_shapes(vml: bytes) -> bool:
    """Return whether a VML drawing has shapes beside the boxes of ordinary comments."""
    kinds = re.findall(rb"ObjectType\s*=\s*[\"'](\w+)[\"']", vml)
    shapes = re.findall(rb"<\w+:(?:shape|rect|oval|line|group|image|roundrect|polyline)[\s>]", vml)
    return any(kind != b"Note" for kind in kinds) or len(shapes) != len(kinds)


def _in_worksheet(package: zipfile.ZipFile, path: str) -> Iterator[str]:
    worksheet = _outside_rows(package.read(path))
    for element in worksheet if _local(worksheet.tag) == "worksheet" else ():
        tag = _local(element.tag)
        if tag == "extLst":
            inside = (_local(content.tag) for extension in element for content in extension)
            yield from (parts.extension_words(tag) for tag in inside if tag not in parts.HARMLESS_EXTENSIONS)
        elif tag == "AlternateContent" and not len(element):
            continue
        elif tag not in parts.SAFE_ELEMENTS:
            yield parts.ELEMENT_WORDS.get(tag, f"an element that this program cannot keep: {tag}")


def _outside_rows(xml: bytes) -> ET.Element:
    """Parse a worksheet without its rows, which are most of it."""
    start, end = _OPENING.search(xml), None
    if start and not start.group().endswith(b"/>"):
        end = next(_CLOSING.finditer(xml, xml.rfind(b"sheetData") - 64), None)
    return _xml(xml[: start.end()] + xml[end.start() :] if start and end else xml)


def _xml(data: bytes) -> ET.Element:
    """Parse XML of the workbook; expat itself bounds the expansion of entities."""
    return ET.fromstring(data)  # noqa: S314


def _local(tag: str) -> str:
    return tag.rpartition("}")[2]


def _extension(name: str) -> str:
    return "." + name.rpartition(".")[2].casefold()


def _content_types(package: zipfile.ZipFile) -> dict[str, str]:
    """Return content types by part name, or by extension with its dot."""
    types = {}
    for entry in _xml(package.read("[Content_Types].xml")):
        part, extension = entry.get("PartName"), entry.get("Extension")
        kind = entry.get("ContentType", "")
        types[part.lstrip("/").casefold() if part else f".{extension}".casefold()] = kind
    return types


def relations(package: zipfile.ZipFile, part: str) -> dict[str, str]:
    """Return relation id → part name of what a part refers to inside the file."""
    folder, _, file = part.rpartition("/")
    rels = f"{folder}/_rels/{file}.rels" if folder else f"_rels/{file}.rels"
    if rels not in package.namelist():
        return {}
    return {
        entry.get("Id", ""): normpath(join("/", dirname(part), entry.get("Target", ""))).lstrip("/")
        for entry in _xml(package.read(rels))
        if entry.get("TargetMode") != "External"
    }


def _reachable(package: zipfile.ZipFile, part: str) -> Iterator[str]:
    """Yield the parts that belong to a worksheet, two steps deep: its drawing, and the drawing's charts."""
    for near in relations(package, part).values():
        yield near
        yield from relations(package, near).values()


def _workbook_part(package: zipfile.ZipFile) -> str:
    parts_of_package = relations(package, "").values()
    return next((part for part in parts_of_package if part.endswith("workbook.xml")), "xl/workbook.xml")


def tabs(package: zipfile.ZipFile) -> dict[str, str]:
    """Return part name → title of every worksheet."""
    workbook = _workbook_part(package)
    targets = relations(package, workbook)
    titles = {}
    for sheet in _xml(package.read(workbook)).iter():
        path = targets.get(sheet.get(_RELATION_ID, ""), "")
        if _local(sheet.tag) == "sheet" and path in package.namelist():
            titles[path] = sheet.get("name", "")
    return titles
