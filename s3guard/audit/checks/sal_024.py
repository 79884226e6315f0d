"""Requester Pays is off.

## What

The owner of the log bucket pays for requests to it.

## Why

S3 does not deliver logs to a bucket whose requesters pay.

## Source

https://docs.aws.amazon.com/AmazonS3/latest/userguide/troubleshooting-server-access-logging.html; AWS always answers with a payer, so an
answer without one (as some servers that are not AWS's give it) is no answer

## CLI

    aws s3api put-bucket-request-payment --bucket <log-bucket> --request-payment-configuration Payer=BucketOwner

## Terraform

    resource "aws_s3_bucket_request_payment_configuration" "<name>" {
      bucket = "<log-bucket>"
      payer  = "BucketOwner"
    }
"""

from __future__ import annotations

from collections.abc import Iterator

from s3guard.audit.case import About, Case, Verdict, failed, passed, unknown
from s3guard.audit.facts import given
from s3guard.model import Severity

SEVERITY = Severity.HIGH
ABOUT = About.SINK
NEEDS = ("payer",)


def check(case: Case) -> Iterator[Verdict]:
    """Who pays."""
    payer = given(case.bucket.payer, "the payer")
    if payer == "BucketOwner":
        yield passed("the owner pays")
    elif payer == "Requester":
        yield failed("Requester Pays is on, and S3 delivers no logs to such a bucket")
    else:
        yield unknown(f"nobody knows what the payer {payer} means for deliveries")
