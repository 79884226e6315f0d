"""GitLab's code quality report, as its parser reads it."""

from __future__ import annotations

import json
import re
from collections.abc import Callable
from dataclasses import replace
from typing import Any

import jsonschema_rs
import pytest

from s3guard.model import Location, Report, Severity, Status
from s3guard.outputs import Options, find
from tests.outputs import golden, reports

EVERY = [*reports.SAMPLES, "flood"]
SCHEMA = {
    # https://docs.gitlab.com/ci/testing/code_quality/#code-quality-report-format
    "type": "array",
    "items": {
        "type": "object",
        "required": ["description", "check_name", "fingerprint", "severity", "location"],
        "additionalProperties": False,
        "properties": {
            "description": {"type": "string", "minLength": 1},
            "check_name": {"type": "string", "minLength": 1},
            "fingerprint": {"type": "string", "pattern": "^[0-9a-f]{64}$"},
            "severity": {"enum": ["info", "minor", "major", "critical", "blocker"]},
            "location": {
                "type": "object",
                "required": ["path", "lines"],
                "properties": {
                    "path": {"type": "string", "pattern": r"^(?!\./|/).+"},
                    "lines": {"type": "object", "required": ["begin"], "properties": {"begin": {"type": "integer", "minimum": 1}}},
                },
            },
        },
    },
}


def rendered(report: Report) -> str:
    return "".join(find("gitlab").render(report, Options()))


def faults(text: str) -> list[str]:
    found = [str(error) for error in jsonschema_rs.validator_for(SCHEMA).iter_errors(json.loads(text))]
    fingerprints = [one.get("fingerprint") for one in json.loads(text)]
    return [*found, *(["fingerprints are not unique"] if len(set(fingerprints)) < len(fingerprints) else [])]


def kind(name: str) -> Report:
    return (reports.SAMPLES | golden.KINDS)[name]()


@pytest.mark.parametrize("name", golden.KINDS)
def test_each_kind_of_report_looks_as_in_its_golden_file(name: str) -> None:
    golden.expect(f"gitlab/{name}.json", rendered(golden.KINDS[name]()))


@pytest.mark.parametrize("name", EVERY)
def test_the_report_is_as_gitlab_asks(name: str) -> None:
    text = rendered(kind(name))
    assert text.startswith("[")
    assert faults(text) == []


def doubled(entries: Any) -> None:
    entries.append(entries[0])


def dotted(entries: Any) -> None:
    entries[1]["location"]["path"] = "./policies/a.yaml"


def worst(entries: Any) -> None:
    entries[1]["severity"] = "high"


@pytest.mark.parametrize("plant", [doubled, dotted, worst])
def test_the_schema_finds_planted_faults(plant: Callable[[Any], None]) -> None:
    entries = json.loads(rendered(reports.failing()))
    plant(entries)
    assert faults(json.dumps(entries)) != []


def severities(report: Report) -> list[str]:
    return [one["severity"] for one in json.loads(rendered(report))[1:]]


def test_severities_are_gitlabs() -> None:
    found = tuple(reports.finding(one.value, severity=one) for one in Severity)
    assert ["info", "minor", "major", "critical", "blocker"] == severities(
        reports.report(reports.result(status=Status.FAIL, findings=found))
    )


def test_what_is_waived_or_passed_is_no_entry_and_what_could_not_be_judged_is_one() -> None:
    assert [] == severities(reports.waived()) == severities(reports.clean())
    assert ["major"] * 6 == severities(reports.undetermined())
    assert ["major"] == severities(reports.unjudgeable())


def test_a_pass_beside_a_log_object_that_was_not_read_is_none() -> None:
    report = replace(reports.clean(), coverage=reports.unjudgeable().coverage)
    assert ["major"] * 4 == severities(report)


@pytest.mark.parametrize(
    ("file", "path"),
    [
        ("./policies/a.yaml", "policies/a.yaml"),
        ("/etc/a.yaml", "etc/a.yaml"),
        ("a\\b.yaml", "a/b.yaml"),
        ("", "."),
        ("../a.yaml", "../a.yaml"),
    ],
)
def test_a_path_is_relative_to_the_root(file: str, path: str) -> None:
    found = reports.result(status=Status.FAIL, findings=(reports.finding(),), location=Location(file, 0))
    entry = json.loads(rendered(reports.report(found)))[1]
    assert {"path": path, "lines": {"begin": 1}} == entry["location"]


def test_of_too_many_entries_the_worst_stay_and_the_rest_is_counted(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("s3guard.outputs.gitlab.MOST", 2)
    entries = json.loads(rendered(reports.failing()))
    assert ["info", "blocker", "critical"] == [one["severity"] for one in entries]
    assert "3 more entries left out here." in entries[0]["description"]


def test_a_description_is_one_line_and_ends_somewhere() -> None:
    assert all(
        len(one["description"]) < 4000 and not re.search(r"[\r\n]", one["description"])
        for one in json.loads(rendered(golden.hostile()))[1:]
    )
