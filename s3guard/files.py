"""Files that are written whole or not at all, one by one or several together."""

from __future__ import annotations

import contextlib
import errno
import os
import stat
from collections.abc import Callable, Iterable, Iterator
from pathlib import Path
from typing import Final

from s3guard.model import UnableError
from s3guard.text import shown

_NEW: Final = 0o666
"""Permissions of a new file, less what the user withholds from all."""


class Staged:
    """A file that is being written beside its place, and is there once it is `placed`.

    An existing file keeps its permissions, and its content until the last moment; a symbolic link is followed, not replaced. Every method
    raises OSError, and whoever stages a file drops it whatever goes wrong.
    """

    def __init__(self, path: Path) -> None:
        """Open the file beside `path`, which is none yet or a regular file; folders above it that are not there are made."""
        self._target = Path(os.path.realpath(path))
        with contextlib.suppress(FileExistsError):  # NOTE: a file where a folder should be; opening says so
            self._target.parent.mkdir(parents=True, exist_ok=True)
        self._mode = _mode(self._target)
        if self._mode is not None and not os.access(self._target, os.W_OK):
            raise PermissionError(errno.EACCES, os.strerror(errno.EACCES))
        self._beside = self._target.parent / f".s3guard-{os.urandom(8).hex()}.tmp"
        descriptor = os.open(self._beside, os.O_CREAT | os.O_EXCL | os.O_WRONLY, _NEW)
        self._stream = os.fdopen(descriptor, "wb")

    def write(self, data: bytes) -> object:
        """Write bytes behind those that were written."""
        return self._stream.write(data)

    def finish(self) -> None:
        """All is written: bring it to the disk, so that placing it is a matter of its name alone."""
        self._stream.flush()
        os.fsync(self._stream.fileno())
        self._stream.close()
        if self._mode is not None:
            self._beside.chmod(stat.S_IMODE(self._mode))

    def place(self) -> None:
        """Put the finished file into its place."""
        self._beside.replace(self._target)
        _flush_folder(self._target.parent)

    def drop(self) -> None:
        """Leave nothing of a file that was not placed; nothing happens to one that was."""
        with contextlib.suppress(OSError):  # NOTE: a full disk may refuse what is left in the buffer; it is not wanted any more.
            self._stream.close()
        self._beside.unlink(missing_ok=True)


def stage(path: Path, chunks: Iterable[str]) -> Staged:
    """A text file, UTF-8, written whole beside its place, to be placed; UnableError names the path and the reason."""
    with _told(path):
        staged = Staged(path)
        try:
            for chunk in chunks:
                staged.write(chunk.encode("utf-8"))
            staged.finish()
        except BaseException:
            staged.drop()
            raise
    return staged


def place(path: Path, staged: Staged) -> None:
    """Put what was staged for `path` there; UnableError names the path and the reason."""
    with _told(path):
        staged.place()


def is_stream(path: Path) -> bool:
    """Whether the path names a pipe or a device: what is written there is gone, and cannot be written anew."""
    with contextlib.suppress(OSError):
        return not stat.S_ISREG(path.stat().st_mode) and not stat.S_ISDIR(path.stat().st_mode)
    return False


def write(path: Path, chunks: Iterable[str]) -> None:
    """Writes a text file, UTF-8, whole or not at all; see `whole`."""
    with whole(path) as put:
        for chunk in chunks:
            put(chunk.encode("utf-8"))


@contextlib.contextmanager
def whole(path: Path) -> Iterator[Callable[[bytes], object]]:
    """What writes bytes to a file that is there once the block ends well: written beside its place, flushed to disk, then renamed over it.

    See `Staged`; pipes and devices are written straight. Whatever goes wrong leaves no temporary file; UnableError names the path and the
    reason.
    """
    with _told(path):
        if is_stream(path):
            with path.open("wb") as stream:
                yield stream.write
            return
        staged = Staged(path)
        try:
            yield staged.write
            staged.finish()
            staged.place()
        except BaseException:
            # NOTE: an interrupt too: a report is whole or absent.
            staged.drop()
            raise


def append(path: Path, text_for: Callable[[int], str]) -> None:
    """Appends to a file that others append to as well, the whole text or nothing.

    `text_for` is given the bytes that are there already. Where the disk is full halfway, the file gets its former length
    back; UnableError names the path and the reason.
    """
    with _told(path), path.open("ab", buffering=0) as stream:
        there = os.fstat(stream.fileno()).st_size
        rest = memoryview(text_for(there).encode("utf-8"))
        try:
            while rest:
                rest = rest[stream.write(rest) :]
        except OSError:
            with contextlib.suppress(OSError):  # NOTE: a device has no length to give back; what failed first is what is told
                stream.truncate(there)
            raise


def _mode(target: Path) -> int | None:
    try:
        return target.stat().st_mode
    except FileNotFoundError:
        return None


def _flush_folder(folder: Path) -> None:
    """Makes the rename itself survive a power cut, where the system can."""
    try:
        descriptor = os.open(folder, os.O_RDONLY)
    except PermissionError:
        return  # NOTE: a folder that may be written but not read; the file itself is on disk already.
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)


@contextlib.contextmanager
def _told(path: Path) -> Iterator[None]:
    """Makes an OSError inside an UnableError that names the path and the reason."""
    try:
        yield
    except OSError as error:
        reason = "its folder does not exist" if isinstance(error, FileNotFoundError) else error.strerror or str(error)
        raise UnableError(f"could not write {shown(str(path))}: {reason}") from error
