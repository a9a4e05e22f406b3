"""A town whose three users are known by id and e-mail, and files to import."""

from tests.rules.conftest import ana, bo, town

__all__ = ["ana", "bo", "town"]
