"""Sends a push's operations: canaries first, then several accounts at a time, one operation of each."""

import threading
from collections import defaultdict
from collections.abc import Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor

from sheetsync.core.decide import Planned
from sheetsync.errors import InterruptedRunError, SheetsyncError
from sheetsync.jobs.canary import Group, send_canaries
from sheetsync.jobs.sending import Sending, send_in_turn


def send_all(sending: Sending, waiting: Sequence[Planned], *, canaries: int) -> None:
    """Send operations; whatever ends this early, what was never claimed is withdrawn.

    Args:
        sending: the push.
        waiting: what is to be sent, in order.
        canaries: operations of each action that are proven before the others leave.
    """
    desk = sending.desk
    groups: dict[str, Group] = defaultdict(list)
    for each in waiting:
        groups[each.operation.account_id].append(each)
    if desk.ledger.runs.progress(sending.run, sending.done, sending.total):
        # asked while nobody drove it
        sending.stop(InterruptedRunError("The run was cancelled; nothing more was sent."))
    try:
        left = _first(sending, list(groups.values()), canaries)
        _send_side_by_side(sending, left)
    except SheetsyncError as error:
        sending.stop(error)
    finally:
        if not sending.held.lost.is_set():
            desk.ledger.operations.withdraw(sending.run, why="the push ended before this row was sent")
            desk.ledger.runs.progress(sending.run, sending.done, sending.total)


STOPPED = "The push was stopped; nothing more was sent."


def _first(sending: Sending, groups: Sequence[Group], canaries: int) -> Sequence[Group]:
    """Send the canaries; return what is left to be sent."""
    try:
        return send_canaries(sending, groups, canaries)
    except KeyboardInterrupt:
        sending.stop(InterruptedRunError(STOPPED))
        return ()


def _send_side_by_side(sending: Sending, groups: Sequence[Group]) -> None:
    """Let several threads take one account after the other; the end waits for the requests in flight."""
    if not groups:
        return
    queue, turn = iter(groups), threading.Lock()
    parallel = sending.desk.limits.parallel_requests
    with ThreadPoolExecutor(parallel) as pool:
        workers = [pool.submit(_work, sending, queue, turn) for _ in range(min(parallel, len(groups)))]
        try:
            for worker in workers:
                worker.result()
        except KeyboardInterrupt:
            # the pool's end waits for the requests in flight
            sending.stop(InterruptedRunError(STOPPED))
        except BaseException:
            sending.halt.set()
            raise


def _work(sending: Sending, queue: Iterator[Group], turn: threading.Lock) -> None:
    while not sending.halt.is_set():
        with turn:
            group = next(queue, None)
        if group is None:
            return
        try:
            send_in_turn(sending, group)
        except SheetsyncError as error:
            sending.stop(error)
            return
