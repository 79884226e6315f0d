"""Counts by the second that were packed are those that were given, and only what is looked for is opened."""

from __future__ import annotations

from itertools import pairwise
from random import Random
from unittest import mock

import polars as pl
import pytest
from hypothesis import given
from hypothesis import strategies as st

from s3guard import seconds
from s3guard.joins import COUNT
from s3guard.seconds import Piece, Run, coarse, grid_of, joined, opened, packed, within

SCHEMA: dict[str, type[pl.DataType]] = {**COUNT, "s0": pl.Int128}
ROWS = st.lists(
    st.tuples(st.sampled_from([1, 2, -(2**62)]), st.integers(-5, 40), st.integers(0, 2), st.integers(1, 3), st.just(10**20)), max_size=40
)


def counts_of(rows: list[tuple[int, ...]]) -> pl.DataFrame:
    """The rows as the table of counts, those of one key as one."""
    return coarse([pl.DataFrame(rows, schema=SCHEMA, orient="row")], 1)


def held(runs: list[Run]) -> list[tuple[int, ...]]:
    """All counts of some runs, those of one key as one."""
    frames = [piece.opened() for run in runs for piece in run]
    return sorted(coarse(frames, 1).rows()) if frames else []


@pytest.fixture(autouse=True)
def small_pieces(monkeypatch: pytest.MonkeyPatch) -> None:
    """Pieces of three rows."""
    monkeypatch.setattr(seconds, "PIECE", 3)


@given(st.lists(ROWS, max_size=6))
def test_runs_that_become_fewer_hold_the_same_counts_in_the_order_of_time(parts: list[list[tuple[int, ...]]]) -> None:
    runs = [packed(counts_of(rows)) for rows in parts]
    groups = pl.DataFrame({"g": [1, 2, -(2**62)]})
    fewer = joined(runs, groups)
    assert held(fewer) == held(runs)
    lengths = [sum(piece.rows for piece in run) for run in fewer]
    assert all(longer > 2 * shorter for longer, shorter in pairwise(lengths))
    for run in fewer:
        assert all(piece.first <= piece.last for piece in run)
        assert all(one.last <= other.first for one, other in pairwise(run))
        assert all(piece.rows == piece.opened().height for piece in run)


def test_pieces_that_overlap_no_other_go_from_run_to_run_unopened() -> None:
    runs = [packed(counts_of([(1, tick, 0, 1, 1) for tick in range(begin, begin + 9)])) for begin in (0, 9, 18)]
    with mock.patch.object(Piece, "opened", side_effect=AssertionError("opened")):
        (run,) = joined(runs, pl.DataFrame({"g": [1]}))
    assert [(piece.first, piece.last) for piece in run] == [(start, start + 2) for start in range(0, 27, 3)]


def test_groups_that_a_flood_pushed_out_leave_the_runs_where_these_meet() -> None:
    runs = [packed(counts_of([(g, tick, 0, 1, 1) for tick in range(6)])) for g in (1, 2)]
    assert {row[0] for row in held(joined(runs, pl.DataFrame({"g": [2]})))} == {2}


@given(ROWS, st.sampled_from([1, 2, 5]), st.integers(0, 3))
def test_what_lies_near_is_opened_and_nothing_else(rows: list[tuple[int, ...]], grid: int, seed: int) -> None:
    counts = counts_of(rows)
    cells = counts.select("g", (pl.col("tick") // grid * grid).alias("tick")).unique().sort("g", "tick")
    near = cells.filter(pl.Series([Random(f"{seed}{row}").random() < 0.3 for row in cells.rows()], dtype=pl.Boolean))
    placed = counts.with_columns((pl.col("tick") // grid * grid).alias("cell"))
    wanted = placed.join(near, left_on=["g", "cell"], right_on=["g", "tick"], how="semi")
    found = opened([packed(counts)], near, grid)
    assert sorted(row for frame in found for row in frame.rows()) == sorted(wanted.drop("cell").rows())


@given(ROWS, st.one_of(st.none(), st.integers(-6, 41)), st.one_of(st.none(), st.integers(-6, 41)))
def test_a_period_is_cut_out_to_the_second(rows: list[tuple[int, ...]], since: int | None, until: int | None) -> None:
    counts = counts_of(rows)
    inside = [row for row in counts.rows() if (since is None or row[1] >= since) and (until is None or row[1] < until)]
    assert held(within([packed(counts)], since, until)) == sorted(inside)


@given(ROWS, st.integers(1, 7))
def test_sums_by_cells_of_sums_are_sums_by_cells(rows: list[tuple[int, ...]], grid: int) -> None:
    counts = counts_of(rows)
    sums = coarse([counts], grid)
    assert sorted(coarse([sums], grid).rows()) == sorted(sums.rows())
    assert sums["n"].sum() == counts["n"].sum()
    assert all(tick % grid == 0 for tick in sums["tick"])


@pytest.mark.parametrize(
    ("window", "grid"), [(1, 1), (7, 1), (10, 5), (77, 1), (90, 45), (300, 150), (3600, 1800), (7200, 3600), (86400, 3600)]
)
def test_the_grid_divides_the_window_and_the_hour(window: int, grid: int) -> None:
    assert grid_of(window) == grid
    assert window % grid == 3600 % grid == 0
