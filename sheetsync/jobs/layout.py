"""Layout: puts headers, dropdowns, formats, protection and the hidden Key column right again."""

from typing import Any

from sheetsync.errors import LayoutError
from sheetsync.jobs.desk import Desk


def repair_layout(desk: Desk) -> dict[str, Any]:
    """Repair the tab's layout; rows, and what people arranged, stay. Return the JSON of ``layout``.

    Raises:
        LayoutError: file or tab is missing (a pull makes them), or headers are doubled.
        SheetError, SheetUnsafeError: nothing was changed.
    """
    try:
        desk.sheet.read()
    except LayoutError as error:
        if "missing" not in error.details:
            raise
    return {"connection": desk.name, "repaired": list(desk.sheet.create())}
