"""To come."""

from tests.emulators.sheets.batch.common import Handler

HANDLERS: dict[str, Handler] = {}
