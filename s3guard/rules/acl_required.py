"""The rule `acl_required`: requests that only an ACL made possible."""

from __future__ import annotations

import polars as pl

from s3guard.columns import Columns
from s3guard.model import Severity
from s3guard.quantities import Count
from s3guard.rules import RecordRule


class AclRequired(RecordRule):
    """No request needs an ACL to be authorised.

    ACLs are the oldest and least visible way to grant access, and AWS advises to switch them off (bucket owner enforced).
    Before that, one must know who would lose access. The log's field aclRequired says it for each request.

    ## What breaks it

    More than `max` requests of one subject with one outcome that needed an ACL. With the default, each one does.

    ## Subject

    `principal, operation`. Findings are split by outcome: what S3 served is low by default, and so is what it refused.

    ## Fields

    * `max` (default 0): as many records of one subject and outcome are tolerated.

    ## How it counts

    A finding exists when its records are more than `max`. The field came in November 2022: older lines are counted as
    unjudged.

    ## What to do

    Grant what the principal needs in the bucket policy, wait until the rule passes over a whole cycle of its jobs, then
    set Object Ownership to bucket owner enforced.

    Example:
    ```yaml
    version: 1
    policy: acl-migration
    buckets: ["*"]
    rules:
      acl_required: {severity: medium}
    ```
    """

    kind = "acl_required"
    concluded = frozenset({"max"})
    default_severity = Severity.LOW
    default_group_by = ("principal", "operation")
    default_title = "No request needs an ACL to be authorised"
    breach = "authorised by an ACL"
    default_help = (
        "A request was authorised by an ACL and would fail without it. Grant what the principal needs in the bucket policy, then "
        "switch ACLs off with Object Ownership: bucket owner enforced."
    )

    max: Count = 0
    """The largest number of records of one subject and outcome that is no violation."""

    def unjudged(self, columns: Columns) -> pl.Expr:
        """Lines of before 2022, which do not say whether an ACL was needed."""
        return ~columns.has("acl_required")

    def trusts(self) -> str | None:
        """That some such requests are no violation."""
        return f"it tolerates {self.max:,} such requests of each" if self.max else None

    def breaks(self, columns: Columns) -> pl.Expr:
        """Requests that an ACL authorised."""
        return columns.tail("acl_required", "yes", lambda values: values.eq_missing("Yes"))

    @property
    def tolerated(self) -> int:
        """`max`."""
        return self.max
