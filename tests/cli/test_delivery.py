"""Reports go where they were asked to go, files first, and one that fails stops no other."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from s3guard import outputs
from s3guard.cli.delivery import targets
from s3guard.model import UsageError
from tests.cli.project import Here

LOG = "logs/stranger.log"


def test_every_format_goes_to_standard_output_and_to_a_file(here: Here) -> None:
    for name in outputs.names():
        arguments = ("check", LOG, "--as-of", "2026-10-02", "-o")
        printed = here(*arguments, name)
        filed = here(*arguments, f"{name}:{name}.out")
        assert (1, 1, "") == (printed.code, filed.code, filed.out)
        assert printed.out
        assert (here.folder / f"{name}.out").read_bytes()


def test_a_path_may_hold_a_colon() -> None:
    (target,) = targets(["json:a:b.json"])
    assert ("json", Path("a:b.json")) == (target.output.name, target.path)


def test_devices_may_be_written_to_twice() -> None:
    assert 2 == len(targets(["json:/dev/null", "csv:/dev/null"]))


@pytest.mark.parametrize(
    ("written", "said"),
    [
        (["jsn"], "there is no output 'jsn'; did you mean 'json'?"),
        (["jsn:x"], "there is no output 'jsn'; did you mean 'json'?"),
        (["html"], "there is no output 'html'"),
        (["json:"], "--output json:: a file's name is missing behind the colon, as in json:report.json"),
        (["build/x.sarif"], "--output build/x.sarif: the format stands before the file, as in --output sarif:build/x.sarif"),
        (["report"], "there is no output 'report'"),
        (["text", "json"], "one report at most goes to standard output; give the others a file, as in --output json:report.json"),
        (["json:r", "csv:./r"], "two files would be written to "),
    ],
)
def test_what_cannot_be_delivered_is_told_before_anything_is_judged(written: list[str], said: str) -> None:
    with pytest.raises(UsageError) as caught:
        targets(written)
    assert str(caught.value).startswith(said)


def test_quarantined_lines_have_a_file_of_their_own(here: Here) -> None:
    for arguments in (("check", LOG, "-o", "json:same"), ("records", LOG, "-o", "same")):
        ended = here(*arguments, "--quarantine", "same")
        assert 2 == ended.code
        assert "two files would be written to" in ended.err


def test_the_verdict_is_told_in_a_line_where_no_text_on_standard_output_tells_it(here: Here) -> None:
    assert "s3guard: FAIL: 1 of 2 checks failed; exit code 1: 1 finding at or above medium\n" == here("check", LOG, "-o", "json").err
    assert "" == here("check", LOG, "-o", "json", "-q").err
    assert "" == here("check", LOG, "-o", "json:r.json", "-o", "text").err


def test_the_job_summary_is_written_beside_the_annotations(here: Here) -> None:
    summary = here.write("summary.md", "")
    ended = here("check", LOG, "-o", "github", GITHUB_STEP_SUMMARY=str(summary))
    assert (1, True) == (ended.code, ended.out.startswith("::error file=policies/p.yaml,line=5"))
    assert "s3guard: FAIL" in summary.read_text(encoding="utf-8")


def test_a_job_summary_that_cannot_be_written_is_an_output_that_cannot(here: Here) -> None:
    ended = here("check", "logs/clean.log", "-o", "github", GITHUB_STEP_SUMMARY="nowhere/summary.md")
    assert (3, True) == (ended.code, "could not write nowhere/summary.md" in ended.err)


def test_dialects_are_the_users_choice(here: Here) -> None:
    strict = here("check", LOG, "-o", "junit").out
    extended = here("check", LOG, "-o", "junit", "--junit-dialect", "extended").out
    assert (False, True) == ("file=" in strict, "file=" in extended)
    whole = json.loads(here("check", LOG, "-o", "sarif").out)
    azure = json.loads(here("check", LOG, "-o", "sarif", "--sarif-profile", "azure").out)
    assert whole != azure


def test_a_report_in_a_file_is_the_same_whatever_the_terminal(here: Here) -> None:
    for color in ("always", "never"):
        here("check", LOG, "-o", f"text:{color}.txt", "--color", color, "--as-of", "2026-10-02")
    assert (here.folder / "always.txt").read_text() == (here.folder / "never.txt").read_text()


def test_the_same_input_gives_the_same_bytes_but_for_the_run(here: Here) -> None:
    reports = [json.loads(here("check", LOG, "logs/clean.log", "--as-of", "2026-10-02", "-o", "json").out) for _ in range(2)]
    for report in reports:
        del report["run"]
    assert reports[0] == reports[1]
