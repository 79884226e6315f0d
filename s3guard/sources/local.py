"""Files, folders and globs."""

from __future__ import annotations

import glob
import os
from collections.abc import Iterator
from pathlib import Path

from s3guard.model import UsageError
from s3guard.sources import LogObject, UnreadableError

ORDER = 9
"""Asked last: whatever no other source claims is a path."""

_PIECE = 16 << 20


def claims(argument: str) -> bool:
    """Whether the argument is a path: anything without a scheme."""
    return "://" not in argument


def objects(argument: str, root: str) -> Iterator[LogObject]:
    """The files that a path, a folder (with all below it) or a glob names, sorted; UsageError where there is none."""
    if os.path.isdir(argument):
        yield from _below(argument, root)
    elif os.path.lexists(argument):
        yield _object(argument, root)
    elif glob.has_magic(argument):
        found = sorted(glob.glob(argument, recursive=True))
        if not found:
            raise UsageError(f"{argument}: no file matches this glob")
        for path in found:
            if os.path.isdir(path):
                yield from _below(path, root)
            else:
                yield _object(path, root)
    else:
        raise UsageError(f"{argument}: no such file or folder{_meant(argument)}")


def chunks(location: str) -> Iterator[bytes]:
    """The file's bytes; `UnreadableError` says in words why it cannot be read."""
    try:
        with open(location, "rb", buffering=0) as file:
            while piece := file.read(_PIECE):
                yield piece
    except OSError as error:
        raise UnreadableError(reason(error)) from error


def reason(error: OSError) -> str:
    """Why a file cannot be read, without its name."""
    return (error.strerror or type(error).__name__).lower()


def _below(folder: str, root: str) -> Iterator[LogObject]:
    """Every file below a folder, in the order of their names; hidden ones and what is no file are passed over.

    NOTE: an unreadable folder is an object that cannot be read, so that what lies below it is not taken for clean.
    """
    try:
        entries = sorted(os.scandir(folder), key=lambda entry: entry.name)
    except OSError:
        yield LogObject(_named(folder, root), folder, None, "local")
        return
    for entry in entries:
        if entry.name.startswith("."):
            continue
        if entry.is_dir():
            yield from _below(entry.path, root)
        elif entry.is_file() or not os.path.exists(entry.path):
            yield _object(entry.path, root)


def _object(path: str, root: str) -> LogObject:
    try:
        size = os.stat(path).st_size
    except OSError:
        size = None
    return LogObject(_named(path, root), os.path.abspath(path), size, "local")


def _named(path: str, root: str) -> str:
    """The path relative to `root`, with forward slashes; as it is where it lies elsewhere."""
    path = os.fsencode(path).decode("utf-8", "backslashreplace")  # NOTE: a name that is no UTF-8 is text all the same in reports
    absolute = os.path.abspath(path)
    return Path(os.path.relpath(absolute, root)).as_posix() if absolute.startswith(root.rstrip(os.sep) + os.sep) else Path(path).as_posix()


def _meant(argument: str) -> str:
    import difflib

    folder, name = os.path.split(argument)
    try:
        beside = os.listdir(folder or ".")
    except OSError:
        return ""
    near = difflib.get_close_matches(name, beside, n=1)
    return f"; did you mean {os.path.join(folder, near[0])}?" if near else ""
