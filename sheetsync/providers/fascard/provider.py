"""CCI FasCard behind the ``Provider`` port."""

from collections.abc import Callable, Collection, Iterator, Mapping
from datetime import datetime

from sheetsync.config import FasCardConnection
from sheetsync.config.units import FASCARD_UNITS
from sheetsync.core import words
from sheetsync.core.accounts import (
    Account,
    Balances,
    Capabilities,
    EvidenceKind,
    Operation,
    Transaction,
)
from sheetsync.errors import ProviderError, RejectedError, RequestOutcome, RetryableError
from sheetsync.ports import CheckResult, Progress, Receipt
from sheetsync.providers.fascard.checks import Checks
from sheetsync.providers.fascard.client import Client, malformed
from sheetsync.providers.fascard.filter import Filter
from sheetsync.providers.fascard.paging import PAGE, Records, walk
from sheetsync.providers.fascard.records import (
    TYPES,
    Location,
    MalformedError,
    account_of,
    location_of,
    note_of,
    value_request,
)
from sheetsync.providers.fascard.reporting import FasCardReports
from sheetsync.providers.fascard.transactions import Transactions
from sheetsync.providers.fascard.words import FasCardDialect
from sheetsync.providers.http import Session, Tuning
from sheetsync.providers.limiter import Limiter, Sleeper
from sheetsync.providers.messages import Request
from sheetsync.providers.turns import Turns

_ACCOUNTS = Request("GET", "/api/UserAccount", label="/api/UserAccount/{accountID}", setting="account_id")


class FasCard:
    """One account of CCI FasCard. Thread-safe.

    Several units of one user account change by one request. A change is proven by its transaction, where the
    person who is signed in may read these.
    """

    def __init__(self, connection: FasCardConnection, *, name: str, clock: Sleeper, limiter: Limiter) -> None:
        """Make a provider; nothing is sent.

        Args:
            connection: its settings.
            name: of the connection.
            clock: waits between tries of a read.
            limiter: paces every request.
        """
        del name
        self._session = Session(
            connection.base_url,
            limiter=limiter,
            clock=clock,
            tuning=Tuning(connection.timeout_s, connection.retries, connection.limits.parallel_requests),
            dialect=FasCardDialect(),
        )
        self._account_id = connection.account_id
        self._client = Client(self._session, connection)
        self._filter = Filter(self._client, connection.account_id)
        self._transactions = Transactions(self._client, self._filter)
        self._turns = Turns()
        self.filtered = connection.has_email is not None or connection.active_since is not None
        self.capabilities = Capabilities(
            units=FASCARD_UNITS,
            actions=tuple(TYPES),
            evidence=EvidenceKind.TRANSACTION,
            subtracts=True,
            lists_balances=True,
            page=PAGE,
        )

    def accounts(self, progress: Progress, known: Mapping[str, Balances] | None = None) -> Iterator[Account]:
        """Stream every user account of the account id, each once, by pages of 1000. Moves no credits.

        What an interrupted pull has read already saves nothing: the pages hold the balances.

        Raises:
            ProviderError: the list could not be read to its end.
        """

        def read_page(last_id: int | None, older: bool) -> Records:  # noqa: FBT001 - a page's two coordinates
            return self._client.accounts(last_id, older=older)

        del known
        done = listed = 0
        try:
            for page in walk(read_page, newer=True):
                listed += len(page)
                for record in self._filter.ours(page, user_account="ID"):
                    done += 1
                    yield account_of(record)
                progress(done, None)
        except MalformedError as error:
            raise _as_provider_error(malformed(_ACCOUNTS, error)) from None
        except RequestOutcome as error:
            raise _as_provider_error(error) from None
        if listed and not done:
            raise ProviderError(
                f"FasCard lists {listed} user accounts, and none of them belongs to {self._account_id}.",
                hint="Check account_id: the number of the account (SysConfig id) is the surest.",
            )
        progress(done, done)

    def account(self, account_id: str) -> Account:
        """Read one user account now, by one request. Moves no credits.

        Raises:
            RejectedError: refused; ``account_gone`` if there is no such user account.
            RetryableError: it could not be read now.
        """
        try:
            return account_of(self._client.account(account_id))
        except MalformedError as error:
            raise malformed(_ACCOUNTS, error) from None

    def find_by_card(self, card_number: str) -> list[Account]:
        """Return the user accounts of a card: mostly one. Moves no credits.

        Raises:
            RejectedError: refused.
            RetryableError: it could not be read now.
        """
        try:
            return [account_of(record) for record in self._client.by_card(card_number)]
        except MalformedError as error:
            raise malformed(_ACCOUNTS, error) from None

    def locations(self) -> list[Location]:
        """Return the locations of the account, in order of id. Moves no credits.

        Raises:
            RejectedError: refused.
            RetryableError: they could not be read now.
        """
        found = [location_of(record) for record in self._filter.ours(self._client.locations())]
        return sorted(found, key=lambda each: int(each.location_id))

    def apply(self, operation: Operation, before: Balances, go: Callable[[], None]) -> Receipt:
        """Send one value request. Moves credits. One at a time per user account.

        Signing in comes before ``go``. A 401 means that nothing was applied: the request then leaves once
        more, with a new token and after another ``go``.

        Raises:
            RetryableError: certainly nothing happened.
            RejectedError: refused for good.
            OutcomeUnknownError: anything else.
        """
        del before
        if operation.action not in TYPES or not operation.changes:
            raise RejectedError("FasCard cannot do that; nothing was sent.")
        body = value_request(operation)
        with self._turns.turn(operation.account_id):
            record = self._client.change(operation.account_id, body, go)
        try:
            held = account_of(record).balances
        except MalformedError:
            return Receipt()  # it was accepted; the re-read says what came of it
        touched = {change.unit: held.get(change.unit) for change in operation.changes}
        return Receipt(words=words.holdings(touched, FASCARD_UNITS))

    def note_of(self, operation: Operation) -> str:
        """Return the ``AdditionalInfo`` that travels with a change."""
        return note_of(operation)

    def evidence(self) -> EvidenceKind:
        """Return whether transactions may be read: the privilege 'Reports'. One request; moves no credits.

        Raises:
            RejectedError: we were not let in at all.
            RetryableError: it could not be asked now.
        """
        return EvidenceKind.TRANSACTION if self._transactions.may_be_read() else EvidenceKind.BALANCE

    def transactions(self, account_ids: Collection[str] | None, since: datetime) -> Iterator[Transaction]:
        """Yield all transactions of these user accounts since then. Moves no credits.

        One walk through everybody's transactions where that takes fewer requests than one per user account.

        Raises:
            RejectedError: they may not be read.
            RetryableError: they could not be read to their end now.
        """
        return self._transactions.since(account_ids, since)

    def reports(self) -> FasCardReports:
        """Return the read-only collections of the account."""
        return FasCardReports(self._client, self._account_id, self._filter)

    def check(self) -> Iterator[CheckResult]:
        """Sign in, say who that is, and try every privilege that is needed, with reads only."""
        return Checks(self._client, self._account_id).run()

    def close(self) -> None:
        """Close connections."""
        self._session.close()


def _as_provider_error(error: RejectedError | RetryableError | RequestOutcome) -> ProviderError:
    return ProviderError(error.message, hint=error.hint)
