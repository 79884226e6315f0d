"""The facts of one bucket, asked of AWS."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import replace
from typing import Any, Final

from s3guard.audit import answers
from s3guard.audit.asking import NonsenseError, ask
from s3guard.audit.calls import CALLS
from s3guard.audit.facts import Absent, Fact, Origin, Unknown, Value
from s3guard.audit.rows import TOP, Bucket, IntelligentTiering

_OLD_REGIONS: Final = {"EU": "eu-west-1", "": "us-east-1"}
"""What GetBucketLocation calls them: https://docs.aws.amazon.com/AmazonS3/latest/API/API_GetBucketLocation.html"""
_PAGES: Final = 100
"""Pages of a bucket's Intelligent-Tiering configurations, of which it may have 1,000."""

Client = Any  # a client of S3 from `asking.guarded`; its class is made when it runs


def with_facts(bucket: Bucket, client: Client, names: Collection[str]) -> Bucket:
    """The row with these facts asked for; of a bucket that is not there nothing is asked."""
    if isinstance(bucket.exists, Value) and not bucket.exists.value:
        gone = Unknown("the bucket does not exist")
        return _with(bucket, {name: gone for name in names if name in CALLS or name == "top_level"})
    found = {name: asked(bucket.name, client, name) for name in names if name in CALLS}
    if "top_level" in names:
        found["top_level"] = top_level(bucket.name, client)
    return _with(bucket, found)


def _with(bucket: Bucket, facts: Mapping[str, Fact[Any]]) -> Bucket:
    changes: dict[str, Any] = dict(facts)
    return replace(bucket, **changes)


def asked(bucket: str, client: Client, name: str) -> Fact[Any]:
    """One fact that is one call's answer."""
    if name == "intelligent_tiering":
        return tiering(bucket, client)
    call = CALLS[name]
    return ask(lambda: getattr(client, call.method)(Bucket=bucket), call.operation, call.action, answers.READERS[name], call.absent)


def tiering(bucket: str, client: Client) -> Fact[tuple[IntelligentTiering, ...]]:
    """The Intelligent-Tiering configurations, all pages."""
    call = CALLS["intelligent_tiering"]

    def pages() -> list[Mapping[str, Any]]:
        found, token = [], None
        for _ in range(_PAGES):
            answer = getattr(client, call.method)(Bucket=bucket, **({} if token is None else {"ContinuationToken": token}))
            found.append(answer)
            token = answer.get("NextContinuationToken") if answer.get("IsTruncated") else None
            if token is None:
                return found
        raise NonsenseError("more configurations than a bucket may have")

    def read(told: list[Mapping[str, Any]]) -> tuple[IntelligentTiering, ...]:
        return tuple(one for answer in told for one in answers.intelligent_tiering(answer))

    return ask(pages, call.operation, call.action, read)


def top_level(bucket: str, client: Client) -> Fact[tuple[str, ...]]:
    """The first level of a log bucket."""

    def pages() -> list[Mapping[str, Any]]:
        found: list[Mapping[str, Any]] = []
        more: dict[str, Any] = {}
        while len(found) < TOP // 1_000:
            found.append(client.list_objects_v2(Bucket=bucket, Delimiter="/", MaxKeys=1_000, **more))
            if not found[-1].get("IsTruncated"):
                break
            more = {"ContinuationToken": found[-1]["NextContinuationToken"]}
        return found

    def read(told: list[Mapping[str, Any]]) -> tuple[str, ...]:
        keys = [one["Key"] for answer in told for one in answer.get("Contents") or ()]
        return tuple(sorted([*keys, *(one["Prefix"] for answer in told for one in answer.get("CommonPrefixes") or ())]))

    return ask(pages, "ListObjectsV2", "s3:ListBucket", read)


def region(bucket: str, client: Client) -> Fact[str]:
    """A bucket's Region, where the list of buckets does not tell it: asked of the bucket, then by the older call."""
    found: Fact[str] = ask(lambda: client.head_bucket(Bucket=bucket), "HeadBucket", "s3:ListBucket", _region_of)
    if isinstance(found, Value):
        return found
    older: Fact[str] = ask(
        lambda: client.get_bucket_location(Bucket=bucket),
        "GetBucketLocation",
        "s3:GetBucketLocation",
        lambda answer: _OLD_REGIONS.get(answer.get("LocationConstraint") or "", answer.get("LocationConstraint")),
    )
    return older


def _region_of(answer: Mapping[str, Any]) -> str | None:
    headers = (answer.get("ResponseMetadata") or {}).get("HTTPHeaders") or {}
    found = answer.get("BucketRegion") or headers.get("x-amz-bucket-region")
    return None if found is None else str(found)


def stranger(name: str, client: Client, account: str | None, *, in_list: bool | None) -> Bucket:
    """The row of a bucket that is in no list of ours: somebody's target, or one that a policy names where the list was denied.

    `in_list` False: the account's list was read and does not have it; None: it was not read, and the owner is asked for.
    """
    there = _exists(name, client)
    owner = None
    if in_list is None and account is not None:
        owned = ask(
            lambda: client.head_bucket(Bucket=name, ExpectedBucketOwner=account), "HeadBucket", "s3:ListBucket", lambda _answer: True
        )
        owner = account if isinstance(owned, Value) else None
    where: Fact[str] = Unknown("the bucket does not exist")
    if not (isinstance(there, Value) and not there.value):
        where = region(name, client)
    return Bucket(name, owner, exists=there, region=where)


def _exists(name: str, client: Client) -> Fact[bool]:
    """Whether a bucket is there: HeadBucket has no body, so its code is the status."""
    found: Fact[bool] = ask(
        lambda: client.head_bucket(Bucket=name), "HeadBucket", "s3:ListBucket", lambda _answer: True, ("404", "NoSuchBucket")
    )
    return Value(value=False, origin=Origin("HeadBucket")) if isinstance(found, Absent) else found


def table_bucket_logging(arn: str, client: Any) -> Fact[Any]:  # noqa: ANN401 - a client's class is made when it runs
    """A table bucket's logging; unknown where this SDK is older than the call."""
    if not hasattr(client, "get_table_bucket_logging"):
        return Unknown("this boto3 is older than GetTableBucketLogging; upgrade boto3")
    return ask(
        lambda: client.get_table_bucket_logging(tableBucketARN=arn),
        "GetTableBucketLogging",
        "s3tables:GetTableBucketLogging",
        answers.table_logging,
    )
