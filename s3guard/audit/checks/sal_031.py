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

from collections.abc import Iterator, Sequence
from dataclasses import astuple

from s3guard.audit.case import About, Case, Verdict, failed, passed, unknown
from s3guard.audit.facts import Fact, Unknown, Value
from s3guard.audit.rows import UNASKED, PublicAccessBlock
from s3guard.audit.tristate import Tri, any_of
from s3guard.model import Severity

SEVERITY = Severity.HIGH
ABOUT = About.SINK
NEEDS = ("public_access_block", "account.public_access_block")
_SWITCHES = ("BlockPublicAcls", "IgnorePublicAcls", "BlockPublicPolicy", "RestrictPublicBuckets")


def check(case: Case) -> Iterator[Verdict]:
    """Which switches are on, at either level."""
    levels = (case.bucket.public_access_block, UNASKED if case.account is None else case.account.public_access_block)
    by_level = [_switches(level) for level in levels]
    effective = {name: any_of(level[place] for level in by_level) for place, name in enumerate(_SWITCHES)}
    off = [name for name, state in effective.items() if state is False]
    if off:
        yield failed(f"Public access is not blocked: {', '.join(off)} {'is' if len(off) == 1 else 'are'} off at the bucket and its account")
    elif None in effective.values():
        reasons = [level.reason for level in levels if isinstance(level, Unknown)]
        yield unknown("; ".join(reasons))
    else:
        yield passed("all public access is blocked")


def _switches(level: Fact[PublicAccessBlock]) -> Sequence[Tri]:
    """The four of one level; absent: off."""
    if isinstance(level, Unknown):
        return [None] * len(_SWITCHES)
    return astuple(level.value) if isinstance(level, Value) else [False] * len(_SWITCHES)
