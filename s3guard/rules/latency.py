"""The rule `latency`: how long requests take."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from fractions import Fraction
from functools import partial
from typing import Final, Literal

import polars as pl
from pydantic import Field

from s3guard.columns import Columns
from s3guard.durations import duration_text, window_text
from s3guard.measures import Limit, Measured, Usual, milliseconds, percent, typical
from s3guard.model import Severity
from s3guard.quantities import Duration, Factor, Positive, Window, share_text
from s3guard.rules import GroupRule
from s3guard.traffic import Limited
from s3guard.written import Written

ENOUGH: Final = 20
"""Requests of an hour that a typical time is taken of."""


class Limits(Written):
    """Limits of one time of a request; at least one."""

    p50: Duration | None = None
    """At most half of the requests take longer."""
    p90: Duration | None = None
    """At most 10 % of the requests take longer."""
    p95: Duration | None = None
    """At most 5 % of the requests take longer."""
    p99: Duration | None = None
    """At most 1 % of the requests take longer."""
    p99_9: Duration | None = Field(default=None, alias="p99.9")
    """At most 0.1 % of the requests take longer."""
    mean: Duration | None = None
    """The mean is at most this."""
    max: Duration | None = None
    """No request takes longer."""
    more_than_usual: Factor | None = None
    """How many times the usual spread the typical time of an hour may be over what history predicts."""

    @property
    def percentiles(self) -> tuple[tuple[str, Fraction, int], ...]:
        """Name, share of the requests that may be over the limit (exact), and limit in milliseconds of each percentile given."""
        given = (
            ("p50", Fraction(1, 2), self.p50),
            ("p90", Fraction(1, 10), self.p90),
            ("p95", Fraction(1, 20), self.p95),
            ("p99", Fraction(1, 100), self.p99),
            ("p99.9", Fraction(1, 1000), self.p99_9),
        )
        return tuple((name, over, limit) for name, over, limit in given if limit is not None)

    @property
    def empty(self) -> bool:
        """Whether no limit is given."""
        return not self.percentiles and self.mean is None and self.max is None and self.more_than_usual is None


class Latency(GroupRule):
    """Requests are answered in time.

    The access log has two times for each request, and no agent or client is needed to get at them. `turn_around_time` is how
    long S3 took: from the last byte of the request to the first byte of the answer. `total_time` includes the transfer, so it
    grows with the object and with the client's line. Put limits of service on the first, of experience on the second.

    ## What breaks it

    In a window of length `per`, a percentile, the mean or the maximum of a time of one group is over its limit. A
    percentile is decided exactly: p99 of at most 250 ms means that at most 1 % of the requests took longer. Percentiles
    and mean want at least `min_requests` requests in the window; `max` holds for each one.

    `more_than_usual: 3`: the typical time of a group in an hour is more than three times the usual spread over what the same hour
    of the weeks before predicts, as the page of `anomalies` tells in full. The typical time is the geometric mean, which one slow
    request does not move; hours with less than 20 requests (or `min_requests`, if that is more) have none. With less than 14 days of
    history the result is undetermined. Give it an entry of its own, with an `id`: its history then outlives changes of other limits.

    ## Subject

    `operation_class`; unless `operations` says otherwise, the rule looks at reads and writes.

    ## Fields

    * `turn_around_time`: `{p50, p90, p95, p99, p99.9, mean, max, more_than_usual}`, each a duration such as `250ms` but the
      last, which is a number.
    * `total_time`: likewise.
    * `per` (default: the whole input): the length of the window, in whole seconds.
    * `min_requests` (default 1): windows with fewer requests are judged by `max` only.

    ## How it counts

    Only records that have the time are looked at. A window begins at every second that has a record. `violations` is the
    union of the requests over the limit in all offending windows, each once; of `more_than_usual` it is all requests of the hours
    that were slower than usual, and where a group breaks both, the larger number. Findings are not split by outcome.

    ## What to do

    See whether one prefix, one client or one operation is slow (`group_by`). Turn-around times rise with throttling,
    with KMS, with huge listings and with cold storage classes; total times with object size and distance. Compare with
    the errors of the same time.

    Example:
    ```yaml
    version: 1
    policy: web-backend
    buckets: [app-data]
    rules:
      latency:
        - operations: [read]
          turn_around_time: {p99: 250ms, max: 15s}
          min_requests: 100
          per: 1h
        - id: uploads
          operations: [REST.PUT.OBJECT, REST.PUT.PART]
          total_time: {p95: 20s}
        - id: unusual
          turn_around_time: {more_than_usual: 3}
    ```
    """

    kind = "latency"
    concluded = frozenset({"min_requests"})
    default_severity = Severity.MEDIUM
    default_group_by = ("operation_class",)
    default_title = "Requests are answered in time"
    default_help = (
        "Requests took longer than the policy tolerates. Group by prefix, client or operation to see where; turn-around times rise "
        "with throttling, KMS, large listings and cold storage classes, total times with object size and distance. Compare with "
        "the errors of the same time before blaming S3."
    )
    default_operations = ("read", "write")
    splits = False

    turn_around_time: Limits | None = None
    """Limits on the time from the last byte of the request to the first byte of the answer."""
    total_time: Limits | None = None
    """Limits on the time from the request's arrival to the last byte of the answer."""
    per: Window | None = None
    """The length of the window; the default is the whole input."""
    min_requests: Positive = 1
    """Windows with fewer requests are not judged by percentiles and mean."""

    def lacks(self) -> str | None:
        """The advice to add a limit where the rule has none."""
        if self.turn_around_time is None and self.total_time is None:
            return "latency has no limit; add one such as `turn_around_time: {p99: 250ms}`"
        return None

    def checks(self) -> tuple[Callable[[], str | None], ...]:
        """Beside those of every rule: each time that is named has a limit."""
        times = ("turn_around_time", "total_time")
        return (*super().checks(), *(partial(self._lacks_limit, name) for name in times if self.enabled))

    def _lacks_limit(self, name: str) -> str | None:
        limits: Limits | None = getattr(self, name)
        return f"{name} has no limit; add one such as `{name}: {{p99: 250ms}}`" if limits is not None and limits.empty else None

    def looks(self, columns: Columns) -> pl.Expr:
        """Requests that have a time which is limited."""
        return columns.requests() & pl.any_horizontal(pl.col(name).is_not_null() for name, _ in self._times())

    def limits(self) -> tuple[Limit, ...]:
        """Each percentile, mean and maximum given, of each time."""
        return tuple(limit for limit, _ in self._limited())

    def measures(self, columns: Columns) -> tuple[Measured, ...]:
        """For each limit: the requests that have the time, and those of them that are over it."""
        return tuple(measured for _, measured in self._limited())

    def drawn(self) -> tuple[Limited, ...]:
        """Each percentile, mean and maximum given, of each time."""
        return tuple(self._drawn())

    def _drawn(self) -> Iterator[Limited]:
        within = f" in {window_text(self.per)}" if self.per else ""
        for name, limits in self._times():
            drawn: Literal["total_time", "turn_around_time"] = "total_time" if name == "total_time" else "turn_around_time"
            given = [(percentile, limit) for percentile, _, limit in limits.percentiles]
            given += [(word, limit) for word, limit in (("mean", limits.mean), ("max", limits.max)) if limit is not None]
            for word, limit in given:
                yield Limited(drawn, f"{word} at most {milliseconds(Fraction(limit))}{within}", float(limit), self.per)

    @property
    def counted(self) -> str:
        """As of every rule; of `more_than_usual` whether it is given: with another number, the history stays."""
        given = {
            name: limits.model_copy(update={"more_than_usual": Fraction(1)})
            for name, limits in self._times()
            if limits.more_than_usual not in (None, 1)
        }
        return self.model_copy(update=given).counted if given else super().counted

    def usuals(self) -> tuple[Usual, ...]:
        """`more_than_usual` of each time."""
        found = []
        for name, limits in self._times():
            if limits.more_than_usual is not None:
                typical_time = Limit(f"typical {_words(name)}", "mean", enough=max(ENOUGH, self.min_requests), write=milliseconds)
                found.append(Usual(name, typical_time, limits.more_than_usual))
        return tuple(found)

    def usual_measures(self, columns: Columns) -> tuple[Measured, ...]:
        """For each of them: the requests that have the time."""
        names = [name for name, limits in self._times() if limits.more_than_usual is not None]
        timed = {name: pl.col(name).is_not_null() for name in names}
        return tuple(Measured(base=timed[name], members=timed[name], total=typical(pl.col(name))) for name in names)

    def _times(self) -> list[tuple[str, Limits]]:
        given = (("turn_around_time", self.turn_around_time), ("total_time", self.total_time))
        return [(name, limits) for name, limits in given if limits is not None]

    def _limited(self) -> list[tuple[Limit, Measured]]:
        found = []
        for name, limits in self._times():
            words, time = _words(name), pl.col(name)
            for percentile, share, limit in limits.percentiles:
                over = (time > limit).fill_null(value=False)
                label = f"share of requests with a {words} over {duration_text(limit)} ({percentile})"
                rule = f"at most {share_text(share)}"
                found.append(
                    (
                        Limit(label, "share", most=share, enough=self.min_requests, write=percent, rule=rule),
                        Measured(base=time.is_not_null(), counted=over, members=over),
                    )
                )
            if limits.mean is not None:
                over = (time > limits.mean).fill_null(value=False)
                rule = f"at most {duration_text(limits.mean)}"
                mean = Limit(f"mean {words}", "mean", most=limits.mean, enough=self.min_requests, write=milliseconds, rule=rule)
                found.append((mean, Measured(base=time.is_not_null(), members=over, total=time)))
            if limits.max is not None:
                over = (time > limits.max).fill_null(value=False)
                slow = Limit(f"requests with a {words} over {duration_text(limits.max)}", "count", most=0, rule="none")
                found.append((slow, Measured(base=time.is_not_null(), counted=over, members=over)))
        return found


def _words(name: str) -> str:
    """A time as a sentence names it: ``turn-around time``."""
    return name.replace("_", "-", name.count("_") - 1).replace("_", " ")
