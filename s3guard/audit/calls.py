"""How a live audit asks for each fact: the call of AWS's API, the IAM actions that it takes, and the codes that mean "not configured"."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Final


@dataclass(frozen=True, slots=True)
class Call:
    """One call of AWS's API about a bucket."""

    operation: str
    """``GetBucketPolicy``."""
    method: str
    """Of boto3's client."""
    action: str
    """The IAM action that it takes: https://docs.aws.amazon.com/service-authorization/latest/reference/list_amazons3.html"""
    absent: tuple[str, ...] = ()
    """Error codes by which this call, and no other, says that nothing is configured."""
    root: str | None = None
    """How the name of the element begins that an answer is; None where it is no XML. Another one is an answer to something else."""


CALLS: Final[dict[str, Call]] = {
    "logging": Call("GetBucketLogging", "get_bucket_logging", "s3:GetBucketLogging", root="BucketLoggingStatus"),
    "policy": Call("GetBucketPolicy", "get_bucket_policy", "s3:GetBucketPolicy", ("NoSuchBucketPolicy",)),
    "policy_is_public": Call(
        "GetBucketPolicyStatus", "get_bucket_policy_status", "s3:GetBucketPolicyStatus", ("NoSuchBucketPolicy",), "PolicyStatus"
    ),
    "acl": Call("GetBucketAcl", "get_bucket_acl", "s3:GetBucketAcl", root="AccessControlPolicy"),
    "object_ownership": Call(
        "GetBucketOwnershipControls",
        "get_bucket_ownership_controls",
        "s3:GetBucketOwnershipControls",
        ("OwnershipControlsNotFoundError",),
        "OwnershipControls",
    ),
    "payer": Call(
        "GetBucketRequestPayment", "get_bucket_request_payment", "s3:GetBucketRequestPayment", root="RequestPaymentConfiguration"
    ),
    "encryption": Call(
        "GetBucketEncryption",
        "get_bucket_encryption",
        "s3:GetEncryptionConfiguration",
        ("ServerSideEncryptionConfigurationNotFoundError",),
        "ServerSideEncryptionConfiguration",
    ),
    "object_lock": Call(
        "GetObjectLockConfiguration",
        "get_object_lock_configuration",
        "s3:GetBucketObjectLockConfiguration",
        ("ObjectLockConfigurationNotFoundError",),
        "ObjectLockConfiguration",
    ),
    "versioning": Call("GetBucketVersioning", "get_bucket_versioning", "s3:GetBucketVersioning", root="VersioningConfiguration"),
    "lifecycle": Call(
        "GetBucketLifecycleConfiguration",
        "get_bucket_lifecycle_configuration",
        "s3:GetLifecycleConfiguration",
        ("NoSuchLifecycleConfiguration",),
        "LifecycleConfiguration",
    ),
    "intelligent_tiering": Call(
        "ListBucketIntelligentTieringConfigurations",
        "list_bucket_intelligent_tiering_configurations",
        "s3:GetIntelligentTieringConfiguration",
        root="ListBucketIntelligentTieringConfigurations",
    ),
    "public_access_block": Call(
        "GetPublicAccessBlock",
        "get_public_access_block",
        "s3:GetBucketPublicAccessBlock",
        ("NoSuchPublicAccessBlockConfiguration",),
        "PublicAccessBlockConfiguration",
    ),
}
"""The facts of a bucket that one call answers."""

ROOTS: Final = {call.operation: call.root for call in CALLS.values() if call.root} | {
    "ListBuckets": "ListAllMyBucketsResult",
    "ListDirectoryBuckets": "ListAllMyDirectoryBucketsResult",
    "ListObjectsV2": "ListBucketResult",
    "GetBucketLocation": "LocationConstraint",
}
"""Calls of S3 that answer in XML, and the element that the answer is."""
_OTHERS: Final[dict[str, tuple[str, ...]]] = {
    "exists": ("s3:ListAllMyBuckets", "s3:ListBucket"),
    "region": ("s3:ListAllMyBuckets", "s3:ListBucket", "s3:GetBucketLocation"),
    "top_level": ("s3:ListBucket",),
    "delivered": ("s3:ListBucket",),
    "canary": ("s3:ListBucket", "s3:GetObject"),
    "table_logging": ("s3tables:GetTableBucketLogging",),
    "account.buckets": ("s3:ListAllMyBuckets",),
    "account.directory_buckets": ("s3express:ListAllMyDirectoryBuckets",),
    "account.table_buckets": ("s3tables:ListTableBuckets", "s3tables:GetTableBucketLogging"),
    "account.public_access_block": ("s3:GetAccountPublicAccessBlock",),
    "account.trails": ("cloudtrail:DescribeTrails", "cloudtrail:GetTrailStatus", "cloudtrail:GetEventSelectors"),
    "account.event_data_stores": ("cloudtrail:ListEventDataStores", "cloudtrail:GetEventDataStore"),
    "account.log_deliveries": ("logs:DescribeDeliverySources", "logs:DescribeDeliveries"),
}
ALWAYS: Final = ("s3:ListAllMyBuckets", "s3:GetBucketLocation", "s3:ListBucket", "s3:GetBucketLogging")
"""What every audit takes: the list of buckets, their Regions, and who logs to whom."""


def own(need: str) -> str:
    """The fact that a need of a check names, without whose row it is in: ``target.exists`` and ``source.exists`` are ``exists``."""
    scope, _, name = need.rpartition(".")
    return need if scope == "account" else name


def actions(needs: Iterable[str]) -> tuple[str, ...]:
    """The IAM actions that a live audit takes for these facts, sorted."""
    found = set(ALWAYS)
    for need in map(own, needs):
        found |= {CALLS[need].action} if need in CALLS else set(_OTHERS.get(need, ()))
    return tuple(sorted(found))
