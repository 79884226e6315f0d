"""What a message of a queue tells of new log objects, in every shape in which S3 may say it; nothing that is said is believed yet.

The shapes, told by their keys alone:

* S3's own, ``{"Records": [...]}``
  (https://docs.aws.amazon.com/AmazonS3/latest/userguide/notification-content-structure.html), in which keys are percent-encoded;
* S3's test, sent when notifications are switched on, ``{"Event": "s3:TestEvent", ...}``;
* EventBridge's, ``{"source": "aws.s3", "detail-type": "Object Created", ...}``
  (https://docs.aws.amazon.com/AmazonS3/latest/userguide/ev-events.html), in which keys are as they are;
* any of them inside an envelope of SNS, ``{"Type": "Notification", "Message": "..."}``
  (https://docs.aws.amazon.com/sns/latest/dg/sns-message-and-json-formats.html); with raw delivery there is no envelope.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final
from urllib.parse import unquote_plus

_DEEPEST: Final = 3
"""Envelopes in envelopes that are opened: EventBridge may send to SNS, and SNS to a queue."""
_LONGEST: Final = 1024
"""Bytes of a key at most (https://docs.aws.amazon.com/AmazonS3/latest/userguide/object-keys.html)."""
_ETAG: Final = re.compile(r'"?[!#-~]{0,128}"?')
"""What is asked for in a header, quotes or not (https://www.rfc-editor.org/rfc/rfc9110#section-8.8.3); S3's have about 40 characters."""
_READABLE: Final = ("ObjectCreated:", "ObjectRestore:Completed")
"""Events after which there is something to read: what was written, and what came back from an archive."""
_READABLE_DETAILS: Final = ("Object Created", "Object Restore Completed")


@dataclass(frozen=True, slots=True)
class Created:
    """An object that there is to read, as a message tells it."""

    bucket: str
    key: str
    """Decoded."""
    size: int | None = None
    etag: str | None = None
    """In quotes, as a listing has it."""
    version: str | None = None

    @property
    def name(self) -> str:
        """``s3://bucket/key``."""
        return f"s3://{self.bucket}/{self.key}"


@dataclass(frozen=True, slots=True)
class Notice:
    """What one message tells."""

    created: tuple[Created, ...] = ()
    """Each object once."""
    idle: int = 0
    """Events after which there is nothing to read: tests, removals, tags."""
    faults: tuple[str, ...] = ()
    """What could not be understood, in words that quote nothing of it."""


class _FaultError(ValueError):
    """A part of a message that is not what it should be; the text is the reason."""


def notice(body: str) -> Notice:
    """What the body of a message tells; never raises. Records that are understood are told beside those that are not."""
    created: dict[Created, None] = {}
    faults: dict[str, None] = {}
    idle = 0
    try:
        events = list(_events(body, _DEEPEST))
    except _FaultError as fault:
        return Notice(faults=(str(fault),))
    if not events:
        return Notice(faults=("it tells of nothing",))
    for event in events:
        try:
            found = _created(event)
        except _FaultError as fault:
            faults[str(fault)] = None
            continue
        if found is None:
            idle += 1
        else:
            created[found] = None
    return Notice(tuple(created), idle, tuple(faults))


def _events(body: str, deep: int) -> Iterator[Mapping[str, Any]]:
    """The events of a body, out of their envelopes."""
    try:
        told = json.loads(body)
    except (ValueError, RecursionError) as error:
        raise _FaultError("it is no JSON") from error
    if not isinstance(told, dict):
        raise _FaultError("it is no JSON object")
    if told.get("Type") == "Notification" and isinstance(told.get("Message"), str):
        if deep == 0:
            raise _FaultError("it is an envelope in too many envelopes")
        yield from _events(told["Message"], deep - 1)
    elif "TopicArn" in told and told.get("Type") in ("SubscriptionConfirmation", "UnsubscribeConfirmation"):
        raise _FaultError("it asks to confirm a subscription of SNS, which is for people to do")
    elif isinstance(told.get("Records"), list):
        records: Sequence[Any] = told["Records"]
        yield from (one if isinstance(one, dict) else {} for one in records)
    else:
        yield told


def _created(event: Mapping[str, Any]) -> Created | None:
    """The object that an event makes readable; None where it makes none readable."""
    if event.get("Event") == "s3:TestEvent" and event.get("Service") == "Amazon S3":
        return None
    if event.get("source") == "aws.s3" and "detail-type" in event:
        if event["detail-type"] not in _READABLE_DETAILS:
            return None
        detail = _inside(event, "detail")
        stored = _inside(detail, "object")
        return _object(_inside(detail, "bucket"), stored, _text(stored, "key"), stored.get("etag"), stored.get("version-id"))
    name = event.get("eventName")
    if event.get("eventSource") != "aws:s3" or not isinstance(name, str):
        raise _FaultError("it is no notification of S3")
    if not name.removeprefix("s3:").startswith(_READABLE):
        return None
    told = _inside(event, "s3")
    stored = _inside(told, "object")
    return _object(_inside(told, "bucket"), stored, _decoded(_text(stored, "key")), stored.get("eTag"), stored.get("versionId"))


def _object(bucket: Mapping[str, Any], stored: Mapping[str, Any], key: str, etag: object, version: object) -> Created:
    size = stored.get("size")
    if isinstance(size, bool) or not isinstance(size, int | None) or not 0 <= (size or 0) < 1 << 63:
        raise _FaultError("the size of its object is no number of bytes")
    if not isinstance(etag, str | None) or not isinstance(version, str | None):
        raise _FaultError("the ETag or the version of its object is no text")
    # NOTE: of some of these the library that reads from S3 makes no error but an end of the process.
    if etag is not None and _ETAG.fullmatch(etag) is None:
        raise _FaultError("the ETag of its object is none")
    name = _text(bucket, "name")
    for text in (name, key, version or ""):
        if not _is_text(text):
            raise _FaultError("a text in it is none that could be written")
    if not key or len(key.encode()) > _LONGEST:
        raise _FaultError("the key of its object is empty, or longer than a key can be")
    return Created(name, key, size, None if not etag else '"{}"'.format(etag.strip('"')), version)


def _decoded(key: str) -> str:
    """A key as it is, from a notification of S3, which encodes it as a form does."""
    try:
        return unquote_plus(key, errors="strict")
    except UnicodeError as error:
        raise _FaultError("the key of its object is no UTF-8") from error


def _inside(outer: Mapping[str, Any], name: str) -> Mapping[str, Any]:
    found = outer.get(name)
    if not isinstance(found, dict):
        raise _FaultError(f"{name!r} is missing in it")
    return found


def _text(outer: Mapping[str, Any], name: str) -> str:
    found = outer.get(name)
    if not isinstance(found, str):
        raise _FaultError(f"{name!r} is missing in it")
    return found


def _is_text(text: str) -> bool:
    """Whether the text has bytes: JSON can spell halves of characters."""
    try:
        text.encode()
    except UnicodeEncodeError:
        return False
    return True
