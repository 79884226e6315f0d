"""Entries of a state are whole, in order, and ours, or nothing is concluded from them."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path

import pytest

from s3guard.model import UnableError
from s3guard.partial import Partial
from s3guard.state import State, batch_head, run_head


def filled(folder: Path) -> list[Path]:
    """A state of three entries, and their files."""
    state = State(str(folder))
    for number, (head, body) in enumerate(
        [
            (batch_head("r1", {"p/networks": "key"}, again=False), Partial().to_ipc()),
            (run_head("r1"), json.dumps({"results": [{"findings": [{"fingerprint": "f"}]}]}).encode()),
            (run_head("r2"), json.dumps({"results": []}).encode()),
        ]
    ):
        assert state.append(head, body)
        assert state.view().last == number + 1
    return sorted(folder.glob("*.s3guard"))


def test_a_state_tells_what_was_written(tmp_path: Path) -> None:
    filled(tmp_path / "state")
    view = State(str(tmp_path / "state")).view()
    assert [(batch.number, batch.run, dict(batch.rules)) for batch in view.batches] == [(1, "r1", {"p/networks": "key"})]
    assert [(run.number, run.run, set(run.fingerprints)) for run in view.runs] == [(2, "r1", {"f"}), (3, "r2", set())]


def test_a_state_that_is_not_there_is_empty(tmp_path: Path) -> None:
    view = State(str(tmp_path / "state")).view()
    assert (view.last, view.batches, view.runs) == (0, [], [])


def test_a_number_that_another_run_took_is_not_taken_again(tmp_path: Path) -> None:
    one, other = (State(str(tmp_path / "state")) for _ in range(2))
    assert one.append(run_head("a"), b"{}")
    assert not other.append(run_head("b"), b"{}")
    other.view()
    assert other.append(run_head("b"), b"{}")
    assert [run.run for run in one.view().runs] == ["a", "b"]


DAMAGE: dict[str, tuple[Callable[[list[Path]], object], str]] = {
    "an entry is gone": (lambda files: files[1].unlink(), "has no entry 2, but one with the number 3"),
    "the first is gone": (lambda files: files[0].unlink(), "has no entry 1"),
    "a bit of the body": (lambda files: flip(files[1], -2), "entry 2 .* is damaged"),
    "a bit of the head": (lambda files: flip(files[1], 40), "entry 2 .*(damaged|exchanged)"),
    "a bit of what it begins with": (lambda files: flip(files[1], 3), "entry 2 .* is not one of s3guard's"),
    "cut short": (lambda files: files[1].write_bytes(files[1].read_bytes()[:-3]), "entry 2 .* is damaged"),
    "empty": (lambda files: files[1].write_bytes(b""), "entry 2 .* is not one of s3guard's"),
    "exchanged": (lambda files: swap(files[1], files[2]), "entry 2 .* is damaged"),
    "of a later version": (lambda files: rewritten(files[1], b'"version": 1', b'"version": 9'), "written by a later version"),
    "of another state": (lambda files: rewritten(files[1], b'"previous": "', b'"previous": "0'), "does not belong behind"),
}


def flip(path: Path, place: int) -> None:
    """Change one bit."""
    data = bytearray(path.read_bytes())
    data[place] ^= 1
    path.write_bytes(data)


def swap(one: Path, other: Path) -> None:
    """Exchange two files."""
    first, second = one.read_bytes(), other.read_bytes()
    one.write_bytes(second)
    other.write_bytes(first)


def rewritten(path: Path, before: bytes, after: bytes) -> None:
    """Change the head of an entry, and its length with it."""
    data = path.read_bytes()
    start = data.index(b"\n") + 1
    size = int.from_bytes(data[start : start + 8], "big")
    head = data[start + 8 : start + 8 + size].replace(before, after)
    path.write_bytes(data[:start] + len(head).to_bytes(8, "big") + head + data[start + 8 + size :])


@pytest.mark.parametrize("fault", DAMAGE)
def test_a_damaged_state_is_told_and_nothing_is_concluded_from_it(fault: str, tmp_path: Path) -> None:
    harm, complaint = DAMAGE[fault]
    harm(filled(tmp_path / "state"))
    with pytest.raises(UnableError, match=complaint):
        State(str(tmp_path / "state")).view()
