"""SeaweedFS on loopback: a real S3 server, in one file of 153 MB that is not part of the ordinary environment.

It is looked for in build/tools/s3, where ``ci/seaweedfs`` puts it, beside the interpreter and on the PATH. Without it the tests that need
it are skipped and say so; with ``S3GUARD_TOOLS=required`` they fail.
"""

from __future__ import annotations

import contextlib
import http.client
import os
import shutil
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

ROOT = Path(__file__).parent.parent.parent
PATIENCE = 60
"""Seconds that the server may take until it answers; it takes four."""


MISSING = "no SeaweedFS in build/tools/s3; ci/seaweedfs puts it there"


def installed() -> str | None:
    """The server's executable; None where it is not installed."""
    beside = [ROOT / "build/tools/s3/bin/weed", Path(sys.executable).with_name("weed")]
    return next((str(path) for path in beside if path.is_file()), None) or shutil.which("weed")


def executable() -> str:
    """The server's executable; skips where it is not installed, unless it is required."""
    found = installed()
    if found is None:
        if os.environ.get("S3GUARD_TOOLS") == "required":
            pytest.fail(MISSING)
        pytest.skip(MISSING)
    return found


def _ports(count: int) -> list[int]:
    """Ports that nobody listens on."""
    with contextlib.ExitStack() as stack:
        sockets = [stack.enter_context(socket.socket()) for _ in range(count)]
        for one in sockets:
            one.bind(("127.0.0.1", 0))
        return [int(one.getsockname()[1]) for one in sockets]


@contextlib.contextmanager
def serving(folder: Path, *more: str) -> Iterator[str]:
    """A server with its data in `folder`, under ``host:port``, for as long as the block lasts; `more` are options of its own."""
    program = executable()
    names = (
        "s3.port",
        "s3.port.grpc",
        "master.port",
        "master.port.grpc",
        "volume.port",
        "volume.port.grpc",
        "filer.port",
        "filer.port.grpc",
    )
    ports = dict(zip(names, _ports(len(names)), strict=True))
    address = f"127.0.0.1:{ports['s3.port']}"
    options = [f"-{name}={port}" for name, port in ports.items()]
    options += ["-ip=127.0.0.1", "-ip.bind=127.0.0.1", f"-dir={folder}", "-volume.max=20", "-master.volumeSizeLimitMB=256"]
    options += ["-s3", "-s3.port.iceberg=0", "-s3.port.lance=0", "-webdav=false", "-master.telemetry=false", "-metricsPort=0", *more]
    # NOTE: credentials in its environment would be those that it asks for.
    alone = {name: value for name, value in os.environ.items() if not name.startswith("AWS_")}
    with (folder / "log").open("wb") as log:
        server = subprocess.Popen([program, "server", *options], stdout=log, stderr=log, cwd=folder, env=alone)
        try:
            _wait(server, address, folder / "log")
            yield address
        finally:
            server.kill()
            server.wait()
            # NOTE: told to end it would take half a minute; killed it leaves its sockets behind.
            for left in (path for port in ports.values() for path in Path("/tmp").glob(f"seaweedfs-*-{port}.sock")):  # noqa: S108 - its choice
                left.unlink(missing_ok=True)


def _wait(server: subprocess.Popen[bytes], address: str, log: Path) -> None:
    host, _, port = address.partition(":")
    end = time.monotonic() + PATIENCE
    while time.monotonic() < end and server.poll() is None:
        with contextlib.suppress(OSError), contextlib.closing(http.client.HTTPConnection(host, int(port), timeout=1)) as connection:
            connection.request("GET", "/healthz")
            if connection.getresponse().status == 200:
                return
        time.sleep(0.05)
    pytest.fail(f"SeaweedFS did not start:\n{log.read_text(errors='replace')[-3000:]}")
