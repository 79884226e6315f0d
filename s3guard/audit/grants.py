"""The old way of delivery: the log delivery group in the ACL of a log bucket."""

from __future__ import annotations

from s3guard.audit.graph import LOG_DELIVERY
from s3guard.audit.rows import Acl

ENFORCED = "BucketOwnerEnforced"
"""The ownership with which ACLs are switched off."""
UNSET = "ObjectWriter"
"""What no ownership controls mean: a bucket of before April 2023."""


def delivery_grants(acl: Acl | None) -> frozenset[str]:
    """What the log delivery group may."""
    return frozenset(grant.permission for grant in (acl.grants if acl else ()) if grant.uri == LOG_DELIVERY)


def lets_deliver(permissions: frozenset[str]) -> bool:
    """Whether these are enough: S3 asks for WRITE and READ_ACP both."""
    return "FULL_CONTROL" in permissions or {"WRITE", "READ_ACP"} <= permissions
