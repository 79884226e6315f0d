"""Channels: ways to tell somebody, and where they are found.

A channel is a module of this package. It has

* a docstring: its first line is the help, the rest its page,
* `SCHEMES`: the schemes of its URLs; ``*`` stands for all that no other module names,
* `opened(address, means)`: the channel of an address; UsageError, without the address, where it is none. Nothing is connected to.

Nothing of an address may be in what a channel says but its `label`: `Address.masked` goes over whatever other programs say.
"""

from __future__ import annotations

import importlib
import pkgutil
from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import cache
from types import ModuleType
from typing import Final, Protocol

from s3guard.aws import Access
from s3guard.model import UnableError
from s3guard.notify.address import Address, address
from s3guard.notify.message import Message

ANSWER: Final = 10
"""Seconds without a byte of an answer, after which a channel is given up for the moment."""
OTHERS: Final = "*"


@dataclass(frozen=True, slots=True)
class Means:
    """What channels take beside their addresses."""

    environ: Mapping[str, str] = field(default_factory=dict, repr=False)
    """Secrets are better here than in a URL."""
    access: Access = field(default_factory=Access)


class Channel(Protocol):
    """Somebody who can be told."""

    @property
    def label(self) -> str:
        """Who it is, without anything secret."""

    @property
    def id(self) -> str:
        """By what it is known from run to run (`s3guard.notify.address.identity`): the same where a password was changed."""

    def send(self, message: Message) -> str | None:
        """Tell it; what is to be said of that although it was told.

        `LaterError` where it may work in a moment, UnableError where it will not.
        """


class LaterError(UnableError):
    """It may work in a moment."""

    def __init__(self, what: str, after: float = 0) -> None:
        """`after` so many seconds, if the other side said so."""
        super().__init__(what)
        self.after = after


def names() -> tuple[str, ...]:
    """The names of all channels, sorted."""
    return tuple(sorted(module.name for module in pkgutil.iter_modules(__path__)))


def schemes() -> tuple[str, ...]:
    """The schemes that a channel of its own takes, sorted."""
    return tuple(sorted(scheme for scheme in _by_scheme() if scheme != OTHERS))


def channel(url: str, means: Means) -> Channel:
    """The channel of a URL; UsageError where it is none."""
    found = address(url)
    known = _by_scheme()
    opened: Channel = known.get(found.scheme, known[OTHERS]).opened(found, means)
    return opened


def secret(found: Address, name: str, means: Means) -> str | None:
    """What an environment variable says, where it says something; UsageError for text that is no UTF-8."""
    value = means.environ.get(name) or None
    if value is not None and not value.isprintable():
        raise found.fault(f"environment variable {name} holds control characters, perhaps a newline at its end")
    return value


@cache
def _by_scheme() -> dict[str, ModuleType]:
    modules = [importlib.import_module(f"{__name__}.{name}") for name in names()]
    return {scheme: module for module in modules for scheme in module.SCHEMES}
