"""The straight line that lies nearest to numbers over time, by least squares."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

FEWEST: Final = 3
"""Numbers that make a trend: through two of them there is always a line."""


@dataclass(frozen=True, slots=True)
class Trend:
    """A line through the middle of the first interval and that of the last one."""

    first: float
    last: float


def trend(values: Sequence[float | None], weights: Sequence[int]) -> Trend | None:
    """The line with the least weighted squares of distances; a weight is how many records a mean is of. None of too few numbers.

    So an hour of three slow requests does not tilt a week of a million.
    """
    told = [(at, value, weight) for at, (value, weight) in enumerate(zip(values, weights, strict=True)) if value is not None and weight]
    if len(told) < FEWEST:
        return None
    whole = sum(weight for _, _, weight in told)
    middle = sum(at * weight for at, _, weight in told) / whole
    mean = sum(value * weight for _, value, weight in told) / whole
    spread = sum(weight * (at - middle) ** 2 for at, _, weight in told)
    slope = sum(weight * (at - middle) * (value - mean) for at, value, weight in told) / spread
    return Trend(mean - slope * middle, mean + slope * (len(values) - 1 - middle))
