"""20,000 objects out of SeaweedFS, listed and read through the source and, beside it, with boto3 in 32 threads.

``python -m tests.bench.bench_s3 source|boto3 URL`` is one of the two, a process of its own, and prints how many objects and bytes came.
"""

from __future__ import annotations

import os
import shutil
import sys
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from datetime import datetime, timedelta
from pathlib import Path
from typing import TypeVar

BUCKET = "bench"
ROOT = Path(__file__).parent.parent.parent
THREADS = 32
T = TypeVar("T")


def with_source(url: str) -> tuple[int, int]:
    """All objects through the source: how many, and their bytes."""
    from s3guard.aws import Access
    from s3guard.sources import Scope, Sources

    sources = Sources(Scope(access=Access(endpoint_url=url)))
    objects = size = 0
    for _, pieces in sources.read(sources.objects([f"s3://{BUCKET}/logs/"])):
        objects += 1
        size += sum(map(len, pieces))
    return objects, size


def with_boto3(url: str) -> tuple[int, int]:
    """The same with the SDK as its documentation shows it, a thread an object."""
    import boto3
    from botocore.config import Config

    client = boto3.client("s3", endpoint_url=url, config=Config(max_pool_connections=THREADS))
    pages = client.get_paginator("list_objects_v2").paginate(Bucket=BUCKET, Prefix="logs/")
    keys = [entry["Key"] for page in pages for entry in page["Contents"]]
    with ThreadPoolExecutor(THREADS) as pool:
        sizes = list(pool.map(lambda key: len(client.get_object(Bucket=BUCKET, Key=key)["Body"].read()), keys))
    return len(sizes), sum(sizes)


def stored(url: str, folder: Path) -> None:
    """Every file of the folder as an object, named as S3 names them."""
    import obstore
    from obstore.store import S3Store

    store = S3Store(BUCKET, aws_endpoint_url_s3=url, region="us-east-1", client_options={"allow_http": True})
    first = datetime(2026, 10, 1)  # noqa: DTZ001 - it is only written

    def put(numbered: tuple[int, Path]) -> None:
        number, path = numbered
        key = f"logs/{first + timedelta(seconds=13 * number):%Y-%m-%d-%H-%M-%S}-{number:016X}"
        obstore.put(store, key, path.read_bytes(), use_multipart=False)

    with ThreadPoolExecutor(16) as pool:
        list(pool.map(put, enumerate(sorted(folder.iterdir()))))


def measured(folder: Path, beside: Path, run: Callable[[dict[str, list[str]]], T]) -> T:
    """What `run` finds out with the commands of both, while a server serves the files of the folder; its own are `beside`."""
    from tests.s3 import weed
    from tests.s3.bucket import make

    if weed.installed() is None:
        raise SystemExit(weed.MISSING)
    os.environ |= {"AWS_ACCESS_KEY_ID": "a", "AWS_SECRET_ACCESS_KEY": "b", "AWS_DEFAULT_REGION": "us-east-1"}
    shutil.rmtree(beside, ignore_errors=True)
    beside.mkdir(parents=True)
    try:
        with weed.serving(beside) as address:
            url = f"http://{address}"
            make(address, BUCKET)
            stored(url, folder)
            return run({name: [sys.executable, "-m", "tests.bench.bench_s3", name, url] for name in ("source", "boto3")})
    finally:
        shutil.rmtree(beside, ignore_errors=True)


if __name__ == "__main__":
    print(*{"source": with_source, "boto3": with_boto3}[sys.argv[1]](sys.argv[2]))
