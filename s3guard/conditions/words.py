"""A condition as words, each with its place, and the error that points at one."""

from __future__ import annotations

import math
import re
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Final

from s3guard.conditions.forms import MEANT, SYMBOLS

_TOKEN: Final = re.compile(
    r"(?P<space>[ \t\r\n]+)"
    r"|(?P<text>'(?:[^']|'')*')"
    r'|(?P<name>"(?:[^"]|"")*")'
    r"|(?P<number>(?:[0-9]+(?:\.[0-9]*)?|\.[0-9]+)(?:[eE][+-]?[0-9]+)?)"
    r"|(?P<word>[A-Za-z_][A-Za-z0-9_]*)"
    r"|(?P<refused>--|/\*|//|::|<=>|=>|==|->|\*\*|<<|>>)"
    r"|(?P<symbol><>|!=|<=|>=|\|\||[-+*/%<>=(),])"
)


class ConditionError(ValueError):
    """A condition that is refused: what is wrong, and what to write instead."""

    def __init__(self, message: str, offset: int | None = None, others: Sequence[ConditionError] = ()) -> None:
        super().__init__(message)
        self.offset = offset
        """Where in the SQL, in characters from 0; None when it is the whole."""
        self.faults = (self, *others)
        """All that is wrong with the condition: this, and what else is."""


@dataclass(frozen=True, slots=True)
class Token:
    """One word, literal or symbol of a condition."""

    kind: str
    """``word``, ``name`` (in double quotes), ``text``, ``number`` or ``symbol``."""
    raw: str
    """As written."""
    offset: int

    @property
    def word(self) -> str:
        """The lower-case word; empty for all else."""
        return self.raw.lower() if self.kind == "word" else ""

    @property
    def meaning(self) -> str:
        """A text or a name without its quotes; else as written."""
        if self.kind == "text":
            return self.raw[1:-1].replace("''", "'")
        return self.raw[1:-1] if self.kind == "name" else self.raw


@dataclass(slots=True)
class Words:
    """A text as words."""

    tokens: list[Token] = field(default_factory=list)
    faults: list[ConditionError] = field(default_factory=list)
    """What is no word; it ends the words unless it is plain what was meant."""
    gaps: list[tuple[int, str, str]] = field(default_factory=list)
    """Where that is plain: the offset, what stands there, and what was meant."""


def words(sql: str) -> Words:
    """The words of a text, and what in it is none."""
    read = Words()
    place = 0
    number_end = -1
    while place < len(sql):
        found = _TOKEN.match(sql, place)
        if found is None or found.lastgroup == "refused":
            raw = found[0] if found else sql[place]
            read.faults.append(ConditionError(f"{raw!r}: {SYMBOLS.get(raw, 'it has no meaning in a condition')}", place))
            if raw not in MEANT:
                break
            read.tokens.append(Token("symbol", MEANT[raw], place))
            read.gaps.append((place, raw, MEANT[raw]))
            place += len(raw)
            continue
        kind = str(found.lastgroup)
        if kind in ("word", "number") and place == number_end:
            read.faults.append(ConditionError(f"{found[0]!r} is glued to a number", place))
        elif kind != "space":
            read.tokens.append(Token(kind, found[0], place))
        if kind == "number" and _is_too_large(found[0]):
            read.faults.append(ConditionError(f"{found[0][:80]} is too large a number", place))
        place = found.end()
        number_end = place if kind == "number" else -1
    return read


def _is_too_large(raw: str) -> bool:
    return not math.isfinite(float(raw)) or (raw.isdigit() and int(raw) >= 2**63)
