"""The rule `anomalies`: traffic that is far from what the same hour of the week predicts."""

from __future__ import annotations

from fractions import Fraction
from typing import Annotated, Final, Literal

from pydantic import Field

from s3guard.columns import Columns
from s3guard.measures import Limit, Measured
from s3guard.model import Severity
from s3guard.quantities import Factor
from s3guard.rules import GroupRule
from s3guard.written import EACH_ONCE, OneOrMany, choice

_NAMES: Final = ("requests", "bytes", "errors", "latency")

Measures = Annotated[
    tuple[Annotated[Literal["requests", "bytes", "errors", "latency"], choice("a measure", _NAMES)], ...],
    OneOrMany("measures"),
    EACH_ONCE,
]
"""Measures of traffic, each once."""


class Anomalies(GroupRule):
    """Traffic is as usual for the hour of the week.

    Fixed limits find what somebody thought of. This rule finds the rest: ten times the requests of an ordinary Sunday night is
    worth a look though no limit was crossed.

    ## What breaks it

    An hour in which requests, bytes, errors or latency are further from what the same hour of the week predicts than
    `sensitivity` times the usual spread. Histories are not kept yet: until they are, the result of this rule is
    undetermined, and says so.

    ## Subject

    The measure that is unusual, with the columns of `group_by` where given.

    ## Fields

    * `of` (default all): `requests`, `bytes`, `errors`, `latency`; one or a list.
    * `sensitivity` (default 3): how many times the usual spread is still usual; smaller finds more.

    ## How it counts

    By the hour. Findings are not split by outcome.

    ## What to do

    See what the traffic of that hour consists of: a new job, a retry storm, a crawler, a thief. If it is to stay, history
    learns it; if it was wrong, a limit in `volume`, `errors` or `latency` says so at once next time.

    Example:
    ```yaml
    version: 1
    policy: web-backend
    buckets: [app-data]
    rules:
      anomalies:
        of: [requests, bytes]
        sensitivity: 4
    ```
    """

    kind = "anomalies"
    default_severity = Severity.MEDIUM
    default_group_by = ()
    default_title = "Traffic is as usual for the hour of the week"
    default_help = (
        "Requests, bytes, errors or latency were far from what the same hour of the week predicts. See what the traffic of that "
        "hour consists of; if it was wrong, a limit in volume, errors or latency finds it at once next time."
    )
    splits = False

    of: Measures = _NAMES
    """The measures that are compared with history."""
    sensitivity: Factor = Field(default_factory=lambda: Fraction(3))
    """How many times the usual spread is still usual."""

    def limits(self) -> tuple[Limit, ...]:
        """None yet."""
        return ()

    def measures(self, columns: Columns) -> tuple[Measured, ...]:
        """None yet."""
        return ()

    def unbuilt(self) -> str:
        """What the rule still lacks."""
        return "anomalies needs a history of earlier runs, which s3guard does not keep yet"
