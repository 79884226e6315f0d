"""What a report says, for the auditor's page: what was found, what was covered and what was not, what it is evidence for."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from typing import Final

from s3guard import continuity
from s3guard.evidence.sheet import Part, Rows, Said, Tone
from s3guard.fields import WARNINGS
from s3guard.model import ControlStatus, Report, Result, Status
from s3guard.outputs import plural, statements
from s3guard.verdict import Standing, headline, standing, worst

ROWS: Final = 100
"""Rows of a table; the rest is counted."""
_FINDINGS: Final = 3
"""Findings of a failed check that are told."""
_SILENT: Final = 5
"""Times without a record that the first page names; more are counted there."""

_GROUPS: Final = (
    (
        ("evidenced",),
        "Evidenced",
        "All the evidence that this tool has for these controls was found, and speaks for them.",
    ),
    (
        ("partly", "violations found", "undetermined"),
        "Partly, undecided, or spoken against",
        "Some of the evidence is there; the rest is missing, undecided, excepted, or a violation speaks against the control.",
    ),
    (
        ("not evidenced",),
        "Not evidenced by this tool",
        "Nothing in this pack bears on these controls: other evidence is needed for them.",
    ),
)
"""Statuses of controls, the heading of each group of them, and what it means."""


def found(report: Report) -> Part:
    """What the checks found."""
    sorted_out = standing(report)
    lead = Said(f"A check is one rule of a policy over one bucket. {_capital(became(report))}.")
    blocks: list[Said | Rows] = [lead]
    if sorted_out.violations:
        blocks.append(Said("These checks failed:", Tone.BAD))
        blocks.append(_checks("Checks that failed", sorted_out.violations, report))
    if sorted_out.undetermined:
        blocks += _undecided(sorted_out)
    stand, brief_stand = (
        standing_since_before(report),
        Said("These checks failed by what an earlier review or a baseline told already:", Tone.BAD),
    )
    if stand:
        blocks.append(Said("These checks failed by what an earlier review or a baseline told already; no waiver covers it:", Tone.BAD))
        blocks.append(_checks("Checks that failed as is known from before", stand, report))
    tolerated = [one for one in sorted_out.tolerated if one not in stand]
    if tolerated:
        blocks.append(Said("These have findings that fail no review here: waived, or of a low severity.", Tone.SOFT))
        blocks.append(_checks("Checks with findings that are tolerated", tolerated, report))
    brief: list[Said | Rows] = [lead]
    if sorted_out.violations:
        brief += [Said("These checks failed, the most severe first:", Tone.BAD), _failed(sorted_out.violations, report)]
    if stand:
        brief += [brief_stand, _failed(stand, report)]
    brief += _undecided(sorted_out)
    note = f"{len(sorted_out.violations) + len(stand):,}"
    return Part("found", "What was found", tuple(blocks), short="Findings", note=note, brief=tuple(brief))


def standing_since_before(report: Report) -> list[Result]:
    """Checks whose violations fail no run any more because they were told before, and stand: no waiver covers them.

    A pack over a state is made of what its runs told, so that nothing in it is new; for its reader that is no pass.
    """
    fail_on = report.run.fail_on

    def stands(result: Result) -> bool:
        known = (one for one in result.findings if one.waiver is None and one.baseline != "new")
        return result.status is Status.FAIL and any(one.severity.at_least(fail_on) for one in known)

    return [one for one in (*standing(report).undetermined, *standing(report).tolerated) if stands(one)]


def became(report: Report) -> str:
    """What became of the checks, in one clause."""
    stand = standing_since_before(report)
    more = f"; {plural(len(stand), 'check')} failed as was told before" if stand else ""
    return f"{headline(report)}{more}"


def _undecided(sorted_out: Standing) -> list[Said | Rows]:
    if not sorted_out.undetermined:
        return []
    listed = [(one.rule, one.bucket or "no bucket", one.reason or "no reason is given") for one in sorted_out.undetermined]
    return [
        Said("These could not be judged, which is no pass:", Tone.OPEN),
        rows("Checks that could not be judged", ("Check", "Bucket", "Why"), listed),
    ]


def _failed(results: Sequence[Result], report: Report) -> Rows:
    """Which checks failed, without what they saw."""
    listed = [
        (worst(one, report.run.fail_on).value, one.rule, one.bucket or "no bucket", f"{len(one.findings) + one.omitted.findings:,}")
        for one in results
    ]
    return rows("Checks that failed", ("Severity", "Check", "Bucket", "#Findings"), listed)


def _checks(label: str, results: Sequence[Result], report: Report) -> Rows:
    listed = []
    for result in results:
        told = [finding.message for finding in result.findings[:_FINDINGS]]
        left = len(result.findings) - len(told) + result.omitted.findings
        told += [f"and {plural(left, 'more finding')}"] if left else []
        severity = worst(result, report.run.fail_on).value
        listed.append(
            (severity, result.rule, result.bucket or "no bucket", f"{len(result.findings) + result.omitted.findings:,}", "; ".join(told))
        )
    return rows(label, ("Severity", "Check", "Bucket", "#Findings", "What was seen"), listed)


def covered(report: Report, gaps: Iterable[tuple[str, str]] = (), kept: int = 0) -> Part:
    """What was looked at, and what could not be; `gaps` are buckets and times without a record, beside those that the report tells.

    `kept` are the lines that quarantined.jsonl holds.
    """
    coverage = report.coverage
    blocks: list[Said | Rows] = [
        Said(
            f"{plural(coverage.records, 'record')} in {plural(coverage.objects, 'log object')} were looked at, "
            f"of {plural(len(coverage.buckets), 'bucket')}."
        )
    ]
    if coverage.buckets:
        listed = [
            (
                one.bucket,
                f"{one.records:,}",
                continuity.hours(one) if one.hours.of else "not told",
                ", ".join(one.policies) or "none: not judged",
            )
            for one in coverage.buckets
        ]
        blocks.append(rows("Buckets", ("Bucket", "#Records", "Hours with records", "Policies"), listed))
    silent = [*gaps] or [(one.bucket, f"no record for {continuity.silence(gap)} UTC") for one in coverage.buckets for gap in one.gaps]
    if silent:
        blocks.append(Said("Times without a record (nobody may have asked anything, or logs may be missing: the logs alone cannot tell):"))
        blocks.append(rows("Times without a record", ("Bucket", "Time"), silent))
    blind = tuple(_blind(report, kept))
    brief = list(blocks)
    if len(silent) > _SILENT:
        told = Said(f"{plural(len(silent), 'time')} without a record: nobody may have asked anything then, or logs may be missing.")
        brief[-2:] = [told]
    whole = (*blocks, *blind, *_warned(report))
    return Part("covered", "What was covered, and what was not", whole, short="Coverage", brief=(*brief, *blind))


def _blind(report: Report, kept: int) -> Iterator[Said | Rows]:
    coverage = report.coverage
    if coverage.unreadable:
        unread = plural(len(coverage.unreadable), "log object")
        yield Said(f"{unread} could not be read to the end; what was not read was not judged:", Tone.OPEN)
        yield rows("Log objects that were not read", ("Log object", "Why"), [(one.object, one.reason) for one in coverage.unreadable])
    if coverage.quarantined:
        yield Said(
            f"{plural(coverage.quarantined, 'line')} could not be read as a record, so no rule judged "
            f"{'it' if coverage.quarantined == 1 else 'them'}. "
            + (f"quarantined.jsonl holds {plural(kept, 'line')}." if kept else "Their text was not kept: quarantined.jsonl is empty."),
            Tone.OPEN,
        )
    if coverage.ambiguous:
        yield Said(
            f"{plural(coverage.ambiguous, 'line')} can be read in more than one way; each rule took the reading worst for the requester."
        )
    unnamed = [one for one in coverage.buckets if not one.policies]
    if unnamed:
        yield Said(f"{plural(len(unnamed), 'bucket')} with records has no policy, so nobody judged what was done there.", Tone.OPEN)
    if not (coverage.unreadable or coverage.quarantined or coverage.ambiguous):
        yield Said("Every log object was read to its end, and every line as a record.", Tone.GOOD)


def _warned(report: Report) -> Iterator[Said | Rows]:
    warnings = report.coverage.warnings
    if warnings:
        listed = [(kind, f"{count:,}", WARNINGS.get(kind, "")) for kind, count in sorted(warnings.items())]
        yield Said("Warnings, which change no verdict:")
        yield rows("Warnings", ("Kind", "#Records", "What it says"), listed)


def controls(report: Report) -> Part:
    """What the review is evidence for, in three groups."""
    blocks: list[Said | Rows] = [
        Said("What this review is evidence for, by control. Evidence is never all of a control, and no word here says that one is met.")
    ]
    if not report.controls:
        blocks.append(Said("The policies name no framework, so no control is told.", Tone.OPEN))
    else:
        blocks.append(_matrix(report))
    known = {status for statuses, _, _ in _GROUPS for status in statuses}
    for statuses, title, meaning in _GROUPS:
        last = "not evidenced" in statuses
        here = [one for one in report.controls if one.status in statuses or (last and one.status not in known)]
        if here:
            blocks.append(Said(f"{title}: {plural(len(here), 'control')}. {meaning}"))
            blocks.append(rows(title, ("Framework", "Control", "Title", "Why"), [_control(one) for one in here]))
    note = f"{len(report.controls):,}"
    brief = (blocks[0], blocks[1]) if report.controls else None
    return Part("controls", "What this is evidence for", tuple(blocks), short="Controls", note=note, brief=brief)


def _matrix(report: Report) -> Rows:
    """How many controls of each framework have which evidence."""
    statuses = [status for group, _, _ in _GROUPS for status in group]
    counted: dict[str, Counter[str]] = {}
    for one in report.controls:
        counted.setdefault(one.framework, Counter())[one.status if one.status in statuses else "not evidenced"] += 1
    listed = [(name, *(f"{found[status]:,}" for status in statuses)) for name, found in counted.items()]
    return rows("Controls by framework", ("Framework", *(f"#{_capital(status)}" for status in statuses)), listed)


def _control(one: ControlStatus) -> tuple[str, ...]:
    status = "" if one.status in ("evidenced", "not evidenced") else f"{one.status}: "
    return one.framework, one.control, one.title, f"{status}{getattr(one, 'reason', '')}"


def limits(report: Report, more: Sequence[str] = ()) -> Part:
    """What all this proves, and what not; `more` are limits of the pack."""
    *said, proves = statements(report)
    first = (Said(proves), *(Said(one) for one in more))
    blocks = (*first, *(Said(one, Tone.SOFT) for one in said))
    return Part("limits", "What this proves, and what not", blocks, short="Limits", brief=first)


def verdict(report: Report) -> tuple[str, str]:
    """How the page is coloured, and the verdict in words for people who do not know the tool."""
    if standing_since_before(report) and report.status is not Status.FAIL:
        open_ = report.status is Status.UNDETERMINED
        return "fail", "Violations were found, and not everything could be judged" if open_ else "Violations were found"
    return {
        Status.FAIL: ("fail", "Violations were found"),
        Status.UNDETERMINED: ("undetermined", "Not everything could be judged"),
        Status.NOT_APPLICABLE: ("idle", "Nothing was judged"),
    }.get(report.status, ("pass", "No violation was found"))


def rows(label: str, heads: tuple[str, ...], found: Sequence[tuple[str, ...]]) -> Rows:
    """A table of as many rows as people read; the rest is counted."""
    return Rows(label, heads, tuple(found[:ROWS]), max(0, len(found) - ROWS))


def _capital(clause: str) -> str:
    return clause[:1].upper() + clause[1:]
