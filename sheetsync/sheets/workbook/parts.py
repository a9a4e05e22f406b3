"""Which parts of a workbook file a rewrite keeps, and words for those that it would lose.

A whitelist: a part that is not known here is refused, never silently lost.
"""

import re

_OFFICE = "application/vnd.openxmlformats-officedocument."
_SPREADSHEET = _OFFICE + "spreadsheetml."
_PACKAGE = "application/vnd.openxmlformats-package."

SAFE_TYPES = frozenset(
    {
        _SPREADSHEET + "sheet.main+xml",
        _SPREADSHEET + "template.main+xml",
        _SPREADSHEET + "worksheet+xml",
        _SPREADSHEET + "styles+xml",
        _SPREADSHEET + "sharedStrings+xml",
        _SPREADSHEET + "comments+xml",
        _SPREADSHEET + "table+xml",
        _SPREADSHEET + "externalLink+xml",
        # Computed from the rest, or about the device that wrote the file.
        _SPREADSHEET + "calcChain+xml",
        _SPREADSHEET + "volatileDependencies+xml",
        _SPREADSHEET + "printerSettings",
        _OFFICE + "theme+xml",
        _OFFICE + "extended-properties+xml",
        _OFFICE + "custom-properties+xml",
        _PACKAGE + "core-properties+xml",
        _PACKAGE + "relationships+xml",
        # Names of people who wrote threaded comments; the comments themselves are refused.
        "application/vnd.ms-excel.person+xml",
        # Looked into: an empty drawing, and the shapes behind ordinary comments.
        _OFFICE + "drawing+xml",
        _OFFICE + "vmlDrawing",
    }
)
"""Content types of parts that are kept, made anew, or worth nothing to a person."""

_SAFE_NAMES = re.compile(
    r"\[Content_Types\]\.xml|docProps/thumbnail\.\w+|xl/metadata|xl/commentsmeta\d+|.*/", re.IGNORECASE
)
"""Parts without a telling type: previews, and what Google's export keeps for itself."""

_WORDS = (
    (r"vbaProject|vbaData|macrosheets/|jsaProject", "macros"),
    (r"pivotTables/|pivotCache/|pivotCacheDefinition", "pivot tables"),
    (r"chartsheets/", "chart sheets"),
    (r"charts/|chartex", "charts"),
    (r"threadedComments/", "threaded comments"),
    (r"slicers/|slicerCaches/", "slicers"),
    (r"timelines/|timelineCaches/", "timelines"),
    (r"activeX/|ctrlProps/", "form controls"),
    (r"embeddings/", "embedded objects"),
    (r"diagrams/|ink/|drawings/", "shapes"),
    (r"connections\.xml|queryTables/|xl/model/", "data connections"),
    (r"xl/richData/", "pictures or linked data in cells"),
    (r"xl/metadata\.xml", "formulas that spill over several cells"),
    (r"featurePropertyBag/", "check boxes in cells"),
    (r"namedSheetViews/|customXml/|xmlMaps", "sheet views or XML data of another program"),
    (r"_xmlsignatures/", "a digital signature"),
    (r"docMetadata/", "a sensitivity label"),
    (r"customUI|webextensions/|taskpanes", "add-ins"),
    (r"revisions/|userNames", "a history of tracked changes"),
    (r"dialogsheets/", "dialog sheets"),
    (r"media/|image", "pictures"),
)


def is_safe(name: str, content_type: str) -> bool:
    """Return whether the part may be there: it is kept, or nobody would miss it."""
    return content_type in SAFE_TYPES or _SAFE_NAMES.fullmatch(name) is not None


def in_words(name: str) -> str:
    """Return what a part holds, as a person calls it."""
    for pattern, words in _WORDS:
        if re.search(pattern, name, re.IGNORECASE):
            return words
    return f"a part that this program cannot keep: {name}"


SAFE_ELEMENTS = frozenset(
    {
        "sheetPr",
        "dimension",
        "sheetViews",
        "sheetFormatPr",
        "cols",
        "sheetData",
        "sheetProtection",
        "scenarios",
        "autoFilter",
        "mergeCells",
        "conditionalFormatting",
        "dataValidations",
        "hyperlinks",
        "printOptions",
        "pageMargins",
        "pageSetup",
        "headerFooter",
        "rowBreaks",
        "colBreaks",
        "tableParts",
        # Looked into through their parts.
        "drawing",
        "legacyDrawing",
        # Lost, and nobody would miss it.
        "sheetCalcPr",
        "sortState",
        "phoneticPr",
        "cellWatches",
        "ignoredErrors",
    }
)
"""Elements of a worksheet that a rewrite keeps."""

ELEMENT_WORDS = {
    "picture": "a background picture",
    "legacyDrawingHF": "pictures in the header or footer",
    "drawingHF": "pictures in the header or footer",
    "oleObjects": "embedded objects",
    "controls": "form controls",
    "AlternateContent": "form controls",
    "protectedRanges": "ranges with a password of their own",
    "customSheetViews": "custom views",
    "dataConsolidate": "a data consolidation",
    "customProperties": "properties of another program",
    "webPublishItems": "settings for publishing as a web page",
    "smartTags": "smart tags",
}

_EXTENSION_WORDS = {
    "conditionalFormattings": "conditional formats of a newer kind (data bars, icon sets)",
    "dataValidations": "dropdowns of a newer kind (with a list in another tab)",
    "sparklineGroups": "sparklines",
    "slicerList": "slicers",
    "timelineRefs": "timelines",
    "protectedRanges": "ranges with a password of their own",
    "webExtensions": "add-ins",
}

HARMLESS_EXTENSIONS = frozenset({"ignoredErrors"})


def extension_words(element: str) -> str:
    """Return what an extension of a worksheet holds, as a person calls it."""
    return _EXTENSION_WORDS.get(element, f"an extension that this program cannot keep: {element}")
