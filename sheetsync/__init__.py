"""Change customers' credit balances from a spreadsheet: exactly once, and proven by a re-read."""

__version__ = "0.1.0"
