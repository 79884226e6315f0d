"""The rule `requesters`: who may use a bucket at all."""

from __future__ import annotations

import polars as pl

from s3guard.columns import Columns
from s3guard.model import Severity
from s3guard.names import Principals
from s3guard.rules import RecordRule, everybody


class Requesters(RecordRule):
    """Only the principals that the policy names use the bucket.

    The allow-list of a bucket, held against what really happened. IAM policies say who *could* reach a bucket; this rule
    says who *did*, and finds the forgotten role, the leaked key and the grant that was wider than meant. It is the first
    rule of most policies.

    ## What breaks it

    An authenticated request whose requester matches no pattern of `allow`, or matches one of `deny`. A denied principal is
    never allowed, whatever `allow` says. Without `allow`, everybody is allowed who is not denied; `allow: []` allows
    nobody. Requests without a requester are the business of `anonymous`, which a policy with this rule has by itself.

    ## Subject

    `principal, operation_class`: all sessions of a role are one principal, so a finding reads "this role read", not one
    finding a session. Findings are split by outcome: a request that S3 served has the rule's severity, high by default; one
    that S3 refused or that failed is an attempt, low by default.

    ## Fields

    * `allow`: patterns or `@names` of the policy's `principals`; one or a list.
    * `deny`: likewise.

    Patterns are `arn:aws:iam::ACCT:role/NAME` (every session of the role), `arn:aws:sts::ACCT:assumed-role/NAME/SESSION`,
    `arn:aws:iam::ACCT:user/NAME`, `arn:aws:sts::ACCT:federated-user/NAME`, `account:ACCT`, `canonical:ID`,
    `canonical:owner`, `service:NAME`, `oai:ID` and `authenticated`. `*` stands in a name and never crosses `:` or `/`. A
    root user logs as a canonical id, so `account:` does not cover it.

    ## How it counts

    Each record by itself. `records` are the authenticated requests, `violations` those that break the rule. Requests that S3
    made itself (lifecycle) are not looked at.

    ## What to do

    Find out what the principal is and whether it should have access. If so, add it to `allow`, as narrowly as it works (a
    role, not its account). If not, take the grant away (bucket policy, identity policy, ACL, access point), rotate
    credentials that have leaked, and look at what it read: the samples name the log lines.

    Example:
    ```yaml
    version: 1
    policy: patient-records
    buckets: [phi-records]
    principals:
      records-service: [arn:aws:iam::111122223333:role/records-service]
    rules:
      requesters:
        allow: ["@records-service", service:logging.s3.amazonaws.com]
        deny: ["arn:aws:iam::111122223333:user/*"]
    ```
    """

    kind = "requesters"
    default_severity = Severity.HIGH
    default_group_by = ("principal", "operation_class")
    default_title = "Only allowed principals use the bucket"
    breach = "not an allowed requester"
    default_help = (
        "Somebody who is not on the allow-list of this bucket used it, or tried to. Find out who the principal is. If the access "
        "is meant, add the principal to `allow`, as narrowly as it works; if not, remove the grant, rotate credentials that may "
        "have leaked, and review what was read or changed."
    )

    allow: Principals | None = None
    """Who may use the bucket; without it everybody who is not denied, with an empty list nobody."""
    deny: Principals | None = None
    """Who may not, even if `allow` matches."""

    def lacks(self) -> str | None:
        """The advice to add an allow-list where the rule allows everybody."""
        if self.allow is None and not self.deny:
            return "requesters allows everybody as it stands; add `allow` (`allow: []` allows nobody) or `deny`"
        return None

    def trusts(self) -> str | None:
        """That everybody who is signed in is allowed, or everybody who is not denied."""
        return everybody(self.allow)

    def looks(self, columns: Columns) -> pl.Expr:
        """Authenticated requests."""
        return columns.authenticated()

    def breaks(self, columns: Columns) -> pl.Expr:
        """Requesters that no `allow` matches, or that a `deny` does."""
        return ~columns.permitted(self.allow, self.deny)
