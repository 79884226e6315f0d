"""What an auditor asks for at the end: the policies as they were judged, and what the report proves and what not."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Final

from s3guard.markup import Markup, element, joined, seen, value
from s3guard.model import Report
from s3guard.outputs import instant, statements
from s3guard.outputs.html.parts import Section, chip, count_of, pairs, table

ROWS: Final = 300
"""Rows of a table; the rest is counted."""


def sections(report: Report) -> Iterator[Section]:
    """The sections, without those that would be empty."""
    if report.policies:
        yield _policies(report)
    yield _proof(report)


def _policies(report: Report) -> Section:
    rows = [[value(one.policy), element("code", one.file), element("code", one.sha256, class_="hash")] for one in report.policies[:ROWS]]
    left = len(report.policies) - ROWS
    more = element("p", f"{count_of(left, 'more policy')}; the json output has them.") if left > 0 else None
    listed = table("Policies", ["Policy", "File", "SHA-256 of the file"], rows)
    return Section.of("policies", "Policies as judged", listed, more, note=f"{len(report.policies):,}")


def _proof(report: Report) -> Section:
    """The statements that every output carries, and what made this one."""
    *said, proves = statements(report, of_controls=False)
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
