"""Whether logs really arrive: the newest log object of a source, by when it was written and never by its name."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from datetime import datetime, timedelta
from typing import Any, Final

from s3guard.audit.asking import ask
from s3guard.audit.facts import Fact, NotKnownError, Unknown
from s3guard.audit.graph import Edge
from s3guard.audit.keys import Keys, keys_of
from s3guard.audit.rows import Delivered

_WINDOWS: Final = (timedelta(hours=3), timedelta(days=1), timedelta(days=2), timedelta(days=7), timedelta(days=30))
"""How far back is looked, one after the other until something is there: a busy bucket has thousands of log objects a day."""
_PAGES: Final = 10
"""Pages of 1,000 keys that one window is listed for."""


def delivered(edge: Edge, others: Sequence[Edge], client: Any, now: datetime) -> Fact[Delivered]:  # noqa: ANN401 - boto3's client of S3
    """What lies under a source's prefix; unknown where another source logs to the same keys, since nobody can tell them apart."""
    try:
        keys = keys_of(edge.source, edge.logging)
        alike = [other.source.name for other in others if other.source.name != edge.source.name and _keys(other) == keys]
    except NotKnownError as error:
        return Unknown(str(error))
    if alike:
        return Unknown(f"{alike[0]} logs under the same prefix, so nobody can tell from their names whose log objects these are")
    return ask(lambda: _newest(edge.target, keys, client, now), "ListObjectsV2", "s3:ListBucket", lambda found: found)


def _keys(edge: Edge) -> Keys | None:
    try:
        return keys_of(edge.source, edge.logging)
    except NotKnownError:
        return None


def _newest(bucket: str, keys: Keys, client: Any, now: datetime) -> Delivered:  # noqa: ANN401 - boto3's client of S3
    found = Delivered(None, None, now)
    for window in _WINDOWS:
        since = now - window
        entries, is_complete = _listed(bucket, keys, client, since)
        newest = max(entries, default=(None, None))
        found = Delivered(newest[0], newest[1], since, is_complete)
        if newest[0] is not None or not is_complete:
            return found
    return found


def _listed(bucket: str, keys: Keys, client: Any, since: datetime) -> tuple[list[tuple[datetime, str]], bool]:  # noqa: ANN401 - see above
    found: list[tuple[datetime, str]] = []
    for page in _pages(bucket, keys, client, since):
        entries = page.get("Contents") or ()
        found += [(written(one["LastModified"]), one["Key"]) for one in entries if keys.matches(one["Key"])]
        if not page["IsTruncated"]:
            return found, True
    return found, False


def _pages(bucket: str, keys: Keys, client: Any, since: datetime) -> Iterator[Any]:  # noqa: ANN401 - see above
    asked: dict[str, Any] = {"Bucket": bucket, "Prefix": keys.prefix, "StartAfter": keys.after(since)}
    for _ in range(_PAGES):
        page = client.list_objects_v2(**asked)
        yield page
        if "NextContinuationToken" not in page:
            return
        asked["ContinuationToken"] = page["NextContinuationToken"]


def written(text: str) -> datetime:
    """LastModified, as the SDK gives it where it is told to leave times as they came."""
    return datetime.fromisoformat(text)
