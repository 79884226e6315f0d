"""The page of a check of the configuration audit: its docstring, set for a terminal."""

from __future__ import annotations

from collections.abc import Iterator

from s3guard.audit.calls import actions
from s3guard.audit.checks import Check
from s3guard.audit.wants import scoped
from s3guard.page import BOLD, Page


def explained(check: Check, page: Page) -> Iterator[str]:
    """Lines of the page."""
    yield from page.ends("check", f"logging/{check.id}", f"{check.severity.value} by default")
    yield from page.lines("title", check.title)
    yield from page.lines("about", f"every {_ABOUT[check.about.value]}")
    yield from page.lines("needs", ", ".join(actions(scoped(check))))
    for block in check.page.split("\n\n")[1:]:
        yield ""
        if block.startswith("## "):
            yield from page.lines("", block.removeprefix("## "), BOLD)
        elif block.startswith("    "):
            yield from (f"{' ' * page.gutter}{line}".rstrip() for line in block.split("\n"))
        else:
            yield from page.lines("", " ".join(block.split()))


_ABOUT = {"source": "bucket that a policy names", "sink": "log bucket", "account": "account"}
