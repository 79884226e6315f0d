"""What `explain` tells of every kind of thing, and that no log line can drive the terminal it is explained on."""

from __future__ import annotations

import os
import re
from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from s3guard import rules
from s3guard.explain import explain
from s3guard.explain.line import explained
from s3guard.fields import CORE_NAMES, FIELD_NAMES, WARNINGS
from s3guard.layout import width
from s3guard.model import Omitted, UsageError
from s3guard.outputs import Options
from s3guard.page import Page
from s3guard.records import ACCESS_CODES, COLUMNS, OPERATION_CLASSES, OUTCOMES, error_codes, operations
from s3guard.text import visible
from tests import lines
from tests.deliveries import envelope, record_of, written
from tests.outputs import reports, runner
from tests.outputs.corpus import HOSTILE

PLAIN = Options(width=80)
REFUSED = (b"403", b"AccessDenied", b"243", b"-", b"12", b"11")


def told(thing: str | bytes, options: Options = PLAIN) -> str:
    return explain(thing if isinstance(thing, str) else os.fsdecode(thing), options)


def words(text: str) -> str:
    return " ".join(text.split())


@pytest.mark.parametrize("kind", rules.catalog())
def test_every_rule_has_its_page(kind: str) -> None:
    rule = rules.catalog()[kind]
    page = words(told(kind))
    assert f"rule {kind} {rule.default_severity.value} by default" in page
    assert rule.default_title in page
    assert words((rule.__doc__ or "").split("\n\n")[0]) in page
    assert "## " not in page
    assert "```" not in page


def test_the_example_of_a_rule_can_be_copied() -> None:
    example = (rules.catalog()["writers"].__doc__ or "").split("```yaml\n")[1].split("```")[0]
    lines_of_it = [line.strip() for line in example.strip().splitlines()]
    assert lines_of_it == [line.strip() for line in told("writers").splitlines() if line.strip() in lines_of_it]


def test_a_rule_of_a_report_is_explained_by_its_kind() -> None:
    assert told("phi-records/writers/exports") == told("writers")


@pytest.mark.parametrize("name", error_codes())
def test_every_error_code_says_what_it_means_and_what_the_log_cannot_show(name: str) -> None:
    page, code = words(told(name)), error_codes()[name]
    assert code.meaning in page
    assert all(cause in page for cause in code.causes)
    assert "What the access log cannot show" in page
    assert ("the outcome is refused" in page) == (name in ACCESS_CODES)


def test_a_refusal_names_every_policy_that_the_log_cannot_tell_apart() -> None:
    page = words(told("AccessDenied"))
    for policy in ("identity policy", "bucket policy", "service or resource control policy", "VPC endpoint", "KMS key", "session policy"):
        assert policy in page
    assert "AccessDenied instead of NoSuchKey" in page
    assert "CloudTrail" in page


@pytest.mark.parametrize("name", COLUMNS)
def test_every_column_has_its_page(name: str) -> None:
    page = words(told(name))
    assert COLUMNS[name].meaning in page
    assert COLUMNS[name].source in page


@pytest.mark.parametrize("name", [*operations(), *OPERATION_CLASSES, *WARNINGS, *OUTCOMES])
def test_every_operation_class_warning_and_outcome_has_its_page(name: str) -> None:
    assert name in told(name)


def test_an_operation_says_its_class_and_who_judges_it() -> None:
    page = words(told("REST.PUT.BUCKETPOLICY"))
    assert "class policy: Changes bucket policy" in page
    assert "judged by administrators, requesters" in page


def test_an_unknown_operation_counts_as_a_change() -> None:
    page = words(told("REST.PUT.NEW_THING"))
    assert "not in the table" in page
    assert "changes something" in page
    assert "judged by writers, administrators, requesters" in page
    assert "changes nothing" in words(told("REST.GET.NEW_THING"))


def test_a_word_with_two_meanings_has_two_pages() -> None:
    page = told("acl_required")
    assert "rule  acl_required" in page
    assert "column  acl_required" in page


@pytest.mark.parametrize(
    ("thing", "message"),
    [
        ("writer", "did you mean writers"),
        ("acessdenied", "did you mean AccessDenied"),
        ("remote-ip2", "did you mean remote"),
        ("xyzzy", "give a rule, check, control, error code, column"),
        ("", "give a rule, check, control, error code, column"),
        ("\x1b[2J", r"\\u\{1b\}\[2J"),
        ("0123abcdef", "looks like the fingerprint"),
        ("hipaa 164.312(x)", "there is no control 'hipaa 164.312\\(x\\)'; did you mean"),
        ("pci-dss-4.0.1/10.2.99", "there is no control"),
        ("10.2.99", "did you mean 10.2"),
        ("hippa 164.312(b)", "there is no framework 'hippa'; did you mean hipaa"),
        ("pci-dss", "s3guard controls --framework pci-dss"),
    ],
)
def test_what_cannot_be_explained_says_what_can(thing: str, message: str) -> None:
    with pytest.raises(UsageError, match=message):
        told(thing)


def test_a_json_record_is_explained_field_by_field() -> None:
    record = record_of(lines.record(core=REFUSED, key_logged=b"a%252Bb").render()) or {}
    del record["referer"]
    page = words(told(written(record | {"zone": "x"})))
    for name in FIELD_NAMES:
        assert name in page
    assert "record JSON, as S3 delivers it to CloudWatch Logs unknown key: it may be encoded" in page
    assert "operation class read, changes nothing outcome refused principal arn:aws:iam::111122223333:user/ann" in page
    assert "referer not in this record: no value, or the delivery leaves the field out" in page
    assert "version_id null" in page
    assert "extra zone=x" in page
    assert "error code AccessDenied: " in page
    assert "key a b" in words(told(written(record | {"key_name": "a b"})))


def test_json_that_is_no_record_and_what_wraps_records_are_explained_too() -> None:
    record = written(record_of(lines.ORDINARY.render()))
    assert "quarantined neither bucket_name nor bucket_arn names a bucket" in words(told('{"a": 1}'))
    page = words(told(envelope([record, "noise"])))
    assert "subscription a message of CloudWatch Logs that holds 2 events" in page
    assert "record JSON" in page
    assert "quarantined not JSON: expecting value at character 1 It is no record" in page
    assert 2 == told(f"2026-10-01T00:00:00.000Z {record}\n{record}").count("record  JSON")


@given(st.one_of(st.text(), st.binary().map(lambda data: os.fsdecode(b"{" + data))))
def test_no_json_drives_the_terminal(text: str) -> None:
    for thing in (
        text if text.startswith("{") else "{" + text,
        written({"bucket_name": "b", "request_time": "2026-10-01T00:00:00Z", "user_agent": text}),
    ):
        page = told(thing.encode("utf-8", "replace").decode())
        assert not re.search("[\x00-\x09\x0b-\x1f\x7f-\x9f\u2028-\u202e\ufeff]", page)


def test_a_line_is_explained_field_by_field() -> None:
    page = words(told(lines.record(core=REFUSED, requester=b"arn:aws:sts::111122223333:assumed-role/analyst/ann").render()))
    for name in FIELD_NAMES:
        assert f" {name} " in page
        assert COLUMNS[name].meaning in page
    for part in (
        "one reading, 26 fields: the format of 2022" if len(lines.SUFFIX) == 9 else "one reading",
        "operation class read, changes nothing",
        "outcome refused",
        "principal arn:aws:iam::111122223333:role/analyst",
        "principal type role, account 111122223333",
        "network 192.0.2.0/24",
        "total_time 12 ms",
        "bytes_sent 243 bytes",
        "Whom to believe",
        "error code AccessDenied",
        "What the access log cannot show",
    ):
        assert part in page


def test_a_line_of_an_old_format_says_which_fields_it_has_not() -> None:
    page = words(told(lines.record(suffix=(b"-",)).render()))
    assert "one reading, 18 fields: the format before 2019" in page
    assert "tls_version no such field in a line of 18" in page
    assert "version_id - " in page


def test_an_ambiguous_line_shows_every_reading_side_by_side_and_why() -> None:
    page = told(lines.record(core=REFUSED, referer=b'x" 200 - 1 1 1 1 "-').render())
    assert "2 readings differ in http_status" in words(page)
    assert "reading 1  " in page
    assert ["http_status", "403", "200"] in [line.split() for line in page.splitlines()]
    assert ["error_code", "AccessDenied", "-"] in [line.split() for line in page.splitlines()]
    assert "judged as served, by `access_denied` as refused" in words(page)
    assert page.count("object_size") == 2  # in the reason and in the table


def test_more_readings_than_fit_are_counted() -> None:
    referer = b"".join(b'x" %d - 1 1 1 1 "' % status for status in range(200, 206))
    page = words(told(lines.record(referer=referer).render()))
    assert "7 readings differ in http_status" in page
    assert "and 4 more readings" in page


def test_a_quarantined_line_says_why_and_shows_its_bytes() -> None:
    page = words(told(lines.record().render()[:140] + b" \xff\x1b"))
    assert page.startswith("quarantined ")
    assert "It is no record: kept with its origin, counted, and judged by no rule." in page
    assert "\\xff\\u{1b}" in page


def test_undecided_texts_are_named() -> None:
    page = words(told(lines.record(user_agent=b'a" "b').render()))
    assert "unknown referer, user_agent: rules that use them leave the record unjudged" in page
    assert "user_agent undecided: the quotes allow several" in page


def test_warnings_of_a_line_are_explained() -> None:
    assert WARNINGS["requester-authentication"] in words(told(lines.record(requester=b"-").render()))


def causes(**changes: object) -> str:
    page = words(told(lines.record(core=REFUSED, **changes).render()))
    return page[page.index(" 1 ", page.index("Likely causes")) :][3:80]


def test_the_likeliest_cause_depends_on_the_record() -> None:
    assert causes(requester=b"-", suffix=lines.ANONYMOUS).startswith("Nobody signed this request")
    assert causes().startswith("No identity policy, bucket policy or ACL allows")
    assert causes(suffix=(*lines.SUFFIX[:2], b"SigV4", b"-", b"AuthHeader", b"h", b"-")).startswith("The request came over plain HTTP")
    assert causes(suffix=(*lines.SUFFIX[:4], b"QueryString", *lines.SUFFIX[5:])).startswith("The request was presigned")
    assert causes(requester=lines.OAI).startswith("The request came through CloudFront")
    assert causes(suffix=(*lines.SUFFIX[:7], b"arn:aws:s3:eu-west-1:111122223333:accesspoint/ap", b"-")).startswith(
        "The request came through an access point"
    )


def test_a_missing_key_is_a_likelier_cause_for_who_reads_than_for_who_writes() -> None:
    reads = words(told(lines.record(core=REFUSED).render()))
    writes = words(told(lines.record(core=REFUSED, operation=b"REST.PUT.OBJECT", request_uri=b"PUT /k HTTP/1.1").render()))
    assert " 2 The key does not exist" in reads
    assert " 2 An explicit Deny applies" in writes


def test_an_error_code_that_is_not_in_the_table_is_said_to_be_unknown() -> None:
    assert "BrandNewCode: not in the table" in told(lines.record(core=(b"400", b"BrandNewCode", *REFUSED[2:])).render())


def test_several_lines_have_a_page_each() -> None:
    both = lines.record().render() + b"\n\r\n\n" + lines.record(core=REFUSED).render() + b"\r\n"
    assert told(both).count("bucket_owner  ") == 2


def test_credentials_are_masked() -> None:
    uri = b"GET /k?X-Amz-Security-Token=TOPSECRET&X-Amz-Signature=TOPSECRET HTTP/1.1"
    for logged in (lines.record(request_uri=uri).render(), lines.record(request_uri=uri).render().rsplit(b'"', 1)[0]):
        assert "TOPSECRET" not in told(logged)
        assert "X-Amz-Signature=***" in words(told(logged)).replace(" ", "")


@given(lines.LINES, st.booleans())
def test_any_line_is_explained_within_the_width_and_without_a_control(logged: bytes, ascii_only: bool) -> None:  # noqa: FBT001 - drawn
    page = list(explained(logged, Page(80, color=False, ascii=ascii_only)))
    assert all(width(line) <= 80 for line in page)
    assert runner.obeyed("\n".join(page)) == []
    assert all(visible(line.replace("\\u{", "")) == line.replace("\\u{", "") for line in page)
    assert "\n".join(page).isascii() or not ascii_only


@pytest.mark.parametrize("text", HOSTILE.values())
def test_hostile_user_agents_are_shown_and_not_obeyed(text: str) -> None:
    logged = lines.record(user_agent=text.replace("\n", " ").encode("utf-8", "surrogatepass")).render()
    page = told(logged)
    assert runner.obeyed(page) == []
    assert visible(page.replace("\n", "").replace("\\u{", "")) == page.replace("\n", "").replace("\\u{", "")


def test_every_core_field_is_in_the_table_of_readings() -> None:
    page = told(lines.record(core=REFUSED, referer=b'x" 200 - 1 1 1 1 "-').render())
    heads = [line.split()[0] for line in page.splitlines() if line.strip()]
    assert [name for name in heads if name in CORE_NAMES] == list(CORE_NAMES)


def test_a_finding_is_explained_from_a_saved_report() -> None:
    report = reports.failing()
    page = words(explain(report.results[0].findings[0].fingerprint[:12], PLAIN, report))
    for part in (
        "finding phi-records/writers critical, fails the run",
        f"principal {reports.ARN}",
        "operation REST.PUT.OBJECT",
        "outcome served",
        "seen 2026-10-01T00:00:00Z to 2026-10-01T01:00:00Z",
        "s3://logs/phi-records/2026-10-01-00-01:1",
        "request REQ0000000000002",
        "policy policies/phi-records.yaml:17",
        "s3guard explain writers",
    ):
        assert part in page


def test_a_finding_without_times_help_or_controls_is_explained_as_well() -> None:
    bare = reports.finding(first_seen=None, last_seen=None, outcome=None, samples=())
    report = reports.report(reports.result(findings=(bare,), help="", controls=()))
    page = words(explain(report.results[0].findings[0].fingerprint, PLAIN, report))
    assert "outcome not split by outcome" in page
    assert "help" not in page
    assert "seen" not in page


def test_a_waived_finding_says_who_waived_it() -> None:
    report = reports.waived()
    page = words(explain(report.results[0].findings[0].fingerprint, PLAIN, report))
    assert "critical, fails no run" in page
    assert "waiver ticket SEC-1412" in page


def test_a_fingerprint_that_is_not_there_or_not_whole_is_an_error() -> None:
    with pytest.raises(UsageError, match="no finding with the fingerprint 000000"):
        explain("000000", PLAIN, reports.failing())
    twins = tuple(replace(reports.finding(), fingerprint=f"aaaaaa{digit}" + "0" * 57) for digit in "01")
    report = reports.report(replace(reports.result(), findings=twins, omitted=Omitted(3, 30)))
    with pytest.raises(
        UsageError, match="2 findings have fingerprints that begin with aaaaaa; give more of it: aaaaaa000000, aaaaaa100000"
    ):
        explain("aaaaaa", PLAIN, report)
    with pytest.raises(UsageError, match="3 findings of a flood are counted there and not kept"):
        explain("bbbbbb", PLAIN, report)


def test_a_hostile_report_explains_its_findings_safely() -> None:
    report = reports.hostile()
    for result in report.results:
        for finding in result.findings:
            page = explain(finding.fingerprint, PLAIN, report)
            assert runner.obeyed(page) == []
            assert "TOPSECRET" not in page
            assert all(width(line) <= 80 for line in page.split("\n"))


def test_colour_comes_only_when_asked_for() -> None:
    assert "\x1b[1m" in told("AccessDenied", Options(width=80, color=True))
    assert "\x1b" not in told("AccessDenied")
