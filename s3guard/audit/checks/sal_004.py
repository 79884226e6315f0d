"""Logs do not go round in circles.

## What

No bucket logs to itself, no chain of log buckets comes back to where it began, and a log bucket has no logging of its own: what S3 writes
there would be logged as well.

## Why

A bucket that logs to itself makes a log for every log, for ever, and what one looks for drowns in it.

## Source

https://docs.aws.amazon.com/AmazonS3/latest/userguide/ServerLogs.html ("infinite loop of logs");
https://docs.aws.amazon.com/AmazonS3/latest/userguide/enable-server-access-logging.html (the target should not have logging enabled)

## CLI

    # a log bucket of its own for this source:
    aws s3api put-bucket-logging --bucket <bucket> --bucket-logging-status '{"LoggingEnabled": {"TargetBucket": "<log-bucket>",
      "TargetPrefix": "<prefix>"}}'
    # and no logging on the log bucket itself (Security Hub's S3.9 is then to be suppressed for it, which is by design):
    aws s3api put-bucket-logging --bucket <log-bucket> --bucket-logging-status '{}'

## Terraform

    # give aws_s3_bucket_logging another target_bucket, and the log bucket none
    resource "aws_s3_bucket_logging" "<name>" {
      bucket        = "<bucket>"
      target_bucket = "<log-bucket>"
      target_prefix = "<prefix>"
    }
"""

from __future__ import annotations

from collections.abc import Iterator

from s3guard.audit.case import About, Case, Verdict, failed, not_applicable, not_logged, passed, unknown, warned
from s3guard.audit.facts import given, known
from s3guard.model import Severity

SEVERITY = Severity.MEDIUM
ABOUT = About.SOURCE
NEEDS = ("logging", "target.logging", "target.exists")


def check(case: Case) -> Iterator[Verdict]:
    """Whether following the targets ends."""
    logging = None if case.bucket.kind != "general" else known(case.bucket.logging)
    if logging is None:
        yield not_logged(case.bucket)
        return
    name, target = case.bucket.name, given(logging.target_bucket, "the target bucket")
    if target == name:
        yield failed("The bucket logs to itself: every log makes another one, for ever", Severity.HIGH, target=target)
        return
    row = case.graph.bucket(target)
    if row is None:
        yield unknown(f"nobody looked at {target}")
        return
    if known(row.exists) is False:
        yield not_applicable(f"{target} does not exist")
        return
    onward = known(row.logging)
    if onward is None:
        yield passed(f"{target} has no logging of its own")
        return
    further = given(onward.target_bucket, "the target bucket")
    way = case.graph.way(case.bucket)
    if name in way[1:]:
        yield failed(f"Logs go round in a circle: {' to '.join(way)}", target=target)
    elif further == target:
        yield failed(f"The log bucket {target} logs to itself: every log makes another one, for ever", target=target)
    else:
        yield warned(f"The log bucket {target} has logging of its own, to {further}", target=target)
