"""Punchcard, a made-up loyalty programme, behind the ``Provider`` port: small, and whole."""

from collections.abc import Callable, Collection, Iterator, Mapping
from datetime import datetime
from urllib.parse import quote

from sheetsync.core.accounts import (
    Account,
    Action,
    Balances,
    Capabilities,
    EvidenceKind,
    Operation,
    Transaction,
    Unit,
)
from sheetsync.core.amounts import from_provider
from sheetsync.errors import ProviderError, RejectedError, RequestOutcome
from sheetsync.ports import CheckResult, Progress, Receipt
from sheetsync.providers.fastcredit.routes import encode
from sheetsync.providers.http import Session, Tuning
from sheetsync.providers.limiter import Limiter, Sleeper
from sheetsync.providers.messages import Request, words
from sheetsync.providers.turns import Turns

POINTS = Unit("credits", "Points", 0)
PAGE = 100
"""Members on one page of the list."""


class Punchcard:
    """One Punchcard programme. Thread-safe."""

    filtered = False
    capabilities = Capabilities(
        units=(POINTS,),
        actions=(Action.ADD, Action.RESET, Action.ADJUST),
        evidence=EvidenceKind.BALANCE,
        subtracts=True,
        lists_balances=True,
        page=PAGE,
    )

    def __init__(self, base_url: str, key: str, *, tuning: Tuning, clock: Sleeper, limiter: Limiter) -> None:
        """Make a provider; nothing is sent."""
        self._session = Session(base_url, limiter=limiter, clock=clock, tuning=tuning, headers={"X-Key": key})
        self._turns = Turns()

    def accounts(self, progress: Progress, known: Mapping[str, Balances] | None = None) -> Iterator[Account]:
        """Stream every member: ``GET /members?after=ID``, page by page. Moves no credits."""
        del known  # the list holds the balances, so there is nothing to spare
        after, done = "", 0
        while page := self._page(after):
            yield from page
            after, done = page[-1].account_id, done + len(page)
            progress(done, None)

    def account(self, account_id: str) -> Account:
        """Read one member now: ``GET /members/ID``. Moves no credits."""
        request = Request("GET", f"/members/{quote(account_id, safe='')}", label="/members/{id}")
        return _account(self._session.read(request).data)

    def apply(self, operation: Operation, before: Balances, go: Callable[[], None]) -> Receipt:
        """Send one change: ``POST /members/ID/points``. Moves credits."""
        del before  # Punchcard takes signed changes and targets: nothing has to be computed
        (change,) = operation.changes
        asks = "target" if operation.action is Action.RESET else "change"
        request = Request(
            "POST",
            f"/members/{quote(operation.account_id, safe='')}/points",
            label="/members/{id}/points",
            body=encode({asks: change.amount}),
        )
        with self._turns.turn(operation.account_id):
            return Receipt(words=words(self._session.write(request, go)))

    def evidence(self) -> EvidenceKind:
        """Return that only the balance can prove a change."""
        return EvidenceKind.BALANCE

    def transactions(self, account_ids: Collection[str] | None, since: datetime) -> Iterator[Transaction]:
        """Refuse: Punchcard lists no transactions."""
        del account_ids, since
        raise RejectedError("Punchcard has no list of transactions.")

    def reports(self) -> None:
        """Punchcard has no collections beside its members."""

    def check(self) -> Iterator[CheckResult]:
        """Read one page: it tries address and key at once."""
        try:
            found = len(self._page(""))
        except ProviderError as error:
            yield CheckResult(
                "members", ok=False, message=error.message, hint=error.hint or "Check base_url."
            )
        else:
            yield CheckResult("members", ok=True, message=f"The first page lists {found} members.")

    def close(self) -> None:
        """Close connections."""
        self._session.close()

    def _page(self, after: str) -> list[Account]:
        target = f"/members?limit={PAGE}&after={quote(after, safe='')}"
        try:
            data = self._session.read(Request("GET", target, label="/members")).data
        except RequestOutcome as error:
            raise ProviderError(error.message, hint=error.hint) from None
        if not isinstance(data, list):
            raise ProviderError("Punchcard's list of members is no list.")
        return [_account(member) for member in data]


def _account(data: object) -> Account:
    match data:
        case {"id": str(account_id), "mail": str(email), "name": str(name), "points": points}:
            return Account(account_id, email, name, {POINTS.code: from_provider(points, POINTS)})
        case _:
            raise RejectedError("Punchcard describes a member in a way that this version does not know.")
