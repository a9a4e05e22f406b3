"""CCI FasCard."""

from sheetsync.providers.fascard.provider import FasCard

__all__ = ["FasCard"]
