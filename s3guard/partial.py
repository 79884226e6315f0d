"""What a worker sends home: small tables that merge into the same table in any order, and what was covered.

Tables are Polars frames, Arrow in memory, between processes and on disk. Merging is associative and commutative: sums of integers,
minima and maxima, the earliest samples, and the smallest hashes of what a flood makes too many.
"""

from __future__ import annotations

import io
import json
from collections.abc import Callable, Iterable
from dataclasses import asdict, dataclass, field, replace
from typing import Any, Final, Protocol, TypeAlias, TypeVar

import polars as pl

from s3guard import heavy, hourly, hours, joins, seen
from s3guard.joins import SET, sets
from s3guard.model import Unreadable
from s3guard.past import is_past, owner
from s3guard.ruletables import Joined, RuleTables, cells, joined, settled
from s3guard.seconds import Piece

_T = TypeVar("_T")
_R = TypeVar("_R")

Octets: TypeAlias = bytes
"""`Partial.bytes` counts bytes; these are some."""


class Each(Protocol):
    """`map` over one sequence, or the like of several workers."""

    def __call__(self, function: Callable[[_T], _R], tasks: Iterable[_T], /) -> Iterable[_R]:
        """The function's answers for the tasks, in their order."""


TRAFFIC: Final = ("flows", "times", "tops")
"""The tables of a `Partial` that hold traffic; those of a partial that measured none are empty."""


def of_delivery(rule: str) -> str:
    """Under which name the tables stand that a rule made of records which a delivery may have left columns out of.

    NOTE: apart, since only when all is merged is it known which columns were left out, and with them whether these tables count.
    """
    return f"{rule}\0delivery"


@dataclass(slots=True)
class Partial:
    """All that is known of some of the input; merging all partials of an input gives all that is known of it."""

    totals: list[pl.DataFrame] = field(default_factory=list)
    """`TOTALS`: what a rule judged of a bucket."""
    buckets: list[pl.DataFrame] = field(default_factory=list)
    """`BUCKET`: records seen, and when."""
    hours: list[pl.DataFrame] = field(default_factory=list)
    """`s3guard.hours.HOUR`: records by the hour, where tables are not kept apart by cells, which tell it, too."""
    seen: list[pl.DataFrame] = field(default_factory=list)
    """`s3guard.seen.OBJECT`: what each log object held, where tables are kept apart by cells."""
    deliveries: list[pl.DataFrame] = field(default_factory=list)
    """`DELIVERY`: of the records that may lack columns (`parse.Parsed.delivered`), how many there were in the period, and the bits
    (`records.COLUMN_BITS`) of the columns that at least one record carried, in the period or out of it."""
    looked: list[pl.DataFrame] = field(default_factory=list)
    """`LOOKED`: of those records, how many a rule looks at before `where`, and how many more it would had S3 not made them itself."""
    flows: list[pl.DataFrame] = field(default_factory=list)
    """`s3guard.hourly.FLOW`: what was asked for and how it ended, where traffic is measured; so `times` and `tops`."""
    times: list[pl.DataFrame] = field(default_factory=list)
    """`s3guard.hourly.TIME`: how long it took."""
    tops: list[pl.DataFrame] = field(default_factory=list)
    """`s3guard.heavy.TOP`: who and what most requests came from."""
    rules: dict[str, RuleTables] = field(default_factory=dict)
    objects: int = 0
    bytes: int = 0
    quarantined: int = 0
    outside: int = 0
    """Records out of the period."""
    unreadable: tuple[Unreadable, ...] = ()
    warnings: dict[str, int] = field(default_factory=dict)

    def add(self, other: Partial) -> None:
        """Take in another partial; tables are put beside each other until `compact` joins them."""
        self.totals += other.totals
        self.buckets += other.buckets
        self.hours += other.hours
        self.seen += other.seen
        self.deliveries += other.deliveries
        self.looked += other.looked
        self.flows += other.flows
        self.times += other.times
        self.tops += other.tops
        for rule, tables in other.rules.items():
            self.rules.setdefault(rule, RuleTables(tables.splits)).add(tables)
        self.objects += other.objects
        self.bytes += other.bytes
        self.quarantined += other.quarantined
        self.outside += other.outside
        self.unreadable = tuple(sorted({*self.unreadable, *other.unreadable}, key=lambda entry: (entry.object, entry.reason)))
        for kind, count in other.warnings.items():
            self.warnings[kind] = self.warnings.get(kind, 0) + count

    @property
    def loose(self) -> int:
        """Bytes of tables that lie beside each other, not joined yet."""
        return sum(int(frame.estimated_size()) for frames in self._frames() for frame in frames[1:])

    @property
    def firm(self) -> int:
        """Bytes of the tables that others are joined to."""
        return sum(int(frame.estimated_size()) for frames in self._frames() for frame in frames[:1])

    def _frames(self) -> Iterable[list[pl.DataFrame]]:
        yield from (self.flows, self.times, self.tops)
        yield from (getattr(tables, name) for tables in self.rules.values() for name in RuleTables.NAMES)

    def tidy(self) -> None:
        """`compact`, if it is worth it. NOTE: it costs as much as the tables are long, so it waits until there is as much to join again."""
        if self.loose > max(LOOSE, self.firm):
            self.compact()

    def compact(self, each: Each = map) -> None:
        """Join tables that lie beside each other, so that memory is that of the groups, not of the shards.

        `each` is `map`, or the like of several workers: rules do not know each other.
        """
        self._join(each, joined)

    def _join(self, each: Each, how: Callable[[RuleTables], Joined]) -> None:
        self.totals = [joins.totals(self.totals)]
        self.buckets = [joins.buckets(self.buckets)]
        self.hours = [hours.joined(self.hours)]
        self.seen = [seen.joined(self.seen)]
        self.deliveries = [joins.deliveries(self.deliveries)]
        self.looked = [joins.looked(self.looked)]
        self.flows, self.times, self.tops = hourly.flows(self.flows), hourly.times(self.times), heavy.tops(self.tops)
        names = [
            rule
            for rule, tables in self.rules.items()
            if tables.unjoined or tables.crowded or any(len(getattr(tables, name)) > 1 for name in RuleTables.NAMES)
        ]
        for rule, (tables, flooded) in zip(names, each(how, [self.rules[name] for name in names]), strict=True):
            self.rules[rule] = tables
            if flooded:
                told = (pl.col("rule") == owner(rule)) & pl.col("bucket").is_in(flooded)
                self.totals = [self.totals[0].with_columns(pl.col("overflow") | told)]

    def settled(self, each: Each = map) -> Partial:
        """A copy whose tables are joined as `compact` does, but for counts by the second: who concludes adds them up where it must."""
        copy = replace(self, rules=dict(self.rules))
        copy._join(each, settled)  # noqa: SLF001 - its own
        return copy

    def within(self, since: int | None, until: int | None) -> Partial:
        """A copy that holds the cells from `since` to before `until` (seconds, multiples of the cell's length; None: open), in one.

        Counts of what belongs to no cell, such as objects and quarantined lines, are left as they are.
        """
        copy = replace(self, rules={})
        copy.totals = [cells(frame, pl.col("cell"), since, until) for frame in self.totals]
        copy.buckets = [cells(frame, pl.col("cell"), since, until) for frame in self.buckets]
        copy.hours = [hours.of_cells(cells(frame, pl.col("cell"), since, until, alone=False)) for frame in self.buckets]
        copy.looked = [cells(frame, pl.col("cell"), since, until) for frame in self.looked]
        copy.flows = [hourly.within(frame, since, until) for frame in self.flows]
        copy.times = [hourly.within(frame, since, until) for frame in self.times]
        copy.tops = [heavy.within(frame, since, until) for frame in self.tops]
        # NOTE: what a delivery leaves out, it leaves out for all times; so columns count wherever they were carried.
        copy.deliveries = [_counted(frame, since, until) for frame in self.deliveries]
        copy.rules = {name: tables.within(since, until, is_past=is_past(name)) for name, tables in self.rules.items() if tables.counts}
        return copy

    def to_ipc(self) -> Octets:
        """The partial as bytes: an Arrow IPC stream a table, with a JSON head that names them."""
        self.compact()
        frames = {name: getattr(self, name)[0] for name in ("totals", "buckets", "hours", "seen", "deliveries", "looked")}
        frames |= {name: getattr(self, name)[0] for name in TRAFFIC if getattr(self, name)}
        for rule, tables in sorted(self.rules.items()):
            frames |= {f"{name}:{rule}": getattr(tables, name)[0] for name in RuleTables.NAMES if getattr(tables, name)}
        streams = {name: _stream(frame) for name, frame in sorted(frames.items())}  # NOTE: in the order of the head
        pieces = [piece for _, tables in sorted(self.rules.items()) for run in tables.runs for piece in run]
        head = {
            "tables": {name: len(stream) for name, stream in streams.items()},
            "splits": {rule: tables.splits for rule, tables in self.rules.items()},
            "grids": {rule: tables.grid for rule, tables in self.rules.items()},
            "runs": {rule: [list(map(_head, run)) for run in tables.runs] for rule, tables in self.rules.items()},
            **{name: getattr(self, name) for name in ("objects", "bytes", "quarantined", "outside", "warnings")},
            "unreadable": [asdict(entry) for entry in self.unreadable],
        }
        text = json.dumps(head, sort_keys=True).encode()
        return b"".join([len(text).to_bytes(8, "big"), text, *streams.values(), *(piece.data for piece in pieces)])

    @classmethod
    def from_ipc(cls, data: Octets) -> Partial:
        """The inverse of `to_ipc`."""
        size = int.from_bytes(data[:8], "big")
        head = json.loads(data[8 : 8 + size])
        partial = cls(
            **{name: head[name] for name in ("objects", "bytes", "quarantined", "outside", "warnings")},
            unreadable=tuple(Unreadable(**entry) for entry in head["unreadable"]),
        )
        grids, runs = head.get("grids", {}), head.get("runs", {})  # NOTE: partials of before s3guard packed counts have none
        at = 8 + size
        for name, length in head["tables"].items():
            frame = pl.read_ipc_stream(io.BytesIO(data[at : at + length]))
            at += length
            kind, _, rule = name.partition(":")
            if rule:
                tables = partial.rules.setdefault(rule, RuleTables(head["splits"][rule], grid=grids.get(rule)))
                getattr(tables, kind).append(_of_now(kind, frame))
            else:
                setattr(partial, kind, [frame])
        for rule, told in sorted(runs.items()):
            for run in told:
                pieces = []
                for first, last, rows, length in run:
                    pieces.append(Piece(first, last, rows, data[at : at + length]))
                    at += length
                partial.rules[rule].runs.append(tuple(pieces))
        return partial


LOOSE: Final = 16 << 20
"""Bytes of tables that may lie beside each other before they are joined."""


def merge(partials: Iterable[Partial]) -> Partial:
    """One partial of many, the same in any order and any tree of merges."""
    whole = Partial()
    for partial in partials:
        whole.add(partial)
        whole.tidy()
    whole.compact()
    return whole


def _counted(frame: pl.DataFrame, since: int | None, until: int | None) -> pl.DataFrame:
    """`DELIVERY` that counts the records inside alone, and knows the columns of all."""
    inside = (pl.col("cell") >= since) if since is not None else pl.lit(value=True)
    inside &= (pl.col("cell") < until) if until is not None else pl.lit(value=True)
    records = pl.when(inside).then("records").otherwise(pl.lit(0, pl.Int64)).alias("records")
    return joins.deliveries([frame.with_columns(records, pl.lit(0, pl.Int64).alias("cell"))])


def _stream(frame: pl.DataFrame) -> bytes:
    buffer = io.BytesIO()
    frame.write_ipc_stream(buffer, compression="zstd")
    return buffer.getvalue()


def _head(piece: Piece) -> list[Any]:
    return [piece.first, piece.last, piece.rows, len(piece.data)]


def _of_now(kind: str, frame: pl.DataFrame) -> pl.DataFrame:
    """A table as it is now: different values were a row each once."""
    is_old = kind == "distinct" and frame.schema["h"] == pl.Int64
    return sets(frame.select(*SET, "h")) if is_old else frame
