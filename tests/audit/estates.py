"""The same buckets as a live audit sees them, as a Terraform plan makes them, and as a CloudFormation template does."""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from s3guard.audit import cloudformation
from s3guard.audit.facts import Absent, Unknown, Value
from s3guard.audit.graph import LOG_DELIVERY
from s3guard.audit.rows import (
    Acl,
    Bucket,
    Encryption,
    Facts,
    Grant,
    Lifecycle,
    LifecycleRule,
    ObjectLock,
    PublicAccessBlock,
    Transition,
    Versioning,
)
from tests.audit.plans import IDENTITY, Plan, computed, is_, one
from tests.audit.rowmaking import ACCOUNT, NOW, account, bucket, facts, logs_to

GRANTS = (Grant("WRITE", LOG_DELIVERY), Grant("READ_ACP", LOG_DELIVERY))
FLAGS = ("block_public_acls", "ignore_public_acls", "block_public_policy", "restrict_public_buckets")


@dataclass(frozen=True)
class Setup:
    """How one bucket is set up."""

    name: str
    target: str | None = None
    prefix: str = ""
    allows: tuple[str, ...] | None = ("/*",)
    """What of the bucket the delivery service may write, by the ends of ARNs; None: there is no policy."""
    is_tls_only: bool = True
    algorithm: str = "AES256"
    lock_days: int | None = None
    """Of the default retention; 0: Object Lock without one."""
    versioning: str | None = "Enabled"
    ownership: str = "BucketOwnerEnforced"
    by_acl: bool = False
    is_closed: bool = True
    expires: int | None = None
    archived: int | None = None

    def policy(self, account_id: str = ACCOUNT) -> dict[str, Any] | None:
        """The bucket policy."""
        arn = f"arn:aws:s3:::{self.name}"
        found: list[dict[str, Any]] = []
        if self.allows is not None:
            condition = {"StringEquals": {"aws:SourceAccount": account_id}, "ArnLike": {"aws:SourceArn": "arn:aws:s3:::*"}}
            service = {"Service": "logging.s3.amazonaws.com"}
            allowed = [f"{arn}{end}" for end in self.allows]
            found.append(
                {
                    "Sid": "Logs",
                    "Effect": "Allow",
                    "Principal": service,
                    "Action": "s3:PutObject",
                    "Resource": allowed,
                    "Condition": condition,
                }
            )
        if self.is_tls_only:
            secure = {"Bool": {"aws:SecureTransport": "false"}}
            every = [arn, f"{arn}/*"]
            found.append({"Sid": "Tls", "Effect": "Deny", "Principal": "*", "Action": "s3:*", "Resource": every, "Condition": secure})
        return {"Version": "2012-10-17", "Statement": found} if found else None

    @property
    def versioned(self) -> str | None:
        """The status of versioning, which Object Lock switches on."""
        return self.versioning if self.lock_days is None else "Enabled"


def live(setups: Sequence[Setup]) -> Facts:
    """What a live audit finds."""
    # NOTE: a template knows nothing of the account's own settings, so nobody could look at them here either.
    mine = account(public_access_block=Unknown("a template does not show it"), buckets=Value(len(setups)))
    return facts(*(sorted(map(_row, setups), key=lambda row: row.name)), accounts=(mine,))


def _row(setup: Setup) -> Bucket:
    policy = setup.policy()
    rule = LifecycleRule(
        id="logs",
        status="Enabled",
        expiration_days=setup.expires,
        transitions=() if setup.archived is None else (Transition("GLACIER", setup.archived),),
    )
    return bucket(
        setup.name,
        logging=Absent() if setup.target is None else logs_to(setup.target, setup.prefix),
        policy=Absent("NoSuchBucketPolicy") if policy is None else Value(json.dumps(policy)),
        policy_is_public=Absent() if policy is None else Unknown("AWS says it of a bucket that is there"),
        acl=Value(Acl("0" * 64, (Grant("FULL_CONTROL", id="0" * 64), *(GRANTS if setup.by_acl else ())))),
        object_ownership=Value(setup.ownership),
        encryption=Value(Encryption(setup.algorithm)),
        object_lock=Absent() if setup.lock_days is None else Value(_lock(setup.lock_days)),
        versioning=Absent() if setup.versioned is None else Value(Versioning(setup.versioned)),
        lifecycle=Absent() if setup.expires is None and setup.archived is None else Value(Lifecycle((rule,))),
        public_access_block=Value(PublicAccessBlock(*[setup.is_closed] * 4)),
    )


def _lock(days: int) -> ObjectLock:
    return ObjectLock("COMPLIANCE", days) if days else ObjectLock()


def plan(setups: Sequence[Setup], *, is_open: bool) -> Plan:
    """The plan that makes them; `is_open` leaves the names in what is about them to the configuration."""
    made = Plan()
    made.add(IDENTITY, {"account_id": ACCOUNT}, actions=["read"]).configure(IDENTITY)
    addresses = {setup.name: f"aws_s3_bucket.b{number}" for number, setup in enumerate(setups)}
    for number, setup in enumerate(setups):
        made.add(addresses[setup.name], {"bucket": setup.name, "object_lock_enabled": setup.lock_days is not None}, computed())
        made.configure(addresses[setup.name], bucket=is_(setup.name), object_lock_enabled=is_(setup.lock_days is not None))
        for kind, after in _settings(setup).items():
            names = {"bucket": setup.name, **({"target_bucket": setup.target} if kind == "logging" else {})}
            open_ = {key: name for key, name in names.items() if is_open and name in addresses}
            known = {key: name for key, name in names.items() if key not in open_}
            base = f"aws_s3_bucket_{kind}.r{number}"
            made.add(base, {**after, **known}, dict.fromkeys(open_, True))
            made.configure(base, **{key: one(addresses[name]) for key, name in open_.items()})
    return made


def _settings(setup: Setup) -> dict[str, dict[str, Any]]:
    """The resources of its own that a bucket has."""
    rule = {"apply_server_side_encryption_by_default": [{"sse_algorithm": setup.algorithm, "kms_master_key_id": ""}]}
    found: dict[str, dict[str, Any]] = {
        "server_side_encryption_configuration": {"rule": [rule]},
        "ownership_controls": {"rule": [{"object_ownership": setup.ownership}]},
        "public_access_block": dict.fromkeys(FLAGS, setup.is_closed),
    }
    if setup.target is not None:
        found["logging"] = {"target_prefix": setup.prefix, "target_grant": [], "target_object_key_format": []}
    if setup.policy() is not None:
        found["policy"] = {"policy": json.dumps(setup.policy())}
    if setup.by_acl:
        found["acl"] = {"acl": "log-delivery-write", "access_control_policy": []}
    if setup.lock_days:
        retention = {"default_retention": [{"mode": "COMPLIANCE", "days": setup.lock_days, "years": 0}]}
        found["object_lock_configuration"] = {"object_lock_enabled": "Enabled", "rule": [retention]}
    if setup.versioned is not None:
        found["versioning"] = {"versioning_configuration": [{"status": setup.versioned, "mfa_delete": None}]}
    if setup.expires is not None or setup.archived is not None:
        expiration = [] if setup.expires is None else [{"days": setup.expires, "date": None, "expired_object_delete_marker": False}]
        archive = [] if setup.archived is None else [{"storage_class": "GLACIER", "days": setup.archived, "date": None}]
        rule_ = {"id": "logs", "status": "Enabled", "filter": [{"prefix": ""}], "expiration": expiration, "transition": archive}
        found["lifecycle_configuration"] = {"rule": [rule_], "transition_default_minimum_object_size": None}
    return found


def template(setups: Sequence[Setup]) -> Facts:
    """What the template that makes them gives."""
    ids = {setup.name: f"B{number}" for number, setup in enumerate(setups)}
    resources: dict[str, Any] = {}
    for setup in setups:
        id_ = ids[setup.name]
        resources[id_] = {"Type": "AWS::S3::Bucket", "Properties": _properties(setup, ids)}
        policy = setup.policy("${AWS::AccountId}")
        if policy is not None:
            text = json.dumps(policy).replace('"${AWS::AccountId}"', '{"Ref": "AWS::AccountId"}')
            properties = {"Bucket": {"Ref": id_}, "PolicyDocument": json.loads(text)}
            resources[f"{id_}Policy"] = {"Type": "AWS::S3::BucketPolicy", "Properties": properties}
    return cloudformation.of_bytes(json.dumps({"Resources": resources}, indent=1).encode(), "template.json", NOW)


def _properties(setup: Setup, ids: dict[str, str]) -> dict[str, Any]:
    default = {"ServerSideEncryptionByDefault": {"SSEAlgorithm": setup.algorithm}}
    names = ("BlockPublicAcls", "IgnorePublicAcls", "BlockPublicPolicy", "RestrictPublicBuckets")
    found: dict[str, Any] = {
        "BucketName": setup.name,
        "BucketEncryption": {"ServerSideEncryptionConfiguration": [default]},
        "OwnershipControls": {"Rules": [{"ObjectOwnership": setup.ownership}]},
        "PublicAccessBlockConfiguration": dict.fromkeys(names, setup.is_closed),
    }
    if setup.target is not None:
        destination = {"Ref": ids[setup.target]} if setup.target in ids else setup.target
        found["LoggingConfiguration"] = {"DestinationBucketName": destination, "LogFilePrefix": setup.prefix}
    if setup.by_acl:
        found["AccessControl"] = "LogDeliveryWrite"
    if setup.lock_days is not None:
        found["ObjectLockEnabled"] = True
    if setup.lock_days:
        retention = {"DefaultRetention": {"Mode": "COMPLIANCE", "Days": setup.lock_days}}
        found["ObjectLockConfiguration"] = {"ObjectLockEnabled": "Enabled", "Rule": retention}
    if setup.versioned is not None:
        found["VersioningConfiguration"] = {"Status": setup.versioned}
    if setup.expires is not None or setup.archived is not None:
        rule: dict[str, Any] = {"Id": "logs", "Status": "Enabled"}
        if setup.expires is not None:
            rule["ExpirationInDays"] = setup.expires
        if setup.archived is not None:
            rule["Transitions"] = [{"StorageClass": "GLACIER", "TransitionInDays": setup.archived}]
        found["LifecycleConfiguration"] = {"Rules": [rule]}
    return found
