"""What the command line knows of the terminal: results go to standard output, everything else to standard error."""

from __future__ import annotations

import contextlib
import os
import shutil
import sys
from collections.abc import Callable, Iterable, Iterator, Mapping
from typing import Final, TextIO

from s3guard.cli import ending
from s3guard.model import UnableError
from s3guard.outputs import Options

COLUMNS: Final = 80
"""Of text on standard output where neither the terminal nor the variable COLUMNS says how wide it may be."""


def put(chunks: Iterable[str]) -> None:
    """Write results to standard output, as UTF-8; see `standard_output`."""
    with standard_output() as write:
        for chunk in chunks:
            write(chunk.encode("utf-8"))


@contextlib.contextmanager
def standard_output() -> Iterator[Callable[[bytes], object]]:
    """What writes bytes to standard output, all of them.

    BrokenPipeError where the reader is gone, UnableError where they cannot be written.
    """
    if sys.stdout is None:
        raise UnableError("could not write standard output: it is closed")
    stream = sys.stdout.buffer

    def write(data: bytes) -> None:
        ending.write_all(stream, data)

    try:
        yield write
        stream.flush()
    except BrokenPipeError:
        raise
    except OSError as error:
        ending.hush()
        raise UnableError(f"could not write standard output: {error.strerror or error}") from error


def warn(text: str) -> None:
    """A warning on standard error."""
    ending.tell(f"warning: {text}")


def options(color: str, environ: Mapping[str, str], *, verbose: bool = False) -> Options:
    """How text on standard output is set; `color` is ``auto``, ``always`` or ``never``."""
    return Options(
        width=_columns(sys.stdout, environ),
        color=is_colored(color, sys.stdout, environ),
        ascii=not _knows_unicode(sys.stdout),
        verbose=verbose,
    )


def _columns(stream: TextIO | None, environ: Mapping[str, str]) -> int:
    """What COLUMNS says, else what the terminal has; in a pipe, of which nobody knows what it is shown in, `COLUMNS`."""
    # NOTE: of a pipe, too: whoever pages through a report, or writes it into a document, has no other way to say how wide that is.
    asked = environ.get("COLUMNS", "")
    if asked.isascii() and asked.isdecimal() and int(asked[:6]):
        return int(asked[:6])
    return shutil.get_terminal_size((COLUMNS, 24)).columns if is_terminal(stream) else COLUMNS


def is_terminal(stream: TextIO | None) -> bool:
    """Whether somebody looks at the stream."""
    try:
        return stream is not None and os.isatty(stream.fileno())
    except (OSError, ValueError):
        return False


def is_colored(color: str, stream: TextIO | None, environ: Mapping[str, str]) -> bool:
    """Whether a stream may hold colour.

    What was asked for wins, then NO_COLOR (https://no-color.org), then FORCE_COLOR (https://force-color.org), then what the stream is.
    """
    if color != "auto":
        return color == "always"
    if environ.get("NO_COLOR"):
        return False
    if environ.get("FORCE_COLOR"):
        return True
    return is_terminal(stream) and environ.get("TERM") != "dumb"


def _knows_unicode(stream: TextIO | None) -> bool:
    return (getattr(stream, "encoding", None) or "utf-8").lower().replace("-", "").replace("_", "").startswith("utf")
