"""``sheetsync serve``: waitress, and a worker in the same process, so that both live and die together."""

import fcntl
import json
import logging
import signal
import sys
import threading
from collections.abc import Callable, Iterator
from contextlib import closing, contextmanager
from datetime import UTC, datetime
from pathlib import Path
from typing import IO

import waitress
from flask import Flask
from sqlalchemy.engine import make_url

from sheetsync.config import RedactingFilter, Settings
from sheetsync.errors import BusyError, UsageError
from sheetsync.web.app import create_app
from sheetsync.web.console import LINK
from sheetsync.web.service import Service
from sheetsync.web.wire import BODY_MAX_BYTES, UPLOAD_MAX_BYTES
from sheetsync.worker import Worker

THREADS = 32
"""Requests at a time; twelve of them may wait for a preview."""

CONNECTIONS_MAX = 1_000
IDLE_S = 60
"""Seconds after which a connection without a request is closed."""

ENDS_WITHIN_S = 30
"""Seconds that requests in flight get at the end: longer than a preview may take."""

WORKERS = 8
"""Runs at a time of the embedded worker."""


def serve(
    settings: Settings,
    *,
    host: str,
    port: int,
    worker: bool,
    say: Callable[[str], None],
    greet: Callable[[Flask, str], None] | None = None,
) -> None:
    """Serve until SIGTERM or Ctrl-C; requests and rows in flight end first.

    Args:
        settings: as loaded.
        host: to listen on.
        port: 0 chooses one.
        worker: also carry out runs.
        say: prints a line; the first one is the address.
        greet: given the application and its address before the first request, instead of ``say``.

    Raises:
        BusyError: another ``serve`` uses this ledger's file.
        UsageError: the port cannot be used.
    """
    log_as_json()
    with _alone(settings):
        app = create_app(settings)
        service: Service = app.extensions["sheetsync"]
        with closing(service):
            server = _listen(app, host, port)
            address = f"http://{_shown(host)}:{server.effective_port}"
            if greet is None:
                say(address)
                _say_link(service, address, say)
            else:
                greet(app, address)
            carrying = Worker(service.office, workers=WORKERS) if worker else None
            try:
                _until_told(server)
            finally:
                if carrying is not None:
                    carrying.stop()


def _listen(app: Flask, host: str, port: int) -> waitress.server.TcpWSGIServer:
    try:
        return waitress.create_server(
            app,
            host=host,
            port=port,
            threads=THREADS,
            connection_limit=CONNECTIONS_MAX,
            channel_timeout=IDLE_S,
            max_request_body_size=UPLOAD_MAX_BYTES + BODY_MAX_BYTES,
            ident=None,
            clear_untrusted_proxy_headers=False,  # ProxyFix believes exactly the configured number
        )
    except OSError as error:
        raise UsageError(f"Port {port} of {host} cannot be used: {error.strerror}.") from error


def _until_told(server: waitress.server.TcpWSGIServer) -> None:
    def stop(*_: object) -> None:
        for number in (signal.SIGTERM, signal.SIGINT):
            signal.signal(number, signal.SIG_IGN)  # a second one must not break into the end of the first
        raise KeyboardInterrupt

    signal.signal(signal.SIGTERM, stop)
    signal.signal(signal.SIGINT, stop)
    try:
        server.run()  # gives requests in flight five seconds, the next line gives them the rest
    finally:
        server.task_dispatcher.shutdown(timeout=ENDS_WITHIN_S)
        server.close()


def _shown(host: str) -> str:
    return f"[{host}]" if ":" in host else host


def _say_link(service: Service, address: str, say: Callable[[str], None]) -> None:
    """Print the first admin's sign-in link."""
    roles = service.office.settings.auth.roles
    admin = next((who for who, role in roles.items() if role == "admin" and not who.startswith("*")), None)
    if admin is None:
        say('Nobody is an admin yet: add "you@example.org" = "admin" to [auth.roles] to sign in.')
        return
    secret = service.store.callers.make_link(admin, length=LINK, by="serve")
    say(f"Sign in as {admin}, once, within {LINK.seconds // 60} minutes: {address}/sign-in/{secret}")


@contextmanager
def _alone(settings: Settings) -> Iterator[None]:
    """Hold the ledger's file for this process: two services on one SQLite file would only be in their way."""
    url = make_url(settings.service.database_url)
    if url.get_backend_name() != "sqlite" or url.database is None:
        yield
        return
    path = Path(url.database)
    path = path.with_name(f"{path.name}.serve.lock")
    with path.open("w") as held:
        _lock(held, path)
        yield


def _lock(held: IO[str], path: Path) -> None:
    try:
        fcntl.flock(held, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except OSError as error:
        raise BusyError(
            f"Another sheetsync serve uses this ledger ({path.parent}).",
            hint="Stop it first; further machines need a ledger on PostgreSQL.",
        ) from error


class JsonLines(logging.Formatter):
    """One JSON object a line."""

    def format(self, record: logging.LogRecord) -> str:
        """Return the line."""
        facts = getattr(record, "facts", {})
        at = f"{datetime.fromtimestamp(record.created, UTC):%Y-%m-%dT%H:%M:%S.%fZ}"
        line = {"at": at, "level": record.levelname, "logger": record.name, "message": record.getMessage()}
        return json.dumps({**line, **facts}, ensure_ascii=False)


def log_as_json() -> None:
    """Log on stderr, a JSON object a line, secrets masked."""
    handler = logging.StreamHandler(sys.stderr)
    handler.addFilter(RedactingFilter())
    handler.setFormatter(JsonLines())
    root = logging.getLogger()
    logging.basicConfig(level=min(root.level, logging.WARNING), handlers=[handler], force=True)
    logging.getLogger("sheetsync.web").setLevel(logging.INFO)
    threading.excepthook = lambda told: logging.getLogger("sheetsync.crash").error(
        "A thread ended by %s", getattr(told.exc_type, "__name__", "an error")
    )
