"""What a worker sends home: small tables that merge into the same table in any order, and what was covered.

Tables are Polars frames, Arrow in memory, between processes and on disk. Merging is associative and commutative: sums of integers,
minima and maxima, the earliest samples, and the smallest hashes of what a flood makes too many.
"""

from __future__ import annotations

import io
import json
from collections.abc import Callable, Iterable, Sequence
from dataclasses import asdict, dataclass, field, replace
from typing import Final, Protocol, TypeAlias, TypeVar

import polars as pl

from s3guard import hours, seen
from s3guard.grouping import grouped, summed
from s3guard.model import Unreadable

_T = TypeVar("_T")
_R = TypeVar("_R")

Octets: TypeAlias = bytes
"""`Partial.bytes` counts bytes; these are some."""

GROUPS: Final = 100_000
"""Groups of one result and outcome that are kept exactly; beyond, those with the smallest hashes are, the same in any order."""

SAMPLES: Final = 5
"""Samples of a finding: the earliest by (time, request id, object, line)."""

SAMPLED_SECONDS: Final = 8_192
"""Pairs of group and second, a rule and bucket, of which samples are kept for sliding windows; beyond, those with the smallest
hashes are. NOTE: which window offends is known only after the last merge, so samples of every second would be a copy of the log."""

TOTALS: Final = {
    "rule": pl.String,
    "bucket": pl.String,
    "cell": pl.Int64,
    "records": pl.Int64,
    "unjudged": pl.Int64,
    "violations": pl.Int64,
    "overflow": pl.Boolean,
}
GROUP: Final = {"g": pl.Int64, "bucket": pl.String, "subject": pl.String}
COUNT: Final = {"g": pl.Int64, "tick": pl.Int64, "mask": pl.Int64, "n": pl.Int64}
TIMES: Final = {"cell": pl.Int64, "first": pl.Int64, "last": pl.Int64}
SAMPLE: Final = {
    "g": pl.Int64,
    "bucket": pl.String,
    "tick": pl.Int64,
    "mask": pl.Int64,
    "cell": pl.Int64,
    "t": pl.Int64,
    "request_id": pl.String,
    "object": pl.String,
    "line": pl.Int64,
}
DISTINCT: Final = {"g": pl.Int64, "limit": pl.Int64, "tick": pl.Int64, "cell": pl.Int64, "h": pl.Int64, "cap": pl.Int64}
BUCKET: Final = {"bucket": pl.String, "cell": pl.Int64, "records": pl.Int64, "ambiguous": pl.Int64, "first": pl.Int64, "last": pl.Int64}
DELIVERY: Final = {"bucket": pl.String, "cell": pl.Int64, "records": pl.Int64, "columns": pl.Int64}
LOOKED: Final = {"rule": pl.String, "bucket": pl.String, "cell": pl.Int64, "looked": pl.Int64, "own": pl.Int64}
_KEYS: Final = ("g", "tick", "mask", "cell")


class Each(Protocol):
    """`map` over one sequence, or the like of several workers."""

    def __call__(self, function: Callable[[_T], _R], tasks: Iterable[_T], /) -> Iterable[_R]:
        """The function's answers for the tasks, in their order."""


def of_delivery(rule: str) -> str:
    """Under which name the tables stand that a rule made of records which a delivery may have left columns out of.

    NOTE: apart, since only when all is merged is it known which columns were left out, and with them whether these tables count.
    """
    return f"{rule}\0delivery"


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

    unjoined: bool = False
    """Whether rows of one frame may have to be joined, too."""

    NAMES = ("groups", "counts", "samples", "distinct")

    @property
    def crowded(self) -> bool:
        """Whether a table may hold more than is kept; a flood of one shard alone is one, too."""
        return any(frame.height > GROUPS for frame in self.groups) or any(frame.height > SAMPLED_SECONDS for frame in self.samples)


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
        for rule, tables in other.rules.items():
            mine = self.rules.setdefault(rule, RuleTables(tables.splits))
            for name in RuleTables.NAMES:
                getattr(mine, name).extend(getattr(tables, name))
        self.objects += other.objects
        self.bytes += other.bytes
        self.quarantined += other.quarantined
        self.outside += other.outside
        self.unreadable = tuple(sorted({*self.unreadable, *other.unreadable}, key=lambda entry: (entry.object, entry.reason)))
        for kind, count in other.warnings.items():
            self.warnings[kind] = self.warnings.get(kind, 0) + count

    @property
    def loose(self) -> int:
        """Rows of tables that lie beside each other, not joined yet."""
        return sum(frame.height for tables in self.rules.values() for name in RuleTables.NAMES for frame in getattr(tables, name)[1:])

    @property
    def firm(self) -> int:
        """Rows of the tables that others are joined to."""
        return sum(frame.height for tables in self.rules.values() for name in RuleTables.NAMES for frame in getattr(tables, name)[:1])

    def compact(self, each: Each = map) -> None:
        """Join tables that lie beside each other, so that memory is that of the groups, not of the shards.

        `each` is `map`, or the like of several workers: rules do not know each other.
        """
        self._join(each, joined)

    def _join(self, each: Each, how: Callable[[RuleTables], Joined]) -> None:
        self.totals = [totals(self.totals)]
        self.buckets = [buckets(self.buckets)]
        self.hours = [hours.joined(self.hours)]
        self.seen = [seen.joined(self.seen)]
        self.deliveries = [deliveries(self.deliveries)]
        self.looked = [looked(self.looked)]
        names = [
            rule
            for rule, tables in self.rules.items()
            if tables.unjoined or tables.crowded or any(len(getattr(tables, name)) > 1 for name in RuleTables.NAMES)
        ]
        for rule, (tables, flooded) in zip(names, each(how, [self.rules[name] for name in names]), strict=True):
            self.rules[rule] = tables
            if flooded:
                told = (pl.col("rule") == rule) & pl.col("bucket").is_in(flooded)
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
        copy.totals = [_cut(frame, pl.col("cell"), since, until) for frame in self.totals]
        copy.buckets = [_cut(frame, pl.col("cell"), since, until) for frame in self.buckets]
        copy.hours = [hours.of_cells(_cut(frame, pl.col("cell"), since, until, alone=False)) for frame in self.buckets]
        copy.looked = [_cut(frame, pl.col("cell"), since, until) for frame in self.looked]
        # NOTE: what a delivery leaves out, it leaves out for all times; so columns count wherever they were carried.
        copy.deliveries = [_counted(frame, since, until) for frame in self.deliveries]
        for rule, tables in self.rules.items():
            if not tables.counts:
                continue
            counts = [_cut(frame, pl.col("cell" if "cell" in frame.columns else "tick"), since, until) for frame in tables.counts]
            known = pl.concat([frame.select("g") for frame in counts]).unique()
            mine = copy.rules[rule] = RuleTables(tables.splits, counts=counts)
            mine.groups = [frame.join(known, on="g", how="semi") for frame in tables.groups]
            mine.samples = [_cut(frame, pl.col("cell"), since, until) for frame in tables.samples]
            mine.distinct = [_cut(frame, pl.col("cell"), since, until) for frame in tables.distinct]
            mine.unjoined = True
        return copy

    def to_ipc(self) -> Octets:
        """The partial as bytes: an Arrow IPC stream a table, with a JSON head that names them."""
        self.compact()
        frames = {name: getattr(self, name)[0] for name in ("totals", "buckets", "hours", "seen", "deliveries", "looked")}
        for rule, tables in sorted(self.rules.items()):
            frames |= {f"{name}:{rule}": getattr(tables, name)[0] for name in RuleTables.NAMES if getattr(tables, name)}
        streams = {name: _stream(frame) for name, frame in sorted(frames.items())}  # NOTE: in the order of the head
        head = {
            "tables": {name: len(stream) for name, stream in streams.items()},
            "splits": {rule: tables.splits for rule, tables in self.rules.items()},
            **{name: getattr(self, name) for name in ("objects", "bytes", "quarantined", "outside", "warnings")},
            "unreadable": [asdict(entry) for entry in self.unreadable],
        }
        text = json.dumps(head, sort_keys=True).encode()
        return b"".join([len(text).to_bytes(8, "big"), text, *streams.values()])

    @classmethod
    def from_ipc(cls, data: Octets) -> Partial:
        """The inverse of `to_ipc`."""
        size = int.from_bytes(data[:8], "big")
        head = json.loads(data[8 : 8 + size])
        partial = cls(
            **{name: head[name] for name in ("objects", "bytes", "quarantined", "outside", "warnings")},
            unreadable=tuple(Unreadable(**entry) for entry in head["unreadable"]),
        )
        at = 8 + size
        for name, length in head["tables"].items():
            frame = pl.read_ipc_stream(io.BytesIO(data[at : at + length]))
            at += length
            kind, _, rule = name.partition(":")
            if rule:
                getattr(partial.rules.setdefault(rule, RuleTables(head["splits"][rule])), kind).append(frame)
            else:
                setattr(partial, kind, [frame])
        return partial


def merge(partials: Iterable[Partial]) -> Partial:
    """One partial of many, the same in any order and any tree of merges."""
    whole = Partial()
    for partial in partials:
        whole.add(partial)
    whole.compact()
    return whole


def totals(frames: Sequence[pl.DataFrame]) -> pl.DataFrame:
    """`TOTALS` of several, sorted."""
    if not frames:
        return pl.DataFrame(schema=TOTALS)
    summed = [pl.col(name).sum() for name in ("records", "unjudged", "violations")]
    return pl.concat(frames).group_by("rule", "bucket", "cell").agg(*summed, pl.col("overflow").any()).sort("rule", "bucket", "cell")


def buckets(frames: Sequence[pl.DataFrame]) -> pl.DataFrame:
    """`BUCKET` of several, sorted."""
    if not frames:
        return pl.DataFrame(schema=BUCKET)
    merged = pl.concat(frames).group_by("bucket", "cell")
    return merged.agg(pl.col("records", "ambiguous").sum(), pl.col("first").min(), pl.col("last").max()).sort("bucket", "cell")


def deliveries(frames: Sequence[pl.DataFrame]) -> pl.DataFrame:
    """`DELIVERY` of several, sorted."""
    if not frames:
        return pl.DataFrame(schema=DELIVERY)
    merged = pl.concat(frames).group_by("bucket", "cell")
    return merged.agg(pl.col("records").sum(), pl.col("columns").bitwise_or()).sort("bucket", "cell")


def looked(frames: Sequence[pl.DataFrame]) -> pl.DataFrame:
    """`LOOKED` of several, sorted."""
    if not frames:
        return pl.DataFrame(schema=LOOKED)
    return pl.concat(frames).group_by("rule", "bucket", "cell").agg(pl.col("looked", "own").sum()).sort("rule", "bucket", "cell")


Joined: TypeAlias = tuple[RuleTables, list[str]]
"""The tables of one rule, and the buckets in which a flood made too many groups."""


def joined(tables: RuleTables) -> Joined:
    """The tables of one rule, each of them one sorted frame, and the buckets in which a flood made too many groups.

    Beyond `GROUPS` groups of a bucket (and outcome, where findings are split by it), those with the smallest hashes are kept.
    """
    groups = _groups(tables)
    return _bounded(tables, groups, _counts(tables.counts, groups, unjoined=tables.unjoined))


def settled(tables: RuleTables) -> Joined:
    """The tables of one rule as `joined` gives them, but that several counts by the second may be of the same second."""
    if tables.splits or not tables.counts or set(TIMES) <= set(tables.counts[0].columns):
        return joined(tables)
    return _bounded(tables, _groups(tables), pl.concat(tables.counts))


def _groups(tables: RuleTables) -> pl.DataFrame:
    return pl.concat(tables.groups).unique("g", keep="any") if tables.groups else pl.DataFrame(schema=GROUP)


def _bounded(tables: RuleTables, groups: pl.DataFrame, counts: pl.DataFrame) -> Joined:
    """The tables of one rule, the samples and distinct values joined, less the groups that are too many."""
    samples = pl.concat(tables.samples) if tables.samples else pl.DataFrame(schema=SAMPLE)
    distinct = smallest(pl.concat(tables.distinct)) if tables.distinct else pl.DataFrame(schema=DISTINCT)
    flooded: list[str] = []
    if groups.height > GROUPS:
        by = ["bucket", "mask"] if tables.splits else ["bucket"]
        keys = counts.select("g", "mask").unique().join(groups.select("g", "bucket"), on="g").select("g", *by).unique()
        kept = keys.filter(pl.col("g").rank("ordinal").over(by) <= GROUPS)
        flooded = sorted(set(keys.join(kept, on=["g", *by], how="anti")["bucket"]))
        if flooded:
            on = ["g", "mask"] if tables.splits else ["g"]
            counts = counts.join(kept, on=on, how="semi")
            # NOTE: samples of seconds have a bound of their own. Were they cut here, room would be left in it for others, more or less by
            # what was merged before.
            seconds = pl.col("tick") != 0
            samples = pl.concat([samples.filter(seconds), samples.filter(~seconds).join(kept, on=on, how="semi")])
            groups, distinct = groups.join(kept, on="g", how="semi"), distinct.join(kept, on="g", how="semi")
    samples = earliest(sampled(samples))
    return RuleTables(tables.splits, [groups], [counts], [samples], [distinct]), flooded


def _cut(frame: pl.DataFrame, time: pl.Expr, since: int | None, until: int | None, *, alone: bool = True) -> pl.DataFrame:
    """The rows whose time lies inside; their cells are one, if they are to be `alone`."""
    inside = (time >= since) if since is not None else pl.lit(value=True)
    inside &= (time < until) if until is not None else pl.lit(value=True)
    kept = frame.filter(inside)
    return kept.with_columns(pl.lit(0, pl.Int64).alias("cell")) if alone and "cell" in kept.columns else kept


def _counted(frame: pl.DataFrame, since: int | None, until: int | None) -> pl.DataFrame:
    """`DELIVERY` that counts the records inside alone, and knows the columns of all."""
    inside = (pl.col("cell") >= since) if since is not None else pl.lit(value=True)
    inside &= (pl.col("cell") < until) if until is not None else pl.lit(value=True)
    records = pl.when(inside).then("records").otherwise(pl.lit(0, pl.Int64)).alias("records")
    return deliveries([frame.with_columns(records, pl.lit(0, pl.Int64).alias("cell"))])


def _counts(frames: Sequence[pl.DataFrame], groups: pl.DataFrame, *, unjoined: bool) -> pl.DataFrame:
    """The counts of several tables added up."""
    if not frames:
        return pl.DataFrame(schema=COUNT | TIMES)
    if len(frames) == 1 and not unjoined:
        return frames[0]
    table = pl.concat(frames)
    sums = ["n", *(name for name in table.columns if name not in COUNT | TIMES)]
    # NOTE: the number of a group is short where its hash is long, so that the three keys fit into one.
    numbered = groups.select("g", pl.int_range(pl.len(), dtype=pl.Int64).alias("number"))
    table = table.join(numbered, on="g")
    keys = ["number", "tick", "mask"]
    if set(TIMES) <= set(table.columns):
        merged = grouped(table, [*keys, "cell"], [pl.col("first").min(), pl.col("last").max(), *(pl.col(name).sum() for name in sums)])
    else:
        merged = summed(table, keys, sums, "rows")
    return merged.join(numbered, on="number").select(table.drop("number").columns)


def sampled(samples: pl.DataFrame, *, of_one_bucket: bool = False) -> pl.DataFrame:
    """Samples of at most `SAMPLED_SECONDS` pairs of group and tick a bucket: those whose hash is smallest.

    Those of tick 0 belong to no window and are all kept; they are bounded as groups are.
    """
    if samples.height <= SAMPLED_SECONDS:
        return samples
    seconds = pl.col("tick") != 0
    still = samples.filter(~seconds)
    if still.height == samples.height:
        return samples
    hashed = samples.filter(seconds).with_columns(pl.struct("g", "tick").hash(seed=0).alias("h"))
    if of_one_bucket or hashed["bucket"].n_unique() == 1:
        # NOTE: hashes are spread evenly: those that can be among the smallest lie, but for rare luck, under twice their share.
        low = hashed.filter(pl.col("h") < 2 * SAMPLED_SECONDS * (1 << 64) // hashed.height)
        if low.select("h").n_unique() >= SAMPLED_SECONDS:
            hashed = low
    pairs = hashed.select("h", "g", "tick", *(() if of_one_bucket else ("bucket",))).unique()
    if pairs.height > SAMPLED_SECONDS:
        rank = pl.struct("h", "g", "tick").rank("ordinal")
        kept = pairs.filter((rank if of_one_bucket else rank.over("bucket")) <= SAMPLED_SECONDS)
        hashed = hashed.join(kept, on=["g", "tick"], how="semi")
    return pl.concat([still, hashed.drop("h")])


def earliest(samples: pl.DataFrame) -> pl.DataFrame:
    """Of each key, the `SAMPLES` earliest by time, request id, object and line; sorted."""
    ordered = samples.sort(*_KEYS, "t", "request_id", "object", "line")
    return ordered.filter(pl.int_range(pl.len()).over(_KEYS) < SAMPLES) if samples.height > SAMPLES else ordered


def smallest(distinct: pl.DataFrame) -> pl.DataFrame:
    """Of each limit and window, the smallest hashes up to its cap. A set of more than `cap` - 1 is known to be over the limit."""
    by = ["g", "limit", "tick", "cell", "cap"]
    known = distinct.unique()
    crowded = known.group_by(by).agg(pl.len().alias("n")).filter(pl.col("n") > pl.col("cap"))
    if not crowded.height:
        return known
    few, many = known.join(crowded, on=by, how="anti"), known.join(crowded.select(by), on=by, how="semi").sort(*by, "h")
    return pl.concat([few, many.filter(pl.int_range(pl.len()).over(by) < pl.col("cap"))]).select(DISTINCT.keys())


def _stream(frame: pl.DataFrame) -> bytes:
    buffer = io.BytesIO()
    frame.write_ipc_stream(buffer, compression="zstd")
    return buffer.getvalue()
