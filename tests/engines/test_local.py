"""The engine on this machine: the same answer for any number of threads, any order of files and any size of what they work on."""

from __future__ import annotations

import gzip
import io
import queue
import tarfile
import threading
from pathlib import Path
from random import Random

import pytest
import zstandard

from s3guard import blocks, engines, partial, seconds, sources, vocabulary
from s3guard.conclude import Conclusion, conclude
from s3guard.engines import Work, local
from s3guard.model import Status, Unreadable, UsageError
from s3guard.parsed import Quarantined
from s3guard.partial import Partial, merge
from s3guard.plan import Plan
from s3guard.sources import local as files
from tests.batches import policies_of
from tests.lines import FORGED_CORE, record
from tests.reference.worlds import World, world

POLICY = """
version: 1
policy: p
buckets: [examplebucket]
rules:
  anonymous: {}
  access_denied: {max: 1, per: 10s}
  custom: {measure: count, max: 1000000}
"""
AMBIGUOUS = record(requester=b"-", referer=b'"' + FORGED_CORE + b'-" "y').render()
ANONYMOUS = record(requester=b"-").render()
CLEAN = record().render()
WORLDS = [world(seed, 250) for seed in (3, 11, 24)]


def plan_of(made: World) -> Plan:
    """The plan by which a world is judged."""
    return Plan(policies_of(made.policies), since=made.since, until=made.until)


def store(folder: Path, files: dict[str, bytes]) -> list[str]:
    """Files of a folder of their own; their paths."""
    for name, content in files.items():
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        (folder / name).write_bytes(content)
    return [str(folder / name) for name in files]


def run(plan: Plan, paths: list[str], root: Path, jobs: int = 2) -> Conclusion:
    """What the engine says of files."""
    return conclude(plan, local.run(Work(plan, sources.objects(paths, str(root)), jobs=jobs)))


@pytest.mark.parametrize("made", WORLDS, ids=lambda made: str(made.as_of))
def test_threads_order_and_sizes_change_nothing(made: World, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    plan, paths = plan_of(made), store(tmp_path, dict(made.files))
    expected = run(plan, paths, tmp_path, jobs=1)
    assert run(plan, Random(1).sample(paths, len(paths)), tmp_path, jobs=3) == expected
    monkeypatch.setattr(blocks, "SIZE", 4_000)
    monkeypatch.setattr(local, "SHARD", 9_000)
    assert run(plan, Random(2).sample(paths, len(paths)), tmp_path, jobs=2) == expected
    monkeypatch.setattr(vocabulary, "LIMIT", 5)
    monkeypatch.setattr(partial, "LOOSE", 10)
    monkeypatch.setattr(seconds, "ROWS", 10)
    assert run(plan, paths[::-1], tmp_path, jobs=1) == expected
    assert run(plan, Random(3).sample(paths, len(paths)), tmp_path, jobs=4) == expected


def test_a_thread_that_halts_before_it_has_a_worker_leaves_none_waiting_forever(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    others = threading.Semaphore(0)

    class Halting(queue.SimpleQueue[object]):
        first = True

        def get(self, block: bool = True, timeout: float | None = 5) -> object:  # noqa: FBT001, FBT002 - as the queue has it
            if self.first:
                self.first = False
                any(not others.acquire(timeout=1) for _ in range(2))
            else:
                others.release()
            return super().get(block, timeout)

    monkeypatch.setattr("s3guard.engines.local.SimpleQueue", Halting)
    assert 1 == run(Plan(policies_of([POLICY])), store(tmp_path, {"o": CLEAN + b"\n"}), tmp_path).coverage.records


@pytest.mark.parametrize("jobs", [1, 3])
def test_quarantined_lines_are_told_in_the_order_of_the_input(jobs: int, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(blocks, "SIZE", 700)
    plan = Plan(policies_of([POLICY]))
    contents = {f"o{number}": b"\n".join([CLEAN, b"noise", AMBIGUOUS, CLEAN, CLEAN, b"more noise", CLEAN, b""]) for number in range(6)}
    told: list[tuple[str, int, str]] = []

    def tell(name: str, line: Quarantined) -> None:
        told.append((name, line.line, line.status))

    found = local.run(Work(plan, sources.objects(store(tmp_path, contents), str(tmp_path)), jobs=jobs, quarantine=tell))
    places = ((2, "quarantined"), (3, "ambiguous"), (6, "quarantined"))
    assert told == [(name, line, status) for name in contents for line, status in places]
    assert (found.quarantined, merge([found]).buckets[0]["ambiguous"].sum()) == (12, 6)


@pytest.mark.parametrize("jobs", [1, 3])
def test_progress_ends_with_all_that_was_read(jobs: int, tmp_path: Path) -> None:
    plan, told = Plan(policies_of([POLICY])), list[tuple[int, int]]()
    paths = store(tmp_path, {f"o{number}": (CLEAN + b"\n") * 5 for number in range(3)})

    def tell(stored: int, records: int) -> None:
        told.append((stored, records))

    local.run(Work(plan, sources.objects(paths, str(tmp_path)), jobs=jobs, progress=tell))
    assert told[-1] == (15 * (len(CLEAN) + 1), 15)
    assert told == sorted(told)


def told(concluded: Conclusion) -> dict[str, tuple[Status, int, int]]:
    """Status, records and violations of each rule."""
    return {result.rule.removeprefix("p/"): (result.status, result.records, result.violations) for result in concluded.results}


def packed(lines: int) -> bytes:
    """Different lines, so that they do not shrink to nothing."""
    rng = Random(lines)
    return b"".join(record(requester=b"-", request_id=rng.randbytes(8).hex().encode()).render() + b"\n" for _ in range(lines))


@pytest.mark.parametrize(("name", "pack"), [("gzip", gzip.compress), ("zstd", zstandard.ZstdCompressor().compress)])
def test_of_an_object_that_is_cut_short_what_came_is_judged_and_it_is_unreadable(name: str, pack: object, tmp_path: Path) -> None:
    assert callable(pack)
    content = packed(3000)
    whole, cut = pack(content), pack(content)[:-400]
    paths = store(tmp_path, {"cut": cut, "good": whole})
    concluded = run(Plan(policies_of([POLICY])), paths, tmp_path)
    coverage = concluded.coverage
    assert coverage.unreadable == (Unreadable("cut", f"cut short: the {name} data ends in the middle"),)
    assert 3000 < coverage.records < 6000
    assert told(concluded)["anonymous"] == (Status.FAIL, coverage.records, coverage.records)
    assert (coverage.objects, coverage.bytes) == (2, len(cut) + len(whole))


def test_objects_of_every_make_are_read_together(tmp_path: Path) -> None:
    line = ANONYMOUS + b"\n"
    files = {
        "plain": line,
        "no newline": ANONYMOUS,
        "nothing": b"",
        "blank": b"\n\r\n\n",
        "gzip": gzip.compress(line) + gzip.compress(line),
        "zstd": zstandard.ZstdCompressor().compress(line) * 2,
        "garbage": bytes(range(256)) * 4,
        "few": b"noise\n",
        "mark": b"\xef\xbb\xbf" + line,
        "windows": ANONYMOUS + b"\r\n",
    }
    paths = [*store(tmp_path, files), str(tmp_path / "vanished")]
    (tmp_path / "vanished").symlink_to("nowhere")
    concluded = run(Plan(policies_of([POLICY])), paths, tmp_path)
    assert told(concluded)["anonymous"] == (Status.FAIL, 8, 8)
    coverage = concluded.coverage
    assert (coverage.objects, coverage.records, coverage.quarantined) == (11, 8, 6)
    assert coverage.unreadable == (
        Unreadable("garbage", "no line of it is a log record; neither is it JSON or Parquet, gzip or Zstandard"),
        Unreadable("vanished", "no such file or directory"),
    )
    assert {kind: coverage.warnings[kind] for kind in ("byte-order-mark", "carriage-return", "unterminated-line")} == {
        "byte-order-mark": 1,
        "carriage-return": 1,
        "unterminated-line": 2,
    }


def test_records_behind_carriage_returns_alone_are_no_clean_run(tmp_path: Path) -> None:
    good, text = CLEAN + b"\n", record(user_agent=b"a\rb").render() + b"\n"
    contents = {"old": good + b"\r".join([CLEAN] * 3) + b"\r\n" + good, "text": text, "windows": CLEAN + b"\r\n" + CLEAN + b"\r\n"}
    coverage = run(Plan(policies_of([POLICY])), store(tmp_path, contents), tmp_path).coverage
    reason = "its records end with carriage returns alone, so that several are one line; convert them to newlines"
    assert coverage.unreadable == (Unreadable("old", reason),)


def test_a_tar_archive_is_no_clean_run(tmp_path: Path) -> None:
    archive = io.BytesIO()
    with tarfile.open(fileobj=archive, mode="w") as tar:
        member = tarfile.TarInfo("a.log")
        member.size = 2 * len(CLEAN) + 2
        tar.addfile(member, io.BytesIO((CLEAN + b"\n") * 2))
    imitated = b"a" * 257 + b"ustar\0\n" + CLEAN + b"\n"
    contents = {"logs.tar": archive.getvalue(), "line": imitated}
    coverage = run(Plan(policies_of([POLICY])), store(tmp_path, contents), tmp_path).coverage
    assert coverage.unreadable == (Unreadable("logs.tar", "a tar archive; unpack it and give what is inside"),)
    assert 2 == coverage.records


def test_a_line_of_many_mebibytes_hides_none_of_its_neighbours(tmp_path: Path) -> None:
    content = b"\n".join(
        [ANONYMOUS, b"x" * (9 << 20), ANONYMOUS, ANONYMOUS.replace(b'"-" "', b'"' + b"y" * (1 << 20) + b'" "'), ANONYMOUS, b""]
    )
    concluded = run(Plan(policies_of([POLICY])), store(tmp_path, {"o": content}), tmp_path)
    assert (concluded.coverage.records, concluded.coverage.quarantined) == (3, 2)
    finding = next(result for result in concluded.results if result.kind == "anonymous").findings[0]
    assert [sample.line for sample in finding.samples] == [1, 3, 5]


def test_ambiguous_lines_of_different_blocks_stay_apart(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    # NOTE: the second stands at place 0 of its block, the first as far behind as any number of blank lines can push it.
    monkeypatch.setattr(blocks, "SIZE", 1)
    monkeypatch.setattr(blocks, "ROWS", 1 << 30)
    monkeypatch.setattr(files, "_PIECE", 1 << 30)
    paths = store(
        tmp_path, {"a": b"\n" * (1 << 20) + AMBIGUOUS + b"\n", "b": AMBIGUOUS + b"\n", "c": b"\n" * (1 << 20) + AMBIGUOUS + b"\n"}
    )
    concluded = run(Plan(policies_of([POLICY])), paths, tmp_path, jobs=1)
    assert concluded.coverage.ambiguous == 3
    assert told(concluded)["anonymous"] == (Status.FAIL, 3, 3)


@pytest.mark.parametrize("jobs", [1, 3])
def test_the_failure_of_a_worker_is_the_failure_of_the_run(jobs: int, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def fail(*_: object) -> Partial:
        raise MemoryError("too much")

    monkeypatch.setattr(local, "scan", fail)
    monkeypatch.setattr(local, "SHARD", 1)
    monkeypatch.setattr(blocks, "SIZE", 1)
    paths = store(tmp_path, {f"o{number}": CLEAN + b"\n" for number in range(9)})
    with pytest.raises(MemoryError, match="too much"):
        run(Plan(policies_of([POLICY])), paths, tmp_path, jobs)


def test_no_object_at_all_is_an_empty_partial() -> None:
    plan = Plan(policies_of([POLICY]))
    concluded = conclude(plan, local.run(Work(plan, iter(()), jobs=2)))
    assert {result.status for result in concluded.results} == {Status.UNDETERMINED}
    assert concluded.coverage.objects == 0


def test_engines_are_found_by_name() -> None:
    assert "local" in engines.catalog()
    assert engines.engine("local") is local
    with pytest.raises(UsageError, match="no engine is named 'locla'; did you mean local"):
        engines.engine("locla")
