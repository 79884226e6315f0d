"""Bytes to rows: every reading of every line, one line at a time."""

from __future__ import annotations

import re
from bisect import bisect_left
from collections.abc import Iterable
from datetime import UTC, datetime, timedelta, timezone
from ipaddress import ip_address, ip_network
from typing import Any
from urllib.parse import unquote_to_bytes

from . import principals
from .tables import operation_class, outcome

Row = dict[str, Any]
"""A line: `status`, `object`, `line`, and unless it is quarantined every column, `missing`, `unknown` and `readings`."""

MONTHS = [b"Jan", b"Feb", b"Mar", b"Apr", b"May", b"Jun", b"Jul", b"Aug", b"Sep", b"Oct", b"Nov", b"Dec"]
MOST_BYTES = 1024 * 1024
PREFIX = re.compile(
    rb'([^ "]+) ([^ "]+) '
    rb"\[([0-9]{2})/(" + b"|".join(MONTHS) + rb")/([0-9]{4}):([0-9]{2}):([0-9]{2}):([0-9]{2}) ([+-])([0-9]{2})([0-5][0-9])\] "
    rb"([0-9A-Fa-f.:]+|-) "
    rb"(arn:aws:iam::cloudfront:user/CloudFront Origin Access Identity [A-Z0-9]+|[^ ]+) "
    rb'([^ "]+) ([A-Z0-9]+\.[A-Za-z0-9_.]+) ([^ "]+) '
)
NUMBER = rb"([0-9]{1,18}|-)"
SIX = rb'([0-9]{3}|-) ([^ "]+) ' + rb" ".join([NUMBER] * 4)
CORE = re.compile(rb'" ' + SIX + rb' "')
RECORD = re.compile(
    rb"\[[0-9]{2}/(?:" + b"|".join(MONTHS) + rb")/[0-9]{4}:[0-9]{2}:[0-9]{2}:[0-9]{2} [+-][0-9]{4}\] [0-9A-Fa-f:.-]+ "
    rb'(?:arn:aws:iam::cloudfront:user/CloudFront Origin Access Identity [A-Z0-9]+|[^ ]+) [^ ]+ [A-Z0-9]+\.[A-Za-z0-9_.]+ [^ ]+ (?:"|- )'
)
BARE = re.compile(rb"- " + SIX + rb" - -(?: |\Z)")
CORE_COLUMNS = ("http_status", "error_code", "bytes_sent", "object_size", "total_time", "turn_around_time")
RAW_COLUMNS = ("request_uri", "referer", "user_agent")
SUFFIX_COLUMNS = (
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
Core = tuple[bytes, ...]
WORST_FIRST = ("served", "refused", "failed")


class DamagedError(Exception):
    """A line that is no record, and why."""


def read(files: Iterable[tuple[str, bytes]]) -> list[Row]:
    """A row for every line that is not blank, in the order of the files."""
    return [row for name, content in files for row in read_file(name, content)]


def read_file(name: str, content: bytes) -> list[Row]:
    """The rows of one log object; lines are counted from 1, blank ones too."""
    rows = []
    for number, piece in enumerate(content.removeprefix(b"\xef\xbb\xbf").split(b"\n"), 1):
        line = piece.removesuffix(b"\r")
        if line == b"":
            continue
        origin = {"object": name, "line": number}
        try:
            rows.append({**origin, **read_line(line)})
        except DamagedError as damage:
            rows.append({**origin, "status": "quarantined", "reason": str(damage), "raw": line})
    return rows


def read_line(line: bytes) -> Row:
    """The columns of one line and all its readings; raises `DamagedError` where it is no record."""
    if len(line) > MOST_BYTES:
        raise DamagedError("over 1 MiB")
    match = PREFIX.match(line)
    if match is None:
        raise DamagedError("the first eight fields")
    rest = line[match.end() :]
    if rest.startswith(b'"'):
        cores, raw, suffix = read_quoted(rest)
    else:
        cores, raw, suffix = read_bare(rest)
    row = read_prefix(match)
    row |= read_suffix(suffix)
    row["unknown"] = frozenset(column for column, values in raw.items() if len(values) > 1)
    for column, values in raw.items():
        row[column] = None if len(values) > 1 else field(next(iter(values)))
    row["status"] = "ok" if len(cores) == 1 else "ambiguous"
    row["readings"] = [read_core(core) for core in cores]
    for column in CORE_COLUMNS:
        seen = {reading[column] for reading in row["readings"]}
        row[column] = seen.pop() if len(seen) == 1 else None
    row["outcome"] = worst_outcome(row["readings"])
    return row


def read_prefix(match: re.Match[bytes]) -> Row:
    """Fields 1 to 8 and what is derived from them alone."""
    owner, bucket, day, month, year, hour, minute, second, sign, hours, minutes, ip, requester, request, operation, key = match.groups()
    try:
        offset = timedelta(hours=int(hours), minutes=int(minutes))
        zone = timezone(-offset if sign == b"-" else offset)
        instant = datetime(int(year), MONTHS.index(month) + 1, int(day), int(hour), int(minute), int(second), tzinfo=zone)
    except ValueError as error:
        raise DamagedError("the time") from error
    row: Row = {
        "bucket_owner": field(owner),
        "bucket": field(bucket),
        "time": (instant - datetime(1970, 1, 1, tzinfo=UTC)) // timedelta(seconds=1),
        "remote_ip": field(ip),
        "requester": field(requester),
        "request_id": field(request),
        "operation": text(operation),
        "key_logged": field(key),
        "key": None if key == b"-" else decode_key(key, text(operation)),
    }
    row["operation_class"] = operation_class(row["operation"])
    row["principal"] = principals.principal(row["requester"])
    row["principal_type"] = principals.principal_type(row["requester"])
    row["account"] = principals.account(row["requester"])
    row["network"] = network(row["remote_ip"])
    return row


def read_bare(rest: bytes) -> tuple[list[Core], dict[str, set[bytes]], list[bytes]]:
    """Three bare dashes for URI, referer and user agent, and no quote anywhere behind."""
    match = BARE.match(rest)
    if match is None or b'"' in rest:
        raise DamagedError("neither quoted nor three bare dashes")
    behind = rest[match.end() :]
    if rest.endswith(b" "):
        raise DamagedError("a space at the end")
    return [match.groups()], {column: {b"-"} for column in RAW_COLUMNS}, behind.split(b" ") if behind else []


def read_quoted(rest: bytes) -> tuple[list[Core], dict[str, set[bytes]], list[bytes]]:
    """Every reading of a line whose URI, referer and user agent are quoted: the cores, the values each raw field may have, the suffix."""
    last = rest.rfind(b'"')
    behind = rest[last + 1 :]
    if behind and not behind.startswith(b" "):
        raise DamagedError("something is glued to the last quote")
    separators = [at for at in range(last - 2) if rest[at : at + 3] == b'" "']
    cores: list[Core] = []
    raw: dict[str, set[bytes]] = {column: set() for column in RAW_COLUMNS}
    for quote in [at for at in range(1, last) if rest[at : at + 2] == b'" ']:
        match = CORE.match(rest, quote, last)
        if match is None:
            continue
        starts = separators[bisect_left(separators, match.end()) :]
        if not starts:
            continue
        if match.groups() not in cores:
            cores.append(match.groups())
        raw["request_uri"].add(rest[1:quote])
        for at in starts:
            raw["referer"].add(rest[match.end() : at])
            raw["user_agent"].add(rest[at + 3 : last])
            if len(raw["referer"]) > 1 and len(raw["user_agent"]) > 1:
                break  # one more value would change nothing
    if not cores:
        raise DamagedError("no status, error, bytes, size and times between quotes")
    if RECORD.search(rest[: rest.index(b'" ' + b" ".join(cores[0]) + b" ")]):
        # a record begins inside the request line: this one's end is lost, and the core may be the other's
        cores.append((b"-",) * 6)
        raw = {column: {b"-", b"?"} for column in RAW_COLUMNS}
    return cores, raw, behind[1:].split(b" ") if behind else []


def read_core(core: Core) -> Row:
    """Fields 10 to 15 of one reading, and the outcome that they mean."""
    status, error, *numbers = core
    values = [number(status), field(error), *(number(value) for value in numbers)]
    reading: Row = dict(zip(CORE_COLUMNS, values, strict=True))
    reading["outcome"] = outcome(reading["http_status"], reading["error_code"])
    return reading


def read_suffix(tokens: list[bytes]) -> Row:
    """Fields 18 and later; those that the line is too old for are `missing`, which is not null."""
    if b"" in tokens:
        raise DamagedError("two spaces")
    fields = 17 + len(tokens)
    if len(tokens) >= 8 and has_principal_id(tokens):
        tokens = [tokens[0], *tokens[2:]]
    if 2 <= len(tokens) <= 6:
        raise DamagedError(f"{fields} fields")
    row: Row = {"fields": fields, "missing": frozenset(SUFFIX_COLUMNS[len(tokens) :])}
    for at, column in enumerate(SUFFIX_COLUMNS):
        row[column] = field(tokens[at]) if at < len(tokens) else None
    row["extra"] = [text(token) for token in tokens[len(SUFFIX_COLUMNS) :]]
    return row


def has_principal_id(tokens: list[bytes]) -> bool:
    """Whether the second token is the principal id of the 2019 roll-out, as the signature column one place further right confirms."""
    signature = rb"-|SigV[0-9A-Za-z]+"
    return (
        re.fullmatch(rb"[A-Z0-9]{20,21}", tokens[1]) is not None
        and re.fullmatch(signature, tokens[2]) is None
        and re.fullmatch(signature, tokens[3]) is not None
    )


def variants(row: Row) -> list[Row]:
    """The row once for every reading: itself where there is one, else with the core fields and the outcome of each."""
    if len(row["readings"]) == 1:
        return [row]
    return [{**row, **reading} for reading in row["readings"]]


def worst_outcome(rows: Iterable[Row]) -> str:
    """`served` if any is, else `refused` if any is."""
    seen = {row["outcome"] for row in rows}
    return next(each for each in WORST_FIRST if each in seen)


def decode_key(logged: bytes, operation: str) -> str:
    """The object key: form-decoded twice, once for the rows of bulk deletes and of the lifecycle."""
    times = 1 if operation.startswith(("BATCH.", "S3.")) else 2
    for _ in range(times):
        logged = unquote_to_bytes(logged.replace(b"+", b" "))
    return text(logged)


def network(remote_ip: str | None) -> str | None:
    """The /24 or /64 around an address."""
    if remote_ip is None:
        return None
    try:
        address = ip_address(remote_ip)
    except ValueError:
        return None
    return str(ip_network((address, 24 if address.version == 4 else 64), strict=False))


def text(value: bytes) -> str:
    """UTF-8; every other byte as `\\xNN`."""
    return value.decode("utf-8", "backslashreplace")


def field(value: bytes) -> str | None:
    """The text of a field, None for `-`."""
    return None if value == b"-" else text(value)


def number(value: bytes) -> int | None:
    """The integer of a field, None for `-`."""
    return None if value == b"-" else int(value)
