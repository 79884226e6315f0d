"""Figures for Prometheus, as its own tools and a scraper read them."""

from __future__ import annotations

import os
import shutil
import subprocess
from dataclasses import replace
from datetime import timedelta

import pytest
from prometheus_client.openmetrics.parser import text_string_to_metric_families
from prometheus_client.parser import text_string_to_metric_families as older

from s3guard.model import BucketCoverage, PolicyFile, Report, Status
from s3guard.outputs import Options, find
from tests.outputs import golden, reports
from tests.outputs.corpus import HOSTILE

EVERY = [*reports.SAMPLES, "flood"]


def rendered(report: Report) -> str:
    return "".join(find("openmetrics").render(report, Options()))


def figures(report: Report) -> dict[tuple[str, tuple[tuple[str, str], ...]], float]:
    """Samples by name and labels but for the policies'."""
    samples = [sample for family in text_string_to_metric_families(rendered(report)) for sample in family.samples]
    found = {
        (sample.name, tuple(sorted((name, value) for name, value in sample.labels.items() if name != "policies"))): sample.value
        for sample in samples
    }
    assert len(found) == len(samples)
    return found


def figure(report: Report, name: str, **labels: str) -> float:
    return figures(report)[f"s3guard_{name}", tuple(sorted(labels.items()))]


def kind(name: str) -> Report:
    return (reports.SAMPLES | golden.KINDS)[name]()


@pytest.mark.parametrize("name", golden.KINDS)
def test_each_kind_of_report_looks_as_in_its_golden_file(name: str) -> None:
    golden.expect(f"openmetrics/{name}.prom", rendered(golden.KINDS[name]()))


@pytest.mark.parametrize("name", EVERY)
def test_both_generations_of_the_format_read_the_same(name: str) -> None:
    text = rendered(kind(name))
    one = [sample for family in text_string_to_metric_families(text) for sample in family.samples]
    two = [sample for family in older(text) for sample in family.samples]
    assert [(a.name, a.labels, a.value) for a in one] == [(a.name, a.labels, a.value) for a in two]
    assert all(sample.timestamp is None for sample in one)
    assert text.endswith("\n# EOF\n")


@pytest.mark.parametrize("name", EVERY)
def test_every_family_has_one_help_and_one_type(name: str) -> None:
    text = rendered(kind(name))
    families = [family.name for family in text_string_to_metric_families(text)]
    for word in ("HELP", "TYPE"):
        assert families == [line.split(" ")[2] for line in text.splitlines() if line.startswith(f"# {word} ")]


def promtool() -> str:
    found = shutil.which("promtool")
    if found is None:
        reason = "no promtool; Debian's package prometheus has it"
        if os.environ.get("S3GUARD_TOOLS") == "required":
            pytest.fail(reason)
        pytest.skip(reason)
    return found


def linted(text: str) -> tuple[int, str]:
    ended = subprocess.run([promtool(), "check", "metrics"], input=text, capture_output=True, text=True, check=False, timeout=60)
    return ended.returncode, ended.stderr + ended.stdout


@pytest.mark.parametrize("name", ["failing", "undetermined", "hostile", "empty"])
def test_promtool_finds_no_fault(name: str) -> None:
    assert (0, "") == linted(rendered(kind(name)))


def test_promtool_finds_a_planted_fault() -> None:
    assert linted(rendered(reports.clean()).replace("gauge", "guage", 1))[0] != 0


def test_the_last_run_is_told() -> None:
    report = reports.failing()
    assert report.run.finished.timestamp() == figure(report, "last_run_timestamp_seconds")
    assert 1 == figure(report, "last_run_exit_code") == figure(report, "last_run_whole")
    assert 3 == figure(report, "objects")
    assert 1000 == figure(report, "records")
    assert 1 == figure(report, "findings", severity="critical", baseline="new")
    assert 2 == figure(report, "findings", severity="critical", baseline="waived")
    assert 1 == figure(report, "findings", severity="high", baseline="unchanged")
    assert 3 == figure(report, "checks", status="fail")
    assert 2 == figure(report, "checks_failing") == figure(report, "findings_failing")
    assert 11 == figure(report, "check_violations", rule="phi-records/writers", bucket="phi-records")
    assert 1 == figure(report, "check_status", rule="phi-records/requesters", bucket="phi-records", status="waived")


def test_controls_are_counted_by_framework_and_status() -> None:
    report = reports.controlled()
    assert 1 == figure(report, "controls", framework="hipaa", status="partly")
    assert 1 == figure(report, "controls", framework="pci-dss-4.0.1", status="not evidenced")


def verdict(report: Report) -> str:
    (told,) = [dict(labels)["verdict"] for name, labels in figures(report) if name == "s3guard_last_run_verdict"]
    return told


def test_what_could_not_be_looked_at_is_no_pass() -> None:
    verdicts = {name: verdict(kind(name)) for name in ("clean", "waived", "failing", "undetermined", "unjudgeable", "empty")}
    assert {
        "clean": "pass",
        "waived": "pass",
        "failing": "fail",
        "undetermined": "undetermined",
        "unjudgeable": "undetermined",
        "empty": "not_applicable",
    } == verdicts
    report = reports.undetermined()
    assert (0, 2, 41, 2, 1) == tuple(
        figure(report, name) for name in ("last_run_whole", "objects_unreadable", "lines_quarantined", "lines_ambiguous", "buckets_unnamed")
    )


def test_no_label_is_of_a_log_that_no_policy_names() -> None:
    report = reports.undetermined()
    assert "nobody-looks" not in rendered(report)
    assert reports.START.timestamp() + 47 * 3600 == figure(report, "last_record_timestamp_seconds", bucket="phi-records")


@pytest.mark.parametrize("name", HOSTILE)
def test_what_strangers_write_changes_nothing(name: str) -> None:
    text = HOSTILE[name]
    odd = reports.finding(message=text, subject={"key": text, "user_agent": text, "principal": text})
    usual = reports.finding(message="usual", subject={"key": "usual"})
    one, two = (rendered(reports.report(reports.result(status=Status.FAIL, findings=(found,)))) for found in (odd, usual))
    assert one == two


def test_two_checks_of_one_machine_share_no_sample() -> None:
    one = reports.clean()
    two = replace(one, policies=(PolicyFile("other", "policies/other.yaml", "ab" * 32),))
    lines = [{line.rpartition(" ")[0] for line in rendered(report).splitlines() if not line.startswith("#")} for report in (one, two)]
    assert not lines[0] & lines[1]
    comments = [[line for line in rendered(report).splitlines() if line.startswith("#")] for report in (one, two)]
    assert comments[0] == comments[1]


def test_of_too_many_checks_those_that_need_eyes_have_series(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("s3guard.outputs.openmetrics.MOST", 3)
    report = reports.failing()
    told = {dict(labels)["status"] for name, labels in figures(report) if name == "s3guard_check_status"}
    assert {"fail"} == told
    later = reports.START + timedelta(1)
    many = tuple(BucketCoverage(f"b{number}", 1, ("p",), reports.START, later) for number in range(9))
    crowded = replace(report, coverage=replace(report.coverage, buckets=many))
    assert 3 == sum(name == "s3guard_last_record_timestamp_seconds" for name, _ in figures(crowded))


def test_names_of_many_policies_are_a_number_and_a_digest() -> None:
    many = tuple(PolicyFile(f"policy-{number:03}", "policies/p.yaml", "ab" * 32) for number in range(99))
    assert 'policies="99-policies-' in rendered(replace(reports.clean(), policies=many))
