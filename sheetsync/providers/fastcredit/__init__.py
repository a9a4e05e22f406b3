"""FastCredit Pro on WordPress."""

from sheetsync.providers.fastcredit.provider import FastCredit

__all__ = ["FastCredit"]
