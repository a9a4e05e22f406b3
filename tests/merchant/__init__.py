"""Another UniBee server than the sandbox, for the tests."""

from tests.merchant.book import KEY, Merchant, Weather

__all__ = ["KEY", "Merchant", "Weather"]
