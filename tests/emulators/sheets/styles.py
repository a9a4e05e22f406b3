"""Colours and formats as Google completes them."""

from typing import Any

from tests.emulators.sheets.errors import Json

_COLOURS = (
    "backgroundColor", "foregroundColor", "tabColor", "color", "headerColor", "firstBandColor",
    "secondBandColor", "footerColor",
)  # fmt: skip
_DIGITS = 8

WHITE: Json = {"red": 1, "green": 1, "blue": 1}
DEFAULT_FORMAT: Json = {
    "backgroundColor": WHITE,
    "padding": {"top": 2, "right": 3, "bottom": 2, "left": 3},
    "verticalAlignment": "BOTTOM",
    "wrapStrategy": "OVERFLOW_CELL",
    "textFormat": {
        "foregroundColor": {},
        "fontFamily": "arial,sans,sans-serif",
        "fontSize": 10,
        "bold": False,
        "italic": False,
        "strikethrough": False,
        "underline": False,
        "foregroundColorStyle": {"rgbColor": {}},
    },
    "backgroundColorStyle": {"rgbColor": WHITE},
}
_ACCENTS = {
    "TEXT": (0, 0, 0),
    "BACKGROUND": (255, 255, 255),
    "ACCENT1": (66, 133, 244),
    "ACCENT2": (234, 67, 53),
    "ACCENT3": (251, 188, 4),
    "ACCENT4": (52, 168, 83),
    "ACCENT5": (255, 109, 1),
    "ACCENT6": (70, 189, 198),
    "LINK": (17, 85, 204),
}


def _share(level: int) -> float:
    """A colour's level as a single precision number, as Google prints it."""
    return int(level / 255) if level in {0, 255} else float(f"{level / 255:.{_DIGITS}g}")


def colour(levels: tuple[int, int, int]) -> Json:
    """A colour from its levels of 0–255; a zero is left out."""
    named = zip(("red", "green", "blue"), levels, strict=True)
    return {name: _share(level) for name, level in named if level}


THEME: Json = {
    "primaryFontFamily": "Arial",
    "themeColors": [
        {"colorType": kind, "color": {"rgbColor": colour(levels)}} for kind, levels in _ACCENTS.items()
    ],
}


def completed(value: Any) -> Any:  # noqa: ANN401 - JSON in, JSON out
    """An object with its colours in both notations, and zeros left out of colours."""
    if isinstance(value, list):
        return [completed(item) for item in value]
    if not isinstance(value, dict):
        return value
    result: Json = {}
    for name, item in value.items():
        result[name] = _shortened(item) if name in {*_COLOURS, "rgbColor"} else completed(item)
    for name in _COLOURS:
        _pair(result, name)
    return result


def _pair(result: Json, name: str) -> None:
    style = f"{name}Style"
    if "rgbColor" in result.get(style, {}):
        result[name] = result[style]["rgbColor"]
    elif name in result and style not in result and name != "color":
        result[style] = {"rgbColor": result[name]}


def _shortened(item: Any) -> Any:  # noqa: ANN401 - JSON in, JSON out
    if not isinstance(item, dict):
        return item
    if not item.keys() <= {"red", "green", "blue", "alpha"}:
        return completed(item)
    return {name: level for name, level in item.items() if level}


def effective(form: Json) -> Json:
    """What a cell looks like: the spreadsheet's format with the cell's own on top."""
    result = {**DEFAULT_FORMAT, **form}
    if "textFormat" in form:
        result["textFormat"] = {**DEFAULT_FORMAT["textFormat"], **form["textFormat"]}
    return result
