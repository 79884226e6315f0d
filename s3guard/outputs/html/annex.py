"""What an auditor asks for at the end: the controls, the policies as they were judged, and what the report proves and what not."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Final

from s3guard.markup import Markup, element, joined, seen, value
from s3guard.model import Control, Report, Result, Status
from s3guard.outputs import instant, statements
from s3guard.outputs.html.parts import Section, chip, count_of, folded, linked, pairs, table

ROWS: Final = 300
"""Rows of a table; the rest is counted."""
_NUMBERS: Final = re.compile(r"([0-9]{1,9})")
_CHECKS: Final = 20
"""Checks that are named beside a control."""


def sections(report: Report) -> Iterator[Section]:
    """The sections, without those that would be empty."""
    if report.controls or any(result.controls for result in report.results):
        yield _controls(report)
    if report.policies:
        yield _policies(report)
    yield _proof(report)


def _controls(report: Report) -> Section:
    """Each control that a check bears on, with what became of its checks; by framework."""
    bearing: dict[Control, list[Result]] = {}
    for result in report.results:
        for control in result.controls:
            bearing.setdefault(control, []).append(result)
    stated = {Control(one.framework, one.control): one for one in report.controls}
    rows = []
    for control in sorted({*bearing, *stated}, key=_in_order)[:ROWS]:
        told = stated.get(control)
        results = bearing.get(control, [])
        title = element("div", told.title, class_="soft") if told is not None and told.title else None
        status = chip(told.status) if told is not None else _statuses(results)
        rows.append([control.framework, joined([element("b", control.control), title]), status, _checks(report, results)])
    left = len({*bearing, *stated}) - ROWS
    more = element("p", f"{count_of(left, 'more control')}; the json output has them.") if left > 0 else None
    lead = "Which controls the checks bear on, and what became of these checks. A check is evidence for a control, never all of it."
    listed = table("Controls", ["Framework", "Control", "Status", "Checks"], rows, class_="controls")
    return Section.of("controls", "Controls", element("p", lead, class_="lead"), listed, more, note=f"{len({*bearing, *stated}):,}")


def _in_order(control: Control) -> tuple[str, list[tuple[int, str]]]:
    """10.2 behind 4.2: numbers are told apart from text."""
    return control.framework, [(int(part), "") if part.isdecimal() else (-1, part) for part in _NUMBERS.split(control.control)]


def _statuses(results: list[Result]) -> Markup:
    """How many checks of a control ended how."""
    counts = [(status, sum(one.status is status for one in results)) for status in Status]
    return joined([chip(f"{count:,} {status.value.replace('_', ' ')}", status.value) for status, count in counts if count], " ")


def _checks(report: Report, results: list[Result]) -> Markup:
    named = [
        element("div", linked(report, one), element("span", " ", value(one.bucket or "", 100), class_="soft")) for one in results[:_CHECKS]
    ]
    more = element("div", f"and {len(results) - _CHECKS:,} more", class_="soft") if len(results) > _CHECKS else None
    return folded(count_of(len(results), "check"), *named, more)


def _policies(report: Report) -> Section:
    rows = [[value(one.policy), element("code", one.file), element("code", one.sha256, class_="hash")] for one in report.policies[:ROWS]]
    left = len(report.policies) - ROWS
    more = element("p", f"{count_of(left, 'more policy')}; the json output has them.") if left > 0 else None
    listed = table("Policies", ["Policy", "File", "SHA-256 of the file"], rows)
    return Section.of("policies", "Policies as judged", listed, more, note=f"{len(report.policies):,}")


def _proof(report: Report) -> Section:
    """The statements that every output carries, and what made this one."""
    *said, proves = statements(report)
    told = element("ul", *(element("li", seen(one)) for one in said), class_="statements")
    run = report.run
    made = pairs(
        (
            ("Made by", f"s3guard {report.version}, engine {run.engine}"),
            ("Run", element("code", run.id)),
            ("Started", instant(run.started)),
            ("Finished", instant(run.finished)),
            ("As of", instant(run.as_of)),
            ("Exit code", f"{report.exit_code}"),
        )
    )
    return Section.of("proof", "What this proves", element("p", proves, class_="lead"), told, _told(report), made)


def _told(report: Report) -> Markup | None:
    """Who was to be told of what is new, and what became of that."""
    if not report.run.notified:
        return None
    rows = (
        [value(one.channel, 200), chip(one.status), f"{one.new:,}", f"{one.worsened:,}", f"{one.resolved:,}", value(one.reason or "")]
        for one in report.run.notified[:ROWS]
    )
    heads = ["Channel", "What became of it", "#New", "#Worse", "#Resolved", "Why"]
    listed = table("Who was told", heads, rows)
    return joined([element("h3", "Who was told"), listed])
