"""Columns that a delivery leaves out: which rules needed them, and how many records they could not judge for it.

Whoever has records delivered as JSON chooses their fields. A field that no record of a bucket carries was left out, and what it would
have said is unknown; where another record carries it, its absence says that there is no value. Which of the two it is, is known only
when everything is merged. A scan therefore takes absence for "no value", and puts what rules make of such records into tables of their own
(`partial.of_delivery`). Here they join the others where every column that the rule needs was carried; where one was not, all
records that the rule may have looked at are unjudged, and what it made of them is dropped.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping, Sequence
from collections.abc import Set as AbstractSet
from dataclasses import dataclass
from typing import Final

import polars as pl

from s3guard.columns import Coded, Columns
from s3guard.partial import Partial, of_delivery
from s3guard.past import of_past
from s3guard.plan import condition_columns
from s3guard.policy import BoundRule
from s3guard.records import COLUMN_BITS, JSON_NAMES
from s3guard.rules import GroupRule, NewcomerRule, RecordRule
from s3guard.ruletables import Joined, RuleTables, settled
from s3guard.vocabulary import Vocabulary

_DERIVED: Final[dict[str, tuple[str, ...]]] = {
    **dict.fromkeys(("principal", "principal_type", "account", "anonymous"), ("requester",)),
    **dict.fromkeys(("request", "authenticated", "by_s3"), ("requester", "operation")),
    **dict.fromkeys(("network", "no_ip"), ("remote_ip",)),
    "operation_class": ("operation",),
    "outcome": ("http_status", "error_code"),
    "key_logged": ("key",),
    "method": ("request_uri",),
}
"""Columns that follow from those that are delivered."""

_OWN: Final = frozenset({"remote_ip", "request_uri"})
"""Columns by which S3's own records are known beside requester and operation. Only of what looks like one there is any need to ask them."""

_ALWAYS: Final = ("bucket", "time")
"""A record that does not tell these is none."""


@dataclass(frozen=True, slots=True)
class Needs:
    """The columns of the log that a rule needs, by what becomes of a record without them."""

    look: frozenset[str]
    """To know which records it looks at."""
    choose: frozenset[str]
    """To know which of those `where` selects."""
    judge: frozenset[str]
    """To judge them, and to say whose they are."""

    @property
    def all(self) -> frozenset[str]:
        """All of them."""
        return self.look | self.choose | self.judge


@dataclass(frozen=True, slots=True)
class Blind:
    """What one rule could not judge of one bucket."""

    columns: tuple[str, ...]
    """The fields that were left out, as the delivery names them."""
    records: int
    """Records that the rule may have looked at."""
    judges: bool
    """Whether all others could be judged: it is not certain of these alone that S3 made them itself."""


@dataclass(slots=True)
class Merged:
    """The tables of one rule, and what is to be told of each bucket beside them."""

    tables: RuleTables
    totals: dict[str, dict[str, int]]
    """Buckets to `partial.TOTALS` of all their records."""
    blind: dict[str, Blind]
    past: RuleTables | None = None
    """What the rule compares with, if it does, in the report's period and before it."""


class Deliveries:
    """What the deliveries of each bucket left out, of a merged partial."""

    def __init__(self, partial: Partial) -> None:
        """Of a partial whose tables are joined."""
        self._partial = partial
        self._totals = {(row["rule"], row["bucket"]): row for row in partial.totals[0].iter_rows(named=True)}
        self._looked = {(row["rule"], row["bucket"]): row for row in partial.looked[0].iter_rows(named=True)}
        self._delivered = {row["bucket"]: row for row in partial.deliveries[0].iter_rows(named=True) if row["records"]}

    def merged(self, bound: BoundRule, buckets: Collection[str]) -> Merged:
        """The tables of a rule over these buckets."""
        blind = self._blind(bound, buckets) if self._delivered else {}
        seeing = [bucket for bucket in self._delivered if bucket not in blind or blind[bucket].judges]
        tables, flooded = self._tables(bound.name, of_delivery(bound.name), seeing, splits=isinstance(bound.rule, RecordRule))
        past, full = None, list[str]()
        if bound.rule.compares:
            names = of_past(bound.name), of_past(of_delivery(bound.name))
            past, full = self._tables(*names, seeing, splits=isinstance(bound.rule, NewcomerRule))
        totals = {bucket: self._total(bound.name, bucket, blind.get(bucket)) for bucket in buckets}
        for bucket in (*flooded, *full):
            if bucket in totals:
                totals[bucket]["overflow"] = True
        return Merged(tables, totals, blind, past)

    def _tables(self, name: str, delivered: str, seeing: Sequence[str], *, splits: bool) -> Joined:
        """The tables of a name, with those of the deliveries of the buckets whose deliveries left nothing out."""
        tables, others = self._partial.rules.get(name, RuleTables(splits)), self._partial.rules.get(delivered)
        if others is not None and others.groups and seeing:
            return settled(_joined(tables, others, seeing))
        return tables, []

    def _blind(self, bound: BoundRule, buckets: Iterable[str]) -> dict[str, Blind]:
        needs = needs_of(bound)
        found: dict[str, Blind] = {}
        for bucket in buckets:
            row = self._delivered.get(bucket)
            if row is None:
                continue
            absent = {name for name, bit in COLUMN_BITS.items() if not row["columns"] & bit}
            own = self._looked.get((bound.name, bucket), _NOTHING)["own"] if absent & _OWN else 0
            named = _named(absent & (needs.all | (_OWN if own else frozenset())))
            if absent & needs.all:
                found[bucket] = Blind(named, own + self._looked_at(bound, bucket, needs, absent), judges=False)
            elif own:
                found[bucket] = Blind(named, own, judges=True)
        return found

    def _looked_at(self, bound: BoundRule, bucket: str, needs: Needs, absent: AbstractSet[str]) -> int:
        """Records that the rule looks at, as far as it can be told without the columns that are absent."""
        if absent & needs.look:
            return int(self._delivered[bucket]["records"])
        if absent & needs.choose:
            return self._looked.get((bound.name, bucket), _NOTHING)["looked"]
        total = self._totals.get((of_delivery(bound.name), bucket), _NOTHING)
        return total["records"] + total["unjudged"]

    def _total(self, rule: str, bucket: str, blind: Blind | None) -> dict[str, int]:
        total = dict(self._totals.get((rule, bucket), _NOTHING))
        if blind is not None:
            total["unjudged"] += blind.records
        if (blind is None or blind.judges) and (more := self._totals.get((of_delivery(rule), bucket))):
            for name in ("records", "unjudged", "violations"):
                total[name] += more[name]
            total["overflow"] = total["overflow"] or more["overflow"]
        return total


_NOTHING: Final[Mapping[str, int]] = dict.fromkeys(("records", "unjudged", "violations", "looked", "own", "overflow"), 0)


def _named(columns: Collection[str]) -> tuple[str, ...]:
    """As the delivery names them, in the order of the log."""
    return tuple(JSON_NAMES[name] for name in COLUMN_BITS if name in columns)


def _joined(tables: RuleTables, others: RuleTables, seeing: Collection[str]) -> RuleTables:
    """The tables of a rule with those of deliveries beside them, of the buckets whose deliveries left nothing out."""
    whole = RuleTables(others.splits)
    whole.add(tables)
    ours = pl.col("bucket").is_in(list(seeing))
    groups = pl.concat(others.groups).filter(ours)
    whole.groups.append(groups)
    for name in ("counts", "distinct", "coarse"):
        getattr(whole, name).extend(frame.join(groups.select("g"), on="g", how="semi") for frame in getattr(others, name))
    # NOTE: what of the runs is looked at, `coarse` says.
    whole.runs += others.runs
    whole.grid = others.grid
    # NOTE: by their bucket, since those of seconds outlive their groups, see `ruletables.joined`.
    whole.samples += [frame.filter(ours) for frame in others.samples]
    return whole


class _Asked(Columns):
    """Columns whose expressions name what they were asked for, and are never computed."""

    def has(self, column: str) -> pl.Expr:
        """Not a question to the delivery: all its records are of the newest generation."""
        del column
        return pl.lit(value=True)

    def fields(self) -> pl.Expr:
        """As `has`."""
        return pl.lit(27)

    def tail(self, column: str, key: object, function: object) -> pl.Expr:
        """The column itself."""
        del key, function
        return pl.col(column).is_null()

    def coded(self, name: str) -> Coded:
        """The column itself."""
        return Coded(self.text(name), None)

    def text(self, name: str) -> pl.Expr:
        """The column itself."""
        return pl.col(name)

    def condition(self, sql: str) -> pl.Expr:
        """All columns that it reads."""
        return _any(map(pl.col, sorted(condition_columns(sql))))


def needs_of(bound: BoundRule) -> Needs:
    """The columns that a rule needs; asked of the rule itself, so that none can be forgotten."""
    rule, columns = bound.rule, _Asked(Vocabulary())
    look = [rule.looks(columns)]
    if rule.effective_operations:
        look.append(pl.col("operation"))
    if rule.keys is not None or rule.except_keys is not None:
        look += [pl.col("key"), pl.col("operation")]
    if rule.outcome is not None:
        look.append(pl.col("outcome"))
    judge = [pl.col(name) for name in rule.subject]
    if (unjudged := rule.unjudged(columns)) is not None:
        judge.append(unjudged)
    if isinstance(rule, RecordRule):
        judge += [rule.breaks(columns), pl.col("outcome")]
    if isinstance(rule, NewcomerRule):
        judge.append(pl.col("outcome"))
    if isinstance(rule, GroupRule):
        for measured in (*rule.measures(columns), *rule.usual_measures(columns)):
            parts = (measured.base, measured.counted, measured.members, measured.total, measured.distinct)
            judge += [part for part in parts if part is not None]
    return Needs(_columns(look), _columns(map(pl.col, sorted(condition_columns(rule.where)))), _columns(judge))


def _columns(expressions: Iterable[pl.Expr]) -> frozenset[str]:
    """The columns of the log that expressions read."""
    named = {name for expression in expressions for name in expression.meta.root_names()}
    sources = {source for name in named for source in _DERIVED.get(name, (name,))}
    return frozenset(sources & COLUMN_BITS.keys()) - frozenset(_ALWAYS)


def _any(expressions: Iterable[pl.Expr]) -> pl.Expr:
    return pl.any_horizontal(pl.lit(value=False), *(expression.is_null() for expression in expressions))
