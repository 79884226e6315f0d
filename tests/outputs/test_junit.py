"""The JUnit report: valid for those who check, read alike by those who do not, and never green where nothing was judged."""

from __future__ import annotations

import io
import re
from dataclasses import replace
from functools import cache
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from junitparser import Error, Failure, JUnitXml, Skipped
from lxml import etree

from s3guard.model import Omitted, Report, Severity, Status, UsageError
from s3guard.outputs import PROVES, Options
from s3guard.outputs.junit import LINE, LISTED, NAME, render
from s3guard.text import unvisible
from tests.outputs import golden, reports
from tests.outputs.corpus import HOSTILE

SCHEMA = Path(__file__).parent.parent / "schemas" / "junit-10.xsd"
STRICT, EXTENDED = Options(), Options(junit_dialect="extended")
every_kind = pytest.mark.parametrize("kind", reports.SAMPLES)


@cache
def schema() -> Any:
    return etree.XMLSchema(etree.parse(str(SCHEMA)))


def rendered(report: Report, options: Options = STRICT) -> str:
    return "".join(render(report, options))


def tree(report: Report, options: Options = STRICT) -> Any:
    return etree.fromstring(rendered(report, options).encode())


def case(report: Report, name: str, options: Options = STRICT) -> Any:
    (found,) = tree(report, options).iterfind(f".//testcase[@name='{name}']")
    return found


def reread(report: Report) -> JUnitXml:
    return JUnitXml.fromroot(etree.parse(io.BytesIO(rendered(report).encode())).getroot())


@pytest.mark.parametrize("kind", golden.KINDS)
def test_each_kind_of_report_looks_as_in_its_golden_file(kind: str) -> None:
    golden.expect(f"junit/{kind}.xml", rendered(golden.KINDS[kind]()))


def test_the_extended_dialect_looks_as_in_its_golden_file() -> None:
    golden.expect("junit/failing-extended.xml", rendered(reports.failing(), EXTENDED))


@every_kind
def test_the_strict_dialect_is_valid_where_jenkins_checks(kind: str) -> None:
    schema().assertValid(tree(reports.SAMPLES[kind]()))


@given(st.text(), st.text())
@settings(deadline=None)
def test_no_text_makes_the_report_invalid(bucket: str, text: str) -> None:
    found = reports.finding(message=text, subject={"key": text})
    result = reports.result(bucket=bucket, status=Status.FAIL, findings=(found,), reason=text, title=text)
    schema().assertValid(tree(reports.report(result, replace(result, status=Status.UNDETERMINED, rule=text), exit_code=1)))


@every_kind
def test_the_totals_are_those_of_the_cases(kind: str) -> None:
    for suite in tree(reports.SAMPLES[kind]()):
        for total, what in (("tests", "testcase"), ("failures", "*/failure"), ("errors", "*/error"), ("skipped", "*/skipped")):
            assert int(suite.get(total)) == len(suite.findall(what))


@every_kind
def test_no_two_cases_have_one_name(kind: str) -> None:
    names = [(case.get("classname"), case.get("name")) for case in tree(reports.SAMPLES[kind]()).iter("testcase")]
    assert len(names) == len(set(names))


def test_a_bucket_that_is_named_as_a_numbered_one_hides_nothing() -> None:
    buckets = ("a", "a (2)", "Signature=x", "Signature=y", "A" * 500, "A" * 501)
    results = [reports.result(bucket=bucket) for bucket in buckets]
    doubled = tree(reports.report(*results, *results))
    assert len({suite.get("name") for suite in doubled}) == len(buckets) + 1
    assert len({(case.get("classname"), case.get("name")) for case in doubled.iter("testcase")}) == 2 * len(buckets) + 2
    assert max(len(suite.get("name")) for suite in doubled) <= NAME + len(" (2)")


def test_other_peoples_reader_counts_what_we_mean() -> None:
    kinds = [type(outcome) for suite in reread(reports.failing()) for found in suite for outcome in found.result]
    assert (kinds.count(Failure), kinds.count(Error), kinds.count(Skipped)) == (2, 0, 2)
    kinds = [type(outcome) for suite in reread(reports.undetermined()) for found in suite for outcome in found.result]
    assert (kinds.count(Failure), kinds.count(Error), kinds.count(Skipped)) == (0, 5, 0)


def test_a_suite_is_a_policy_and_bucket_and_a_case_a_rule() -> None:
    assert [suite.get("name") for suite in tree(reports.undetermined())] == [
        "phi-records: phi-records",
        "phi-records: (no bucket)",
        "s3guard",
    ]
    assert [case.get("name") for case in tree(reports.failing())[0].iter("testcase")][-1] == "errors/reads"


def test_a_failure_says_severity_number_who_and_where() -> None:
    failure = case(reports.failing(), "writers").find("failure")
    assert (failure.get("type"), failure.get("message")) == ("critical", "1 finding at or above medium")
    for part in (reports.ARN, "operation=REST.PUT.OBJECT", "s3://logs/phi-records/2026-10-01-00-01 line 1", "request REQ0000000000001"):
        assert part in failure.text


def test_what_is_below_the_threshold_passes_and_is_told() -> None:
    below = case(reports.failing(), "transport")
    assert [child.tag for child in below] == ["system-out"]
    assert "user/eve" in below.find("system-out").text


def test_what_is_known_from_the_baseline_passes_and_is_told() -> None:
    known = reports.result(status=Status.FAIL, findings=(reports.finding(baseline="unchanged"),))
    found = case(reports.report(known), "writers")
    assert [child.tag for child in found] == ["system-out"]
    assert "known" in found.find("system-out").text


def test_a_waiver_says_until_when_by_whom_and_why() -> None:
    message = case(reports.waived(), "writers").find("skipped").get("message")
    assert message == "waived until 2027-03-31 by ciso@example.org ticket SEC-1412 because Migration"


def test_a_rule_without_a_reason_is_skipped_or_errs_all_the_same() -> None:
    for status, tag in ((Status.NOT_APPLICABLE, "skipped"), (Status.UNDETERMINED, "error"), (Status.WAIVED, "skipped")):
        assert case(reports.report(reports.result(status=status)), "writers").find(tag) is not None


def test_a_flood_is_cut_and_says_so() -> None:
    failure = case(reports.flood(), "writers").find("failure")
    assert failure.get("message") == "at least 1,000 findings at or above medium"
    assert failure.text.count("fingerprint: ") == LISTED
    assert "and 98,980 more findings" in failure.text


def test_a_failure_that_a_flood_left_out_is_a_failure() -> None:
    known = tuple(reports.finding(str(number), baseline="unchanged") for number in range(3))
    flooded = reports.result(status=Status.FAIL, findings=known, omitted=Omitted(5, 50))
    assert case(reports.report(flooded, exit_code=1), "writers").find("failure") is not None
    low = tuple(replace(finding, severity=Severity.LOW) for finding in known)
    assert case(reports.report(replace(flooded, findings=low)), "writers").find("failure") is None


def test_no_line_of_a_body_is_endless() -> None:
    for element in tree(reports.hostile()).iter():
        assert max(map(len, (element.text or "").splitlines()), default=0) <= LINE
        assert max(map(len, element.attrib.values()), default=0) <= LINE


@every_kind
def test_a_run_is_red_exactly_where_its_exit_code_is(kind: str) -> None:
    report = reports.SAMPLES[kind]()
    red = sum(len(found.result) > 0 and not isinstance(found.result[0], Skipped) for suite in reread(report) for found in suite)
    assert (red > 0) == (report.exit_code != 0)


@pytest.mark.parametrize("kind", ["empty", "unjudgeable"])
def test_a_run_without_a_result_is_an_error_never_an_empty_green_suite(kind: str) -> None:
    (suite,) = tree(reports.SAMPLES[kind]())
    assert int(suite.get("errors")) >= 1


def test_too_many_quarantined_lines_are_an_error_though_every_rule_passed() -> None:
    report = replace(reports.clean(), status=Status.UNDETERMINED, exit_code=3)
    assert case(report, "verdict").find("error") is not None


def test_violations_that_no_case_explains_are_a_failure_of_the_run() -> None:
    assert case(replace(reports.clean(), status=Status.FAIL, exit_code=1), "verdict").find("failure") is not None


def test_an_unreadable_object_is_an_error_even_where_the_run_passed() -> None:
    report = replace(reports.undetermined(), results=(), exit_code=0)
    error = case(report, "coverage").find("error")
    assert error.get("message") == "2 objects could not be read to the end"
    assert "s3://logs/broken.gz: the gzip stream ends early" in error.text


def test_many_unreadable_objects_are_counted() -> None:
    report = reports.unjudgeable()
    many = replace(report, coverage=replace(report.coverage, unreadable=report.coverage.unreadable * 50))
    assert "and 30 more objects" in case(many, "coverage").find("error").text


def test_the_coverage_and_what_it_proves_are_told() -> None:
    told = case(reports.clean(), "coverage").find("system-out").text
    assert told.startswith("Looked at 1,000 records in 3 objects (123,456 bytes), from 2026-10-01T00:00:00Z to 2026-10-01T23:00:00Z.")
    assert told.endswith(PROVES)


def test_times_are_there_and_have_three_decimals_and_the_stamp_has_no_zone() -> None:
    for element in tree(reports.failing()).iter("testsuite", "testcase"):
        assert element.get("time") == "0.000"
    assert tree(reports.failing())[0].get("timestamp") == "2026-10-02T00:00:00"


def test_the_strict_dialect_has_no_file_and_the_extended_has_file_line_and_properties() -> None:
    assert not re.search(r"\b(file|line|disabled)=", re.sub(r">[^<]*<", "><", rendered(reports.failing())))
    extended = case(reports.failing(), "writers", EXTENDED)
    assert (extended.get("file"), extended.get("line")) == ("policies/phi-records.yaml", "17")
    properties = {item.get("name"): item.get("value") for item in extended.find("properties")}
    assert properties == {
        "status": "fail",
        "severity": "critical",
        "records": "1000",
        "violations": "11",
        "unjudged": "0",
        "control.hipaa": "164.308(a)(3)(ii)(A)",
        "control.pci-dss": "10.2.1",
    }


def test_an_unknown_dialect_is_refused() -> None:
    with pytest.raises(UsageError, match="there is no JUnit dialect 'loose'; there are: strict, extended"):
        rendered(reports.clean(), Options(junit_dialect="loose"))


@pytest.mark.parametrize("name", HOSTILE)
def test_log_text_stands_in_bodies_alone(name: str) -> None:
    text = HOSTILE[name]
    result = reports.result(status=Status.FAIL, findings=(reports.finding(message=f"{text}!", subject={"key": text}),))
    for element in tree(reports.report(result, exit_code=1)).iter():
        told = "".join(element.attrib.values())
        assert len(text) < 4 or text not in unvisible(told)


def test_without_a_threshold_nothing_fails() -> None:
    report = replace(reports.failing(), run=reports.run(None), exit_code=0)
    assert tree(report).findall(".//failure") == []
    assert case(report, "writers").find("system-out") is not None
