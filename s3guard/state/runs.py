"""Which runs judged what: by run, bucket and hour, as an auditor asks it.

Of what was compacted the objects know which run judged them, the tables do not: such a run is told from its first hour to its last.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator, Sequence
from datetime import UTC, datetime
from typing import Final

import polars as pl

from s3guard.hours import SPANS
from s3guard.joins import BUCKET
from s3guard.model import RunCoverage, Stretch
from s3guard.seen import OBJECT
from s3guard.state.base import Base
from s3guard.state.judged import Batch
from s3guard.state.view import View

STRETCHES: Final = 10_000
"""Stretches that are told of all runs together: those of each bucket, or, where they are too many, those of all buckets together, or, where
they are still too many, one of each run from its first hour to its last."""

_HOUR: Final = SPANS[0]
_LAST: Final = 253_402_300_799
"""The last second of the calendar, of the year 9999."""


def judged_by(view: View, since: int, until: int) -> tuple[RunCoverage, ...]:
    """What each run judged of the hours from `since` to before `until`, in the order in which the runs wrote it down."""
    before = [] if view.base is None else list(_compacted(view.base, since, until))
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
    known = {one.run: one for one in found}
    return (*(one for one in before if one.run not in known), *(_added(one, before) for one in found))


def _added(run: RunCoverage, before: Iterable[RunCoverage]) -> RunCoverage:
    """A run with what of it was compacted."""
    for one in before:
        if one.run == run.run:
            counts = (run.objects + one.objects, run.again + one.again, run.records + one.records)
            return RunCoverage(run.run, run.finished, *counts, (*one.stretches, *run.stretches))
    return run


def _compacted(base: Base, since: int, until: int) -> Iterator[RunCoverage]:
    """What each run judged of what was compacted; all records of objects that have one of the period."""
    rows, _ = base.judged([part for part in base.compacted.of("objects") if part.lies_in(since, until)])
    ledger = base.ledger()
    runs = ledger.filter(pl.col("kind") == "batch").select(entry="number", run="run")
    told = ledger.filter(pl.col("kind") == "run").select("run", "told").rows()
    finished = {run: json.loads(text).get("finished") for run, text in told if text}
    inside = pl.col("first").is_null() | ((pl.col("first") < until) & (pl.col("last") >= since))
    mine = rows.filter("stands", inside).join(runs, on="entry").sort("entry")
    first = ~pl.col("again")
    found = mine.group_by("run", maintain_order=True).agg(
        pl.col("object").filter(first).n_unique().alias("objects"),
        pl.col("object").filter("again").n_unique().alias("again"),
        pl.col("records").filter(first).sum(),
        pl.col("first").filter(first).min(),
        pl.col("last").filter(first).max(),
    )
    for run, objects, again, records, begin, last in found.iter_rows():
        end = finished.get(run)
        span = () if begin is None else (Stretch(None, _instant(begin // _HOUR * _HOUR), _instant(last // _HOUR * _HOUR + _HOUR), records),)
        yield RunCoverage(run, None if end is None else datetime.fromisoformat(end), objects, again, records, span)


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
    return datetime.fromtimestamp(min(seconds, _LAST), UTC)
