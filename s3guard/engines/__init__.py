"""Where the kernel runs: an engine a file; the file's name is the registration."""

from __future__ import annotations

import importlib
import pkgutil
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from types import ModuleType

from s3guard.blocks import Read
from s3guard.model import UsageError
from s3guard.parsed import Quarantined
from s3guard.plan import Plan
from s3guard.problems import did_you_mean
from s3guard.sources import LogObject, read


@dataclass(frozen=True, slots=True)
class Work:
    """What an engine is given."""

    plan: Plan
    objects: Iterator[LogObject]
    read: Read = read
    """How their bytes are read."""
    jobs: int | None = None
    """Parallel workers; None: what the machine has."""
    progress: Callable[[int, int], None] | None = None
    """Told stored bytes and records done so far, now and then."""
    quarantine: Callable[[str, Quarantined], None] | None = None
    """Told each quarantined or ambiguous line with its object's name, in the order of the input."""


def catalog() -> tuple[str, ...]:
    """The names of all engines."""
    return tuple(sorted(module.name for module in pkgutil.iter_modules(__path__)))


def engine(name: str) -> ModuleType:
    """The engine of that name: a module with ``run(work: Work) -> Partial``; UsageError for an unknown one."""
    if name not in catalog():
        raise UsageError(f"no engine is named {name!r}{did_you_mean(name, catalog())}")
    return importlib.import_module(f"{__name__}.{name}")
