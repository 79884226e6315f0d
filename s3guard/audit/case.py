"""What a check is asked and what it answers."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from enum import Enum

from s3guard.audit.expected import Expected
from s3guard.audit.facts import Value
from s3guard.audit.graph import Edge, Graph
from s3guard.audit.rows import Account, Bucket, Logging
from s3guard.model import Location, Severity


class About(Enum):
    """Which rows a check is asked about."""

    SOURCE = "source"
    """Every bucket that a policy names, whatever its role; a log bucket too, so the check itself says when it does not apply."""
    SINK = "sink"
    """Every log bucket of a policy: one that buckets of the policy log to, or that the policy names and `Graph.is_sink` knows."""
    ACCOUNT = "account"
    """Every account."""


class Answer(Enum):
    """What a check says of one thing, from the best to the worst."""

    NOT_APPLICABLE = "n/a"
    PASS = "pass"
    WARN = "warn"
    """A finding of severity low."""
    UNKNOWN = "unknown"
    FAIL = "fail"


@dataclass(frozen=True, slots=True)
class Verdict:
    """One answer of a check; a check may give several about different things of its subject (one a source of a log bucket)."""

    answer: Answer
    reason: str
    """What was found: for FAIL and WARN a sentence without a full stop, which is the finding's message; else a clause."""
    about: Mapping[str, str] = field(default_factory=dict)
    """What the finding is about beside the bucket: ``{"source": "app"}``; part of its fingerprint, so nothing that changes by the day."""
    severity: Severity | None = None
    """Of a FAIL that is graver or lighter than its check."""
    location: Location | None = None
    """The resource of a template that is at fault; the conductor finds it by the check's first need that has one."""


def passed(reason: str = "") -> Verdict:
    """It is as it should be."""
    return Verdict(Answer.PASS, reason)


def failed(reason: str, severity: Severity | None = None, **about: str) -> Verdict:
    """It is not."""
    return Verdict(Answer.FAIL, reason, about, severity)


def warned(reason: str, **about: str) -> Verdict:
    """It is not, and that matters little: a finding of severity low."""
    return Verdict(Answer.WARN, reason, about)


def unknown(reason: str, **about: str) -> Verdict:
    """Nobody can tell, for a reason other than an unknown fact (`facts.known` raises for those)."""
    return Verdict(Answer.UNKNOWN, reason, about)


def not_applicable(reason: str) -> Verdict:
    """The question does not arise."""
    return Verdict(Answer.NOT_APPLICABLE, reason)


def not_logged(bucket: Bucket) -> Verdict:
    """Where a bucket logs to is no question, since it does not, or is of a kind that another check is about."""
    other = {"directory": "SAL-011 is about directory buckets", "table": "SAL-012 is about table buckets"}
    return not_applicable(other.get(bucket.kind, "server access logging is off"))


@dataclass(frozen=True, slots=True)
class Case:
    """One question to a check about a bucket."""

    bucket: Bucket
    """The row that is judged: a source's or a log bucket's."""
    account: Account | None
    """The row of its account; None where the bucket is in none that was looked at."""
    graph: Graph
    """All rows."""
    expected: Expected
    now: datetime
    """The run's clock, UTC."""
    sources: tuple[Edge, ...] = ()
    """Of a log bucket: those that log to it and are this policy's; where the policy names the log bucket itself, all."""

    @property
    def is_template(self) -> bool:
        """Whether the facts are a template's: what only runs can show (deliveries, canaries) is then not applicable."""
        return self.graph.facts.source == "template"


@dataclass(frozen=True, slots=True)
class AccountCase:
    """One question to a check about an account."""

    account: Account
    graph: Graph
    expected: tuple[Expected, ...]
    """Of all policies."""
    covered: Mapping[str, tuple[Expected, ...]]
    """Every bucket's name with what the policies that name it expect; empty where none does."""
    excluded: Mapping[str, str]
    """Buckets that may go without a policy today, with the reason."""
    expired: Mapping[str, str]
    """Buckets whose exclusion has run out, with the reason and the day."""
    now: datetime
    unending: Collection[str] = ()
    """Of the excluded those whose exclusion names no last day."""


def is_gone(case: Case, logging: Logging) -> bool:
    """Whether it is known that the bucket that logs go to does not exist, which SAL-002 tells."""
    target = logging.target_bucket
    row = case.graph.bucket(target.value) if isinstance(target, Value) else None
    return row is not None and isinstance(row.exists, Value) and not row.exists.value
