"""The rule `administrators`: who may change how a bucket is set up."""

from __future__ import annotations

import polars as pl

from s3guard.columns import Columns
from s3guard.model import Severity
from s3guard.names import Principals
from s3guard.rules import RecordRule, everybody


class Administrators(RecordRule):
    """Only the principals that the policy names change the bucket's permissions, logging and configuration.

    Who changes a bucket policy, an ACL, the public access block or the logging itself decides what every other control is
    worth. Such changes belong to a platform role and a pipeline; any other hand is a finding, even if the change was good.

    ## What breaks it

    A request of the classes acl, policy, logging or config, one of the class other that changes something, or one whose
    operation s3guard does not know (unless its verb is GET, HEAD or OPTIONS), by a requester that matches no pattern of
    `allow` or matches one of `deny`. An anonymous request always breaks it. `allow: []` lets nobody administer the bucket.
    Reading a configuration is of the class metadata and no business of this rule.

    ## Subject

    `principal, operation`; the principal of an anonymous request is null. Findings are split by outcome: a change that S3
    made is critical by default, an attempt that it refused is low.

    ## Fields

    * `allow`: principal patterns or `@names` of the policy's `principals`; one or a list.
    * `deny`: likewise; a denied principal is never an allowed administrator.

    ## How it counts

    Each record by itself. Operations of the class other that change something are looked at by `writers` as well: whoever may
    do neither appears twice.

    ## What to do

    Read the change in AWS CloudTrail (management events tell the content, access logs only that it happened), revert it
    if it is wrong, and find out how the principal came by the permission. Turn the change into code that the allowed role
    applies.

    Example:
    ```yaml
    version: 1
    policy: platform
    buckets: ["*-records"]
    rules:
      administrators:
        allow: [arn:aws:iam::111122223333:role/platform-admin]
    ```
    """

    kind = "administrators"
    default_severity = Severity.CRITICAL
    default_group_by = ("principal", "operation")
    default_title = "Only allowed principals change the bucket's configuration"
    breach = "not an allowed administrator"
    default_help = (
        "Somebody who is not an allowed administrator changed the permissions, logging or configuration of this bucket, or tried "
        "to. Look the change up in CloudTrail, revert it if it is wrong, and find out how the principal came by the permission. "
        "If it is legitimate, add it to `allow`."
    )

    allow: Principals | None = None
    """Who may administer; without it everybody authenticated who is not denied, with an empty list nobody."""
    deny: Principals | None = None
    """Who may not, even if `allow` matches."""

    def lacks(self) -> str | None:
        """The advice to add an allow-list where the rule allows every authenticated principal."""
        if self.allow is None and not self.deny:
            return "administrators names no administrators; add `allow` (`allow: []` lets nobody administer) or `deny`"
        return None

    def trusts(self) -> str | None:
        """That everybody who is signed in is allowed, or everybody who is not denied."""
        return everybody(self.allow)

    def looks(self, columns: Columns) -> pl.Expr:
        """Requests of the rule's classes, and those of others that change anything; an unknown operation is such another."""
        return columns.requests() & columns.changing("acl", "policy", "logging", "config")

    def breaks(self, columns: Columns) -> pl.Expr:
        """Requesters that no `allow` matches, or that a `deny` does; an anonymous one always."""
        return columns.anonymous() | ~columns.permitted(self.allow, self.deny)
