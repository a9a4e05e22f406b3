"""Where the time of a measurement goes, on request: ``SHEETSYNC_PROFILE=file`` samples all threads."""

import os
import sys
import threading
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from types import FrameType

EVERY_S = 0.002
DEEPEST = 40
IDLE = ("wait", "_wait_for_tstate_lock", "select", "poll", "readinto", "recv_into", "sleep", "_worker")


@contextmanager
def profiled() -> Iterator[None]:
    """Sample the stacks of all threads while the body runs, if asked to; append the result to the file."""
    name = os.environ.get("SHEETSYNC_PROFILE")
    if not name:
        yield
        return
    own, seen, stop = Counter[str](), Counter[str](), threading.Event()

    def sample() -> None:
        me = threading.get_ident()
        while not stop.wait(EVERY_S):
            for thread, frame in sys._current_frames().items():  # noqa: SLF001 - the only way to see them
                if thread != me:
                    _note(frame, own, seen)

    thread = threading.Thread(target=sample, daemon=True)
    thread.start()
    try:
        yield
    finally:
        stop.set()
        thread.join()
        with Path(name).open("a", encoding="utf-8") as out:
            for title, counts in (("own", own), ("with callees", seen)):
                print(f"--- {title}", file=out)
                for place, count in counts.most_common(DEEPEST):
                    print(f"{count:7d} {place}", file=out)


def _note(frame: FrameType | None, own: Counter[str], seen: Counter[str]) -> None:
    if frame is None or frame.f_code.co_name in IDLE:
        return
    places = []
    while frame is not None:
        code = frame.f_code
        places.append(f"{Path(code.co_filename).parent.name}/{Path(code.co_filename).name}:{code.co_name}")
        frame = frame.f_back
    own[places[0]] += 1
    seen.update(set(places))
