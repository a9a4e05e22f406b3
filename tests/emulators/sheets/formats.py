"""How a value is shown: number formats of an English (US) spreadsheet."""

import re
from datetime import datetime
from decimal import ROUND_HALF_UP, Decimal

from tests.emulators.sheets.errors import Json
from tests.emulators.sheets.model import Failure, Value
from tests.emulators.sheets.parsing import moment

DEFAULT_PATTERNS = {
    "NUMBER": "#,##0.00",
    "PERCENT": "0.00%",
    "CURRENCY": '"$"#,##0.00',
    "DATE": "m/d/yyyy",
    "TIME": "h:mm:ss am/pm",
    "DATE_TIME": "m/d/yyyy h:mm:ss",
    "SCIENTIFIC": "0.00E+00",
    "TEXT": "@",
}
DATES = ("DATE", "TIME", "DATE_TIME")
# A number without a format shows this many digits.
GENERAL_DIGITS = 10

_TOKEN = re.compile(r'"[^"]*"|\\.|_.|\*.|\[[^\]]*\]|[0#?][0#?.,]*|\.[0#?]+|[Ee][+-]0+|%|.', re.DOTALL)
_MOMENT = re.compile(
    r'"[^"]*"|\\.|\[[hmsHMS]+\]|\[[^\]]*\]|y+|Y+|m+|M+|d+|D+|h+|H+|s+(?:\.0+)?|S+|[aA]/[pP]|[aA][mM]/[pP][mM]|.',
    re.DOTALL,
)


def shown(value: Value, form: Json | None) -> str:  # noqa: PLR0911 - one return per kind of value
    """The text that a person sees in the cell.

    Args:
        value: Computed value.
        form: The cell's `numberFormat`.
    """
    if value is None:
        return ""
    if isinstance(value, bool):
        return "TRUE" if value else "FALSE"
    if isinstance(value, Failure):
        return value.code
    kind = (form or {}).get("type", "")
    pattern = (form or {}).get("pattern") or DEFAULT_PATTERNS.get(kind, "")
    if isinstance(value, str):
        return _text(value, pattern)
    if kind in DATES:
        return _moment(value, pattern)
    if kind == "TEXT" or not pattern or pattern.lower() in {"general", "@"}:
        return general(value)
    return _number(value, pattern)


def is_moment(form: Json | None) -> bool:
    """Whether a number under this format is a date or a time."""
    return (form or {}).get("type") in DATES


def general(value: float) -> str:
    """A number without a format."""
    if isinstance(value, int) and abs(value) < 10**15:
        return str(value)
    exact = Decimal(repr(float(value)))
    if exact and not -10 <= exact.adjusted() < 15:
        mantissa, _, power = f"{exact:.5E}".partition("E")
        return f"{mantissa.rstrip('0').rstrip('.')}E{int(power):+03d}"
    if exact.adjusted() >= GENERAL_DIGITS:
        return str(exact.quantize(Decimal(1), ROUND_HALF_UP))
    step = Decimal(1).scaleb(
        exact.adjusted() - GENERAL_DIGITS + 1 if exact.adjusted() >= 0 else -GENERAL_DIGITS
    )
    text = f"{exact.quantize(step, ROUND_HALF_UP):f}"
    return text.rstrip("0").rstrip(".") if "." in text else text


def _text(value: str, pattern: str) -> str:
    parts = _sections(pattern)
    if len(parts) == 4:
        return _literals(parts[3]).replace("@", value)
    return value


def _sections(pattern: str) -> list[str]:
    parts = [""]
    for token in _TOKEN.findall(pattern):
        if token == ";":
            parts.append("")
        else:
            parts[-1] += token
    return parts


def _literals(part: str) -> str:
    return "".join(_literal(token) for token in _TOKEN.findall(part))


def _literal(token: str) -> str:
    if token.startswith('"'):
        return token[1:-1]
    if token.startswith("\\"):
        return token[1:]
    if token.startswith("["):
        return token[2:-1].split("-", maxsplit=1)[0] if token.startswith("[$") else ""
    if token.startswith("_"):
        return " "
    return "" if token.startswith("*") else token


def _number(value: float, pattern: str) -> str:
    parts = _sections(pattern)
    exact = Decimal(repr(value))
    if exact < 0 and len(parts) > 1 and parts[1]:
        return _section(-exact, parts[1])
    if exact == 0 and len(parts) > 2 and parts[2]:
        return _section(exact, parts[2])
    text = _section(abs(exact), parts[0])
    return f"-{text}" if exact < 0 and re.search(r"[1-9]", text) else text


def _section(exact: Decimal, part: str) -> str:
    tokens = _TOKEN.findall(part)
    digits = [token for token in tokens if token[0] in "0#?" or re.match(r"\.[0#?]", token)]
    exact = exact.scaleb(2 * tokens.count("%"))
    power = next((token for token in tokens if re.match(r"[Ee][+-]0+\Z", token)), None)
    text = (
        _scientific(exact, digits[0], power)
        if power and digits
        else _plain(exact, digits[0] if digits else "")
    )
    shown_parts = []
    for token in tokens:
        if digits and token is digits[0]:
            shown_parts.append(text)
        elif token is not power and token not in digits[1:]:
            shown_parts.append(_literal(token))
    return "".join(shown_parts)


def _scientific(exact: Decimal, digits: str, power: str) -> str:
    shift = exact.adjusted() if exact else 0
    mantissa = _plain(exact.scaleb(-shift), digits)
    return f"{mantissa}E{'-' if shift < 0 else '+'}{abs(shift):0{len(power) - 2}d}"


def _plain(exact: Decimal, digits: str) -> str:
    if not digits:
        return ""
    whole_mask, _, part_mask = digits.partition(".")
    while whole_mask.endswith(","):
        whole_mask, exact = whole_mask[:-1], exact / 1000
    rounded = exact.quantize(Decimal(1).scaleb(-len(part_mask)), ROUND_HALF_UP)
    whole, _, part = f"{rounded:f}".partition(".")
    least = len(part_mask.rstrip("#"))
    while len(part) > least and part.endswith("0"):
        part = part[:-1]
    whole = whole.lstrip("0").rjust(whole_mask.count("0"), "0")
    if "," in whole_mask and whole:
        whole = re.sub(r"(?<=\d)(?=(?:\d{3})+\Z)", ",", whole)
    return f"{whole}.{part}" if part or digits.endswith(".") else whole


def _moment(serial: float, pattern: str) -> str:
    when = moment(serial)
    tokens = _MOMENT.findall(pattern)
    half = any("/" in token and token[0] in "aA" for token in tokens)
    texts = []
    for index, token in enumerate(tokens):
        minutes = token[0] in "mM" and _is_minutes(tokens, index)
        texts.append(_part(when, serial, token, half=half, minutes=minutes))
    return "".join(texts)


def _is_minutes(tokens: list[str], index: int) -> bool:
    fields = "ymdhsYMDHS["
    before = next((token for token in reversed(tokens[:index]) if token[0] in fields), "")
    after = next((token for token in tokens[index + 1 :] if token[0] in fields), "")
    return (before[:1] in set("hH[") and before != "") or (after[:1] in set("sS") and after != "")


def _part(when: datetime, serial: float, token: str, *, half: bool, minutes: bool) -> str:  # noqa: PLR0911 - one return per field
    kind, size = token[0].lower(), len(token)
    hour = (when.hour % 12 or 12) if half else when.hour
    if kind == "a" and "/" in token:
        mark = "AM" if when.hour < 12 else "PM"
        return mark if size > 3 else mark[0]
    if kind == "[" and token[1:2].lower() == "h":
        return str(int(serial * 24 + 1e-9)).zfill(size - 2)
    if kind == "s" and "." in token:
        return f"{when.second:02d}.{when.microsecond // 1000:03d}"
    if kind == "y":
        return f"{when.year % 100:02d}" if size <= 2 else f"{when.year:04d}"
    if kind in "mdhs" and (kind != "m" or minutes or size <= 2) and size <= 2:
        plain = {"m": when.minute if minutes else when.month, "d": when.day, "h": hour, "s": when.second}[
            kind
        ]
        return str(plain).zfill(size)
    if kind in "md":
        long = when.strftime("%B" if kind == "m" else "%A")
        return long[:3] if size == 3 else long[0] if size == 5 else long
    return _literal(token)
