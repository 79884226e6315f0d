"""Breaches: findings in the making."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime

import polars as pl


@dataclass(slots=True)
class Group:
    """One finding in the making: a subject, and with it an outcome where the rule splits by it."""

    g: int
    mask: int | None
    subject: dict[str, str | int | None]
    records: int
    first: int | None
    last: int | None
    message: str
    fresh: int
    """Records that this run judged, of a state; 0 without one."""


@dataclass(frozen=True, slots=True)
class Compared:
    """What a rule found that compares with the past."""

    findings: dict[str, list[Group]]
    """Of each bucket, in no order."""
    samples: pl.DataFrame
    """`s3guard.joins.SAMPLE` of their records, under the numbers of the findings."""
    reasons: dict[str, str]
    """Why not everything in a bucket could be compared."""


def instant(seconds: int) -> datetime:
    """The instant, UTC, of seconds since 1970."""
    return datetime.fromtimestamp(seconds, UTC)


def written(seconds: int) -> str:
    """An instant as messages write it: ``2026-10-02T00:00:00Z``."""
    return instant(seconds).replace(tzinfo=None).isoformat() + "Z"
