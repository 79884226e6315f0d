"""Messages as queues have them: what S3, EventBridge and SNS write about objects."""

from __future__ import annotations

import json
from typing import Any
from urllib.parse import quote_plus

from s3guard.notifications import Created


def record(created: Created, name: str = "ObjectCreated:Put") -> dict[str, Any]:
    """One record of S3's own notifications."""
    stored: dict[str, Any] = {"key": quote_plus(created.key), "sequencer": "0055AED6DCD90281E5"}
    told = {"size": created.size, "eTag": created.etag and created.etag.strip('"'), "versionId": created.version}
    stored |= {key: value for key, value in told.items() if value is not None}
    return {
        "eventVersion": "2.1",
        "eventSource": "aws:s3",
        "awsRegion": "us-east-1",
        "eventTime": "2026-10-01T00:00:00.000Z",
        "eventName": name,
        "s3": {"s3SchemaVersion": "1.0", "bucket": {"name": created.bucket, "arn": f"arn:aws:s3:::{created.bucket}"}, "object": stored},
    }


def direct(*objects: Created, name: str = "ObjectCreated:Put") -> str:
    """A notification as S3 sends it to a queue; so does SNS with raw delivery."""
    return json.dumps({"Records": [record(one, name) for one in objects]})


def tried(bucket: str = "logs") -> str:
    """What S3 sends when notifications are switched on."""
    told = {"Service": "Amazon S3", "Event": "s3:TestEvent", "Time": "2026-10-01T00:00:00.000Z", "Bucket": bucket}
    return json.dumps(
        {**told, "RequestId": "5582815E1AEA5ADF", "HostId": "8cLeGAmw098X5cv4Zkwcmo8vvZa3eH3eKxsPzbB9wrR+YstdA6Knx4Ip8EXAMPLE"}
    )


def bridged(created: Created, kind: str = "Object Created") -> str:
    """What EventBridge sends."""
    stored = {"key": created.key, "size": created.size, "etag": created.etag and created.etag.strip('"'), "version-id": created.version}
    told = {key: value for key, value in stored.items() if value is not None}
    detail = {"version": "0", "bucket": {"name": created.bucket}, "object": told, "reason": "PutObject"}
    return json.dumps(
        {"version": "0", "id": "17793124", "detail-type": kind, "source": "aws.s3", "region": "ca-central-1", "detail": detail}
    )


def enveloped(message: str) -> str:
    """The same through SNS without raw delivery."""
    told = {"Type": "Notification", "MessageId": "22b80b92", "TopicArn": "arn:aws:sns:us-east-1:111122223333:logs"}
    return json.dumps({**told, "Subject": "Amazon S3 Notification", "Message": message, "Timestamp": "2026-10-01T00:00:00.000Z"})
