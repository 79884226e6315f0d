"""The file of quarantined lines: all of them, in order, safe to show, and there only when the run went well."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from s3guard.model import UnableError
from s3guard.parsed import Quarantined
from s3guard.quarantine import FIRST, First, Quarantine
from s3guard.text import unvisible


def line(data: bytes, number: int = 1, status: str = "quarantined") -> Quarantined:
    """A line that was set aside."""
    return Quarantined(0, number, status, "a reason", data)


def written(path: Path, *lines: Quarantined, name: str = "logs/o") -> list[dict[str, Any]]:
    """What a file holds of the lines."""
    with Quarantine(path) as quarantine:
        for one in lines:
            quarantine.add(name, one)
    return [json.loads(text) for text in path.read_text(encoding="ascii").splitlines()]


def test_each_line_has_its_origin_status_reason_and_text(tmp_path: Path) -> None:
    found = written(tmp_path / "q.jsonl", line(b"noise", 7), line(b"two", 9, "ambiguous"))
    assert found == [
        {"object": "logs/o", "line": 7, "status": "quarantined", "reason": "a reason", "text": "noise"},
        {"object": "logs/o", "line": 9, "status": "ambiguous", "reason": "a reason", "text": "two"},
    ]


def test_a_report_names_the_same_first_lines_in_whatever_order_they_are_told() -> None:
    told = [(f"logs/{number % 3}", line(b"noise", number)) for number in range(1, FIRST * 2)]
    forwards, backwards = First(), First()
    for name, one in told:
        forwards.add(name, one)
    for name, one in [*reversed(told), *told]:
        backwards.add(name, one)
    assert forwards.lines == backwards.lines
    assert sorted((name, one.line) for name, one in told)[:FIRST] == [(one.object, one.line) for one in forwards.lines]


def test_hostile_text_is_made_visible_and_can_be_read_back(tmp_path: Path) -> None:
    hostile = "\x1b[2J\u2028\u202e'\"\\ ::error::x\r".encode() + b"\xff\x00"
    path = tmp_path / "q.jsonl"
    (found,) = written(path, line(hostile), name="logs/\u2028\n")
    assert path.read_bytes().count(b"\n") == 1
    assert found["text"].isprintable()
    assert unvisible(found["text"]) == hostile.decode("utf-8", "backslashreplace")
    assert found["object"] == "logs/\\u{2028}\\u{a}"


def test_credentials_are_masked(tmp_path: Path) -> None:
    (found,) = written(tmp_path / "q.jsonl", line(b'"GET /k?X-Amz-Security-Token=SECRET&X-Amz-Signature=abc HTTP/1.1'))
    assert found["text"] == '"GET /k?X-Amz-Security-Token=***&X-Amz-Signature=*** HTTP/1.1'


def test_no_line_makes_an_empty_file(tmp_path: Path) -> None:
    assert written(tmp_path / "q.jsonl") == []
    assert (tmp_path / "q.jsonl").read_bytes() == b""


def fail(path: Path) -> None:
    """A run that breaks off."""
    with Quarantine(path) as quarantine:
        quarantine.add("o", line(b"noise"))
        raise KeyError("a failure of the run")


def test_a_run_that_fails_leaves_what_was_there_before_and_nothing_beside_it(tmp_path: Path) -> None:
    path = tmp_path / "q.jsonl"
    path.write_text("of an earlier run", encoding="utf-8")
    with pytest.raises(KeyError):
        fail(path)
    assert [file.name for file in tmp_path.iterdir()] == ["q.jsonl"]
    assert path.read_text(encoding="utf-8") == "of an earlier run"


def test_a_file_that_cannot_be_made_is_told(tmp_path: Path) -> None:
    (tmp_path / "file").touch()
    with pytest.raises(UnableError, match=r"could not write .*/file/q\.jsonl: Not a directory"), Quarantine(tmp_path / "file/q.jsonl"):
        pass
    (tmp_path / "folder").mkdir()
    with pytest.raises(UnableError, match="could not write"), Quarantine(tmp_path / "folder"):
        pass


def fill(path: Path) -> None:
    """More lines than a buffer holds."""
    with Quarantine(path) as quarantine:
        for number in range(2000):
            quarantine.add("o", line(b"noise " * 10, number))


@pytest.mark.skipif(not Path("/dev/full").exists(), reason="only Linux has a device that is always full")
def test_a_full_disk_is_told() -> None:
    with pytest.raises(UnableError, match="could not write /dev/full: No space left on device"):
        fill(Path("/dev/full"))


def test_a_device_stays_a_device() -> None:
    with Quarantine(Path("/dev/null")) as quarantine:
        quarantine.add("o", line(b"noise"))
    assert Path("/dev/null").is_char_device()
