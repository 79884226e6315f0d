"""What is not logged is recorded by CloudTrail.

## What

A bucket without server access logging, and a log bucket (which should have none), have data events: a trail or an event data store of
CloudTrail Lake that is logging, in the bucket's Region, and records reads and writes of all its objects. Selectors are evaluated whole:
one that is limited to some prefix, event or user does not count.

## Why

Somebody must be able to say who read the data, and who read the logs (PCI DSS 10.2.1.3). Data events are no full substitute: access
logs alone have refused anonymous requests, lifecycle actions, the keys of bulk deletions, bytes and times.

## Source

Security Hub S3.22 and S3.23; https://docs.aws.amazon.com/awscloudtrail/latest/userguide/logging-data-events-with-cloudtrail.html

## CLI

    aws cloudtrail put-event-selectors --trail-name TRAIL --advanced-event-selectors '[{"Name": "objects", "FieldSelectors": [
      {"Field": "eventCategory", "Equals": ["Data"]}, {"Field": "resources.type", "Equals": ["AWS::S3::Object"]},
      {"Field": "resources.ARN", "StartsWith": ["arn:aws:s3:::<bucket>/"]}]}]'

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
          equals = ["AWS::S3::Object"]
        }
        field_selector {
          field       = "resources.ARN"
          starts_with = ["arn:aws:s3:::<bucket>/"]
        }
      }
    }
"""

from __future__ import annotations

from collections.abc import Iterator

from s3guard.audit.case import About, Case, Verdict, failed, not_applicable, passed, unknown, warned
from s3guard.audit.facts import NotKnownError, known
from s3guard.audit.recorded import recorders
from s3guard.model import Severity

SEVERITY = Severity.MEDIUM
ABOUT = About.SOURCE
NEEDS = ("logging", "policy", "acl", "region", "account.trails", "account.event_data_stores")


def check(case: Case) -> Iterator[Verdict]:
    """Whether there is another record."""
    if case.bucket.kind != "general":
        yield not_applicable(f"SAL-011 and SAL-012 are about {case.bucket.kind} buckets")
        return
    if known(case.bucket.logging) is not None:
        yield not_applicable("server access logging is on")
        return
    if case.account is None:
        yield unknown("nobody looked at the account of this bucket")
        return
    try:
        found = recorders(case.account, case.bucket)
    except NotKnownError:
        if not case.is_template:
            raise
        yield not_applicable("no trail of this template records it; the live audit asks for those of the account")
        return
    if found:
        yield passed(f"CloudTrail records it: {', '.join(found)}")
    elif case.graph.is_sink(case.bucket):
        yield warned("Nothing records who reads and deletes the logs in this bucket: it has no access log, by design, and no data events")
    else:
        known(case.bucket.policy), known(case.bucket.acl)
        yield failed("There is neither an access log nor a record of CloudTrail of who reads and writes this bucket")
