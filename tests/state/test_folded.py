"""A view that was folded says what it said before, in fewer tables."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta
from pathlib import Path

import pytest

from s3guard import policy, remembered
from s3guard.partial import RuleTables
from s3guard.remembered import keys
from s3guard.sources import LogObject
from s3guard.state import State, View
from s3guard.state.folded import fold
from tests import lines, remembering
from tests.cli.project import CLEAN, STRANGER, project


def view(folder: Path) -> View:
    return State(str(folder / "state")).view()


def told(found: View, folder: Path, run: str) -> dict[str, object]:
    """All that a run could conclude from; rows of tables in one order."""
    whole = found.merged(keys(policy.load([folder / "policies"])), run)
    names = ("totals", "buckets", "seen", "deliveries", "looked")
    tables = {name: getattr(whole, name) for name in names}
    tables |= {f"{rule} {name}": getattr(of, name) for rule, of in whole.rules.items() for name in RuleTables.NAMES}
    rows = {name: [sorted(frame.rows(), key=repr) for frame in frames] for name, frames in tables.items()}
    return {**rows, **{name: getattr(whole, name) for name in ("objects", "bytes", "quarantined", "outside", "unreadable", "warnings")}}


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A state of three finished runs, a batch an object, of which the second judged by a rule more, and the third met a broken object."""
    monkeypatch.setattr(remembered, "OBJECTS", 1)
    monkeypatch.chdir(project(tmp_path))
    state = str(tmp_path / "state")
    since = remembering.AS_OF - timedelta(days=10_000)
    remembering.finished(tmp_path, state, since=since)
    rules = tmp_path / "policies" / "p.yaml"
    rules.write_text(rules.read_text() + "  volume: {requests: 2, per: 1h}\n")
    remembering.finished(tmp_path, state, since=since)
    (tmp_path / "logs" / "later.log").write_bytes(CLEAN + STRANGER + lines.record(requester=b"-").render() + b"\n")
    (tmp_path / "logs" / "broken.gz").write_bytes(b"\x1f\x8b\x08")
    remembering.finished(tmp_path, state, since=since)
    return tmp_path


def test_what_is_concluded_for_any_run_is_the_same(folder: Path) -> None:
    runs = [run.run for run in view(folder).runs]
    for run in (*runs, "the next one"):
        whole, folded = view(folder), view(folder)
        fold(folded, run)
        assert len(folded.batches) < len(whole.batches)
        assert told(whole, folder, run) == told(folded, folder, run)
        fold(folded, run)
        assert told(whole, folder, run) == told(folded, folder, run)


def test_what_is_known_of_objects_and_findings_is_the_same(folder: Path) -> None:
    whole, folded = view(folder), view(folder)
    fold(folded, "")
    assert (whole.objects, whole.last, whole.digest) == (folded.objects, folded.last, folded.digest)
    reported = frozenset[str]().union(*(run.fingerprints for run in whole.runs))
    assert [reported] == [run.fingerprints for run in folded.runs]
    unreadable = {one.object for batch in folded.batches for one in batch.partial.unreadable}
    assert {"logs/broken.gz"} == unreadable


def test_it_may_be_folded_as_it_is_read_and_read_on(folder: Path) -> None:
    whole, state = view(folder), State(str(folder / "state"))
    for _ in range(2):
        state.view(lambda found: fold(found, "mine"))
    assert state.append({"kind": "run", "run": "mine"}, b'{"results": []}')
    assert len(state.view().batches) <= 3
    assert whole.last + 1 == state.view().last
    assert told(whole, folder, "mine") == told(state.view(), folder, "mine")


def test_an_object_that_could_not_be_read_again_is_no_new_entry(folder: Path) -> None:
    before = view(folder).last
    report = remembering.run(folder, str(folder / "state"), since=remembering.AS_OF - timedelta(days=10_000)).report
    assert ["logs/broken.gz"] == [one.object for one in report.coverage.unreadable]
    assert before == view(folder).last


def test_keys_are_kept_once(folder: Path) -> None:
    found = view(folder)
    sets = [known.keys for known in found.objects.values()]
    assert len({id(one) for one in sets}) < len(sets)
    entry = LogObject("logs/clean.log", "", None, "local")
    assert frozenset() == found.lacking(replace(entry, size=3), frozenset(sets[0]) & frozenset(found.objects["logs/clean.log"].keys))
