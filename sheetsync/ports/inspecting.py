"""What an adapter tells beside the ``Provider`` port where its requests are configuration."""

from typing import Protocol, runtime_checkable

from sheetsync.core.accounts import Action


@runtime_checkable
class Inspectable(Protocol):
    """An adapter whose addresses an admin wrote down, so that a write test names the one that is wrong."""

    @property
    def documented_at(self) -> str:
        """Where the vendor shows an admin the right addresses, in the words of its menu."""
        ...

    def setting_of(self, action: Action) -> str:
        """Return the setting that an action travels by, e.g. ``connections.shop.routes.add_credits``."""
        ...

    @property
    def balance_setting(self) -> str:
        """The setting that says where a reply holds the balance."""
        ...

    @property
    def balance_path(self) -> str:
        """What that setting says now: a dotted path."""
        ...

    def reply(self, account_id: str) -> object:
        """Read one account now, and return the whole reply as JSON. Moves no credits.

        Raises:
            RejectedError: the system refused the read.
            RetryableError: it could not be read now.
        """
        ...
