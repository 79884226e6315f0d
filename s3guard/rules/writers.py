"""The rule `writers`: who may change the objects of a bucket."""

from __future__ import annotations

import polars as pl

from s3guard.columns import Columns
from s3guard.model import Severity
from s3guard.names import Principals
from s3guard.rules import RecordRule, everybody


class Writers(RecordRule):
    """Only the principals that the policy names change objects; everybody else only reads.

    Most buckets have one application that writes and many that read. A write by anybody else is the clearest sign there is of
    a stolen credential, ransomware, a mistaken deployment or a public bucket, and it destroys data. Hence the severity.

    ## What breaks it

    A request of the classes write, delete, tagging or restore, one of the class other that changes something, or one whose
    operation s3guard does not know (unless its verb is GET, HEAD or OPTIONS), by a requester that matches no pattern of
    `allow` or matches one of `deny`. An anonymous request always breaks it, with any `allow`. `allow: []` lets nobody
    write: the policy of an archive.

    ## Subject

    `principal, operation`; the principal of an anonymous writer is null. Findings are split by outcome: a write that S3
    served is critical by default, an attempt that it refused is low.

    ## Fields

    * `allow`: principal patterns or `@names` of the policy's `principals`; one or a list.
    * `deny`: likewise; a denied principal is never an allowed writer.

    `keys` and `except_keys` make writers of a part of the bucket: one entry a prefix, each with its own `allow`.

    ## How it counts

    Each record by itself. A bulk delete is judged by its `BATCH.DELETE.OBJECT` rows where the rule names keys, since the
    request itself has none. A copy is a write of the destination bucket; its source row is a read.

    ## What to do

    A served finding is an incident until it is explained. Find the principal and the deployment or person behind it; restore
    what was overwritten or deleted (versioning); take the write permission away. Where the writer is legitimate, add it to
    `allow`, and confine it with `keys` where it writes to one prefix only.

    Example:
    ```yaml
    version: 1
    policy: patient-records
    buckets: [phi-records]
    principals:
      ingest: [arn:aws:iam::111122223333:role/ingest, "arn:aws:iam::111122223333:user/batch-*"]
    rules:
      writers:
        - allow: ["@ingest"]
          except_keys: ["exports/*"]
        - id: exports
          title: Only the export service writes exports
          keys: ["exports/*"]
          allow: [arn:aws:iam::111122223333:role/exporter]
    ```
    """

    kind = "writers"
    default_severity = Severity.CRITICAL
    default_group_by = ("principal", "operation")
    default_title = "Only allowed principals write to the bucket"
    breach = "not an allowed writer"
    default_help = (
        "Somebody who is not an allowed writer changed, deleted or restored objects of this bucket, or tried to. Treat a served "
        "request as an incident until it is explained: find the principal, restore what was overwritten or deleted, and take the "
        "permission away. If the writer is legitimate, add it to `allow`, confined to its prefix with `keys`."
    )

    allow: Principals | None = None
    """Who may write; without it everybody authenticated who is not denied, with an empty list nobody."""
    deny: Principals | None = None
    """Who may not, even if `allow` matches."""

    def lacks(self) -> str | None:
        """The advice to add an allow-list where the rule allows every authenticated principal."""
        if self.allow is None and not self.deny:
            return "writers names no writers; add `allow` (`allow: []` lets nobody write) or `deny`"
        return None

    def trusts(self) -> str | None:
        """That everybody who is signed in is allowed, or everybody who is not denied."""
        return everybody(self.allow)

    def looks(self, columns: Columns) -> pl.Expr:
        """Requests of the rule's classes, and those of others that change anything; an unknown operation is such another."""
        return columns.requests() & columns.changing("write", "delete", "tagging", "restore")

    def breaks(self, columns: Columns) -> pl.Expr:
        """Requesters that no `allow` matches, or that a `deny` does; an anonymous one always."""
        return columns.anonymous() | ~columns.permitted(self.allow, self.deny)
