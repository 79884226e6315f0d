"""Entries of a state are whole, in order, and ours, or nothing is concluded from them."""

from __future__ import annotations

import json
import os
from collections.abc import Callable
from pathlib import Path

import pytest

from s3guard.model import UnableError
from s3guard.partial import Partial
from s3guard.state import VERSION, State, batch_head, run_head

EMPTY = b'{"results": []}'
"""The report of a run that found nothing."""


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
    assert one.append(run_head("a"), EMPTY)
    assert not other.append(run_head("b"), EMPTY)
    other.view()
    assert other.append(run_head("b"), EMPTY)
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
    "of a later version": (lambda files: rewritten(files[1], b'"version": %d' % VERSION, b'"version": 9'), "written by a later version"),
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


FORGED: dict[str, tuple[dict[str, object], bytes]] = {
    "a kind that there is not": ({"kind": "pope"}, b""),
    "tables that are none": ({"kind": "batch", "run": "r", "rules": {}, "again": False}, b"\0" * 20),
    "rules that are no names": ({"kind": "batch", "run": "r", "rules": [1], "again": False}, b""),
    "a batch without rules": ({"kind": "batch", "run": "r", "again": False}, b""),
    "a report that is none": ({"kind": "run", "run": "r"}, b"xx"),
    "a report of another shape": ({"kind": "run", "run": "r"}, b"[]"),
    "findings without fingerprints": ({"kind": "run", "run": "r"}, b'{"results": [{"findings": [{}]}]}'),
    "a report as deep as the sea": ({"kind": "run", "run": "r"}, b"[" * 200_000),
    "what nobody covers": ({"kind": "run", "run": "r", "covered": {"moon": 1}}, EMPTY),
}


@pytest.mark.parametrize("forgery", FORGED)
def test_an_entry_that_is_whole_and_says_what_s3guard_never_writes_is_told(forgery: str, tmp_path: Path) -> None:
    head, body = FORGED[forgery]
    assert State(str(tmp_path)).append(head, body)
    with pytest.raises(UnableError, match=r"entry 1 of the state in \S+ is damaged: it says nothing that s3guard writes"):
        State(str(tmp_path)).view()


@pytest.mark.parametrize(
    "change", [(b'"version": %d' % VERSION, b'"version": "%d"' % VERSION), (b'"previous"', b'"preceding"'), (b"{", b"[")]
)
def test_a_head_that_is_none_is_told(change: tuple[bytes, bytes], tmp_path: Path) -> None:
    rewritten(filled(tmp_path / "state")[1], *change)
    with pytest.raises(UnableError, match=r"entry 2 of the state in \S+ is damaged"):
        State(str(tmp_path / "state")).view()


@pytest.mark.parametrize("name", ["\u00b2" * 10, "\u0660" * 9 + "\u0661", "00000000001", "x000000001"])
def test_files_that_only_look_like_entries_are_none(name: str, tmp_path: Path) -> None:
    filled(tmp_path / "state")
    (tmp_path / "state" / f"{name}.s3guard").write_bytes(b"x")
    assert State(str(tmp_path / "state")).view().last == 3


@pytest.mark.parametrize("kind", ["pipe", "device", "folder"])
def test_an_entry_that_is_no_file_is_told_and_not_waited_for(kind: str, tmp_path: Path) -> None:
    filled(tmp_path / "state")
    path = tmp_path / "state" / "0000000004.s3guard"
    makers: dict[str, Callable[[], object]] = {"pipe": lambda: os.mkfifo(path), "device": lambda: path.symlink_to("/dev/zero")}
    makers.get(kind, path.mkdir)()
    with pytest.raises(UnableError, match=r"could not read the state in .*(no regular file|is a directory)"):
        State(str(tmp_path / "state")).view()


def test_a_state_knows_its_own_entries_by_where_they_are(tmp_path: Path) -> None:
    folder = filled(tmp_path / "state")[0].parent
    (tmp_path / "link").symlink_to(folder)
    state = State(str(tmp_path / "link"))
    assert state.holds(str(folder / "0000000001.s3guard"))
    assert not state.holds(str(folder / "a.log"))
    assert not state.holds(str(tmp_path / "0000000001.s3guard"))
