"""Object Lock is off.

## What

The log bucket has no Object Lock. With a default retention it is a high failure, without one a medium one.

## Why

S3 does not deliver logs to a bucket with Object Lock: AWS names the default retention in one place and Object Lock itself in another.
Security Hub S3.15 and PCI DSS 10.5.1 (as Security Hub maps it) ask for Object Lock on every bucket, and contradict that: their finding on
a log bucket is by design. Logs that must not change are delivered to a bucket without a lock and replicated to one with it.

## Source

https://docs.aws.amazon.com/AmazonS3/latest/userguide/troubleshooting-server-access-logging.html ("Object Lock blocks server access log
delivery"), https://docs.aws.amazon.com/AmazonS3/latest/userguide/ServerLogs.html (default retention)

## CLI

    # Object Lock cannot be switched off: make a new log bucket, point the sources at it, and replicate it to the locked one
    aws s3api put-bucket-logging --bucket <bucket> --bucket-logging-status '{"LoggingEnabled": {"TargetBucket": "NEW-LOG-BUCKET",
      "TargetPrefix": "<prefix>"}}'

## Terraform

    resource "aws_s3_bucket" "<name>" {
      bucket              = "NEW-LOG-BUCKET"
      object_lock_enabled = false
    }
"""

from __future__ import annotations

from collections.abc import Iterator

from s3guard.audit.case import About, Case, Verdict, failed, passed
from s3guard.audit.facts import known
from s3guard.model import Severity

SEVERITY = Severity.HIGH
ABOUT = About.SINK
NEEDS = ("object_lock",)
_ADVICE = "Security Hub S3.15 asks for it and contradicts that, so deliver to a bucket without it and replicate to one with it"


def check(case: Case) -> Iterator[Verdict]:
    """Whether objects are locked."""
    lock = known(case.bucket.object_lock)
    if lock is None:
        yield passed("Object Lock is off")
    elif lock.mode or lock.days or lock.years:
        yield failed(f"Object Lock is on with a default retention, with which S3 delivers no logs; {_ADVICE}")
    else:
        yield failed(f"Object Lock is on, which blocks the delivery of logs by AWS's troubleshooting page; {_ADVICE}", Severity.MEDIUM)
