"""Findings for code scanning (SARIF 2.1.0): GitHub, GitLab, Azure DevOps, DefectDojo, editors.

A result is one finding. Its location is the rule's line in the policy file, which is a file of the repository; the bucket is its logical
location, the log records are related locations under the base ``S3`` without a URI, because one absolute URI makes GitHub refuse the whole
file. Refused and failed attempts have a rule id of their own, ``<rule>#attempts``, since readers take the severity from the rule. What
could not be judged is a notification and a result of kind ``open``; what passed or does not apply is a result as well.

Profiles: ``full`` holds all of this. ``github`` leaves out what GitHub would show as open alerts (waived, passed, not applicable), and
shows undetermined rules as alerts ``<rule>#undetermined``, so that a run that could not look does not close alerts in silence. ``azure``
is ``github`` without ``automationDetails``, which Azure DevOps takes from its own pipelines alone. The state of an alert after an upload
is that of the last window judged.
"""

from __future__ import annotations

import hashlib
import re
from collections.abc import Iterable, Iterator
from typing import Any

from s3guard.model import Report, Severity, UsageError
from s3guard.outputs import PROVES, PROVES_OF_AUDIT, Options, instant, json_text, plural, statements
from s3guard.outputs.sarif import taxa
from s3guard.outputs.sarif.places import TEXT, embedded, place, reference
from s3guard.outputs.sarif.results import Entry, apart, entries_of, kept, level_of
from s3guard.text import shorten, shown
from s3guard.verdict import because

EXTENSION = ".sarif"
PROFILES = ("full", "github", "azure")
NOTIFICATIONS = 1000
"""Notifications of one kind at most; the rest is counted."""
SECURITY_SEVERITY = {
    Severity.CRITICAL: "9.5",
    Severity.HIGH: "8.0",
    Severity.MEDIUM: "5.5",
    Severity.LOW: "2.0",
    Severity.INFO: "0.5",
}
"""In GitHub's bands: critical from 9.0, high from 7.0, medium from 4.0, low above 0.0."""


def render(report: Report, options: Options) -> str:
    """The report as SARIF; UsageError for an unknown profile."""
    profile = options.sarif_profile
    if profile not in PROFILES:
        raise UsageError(f"there is no SARIF profile '{shown(profile)}'; there are: {', '.join(PROFILES)}")
    found = apart([entry for result in report.results for entry in entries_of(report, result, profile)])
    entries = kept(found, profile)
    rules = _rules(entries, report.run.fail_on)
    taxonomies = taxa.taxonomies(report) if profile == "full" else []
    if taxonomies:
        taxa.relate(rules, entries, taxonomies)
    index = {rule["id"]: number for number, rule in enumerate(rules)}
    for entry in entries:
        entry.body["ruleIndex"] = index[entry.body["ruleId"]]
    run: dict[str, Any] = {
        "tool": {"driver": _driver(report, rules)},
        "invocations": [_invocation(report, len(found) - len(entries))],
        "language": "en-US",
        "originalUriBaseIds": {
            "S3": {"description": {"text": "Amazon S3; the first segment of a URI is the bucket that holds the log object."}},
            "LOGS": {"description": {"text": "Where the log files were read."}},
        },
        "artifacts": _policies(report),
        "results": [entry.body for entry in entries],
        "columnKind": "unicodeCodePoints",
        "properties": {
            "status": report.status.value,
            "summary": report.summary,
            "statements": list(statements(report)),
            **taxa.properties(report),
        },
        **({"taxonomies": taxonomies} if taxonomies else {}),
    }
    if taxonomies:
        supported = [{"name": one["name"], "index": number} for number, one in enumerate(taxonomies)]
        run["tool"]["driver"]["supportedTaxonomies"] = supported
    if profile != "azure":
        run["automationDetails"] = {"id": f"s3guard/{_category(report, options)}/{_segment(report.run.id)}"}
    return json_text({"$schema": "https://json.schemastore.org/sarif-2.1.0.json", "version": "2.1.0", "runs": [run]})


def _rules(entries: Iterable[Entry], fail_on: Severity | None) -> list[dict[str, Any]]:
    rules: dict[str, dict[str, Any]] = {}
    for entry in entries:
        rules.setdefault(entry.body["ruleId"], _rule(entry, fail_on))
    return list(rules.values())


def _rule(entry: Entry, fail_on: Severity | None) -> dict[str, Any]:
    result = entry.source
    name, title = entry.body["ruleId"], shown(result.title) or entry.body["ruleId"]
    controls = [f"{shown(control.framework)} {shown(control.control)}" for control in result.controls]
    about = shown(result.help) or title
    advice = [about, *([f"Controls: {', '.join(controls)}."] if controls else []), PROVES if result.is_of_records else PROVES_OF_AUDIT]
    properties: dict[str, Any] = {"precision": "high", "tags": ["security", *dict.fromkeys(controls)][:20]}
    if entry.severity is not None:
        properties["security-severity"] = SECURITY_SEVERITY[entry.severity]
    return {
        "id": name,
        "name": shorten(shown(result.kind), 255),
        "shortDescription": {"text": shorten(title, TEXT)},
        "fullDescription": {"text": shorten(title if about == title else f"{title}. {about}", TEXT)},
        "help": {"text": "\n\n".join(advice)},
        "defaultConfiguration": {"level": "warning" if entry.severity is None else level_of(entry.severity, fail_on)},
        "properties": properties,
    }


_NOTIFICATIONS = {
    "coverage": "What was looked at, and what that proves.",
    "omitted": "Findings that this file does not hold.",
    "undetermined": "A rule that could not be judged.",
    "unreadable": "A log object that could not be read to its end.",
}


def _driver(report: Report, rules: list[dict[str, Any]]) -> dict[str, Any]:
    version = shown(report.version)
    return {
        "name": "s3guard",
        "fullName": f"s3guard {version}",
        "version": version,
        "shortDescription": {"text": "Judges Amazon S3 server access logs against policies."},
        "rules": rules,
        "notifications": [
            {"id": name, "shortDescription": {"text": text}, "fullDescription": {"text": text}, "help": {"text": text}}
            for name, text in _NOTIFICATIONS.items()
        ],
    }


def _policies(report: Report) -> list[dict[str, Any]]:
    """The policy files as judged; two policies of one file are one artifact."""
    files = {reference(policy.file.replace("\\", "/")): shown(policy.sha256) for policy in report.policies}
    return [{"location": {"uri": uri}, "roles": ["policy"], "hashes": {"sha-256": digest}} for uri, digest in files.items()]


def _category(report: Report, options: Options) -> str:
    """Without a date: an upload closes the alerts that its category showed before and no longer holds."""
    if options.sarif_category:
        return _segment(options.sarif_category)
    names = "+".join(sorted(policy.policy for policy in report.policies)) or "none"
    if len(names) > 100:  # no limit is documented; a list of hundreds of policies is no name
        names = f"{len(report.policies)}-policies-{hashlib.sha256(shown(names).encode()).hexdigest()[:8]}"
    return _segment(names)


def _segment(text: str) -> str:
    return re.sub(r"[^A-Za-z0-9._+-]+", "-", text)


def _invocation(report: Report, left_out: int) -> dict[str, Any]:
    undetermined = any(result.is_undecided for result in report.results)
    complete = not undetermined and not report.coverage.unreadable and not report.unwritten
    return {
        "executionSuccessful": report.exit_code == 0 or (report.exit_code == 1 and complete),
        "exitCode": report.exit_code,
        "exitCodeDescription": because(report),
        "startTimeUtc": instant(report.run.started),
        "endTimeUtc": instant(report.run.finished),
        "toolExecutionNotifications": list(_notifications(report, left_out)),
    }


def _notifications(report: Report, left_out: int) -> Iterator[dict[str, Any]]:
    """What a list of findings cannot say: what was looked at and what could not be."""
    for statement in statements(report):
        yield _notification("coverage", "note", embedded(statement, TEXT // 2))
    undetermined = [result for result in report.results if result.is_undecided]
    for result in undetermined[:NOTIFICATIONS]:
        message = f"{embedded(result.rule, 200)} could not be judged: {embedded(result.reason or 'no reason given', 300)}"
        yield _notification("undetermined", "error", message) | {"locations": [place(result)]}
    yield from _more("undetermined", len(undetermined), "rule", "could not be judged")
    for one in report.coverage.unreadable[:NOTIFICATIONS]:
        yield _notification("unreadable", "error", f"{embedded(one.object, 300)}: {embedded(one.reason, 200)}")
    yield from _more("unreadable", len(report.coverage.unreadable), "log object", "could not be read to the end")
    omitted = left_out + sum(result.omitted.findings for result in report.results)
    if omitted:
        yield _notification("omitted", "warning", f"{plural(omitted, 'result')} left out here; the JSON report counts all.")


def _more(name: str, count: int, noun: str, what: str) -> Iterator[dict[str, Any]]:
    if count > NOTIFICATIONS:
        yield _notification(name, "error", f"{plural(count - NOTIFICATIONS, f'more {noun}')} {what}.")


def _notification(name: str, level: str, text: str) -> dict[str, Any]:
    return {"descriptor": {"id": name}, "level": level, "message": {"text": text}}
