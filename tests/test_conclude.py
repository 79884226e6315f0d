"""From tables to results: what findings say, how they are ordered and cut, and what is said where nothing was seen."""

from __future__ import annotations

import hashlib
import json
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path

import pytest

from s3guard.conclude import SHOWN, Conclusion, Known, conclude
from s3guard.kernel import Plan
from s3guard.model import BucketCoverage, Hours, Location, Omitted, Result, Sample, Severity, Status
from s3guard.partial import Partial
from s3guard.policy import load
from s3guard.verdict import breaks_run
from tests.batches import Line, policies_of, whole
from tests.lines import FORGED_CORE, SUFFIX, record

HEAD = "version: 1\npolicy: p\nbuckets: [examplebucket]\nrules:\n"
ANN = "arn:aws:iam::111122223333:user/ann"
NOBODY = "requesters: {allow: []}"


def at(second: int, **changes: object) -> bytes:
    """The ordinary record at a second of 6 February 2019."""
    minutes, rest = divmod(second, 60)
    return record(logged_time=b"[06/Feb/2019:%02d:%02d:%02d +0000]" % (minutes // 60, minutes % 60, rest), **changes).render()


def concluded(policy: str, *data: bytes, plan: Plan | None = None, baseline: frozenset[str] = frozenset()) -> Conclusion:
    """What a policy says of lines; a policy is its rules alone, or a whole document."""
    text = policy if policy.startswith("version") else HEAD + "".join(f"  {line}\n" for line in policy.splitlines())
    plan = plan or Plan(policies_of([text]))
    return conclude(plan, whole(plan, [Line("logs/o", number, line) for number, line in enumerate(data, 1)]), Known(baseline))


def one(policy: str, *data: bytes, baseline: frozenset[str] = frozenset()) -> Result:
    """The result of a policy's first rule over the bucket that has records."""
    return next(result for result in concluded(policy, *data, baseline=baseline).results if result.bucket == "examplebucket")


def messages(policy: str, *data: bytes) -> list[str]:
    """What the findings of the first rule say."""
    return [finding.message for finding in one(policy, *data).findings]


REFUSED = {"core": (b"403", b"AccessDenied", b"-", b"-", b"7", b"6")}
FAILED = {"core": (b"404", b"NoSuchKey", b"300", b"-", b"9", b"9")}
MIX = [at(0, **REFUSED), at(3, **REFUSED), at(6, **REFUSED), at(9, **FAILED), at(12, **FAILED), at(15), at(18), at(51, key_logged=b"other")]


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


def test_findings_are_ordered_by_severity_served_first_records_and_fingerprint() -> None:
    users = {b"a": 1, b"b": 3, b"c": 1, b"d": 2}
    data = [at(0, requester=b"arn:aws:iam::111122223333:user/" + user) for user, count in users.items() for _ in range(count)]
    data += [at(1, requester=b"arn:aws:iam::111122223333:user/d", **REFUSED) for _ in range(9)]
    data += [at(1, requester=b"arn:aws:iam::111122223333:user/a", **FAILED) for _ in range(4)]
    findings = one(NOBODY, *data).findings
    assert [(finding.severity, finding.outcome, finding.records) for finding in findings] == [
        (Severity.HIGH, "served", 3),
        (Severity.HIGH, "served", 2),
        (Severity.HIGH, "served", 1),
        (Severity.HIGH, "served", 1),
        (Severity.LOW, "refused", 9),
        (Severity.LOW, "failed", 4),
    ]
    assert findings[2].fingerprint < findings[3].fingerprint
    high = one("requesters: {allow: [], severity: info, attempt_severity: critical}", *data)
    assert [finding.outcome for finding in high.findings[:2]] == ["refused", "failed"]
    assert high.severity is Severity.CRITICAL


def test_the_severity_of_a_result_is_its_worst_findings_and_without_one_its_own() -> None:
    assert one(NOBODY, at(0, **REFUSED)).severity is Severity.LOW
    assert one("requesters: {allow: [authenticated]}", at(0)).severity is Severity.HIGH
    assert one("anonymous: {severity: info}", at(0)).severity is Severity.INFO


def test_a_thousand_findings_are_shown_and_the_rest_is_counted() -> None:
    data = [at(0, requester=b"arn:aws:iam::111122223333:user/u%d" % number) for number in range(SHOWN + 5)]
    data += [at(0, requester=b"arn:aws:iam::111122223333:user/u0", **REFUSED)] * 7
    result = one(NOBODY, *data)
    assert (len(result.findings), result.omitted) == (SHOWN, Omitted(findings=6, records=12))
    assert (result.records, result.violations) == (SHOWN + 12, SHOWN + 12)
    assert breaks_run(result, Severity.HIGH)
    assert all(finding.samples for finding in result.findings)


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


# NOTE: printf '["p","p/requesters","examplebucket","served",{"operation_class":"read","principal":"arn:…:user/ann"}]' | sha256sum
GOLDEN = "3d41b1b0f63de3e5a5473d309382d60d301db318b27d8ae9f553a716c544d5e5"


def test_a_fingerprint_is_made_of_policy_rule_bucket_outcome_and_subject_for_ever() -> None:
    finding = one(NOBODY, at(0)).findings[0]
    text = f'["p","p/requesters","examplebucket","served",{{"operation_class":"read","principal":"{ANN}"}}]'
    assert hashlib.sha256(text.encode()).hexdigest() == finding.fingerprint
    assert finding.fingerprint == GOLDEN


def test_a_fingerprint_survives_more_records_another_time_and_another_order() -> None:
    first = one(NOBODY, at(0)).findings[0]
    later = one("requesters: {allow: [], severity: low, title: Other words, id: requesters}", at(900, key_logged=b"x"), at(70), at(901))
    again = one(NOBODY, at(5, remote_ip=b"198.51.100.7"), at(99))
    assert again.findings[0].fingerprint == first.fingerprint
    assert again.findings[0].records == 2
    assert later.findings[0].fingerprint != first.fingerprint


@pytest.mark.parametrize("text", ["é\u2028", '"\\', "\\xff"])
def test_subjects_of_any_text_have_a_fingerprint_of_their_own(text: str) -> None:
    finding = one("user_agents: {allow: [x], group_by: [user_agent]}", at(0, user_agent=text.encode())).findings[0]
    assert finding.subject == {"user_agent": text}
    parts = ["p", "p/user_agents", "examplebucket", "served", {"user_agent": text}]
    assert finding.fingerprint == hashlib.sha256(json.dumps(parts, separators=(",", ":")).encode()).hexdigest()


def test_findings_of_the_baseline_are_known_and_still_fail_the_rule() -> None:
    found = one(NOBODY, *MIX).findings
    result = one(NOBODY, *MIX, baseline=frozenset({found[0].fingerprint}))
    assert [finding.baseline for finding in result.findings] == ["unchanged", "new", "new"]
    assert result.status is Status.FAIL
    assert not breaks_run(result, Severity.MEDIUM)


def test_a_result_that_could_not_judge_a_record_is_undetermined_with_the_reason() -> None:
    told = "could not be judged: the line is too old for a field that the rule needs, or leaves it undecided"
    result = one("transport: {}", at(0), at(1, suffix=()))
    assert (result.status, result.unjudged, result.reason) == (Status.UNDETERMINED, 1, f"1 record {told}")
    many = one("transport: {}", *[at(1, suffix=SUFFIX[:1])] * 1200)
    assert (many.status, many.reason) == (Status.UNDETERMINED, f"1,200 records {told}")
    broken = one("transport: {}", at(0, suffix=(*SUFFIX[:6], b"TLSv1", *SUFFIX[7:])), at(1, suffix=()))
    assert (broken.status, broken.unjudged, broken.reason) == (Status.FAIL, 1, None)


def test_what_is_not_built_yet_is_undetermined_and_says_so() -> None:
    for rule in ("first_seen: {}", "anomalies: {}", "latency: {turn_around_time: {more_than_usual: 3}}"):
        result = one(rule, at(0))
        assert (result.status, result.findings) == (Status.UNDETERMINED, ())
        assert "history" in (result.reason or "")
    broken = one("latency: {turn_around_time: {more_than_usual: 3, max: 1ms}}", at(0))
    assert broken.status is Status.FAIL


def test_a_bucket_that_is_named_and_has_no_record_is_undetermined_in_every_rule() -> None:
    text = "version: 1\npolicy: p\nbuckets: [idle, examplebucket]\nrules:\n  transport: {}\n  networks: {allow: [192.0.2.0/24]}\n"
    results = concluded(text, at(0)).results
    assert [(result.bucket, result.rule, result.status) for result in results] == [
        ("examplebucket", "p/transport", Status.PASS),
        ("examplebucket", "p/networks", Status.PASS),
        ("idle", "p/transport", Status.UNDETERMINED),
        ("idle", "p/networks", Status.UNDETERMINED),
    ]
    assert {result.reason for result in results} == {
        None,
        "no record of this bucket in the period: nothing was delivered, or nothing was asked of it",
    }


@pytest.mark.parametrize(("least", "status"), [("0", Status.PASS), ("1", Status.UNDETERMINED), (None, Status.UNDETERMINED)])
def test_min_records_of_zero_accepts_an_idle_bucket(least: str | None, status: Status) -> None:
    completeness = "{}" if least is None else f"{{min_records: {least}}}"
    text = f"version: 1\npolicy: p\nbuckets: [idle]\nrules:\n  transport: {{}}\n  completeness: {completeness}\n"
    results = concluded(text, at(0)).results
    assert {result.status for result in results} == {status}
    assert len(results) == 2


def test_globs_that_match_no_bucket_make_one_undetermined_result_of_the_policy() -> None:
    text = 'version: 1\npolicy: p\nbuckets: ["phi-*", "example*", "?"]\nrules:\n  transport: {}\n  acl_required: {}\n'
    results = concluded(text, at(0)).results
    assert [(result.rule, result.bucket, result.status) for result in results] == [
        ("p/transport", "examplebucket", Status.PASS),
        ("p/acl_required", "examplebucket", Status.PASS),
        ("p", None, Status.UNDETERMINED),
    ]
    assert (results[2].kind, results[2].reason) == ("policy", "no bucket with records in the period matches phi-*, ?")
    narrowed = Plan(policies_of([text]), buckets=frozenset({"examplebucket"}))
    assert None not in {result.bucket for result in concluded(text, at(0), plan=narrowed).results}
    other = Plan(policies_of([text]), rules=frozenset({"q/transport"}))
    assert concluded(text, at(0), plan=other).results == ()


def test_a_bucket_with_records_that_a_rule_does_not_look_at_passes_with_none() -> None:
    result = one("writers: {allow: []}", at(0))
    assert (result.status, result.records, result.reason) == (Status.PASS, 0, None)


def test_two_policies_over_one_bucket_are_judged_apart() -> None:
    second = 'version: 1\npolicy: a\nbuckets: ["*"]\nrules:\n  requesters: {allow: [authenticated]}\n'
    plan = Plan(policies_of([HEAD + f"  {NOBODY}\n", second]))
    results = concluded("", at(0), plan=plan).results
    assert [(result.policy, result.kind, result.status) for result in results] == [
        ("a", "requesters", Status.PASS),
        ("a", "anonymous", Status.PASS),
        ("p", "requesters", Status.FAIL),
        ("p", "anonymous", Status.PASS),
    ]


def test_a_result_tells_the_rule_as_it_is_written(tmp_path: Path) -> None:
    text = (
        "version: 1\npolicy: p\nbuckets: [examplebucket]\nrules:\n"
        "  networks:\n    - id: office\n      title: Only the office\n      help: Call the office.\n      severity: low\n"
        '      controls: {hipaa: ["164.312(b)"]}\n      allow: [10.0.0.0/8]\n'
    )
    (tmp_path / "p.yaml").write_text(text, encoding="utf-8")
    plan = Plan(load([tmp_path], tmp_path))
    result = concluded("", at(0), plan=plan).results[0]
    assert (result.rule, result.kind, result.policy, result.title) == ("p/networks/office", "networks", "p", "Only the office")
    assert (result.help, result.location) == ("Call the office.", Location("p.yaml", 6))
    assert [(control.framework, control.control) for control in result.controls] == [("hipaa", "164.312(b)")]


def test_coverage_tells_what_was_seen_of_every_bucket() -> None:
    data = [at(5), at(60, bucket=b"other"), at(9, referer=b'"' + FORGED_CORE + b'-" "y'), b"noise", at(7)]
    coverage = concluded(NOBODY, *data).coverage
    moments = [datetime(2019, 2, 6, 0, second // 60, second % 60, tzinfo=UTC) for second in (5, 9, 60)]
    assert tuple(replace(bucket, hours=Hours()) for bucket in coverage.buckets) == (
        BucketCoverage("examplebucket", 3, ("p",), moments[0], moments[1]),
        BucketCoverage("other", 1, (), moments[2], moments[2]),
    )
    assert (coverage.records, coverage.ambiguous, coverage.quarantined) == (4, 1, 1)
    assert (coverage.first_record, coverage.last_record) == (moments[0], moments[2])
    empty = conclude(Plan(policies_of([HEAD + f"  {NOBODY}\n"])), Partial()).coverage
    assert (empty.first_record, empty.last_record, empty.buckets) == (None, None, ())
