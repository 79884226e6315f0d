"""Every rule against its cases: what passes, what breaks it, what it cannot judge, and each trap of the format."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pytest
import yaml

from s3guard.conclude import conclude
from s3guard.model import Result, Status
from s3guard.plan import Plan
from s3guard.rules import catalog
from tests.batches import Line, policies_of, whole
from tests.rendering import rendered

FOLDER = Path(__file__).parent / "cases"
Case = Mapping[str, Any]
KEYS = {"name", "why", "rules", "principals", "networks", "since", "until", "result", "records", "expect"}
EXPECTED = {"status", "records", "violations", "unjudged", "findings", "severity", "says"}


def cases_of(kind: str) -> list[Case]:
    """The cases of a rule."""
    file = FOLDER / f"{kind}.yaml"
    if not file.exists():
        return []
    found = yaml.safe_load(file.read_text(encoding="utf-8"))
    assert isinstance(found, list)
    return found


CASES = {(kind, case["name"]): case for kind in catalog() for case in cases_of(kind)}


def judged(kind: str, case: Case) -> Result:
    """What the rule says of the case's records."""
    document = {"version": 1, "policy": "p", "buckets": ["b"], **{key: case[key] for key in ("principals", "networks") if key in case}}
    (policy,) = policies_of([yaml.safe_dump({**document, "rules": case["rules"]}, sort_keys=False, allow_unicode=False)])
    plan = Plan((policy,), since=_second(case.get("since")), until=_second(case.get("until")))
    lines = [Line("o", number, data) for number, data in enumerate(rendered(case["records"]), 1)]
    concluded = conclude(plan, whole(plan, lines))
    assert concluded.coverage.quarantined == 0
    (result,) = (result for result in concluded.results if result.rule == f"p/{case.get('result', kind)}")
    return result


def _second(moment: Any) -> int | None:
    return None if moment is None else int(moment.timestamp())


def told(result: Result, expected: Case) -> dict[str, Any]:
    """A result as a case writes it: of its findings only what the case's say, in the order of the report."""
    found: dict[str, Any] = {"status": result.status.value, "records": result.records}
    found |= {"violations": result.violations, "unjudged": result.unjudged, "findings": []}
    if "severity" in expected:
        found["severity"] = result.severity.value
    if "says" in expected:
        found["says"] = expected["says"] if expected["says"] in (result.reason or "") else result.reason
    for number, finding in enumerate(result.findings):
        whole_finding = {
            "subject": finding.subject,
            "outcome": finding.outcome,
            "severity": finding.severity.value,
            "records": finding.records,
            "samples": [sample.line for sample in finding.samples],
            "says": finding.message,
        }
        wanted = expected["findings"][number] if number < len(expected.get("findings", [])) else whole_finding
        mine = {key: whole_finding[key] for key in wanted}
        if "says" in wanted and str(wanted["says"]) in finding.message:
            mine["says"] = wanted["says"]
        found["findings"].append(mine)
    return found


@pytest.mark.parametrize(("kind", "name"), CASES, ids=[f"{kind}: {name}" for kind, name in CASES])
def test_a_rule_says_of_its_case_what_is_expected(kind: str, name: str) -> None:
    case = CASES[kind, name]
    assert set(case) <= KEYS
    assert set(case["expect"]) <= EXPECTED
    expected = {"violations": 0, "unjudged": 0, "findings": [], **case["expect"]}
    result = judged(kind, case)
    assert told(result, expected) == expected
    assert result.is_undecided == (result.reason is not None)
    assert result.is_undecided or result.status is not Status.UNDETERMINED
    assert result.is_undecided or not result.unjudged
    if result.kind not in ("access_denied", "errors", "latency", "volume", "custom", "completeness", "anomalies"):
        assert sum(finding.records for finding in result.findings) == result.violations


@pytest.mark.parametrize("kind", catalog())
def test_every_rule_has_cases_of_every_kind(kind: str) -> None:
    cases = cases_of(kind)
    statuses = {case["expect"]["status"] for case in cases}
    assert statuses >= {"pass", "fail", "undetermined"}
    assert any(case["expect"].get("unjudged") for case in cases), "a case with records that the rule cannot judge"
    assert any(case["records"] == [] for case in cases), "a case without any record"
    assert len({case["name"] for case in cases}) == len(cases)


def test_no_file_of_cases_is_left_over() -> None:
    assert {file.stem for file in FOLDER.glob("*.yaml")} <= {*catalog(), "policy_faults"}
