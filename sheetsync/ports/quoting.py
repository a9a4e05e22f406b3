"""What an adapter offers beside the ``Provider`` port where some changes have a price."""

from typing import Protocol, runtime_checkable

from sheetsync.core.accounts import Operation
from sheetsync.core.quotes import Quote, Traces


@runtime_checkable
class Quoting(Protocol):
    """An adapter that says what a change would cost before it is asked for; both methods move nothing."""

    def quote(self, operation: Operation) -> Quote:
        """Return the price of a change, by what the credit system says now.

        Args:
            operation: the change; an earlier quote in its extras is asked for under the same conditions.

        Raises:
            RejectedError: it would not be done; says why.
            RetryableError: it could not be asked now.
        """
        ...

    def traces(self, operation: Operation) -> Traces | None:
        """Return what shows, besides transactions, whether a change has arrived; None if it is not listed.

        Raises:
            RejectedError: it may not be read.
            RetryableError: it could not be read now.
        """
        ...
