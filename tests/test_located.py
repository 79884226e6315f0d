"""The line of a log object that a report names."""

from __future__ import annotations

import gzip
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from s3guard.located import _line, line_at
from s3guard.model import UnableError, UsageError
from s3guard.reading import MAX_LINE


@given(st.lists(st.binary(max_size=6).map(lambda line: line.replace(b"\n", b" ")), max_size=8), st.integers(0, 5), st.booleans())
def test_every_line_is_found_however_its_bytes_come(lines: list[bytes], size: int, torn: bool) -> None:  # noqa: FBT001 - hypothesis
    data = b"\n".join(lines) + (b"" if torn or not lines else b"\n")
    chunks = [data[at : at + size + 1] for at in range(0, len(data), size + 1)]
    there = data.split(b"\n")[:-1] + ([data.split(b"\n")[-1]] if data.split(b"\n")[-1] else [])
    assert [*there, None] == [_line(chunks, number) for number in range(1, len(there) + 2)]


def test_a_packed_object_is_unpacked_and_looked_for_where_reports_begin(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "logs").mkdir()
    (tmp_path / "logs" / "a.gz").write_bytes(gzip.compress(gzip.compress(b"one\ntwo\r\n")))
    (tmp_path / "below").mkdir()
    monkeypatch.chdir(tmp_path / "below")
    assert [b"one", b"two\r"] == [line_at(f"logs/a.gz:{number}", tmp_path) for number in (1, 2)]


def test_of_a_line_too_long_for_a_record_the_beginning_is_given(tmp_path: Path) -> None:
    (tmp_path / "a").write_bytes(b"x" * (3 * MAX_LINE) + b"\nnext\n")
    assert (MAX_LINE + 1, b"next") == (len(line_at("a:1", tmp_path) or b""), line_at("a:2", tmp_path))


@pytest.mark.parametrize("thing", ["AccessDenied", "logs/a", "c:3", "a:b", ":1", '::1 - "x":5'])
def test_what_is_no_place_is_left_to_others(tmp_path: Path, thing: str) -> None:
    assert line_at(thing, tmp_path) is None


@pytest.mark.parametrize(
    ("place", "said"),
    [
        ("logs/b:1", "logs/b: no such file, neither here nor in "),
        ("logs/a:9", "logs/a: it has no line 9"),
        ("logs/a:0", "logs/a: it has no line 0"),
        ("logs/a:3", "logs/a: line 3 is blank"),
        ("logs/p:1", "logs/p: Parquet has no lines; s3guard records logs/p shows its records"),
        ("s3://b/k:7", r"explain reads files alone; give it the line: aws s3 cp s3://b/k - \| sed -n 7p \| s3guard explain -"),
    ],
)
def test_a_place_that_is_not_there_is_wrong_usage(tmp_path: Path, place: str, said: str) -> None:
    (tmp_path / "logs").mkdir()
    (tmp_path / "logs" / "a").write_bytes(b"one\ntwo\n\r\n")
    (tmp_path / "logs" / "p").write_bytes(b"PAR1....PAR1")
    with pytest.raises(UsageError, match=said):
        line_at(place, tmp_path)


def test_what_cannot_be_read_is_told(tmp_path: Path) -> None:
    (tmp_path / "cut.gz").write_bytes(gzip.compress(b"one\n")[:12])
    with pytest.raises(UnableError, match=r"could not read cut\.gz: cut short"):
        line_at("cut.gz:9", tmp_path)
