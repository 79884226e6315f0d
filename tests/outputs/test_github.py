"""Annotations as GitHub's runner reads them, and the page in the job summary: ours alone, within its limits, never half."""

from __future__ import annotations

import sys
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from s3guard.model import Location, Report, Status, UnableError
from s3guard.outputs import PROVES, Options, find, github
from s3guard.text import ci_safe, shown
from tests.outputs import golden, reports, runner
from tests.outputs.corpus import HOSTILE, SECRETS


def commands(report: Report) -> list[runner.Command]:
    text = "".join(github.render(report, Options()))
    read = [runner.github(line) for line in text.splitlines()]
    assert text.endswith("\n")
    assert text.count("\n") == len(read)
    return [command for command in read if command is not None]


def failed(number: int, status: Status = Status.FAIL) -> Iterator[Report]:
    findings = (reports.finding(),) if status is Status.FAIL else ()
    results = [reports.result(rule=f"p/writers/r{n}", status=status, reason="why", findings=findings) for n in range(number)]
    yield reports.report(*results, status=status, exit_code=1 if status is Status.FAIL else 3)


@pytest.mark.parametrize("kind", golden.KINDS)
def test_each_kind_of_report_looks_as_in_its_golden_file(kind: str) -> None:
    golden.expect(f"github/{kind}.txt", "".join(github.render(golden.KINDS[kind](), Options())))


def test_a_violation_is_an_error_at_the_line_of_the_policy() -> None:
    first, *_ = commands(reports.failing())
    assert first.name == "error"
    assert first.properties == {"file": "policies/phi-records.yaml", "line": "17", "title": "critical: phi-records/writers"}
    assert first.data.splitlines() == [
        "Bucket phi-records",
        "Only the ingest service writes",
        f"3x {reports.ARN} wrote 3 times and is not an allowed writer (s3://logs/phi-records/2026-10-01-00-01:1)",
        "Whoever writes records must be named in the policy. Find out who it is, then add the principal or withdraw its access.",
    ]


def test_the_verdict_is_a_notice_with_coverage_and_what_it_proves() -> None:
    for make in reports.SAMPLES.values():
        *_, last = commands(make())
        assert last.name == "notice"
        assert "Looked at" in last.data
        assert last.data.endswith(PROVES)


def test_what_could_not_be_judged_is_an_error_where_it_fails_the_run_and_a_warning_elsewhere() -> None:
    allowed = replace(reports.undetermined(), exit_code=0, status=Status.PASS)
    assert [command.name for command in commands(reports.undetermined())] == ["error", "error", "error", "notice"]
    assert [command.name for command in commands(allowed)] == ["warning", "warning", "warning", "notice"]
    assert "Could not be judged: the lines have no TLS columns" in commands(allowed)[1].data


@pytest.mark.parametrize("status", [Status.FAIL, Status.UNDETERMINED])
def test_there_are_never_more_annotations_than_github_keeps(status: Status) -> None:
    (report,) = failed(23, status)
    names = [command.name for command in commands(report)]
    assert names == ["error"] * 10 + ["notice"]
    assert "13 more annotations left out" in commands(report)[-1].data


def test_errors_and_warnings_have_ten_places_each() -> None:
    (broken,), (open_,) = failed(12), failed(12, Status.UNDETERMINED)
    both = replace(broken, results=(*broken.results, *open_.results))
    assert [command.name for command in commands(both)] == ["error"] * 10 + ["warning"] * 10 + ["notice"]


def test_a_flood_is_counted_in_the_annotation() -> None:
    first, *_ = commands(reports.flood())
    assert "and 98,997 more findings" in first.data


def test_every_line_is_one_of_our_commands_whatever_the_log_holds() -> None:
    read = commands(reports.hostile())
    assert {command.name for command in read} <= {"error", "warning", "notice"}
    for command in read:
        assert set(command.properties) <= {"file", "line", "title"}
        assert command.properties["title"].startswith(("critical: phi-records/writers", "s3guard: FAIL"))
        assert "TOPSECRET" not in command.data


@pytest.mark.parametrize("text", [*HOSTILE.values(), *SECRETS.values()])
def test_a_message_comes_back_as_the_visible_text(text: str) -> None:
    finding = reports.finding("x", message=text, samples=())
    read = commands(reports.report(reports.result(status=Status.FAIL, findings=(finding,), help=""), status=Status.FAIL, exit_code=1))
    if len(shown(text)) <= 400:
        assert read[0].data.splitlines()[2] == f"3x {ci_safe(shown(text))}".rstrip("\n")


@settings(deadline=None)
@given(st.text(st.one_of(st.characters(), st.sampled_from("%:,=]#[\r\n05AD")), max_size=60))
def test_no_text_of_policy_or_log_can_add_a_property_or_a_line(text: str) -> None:
    finding = reports.finding("x", message=text, samples=(reports.sample(object=text),))
    result = reports.result(
        status=Status.FAIL, rule=text, bucket=text, title=text, help=text, location=Location(text or "x", 3), findings=(finding,)
    )
    read = commands(reports.report(result, status=Status.FAIL, exit_code=1, notes=(text,)))
    assert [command.name for command in read] == ["error", "notice"]
    assert read[0].properties["file"] == ci_safe(shown(text or "x"))
    assert read[0].properties["line"] == "3"


def test_the_page_is_appended_to_the_job_summary(tmp_path: Path) -> None:
    summary = tmp_path / "summary.md"
    summary.write_text("# Of an earlier command\n")
    find("github").also(reports.failing(), Options(), {"GITHUB_STEP_SUMMARY": str(summary)})
    assert summary.read_text() == "# Of an earlier command\n\n\n" + github.summary(reports.failing(), Options())


def test_the_page_begins_a_summary_that_is_not_there_yet(tmp_path: Path) -> None:
    find("github").also(reports.clean(), Options(), {"GITHUB_STEP_SUMMARY": str(tmp_path / "new.md")})
    assert (tmp_path / "new.md").read_text() == github.summary(reports.clean(), Options())


def test_without_the_variable_no_file_is_written(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    find("github").also(reports.failing(), Options(), {})
    find("github").also(reports.failing(), Options(), {"GITHUB_STEP_SUMMARY": ""})
    find("text").also(reports.failing(), Options(), {"GITHUB_STEP_SUMMARY": "x"})
    assert list(tmp_path.iterdir()) == []


def test_a_flood_fits_into_what_the_step_has_left(tmp_path: Path) -> None:
    summary = tmp_path / "summary.md"
    summary.write_text("x" * (github.SUMMARY_LIMIT - 20_000))
    find("github").also(reports.flood(), Options(), {"GITHUB_STEP_SUMMARY": str(summary)})
    assert github.SUMMARY_LIMIT - 20_000 < summary.stat().st_size <= github.SUMMARY_LIMIT


@pytest.mark.parametrize("there", [-300, 0, 5000])
def test_a_full_summary_is_an_error_and_stays_as_it_was(tmp_path: Path, there: int) -> None:
    summary = tmp_path / "summary.md"
    summary.write_text("x" * (github.SUMMARY_LIMIT + there))
    with pytest.raises(UnableError, match="no room for the report"):
        find("github").also(reports.failing(), Options(), {"GITHUB_STEP_SUMMARY": str(summary)})
    assert summary.stat().st_size == github.SUMMARY_LIMIT + there


def test_a_summary_that_cannot_be_written_is_an_error(tmp_path: Path) -> None:
    for place in (tmp_path, tmp_path / "absent" / "summary.md"):
        with pytest.raises(UnableError, match="could not write"):
            find("github").also(reports.failing(), Options(), {"GITHUB_STEP_SUMMARY": str(place)})


@pytest.mark.skipif(not Path("/dev/full").exists(), reason="the system has no full device")
def test_a_full_disk_is_an_error() -> None:
    with pytest.raises(UnableError, match=r"could not write /dev/full: No space left"):
        find("github").also(reports.failing(), Options(), {"GITHUB_STEP_SUMMARY": "/dev/full"})


@pytest.mark.skipif(sys.platform == "win32", reason="Windows has no limit on the size of a file")
def test_a_page_that_ends_halfway_is_taken_back(tmp_path: Path) -> None:
    import resource

    summary = tmp_path / "summary.md"
    summary.write_text("before")
    soft, hard = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (500, hard))
    try:
        with pytest.raises(UnableError, match="File too large"):
            find("github").also(reports.failing(), Options(), {"GITHUB_STEP_SUMMARY": str(summary)})
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, (soft, hard))
    assert summary.read_text() == "before"
