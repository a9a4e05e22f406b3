"""The sandbox as a whole: a book, a dialect and its faults behind a real HTTP server."""

import signal
import threading
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from types import FrameType, TracebackType
from typing import Self

import click

from sheetsync.sandbox.backstage import Backstage
from sheetsync.sandbox.book import Book
from sheetsync.sandbox.control import Control
from sheetsync.sandbox.fascard import FasCard
from sheetsync.sandbox.fastcredit import FastCredit
from sheetsync.sandbox.faults import FaultScript
from sheetsync.sandbox.listener import Listener
from sheetsync.sandbox.people import make_book
from sheetsync.sandbox.traffic import Traffic
from sheetsync.sandbox.unibee import UniBee
from sheetsync.sandbox.wire import Dialect, Switches

# FasCard signs in by e-mail; UniBee knows an API key and no name.
USERNAMES = {"fastcredit": "office", "fascard": "office@sandbox.example", "unibee": "merchant"}
# Six groups of four, as WordPress prints an application password.
PASSWORD = "sand boxp assw ordf ortr yout"  # noqa: S105 - of a fake; it is printed when it starts
API_KEY = "sandbox-key-of-a-merchant"
SEED = 20240229

# Book, user name, password → how that system would speak about the book.
DIALECTS: dict[str, Callable[[Book, str, str], Dialect]] = {
    "fastcredit": FastCredit,
    "fascard": FasCard,
    "unibee": UniBee,
}


@dataclass(kw_only=True)
class Sandbox:
    """A fake credit system on loopback; use it as a context manager.

    Attributes:
        dialect: Which credit system it speaks like; one of `DIALECTS`.
        users: How many accounts the book is opened with.
        port: TCP port; 0 lets the system choose.
        host: Address to listen on; anything but loopback lets other machines in.
        seed: Of the made-up customers, and of faults with a probability.
        username: Name of the API user; the usual one of the dialect unless said.
        password: Application password of the API user, or the API key; the usual one unless said.
        credits_decimals: Scale of the unit `credits`.
        switches: Switches of the site to begin with, by name.
        book: The accounts.
        faults: What will go wrong.
        requests: What arrived.
    """

    dialect: str = "fastcredit"
    users: int = 200
    port: int = 0
    host: str = "127.0.0.1"
    seed: int = SEED
    username: str = ""
    password: str = field(default="", repr=False)
    credits_decimals: int = 0
    switches: Mapping[str, object] = field(default_factory=dict)
    book: Book = field(init=False, repr=False)
    faults: FaultScript = field(init=False, repr=False)
    requests: Traffic = field(init=False, repr=False)

    def __post_init__(self) -> None:
        """Open the book; nothing listens yet."""
        if self.dialect not in DIALECTS:
            raise ValueError(f"no dialect {self.dialect!r}; there are {', '.join(DIALECTS)}")
        self.username = self.username or USERNAMES[self.dialect]
        self.password = self.password or (API_KEY if self.dialect == "unibee" else PASSWORD)
        self.book = make_book(users=self.users, seed=self.seed, credits_decimals=self.credits_decimals)
        self.faults = FaultScript(self.seed)
        self.requests = Traffic()
        self._speaker = DIALECTS[self.dialect](self.book, self.username, self.password)
        self._speaker.site.update(self.switches)
        self._backstage: Backstage | None = None
        self._listener: Listener | None = None

    @property
    def site(self) -> Switches:
        """The dialect's switches."""
        return self._speaker.site

    def turn(self, **switches: object) -> None:
        """Turn switches of the site: `turn(plain_permalinks=True, role="editor")`."""
        self.site.update(switches)

    @property
    def base_url(self) -> str:
        """Where it listens, such as `http://127.0.0.1:40123`."""
        return self._running()[1].base_url

    @property
    def held(self) -> int:
        """How many late requests wait to be carried out."""
        return self._running()[0].held

    @property
    def errors(self) -> list[BaseException]:
        """What went wrong inside the sandbox itself, such as a scripted purchase without enough credits."""
        return [] if self._backstage is None else self._backstage.crew.errors

    def release(self) -> int:
        """Carry out all late requests now; returns how many there were."""
        return self._running()[0].release()

    def start(self) -> Self:
        """Listen; with the same book again after a stop, on the same port if one was given."""
        if self._listener is not None:
            raise RuntimeError("the sandbox runs already")
        backstage = Backstage(self._speaker, self.book, self.faults, self.requests)
        self._listener = Listener((self.host, self.port), backstage, Control(backstage))
        self._backstage = backstage
        self._listener.start()
        return self

    def stop(self) -> None:
        """Close every connection and end every thread; late requests are never carried out."""
        if self._listener is None:
            return
        listener, self._listener = self._listener, None
        listener.stop()

    def __enter__(self) -> Self:
        return self if self._listener is not None else self.start()

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.stop()

    def _running(self) -> tuple[Backstage, Listener]:
        if self._backstage is None or self._listener is None:
            raise RuntimeError("the sandbox does not run")
        return self._backstage, self._listener


def serve(
    port: int, *, dialect: str = "fastcredit", users: int = 200, host: str = "127.0.0.1", seed: int = SEED
) -> None:
    """Run a sandbox until SIGTERM or SIGINT; its address is the first line printed.

    Raises:
        ValueError: No such dialect.
        OSError: The port is taken.
    """
    ended = threading.Event()

    def end(_signal: int, _frame: FrameType | None) -> None:
        ended.set()

    before = {number: signal.signal(number, end) for number in (signal.SIGTERM, signal.SIGINT)}
    try:
        with Sandbox(dialect=dialect, users=users, port=port, host=host, seed=seed) as sandbox:
            click.echo(sandbox.base_url)
            if dialect != "unibee":
                click.echo(f"user name: {sandbox.username}")
            click.echo(f"{'API key' if dialect == 'unibee' else 'password'}: {sandbox.password}")
            ended.wait()
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)
