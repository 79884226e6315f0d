"""What is set where: a flag beats the environment, the environment beats the file, and everything that is wrong says where it was set."""

from __future__ import annotations

import json

import pytest

from tests.cli.project import STRANGER, Here


@pytest.mark.parametrize(
    ("flag", "variable", "file", "code"),
    [
        ([], "", "", 1),
        ([], "", "critical", 0),
        ([], "high", "critical", 1),
        ([], "critical", "high", 0),
        (["--fail-on", "high"], "critical", "critical", 1),
        (["--fail-on", "none"], "high", "high", 0),
    ],
)
def test_a_flag_beats_the_environment_and_the_environment_the_file(
    here: Here, flag: list[str], variable: str, file: str, code: int
) -> None:
    here.write("s3guard.toml", f'fail-on = "{file}"\n' if file else "")
    assert code == here("check", "logs/stranger.log", *flag, S3GUARD_FAIL_ON=variable).code


def test_a_list_replaces_a_list(here: Here) -> None:
    here.write("s3guard.toml", 'output = ["json:file.json", "csv:file.csv"]\n')
    here("check", "logs/clean.log")
    here("check", "logs/clean.log", S3GUARD_OUTPUT="json:variable.json, text")
    here("check", "logs/clean.log", "-o", "json:flag.json", S3GUARD_OUTPUT="json:not.json")
    assert ["file.csv", "file.json", "flag.json", "variable.json"] == sorted(
        path.name for path in here.folder.iterdir() if path.suffix in (".json", ".csv")
    )


def test_a_switch_may_be_switched_off_again(here: Here) -> None:
    here.write("pyproject.toml", "[tool.s3guard]\nallow-empty = true\n")
    assert 0 == here("check", "logs/empty.log").code
    assert 4 == here("check", "logs/empty.log", "--no-allow-empty").code
    assert 4 == here("check", "logs/empty.log", S3GUARD_ALLOW_EMPTY="no").code
    assert 0 == here("check", "logs/empty.log", "--allow-empty", S3GUARD_ALLOW_EMPTY="no").code


def test_the_file_above_the_working_directory_counts_within_the_repository(here: Here) -> None:
    here.write("s3guard.toml", 'policy = "policies"\nfail-on = "critical"\n')
    here.patch.chdir(here.folder / "logs")
    assert 0 == here("check", "stranger.log").code


def test_unknown_keys_and_wrong_values_are_told_all_at_once_with_their_places(here: Here) -> None:
    here.write("s3guard.toml", 'fail-onn = "high"\njobs = 0\n')
    ended = here("check", "logs/clean.log", S3GUARD_COLOR="blue")
    assert (2, "") == (ended.code, ended.out)
    first, *faults = ended.err.splitlines()
    assert ("s3guard: error: 3 problems", 3) == (first, len(faults))
    assert "s3guard.toml:1:1: unknown setting 'fail-onn'; did you mean fail-on?" == faults[0]
    assert faults[2].startswith("environment variable S3GUARD_COLOR: 'blue' is not auto, always or never")


def test_a_value_that_only_its_verb_can_judge_says_where_it_was_set(here: Here) -> None:
    here.write("s3guard.toml", '\nsince = "soon"\n')
    assert here("check", "logs/clean.log").err.startswith("s3guard: error: s3guard.toml:2:1: since: 'soon' is no instant")
    ended = here("check", "logs/clean.log", S3GUARD_SINCE="later")
    assert ended.err.startswith("s3guard: error: environment variable S3GUARD_SINCE: 'later' is no instant")
    assert here("check", "logs/clean.log", "--since", "now").err.startswith("s3guard: error: --since: 'now' is no instant")


def test_help_works_whatever_is_set(here: Here) -> None:
    here.write("s3guard.toml", "this is no TOML")
    assert 0 == here("check", "--help").code
    assert 2 == here("check", "logs/clean.log").code


def test_a_variable_of_no_flag_is_told_and_quietly_not(here: Here) -> None:
    ended = here("check", "logs/clean.log", S3GUARD_FAIL_OM="secret")
    assert 0 == ended.code
    assert "s3guard: warning: environment variable 'S3GUARD_FAIL_OM' is that of no flag; did you mean fail-on?\n" == ended.err
    assert "" == here("check", "logs/clean.log", "-q", S3GUARD_FAIL_OM="secret").err


def test_buckets_may_be_excluded_from_having_a_policy_until_a_day(here: Here) -> None:
    (here.folder / "logs" / "other.log").write_bytes(STRANGER.replace(b" examplebucket ", b" scratch-1 "))
    arguments = ("check", "logs/clean.log", "logs/other.log", "--require-policy", "--as-of")
    assert 3 == here(*arguments, "2027-01-01").code
    here.write("s3guard.toml", '[[exclude]]\nbucket = "scratch-*"\nreason = "nobody keeps anything there"\nexpires = 2027-01-01\n')
    assert 0 == here(*arguments, "2027-01-01").code
    assert 3 == here(*arguments, "2027-01-02").code


def test_an_environment_that_sets_reports_leaves_records_alone(here: Here) -> None:
    ended = here("records", "logs/clean.log", S3GUARD_OUTPUT="json:report.json")
    assert (0, 3) == (ended.code, len(ended.out.splitlines()))
    assert "examplebucket" == json.loads(ended.out.splitlines()[0])["bucket"]
