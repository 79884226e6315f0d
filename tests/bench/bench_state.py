"""Runs with a state that are killed and that run at once, on both kinds of state, and a state of many entries before and after compaction.

``python -m tests.bench.bench_state kills FOLDER STATE SEED`` is the first of them on one state, and ``fill FOLDER`` makes the other, each a
process of its own.
"""

from __future__ import annotations

import contextlib
import json
import os
import shutil
import sys
from collections.abc import Iterator, Sequence
from dataclasses import asdict
from pathlib import Path
from random import Random

KILLS = 50
CROWDS = (2, 3, 4, 4, 3, 2)
"""Runs at once."""
ENTRIES = 600
"""Batches of the state that is compacted: of a watch, or of a job that has run for years."""
BUCKET = "audit"
ENVIRON = {"AWS_ACCESS_KEY_ID": "a", "AWS_SECRET_ACCESS_KEY": "b", "AWS_DEFAULT_REGION": "us-east-1"}


def killed(folder: Path, state: str, seed: int) -> None:
    """Prints what became of the runs, as JSON; AssertionError where something was lost or counted twice."""
    from tests.surviving import survive, world

    world(folder)
    print(json.dumps(asdict(survive(folder, state, Random(seed), KILLS, CROWDS))))


@contextlib.contextmanager
def bucket(beside: Path) -> Iterator[None]:
    """A bucket of SeaweedFS, which the environment makes S3; its data are `beside`."""
    from tests.s3 import weed
    from tests.s3.bucket import make

    if weed.installed() is None:
        raise SystemExit(weed.MISSING)
    shutil.rmtree(beside, ignore_errors=True)
    beside.mkdir(parents=True)
    before = dict(os.environ)
    try:
        with weed.serving(beside) as address:
            make(address, BUCKET)
            os.environ |= ENVIRON | {"AWS_ENDPOINT_URL_S3": f"http://{address}"}
            yield
    finally:
        os.environ.clear()
        os.environ |= before
        shutil.rmtree(beside, ignore_errors=True)


def fill(folder: Path) -> None:
    """Make a state of many small entries."""
    from s3guard import remembered
    from tests.remembering import finished
    from tests.surviving import deliver, world

    shutil.rmtree(folder, ignore_errors=True)
    folder.mkdir(parents=True)
    world(folder)
    rng = Random(1)
    for number in range(ENTRIES):
        deliver(folder, number, rng)
    remembered.OBJECTS = 1  # type: ignore[misc] # batches of one object, so that there are many
    finished(folder, str(folder / "state"))


def check(folder: Path) -> list[str]:
    """The command of a check that finds nothing new in what was filled."""
    program = str(Path(sys.executable).with_name("s3guard"))
    where: Sequence[str] = ("--policy", str(folder / "policies"), "--state", str(folder / "state"), "--as-of", "2026-10-04T00:00:00Z")
    return [program, "check", str(folder / "logs"), *where, "--quiet", "--max-unparsed", "100%", "-o", f"json:{folder / 'report.json'}"]


if __name__ == "__main__":
    if sys.argv[1] == "fill":
        fill(Path(sys.argv[2]))
    else:
        killed(Path(sys.argv[2]), sys.argv[3], int(sys.argv[4]))
