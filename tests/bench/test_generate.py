"""The records that benchmarks measure with are records, as many as asked for, and the same in one file and in many."""

from __future__ import annotations

from pathlib import Path

from s3guard.reading import read_line
from tests.bench.generate import write_file, write_folder
from tests.bench.synthetic import Synthetic


def test_a_file_holds_as_many_records_as_asked_for_and_each_can_be_read(tmp_path: Path) -> None:
    write_file(tmp_path / "logs", 12_000)
    lines = (tmp_path / "logs").read_bytes().split(b"\n")
    assert b"" == lines.pop()
    assert 12_000 == len(lines)
    assert 550 < sum(map(len, lines)) / len(lines) < 680
    assert {("ok", 27)} == {(read.status, read.readings[0].fields) for read in map(read_line, lines[::7])}


def test_many_files_hold_the_same_records_as_one(tmp_path: Path) -> None:
    write_file(tmp_path / "logs", 1_000)
    write_folder(tmp_path / "many", 1_000, 20)
    files = sorted((tmp_path / "many").iterdir())
    assert 20 == len(files)
    assert (tmp_path / "logs").read_bytes() == b"".join(path.read_bytes() for path in files)


def test_objects_that_nobody_wrote_are_as_long_as_they_are_said_to_be_and_differ() -> None:
    shelf = Synthetic(146)
    contents = [shelf.content(key) for key in shelf.keys]
    assert [one.size for one in map(shelf.stored, shelf.keys)] == list(map(len, contents))
    assert (146, 146) == (len(set(contents)), len({shelf.stored(key).etag for key in shelf.keys}))
    assert all(0.98 < len(content) / 2**20 < 1.02 for content in contents)
    assert {("ok", 27)} == {(read.status, read.readings[0].fields) for read in map(read_line, contents[145].splitlines()[::100])}
