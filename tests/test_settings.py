"""Settings beside the flags: the environment beats the file, unknown keys are errors, and everything knows where it was set."""

from __future__ import annotations

import subprocess
import sys
import tempfile
from collections.abc import Mapping
from contextlib import suppress
from datetime import date
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from s3guard.flags import FLAGS, Flag, Kind, Value
from s3guard.model import UsageError
from s3guard.settings import MAX_BYTES, Exclusion, Settings, load


@pytest.fixture
def project(tmp_path: Path) -> Path:
    """A git repository."""
    (tmp_path / ".git").mkdir()
    return tmp_path


def settings(folder: Path, toml: str = "", **environ: str) -> Settings:
    if toml:
        (folder / "s3guard.toml").write_text(toml, encoding="utf-8")
    return load(folder, environ)


def values(found: Settings) -> Mapping[str, Value]:
    return {name: setting.value for name, setting in found.values.items()}


def faults(folder: Path, toml: str = "", **environ: str) -> list[str]:
    with pytest.raises(UsageError) as caught:
        settings(folder, toml, **environ)
    return str(caught.value).splitlines()


def test_without_file_and_variables_nothing_is_set(project: Path) -> None:
    assert Settings({}) == load(project, {"HOME": "/root"})


def test_the_file_sets_flags_by_name_with_hyphens_or_underscores(project: Path) -> None:
    found = settings(
        project,
        """\
policy = ["policies", "more"]
output = "json:build/report.json"
fail-on = "high"
max_unparsed = 0.10
as-of = 2026-10-02T00:00:00Z
since = 2026-10-01
jobs = 4
allow-empty = true
state = "s3://evidence/state"
""",
    )
    assert {
        "policy": ("policies", "more"),
        "output": ("json:build/report.json",),
        "fail-on": "high",
        "max-unparsed": "0.10",
        "as-of": "2026-10-02T00:00:00Z",
        "since": "2026-10-01",
        "jobs": 4,
        "allow-empty": True,
        "state": "s3://evidence/state",
    } == values(found)
    assert "s3guard.toml:3:1" == found.values["fail-on"].source
    assert project / "s3guard.toml" == found.file


def test_the_environment_beats_the_file(project: Path) -> None:
    found = settings(project, 'fail-on = "high"\njobs = 4\n', S3GUARD_FAIL_ON="low")
    assert {"fail-on": "low", "jobs": 4} == values(found)
    assert "environment variable S3GUARD_FAIL_ON" == found.values["fail-on"].source


WRITTEN: dict[Kind, tuple[str, str, Value]] = {
    Kind.SWITCH: ("true", "true", True),
    Kind.COUNT: ("3", "3", 3),
    Kind.TEXTS: ("a, b", '["a", "b"]', ("a", "b")),
    Kind.PATHS: ("a, b", '["a", "b"]', ("a", "b")),
    Kind.OUTPUTS: ("json,sarif:x", '["json", "sarif:x"]', ("json", "sarif:x")),
    Kind.URLS: ("x://a,b, y://c", '["x://a,b", "y://c"]', ("x://a,b", "y://c")),
}
"""What a variable and a file write for one value; other kinds write any text."""


@pytest.mark.parametrize("flag", FLAGS, ids=lambda flag: flag.name)
def test_every_flag_has_a_variable_and_a_key(flag: Flag, project: Path) -> None:
    any_text = (flag.choices or ("x",))[0]
    text, toml, value = WRITTEN.get(flag.kind, (any_text, f'"{any_text}"', any_text))
    assert {flag.name: value} == values(load(project, {flag.variable: text}))
    assert {flag.name: value} == values(settings(project, f"{flag.name} = {toml}\n"))


@pytest.mark.parametrize(
    ("text", "value"),
    [("1", True), ("true", True), ("YES", True), ("on", True), ("0", False), ("False", False), ("no", False), ("off", False)],
)
def test_a_switch_is_spelled_as_in_other_tools(text: str, value: bool, project: Path) -> None:  # noqa: FBT001 - a case
    assert {"audit": value} == values(load(project, {"S3GUARD_AUDIT": text}))


def test_an_empty_variable_sets_nothing(project: Path) -> None:
    assert {} == load(project, {"S3GUARD_STATE": "", "S3GUARD_JOBS": ""}).values


def test_a_variable_that_sets_nothing_is_told_without_its_value(project: Path) -> None:
    found = load(project, {"S3GUARD_FAILON": "secret", "S3GUARD_TOOLS": "required"})
    assert ("environment variable 'S3GUARD_FAILON' is that of no flag; did you mean fail-on?",) == found.notes


def test_pyproject_may_hold_the_settings(project: Path) -> None:
    (project / "pyproject.toml").write_text('[project]\nname = "x"\njobs = 9\n\n[tool.s3guard]\njobs = 2\n', encoding="utf-8")
    found = load(project, {})
    assert ({"jobs": 2}, "pyproject.toml:6:1") == (values(found), found.values["jobs"].source)


@pytest.mark.parametrize("other", ["", "[tool.ruff]\nline-length = 100\n# s3guard\n", "not TOML, s3guard\n", '"tool" = "s3guard"\n'])
def test_a_pyproject_of_others_is_left_alone(other: str, project: Path) -> None:
    (project / "pyproject.toml").write_text(other, encoding="utf-8")
    assert Settings({}) == load(project, {})


def test_the_nearest_file_within_the_repository_holds_and_its_paths_are_its_own(project: Path) -> None:
    deep = project / "a" / "b"
    deep.mkdir(parents=True)
    toml = (
        'policy = "policies/"\noutput = ["json", "sarif:out/x.sarif"]\nstate = "state"\nbaseline = "/known.json"\nbucket = "b"\njobs = 2\n'
    )
    (project / "s3guard.toml").write_text(toml, encoding="utf-8")
    assert {
        "policy": (f"{project}/policies/",),
        "output": ("json", f"sarif:{project}/out/x.sarif"),
        "state": f"{project}/state",
        "baseline": "/known.json",
        "bucket": ("b",),
        "jobs": 2,
    } == values(load(deep, {}))
    (project / "a" / "s3guard.toml").write_text("jobs = 3\n", encoding="utf-8")
    assert {"jobs": 3} == values(load(deep, {}))


def test_no_file_above_the_repository_is_read(project: Path) -> None:
    inner = project / "inner"
    (inner / ".git").mkdir(parents=True)
    (project / "s3guard.toml").write_text("jobs = 3\n", encoding="utf-8")
    assert Settings({}) == load(inner, {})


def test_outside_a_repository_only_the_working_directory_is_looked_at(tmp_path: Path) -> None:
    (tmp_path / "s3guard.toml").write_text("jobs = 3\n", encoding="utf-8")
    inner = tmp_path / "inner"
    inner.mkdir()
    assert ({"jobs": 3}, {}) == (values(load(tmp_path, {})), values(load(inner, {})))


def test_exclusions_name_bucket_reason_and_last_day(project: Path) -> None:
    found = settings(
        project,
        """\
[[exclude]]
bucket = "scratch-*"
reason = "holds nothing for longer than a day"
expires = 2027-03-31

[[exclude]]
bucket = "legacy"
reason = "goes away"
expires = "2027-01-01"

[[exclude]]
bucket = "elb-logs"
reason = "written by a service that cannot be judged"
""",
    )
    assert (
        Exclusion("scratch-*", "holds nothing for longer than a day", date(2027, 3, 31), "s3guard.toml:1:1"),
        Exclusion("legacy", "goes away", date(2027, 1, 1), "s3guard.toml:1:1"),
        Exclusion("elb-logs", "written by a service that cannot be judged", None, "s3guard.toml:1:1"),
    ) == found.exclusions


FAULTS = {
    "unknown key": ('jobs = 2\nfail-onn = "high"\n', "2:1: unknown setting 'fail-onn'; did you mean fail-on?"),
    "unknown table": ("[exlude]\nbucket = 1\n", "1:1: unknown setting 'exlude'; did you mean exclude?"),
    "set twice": ("fail-on = 'high'\nfail_on = 'low'\n", "2:1: fail-on is set twice: as fail-on and as fail_on"),
    "not a choice": ("fail-on = 'hgih'\n", "1:1: fail-on: 'hgih' is not info, low, medium, high, critical or none; did you mean high?"),
    "text for a switch": ("audit = 'yes'\n", "1:1: audit: true or false is expected, not 'yes'"),
    "number for a switch": ("audit = 1\n", "1:1: audit: true or false is expected, not '1'"),
    "switch for a text": ("state = true\n", "1:1: state: a path or a URI is expected, not 'True'"),
    "list for a text": ("region = ['a']\n", "1:1: region: a text is expected, not \"['a']\""),
    "empty text": ("region = ''\n", "1:1: region: a text is expected, not ''"),
    "switch in a list": ("bucket = [true]\n", "1:1: bucket: a list of texts is expected, not '[True]'"),
    "no jobs": ("jobs = 0\n", "1:1: jobs: a whole number, 1 or more is expected, not '0'"),
    "half a job": ("jobs = 1.5\n", "1:1: jobs: a whole number, 1 or more is expected, not '1.5'"),
    "not TOML": ("jobs = \n", "1:8: not valid TOML: Invalid value"),
    "exclude without bucket": (
        "exclude = ['b']\n",
        '1:1: exclude: each entry names a bucket, or a glob with * and ?: {bucket = "scratch-*", reason = "…", expires = 2027-03-31}',
    ),
    "exclude without reason": ("exclude = [{bucket = 'b'}]\n", "1:1: exclude: b needs a reason"),
    "exclude with another key": ("exclude = [{bucket = 'b', reson = 'x'}]\n", "1:1: exclude: unknown key 'reson'; did you mean reason?"),
    "exclude until no day": (
        "exclude = {bucket = 'b', reason = 'x', expires = '2027-02-30'}\n",
        "1:1: exclude: expires is a day such as 2027-03-31, not '2027-02-30'",
    ),
    "exclude until a number": (
        "exclude = {bucket = 'b', reason = 'x', expires = 2027}\n",
        "1:1: exclude: expires is a day such as 2027-03-31, not '2027'",
    ),
}


@pytest.mark.parametrize("name", FAULTS)
def test_a_fault_of_the_file_has_its_place_and_says_what_is_wrong(name: str, project: Path) -> None:
    toml, fault = FAULTS[name]
    assert [f"s3guard.toml:{fault}"] == faults(project, toml)


def test_faults_of_file_and_environment_are_told_at_once(project: Path) -> None:
    assert [
        "s3guard.toml:1:1: unknown setting 'x'",
        "s3guard.toml:2:1: unknown setting 'y'",
        "environment variable S3GUARD_AUDIT: true or false is expected, not 'maybe'",
        "environment variable S3GUARD_FAIL_ON: 'hihg' is not info, low, medium, high, critical or none; did you mean high?",
        "environment variable S3GUARD_JOBS: a whole number, 1 or more is expected, not '-1'",
    ] == faults(project, "x = 1\ny = 2\n", S3GUARD_AUDIT="maybe", S3GUARD_JOBS="-1", S3GUARD_FAIL_ON="hihg")


def test_two_files_in_one_folder_are_a_fault(project: Path) -> None:
    (project / "pyproject.toml").write_text("[tool.s3guard]\njobs = 2\n", encoding="utf-8")
    assert ["s3guard.toml:1:1: [tool.s3guard] of pyproject.toml beside it says settings too; keep one of the two"] == faults(
        project, "jobs = 3\n"
    )


@pytest.mark.parametrize(
    ("content", "fault"),
    [
        (b"jobs = \xff", "not UTF-8: save the file as UTF-8"),
        (b"#" * (MAX_BYTES + 1), "the file is larger than 1 MiB"),
        (b"a = " + b"[" * 100_000, "nested too deep"),
    ],
)
def test_a_file_that_cannot_be_read_is_a_fault(content: bytes, fault: str, project: Path) -> None:
    (project / "s3guard.toml").write_bytes(content)
    assert [f"s3guard.toml:1:1: {fault}"] == faults(project)


@pytest.mark.parametrize(
    ("pyproject", "fault"),
    [
        ("[tool]\ns3guard = 1\n", "1:1: [tool.s3guard] is not a table"),
        ("[tool.s3guard]\njobs = \n", "2:8: not valid TOML: Invalid value"),
    ],
)
def test_faults_of_our_part_of_a_pyproject_are_told(pyproject: str, fault: str, project: Path) -> None:
    (project / "pyproject.toml").write_text(pyproject, encoding="utf-8")
    assert [f"pyproject.toml:{fault}"] == faults(project)


@pytest.mark.parametrize("name", ["s3guard.toml", "pyproject.toml"])
def test_a_file_without_permission_is_a_fault(name: str, project: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (project / name).write_text("[tool.s3guard]\njobs = 2\n", encoding="utf-8")

    def denied(_: Path) -> bytes:
        raise PermissionError(13, "Permission denied")

    monkeypatch.setattr(Path, "read_bytes", denied)
    assert [f"{name}:1:1: cannot be read: Permission denied"] == faults(project)


@given(st.text(max_size=60) | st.text(st.sampled_from(list("jobs=[]{}\"'\n .-2#ex")), max_size=60))
def test_no_text_of_a_file_raises_anything_else(text: str) -> None:
    # NOTE: not a fixture, which all examples would share.
    with tempfile.TemporaryDirectory() as folder:
        (Path(folder) / "s3guard.toml").write_bytes(text.encode("utf-8", "surrogatepass"))
        with suppress(UsageError):
            load(Path(folder), {})


def test_reading_settings_imports_nothing_heavy() -> None:
    script = "import sys, s3guard.settings; print(sorted(set(sys.modules) & {'pydantic', 'polars', 'yaml', 'boto3', 'rich', 'typer'}))"
    assert "[]" == subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, check=True).stdout.strip()
