"""The demo world as the log objects that S3 would have delivered: which records, in which object, in which order."""

from __future__ import annotations

import gzip
import hashlib
from collections.abc import Callable, Iterable, Iterator
from itertools import groupby
from pathlib import Path
from random import Random

import zstandard

from tests.demo import archives, cardholder, hostile, phi, website
from tests.demo.lines import Bucket, Request, ids, line
from tests.demo.people import CARDHOLDER, LOGS, PHI, SCRATCH, WEBSITE

FOLDER = Path(__file__).parent.parent / "logs" / "demo"
"""Where the repository keeps the records."""

SEED = "s3guard demo, 2026"
SIMPLE_SIZE = 120
"""Records of a log object with a simple key."""


def objects() -> dict[str, bytes]:
    """Every log object by its path under `FOLDER`, as text: `stored` compresses it; the same at every call."""
    compacted = b"".join(lines for _, lines in _simple(LOGS, archives.ordinary, archives.planted))
    return {
        **_spoilt(dict(_partitioned(PHI, "", phi.ordinary, phi.planted))),
        **dict(_partitioned(CARDHOLDER, ".gz", cardholder.ordinary, cardholder.planted)),
        **dict(_simple(WEBSITE, website.ordinary, website.planted)),
        **dict(_simple(SCRATCH, archives.scratch)),
        "org-access-logs/compacted.log.zst": compacted,
        **{f"phi-records-archive/{year}.log.gz": _generation(year) for year in archives.GENERATIONS},
    }


def stored(name: str, lines: bytes) -> bytes:
    """A log object as its name says that it is stored: gzip, Zstandard or plain."""
    if name.endswith(".gz"):
        return gzip.compress(lines, 9, mtime=0)
    return zstandard.compress(lines, 9) if name.endswith(".zst") else lines


def text(name: str, stored_bytes: bytes) -> bytes:
    """What `stored` was given."""
    if name.endswith(".gz"):
        return gzip.decompress(stored_bytes)
    return zstandard.decompress(stored_bytes) if name.endswith(".zst") else stored_bytes


def _random(name: str) -> Random:
    # NOTE: seeded with a text, of which Random takes a SHA-512: the same on every version of Python.
    return Random(f"{SEED}: {name}")


def _written(bucket: Bucket, stories: Iterable[Callable[[Random], Iterable[Request]]]) -> list[tuple[Request, bytes]]:
    """All records of a bucket, in the order in which S3 might deliver them: nearly that of their times."""
    rng = _random(bucket.name)
    requests = [request for story in stories for request in story(rng)]
    records = [(request, line(bucket, request, number) + b"\n") for number, request in enumerate(requests)]
    return sorted(records, key=lambda pair: (pair[0].time.replace(minute=0, second=0), hashlib.sha256(pair[1]).digest()))


def _partitioned(bucket: Bucket, ending: str, *stories: Callable[[Random], Iterable[Request]]) -> Iterator[tuple[str, bytes]]:
    """Log objects with partitioned keys by the time of the event: two for each day, the second one delivered late."""
    for day, of_day in groupby(_written(bucket, stories), key=lambda pair: pair[0].time.date()):
        records = [record for _, record in of_day]
        late = set(range(7, len(records), 11))
        for part, chosen in enumerate((set(range(len(records))) - late, late)):
            folder = f"{bucket.name}/{bucket.account}/{bucket.region}/{bucket.name}/{day:%Y/%m/%d}"
            name = f"{folder}/{day}-00-00-00-{ids(bucket, f'{day} {part}')[0]}{ending}"
            yield name, b"".join(records[number] for number in sorted(chosen))


def _simple(bucket: Bucket, *stories: Callable[[Random], Iterable[Request]]) -> Iterator[tuple[str, bytes]]:
    """Log objects with simple keys by the time of delivery, each with the records since the one before."""
    written = _written(bucket, stories)
    for start in range(0, len(written), SIMPLE_SIZE):
        part = written[start : start + SIMPLE_SIZE]
        delivered = part[-1][0].time.replace(minute=59)
        name = f"{bucket.name}/{delivered:%Y-%m-%d-%H-%M-%S}-{ids(bucket, str(start))[0]}"
        yield name, b"".join(record for _, record in part)


def _generation(year: int) -> bytes:
    bucket, requests = archives.generation(_random(str(year)), year)
    return b"".join(line(bucket, request, year * 1000 + number) + b"\n" for number, request in enumerate(requests))


def _spoilt(delivered: dict[str, bytes]) -> dict[str, bytes]:
    """The same with half a line in one object, and one record delivered twice, the second time cut off at the object's end."""
    torn, cut = sorted(delivered)[4], max(delivered)
    lines = delivered[torn].split(b"\n")
    middle = len(lines) // 2
    again = delivered[cut].split(b"\n")[0]
    return {
        **delivered,
        torn: b"\n".join([*lines[:middle], hostile.TORN, *lines[middle:]]),
        cut: delivered[cut] + again + b"\n" + again[: len(again) // 2],
    }
