from __future__ import annotations

import logging
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from pathlib import Path

import pytest
import requests
from moto.server import ThreadedMotoServer

from tests.audit.cloud import Asked, Cloud, Fault, reached
from tests.cli.project import Here


@pytest.fixture
def here(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> Here:
    """A project, and the command in this process."""
    return Here(tmp_path, monkeypatch, capsys)


@dataclass
class Server:
    """A server that speaks AWS, on loopback, and which account it holds."""

    url: str
    holds: object = None
    """What built the account; None where a test has changed it since."""
    heard: dict[Asked, Fault] = field(default_factory=dict)
    """What it answered about the account that it holds."""

    def account(self, build: Callable[[Cloud], None], cloud: Cloud) -> None:
        """The account that `build` builds, made anew only where it is not there already."""
        if self.holds is not build:
            requests.post(f"{self.url}/moto-api/reset", timeout=10)
            self.heard.clear()
            build(cloud)
            self.holds = build


@pytest.fixture(scope="session")
def server() -> Iterator[Server]:
    """The server."""
    logging.getLogger("werkzeug").setLevel(logging.CRITICAL)
    # NOTE: by itself moto listens to the whole network.
    found = ThreadedMotoServer(ip_address="127.0.0.1", port=0, verbose=False)
    found.start()
    host, port = found.get_host_and_port()
    yield Server(f"http://{host}:{port}")
    found.stop()


@pytest.fixture
def reaching(server: Server, monkeypatch: pytest.MonkeyPatch) -> Iterator[Cloud]:
    """The account that the server holds."""
    with reached(server.url, monkeypatch) as found:
        yield found


def nothing(_cloud: Cloud) -> None:
    """An empty account."""


def two_regions(cloud: Cloud) -> None:
    """A log bucket in each of two Regions, and a bucket that logs to it."""
    for region, ending in (("us-east-1", ""), ("eu-west-1", "-eu")):
        cloud.sink(f"logs{ending}", region)
        cloud.bucket(f"app{ending}", region)
        cloud.log(f"app{ending}", f"logs{ending}", region)


@pytest.fixture
def cloud(server: Server, reaching: Cloud) -> Iterator[Cloud]:
    """An empty account, to be filled."""
    server.holds = None
    server.account(nothing, reaching)
    yield reaching
    server.holds = None


@pytest.fixture
def small(server: Server, reaching: Cloud) -> Cloud:
    """`two_regions`, to be looked at and not to be changed."""
    server.account(two_regions, reaching)
    reaching.heard = server.heard
    return reaching


@pytest.fixture
def changing(server: Server, small: Cloud) -> Iterator[Cloud]:
    """`two_regions`, to be changed."""
    small.heard = None
    yield small
    server.holds = None
