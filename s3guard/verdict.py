"""The verdict of a run in words: which checks failed, which findings fail the run, why the exit code is what it is.

A *check* is one rule over one bucket (`s3guard.model.Result`). Nothing here holds log text, so that a verdict can stand where
a reader looks for identity: in the first line, a title, the subject of a message.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from fractions import Fraction
from typing import Final

from s3guard.model import Coverage, Finding, Report, Result, Severity, Status

UNPARSED: Final = Fraction(1, 1000)
"""Share of lines without a record that a run tolerates unless it was told otherwise: 0.1 %."""

_STEP = 1024
"""From one unit of `volume` to the next."""


def lines_read(coverage: Coverage) -> int:
    """How many lines were read, which those without a record are a share of: nobody knows of which time they are, so of any."""
    return coverage.records + coverage.warnings.get("outside-period", 0) + coverage.quarantined


def is_legible(coverage: Coverage, tolerated: Fraction = UNPARSED) -> bool:
    """Whether of all lines that were read no larger share than is tolerated could not be read as records."""
    return coverage.quarantined <= tolerated * lines_read(coverage)


def fails_run(finding: Finding, fail_on: Severity | None) -> bool:
    """Whether the finding alone makes the exit code 1: severe enough, not waived, not known from before."""
    return finding.severity.at_least(fail_on) and finding.waiver is None and finding.baseline == "new"


@dataclass(frozen=True, slots=True)
class Standing:
    """The results of a report by what they mean for the reader; every result stands in exactly one list."""

    violations: tuple[Result, ...]
    """Fail the run; the most severe first, else in the report's order."""
    undetermined: tuple[Result, ...]
    """Could not be judged, or not all of them, and do not fail the run."""
    tolerated: tuple[Result, ...]
    """Have findings, all below the threshold, known or waived."""
    passed: tuple[Result, ...]
    idle: tuple[Result, ...]
    """Not applicable."""

    @property
    def checks(self) -> int:
        """How many results there are."""
        return sum(map(len, (self.violations, self.undetermined, self.tolerated, self.passed, self.idle)))


def breaks_run(result: Result, fail_on: Severity | None) -> bool:
    """Whether the result makes the exit code 1."""
    if result.status is not Status.FAIL:
        return False
    if any(fails_run(finding, fail_on) for finding in result.findings):
        return True
    if result.omitted.records and not result.omitted.findings:
        return (
            fail_on is not None
        )  # NOTE: a flood took the groups away, in hours that the report does not cover too; nobody knows of what severity.
    # NOTE: what a flood left out is known to no baseline and waived by no waiver, and is at most as severe as the last one shown.
    last = result.findings[-1].severity if result.findings else result.severity
    return (result.omitted.findings > 0 or not result.findings) and last.at_least(fail_on)


def standing(report: Report) -> Standing:
    """The results of the report, sorted out."""
    fail_on = report.run.fail_on
    broken = [result for result in report.results if breaks_run(result, fail_on)]
    whole = [result for result in report.results if not breaks_run(result, fail_on)]
    return Standing(
        violations=tuple(sorted(broken, key=lambda result: -worst(result, fail_on).rank)),
        undetermined=tuple(result for result in whole if result.is_undecided),
        tolerated=tuple(result for result in whole if result.status in (Status.FAIL, Status.WAIVED) and not result.is_undecided),
        passed=tuple(result for result in report.results if result.status is Status.PASS),
        idle=tuple(result for result in report.results if result.status is Status.NOT_APPLICABLE),
    )


def worst(result: Result, fail_on: Severity | None) -> Severity:
    """The highest severity among the findings that fail the run; the result's own where none does."""
    severities = [finding.severity for finding in result.findings if fails_run(finding, fail_on)]
    return max(severities, key=lambda severity: severity.rank, default=result.severity)


WORDS = {
    Status.PASS: "PASS",
    Status.FAIL: "FAIL",
    Status.WAIVED: "PASS",
    Status.UNDETERMINED: "UNDETERMINED",
    Status.NOT_APPLICABLE: "NOT JUDGED",
}
"""The verdict in a word or two, by the status of the run; 12 characters at most."""


def headline(report: Report) -> str:
    """What became of the checks, in one clause: ``2 of 9 checks failed, 1 could not be judged``."""
    found = standing(report)
    if not found.checks:
        return "no policy applied to anything"
    clauses = []
    if found.violations:
        clauses.append(f"{len(found.violations)} of {_count(found.checks, 'check')} failed")
    elif found.passed and len(found.passed) == found.checks:
        clauses.append("the check passed" if found.checks == 1 else f"all {found.checks:,} checks passed")
    else:
        clauses.append(f"{len(found.passed)} of {_count(found.checks, 'check')} passed")
    for results, meaning in (
        (found.undetermined, "could not be judged"),
        (found.tolerated, "tolerated"),
        (found.idle, "did not apply"),
    ):
        if results:
            clauses.append(f"{len(results):,} {meaning}")
    return ", ".join(clauses)


def because(report: Report) -> str:
    """Why the exit code is what it is: ``exit code 1: 4 findings at or above medium``."""
    reasons: dict[int, Callable[[Report], str]] = {0: _clean, 1: _violated, 3: _unjudged, 4: _nothing}
    reason = reasons.get(report.exit_code)
    return f"exit code {report.exit_code}" + (f": {reason(report)}" if reason else "")


def with_unwritten(report: Report, unwritten: Sequence[str]) -> Report:
    """The report of a run of which these outputs could not be written, each with the reason: no pass, while violations stay violations."""
    if not unwritten:
        return report
    notes = tuple(f"{one[:1].upper()}{one[1:]}." for one in unwritten)
    exit_code = report.exit_code if report.exit_code == 1 else 3
    status = report.status if exit_code == report.exit_code else Status.UNDETERMINED
    return replace(report, status=status, exit_code=exit_code, notes=(*notes, *report.notes), unwritten=tuple(unwritten))


def _nothing(report: Report) -> str:
    return "nothing was judged" if not report.coverage.records else "no policy judges a bucket of these records"


def _violated(report: Report) -> str:
    found = standing(report)
    failing = sum(fails_run(finding, report.run.fail_on) for result in found.violations for finding in result.findings)
    if not failing or report.run.fail_on is None:
        return "violations"
    more = "at least " if any(result.omitted.findings for result in found.violations) else ""
    return f"{more}{_count(failing, 'finding')} at or above {report.run.fail_on.value}"


def _clean(report: Report) -> str:
    fail_on = report.run.fail_on
    reason = "findings fail no run here (fail-on none)" if fail_on is None else f"no new finding at or above {fail_on.value}"
    undetermined = len(standing(report).undetermined)
    return f"{reason}; what could not be judged was allowed" if undetermined else reason


def _unjudged(report: Report) -> str:
    undetermined, unreadable = len(standing(report).undetermined), len(report.coverage.unreadable)
    causes = [_count(undetermined, "check") + " undetermined"] if undetermined else []
    if unreadable:
        causes.append(_count(unreadable, "log object") + " not read to the end")
    blind = "not everything could be judged" + (f" ({', '.join(causes)})" if causes else "")
    unwritten = _count(len(report.unwritten), "output") + " could not be written" if report.unwritten else ""
    return ", and ".join(filter(None, (blind if causes or not unwritten else "", unwritten)))


def _count(number: int, noun: str) -> str:
    return f"{number:,} {noun}{'' if number == 1 else 's'}"


def moment(time: datetime) -> str:
    """A time for people, UTC: ``2026-10-01 03:12:44``."""
    return time.astimezone(UTC).strftime("%Y-%m-%d %H:%M:%S")


def period(first: datetime | None, last: datetime | None) -> str:
    """A period for people, the date said once where both ends share it; empty where unknown. The caller says UTC."""
    if first is None or last is None:
        return ""
    start, end = moment(first), moment(last)
    if start == end:
        return start
    return f"{start} to {end[11:] if start[:10] == end[:10] else end}"


def volume(count: int) -> str:
    """A number of bytes for people, two to five digits: ``512 bytes``, ``4.1 MiB``."""
    if count < _STEP:
        return _count(count, "byte")
    amount, units = count / _STEP, iter(("KiB", "MiB", "GiB", "TiB", "PiB"))
    unit = next(units)
    while amount >= _STEP and (larger := next(units, None)):
        amount, unit = amount / _STEP, larger
    return f"{amount:.1f} {unit}"
