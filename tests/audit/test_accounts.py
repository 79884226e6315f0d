"""What no single bucket tells, over moto and real HTTP."""

from __future__ import annotations

import json
from typing import Any

import pytest

from s3guard.audit import accounts
from s3guard.audit.aws import Entered
from s3guard.audit.facts import Unknown, Value
from s3guard.audit.rows import LogDelivery
from s3guard.aws import Access
from tests.audit.cloud import ACCOUNT, HOME, Cloud, answered

DENIED = answered(400, json.dumps({"__type": "AccessDeniedException", "message": "no"}), **{"content-type": "application/x-amz-json-1.1"})


def told(**body: Any) -> Any:
    return answered(200, json.dumps(body), **{"content-type": "application/x-amz-json-1.1"})


@pytest.fixture
def entered(cloud: Cloud) -> Entered:
    return Entered(Access())


@pytest.fixture
def trails(cloud: Cloud) -> Cloud:
    cloud.bucket("logs")
    cloudtrail = cloud.client("cloudtrail")
    cloudtrail.create_trail(Name="all", S3BucketName="logs", IsMultiRegionTrail=True)
    cloudtrail.start_logging(Name="all")
    objects = {"Type": "AWS::S3::Object", "Values": ["arn:aws:s3"]}
    cloudtrail.put_event_selectors(TrailName="all", EventSelectors=[{"ReadWriteType": "All", "DataResources": [objects]}])
    return cloud


def test_trails_are_found_once_with_their_selectors(trails: Cloud, entered: Entered) -> None:
    fact = accounts.trails(entered.client, [HOME, "eu-west-1"])
    assert isinstance(fact, Value)
    (trail,) = fact.value
    assert (HOME, "logs", True) == (trail.home_region, trail.s3_bucket_name, trail.is_multi_region)
    assert isinstance(trail.is_logging, Value)
    assert trail.is_logging.value
    assert isinstance(trail.selectors, Value)
    assert ("arn:aws:s3",) == trail.selectors.value[0].s3_objects


@pytest.mark.parametrize("operation", ["DescribeTrails", "GetTrailStatus", "GetEventSelectors"])
def test_what_cloudtrail_does_not_tell_is_unknown(trails: Cloud, entered: Entered, operation: str) -> None:
    with trails.planted(operation, DENIED):
        fact = accounts.trails(entered.client, [HOME])
    found: object = fact
    if isinstance(fact, Value):
        found = fact.value[0].is_logging if operation == "GetTrailStatus" else fact.value[0].advanced
    assert isinstance(found, Unknown)
    assert f"cloudtrail:{operation}" == found.denied


def test_advanced_selectors_are_read_whole(trails: Cloud, entered: Entered) -> None:
    advanced = [
        {"FieldSelectors": [{"Field": "eventCategory", "Equals": ["Data"]}, {"Field": "resources.ARN", "NotStartsWith": ["arn:x"]}]}
    ]
    with trails.planted("GetEventSelectors", told(AdvancedEventSelectors=advanced)):
        fact = accounts.trails(entered.client, [HOME])
    assert isinstance(fact, Value)
    assert isinstance(fact.value[0].advanced, Value)
    ((first, second),) = fact.value[0].advanced.value
    assert (("Data",), "resources.ARN", ("arn:x",)) == (first.equals, second.field, second.not_starts_with)


def test_the_four_switches_of_an_account_are_found_or_absent(cloud: Cloud, entered: Entered) -> None:
    assert "absent" == accounts.public_access_block(entered.client, ACCOUNT).state
    every = dict.fromkeys(("BlockPublicAcls", "IgnorePublicAcls", "BlockPublicPolicy", "RestrictPublicBuckets"), True)
    cloud.client("s3control").put_public_access_block(AccountId=ACCOUNT, PublicAccessBlockConfiguration=every)
    fact = accounts.public_access_block(entered.client, ACCOUNT)
    assert isinstance(fact, Value)
    assert fact.value.restrict_public_buckets


def test_deliveries_by_cloudwatch_logs_are_found_over_all_pages(cloud: Cloud, entered: Entered) -> None:
    source = {"name": "s", "resourceArns": ["arn:aws:s3:::app"], "logType": "S3_SERVER_ACCESS_LOGS"}
    other = {"name": "o", "resourceArns": ["arn:aws:s3:::else"], "logType": "ACCESS_LOGS"}
    delivery = {"deliverySourceName": "s", "deliveryDestinationArn": "arn:aws:logs:x", "deliveryDestinationType": "CWL"}
    with (
        cloud.planted("DescribeDeliverySources", told(deliverySources=[other, source])),
        cloud.planted("DescribeDeliveries", told(deliveries=[delivery])),
    ):
        fact = accounts.log_deliveries(entered.client, [HOME])
    assert (LogDelivery("arn:aws:s3:::app", "arn:aws:logs:x", "CWL"),) == (fact.value if isinstance(fact, Value) else fact)
    with cloud.planted("DescribeDeliverySources", told()):
        nonsense = accounts.log_deliveries(entered.client, [HOME])
    assert "DescribeDeliverySources was answered with nonsense (the answer has no deliverySources) (in us-east-1)" == getattr(
        nonsense, "reason", nonsense
    )


def test_one_region_that_cannot_be_asked_makes_all_unknown(cloud: Cloud, entered: Entered) -> None:
    with cloud.planted("DescribeDeliverySources", DENIED):
        fact = accounts.log_deliveries(entered.client, [HOME])
    assert isinstance(fact, Unknown)
    assert ("logs:DescribeDeliverySources", True) == (fact.denied, fact.reason.endswith("(in us-east-1)"))
    assert fact == accounts.counted([Value((1, 2)), fact])
    assert Value(3) == accounts.counted([Value((1, 2)), Value((3,))])


def test_table_and_directory_buckets_are_listed(cloud: Cloud, entered: Entered) -> None:
    cloud.client("s3tables").create_table_bucket(name="tables")
    fact = accounts.table_buckets(entered.client, HOME)
    assert isinstance(fact, Value)
    assert [("tables", f"arn:aws:s3tables:{HOME}:{ACCOUNT}:bucket/tables")] == list(fact.value)
    names = "<Buckets><Bucket><Name>d--use1-az4--x-s3</Name></Bucket></Buckets>"
    listed = f"<ListAllMyDirectoryBucketsResult>{names}</ListAllMyDirectoryBucketsResult>"
    with cloud.planted("ListDirectoryBuckets", answered(200, listed)):
        directories = accounts.directory_buckets(entered.client, HOME)
    assert ("d--use1-az4--x-s3",) == (directories.value if isinstance(directories, Value) else directories)
