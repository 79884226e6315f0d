"""What the sections of the page are made of: headings, tables that scroll by themselves, folded parts, marks of severity."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from s3guard.markup import Markup, element, joined
from s3guard.model import Report, Result
from s3guard.outputs import plural


@dataclass(frozen=True, slots=True)
class Section:
    """A part of the page that its list of contents names."""

    name: str
    short: str
    """Its title in the list."""
    note: str
    """What stands beside it there: a number."""
    markup: Markup

    @classmethod
    def of(cls, name: str, title: str, *children: str | None, note: str = "", short: str = "") -> Section:
        """With its heading above its children."""
        heading = element("h2", title, id=f"{name}-title")
        return cls(name, short or title, note, element("section", heading, *children, id=name, aria_labelledby=f"{name}-title"))


def count_of(count: int, noun: str) -> str:
    """``1 bucket``, ``2 buckets``."""
    return plural(count, noun)


def chip(word: str, kind: str = "") -> Markup:
    """A word in a coloured field: a severity, or what became of something."""
    return element("span", word, class_=f"chip {kind or word}")


def linked(report: Report, result: Result) -> Markup:
    """The name of a check, leading to where it is told."""
    return element("a", element("bdi", result.rule), class_="rule", href=f"#{anchor(report, result)}")


def anchor(report: Report, result: Result) -> str:
    """Where a check is told."""
    return f"check-{next(number for number, one in enumerate(report.results) if one is result)}"


def table(label: str, heads: Sequence[str], rows: Iterable[Sequence[str]], class_: str = "") -> Markup:
    """A table that scrolls by itself where it is too wide; the first cell of a row names it, columns that begin with ``#`` hold numbers."""
    numeric = [head.startswith("#") for head in heads]
    # NOTE: where all cells but the first are numbers, the table says so once: the class of each cell was a tenth of the page.
    is_plain = not numeric[0] and all(numeric[1:])
    marks = ["n" if right and not is_plain else None for right in numeric]
    top = (element("th", head.lstrip("#"), scope="col", class_=mark) for head, mark in zip(heads, marks, strict=True))
    body = (element("tr", *(element("td", cell, class_=mark) for cell, mark in zip(row, marks, strict=True))) for row in rows)
    kind = " ".join(filter(None, ("nums" if is_plain else "", class_))) or None
    whole = element("table", element("thead", element("tr", *top)), element("tbody", *body), class_=kind)
    return element("div", whole, class_="scroll", tabindex="0", role="group", aria_label=label)


def folded(summary: str, *children: str | None, class_: str = "", is_open: bool = False) -> Markup:
    """What is read on demand, or at once where it is open."""
    return element("details", element("summary", summary), *children, class_=class_ or None, open="" if is_open else None)


def listed(items: Iterable[str], class_: str = "") -> Markup:
    """A list."""
    return element("ul", *(element("li", item) for item in items), class_=class_ or None)


def prose(text: str) -> Markup:
    """A sentence of a policy or of s3guard; what stands between backquotes is set as code."""
    pieces = text.split("`")
    if len(pieces) % 2 == 0:
        return joined([text])
    return joined(element("code", piece) if at % 2 else piece for at, piece in enumerate(pieces))


def pairs(told: Iterable[tuple[str, str]], class_: str = "pairs") -> Markup:
    """Names and what they are."""
    return element("dl", *(joined([element("dt", name), element("dd", what)]) for name, what in told), class_=class_)
