"""``Idempotency-Key``: a request that is sent again is answered again, and carried out once.

The key is kept with the run that its request starts, in one transaction: whatever dies afterwards, and
whatever answer is lost, the same request finds the same run.
"""

import hashlib
import json
import re
import time
from collections.abc import Callable

from ulid import ULID

from sheetsync.errors import BusyError, IdempotencyError, UsageError
from sheetsync.ledger.replies import Reply
from sheetsync.ports import Owner
from sheetsync.ports.claims import Claim
from sheetsync.web.service import Outcome, Service

HEADER = "Idempotency-Key"
LONGER_S = 5.0
"""Seconds that the second of two equal requests waits for the first beyond what a preview may take."""

LOOK_EVERY_S = 0.1
_KEY = re.compile(r"[!-~]{1,200}")


def claim_of(service: Service, caller: str, key: str | None) -> Claim | None:
    """Return the claim of a request with a key; nothing is written yet.

    Raises:
        UsageError: it is no key.
    """
    if key is None:
        return None
    if not _KEY.fullmatch(key):
        raise UsageError(f"{HEADER} takes 1 to 200 visible ASCII characters.")
    me = service.office.processes.me()
    return Claim(caller[:320], key, json.dumps([me.machine, me.pid, me.started, str(ULID())]))


def once(
    service: Service, claim: Claim | None, request: object, run: Callable[[], Outcome]
) -> tuple[Outcome, bool]:
    """Carry a request out unless this caller's key was used; return the reply and whether it is an old one.

    A refused request leaves nothing behind, so its key may be used again.

    Args:
        service: with the kept replies.
        claim: whose key; None: nothing is kept.
        request: method, path and body: what the key stands for.
        run: carries it out.

    Raises:
        IdempotencyError: the key stood for another request.
        BusyError: the first request is still under way.
    """
    if claim is None:
        return run(), False
    digest = hashlib.sha256(json.dumps(request, sort_keys=True).encode()).hexdigest()
    known = _settled(service, claim, digest)
    if known is not None and known.status is not None:
        return (known.status, known.body), True
    store = service.store.replies
    try:
        status, body = run() if known is None or known.run is None else service.follow(known.run)
    except BaseException:
        store.forget(claim)
        raise
    store.keep(claim if known is None else known.claim, status=status, body=body)
    return (status, body), known is not None


def _settled(service: Service, claim: Claim, digest: str) -> Reply | None:
    """Return what is known of the request, or None once it is ours."""
    store = service.store.replies
    until_s = time.monotonic() + service.answer_within_s + LONGER_S
    while (known := store.claim(claim, digest)) is not None:
        if known.request != digest:
            raise IdempotencyError(f"This {HEADER} was used for another request.", hint="Use a new one.")
        if known.status is not None:
            return known
        if known.run is not None and not service.may_start_anew(known.run):
            return known
        if known.run is not None or _is_dead(service, known.claim):
            store.release(known.claim)
            continue
        if time.monotonic() > until_s:
            raise BusyError("The same request is still under way.", hint="Ask again with the same key.")
        time.sleep(LOOK_EVERY_S)
    return None


def _is_dead(service: Service, claim: Claim) -> bool:
    """Whether the process that carried the request out is gone for sure."""
    if not claim.claimed_by:
        return False
    machine, pid, started, _attempt = json.loads(claim.claimed_by)
    return service.office.processes.is_alive(Owner(machine, pid, started)) is False
