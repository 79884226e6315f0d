"""What the resources of a plan, and the blocks of older plans, say of a bucket."""

from __future__ import annotations

import json
from typing import Any

import pytest

from s3guard.audit.facts import Absent, Value
from s3guard.audit.graph import LOG_DELIVERY
from s3guard.audit.rows import (
    Acl,
    Bucket,
    Encryption,
    Grant,
    IntelligentTiering,
    KeyFormat,
    LifecycleRule,
    ObjectLock,
    Transition,
    Versioning,
)
from tests.audit.plans import Plan, computed, is_, is_unknown, one, refers, rows, told

ROLE = "arn:aws:iam::444455556666:role/deploy"


def with_(kind: str, after: dict[str, Any], unknown: dict[str, Any] | None = None) -> Bucket:
    """A new bucket with one resource of its own."""
    plan = Plan().add("aws_s3_bucket.b", {"bucket": "b"}, computed())
    plan.add(f"aws_s3_bucket_{kind}.r", {"bucket": "b", **after}, unknown).configure(f"aws_s3_bucket_{kind}.r").configure("aws_s3_bucket.b")
    return rows(plan.facts())["b"]


def inline(after: dict[str, Any], unknown: dict[str, Any] | None = None, *, written: tuple[str, ...] = (), **change: Any) -> Bucket:
    """A bucket whose own blocks say it, as before version 4 of the provider."""
    plan = Plan().add("aws_s3_bucket.b", {"bucket": "b", **after}, unknown or {}, **change)
    return rows(plan.configure("aws_s3_bucket.b", **dict.fromkeys(written, is_(None))).facts())["b"]


def test_every_resource_of_its_own_says_its_fact() -> None:
    assert "ObjectWriter" == told(with_("ownership_controls", {"rule": [{"object_ownership": "ObjectWriter"}]}).object_ownership)
    assert "Requester" == told(with_("request_payment_configuration", {"payer": "Requester"}).payer)
    assert Versioning("Enabled", "Enabled") == told(
        with_("versioning", {"versioning_configuration": [{"status": "Enabled", "mfa_delete": "Enabled"}]}).versioning
    )
    assert isinstance(with_("versioning", {"versioning_configuration": [{"status": "Disabled"}]}).versioning, Absent)
    lock = {"object_lock_enabled": "Enabled", "rule": [{"default_retention": [{"mode": "GOVERNANCE", "days": 0, "years": 1}]}]}
    locked = with_("object_lock_configuration", lock)
    assert (ObjectLock("GOVERNANCE", None, 1), Versioning("Enabled")) == (told(locked.object_lock), told(locked.versioning))
    granted = [{"grantee": [{"type": "Group", "uri": LOG_DELIVERY, "id": "", "email_address": ""}], "permission": "WRITE"}]
    acl = {"acl": None, "access_control_policy": [{"grant": granted, "owner": [{"id": "0" * 64}]}]}
    assert Acl("0" * 64, (Grant("WRITE", LOG_DELIVERY),)) == told(with_("acl", acl).acl)
    assert is_unknown(with_("acl", {"acl": "of-tomorrow"}).acl, "of-tomorrow")
    tiering = {
        "name": "t",
        "status": None,
        "filter": [{"prefix": "a/", "tags": {"k": "v"}}],
        "tiering": [{"access_tier": "ARCHIVE_ACCESS", "days": 90}],
    }
    expected = IntelligentTiering("t", "Enabled", "a/", (("k", "v"),), (("ARCHIVE_ACCESS", 90),))
    assert (expected,) == told(with_("intelligent_tiering_configuration", tiering).intelligent_tiering)


def test_logging_says_its_key_format_and_grants() -> None:
    grant = {"grantee": [{"type": "CanonicalUser", "id": "c" * 64, "uri": "", "email_address": ""}], "permission": "READ"}
    form = [{"partitioned_prefix": [{"partition_date_source": "DeliveryTime"}], "simple_prefix": []}]
    row = with_("logging", {"target_bucket": "l", "target_prefix": "", "target_grant": [grant], "target_object_key_format": form})
    assert isinstance(row.logging, Value)
    assert KeyFormat("PartitionedPrefix", "DeliveryTime") == told(row.logging.value.target_object_key_format)
    assert (Grant("READ", None, "c" * 64),) == told(row.logging.value.target_grants)
    assert "" == told(row.logging.value.target_prefix)


def test_a_lifecycle_is_read_with_its_filters() -> None:
    filters = [
        {"prefix": "", "and": [{"prefix": "a/", "tags": {"k": "v"}, "object_size_greater_than": 9, "object_size_less_than": 0}], "tag": []}
    ]
    rule = {
        "id": "r",
        "status": "Enabled",
        "filter": filters,
        "expiration": [{"days": 30, "date": None, "expired_object_delete_marker": None}],
        "noncurrent_version_expiration": [{"noncurrent_days": 5, "newer_noncurrent_versions": None}],
        "transition": [{"storage_class": "GLACIER", "days": 0, "date": None}],
    }
    tagged = {
        "id": "t",
        "status": "Disabled",
        "filter": [{"prefix": "", "tag": [{"key": "k", "value": "v"}]}],
        "expiration": [{"date": "2027-01-01T00:00:00Z"}],
    }
    found = with_("lifecycle_configuration", {"rule": [rule, tagged], "transition_default_minimum_object_size": "varies_by_storage_class"})
    assert isinstance(found.lifecycle, Value)
    first = LifecycleRule("r", "Enabled", "a/", (("k", "v"),), 9, None, 30, noncurrent_days=5, transitions=(Transition("GLACIER", 0),))
    second = LifecycleRule("t", "Disabled", tags=(("k", "v"),), expiration_date="2027-01-01")
    assert ((first, second), "varies_by_storage_class") == (
        found.lifecycle.value.rules,
        found.lifecycle.value.transition_default_minimum_object_size,
    )


@pytest.mark.parametrize(
    ("kind", "fact", "after", "unknown"),
    [
        ("versioning", "versioning", {"versioning_configuration": [{}]}, {"versioning_configuration": [{"status": True}]}),
        ("public_access_block", "public_access_block", {"block_public_acls": True}, {"block_public_policy": True}),
        ("lifecycle_configuration", "lifecycle", {"rule": [{"status": "Enabled"}]}, {"rule": [{"expiration": True}]}),
        ("server_side_encryption_configuration", "encryption", {}, {"rule": True}),
        ("policy", "policy", {}, {"policy": True}),
    ],
)
def test_what_is_known_after_apply_is_unknown_with_that_reason(kind: str, fact: str, after: Any, unknown: Any) -> None:
    assert is_unknown(getattr(with_(kind, after, unknown), fact), "known after apply")


@pytest.mark.parametrize("odd", [7, "text", [[]], [7], {"status": 7}, True])
def test_what_makes_no_sense_is_unknown_and_never_clean(odd: object) -> None:
    assert is_unknown(with_("versioning", {"versioning_configuration": odd}).versioning)
    assert is_unknown(with_("lifecycle_configuration", {"rule": odd}).lifecycle)
    assert is_unknown(with_("policy", {"policy": odd}).policy)


def test_the_blocks_of_older_plans_are_read() -> None:
    sse = [{"rule": [{"apply_server_side_encryption_by_default": [{"sse_algorithm": "aws:kms"}]}]}]
    unknown_key = [{"rule": [{"apply_server_side_encryption_by_default": [{"kms_master_key_id": True}]}]}]
    rule = {
        "id": None,
        "enabled": True,
        "prefix": "a/",
        "expiration": [{"days": 30}],
        "transition": [{"days": 10, "storage_class": "GLACIER"}],
    }
    row = inline(
        {
            "acl": "log-delivery-write",
            "logging": [{"target_bucket": "logs", "target_prefix": "b/"}],
            "versioning": [{"enabled": True, "mfa_delete": False}],
            "server_side_encryption_configuration": sse,
            "lifecycle_rule": [rule],
            "policy": '{"Statement": []}',
            "object_lock_configuration": [{"object_lock_enabled": "Enabled", "rule": []}],
            "request_payer": "Requester",
        },
        {"server_side_encryption_configuration": unknown_key, "lifecycle_rule": [{"id": True}]},
    )
    assert Encryption("aws:kms", "${known after apply}") == told(row.encryption)
    assert (Versioning("Enabled"), ObjectLock(), "Requester") == (told(row.versioning), told(row.object_lock), told(row.payer))
    assert '{"Statement": []}' == told(row.policy)
    assert isinstance(row.acl, Value)
    assert {"WRITE", "READ_ACP"} == {grant.permission for grant in row.acl.value.grants}
    assert isinstance(row.lifecycle, Value)
    assert (30, "a/", "Enabled") == (
        row.lifecycle.value.rules[0].expiration_days,
        row.lifecycle.value.rules[0].prefix,
        row.lifecycle.value.rules[0].status,
    )
    assert isinstance(row.logging, Value)
    assert ("logs", "b/") == (told(row.logging.value.target_bucket), told(row.logging.value.target_prefix))


def test_an_older_target_that_is_known_after_apply_is_followed() -> None:
    plan = Plan().add("aws_s3_bucket.sink", {"bucket": "sink"})
    plan.add("aws_s3_bucket.b", {"bucket": "b", "logging": [{"target_prefix": "b/"}]}, {"logging": [{"target_bucket": True}]})
    plan.configure("aws_s3_bucket.b", logging=[{"target_bucket": refers("aws_s3_bucket.sink"), "target_prefix": is_("b/")}])
    row = rows(plan.facts())["b"]
    assert isinstance(row.logging, Value)
    assert "sink" == told(row.logging.value.target_bucket)


def test_a_block_that_is_written_and_open_is_unknown_and_one_that_is_computed_is_not_there() -> None:
    assert is_unknown(inline({}, {"logging": True}, written=("logging",)).logging, "known after apply")
    assert isinstance(inline({}, {"logging": True}).logging, Absent)


def test_grants_that_are_computed_beside_a_canned_acl_are_not_waited_for() -> None:
    row = inline({"acl": "log-delivery-write"}, {"grant": True}, written=("acl",))
    assert isinstance(row.acl, Value)
    assert LOG_DELIVERY == row.acl.value.grants[0].uri


def test_a_bucket_that_is_there_is_not_taken_for_a_new_one() -> None:
    old = inline({"logging": [], "policy": ""}, actions=["no-op"])
    for fact in ("public_access_block", "object_ownership", "encryption", "versioning", "acl", "payer"):
        assert is_unknown(getattr(old, fact), "there already")
    assert (None, None) == (told(old.logging), told(old.policy))
    full = [{"id": "f" * 64, "permissions": ["FULL_CONTROL"], "type": "CanonicalUser", "uri": ""}]
    assert Acl("f" * 64, (Grant("FULL_CONTROL", id="f" * 64),)) == told(inline({"grant": full, "acl": None}, actions=["no-op"]).acl)


def test_a_bucket_that_is_replaced_is_a_new_one() -> None:
    assert "BucketOwnerEnforced" == told(inline({}, computed(), actions=["delete", "create"]).object_ownership)


def test_logging_that_is_destroyed_is_off_whatever_the_bucket_was_read_to_have() -> None:
    stale = [{"target_bucket": "logs", "target_prefix": ""}]
    plan = Plan().add("aws_s3_bucket.b", {"bucket": "b", "logging": stale, "policy": "{}"}, actions=["no-op"])
    plan.add("aws_s3_bucket_logging.b", None, actions=["delete"], before={"bucket": "b", "target_bucket": "logs"})
    plan.add("aws_s3_bucket_versioning.b", None, actions=["delete"], before={"bucket": "b"})
    plan.add("aws_s3_bucket_public_access_block.b", None, actions=["delete"], before={"bucket": "b"})
    plan.add("aws_s3_bucket_policy.b", None, actions=["forget"], before={"bucket": "b"})
    row = rows(plan.facts())["b"]
    assert isinstance(row.logging, Absent)
    assert isinstance(row.public_access_block, Absent)
    assert Versioning("Suspended") == told(row.versioning)
    assert is_unknown(row.policy, "Terraform forgets aws_s3_bucket_policy.b")


@pytest.mark.parametrize("action", ["delete", "forget"])
def test_a_bucket_that_goes_is_no_row(action: str) -> None:
    assert {} == rows(Plan().add("aws_s3_bucket.b", None, actions=[action], before={"bucket": "b"}).facts())


def test_what_has_no_instances_is_not_there() -> None:
    plan = Plan().add("aws_s3_bucket.b", {"bucket": "b"}, computed())
    plan.configure("aws_s3_bucket.b").configure("aws_s3_bucket_logging.b", bucket=one("aws_s3_bucket.b"), count_expression=is_(0))
    assert isinstance(rows(plan.facts())["b"].logging, Absent)


def test_what_is_sensitive_is_neither_judged_nor_shown() -> None:
    plan = Plan().add("aws_s3_bucket.b", {"bucket": "secret"}, computed(), after_sensitive={"bucket": True})
    plan.add("aws_s3_bucket_policy.b", {"bucket": "secret", "policy": '{"x": "secret"}'}, after_sensitive={"bucket": True, "policy": True})
    plan.configure("aws_s3_bucket_policy.b", bucket=one("aws_s3_bucket.b"))
    found = plan.facts()
    assert "secret" not in repr(found).replace("marks it as", "")
    assert is_unknown(rows(found)["${aws_s3_bucket.b}"].policy, "sensitive")


DOCUMENT: dict[str, Any] = {
    "statement": [
        {
            "sid": "Logs",
            "effect": None,
            "actions": ["s3:PutObject"],
            "not_actions": [],
            "principals": [{"type": "Service", "identifiers": ["logging.s3.amazonaws.com"]}],
            "condition": [{"test": "StringEquals", "variable": "aws:SourceAccount", "values": ["1"]}],
        },
        {"effect": "Deny", "actions": ["s3:*"], "resources": ["arn:aws:s3:::b/*"], "principals": [{"type": "*", "identifiers": ["*"]}]},
    ]
}


def document(after: dict[str, Any], unknown: dict[str, Any]) -> Bucket:
    plan = Plan().add("aws_s3_bucket.b", {"bucket": "b"}, computed())
    plan.add("data.aws_iam_policy_document.d", after, {"json": True, **unknown}, actions=["read"])
    plan.add("aws_s3_bucket_policy.b", {"bucket": "b"}, {"policy": True})
    plan.configure("data.aws_iam_policy_document.d")
    plan.configure("aws_s3_bucket_policy.b", policy=one("data.aws_iam_policy_document.d", "json"))
    return rows(plan.facts())["b"]


def test_a_policy_document_is_read_and_what_is_open_of_it_is_a_symbol() -> None:
    policy = document(DOCUMENT, {"statement": [{"resources": [True]}, {}]}).policy
    assert isinstance(policy, Value)
    first, second = json.loads(policy.value)["Statement"]
    assert ("Allow", ["${known after apply}"], {"Service": ["logging.s3.amazonaws.com"]}) == (
        first["Effect"],
        first["Resource"],
        first["Principal"],
    )
    assert {"StringEquals": {"aws:SourceAccount": ["1"]}} == first["Condition"]
    assert ("Deny", "*", ["arn:aws:s3:::b/*"]) == (second["Effect"], second["Principal"], second["Resource"])


@pytest.mark.parametrize(
    ("after", "unknown"),
    [
        ({**DOCUMENT, "source_json": "{}"}, {}),
        (DOCUMENT, {"source_policy_documents": True}),
        (DOCUMENT, {"override_policy_documents": True}),
        (DOCUMENT, {"statement": True}),
        (DOCUMENT, {"statement": [{"actions": True}, {}]}),
        (DOCUMENT, {"statement": [{"principals": [{"type": True}]}, {}]}),
        ({}, {}),
    ],
)
def test_a_policy_document_of_which_more_is_open_is_unknown(after: dict[str, Any], unknown: dict[str, Any]) -> None:
    assert is_unknown(document(after, unknown).policy, "known after apply")


def test_logging_that_goes_to_itself_through_an_alias_of_the_name_is_seen() -> None:
    row = with_("logging", {"target_bucket": "b", "target_prefix": "b/"})
    assert isinstance(row.logging, Value)
    assert "b" == told(row.logging.value.target_bucket)


def test_encryption_without_a_default_is_that_of_s3() -> None:
    assert Encryption("AES256") == told(with_("server_side_encryption_configuration", {"rule": [{"bucket_key_enabled": True}]}).encryption)


def test_a_document_that_was_read_while_planning_is_taken_as_it_is() -> None:
    policy = document({"json": '{"Statement": []}'}, {"json": False, "statement": True}).policy
    assert '{"Statement": []}' == told(policy)


def test_grants_of_older_plans_are_read_where_the_acl_is_computed() -> None:
    granted = [{"id": "", "permissions": ["READ", "WRITE"], "type": "Group", "uri": LOG_DELIVERY}]
    row = inline({"grant": granted}, {"acl": True})
    assert isinstance(row.acl, Value)
    assert ["READ", "WRITE"] == [grant.permission for grant in row.acl.value.grants]
