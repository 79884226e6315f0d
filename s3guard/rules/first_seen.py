"""The rule `first_seen`: principals, networks and operations that the history does not know."""

from __future__ import annotations

from typing import Annotated, ClassVar, Final, Literal

from s3guard.model import Severity
from s3guard.rules import NewcomerRule
from s3guard.written import EACH_ONCE, OneOrMany, choice

_NAMES: Final = ("principal", "network", "operation")

Novelties = Annotated[
    tuple[Annotated[Literal["principal", "network", "operation"], choice("what can be new", _NAMES)], ...],
    OneOrMany("columns"),
    EACH_ONCE,
]
"""What may be new, each once."""


class FirstSeen(NewcomerRule):
    """Nobody and nothing new uses the bucket.

    Most buckets see the same principals from the same networks doing the same things, day after day. A new one is not
    wrong, but it is the first that an investigator would ask for, and the cheapest to ask about at once.

    ## What breaks it

    A request with a principal, network or operation whose first record, by the time of the record, lies in the period of the
    report, while the 56 days before the report, as far as input or state know them, have none. What S3 serves counts as known only if
    it was served before: who was refused all the time and is served for the first time is new. What is refused, or fails, counts as
    known if there was any request before.

    What is first seen with less than 14 days of history before it cannot be told from what was always there: then the rule is
    undetermined rather than passed, and the reason tells how much history there is. More than 72 hours without a record of the bucket
    are no history.

    ## Subject

    What is new: one of `of`. No value, such as the principal of an anonymous request, is one as well.

    ## Fields

    * `of` (default all): `principal`, `network`, `operation`; one or a list.

    `group_by` is not for this rule: `of` says what a finding is about.

    ## How it counts

    Each record by itself; findings are split by outcome, low by default in any case. A finding has all records that the newcomer
    has in the period. Beyond 100,000 values of an outcome, those with the smallest hashes are told apart, and without a finding the
    rule is undetermined; networks of a bucket that the whole world reads are more.

    ## What to do

    Ask whether the newcomer is expected. If so, nothing: he is known from then on. If not, see `requesters`. While there is too
    little history, `--since` asks for the days that can be judged; with `--state` the past is kept.

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
    adds: ClassVar[tuple[str, ...]] = _NAMES
    default_title = "Nobody and nothing new uses the bucket"
    default_help = (
        "A principal, network or operation appeared that the history of this bucket does not know. Ask whether it is expected; if "
        "not, investigate as for a principal outside the allow-list."
    )

    of: Novelties = _NAMES
    """What may be new."""

    @property
    def subject(self) -> tuple[str, ...]:
        """The columns whose values may be new; a finding names one of them."""
        return self.of

    @property
    def named(self) -> tuple[str, ...]:
        """As `subject`."""
        return self.of

    @classmethod
    def says_of(cls) -> str:
        """What is new."""
        return "what is new"

    def lacks(self) -> str | None:
        """The advice to use `of` where `group_by` was written."""
        return "first_seen has no use for `group_by`: what is new makes the subject; name it in `of`" if self.group_by else None
