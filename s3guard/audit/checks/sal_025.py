"""The log bucket encrypts with keys of S3 (SSE-S3).

## What

The default encryption of the log bucket is AES256. With a KMS key, which AWS documents as not supported, it is a failure; it is a warning
where the logs of every source are seen to arrive in spite of it.

## Why

Field reports differ: with customer keys logs have silently failed to arrive, and have arrived where the key's policy admits the service.
Security Hub S3.17 and checkov CKV_AWS_145 ask for KMS on every bucket, and contradict AWS's own page here: their finding on a log bucket is
by design. Who must have KMS keeps logs with SSE-S3 and copies them to a bucket with KMS, or records CloudTrail data events instead.

## Source

https://docs.aws.amazon.com/AmazonS3/latest/userguide/enable-server-access-logging.html ("only SSE-S3"); aws-cdk pull request 25350,
terraform-aws-control_tower_account_factory issue 526

## CLI

    aws s3api put-bucket-encryption --bucket <log-bucket> --server-side-encryption-configuration '{"Rules":
      [{"ApplyServerSideEncryptionByDefault": {"SSEAlgorithm": "AES256"}}]}'

## Terraform

    resource "aws_s3_bucket_server_side_encryption_configuration" "<name>" {
      bucket = "<log-bucket>"
      rule {
        apply_server_side_encryption_by_default {
          sse_algorithm = "AES256"
        }
      }
    }

## Not seen

The key policy of a KMS key.
"""

from __future__ import annotations

from collections.abc import Iterator

from s3guard.audit.case import About, Case, Verdict, failed, passed, unknown, warned
from s3guard.audit.facts import known
from s3guard.audit.graph import Edge
from s3guard.model import Severity

SEVERITY = Severity.HIGH
ABOUT = About.SINK
NEEDS = ("encryption", "source.logging", "source.delivered", "source.region")
_KMS = ("aws:kms", "aws:kms:dsse")


def check(case: Case) -> Iterator[Verdict]:
    """With whose keys objects are encrypted."""
    encryption = known(case.bucket.encryption)
    if encryption is None:
        yield passed("no default encryption is configured")
    elif encryption.sse_algorithm == "AES256":
        yield passed("AES256")
    elif encryption.sse_algorithm not in _KMS:
        yield unknown(f"nobody knows whether S3 delivers logs to a bucket with {encryption.sse_algorithm}")
    elif not case.is_template and case.sources and all(_is_fresh(edge, case) for edge in case.sources):
        yield warned(f"The default encryption is {encryption.sse_algorithm}, which AWS does not support for logs, although they arrive")
    else:
        yield failed(
            f"The default encryption is {encryption.sse_algorithm}, which AWS does not support for logs (only SSE-S3); "
            "Security Hub S3.17 asks for KMS and contradicts that"
        )


def _is_fresh(edge: Edge, case: Case) -> bool:
    """Whether the logs of a source are seen to arrive, as SAL-008 asks."""
    delivered = known(edge.source.delivered)
    return delivered is not None and delivered.newest is not None and case.now - delivered.newest <= case.expected.freshness
