"""Which request an event came from: known to the thread that asks, and carried to the one that writes."""

from collections.abc import Callable
from contextvars import ContextVar
from typing import TypeVar

A = TypeVar("A")
T = TypeVar("T")

REQUEST: ContextVar[str | None] = ContextVar("request", default=None)
"""The id of the request that is answered, or that began the run that goes on; None for the command line."""


def carried(work: Callable[[A], T]) -> Callable[[A], T]:
    """Return the work as another thread does it for the request of this one."""
    request = REQUEST.get()

    def elsewhere(argument: A) -> T:
        before = REQUEST.set(request)
        try:
            return work(argument)
        finally:
            REQUEST.reset(before)

    return elsewhere if request is not None else work
