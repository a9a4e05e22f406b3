"""The connections: one tab bound to one account of one credit system each."""

import re
from collections.abc import Mapping
from datetime import UTC, date, datetime, time
from typing import Annotated, Literal

from pydantic import AfterValidator, BeforeValidator, Field, ValidationInfo, field_validator

from sheetsync.config import urls
from sheetsync.config.auth import Roles
from sheetsync.config.base import Table, Text, Texts
from sheetsync.config.limits import Limits
from sheetsync.config.routes import Routes, check_template
from sheetsync.config.secret import Secret
from sheetsync.config.sheet import SheetSettings
from sheetsync.core import fields

REASONS = ("Goodwill", "Promotion", "Referral", "Correction", "Refund", "Other")
"""The dropdown's list unless the file gives one."""

REASONS_MAX = 100
"""Entries; a dropdown that nobody reads to its end helps nobody."""

REASON_LENGTH_MAX = 100
"""Characters; a reason travels in the credit system's note, which is short."""

TIMEOUT_S = 30.0
"""Seconds for one whole request; PHP gives a request 30 s by default."""

TIMEOUT_S_MAX = 600.0
"""Seconds; a person waits in front of it."""

SETTLE_AFTER_S = 90.0
"""Seconds that a lost request may still be running there: time-out + lease, and half as much again."""

SETTLE_AFTER_S_MAX = 86_400.0
"""Seconds; a row may wait for its proof for a day, not longer."""

RETRIES = 4
"""Further tries of a request that certainly changed nothing; with doubling pauses that is half a minute."""

RETRIES_MAX = 20
"""Further tries; more would hold a push for hours."""

PLAN_EXPIRES_MIN = 30.0
"""Minutes; after half an hour nobody remembers what the preview showed."""

PLAN_EXPIRES_MIN_MAX = 10_080.0
"""Minutes: a week."""

APPROVAL_EXPIRES_H = 72.0
"""Hours; a plan of Friday evening can still be approved on Monday."""

APPROVAL_EXPIRES_H_MAX = 720.0
"""Hours: 30 days."""

DECIMALS = 0
"""Decimal places of FastCredit Pro's credits; its vendor documents none."""

DECIMALS_MAX = 6
"""Decimal places; amounts have 15 digits in all."""

CURRENCIES_MAX = 20
"""Currencies; each is a column for balances and one for amounts."""

_ID = re.compile(r"[A-Za-z0-9_-]{1,40}")

FASCARD_URL = "https://m.fascard.com"
UNIBEE_URL = "https://api.unibee.dev"


def _user_url(url: str) -> str:
    scheme, separator, rest = url.partition("://")
    if scheme not in {"http", "https"} or not separator or not rest or any(char.isspace() for char in url):
        raise ValueError("must be a whole address that starts with https://")
    check_template(url, ("user_id",))
    host = rest.replace("?", "/").replace("#", "/").partition("/")[0]
    if "{user_id}" not in url or "{" in host:
        raise ValueError("must hold {user_id} where the customer's id belongs, after the host name")
    return url


def _reasonable(reasons: tuple[str, ...]) -> tuple[str, ...]:
    if len(reasons) > REASONS_MAX:
        raise ValueError(f"takes at most {REASONS_MAX} reasons")
    for reason in reasons:
        if len(reason) > REASON_LENGTH_MAX or not reason.isprintable():
            raise ValueError(f"takes reasons of one line and at most {REASON_LENGTH_MAX} characters")
    return reasons


class _Common(Table):
    """What every connection has.

    Attributes:
        allow_http: plain http beyond this machine is wanted.
        base_url: of the credit system, in one spelling, without a trailing slash.
        environment: shown everywhere, so that nobody works in the live account by mistake.
        sheet: the tab.
        limits: trip wires.
        roles: who may do more here than ``[auth.roles]`` says.
        negative_add: the system takes a negative add (FastCredit Pro); the others always do.
        reasons: of the dropdown.
        reasons_strict: nothing beside the list is taken.
        timeout_s: for one whole request, in seconds.
        settle_after_s: how long a lost request may still be running there, in seconds.
        retries: further tries of a request that certainly changed nothing.
        balance_evidence: whether an unchanged balance alone may prove that an unknown request did not arrive.
        user_url: address of the customer's page with ``{user_id}``, or None.
        plan_expires_min: how long a preview may be pushed, in minutes.
        approval_expires_h: how long a plan waits for its second person, in hours.
    """

    allow_http: bool = False
    base_url: Annotated[Text, AfterValidator(urls.normalise)]
    environment: Literal["live", "test"] = "live"
    sheet: SheetSettings
    limits: Limits = Field(default_factory=Limits)
    roles: Roles = Field(default_factory=dict)
    negative_add: bool = False
    reasons: Annotated[Texts, AfterValidator(_reasonable)] = REASONS
    reasons_strict: bool = False
    timeout_s: float = Field(default=TIMEOUT_S, gt=0, le=TIMEOUT_S_MAX)
    settle_after_s: float = Field(default=SETTLE_AFTER_S, gt=0, le=SETTLE_AFTER_S_MAX)
    retries: int = Field(default=RETRIES, ge=0, le=RETRIES_MAX)
    balance_evidence: Literal["accept", "person"] = "accept"
    user_url: Annotated[Text, AfterValidator(_user_url)] | None = None
    plan_expires_min: float = Field(default=PLAN_EXPIRES_MIN, gt=0, le=PLAN_EXPIRES_MIN_MAX)
    approval_expires_h: float = Field(default=APPROVAL_EXPIRES_H, gt=0, le=APPROVAL_EXPIRES_H_MAX)

    @field_validator("base_url")
    @classmethod
    def _encrypted(cls, url: str, info: ValidationInfo) -> str:
        if urls.is_plain(url) and info.data.get("allow_http") is False:
            raise ValueError(
                "is plain http, so passwords would travel in the clear: use https, or set allow_http = true"
            )
        return url


class FastCreditConnection(_Common):
    """A WordPress site with FastCredit Pro.

    Attributes:
        username: the administrator to whom the application password belongs.
        application_password: made under Users → Profile in WordPress.
        decimals: decimal places of a credit.
        routes: where the plugin's operations are found.
    """

    provider: Literal["fastcredit"]
    username: Text
    application_password: Secret
    decimals: int = Field(default=DECIMALS, ge=0, le=DECIMALS_MAX)
    routes: Routes = Field(default_factory=Routes)


def _account_id(value: object) -> object:
    """Take a number for its text: a SysConfig id is digits only."""
    return str(value) if isinstance(value, int) and not isinstance(value, bool) and value >= 0 else value


def _plain_id(value: str) -> str:
    """Return the id in capitals: two spellings are one account."""
    if not _ID.fullmatch(value):
        raise ValueError('takes letters, digits, - and _, such as "F0002"')
    return value.upper()


def _moment(value: object) -> object:
    """Read a date or a time; without a zone it is UTC."""
    if isinstance(value, str):
        try:
            value = datetime.fromisoformat(value.strip())
        except ValueError:
            raise ValueError("must be a date such as 2024-01-31") from None
    if isinstance(value, date) and not isinstance(value, datetime):
        value = datetime.combine(value, time())
    if isinstance(value, datetime) and value.tzinfo is None:
        value = value.replace(tzinfo=UTC)
    return value


def _detail_columns(columns: tuple[str, ...]) -> tuple[str, ...]:
    for column in columns:
        if column not in fields.DETAILS:
            raise ValueError(f'"{column}" is none of {", ".join(fields.DETAILS)}')
    return columns


class FasCardConnection(_Common):
    """One FasCard account.

    Attributes:
        account_id: SysConfig id (``12``) or store id (``F0002``).
        username: who logs in.
        password: of the same person.
        has_email: only accounts with an e-mail address (true) or without one (false); None takes all.
        active_since: only accounts that were active since; None takes all.
        columns: further columns of the account, only to look at.
    """

    provider: Literal["fascard"]
    base_url: Annotated[Text, AfterValidator(urls.normalise)] = FASCARD_URL
    account_id: Annotated[Text, BeforeValidator(_account_id), AfterValidator(_plain_id)]
    username: Text
    password: Secret
    has_email: bool | None = None
    active_since: Annotated[datetime, BeforeValidator(_moment)] | None = None
    columns: Annotated[Texts, AfterValidator(_detail_columns)] = ()


def filtered(connection: FasCardConnection, filters: Mapping[str, object]) -> FasCardConnection:
    """Return the connection with other filters for one pull.

    Args:
        connection: as configured.
        filters: ``has_email`` (true or false), ``active_since`` (ISO 8601, UTC unless it says otherwise).

    Raises:
        ValueError: a filter cannot be read.
    """
    known = {name: value for name, value in filters.items() if value is not None}
    if "active_since" in known:
        known["active_since"] = _moment(known["active_since"])
    return connection.model_copy(update=known)


def _currency_codes(codes: tuple[str, ...]) -> tuple[str, ...]:
    for code in codes:
        if not (2 <= len(code) <= 10 and code.isascii() and code.isalnum()):
            raise ValueError(f'"{code}" is not a currency: write codes such as "EUR"')
    if not 1 <= len(codes) <= CURRENCIES_MAX:
        raise ValueError(f"takes one to {CURRENCIES_MAX} currencies")
    return tuple(code.upper() for code in codes)


class UniBeeConnection(_Common):
    """One UniBee merchant.

    Attributes:
        api_key: made in UniBee's merchant portal.
        account_id: a word for the merchant, needed where several merchants share one address; None otherwise.
        currencies: of the promo credit accounts, upper case; each is a unit.
    """

    provider: Literal["unibee"]
    base_url: Annotated[Text, AfterValidator(urls.normalise)] = UNIBEE_URL
    api_key: Secret
    account_id: Annotated[Text, BeforeValidator(_account_id), AfterValidator(_plain_id)] | None = None
    currencies: Annotated[Texts, AfterValidator(_currency_codes)]


Connection = Annotated[
    FastCreditConnection | FasCardConnection | UniBeeConnection, Field(discriminator="provider")
]
