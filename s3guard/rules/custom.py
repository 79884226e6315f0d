"""The rule `custom`: any measure over any records, within limits of one's own."""

from __future__ import annotations

import re
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass
from fractions import Fraction
from typing import Annotated, Any, Final, Literal

import polars as pl
from pydantic import BeforeValidator, InstanceOf, PlainSerializer, ValidationInfo, WithJsonSchema, field_serializer, field_validator

from s3guard import conditions
from s3guard import measures as measuring
from s3guard.columns import Columns
from s3guard.durations import duration_text
from s3guard.model import Severity
from s3guard.problems import FaultError, FaultsError, did_you_mean, quoted
from s3guard.quantities import Window, count, duration, share, share_text, size, size_text
from s3guard.records import COLUMNS
from s3guard.rules import GroupRule

_INTEGERS: Final = ("http_status", "bytes_sent", "object_size", "total_time", "turn_around_time")
_QUANTILES: Final = {"p50": (1, 2), "p90": (9, 10), "p95": (19, 20), "p99": (99, 100), "p99.9": (999, 1000)}
_FORMS: Final = "count, sum(c), distinct(c), share(condition), p50(c), p90(c), p95(c), p99(c) or p99.9(c)"
_READERS: Final[dict[str, Callable[[object], int | Fraction]]] = {"bytes": size, "ms": duration, "share": share, "": count}
_VALUES: Final = {"bytes": measuring.size, "ms": measuring.milliseconds, "": measuring.number}
_WRITERS: Final[dict[str, Callable[[Any], str]]] = {"bytes": size_text, "ms": duration_text, "share": share_text, "": str}


@dataclass(frozen=True, slots=True)
class Quantity:
    """What `custom` measures in a group of records: one number."""

    text: str
    """As it was written."""
    function: Literal["count", "sum", "distinct", "share", "percentile"]
    column: str | None = None
    """The column of sum, distinct and percentile."""
    condition: str | None = None
    """The SQL condition of share."""
    quantile: Fraction | None = None
    """Of a percentile: 99/100 for p99."""

    @property
    def unit(self) -> str:
        """``bytes``, ``ms``, ``share``, or empty for a plain number."""
        if self.function == "share":
            return "share"
        return COLUMNS[self.column].unit if self.column and self.function != "distinct" else ""


def quantity(value: object) -> Quantity:
    """The quantity of a text such as ``sum(bytes_sent)``; ValueError with what was meant."""
    if isinstance(value, Quantity):
        return value
    text = value if isinstance(value, str) else ""
    before = len(text) - len(text.lstrip())
    text = text.strip()
    if text == "count":
        return Quantity(text, "count")
    match = re.fullmatch(r"([a-zA-Z][a-zA-Z0-9.]*)\s*\((.*)\)", text, re.DOTALL)
    if not match:
        hint = "; write sum(bytes_sent), for example" if text in ("sum", "distinct", "share", *_QUANTILES) else f"; write {_FORMS}"
        raise ValueError(f"{quoted(str(value))} is not a measure{hint}")
    name, argument = match[1], match[2].strip()
    if name == "count":
        raise ValueError(f"{quoted(text)} is not a measure; write count, and narrow it with `where`; or distinct({argument or 'c'})")
    if name == "share":
        return _share_of(text, argument, before + text.index(argument, match.start(2)))
    if name in ("sum", "distinct") or name in _QUANTILES:
        return _of_column(text, name, argument)
    hint = did_you_mean(name, ("sum", "distinct", "share", *_QUANTILES))
    raise ValueError(f"{quoted(name)} is not a measure{hint or f'; write {_FORMS}'}")


def _share_of(text: str, condition: str, start: int) -> Quantity:
    if not condition:
        raise ValueError("share() has no condition; write one such as share(http_status >= 500)")
    try:
        conditions.check(condition)
    except conditions.ConditionError as error:
        raise FaultsError([FaultError(str(one), None if one.offset is None else start + one.offset) for one in error.faults]) from error
    return Quantity(text, "share", condition=condition)


def _of_column(text: str, name: str, column: str) -> Quantity:
    if name == "distinct":
        if column not in COLUMNS:
            raise ValueError(f"{quoted(column)} is not a column of a record{did_you_mean(column, COLUMNS)}")
        return Quantity(text, "distinct", column)
    if column not in _INTEGERS:
        hint = did_you_mean(column, _INTEGERS) or f"; write one of {', '.join(_INTEGERS)}"
        raise ValueError(f"{name} wants a column of numbers, which {quoted(column)} is not{hint}")
    if name == "sum":
        return Quantity(text, "sum", column)
    return Quantity(text, "percentile", column, quantile=Fraction(*_QUANTILES[name]))


Measured = Annotated[
    InstanceOf[Quantity],
    BeforeValidator(quantity),
    PlainSerializer(lambda measured: measured.text, return_type=str, when_used="json-unless-none"),
    WithJsonSchema(
        {
            "type": "string",
            "pattern": r"^\s*(count|(sum|distinct|share|p50|p90|p95|p99|p99\.9)\s*\([\s\S]*\))\s*$",
            "examples": ["count", "sum(bytes_sent)", "distinct(key)", "share(http_status >= 500)", "p99(total_time)"],
        }
    ),
]
"""A `Quantity` by its text."""

Limit = Annotated[
    int | InstanceOf[Fraction], WithJsonSchema({"type": ["integer", "number", "string"], "examples": [0, "50GiB", "250ms", "1%"]})
]
"""A limit in the unit of the measure: a number, a size, a duration or a share."""


def _in_any_unit(value: object) -> int | Fraction:
    for read in _READERS.values():
        with suppress(ValueError):
            return read(value)
    raise ValueError(f"{quoted(str(value))} is no limit of any measure; write one such as 20, 50GiB, 250ms or 1%")


class Custom(GroupRule):
    """A measure over records of one's own choice stays within its limits.

    Whatever the other rules do not say: SQL picks the records, a measure makes a number of them, and the number has a largest
    and a smallest value. Where another rule says the same, prefer it: its findings explain themselves.

    ## What breaks it

    In a window of length `per`, the `measure` over the records of one group that `where` selects is over `max` or under
    `min`.

    ## Subject

    The columns of `group_by`; without it, everything is one group.

    ## Fields

    * `where`: a SQL condition over the columns of one record; without it, every record. Rows for which it is null are not
      selected.
    * `measure` (default `count`): `count`, `sum(c)`, `distinct(c)`, `share(condition)` (of the selected records, those for
      which the condition is true), `p50(c) p90(c) p95(c) p99(c) p99.9(c)`. Sums and percentiles are over `bytes_sent
      object_size total_time turn_around_time http_status`, distinct over any column.
    * `max`: the largest value that is no violation, in the unit of the measure: a number, a size (`50GiB`), a duration
      (`250ms`) or a share (`1%`).
    * `min`: the smallest such value. Not together with `group_by`: a group that is missing has no records to show it.
    * `per` (default: the whole input): the length of the window, in whole seconds.

    One of `max` and `min` must be given.

    ## How it counts

    Over every record, S3's own included. A window begins at every second that has a record; windows of `distinct` and
    `min` are aligned at multiples of `per` in UTC, and `min` looks only at those that lie wholly in the period. A percentile is
    decided exactly: p99 of at most L means that at most 1 % of the records are over L. `violations` are all records of the
    group in offending windows, each once. Findings are not split by outcome.

    ## What to do

    Say it in `help`, where the reader of the report finds it.

    Example:
    ```yaml
    version: 1
    policy: website
    buckets: [www-assets]
    rules:
      custom:
        - id: no-new-public-uploads
          title: Nobody uploads to the public folder
          help: Uploads to public/ go through the release pipeline; remove the object and ask its owner.
          where: "operation = 'REST.PUT.OBJECT' AND starts_with(key, 'public/')"
          measure: count
          group_by: [principal]
          per: 24h
          max: 0
        - id: nightly-backup
          title: The backup writes at least 10 GB a day
          where: "operation = 'REST.PUT.OBJECT' AND starts_with(key, 'backup/')"
          measure: sum(object_size)
          per: 24h
          min: 10GB
    ```
    """

    kind = "custom"
    default_severity = Severity.MEDIUM
    default_group_by = ()
    default_title = "The measure stays within its limits"
    default_help = (
        "A measure that this policy defines is over or under its limit. The rule's condition and measure say what was counted; "
        "ask the policy's owner what it protects, and see the samples for the records."
    )
    splits = False

    measure: Measured = Quantity("count", "count")
    """What is measured: count, sum(c), distinct(c), share(condition), p50(c) to p99.9(c)."""
    per: Window | None = None
    """The length of the window; the default is the whole input."""
    max: Limit | None = None
    """The largest value that is no violation, in the unit of the measure."""
    min: Limit | None = None
    """The smallest value that is no violation, in the unit of the measure."""

    @field_validator("max", "min", mode="before")
    @classmethod
    def _in_unit(cls, value: object, info: ValidationInfo) -> object:
        """The limit in the unit of the measure; in any unit where the measure itself is wrong."""
        measured = info.data.get("measure")
        if not isinstance(measured, Quantity):
            return _in_any_unit(value)
        # NOTE: columns hold whole numbers, so a bare one is in the column's own unit, milliseconds for times.
        is_bare = isinstance(value, str) and value.isascii() and value.isdigit()
        return _READERS["" if is_bare and measured.unit != "share" else measured.unit](value)

    @field_serializer("max", "min", when_used="json-unless-none")
    def limit_text(self, limit: int | Fraction) -> str:
        """A value of the measure as people write it: ``50GiB``, ``250ms``, ``1%`` or a plain number."""
        return _WRITERS[self.measure.unit](limit)

    def lacks(self) -> str | None:
        """The advice to add a limit that can be exceeded."""
        if self.max is None and self.min is None:
            return "custom has no limit; add `max` or `min`"
        if self.max is None and self.min == 0:
            return "no value is under `min: 0`; raise `min` or add `max`"
        if self.min is None and self.measure.unit == "share" and self.max == 1:
            return "no share is ever over 100%; lower `max`"
        return None

    def checks(self) -> tuple[Callable[[], str | None], ...]:
        """Beside those of every rule: `min` is not over `max`, and goes without `group_by`."""
        return (*super().checks(), *((self._floor_of_groups, self._out_of_order) if self.enabled else ()))

    def _floor_of_groups(self) -> str | None:
        if self.min is not None and self.group_by:
            return "`min` has no use for `group_by`: a group that is missing has no records to show it; use one rule a group, with `where`"
        return None

    def _out_of_order(self) -> str | None:
        if self.max is not None and self.min is not None and self.min > self.max:
            return f"`min` ({self.limit_text(self.min)}) is over `max` ({self.limit_text(self.max)}); no value is within both"
        return None

    def looks(self, columns: Columns) -> pl.Expr:
        """Every record, S3's own included."""
        return pl.lit(value=True)

    def limits(self) -> tuple[measuring.Limit, ...]:
        """`max` and `min`."""
        return tuple(self._limit(value, is_floor=is_floor) for value, is_floor in self._bounds())

    def measures(self, columns: Columns) -> tuple[measuring.Measured, ...]:
        """What the measure counts, once for each limit."""
        return tuple(self._measured(columns, value, is_floor=is_floor) for value, is_floor in self._bounds())

    @property
    def reads(self) -> frozenset[str]:
        """The columns of the measure."""
        if self.measure.condition is not None:
            return conditions.compile(self.measure.condition).columns
        return frozenset({self.measure.column} if self.measure.column else ())

    def _bounds(self) -> list[tuple[int | Fraction, bool]]:
        return [(value, is_floor) for value, is_floor in ((self.max, False), (self.min, True)) if value is not None]

    def _limit(self, value: int | Fraction, *, is_floor: bool) -> measuring.Limit:
        text, function = self.measure.text, self.measure.function
        rule = f"{'at least' if is_floor else 'at most'} {self.limit_text(value)}"
        if function == "percentile":
            # NOTE: nearest rank: over `max` when more than 1 - q of the values are over it, under `min` when q of them or more are.
            quantile = self.measure.quantile or Fraction(1)
            label = f"share of records {'under' if is_floor else 'over'} {self.limit_text(value)} (limit of {text})"
            most = quantile if is_floor else 1 - quantile
            told = f"{'less than' if is_floor else 'at most'} {share_text(most)}"
            return measuring.Limit(label, "share", most=most, reached=is_floor, floor=is_floor, write=measuring.percent, rule=told)
        write = measuring.percent if function == "share" else _VALUES[self.measure.unit]
        return measuring.Limit(
            text, function, None if is_floor else value, value if is_floor else None, floor=is_floor, write=write, rule=rule
        )

    def _measured(self, columns: Columns, value: int | Fraction, *, is_floor: bool) -> measuring.Measured:
        column, function = pl.col(self.measure.column or "t"), self.measure.function
        if function == "sum":
            return measuring.Measured(total=column)
        if function == "distinct":
            return measuring.Measured(distinct=columns.text(self.measure.column or ""))
        if function == "share":
            return measuring.Measured(counted=columns.condition(self.measure.condition or ""))
        if function == "percentile":
            counted = (column < int(value)) if is_floor else (column > int(value))
            return measuring.Measured(base=column.is_not_null(), counted=counted.fill_null(value=False))
        return measuring.Measured()
