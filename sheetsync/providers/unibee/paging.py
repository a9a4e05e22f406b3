"""Walks UniBee's lists, which are cut into pages while people are added and deleted."""

from collections.abc import Callable, Iterator

from sheetsync.providers.unibee.client import Page
from sheetsync.providers.unibee.records import Record, whole

PASSES = 5
"""Times that a list is walked while it does not hold still: each finds what slipped between two pages."""


class MovingListError(Exception):
    """The list did not hold still; some of it may be missing."""

    def __init__(self, seen: int, total: int) -> None:
        super().__init__(f"{total} are there, {seen} of them came along, in {PASSES} walks")


def walk(read_page: Callable[[int], Page], told: Callable[[int, int | None], None]) -> Iterator[Record]:
    """Yield every record of a list once, oldest first as far as UniBee sorts it.

    Pages overlap and gape: records of one second may change places between two requests, and one that was
    deleted pulls the others forward. So repeats are dropped by id, and whenever the numbers do not add up or
    the list has shrunk, it is walked again for what was missed.

    Args:
        read_page: by number, from 0.
        told: how many were seen, and how many there are.

    Raises:
        MovingListError: it never added up.
    """
    seen: set[int] = set()
    for _ in range(PASSES):
        one = _Pass(read_page)
        for record in one.records():
            number = whole(record, "id")
            if number not in seen:
                seen.add(number)
                yield record
            told(len(seen), one.total)
        if one.is_whole:
            return
    raise MovingListError(len(one.ids), one.total or 0)


class _Pass:
    """One walk from the first page to the end.

    Attributes:
        total: as the newest page said.
        shrunk: it became less on the way.
    """

    def __init__(self, read_page: Callable[[int], Page]) -> None:
        self._read_page = read_page
        self.ids: set[int] = set()
        self.total: int | None = None
        self.shrunk = False

    def records(self) -> Iterator[Record]:
        page = 0
        while True:
            records, total = self._read_page(page)
            if total is not None:
                self.shrunk = self.shrunk or (self.total is not None and total < self.total)
                self.total = total
            before = len(self.ids)
            self.ids.update(whole(record, "id") for record in records)
            yield from records
            page += 1
            reached = self.total is not None and len(self.ids) >= self.total
            # a page that brings nothing new is the end, too: some servers repeat their last one for ever
            if reached or len(self.ids) == before:
                return

    @property
    def is_whole(self) -> bool:
        """Whether nothing can have slipped through."""
        return not self.shrunk and (self.total is None or len(self.ids) >= self.total)
