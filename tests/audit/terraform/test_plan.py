"""Plans and states as a whole: what they are, in which account and Region, and what is no plan."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from s3guard.audit import terraform
from s3guard.audit.facts import Absent, Value
from s3guard.audit.rows import EventSelector, Facts, LogDelivery
from s3guard.audit.terraform import plan as plans
from s3guard.model import UnableError, UsageError
from tests.audit.plans import IDENTITY, Plan, computed, is_, is_unknown, one, refers, rows, told
from tests.audit.rowmaking import ACCOUNT, NOW


def read(tree: object) -> Facts:
    return terraform.of_bytes(json.dumps(tree).encode(), "plan.json", NOW)


def made(provider: str = "aws", **providers: Any) -> Plan:
    """A plan with one bucket of this provider."""
    plan = Plan(providers={"aws": {"name": "aws"}, **providers}).add("aws_s3_bucket.b", {"bucket": "b"}, computed())
    return plan.configure("aws_s3_bucket.b", provider=provider)


def test_the_region_is_that_of_the_resource_else_of_its_provider_else_a_symbol_of_that() -> None:
    aws = {"name": "aws", "expressions": {"region": is_("eu-west-1")}}
    assert "eu-west-1" == told(rows(made(aws=aws).facts())["b"].region)
    variable = {"name": "aws", "expressions": {"region": refers("var.region")}}
    assert "eu-west-3" == told(rows(made(aws=variable).facts(variables={"region": {"value": "eu-west-3"}}))["b"].region)
    assert "${provider aws region}" == told(rows(made().facts())["b"].region)
    aliased = {"name": "aws", "alias": "far", "expressions": {"region": is_("ap-south-1")}}
    assert "ap-south-1" == told(rows(made("aws.far", **{"aws.far": aliased}).facts())["b"].region)
    own = Plan().add("aws_s3_bucket.b", {"bucket": "b", "region": "us-west-2"}, {})
    assert "us-west-2" == told(rows(own.facts())["b"].region)


def test_the_provider_of_a_module_is_that_of_the_root_where_there_is_but_one() -> None:
    aws = {"name": "aws", "expressions": {"region": is_("eu-west-1")}}
    other = {"name": "aws", "alias": "far", "expressions": {"region": is_("ap-south-1")}}
    assert "eu-west-1" == told(rows(made("m:aws", aws=aws).facts())["b"].region)
    assert "${provider m:aws region}" == told(rows(made("m:aws", aws=aws, **{"aws.far": other}).facts())["b"].region)


def test_the_account_is_told_by_the_caller_or_the_provider_else_it_is_a_symbol() -> None:
    plan = made()
    assert {"${provider aws}"} == {account.id for account in plan.facts().accounts}
    prior = {"values": {"root_module": {"resources": [
        {"address": IDENTITY, "mode": "data", "type": "aws_caller_identity", "name": "current", "values": {"account_id": ACCOUNT}}
    ]}}}  # fmt: skip
    assert ACCOUNT == rows(plan.facts(prior_state=prior))["b"].account
    allowed = {"name": "aws", "expressions": {"allowed_account_ids": is_([ACCOUNT])}}
    assert ACCOUNT == rows(made(aws=allowed).facts())["b"].account
    role = {"name": "aws", "expressions": {"assume_role": [{"role_arn": is_(f"arn:aws:iam::{ACCOUNT}:role/x")}]}}
    assert ACCOUNT == rows(made(aws=role).facts())["b"].account


def test_an_account_has_what_the_plan_makes_of_it_and_the_rest_is_unknown() -> None:
    plan = made().add("aws_s3_directory_bucket.d", {"bucket": "d--use1-az4--x-s3"})
    plan.add("aws_s3tables_table_bucket.t", {"name": "t"}).add("awscc_s3_bucket.c", {"bucket_name": "c"})
    found = plan.facts()
    (account,) = found.accounts
    assert (2, 1, 1) == (told(account.buckets), told(account.directory_buckets), told(account.table_buckets))
    assert is_unknown(account.trails, "a template does not show it")
    assert () == told(account.log_deliveries)
    assert ["directory", "table"] == [rows(found)[name].kind for name in ("d--use1-az4--x-s3", "t")]
    assert is_unknown(rows(found)["c"].logging, "does not read awscc_s3_bucket")


def test_trails_and_deliveries_and_the_block_of_the_account_are_read() -> None:
    plan = made()
    selector = {"read_write_type": "All", "data_resource": [{"type": "AWS::S3::Object", "values": ["arn:aws:s3"]}]}
    plan.add("aws_cloudtrail.t", {"enable_logging": None, "event_selector": [selector]}, {"s3_bucket_name": True, "arn": True})
    plan.configure("aws_cloudtrail.t", s3_bucket_name=one("aws_s3_bucket.b"))
    advanced = [{"field_selector": [{"field": "eventCategory", "equals": ["Data"]}]}]
    plan.add("aws_cloudtrail_event_data_store.s", {"advanced_event_selector": advanced}, {"arn": True})
    flags = ("block_public_acls", "ignore_public_acls", "block_public_policy", "restrict_public_buckets")
    plan.add("aws_s3_account_public_access_block.a", dict.fromkeys(flags, True))
    plan.add("aws_cloudwatch_log_delivery_source.s", {"name": "s", "log_type": "S3_SERVER_ACCESS_LOGS"}, {"resource_arn": True})
    plan.configure("aws_cloudwatch_log_delivery_source.s", resource_arn=one("aws_s3_bucket.b", "arn"))
    plan.add("aws_cloudwatch_log_delivery_destination.d", {"delivery_destination_type": "CWL"}, {"arn": True})
    plan.add("aws_cloudwatch_log_delivery.d", {"delivery_source_name": "s"}, {"delivery_destination_arn": True})
    (account,) = plan.facts().accounts
    assert isinstance(account.trails, Value)
    (trail,) = account.trails.value
    assert ("b", True, False) == (trail.s3_bucket_name, told(trail.is_logging), trail.is_multi_region)
    assert (EventSelector("All", ("arn:aws:s3",)),) == told(trail.selectors)
    assert isinstance(account.event_data_stores, Value)
    assert "eventCategory" == told(account.event_data_stores.value[0].advanced)[0][0].field  # type: ignore[index]
    assert told(account.public_access_block) is not None
    expected = LogDelivery("arn:aws:s3:::b", "${aws_cloudwatch_log_delivery.d.delivery_destination_arn}", "CWL")
    assert (expected,) == told(account.log_deliveries)


def test_a_trail_whose_bucket_is_open_makes_the_trails_unknown() -> None:
    plan = made().add("aws_cloudtrail.t", {}, {"s3_bucket_name": True}).configure("aws_cloudtrail.t")
    assert is_unknown(plan.facts().accounts[0].trails, "known after apply")


def test_a_state_is_read_with_its_modules() -> None:
    def resource(kind: str, address: str, **values: Any) -> dict[str, Any]:
        return {"address": address, "mode": "managed", "type": kind, "name": "this", "values": values, "sensitive_values": {}}

    logs = resource("aws_s3_bucket", "aws_s3_bucket.this", bucket="logs", region="us-east-1", logging=[])
    app = resource("aws_s3_bucket", "module.m.aws_s3_bucket.this", bucket="app", region="us-east-1")
    on = resource("aws_s3_bucket_logging", "module.m.aws_s3_bucket_logging.this", bucket="app", target_bucket="logs", target_prefix="a/")
    root = {"resources": [logs], "child_modules": [{"address": "module.m", "resources": [app, on]}]}
    found = rows(read({"format_version": "1.0", "values": {"root_module": root}}))
    assert isinstance(found["app"].logging, Value)
    assert "logs" == told(found["app"].logging.value.target_bucket)
    assert isinstance(found["logs"].logging, Absent)
    assert is_unknown(found["app"].public_access_block, "there already")
    assert "module.m.aws_s3_bucket_logging.this" == getattr(found["app"].logging.origin, "call", None)


@pytest.mark.parametrize("said", [{"complete": False}, {"errored": True}])
def test_what_a_plan_that_is_not_complete_does_not_have_is_unknown(said: dict[str, bool]) -> None:
    plan = made().add("aws_s3_bucket_versioning.b", {"bucket": "b", "versioning_configuration": [{"status": "Enabled"}]})
    row = rows(plan.facts(**said))["b"]
    assert is_unknown(row.logging, "the plan is not complete")
    assert is_unknown(row.object_ownership, "the plan is not complete")
    assert isinstance(row.versioning, Value)
    assert isinstance(rows(plan.facts(complete=True, errored=False))["b"].logging, Absent)


def test_a_plan_that_deploys_a_template_of_its_own_may_make_other_buckets() -> None:
    (account,) = made().add("aws_cloudformation_stack.s", {"name": "s"}).facts().accounts
    assert is_unknown(account.buckets, "aws_cloudformation_stack.s is a template of its own and may make others")
    (alone,) = Plan().add("aws_cloudformation_stack.s", {"name": "s"}).facts().accounts
    assert is_unknown(alone.buckets, "aws_cloudformation_stack.s")


@pytest.mark.parametrize(
    "content",
    [
        b"", b"{", b"[]", b"7", b"\xff\xfe", b"{}", b'{"format_version": "1.0"}', b'{"format_version": "9.0", "resource_changes": []}',
        b"[" * 100_000, b'{"format_version": "1.0", "resource_changes": 7}', b'{"format_version": "1.0", "resource_changes": [7]}',
        b'{"format_version": "1.0", "resource_changes": [{}]}', b'{"format_version": "1.0", "values": 7}',
        b'{"format_version": "1.0", "resource_changes": [], "configuration": {"root_module": {"module_calls": {"m": 7}}}}',
        b'{"format_version": "1.0", "resource_changes": [], "configuration": {"provider_config": {"aws": {"expressions": 7}}}}',
    ],
)  # fmt: skip
def test_what_is_no_plan_is_refused(content: bytes) -> None:
    with pytest.raises(UsageError, match=r"^plan\.json "):
        terraform.of_bytes(content, "plan.json", NOW)


def test_nesting_without_end_is_refused() -> None:
    deep: Any = "x"
    for _ in range(300):
        deep = [deep]
    with pytest.raises(UsageError, match="damaged"):
        Plan().add("aws_s3_bucket.b", {"bucket": "b", "tags": deep}).facts()
    calls: Any = {"resources": []}
    for _ in range(150):
        calls = {"module_calls": {"m": {"module": calls}}}
    with pytest.raises(UsageError, match="damaged"):
        Plan(root=calls).facts()


def test_a_file_that_cannot_be_read_or_is_too_large_is_told(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    with pytest.raises(UnableError, match=r"could not read the plan gone\.json: No such file"):
        terraform.read(tmp_path / "gone.json", "gone.json", NOW)
    with pytest.raises(UnableError, match="Is a directory"):
        terraform.read(tmp_path, "folder", NOW)
    monkeypatch.setattr(plans, "MAX_BYTES", 10)
    (tmp_path / "large.json").write_text(json.dumps(Plan().tree()))
    with pytest.raises(UsageError, match=r"large\.json is larger than"):
        terraform.read(tmp_path / "large.json", "large.json", NOW)


def whole() -> Plan:
    """A plan with something of everything."""
    plan = made().add("aws_s3_bucket.sink[0]", {}, computed(bucket=True)).configure("aws_s3_bucket.sink")
    plan.add("aws_s3_bucket_logging.b", {"bucket": "b", "target_prefix": "b/"}, {"target_bucket": True})
    plan.configure("aws_s3_bucket_logging.b", target_bucket=refers("module.m.id", "module.m"))
    module = plan.call("m", expressions={"x": one("aws_s3_bucket.sink[0]")}, outputs={"id": {"expression": refers("var.x")}})
    plan.configure("aws_s3_bucket_policy.p", module, bucket=refers("var.x"), policy=one("data.aws_iam_policy_document.d", "json"))
    plan.add("module.m.aws_s3_bucket_policy.p", {}, {"bucket": True, "policy": True})
    plan.add("module.m.data.aws_iam_policy_document.d", {"statement": [{"actions": ["s3:*"]}]}, {"json": True}, actions=["read"])
    plan.add("aws_s3_bucket_lifecycle_configuration.b", {"bucket": "b", "rule": [{"status": "Enabled", "expiration": [{"days": 3}]}]})
    plan.add(
        "aws_cloudtrail.t", {"s3_bucket_name": "b", "event_selector": [{"data_resource": [{"type": "AWS::S3::Object", "values": []}]}]}
    )
    return plan.add("aws_cloudwatch_log_delivery_source.s", {"name": "s", "log_type": "S3_SERVER_ACCESS_LOGS", "resource_arn": "a"})


def test_the_whole_plan_joins() -> None:
    found = rows(whole().facts())
    assert isinstance(found["b"].logging, Value)
    assert "${aws_s3_bucket.sink[0]}" == told(found["b"].logging.value.target_bucket)


def places(tree: object, at: tuple[Any, ...] = ()) -> list[tuple[Any, ...]]:
    """The way to every value of a tree."""
    below = tree.items() if isinstance(tree, dict) else enumerate(tree) if isinstance(tree, list) else ()
    return [at, *(way for key, value in below for way in places(value, (*at, key)))]


WHOLE = json.dumps(whole().tree())
PLACES = [way for way in places(json.loads(WHOLE)) if way]
ODD: st.SearchStrategy[Any] = st.sampled_from(
    [None, 7, -1.5, True, "", "text", "${x}", "module.m[", [], {}, [7], [[]], {"a": 7}, [{}], {"references": [7]}]
)


@settings(max_examples=300)
@given(st.sampled_from(PLACES), ODD)
def test_whatever_is_odd_in_a_plan_is_refused_or_unknown_and_breaks_nothing(way: tuple[Any, ...], odd: Any) -> None:
    tree = json.loads(WHOLE)
    at = tree
    for step in way[:-1]:
        at = at[step]
    at[way[-1]] = odd
    try:
        found = read(tree)
    except UsageError:
        return
    assert "template" == found.source
