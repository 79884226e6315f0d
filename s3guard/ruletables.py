"""The tables of one rule, and how those of many shards become one, within the bounds of a flood."""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from typing import Final, TypeAlias

import polars as pl

from s3guard import joins, past, seconds
from s3guard.joins import DISTINCT, GROUP, SAMPLE, earliest, sampled, smallest

GROUPS: Final = 100_000
"""Groups of one result and outcome that are kept exactly; beyond, those with the smallest hashes are, the same in any order."""


@dataclass(slots=True)
class RuleTables:
    """The tables of one rule over all buckets."""

    splits: bool
    """Whether `mask` of `counts` is an outcome (a rule about single records) rather than bits of limits."""
    groups: list[pl.DataFrame] = field(default_factory=list)
    """`GROUP`: a group's hash (of rule, bucket and subject), its bucket, and its subject as JSON."""
    counts: list[pl.DataFrame] = field(default_factory=list)
    """`COUNT`, `TIMES` but where `tick` is a second, and ``s0``, ``s1``, …: sums.

    `tick` is a second, the start of a window or of a stretch without gaps, or 0; `mask` is an outcome, or bits of limits."""
    samples: list[pl.DataFrame] = field(default_factory=list)
    """`SAMPLE`: the earliest records of each key of `counts`."""
    distinct: list[pl.DataFrame] = field(default_factory=list)
    """`DISTINCT`: hashes of different values, at most `cap` a limit and window."""
    coarse: list[pl.DataFrame] = field(default_factory=list)
    """Of the counts in `runs`, their sums by the cells of the grid; `tick` is the second at which a cell begins."""

    grid: int | None = None
    """Where `tick` of `counts` is a second, the seconds of a cell (`seconds.grid_of`); None elsewhere."""
    runs: list[seconds.Run] = field(default_factory=list)
    """Counts by the second that are too many to lie open, beside those of `counts`."""
    unjoined: bool = False
    """Whether rows of one frame may have to be joined, too."""

    NAMES = ("groups", "counts", "samples", "distinct", "coarse")

    @property
    def crowded(self) -> bool:
        """Whether a table may hold more than is kept; a flood of one shard alone is one, too."""
        many = self.grid is not None and any(frame.height > seconds.ROWS for frame in self.counts)
        bound = joins.SAMPLED_SECONDS
        return many or any(frame.height > GROUPS for frame in self.groups) or any(frame.height > bound for frame in self.samples)

    def add(self, other: RuleTables) -> None:
        """Take in the tables of the same rule, beside these."""
        for name in RuleTables.NAMES:
            getattr(self, name).extend(getattr(other, name))
        self.runs = [*self.runs, *other.runs]
        self.grid = other.grid if self.grid is None else self.grid

    def opened(self) -> RuleTables:
        """A copy whose counts lie open, all of them."""
        pieces = [piece.opened() for run in self.runs for piece in run]
        return replace(self, counts=[*self.counts, *pieces], coarse=[], runs=[])

    def within(self, since: int | None, until: int | None, *, is_past: bool = False) -> RuleTables:
        """What lies in the cells from `since` to before `until`, in one cell; see `partial.Partial.within`.

        Of what a rule compares with (`is_past`) the counts of before `since`, too, so far as it reaches back.
        """
        cut = RuleTables(self.splits, grid=self.grid, unjoined=True)
        begin = since - past.SPAN if is_past and since is not None else since
        counts = self.counts
        if is_past and self.splits and since is not None:
            told = (pl.col("mask") != past.ALIVE) & (pl.col("cell") < since)
            tick = pl.when(told).then(pl.lit(past.BEFORE, pl.Int64)).otherwise("tick").alias("tick")
            counts = [frame.with_columns(tick) for frame in counts]
        cut.counts = [cells(frame, pl.col("cell" if "cell" in frame.columns else "tick"), begin, until) for frame in counts]
        cut.coarse = [cells(frame, pl.col("tick"), since, until) for frame in self.coarse]
        cut.runs = seconds.within(self.runs, since, until)
        known = pl.concat([frame.select("g") for frame in (*cut.counts, *cut.coarse)]).unique()
        cut.groups = [frame.join(known, on="g", how="semi") for frame in self.groups]
        cut.samples = [cells(frame, pl.col("cell"), since, until) for frame in self.samples]
        cut.distinct = [cells(frame, pl.col("cell"), since, until) for frame in self.distinct]
        return cut


def cells(frame: pl.DataFrame, time: pl.Expr, since: int | None, until: int | None, *, alone: bool = True) -> pl.DataFrame:
    """The rows whose time lies inside; their cells are one, if they are to be `alone`."""
    inside = (time >= since) if since is not None else pl.lit(value=True)
    inside &= (time < until) if until is not None else pl.lit(value=True)
    kept = frame.filter(inside)
    return kept.with_columns(pl.lit(0, pl.Int64).alias("cell")) if alone and "cell" in kept.columns else kept


Joined: TypeAlias = tuple[RuleTables, list[str]]
"""The tables of one rule, and the buckets in which a flood made too many groups."""


def joined(tables: RuleTables) -> Joined:
    """The tables of one rule, each of them one frame, and the buckets in which a flood made too many groups.

    Beyond `GROUPS` groups of a bucket (and outcome, where findings are split by it), those with the smallest hashes are kept. Counts by the
    second that are more than `seconds.ROWS` are packed.
    """
    groups = _groups(tables)
    whole, flooded = _bounded(tables, groups, joins.counts(tables.counts, groups, unjoined=tables.unjoined))
    return _packed(whole), flooded


def settled(tables: RuleTables) -> Joined:
    """The tables of one rule as `joined` gives them, but that several counts by the second may be of the same second."""
    if tables.grid is None or not tables.counts:
        return joined(tables)
    return _bounded(tables, _groups(tables), pl.concat(tables.counts))


def _groups(tables: RuleTables) -> pl.DataFrame:
    return pl.concat(tables.groups).unique("g", keep="any") if tables.groups else pl.DataFrame(schema=GROUP)


def _bounded(tables: RuleTables, groups: pl.DataFrame, counts: pl.DataFrame) -> Joined:
    """The tables of one rule, but for runs each of them joined, less the groups that are too many."""
    samples = pl.concat(tables.samples) if tables.samples else pl.DataFrame(schema=SAMPLE)
    distinct = smallest(pl.concat(tables.distinct)) if tables.distinct else pl.DataFrame(schema=DISTINCT)
    coarse = [seconds.coarse(tables.coarse, 1)] if len(tables.coarse) > 1 else tables.coarse
    flooded: list[str] = []
    if groups.height > GROUPS:
        by = ["bucket", "mask"] if tables.splits else ["bucket"]
        keys = groups.select("g", "bucket")
        if tables.splits:
            keys = counts.select("g", "mask").unique().join(keys, on="g")
        kept = keys.filter(pl.col("g").rank("ordinal").over(by) <= GROUPS)
        flooded = sorted(set(keys.join(kept, on=["g", *by], how="anti")["bucket"]))
        if flooded:
            on = ["g", "mask"] if tables.splits else ["g"]
            counts = counts.join(kept, on=on, how="semi")
            coarse = [frame.join(kept, on="g", how="semi") for frame in coarse]
            # NOTE: samples of seconds have a bound of their own. Were they cut here, room would be left in it for others, more or less by
            # what was merged before.
            by_second = pl.col("tick") != 0
            samples = pl.concat([samples.filter(by_second), samples.filter(~by_second).join(kept, on=on, how="semi")])
            groups, distinct = groups.join(kept, on="g", how="semi"), distinct.join(kept, on="g", how="semi")
    samples = earliest(sampled(samples))
    return RuleTables(tables.splits, [groups], [counts], [samples], [distinct], coarse, tables.grid, tables.runs), flooded


def _packed(tables: RuleTables) -> RuleTables:
    """The tables, their counts packed where they are many."""
    (counts,), (groups,) = tables.counts, tables.groups
    if tables.grid is None or counts.height <= seconds.ROWS:
        return tables
    sums = seconds.coarse([counts.select(pl.exclude("fresh"))], tables.grid)
    tables.coarse = [seconds.coarse([*tables.coarse, sums], 1)]
    tables.runs = seconds.joined([*tables.runs, seconds.packed(counts)], groups)
    tables.counts = [counts.clear()]
    return tables
