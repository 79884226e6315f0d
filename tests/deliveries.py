"""Records as S3 delivers them to CloudWatch Logs, made from lines of log, and the forms in which they arrive in a bucket."""

from __future__ import annotations

import gzip
import json
from collections.abc import Callable, Iterable, Sequence
from datetime import UTC, datetime
from typing import Any, Final

from s3guard.fields import Fields
from s3guard.reading import decode_key, read_line, text
from s3guard.records import JSON_NAMES

FIELDS: Final = ("schema_version_id", "bucket_arn", *JSON_NAMES.values())
"""Every field of a record."""


def record_of(line: bytes, milliseconds: int = 0, *, nulls: bool = True) -> dict[str, Any] | None:
    """The record that a line of log has; None where the line is no record, or not certainly one.

    `nulls`: fields without a value are there, with null.
    """
    read = read_line(line)
    if read.status != "ok" or read.unknown or read.readings[0].fields < 24:
        return None
    record = _members(read.readings[0], milliseconds)
    return record if nulls else {field: value for field, value in record.items() if value is not None}


def _members(fields: Fields, milliseconds: int) -> dict[str, Any]:
    key = None if fields.key_logged is None else decode_key(fields.operation, fields.key_logged)
    time = datetime.fromtimestamp(fields.time, UTC).strftime("%Y-%m-%dT%H:%M:%S") + f".{milliseconds:03}Z"
    record: dict[str, Any] = {"schema_version_id": "V_1_0", "bucket_arn": f"arn:aws:s3:::{text(fields.bucket)}"}
    for name, field in JSON_NAMES.items():
        value = {"time": time, "key": key}.get(name) if name in ("time", "key") else getattr(fields, name)
        record[field] = text(value) if isinstance(value, bytes) else value
    return record


def written(record: Any, colon: str = ":", comma: str = ",") -> str:
    """The record as AWS writes it: compact, any character as it is."""
    return json.dumps(record, separators=(comma, colon), ensure_ascii=False)


def json_lines(documents: Sequence[str]) -> bytes:
    """One document a line."""
    return "".join(f"{document}\n" for document in documents).encode("utf-8", "surrogatepass")


def in_a_row(documents: Sequence[str]) -> bytes:
    """One document behind the other."""
    return "".join(documents).encode("utf-8", "surrogatepass")


def stamped(documents: Sequence[str]) -> bytes:
    """As an export of CloudWatch Logs writes them."""
    return json_lines([f"2026-10-01T00:00:00.{number % 1000:03}Z {document}" for number, document in enumerate(documents)])


def envelope(messages: Iterable[Any], kind: str = "DATA_MESSAGE") -> str:
    """What a subscription sends."""
    events = [{"id": f"{number:056}", "timestamp": 1790812800000 + number, "message": one} for number, one in enumerate(messages)]
    head = {"messageType": kind, "owner": "111122223333", "logGroup": "/aws/s3", "logStream": "b", "subscriptionFilters": ["f"]}
    return json.dumps(head | {"logEvents": events}, separators=(",", ":"))


def subscribed(documents: Sequence[str], each: int = 7) -> bytes:
    """Messages of a subscription, each packed, one behind the other."""
    groups = [documents[start : start + each] for start in range(0, len(documents), each)]
    control = envelope(["CWL CONTROL MESSAGE: Checking health of destination Firehose."], "CONTROL_MESSAGE")
    return b"".join(gzip.compress(one.encode()) for one in [control, *(envelope(group) for group in groups)])


FORMS: Final[dict[str, Callable[[Sequence[str]], bytes]]] = {
    "lines": json_lines,
    "row": in_a_row,
    "stamped": stamped,
    "subscription": subscribed,
}
"""How records arrive."""
