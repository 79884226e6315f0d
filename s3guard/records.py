"""The columns of a log record (name, type, unit, meaning) and the tables that judge its operation, error code and address."""

from __future__ import annotations

import csv
import ipaddress
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cache
from http import HTTPStatus
from importlib import resources
from typing import Final

import polars as pl

_TEXT: Final = pl.String()
_NUMBER: Final = pl.Int64()
# NOTE: Int64 throughout, never narrower: sums over narrow integers overflow in silence.


@dataclass(frozen=True, slots=True)
class Column:
    """One column of a record, as policies, SQL conditions and outputs name it."""

    name: str
    dtype: pl.DataType
    unit: str
    """``ms``, ``bytes``, ``UTC``; empty for text and plain counts."""
    meaning: str
    """One sentence."""
    nullable: bool
    """Whether a record whose line has this column can hold no value in it (the log's ``-``)."""
    added: str
    """The generation of the log format that brought it; ``s3guard`` for origin and derived columns."""
    source: str
    """The field's name in AWS's documentation, or what the column is derived from."""
    position: int | None
    """1-based field number in a log line; None for origin and derived columns."""


_LOGGED: Final = (
    # name, type, unit, nullable, added, AWS's name, meaning
    ("bucket_owner", _TEXT, "", True, "original", "Bucket Owner", "Canonical user id of the owner of the source bucket."),
    ("bucket", _TEXT, "", False, "original", "Bucket", "The bucket that the request was made to."),
    ("time", pl.Datetime("us", "UTC"), "UTC", False, "original", "Time", "When S3 received the request, to the second."),
    ("remote_ip", _TEXT, "", True, "original", "Remote IP", "Apparent address of the client; proxies may hide the client."),
    ("requester", _TEXT, "", True, "original", "Requester", "Who made the request; null for an unauthenticated one."),
    ("request_id", _TEXT, "", True, "original", "Request ID", "S3's id of the request; rows of one bulk delete or copy share it."),
    ("operation", _TEXT, "", False, "original", "Operation", "What was asked of S3, such as REST.GET.OBJECT."),
    ("key", _TEXT, "", True, "original", "Key", "The object key, decoded."),
    ("request_uri", _TEXT, "", True, "original", "Request-URI", "The request line as sent; chosen by the client."),
    ("http_status", _NUMBER, "", True, "original", "HTTP status", "HTTP status of the answer."),
    ("error_code", _TEXT, "", True, "original", "Error Code", "S3's error code; null where there was no error."),
    ("bytes_sent", _NUMBER, "bytes", True, "original", "Bytes Sent", "Bytes of the answer's body that were sent; null where none."),
    ("object_size", _NUMBER, "bytes", True, "original", "Object Size", "Total size of the object."),
    ("total_time", _NUMBER, "ms", True, "original", "Total Time", "From the request's arrival to the last byte of the answer."),
    ("turn_around_time", _NUMBER, "ms", True, "original", "Turn-Around Time", "Last byte of the request to first byte of the answer."),
    ("referer", _TEXT, "", True, "original", "Referer", "The Referer header; chosen by the client."),
    ("user_agent", _TEXT, "", True, "original", "User-Agent", "The User-Agent header; chosen by the client."),
    ("version_id", _TEXT, "", True, "before 2017", "Version Id", "The version id in the request; chosen by the client."),
    ("host_id", _TEXT, "", True, "2019", "Host Id", "S3's x-amz-id-2, the extended request id."),
    ("signature_version", _TEXT, "", True, "2019", "Signature Version", "SigV2 or SigV4; null for an unauthenticated request."),
    ("cipher_suite", _TEXT, "", True, "2019", "Cipher Suite", "The TLS cipher; null for plain HTTP."),
    ("authentication_type", _TEXT, "", True, "2019", "Authentication Type", "AuthHeader, QueryString (presigned), or null where none."),
    ("host_header", _TEXT, "", True, "2019", "Host Header", "The endpoint that the client addressed."),
    ("tls_version", _TEXT, "", True, "2019", "TLS version", "TLS version such as TLSv1.2; null for plain HTTP."),
    ("access_point_arn", _TEXT, "", True, "2021", "Access Point ARN", "The access point of the request; null where none was used."),
    ("acl_required", _TEXT, "", True, "2022", "aclRequired", "Yes where an ACL was needed to authorise the request."),
    ("source_region", _TEXT, "", True, "2026", "source region", "The AWS Region that the request came from."),
)

_DERIVED: Final = (
    # name, type, nullable, source, meaning
    ("extra", _TEXT, True, "fields 28 and up", "Fields after the last known one, as logged, separated by a space."),
    ("object", _TEXT, False, "origin", "The log object that holds the record: a path or URI."),
    ("line", _NUMBER, False, "origin", "The line in that object, from 1; blank lines count."),
    ("key_logged", _TEXT, True, "field 8", "The key as the log says it, encoded."),
    ("operation_class", _TEXT, False, "operation", "Class of the operation; unknown where s3guard has no entry for it."),
    ("outcome", _TEXT, False, "http_status, error_code", "served, refused (an access code) or failed."),
    ("principal", _TEXT, True, "requester", "The role of a session, else the requester; null for an unauthenticated request."),
    ("principal_type", _TEXT, False, "requester", "role, user, federated-user, canonical, service, oai, s3, other or anonymous."),
    ("account", _TEXT, True, "requester", "The 12-digit account id in the requester's ARN; null where it has none."),
    ("network", _TEXT, True, "remote_ip", "The /24 (IPv4) or /64 (IPv6) of the remote address."),
    ("fields", _NUMBER, False, "line", "How many fields the line had; 27 of a JSON record."),
    ("status", _TEXT, False, "line", "ok, or ambiguous where the line can be read in several ways."),
    ("unknown", _TEXT, True, "line", "Names of the columns that the line leaves undecided, separated by a comma."),
)


def _columns() -> Iterator[Column]:
    for position, (name, dtype, unit, nullable, added, source, meaning) in enumerate(_LOGGED, start=1):
        yield Column(name, dtype, unit, meaning, nullable, added, source, position)
    for name, text_or_number, nullable, source, meaning in _DERIVED:
        yield Column(name, text_or_number, "", meaning, nullable, "s3guard", source, None)


COLUMNS: Final[dict[str, Column]] = {column.name: column for column in _columns()}
"""Every column by name: the log's own in its order, then extra, the origin and the derived ones."""

SCHEMA: Final[dict[str, pl.DataType]] = {name: column.dtype for name, column in COLUMNS.items()}
"""Column name to Polars type, in the order of `COLUMNS`; times are UTC."""

LOG_COLUMNS: Final[tuple[str, ...]] = tuple(name for name, column in COLUMNS.items() if column.position is not None)
"""The 27 columns that are fields of a log line, in the line's order."""

JSON_NAMES: Final[dict[str, str]] = {name: name for name in LOG_COLUMNS} | {
    "bucket_owner": "bucket_owner_id",
    "bucket": "bucket_name",
    "time": "request_time",
    "key": "key_name",
    "bytes_sent": "bytes_sent_size",
    "total_time": "total_duration",
    "turn_around_time": "turn_around_duration",
}
"""What the fields of a log line are called where S3 delivers records as JSON
(https://docs.aws.amazon.com/AmazonS3/latest/userguide/sal-cw-log-format.html), in the line's order."""

COLUMN_BITS: Final[dict[str, int]] = {name: 1 << place for place, name in enumerate(LOG_COLUMNS)}
"""One bit for each of `LOG_COLUMNS`, so that a set of them is a number. NOTE: states keep such numbers; new columns get new bits."""

_OCTET: Final = "(?:25[0-5]|2[0-4][0-9]|1[0-9]{2}|[1-9]?[0-9])"
_IPV4: Final = rf"\A({_OCTET}\.{_OCTET}\.{_OCTET})\.{_OCTET}\z"

OUTCOMES: Final = ("served", "refused", "failed")
"""Every value of the column ``outcome``."""

UNKNOWN_CLASS: Final = "unknown"
"""The class of an operation that is not in the table."""


@dataclass(frozen=True, slots=True)
class Operation:
    """One operation of the table: its class, whether it changes anything, and who performs it."""

    name: str
    class_: str
    mutates: bool
    done_by: str
    """``client``, or ``S3`` for lifecycle actions."""


@dataclass(frozen=True, slots=True)
class ErrorCode:
    """One error code of S3."""

    name: str
    http_status: int | None
    kind: str
    """``authorization``, ``authentication``, ``request``, ``not found``, ``configuration``, ``throttling``, ``server``, ``other``."""
    meaning: str
    """One sentence for people."""
    causes: tuple[str, ...]
    """Likely causes, likeliest first; at least one for every access code."""


def _table(file: str) -> list[dict[str, str]]:
    text = resources.files("s3guard").joinpath(file).read_text(encoding="utf-8")
    return list(csv.DictReader(text.splitlines()))


@cache
def operations() -> dict[str, Operation]:
    """Operation name to its entry; read-only. Observed in S3's logs and documentation: AWS publishes no complete list."""
    return {
        row["operation"]: Operation(row["operation"], row["class"], row["mutates"] == "yes", row["done_by"])
        for row in _table("operations.csv")
    }


@cache
def error_codes() -> dict[str, ErrorCode]:
    """Error code to its entry; read-only. After the error responses of the Amazon S3 API reference."""
    return {
        row["error_code"]: ErrorCode(
            row["error_code"],
            int(row["http_status"]) if row["http_status"] else None,
            row["kind"],
            row["meaning"],
            tuple(cause for cause in row["causes"].split(" | ") if cause),
        )
        for row in _table("error_codes.csv")
    }


OPERATION_CLASSES: Final = (*sorted({entry.class_ for entry in operations().values()}), UNKNOWN_CLASS)
"""Every value of the column ``operation_class``."""

ACCESS_CODES: Final = frozenset(code.name for code in error_codes().values() if code.kind in ("authorization", "authentication"))
"""Codes that say that S3 refused the requester: who he is (authentication) or what he may (authorization)."""


def classify(operation: str) -> str:
    """The class of an operation, one of `OPERATION_CLASSES`; ``unknown`` when it is not in the table."""
    entry = operations().get(operation)
    return entry.class_ if entry else UNKNOWN_CLASS


def mutates(operation: str) -> bool:
    """Whether the operation changes anything; one that is not in the table does unless its verb is GET, HEAD or OPTIONS."""
    entry = operations().get(operation)
    if entry:
        return entry.mutates
    verb = operation.partition(".")[2].partition(".")[0]
    return verb not in ("GET", "HEAD", "OPTIONS")


def classes_of(distinct: pl.Series) -> pl.Series:
    """`classify` over a String series of operations: a String series of equal length, null where the operation is null."""
    return pl.Series("operation_class", [None if name is None else classify(name) for name in distinct], dtype=pl.String)


def mutations_of(distinct: pl.Series) -> pl.Series:
    """`mutates` over a String series of operations: a Boolean series of equal length, null where the operation is null."""
    return pl.Series("mutates", [None if name is None else mutates(name) for name in distinct], dtype=pl.Boolean)


def network(address: str) -> str | None:
    """The /24 of an IPv4 address or the /64 of an IPv6 one, such as ``192.0.2.0/24``; None when it is no address.

    An IPv4-mapped IPv6 address (RFC 4291, 2.5.5.2) is the IPv4 address it carries.
    """
    try:
        parsed = ipaddress.ip_address(address)
    except ValueError:
        return None
    if isinstance(parsed, ipaddress.IPv6Address):
        if parsed.scope_id is not None:
            return None
        if parsed.ipv4_mapped is None:
            return f"{ipaddress.IPv6Address(int(parsed) >> 64 << 64)}/64"
        parsed = parsed.ipv4_mapped
    return f"{ipaddress.IPv4Address(int(parsed) >> 8 << 8)}/24"


def ipv4_numbers(distinct: pl.Series) -> pl.Series:
    """IPv4 addresses in four plain decimal octets as Int64 (``10.0.0.1`` is 167,772,161); null for everything else."""
    octets = [pl.col("octet").list.get(place, null_on_oob=True).cast(pl.Int64, strict=False) * 256 ** (3 - place) for place in range(4)]
    plain = distinct.alias("address").to_frame().with_columns(pl.col("address").str.split(".").alias("octet"))
    return plain.select(pl.when(pl.col("address").str.contains(_IPV4)).then(pl.sum_horizontal(octets))).to_series().alias("number")


def networks_of(distinct: pl.Series) -> pl.Series:
    """`network` over a String series of addresses: a String series of equal length, null for null and for what is no address."""
    # NOTE: plain IPv4 in one vectorised step, twenty times faster: a flood may bring a million addresses.
    plain = distinct.str.extract(_IPV4, 1)
    others = distinct.filter(plain.is_null() & distinct.is_not_null()).unique()
    known = {address: network(address) for address in others}
    rest = distinct.replace_strict(list(known), list(known.values()), default=None, return_dtype=pl.String)
    return (plain + ".0/24").fill_null(rest).alias("network")


def outcome_expr() -> pl.Expr:
    """The column ``outcome`` from ``http_status`` and ``error_code``; never null.

    ``refused`` with an access code; else ``served`` with a status under 300, 304, or none (as the source of a copy has none);
    else ``failed``, redirects too.
    """
    status = pl.col("http_status")
    refused = pl.col("error_code").is_in(sorted(ACCESS_CODES))
    served = status.is_null() | (status < HTTPStatus.MULTIPLE_CHOICES) | (status == HTTPStatus.NOT_MODIFIED)
    return pl.when(refused).then(pl.lit("refused")).when(served).then(pl.lit("served")).otherwise(pl.lit("failed")).alias("outcome")
