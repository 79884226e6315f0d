"""Objects cut into blocks: every line once, with its object and its number, in bounded memory."""

from __future__ import annotations

import gzip
import tracemalloc
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass

import pytest
from hypothesis import given
from hypothesis import strategies as st

from s3guard import blocks as cutting
from s3guard.blocks import blocks
from s3guard.formats import Reading
from s3guard.model import Unreadable
from s3guard.origin import Block
from s3guard.reading import MAX_LINE
from s3guard.sources import LogObject, UnreadableError
from tests.laws import tried

BOM = b"\xef\xbb\xbf"


@dataclass(frozen=True, slots=True)
class Stored:
    """A log object as a source gives it."""

    pieces: Iterable[bytes]
    fault: str | None = None
    """Why it cannot be read to its end."""

    def chunks(self) -> Iterator[bytes]:
        """The pieces, and then the fault."""
        yield from self.pieces
        if self.fault is not None:
            raise UnreadableError(self.fault)


@contextmanager
def storage(*objects: Stored, size: int = cutting.SIZE, rows: int = cutting.ROWS) -> Iterator[list[LogObject]]:
    """A source that holds these objects, and blocks of that size and of that many lines."""
    entries = [LogObject(f"o{number}", str(number), None, "test") for number in range(len(objects))]
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(cutting, "read", lambda entries: ((entry, objects[int(entry.location)].chunks()) for entry in entries))
        patch.setattr(cutting, "SIZE", size)
        patch.setattr(cutting, "ROWS", rows)
        yield entries


def lines_of(block: Block) -> list[tuple[str, int, bytes, bool]]:
    """Object, number, content of every line of a block, and whether it is the torn one."""
    assert block.data.endswith(b"\n")
    lines = block.data.split(b"\n")[:-1]
    assert sum(piece.rows for piece in block.pieces) == len(lines)
    if block.texts is not None:
        assert block.texts.to_list() == [line.decode() for line in lines]
    found, at = [], 0
    for piece in block.pieces:
        for offset in range(piece.rows):
            last = offset == piece.rows - 1
            found.append((block.objects[piece.object], piece.first_line + offset, lines[at], piece.torn and last))
            at += 1
    return found


def read(*objects: Stored, size: int = cutting.SIZE, rows: int = cutting.ROWS) -> tuple[list[tuple[str, int, bytes, bool]], Reading]:
    """Every line of every object, and what reading came to."""
    reading = Reading()
    with storage(*objects, size=size, rows=rows) as entries:
        return [line for block in blocks(entries, reading) for line in lines_of(block)], reading


def expected(name: str, content: bytes) -> list[tuple[str, int, bytes, bool]]:
    """The lines of an object that was read as a whole."""
    lines = content.removeprefix(BOM).split(b"\n")
    torn = [(name, len(lines), lines[-1], True)] if lines[-1] else []
    return [(name, number, line, False) for number, line in enumerate(lines[:-1], 1)] + torn


CONTENT = st.lists(
    st.sampled_from([b"a", b"bb", b"\n", b"\n", b"\r\n", BOM, b"\xff", b"\0", "\u2028".encode(), b"ccc\n"]), max_size=30
).map(b"".join)


@st.composite
def stored(draw: st.DrawFn) -> tuple[bytes, Stored]:
    """Some content, in pieces of any size, plain or compressed."""
    content = draw(CONTENT)
    data = gzip.compress(content) if draw(st.integers(0, 4)) == 0 else content
    cuts = sorted(draw(st.lists(st.integers(0, len(data)), max_size=8)))
    return content, Stored([data[a:b] for a, b in zip([0, *cuts], [*cuts, len(data)], strict=True)])


@given(st.lists(stored(), max_size=4), st.sampled_from([1, 5, 30, 1 << 20]), st.sampled_from([1, 4, 200_000]))
def test_every_line_comes_once_with_its_object_and_its_number(objects: list[tuple[bytes, Stored]], size: int, rows: int) -> None:
    found, reading = read(*(one for _, one in objects), size=size, rows=rows)
    assert found == [line for number, (content, _) in enumerate(objects) for line in expected(f"o{number}", content)]
    assert reading.objects == len(objects)
    assert reading.bytes == sum(len(piece) for _, one in objects for piece in one.pieces)
    assert reading.unreadable == []
    marks = sum(content.startswith(BOM) for content, _ in objects)
    assert reading.warnings == ({"byte-order-mark": marks} if marks else {})


@tried(3)
@given(st.lists(st.tuples(st.lists(CONTENT, max_size=4), st.booleans()), min_size=1, max_size=4), st.sampled_from([1, 30]))
def test_of_an_object_that_breaks_off_the_whole_lines_come(objects: list[tuple[list[bytes], bool]], size: int) -> None:
    broken = [Stored([b"head\n", *pieces], "gone" if fails else None) for pieces, fails in objects]
    contents = [b"".join(one.pieces) for one in broken]
    found, reading = read(*broken, size=size)
    lines = [line for number, content in enumerate(contents) for line in expected(f"o{number}", content)]
    assert found == [line for line in lines if not (line[3] and broken[int(line[0][1:])].fault)]
    assert reading.unreadable == [Unreadable(f"o{number}", "gone") for number, (_, fails) in enumerate(objects) if fails]
    cut = sum(fails and not content.endswith(b"\n") for content, (_, fails) in zip(contents, objects, strict=True))
    assert reading.warnings.get("unterminated-line", 0) == cut


def test_small_objects_share_a_block_and_a_large_one_has_several() -> None:
    reading = Reading()
    with storage(*(Stored([b"x\n"]) for _ in range(50)), Stored([b"y" * 9 + b"\n"] * 40), size=100) as entries:
        found = list(blocks(entries, reading))
    assert [len(block.data) for block in found] == [100, 100, 100, 100, 100]
    assert [len(block.pieces) for block in found] == [50, 10, 10, 10, 10]
    assert [block.pieces[0].first_line for block in found] == [1, 1, 11, 21, 31]


def test_objects_without_a_line_make_no_block_and_are_counted() -> None:
    found, reading = read(Stored([]), Stored([b""]), Stored([BOM]), Stored([gzip.compress(b"")]))
    assert (found, reading.objects, reading.bytes) == ([], 4, 3 + len(gzip.compress(b"")))


def test_a_mark_in_pieces_is_passed_over_at_the_start_of_an_object_alone() -> None:
    found, reading = read(Stored([b"\xef", b"\xbb", b"\xbf", b"a\n", BOM + b"b\n"]), Stored([b"\xef\xbb"]), Stored([BOM + BOM + b"c\n"]))
    assert [line for _, _, line, _ in found] == [b"a", BOM + b"b", b"\xef\xbb", BOM + b"c"]
    assert reading.warnings == {"byte-order-mark": 2}


@pytest.mark.parametrize("size", [MAX_LINE - 1, MAX_LINE, MAX_LINE + 1, 5 * MAX_LINE])
def test_a_long_line_stays_as_long_as_it_must_be_to_be_refused(size: int) -> None:
    content = b"a\n" + b"x" * size + b"\nb\n"
    found, _ = read(Stored([content[at : at + 100_000] for at in range(0, len(content), 100_000)]))
    assert [(number, line[:1]) for _, number, line, _ in found] == [(1, b"a"), (2, b"x"), (3, b"b")]
    assert (len(found[1][2]) > MAX_LINE) == (size > MAX_LINE)
    assert len(found[1][2]) <= min(size, 2 * MAX_LINE + 100_000)


def test_a_hundred_megabytes_without_a_newline_are_read_in_bounded_memory() -> None:
    pieces = (b"x" * (1 << 20) for _ in range(100))
    tracemalloc.start()
    try:
        found, reading = read(Stored(pieces), Stored([b"y\n"]))
        _, peak = tracemalloc.get_traced_memory()
    finally:
        tracemalloc.stop()
    assert [(name, number, len(line), torn) for name, number, line, torn in found] == [("o0", 1, 2 * MAX_LINE, True), ("o1", 1, 1, False)]
    assert reading.bytes == (100 << 20) + 2
    assert peak < 24 << 20


def test_many_blocks_are_made_in_the_memory_of_one() -> None:
    pieces = (b"0123456789abcde\n" * (1 << 16) for _ in range(100))
    reading, count = Reading(), 0
    tracemalloc.start()
    try:
        with storage(Stored(pieces), size=4 << 20) as entries:
            for block in blocks(entries, reading):
                count += len(block.pieces)
        _, peak = tracemalloc.get_traced_memory()
    finally:
        tracemalloc.stop()
    assert (count, reading.bytes) == (100, 100 << 20)
    assert peak < 40 << 20


@pytest.mark.parametrize(
    "content", [b"\n" * 9 + b"x" * 50 + b"\n", b"x" * 50 + b"\n" * 9, b"a\n" * 10, b"x" * 30 + b"\n" + b"y" * 30 + b"\nz\n"]
)
def test_short_lines_are_cut_into_blocks_of_few(content: bytes) -> None:
    reading = Reading()
    with storage(Stored([content]), rows=2) as entries:
        found = list(blocks(entries, reading))
    assert b"".join(block.data for block in found) == content
    assert all(sum(piece.rows for piece in block.pieces) <= 2 for block in found)
    assert [line[1] for block in found for line in lines_of(block)] == list(range(1, content.count(b"\n") + 1))
