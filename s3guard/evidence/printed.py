"""The auditor's page on a terminal: the first page, which can be read in a minute, or all of it."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from itertools import zip_longest
from typing import Final

from s3guard.evidence.sheet import Part, Rows, Said, Sheet, Tone
from s3guard.layout import pad, width, wrap
from s3guard.outputs import Options
from s3guard.page import BOLD, DIM, GREEN, NARROWEST, RED, WIDEST, YELLOW, Page

_STYLES: Final = {Tone.PLAIN: "", Tone.GOOD: GREEN, Tone.BAD: f"{BOLD};{RED}", Tone.OPEN: YELLOW, Tone.SOFT: DIM}
_VERDICTS: Final = {"pass": f"{BOLD};{GREEN}", "fail": f"{BOLD};{RED}", "undetermined": f"{BOLD};{YELLOW}", "idle": BOLD}
_BETWEEN: Final = 2
"""Columns between two cells."""
_LEAST: Final = 10
"""Columns that a cell keeps, however little room there is: the longest escape, which is never cut."""
_CELL: Final = 400
"""Characters of a cell that are shown."""
_FIRST: Final = 10
"""Rows of a table on the first page; the rest is counted."""
_SHORT: Final = 120
"""Characters of a cell on the first page."""
_MORE: Final = (
    "This is the first page. All of it, finding by finding and control by control: --verbose, or -o html:FILE for a browser and for print."
)


def lines(sheet: Sheet, look: Options) -> Iterator[str]:
    """The first page, a line at a time; with `look.verbose` all there is."""
    page = Page(look.width, look.color, look.ascii, gutter=0)
    room = max(NARROWEST, min(look.width, WIDEST))
    yield page.paint("Evidence of a review of Amazon S3 access logs", BOLD)
    yield page.paint(page.glyph("═", "=") * room, DIM)
    for said in sheet.alarms:
        yield from _said(page, said, room)
        yield ""
    yield from (page.paint(line, _VERDICTS[sheet.kind]) for line in wrap(page.clean(sheet.word), room))
    yield from _said(page, Said(f"{sheet.headline}."), room)
    yield from _said(page, Said(f"{sheet.because}.", Tone.SOFT), room)
    yield ""
    longest = max((width(page.clean(name)) for name, _ in sheet.facts), default=0)
    for name, told in sheet.facts:
        first, *more = wrap(page.clean(told), room - longest - _BETWEEN) or [""]
        yield f"{page.paint(pad(page.clean(name), longest), DIM)}{' ' * _BETWEEN}{first}".rstrip()
        yield from (f"{' ' * (longest + _BETWEEN)}{line}" for line in more)
    for number, part in enumerate(sheet.parts, 1):
        yield ""
        yield from _part(page, number, part, room, is_first=not look.verbose)
    yield ""
    if not look.verbose:
        yield from _said(page, Said(_MORE), room)
    yield from _said(page, Said(sheet.made, Tone.SOFT), room)


def _part(page: Page, number: int, part: Part, room: int, *, is_first: bool) -> Iterator[str]:
    blocks = part.brief if is_first and part.brief is not None else part.blocks
    yield from (page.paint(line, BOLD) for line in wrap(page.clean(f"{number}. {part.title}"), room))
    yield page.paint(page.glyph("─", "-") * room, DIM)
    for at, block in enumerate(blocks):
        if isinstance(block, Said):
            yield from _said(page, block, room)
        else:
            if at:
                yield ""
            yield from _rows(page, block, room, is_first=is_first)
            if at + 1 < len(blocks):
                yield ""


def _said(page: Page, said: Said, room: int) -> Iterator[str]:
    for line in wrap(page.clean(said.text, 4_000), room):
        yield page.paint(line, _STYLES[said.tone])


def _rows(page: Page, table: Rows, room: int, *, is_first: bool) -> Iterator[str]:
    """A table, cells wrapped within their columns."""
    shown = table.rows[:_FIRST] if is_first else table.rows
    left = table.left + len(table.rows) - len(shown)
    cells = [[page.clean(cell, _SHORT if is_first else _CELL) for cell in row] for row in shown]
    heads = [head.lstrip("#") for head in table.heads]
    numeric = [head.startswith("#") for head in table.heads]
    widths = _widths([heads, *cells], room)
    yield page.paint(_row(heads, widths, numeric), DIM)
    for row in cells:
        wrapped = [wrap(cell, columns) or [""] for cell, columns in zip(row, widths, strict=True)]
        for line in zip_longest(*wrapped, fillvalue=""):
            yield _row(line, widths, numeric)
    if left:
        where = "which --verbose shows" if left > table.left else "which the members of the pack hold"
        yield page.paint(page.clean(f"and {left:,} more, {where}"), DIM)


def _row(cells: Sequence[str], widths: Sequence[int], numeric: Sequence[bool]) -> str:
    set_ = (
        " " * (columns - width(cell)) + cell if right else pad(cell, columns)
        for cell, columns, right in zip(cells, widths, numeric, strict=True)
    )
    return (" " * _BETWEEN).join(set_).rstrip()


def _widths(rows: Sequence[Sequence[str]], room: int) -> list[int]:
    """Columns of each cell: what it needs, and where that is too much, less of the widest."""
    found = [max(map(width, column)) for column in zip(*rows, strict=True)]
    left = room - _BETWEEN * (len(found) - 1)
    while sum(found) > left and max(found) > _LEAST:
        found[found.index(max(found))] -= 1
    return found
