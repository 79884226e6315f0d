"""The page of one finding of a saved report: who, what, how often, where, and what made its fingerprint."""

from __future__ import annotations

from collections.abc import Iterator

from s3guard.model import Finding, Report, Result, UsageError
from s3guard.outputs import instant, plural
from s3guard.page import Page
from s3guard.subjects import matched_text
from s3guard.text import shown
from s3guard.verdict import fails_run

_NAMED = 5


def find(report: Report, prefix: str) -> tuple[Report, Result, Finding]:
    """The finding whose fingerprint begins with `prefix`; UsageError where there is none, or more than one."""
    found = [(result, one) for result in report.results for one in result.findings if one.fingerprint.startswith(prefix)]
    if not found:
        kept = sum(result.omitted.findings for result in report.results)
        more = f" ({plural(kept, 'finding')} of a flood are counted there and not kept)" if kept else ""
        raise UsageError(f"the report holds no finding with the fingerprint {shown(prefix)}{more}")
    if len(found) > 1:
        named = ", ".join(one.fingerprint[: len(prefix) + 6] for _, one in found[:_NAMED])
        raise UsageError(f"{plural(len(found), 'finding')} have fingerprints that begin with {shown(prefix)}; give more of it: {named}")
    return report, *found[0]


def explained(found: tuple[Report, Result, Finding], page: Page) -> Iterator[str]:
    """Lines of the page."""
    report, result, finding = found
    fails = "fails the run" if fails_run(finding, report.run.fail_on) else "fails no run"
    yield from page.ends("finding", page.clean(result.rule), f"{finding.severity.value}, {fails}")
    yield from page.lines("", page.clean(result.title))
    yield from page.lines("says", page.clean(finding.message))
    yield from page.lines("bucket", page.clean(result.bucket or "none"))
    for name, value in finding.subject.items():
        told = "null: anonymous, or a field that the record leaves empty" if value is None else page.clean(value)
        yield from page.lines(name if len(name) <= page.gutter else "subject", told if len(name) <= page.gutter else f"{name} {told}")
    yield from page.lines("outcome", finding.outcome or "not split by outcome")
    yield from page.lines("records", f"{finding.records:,}")
    if finding.first_seen and finding.last_seen:
        yield from page.lines("seen", f"{instant(finding.first_seen)} to {instant(finding.last_seen)}")
    yield from page.lines("baseline", "new" if finding.baseline == "new" else "known from before")
    for name, value in (finding.waiver or {}).items():
        if value is not None:
            told = matched_text(value) if name == "match" and isinstance(value, dict) else value
            yield from page.lines("waiver", page.clean(f"{name.replace('_', ' ')} {told}"))
    yield from _samples(finding, page)
    yield ""
    yield from page.lines("policy", page.clean(f"{result.location.file}:{result.location.line}"))
    if result.controls:
        yield from page.lines("controls", page.clean(", ".join(f"{control.framework} {control.control}" for control in result.controls)))
    if result.help:
        yield from page.lines("help", page.clean(result.help))
    yield from page.lines("fingerprint", finding.fingerprint)
    yield from page.lines("", "of policy, rule, bucket, outcome and subject: the same in every run, whatever the counts and times")
    yield from page.lines("more", f"s3guard explain {page.clean(result.kind)}")


def _samples(finding: Finding, page: Page) -> Iterator[str]:
    label = "records at"
    for sample in finding.samples:
        request = f", request {sample.request_id}" if sample.request_id else ""
        yield from page.lines(label, page.clean(f"{sample.object}:{sample.line}"))
        yield from page.lines("", page.clean(f"{instant(sample.time)}{request}"))
        label = ""
