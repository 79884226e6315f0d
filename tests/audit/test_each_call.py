"""Each call of an audit goes wrong in each way, one at a time: unknown for exactly the checks that needed it, and nothing else changes."""

from __future__ import annotations

import json
from contextlib import nullcontext
from datetime import UTC, datetime

import pytest

from s3guard.audit import aws
from s3guard.audit.calls import CALLS, own
from s3guard.audit.checks import catalog
from s3guard.audit.judge import Asked, judge
from s3guard.audit.wants import wants
from s3guard.aws import Access
from s3guard.model import Location, Result, Status
from tests.audit.cloud import FAULTS, Cloud, answered
from tests.audit.conftest import Server
from tests.audit.rowmaking import policy

CATALOG = catalog()
FACTS: dict[str, set[str]] = {
    "HeadBucket": {"region", "exists"},
    "GetBucketLocation": {"region"},
    "ListObjectsV2": {"delivered", "top_level", "canary"},
    "DescribeTrails": {"account.trails"},
    "GetTrailStatus": {"account.trails"},
    "GetEventSelectors": {"account.trails"},
    "ListEventDataStores": {"account.event_data_stores"},
    "DescribeDeliverySources": {"account.log_deliveries"},
    "DescribeDeliveries": {"account.log_deliveries"},
    "ListDirectoryBuckets": {"account.directory_buckets"},
    "ListTableBuckets": {"account.table_buckets"},
    # NOTE: one name of two calls: of a bucket, and of the account.
    "GetPublicAccessBlock": {"public_access_block", "account.public_access_block"},
    **{call.operation: {name} for name, call in CALLS.items() if name != "public_access_block"},
}
"""What each call is asked for."""
ROLES = {"GetBucketLogging", "GetBucketPolicy", "GetBucketAcl"}
"""Calls that say which role a bucket has: without their answer other questions arise, and some do not."""
SOURCE = '{"deliverySources": [{"name": "s", "resourceArns": ["arn:aws:s3:::other"], "logType": "S3_SERVER_ACCESS_LOGS"}]}'
CLEAN = (Status.PASS, Status.NOT_APPLICABLE)
Results = dict[tuple[str, str | None], Result]


def estate(cloud: Cloud) -> None:
    """A log bucket, a bucket that logs to it, one that does not log, and a trail that records the last."""
    cloud.sink("logs")
    for name in ("app", "off", "trails"):
        cloud.bucket(name)
    cloud.log("app", "logs")
    anybody = {"Sid": "Open", "Effect": "Allow", "Principal": "*", "Action": "s3:ListBucket", "Resource": "arn:aws:s3:::logs"}
    cloud.client("s3").put_bucket_policy(Bucket="logs", Policy=json.dumps(cloud.delivery("logs", anybody)))
    moved = [{"Days": 100, "StorageClass": "INTELLIGENT_TIERING"}]
    rule = {"ID": "r", "Status": "Enabled", "Filter": {"Prefix": ""}, "Transitions": moved, "Expiration": {"Days": 400}}
    cloud.client("s3").put_bucket_lifecycle_configuration(Bucket="logs", LifecycleConfiguration={"Rules": [rule]})
    cloud.client("s3").put_bucket_policy(Bucket="trails", Policy=json.dumps({"Version": "2012-10-17", "Statement": []}))
    cloud.client("cloudtrail").create_trail(Name="management", S3BucketName="trails")
    recorded = {"ReadWriteType": "All", "DataResources": [{"Type": "AWS::S3::Object", "Values": ["arn:aws:s3:::off/"]}]}
    cloud.client("cloudtrail").put_event_selectors(TrailName="management", EventSelectors=[recorded])
    cloud.client("cloudtrail").start_logging(Name="management")


@pytest.fixture
def account(server: Server, reaching: Cloud, monkeypatch: pytest.MonkeyPatch) -> Cloud:
    """The account, entered once."""
    server.account(estate, reaching)
    reaching.heard = server.heard
    json_ = {"content-type": "application/json"}
    reaching.usual = {
        "ListTableBuckets": answered(200, '{"tableBuckets": []}', **json_),
        "DescribeDeliverySources": answered(200, SOURCE, **json_),
        "DescribeDeliveries": answered(200, '{"deliveries": []}', **json_),
    }
    entered = aws.Entered(Access())
    monkeypatch.setattr(aws, "Entered", lambda _access: entered)
    return reaching


def judged() -> Results:
    """What a live audit of it comes to."""
    now = datetime(2026, 10, 2, tzinfo=UTC)
    facts = aws.look(aws.Look((Access(),), wants(CATALOG.values()), now)).facts
    asked = Asked((policy(frameworks=("pci-dss",)),), CATALOG, now, Location("s3guard.toml", 1))
    return {(one.rule, one.bucket): one for one in judge(facts, asked)}


def needing(operation: str) -> set[str]:
    """The checks that may look at what a call answers."""
    asked = FACTS[operation]
    found = set()
    for name, check in CATALOG.items():
        scoped = {f"account.{need}" if check.about.value == "account" and "." not in need else own(need) for need in check.needs}
        # NOTE: who is a log bucket is asked of all that do not log, whichever check it is for.
        found |= {name} if asked & scoped else set()
    return found


def test_each_call_that_goes_wrong_in_any_way_is_unknown_for_the_checks_that_needed_it(account: Cloud) -> None:
    before = judged()
    asked = {operation for _, operation in account.asked} - {"GetCallerIdentity", "ListBuckets"}
    assert set(FACTS) - {"GetBucketLocation"} == asked
    for operation in sorted(asked):
        for kind, fault in FAULTS.items():
            # NOTE: what one call does not tell of a Region the older one does, so both go wrong.
            also = account.planted("GetBucketLocation", fault) if operation == "HeadBucket" else nullcontext()
            with account.planted(operation, fault), also:
                after = judged()
            changed = {key for key in before.keys() | after.keys() if before.get(key) != after.get(key)}
            names = {key[0].rpartition("/")[2] for key in changed}
            assert names, f"{operation} {kind}: nobody noticed"
            if operation in ROLES:
                continue
            assert names <= needing(operation), f"{operation} {kind}"
            for key in changed:
                assert Status.UNDETERMINED is after[key].status, f"{operation} {kind}: {key} {after[key].reason}"
                told = "GetBucketLocation" if operation == "HeadBucket" else operation
                assert told in (after[key].reason or ""), f"{operation} {kind}: {key} {after[key].reason}"


@pytest.mark.parametrize("operation", sorted(ROLES))
def test_without_what_tells_the_role_of_a_bucket_nothing_becomes_clean(account: Cloud, operation: str) -> None:
    before = judged()
    for kind, fault in FAULTS.items():
        with account.planted(operation, fault):
            after = judged()
        for key, new in after.items():
            old = before.get(key)
            if old != new:
                was = Status.UNDETERMINED if old is None else old.status
                assert new.status not in CLEAN or was in CLEAN, f"{kind}: {key} was {old}, is {new}"
        undetermined = {key[0].rpartition("/")[2] for key, one in after.items() if one.status is Status.UNDETERMINED}
        assert undetermined & needing(operation)


@pytest.mark.parametrize("kind", FAULTS)
def test_without_the_list_of_buckets_nothing_of_the_account_passes(account: Cloud, kind: str) -> None:
    with account.planted("ListBuckets", FAULTS[kind]):
        after = judged()
    statuses = {one.status for one in after.values()}
    assert Status.PASS not in {one.status for key, one in after.items() if key[0].endswith("SAL-010")}, kind
    assert Status.UNDETERMINED in statuses
