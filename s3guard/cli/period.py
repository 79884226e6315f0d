"""The clock of a run and the period that it looks at, from ``--as-of``, ``--since`` and ``--until``."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime

import typer

from s3guard.cli.choices import about, place
from s3guard.model import UsageError


@dataclass(frozen=True, slots=True)
class Period:
    """When a run looks at records, and by which clock; all UTC, in whole seconds."""

    as_of: datetime
    since: datetime | None
    """Records from then on; None: from the first."""
    until: datetime | None
    """Records before then; None: up to the last."""


def clock(context: typer.Context, as_of: str | None) -> datetime:
    """The instant that ``--as-of`` names; now, where it names none."""
    from s3guard.instants import instant

    if as_of is None:
        return datetime.now(UTC).replace(microsecond=0)
    with about(context, "as-of"):
        return instant(as_of)


def period(context: typer.Context, as_of: str | None, since: str | None, until: str | None) -> Period:
    """The period that the flags name; UsageError where one of them is no instant, or nothing lies between them."""
    from s3guard.instants import instant

    now = clock(context, as_of)
    with about(context, "since"):
        start = None if since is None else instant(since, now)
    with about(context, "until"):
        end = None if until is None else instant(until, now)
    if start is not None and end is not None and start >= end:
        raise UsageError(
            f"the period is empty: {place(context, 'since')} ({start:%Y-%m-%dT%H:%M:%SZ}) is not before "
            f"{place(context, 'until')} ({end:%Y-%m-%dT%H:%M:%SZ})"
        )
    return Period(now, start, end)
