"""UniBee's users with their promo accounts, and the currencies that promo credit is set up for."""

import random
from collections.abc import Sequence
from dataclasses import dataclass

from sheetsync.sandbox.book import Book, Person, UnknownAccountError
from sheetsync.sandbox.ub_site import MERCHANT_ID, PROMO, RefusedError, UniBeeSite, Values, cut, number

UNITS = {"EUR": "promo_eur", "USD": "promo_usd"}
CENTS_PER_CREDIT = 10
_OPENED_S = 1_700_000_000
_PER_SECOND = 3
_SUSPENDED = 2
LIST_FIELDS = {
    "page": "int32",
    "count": "int32",
    "sortField": "text",
    "sortType": "text",
    "email": "text",
    "userId": "int64",
    "createTimeStart": "int64",
    "createTimeEnd": "int64",
    "status": "list of int32",
}


@dataclass
class Users:
    """Answers questions about users."""

    book: Book
    site: UniBeeSite
    _walks: int = 0

    def page(self, values: Values) -> dict[str, object]:
        """`POST /merchant/user/list`."""
        self._walks += 1
        with self.book.lock:
            people = self.book.people()
            places: Sequence[int] = range(len(people))
            if values.get("email") or values.get("userId") is not None:
                places = [at for at in places if _is_meant(people[at], values)]
            if self.site.shuffles_ties:
                dice = random.Random(self._walks)  # noqa: S311 - the point is that it can be repeated
                places = sorted(places, key=lambda at: (at // _PER_SECOND, dice.random()))
            if values.get("sortType") != "asc":
                places = places[::-1]
            shown = [self._show(at, people[at]) for at in cut(places, values)]
            return {"userAccounts": shown, "total": len(places)}

    def one(self, values: Values) -> dict[str, object]:
        """`GET /merchant/user/get`."""
        wanted = str(number(values, "userId"))
        for at, person in enumerate(self.book.people()):
            if person.id == wanted:
                return {"user": self._show(at, person)}
        raise RefusedError("user not found")

    def configs(self, values: Values) -> dict[str, object]:
        """`POST /merchant/credit/config_list`."""
        types, currency = values.get("types") or [1, PROMO], values.get("currency")
        made = [
            {
                "id": 10 * at + kind,
                "merchantId": MERCHANT_ID,
                "currency": code,
                "type": kind,
                "exchangeRate": CENTS_PER_CREDIT,
                "payoutEnable": 1,
                "rechargeEnable": 0,
            }
            for at, code in enumerate(self.currencies(), start=1)
            for kind in (1, PROMO)
        ]
        wanted = types if isinstance(types, list) else []
        return {
            "creditConfigs": [
                each for each in made if each["type"] in wanted and currency in (None, each["currency"])
            ]
        }

    def currencies(self) -> list[str]:
        """Return the currencies that promo credit is set up for."""
        return ["EUR", "USD"] if self.site.has_usd else ["EUR"]

    def unit(self, values: Values) -> str:
        """Return the unit of a request's currency."""
        currency = values.get("currency")
        if currency not in self.currencies():
            raise RefusedError("Invalid Credit Config, Currency not support")
        return UNITS[str(currency)]

    def promo_account(self, account_id: str, currency: str) -> dict[str, object]:
        """Show one promo account."""
        held = self.book.balance(account_id, UNITS[currency])
        return {
            "id": 100 * int(account_id) + list(UNITS).index(currency),
            "userId": int(account_id),
            "type": PROMO,
            "currency": currency,
            "amount": held,
            "currencyAmount": held * CENTS_PER_CREDIT,
            "exchangeRate": CENTS_PER_CREDIT,
        }

    def require(self, account_id: str) -> None:
        """Refuse an unknown user."""
        try:
            self.book.person(account_id)
        except UnknownAccountError:
            raise RefusedError("user not found") from None

    def _show(self, at: int, person: Person) -> dict[str, object]:
        account = self.book.account(person.id)
        first, _, last = account.name.partition(" ")
        every = self.site.suspended_every
        accounts = [
            self.promo_account(account.id, currency)
            for currency in self.currencies()
            if account.balances[UNITS[currency]] is not None
        ]
        return {
            "id": int(account.id),
            "merchantId": MERCHANT_ID,
            "email": account.email,
            "firstName": first,
            "lastName": last,
            "status": _SUSPENDED if every and (at + 1) % every == 0 else 0,
            "createTime": _OPENED_S + at // _PER_SECOND,
            "promoCreditAccounts": accounts,
        }


def _is_meant(person: Person, values: Values) -> bool:
    email, user = values.get("email"), values.get("userId")
    part = not email or str(email).lower() in person.email.lower()
    return part and (user is None or user == int(person.id))
