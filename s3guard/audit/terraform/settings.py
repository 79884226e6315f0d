"""What the resources of Terraform's AWS provider say of a bucket, those of their own and the blocks that ``aws_s3_bucket`` had before them.

https://registry.terraform.io/providers/hashicorp/aws/latest/docs/resources/s3_bucket
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Final

from s3guard.audit.facts import NotKnownError
from s3guard.audit.fresh import canned
from s3guard.audit.rows import (
    Acl,
    Encryption,
    Grant,
    IntelligentTiering,
    KeyFormat,
    Lifecycle,
    LifecycleRule,
    ObjectLock,
    PublicAccessBlock,
    Transition,
    Versioning,
)
from s3guard.audit.unsettled import Block, Pending


def key_format(said: Block) -> KeyFormat:
    """Of aws_s3_bucket_logging."""
    form = said.block("target_object_key_format")
    partitioned = None if form is None else form.block("partitioned_prefix")
    if partitioned is not None:
        return KeyFormat("PartitionedPrefix", partitioned.text("partition_date_source") or "EventTime")
    return KeyFormat()


def target_grants(said: Block) -> tuple[Grant, ...]:
    """Of aws_s3_bucket_logging."""
    return tuple(_grant(one.needed_block("grantee"), one.needed("permission")) for one in said.blocks("target_grant"))


def _grant(grantee: Block, permission: str) -> Grant:
    uri, id_, email = (grantee.text(key) for key in ("uri", "id", "email_address"))
    return Grant(permission, uri, None if uri else id_, None if uri or id_ else email)


def acl(said: Block) -> Acl:
    """Of aws_s3_bucket_acl."""
    name = said.text("acl")
    if name is not None:
        return _canned(name)
    policy = said.needed_block("access_control_policy")
    grants = tuple(_grant(one.needed_block("grantee"), one.needed("permission")) for one in policy.blocks("grant"))
    return Acl(policy.needed_block("owner").needed("id"), grants)


def _canned(name: str) -> Acl:
    found = canned(name)
    if found is None:
        raise NotKnownError(f"the canned ACL {name} is none that is known")
    return found


def inline_acl(said: Block) -> Acl | None:
    """Of aws_s3_bucket: its grants, else its canned ACL."""
    # NOTE: grants are computed where there is a canned ACL, and so known after apply.
    is_canned = bool(said.values.get("acl")) and isinstance(said.values.get("grant"), Pending)
    grants = () if is_canned else said.blocks("grant")
    if not grants:
        name = said.text("acl")
        return None if name is None else _canned(name)
    found = tuple(_grant(one, permission) for one in grants for permission in one.texts("permissions"))
    # NOTE: the owner is not told; whoever alone has all rights as a user is it.
    full = {one.id for one in found if one.permission == "FULL_CONTROL" and one.id is not None}
    return Acl(next(iter(full)) if len(full) == 1 else None, found)


def object_ownership(said: Block) -> str:
    """Of aws_s3_bucket_ownership_controls."""
    return said.needed_block("rule").needed("object_ownership")


def payer(said: Block) -> str:
    """Of aws_s3_bucket_request_payment_configuration."""
    return said.needed("payer")


def encryption(said: Block) -> Encryption:
    """Of aws_s3_bucket_server_side_encryption_configuration, and of the block of that name."""
    default = said.needed_block("rule").block("apply_server_side_encryption_by_default")
    if default is None:
        return Encryption("AES256")
    algorithm = default.needed("sse_algorithm")
    # NOTE: which key it is matters to no check of SSE-S3, and is often known after apply only.
    return Encryption(algorithm, None if algorithm == "AES256" else _key(default))


def _key(said: Block) -> str | None:
    try:
        return said.text("kms_master_key_id")
    except NotKnownError as error:
        return f"${{{error}}}"


def object_lock(said: Block) -> ObjectLock | None:
    """Of aws_s3_bucket_object_lock_configuration, and of the block of that name."""
    if (said.text("object_lock_enabled") or "Enabled") != "Enabled":
        return None
    rule = said.block("rule")
    default = None if rule is None else rule.block("default_retention")
    return (
        ObjectLock() if default is None else ObjectLock(default.text("mode"), default.whole("days") or None, default.whole("years") or None)
    )


def versioning(said: Block) -> Versioning | None:
    """Of aws_s3_bucket_versioning."""
    block = said.needed_block("versioning_configuration")
    status = block.needed("status")
    return None if status == "Disabled" else Versioning(status, block.text("mfa_delete"))


def inline_versioning(said: Block) -> Versioning | None:
    """Of the block versioning; switched off there is never or suspended, which nobody can tell apart."""
    if not said.flag("enabled"):
        return None
    return Versioning("Enabled", "Enabled" if said.flag("mfa_delete") else None)


def public_access_block(said: Block) -> PublicAccessBlock:
    """Of aws_s3_bucket_public_access_block and aws_s3_account_public_access_block."""
    names = ("block_public_acls", "ignore_public_acls", "block_public_policy", "restrict_public_buckets")
    return PublicAccessBlock(*(said.flag(name) for name in names))


def lifecycle(said: Block) -> Lifecycle | None:
    """Of aws_s3_bucket_lifecycle_configuration."""
    rules = tuple(map(_rule, said.blocks("rule")))
    return Lifecycle(rules, said.text("transition_default_minimum_object_size")) if rules else None


def _rule(said: Block) -> LifecycleRule:
    found = said.block("filter")
    every = None if found is None else found.block("and") or found
    tag = None if found is None else found.block("tag")
    expiration, noncurrent = said.block("expiration"), said.block("noncurrent_version_expiration")
    return LifecycleRule(
        id=said.text("id") or "",
        status=said.needed("status"),
        prefix=(None if every is None else every.text("prefix")) or said.text("prefix") or "",
        tags=((tag.needed("key"), tag.text("value") or ""),) if tag is not None else () if every is None else every.pairs("tags"),
        object_size_greater_than=None if every is None else every.whole("object_size_greater_than") or None,
        object_size_less_than=None if every is None else every.whole("object_size_less_than") or None,
        expiration_days=None if expiration is None else expiration.whole("days") or None,
        expiration_date=None if expiration is None else _day(expiration),
        expired_object_delete_marker=expiration is not None and expiration.flag("expired_object_delete_marker"),
        noncurrent_days=None if noncurrent is None else noncurrent.whole("noncurrent_days"),
        newer_noncurrent_versions=None if noncurrent is None else noncurrent.whole("newer_noncurrent_versions") or None,
        transitions=tuple(map(_transition, said.blocks("transition"))),
    )


def inline_lifecycle(rules: tuple[Block, ...]) -> Lifecycle | None:
    """Of the blocks lifecycle_rule."""
    return Lifecycle(tuple(map(_inline_rule, rules))) if rules else None


def _inline_rule(said: Block) -> LifecycleRule:
    expiration, noncurrent = said.block("expiration"), said.block("noncurrent_version_expiration")
    return LifecycleRule(
        id=_id(said),
        status="Enabled" if said.flag("enabled") else "Disabled",
        prefix=said.text("prefix") or "",
        tags=said.pairs("tags"),
        expiration_days=None if expiration is None else expiration.whole("days") or None,
        expiration_date=None if expiration is None else _day(expiration),
        expired_object_delete_marker=expiration is not None and expiration.flag("expired_object_delete_marker"),
        noncurrent_days=None if noncurrent is None else noncurrent.whole("days"),
        transitions=tuple(map(_transition, said.blocks("transition"))),
    )


def _id(said: Block) -> str:
    try:
        return said.text("id") or ""
    except NotKnownError:
        return ""  # NOTE: the provider makes one up.


def _transition(said: Block) -> Transition:
    return Transition(said.needed("storage_class"), said.whole("days"), _day(said))


def _day(said: Block) -> str | None:
    found = said.text("date")
    return None if found is None else found[:10]


def tiering(said: Block) -> IntelligentTiering:
    """Of aws_s3_bucket_intelligent_tiering_configuration."""
    found = said.block("filter")
    tierings = tuple((one.needed("access_tier"), one.whole("days") or 0) for one in said.blocks("tiering"))
    prefix, tags = ("", ()) if found is None else (found.text("prefix") or "", found.pairs("tags"))
    return IntelligentTiering(said.needed("name"), said.text("status") or "Enabled", prefix, tags, tierings)


OWN: Final[dict[str, tuple[str, Callable[[Block], object]]]] = {
    "aws_s3_bucket_acl": ("acl", acl),
    "aws_s3_bucket_ownership_controls": ("object_ownership", object_ownership),
    "aws_s3_bucket_request_payment_configuration": ("payer", payer),
    "aws_s3_bucket_server_side_encryption_configuration": ("encryption", encryption),
    "aws_s3_bucket_object_lock_configuration": ("object_lock", object_lock),
    "aws_s3_bucket_versioning": ("versioning", versioning),
    "aws_s3_bucket_lifecycle_configuration": ("lifecycle", lifecycle),
    "aws_s3_bucket_public_access_block": ("public_access_block", public_access_block),
}
"""Resources that say one fact of one bucket, by their types."""
