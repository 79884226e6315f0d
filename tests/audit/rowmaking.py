"""Rows of buckets and accounts in a few words."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

from s3guard.audit.facts import Absent, Value
from s3guard.audit.rows import (
    Account,
    Acl,
    Bucket,
    Encryption,
    Facts,
    KeyFormat,
    Logging,
    PublicAccessBlock,
    Versioning,
)
from s3guard.model import Location
from s3guard.policy import Policy

NOW = datetime(2026, 10, 2, tzinfo=UTC)
ACCOUNT = "111122223333"
ALL = PublicAccessBlock(block_public_acls=True, ignore_public_acls=True, block_public_policy=True, restrict_public_buckets=True)


def logs_to(target: str, prefix: str | None = None, key_format: KeyFormat | None = None) -> Value[Logging]:
    """Logging that is on; the prefix is ``app/`` unless something else is said."""
    return Value(Logging(Value(target), Value("app/" if prefix is None else prefix), Value(key_format or KeyFormat()), Value(())))


def bucket(name: str, **facts: Any) -> Bucket:
    """A bucket of which everything is known, and which is as AWS makes a new one."""
    usual: dict[str, Any] = {
        "account": ACCOUNT,
        "exists": Value(value=True),
        "region": Value("us-east-1"),
        "logging": Absent(),
        "policy": Absent("NoSuchBucketPolicy"),
        "policy_is_public": Absent("NoSuchBucketPolicy"),
        "acl": Value(Acl("0" * 64, ())),
        "object_ownership": Value("BucketOwnerEnforced"),
        "payer": Value("BucketOwner"),
        "encryption": Value(Encryption("AES256")),
        "object_lock": Absent(),
        "versioning": Value(Versioning("Enabled")),
        "lifecycle": Absent("NoSuchLifecycleConfiguration"),
        "intelligent_tiering": Value(()),
        "public_access_block": Value(ALL),
        "top_level": Value(("app/",)),
        "delivered": Absent(),
        "canary": Absent(),
    }
    return Bucket(name, **{**usual, **facts})


def account(**facts: Any) -> Account:
    """An account of which everything is known, and which has nothing."""
    usual: dict[str, Any] = {
        "buckets": Value(0),
        "directory_buckets": Value(0),
        "table_buckets": Value(0),
        "public_access_block": Value(ALL),
        "trails": Value(()),
        "event_data_stores": Value(()),
        "log_deliveries": Value(()),
    }
    return Account(facts.pop("id", ACCOUNT), **{**usual, **facts})


def facts(*buckets: Bucket, accounts: tuple[Account, ...] = (), **more: Any) -> Facts:
    """The facts of a live audit."""
    return Facts(NOW, more.pop("source", "live"), accounts or (account(),), buckets, **more)


def policy(name: str = "p", buckets: tuple[str, ...] = ("*",), **more: Any) -> Policy:
    """A policy about buckets that has no rules."""
    return Policy(name, Location(f"policies/{name}.yaml", 2), "0" * 64, buckets, (), **more)
