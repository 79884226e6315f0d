"""Log objects are named as the policy asks.

## What

`key_format` of the policy's `logging:` against TargetObjectKeyFormat. Without one S3 names log objects simply, `prefix` + time + id;
partitioned names have account, Region, bucket and day before that, by the time of the event unless the delivery's is asked for.

## Why

With partitions a reader of one day lists that day alone, and permissions can be given by account, Region and bucket. In partitions by
event time a log object is where its records are, but its name has no time of day.

## Source

https://docs.aws.amazon.com/AmazonS3/latest/API/API_TargetObjectKeyFormat.html

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

from s3guard.audit.case import About, Case, Verdict, not_logged, passed, warned
from s3guard.audit.facts import known
from s3guard.audit.rows import KeyFormat
from s3guard.model import Severity

SEVERITY = Severity.LOW
ABOUT = About.SOURCE
NEEDS = ("logging",)


def check(case: Case) -> Iterator[Verdict]:
    """Whether the format is the one that is asked for."""
    logging = None if case.bucket.kind != "general" else known(case.bucket.logging)
    if logging is None:
        yield not_logged(case.bucket)
        return
    if case.expected.key_format == "any":
        yield passed("the policy asks for no format")
        return
    form = known(logging.target_object_key_format) or KeyFormat()
    found = "partitioned" if form.format == "PartitionedPrefix" else "simple"
    if found == case.expected.key_format:
        yield passed(f"log objects have {found} names")
    else:
        yield warned(f"Log objects have {found} names, and the policy asks for {case.expected.key_format} ones")
