"""The sandbox's own address space, `/_sandbox/`: for programs that are not the process it runs in."""

from collections.abc import Callable, Mapping
from dataclasses import asdict, dataclass
from decimal import Decimal
from typing import TypeVar

from sheetsync.sandbox.backstage import Backstage
from sheetsync.sandbox.book import Book, BookError, Change, Person
from sheetsync.sandbox.exact import decode, to_minor, to_text
from sheetsync.sandbox.faults import Fault
from sheetsync.sandbox.wire import Request, Response, json_response

PREFIX = "/_sandbox/"


@dataclass(frozen=True, slots=True)
class Control:
    """Answers the control requests; amounts are text at their unit's scale, errors are `{"error": "…"}`."""

    backstage: Backstage

    def handle(self, request: Request) -> Response:
        """Carry out a control request."""
        name, _, rest = request.path.removeprefix(PREFIX).strip("/").partition("/")
        actions: dict[tuple[str, str], Callable[[Request, str], object]] = {
            ("GET", "book"): self._show_book,
            ("GET", "journal"): self._show_journal,
            ("GET", "requests"): self._show_requests,
            ("GET", "faults"): self._show_faults,
            ("POST", "faults"): self._add_faults,
            ("DELETE", "faults"): self._clear_faults,
            ("GET", "site"): self._show_site,
            ("POST", "site"): self._turn_site,
            ("POST", "spend"): self._spend,
            ("POST", "top_up"): self._top_up,
            ("POST", "accounts"): self._open_account,
            ("DELETE", "accounts"): self._close_account,
            ("POST", "release"): self._release,
        }
        action = actions.get((request.method, name))
        if action is None:
            known = ", ".join(f"{method} {PREFIX}{path}" for method, path in actions)
            return json_response({"error": f"there is only: {known}"}, 404)
        try:
            return json_response(action(request, rest))
        except (ValueError, BookError) as error:
            return json_response({"error": str(error)}, 400)

    @property
    def _book(self) -> Book:
        return self.backstage.book

    def _show_book(self, _request: Request, _rest: str) -> object:
        snapshot = self._book.snapshot()
        return {
            "version": snapshot.version,
            "units": {unit.code: unit.scale for unit in snapshot.units.values()},
            "accounts": [
                {
                    "id": account.id,
                    "email": account.email,
                    "name": account.name,
                    "balances": {code: self._text(code, minor) for code, minor in account.balances.items()},
                }
                for account in snapshot.accounts
            ],
        }

    def _show_journal(self, request: Request, _rest: str) -> object:
        lines = self._book.journal(request.query.get("account"))
        return {"changes": [self._show_change(line) for line in lines]}

    def _show_requests(self, _request: Request, _rest: str) -> object:
        traffic = self.backstage.traffic
        return {
            "max_writes_in_flight": traffic.max_writes_in_flight(),
            "busiest_second": traffic.busiest(),
            "held": self.backstage.held,
            "requests": traffic.as_json(),
        }

    def _show_faults(self, _request: Request, _rest: str) -> object:
        script = self.backstage.faults
        return {
            "pending": [asdict(fault) for fault in script.pending()],
            "fired": [f.kind for f in script.fired()],
        }

    def _add_faults(self, request: Request, rest: str) -> object:
        values = _read(request, list)
        self.backstage.faults.add(*[self._read_fault(value) for value in values])
        return self._show_faults(request, rest)

    def _read_fault(self, value: object) -> Fault:
        if not isinstance(value, Mapping):
            raise ValueError("a fault must be a JSON object")  # noqa: TRY004 - input, not a programming error
        fields = {name: _to_float(item) for name, item in value.items()}
        if "amount" in value:
            fields["amount_minor"] = self._minor(
                str(value.get("unit", self.backstage.dialect.unit)), value["amount"]
            )
            del fields["amount"]
        return Fault.from_json(fields)

    def _clear_faults(self, request: Request, rest: str) -> object:
        self.backstage.faults.clear()
        return self._show_faults(request, rest)

    def _show_site(self, _request: Request, _rest: str) -> object:
        return self.backstage.dialect.site.as_dict()

    def _turn_site(self, request: Request, _rest: str) -> object:
        values = {name: _to_float(value) for name, value in _read(request, dict).items()}
        self.backstage.dialect.site.update(values)
        return self.backstage.dialect.site.as_dict()

    def _spend(self, request: Request, _rest: str) -> object:
        account, unit, minor = self._read_amount(request)
        return self._show_change(self._book.spend(account, unit, minor))

    def _top_up(self, request: Request, _rest: str) -> object:
        account, unit, minor = self._read_amount(request)
        return self._show_change(self._book.top_up(account, unit, minor))

    def _read_amount(self, request: Request) -> tuple[str, str, int]:
        values = _read(request, dict)
        unit = str(values.get("unit", self.backstage.dialect.unit))
        if "account" not in values or "amount" not in values:
            raise ValueError("account and amount are needed")
        minor = self._minor(unit, values["amount"])
        if minor <= 0:
            raise ValueError("amount must be greater than 0")
        return str(values["account"]), unit, minor

    def _open_account(self, request: Request, _rest: str) -> object:
        values = _read(request, dict)
        if not {"id", "email", "name"} <= set(values):
            raise ValueError("id, email and name are needed")
        person = Person(str(values["id"]), str(values["email"]), str(values["name"]))
        if not person.id.isdecimal():
            raise ValueError("id must be a whole number")
        balances = values.get("balances", {})
        if not isinstance(balances, Mapping):
            raise ValueError("balances must be a JSON object")  # noqa: TRY004 - input, not a programming error
        self._book.open(person, {code: self._minor(code, amount) for code, amount in balances.items()})
        return {"version": self._book.version}

    def _close_account(self, _request: Request, rest: str) -> object:
        self._book.close(rest)
        return {"version": self._book.version}

    def _release(self, _request: Request, _rest: str) -> object:
        return {"released": self.backstage.release()}

    def _minor(self, unit: str, amount: object) -> int:
        return to_minor(amount, self._book.unit(unit).scale)

    def _text(self, unit: str, minor: int | None) -> str | None:
        return to_text(minor, self._book.unit(unit).scale)

    def _show_change(self, line: Change) -> dict[str, object]:
        return {
            "number": line.number,
            "at": line.at_s,
            "account": line.account,
            "unit": line.unit,
            "delta": self._text(line.unit, line.delta_minor),
            "result": self._text(line.unit, line.result_minor),
            "cause": line.cause,
            "note": line.note,
        }


T = TypeVar("T")


def _read(request: Request, shape: type[T]) -> T:
    value = decode(request.body or b"null")
    if not isinstance(value, shape):
        raise ValueError(f"the body must be a JSON {'array' if shape is list else 'object'}")  # noqa: TRY004 - input
    return value


def _to_float(value: object) -> object:
    """Seconds and probabilities are read as exact decimals like everything else, but are no amounts."""
    return float(value) if isinstance(value, Decimal) else value
