"""Column types that lose nothing on any database."""

import json
from datetime import UTC, datetime
from typing import Any

from sqlalchemy import BigInteger, Dialect, String, Text
from sqlalchemy.types import TypeDecorator

from sheetsync.ledger.packing import packed, unpacked
from sheetsync.long_json import pieces

MAX_BIGINT = 2**63 - 1


class Minor(TypeDecorator[int]):
    """An amount in minor units: an integer that fits 64 bits, or nothing; never a float, never a Decimal.

    ``Numeric`` on SQLite goes through a double and loses money without a warning.
    """

    impl = BigInteger
    cache_ok = True

    def process_bind_param(self, value: int | None, dialect: Dialect) -> int | None:
        """Refuse what is not an exact integer."""
        del dialect
        if value is None:
            return None
        if type(value) is not int or abs(value) > MAX_BIGINT:
            raise TypeError(f"an amount is an integer of minor units, not {type(value).__name__}")
        return value


class Moment(TypeDecorator[datetime]):
    """A time in UTC as ISO 8601 text of fixed width, so that text order is time order on every database."""

    impl = String(27)
    cache_ok = True

    def process_bind_param(self, value: datetime | None, dialect: Dialect) -> str | None:
        """Write aware times only."""
        del dialect
        return None if value is None else iso(value)

    def process_result_value(self, value: str | None, dialect: Dialect) -> datetime | None:
        """Read as an aware time."""
        del dialect
        return None if value is None else datetime.fromisoformat(value)


class Json(TypeDecorator[Any]):
    """Canonical JSON as text: equal values are equal text, and hashes over it are stable."""

    impl = Text
    cache_ok = True

    def process_bind_param(self, value: Any, dialect: Dialect) -> str | None:  # noqa: ANN401 - JSON
        """Write canonical text."""
        del dialect
        return None if value is None else canonical(value)

    def process_result_value(self, value: str | None, dialect: Dialect) -> Any:  # noqa: ANN401 - JSON
        """Read it again."""
        del dialect
        return None if value is None else json.loads(value)


class LongJson(Json):
    """JSON that may hold very many rows: written piece by piece, its long lists packed."""

    cache_ok = True

    def process_bind_param(self, value: Any, dialect: Dialect) -> str | None:  # noqa: ANN401 - JSON
        """Write it; what is short stays legible."""
        del dialect
        return None if value is None else "".join(pieces(value, canonical, lists=packed))

    def process_result_value(self, value: str | None, dialect: Dialect) -> Any:  # noqa: ANN401 - JSON
        """Read it again."""
        return unpacked(super().process_result_value(value, dialect))


def iso(moment: datetime) -> str:
    """Return ``2026-03-12T09:14:03.000000Z``.

    Raises:
        ValueError: the time says no zone.
    """
    if moment.tzinfo is None:
        raise ValueError("a time without a zone cannot be stored")
    return moment.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%S.%fZ")


def canonical(value: Any) -> str:  # noqa: ANN401 - JSON
    """Return the one text of a JSON value; floats are refused, so that none can hold an amount.

    Raises:
        TypeError: it holds a float, or something that is not JSON.
    """
    _refuse_floats(value)
    return _encode(value)


def _refuse_floats(value: object) -> None:
    kind = type(value)  # every event passes here, and most of what is in it is text or a whole number
    if kind is str or kind is int:
        return
    if isinstance(value, float):
        _refuse(value)
    elif isinstance(value, dict):
        for each in value.values():
            _refuse_floats(each)
    elif isinstance(value, list | tuple):
        for each in value:
            _refuse_floats(each)


def _refuse(value: object) -> object:
    raise TypeError(f"{type(value).__name__} does not go into the ledger")


_encode = json.JSONEncoder(sort_keys=True, separators=(",", ":"), ensure_ascii=False, default=_refuse).encode
