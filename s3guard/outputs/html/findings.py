"""What was found, check by check: who did what, how often, since when, in which records, and what to do about it."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Any, Final

from s3guard.markup import Markup, element, joined, value
from s3guard.model import Finding, Report, Result, Severity
from s3guard.outputs.html.parts import Section, anchor, chip, count_of, folded, linked, pairs, prose, table
from s3guard.verdict import Standing, fails_run, moment, period, standing, worst

FULL: Final = 8
"""Findings of a check that are told in full; the others stand in a folded table."""
OF_CHECK: Final = 100
"""Findings of a check that are told at all."""
OF_ALL: Final = 1_000
"""Findings of all checks together."""
CHECKS: Final = 300
"""Checks in a list."""
_LONGEST: Final = 400

_WAIVER: Final = (("until", "expires"), ("by", "approved_by"), ("under", "ticket"), ("for", "reason"))


def sections(report: Report) -> Iterator[Section]:
    """The sections, without those that would be empty."""
    found, fail_on = standing(report), report.run.fail_on
    told = _allotted((*found.violations, *found.undetermined, *found.tolerated))
    if found.violations:
        cards = (_check(report, result, told[id(result)]) for result in found.violations[:CHECKS])
        yield Section.of("findings", "Findings", *cards, _further(found.violations), note=f"{_failing(found, fail_on):,}")
    if found.undetermined:
        yield _undetermined(report, found, told)
    if found.tolerated:
        lead = "Below the threshold, known from before, or waived: shown, and failing nothing."
        cards = (_check(report, result, told[id(result)]) for result in found.tolerated[:CHECKS])
        told_of = (element("p", lead, class_="lead"), *cards, _further(found.tolerated))
        yield Section.of("tolerated", "Tolerated", *told_of, note=f"{len(found.tolerated):,}")
    if found.passed or found.idle:
        yield _quiet(report, found)


def _further(results: Sequence[Result]) -> Markup | None:
    """How many checks a list leaves out."""
    left = len(results) - CHECKS
    return element("p", f"{count_of(left, 'more check')} left out here; the json output has them.") if left > 0 else None


def _failing(found: Standing, fail_on: Severity | None) -> int:
    return sum(fails_run(finding, fail_on) for result in found.violations for finding in result.findings)


def _allotted(results: Sequence[Result]) -> Mapping[int, int]:
    """How many findings of each result are told: no more than `OF_ALL` of all, the worst checks first."""
    left, told = OF_ALL, {}
    for result in results:
        told[id(result)] = min(len(result.findings), OF_CHECK, left)
        left -= told[id(result)]
    return told


def _check(report: Report, result: Result, most: int) -> Markup:
    """One check: what it asks for, who broke that, and what to do."""
    fail_on = report.run.fail_on
    severity = worst(result, fail_on)
    bucket = element("span", "in ", element("bdi", result.bucket), class_="bucket") if result.bucket else element("span", "no bucket")
    head = element("header", chip(severity.value), element("span", element("bdi", result.rule), class_="rule"), bucket)
    failing = [finding for finding in result.findings if fails_run(finding, fail_on)]
    others = [finding for finding in result.findings if not fails_run(finding, fail_on)]
    parts: list[Markup | None] = [head, element("h3", prose(result.title)), _count(result)]
    parts += [*_findings(result, failing, fail_on, most), *_others(result, others, fail_on, most - len(failing), is_alone=not failing)]
    parts += [_omitted(result), _undecided(result), _help(result)]
    return element("article", *parts, class_=f"check {severity.value}", id=anchor(report, result))


def _count(result: Result) -> Markup | None:
    if not result.is_of_records:
        return None
    broke = f"{count_of(result.violations, 'record')} broke it, of {result.records:,} judged"
    unjudged = f"; {result.unjudged:,} could not be judged" if result.unjudged else ""
    return element("p", f"{broke}{unjudged}.", class_="soft")


def _undecided(result: Result) -> Markup | None:
    """What could not be judged beside the findings."""
    if not result.is_undecided:
        return None
    return element("p", "Not all of it could be judged: ", value(result.reason or "the reason was not recorded", _LONGEST), ".")


def _findings(result: Result, findings: Sequence[Finding], fail_on: Severity | None, most: int) -> Iterator[Markup]:
    """The first ones in full, some more in a folded table, the rest counted."""
    told = findings[: max(most, 0)]
    if told:
        yield element("ul", *(_finding(result, finding, fail_on) for finding in told[:FULL]), class_="findings")
    if told[FULL:]:
        rows = [_row(finding, fail_on) for finding in told[FULL:]]
        heads = ["Severity", "#Records", "Who and what", "Outcome", "Seen, UTC", "Earliest record"]
        yield folded(f"{count_of(len(told) - FULL, 'more finding')}", table("More findings", heads, rows), class_="printed")
    if left := findings[len(told) :]:
        records = sum(finding.records for finding in left)
        yield element(
            "p", f"{count_of(len(left), 'more finding')} with {count_of(records, 'record')} left out here; the json output has them."
        )


def _others(result: Result, findings: Sequence[Finding], fail_on: Severity | None, most: int, *, is_alone: bool) -> Iterator[Markup]:
    """Findings that fail nothing."""
    if findings and not is_alone:
        yield element("h4", "Below the threshold, known from before, or waived")
    yield from _findings(result, findings, fail_on, most)


def _omitted(result: Result) -> Markup | None:
    omitted = result.omitted
    if not omitted.findings and not omitted.records:
        return None
    told = f"{count_of(omitted.findings, 'more finding')} with {count_of(omitted.records, 'record')}"
    return element("p", f"{told} counted and not kept: the flood went beyond 1,000 findings of a check.", class_="flood")


def _finding(result: Result, finding: Finding, fail_on: Severity | None) -> Markup:
    count = element("span", f"{finding.records:,}\N{MULTIPLICATION SIGN}" if result.is_of_records else "", class_="count")
    marks = [joined([" ", chip(word, kind)]) for word, kind in _marks(finding, fail_on)]
    missing = _untold(finding)
    parts = [
        element("p", value(finding.message, _LONGEST), *marks),
        pairs((name, value(what, _LONGEST)) for name, what in missing) if missing else None,
        _waiver(finding.waiver),
        _samples(finding),
    ]
    return element("li", count, element("div", *parts), class_="waived" if finding.waiver is not None else None)


def _untold(finding: Finding) -> list[tuple[str, str]]:
    """What of the subject the sentence does not name."""
    return [(name, str(what)) for name, what in finding.subject.items() if what is not None and str(what) not in finding.message]


def _marks(finding: Finding, fail_on: Severity | None) -> Iterator[tuple[str, str]]:
    """The severity of a finding that fails nothing, and why it does not."""
    if not fails_run(finding, fail_on):
        yield finding.severity.value, ""
    if finding.waiver is not None:
        yield "waived", ""
    elif finding.baseline != "new":
        yield "known", ""


def _waiver(waiver: dict[str, Any] | None) -> Markup | None:
    if waiver is None:
        return None
    said = [joined([f"{word} ", value(waiver[name], 200)]) for word, name in _WAIVER if waiver.get(name)]
    return element("p", "Waived ", joined(said, ", "), ".", class_="waiver")


def _samples(finding: Finding) -> Markup:
    """When it was, and the earliest records: the first is in sight, for it is what somebody looks for in the log."""
    seen = period(finding.first_seen, finding.last_seen)
    told = ", ".join(filter(None, (finding.outcome, seen and f"{seen} UTC")))
    print_ = element("p", "Fingerprint ", element("code", finding.fingerprint), class_="print")
    if not finding.samples:
        return folded(told or "fingerprint", print_, class_="samples printed")
    first = joined([f"{told}, first in " if told else "First in ", value(f"{finding.samples[0].object}:{finding.samples[0].line}", 200)])
    rows = ([moment(one.time), value(one.request_id or "", 100), value(f"{one.object}:{one.line}", _LONGEST)] for one in finding.samples)
    whole = table("Earliest records", ["Time, UTC", "Request", "Log object and line"], rows)
    return folded(first, whole, print_, class_="samples printed")


def _row(finding: Finding, fail_on: Severity | None) -> list[str]:
    """A finding as a row of the folded table."""
    missing = _untold(finding)
    who = joined([value(finding.message, _LONGEST), *(element("div", f"{name} ", value(what, 200)) for name, what in missing)])
    marks = [element("div", chip(word, kind)) for word, kind in _marks(finding, fail_on)] or [chip(finding.severity.value)]
    first = "".join(f"{sample.object}:{sample.line}" for sample in finding.samples[:1])
    seen = period(finding.first_seen, finding.last_seen)
    return [joined(marks), f"{finding.records:,}", who, finding.outcome or "", seen, value(first, 200)]


def _help(result: Result) -> Markup:
    """What to do, where the policy says so, and which controls it bears on."""
    refs = [element("code", f"{result.location.file}:{result.location.line}")]
    refs += [element("span", f"{one.framework} ", element("b", one.control), class_="control") for one in result.controls]
    advice = element("p", element("b", "What to do: "), prose(result.help)) if result.help else None
    return element("div", advice, element("div", *refs, class_="refs"), class_="help")


def _undetermined(report: Report, found: Standing, told: Mapping[int, int]) -> Section:
    """Checks that could not be judged; those of one bucket with one reason stand together."""
    alike: dict[tuple[str | None, str | None], list[Result]] = {}
    for result in found.undetermined:
        alike.setdefault((result.bucket, result.reason), []).append(result)
    rows = [
        [
            value(reason or "the reason was not recorded", _LONGEST),
            element("bdi", bucket or "no bucket"),
            joined([element("div", linked(report, one) if one.findings else _named(report, one)) for one in together[:CHECKS]]),
            f"{sum(one.unjudged for one in together):,}",
        ]
        for (bucket, reason), together in list(alike.items())[:CHECKS]
    ]
    lead = "No pass: what could not be looked at says nothing."
    cards = [_check(report, result, told[id(result)]) for result in found.undetermined[:CHECKS] if result.findings]
    left = len(alike) - CHECKS
    more = element("p", f"{count_of(left, 'more reason')}; the json output has them.") if left > 0 else None
    heads = ["Why", "Bucket", "Checks", "#Records not judged"]
    parts = (element("p", lead, class_="lead"), table("Checks that could not be judged", heads, rows), more, *cards)
    return Section.of("undetermined", "Could not be judged", *parts, note=f"{len(found.undetermined):,}")


def _quiet(report: Report, found: Standing) -> Section:
    """Checks without findings, folded."""
    parts = []
    if found.passed:
        rows = (
            [_named(report, one), one.title, element("bdi", one.bucket or "no bucket"), f"{one.records:,}" if one.is_of_records else ""]
            for one in found.passed[:CHECKS]
        )
        told = table("Checks that passed", ["Check", "What is true", "Bucket", "#Records judged"], rows)
        parts.append(folded(f"{count_of(len(found.passed), 'check')} passed{_cut(found.passed)}", told, class_="printed"))
    if found.idle:
        rows = ([_named(report, one), value(one.reason or ""), element("bdi", one.bucket or "no bucket")] for one in found.idle[:CHECKS])
        told = table("Checks that did not apply", ["Check", "Why not", "Bucket"], rows)
        parts.append(folded(f"{count_of(len(found.idle), 'check')} did not apply{_cut(found.idle)}", told, class_="printed"))
    title = "Passed" if not found.idle else "Passed, or did not apply"
    return Section.of("passed", title, *parts, note=f"{len(found.passed) + len(found.idle):,}", short="Passed")


def _named(report: Report, result: Result) -> Markup:
    return element("span", element("bdi", result.rule), class_="rule", id=anchor(report, result))


def _cut(results: Sequence[Result]) -> str:
    return f", of which the first {CHECKS} stand here" if len(results) > CHECKS else ""
