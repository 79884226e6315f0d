"""Scan: the records of one shard become the small tables of every rule; pure, without input, output, clock or globals.

A record meets only the policies of its own bucket. For each rule the scan asks, in one pass over the bucket's rows: which records
does it look at, which of them can it not judge, which break it; rows that matter are grouped by subject, and by second where the
rule has windows. An ambiguous line is several rows, one a reading; they become one row by the reading that is worst for the
requester before anything is counted.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence

import polars as pl

from s3guard import hours, past, seen
from s3guard.columns import Columns, decoded_keys
from s3guard.counted import breaking, measured
from s3guard.joins import BUCKET, DELIVERY, LOOKED, TOTALS
from s3guard.masks import Masks
from s3guard.metered import metered
from s3guard.parsed import Parsed
from s3guard.partial import Partial, of_delivery
from s3guard.physical import ILLEGIBLE
from s3guard.plan import Plan, reads
from s3guard.policy import BoundRule
from s3guard.rules import GroupRule, NewcomerRule, RecordRule
from s3guard.ruletables import RuleTables
from s3guard.scope import flags, scope
from s3guard.tally import Table, Tally
from s3guard.windows import MEMBER, bit


def scan(plan: Plan, columns: Columns, parsed: Parsed, objects: Sequence[str]) -> Partial:
    """The partial of one shard: `parsed` by a parser with `plan.texts` and the vocabulary of `columns`; `objects` names its objects."""
    inside = (pl.col("t") >= plan.since) if plan.since is not None else pl.lit(value=True)
    inside &= (pl.col("t") < plan.until) if plan.until is not None else pl.lit(value=True)
    names = pl.Series(list(objects), dtype=pl.String)
    partial = Partial(quarantined=parsed.damaged, warnings=dict(parsed.warnings), unreadable=parsed.unreadable)
    if plan.cell is not None:
        partial.seen.append(seen.held(parsed, objects))
    found: list[Table] = []
    kinds = [(parsed.records, False, False), (parsed.readings, True, False)]
    if parsed.delivered is not None:
        kinds.append((parsed.delivered, False, True))
        partial.deliveries.append(_carried(parsed, columns, inside, _cell(plan)))
    for rows, is_readings, is_delivered in kinds:
        kept = rows if plan.since is None and plan.until is None else rows.filter(inside)
        lines = _lines(rows) if is_readings else rows.height
        partial.outside += lines - (_lines(kept) if is_readings else kept.height)
        placed, judging = kept.with_columns(_cell(plan).alias("cell")), list[str]()
        for bucket, of_bucket in _by_bucket(placed, columns):
            partial.buckets.append(_seen(bucket, of_bucket))
            partial.hours += _hours(plan, bucket, of_bucket)
            bound = plan.rules_of(bucket)
            if bound:
                judging.append(bucket)
                judged = _Bucket(bucket, of_bucket, columns, names, plan.masks, is_readings=is_readings, is_delivered=is_delivered)
                found += judged.tables(bound)
                partial.totals.append(judged.totals(bound))
                partial.looked += [judged.looked(bound)] if is_delivered else []
        found += _before(plan, columns, rows, names, is_readings=is_readings, is_delivered=is_delivered)
        _meter(plan, partial, placed, judging, columns)
    for table in found:
        mine = partial.rules.setdefault(table.rule, RuleTables(table.splits, grid=table.grid))
        for name in Table.NAMES:
            frame = getattr(table, name)
            if frame is not None and frame.height:
                getattr(mine, name).append(frame)
    return partial


def _meter(plan: Plan, partial: Partial, rows: pl.DataFrame, buckets: Sequence[str], columns: Columns) -> None:
    """Add the traffic of the rows of these buckets, where it is wanted."""
    if not plan.traffic or not buckets:
        return
    codes = [columns.vocabulary["bucket"].code(name) for name in buckets]
    chosen = rows if rows["bucket"].n_unique() == len(codes) else rows.filter(pl.col("bucket").is_in(codes))
    found = metered(chosen, columns, plan.masks, apart=plan.cell is not None)
    partial.flows.append(found.flows)
    partial.times.append(found.times)
    partial.tops.append(found.tops)


def _before(
    plan: Plan, columns: Columns, rows: pl.DataFrame, objects: pl.Series, *, is_readings: bool, is_delivered: bool
) -> Iterator[Table]:
    """What rules compare with, of the records of before the period."""
    if plan.since is None or not any(one.rule.compares for policy in plan.policies for one in policy.rules):
        return
    earlier = rows.filter(pl.col("t").is_between(plan.since - past.SPAN, plan.since - 1))
    for bucket, of_bucket in _by_bucket(earlier.with_columns(_cell(plan).alias("cell")), columns):
        bound = tuple(one for one in plan.rules_of(bucket) if one.rule.compares)
        if bound:
            before = _Bucket(bucket, of_bucket, columns, objects, plan.masks, is_readings=is_readings, is_delivered=is_delivered)
            yield from before.tables(bound, is_before=True)


def _carried(parsed: Parsed, columns: Columns, inside: pl.Expr, cell: pl.Expr) -> pl.DataFrame:
    """What is known of each bucket's deliveries: how many records there are in the period, and which columns were carried at all."""
    assert parsed.delivered is not None  # noqa: S101 - for the type checker
    names = columns.vocabulary["bucket"].values
    counted = parsed.delivered.filter(inside).select("bucket", cell.alias("cell")).group_by("bucket", "cell").len().iter_rows()
    rows = [(names[code], cell, count, parsed.carried[names[code]]) for code, cell, count in counted]
    # NOTE: a row of no records, for buckets whose records all lie out of the period.
    rows += [(bucket, 0, 0, bits) for bucket, bits in parsed.carried.items()]
    return pl.DataFrame(rows, schema=DELIVERY, orient="row")


def _lines(readings: pl.DataFrame) -> int:
    return readings["reading"].n_unique()


def _by_bucket(rows: pl.DataFrame, columns: Columns) -> Iterable[tuple[str, pl.DataFrame]]:
    """The rows of each bucket, by its name."""
    if not rows.height:
        return
    names = columns.vocabulary["bucket"].values
    if rows["bucket"].min() == rows["bucket"].max():
        yield names[rows["bucket"][0]], rows
        return
    for (code,), part in rows.partition_by("bucket", as_dict=True).items():
        yield names[code], part


def _cell(plan: Plan) -> pl.Expr:
    """The start of the stretch of time that a record lies in; 0 where there is one alone."""
    return pl.lit(0, pl.Int64) if plan.cell is None else pl.col("t") // plan.cell * plan.cell


def _hours(plan: Plan, bucket: str, rows: pl.DataFrame) -> list[pl.DataFrame]:
    """`hours.HOUR` of the rows of one bucket. NOTE: cells are hours of their own, and tables by cells are cut at any of them."""
    return [hours.counted(bucket, rows)] if plan.cell is None else []


def _seen(bucket: str, rows: pl.DataFrame) -> pl.DataFrame:
    """`BUCKET` of the rows of one bucket."""
    many = pl.len() if rows["reading"][0] is None else pl.col("reading").n_unique()
    ambiguous = pl.lit(0) if rows["reading"][0] is None else pl.col("reading").n_unique()
    counted = [many.cast(pl.Int64).alias("records"), ambiguous.cast(pl.Int64).alias("ambiguous")]
    told = [*counted, pl.col("t").min().alias("first"), pl.col("t").max().alias("last")]
    is_one = rows["cell"].min() == rows["cell"].max()
    found = rows.select(pl.col("cell").first(), *told) if is_one else rows.group_by("cell").agg(told)
    return found.select(pl.lit(bucket).alias("bucket"), pl.exclude("bucket")).select(BUCKET.keys())


class _Bucket:
    """The rows of one bucket of one shard, judged by every rule that applies to it."""

    def __init__(
        self,
        bucket: str,
        rows: pl.DataFrame,
        columns: Columns,
        objects: pl.Series,
        masks: Masks,
        *,
        is_readings: bool,
        is_delivered: bool,
    ) -> None:
        self._bucket = bucket
        self._columns = columns
        self._objects = objects
        self._tally = Tally(bucket, columns, objects, masks)
        self._is_readings = is_readings
        self._is_delivered = is_delivered
        self._has_illegible = int(rows["unknown"].max() or 0) >= ILLEGIBLE  # type: ignore[arg-type]  # numbers have a number for maximum
        self._rows = columns.prepared(rows)

    def tables(self, bound: Sequence[BoundRule], *, is_before: bool = False) -> list[Table]:
        """The tables of each rule; of records of before the period those that it compares with."""
        read = frozenset[str]().union(*map(reads, bound))
        if "key" in read and "key" not in self._rows.columns:
            self._rows = self._rows.with_columns(decoded_keys(self._rows, self._columns))
        if "object" in read:
            self._rows = self._rows.with_columns(self._objects.gather(self._rows["object"]).alias("object_name"))
        told = flags(self._rows, bound, self._columns, has_illegible=self._has_illegible, is_delivered=self._is_delivered)
        if self._is_readings:
            told = self._of_lines(told)
            lines = told.group_by("reading").agg(pl.col("cell").first(), pl.exclude("reading", "cell").any())
        else:
            lines = told
        if lines["cell"].min() == lines["cell"].max():
            self._sums = lines.select(pl.col("cell").first(), pl.exclude("reading", "cell").sum())
        else:
            self._sums = lines.group_by("cell").agg(pl.exclude("reading", "cell").sum())
        counted = self._sums.sum().row(0, named=True)
        found = [] if is_before else [self._table(one, place, told, counted) for place, one in enumerate(bound)]
        for place, one in enumerate(bound):
            if one.rule.compares:
                found += self._past(one, told[f"j{place}"], is_before=is_before)
        return found

    def totals(self, bound: Sequence[BoundRule]) -> pl.DataFrame:
        """`TOTALS` of the rules, once their tables were made."""
        rows = [
            (self._name(one), self._bucket, sums["cell"], sums[f"j{place}"] or 0, sums[f"u{place}"] or 0, sums.get(f"h{place}") or 0, False)
            for sums in self._sums.iter_rows(named=True)
            for place, one in enumerate(bound)
        ]
        return pl.DataFrame(rows, schema=TOTALS, orient="row")

    def _of_lines(self, told: pl.DataFrame) -> pl.DataFrame:
        """Flags of readings, with the line that each belongs to; a line that one reading lets judge is not unjudged."""
        places = [name[1:] for name in told.columns if name.startswith("u")]
        judged = [(pl.col(f"u{place}") & ~pl.col(f"j{place}").any().over("reading")).alias(f"u{place}") for place in places]
        return told.with_columns(judged)

    def looked(self, bound: Sequence[BoundRule]) -> pl.DataFrame:
        """`LOOKED` of the rules, once their tables were made."""
        mine = self._rows.filter("by_s3")
        others = mine.with_columns(pl.lit(value=True).alias("request"), (~pl.col("anonymous")).alias("authenticated"))
        # NOTE: S3's own records are told by four columns, and a delivery that leaves one of them out does not tell them.
        looks = (scope(one, self._columns) for one in bound)
        scopes = [pl.any_horizontal(look, pl.col("by_s3").is_null()).alias(str(place)) for place, look in enumerate(looks)]
        more, less = (rows.select("cell", *scopes).group_by("cell").agg(pl.all().sum()).sort("cell") for rows in (others, mine))
        own = more.select("cell", *(pl.col(name) - less[name] for name in less.columns[1:]))
        rows = [
            (one.name, self._bucket, sums["cell"], looked, own_ones)
            for frame, looked_by, own_by in ((self._sums, "l{}", ""), (own, "", "{}"))
            for sums in frame.iter_rows(named=True)
            for place, one in enumerate(bound)
            for looked, own_ones in [(sums.get(looked_by.format(place), 0) or 0, sums.get(own_by.format(place), 0) or 0)]
        ]
        return pl.DataFrame(rows, schema=LOOKED, orient="row")

    def _name(self, bound: BoundRule) -> str:
        """Under which the tables of a rule stand."""
        return of_delivery(bound.name) if self._is_delivered else bound.name

    def _table(self, bound: BoundRule, place: int, told: pl.DataFrame, counted: Mapping[str, int]) -> Table:
        rule = bound.rule
        hits = int(counted.get(f"h{place}", 0) or 0)
        table = Table(self._name(bound), isinstance(rule, RecordRule))
        if isinstance(rule, RecordRule) and hits:
            rows = breaking(self._rows, bound, self._columns, told[f"h{place}"], is_readings=self._is_readings)
            self._tally.fill(table, bound, rows, None)
        elif isinstance(rule, GroupRule) and counted[f"j{place}"] and rule.limits():
            rows = measured(self._rows, bound, self._columns, told[f"j{place}"], is_readings=self._is_readings)
            self._tally.fill(table, bound, rows, rule)
        return table

    def _past(self, bound: BoundRule, judged: pl.Series, *, is_before: bool) -> list[Table]:
        """What a rule compares with, of these rows; that of before the period is nobody's violation."""
        rule, name = bound.rule, past.of_past(self._name(bound))
        splits = isinstance(rule, NewcomerRule)
        found = [Table(name, splits)]
        sums: list[str] = []
        if isinstance(rule, GroupRule):
            limits = [one.limit for one in rule.usuals()]
            sums = [f"s{k}" for k, limit in enumerate(limits) if limit.how in ("sum", "mean")]
            rows = measured(self._rows, bound, self._columns, judged, is_readings=self._is_readings, is_past=True)
            if is_before:
                members = sum(bit(k, MEMBER) for k in range(len(limits)))
                rows = rows.with_columns(pl.col("mask").and_(~members), pl.lit(value=False).alias("member"))
            self._tally.fill(found[0], bound, rows, None)
        elif judged.any():
            rows = breaking(self._rows, bound, self._columns, judged, is_readings=self._is_readings)
            if is_before:
                rows = rows.with_columns(pl.lit(past.BEFORE, pl.Int64).alias("tick"), pl.lit(value=False).alias("member"))
            keys = [f"k{n}" for n in range(len(rule.subject))]
            for key, column in zip(keys, rule.subject, strict=True):
                found.append(Table(name, splits))
                self._tally.fill(found[-1], bound, rows.with_columns(pl.col(key).alias("k0")).drop(keys[1:]), None, (column,))
        whole = Table(name, splits)
        whole.groups, whole.counts = past.alive(past.of_past(bound.name), self._bucket, self._rows, past.ALIVE if splits else 0, sums)
        return [*found, whole]
