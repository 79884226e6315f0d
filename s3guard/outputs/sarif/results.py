"""Findings as SARIF results, and what becomes of them where not all fit."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any, NotRequired, TypedDict

from s3guard.model import Finding, Report, Result, Severity, Status
from s3guard.outputs import instant, plural
from s3guard.outputs.sarif.places import TEXT, embedded, place, record
from s3guard.subjects import matched_text
from s3guard.text import shown
from s3guard.verdict import fails_run

MOST = {"full": 25_000, "github": 5_000, "azure": 5_000}
"""Results at most: GitHub refuses a run with more than 25,000 and keeps 5,000 (docs.github.com, "SARIF support for code scanning")."""
LARGEST = 9_000_000
"""Characters of results at most in the profiles for upload: the limit is 10 MB, compressed, and hostile text need not compress."""


class _Result(TypedDict):
    """The part of a SARIF result that s3guard writes."""

    ruleId: str
    ruleIndex: NotRequired[int]
    kind: str
    level: str
    message: dict[str, str]
    locations: list[dict[str, Any]]
    relatedLocations: NotRequired[list[dict[str, Any]]]
    partialFingerprints: dict[str, str]
    occurrenceCount: NotRequired[int]
    baselineState: NotRequired[str]
    suppressions: NotRequired[list[dict[str, Any]]]
    properties: dict[str, Any]


@dataclass(frozen=True, slots=True)
class Entry:
    """A SARIF result, with what its rule needs and how long it stays when not all fit."""

    body: _Result
    source: Result
    severity: Severity | None
    """Of the rule; None where nothing was judged."""
    weight: int
    """Larger stays longer."""


def entries_of(report: Report, result: Result, profile: str) -> Iterator[Entry]:
    """What a result of the report becomes in a profile: an entry a finding, and one for what has none."""
    for finding in result.findings:
        if profile == "full" or finding.waiver is None:
            yield _entry(result, finding, report.run.fail_on, profile)
    if result.is_undecided:
        yield _unfound(result, "open" if profile == "full" else "fail", f"Could not be judged: {result.reason or 'no reason given'}")
    elif profile == "full" and result.status is Status.PASS:
        yield _unfound(
            result, "pass", f"No violation among {plural(result.records, 'record')}." if result.is_of_records else f"{result.title}."
        )
    elif profile == "full" and result.status is Status.NOT_APPLICABLE:
        yield _unfound(result, "notApplicable", f"Not applicable: {result.reason or 'no reason given'}")


def _entry(result: Result, finding: Finding, fail_on: Severity | None, profile: str) -> Entry:
    fails = fails_run(finding, fail_on)
    attempt = "#attempts" if finding.outcome in ("refused", "failed") else ""
    body: _Result = {
        "ruleId": shown(result.rule) + attempt,
        "kind": "fail",
        "level": "error" if fails else level_of(finding.severity, None),
        "message": {"text": _sentence(finding) if result.is_of_records else f"{embedded(finding.message, 400)}."},
        "locations": [place(result)],
        "partialFingerprints": _fingerprints(finding.fingerprint),
        "properties": _details(result, finding),
    }
    if finding.samples:
        body["relatedLocations"] = [record(number, sample) for number, sample in enumerate(finding.samples, 1)]
    if finding.records:
        body["occurrenceCount"] = finding.records
    if profile == "full":
        body["baselineState"] = finding.baseline
        body["suppressions"] = [] if finding.waiver is None else [_suppression(finding.waiver)]
    return Entry(body, result, finding.severity, (200 if fails else 0) + finding.severity.rank)


def _unfound(result: Result, kind: str, message: str) -> Entry:
    """A result without a finding: what passed, what does not apply, what could not be judged (an alert where `kind` is fail)."""
    identity = json.dumps([result.rule, result.bucket, "unfound"])
    body: _Result = {
        "ruleId": shown(result.rule) + ("#undetermined" if kind == "fail" else ""),
        "kind": kind,
        "level": "warning" if kind == "fail" else "none",
        "message": {"text": embedded(message, TEXT // 2)},
        "locations": [place(result)],
        "partialFingerprints": _fingerprints(hashlib.sha256(identity.encode()).hexdigest()),
        "properties": _details(result, None),
    }
    undetermined = result.is_undecided
    return Entry(body, result, None if kind == "fail" else result.severity, 100 if undetermined else -1)


def _fingerprints(identity: str) -> dict[str, str]:
    # NOTE: GitHub reads the first alone, and would compute it from the policy's line: then all findings of a rule were one alert.
    return {"primaryLocationLineHash": f"{shown(identity)[:16]}:1", "s3guardFinding/v1": shown(identity)}


def level_of(severity: Severity, fail_on: Severity | None) -> str:
    """SARIF's level: an error only where it fails the run."""
    if severity.at_least(fail_on):
        return "error"
    return "warning" if severity.at_least(Severity.MEDIUM) else "note"


def _sentence(finding: Finding) -> str:
    sentence = f"{embedded(finding.message, 400)}: {plural(finding.records, 'record')}"
    if finding.first_seen is not None and finding.last_seen is not None:
        sentence += f" from {instant(finding.first_seen)} to {instant(finding.last_seen)}"
    return f"{sentence}, first seen in [log record](1)." if finding.samples else f"{sentence}."


def _details(result: Result, finding: Finding | None) -> dict[str, Any]:
    """What SARIF has no place for; free to read, decides nothing."""
    bucket = None if result.bucket is None else shown(result.bucket)
    details: dict[str, Any] = {
        "policy": shown(result.policy),
        "bucket": bucket,
        "recordsJudged": result.records,
        "recordsUnjudged": result.unjudged,
    }
    if finding is not None:
        subject = {shown(name): shown(value) if isinstance(value, str) else value for name, value in finding.subject.items()}
        details |= {"subject": subject, "outcome": finding.outcome, "severity": finding.severity.value}
    return details


def _suppression(waiver: dict[str, Any]) -> dict[str, Any]:
    told = {key: matched_text(value) if isinstance(value, dict) else str(value) for key, value in waiver.items() if value is not None}
    properties = {shown(key): shown(text) for key, text in told.items() if key != "reason"}
    return {
        "kind": "external",
        "status": "accepted",
        "justification": embedded(str(waiver.get("reason") or "waived"), TEXT // 2),
        "properties": properties,
    }


def apart(entries: list[Entry]) -> list[Entry]:
    """One severity a rule id, since readers take it from the rule: others than the highest get ``#<severity>``."""
    highest: dict[str, int] = {}
    for entry in entries:
        highest[entry.body["ruleId"]] = max(highest.get(entry.body["ruleId"], 0), _rank(entry))
    for entry in entries:
        if entry.severity is not None and _rank(entry) < highest[entry.body["ruleId"]]:
            entry.body["ruleId"] += f"#{entry.severity.value}"
    return entries


def _rank(entry: Entry) -> int:
    return -1 if entry.severity is None else entry.severity.rank


def kept(entries: list[Entry], profile: str) -> list[Entry]:
    """What fits, in the order it came: what fails the run stays longest, then what could not be judged, then by severity."""
    staying: list[int] = []
    size = 0
    for number in sorted(range(len(entries)), key=lambda number: (-entries[number].weight, number))[: MOST[profile]]:
        size += len(json.dumps(entries[number].body))
        if profile != "full" and size > LARGEST:
            break
        staying.append(number)
    return [entries[number] for number in sorted(staying)]
