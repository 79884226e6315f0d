"""What is pruned is gone for good and known to be: nothing that is not known any more reads as clean, and nothing is judged twice."""

from __future__ import annotations

from datetime import UTC, datetime
from pathlib import Path

import pytest

from s3guard.model import Status, UnableError
from s3guard.state import State
from s3guard.state.compaction import compact, prune
from s3guard.state.history import hours, readings, report, runs, verified
from tests.remembering import AS_OF, essence, finished
from tests.test_remembered import line, refused, said, write

GOOD = b"10.0.0.1"


def at(hour: int) -> int:
    """An hour of the day of the logs, in seconds."""
    return int(datetime(2026, 10, 3, hour, tzinfo=UTC).timestamp())


def since(hour: int) -> datetime:
    """The same for a report."""
    return datetime.fromtimestamp(at(hour), UTC)


@pytest.fixture
def state(tmp_path: Path) -> str:
    """Objects of the hours 0 to 3, one of the hours 1 to 9, and one of hour 8."""
    logs = {f"{number}.log": line(number, GOOD) + refused(number) for number in range(4)}
    write(tmp_path, logs | {"long.log": line(1, GOOD) + line(9, GOOD), "8.log": line(8, GOOD)})
    finished(tmp_path, str(tmp_path / "state"))
    return str(tmp_path / "state")


def test_what_would_go_is_told_and_nothing_is_changed(state: str, tmp_path: Path) -> None:
    before = {path: path.read_bytes() for path in (tmp_path / "state").rglob("*") if path.is_file()}
    would = prune(State(state), at(3), dry=True)
    assert (3, 7, 0) == (would.objects, would.records, would.runs)
    assert before == {path: path.read_bytes() for path in (tmp_path / "state").rglob("*") if path.is_file()}
    did = prune(State(state), at(3))
    assert would == did
    assert {at(3), at(8), at(9)} == set(hours(State(state))["examplebucket"])
    assert {"3.log", "8.log", "long.log"} == {Path(name).name for name in readings(State(state))["object"]}
    again = prune(State(state), at(3))
    assert (0, 0, 0) == (again.objects, again.records, again.runs)
    verified(State(state))


def test_a_report_that_begins_with_what_is_kept_is_what_it_was(state: str, tmp_path: Path) -> None:
    before = finished(tmp_path, state, since=since(3))
    prune(State(state), at(3))
    after = finished(tmp_path, state, since=since(3))
    assert essence(before) == essence(after)
    assert 4 == after.coverage.records


def test_a_report_that_begins_earlier_is_undetermined_whatever_it_finds(state: str, tmp_path: Path) -> None:
    prune(State(state), at(3))
    for asked in ({"since": since(2)}, {}):
        told = finished(tmp_path, state, **asked)
        assert 3 == told.exit_code
        assert {Status.UNDETERMINED} == {result.status for result in told.results}
        assert all("what was known of records before 2026-10-03T03:00Z was pruned" in (result.reason or "") for result in told.results)
        assert [f"the state in {state}"] == [one.object for one in told.coverage.unreadable]


def test_a_span_that_is_pruned_is_never_clean_by_being_empty(state: str, tmp_path: Path) -> None:
    prune(State(state), at(3))
    told = finished(tmp_path, state, since=since(0), until=since(2), allow_empty=True)
    assert 3 == told.exit_code
    assert ["what was known of records before 2026-10-03T03:00Z was pruned"] == [one.reason for one in told.coverage.unreadable]


def test_a_violation_among_what_is_kept_still_fails(state: str, tmp_path: Path) -> None:
    prune(State(state), at(3))
    write(tmp_path, {"new.log": line(9)})
    told = finished(tmp_path, state)
    assert (1, "fail") == (told.exit_code, said(told)["networks"][0])


def test_what_is_pruned_is_not_judged_again(state: str, tmp_path: Path) -> None:
    prune(State(state), at(3))
    last = State(state).view().last
    finished(tmp_path, state, since=since(3))
    assert last + 1 == State(state).view().last
    prune(State(state), at(9))
    finished(tmp_path, state, since=since(9))
    assert ["long.log"] == [Path(name).name for name in readings(State(state))["object"]]


def test_another_object_of_a_pruned_name_is_judged(state: str, tmp_path: Path) -> None:
    prune(State(state), at(3))
    write(tmp_path, {"0.log": line(7)})
    told = finished(tmp_path, state, since=since(3))
    assert (1, 5) == (told.exit_code, told.coverage.records)


def test_records_that_come_late_for_a_pruned_span_do_not_make_it_known(state: str, tmp_path: Path) -> None:
    prune(State(state), at(3))
    write(tmp_path, {"late.log": line(2, GOOD)})
    assert 3 == finished(tmp_path, state, since=since(2)).exit_code
    told = prune(State(state), at(3))
    assert (1, 1) == (told.objects, told.records)


def test_a_date_before_the_last_one_takes_nothing_and_makes_nothing_known(state: str) -> None:
    prune(State(state), at(3))
    told = prune(State(state), at(1))
    assert (0, 0) == (told.objects, told.records)
    assert at(3) == State(state).view().pruned


def test_of_a_pruned_run_it_is_known_that_it_was(state: str, tmp_path: Path) -> None:
    (before,) = runs(State(state))
    when = int(datetime(2027, 1, 1, tzinfo=UTC).timestamp())
    finished(tmp_path, state)
    told = prune(State(state), when)
    assert (6, 11, 2) == (told.objects, told.records, told.runs)
    after = runs(State(state))
    assert (before.run, before.told, before.sha256, False) == (after[0].run, after[0].told, after[0].sha256, after[0].is_kept)
    assert not (tmp_path / "state" / "runs").exists()
    with pytest.raises(UnableError):
        report(State(state), before.number)
    verified(State(state))
    assert 3 == finished(tmp_path, state).exit_code


def test_the_record_of_a_run_that_was_compacted_before_goes_as_well(state: str, tmp_path: Path) -> None:
    compact(State(state))
    assert 1 == len(list((tmp_path / "state" / "runs").iterdir()))
    told = prune(State(state), int(datetime(2027, 1, 1, tzinfo=UTC).timestamp()))
    assert 1 == told.runs
    assert not list((tmp_path / "state" / "runs").iterdir())
    verified(State(state))


def test_what_could_not_be_read_stays_until_the_date_of_its_reading_is_pruned(tmp_path: Path) -> None:
    state = str(tmp_path / "state")
    write(tmp_path, {"a.log": line(1, GOOD), "b.gz": b"\x1f\x8b\x08\x00"})
    finished(tmp_path, state)
    (tmp_path / "logs" / "b.gz").unlink()
    prune(State(state), at(3))
    assert ["b.gz"] == [Path(one.object).name for one in finished(tmp_path, state, since=since(3)).coverage.unreadable]
    year = datetime(2027, 3, 1, tzinfo=UTC)
    prune(State(state), int(year.timestamp()))
    assert () == finished(tmp_path, state, since=year, as_of=year).coverage.unreadable


def test_a_finding_that_was_reported_stays_known_whatever_is_pruned(tmp_path: Path) -> None:
    state = str(tmp_path / "state")
    write(tmp_path, {"a.log": line(1), "b.log": line(8)})
    assert 1 == finished(tmp_path, state).exit_code
    prune(State(state), at(3))
    told = finished(tmp_path, state, since=since(3))
    assert (0, ("fail", 1, ["unchanged"])) == (told.exit_code, said(told)["networks"])
    assert AS_OF == told.run.as_of
