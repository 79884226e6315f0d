"""Every directory bucket is recorded by CloudTrail.

## What

Directory buckets (S3 Express One Zone, ``…--x-s3``) have no server access logging. CloudTrail data events are the only record of who
reads and writes their objects, so each must have them.

## Why

Nothing else says who touched the data in them.

## Source

https://docs.aws.amazon.com/AmazonS3/latest/userguide/s3-express-one-zone-logging.html

## CLI

    aws cloudtrail put-event-selectors --trail-name TRAIL --advanced-event-selectors '[{"Name": "directory buckets", "FieldSelectors": [
      {"Field": "eventCategory", "Equals": ["Data"]}, {"Field": "resources.type", "Equals": ["AWS::S3Express::Object"]}]}]'

## Terraform

    resource "aws_cloudtrail" "<name>" {
      # …
      advanced_event_selector {
        field_selector {
          field  = "eventCategory"
          equals = ["Data"]
        }
        field_selector {
          field  = "resources.type"
          equals = ["AWS::S3Express::Object"]
        }
      }
    }
"""

from __future__ import annotations

from collections.abc import Iterator

from s3guard.audit.case import About, AccountCase, Verdict, failed, not_applicable, passed
from s3guard.audit.facts import known
from s3guard.audit.recorded import recorders
from s3guard.model import Severity

SEVERITY = Severity.MEDIUM
ABOUT = About.ACCOUNT
NEEDS = ("directory_buckets", "trails", "event_data_stores")


def check(case: AccountCase) -> Iterator[Verdict]:
    """Whether each directory bucket is recorded."""
    rows = [row for row in case.graph.facts.buckets if row.kind == "directory" and row.account == case.account.id]
    if not rows and case.graph.facts.source == "template":
        yield not_applicable("there are none in this template")
        return
    if not rows and not known(case.account.directory_buckets):
        yield not_applicable("there are no directory buckets in the Regions that were looked at")
        return
    for row in rows:
        if row.name in case.excluded:
            yield not_applicable(f"{row.name} is excluded: {case.excluded[row.name]}")
        elif recorders(case.account, row):
            yield passed(f"CloudTrail records {row.name}")
        else:
            yield failed(f"{row.name} is a directory bucket, which has no access logs, and CloudTrail does not record it", bucket=row.name)
    # NOTE: a Region that was not listed may have more of them.
    known(case.account.directory_buckets)
