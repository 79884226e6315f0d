"""The control matrix: of each framework which controls the run is evidence for, how strong, and why not more."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Final

from s3guard import controls
from s3guard.markup import Markup, element, joined, value
from s3guard.model import Control, ControlStatus, Evidenced, Report, Result, Status
from s3guard.outputs.html.parts import Section, chip, count_of, folded, linked, listed, table

ROWS: Final = 300
"""Rows of a table; the rest is counted."""
_CHECKS: Final = 20
"""Checks that are named beside a control."""
_KINDS: Final = {
    Evidenced.EVIDENCED.value: "pass",
    Evidenced.PARTLY.value: "low",
    Evidenced.VIOLATIONS.value: "fail",
    Evidenced.UNDETERMINED.value: "undetermined",
    Evidenced.NOT_EVIDENCED.value: "idle",
}
"""How the chip of a status looks; another one looks like nothing."""
_LEAD: Final = "Which controls this run is evidence for, and how much. A check is evidence for a control, never all of it."


def sections(report: Report) -> Iterator[Section]:
    """The section; none where nothing is said of any control."""
    told = {Control(one.framework, one.control) for one in report.controls}
    bearing = {control for result in report.results for control in result.controls}
    if told or bearing:
        yield _section(report, sorted(bearing - told, key=controls.in_order), len(told | bearing))


def _section(report: Report, others: Sequence[Control], count: int) -> Section:
    named: dict[str, list[Result]] = {}
    for result in report.results:
        named.setdefault(result.rule, []).append(result)
    parts = [_framework(report, name, statuses, named) for name, statuses in controls.by_framework(report).items()]
    notes = element("div", *(element("p", one) for one in controls.CAVEATS), class_="notes") if report.controls else None
    lead = element("p", _LEAD, class_="lead")
    return Section.of("controls", "Controls", lead, notes, *parts, _others(report, others), note=f"{count:,}")


def _framework(report: Report, name: str, statuses: Sequence[ControlStatus], named: dict[str, list[Result]]) -> Markup:
    """A framework: its groups, of which the controls that the run says nothing about are folded."""
    parts: list[Markup] = []
    for group, several in controls.grouped(statuses):
        rows = ([_control(one), _status(one), _bearing(report, one, named)] for one in several[:ROWS])
        heads = ["Control", "Status and why", "Evidence"]
        whole = joined([table(f"{group}, {name}", heads, rows, class_="controls"), _more(len(several) - ROWS)])
        title = f"{group}: {len(several):,}"
        quiet = group == controls.GROUPS[-1][0]
        parts.append(folded(title, whole, class_="printed") if quiet else joined([element("h4", title), whole]))
    return element("div", element("h3", value(name)), element("p", controls.tally(statuses), class_="soft"), *parts, class_="framework")


def _control(one: ControlStatus) -> Markup:
    return joined([element("b", value(one.control)), element("div", value(one.title), class_="soft") if one.title else None])


def _status(one: ControlStatus) -> Markup:
    return joined([chip(one.status, _KINDS.get(one.status, "idle")), element("div", value(one.reason, 1_000)) if one.reason else None])


def _bearing(report: Report, one: ControlStatus, named: dict[str, list[Result]]) -> Markup:
    """How strong it is, and the checks, each leading to where it is told."""
    strong = element("div", controls.strength(one), class_="soft") if controls.strength(one) else None
    run = element("div", f"the run itself: {', '.join(one.run)}", class_="soft") if one.run else None
    results = [result for name in one.results for result in named.get(name, ())]
    return joined([strong, run, _checks(report, results) if results else None])


def _others(report: Report, others: Sequence[Control]) -> Markup | None:
    """Controls that results bear on and of which the report says no more, as reports of older versions do."""
    if not others:
        return None
    rows = []
    for control in others[:ROWS]:
        results = [one for one in report.results if control in one.controls]
        named = joined([element("span", value(control.framework), " ", class_="soft"), element("b", value(control.control))])
        rows.append([named, _statuses(results), _checks(report, results)])
    return joined(
        [table("Other controls", ["Control", "Checks that ended so", "Evidence"], rows, class_="controls"), _more(len(others) - ROWS)]
    )


def _more(left: int) -> Markup | None:
    return element("p", f"{count_of(left, 'more control')}; the json output has them.") if left > 0 else None


def _statuses(results: Sequence[Result]) -> Markup:
    """How many checks of a control ended how."""
    counts = [(status, sum(one.status is status for one in results)) for status in Status]
    return joined([chip(f"{count:,} {status.value.replace('_', ' ')}", status.value) for status, count in counts if count], " ")


def _checks(report: Report, results: Sequence[Result]) -> Markup:
    told = [joined([linked(report, one), element("span", " ", value(one.bucket or "", 100), class_="soft")]) for one in results[:_CHECKS]]
    more = [element("span", f"and {len(results) - _CHECKS:,} more", class_="soft")] if len(results) > _CHECKS else []
    return folded(count_of(len(results), "check"), listed([*told, *more]))
