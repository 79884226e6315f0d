"""The SARIF report: what code scanning shows, what it must never show, and what it would refuse."""

from __future__ import annotations

import json
import os
import subprocess
from collections.abc import Callable
from dataclasses import replace
from functools import partial
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from s3guard.model import Control, Location, Report, Severity, Status, Unreadable, UsageError
from s3guard.outputs import PROVES, Options
from s3guard.outputs.sarif import NOTIFICATIONS, PROFILES, render
from s3guard.outputs.sarif.results import LARGEST, MOST
from s3guard.text import unvisible
from tests.outputs import golden, reports
from tests.outputs.sarif_faults import faults

ROOT = Path(__file__).parent.parent.parent
every_kind = pytest.mark.parametrize("kind", reports.SAMPLES)
every_profile = pytest.mark.parametrize("profile", PROFILES)


def rendered(report: Report, profile: str = "full", **options: str) -> str:
    return render(report, Options(sarif_profile=profile, **options))  # type: ignore[arg-type]  # a test's own keywords


def run(report: Report, profile: str = "full", **options: str) -> Any:
    return json.loads(rendered(report, profile, **options))["runs"][0]


def results(report: Report, profile: str = "full") -> Any:
    return run(report, profile)["results"]


def notifications(report: Report, name: str) -> list[str]:
    told = run(report)["invocations"][0]["toolExecutionNotifications"]
    return [one["message"]["text"] for one in told if one["descriptor"]["id"] == name]


@pytest.mark.parametrize("kind", golden.KINDS)
def test_each_kind_of_report_looks_as_in_its_golden_file(kind: str) -> None:
    golden.expect(f"sarif/{kind}.sarif", rendered(golden.KINDS[kind]()))


@pytest.mark.parametrize(("kind", "profile"), [("failing", "github"), ("undetermined", "github"), ("failing", "azure")])
def test_profiles_look_as_in_their_golden_files(kind: str, profile: str) -> None:
    golden.expect(f"sarif/{kind}-{profile}.sarif", rendered(reports.SAMPLES[kind](), profile))


@every_kind
@every_profile
def test_no_reader_finds_fault(kind: str, profile: str) -> None:
    assert faults(rendered(reports.SAMPLES[kind](), profile)) == []


@every_profile
def test_no_reader_finds_fault_in_a_flood(profile: str) -> None:
    assert faults(rendered(reports.flood(), profile)) == []


TEXT = st.one_of(st.text(), st.text("[]()\\1 a"))


@given(TEXT, TEXT)
@settings(deadline=None)
def test_no_reader_finds_fault_whatever_the_text(text: str, path: str) -> None:
    found = reports.finding(
        message=text, subject={"key": text}, samples=(reports.sample(object=path), reports.sample(object=f"s3://{path}"))
    )
    result = reports.result(bucket=text, status=Status.FAIL, findings=(found,), location=Location(path, 0), title=text, help=text)
    open_ = replace(result, rule="b", status=Status.UNDETERMINED, reason=text, findings=())
    report = reports.report(result, open_, notes=(text,), exit_code=1)
    for profile in PROFILES:
        assert faults(rendered(report, profile)) == []


def test_a_result_stands_at_the_rules_line_of_the_policy_and_names_the_bucket() -> None:
    (place,) = results(reports.failing())[0]["locations"]
    assert place["physicalLocation"] == {
        "artifactLocation": {"uri": "policies/phi-records.yaml"},
        "region": {"startLine": 17, "startColumn": 1, "endLine": 17},
    }
    assert place["logicalLocations"] == [{"fullyQualifiedName": "arn:aws:s3:::phi-records", "kind": "resource"}]


def test_a_message_links_to_the_first_log_record() -> None:
    first = results(reports.failing())[0]
    assert first["message"]["text"] == (
        "arn:aws:iam::111122223333:role/analyst wrote 3 times and is not an allowed writer: 3 records "
        "from 2026-10-01T00:00:00Z to 2026-10-01T01:00:00Z, first seen in [log record](1)."
    )
    assert first["relatedLocations"][0] == {
        "id": 1,
        "physicalLocation": {
            "artifactLocation": {"uri": "logs/phi-records/2026-10-01-00-01", "uriBaseId": "S3"},
            "region": {"startLine": 1},
        },
        "message": {"text": "log record"},
        "properties": {
            "object": "s3://logs/phi-records/2026-10-01-00-01",
            "time": "2026-10-01T00:01:00Z",
            "requestId": "REQ0000000000001",
        },
    }
    assert first["occurrenceCount"] == 3


def test_a_finding_without_records_or_times_or_samples_is_told() -> None:
    silent = reports.finding(message="no record since noon", records=0, first_seen=None, last_seen=None, samples=())
    (result,) = results(reports.report(reports.result(status=Status.FAIL, findings=(silent,))))
    assert result["message"]["text"] == "no record since noon: 0 records."
    assert "occurrenceCount" not in result
    assert "relatedLocations" not in result


def test_a_log_file_that_is_not_in_s3_has_a_base_of_its_own() -> None:
    samples = (reports.sample(object="/var/log/a b#1.gz", request_id=None), reports.sample(object="s3:///x"), reports.sample(object=""))
    (result,) = results(reports.report(reports.result(status=Status.FAIL, findings=(reports.finding(samples=samples),))))
    places = [place["physicalLocation"]["artifactLocation"] for place in result["relatedLocations"]]
    assert places == [
        {"uri": "var/log/a%20b%231.gz", "uriBaseId": "LOGS"},
        {"uri": "x", "uriBaseId": "S3"},
        {"uri": "-", "uriBaseId": "LOGS"},
    ]


@pytest.mark.parametrize(
    ("file", "uri"),
    [
        ("policies/a.yaml", "policies/a.yaml"),
        ("policies\\a.yaml", "policies/a.yaml"),
        ("/etc/s3guard/a.yaml", "etc/s3guard/a.yaml"),
        ("C:\\p\\a.yaml", "C%3A/p/a.yaml"),
        ("https://evil.example/a", "https%3A//evil.example/a"),
        ("//evil.example/a", "evil.example/a"),
        ("a b é.yaml", "a%20b%20%C3%A9.yaml"),
        ("", "-"),
    ],
)
def test_no_path_becomes_an_absolute_uri(file: str, uri: str) -> None:
    (result,) = results(reports.report(reports.result(location=Location(file, 1))))
    assert result["locations"][0]["physicalLocation"]["artifactLocation"]["uri"] == uri


def test_a_glob_without_a_bucket_names_no_bucket() -> None:
    without = [result for result in results(reports.undetermined()) if "logicalLocations" not in result["locations"][0]]
    assert [result["properties"]["bucket"] for result in without] == [None]


def test_attempts_have_a_rule_of_their_own_with_their_own_severity() -> None:
    rules = {rule["id"]: rule["properties"]["security-severity"] for rule in run(reports.failing())["tool"]["driver"]["rules"]}
    assert rules["phi-records/writers"] == "9.5"
    assert rules["phi-records/writers#attempts"] == "2.0"
    assert rules["phi-records/transport#attempts"] == "2.0"


@pytest.mark.parametrize(
    ("severity", "number"),
    [(Severity.CRITICAL, "9.5"), (Severity.HIGH, "8.0"), (Severity.MEDIUM, "5.5"), (Severity.LOW, "2.0"), (Severity.INFO, "0.5")],
)
def test_severities_fall_into_githubs_bands(severity: Severity, number: str) -> None:
    found = run(reports.report(reports.result(status=Status.FAIL, findings=(reports.finding(severity=severity),))))
    assert [rule["properties"]["security-severity"] for rule in found["tool"]["driver"]["rules"]] == [number]


def test_one_rule_id_has_one_severity() -> None:
    found = tuple(reports.finding(severity.value, severity=severity) for severity in Severity)
    ids = {
        result["properties"]["severity"]: result["ruleId"]
        for result in results(reports.report(reports.result(status=Status.FAIL, findings=found)))
    }
    assert ids["critical"] == "phi-records/writers"
    assert ids["low"] == "phi-records/writers#low"
    assert len(set(ids.values())) == len(Severity)


@pytest.mark.parametrize(
    ("fail_on", "levels"),
    [
        (Severity.MEDIUM, ["error", "warning", "note", "warning"]),
        (Severity.CRITICAL, ["error", "warning", "note", "warning"]),
        (Severity.INFO, ["error", "warning", "error", "warning"]),
        (None, ["warning", "warning", "note", "warning"]),
    ],
)
def test_an_error_is_what_fails_the_run(fail_on: Severity | None, levels: list[str]) -> None:
    """The findings: critical and new, high and known, low and refused, critical and waived."""
    report = replace(reports.failing(), run=reports.run(fail_on))
    assert [result["level"] for result in results(report)[:4]] == levels


def test_waivers_are_suppressions_and_known_findings_are_unchanged() -> None:
    new, known, _, waived = results(reports.failing())[:4]
    assert (new["baselineState"], new["suppressions"]) == ("new", [])
    assert known["baselineState"] == "unchanged"
    assert waived["suppressions"] == [
        {
            "kind": "external",
            "status": "accepted",
            "justification": "Migration",
            "properties": {"ticket": "SEC-1412", "approved_by": "ciso@example.org", "expires": "2027-03-31"},
        }
    ]


def test_what_passed_or_does_not_apply_or_is_open_is_said_in_full() -> None:
    assert [(result["kind"], result["level"]) for result in results(reports.clean())] == [("pass", "none")] * 3
    assert ("notApplicable", "none") in [(result["kind"], result["level"]) for result in results(reports.failing())]
    assert [result["kind"] for result in results(reports.undetermined())] == ["open", "open", "open", "pass"]


@pytest.mark.parametrize("profile", ["github", "azure"])
def test_what_an_upload_would_show_as_open_alerts_is_left_out(profile: str) -> None:
    assert results(reports.clean(), profile) == []
    assert results(reports.waived(), profile) == []
    shown = results(reports.failing(), profile)
    assert {result["kind"] for result in shown} == {"fail"}
    assert not any(key in result for result in shown for key in ("suppressions", "baselineState"))


@pytest.mark.parametrize("profile", ["github", "azure"])
def test_what_could_not_be_judged_is_an_alert_so_that_none_is_closed_in_silence(profile: str) -> None:
    shown = results(reports.undetermined(), profile)
    assert [result["ruleId"] for result in shown] == [f"phi-records/{rule}#undetermined" for rule in ("writers", "transport", "requesters")]
    assert {result["level"] for result in shown} == {"warning"}
    assert shown[1]["message"]["text"] == "Could not be judged: the lines have no TLS columns"


def test_the_category_is_that_of_the_policies_and_the_run_comes_last() -> None:
    assert run(reports.clean())["automationDetails"] == {"id": "s3guard/phi-records/run-1"}
    assert run(reports.empty())["automationDetails"] == {"id": "s3guard/none/run-1"}
    assert run(reports.clean(), sarif_category="nightly/all")["automationDetails"] == {"id": "s3guard/nightly-all/run-1"}
    many = replace(reports.clean(), policies=tuple(replace(reports.clean().policies[0], policy=f"policy-{n}") for n in range(40)))
    assert run(many)["automationDetails"]["id"].startswith("s3guard/40-policies-")
    assert "automationDetails" not in run(reports.clean(), "azure")


def test_azure_is_told_the_full_name() -> None:
    assert run(reports.clean(), "azure")["tool"]["driver"]["fullName"] == "s3guard 1.2.3"


def test_the_fingerprint_is_the_findings_own() -> None:
    finding = reports.failing().results[0].findings[0]
    assert results(reports.failing())[0]["partialFingerprints"] == {
        "primaryLocationLineHash": f"{finding.fingerprint[:16]}:1",
        "s3guardFinding/v1": finding.fingerprint,
    }


@pytest.mark.parametrize(
    ("kind", "successful"), [("clean", True), ("failing", True), ("undetermined", False), ("unjudgeable", False), ("empty", False)]
)
def test_an_invocation_is_successful_where_everything_was_judged(kind: str, successful: bool) -> None:  # noqa: FBT001  # a table
    (invocation,) = run(reports.SAMPLES[kind]())["invocations"]
    assert invocation["executionSuccessful"] is successful
    assert invocation["exitCode"] == reports.SAMPLES[kind]().exit_code


def test_a_run_with_violations_that_could_not_judge_all_was_not_successful() -> None:
    assert not run(replace(reports.undetermined(), exit_code=1))["invocations"][0]["executionSuccessful"]
    assert run(replace(reports.undetermined(), exit_code=0))["invocations"][0]["executionSuccessful"]


def test_the_coverage_and_what_it_proves_are_notifications() -> None:
    told = notifications(reports.undetermined(), "coverage")
    assert told[0].startswith("Looked at 1,000 records in 3 objects")
    assert told[-1] == PROVES
    assert run(reports.clean())["properties"]["statements"][-1] == PROVES


def test_what_could_not_be_looked_at_is_notified() -> None:
    assert notifications(reports.undetermined(), "unreadable") == [
        "s3://logs/broken.gz: the gzip stream ends early",
        "logs/denied: access denied",
    ]
    assert (
        notifications(reports.undetermined(), "undetermined")[1]
        == "phi-records/transport could not be judged: the lines have no TLS columns"
    )


def test_endless_lists_of_what_could_not_be_looked_at_are_counted() -> None:
    usual = reports.undetermined()
    many = tuple(Unreadable(f"logs/{number}", "denied") for number in range(NOTIFICATIONS + 5))
    open_ = tuple(replace(usual.results[0], bucket=str(number)) for number in range(NOTIFICATIONS + 1))
    report = replace(usual, coverage=replace(usual.coverage, unreadable=many), results=open_)
    assert notifications(report, "unreadable")[-1] == "5 more log objects could not be read to the end."
    assert notifications(report, "undetermined")[-1] == "1 more rule could not be judged."
    assert len(notifications(report, "unreadable")) == NOTIFICATIONS + 1


def test_the_rules_help_is_static_and_says_controls_and_what_a_pass_proves() -> None:
    rule = run(reports.failing())["tool"]["driver"]["rules"][0]
    assert rule["help"]["text"].startswith("Whoever writes records must be named")
    assert "Controls: hipaa 164.308(a)(3)(ii)(A), pci-dss 10.2.1." in rule["help"]["text"]
    assert rule["help"]["text"].endswith(PROVES)
    assert rule["properties"]["tags"] == ["security", "hipaa 164.308(a)(3)(ii)(A)", "pci-dss 10.2.1"]


def test_a_rule_has_twenty_tags_at_most_and_something_to_say_without_help_or_title() -> None:
    controls = tuple(Control("hipaa", str(number)) for number in range(40))
    rule = run(reports.report(reports.result(controls=controls, help="", title="")))["tool"]["driver"]["rules"][0]
    assert len(rule["properties"]["tags"]) == 20
    assert rule["shortDescription"] == rule["fullDescription"] == {"text": "phi-records/writers"}
    assert rule["help"]["text"].startswith("phi-records/writers\n")


def test_the_policies_are_artifacts_with_their_digests() -> None:
    assert run(reports.clean())["artifacts"] == [
        {"location": {"uri": "policies/phi-records.yaml"}, "roles": ["policy"], "hashes": {"sha-256": "ab" * 32}}
    ]


@every_profile
def test_of_too_many_findings_those_stay_that_matter(profile: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(MOST, profile, 5)
    found = [reports.finding(severity.value, severity=severity) for severity in Severity]
    known = [reports.finding(f"known {n}", baseline="unchanged") for n in range(3)]
    failed = reports.result(status=Status.FAIL, findings=(*found, *known))
    open_ = reports.result("transport", status=Status.UNDETERMINED, reason="no columns")
    report = reports.report(failed, open_, reports.result("anonymous"), status=Status.FAIL, exit_code=1)
    stayed = [result["properties"].get("severity", result["kind"]) for result in results(report, profile)]
    assert stayed == ["medium", "high", "critical", "critical", "open" if profile == "full" else "fail"]
    assert faults(rendered(report, profile)) == []
    left = len(found) + len(known) + 1 + (profile == "full") - 5
    assert f"{left} results left out here; the JSON report counts all." in [
        one["message"]["text"] for one in run(report, profile)["invocations"][0]["toolExecutionNotifications"]
    ]


def test_an_upload_stays_below_the_limit_whatever_the_log_holds() -> None:
    key = "".join(chr(0x4E00 + number * 7919 % 20_000) for number in range(1024))
    samples = tuple(reports.sample(object=f"s3://logs/{number}{key}") for number in range(5))
    shown = tuple(reports.finding(str(number), samples=samples) for number in range(250))
    report = reports.report(reports.result(status=Status.FAIL, findings=shown), exit_code=1)
    text = rendered(report, "github")
    assert len(text) < LARGEST * 1.1
    assert 0 < len(json.loads(text)["runs"][0]["results"]) < 250
    assert len(results(report)) == 250


def test_omitted_findings_are_counted() -> None:
    assert notifications(reports.flood(3), "omitted") == ["98,000 results left out here; the JSON report counts all."]


def test_an_unknown_profile_is_refused() -> None:
    with pytest.raises(UsageError, match="there is no SARIF profile 'gitlab'; there are: full, github, azure"):
        rendered(reports.clean(), "gitlab")


def test_hostile_text_makes_no_link_and_reads_back() -> None:
    text = "[click](https://evil.example) \\[x\\] [log record](2) \x1b"
    found = reports.finding(message=text, subject={"key": text})
    (result,) = results(reports.report(reports.result(status=Status.FAIL, findings=(found,))))
    assert result["message"]["text"].startswith("\\[click\\](https://evil.example) \\\\\\[x\\\\\\] \\[log record\\](2) \\\\u{1b}")
    assert unvisible(result["properties"]["subject"]["key"]) == text


def absolute(log: Any) -> None:
    log["results"][0]["relatedLocations"][0]["physicalLocation"]["artifactLocation"]["uri"] = "s3://logs/x"


def rooted(log: Any) -> None:
    log["results"][0]["locations"][0]["physicalLocation"]["artifactLocation"]["uri"] = "/etc/x"


def spaced(log: Any) -> None:
    log["results"][0]["locations"][0]["physicalLocation"]["artifactLocation"]["uri"] = "no file associated with this alert"


def doubled(log: Any) -> None:
    log["results"].append(log["results"][0])


def dangling(log: Any) -> None:
    log["results"][0]["message"]["text"] += " [x](9)"


def outward(log: Any) -> None:
    log["results"][0]["message"]["text"] += " [x](https://evil.example)"


def unknown_level(log: Any) -> None:
    log["results"][0]["level"] = "catastrophic"


def silent(log: Any) -> None:
    del log["results"][0]["message"]


def unruled(log: Any) -> None:
    log["results"][0]["ruleId"] = "other"


def endless(log: Any) -> None:
    log["tool"]["driver"]["rules"][0]["fullDescription"]["text"] = "x" * 1025


def numeric(log: Any) -> None:
    log["tool"]["driver"]["rules"][0]["properties"]["security-severity"] = "11"


def dated(log: Any) -> None:
    log["automationDetails"]["id"] = "s3guard/2026-10-02/run"


def illustrated(log: Any) -> None:
    log["results"][0]["message"]["markdown"] = "![x](https://evil.example/x.png)"


def unplaced(log: Any) -> None:
    log["results"][0]["locations"] = []


PLANTED = (
    *(absolute, rooted, spaced, doubled, dangling, outward, unknown_level, silent, unruled, endless, numeric, dated, illustrated, unplaced),
)


@pytest.mark.parametrize("plant", PLANTED)
def test_the_judge_finds_planted_faults(plant: Callable[[Any], None]) -> None:
    log = json.loads(rendered(reports.failing()))
    plant(log["runs"][0])
    assert faults(json.dumps(log)) != []


def test_the_judge_refuses_what_is_no_json() -> None:
    assert faults("{") != []


def multitool() -> str:
    """The executable of Microsoft's validator; skips where it is not installed, unless it is required."""
    beside = ROOT / "build/tools/node_modules/@microsoft/sarif-multitool-linux/Sarif.Multitool"
    named = os.environ.get("S3GUARD_SARIF_MULTITOOL") or str(beside)
    if not Path(named).is_file():
        reason = f"no SARIF multitool at {named}; tests/schemas/README.md says how to install it"
        if os.environ.get("S3GUARD_TOOLS") == "required":
            pytest.fail(reason)
        pytest.skip(reason)
    if not os.access(named, os.X_OK):
        # NOTE: npm from version 11 on does not run the package's own postinstall, which does just this.
        Path(named).chmod(0o755)
    return named


def planted(plant: Callable[[Any], None]) -> str:
    """A report for GitHub with a fault."""
    log = json.loads(rendered(reports.failing(), "github"))
    plant(log["runs"][0])
    return json.dumps(log)


def of_kind(kind: str, profile: str) -> str:
    """The report of the golden files that is called so."""
    return rendered(golden.KINDS[kind](), profile)


JUDGED = ("failing", "undetermined", "hostile")
REPORTS: dict[str, Callable[[], str]] = {
    **{f"{kind}-{profile}": partial(of_kind, kind, profile) for kind in JUDGED for profile in PROFILES},
    **{plant.__name__: partial(planted, plant) for plant in (absolute, unplaced)},
}


@pytest.fixture(scope="module")
def judged(tmp_path_factory: pytest.TempPathFactory) -> dict[str, list[str]]:
    """The errors that the multitool finds in each report, by rule; all of its rules for SARIF and GitHub switched on.

    NOTE: one run for all of them, since to start it takes as long as to judge hundreds.
    """
    folder = tmp_path_factory.mktemp("multitool")
    for name, text in REPORTS.items():
        (folder / f"{name}.sarif").write_text(text())
    files, found, config = sorted(str(file) for file in folder.iterdir()), folder / "found.json", ROOT / "tests/schemas/sarif-multitool.xml"
    command = [multitool(), "validate", *files, "--output", str(found), "--config", str(config)]
    # NOTE: its exit code is 0 whatever it finds; only its own report tells.
    options = ["--rule-kind", "Sarif;GHAS", "--level", "Error;Warning", "--log", "ForceOverwrite"]
    ended = subprocess.run([*command, *options], check=True, timeout=240, capture_output=True, text=True)
    assert f"{len(REPORTS)} files scanned" in ended.stdout
    (run,) = json.loads(found.read_text("utf-8-sig"))["runs"]
    broken = [note for invocation in run["invocations"] for note in invocation.get("toolExecutionNotifications", [])]
    assert [] == [note for note in broken if note.get("level") == "error"]
    errors: dict[str, list[str]] = {name: [] for name in REPORTS}
    for result in run["results"]:
        if result.get("level") == "error":
            file = Path(result["locations"][0]["physicalLocation"]["artifactLocation"]["uri"])
            errors[file.stem].append(f"{result['ruleId']} {result['message']}")
    return errors


@every_profile
@pytest.mark.parametrize("kind", JUDGED)
def test_microsofts_validator_finds_no_error(kind: str, profile: str, judged: dict[str, list[str]]) -> None:
    assert judged[f"{kind}-{profile}"] == []


@pytest.mark.parametrize(("plant", "rule"), [(absolute, "GH1005"), (unplaced, "GH")])
def test_microsofts_validator_with_our_settings_finds_what_github_refuses(
    plant: Callable[[Any], None], rule: str, judged: dict[str, list[str]]
) -> None:
    assert any(error.startswith(rule) for error in judged[plant.__name__])
