"""Lines for a terminal, hung on one axis: labels right-aligned before it, text behind it.

Colour (the SGR codes of ECMA-48) is added only when asked for, and only after a value has been made visible; in ASCII each
character beyond it is written as an escape, for terminals and logs that know no other.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from s3guard.layout import ascii_only, fit, width, wrap
from s3guard.text import ci_safe, shorten, shown

NARROWEST, WIDEST = 60, 120
"""Columns that a line may take: a narrower terminal wraps by itself, and nobody reads wider prose."""

BOLD, DIM, RED, GREEN, YELLOW, CYAN = "1", "2", "31", "32", "33", "36"
"""Styles, as SGR parameters; several are joined by a semicolon."""

_LONGEST = 1000


@dataclass(frozen=True, slots=True)
class Page:
    """How lines are set."""

    columns: int
    """Of a line, within `NARROWEST` to `WIDEST`."""
    color: bool
    ascii: bool
    gutter: int = 12
    """Columns of the labels, up to the axis; two spaces follow."""

    @property
    def room(self) -> int:
        """Columns behind the axis."""
        return max(NARROWEST, min(self.columns, WIDEST)) - self.gutter - 2

    @property
    def times(self) -> str:
        """The sign behind a count."""
        return self.glyph("\N{MULTIPLICATION SIGN}", "x")

    def clean(self, value: object, longest: int = _LONGEST) -> str:
        """A value from a log or a policy, safe on a terminal and in a CI log, of at most `longest` characters."""
        return self.safe(shorten(shown(str(value)), longest))

    def safe(self, visible: str) -> str:
        """Visible text, safe in a CI log, and in ASCII where the page is."""
        text = ci_safe(visible)
        return ascii_only(text.replace("…", "...")) if self.ascii else text

    def glyph(self, unicode: str, plain: str) -> str:
        """A sign of ours, or what stands for it in ASCII."""
        return plain if self.ascii else unicode

    def paint(self, text: str, style: str) -> str:
        """The text in a style, where the page has colour."""
        return f"\x1b[{style}m{text}\x1b[0m" if self.color and style and text else text

    def lines(self, label: str, text: str, style: str = "", label_style: str = DIM, most: int | None = None) -> Iterator[str]:
        """A paragraph behind the axis, over `most` lines at most, with a label before its first line; both are clean."""
        gutter = self.label(label, label_style)
        for line in wrap(text, self.room, most, self.glyph("…", "...")):
            yield f"{gutter}  {self.paint(line, style)}".rstrip(" ")
            gutter = " " * self.gutter

    def line(self, label: str, text: str, style: str = "", label_style: str = DIM) -> Iterator[str]:
        """One line, cut where it is too long."""
        return self.lines(label, fit(text, self.room, self.glyph("…", "...")), style, label_style)

    def ends(self, label: str, left: str, right: str, label_style: str = DIM) -> Iterator[str]:
        """A heading behind the axis and a remark at the right edge, or below where both do not fit on a line."""
        gap = self.room - width(right)
        if width(left) + 2 <= gap:
            between = " " * (gap - width(left))
            yield f"{self.label(label, label_style)}  {self.paint(left, BOLD)}{between}{self.paint(right, DIM)}".rstrip(" ")
        else:
            yield from self.lines(label, left, BOLD, label_style)
            yield from self.lines("", right, DIM, most=2)

    def label(self, text: str, style: str = DIM) -> str:
        """A label up to the axis."""
        return self.paint(" " * (self.gutter - width(text)) + text, style) if text else " " * self.gutter
