"""A bucket on a real server, behind a proxy that can make it fail."""

from __future__ import annotations

import types
from collections.abc import Iterator
from datetime import timedelta
from itertools import count
from pathlib import Path

import pytest

from s3guard import aws
from s3guard.sources import s3
from tests.cli.project import Here
from tests.s3 import proxy, weed
from tests.s3.access import reached
from tests.s3.bucket import EMPTY, NAME, Bucket, make

_PREFIXES = (f"{number}/" for number in count())


@pytest.fixture
def here(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> Here:
    """A project, and the command in this process."""
    return Here(tmp_path, monkeypatch, capsys)


@pytest.fixture(scope="session")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """SeaweedFS, one for all tests of a process."""
    folder: Path = tmp_path_factory.mktemp("weed")
    with weed.serving(folder) as address:
        make(address, NAME, EMPTY)
        yield address


@pytest.fixture
def hasty(monkeypatch: pytest.MonkeyPatch) -> None:
    """Retries without pauses to speak of, and little patience."""
    backoff = {"init_backoff": timedelta(milliseconds=1), "max_backoff": timedelta(milliseconds=5), "base": 2}
    monkeypatch.setattr(s3, "RETRY", {"max_retries": 3, "retry_timeout": timedelta(minutes=1), "backoff": backoff})
    patience = {"connect_timeout": timedelta(seconds=2), "read_timeout": timedelta(milliseconds=800), "timeout": timedelta(seconds=20)}
    monkeypatch.setattr(s3, "TIMES", patience)
    monkeypatch.setattr(aws, "RETRIES", 4)
    monkeypatch.setattr(aws, "ANSWER", 0.8)
    monkeypatch.setattr("botocore.endpoint.time", types.SimpleNamespace(sleep=lambda _: None))


@pytest.fixture
def bucket(server: str, monkeypatch: pytest.MonkeyPatch, hasty: None) -> Iterator[Bucket]:
    """A prefix without objects."""
    with proxy.proxied(server) as before:
        reached(monkeypatch, before.url.removeprefix("http://"))
        yield Bucket(next(_PREFIXES), server, before)
