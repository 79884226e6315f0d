"""Where log objects come from: a source a file, found by what the argument looks like; the file's name is the registration."""

from __future__ import annotations

import importlib
import os
import pkgutil
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from functools import cache
from itertools import groupby
from pathlib import Path
from types import ModuleType
from typing import Final, Protocol

from s3guard.aws import Access
from s3guard.model import Listed, UsageError

LATE: Final = timedelta(hours=48)
"""How long after a period what was delivered late is looked for, unless something else is said. NOTE: "most log records are delivered
within a few hours", says https://docs.aws.amazon.com/AmazonS3/latest/userguide/ServerLogs.html, and promises nothing."""


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


@dataclass(frozen=True, slots=True)
class Scope:
    """What a run looks for, so that a source that can leave the rest unlisted does, and how it reaches what is not on this machine."""

    root: str = ""
    """Names of files are relative to this folder where they lie below it."""
    since: datetime | None = None
    """Records from then on are looked for; None: from the first."""
    until: datetime | None = None
    """Records before then; None: up to the last."""
    late: timedelta = LATE
    """How long after `until` objects are looked for in which records may have been delivered late."""
    wanted: Callable[[str], bool] | None = None
    """Whether records of a bucket are looked for; None: those of all are."""
    access: Access = field(default_factory=Access)
    recognised: bool = True
    """Whether somebody will ask for the size and the tag of each object, to know it again; else a source need not look for them."""


class Source(Protocol):
    """One kind of place, for one run."""

    listed: list[Listed]
    """What was left unlisted, and why; whole once all objects were taken."""

    def objects(self, argument: str) -> Iterator[LogObject]:
        """The log objects that an argument names, each once, in an order that is always the same.

        UsageError where there is nothing of that name. What cannot be listed is an object with its fault.
        """

    def read(self, objects: Iterable[LogObject]) -> Iterator[tuple[LogObject, Iterator[bytes]]]:
        """Objects of this source with their bytes as stored, in pieces that are not empty; `UnreadableError` where they cannot be read.

        Pieces are taken before the next object is asked for, or not at all.
        """


@cache
def catalog() -> dict[str, ModuleType]:
    """Every source by name, in the order in which they are asked.

    A source's module has ``ORDER``, ``claims(argument) -> bool``, ``is_quick`` (whether listing costs so little that it may be done
    twice) and a `Source` named ``Place`` that is made of a `Scope`.
    """
    modules = [importlib.import_module(f"{__name__}.{module.name}") for module in pkgutil.iter_modules(__path__)]
    return {module.__name__.rpartition(".")[2]: module for module in sorted(modules, key=lambda module: (module.ORDER, module.__name__))}


def claiming(argument: str) -> str:
    """The name of the source that an argument belongs to; UsageError where there is none."""
    name = next((name for name, module in catalog().items() if module.claims(argument)), None)
    if name is None:
        raise UsageError(f"{argument}: no source reads this; give files, folders, globs, s3://bucket/prefix, or - for standard input")
    return name


class Sources:
    """All sources, for one run."""

    def __init__(self, scope: Scope) -> None:
        """Nothing is opened before it is needed."""
        self._scope = scope
        self._places: dict[str, Source] = {}

    def objects(self, arguments: Sequence[str]) -> Iterator[LogObject]:
        """The log objects of all arguments, in order, each once."""
        seen: set[str] = set()
        for argument in arguments:
            for entry in self._place(claiming(argument)).objects(argument):
                # NOTE: one argument names an object once; only several arguments can overlap, and only then is it worth remembering.
                if len(arguments) > 1:
                    if entry.location in seen:
                        continue
                    seen.add(entry.location)
                yield entry

    def read(self, objects: Iterable[LogObject]) -> Iterator[tuple[LogObject, Iterator[bytes]]]:
        """The objects with their bytes as stored, in pieces; `UnreadableError` where they cannot be read."""
        for (source, is_faulty), entries in groupby(objects, key=lambda entry: (entry.source, entry.fault is not None)):
            if is_faulty:
                yield from ((entry, _fault(entry)) for entry in entries)
            else:
                yield from self._place(source).read(entries)

    def aimed(self, scope: Scope) -> Sources:
        """The same places with another scope, reached as before: a source that keeps connections has a method `aimed` too.

        The scope's way into AWS is the one that was.
        """
        other = Sources(scope)
        for name, place in self._places.items():
            if (again := getattr(place, "aimed", None)) is not None:
                other._places[name] = again(scope)
        return other

    @property
    def listed(self) -> tuple[Listed, ...]:
        """What the sources left unlisted, and why; whole once all objects were taken."""
        return tuple(one for place in self._places.values() for one in place.listed)

    def _place(self, name: str) -> Source:
        if name not in self._places:
            place: Source = catalog()[name].Place(self._scope)
            self._places[name] = place
        return self._places[name]


def objects(arguments: Sequence[str], root: str) -> Iterator[LogObject]:
    """The log objects of all arguments, in order, each once; names are relative to `root` where they lie below it."""
    return Sources(Scope(root)).objects(arguments)


def read(objects: Iterable[LogObject]) -> Iterator[tuple[LogObject, Iterator[bytes]]]:
    """The objects with their bytes, reached as the environment says; see `Source.read`."""
    return Sources(Scope()).read(objects)


def named(path: str, root: str) -> str:
    """What reports call a path: relative to `root`, with forward slashes; as it is where it lies elsewhere."""
    path = os.fsencode(path).decode("utf-8", "backslashreplace")  # NOTE: a name that is no UTF-8 is text all the same in reports
    absolute = os.path.abspath(path)
    return Path(os.path.relpath(absolute, root)).as_posix() if absolute.startswith(root.rstrip(os.sep) + os.sep) else Path(path).as_posix()


def _fault(entry: LogObject) -> Iterator[bytes]:
    if entry.fault is not None:
        raise UnreadableError(entry.fault)
    yield from ()  # NOTE: this makes it a generator: what cannot be read is told where it would be read
