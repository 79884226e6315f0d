"""The rule `first_seen`: principals, networks and operations that the history does not know."""

from __future__ import annotations

from typing import Annotated, Final, Literal

from s3guard.columns import Columns
from s3guard.measures import Limit, Measured
from s3guard.model import Severity
from s3guard.rules import GroupRule
from s3guard.written import EACH_ONCE, OneOrMany, choice

_NAMES: Final = ("principal", "network", "operation")

Novelties = Annotated[
    tuple[Annotated[Literal["principal", "network", "operation"], choice("what can be new", _NAMES)], ...],
    OneOrMany("columns"),
    EACH_ONCE,
]
"""What may be new, each once."""


class FirstSeen(GroupRule):
    """Nobody and nothing new uses the bucket.

    Most buckets see the same principals from the same networks doing the same things, day after day. A new one is not
    wrong, but it is the first that an investigator would ask for, and the cheapest to ask about at once.

    ## What breaks it

    A request with a principal, network or operation that the history, by record time, does not know. Histories are not kept
    yet: until they are, the result of this rule is undetermined, and says so.

    ## Subject

    What is new: one of `of`.

    ## Fields

    * `of` (default all): `principal`, `network`, `operation`; one or a list.

    `group_by` is not for this rule: `of` says what a finding is about.

    ## How it counts

    Each record by itself; findings are split by outcome, low by default in any case.

    ## What to do

    Ask whether the newcomer is expected. If so, nothing: he is known from then on. If not, see `requesters`.

    Example:
    ```yaml
    version: 1
    policy: patient-records
    buckets: [phi-records]
    rules:
      first_seen:
        of: [principal, network]
        outcome: served
    ```
    """

    kind = "first_seen"
    default_severity = Severity.LOW
    default_group_by = ()
    default_title = "Nobody and nothing new uses the bucket"
    splits = True
    default_help = (
        "A principal, network or operation appeared that the history of this bucket does not know. Ask whether it is expected; if "
        "not, investigate as for a principal outside the allow-list."
    )

    of: Novelties = _NAMES
    """What may be new."""

    def lacks(self) -> str | None:
        """The advice to use `of` where `group_by` was written."""
        return "first_seen has no use for `group_by`: what is new makes the subject; name it in `of`" if self.group_by else None

    def limits(self) -> tuple[Limit, ...]:
        """None yet."""
        return ()

    def measures(self, columns: Columns) -> tuple[Measured, ...]:
        """None yet."""
        return ()

    def unbuilt(self) -> str:
        """What the rule still lacks."""
        return "first_seen needs a history of earlier runs, which s3guard does not keep yet"
