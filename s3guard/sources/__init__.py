"""Where log objects come from: a source a file, found by what the argument looks like; the file's name is the registration."""

from __future__ import annotations

import importlib
import pkgutil
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from types import ModuleType

from s3guard.model import UsageError


class UnreadableError(Exception):
    """A log object could not be read to its end; the message is the reason, for the report."""


@dataclass(frozen=True, slots=True)
class LogObject:
    """One log object that a source listed."""

    name: str
    """As reports name it."""
    location: str
    """What the source opens."""
    size: int | None
    """Stored bytes; None where that is not known before reading."""
    source: str
    """The source that reads it, by name."""
    fault: str | None = None
    """Why it cannot be read, where the listing knows."""
    etag: str | None = None
    """What the content is known by at the time of the listing, where the source has such a thing."""


def catalog() -> dict[str, ModuleType]:
    """Every source by name, in the order in which they are asked.

    A source answers ``claims(argument) -> bool``, ``objects(argument, root) -> Iterator[LogObject]`` (raising UsageError where there is
    nothing of that name) and ``chunks(location) -> Iterator[bytes]`` (raising `UnreadableError` or OSError).
    """
    modules = [importlib.import_module(f"{__name__}.{module.name}") for module in pkgutil.iter_modules(__path__)]
    return {module.__name__.rpartition(".")[2]: module for module in sorted(modules, key=lambda module: (module.ORDER, module.__name__))}


def objects(arguments: Sequence[str], root: str) -> Iterator[LogObject]:
    """The log objects of all arguments, in order, each once; names are relative to `root` where they lie below it."""
    found = catalog()
    seen: set[str] = set()
    for argument in arguments:
        source = next((module for module in found.values() if module.claims(argument)), None)
        if source is None:
            raise UsageError(f"{argument}: no source reads this; give files, folders, globs, or - for standard input")
        for entry in source.objects(argument, root):
            # NOTE: one argument names an object once; only several arguments can overlap, and only then is it worth remembering.
            if len(arguments) > 1:
                if entry.location in seen:
                    continue
                seen.add(entry.location)
            yield entry


def chunks(entry: LogObject) -> Iterator[bytes]:
    """The bytes of a log object as stored, in pieces; `UnreadableError` where they cannot be read."""
    if entry.fault is not None:
        raise UnreadableError(entry.fault)
    # NOTE: not through the catalog, which looks into the folder of sources: that cost as much as a small object.
    yield from importlib.import_module(f"{__name__}.{entry.source}").chunks(entry.location)
