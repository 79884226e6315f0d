"""Live accounts as facts, over moto and real HTTP."""

from __future__ import annotations

import json
from dataclasses import replace
from datetime import UTC, datetime
from typing import Any

import pytest

from s3guard.audit import accounts, aws, live
from s3guard.audit.asking import ask
from s3guard.audit.calls import CALLS
from s3guard.audit.facts import Absent, Unknown, Value
from s3guard.audit.rows import Bucket, Encryption, Facts, KeyFormat, Lifecycle, Logging, ObjectLock, PublicAccessBlock, Versioning
from s3guard.audit.wants import Wants
from s3guard.aws import Access, Account
from s3guard.model import UnableError
from tests.audit.cloud import ACCOUNT, FAULTS, Cloud, answered

SINK = frozenset({*CALLS, "top_level"})
BUCKETS = Wants(frozenset({"region", "exists"}), SINK, frozenset())


def look(wants: Wants = BUCKETS, *accesses: Access, **more: Any) -> Facts:
    return aws.look(aws.Look(accesses or (Access(),), wants, datetime.now(UTC), **more)).facts


def row(found: Facts, name: str) -> Bucket:
    return next(one for one in found.buckets if one.name == name)


def test_every_bucket_of_every_region_is_a_row(small: Cloud) -> None:
    found = look()
    assert ["app", "app-eu", "logs", "logs-eu"] == [one.name for one in found.buckets]
    assert [Value("us-east-1"), Value("eu-west-1")] == [
        Value(one.region.value) for one in found.buckets[:2] if isinstance(one.region, Value)
    ]
    (account,) = found.accounts
    assert (ACCOUNT, "aws", 4) == (account.id, account.partition, account.buckets.value if isinstance(account.buckets, Value) else None)


def test_every_fact_of_a_log_bucket_is_found(changing: Cloud) -> None:
    s3 = changing.client("s3")
    s3.put_bucket_lifecycle_configuration(
        Bucket="logs",
        LifecycleConfiguration={"Rules": [{"ID": "r", "Status": "Enabled", "Filter": {"Prefix": "app/"}, "Expiration": {"Days": 400}}]},
    )
    logs = row(look(), "logs")
    unknown = [name for name in SINK if isinstance(getattr(logs, name), Unknown)]
    assert [] == unknown
    everything = PublicAccessBlock(block_public_acls=True, ignore_public_acls=True, block_public_policy=True, restrict_public_buckets=True)
    for name, value in (
        ("object_ownership", "BucketOwnerEnforced"),
        ("encryption", Encryption("AES256")),
        ("versioning", Versioning("Enabled")),
        ("payer", "BucketOwner"),
        ("policy_is_public", False),
        ("public_access_block", everything),
    ):
        assert value == getattr(logs, name).value
    assert isinstance(logs.object_lock, Absent)
    assert isinstance(logs.lifecycle, Value)
    assert ("r", "app/", 400) == (
        logs.lifecycle.value.rules[0].id,
        logs.lifecycle.value.rules[0].prefix,
        logs.lifecycle.value.rules[0].expiration_days,
    )
    assert isinstance(logs.policy, Value)
    assert "Delivery" == json.loads(logs.policy.value)["Statement"][0]["Sid"]


def test_what_aws_calls_absent_is_absent(cloud: Cloud) -> None:
    cloud.bucket("logs")
    cloud.sink("proper")
    cloud.bucket("app")
    cloud.log("app", "proper")
    cloud.client("s3").put_bucket_logging(
        Bucket="proper", BucketLoggingStatus={"LoggingEnabled": {"TargetBucket": "proper", "TargetPrefix": ""}}
    )
    cloud.client("s3").delete_bucket_policy(Bucket="proper")
    proper = row(look(), "proper")
    absent = {name: getattr(proper, name).code for name in SINK if isinstance(getattr(proper, name), Absent)}
    assert {
        "lifecycle": "NoSuchLifecycleConfiguration",
        "object_lock": "ObjectLockConfigurationNotFoundError",
        "policy": "NoSuchBucketPolicy",
    } == absent


def test_a_target_that_is_gone_is_a_row_that_does_not_exist(changing: Cloud) -> None:
    changing.client("s3").delete_bucket(Bucket="logs")
    logs = row(look(), "logs")
    assert (None, False) == (logs.account, logs.exists.value if isinstance(logs.exists, Value) else None)
    assert "the bucket does not exist" == logs.policy.reason if isinstance(logs.policy, Unknown) else None


def test_who_may_not_list_buckets_looks_at_those_that_are_named(small: Cloud) -> None:
    with small.planted("ListBuckets", FAULTS["denied"]):
        found = look(named=("app", "nowhere"))
    assert "ListBuckets was denied (AccessDenied); grant s3:ListAllMyBuckets" == found.accounts[0].buckets.reason  # type: ignore[union-attr]  # it is unknown
    assert [("app", True), ("logs", True), ("nowhere", False)] == [
        (one.name, one.exists.value if isinstance(one.exists, Value) else None) for one in found.buckets
    ]
    assert [ACCOUNT, ACCOUNT] == [one.account for one in found.buckets[:2]]
    assert isinstance(row(found, "app").logging, Value)


@pytest.mark.parametrize(
    ("kind", "said"),
    [
        ("denied", "was denied (AccessDenied); grant "),
        ("throttled", "was put off each time that it was asked (SlowDown)"),
        ("timed out", "got no answer (Read timeout"),
        ("nonsense", "was answered with nonsense ("),
        ("no XML", ""),
    ],
)
def test_each_call_that_goes_wrong_is_one_unknown_fact_and_nothing_else_changes(small: Cloud, kind: str, said: str) -> None:
    client = aws.Entered(Access()).client("s3")
    right = live.with_facts(Bucket("logs", ACCOUNT), client, SINK)
    for name, call in CALLS.items():
        with small.planted(call.operation, FAULTS[kind], "logs"):
            wrong = live.with_facts(Bucket("logs", ACCOUNT), client, SINK)
        fact = getattr(wrong, name)
        assert isinstance(fact, Unknown), name
        assert fact.reason.startswith(f"{call.operation} {said}"), fact
        assert (call.action if kind == "denied" else None) == fact.denied
        alone: dict[str, Any] = {name: fact}
        assert replace(right, **alone) == wrong


@pytest.mark.parametrize("kind", FAULTS)
def test_a_bucket_whose_logging_cannot_be_read_is_there_and_unknown(small: Cloud, kind: str) -> None:
    with small.planted("GetBucketLogging", FAULTS[kind], "app"):
        found = look()
    assert isinstance(row(found, "app").logging, Unknown)
    assert isinstance(row(found, "app-eu").logging, Value)
    assert 4 == len(found.buckets)


def test_a_bucket_whose_region_cannot_be_read_is_there_and_unknown(small: Cloud) -> None:
    with small.planted("HeadBucket", FAULTS["denied"], "app-eu"), small.planted("GetBucketLocation", FAULTS["denied"], "app-eu"):
        found = row(look(), "app-eu")
    assert isinstance(found.region, Unknown)
    assert "GetBucketLocation was denied (AccessDenied); grant s3:GetBucketLocation" == found.region.reason


@pytest.mark.parametrize(("said", "region"), [("", "us-east-1"), ("EU", "eu-west-1"), ("eu-north-1", "eu-north-1")])
def test_the_older_call_tells_regions_by_older_names(small: Cloud, said: str, region: str) -> None:
    told = f"<LocationConstraint>{said}</LocationConstraint>" if said else "<LocationConstraint/>"
    with small.planted("HeadBucket", FAULTS["denied"], "app"), small.planted("GetBucketLocation", answered(200, told), "app"):
        found = row(look(), "app")
    assert Value(region) == Value(found.region.value) if isinstance(found.region, Value) else found.region


def test_key_formats_and_grants_are_read_as_aws_writes_them(small: Cloud) -> None:
    # NOTE: moto drops the key format.
    told = (
        '<BucketLoggingStatus xmlns="http://doc.s3.amazonaws.com/2006-03-01"><LoggingEnabled><TargetBucket>logs</TargetBucket>'
        "<TargetGrants><Grant><Grantee xmlns:xsi='http://www.w3.org/2001/XMLSchema-instance' xsi:type='Group'>"
        "<URI>http://acs.amazonaws.com/groups/global/AllUsers</URI></Grantee><Permission>READ</Permission></Grant></TargetGrants>"
        "<TargetPrefix>x/</TargetPrefix><TargetObjectKeyFormat>{}</TargetObjectKeyFormat></LoggingEnabled></BucketLoggingStatus>"
    )
    forms = {
        "<SimplePrefix/>": KeyFormat("SimplePrefix"),
        "<PartitionedPrefix/>": KeyFormat("PartitionedPrefix", "EventTime"),
        "<PartitionedPrefix><PartitionDateSource>DeliveryTime</PartitionDateSource></PartitionedPrefix>": KeyFormat(
            "PartitionedPrefix", "DeliveryTime"
        ),
    }
    for written, form in forms.items():
        with small.planted("GetBucketLogging", answered(200, told.format(written)), "app"):
            fact = row(look(), "app").logging
        assert isinstance(fact, Value)
        logging: Logging = fact.value
        assert form == logging.target_object_key_format.value  # type: ignore[union-attr]  # it is known
        assert "http://acs.amazonaws.com/groups/global/AllUsers" == logging.target_grants.value[0].uri  # type: ignore[union-attr]  # as above


def test_lifecycle_and_lock_are_read_as_aws_writes_them(small: Cloud) -> None:
    lifecycle = (
        "<LifecycleConfiguration><Rule><ID>r</ID><Status>Enabled</Status><Filter><And><Prefix>app/</Prefix><ObjectSizeGreaterThan>500"
        "</ObjectSizeGreaterThan><Tag><Key>k</Key><Value></Value></Tag></And></Filter><Expiration><Date>2030-01-01T00:00:00.000Z</Date>"
        "</Expiration><Transition><Days>30</Days><StorageClass>GLACIER</StorageClass></Transition><NoncurrentVersionExpiration>"
        "<NoncurrentDays>7</NoncurrentDays><NewerNoncurrentVersions>3</NewerNoncurrentVersions></NoncurrentVersionExpiration></Rule>"
        "</LifecycleConfiguration>"
    )
    lock = (
        "<ObjectLockConfiguration><ObjectLockEnabled>Enabled</ObjectLockEnabled><Rule><DefaultRetention><Mode>COMPLIANCE</Mode>"
        "<Days>365</Days><Years>0</Years></DefaultRetention></Rule></ObjectLockConfiguration>"
    )
    size = {"x-amz-transition-default-minimum-object-size": "varies_by_storage_class"}
    with (
        small.planted("GetBucketLifecycleConfiguration", answered(200, lifecycle, **size)),
        small.planted("GetObjectLockConfiguration", answered(200, lock)),
    ):
        logs = row(look(), "logs")
    assert ObjectLock("COMPLIANCE", 365, None) == logs.object_lock.value  # type: ignore[union-attr]  # it is known
    found = logs.lifecycle.value  # type: ignore[union-attr]  # as above
    assert isinstance(found, Lifecycle)
    (rule,) = found.rules
    assert ("varies_by_storage_class", "app/", (("k", ""),), 500) == (
        found.transition_default_minimum_object_size,
        rule.prefix,
        rule.tags,
        rule.object_size_greater_than,
    )
    assert ("2030-01-01", None, 7, 3, "GLACIER", 30) == (
        rule.expiration_date,
        rule.expiration_days,
        rule.noncurrent_days,
        rule.newer_noncurrent_versions,
        rule.transitions[0].storage_class,
        rule.transitions[0].days,
    )


def test_several_accounts_are_one_report(changing: Cloud) -> None:
    other = Access(role_arn="arn:aws:iam::444455556666:role/auditor")
    aws.Entered(other).client("s3").create_bucket(Bucket="theirs")
    found = look(BUCKETS, Access(), other)
    assert [(ACCOUNT, Value(4)), ("444455556666", Value(1))] == [(one.id, replace(one.buckets, origin=None)) for one in found.accounts]
    assert ("444455556666", 5) == (row(found, "theirs").account, len(found.buckets))


def test_an_account_among_several_that_cannot_be_entered_is_a_row_that_says_so(small: Cloud, monkeypatch: pytest.MonkeyPatch) -> None:
    refused = Access(role_arn="arn:aws:iam::444455556666:role/auditor")
    entered = Account.frozen

    def frozen(account: Account) -> object:
        if account.access is refused:
            raise UnableError("--role-arn arn:…: refused (AccessDenied): no")
        return entered(account)

    monkeypatch.setattr(Account, "frozen", frozen)
    found = look(BUCKETS, Access(), refused)
    assert [ACCOUNT, "444455556666"] == [one.id for one in found.accounts]
    assert Unknown("--role-arn arn:…: refused (AccessDenied): no") == found.accounts[1].buckets
    assert 4 == len(found.buckets)
    with pytest.raises(UnableError, match="refused"):
        look(BUCKETS, refused)


def test_nothing_is_asked_that_no_check_needs(small: Cloud) -> None:
    look(Wants(frozenset(), frozenset({"versioning"}), frozenset()))
    assert {
        "GetCallerIdentity",
        "ListBuckets",
        "HeadBucket",
        "GetBucketLogging",
        "GetBucketPolicy",
        "GetBucketAcl",
        "GetBucketVersioning",
    } == {operation for _, operation in small.asked}


def test_an_audit_writes_nothing(small: Cloud) -> None:
    look(Wants(BUCKETS.bucket | {"delivered"}, SINK, frozenset()))
    assert [] == [operation for _, operation in small.asked if not operation.startswith(("Get", "List", "Head", "Describe"))]


def test_progress_ends_at_the_number_of_buckets(small: Cloud) -> None:
    told: list[tuple[int, int]] = []
    look(progress=lambda done, total: told.append((done, total)))
    assert (8, 8) == told[-1]
    assert sorted(told) == told


def test_a_page_of_a_list_that_makes_no_sense_is_unknown() -> None:
    answer: dict[str, list[str]] = {"Owner": []}

    def pages() -> list[str]:
        return [*answer["Buckets"]]

    found = ask(pages, "ListBuckets", "s3:ListAllMyBuckets", lambda names: names)
    assert "ListBuckets was answered with nonsense (the answer has no Buckets)" == getattr(found, "reason", found)


def test_the_first_level_of_a_log_bucket_is_listed_to_its_end() -> None:
    class Client:
        def list_objects_v2(self, **asked: Any) -> dict[str, Any]:
            page = int(asked.get("ContinuationToken", 0))
            more = {"IsTruncated": True, "NextContinuationToken": str(page + 1)} if page < 2 else {"IsTruncated": False}
            return {"CommonPrefixes": [{"Prefix": f"{page}/"}], **more}

    assert ("0/", "1/", "2/") == getattr(live.top_level("logs", Client()), "value", None)


def test_a_table_bucket_does_not_take_the_row_of_a_bucket_of_its_name(small: Cloud, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(accounts, "table_buckets", lambda _clients, _region: Value((("logs", "arn:aws:s3tables:::bucket/logs"),)))
    monkeypatch.setattr(live, "table_bucket_logging", lambda _arn, _client: Absent())
    kinds = [one.kind for one in look(Wants(frozenset(), frozenset(), frozenset({"table_buckets"}))).buckets if one.name == "logs"]
    assert ("general", {"general", "table"}) == (kinds[0], set(kinds))
