"""A town whose three users had 20,000 credits each when it was first pulled."""

from tests.rules.conftest import ana, bo, town

__all__ = ["ana", "bo", "town"]
