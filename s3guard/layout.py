r"""Fits visible text into columns of a terminal: wraps it, shortens it and lines it up, and never cuts a ``\u{hex}`` escape.

Widths are columns on a screen, not characters: an ideograph takes two, a combining mark none. All functions take text that
`s3guard.text.visible` returned (or that s3guard wrote itself) and give back lines without trailing spaces.
"""

from __future__ import annotations

import re
import unicodedata
from itertools import accumulate, takewhile

_ATOM = re.compile(r"\\u\{[0-9a-f]{1,6}\}|.", re.DOTALL)
_BREAK_AFTER = frozenset("/,;:&?=|")
"""Where a word that is longer than a line is best cut: behind the separators of paths, ARNs and URLs."""


def width(text: str) -> int:
    """Columns that the text takes on a terminal."""
    return len(text) if text.isascii() else sum(map(_columns, text))


def _columns(character: str) -> int:
    if unicodedata.category(character) in ("Mn", "Me"):
        return 0
    return 2 if unicodedata.east_asian_width(character) in "WF" else 1


def ascii_only(text: str) -> str:
    r"""The text with every character beyond ASCII written as ``\u{hex}``; `s3guard.text.unvisible` reads it back."""
    return text if text.isascii() else "".join(c if c.isascii() else f"\\u{{{ord(c):x}}}" for c in text)


def pad(text: str, columns: int) -> str:
    """The text and as many spaces as fill `columns`; longer text comes back as it is."""
    return text + " " * (columns - width(text))


def fit(text: str, columns: int, ellipsis: str = "…") -> str:
    """The text in at most `columns`, cut at its end and marked with `ellipsis` where it is longer."""
    if width(text) <= columns:
        return text
    atoms = _ATOM.findall(text)
    ends = accumulate(map(width, atoms), initial=width(ellipsis))
    next(ends)
    kept = takewhile(lambda pair: pair[1] <= columns, zip(atoms, ends, strict=True))
    return "".join(atom for atom, _ in kept) + ellipsis


def wrap(text: str, columns: int, most: int | None = None, ellipsis: str = "…") -> list[str]:
    """The text as lines of at most `columns`, broken at spaces and, inside longer words, behind separators where one is near.

    `columns` is 10 or more, the longest escape. At least one line, at most `most`, of which the last then ends in `ellipsis`.
    Spaces at a break go; all else stays in order.
    """
    lines: list[str] = []
    for word in text.split(" "):
        if lines and width(lines[-1]) + 1 + width(word) <= columns:
            lines[-1] += " " + word
        else:
            lines.extend(_pieces(word, columns))
    lines = [line.rstrip(" ") for line in lines]
    if most is None or len(lines) <= most:
        return lines
    return [*lines[: most - 1], fit(lines[most - 1] + ellipsis, columns, ellipsis)]


def _pieces(word: str, columns: int) -> list[str]:
    """A word in pieces of at most `columns`; every piece but the last ends behind a separator if one is in its last half."""
    if width(word) <= columns:
        return [word]
    pieces: list[str] = []
    piece: list[str] = []
    used = behind = 0
    for atom in _ATOM.findall(word):
        if piece and used + width(atom) > columns:
            cut = behind or len(piece)
            pieces.append("".join(piece[:cut]))
            piece = piece[cut:]
            used, behind = width("".join(piece)), 0
        piece.append(atom)
        used += width(atom)
        if atom in _BREAK_AFTER and used * 2 >= columns:
            behind = len(piece)
    return [*pieces, "".join(piece)]
