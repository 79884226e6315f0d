"""Moto's S3 and SQS, and a world in them for each test."""

from __future__ import annotations

import itertools
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from s3guard import watching
from s3guard.aws import Access, Account
from tests.cli.project import project
from tests.s3.access import alone, reached
from tests.watched import World

_NUMBERS = itertools.count(1)


@pytest.fixture(scope="session")
def moto() -> Iterator[str]:
    """Moto's server, in this process."""
    from moto.server import ThreadedMotoServer

    with pytest.MonkeyPatch.context() as patch:
        alone(patch)
        server = ThreadedMotoServer(ip_address="127.0.0.1", port=0, verbose=False)
        server.start()
        host, port = server.get_host_and_port()
        yield f"{host}:{port}"
        server.stop()


@pytest.fixture(scope="session")
def clients(moto: str) -> tuple[Any, Any]:
    """Of S3 and SQS."""
    with pytest.MonkeyPatch.context() as patch:
        reached(patch, moto)
        access = Access(endpoint_url=f"http://{moto}")
        return Account(access).client("s3"), Account(access).client("sqs", endpoint=access.endpoint_url)


@pytest.fixture
def world(moto: str, clients: tuple[Any, Any], tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> World:
    """A project with a policy, a bucket and a queue."""
    reached(monkeypatch, moto)
    monkeypatch.setattr(watching, "IDLE", 0)
    monkeypatch.setattr(watching, "BRIEF", 0)
    monkeypatch.chdir(project(tmp_path))
    return World(f"watched-{next(_NUMBERS)}", tmp_path, clients)
