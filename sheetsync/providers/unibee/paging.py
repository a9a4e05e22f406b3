"""Walks UniBee's lists, which are cut into pages while people are added and deleted."""

from collections.abc import Callable, Hashable, Iterator

from sheetsync.providers.unibee.client import Page
from sheetsync.providers.unibee.records import Record, whole

COUNTS = (100, 97, 89, 83, 79, 73)
"""Records on a page, walk by walk: what one cuts apart, the next does not."""

Identity = Callable[[Record], Hashable]
"""Tells records apart."""

ReadPage = Callable[[int, int], Page]
"""Reads a page, given its number from 0 and how many records it is to hold."""


def number_of(record: Record) -> int:
    """Return the ``id`` of a record, as nearly every list has it.

    Raises:
        MalformedError: there is none.
    """
    return whole(record, "id")


class MovingListError(Exception):
    """The list did not hold still; some of it may be missing."""

    def __init__(self, seen: int, total: int) -> None:
        super().__init__(f"{total} are there, {seen} of them came along, in {len(COUNTS)} walks")


def walk(
    read_page: ReadPage, told: Callable[[int, int | None], None], *, identity: Identity = number_of
) -> Iterator[Record]:
    """Yield every record of a list once, oldest first as far as UniBee sorts it.

    Pages overlap and gape: records of one second may change places between two requests, and one that was
    deleted pulls the others forward. So repeats are dropped by identity, and whenever the numbers do not
    add up or the list has shrunk, it is walked again for what was missed.

    Args:
        read_page: reads a page.
        told: how many were seen, and how many there are.
        identity: tells records apart.

    Raises:
        MovingListError: it never added up.
    """
    seen: set[Hashable] = set()
    gathered: set[Hashable] = set()
    total = None
    for count in COUNTS:
        one = _Pass(read_page, count, identity)
        for record in one.records():
            own = identity(record)
            if own not in seen:
                seen.add(own)
                yield record
            told(len(seen), one.total)
        # after somebody was deleted, what was gathered before may hold a record that is no more
        gathered = set() if one.shrunk else gathered | one.ids
        total = one.total
        if not one.shrunk and (total is None or len(gathered) >= total):
            return
    raise MovingListError(len(gathered), total or 0)


class _Pass:
    """One walk from the first page to the end.

    Attributes:
        total: as the newest page said.
        shrunk: it became less on the way.
    """

    def __init__(self, read_page: ReadPage, count: int, identity: Identity) -> None:
        self._read_page = read_page
        self._count = count
        self._identity = identity
        self.ids: set[Hashable] = set()
        self.total: int | None = None
        self.shrunk = False

    def records(self) -> Iterator[Record]:
        page = 0
        while True:
            records, total = self._read_page(page, self._count)
            if total is not None:
                self.shrunk = self.shrunk or (self.total is not None and total < self.total)
                self.total = total
            before = len(self.ids)
            self.ids.update(self._identity(record) for record in records)
            yield from records
            page += 1
            reached = self.total is not None and len(self.ids) >= self.total
            # a page that brings nothing new is the end, too: some servers repeat their last one for ever
            if reached or len(self.ids) == before:
                return
