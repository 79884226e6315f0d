"""Which bucket a resource of a plan is about, through references, modules, count and for_each."""

from __future__ import annotations

from typing import Any

import pytest

from s3guard.audit.facts import Absent, Value
from s3guard.audit.rows import Bucket, Logging
from tests.audit.plans import Plan, computed, is_, is_unknown, one, refers, rows, told

OPEN = {"bucket": True, "target_bucket": True}
BUCKET = {"bucket": True}


def bucket(plan: Plan, address: str, **after: Any) -> Plan:
    """A bucket whose name is known after apply."""
    return plan.add(address, after, computed(bucket=True))


def target(row: Bucket) -> object:
    assert isinstance(row.logging, Value)
    return told(row.logging.value.target_bucket)


def logging(row: Bucket) -> Logging | None:
    assert isinstance(row.logging, Value | Absent)
    return row.logging.value if isinstance(row.logging, Value) else None


def two() -> Plan:
    """A bucket and a log bucket, both without a name yet."""
    plan = bucket(bucket(Plan(), "aws_s3_bucket.app"), "aws_s3_bucket.sink")
    return plan.configure("aws_s3_bucket.app").configure("aws_s3_bucket.sink")


def test_a_name_that_is_not_there_yet_is_the_resource() -> None:
    plan = two().add("aws_s3_bucket_logging.any_name", {"target_prefix": "app/"}, OPEN)
    plan.configure("aws_s3_bucket_logging.any_name", bucket=one("aws_s3_bucket.app"), target_bucket=one("aws_s3_bucket.sink", "bucket"))
    found = rows(plan.facts())
    assert ["${aws_s3_bucket.app}", "${aws_s3_bucket.sink}"] == sorted(found)
    assert "${aws_s3_bucket.sink}" == target(found["${aws_s3_bucket.app}"])
    assert logging(found["${aws_s3_bucket.sink}"]) is None


def test_computed_logging_of_a_bucket_is_not_logging() -> None:
    assert [None, None] == [logging(row) for row in rows(two().facts()).values()]


def test_a_target_that_is_not_in_the_plan_is_a_row_of_which_nothing_is_known() -> None:
    plan = Plan().add("aws_s3_bucket.app", {"bucket": "app"}, computed())
    plan.add("aws_s3_bucket_logging.app", {"bucket": "app", "target_bucket": "central", "target_prefix": ""})
    found = rows(plan.facts())
    assert "central" == target(found["app"])
    assert (None, True) == (found["central"].account, is_unknown(found["central"].exists, "central is not in this template"))


def test_what_refers_to_two_buckets_is_in_doubt_for_both_and_no_other() -> None:
    plan = bucket(two(), "aws_s3_bucket.third").configure("aws_s3_bucket.third")
    plan.add("aws_s3_bucket_logging.app", {"target_bucket": "t", "target_prefix": ""}, BUCKET)
    either = refers("var.which", "aws_s3_bucket.app.id", "aws_s3_bucket.app", "aws_s3_bucket.sink.id", "aws_s3_bucket.sink")
    plan.configure("aws_s3_bucket_logging.app", bucket=either)
    found = rows(plan.facts())
    assert is_unknown(found["${aws_s3_bucket.app}"].logging, "aws_s3_bucket_logging.app is about is known after apply")
    assert is_unknown(found["${aws_s3_bucket.sink}"].logging)
    assert isinstance(found["${aws_s3_bucket.third}"].logging, Absent)


@pytest.mark.parametrize("references", [("local.name",), ("random_pet.name.id", "random_pet.name"), ("var.map",), ()])
def test_what_nobody_can_join_is_in_doubt_for_every_bucket_without_one_of_its_own(references: tuple[str, ...]) -> None:
    plan = two().add("aws_s3_bucket_versioning.v", {"versioning_configuration": [{"status": "Enabled"}]}, BUCKET)
    plan.configure("aws_s3_bucket_versioning.v", bucket=refers(*references))
    plan.add("aws_s3_bucket_versioning.own", {"versioning_configuration": [{"status": "Suspended"}]}, BUCKET)
    plan.configure("aws_s3_bucket_versioning.own", bucket=one("aws_s3_bucket.sink"))
    found = rows(plan.facts())
    assert is_unknown(found["${aws_s3_bucket.app}"].versioning, "aws_s3_bucket_versioning.v")
    assert "Suspended" == getattr(told(found["${aws_s3_bucket.sink}"].versioning), "status", None)


def test_two_resources_of_one_kind_for_one_bucket_are_in_doubt() -> None:
    plan = Plan().add("aws_s3_bucket.app", {"bucket": "app"}, computed())
    for name in ("a", "b"):
        plan.add(f"aws_s3_bucket_policy.{name}", {"bucket": "app", "policy": "{}"})
    assert is_unknown(rows(plan.facts())["app"].policy, "aws_s3_bucket_policy.a and aws_s3_bucket_policy.b both")


@pytest.mark.parametrize("keys", [(0, 1), ("a", "b")])
def test_instances_are_joined_by_their_keys(keys: tuple[Any, Any]) -> None:
    plan = Plan()
    for key in keys:
        index = f"[{key}]" if isinstance(key, int) else f'["{key}"]'
        bucket(plan, f"aws_s3_bucket.all{index}")
        plan.add(f"aws_s3_bucket_logging.all{index}", {"target_bucket": f"logs-{key}", "target_prefix": ""}, BUCKET)
    each = "count.index" if isinstance(keys[0], int) else "each.key"
    plan.configure("aws_s3_bucket.all").configure("aws_s3_bucket_logging.all", bucket=refers("aws_s3_bucket.all", each))
    targets = [target(row) for name, row in sorted(rows(plan.facts()).items()) if name.startswith("$")]
    assert [f"logs-{key}" for key in keys] == targets


def test_for_each_over_buckets_is_followed() -> None:
    plan = Plan()
    for key in "ab":
        bucket(plan, f'aws_s3_bucket.all["{key}"]')
        plan.add(f'aws_s3_bucket_logging.all["{key}"]', {"target_bucket": f"logs-{key}", "target_prefix": ""}, BUCKET)
    expression = refers("each.value.id", "each.value")
    plan.configure("aws_s3_bucket.all")
    plan.configure("aws_s3_bucket_logging.all", bucket=expression, for_each_expression=refers("aws_s3_bucket.all"))
    found = rows(plan.facts())
    assert "logs-a" == target(found['${aws_s3_bucket.all["a"]}'])
    assert "logs-b" == target(found['${aws_s3_bucket.all["b"]}'])


def test_a_key_that_is_written_is_that_instance() -> None:
    plan = bucket(bucket(Plan(), "aws_s3_bucket.all[0]"), "aws_s3_bucket.all[1]").configure("aws_s3_bucket.all")
    plan.add("aws_s3_bucket_logging.x", {"target_bucket": "logs", "target_prefix": ""}, BUCKET)
    plan.configure("aws_s3_bucket_logging.x", bucket=refers("aws_s3_bucket.all[1].id", "aws_s3_bucket.all[1]", "aws_s3_bucket.all"))
    found = rows(plan.facts())
    assert isinstance(found["${aws_s3_bucket.all[0]}"].logging, Absent)
    assert "logs" == target(found["${aws_s3_bucket.all[1]}"])


def test_variables_and_outputs_of_modules_are_followed() -> None:
    plan = Plan()
    bucket(plan, "module.sink.aws_s3_bucket.this[0]")
    bucket(plan, "module.app.aws_s3_bucket.this[0]")
    plan.add("module.app.aws_s3_bucket_logging.this[0]", {"target_prefix": "app/"}, OPEN)
    this = refers("aws_s3_bucket_versioning.this[0].id", "aws_s3_bucket.this[0].id", "aws_s3_bucket.this[0]", "aws_s3_bucket.this")
    sink = plan.call("sink", outputs={"s3_bucket_id": {"expression": this}})
    plan.configure("aws_s3_bucket.this", sink).configure("aws_s3_bucket_versioning.this", sink, bucket=one("aws_s3_bucket.this[0]"))
    app = plan.call("app", expressions={"logging": refers("module.sink.s3_bucket_id", "module.sink")})
    plan.configure("aws_s3_bucket.this", app)
    wanted = refers('var.logging["target_bucket"]', "var.logging")
    plan.configure("aws_s3_bucket_logging.this", app, bucket=one("aws_s3_bucket.this[0]"), target_bucket=wanted)
    found = rows(plan.facts())
    assert "${module.sink.aws_s3_bucket.this[0]}" == target(found["${module.app.aws_s3_bucket.this[0]}"])


def test_each_instance_of_a_module_has_its_own() -> None:
    plan = Plan()
    bucket(plan, "aws_s3_bucket.logs")
    for key in "ab":
        bucket(plan, f'module.m["{key}"].aws_s3_bucket.this')
        plan.add(f'module.m["{key}"].aws_s3_bucket_logging.this', {"target_prefix": f"{key}/"}, OPEN)
    module = plan.call("m", expressions={"logs": one("aws_s3_bucket.logs")}, for_each_expression=is_(["a", "b"]))
    plan.configure("aws_s3_bucket.logs").configure("aws_s3_bucket.this", module)
    plan.configure("aws_s3_bucket_logging.this", module, bucket=one("aws_s3_bucket.this"), target_bucket=refers("var.logs"))
    found = rows(plan.facts())
    for key in "ab":
        row = found[f'${{module.m["{key}"].aws_s3_bucket.this}}']
        assert "${aws_s3_bucket.logs}" == target(row)
        assert isinstance(row.logging, Value)
        assert f"{key}/" == told(row.logging.value.target_prefix)


def test_what_names_itself_in_a_circle_is_in_doubt() -> None:
    plan = two()
    plan.add("aws_s3_bucket_versioning.v", {"versioning_configuration": []}, BUCKET)
    plan.configure("aws_s3_bucket_versioning.v", bucket=one("aws_s3_bucket_versioning.v"))
    assert is_unknown(rows(plan.facts())["${aws_s3_bucket.app}"].versioning)
