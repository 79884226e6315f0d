"""One JSON document, read with care: a record, the messages that a subscription wrapped, or the reason why it is neither.

Fields are those of https://docs.aws.amazon.com/AmazonS3/latest/userguide/sal-cw-log-format.html. JSON has one reading; a document that
tries to have two (a field twice) is none.
"""

from __future__ import annotations

import json
import re
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from typing import Final, TypeAlias

from s3guard.formats.json.decoding import LARGEST, DamagedError, Members, Messages, decoded, decoded_long
from s3guard.reading import MAX_LINE
from s3guard.records import COLUMN_BITS, JSON_NAMES

VERSIONS: Final = frozenset({"V_1_0"})
"""Versions of the schema whose fields are known."""
STATUSES: Final = range(100, 1000)

Value: TypeAlias = str | int | None

NUMBERS: Final = ("http_status", "bytes_sent", "object_size", "total_time", "turn_around_time")
TEXTS: Final = tuple(name for name in JSON_NAMES if name not in (*NUMBERS, "time"))
COLUMN_OF: Final = {field: name for name, field in JSON_NAMES.items()}
"""Fields of a record to the columns that they become."""
VERSION_FIELD: Final = "schema_version_id"
ARN_FIELD: Final = "bucket_arn"
ALWAYS: Final = COLUMN_BITS["bucket"] | COLUMN_BITS["time"]
"""Columns that every record carries: one that says neither where nor when is none."""

_TIME: Final = re.compile(
    r"([0-9]{4})-([0-9]{2})-([0-9]{2})T([0-9]{2}):([0-9]{2}):([0-9]{2})(?:\.[0-9]{1,9})?(?:Z|([+-])([01][0-9]|2[0-3]):?([0-5][0-9]))"
)
_ARN: Final = re.compile(r"arn:[a-z-]+:s3:::(.+)", re.DOTALL)
_SURROGATE: Final = re.compile("[\ud800-\udfff]")
_EPOCH: Final = datetime(1970, 1, 1, tzinfo=UTC)


@dataclass(frozen=True, slots=True)
class Record:
    """One record."""

    values: dict[str, Value]
    """Columns to their values as delivered, ``time`` in seconds since 1970; columns that are absent or null are left out."""
    carried: int
    """Bits (`records.COLUMN_BITS`) of the columns that the document names, were it with null."""
    extra: str | None
    """Fields that are not known, as ``name=value``, sorted."""
    is_newer: bool
    """Whether it is of a version of the schema that is not known."""
    members: tuple[tuple[str, object], ...] = ()
    """Every member of the document, in its order, where they were asked for."""


@dataclass(frozen=True, slots=True)
class Envelope:
    """What a subscription of CloudWatch Logs sends
    (https://docs.aws.amazon.com/AmazonCloudWatch/latest/logs/SubscriptionFilters.html).
    """

    messages: tuple[str, ...]
    """The messages of its events."""
    lacking: int = 0
    """Events that have none."""
    is_control: bool = False
    """Whether it only asks if the destination is there."""


@dataclass(frozen=True, slots=True)
class Damage:
    """Not a record."""

    reason: str
    """For a person; never quotes the document."""
    holds: int = 1
    """How many records it may have held."""


def read(data: bytes, *, whole: bool = False) -> Record | Envelope | Damage:
    """What a document is; never raises, whatever the bytes. `whole`: a record with all its members."""
    try:
        # NOTE: bytes that are no UTF-8 stand in text fields that a client may have written: they are kept, and shown as what they are.
        text = data.decode("utf-8", "surrogateescape")
        return _understood(decoded(text) if len(data) <= MAX_LINE else decoded_long(text), len(data), whole=whole)
    except DamagedError as damage:
        return Damage(str(damage), _held(data))
    except RecursionError:
        return Damage("nested too deep", _held(data))
    except json.JSONDecodeError as error:
        return Damage(f"not JSON: {error.msg.lower()} at character {error.pos + 1:,}", _held(data))
    except ValueError:
        return Damage("not JSON: a number that is too long", _held(data))


def _understood(document: object, size: int, *, whole: bool) -> Record | Envelope:
    if not isinstance(document, Members):
        raise DamagedError("no JSON object")
    if {"messageType", "logEvents"} <= {name for name, _ in document}:
        return _unwrapped(document)
    if size > MAX_LINE:
        raise DamagedError("longer than 1 MiB")
    record = _record(document)
    return replace(record, members=document) if whole else record


def _held(data: bytes) -> int:
    """How many records a damaged document may have held: one, or as many as it has messages, or times of records."""
    messages = data.count(b'"message"') if b'"logEvents"' in data else 0
    return max(1, messages, data.count(b'request_time\\"'), data.count(b'request_time"'))


def _unwrapped(document: Members) -> Envelope:
    members = dict(document)
    kind, events = members["messageType"], members["logEvents"]
    if isinstance(events, list):
        found = Messages([])
        for event in events:
            found.add(event)
        events = found
    if kind not in ("DATA_MESSAGE", "CONTROL_MESSAGE") or not isinstance(events, Messages):
        raise DamagedError("a message of CloudWatch Logs of a kind that is not known")
    # NOTE: what only asks for health holds no record, or it is not what it says.
    if kind == "CONTROL_MESSAGE" and not any(JSON_NAMES["time"] in text for text in events.texts):
        return Envelope((), is_control=True)
    return Envelope(tuple(events.texts), events.lacking)


def _record(document: Members) -> Record:
    values: dict[str, Value] = {}
    carried, arn, version = ALWAYS, None, None
    unknown: list[tuple[str, str]] = []
    for field, value in document:
        name = COLUMN_OF.get(field)
        if name is not None:
            carried |= COLUMN_BITS[name]
            values[name] = _checked(name, field, value)
        elif field == ARN_FIELD:
            arn = _text(field, value)
        elif field == VERSION_FIELD:
            version = _text(field, value)
        elif value is not None:
            unknown.append((field, _written(value)))
    values["bucket"] = _bucket(values.get("bucket"), arn)
    values["time"] = _seconds(values.get("time"))
    told: dict[str, Value] = {name: value for name, value in values.items() if value is not None}
    extra = _clean(" ".join(f"{field}={value}" for field, value in sorted(unknown))) or None
    return Record(told, carried, extra, version is not None and version not in VERSIONS)


def _checked(name: str, field: str, value: object) -> Value:
    """The value of a known field, of its type."""
    if name not in NUMBERS:
        return _text(field, value)
    if value is None:
        return None
    allowed = STATUSES if name == "http_status" else range(LARGEST + 1)
    if not isinstance(value, int) or isinstance(value, bool) or value not in allowed:
        raise DamagedError(f"its {field} is no number that S3 would write")
    return value


def _text(field: str, value: object) -> str | None:
    if value is None:
        return None
    if not isinstance(value, str):
        raise DamagedError(f"its {field} is no text")
    return _clean(value)


def _clean(text: str) -> str:
    r"""The text, what is no UTF-8 as ``\xNN``, as in texts of lines of log."""
    return text if text.isascii() else _SURROGATE.sub(_spelled, text)


def _spelled(match: re.Match[str]) -> str:
    """NOTE: a byte that is no UTF-8 came as a surrogate of its own range; others the document spelled itself."""
    code = ord(match[0])
    return f"\\x{code - 0xDC00:02x}" if 0xDC80 <= code <= 0xDCFF else f"\\u{code:04x}"


def _written(value: object) -> str:
    return value if isinstance(value, str) else json.dumps(_plain(value), ensure_ascii=True, separators=(",", ":"))


def _plain(value: object) -> object:
    if isinstance(value, Members):
        return {name: _plain(one) for name, one in value}
    return [_plain(one) for one in value] if isinstance(value, list) else value


def _bucket(name: Value, arn: str | None) -> str:
    """The bucket that a record is of."""
    matched = _ARN.fullmatch(arn or "")
    of_arn = matched[1] if matched else None
    if (name or of_arn or "-") == "-":
        raise DamagedError("neither bucket_name nor bucket_arn names a bucket")
    if name and of_arn is not None and name != of_arn:
        raise DamagedError("bucket_name and bucket_arn name different buckets")
    return str(name or of_arn)


def _seconds(value: Value) -> int:
    """Seconds since 1970; what is less than a second is cut off, for windows have whole ones."""
    matched = _TIME.fullmatch(value) if isinstance(value, str) else None
    if matched is None:
        raise DamagedError("its request_time is missing or not as S3 writes it")
    *parts, sign, hours, minutes = matched.groups()
    try:
        local = datetime(*map(int, parts), tzinfo=UTC)  # type: ignore[arg-type, misc]  # six numbers: year to second
        ahead = timedelta(hours=int(hours or 0), minutes=int(minutes or 0))
        time = local + ahead if sign == "-" else local - ahead
    except (ValueError, OverflowError) as error:
        raise DamagedError("its request_time is no date of the calendar") from error
    return int((time - _EPOCH).total_seconds())
