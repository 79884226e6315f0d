"""The rule `user_agents`: which client programs are used."""

from __future__ import annotations

import polars as pl

from s3guard.columns import Columns, any_glob
from s3guard.model import Severity
from s3guard.rules import RecordRule
from s3guard.written import AnyGlobs


class UserAgents(RecordRule):
    """Requests come from the client programs that the policy expects.

    The user agent is what a client says about itself. Nobody checks it, so this rule is advice and no control: it finds the
    console where only a pipeline should work, an SDK that is out of support, a scanner that does not hide. Who wants to
    pass passes.

    ## What breaks it

    A request with a user agent that matches no glob of `allow`, or matches one of `deny`. Without `allow`, every one is allowed
    that is not denied.

    ## Subject

    `user_agent, principal`. Findings are split by outcome; low by default in any case.

    ## Fields

    * `allow`: globs over the whole user agent, case-sensitive; `*` and `?` match any character. One or a list.
    * `deny`: likewise.

    ## How it counts

    Each record by itself. Requests without a user agent are not looked at. Where a line is written so that its user agent can
    be read in several ways, the record is counted as unjudged.

    ## What to do

    Ask the principal's owner. Bring old SDKs up to date. Add what is expected to `allow`.

    Example:
    ```yaml
    version: 1
    policy: pipeline-only
    buckets: [build-artifacts]
    rules:
      user_agents:
        allow: ["Boto3/*", "aws-sdk-go-v2/*"]
        deny: ["S3Console/*"]
    ```
    """

    kind = "user_agents"
    default_severity = Severity.LOW
    default_group_by = ("user_agent", "principal")
    default_title = "Only expected client programs are used"
    breach = "used a client that is not allowed"
    default_help = (
        "A client calls itself something that the policy does not expect. The user agent is chosen by the client and proves "
        "nothing; ask the principal's owner what runs there, and bring old SDKs up to date."
    )

    allow: AnyGlobs | None = None
    """Globs over user agents that are expected; without it every one that is not denied."""
    deny: AnyGlobs | None = None
    """Globs over user agents that are not, even if `allow` matches."""

    def lacks(self) -> str | None:
        """The advice to add globs where the rule allows all."""
        if self.allow is None and not self.deny:
            return 'user_agents allows every client as it stands; add `allow` or `deny`, such as `deny: ["S3Console/*"]`'
        return None

    def looks(self, columns: Columns) -> pl.Expr:
        """Requests with a user agent, or of which the line does not tell it."""
        return columns.requests() & (~columns.absent("user_agent") | ~columns.has("user_agent"))

    def unjudged(self, columns: Columns) -> pl.Expr:
        """Lines that leave the user agent undecided."""
        return ~columns.has("user_agent")

    def breaks(self, columns: Columns) -> pl.Expr:
        """User agents that no `allow` matches, or that a `deny` does."""
        broken = pl.lit(value=False)
        if self.allow is not None:
            broken = ~columns.judged("user_agent", ("allow", self.allow), lambda names: any_glob(names, self.allow or ()))
        if self.deny:
            broken |= columns.judged("user_agent", ("deny", self.deny), lambda names: any_glob(names, self.deny or ()))
        return broken

    @property
    def texts(self) -> frozenset[str]:
        """The user agent."""
        return frozenset({"user_agent"})
