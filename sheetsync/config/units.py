"""What a connection's credit system holds, and which system it is."""

from sheetsync.config.connections import Connection, FasCardConnection, FastCreditConnection, UniBeeConnection
from sheetsync.core.accounts import Unit

FASCARD_UNITS = (
    Unit("balance", "Balance", 2),
    Unit("bonus", "Bonus", 2),
    Unit("loyalty_points", "Loyalty Points", 0),
    Unit("free_starts", "Free Starts", 0),
)
"""In the order of the tab's columns."""


def units_of(connection: Connection) -> tuple[Unit, ...]:
    """Return the connection's units in the order of the tab's columns."""
    if isinstance(connection, FastCreditConnection):
        return (credits_unit(connection.decimals),)
    if isinstance(connection, FasCardConnection):
        return FASCARD_UNITS
    return promo_units(connection.currencies)


def credits_unit(decimals: int) -> Unit:
    """Return FastCredit Pro's only unit."""
    return Unit("credits", "Credits", decimals)


def promo_units(currencies: tuple[str, ...]) -> tuple[Unit, ...]:
    """Return UniBee's units: whole promo credits, one unit per currency."""
    return tuple(Unit(f"promo_{code.lower()}", f"Promo {code.upper()}", 0) for code in currencies)


def system_id(connection: Connection) -> str:
    """Return the identity of the credit system: connections that share it share lease, limit and epochs.

    It stands in the ledger for ever, so it holds nothing that may change while the system stays the same: no
    user name, no key, no connection's name.
    """
    parts = [connection.provider, connection.base_url]
    if isinstance(connection, FasCardConnection | UniBeeConnection) and connection.account_id:
        parts.append(connection.account_id)
    return ":".join(parts)
