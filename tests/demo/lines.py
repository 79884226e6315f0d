"""A request as S3 would log it: one record, written in any generation of the access log's format.

Fields, order and quoting follow the page "Amazon S3 server access log format" of the Amazon S3 user guide.
"""

from __future__ import annotations

import base64
import hashlib
from dataclasses import dataclass
from datetime import datetime
from typing import Any, TypeAlias
from urllib.parse import quote, quote_plus

Fields: TypeAlias = dict[str, Any]
"""Some fields of a request by name, to be given to it with two asterisks."""

MONTHS = ("Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec")
PLAIN = "/*.-_"
"""What S3 leaves as it is in a logged key."""


@dataclass(frozen=True, slots=True)
class Bucket:
    """A bucket of the demo world, and the format its log is written in."""

    name: str
    owner: str
    """Canonical user id."""
    account: str
    region: str
    fields: int = 27

    @property
    def host(self) -> str:
        """The virtual-hosted endpoint."""
        return f"{self.name}.s3.{self.region}.amazonaws.com"


@dataclass(frozen=True, slots=True, kw_only=True)
class Request:
    """One request; None is the log's dash. Defaults are those of an ordinary signed request over TLS 1.3."""

    time: datetime
    operation: str
    requester: str | None
    remote_ip: str | None
    key: str | None = None
    """Decoded."""
    query: str = ""
    """With its question mark, as sent."""
    target: bytes | None = None
    """The request target, where it is not simply key and query."""
    status: int | None = 200
    error: str | None = None
    bytes_sent: int | None = None
    object_size: int | None = None
    total_time: int | None = 20
    turn_around_time: int | None = 12
    referer: bytes | None = None
    user_agent: bytes | None = b"aws-sdk-java/2.29.1 Linux/6.1 OpenJDK_64-Bit_Server_VM/21.0.4+7"
    version_id: str | None = None
    signature_version: str | None = "SigV4"
    cipher_suite: str | None = "TLS_AES_128_GCM_SHA256"
    authentication_type: str | None = "AuthHeader"
    host_header: str | None = None
    """None: the bucket's own endpoint; a dash where S3 acted itself."""
    tls_version: str | None = "TLSv1.3"
    access_point_arn: str | None = None
    acl_required: bool = False
    source_region: str | None = None
    shares_id: str | None = None
    """A word that all rows of one bulk delete share, so that they get one request id."""
    principal_id: str | None = None
    """The extra token that some records of 2019 have before the host id."""


def ids(bucket: Bucket, seed: str) -> tuple[str, str]:
    """A request id and a host id made from the seed: the same for the same bucket and seed."""
    digest = hashlib.sha512(f"{bucket.name}/{seed}".encode()).digest()
    return digest[:8].hex().upper(), base64.b64encode(digest[8:]).decode()


def stamp(time: datetime) -> str:
    """The time as S3 logs it, with brackets; English month names whatever the locale."""
    return f"[{time.day:02d}/{MONTHS[time.month - 1]}/{time.year}:{time:%H:%M:%S} +0000]"


def logged_key(request: Request) -> str:
    """The key as S3 logs it: encoded twice for requests, once for the rows of bulk deletes and of S3's own work."""
    if request.key is None:
        return "-"
    if request.operation.startswith(("BATCH.", "S3.")):
        return quote_plus(request.key, safe=PLAIN)
    return quote(quote(request.key, safe=PLAIN), safe=PLAIN)


def _verb(operation: str) -> str:
    verb = operation.split(".")[1]
    return "PUT" if verb == "COPY" else verb


def _quoted(request: Request) -> tuple[bytes, bytes, bytes]:
    """Request-URI, referer and user agent as they stand in the line: all three bare dashes, or all three quoted."""
    if request.operation == "BATCH.DELETE.OBJECT" or request.operation.endswith("_GET"):
        return b"-", b"-", b"-"
    if request.operation.startswith("S3."):
        return b'"-"', b'"-"', b'"-"'
    target = request.target or f"/{quote(request.key or '', safe=PLAIN)}{request.query}".encode()
    uri = _verb(request.operation).encode() + b" " + target + b" HTTP/1.1"
    return b'"' + uri + b'"', b'"' + (request.referer or b"-") + b'"', b'"' + (request.user_agent or b"-") + b'"'


def _dash(value: object) -> bytes:
    return b"-" if value is None else str(value).encode()


def line(bucket: Bucket, request: Request, number: int) -> bytes:
    """The record without its newline, with as many fields as the bucket's log has; `number` makes its ids."""
    request_id, host_id = ids(bucket, request.shares_id or str(number))
    uri, referer, user_agent = _quoted(request)
    head = (bucket.owner, bucket.name, stamp(request.time), request.remote_ip, request.requester, request_id, request.operation)
    core = (request.status, request.error, request.bytes_sent, request.object_size, request.total_time, request.turn_around_time)
    tail = (
        request.signature_version,
        request.cipher_suite,
        request.authentication_type,
        request.host_header or bucket.host,
        request.tls_version,
        request.access_point_arn,
        "Yes" if request.acl_required else None,
        request.source_region,
    )
    fields = [*map(_dash, head), logged_key(request).encode(), uri, *map(_dash, core), referer, user_agent]
    if bucket.fields >= 18:
        fields.append(_dash(request.version_id))
    if request.principal_id:
        fields.append(request.principal_id.encode())
    if bucket.fields >= 24:
        fields += [host_id.encode(), *map(_dash, tail)][: bucket.fields - 18]
    return b" ".join(fields)
