"""How a test puts a log object where a source finds it: one entry a source."""

from __future__ import annotations

import io
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path

import pytest


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


MAKERS: Mapping[str, Callable[[bytes, Path, pytest.MonkeyPatch], Made]] = {"local": local, "stdin": stdin}
"""By the source's name. A new source needs an entry here: its test fails until there is one."""
