"""What a pack tells of time: reviews expected and runs found, changes of policies, hours without a record, and exceptions in force."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any

from s3guard.evidence.contents import Contents, items
from s3guard.evidence.members import COVERAGE, RUNS, WAIVERS
from s3guard.evidence.reviewed import ROWS
from s3guard.evidence.sheet import Part, Rows, Said, Tone
from s3guard.outputs import plural


def asked(contents: Contents) -> str:
    """Reviews asked for, and kept, in one clause."""
    return ""


def runs(contents: Contents) -> Part:
    """Whether it was reviewed as often as the policies ask."""
    return Part("runs", "Was it reviewed as often as it must be?", (Said(""),), short="Reviews")


def changes(contents: Contents) -> Part:
    """Which policies changed in the period."""
    return Part("changes", "Changes of the policies", (Said(""),), short="Changes")


def silent(contents: Contents) -> list[tuple[str, str]]:
    """Times without a record, by bucket."""
    return []


def waivers(contents: Contents) -> Part:
    """Exceptions."""
    return Part("waivers", "Exceptions in force", (Said(""),), short="Exceptions")
