"""The rule `anomalies`: traffic that is far from what the same hour of the week predicts."""

from __future__ import annotations

from fractions import Fraction
from typing import Annotated, ClassVar, Final, Literal

import polars as pl
from pydantic import Field

from s3guard.columns import Columns
from s3guard.measures import Limit, Measured, Usual, milliseconds, number, size, typical
from s3guard.model import Severity
from s3guard.quantities import Factor
from s3guard.rules import GroupRule
from s3guard.written import EACH_ONCE, OneOrMany, choice

_NAMES: Final = ("requests", "bytes", "errors", "latency")

Measures = Annotated[
    tuple[Annotated[Literal["requests", "bytes", "errors", "latency"], choice("a measure", _NAMES)], ...],
    OneOrMany("measures"),
    EACH_ONCE,
]
"""Measures of traffic, each once."""

_MEBIBYTE: Final = 1 << 20


class Anomalies(GroupRule):
    """Traffic is as usual for the hour of the week.

    Fixed limits find what somebody thought of. This rule finds the rest: ten times the requests of an ordinary Sunday night is
    worth a look though no limit was crossed, and so is a busy bucket that falls silent.

    ## What breaks it

    An hour in which a measure is further from what is usual than `sensitivity` times the usual spread. Requests and bytes are
    unusual when they are far more, and when they are far fewer; errors and latency when they are far more.

    What is usual, the hours before say: those of this input or state, by the time of the record, whichever run read them. An hour
    is compared with the same hour of up to seven weeks before, as they were and at the level of the last week, so that traffic may
    grow; and with the hour before and after it, since clocks are changed. The middle is a median, so one hour that was unusual
    changes nothing. The spread is what four in five differences from week to week stay within, at least 15 %, and at least what
    chance does to so few requests. A change that takes weeks is learned, and not told of.

    An hour that is not over, or whose records may still be on their way (`--late`), is only held against far more. Far fewer is
    fewer than one in ten of the same hours of all days as well: a day off is as quiet as a Sunday, and a bucket that rests at
    weekends may rest. Whether records arrive at all is what `completeness` asks.

    With less than 14 days of history before it an hour is not judged, and with such hours in the period the rule is undetermined
    rather than passed; the reason tells how much there is. With less than three weeks of the same hour, the same hour of
    other days is usual, too. More than 72 hours without a record of the bucket are no history: nobody knows whether the
    log or the bucket was silent.

    ## Subject

    The `measure` that is unusual and its `change` (`more` or `fewer`), with the columns of `group_by` where given: then each group has a
    history of its own.

    ## Fields

    * `of` (default all): `requests`, `bytes`, `errors`, `latency`; one or a list.
    * `sensitivity` (default 3): how many times the usual spread is still usual; smaller finds more.

    ## How it counts

    By the hour, in UTC. `bytes` are those sent, and of the source of a copy its object's; `errors` are requests with HTTP status 400 and
    over; `latency` is the typical turn-around time of reads and writes (their geometric mean, which one slow request does not
    move) of hours with 20 of them. The finding names the hour that is furthest off, what was expected, from which weeks, and how
    many other hours there are. Its records are all requests of these hours (of errors, the errors). Findings are not split by outcome.

    ## What to do

    See what the traffic of that hour consists of: a new job, a retry storm, a crawler, a thief. If it is to stay, history
    learns it; if it was wrong, a limit in `volume`, `errors` or `latency` says so at once next time. While there is too little
    history, `--since` asks for the hours that can be judged; with `--state` the past is kept.

    Example:
    ```yaml
    version: 1
    policy: web-backend
    buckets: [app-data]
    rules:
      anomalies:
        of: [requests, bytes]
        sensitivity: 4
    ```
    """

    kind = "anomalies"
    concluded = frozenset({"sensitivity"})
    default_severity = Severity.MEDIUM
    default_group_by = ()
    adds: ClassVar[tuple[str, ...]] = ("measure", "change")
    default_title = "Traffic is as usual for the hour of the week"
    default_help = (
        "Requests, bytes, errors or latency were far from what the same hour of the week predicts. See what the traffic of that "
        "hour consists of; if it was wrong, a limit in volume, errors or latency finds it at once next time."
    )
    splits = False

    of: Measures = _NAMES
    """The measures that are compared with history."""
    sensitivity: Factor = Field(default_factory=lambda: Fraction(3))
    """How many times the usual spread is still usual."""

    def limits(self) -> tuple[Limit, ...]:
        """None: what is usual is no fixed limit."""
        return ()

    def measures(self, columns: Columns) -> tuple[Measured, ...]:
        """None."""
        return ()

    def usuals(self) -> tuple[Usual, ...]:
        """Each of `of`."""
        made = {
            "requests": Usual("requests", Limit("requests", "count", write=number), self.sensitivity, both=True),
            "bytes": Usual("bytes", Limit("bytes", "sum", write=size), self.sensitivity, both=True, unit=_MEBIBYTE),
            "errors": Usual("errors", Limit("errors", "count", write=number), self.sensitivity),
            "latency": Usual("latency", Limit("typical turn-around time", "mean", enough=20, write=milliseconds), self.sensitivity),
        }
        return tuple(made[name] for name in self.of)

    def usual_measures(self, columns: Columns) -> tuple[Measured, ...]:
        """All requests; their bytes; those with an HTTP status of 400 and over; the times of reads and writes."""
        # NOTE: the source row of a copy has no bytes sent, however much left the bucket.
        copied = columns.judged("operation", "copied", lambda values: values.str.contains(r"^REST\.COPY\..*_GET$"))
        moved = pl.when(copied).then(pl.col("object_size")).otherwise(pl.col("bytes_sent"))
        wrong = (pl.col("http_status") >= 400).fill_null(value=False)
        timed = columns.operation(("read", "write")) & pl.col("turn_around_time").is_not_null()
        made = {
            "requests": Measured(),
            "bytes": Measured(total=moved),
            "errors": Measured(base=wrong, counted=wrong, members=wrong),
            "latency": Measured(base=timed, members=timed, total=pl.when(timed).then(typical(pl.col("turn_around_time")))),
        }
        return tuple(made[name] for name in self.of)
