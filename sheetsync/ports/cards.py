"""What an adapter offers beside the ``Provider`` port where customers have cards."""

from typing import Protocol, runtime_checkable

from sheetsync.core.accounts import Account


@runtime_checkable
class KnowsCards(Protocol):
    """An adapter that finds the accounts of a card; the accounts themselves do not say which they have."""

    def find_by_card(self, card_number: str) -> list[Account]:
        """Return the accounts of a card: mostly one.

        Raises:
            RejectedError: refused.
            RetryableError: it could not be read now.
        """
        ...
