"""What the name of a delivered log object tells: when it was delivered, from which bucket, and where the next ones of interest begin.

S3 names log objects in one of two ways (https://docs.aws.amazon.com/AmazonS3/latest/userguide/ServerLogs.html, *Log object key format*):

* simple: ``[prefix]YYYY-MM-DD-hh-mm-ss-unique``, the time of delivery;
* partitioned: ``[prefix]account/region/bucket/YYYY/MM/DD/YYYY-MM-DD-hh-mm-ss-unique``, the day of the events or of the delivery.

All times are UTC. What comes before the year is the *root* of a name: the names of one root are in the order of time.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import Enum
from typing import Final

_UNIQUE: Final = r"[0-9A-Za-z]+(?:\.[0-9A-Za-z.]+)?"
"""The unique string, and an ending such as ``.gz`` where somebody packed the objects."""
_DAY: Final = r"\d{4}-(?:0[1-9]|1[0-2])-(?:0[1-9]|[12]\d|3[01])"
_STAMP: Final = rf"{_DAY}-[0-2]\d-[0-5]\d-[0-5]\d"
_REGION: Final = r"[a-z]{2}(?:-[a-z]+)+-\d+"
_BUCKET: Final = r"[0-9A-Za-z._-]{3,255}"
_SIMPLE: Final = re.compile(rf"(?P<root>.*?)(?P<stamp>{_STAMP})-{_UNIQUE}", re.DOTALL)
_PARTITIONED: Final = re.compile(
    rf"(?P<root>(?P<account>.*?\d{{12}}/){_REGION}/(?P<bucket>{_BUCKET})/)(?P<stamp>\d{{4}}/\d\d/\d\d/){_STAMP}-{_UNIQUE}", re.DOTALL
)
_FOLDER: Final = re.compile(rf"\d{{12}}/(?P<region>{_REGION}/(?:(?P<bucket>{_BUCKET})/(?:(?P<year>\d{{4}})/)?)?)?$")

LAST: Final = "~"
"""Behind all letters and digits of ASCII: no delivered name begins with a root, a year, its separator and this."""


@dataclass(frozen=True, slots=True)
class Name:
    """What a log object's key says."""

    root: str
    """All before the year."""
    stamp: str
    """The time, as it stands in the name: ``2026-10-01-06-00-00``, or of a partition ``2026/10/01/``."""
    account: str = ""
    """The key up to the account and its slash; empty in the simple format."""
    bucket: str | None = None
    """The bucket that the records are of; None in the simple format, whose names do not say it."""

    @property
    def year(self) -> str:
        """Root, year and separator: what all names of this root and year begin with."""
        return self.root + self.stamp[:5]


def named(key: str) -> Name | None:
    """What a key says; None where it is named in neither way."""
    # NOTE: a partitioned name ends like a simple one, so it is asked first.
    if "/" in key and (found := _PARTITIONED.fullmatch(key)):
        return Name(found["root"], found["stamp"], found["account"], found["bucket"])
    if found := _SIMPLE.fullmatch(key):
        return Name(found["root"], found["stamp"])
    return None


class Level(Enum):
    """What a folder of the partitioned format holds."""

    REGIONS = "regions"
    SOURCES = "sources"
    YEARS = "years"
    MONTHS = "months"


@dataclass(frozen=True, slots=True)
class Folder:
    """A folder that has the path of one of the partitioned format."""

    level: Level
    bucket: str | None = None
    """Whose logs it holds."""
    year: str | None = None


def folder(path: str) -> Folder | None:
    """What a folder's path, which ends with a slash, says; None where it is none of the partitioned format."""
    found = _FOLDER.search(path)
    if found is None:
        return None
    if found["region"] is None:
        return Folder(Level.REGIONS)
    if found["bucket"] is None:
        return Folder(Level.SOURCES)
    return Folder(Level.MONTHS if found["year"] else Level.YEARS, found["bucket"], found["year"])


@dataclass(frozen=True, slots=True)
class Window:
    """The times that names must have; both ends None: any."""

    since: datetime | None = None
    """UTC; names from then on (of a partition: from that day on)."""
    until: datetime | None = None
    """UTC; names before then (of a partition: up to the day of the instant before)."""

    @property
    def is_open(self) -> bool:
        """Whether every time is wanted."""
        return self.since is None and self.until is None

    def first(self, stamp: str) -> str:
        """The least stamp of the same form that is wanted; empty where all are."""
        return "" if self.since is None else _like(stamp, self.since)

    def behind(self, stamp: str) -> bool:
        """Whether a stamp lies behind the window."""
        if self.until is None:
            return False
        return stamp > _like(stamp, self.until - timedelta(seconds=1))

    def has_year(self, year: str) -> bool:
        """Whether a year, four digits, has a part in the window."""
        return self.first(year) <= year and not self.behind(year)

    def skipped(self, name: Name) -> str | None:
        """Where to go on behind a name that is not wanted; None where it is wanted.

        What lies between has the name's root, year and separator, and no other: an account's folder may begin with the same digits.
        """
        first = self.first(name.stamp)
        if name.stamp < first:
            return name.root + first if first[:5] == name.stamp[:5] else name.year + LAST
        return name.year + LAST if self.behind(name.stamp) else None


def _like(stamp: str, time: datetime) -> str:
    """A time in the form of a stamp."""
    form = "" if len(stamp) == 4 else "/%m/%d/" if stamp[4] == "/" else "-%m-%d-%H-%M-%S"
    # NOTE: strftime would write the years before 1000 without their zeros.
    return f"{time.year:04d}{time.strftime(form) if form else ''}"
