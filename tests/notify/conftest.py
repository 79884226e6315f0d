"""Somebody to be told, and nobody in between."""

from __future__ import annotations

import os
from collections.abc import Iterator

import pytest

from s3guard.notify import courier
from tests.notify.receiver import Receiver, receiving


@pytest.fixture(autouse=True)
def _near(monkeypatch: pytest.MonkeyPatch) -> None:
    """No pauses, and no proxy between here and loopback."""
    monkeypatch.setattr(courier, "FIRST", 0)
    for name in list(os.environ):
        if name.lower().endswith("_proxy"):
            monkeypatch.delenv(name)


@pytest.fixture
def receiver() -> Iterator[Receiver]:
    """A server that takes posts."""
    with receiving() as found:
        yield found
