"""The queue: wakes workers up for runs that wait in the ledger.

The ledger is what guarantees progress: the queue may lose or repeat a wake-up, and a sweep over the ledger
finds every run that nobody drives. Huey does it on SQLite, Redis and PostgreSQL alike.
"""

import json
import logging
import threading
from collections.abc import Callable
from datetime import datetime
from importlib.util import find_spec
from typing import Any

from huey import Huey, PostgresHuey, RedisHuey, SqliteHuey
from huey.consumer import Consumer as HueyConsumer
from huey.registry import Message
from huey.serializer import Serializer
from sqlalchemy.engine import make_url

from sheetsync.errors import ConfigError

NAME = "sheetsync"

SWEEP_S = 1.0
"""Seconds between two looks at the ledger for runs that nobody drives."""

Carry = Callable[[str], None]
"""Carries out the run of this id, or does nothing if somebody else does."""

_log = logging.getLogger(__name__)


class JsonSerializer(Serializer):  # type: ignore[misc]  # Huey has no types
    """Wake-ups as JSON: whoever can write to the queue's database must not be able to run code here."""

    def _serialize(self, data: Any) -> bytes:  # noqa: ANN401 - Huey's own type
        fields = [each.isoformat() if isinstance(each, datetime) else each for each in data]
        return json.dumps(fields).encode()

    def _deserialize(self, data: bytes) -> Message:
        fields = json.loads(data)
        return Message(*fields)


class Queue:
    """Wake-ups for runs.

    Args:
        url: ``sqlite:///…``, ``redis://…`` or ``postgresql+psycopg://…``.

    Raises:
        ConfigError: another kind of address.
    """

    def __init__(self, url: str) -> None:
        self._huey = _huey(url)
        self._carry: Carry | None = None
        self._task = self._huey.task(name="carry_out")(self._run)

    def wake(self, run: str) -> None:
        """Tell some worker that a run waits."""
        self._task(run)

    def work(self, carry: Carry, *, workers: int) -> "Consumer":
        """Start carrying out runs in threads of this process."""
        self._carry = carry
        return Consumer(self._huey, workers)

    def close(self) -> None:
        """Close the connection of this thread, if the queue's kind keeps one."""
        self._huey.storage.close()

    def ping(self) -> None:
        """Ask the queue for its length; raises whatever its storage does when it is away."""
        self._huey.storage.queue_size()

    def _run(self, run: str) -> None:
        if self._carry is None:
            raise AssertionError("a queue that nobody works does not run tasks")
        self._carry(run)


class _Threads(HueyConsumer):  # type: ignore[misc]  # Huey has no types
    """Huey's threads; signals stay with whoever has the process."""

    def _set_signal_handlers(self) -> None:
        """Leave them as they are: Huey's would only end its own loop, which does not run here."""


class Consumer:
    """Threads that take wake-ups; stop it to end them after what they are doing."""

    def __init__(self, huey: Huey, workers: int) -> None:
        self._consumer = _Threads(
            huey,
            workers=workers,
            worker_type="thread",
            periodic=False,
            check_worker_health=False,
            max_delay=0.5,
        )
        self._consumer.start()

    def stop(self) -> None:
        """End after the runs in progress."""
        self._consumer.stop(graceful=True)


class Sweep:
    """Looks at the ledger every second and wakes workers for what nobody drives.

    Args:
        look: returns the ids of such runs.
        wake: tells a worker.
    """

    def __init__(self, look: Callable[[], list[str]], wake: Callable[[str], None]) -> None:
        self._look, self._wake = look, wake
        self._stop = threading.Event()
        self._thread = threading.Thread(target=self._sweep, name="sweep", daemon=True)
        self._thread.start()

    def stop(self) -> None:
        """End it."""
        self._stop.set()
        self._thread.join()

    def _sweep(self) -> None:
        while not self._stop.wait(SWEEP_S):
            try:
                for run in self._look():
                    self._wake(run)
            except Exception:  # noqa: BLE001 - a database that is away comes back; the sweep must outlive that
                _log.exception("The sweep over the ledger failed; it is tried again")


def _huey(url: str) -> Huey:
    parsed = make_url(url)
    kind = parsed.get_backend_name()
    options = {"results": False, "serializer": JsonSerializer(), "utc": True}
    if kind == "sqlite":
        return SqliteHuey(NAME, filename=parsed.database, fsync=True, **options)
    if kind in ("redis", "rediss"):
        if find_spec("redis") is None:
            raise ConfigError(
                "service.queue_url: a queue on Redis needs the package redis.",
                hint="Install it with: pip install 'sheetsync-service[redis]'",
            )
        return RedisHuey(NAME, url=url, **options)
    if kind == "postgresql":
        dsn = parsed.set(drivername="postgresql").render_as_string(hide_password=False)
        return PostgresHuey(NAME, dsn=dsn, table_prefix="sheetsync_queue", **options)
    raise ConfigError(
        f"service.queue_url: a queue on {kind} is not supported; use sqlite, redis or postgresql."
    )
