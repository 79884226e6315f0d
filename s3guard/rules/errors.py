"""The rule `errors`: the share of requests that end in an error."""

from __future__ import annotations

from fractions import Fraction

import polars as pl
from pydantic import Field

from s3guard.columns import Columns
from s3guard.durations import window_text
from s3guard.measures import Limit, Measured, percent
from s3guard.model import Severity
from s3guard.names import ErrorClassesOrCodes
from s3guard.quantities import Positive, Share, Window, share_text
from s3guard.rules import GroupRule
from s3guard.traffic import Limited


class Errors(GroupRule):
    """The share of requests that end in an error stays small.

    Availability, as the clients saw it. S3 answers some requests with 500 or 503 by nature, and clients try again; a share that
    stays up for an hour is a hot prefix (`SlowDown`), a client without back-off, or a fault that users notice.

    ## What breaks it

    In a window of length `per` with at least `min_requests` requests of one group, the share of those that ended in one
    of `codes` is over `max_share`. Exactly at it is within the limit.

    ## Subject

    `operation_class`: reads and writes fail for different reasons.

    ## Fields

    * `codes` (default `5xx`): `4xx`, `5xx` (by HTTP status) and error codes by name; one or a list.
    * `max_share` (default 1%): the largest share that is no violation, `1%` or `0.01`.
    * `per` (default 1h): the length of the window, in whole seconds.
    * `min_requests` (default 100): windows with fewer requests are not judged: one error in three requests is no outage.

    ## How it counts

    A window begins at every second that has a record. Shares are exact fractions. `violations` is the union of the
    requests with one of `codes` in all offending windows, each once; the finding names the worst window. Findings are not
    split by outcome.

    ## What to do

    See which codes and operations stand behind it. `SlowDown` and 503: spread keys over prefixes, back off, retry with
    jitter. `InternalError`: retry; if it lasts, ask AWS with the request ids of the samples. `4xx`: a client that
    asks for what is not there.

    Example:
    ```yaml
    version: 1
    policy: web-backend
    buckets: [app-data]
    rules:
      errors:
        - codes: [5xx]
          max_share: 0.5%
          per: 30m
          min_requests: 200
        - id: throttling
          title: Clients are hardly ever throttled
          codes: [SlowDown]
          max_share: 0.1%
    ```
    """

    kind = "errors"
    concluded = frozenset({"max_share", "min_requests"})
    default_severity = Severity.MEDIUM
    default_group_by = ("operation_class",)
    default_title = "The share of errors stays within the limit"
    default_help = (
        "Too large a share of the requests of a window ended in an error. See which codes stand behind it: SlowDown and 503 ask for "
        "back-off and more prefixes, InternalError for retries and, if it lasts, AWS Support with the request ids; 4xx codes "
        "point to a client that asks for what is not there or what it may not have."
    )
    splits = False

    codes: ErrorClassesOrCodes = ("5xx",)
    """What counts as an error: `4xx`, `5xx` and error codes by name."""
    max_share: Share = Field(default_factory=lambda: Fraction(1, 100))
    """The largest share of errors in a window that is no violation."""
    per: Window = 3600
    """The length of the window."""
    min_requests: Positive = 100
    """Windows with fewer requests are not judged."""

    def lacks(self) -> str | None:
        """The advice to lower a limit that no share can exceed."""
        return "no share is ever over 100%; lower `max_share`" if self.max_share == 1 else None

    def limits(self) -> tuple[Limit, ...]:
        """A share of errors over `max_share`."""
        rule = f"at most {share_text(self.max_share)}"
        return (Limit("share of errors", "share", most=self.max_share, enough=self.min_requests, write=percent, rule=rule),)

    def drawn(self) -> tuple[Limited, ...]:
        """The largest share of errors."""
        label = f"{', '.join(self.codes)} at most {share_text(self.max_share)} in {window_text(self.per)}"
        return (Limited("errors", label, float(self.max_share), self.per),)

    def measures(self, columns: Columns) -> tuple[Measured, ...]:
        """The requests that ended in one of `codes`."""
        named = tuple(code for code in self.codes if code not in ("4xx", "5xx"))
        failed = columns.error_codes(named)
        for hundreds in (int(code[0]) for code in self.codes if code not in named):
            failed |= (pl.col("http_status") // 100 == hundreds).fill_null(value=False)
        return (Measured(counted=failed, members=failed),)
