"""Windows over counts a second: which of them offend, the worst of them, and which seconds they cover; exact."""

from __future__ import annotations

from dataclasses import dataclass
from fractions import Fraction

import polars as pl

from s3guard.grouping import grouped, summed
from s3guard.joins import DISTINCT
from s3guard.measures import Limit
from s3guard.seconds import grid_of

BASE, COUNTED, MEMBER = range(3)
"""Bits of one limit in a mask; limit number k has bits 3k, 3k + 1 and 3k + 2."""


def bit(limit: int, role: int) -> int:
    """The bit of a limit's role, as a number."""
    return 1 << (3 * limit + role)


def has(limit: int, role: int) -> pl.Expr:
    """Whether the mask of a row has the bit."""
    return pl.col("mask").and_(bit(limit, role)) != 0


@dataclass(frozen=True, slots=True)
class Judged:
    """What one limit says of a rule's groups."""

    worst: pl.DataFrame
    """``g``, ``start`` and ``end`` (seconds; null: everything), ``over``, ``base``, ``total``: each group's worst offending window."""
    covered: pl.DataFrame
    """``g``, ``tick``: the rows of `counts` that lie in an offending window."""


def judge(
    counts: pl.DataFrame, distinct: pl.DataFrame, place: int, limit: Limit, per: int | None, coarse: pl.DataFrame | None = None
) -> Judged:
    """Hold every window of `counts` (``g``, ``tick``, ``mask``, ``n``, sums) against a limit that is not a floor.

    Windows slide only where one can offend. With `coarse`, the sums of all counts by the cells of the grid, that is where these say so, and
    `counts` need be no others than those in cells that are `suspected`.
    """
    if per is not None and not limit.aligned:
        return _in_suspected(counts, suspected(counts if coarse is None else coarse, place, limit, per), place, limit, per)
    counts = counts.join(_suspects(counts, place, limit), on="g", how="semi")
    points = _points(counts, distinct, place, limit)
    if per is None:
        whole = points.group_by("g").agg(pl.col("over", "base", "total").sum())
        offending = whole.with_columns(start=pl.lit(None, pl.Int64), end=pl.lit(None, pl.Int64)).filter(_offends(limit))
        return Judged(_worst(offending, limit), counts.select("g", "tick").unique().join(offending.select("g"), on="g", how="semi"))
    start = pl.col("tick") // per * per
    windows = points.group_by("g", start.alias("start")).agg(pl.col("over", "base", "total").sum())
    offending = windows.with_columns((pl.col("start") + per).alias("end")).filter(_offends(limit))
    ticks = counts.select("g", "tick").unique().with_columns(start.alias("start"))
    return Judged(_worst(offending, limit), ticks.join(offending, on=["g", "start"], how="semi").select("g", "tick"))


def suspected(counts: pl.DataFrame, place: int, limit: Limit, per: int) -> pl.DataFrame:
    """The cells of the grid that windows which offend can touch: ``g``, ``tick`` (the second at which a cell begins), ``begins``.

    `begins` says whether such a window can begin there.
    NOTE: exact all the same, and nearly free where traffic is clean. With two cells to a window, each window that begins in cell h lies
    within the cells h to h + 2 and holds all of h + 1: it counts no more than the three, over no less than the one in the middle.
    """
    grid = grid_of(per)
    counts = counts.join(_suspects(counts, place, limit), on="g", how="semi").with_columns(pl.col("tick") // grid)
    cells = _points(counts, _no_values(), place, limit, by_cell=True).sort("g", "tick")
    if not cells.height:
        return cells.select("g", "tick", pl.lit(value=False).alias("begins"))
    axis, reach = _axis(cells, _reach(per, grid))
    sure = min(per // grid - 1, reach)
    ends = {"wide": axis.search_sorted(axis + reach, side="right"), "least": axis.search_sorted(axis + sure, side="right")}
    begins = {"wide": axis.search_sorted(axis, side="left"), "least": axis.search_sorted(axis + 1, side="left")}
    most = Fraction(limit.most or 0)
    number = "total" if limit.how in ("sum", "mean") else "over"
    wide, least = (_between(cells[name], begins[size], ends[size]).alias(size) for name, size in ((number, "wide"), ("base", "least")))
    held = pl.max_horizontal("least", pl.lit(limit.enough)) if limit.how in ("share", "mean") else pl.lit(1)
    may = pl.col("wide").cast(pl.Int128) * most.denominator > held.cast(pl.Int128) * most.numerator
    begin = pl.when("begins").then("tick").forward_fill().over("g")
    told = cells.with_columns(wide, least).select("g", "tick", may.alias("begins"))
    return told.filter(pl.col("tick") - begin <= reach).with_columns(pl.col("tick") * grid)


def _reach(per: int, grid: int) -> int:
    """How many cells behind that in which it begins a window can touch."""
    return (grid + per - 2) // grid


def _between(numbers: pl.Series, begins: pl.Series, ends: pl.Series) -> pl.Series:
    """The sums of the numbers from place `begins` to before `ends`; 0 where these are the wrong way round."""
    running = pl.concat([pl.Series([0], dtype=numbers.dtype), numbers.cum_sum()])
    return running.gather(pl.select(pl.max_horizontal(begins, ends)).to_series()) - running.gather(begins)


def _no_values() -> pl.DataFrame:
    return pl.DataFrame(schema=DISTINCT)


def _in_suspected(counts: pl.DataFrame, cells: pl.DataFrame, place: int, limit: Limit, per: int) -> Judged:
    """Slide windows that begin in the cells of `suspected` that say so."""
    cells, grid = cells.rename({"tick": "cell"}), grid_of(per)
    cell = (pl.col("tick") // grid * grid).alias("cell")
    # NOTE: most counts lie before or behind all of the cells, which costs a tenth of a join to tell.
    first, last = (pl.lit(end, pl.Int64) for end in (cells["cell"].min(), cells["cell"].max()))
    near = counts.filter(pl.col("tick").is_between(first, last + grid, closed="left"))
    points = _points(near.with_columns(cell).join(cells, on=["g", "cell"], how="semi"), _no_values(), place, limit).sort("g", "tick")
    if not points.height:
        return Judged(_worst(points.with_columns(start="tick", end="tick"), limit), points.select("g", "tick"))
    begins = points.select("g", cell).with_row_index().join(cells.filter("begins"), on=["g", "cell"], how="semi")["index"]
    return _sliding(points, begins, limit, per)


def _suspects(counts: pl.DataFrame, place: int, limit: Limit) -> pl.DataFrame:
    """The groups some window of which can offend: no window holds more than the whole group. Windows of the others need no look."""
    over = pl.col("n").filter(has(place, COUNTED)).sum().cast(pl.Int128)
    most = Fraction(limit.most or 0)
    if limit.how == "distinct" or limit.reached:
        return counts.select("g").unique()
    if limit.how == "count":
        return counts.group_by("g").agg((over > most.numerator // most.denominator).alias("may")).filter("may").select("g")
    if limit.how == "share":
        # NOTE: a window that offends has `enough` rows, and more than its share of them counted.
        return counts.group_by("g").agg((over * most.denominator > most.numerator * limit.enough).alias("may")).filter("may").select("g")
    positive = pl.col(f"s{place}").filter(pl.col(f"s{place}") > 0).sum()
    if limit.how == "sum":
        return counts.group_by("g").agg((positive > most.numerator // most.denominator).alias("may")).filter("may").select("g")
    return counts.select("g").unique()


def _points(counts: pl.DataFrame, distinct: pl.DataFrame, place: int, limit: Limit, *, by_cell: bool = False) -> pl.DataFrame:
    """The three numbers of every group and tick (``g``, ``tick``, ``over``, ``base``, ``total``; in no order).

    `by_cell`: the ticks are cells, of which there are few beside the counts; else there are nearly as many, and sorting them costs less.
    """
    if limit.how == "distinct":
        mine = (
            distinct.filter(pl.col("limit") == place).group_by("g", "tick").agg(pl.col("h").list.len().sum().cast(pl.Int64).alias("over"))
        )
        return mine.with_columns(pl.col("over").alias("base"), pl.lit(0, pl.Int128).alias("total"))
    over, base = (pl.when(has(place, role)).then(pl.col("n")).otherwise(0) for role in (COUNTED, BASE))
    sums = pl.col(f"s{place}") if limit.how in ("sum", "mean") else pl.lit(0, pl.Int128)
    numbered = counts.select("g").unique().with_columns(pl.int_range(pl.len(), dtype=pl.Int64).alias("number"))
    rows = counts.select("g", "tick", over.alias("over"), base.alias("base"), sums.alias("total")).join(numbered, on="g")
    names = ["over", "base", "total"]
    found = grouped(rows, ["number", "tick"], [pl.col(names).sum()]) if by_cell else summed(rows, ["number", "tick"], names, "rows")
    return found.join(numbered, on="number").select("g", "tick", *names)


def _sliding(points: pl.DataFrame, begins: pl.Series, limit: Limit, per: int) -> Judged:
    """Windows [t, t + per) for the seconds t of the rows `begins`; `points` sorted by group and tick."""
    axis, reach = _axis(points, per)
    ends = axis.search_sorted(axis + reach, side="left").cast(pl.Int64)
    here = pl.int_range(points.height, dtype=pl.Int64, eager=True)
    windows = points.select("g", pl.col("tick").alias("start"), (pl.col("tick") + per).alias("end")).with_columns(
        [_between(points[name], here, ends).alias(name) for name in ("over", "base", "total")]
    )
    offends = windows.select(_offends(limit)).to_series() & here.is_in(begins.cast(pl.Int64).implode())
    if not offends.any():
        return Judged(_worst(windows.clear(), limit), points.select("g", "tick").clear())
    until = pl.select(pl.when(offends).then(ends).otherwise(0)).to_series().cum_max()
    return Judged(_worst(windows.filter(offends), limit), points.filter(until > here).select("g", "tick"))


def _axis(points: pl.DataFrame, reach: int) -> tuple[pl.Series, int]:
    """Places of the rows, sorted by group and tick, on one axis, and how far on it `reach` goes.

    NOTE: groups are laid end to end, further apart than that, so that one search serves them all.
    """
    rank = (pl.col("g") != pl.col("g").shift(1)).fill_null(value=False).cum_sum().cast(pl.Int64)
    first, last = points.select(pl.col("tick").min().alias("first"), pl.col("tick").max().alias("last")).row(0)
    reach = min(reach, last - first + 1)  # NOTE: a window of a million years is no longer than the input, and must not overflow the axis.
    return points.select(rank * (last - first + reach + 1) + pl.col("tick") - first).to_series(), reach


def _offends(limit: Limit) -> pl.Expr:
    """Whether a window is over `most` (or reaches it) or under `least`, in whole numbers throughout."""
    over, base, total = pl.col("over"), pl.col("base"), pl.col("total")
    bound = limit.most if limit.most is not None else limit.least
    exact = Fraction(bound if bound is not None else 0)
    value, unit = {
        "count": (over, pl.lit(1, pl.Int64)),
        "gap": (over, pl.lit(1, pl.Int64)),
        "distinct": (over, pl.lit(1, pl.Int64)),
        "sum": (total, pl.lit(1, pl.Int64)),
        "share": (over, base),
        "mean": (total, base),
    }[limit.how]
    left, right = value.cast(pl.Int128) * exact.denominator, unit.cast(pl.Int128) * exact.numerator
    offends = (left < right) if limit.most is None else (left >= right) if limit.reached else (left > right)
    return offends & (base >= limit.enough) if limit.how in ("share", "mean") else offends


def _worst(offending: pl.DataFrame, limit: Limit) -> pl.DataFrame:
    """Of each group, the worst offending window, the earliest among equals."""
    number = pl.col("total") if limit.how in ("sum", "mean") else pl.col("over")
    # NOTE: a comparison of floats, which only picks which of the offending windows is named.
    value = number / pl.col("base") if limit.how in ("share", "mean") else number.cast(pl.Float64)
    ranked = offending.with_columns((value if limit.least is not None else -value).alias("rank")).sort("g", "rank", "start")
    return ranked.unique("g", keep="first", maintain_order=True).select("g", "start", "end", "over", "base", "total")


def judge_floor(
    counts: pl.DataFrame,
    distinct: pl.DataFrame,
    place: int,
    limit: Limit,
    per: int | None,
    periods: pl.DataFrame,
    coarse: pl.DataFrame | None = None,
) -> Judged:
    """Hold the windows of each period against a lower limit, empty ones too; `coarse` as for `judge`.

    `periods` has ``g``, ``begin`` and ``finish`` (seconds, the end not included), one row a group that is judged. Windows are aligned at
    multiples of `per` and lie wholly in the period; without `per` there is one window.
    """
    points = _points(counts if coarse is None else coarse, distinct, place, limit)
    numbers = pl.col("over", "base", "total")
    if per is None:
        found = points.group_by("g").agg(numbers.sum())
        windows = periods.select("g").join(found, on="g", how="left").with_columns(numbers.fill_null(0), start=pl.lit(None, pl.Int64))
    else:
        windows = _whole_windows(points, per, periods)
    offending = windows.with_columns((pl.col("start") + (per or 0)).alias("end")).filter(_offends(limit))
    ticks = counts.select("g", "tick").unique()
    if per is None:
        covered = ticks.join(offending, on="g", how="semi")
    else:
        covered = ticks.with_columns((pl.col("tick") // per * per).alias("start")).join(offending, on=["g", "start"], how="semi")
    return Judged(_worst(offending, limit), covered.select("g", "tick"))


def _whole_windows(points: pl.DataFrame, per: int, periods: pl.DataFrame) -> pl.DataFrame:
    """The aligned windows that lie wholly in each group's period, of empty ones the earliest: one is as low as another.

    NOTE: they are not all laid out, for a single record of the year 9999 would make more of them than there is memory.
    """
    first, last = (pl.col("begin") + per - 1) // per * per, (pl.col("finish") - per) // per * per
    spans = periods.select("g", first.alias("first"), last.alias("last")).filter(pl.col("first") <= pl.col("last"))
    sums = points.group_by("g", (pl.col("tick") // per * per).alias("start")).agg(pl.col("over", "base", "total").sum())
    inside = sums.join(spans, on="g").filter(pl.col("start").is_between("first", "last")).sort("g", "start")
    due = pl.col("first") + pl.int_range(pl.len()).over("g") * per  # where each would begin if none before it were empty
    before = inside.with_columns(due.alias("due")).filter(pl.col("start") != pl.col("due")).group_by("g").agg(pl.col("due").min())
    counted = inside.group_by("g").agg(pl.len().cast(pl.Int64).alias("full"))
    behind = pl.col("first") + pl.col("full").fill_null(0) * per
    empty = spans.join(counted, on="g", how="left").join(before, on="g", how="left").with_columns(pl.coalesce("due", behind).alias("start"))
    none = [pl.lit(0, inside.schema[name]).alias(name) for name in ("over", "base", "total")]
    empty = empty.filter(pl.col("start") <= pl.col("last")).select("g", "start", *none)
    return pl.concat([inside.select(empty.columns), empty])


def judge_gap(counts: pl.DataFrame, limit: Limit, periods: pl.DataFrame) -> Judged:
    """Hold the longest stretch without a record, of each group, against a limit; `periods` as for `judge_floor`, null where open.

    The number of seconds between two records, or between one and the end of the period where that is given. A row of `counts` is a stretch
    that is no longer than the limit, from its ``first`` record to its ``last``.
    """
    stretches = counts.group_by("g", "tick").agg(pl.col("first").min(), pl.col("last").max()).select("g", "first", "last")
    edges = [periods.select("g", pl.col(name).alias("first"), pl.col(name).alias("last")).drop_nulls() for name in ("begin", "finish")]
    gaps = (
        pl.concat([stretches, *edges])
        .sort("g", "first", "last")
        .select(
            "g",
            pl.col("last").shift(1).over("g").alias("start"),
            pl.col("first").alias("end"),
            (pl.col("first") - pl.col("last").shift(1).over("g")).alias("over"),
            pl.lit(1, pl.Int64).alias("base"),
            pl.lit(0, pl.Int64).alias("total"),
        )
        .drop_nulls()
    )
    offending = gaps.filter(pl.col("over") > int(limit.most or 0))
    return Judged(_worst(offending, limit), counts.select("g", "tick").unique().join(offending, on="g", how="semi"))
