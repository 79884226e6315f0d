"""Lines are split at once where no splitter can misread any of them, and else not at all."""

from __future__ import annotations

import gzip
import zlib

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from s3guard.aside import set_aside, split
from s3guard.reading import MAX_LINE

PIECES = st.sampled_from(
    [b"a", b"b c", b"\n", b"\r", b"\r\n", b"\0", b"\x1f", b"\xef\xbb\xbf", "é€".encode(), b"\xc3", b"\x80", b"\xed\xa0\x80", b"\x85"]
)


def is_odd(data: bytes) -> bool:
    """Whether a line of it could be misread: by the letter of what `set_aside` promises."""
    try:
        data.decode()
    except UnicodeDecodeError:
        return True
    return any(byte in data for byte in (b"\r", b"\0", b"\x1f")) or data.startswith(b"\xef\xbb\xbf")


@given(st.lists(PIECES, max_size=12).map(b"".join))
@example(b"")
@example(b"\r")
@example("a\u2028b\n\u0085\ufeff".encode())
def test_lines_are_split_where_none_is_odd(body: bytes) -> None:
    data = body + b"\n"
    texts = split(data)
    assert is_odd(data) == (texts is None)
    if texts is not None:
        assert texts.to_list() == data[:-1].decode().split("\n")
        assert not set_aside(data).odd


@pytest.mark.parametrize("before", [0, 1, 3_000, MAX_LINE // 2, MAX_LINE - 1])
@pytest.mark.parametrize("size", [0, MAX_LINE // 2, MAX_LINE - 1, MAX_LINE, MAX_LINE + 1, MAX_LINE * 2])
def test_a_line_over_a_mebibyte_is_odd(before: int, size: int) -> None:
    data = b"a" * before + b"\n" + b"b" * size + b"\nc\n"
    assert (split(data) is None) == (size > MAX_LINE)
    assert bool(set_aside(data).odd) == (size > MAX_LINE)


@pytest.mark.parametrize(
    "first", [b"x^", b"x^abc", b"x\x01", b"(\xb5/\xfd", gzip.compress(b"a\n", mtime=0), zlib.compress(b"a\n" * 9, 1), b"\xff\nx^", b"a"]
)
def test_no_line_is_taken_for_the_beginning_of_packed_data(first: bytes) -> None:
    data = first + b"\nb\nc\n"
    texts, lines = split(data), set_aside(data)
    assert texts is None or texts.to_list() == data[:-1].decode().split("\n")
    told = dict(zip(lines.rows.to_list(), (text.encode() for text in lines.texts), strict=True)) | lines.odd
    assert [told[row] for row in sorted(told)] == data[:-1].split(b"\n")
