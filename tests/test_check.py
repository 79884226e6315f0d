"""A whole run: what is asked of it, what it ends with, and why."""

from __future__ import annotations

import json
from dataclasses import replace
from datetime import UTC, datetime
from fractions import Fraction
from pathlib import Path
from typing import Any

import pytest

from s3guard.check import Request, check
from s3guard.model import Report, Run, Severity, Status, UnableError, UsageError
from s3guard.outputs import PROVES, Options
from s3guard.outputs.json import render
from s3guard.policy import PolicyError
from tests.lines import FORGED_CORE, record

POLICY = """\
version: 1
policy: p
buckets: [examplebucket]
frameworks: [hipaa]
rules:
  requesters: {allow: [arn:aws:iam::111122223333:user/ann]}
"""
SECOND = """\
version: 1
policy: q
buckets: [other]
rules:
  transport: {}
  networks: [{allow: [192.0.2.0/24]}, {id: far, allow: [10.0.0.0/8]}]
"""
CLEAN = record().render() + b"\n"
STRANGER = record(requester=b"arn:aws:iam::111122223333:user/eve").render() + b"\n"
REFUSED = record(requester=b"arn:aws:iam::111122223333:user/eve", core=(b"403", b"AccessDenied", *4 * (b"-",))).render() + b"\n"
ELSEWHERE = record(bucket=b"elsewhere").render() + b"\n"
OTHER = record(bucket=b"other").render() + b"\n"
NOISE = b"noise\n"
NOON = datetime(2026, 10, 2, 12, tzinfo=UTC)


class Project:
    """A repository with a policy, and logs to be checked."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        for name in (".git", "policies", "logs"):
            (folder / name).mkdir()
        self.policy("p", POLICY)

    def policy(self, name: str, text: str) -> None:
        """Write a policy."""
        (self.folder / "policies" / f"{name}.yaml").write_text(text, encoding="utf-8")

    def run(self, *contents: bytes, **changes: Any) -> Report:
        """Check log objects of these contents."""
        for number, content in enumerate(contents):
            (self.folder / "logs" / f"{number}.log").write_bytes(content)
        asked = {"logs": ["logs"], "policies": [Path("policies")], "as_of": NOON, "jobs": 1, **changes}
        return check(Request(**asked))

    def ends(self, *contents: bytes, **changes: Any) -> tuple[int, Status]:
        """The exit code of a run, and its status."""
        report = self.run(*contents, **changes)
        assert report.notes[-1] == PROVES
        assert len(set(report.notes)) == len(report.notes)
        return report.exit_code, report.status


@pytest.fixture
def project(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Project:
    """A project, and the working directory in it."""
    monkeypatch.chdir(tmp_path)
    return Project(tmp_path)


def test_a_run_without_a_finding_ends_with_0(project: Project) -> None:
    report = project.run(CLEAN)
    assert (report.exit_code, report.status, report.notes) == (0, Status.PASS, (PROVES,))
    assert [one.policy for one in report.policies] == ["p"]
    assert report.coverage.buckets[0].policies == ("p",)


def test_a_finding_at_or_above_the_threshold_ends_with_1(project: Project) -> None:
    assert project.ends(STRANGER) == (1, Status.FAIL)
    assert project.ends(STRANGER, fail_on=Severity.HIGH) == (1, Status.FAIL)
    assert project.ends(STRANGER, fail_on=Severity.CRITICAL) == (0, Status.PASS)
    assert project.ends(STRANGER, fail_on=None) == (0, Status.PASS)


def test_an_attempt_that_was_refused_is_shown_and_fails_no_run(project: Project) -> None:
    report = project.run(REFUSED)
    assert (report.exit_code, report.results[0].status) == (0, Status.FAIL)
    assert project.ends(REFUSED, fail_on=Severity.LOW) == (1, Status.FAIL)


def test_what_could_not_be_read_ends_with_3(project: Project) -> None:
    (project.folder / "logs" / "gone").symlink_to("nowhere")
    report = project.run(CLEAN)
    assert (report.exit_code, report.status) == (3, Status.UNDETERMINED)
    assert report.notes[0] == "1 log object could not be read to the end, and what was not read is not judged."
    assert [entry.object for entry in report.coverage.unreadable] == ["logs/gone"]
    assert project.ends(CLEAN, allow_undetermined=True) == (0, Status.PASS)
    assert project.ends(CLEAN, allow_empty=True) == (3, Status.UNDETERMINED)
    assert project.ends(STRANGER) == (1, Status.FAIL)


def test_a_check_that_could_not_be_decided_ends_with_3(project: Project) -> None:
    project.policy(
        "q",
        POLICY.replace("policy: p", "policy: q")
        .replace("requesters", "transport")
        .replace("{allow: [arn:aws:iam::111122223333:user/ann]}", "{}"),
    )
    old = record(suffix=()).render() + b"\n"
    report = project.run(old)
    assert (report.exit_code, report.notes[0]) == (3, "1 check could not be decided; the reason stands beside it.")
    assert project.ends(old, allow_undetermined=True) == (0, Status.PASS)
    assert project.ends(old + STRANGER) == (1, Status.FAIL)


@pytest.mark.parametrize(("clean", "limit", "code"), [(999, "1/1000", 0), (998, "1/1000", 3), (0, "1", 4), (1, "1/2", 0), (1, "0", 3)])
def test_more_lines_that_are_no_records_than_tolerated_end_with_3(project: Project, clean: int, limit: str, code: int) -> None:
    report = project.run(CLEAN * clean + NOISE, max_unparsed=Fraction(limit))
    assert (report.exit_code, report.coverage.quarantined) == (code, 1)
    if code == 3:
        share = "0.1" if clean == 998 else "50"
        assert (
            report.notes[0]
            == f"1 line ({share}%) could not be read as records; more than --max-unparsed ({float(Fraction(limit)) * 100:g}%)."
        )
    assert project.ends(CLEAN + NOISE, max_unparsed=Fraction(0), allow_undetermined=True) == (0, Status.PASS)


def test_lines_that_are_no_records_are_a_share_of_all_lines_whatever_the_period(project: Project) -> None:
    later = record(logged_time=b"[07/Feb/2019:00:00:00 +0000]").render() + b"\n"
    report = project.run(CLEAN * 1998 + later + NOISE, since=datetime(2019, 2, 7, tzinfo=UTC))
    assert (report.exit_code, report.coverage.records, report.coverage.warnings["outside-period"]) == (0, 1, 1998)


def test_an_ambiguous_line_is_a_record(project: Project) -> None:
    ambiguous = record(referer=b'"' + FORGED_CORE + b'-" "y').render() + b"\n"
    report = project.run(ambiguous, max_unparsed=Fraction(0))
    assert (report.exit_code, report.coverage.ambiguous, report.coverage.records) == (0, 1, 1)


@pytest.mark.parametrize("content", [b"", b"\n\n", ELSEWHERE])
def test_a_run_that_judged_nothing_ends_with_4(project: Project, content: bytes) -> None:
    report = project.run(content)
    assert (report.exit_code, report.status) == (4, Status.NOT_APPLICABLE)
    told = "no rule that was asked for applies to a bucket that has records"
    assert f"Nothing was judged: {told if content == ELSEWHERE else '1 log object with no record to judge'}." in report.notes
    assert project.ends(content, allow_empty=True) == (0, Status.PASS)
    assert project.ends(content, allow_undetermined=True) == (4, Status.NOT_APPLICABLE)


def test_records_out_of_the_period_are_not_judged(project: Project) -> None:
    begin = datetime(2019, 2, 6, 0, 0, 38, tzinfo=UTC)
    assert project.ends(STRANGER, since=begin) == (1, Status.FAIL)
    assert project.ends(STRANGER, until=begin) == (4, Status.NOT_APPLICABLE)
    assert project.ends(STRANGER, since=begin.replace(second=39)) == (4, Status.NOT_APPLICABLE)
    assert project.ends(STRANGER, until=begin.replace(second=39)) == (1, Status.FAIL)


def test_buckets_without_a_policy_are_listed_and_only_asked_for_when_required(project: Project) -> None:
    report = project.run(CLEAN + ELSEWHERE)
    assert report.exit_code == 0
    assert [(bucket.bucket, bucket.policies) for bucket in report.coverage.buckets] == [("elsewhere", ()), ("examplebucket", ("p",))]
    required = project.run(CLEAN + ELSEWHERE, require_policy=True)
    assert required.exit_code == 3
    assert required.notes[0] == "1 bucket with records has no policy, which --require-policy does not accept: elsewhere."
    assert project.ends(CLEAN + ELSEWHERE, require_policy=True, exempt=["else*"]) == (0, Status.PASS)
    assert project.ends(CLEAN + ELSEWHERE, require_policy=True, buckets=["examplebucket"]) == (0, Status.PASS)
    assert project.ends(STRANGER + ELSEWHERE, require_policy=True) == (1, Status.FAIL)


def rules(report: Report) -> list[str]:
    """The rules that were judged, and over what."""
    return [f"{result.rule} {result.bucket}" for result in report.results]


def test_a_run_can_be_narrowed_to_rules(project: Project) -> None:
    project.policy("q", SECOND)
    both = CLEAN + OTHER
    assert rules(project.run(both, rules=["transport"])) == ["q/transport other"]
    assert rules(project.run(both, rules=["q/networks/far", "p/anonymous"])) == ["p/anonymous examplebucket", "q/networks/far other"]
    assert rules(project.run(both, rules=["networks"])) == ["q/networks other", "q/networks/far other"]
    with pytest.raises(UsageError, match=r"--rule networsk: no policy has this rule; did you mean networks"):
        project.run(both, rules=["transport", "networsk"])


def test_a_run_can_be_narrowed_to_buckets(project: Project) -> None:
    project.policy("q", SECOND)
    report = project.run(CLEAN + OTHER, buckets=["other"])
    assert {result.bucket for result in report.results} == {"other"}
    assert [(bucket.bucket, bucket.policies) for bucket in report.coverage.buckets] == [("examplebucket", ()), ("other", ("q",))]
    named = project.run(CLEAN, buckets=["other"])
    assert {(result.bucket, result.status) for result in named.results} == {("other", Status.UNDETERMINED)}
    with pytest.raises(UsageError, match=r"--bucket ohter: no record and no policy names this bucket; did you mean other"):
        project.run(CLEAN, buckets=["ohter"])


def test_a_run_can_be_narrowed_to_frameworks(project: Project) -> None:
    project.policy("q", SECOND)
    assert {result.policy for result in project.run(CLEAN + OTHER, frameworks=["hipaa", "gdpr"]).results} == {"p"}
    assert project.ends(CLEAN, frameworks=["gdpr"]) == (4, Status.NOT_APPLICABLE)
    with pytest.raises(UsageError, match=r"--framework hippa: no framework has this name; did you mean hipaa"):
        project.run(CLEAN, frameworks=["hippa"])


def test_findings_of_the_baseline_fail_no_run_and_new_ones_do(project: Project) -> None:
    (project.folder / "known.json").write_text(render(project.run(STRANGER), Options()), encoding="utf-8")
    known = project.run(STRANGER * 5, baseline=Path("known.json"))
    assert (known.exit_code, known.results[0].status) == (0, Status.FAIL)
    assert [finding.baseline for finding in known.results[0].findings] == ["unchanged"]
    mallory = STRANGER.replace(b"user/eve", b"user/mallory")
    more = project.run(STRANGER + mallory, baseline=Path("known.json"))
    assert more.exit_code == 1
    assert sorted(finding.baseline for finding in more.results[0].findings) == ["new", "unchanged"]
    with pytest.raises((UsageError, UnableError)):
        project.run(CLEAN, baseline=Path("gone.json"))


def test_quarantined_lines_are_written_where_they_are_wanted(project: Project) -> None:
    project.run(CLEAN + NOISE, NOISE, quarantine=Path("q.jsonl"))
    found = [json.loads(line) for line in (project.folder / "q.jsonl").read_text(encoding="ascii").splitlines()]
    assert [(entry["object"], entry["line"]) for entry in found] == [("logs/0.log", 2), ("logs/1.log", 1)]


def test_a_report_of_the_traffic_names_the_first_lines_that_are_no_record_and_a_check_alone_does_not(project: Project) -> None:
    found = project.run(NOISE * 101, CLEAN + NOISE, NOISE, traffic=True, max_unparsed=1)
    lines = [(one.object, one.line, one.status) for one in found.unclear]
    assert [("logs/0.log", number, "quarantined") for number in range(1, 101)] == lines
    assert all(one.reason for one in found.unclear)
    assert () == project.run(CLEAN + NOISE).unclear


def test_a_run_that_fails_leaves_no_quarantine(project: Project) -> None:
    with pytest.raises(UsageError):
        project.run(CLEAN + NOISE, quarantine=Path("q.jsonl"), logs=["logs", "nowhere"])
    assert not (project.folder / "q.jsonl").exists()


def test_two_runs_over_the_same_input_differ_in_the_run_block_alone(project: Project) -> None:
    contents = [CLEAN + NOISE + STRANGER, REFUSED * 3 + CLEAN, ELSEWHERE]
    one, other = project.run(*contents), project.run(*contents, jobs=3)
    run = Run("id", NOON, NOON, NOON, "local")
    assert one.run.id != other.run.id
    assert replace(one, run=run) == replace(other, run=run)
    assert render(replace(one, run=run), Options()) == render(replace(other, run=run), Options())
    assert one.run.as_of == NOON
    assert one.run.started <= one.run.finished
    assert one.run.fail_on is Severity.MEDIUM


def test_wrong_policies_logs_and_engines_are_wrong_usage(project: Project) -> None:
    with pytest.raises(UsageError, match="no such file or folder"):
        project.run(CLEAN, logs=["nowhere"])
    with pytest.raises(UsageError, match="no engine is named 'sprak'"):
        project.run(CLEAN, engine="sprak")
    project.policy("q", "version: 1\npolicy: q\nbuckets: [b]\nrules: {reqesters: {}}\n")
    with pytest.raises(PolicyError, match=r"policies/q\.yaml:4:9"):
        project.run(CLEAN)


def test_names_of_objects_are_relative_to_the_repository(project: Project, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(project.folder / "logs")
    report = project.run(STRANGER, logs=["0.log"], policies=[Path("../policies")])
    assert report.results[0].findings[0].samples[0].object == "logs/0.log"
    assert report.results[0].location.file == "policies/p.yaml"


def test_progress_is_told(project: Project) -> None:
    told: list[tuple[int, int]] = []
    project.run(CLEAN * 3, progress=lambda stored, records: told.append((stored, records)))
    assert told[-1] == (3 * len(CLEAN), 3)
