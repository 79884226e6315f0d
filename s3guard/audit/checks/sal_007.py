"""Log objects are granted to nobody beside the owner.

## What

TargetGrants: an ACL that S3 puts on every log object. Nobody is in it but those that `readers` of the policy's `logging:` names by
``canonical:ID``; everybody and every AWS user never are. With ACLs switched off (bucket owner enforced) AWS refuses such grants, and
since October 2025 those to e-mail addresses.

## Why

Logs hold who read what from where, and the keys of all objects.

## Source

https://docs.aws.amazon.com/AmazonS3/latest/userguide/enable-server-access-logging.html (target grants)

## CLI

    # write the setting without TargetGrants, and let a bucket policy say who reads:
    aws s3api put-bucket-logging --bucket <bucket> --bucket-logging-status '{"LoggingEnabled": {"TargetBucket": "<log-bucket>",
      "TargetPrefix": "<prefix>"}}'

## Terraform

    # aws_s3_bucket_logging without target_grant
    resource "aws_s3_bucket_logging" "<name>" {
      bucket        = "<bucket>"
      target_bucket = "<log-bucket>"
      target_prefix = "<prefix>"
    }
"""

from __future__ import annotations

from collections.abc import Iterator

from s3guard.audit.case import About, Case, Verdict, failed, not_logged, passed, unknown, warned
from s3guard.audit.facts import given, known
from s3guard.audit.rows import Grant
from s3guard.model import Severity

SEVERITY = Severity.HIGH
ABOUT = About.SOURCE
NEEDS = ("logging", "target.object_ownership")
_EVERYBODY = ("/global/AllUsers", "/global/AuthenticatedUsers")


def check(case: Case) -> Iterator[Verdict]:
    """Who is granted the log objects."""
    logging = None if case.bucket.kind != "general" else known(case.bucket.logging)
    if logging is None:
        yield not_logged(case.bucket)
        return
    grants = known(logging.target_grants) or ()
    if not grants:
        yield passed("log objects have no grants")
        return
    row = case.graph.bucket(given(logging.target_bucket, "the target bucket"))
    for grant in grants:
        yield _judged(grant, case)
    if row is None:
        yield unknown("nobody looked at the log bucket, and with ACLs switched off there its logs are not delivered")
    elif known(row.object_ownership) == "BucketOwnerEnforced":
        yield failed(f"ACLs are switched off in {row.name}, so log objects with grants are not delivered", what="ownership")


def _judged(grant: Grant, case: Case) -> Verdict:
    if grant.uri is not None and grant.uri.endswith(_EVERYBODY):
        who = "everybody" if grant.uri.endswith("AllUsers") else "every AWS user"
        return failed(f"Every log object grants {grant.permission} to {who}", Severity.CRITICAL, grantee=grant.uri)
    if grant.email_address is not None:
        return warned(
            f"A grant names the e-mail address {grant.email_address}, which AWS does not take any more", grantee=grant.email_address
        )
    who = grant.id or grant.uri or "a grantee of an unknown kind"
    if f"canonical:{grant.id}" in (case.expected.readers or ()):
        return passed(f"{who} is a reader of the policy")
    return warned(f"Every log object grants {grant.permission} to {who}, whom the policy does not name as a reader", grantee=who)
