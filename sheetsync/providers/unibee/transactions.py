"""Transactions of some users or of all, by as few requests as there are ways."""

from collections.abc import Collection, Iterator
from datetime import datetime

from sheetsync.core.accounts import Transaction
from sheetsync.errors import RejectedError, RetryableError
from sheetsync.providers.unibee.client import PAGE, Client, Page
from sheetsync.providers.unibee.paging import MovingListError, walk
from sheetsync.providers.unibee.records import Currencies, MalformedError, transaction_of

DIRECT_MOST = 2
"""Users that are always asked for one by one: counting everybody's would cost as much."""


class Transactions:
    """Reads the promo credit transactions of one merchant."""

    def __init__(self, client: Client, currencies: Currencies) -> None:
        self._client = client
        self._currencies = currencies

    def since(self, account_ids: Collection[str] | None, since: datetime) -> Iterator[Transaction]:
        """Yield all transactions of these users since then, each once, in any order.

        Raises:
            RejectedError: they may not be read, or are not as documented.
            RetryableError: they could not be read to their end now.
        """
        since_s = int(since.timestamp())
        try:
            if account_ids is None or self._everybody_is_cheaper(account_ids, since_s):
                wanted = None if account_ids is None else set(account_ids)
                for each in self._of(None, since_s):
                    if wanted is None or each.account_id in wanted:
                        yield each
                return
            for account_id in sorted(account_ids):
                for each in self._of(account_id, since_s):
                    if each.account_id == account_id:
                        yield each
        except MalformedError as error:
            raise RejectedError(
                f"UniBee's transactions are not as documented: {error}.", everything=True
            ) from None
        except MovingListError as error:
            raise RetryableError(f"UniBee's transactions did not hold still: {error}.") from None

    def may_be_read(self) -> bool:
        """Whether transactions may be read: asks for one.

        Raises:
            RejectedError: we were not let in at all.
            RetryableError: it could not be asked now.
        """
        try:
            self._client.transactions(None, 0, 0, count=1)
        except RejectedError as error:
            if error.everything:
                raise
            return False
        return True

    def _everybody_is_cheaper(self, account_ids: Collection[str], since_s: int) -> bool:
        if len(account_ids) <= DIRECT_MOST:
            return False
        _, total = self._client.transactions(None, since_s, 0, count=1)
        return total is not None and total / PAGE + 1 < len(account_ids)

    def _of(self, account_id: str | None, since_s: int) -> Iterator[Transaction]:
        def read_page(page: int, count: int) -> Page:
            return self._client.transactions(account_id, since_s, page, count)

        for record in walk(read_page, lambda _seen, _total: None):
            found = transaction_of(record, self._currencies, account_id)
            if found is not None:
                yield found
