"""The rule `volume`: how much one group may do within a window."""

from __future__ import annotations

import polars as pl

from s3guard.columns import Columns
from s3guard.durations import window_text
from s3guard.measures import Limit, Measured, size
from s3guard.model import Severity
from s3guard.quantities import Count, Size, Window, size_text
from s3guard.rules import GroupRule, of_one
from s3guard.traffic import Limited


class Volume(GroupRule):
    """Nobody asks for, moves or touches more than the limits allow.

    Theft of data is a permitted principal doing much more than ever before: a bulk download, a mass deletion, a
    listing of everything. Each request is allowed; their number is the finding.

    ## What breaks it

    Within a window of length `per`, a group makes more than `requests` requests, is sent more than `bytes`, or touches more
    than `distinct_keys` different keys. Several limits may stand together; each is judged.

    ## Subject

    `principal`: all sessions of a role together; null for anonymous requests together. Group by `remote_ip`, `network` or
    `account` where those tell more.

    ## Fields

    * `requests`: the largest number of requests in a window that is no violation.
    * `bytes`: the most bytes sent, such as `50GiB`. A copy sends none: the source row of a copy counts with the size of its
      object, so copying a bucket away counts as downloading it.
    * `distinct_keys`: the largest number of different keys.
    * `per` (default: the whole input): the length of the window, in whole seconds.

    One of the first three must be given. `operations` says what is counted: `[read]` for downloads, `[delete]` for
    deletions, `[list, metadata]` for enumeration.

    ## How it counts

    For `requests` and `bytes` a window begins at every second that has a record, so no burst hides at the border of two
    windows. `distinct_keys` uses windows aligned at multiples of `per` in UTC. `violations` are all requests of the group in
    offending windows, each once; the finding names the worst. Findings are not split by outcome; use `outcome: served` to
    count only what S3 gave away.

    ## What to do

    Ask the owner of the principal whether the transfer was meant. If not, revoke its sessions at once and see from the log
    which keys left. If it was, give the job a rule of its own with `where` and a higher limit rather than raising everybody's.

    Example:
    ```yaml
    version: 1
    policy: patient-records
    buckets: [phi-records]
    rules:
      volume:
        - id: bulk-download
          title: No principal downloads or copies out more than 50 GiB in an hour
          operations: [read]
          bytes: 50GiB
          per: 1h
        - id: bulk-delete
          title: No principal deletes more than 1,000 objects in ten minutes
          operations: [delete]
          requests: 1000
          per: 10m
          severity: critical
    ```
    """

    kind = "volume"
    concluded = frozenset({"requests", "bytes"})
    default_severity = Severity.HIGH
    default_group_by = ("principal",)
    default_title = "The volume of traffic stays within the limits"
    default_help = (
        "One group made more requests, received more bytes or touched more keys in a window than the policy tolerates: a bulk "
        "download, a mass deletion or an enumeration. Ask its owner whether it was meant; if not, revoke the sessions and list "
        "the keys from the log."
    )
    splits = False

    requests: Count | None = None
    """The largest number of requests of a group in a window."""
    bytes: Size | None = None
    """The most bytes sent to a group in a window; the source of a copy counts with its object's size."""
    distinct_keys: Count | None = None
    """The largest number of different keys that a group touches in a window."""
    per: Window | None = None
    """The length of the window; the default is the whole input."""

    def lacks(self) -> str | None:
        """The advice to add a limit where there is none."""
        if self.requests is None and self.bytes is None and self.distinct_keys is None:
            return "volume has no limit; add `requests`, `bytes` or `distinct_keys`, such as `bytes: 50GiB`"
        return None

    def limits(self) -> tuple[Limit, ...]:
        """Each of `requests`, `bytes` and `distinct_keys` that is given."""
        found = []
        if self.requests is not None:
            found.append(Limit("requests", "count", most=self.requests, rule=f"at most {self.requests:,}"))
        if self.bytes is not None:
            found.append(Limit("bytes", "sum", most=self.bytes, write=size, rule=f"at most {size_text(self.bytes)}"))
        if self.distinct_keys is not None:
            found.append(Limit("different keys", "distinct", most=self.distinct_keys, rule=f"at most {self.distinct_keys:,}"))
        return tuple(found)

    def drawn(self) -> tuple[Limited, ...]:
        """The most requests and bytes of a group."""
        within = of_one(self.subject) + (f" in {window_text(self.per)}" if self.per else "")
        found = []
        if self.requests is not None:
            found.append(Limited("requests", f"at most {self.requests:,} requests{within}", float(self.requests), self.per))
        if self.bytes is not None:
            found.append(Limited("bytes", f"at most {size_text(self.bytes)}{within}", float(self.bytes), self.per))
        return tuple(found)

    def measures(self, columns: Columns) -> tuple[Measured, ...]:
        """All requests; their bytes, those of a copy's source being the object's; their keys."""
        # NOTE: the source row of a copy has no bytes sent, however much left the bucket.
        copied = columns.judged("operation", "copied", lambda values: values.str.contains(r"^REST\.COPY\..*_GET$"))
        moved = pl.when(copied).then(pl.col("object_size")).otherwise(pl.col("bytes_sent"))
        found = []
        if self.requests is not None:
            found.append(Measured())
        if self.bytes is not None:
            found.append(Measured(total=moved))
        if self.distinct_keys is not None:
            found.append(Measured(distinct=pl.col("key")))
        return tuple(found)

    @property
    def texts(self) -> frozenset[str]:
        """The decoded key, for `distinct_keys`."""
        return frozenset() if self.distinct_keys is None else frozenset({"key"})
