"""The page that an auditor reads first, as plain parts: one content, which a terminal and a browser show."""

from __future__ import annotations

from dataclasses import dataclass
from enum import Enum


class Tone(Enum):
    """How a sentence is meant."""

    PLAIN = ""
    GOOD = "good"
    BAD = "bad"
    OPEN = "open"
    """Could not be told."""
    SOFT = "soft"


@dataclass(frozen=True, slots=True)
class Said:
    """A sentence or several. Text of policies and logs is raw in it; whoever shows it makes it visible."""

    text: str
    tone: Tone = Tone.PLAIN


@dataclass(frozen=True, slots=True)
class Rows:
    """A table; a head that begins with ``#`` is over numbers, and rows that do not stand here are counted."""

    label: str
    heads: tuple[str, ...]
    rows: tuple[tuple[str, ...], ...]
    left: int = 0


@dataclass(frozen=True, slots=True)
class Part:
    """A part of the page that has a heading."""

    name: str
    title: str
    blocks: tuple[Said | Rows, ...]
    short: str = ""
    """In the list of contents; the title where it is empty."""
    note: str = ""
    """A number beside it there."""
    brief: tuple[Said | Rows, ...] | None = None
    """What the first page on a terminal says instead of all; None: all of it."""


@dataclass(frozen=True, slots=True)
class Sheet:
    """The page."""

    kind: str
    """``pass``, ``fail``, ``undetermined`` or ``idle``: how it is coloured."""
    word: str
    """The verdict in a word or two."""
    headline: str
    because: str
    alarms: tuple[Said, ...]
    """What must be read before anything else: that the pack was altered, or that nobody verified who signed it."""
    facts: tuple[tuple[str, str], ...]
    """Names and what they are."""
    parts: tuple[Part, ...]
    made: str
    """Who made the pack, and of what, for the end of the page."""
