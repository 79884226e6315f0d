"""What a person reads on a terminal: the verdict, what failed and what to do about it, and what was looked at.

Everything hangs on one axis: marks, severities, counts and labels right-aligned before it, sentences behind it. The verdict
comes first, with the exit code and the reason for it; then each check that fails the run (who, how often, since when, in which
object and line, what to do, and where the policy says so); what could not be judged, checks of one bucket with one reason together; what
is shown and fails nothing, a line each; and the coverage, which is there on success too. What is longer than a screen tells the verdict
once more at the end, where a terminal still shows it. At most five findings of a check are shown and the rest is counted: ``json``
has them.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from typing import Any

from s3guard import continuity, controls
from s3guard.charts.lines import lines, strip
from s3guard.fields import WARNINGS
from s3guard.model import Coverage, Finding, Omitted, Report, Result, Severity, Status
from s3guard.outputs import CLAIMS, Options, is_of_records, plural, proves
from s3guard.page import BOLD, CYAN, DIM, GREEN, RED, YELLOW, Page
from s3guard.verdict import WORDS, Standing, because, fails_run, headline, period, standing, volume, worst

EXTENSION = ".txt"

SHOWN = 5
"""Findings, unreadable objects and buckets of one kind that are shown; the others are counted."""

FULL = 20
"""Checks that failed and are shown in full, of the others the name and the severity; and reasons for which checks could not be judged."""

SCREEN = 24
"""Lines of a terminal as small as they come: what is longer tells the verdict at its end as well."""

_VERDICT_STYLES = {
    Status.PASS: f"{BOLD};{GREEN}",
    Status.WAIVED: f"{BOLD};{GREEN}",
    Status.FAIL: f"{BOLD};{RED}",
    Status.UNDETERMINED: f"{BOLD};{YELLOW}",
    Status.NOT_APPLICABLE: f"{BOLD};{YELLOW}",
}
_SEVERITY_STYLES = {
    Severity.CRITICAL: f"{BOLD};{RED}",
    Severity.HIGH: RED,
    Severity.MEDIUM: YELLOW,
    Severity.LOW: CYAN,
    Severity.INFO: DIM,
}


def render(report: Report, options: Options) -> Iterable[str]:
    """The report as lines of at most `options.width` columns, within 60 to 120."""
    page = Page(options.width, options.color, options.ascii)
    lines = [*_verdict(page, report), *_body(page, report, options)]
    yield from _ended(lines)
    if len(lines) > SCREEN:
        yield "\n"
        yield from _ended(_verdict(page, report))


def _body(page: Page, report: Report, options: Options) -> Iterator[str]:
    found, fail_on = standing(report), report.run.fail_on
    for result in found.violations[:FULL]:
        yield from _violation(page, result, fail_on)
    yield from _further(page, found.violations[FULL:], fail_on)
    yield from _undetermined(page, found.undetermined)
    yield from _tolerated(page, found, fail_on)
    if options.verbose:
        yield from _quiet_checks(page, (*found.passed, *found.idle))
    if options.traffic:
        yield from _traffic(page, report)
    yield from _matrix(page, report, options)
    yield from _coverage(page, report, drawn=options.traffic)


def _verdict(page: Page, report: Report) -> Iterator[str]:
    yield from page.lines(WORDS[report.status], headline(report), BOLD, _VERDICT_STYLES[report.status])
    yield from page.lines("", because(report), DIM)


def _heading(page: Page, label: str, style: str, result: Result) -> Iterator[str]:
    """The check: its rule behind the axis, its bucket at the right edge."""
    bucket = "no bucket" if result.bucket is None else page.clean(result.bucket).rstrip(" ")
    return page.ends(label, page.clean(result.rule), bucket, style)


def _ended(lines: Iterable[str]) -> Iterator[str]:
    for line in lines:
        yield line + "\n"


def _violation(page: Page, result: Result, fail_on: Severity | None) -> Iterator[str]:
    yield ""
    yield from _broken(page, result, fail_on)
    yield from page.lines("", page.clean(result.title))
    failing = [finding for finding in result.findings if fails_run(finding, fail_on)]
    for finding in failing[:SHOWN]:
        yield from _finding(page, finding, "" if not result.is_of_records else f"{finding.records:,}{page.times}")
    yield from _rest(page, failing[SHOWN:], result.omitted)
    if result.is_undecided:
        told = result.reason or "the reason was not recorded"
        yield from page.lines("not all", page.clean(f"of it could be judged: {told}"), label_style=YELLOW, most=4)
    if result.help:
        yield from page.lines("help", page.clean(result.help))
    yield from page.lines("policy", page.clean(f"{result.location.file}:{result.location.line}"))
    if result.controls:
        yield from page.lines("controls", page.clean(_controls(result)), DIM)


def _broken(page: Page, result: Result, fail_on: Severity | None) -> Iterator[str]:
    severity = worst(result, fail_on)
    return _heading(page, f"{page.glyph('✗', 'x')} {severity.value}", _SEVERITY_STYLES[severity], result)


def _further(page: Page, results: Sequence[Result], fail_on: Severity | None) -> Iterator[str]:
    """Failed checks beyond those shown in full, a line or two each."""
    if results:
        yield ""
        yield from page.lines(
            "also", f"{plural(len(results), 'more check')} failed; --output json:FILE holds the findings", label_style=BOLD
        )
        yield ""
    for result in results:
        yield from _broken(page, result, fail_on)


def _finding(page: Page, finding: Finding, count: str) -> Iterator[str]:
    """How often and who, over four lines at most; then the outcome, since when, and the earliest record."""
    yield from page.lines(count, page.clean(finding.message), label_style="", most=4)
    for name, value in finding.subject.items():
        if value is not None and str(value) not in finding.message:
            yield from page.lines("", page.clean(f"{name} {value}"), most=2)
    seen = period(finding.first_seen, finding.last_seen)
    # NOTE: most messages end with it: (3 requests served).
    outcome = page.clean(finding.outcome) if finding.outcome and not finding.message.endswith(f" {finding.outcome})") else ""
    if when := ", ".join(part for part in (outcome, seen and f"{seen} UTC") if part):
        yield from page.lines("", when, DIM)
    for sample in finding.samples[:1]:
        yield from page.lines("", page.clean(f"{sample.object}:{sample.line}"), DIM, most=4)


def _rest(page: Page, hidden: Sequence[Finding], omitted: Omitted) -> Iterator[str]:
    findings = len(hidden) + omitted.findings
    if findings:
        records = sum(finding.records for finding in hidden) + omitted.records
        held = "the worst 1,000" if omitted.findings else "all"
        more = f"and {plural(findings, 'more finding')} with {plural(records, 'record')}; --output json:FILE holds {held}"
        yield from page.lines(page.glyph("…", "..."), more)


def _controls(result: Result) -> str:
    return ", ".join(f"{control.framework} {control.control}" for control in result.controls)


def _matrix(page: Page, report: Report, options: Options) -> Iterator[str]:
    """A line for each framework; with ``-v`` every control and why."""
    if not report.controls:
        return
    yield ""
    label = "controls"
    for name, statuses in controls.by_framework(report).items():
        yield from page.lines(label, f"{page.clean(name)}: {controls.tally(statuses)}")
        label = ""
        for group, several in controls.grouped(statuses) if options.verbose else ():
            yield from page.lines("", group, BOLD)
            for one in several:
                told = " ".join(filter(None, (page.clean(one.control), page.clean(one.title))))
                yield from page.lines("", told)
                yield from page.lines("", f"{page.clean(one.status)}: {page.clean(one.reason)}", DIM)
    yield from page.lines("", controls.CAVEATS[0] if options.verbose else "evidence for controls, not that they are met; -v tells why", DIM)


def _undetermined(page: Page, results: Iterable[Result]) -> Iterator[str]:
    """Checks that could not be judged; those of one bucket that have one reason stand together."""
    alike: dict[tuple[str | None, str | None, int, int], list[Result]] = {}
    for result in results:
        alike.setdefault((result.bucket, result.reason, result.unjudged, result.records), []).append(result)
    for together in list(alike.values())[:FULL]:
        yield from _unjudged(page, together)
    if rest := sum(map(len, list(alike.values())[FULL:])):
        yield ""
        yield from page.lines("also", f"{plural(rest, 'more check')} could not be judged; --output json:FILE holds the reasons")


def _unjudged(page: Page, results: Sequence[Result]) -> Iterator[str]:
    """One reason, and the checks of a bucket that could not be judged for it."""
    first = results[0]
    yield ""
    if len(results) == 1:
        yield from _heading(page, "undetermined", YELLOW, first)
    else:
        bucket = "no bucket" if first.bucket is None else page.clean(first.bucket).rstrip(" ")
        yield from page.ends("undetermined", plural(len(results), "check"), bucket, YELLOW)
    yield from page.lines("", page.clean(first.reason or "the reason was not recorded"), most=4)
    if first.unjudged:
        yield from page.lines("", f"{plural(first.unjudged, 'record')} could not be judged, {first.records:,} could")
    if len(results) == 1:
        yield from page.lines("policy", page.clean(f"{first.location.file}:{first.location.line}"))
    else:
        yield from page.lines("checks", page.clean(", ".join(result.rule for result in results), 5000))


def _tolerated(page: Page, found: Standing, fail_on: Severity | None) -> Iterator[str]:
    """Findings that fail nothing, a line each under their check: below the threshold, known from before, or waived."""
    told = False
    told_above = {id(result) for result in found.violations}
    for result in (*found.violations, *found.undetermined, *found.tolerated):
        findings = [finding for finding in result.findings if not fails_run(finding, fail_on)]
        omitted = Omitted() if id(result) in told_above else result.omitted
        if not findings and not omitted.findings:
            continue
        yield ""
        if not told:
            yield from page.lines("tolerated", "below the threshold, known from before, or waived", label_style=BOLD)
            yield ""
            told = True
        yield from _heading(page, "", "", result)
        counts = [f"{finding.records:,}{page.times}" if result.is_of_records else "" for finding in findings[:SHOWN]]
        for finding, count in zip(findings, counts, strict=False):
            yield from _tolerated_finding(page, finding, count.rjust(max(map(len, counts))), fail_on)
        yield from _rest(page, findings[SHOWN:], omitted)


def _tolerated_finding(page: Page, finding: Finding, count: str, fail_on: Severity | None) -> Iterator[str]:
    label, style = finding.severity.value, _SEVERITY_STYLES[finding.severity]
    if finding.waiver is not None or finding.severity.at_least(fail_on):
        label, style = "waived" if finding.waiver is not None else "known", DIM
    yield from page.line(label, f"{count} {page.clean(finding.message)}".lstrip(), label_style=style)
    if finding.waiver is not None:
        yield from page.line("", page.clean(_waiver(finding.waiver)), DIM)


def _waiver(waiver: dict[str, Any]) -> str:
    parts = [f"until {waiver['expires']}"] if waiver.get("expires") else []
    parts += [f"by {waiver['approved_by']}"] if waiver.get("approved_by") else []
    parts += [str(waiver[name]) for name in ("ticket", "reason") if waiver.get(name)]
    return ", ".join(parts)


def _quiet_checks(page: Page, results: Iterable[Result]) -> Iterator[str]:
    """Checks without findings, a line or two each; only asked for by name."""
    yield ""
    for result in results:
        label = "pass" if result.status is Status.PASS else "not judged"
        yield from _heading(page, label, GREEN if result.status is Status.PASS else DIM, result)
        told = plural(result.records, "record") if result.status is Status.PASS else result.reason or "does not apply"
        if result.status is Status.PASS and not result.is_of_records:
            told = result.title
        yield from page.line("", page.clean(told), DIM)


def _traffic(page: Page, report: Report) -> Iterator[str]:
    """How many operations there were and how they went, drawn."""
    if report.traffic is not None:
        yield from lines(page, report.traffic)
    else:
        yield ""
        yield from page.lines("traffic", "the run was not asked for it")


def _coverage(page: Page, report: Report, *, drawn: bool) -> Iterator[str]:
    """What was looked at, what could not be, and what all of it proves; never left out."""
    coverage = report.coverage
    yield ""
    if is_of_records(report):
        yield from _looked(page, coverage)
    if seen := period(coverage.first_record, coverage.last_record):
        yield from page.lines("period", f"{seen} UTC")
    yield from _hours(page, coverage, drawn=drawn)
    if coverage.ambiguous:
        lines = plural(coverage.ambiguous, "line")
        told = f"{lines}, judged by the reading that is worst for the requester; --quarantine FILE keeps them"
        yield from page.lines("ambiguous", told, label_style=YELLOW)
        yield from _unclear(page, report, "ambiguous")
    if coverage.quarantined:
        lines = plural(coverage.quarantined, "line")
        told = f"{lines}, not readable as a record and judged by no rule; --quarantine FILE keeps them"
        yield from page.lines("quarantined", told, label_style=YELLOW)
        yield from _unclear(page, report, "quarantined")
    yield from _unread(page, coverage)
    for kind, count in sorted(coverage.warnings.items()):
        meaning = f": {WARNINGS[kind]}" if kind in WARNINGS else ""
        yield from page.lines("warning", f"{count:,}{page.times} {page.clean(kind)}{page.safe(meaning)}", most=3)
    yield from _unnamed(page, coverage)
    for note in report.notes:
        if note not in CLAIMS:
            yield from page.lines("note", page.clean(note), most=4)
    yield from _told(page, report)
    yield from page.lines("proves", proves(report), DIM)


def _told(page: Page, report: Report) -> Iterator[str]:
    """Who was to be told of what is new, and what became of that."""
    for one in report.run.notified:
        is_open = one.status in ("failed", "held")
        told = page.clean(f"{one.channel}: {one.counts or 'nothing new'}{f'; {one.reason}' if one.reason else ''}")
        yield from page.lines("not told" if is_open else "told", told, label_style=YELLOW if is_open else "", most=4)


def _unclear(page: Page, report: Report, status: str) -> Iterator[str]:
    """Where the first lines of one kind stand and why; nothing where the run was not asked for them."""
    for one in [one for one in report.unclear if one.status == status][:SHOWN]:
        yield from page.lines("", page.clean(f"{one.object}:{one.line}: {one.reason}"), DIM, most=4)


def _hours(page: Page, coverage: Coverage, *, drawn: bool) -> Iterator[str]:
    """In how many hours there are records of each bucket, and for how long there are none: the most silent ones first."""
    buckets, label = continuity.quietest(coverage.buckets), "hours"
    for bucket in buckets[:SHOWN]:
        told = page.clean(continuity.sentence(bucket))
        name = f"{page.clean(bucket.bucket, 100)}: " if len(coverage.buckets) > 1 else ""
        yield from page.lines(label, f"{name}{told}", most=4)
        label = ""
        if drawn:
            yield from strip(page, bucket)
    if len(buckets) > SHOWN:
        yield from page.lines("", f"and {plural(len(buckets) - SHOWN, 'more bucket')}, less silent: the json output has every hour")


def _looked(page: Page, coverage: Coverage) -> Iterator[str]:
    origin = f"{plural(coverage.objects, 'log object')} ({volume(coverage.bytes)})"
    yield from page.lines("records", f"{coverage.records:,} in {plural(len(coverage.buckets), 'bucket')}, from {origin}")


def _unread(page: Page, coverage: Coverage) -> Iterator[str]:
    if coverage.unreadable:
        yield from page.lines("unreadable", plural(len(coverage.unreadable), "log object"), label_style=YELLOW)
    for unreadable in coverage.unreadable[:SHOWN]:
        yield from page.lines("", page.clean(f"{unreadable.object}: {unreadable.reason}"), most=4)
    if len(coverage.unreadable) > SHOWN:
        yield from page.lines("", f"and {len(coverage.unreadable) - SHOWN:,} more")


def _unnamed(page: Page, coverage: Coverage) -> Iterator[str]:
    unnamed = [bucket for bucket in coverage.buckets if not bucket.policies]
    if unnamed:
        records = plural(sum(bucket.records for bucket in unnamed), "record")
        yield from page.lines("no policy", f"{plural(len(unnamed), 'bucket')} with {records}, judged by nothing", label_style=YELLOW)
    for bucket in unnamed[:SHOWN]:
        yield from page.line("", f"{page.clean(bucket.bucket)}, {plural(bucket.records, 'record')}")
    if len(unnamed) > SHOWN:
        yield from page.lines("", f"and {len(unnamed) - SHOWN:,} more")
