"""FasCard's locations: names for ids, which are ours, and the one that a person means."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

from sheetsync.errors import UsageError
from sheetsync.providers.fascard.fields import Record, text

SHOWN_MOST = 20
"""Locations that an error lists."""


@dataclass(frozen=True, slots=True)
class Places:
    """Locations by id.

    Attributes:
        ours: of our account.
        others: ids of those that the server lists although they belong to another account.
        read: whether the list could be read.
    """

    ours: Mapping[str, Record] = field(default_factory=dict)
    others: frozenset[str] = frozenset()
    read: bool = True

    @classmethod
    def of(cls, ours: Sequence[Record], listed: Sequence[Record]) -> "Places":
        """Sort a list into our locations and others."""
        mine = {key(place.get("ID")): place for place in ours}
        return cls(mine, frozenset(key(place.get("ID")) for place in listed) - mine.keys())

    def find(self, asked: str | None) -> str | None:
        """Return the id of the location that a person named by id or by name; None if nobody did.

        Raises:
            UsageError: there is none, or several have this name; says which there are.
        """
        if asked is None or asked in self.ours:
            return asked
        if not self.read and asked.isdecimal():
            return asked
        wanted = asked.strip().casefold()
        named = [one for one, place in self.ours.items() if str(place.get("Name")).casefold() == wanted]
        if len(named) == 1:
            return named[0]
        known = [f"{one} {place.get('Name')}" for one, place in self.ours.items()]
        more = f" and {len(known) - SHOWN_MOST} more" if len(known) > SHOWN_MOST else ""
        raise UsageError(
            f"Several locations are called “{asked}”." if named else f"There is no location “{asked}”.",
            hint=f"Name one by its ID: {', '.join(known[:SHOWN_MOST]) or 'none is listed'}{more}.",
        )


def key(value: object) -> str:
    """Return an id as locations are found by it."""
    return str(text(value))
