"""The tab's columns: headers, who writes them, and how they look; shared by every kind of sheet."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from enum import StrEnum

from sheetsync.core import fields
from sheetsync.core.accounts import Unit
from sheetsync.core.states import RowStatus
from sheetsync.errors import LayoutError, SheetUnsafeError
from sheetsync.ports import ColumnKind, Columns

HEADER_ROW = 1
"""Number of the header row, as a person sees it."""

TEXT_FORMAT = "@"
TIME_FORMAT = "yyyy-mm-dd hh:mm:ss"

REPORT_FORMATS: Mapping[ColumnKind, str] = {
    "text": TEXT_FORMAT,
    "number": "General",
    "money": "#,##0.00##",
    "time": TIME_FORMAT,
}
"""Kind of a report's column → spreadsheet format code; of an amount no decimal place is hidden."""

NOTE_LIMIT = 1000
"""Characters of a header's note; a longer one is not read."""

PULL_HINT = "Run a pull: it creates what is missing and keeps everything else."


class Owner(StrEnum):
    """Who writes a column."""

    SERVICE = "service"
    PERSON = "person"


@dataclass(frozen=True, slots=True)
class Column:
    """One column of the tab.

    Attributes:
        field: code, as in ``core.fields``.
        header: text in row 1.
        owner: who writes its cells.
        note: one sentence for whoever points at the header.
        width: in characters.
        number_format: spreadsheet format code; empty for "as typed".
        required: reading without it makes no sense.
        hidden: not shown to people.
        choices: words that the dropdown offers; empty for no dropdown.
        strict: whether other words than the choices are refused while typing.
    """

    field: str
    header: str
    owner: Owner
    note: str
    width: int
    number_format: str = ""
    required: bool = False
    hidden: bool = False
    choices: tuple[str, ...] = ()
    strict: bool = False


@dataclass(frozen=True, slots=True)
class Paint:
    """Colours of one status, as six hexadecimal digits of red, green and blue.

    Attributes:
        fill: background; light, so that the word stays readable (contrast of 7 or more).
        ink: text.
    """

    fill: str
    ink: str


_GREY, _BLUE = Paint("E8EAED", "3C4043"), Paint("D7E6FB", "123B75")
_AMBER, _RED = Paint("FEEFC3", "5C3A00"), Paint("FAD7D3", "7A150C")
_GREEN, _VIOLET = Paint("D3EDD9", "0B4A20"), Paint("E9DDF7", "46197A")

STATUS_PAINT: Mapping[RowStatus, Paint] = {
    RowStatus.EDITED: _BLUE,
    RowStatus.INVALID: _RED,
    RowStatus.CONFLICT: _VIOLET,
    RowStatus.AWAITING_APPROVAL: _VIOLET,
    RowStatus.QUEUED: _BLUE,
    RowStatus.CONFIRMATION_REQUIRED: _AMBER,
    RowStatus.CONFIRMED: _GREEN,
    RowStatus.REJECTED: _RED,
    RowStatus.NOT_APPLIED: _AMBER,
    RowStatus.ALREADY_SENT: _GREY,
}
"""Every status that has a word; the colour only repeats what the word says."""


def number_format(unit: Unit) -> str:
    """Return the format that shows exactly the unit's decimal places."""
    return "#,##0" + ("." + "0" * unit.scale if unit.scale else "")


def amount_header(unit: Unit, units: Sequence[Unit]) -> str:
    """Return the header of the unit's amount column."""
    return "Amount" if len(units) == 1 else f"Change {unit.header}"


def layout(columns: Columns) -> tuple[Column, ...]:
    """Return the tab's columns in the order in which they are created."""
    return (
        *_identity(columns),
        *_details(columns),
        *_balances(columns),
        *_edit(columns),
        *_extras(columns),
        *_outcome(),
    )


def _report_mark(about: str) -> str:
    return f"Sheetsync: {about}."


def report_note(about: str, remark: str) -> str:
    """Return the note at A1 that marks a tab as one report's, and tells people what that means."""
    means = "Everything in this tab is replaced whenever the report is pulled."
    return " ".join(part for part in (_report_mark(about), remark, means) if part)


def is_report_note(note: str, about: str) -> bool:
    """Whether a note at A1 marks the tab as this very report's."""
    return note.startswith(_report_mark(about))


def not_the_reports(tab: str, about: str) -> SheetUnsafeError:
    """Return the refusal to write a report over a tab that is somebody else's."""
    return SheetUnsafeError(
        f"Nothing was written: the tab {tab!r} is not that of the report {about}, or lost its note at A1.",
        hint="Rename or delete that tab, then pull the report again.",
        details={"tab": tab},
    )


def _service(field: str, header: str, note: str, width: int, *, text: bool = False) -> Column:
    return Column(field, header, Owner.SERVICE, note, width, number_format=TEXT_FORMAT if text else "")


def _identity(columns: Columns) -> tuple[Column, ...]:
    note = (
        f"The customer's id in the credit system ({columns.environment.upper()}); "
        "the service writes it, please leave it as it is."
    )
    return (
        Column(fields.ACCOUNT_ID, "User ID", Owner.SERVICE, note, 14, TEXT_FORMAT, required=True),
        _service(
            fields.EMAIL, "Email", "The customer's e-mail; change it in the credit system.", 28, text=True
        ),
        _service(fields.NAME, "Name", "The customer's name; change it in the credit system.", 24, text=True),
    )


_DETAILS = (
    Column(
        fields.LAST_ACTIVITY,
        "Last activity",
        Owner.SERVICE,
        "When the customer was last active, at the last pull.",
        20,
        TIME_FORMAT,
    ),
    _service(fields.MOBILE_PHONE, "Mobile phone", "The customer's telephone number.", 18, text=True),
    _service(fields.DISCOUNT, "Discount", "The customer's discount.", 10, text=True),
    _service(fields.EMPLOYEE, "Employee", "Whether this is an employee's own account.", 10, text=True),
    _service(
        fields.ACCOUNT_STATUS, "Account status", "Active or suspended, at the last pull.", 14, text=True
    ),
)


def _details(columns: Columns) -> tuple[Column, ...]:
    return tuple(column for column in _DETAILS if column.field in columns.details)


def _balances(columns: Columns) -> tuple[Column, ...]:
    return tuple(
        Column(
            fields.balance(unit),
            unit.header,
            Owner.SERVICE,
            "The balance at the last pull; to change it, choose an Action and type an amount.",
            max(12, len(unit.header) + 4),
            number_format(unit),
            required=True,
        )
        for unit in columns.units
    )


def _edit(columns: Columns) -> tuple[Column, ...]:
    action = Column(
        fields.ACTION,
        "Action",
        Owner.PERSON,
        "What is to be done; nothing happens before you preview and push.",
        14,
        required=True,
        choices=tuple(action.label for action in columns.actions),
        strict=True,
    )
    reason = Column(
        fields.REASON,
        "Reason",
        Owner.PERSON,
        "Why; choose one from the list." if columns.reasons_strict else "Why; choose one or type your own.",
        18,
        choices=columns.reasons,
        strict=columns.reasons_strict,
    )
    note = Column(fields.NOTE, "Note", Owner.PERSON, "Anything else worth keeping with the change.", 28)
    return (action, *_amounts(columns), reason, note)


def _amounts(columns: Columns) -> tuple[Column, ...]:
    headers = [(unit, amount_header(unit, columns.units)) for unit in columns.units]
    return tuple(
        Column(
            fields.amount(unit, columns.units),
            header,
            Owner.PERSON,
            "How much: with Reset the new balance, otherwise the change.",
            max(12, len(header) + 4),
            number_format(unit),
            required=True,
        )
        for unit, header in headers
    )


_EXTRAS = (
    Column(
        fields.LOCATION_ID,
        "Location ID",
        Owner.PERSON,
        "The location that a Cash change is booked on.",
        14,
        TEXT_FORMAT,
    ),
    Column(
        fields.SUBSCRIPTION_ID,
        "Subscription ID",
        Owner.PERSON,
        "The subscription that Apply promo pays for.",
        22,
        TEXT_FORMAT,
    ),
    Column(
        fields.PLAN_ID,
        "Plan ID",
        Owner.PERSON,
        "Another plan for the subscription; blank keeps the present one.",
        14,
        TEXT_FORMAT,
    ),
    _service(
        fields.INVOICE_PREVIEW,
        "Invoice preview",
        "What the customer would be charged; the preview fills it in.",
        36,
    ),
)


def _extras(columns: Columns) -> tuple[Column, ...]:
    wanted = set(columns.extras)
    if fields.SUBSCRIPTION_ID in wanted:
        wanted.add(fields.INVOICE_PREVIEW)
    return tuple(_offering(column, columns) for column in _EXTRAS if column.field in wanted)


def _offering(column: Column, columns: Columns) -> Column:
    """Return the column with a dropdown, and in its note what each choice stands for."""
    choices = columns.choices.get(column.field)
    if not choices:
        return column
    named = ", ".join(f"{choice} {name}".strip() for choice, name in choices.items())
    note = f"{column.note} {named}"
    return replace(
        column, choices=tuple(choices), note=note if len(note) <= NOTE_LIMIT else f"{note[:NOTE_LIMIT]}…"
    )


def _outcome() -> tuple[Column, ...]:
    status, key = (
        "Where the row's change stands; the service writes it.",
        "Belongs to the service; leave it alone.",
    )
    return (
        Column(fields.STATUS, "Status", Owner.SERVICE, status, 22, required=True),
        Column(
            fields.MESSAGE,
            "Message",
            Owner.SERVICE,
            "What happened, why, and what to do next.",
            60,
            required=True,
        ),
        Column(
            fields.CHECKED_AT,
            "Checked at",
            Owner.SERVICE,
            "When the credit system was last asked about this row.",
            20,
            TIME_FORMAT,
        ),
        Column(fields.KEY, "Key", Owner.SERVICE, key, 24, TEXT_FORMAT, required=True, hidden=True),
    )


def fold(header: object) -> str:
    """Return a header as it is compared: trimmed, inner spaces folded, without case."""
    return "" if header is None else " ".join(str(header).split()).casefold()


def letter(index: int) -> str:
    """Return the letters of a column counted from 0."""
    letters = ""
    index += 1
    while index:
        index, rest = divmod(index - 1, 26)
        letters = chr(ord("A") + rest) + letters
    return letters


def find_columns(headers: Sequence[object], expected: Sequence[Column], *, tab: str) -> dict[str, int]:
    """Return field code → index in ``headers``, for the columns that are there.

    Raises:
        LayoutError: a header of ours stands over two columns.
    """
    places: dict[str, list[int]] = {}
    for index, header in enumerate(headers):
        places.setdefault(fold(header), []).append(index)
    found = {column: places.get(fold(column.header), []) for column in expected}
    doubled = {column.header: [letter(place) for place in at] for column, at in found.items() if len(at) > 1}
    if doubled:
        named = "; ".join(f"{header!r} in {' and '.join(at)}" for header, at in doubled.items())
        raise LayoutError(
            f"The tab {tab!r} has headers twice: {named}.",
            hint="Rename or delete the column that does not belong there.",
            details={"doubled": doubled},
        )
    return {column.field: at[0] for column, at in found.items() if at}


def require_columns(found: Mapping[str, int], expected: Sequence[Column], *, tab: str) -> None:
    """Check that every column without which a row cannot be understood is there.

    Raises:
        LayoutError: headers are missing; ``details["missing"]`` names them.
    """
    missing = [column.header for column in expected if column.required and column.field not in found]
    if missing:
        raise LayoutError(
            f"The tab {tab!r} lacks the headers {', '.join(map(repr, missing))} in row {HEADER_ROW}.",
            hint="Put the header texts back, or repair the layout; what stands in other columns is kept.",
            details={"missing": missing, "found": [each.header for each in expected if each.field in found]},
        )
