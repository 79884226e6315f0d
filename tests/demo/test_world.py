"""The demo records of the repository are what the generator writes, and hold what they promise."""

from __future__ import annotations

from collections import Counter

from s3guard.reading import read_line
from tests.demo.world import FOLDER, objects, stored, text


def _in_the_repository() -> dict[str, bytes]:
    return {path.relative_to(FOLDER).as_posix(): path.read_bytes() for path in FOLDER.rglob("*") if path.is_file()}


def test_the_repository_holds_exactly_the_log_objects_that_the_generator_writes() -> None:
    assert sorted(objects()) == sorted(_in_the_repository())


def test_every_log_object_is_the_same_byte_for_byte() -> None:
    # NOTE: compressed ones by their content: two builds of zlib may compress the same bytes differently.
    in_the_repository = _in_the_repository()
    assert [name for name, lines in objects().items() if lines != text(name, in_the_repository[name])] == []


def test_two_calls_write_the_same() -> None:
    assert objects() == objects()


def test_what_is_stored_reads_back() -> None:
    assert (
        b"line\n"
        == text("a.gz", stored("a.gz", b"line\n"))
        == text("a.zst", stored("a.zst", b"line\n"))
        == text("a", stored("a", b"line\n"))
    )


def test_the_records_stay_small_and_hold_every_generation_and_a_few_lines_that_are_no_records() -> None:
    lines = [line for lines in objects().values() for line in lines.split(b"\n") if line]
    read = [read_line(line) for line in lines]
    fields = Counter(reading.readings[0].fields for reading in read if reading.readings)
    assert sum(map(len, lines)) < 1_500_000
    assert {18, 24, 25, 26, 27} == set(fields)
    assert {"ok": len(lines) - 4, "ambiguous": 2, "quarantined": 2} == Counter(reading.status for reading in read)
