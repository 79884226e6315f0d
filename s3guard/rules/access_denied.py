"""The rule `access_denied`: refusals, and how many of one group within a window."""

from __future__ import annotations

from s3guard.columns import Columns
from s3guard.durations import window_text
from s3guard.measures import Limit, Measured
from s3guard.model import Severity
from s3guard.names import ErrorCodes
from s3guard.quantities import Count, Window
from s3guard.rules import GroupRule, of_one
from s3guard.traffic import Limited


class AccessDenied(GroupRule):
    """S3 refuses no requests, or few.

    Refusals come from two sides: somebody probes what he must not see, or something that should work is broken. Both
    deserve a look, the first at once. With `max: 0` every refusal is a finding; with `max`, `per` and `group_by` the rule is the
    alarm for brute force and enumeration: so many refusals from one place in so much time.

    ## What breaks it

    More than `max` refused requests of one group within `per`. Refused are those that ended in one of `codes`; by default
    every code that says who the requester is not (authentication, such as `SignatureDoesNotMatch`) or what he may not
    (authorization, such as `AccessDenied`). `s3guard explain AccessDenied` ranks the causes of one.

    ## Subject

    `remote_ip`. Group by `network` (/24 or /64) against clients that change their address, by `principal` against one
    credential that tries everything.

    ## Fields

    * `max` (default 0): the largest number of refusals in a window that is no violation.
    * `per` (default: the whole input): the length of the window, in whole seconds.
    * `codes` (default: all access codes): error codes by name.

    ## How it counts

    A window begins at every second that has a record, so no burst hides at the border of two windows. `violations` is the union
    of the refused requests in all windows over the limit, each counted once; the finding names the worst window. Records are all
    requests that the rule looked at. Findings are not split by outcome.

    ## What to do

    Look at who, from where and at what: one principal with one operation is mostly a missing permission, a mistyped key or a
    missing KMS grant; one address with many keys or buckets is a search. Block or investigate the second; mend the
    first, or it will hide the next.

    Example:
    ```yaml
    version: 1
    policy: patient-records
    buckets: [phi-records]
    rules:
      access_denied:
        - max: 20
          per: 10m
          group_by: [network]
        - id: root-locked-out
          title: AWS has disabled no access
          codes: [AllAccessDisabled, AccountProblem]
          severity: high
    ```
    """

    kind = "access_denied"
    concluded = frozenset({"max"})
    default_severity = Severity.MEDIUM
    default_group_by = ("remote_ip",)
    default_title = "Refused requests stay within the limit"
    default_help = (
        "S3 refused more requests of one group than the policy tolerates. Many keys or operations from one place are a search for "
        "something open: identify the client and block it. One principal with one operation is mostly a missing permission, a "
        "wrong key or a missing KMS grant: mend it, so that refusals mean something again."
    )
    splits = False

    max: Count = 0
    """The largest number of refused requests of one group in a window that is no violation."""
    per: Window | None = None
    """The length of the window; the default is the whole input."""
    codes: ErrorCodes | None = None
    """Error codes that count as a refusal; the default is every code of the kinds authorization and authentication."""

    def limits(self) -> tuple[Limit, ...]:
        """More than `max` refused requests."""
        return (Limit("refused requests", "count", most=self.max, rule=f"at most {self.max:,}"),)

    def drawn(self) -> tuple[Limited, ...]:
        """The largest number of refused requests of a group."""
        within = f" in {window_text(self.per)}" if self.per else ""
        return (Limited("refused", f"at most {self.max:,} refused{of_one(self.subject)}{within}", float(self.max), self.per),)

    def measures(self, columns: Columns) -> tuple[Measured, ...]:
        """The requests that ended in one of `codes`."""
        refused = columns.refused() if self.codes is None else columns.error_codes(self.codes)
        return (Measured(counted=refused, members=refused),)
