"""What the flags of a judging verb ask for: one `Request`, whichever verb it is."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, TypedDict, Unpack

import typer

from s3guard.aws import Access
from s3guard.cli import choices, options
from s3guard.cli.period import Period
from s3guard.model import Severity

if TYPE_CHECKING:
    from s3guard.check import Request
    from s3guard.redaction import Redaction


class Given(TypedDict, total=False):
    """Flags as verbs take them; what is left out is as if it had not been given."""

    policy: list[Path] | None
    bucket: list[str] | None
    rule: list[str] | None
    framework: list[str] | None
    fail_on: str | None
    baseline: Path | None
    state: str | None
    max_unparsed: str | None
    allow_empty: bool
    allow_undetermined: bool
    require_policy: bool
    quarantine: Path | None
    engine: str | None
    jobs: int | None
    late: str | None


def threshold(context: typer.Context, fail_on: str | None) -> str:
    """What ``--fail-on`` says, ``none`` included; UsageError for what is no severity."""
    return choices.one_of(context, "fail-on", fail_on or Severity.MEDIUM.value)


def request(
    context: typer.Context, logs: Sequence[str], asked: Period, hidden: Redaction, access: Access, **given: Unpack[Given]
) -> Request:
    """What is to be judged; UsageError where a flag says nothing that can be asked."""
    least = threshold(context, given.get("fail_on"))
    unparsed = choices.share(context, "max-unparsed", given.get("max_unparsed") or options.UNPARSED)
    late, jobs = choices.late(context, given.get("late")), given.get("jobs")
    exclusions = choices.of(context).settings.exclusions
    # NOTE: what judges takes a while to load, and a flag that is wrong need not wait for it.
    from s3guard.check import Request

    return Request(
        logs=logs,
        policies=options.policies(given.get("policy")),
        as_of=asked.as_of,
        since=asked.since,
        until=asked.until,
        buckets=given.get("bucket") or (),
        rules=given.get("rule") or (),
        frameworks=given.get("framework") or (),
        fail_on=None if least == "none" else Severity(least),
        baseline=given.get("baseline"),
        engine=given.get("engine") or "local",
        jobs=None if jobs is None else choices.positive(context, "jobs", jobs),
        max_unparsed=unparsed,
        quarantine=given.get("quarantine"),
        state=given.get("state"),
        allow_empty=given.get("allow_empty", False),
        allow_undetermined=given.get("allow_undetermined", False),
        require_policy=given.get("require_policy", False),
        exempt=[one.bucket for one in exclusions if one.holds(asked.as_of.date())],
        late=late,
        access=access,
        exclusions=exclusions,
        redaction=hidden,
    )
