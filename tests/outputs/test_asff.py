"""Findings for Security Hub, by the SDK's shapes and what its documentation asks beside them."""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest

from s3guard.model import Control, Report, Severity, Status, UsageError
from s3guard.outputs import Options, find
from s3guard.outputs.asff import Home, home
from tests.outputs import golden, reports
from tests.outputs.asff_judges import faults

EVERY = [*reports.SAMPLES, "flood"]
HERE = Options(account="111122223333", region="eu-central-1")


def rendered(report: Report, options: Options = HERE) -> str:
    return "".join(find("asff").render(report, options))


def findings(report: Report, options: Options = HERE) -> list[dict[str, Any]]:
    found: list[dict[str, Any]] = json.loads(rendered(report, options))
    return found


def kind(name: str) -> Report:
    return (reports.SAMPLES | golden.KINDS)[name]()


@pytest.mark.parametrize("name", golden.KINDS)
def test_each_kind_of_report_looks_as_in_its_golden_file(name: str) -> None:
    golden.expect(f"asff/{name}.json", rendered(golden.KINDS[name]()))


@pytest.mark.parametrize("name", EVERY)
def test_security_hub_would_find_no_fault(name: str) -> None:
    assert faults(findings(kind(name))) == []


def test_nor_would_it_in_what_is_as_large_as_can_be() -> None:
    long = "𒀀" * 3000
    waiver = {f"{long}{number}": long for number in range(60)}
    subject: dict[str, str | int | None] = {f"{number}{long}": long for number in range(60)}
    controls = tuple(Control("f" * 99, f"{number}") for number in range(99))
    found = reports.finding(message=long, subject=subject, waiver=waiver)
    result = reports.result(rule=long, title=long, help=long, bucket=long, findings=(found,), status=Status.WAIVED, controls=controls)
    assert faults(findings(reports.report(result, notes=(long,)))) == []


def labelled(one: Any) -> None:
    one["FindingProviderFields"]["Severity"]["Label"] = "SEVERE"


def passed(one: Any) -> None:
    one["Compliance"]["Status"] = "PASS"


def titled(one: Any) -> None:
    one["Title"] = "x" * 257


def timed(one: Any) -> None:
    one["UpdatedAt"] = "2026-10-02"


def keyed(one: Any) -> None:
    one["Verdict"] = "fine"


def emptied(one: Any) -> None:
    one["ProductFields"] = {"s3guard/rule": ""}


def anonymous(one: Any) -> None:
    del one["AwsAccountId"]


def typed(one: Any) -> None:
    one["FindingProviderFields"]["Types"] = ["Compliance/x"]


def large(one: Any) -> None:
    one["Note"] = {"Text": "x" * 240_000, "UpdatedBy": "x", "UpdatedAt": "2026-10-02T00:00:00Z"}


@pytest.mark.parametrize("plant", [labelled, passed, titled, timed, keyed, emptied, anonymous, typed, large])
def test_the_judges_find_planted_faults(plant: Callable[[Any], None]) -> None:
    found = findings(reports.failing())
    plant(found[1])
    assert faults(found) != []


def statuses(report: Report) -> list[str]:
    return [one["Compliance"]["Status"] for one in findings(report)]


def test_passed_is_what_passed_in_a_run_that_looked_at_everything() -> None:
    assert ["PASSED"] * 4 == statuses(reports.clean())
    assert ["WARNING"] * 5 == statuses(reports.undetermined())
    assert ["WARNING"] == statuses(reports.unjudgeable())
    assert ["NOT_AVAILABLE"] == statuses(reports.empty())
    assert ["WARNING"] * 4 == statuses(replace(reports.clean(), exit_code=3, status=Status.UNDETERMINED))
    assert ["PASSED", "FAILED", "PASSED"] == statuses(reports.waived())
    of = reports.result
    report = reports.report(of(status=Status.NOT_APPLICABLE, reason="x"), of("logging", records=0))
    assert ["PASSED", "NOT_AVAILABLE", "PASSED"] == statuses(report)


def test_what_is_waived_is_suppressed_and_nothing_else() -> None:
    assert [None, "SUPPRESSED", None] == [one.get("Workflow", {}).get("Status") for one in findings(reports.waived())]


@pytest.mark.parametrize(("severity", "label"), list(zip(Severity, ("INFORMATIONAL", "LOW", "MEDIUM", "HIGH", "CRITICAL"), strict=True)))
def test_severities_are_security_hubs(severity: Severity, label: str) -> None:
    report = reports.report(reports.result(status=Status.FAIL, findings=(reports.finding(severity=severity),)))
    assert {"Label": label, "Original": severity.value} == findings(report)[1]["FindingProviderFields"]["Severity"]


def test_an_id_is_the_fingerprint_and_stays_from_run_to_run() -> None:
    report = reports.failing()
    later = replace(report, run=replace(report.run, id="run-2", finished=report.run.finished + timedelta(1)))
    one, two = ([found["Id"] for found in findings(of)] for of in (report, later))
    assert one == two
    assert len(set(one)) == len(one)
    assert f"s3guard/{report.results[0].findings[0].fingerprint}" == one[1]
    assert findings(report)[1]["UpdatedAt"] < findings(later)[1]["UpdatedAt"]


def test_buckets_accounts_and_partitions_are_resources() -> None:
    account = reports.result("logging", policy="account:444455556666", rule="account:444455556666/logging/SAL-010", bucket=None, records=0)
    report = reports.report(reports.result(), account, reports.result(bucket=None))
    found = [one["Resources"][0]["Id"] for one in findings(report, replace(HERE, region="cn-north-1"))]
    assert [
        "AWS::::Account:111122223333",
        "arn:aws-cn:s3:::phi-records",
        "AWS::::Account:444455556666",
        "AWS::::Account:111122223333",
    ] == found
    assert "arn:aws-us-gov:" in home("111122223333", "us-gov-west-1").product


@pytest.mark.parametrize(
    ("account", "region", "product", "said"),
    [
        (None, "eu-west-1", None, "give --account,"),
        ("111122223333", None, None, "give --region,"),
        (None, None, None, "give --account and --region,"),
        ("1", "eu-west-1", None, "twelve digits"),
        ("111122223333", "Ireland", None, "a Region is expected"),
        ("111122223333", "eu-west-1", "arn:aws:s3:::b", "the ARN of a product"),
    ],
)
def test_nothing_is_invented(account: str | None, region: str | None, product: str | None, said: str) -> None:
    with pytest.raises(UsageError, match=said):
        home(account, region, product)


def test_the_product_is_the_accounts_own_unless_another_is_given() -> None:
    mine = home("111122223333", "eu-west-1")
    assert "arn:aws:securityhub:eu-west-1:111122223333:product/111122223333/default" == mine.product
    other = "arn:aws:securityhub:eu-west-1::product/example/s3guard"
    assert Home("111122223333", "eu-west-1", other) == home("111122223333", "eu-west-1", other)
