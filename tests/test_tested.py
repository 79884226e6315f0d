"""The tests inside policies: what an ordinary record is, and what is told of a rule that is not as expected."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest

from s3guard import ordinary, tested
from s3guard.declaration import LogRecord
from s3guard.model import Status
from s3guard.records import LOG_COLUMNS
from s3guard.tested import CLOCK, Outcome, clock_of
from tests.batches import policies_of

NOON = datetime(2026, 10, 2, 12, tzinfo=UTC)
RULES = "requesters: {allow: [arn:aws:iam::111122223333:user/ann]}"


def text(test: str, rules: str = RULES, buckets: str = "[examplebucket]", more: str = "") -> str:
    """A policy with one test, and where lists stand beside each other several."""
    return f"version: 1\npolicy: p\nbuckets: {buckets}\nrules:\n  {rules}\n{more}tests:\n- {{{test}}}\n"


def only(test: str, **given: str) -> Outcome:
    """What became of a policy's one test."""
    (done,) = tested.run(policies_of([text(f"name: t, {test}", **given)]))
    return done


def told(test: str, **given: str) -> list[str]:
    """What is not as the test expects."""
    return [f"{miss.rule}: {miss.told}" if miss.rule else miss.told for miss in only(test, **given).misses]


def record(**written: object) -> dict[str, ordinary.Value]:
    """A whole record."""
    (found,) = ordinary.records([LogRecord.model_validate(written)], ["b"], NOON)
    return found


def test_what_is_as_expected_passes_and_what_is_not_says_what_was_found() -> None:
    eve = "{requester: 'arn:aws:iam::111122223333:user/eve'}"
    assert only(f"records: [{eve}], expect: {{fail: requesters, pass: anonymous}}").passed
    done = only(f"records: [{eve}], expect: {{pass: [requesters], fail: anonymous}}")
    assert ("p", "t", "0.yaml", 7, 2, False) == (done.policy, done.name, done.location.file, done.location.line, done.expected, done.passed)
    assert {
        "requesters": "expected pass, found fail (1 record judged, 1 violation)",
        "anonymous": "expected fail, found pass (1 record judged, 0 violations)",
    } == {miss.rule: miss.told for miss in done.misses}
    (miss,) = (one for one in done.misses if one.rule == "requesters")
    assert miss.result is not None
    assert "user/eve" in miss.result.findings[0].message


def test_a_rule_that_is_undetermined_says_why() -> None:
    missing = told("records: [], expect: {pass: requesters}")
    reason = "no record of this bucket in the period: nothing was delivered, or nothing was asked of it"
    assert [f"requesters: expected pass, found undetermined: {reason}"] == missing
    assert [] == told("records: [], expect: {undetermined: requesters}")
    assert ["requesters: expected pass, and it judged nothing"] == told("records: [], expect: {pass: requesters}", buckets="['b*']")


def test_a_test_knows_no_other_test_and_no_other_policy() -> None:
    eve = "{requester: 'arn:aws:iam::111122223333:user/eve'}"
    first = f"name: a, records: [{eve}], expect: {{fail: requesters}}"
    tests = f"{first}}}\n- {{name: b, records: [{{requester: '-'}}], expect: {{pass: requesters}}"
    strict = text("name: c, records: [{}], expect: {fail: requesters}").replace("policy: p", "policy: q")
    done = list(tested.run(policies_of([text(tests), strict])))
    assert [("p", "a", True), ("p", "b", True), ("q", "c", True)] == [(one.policy, one.name, one.passed) for one in done]


def test_several_buckets_are_told_apart() -> None:
    records = "[{bucket: a, requester: 'arn:aws:iam::111122223333:user/ann'}, {bucket: b}]"
    said = told(f"records: {records}, expect: {{pass: requesters}}", buckets="[a, b, c]")
    assert ["requesters: expected pass, found fail over b (1 record judged, 1 violation)"] == said


@pytest.mark.parametrize(
    ("written", "said"),
    [
        ("{bucket: other}", "record 1 is of bucket other, which this policy does not judge"),
        ("{operation: '-'}", "record 1 has no operation, and every record has one"),
        ("{bucket: '-'}", "record 1 has no bucket, and every record has one"),
        ("{http_status: 5}", "1 record could not be read as what S3 would log"),
    ],
)
def test_a_record_that_no_log_of_the_policy_holds_fails_the_test(written: str, said: str) -> None:
    assert said in told(f"records: [{written}], expect: {{}}")


def test_waivers_hold_by_the_clock_of_the_test() -> None:
    waiver = "waivers: [{rule: requesters, reason: r, expires: 2026-10-02}]\n"
    for as_of, status in (("2026-10-02T23:59:59Z", "waived"), ("2026-10-03T00:00:00Z", "fail")):
        assert [] == told(f"as_of: {as_of}, records: [{{}}], expect: {{{status}: requesters}}", more=waiver)


def test_hostile_text_is_a_value_and_no_other_field() -> None:
    agent = 'x\\" 404 NoSuchKey 1 1 1 1 \\"-\\" \\"'
    rules = "user_agents: {deny: ['*NoSuchKey*']}\n  errors: {codes: [NoSuchKey], max_share: 0%, min_requests: 1}"
    assert [] == told(f'records: [{{user_agent: "{agent}"}}], expect: {{fail: user_agents, pass: errors}}', rules=rules)
    keys = "custom: {where: \"key = 'a b%20\\u2028c'\", max: 0}"
    assert [] == told('records: [{key: "a b%20\\u2028c"}], expect: {fail: custom}', rules=keys)


def test_the_clock_is_as_of_else_behind_the_last_record() -> None:
    def clock(test: str) -> datetime:
        (policy,) = policies_of([text(f"name: t, {test}, expect: {{}}")])
        return clock_of(policy.tests[0])

    assert NOON == clock("as_of: 2026-10-02T12:00:00Z, records: [{time: 2026-10-01T00:00:00Z}]")
    times = "records: [{time: 2026-10-02T11:59:59Z}, {time: 2026-10-01T00:00:00Z}, {}]"
    assert NOON == clock(times)
    assert CLOCK == clock("records: [{}]") == clock("records: []")


def test_an_ordinary_record_has_every_column_and_is_served_over_tls() -> None:
    found = record()
    assert list(LOG_COLUMNS) == list(found)
    assert ("b", NOON - timedelta(seconds=1), "REST.GET.OBJECT", 200, "TLSv1.3", "SigV4") == tuple(
        found[name] for name in ("bucket", "time", "operation", "http_status", "tls_version", "signature_version")
    )
    assert ("ordinary/1.txt", "GET /ordinary/1.txt HTTP/1.1", "b.s3.us-east-1.amazonaws.com") == tuple(
        found[name] for name in ("key", "request_uri", "host_header")
    )


@pytest.mark.parametrize(
    ("written", "expected"),
    [
        ({"requester": "-"}, {"requester": None, "signature_version": None, "authentication_type": None}),
        ({"requester": "-", "signature_version": "SigV4"}, {"signature_version": "SigV4", "authentication_type": None}),
        ({"tls_version": "-"}, {"tls_version": None, "cipher_suite": None}),
        ({"http_status": 403}, {"error_code": "AccessDenied"}),
        ({"http_status": 418}, {"error_code": None}),
        ({"error_code": "SlowDown"}, {"http_status": 503}),
        ({"http_status": 403, "error_code": "-"}, {"error_code": None}),
        ({"operation": "REST.GET.BUCKET"}, {"key": None, "object_size": None, "request_uri": "GET / HTTP/1.1"}),
        ({"operation": "REST.PUT.OBJECT", "key": "k"}, {"key": "k", "request_uri": "PUT /k HTTP/1.1"}),
        ({"bucket": "other"}, {"host_header": "other.s3.us-east-1.amazonaws.com"}),
        ({"host_header": "-"}, {"host_header": None}),
    ],
)
def test_what_follows_from_what_is_written_follows(written: dict[str, object], expected: dict[str, object]) -> None:
    found = record(**written)
    assert expected == {name: found[name] for name in expected}


@pytest.mark.parametrize(("buckets", "bucket"), [(["a", "b"], "a"), (["x-*", "b"], "b"), (["x-*-?"], "x-1-1")])
def test_a_record_without_a_bucket_is_of_one_that_the_policy_judges(buckets: list[str], bucket: str) -> None:
    assert bucket == ordinary.bucket_of(buckets)


def test_every_status_can_be_expected() -> None:
    for status in Status:
        assert only(f"records: [{{}}], expect: {{{status.value}: requesters}}").expected == 1
