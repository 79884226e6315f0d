"""Which log object and line a row of a block is."""

from __future__ import annotations

import polars as pl
from hypothesis import given
from hypothesis import strategies as st

from s3guard.origin import Block, Origin, Piece

PIECES = st.lists(st.builds(Piece, st.integers(0, 9), st.integers(1, 99), st.integers(1, 4), st.booleans()), min_size=1, max_size=5)


@given(PIECES, st.integers(0, 9), st.integers(0, 99))
def test_a_row_alone_and_rows_as_columns_have_the_same_origin(pieces: list[Piece], objects: int, lines: int) -> None:
    origin = Origin(pieces, objects, lines)
    rows = pl.Series("row", range(sum(piece.rows for piece in pieces)), dtype=pl.UInt32)
    columns = rows.to_frame().select(origin.columns(rows))
    alone = [origin.of(row) for row in rows]
    assert [(objects + place, line, None) for place, line, _ in alone] == columns.rows()
    assert [row for row, (_, _, torn) in enumerate(alone) if torn] == origin.cut
    told = [(piece.object, piece.first_line + offset) for piece in pieces for offset in range(piece.rows)]
    assert told == [(place, line) for place, line, _ in alone]


def test_a_block_counts_its_lines_and_bytes() -> None:
    block = Block(b"a\nb\nc\n", (Piece(0, 1, 2), Piece(1, 7, 1)))
    assert (6, 3) == (block.size, block.lines)
