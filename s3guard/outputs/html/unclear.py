"""The lines that are no record, or could be read in several ways: where they stand and why."""

from __future__ import annotations

from s3guard.markup import element, value
from s3guard.model import Report
from s3guard.outputs.html.parts import Section, chip, count_of, table


def section(report: Report) -> Section | None:
    """The section; None where the run met no such line, or was not asked for them."""
    coverage, lines = report.coverage, report.unclear
    if not lines:
        return None
    quarantined = f"{count_of(coverage.quarantined, 'line')} {_is(coverage.quarantined)} no record and judged by no rule"
    ambiguous = f"{count_of(coverage.ambiguous, 'line')} can be read in several ways, and {_is(coverage.ambiguous)} judged by the worst"
    lead = ", ".join([quarantined] * bool(coverage.quarantined) + [ambiguous] * bool(coverage.ambiguous))
    rows = ([chip(one.status, "undetermined"), value(f"{one.object}:{one.line}"), one.reason] for one in lines)
    listed = table("Quarantined and ambiguous lines", ["Kind", "Log object and line", "Why"], rows)
    left = max(coverage.quarantined + coverage.ambiguous - len(lines), 0)
    more = f"{count_of(left, 'more line')} not named here: beyond the first, or in log objects that an earlier run read. " if left else ""
    how = f"{more}--quarantine FILE writes out what a run meets, with the text."
    told = [element("p", f"{lead}.", class_="lead") if lead else None, listed, element("p", how, class_="soft")]
    return Section.of("unclear", "Quarantined and ambiguous lines", *told, note=f"{len(lines):,}", short="Unclear lines")


def _is(count: int) -> str:
    return "is" if count == 1 else "are"
