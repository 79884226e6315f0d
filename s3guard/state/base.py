"""What a compaction left, as it is read: the log objects that were judged, and the tables of the months that are asked for."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field, replace
from hashlib import sha256
from typing import Any, Final

import polars as pl

from s3guard.model import UnableError, Unreadable
from s3guard.partial import Partial
from s3guard.seen import OBJECT
from s3guard.state.forgotten import Forgotten
from s3guard.state.judged import Batch, Known, Objects
from s3guard.state.months import tables
from s3guard.state.parts import FAULT, JUDGED, LEDGER, WARNED, Compacted, Group, Part, alone_read, frames
from s3guard.state.store import Store

GAVE_NOTHING: Final = pl.col("fault").is_not_null() & (pl.col("records") + pl.col("quarantined") == 0)
"""Of `parts.JUDGED`: that nothing of a log object could be read."""


@dataclass(slots=True)
class Base:
    """A compaction in its place."""

    compacted: Compacted
    store: Store
    where: str
    """The state, as errors name it."""
    forgotten: Forgotten = field(init=False)

    def __post_init__(self) -> None:
        self.forgotten = Forgotten(b"".join(self.read(part) for part in self.compacted.of("forgotten")))

    def read(self, part: Part) -> bytes:
        """The bytes of a part; UnableError where they are not those that were written, GoneError where they were taken away since."""
        data = self.store.read(part.name)
        if sha256(data).hexdigest() != part.sha256:
            raise UnableError(f"{part.name} of the state in {self.where} is damaged: its bytes are not those that were written")
        return data

    def judged(self, parts: list[Part]) -> tuple[pl.DataFrame, pl.DataFrame]:
        """`parts.JUDGED` and `parts.FAULT` of some parts, in the order of their entries."""
        rows, faults, _ = self._told(parts)
        return rows, faults

    def _told(self, parts: list[Part]) -> tuple[pl.DataFrame, pl.DataFrame, pl.DataFrame]:
        """As `judged`, and `parts.WARNED`, each warning once."""
        found = [pl.DataFrame(schema=JUDGED)], [pl.DataFrame(schema=FAULT)], [pl.DataFrame(schema=WARNED)]
        for part in parts:
            # NOTE: what was compacted by an earlier s3guard has its warnings among its tables.
            for many, table in zip(found, frames(self.read(part)), strict=False):
                many.append(table)
        rows, faults, warned = map(pl.concat, found)
        return rows.sort("entry", "object"), faults.sort("entry", "object", "reason"), warned.unique()

    def ledger(self) -> pl.DataFrame:
        """`parts.LEDGER` of all entries up to `Compacted.through`."""
        tables = [table for part in self.compacted.of("ledger") for table in frames(self.read(part))]
        return pl.concat([pl.DataFrame(schema=LEDGER), *tables]).sort("number")

    def torn(self) -> Iterator[Batch]:
        """The batches of log objects that were read in part, in their order."""
        for part in sorted(self.compacted.of("torn"), key=lambda part: part.month or 0):
            yield alone_read(self.read(part))

    def objects(self) -> Objects:
        """What is known of each log object."""
        rows, _ = self.judged(self.compacted.of("objects"))
        objects, sets = Objects(), dict[tuple[int, ...], frozenset[str]]()
        of_ruling = [frozenset(one.values()) for one in self.compacted.rulings]
        firsts = [pl.col(name).first() for name in ("etag", "size", "sha256", "first", "last", "at")]
        judged = rows.filter(pl.col("stands") & ~GAVE_NOTHING)
        known = judged.group_by("object", maintain_order=True).agg(*firsts, pl.col("fault").last(), pl.col("rules").unique().sort())
        for name, etag, size, digest, first, last, at, fault, rules in known.iter_rows():
            key = tuple(rules)
            if key not in sets:
                sets[key] = frozenset[str]().union(*(of_ruling[one] for one in key))
            objects.known[name] = Known(etag, size, digest, first, last, at, sets[key], fault)
        failed = rows.filter(GAVE_NOTHING).group_by("object").agg(pl.col("entry").max()).join(judged, on="object", how="anti")
        objects.failed = dict(failed.iter_rows())
        return objects

    def seen(self, objects: Objects, since: int, until: int) -> Partial:
        """What was seen of log objects that may have records in that time, and which of them could not be read to their end."""
        rows, faults, warned = self._told([part for part in self.compacted.of("objects") if part.lies_in(since, until)])
        inside = (pl.col("first") < until) & (pl.col("last") >= since)
        rows = rows.filter("stands", ~pl.col("again"), pl.when(pl.col("first").is_null()).then(pl.col("at") >= since).otherwise(inside))
        last = [(name, entry) for name, entry in objects.failed.items() if name not in objects.known]
        failed = pl.DataFrame(last, schema={"object": pl.String, "entry": pl.Int64}, orient="row")
        nothing = rows.filter(GAVE_NOTHING).join(failed, on=["object", "entry"], how="semi")
        told = [Unreadable(one["object"], one["reason"]) for one in faults.iter_rows(named=True) if _counts(one, objects, since, until)]
        found = pl.concat([rows.filter(~GAVE_NOTHING), nothing])
        warned = warned.join(found, on="entry", how="semi").group_by("kind").agg(pl.col("count").sum()).sort("kind")
        return Partial(seen=[found.select(OBJECT.keys())], unreadable=tuple(told), warnings=dict(warned.iter_rows()))

    def tables(self, since: int | None, until: int | None, past: int = 0) -> Iterator[Batch]:
        """The tables of the months of that time, and of so many seconds before; those of batches that nothing tells apart are one batch."""
        begin = None if since is None else since - past
        for part in self.compacted.of("tables"):
            if part.lies_in(begin, until) and part.group is not None:
                for batch in self.batches(part, self.compacted.groups[part.group], begin, until):
                    # NOTE: what an earlier s3guard warned of in months before is not of the report.
                    yield batch if part.lies_in(since, until) else replace(batch, partial=replace(batch.partial, warnings={}))

    def batches(self, part: Part, group: Group, since: int | None = None, until: int | None = None) -> Iterator[Batch]:
        """What of the tables of a part lies in that time, as batches."""
        for partial in tables(self.read(part), since, until):
            yield Batch(group.last, group.run, self.compacted.rulings[group.rules], group.again, partial)


def _counts(one: Mapping[str, Any], objects: Objects, since: int, until: int) -> bool:
    """Whether what could not be read was not read since, and may have records in that time."""
    name = one["object"]
    if one["judged"]:
        known = objects.known.get(name)
        return known is not None and known.fault is not None and known.torn is None and known.lies_in(since, until)
    if one["at"] < since:
        return False
    return not one["listed"] or (name not in objects.known and objects.failed.get(name) == one["entry"])
