"""Tally: the rows that count for a rule become its small tables of groups, counts, samples and different values."""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import dataclass
from hashlib import blake2b

import polars as pl

from s3guard.columns import Columns
from s3guard.counted import slides
from s3guard.grouping import grouped, packed, summed
from s3guard.joins import SAMPLE, SAMPLES, SET, earliest, sampled, sets
from s3guard.masks import MASKS, Masks
from s3guard.policy import BoundRule
from s3guard.rules import GroupRule
from s3guard.seconds import grid_of


@dataclass(slots=True)
class Table:
    """What one rule made of one bucket's rows."""

    rule: str
    splits: bool
    groups: pl.DataFrame | None = None
    counts: pl.DataFrame | None = None
    samples: pl.DataFrame | None = None
    distinct: pl.DataFrame | None = None
    grid: int | None = None
    """Seconds of a cell, where the counts are by the second."""

    NAMES = ("groups", "counts", "samples", "distinct")


@dataclass(frozen=True, slots=True)
class Tally:
    """Makes the tables of one bucket's rows."""

    bucket: str
    columns: Columns
    objects: pl.Series
    """Names of the log objects, which rows have by their number."""
    masks: Masks = MASKS
    """What is masked in subjects: no table, and so no state, holds a credential."""

    def fill(
        self, table: Table, bound: BoundRule, rows: pl.DataFrame, rule: GroupRule | None, subject: Sequence[str] | None = None
    ) -> None:
        """Groups, counts, samples and distinct values of the rows that matter; `subject`, where it is not the rule's, names ``k0``, …"""
        if not rows.height:
            return
        subject = bound.rule.subject if subject is None else subject
        keys = [f"k{n}" for n in range(len(subject))]
        sums = [name for name in rows.columns if name.startswith("s")]
        by_second = rule is not None and slides(rule)
        if rule is not None and rule.window is not None and by_second:
            table.grid = grid_of(rule.window)
            # NOTE: the first and the last record of a second are of that second.
            counts = summed(rows, [*keys, "tick", "mask"], sums, "n")
        else:
            many = [pl.len().cast(pl.Int64).alias("n"), pl.col("t").min().alias("first"), pl.col("t").max().alias("last")]
            counts = grouped(rows, [*keys, "tick", "mask", "cell"], [*many, *(pl.col(name).sum() for name in sums)])
        groups = self._groups(bound, subject, counts.select(keys).unique() if keys else pl.DataFrame())
        table.groups = groups.select("g", "bucket", "subject").unique("g", keep="any")
        counts = _keyed(counts, groups, keys).select("g", pl.exclude("g", *keys))
        table.counts = counts if table.groups.height == groups.height else _joined(counts)
        rows = _keyed(rows, groups, keys)
        members = rows if rows["member"].all() else rows.filter("member")
        if rule is not None and rule.window is None:
            members = members.with_columns(pl.lit(0, pl.Int64).alias("tick"))
        table.samples = self._samples(members, keys, by_second=by_second)
        if rule is not None and any(limit.how == "distinct" for limit in rule.limits()):
            table.distinct = _distinct(rows, rule)

    def _groups(self, bound: BoundRule, subject: Sequence[str], subjects: pl.DataFrame) -> pl.DataFrame:
        """Each subject with its hash `g`, its bucket and its text."""
        texts = []
        for n, name in enumerate(subject):
            coded, column = self.columns.coded(name), subjects[f"k{n}"]
            if coded.dictionary is not None:
                column = coded.dictionary.values.gather(column)
                column = column.to_frame("v").select(pl.when(pl.col("v") != "-").then("v")).to_series()
            texts.append([value if value is None or isinstance(value, int) else self.masks.apply(str(value)) for value in column])
        rows = zip(*texts, strict=True) if texts else [()]
        written = [json.dumps(dict(zip(subject, row, strict=True)), ensure_ascii=True) for row in rows]
        hashes = [group_hash(bound.name, self.bucket, text) for text in written]
        made = [pl.Series("g", hashes, pl.Int64), pl.Series("subject", written, pl.String)]
        return pl.DataFrame([*subjects.get_columns(), *made]).with_columns(pl.lit(self.bucket).alias("bucket"))

    def _samples(self, members: pl.DataFrame, keys: Sequence[str], *, by_second: bool) -> pl.DataFrame:
        """The earliest members of each key, their objects by name."""
        if not members.height:
            return pl.DataFrame(schema=SAMPLE)
        chosen = sampled(members, of_one_bucket=True) if by_second else _early(members, keys)
        named = chosen.with_columns(
            self.objects.gather(chosen["object"]).alias("object"), pl.col("line").cast(pl.Int64), pl.lit(self.bucket).alias("bucket")
        )
        # NOTE: a copy, for texts that were filtered keep alive what they were filtered from, which is all request ids of the shard.
        return earliest(named.select(SAMPLE.keys())).with_columns(pl.concat_str(name, pl.lit("")) for name in ("request_id", "object"))


def _early(members: pl.DataFrame, keys: Sequence[str]) -> pl.DataFrame:
    """The members that can be among the earliest of their key. NOTE: names of objects are looked up for these few, not for all."""
    if members.height <= 64:
        return members
    of_group = ("tick", "mask", "cell")
    if all(members[name].min() == members[name].max() for name in ("g", *of_group)):
        return members.filter(pl.col("t") <= pl.col("t").bottom_k(SAMPLES).max())
    key = packed(members, [*keys, *of_group])
    by = ["g", *of_group] if key is None else [key.name]
    keyed = members if key is None else members.with_columns(key)
    latest = keyed.group_by(by).agg(pl.col("t").bottom_k(SAMPLES).max().alias("latest"))
    return keyed.join(latest, on=by).filter(pl.col("t") <= pl.col("latest"))


def group_hash(rule: str, bucket: str, subject: str) -> int:
    """The hash of a group: 64 bits of BLAKE2b over rule, bucket and subject; the same on every machine and version."""
    digest = blake2b(f"{rule}\0{bucket}\0{subject}".encode(), digest_size=8).digest()
    return int.from_bytes(digest, "big", signed=True)


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


def _joined(counts: pl.DataFrame) -> pl.DataFrame:
    """The counts of each group in one row where they are in several: subjects that differ in what is masked alone are one group."""
    keys = [name for name in ("g", "tick", "mask", "cell") if name in counts.columns]
    ends = [pl.col("first").min(), pl.col("last").max()] if "first" in counts.columns else []
    return counts.group_by(keys).agg(*ends, pl.exclude(*keys, "first", "last").sum()).select(counts.columns)


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
                pl.lit(cap, pl.Int64).alias("cap"),
                values.hash(seed=0).reinterpret(signed=True).alias("h"),
            )
        )
    return sets(pl.concat(found).select(*SET, "h"))
