"""The facts of buckets from the properties of ``AWS::S3::Bucket``.

https://docs.aws.amazon.com/AWSCloudFormation/latest/TemplateReference/aws-resource-s3-bucket.html
"""

from __future__ import annotations

import re
from collections.abc import Callable
from functools import partial
from typing import Any, Final

from s3guard.audit.facts import Fact, NotKnownError, Origin, Unknown, Value, is_symbolic
from s3guard.audit.fresh import canned, new_bucket
from s3guard.audit.rows import (
    Acl,
    Encryption,
    Grant,
    IntelligentTiering,
    KeyFormat,
    Lifecycle,
    LifecycleRule,
    Logging,
    ObjectLock,
    PublicAccessBlock,
    Transition,
    Versioning,
)
from s3guard.audit.unsettled import Block, fact, symbols

_FLAGS: Final = ("BlockPublicAcls", "IgnorePublicAcls", "BlockPublicPolicy", "RestrictPublicBuckets")
_DAY: Final = re.compile(r"[0-9]{4}-[0-9]{2}-[0-9]{2}")


def facts_of(block: Block, name: str, origin: Origin) -> dict[str, Fact[Any]]:
    """The facts that the properties of a bucket say, and for the rest those of a new bucket."""
    found = new_bucket(origin)
    for key, (property_, read) in _READERS.items():
        if block.values.get(property_) is not None:
            found[key] = fact(partial(read, block), origin)
    found["logging"] = fact(lambda: _logging(block, name, origin), origin)
    found["object_lock"] = fact(lambda: _object_lock(block), origin)
    if isinstance(found["object_lock"], Value) and not block.values.get("VersioningConfiguration"):
        # NOTE: Object Lock switches versioning on by itself, and nobody can switch it off.
        found["versioning"] = Value(Versioning("Enabled"), origin)
    return found


def nothing_known(reason: str, origin: Origin) -> dict[str, Fact[Any]]:
    """The facts of a bucket whose properties cannot be told."""
    unknown = Unknown(reason, origin=origin)
    return {**dict.fromkeys(new_bucket(origin), unknown), "exists": Value(value=True, origin=origin)}


def _logging(block: Block, name: str, origin: Origin) -> Logging | None:
    said = block.block("LoggingConfiguration")
    if said is None:
        return None
    return Logging(
        # NOTE: a bucket that names no destination logs to itself.
        fact(lambda: said.text("DestinationBucketName", symbolic=True) or name, origin),
        fact(lambda: _prefix(said), origin),
        fact(lambda: _key_format(said.block("TargetObjectKeyFormat")), origin),
        Value((), origin),
    )


def _prefix(said: Block) -> str:
    """The prefix; what stands for a pseudo parameter in it is the same everywhere, anything else may begin as another prefix does."""
    found = said.text("LogFilePrefix", symbolic=True) or ""
    if is_symbolic(found) and not all(one.startswith("AWS::") for one in symbols(found)):
        raise NotKnownError(said.why(found))
    return found


def _key_format(said: Block | None) -> KeyFormat:
    if said is None:
        return KeyFormat()
    partitioned = said.block("PartitionedPrefix")
    if partitioned is not None:
        return KeyFormat("PartitionedPrefix", partitioned.text("PartitionDateSource") or "EventTime")
    if "SimplePrefix" not in said.values:
        raise NotKnownError(f"{said.name} is of no kind that is known")
    return KeyFormat()


def _acl(block: Block) -> Acl:
    name = block.text("AccessControl") or "Private"
    if name.lower() == "awsexecread":
        # NOTE: the canonical user of EC2 that bundles images of instances.
        return Acl(None, (Grant("READ", id="6aa5a366c34c1cbe25dc49211496e913e0351eb0e8c37aa3477e40942ec6b97c"),))
    found = canned(name)
    if found is None:
        raise NotKnownError(f"AccessControl of {block.name} is no canned ACL that is known")
    return found


def _ownership(block: Block) -> str:
    return block.needed_block("OwnershipControls").needed_block("Rules").needed("ObjectOwnership")


def _encryption(block: Block) -> Encryption:
    rule = block.needed_block("BucketEncryption").needed_block("ServerSideEncryptionConfiguration")
    default = rule.block("ServerSideEncryptionByDefault")
    if default is None:
        return Encryption("AES256")
    return Encryption(default.needed("SSEAlgorithm"), default.text("KMSMasterKeyID", symbolic=True))


def _object_lock(block: Block) -> ObjectLock | None:
    said = block.block("ObjectLockConfiguration")
    if not block.flag("ObjectLockEnabled") and (said is None or said.text("ObjectLockEnabled") != "Enabled"):
        return None
    rule = None if said is None else said.block("Rule")
    default = None if rule is None else rule.block("DefaultRetention")
    return ObjectLock() if default is None else ObjectLock(default.text("Mode"), default.whole("Days"), default.whole("Years"))


def _versioning(block: Block) -> Versioning:
    return Versioning(block.needed_block("VersioningConfiguration").needed("Status"))


def _public_access_block(block: Block) -> PublicAccessBlock:
    said = block.needed_block("PublicAccessBlockConfiguration")
    return PublicAccessBlock(*(said.flag(name) for name in _FLAGS))


def _lifecycle(block: Block) -> Lifecycle | None:
    said = block.block("LifecycleConfiguration")
    rules = () if said is None else tuple(map(_rule, said.blocks("Rules")))
    return None if said is None or not rules else Lifecycle(rules, said.text("TransitionDefaultMinimumObjectSize"))


def _rule(said: Block) -> LifecycleRule:
    noncurrent = said.block("NoncurrentVersionExpiration")
    return LifecycleRule(
        id=said.text("Id", symbolic=True) or "",
        status=said.needed("Status"),
        prefix=said.text("Prefix") or "",
        tags=_tags(said),
        object_size_greater_than=said.whole("ObjectSizeGreaterThan"),
        object_size_less_than=said.whole("ObjectSizeLessThan"),
        expiration_days=said.whole("ExpirationInDays"),
        expiration_date=_date(said, "ExpirationDate"),
        expired_object_delete_marker=said.flag("ExpiredObjectDeleteMarker"),
        noncurrent_days=said.whole("NoncurrentVersionExpirationInDays") if noncurrent is None else noncurrent.whole("NoncurrentDays"),
        newer_noncurrent_versions=None if noncurrent is None else noncurrent.whole("NewerNoncurrentVersions"),
        transitions=tuple(map(_transition, (*said.blocks("Transitions"), *said.blocks("Transition")))),
    )


def _transition(said: Block) -> Transition:
    return Transition(said.needed("StorageClass"), said.whole("TransitionInDays"), _date(said, "TransitionDate"))


def _date(said: Block, key: str) -> str | None:
    found = said.text(key)
    if found is not None and not _DAY.match(found):
        raise NotKnownError(f"{key} of {said.name} makes no sense: a date is expected")
    return None if found is None else found[:10]


def _tags(said: Block) -> tuple[tuple[str, str], ...]:
    return tuple((tag.needed("Key", symbolic=True), tag.text("Value", symbolic=True) or "") for tag in said.blocks("TagFilters"))


def _tierings(block: Block) -> tuple[IntelligentTiering, ...]:
    return tuple(map(_tiering, block.blocks("IntelligentTieringConfigurations")))


def _tiering(said: Block) -> IntelligentTiering:
    tierings = tuple((one.needed("AccessTier"), _days(one)) for one in said.blocks("Tierings"))
    return IntelligentTiering(said.needed("Id", symbolic=True), said.needed("Status"), said.text("Prefix") or "", _tags(said), tierings)


def _days(said: Block) -> int:
    found = said.whole("Days")
    if found is None:
        raise NotKnownError(f"{said.name} has no Days")
    return found


_READERS: Final[dict[str, tuple[str, Callable[[Block], object]]]] = {
    "acl": ("AccessControl", _acl),
    "object_ownership": ("OwnershipControls", _ownership),
    "encryption": ("BucketEncryption", _encryption),
    "versioning": ("VersioningConfiguration", _versioning),
    "lifecycle": ("LifecycleConfiguration", _lifecycle),
    "intelligent_tiering": ("IntelligentTieringConfigurations", _tierings),
    "public_access_block": ("PublicAccessBlockConfiguration", _public_access_block),
}
"""By the fact's name: the property that says it, and what it says."""
