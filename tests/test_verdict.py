"""The verdict in words: which findings fail the run, and why the exit code is what it is."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta, timezone

import pytest

from s3guard.model import Severity, Status
from s3guard.verdict import because, breaks_run, fails_run, headline, moment, period, standing, volume, worst
from tests.outputs import reports

NOON = datetime(2026, 10, 1, 12, tzinfo=UTC)


def test_a_finding_fails_the_run_when_it_is_severe_new_and_not_waived() -> None:
    severe = reports.finding(severity=Severity.HIGH)
    assert fails_run(severe, Severity.MEDIUM)
    assert fails_run(severe, Severity.HIGH)
    assert not fails_run(severe, Severity.CRITICAL)
    assert not fails_run(severe, None)
    assert not fails_run(replace(severe, baseline="unchanged"), Severity.MEDIUM)
    assert not fails_run(replace(severe, waiver={"reason": "x"}), Severity.MEDIUM)


def test_every_result_stands_in_exactly_one_list() -> None:
    for make in reports.SAMPLES.values():
        report = make()
        found = standing(report)
        listed = [*found.violations, *found.undetermined, *found.tolerated, *found.passed, *found.idle]
        assert sorted(result.rule for result in listed) == sorted(result.rule for result in report.results)
        assert found.checks == len(report.results)


def test_the_most_severe_violation_stands_first() -> None:
    low, high = reports.finding("a", severity=Severity.MEDIUM), reports.finding("b", severity=Severity.HIGH)
    report = reports.report(
        reports.result("latency", status=Status.FAIL, findings=(low,)), reports.result("writers", status=Status.FAIL, findings=(low, high))
    )
    assert [result.kind for result in standing(report).violations] == ["writers", "latency"]
    assert worst(report.results[1], Severity.MEDIUM) is Severity.HIGH


def test_a_waived_severity_does_not_make_a_check_look_worse() -> None:
    waived = reports.finding("a", severity=Severity.CRITICAL, waiver={"reason": "x"})
    failing = reports.result(status=Status.FAIL, findings=(waived, reports.finding("b", severity=Severity.MEDIUM)))
    assert worst(failing, Severity.MEDIUM) is Severity.MEDIUM


def test_a_failed_check_without_findings_fails_the_run_by_its_own_severity() -> None:
    failed = reports.result(status=Status.FAIL, severity=Severity.HIGH)
    assert breaks_run(failed, Severity.HIGH)
    assert not breaks_run(failed, Severity.CRITICAL)


@pytest.mark.parametrize(
    ("kind", "expected"),
    [
        ("clean", "all 3 checks passed"),
        ("failing", "2 of 6 checks failed, 2 tolerated, 1 did not apply"),
        ("undetermined", "1 of 4 checks passed, 3 could not be judged"),
        ("waived", "1 of 2 checks passed, 1 tolerated"),
        ("empty", "no policy applied to anything"),
    ],
)
def test_the_headline_counts_checks(kind: str, expected: str) -> None:
    assert headline(reports.SAMPLES[kind]()) == expected


def test_one_check_is_no_plural() -> None:
    assert headline(reports.report(reports.result())) == "the check passed"


@pytest.mark.parametrize(
    ("kind", "expected"),
    [
        ("clean", "exit code 0: no new finding at or above medium"),
        ("failing", "exit code 1: 2 findings at or above medium"),
        ("undetermined", "exit code 3: not everything could be judged (3 checks undetermined, 2 log objects not read to the end)"),
        ("unjudgeable", "exit code 3: not everything could be judged (1 log object not read to the end)"),
        ("empty", "exit code 4: nothing was judged"),
    ],
)
def test_the_exit_code_has_a_reason(kind: str, expected: str) -> None:
    assert because(reports.SAMPLES[kind]()) == expected


def test_a_flood_counts_at_least() -> None:
    assert because(reports.flood()) == "exit code 1: at least 1,000 findings at or above medium"


def test_rarer_exit_codes_have_reasons_too() -> None:
    assert because(replace(reports.clean(), run=reports.run(None))) == "exit code 0: findings fail no run here (fail-on none)"
    assert because(replace(reports.clean(), exit_code=3)) == "exit code 3: not everything could be judged"
    assert because(replace(reports.clean(), exit_code=4)) == "exit code 4: no policy judges a bucket of these records"
    assert because(replace(reports.clean(), exit_code=1)) == "exit code 1: violations"
    assert because(replace(reports.clean(), exit_code=130)) == "exit code 130"


def test_times_are_told_in_utc_and_a_date_once() -> None:
    assert moment(NOON.astimezone(timezone(timedelta(hours=2)))) == "2026-10-01 12:00:00"
    assert period(NOON, NOON) == "2026-10-01 12:00:00"
    assert period(NOON, NOON + timedelta(hours=1)) == "2026-10-01 12:00:00 to 13:00:00"
    assert period(NOON, NOON + timedelta(days=1)) == "2026-10-01 12:00:00 to 2026-10-02 12:00:00"
    assert period(None, NOON) == ""


@pytest.mark.parametrize(
    ("count", "expected"),
    [(0, "0 bytes"), (1, "1 byte"), (1023, "1,023 bytes"), (1024, "1.0 KiB"), (4_300_000, "4.1 MiB"), (1 << 62, "4096.0 PiB")],
)
def test_volumes_are_told_for_people(count: int, expected: str) -> None:
    assert volume(count) == expected
