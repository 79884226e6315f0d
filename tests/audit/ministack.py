"""ministack on loopback: a server that keeps what moto drops of a bucket's logging, its key format above all.

It is looked for in build/tools/ministack, where ``ci/ministack`` puts it. Without it the tests that need it are skipped and say so; with
``S3GUARD_TOOLS=required`` they fail.
"""

from __future__ import annotations

import contextlib
import http.client
import os
import socket
import subprocess
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

PROGRAM = Path(__file__).parents[2] / "build/tools/ministack/bin/ministack"
MISSING = "no ministack in build/tools/ministack; ci/ministack puts it there"
PATIENCE = 60
"""Seconds that the server may take until it answers; it takes three."""


@contextlib.contextmanager
def serving(folder: Path) -> Iterator[str]:
    """An empty account, under its URL, for as long as the block lasts."""
    if not PROGRAM.is_file():
        if os.environ.get("S3GUARD_TOOLS") == "required":
            pytest.fail(MISSING)
        pytest.skip(MISSING)
    with socket.socket() as one:
        one.bind(("127.0.0.1", 0))
        port = one.getsockname()[1]
    alone = {name: value for name, value in os.environ.items() if not name.startswith("AWS_")}
    # NOTE: by itself it listens to the whole network.
    alone |= {"BIND_HOST": "127.0.0.1", "GATEWAY_PORT": str(port), "HOME": str(folder), "TMPDIR": str(folder)}
    with (folder / "log").open("wb") as log:
        server = subprocess.Popen([PROGRAM], stdout=log, stderr=log, cwd=folder, env=alone)
        try:
            _wait(server, port, folder / "log")
            yield f"http://127.0.0.1:{port}"
        finally:
            server.kill()
            server.wait()


def _wait(server: subprocess.Popen[bytes], port: int, log: Path) -> None:
    end = time.monotonic() + PATIENCE
    while time.monotonic() < end and server.poll() is None:
        with contextlib.suppress(OSError), contextlib.closing(http.client.HTTPConnection("127.0.0.1", port, timeout=5)) as connection:
            connection.request("GET", "/_ministack/health")
            if connection.getresponse().status == 200:
                return
        time.sleep(0.05)
    pytest.fail(f"ministack did not start:\n{log.read_text(errors='replace')[-3000:]}")
