"""Policies of which a plan leaves ARNs open, settled by the sources that stand beside it."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from s3guard.audit import terraform
from s3guard.audit.facts import Fact, Unknown, Value
from s3guard.audit.rows import Facts
from tests.audit.plans import Plan, computed, is_, refers, rows
from tests.audit.rowmaking import ACCOUNT, NOW

ARN = ("aws_s3_bucket.logs.arn", "aws_s3_bucket.logs")
ENCODED = """\
resource "aws_s3_bucket_policy" "logs" {
  bucket = aws_s3_bucket.logs.id
  policy = jsonencode({
    Version = "2012-10-17"
    Statement = [{
      Sid       = "Logs"
      Effect    = "Allow"
      Principal = { Service = "logging.s3.amazonaws.com" }
      Action    = "s3:PutObject"
      Resource  = "${aws_s3_bucket.logs.arn}/*"
      Condition = {
        StringEquals = { "aws:SourceAccount" = data.aws_caller_identity.current.account_id }
        ArnLike      = { "aws:SourceArn" = [aws_s3_bucket.app.arn] }
      }
    }]
  })
}
"""
DOCUMENT = """\
data "aws_iam_policy_document" "logs" {
  statement {
    sid       = "Logs"
    actions   = ["s3:PutObject"]
    resources = ["${aws_s3_bucket.logs.arn}/*"]
    principals {
      type        = "Service"
      identifiers = ["logging.s3.amazonaws.com"]
    }
    condition {
      test     = "ArnLike"
      variable = "aws:SourceArn"
      values   = [aws_s3_bucket.app.arn]
    }
  }
  statement {
    sid       = "Readers"
    actions   = ["s3:GetObject"]
    resources = ["${aws_s3_bucket.logs.arn}/*"]
    principals {
      type        = "AWS"
      identifiers = [aws_iam_role.reader.arn]
    }
  }
  statement {
    sid       = "Tls"
    effect    = "Deny"
    actions   = ["s3:*"]
    resources = [aws_s3_bucket.logs.arn, "${aws_s3_bucket.logs.arn}/*"]
    principals {
      type        = "*"
      identifiers = ["*"]
    }
    condition {
      test     = "Bool"
      variable = "aws:SecureTransport"
      values   = ["false"]
    }
  }
}
"""


def buckets(**more: str) -> Plan:
    """A plan of a log bucket and a source, both new."""
    plan = Plan()
    for name in ("logs", "app"):
        plan.add(f"aws_s3_bucket.{name}", {"bucket": more.get(name, name)}, computed()).configure(f"aws_s3_bucket.{name}", bucket=is_(name))
    return plan


def encoded(*references: str) -> Plan:
    """With a policy of which the plan knows what it refers to, and nothing else."""
    plan = buckets().add("aws_s3_bucket_policy.logs", {"bucket": "logs"}, {"policy": True, "id": True})
    said = (
        *ARN,
        "data.aws_caller_identity.current.account_id",
        "data.aws_caller_identity.current",
        "aws_s3_bucket.app.arn",
        "aws_s3_bucket.app",
    )
    return plan.configure("aws_s3_bucket_policy.logs", policy=refers(*(references or said)), bucket=refers(*ARN))


IDENTITY = {
    "address": "data.aws_caller_identity.current",
    "mode": "data",
    "type": "aws_caller_identity",
    "name": "current",
    "values": {"account_id": ACCOUNT},
}


def read(folder: Path, plan: Plan, **sources: str) -> Facts:
    for name, text in sources.items():
        (folder / f"{name}.tf").write_text(text)
    prior = {"values": {"root_module": {"resources": [IDENTITY]}}}
    variables = {"logs": {"value": "given"}, "secret": {"value": "s3cr3t"}}
    (folder / "plan.json").write_text(json.dumps(plan.tree(variables=variables, prior_state=prior)))
    return terraform.read(folder / "plan.json", "plan.json", NOW)


def policy(facts: Facts) -> Any:
    fact: Fact[str] = rows(facts)["logs"].policy
    return json.loads(fact.value) if isinstance(fact, Value) else f"unknown: {fact.reason}" if isinstance(fact, Unknown) else None


def test_a_policy_that_is_encoded_of_arns_is_what_its_source_says(tmp_path: Path) -> None:
    (statement,) = policy(read(tmp_path, encoded(), main=ENCODED))["Statement"]
    assert ("arn:aws:s3:::logs/*", ["arn:aws:s3:::app"]) == (statement["Resource"], statement["Condition"]["ArnLike"]["aws:SourceArn"])
    assert {"aws:SourceAccount": ACCOUNT} == statement["Condition"]["StringEquals"]


OTHER = "the sources beside the plan are not those that it was made of"


@pytest.mark.parametrize(
    ("sources", "reason"),
    [
        ({}, "known after apply"),
        ({"main": ENCODED.replace("aws_s3_bucket.app.arn", "aws_s3_bucket.web.arn")}, OTHER),
        ({"main": ENCODED.replace("[aws_s3_bucket.app.arn]", '"*"')}, OTHER),
        ({"main": ENCODED.replace("[aws_s3_bucket.app.arn]", "[for one in var.others : one]").replace("logs.arn", "web.arn")}, OTHER),
        ({"main": ENCODED, "more": ENCODED}, "known after apply"),
        ({"main": ENCODED, "more": "resource {"}, "known after apply"),
        ({"main": ENCODED.replace("jsonencode(", 'templatefile("x", ')}, "by an expression that s3guard does not read"),
    ],
    ids=["none", "of something else", "of less", "a loop and something else", "twice", "broken", "a function"],
)
def test_what_sources_do_not_tell_stays_open(tmp_path: Path, sources: dict[str, str], reason: str) -> None:
    assert reason in policy(read(tmp_path, encoded(), **sources))


@pytest.mark.parametrize("part", ['${upper("x")}', "${[for one in var.others : one][0]}", "%{ if true }x%{ endif }"])
def test_what_is_not_read_within_an_expression_is_a_symbol(tmp_path: Path, part: str) -> None:
    text = ENCODED.replace('"${aws_s3_bucket.logs.arn}/*"', f'"${{aws_s3_bucket.logs.arn}}/{part}"')
    (statement,) = policy(read(tmp_path, encoded(), main=text))["Statement"]
    assert statement["Resource"].startswith("arn:aws:s3:::logs/${known after apply")
    assert ["arn:aws:s3:::app"] == statement["Condition"]["ArnLike"]["aws:SourceArn"]


def test_variables_locals_modules_and_outputs_are_followed(tmp_path: Path) -> None:
    module = tmp_path / "module"
    module.mkdir()
    (module / "main.tf").write_text(
        'variable "arn" {}\nvariable "end" { default = "*" }\nlocals { keys = "${var.arn}/${var.end}" }\n'
        'output "statement" { value = { Effect = "Deny", Principal = "*", Action = "s3:*", Resource = local.keys } }\n'
    )
    plan = encoded("module.m.statement", "module.m", "var.logs")
    plan.call("m", expressions={"arn": refers(*ARN)}, outputs={"statement": {"expression": refers("local.keys")}})
    main = """\
module "m" {
  source = "./module"
  arn    = aws_s3_bucket.logs.arn
}
resource "aws_s3_bucket_policy" "logs" {
  policy = jsonencode({Id = var.logs, Statement = [module.m.statement]})
}
"""
    plan.root["module_calls"]["m"]["source"] = "./module"
    found = policy(read(tmp_path, plan, main=main))
    assert ("given", "arn:aws:s3:::logs/*") == (found["Id"], found["Statement"][0]["Resource"])


def test_a_secret_is_put_into_no_policy(tmp_path: Path) -> None:
    plan = encoded("var.secret")
    plan.root["variables"] = {"secret": {"sensitive": True}}
    main = 'resource "aws_s3_bucket_policy" "logs" {\n  policy = jsonencode({Id = var.secret})\n}\n'
    assert "s3cr3t" not in json.dumps(policy(read(tmp_path, plan, main=main)))
    plan = encoded().add("aws_s3_bucket_policy.x", {"bucket": "app", "policy": "{}"}, {}, after_sensitive={"policy": True})
    assert isinstance(rows(read(tmp_path, plan, main=ENCODED))["app"].policy, Unknown)


def test_what_goes_round_in_a_circle_ends(tmp_path: Path) -> None:
    main = 'locals {\n  a = local.b\n  b = local.a\n}\nresource "aws_s3_bucket_policy" "logs" {\n  policy = local.a\n}\n'
    assert "lead to one another" in policy(read(tmp_path, encoded("local.a"), main=main))


def test_what_grows_without_bound_ends(tmp_path: Path) -> None:
    bomb = "\n".join(f'  l{at} = "{f"${{local.l{at + 1}}}" * 4}"' for at in range(11))
    main = f'locals {{\n{bomb}\n  l11 = "{"x" * 50_000}"\n}}\nresource "aws_s3_bucket_policy" "logs" {{\n  policy = local.l0\n}}\n'
    assert "make too much" in policy(read(tmp_path, encoded("local.l0"), main=main))


def documented(*, is_listed: bool = True) -> Plan:
    """With a data source that is read when the plan is applied, and a role that is made by it."""
    plan = buckets().add("aws_iam_role.reader", {"name": "reader", "path": "/"}, {"arn": True})
    plan.add("aws_s3_bucket_policy.logs", {"bucket": "logs"}, {"policy": True})
    json_ = refers("data.aws_iam_policy_document.logs.json", "data.aws_iam_policy_document.logs")
    plan.configure("aws_s3_bucket_policy.logs", bucket=is_("logs"), policy=json_)
    service = [{"type": "Service", "identifiers": ["logging.s3.amazonaws.com"]}]
    clear = [{"test": "Bool", "variable": "aws:SecureTransport", "values": ["false"]}]
    source = [{"test": "ArnLike", "variable": "aws:SourceArn"}]
    anybody = [{"type": "*", "identifiers": ["*"]}]
    said = [
        {"sid": "Logs", "effect": None, "actions": ["s3:PutObject"], "principals": service, "condition": source},
        {"sid": "Readers", "actions": ["s3:GetObject"], "principals": [{"type": "AWS"}], "condition": []},
        {"sid": "Tls", "effect": "Deny", "actions": ["s3:*"], "principals": anybody, "condition": clear},
    ]
    one: Any = [True] if is_listed else True
    both: Any = [True, True] if is_listed else True
    marks = [
        {"resources": one, "condition": [{"values": one}]},
        {"resources": one, "principals": [{"identifiers": one}]},
        {"resources": both},
    ]
    plan.add("data.aws_iam_policy_document.logs", {"statement": said}, {"json": True, "id": True, "statement": marks}, actions=["read"])
    role = refers("aws_iam_role.reader.arn", "aws_iam_role.reader")
    written = [
        {"resources": refers(*ARN), "condition": [{"values": refers("aws_s3_bucket.app.arn", "aws_s3_bucket.app")}]},
        {"resources": refers(*ARN), "principals": [{"identifiers": role}]},
        {"resources": refers(*ARN, *ARN)},
    ]
    return plan.configure("data.aws_iam_policy_document.logs", statement=written)


@pytest.mark.parametrize("is_listed", [True, False])
def test_what_a_document_leaves_open_is_what_its_source_says(tmp_path: Path, *, is_listed: bool) -> None:
    facts = read(tmp_path, documented(is_listed=is_listed), main=DOCUMENT)
    logs, readers, tls = policy(facts)["Statement"]
    assert (["arn:aws:s3:::logs/*"], {"ArnLike": {"aws:SourceArn": ["arn:aws:s3:::app"]}}) == (logs["Resource"], logs["Condition"])
    assert ["arn:aws:s3:::logs", "arn:aws:s3:::logs/*"] == tls["Resource"]
    assert [f"arn:aws:iam::{rows(facts)['logs'].account}:role/reader"] == readers["Principal"]["AWS"]


def test_without_its_source_a_document_names_no_resource_and_keeps_all_that_the_plan_knows(tmp_path: Path) -> None:
    logs, readers, tls = policy(read(tmp_path, documented()))["Statement"]
    assert ["${known after apply}"] == logs["Resource"]
    assert {"AWS": ["${known after apply}"]} == readers["Principal"]
    assert {"Bool": {"aws:SecureTransport": ["false"]}} == tls["Condition"]


def test_a_document_that_is_made_in_a_loop_is_not_taken_for_its_blocks(tmp_path: Path) -> None:
    text = DOCUMENT.replace('  statement {\n    sid       = "Readers"', '  dynamic "statement" {\n    sid       = "Readers"')
    assert ["${known after apply}"] == policy(read(tmp_path, documented(), main=text))["Statement"][0]["Resource"]


def test_documents_are_put_together_as_their_sources_say(tmp_path: Path) -> None:
    plan = documented()
    names = ("data.aws_iam_policy_document.logs.json", "data.aws_iam_policy_document.logs", "var.logs")
    plan.add("data.aws_iam_policy_document.all", {"statement": []}, {"json": True, "source_policy_documents": True}, actions=["read"])
    plan.configure("data.aws_iam_policy_document.all", source_policy_documents=refers(*names))
    expressions = next(one for one in plan.root["resources"] if one["address"] == "aws_s3_bucket_policy.logs")["expressions"]
    expressions["policy"] = refers("data.aws_iam_policy_document.all.json", "data.aws_iam_policy_document.all")
    both = """\
data "aws_iam_policy_document" "all" {
  source_policy_documents = compact([data.aws_iam_policy_document.logs.json, var.logs == "x" ? "{}" : ""])
}
"""
    assert "known after apply" in policy(read(tmp_path, plan, main=DOCUMENT + both))
    plain = both.replace('var.logs == "x" ? "{}" : ""', 'true ? "" : var.logs')
    assert ["Logs", "Readers", "Tls"] == [one["Sid"] for one in policy(read(tmp_path, plan, main=DOCUMENT + plain))["Statement"]]
    itself = both.replace('data.aws_iam_policy_document.logs.json, var.logs == "x" ? "{}" : ""', "data.aws_iam_policy_document.all.json")
    plan.configure("data.aws_iam_policy_document.all", source_policy_documents=refers("data.aws_iam_policy_document.all.json"))
    assert "unknown" in policy(read(tmp_path, plan, main=DOCUMENT + itself))


def test_a_bucket_without_a_name_is_the_same_symbol_in_its_policy(tmp_path: Path) -> None:
    plan = Plan().add("aws_s3_bucket.logs", {}, computed(bucket=True)).configure("aws_s3_bucket.logs")
    plan.add("aws_s3_bucket_policy.logs", {}, {"policy": True, "bucket": True})
    plan.configure("aws_s3_bucket_policy.logs", policy=refers(*ARN), bucket=refers("aws_s3_bucket.logs.id", "aws_s3_bucket.logs"))
    main = 'resource "aws_s3_bucket_policy" "logs" {\n  policy = <<EOT\n{"Resource": "${aws_s3_bucket.logs.arn}/*"}\nEOT\n}\n'
    fact = rows(read(tmp_path, plan, main=main))["${aws_s3_bucket.logs}"].policy
    assert isinstance(fact, Value)
    assert {"Resource": "arn:aws:s3:::${aws_s3_bucket.logs}/*"} == json.loads(fact.value)
