"""Runs with a state that are killed, and runs at once: ``python -m tests.surviving`` is told of runs, and makes each a process of its own.

A run is a check, a compaction, or both; it counts what it asks of the place where the state lies, and ends itself with SIGKILL at one of
these requests: before it is done, after it, or, where a file is written, in the middle. The processes are forks of one that has imported
everything and started no thread, so a run costs tenths of a second.
"""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import threading
import traceback
from collections.abc import Callable, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from random import Random
from typing import Any, Self

from tests.lines import record

HERE = Path(__file__).parent.parent
HOURS = 24
POLICY = """
version: 1
policy: p
buckets: [examplebucket]
rules:
  networks: {allow: [10.0.0.0/8]}
  access_denied: {max: 3, per: 2h}
  volume: {distinct_keys: 3, per: 1h}
"""


@dataclass(frozen=True, slots=True)
class Life:
    """One run."""

    folder: str
    """With ``logs`` and ``policies``."""
    state: str
    check: bool = True
    compacts: bool = False
    kill: int = 0
    """The request to the state at which it is killed; 0: never."""
    when: str = "before"
    """Or ``after``, or ``amid``: half of what is written is there, under a name that says so."""


def live(life: Life) -> None:
    """The run, in this process."""
    from s3guard import remembered
    from s3guard.state import State, store
    from s3guard.state.compaction import compact
    from tests.remembering import finished

    remembered.OBJECTS = 1  # type: ignore[misc] # batches of one object, so that there are many
    count = threading.Lock(), [0]

    def deadly(cls: type, name: str) -> None:
        done: Callable[..., Any] = getattr(cls, name)

        def counted(self: Any, *arguments: Any, **named: Any) -> Any:
            with count[0]:
                count[1][0] += 1
                dies = count[1][0] == life.kill
            if dies and life.when == "amid" and name == "create" and isinstance(self, store.Folder):
                path = Path(life.state) / arguments[0]
                path.parent.mkdir(parents=True, exist_ok=True)
                (path.parent / f".half-{os.getpid()}").write_bytes(arguments[1][: len(arguments[1]) // 2])
            if dies and life.when != "after":
                os.kill(os.getpid(), signal.SIGKILL)
            came = done(self, *arguments, **named)
            if dies:
                os.kill(os.getpid(), signal.SIGKILL)
            return came

        setattr(cls, name, counted)

    for cls in (store.Folder, store.Prefix):
        for name in ("names", "read", "create", "remove"):
            deadly(cls, name)
    if life.check:
        finished(Path(life.folder), life.state)
    if life.compacts:
        compact(State(life.state))


class Nursery:
    """A process that makes runs, for as long as the block lasts."""

    def __enter__(self) -> Self:
        self._process = subprocess.Popen(
            [sys.executable, "-m", "tests.surviving"], cwd=HERE, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
        )
        return self

    def __exit__(self, *_: object) -> None:
        assert self._process.stdin is not None
        assert self._process.stdout is not None
        self._process.stdin.close()
        self._process.stdout.close()
        assert self._process.wait() == 0

    def live(self, *lives: Life) -> list[int]:
        """Make the runs, at once, and wait for them; 0 for each that came to its end, -9 for each that was killed."""
        assert self._process.stdin is not None
        assert self._process.stdout is not None
        self._process.stdin.write(json.dumps([asdict(life) for life in lives]) + "\n")
        self._process.stdin.flush()
        codes: list[int] = json.loads(self._process.stdout.readline())
        return codes


def main() -> int:
    """Make the runs that standard input asks for, a list a line."""
    import botocore.session
    from botocore.loaders import create_loader

    # NOTE: so that no fork has to.
    import s3guard.engines.local
    import s3guard.state.compaction  # noqa: F401
    import tests.remembering  # noqa: F401

    loader = create_loader()
    botocore.session.create_loader = lambda *_: loader  # NOTE: what is read of AWS is read once
    botocore.session.Session().create_client("s3", "us-east-1")
    for line in sys.stdin:
        children = [_born(Life(**one)) for one in json.loads(line)]
        codes = [os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]) for child in children]
        print(json.dumps(codes), flush=True)  # noqa: T201 - it is read by the one who asked
    return 0


def _born(life: Life) -> int:
    child = os.fork()
    if child:
        return child
    code = 1
    try:
        os.dup2(os.open(os.devnull, os.O_WRONLY), 1)
        live(life)
        code = 0
    except BaseException:
        traceback.print_exc()
        raise
    finally:
        sys.stderr.flush()
        os._exit(code)


def world(folder: Path) -> None:
    """A policy."""
    (folder / "logs").mkdir()
    (folder / "policies").mkdir()
    (folder / "policies" / "p.yaml").write_text(POLICY, encoding="utf-8")


def deliver(folder: Path, number: int, rng: Random) -> None:
    """One more log object, with records of two days, the turn of a month between them, and now and then a line that is none."""
    text = b""
    for _ in range(rng.randint(1, 6)):
        day = rng.choice([b"30/Sep", b"01/Oct"])
        logged = b"[%b/2026:%02d:%02d:00 +0000]" % (day, rng.randrange(HOURS), rng.randrange(60))
        address = rng.choice([b"192.0.2.3", b"10.0.0.1", b"10.0.0.2"])
        core = (b"403", b"AccessDenied", b"1", b"1", b"2", b"1") if rng.random() < 0.5 else (b"200", b"-", b"1", b"1", b"2", b"1")
        key = b"k%d" % rng.randrange(9)
        text += record(logged_time=logged, remote_ip=address, core=core, key_logged=key).render() + b"\n"
    (folder / "logs" / f"{number:04}.log").write_bytes(text + (b"no record\n" if rng.random() < 0.2 else b""))


@dataclass(slots=True)
class Toll:
    """What became of runs."""

    killed: int = 0
    ended: int = 0
    entries: int = 0
    """Of the state, in the end."""


def survive(folder: Path, state: str, rng: Random, kills: int, crowds: Sequence[int]) -> Toll:
    """Run, compact and be killed until so many runs were killed, then let crowds of runs loose at once.

    AssertionError where something is lost: after each the state is whole; in the end each log object was judged once, and the report is
    that of one run over everything.
    """
    from s3guard.state import State
    from s3guard.state.history import readings, runs, verified
    from tests.remembering import essence, finished

    toll, number = Toll(), 0
    with Nursery() as nursery:

        def live(*lives: Life) -> None:
            for code, life in zip(nursery.live(*lives), lives, strict=True):
                assert code in ((0, -signal.SIGKILL) if life.kill else (0,)), (code, life)
                toll.killed += code != 0
                toll.ended += code == 0
            verified(State(state))

        def life(*, mortal: bool) -> Life:
            compacts = rng.random() < 0.6
            check = not compacts or rng.random() < 0.5
            return Life(str(folder), state, check, compacts, rng.randint(1, 30) if mortal else 0, rng.choice(["before", "amid", "after"]))

        while toll.killed < kills:
            deliver(folder, number := number + 1, rng)
            live(life(mortal=True))
        for crowd in crowds:
            for _ in range(2):
                deliver(folder, number := number + 1, rng)
            live(Life(str(folder), state), *(life(mortal=rng.random() < 0.3) for _ in range(crowd - 1)))
    report = finished(folder, state)
    judged = readings(State(state))["object"].to_list()
    assert (len(judged), len(set(judged))) == (number, number), sorted(judged)
    assert len({run.run for run in runs(State(state))}) == len(runs(State(state)))
    fresh = finished(folder, str(folder / "fresh"))
    assert essence(report) == essence(fresh)
    assert report.coverage.records > number
    toll.entries = verified(State(state)).entries
    return toll


if __name__ == "__main__":
    sys.exit(main())
