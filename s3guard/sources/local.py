"""Files, folders and globs."""

from __future__ import annotations

import contextlib
import glob
import os
import stat
from collections.abc import Iterable, Iterator

from s3guard.model import Listed, UsageError
from s3guard.sources import LogObject, Scope, UnreadableError, named

ORDER = 9
"""Asked last: whatever no other source claims is a path."""
is_quick = True

_PIECE = 16 << 20
_LINE = 64 << 10
"""Bytes at the end of a piece in which the end of a line is looked for."""


def claims(argument: str) -> bool:
    """Whether the argument is a path: anything without a scheme."""
    return "://" not in argument


class Place:
    """The file system."""

    def __init__(self, scope: Scope) -> None:
        """All that is named is read, whatever the scope looks for."""
        self._root, self._recognised = scope.root, scope.recognised
        self.listed: list[Listed] = []

    def objects(self, argument: str) -> Iterator[LogObject]:
        """See `objects`."""
        return objects(argument, self._root, recognised=self._recognised)

    def read(self, entries: Iterable[LogObject]) -> Iterator[tuple[LogObject, Iterator[bytes]]]:
        """One file after the other."""
        return ((entry, chunks(entry.location)) for entry in entries)


def objects(argument: str, root: str, *, recognised: bool = True) -> Iterator[LogObject]:
    """The files that a path, a folder (with all below it) or a glob names, sorted, each once; UsageError where there is none.

    Unless they are to be `recognised`, files of a folder come without size and tag.
    """
    if os.path.isdir(argument):
        yield from _Walk(argument, root, recognised=recognised).objects()
    elif os.path.lexists(argument):
        yield _object(argument, root)
    elif glob.has_magic(argument):
        yield from _globbed(argument, root)
    else:
        raise UsageError(f"{argument}: no such file or folder{_meant(argument)}")


def _globbed(argument: str, root: str) -> Iterator[LogObject]:
    """What a glob names. NOTE: ``logs/**`` names folders beside all that lies below them, so that each file is met several times."""
    found = sorted(glob.glob(argument, recursive=True))
    if not found:
        raise UsageError(f"{argument}: no file matches this glob")
    seen: set[str] = set()
    for path in found:
        if os.path.exists(path) and not os.path.isfile(path) and not os.path.isdir(path):
            continue
        for entry in _Walk(path, root).objects() if os.path.isdir(path) else (_object(path, root),):
            if entry.location not in seen:
                seen.add(entry.location)
                yield entry


def chunks(location: str) -> Iterator[bytes]:
    """The file's bytes; `UnreadableError` says in words why it cannot be read."""
    try:
        # NOTE: of millions of small files a file object of Python's costs as much as opening them.
        file = os.open(location, os.O_RDONLY | getattr(os, "O_BINARY", 0) | getattr(os, "O_CLOEXEC", 0))
        try:
            about = os.fstat(file)
            size = about.st_size if stat.S_ISREG(about.st_mode) else 0
            # NOTE: a read makes room for all that it may give, which for a small file is no more than it; one that gives just that is the
            # last. Some file systems give less, and the rest when they are asked again.
            whole = os.read(file, size + 1) if 0 < size < _PIECE else b""
            if not whole or len(whole) != size:
                yield from _pieces(file, whole, size)
                return
        finally:
            os.close(file)
    except OSError as error:
        raise UnreadableError(reason(error)) from error
    yield whole


def _pieces(file: int, first: bytes, size: int) -> Iterator[bytes]:
    """The bytes of an open file of which the `first` were read; those of a long one in pieces that end with a line where lines are no
    longer than usual.

    NOTE: so that nobody has to put the pieces of a line together, for which all of a block would be copied.
    """
    if first:
        yield first
    at = len(first)
    while piece := os.read(file, _up_to_a_line(file, at, size) if size > _PIECE else _PIECE):
        yield piece
        at += len(piece)


def _up_to_a_line(file: int, at: int, size: int) -> int:
    """How many bytes from `at` on, where the file is read next, to take."""
    if size - at <= _PIECE:
        return _PIECE
    near = min(_LINE, _PIECE)
    os.lseek(file, at + _PIECE - near, os.SEEK_SET)
    end = os.read(file, near).rfind(b"\n")
    os.lseek(file, at, os.SEEK_SET)
    return _PIECE - near + end + 1 if end >= 0 else _PIECE


def reason(error: OSError) -> str:
    """Why a file cannot be read, without its name."""
    return (error.strerror or type(error).__name__).lower()


class _Walk:
    """A folder and all below it: every file once, however many links lead to it."""

    def __init__(self, folder: str, root: str, *, recognised: bool = True) -> None:
        self._folder, self._root, self._recognised = folder, root, recognised
        self._walked = {os.path.realpath(folder)}
        """The real paths of the folder and of what links from it led to."""

    def objects(self) -> Iterator[LogObject]:
        """Every file, hidden ones too, in the order of the names; what is no file is an object that cannot be read."""
        yield from self._below(self._folder)

    def _below(self, folder: str) -> Iterator[LogObject]:
        """NOTE: an unreadable folder is an object that cannot be read, so that what lies below it is not taken for clean."""
        shown = named(folder, self._root)
        try:
            entries = sorted(os.scandir(folder), key=lambda entry: entry.name)
        except OSError:
            yield LogObject(shown, folder, None, "local")
            return
        within = os.path.join(os.path.realpath(folder), "")
        beside = "." if os.path.abspath(folder) == os.path.abspath(self._root) else shown
        for entry in entries:
            if entry.is_file(follow_symlinks=False) and len(self._walked) == 1:
                # NOTE: nearly all are plain files, and of millions of small ones each look costs as much as reading them.
                about = _about(entry) if self._recognised else (None, None)
                yield LogObject(_beside(beside, entry.name), f"{within}{entry.name}", about[0], "local", etag=about[1])
            elif self._is_listed_elsewhere(entry):
                continue
            elif os.path.isdir(entry.path):
                yield from self._below(entry.path)
            elif os.path.isfile(entry.path) or not os.path.exists(entry.path):
                yield _object(entry.path, self._root)
            else:
                yield LogObject(named(entry.path, self._root), entry.path, None, "local", "not a regular file")

    def _is_listed_elsewhere(self, entry: os.DirEntry[str]) -> bool:
        """Whether the entry is a link to what is listed by its own name, or by another link: such as a folder that leads back to itself."""
        is_link = entry.is_symlink()
        if not (is_link and os.path.exists(entry.path)) and len(self._walked) == 1:
            return False
        real = os.path.realpath(entry.path)
        if real in self._walked or (is_link and any(_holds(folder, real) for folder in self._walked)):
            return True
        if is_link:
            self._walked.add(real)
        return False


def _about(entry: os.DirEntry[str]) -> tuple[int | None, str | None]:
    try:
        return _size_and_tag(entry.stat(follow_symlinks=False))
    except OSError:
        return None, None


def _size_and_tag(about: os.stat_result) -> tuple[int, str]:
    """The size of a file, and what changes when it is written: the times of its content and of its entry, which nobody can set back."""
    return about.st_size, f"{about.st_mtime_ns:x}-{about.st_ctime_ns:x}"


def _beside(folder: str, name: str) -> str:
    """What reports call a file of a folder."""
    text = name if name.isascii() else os.fsencode(name).decode("utf-8", "backslashreplace")
    return text if folder == "." else f"{folder.rstrip('/')}/{text}"


def _holds(folder: str, path: str) -> bool:
    """Whether a path lies below a folder."""
    return path.startswith(folder.rstrip(os.sep) + os.sep)


def _object(path: str, root: str) -> LogObject:
    size, tag = None, None
    with contextlib.suppress(OSError):
        size, tag = _size_and_tag(os.stat(path))
    # NOTE: by its real path a file is known however it is named; what is there and no file, such as /dev/fd/63, may have none.
    location = os.path.realpath(path) if os.path.isfile(path) or not os.path.exists(path) else os.path.abspath(path)
    return LogObject(named(path, root), location, size, "local", etag=tag)


def _meant(argument: str) -> str:
    import difflib

    if argument.lower().startswith("s3:"):
        return f"; did you mean s3://{argument[3:].lstrip('/')}?"
    folder, name = os.path.split(argument)
    try:
        beside = os.listdir(folder or ".")
    except OSError:
        return ""
    near = difflib.get_close_matches(name, beside, n=1)
    return f"; did you mean {os.path.join(folder, near[0])}?" if near else ""
