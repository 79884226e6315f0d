"""The audit from end to end, over moto and real HTTP: what was planted is found, and nothing else."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from s3guard.audit import snapshot
from tests.audit.cloud import ACCOUNT, FAULTS, Cloud, answered
from tests.audit.conftest import Server
from tests.cli.project import Here
from tests.lines import record

REGIONS = ("us-east-1", "eu-west-1", "ap-south-1")
POLICY = """\
version: 1
policy: company
buckets: ["app-*", "logs-*", trails]
logging: {key_format: any, freshness: 24h, retention: {min: 365d}}
"""
SETTINGS = 'exclude = [{bucket = "scratch", reason = "nothing is kept there", expires = 9999-12-31}]\n'
EVERYBODY = {"Grantee": {"Type": "Group", "URI": "http://acs.amazonaws.com/groups/global/AllUsers"}, "Permission": "READ"}


def company(cloud: Cloud) -> None:
    """60 buckets in three Regions."""
    for region in REGIONS:
        cloud.sink(f"logs-{region}", region)
        for number in range(11):
            cloud.bucket(f"app-{region}-{number:02}", region)
            cloud.log(f"app-{region}-{number:02}", f"logs-{region}", region)
    s3 = cloud.client("s3")
    for name in ("app-off", "app-self", "app-lost", "app-bare", "app-chained", "app-granted", "free", "scratch", "trails"):
        cloud.bucket(name)
    cloud.sink("logs-lost")
    cloud.log("app-lost", "logs-lost")
    s3.delete_bucket(Bucket="logs-lost")
    cloud.sink("logs-self")
    s3.put_bucket_policy(Bucket="app-self", Policy=json.dumps(cloud.delivery("app-self")))
    cloud.log("app-self", "app-self")
    cloud.log("app-bare", "logs-us-east-1", prefix="")
    cloud.sink("logs-chain")
    # NOTE: moto enforces what the others have, and the log objects of this one are to be read over plain HTTP.
    without_tls = cloud.delivery("logs-chain") | {"Statement": cloud.delivery("logs-chain")["Statement"][:1]}
    s3.put_bucket_policy(Bucket="logs-chain", Policy=json.dumps(without_tls))
    cloud.log("app-chained", "logs-chain")
    cloud.log("logs-chain", "logs-us-east-1")
    s3.delete_bucket(Bucket="logs-self")
    cloud.log("trails", "logs-us-east-1")
    s3.put_bucket_logging(Bucket="trails", BucketLoggingStatus={})
    granted = {"TargetBucket": "logs-us-east-1", "TargetPrefix": "app-granted/", "TargetGrants": [EVERYBODY]}
    s3.put_bucket_logging(Bucket="app-granted", BucketLoggingStatus={"LoggingEnabled": granted})
    _faulty_sinks(cloud)
    cloudtrail = cloud.client("cloudtrail")
    s3.put_bucket_policy(Bucket="trails", Policy=json.dumps({"Version": "2012-10-17", "Statement": []}))
    cloudtrail.create_trail(Name="management", S3BucketName="trails")


def _faulty_sinks(cloud: Cloud) -> None:
    """Log buckets with one fault each, and a source for each."""
    s3 = cloud.client("s3")
    for name in FAULTY:
        cloud.sink(f"logs-{name}")
        cloud.bucket(f"app-{name}")
        cloud.log(f"app-{name}", f"logs-{name}")
    kms = {"ApplyServerSideEncryptionByDefault": {"SSEAlgorithm": "aws:kms"}}
    s3.put_bucket_encryption(Bucket="logs-kms", ServerSideEncryptionConfiguration={"Rules": [kms]})
    s3.delete_public_access_block(Bucket="logs-open")
    allow, _ = cloud.delivery("logs-clear")["Statement"]
    s3.put_bucket_policy(Bucket="logs-clear", Policy=json.dumps({"Version": "2012-10-17", "Statement": [allow]}))
    rule = {"ID": "r", "Status": "Enabled", "Filter": {"Prefix": ""}, "Expiration": {"Days": 30}}
    s3.put_bucket_lifecycle_configuration(Bucket="logs-short", LifecycleConfiguration={"Rules": [rule]})
    s3.put_bucket_versioning(Bucket="logs-short", VersioningConfiguration={"Status": "Suspended"})
    vpc = {"Sid": "Vpc", "Effect": "Deny", "Principal": "*", "Action": "s3:*", "Resource": "arn:aws:s3:::logs-shut/*"}
    vpc["Condition"] = {"StringNotEquals": {"aws:SourceVpce": "vpce-1"}}  # type: ignore[assignment]  # a statement's values differ
    s3.put_bucket_policy(Bucket="logs-shut", Policy=json.dumps(cloud.delivery("logs-shut", vpc)))
    read = {"Sid": "Partner", "Effect": "Allow", "Principal": {"AWS": "arn:aws:iam::999900001111:root"}, "Action": "s3:GetObject"}
    read["Resource"] = "arn:aws:s3:::logs-loose/*"
    s3.put_bucket_policy(Bucket="logs-loose", Policy=json.dumps(cloud.delivery("logs-loose", read)))


FAULTY = ("payer", "kms", "open", "clear", "short", "shut", "loose")
PLANTED = {
    ("SAL-001", "app-off"),
    ("SAL-001", "trails"),
    ("SAL-002", "app-lost"),
    ("SAL-004", "app-self"),
    ("SAL-004", "app-chained"),
    ("SAL-005", "app-bare"),
    ("SAL-007", "app-granted"),
    ("SAL-010", None),
    ("SAL-020", "logs-shut"),
    ("SAL-022", "logs-shut"),
    ("SAL-024", "logs-payer"),
    ("SAL-025", "logs-kms"),
    ("SAL-027", "app-self"),
    ("SAL-027", "logs-short"),
    ("SAL-028", "logs-short"),
    ("SAL-030", "app-off"),
    ("SAL-030", "trails"),
    *(("SAL-030", f"logs-{name}") for name in (*REGIONS, *FAULTY)),
    ("SAL-031", "app-self"),
    ("SAL-031", "logs-open"),
    ("SAL-032", "logs-chain"),
    ("SAL-032", "logs-clear"),
    ("SAL-033", "logs-loose"),
    ("SAL-034", "logs-us-east-1"),
    ("SAL-035", None),
}
"""Every finding, warnings among them: a log bucket that nothing records, prefixes that are no source's any more."""


@pytest.fixture
def audited(here: Here, server: Server, reaching: Cloud) -> Here:
    """The company's account, and a project with its policy."""
    for name, value in {"AWS_ACCESS_KEY_ID": "test", "AWS_SECRET_ACCESS_KEY": "test", "AWS_ENDPOINT_URL": server.url}.items():
        here.patch.setenv(name, value)
    server.account(company, reaching)
    reaching.heard = server.heard
    reaching.requester_pays.add("logs-payer")
    # NOTE: moto fails where it is asked for the table buckets of some Regions.
    reaching.faults["ListTableBuckets", None] = answered(200, '{"tableBuckets": []}', **{"content-type": "application/json"})
    here.write("policies/p.yaml", POLICY)
    here.write("s3guard.toml", SETTINGS)
    return here


def found(report: dict[str, Any], *statuses: str) -> set[tuple[str, str | None]]:
    return {(result["rule"].rpartition("/")[2], result["bucket"]) for result in report["results"] if result["status"] in statuses}


def test_an_account_of_sixty_buckets_has_exactly_the_findings_that_were_planted(audited: Here) -> None:
    ended = audited("audit", "-o", "json", "--save-snapshot", "facts.json")
    assert 1 == ended.code, ended.err
    report = json.loads(ended.out)
    assert PLANTED == found(report, "fail")
    assert set() == found(report, "undetermined")
    assert 61 == len(snapshot.read(audited.folder / "facts.json").buckets)  # NOTE: one of them is a target that is gone.
    coverage = next(one for one in report["results"] if one["rule"] == f"account:{ACCOUNT}/logging/SAL-010")
    assert ["free"] == [finding["subject"]["bucket"] for finding in coverage["findings"]]
    assert ("s3guard.toml", 1) == (coverage["location"]["file"], coverage["location"]["line"])
    located = next(one for one in report["results"] if one["rule"] == "company/logging/SAL-001")
    assert {"file": "policies/p.yaml", "line": 4} == located["location"]

    again = audited("audit", "-o", "json", "--snapshot", "facts.json", "--as-of", report["run"]["as_of"])
    assert (1, report["results"]) == (again.code, json.loads(again.out)["results"])


def test_a_denied_list_of_buckets_is_no_clean_account(audited: Here, reaching: Cloud) -> None:
    with reaching.planted("ListBuckets", FAULTS["denied"]):
        ended = audited("audit", "-o", "json", "--rule", "SAL-010")
    report = json.loads(ended.out)
    assert (3, "undetermined") == (ended.code, report["status"])
    assert {"ListBuckets was denied (AccessDenied); grant s3:ListAllMyBuckets"} <= {one["reason"] for one in report["results"]}


def test_it_may_be_narrowed_by_check_and_bucket(audited: Here) -> None:
    report = json.loads(audited("audit", "-o", "json", "--rule", "SAL-001", "--bucket", "app-off").out)
    assert [("company/logging/SAL-001", "app-off")] == [(one["rule"], one["bucket"]) for one in report["results"]]
    ended = audited("audit", "--rule", "SAL-001", "--bucket", "nope")
    assert (2, True) == (ended.code, "--bucket nope: no account and no policy has this bucket" in ended.err)


def test_check_judges_records_and_configuration_in_one_report(audited: Here) -> None:
    line = record(bucket=b"app-off").render() + b"\n"
    (audited.folder / "logs" / "app.log").write_bytes(line)
    audited.write("policies/p.yaml", POLICY + "rules: {requesters: {allow: [authenticated]}}\n")
    ended = audited("check", "logs/app.log", "--audit", "-o", "json", "--bucket", "app-off")
    results = {one["rule"]: one["status"] for one in json.loads(ended.out)["results"]}
    assert 1 == ended.code
    assert ("pass", "fail") == (results["company/requesters"], results["company/logging/SAL-001"])
    only = audited("check", "logs/app.log", "--audit", "-o", "json", "--bucket", "app-off", "--rule", "SAL-001")
    assert ["company/logging/SAL-001"] == [one["rule"] for one in json.loads(only.out)["results"]]


def test_what_would_mend_a_finding_is_printed_with_its_names(audited: Here) -> None:
    ended = audited("audit", "--fix-snippets", "--rule", "SAL-001", "--bucket", "app-off", "-o", "json:report.json")
    assert 1 == ended.code
    assert "aws s3api put-bucket-logging --bucket app-off " in ended.out
    assert 'resource "aws_s3_bucket_logging" "app_off" {' in ended.out
    assert '"TargetBucket": "<log-bucket>"' in ended.out
    assert (audited.folder / "report.json").exists()


def test_the_canary_of_one_run_is_sought_by_the_next(audited: Here) -> None:
    arguments = ("audit", "-o", "json", "--state", "state", "--rule", "SAL-009", "--bucket", "app-chained")
    first, second = (json.loads(audited(*arguments).out) for _ in range(2))
    assert ["no earlier run is remembered; --state remembers them"] == [one["reason"] for one in first["results"]]
    assert ["the earlier requests are less than 48 hours old, which S3 may take to deliver them"] == [
        one["reason"] for one in second["results"]
    ]
    assert 2 == len(list((audited.folder / "state").iterdir()))


def test_a_snapshot_is_judged_without_aws(audited: Here, reaching: Cloud) -> None:
    audited("audit", "--save-snapshot", "facts.json", "-o", "json:a.json")
    reaching.asked.clear()
    audited("audit", "--snapshot", "facts.json")
    assert [] == reaching.asked


def test_the_least_policy_names_what_the_chosen_checks_ask_for(here: Here) -> None:
    def actions(*arguments: str) -> set[str]:
        statements = json.loads(here("audit", "--iam-policy", *arguments).out)["Statement"]
        return {action for statement in statements for action in statement["Action"]}

    assert {"s3:ListAllMyBuckets", "s3:GetBucketLogging", "s3:GetBucketLocation", "s3:ListBucket"} < actions("--rule", "SAL-002")
    assert "s3:GetObject" in actions("--rule", "SAL-009")
    assert {"s3:GetObject", "cloudtrail:DescribeTrails", "s3express:ListAllMyDirectoryBuckets", "s3tables:ListTableBuckets"} < actions()
    assert not [action for action in actions() if not action.partition(":")[2].startswith(("Get", "List", "Describe"))]


def test_without_credentials_the_way_to_them_is_told(here: Here) -> None:
    here.patch.setenv("AWS_EC2_METADATA_DISABLED", "true")
    for name in ("AWS_CONFIG_FILE", "AWS_SHARED_CREDENTIALS_FILE"):
        here.patch.setenv(name, "/dev/null")
    ended = here("audit")
    assert (2, "") == (ended.code, ended.out)
    assert ended.err.startswith("s3guard: error: no AWS credentials: set AWS_PROFILE")


def test_a_snapshot_folder_that_is_none_is_told(here: Here, tmp_path: Path) -> None:
    ended = here("audit", "--snapshot", str(tmp_path / "nothing.json"))
    assert (3, True) == (ended.code, "could not read the snapshot" in ended.err)
