"""The log bucket exists.

## What

The bucket that the logs go to is there. The configuration of a source outlives its log bucket, so deleting the log bucket stops the logs
and nothing says so.

## Why

The logs are lost, and whoever creates a bucket of that name is offered them.

## Source

https://docs.aws.amazon.com/AmazonS3/latest/userguide/troubleshooting-server-access-logging.html; HeadBucket answers 404 for a bucket that
is not there: https://docs.aws.amazon.com/AmazonS3/latest/API/API_HeadBucket.html

## CLI

    aws s3api create-bucket --bucket <log-bucket> --region <region>
    # or point the source at a log bucket that is there:
    aws s3api get-bucket-logging --bucket <bucket>

## Terraform

    resource "aws_s3_bucket" "<name>" {
      bucket = "<log-bucket>"
    }
"""

from __future__ import annotations

from collections.abc import Iterator

from s3guard.audit.case import About, Case, Verdict, failed, not_logged, passed, unknown
from s3guard.audit.facts import given, known
from s3guard.model import Severity

SEVERITY = Severity.CRITICAL
ABOUT = About.SOURCE
NEEDS = ("logging", "table_logging", "target.exists")


def check(case: Case) -> Iterator[Verdict]:
    """Whether the target is there."""
    fact = case.bucket.table_logging if case.bucket.kind == "table" else case.bucket.logging
    logging = None if case.bucket.kind == "directory" else known(fact)
    if logging is None:
        yield not_logged(case.bucket)
        return
    target = given(logging.target_bucket, "the target bucket")
    row = case.graph.bucket(target)
    if row is None:
        yield unknown(f"nobody looked at {target}", target=target)
    elif known(row.exists) is False:
        yield failed(f"The log bucket {target} does not exist: logs are lost, and whoever creates it is offered them", target=target)
    else:
        yield passed(f"{target} is there")
