"""Leaves out the records of other accounts, which some lists of FasCard hold, too."""

import threading
from collections.abc import Iterator, Mapping
from typing import Any

from sheetsync.errors import RejectedError
from sheetsync.providers.fascard.client import Client
from sheetsync.providers.fascard.paging import Records
from sheetsync.providers.fascard.records import id_of
from sheetsync.providers.fascard.tokens import UNAUTHENTICATED

ASKED_MOST = 3
"""User accounts that are asked for before an account counts as another one: one may have been deleted."""


class Filter:
    """Knows which ``AccountID`` is ours. Thread-safe.

    An account id that is a number says it. A store id does not: then it is the one whose user accounts are
    found below the store id; of several, the one that belongs to the person who is signed in.
    """

    def __init__(self, client: Client, account_id: str) -> None:
        self._client = client
        self._account_id = account_id
        self._ours: dict[str, bool] = {}
        self._below: dict[str, bool] = {}
        self._lock = threading.Lock()

    def ours(self, page: Records, *, user_account: str = "") -> Iterator[Mapping[str, Any]]:
        """Yield the records of a page that are ours, or that name no account.

        Args:
            page: the records.
            user_account: the field that holds a user account's id; empty where records have none.

        Raises:
            RejectedError, RetryableError: it could not be found out now.
        """
        with self._lock:
            self._learn(page, user_account)
        for record in page:
            account = record.get("AccountID")
            if account is None or self._ours.get(str(account), True):
                yield record

    def _learn(self, page: Records, user_account: str) -> None:
        named = {str(each["AccountID"]) for each in page if each.get("AccountID") is not None}
        new = named - self._below.keys()
        if self._account_id.isdecimal():
            self._ours |= {account: account == self._account_id for account in new}
            return
        if not new or not user_account:
            return
        for account in sorted(new):
            asked = _user_accounts(page, account, user_account)
            if asked:
                self._below[account] = any(self._is_below(each) for each in asked)
        found = {account for account, below in self._below.items() if below}
        if len(found) > 1:
            own = {str(id_of(each)) for each in self._client.own_accounts()} & found
            found = own if len(own) == 1 else found
        self._ours = {account: account in found for account in self._below}

    def _is_below(self, user_account: int) -> bool:
        try:
            self._client.account(str(user_account))
        except RejectedError as error:
            if error.details.get("status") == UNAUTHENTICATED or error.details.get("sign_in"):
                raise
            return False
        return True


def _user_accounts(page: Records, account: str, field: str) -> list[int]:
    """Return some user accounts of an account; a guest's purchase names none."""
    records = (each for each in page if str(each.get("AccountID")) == account and each.get(field))
    return list(dict.fromkeys(id_of(each, field) for each in records))[:ASKED_MOST]
