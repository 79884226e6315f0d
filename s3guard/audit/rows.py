"""The fact rows: what is known of one bucket and of one account, in the words of AWS's API, whoever looked.

`aws` (a live account), `snapshot`, `terraform` and `cloudformation` all give these rows, so a check does not know where it runs. Field
names are those of AWS's API in snake case, and values are AWS's own (``AES256``, ``BucketOwnerEnforced``). Every fact defaults to
"nobody looked", so that a source that forgets one makes checks undetermined and never clean.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Final, Literal

from s3guard.audit.facts import Fact, Unknown
from s3guard.model import Location

TOP: Final = 10_000
"""Names of a log bucket's first level that are looked at."""
UNASKED: Final = Unknown("nobody looked")
"""What a fact is that its source does not give."""


@dataclass(frozen=True, slots=True)
class Grant:
    """A grant of an ACL; exactly one of the first three is given, else the grantee is of a kind that is not known."""

    permission: str
    """``READ WRITE READ_ACP WRITE_ACP FULL_CONTROL``."""
    uri: str | None = None
    """Of a group: ``http://acs.amazonaws.com/groups/s3/LogDelivery``, ``…/global/AllUsers``, ``…/global/AuthenticatedUsers``."""
    id: str | None = None
    """A canonical user id."""
    email_address: str | None = None


@dataclass(frozen=True, slots=True)
class KeyFormat:
    """TargetObjectKeyFormat."""

    format: Literal["SimplePrefix", "PartitionedPrefix"] = "SimplePrefix"
    """Absent in the API is SimplePrefix, and is given as that."""
    partition_date_source: str | None = None
    """``EventTime`` or ``DeliveryTime`` of a PartitionedPrefix; None in the API means EventTime."""


@dataclass(frozen=True, slots=True)
class Logging:
    """LoggingEnabled: server access logging is on. Its parts are facts, since a template may know one and not the other."""

    target_bucket: Fact[str]
    target_prefix: Fact[str]
    """The empty text where there is none."""
    target_object_key_format: Fact[KeyFormat]
    target_grants: Fact[tuple[Grant, ...]]


@dataclass(frozen=True, slots=True)
class Acl:
    """AccessControlPolicy."""

    owner_id: str | None
    """The owner's canonical user id; None where a template does not know it."""
    grants: tuple[Grant, ...]


@dataclass(frozen=True, slots=True)
class Encryption:
    """ApplyServerSideEncryptionByDefault of the bucket's one rule."""

    sse_algorithm: str
    """``AES256``, ``aws:kms``, ``aws:kms:dsse``, or what AWS adds."""
    kms_master_key_id: str | None = None


@dataclass(frozen=True, slots=True)
class ObjectLock:
    """ObjectLockConfiguration with ObjectLockEnabled."""

    mode: str | None = None
    """``GOVERNANCE`` or ``COMPLIANCE`` of the default retention; None where there is none."""
    days: int | None = None
    years: int | None = None


@dataclass(frozen=True, slots=True)
class Versioning:
    """VersioningConfiguration; the fact is absent where versioning was never switched on."""

    status: str
    """``Enabled`` or ``Suspended``."""
    mfa_delete: str | None = None
    """``Enabled``, ``Disabled``; None where it was never configured."""


@dataclass(frozen=True, slots=True)
class Transition:
    """When objects move to another storage class; `days` or `date`, else at once."""

    storage_class: str
    days: int | None = None
    date: str | None = None


@dataclass(frozen=True, slots=True)
class LifecycleRule:
    """One rule of a lifecycle configuration, its filter taken apart."""

    id: str
    status: str
    """``Enabled`` or ``Disabled``."""
    prefix: str = ""
    """Of Filter.Prefix, Filter.And.Prefix or the legacy Prefix; empty: every key."""
    tags: tuple[tuple[str, str], ...] = ()
    object_size_greater_than: int | None = None
    object_size_less_than: int | None = None
    expiration_days: int | None = None
    expiration_date: str | None = None
    expired_object_delete_marker: bool = False
    noncurrent_days: int | None = None
    """Of NoncurrentVersionExpiration."""
    newer_noncurrent_versions: int | None = None
    transitions: tuple[Transition, ...] = ()


@dataclass(frozen=True, slots=True)
class Lifecycle:
    """The lifecycle configuration of a bucket."""

    rules: tuple[LifecycleRule, ...]
    transition_default_minimum_object_size: str | None = None
    """``all_storage_classes_128K`` (what None means) or ``varies_by_storage_class``."""


@dataclass(frozen=True, slots=True)
class IntelligentTiering:
    """One Intelligent-Tiering archive configuration."""

    id: str
    status: str
    prefix: str
    """Empty: every key."""
    tags: tuple[tuple[str, str], ...]
    tierings: tuple[tuple[str, int], ...]
    """Access tier (``ARCHIVE_ACCESS``, ``DEEP_ARCHIVE_ACCESS``) and days."""


@dataclass(frozen=True, slots=True)
class PublicAccessBlock:
    """The four switches of one level."""

    block_public_acls: bool
    ignore_public_acls: bool
    block_public_policy: bool
    restrict_public_buckets: bool


@dataclass(frozen=True, slots=True)
class Delivered:
    """What lies under the prefix that a source's logs go to."""

    newest: datetime | None
    """LastModified of the newest log object that was found, never the time in its key; None where there is none."""
    newest_key: str | None
    looked_from: datetime | None
    """Only keys that are named for then or later were listed; None: all were."""
    is_complete: bool = True
    """Whether the listing came to its end within the pages that an audit takes: False makes `newest` a lower bound."""


@dataclass(frozen=True, slots=True)
class Canary:
    """The audit's own requests of one earlier run against a source, which its log must hold."""

    asked: datetime
    """When that run asked for the bucket's configuration."""
    found: bool
    """Whether a delivered log holds a request of that run."""
    searched: bool = True
    """Whether every log object that could hold it was read, and so `found` False means missing."""


@dataclass(frozen=True, slots=True)
class LogDelivery:
    """A delivery of a bucket's access logs by CloudWatch Logs (log type S3_SERVER_ACCESS_LOGS)."""

    source_arn: str
    """The bucket's ARN."""
    destination_arn: str
    destination_type: str
    """``CWL``, ``S3`` or ``FH``."""


@dataclass(frozen=True, slots=True)
class Bucket:
    """All that is known of one bucket. A fact's name is its field's name here; `s3guard.audit.calls` says how a live audit asks for it."""

    name: str
    """A symbol, ``${aws_s3_bucket.logs}`` or ``${Logs}``, where a template does not know it yet."""
    account: str | None
    """The id of the account that owns it (a symbol such as ``${AWS::AccountId}`` in templates); None: it is in no list of an audited
    account, and somebody's target."""
    kind: Literal["general", "directory", "table"] = "general"
    location: Location | None = None
    """Of the bucket's resource in a template."""
    exists: Fact[bool] = UNASKED
    """True: in its account's list, or HeadBucket found it; False: HeadBucket answered 404."""
    region: Fact[str] = UNASKED
    """Such as ``us-east-1``, old names translated."""
    logging: Fact[Logging] = UNASKED
    """Absent: server access logging is off."""
    policy: Fact[str] = UNASKED
    """The bucket policy: a text that parses as a JSON object; symbols may stand in its texts."""
    policy_is_public: Fact[bool] = UNASKED
    """PolicyStatus.IsPublic; absent without a policy."""
    acl: Fact[Acl] = UNASKED
    object_ownership: Fact[str] = UNASKED
    """``BucketOwnerEnforced``, ``BucketOwnerPreferred``, ``ObjectWriter``; absent: a bucket of before 2023, as ObjectWriter."""
    payer: Fact[str] = UNASKED
    """``BucketOwner`` or ``Requester``."""
    encryption: Fact[Encryption] = UNASKED
    """Absent on S3-compatible servers and on buckets that nobody wrote to since 2023."""
    object_lock: Fact[ObjectLock] = UNASKED
    """Absent: Object Lock is off."""
    versioning: Fact[Versioning] = UNASKED
    lifecycle: Fact[Lifecycle] = UNASKED
    intelligent_tiering: Fact[tuple[IntelligentTiering, ...]] = UNASKED
    """The empty tuple where there are none."""
    public_access_block: Fact[PublicAccessBlock] = UNASKED
    """Of the bucket; absent: all four are off at this level."""
    top_level: Fact[tuple[str, ...]] = UNASKED
    """Of a log bucket: its first level, prefixes up to a slash and keys without one; where there are `TOP`, there may be more."""
    delivered: Fact[Delivered] = UNASKED
    """Of a source: its newest log object. Never known from a template."""
    canary: Fact[tuple[Canary, ...]] = UNASKED
    """Of a source: the audit's own earlier requests, newest first; absent: no earlier run, or none is remembered (no ``--state``)."""
    table_logging: Fact[Logging] = UNASKED
    """Of a table bucket; its key format is always PartitionedPrefix. Absent: off."""


@dataclass(frozen=True, slots=True)
class FieldSelector:
    """One condition of an advanced event selector: all of its operators must hold."""

    field: str
    """``eventCategory``, ``resources.type``, ``resources.ARN``, ``readOnly``, ``eventName`` and others."""
    equals: tuple[str, ...] = ()
    starts_with: tuple[str, ...] = ()
    ends_with: tuple[str, ...] = ()
    not_equals: tuple[str, ...] = ()
    not_starts_with: tuple[str, ...] = ()
    not_ends_with: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class EventSelector:
    """A classic event selector's data resources of type AWS::S3::Object."""

    read_write_type: str
    """``All``, ``ReadOnly`` or ``WriteOnly``."""
    s3_objects: tuple[str, ...]
    """``arn:aws:s3``, ``arn:aws:s3:::`` or ``arn:aws:s3:::bucket/prefix``."""


@dataclass(frozen=True, slots=True)
class Trail:
    """A CloudTrail trail, or an event data store of CloudTrail Lake (`s3_bucket_name` None)."""

    arn: str
    home_region: str | None
    s3_bucket_name: str | None
    is_multi_region: bool
    is_logging: Fact[bool]
    selectors: Fact[tuple[EventSelector, ...]]
    """Empty where the advanced ones are used."""
    advanced: Fact[tuple[tuple[FieldSelector, ...], ...]]
    """Advanced event selectors: an event is recorded where all conditions of one of them hold."""


@dataclass(frozen=True, slots=True)
class Account:
    """All that is known of one account."""

    id: str
    """Twelve digits, or a symbol; of an account that could not be entered the role's ARN."""
    partition: str = "aws"
    name: str | None = None
    """How the user named it: the role or the profile; None: by nothing."""
    location: Location | None = None
    buckets: Fact[int] = UNASKED
    """How many general purpose buckets the account has; unknown: the list was denied, and nobody knows what is missing in the report."""
    directory_buckets: Fact[int] = UNASKED
    table_buckets: Fact[int] = UNASKED
    public_access_block: Fact[PublicAccessBlock] = UNASKED
    trails: Fact[tuple[Trail, ...]] = UNASKED
    event_data_stores: Fact[tuple[Trail, ...]] = UNASKED
    log_deliveries: Fact[tuple[LogDelivery, ...]] = UNASKED
    """Over all audited Regions; unknown where one of them could not be asked."""


@dataclass(frozen=True, slots=True)
class Facts:
    """What an audit looked at: a snapshot is the JSON of this."""

    taken: datetime
    """When, UTC."""
    source: Literal["live", "template"]
    accounts: tuple[Account, ...]
    buckets: tuple[Bucket, ...]
    """Every bucket of the accounts, and every bucket that one of them logs to, sorted by name."""
    template: str | None = None
    """The plan or template that it was read from, as reports name it."""
