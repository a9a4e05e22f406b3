"""Transactions of some user accounts or of all, by as few requests as there are ways."""

from collections.abc import Collection, Iterable, Iterator, Mapping
from datetime import datetime, timedelta
from itertools import islice

from sheetsync.core.accounts import Transaction
from sheetsync.errors import RejectedError
from sheetsync.providers.fascard.client import Client, malformed
from sheetsync.providers.fascard.filter import Filter
from sheetsync.providers.fascard.paging import PAGE, Records, walk
from sheetsync.providers.fascard.records import MalformedError, id_of, moment_of, transaction_of
from sheetsync.providers.messages import Request

EVERYBODY = "0"
"""``UserAccountID`` that stands for all."""

DIRECT_MOST = 2
"""User accounts that are always asked for one by one: looking for a better way would cost as much."""

TRIED_SHARE = 8
"""One page of everybody's for so many user accounts is tried before they are asked for one by one."""

_LIST = Request("GET", "/api/Transact", label="/api/Transact", setting="account_id")


class Transactions:
    """Reads the list of transactions of one account of FasCard.

    Args:
        client: asks.
        records: leaves out those of other accounts.
    """

    def __init__(self, client: Client, records: Filter) -> None:
        self._client = client
        self._filter = records

    def since(self, account_ids: Collection[str] | None, since: datetime) -> Iterator[Transaction]:
        """Yield all transactions of these user accounts since then, each once, in any order.

        Raises:
            RejectedError: they may not be read, or are not as documented.
            RetryableError: they could not be read to their end now.
        """
        wanted = None if account_ids is None else set(account_ids)
        try:
            if wanted is None or len(wanted) > DIRECT_MOST:
                found = self._of_everybody(since, wanted)
                if found is not None:
                    yield from found
                    return
            for account_id in sorted(wanted or ()):
                yield from self._of(account_id, since, {account_id})
        except MalformedError as error:
            raise malformed(_LIST, error) from None

    def may_be_read(self) -> bool:
        """Whether transactions may be read: asks for the newest one.

        Raises:
            RejectedError: we were not let in at all.
            RetryableError: it could not be asked now.
        """
        try:
            self._client.transactions(EVERYBODY, None, older=True, limit=1)
        except RejectedError as error:
            if error.details.get("sign_in"):
                raise
            return False
        return True

    def _of_everybody(self, since: datetime, wanted: set[str] | None) -> Iterable[Transaction] | None:
        """Return everybody's transactions, or None where that takes more requests than one by one.

        How busy the laundry was is only guessed from the newest page, so a few more are tried in any case.
        """
        first = self._client.transactions(EVERYBODY, None, older=True)
        if wanted is None or _pages_of_all(first, since) <= len(wanted):
            return self._of(EVERYBODY, since, wanted, first=first)
        found: list[Transaction] = []
        pages = self._pages(EVERYBODY, since, first=first)
        for page in islice(pages, max(1, len(wanted) // TRIED_SHARE)):
            found += self._transactions_in(page, wanted)
        return found if next(pages, None) is None else None

    def _of(
        self, who: str, since: datetime, wanted: set[str] | None, *, first: Records | None = None
    ) -> Iterator[Transaction]:
        for page in self._pages(who, since, first=first):
            yield from self._transactions_in(page, wanted)

    def _pages(self, who: str, since: datetime, *, first: Records | None) -> Iterator[Records]:
        def read_page(last_id: int | None, older: bool) -> Records:  # noqa: FBT001 - a page's two coordinates
            return self._client.transactions(who, last_id, older=older)

        return walk(read_page, newer=False, is_enough=lambda each: _is_older(each, since), first=first)

    def _transactions_in(self, page: Records, wanted: set[str] | None) -> Iterator[Transaction]:
        for record in self._filter.ours(page, user_account="UserAccountID"):
            if _has_user(record) and (wanted is None or str(id_of(record, "UserAccountID")) in wanted):
                yield transaction_of(record)


def _has_user(record: Mapping[str, object]) -> bool:
    """Whether a user account was touched; guests pay at the machine, with a card or coins."""
    return record.get("UserAccountID") not in (None, 0, "0", "")


def _is_older(page: Records, since: datetime) -> bool:
    """Whether a whole page is older: a card reader may deliver an old transaction late, among newer ones."""
    return all(moment_of(record.get("DateTime")) < since for record in page)


def _pages_of_all(first: Records, since: datetime) -> int:
    """Estimate how many pages everybody's transactions since then fill, from the newest page."""
    if len(first) < PAGE:
        return 1
    times = sorted(moment_of(record.get("DateTime")) for record in first)
    spans = max(times[-1] - times[0], timedelta(seconds=1))
    return 1 + int(max(times[-1] - since, timedelta()) / spans)
