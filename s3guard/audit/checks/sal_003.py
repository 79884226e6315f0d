"""The log bucket is in the same account and Region.

## What

AWS refuses to switch logging on towards a bucket of another account or Region, so what this finds came later: a log bucket that was
deleted and made anew elsewhere.

## Why

Logs never leave the Region or the account of their source; nothing arrives.

## Source

https://docs.aws.amazon.com/AmazonS3/latest/userguide/enable-server-access-logging.html (both must be the same)

## CLI

    aws s3api head-bucket --bucket <log-bucket> --expected-bucket-owner <account>
    # make a log bucket in the Region of the source, and point the source at it:
    aws s3api put-bucket-logging --bucket <bucket> --bucket-logging-status '{"LoggingEnabled": {"TargetBucket": "<log-bucket>",
      "TargetPrefix": "<prefix>"}}'

## Terraform

    resource "aws_s3_bucket_logging" "<name>" {
      bucket        = "<bucket>"
      target_bucket = "<log-bucket>" # of the same account and Region
      target_prefix = "<prefix>"
    }
"""

from __future__ import annotations

from collections.abc import Iterator

from s3guard.audit.case import About, Case, Verdict, failed, not_applicable, not_logged, passed, unknown
from s3guard.audit.facts import given, is_same, known
from s3guard.audit.rows import Bucket
from s3guard.model import Severity

SEVERITY = Severity.HIGH
ABOUT = About.SOURCE
NEEDS = ("logging", "table_logging", "region", "target.exists", "target.region", "account.buckets")


def check(case: Case) -> Iterator[Verdict]:
    """Whether source and target share account and Region."""
    fact = case.bucket.table_logging if case.bucket.kind == "table" else case.bucket.logging
    logging = None if case.bucket.kind == "directory" else known(fact)
    if logging is None:
        yield not_logged(case.bucket)
        return
    target = given(logging.target_bucket, "the target bucket")
    row = case.graph.bucket(target)
    if row is None:
        yield unknown(f"nobody looked at {target}")
        return
    if not case.is_template and known(row.exists) is False:
        yield not_applicable(f"{target} does not exist")
        return
    yield _owner(case, row)
    here, there = given(case.bucket.region, "the Region"), given(row.region, "the Region")
    same = is_same(here, there)
    if same is None:
        yield unknown(f"the Regions {here} and {there} are only known once the template is applied")
    elif same:
        yield passed(f"both are in {here}")
    else:
        yield failed(f"The log bucket {target} is in {there}, and its source in {here}", target=target, what="region")


def _owner(case: Case, row: Bucket) -> Verdict:
    if row.account is not None and case.bucket.account is not None:
        same = is_same(row.account, case.bucket.account)
        if same is None:
            return unknown(f"whether {row.name} is in the account of its source is only known once the template is applied")
        if not same:
            return failed(
                f"The log bucket {row.name} is in account {row.account}, and its source in another", target=row.name, what="account"
            )
        return passed("both are in one account")
    if case.account is not None and known(case.account.buckets) is not None and row.account is None and not case.is_template:
        return failed(f"The log bucket {row.name} is not among the buckets of the account of its source", target=row.name, what="account")
    return unknown(f"nobody knows whose bucket {row.name} is")
