"""The nouns of telling: what a run saw, what a channel believes, and what there is to tell it."""

from __future__ import annotations

from collections.abc import Container, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from enum import Enum
from typing import Final

from s3guard.model import Report, Result, Severity

CRASHED: Final = "run"
"""The name of what a run could not look at that ended before there was a report."""
NOTHING: Final = "nothing"
"""The name of what a run could not look at that judged nothing at all."""


class What(Enum):
    """What became of a finding."""

    NEW = "new"
    WORSENED = "worsened"
    RESOLVED = "resolved"


@dataclass(frozen=True, slots=True)
class Known:
    """A finding as a channel was told of it, or would have been were it severe enough."""

    rule: str
    bucket: str | None
    severity: Severity
    outcome: str | None
    records: int
    """As many as were told, when it was new or worse."""
    first: int | None
    last: int | None
    """Times of the records, seconds since 1970."""
    seen: int
    """When a report had it last, by its as-of, seconds since 1970."""
    who: str
    """A digest of the check and the subject, whatever the outcome."""
    subject: Mapping[str, str | int | None] | None = None
    """None where it is not remembered."""
    past: bool = False
    """Whether the period of the reports went on without it."""


@dataclass(frozen=True, slots=True)
class Blind:
    """Something that could not be judged."""

    rule: str | None
    """None: it is about the run."""
    bucket: str | None
    reason: str
    """Written by s3guard; may quote log text."""
    seen: int = 0
    """When it was seen last, as in `Known`."""


@dataclass(frozen=True, slots=True)
class Belief:
    """What a channel takes for true: all that stood when it was told last."""

    known: Mapping[str, Known] = field(default_factory=dict)
    """By fingerprint."""
    blind: Mapping[str, Blind] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Seen:
    """What a run saw."""

    report: Report
    since: int | None = None
    until: int | None = None
    """The seconds of its period, the second one not included; None: no end that is known."""
    accepted: Container[str] = ()
    """Fingerprints of the baseline."""
    blind: Mapping[str, str] = field(default_factory=dict)
    """What the whole run could not look at: a name that stays the same, and a sentence."""
    of_logs: bool = True
    """Whether it looked at log records; the configuration alone otherwise."""
    narrowed: bool = False
    """Whether it looked at some buckets or rules alone."""
    lenient: bool = False
    """Whether what could not be judged is accepted, unless it is all that there was."""

    @property
    def at(self) -> int:
        """When it was, by its as-of, seconds since 1970."""
        return int(self.report.run.as_of.timestamp())


@dataclass(frozen=True, slots=True)
class Item:
    """A finding to tell of."""

    what: What
    why: str | None
    """In which way it is worse."""
    result: Result
    fingerprint: str
    severity: Severity
    outcome: str | None
    records: int
    first: datetime | None
    last: datetime | None
    subject: Mapping[str, str | int | None] | None
    """Log text; None where it is not remembered."""
    message: str | None
    """Log text; None where the finding is resolved."""


@dataclass(frozen=True, slots=True)
class News:
    """What there is to tell a channel."""

    items: tuple[Item, ...] = ()
    """By check, the one with the most severe first; what is resolved behind all that is not."""
    began: tuple[Blind, ...] = ()
    """What cannot be judged any more."""
    ended: tuple[Blind, ...] = ()
    """What can be judged again."""

    @property
    def is_none(self) -> bool:
        """Whether there is nothing to tell."""
        return not (self.items or self.began or self.ended)

    def count(self, what: What) -> int:
        """How many findings are new, or worse, or resolved."""
        return sum(item.what is what for item in self.items)
