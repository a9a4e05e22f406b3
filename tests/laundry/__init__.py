"""A strict FasCard server of its own, to test against."""

from tests.laundry.book import Customer, Laundry
from tests.laundry.facts import ACCOUNT, PASSWORD, STORE, USERNAME, Weather

__all__ = ["ACCOUNT", "PASSWORD", "STORE", "USERNAME", "Customer", "Laundry", "Weather"]
