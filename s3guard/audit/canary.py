"""The canary: the audit's own requests, which the log of every bucket must hold when a later run looks.

Every audit asks each bucket how it logs, and server access logging writes that down as REST.GET.LOGGING_STATUS. So a run that remembers
when it asked and as whom lets the next one prove, from end to end and without writing anything, that logs arrive.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from functools import partial
from typing import Any, Final, Protocol

from s3guard.audit.arrivals import written
from s3guard.audit.asking import ask
from s3guard.audit.facts import Absent, Fact, NotKnownError, Unknown, Value
from s3guard.audit.graph import Edge
from s3guard.audit.keys import Keys, keys_of
from s3guard.audit.rows import Canary
from s3guard.model import UnableError

SCHEMA: Final = "s3guard/canary/1"
_NAME: Final = "canary-"
_REMEMBERED: Final = timedelta(days=14)
"""How long a run is worth looking for."""
_LATE: Final = timedelta(hours=72)
"""How long after a request its log object may come."""
_RUNS: Final = 3
"""How many earlier runs are looked for."""
_OBJECTS: Final = 500
"""Log objects of one source that are read for one run, at most."""
_BYTES: Final = 16 << 20
"""Bytes of the largest log object that is read: one delivery is rarely a hundredth of it."""
# NOTE: the fields up to the operation hold neither quote nor space of a stranger's, so none can forge them from behind.
_LINE: Final = re.compile(
    rb"^[0-9a-f]{64} ([^ \n]+) \[([^\]\n]{26})\] [^ \n]+ ([^ \n]+) [0-9A-Za-z]+ REST\.GET\.LOGGING_STATUS ", re.MULTILINE
)


class Shelf(Protocol):
    """Where runs are remembered: `s3guard.state.store.Store`."""

    def names(self) -> list[str]:
        """The names that are there."""

    def read(self, name: str) -> bytes:
        """The bytes of a name."""

    def create(self, name: str, data: bytes) -> bool:
        """Write under a new name."""

    def remove(self, name: str) -> None:
        """Take a name away."""


@dataclass(frozen=True, slots=True)
class Asking:
    """One run in one account."""

    arn: str
    """As whom it asked, as logs write it."""
    began: datetime
    ended: datetime
    buckets: frozenset[str]
    """Whose logging it was told."""


def remembered(shelf: Shelf, now: datetime) -> tuple[Asking, ...]:
    """The runs of the last two weeks, newest first; UnableError for what is damaged."""
    found: list[Asking] = []
    for name in shelf.names():
        if name.startswith(_NAME):
            found.extend(_read(shelf.read(name), name))
    return tuple(sorted((one for one in found if now - one.began <= _REMEMBERED), key=lambda one: one.began, reverse=True))


def _read(content: bytes, name: str) -> Iterator[Asking]:
    try:
        tree = json.loads(content)
        if tree["schema"] != SCHEMA:
            raise UnableError(f"{name} of the state was written by another version of s3guard")
        for one in tree["runs"]:
            began, ended = datetime.fromisoformat(one["began"]), datetime.fromisoformat(one["ended"])
            yield Asking(str(one["arn"]), began, ended, frozenset(one["buckets"]))
    except (ValueError, KeyError, TypeError) as error:
        raise UnableError(f"{name} of the state is damaged") from error


def remember(shelf: Shelf, runs: Sequence[Asking], run: str, now: datetime) -> None:
    """Write down a run's own requests, and forget those that nobody looks for any more."""
    told = [
        {"arn": one.arn, "began": one.began.isoformat(), "ended": one.ended.isoformat(), "buckets": sorted(one.buckets)} for one in runs
    ]
    shelf.create(f"{_NAME}{now.astimezone(UTC):%Y%m%dT%H%M%SZ}-{run}.json", json.dumps({"schema": SCHEMA, "runs": told}).encode())
    oldest = f"{_NAME}{(now - 2 * _REMEMBERED).astimezone(UTC):%Y%m%dT%H%M%SZ}"
    for name in shelf.names():
        if name.startswith(_NAME) and name < oldest:
            shelf.remove(name)


def canaries(edge: Edge, runs: Iterable[Asking], client: Any) -> Fact[tuple[Canary, ...]]:  # noqa: ANN401 - boto3's client of S3
    """What the delivered logs of a source hold of earlier runs, newest first; absent where there was none."""
    mine = [one for one in runs if edge.source.name in one.buckets][:_RUNS]
    if not mine:
        return Absent()
    try:
        keys = keys_of(edge.source, edge.logging)
    except NotKnownError as error:
        return Unknown(str(error))
    found = []
    for run in mine:
        seen: Fact[Canary] = ask(
            partial(_sought, edge, keys, run, client),
            "GetObject",
            "s3:ListBucket and s3:GetObject on the log prefix",
            lambda canary: canary,
        )
        if not isinstance(seen, Value):
            return seen if isinstance(seen, Unknown) else Unknown("the log objects could not be searched")
        found.append(seen.value)
    return Value(tuple(found))


def _sought(edge: Edge, keys: Keys, run: Asking, client: Any) -> Canary:  # noqa: ANN401 - boto3's client of S3
    """Look for one run in the log objects that may hold it."""
    began = run.began
    asked: dict[str, Any] = {"Bucket": edge.target, "Prefix": keys.prefix, "StartAfter": keys.after(began)}
    read = 0
    while True:
        page = client.list_objects_v2(**asked)
        for entry in page.get("Contents") or ():
            # NOTE: the names of log objects by event time do not follow the order in which they were written.
            if not keys.matches(entry["Key"]) or not began <= written(entry["LastModified"]) <= run.ended + _LATE:
                continue
            if read == _OBJECTS or entry["Size"] > _BYTES:
                return Canary(began, found=False, searched=False)
            read += 1
            if holds(client.get_object(Bucket=edge.target, Key=entry["Key"])["Body"].read(), edge.source.name, run):
                return Canary(began, found=True)
        if "NextContinuationToken" not in page:
            return Canary(began, found=False)
        asked["ContinuationToken"] = page["NextContinuationToken"]


def holds(log: bytes, bucket: str, run: Asking) -> bool:
    """Whether a log object holds a request of that run about a bucket's logging."""
    for line in _LINE.finditer(log):
        if line[1] != bucket.encode() or not (run.arn.endswith(":root") or line[3] == run.arn.encode()):
            continue
        try:
            at = datetime.strptime(line[2].decode("ascii"), "%d/%b/%Y:%H:%M:%S %z")
        except ValueError:
            continue
        if run.began - timedelta(seconds=2) <= at <= run.ended + timedelta(seconds=60):
            return True
    return False
