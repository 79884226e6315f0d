"""OCSF events, as the schema's makers, prowler's models and a SIEM read them."""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest

from s3guard.events import DEVIATIONS
from s3guard.model import Report, Severity, Status
from s3guard.outputs import Options, find
from s3guard.redaction import Redaction, kinds_of
from s3guard.redaction.key import Key
from s3guard.rules import catalog
from tests.outputs import golden, reports
from tests.outputs.judges import judge

EVERY = [*reports.SAMPLES, "flood"]


def rendered(report: Report) -> str:
    return "".join(find("ocsf").render(report, Options()))


def events(report: Report) -> list[Any]:
    return [json.loads(line) for line in rendered(report).splitlines()]


def kind(name: str) -> Report:
    return (reports.SAMPLES | golden.KINDS)[name]()


@pytest.mark.parametrize("name", golden.KINDS)
def test_each_kind_of_report_looks_as_in_its_golden_file(name: str) -> None:
    golden.expect(f"ocsf/{name}.jsonl", rendered(golden.KINDS[name]()))


@pytest.mark.parametrize("name", EVERY)
def test_no_version_of_the_schema_and_no_model_finds_fault(name: str) -> None:
    faults = judge("ocsf").faults
    assert [] == [fault for line in rendered(kind(name)).splitlines() for fault in faults(line)]


def deviating(rule: str = "anomalies") -> Report:
    found = reports.finding(message="more than usual", subject={"measure": "requests", "remote_ip": "198.51.100.7"})
    return reports.report(reports.result(rule, status=Status.FAIL, findings=(found,), violations=3), status=Status.FAIL, exit_code=1)


def test_a_deviation_is_a_detection_and_all_else_is_about_compliance() -> None:
    run, found = events(deviating())
    assert (2003, 2004, 200401) == (run["class_uid"], found["class_uid"], found["type_uid"])
    assert "compliance" not in found
    assert found["is_alert"]
    assert {"ip": "198.51.100.7"} == found["evidences"][0]["src_endpoint"]
    assert [] == judge("ocsf").faults(json.dumps(found))
    assert {2003} == {event["class_uid"] for event in events(reports.failing())}


def test_the_kinds_that_are_deviations_are_rules() -> None:
    assert set(catalog()) >= DEVIATIONS


def unknown_key(event: Any) -> None:
    event["verdict"] = "fine"


def unknown_severity(event: Any) -> None:
    event["severity_id"] = 17


def misnumbered(event: Any) -> None:
    event["type_uid"] = 200401


def statusless(event: Any) -> None:
    event["compliance"]["status_id"] = 7


def timed(event: Any) -> None:
    event["time"] = "2026-10-02T00:00:07Z"


def unidentified(event: Any) -> None:
    del event["finding_info"]["uid"]


@pytest.mark.parametrize("plant", [unknown_key, unknown_severity, misnumbered, statusless, timed, unidentified])
def test_the_judges_find_planted_faults(plant: Callable[[Any], None]) -> None:
    event = events(reports.failing())[1]
    plant(event)
    assert judge("ocsf").faults(json.dumps(event)) != []


def passed(report: Report) -> list[str]:
    return [event["compliance"]["control"] for event in events(report) if event.get("compliance", {}).get("status_id") == 1]


def test_a_pass_is_what_passed_in_a_run_that_looked_at_everything() -> None:
    assert ["s3guard/run", "phi-records/writers", "phi-records/anonymous", "phi-records/latency"] == passed(reports.clean())
    for name in ("undetermined", "unjudgeable", "empty"):
        assert [] == passed(kind(name))
    assert [] == passed(replace(reports.clean(), exit_code=3, status=Status.UNDETERMINED))


def statuses(report: Report) -> list[tuple[int, int | None, int]]:
    told = [event for event in events(report)[1:] if "compliance" in event]
    return [(event["compliance"]["status_id"], event.get("status_id"), event["severity_id"]) for event in told]


def test_each_status_has_its_own_numbers() -> None:
    of = reports.result
    report = reports.report(of(), of("a", status=Status.UNDETERMINED), of("b", status=Status.NOT_APPLICABLE, reason="x"))
    assert [(1, None, 1), (2, 1, 5), (99, None, 1)] == statuses(report)
    assert [(3, 3, 5), (1, None, 1)] == statuses(reports.waived())


@pytest.mark.parametrize(("severity", "number"), list(zip(Severity, range(1, 6), strict=True)))
def test_severities_are_those_of_the_schema(severity: Severity, number: int) -> None:
    found = reports.finding(severity=severity)
    assert [(3, 1, number)] == statuses(reports.report(reports.result(status=Status.FAIL, findings=(found,))))


def test_a_known_finding_is_an_update_and_who_did_it_is_the_actor() -> None:
    found = events(reports.failing())
    assert ["Create", "Update", "Create", "Create"] == [event["activity_name"] for event in found[1:5]]
    assert {"uid": reports.ARN, "name": reports.ARN} == found[1]["evidences"][0]["actor"]["user"]
    assert "actor" not in found[5]["evidences"][0]
    assert {"uid": "arn:aws:s3:::phi-records", "name": "phi-records", "type": "AwsS3Bucket", "group": {"name": "s3"}} == found[1][
        "resources"
    ][0]
    assert ["hipaa 164.308(a)(3)(ii)(A)", "pci-dss 10.2.1"] == found[1]["compliance"]["requirements"]


def test_ids_stay_from_run_to_run() -> None:
    report = reports.failing()
    later = replace(report, run=replace(report.run, id="run-2", finished=report.run.finished + timedelta(1)))
    one, two = ([event["finding_info"]["uid"] for event in events(of)] for of in (report, later))
    assert one == two
    assert len(set(one)) == len(one)


def test_an_account_is_told_where_it_is_known() -> None:
    result = reports.result("logging", policy="account:111122223333", rule="account:111122223333/logging/SAL-010", bucket=None, records=0)
    found = events(reports.report(result))[1]
    assert {"provider": "AWS", "account": {"uid": "111122223333", "type": "AWS Account", "type_id": 10}} == found["cloud"]
    assert "AwsAccount" == found["resources"][0]["type"]
    assert [] == judge("ocsf").faults(json.dumps(found))


def test_an_address_that_is_redacted_is_no_endpoint() -> None:
    report = Redaction(kinds=kinds_of(["all"]), key=Key(b"9f2d7ac41be8563097fd1e6a48b0c35d")).report(deviating())
    found = events(report)[1]
    assert "src_endpoint" not in found["evidences"][0]
    assert "198.51.100.7" not in rendered(report)
    assert [] == judge("ocsf").faults(json.dumps(found))


def test_what_a_flood_left_out_is_an_event_of_its_own() -> None:
    last = events(reports.flood(2))[-1]
    assert "98,000 more findings" in last["message"]
    assert 3 == last["compliance"]["status_id"]
