"""JSON of very many rows, written piece by piece: never all rows as objects beside all of their text."""

import json
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from typing import Any, overload

LEVELS = 3
"""Objects within objects whose members are pieces; what lies deeper is one piece, and small."""


@dataclass(frozen=True, slots=True, eq=False)
class Each(Sequence[Any]):
    """A list whose elements are made when they are looked at: JSON of rows that are held anyway."""

    make: Callable[[Any], object]
    of: Sequence[Any]

    def __eq__(self, other: object) -> bool:
        """Whether another list holds the same."""
        return isinstance(other, Sequence) and list(self) == list(other)

    __hash__ = None  # type: ignore[assignment] # as of a list

    def __len__(self) -> int:
        """Return how many there are."""
        return len(self.of)

    @overload
    def __getitem__(self, place: int) -> Any: ...  # noqa: ANN401 - JSON
    @overload
    def __getitem__(self, place: slice) -> list[Any]: ...
    def __getitem__(self, place: int | slice) -> Any:
        """Make one of them, or some."""
        found = self.of[place]
        return list(map(self.make, found)) if isinstance(place, slice) else self.make(found)


def pieces(
    value: object,
    encode: Callable[[Any], str],
    *,
    comma: str = ",",
    colon: str = ":",
    lists: Callable[[Iterator[str]], Iterator[str]] = iter,
    levels: int = LEVELS,
) -> Iterator[str]:
    """Yield the JSON text of a value in pieces.

    Args:
        value: JSON; a list may be an ``Each``.
        encode: returns the text of what is small, with the same separators; keys are written as they are.
        comma: between elements.
        colon: between a key and its value.
        lists: what becomes of the pieces of a list.
        levels: of objects whose members are pieces.
    """
    if isinstance(value, dict) and levels:
        yield "{"
        for count, (key, each) in enumerate(value.items()):
            yield f"{comma if count else ''}{json.dumps(key, ensure_ascii=False)}{colon}"
            yield from pieces(each, encode, comma=comma, colon=colon, lists=lists, levels=levels - 1)
        yield "}"
    elif isinstance(value, list | tuple | Each):
        yield from lists(_elements(value, encode, comma))
    else:
        yield encode(value)


def _elements(values: Iterable[object], encode: Callable[[Any], str], comma: str) -> Iterator[str]:
    yield "["
    for count, each in enumerate(values):
        yield f"{comma if count else ''}{encode(each)}"
    yield "]"
