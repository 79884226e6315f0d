"""How a command ends: the one place where errors are printed, and where each becomes its exit code."""

from __future__ import annotations

import contextlib
import errno
import os
import signal
import sys
import threading
import weakref
from collections.abc import Callable, Iterator
from pathlib import Path
from types import FrameType
from typing import BinaryIO, Final, NoReturn, TypeAlias

from s3guard.model import S3GuardError, UsageError
from s3guard.text import line_safe, mask_credentials, shown, visible

CLEAN: Final = 0
"""Judged, nothing at or above ``--fail-on``."""
VIOLATED: Final = 1
"""Violations; never set by anything else, and wins over `UNABLE` and `IDLE`."""
MISUSED: Final = 2
"""Wrong usage, configuration or policy."""
UNABLE: Final = 3
"""Could not judge everything, could not write an output, or failed inside."""
IDLE: Final = 4
"""Nothing was judged."""
INTERRUPTED: Final = 130
TERMINATED: Final = 143
READER_GONE: Final = 141
"""128 and the number of the signal, as shells say it."""
_PATIENCE: Final = 0.5
"""Seconds after which it is asked whether anybody heard that the process shall end."""


class TerminatedError(BaseException):
    """The process was told to end (SIGTERM). No Exception, as KeyboardInterrupt is none: nothing on the way may take it for a failure."""


def code_of(task: Callable[[], int], *, trace: bool = False, hide: Callable[[str], str] | None = None) -> int:
    """What `task` ends with: the code that it returns, or that of what it raises, which is then told on standard error.

    `trace` adds the traceback of what nobody foresaw. `hide` takes persons out of errors; of what nobody foresaw the kind and the place
    alone are told then, for nobody knows what stands in its text.
    """
    try:
        return task()
    except KeyboardInterrupt:
        tell("interrupted")
        return INTERRUPTED
    except TerminatedError:
        if hasattr(signal, "setitimer"):
            signal.setitimer(signal.ITIMER_REAL, 0)  # NOTE: it was heard of
        tell("terminated")
        return TERMINATED
    except BrokenPipeError:
        hush()
        return READER_GONE
    except S3GuardError as error:
        tell_error(error, hide)
        return MISUSED if isinstance(error, UsageError) else UNABLE
    except BaseException as error:  # noqa: BLE001 - whatever it is, a panic of Polars too: never a code that says that something was judged
        _tell_unforeseen(error, trace=trace, hidden=hide is not None)
        return UNABLE


@contextlib.contextmanager
def terminable() -> Iterator[None]:
    """Inside, SIGTERM raises `TerminatedError` in the main thread, so that files are left whole; a second one does not disturb that."""
    if threading.current_thread() is not threading.main_thread():
        yield  # NOTE: signals are the main thread's; whoever calls from another one handles them.
        return
    with _heard() as terminate:
        before = signal.signal(signal.SIGTERM, terminate)
        try:
            yield
        finally:
            signal.signal(signal.SIGTERM, before)


_Handler: TypeAlias = Callable[[int, FrameType | None], None]


def _terminate(number: int, _frame: FrameType | None) -> NoReturn:
    signal.signal(number, signal.SIG_IGN)
    raise TerminatedError


@contextlib.contextmanager
def _heard() -> Iterator[_Handler]:
    """`_terminate`, which raises once more as long as nobody heard of it.

    NOTE: what a handler raises is lost where native code that calls Python looks away, as some does while it is loaded, and the process
    would be deaf from then on. What was lost nobody holds any more; what is on its way, or being dealt with, somebody does.
    """
    if not hasattr(signal, "setitimer"):
        yield _terminate
        return
    raised: list[weakref.ref[TerminatedError]] = []

    def first(number: int, frame: FrameType | None) -> None:
        signal.setitimer(signal.ITIMER_REAL, _PATIENCE, _PATIENCE)
        try:
            _terminate(number, frame)
        except TerminatedError as error:
            raised[:] = [weakref.ref(error)]
            raise

    def later(_number: int, frame: FrameType | None) -> None:
        if raised and raised[0]() is None:
            first(signal.SIGTERM, frame)

    before = signal.signal(signal.SIGALRM, later)
    try:
        yield first
    finally:
        signal.setitimer(signal.ITIMER_REAL, 0)
        signal.signal(signal.SIGALRM, before)


def tell(text: str) -> None:
    """Lines for standard error, the first after ``s3guard:``, safe in a terminal and a CI log, credentials masked.

    Where standard error is gone, nobody is told.
    """
    lines = map(mask_credentials, text.split("\n"))
    safe = "\n".join(line_safe(line if line.isprintable() else visible(line)) for line in lines)
    with contextlib.suppress(OSError, ValueError, AttributeError):  # NOTE: a reader that is gone, a closed stream, none at all
        sys.stderr.flush()
        write_all(sys.stderr.buffer, f"s3guard: {safe}\n".encode(sys.stderr.encoding or "utf-8", "backslashreplace"))
        sys.stderr.buffer.flush()


def write_all(stream: BinaryIO, data: bytes) -> None:
    """Write all of `data`.

    NOTE: with PYTHONUNBUFFERED, as images of containers have it, a standard stream has no buffer and writes as much as a pipe takes.
    """
    rest = memoryview(data)
    while rest:
        written = stream.write(rest)
        if written is None:
            raise BlockingIOError(errno.EAGAIN, os.strerror(errno.EAGAIN))
        rest = rest[written:]


def tell_error(error: S3GuardError, hide: Callable[[str], str] | None = None) -> None:
    """An error that a user can mend; several problems stand one below the other, each with its place at the start of its line.

    `hide` takes persons out of it.
    """
    from s3guard.problems import PolicyError

    lines = [line if hide is None else hide(line) for line in str(error).split("\n")]
    if len(lines) == 1 and not isinstance(error, PolicyError):
        tell(f"error: {lines[0]}")
    else:
        tell("\n".join([f"error: {len(lines):,} problem{'' if len(lines) == 1 else 's'}", *lines]))


def leave(code: int) -> None:
    """End the process at once; return where somebody measures it, who wants to see it end.

    NOTE: every file is closed and every stream flushed by now, and no thread has work. Python would take apart, module by module, what
    the system frees anyway: measured, 0.3 s and more of a run of two.
    """
    if sys.gettrace() is not None or sys.getprofile() is not None:
        return
    for stream in (sys.stdout, sys.stderr):
        with contextlib.suppress(OSError, ValueError, AttributeError):
            stream.flush()
    os._exit(code)


def hush() -> None:
    """Send what is left of standard output nowhere, so that Python does not complain of it while it shuts down."""
    with contextlib.suppress(OSError, ValueError, AttributeError):
        nowhere = os.open(os.devnull, os.O_WRONLY)
        os.dup2(nowhere, sys.stdout.fileno())
        os.close(nowhere)


def _tell_unforeseen(error: BaseException, *, trace: bool, hidden: bool) -> None:
    import traceback

    said = "" if hidden else shown(" ".join(str(error).split()))[:300]
    ours = [frame for frame in traceback.extract_tb(error.__traceback__) if "s3guard" in Path(frame.filename).parts]
    where = f" ({Path(ours[-1].filename).name}, line {ours[-1].lineno})" if ours else ""
    more = "" if trace else "; -v shows where, which a bug report should hold"
    if trace:
        # NOTE: frames show lines of programs, the error's text may show a line of the log.
        told = traceback.format_tb(error.__traceback__) if hidden else traceback.format_exception(error)
        tell("\n".join(shown(line) for line in "".join(told).rstrip().split("\n")))
    tell(f"error: internal error, nothing is concluded: {type(error).__name__}{f': {said}' if said else ''}{where}{more}")
