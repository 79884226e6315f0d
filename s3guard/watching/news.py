"""What of a report is news: what was told before is told again only when its time has come."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Final

from s3guard.model import Finding, Report, Result, Severity, Status, Unreadable
from s3guard.outputs import CLAIMS
from s3guard.verdict import fails_run

REMEMBERED: Final = 10_000
"""Log objects that could not be read and are remembered as told; beyond, those told first are forgotten, and may be told again."""


_NUMBER: Final = re.compile(r"[0-9][0-9.,:TZ-]*")


@dataclass(frozen=True, slots=True)
class News:
    """What there is to tell."""

    report: Report
    """All that holds at this moment, told before or not."""
    findings: tuple[tuple[Result, Finding], ...] = ()
    """The worst first within a result."""
    flooded: tuple[tuple[Result, int], ...] = ()
    """Results with more findings than are shown, and how many more there are."""
    undetermined: tuple[Result, ...] = ()
    unreadable: tuple[Unreadable, ...] = ()
    notes: tuple[str, ...] = ()
    """Sentences of the report that it did not say before, numbers aside."""

    @property
    def is_none(self) -> bool:
        """Whether there is nothing to tell."""
        return not (self.findings or self.flooded or self.undetermined or self.unreadable or self.notes)


@dataclass(slots=True)
class Told:
    """What was told so far, in bounded memory; which findings were is known to the state."""

    _flooded: dict[tuple[str, str | None], int] = field(default_factory=dict)
    _undetermined: set[tuple[str, str | None]] = field(default_factory=set)
    _unreadable: dict[Unreadable, None] = field(default_factory=dict)
    _notes: set[str] = field(default_factory=set)

    def news(self, report: Report, reported: frozenset[str], *, again: bool) -> News:
        """What of the report was not told yet.

        `reported` are the fingerprints of findings that were; with `again` those of them are told, too, that have new records.
        """
        return News(
            report,
            tuple((result, finding) for result, finding in _failing(report) if again or finding.fingerprint not in reported),
            tuple(
                (result, result.omitted.findings)
                for result in report.results
                if result.omitted.findings > self._flooded.get((result.rule, result.bucket), 0) and _matters(result, report)
            ),
            tuple(result for result in report.results if result.is_undecided and (result.rule, result.bucket) not in self._undetermined),
            tuple(one for one in report.coverage.unreadable if one not in self._unreadable),
            tuple(note for note in report.notes if note not in CLAIMS and _kind(note) not in self._notes),
        )

    def keep(self, news: News) -> None:
        """Remember that these were told, and what of the report is not so any more, so that it is told when it comes back."""
        results = news.report.results
        self._flooded = {(result.rule, result.bucket): result.omitted.findings for result in results if result.omitted.findings}
        self._undetermined = {(result.rule, result.bucket) for result in results if result.is_undecided}
        self._notes = set(map(_kind, news.report.notes))
        self._unreadable.update(dict.fromkeys(news.unreadable))
        while len(self._unreadable) > REMEMBERED:
            del self._unreadable[next(iter(self._unreadable))]


def _kind(note: str) -> str:
    """What a sentence says whatever its numbers are: they grow all the time."""
    return _NUMBER.sub("0", note)


def _failing(report: Report) -> Iterator[tuple[Result, Finding]]:
    """Findings that fail a run; where none ever does, all that nobody waived."""
    lowest = report.run.fail_on or Severity.INFO
    for result in report.results:
        if result.status is Status.FAIL:
            yield from ((result, finding) for finding in result.findings if fails_run(finding, lowest))


def _matters(result: Result, report: Report) -> bool:
    """Whether what a flood left out may be as bad as what fails a run: it is no worse than the last that is shown."""
    last = result.findings[-1].severity if result.findings else result.severity
    return result.status is Status.FAIL and last.at_least(report.run.fail_on or Severity.INFO)
