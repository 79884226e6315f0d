"""The rule `anonymous`: requests that nobody signed."""

from __future__ import annotations

import polars as pl

from s3guard.columns import Columns
from s3guard.model import Severity
from s3guard.quantities import Count
from s3guard.rules import RecordRule


class Anonymous(RecordRule):
    """No request reaches the bucket without credentials.

    A request with the requester `-` came from somebody who proved nothing. That S3 served it means that the object, or the
    bucket, is public. A policy with `requesters` or `writers` has this rule by itself unless it says
    `anonymous: {enabled: false}`, since an allow-list that strangers can pass by is none.

    ## What breaks it

    More than `max` unauthenticated requests of one subject with one outcome. With the default, each one does.

    ## Subject

    `remote_ip, operation_class`: nobody is known but the address. Findings are split by outcome: what S3 served is high by
    default; what it refused is low: the Internet tries every public name of a bucket, every day.

    ## Fields

    * `max` (default 0): as many records of one subject and outcome are tolerated.

    ## How it counts

    A finding exists when its records are more than `max`. Records of subjects within `max` are no violations.

    ## What to do

    For a served finding: switch on S3 Block Public Access for the bucket, or better for the account; remove grants to
    `Principal: "*"` and to the groups AllUsers and AuthenticatedUsers; see what was read. A bucket that is meant to be public
    belongs into a policy of its own, with `outcome` or `keys` narrowing this rule or `enabled: false` in writing.

    Example:
    ```yaml
    version: 1
    policy: website
    buckets: [www-assets]
    rules:
      anonymous:
        title: Strangers read the public folder only
        except_keys: ["public/*"]
        outcome: served
    ```
    """

    kind = "anonymous"
    concluded = frozenset({"max"})
    default_severity = Severity.HIGH
    default_group_by = ("remote_ip", "operation_class")
    default_title = "No request is anonymous"
    breach = "asked without credentials"
    default_help = (
        "Somebody used this bucket without credentials, or tried to. Where S3 served the request, the bucket or the object is "
        "public: switch on Block Public Access, remove grants to everybody, and review what was read. Requests that S3 refused "
        "are attempts, which every bucket on the Internet sees."
    )

    max: Count = 0
    """The largest number of records of one subject and outcome that is no violation."""

    def trusts(self) -> str | None:
        """That some such requests are no violation."""
        return f"it tolerates {self.max:,} such requests of each" if self.max else None

    def breaks(self, columns: Columns) -> pl.Expr:
        """Requests without a requester."""
        return columns.anonymous()

    @property
    def tolerated(self) -> int:
        """`max`."""
        return self.max
