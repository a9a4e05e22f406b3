"""Codes of the tab's columns, as code speaks of them; ``sheets.layout`` knows their headers."""

from collections.abc import Sequence

from sheetsync.core.accounts import Unit

ACCOUNT_ID = "account_id"
EMAIL = "email"
NAME = "name"
ACTION = "action"
REASON = "reason"
NOTE = "note"
LOCATION_ID = "location_id"
SUBSCRIPTION_ID = "subscription_id"
INVOICE_PREVIEW = "invoice_preview"
PLAN_ID = "plan_id"
STATUS = "status"
MESSAGE = "message"
CHECKED_AT = "checked_at"
KEY = "key"

LAST_ACTIVITY = "last_activity"
MOBILE_PHONE = "mobile_phone"
DISCOUNT = "discount"
EMPLOYEE = "employee"
ACCOUNT_STATUS = "account_status"

SUSPENDED = "suspended"
"""Account status of a user whom the credit system does not let in."""

DETAILS = (LAST_ACTIVITY, MOBILE_PHONE, DISCOUNT, EMPLOYEE)
"""Further cells of an account that a setting may ask for; only to look at."""

IDENTITY = (ACCOUNT_ID, EMAIL, NAME)
EXTRAS = (LOCATION_ID, SUBSCRIPTION_ID, PLAN_ID)
"""Further cells that a person fills in for some actions."""


def balance(unit: Unit) -> str:
    """Return the field that shows the unit's balance."""
    return unit.code


def amount(unit: Unit, units: Sequence[Unit]) -> str:
    """Return the field for the unit's amount: ``amount``, or ``change_CODE`` of several units."""
    return "amount" if len(units) == 1 else f"change_{unit.code}"


def typed(units: Sequence[Unit]) -> tuple[str, ...]:
    """Return the fields that a person fills in; a confirmation clears them."""
    return (ACTION, *(amount(unit, units) for unit in units), REASON, NOTE, *EXTRAS)
