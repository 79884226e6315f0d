"""What a Parquet file of records says of itself: all that whoever read the logs knew beside the records."""

from __future__ import annotations

import json
from dataclasses import asdict, dataclass, field
from typing import Any, Final

from s3guard.model import Unreadable
from s3guard.records import COLUMN_BITS

KEY: Final = "s3guard"
"""Under which it stands in the file's metadata."""
_FORMAT: Final = "s3guard/records/1"
_LARGEST: Final = 2**62
_LONGEST: Final = 64 << 20
_KINDS: Final = 1_000
"""Kinds of warnings that anybody could tell apart."""


class ForeignError(Exception):
    """The file is none that s3guard wrote for itself, or not one that it can read; the message says why."""


@dataclass(frozen=True, slots=True)
class Kept:
    """What is told of the records of a file. NOTE: no signature: who can write the file can write this, too."""

    rows: int
    ambiguous: int
    """Rows of them that stand for several readings."""
    quarantined: int
    """Lines for which there is no row."""
    warnings: dict[str, int]
    unreadable: tuple[Unreadable, ...]
    delivered: dict[str, int]
    """Buckets with JSON deliveries to the bits of the columns that were carried, see `parsed.Parsed.carried`."""
    narrowed: tuple[str, ...] = ()
    """The flags by which records were left out; none: every record of the logs is there, with every column."""
    tool: str = ""
    """The version of s3guard that wrote the file."""
    read: dict[str, int] = field(default_factory=dict)
    """How many log objects and bytes were read, for people."""

    def metadata(self) -> dict[str, str]:
        """The metadata that `kept` reads."""
        told = asdict(self) | {"format": _FORMAT, "delivered": {bucket: _names(bits) for bucket, bits in self.delivered.items()}}
        return {KEY: json.dumps(told, sort_keys=True)}


def kept(metadata: dict[str, str]) -> Kept:
    """What a file's metadata tell; `ForeignError` where they are not as `Kept.metadata` writes them."""
    text = metadata.get(KEY)
    if text is None:
        raise ForeignError("Parquet that s3guard did not write; give the logs, or what `s3guard records --to parquet` makes of them")
    try:
        told = json.loads(text) if len(text) <= _LONGEST else None
    except (ValueError, RecursionError):
        told = None
    if not isinstance(told, dict) or not isinstance(told.get("format"), str):
        raise ForeignError("Parquet whose metadata were changed since s3guard wrote them")
    if told["format"] != _FORMAT:
        raise ForeignError("Parquet of a version of s3guard that this one does not know; write it anew from the logs")
    try:
        return _read(told)
    except (KeyError, TypeError, ValueError, AttributeError) as error:
        raise ForeignError("Parquet whose metadata were changed since s3guard wrote them") from error


def _read(told: dict[str, Any]) -> Kept:
    return Kept(
        rows=_count(told["rows"]),
        ambiguous=_count(told["ambiguous"]),
        quarantined=_count(told["quarantined"]),
        warnings=_counts(told["warnings"]),
        unreadable=tuple(Unreadable(_text(entry["object"]), _text(entry["reason"])) for entry in told["unreadable"]),
        delivered={_text(bucket): _bits(names) for bucket, names in told["delivered"].items()},
        narrowed=tuple(_text(flag) for flag in told["narrowed"]),
        tool=_text(told["tool"]),
        read=_counts(told["read"]),
    )


def _count(value: object) -> int:
    if not isinstance(value, int) or isinstance(value, bool) or not 0 <= value <= _LARGEST:
        raise ValueError
    return value


def _counts(value: dict[str, object]) -> dict[str, int]:
    if len(value) > _KINDS:
        raise ValueError
    return {_text(kind): _count(count) for kind, count in value.items()}


def _text(value: object) -> str:
    if not isinstance(value, str):
        raise TypeError
    value.encode()  # NOTE: half a character, which JSON can spell and nothing can print, is a ValueError
    return value


def _names(bits: int) -> list[str]:
    return [name for name, bit in COLUMN_BITS.items() if bits & bit]


def _bits(names: list[str]) -> int:
    return sum(COLUMN_BITS[name] for name in set(names))
