"""The CSV file as other programs read it back, and as a spreadsheet would look at its cells."""

from __future__ import annotations

import csv
import io
import json
import re

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from s3guard.model import Report
from s3guard.outputs import PROVES, Options, find
from s3guard.outputs import csv as output
from s3guard.text import shown, unvisible, visible
from tests.outputs import golden, reports, runner
from tests.outputs.corpus import HOSTILE, SECRETS

GUARDED = re.compile(r"'[\s']*[=+\-@|%\uff1d\uff0b\uff0d\uff20]")
COMPUTED = ("=", "+", "-", "@", "|", "%", "\t", "\r", "\uff1d", "\uff0b", "\uff0d", "\uff20")


def written(report: Report) -> str:
    return "".join(output.render(report, Options()))


def rows(report: Report) -> list[dict[str, str]]:
    return list(csv.DictReader(io.StringIO(written(report), newline=""), strict=True))


def value(cell: str) -> str:
    """As the page of the format says: one apostrophe off, then the escapes."""
    return unvisible(cell[1:] if GUARDED.match(cell) else cell)


@pytest.mark.parametrize("kind", golden.KINDS)
def test_each_kind_of_report_looks_as_in_its_golden_file(kind: str) -> None:
    golden.expect(f"csv/{kind}.csv", written(golden.KINDS[kind]()))


def test_every_line_ends_with_cr_lf_and_has_all_columns() -> None:
    for make in golden.KINDS.values():
        text = written(make())
        assert text.count("\n") == text.count("\r\n") == len(rows(make())) + 1
        assert {len(row) for row in csv.reader(io.StringIO(text, newline=""))} == {len(output.COLUMNS)}


def test_a_finding_is_a_row() -> None:
    first = next(row for row in rows(reports.failing()) if row["row"] == "finding")
    assert first | {"message": "", "fingerprint": ""} == {
        "row": "finding",
        "status": "fail",
        "fails_run": "yes",
        "severity": "critical",
        "rule": "phi-records/writers",
        "bucket": "phi-records",
        "title": "Only the ingest service writes",
        "outcome": "served",
        "records": "3",
        "unjudged": "",
        "message": "",
        "subject": json.dumps({"principal": reports.ARN, "operation": "REST.PUT.OBJECT"}),
        "first_seen": "2026-10-01T00:00:00Z",
        "last_seen": "2026-10-01T01:00:00Z",
        "baseline": "new",
        "waived_until": "",
        "waiver": "",
        "object": "s3://logs/phi-records/2026-10-01-00-01",
        "line": "1",
        "request_id": "REQ0000000000001",
        "controls": "hipaa 164.308(a)(3)(ii)(A); pci-dss 10.2.1",
        "policy_file": "policies/phi-records.yaml",
        "policy_line": "17",
        "fingerprint": "",
    }


def test_known_waived_and_minor_findings_do_not_fail_the_run() -> None:
    found = [row for row in rows(reports.failing()) if row["row"] == "finding" and row["rule"] == "phi-records/writers"]
    assert [(row["severity"], row["fails_run"], row["baseline"], row["waived_until"]) for row in found] == [
        ("critical", "yes", "new", ""),
        ("high", "no", "unchanged", ""),
        ("low", "no", "new", ""),
        ("critical", "no", "new", "2027-03-31"),
    ]


@pytest.mark.parametrize("kind", golden.KINDS)
def test_the_first_row_says_the_verdict_the_coverage_and_what_it_proves(kind: str) -> None:
    report = golden.KINDS[kind]()
    first = rows(report)[0]
    assert (first["row"], first["status"]) == ("run", report.status.value)
    assert f"exit code {report.exit_code}" in first["message"]
    assert "Looked at" in first["message"]
    assert PROVES in first["message"]


def test_a_report_without_findings_never_reads_as_clean() -> None:
    found = [(row["row"], row["status"], row["message"]) for row in rows(reports.undetermined())[1:]]
    assert ("check", "undetermined", "the lines have no TLS columns") in found
    assert ("unreadable", "undetermined", "the gzip stream ends early") in found
    assert ("unnamed", "", "judged by no policy") in found
    assert rows(reports.unjudgeable())[1]["status"] == "undetermined"


def test_every_check_has_a_row_even_one_that_passed() -> None:
    for make in reports.SAMPLES.values():
        report = make()
        assert {value(row["rule"]) for row in rows(report) if row["rule"]} == {result.rule for result in report.results}


def test_what_a_flood_left_out_is_counted() -> None:
    last = next(row for row in rows(reports.flood()) if row["row"] == "omitted")
    assert (last["row"], last["records"], last["message"]) == ("omitted", "5000000", "98,000 more findings counted and not kept")


@given(st.text(st.one_of(st.characters(), st.sampled_from("=+-@|%;'\" \t\r\n,\\u{}#\uff1d:~ae1")), max_size=60))
@example("\\;=1")
@example(";;;=")
@example("'=1")
@example(" '\t=1")
def test_any_text_comes_back_and_no_spreadsheet_computes_it(text: str) -> None:
    cell = output.cell(visible(text))
    line = io.StringIO(newline="")
    csv.writer(line).writerow([cell, "x"])
    assert list(csv.reader(io.StringIO(line.getvalue(), newline=""), strict=True)) == [[cell, "x"]]
    assert value(cell) == text
    assert not cell.lstrip().startswith(COMPUTED)
    for part in cell.split(";")[1:]:
        assert not part.lstrip(" '\"").startswith(COMPUTED)


@pytest.mark.parametrize("text", [text for text in HOSTILE.values() if runner.obeyed(text)])
def test_no_cell_is_a_command_that_a_ci_system_obeys_first_in_its_line_or_not(text: str) -> None:
    for before, after in (("", ""), ("", ",x::y"), ("x,", ""), ("  ", "::")):
        assert [] == runner.obeyed(f"{before}{output.cell(shown(text))}{after}")


@pytest.mark.parametrize("text", ["::1", "::ffff:192.0.2.1", "2001:db8::", "arn:aws:iam::111122223333:role/x", "a::b", "~/x"])
def test_addresses_and_names_stay_as_they_are(text: str) -> None:
    assert text == output.cell(text)


@pytest.mark.parametrize("text", [*HOSTILE.values(), *SECRETS.values()])
def test_hostile_text_comes_back_from_the_file(text: str) -> None:
    finding = reports.finding("x", message=text, subject={"key": text, "requester": None}, samples=(reports.sample(object=text),))
    read = rows(reports.report(reports.result(bucket=text, findings=(finding,))))[1]
    expected = unvisible(shown(text))
    assert value(read["message"]) == expected
    assert value(read["object"]) == expected
    assert value(read["bucket"]) == expected
    subject = json.loads(read["subject"])
    assert unvisible(subject["key"]) == expected
    assert subject["requester"] is None


def test_no_cell_of_a_hostile_report_is_a_formula_or_a_command() -> None:
    text = written(reports.hostile())
    assert runner.obeyed(text) == []
    assert "TOPSECRET" not in text
    for row in csv.reader(io.StringIO(text, newline="")):
        assert not any(cell.lstrip().startswith(COMPUTED) for cell in row)
        assert all(visible(cell.replace("\\u{", "")) == cell.replace("\\u{", "") for cell in row)


def test_a_cell_fits_into_a_spreadsheet() -> None:
    long = reports.finding("x", message="m" * 40_000, subject={"key": '"' * 40_000, "user_agent": "\\" * 40_000})
    row = rows(reports.report(reports.result(findings=(long,))))[1]
    assert all(len(cell) <= 32_767 for cell in row.values())
    assert json.loads(row["subject"])["key"].endswith("…")


def test_the_format_is_found_by_its_name() -> None:
    assert find("csv").extension == ".csv"
