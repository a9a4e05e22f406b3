"""The sandbox's threads: started, interrupted and joined in one place, so that nothing outlives a stop."""

import threading
import time
from collections.abc import Callable
from dataclasses import dataclass, field

_JOIN_S = 5.0


@dataclass
class Crew:
    """A set of running threads; `errors` keeps what went wrong in them."""

    errors: list[BaseException] = field(default_factory=list)
    _threads: set[threading.Thread] = field(default_factory=set, repr=False)
    _stopping: threading.Event = field(default_factory=threading.Event, repr=False)
    _lock: threading.Lock = field(default_factory=threading.Lock, repr=False)

    @property
    def is_stopping(self) -> bool:
        """Whether all threads were asked to end."""
        return self._stopping.is_set()

    def start(self, work: Callable[[], object]) -> None:
        """Run `work` in a thread of its own."""
        # A daemon, so that a program which forgets to stop the sandbox can still end.
        thread = threading.Thread(target=self._run, args=(work,), daemon=True)
        with self._lock:
            self._threads.add(thread)
            thread.start()

    def pause(self, seconds: float) -> None:
        """Wait, but no longer than until the stop."""
        self._stopping.wait(seconds)

    def stop(self) -> None:
        """Ask all threads to end."""
        self._stopping.set()

    def join(self) -> None:
        """Wait until every thread has ended.

        Raises:
            RuntimeError: One of them did not, although it was asked to.
        """
        give_up_s = time.monotonic() + _JOIN_S
        # One thread may have started another meanwhile.
        while threads := self._running():
            for thread in threads:
                thread.join(max(0.0, give_up_s - time.monotonic()))
                if thread.is_alive():
                    raise RuntimeError(f"{thread.name} of the sandbox did not end")

    def _running(self) -> list[threading.Thread]:
        with self._lock:
            return list(self._threads)

    def _run(self, work: Callable[[], object]) -> None:
        try:
            work()
        except Exception as error:  # noqa: BLE001 - kept for the test to look at; there is nobody to raise it to
            self.errors.append(error)
        finally:
            with self._lock:
                self._threads.discard(threading.current_thread())
