"""Nobody can make the logs public.

## What

All four switches of Block Public Access are on for the log bucket, each at the bucket or at its account.

## Why

One careless ACL or policy would publish who reads what. Security Hub S3.1 and S3.8.

## Source

https://docs.aws.amazon.com/AmazonS3/latest/userguide/access-control-block-public-access.html (the stricter of bucket and account holds)

## CLI

    aws s3api put-public-access-block --bucket <log-bucket> --public-access-block-configuration '{"BlockPublicAcls":
      true, "IgnorePublicAcls": true, "BlockPublicPolicy": true, "RestrictPublicBuckets": true}'

## Terraform

    resource "aws_s3_bucket_public_access_block" "<name>" {
      bucket                  = "<log-bucket>"
      block_public_acls       = true
      ignore_public_acls      = true
      block_public_policy     = true
      restrict_public_buckets = true
    }
"""

from __future__ import annotations

from collections.abc import Iterator

from s3guard.audit.blocked import SWITCHES, blocked, why
from s3guard.audit.case import About, Case, Verdict, failed, passed, unknown
from s3guard.model import Severity

SEVERITY = Severity.HIGH
ABOUT = About.SINK
NEEDS = ("public_access_block", "account.public_access_block")


def check(case: Case) -> Iterator[Verdict]:
    """Which switches are on, at either level."""
    effective = blocked(case)
    off = [SWITCHES[name] for name, state in effective.items() if state is False]
    if off:
        yield failed(f"Public access is not blocked: {', '.join(off)} {'is' if len(off) == 1 else 'are'} off at the bucket and its account")
    elif None in effective.values():
        yield unknown(why(case))
    else:
        yield passed("all public access is blocked")
