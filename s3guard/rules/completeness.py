"""The rule `completeness`: whether log records arrive at all, and without gaps."""

from __future__ import annotations

import polars as pl

from s3guard.columns import Columns
from s3guard.durations import window_text
from s3guard.measures import Limit, Measured, seconds
from s3guard.model import Severity
from s3guard.quantities import Count, Window
from s3guard.rules import GroupRule


class Completeness(GroupRule):
    """Log records arrive, enough of them and without long gaps.

    Every other rule judges the records that were delivered. S3 delivers them on a best-effort basis, and delivery ends in
    silence when a target bucket, its policy or its key changes. This rule turns the silence into a finding: no record is not
    good news.

    ## What breaks it

    Two neighbouring records of the bucket that are further apart than `max_gap`, or fewer than `min_records` records in the
    whole period. A bucket without a single record in the period is undetermined in every rule; `min_records: 0` accepts
    an idle bucket.

    ## Subject

    `bucket`: there is one finding, and `group_by` is not for this rule, since a group that is missing has no records to
    show it.

    ## Fields

    * `max_gap` (default none): the longest time without a record that is no violation, in whole seconds. The ends of the period count where
      they are given; with a state and without `--until`, the period ends `--late` before as-of, since S3 delivers late.
    * `min_records` (default 1): the smallest number of records that is enough.

    The common fields narrow what counts as a record: with `operations: [write]` and `max_gap: 25h` it is the nightly upload that
    must have arrived.

    ## How it counts

    Over every record, S3's own included. A gap or a shortage concerns all records of the bucket: they are the finding's. Findings
    are not split by outcome.

    ## What to do

    See whether the bucket was idle or its log was. Logging configuration, the target bucket's policy, its default
    encryption (S3 cannot write logs with a customer key that its service may not use) and its Object Lock default are the usual
    reasons; delivery takes hours at times, so let `--until` end some hours ago.

    Example:
    ```yaml
    version: 1
    policy: log-delivery
    buckets: [phi-records]
    rules:
      completeness:
        max_gap: 6h
        min_records: 1000
    ```
    """

    kind = "completeness"
    default_severity = Severity.HIGH
    default_group_by = ("bucket",)
    default_title = "Log records arrive without gaps"
    default_help = (
        "Fewer log records arrived than expected, or none for too long. Find out whether the bucket was idle or its logging was: "
        "check the logging configuration, the target bucket's policy, encryption and Object Lock. What happened in a gap has "
        "been judged by nobody."
    )
    splits = False

    max_gap: Window | None = None
    """The longest time between two records of the bucket; the default is any."""
    min_records: Count = 1
    """The smallest number of records in the period."""

    def lacks(self) -> str | None:
        """The advice to do without `group_by`."""
        if self.group_by is not None:
            return "completeness has no use for `group_by`: a group that is missing has no records to show it; narrow it with `where`"
        return None

    def looks(self, columns: Columns) -> pl.Expr:
        """Every record, S3's own included."""
        return pl.lit(value=True)

    def limits(self) -> tuple[Limit, ...]:
        """Enough records, and no gap over `max_gap`."""
        found = []
        # NOTE: the default of 1 only asks for a bucket that is not idle, which conclude sees to; short is what was asked for.
        if self.min_records and "min_records" in self.model_fields_set:
            found.append(Limit("records", "count", least=self.min_records, floor=True, rule=f"at least {self.min_records:,}"))
        if self.max_gap is not None:
            rule = f"at most {window_text(self.max_gap)}"
            found.append(Limit("longest gap between records", "gap", most=self.max_gap, write=seconds, rule=rule))
        return tuple(found)

    def measures(self, columns: Columns) -> tuple[Measured, ...]:
        """All records."""
        return tuple(Measured() for _ in self.limits())
