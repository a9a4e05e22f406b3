"""One report of FasCard: what the table of reports says about each. Carried out by ``reporting``."""

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field

from sheetsync.ports import Narrowing, ReportInfo
from sheetsync.providers.fascard.fields import Field, Record

PLACE = "LocationID"


@dataclass(frozen=True, slots=True)
class Report:
    """One report.

    Attributes:
        shows: what its rows are.
        path: below ``/api/``; a word in braces, such as ``{machine}``, stands for an id.
        fields: columns in order. Below ``machine``, ``satellite``, ``equipment`` and ``location`` stands what
            the address names, or the place of a record.
        query: parameters that are always sent.
        each: what is gone through, one request each.
        pages: of everybody's records by ``lastID``, newest first.
        place: the field that names a record's location; empty where a record has none.
        at_place: the server itself narrows by ``LocationID``.
        by_place: is asked for location by location; without one the server lists only what is running.
        time: the field by which rows are older or newer; empty where nothing has a time.
        from_time: the parameter by which the server itself narrows by time.
        most: records of one answer; where that is reached, older ones are missing.
        unfold: makes rows of a record.
    """

    shows: str
    path: str
    fields: tuple[Field, ...]
    query: Mapping[str, str] = field(default_factory=dict)
    each: str = ""
    pages: bool = False
    place: str = ""
    at_place: bool = False
    by_place: bool = False
    time: str = ""
    from_time: str = ""
    most: int = 0
    unfold: Callable[[Record], Iterable[Record]] = lambda record: (record,)

    @property
    def narrowing(self) -> frozenset[Narrowing]:
        """The ways to ask for less."""
        ways: dict[Narrowing, bool] = {
            "since": bool(self.time),
            "location": bool(self.place) or bool(self.each),
            "limit": True,
        }
        return frozenset(way for way, known in ways.items() if known)

    def info(self, name: str) -> ReportInfo:
        """Return what the catalogue says."""
        return ReportInfo(name, self.shows, tuple(each.column for each in self.fields), self.narrowing)
