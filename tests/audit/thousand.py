"""Accounts of any number of buckets, answered within this process, and what an audit of each costs.

``python -m tests.audit.thousand 100 1000`` prints, for each number, the buckets, results, calls and progress, and the most memory so far.
"""

from __future__ import annotations

import json
import os
import resource
import sys
from collections import Counter
from datetime import UTC, datetime
from typing import Any
from urllib.parse import parse_qs, urlsplit

from s3guard import aws as reaching
from s3guard.audit import aws, checks
from s3guard.audit.judge import Asked, judge
from s3guard.audit.wants import wants
from s3guard.aws import Access
from s3guard.model import Location, Status
from tests.audit.cloud import ACCOUNT, ENVIRON, Cloud, answered
from tests.audit.rowmaking import policy

SINKS = 10
PAGE = 250
BLOCKS = ("BlockPublicAcls", "IgnorePublicAcls", "BlockPublicPolicy", "RestrictPublicBuckets")


def element(name: str, *within: str) -> str:
    """An element of XML."""
    return f"<{name}>{''.join(within)}</{name}>"


def wrapped(text: str, *names: str) -> str:
    """A text within elements, the outermost first."""
    for name in reversed(names):
        text = element(name, text)
    return text


SAME = {
    "GetPublicAccessBlock": element("PublicAccessBlockConfiguration", *(element(name, "true") for name in BLOCKS)),
    "GetBucketOwnershipControls": wrapped("BucketOwnerEnforced", "OwnershipControls", "Rule", "ObjectOwnership"),
    "GetBucketAcl": element("AccessControlPolicy", wrapped("o", "Owner", "ID"), "<AccessControlList/>"),
    "GetBucketEncryption": wrapped(
        "AES256", "ServerSideEncryptionConfiguration", "Rule", "ApplyServerSideEncryptionByDefault", "SSEAlgorithm"
    ),
    "GetBucketVersioning": wrapped("Enabled", "VersioningConfiguration", "Status"),
    "GetCallerIdentity": wrapped(
        f"<Arn>arn:aws:iam::{ACCOUNT}:user/a</Arn><Account>{ACCOUNT}</Account>", "GetCallerIdentityResponse", "GetCallerIdentityResult"
    ),
    "DescribeTrails": '{"trailList": []}',
    "DescribeDeliverySources": '{"deliverySources": []}',
    "ListTableBuckets": '{"tableBuckets": []}',
}
"""What is answered whoever is asked about."""
ABSENT = {
    "GetBucketLifecycleConfiguration": "NoSuchLifecycleConfiguration",
    "GetObjectLockConfiguration": "ObjectLockConfigurationNotFoundError",
}


class Crowd(Cloud):
    """An account of so many buckets, which all log to one of ten."""

    def __init__(self, buckets: int) -> None:
        super().__init__("http://127.0.0.1:9")
        self.names = [f"logs-{number}" for number in range(SINKS)] + [f"app-{number:05}" for number in range(buckets - SINKS)]

    def _answer(self, request: Any, event_name: str, **more: Any) -> Any:
        operation, where = event_name.rpartition(".")[2], urlsplit(request.url)
        bucket, asked = where.path.strip("/"), parse_qs(where.query)
        told = SAME.get(operation)
        if operation == "ListBuckets":
            told = self._page(int((asked.get("continuation-token") or ["0"])[0]))
        elif operation == "ListObjectsV2":
            told = element("ListBucketResult", "<IsTruncated>false</IsTruncated>", _arrived((asked.get("prefix") or [""])[0]))
        elif operation == "GetBucketLogging":
            target = element("TargetBucket", f"logs-{bucket[-1]}")
            on = element("LoggingEnabled", target, element("TargetPrefix", f"{bucket}/")) if bucket.startswith("app") else ""
            told = element("BucketLoggingStatus", on)
        elif operation == "GetBucketPolicy":
            told = json.dumps(self.delivery(bucket))
        if told is not None:
            return answered(200, told, **{"content-type": "application/json" if told.startswith("{") else "application/xml"})(request)
        found = super()._answer(request, event_name, **more)
        return found or answered(404, wrapped(ABSENT[operation], "Error", "Code"))(request)

    def _page(self, start: int) -> str:
        """A page of the list of buckets."""
        region = "<BucketRegion>us-east-1</BucketRegion>"
        rows = (element("Bucket", element("Name", name), region) for name in self.names[start : start + PAGE])
        more = element("ContinuationToken", str(start + PAGE)) if start + PAGE < len(self.names) else ""
        return element("ListAllMyBucketsResult", element("Buckets", *rows), more)


def _arrived(prefix: str) -> str:
    """A log object of an hour ago."""
    key = element("Key", f"{prefix.partition('/')[0]}/2026-10-01-22-30-00-0123456789ABCDEF")
    return element("Contents", key, element("LastModified", "2026-10-01T23:00:00.000Z"), "<Size>9</Size>") if prefix else ""


def audited(buckets: int) -> dict[str, Any]:
    """An audit of so many buckets."""
    crowd, told = Crowd(buckets), list[tuple[int, int]]()
    reaching.Account.client = lambda self, *arguments: crowd.hooked(made(self, *arguments))  # type: ignore[method-assign]  # as a test patches it
    catalog = checks.catalog()
    now = datetime(2026, 10, 2, tzinfo=UTC)
    facts = aws.look(aws.Look((Access(),), wants(catalog.values()), now, progress=lambda *at: told.append(at))).facts
    results = judge(facts, Asked((policy(),), catalog, now, Location("s3guard.toml", 1)))
    statuses = Counter(one.status.value for one in results)
    return {
        "buckets": len(facts.buckets),
        "results": len(results),
        "failed": statuses[Status.FAIL.value],
        "calls": len(crowd.asked),
        "told": told[-1],
        "ordered": told == sorted(told),
        "rss_kib": resource.getrusage(resource.RUSAGE_SELF).ru_maxrss,
    }


made = reaching.Account.client
if __name__ == "__main__":
    os.environ |= ENVIRON | {"AWS_ENDPOINT_URL": "http://127.0.0.1:9"}
    sys.stdout.write(json.dumps([audited(int(number)) for number in sys.argv[1:]]) + "\n")
