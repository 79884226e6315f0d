"""One rule over one bucket: how findings are ordered, cut and known again, and what is said where nothing was judged."""

from __future__ import annotations

import hashlib
import json
from pathlib import Path

import pytest

from s3guard.model import Location, Omitted, Severity, Status
from s3guard.plan import Plan
from s3guard.policy import load
from s3guard.results import SHOWN
from s3guard.verdict import breaks_run
from tests.concluding import ANN, FAILED, MIX, NOBODY, REFUSED, at, concluded, one
from tests.lines import SUFFIX

# NOTE: printf '["p","p/requesters","examplebucket","served",{"operation_class":"read","principal":"arn:…:user/ann"}]' | sha256sum
GOLDEN = "3d41b1b0f63de3e5a5473d309382d60d301db318b27d8ae9f553a716c544d5e5"


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
    assert (broken.status, broken.unjudged, broken.reason) == (Status.FAIL, 1, f"1 record {told}")


def test_without_a_history_what_compares_with_one_is_undetermined_and_says_so() -> None:
    for rule in ("first_seen: {}", "anomalies: {}", "latency: {turn_around_time: {more_than_usual: 3}}"):
        result = one(rule, *[at(0)] * 20)
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


def test_a_bucket_with_records_that_a_rule_does_not_look_at_passes_with_none() -> None:
    result = one("writers: {allow: []}", at(0))
    assert (result.status, result.records, result.reason) == (Status.PASS, 0, None)


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
