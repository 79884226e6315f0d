"""The shipped policies over the demo records: what was planted is found, each thing once, and nothing else.

The expected findings were written by hand from the stories in `tests/demo/`, not from a report.
"""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

ROOT = Path(__file__).parent.parent
HOSPITAL, SHOP = "arn:aws:iam::111122223333", "arn:aws:iam::444455556666"
FRAUD_TEAM = f"{SHOP}:role/AWSReservedSSO_FraudTeam_0123456789abcdef"
PARTNER = "c0ffee11aa22bb33cc44dd55ee66ff7788990011aabbccddeeff001122334455"
EXPORT = f"{HOSPITAL}:role/research-export"
MARKETING, ONCALL = f"{HOSPITAL}:role/marketing", f"{HOSPITAL}:user/ops-oncall"

Expected = tuple[str, str, dict[str, str | int | None], str | None, int]

FOUND: list[Expected] = [
    # bucket, rule, subject, outcome, records
    ("phi-records", "phi-records/anonymous", {"remote_ip": "192.0.2.55", "operation_class": "read"}, "served", 2),
    ("phi-records", "phi-records/access_denied", {"network": "198.51.100.0/24"}, None, 48),
    (
        "phi-records",
        "phi-records/authentication",
        {"principal": f"{HOSPITAL}:role/records-service", "signature_version": "SigV4", "authentication_type": "QueryString"},
        "served",
        2,
    ),
    ("phi-records", "phi-records/transport", {"principal": f"{HOSPITAL}:user/fax-gateway", "tls_version": None}, "served", 4),
    ("phi-records", "phi-records/volume/bulk-delete", {"principal": f"{HOSPITAL}:role/ingest"}, None, 122),
    ("phi-records", "phi-records/volume/bulk-download", {"principal": EXPORT}, None, 15),
    ("phi-records", "phi-records/requesters", {"principal": f"{HOSPITAL}:role/analyst", "operation_class": "read"}, "served", 5),
    ("phi-records", "phi-records/requesters", {"principal": f"{HOSPITAL}:role/analyst", "operation_class": "write"}, "served", 3),
    ("phi-records", "phi-records/writers", {"principal": f"{HOSPITAL}:role/analyst", "operation": "REST.PUT.OBJECT"}, "served", 3),
    ("phi-records", "phi-records/networks", {"remote_ip": "192.0.2.55", "principal": None}, "served", 2),
    ("phi-records", "phi-records/networks", {"remote_ip": "192.0.2.201", "principal": f"{HOSPITAL}:role/records-service"}, "served", 2),
    ("phi-records", "phi-records/acl_required", {"principal": None, "operation": "REST.GET.OBJECT"}, "served", 2),
    ("phi-records", "phi-records/latency", {"operation_class": "read"}, None, 9),
    (
        "phi-records-archive",
        "phi-records/authentication",
        {"principal": f"{HOSPITAL}:role/records-service", "signature_version": "SigV2", "authentication_type": "AuthHeader"},
        "served",
        3,
    ),
    (
        "phi-records-archive",
        "phi-records/transport",
        {"principal": f"{HOSPITAL}:role/records-service", "tls_version": "TLSv1"},
        "served",
        3,
    ),
    ("cardholder-data", "cardholder-data/access_denied", {"network": "192.0.2.0/24"}, None, 24),
    ("cardholder-data", "cardholder-data/transport", {"principal": f"{SHOP}:role/payments-api", "tls_version": "TLSv1.2"}, "served", 1),
    ("cardholder-data", "cardholder-data/operations/no-queries", {"principal": FRAUD_TEAM, "operation": "REST.POST.SELECT"}, "served", 2),
    ("cardholder-data", "cardholder-data/volume/enumeration", {"principal": f"{SHOP}:role/reconciliation"}, None, 130),
    ("cardholder-data", "cardholder-data/completeness", {"bucket": "cardholder-data"}, None, 568),
    (
        "cardholder-data",
        "cardholder-data/requesters/everything-else",
        {"principal": f"{SHOP}:role/developer", "operation_class": "policy"},
        "served",
        2,
    ),
    (
        "cardholder-data",
        "cardholder-data/administrators",
        {"principal": f"{SHOP}:role/developer", "operation": "REST.PUT.BUCKETPOLICY"},
        "served",
        1,
    ),
    (
        "cardholder-data",
        "cardholder-data/administrators",
        {"principal": f"{SHOP}:role/developer", "operation": "REST.DELETE.PUBLIC_ACCESS_BLOCK"},
        "served",
        1,
    ),
    ("cardholder-data", "cardholder-data/schedule", {"principal": FRAUD_TEAM, "operation_class": "read"}, "served", 3),
    ("cardholder-data", "cardholder-data/acl_required", {"principal": PARTNER, "operation": "REST.GET.OBJECT"}, "served", 2),
    ("www-example-org", "public-website/anonymous", {"remote_ip": "198.51.100.66", "operation_class": "list"}, "served", 1),
    ("www-example-org", "public-website/requesters", {"principal": MARKETING, "operation_class": "write"}, "served", 2),
    ("www-example-org", "public-website/writers", {"principal": MARKETING, "operation": "REST.PUT.OBJECT"}, "served", 2),
    ("www-example-org", "public-website/errors", {"operation_class": "read"}, None, 14),
    ("www-example-org", "public-website/user_agents", {"user_agent": "Nikto/2.5.0", "principal": None}, "served", 1),
    ("www-example-org", "public-website/custom/no-new-public-uploads", {"principal": MARKETING}, None, 1),
    ("org-access-logs", "log-archive/requesters", {"principal": f"{HOSPITAL}:role/developer", "operation_class": "read"}, "served", 2),
    ("org-access-logs", "log-archive/requesters", {"principal": ONCALL, "operation_class": "delete"}, "served", 3),
    (
        "org-access-logs",
        "log-archive/requesters",
        {"principal": f"{HOSPITAL}:role/cost-optimizer", "operation_class": "config"},
        "served",
        1,
    ),
    ("org-access-logs", "log-archive/writers", {"principal": ONCALL, "operation": "REST.DELETE.OBJECT"}, "served", 3),
    (
        "org-access-logs",
        "log-archive/administrators",
        {"principal": f"{HOSPITAL}:role/cost-optimizer", "operation": "REST.PUT.LIFECYCLE"},
        "served",
        1,
    ),
    ("org-access-logs", "log-archive/operations/no-deletes", {"principal": ONCALL, "operation": "REST.DELETE.OBJECT"}, "served", 3),
]

ATTEMPTED: list[Expected] = [
    # one line for each story: what S3 refused, or what failed, is told and breaks nothing
    ("phi-records", "phi-records/requesters", {"principal": f"{HOSPITAL}:role/contractor", "operation_class": "logging"}, "refused", 1),
    (
        "phi-records",
        "phi-records/administrators",
        {"principal": f"{HOSPITAL}:role/contractor", "operation": "REST.PUT.LOGGING_STATUS"},
        "refused",
        1,
    ),
    (
        "phi-records",
        "phi-records/administrators",
        {"principal": f"{HOSPITAL}:role/contractor", "operation": "REST.PUT.BUCKETPOLICY"},
        "refused",
        1,
    ),
    (
        "phi-records",
        "phi-records/administrators",
        {"principal": f"{HOSPITAL}:role/contractor", "operation": "REST.PATCH.OBJECT"},
        "failed",
        1,
    ),
    ("phi-records", "phi-records/writers", {"principal": f"{HOSPITAL}:role/contractor", "operation": "REST.PATCH.OBJECT"}, "failed", 1),
    ("phi-records", "phi-records/writers", {"principal": None, "operation": "REST.PUT.OBJECT"}, "refused", 4),
    ("cardholder-data", "cardholder-data/anonymous", {"remote_ip": "192.0.2.77", "operation_class": "read"}, "refused", 24),
    ("cardholder-data", "cardholder-data/networks", {"remote_ip": "192.0.2.77", "principal": None}, "refused", 24),
    ("www-example-org", "public-website/anonymous", {"remote_ip": "198.51.100.66", "operation_class": "write"}, "refused", 6),
    ("www-example-org", "public-website/writers", {"principal": None, "operation": "REST.PUT.OBJECT"}, "refused", 6),
]


@pytest.fixture(scope="module")
def report(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Any]:
    out = tmp_path_factory.mktemp("demo") / "report.json"
    arguments = ["check", "tests/logs/demo", "--policy", "policies", "--as-of", "2026-10-02T00:00:00Z", "--output", f"json:{out}"]
    command = [sys.executable, "-c", "from s3guard.cli import main; main()", *arguments]
    ended = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=False)
    assert 1 == ended.returncode, ended.stderr
    found: dict[str, Any] = json.loads(out.read_text(encoding="utf-8"))
    return found


def _findings(report: dict[str, Any]) -> list[Expected]:
    return [
        (result["bucket"], result["rule"], finding["subject"], finding["outcome"], finding["records"])
        for result in report["results"]
        for finding in result["findings"]
    ]


@pytest.mark.parametrize("expected", [*FOUND, *ATTEMPTED], ids=lambda expected: f"{expected[0]}: {expected[1]}")
def test_what_was_planted_is_found_once_with_all_its_records(report: dict[str, Any], expected: Expected) -> None:
    assert [expected] == [finding for finding in _findings(report) if finding[:4] == expected[:4]]


def test_beside_attempts_nothing_is_found_that_was_not_planted(report: dict[str, Any]) -> None:
    weighty = [finding for finding in _findings(report) if finding[3] in ("served", None)]
    assert [finding for finding in weighty if finding not in FOUND] == []


def test_attempts_are_low_and_what_was_served_is_more(report: dict[str, Any]) -> None:
    severities = {(finding["outcome"], finding["severity"]) for result in report["results"] for finding in result["findings"]}
    assert {"low"} == {severity for outcome, severity in severities if outcome in ("refused", "failed")}
    assert {"critical", "high", "medium"} <= {severity for outcome, severity in severities if outcome == "served"}


def test_the_coverage_tells_what_could_not_be_read_and_what_nobody_judged(report: dict[str, Any]) -> None:
    coverage = report["coverage"]
    assert (28, 2334, 2, 2) == (coverage["objects"], coverage["records"], coverage["ambiguous"], coverage["quarantined"])
    assert [] == coverage["unreadable"]
    buckets = {entry["bucket"]: (entry["records"], entry["policies"]) for entry in coverage["buckets"]}
    assert {
        "cardholder-data": (568, ["cardholder-data"]),
        "org-access-logs": (198, ["log-archive"]),
        "phi-records": (1004, ["phi-records"]),
        "phi-records-archive": (53, ["phi-records"]),
        "scratch-uploads": (26, []),
        "www-example-org": (485, ["public-website"]),
    } == buckets


def test_old_lines_without_the_column_leave_a_rule_undetermined(report: dict[str, Any]) -> None:
    results = {(result["bucket"], result["rule"]): result for result in report["results"]}
    acl = results["phi-records-archive", "phi-records/acl_required"]
    assert ("undetermined", 43) == (acl["status"], acl["unjudged"])
    assert 10 == results["phi-records-archive", "phi-records/transport"]["unjudged"]


def test_no_credential_of_a_query_string_reaches_the_report(report: dict[str, Any]) -> None:
    assert "EXAMPLE-not-a-token" not in json.dumps(report)
