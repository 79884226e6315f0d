"""A state on S3 on its bad days: refused, throttled, silent and cut requests of each kind; nothing is lost, and nothing counts twice."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest

from s3guard import aws
from s3guard.model import UnableError
from s3guard.state import State
from s3guard.state.compaction import compact
from s3guard.state.history import readings, runs, verified
from tests.remembering import finished
from tests.s3 import access, shelf
from tests.s3.proxy import BROKEN, CONFLICT, DENIED, LOST, SLOW, Asked, Fault, Proxy, proxied
from tests.test_remembered import line, said, write

STATE = "s3://audit/team/state"
SILENT = Fault(hang=0.5)
CUT = Fault(cut=10)
"""In the middle of an answer that has a body; before the end of one that has none."""
SHORT = Fault(keep=100)
ASKED: dict[str, Callable[[Asked], bool]] = {
    "list": lambda asked: asked.is_listing,
    "get": lambda asked: asked.is_reading,
    "put": lambda asked: asked.is_writing,
}
PASSING = {"throttled": SLOW, "broken": BROKEN, "silent": SILENT, "lost": LOST, "cut": CUT}
LASTING = {"denied": DENIED, "throttled": SLOW, "silent": SILENT, "lost": LOST}
FAULTS = PASSING | LASTING | {"short": SHORT}


@dataclass(slots=True)
class Bad:
    """A state on S3, and the proxy before it."""

    proxy: Proxy
    shelf: shelf.Shelf

    def day(self, fault: Fault, of: Callable[[Asked], bool], count: int, after: int = 0) -> None:
        """The first `count` requests that `of` chooses meet a fault, once `after` of them went well."""
        met = [0]

        def plan(asked: Asked) -> Fault | None:
            if not of(asked):
                return None
            met[0] += 1
            return fault if after < met[0] <= after + count else None

        self.proxy.plan = plan

    def over(self) -> None:
        """All requests go well again."""
        self.proxy.plan = lambda _: None


@pytest.fixture
def bad(monkeypatch: pytest.MonkeyPatch) -> Iterator[Bad]:
    """A faithful S3 behind a proxy, and an SDK that neither asks often nor waits long."""
    monkeypatch.setattr(aws, "RETRIES", 3)
    monkeypatch.setattr(aws, "ANSWER", 0.2)
    monkeypatch.setattr("botocore.retries.standard.ExponentialBackoff.delay_amount", lambda *_: 0.0)
    bucket = shelf.Shelf({})
    with shelf.served(bucket, "audit") as address, proxied(address) as proxy:
        access.reached(monkeypatch, proxy.url.removeprefix("http://"))
        yield Bad(proxy, bucket)


def held(folder: Path) -> None:
    """The state holds each log object once and each run once, all of it, and reports the one record of each."""
    report = finished(folder, STATE)
    logs, state = len(list((folder / "logs").iterdir())), State(STATE)
    judged, told = readings(state)["object"].to_list(), [one.run for one in runs(state)]
    assert (logs, logs) == (len(judged), len(set(judged)))
    assert len(told) == len(set(told))
    verified(state)
    assert (logs, logs, 1) == (report.coverage.records, said(report)["networks"][1], len(said(report)["networks"][2]))


@pytest.mark.parametrize("what", ASKED)
@pytest.mark.parametrize("fault", PASSING)
def test_a_fault_that_passes_is_not_even_told(fault: str, what: str, tmp_path: Path, bad: Bad) -> None:
    write(tmp_path, {"a.log": line(1)})
    finished(tmp_path, STATE)
    write(tmp_path, {"b.log": line(2)})
    bad.day(PASSING[fault], ASKED[what], 1)
    report = finished(tmp_path, STATE)
    bad.over()
    assert (1, 2) == (report.exit_code, report.coverage.records)
    held(tmp_path)


@pytest.mark.parametrize(
    ("fault", "what"),
    [*((fault, what) for fault in LASTING for what in ASKED), ("cut", "get"), ("short", "get")],
)
def test_a_fault_that_lasts_ends_the_run_and_the_next_goes_on(fault: str, what: str, tmp_path: Path, bad: Bad) -> None:
    write(tmp_path, {"a.log": line(1)})
    finished(tmp_path, STATE)
    write(tmp_path, {"b.log": line(2)})
    # NOTE: what was written and not known to be is there the next time.
    for after in (0,) if (fault, what) == ("lost", "put") else (0, 1):
        bad.day(FAULTS[fault], ASKED[what], 99, after)
        with pytest.raises(UnableError, match=r"state in s3://audit/team/state"):
            finished(tmp_path, STATE)
    bad.over()
    held(tmp_path)


@pytest.mark.parametrize("fault", [LOST, CONFLICT, SILENT], ids=["lost", "conflict", "silent"])
@pytest.mark.parametrize("which", range(4))
def test_an_answer_to_a_write_that_is_lost_writes_nothing_twice(which: int, fault: Fault, tmp_path: Path, bad: Bad) -> None:
    write(tmp_path, {"a.log": line(1), "b.log": line(2)})
    bad.day(fault, ASKED["put"], 1, which)
    finished(tmp_path, STATE)
    finished(tmp_path, STATE)
    bad.over()
    assert [1, 2, 3] == [int(key[-18:-8]) for key in bad.shelf.keys if key.endswith(".s3guard")]
    held(tmp_path)


def test_a_run_that_does_not_know_whether_it_wrote_ends_with_an_error_and_counts_once(tmp_path: Path, bad: Bad) -> None:
    write(tmp_path, {"a.log": line(1)})
    bad.day(LOST, ASKED["put"], 99)
    with pytest.raises(UnableError, match="could not write the state"):
        finished(tmp_path, STATE)
    bad.over()
    assert ["team/state/0000000001.s3guard"] == bad.shelf.keys
    held(tmp_path)


@pytest.mark.parametrize("what", ["list", "get", "put", "delete"])
@pytest.mark.parametrize("fault", ["denied", "lost"])
def test_a_compaction_that_meets_a_fault_leaves_a_whole_state(fault: str, what: str, tmp_path: Path, bad: Bad) -> None:
    for number in range(2):
        write(tmp_path, {f"{number}.log": line(number)})
        finished(tmp_path, STATE)
    chosen = ASKED.get(what, lambda asked: asked.method == "DELETE")
    told = 0
    for after in (0, 1, 3):
        bad.day(LASTING[fault], chosen, 99, after)
        try:
            compact(State(STATE))
        except UnableError:
            told += 1
        bad.over()
        verified(State(STATE))
    assert told
    compact(State(STATE))
    held(tmp_path)
    assert [] == [key for key in bad.shelf.keys if key.count("/") == 2 and key < "team/state/0000000005" and key.endswith(".s3guard")]


def test_who_may_not_take_away_is_told_and_has_a_state_that_is_whole(tmp_path: Path, bad: Bad) -> None:
    write(tmp_path, {"a.log": line(1)})
    finished(tmp_path, STATE)
    bad.day(DENIED, lambda asked: asked.method == "DELETE", 999)
    with pytest.raises(UnableError, match=r"could not delete from the state in s3://audit/team/state/: .*AccessDenied"):
        compact(State(STATE))
    assert 2 == verified(State(STATE)).compacted
    held(tmp_path)
