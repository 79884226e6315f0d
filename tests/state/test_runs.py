"""Which runs judged what: told by run, bucket and hour."""

from __future__ import annotations

import dataclasses
from datetime import UTC, datetime
from pathlib import Path

import pytest

from s3guard.model import Report, Stretch
from s3guard.state import State, runs
from s3guard.state.compaction import compact
from tests.lines import record
from tests.remembering import finished

DAY = datetime(2026, 10, 3, tzinfo=UTC)
POLICY = "version: 1\npolicy: p\nbuckets: ['*']\nrules:\n  anonymous: {}\n  networks: {allow: [%s]}\n"


def hour(number: int) -> datetime:
    return DAY.replace(hour=number)


def log(folder: Path, name: str, *hours: int, bucket: bytes = b"b") -> None:
    """A log object with a record in each of these hours."""
    lines = [record(bucket=bucket, logged_time=b"[03/Oct/2026:%02d:10:00 +0000]" % number).render() + b"\n" for number in hours]
    (folder / "logs").mkdir(exist_ok=True)
    (folder / "logs" / name).write_bytes(b"".join(lines))


def policy(folder: Path, network: str = "10.0.0.0/8") -> None:
    (folder / "policies").mkdir(exist_ok=True)
    (folder / "policies" / "p.yaml").write_text(POLICY % network, encoding="utf-8")


def test_every_run_that_judged_something_says_what(tmp_path: Path) -> None:
    policy(tmp_path)
    log(tmp_path, "1", 1, 2, 5)
    first = finished(tmp_path, str(tmp_path / "state"))
    log(tmp_path, "2", 2, 3)
    log(tmp_path, "3", 7, bucket=b"c")
    second = finished(tmp_path, str(tmp_path / "state"))
    one, other = second.run.judged
    assert [Stretch("b", hour(1), hour(3), 2), Stretch("b", hour(5), hour(6), 1)] == list(one.stretches)
    assert [Stretch("b", hour(2), hour(4), 2), Stretch("c", hour(7), hour(8), 1)] == list(other.stretches)
    assert (first.run.id, 1, 0, 3) == (one.run, one.objects, one.again, one.records)
    assert (second.run.id, 2, 0, 3, None) == (other.run, other.objects, other.again, other.records, other.finished)
    assert first.run.finished.replace(microsecond=0) == one.finished
    assert (None,) == tuple(run.finished for run in first.run.judged)


def test_what_was_compacted_knows_still_which_run_judged_it(tmp_path: Path) -> None:
    policy(tmp_path)
    log(tmp_path, "1", 1, 2, 5)
    first = finished(tmp_path, str(tmp_path / "state"))
    log(tmp_path, "2", 2, 3)
    second = finished(tmp_path, str(tmp_path / "state"))
    compact(State(str(tmp_path / "state")))
    log(tmp_path, "3", 7)
    third = finished(tmp_path, str(tmp_path / "state"))
    one, other, last = third.run.judged
    assert (first.run.id, 1, 0, 3) == (one.run, one.objects, one.again, one.records)
    assert first.run.finished.replace(microsecond=0) == one.finished
    assert (second.run.id, 1, 0, 2) == (other.run, other.objects, other.again, other.records)
    assert [(Stretch(None, hour(1), hour(6), 3),), (Stretch(None, hour(2), hour(4), 2),)] == [one.stretches, other.stretches]
    assert (third.run.id, (Stretch("b", hour(7), hour(8), 1),)) == (last.run, last.stretches)


def test_a_run_without_a_state_says_nothing_of_others(tmp_path: Path) -> None:
    from s3guard.check import Request, check

    policy(tmp_path)
    log(tmp_path, "1", 1)
    report = check(Request(logs=[str(tmp_path / "logs")], policies=[tmp_path / "policies"], as_of=hour(9)))
    assert () == report.run.judged


def test_what_was_judged_again_is_told_apart(tmp_path: Path) -> None:
    policy(tmp_path)
    log(tmp_path, "1", 1, 2)
    finished(tmp_path, str(tmp_path / "state"))
    policy(tmp_path, "192.0.2.0/24")
    again = finished(tmp_path, str(tmp_path / "state"))
    assert [(1, 0, 2), (0, 1, 0)] == [(run.objects, run.again, run.records) for run in again.run.judged]
    assert () == again.run.judged[1].stretches


def test_what_lies_outside_the_period_is_left_out(tmp_path: Path) -> None:
    policy(tmp_path)
    log(tmp_path, "1", 1, 2, 8)
    log(tmp_path, "2", 1)
    report = finished(tmp_path, str(tmp_path / "state"), since=hour(2), until=hour(4))
    assert [(1, (Stretch("b", hour(2), hour(3), 1),))] == [(run.objects, run.stretches) for run in report.run.judged]


@pytest.mark.parametrize(("most", "expected"), [(6, 6), (5, 5), (4, 1)])
def test_stretches_that_are_too_many_are_told_together(most: int, expected: int, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    policy(tmp_path)
    for number, bucket in enumerate((b"b", b"c")):
        log(tmp_path, str(number), *((1, 3, 5), (5, 7, 9))[number], bucket=bucket)
    monkeypatch.setattr(runs, "STRETCHES", most)
    (run,) = finished(tmp_path, str(tmp_path / "state")).run.judged
    assert (expected, 6) == (len(run.stretches), sum(one.records for one in run.stretches))
    assert (None if most < 6 else "b", hour(1)) == (run.stretches[0].bucket, run.stretches[0].since)
    assert hour(10) == run.stretches[-1].until


def test_a_killed_run_is_one_that_never_finished(tmp_path: Path) -> None:
    from tests.remembering import run

    policy(tmp_path)
    log(tmp_path, "1", 1)
    left: Report = run(tmp_path, str(tmp_path / "state")).report
    log(tmp_path, "2", 2)
    one, _ = finished(tmp_path, str(tmp_path / "state")).run.judged
    assert (left.run.id, None) == (one.run, one.finished)
    assert dataclasses.replace(left.run, judged=()) != left.run
