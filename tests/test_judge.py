"""What breaks a rule in its tables: who did what, how much, when, and the records that show it."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest

from s3guard.model import Sample
from tests.concluding import ANN, MIX, NOBODY, REFUSED, at, messages, one


def test_a_rule_about_single_records_says_who_did_what_and_what_became_of_it() -> None:
    subject = f"principal {ANN}, operation class read"
    assert messages(NOBODY, *MIX) == [
        f"{subject}: not an allowed requester (3 requests served)",
        f"{subject}: not an allowed requester (3 requests refused)",
        f"{subject}: not an allowed requester (2 requests failed)",
    ]
    assert messages("anonymous: {group_by: [principal, key]}", at(0, requester=b"-", key_logged=b"-")) == [
        "principal anonymous, key none: asked without credentials (1 request served)"
    ]


GROUP_MESSAGES = {
    "access_denied: {max: 1, per: 10s}": "remote ip 192.0.2.3: refused requests: 3 (at most 1) in 10s from 2019-02-06T00:00:00Z",
    "errors: {codes: [NoSuchKey], max_share: 10%, min_requests: 2, per: 1m}": (
        "operation class read: share of errors: 40% (at most 10%) in 1m from 2019-02-06T00:00:09Z"
    ),
    "latency: {turn_around_time: {p99: 6ms}}": (
        "operation class read: share of requests with a turn-around time over 6ms (p99): 25% (at most 1%)"
    ),
    "latency: {total_time: {mean: 3ms, max: 8ms}, group_by: []}": (
        "mean total time: 8 ms (at most 3ms); requests with a total time over 8ms: 2 (none)"
    ),
    "volume: {requests: 2, bytes: 200, per: 1h, group_by: [operation, referer]}": (
        "operation REST.GET.OBJECT, referer none: requests: 8 (at most 2) in 1h from 2019-02-06T00:00:00Z; "
        "bytes: 939 B (at most 200B) in 1h from 2019-02-06T00:00:00Z"
    ),
    "volume: {distinct_keys: 1, per: 1m}": (f"principal {ANN}: different keys: over 1 (at most 1) in 1m from 2019-02-06T00:00:00Z"),
    "completeness: {max_gap: 20s, min_records: 100}": (
        "bucket examplebucket: records: 8 (at least 100); longest gap between records: 33 s (at most 20s) from 2019-02-06T00:00:18Z"
    ),
    "custom: {measure: sum(bytes_sent), max: 1KB, where: http_status = 404, per: 3s}": None,
    "custom: {measure: share(http_status = 200), min: 90%}": "share(http_status = 200): 37.5% (at least 90%)",
    "custom: {measure: p50(total_time), min: 10ms}": "share of records under 10ms (limit of p50(total_time)): 100% (less than 50%)",
    "custom: {measure: count, min: 3, per: 10s}": "count: 0 (at least 3) in 10s from 2019-02-06T00:00:20Z",
    "custom: {measure: distinct(key), max: 1, group_by: [bucket]}": "bucket examplebucket: distinct(key): over 1 (at most 1)",
}


@pytest.mark.parametrize(("rule", "message"), GROUP_MESSAGES.items(), ids=list(GROUP_MESSAGES))
def test_a_rule_about_groups_names_the_number_the_limit_and_the_worst_window(rule: str, message: str | None) -> None:
    assert messages(rule, *MIX) == ([message] if message else [])


@pytest.mark.parametrize(
    ("rule", "message"),
    [
        (
            "errors: {codes: [4xx], max_share: 50%, min_requests: 1}",
            "share of errors: over 50% (at most 50%) in 1h from 2019-02-06T00:00:00Z",
        ),
        ("latency: {total_time: {mean: 7ms}}", "mean total time: over 7 ms (at most 7ms)"),
        ("custom: {measure: sum(object_size), max: 112600}", "sum(object_size): over 110.0 KiB (at most 112600B)"),
        ("custom: {measure: sum(object_size), min: 111KiB}", "sum(object_size): 110.0 KiB (at least 111KiB)"),
        ("custom: {measure: share(http_status = 200), min: 50%}", "share(http_status = 200): under 50% (at least 50%)"),
    ],
)
def test_no_number_is_rounded_to_the_limit_that_it_breaks(rule: str, message: str) -> None:
    slow = at(0, core=(b"200", b"-", b"1", b"113", b"8", b"8"))
    data = [at(0)] * 499 + [slow] + [at(0, core=(b"404", b"NoSuchKey", b"1", b"112", b"7", b"6"))] * 501
    assert messages(rule, *data) == [message if rule.startswith("custom") else f"operation class read: {message}"]


def test_samples_are_the_five_earliest_by_time_request_object_and_line() -> None:
    data = [at(9 - number, request_id=b"R%d" % number) for number in range(8)]
    data += [at(2, request_id=b"A"), at(2, request_id=b"R7"), at(2, request_id=b"-")]
    samples = one(NOBODY, *data).findings[0].samples
    assert [(sample.time.second, sample.request_id, sample.line) for sample in samples] == [
        (2, None, 11),
        (2, "A", 9),
        (2, "R7", 8),
        (2, "R7", 10),
        (3, "R6", 7),
    ]
    assert samples[1] == Sample("logs/o", 9, "A", datetime(2019, 2, 6, 0, 0, 2, tzinfo=UTC))


def test_samples_of_a_rule_about_groups_are_violations_of_offending_windows() -> None:
    data = [at(0), at(1, **REFUSED), at(30, **REFUSED), at(31, **REFUSED), at(32), at(33, **REFUSED), at(99, **REFUSED)]
    finding = one("access_denied: {max: 2, per: 10s}", *data).findings[0]
    assert [sample.line for sample in finding.samples] == [3, 4, 6]
    assert (finding.records, finding.first_seen, finding.last_seen) == (
        3,
        datetime(2019, 2, 6, 0, 0, 30, tzinfo=UTC),
        datetime(2019, 2, 6, 0, 0, 33, tzinfo=UTC),
    )
