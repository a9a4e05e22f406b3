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
    pool = ThreadPoolExecutor(desk.limits.parallel_requests)
    try:
        _send(sending, pool, list(groups.values()), canaries=canaries)
    except KeyboardInterrupt:
        sending.stop(InterruptedRunError(STOPPED))
    except SheetsyncError as error:
        sending.stop(error)
    except BaseException:
        sending.halt.set()
        raise
    finally:
        _wait_for(sending, pool)
        if not sending.held.lost.is_set():
            desk.ledger.operations.withdraw(sending.run, why=ENDED)
            desk.ledger.runs.progress(sending.run, sending.done, sending.total)


ENDED = "Not sent: the push ended before this row's turn. Push the same plan again, or make a new one."

STOPPED = "The push was stopped; nothing more was sent."


def _send(sending: Sending, pool: ThreadPoolExecutor, groups: Sequence[Group], *, canaries: int) -> None:
    """Let the pool's threads send, canaries too: Ctrl-C meets this thread, and no request under way."""
    left = pool.submit(send_canaries, sending, groups, canaries).result()
    queue, turn = iter(left), threading.Lock()
    count = min(sending.desk.limits.parallel_requests, len(left))
    workers = [pool.submit(_work, sending, queue, turn) for _ in range(count)]
    for worker in workers:
        worker.result()


def _wait_for(sending: Sending, pool: ThreadPoolExecutor) -> None:
    """Wait for the requests in flight, however often somebody presses Ctrl-C."""
    while True:
        try:
            pool.shutdown()
        except KeyboardInterrupt:
            sending.stop(InterruptedRunError(STOPPED))
        else:
            return


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
