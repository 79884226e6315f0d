"""A page for people who must be shown: verdict, coverage, findings, charts; one file that needs no network.

In this order: the verdict and what failed; what was covered and what was not; the findings with their earliest records, what to do about
them and the controls that they bear on; charts of the traffic, where the run was asked for it; the lines that
are no record or could be read in several ways; the controls; the policies; what all
this proves. It is light or dark as the reader's screen is, prints on A4, and holds no script: its content policy forbids everything but
its own style, so that no text of a log could run even if it were taken for markup.

The page is bounded: findings beyond the worst of each check are folded, those beyond a thousand in all are counted, and hours beyond a
month are drawn as days. What it leaves out it says; ``json`` has all of it.
"""

from __future__ import annotations

import base64
import hashlib
from collections.abc import Iterator
from importlib import resources
from typing import Final

from s3guard.markup import Markup, element, joined, seen
from s3guard.model import Report, Status
from s3guard.outputs import Options, instant
from s3guard.outputs.html import annex, coverage, findings, matrix, traffic, unclear
from s3guard.outputs.html.parts import Section, chip, count_of, linked, table
from s3guard.verdict import WORDS, Standing, because, headline, moment, period, standing, volume, worst

EXTENSION = ".html"
DRAWS = True

LISTED: Final = 60
"""Failed checks that the verdict lists."""

_TITLES: Final = {
    Status.PASS: "pass",
    Status.WAIVED: "pass",
    Status.FAIL: "fail",
    Status.UNDETERMINED: "undetermined",
    Status.NOT_APPLICABLE: "idle",
}
_SIGNS: Final = {
    "pass": "M7 12.5l3.4 3.4L17.5 8.6",
    "fail": "M8 8l8 8M16 8l-8 8",
    "undetermined": "M9.2 9.6a2.9 2.9 0 1 1 4.2 2.6c-1 .5-1.4 1.1-1.4 2.1M12 17.2v.1",
    "idle": "M7.5 12h9",
}
"""What stands in the circle beside the verdict."""


def render(report: Report, _options: Options) -> str:
    """The page."""
    style = resources.files(__name__).joinpath("style.css").read_text(encoding="utf-8").replace("\r\n", "\n")
    body = joined([_header(report), _content(report), _footer(report)])
    title = f"{WORDS[report.status]}: {headline(report)} (s3guard)"
    head = joined([*_meta(style), element("title", title), _style(style)])
    page = element("html", element("head", head), element("body", body, class_=_TITLES[report.status]), lang="en")
    return f"<!DOCTYPE html>\n{page}"


def _meta(style: str) -> Iterator[Markup]:
    digest = base64.b64encode(hashlib.sha256(style.encode()).digest()).decode()
    policy = f"default-src 'none'; style-src 'sha256-{digest}'; base-uri 'none'; form-action 'none'"
    yield element("meta", charset="utf-8")
    # NOTE: as markup of ours, for an escaped quote is no quote to whoever reads the file without a parser.
    yield element("meta", http_equiv="Content-Security-Policy", content=Markup(policy))
    yield element("meta", name="viewport", content="width=device-width, initial-scale=1")
    yield element("meta", name="color-scheme", content="light dark")
    yield element("meta", name="referrer", content="no-referrer")


def _style(style: str) -> Markup:
    return Markup(f"<style>{style}</style>\n")


def _header(report: Report) -> Markup:
    found = standing(report)
    kind = _TITLES[report.status]
    sign = element(
        "svg",
        element("circle", cx=12, cy=12, r=11),
        element("path", d=_SIGNS[kind]),
        class_="sign",
        viewBox="0 0 24 24",
        width=64,
        height=64,
        aria_hidden="true",
    )
    told = (
        element("p", f"{_capital(headline(report))}.", class_="headline"),
        element("p", f"{_capital(because(report))}.", class_="because"),
    )
    words = element("div", element("h1", WORDS[report.status].capitalize()), *told)
    brand = element("p", element("b", "s3guard"), " Amazon S3 access log report", class_="brand")
    inside = joined([brand, element("div", sign, words, class_="verdict"), _balance(found), _facts(report)])
    return element("header", element("div", inside, class_="wide"), class_="top")


def _balance(found: Standing) -> Markup:
    """A bar of all checks by what became of them, and the same in numbers."""
    parts = (
        ("failed", "failed", len(found.violations)),
        ("unjudged", "could not be judged", len(found.undetermined)),
        ("tolerated", "tolerated", len(found.tolerated)),
        ("passed", "passed", len(found.passed)),
        ("idle", "did not apply", len(found.idle)),
    )
    told, at = [], 0.0
    for name, _, count in parts:
        width = 100 * count / max(found.checks, 1)
        told.append(element("rect", class_=f"part {name}", x=f"{at:.2f}%", width=f"{width:.2f}%", height=12) if count else None)
        at += width
    drawing = element("svg", *told, class_="balance", width="100%", height=12, aria_hidden="true")
    counts = (
        element("li", element("span", class_=f"dot-{name}"), element("b", f"{count:,}"), f" {words}")
        for name, words, count in parts
        if count
    )
    return joined([drawing, element("ul", *counts, class_="legend")]) if found.checks else Markup()


def _facts(report: Report) -> Markup:
    run, looked = report.run, report.coverage
    facts = [("Period of the records", f"{told} UTC" if (told := period(looked.first_record, looked.last_record)) else "")]
    if looked.objects or not coverage.is_audit(report):
        facts.append(("Records", f"{looked.records:,} in {count_of(len(looked.buckets), 'bucket')}"))
        facts.append(("Log objects", f"{looked.objects:,} ({volume(looked.bytes)})"))
    facts.append(("Judged", f"{moment(run.finished)} UTC, as of {moment(run.as_of)}"))
    fail_on = "no finding" if run.fail_on is None else f"findings of {run.fail_on.value} or more"
    facts.append(("What fails the run", fail_on))
    cells = (element("div", element("dt", name), element("dd", told)) for name, told in facts if told)
    return element("dl", *cells, class_="facts")


def _content(report: Report) -> Markup:
    sections = [*_sections(report)]
    links = (
        element("li", element("a", one.short, element("span", one.note) if one.note else None, href=f"#{one.name}")) for one in sections
    )
    nav = element("nav", element("ul", *links), aria_label="Sections of this report")
    return element("div", nav, element("main", *(one.markup for one in sections)), class_="wide page")


def _sections(report: Report) -> Iterator[Section]:
    if (failed := _failed(report)) is not None:
        yield failed
    yield coverage.section(report)
    yield from findings.sections(report)
    yield traffic.section(report)
    if (lines := unclear.section(report)) is not None:
        yield lines
    yield from matrix.sections(report)
    yield from annex.sections(report)


def _failed(report: Report) -> Section | None:
    """What failed, a line each; None where nothing did."""
    found, fail_on = standing(report).violations, report.run.fail_on
    if not found:
        return None
    rows = [
        [
            chip(worst(result, fail_on).value),
            joined([linked(report, result), element("div", result.title, class_="soft")]),
            element("bdi", result.bucket or "no bucket"),
            f"{len(result.findings) + result.omitted.findings:,}",
            f"{result.violations:,}" if result.is_of_records else "",
        ]
        for result in found[:LISTED]
    ]
    heads = ["Severity", "Check", "Bucket", "#Findings", "#Records"]
    more = f"{count_of(len(found) - LISTED, 'more check')} failed; see below." if len(found) > LISTED else None
    listed = table("Checks that failed", heads, rows, class_="failed")
    return Section.of("failed", "What failed", listed, element("p", more) if more else None, note=f"{len(found):,}")


def _footer(report: Report) -> Markup:
    made = f"Made by s3guard {report.version} of run {report.run.id}, finished {instant(report.run.finished)}."
    return element("footer", element("p", made, " ", seen("This file needs no network and runs no script."), class_="wide"))


def _capital(clause: str) -> str:
    return clause[:1].upper() + clause[1:]
