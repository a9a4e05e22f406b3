"""Lists by ``lastID``, complete whatever their order, and whichever way the server takes "previous"."""

from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import Any

from sheetsync.providers.fascard.records import id_of

PAGE = 1000
"""Records per request; FasCard gives no more."""

PAGES_MOST = 100_000
"""Pages; a hundred million records."""

Records = Sequence[Mapping[str, Any]]
ReadPage = Callable[[int | None, bool], Records]
"""Reads a page: (last id or None, towards older records) → records in any order."""


def walk(
    read_page: ReadPage,
    *,
    newer: bool,
    is_enough: Callable[[Records], bool] = lambda _page: False,
    first: Records | None = None,
) -> Iterator[Records]:
    """Yield every record once, a page at a time.

    From the page without a last id towards older records, until a page is empty or has nothing new. Then
    upwards: what came meanwhile, and everything, should the server take "no last id" for 0. After each page
    upwards it looks downwards again: the server may give the newest records after an id, not the next ones.

    Args:
        read_page: reads one page.
        newer: also look upwards where the first page held something.
        is_enough: whether nothing older than this page is wanted.
        first: the first page, if it was read already.

    Raises:
        MalformedError: a record has no id.
    """
    known: set[int] = set()
    start = read_page(None, True) if first is None else first
    yield from _down(start, read_page, known, is_enough)
    if not newer and known:
        return
    for _ in range(PAGES_MOST):
        page = read_page(max(known, default=0), False)
        if all(id_of(record) in known for record in page):
            return
        yield from _down(page, read_page, known, is_enough)


def _down(
    page: Records, read_page: ReadPage, known: set[int], is_enough: Callable[[Records], bool]
) -> Iterator[Records]:
    for _ in range(PAGES_MOST):
        fresh = _fresh(page, known)
        if not fresh:
            return
        yield fresh
        if is_enough(page):
            return
        page = read_page(min(id_of(record) for record in page), True)


def _fresh(page: Records, known: set[int]) -> Records:
    """Return the records that were not seen yet, newest first, and remember them."""
    found: dict[int, Mapping[str, Any]] = {}
    for record in page:
        number = id_of(record)
        if number not in known:
            found[number] = record
    known.update(found)
    return [found[number] for number in sorted(found, reverse=True)]
