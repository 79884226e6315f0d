"""The page of a record as S3 delivers it to CloudWatch Logs: every field with its meaning, and what s3guard makes of it."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace

from s3guard.explain.line import field, judgement, told, unread, why
from s3guard.fields import FIELD_NAMES, Fields
from s3guard.formats.json.physical import key_of
from s3guard.formats.json.record import Damage, Envelope, Record, read
from s3guard.outputs import plural
from s3guard.page import BOLD, YELLOW, Page
from s3guard.reading import text
from s3guard.records import COLUMN_BITS, JSON_NAMES
from s3guard.redaction import NOTHING, Redaction

_TRUST = "JSON has one reading: nobody can forge a field. request_uri, referer, user_agent are the client's own words all the same."


def explained(document: bytes, page: Page, redaction: Redaction = NOTHING) -> Iterator[str]:
    """Lines of the page of one document; any bytes."""
    found, page = read(document), replace(page, gutter=21)
    if isinstance(found, Damage):
        yield from page.lines("quarantined", page.safe(found.reason), BOLD, YELLOW)
        yield from page.lines("", "It is no record: kept with its origin, counted, and judged by no rule.")
        yield from unread(text(document), page, redaction)
    elif isinstance(found, Envelope):
        yield from page.lines(
            "subscription", f"a message of CloudWatch Logs that holds {plural(len(found.messages) + found.lacking, 'event')}", BOLD
        )
        for message in found.messages:
            yield ""
            yield from explained(message.encode("utf-8", "surrogatepass"), page, redaction)
    else:
        yield from _record(found, page, redaction)


def _record(record: Record, page: Page, redaction: Redaction) -> Iterator[str]:
    reading = _reading(record)
    yield from page.lines("record", "JSON, as S3 delivers it to CloudWatch Logs", BOLD)
    if record.is_newer:
        yield from page.lines("warning", "newer-schema: its schema is newer than this s3guard", label_style=YELLOW)
    key, uri, bucket = (record.values.get(name) for name in ("key", "request_uri", "bucket"))
    certain = None if key is None else key_of(str(key), None if uri is None else str(uri), str(bucket))
    if key is not None and certain is None:
        yield from page.lines("unknown", "key: it may be encoded, and nothing tells; rules that use it leave the record unjudged")
    yield from judgement([reading], certain, page, redaction)
    yield ""
    for name in FIELD_NAMES:
        column = "key" if name == "key_logged" else name
        if not record.carried & COLUMN_BITS[column]:
            value = "not in this record: no value, or the delivery leaves the field out"
        else:
            value = "null" if getattr(reading, name) is None else told(name, reading, page, redaction)
        yield from field(name, value, page)
    if record.extra is not None:
        yield from page.lines("extra", page.clean(redaction.value("extra", record.extra)))
    yield ""
    yield from page.lines("", "Whom to believe", BOLD)
    yield from page.lines(page.glyph("·", "-"), _TRUST)
    if reading.error_code is not None:
        yield from why(text(reading.error_code), [reading], page)


def _reading(record: Record) -> Fields:
    """The record as the reading of a line."""
    values: dict[str, bytes | int | None] = dict.fromkeys(FIELD_NAMES)
    for name in JSON_NAMES:
        value = record.values.get(name)
        values["key_logged" if name == "key" else name] = value.encode() if isinstance(value, str) else value
    values["operation"] = values["operation"] or b""
    return Fields(**values, extra=None, fields=27)  # type: ignore[arg-type]  # each of its type, as the reader saw to
