"""How Punchcard would speak about the sandbox's book: its addresses, its replies, its refusals."""

import re
from dataclasses import dataclass, field

from sheetsync.sandbox import Account, Book, BookError
from sheetsync.sandbox.exact import decode, to_minor
from sheetsync.sandbox.wire import Request, Response, Switches, Target, json_response

UNIT = "credits"
_MEMBER = re.compile(r"/members/([^/]+)(/points)?")


@dataclass
class PunchcardDialect:
    """Answers as a Punchcard server does."""

    book: Book
    username: str
    password: str
    site: Switches = field(default_factory=Switches)

    @property
    def unit(self) -> str:
        """The unit of a purchase that names none."""
        return UNIT

    def target(self, request: Request) -> Target:
        """Say which member a request names, and whether it would change points."""
        found = _MEMBER.fullmatch(request.path)
        return Target(found[1], write=request.method == "POST") if found else Target()

    def handle(self, request: Request) -> Response:
        """Carry out a request."""
        if request.headers.get("x-key") != self.password:
            return self.unauthorized()
        if request.path == "/members":
            return self._list(request.query)
        found = _MEMBER.fullmatch(request.path)
        try:
            if found and found[2] and request.method == "POST":
                self._change(found[1], decode(request.body))
            return (
                json_response(_member(self.book.account(found[1])))
                if found
                else _refusal("no such page", 404)
            )
        except BookError:
            return _refusal("no such member, or not enough points", 404)
        except ValueError as error:
            return _refusal(str(error), 400)

    def too_many(self, retry_after_s: int | None) -> Response:
        """Refuse a request that came too early."""
        answer = _refusal("slow down", 429)
        return answer if retry_after_s is None else answer.with_headers(Retry_After=str(retry_after_s))

    def server_error(self) -> Response:
        """Answer as the system does when it broke down."""
        return _refusal("sorry", 500)

    def unauthorized(self) -> Response:
        """Refuse a wrong key."""
        return _refusal("wrong key", 401)

    def _list(self, query: dict[str, str]) -> Response:
        accounts = list(self.book.snapshot().accounts)
        after = query.get("after", "")
        start = next((place for place, each in enumerate(accounts, 1) if each.id == after), 0)
        return json_response([_member(each) for each in accounts[start : start + int(query["limit"])]])

    def _change(self, account_id: str, asked: object) -> None:
        match asked:
            case {"change": amount}:
                self.book.add(account_id, UNIT, to_minor(amount, 0))
            case {"target": amount}:
                self.book.set_to(account_id, UNIT, to_minor(amount, 0))
            case _:
                raise ValueError("change or target is missing")


def _member(account: Account) -> dict[str, object]:
    points = account.balances[UNIT] or 0
    return {"id": account.id, "mail": account.email, "name": account.name, "points": points}


def _refusal(text: str, status: int) -> Response:
    return json_response({"error": text}, status)
