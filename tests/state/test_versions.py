"""States outlive versions of s3guard: an old one is gone on with, a newer one is refused and never touched."""

from __future__ import annotations

import json
import shutil
from collections.abc import Callable
from datetime import UTC, datetime
from hashlib import sha256
from pathlib import Path

import pytest

from s3guard.model import UnableError
from s3guard.state import VERSION, State
from s3guard.state.compaction import compact, prune
from s3guard.state.history import readings, runs, unfinished, verified
from s3guard.state.judged import Batch
from tests.remembering import essence, finished, run
from tests.test_remembered import line, write

GOLDEN = Path(__file__).parent.parent / "golden"


def test_there_is_a_golden_state_of_every_version_before_this_one() -> None:
    assert [f"state-{number}" for number in range(1, VERSION)] == sorted(path.name for path in GOLDEN.glob("state-*"))


@pytest.fixture(params=range(1, VERSION))
def old(request: pytest.FixtureRequest, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> tuple[Path, datetime]:
    """A state of an earlier version, with the logs and policies that it is about, and the clock of its runs."""
    shutil.copytree(GOLDEN / f"state-{request.param}", tmp_path, dirs_exist_ok=True)
    monkeypatch.chdir(tmp_path)
    return tmp_path, datetime.fromisoformat((tmp_path / "as-of").read_text().strip())


def test_a_state_of_an_earlier_version_is_read_as_it_was_meant(old: tuple[Path, datetime]) -> None:
    folder, _ = old
    state = State("state")
    assert (7, 0, 2, 0) == tuple(getattr(verified(state), name) for name in ("entries", "compacted", "runs", "parts"))
    assert [2, 7] == [one.number for one in runs(state)]
    assert 1 == len(unfinished(state))
    assert len(list((folder / "logs").iterdir())) == readings(state)["object"].n_unique()


@pytest.mark.parametrize("upgraded", [False, True], ids=["as-it-is", "compacted"])
def test_a_state_of_an_earlier_version_is_gone_on_with(upgraded: bool, old: tuple[Path, datetime]) -> None:  # noqa: FBT001 - a parameter
    folder, as_of = old
    if upgraded:
        records = {one.number: (folder / "state" / f"{one.number:010}.s3guard").read_bytes() for one in runs(State("state"))}
        assert 7 == compact(State("state"))
        assert records == {
            one.number: (folder / "state" / "runs" / f"{one.number:010}.s3guard").read_bytes() for one in runs(State("state"))
        }
    before = State("state").view()
    last, objects = before.last, len(before.objects)
    report = finished(folder, "state", as_of=as_of)
    assert essence(report) == essence(finished(folder, "fresh", as_of=as_of))
    after = State("state").view()
    assert objects == len(after.objects)
    judged = [entry.what for entry in after.entries if entry.number > last and isinstance(entry.what, Batch)]
    # NOTE: by rules that count otherwise than then, all is read again; what could not be read is tried again; nothing counts twice.
    assert all(batch.again or batch.partial.unreadable for batch in judged)
    verified(State("state"))


def test_what_a_state_of_an_earlier_version_tells_of_traffic_is_nothing_and_the_report_says_so(old: tuple[Path, datetime]) -> None:
    folder, as_of = old
    found = run(folder, "state", as_of=as_of, traffic=True).report
    assert found.traffic is not None
    assert found.traffic.unmeasured is not None
    judged = sum(bucket.records for bucket in found.coverage.buckets if bucket.policies)
    assert judged == found.traffic.unmeasured.records > 0
    assert 1 == sum(note.startswith("The traffic that is drawn lacks") for note in found.notes)
    assert finished(folder, "fresh", as_of=as_of, traffic=True).traffic.unmeasured is None  # type: ignore[union-attr] # it was asked for


def test_a_state_of_an_earlier_version_is_pruned(old: tuple[Path, datetime]) -> None:
    _, as_of = old
    prune(State("state"), int(as_of.timestamp()))
    assert int(as_of.timestamp()) == State("state").view().pruned
    verified(State("state"))


def later(path: Path) -> None:
    """Make an entry one of a later version, whole as such."""
    data = path.read_bytes()
    start = data.index(b"\n") + 9
    size = int.from_bytes(data[start - 8 : start], "big")
    head, body = json.loads(data[start : start + size]), data[start + size :] + b"what nobody knows yet"
    text = json.dumps(head | {"version": VERSION + 1, "body": sha256(body).hexdigest(), "kind": "knot"}).encode()
    path.write_bytes(data[: start - 8] + len(text).to_bytes(8, "big") + text + body)


TOUCHING: dict[str, Callable[[Path, str], object]] = {
    "check": run,
    "compact": lambda _, state: compact(State(state)),
    "prune": lambda _, state: prune(State(state), 0),
    "prune --dry-run": lambda _, state: prune(State(state), 0, dry=True),
    "verify": lambda _, state: verified(State(state)),
    "show": lambda _, state: runs(State(state)),
}


@pytest.mark.parametrize("compacted", [False, True], ids=["as-written", "compacted"])
@pytest.mark.parametrize("what", TOUCHING)
def test_a_state_of_a_later_version_is_refused_and_not_touched(what: str, compacted: bool, tmp_path: Path) -> None:  # noqa: FBT001 - a parameter
    state = str(tmp_path / "state")
    write(tmp_path, {"a.log": line(1)})
    finished(tmp_path, state)
    if compacted:
        compact(State(state))
    later(max((tmp_path / "state").glob("*.s3guard")))
    write(tmp_path, {"b.log": line(2)})
    before = {path: path.read_bytes() for path in (tmp_path / "state").rglob("*") if path.is_file()}
    with pytest.raises(UnableError, match=r"was written by a later version of s3guard; use that, or another state"):
        TOUCHING[what](tmp_path, state)
    assert before == {path: path.read_bytes() for path in (tmp_path / "state").rglob("*") if path.is_file()}


def test_entries_of_this_version_say_so(tmp_path: Path) -> None:
    write(tmp_path, {"a.log": line(1)})
    finished(tmp_path, str(tmp_path / "state"), as_of=datetime(2026, 10, 4, tzinfo=UTC))
    assert all(b'"version": %d' % VERSION in path.read_bytes()[:8000] for path in (tmp_path / "state").glob("*.s3guard"))
