"""Server access logging is on.

## What

The bucket's access logs are delivered: to a log bucket (server access logging), or by CloudWatch Logs (log type S3_SERVER_ACCESS_LOGS),
which is asked for before "not logged" is said. A log bucket is exempt: its own log would have to go somewhere, and to itself for ever.
Security Hub's S3.9, S3.15 (Object Lock) and S3.17 (KMS) fail for a log bucket by design.

## Why

What nobody writes down, nobody can review. PCI DSS 10.2.1, HIPAA 164.312(b).

## Source

Security Hub S3.9, AWS Config s3-bucket-logging-enabled. GetBucketLogging answers 200 without LoggingEnabled where logging is off:
https://docs.aws.amazon.com/AmazonS3/latest/API/API_GetBucketLogging.html

## CLI

    aws s3api put-bucket-logging --bucket <bucket> --bucket-logging-status '{"LoggingEnabled": {"TargetBucket": "<log-bucket>",
      "TargetPrefix": "<prefix>", "TargetObjectKeyFormat": {"PartitionedPrefix": {"PartitionDateSource": "EventTime"}}}}'

## Terraform

    resource "aws_s3_bucket_logging" "<name>" {
      bucket        = "<bucket>"
      target_bucket = "<log-bucket>"
      target_prefix = "<prefix>"
      target_object_key_format {
        partitioned_prefix { partition_date_source = "EventTime" }
      }
    }
"""

from __future__ import annotations

from collections.abc import Iterator

from s3guard.audit.case import About, Case, Verdict, failed, not_applicable, passed
from s3guard.audit.facts import known
from s3guard.model import Severity

SEVERITY = Severity.HIGH
ABOUT = About.SOURCE
NEEDS = ("logging", "account.log_deliveries", "policy", "acl")


def check(case: Case) -> Iterator[Verdict]:
    """Whether access logs are written, one way or the other."""
    bucket = case.bucket
    if bucket.kind != "general":
        yield not_applicable(f"a {bucket.kind} bucket has no server access logging of this kind")
        return
    if (sink := case.graph.sink_because(bucket)) is not None:
        yield not_applicable(f"{sink}; Security Hub S3.9, S3.15 and S3.17 fail for a log bucket by design")
        return
    if known(bucket.logging) is not None:
        yield passed("server access logging is on")
        return
    # NOTE: bucket ARNs have neither Region nor account, so the end is the name.
    deliveries = () if case.account is None else known(case.account.log_deliveries) or ()
    ways = sorted({one.destination_type for one in deliveries if one.source_arn.rpartition(":")[2] == bucket.name})
    if ways:
        yield passed(f"CloudWatch Logs delivers its access logs ({', '.join(ways)})")
        return
    # NOTE: a log bucket that only its policy or ACL would tell is no failure, so whoever could not look may not say so.
    known(bucket.policy), known(bucket.acl)
    yield failed("Server access logging is off, and CloudWatch Logs delivers no access logs of the bucket either")
