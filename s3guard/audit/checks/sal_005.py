"""The logs of each source have a prefix of their own.

## What

The prefix is that which the policy names, is not empty, ends with a slash, and no prefix of another source in the same log bucket begins
with it (``app`` and ``app-prod/``).

## Why

Lifecycle rules, permissions and readers tell sources apart by their prefix. Where two sources share one, nobody can tell whose a log
object is without reading it, and nobody can tell that one of them has gone silent.

## Source

https://docs.aws.amazon.com/AmazonS3/latest/API/API_LoggingEnabled.html ("you can use a prefix to distinguish which log files came from
which bucket")

## CLI

    aws s3api put-bucket-logging --bucket <bucket> --bucket-logging-status '{"LoggingEnabled": {"TargetBucket": "<log-bucket>",
      "TargetPrefix": "<prefix>", "TargetObjectKeyFormat": {"PartitionedPrefix": {"PartitionDateSource": "EventTime"}}}}'
    # it replaces the whole setting: put its TargetGrants in too, if it has any

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

from s3guard.audit.case import About, Case, Verdict, failed, not_logged, passed, unknown, warned
from s3guard.audit.facts import Unknown, Value, given, is_same, known
from s3guard.audit.graph import Edge
from s3guard.audit.rows import Bucket, KeyFormat, Logging
from s3guard.model import Severity

SEVERITY = Severity.MEDIUM
ABOUT = About.SOURCE
NEEDS = ("logging", "region")


def check(case: Case) -> Iterator[Verdict]:
    """Whether log objects can be told apart by their keys."""
    logging = None if case.bucket.kind != "general" else known(case.bucket.logging)
    if logging is None:
        yield not_logged(case.bucket)
        return
    yield from _as_asked(case, logging)
    prefix = known(logging.target_prefix) or ""
    others = _others(case, logging)
    if not prefix:
        # NOTE: a partitioned key has the bucket's name in it, so sources stay apart.
        if others and not _is_partitioned(logging):
            yield failed(f"The logs have no prefix, and {others[0].source.name} logs to the same bucket")
        else:
            yield warned("The logs have no prefix")
    elif not prefix.endswith("/"):
        yield warned(f"The prefix {prefix} does not end with a slash")
    for other in others:
        theirs = other.logging.target_prefix
        if isinstance(theirs, Unknown):
            continue  # NOTE: that source has its own result.
        said = theirs.value if isinstance(theirs, Value) else ""
        clash = said.startswith(prefix) or prefix.startswith(said)
        if prefix and said and clash and not (_is_partitioned(logging) and _is_partitioned(other.logging)):
            yield failed(f"The prefix {prefix} and {said} of {other.source.name} begin alike", other=other.source.name)
    yield passed()


def _as_asked(case: Case, logging: Logging) -> Iterator[Verdict]:
    """Target and prefix against what the policy names."""
    expected = case.expected
    if expected.target_bucket is not None:
        target = given(logging.target_bucket, "the target bucket")
        same = is_same(target, expected.target_bucket)
        if same is None:
            yield unknown(f"whether {target} is {expected.target_bucket} is only known once the template is applied")
        elif not same:
            yield failed(f"The logs go to {target}, and the policy wants them in {expected.target_bucket}", what="target")
    if expected.target_prefix is None:
        return
    region = given(case.bucket.region, "the Region") if "{region}" in expected.target_prefix else None
    wanted = expected.prefix_for(case.bucket.name, case.bucket.account, region)
    prefix = known(logging.target_prefix) or ""
    same = wanted is None or is_same(prefix, wanted)
    if same is None:
        yield unknown(f"whether the prefix {prefix} is {wanted} is only known once the template is applied")
    elif not same:
        yield failed(f"The prefix of the logs is {prefix or 'empty'}, and the policy wants {wanted}", what="prefix")


def _others(case: Case, logging: Logging) -> list[Edge]:
    target = given(logging.target_bucket, "the target bucket")
    return [edge for edge in case.graph.sources(target) if _is_other(edge.source, case.bucket)]


def _is_other(one: Bucket, other: Bucket) -> bool:
    return one.name != other.name and one.kind == "general"


def _is_partitioned(logging: Logging) -> bool:
    return (known(logging.target_object_key_format) or KeyFormat()).format == "PartitionedPrefix"
