"""What AWS answered, as values of the rows; ValueError, KeyError or TypeError where an answer makes no sense."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping, Sequence
from typing import Any, Final

from s3guard.audit.facts import Fact, Origin, Value
from s3guard.audit.rows import (
    Acl,
    Encryption,
    FieldSelector,
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

Answer = Mapping[str, Any]
"""An answer as boto3 gives it."""


def logging(answer: Answer) -> Logging | None:
    """Of GetBucketLogging; None: off."""
    return _enabled(answer["LoggingEnabled"], "GetBucketLogging") if "LoggingEnabled" in answer else None


def _enabled(said: Answer, call: str) -> Logging:
    origin = Origin(call)
    return Logging(
        Value(_text(said["TargetBucket"]), origin),
        Value(_text(said.get("TargetPrefix") or "", empty=True), origin),
        _key_format(said.get("TargetObjectKeyFormat"), origin),
        Value(tuple(_grant(one, one.get("Permission")) for one in said.get("TargetGrants") or ()), origin),
    )


def _key_format(said: Answer | None, origin: Origin) -> Fact[KeyFormat]:
    if said and "PartitionedPrefix" in said:
        return Value(KeyFormat("PartitionedPrefix", said["PartitionedPrefix"].get("PartitionDateSource") or "EventTime"), origin)
    if said and "SimplePrefix" not in said:
        raise ValueError("a key format of no kind that is known")
    return Value(KeyFormat(), origin)


def table_logging(answer: Answer) -> Logging | None:
    """Of GetTableBucketLogging; None: off. Its keys are always partitioned."""
    status = answer["tableBucketLoggingStatus"]
    said = status.get("loggingEnabled")
    if said is None:
        return None
    origin = Origin("GetTableBucketLogging")
    prefix = Value(_text(said.get("targetPrefix") or "", empty=True), origin)
    source = ((said.get("targetObjectKeyFormat") or {}).get("partitionedPrefix") or {}).get("partitionDateSource") or "EventTime"
    form = Value(KeyFormat("PartitionedPrefix", source), origin)
    return Logging(Value(_text(said["targetBucket"]), origin), prefix, form, Value((), origin))


def policy(answer: Answer) -> str:
    """Of GetBucketPolicy: a text that is a JSON object."""
    text = _text(answer["Policy"])
    try:
        document = json.loads(text)
    except RecursionError as error:
        raise ValueError("nested too deep") from error
    if not isinstance(document, dict):
        raise TypeError("no JSON object")
    return text


def policy_is_public(answer: Answer) -> bool:
    """Of GetBucketPolicyStatus."""
    return _flag(answer["PolicyStatus"]["IsPublic"])


def acl(answer: Answer) -> Acl:
    """Of GetBucketAcl."""
    return Acl(_text(answer["Owner"]["ID"]), tuple(_grant(one, one.get("Permission")) for one in answer["Grants"]))


def _grant(said: Answer, permission: object) -> Grant:
    grantee = said["Grantee"]
    # NOTE: servers that are not AWS's give the fields of other kinds of grantees as empty texts.
    uri, canonical, email = (grantee.get(name) or None for name in ("URI", "ID", "EmailAddress"))
    return Grant(_text(permission), uri, None if uri else canonical, None if uri or canonical else email)


def object_ownership(answer: Answer) -> str:
    """Of GetBucketOwnershipControls: the one rule's."""
    (rule,) = answer["OwnershipControls"]["Rules"]
    return _text(rule["ObjectOwnership"])


def payer(answer: Answer) -> str:
    """Of GetBucketRequestPayment."""
    return _text(answer["Payer"])


def encryption(answer: Answer) -> Encryption:
    """Of GetBucketEncryption: the one rule's default."""
    (rule,) = answer["ServerSideEncryptionConfiguration"]["Rules"]
    said = rule["ApplyServerSideEncryptionByDefault"]
    return Encryption(_text(said["SSEAlgorithm"]), said.get("KMSMasterKeyID") or None)


def object_lock(answer: Answer) -> ObjectLock | None:
    """Of GetObjectLockConfiguration; None: off."""
    said = answer["ObjectLockConfiguration"]
    if said["ObjectLockEnabled"] != "Enabled":
        return None
    default = (said.get("Rule") or {}).get("DefaultRetention") or {}
    return ObjectLock(default.get("Mode"), default.get("Days") or None, default.get("Years") or None)


def versioning(answer: Answer) -> Versioning | None:
    """Of GetBucketVersioning; None: never switched on."""
    status, mfa = answer.get("Status"), answer.get("MFADelete")
    if status is None and mfa is None:
        return None
    if status not in ("Enabled", "Suspended"):
        raise ValueError("a status that is none of versioning's")
    return Versioning(status, mfa)


def lifecycle(answer: Answer) -> Lifecycle | None:
    """Of GetBucketLifecycleConfiguration; None: no rules."""
    rules = tuple(map(_rule, answer["Rules"]))
    return Lifecycle(rules, answer.get("TransitionDefaultMinimumObjectSize") or None) if rules else None


def _rule(said: Answer) -> LifecycleRule:
    found = said.get("Filter") or {}
    every = found.get("And") or found
    expiration, noncurrent = said.get("Expiration") or {}, said.get("NoncurrentVersionExpiration") or {}
    tags = (*(every.get("Tags") or ()), *([found["Tag"]] if found.get("Tag") else ()))
    return LifecycleRule(
        id=str(said.get("ID") or ""),
        status=_text(said["Status"]),
        prefix=every.get("Prefix") or said.get("Prefix") or "",
        tags=tuple((_text(tag["Key"]), _text(tag["Value"], empty=True)) for tag in tags),
        object_size_greater_than=_count(every.get("ObjectSizeGreaterThan")),
        object_size_less_than=_count(every.get("ObjectSizeLessThan")),
        expiration_days=_count(expiration.get("Days")),
        expiration_date=_day(expiration.get("Date")),
        expired_object_delete_marker=bool(expiration.get("ExpiredObjectDeleteMarker")),
        noncurrent_days=_count(noncurrent.get("NoncurrentDays")),
        newer_noncurrent_versions=_count(noncurrent.get("NewerNoncurrentVersions")),
        transitions=tuple(map(_transition, said.get("Transitions") or ())),
    )


def _transition(said: Answer) -> Transition:
    return Transition(_text(said["StorageClass"]), _count(said.get("Days")), _day(said.get("Date")))


def intelligent_tiering(answer: Answer) -> tuple[IntelligentTiering, ...]:
    """Of one page of ListBucketIntelligentTieringConfigurations."""
    return tuple(map(_tiering, answer.get("IntelligentTieringConfigurationList") or ()))


def _tiering(said: Answer) -> IntelligentTiering:
    found = said.get("Filter") or {}
    every = found.get("And") or found
    tags = (*(every.get("Tags") or ()), *([found["Tag"]] if found.get("Tag") else ()))
    return IntelligentTiering(
        _text(said["Id"]),
        _text(said["Status"]),
        every.get("Prefix") or "",
        tuple((_text(tag["Key"]), _text(tag["Value"], empty=True)) for tag in tags),
        tuple((_text(one["AccessTier"]), int(one["Days"])) for one in said["Tierings"]),
    )


def public_access_block(answer: Answer) -> PublicAccessBlock:
    """Of GetPublicAccessBlock, of a bucket or an account: all four are there."""
    said = answer["PublicAccessBlockConfiguration"]
    names = ("BlockPublicAcls", "IgnorePublicAcls", "BlockPublicPolicy", "RestrictPublicBuckets")
    return PublicAccessBlock(*(_flag(said[name]) for name in names))


def advanced(selectors: Sequence[Answer]) -> tuple[tuple[FieldSelector, ...], ...]:
    """Advanced event selectors."""
    return tuple(tuple(map(_field, one["FieldSelectors"])) for one in selectors)


def _field(said: Answer) -> FieldSelector:
    names = ("Equals", "StartsWith", "EndsWith", "NotEquals", "NotStartsWith", "NotEndsWith")
    return FieldSelector(_text(said["Field"]), *(tuple(map(str, said.get(name) or ())) for name in names))


READERS: Final[dict[str, Callable[[Answer], object]]] = {
    "logging": logging,
    "policy": policy,
    "policy_is_public": policy_is_public,
    "acl": acl,
    "object_ownership": object_ownership,
    "payer": payer,
    "encryption": encryption,
    "object_lock": object_lock,
    "versioning": versioning,
    "lifecycle": lifecycle,
    "intelligent_tiering": intelligent_tiering,
    "public_access_block": public_access_block,
}
"""By the fact's name: a value of its type, None where it is surely absent."""


def _text(value: object, *, empty: bool = False) -> str:
    if isinstance(value, str) and (value or empty):
        return value
    raise TypeError("no text where one is always said")


def _flag(value: object) -> bool:
    if isinstance(value, bool):
        return value
    raise TypeError("neither true nor false")


def _count(value: object) -> int | None:
    return None if value is None else int(str(value))


def _day(value: object) -> str | None:
    return None if value is None else str(value)[:10]
