"""The page of a rule: its docstring, set for a terminal."""

from __future__ import annotations

import inspect
import re
from collections.abc import Iterator

from s3guard.page import BOLD, Page
from s3guard.rules import Rule

_EXAMPLE = re.compile(r"```[a-z]*\n(.*?)```", re.DOTALL)


def explained(rule: type[Rule], page: Page) -> Iterator[str]:
    """Lines of the page."""
    yield from page.ends("rule", rule.kind, f"{rule.default_severity.value} by default")
    yield from page.lines("title", rule.default_title)
    yield from page.lines("subject", rule.says_of())
    attempts = "refused and failed attempts are findings of their own, low by default"
    yield from page.lines("outcome", attempts if rule.splits else "not split: a finding is a whole group")
    for number, piece in enumerate(_EXAMPLE.split(inspect.cleandoc(rule.__doc__ or ""))):
        yield from _example(piece, page) if number % 2 else _prose(piece, page)
    yield ""
    yield from page.lines("every rule", f"takes {', '.join(Rule.model_fields)} as well")


def _prose(written: str, page: Page) -> Iterator[str]:
    """Paragraphs, headings and lists, each behind an empty line."""
    for block in filter(None, written.strip("\n").split("\n\n")):
        yield ""
        if block.startswith("#"):
            yield from page.lines("", block.lstrip("# "), BOLD)
        elif block.startswith("* "):
            for item in block[2:].split("\n* "):
                yield from page.lines(page.glyph("·", "-"), " ".join(item.split()))
        else:
            yield from page.lines("", " ".join(block.split()))


def _example(written: str, page: Page) -> Iterator[str]:
    """Lines as they are written, to be copied."""
    return (f"{' ' * (page.gutter + 4)}{one}".rstrip() for one in written.strip("\n").split("\n"))
