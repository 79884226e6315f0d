"""Where things are, as SARIF says it: the rule in the policy file, the log record in its object, and log text inside messages."""

from __future__ import annotations

import re
from typing import Any
from urllib.parse import quote

from s3guard.model import Result, Sample
from s3guard.outputs import instant
from s3guard.text import shorten, shown

TEXT = 1024
"""Characters of a description or message at most: GitHub's limit."""


def embedded(text: str, limit: int) -> str:
    """Log text inside a message: visible, short, and what the standard reads as a link escaped."""
    return re.sub(r"([\\\[\]])", r"\\\1", shorten(shown(text), limit))


def reference(path: str) -> str:
    """A relative URI reference whatever the path: never a scheme, a host or a root. What is not plain is percent-encoded."""
    return quote(shown(path).lstrip("/"), safe="/") or "-"


def place(result: Result) -> dict[str, Any]:
    """The location of a result: the rule's line in the policy file, and the bucket as logical location."""
    line = max(1, result.location.line)
    place: dict[str, Any] = {
        "physicalLocation": {
            "artifactLocation": {"uri": reference(result.location.file.replace("\\", "/"))},
            "region": {"startLine": line, "startColumn": 1, "endLine": line},
        }
    }
    if result.bucket is not None:
        place["logicalLocations"] = [{"fullyQualifiedName": f"arn:aws:s3:::{shorten(shown(result.bucket), TEXT)}", "kind": "resource"}]
    return place


def record(number: int, sample: Sample) -> dict[str, Any]:
    """The related location of a log record, which messages link to by its number."""
    base = "S3" if sample.object.startswith("s3://") else "LOGS"
    request = {} if sample.request_id is None else {"requestId": shown(sample.request_id)}
    return {
        "id": number,
        "physicalLocation": {
            "artifactLocation": {"uri": reference(sample.object.removeprefix("s3://")), "uriBaseId": base},
            "region": {"startLine": max(1, sample.line)},
        },
        "message": {"text": "log record"},
        "properties": {"object": shown(sample.object), "time": instant(sample.time), **request},
    }
