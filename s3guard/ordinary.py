"""The ordinary record: what a log says of a request where a test of a policy does not say it, and how it is delivered to the parser.

Records are written as S3 delivers them as JSON, which has one reading: a value is what it is, whatever quotes and spaces it holds.
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Sequence
from datetime import datetime, timedelta
from typing import Final
from urllib.parse import quote

from pydantic import BaseModel

from s3guard.globs import is_glob
from s3guard.records import JSON_NAMES, LOG_COLUMNS, error_codes

_OBJECT: Final = ("OBJECT", "PART", "UPLOAD")
"""In names of operations on objects, which have a key."""
_CODES: Final = {403: "AccessDenied", 404: "NoSuchKey", 500: "InternalError", 503: "SlowDown"}
"""What S3 calls the error, as a rule."""
_ANONYMOUS: Final = ("signature_version", "authentication_type")
"""What a request that nobody signed has none of."""
_TLS: Final = ("cipher_suite", "tls_version")
"""What a plain request has none of."""
USUAL: Final[dict[str, str | int | None]] = {
    "bucket_owner": "79a59df900b949e55d96a1e698fbacedfd6e09d98eacf8f8d5218e7cd47ef2be",
    "remote_ip": "192.0.2.3",
    "requester": "arn:aws:iam::111122223333:user/ordinary",
    "operation": "REST.GET.OBJECT",
    "http_status": 200,
    "error_code": None,
    "bytes_sent": 1024,
    "object_size": 1024,
    "total_time": 20,
    "turn_around_time": 10,
    "referer": None,
    "user_agent": "aws-cli/2.15.0",
    "version_id": None,
    "host_id": "s9lzHYrFp76ZVxRcpX9+5cjAnEH2ROuNkd2BHfIa6UkFVdtjf5mKR3/eTPFvsiP/XV/VLi31234=",
    "signature_version": "SigV4",
    "cipher_suite": "TLS_AES_128_GCM_SHA256",
    "authentication_type": "AuthHeader",
    "tls_version": "TLSv1.3",
    "access_point_arn": None,
    "acl_required": None,
    "source_region": "us-east-1",
}
"""An ordinary record, but for what follows from others."""

Value = str | int | datetime | None


def bucket_of(buckets: Sequence[str]) -> str:
    """The bucket of records that name none: the first that the policy names in full, else one that its first glob matches."""
    named = next((one for one in buckets if not is_glob(one)), None)
    return named or buckets[0].replace("*", "1").replace("?", "1")


def records(written: Sequence[BaseModel], buckets: Sequence[str], as_of: datetime) -> list[dict[str, Value]]:
    """Whole records of those that a test writes: columns of the log to values; those without a time are of the second before `as_of`."""
    return [_record(one, number, bucket_of(buckets), as_of) for number, one in enumerate(written, 1)]


def _record(written: BaseModel, number: int, bucket: str, as_of: datetime) -> dict[str, Value]:
    given: dict[str, Value] = {name: getattr(written, name) for name in LOG_COLUMNS if name in written.model_fields_set}
    usual: dict[str, Value] = {**USUAL, "bucket": bucket, "time": as_of - timedelta(seconds=1), "request_id": f"{number:016X}"}
    found = usual | given
    operation = str(found["operation"])
    usual |= dict.fromkeys(_ANONYMOUS if found["requester"] is None else ())
    usual |= dict.fromkeys(_TLS if found["tls_version"] is None or found["cipher_suite"] is None else ())
    if isinstance(code := given.get("error_code"), str) and code in error_codes():
        usual["http_status"] = error_codes()[code].http_status or 400
    elif isinstance(status := given.get("http_status"), int):
        usual["error_code"] = _CODES.get(status)
    if any(part in operation for part in _OBJECT):
        usual["key"] = f"ordinary/{number}.txt"
    else:
        usual |= {"key": None, "object_size": None}
    found = usual | given
    verb = operation.split(".")[1] if operation.count(".") > 1 else "GET"
    # NOTE: the request line tells what the key is where percent signs leave it open, so it is encoded as a client does.
    uri = {
        "request_uri": f"{verb} /{quote(str(found.get('key') or ''))} HTTP/1.1",
        "host_header": f"{found['bucket']}.s3.us-east-1.amazonaws.com",
    }
    return {name: (uri | found)[name] for name in LOG_COLUMNS}


def delivered(whole: Sequence[dict[str, Value]]) -> bytes:
    """Records as a log object, one a line in their order."""
    return b"".join(_lines(whole))


def _lines(whole: Sequence[dict[str, Value]]) -> Iterator[bytes]:
    for record in whole:
        told = {JSON_NAMES[name]: _plain(value) for name, value in record.items()}
        yield json.dumps(told).encode() + b"\n"


def _plain(value: Value) -> str | int | None:
    return f"{value:%Y-%m-%dT%H:%M:%SZ}" if isinstance(value, datetime) else value
