"""A fake credit system over real HTTP: for training, demonstrations and tests."""

from sheetsync.sandbox.book import Account, Book, BookError, Change, Person, Unit
from sheetsync.sandbox.faults import Fault, FaultScript
from sheetsync.sandbox.server import Sandbox, serve

__all__ = [
    "Account",
    "Book",
    "BookError",
    "Change",
    "Fault",
    "FaultScript",
    "Person",
    "Sandbox",
    "Unit",
    "serve",
]
