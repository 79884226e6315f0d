"""The JSON report: the contract's keys in its order, one spelling, and a way back."""

from __future__ import annotations

import dataclasses
import json
from datetime import UTC, date, datetime
from pathlib import Path
from typing import Any, Literal, get_args, get_origin, get_type_hints

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from s3guard.model import ControlStatus, Report, UnableError, UsageError
from s3guard.outputs import Options, json_text
from s3guard.outputs.json import SCHEMA, parse, read, render
from s3guard.text import mask_credentials
from tests.outputs import golden, reports, runner
from tests.outputs.corpus import HOSTILE, SECRETS

OPTIONS = Options()


def rendered(report: Report) -> str:
    return render(report, OPTIONS)


def loaded(report: Report) -> Any:
    return json.loads(rendered(report))


@pytest.mark.parametrize("kind", golden.KINDS)
def test_each_kind_of_report_looks_as_in_its_golden_file(kind: str) -> None:
    golden.expect(f"json/{kind}.json", rendered(golden.KINDS[kind]()))


def test_keys_stand_in_the_order_of_the_contract() -> None:
    report = loaded(reports.failing())
    assert list(report) == [
        *("schema", "tool", "run", "status", "exit_code", "summary", "coverage", "policies", "results", "controls"),
        *("notes", "unwritten", "proves"),
    ]
    assert report["schema"] == SCHEMA == "s3guard/report/1"
    assert report["tool"] == {"name": "s3guard", "version": "1.2.3"}
    assert list(report["run"]) == ["id", "started", "finished", "as_of", "engine", "fail_on", "judged"]
    assert list(report["summary"]) == ["pass", "fail", "waived", "undetermined", "not_applicable", "findings"]
    assert list(report["coverage"]) == [
        *("objects", "bytes", "records", "ambiguous", "quarantined", "unreadable", "warnings", "first_record", "last_record", "buckets"),
        "listed",
    ]
    bucket = report["coverage"]["buckets"][0]
    assert list(bucket) == ["bucket", "records", "policies", "first_record", "last_record", "hours", "gaps", "expected"]
    assert list(bucket["hours"]) == ["span", "seen", "of", "counts"]
    assert list(bucket["expected"][0]) == ["rule", "max_gap", "min_records", "status"]
    assert list(report["policies"][0]) == ["policy", "file", "sha256"]
    result = report["results"][0]
    assert list(result) == [
        *("rule", "kind", "policy", "bucket", "title", "status", "severity", "reason", "records", "violations", "unjudged"),
        *("controls", "location", "findings", "omitted", "help"),
    ]
    assert list(result["controls"][0]) == ["framework", "control"]
    assert list(result["location"]) == ["file", "line"]
    assert list(result["omitted"]) == ["findings", "records"]
    assert list(result["findings"][0]) == [
        *(
            "fingerprint",
            "message",
            "subject",
            "outcome",
            "severity",
            "records",
            "first_seen",
            "last_seen",
            "waiver",
            "baseline",
            "samples",
        ),
    ]
    assert list(result["findings"][0]["samples"][0]) == ["object", "line", "request_id", "time"]
    assert list(report["controls"][0]) == [field.name for field in dataclasses.fields(ControlStatus)]


def test_times_are_utc_with_whole_seconds() -> None:
    report = loaded(reports.failing())
    assert report["run"]["as_of"] == "2026-10-02T00:00:00Z"
    assert report["results"][0]["findings"][0]["samples"][0]["time"] == "2026-10-01T00:01:00Z"


def test_the_file_is_ascii_whatever_the_log_holds() -> None:
    assert rendered(reports.hostile()).isascii()


def test_a_value_that_another_tool_prints_raw_is_visible() -> None:
    values = {finding["subject"].get("key") for result in loaded(reports.hostile())["results"] for finding in result["findings"]}
    assert "\\u{1b}[2J\\u{1b}[H" in values
    assert "مرحبا שלום 你好 नमस्ते é ß 🙂" in values


def test_what_a_ci_system_would_obey_is_spelled_by_escapes_that_lose_nothing() -> None:
    text = json_text({"a": HOSTILE["Azure variable"], "b": "::error::x", "c": [["[[", "##"]], "d": {"##": 1}})
    assert runner.obeyed(text) == []
    assert "##" not in text
    assert json.loads(text) == {"a": HOSTILE["Azure variable"], "b": "::error::x", "c": [["[[", "##"]], "d": {"##": 1}}


PLAIN = st.recursive(
    st.one_of(st.none(), st.booleans(), st.integers(), st.text(), st.sampled_from(["##", "::", "[[", "\\", '"', "---"])),
    lambda inner: st.one_of(st.lists(inner), st.dictionaries(st.text(), inner)),
    max_leaves=60,
)


@given(PLAIN)
def test_the_layout_changes_no_value(value: object) -> None:
    assert json.loads(json_text(value)) == value


def test_a_number_that_is_none_is_refused() -> None:
    with pytest.raises(ValueError, match="Out of range float"):
        json_text([float("nan")])


def test_a_date_in_a_waiver_is_written_as_a_date() -> None:
    found = reports.finding(waiver={"expires": date(2027, 3, 31), "tags": ("a",)})
    assert loaded(reports.report(reports.result(findings=(found,))))["results"][0]["findings"][0]["waiver"] == {
        "expires": "2027-03-31",
        "tags": ["a"],
    }


def test_warnings_stand_in_one_order() -> None:
    warnings = {"b": 1, "a": 2}
    changed = dataclasses.replace(reports.clean(), coverage=dataclasses.replace(reports.clean().coverage, warnings=warnings))
    assert list(loaded(changed)["coverage"]["warnings"]) == ["a", "b"]


TEXT = st.one_of(st.text(max_size=20), st.sampled_from([*HOSTILE.values(), *SECRETS.values()]))
TIME = st.datetimes(datetime(1, 1, 2), datetime(9999, 12, 30)).map(lambda time: time.replace(microsecond=0, tzinfo=UTC))  # noqa: DTZ001
VALUES: dict[Any, st.SearchStrategy[Any]] = {
    str: TEXT,
    int: st.integers(0, 2**63 - 1),
    bool: st.booleans(),
    float: st.floats(0, 1e12),
    datetime: TIME,
    type(None): st.none(),
    Any: st.one_of(TEXT, st.none(), st.booleans(), st.lists(TEXT, max_size=2)),
}


def values(kind: Any) -> st.SearchStrategy[Any]:
    """Values of a type as the model declares it."""
    if kind in VALUES:
        return VALUES[kind]
    inner = get_args(kind)
    if get_origin(kind) is Literal:
        return st.sampled_from(inner)
    if get_origin(kind) is tuple:
        return st.lists(values(inner[0]), max_size=2).map(tuple)
    if get_origin(kind) is dict:
        return st.dictionaries(values(inner[0]), values(inner[1]), max_size=2)
    if inner:
        return st.one_of(*map(values, inner))
    if isinstance(kind, type) and dataclasses.is_dataclass(kind):
        return st.builds(kind, **{name: values(hint) for name, hint in get_type_hints(kind).items()})
    return st.sampled_from(kind)


@given(values(Report))
@settings(max_examples=40, deadline=None)
def test_a_saved_report_reads_back_but_for_credentials(report: Report) -> None:
    assert parse(rendered(report).encode(), "r.json") == masked(report)


def masked(value: Any) -> Any:
    """What is left of a value when every credential in it is masked."""
    if isinstance(value, str):
        return mask_credentials(value)
    if dataclasses.is_dataclass(value) and not isinstance(value, type):
        return dataclasses.replace(value, **{field.name: masked(getattr(value, field.name)) for field in dataclasses.fields(value)})
    if isinstance(value, dict):
        return {masked(key): masked(item) for key, item in value.items()}
    if isinstance(value, (tuple, list)):
        return type(value)(masked(item) for item in value)
    return value


@pytest.mark.parametrize("kind", reports.SAMPLES)
def test_a_report_that_was_read_is_written_as_it_was(kind: str) -> None:
    text = rendered(reports.SAMPLES[kind]())
    assert rendered(parse(text.encode(), "r.json")) == text


def test_a_threshold_of_none_and_a_time_elsewhere_survive() -> None:
    run = dataclasses.replace(reports.run(None), as_of=datetime.fromisoformat("2026-10-02T02:00:00+02:00"))
    report = reports.report(reports.result(), run=run)
    assert loaded(report)["run"]["as_of"] == "2026-10-02T00:00:00Z"
    assert parse(rendered(report).encode(), "r.json") == report


def test_a_file_is_read(tmp_path: Path) -> None:
    (tmp_path / "r.json").write_text(rendered(reports.failing()))
    assert read(tmp_path / "r.json") == reports.failing()


def test_a_missing_file_is_named(tmp_path: Path) -> None:
    with pytest.raises(UnableError, match=r"could not read .*r\.json: No such file or directory"):
        read(tmp_path / "r.json")


@pytest.mark.parametrize(
    ("content", "complaint"),
    [
        (b"", r"r\.json is not a report of s3guard: Invalid JSON"),
        (b"\xff\xfe{}", r"is not a report of s3guard: Invalid JSON"),
        (b"[1]", r"is not a report of s3guard: "),
        (b"{}", r"is not a report of s3guard: schema: Field required"),
        (b'{"schema": 1}', r"is not a report of s3guard: schema: Input should be a valid string"),
        (b'{"schema": "s3guard/report/2"}', r"holds 's3guard/report/2'; this version of s3guard reads 's3guard/report/1'"),
        (b'{"schema": "\\u001b]0;x"}', r"holds '\\u\{1b\}\]0;x'; this version"),
        (b'{"schema": "s3guard/report/1"}', r"is damaged: tool: Field required"),
        (b'{"schema": ' * 100_000, r"is not a report of s3guard: "),
    ],
)
def test_what_is_no_report_is_refused_by_name(content: bytes, complaint: str) -> None:
    with pytest.raises(UsageError, match=complaint):
        parse(content, "r.json")


@pytest.mark.parametrize(
    ("path", "value"),
    [
        (("tool",), {"name": "s3guard"}),
        (("status",), "fine"),
        (("exit_code",), "1"),
        (("coverage", "records"), None),
        (("coverage", "records"), 1.5),
        (("results", 0, "findings", 0, "severity"), "worst"),
        (("results", 0, "findings", 0, "first_seen"), "yesterday"),
        (("results", 0, "location"), None),
        (("results",), {}),
    ],
)
def test_a_damaged_report_is_refused_with_the_place(path: tuple[Any, ...], value: object) -> None:
    document = loaded(reports.failing())
    at = document
    for step in path[:-1]:
        at = at[step]
    at[path[-1]] = value
    with pytest.raises(UsageError, match=rf"r\.json is damaged: {path[0]}"):
        parse(json.dumps(document).encode(), "r.json")


def test_a_thousand_findings_take_little_text() -> None:
    assert len(rendered(reports.flood())) < 1_500_000


@pytest.mark.parametrize("count", [0, 1, 2, 30, 2160])
def test_counts_are_filled_into_lines(count: int) -> None:
    text = json_text({"a": {"records": list(range(10**6, 10**6 + count))}})
    assert list(range(10**6, 10**6 + count)) == json.loads(text)["a"]["records"]
    assert all(len(line) <= 120 for line in text.splitlines())
    assert len(text.splitlines()) <= 8 + count / 10
