"""The wish to stop: asked for by a signal, noticed where nothing is half done, and at once where there is only waiting."""

from __future__ import annotations

import signal
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from types import FrameType
from typing import Final, TypeVar

T = TypeVar("T")

_SIGNALS: Final = (signal.SIGTERM, signal.SIGINT)


class StoppedError(BaseException):
    """A wait was ended by the wish to stop. No Exception: nothing on the way may take it for a failure."""


class Stop:
    """Whether somebody asked to stop."""

    def __init__(self) -> None:
        """Nobody did."""
        self.asked = False
        self._waits = False

    @contextmanager
    def on_signals(self) -> Iterator[None]:
        """Inside, the first SIGTERM or SIGINT asks to stop, and from then on both do what they did before: a second one ends it as it is.

        In another thread than the main one nothing is changed: signals are not its business.
        """
        if threading.current_thread() is not threading.main_thread():
            yield
            return
        # NOTE: a shell has its jobs in the background ignore SIGINT, and who began to ignore one goes on doing so.
        before = {number: found for number in _SIGNALS if (found := signal.getsignal(number)) not in (None, signal.SIG_IGN)}

        def ask(_number: int, _frame: FrameType | None) -> None:
            restore()
            self.asked = True
            if self._waits:
                self._waits = False
                raise StoppedError

        def restore() -> None:
            for number, handler in before.items():
                signal.signal(number, handler)

        for number in before:
            signal.signal(number, ask)
        try:
            yield
        finally:
            restore()

    def unless(self, wait: Callable[[], T]) -> T | None:
        """What `wait` comes to, in which nothing may not be given up: the wish to stop ends it at once, and then there is None."""
        self._waits = True
        try:
            try:
                # NOTE: a signal before this line is seen here, and one behind it raises.
                return None if self.asked else wait()
            finally:
                self._waits = False
        except StoppedError:
            return None

    def pause(self, seconds: float) -> None:
        """Wait, or until somebody asks to stop."""
        self.unless(lambda: time.sleep(seconds))
