"""No Deny of the bucket policy stops the delivery of logs.

## What

No statement with the effect Deny speaks about ``logging.s3.amazonaws.com`` writing a log object: neither by name, nor by ``NotPrincipal``,
nor because a perimeter over everybody (VPC endpoint, organisation, address, encryption header) forgets that S3 comes from outside it.

## Why

A Deny outweighs every Allow. Perimeters are written for people and roles, and silently shut the log delivery out.

## Source

https://docs.aws.amazon.com/AmazonS3/latest/userguide/enable-server-access-logging.html ("make sure that Deny statements do not prevent"),
https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_policies_condition-keys.html (aws:PrincipalIsAWSService)

## CLI

    # add to the condition of each Deny that is meant for people and roles:
    # "Bool": {"aws:PrincipalIsAWSService": "false"}
    aws s3api get-bucket-policy --bucket <log-bucket> --query Policy --output text > policy.json
    aws s3api put-bucket-policy --bucket <log-bucket> --policy file://policy.json

## Terraform

    # in each Deny statement of aws_iam_policy_document that is meant for people and roles:
    condition {
      test     = "Bool"
      variable = "aws:PrincipalIsAWSService"
      values   = ["false"]
    }

## Not seen

Denies of service and resource control policies and of VPC endpoint policies: they stand in no bucket policy.
"""

from __future__ import annotations

from collections.abc import Iterator

from s3guard.audit.bucket_policy import Statement, statements
from s3guard.audit.case import About, Case, Verdict, failed, not_applicable, passed, unknown
from s3guard.audit.facts import known
from s3guard.audit.permission import applies
from s3guard.audit.route import partition_of, routes, undecided, whose
from s3guard.model import Severity

SEVERITY = Severity.HIGH
ABOUT = About.SINK
NEEDS = ("policy", "source.logging", "source.region")


def check(case: Case) -> Iterator[Verdict]:
    """Whether a Deny hits the delivery of any source."""
    policy = statements(known(case.bucket.policy), partition_of(case.bucket, case.graph))
    denies = [statement for statement in policy if statement.effect == "Deny"]
    if not denies:
        yield passed("the bucket policy denies nothing")
    for statement in denies:
        yield _judged(case, statement)


def _judged(case: Case, statement: Statement) -> Verdict:
    found = [(route, applies(statement, route.request)) for route in routes(case)]
    stopped = [route.source for route, hit in found if hit]
    if stopped:
        return failed(f"Statement {statement.name} of the bucket policy denies S3 to deliver {whose(stopped)}", statement=statement.name)
    doubtful = [route for route, hit in found if hit is None]
    if not doubtful:
        return passed(f"statement {statement.name} does not speak about the delivery of logs")
    why = undecided(doubtful[0], [statement])
    if doubtful[0].source is None:
        return not_applicable(f"no bucket that was looked at logs to it, and {why}")
    return unknown(why, statement=statement.name)
