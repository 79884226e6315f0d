"""Plans and templates from end to end: exit codes, and findings that stand at the lines of the resources."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from tests.audit.plans import Plan, computed, one, refers
from tests.cli.project import Here

POLICY = 'version: 1\npolicy: p\nbuckets: ["*"]\nlogging: {key_format: any}\n'
ONLY = ("--rule", "SAL-001", "--rule", "SAL-004")
TEMPLATE = """\
Resources:

  # a comment
  Off:
    Type: AWS::S3::Bucket

  Self:
    Type: AWS::S3::Bucket
    Properties: {LoggingConfiguration: {LogFilePrefix: self/}}
"""


@pytest.fixture
def project(here: Here) -> Here:
    """A project with a policy about every bucket."""
    for folder in ("infra/mine", "infra/.terraform/modules/theirs"):
        (here.folder / folder).mkdir(parents=True)
    here.write("policies/p.yaml", POLICY)
    return here


def places(sarif: str) -> dict[str, tuple[str, int]]:
    """Where SARIF places the findings, by bucket."""
    found = {}
    for result in json.loads(sarif)["runs"][0]["results"]:
        if result.get("kind", "fail") == "fail":
            at = result["locations"][0]["physicalLocation"]
            message = result["message"]["text"]
            found[message] = (at["artifactLocation"]["uri"], at["region"]["startLine"])
    return found


def located(found: dict[str, tuple[str, int]], text: str) -> tuple[str, int]:
    return next(place for message, place in found.items() if text in message)


def test_findings_of_a_template_stand_at_its_resources(project: Here) -> None:
    project.write("infra/template.yaml", TEMPLATE)
    ended = project("audit", "--template", "infra/template.yaml", "-o", "sarif", *ONLY)
    found = places(ended.out)
    assert 1 == ended.code, ended.err
    assert ("infra/template.yaml", 4) == located(found, "logging is off")
    assert ("infra/template.yaml", 7) == located(found, "logs to itself")


def plan() -> Plan:
    """Buckets at the root, in a module of the repository and in one of a registry."""
    made = Plan()
    for address in ("aws_s3_bucket.off", "module.mine.aws_s3_bucket.this[0]", "module.theirs.aws_s3_bucket.this[0]", "aws_s3_bucket.lost"):
        made.add(address, {"bucket": address.replace("[0]", "").replace("aws_s3_bucket.", "").replace(".", "-")}, computed())
    made.configure("aws_s3_bucket.off").configure("aws_s3_bucket.lost")
    made.configure("aws_s3_bucket.this", made.call("mine"))
    module = made.call("theirs")
    made.root["module_calls"]["theirs"]["source"] = "terraform-aws-modules/s3-bucket/aws"
    made.configure("aws_s3_bucket.this", module)
    made.add("aws_s3_bucket_logging.self", {"bucket": "off"}, {"target_bucket": True})
    return made.configure("aws_s3_bucket_logging.self", target_bucket=one("aws_s3_bucket.off"))


def test_findings_of_a_plan_stand_at_its_sources(project: Here) -> None:
    project.write("infra/plan.json", json.dumps(plan().tree()))
    project.write("infra/main.tf", '# resource "aws_s3_bucket" "off"\n\nresource "aws_s3_bucket" "off" {\n}\n')
    project.write("infra/logs.tf", '\n\n\n  resource "aws_s3_bucket_logging" "self" {\n}\n')
    project.write("infra/mine/main.tf", '\nresource "aws_s3_bucket" "this" {\n')
    project.write("infra/.terraform/modules/modules.json", json.dumps({"Modules": [{"Key": "theirs", "Dir": ".terraform/modules/theirs"}]}))
    project.write("infra/.terraform/modules/theirs/main.tf", '\n\nresource "aws_s3_bucket" "this" {\n')
    report = json.loads(project("audit", "--plan", "infra/plan.json", "-o", "json", *ONLY).out)
    found = {
        (one["rule"][-7:], one["bucket"]): (one["status"], one["location"]["file"], one["location"]["line"]) for one in report["results"]
    }
    assert ("fail", "infra/logs.tf", 4) == found["SAL-004", "off"]
    assert ("fail", "infra/mine/main.tf", 2) == found["SAL-001", "module-mine-this"]
    assert ("fail", "infra/.terraform/modules/theirs/main.tf", 3) == found["SAL-001", "module-theirs-this"]
    assert ("fail", "infra/plan.json", 1) == found["SAL-001", "lost"]


def test_sources_that_cannot_be_read_leave_findings_at_the_plan(project: Here) -> None:
    project.write("infra/plan.json", json.dumps(plan().tree()))
    (project.folder / "infra" / "main.tf").mkdir()
    project.write("infra/.terraform/modules/modules.json", "{")
    report = json.loads(project("audit", "--plan", "infra/plan.json", "-o", "json", *ONLY).out)
    assert {("infra/plan.json", 1)} == {(one["location"]["file"], one["location"]["line"]) for one in report["results"]}


@pytest.mark.parametrize(
    ("flag", "content", "code", "message"),
    [
        ("--plan", None, 3, "could not read the plan x: No such file or directory"),
        ("--template", None, 3, "could not read the template x: No such file or directory"),
        ("--plan", "{}", 2, "x is neither a plan nor a state of terraform show -json"),
        ("--template", "{}", 2, "x is not a CloudFormation template"),
        ("--template", "Resources: {a: {Type: [", 2, "not valid YAML"),
    ],
)
def test_what_cannot_be_read_is_no_clean_run(project: Here, flag: str, content: str | None, code: int, message: str) -> None:
    if content is not None:
        project.write("x", content)
    ended = project("audit", flag, "x")
    assert (code, True) == (ended.code, message in ended.err), ended.err


def test_what_is_known_after_apply_alone_is_undetermined_and_its_reason_is_told(project: Here) -> None:
    made = Plan().add("aws_s3_bucket.b", {"bucket": "b"}, computed()).configure("aws_s3_bucket.b")
    made.add("aws_s3_bucket_logging.b", {}, {"bucket": True}).configure("aws_s3_bucket_logging.b", bucket=refers("local.b"))
    project.write("plan.json", json.dumps(made.tree()))
    ended = project("audit", "--plan", "plan.json", "-o", "json", "--rule", "SAL-001")
    (result,) = json.loads(ended.out)["results"]
    assert (3, "undetermined") == (ended.code, result["status"])
    assert "the bucket that aws_s3_bucket_logging.b is about is known after apply" == result["reason"]


def test_a_snapshot_of_a_plan_is_judged_as_the_plan(project: Here) -> None:
    project.write("plan.json", json.dumps(plan().tree()))
    first = project("audit", "--plan", "plan.json", "-o", "json", "--save-snapshot", "facts.json", "--as-of", "2026-10-02T00:00:00Z")
    again = project("audit", "--snapshot", "facts.json", "-o", "json", "--as-of", "2026-10-02T00:00:00Z")
    results: list[Any] = [json.loads(one.out)["results"] for one in (first, again)]
    assert results[0] == results[1]
    assert Path(project.folder / "facts.json").stat().st_size > 0
