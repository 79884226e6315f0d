"""Counts by the second once they are many: compressed, beside their sums on a grid, which say where it is worth to look.

A rule with windows that begin at any second needs the counts of every second: an outline of the log, as long as the log lasts. Kept open
it would be what fills the memory of a long run. Nearly none of it is ever looked at again: where the sums on a grid of half a window
cannot offend, no window does (`windows.suspected`), so all but those stretches stays as it was packed, some bytes a row.

Rows lie in runs. A run is in the order of time, in pieces that can be opened by themselves; runs of like size are made one, so that
each row is opened a logarithm of times, and hardly ever where a log comes in the order of time: pieces that no other overlaps go
from run to run unopened.
"""

from __future__ import annotations

import io
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from itertools import pairwise
from math import gcd
from typing import Final, TypeAlias

import polars as pl

from s3guard.grouping import grouped

ROWS: Final = 1 << 17
"""Counts of a rule that lie open; more are packed."""

PIECE: Final = 1 << 16
"""Counts that are packed together."""

_HELD: Final = 8
"""Pieces that lie open, at the least, while runs become one."""

_KEYS: Final = ("g", "tick", "mask")


@dataclass(frozen=True, slots=True)
class Piece:
    """Counts of a stretch of time, in its order."""

    first: int
    """The first second, since 1970."""
    last: int
    """The last second."""
    rows: int
    data: bytes
    """The counts as a stream of Arrow IPC, compressed."""

    def opened(self) -> pl.DataFrame:
        """The counts."""
        return pl.read_ipc_stream(io.BytesIO(self.data))


Run: TypeAlias = tuple[Piece, ...]
"""Counts in the order of time."""


def grid_of(window: int) -> int:
    """Seconds of the cells of the grid for windows of so many seconds: at most half a window where that can be.

    A divisor of the window, so that windows aligned at multiples of it are whole cells; and of an hour, so that periods of whole hours are.
    """
    common = gcd(window, 3600)
    return max(size for size in range(1, common + 1) if common % size == 0 and size <= max(1, window // 2))


def coarse(frames: Sequence[pl.DataFrame], grid: int) -> pl.DataFrame:
    """Counts summed up by the cells of the grid; `tick` is the second at which a cell begins."""
    counts = pl.concat(frames)
    sums = [pl.col(name).sum() for name in counts.columns if name not in _KEYS]
    return grouped(counts.with_columns(pl.col("tick") // grid * grid), _KEYS, sums).select(counts.columns)


def packed(counts: pl.DataFrame) -> Run:
    """Counts as a run."""
    return tuple(_piece(rows) for rows in counts.sort("tick", "g", "mask").iter_slices(PIECE))


def _piece(rows: pl.DataFrame) -> Piece:
    stream = io.BytesIO()
    rows.write_ipc_stream(stream, compression="zstd")
    return Piece(rows["tick"][0], rows["tick"][-1], rows.height, stream.getvalue())


def joined(runs: Iterable[Run], groups: pl.DataFrame) -> list[Run]:
    """Fewer runs with the same counts, each more than twice as long as the next; less the counts of other groups where they are met."""
    found = sorted((run for run in runs if run), key=_rows, reverse=True)
    while alike := [place for place, (one, other) in enumerate(pairwise(found)) if _rows(one) <= 2 * _rows(other)]:
        place = alike[-1]  # NOTE: the shortest first
        found[place : place + 2] = [tuple(_merged(found[place] + found[place + 1], groups))]
        found.sort(key=_rows, reverse=True)
    return [run for run in found if run]


def _rows(run: Run) -> int:
    return sum(piece.rows for piece in run)


def _merged(pieces: Run, groups: pl.DataFrame) -> Iterator[Piece]:
    """The pieces in the order of time; those that overlap become others."""
    ordered = sorted(pieces, key=lambda piece: (piece.first, piece.last))
    held: list[pl.DataFrame] = []
    reach = 0
    for piece, later in zip(ordered, [*ordered[1:], None], strict=True):
        if not held and (later is None or piece.last < later.first):
            yield piece
            continue
        held.append(piece.opened().join(groups.select("g"), on="g", how="semi"))
        reach = max(reach, piece.last)
        if later is None or reach < later.first:
            yield from packed(_summed(held))
            held, reach = [], 0
        elif sum(rows.height for rows in held) >= _HELD * PIECE:
            # NOTE: what lies before the next piece is met by no other any more.
            whole = _summed(held)
            yield from packed(whole.filter(pl.col("tick") < later.first))
            held = [whole.filter(pl.col("tick") >= later.first)]


def _summed(frames: Sequence[pl.DataFrame]) -> pl.DataFrame:
    """Counts of the same key as one."""
    return coarse(frames, 1)


def opened(runs: Iterable[Run], near: pl.DataFrame, grid: int) -> list[pl.DataFrame]:
    """The counts that lie in cells of `near` (``g`` and ``tick``, the second at which a cell begins)."""
    begins = near["tick"].unique().sort()
    found = []
    for run in runs:
        for piece in run:
            place = begins.search_sorted(piece.first // grid * grid)
            if place < len(begins) and begins[place] <= piece.last:
                cell = (pl.col("tick") // grid * grid).alias("cell")
                rows = piece.opened().with_columns(cell).join(near.select("g", cell="tick"), on=["g", "cell"], how="semi")
                found.append(rows.drop("cell"))
    return found


def within(runs: Iterable[Run], since: int | None, until: int | None) -> list[Run]:
    """The counts from `since` to before `until` (seconds; None: open)."""
    return [tuple(_cut(run, since, until)) for run in runs]


def _cut(run: Run, since: int | None, until: int | None) -> Iterator[Piece]:
    for piece in run:
        is_late = since is None or piece.first >= since
        is_early = until is None or piece.last < until
        if is_late and is_early:
            yield piece
        elif (since is None or piece.last >= since) and (until is None or piece.first < until):
            rows = piece.opened()
            inside = pl.lit(value=True) if is_late else pl.col("tick") >= since
            inside &= pl.lit(value=True) if is_early else pl.col("tick") < until
            yield from packed(rows.filter(inside))
