"""How records become numbers, and when a number is over its limit: what the rules about groups say to the kernel."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from fractions import Fraction
from typing import Literal

import polars as pl


@dataclass(frozen=True, slots=True)
class Measured:
    """What one limit counts in a frame of records: expressions over its rows; None stands for every row.

    They become three numbers of a window: how many rows are in `base`, how many of those are `counted`, and the sum of `total`.
    """

    base: pl.Expr | None = None
    """Boolean: the rows that the limit is about, such as those that have a time."""
    counted: pl.Expr | None = None
    """Boolean: the rows that count against the limit, such as those over it."""
    members: pl.Expr | None = None
    """Boolean: the rows of an offending window that are violations."""
    total: pl.Expr | None = None
    """Int64 (null is 0): what a sum or a mean adds up."""
    distinct: pl.Expr | None = None
    """What a distinct count tells apart; null is not a value."""


@dataclass(frozen=True, slots=True)
class Limit:
    """One limit of a rule about groups, and how a window is held against it.

    ========  =======================================================
    how       the number of a window
    ========  =======================================================
    count     counted rows
    sum       the sum of `total`
    mean      sum of `total` / rows of base
    share     counted rows / rows of base
    distinct  different values
    gap       seconds without a record (one window: everything)
    ========  =======================================================

    A window offends when its number is over `most` or under `least`; with `reached` when it is `most` or over.
    """

    label: str
    """What is limited, as a sentence names it: ``requests``, ``mean turn-around time``."""
    how: Literal["count", "sum", "mean", "share", "distinct", "gap"]
    most: Fraction | int | None = None
    least: Fraction | int | None = None
    reached: bool = False
    floor: bool = False
    """A lower limit: windows are aligned at multiples of `per` in UTC, lie wholly in the period, and count even when they are empty."""
    enough: int = 1
    """Rows of base that a mean or a share wants."""
    write: Callable[[Fraction], str] = lambda value: f"{int(value):,}"
    """A number of the window, as people write it."""
    rule: str = ""
    """The limit as people write it: ``at most 1,000``."""

    @property
    def aligned(self) -> bool:
        """Whether windows are aligned at multiples of `per` in UTC rather than begin at every second that has a record."""
        return self.how == "distinct" or self.floor


def number(value: Fraction) -> str:
    """A plain number: ``12,345``."""
    return f"{int(value):,}"


def percent(value: Fraction) -> str:
    """A share: ``2.31%``, never rounded to a limit that it is over."""
    return f"{float(value * 100):.3g}%"


def milliseconds(value: Fraction) -> str:
    """A time: ``1,234 ms``."""
    return f"{float(value):,.0f} ms"


def size(value: Fraction) -> str:
    """A number of bytes: ``61.3 GiB``."""
    scaled = float(value)
    for unit in ("B", "KiB", "MiB", "GiB", "TiB"):
        if scaled < 1024 or unit == "TiB":
            break
        scaled /= 1024
    return f"{int(value)} B" if unit == "B" else f"{scaled:,.1f} {unit}"


def seconds(value: Fraction) -> str:
    """A length of time: ``2 h 05 min``."""
    minutes, rest = divmod(int(value), 60)
    hours, minutes = divmod(minutes, 60)
    if hours:
        return f"{hours:,} h {minutes:02} min"
    return f"{minutes} min {rest:02} s" if minutes else f"{rest} s"
