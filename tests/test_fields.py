"""Cross-checks between fields: what genuine records never do is warned about, what they do is not."""

from __future__ import annotations

import re

import pytest

from s3guard.fields import CHECKS, WARNINGS
from s3guard.reading import read_line
from tests.lines import ANONYMOUS, OWNER, SUFFIX, Record, bare, core_of, core_of_record, only, record

WARNED = {
    "requester-authentication": [record(requester=b"-"), record(suffix=ANONYMOUS)],
    "signature-authentication": [
        record(suffix=(*SUFFIX[:2], b"-", *SUFFIX[3:])),
        record(requester=b"-", suffix=(*ANONYMOUS[:2], b"SigV4", *ANONYMOUS[3:])),
    ],
    "tls-cipher": [record(suffix=(*SUFFIX[:3], b"-", *SUFFIX[4:])), record(suffix=(*SUFFIX[:6], b"-", *SUFFIX[7:]))],
    "status-error-code": [
        record(core=(b"200", b"NoSuchKey", b"1", b"1", b"1", b"1")),
        record(core=(b"304", b"NotModified", b"1", b"1", b"1", b"1")),
        record(core=(b"403", b"-", b"1", b"1", b"1", b"1")),
    ],
    "method-operation": [
        record(operation=b"REST.PUT.OBJECT"),
        record(operation=b"REST.COPY.OBJECT"),
        record(operation=b"WEBSITE.HEAD.OBJECT"),
    ],
    "turn-around-time": [record(core=(b"200", b"-", b"1", b"1", b"7", b"8"))],
    "remote-ip": [record(remote_ip=b"-"), record(remote_ip=b"-", requester=OWNER)],
}
CALM = [
    record(requester=b"-", suffix=ANONYMOUS),
    record(requester=b"-", suffix=()),
    record(suffix=(b"-",)),
    record(requester=b"AmazonS3", remote_ip=b"-", operation=b"S3.EXPIRE.OBJECT", request_uri=b"-", core=(b"-",) * 6, suffix=ANONYMOUS),
    record(requester=b"svc:delivery.logs.amazonaws.com", remote_ip=b"-"),
    record(requester=b"arn:aws:sts::111122223333:assumed-role/replication/s3-replication", remote_ip=b"-"),
    record(suffix=(*SUFFIX[:3], b"-", *SUFFIX[4:6], b"-", *SUFFIX[7:])),
    record(core=(b"307", b"TemporaryRedirect", b"1", b"-", b"1", b"1")),
    record(core=(b"301", b"-", b"1", b"-", b"1", b"1")),
    record(core=(b"304", b"-", b"-", b"1", b"1", b"1")),
    record(core=(b"404", b"NoSuchKey", b"1", b"-", b"1", b"-")),
    record(operation=b"REST.COPY.OBJECT", request_uri=b"PUT /k HTTP/1.1"),
    record(operation=b"WEBSITE.INVALIDOPERATION"),
    record(operation=b"SOAP.PUT.OBJECT", request_uri=b"POST /soap HTTP/1.1"),
    bare(),
]


@pytest.mark.parametrize(("kind", "truth"), [(kind, truth) for kind, truths in WARNED.items() for truth in truths])
def test_fields_that_contradict_each_other_are_warned_about_and_read(kind: str, truth: Record) -> None:
    line = read_line(truth.render())
    assert line.warnings == {kind}
    assert core_of(only(line)) == core_of_record(truth)


@pytest.mark.parametrize("truth", CALM)
def test_what_genuine_records_do_is_not_warned_about(truth: Record) -> None:
    assert read_line(truth.render()).warnings == frozenset()


def test_every_check_is_a_documented_warning_and_tested() -> None:
    assert set(CHECKS) == set(WARNED)
    assert set(CHECKS) < set(WARNINGS)
    assert all(re.fullmatch(r"[a-z]+(-[a-z]+)*", kind) and meaning for kind, meaning in WARNINGS.items())


def test_an_ambiguous_line_is_warned_about_what_all_its_readings_break() -> None:
    line = read_line(record(requester=b"-", referer=b'" 404 - 1 1 1 1 "').render())
    assert line.status == "ambiguous"
    assert "requester-authentication" in line.warnings
    assert "status-error-code" not in line.warnings
