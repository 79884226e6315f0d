"""Lengths of time as policies write them: ``250ms``, ``10m``, ``24h``."""

from __future__ import annotations

from typing import Final

UNITS: Final = {"ms": 1, "s": 1_000, "m": 60_000, "h": 3_600_000, "d": 86_400_000}
"""Units by their names, in milliseconds."""


def duration_text(milliseconds: int) -> str:
    """The shortest text of a duration: ``10m`` for 600000."""
    fits = [(milliseconds // length, unit) for unit, length in UNITS.items() if milliseconds % length == 0]
    number, unit = min(fits) if milliseconds else (0, "s")
    return f"{number}{unit}"


def window_text(seconds: int) -> str:
    """The shortest text of a window: ``10m`` for 600."""
    return duration_text(seconds * UNITS["s"])
