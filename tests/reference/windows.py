"""Windows of time, and what lies inside them."""

from __future__ import annotations

from bisect import bisect_left, bisect_right
from collections.abc import Iterable
from itertools import accumulate

Window = tuple[int, int]
"""The first second inside, and the first behind."""

ALL: Window = (-(10**15), 10**15)
"""The whole input."""


def sliding(seconds: Iterable[int], per: int | None) -> list[Window]:
    """[t, t+per) for every second t, `per` in milliseconds; the whole input where there is none."""
    if per is None:
        return [ALL]
    # the seconds inside [t, t + per) are t, t+1, … : as many as `per` has begun ones
    length = -(-per // 1000)
    return [(second, second + length) for second in sorted(set(seconds))]


def aligned(seconds: Iterable[int], per: int | None) -> list[Window]:
    """The windows at multiples of `per` since 1970, UTC, that hold one of the seconds."""
    if per is None:
        return [ALL]
    return [bounds(number, per) for number in sorted({second * 1000 // per for second in seconds})]


def wholly_inside(start: int, end: int, per: int | None) -> list[Window]:
    """The windows at multiples of `per` that lie in [start, end), whether anything happened in them or not."""
    if per is None:
        return [ALL]
    return [bounds(number, per) for number in range(-(-start * 1000 // per), end * 1000 // per)]


def bounds(number: int, per: int) -> Window:
    """The seconds of the window of that number."""
    return -(-number * per // 1000), -(-(number + 1) * per // 1000)


def covered(second: int, windows: list[Window]) -> bool:
    """Whether one of the windows, in order and all of one length, holds the second."""
    at = bisect_right(windows, second, key=lambda window: window[0]) - 1
    return at >= 0 and second < windows[at][1]


class Series:
    """Seconds, each with a number; how many and how much lie in a window."""

    def __init__(self, pairs: Iterable[tuple[int, int]]) -> None:
        ordered = sorted(pairs)
        self.seconds = [second for second, _ in ordered]
        self.numbers = [number for _, number in ordered]
        self.sums = [0, *accumulate(self.numbers)]

    def span(self, window: Window) -> tuple[int, int]:
        """From which to which of the pairs the window reaches."""
        return bisect_left(self.seconds, window[0]), bisect_left(self.seconds, window[1])

    def count(self, window: Window) -> int:
        """How many lie in the window."""
        first, end = self.span(window)
        return end - first

    def total(self, window: Window) -> int:
        """The sum of the numbers in the window."""
        first, end = self.span(window)
        return self.sums[end] - self.sums[first]

    def inside(self, window: Window) -> list[int]:
        """The numbers in the window."""
        first, end = self.span(window)
        return self.numbers[first:end]
