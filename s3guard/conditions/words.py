"""A condition as words, each with its place, and the error that points at one."""

from __future__ import annotations

import math
import re
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Final

from s3guard.conditions.forms import SYMBOLS

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

    def __init__(self, message: str, offset: int | None = None) -> None:
        super().__init__(message)
        self.offset = offset
        """Where in the SQL, in characters from 0; None when it is the whole."""


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


def words(sql: str) -> Iterator[Token]:
    """The words of the text; ConditionError for what is none."""
    place = 0
    number_end = -1
    while place < len(sql):
        found = _TOKEN.match(sql, place)
        if found is None or found.lastgroup == "refused":
            raw = found[0] if found else sql[place]
            advice = SYMBOLS.get(raw, "it has no meaning in a condition")
            raise ConditionError(f"{raw!r}: {advice}", place)
        kind = str(found.lastgroup)
        if kind in ("word", "number") and place == number_end:
            raise ConditionError(f"{found[0]!r} is glued to a number", place)
        if kind == "number":
            _check_number(found[0], place)
        if kind != "space":
            yield Token(kind, found[0], place)
        place = found.end()
        number_end = place if kind == "number" else -1


def _check_number(raw: str, place: int) -> None:
    value = float(raw)
    if not math.isfinite(value) or (raw.isdigit() and int(raw) >= 2**63):
        raise ConditionError(f"{raw[:80]} is too large a number", place)
