"""Charts of characters: columns, points, small lines and bars, in block elements of Unicode or in ASCII.

Everything here is made of numbers and signs of ours; no text of a log passes through.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from statistics import fmean
from typing import Final

_EIGHTHS: Final = " ▁▂▃▄▅▆▇█"
_LYING: Final = " ▏▎▍▌▋▊▉█"
_WIDEST: Final = 4
"""Columns that one interval takes at most."""


@dataclass(frozen=True, slots=True)
class Signs:
    """What a chart is made of."""

    levels: str
    """From an empty cell to a full one, standing."""
    lying: str
    """The same, from the left."""
    point: str
    trend: str
    limit: str


UNICODE: Final = Signs(_EIGHTHS, _LYING, "•", "─", "╌")
ASCII: Final = Signs(" .|", " =", "*", ".", "_")
"""NOTE: no sign that a CI system folds or obeys when it meets several of them."""


def columns(values: Sequence[float | None], room: int, *, mean: bool = False) -> list[float | None]:
    """The values on at most `room` columns: several of few; of many the highest of those that share one, or their mean."""
    count = len(values)
    if count <= room:
        times = max(1, min(_WIDEST, room // max(count, 1)))
        return [value for value in values for _ in range(times)]
    parts = (values[at * count // room : (at + 1) * count // room] for at in range(room))
    told = ([value for value in part if value is not None] for part in parts)
    return [(fmean(part) if mean else max(part)) if part else None for part in told]


def standing(heights: Sequence[float | None], rows: int, signs: Signs, limit: float | None = None) -> list[str]:
    """Columns from the ground up, the top row first; heights and limit are 0 to 1, and what is above 0 shows."""
    steps = len(signs.levels) - 1
    levels = [0 if not height else max(1, round(height * rows * steps)) for height in heights]
    lines = []
    for row in reversed(range(rows)):
        empty = signs.limit if limit is not None and row == min(int(limit * rows), rows - 1) else " "
        cells = (signs.levels[min(max(level - row * steps, 0), steps)] for level in levels)
        lines.append("".join(empty if cell == " " else cell for cell in cells))
    return lines


def points(heights: Sequence[float | None], trend: Sequence[float], rows: int, signs: Signs) -> list[str]:
    """A point a column, and the line of a trend where there is none; heights are 0 to 1, the top row first."""
    places = [None if height is None else _row(height, rows) for height in heights]
    line = [_row(height, rows) for height in trend] or [-1] * len(places)
    return [
        "".join(signs.point if at == row else signs.trend if on == row else " " for at, on in zip(places, line, strict=True))
        for row in reversed(range(rows))
    ]


def _row(height: float, rows: int) -> int:
    return min(int(max(height, 0) * rows), rows - 1)


def spark(values: Sequence[float | None], room: int, signs: Signs) -> str:
    """One line, as high as a character; nothing is empty, and everything else is seen."""
    found = columns(values, room)
    highest = max((value for value in found if value), default=0)
    steps = len(signs.levels) - 1
    return "".join(signs.levels[max(1, round(value / highest * steps))] if value else " " for value in found)


def bar(part: float, room: int, signs: Signs) -> str:
    """A bar of a share of `room` columns, filled with spaces."""
    steps = len(signs.lying) - 1
    whole, rest = divmod(max(1, round(part * room * steps)), steps)
    return f"{signs.lying[-1] * whole}{signs.lying[rest] if rest else ''}".ljust(room)
