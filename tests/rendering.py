"""Records as a test thinks of them, written as S3 writes them: a few fields by name, defaults for the rest."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import UTC, datetime, timedelta
from typing import Any, Final
from urllib.parse import quote_plus

Fields = Mapping[str, Any]

DAY: Final = "2026-10-02"
"""The day of a record whose `at` is a time alone; a Friday."""

_CORE: Final = ("http_status", "error_code", "bytes_sent", "object_size", "total_time", "turn_around_time")
_SUFFIX: Final = (
    "version_id",
    "host_id",
    "signature_version",
    "cipher_suite",
    "authentication_type",
    "host_header",
    "tls_version",
    "access_point_arn",
    "acl_required",
    "source_region",
)
_DEFAULTS: Final[Fields] = {
    "bucket_owner": "79a59df900b949e55d96a1e698fbacedfd6e09d98eacf8f8d5218e7cd47ef2be",
    "bucket": "b",
    "at": "00:00:00",
    "remote_ip": "203.0.113.9",
    "requester": "arn:aws:sts::111122223333:assumed-role/app/s1",
    "request_id": "3E57427F3EXAMPLE",
    "operation": "REST.GET.OBJECT",
    "key": "k",
    "http_status": 200,
    "error_code": None,
    "bytes_sent": 100,
    "object_size": 100,
    "total_time": 20,
    "turn_around_time": 10,
    "referer": None,
    "user_agent": "aws-cli/2",
    "version_id": None,
    "host_id": "s9lzHYrFp76ZVxRcpX9+5cjAnEH2ROuNkd2BHfIa6UkFVdtjf5mKR3",
    "signature_version": "SigV4",
    "cipher_suite": "ECDHE-RSA-AES128-GCM-SHA256",
    "authentication_type": "AuthHeader",
    "host_header": "b.s3.amazonaws.com",
    "tls_version": "TLSv1.2",
    "access_point_arn": None,
    "acl_required": None,
    "source_region": "us-east-1",
    "fields": 27,
    "bare": False,
}
_NOTHING_SENT: Final = {"bytes_sent": None, "total_time": None, "turn_around_time": None, "user_agent": None, "request_uri": None}
_KINDS: Final[Mapping[str, Fields]] = {
    "bulk delete": {"operation": "REST.POST.MULTI_OBJECT_DELETE", "key": None},
    "deleted key": {**_NOTHING_SENT, "operation": "BATCH.DELETE.OBJECT", "bare": True, "http_status": 204},
    "copy source": {**_NOTHING_SENT, "operation": "REST.COPY.OBJECT_GET", "bare": True, "http_status": None},
    "lifecycle": {
        **_NOTHING_SENT,
        **dict.fromkeys(("remote_ip", "http_status", "object_size", *_SUFFIX[2:])),
        "requester": "AmazonS3",
        "operation": "S3.EXPIRE.OBJECT",
    },
    "refused": {"http_status": 403, "error_code": "AccessDenied", "object_size": None},
    "failed": {"http_status": 404, "error_code": "NoSuchKey", "object_size": None},
    "slow down": {"http_status": 503, "error_code": "SlowDown", "object_size": None},
}
"""What `as` stands for; what is written beside it comes first."""


def rendered(records: Sequence[Fields | str]) -> list[bytes]:
    """The lines of records; a text is a line already. A record with `times` is written as often, and one with `hours` in as many hours."""
    lines: list[bytes] = []
    for record in records:
        if isinstance(record, str):
            lines.append(record.encode())
        else:
            for hour in range(record.get("hours", 1)):
                lines += [_line({**record, "at": _later(record, hour)} if hour else record)] * record.get("times", 1)
    return lines


def _later(record: Fields, hours: int) -> str:
    return (datetime.fromisoformat(record["at"]) + timedelta(hours=hours)).isoformat()


def _line(record: Fields) -> bytes:
    fields = {
        **_DEFAULTS,
        **_KINDS.get(record.get("as", ""), {}),
        **{name: value for name, value in record.items() if name not in ("as", "times", "hours")},
    }
    unknown = set(fields) - {*_DEFAULTS, "request_uri"}
    assert not unknown, f"no field of a record: {unknown}"
    if fields["requester"] is None:
        fields = {**fields, **{name: record.get(name) for name in ("signature_version", "authentication_type")}}
    mark = "" if fields["bare"] else '"'
    uri, referer, user_agent = (f"{mark}{_logged(value)}{mark}" for value in (_uri(fields), fields["referer"], fields["user_agent"]))
    prefix = [fields["bucket_owner"], fields["bucket"], _time(fields["at"])]
    prefix += [fields[name] for name in ("remote_ip", "requester", "request_id", "operation")]
    suffix = [*(fields[name] for name in _SUFFIX), *(f"new{number}" for number in range(fields["fields"] - 27))][: fields["fields"] - 17]
    tokens = [*prefix, _key(fields), uri, *(fields[name] for name in _CORE), referer, user_agent, *suffix]
    return " ".join(_logged(token) for token in tokens).encode("utf-8", "surrogateescape")


def _logged(value: object) -> str:
    return "-" if value is None else str(value)


def _time(at: str) -> str:
    moment = datetime.fromisoformat(at if "T" in at else f"{DAY}T{at}").replace(tzinfo=UTC)
    return moment.strftime("[%d/%b/%Y:%H:%M:%S +0000]")


def _key(fields: Fields) -> str | None:
    """The key as the log encodes it: once for bulk deletes and S3's own actions, else twice."""
    if fields["key"] is None:
        return None
    once = quote_plus(fields["key"], safe="/*-._")
    return once if fields["operation"].startswith(("BATCH.", "S3.")) else quote_plus(once, safe="/*-._")


def _uri(fields: Fields) -> str | None:
    if "request_uri" in fields:
        return None if fields["request_uri"] is None else str(fields["request_uri"])
    verb = fields["operation"].split(".")[1]
    return f"{'PUT' if verb == 'COPY' else verb} /{quote_plus(fields['key'] or '', safe='/*-._')} HTTP/1.1"
