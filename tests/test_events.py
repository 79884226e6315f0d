"""A report as single statements: nobody who reads one alone takes for clean what was not looked at."""

from __future__ import annotations

from dataclasses import replace

import pytest

from s3guard.events import Event, events, is_whole, run_id, run_status
from s3guard.model import Omitted, Report, Severity, Status, Unreadable
from tests.outputs import reports


def told(report: Report) -> list[tuple[str, Status]]:
    return [(event.result.kind, event.status) for event in events(report)]


def test_each_finding_and_each_check_without_one_is_a_statement() -> None:
    fail, waived = Status.FAIL, Status.WAIVED
    expected = [("writers", fail)] * 3 + [("writers", waived), ("anonymous", fail), ("requesters", waived), ("transport", fail)]
    assert [*expected, ("schedule", Status.NOT_APPLICABLE), ("errors", Status.PASS)] == told(reports.failing())


def unread(report: Report) -> Report:
    return replace(report, coverage=replace(report.coverage, unreadable=(Unreadable("a", "b"),)))


def test_a_check_that_passed_says_so_only_where_all_was_looked_at() -> None:
    assert {Status.PASS} == {status for _, status in told(reports.clean())}
    for blind in (unread(reports.clean()), replace(reports.clean(), exit_code=3), replace(reports.clean(), exit_code=4)):
        assert {Status.UNDETERMINED} == {status for _, status in told(blind)}


def test_a_check_of_the_configuration_read_no_log_and_may_say_so() -> None:
    assert [("logging", Status.PASS)] == told(unread(reports.report(reports.result("logging", records=0))))


@pytest.mark.parametrize(("quarantined", "exit_code", "whole"), [(0, 1, True), (1, 1, True), (900, 1, False), (900, 0, True)])
def test_lines_that_are_no_records_tell_where_violations_hide_the_exit_code(quarantined: int, exit_code: int, whole: bool) -> None:  # noqa: FBT001 - a table
    report = reports.report(exit_code=exit_code)
    assert whole == is_whole(replace(report, coverage=replace(report.coverage, quarantined=quarantined)))


def only(report: Report) -> Event:
    (event,) = events(report)
    return event


def test_what_a_flood_left_out_is_a_failure_that_no_baseline_knows() -> None:
    none = reports.result(status=Status.FAIL, violations=9, omitted=Omitted(0, 9), severity=Severity.HIGH)
    assert (Status.FAIL, Severity.HIGH) == (only(reports.report(none)).status, only(reports.report(none)).severity)
    assert [("writers", Status.FAIL)] * 3 == told(reports.flood(2))
    assert len({event.id for event in events(reports.flood(2))}) == 3


def test_ids_are_of_policy_rule_and_bucket() -> None:
    one, two = reports.result(bucket="a"), reports.result(bucket="b")
    ids = [event.id for event in events(reports.report(one, two))]
    assert len(set(ids)) == 2
    assert ids == [event.id for event in events(reports.report(replace(one, records=7), two))]


@pytest.mark.parametrize(
    ("report", "status"),
    [
        (reports.clean(), Status.PASS),
        (reports.waived(), Status.PASS),
        (reports.failing(), Status.FAIL),
        (reports.undetermined(), Status.UNDETERMINED),
        (reports.unjudgeable(), Status.UNDETERMINED),
        (reports.empty(), Status.NOT_APPLICABLE),
        (unread(reports.clean()), Status.UNDETERMINED),
        (reports.report(reports.result(status=Status.UNDETERMINED)), Status.UNDETERMINED),
        (replace(reports.clean(), exit_code=1, status=Status.FAIL), Status.FAIL),
    ],
)
def test_the_run_passed_only_where_it_looked_at_everything(report: Report, status: Status) -> None:
    assert status == run_status(report)


def test_a_run_is_known_by_its_policies() -> None:
    assert run_id(reports.clean()) == run_id(reports.failing()) != run_id(reports.empty())
