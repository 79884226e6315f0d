"""What the environment and the settings file choose where the command line does not, and where a value comes from."""

from __future__ import annotations

import contextlib
from collections.abc import Callable, Iterator, Mapping
from datetime import timedelta
from fractions import Fraction
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING

import typer

from s3guard.flags import FLAGS, Value, typed
from s3guard.model import UsageError

if TYPE_CHECKING:
    from s3guard.settings import Settings


class Choices(Mapping[str, Value]):
    """The settings of one run by the verb's parameters, read when the first of them is asked for.

    ``--help`` asks for none, so it works whatever they say.
    """

    def __init__(self, start: Path, environ: Mapping[str, str]) -> None:
        """Those that hold in folder `start`; nothing is read yet."""
        self._start = start
        self.environ = environ
        self.hide: Callable[[str], str] | None = None
        """What is done to errors and warnings, once it is known what the run redacts."""

    @cached_property
    def settings(self) -> Settings:
        """What environment and file say; UsageError with all that is wrong with them."""
        from s3guard import settings

        return settings.load(self._start, self.environ)

    def __getitem__(self, parameter: str) -> Value:
        """The value of a parameter, ``fail_on``; KeyError where nothing is set and its own default holds."""
        return self.settings.values[parameter.replace("_", "-")].value

    def __iter__(self) -> Iterator[str]:
        """The parameters that are set."""
        return (name.replace("-", "_") for name in self.settings.values)

    def __len__(self) -> int:
        """How many are set."""
        return len(self.settings.values)


def of(context: typer.Context) -> Choices:
    """The choices of the run that the verb's `context` belongs to."""
    chosen: Choices = context.obj
    return chosen


@contextlib.contextmanager
def about(context: typer.Context, name: str) -> Iterator[None]:
    """Makes a ValueError inside a UsageError that names the flag, or the place that set its value."""
    try:
        yield
    except ValueError as error:
        faults = getattr(error, "faults", (error,))
        raise UsageError("\n".join(f"{place(context, name)}: {fault}" for fault in faults)) from error


def place(context: typer.Context, name: str) -> str:
    """Where the value of a flag comes from: ``--since``, ``environment variable S3GUARD_SINCE`` or ``s3guard.toml:3:1: since``."""
    source = context.get_parameter_source(name.replace("-", "_"))
    setting = of(context).settings.values.get(name)
    if setting is None or source is None or source.name != "DEFAULT_MAP":
        return f"--{name}"
    return setting.source if setting.source.startswith("environment") else f"{setting.source}: {name}"


def one_of(context: typer.Context, name: str, value: str) -> str:
    """The value of a flag that takes only some; UsageError with what was probably meant for any other."""
    flag = next(flag for flag in FLAGS if flag.name == name)
    with about(context, name):
        typed(flag, value)
    return value


def share(context: typer.Context, name: str, value: str) -> Fraction:
    """The share that a flag names: ``1%`` or ``0.01``."""
    from s3guard import quantities

    with about(context, name):
        return quantities.share(value)


def late(context: typer.Context, value: str | None) -> timedelta:
    """The time that ``--late`` names, in whole seconds; the usual one where it names none."""
    from s3guard import quantities, sources

    if value is None:
        return sources.LATE
    with about(context, "late"):
        return timedelta(seconds=quantities.duration(value) // 1000)


def positive(context: typer.Context, name: str, value: int) -> int:
    """A count of one or more."""
    from s3guard import quantities

    with about(context, name):
        return quantities.positive(value)
