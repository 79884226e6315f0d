"""The delivery of logs does not hang on an ACL that is switched off.

## What

With object ownership "bucket owner enforced" ACLs have no effect, so a grant to the log delivery group delivers nothing; a bucket policy
has to let S3 deliver. With the other two settings both ways work.

## Why

Switching ACLs off is advice of Security Hub (S3.12), and ends deliveries that a policy does not allow.

## Source

https://docs.aws.amazon.com/AmazonS3/latest/userguide/object-ownership-migrating-acls-prerequisites.html;
GetBucketOwnershipControls answers OwnershipControlsNotFoundError for buckets of before April 2023, which is ObjectWriter

## CLI

    # first the statement of SAL-020 in the bucket policy, then:
    aws s3api put-bucket-acl --bucket <log-bucket> --acl private
    aws s3api put-bucket-ownership-controls --bucket <log-bucket> --ownership-controls 'Rules=[{ObjectOwnership=BucketOwnerEnforced}]'

## Terraform

    # first the statement of SAL-020; leave out aws_s3_bucket_acl with acl = "log-delivery-write"
    resource "aws_s3_bucket_ownership_controls" "<name>" {
      bucket = "<log-bucket>"
      rule {
        object_ownership = "BucketOwnerEnforced"
      }
    }
"""

from __future__ import annotations

from collections.abc import Iterator

from s3guard.audit.bucket_policy import statements
from s3guard.audit.case import About, Case, Verdict, failed, not_applicable, passed
from s3guard.audit.facts import known
from s3guard.audit.grants import ENFORCED, UNSET, delivery_grants
from s3guard.audit.permission import decide
from s3guard.audit.route import partition_of, routes
from s3guard.model import Severity

SEVERITY = Severity.HIGH
ABOUT = About.SINK
NEEDS = ("object_ownership", "policy", "acl", "source.logging", "source.region")


def check(case: Case) -> Iterator[Verdict]:
    """Whether what admits S3 has an effect."""
    bucket = case.bucket
    ownership = known(bucket.object_ownership) or UNSET
    if ownership != ENFORCED:
        yield passed(f"ACLs have an effect ({ownership}); log objects are then owned by the account of the log delivery")
        return
    policy = statements(known(bucket.policy), partition_of(bucket, case.graph))
    said = [decide(policy, route.request) for route in routes(case)]
    if any(one.allows or one.may_allow for one in said):
        yield passed("ACLs are switched off, and the bucket policy admits the log delivery")
    elif delivery_grants(known(bucket.acl)):
        yield failed("Only the ACL admits the log delivery of S3, and ACLs are switched off (bucket owner enforced)")
    else:
        yield not_applicable("nothing admits the log delivery (see SAL-020), and so no ACL does")
