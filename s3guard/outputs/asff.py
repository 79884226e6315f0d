"""Findings for AWS Security Hub, in its finding format (ASFF), as a JSON array of what BatchImportFindings takes.

``s3guard publish security-hub`` sends them: in batches, updates what was sent before, and archives what is gone. The file alone is for who
sends it himself, a hundred at a time. A log names neither account nor Region, so they are said: ``--account`` and ``--region``.

A finding is one of ASFF, and so is a check without findings. ``Compliance.Status`` is ``PASSED`` only for a check that passed in a run that
looked at everything; undetermined is ``WARNING``, not applicable ``NOT_AVAILABLE``, all findings ``FAILED``, those that are waived with the
workflow status ``SUPPRESSED``. Severities are in ``FindingProviderFields``; what passed or does not apply is ``INFORMATIONAL``. The first
entry is about the run itself: verdict, what was looked at, and what that proves.

https://docs.aws.amazon.com/securityhub/latest/userguide/securityhub-findings-format-syntax.html
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any, Final

from s3guard.events import DEVIATIONS, Event, events, run_id, run_status, waiver_texts
from s3guard.model import Finding, Report, Result, Severity, Status, UsageError
from s3guard.outputs import Options, instant, json_text, plural, statements
from s3guard.text import shorten, shown
from s3guard.verdict import because, headline

EXTENSION = ".json"
PREFIX: Final = "s3guard/"
"""How ids and generators of s3guard begin."""
LARGEST: Final = 240_000
"""Bytes of a finding at most: https://docs.aws.amazon.com/securityhub/1.0/APIReference/API_BatchImportFindings.html"""
_TITLE, _DESCRIPTION, _ID, _FIELD, _ADVICE = 256, 1024, 512, 1024, 512
"""Characters that ASFF takes; of a product field it takes 2,048."""
_FIELDS, _REQUIREMENTS = 50, 32
_SEVERITIES: Final = {
    Severity.INFO: "INFORMATIONAL",
    Severity.LOW: "LOW",
    Severity.MEDIUM: "MEDIUM",
    Severity.HIGH: "HIGH",
    Severity.CRITICAL: "CRITICAL",
}
_STATUSES: Final = {
    Status.PASS: "PASSED",
    Status.FAIL: "FAILED",
    Status.WAIVED: "FAILED",
    Status.UNDETERMINED: "WARNING",
    Status.NOT_APPLICABLE: "NOT_AVAILABLE",
}
_IDLE: Final = (Status.PASS, Status.NOT_APPLICABLE)
_ACCOUNT: Final = re.compile(r"[0-9]{12}")
_REGION: Final = re.compile(r"[a-z]{2}(?:-[a-z]+)+-[0-9]{1,2}")
_PRODUCT: Final = re.compile(r"arn:aws[a-z-]*:securityhub:[a-z0-9-]*:[0-9]{0,12}:product/[A-Za-z0-9._/-]{1,200}")
_PARTITIONS: Final = (("cn-", "aws-cn"), ("us-gov-", "aws-us-gov"), ("us-iso-", "aws-iso"), ("us-isob-", "aws-iso-b"))


@dataclass(frozen=True, slots=True)
class Home:
    """Where findings are at home."""

    account: str
    region: str
    product: str
    """The ARN of the integration."""

    @property
    def partition(self) -> str:
        """Of the Region."""
        return next((partition for start, partition in _PARTITIONS if self.region.startswith(start)), "aws")


def home(account: str | None, region: str | None, product: str | None = None) -> Home:
    """Where the user said; UsageError where that is missing or none. The product is the account's own unless one is given."""
    if account is None or region is None:
        missing = " and ".join(flag for flag, value in (("--account", account), ("--region", region)) if value is None)
        raise UsageError(
            f"Security Hub: a log names neither account nor Region: give {missing}, as in --account 111122223333 --region eu-west-1"
        )
    if not _ACCOUNT.fullmatch(account):
        raise UsageError(f"--account '{shown(account)}': an account is twelve digits, such as 111122223333")
    if not _REGION.fullmatch(region):
        raise UsageError(f"--region '{shown(region)}': a Region is expected, such as eu-west-1")
    if product is not None and not _PRODUCT.fullmatch(product):
        raise UsageError(f"--product-arn '{shown(product)}': the ARN of a product is expected, as in arn:aws:securityhub:…:product/…")
    place = Home(account, region, "")
    return Home(account, region, product or f"arn:{place.partition}:securityhub:{region}:{account}:product/{account}/default")


def ready(options: Options) -> Home:
    """Where the findings are at home; UsageError where nobody said."""
    return home(options.account, options.region)


def render(report: Report, options: Options) -> str:
    """The array; UsageError where nobody said of which account and Region."""
    return json_text(list(findings(report, ready(options))))


def findings(report: Report, place: Home) -> Iterator[dict[str, Any]]:
    """Every finding of the report, the run's first."""
    yield _run(report, place)
    for event in events(report):
        yield _finding(event, report, place)


def generator(rule: str) -> str:
    """``GeneratorId`` of a rule's findings."""
    return shorten(f"{PREFIX}{shown(rule)}", _ID)


def resource(result: Result, place: Home) -> dict[str, str]:
    """The bucket; else the account, for what is about accounts or about buckets that nobody found."""
    where = {"Partition": place.partition, "Region": place.region}
    if result.bucket is not None:
        return {"Type": "AwsS3Bucket", "Id": shorten(f"arn:{place.partition}:s3:::{shown(result.bucket)}", _ID)} | where
    account = result.policy.removeprefix("account:")
    return _account(account if _ACCOUNT.fullmatch(account) else place.account) | where


def _account(account: str) -> dict[str, str]:
    return {"Type": "AwsAccount", "Id": f"AWS::::Account:{account}"}


def _base(report: Report, place: Home, id_: str, rule: str, types: Sequence[str]) -> dict[str, Any]:
    now = instant(report.run.finished)
    return {
        "SchemaVersion": "2018-10-08",
        "Id": f"{PREFIX}{shown(id_)}",
        "ProductArn": place.product,
        "ProductName": "s3guard",
        "CompanyName": "s3guard",
        "GeneratorId": generator(rule),
        "AwsAccountId": place.account,
        "CreatedAt": now,
        "UpdatedAt": now,
        "RecordState": "ACTIVE",
        "FindingProviderFields": {"Types": list(types)},
    }


def _run(report: Report, place: Home) -> dict[str, Any]:
    """What became of the run as a whole."""
    status = run_status(report)
    *looked, proves = statements(report)
    told = f"{headline(report)}; {because(report)}. {' '.join(looked)}"
    body = _base(report, place, run_id(report), "run", ["Software and Configuration Checks/Industry and Regulatory Standards/s3guard"])
    severity = {Status.FAIL: Severity.HIGH, Status.UNDETERMINED: Severity.MEDIUM}.get(status, Severity.INFO)
    coverage = report.coverage
    fields = {
        "run": report.run.id,
        "exit_code": str(report.exit_code),
        "as_of": instant(report.run.as_of),
        "objects": str(coverage.objects),
        "records": str(coverage.records),
        "quarantined": str(coverage.quarantined),
        "unreadable": str(len(coverage.unreadable)),
        **{f"unreadable/{number}": f"{one.object}: {one.reason}" for number, one in enumerate(coverage.unreadable[:10], 1)},
        **{f"note/{number}": note for number, note in enumerate(report.notes[-10:], 1)},
    }
    body["FindingProviderFields"]["Severity"] = {"Label": _SEVERITIES[severity], "Original": severity.value}
    return body | {
        "Title": "s3guard: what became of the last run",
        "Description": f"{shorten(told, _DESCRIPTION - len(proves) - 1)} {proves}",
        "Resources": [_account(place.account) | {"Partition": place.partition, "Region": place.region}],
        "Compliance": {"Status": _STATUSES[status]},
        "ProductFields": _fields(fields),
    }


def _finding(event: Event, report: Report, place: Home) -> dict[str, Any]:
    result, finding = event.result, event.finding
    severity = Severity.INFO if event.status in _IDLE else event.severity
    body = _base(report, place, event.id, result.rule, [_type(result)])
    body["FindingProviderFields"]["Severity"] = {"Label": _SEVERITIES[severity], "Original": event.severity.value}
    compliance: dict[str, Any] = {"Status": _STATUSES[event.status]}
    if result.controls:
        related = [shorten(shown(f"{control.framework} {control.control}"), 64) for control in result.controls]
        compliance["RelatedRequirements"] = list(dict.fromkeys(related))[:_REQUIREMENTS]
    body |= {
        "Title": shorten(f"{shown(result.title) or shown(result.rule)} ({shown(result.rule)})", _TITLE),
        "Description": shorten(_sentence(event), _DESCRIPTION),
        "Resources": [resource(result, place)],
        "Compliance": compliance,
        "ProductFields": _fields(_details(event)),
    }
    if event.is_waived:
        # NOTE: Security Hub takes it of a new finding alone; what people decided there stays.
        body["Workflow"] = {"Status": "SUPPRESSED"}
    if result.help:
        body["Remediation"] = {"Recommendation": {"Text": shorten(shown(result.help), _ADVICE)}}
    if finding is not None and finding.first_seen is not None and finding.last_seen is not None:
        # NOTE: what is sent again is an update, and its beginning stays where the period does.
        seen = {"CreatedAt": instant(finding.first_seen), "FirstObservedAt": instant(finding.first_seen)}
        body |= seen | {"LastObservedAt": instant(finding.last_seen)}
    return _fitting(body)


def _type(result: Result) -> str:
    """Namespace, category and classifier."""
    if not result.is_of_records:
        return "Software and Configuration Checks/AWS Security Best Practices/S3 access logging"
    kind = re.sub(r"[^a-z0-9_]", "", result.kind) or "rule"
    return f"Unusual Behaviors/Data/s3guard {kind}" if result.kind in DEVIATIONS else f"TTPs/Policy violation/s3guard {kind}"


def _sentence(event: Event) -> str:
    finding = event.finding
    if finding is None or not event.result.is_of_records:
        return shown(event.message) or "-"
    period = f" from {instant(finding.first_seen)} to {instant(finding.last_seen)}" if finding.first_seen and finding.last_seen else ""
    return f"{shorten(shown(event.message), _DESCRIPTION - 200)}: {plural(finding.records, 'record')}{period}."


def _details(event: Event) -> dict[str, str]:
    result, finding = event.result, event.finding
    details = {
        "rule": result.rule,
        "policy": result.policy,
        "file": f"{result.location.file}:{result.location.line}",
        "status": event.status.value,
        "records": str(result.records if finding is None else finding.records),
        "violations": str(result.violations),
        "unjudged": str(result.unjudged),
    }
    return details if finding is None else details | _of_finding(finding)


def _of_finding(finding: Finding) -> dict[str, str]:
    details = {"outcome": finding.outcome or "any", "baseline": finding.baseline}
    details |= {f"subject/{name}": "-" if value is None else str(value) for name, value in finding.subject.items()}
    details |= {f"waiver/{name}": value for name, value in waiver_texts(finding).items()}
    for number, sample in enumerate(finding.samples, 1):
        details[f"sample/{number}"] = f"{sample.object}:{sample.line} {sample.request_id or '-'} {instant(sample.time)}"
    return details


def _fields(details: dict[str, str]) -> dict[str, str]:
    """As product fields, whose names and values are never empty."""
    named = {shorten(f"{PREFIX}{shown(name)}", 128): shorten(shown(value), _FIELD).strip() or "-" for name, value in details.items()}
    return dict(list(named.items())[:_FIELDS])


def _fitting(body: dict[str, Any]) -> dict[str, Any]:
    """Within the bytes of a finding: what is too long of its fields goes."""
    return (
        body
        if size(body) <= LARGEST
        else body | {"ProductFields": {name: shorten(value, 64) for name, value in body["ProductFields"].items()}}
    )


def size(body: dict[str, Any]) -> int:
    """Bytes of a finding as it is sent."""
    return len(json.dumps(body))
