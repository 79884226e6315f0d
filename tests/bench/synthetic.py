"""Any amount of log objects out of S3, of which none is there before it is asked for: an hour of records each, over three days.

``python -m tests.bench.synthetic GIB`` is a server with so many GiB, a process of its own, and prints where it listens.
"""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Callable
from itertools import chain, islice
from pathlib import Path
from typing import TypeVar

from s3guard.listing import Stored
from tests.bench import generate
from tests.s3.shelf import Shelf, served

BUCKET = "bench"
ROOT = Path(__file__).parent.parent.parent
HOURS = 72
RECORDS = 1_720
"""Of an object, which make one MiB."""
T = TypeVar("T")


class Synthetic(Shelf):
    """Objects in turn of each hour; their keys differ, and with them what they read and write."""

    def __init__(self, objects: int) -> None:
        """So many of them, named as S3 names them."""
        lines = chain.from_iterable(generate.blocks(HOURS * RECORDS))
        self._hours = ["".join(islice(lines, RECORDS)).encode() for _ in range(HOURS)]
        numbers = {f"logs/2026-10-{1 + n % HOURS // 24:02}-{n % 24:02}-00-00-{n:016X}": n for n in range(objects)}
        super().__init__({})
        self.contents = dict.fromkeys(numbers, b"")
        self.keys = sorted(numbers)
        self._numbers = numbers

    def stored(self, key: str) -> Stored:
        """What a listing says of an object."""
        number = self._numbers[key]
        return Stored(key, len(self._hours[number % HOURS]), f'"{number:032x}"')

    def content(self, key: str) -> bytes:
        """The bytes of an object: those of its hour, each record of a key of its own."""
        number = self._numbers[key]
        return self._hours[number % HOURS].replace(b"/record-", b"/%06d-" % number)


def measured(gib: float, run: Callable[[str], T]) -> T:
    """What `run` finds out with the URL of so many GiB of log objects, while a server serves them."""
    os.environ |= {"AWS_ACCESS_KEY_ID": "a", "AWS_SECRET_ACCESS_KEY": "b", "AWS_DEFAULT_REGION": "us-east-1"}
    # NOTE: a process of its own, so that what it holds is not taken for what is measured.
    with subprocess.Popen([sys.executable, "-m", __name__, str(gib)], cwd=ROOT, stdin=subprocess.PIPE, stdout=subprocess.PIPE) as server:
        assert server.stdin is not None
        assert server.stdout is not None
        os.environ["AWS_ENDPOINT_URL_S3"] = f"http://{server.stdout.readline().decode().strip()}"
        try:
            return run(f"s3://{BUCKET}/logs/")
        finally:
            server.stdin.close()


def main(gib: float) -> None:
    """Serves until standard input ends."""
    with served(Synthetic(round(gib * 1024)), BUCKET) as address:
        print(address, flush=True)
        sys.stdin.read()


if __name__ == "__main__":
    main(float(sys.argv[1]))
