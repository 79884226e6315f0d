"""What was verified of a pack, in plain words: what holds, what does not, what could not be told, what nobody asked for."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from enum import Enum
from typing import Any, Final

from s3guard.outputs import Options, json_text, plural
from s3guard.page import BOLD, DIM, GREEN, RED, YELLOW, Page
from s3guard.text import shown

SCHEMA: Final = "s3guard/verification/1"
"""Name and version of the shape that machines read."""
DETAILS: Final = 20
"""Details of one check that people are shown; machines get all."""


class Mark(Enum):
    """What became of one check of a pack."""

    HOLDS = "verified"
    BROKEN = "wrong"
    """Something was altered, left out, put in, or says what is not so."""
    UNKNOWN = "not verified"
    """It could not be told: no pass."""
    SKIPPED = "not looked at"
    """Nobody asked for it, or there is nothing of it; the sentence says which."""


@dataclass(frozen=True, slots=True)
class Check:
    """One thing that was held against another."""

    name: str
    """For machines: a word that stays."""
    mark: Mark
    says: str
    """A sentence for people, about what was found."""
    details: tuple[str, ...] = ()
    """Each a clause: which member, and what is wrong with it."""


@dataclass(frozen=True, slots=True)
class Verification:
    """All that was verified of one pack."""

    pack: str
    """The file, as it was named."""
    sha256: str
    """Of the file; empty where it could not be read to its end."""
    checks: tuple[Check, ...]

    @property
    def exit_code(self) -> int:
        """1 where something is wrong, else 3 where something could not be verified, else 0."""
        marks = {check.mark for check in self.checks}
        return 1 if Mark.BROKEN in marks else 3 if Mark.UNKNOWN in marks or Mark.HOLDS not in marks else 0

    @property
    def verdict(self) -> str:
        """What came out, in one sentence."""
        wrong, unknown = (sum(check.mark is mark for check in self.checks) for mark in (Mark.BROKEN, Mark.UNKNOWN))
        if wrong:
            return f"Do not rely on this pack: {plural(wrong, 'check')} found something wrong."
        if unknown:
            return f"Nothing wrong was found, but {plural(unknown, 'thing')} could not be verified, so this is no pass."
        return "All that was asked for was verified, and holds."


def document(found: Verification) -> dict[str, Any]:
    """As plain values, every string visible."""
    return {
        "schema": SCHEMA,
        "pack": shown(found.pack),
        "sha256": found.sha256,
        "exit_code": found.exit_code,
        "verdict": found.verdict,
        "checks": [
            {"name": one.name, "mark": one.mark.value, "says": shown(one.says), "details": [*map(shown, one.details)]}
            for one in found.checks
        ],
    }


def as_json(found: Verification) -> str:
    """For machines, with a newline at the end."""
    return json_text(document(found))


_STYLES: Final = {Mark.HOLDS: GREEN, Mark.BROKEN: f"{BOLD};{RED}", Mark.UNKNOWN: YELLOW, Mark.SKIPPED: DIM}
_SIGNS: Final = {
    Mark.HOLDS: ("\N{CHECK MARK}", "+"),
    Mark.BROKEN: ("\N{BALLOT X}", "X"),
    Mark.UNKNOWN: ("?", "?"),
    Mark.SKIPPED: ("\N{EN DASH}", "-"),
}


def lines(found: Verification, look: Options) -> Iterator[str]:
    """For people: a line a check, what is wrong below it, the verdict at the end."""
    page = Page(look.width, look.color, look.ascii, gutter=15)
    yield page.paint(f"Evidence pack {page.clean(found.pack)}", BOLD)
    if found.sha256:
        yield from page.lines("", f"SHA-256 of the file: {found.sha256}", DIM)
    yield ""
    for check in found.checks:
        label = f"{page.glyph(*_SIGNS[check.mark])} {check.mark.value}"
        yield from page.lines(label, page.clean(check.says), "", _STYLES[check.mark])
        for detail in check.details[:DETAILS]:
            first, *more = page.lines("", f"- {page.clean(detail)}")
            yield from (first, *(line.replace(" " * 17, " " * 19, 1) for line in more))
        if len(check.details) > DETAILS:
            yield from page.lines("", f"and {len(check.details) - DETAILS:,} more; -o json has all", DIM)
    yield ""
    style = {0: GREEN, 1: f"{BOLD};{RED}", 3: YELLOW}[found.exit_code]
    yield page.paint(page.clean(found.verdict), style)
    yield page.paint(f"Exit code {found.exit_code}.", DIM)
