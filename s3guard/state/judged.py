"""What a state knows of each log object: by which rules it was judged, when, whether to its end, and what of it stands alone."""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field, replace
from typing import Final

import polars as pl

from s3guard.model import Unreadable
from s3guard.partial import TRAFFIC, Partial
from s3guard.past import SPAN, is_past
from s3guard.ruletables import RuleTables
from s3guard.seen import OBJECT, joined

_GAVE_NOTHING: Final = pl.col("fault").is_not_null() & (pl.col("records") + pl.col("quarantined") == 0)


@dataclass(frozen=True, slots=True, eq=False)
class Batch:
    """The tables of some log objects for some rules."""

    number: int
    run: str
    """The id of the run that judged them."""
    rules: Mapping[str, str]
    """Names of the rules, and the keys of their tables (`s3guard.kernel.table_key`)."""
    again: bool
    """Whether the objects had been judged by other rules before, so that only the tables of rules count."""
    partial: Partial
    at: float = math.inf
    """When they were read, seconds since 1970: no record of theirs is younger. Infinity where nobody wrote it down."""

    @property
    def keys(self) -> frozenset[str]:
        """The keys of its rules' tables."""
        return frozenset(self.rules.values())


@dataclass(slots=True)
class Known:
    """A log object that was judged, to its end or in part."""

    etag: str | None
    size: int | None
    sha256: str | None
    """Of what was read; of all of it where it is whole."""
    first: int | None
    last: int | None
    """Times of its first and last record; None where it has none."""
    at: float
    keys: frozenset[str]
    """Of the rules that judged it; where it is whole, that judged all of it."""
    fault: str | None = None
    """Why the last reading of it ended early, if it did."""
    torn: Batch | None = None
    """What that reading came to, of this object alone: it counts until the object is read again."""
    is_whole: bool = True
    """Whether it was read to its end."""

    def lies_in(self, since: int, until: int) -> bool:
        """Whether records of it may lie from `since` to before `until`."""
        if self.first is None or self.last is None:
            return self.at >= since
        return self.first < until and self.last >= since


@dataclass(slots=True)
class Objects:
    """All log objects of a state, by name."""

    known: dict[str, Known] = field(default_factory=dict)
    """Those that were judged."""
    failed: dict[str, int] = field(default_factory=dict)
    """Those of which nothing could be read, and the number of the batch that says so last: they are read as if for the first time."""

    def take(self, batch: Batch) -> list[Batch]:
        """Take in what a batch says of its objects; the batches that count no more, since what they hold was read anew."""
        replaced: list[Batch] = []
        rows = _rows(batch)
        for row in rows.iter_rows(named=True):
            name, before = row["object"], self.known.get(row["object"])
            if row["fault"] is not None and row["records"] + row["quarantined"] == 0:
                self.failed[name] = batch.number
                continue
            self.failed.pop(name, None)
            if before is not None and before.torn is not None:
                replaced.append(before.torn)
            torn = batch if row["fault"] is not None and rows.height == 1 else None
            if before is None or not before.is_whole:
                told = (row["etag"], row["size"], row["sha256"], row["first"], row["last"], batch.at)
                self.known[name] = Known(*told, batch.keys, row["fault"], torn, is_whole=torn is None)
            else:
                before.fault, before.torn = row["fault"], torn
                before.keys |= frozenset() if torn else batch.keys
        return replaced

    def seen(self, batch: Batch, since: int, until: int) -> pl.DataFrame:
        """`s3guard.seen.OBJECT` of the objects of a batch that may have records in that time; those that failed, where it says so last."""
        rows = _rows(batch).filter(
            pl.when(pl.col("first").is_null())
            .then(pl.lit(batch.at >= since))
            .otherwise((pl.col("first") < until) & (pl.col("last") >= since))
        )
        failed = [name for name in rows.filter(_GAVE_NOTHING)["object"] if self._fails(name, batch)]
        return rows.filter(~_GAVE_NOTHING | pl.col("object").is_in(failed))

    def unreadable(self, batch: Batch, since: int, until: int) -> Iterator[Unreadable]:
        """What of a batch could not be read, and was not since, and may have records in that time."""
        named = pl.col("object").is_in([one.object for one in batch.partial.unreadable])
        rows = dict(_rows(batch).filter(named).select("object", _GAVE_NOTHING).iter_rows())
        for one in batch.partial.unreadable:
            known = self.known.get(one.object)
            if rows.get(one.object, True):
                counts = batch.at >= since and (one.object not in rows or self._fails(one.object, batch))
            else:
                stands = known is not None and known.fault is not None and (known.torn is None or known.torn is batch)
                counts = known is not None and stands and known.lies_in(since, until)
            if counts:
                yield one

    def _fails(self, name: str, batch: Batch) -> bool:
        return name not in self.known and self.failed.get(name) == batch.number


def torn(partial: Partial) -> dict[str, str | None]:
    """The objects that were read in part, and the SHA-256 of what was read."""
    found = joined(partial.seen).filter(pl.col("fault").is_not_null() & ~_GAVE_NOTHING)
    return dict(found.select("object", "sha256").iter_rows())


def trimmed(partial: Partial, since: int, until: int) -> Partial:
    """A partial without what belongs to cells before `since` or from `until` on; cells stay apart, and columns that were carried known.

    What rules compare with (`s3guard.past`) stays as far as it reaches back.
    """
    spans = [frame.select(pl.col("first").min(), pl.col("last").max()).row(0) for frame in partial.buckets if frame.height]
    if spans and since <= min(first for first, _ in spans) and max(last for _, last in spans) < until:
        return partial
    if spans and (max(last for _, last in spans) < since or min(first for first, _ in spans) >= until):
        kept = {name: tables for name, tables in partial.rules.items() if is_past(name)}
        partial = replace(partial, rules=kept, totals=[], buckets=[], looked=[], flows=[], times=[], tops=[])

    def cut(frame: pl.DataFrame, begin: int = since) -> pl.DataFrame:
        return frame.filter(pl.col("cell" if "cell" in frame.columns else "tick").is_between(begin, until - 1))

    copy = replace(partial, rules={})
    for name in ("totals", "buckets", "looked", *TRAFFIC):
        setattr(copy, name, list(map(cut, getattr(partial, name))))
    for rule, packed in partial.rules.items():
        tables, begin = packed.opened(), since - SPAN if is_past(rule) else since
        counts = [rows for frame in tables.counts if (rows := cut(frame, begin)).height]
        if counts:
            known = pl.concat([frame.select("g") for frame in counts]).unique()
            groups = [frame.join(known, on="g", how="semi") for frame in tables.groups]
            samples, distinct = list(map(cut, tables.samples)), list(map(cut, tables.distinct))
            copy.rules[rule] = RuleTables(tables.splits, groups, counts, samples, distinct, grid=tables.grid)
    return copy


def _rows(batch: Batch) -> pl.DataFrame:
    frames = batch.partial.seen
    return pl.concat(frames) if frames else pl.DataFrame(schema=OBJECT)
