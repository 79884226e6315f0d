"""OSCAL assessment results, as trestle, NIST's metaschema and an auditor read them."""

from __future__ import annotations

import json
import re
import uuid
from collections.abc import Callable, Iterator
from dataclasses import replace
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest

from s3guard.model import Control, ControlStatus, Coverage, Report, Result, Status, Unreadable
from s3guard.outputs import Options, find
from s3guard.outputs.oscal.words import href, line, markup, token
from tests.outputs import golden, reports
from tests.outputs.corpus import HOSTILE
from tests.outputs.judges import judge

EVERY = [*reports.SAMPLES, "flood"]


def rendered(report: Report) -> str:
    return "".join(find("oscal").render(report, Options()))


def results(report: Report) -> Any:
    return json.loads(rendered(report))["assessment-results"]


def run(report: Report) -> Any:
    (only,) = results(report)["results"]
    return only


def kind(name: str) -> Report:
    return (reports.SAMPLES | golden.KINDS)[name]()


@pytest.mark.parametrize("name", golden.KINDS)
def test_each_kind_of_report_looks_as_in_its_golden_file(name: str) -> None:
    golden.expect(f"oscal/{name}.json", rendered(golden.KINDS[name]()))


@pytest.mark.parametrize("name", EVERY)
def test_trestle_and_nists_metaschema_find_no_fault(name: str) -> None:
    assert judge("oscal").faults(rendered(kind(name))) == []


def test_the_judges_write_nothing_into_the_folder_that_the_tests_run_in() -> None:
    judge("oscal").faults(rendered(kind(EVERY[0])))
    assert not (Path.cwd() / "support").exists()


def stateless(one: Any) -> None:
    one["findings"][0]["target"]["status"]["state"] = "maybe"


def untitled(one: Any) -> None:
    del one["findings"][0]["title"]


def emptied(one: Any) -> None:
    one["risks"] = []


def zoneless(one: Any) -> None:
    one["start"] = "2026-10-01T00:00:00"


def numbered(one: Any) -> None:
    one["uuid"] = "1"


def unknown(one: Any) -> None:
    one["observations"][0]["verdict"] = "fine"


def digits(one: Any) -> None:
    one["reviewed-controls"]["control-selections"][0]["include-controls"][0]["control-id"] = "10.2.1"


@pytest.mark.parametrize("plant", [stateless, untitled, emptied, zoneless, numbered, unknown, digits])
def test_the_judges_find_planted_faults(plant: Callable[[Any], None]) -> None:
    document = json.loads(rendered(reports.failing()))
    plant(document["assessment-results"]["results"][0])
    assert judge("oscal").faults(json.dumps(document)) != []


def every(value: Any) -> Iterator[Any]:
    yield value
    for item in value.values() if isinstance(value, dict) else value if isinstance(value, list) else ():
        yield from every(item)


@pytest.mark.parametrize("name", EVERY)
def test_no_list_is_empty_each_uuid_is_of_version_five_and_what_is_referred_to_is_there(name: str) -> None:
    document = results(kind(name))
    defined = [one["uuid"] for one in every(document) if isinstance(one, dict) and "uuid" in one]
    assert all(uuid.UUID(one).version == 5 for one in defined)
    assert len(set(defined)) == len(defined)
    assert [] == [one for one in every(document) if one in ([], {}, "")]
    keys = ("subject-uuid", "observation-uuid", "risk-uuid", "actor-uuid", "component-uuid")
    referred = {one[key] for one in every(document) if isinstance(one, dict) for key in keys if key in one}
    assert referred <= set(defined)
    assert document["import-ap"]["href"].removeprefix("#") in defined


def test_the_same_finding_has_the_same_uuid_in_the_next_run_and_another_document_another() -> None:
    report = reports.failing()
    later = replace(report, run=replace(report.run, id="run-2", finished=report.run.finished + timedelta(1)))
    one, two = results(report), results(later)
    assert one["uuid"] != two["uuid"]
    uuids = [[found["uuid"] for found in document["results"][0]["observations"][1:]] for document in (one, two)]
    assert uuids[0] == uuids[1]
    assert results(report) == one


def states(report: Report) -> dict[str, tuple[str, str]]:
    found = run(report).get("findings", [])
    return {one["target"]["target-id"]: (one["target"]["status"]["state"], one["target"]["status"]["reason"]) for one in found}


HIPAA = (Control("hipaa", "164.312(b)"),)


def of(*checks: Result, **changes: Any) -> Report:
    return replace(reports.report(*checks, controls=()), **changes)


def test_a_control_is_satisfied_where_all_that_bears_on_it_passed() -> None:
    assert {"hipaa-164.312-b": ("satisfied", "pass")} == states(
        of(reports.result(controls=HIPAA), reports.result("anonymous", controls=HIPAA))
    )


def unread(report: Report) -> Report:
    return replace(report, coverage=replace(report.coverage, unreadable=(Unreadable("logs/a", "denied"),)))


BLIND = Coverage(0, 0, 0, 0, 0, (), {}, None, None, ())


@pytest.mark.parametrize(
    "report",
    [
        of(reports.result(controls=HIPAA), reports.result("anonymous", status=Status.UNDETERMINED, controls=HIPAA)),
        of(reports.result(status=Status.UNDETERMINED, reason="no record", controls=HIPAA)),
        of(reports.result(controls=HIPAA), reports.result("errors", status=Status.WAIVED, controls=HIPAA)),
        of(reports.result(status=Status.NOT_APPLICABLE, controls=HIPAA)),
        unread(of(reports.result(controls=HIPAA))),
        of(reports.result(controls=HIPAA), exit_code=3, status=Status.UNDETERMINED),
        of(reports.result(controls=HIPAA), exit_code=4, coverage=BLIND),
        of(reports.result(controls=HIPAA), exit_code=1, coverage=replace(reports.report().coverage, quarantined=900)),
    ],
    ids=["one undetermined", "undetermined", "waived", "not applicable", "unreadable", "exit code 3", "nothing judged", "unparsed"],
)
def test_what_could_not_be_judged_or_is_waived_is_never_satisfied(report: Report) -> None:
    assert {"hipaa-164.312-b": ("not-satisfied", "other")} == states(report)


def test_what_fails_is_not_satisfied_and_names_its_observations_and_its_risk() -> None:
    report = of(reports.result(status=Status.FAIL, findings=(reports.finding(),), violations=3, controls=HIPAA))
    assert {"hipaa-164.312-b": ("not-satisfied", "fail")} == states(report)
    (found,) = run(report)["findings"]
    assert 1 == len(found["related-observations"]) == len(found["related-risks"])
    (risk,) = run(report)["risks"]
    assert "open" == risk["status"]
    evidence = run(report)["observations"][1]["relevant-evidence"]
    assert ["s3://logs/phi-records/2026-10-01-00-01", "s3://logs/phi-records/2026-10-01-00-02"] == [one["href"] for one in evidence]


MATRIX = ControlStatus("pci-dss-4.0.1", "10.2.1", "Logs", "evidenced", ("phi-records/writers",))


@pytest.mark.parametrize(
    ("status", "state"),
    [
        ("evidenced", ("satisfied", "pass")),
        ("partly", ("not-satisfied", "other")),
        ("undetermined", ("not-satisfied", "other")),
        ("violations found", ("not-satisfied", "fail")),
        ("anything else", ("not-satisfied", "other")),
    ],
)
def test_a_control_of_the_matrix_is_satisfied_where_it_is_evidenced_as_a_whole(status: str, state: tuple[str, str]) -> None:
    assert {"pci-10.2.1": state} == states(of(reports.result(), controls=(replace(MATRIX, status=status),)))


def test_a_control_on_which_nothing_bears_has_no_finding() -> None:
    report = of(reports.result(), controls=(replace(MATRIX, status="not evidenced", results=()),))
    assert {} == states(report)
    assert {"pci-10.2.1": ("not-satisfied", "other")} == states(of(reports.result(), controls=(replace(MATRIX, results=()),)))
    looked = of(reports.result(), controls=(replace(MATRIX, results=(), run=("E-RUN",)),))
    assert {"pci-10.2.1": ("satisfied", "pass")} == states(looked)
    assert {"pci-10.2.1": ("not-satisfied", "other")} == states(unread(looked))


def test_a_run_whose_policies_name_no_control_claims_none() -> None:
    (selection,) = run(of(reports.result(controls=())))["reviewed-controls"]["control-selections"]
    assert "No control: neither the policies nor the checks name one." == selection["description"]


@pytest.mark.parametrize(
    ("framework", "control", "wanted"),
    [
        ("pci-dss", "10.2.1.5", "pci-10.2.1.5"),
        ("pci-dss-4.0.1", "A1.2", "pci-A1.2"),
        ("hipaa", "164.308(a)(1)(ii)(D)", "hipaa-164.308-a-1-ii-D"),
        ("nist-800-53", "AU-6", "au-6"),
        ("nist-800-53-r5", "AU-6(1)", "au-6.1"),
        ("nist-800-53", "odd one", "nist-odd-one"),
        ("gdpr", "32(1)(d)", "gdpr-32-1-d"),
        ("9", "\x1b", "x-9"),
    ],
)
def test_control_ids_are_tokens(framework: str, control: str, wanted: str) -> None:
    assert wanted == token(framework, control)
    assert re.fullmatch(r"[A-Za-z_][A-Za-z0-9._-]*", token(framework, control))


def test_a_waived_check_is_a_deviation_that_somebody_approved() -> None:
    (risk,) = run(reports.waived())["risks"]
    assert "deviation-approved" == risk["status"]


def test_an_audit_of_accounts_is_about_accounts() -> None:
    result = reports.result("logging", policy="account:111122223333", rule="account:111122223333/logging/SAL-010", bucket=None, records=0)
    assert run(of(result))["local-definitions"]["inventory-items"][0]["description"] == "account 111122223333"


@pytest.mark.parametrize("text", HOSTILE.values(), ids=HOSTILE)
def test_hostile_text_makes_no_markup_and_no_reference_of_another_scheme(text: str) -> None:
    assert not re.search(r"(?<!\\)(?:\\\\)*[\[\]<>`*]", markup(text))
    assert re.fullmatch(r"(?:s3://)?[A-Za-z0-9._~%/-]+", href(text))
    assert line(text) == line(text).strip() != ""


def test_of_too_many_observations_the_worst_stay(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("s3guard.outputs.oscal.MOST", 5)
    found = run(reports.failing())
    assert 6 == len(found["observations"])
    assert "left out here" in found["remarks"]
    statuses = [prop["value"] for one in found["observations"][1:] for prop in one["props"] if prop["name"] == "status"]
    assert ["fail"] * 5 == statuses
