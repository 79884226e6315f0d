"""The rule `operations`: what may be done with a bucket."""

from __future__ import annotations

import polars as pl

from s3guard.columns import Columns
from s3guard.model import Severity
from s3guard.names import AnyOperations
from s3guard.rules import RecordRule


class Operations(RecordRule):
    """Only the operations that the policy allows are used.

    A bucket has a purpose: an archive is written and read, never deleted from; a website is read. Whatever else is done to it
    deserves a question, whoever does it. This rule is about the deed; `requesters`, `writers` and `administrators` are about
    the person.

    ## What breaks it

    A request whose operation matches nothing in `allow`, or something in `deny`; a denied operation is never allowed. Without
    `allow`, every operation is allowed that is not denied.

    ## Subject

    `principal, operation`. Findings are split by outcome: what S3 served is high by default, what it refused is low.

    ## Fields

    * `allow`: classes (`read metadata list write delete tagging restore acl policy logging config lifecycle other unknown`),
      names (`REST.GET.OBJECT`) or globs (`REST.GET.*`); one or a list.
    * `deny`: likewise.

    The common field `operations` narrows what the rule looks at, and is not the list of what is allowed.

    ## How it counts

    Each record by itself. What S3 does by itself (lifecycle) is not looked at. An operation that s3guard does not know
    is of the class `unknown`, and is allowed only by that name or by a glob.

    ## What to do

    Find out why it was done. If it belongs to the purpose of the bucket, allow it; if not, take the permission away, and
    for deletions think of Object Lock.

    Example:
    ```yaml
    version: 1
    policy: archive
    buckets: ["*-archive"]
    rules:
      operations:
        allow: [read, metadata, list, write]
        deny: [REST.PUT.OBJECT_LOCK_*]
    ```
    """

    kind = "operations"
    default_severity = Severity.HIGH
    default_group_by = ("principal", "operation")
    default_title = "Only allowed operations are used"
    breach = "asked for what is not allowed"
    default_help = (
        "An operation was used that does not belong to the purpose of this bucket. Find out why it was done: allow it if it is "
        "meant, otherwise take the permission away."
    )

    allow: AnyOperations | None = None
    """Operations that may be used; without it every one that is not denied, with an empty list none."""
    deny: AnyOperations | None = None
    """Operations that may not, even if `allow` matches."""

    def lacks(self) -> str | None:
        """The advice to add operations where the rule allows all."""
        if self.allow is None and not self.deny:
            return "operations allows every operation as it stands; add `allow` or `deny`, such as `deny: [delete]`"
        return None

    def breaks(self, columns: Columns) -> pl.Expr:
        """Operations that are not among the allowed ones, or are among the denied."""
        broken = pl.lit(value=False) if self.allow is None else ~columns.operation(self.allow)
        return broken | columns.operation(self.deny) if self.deny else broken
