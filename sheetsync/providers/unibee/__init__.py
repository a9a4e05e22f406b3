"""UniBee: promo credit of customers, over its merchant API."""

from sheetsync.providers.unibee.provider import UniBee

__all__ = ["UniBee"]
