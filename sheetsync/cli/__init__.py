"""The command line."""

from sheetsync.cli.main import main

__all__ = ["main"]
