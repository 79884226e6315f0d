"""What Security Hub would say of findings: the SDK's own shapes, and what those leave open, from its documentation.

https://docs.aws.amazon.com/securityhub/latest/userguide/asff-required-attributes.html
https://docs.aws.amazon.com/securityhub/latest/userguide/asff-top-level-attributes.html
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterator, Sequence
from functools import cache
from typing import Any

import botocore.session
from botocore.validate import ParamValidator

TIME = re.compile(r"[0-9]{4}-[0-9]{2}-[0-9]{2}T[0-9]{2}:[0-9]{2}:[0-9]{2}(?:\.[0-9]{1,9})?Z")
NAMESPACES = ("Software and Configuration Checks", "TTPs", "Effects", "Unusual Behaviors", "Sensitive Data Identifications")
ENUMS = {
    ("RecordState",): {"ACTIVE", "ARCHIVED"},
    ("Compliance", "Status"): {"PASSED", "WARNING", "FAILED", "NOT_AVAILABLE"},
    ("Workflow", "Status"): {"NEW", "NOTIFIED", "RESOLVED", "SUPPRESSED"},
    ("FindingProviderFields", "Severity", "Label"): {"INFORMATIONAL", "LOW", "MEDIUM", "HIGH", "CRITICAL"},
    ("SchemaVersion",): {"2018-10-08"},
}
LENGTHS = {
    ("Title",): 256,
    ("Description",): 1024,
    ("Id",): 512,
    ("GeneratorId",): 512,
    ("ProductArn",): 2048,
    ("CompanyName",): 128,
    ("ProductName",): 128,
    ("Remediation", "Recommendation", "Text"): 512,
}
REQUIRED = (
    "AwsAccountId",
    "CreatedAt",
    "Description",
    "GeneratorId",
    "Id",
    "ProductArn",
    "Resources",
    "SchemaVersion",
    "Title",
    "UpdatedAt",
)


@cache
def shape() -> Any:
    """Of what BatchImportFindings takes."""
    model = botocore.session.Session().get_service_model("securityhub")
    return model.operation_model("BatchImportFindings").input_shape


def at(finding: Any, path: Sequence[str]) -> Any:
    """The value there, or None."""
    for name in path:
        finding = finding.get(name) if isinstance(finding, dict) else None
    return finding


def faults(findings: list[dict[str, Any]]) -> list[str]:
    """Everything that is wrong with them; a batch takes a hundred, so they are looked at one by one."""
    return [fault for finding in findings for fault in _faults(finding)]


def _faults(finding: dict[str, Any]) -> Iterator[str]:
    report = ParamValidator().validate({"Findings": [finding]}, shape())
    if report.has_errors():
        yield report.generate_report()
    yield from (f"{name} is missing" for name in REQUIRED if not finding.get(name))
    for path, values in ENUMS.items():
        if (value := at(finding, path)) is not None and value not in values:
            yield f"{'.'.join(path)} is {value}"
    for path, longest in LENGTHS.items():
        if (value := at(finding, path)) is not None and not 0 < len(value) <= longest:
            yield f"{'.'.join(path)} has {len(value)} characters"
    for name in ("CreatedAt", "UpdatedAt", "FirstObservedAt", "LastObservedAt"):
        if name in finding and not TIME.fullmatch(finding[name]):
            yield f"{name} is {finding[name]}"
    if len(json.dumps(finding)) > 240_000:
        yield "it is larger than 240 KB"
    yield from _parts(finding)


def _parts(finding: dict[str, Any]) -> Iterator[str]:
    if not re.fullmatch(r"[0-9]{12}", finding.get("AwsAccountId", "")):
        yield "AwsAccountId is none"
    if not finding.get("FindingProviderFields", {}).get("Severity"):
        yield "it has no severity"
    types = finding.get("FindingProviderFields", {}).get("Types") or []
    if not 0 < len(types) <= 50 or not all(one.split("/")[0] in NAMESPACES and one.count("/") <= 2 for one in types):
        yield f"Types are {types}"
    fields = finding.get("ProductFields", {})
    if len(fields) > 50 or any(not 0 < len(name) <= 128 or name.startswith("aws/") for name in fields):
        yield "ProductFields has too many, or a name that it does not take"
    if any(not 0 < len(value) <= 2048 for value in fields.values()):
        yield "ProductFields has a value that is empty or too long"
    resources = finding.get("Resources") or []
    if not 0 < len(resources) <= 32 or any(not 0 < len(one.get("Id", "")) <= 512 or not one.get("Type") for one in resources):
        yield "Resources are none"
    related = finding.get("Compliance", {}).get("RelatedRequirements", ["-"])
    if not 0 < len(related) <= 32 or any(not 0 < len(one) <= 64 for one in related):
        yield "RelatedRequirements are none"
