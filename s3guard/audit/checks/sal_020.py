"""S3 may deliver the logs of every source.

## What

The bucket policy lets ``logging.s3.amazonaws.com`` write (s3:PutObject) every key that the logs of each source will have, and denies it
nowhere; or, in old buckets, the ACL gives the log delivery group WRITE and READ_ACP and ACLs are not switched off, which passes with a
warning. The policy is weighed with three values: where a condition depends on what nobody knows beforehand, the answer is undetermined.

## Why

Without permission nothing is delivered, and nothing says so.

## Source

https://docs.aws.amazon.com/AmazonS3/latest/userguide/enable-server-access-logging.html (permissions for log delivery) and
https://docs.aws.amazon.com/AmazonS3/latest/userguide/object-ownership-migrating-acls-prerequisites.html

## CLI

    # add this statement to the bucket policy, then write it: put-bucket-policy replaces the whole policy
    # {"Sid": "S3ServerAccessLogs", "Effect": "Allow", "Principal": {"Service": "logging.s3.amazonaws.com"}, "Action": "s3:PutObject",
    #  "Resource": "arn:aws:s3:::<log-bucket>/<prefix>*", "Condition": {"StringEquals": {"aws:SourceAccount": "<account>"},
    #  "ArnLike": {"aws:SourceArn": "arn:aws:s3:::<bucket>"}}}
    aws s3api get-bucket-policy --bucket <log-bucket> --query Policy --output text > policy.json
    aws s3api put-bucket-policy --bucket <log-bucket> --policy file://policy.json
    # with the statement in place the ACL is not needed any more:
    aws s3api put-bucket-acl --bucket <log-bucket> --acl private

## Terraform

    data "aws_iam_policy_document" "<name>" {
      statement {
        actions   = ["s3:PutObject"]
        resources = ["arn:aws:s3:::<log-bucket>/<prefix>*"]
        principals {
          type        = "Service"
          identifiers = ["logging.s3.amazonaws.com"]
        }
        condition {
          test     = "StringEquals"
          variable = "aws:SourceAccount"
          values   = ["<account>"]
        }
        condition {
          test     = "ArnLike"
          variable = "aws:SourceArn"
          values   = ["arn:aws:s3:::<bucket>"]
        }
      }
    }

    resource "aws_s3_bucket_policy" "<name>" {
      bucket = "<log-bucket>"
      policy = data.aws_iam_policy_document.<name>.json
    }

## Not seen

Service and resource control policies of the organisation, which can deny delivery too; the key policy of a KMS key.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from s3guard.audit.bucket_policy import Statement, statements
from s3guard.audit.case import About, Case, Verdict, failed, not_applicable, passed, unknown, warned
from s3guard.audit.facts import NotKnownError, known
from s3guard.audit.grants import ENFORCED, UNSET, delivery_grants, lets_deliver
from s3guard.audit.permission import decide
from s3guard.audit.route import Route, listed, partition_of, routes, undecided, whose
from s3guard.model import Severity

SEVERITY = Severity.CRITICAL
ABOUT = About.SINK
NEEDS = ("policy", "acl", "object_ownership", "source.logging", "source.region")


def check(case: Case) -> Iterator[Verdict]:
    """Whether S3 may write the logs of each source."""
    policy = statements(known(case.bucket.policy), partition_of(case.bucket, case.graph))
    for route in routes(case):
        try:
            yield _judged(case, policy, route)
        except NotKnownError as error:
            yield unknown(str(error), **route.about)


def _judged(case: Case, policy: Sequence[Statement], route: Route) -> Verdict:
    said = decide(policy, route.request)
    logs = whose([route.source])
    if said.denies:
        names = listed(one.name for one in said.denies)
        return failed(f"Statement {names} of the bucket policy denies S3 to deliver {logs}", None, **route.about)
    by_acl = ""
    if not said.allows:
        by_acl, why_not = _acl(case)
        if not by_acl and not said.may_allow:
            return failed(f"Nothing lets S3 deliver {logs}: {why_not}", None, **route.about)
        if not by_acl:
            return _open(route, said.may_allow)
    if said.may_deny:
        return _open(route, said.may_deny)
    return (
        warned(f"Only the ACL lets S3 deliver {logs}: {by_acl}", **route.about) if by_acl else passed("the bucket policy lets S3 deliver")
    )


def _open(route: Route, said: Sequence[Statement]) -> Verdict:
    why = undecided(route, said)
    if route.source is None:
        return not_applicable(f"no bucket that was looked at logs to it, and {why}")
    return unknown(why, **route.about)


def _acl(case: Case) -> tuple[str, str]:
    """How the ACL lets S3 deliver, empty where it does not; and why nothing does."""
    granted = delivery_grants(known(case.bucket.acl))
    if not granted:
        return "", "the bucket policy has no statement for it, and the ACL no grant"
    if not lets_deliver(granted):
        return "", f"the ACL grants the log delivery group {listed(sorted(granted))}, and it takes WRITE and READ_ACP"
    if (known(case.bucket.object_ownership) or UNSET) == ENFORCED:
        return "", "the ACL grants it, and ACLs are switched off (bucket owner enforced)"
    return "a way that AWS keeps for old buckets, and that ends when ACLs are switched off", ""
