"""The rule `schedule`: when a bucket may be used."""

from __future__ import annotations

import re
import zoneinfo
from collections.abc import Iterator
from typing import Annotated, Final, NamedTuple

import polars as pl
from pydantic import AfterValidator, BeforeValidator, PlainSerializer, WithJsonSchema

from s3guard.columns import Columns
from s3guard.model import Severity
from s3guard.problems import FaultError, FaultsError, did_you_mean, quoted
from s3guard.rules import RecordRule
from s3guard.written import OneOrMany, Text, plain_text

_DAYS: Final = ("mon", "tue", "wed", "thu", "fri", "sat", "sun")
_SECONDS_OF_MINUTE: Final = 60
_MINUTES_OF_HOUR: Final = 60
_MINUTES_OF_DAY: Final = 24 * _MINUTES_OF_HOUR
_THURSDAY: Final = 3 * _MINUTES_OF_DAY
"""Minutes of the week before the day with which 1970 begins."""
_QUARTER: Final = 15
"""Minutes of a quarter of an hour."""
_PLACE: Final = re.compile(r"[A-Za-z][A-Za-z0-9_+/-]*")
"""How names of time zones are written; an offset is none, for it has no summer."""
# NOTE: entries of some machines that mean "this machine's" or "not set", and so are nobody's meaning.
_NO_PLACES: Final = {"localtime", "Factory"}


class Span(NamedTuple):
    """A span of the day in minutes since midnight, its end not included; one that ends before it starts goes over midnight."""

    start: int
    end: int


def _day(word: str) -> int:
    if word not in _DAYS:
        meant = word.strip().lower()[:3]
        raise ValueError(f"{quoted(word)} is not a day; write {meant if meant in _DAYS else ', '.join(_DAYS)}")
    return _DAYS.index(word)


def _days(written: tuple[object, ...]) -> tuple[int, ...]:
    """ISO weekdays (Monday is 1), sorted, of names and ranges such as ``mon-fri`` or ``sat-mon``."""
    found: set[int] = set()
    faults = []
    for at, item in enumerate(written):
        try:
            found.update(_days_of(item))
        except ValueError as error:
            faults.append(FaultError(str(error), path=(at,)))
    if faults:
        raise FaultsError(faults)
    return tuple(sorted(found))


def _days_of(item: object) -> Iterator[int]:
    if isinstance(item, int) and not isinstance(item, bool) and 1 <= item <= len(_DAYS):
        yield item
        return
    first, dash, last = plain_text(item).partition("-")
    start = _day(first)
    length = (_day(last) - start) % 7 if dash else 0
    yield from ((start + offset) % 7 + 1 for offset in range(length + 1))


def _span(value: object) -> Span:
    if isinstance(value, Span):
        return value
    text = plain_text(value)
    match = re.fullmatch(r"([0-9]{2}):([0-9]{2})-([0-9]{2}):([0-9]{2})", text)
    if not match:
        raise ValueError(f"{quoted(text)} is not a span of hours; write {_meant_span(text)}")
    start, end = (int(match[at]) * _MINUTES_OF_HOUR + int(match[at + 1]) for at in (1, 3))
    if max(int(match[2]), int(match[4])) >= _MINUTES_OF_HOUR or start >= _MINUTES_OF_DAY or end > _MINUTES_OF_DAY:
        raise ValueError(f"{quoted(text)} names no time of the day; hours go from 00:00 to 24:00")
    if start == end:
        raise ValueError(f"{quoted(text)} is empty; for the whole day write 00:00-24:00")
    return Span(start, end)


def _meant_span(text: str) -> str:
    match = re.fullmatch(r"\s*([0-9]{1,2})(?::?([0-9]{2}))?\s*(?:-|\u2013|to)\s*([0-9]{1,2})(?::?([0-9]{2}))?\s*", text)
    if not match:
        return "one such as 08:00-18:00"
    return f"{match[1]:0>2}:{match[2] or '00'}-{match[3]:0>2}:{match[4] or '00'}"


def _span_text(span: Span) -> str:
    return "-".join(f"{minute // _MINUTES_OF_HOUR:02}:{minute % _MINUTES_OF_HOUR:02}" for minute in span)


def _zone(name: str) -> str:
    if _PLACE.fullmatch(name) and _is_known(name):
        return name
    # NOTE: only now, since to list the zones of a machine opens hundreds of files.
    others = zoneinfo.available_timezones() - _NO_PLACES - {name}
    hint = did_you_mean(name, others) or "; write an IANA name such as Europe/Berlin"
    raise ValueError(f"{quoted(name)} is not a time zone{hint}")


def _is_known(name: str) -> bool:
    """Whether Polars, by which the clock is read, has the time zone; its database is the same on every machine."""
    try:
        pl.select(pl.lit(0).cast(pl.Datetime("us", "UTC")).dt.convert_time_zone(name))
    except pl.exceptions.ComputeError:
        return False
    return True


_DAY_SCHEMA: Final = {"type": "string", "pattern": f"^({'|'.join(_DAYS)})(-({'|'.join(_DAYS)}))?$", "examples": ["mon-fri", "sat"]}

Days = Annotated[
    tuple[int, ...],
    BeforeValidator(_days),
    OneOrMany("days"),
    PlainSerializer(lambda days: [_DAYS[day - 1] for day in days], return_type=list[str], when_used="json-unless-none"),
    WithJsonSchema({"anyOf": [_DAY_SCHEMA, {"type": "array", "minItems": 1, "items": _DAY_SCHEMA}]}),
]
"""ISO weekdays, Monday 1 to Sunday 7, sorted."""

Spans = Annotated[
    tuple[
        Annotated[
            Span,
            BeforeValidator(_span),
            PlainSerializer(_span_text, return_type=str, when_used="json-unless-none"),
            WithJsonSchema({"type": "string", "pattern": "^[0-9]{2}:[0-9]{2}-[0-9]{2}:[0-9]{2}$", "examples": ["08:00-18:00"]}),
        ],
        ...,
    ],
    OneOrMany("hours"),
]
"""Spans of the day."""


class Schedule(RecordRule):
    """Requests arrive in the hours that the policy allows.

    People work by day, jobs run at their hour. Use of a bucket at another time is what break-glass accounts, maintenance windows and
    stolen credentials look like.

    ## What breaks it

    A client request at a time of day or on a day of the week that is not allowed, by the clock of `time_zone`.

    ## Subject

    `principal, operation_class`. Findings are split by outcome: what S3 served is medium by default, what it refused is
    low.

    ## Fields

    * `days` (default all): `mon tue wed thu fri sat sun` or ranges such as `mon-fri`; one or a list.
    * `hours` (default the whole day): spans such as `08:00-18:00`, the end not included; one or a list. A span such as
      `22:00-06:00` goes over midnight and belongs to the day on which it begins: with `days: fri` it covers the early Saturday.
    * `time_zone` (default UTC): an IANA name such as `Europe/Berlin`; summer time is that of the place.

    ## How it counts

    Each record by itself, by the time at which S3 received the request. Requests without a remote IP (S3's own) are not
    looked at. Narrow the rule to people with `where`, or jobs that run at night are findings.

    ## What to do

    Ask the principal's owner. Widen the hours for what is regular; for what is not, see `requesters` and `networks`.

    Example:
    ```yaml
    version: 1
    policy: patient-records
    buckets: [phi-records]
    rules:
      schedule:
        where: "principal_type = 'user'"
        days: mon-fri
        hours: ["08:00-12:00", "13:00-18:00"]
        time_zone: Europe/Berlin
    ```
    """

    kind = "schedule"
    default_severity = Severity.MEDIUM
    default_group_by = ("principal", "operation_class")
    default_title = "Requests arrive in the allowed hours only"
    breach = "came outside the allowed hours"
    default_help = (
        "The bucket was used outside the hours that the policy allows. Ask the principal's owner; widen the hours for what is "
        "regular, and treat the rest as a credential in the wrong hands until it is explained."
    )

    days: Days | None = None
    """Days of the week on which requests may arrive; the default is every day."""
    hours: Spans | None = None
    """Spans of the day in which requests may arrive; the default is the whole day."""
    time_zone: Annotated[Text, AfterValidator(_zone)] = "UTC"
    """The IANA name of the time zone whose clock counts."""

    @property
    def open_minutes(self) -> tuple[Span, ...]:
        """The allowed minutes of the local week as disjoint sorted spans; minute 0 is Monday 00:00, the end not included."""
        week = 7 * _MINUTES_OF_DAY
        spans: list[Span] = []
        for day in self.days or range(1, 8):
            for start, end in self.hours or (Span(0, _MINUTES_OF_DAY),):
                begins = (day - 1) * _MINUTES_OF_DAY + start
                ends = begins + (end - start) % _MINUTES_OF_DAY if end != _MINUTES_OF_DAY else begins + end - start
                spans.append(Span(begins, min(ends, week)))
                if ends > week:
                    spans.append(Span(0, ends - week))
        return _merged(spans)

    def lacks(self) -> str | None:
        """The advice to narrow a schedule that is always open."""
        if self.days is None and self.hours is None:
            return "schedule has neither days nor hours; add `days`, such as `days: mon-fri`, or `hours`, such as `hours: 08:00-18:00`"
        if self.open_minutes == (Span(0, 7 * _MINUTES_OF_DAY),):
            return "schedule is open all week as it stands; narrow `days` or `hours`"
        return None

    def looks(self, columns: Columns) -> pl.Expr:
        """Client requests."""
        return columns.client_requests()

    def breaks(self, columns: Columns) -> pl.Expr:
        """Requests in a minute of the local week that no span holds."""
        return ~pl.col("t").map_batches(self._is_open, return_dtype=pl.Boolean)

    def _is_open(self, seconds: pl.Series) -> pl.Series:
        """Whether each instant lies in a span. NOTE: asked once a minute that has records: a local clock costs a microsecond a time."""
        minutes = seconds // _SECONDS_OF_MINUTE
        first, last = minutes.min(), minutes.max()
        if isinstance(first, int) and isinstance(last, int) and last - first < len(minutes):
            # NOTE: a table of all minutes from the first to the last is read in a tenth of the time of a join.
            return self._holds(self._clock(first, last)).gather(minutes - first)
        asked = minutes.alias("minute").unique()
        told = pl.DataFrame([asked, self._holds(self._local(asked)).alias("open")])
        return minutes.to_frame("minute").join(told, on="minute", how="left", maintain_order="left")["open"]

    def _clock(self, first: int, last: int) -> pl.Series:
        """`_local` of all minutes from the first to the last.

        NOTE: asked of quarters of an hour, and of the minutes of those in which a clock is changed.
        """
        quarters = pl.int_range(first // _QUARTER, last // _QUARTER + 2, eager=True) * _QUARTER
        ahead = self._local(quarters) - quarters
        minutes = pl.int_range(first, last + 1, eager=True)
        place = minutes // _QUARTER - first // _QUARTER
        local = minutes + ahead.gather(place)
        changing = minutes.filter((ahead != ahead.shift(-1)).fill_null(value=False).gather(place))
        return local.scatter(changing - first, self._local(changing)) if len(changing) else local

    def _local(self, minutes: pl.Series) -> pl.Series:
        """Minutes since 1970 on the local clock. NOTE: a clock is asked once: each of its hands costs as much as all of them."""
        utc = pl.from_epoch(minutes * _SECONDS_OF_MINUTE, "s").dt.replace_time_zone("UTC")
        return utc.dt.convert_time_zone(self.time_zone).dt.replace_time_zone(None).dt.epoch("s") // _SECONDS_OF_MINUTE

    def _holds(self, local: pl.Series) -> pl.Series:
        """Whether minutes on the local clock lie in a span."""
        minute = ((local + _THURSDAY) % (7 * _MINUTES_OF_DAY)).alias("minute")
        spans = ((pl.col("minute") >= start) & (pl.col("minute") < end) for start, end in self.open_minutes)
        return minute.to_frame().select(pl.any_horizontal(spans)).to_series()


def _merged(spans: list[Span]) -> tuple[Span, ...]:
    merged: list[Span] = []
    for span in sorted(spans):
        if merged and span.start <= merged[-1].end:
            merged[-1] = Span(merged[-1].start, max(merged[-1].end, span.end))
        else:
            merged.append(span)
    return tuple(merged)
