"""``sheetsync check`` for UniBee: one line per thing that can be wrong, in the order of mending."""

from collections.abc import Callable, Iterator

from sheetsync.errors import RequestOutcome
from sheetsync.ports import CheckResult
from sheetsync.providers.unibee.client import Client
from sheetsync.providers.unibee.records import Currencies, MalformedError, account_of, text


class Checks:
    """Tries one UniBee merchant, with reads only."""

    def __init__(self, client: Client, currencies: Currencies) -> None:
        self._client = client
        self._currencies = currencies

    def run(self) -> Iterator[CheckResult]:
        """Yield the results; ends early where nothing further can work."""
        try:
            configs = self._client.configs()
        except RequestOutcome as error:
            yield CheckResult("api_key", ok=False, message=error.message, hint=error.hint)
            return
        yield CheckResult("api_key", ok=True, message="UniBee takes the API key.")
        found = {text(each, "currency").upper() for each in configs if each.get("type", 2) == 2}
        for unit in self._currencies.units:
            code = self._currencies.code(unit.code)
            listed = ", ".join(sorted(found)) or "none"
            yield CheckResult(
                f"currency_{code.lower()}",
                ok=code in found,
                message=f"Promo credit in {code} is set up."
                if code in found
                else f"UniBee has no promo credit in {code}; it has: {listed}.",
                hint="" if code in found else "Correct currencies, or set it up in UniBee's merchant portal.",
            )
        yield self._try("users", self._users)
        yield self._try("transactions", self._transactions)

    def _try(self, name: str, what: Callable[[], str]) -> CheckResult:
        try:
            return CheckResult(name, ok=True, message=what())
        except MalformedError as error:
            return CheckResult(name, ok=False, message=f"The answer is not as documented: {error}.")
        except RequestOutcome as error:
            return CheckResult(name, ok=False, message=error.message, hint=error.hint)

    def _users(self) -> str:
        records, total = self._client.users(0)
        for record in records:
            account_of(record, self._currencies)
        return f"Users may be read; there are {len(records) if total is None else total}."

    def _transactions(self) -> str:
        self._client.transactions(None, 0, 0, count=1)
        return "Credit transactions may be read: every change can be proven by its transaction."
