"""UniBee behind the ``Provider`` port."""

import threading
from collections.abc import Callable, Collection, Iterator, Mapping
from datetime import datetime

from sheetsync.config import UniBeeConnection
from sheetsync.config.redaction import remember
from sheetsync.config.units import promo_units
from sheetsync.core import words
from sheetsync.core.accounts import (
    Account,
    Action,
    Balances,
    Capabilities,
    EvidenceKind,
    Operation,
    Transaction,
)
from sheetsync.core.quotes import Quote, Traces
from sheetsync.errors import ProviderError, RejectedError, RequestOutcome, RetryableError
from sheetsync.ports import CheckResult, Progress, Receipt
from sheetsync.providers.http import Session, Tuning
from sheetsync.providers.limiter import Limiter, Sleeper
from sheetsync.providers.messages import Request
from sheetsync.providers.turns import Turns
from sheetsync.providers.unibee.checks import Checks
from sheetsync.providers.unibee.client import DECREMENT, INCREMENT, PAGE, SUBMIT, Client
from sheetsync.providers.unibee.paging import MovingListError, walk
from sheetsync.providers.unibee.records import (
    PROMO,
    Currencies,
    MalformedError,
    Record,
    account_of,
    change_of,
    change_request,
    note_of,
    text,
    whole,
)
from sheetsync.providers.unibee.subscriptions import Subscriptions
from sheetsync.providers.unibee.transactions import Transactions
from sheetsync.providers.unibee.words import USER_GET, UniBeeDialect, not_as_documented

_USERS = Request("POST", "/merchant/user/list", label="/merchant/user/list", setting="api_key")
_USER = Request("GET", USER_GET, label=USER_GET, setting="api_key")


class UniBee:
    """Promo credit of one UniBee merchant. Thread-safe.

    Each currency is a unit, and changes by a request of its own. A change is proven by its transaction.
    """

    filtered = False

    def __init__(self, connection: UniBeeConnection, *, name: str, clock: Sleeper, limiter: Limiter) -> None:
        """Make a provider; nothing is sent.

        Args:
            connection: its settings.
            name: of the connection.
            clock: waits between tries of a read.
            limiter: paces every request.
        """
        del name
        key = connection.api_key.reveal()
        remember(key)
        self._session = Session(
            connection.base_url,
            limiter=limiter,
            clock=clock,
            tuning=Tuning(connection.timeout_s, connection.retries, connection.limits.parallel_requests),
            dialect=UniBeeDialect(),
            headers={"Authorization": f"Bearer {key}"},
        )
        self._client = Client(self._session)
        self._currencies = Currencies(promo_units(connection.currencies))
        self._transactions = Transactions(self._client, self._currencies)
        self._subscriptions = Subscriptions(self._client, self._currencies)
        self._turns = Turns()
        self._known: frozenset[str] = frozenset()
        self._asking = threading.Lock()
        self.capabilities = Capabilities(
            units=self._currencies.units,
            actions=(Action.ADD, Action.RESET, Action.ADJUST, Action.APPLY_PROMO),
            evidence=EvidenceKind.TRANSACTION,
            subtracts=True,
            sets=False,
            one_request=False,
            lists_balances=True,
            page=PAGE,
            quotes=frozenset({Action.APPLY_PROMO}),
        )

    def accounts(self, progress: Progress, known: Mapping[str, Balances] | None = None) -> Iterator[Account]:
        """Stream every user, each once, by pages of 100 that hold their promo accounts. Moves no credits.

        What an interrupted pull has read already saves nothing: the pages hold the balances.

        Raises:
            ProviderError: the list could not be read to its end, or a currency has no promo credit.
        """
        del known
        done = 0
        try:
            self._refuse_unknown(unit.code for unit in self._currencies.units)
            for record in walk(self._client.users, progress):
                yield account_of(record, self._currencies)
                done += 1
        except MalformedError as error:
            raise _as_provider_error(not_as_documented(_USERS, str(error))) from None
        except MovingListError as error:
            raise ProviderError(
                f"UniBee's list of users did not hold still: {error}.",
                hint="Pull again when fewer users are added and deleted.",
            ) from None
        except RequestOutcome as error:
            raise _as_provider_error(error) from None
        progress(done, done)

    def account(self, account_id: str) -> Account:
        """Read one user now. Moves no credits.

        Raises:
            RejectedError: refused; ``account_gone`` if there is no such user.
            RetryableError: it could not be read now.
        """
        self._refuse_unknown(unit.code for unit in self._currencies.units)
        try:
            record = self._client.user(account_id)
            if record is None:
                raise RejectedError("There is no such user in UniBee.", account_gone=True)
            if str(whole(record, "id")) != str(int(account_id)):
                raise not_as_documented(_USER, "another user than the one asked for")
            return account_of(record, self._currencies)
        except MalformedError as error:
            raise not_as_documented(_USER, str(error)) from None

    def apply(self, operation: Operation, before: Balances, go: Callable[[], None]) -> Receipt:
        """Send one change. Moves credits. One at a time per user.

        Raises:
            RetryableError: certainly nothing happened.
            RejectedError: refused for good, here or there.
            OutcomeUnknownError: anything else.
        """
        if operation.action not in self.capabilities.actions or len(operation.changes) != 1:
            raise RejectedError("UniBee cannot do that; nothing was sent.")
        unit = operation.changes[0].unit
        self._refuse_unknown([unit])
        if operation.action is Action.APPLY_PROMO:
            path, content = SUBMIT, self._subscriptions.submit_request(operation)
        else:
            delta = change_of(operation, before.get(unit) or 0)
            if (before.get(unit) or 0) + delta < 0:
                raise RejectedError("That is more than the balance; nothing was sent.")
            path = INCREMENT if delta > 0 else DECREMENT
            content = change_request(operation, delta, self._currencies)
        with self._turns.turn(operation.account_id):
            data = self._client.change(path, content, go)
        if operation.action is Action.APPLY_PROMO:
            return self._subscriptions.receipt(data)
        return self._receipt(data)

    def _receipt(self, data: Record) -> Receipt:
        made, held = data.get("creditTransaction"), data.get("UserPromoCreditAccount")
        transaction = str(made["id"]) if isinstance(made, Mapping) and made.get("id") else ""
        try:
            found = account_of({"id": 0, "promoCreditAccounts": [held]}, self._currencies).balances
        except MalformedError:
            return Receipt(transaction=transaction)  # it was accepted; the re-read says what came of it
        known = {code: balance for code, balance in found.items() if balance is not None}
        return Receipt(words=words.holdings(known, self._currencies.units), transaction=transaction)

    def note_of(self, operation: Operation) -> str:
        """Return the ``description`` that travels with a change."""
        return note_of(operation)

    def evidence(self) -> EvidenceKind:
        """Return whether transactions may be read. One request; moves no credits.

        Raises:
            RejectedError: we were not let in at all.
            RetryableError: it could not be asked now.
        """
        return EvidenceKind.TRANSACTION if self._transactions.may_be_read() else EvidenceKind.BALANCE

    def transactions(self, account_ids: Collection[str] | None, since: datetime) -> Iterator[Transaction]:
        """Yield all transactions of these users since then. Moves no credits.

        Raises:
            RejectedError: they may not be read.
            RetryableError: they could not be read to their end now.
        """
        return self._transactions.since(account_ids, since)

    def quote(self, operation: Operation) -> Quote:
        """Ask what a subscription update with this promo credit would cost. Moves nothing.

        Raises:
            RejectedError: UniBee would not do it; says why.
            RetryableError: it could not be asked now.
        """
        return self._subscriptions.quote(operation)

    def traces(self, operation: Operation) -> Traces | None:
        """Return what a subscription shows of an update; None if UniBee does not list it. Moves nothing.

        Raises:
            RejectedError: it may not be read.
            RetryableError: it could not be read now.
        """
        return self._subscriptions.traces(operation)

    def reports(self) -> None:
        """Return None: UniBee has no read-only collections here."""

    def check(self) -> Iterator[CheckResult]:
        """Try key, currencies and lists, with reads only."""
        return Checks(self._client, self._currencies).run()

    def close(self) -> None:
        """Close connections."""
        self._session.close()

    def _refuse_unknown(self, codes: Collection[str] | Iterator[str]) -> None:
        """Refuse a currency without promo credit: a change would open an account in it.

        Asked once, for as long as the provider lives.

        Raises:
            RejectedError: UniBee has no promo credit in a currency.
            RetryableError: it could not be asked now.
        """
        with self._asking:
            if not self._known:
                self._known = currencies_of(self._client.configs())
        missing = [code for unit in codes if (code := self._currencies.code(unit)) not in self._known]
        if missing:
            listed = ", ".join(sorted(self._known)) or "none"
            raise RejectedError(
                f"UniBee has no promo credit in {', '.join(missing)}; it has: {listed}.",
                hint="Correct currencies, or set promo credit up in UniBee's merchant portal.",
                everything=True,
            )


def currencies_of(configs: Collection[Record]) -> frozenset[str]:
    """Return the currencies that have promo credit."""
    return frozenset(
        text(each, "currency").upper() for each in configs if each.get("type", PROMO) == PROMO
    ) - {""}


def _as_provider_error(error: RejectedError | RetryableError | RequestOutcome) -> ProviderError:
    return ProviderError(error.message, hint=error.hint)
