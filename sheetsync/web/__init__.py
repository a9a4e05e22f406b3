"""The HTTP API: Flask at the edge, nothing at import."""

from sheetsync.web.app import create_app

__all__ = ["create_app"]
