"""The records that benchmarks measure with are records, as many as asked for, and the same in one file and in many."""

from __future__ import annotations

from pathlib import Path

from s3guard.reading import read_line
from tests.bench.generate import write_file, write_folder


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
