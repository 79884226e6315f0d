"""The logs are read and written over TLS alone.

## What

The bucket policy denies everybody everything on the bucket and its objects where ``aws:SecureTransport`` is false. A Deny for some
principals, actions or resources, or under further conditions, is a warning; of one whose resources only deployment settles nobody can tell.
It does not touch the delivery of logs: S3 writes over TLS.

## Why

Whoever listens on the way would read the logs. Security Hub S3.5.

## Source

https://docs.aws.amazon.com/AmazonS3/latest/userguide/example-bucket-policies.html (HTTP or HTTPS)

## CLI

    # add this statement to the bucket policy, then write it: put-bucket-policy replaces the whole policy
    # {"Sid": "TlsOnly", "Effect": "Deny", "Principal": "*", "Action": "s3:*",
    #  "Resource": ["arn:aws:s3:::<log-bucket>", "arn:aws:s3:::<log-bucket>/*"], "Condition": {"Bool": {"aws:SecureTransport": "false"}}}
    aws s3api get-bucket-policy --bucket <log-bucket> --query Policy --output text > policy.json
    aws s3api put-bucket-policy --bucket <log-bucket> --policy file://policy.json

## Terraform

    data "aws_iam_policy_document" "<name>" {
      statement {
        effect    = "Deny"
        actions   = ["s3:*"]
        resources = ["arn:aws:s3:::<log-bucket>", "arn:aws:s3:::<log-bucket>/*"]
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

from __future__ import annotations

from collections.abc import Iterator

from s3guard.audit.bucket_policy import Statement, statements
from s3guard.audit.case import About, Case, Verdict, failed, passed, unknown, warned
from s3guard.audit.condition import holds
from s3guard.audit.facts import is_symbolic, known
from s3guard.audit.likeness import text
from s3guard.audit.permission import Request, Who, applies, concerns, has_action, has_resource
from s3guard.audit.route import listed, partition_of
from s3guard.model import Severity

SEVERITY = Severity.MEDIUM
ABOUT = About.SINK
NEEDS = ("policy",)
_KEY = "aws:securetransport"


def check(case: Case) -> Iterator[Verdict]:
    """Whether requests in the clear are denied."""
    partition = partition_of(case.bucket, case.graph)
    denies = [one for one in statements(known(case.bucket.policy), partition) if one.effect == "Deny"]
    bucket = f"arn:{partition}:s3:::{case.bucket.name}"
    anything = [
        Request(Who("*"), text("s3:${any action}"), text(resource), {_KEY: ("false",)}) for resource in (bucket, f"{bucket}/${{any key}}")
    ]
    if all(any(applies(statement, request) for statement in denies) for request in anything):
        yield passed("requests in the clear are denied")
        return
    partial = [one for one in denies if any(condition.key.lower() == _KEY and _is_met(one, anything[0]) for condition in one.conditions)]
    for statement in partial:
        open_ = _open(statement, bucket)
        if open_:
            yield unknown(f"whether statement {statement.name} denies all requests in the clear depends on {listed(open_)}")
            continue
        gaps = ", ".join(_gaps(statement, anything))
        yield warned(f"Statement {statement.name} denies requests in the clear only in part: {gaps}", statement=statement.name)
    if not partial:
        yield failed("The bucket policy does not deny requests in the clear")


def _is_met(statement: Statement, request: Request) -> bool:
    """Whether a statement's conditions may hold for a request in the clear."""
    return all(holds(condition, request.context) is not False for condition in statement.conditions)


def _open(statement: Statement, bucket: str) -> list[str]:
    """What it is about, of which nobody knows yet whether that is this bucket and its objects."""
    return [one for one in statement.resources or statement.not_resources or () if is_symbolic(one.removeprefix(bucket))]


def _gaps(statement: Statement, anything: list[Request]) -> Iterator[str]:
    """What a statement leaves out."""
    if concerns(statement, anything[0].who) is not True:
        yield "not for everybody"
    if has_action(statement, anything[0].action) is not True:
        yield "not for every action"
    for request, what in zip(anything, ("the bucket", "its objects"), strict=True):
        if has_resource(statement, request.resource) is not True:
            yield f"not on {what}"
    if any(holds(condition, anything[0].context) is None for condition in statement.conditions):
        yield "under further conditions"
