r"""Every table bucket writes access logs.

## What

Table buckets (S3 Tables) have server access logging of their own (PutTableBucketLogging), whose keys are always partitioned. Its log
bucket may have neither SSE-KMS nor Object Lock nor Requester Pays, which the checks of log buckets see to.

## Why

Tables hold the same data as the objects that they were made from.

## Source

https://docs.aws.amazon.com/AmazonS3/latest/userguide/s3-tables-server-logs.html

## CLI

    aws s3tables put-table-bucket-logging --table-bucket-arn arn:aws:s3tables:<region>:<account>:bucket/<bucket> \
      --logging-configuration '{"targetBucket": "<log-bucket>", "targetPrefix": "<prefix>"}'

## Terraform

    # the provider has no resource for it that we know of; use the CLI
"""

from __future__ import annotations

from collections.abc import Iterator

from s3guard.audit.case import About, AccountCase, Verdict, failed, not_applicable, passed, unknown
from s3guard.audit.facts import NotKnownError, known
from s3guard.model import Severity

SEVERITY = Severity.MEDIUM
ABOUT = About.ACCOUNT
NEEDS = ("table_buckets",)


def check(case: AccountCase) -> Iterator[Verdict]:
    """Whether each table bucket logs."""
    rows = [row for row in case.graph.facts.buckets if row.kind == "table" and row.account == case.account.id]
    if not rows and case.graph.facts.source == "template":
        yield not_applicable("there are none in this template")
        return
    if not rows and not known(case.account.table_buckets):
        yield not_applicable("there are no table buckets in the Regions that were looked at")
        return
    for row in rows:
        try:
            logging = known(row.table_logging)
        except NotKnownError as error:
            yield unknown(str(error), bucket=row.name)
            continue
        if row.name in case.excluded:
            yield not_applicable(f"{row.name} is excluded: {case.excluded[row.name]}")
        elif logging is None:
            yield failed(f"The table bucket {row.name} writes no access logs", bucket=row.name)
        else:
            yield passed(f"{row.name} logs")
    # NOTE: a Region that was not listed may have more of them.
    known(case.account.table_buckets)
