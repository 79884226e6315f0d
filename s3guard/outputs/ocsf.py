"""Events for security data lakes and SIEMs, in the Open Cybersecurity Schema Framework (OCSF 1.5), one JSON object a line.

A finding, and a check without findings, is a Compliance Finding (class 2003); a finding of a rule that looks for behaviour out of the
ordinary (`anomalies`, `first_seen`, `volume`, `access_denied`, `errors`, `latency`) is a Detection Finding (2004). The first line is the
Compliance Finding ``s3guard/run``: verdict, what was looked at, what could not be read, what all this proves. ``compliance.status_id`` is 1
(pass) only for a check that passed in a run that looked at everything; 2 (warning: no result, since information is missing) is
undetermined, 3 is fail, 99 not applicable. A waived finding stays a failure of status 3 (suppressed). What passed or does not apply is
informational, so that a severity always means something.

What the schema has no place for is in ``unmapped.s3guard``: policy and line, outcome, counts, samples, waiver. Account and Region are
told where s3guard knows them: a log names neither. Readers that want an array take ``jq -s .``.

https://schema.ocsf.io/1.5.0/classes/compliance_finding
"""

from __future__ import annotations

import ipaddress
import json
import re
from collections.abc import Iterator
from datetime import datetime
from typing import Any, Final

from s3guard.events import DEVIATIONS, Event, events, run_id, run_status, waiver_texts
from s3guard.model import Finding, Report, Result, Severity, Status
from s3guard.outputs import Options, instant, statements
from s3guard.text import CI_COMMAND, shorten, shown
from s3guard.verdict import because, fails_run, headline

EXTENSION = ".jsonl"
VERSION: Final = "1.5.0"
"""Of the schema."""
_SEVERITIES: Final = {
    Severity.INFO: (1, "Informational"),
    Severity.LOW: (2, "Low"),
    Severity.MEDIUM: (3, "Medium"),
    Severity.HIGH: (4, "High"),
    Severity.CRITICAL: (5, "Critical"),
}
_STATUSES: Final = {
    Status.PASS: (1, "Pass"),
    Status.UNDETERMINED: (2, "Warning"),
    Status.FAIL: (3, "Fail"),
    Status.WAIVED: (3, "Fail"),
    Status.NOT_APPLICABLE: (99, "Not Applicable"),
}
"""Of a compliance check; 2 is what "did not yield a result due to missing information"."""
_CREATE, _UPDATE = (1, "Create"), (2, "Update")
_NEW, _SUPPRESSED = (1, "New"), (3, "Suppressed")
_COMPLIANCE, _DETECTION = (2003, "Compliance Finding"), (2004, "Detection Finding")
_TEXT: Final = 2_000
"""Characters of a value at most."""
_LISTED: Final = 200
"""Statements and unreadable objects of the run's event at most."""
_ACCOUNT: Final = re.compile(r"account:([0-9]{12})")


def render(report: Report, _options: Options) -> Iterator[str]:
    """The events, the run's first."""
    yield _line(_run(report))
    for event in events(report):
        yield _line(_event(event, report))


def _line(event: dict[str, Any]) -> str:
    """JSON in ASCII; what a CI system would obey is spelled by JSON's own escapes, so nothing is lost."""
    # NOTE: no list begins with a list, so all that the pattern finds is inside of strings.
    line = json.dumps(event, ensure_ascii=True, allow_nan=False)
    return CI_COMMAND.sub(lambda match: f"\\u{ord(match[0]):04x}", line) + "\n"


def _told(text: str) -> str:
    return shorten(shown(text), _TEXT)


def _milliseconds(time: datetime) -> int:
    return int(time.timestamp()) * 1000


def _run(report: Report) -> dict[str, Any]:
    """What became of the run as a whole."""
    status = run_status(report)
    *looked, proves = statements(report)
    severity = {Status.FAIL: Severity.HIGH, Status.UNDETERMINED: Severity.MEDIUM}.get(status, Severity.INFO)
    told = f"{headline(report)}; {because(report)}"
    unread = [{"object": _told(one.object), "reason": _told(one.reason)} for one in report.coverage.unreadable[:_LISTED]]
    body = _base(report, _COMPLIANCE, _CREATE, severity) | {
        "message": told,
        "compliance": _compliance("s3guard/run", status, told) | {"desc": "Whether the logs were looked at, and what was found."},
        "finding_info": {
            "uid": run_id(report),
            "title": "s3guard run",
            "desc": " ".join([*map(_told, looked[:_LISTED]), proves]),
            "types": ["run"],
            "created_time": _milliseconds(report.run.finished),
        },
    }
    figures = {name: getattr(report.coverage, name) for name in ("objects", "bytes", "records", "ambiguous", "quarantined")}
    details = {"run": _told(report.run.id), "exit_code": report.exit_code, "summary": report.summary, "coverage": figures}
    unreadable = {"count": len(report.coverage.unreadable), "objects": unread}
    return body | {"unmapped": {"s3guard": details | {"as_of": instant(report.run.as_of), "unreadable": unreadable}}}


def _base(report: Report, kind: tuple[int, str], activity: tuple[int, str], severity: Severity) -> dict[str, Any]:
    """What every event has."""
    severity_id, severity_name = _SEVERITIES[severity]
    return {
        "metadata": {
            "version": VERSION,
            "product": {"name": "s3guard", "vendor_name": "s3guard", "version": shown(report.version)},
            "profiles": ["cloud"],
            "correlation_uid": _told(report.run.id),
        },
        "category_uid": 2,
        "category_name": "Findings",
        "class_uid": kind[0],
        "class_name": kind[1],
        "activity_id": activity[0],
        "activity_name": activity[1],
        "type_uid": kind[0] * 100 + activity[0],
        "type_name": f"{kind[1]}: {activity[1]}",
        "time": _milliseconds(report.run.finished),
        "severity_id": severity_id,
        "severity": severity_name,
        "cloud": {"provider": "AWS"},
    }


def _compliance(control: str, status: Status, detail: str) -> dict[str, Any]:
    status_id, name = _STATUSES[status]
    return {"control": control, "status_id": status_id, "status": name, "status_detail": detail}


def _event(event: Event, report: Report) -> dict[str, Any]:
    result, finding = event.result, event.finding
    kind = _DETECTION if finding is not None and result.kind in DEVIATIONS else _COMPLIANCE
    known = finding is not None and finding.baseline == "unchanged"
    idle = event.status in (Status.PASS, Status.NOT_APPLICABLE)
    body = _base(report, kind, _UPDATE if known else _CREATE, Severity.INFO if idle else event.severity)
    message = _told(event.message)
    body |= {"message": message, "finding_info": _info(event, report, message)}
    if not idle:
        body["status_id"], body["status"] = _SUPPRESSED if event.is_waived else _NEW
    if finding is not None and finding.records > 0:
        body["count"] = finding.records
    if result.help:
        body["remediation"] = {"desc": _told(result.help)}
    if kind is _COMPLIANCE:
        controls = [_told(f"{control.framework} {control.control}") for control in result.controls]
        standards = {"standards": list(dict.fromkeys(_told(control.framework) for control in result.controls))}
        requirements = standards | {"requirements": controls} if controls else {}
        body["compliance"] = _compliance(_told(result.rule), event.status, message) | {"desc": _told(result.title)} | requirements
    elif finding is not None:
        body["is_alert"] = fails_run(finding, report.run.fail_on)
    if account := _ACCOUNT.fullmatch(result.policy):
        body["cloud"] = body["cloud"] | {"account": {"uid": account[1], "type": "AWS Account", "type_id": 10}}
    body["resources"] = [_resource(result, account[1] if account else None)]
    if finding is not None:
        body["evidences"] = [_evidence(finding)]
    return body | {"unmapped": {"s3guard": _details(event)}}


def _info(event: Event, report: Report, message: str) -> dict[str, Any]:
    result, finding = event.result, event.finding
    info: dict[str, Any] = {
        "uid": shown(event.id),
        "title": _told(result.title) or _told(result.rule),
        "desc": message,
        "types": [_told(result.kind)],
        "analytic": {"name": _told(result.rule), "uid": _told(result.rule), "type_id": 1, "type": "Rule"},
        "created_time": _milliseconds(report.run.finished),
        "data_sources": ["Amazon S3 server access logs" if result.is_of_records else "Amazon S3 configuration"],
    }
    if finding is not None and finding.first_seen is not None and finding.last_seen is not None:
        info |= {"first_seen_time": _milliseconds(finding.first_seen), "last_seen_time": _milliseconds(finding.last_seen)}
    return info


def _resource(result: Result, account: str | None) -> dict[str, Any]:
    """The bucket; else the account, or the policy that names buckets that nobody found."""
    if result.bucket is not None:
        name = _told(result.bucket)
        return {"uid": f"arn:aws:s3:::{name}", "name": name, "type": "AwsS3Bucket", "group": {"name": "s3"}}
    if account is not None:
        return {"uid": account, "name": account, "type": "AwsAccount", "group": {"name": "s3"}}
    return {"uid": _told(result.policy), "name": _told(result.policy), "type": "policy", "group": {"name": "s3"}}


def _evidence(finding: Finding) -> dict[str, Any]:
    """Who, from where, what: as far as the subject says, all of which is in ``data`` too."""
    subject = {shown(name): _told(value) if isinstance(value, str) else value for name, value in finding.subject.items()}
    evidence: dict[str, Any] = {"data": subject}
    who = subject.get("principal", subject.get("requester"))
    if isinstance(who, str) and who:
        evidence["actor"] = {"user": {"uid": who, "name": who}}
    address = finding.subject.get("remote_ip")
    if isinstance(address, str) and _is_address(address):
        evidence["src_endpoint"] = {"ip": address}
    operation = subject.get("operation", subject.get("operation_class"))
    if isinstance(operation, str) and operation:
        evidence["api"] = {"operation": operation}
    return evidence


def _is_address(text: str) -> bool:
    try:
        return str(ipaddress.ip_address(text)) == text and "%" not in text
    except ValueError:
        return False


def _details(event: Event) -> dict[str, Any]:
    """What the schema has no place for."""
    result, finding = event.result, event.finding
    details: dict[str, Any] = {
        "policy": _told(result.policy),
        "rule": _told(result.rule),
        "status": event.status.value,
        "records": result.records,
        "violations": result.violations,
        "unjudged": result.unjudged,
        "file": _told(result.location.file),
        "line": result.location.line,
        "controls": [_told(f"{control.framework} {control.control}") for control in result.controls],
    }
    if finding is None:
        return details
    samples = [
        {
            "object": _told(sample.object),
            "line": sample.line,
            "request_id": None if sample.request_id is None else _told(sample.request_id),
            "time": instant(sample.time),
        }
        for sample in finding.samples
    ]
    waiver = None if finding.waiver is None else {shown(key): _told(value) for key, value in waiver_texts(finding).items()}
    outcome = None if finding.outcome is None else shown(finding.outcome)
    return details | {"outcome": outcome, "baseline": shown(finding.baseline), "waiver": waiver, "samples": samples}
