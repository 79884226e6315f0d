"""What is stated of a pack is what its report says, and never more."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest

from s3guard.attest import Statement, dsse
from s3guard.attest.predicates import Outcome
from s3guard.evidence import assertions, signing
from s3guard.model import ControlStatus, Report, Status
from tests.attest import keyring
from tests.evidence.signed import listed
from tests.notify.sights import result
from tests.outputs import reports


def of(*statuses: Status) -> Report:
    """A report of rules that ended so."""
    results = tuple(replace(result(), rule=f"p/{at}", status=status, findings=()) for at, status in enumerate(statuses))
    return replace(reports.failing(), results=results, status=Status.PASS, exit_code=0)


@pytest.mark.parametrize(
    ("statuses", "more", "expected"),
    [
        ((Status.PASS, Status.NOT_APPLICABLE), {}, Outcome.PASSED),
        ((Status.PASS,), {"not_looked_at": ["A review is missing."]}, Outcome.WARNED),
        ((Status.PASS, Status.WAIVED), {}, Outcome.WARNED),
        ((Status.PASS, Status.UNDETERMINED), {}, Outcome.WARNED),
        ((Status.PASS, Status.FAIL), {}, Outcome.WARNED),
        ((Status.PASS,), {"exit_code": 1}, Outcome.FAILED),
        ((Status.PASS,), {"exit_code": 3}, Outcome.FAILED),
        ((Status.PASS,), {"exit_code": 4}, Outcome.FAILED),
    ],
)
def test_only_what_was_judged_whole_and_is_clean_has_passed(statuses: tuple[Status, ...], more: dict[str, Any], expected: Outcome) -> None:
    manifest = listed().model_copy(update={"exit_code": 0, **more})
    assert expected is assertions.outcome(manifest, of(*statuses))


def test_nothing_judged_has_not_passed() -> None:
    manifest = listed().model_copy(update={"exit_code": 0})
    assert Outcome.WARNED is assertions.outcome(manifest, replace(of(), status=Status.NOT_APPLICABLE))


def test_a_rule_is_named_once_by_its_worst_result() -> None:
    report = of(Status.PASS, Status.FAIL, Status.UNDETERMINED, Status.WAIVED, Status.NOT_APPLICABLE)
    worse = replace(report, results=(*report.results, replace(report.results[0], status=Status.FAIL)))
    assert {"passed": [], "warned": ["p/2", "p/3"], "failed": ["p/0", "p/1"]} == assertions.rules(worse)


def test_the_evaluation_says_what_the_report_says_and_names_no_machine() -> None:
    report = replace(
        reports.failing(),
        controls=tuple(ControlStatus("hipaa", str(at), "", status, ()) for at, status in enumerate(("evidenced", "evidenced", "partly"))),
    )
    found = assertions.evaluation(listed(), report, "2026-11-01T00:00:00Z")
    assert sum(len(one.findings) for one in report.results) == found.findings["count"]
    assert {name: count for name, count in report.summary.items() if name != "findings"} == found.results
    assert {"hipaa": {"evidenced": 2, "partly": 1}} == found.controls
    assert str(report.coverage.records) == found.coverage["records"]
    assert {"python", "system", "polars"} == found.environment.keys()


def test_the_longest_report_of_the_tests_is_signed() -> None:
    for member in signing.sealed(listed(), reports.failing(), signing.Seal(keyring.signing("Ed25519"))):
        assert "manifest.json" == Statement.of(dsse.verify(member.data, [keyring.key("Ed25519")]).payload).subject
