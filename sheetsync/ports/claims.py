"""Requests that carry a key of their caller: whoever claims one carries it out, once."""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Claim:
    """A request under way.

    Attributes:
        caller, key: whose request, under which ``Idempotency-Key``.
        claimed_by: the process that carries it out, and which try of it.
    """

    caller: str
    key: str
    claimed_by: str
