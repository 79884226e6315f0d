"""What blocks of log hold: records, readings of ambiguous lines, quarantined lines, and what could not be read."""

from __future__ import annotations

from dataclasses import dataclass, field

import polars as pl

from s3guard.model import Unreadable


@dataclass(frozen=True, slots=True)
class Quarantined:
    """A line that is not a record, or not certainly one, with its origin and bytes as logged."""

    object: int
    line: int
    status: str
    """``quarantined`` or ``ambiguous``."""
    reason: str
    data: bytes


@dataclass(slots=True)
class Parsed:
    """What blocks of lines hold."""

    records: pl.DataFrame
    """One row a record, columns of `physical.PHYSICAL`."""
    readings: pl.DataFrame
    """Readings of ambiguous lines: rows of one line share `reading`."""
    quarantined: list[Quarantined]
    """Quarantined and ambiguous lines, where the parser was asked to keep them."""
    warnings: dict[str, int] = field(default_factory=dict)
    """Integrity warnings (`reading.WARNINGS`) to the count of records."""
    damaged_of: dict[int, int] = field(default_factory=dict)
    """How many lines are quarantined, kept or not, by their object, as `records` has it."""
    delivered: pl.DataFrame | None = None
    """Records of a delivery that may have left columns out, which are null then: columns of `physical.PHYSICAL` and ``key``."""
    carried: dict[str, int] = field(default_factory=dict)
    """Buckets of `delivered` to the bits (`records.COLUMN_BITS`) of the columns that at least one record carries, were it with null."""
    objects: tuple[str, ...] | None = None
    """Names of the log objects, where the records say more than the block that they came in."""
    holders: tuple[str, ...] | None = None
    """For each of the objects the name of what was read, where it is not the log object itself."""
    unreadable: tuple[Unreadable, ...] = ()
    """What of the block could not be read."""

    @property
    def damaged(self) -> int:
        """How many lines are quarantined, kept or not."""
        return sum(self.damaged_of.values())
