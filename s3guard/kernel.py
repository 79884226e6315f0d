"""Scan: the records of one shard become the small tables of every rule; pure, without input, output, clock or globals.

A record meets only the policies of its own bucket. For each rule the scan asks, in one pass over the bucket's rows: which records
does it look at, which of them can it not judge, which break it; rows that matter are grouped by subject, and by second where the
rule has windows. An ambiguous line is several rows, one a reading; they become one row by the reading that is worst for the
requester before anything is counted.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from functools import lru_cache
from hashlib import blake2b, sha256
from typing import Final

import polars as pl

from s3guard import conditions, hours, seen
from s3guard.columns import Columns, decoded_keys, needed_texts
from s3guard.grouping import grouped, summed
from s3guard.measures import Limit, Measured
from s3guard.parse import ILLEGIBLE, Parsed
from s3guard.partial import (
    BUCKET,
    DELIVERY,
    DISTINCT,
    LOOKED,
    SAMPLE,
    SAMPLES,
    TOTALS,
    Partial,
    RuleTables,
    earliest,
    of_delivery,
    sampled,
    smallest,
)
from s3guard.policy import BoundRule, Policy
from s3guard.records import OUTCOMES
from s3guard.rules import GroupRule, RecordRule
from s3guard.windows import BASE, COUNTED, MEMBER, bit

_ORIGIN: Final = ("t", "request_id", "object", "line", "cell")


@dataclass(frozen=True, slots=True)
class Plan:
    """What a run judges: policies, the period, and what it was narrowed to. Survives pickle."""

    policies: tuple[Policy, ...]
    since: int | None = None
    """Seconds since 1970, UTC; records before are left out."""
    until: int | None = None
    """Records at and after are left out."""
    rules: frozenset[str] | None = None
    """Names of the rules that are judged, ``policy/kind[/id]``; None: all."""
    buckets: frozenset[str] | None = None
    """The buckets that are judged; None: all."""
    cell: int | None = None
    """Seconds of the stretches of time that tables are kept apart by, so that a part of a period can be concluded; None: all in one."""

    def rules_of(self, bucket: str) -> tuple[BoundRule, ...]:
        """The rules that apply to a bucket, in the order of the policies."""
        if self.buckets is not None and bucket not in self.buckets:
            return ()
        applying = [policy for policy in self.policies if policy.applies_to(bucket)]
        return tuple(bound for policy in applying for bound in policy.rules if self.judges(bound))

    def judges(self, bound: BoundRule) -> bool:
        """Whether the run was not narrowed to other rules."""
        return self.rules is None or bound.name in self.rules

    def looks_at(self, policy: Policy, bucket: str) -> bool:
        """Whether a rule of the policy is judged over the bucket: one whose rules are all switched off, or left out, looks at nothing."""
        is_wanted = self.buckets is None or bucket in self.buckets
        return is_wanted and policy.applies_to(bucket) and any(self.judges(bound) for bound in policy.rules)

    @property
    def columns(self) -> frozenset[str]:
        """Every column by name that a rule reads beyond those that are always there."""
        return frozenset[str]().union(*(reads(bound) for policy in self.policies for bound in policy.rules if self.judges(bound)))

    @property
    def texts(self) -> frozenset[str]:
        """The columns that the parser has to keep for the rules."""
        return needed_texts(self.columns)


TABLES: Final = 1
"""The version of what `scan` counts: raised whenever tables of before may not be merged with those of now."""


def table_key(policy: Policy, bound: BoundRule) -> str:
    """What the tables of a rule are kept under: 64 hex of SHA-256 over all that decides what is counted; the same key, the same tables."""
    told = [TABLES, bound.name, sorted(policy.buckets), bound.rule.counted]
    return sha256(json.dumps(told).encode()).hexdigest()


def reads(bound: BoundRule) -> frozenset[str]:
    """The columns that a rule's entry names: in `where`, in `group_by`, in its measure; ``key`` for globs over keys."""
    rule = bound.rule
    named = set(rule.subject) | condition_columns(rule.where)
    if rule.keys is not None or rule.except_keys is not None:
        named.add("key")
    return frozenset(named) | rule.texts | (rule.reads if isinstance(rule, GroupRule) else frozenset())


@lru_cache(maxsize=1024)
def condition_columns(where: str | None) -> frozenset[str]:
    """The columns that a condition reads; none for no condition."""
    return conditions.compile(where).columns if where else frozenset()


def scan(plan: Plan, columns: Columns, parsed: Parsed, objects: Sequence[str]) -> Partial:
    """The partial of one shard: `parsed` by a parser with `plan.texts` and the vocabulary of `columns`; `objects` names its objects."""
    inside = (pl.col("t") >= plan.since) if plan.since is not None else pl.lit(value=True)
    inside &= (pl.col("t") < plan.until) if plan.until is not None else pl.lit(value=True)
    names = pl.Series(list(objects), dtype=pl.String)
    partial = Partial(quarantined=parsed.damaged, warnings=dict(parsed.warnings), unreadable=parsed.unreadable)
    if plan.cell is not None:
        partial.seen.append(seen.held(parsed, objects))
    found: list[_Table] = []
    kinds = [(parsed.records, False, False), (parsed.readings, True, False)]
    if parsed.delivered is not None:
        kinds.append((parsed.delivered, False, True))
        partial.deliveries.append(_carried(parsed, columns, inside, _cell(plan)))
    for rows, is_readings, is_delivered in kinds:
        kept = rows if plan.since is None and plan.until is None else rows.filter(inside)
        lines = _lines(rows) if is_readings else rows.height
        partial.outside += lines - (_lines(kept) if is_readings else kept.height)
        for bucket, of_bucket in _by_bucket(kept.with_columns(_cell(plan).alias("cell")), columns):
            partial.buckets.append(_seen(bucket, of_bucket))
            partial.hours += _hours(plan, bucket, of_bucket)
            bound = plan.rules_of(bucket)
            if bound:
                judged = _Bucket(bucket, of_bucket, columns, names, is_readings=is_readings, is_delivered=is_delivered)
                found += judged.tables(bound)
                partial.totals.append(judged.totals(bound))
                if is_delivered:
                    partial.looked.append(judged.looked(bound))
    for table in found:
        mine = partial.rules.setdefault(table.rule, RuleTables(table.splits))
        for name in RuleTables.NAMES:
            frame = getattr(table, name)
            if frame is not None and frame.height:
                getattr(mine, name).append(frame)
    return partial


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
    found = rows.group_by("cell").agg(*counted, pl.col("t").min().alias("first"), pl.col("t").max().alias("last"))
    return found.select(pl.lit(bucket).alias("bucket"), pl.exclude("bucket")).select(BUCKET.keys())


@dataclass(slots=True)
class _Table:
    """What one rule made of one bucket's rows."""

    rule: str
    splits: bool
    groups: pl.DataFrame | None = None
    counts: pl.DataFrame | None = None
    samples: pl.DataFrame | None = None
    distinct: pl.DataFrame | None = None


class _Bucket:
    """The rows of one bucket of one shard, judged by every rule that applies to it."""

    def __init__(
        self, bucket: str, rows: pl.DataFrame, columns: Columns, objects: pl.Series, *, is_readings: bool, is_delivered: bool
    ) -> None:
        self._bucket = bucket
        self._columns = columns
        self._objects = objects
        self._is_readings = is_readings
        self._is_delivered = is_delivered
        self._has_illegible = int(rows["unknown"].max() or 0) >= ILLEGIBLE  # type: ignore[arg-type]  # numbers have a number for maximum
        self._rows = columns.prepared(rows)

    def tables(self, bound: Sequence[BoundRule]) -> list[_Table]:
        """The tables of each rule."""
        read = frozenset[str]().union(*map(reads, bound))
        if "key" in read and "key" not in self._rows.columns:
            self._rows = self._rows.with_columns(decoded_keys(self._rows, self._columns))
        if "object" in read:
            self._rows = self._rows.with_columns(self._objects.gather(self._rows["object"]).alias("object_name"))
        # NOTE: a rule that looks at everything is one literal, which on its own would be a frame of one row; hence "reading" beside it.
        flags = self._rows.select(
            "reading", "cell", *(expr.alias(f"{role}{place}") for place, one in enumerate(bound) for role, expr in self._flags(one).items())
        )
        if self._is_readings:
            flags = self._of_lines(flags)
            lines = flags.group_by("reading").agg(pl.col("cell").first(), pl.exclude("reading", "cell").any())
        else:
            lines = flags
        if lines["cell"].min() == lines["cell"].max():
            self._sums = lines.select(pl.col("cell").first(), pl.exclude("reading", "cell").sum())
        else:
            self._sums = lines.group_by("cell").agg(pl.exclude("reading", "cell").sum())
        counted = self._sums.sum().row(0, named=True)
        return [self._table(one, place, flags, counted) for place, one in enumerate(bound)]

    def totals(self, bound: Sequence[BoundRule]) -> pl.DataFrame:
        """`TOTALS` of the rules, once their tables were made."""
        rows = [
            (self._name(one), self._bucket, sums["cell"], sums[f"j{place}"] or 0, sums[f"u{place}"] or 0, sums.get(f"h{place}") or 0, False)
            for sums in self._sums.iter_rows(named=True)
            for place, one in enumerate(bound)
        ]
        return pl.DataFrame(rows, schema=TOTALS, orient="row")

    def _of_lines(self, flags: pl.DataFrame) -> pl.DataFrame:
        """Flags of readings, with the line that each belongs to; a line that one reading lets judge is not unjudged."""
        places = [name[1:] for name in flags.columns if name.startswith("u")]
        judged = [(pl.col(f"u{place}") & ~pl.col(f"j{place}").any().over("reading")).alias(f"u{place}") for place in places]
        return flags.with_columns(judged)

    def _flags(self, bound: BoundRule) -> dict[str, pl.Expr]:
        """Boolean expressions: `j` judged, `u` unjudged, `h` of a rule about single records those that break it.

        And `l` of records that a delivery may have left columns out of: those that the rule looks at, before `where`.
        """
        rule, columns = bound.rule, self._columns
        scope = self._scope(bound)
        asked = condition_columns(rule.where)
        told = _all(columns.has(name) for name in sorted(asked))
        if self._has_illegible:
            scope, told = scope | columns.illegible(), told & ~columns.illegible()
        chosen = told & columns.condition(rule.where) if rule.where else told
        own = reads(bound) - asked
        judgeable = _all(columns.has(name) for name in sorted(own))
        unjudged = rule.unjudged(columns)
        if unjudged is not None:
            judgeable &= ~unjudged
        judged = scope & chosen & judgeable
        flags = {"j": judged, "u": scope & (~told | (chosen & ~judgeable))}
        if isinstance(rule, RecordRule):
            flags["h"] = judged & rule.breaks(columns)
        if self._is_delivered:
            flags["l"] = scope
        return flags

    def _scope(self, bound: BoundRule) -> pl.Expr:
        """Boolean: the records that a rule looks at, but for `where`."""
        return pl.all_horizontal(bound.rule.looks(self._columns), *self._narrowed(bound)).fill_null(value=False)

    def looked(self, bound: Sequence[BoundRule]) -> pl.DataFrame:
        """`LOOKED` of the rules, once their tables were made."""
        mine = self._rows.filter("by_s3")
        others = mine.with_columns(pl.lit(value=True).alias("request"), (~pl.col("anonymous")).alias("authenticated"))
        # NOTE: S3's own records are told by four columns, and a delivery that leaves one of them out does not tell them.
        scopes = [pl.any_horizontal(self._scope(one), pl.col("by_s3").is_null()).alias(str(place)) for place, one in enumerate(bound)]
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

    def _narrowed(self, bound: BoundRule) -> Iterable[pl.Expr]:
        """The common fields that narrow a rule, but for `where`."""
        rule, columns = bound.rule, self._columns
        if rule.effective_operations:
            yield columns.operation(rule.effective_operations)
        if rule.keys is not None:
            yield columns.key_matches(rule.keys) | ~columns.has("key")
        if rule.except_keys is not None:
            yield ~columns.key_matches(rule.except_keys)
        if rule.keys is not None or rule.except_keys is not None:
            # NOTE: the parent row of a bulk delete has no key; its BATCH rows, one a key, are judged.
            yield pl.col("key_logged").is_not_null() | ~columns.operation(("REST.POST.MULTI_OBJECT_DELETE",))
        if rule.outcome is not None:
            yield columns.outcome().is_in([OUTCOMES.index(name) for name in rule.outcome])

    def _table(self, bound: BoundRule, place: int, flags: pl.DataFrame, counted: Mapping[str, int]) -> _Table:
        rule = bound.rule
        hits = int(counted.get(f"h{place}", 0) or 0)
        table = _Table(self._name(bound), isinstance(rule, RecordRule))
        if isinstance(rule, RecordRule) and hits:
            self._fill(table, bound, self._records(bound, flags[f"h{place}"]), None)
        elif isinstance(rule, GroupRule) and counted[f"j{place}"] and rule.limits():
            self._fill(table, bound, self._measured(bound, flags[f"j{place}"]), rule)
        return table

    def _records(self, bound: BoundRule, hits: pl.Series) -> pl.DataFrame:
        """The rows that break a rule: subject, origin, `mask` (the outcome), `tick` 0."""
        rows = self._rows
        outcome = self._columns.outcome().cast(pl.Int64).alias("mask")
        chosen = rows.filter(hits).select(*self._subject(bound), *_ORIGIN, "reading", outcome, pl.lit(0, pl.Int64).alias("tick"))
        if self._is_readings:
            # NOTE: `served` if any of the readings that break the rule is: the smallest outcome is the worst.
            chosen = chosen.sort("reading", "mask").unique("reading", keep="first", maintain_order=True)
        return chosen.with_columns(pl.lit(1, pl.Int64).alias("n"), pl.lit(value=True).alias("member"))

    def _measured(self, bound: BoundRule, judged: pl.Series) -> pl.DataFrame:
        """The rows that a rule about groups measures: subject, origin, `mask` (bits of limits), `tick`, sums, values to tell apart."""
        rule = bound.rule
        assert isinstance(rule, GroupRule)  # noqa: S101 - for the type checker
        limits, measures = rule.limits(), rule.measures(self._columns)
        mask, member = pl.lit(0, pl.Int64), pl.lit(value=False)
        sums: list[pl.Expr] = []
        for k, (limit, measured) in enumerate(zip(limits, measures, strict=True)):
            for role, expr in ((BASE, measured.base), (COUNTED, measured.counted), (MEMBER, measured.members)):
                flag = pl.lit(1, pl.Int64) if expr is None else expr.fill_null(value=False).cast(pl.Int64)
                mask += flag * bit(k, role)
            member |= pl.lit(value=True) if measured.members is None else measured.members.fill_null(value=False)
            if limit.how in ("sum", "mean"):
                # NOTE: 128 bits: ten numbers of eighteen digits, which a client can imitate, would turn a sum of 64 negative, and hide it.
                total = pl.lit(0) if measured.total is None else measured.total.fill_null(0)
                sums.append(total.cast(pl.Int128).alias(f"s{k}"))
        values = [measured.distinct.alias(f"d{k}") for k, measured in enumerate(measures) if measured.distinct is not None]
        told: list[pl.Expr | str] = [
            *self._subject(bound),
            *_ORIGIN,
            "reading",
            mask.alias("mask"),
            _tick(rule).alias("tick"),
            member.alias("member"),
        ]
        if not self._is_readings:
            counting = _counting(limits, measures)
            if counting is not None:
                judged = judged & self._rows.select(counting.alias("counting")).to_series()
            rows = self._rows if judged.all() else self._rows.filter(judged)
            return rows.select(*told, *sums, *values).with_columns(pl.lit(1, pl.Int64).alias("n"))
        return _worst_readings(self._rows.select(*told, *sums, *values).with_columns(judged.alias("judged")), limits)

    def _subject(self, bound: BoundRule) -> list[pl.Expr]:
        """The columns of the subject as codes or values, named ``k0``, ``k1``, …"""
        return [self._columns.coded(name).expr.alias(f"k{n}") for n, name in enumerate(bound.rule.subject)]

    def _fill(self, table: _Table, bound: BoundRule, rows: pl.DataFrame, rule: GroupRule | None) -> None:
        """Groups, counts, samples and distinct values of the rows that matter."""
        if not rows.height:
            return
        keys = [f"k{n}" for n in range(len(bound.rule.subject))]
        sums = [name for name in rows.columns if name.startswith("s")]
        by_second = rule is not None and slides(rule)
        if by_second:
            # NOTE: the first and the last record of a second are of that second.
            counts = summed(rows, [*keys, "tick", "mask"], sums, "n")
        else:
            many = [pl.len().cast(pl.Int64).alias("n"), pl.col("t").min().alias("first"), pl.col("t").max().alias("last")]
            counts = grouped(rows, [*keys, "tick", "mask", "cell"], [*many, *(pl.col(name).sum() for name in sums)])
        groups = self._groups(bound, counts.select(keys).unique() if keys else pl.DataFrame())
        table.groups = groups.select("g", "bucket", "subject")
        table.counts = _keyed(counts, groups, keys).select("g", pl.exclude("g", *keys))
        rows = _keyed(rows, groups, keys)
        members = rows if rows["member"].all() else rows.filter("member")
        if rule is not None and rule.window is None:
            members = members.with_columns(pl.lit(0, pl.Int64).alias("tick"))
        table.samples = self._samples(members, by_second=by_second)
        if rule is not None and any(limit.how == "distinct" for limit in rule.limits()):
            table.distinct = _distinct(rows, rule)

    def _groups(self, bound: BoundRule, subjects: pl.DataFrame) -> pl.DataFrame:
        """Each subject with its hash `g`, its bucket and its text."""
        texts = []
        for n, name in enumerate(bound.rule.subject):
            coded, column = self._columns.coded(name), subjects[f"k{n}"]
            if coded.dictionary is not None:
                column = coded.dictionary.values.gather(column)
                column = column.to_frame("v").select(pl.when(pl.col("v") != "-").then("v")).to_series()
            texts.append([value if value is None or isinstance(value, int) else str(value) for value in column])
        rows = zip(*texts, strict=True) if texts else [()]
        written = [json.dumps(dict(zip(bound.rule.subject, row, strict=True)), ensure_ascii=True) for row in rows]
        hashes = [group_hash(bound.name, self._bucket, subject) for subject in written]
        made = [pl.Series("g", hashes, pl.Int64), pl.Series("subject", written, pl.String)]
        return pl.DataFrame([*subjects.get_columns(), *made]).with_columns(pl.lit(self._bucket).alias("bucket"))

    def _samples(self, members: pl.DataFrame, *, by_second: bool) -> pl.DataFrame:
        """The earliest members of each key, their objects by name."""
        if not members.height:
            return pl.DataFrame(schema=SAMPLE)
        chosen = sampled(members, of_one_bucket=True) if by_second else _early(members)
        named = chosen.with_columns(
            self._objects.gather(chosen["object"]).alias("object"), pl.col("line").cast(pl.Int64), pl.lit(self._bucket).alias("bucket")
        )
        return earliest(named.select(SAMPLE.keys()))


def _early(members: pl.DataFrame) -> pl.DataFrame:
    """The members that can be among the earliest of their key. NOTE: names of objects are looked up for these few, not for all."""
    if members.height <= 64:
        return members
    if all(members[name].min() == members[name].max() for name in ("g", "tick", "mask", "cell")):
        return members.filter(pl.col("t") <= pl.col("t").bottom_k(SAMPLES).max())
    keys = ["g", "tick", "mask", "cell"]
    latest = members.group_by(keys).agg(pl.col("t").bottom_k(SAMPLES).max().alias("latest"))
    return members.join(latest, on=keys).filter(pl.col("t") <= pl.col("latest"))


def group_hash(rule: str, bucket: str, subject: str) -> int:
    """The hash of a group: 64 bits of BLAKE2b over rule, bucket and subject; the same on every machine and version."""
    digest = blake2b(f"{rule}\0{bucket}\0{subject}".encode(), digest_size=8).digest()
    return int.from_bytes(digest, "big", signed=True)


def _all(conditions: Iterable[pl.Expr]) -> pl.Expr:
    whole = pl.lit(value=True)
    for condition in conditions:
        whole &= condition
    return whole


def _counting(limits: Sequence[Limit], measures: Sequence[Measured]) -> pl.Expr | None:
    """Boolean: the rows that can change a number or be a violation; None where every row can.

    NOTE: a limit on refused requests has no use for those that were served, and they are nearly all.
    """
    whole = pl.lit(value=False)
    for limit, measured in zip(limits, measures, strict=True):
        if limit.how != "count" or measured.counted is None or measured.members is None:
            return None
        whole |= measured.counted.fill_null(value=False) | measured.members.fill_null(value=False)
    return whole


def _tick(rule: GroupRule) -> pl.Expr:
    """The start of what is counted together: a second for windows that slide, a window for those that are aligned, 0 without windows.

    NOTE: for gaps it is a stretch as long as the longest that is tolerated: within one there is no gap, so its ends say all.
    """
    gaps = [int(limit.most or 0) for limit in rule.limits() if limit.how == "gap"]
    if gaps:
        stretch = max(1, *gaps)
        return pl.col("t") // stretch * stretch
    if slides(rule):
        return pl.col("t")
    return pl.lit(0, pl.Int64) if rule.window is None else pl.col("t") // rule.window * rule.window


def slides(rule: GroupRule) -> bool:
    """Whether the rule has windows that begin at any second, for which it needs counts of every second."""
    return rule.window is not None and any(not limit.aligned for limit in rule.limits())


def _keyed(rows: pl.DataFrame, groups: pl.DataFrame, keys: Sequence[str]) -> pl.DataFrame:
    """The rows with the hash of their group."""
    if not keys:
        return rows.with_columns(pl.lit(groups["g"][0], pl.Int64).alias("g"))
    if groups.height == 1:
        return rows.with_columns(pl.lit(groups["g"][0], pl.Int64).alias("g"))
    if len(keys) == 1 and groups.schema[keys[0]] == pl.UInt32 and not groups[keys[0]].null_count():
        # NOTE: codes of a vocabulary are few: a table of them is read in a tenth of the time of a join.
        codes = groups[keys[0]]
        size = 1 + max(codes.to_list())
        hashes = pl.repeat(0, size, dtype=pl.Int64, eager=True).scatter(codes, groups["g"])
        return rows.with_columns(hashes.gather(rows[keys[0]]).alias("g"))
    return rows.join(groups.select(*keys, "g"), on=list(keys), how="inner", nulls_equal=True)


def _worst_readings(rows: pl.DataFrame, limits: Sequence[Limit]) -> pl.DataFrame:
    """One row a line, of its readings: against an upper limit what adds most, against a lower one what adds least."""
    judged = rows.filter("judged")
    lines = judged.group_by("reading", maintain_order=True).agg(
        pl.exclude("mask", "judged", "member", "^s.*$", "^d.*$").first(),
        pl.col("mask").bitwise_or(),
        pl.col("member").any(),
        pl.col("^s.*$").max(),
        pl.col("^d.*$").unique(),
        pl.lit(1, pl.Int64).alias("n"),
    )
    # NOTE: a percentile is under its limit when enough values are: there, too, what counts most is the worst.
    floors = {k: limit for k, limit in enumerate(limits) if limit.floor and not limit.reached}
    if not floors:
        return lines
    sums = [f"s{k}" for k in floors if f"s{k}" in rows.columns]
    least = rows.group_by("reading").agg(
        pl.col("judged").all().alias("certain"),
        pl.when("judged").then("mask").otherwise(0).bitwise_and().alias("least"),
        *(pl.when("judged").then(name).otherwise(0).min().alias(name) for name in sums),
    )
    bits = pl.lit(sum(bit(k, COUNTED) for k in floors), pl.Int64)
    low = pl.col("mask").and_(~bits).or_(pl.col("least").and_(bits))
    values = [pl.col(f"d{k}") for k, limit in floors.items() if limit.how == "distinct"]
    told = [pl.when(pl.col("certain") & (value.list.len() == 1)).then(value).otherwise(value.list.head(0)) for value in values]
    return lines.drop(sums).join(least, on="reading").with_columns(low.alias("mask"), *told).drop("least", "certain")


def _distinct(rows: pl.DataFrame, rule: GroupRule) -> pl.DataFrame:
    """The hashes of different values of each limit, group and window; null is not a value."""
    found = []
    for k, limit in enumerate(rule.limits()):
        if limit.how != "distinct":
            continue
        per, values = rule.window, pl.col(f"d{k}")
        chosen = rows.explode(f"d{k}", empty_as_null=True) if rows.schema[f"d{k}"] == pl.List else rows
        cap = int(limit.most if limit.most is not None else limit.least or 0) + 1
        tick = pl.lit(0, pl.Int64) if per is None else pl.col("t") // per * per
        found.append(
            chosen.filter(values.is_not_null()).select(
                "g",
                pl.lit(k, pl.Int64).alias("limit"),
                tick.alias("tick"),
                "cell",
                values.hash(seed=0).reinterpret(signed=True).alias("h"),
                pl.lit(cap, pl.Int64).alias("cap"),
            )
        )
    return smallest(pl.concat(found)).select(DISTINCT.keys())
