"""Waiting for something to read: whatever signal comes, and whichever thread it is given to, its handler runs at once."""

from __future__ import annotations

import os
import signal
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from types import FrameType

from s3guard import waiting

PATIENCE = 20
"""Seconds after which what should have happened at once did not."""


@contextmanager
def handled(handler: Callable[[int, FrameType | None], None]) -> Iterator[None]:
    before = signal.signal(signal.SIGUSR1, handler)
    try:
        yield
    finally:
        signal.signal(signal.SIGUSR1, before)


def test_what_is_readable_or_at_its_end_is_not_waited_for() -> None:
    reader, writer = os.pipe()
    os.write(writer, b"x")
    waiting.until_readable(reader)
    os.read(reader, 1)
    os.close(writer)
    waiting.until_readable(reader)
    os.close(reader)


def test_a_signal_that_another_thread_is_given_is_handled_while_the_main_thread_waits() -> None:
    reader, writer = os.pipe()
    seen = threading.Event()
    in_time: list[bool] = []

    def send() -> None:
        # NOTE: many, for the first ones may come before the main thread waits, when every reader would see them.
        for _ in range(50):
            seen.clear()
            signal.pthread_kill(threading.get_ident(), signal.SIGUSR1)
            in_time.append(seen.wait(PATIENCE))
            if not in_time[-1]:
                break
        os.write(writer, b"x")

    with handled(lambda *_: seen.set()):
        thread = threading.Thread(target=send)
        thread.start()
        waiting.until_readable(reader)
        thread.join()
    assert [True] * 50 == in_time
    os.close(reader)
    os.close(writer)


def test_what_a_handler_raises_ends_the_wait() -> None:
    reader, writer = os.pipe()

    def refuse(*_: object) -> None:
        raise TimeoutError

    def send(go: threading.Event) -> None:
        go.wait()
        signal.pthread_kill(threading.get_ident(), signal.SIGUSR1)

    for _ in range(20):
        go = threading.Event()
        thread = threading.Thread(target=send, args=(go,))
        thread.start()
        ended = False
        with handled(refuse):
            try:
                go.set()
                waiting.until_readable(reader)
            except TimeoutError:
                ended = True
            thread.join()
        assert ended
    assert -1 == signal.set_wakeup_fd(-1)
    os.close(reader)
    os.close(writer)


def test_a_wait_leaves_nothing_open() -> None:
    reader, writer = os.pipe()
    free = os.dup(reader)
    os.close(free)
    thread = threading.Thread(target=lambda: os.write(writer, b"x"))
    with handled(lambda *_: thread.start()):
        threading.Thread(target=lambda: signal.pthread_kill(threading.get_ident(), signal.SIGUSR1)).start()
        waiting.until_readable(reader)
    thread.join()
    again = os.dup(reader)
    assert free == again
    for descriptor in (reader, writer, again):
        os.close(descriptor)


def test_a_thread_that_is_not_the_main_one_waits_as_well() -> None:
    reader, writer = os.pipe()
    thread = threading.Thread(target=waiting.until_readable, args=(reader,))
    thread.start()
    os.write(writer, b"x")
    thread.join(PATIENCE)
    assert not thread.is_alive()
    os.close(reader)
    os.close(writer)
