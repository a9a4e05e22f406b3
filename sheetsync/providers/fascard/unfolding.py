"""Nested prices and schedules of FasCard, unfolded to one record for each price or feature. Pure."""

from collections.abc import Iterator, Mapping
from typing import Any

from sheetsync.core.tab import CellValue
from sheetsync.providers.fascard.codes import FEATURES, OPTION_TYPES
from sheetsync.providers.fascard.fields import Record, plain, text

DEFAULT = "Always"
SCHEDULED = "Scheduled"
_PER_CENT = range(20, 101)


def prices(record: Record) -> Iterator[Record]:
    """Yield one record for each default price, and one for each price of each part of the week."""
    for price in _records(record.get("DefaultPrices")):
        yield {**price, "When": DEFAULT}
    for part in _records(record.get("Schedule")):
        # Without a price of its own a part of the week still says that it is there.
        for price in _records(part.get("Options")) or [{}]:
            times = {name: part.get(name) for name in ("StartTime", "Duration")}
            yield {**price, **times, "When": SCHEDULED}


def schedules(record: Record) -> Iterator[Record]:
    """Yield one record for each price and each feature of each part of the week."""
    common = {name: record.get(name) for name in ("EquipID", "LocationID", "DefaultTime")}
    for part in _records(record.get("Schedule")):
        times = {name: part.get(name) for name in ("StartTime", "EndTime")}
        found = [
            *({**price, "What": "Price"} for price in _records(part.get("Prices"))),
            *({**_with_meaning(each), "What": "Feature"} for each in _records(part.get("Features"))),
        ]
        for each in found or [{}]:
            yield {**common, **times, **each}


def statistics(record: Record) -> Iterator[Record]:
    """Yield the record; the overview calls its type ``Types``, like the parameter that asks for it."""
    yield {"Types": record.get("Type"), **record}


def options(value: Any) -> CellValue:  # noqa: ANN401 - JSON
    """Return an equipment's options in one line: ``0 Normal (Base price); 1 Hot (Adder price)``."""
    found = _records(value)
    if not found and value:
        return plain(value)
    return "; ".join(_option(each) for each in found) or None


def _option(record: Record) -> str:
    kind = record.get("OptionType")
    return f"{text(record.get('OptionNo'))} {record.get('Name')} ({OPTION_TYPES.get(kind) or text(kind)})"


def _with_meaning(feature: Record) -> Record:
    return {**feature, "Meaning": _meaning(feature.get("FeatureNo"), feature.get("Value"))}


def _meaning(feature: object, value: object) -> str | None:
    """Return what a feature's value means, as far as it is documented."""
    if not isinstance(value, int) or isinstance(value, bool) or feature not in FEATURES:
        return None
    if feature == 3:
        return "Disabled" if value == 0 else "Earn" if value > 0 else "Redeem"
    if feature == 2:
        return None
    return {0: "Disabled", 1: "Enabled"}.get(value) or (f"{value} %" if value in _PER_CENT else None)


def _records(value: object) -> list[Mapping[str, Any]]:
    return [each for each in value if isinstance(each, dict)] if isinstance(value, list) else []
