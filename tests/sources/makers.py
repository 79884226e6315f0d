"""How a test puts a log object where a source finds it: one entry a source."""

from __future__ import annotations

import contextlib
import io
import os
import threading
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path

import pytest

from s3guard import sources
from tests.s3.access import reached
from tests.s3.shelf import Shelf, served


def chunks(entry: sources.LogObject) -> Iterator[bytes]:
    """The bytes of one object, in pieces."""
    for _, pieces in sources.read([entry]):
        yield from pieces


@dataclass(frozen=True, slots=True)
class Made:
    """A log object that a source can read."""

    argument: str
    """What a user writes to name it."""
    vanish: Callable[[], None] | None
    """Takes it away; None where a source has nothing that could go away."""
    absent: str | None
    """An argument that this source claims and that names nothing; None where there is none."""


def local(content: bytes, folder: Path, patch: pytest.MonkeyPatch) -> Made:
    """A file."""
    del patch
    file = folder / "logs" / "2026-10-01-00-00-00-0123456789ABCDEF"
    file.parent.mkdir()
    file.write_bytes(content)
    return Made(str(file), file.unlink, str(folder / "nothing"))


def stdin(content: bytes, folder: Path, patch: pytest.MonkeyPatch) -> Made:
    """What is piped into the process."""
    del folder
    patch.setattr("sys.stdin", io.TextIOWrapper(io.BufferedReader(io.BytesIO(content))))
    return Made("-", None, None)


def pipe(content: bytes, folder: Path, patch: pytest.MonkeyPatch) -> Made:
    """A named pipe, and somebody who writes to it once it is read."""
    del patch
    named = folder / "pipe"
    os.mkfifo(named)

    def write() -> None:
        with contextlib.suppress(OSError), named.open("wb") as stream:
            stream.write(content)

    def vanish() -> None:
        os.close(os.open(named, os.O_RDONLY | os.O_NONBLOCK))  # NOTE: so that the writer goes
        named.unlink()

    threading.Thread(target=write, daemon=True).start()
    return Made(str(named), vanish, None)


SERVERS = contextlib.ExitStack()
"""What serves until all tests are done: a server a test is closed by nobody."""


def s3(content: bytes, folder: Path, patch: pytest.MonkeyPatch) -> Made:
    """An object of a bucket."""
    del folder
    key = "access/2026-10-01-00-00-00-0123456789ABCDEF"
    shelf = Shelf({key: content, "other": b"x\n"})
    reached(patch, SERVERS.enter_context(served(shelf)))
    return Made(f"s3://logs/{key}", shelf.contents.clear, "s3://logs/nothing")


MAKERS: Mapping[str, Callable[[bytes, Path, pytest.MonkeyPatch], Made]] = {"local": local, "pipe": pipe, "s3": s3, "stdin": stdin}
"""By the source's name. A new source needs an entry here: its test fails until there is one."""
