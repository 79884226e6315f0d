"""Who and what the demo world knows: accounts, buckets, principals, addresses, clients and its clock."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from random import Random
from typing import Any

from tests.demo.lines import Bucket, Fields, Request

HOSPITAL = "111122223333"
SHOP = "444455556666"
HOSPITAL_OWNER = "79a59df900b949e55d96a1e698fbacedfd6e09d98eacf8f8d5218e7cd47ef2be"
SHOP_OWNER = "5a4f0c3e6b1d29870f1e2d3c4b5a69788796a5b4c3d2e1f00f1e2d3c4b5a6978"
PARTNER = "c0ffee11aa22bb33cc44dd55ee66ff7788990011aabbccddeeff001122334455"
"""A canonical user id of another company's account."""

PHI = Bucket("phi-records", HOSPITAL_OWNER, HOSPITAL, "us-east-1")
CARDHOLDER = Bucket("cardholder-data", SHOP_OWNER, SHOP, "eu-west-1", fields=26)
WEBSITE = Bucket("www-example-org", HOSPITAL_OWNER, HOSPITAL, "us-east-1")
LOGS = Bucket("org-access-logs", HOSPITAL_OWNER, HOSPITAL, "us-east-1")
SCRATCH = Bucket("scratch-uploads", HOSPITAL_OWNER, HOSPITAL, "us-east-1")

FIRST = datetime(2026, 9, 28, tzinfo=UTC)
"""A Monday; the world lasts four days."""
AS_OF = datetime(2026, 10, 2, tzinfo=UTC)

JAVA = b"aws-sdk-java/2.29.1 Linux/6.1 OpenJDK_64-Bit_Server_VM/21.0.4+7"
BOTO = b"Boto3/1.44.2 md/Botocore#1.44.2 ua/2.1 os/linux#6.1.0 md/arch#x86_64 lang/python#3.12.6"
CLI = b"aws-cli/2.31.2 md/awscrt#0.27.6 ua/2.1 os/macos#24.6.0 lang/python#3.13.7 md/prompt#off md/command#s3.cp"
CONSOLE = b"S3Console/0.4, aws-internal/3 aws-sdk-java/1.12.750 Linux/5.10 OpenJDK_64-Bit_Server_VM/25.412-b09"
FIREFOX = b"Mozilla/5.0 (X11; Linux x86_64; rv:143.0) Gecko/20100101 Firefox/143.0"
CHROME = b"Mozilla/5.0 (Windows NT 10.0; Win64; x64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/141.0.0.0 Safari/537.36"
SAFARI = b"Mozilla/5.0 (iPhone; CPU iPhone OS 18_6 like Mac OS X) AppleWebKit/605.1.15 (KHTML, like Gecko) Version/18.6 Mobile/15E148"
CURL = b"curl/8.5.0"


def role(name: str, session: str, account: str = HOSPITAL) -> str:
    """The requester of a role's session."""
    return f"arn:aws:sts::{account}:assumed-role/{name}/{session}"


def user(name: str, account: str = HOSPITAL) -> str:
    """The requester of an IAM user."""
    return f"arn:aws:iam::{account}:user/{name}"


def at(day: int, clock: str) -> datetime:
    """An instant of the world: day 0 is the Monday, `clock` is ``HH:MM`` or ``HH:MM:SS``, UTC."""
    hours, minutes, seconds = (*map(int, clock.split(":")), 0)[:3]
    return FIRST + timedelta(days=day, hours=hours, minutes=minutes, seconds=seconds)


def spread(rng: Random, count: int, start: datetime, hours: float) -> Iterator[datetime]:
    """`count` instants in order, at random within `hours` of the start."""
    seconds = int(hours * 3600)
    for offset in sorted(rng.randrange(seconds) for _ in range(count)):
        yield start + timedelta(seconds=offset)


def read(rng: Random, **fields: Any) -> Request:
    """A download that was served: sizes and times as they usually are, unless given."""
    size = rng.randrange(2_000, 90_000)
    turn_around = rng.randrange(8, 70)
    usual: Fields = {
        "operation": "REST.GET.OBJECT",
        "bytes_sent": size,
        "object_size": size,
        "turn_around_time": turn_around,
        "total_time": turn_around + rng.randrange(1, 25),
    }
    return Request(**{**usual, **fields})


def write(rng: Random, **fields: Any) -> Request:
    """An upload that was accepted."""
    turn_around = rng.randrange(15, 90)
    usual: Fields = {
        "operation": "REST.PUT.OBJECT",
        "object_size": rng.randrange(2_000, 90_000),
        "turn_around_time": turn_around,
        "total_time": turn_around + rng.randrange(5, 60),
    }
    return Request(**{**usual, **fields})


def refused(rng: Random, code: str = "AccessDenied", status: int = 403, **fields: Any) -> Request:
    """A request that S3 turned away."""
    turn_around = rng.randrange(4, 20)
    usual: Fields = {
        "operation": "REST.GET.OBJECT",
        "status": status,
        "error": code,
        "bytes_sent": 243,
        "turn_around_time": turn_around,
        "total_time": turn_around + rng.randrange(3),
    }
    return Request(**{**usual, **fields})


ANONYMOUS: Fields = {"requester": None, "signature_version": None, "authentication_type": None}
"""The fields of an unauthenticated request."""

BY_S3: Fields = {
    "requester": "AmazonS3",
    "remote_ip": None,
    "status": None,
    "total_time": None,
    "turn_around_time": None,
    "user_agent": None,
    "signature_version": None,
    "cipher_suite": None,
    "authentication_type": None,
    "host_header": "-",
    "tls_version": None,
}
"""The fields of what S3 does itself, by a lifecycle rule."""

COPY_SOURCE: Fields = {"status": None, "bytes_sent": None, "total_time": None, "turn_around_time": None}
"""The source side of a copy: S3 logs its object size, and no status, bytes or times."""

BATCH_ROW: Fields = {"operation": "BATCH.DELETE.OBJECT", "status": 204, "total_time": None, "turn_around_time": None}
"""One key of a bulk delete."""
