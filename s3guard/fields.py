"""One reading of a log line, field by field, and the cross-checks that genuine records pass.

The fields are those of https://docs.aws.amazon.com/AmazonS3/latest/userguide/LogFormat.html, in its order. A check is a predicate that is
true of a reading that breaks it; what it tells is a warning, for a strange record is judged like any other.
"""

from __future__ import annotations

import dataclasses
import re
from collections.abc import Callable, Mapping
from types import MappingProxyType
from typing import Final

_UNSIGNED_FIELDS: Final = 18
"""Fields of a line before 2019, which had no columns of signature and TLS."""
_ERRORS_FROM: Final = 400
_NOT_MODIFIED: Final = 304
_REDIRECTS: Final = frozenset(range(300, _ERRORS_FROM)) - {_NOT_MODIFIED}
_WITH_METHOD: Final = re.compile(rb"(?:REST|WEBSITE)\.([A-Z0-9]+)\.")


@dataclasses.dataclass(frozen=True, slots=True)
class Fields:
    """One reading of a line: bytes as logged, None where the log says ``-`` or the line's generation has no such field."""

    bucket_owner: bytes | None
    bucket: bytes
    time: int
    """Seconds since 1970, UTC; the logged offset is applied."""
    remote_ip: bytes | None
    requester: bytes | None
    request_id: bytes | None
    operation: bytes
    key_logged: bytes | None
    request_uri: bytes | None
    """None also where it is named in `reading.Line.unknown`; so for `referer` and `user_agent`. Empty quotes are empty, not None."""
    http_status: int | None
    error_code: bytes | None
    bytes_sent: int | None
    object_size: int | None
    total_time: int | None
    """Milliseconds."""
    turn_around_time: int | None
    """Milliseconds."""
    referer: bytes | None
    user_agent: bytes | None
    version_id: bytes | None
    host_id: bytes | None
    signature_version: bytes | None
    cipher_suite: bytes | None
    authentication_type: bytes | None
    host_header: bytes | None
    tls_version: bytes | None
    access_point_arn: bytes | None
    acl_required: bytes | None
    source_region: bytes | None
    extra: bytes | None
    """Fields 28 and up as logged, joined by a space."""
    fields: int
    """How many fields the line had: 17, 18, or 24 and more."""


FIELD_NAMES: Final = tuple(field.name for field in dataclasses.fields(Fields))[:27]
"""The 27 fields of a line by name, in the line's order, the key as `key_logged`."""

CORE_NAMES: Final = FIELD_NAMES[9:15]
"""The six fields between the texts, http_status to turn_around_time, in which readings of an ambiguous line differ."""

TEXT_NAMES: Final = ("request_uri", "referer", "user_agent")
"""The fields that the client writes; the only ones that `reading.Line.unknown` can name."""


def contradicts_authentication(reading: Fields) -> bool:
    """Requester without authentication type or the other way round, but for S3 itself; the mark of a forged suffix."""
    return (
        _signed_generation(reading)
        and reading.requester != b"AmazonS3"
        and (reading.requester is None) != (reading.authentication_type is None)
    )


def contradicts_signature(reading: Fields) -> bool:
    """Signature version without authentication type, or the other way round."""
    return (reading.signature_version is None) != (reading.authentication_type is None)


def contradicts_cipher(reading: Fields) -> bool:
    """TLS version without cipher suite, or the other way round."""
    return (reading.tls_version is None) != (reading.cipher_suite is None)


def contradicts_status(reading: Fields) -> bool:
    """An error code with a status under 400, or none with 400 and more; redirects (3xx but 304) may have one."""
    status = reading.http_status
    return status is not None and status not in _REDIRECTS and (status >= _ERRORS_FROM) != (reading.error_code is not None)


def contradicts_method(reading: Fields) -> bool:
    """A request line whose method is not the operation's verb (PUT for COPY); REST and WEBSITE operations of three parts."""
    verb = _WITH_METHOD.match(reading.operation)
    if verb is None or reading.request_uri is None:
        return False
    method = b"PUT" if verb[1] == b"COPY" else verb[1]
    return reading.request_uri.split(b" ", 1)[0] != method


def contradicts_times(reading: Fields) -> bool:
    """A turn-around time over the total time."""
    return reading.turn_around_time is not None and reading.total_time is not None and reading.turn_around_time > reading.total_time


def lacks_address(reading: Fields) -> bool:
    """No remote IP though the requester is neither S3, nor an AWS service, nor the session of a role."""
    requester = reading.requester or b""
    return (
        reading.remote_ip is None and requester != b"AmazonS3" and not requester.startswith(b"svc:") and b":assumed-role/" not in requester
    )


def _signed_generation(reading: Fields) -> bool:
    """Whether the line has the columns of 2019."""
    return reading.fields > _UNSIGNED_FIELDS


CHECKS: Final[Mapping[str, Callable[[Fields], bool]]] = MappingProxyType(
    {
        "requester-authentication": contradicts_authentication,
        "signature-authentication": contradicts_signature,
        "tls-cipher": contradicts_cipher,
        "status-error-code": contradicts_status,
        "method-operation": contradicts_method,
        "turn-around-time": contradicts_times,
        "remote-ip": lacks_address,
    },
)
"""Cross-checks between fields that held on every genuine record seen: kind to a predicate that is true of a record that breaks it."""

WARNINGS: Final[Mapping[str, str]] = MappingProxyType(
    {
        "requester-authentication": "requester and authentication type contradict each other: a forged or damaged record",
        "signature-authentication": "signature version and authentication type contradict each other",
        "tls-cipher": "TLS version and cipher suite contradict each other",
        "status-error-code": "HTTP status and error code contradict each other",
        "method-operation": "the method of the request line is not the operation's",
        "turn-around-time": "the turn-around time is longer than the total time",
        "remote-ip": "no remote IP, though a client made the request",
        "quote-in-client-text": "the client sent a double quote in request line, Referer or User-Agent",
        "client-text-unknown": "request line, Referer or User-Agent can be told apart in several ways",
        "embedded-record": "client text looks like another record: two records on one line, or a client that pretends it",
        "extra-principal-id": "a principal id stands before the host id, as in some records of 2019; it was passed over",
        "carriage-return": "the line ended in a carriage return, which was passed over",
        "byte-order-mark": "the object began with a byte-order mark, which was passed over",
        "unterminated-line": "the object's last line has no newline: it may be cut off",
        "newer-schema": "the record names a version of its schema that s3guard does not know; the fields that it knows were read",
        "control-message": "CloudWatch Logs asked whether the destination is there; the message holds no records",
        "outside-period": "the record lies outside the period that was asked for, and is judged by nothing",
    },
)
"""Every kind of warning and what it says. None of them changes a status, an outcome or a verdict."""
