"""Writes access log records to measure with: about 610 bytes each, 27 fields, three days, mostly clean, the same every time.

``python -m tests.bench.generate --records 1000000 build/bench/million.log`` writes one file;
``--files 20000 build/bench/small`` writes a folder of that many, with about 30 kB each.
"""

from __future__ import annotations

import argparse
import base64
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from itertools import chain, islice
from pathlib import Path
from random import Random

OWNER = "79a59df900b949e55d96a1e698fbacedfd6e09d98eacf8f8d5218e7cd47ef2be"
BUCKET = "phi-records"
FIRST = datetime(2026, 10, 1, tzinfo=UTC)
SECONDS = 3 * 24 * 3600
BLOCK = 10_000
"""Records made at a time."""

ROLES = ("records-service", "records-service", "records-service", "ingest", "research-export")
REQUESTERS = tuple(f"arn:aws:sts::111122223333:assumed-role/{ROLES[n % 5]}/i-{n * 2654435761 % 2**32:08x}" for n in range(60))
STRANGERS = ("arn:aws:sts::111122223333:assumed-role/analyst/ann", "arn:aws:iam::111122223333:user/bob", "-")
ADDRESSES = tuple(f"10.{a}.{b}.{c}" for a in range(3) for b in range(20) for c in range(20))
OUTSIDE = tuple(f"198.51.100.{n}" for n in range(40))
OPERATIONS = (
    *[("REST.GET.OBJECT", "GET", "?x-id=GetObject")] * 14,
    *[("REST.PUT.OBJECT", "PUT", "?x-id=PutObject")] * 3,
    *[("REST.HEAD.OBJECT", "HEAD", "")] * 3,
    ("REST.GET.OBJECT_TAGGING", "GET", "?tagging"),
)
AGENTS = (
    "aws-sdk-java/2.29.1 Linux/6.1 OpenJDK_64-Bit_Server_VM/21.0.4+7",
    "Boto3/1.44.2 md/Botocore#1.44.2 ua/2.1 os/linux#6.1.0 md/arch#x86_64 lang/python#3.12.6",
    "aws-cli/2.31.2 md/awscrt#0.27.6 ua/2.1 os/linux#6.1.0 lang/python#3.13.7 md/prompt#off md/command#s3.cp",
)
SIGNED = f"SigV4 TLS_AES_128_GCM_SHA256 AuthHeader {BUCKET}.s3.us-east-1.amazonaws.com TLSv1.3 - - us-east-1"
UNSIGNED = f"- TLS_AES_128_GCM_SHA256 - {BUCKET}.s3.us-east-1.amazonaws.com TLSv1.3 - - -"
DAMAGED = '"Mozilla/5.0 "quoted" agent"'
"""Every 5,000th line: a user agent with quotes in it, which only the careful parser reads."""


def blocks(records: int, seed: int = 7) -> Iterator[list[str]]:
    """The records, in the order of their times, in lists of up to `BLOCK` lines that end in a newline."""
    rng = Random(seed)
    for start in range(0, records, BLOCK):
        yield _block(rng, start, min(BLOCK, records - start), records)


def _block(rng: Random, start: int, size: int, records: int) -> list[str]:
    # NOTE: random bytes for all ids of a block at once; one call a record would take most of the time.
    requests = rng.randbytes(8 * size).hex().upper()
    hosts = base64.b64encode(rng.randbytes(57 * size)).decode()
    lines = []
    for n in range(size):
        time = FIRST + timedelta(seconds=(start + n) * SECONDS // records)
        head = f"{OWNER} {BUCKET} [{time.day:02d}/Oct/2026:{time:%H:%M:%S} +0000]"
        tail = f"- {hosts[76 * n : 76 * n + 76]}"
        lines.append(_line(rng, start + n, head, requests[16 * n : 16 * n + 16], tail))
    return lines


def _line(rng: Random, number: int, head: str, request: str, tail: str) -> str:
    chance = rng.random()
    operation, verb, query = OPERATIONS[int(chance * 4096) % len(OPERATIONS)]
    key = f"patients/2026/{rng.randrange(10**6):06d}/record-{rng.randrange(10**8):08d}.json"
    who, where, suffix = REQUESTERS[number % 60], ADDRESSES[number * 7919 % 1200], SIGNED
    turn_around = 5 + number % 53
    core = f"200 - 8192 8192 {turn_around + number % 31} {turn_around}"
    if chance < 0.003:
        core = "403 AccessDenied 243 - 9 8" if chance < 0.002 else f"200 - 8192 8192 {number % 9000 + 40} {number % 9000}"
    elif chance > 0.9999:
        who, where = STRANGERS[number % 3], OUTSIDE[number % 40]
        suffix = SIGNED if who != "-" else UNSIGNED
    elif chance > 0.9995:
        core = "503 SlowDown 286 - 4 3"
    agent = DAMAGED if number % 5000 == 4999 else f'"{AGENTS[number % 3]}"'
    return f'{head} {where} {who} {request} {operation} {key} "{verb} /{key}{query} HTTP/1.1" {core} "-" {agent} {tail} {suffix}\n'


def write_file(path: Path, records: int) -> None:
    """One log object with all records."""
    path.parent.mkdir(parents=True, exist_ok=True)
    with path.open("w", encoding="ascii", newline="\n") as file:
        for lines in blocks(records):
            file.write("".join(lines))


def write_folder(folder: Path, records: int, files: int) -> None:
    """A flat folder of log objects with equally many records each (the last one may have fewer)."""
    folder.mkdir(parents=True, exist_ok=True)
    each = -(-records // files)
    lines = chain.from_iterable(blocks(records))
    for number in range(files):
        text = "".join(islice(lines, each))
        (folder / f"2026-10-04-00-00-00-{number:016X}").write_text(text, encoding="ascii", newline="\n")


def main() -> None:
    """Reads the arguments and writes."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("path", type=Path, help="the file, or the folder with --files")
    parser.add_argument("--records", type=int, default=1_000_000)
    parser.add_argument("--files", type=int, default=0, help="split over this many files")
    chosen = parser.parse_args()
    if chosen.files:
        write_folder(chosen.path, chosen.records, chosen.files)
    else:
        write_file(chosen.path, chosen.records)


if __name__ == "__main__":
    main()
