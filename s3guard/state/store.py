"""Where run records lie: names and bytes, written once, in a folder or under an S3 prefix."""

from __future__ import annotations

import contextlib
import errno
import os
import stat
import tempfile
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final, Protocol

from s3guard.aws import Access, Account
from s3guard.model import UnableError, UsageError
from s3guard.text import shown

if TYPE_CHECKING:
    from types_boto3_s3 import S3Client


CUT: Final = 4
"""Times that an object is asked for in all whose bytes stop before their end; until an answer begins, the SDK itself asks again."""


class GoneError(UnableError):
    """There is nothing of that name."""


class Store(Protocol):
    """Some place of named bytes, perhaps in folders (``runs/1``); nothing that is there is ever written again."""

    @property
    def place(self) -> str:
        """Where it is, as the location of a log object would begin that lies in it; without the slash."""

    def names(self, folder: str = "", after: str = "") -> list[str]:
        """The names directly in a folder, sorted, less the folder's own; those behind `after`. UnableError where that cannot be told."""

    def read(self, name: str) -> bytes:
        """The bytes of a name; UnableError where they cannot be read, GoneError where there are none."""

    def create(self, name: str, data: bytes) -> bool:
        """Write under a new name, whole or not at all; False where the name is taken, by whoever it was."""

    def remove(self, name: str) -> None:
        """Take a name away; it may be gone already."""


class Folder:
    """A folder of files."""

    def __init__(self, path: Path) -> None:
        """The folder is made when something is written."""
        self._path = path

    @property
    def place(self) -> str:
        """The real path."""
        return os.path.realpath(self._path)

    def names(self, folder: str = "", after: str = "") -> list[str]:
        """The files of the folder but those that are still being written."""
        try:
            with os.scandir(self._path / folder) as entries:
                named = [entry.name for entry in entries if not entry.name.startswith(".")]
            return sorted(name for name in named if name > after)
        except FileNotFoundError:
            return []
        except OSError as error:
            raise self._unable("read", error) from error

    def read(self, name: str) -> bytes:
        """The bytes of a file."""
        try:
            return _content(self._path / name)
        except FileNotFoundError as error:
            raise GoneError(str(self._unable("read", error))) from error
        except OSError as error:
            raise self._unable("read", error) from error

    def create(self, name: str, data: bytes) -> bool:
        """NOTE: a link to a name that is taken fails, whoever made it: no lock is needed, and none is left behind by a killed run."""
        path = self._path / name
        try:
            path.parent.mkdir(parents=True, exist_ok=True)
            handle, beside = tempfile.mkstemp(prefix=".", dir=path.parent)
            try:
                with os.fdopen(handle, "wb") as file:
                    file.write(data)
                    file.flush()
                    os.fsync(file.fileno())
                made = _linked(beside, path)
            finally:
                Path(beside).unlink()
            for folder in {path.parent, self._path}:
                _settle(folder)
        except OSError as error:
            raise self._unable("write", error) from error
        return made

    def remove(self, name: str) -> None:
        """Take a file away."""
        try:
            with contextlib.suppress(FileNotFoundError):
                (self._path / name).unlink()
        except OSError as error:
            raise self._unable("write", error) from error

    def _unable(self, what: str, error: OSError) -> UnableError:
        return UnableError(f"could not {what} the state in {shown(str(self._path))}: {(error.strerror or str(error)).lower()}")


def _content(path: Path) -> bytes:
    """The bytes of a file. NOTE: whatever else may lie there: to open a pipe would wait for its writer, and a device may have no end."""
    with os.fdopen(os.open(path, os.O_RDONLY | os.O_NONBLOCK), "rb") as file:
        if not stat.S_ISREG(os.fstat(file.fileno()).st_mode):
            raise OSError(errno.EINVAL, f"{shown(path.name)} is no regular file")
        return file.read()


def _settle(folder: Path) -> None:
    """Make sure that the names in a folder outlive a power cut, too."""
    handle = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)


def _linked(path: str, name: Path) -> bool:
    try:
        os.link(path, name)
    except FileExistsError:
        return False
    return True


class Prefix:
    """The objects under an S3 prefix, written with ``If-None-Match: *``.

    https://docs.aws.amazon.com/AmazonS3/latest/userguide/conditional-writes.html
    """

    def __init__(self, client: S3Client, bucket: str, prefix: str) -> None:
        """`client` is a boto3 client of S3."""
        self._client, self._bucket = client, bucket
        self._prefix = f"{prefix.strip('/')}/" if prefix.strip("/") else ""

    @property
    def place(self) -> str:
        """The address of the prefix."""
        return f"s3://{self._bucket}/{self._prefix}".rstrip("/")

    def names(self, folder: str = "", after: str = "") -> list[str]:
        """The objects directly under the prefix."""
        prefix = f"{self._prefix}{folder}/" if folder else self._prefix
        asked: dict[str, Any] = {"Bucket": self._bucket, "Prefix": prefix, "Delimiter": "/"}
        if after:
            asked["StartAfter"] = prefix + after
        with self._told("list"):
            pages = self._client.get_paginator("list_objects_v2").paginate(**asked)
            return sorted(entry["Key"][len(prefix) :] for page in pages for entry in page.get("Contents", ()))

    def read(self, name: str) -> bytes:
        """The bytes of an object."""
        from botocore.exceptions import BotoCoreError

        with self._told("read"):
            for left in reversed(range(CUT)):
                body = self._client.get_object(Bucket=self._bucket, Key=self._prefix + name)["Body"]
                try:
                    data: bytes = body.read()
                except BotoCoreError:
                    if not left:
                        raise
                else:
                    return data
        raise AssertionError

    def create(self, name: str, data: bytes) -> bool:
        """NOTE: of two writers at once S3 answers one with 412, or with 409 while the other is not done: the name is not ours."""
        from botocore.exceptions import ClientError

        with self._told("write"):
            try:
                self._client.put_object(Bucket=self._bucket, Key=self._prefix + name, Body=data, IfNoneMatch="*")
            except ClientError as error:
                if error.response.get("Error", {}).get("Code") in ("PreconditionFailed", "ConditionalRequestConflict"):
                    return False
                raise
        return True

    def remove(self, name: str) -> None:
        """Take an object away."""
        with self._told("delete from"):
            self._client.delete_object(Bucket=self._bucket, Key=self._prefix + name)

    @contextlib.contextmanager
    def _told(self, what: str) -> Iterator[None]:
        from botocore.exceptions import BotoCoreError, ClientError

        try:
            yield
        except (BotoCoreError, ClientError) as error:
            is_gone = isinstance(error, ClientError) and error.response.get("Error", {}).get("Code") == "NoSuchKey"
            kind = GoneError if is_gone else UnableError
            raise kind(f"could not {what} the state in s3://{self._bucket}/{self._prefix}: {error}") from error


def opened(uri: str, access: Access | None = None) -> Store:
    """The place that ``--state`` names: a folder, or ``s3://bucket/prefix``; UsageError for anything else."""
    if uri.startswith("s3://"):
        bucket, _, prefix = uri.removeprefix("s3://").partition("/")
        if not bucket:
            raise UsageError(f"--state {uri}: no bucket is named; write s3://bucket/prefix")
        return Prefix(Account(access or Access()).client("s3"), bucket, prefix)
    if not uri or "://" in uri:
        raise UsageError(f"--state {uri}: give a folder, or s3://bucket/prefix")
    return Folder(Path(uri))
