"""The buckets that hold CloudTrail's logs write access logs.

## What

Every bucket of the account that a trail delivers to has server access logging. One of another account is judged with that.

## Why

Whoever reads or deletes CloudTrail's logs must leave a trace. The CIS AWS Foundations Benchmark asks for access logs of this bucket
alone.

## Source

Security Hub CloudTrail.7; CIS AWS Foundations 3.4 (version 3 and 5), 3.6 (version 1.4)

## CLI

    aws s3api put-bucket-logging --bucket <bucket> --bucket-logging-status '{"LoggingEnabled": {"TargetBucket": "<log-bucket>",
      "TargetPrefix": "<prefix>"}}'

## Terraform

    resource "aws_s3_bucket_logging" "<name>" {
      bucket        = "<bucket>"
      target_bucket = "<log-bucket>"
      target_prefix = "<prefix>"
    }
"""

from __future__ import annotations

from collections.abc import Iterator

from s3guard.audit.case import About, AccountCase, Verdict, failed, not_applicable, passed, unknown
from s3guard.audit.facts import NotKnownError, Unknown, known
from s3guard.model import Severity

SEVERITY = Severity.LOW
ABOUT = About.ACCOUNT
NEEDS = ("trails", "buckets")


def check(case: AccountCase) -> Iterator[Verdict]:
    """Whether each trail's bucket logs."""
    if case.graph.facts.source == "template" and isinstance(case.account.trails, Unknown):
        yield not_applicable("the trails of the account are not in this template; the live audit asks for them")
        return
    names = sorted({trail.s3_bucket_name for trail in known(case.account.trails) or () if trail.s3_bucket_name})
    if not names:
        yield not_applicable("no trail delivers to a bucket")
    for name in names:
        row = case.graph.bucket(name)
        if row is None and case.graph.facts.source == "live" and isinstance(case.account.buckets, Unknown):
            yield unknown(f"whether {name} is of this account is not known: {case.account.buckets.reason}", bucket=name)
            continue
        if row is None or row.account != case.account.id:
            yield not_applicable(f"{name} is in another account, and judged with that")
            continue
        try:
            logging = known(row.logging)
        except NotKnownError as error:
            yield unknown(str(error), bucket=name)
            continue
        if logging is None:
            yield failed(f"CloudTrail delivers to {name}, which writes no access logs", bucket=name)
        else:
            yield passed(f"{name} logs")
