"""Waiting for something to read, such that a signal ends the wait at once.

Python runs the handler of a signal between two of its instructions. A read that blocks is ended by a signal that arrives while it blocks,
and in its thread; one that arrives just before, or that the system gives to another thread, is seen when there is something to read at
last, which may be never (https://docs.python.org/3/library/signal.html#signal.set_wakeup_fd).
"""

from __future__ import annotations

import contextlib
import os
import select
import signal
import threading
from collections.abc import Iterator


def until_readable(descriptor: int) -> None:
    """Return when there is something to read, or the end, or an error that reading tells of.

    In the main thread the handlers of signals run at once, and what they raise ends the wait.
    """
    poll = select.poll()
    poll.register(descriptor, select.POLLIN)
    if poll.poll(0):
        return
    with _woken() as wake:
        if wake is not None:
            poll.register(wake, select.POLLIN)
        # NOTE: whenever a signal came, now or before, its handler has run when this line begins anew.
        while not any(ready == descriptor for ready, _ in poll.poll()):
            if wake is not None:
                os.read(wake, 1 << 12)


@contextlib.contextmanager
def _woken() -> Iterator[int | None]:
    """What is readable once a signal has come since; None where signals are not this thread's business."""
    if threading.current_thread() is not threading.main_thread():
        yield None
        return
    wake, waker = os.pipe()
    try:
        os.set_blocking(wake, False)
        os.set_blocking(waker, False)
        before = -1
        try:
            before = signal.set_wakeup_fd(waker, warn_on_full_buffer=False)
            yield wake
        finally:
            signal.set_wakeup_fd(before)
    finally:
        os.close(wake)
        os.close(waker)
