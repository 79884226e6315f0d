"""Findings for the code-quality widget of GitLab, each at the line of the policy that asks for it.

A JSON array for ``artifacts: reports: codequality``. Every finding that nobody waived is an entry, whatever fails the run: GitLab compares
entries by their fingerprint with those of the target branch, and shows what is new or gone. What could not be judged or read is an entry of
severity ``major``, so that a run that could not look shows no improvement; what a flood left out is one, too. The first entry tells the
verdict, what was looked at and what that proves. Severities: critical is ``blocker``, high ``critical``, medium ``major``, low ``minor``,
info ``info``.

https://docs.gitlab.com/ci/testing/code_quality/#code-quality-report-format
"""

from __future__ import annotations

import hashlib
import posixpath
from collections.abc import Iterator
from typing import Any, Final

from s3guard.events import Event, events, run_id
from s3guard.model import Location, Report, Severity, Status
from s3guard.outputs import Options, instant, json_text, plural, statements
from s3guard.text import shorten, shown
from s3guard.verdict import because, headline

EXTENSION = ".json"
SEVERITIES: Final = {
    Severity.CRITICAL: "blocker",
    Severity.HIGH: "critical",
    Severity.MEDIUM: "major",
    Severity.LOW: "minor",
    Severity.INFO: "info",
}
"""GitLab's words."""
MOST: Final = 5_000
"""Entries at most: the widget reads all of them in the browser; the worst stay, and the first says how many were left out."""
_TEXT: Final = 1_000
_UNREADABLE: Final = 200
_STATEMENTS: Final = 20


def render(report: Report, _options: Options) -> str:
    """The array, the entry of the run first."""
    told = [event for event in events(report) if event.status in (Status.FAIL, Status.UNDETERMINED)]
    kept = sorted(range(len(told)), key=lambda at: (-_weight(told[at]), at))[:MOST]
    entries = [_entry(told[at]) for at in sorted(kept)]
    return json_text([_run(report, len(told) - len(kept)), *entries, *_unreadable(report)])


def _weight(event: Event) -> int:
    return Severity.MEDIUM.rank if event.status is Status.UNDETERMINED else event.severity.rank


def _entry(event: Event) -> dict[str, Any]:
    result, finding = event.result, event.finding
    said = shorten(shown(event.message), _TEXT)
    if finding is None:
        said = f"{shown(result.rule)}: {said}"
    elif result.is_of_records:
        period = f" from {instant(finding.first_seen)} to {instant(finding.last_seen)}" if finding.first_seen and finding.last_seen else ""
        said = f"{shown(result.title)}: {said}: {plural(finding.records, 'record')}{period}"
    severity = "major" if event.status is Status.UNDETERMINED else SEVERITIES[event.severity]
    return _issue(said, shown(result.rule), event.id, severity, result.location)


def _run(report: Report, left_out: int) -> dict[str, Any]:
    more = f" {plural(left_out, 'more entry', 'more entries')} left out here." if left_out else ""
    *looked, proves = statements(report)
    told = " ".join([*(shorten(statement, _TEXT) for statement in looked[:_STATEMENTS]), proves])
    return _issue(f"{headline(report)}; {because(report)}.{more} {told}", "s3guard", run_id(report), "info", _anywhere(report))


def _unreadable(report: Report) -> Iterator[dict[str, Any]]:
    """What was not read, by object."""
    for one in report.coverage.unreadable[:_UNREADABLE]:
        identity = hashlib.sha256(f"unreadable\n{shown(one.object)}".encode()).hexdigest()
        said = f"A log object could not be read to its end: {shorten(shown(one.object), _TEXT)}: {shorten(shown(one.reason), _TEXT)}"
        yield _issue(said, "s3guard/unreadable", identity, "major", _anywhere(report))


def _anywhere(report: Report) -> Location:
    """Where what is of no rule stands: the first policy."""
    for result in report.results[:1]:
        return Location(result.location.file, 1)
    return Location(report.policies[0].file if report.policies else "policies", 1)


def _issue(said: str, check: str, fingerprint: str, severity: str, place: Location) -> dict[str, Any]:
    return {
        "description": said,
        "check_name": check,
        "fingerprint": shown(fingerprint),
        "severity": severity,
        "location": {"path": _path(place.file), "lines": {"begin": max(1, place.line)}},
    }


def _path(file: str) -> str:
    """From the root of the repository, without ``./`` in front; never empty."""
    return shown(posixpath.normpath(file.replace("\\", "/")).lstrip("/")) or "-"
