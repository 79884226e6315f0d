"""Which runs judged what: by run, bucket and hour, as an auditor asks it."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from datetime import UTC, datetime
from typing import Final

import polars as pl

from s3guard.hours import SPANS
from s3guard.model import RunCoverage, Stretch
from s3guard.partial import BUCKET
from s3guard.seen import OBJECT
from s3guard.state import Batch, View

STRETCHES: Final = 10_000
"""Stretches that are told of all runs together: those of each bucket, or, where they are too many, those of all buckets together, or, where
they are still too many, one of each run from its first hour to its last."""

_HOUR: Final = SPANS[0]


def judged_by(view: View, since: int, until: int) -> tuple[RunCoverage, ...]:
    """What each run judged of the hours from `since` to before `until`, in the order in which the runs wrote it down."""
    finished = {run.run: datetime.fromisoformat(run.report["run"]["finished"]) for run in view.runs}
    batches: dict[str, list[Batch]] = {}
    for batch in view.batches:
        batches.setdefault(batch.run, []).append(batch)
    cells = {run: _cells(many, since, until) for run, many in batches.items()}
    stretches = _fitting(cells)
    found = []
    for run, many in batches.items():
        objects, again = (_objects([batch for batch in many if batch.again == is_again], since, until) for is_again in (False, True))
        if objects or again:
            records = int(cells[run]["records"].sum())
            found.append(RunCoverage(run, finished.get(run), objects, again, records, tuple(stretches[run])))
    return tuple(found)


def _objects(batches: Iterable[Batch], since: int, until: int) -> int:
    """How many log objects were judged that have a record of the period, or none at all."""
    frames = [frame for batch in batches for frame in batch.partial.seen]
    seen = pl.concat(frames) if frames else pl.DataFrame(schema=OBJECT)
    return seen.filter(pl.col("first").is_null() | ((pl.col("first") < until) & (pl.col("last") >= since)))["object"].n_unique()


def _cells(batches: Iterable[Batch], since: int, until: int) -> pl.DataFrame:
    """The records of each bucket and hour that were judged first."""
    frames = [frame for batch in batches if not batch.again for frame in batch.partial.buckets]
    table = pl.concat(frames) if frames else pl.DataFrame(schema=BUCKET)
    inside = table.filter((pl.col("cell") >= since) & (pl.col("cell") < until))
    return inside.group_by("bucket", "cell").agg(pl.col("records").sum()).sort("bucket", "cell")


def _fitting(cells: dict[str, pl.DataFrame]) -> dict[str, Sequence[Stretch]]:
    """The stretches of each run, as exactly as there is room for."""
    whole = {run: table.with_columns(pl.lit(None, pl.String).alias("bucket")) for run, table in cells.items()}
    together = {run: table.group_by("bucket", "cell").agg(pl.col("records").sum()).sort("cell") for run, table in whole.items()}
    found: dict[str, Sequence[Stretch]] = {}
    for tables in (cells, together):
        found = {run: list(_stretches(table)) for run, table in tables.items()}
        if sum(map(len, found.values())) <= STRETCHES:
            return found
    return {run: [_joined(stretches)] if stretches else [] for run, stretches in found.items()}


def _stretches(table: pl.DataFrame) -> Iterator[Stretch]:
    """Hours that follow each other, of one bucket each."""
    is_next = (pl.col("cell") - pl.col("cell").shift(1) == _HOUR) & pl.col("bucket").eq_missing(pl.col("bucket").shift(1))
    numbered = table.with_columns((~is_next.fill_null(value=False)).cum_sum().alias("number"))
    spans = numbered.group_by("number", maintain_order=True).agg(
        pl.col("bucket").first(), pl.col("cell").first().alias("since"), pl.col("cell").last().alias("last"), pl.col("records").sum()
    )
    for _, bucket, since, last, records in spans.iter_rows():
        yield Stretch(bucket, _instant(since), _instant(last + _HOUR), records)


def _joined(stretches: Sequence[Stretch]) -> Stretch:
    """From the first to the last."""
    return Stretch(None, stretches[0].since, stretches[-1].until, sum(one.records for one in stretches))


def _instant(seconds: int) -> datetime:
    return datetime.fromtimestamp(seconds, UTC)
