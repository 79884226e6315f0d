"""Whether CloudTrail records every access to the objects of a bucket: the evaluation of event selectors."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from typing import Final

from s3guard.audit.facts import NotKnownError, Unknown, given, known
from s3guard.audit.rows import Account, Bucket, EventSelector, FieldSelector, Trail

_OBJECTS: Final = {"general": "AWS::S3::Object", "directory": "AWS::S3Express::Object", "table": "AWS::S3Tables::Table"}
"""The resource types of data events:
https://docs.aws.amazon.com/awscloudtrail/latest/userguide/logging-data-events-with-cloudtrail.html"""


def recorders(account: Account, bucket: Bucket) -> tuple[str, ...]:
    """The ARNs of trails and event data stores that record reads and writes of all objects of a bucket.

    NotKnownError where there is none among those that could be looked at, and one that could not.
    """
    found, doubts = [], []
    for fact in (account.trails, account.event_data_stores):
        if isinstance(fact, Unknown):
            doubts.append(fact.reason)
            continue
        for trail in known(fact) or ():
            try:
                if _records(trail, bucket):
                    found.append(trail.arn)
            except NotKnownError as error:
                doubts.append(str(error))
    if doubts and not found:
        raise NotKnownError("; ".join(dict.fromkeys(doubts)))
    return tuple(found)


def _records(trail: Trail, bucket: Bucket) -> bool:
    kinds = set(_classic(known(trail.selectors) or (), bucket)) | set(_advanced(known(trail.advanced) or (), bucket))
    if kinds != {"read", "write"}:
        return False
    if not trail.is_multi_region and trail.home_region != given(bucket.region, "the Region"):
        return False
    return known(trail.is_logging) is True


def _classic(selectors: Iterable[EventSelector], bucket: Bucket) -> Iterator[str]:
    """``read``, ``write`` or both: what the classic selectors record of all objects of the bucket."""
    for selector in selectors:
        if bucket.kind == "general" and any(_holds_all(arn, bucket.name) for arn in selector.s3_objects):
            yield from ("read",) if selector.read_write_type in ("ReadOnly", "All") else ()
            yield from ("write",) if selector.read_write_type in ("WriteOnly", "All") else ()


def _holds_all(arn: str, bucket: str) -> bool:
    """Whether an ARN of a classic selector holds all objects of a bucket: all of S3, all buckets, or this one without a longer prefix."""
    service, _, rest = arn.partition(":s3")
    return service.startswith("arn:") and rest in ("", ":::", f":::{bucket}/", f":::{bucket}")


def _advanced(selectors: Iterable[tuple[FieldSelector, ...]], bucket: Bucket) -> Iterator[str]:
    """As `_classic`, of advanced selectors; one with a condition that leaves out any object or any event counts for nothing."""
    for selector in selectors:
        fields = {one.field: one for one in selector}
        kind, category = fields.pop("resources.type", None), fields.pop("eventCategory", None)
        if category is None or category.equals != ("Data",) or kind is None or _OBJECTS[bucket.kind] not in kind.equals:
            continue
        reads, arn = fields.pop("readOnly", None), fields.pop("resources.ARN", None)
        if fields or (arn is not None and not _every_object(arn, bucket)):
            continue
        yield from ("read",) if reads is None or "true" in reads.equals or reads.not_equals == ("false",) else ()
        yield from ("write",) if reads is None or "false" in reads.equals or reads.not_equals == ("true",) else ()


def _every_object(arn: FieldSelector, bucket: Bucket) -> bool:
    """Whether conditions on the object's ARN hold for every object of the bucket."""
    every = f":s3:::{bucket.name}/"
    if bucket.kind == "directory":
        every = f":s3express:{given(bucket.region, 'the Region')}:{bucket.account}:bucket/{bucket.name}/"
    if arn.equals or arn.ends_with or arn.not_ends_with:
        return False
    if arn.starts_with and not any(_is_start(start, every) for start in arn.starts_with):
        return False
    # NOTE: a start that is left out and could begin the ARN of one object of the bucket leaves out that one.
    left_out = (*arn.not_starts_with, *arn.not_equals)
    return not any(_is_start(start, every) or every in start for start in left_out)


def _is_start(start: str, every: str) -> bool:
    """Whether a text begins the ARN of every object that `every`, itself without a partition, begins."""
    return f"arn:aws{every}".startswith(re.sub(r"^arn:[^:]+:", "arn:aws:", start))
