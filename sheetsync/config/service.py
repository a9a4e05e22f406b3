"""Settings of the service itself: its database, its queue, its clock, and Google's addresses."""

import re
from pathlib import Path
from typing import Annotated
from urllib.parse import quote, urlsplit, urlunsplit
from zoneinfo import ZoneInfo

from pydantic import AfterValidator, Field, ValidationInfo, field_validator, model_validator

from sheetsync.config import urls
from sheetsync.config.base import Source, Table, Text, absolute, source_of
from sheetsync.config.redaction import remember
from sheetsync.config.secret import HOW, Secret

DATABASE_URL = "sqlite:///sheetsync.db"
"""The ledger, beside the configuration file."""

TIMEZONE = "UTC"
"""Where a person's day begins and in which times are shown."""

LEASE_S = 30.0
"""Seconds; how long a silent worker keeps a credit system, before another one may take its run over."""

LEASE_S_MAX = 3_600.0
"""Seconds; longer would block everybody for more than an hour after a crash."""

TRUSTED_PROXIES_MAX = 10
"""Nobody puts more in a row; a larger number is a mistake that would let callers forge their address."""

ANSWER_WITHIN_S = 20.0
"""Seconds; a preview of a few hundred rows is done by then, and no proxy has given up yet."""

ANSWER_WITHIN_S_MAX = 25.0
"""Seconds; what a request may take at the end of ``serve`` is 30."""

REQUESTS_MAX = 100_000
"""Requests a minute to Google; more than any project was ever granted."""

_SQLITE = re.compile(r"sqlite:///(?P<path>[^?]*)(?P<query>\?.*)?")
_SERVERS = {"postgresql": "postgresql+psycopg", "postgres": "postgresql+psycopg"}
_DATABASES = ("postgresql+psycopg",)
_QUEUES = ("postgresql+psycopg", "redis", "rediss")


def _timezone(name: str) -> str:
    try:
        ZoneInfo(name)
    except (KeyError, ValueError, OSError):
        raise ValueError(f'"{name}" is not a time zone: write one such as "Europe/Berlin" or "UTC"') from None
    return name


class Service(Table):
    """The service itself.

    Attributes:
        database_url: the ledger; SQLite's path is absolute once loaded.
        database_password: of a database server, or None.
        queue_url: the queue; beside the database unless given.
        queue_password: of the queue's server, or None.
        timezone: where a person's day begins.
        lease_s: how long a silent worker keeps a credit system, in seconds.
        answer_within_s: how long a request waits for a preview before it answers with a run, in seconds.
        trusted_proxies: proxies in front of ``serve``, whose ``X-Forwarded-*`` headers are believed.
    """

    database_url: Text = DATABASE_URL
    database_password: Secret | None = None
    queue_url: Text = ""
    queue_password: Secret | None = None
    timezone: Annotated[Text, AfterValidator(_timezone)] = TIMEZONE
    lease_s: float = Field(default=LEASE_S, gt=0, le=LEASE_S_MAX)
    answer_within_s: float = Field(default=ANSWER_WITHIN_S, ge=0, le=ANSWER_WITHIN_S_MAX)
    trusted_proxies: int = Field(default=0, ge=0, le=TRUSTED_PROXIES_MAX)

    @model_validator(mode="before")
    @classmethod
    def _queue_beside_database(cls, data: object, info: ValidationInfo) -> object:
        """Give the queue a place beside the database, as a file or on the same server."""
        if not isinstance(data, dict) or "queue_url" in data:
            return data
        database = data.get("database_url", DATABASE_URL)
        try:
            _address(str(database).strip(), source_of(info), _DATABASES)
        except ValueError:
            return {**data, "queue_url": DATABASE_URL}  # the database's own problem is enough
        derived = {"queue_url": queue_beside(str(database).strip())}
        if "database_password" in data and "queue_password" not in data:
            derived["queue_password"] = data["database_password"]
        return {**data, **derived}

    @field_validator("database_url")
    @classmethod
    def _database(cls, url: str, info: ValidationInfo) -> str:
        return _address(url, source_of(info), _DATABASES)

    @field_validator("queue_url")
    @classmethod
    def _queue(cls, url: str, info: ValidationInfo) -> str:
        return _address(url, source_of(info), _QUEUES)

    @property
    def zone(self) -> ZoneInfo:
        """The time zone."""
        return ZoneInfo(self.timezone)

    def database_address(self) -> str:
        """Return ``database_url`` with its password: for the engine, never for a message."""
        return _with_password(self.database_url, self.database_password)

    def queue_address(self) -> str:
        """Return ``queue_url`` with its password: for the queue, never for a message."""
        return _with_password(self.queue_url, self.queue_password)


class Google(Table):
    """How Google Sheets is reached.

    Attributes:
        service_account: the key file's JSON; without it Application Default Credentials are used.
        api_base_url: another address for an emulator.
        reads_per_minute: Google's quota of the project for one user.
        writes_per_minute: likewise.
    """

    service_account: Secret | None = None
    api_base_url: Annotated[Text, AfterValidator(urls.normalise)] = "https://sheets.googleapis.com"
    reads_per_minute: int = Field(default=60, ge=1, le=REQUESTS_MAX)
    writes_per_minute: int = Field(default=60, ge=1, le=REQUESTS_MAX)

    @field_validator("api_base_url")
    @classmethod
    def _encrypted(cls, url: str) -> str:
        if urls.is_plain(url):
            raise ValueError("is plain http beyond this machine: use https")
        return url


def queue_beside(database_url: str) -> str:
    """Return the queue's address for a database: a file beside SQLite's, or the same server."""
    match = _SQLITE.fullmatch(database_url)
    if not match or not match["path"]:
        return database_url
    path = Path(match["path"])
    return f"sqlite:///{path.with_name(f'{path.stem}-queue{path.suffix}')}"


def _address(url: str, source: Source, servers: tuple[str, ...]) -> str:
    """Return a database's or queue's address in its one spelling.

    Raises:
        ValueError: a sentence that says what is wrong.
    """
    scheme, separator, rest = url.partition(":")
    if scheme == "sqlite":
        return _sqlite(url, source)
    if not separator or _SERVERS.get(scheme, scheme) not in servers:
        raise ValueError(f"must start with sqlite:/// or {'://, '.join(servers)}://")
    parts = urlsplit(url)
    if parts.password is not None or "password=" in parts.query:
        raise ValueError(
            f"holds a password: take it out, and give it as database_password or queue_password: {HOW}"
        )
    return f"{_SERVERS.get(scheme, scheme)}:{rest}"


def _sqlite(url: str, source: Source) -> str:
    match = _SQLITE.fullmatch(url)
    if not match or match["path"] in {"", ":memory:"}:
        raise ValueError('must name a file, such as "sqlite:///sheetsync.db": what is kept in memory is lost')
    path = absolute(match["path"], source.base)
    if path.is_dir():
        raise ValueError(f"{path} is a folder: name a file in it")
    return f"sqlite:///{path}{match['query'] or ''}"


def _with_password(url: str, password: Secret | None) -> str:
    if password is None or url.startswith("sqlite:"):
        return url
    parts = urlsplit(url)
    user, at, host = parts.netloc.rpartition("@")
    quoted = quote(password.reveal(), safe="")
    remember(quoted)
    return urlunsplit(parts._replace(netloc=f"{user if at else ''}:{quoted}@{host}"))
