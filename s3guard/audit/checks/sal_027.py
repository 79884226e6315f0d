"""Log objects have versions.

## What

Versioning is on. MFA delete is told where it is on: with it no lifecycle can be configured, so a policy that asks that logs are deleted in
time cannot be kept.

## Why

A log object that was overwritten or deleted can be had back, and that it was is seen. Security Hub S3.14.

## Source

https://docs.aws.amazon.com/AmazonS3/latest/userguide/Versioning.html; GetBucketVersioning answers an empty body where versioning was never
on. MFA delete against lifecycle (Security Hub S3.20):
https://docs.aws.amazon.com/AmazonS3/latest/userguide/MultiFactorAuthenticationDelete.html

## CLI

    aws s3api put-bucket-versioning --bucket <log-bucket> --versioning-configuration Status=Enabled

## Terraform

    resource "aws_s3_bucket_versioning" "<name>" {
      bucket = "<log-bucket>"
      versioning_configuration {
        status = "Enabled"
      }
    }
"""

from __future__ import annotations

from collections.abc import Iterator

from s3guard.audit.case import About, Case, Verdict, passed, warned
from s3guard.audit.facts import known
from s3guard.model import Severity

SEVERITY = Severity.LOW
ABOUT = About.SINK
NEEDS = ("versioning",)


def check(case: Case) -> Iterator[Verdict]:
    """Whether versions are kept."""
    versioning = known(case.bucket.versioning)
    if versioning is None or versioning.status != "Enabled":
        state = "was never switched on" if versioning is None else "is suspended"
        yield warned(f"Versioning {state}, so a log object that is overwritten or deleted is lost", what="versioning")
    else:
        yield passed("versioning is on")
    at_most = case.expected.keep_at_most
    if versioning is None or versioning.mfa_delete != "Enabled":
        return
    if at_most is None:
        yield passed("versioning is on with MFA delete; no lifecycle can be configured with it")
    else:
        yield warned(
            f"MFA delete is on, with which no lifecycle can be configured, and {at_most.because} asks that logs are deleted after "
            f"{at_most.days:,} days; decide which of the two holds",
            what="mfa-delete",
        )
