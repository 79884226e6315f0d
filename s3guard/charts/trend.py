"""The straight line that lies nearest to numbers over time, by least squares."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

FEWEST: Final = 3
"""Numbers that make a trend: through two of them there is always a line."""

_CLEAR: Final = 2.0
"""Standard errors that a slope is away from none, where it is told as rising or falling."""


@dataclass(frozen=True, slots=True)
class Trend:
    """A line through the middle of the first interval and that of the last one."""

    first: float
    last: float
    is_clear: bool
    """Whether the slope is more than chance would make of such scattered numbers: two standard errors or more."""


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
    left = sum(weight * (value - mean - slope * (at - middle)) ** 2 for at, value, weight in told)
    error = math.sqrt(left / (len(told) - 2) / spread)
    first, last = (mean + slope * (at - middle) for at in (0, len(values) - 1))
    return Trend(first, last, abs(slope) > _CLEAR * error)
