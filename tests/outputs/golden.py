"""Golden files: what an output looks like for each kind of report, kept in ``tests/golden`` for people to read and diff.

Set S3GUARD_GOLDEN=write to write them anew, then read the difference before you commit it.
"""

from __future__ import annotations

import os
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

from s3guard.model import BucketCoverage, Report, Unreadable
from tests.outputs import reports
from tests.outputs.corpus import HOSTILE, SECRETS

FOLDER = Path(__file__).parent.parent / "golden"

_PICKED = ("erase the screen", "line of its own", "BiDi override", "an escape, literally", "GitHub command", "Azure variable")
_MARKED = ("Markdown, much of it", "script", "formula", "cells and quotes", "lone surrogate", "long", "other scripts")


def hostile() -> Report:
    """A few strangers' texts of each kind; the tests of every output render all of them."""
    texts = [*(HOSTILE[name] for name in (*_PICKED, *_MARKED)), SECRETS["presigned, new"]]
    whole = reports.hostile()
    coverage = replace(
        whole.coverage,
        unreadable=tuple(Unreadable(text, f"cannot read {text}") for text in texts),
        buckets=tuple(
            BucketCoverage(text, 1, (), reports.START, reports.START, reports.hours(1), (), (reports.expected(rule=text),))
            for text in texts
        ),
    )
    results = tuple(reports._hostile(number, text) for number, text in enumerate(texts))
    return replace(whole, results=results, coverage=coverage, notes=tuple(f"Seen: {text}." for text in texts))


def controlled() -> Report:
    """A control of each status, and one whose name is a stranger's text."""
    whole = reports.controlled()
    return replace(whole, controls=whole.controls[:6])


KINDS: dict[str, Callable[[], Report]] = {
    "clean": reports.clean,
    "failing": reports.failing,
    "undetermined": reports.undetermined,
    "waived": reports.waived,
    "empty": reports.empty,
    "controlled": controlled,
    "flood": lambda: reports.flood(40),
    "hostile": hostile,
}
"""The reports that every output shows in its golden files; call to build."""


def expect(name: str, text: str) -> None:
    """Compares a text with the golden file of that name (a path under ``tests/golden``), byte for byte."""
    path = FOLDER / name
    if os.environ.get("S3GUARD_GOLDEN") == "write":
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(text.encode())
    assert text.encode().decode() == path.read_bytes().decode(), f"{name} has changed; S3GUARD_GOLDEN=write pytest writes it anew"
