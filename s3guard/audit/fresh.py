"""Buckets as AWS makes them where a template says nothing, buckets beside a template, and all of them as facts."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import fields, replace
from datetime import datetime
from itertools import groupby
from typing import Any, Final

from s3guard.audit.facts import Absent, Fact, Origin, Unknown, Value
from s3guard.audit.graph import LOG_DELIVERY
from s3guard.audit.rows import UNASKED, Account, Acl, Bucket, Encryption, Facts, Grant, PublicAccessBlock

_GLOBAL: Final = "http://acs.amazonaws.com/groups/global"
_CANNED: Final[dict[str, tuple[Grant, ...]]] = {
    "private": (),
    "bucketownerread": (),
    "bucketownerfullcontrol": (),
    "logdeliverywrite": (Grant("WRITE", LOG_DELIVERY), Grant("READ_ACP", LOG_DELIVERY)),
    "publicread": (Grant("READ", f"{_GLOBAL}/AllUsers"),),
    "publicreadwrite": (Grant("READ", f"{_GLOBAL}/AllUsers"), Grant("WRITE", f"{_GLOBAL}/AllUsers")),
    "authenticatedread": (Grant("READ", f"{_GLOBAL}/AuthenticatedUsers"),),
}
_ONLY_RUNNING: Final = Unknown("AWS says it of a bucket that is there")
_NOT_SHOWN: Final = Unknown("a template does not show it")


def new_bucket(origin: Origin) -> dict[str, Fact[Any]]:
    """The facts of a bucket that is made today with no setting at all.

    Since January 2023 it is encrypted with SSE-S3, since April 2023 its ACL is off and it is closed to the public:
    https://docs.aws.amazon.com/AmazonS3/latest/userguide/create-bucket-faq.html
    """
    absent = Absent("", origin)
    return {
        "exists": Value(value=True, origin=origin),
        "logging": absent,
        "policy": absent,
        "policy_is_public": absent,
        "acl": Value(Acl(None, ()), origin),
        "object_ownership": Value("BucketOwnerEnforced", origin),
        "payer": Value("BucketOwner", origin),
        "encryption": Value(Encryption("AES256"), origin),
        "object_lock": absent,
        "versioning": absent,
        "lifecycle": absent,
        "intelligent_tiering": Value((), origin),
        "public_access_block": Value(PublicAccessBlock(*[True] * 4), origin),
    }


def canned(name: str) -> Acl | None:
    """The ACL that a canned one stands for (``LogDeliveryWrite``, ``log-delivery-write``); None for a name that is none.

    The owner's own FULL_CONTROL is left out: a template does not know the owner.
    https://docs.aws.amazon.com/AmazonS3/latest/userguide/acl-overview.html#canned-acl
    """
    grants = _CANNED.get(name.replace("-", "").lower())
    return None if grants is None else Acl(None, grants)


def is_public(policy: Fact[str]) -> Fact[bool]:
    """Whether a bucket policy is public: surely not where there is none, else only AWS says."""
    return policy if isinstance(policy, Absent | Unknown) else _ONLY_RUNNING


def new_account(name: str, rows: Iterable[Bucket], **facts: Fact[Any]) -> Account:
    """The row of an account that a template is deployed to: of what is not given, nothing is known."""
    kinds = [bucket.kind for bucket in rows if bucket.account == name]
    told: dict[str, Any] = {
        "buckets": Value(kinds.count("general")),
        "directory_buckets": Value(kinds.count("directory")),
        "table_buckets": Value(kinds.count("table")),
        "public_access_block": _NOT_SHOWN,
        "trails": _NOT_SHOWN,
        "event_data_stores": _NOT_SHOWN,
    }
    return Account(name, **{**told, **facts})


def unseen(name: str, reason: str, account: str | None = None, **given: Any) -> Bucket:  # noqa: ANN401 - fields of a Bucket
    """A bucket of which nothing is known, for one reason."""
    unknown = {one.name: Unknown(reason) for one in fields(Bucket) if one.default is UNASKED}
    return Bucket(name, account, **{**unknown, **given})


def assembled(rows: Iterable[Bucket], accounts: Iterable[Account], taken: datetime, template: str) -> Facts:
    """The facts of a template: every bucket once, and every bucket that one of them logs to."""
    once = {row.name: row for row in map(_merged, _by_name(rows))}
    targets = {target for row in once.values() for target in _targets(row)} - set(once)
    beside = [unseen(name, f"{name} is not in this template") for name in targets]
    buckets = sorted([*once.values(), *beside], key=lambda row: row.name)
    return Facts(taken, "template", tuple(sorted(accounts, key=lambda one: one.id)), tuple(buckets), template)


def _targets(row: Bucket) -> Iterator[str]:
    for fact in (row.logging, row.table_logging):
        if isinstance(fact, Value) and isinstance(fact.value.target_bucket, Value):
            yield fact.value.target_bucket.value


def _by_name(rows: Iterable[Bucket]) -> Iterator[list[Bucket]]:
    for _, same in groupby(sorted(rows, key=lambda row: row.name), key=lambda row: row.name):
        yield list(same)


def _merged(same: list[Bucket]) -> Bucket:
    """Resources that make a bucket of one name, as two conditions may choose: what they agree about."""
    first, *others = same
    if not others:
        return first
    reason = f"{len(same)} resources of this template make {first.name}, and differ in this"
    differing: Mapping[str, Any] = {
        one.name: Unknown(reason)
        for one in fields(Bucket)
        if one.default is UNASKED and any(_said(getattr(other, one.name)) != _said(getattr(first, one.name)) for other in others)
    }
    return replace(first, **differing)


def _said(fact: Fact[Any]) -> object:
    return fact.value if isinstance(fact, Value) else type(fact)
