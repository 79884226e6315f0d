"""The help pages, what a wrong command line is told, and that nothing is imported that need not be."""

from __future__ import annotations

import re
import shlex
import subprocess
import sys
from pathlib import Path

import pytest
import typer.main

from s3guard.cli.application import application, catalog
from s3guard.flags import FLAGS
from tests.cli.project import COMMAND, QUIET, Here
from tests.outputs.golden import expect

VERBS = (
    *("check", "audit", "test", "validate", "records", "report", "controls", "rules", "waivers", "schema"),
    *("explain", "convert", "publish", "state", "evidence", "watch", "notify"),
)
HEAVY = ("polars", "pydantic", "boto3", "botocore", "obstore", "rich", "yaml")
CONTRACT = {
    *(
        "policy",
        "output",
        "fail-on",
        "since",
        "until",
        "as-of",
        "bucket",
        "rule",
        "framework",
        "baseline",
        "engine",
        "jobs",
        "max-unparsed",
    ),
    *("quarantine", "allow-empty", "allow-undetermined", "require-policy", "quiet", "verbose", "no-progress", "color"),
    *("profile", "region", "role-arn", "endpoint-url"),
}


def options(verb: str) -> set[str]:
    """The long names of a verb's options, the negative ones left out."""
    command = typer.main.get_command(application()).commands[verb]  # type: ignore[attr-defined]  # a group
    return {max(param.opts, key=len).lstrip("-") for param in command.params if param.param_type_name == "option"}


def test_the_verbs_stand_in_the_order_in_which_they_are_met() -> None:
    assert VERBS == tuple(catalog())


@pytest.mark.parametrize("verb", ["", *VERBS])
def test_every_help_page_is_as_people_read_it(here: Here, verb: str) -> None:
    ended = here(*([verb] if verb else []), "--help", COLUMNS="80")
    assert (0, "") == (ended.code, ended.err)
    assert [line for line in ended.out.splitlines() if len(line) > 80] == []
    here.patch.undo()
    expect(f"help/{verb or 's3guard'}.txt", ended.out)


@pytest.mark.parametrize("verb", VERBS)
def test_every_verb_has_examples_that_it_takes(verb: str) -> None:
    pieces = [piece for line in catalog()[verb].EXAMPLES.strip().split("\n") for piece in line.split("|") if "s3guard" in piece]
    assert pieces
    for piece in pieces:
        words = shlex.split(piece.partition(" > ")[0])
        assert ["s3guard", verb] == words[:2]
        typer.main.get_command(application()).commands[verb].make_context(verb, words[2:])  # type: ignore[attr-defined]  # a group


def test_check_has_and_shows_every_flag_of_the_contract(here: Here) -> None:
    shown = here("check", "--help").out
    assert [name for name in CONTRACT if not re.search(rf"^  (?:-[a-z], )?--{name} ", shown, re.MULTILINE)] == []


@pytest.mark.parametrize("verb", VERBS)
def test_every_flag_may_be_set_in_the_environment_and_the_file(verb: str) -> None:
    # NOTE: the file that `records` writes is no list of reports, which is what the setting `output` is.
    unset = options(verb) - {flag.name for flag in FLAGS} - {"help"}
    assert set() == unset


def test_every_flag_that_may_be_set_is_taken_by_a_verb() -> None:
    taken = set.union(*map(options, VERBS))
    assert set() == {flag.name for flag in FLAGS} - taken


@pytest.mark.parametrize("arguments", [["--help"], ["--version"], *([verb, "--help"] for verb in VERBS)], ids=" ".join)
def test_help_imports_nothing_heavy(arguments: list[str], tmp_path: Path) -> None:
    code = "import sys\nfrom s3guard.cli import main\ntry: main(sys.argv[1:])\nfinally: print(*sys.modules, file=sys.stderr)"
    ended = subprocess.run([sys.executable, "-c", code, *arguments], cwd=tmp_path, capture_output=True, check=False, env=QUIET)
    assert 0 == ended.returncode
    assert set() == {name.partition(".")[0] for name in ended.stderr.decode().split()} & set(HEAVY)


def test_without_a_verb_the_help_is_told_and_nothing_passes(here: Here) -> None:
    ended = here()
    assert (2, "") == (ended.code, ended.out)
    assert ended.err.startswith("Usage: s3guard")


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (["chek"], "no such command 'chek'. Did you mean 'check', 'schema'? Help: s3guard --help"),
        (["learn"], "no such command 'learn'. Help: s3guard --help"),
        (["check", "--sinc", "1d"], "no such option: --sinc; did you mean --since? Help: s3guard check --help"),
        (["validate", "x", "--region", "eu"], "validate has no --region in this version of s3guard. Help: s3guard validate --help"),
        (["check", "x", "--fail-on", "hgh"], "--fail-on: 'hgh' is not info, low, medium, high, critical or none; did you mean high?"),
        (["check", "x", "--color", "no"], "--color: 'no' is not auto, always or never"),
        (["check", "x", "-j", "0"], "--jobs: '0' is too small; write 1 or more"),
        (["check", "x", "--max-unparsed", "5"], "--max-unparsed: '5' is no share of a whole: a share lies between 0% and 100% (0 and 1)"),
        (["check", "x", "--since", "soon"], "--since: 'soon' is no instant; write 2026-10-01, 2026-10-01T06:00:00Z, or an age such as"),
        (
            ["check", "x", "--since", "2026-10-02", "--until", "2026-10-01"],
            "the period is empty: --since (2026-10-02T00:00:00Z) is not before",
        ),
        (["check", "x", "--as-of", "24h"], "--as-of: '24h' is an age, and there is no instant to count it back from"),
        (["check", "x", "--engine", "spark"], "no engine is named 'spark'"),
        (["check", "logs/clean.log", "--rule", "requester"], "--rule requester: no policy has this rule; did you mean requesters"),
        (["check", "logs/clean.log", "--bucket", "nope"], "--bucket nope: no record and no policy names this bucket"),
        (["check", "logs/clean.log", "--framework", "hippa"], "--framework hippa: no framework has this name; did you mean hipaa?"),
        (["check", "x", "--state", "gs://b/p"], "--state gs://b/p: give a folder, or s3://bucket/prefix"),
        (["check", "logs", "--audit", "--rule", "SAL-999"], "--rule SAL-999: no check of the audit has this name"),
        (["audit", "--rule", "requesters"], "--rule requesters: no check of the audit has this name"),
        (["audit", "--snapshot", "a", "--plan", "b"], "--snapshot and --plan: an audit looks at one thing; run it once for each"),
        (["audit", "--snapshot", "policies/p.yaml"], "policies/p.yaml is not a snapshot of s3guard"),
        (["audit", "--fix-snippets", "-o", "json"], "--fix-snippets takes standard output; give the reports files, as in"),
        (
            ["records", "report", "x", "--role-arn", "a", "--role-arn", "b"],
            "--role-arn is given more than once: logs are read with one role",
        ),
        (
            ["check", "x", "--redact", "ip"],
            "--redact needs a key, in a file (--redact-key-file FILE) or in S3GUARD_REDACT_KEY; make one with: ",
        ),
        (["check", "gs://b"], "gs://b: no source reads this; give files, folders, globs, s3://bucket/prefix, or - for standard input"),
        (["check", "s3://", "-p", "policies"], "s3://: a bucket's name is expected, as in s3://org-access-logs/prefix"),
        (["check", "s3://arn:aws:s3:::b", "-p", "policies"], "s3://arn:aws:s3:::b: a bucket's name is expected"),
        (["check", "x", "--late", "2"], "--late: '2' is not a duration; it has no unit: write 2 and one of"),
        (
            ["check"],
            "which logs? Give files, folders, globs, s3://bucket/prefix, or - for standard input, as in: s3guard check logs/",
        ),
        (["check", "nolog"], "nolog: no such file or folder"),
        (["check", "logs", "-p", "nopolicy"], "1 problem\nnopolicy: no such file or folder"),
        (["records", "report", "logs", "--to", "xml"], "--to: 'xml' is not jsonl, csv or parquet"),
        (["records", "report", "logs", "--columns", "time,keys"], "--columns keys: no column has this name; did you mean key?"),
        (["records", "report", "logs", "--columns", "time,time"], "--columns: a column is named twice"),
        (["records", "report", "logs", "--where", "tme > 3"], "--where: tme is no column"),
        (["records", "report", "logs", "--where", "tme > 3 AND lin = 1"], "2 problems\n--where: tme is no column"),
        (["rules", "writer"], "there is no rule 'writer'; did you mean writers?"),
        (["rules", "--format", "xml"], "--format: 'xml' is not text or json"),
        (["explain"], "what is to be explained? Give a name or a log line in quotes, as in: s3guard explain AccessDenied"),
        (["explain", "AccesDenied"], "there is nothing to explain under 'AccesDenied'; did you mean AccessDenied"),
        (["convert"], "which report? Give one that --output json wrote, as in: s3guard convert report.json -o sarif:report.sarif"),
        (["convert", "a", "b"], "got unexpected extra argument(s) (b). Help: s3guard convert --help"),
        (["convert", "policies/p.yaml"], "policies/p.yaml is not a report of s3guard"),
    ],
    ids=lambda value: " ".join(value) if isinstance(value, list) else "",
)
def test_a_wrong_command_line_is_told_what_was_meant(here: Here, arguments: list[str], said: str) -> None:
    ended = here(*arguments)
    assert (2, "") == (ended.code, ended.out)
    assert ended.err.startswith(f"s3guard: error: {said}")
    assert "Traceback" not in ended.err


def test_without_policies_the_way_to_name_them_is_told(here: Here) -> None:
    here.patch.chdir(here.folder / "logs")
    ended = here("check", "clean.log")
    assert (2, "s3guard: error: there is no folder policies/ here; name your policies with --policy PATH") == (
        ended.code,
        ended.err.partition(",")[0],
    )


def test_paths_that_are_no_utf_8_are_taken(here: Here) -> None:
    name = b"logs/\xff.log".decode("utf-8", "surrogateescape")
    (here.folder / name).write_bytes((here.folder / "logs" / "stranger.log").read_bytes())
    ended = here("check", name)
    assert 1 == ended.code
    assert r"logs/\xff.log:2" in ended.out


def test_completion_is_offered() -> None:
    environ = {**QUIET, "_S3GUARD_COMPLETE": "complete_bash", "COMP_WORDS": "s3guard check --fail-on ", "COMP_CWORD": "3"}
    ended = subprocess.run(COMMAND, capture_output=True, check=False, env=environ)
    assert (0, ["info", "low", "medium", "high", "critical", "none"]) == (ended.returncode, ended.stdout.decode().split())
