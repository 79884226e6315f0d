"""The auditor's page in a browser: one file that needs no network and runs no script, light or dark, and prints."""

from __future__ import annotations

from s3guard.evidence.sheet import Part, Rows, Said, Sheet, Tone
from s3guard.markup import Markup, element, joined, value
from s3guard.outputs.html.parts import Section, table
from s3guard.outputs.html.shell import content, sign, whole

_CHIPS = {Tone.BAD: ("attention", "fail"), Tone.OPEN: ("open", "undetermined"), Tone.GOOD: ("in order", "pass")}
"""A word in a coloured field before a sentence that is no plain one."""
_STYLE = """
.said { margin: 10px 0; max-width: 86ch }
main .scroll { margin: 14px 0 22px }
main td { min-width: 8em; overflow-wrap: break-word }
main td:last-child { min-width: 14em; overflow-wrap: anywhere }
main td.n, main td.n:last-child { min-width: 0; overflow-wrap: normal }
main .nums td { min-width: 0 }
.top .headline + .facts { margin-top: 20px }
"""
"""What this page has besides the style of all pages."""


def render(sheet: Sheet) -> str:
    """The page."""
    body = joined([_header(sheet), content([_section(part) for part in sheet.parts], "Parts of this page"), _footer(sheet)])
    return whole(f"Evidence: {sheet.word}: {sheet.headline} (s3guard)", sheet.kind, body, _STYLE)


def _header(sheet: Sheet) -> Markup:
    brand = element("p", element("b", "s3guard"), " Evidence of a review of Amazon S3 access logs", class_="brand")
    told = (element("p", f"{sheet.headline}.", class_="headline"), element("p", f"{sheet.because}.", class_="because"))
    words = element("div", element("h1", sheet.word), *told)
    cells = (element("div", element("dt", name), element("dd", told)) for name, told in sheet.facts)
    alarms = (
        element("p", element("strong", said.text) if said.tone is Tone.BAD else said.text, class_="headline") for said in sheet.alarms
    )
    inside = joined([brand, element("div", sign(sheet.kind), words, class_="verdict"), *alarms, element("dl", *cells, class_="facts")])
    return element("header", element("div", inside, class_="wide"), class_="top")


def _section(part: Part) -> Section:
    blocks = [_said(block) if isinstance(block, Said) else _rows(block) for block in part.blocks]
    return Section.of(part.name, part.title, *blocks, note=part.note, short=part.short)


def _said(said: Said) -> Markup:
    if said.tone not in _CHIPS:
        return element("p", said.text, class_="soft" if said.tone is Tone.SOFT else "said")
    word, kind = _CHIPS[said.tone]
    return element("p", element("span", word, class_=f"chip {kind}"), " ", said.text, class_="said")


def _rows(rows: Rows) -> Markup:
    cells = ([value(cell) for cell in row] for row in rows.rows)
    more = element("p", f"and {rows.left:,} more, which the members of the pack hold", class_="soft") if rows.left else None
    return joined([table(rows.label, list(rows.heads), cells), more])


def _footer(sheet: Sheet) -> Markup:
    return element("footer", element("p", sheet.made, " This file needs no network and runs no script.", class_="wide"))
