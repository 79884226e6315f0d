"""How records become numbers, and when a number is over its limit: what the rules about groups say to the kernel."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from fractions import Fraction
from typing import Final, Literal

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


@dataclass(frozen=True, slots=True)
class Usual:
    """One number of an hour that is held against what is usual.

    `limit` says how the number is made (``count``, ``sum``, or ``mean``, which is one of logarithms, see `typical`), and how it is written.
    """

    name: str
    """What it is a number of, as the subject of a finding names it: ``requests``."""
    limit: Limit
    times: Fraction
    """How many times the usual spread is still usual."""
    both: bool = False
    """Whether far fewer is unusual, too."""
    unit: int = 1
    """What counts as one: a mebibyte of bytes, for instance."""


FIXED: Final = 1 << 16
"""What the logarithms of times are multiplied with, so that their sums are whole numbers, which are the same in any order."""


def typical(milliseconds: pl.Expr) -> pl.Expr:
    """What a time counts for the typical one of an hour: its logarithm.

    NOTE: the mean of logarithms is the geometric mean, which one slow request of many does not move, and a slower hour does.
    """
    return ((milliseconds.clip(0).cast(pl.Float64) + 1).log(2) * FIXED).round().cast(pl.Int64)


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
