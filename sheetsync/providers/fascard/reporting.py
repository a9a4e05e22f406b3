"""Carries out the table of reports: requests, other accounts left out, narrowing, rows."""

import heapq
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from itertools import islice

from sheetsync.core.tab import CellValue
from sheetsync.errors import ProviderError, RejectedError, RequestOutcome
from sheetsync.ports import Counted, Narrowed, ReportInfo
from sheetsync.providers.fascard.client import Client, malformed
from sheetsync.providers.fascard.fields import Record, find
from sheetsync.providers.fascard.filter import Filter
from sheetsync.providers.fascard.paging import Records, walk
from sheetsync.providers.fascard.places import Places, key
from sheetsync.providers.fascard.records import MalformedError, id_of, moment_of
from sheetsync.providers.fascard.report import PLACE, Report
from sheetsync.providers.fascard.reports import REPORTS
from sheetsync.providers.fascard.tokens import UNAUTHENTICATED
from sheetsync.providers.fascard.transactions import EVERYBODY
from sheetsync.providers.messages import Request

_BESIDE = ("machine", "satellite", "equipment", "location")
_NEVER = datetime.min.replace(tzinfo=UTC)

Warn = Callable[[str], None]


@dataclass(frozen=True, slots=True)
class _Order:
    """What one call asks for.

    Attributes:
        place: id of the only location that is wanted.
        counted: to be called after each request with the number of records that it brought.
    """

    report: Report
    narrowed: Narrowed
    places: Places
    place: str | None
    counted: Callable[[int], None]
    warn: Warn

    @property
    def at_place(self) -> dict[str, str]:
        """The parameter by which lists of machines, satellites and equipment are narrowed."""
        return {} if self.place is None else {PLACE: self.place}


class FasCardReports:
    """The read-only collections of one account of FasCard. Moves no credits."""

    def __init__(self, client: Client, account_id: str, records: Filter) -> None:
        """Make it; nothing is sent.

        Args:
            client: asks.
            account_id: SysConfig id or store id.
            records: leaves out other accounts' records.
        """
        self._client = client
        self._account_id = account_id
        self._filter = records

    def catalogue(self) -> Sequence[ReportInfo]:
        """List every report."""
        return [report.info(name) for name, report in REPORTS.items()]

    def rows(
        self, name: str, narrowed: Narrowed, *, progress: Counted, warn: Warn
    ) -> Iterator[Sequence[CellValue]]:
        """Yield a report's rows; see ``ports.Reports``.

        Raises:
            UsageError: there is no such location.
            ProviderError: it could not be read to its end.
        """
        report, seen = REPORTS[name], 0

        def counted(more: int) -> None:
            nonlocal seen
            seen += more
            progress(seen)

        with _explained(report):
            places = self._places(report, warn)
            order = _Order(report, narrowed, places, places.find(narrowed.location), counted, warn)
            for record in self._narrowed(order):
                yield tuple(each.cell(record) for each in report.fields)

    def _narrowed(self, order: _Order) -> Iterator[Record]:
        """Yield the wanted records, unfolded and with what they name beside them."""
        report, limit = order.report, order.narrowed.limit
        wanted = (record for record in self._source(order) if _is_wanted(record, order))
        beside = (
            {**part, **_beside(record, order.places)} for record in wanted for part in report.unfold(record)
        )
        if limit is None:
            return beside
        if report.time and not report.pages:
            return iter(heapq.nlargest(limit, beside, key=lambda record: _time(record, report)))
        return islice(beside, limit)

    def _source(self, order: _Order) -> Iterator[Record]:
        report = order.report
        if report.pages:
            return self._pages(order)
        if report.each == "equipment":
            return self._of_equipment(order)
        if report.each:
            return self._of_each(order)
        if report.by_place:
            return self._by_place(report.path, order)
        query = {**report.query, **(order.at_place if report.at_place else {})}
        if report.from_time and order.narrowed.since is not None:
            query[report.from_time] = f"{order.narrowed.since.astimezone(UTC):%Y-%m-%dT%H:%M:%S}"
        return iter(self._list(report.path, query, order))

    def _pages(self, order: _Order) -> Iterator[Record]:
        """Yield everybody's transactions, newest first, page by page."""

        def read_page(last_id: int | None, older: bool) -> Records:  # noqa: FBT001 - a page's two coordinates
            page = self._client.transactions(EVERYBODY, last_id, older=older)
            order.counted(len(page))
            return page

        def is_enough(page: Records) -> bool:
            # A whole page: a card reader may deliver an old transaction late, among newer ones.
            since = order.narrowed.since
            return since is not None and all(_time(record, order.report) < since for record in page)

        first = read_page(None, True)
        pages = walk(read_page, newer=False, is_enough=is_enough, first=first)
        records = (
            record for page in pages for record in self._filter.ours(page, user_account="UserAccountID")
        )
        # A server that takes "no last id" for 0 begins with the oldest: then all have to come first.
        yield from records if first else sorted(records, key=id_of, reverse=True)

    def _by_place(self, path: str, order: _Order) -> Iterator[Record]:
        """Yield the records of each location, each once."""
        known: set[int] = set()
        for place in order.places.ours if order.place is None else [order.place]:
            for record in self._list(path, {PLACE: place}, order):
                if key(record.get(PLACE, place)) == place and id_of(record) not in known:
                    known.add(id_of(record))
                    yield {PLACE: place, **record}

    def _of_each(self, order: _Order) -> Iterator[Record]:
        """Yield the history of each machine or satellite."""
        what = order.report.each
        full = missing = 0
        parents = self._parents(what, order)
        for parent in parents:
            path = order.report.path.format_map({what: str(id_of(parent))})
            found = self._part(path, order)
            missing += found is None
            full += len(found or ()) >= order.report.most
            yield from ({**record, what: parent} for record in found or ())
        if full:
            order.warn(
                f"{full} of {len(parents)} {what}s have {order.report.most} changes or more: FasCard gives "
                "no older ones."
            )
        if missing:
            order.warn(f"FasCard has no history of {missing} of {len(parents)} {what}s that it lists.")

    def _parents(self, what: str, order: _Order) -> Sequence[Record]:
        if what == "machine":
            return list(self._by_place("Machine", order))
        listed = self._list("Satellite", order.at_place, order)
        return [each for each in listed if _is_at(key(each.get(PLACE)), order)]

    def _of_equipment(self, order: _Order) -> Iterator[Record]:
        """Yield what FasCard says of each equipment at each location."""
        missing = 0
        wanted = order.places.ours if order.place is None else [order.place]
        for place in wanted:
            for equipment in self._list("Equip", {PLACE: place}, order):
                names = {"equipment": str(id_of(equipment)), "location": place}
                found = self._part(order.report.path.format_map(names), order)
                missing += found is None
                beside = {"equipment": equipment, "location": order.places.ours.get(place, {"ID": place})}
                yield from ({**record, **beside} for record in found or ())
        if missing:
            order.warn(f"FasCard has no such data for {missing} kinds of equipment at their location.")

    def _part(self, path: str, order: _Order) -> Records | None:
        """Read what FasCard says of one machine, satellite or equipment; None if it knows nothing of it."""
        try:
            found = self._client.collection(f"/api/{path}", order.report.query, label=_label(order.report))
        except RejectedError as error:
            if not error.account_gone:
                raise
            found = None
        order.counted(len(found or ()))
        return found

    def _list(self, path: str, query: Mapping[str, str], order: _Order) -> Records:
        found = self._client.collection(f"/api/{path}", query, label=f"/api/{path}")
        order.counted(len(found))
        return self._ours(found, order.warn)

    def _ours(self, found: Records, warn: Warn) -> Records:
        """Leave out records of other accounts; only some kinds of record say whose they are."""
        named = {key(each["AccountID"]) for each in found if each.get("AccountID") is not None}
        if self._account_id.isdecimal() or not named:
            return list(self._filter.ours(found))
        own = {key(each.get("ID")) for each in self._client.own_accounts()}
        if len(named) > 1 and len(own & named) != 1:
            warn(
                f"Records of several accounts are listed, and which are those of {self._account_id} is not "
                "known: put the number of the account into account_id."
            )
            return found
        kept = own & named if len(own & named) == 1 else named
        return [each for each in found if each.get("AccountID") is None or key(each["AccountID"]) in kept]

    def _places(self, report: Report, warn: Warn) -> Places:
        """Read the locations, where a report needs their names or goes through them.

        Raises:
            RejectedError, RetryableError: they could not be read, and nothing goes without.
        """
        if not report.place and not report.each:
            return Places()
        try:
            listed = self._client.collection("/api/Location", {}, label="/api/Location")
        except RejectedError as error:
            strangers = error.details.get("sign_in") or error.details.get("status") == UNAUTHENTICATED
            if strangers or report.by_place or report.each in ("equipment", "machine"):
                raise
            warn(f"Names of locations are missing: {error.message}")
            return Places(read=False)
        return Places.of(self._ours(listed, warn), listed)


def _is_wanted(record: Record, order: _Order) -> bool:
    report, since = order.report, order.narrowed.since
    if since is not None and _time(record, report) < since:
        return False
    if not report.place:
        return True
    place = find(record, report.place)
    if place is None and report.at_place:
        return True
    if report.pages and order.place is None:
        return True  # a transaction is ours by its account, wherever it happened
    return _is_at(key(place), order)


def _is_at(place: str, order: _Order) -> bool:
    return place not in order.places.others and order.place in (None, place)


def _beside(record: Record, places: Places) -> dict[str, Record]:
    """Return what a record belongs to, and the location that either of them names by id."""
    parents = {name: record[name] for name in _BESIDE if name in record}
    named = next((found for each in (record, *parents.values()) if (found := each.get(PLACE))), None)
    place = places.ours.get(key(named))
    return ({} if place is None else {"location": place}) | parents


def _time(record: Record, report: Report) -> datetime:
    """Return when a record happened; one that does not say it counts as older than everything."""
    try:
        return moment_of(find(record, report.time))
    except MalformedError:
        return _NEVER


def _label(report: Report) -> str:
    return f"/api/{report.path}"


@contextmanager
def _explained(report: Report) -> Iterator[None]:
    """Turn what became of a request into what became of the report.

    Raises:
        ProviderError: it could not be read to its end.
    """
    request = Request("GET", _label(report), label=_label(report), setting="account_id")
    try:
        yield
    except MalformedError as error:
        refused = malformed(request, error)
        raise ProviderError(refused.message, hint=refused.hint) from None
    except RequestOutcome as error:
        raise ProviderError(error.message, hint=error.hint) from None
