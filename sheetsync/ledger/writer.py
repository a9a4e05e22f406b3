"""One thread that carries out what others queue: those who come while it works share its next commit."""

import os
import threading
from collections import deque
from collections.abc import Callable, Sequence
from typing import Any, Generic, TypeVar, cast

from sheetsync.errors import LedgerError

T = TypeVar("T")
C = TypeVar("C")

BATCH_LIMIT = 500
"""Jobs in one commit: enough to share its cost, few enough that nobody waits long."""


class Job(Generic[C]):
    """One piece of work, and the thread that waits for it.

    Attributes:
        work: what to do, given a transaction.
    """

    __slots__ = ("_done", "_error", "_result", "work")

    def __init__(self, work: Callable[[C], Any]) -> None:
        self.work = work
        self._done = threading.Lock()
        self._done.acquire()  # released when the job is done: cheaper than an event
        self._result: Any = None
        self._error: BaseException | None = None

    def succeed(self, result: Any) -> None:  # noqa: ANN401 - whatever the work returned
        """Hand the result over."""
        self._result = result
        self._done.release()

    def fail(self, error: BaseException, cause: BaseException | None = None) -> None:
        """Hand an exception over."""
        error.__cause__ = cause or error.__cause__
        self._error = error
        self._done.release()

    def wait(self) -> Any:  # noqa: ANN401 - whatever the work returned
        """Wait until it is done; return its result or raise its exception."""
        with self._done:
            if self._error is not None:
                raise self._error
            return self._result


class Writer(Generic[C]):
    """A thread that starts with the first job and ends with ``close``.

    It is a thread of its own, and not one of those that wait, so that Ctrl-C, which reaches the main thread,
    never breaks into a commit with other people's work in it.

    Args:
        carry_out: carries out jobs together, and calls ``succeed`` or ``fail`` of each.
    """

    def __init__(self, carry_out: Callable[[Sequence[Job[C]]], None]) -> None:
        self._carry_out = carry_out
        self._queue: deque[Job[C]] = deque()
        self._wake = threading.Condition()
        self._thread: threading.Thread | None = None
        self._closed = False
        self._process = os.getpid()

    def carry_out(self, work: Callable[[C], T]) -> T:
        """Queue work, wait for it, and return its result or raise its exception.

        Raises:
            LedgerError: the ledger was closed.
        """
        if self._thread is threading.current_thread() or self._process != os.getpid():
            raise AssertionError(
                "a ledger is opened anew in a new process, and not written to from within a job"
            )
        job: Job[C] = Job(work)
        with self._wake:
            if self._closed:
                raise LedgerError("The ledger was closed; nothing was written.")
            self._queue.append(job)
            if self._thread is None:
                self._thread = threading.Thread(target=self._run, name="ledger-writer", daemon=True)
                self._thread.start()
            self._wake.notify()
        return cast(T, job.wait())

    def close(self) -> None:
        """Carry out what is queued, and end the thread."""
        with self._wake:
            self._closed = True
            self._wake.notify()
        if self._thread is not None:
            self._thread.join()

    def _run(self) -> None:
        while jobs := self._next():
            self._carry_out(jobs)

    def _next(self) -> list[Job[C]]:
        """Wait for jobs; return none at the end."""
        with self._wake:
            while not self._queue and not self._closed:
                self._wake.wait()
            return [self._queue.popleft() for _ in range(min(len(self._queue), BATCH_LIMIT))]
