"""What the lines of a file ask for, of whom, and whether that was sent before."""

from collections import defaultdict
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Protocol

from sheetsync.core import fields
from sheetsync.core.accounts import Change
from sheetsync.core.amounts import DecimalMark
from sheetsync.core.diff import Book
from sheetsync.core.edits import Edit, EditProblem
from sheetsync.core.lines import CARD_NO, Line, line_key, read_line, settled_mark
from sheetsync.core.states import SENDABLE, RowStatus
from sheetsync.errors import RejectedError, RetryableError
from sheetsync.jobs import telling
from sheetsync.jobs.desk import Desk
from sheetsync.ports import LineRecord, OperationRecord
from sheetsync.ports.cards import KnowsCards

EVERY = 1000
"""Lines between two reports of progress, and lines whose operations are looked up at once."""


class LinesFile(Protocol):
    """A file whose lines can be read more than once."""

    @property
    def digest(self) -> str:
        """Of its bytes."""
        ...

    def lines(self, columns: Mapping[str, int]) -> Iterable[Line]:
        """Yield its lines."""
        ...


@dataclass(frozen=True, slots=True)
class Source:
    """A file, and how it is meant.

    Attributes:
        name: of the file, for people.
        columns: field → index.
        label: reference of every line without one.
        again: lines equal to those of other files are meant once more.
        mark: decimal mark, if the person named it.
    """

    file: LinesFile
    name: str
    columns: Mapping[str, int]
    label: str = ""
    again: bool = False
    mark: DecimalMark | None = None

    def reference_of(self, line: Line) -> str:
        """Return what tells a line from an equal one of another file."""
        own = line.reference or " ".join(self.label.split())
        return own or (f"again {self.file.digest[:16]}" if self.again else "")


@dataclass(frozen=True, slots=True)
class Meant:
    """What a line of the file means.

    Attributes:
        status: edited, already sent or invalid.
        keys: operation keys that it asks for.
    """

    line: Line
    status: RowStatus
    message: str = ""
    account_id: str = ""
    edit: Edit | None = None
    keys: tuple[str, ...] = ()
    reference: str = ""

    def invalid(self, message: str) -> "Meant":
        """Return the line with the reason why it cannot be carried out."""
        return replace(self, status=RowStatus.INVALID, message=message)


def judge_lines(desk: Desk, source: Source) -> list[Meant]:
    """Read every line, and say what it asks of whom, and whether that was sent before."""
    mark = source.mark or settled_mark(_amounts(desk, source))
    people = People.of(desk)
    meant = []
    for count, line in enumerate(source.file.lines(source.columns), start=1):
        meant.append(_read(desk, line, people, source, mark))
        if count % EVERY == 0:
            desk.report("Reading lines", count, None)
    return _sent_before(desk, source, _told_apart(_under_their_label(desk, source, meant)))


def _amounts(desk: Desk, source: Source) -> Iterable[str]:
    names = [fields.amount(unit, desk.units) for unit in desk.units]
    for line in source.file.lines(source.columns):
        yield from (line.cells[name] for name in names if line.cells.get(name))


@dataclass(frozen=True, slots=True)
class People:
    """Accounts by what a line may name them."""

    book: Book
    by_email: Mapping[str, Sequence[str]]
    cards: KnowsCards | None = None

    @classmethod
    def of(cls, desk: Desk) -> "People":
        """Return an index of the ledger's accounts, and of the credit system's cards where it has any."""
        book = desk.book()
        by_email: dict[str, list[str]] = defaultdict(list)
        for account_id, baseline in book.baselines.items():
            if baseline.email and not baseline.missing:
                by_email[_plain(baseline.email)].append(account_id)
        return cls(book, by_email, desk.provider if isinstance(desk.provider, KnowsCards) else None)

    def find(self, line: Line) -> str:
        """Return the account that a line names.

        Raises:
            EditProblem: none, several, or two that differ.
        """
        account_id, email = line.text(fields.ACCOUNT_ID), line.text(fields.EMAIL)
        if account_id:
            return self._by_id(account_id, email)
        if email:
            return self._by_email(email)
        card = line.text(CARD_NO)
        if card:
            return self._by_card(card)
        raise EditProblem("The line does not say whose it is: fill in user_id or email.")

    def _by_card(self, card: str) -> str:
        """Ask the credit system whose card it is: one request for each line."""
        if self.cards is None:
            raise EditProblem("This credit system has no cards: name the user by user_id or email.")
        try:
            found = [each.account_id for each in self.cards.find_by_card(card)]
        except (RejectedError, RetryableError) as error:
            raise EditProblem(f"Card {card[:40]} could not be looked up: {error.message}") from error
        if not found:
            raise EditProblem(f"No user has card {card[:40]}. No user is ever created.")
        if len(found) > 1:
            ids = ", ".join(found[:5])
            raise EditProblem(f"{len(found)} users share card {card[:40]} ({ids}): name one by user_id.")
        return self._by_id(found[0], "")

    def _by_id(self, account_id: str, email: str) -> str:
        baseline = self.book.baselines.get(account_id)
        if baseline is None:
            raise EditProblem(
                f"There is no user “{account_id[:40]}” in the last pull: pull again, or correct the id. "
                "No user is ever created."
            )
        if baseline.missing:
            raise EditProblem(f"The credit system no longer has user {account_id}.")
        if email and _plain(email) != _plain(baseline.email):
            raise EditProblem(
                f"User {account_id} has the e-mail {baseline.email or '(none)'}, not {email[:80]}: correct "
                "one of the two."
            )
        return account_id

    def _by_email(self, email: str) -> str:
        found = self.by_email.get(_plain(email), ())
        if not found:
            raise EditProblem(
                f"Nobody has the e-mail “{email[:80]}” in the last pull: pull again, or correct it. "
                "No user is ever created."
            )
        if len(found) > 1:
            ids = ", ".join(found[:5])
            raise EditProblem(
                f"{len(found)} users share the e-mail {email[:80]} ({ids}): name one by user_id."
            )
        return found[0]


def _plain(email: str) -> str:
    return "".join(email.split()).casefold()


def _read(desk: Desk, line: Line, people: People, source: Source, mark: DecimalMark | None) -> Meant:
    blank = Meant(line.bare, RowStatus.EDITED, reference=source.reference_of(line))
    if line.problem:
        return blank.invalid(line.problem)
    try:
        account_id = people.find(line)
    except EditProblem as problem:
        return blank.invalid(str(problem))
    known = replace(blank, account_id=account_id)
    try:
        edit = read_line(line, desk.rules, mark)
    except EditProblem as problem:
        return known.invalid(str(problem))
    return replace(known, edit=edit, keys=_keys(desk, account_id, edit, known.reference))


def _keys(desk: Desk, account_id: str, edit: Edit, reference: str) -> tuple[str, ...]:
    groups = groups_of(desk, edit.changes)
    return tuple(line_key(desk.system, account_id, edit.action, group, reference) for group in groups)


def _under_their_label(desk: Desk, source: Source, meant: Sequence[Meant]) -> Sequence[Meant]:
    """Recognise lines that came under a label before, when the file comes again without it.

    The very same file, and a results file, which names the operations, are known; nobody types a label twice.
    """
    if source.label or source.again:
        return meant
    bare = [each for each in meant if each.edit is not None and not each.reference]
    labels = desk.ledger.lines.references(desk.system, source.file.digest) if bare else frozenset()
    labels -= {each.reference for each in meant}
    if not labels and not any(each.line.told for each in bare):
        return meant
    told = desk.ledger.lines.by_key({key for each in bare for key in each.line.told})
    known = {
        each.line.number: [
            _referred(desk, each, reference)
            for reference in (*(told[key].reference for key in each.line.told[:1] if key in told), *labels)
            if reference
        ]
        for each in bare
    }
    keys = {key for each in bare for again in (each, *known[each.line.number]) for key in again.keys}
    noted = desk.ledger.lines.by_key(keys)

    def chosen(each: Meant) -> Meant:
        found = known.get(each.line.number, ())
        if any(key in noted for key in each.keys):
            return each
        return next((again for again in found if all(key in noted for key in again.keys)), each)

    return [chosen(each) for each in meant]


def _referred(desk: Desk, meant: Meant, reference: str) -> Meant:
    if meant.edit is None:
        raise AssertionError("a line without an edit has no keys")
    return replace(meant, reference=reference, keys=_keys(desk, meant.account_id, meant.edit, reference))


def groups_of(desk: Desk, changes: tuple[Change, ...]) -> list[tuple[Change, ...]]:
    """Return what travels in one request each."""
    return [changes] if desk.rules.capabilities.one_request else [(change,) for change in changes]


def _told_apart(meant: Sequence[Meant]) -> list[Meant]:
    """Refuse lines of one file that ask for the same in the same words."""
    places: dict[tuple[str, ...], list[int]] = defaultdict(list)
    for each in meant:
        if each.keys:
            places[each.keys].append(each.line.number)
    told = []
    for each in meant:
        same = another(places.get(each.keys, ()), each.line.number)
        if each.keys and same is not None:
            sentence = (
                f"Line {same} asks for exactly the same: if both are meant, give each its own reference."
            )
            told.append(each.invalid(sentence))
        else:
            told.append(each)
    return told


def another(numbers: Sequence[int], number: int) -> int | None:
    """Return the first of some lines that is not this one; of a long file all lines may be the same."""
    return next((each for each in numbers[:2] if each != number), None)


def _sent_before(desk: Desk, source: Source, meant: Sequence[Meant]) -> list[Meant]:
    """Recognise lines whose operation was sent, or whose row was changed and then sent."""
    told: list[Meant] = []
    for start in range(0, len(meant), EVERY):  # not all operations of a long file at once
        some = meant[start : start + EVERY]
        keys = {key for each in some if each.status is RowStatus.EDITED for key in each.keys}
        records = desk.ledger.operations.by_key(keys)
        noted = desk.ledger.lines.by_key(keys)
        told += [
            _known(desk, source, each, records, noted) if each.status is RowStatus.EDITED else each
            for each in some
        ]
        desk.report("Looking for lines sent before", len(told), len(meant))
    return told


def _known(
    desk: Desk,
    source: Source,
    meant: Meant,
    records: Mapping[str, OperationRecord],
    noted: Mapping[str, LineRecord],
) -> Meant:
    sent = [records[key] for key in meant.keys if key in records and _goes_no_more(records[key])]
    if 0 < len(sent) < len(meant.keys):
        return _rest(desk, meant, {each.key for each in sent})
    instead = [] if sent else _sent_instead(desk, meant, records, noted)
    if not sent and not instead:
        return meant
    record = (sent or instead)[0]
    where = _where(desk, source, noted.get(meant.keys[0]))
    changed = "" if sent else " Its row was changed before it was pushed."
    return replace(
        meant,
        status=RowStatus.ALREADY_SENT,
        message=f"{where}{changed} {telling.known(desk, record).ending}".strip(),
        keys=tuple(each.key for each in sent or instead),
    )


def _rest(desk: Desk, meant: Meant, sent: Collection[str]) -> Meant:
    """Return what is left of a line of which some units were sent, each being an operation of its own."""
    if meant.edit is None:
        raise AssertionError("a line without an edit has no keys")
    pairs = zip(meant.keys, groups_of(desk, meant.edit.changes), strict=True)
    left = [(key, group) for key, group in pairs if key not in sent]
    changes = tuple(change for _, group in left for change in group)
    return replace(meant, edit=replace(meant.edit, changes=changes), keys=tuple(key for key, _ in left))


def _goes_no_more(record: OperationRecord) -> bool:
    return record.state not in SENDABLE or record.closed


def _sent_instead(
    desk: Desk, meant: Meant, records: Mapping[str, OperationRecord], noted: Mapping[str, LineRecord]
) -> list[OperationRecord]:
    """Return what was sent from the line's row while that still stood where the line was put."""
    line = next((noted[key] for key in meant.keys if key in noted), None)
    if line is None or any(key in records for key in meant.keys):
        return []
    history = desk.ledger.operations.history(line.connection, account_id=meant.account_id, limit=None)
    epochs = line.imported.epochs
    return [
        record
        for record in history
        if record.state not in SENDABLE
        and any(epochs.get(unit.unit) == unit.epoch for unit in record.units)
        and (line.at is None or record.created_at >= line.at)
    ]


def _where(desk: Desk, source: Source, line: LineRecord | None) -> str:
    """Return which file the line came with before, and how it goes once more."""
    if line is None:
        return ""
    if line.digest == source.file.digest:
        return f"This file was imported on {desk.local(line.at)} by {line.actor}."
    return (
        f"Line {line.line} of {line.file}, imported on {desk.local(line.at)} by {line.actor}, asks for the "
        "same. If it is meant once more: give it a reference, or import with --label or --again."
    )
