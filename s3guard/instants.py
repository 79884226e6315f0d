"""Points in time as people write them on a command line: instants, days, and ages before another instant."""

from __future__ import annotations

import re
from datetime import UTC, datetime, timedelta
from typing import Final

from s3guard.problems import quoted
from s3guard.quantities import duration

_DAY: Final = re.compile(r"[0-9]{4}-[0-9]{2}-[0-9]{2}")
_INSTANT: Final = re.compile(r"([0-9]{4}-[0-9]{2}-[0-9]{2})[Tt ]([0-9]{2}:[0-9]{2}:[0-9]{2})(\.[0-9]{1,9})?([Zz]|[+-][0-9]{2}:[0-9]{2})?")
_AGE: Final = re.compile(r"[0-9.]+[A-Za-z]+")


def instant(text: str, before: datetime | None = None) -> datetime:
    """The instant, UTC, in whole seconds, that `text` names.

    ``2026-10-01T06:00:00Z`` (RFC 3339, any offset), ``2026-10-01`` (its first second, UTC), or an age such as ``24h``, counted back from
    `before` where that is given. Logs tell whole seconds, so a fraction counts as the next one. ValueError says what was meant.
    """
    if _AGE.fullmatch(text):
        return _aged(text, before)
    if _DAY.fullmatch(text):
        return _read(f"{text}T00:00:00+00:00", text)
    written = _INSTANT.fullmatch(text)
    if written is None:
        ages = ", or an age such as 24h or 30d" if before else ""
        raise ValueError(f"{quoted(text)} is no instant; write 2026-10-01, 2026-10-01T06:00:00Z{ages}")
    day, time, fraction, offset = written.groups()
    if offset is None:
        raise ValueError(f"{quoted(text)} has no time zone; write {day}T{time}Z for UTC, or an offset such as +02:00")
    whole = _read(f"{day}T{time}{offset.upper().replace('Z', '+00:00')}", text)
    return whole + timedelta(seconds=1) if fraction and fraction.strip(".0") else whole


def _aged(text: str, before: datetime | None) -> datetime:
    if before is None:
        raise ValueError(
            f"{quoted(text)} is an age, and there is no instant to count it back from; write 2026-10-01 or 2026-10-01T06:00:00Z"
        )
    milliseconds = duration(text)
    try:
        return before - timedelta(seconds=milliseconds // 1000)
    except OverflowError as error:
        raise ValueError(f"{quoted(text)} is longer ago than the calendar goes") from error


def _read(text: str, written: str) -> datetime:
    try:
        return datetime.fromisoformat(text).astimezone(UTC)
    except (ValueError, OverflowError) as error:
        raise ValueError(f"{quoted(written)} is no date and time of the calendar") from error
