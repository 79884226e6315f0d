"""The traffic of log lines, counted one line at a time and without any table: what the tables are held against."""

from __future__ import annotations

import re
from collections import Counter, defaultdict
from collections.abc import Collection, Iterable
from dataclasses import dataclass, field

from s3guard.fields import Fields
from s3guard.reading import decode_key, read_line, text
from s3guard.records import ACCESS_CODES, classify
from s3guard.traffic import Flow, Side
from tests.batches import Line

RECEIVED = ("REST.PUT.OBJECT", "REST.PUT.PART", "REST.POST.OBJECT", "SOAP.PUT.OBJECT")
WRITES = ("write", "delete", "tagging", "restore")
_SESSION = re.compile(r"(?s)arn:(aws[a-z-]*):sts::([0-9]{12}):assumed-role/([^:/]+)/.+")


@dataclass
class Metered:
    """The traffic by the hour, and every value of every top."""

    flows: dict[tuple[int, Side], Flow] = field(default_factory=dict)
    times: dict[tuple[int, str], list[int]] = field(default_factory=lambda: defaultdict(list))
    tops: dict[str, dict[str | None, tuple[int, int, int]]] = field(default_factory=lambda: defaultdict(dict))
    buckets: Counter[str] = field(default_factory=Counter)


def metered(lines: Iterable[Line], buckets: Collection[str], since: int | None = None, until: int | None = None) -> Metered:
    """The traffic of these buckets in the period."""
    found = Metered()
    for line in lines:
        read = read_line(line.data, last_unterminated=line.torn)
        if not read.readings:
            continue
        one = min(read.readings, key=_worst)
        inside = (since is None or one.time >= since) and (until is None or one.time < until)
        if one.bucket.decode() in buckets and inside and not ("request_uri" not in read.unknown and _by_s3(one)):
            _count(found, one)
    return found


def _text(value: bytes | None) -> str | None:
    return None if value is None else text(value)


def _outcome(one: Fields) -> int:
    """0 served, 1 refused, 2 failed."""
    if (_text(one.error_code) or "") in ACCESS_CODES:
        return 1
    return 0 if one.http_status is None or one.http_status < 300 or one.http_status == 304 else 2


def _worst(one: Fields) -> tuple[int, list[tuple[bool, int]], tuple[bool, str]]:
    """What is worst is least: served before refused before failed, then large numbers before small ones and none."""
    numbers = (one.bytes_sent, one.object_size, one.total_time, one.turn_around_time, one.http_status)
    return _outcome(one), [(number is None, -(number or 0)) for number in numbers], (one.error_code is None, _text(one.error_code) or "")


def _by_s3(one: Fields) -> bool:
    return one.requester == b"AmazonS3" and one.operation.startswith(b"S3.") and one.remote_ip is None and one.request_uri is None


def _side(one: Fields) -> Side:
    class_ = classify(one.operation.decode())
    return "reads" if class_ == "read" else "writes" if class_ in WRITES else "others"


def _count(found: Metered, one: Fields) -> None:
    hour, side, outcome, status = one.time // 3600 * 3600, _side(one), _outcome(one), one.http_status or 0
    before = found.flows.get((hour, side), Flow())
    received = one.object_size or 0 if one.operation.decode() in RECEIVED and outcome == 0 else 0
    found.flows[hour, side] = Flow(
        before.requests + 1,
        before.client_errors + (400 <= status < 500),
        before.server_errors + (status >= 500),
        before.refused + (outcome == 1),
        before.bytes_sent + (one.bytes_sent or 0),
        before.bytes_received + received,
    )
    found.buckets[one.bucket.decode()] += 1
    if side != "others":
        for name in ("total_time", "turn_around_time"):
            if (taken := getattr(one, name)) is not None:
                found.times[hour, name].append(taken)
    for column, whole in _values(one).items():
        value = whole and whole[:1024]
        requests, refused, sent = found.tops[column].get(value, (0, 0, 0))
        found.tops[column][value] = (requests + 1, refused + (outcome == 1), sent + (one.bytes_sent or 0))


def _values(one: Fields) -> dict[str, str | None]:
    """What a record has in each column; of keys and error codes only what is there."""
    requester = _text(one.requester)
    session = _SESSION.fullmatch(requester or "")
    values = {
        "principal": f"arn:{session[1]}:iam::{session[2]}:role/{session[3]}" if session else requester,
        "remote_ip": _text(one.remote_ip),
        "user_agent": _text(one.user_agent),
    }
    told = {"key": None if one.key_logged is None else decode_key(one.operation, one.key_logged), "error_code": _text(one.error_code)}
    return values | {name: value for name, value in told.items() if value is not None}
