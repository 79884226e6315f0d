"""Reports go where they were asked to go, files first, and one that fails stops no other."""

from __future__ import annotations

import errno
import html
import json
import os
import re
from pathlib import Path
from typing import NoReturn

import pytest

from s3guard import outputs
from s3guard.check import Judged
from s3guard.cli.delivery import targets
from s3guard.files import Staged
from s3guard.model import UnableError, UsageError
from tests.cli.project import Here

LOG = "logs/stranger.log"


def test_every_format_goes_to_standard_output_and_to_a_file(here: Here) -> None:
    for name in outputs.names():
        home = ("--account", "111122223333", "--region", "eu-west-1")
        arguments = ("check", LOG, "--as-of", "2026-10-02", *home, "-o")
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
        (["pdf"], "there is no output 'pdf'"),
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


OTHERS = ("json:r.json", "junit:r.xml", "sarif:r.sarif", "csv:r.csv", "markdown:r.md", "text:r.txt", "github:r.github")


def asked(*written: str) -> list[str]:
    return [part for one in written for part in ("-o", one)]


def left(here: Here) -> list[str]:
    return sorted(path.name for path in here.folder.iterdir() if path.name not in ("policies", "logs", ".git"))


def words(text: str) -> str:
    """The words of a text, whatever its format makes of them."""
    return " ".join(html.unescape(re.sub("</?code>", "", text)).split())


def full(here: Here, *names: str) -> None:
    """The disk is full when one of these files is brought to it: each time that it is named here."""
    finish, refused = Staged.finish, list(names)

    def finish_or_not(staged: Staged) -> None:
        if staged._target.name in refused:
            refused.remove(staged._target.name)
            raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))
        finish(staged)

    here.patch.setattr(Staged, "finish", finish_or_not)


@pytest.mark.parametrize(("log", "code", "status"), [("clean", 3, "undetermined"), ("empty", 3, "undetermined"), ("stranger", 1, "fail")])
@pytest.mark.parametrize("first", [True, False], ids=["first", "last"])
def test_of_an_output_that_cannot_be_written_every_other_tells(here: Here, log: str, code: int, status: str, *, first: bool) -> None:
    lost = ("json:logs/clean.log/lost.json", *OTHERS, "text") if first else (*OTHERS, "text", "json:logs/clean.log/lost.json")
    ended = here("check", f"logs/{log}.log", *asked(*lost))
    told = "ould not write logs/clean.log/lost.json: Not a directory"
    assert (code, f"s3guard: error: c{told}\n") == (ended.code, ended.err)
    assert sorted(one.split(":")[1] for one in OTHERS) == left(here)
    report = json.loads((here.folder / "r.json").read_text())
    assert (code, status, [f"c{told}"]) == (report["exit_code"], report["status"], report["unwritten"])
    for text in (ended.out, *((here.folder / name).read_text() for name in left(here) if name != "r.json")):
        assert f"C{told}" in words(text)
        assert f"exit code {code}" in words(text) or f'"s3guard.exit_code" value="{code}"' in text
    (run,) = json.loads((here.folder / "r.sarif").read_text())["runs"][0]["invocations"]
    assert (code, False) == (run["exitCode"], run["executionSuccessful"])


def test_why_the_code_is_3_is_told_apart_from_what_could_not_be_judged(here: Here) -> None:
    lost = asked("text", "json:logs/clean.log/r.json", "csv:logs/clean.log/r.csv")
    assert "exit code 3: 2 outputs could not be written\n" in here("check", "logs/clean.log", *lost).out
    both = words(here("check", "logs/clean.log", "logs/damaged.log", "--max-unparsed", "0", *lost).out)
    assert "exit code 3: 2 outputs could not be written" in both
    here.write("logs/cut.gz", "")
    (here.folder / "logs" / "cut.gz").write_bytes(b"\x1f\x8b\x08")
    both = words(here("check", "logs", *lost, "--fail-on", "none").out)
    assert "(1 log object not read to the end), and 2 outputs could not be written" in both


@pytest.mark.parametrize("names", [["r.csv"], ["r.csv", "r.json"], ["r.json", "r.csv", "r.sarif"]], ids="+".join)
def test_on_a_full_disk_no_file_contradicts_another_and_old_ones_stay(here: Here, names: list[str]) -> None:
    for name in names:
        here.write(name, "of yesterday")
    full(here, *names)
    ended = here("check", "logs/clean.log", *asked(*OTHERS, "text"))
    assert (3, len(names)) == (ended.code, ended.err.count("No space left on device"))
    for name in names:
        assert "of yesterday" == (here.folder / name).read_text()
    for text in (ended.out, *((here.folder / name).read_text() for name in left(here) if name not in names)):
        for name in names:
            assert f"ould not write {name}" in words(text)
    assert sorted({one.split(":")[1] for one in OTHERS}) == left(here)


def test_a_file_that_cannot_be_put_into_its_place_is_told_of_by_those_that_were(here: Here) -> None:
    replace = Path.replace

    def replace_or_not(path: Path, target: Path) -> Path:
        if target.name == "r.csv":
            raise OSError(errno.EBUSY, os.strerror(errno.EBUSY))
        return replace(path, target)

    here.patch.setattr(Path, "replace", replace_or_not)
    ended = here("check", "logs/clean.log", *asked("json:r.json", "csv:r.csv", "sarif:r.sarif"))
    assert (3, ["r.json", "r.sarif"]) == (ended.code, left(here))
    for name in left(here):
        assert "ould not write r.csv" in words((here.folder / name).read_text())


def test_a_file_that_cannot_be_corrected_is_taken_away(here: Here) -> None:
    finish, files = Staged.finish, []

    def finish_once(staged: Staged) -> None:
        files.append(staged)
        if len(files) > 1:
            raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))
        finish(staged)

    here.patch.setattr(Staged, "finish", finish_once)
    ended = here("check", "logs/clean.log", *asked("json:r.json", "github"), GITHUB_STEP_SUMMARY="nowhere/summary.md")
    assert (3, []) == (ended.code, left(here))
    assert "Could not write r.json" in ended.out


@pytest.mark.skipif(not Path("/dev/full").exists(), reason="a device that is always full is Linux's")
def test_of_a_device_that_takes_nothing_the_files_tell(here: Here) -> None:
    ended = here("check", "logs/clean.log", *asked("csv:/dev/full", "json:r.json", "text"))
    assert (3, 3) == (ended.code, json.loads((here.folder / "r.json").read_text())["exit_code"])
    assert "exit code 3: 1 output could not be written" in ended.out


def test_of_a_job_summary_that_cannot_be_written_the_files_tell(here: Here) -> None:
    ended = here("check", "logs/clean.log", *asked("github", "json:r.json"), GITHUB_STEP_SUMMARY="nowhere/summary.md")
    assert (3, 3) == (ended.code, json.loads((here.folder / "r.json").read_text())["exit_code"])
    assert "exit code 3" in ended.out


def test_of_a_run_that_cannot_be_remembered_the_files_tell(here: Here) -> None:
    def refuse(_: Judged) -> NoReturn:
        raise UnableError("could not write runs/x: No space left on device")

    here.patch.setattr(Judged, "finish", refuse)
    ended = here("check", "logs/clean.log", "--state", "runs", *asked("json:r.json"))
    assert (3, "s3guard: error: could not write runs/x: No space left on device") == (ended.code, ended.err.splitlines()[0])
    assert 3 == json.loads((here.folder / "r.json").read_text())["exit_code"]


def test_a_run_of_which_a_report_is_missing_did_not_come_to_its_end(here: Here) -> None:
    finished: list[Judged] = []
    here.patch.setattr(Judged, "finish", lambda judged: finished.append(judged))  # noqa: PLW0108 - a method, which a list's append is not
    arguments = ("check", "logs/clean.log", "--as-of", "2019-02-07", "--state", "runs")
    assert 3 == here(*arguments, *asked("json:logs/clean.log/r.json", "text")).code
    assert [] == finished
    assert 0 == here(*arguments).code
    assert 1 == len(finished)


def test_the_job_summary_is_written_once(here: Here) -> None:
    summary = here.write("summary.md", "")
    full(here, "r.csv")
    here("check", "logs/clean.log", *asked("github", "json:r.json", "csv:r.csv"), GITHUB_STEP_SUMMARY=str(summary))
    assert 1 == summary.read_text().count("exit code 3")


def test_a_saved_report_stays_what_it_was_where_another_cannot_be_written(here: Here) -> None:
    here("check", "logs/clean.log", "-o", "json:saved.json")
    ended = here("convert", "saved.json", *asked("json:again.json", "csv:logs/clean.log/r.csv", "text"))
    assert (3, "s3guard: error: could not write logs/clean.log/r.csv: Not a directory\n") == (ended.code, ended.err)
    assert (here.folder / "saved.json").read_bytes() == (here.folder / "again.json").read_bytes()
    assert "exit code 0" in ended.out


def test_what_could_not_be_written_survives_a_saved_report(here: Here) -> None:
    here("check", "logs/clean.log", *asked("json:saved.json", "csv:logs/clean.log/r.csv"))
    assert "exit code 3: 1 output could not be written" in here("convert", "saved.json").out


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
