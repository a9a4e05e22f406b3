"""``Idempotency-Key``: a request that is sent again is answered again, and carried out once."""

import hashlib
import json
import re
import time
from collections.abc import Callable

from sheetsync.errors import BusyError, IdempotencyError, UsageError
from sheetsync.ledger.replies import Reply, ReplyStore
from sheetsync.web.service import Outcome

HEADER = "Idempotency-Key"
WAIT_S = 25.0
"""Seconds that the second of two equal requests waits for the first: longer than a preview may take."""

LOOK_EVERY_S = 0.1
_KEY = re.compile(r"[!-~]{1,200}")


def once(
    store: ReplyStore,
    caller: str,
    key: str | None,
    request: object,
    run: Callable[[], Outcome],
) -> tuple[Outcome, bool]:
    """Carry a request out unless this caller's key was used; return the reply and whether it is an old one.

    A refused request leaves nothing behind, so its key may be used again.

    Args:
        store: kept replies.
        caller: whose key.
        key: as given; None: nothing is kept.
        request: method, path and body: what the key stands for.
        run: carries it out.

    Raises:
        IdempotencyError: the key stood for another request.
        BusyError: the first request is still under way.
    """
    if key is None:
        return run(), False
    if not _KEY.fullmatch(key):
        raise UsageError(f"{HEADER} takes 1 to 200 visible ASCII characters.")
    digest = hashlib.sha256(json.dumps(request, sort_keys=True).encode()).hexdigest()
    known = _settled(store, caller, key, digest)
    if known is not None:
        return (known.status or 200, known.body), True
    try:
        status, body = run()
    except BaseException:
        store.forget(caller, key)
        raise
    store.keep(caller, key, status=status, body=body)
    return (status, body), False


def _settled(store: ReplyStore, caller: str, key: str, digest: str) -> Reply | None:
    """Return the reply that is kept, or None once the request is ours."""
    until_s = time.monotonic() + WAIT_S
    while (known := store.claim(caller, key, digest)) is not None:
        if known.request != digest:
            raise IdempotencyError(f"This {HEADER} was used for another request.", hint="Use a new one.")
        if known.status is not None:
            return known
        if time.monotonic() > until_s:
            raise BusyError("The same request is still under way.", hint="Ask again with the same key.")
        time.sleep(LOOK_EVERY_S)
    return None
