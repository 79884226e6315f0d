"""A compaction changes no answer, loses no record of a run, and is whole or not there, wherever it is stopped and whoever runs beside."""

from __future__ import annotations

import shutil
from collections.abc import Callable, Iterator
from datetime import UTC, datetime
from hashlib import sha256
from pathlib import Path
from random import Random
from typing import Any

import pytest

from s3guard import remembered, seconds
from s3guard.model import Report, UnableError
from s3guard.state import State, store
from s3guard.state.compaction import compact, prune
from s3guard.state.history import readings, report, runs, unfinished, verified
from tests.lines import record
from tests.reference import worlds
from tests.remembering import essence, finished, run
from tests.test_remembered import line, refused, said, write


def known(report: Report) -> list[list[str]]:
    """What is known of the findings."""
    return [[finding.baseline for finding in result.findings] for result in report.results]


def state_of(folder: Path, name: str = "state", objects: int = 4, runs: int = 2) -> State:
    """A state of some runs, and one that did not come to its end; its entries are as they were written."""
    for number in range(objects):
        write(folder, {f"{number}.log": line(number) + refused(number)})
        if number < runs:
            finished(folder, str(folder / name))
    run(folder, str(folder / name))
    return State(str(folder / name))


def files(folder: Path) -> dict[str, bytes]:
    """All that lies below a folder, by name."""
    return {str(path.relative_to(folder)): path.read_bytes() for path in folder.rglob("*") if path.is_file()}


@pytest.mark.parametrize("seed", range(3))
def test_with_and_without_compactions_all_reports_are_the_same(seed: int, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    world, rng = worlds.world(seed, lines=80), Random(seed)
    as_of = datetime.fromtimestamp(world.as_of, UTC)
    monkeypatch.setattr(remembered, "OBJECTS", rng.randint(1, 4))
    monkeypatch.chdir(tmp_path)
    (tmp_path / "policies").mkdir()
    for number, text in enumerate(world.policies):
        (tmp_path / "policies" / f"{number}.yaml").write_text(text, encoding="utf-8")
    for name, data in rng.sample(world.files, len(world.files)):
        path = tmp_path / "logs" / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(data)
        ends = rng.random() < 0.7
        for state, rows, piece in (("plain", seconds.ROWS, seconds.PIECE), ("compacted", 1, 2)):
            with monkeypatch.context() as patch:
                # NOTE: nor do counts that are many and packed change an answer.
                patch.setattr(seconds, "ROWS", rows)
                patch.setattr(seconds, "PIECE", piece)
                done = run(tmp_path, state, as_of=as_of)
            if ends:
                done.finish()
        if rng.random() < 0.7:
            compact(State("compacted"))
    plain, compacted = (finished(tmp_path, state, as_of=as_of, traffic=True) for state in ("plain", "compacted"))
    assert essence(plain) == essence(compacted)
    assert plain.traffic is not None
    assert plain.traffic == compacted.traffic
    assert known(plain) == known(compacted)
    assert plain.exit_code == compacted.exit_code
    assert compact(State("compacted"))
    assert essence(plain) == essence(finished(tmp_path, "compacted", as_of=as_of))


def test_warnings_of_a_batch_over_months_are_told_of_each_of_them_once(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    odd = record(logged_time=b"[03/Aug/2026:01:00:00 +0000]", core=(b"200", b"AccessDenied", b"1", b"1", b"1", b"9")).render() + b"\n"
    write(tmp_path, {"0.log": odd, "1.log": line(1), "2.log": odd})
    july, september = datetime(2026, 7, 1, tzinfo=UTC), datetime(2026, 9, 1, tzinfo=UTC)
    finished(tmp_path, "state", since=july)
    spans = [(july, september), (july, None), (september, None)]
    before = [run(tmp_path, "state", since=since, until=until).report.coverage.warnings for since, until in spans]
    assert before[0]
    for number in range(2):
        compact(State("state"))
        assert before == [run(tmp_path, "state", since=since, until=until).report.coverage.warnings for since, until in spans]
        if not number:
            write(tmp_path, {"3.log": line(2)})
            finished(tmp_path, "state", since=july)


def test_what_each_run_was_and_judged_is_what_it_was(tmp_path: Path) -> None:
    state = state_of(tmp_path)
    before = [(one.number, one.run, one.told, one.sha256) for one in runs(state)], readings(state), unfinished(state)
    records = {one.number: (tmp_path / "state" / f"{one.number:010}.s3guard").read_bytes() for one in runs(state)}
    reports = [report(state, number) for number in records]
    assert compact(State(state.uri)) == 5
    after = [(one.number, one.run, one.told, one.sha256) for one in runs(state)], readings(state), unfinished(state)
    assert before[0] == after[0]
    assert before[1].equals(after[1])
    assert before[2] == after[2]
    assert len(before[2]) == 1
    assert reports == [report(state, number) for number in records]
    for one in runs(state):
        kept = tmp_path / "state" / "runs" / f"{one.number:010}.s3guard"
        assert kept.read_bytes() == records[one.number]
        assert one.sha256 == sha256(records[one.number]).hexdigest()
    with pytest.raises(UnableError, match="could not read the state"):
        report(state, 1)


def test_a_state_of_many_runs_is_read_with_few_requests(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(remembered, "OBJECTS", 1)
    write(tmp_path, {f"{number}.log": line(number) for number in range(12)})
    state = str(tmp_path / "state")
    finished(tmp_path, state)
    report = finished(tmp_path, state)
    compact(State(state))
    read: list[str] = []
    reads = store.Folder.read

    def told(self: store.Folder, name: str) -> bytes:
        read.append(name)
        return reads(self, name)

    monkeypatch.setattr(store.Folder, "read", told)
    view = State(state).view()
    assert ["0000000015.s3guard"] == [name for name in read if "/" not in name]
    assert len(read) <= 3
    assert (12, 0, 0) == (len(view.objects), len(view.batches), len(view.runs))
    left = ["0000000015.compacted", "0000000015.s3guard", "parts", "policies", "runs"]
    assert left == sorted(path.name for path in (tmp_path / "state").iterdir())
    assert essence(report) == essence(finished(tmp_path, state))


def test_a_compaction_of_nothing_new_writes_nothing(tmp_path: Path) -> None:
    state = state_of(tmp_path)
    assert compact(state)
    before = files(tmp_path / "state")
    assert (0, 0) == (compact(state), compact(State(state.uri), least=5))
    finished(tmp_path, state.uri)
    assert 0 == compact(State(state.uri), least=2)
    assert 1 == compact(State(state.uri))
    assert before.keys() != files(tmp_path / "state").keys()
    assert 0 == compact(State(str(tmp_path / "none")))
    assert not (tmp_path / "none").exists()


def test_a_view_that_is_in_use_goes_on_after_the_compaction_of_another(tmp_path: Path) -> None:
    state = state_of(tmp_path)
    view = state.view()
    other = State(state.uri)
    compact(other)
    assert other.view().entries[0].what is None
    before = {name: one.keys for name, one in view.objects.items()}
    assert state.view() is view
    assert before == {name: one.keys for name, one in view.objects.items()}
    assert (0, 0) == (len(view.batches), len(view.runs))


def test_what_is_written_where_something_was_compacted_is_written_anew_behind_it(tmp_path: Path) -> None:
    late = state_of(tmp_path)
    late.view()
    for number in range(3):
        write(tmp_path, {f"late{number}.log": line(9)})
        finished(tmp_path, late.uri)
    compact(State(late.uri))
    from s3guard.partial import Partial
    from s3guard.state import batch_head

    assert not late.append(batch_head("r", {}, again=False), Partial().to_ipc())
    assert not (tmp_path / "state" / "0000000006.s3guard").exists()
    last = late.view().last
    assert late.append(batch_head("r", {}, again=False), Partial().to_ipc())
    assert last + 1 == verified(State(late.uri)).entries


class StoppedError(Exception):
    """The process ends here."""


@pytest.fixture
def stopping(monkeypatch: pytest.MonkeyPatch) -> Callable[[int], list[int]]:
    """Make the n-th change of a folder the last; the count of those that were made."""
    create, remove = store.Folder.create, store.Folder.remove

    def stop(number: int) -> list[int]:
        made = [0]

        def count(done: Callable[..., Any]) -> Callable[..., Any]:
            def counted(*arguments: Any) -> Any:
                made[0] += 1
                if made[0] >= number:
                    raise StoppedError
                return done(*arguments)

            return counted

        monkeypatch.setattr(store.Folder, "create", count(create))
        monkeypatch.setattr(store.Folder, "remove", count(remove))
        return made

    return stop


@pytest.mark.parametrize("what", ["compact", "prune"])
def test_wherever_a_compaction_is_stopped_the_state_is_whole_and_the_next_one_cleans_up(
    what: str, tmp_path: Path, stopping: Callable[[int], list[int]], monkeypatch: pytest.MonkeyPatch
) -> None:
    state = state_of(tmp_path)
    compact(state)
    write(tmp_path, {"8.log": line(8)})
    finished(tmp_path, state.uri)
    expected = essence(finished(tmp_path, str(tmp_path / "fresh")))
    cut = int(datetime(2026, 10, 3, 2, tzinfo=UTC).timestamp())
    number, ended = 0, False
    while not ended:
        number += 1
        shutil.rmtree(tmp_path / "copy", ignore_errors=True)
        shutil.copytree(tmp_path / "state", tmp_path / "copy")
        copy = str(tmp_path / "copy")
        stopping(number)
        try:
            compact(State(copy)) if what == "compact" else prune(State(copy), cut)
            ended = True
        except StoppedError:
            pass
        monkeypatch.undo()
        verified(State(copy))
        if what == "compact":
            assert expected == essence(finished(tmp_path, copy))
        else:
            prune(State(copy), cut)
            assert State(copy).view().pruned == cut
        compact(State(copy))
        view = State(copy).view()
        assert view.base is not None
        assert {part.name for part in view.base.compacted.parts} == {
            f"parts/{path.name}" for path in (tmp_path / "copy" / "parts").iterdir()
        }
        assert len(list((tmp_path / "copy").glob("*.*"))) == 2
    assert number > 8


def test_of_two_compactions_at_once_one_is_done_and_the_other_leaves_nothing(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    state, append = state_of(tmp_path), State.append

    def overtaken(self: State, head: Any, body: bytes) -> bool:
        monkeypatch.setattr(State, "append", append)
        assert 5 == compact(State(state.uri))
        return append(self, head, body)

    monkeypatch.setattr(State, "append", overtaken)
    assert 0 == compact(State(state.uri))
    view = State(state.uri).view()
    assert view.base is not None
    assert {part.name for part in view.base.compacted.parts} == {f"parts/{path.name}" for path in (tmp_path / "state" / "parts").iterdir()}


def test_batches_that_are_written_meanwhile_are_left_beside(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    state, append = state_of(tmp_path), State.append

    def overtaken(self: State, head: Any, body: bytes) -> bool:
        monkeypatch.setattr(State, "append", append)
        write(tmp_path, {"new.log": line(7)})
        finished(tmp_path, state.uri)
        return append(self, head, body)

    monkeypatch.setattr(State, "append", overtaken)
    assert 5 == compact(State(state.uri))
    view = State(state.uri).view()
    assert (5, 1, 1) == (len(view.objects), len(view.batches), len(view.runs))
    assert essence(finished(tmp_path, state.uri)) == essence(finished(tmp_path, str(tmp_path / "fresh")))
    verified(State(state.uri))


LOOKS: dict[str, Callable[[Path, str], object]] = {
    "view": lambda _, state: sorted(State(state).view().objects),
    "readings": lambda _, state: readings(State(state)).rows(),
    "verify": lambda _, state: verified(State(state)).runs,
    "check": lambda folder, state: essence(run(folder, state).report),
}


@pytest.mark.parametrize("what", LOOKS)
def test_a_compaction_takes_parts_away_under_a_reader_who_begins_anew(what: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    state = state_of(tmp_path)
    compact(state)
    write(tmp_path, {"8.log": line(8)})
    finished(tmp_path, state.uri)
    expected, read, left = LOOKS[what](tmp_path, state.uri), store.Folder.read, [0]

    def slow(self: store.Folder, name: str) -> bytes:
        left[0] -= name.startswith("parts/")
        if left[0] == 0 and name.startswith("parts/"):
            monkeypatch.setattr(store.Folder, "read", read)
            assert compact(State(copy))
        return read(self, name)

    number = 0
    while not left[0] > 0:
        number += 1
        copy = str(tmp_path / f"copy{number}")
        shutil.copytree(tmp_path / "state", copy)
        left[0] = number
        monkeypatch.setattr(store.Folder, "read", slow)
        assert expected == LOOKS[what](tmp_path, copy)
        monkeypatch.setattr(store.Folder, "read", read)
    assert number > 1


def test_more_of_what_was_reported_that_an_unfinished_run_judged_is_new_after_a_compaction(tmp_path: Path) -> None:
    state = str(tmp_path / "state")
    write(tmp_path, {"a.log": line(1)})
    finished(tmp_path, state)
    write(tmp_path, {"b.log": line(2)})
    run(tmp_path, state)
    compact(State(state))
    report = finished(tmp_path, state)
    assert (1, ("fail", 2, ["new"])) == (report.exit_code, said(report)["networks"])
    compact(State(state))
    again = finished(tmp_path, state)
    assert (0, ("fail", 2, ["unchanged"])) == (again.exit_code, said(again)["networks"])


def harmed(folder: Path) -> Iterator[tuple[str, Path]]:
    """What may be harmed of a compacted state, and what is complained of."""
    for path in sorted((folder / "parts").iterdir()):
        yield rf"parts/{path.name} of the state in \S+ is damaged", path
    for path in sorted((folder / "runs").iterdir()):
        yield rf"runs/{path.name} of the state in \S+ is damaged", path
    yield r"entry 6 of the state in \S+ is damaged", folder / "0000000006.s3guard"


def test_a_bit_of_any_part_is_missed_by_verify(tmp_path: Path) -> None:
    compact(state_of(tmp_path))
    count = 0
    for complaint, path in harmed(tmp_path / "state"):
        data = bytearray(path.read_bytes())
        data[-1] ^= 1
        path.write_bytes(data)
        with pytest.raises(UnableError, match=complaint):
            verified(State(str(tmp_path / "state")))
        data[-1] ^= 1
        path.write_bytes(data)
        count += 1
    assert count > 5
    whole = verified(State(str(tmp_path / "state")))
    assert (6, 5, 2) == (whole.entries, whole.compacted, whole.runs)


def test_what_is_gone_of_a_compacted_state_is_missed(tmp_path: Path) -> None:
    compact(state_of(tmp_path))
    for path in [*(tmp_path / "state" / "parts").iterdir(), *(tmp_path / "state" / "runs").iterdir()]:
        path.rename(tmp_path / "away")
        with pytest.raises(UnableError, match="could not read the state"):
            verified(State(str(tmp_path / "state")))
        (tmp_path / "away").rename(path)
    (tmp_path / "state" / "0000000006.s3guard").unlink()
    with pytest.raises(UnableError, match="could not read the state"):
        State(str(tmp_path / "state")).view()
