"""Whether the log objects that a pack names are still what they were when they were judged: by size and SHA-256, each in its version."""

from __future__ import annotations

import hashlib
import os
import stat
from collections.abc import Iterable, Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from enum import Enum
from functools import partial
from itertools import islice
from pathlib import Path
from typing import Any, Final

from s3guard.aws import Access, Account, told
from s3guard.model import S3GuardError

_S3: Final = "s3://"
_PIECE: Final = 1 << 20
_AT_ONCE: Final = 16
"""Objects that are read at a time."""
_TAKEN: Final = 1_024
"""Objects that wait for their turn."""


class Fate(Enum):
    """What became of a log object."""

    SAME = "same"
    CHANGED = "changed"
    GONE = "gone"
    UNREAD = "unread"
    """It could not be looked at."""


@dataclass(frozen=True, slots=True)
class Judged:
    """A log object as the pack names it."""

    uri: str
    version: str | None
    size: int
    sha256: str | None
    """None where it was not read to its end, and so was not judged whole."""
    records: int = 0


@dataclass(frozen=True, slots=True)
class Original:
    """A log object, and what became of it."""

    judged: Judged
    fate: Fate
    reason: str = ""
    """A clause; empty where it is the same."""


def originals(objects: Iterable[Judged], root: Path, access: Access) -> Iterator[Original]:
    """What became of each object, in their order; relative names begin at `root`, and those of ``s3://`` are asked with `access`."""
    account = Account(access)
    clients: list[Any] = []
    look = partial(_looked, root=root, account=account, clients=clients)
    waiting = iter(objects)
    with ThreadPoolExecutor(_AT_ONCE, thread_name_prefix="s3guard") as pool:
        while some := [*islice(waiting, _TAKEN)]:
            if not clients and any(one.uri.startswith(_S3) for one in some):
                clients.append(account.client("s3"))  # NOTE: made once, and here: a session of the SDK is not made by two threads at once
            yield from pool.map(look, some)


def _looked(one: Judged, root: Path, account: Account, clients: list[Any]) -> Original:
    if one.sha256 is None:
        return Original(one, Fate.UNREAD, "it was not read to its end when it was judged, as the pack says, so nobody knows what it was")
    if one.uri == "-":
        return Original(one, Fate.UNREAD, "it came through a pipe, and there is nothing to read again")
    if one.uri.startswith(_S3):
        return _stored(one, clients[0], request_payer=account.access.request_payer)
    if "://" in one.uri:
        return Original(one, Fate.UNREAD, "no way leads to places of this kind")
    return _file(one, root)


def _file(one: Judged, root: Path) -> Original:
    try:
        # NOTE: a stranger named it: nothing is read that is no plain file, and a pipe is not waited for.
        handle = os.open(root / one.uri, os.O_RDONLY | getattr(os, "O_NONBLOCK", 0))
        with open(handle, "rb", buffering=0) as stream:  # noqa: PTH123 - of a handle
            about = os.fstat(handle)
            if not stat.S_ISREG(about.st_mode):
                return Original(one, Fate.UNREAD, "it is no file")
            return _compared(one, iter(partial(stream.read, _PIECE), b""))
    except FileNotFoundError:
        return Original(one, Fate.GONE, "there is no such file")
    except (OSError, ValueError) as error:
        return Original(one, Fate.UNREAD, getattr(error, "strerror", None) or "this names no file")


def _stored(one: Judged, client: Any, *, request_payer: bool) -> Original:  # noqa: ANN401 - a client's class is made when it runs
    from botocore.exceptions import BotoCoreError, ClientError

    bucket, _, key = one.uri.removeprefix(_S3).partition("/")
    request = {"Bucket": bucket, "Key": key, **({"VersionId": one.version} if one.version else {})}
    if request_payer:
        request["RequestPayer"] = "requester"
    try:
        return _compared(one, client.get_object(**request)["Body"].iter_chunks(_PIECE))
    except ClientError as error:
        code, message = told(error)
        if code in ("NoSuchKey", "NoSuchVersion", "NoSuchBucket", "404"):
            return Original(
                one,
                Fate.GONE,
                {"NoSuchBucket": "there is no such bucket", "NoSuchVersion": "this version of it is gone"}.get(
                    code, "there is no such object"
                ),
            )
        return Original(one, Fate.UNREAD, f"{code}: {message}")
    except (BotoCoreError, S3GuardError) as error:
        return Original(one, Fate.UNREAD, str(error))


def _compared(one: Judged, pieces: Iterable[bytes]) -> Original:
    """NOTE: no more is read than it had; what is longer is another one."""
    digest, size = hashlib.sha256(), 0
    for piece in pieces:
        size += len(piece)
        if size > one.size:
            return Original(one, Fate.CHANGED, f"it had {one.size:,} bytes, and has more now")
        digest.update(piece)
    if size != one.size:
        return Original(one, Fate.CHANGED, f"it had {one.size:,} bytes, and has {size:,} now")
    if digest.hexdigest() != one.sha256:
        return Original(one, Fate.CHANGED, "its bytes are others now")
    return Original(one, Fate.SAME)
