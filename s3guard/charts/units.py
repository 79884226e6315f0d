"""Numbers of a chart in words, and the round ones among them at which an axis has its lines."""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass
from typing import Final, Literal, TypeAlias

from s3guard.verdict import volume

Unit: TypeAlias = Literal["share", "requests", "bytes", "milliseconds"]
"""What a chart measures; a share is 0 to 1."""

_ROUND: Final = (1, 2, 5, 10)
_SECOND: Final = 1_000
_MINUTE: Final = 60_000
_STEP: Final = 1_024
_FAR: Final = 12
"""A number that is so many times another leaves nothing of that to see on an even scale."""


def said(unit: Unit, amount: float) -> str:
    """A number for people: ``4.2%``, ``1,234``, ``4.1 MiB``, ``250 ms``, ``1.9 s``."""
    return _SAID[unit](amount)


def _share(amount: float) -> str:
    return f"{_short(amount * 100)}%"


def _requests(amount: float) -> str:
    return f"{round(amount):,}" if amount >= 10 or amount == int(amount) else _short(amount)


def _bytes(amount: float) -> str:
    return volume(round(amount)).replace(".0 ", " ")


def _milliseconds(amount: float) -> str:
    if amount < _SECOND - 0.5:
        return f"{_short(amount)} ms"
    return f"{_short(amount / _SECOND)} s" if amount < 10 * _MINUTE else f"{_short(amount / _MINUTE)} min"


_SAID: Final[dict[Unit, Callable[[float], str]]] = {
    "share": _share,
    "requests": _requests,
    "bytes": _bytes,
    "milliseconds": _milliseconds,
}


def _short(amount: float) -> str:
    """Two or three digits that say something."""
    if abs(amount) >= 100:
        return f"{round(amount):,}"
    return f"{amount:.2g}" if abs(amount) < 10 else f"{amount:.3g}"


@dataclass(frozen=True, slots=True)
class Scale:
    """From numbers to heights: 0 at the bottom of a chart, 1 at its top."""

    top: float
    ticks: tuple[float, ...]
    """Round numbers from the bottom to the top."""
    bottom: float = 0
    """Above 0 where the scale is logarithmic."""

    def height(self, amount: float) -> float:
        """Where a number stands; what is below the bottom or above the top stands there."""
        within = min(max(amount, self.bottom), self.top)
        if self.bottom:
            return math.log(within / self.bottom) / math.log(self.top / self.bottom)
        return within / self.top


def scale(unit: Unit, highest: float, lowest: float | None = None) -> Scale:
    """One that `highest` fits into; logarithmic where `lowest`, which is above 0 then, is far below."""
    if lowest is not None and lowest > 0 and highest / lowest > _FAR:
        return _logarithmic(highest, lowest)
    # NOTE: a chart of nothing has a scale, too: what there would be is a request, a per cent, a byte.
    highest = highest or {"share": 0.01, "requests": 1, "bytes": 1, "milliseconds": 1}[unit]
    base = _STEP ** min(int(math.log(highest, _STEP)), 5) if unit == "bytes" and highest >= _STEP else 1
    step = _rounded_up(highest / base / 4) * base
    if unit in ("requests", "bytes"):
        step = max(step, 1)
    count = math.ceil(highest / step - 1e-9)
    return Scale(count * step, tuple(step * number for number in range(count + 1)))


def _logarithmic(highest: float, lowest: float) -> Scale:
    bottom, top = 10.0 ** math.floor(math.log10(lowest)), _rounded_up(highest)
    powers = (10.0**power for power in range(round(math.log10(bottom)), math.ceil(math.log10(top)) + 1))
    return Scale(top, tuple(power for power in powers if power <= top), bottom)


def _rounded_up(amount: float) -> float:
    """The next of 1, 2, 5 and 10 times a power of ten."""
    power = 10.0 ** math.floor(math.log10(amount))
    return next(number * power for number in _ROUND if number * power >= amount * (1 - 1e-9))
