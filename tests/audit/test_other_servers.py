"""What moto is not faithful in, over servers that are: key formats and grants of logging, size filters, and policies that are enforced."""

from __future__ import annotations

import http.client
import json
from collections.abc import Iterator
from typing import Any

import boto3
import pytest

from s3guard import aws
from s3guard.audit.bucket_policy import statements
from s3guard.audit.condition import Context, Missing
from s3guard.audit.likeness import text
from s3guard.audit.permission import Request, Who, decide
from tests.audit import ministack
from tests.cli.project import Here
from tests.s3 import weed

FORMATS: dict[str, dict[str, Any]] = {
    "app-absent": {},
    "app-simple": {"TargetObjectKeyFormat": {"SimplePrefix": {}}},
    "app-event": {"TargetObjectKeyFormat": {"PartitionedPrefix": {"PartitionDateSource": "EventTime"}}},
    "app-delivery": {"TargetObjectKeyFormat": {"PartitionedPrefix": {"PartitionDateSource": "DeliveryTime"}}},
}
EVERYBODY = {"Grantee": {"Type": "Group", "URI": "http://acs.amazonaws.com/groups/global/AllUsers"}, "Permission": "READ"}


def client(url: str) -> Any:
    session = boto3.Session(aws_access_key_id="test", aws_secret_access_key="test", region_name="us-east-1")  # noqa: S106 - either takes any
    return session.client("s3", endpoint_url=url)


@pytest.fixture(scope="module")
def url(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """An account with a source for each key format, one with a grant, and a rule that spares small log objects."""
    with ministack.serving(tmp_path_factory.mktemp("ministack")) as found:
        s3 = client(found)
        for name in ("logs", "app-granted", *FORMATS):
            s3.create_bucket(Bucket=name)
        for name, more in {"app-granted": {"TargetGrants": [EVERYBODY]}, **FORMATS}.items():
            enabled = {"TargetBucket": "logs", "TargetPrefix": f"{name}/", **more}
            s3.put_bucket_logging(Bucket=name, BucketLoggingStatus={"LoggingEnabled": enabled})
        large = {"Prefix": "app-event/", "ObjectSizeGreaterThan": 1000}
        rule = {"ID": "r", "Status": "Enabled", "Filter": {"And": large}, "Expiration": {"Days": 30}}
        s3.put_bucket_lifecycle_configuration(Bucket="logs", LifecycleConfiguration={"Rules": [rule]})
        # NOTE: partitioned keys have account, Region and bucket behind the prefix, so this admits one of them, and of the simple none.
        one = "arn:aws:s3:::logs/app-event/000000000000/us-east-1/app-event/*"
        allow = {"Effect": "Allow", "Principal": {"Service": "logging.s3.amazonaws.com"}, "Action": "s3:PutObject", "Resource": one}
        s3.put_bucket_policy(Bucket="logs", Policy=json.dumps({"Version": "2012-10-17", "Statement": [allow]}))
        yield found


@pytest.fixture
def report(here: Here, url: str) -> dict[str, Any]:
    """What an audit of it reports."""
    named = {"AWS_ACCESS_KEY_ID": "test", "AWS_SECRET_ACCESS_KEY": "test", "AWS_DEFAULT_REGION": "us-east-1", "AWS_ENDPOINT_URL": url}
    for name, value in named.items():
        here.patch.setenv(name, value)
    here.patch.setattr(aws, "RETRIES", 1)
    here.write("policies/p.yaml", 'version: 1\npolicy: p\nbuckets: ["app-*"]\nlogging: {key_format: partitioned, retention: {min: 90d}}\n')
    checks = [part for number in ("006", "007", "020", "024", "028") for part in ("--rule", f"SAL-{number}")]
    found: dict[str, Any] = json.loads(here("audit", "-o", "json", *checks).out)
    return found


def test_key_formats_grants_and_size_filters_are_judged_as_they_are_kept(report: dict[str, Any]) -> None:
    results = {(one["rule"].rpartition("/")[2], one["bucket"]): one for one in report["results"]}
    assert {"app-absent": "fail", "app-delivery": "pass", "app-event": "pass", "app-granted": "fail", "app-simple": "fail"} == {
        bucket: one["status"] for (check, bucket), one in results.items() if check == "SAL-006"
    }
    assert {"app-granted"} == {bucket for (check, bucket), one in results.items() if check == "SAL-007" and one["status"] == "fail"}
    stopped = {finding["subject"]["source"] for finding in results["SAL-020", "logs"]["findings"]}
    assert {"app-granted", "app-absent", "app-simple", "app-delivery"} == stopped
    assert ["Rule r deletes some logs after 30 days, and the policy asks for 90 (logs of app-event)"] == [
        finding["message"] for finding in results["SAL-028", "logs"]["findings"]
    ]


def test_an_answer_to_another_question_is_none(report: dict[str, Any]) -> None:
    (payer,) = (one for one in report["results"] if one["rule"] == "p/logging/SAL-024")
    said = "GetBucketRequestPayment was answered with nonsense (not a RequestPaymentConfiguration but ListBucketResult)"
    assert ("undetermined", said) == (payer["status"], payer["reason"])


def said(
    effect: str, principal: Any = "*", action: Any = "s3:GetObject", resource: Any = "arn:aws:s3:::logs/*", **more: Any
) -> dict[str, Any]:
    return {"Effect": effect, "Principal": principal, "Action": action, "Resource": resource, **more}


CLEAR, TLS = {"Condition": {"Bool": {"aws:SecureTransport": "false"}}}, {"Condition": {"Bool": {"aws:SecureTransport": "true"}}}
VPCE = {"Condition": {"StringNotEquals": {"aws:SourceVpce": "vpce-1"}}}
ALLOW = said("Allow", action="s3:*")
POLICIES: dict[str, list[dict[str, Any]]] = {
    "allowed": [said("Allow")],
    "every AWS principal": [said("Allow", {"AWS": "*"})],
    "a list of actions": [said("Allow", action=["s3:PutObject", "s3:GetObject"])],
    "a wildcard in the action": [said("Allow", action="s3:Get*")],
    "another action": [said("Allow", action="s3:DeleteObject")],
    "the bucket alone": [said("Allow", resource="arn:aws:s3:::logs")],
    "the key": [said("Allow", resource="arn:aws:s3:::logs/app/one")],
    "one character": [said("Allow", resource="arn:aws:s3:::logs/app/on?")],
    "another prefix": [said("Allow", resource="arn:aws:s3:::logs/other/*")],
    "a prefix without its slash": [said("Allow", resource="arn:aws:s3:::logs/ap*")],
    "a list of resources": [said("Allow", resource=["arn:aws:s3:::logs", "arn:aws:s3:::logs/*"])],
    "a Deny wins": [ALLOW, said("Deny")],
    "a Deny wins from before": [said("Deny"), ALLOW],
    "a Deny of something else": [ALLOW, said("Deny", action="s3:DeleteObject")],
    "a Deny of other keys": [ALLOW, said("Deny", resource="arn:aws:s3:::logs/other/*")],
    "a Deny of a wildcard": [ALLOW, said("Deny", action="s3:P*")],
    "a Deny in the clear": [ALLOW, said("Deny", action="s3:*", **CLEAR)],
    "a Deny over TLS": [ALLOW, said("Deny", action="s3:*", **TLS)],
    "an Allow over TLS": [said("Allow", action="s3:*", **TLS)],
    "a Deny beside a VPC endpoint": [ALLOW, said("Deny", action="s3:*", **VPCE)],
}
"""What is said of app/one in the bucket logs, for anybody at all; each is asked of the server and of our own reading of IAM's rules."""


@pytest.fixture(scope="module")
def address(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """A server that lets in its administrator, and others as bucket policies say."""
    folder = tmp_path_factory.mktemp("weed")
    admin = {"name": "admin", "credentials": [{"accessKey": "test", "secretKey": "test"}], "actions": ["Admin"]}
    (folder / "identities.json").write_text(json.dumps({"identities": [admin, {"name": "anonymous", "actions": []}]}))
    with weed.serving(folder, f"-s3.config={folder / 'identities.json'}") as found:
        s3 = client(f"http://{found}")
        s3.create_bucket(Bucket="logs")
        s3.put_object(Bucket="logs", Key="app/one", Body=b"x")
        yield found


@pytest.mark.parametrize("policy", POLICIES.values(), ids=POLICIES)
def test_what_we_read_out_of_a_policy_is_what_a_server_makes_of_it(address: str, policy: list[dict[str, Any]]) -> None:
    s3 = client(f"http://{address}")
    written = json.dumps({"Version": "2012-10-17", "Statement": policy})
    s3.put_bucket_policy(Bucket="logs", Policy=written)
    context: Context = {"aws:securetransport": ("false",), "aws:sourcevpce": Missing.ABSENT}
    for action, method in (("s3:GetObject", "GET"), ("s3:PutObject", "PUT")):
        asked = Request(Who("*"), text(action), text("arn:aws:s3:::logs/app/one"), context)
        connection = http.client.HTTPConnection(address, timeout=20)
        connection.request(method, "/logs/app/one", body=b"x" if method == "PUT" else None)
        assert (decide(statements(written), asked).is_allowed, method) == (
            {200: True, 403: False}[connection.getresponse().status],
            method,
        )
        connection.close()
